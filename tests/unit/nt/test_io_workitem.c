/* SPDX-License-Identifier: MIT */
/* Work items of both kinds: where and at which level their routines run, and what they keep alive. */
#include <wdm.h>

#include "nt/io_device.h"
#include "nt/nt_thread.h"
#include "wsk_emu/cmocka.h"

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;
static KEVENT s_done;

static struct {
    LONG count;
    KIRQL irql;
    BOOLEAN is_worker;
    PVOID object;
    PVOID context;
    PIO_WORKITEM item;
} s_seen;

static void note(PVOID object, PVOID context, PIO_WORKITEM item)
{
    s_seen.irql = KeGetCurrentIrql();
    s_seen.is_worker = ((struct we_nt_thread *)(void *)KeGetCurrentThread())->is_worker;
    s_seen.object = object;
    s_seen.context = context;
    s_seen.item = item;
    InterlockedIncrement(&s_seen.count);
}

static void wait_done(void)
{
    assert_int_equal(KeWaitForSingleObject(&s_done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_seen, sizeof(s_seen));
    KeInitializeEvent(&s_done, SynchronizationEvent, FALSE);
    s_driver = we_io_driver_create("Worker");
    return NT_SUCCESS(IoCreateDevice(s_driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &s_device)) ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    if (s_device != NULL) {
        IoDeleteDevice(s_device);
    }
    we_io_driver_destroy(s_driver);
    return 0;
}

static VOID plain_routine(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    note(DeviceObject, Context, NULL);
    KeSetEvent(&s_done, 0, FALSE);
}

static VOID ex_routine(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    note(IoObject, Context, IoWorkItem);
    KeSetEvent(&s_done, 0, FALSE);
}

static void test_IoQueueWorkItem_routine_runs_at_passive_on_a_worker(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);
    int context;

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItem(item, plain_routine, DelayedWorkQueue, &context);
    wait_done();
    assert_int_equal(s_seen.count, 1);
    assert_int_equal(s_seen.irql, PASSIVE_LEVEL);
    assert_true(s_seen.is_worker);
    assert_ptr_equal(s_seen.object, s_device);
    assert_ptr_equal(s_seen.context, &context);
    IoFreeWorkItem(item);
}

static void test_IoQueueWorkItemEx_routine_gets_the_item(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem((PDEVICE_OBJECT)(PVOID)s_driver); /* a driver object will do as well */

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItemEx(item, ex_routine, CriticalWorkQueue, NULL);
    wait_done();
    assert_ptr_equal(s_seen.item, item);
    assert_ptr_equal(s_seen.object, s_driver);
    IoFreeWorkItem(item);
}

static void test_IoQueueWorkItem_from_dispatch_runs_later(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(item, plain_routine, DelayedWorkQueue, NULL);
    KeLowerIrql(irql);
    wait_done();
    assert_int_equal(s_seen.irql, PASSIVE_LEVEL);
    IoFreeWorkItem(item);
}

static VOID freeing_routine(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    IoFreeWorkItem(IoWorkItem);
    note(IoObject, Context, IoWorkItem);
    KeSetEvent(&s_done, 0, FALSE);
}

static void test_IoFreeWorkItem_inside_the_routine_is_allowed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItemEx(IoAllocateWorkItem(s_device), freeing_routine, DelayedWorkQueue, NULL);
    wait_done();
}

static VOID again_routine(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem)
{
    note(IoObject, Context, IoWorkItem);
    if (s_seen.count < 5) {
        IoQueueWorkItemEx(IoWorkItem, again_routine, DelayedWorkQueue, Context);
    } else {
        KeSetEvent(&s_done, 0, FALSE);
    }
}

static void test_IoQueueWorkItemEx_inside_the_routine_runs_again(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItemEx(item, again_routine, DelayedWorkQueue, NULL);
    wait_done();
    assert_int_equal(s_seen.count, 5);
    wsk_kit_run_until_idle();
    IoFreeWorkItem(item);
}

