/* SPDX-License-Identifier: MIT */
/* IRPs: allocation, initialisation in place, reuse, and how the provider takes them. */
#include <wdm.h>

#include "nt/io_irp.h"
#include "wsk_emu/cmocka.h"

static NTSTATUS keep_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    (*(unsigned *)Context)++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoAllocateIrp_one_location_is_initialised(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(irp);
    assert_int_equal(irp->Type, IO_TYPE_IRP);
    assert_int_equal(irp->Size, sizeof(IRP) + sizeof(IO_STACK_LOCATION));
    assert_int_equal(irp->StackCount, 1);
    assert_int_equal(irp->CurrentLocation, 2);
    assert_ptr_equal(irp->Tail.Overlay.CurrentStackLocation, (PIO_STACK_LOCATION)(irp + 1) + 1);
    assert_ptr_equal(irp->ThreadListEntry.Flink, &irp->ThreadListEntry);
    assert_null(irp->MdlAddress);
    assert_int_equal(irp->Cancel, FALSE);
    assert_int_equal(we_io_irp_state(irp), WE_IRP_FRESH);
    assert_int_equal((uintptr_t)irp % 16, 0);
    IoFreeIrp(irp);
}

static void test_IoAllocateIrp_negative_count_returns_null(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_null(IoAllocateIrp(-1, FALSE));
}

static void test_IoFreeIrp_frees_what_is_counted(void **state)
{
    size_t before = wsk_kit_live_count(WSK_KIT_IRP);
    PIRP irp = IoAllocateIrp(3, FALSE);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), before + 1);
    IoFreeIrp(irp);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), before);
}

static void test_IoInitializeIrp_raw_memory_is_overwritten(void **state)
{
    union {
        IRP irp;
        UCHAR bytes[sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION)];
    } storage;

    UNREFERENCED_PARAMETER(state);
    RtlFillMemory(&storage, sizeof(storage), 0xEE);
    IoInitializeIrp(&storage.irp, IoSizeOfIrp(2), 2);
    assert_int_equal(storage.irp.Type, IO_TYPE_IRP);
    assert_int_equal(storage.irp.StackCount, 2);
    assert_int_equal(storage.irp.CurrentLocation, 3);
    assert_null(storage.irp.MdlAddress);
    assert_int_equal(storage.bytes[sizeof(storage) - 1], 0);
    assert_int_equal(we_io_irp_state(&storage.irp), WE_IRP_FRESH);
}

static void test_IoReuseIrp_after_use_restores_start_and_sets_status(void **state)
{
    PIRP irp = IoAllocateIrp(2, FALSE);

    UNREFERENCED_PARAMETER(state);
    irp->Cancel = TRUE;
    irp->MdlAddress = (PMDL)(void *)irp;
    IoSetNextIrpStackLocation(irp);
    IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
    assert_int_equal(irp->Cancel, FALSE);
    assert_null(irp->MdlAddress);
    assert_int_equal(irp->CurrentLocation, 3);
    assert_int_equal(irp->StackCount, 2);
    assert_int_equal(irp->IoStatus.Status, STATUS_UNSUCCESSFUL);
    IoFreeIrp(irp); /* still known as allocated */
}

static void test_stack_macros_move_between_locations(void **state)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    UNREFERENCED_PARAMETER(state);
    next->MajorFunction = IRP_MJ_READ;
    next->Parameters.Read.Length = 77;
    IoSetNextIrpStackLocation(irp);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(irp), next);
    IoGetCurrentIrpStackLocation(irp)->Control = 0xff;
    IoCopyCurrentIrpStackLocationToNext(irp);
    assert_int_equal(IoGetNextIrpStackLocation(irp)->MajorFunction, IRP_MJ_READ);
    assert_int_equal(IoGetNextIrpStackLocation(irp)->Parameters.Read.Length, 77);
    assert_int_equal(IoGetNextIrpStackLocation(irp)->Control, 0);
    IoSkipCurrentIrpStackLocation(irp);
    assert_int_equal(irp->CurrentLocation, 3);
    IoFreeIrp(irp);
}

static void test_we_io_irp_take_own_irp_is_marked_pending(void **state)
{
    unsigned called = 0;
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, keep_irp, &called, TRUE, TRUE, TRUE);
    irp->Tail.Overlay.DriverContext[0] = irp;
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_SUCCESS);
    assert_int_equal(irp->CurrentLocation, 1);
    assert_true(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    assert_null(irp->Tail.Overlay.DriverContext[0]);
    assert_int_equal(we_io_irp_state(irp), WE_IRP_SENT);
    assert_int_equal(we_io_irp_finish_inline(irp, STATUS_SUCCESS, 5), STATUS_SUCCESS);
    assert_int_equal(called, 1);
    assert_int_equal(irp->PendingReturned, FALSE); /* an inline result was not pending */
    assert_int_equal(irp->IoStatus.Information, 5);
    assert_int_equal(we_io_irp_state(irp), WE_IRP_DONE);
    IoFreeIrp(irp);
}

