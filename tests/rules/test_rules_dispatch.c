/* SPDX-License-Identifier: MIT */
/* What a dispatch routine owes: each rule broken once and almost broken once, reached as an application reaches it. */
#include "nt/nt_asan.h"
#include "support/device_driver.h"

#define CODE GATE_CODE(METHOD_BUFFERED)

static struct wsk_emu_device *s_device;
static PIRP s_kept; /* the IRP that the driver still has */

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    gate_reset();
    gate_load();
    s_device = gate_open();
    s_kept = NULL;
    return 0;
}

static int teardown(void **state)
{
    wsk_emu_device_close(s_device);
    return gate_teardown(state);
}

static NTSTATUS control_with(PDRIVER_DISPATCH routine)
{
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = routine;
    return wsk_emu_device_control(s_device, CODE, NULL, 0, NULL, 0, NULL);
}

/* For routines that keep the IRP: sends it, has it completed, and returns what it came to. */
static NTSTATUS control_kept_with(PDRIVER_DISPATCH routine)
{
    struct wsk_emu_request *request;

    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = routine;
    (void)wsk_emu_device_control_start(s_device, CODE, NULL, 0, NULL, 0, &request);
    assert_non_null(s_kept);
    (void)gate_complete(s_kept, STATUS_SUCCESS, 0);
    return wsk_emu_request_finish(request, NULL);
}

/* --- IRP-010 ------------------------------------------------------------------------------------ */

/* Looks at the IRP after it is gone. A memory checker finds the read itself. */
static NTSTATUS read_after_completion(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)gate_complete(Irp, STATUS_SUCCESS, 0);
    return Irp->IoStatus.Status;
}

static void test_irp_010_breach_returned_status_is_read_from_a_completed_irp(void **state)
{
    UNREFERENCED_PARAMETER(state);
#ifdef WE_NT_ASAN
    skip(); /* the sanitizer ends the program at the read */
#endif
    wsk_kit_expect_report("IRP-010");
    (void)control_with(read_after_completion);
}

static NTSTATUS save_before_completion(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static void test_irp_010_near_miss_returned_status_was_kept_in_a_variable(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_with(save_before_completion), STATUS_SUCCESS);
}

/* --- IRP-026 and IRP-027 -------------------------------------------------------------------------- */

static NTSTATUS mark_and_return_success(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS mark_keep_and_return_success(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    s_kept = Irp;
    return STATUS_SUCCESS;
}

static void test_irp_026_breach_marked_completed_and_the_status_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-026");
    assert_int_equal(control_with(mark_and_return_success), STATUS_SUCCESS);
}

static void test_irp_026_breach_marked_and_kept_and_success_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-026");
    assert_int_equal(control_kept_with(mark_keep_and_return_success), STATUS_SUCCESS);
}

static NTSTATUS mark_complete_and_return_pending(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    (void)gate_complete(Irp, STATUS_UNSUCCESSFUL, 0);
    return STATUS_PENDING;
}

static void test_irp_026_near_miss_marked_completed_and_pending_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_with(mark_complete_and_return_pending), STATUS_UNSUCCESSFUL);
}

static NTSTATUS keep_unmarked(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    s_kept = Irp;
    return STATUS_PENDING;
}

static NTSTATUS keep_marked(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    s_kept = Irp;
    return STATUS_PENDING;
}

static void test_irp_027_breach_kept_without_a_mark(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-027");
    assert_int_equal(control_kept_with(keep_unmarked), STATUS_SUCCESS);
}

static void test_irp_027_near_miss_kept_with_a_mark(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_kept_with(keep_marked), STATUS_SUCCESS);
}

/* --- two drivers ------------------------------------------------------------------------------------ */

/* A device below the gate's, whose routine a test chooses. */
static PDRIVER_OBJECT s_lower_driver;
static PDEVICE_OBJECT s_lower;

static NTSTATUS lower_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    return IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_lower);
}

static VOID lower_unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    IoDeleteDevice(s_lower);
}

static void lower_load(PDRIVER_DISPATCH routine)
{
    assert_int_equal(wsk_emu_driver_load(lower_entry, "lower", &s_lower_driver), STATUS_SUCCESS);
    s_lower_driver->DriverUnload = lower_unload;
    s_lower_driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = routine;
    g_gate.device->StackSize = (CCHAR)(s_lower->StackSize + 1);
}

static NTSTATUS complete_below(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return gate_complete(Irp, STATUS_NOT_FOUND, 0);
}

