/* SPDX-License-Identifier: MIT */
/* The rules about objects, handles, threads and devices, each broken once and almost broken once. */
#include <wdm.h>

#include "nt/io_device.h"
#include "nt/ob_object.h"
#include "wsk_emu/cmocka.h"

static KEVENT s_stop;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&s_stop, NotificationEvent, FALSE);
    return 0;
}

static HANDLE start(PKSTART_ROUTINE routine)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL), STATUS_SUCCESS);
    return handle;
}

static PVOID reference(HANDLE handle)
{
    PVOID thread;

    assert_int_equal(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL),
                     STATUS_SUCCESS);
    return thread;
}

static void wait_and_drop(PVOID thread)
{
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

/* Runs a thread with this routine from its beginning to its end. */
static void run_thread(PKSTART_ROUTINE routine)
{
    HANDLE handle = start(routine);
    PVOID thread = reference(handle);

    ZwClose(handle);
    wait_and_drop(thread);
}

static VOID ending_routine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID waiting_routine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&s_stop, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* --- references and handles ------------------------------------------------------------------------ */

static void test_obj_001_breach_dereferenced_once_too_often(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    ObDereferenceObject(body);
    wsk_kit_expect_report("OBJ-001");
    ObDereferenceObject(body);
}

static void test_obj_001_breach_dead_object_is_referenced(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    ObDereferenceObject(body);
    wsk_kit_expect_report("OBJ-001");
    ObReferenceObject(body);
}

static void test_obj_001_near_miss_one_dereference_for_each_reference(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    ObReferenceObject(body);
    ObDereferenceObject(body);
    ObDereferenceObject(body);
}

static void test_obj_002_breach_closed_twice(void **state)
{
    HANDLE handle = start(ending_routine);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ZwClose(handle), STATUS_INVALID_HANDLE);
    wsk_kit_run_until_idle();
}

static void test_obj_002_breach_made_up_handle_is_closed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ZwClose((HANDLE)(ULONG_PTR)0x40), STATUS_INVALID_HANDLE);
}

static void test_obj_002_breach_null_handle_is_referenced(void **state)
{
    PVOID object;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ObReferenceObjectByHandle(NULL, 0, *PsThreadType, KernelMode, &object, NULL),
                     STATUS_INVALID_HANDLE);
}

static void test_obj_002_near_miss_each_handle_closed_once(void **state)
{
    HANDLE first = start(ending_routine);
    HANDLE second = start(ending_routine);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwClose(first), STATUS_SUCCESS);
    assert_int_equal(ZwClose(second), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
}

static void test_unl_015_breach_handle_left_open(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(we_ob_handle_create(body));
    we_ob_dereference(body);
    wsk_kit_expect_report("UNL-015");
}

static void test_unl_015_near_miss_handle_closed(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    ZwClose(we_ob_handle_create(body));
    we_ob_dereference(body);
}

static void test_unl_016_breach_reference_kept(void **state)
{
    void *body = we_ob_create(WE_OB_FILE, 16, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    ObReferenceObject(body);
    ObDereferenceObject(body);
    wsk_kit_expect_report("UNL-016");
}

static void test_unl_016_near_miss_reference_dropped(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ObDereferenceObject(we_ob_create(WE_OB_FILE, 16, NULL, NULL));
}

/* --- threads ------------------------------------------------------------------------------------------ */

static void test_thread_001_breach_thread_waits_for_ever(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ZwClose(start(waiting_routine));
    wsk_kit_run_until_idle();
    wsk_kit_expect_report("THREAD-001");
}

static void test_thread_001_near_miss_thread_told_to_end_and_waited_for(void **state)
{
    HANDLE handle = start(waiting_routine);
    PVOID thread = reference(handle);

    UNREFERENCED_PARAMETER(state);
    ZwClose(handle);
    KeSetEvent(&s_stop, 0, FALSE);
    wait_and_drop(thread);
}

static void test_thread_003_breach_handle_left_open(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wait_and_drop(reference(start(ending_routine)));
    wsk_kit_expect_report("THREAD-003");
}

static void test_thread_003_near_miss_handle_closed_at_once(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_thread(ending_routine);
}

static void test_thread_004_breach_no_type_and_user_mode(void **state)
{
    HANDLE handle = start(ending_routine);
    PVOID thread;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("THREAD-004");
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, UserMode, &thread, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    wait_and_drop(thread);
}

static void test_thread_004_near_miss_no_type_in_kernel_mode(void **state)
{
    HANDLE handle = start(ending_routine);
    PVOID thread;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    wait_and_drop(thread);
}

static VOID returning_routine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static void test_thread_006_breach_routine_returns(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("THREAD-006");
    run_thread(returning_routine);
}

static void test_thread_006_near_miss_routine_terminates_the_thread(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_thread(ending_routine);
}

static NTSTATUS s_terminate_status;

static VOID terminating_item(PVOID Parameter)
{
    s_terminate_status = PsTerminateSystemThread(STATUS_SUCCESS);
    KeSetEvent((PKEVENT)Parameter, 0, FALSE);
}

static void test_thread_007_breach_work_item_terminates_its_worker(void **state)
{
    WORK_QUEUE_ITEM item;

    UNREFERENCED_PARAMETER(state);
    ExInitializeWorkItem(&item, terminating_item, &s_stop);
    wsk_kit_expect_report("THREAD-007");
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&s_stop, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(s_terminate_status, STATUS_INVALID_PARAMETER);
}

static void test_thread_007_near_miss_thread_terminates_itself(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_thread(ending_routine);
}

static VOID unbalanced_routine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID raised_routine(PVOID Context)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Context);
    KeRaiseIrql(APC_LEVEL, &irql);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID balanced_routine(PVOID Context)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_thread_008_breach_ends_in_one_region_too_many(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("THREAD-008");
    run_thread(unbalanced_routine);
}

