/* SPDX-License-Identifier: MIT */
/* Requests that a driver pends: waited for, polled, cancelled, outlived by their file. In all four ways to run. */
#include "support/contract.h"
#include "support/device_driver.h"

/* The driver keeps one request at a time; a cancel routine, IRP_MJ_CLEANUP, a timer or the test ends it. */
static struct {
    KSPIN_LOCK lock;
    PIRP kept;               /* guarded by lock */
    BOOLEAN is_uncancelable; /* no cancel routine */
    LONGLONG delay_ms;       /* not 0: a timer completes it */
    KTIMER timer;
    KDPC dpc;
    ULONG cancelled_count;
} s_keeper;

static PIRP kept_take(PIRP wanted)
{
    PIRP irp;
    KIRQL irql;

    KeAcquireSpinLock(&s_keeper.lock, &irql);
    irp = s_keeper.kept;
    if (irp != NULL && (wanted == NULL || irp == wanted)) {
        s_keeper.kept = NULL;
    } else {
        irp = NULL;
    }
    KeReleaseSpinLock(&s_keeper.lock, irql);
    return irp;
}

/* Whoever gets the cancel routine back completes it. */
static BOOLEAN kept_complete(NTSTATUS status)
{
    PIRP irp = kept_take(NULL);

    if (irp == NULL || (!s_keeper.is_uncancelable && IoSetCancelRoutine(irp, NULL) == NULL)) {
        return FALSE;
    }
    (void)gate_complete(irp, status, 4);
    return TRUE;
}

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    (void)kept_take(Irp);
    InterlockedIncrement((LONG *)&s_keeper.cancelled_count);
    (void)gate_complete(Irp, STATUS_CANCELLED, 0);
}

static VOID dpc_routine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    (void)kept_complete(STATUS_SUCCESS);
}

static NTSTATUS keep(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LARGE_INTEGER due = { .QuadPart = -s_keeper.delay_ms * 10000 };
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&s_keeper.lock, &irql);
    IoMarkIrpPending(Irp);
    s_keeper.kept = Irp;
    if (!s_keeper.is_uncancelable) {
        (void)IoSetCancelRoutine(Irp, cancel_routine);
        if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
            s_keeper.kept = NULL;
            KeReleaseSpinLock(&s_keeper.lock, irql);
            (void)gate_complete(Irp, STATUS_CANCELLED, 0);
            return STATUS_PENDING;
        }
    }
    KeReleaseSpinLock(&s_keeper.lock, irql);
    if (s_keeper.delay_ms != 0) {
        KeSetTimer(&s_keeper.timer, due, &s_keeper.dpc);
    }
    return STATUS_PENDING;
}

static NTSTATUS cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)kept_complete(STATUS_CANCELLED);
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static struct wsk_emu_device *s_device;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    memset(&s_keeper, 0, sizeof(s_keeper));
    KeInitializeSpinLock(&s_keeper.lock);
    KeInitializeTimer(&s_keeper.timer);
    KeInitializeDpc(&s_keeper.dpc, dpc_routine, NULL);
    gate_reset();
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = keep;
    g_gate.routines[IRP_MJ_READ] = keep;
    g_gate.routines[IRP_MJ_WRITE] = keep;
    g_gate.routines[IRP_MJ_CREATE] = NULL;
    gate_load();
    s_device = gate_open();
    return 0;
}

static int teardown(void **state)
{
    wsk_emu_device_close(s_device);
    return gate_teardown(state);
}

static struct wsk_emu_request *control_start(void)
{
    struct wsk_emu_request *request;

    assert_int_equal(wsk_emu_device_control_start(s_device, GATE_CODE(METHOD_BUFFERED), NULL, 0, NULL, 0, &request),
                     STATUS_PENDING);
    assert_non_null(request);
    assert_int_equal(wsk_emu_request_status(request, NULL), STATUS_PENDING);
    return request;
}

/* --- waiting ------------------------------------------------------------------------------------- */

