/* SPDX-License-Identifier: MIT */
/* The rules about IRPs, each broken once and almost broken once. */
#include <wdm.h>

#include "nt/io_device.h"
#include "nt/io_irp.h"
#include "wsk_emu/cmocka.h"

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;
static NTSTATUS s_dispatch_status; /* what the device completes with */
static PIRP s_kept;                /* the IRP that the device keeps */
static BOOLEAN s_keeps;

static NTSTATUS dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (s_keeps) {
        IoMarkIrpPending(Irp);
        s_kept = Irp;
        return STATUS_PENDING;
    }
    Irp->IoStatus.Status = s_dispatch_status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return s_dispatch_status;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_dispatch_status = STATUS_SUCCESS;
    s_keeps = FALSE;
    s_kept = NULL;
    s_driver = we_io_driver_create("Lower");
    s_driver->MajorFunction[IRP_MJ_READ] = dispatch;
    return NT_SUCCESS(IoCreateDevice(s_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_device)) ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoDeleteDevice(s_device);
    we_io_driver_destroy(s_driver);
    return 0;
}

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
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    return irp;
}

/* An IRP that the device has and is about to complete. */
static PIRP kept_irp(void)
{
    s_keeps = TRUE;
    (void)IoCallDriver(s_device, new_irp(1));
    s_keeps = FALSE;
    s_kept->IoStatus.Status = STATUS_SUCCESS;
    s_kept->IoStatus.Information = 0;
    return s_kept;
}

/* --- completing --------------------------------------------------------------------------------- */

static void test_irp_001_breach_completed_twice(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    wsk_kit_expect_report("IRP-001");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
}

static void test_irp_001_breach_completed_after_its_routine_freed_it(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
    wsk_kit_expect_report("IRP-001");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void test_irp_001_near_miss_sent_and_completed_twice(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    (void)IoCallDriver(s_device, irp);
    IoReuseIrp(irp, STATUS_SUCCESS);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static void test_irp_005_breach_status_pending(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    irp->IoStatus.Status = STATUS_PENDING;
    wsk_kit_expect_report("IRP-005");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
}

static void test_irp_005_near_miss_status_timeout(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    irp->IoStatus.Status = STATUS_TIMEOUT;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
}

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static void test_irp_006_breach_cancel_routine_still_set(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    (void)IoSetCancelRoutine(irp, cancel_routine);
    wsk_kit_expect_report("IRP-006");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
}

static void test_irp_006_near_miss_completed_by_its_cancel_routine(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    (void)IoSetCancelRoutine(irp, cancel_routine);
    assert_int_equal(IoCancelIrp(irp), TRUE);
    assert_int_equal(irp->IoStatus.Status, STATUS_CANCELLED);
    IoFreeIrp(irp);
}

static void test_irp_007_breach_spin_lock_held(void **state)
{
    PIRP irp = kept_irp();
    KSPIN_LOCK lock;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    wsk_kit_expect_report("IRP-007");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    KeReleaseSpinLock(&lock, irql);
    IoFreeIrp(irp);
}

static void test_irp_007_near_miss_at_dispatch_after_release(void **state)
{
    PIRP irp = kept_irp();
    KSPIN_LOCK lock;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    KeLowerIrql(irql);
    IoFreeIrp(irp);
}

static void test_irp_008_breach_completed_above_dispatch(void **state)
{
    PIRP irp = kept_irp();
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
    wsk_kit_expect_report("IRP-008");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    KeLowerIrql(irql);
    IoFreeIrp(irp);
}

static void test_irp_008_near_miss_completed_at_dispatch(void **state)
{
    PIRP irp = kept_irp();
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    KeLowerIrql(irql);
    IoFreeIrp(irp);
}

/* --- freeing and making new ---------------------------------------------------------------------- */

static void test_irp_012_breach_header_was_zeroed(void **state)
{
    IRP no_irp;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&no_irp, sizeof(no_irp));
    wsk_kit_expect_report("IRP-012");
    IoFreeIrp(&no_irp);
}

static void test_irp_012_breach_freed_twice(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoFreeIrp(irp);
    wsk_kit_expect_report("IRP-012");
    IoFreeIrp(irp);
}

static void test_irp_012_near_miss_freed_once(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoFreeIrp(new_irp(0x20));
}

static void test_irp_014_breach_freed_while_pending(void **state)
{
    PIRP irp = kept_irp();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-014");
    IoFreeIrp(irp);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* the device knows nothing of it */
    IoFreeIrp(irp);
}

static NTSTATUS free_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_irp_014_near_miss_freed_in_its_completion_routine(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, free_irp, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(s_device, irp);
}

static void test_irp_016_breach_irp_in_own_memory_is_freed(void **state)
{
    UCHAR storage[sizeof(IRP) + sizeof(IO_STACK_LOCATION)] DECLSPEC_ALIGN(16);
    PIRP irp = (PIRP)(void *)storage;

    UNREFERENCED_PARAMETER(state);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    wsk_kit_expect_report("IRP-016");
    IoFreeIrp(irp);
}

static void test_irp_016_near_miss_irp_in_own_memory_is_left_alone(void **state)
{
    UCHAR storage[sizeof(IRP) + sizeof(IO_STACK_LOCATION)] DECLSPEC_ALIGN(16);
    PIRP irp = (PIRP)(void *)storage;

    UNREFERENCED_PARAMETER(state);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(s_device, irp), STATUS_SUCCESS);
}