static void test_we_io_irp_take_null_reports_SOCK_002(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(we_io_irp_take(NULL, "WskSend"), STATUS_INVALID_PARAMETER);
}

static void test_we_io_irp_take_no_location_changes_nothing(void **state)
{
    PIRP irp = IoAllocateIrp(0, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("SOCK-001");
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_INVALID_PARAMETER);
    assert_int_equal(irp->CurrentLocation, 1);
    assert_int_equal(we_io_irp_state(irp), WE_IRP_FRESH);
    IoFreeIrp(irp);
}

static void test_we_io_irp_take_freed_irp_reports_IRP_012(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    IoFreeIrp(irp);
    wsk_kit_expect_report("IRP-012");
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_INVALID_PARAMETER);
}

/* --- calls with an IRP that the driver does not have --------------------------------------------------------- */

static void test_calls_with_a_freed_irp_report_IRP_012(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    IoFreeIrp(irp);
    wsk_kit_expect_report("IRP-012");
    IoReuseIrp(irp, STATUS_SUCCESS);
    wsk_kit_expect_report("IRP-012");
    assert_false(IoCancelIrp(irp));
    assert_int_equal(wsk_kit_report_count("IRP-012"), 2);
}

static void test_IoCompleteRequest_of_what_is_no_irp_reports_IRP_012(void **state)
{
    static IRP never; /* no IoInitializeIrp */

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-012");
    IoCompleteRequest(&never, IO_NO_INCREMENT);
    assert_int_equal(wsk_kit_report_count("IRP-012"), 1);
}

static void test_IoCompleteRequest_of_what_was_never_sent_reports_IRP_024(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-024");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    assert_int_equal(we_io_irp_state(irp), WE_IRP_FRESH);
    IoFreeIrp(irp);
}

static NTSTATUS complete_again(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    (*(unsigned *)Context)++;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoCompleteRequest_inside_the_completion_reports_IRP_001(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    unsigned count = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoSetCompletionRoutineEx(NULL, irp, complete_again, &count, TRUE, TRUE, TRUE), STATUS_SUCCESS);
    assert_int_equal(we_io_irp_take(irp, "WskSend"), STATUS_SUCCESS);
    wsk_kit_expect_report("IRP-001");
    assert_int_equal(we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    IoFreeIrp(irp);
}

static void test_IoCleanupIrp_of_what_is_under_way_reports_IRP_014(void **state)
{
    union {
        IRP irp;
        UCHAR bytes[sizeof(IRP) + sizeof(IO_STACK_LOCATION)];
    } storage;
    unsigned count = 0;

    UNREFERENCED_PARAMETER(state);
    IoInitializeIrp(&storage.irp, IoSizeOfIrp(1), 1);
    IoSetCompletionRoutine(&storage.irp, keep_irp, &count, TRUE, TRUE, TRUE);
    assert_int_equal(we_io_irp_take(&storage.irp, "WskSend"), STATUS_SUCCESS);
    wsk_kit_expect_report("IRP-014");
    IoCleanupIrp(&storage.irp);
    assert_int_equal(we_io_irp_finish_inline(&storage.irp, STATUS_SUCCESS, 0), STATUS_SUCCESS);
    assert_int_equal(count, 1); /* it is alive */
    IoCleanupIrp(&storage.irp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_IoAllocateIrp_one_location_is_initialised),
        wsk_emu_unit_test(test_IoAllocateIrp_negative_count_returns_null),
        wsk_emu_unit_test(test_IoFreeIrp_frees_what_is_counted),
        wsk_emu_unit_test(test_IoInitializeIrp_raw_memory_is_overwritten),
        wsk_emu_unit_test(test_IoReuseIrp_after_use_restores_start_and_sets_status),
        wsk_emu_unit_test(test_stack_macros_move_between_locations),
        wsk_emu_unit_test(test_we_io_irp_take_own_irp_is_marked_pending),
        wsk_emu_unit_test(test_we_io_irp_take_null_reports_SOCK_002),
        wsk_emu_unit_test(test_we_io_irp_take_no_location_changes_nothing),
        wsk_emu_unit_test(test_we_io_irp_take_freed_irp_reports_IRP_012),
        wsk_emu_unit_test(test_calls_with_a_freed_irp_report_IRP_012),
        wsk_emu_unit_test(test_IoCompleteRequest_of_what_is_no_irp_reports_IRP_012),
        wsk_emu_unit_test(test_IoCompleteRequest_of_what_was_never_sent_reports_IRP_024),
        wsk_emu_unit_test(test_IoCompleteRequest_inside_the_completion_reports_IRP_001),
        wsk_emu_unit_test(test_IoCleanupIrp_of_what_is_under_way_reports_IRP_014),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