static void test_a_pended_request_is_waited_for(void **state)
{
    SIZE_T information;

    UNREFERENCED_PARAMETER(state);
    s_keeper.delay_ms = 5;
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_NEITHER), NULL, 0, NULL, 0, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, 4);
}

static void test_an_open_that_is_pended_is_waited_for(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_emu_device_close(s_device);
    g_gate.routines[IRP_MJ_CREATE] = keep;
    s_keeper.delay_ms = 5;
    s_device = gate_open();
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE, IRP_MJ_CREATE);
}

static void test_a_close_that_is_pended_is_waited_for(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CLEANUP] = keep;
    g_gate.routines[IRP_MJ_CLOSE] = keep;
    s_keeper.delay_ms = 5;
    wsk_emu_device_close(s_device);
    s_device = NULL;
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    assert_int_equal(g_gate.device->ReferenceCount, 0);
}

static void test_a_started_request_is_over_when_the_driver_says_so(void **state)
{
    struct wsk_emu_request *request = control_start();
    SIZE_T information = 99;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_request_status(request, &information), STATUS_PENDING);
    assert_int_equal(information, 0);
    assert_true(kept_complete(STATUS_SUCCESS));
    assert_int_equal(wsk_emu_request_status(request, &information), STATUS_SUCCESS);
    assert_int_equal(information, 4);
    assert_int_equal(wsk_emu_request_finish(request, &information), STATUS_SUCCESS);
    assert_int_equal(information, 4);
}

static void test_finishing_waits(void **state)
{
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_keeper.delay_ms = 5;
    request = control_start();
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
}

static void test_a_started_request_may_be_over_at_once(void **state)
{
    struct wsk_emu_request *request;
    SIZE_T information;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_READ] = NULL;
    assert_int_equal(wsk_emu_device_read_start(s_device, NULL, 0, 0, &request), STATUS_SUCCESS);
    assert_non_null(request);
    assert_int_equal(wsk_emu_request_status(request, &information), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_request_finish(request, &information), STATUS_SUCCESS);
}

static void test_a_request_that_is_not_sent_leaves_nothing(void **state)
{
    struct wsk_emu_request *request = (struct wsk_emu_request *)1;
    struct wsk_emu_device *reader;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_open(GATE_NAME, GENERIC_READ, &reader), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_device_write_start(reader, "x", 1, 0, &request), STATUS_ACCESS_DENIED);
    assert_null(request);
    assert_int_equal(wsk_emu_device_read_start(reader, NULL, 1, 0, &request), STATUS_ACCESS_VIOLATION);
    assert_null(request);
    assert_int_equal(wsk_emu_device_read_start(NULL, NULL, 0, 0, &request), STATUS_INVALID_PARAMETER);
    assert_null(request);
    assert_int_equal(wsk_emu_device_read_start(reader, NULL, 0, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_request_status(NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_request_finish(NULL, NULL), STATUS_INVALID_PARAMETER);
    wsk_emu_request_cancel(NULL);
    wsk_emu_device_close(reader);
}

/* --- cancelling ---------------------------------------------------------------------------------- */

static void test_a_cancelled_request_ends_with_its_cancel_routine(void **state)
{
    struct wsk_emu_request *request = control_start();

    UNREFERENCED_PARAMETER(state);
    wsk_emu_request_cancel(request);
    assert_int_equal(s_keeper.cancelled_count, 1);
    assert_int_equal(wsk_emu_request_status(request, NULL), STATUS_CANCELLED);
    wsk_emu_request_cancel(request); /* over: nothing happens */
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_CANCELLED);
    assert_int_equal(s_keeper.cancelled_count, 1);
}

static void test_a_request_without_a_cancel_routine_stays_pending(void **state)
{
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_keeper.is_uncancelable = TRUE;
    request = control_start();
    wsk_emu_request_cancel(request);
    assert_int_equal(wsk_emu_request_status(request, NULL), STATUS_PENDING);
    assert_true(s_keeper.kept->Cancel);
    assert_true(kept_complete(STATUS_SUCCESS));
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
}

