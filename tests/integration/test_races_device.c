/* SPDX-License-Identifier: MIT */
/* Applications on several threads open, ask, cancel and close one device, whose driver completes on a thread of its own, at
 * every moment. Each request ends once, and nothing is left. In all four ways to run. */
#include "support/contract.h"
#include "support/device_driver.h"
#include "support/system_thread.h"

#define APPLICATIONS 3
#define ROUNDS 60

/* The driver: a queue with a cancel routine, emptied by a thread. */
static struct {
    KSPIN_LOCK lock;
    LIST_ENTRY queue; /* guarded by lock */
    KSEMAPHORE work;
    volatile LONG is_stopping;
    PVOID thread;
    volatile LONG completed_count;
    volatile LONG cancelled_count;
} s_driver;

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&s_driver.lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&s_driver.lock, irql);
    InterlockedIncrement(&s_driver.cancelled_count);
    (void)gate_complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS queue_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&s_driver.lock, &irql);
    (void)IoSetCancelRoutine(Irp, cancel_routine);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        KeReleaseSpinLock(&s_driver.lock, irql);
        InterlockedIncrement(&s_driver.cancelled_count);
        return gate_complete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&s_driver.queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&s_driver.lock, irql);
    KeReleaseSemaphore(&s_driver.work, IO_NO_INCREMENT, 1, FALSE);
    return STATUS_PENDING;
}

/* The next request of this file, or of any, that no cancel routine has got; NULL: there is none. */
static PIRP queue_take(PFILE_OBJECT file)
{
    PIRP found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&s_driver.lock, &irql);
    for (entry = s_driver.queue.Flink; entry != &s_driver.queue && found == NULL; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if ((file == NULL || IoGetCurrentIrpStackLocation(irp)->FileObject == file) &&
            IoSetCancelRoutine(irp, NULL) != NULL) {
            found = irp;
        }
    }
    if (found != NULL) {
        RemoveEntryList(&found->Tail.Overlay.ListEntry);
    }
    KeReleaseSpinLock(&s_driver.lock, irql);
    return found;
}

static NTSTATUS cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIRP irp;

    UNREFERENCED_PARAMETER(DeviceObject);
    while ((irp = queue_take(IoGetCurrentIrpStackLocation(Irp)->FileObject)) != NULL) {
        InterlockedIncrement(&s_driver.cancelled_count);
        (void)gate_complete(irp, STATUS_CANCELLED, 0);
    }
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static VOID completing_thread(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    while (ReadAcquire(&s_driver.is_stopping) == 0) {
        PIRP irp;

        (void)KeWaitForSingleObject(&s_driver.work, Executive, KernelMode, FALSE, NULL);
        irp = queue_take(NULL);
        if (irp != NULL) {
            InterlockedIncrement(&s_driver.completed_count);
            (void)gate_complete(irp, STATUS_SUCCESS, 0);
        }
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* --- applications -------------------------------------------------------------------------------- */

static volatile LONG s_ended_count;    /* requests that applications have seen the end of */
static volatile LONG s_surprise_count; /* statuses that nobody sets */

static void request_end(struct wsk_emu_request *request)
{
    NTSTATUS status = wsk_emu_request_finish(request, NULL);

    InterlockedIncrement(&s_ended_count);
    if (status != STATUS_SUCCESS && status != STATUS_CANCELLED) {
        InterlockedIncrement(&s_surprise_count);
    }
}

static void round_run(unsigned round)
{
    struct wsk_emu_device *device;
    struct wsk_emu_request *request;
    char output[4];
    bool is_open = NT_SUCCESS(wsk_emu_device_open(GATE_NAME, GATE_ACCESS, &device));

    if (!is_open || wsk_emu_device_control_start(device, GATE_CODE(METHOD_BUFFERED), "abc", 3, output, sizeof(output),
                                                 &request) == STATUS_INSUFFICIENT_RESOURCES) {
        InterlockedIncrement(&s_surprise_count);
        return;
    }
    if (round % 2 != 0) {
        wsk_emu_request_cancel(request);
    }
    if (round % 3 == 0) {
        wsk_emu_device_close(device); /* while it is pending, perhaps */
        request_end(request);
    } else {
        request_end(request);
        wsk_emu_device_close(device);
    }
}

static VOID application_thread(PVOID context)
{
    unsigned first = (unsigned)(ULONG_PTR)context;
    unsigned round;

    for (round = first; round < first + ROUNDS; round++) {
        round_run(round);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static int setup(void **state)
{
    memset(&s_driver, 0, sizeof(s_driver));
    s_ended_count = 0;
    s_surprise_count = 0;
    KeInitializeSpinLock(&s_driver.lock);
    InitializeListHead(&s_driver.queue);
    KeInitializeSemaphore(&s_driver.work, 0, MAXLONG);
    gate_reset();
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = queue_irp;
    g_gate.routines[IRP_MJ_CLEANUP] = cleanup;
    UNREFERENCED_PARAMETER(state);
    gate_load();
    return 0;
}

static void test_every_request_ends_once(void **state)
{
    PVOID applications[APPLICATIONS];
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    s_driver.thread = system_thread_start(completing_thread, NULL);
    for (i = 0; i < APPLICATIONS; i++) {
        applications[i] = system_thread_start(application_thread, (PVOID)(ULONG_PTR)(i * 7));
    }
    for (i = 0; i < APPLICATIONS; i++) {
        system_thread_join(applications[i]);
    }
    InterlockedExchange(&s_driver.is_stopping, 1);
    KeReleaseSemaphore(&s_driver.work, IO_NO_INCREMENT, 1, FALSE);
    system_thread_join(s_driver.thread);
    assert_int_equal(s_surprise_count, 0);
    assert_int_equal(s_ended_count, APPLICATIONS * ROUNDS);
    assert_int_equal(s_driver.completed_count + s_driver.cancelled_count, APPLICATIONS * ROUNDS);
    gate_unload();
    assert_int_equal(g_gate.unload_count, 1);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

#define TESTS(X) X(test_every_request_ends_once)

CONTRACT_MAIN(TESTS, setup, NULL)
