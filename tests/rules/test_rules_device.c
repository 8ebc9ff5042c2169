/* SPDX-License-Identifier: MIT */
/* Rules about devices that are open, and about the requests of their files. */
#include "support/device_driver.h"

#define CODE GATE_CODE(METHOD_BUFFERED)

static PIRP s_kept; /* the IRP that the driver still has */
static BOOLEAN s_can_cancel;
static LONGLONG s_delay_ms; /* until the timer completes it; 0: never */
static KTIMER s_timer;
static KDPC s_dpc;
static ULONG_PTR s_information;

static VOID dpc_routine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    (void)gate_complete(s_kept, STATUS_SUCCESS, 0);
    s_kept = NULL;
}

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    s_kept = NULL;
    (void)gate_complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LARGE_INTEGER due = { .QuadPart = -s_delay_ms * 10000 };

    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    s_kept = Irp;
    if (s_can_cancel) {
        (void)IoSetCancelRoutine(Irp, cancel_routine);
    }
    if (s_delay_ms != 0) {
        KeSetTimer(&s_timer, due, &s_dpc);
    }
    return STATUS_PENDING;
}

static NTSTATUS cleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (s_kept != NULL) {
        (void)gate_complete(s_kept, STATUS_CANCELLED, 0);
        s_kept = NULL;
    }
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_kept = NULL;
    s_can_cancel = FALSE;
    s_delay_ms = 0;
    KeInitializeTimer(&s_timer);
    KeInitializeDpc(&s_dpc, dpc_routine, NULL);
    gate_reset();
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = keep;
    gate_load();
    return 0;
}

static struct wsk_emu_request *control_start(struct wsk_emu_device *device)
{
    struct wsk_emu_request *request;

    assert_int_equal(wsk_emu_device_control_start(device, CODE, NULL, 0, NULL, 0, &request), STATUS_PENDING);
    return request;
}

/* --- IRP-053 ------------------------------------------------------------------------------------ */

static void test_irp_053_breach_cancelled_request_is_completed_much_later(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_delay_ms = 6000;
    request = control_start(device);
    wsk_emu_request_cancel(request);
    wsk_kit_expect_report("IRP-053");
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

static void test_irp_053_near_miss_cancelled_request_is_completed_soon(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_delay_ms = 4000;
    request = control_start(device);
    wsk_emu_request_cancel(request);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

/* --- IRP-055 ------------------------------------------------------------------------------------ */

static NTSTATUS answer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    RtlFillMemory(Irp->AssociatedIrp.SystemBuffer, 4, 'a');
    return gate_complete(Irp, STATUS_SUCCESS, s_information);
}

static NTSTATUS control_answered(ULONG_PTR information, char output[8])
{
    struct wsk_emu_device *device = gate_open();
    NTSTATUS status;

    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = answer;
    s_information = information;
    status = wsk_emu_device_control(device, CODE, NULL, 0, output, 4, NULL);
    wsk_emu_device_close(device);
    return status;
}

static void test_irp_055_breach_more_than_there_is_room_for(void **state)
{
    char output[8] = "-------";

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-055");
    assert_int_equal(control_answered(5, output), STATUS_SUCCESS);
    assert_string_equal(output, "aaaa---"); /* no more than that is copied */
}

static void test_irp_055_near_miss_as_much_as_there_is_room_for(void **state)
{
    char output[8] = "-------";

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_answered(4, output), STATUS_SUCCESS);
    assert_string_equal(output, "aaaa---");
}

/* --- IRP-060 ------------------------------------------------------------------------------------ */

static VOID start_io(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)gate_complete(Irp, STATUS_SUCCESS, 0);
    IoStartNextPacket(DeviceObject, FALSE);
}

static NTSTATUS start(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static void control_started(BOOLEAN is_deferred)
{
    struct wsk_emu_device *device = gate_open();

    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = start;
    g_gate.driver->DriverStartIo = start_io;
    IoSetStartIoAttributes(g_gate.device, is_deferred, FALSE);
    assert_int_equal(wsk_emu_device_control(device, CODE, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

static void test_irp_060_breach_next_request_is_started_by_a_routine_that_nests(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-060");
    control_started(FALSE);
}

static void test_irp_060_near_miss_next_request_is_started_by_a_deferred_routine(void **state)
{
    UNREFERENCED_PARAMETER(state);
    control_started(TRUE);
}

/* --- UNL-005 ------------------------------------------------------------------------------------ */

static void test_unl_005_breach_both_ways_of_buffering(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_BUFFERED_IO | DO_DIRECT_IO;
    wsk_kit_expect_report("UNL-005");
    wsk_emu_device_close(gate_open());
}

static void test_unl_005_near_miss_one_way_of_buffering(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    wsk_emu_device_close(gate_open());
}

/* --- UNL-018 ------------------------------------------------------------------------------------ */

static void test_unl_018_breach_request_outlives_cleanup_until_the_unload(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request = control_start(device);

    UNREFERENCED_PARAMETER(state);
    wsk_emu_device_close(device);
    wsk_kit_expect_report("UNL-018");
    gate_unload();
    assert_int_equal(g_gate.unload_count, 0);
    (void)gate_complete(s_kept, STATUS_SUCCESS, 0);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    assert_int_equal(g_gate.unload_count, 1); /* now that nothing keeps it */
}

/* As when an application's process ends. */
static void test_unl_018_breach_request_outlives_the_stop(void **state)
{
    UNREFERENCED_PARAMETER(state);
    (void)control_start(gate_open());
    wsk_kit_expect_report("UNL-018");
    wsk_kit_expect_report("UNL-003"); /* nobody unloads the driver any more */
    wsk_kit_expect_report("UNL-003");
    assert_int_equal(wsk_emu_stop(), 0);
    g_gate.driver = NULL;
}

static void test_unl_018_near_miss_cleanup_completes_it(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request = control_start(device);

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CLEANUP] = cleanup;
    wsk_emu_device_close(device);
    gate_unload();
    assert_int_equal(g_gate.unload_count, 1);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_CANCELLED);
}

/* The work that IRP_MJ_CLEANUP has begun may end a little later. */
static void test_unl_018_near_miss_it_is_completed_soon_after_cleanup(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    s_delay_ms = 500;
    request = control_start(device);
    wsk_emu_device_close(device);
    gate_unload();
    assert_int_equal(g_gate.unload_count, 1);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, gate_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_irp_053_breach_cancelled_request_is_completed_much_later),
        rule_test(test_irp_053_near_miss_cancelled_request_is_completed_soon),
        rule_test(test_irp_055_breach_more_than_there_is_room_for),
        rule_test(test_irp_055_near_miss_as_much_as_there_is_room_for),
        rule_test(test_irp_060_breach_next_request_is_started_by_a_routine_that_nests),
        rule_test(test_irp_060_near_miss_next_request_is_started_by_a_deferred_routine),
        rule_test(test_unl_005_breach_both_ways_of_buffering),
        rule_test(test_unl_005_near_miss_one_way_of_buffering),
        rule_test(test_unl_018_breach_request_outlives_cleanup_until_the_unload),
        rule_test(test_unl_018_breach_request_outlives_the_stop),
        rule_test(test_unl_018_near_miss_cleanup_completes_it),
        rule_test(test_unl_018_near_miss_it_is_completed_soon_after_cleanup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
