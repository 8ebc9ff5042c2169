/* SPDX-License-Identifier: MIT */
/* The rules about work items, each broken once and almost broken once. */
#include <wdm.h>

#include "nt/io_device.h"
#include "wsk_emu/cmocka.h"

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;
static unsigned s_count;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_count = 0;
    s_driver = we_io_driver_create("Worker");
    return NT_SUCCESS(IoCreateDevice(s_driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &s_device)) ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_run_until_idle();
    IoDeleteDevice(s_device);
    we_io_driver_destroy(s_driver);
    return 0;
}

static VOID count_routine(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    s_count++;
}

static VOID count_ex_item(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    s_count++;
}

static void test_work_001_breach_queued_twice(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_expect_report("WORK-001");
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(s_count, 1);
    IoFreeWorkItem(item);
}

static void test_work_001_breach_executive_item_queued_twice(void **state)
{
    static WORK_QUEUE_ITEM s_item;

    UNREFERENCED_PARAMETER(state);
    ExInitializeWorkItem(&s_item, count_ex_item, NULL);
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
    wsk_kit_expect_report("WORK-001");
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
}

static void test_work_001_near_miss_queued_again_after_it_ran(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_run_until_idle();
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(s_count, 2);
    IoFreeWorkItem(item);
}

static void test_work_002_breach_freed_while_queued(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_expect_report("WORK-002");
    IoFreeWorkItem(item);
    wsk_kit_run_until_idle();
    assert_int_equal(s_count, 1);
}

static void test_work_002_breach_own_storage_ended_while_queued(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 'kroW');

    UNREFERENCED_PARAMETER(state);
    IoInitializeWorkItem(s_device, item);
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_expect_report("WORK-002");
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, 'kroW'); /* a worker that found it now would find freed memory */
    wsk_kit_run_until_idle();
    assert_int_equal(s_count, 0);
}

static VOID freeing_routine(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    UNREFERENCED_PARAMETER(IoObject);
    UNREFERENCED_PARAMETER(Context);
    IoFreeWorkItem(IoWorkItem);
}

static void test_work_002_near_miss_freed_in_its_routine(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItemEx(IoAllocateWorkItem(s_device), freeing_routine, DelayedWorkQueue, NULL);
    wsk_kit_run_until_idle();
}

static void test_work_005_breach_allocated_item_is_initialised(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("WORK-005");
    IoInitializeWorkItem(s_device, item);
    IoFreeWorkItem(item);
}

static void test_work_005_breach_own_storage_is_freed(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 'kroW');

    UNREFERENCED_PARAMETER(state);
    IoInitializeWorkItem(s_device, item);
    wsk_kit_expect_report("WORK-005");
    IoFreeWorkItem(item);
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, 'kroW');
}

static void test_work_005_breach_item_that_nobody_initialised(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 'kroW');

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("WORK-005");
    IoQueueWorkItem(item, count_routine, DelayedWorkQueue, NULL);
    wsk_kit_expect_report("WORK-005");
    IoUninitializeWorkItem(item);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_report_count("WORK-005"), 2);
    assert_int_equal(s_count, 0);
    ExFreePoolWithTag(item, 'kroW');
}

static void test_work_005_near_miss_each_form_with_its_own_end(void **state)
{
    PIO_WORKITEM own = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 'kroW');

    UNREFERENCED_PARAMETER(state);
    IoInitializeWorkItem(s_device, own);
    IoUninitializeWorkItem(own);
    IoInitializeWorkItem(s_driver, own);
    IoUninitializeWorkItem(own);
    ExFreePoolWithTag(own, 'kroW');
    IoFreeWorkItem(IoAllocateWorkItem(s_device));
}

static void test_work_006_breach_never_freed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("WORK-006");
    (void)IoAllocateWorkItem(s_device);
}

static void test_work_006_near_miss_freed_without_being_queued(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoFreeWorkItem(IoAllocateWorkItem(s_device));
}

static VOID raising_routine(PVOID Parameter)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Parameter);
    KeRaiseIrql(APC_LEVEL, &irql);
}

static void test_work_010_breach_returns_raised(void **state)
{
    static WORK_QUEUE_ITEM s_item;

    UNREFERENCED_PARAMETER(state);
    ExInitializeWorkItem(&s_item, raising_routine, NULL);
    wsk_kit_expect_report("WORK-010");
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
    wsk_kit_run_until_idle();
}