static void test_IoInitializeWorkItem_own_storage_works_like_an_allocated_item(void **state)
{
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), 'kroW');

    UNREFERENCED_PARAMETER(state);
    IoInitializeWorkItem(s_device, item);
    IoQueueWorkItem(item, plain_routine, DelayedWorkQueue, NULL);
    wait_done();
    wsk_kit_run_until_idle();
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, 'kroW');
}

/* The device is deleted while its item is queued: its memory must last until the routine has returned. */
static void test_IoDeleteDevice_with_item_queued_waits_for_the_routine(void **state)
{
    PIO_WORKITEM item = IoAllocateWorkItem(s_device);
    PDEVICE_OBJECT device = s_device;

    UNREFERENCED_PARAMETER(state);
    IoQueueWorkItem(item, plain_routine, DelayedWorkQueue, NULL);
    IoDeleteDevice(s_device);
    s_device = NULL;
    wait_done();
    assert_ptr_equal(s_seen.object, device);
    wsk_kit_run_until_idle();
    IoFreeWorkItem(item);
}

static VOID ex_item_routine(PVOID Parameter)
{
    PWORK_QUEUE_ITEM item = Parameter;

    note(NULL, Parameter, NULL);
    ExFreePoolWithTag(item, 'kroW');
    KeSetEvent(&s_done, 0, FALSE);
}

static void test_ExQueueWorkItem_routine_may_free_the_item(void **state)
{
    PWORK_QUEUE_ITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*item), 'kroW');

    UNREFERENCED_PARAMETER(state);
    ExInitializeWorkItem(item, ex_item_routine, item);
    ExQueueWorkItem(item, DelayedWorkQueue);
    wait_done();
    assert_int_equal(s_seen.irql, PASSIVE_LEVEL);
    assert_ptr_equal(s_seen.context, item);
}

/* One item waits for what the next one does: a second worker must come to help. */
static KEVENT s_second;

static VOID first_of_two(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    KeWaitForSingleObject(&s_second, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&s_done, 0, FALSE);
}

static VOID second_of_two(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    KeSetEvent(&s_second, 0, FALSE);
}

static void test_ExQueueWorkItem_blocked_routine_does_not_block_the_next(void **state)
{
    WORK_QUEUE_ITEM first;
    WORK_QUEUE_ITEM second;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&s_second, NotificationEvent, FALSE);
    ExInitializeWorkItem(&first, first_of_two, NULL);
    ExInitializeWorkItem(&second, second_of_two, NULL);
    ExQueueWorkItem(&first, DelayedWorkQueue);
    ExQueueWorkItem(&second, DelayedWorkQueue);
    wait_done();
}

#define MANY 200

static VOID count_routine(PVOID Parameter)
{
    if (InterlockedIncrement(&s_seen.count) == MANY) {
        KeSetEvent(&s_done, 0, FALSE);
    }
    UNREFERENCED_PARAMETER(Parameter);
}

static void test_ExQueueWorkItem_many_items_all_run_once(void **state)
{
    static WORK_QUEUE_ITEM s_items[MANY];
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < MANY; i++) {
        ExInitializeWorkItem(&s_items[i], count_routine, NULL);
        ExQueueWorkItem(&s_items[i], DelayedWorkQueue);
    }
    wait_done();
    wsk_kit_run_until_idle();
    assert_int_equal(s_seen.count, MANY);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

#define both(f) \
    wsk_emu_unit_test_setup_teardown(f, setup, teardown), wsk_emu_unit_test_config(f, setup, teardown, &s_threads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        both(test_IoQueueWorkItem_routine_runs_at_passive_on_a_worker),
        both(test_IoQueueWorkItemEx_routine_gets_the_item),
        both(test_IoQueueWorkItem_from_dispatch_runs_later),
        both(test_IoFreeWorkItem_inside_the_routine_is_allowed),
        both(test_IoQueueWorkItemEx_inside_the_routine_runs_again),
        both(test_IoInitializeWorkItem_own_storage_works_like_an_allocated_item),
        both(test_IoDeleteDevice_with_item_queued_waits_for_the_routine),
        both(test_ExQueueWorkItem_routine_may_free_the_item),
        both(test_ExQueueWorkItem_blocked_routine_does_not_block_the_next),
        both(test_ExQueueWorkItem_many_items_all_run_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