static NTSTATUS go_on_unmarked(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS go_on_marked(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS send_with(PIRP irp, PIO_COMPLETION_ROUTINE routine)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, routine, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(s_lower, irp);
}

static NTSTATUS send_and_forget_the_mark(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return send_with(Irp, go_on_unmarked);
}

static NTSTATUS send_and_pass_the_mark_on(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return send_with(Irp, go_on_marked);
}

static void test_irp_028_breach_mark_is_not_passed_on(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(keep_marked);
    wsk_kit_expect_report("IRP-028");
    assert_int_equal(control_kept_with(send_and_forget_the_mark), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

static void test_irp_028_near_miss_mark_is_passed_on_or_there_is_none(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(keep_marked);
    assert_int_equal(control_kept_with(send_and_pass_the_mark_on), STATUS_SUCCESS);
    s_lower_driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = complete_below;
    assert_int_equal(control_with(send_and_forget_the_mark), STATUS_NOT_FOUND);
    wsk_emu_driver_unload(s_lower_driver);
}

/* --- IRP-034 ---------------------------------------------------------------------------------------- */

static NTSTATUS skip_and_complete(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoSkipCurrentIrpStackLocation(Irp);
    return gate_complete(Irp, STATUS_UNSUCCESSFUL, 0);
}

static NTSTATUS skip_and_send(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(s_lower, Irp);
}

static void test_irp_034_breach_skipped_and_completed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-034");
    assert_int_equal(control_with(skip_and_complete), STATUS_UNSUCCESSFUL);
}

static void test_irp_034_breach_skipped_and_completed_below_another_driver(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(skip_and_complete);
    wsk_kit_expect_report("IRP-034");
    (void)control_with(send_and_pass_the_mark_on);
    wsk_emu_driver_unload(s_lower_driver);
}

static void test_irp_034_near_miss_skipped_and_sent(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_below);
    assert_int_equal(control_with(skip_and_send), STATUS_NOT_FOUND);
    s_lower_driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = keep_marked;
    assert_int_equal(control_kept_with(skip_and_send), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

/* --- IRP-036 ---------------------------------------------------------------------------------------- */

static NTSTATUS forget(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    s_kept = Irp;
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* The application gets its answer, the IRP stays. */
static void test_irp_036_breach_error_is_returned_and_the_irp_left_open(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-036");
    assert_int_equal(control_with(forget), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 1);
    (void)gate_complete(s_kept, STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
}

static NTSTATUS keep_what_comes_back(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    s_kept = Irp;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_take_back_and_forget(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return send_with(Irp, keep_what_comes_back);
}

static void test_irp_036_breach_irp_that_came_back_is_left_open(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_below);
    wsk_kit_expect_report("IRP-036");
    assert_int_equal(control_with(send_take_back_and_forget), STATUS_NOT_FOUND);
    (void)gate_complete(s_kept, STATUS_NOT_FOUND, 0);
    wsk_emu_driver_unload(s_lower_driver);
}

static NTSTATUS send_take_back_and_complete(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)send_with(Irp, keep_what_comes_back);
    return gate_complete(Irp, STATUS_DEVICE_BUSY, 0);
}

static void test_irp_036_near_miss_irp_that_came_back_is_completed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_below);
    assert_int_equal(control_with(send_take_back_and_complete), STATUS_DEVICE_BUSY);
    wsk_emu_driver_unload(s_lower_driver);
}

/* --- IRP-037 ---------------------------------------------------------------------------------------- */

static NTSTATUS complete_and_return_another(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)gate_complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    return STATUS_SUCCESS;
}

/* DeviceIoControl goes by the returned value. */
static void test_irp_037_breach_completed_with_one_status_and_returned_another(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-037");
    assert_int_equal(control_with(complete_and_return_another), STATUS_SUCCESS);
}

static NTSTATUS send_and_return_success(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)send_with(Irp, go_on_marked);
    return STATUS_SUCCESS;
}