static VOID restoring_routine(PVOID Parameter)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Parameter);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
}

static void test_work_010_near_miss_raises_and_restores(void **state)
{
    static WORK_QUEUE_ITEM s_item;

    UNREFERENCED_PARAMETER(state);
    ExInitializeWorkItem(&s_item, restoring_routine, NULL);
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
    wsk_kit_run_until_idle();
}

static KEVENT s_never;

static VOID stuck_item(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    KeWaitForSingleObject(&s_never, Executive, KernelMode, FALSE, NULL);
}

static void test_unl_002_breach_work_item_waits_for_ever(void **state)
{
    static WORK_QUEUE_ITEM s_item;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    ExInitializeWorkItem(&s_item, stuck_item, NULL);
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
    wsk_kit_expect_report("UNL-002");
}

static void test_unl_002_near_miss_work_item_waits_a_while(void **state)
{
    static WORK_QUEUE_ITEM s_item;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    ExInitializeWorkItem(&s_item, stuck_item, NULL);
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
    wsk_kit_run_until_idle();
    KeSetEvent(&s_never, 0, FALSE); /* stop lets it come to its end */
}

/* --- THREAD-014 ------------------------------------------------------------------------------------ */

static VOID binds_itself(PVOID Parameter)
{
    (void)KeSetSystemAffinityThreadEx(1);
    if (Parameter != NULL) {
        KeRevertToUserAffinityThreadEx(0);
    }
    s_count++;
}

static VOID hurries(PVOID Parameter)
{
    KPRIORITY before = KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);

    if (Parameter != NULL) {
        (void)KeSetPriorityThread(KeGetCurrentThread(), before);
    }
    s_count++;
}

static void run_twice(PWORKER_THREAD_ROUTINE routine, BOOLEAN is_restoring, ULONG expected_reports)
{
    WORK_QUEUE_ITEM item;
    ULONG i;

    for (i = 0; i < expected_reports; i++) {
        wsk_kit_expect_report("THREAD-014");
    }
    for (i = 0; i < 2; i++) {
        ExInitializeWorkItem(&item, routine, is_restoring ? &item : NULL);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        wsk_kit_run_until_idle();
    }
    assert_int_equal(s_count, 2);
    assert_int_equal(wsk_kit_report_count("THREAD-014"), expected_reports);
}

/* Each item finds the thread as it should be: the second one is reported just as the first. */
static void test_thread_014_breach_work_item_stays_bound(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_twice(binds_itself, FALSE, 2);
}

static void test_thread_014_breach_work_item_keeps_its_priority(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_twice(hurries, FALSE, 2);
}

static void test_thread_014_near_miss_affinity_is_reverted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_twice(binds_itself, TRUE, 0);
}

static void test_thread_014_near_miss_priority_is_set_back(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_twice(hurries, TRUE, 0);
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_work_001_breach_queued_twice),
        rule_test(test_work_001_breach_executive_item_queued_twice),
        rule_test(test_work_001_near_miss_queued_again_after_it_ran),
        rule_test(test_work_002_breach_freed_while_queued),
        rule_test(test_work_002_breach_own_storage_ended_while_queued),
        rule_test(test_work_002_near_miss_freed_in_its_routine),
        rule_test(test_work_005_breach_allocated_item_is_initialised),
        rule_test(test_work_005_breach_own_storage_is_freed),
        rule_test(test_work_005_breach_item_that_nobody_initialised),
        rule_test(test_work_005_near_miss_each_form_with_its_own_end),
        rule_test(test_work_006_breach_never_freed),
        rule_test(test_work_006_near_miss_freed_without_being_queued),
        rule_test(test_work_010_breach_returns_raised),
        rule_test(test_work_010_near_miss_raises_and_restores),
        rule_test(test_thread_014_breach_work_item_stays_bound),
        rule_test(test_thread_014_breach_work_item_keeps_its_priority),
        rule_test(test_thread_014_near_miss_affinity_is_reverted),
        rule_test(test_thread_014_near_miss_priority_is_set_back),
        rule_test(test_unl_002_breach_work_item_waits_for_ever),
        rule_test(test_unl_002_near_miss_work_item_waits_a_while),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