/* --- closing ------------------------------------------------------------------------------------- */

static void test_cleanup_ends_the_requests_of_a_closed_file(void **state)
{
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CLEANUP] = cleanup;
    request = control_start();
    wsk_emu_device_close(s_device);
    s_device = NULL;
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_CANCELLED);
    wsk_kit_run_until_idle();
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
}

static bool is_closed(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return ReadAcquire(&g_gate.device->ReferenceCount) == 0;
}

/* The request is completed at DISPATCH_LEVEL, where no IRP_MJ_CLOSE can be sent: a worker does that. */
static void test_close_waits_for_the_last_request_of_the_file(void **state)
{
    struct wsk_emu_request *request = control_start();
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    wsk_emu_device_close(s_device);
    s_device = NULL;
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_CLEANUP);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_true(kept_complete(STATUS_SUCCESS));
    KeLowerIrql(irql);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    wsk_kit_wait_for(is_closed, NULL, "IRP_MJ_CLOSE");
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    assert_int_equal(g_gate.requests[3].irql, PASSIVE_LEVEL);
}

static void test_an_unload_waits_for_the_last_request_of_a_closed_file(void **state)
{
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_keeper.delay_ms = 5;
    request = control_start();
    wsk_emu_device_close(s_device);
    s_device = NULL;
    gate_unload();
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(g_gate.unload_count, 1);
}

static VOID complete_in_a_work_item(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeWorkItem(Context);
    (void)kept_complete(STATUS_SUCCESS);
}

static bool is_unloaded(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return ReadAcquire(&g_gate.unload_count) == 1;
}

/* A driver whose own code drops the last reference of its last file is not unloaded below that code: the code would go
 * with it. */
static void test_a_driver_that_ends_its_last_file_itself_is_unloaded_by_a_worker(void **state)
{
    struct wsk_emu_request *request;
    PIO_WORKITEM item = IoAllocateWorkItem(g_gate.device);

    UNREFERENCED_PARAMETER(state);
    request = control_start();
    wsk_emu_device_close(s_device);
    s_device = NULL;
    wsk_kit_expect_report("UNL-018");
    gate_unload();
    assert_int_equal(g_gate.unload_count, 0);
    IoQueueWorkItem(item, complete_in_a_work_item, DelayedWorkQueue, item);
    wsk_kit_wait_for(is_unloaded, NULL, "DriverUnload");
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
}

static void test_the_stop_cancels_what_the_test_left_pending(void **state)
{
    UNREFERENCED_PARAMETER(state);
    (void)control_start();
    gate_unload();
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(s_keeper.cancelled_count, 1);
    assert_int_equal(g_gate.unload_count, 1);
    s_device = NULL;
}

#define TESTS(X)                                                            \
    X(test_a_pended_request_is_waited_for)                                  \
    X(test_an_open_that_is_pended_is_waited_for)                            \
    X(test_a_close_that_is_pended_is_waited_for)                            \
    X(test_a_started_request_is_over_when_the_driver_says_so)               \
    X(test_finishing_waits)                                                 \
    X(test_a_started_request_may_be_over_at_once)                           \
    X(test_a_request_that_is_not_sent_leaves_nothing)                       \
    X(test_a_cancelled_request_ends_with_its_cancel_routine)                \
    X(test_a_request_without_a_cancel_routine_stays_pending)                \
    X(test_cleanup_ends_the_requests_of_a_closed_file)                      \
    X(test_close_waits_for_the_last_request_of_the_file)                    \
    X(test_an_unload_waits_for_the_last_request_of_a_closed_file)           \
    X(test_a_driver_that_ends_its_last_file_itself_is_unloaded_by_a_worker) \
    X(test_the_stop_cancels_what_the_test_left_pending)

CONTRACT_MAIN(TESTS, setup, teardown)