static void test_irp_037_breach_failure_from_below_is_returned_as_success(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_below);
    wsk_kit_expect_report("IRP-037");
    assert_int_equal(control_with(send_and_return_success), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

static void test_irp_037_breach_sent_on_is_pending_and_success_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(keep_marked);
    wsk_kit_expect_report("IRP-037");
    assert_int_equal(control_kept_with(send_and_return_success), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

static NTSTATUS change_status(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    Irp->IoStatus.Status = STATUS_DEVICE_BUSY;
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS send_and_change_the_status(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return send_with(Irp, change_status);
}

static void test_irp_037_near_miss_what_the_call_below_returned_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_below);
    assert_int_equal(control_with(send_and_change_the_status), STATUS_NOT_FOUND);
    wsk_emu_driver_unload(s_lower_driver);
}

/* --- IRP-038 and IRP-039 ------------------------------------------------------------------------------ */

static NTSTATUS complete_and_return_pending(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)gate_complete(Irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static void test_irp_038_breach_completed_unmarked_and_pending_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-038");
    assert_int_equal(control_with(complete_and_return_pending), STATUS_SUCCESS);
}

/* The driver below completes it before its routine returns; the mark is there. */
static void test_irp_038_near_miss_completed_below_before_pending_is_returned(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(mark_complete_and_return_pending);
    assert_int_equal(control_with(send_and_pass_the_mark_on), STATUS_UNSUCCESSFUL);
    wsk_emu_driver_unload(s_lower_driver);
}

static NTSTATUS complete_and_return_nothing(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)gate_complete(Irp, STATUS_SUCCESS, 0);
    return (NTSTATUS)0xFFFFFFFF;
}

static void test_irp_039_breach_returned_status_was_never_set(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-039");
    (void)control_with(complete_and_return_nothing);
}

static NTSTATUS complete_with_own_status(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return gate_complete(Irp, (NTSTATUS)0xE0000001, 0);
}

static void test_irp_039_near_miss_status_of_the_drivers_own(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_with(complete_with_own_status), (NTSTATUS)0xE0000001);
}

/* --- IRP-051 ---------------------------------------------------------------------------------------- */

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS send_with_cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)IoSetCancelRoutine(Irp, cancel_routine);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(s_lower, Irp);
}

static NTSTATUS send_after_taking_it_back(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)IoSetCancelRoutine(Irp, cancel_routine);
    assert_non_null(IoSetCancelRoutine(Irp, NULL));
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(s_lower, Irp);
}

static NTSTATUS complete_uncancelled(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (void)IoSetCancelRoutine(Irp, NULL);
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static void test_irp_051_breach_sent_on_with_a_cancel_routine(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_uncancelled);
    wsk_kit_expect_report("IRP-051");
    assert_int_equal(control_with(send_with_cancel_routine), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

static void test_irp_051_near_miss_cancel_routine_was_taken_back(void **state)
{
    UNREFERENCED_PARAMETER(state);
    lower_load(complete_uncancelled);
    assert_int_equal(control_with(send_after_taking_it_back), STATUS_SUCCESS);
    wsk_emu_driver_unload(s_lower_driver);
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_irp_010_breach_returned_status_is_read_from_a_completed_irp),
        rule_test(test_irp_010_near_miss_returned_status_was_kept_in_a_variable),
        rule_test(test_irp_026_breach_marked_completed_and_the_status_is_returned),
        rule_test(test_irp_026_breach_marked_and_kept_and_success_is_returned),
        rule_test(test_irp_026_near_miss_marked_completed_and_pending_is_returned),
        rule_test(test_irp_027_breach_kept_without_a_mark),
        rule_test(test_irp_027_near_miss_kept_with_a_mark),
        rule_test(test_irp_028_breach_mark_is_not_passed_on),
        rule_test(test_irp_028_near_miss_mark_is_passed_on_or_there_is_none),
        rule_test(test_irp_034_breach_skipped_and_completed),
        rule_test(test_irp_034_breach_skipped_and_completed_below_another_driver),
        rule_test(test_irp_034_near_miss_skipped_and_sent),
        rule_test(test_irp_036_breach_error_is_returned_and_the_irp_left_open),
        rule_test(test_irp_036_breach_irp_that_came_back_is_left_open),
        rule_test(test_irp_036_near_miss_irp_that_came_back_is_completed),
        rule_test(test_irp_037_breach_completed_with_one_status_and_returned_another),
        rule_test(test_irp_037_breach_failure_from_below_is_returned_as_success),
        rule_test(test_irp_037_breach_sent_on_is_pending_and_success_is_returned),
        rule_test(test_irp_037_near_miss_what_the_call_below_returned_is_returned),
        rule_test(test_irp_038_breach_completed_unmarked_and_pending_is_returned),
        rule_test(test_irp_038_near_miss_completed_below_before_pending_is_returned),
        rule_test(test_irp_039_breach_returned_status_was_never_set),
        rule_test(test_irp_039_near_miss_status_of_the_drivers_own),
        rule_test(test_irp_051_breach_sent_on_with_a_cancel_routine),
        rule_test(test_irp_051_near_miss_cancel_routine_was_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