static void test_thread_008_breach_ends_raised(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("THREAD-008");
    run_thread(raised_routine);
}

static void test_thread_008_near_miss_balanced(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_thread(balanced_routine);
}

/* --- devices -------------------------------------------------------------------------------------------- */

static PDEVICE_OBJECT new_device(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device;

    assert_int_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &device), STATUS_SUCCESS);
    return device;
}

static void test_unl_003_breach_device_left_behind(void **state)
{
    PDRIVER_OBJECT driver = we_io_driver_create("Leaky");

    UNREFERENCED_PARAMETER(state);
    (void)new_device(driver);
    wsk_kit_expect_report("UNL-003");
    we_io_driver_destroy(driver);
}

static void test_unl_003_breach_link_left_behind(void **state)
{
    static WCHAR s_link[] = L"\\DosDevices\\Leaky";
    static WCHAR s_target[] = L"\\Device\\Leaky";
    PDRIVER_OBJECT driver = we_io_driver_create("Leaky");
    UNICODE_STRING link;
    UNICODE_STRING target;

    UNREFERENCED_PARAMETER(state);
    RtlInitUnicodeString(&link, s_link);
    RtlInitUnicodeString(&target, s_target);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    wsk_kit_expect_report("UNL-003");
    we_io_driver_destroy(driver);
}

static void test_unl_003_near_miss_device_and_link_deleted(void **state)
{
    static WCHAR s_link[] = L"\\DosDevices\\Tidy";
    static WCHAR s_target[] = L"\\Device\\Tidy";
    PDRIVER_OBJECT driver = we_io_driver_create("Tidy");
    PDEVICE_OBJECT device = new_device(driver);
    UNICODE_STRING link;
    UNICODE_STRING target;

    UNREFERENCED_PARAMETER(state);
    RtlInitUnicodeString(&link, s_link);
    RtlInitUnicodeString(&target, s_target);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    IoDeleteDevice(device);
    we_io_driver_destroy(driver);
}

static void test_unl_004_breach_deleted_twice(void **state)
{
    PDRIVER_OBJECT driver = we_io_driver_create("Hasty");
    PDEVICE_OBJECT device = new_device(driver);

    UNREFERENCED_PARAMETER(state);
    IoDeleteDevice(device);
    wsk_kit_expect_report("UNL-004");
    IoDeleteDevice(device);
    we_io_driver_destroy(driver);
}

static void test_unl_004_breach_deleted_twice_while_referenced(void **state)
{
    PDRIVER_OBJECT driver = we_io_driver_create("Hasty");
    PDEVICE_OBJECT device = new_device(driver);

    UNREFERENCED_PARAMETER(state);
    ObReferenceObject(device);
    IoDeleteDevice(device);
    wsk_kit_expect_report("UNL-004");
    IoDeleteDevice(device);
    ObDereferenceObject(device);
    we_io_driver_destroy(driver);
}

static void test_unl_004_near_miss_two_devices_deleted_once_each(void **state)
{
    PDRIVER_OBJECT driver = we_io_driver_create("Patient");
    PDEVICE_OBJECT first = new_device(driver);
    PDEVICE_OBJECT second = new_device(driver);

    UNREFERENCED_PARAMETER(state);
    IoDeleteDevice(first);
    IoDeleteDevice(second);
    we_io_driver_destroy(driver);
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_obj_001_breach_dereferenced_once_too_often),
        rule_test(test_obj_001_breach_dead_object_is_referenced),
        rule_test(test_obj_001_near_miss_one_dereference_for_each_reference),
        rule_test(test_obj_002_breach_closed_twice),
        rule_test(test_obj_002_breach_made_up_handle_is_closed),
        rule_test(test_obj_002_breach_null_handle_is_referenced),
        rule_test(test_obj_002_near_miss_each_handle_closed_once),
        rule_test(test_unl_015_breach_handle_left_open),
        rule_test(test_unl_015_near_miss_handle_closed),
        rule_test(test_unl_016_breach_reference_kept),
        rule_test(test_unl_016_near_miss_reference_dropped),
        rule_test(test_thread_001_breach_thread_waits_for_ever),
        rule_test(test_thread_001_near_miss_thread_told_to_end_and_waited_for),
        rule_test(test_thread_003_breach_handle_left_open),
        rule_test(test_thread_003_near_miss_handle_closed_at_once),
        rule_test(test_thread_004_breach_no_type_and_user_mode),
        rule_test(test_thread_004_near_miss_no_type_in_kernel_mode),
        rule_test(test_thread_006_breach_routine_returns),
        rule_test(test_thread_006_near_miss_routine_terminates_the_thread),
        rule_test(test_thread_007_breach_work_item_terminates_its_worker),
        rule_test(test_thread_007_near_miss_thread_terminates_itself),
        rule_test(test_thread_008_breach_ends_in_one_region_too_many),
        rule_test(test_thread_008_breach_ends_raised),
        rule_test(test_thread_008_near_miss_balanced),
        rule_test(test_unl_003_breach_device_left_behind),
        rule_test(test_unl_003_breach_link_left_behind),
        rule_test(test_unl_003_near_miss_device_and_link_deleted),
        rule_test(test_unl_004_breach_deleted_twice),
        rule_test(test_unl_004_breach_deleted_twice_while_referenced),
        rule_test(test_unl_004_near_miss_two_devices_deleted_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
