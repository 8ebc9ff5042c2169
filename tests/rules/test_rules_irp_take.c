/* SPDX-License-Identifier: MIT */
/* The rules about handing an IRP to the WSK provider, each broken once and almost broken once. */
#include <wdm.h>

#include "nt/io_irp.h"
#include "wsk_emu/cmocka.h"

static NTSTATUS keep_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP new_irp(CCHAR count)
{
    PIRP irp = IoAllocateIrp(count, FALSE);

    assert_non_null(irp);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    return irp;
}

static void test_irp_010_breach_sender_completes_what_it_sent(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_SUCCESS);
    irp->IoStatus.Status = STATUS_SUCCESS;
    wsk_kit_expect_report("IRP-010");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
}

static void test_irp_010_near_miss_looked_at_after_it_came_back(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_SUCCESS);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 7);
    assert_int_equal(irp->IoStatus.Information, 7);
    IoFreeIrp(irp);
}

static void test_sock_001_breach_no_stack_location(void **state)
{
    PIRP irp = IoAllocateIrp(0, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("SOCK-001");
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
}

static void take_and_finish(PIRP irp)
{
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_SUCCESS);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0);
}

static void test_sock_001_near_miss_one_stack_location(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_002_breach_no_irp(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(we_io_irp_take(NULL, "WskSend"), STATUS_INVALID_PARAMETER);
}

static void test_sock_002_near_miss_irp_with_more_locations(void **state)
{
    PIRP irp = new_irp(4);

    UNREFERENCED_PARAMETER(state);
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_004_breach_no_completion_routine(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("SOCK-004");
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_004_breach_not_called_on_cancel(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, FALSE);
    wsk_kit_expect_report("SOCK-004");
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_004_near_miss_called_on_every_outcome(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_005_breach_irp_still_in_use(void **state)
{
    PIRP irp = new_irp(2);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-005");
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_INVALID_PARAMETER);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
}

static void test_sock_005_near_miss_two_irps_in_use(void **state)
{
    PIRP first = new_irp(1);
    PIRP second = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(first, "WskReceive"), STATUS_SUCCESS);
    take_and_finish(second);
    (void)we_io_irp_finish_inline(first, STATUS_SUCCESS, 0);
    IoFreeIrp(first);
    IoFreeIrp(second);
}

static void test_sock_006_breach_used_again_as_it_came_back(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    take_and_finish(irp);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("SOCK-006");
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static void test_sock_006_near_miss_used_again_after_reuse(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    take_and_finish(irp);
    IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    take_and_finish(irp);
    IoFreeIrp(irp);
}

static VOID complete_as_cancelled(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static VOID provider_cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    (void)we_io_irp_finish_inline(Irp, STATUS_CANCELLED, 0);
}

static void test_irp_051_breach_given_with_a_cancel_routine_which_is_then_never_called(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    (void)IoSetCancelRoutine(irp, complete_as_cancelled);
    wsk_kit_expect_report("IRP-051");
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    assert_false(IoCancelIrp(irp));
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
}

static void test_irp_051_breach_set_while_the_provider_has_it_changes_nothing(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    assert_true(we_io_irp_set_cancel(irp, provider_cancel));
    wsk_kit_expect_report("IRP-051");
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, complete_as_cancelled));
    assert_true(IoCancelIrp(irp));
    assert_int_equal(irp->IoStatus.Status, STATUS_CANCELLED);
    IoFreeIrp(irp);
}

static void test_irp_051_near_miss_taken_back_before_and_set_after(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    (void)IoSetCancelRoutine(irp, complete_as_cancelled);
    assert_non_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, NULL));
    take_and_finish(irp);
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, complete_as_cancelled));
    assert_non_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, NULL));
    IoFreeIrp(irp);
}

static void test_irp_012_breach_cancel_routine_for_an_irp_that_is_no_more(void **state)
{
    IRP irp;

    UNREFERENCED_PARAMETER(state);
    memset(&irp, 0, sizeof(irp));
    wsk_kit_expect_report("IRP-012");
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(&irp, complete_as_cancelled));
    assert_null((PVOID)(ULONG_PTR)irp.CancelRoutine);
}

#define rule_test(f) wsk_emu_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_irp_010_breach_sender_completes_what_it_sent),
        rule_test(test_irp_010_near_miss_looked_at_after_it_came_back),
        rule_test(test_sock_001_breach_no_stack_location),
        rule_test(test_sock_001_near_miss_one_stack_location),
        rule_test(test_sock_002_breach_no_irp),
        rule_test(test_sock_002_near_miss_irp_with_more_locations),
        rule_test(test_sock_004_breach_no_completion_routine),
        rule_test(test_sock_004_breach_not_called_on_cancel),
        rule_test(test_sock_004_near_miss_called_on_every_outcome),
        rule_test(test_sock_005_breach_irp_still_in_use),
        rule_test(test_sock_005_near_miss_two_irps_in_use),
        rule_test(test_sock_006_breach_used_again_as_it_came_back),
        rule_test(test_sock_006_near_miss_used_again_after_reuse),
        rule_test(test_irp_051_breach_given_with_a_cancel_routine_which_is_then_never_called),
        rule_test(test_irp_051_breach_set_while_the_provider_has_it_changes_nothing),
        rule_test(test_irp_051_near_miss_taken_back_before_and_set_after),
        rule_test(test_irp_012_breach_cancel_routine_for_an_irp_that_is_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