static void test_irp_018_breach_never_freed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-018");
    (void)new_irp(1);
}

static void test_irp_018_near_miss_freed_last_thing(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static void test_irp_019_breach_allocated_irp_is_initialised(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-019");
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoFreeIrp(irp);
}

static void test_irp_019_near_miss_allocated_irp_is_reused(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoReuseIrp(irp, STATUS_SUCCESS);
    IoFreeIrp(irp);
}

static void test_irp_020_breach_reused_while_pending(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    wsk_kit_expect_report("IRP-020");
    IoReuseIrp(irp, STATUS_SUCCESS);
    (void)we_io_irp_finish_inline(irp, STATUS_CANCELLED, 0);
    IoFreeIrp(irp);
}

static NTSTATUS reuse_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    IoReuseIrp(Irp, STATUS_SUCCESS);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_irp_020_near_miss_reused_in_its_completion_routine(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, reuse_irp, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
}

static NTSTATUS reusing_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    /* What comes after the call is what the driver would have done without it; the IRP is made new by the call. */
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReuseIrp(Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static void test_irp_021_breach_irp_from_above_is_reused(void **state)
{
    UCHAR storage[sizeof(IRP) + sizeof(IO_STACK_LOCATION)] DECLSPEC_ALIGN(16);
    PIRP irp = (PIRP)(void *)storage;

    UNREFERENCED_PARAMETER(state);
    s_driver->MajorFunction[IRP_MJ_READ] = reusing_dispatch;
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("IRP-021");
    wsk_kit_expect_report("IRP-036"); /* and so it is lost */
    (void)IoCallDriver(s_device, irp);
}

static void test_irp_021_near_miss_own_irp_in_own_memory_is_reused(void **state)
{
    UCHAR storage[sizeof(IRP) + sizeof(IO_STACK_LOCATION)] DECLSPEC_ALIGN(16);
    PIRP irp = (PIRP)(void *)storage;

    UNREFERENCED_PARAMETER(state);
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(s_device, irp);
    IoReuseIrp(irp, STATUS_SUCCESS);
}

/* --- sending --------------------------------------------------------------------------------------- */

static void test_irp_022_breach_no_completion_routine(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    wsk_kit_expect_report("IRP-022");
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static NTSTATUS forwarding_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(s_device, Irp);
}

/* An IRP from above may be passed on without a routine of one's own. */
static void test_irp_022_near_miss_irp_from_above_without_a_routine(void **state)
{
    PDRIVER_OBJECT upper = we_io_driver_create("Upper");
    PDEVICE_OBJECT device;
    PIRP irp = new_irp(2);

    UNREFERENCED_PARAMETER(state);
    upper->MajorFunction[IRP_MJ_READ] = forwarding_dispatch;
    assert_int_equal(IoCreateDevice(upper, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    (void)IoCallDriver(device, irp);
    IoFreeIrp(irp);
    IoDeleteDevice(device);
    we_io_driver_destroy(upper);
}

static void test_irp_023_breach_called_on_success_only(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, FALSE, FALSE);
    wsk_kit_expect_report("IRP-023");
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static void test_irp_023_near_miss_called_on_every_outcome(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    s_dispatch_status = STATUS_UNSUCCESSFUL;
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static NTSTATUS go_on(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_CONTINUE_COMPLETION;
}

static void test_irp_024_breach_uppermost_routine_lets_the_walk_go_on(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, go_on, NULL, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("IRP-024");
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp); /* nobody freed it */
}

static NTSTATUS routine_setting_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, go_on, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(s_device, Irp);
}

/* Below the creator a routine may well let the walk go on. */
static void test_irp_024_near_miss_lower_routine_lets_the_walk_go_on(void **state)
{
    PDRIVER_OBJECT upper = we_io_driver_create("Upper");
    PDEVICE_OBJECT device;
    PIRP irp = new_irp(2);

    UNREFERENCED_PARAMETER(state);
    upper->MajorFunction[IRP_MJ_READ] = routine_setting_dispatch;
    assert_int_equal(IoCreateDevice(upper, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    (void)IoCallDriver(device, irp);
    IoFreeIrp(irp);
    IoDeleteDevice(device);
    we_io_driver_destroy(upper);
}

static NTSTATUS free_and_go_on(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    IoFreeIrp(Irp);
    return STATUS_SUCCESS;
}

static void test_irp_025_breach_freed_and_walk_goes_on(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, free_and_go_on, NULL, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("IRP-025");
    (void)IoCallDriver(s_device, irp);
}

static NTSTATUS reuse_and_go_on(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    IoReuseIrp(Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static void test_irp_025_breach_reused_and_walk_goes_on(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, reuse_and_go_on, NULL, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("IRP-025");
    (void)IoCallDriver(s_device, irp);
    IoFreeIrp(irp);
}

static void test_irp_025_near_miss_freed_and_walk_stopped(void **state)
{
    PIRP irp = new_irp(1);

    UNREFERENCED_PARAMETER(state);
    IoSetCompletionRoutine(irp, free_irp, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(s_device, irp);
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_irp_001_breach_completed_twice),
        rule_test(test_irp_001_breach_completed_after_its_routine_freed_it),
        rule_test(test_irp_001_near_miss_sent_and_completed_twice),
        rule_test(test_irp_005_breach_status_pending),
        rule_test(test_irp_005_near_miss_status_timeout),
        rule_test(test_irp_006_breach_cancel_routine_still_set),
        rule_test(test_irp_006_near_miss_completed_by_its_cancel_routine),
        rule_test(test_irp_007_breach_spin_lock_held),
        rule_test(test_irp_007_near_miss_at_dispatch_after_release),
        rule_test(test_irp_008_breach_completed_above_dispatch),
        rule_test(test_irp_008_near_miss_completed_at_dispatch),
        rule_test(test_irp_012_breach_header_was_zeroed),
        rule_test(test_irp_012_breach_freed_twice),
        rule_test(test_irp_012_near_miss_freed_once),
        rule_test(test_irp_014_breach_freed_while_pending),
        rule_test(test_irp_014_near_miss_freed_in_its_completion_routine),
        rule_test(test_irp_016_breach_irp_in_own_memory_is_freed),
        rule_test(test_irp_016_near_miss_irp_in_own_memory_is_left_alone),
        rule_test(test_irp_018_breach_never_freed),
        rule_test(test_irp_018_near_miss_freed_last_thing),
        rule_test(test_irp_019_breach_allocated_irp_is_initialised),
        rule_test(test_irp_019_near_miss_allocated_irp_is_reused),
        rule_test(test_irp_020_breach_reused_while_pending),
        rule_test(test_irp_020_near_miss_reused_in_its_completion_routine),
        rule_test(test_irp_021_breach_irp_from_above_is_reused),
        rule_test(test_irp_021_near_miss_own_irp_in_own_memory_is_reused),
        rule_test(test_irp_022_breach_no_completion_routine),
        rule_test(test_irp_022_near_miss_irp_from_above_without_a_routine),
        rule_test(test_irp_023_breach_called_on_success_only),
        rule_test(test_irp_023_near_miss_called_on_every_outcome),
        rule_test(test_irp_024_breach_uppermost_routine_lets_the_walk_go_on),
        rule_test(test_irp_024_near_miss_lower_routine_lets_the_walk_go_on),
        rule_test(test_irp_025_breach_freed_and_walk_goes_on),
        rule_test(test_irp_025_breach_reused_and_walk_goes_on),
        rule_test(test_irp_025_near_miss_freed_and_walk_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
