/* SPDX-License-Identifier: MIT */
/* Rules about unloading: what a driver must not leave behind when DriverEntry fails or DriverUnload returns. */
#include <ntddk.h>
#include <wsk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

/* One driver for all tests: DriverEntry makes what a test asks for, DriverUnload undoes it unless it is to forget. */
enum makes {
    MAKES_NOTHING,
    MAKES_DEVICE,
    MAKES_LINK,
    MAKES_REGISTRATION,
    MAKES_TIMER,
    MAKES_EX_TIMER,
    MAKES_CALLBACK,
    MAKES_WORK_ITEM,
    MAKES_IRP
};

static struct {
    enum makes makes;
    BOOLEAN forgets;
    BOOLEAN has_no_unload;
    NTSTATUS entry_status;
    PDEVICE_OBJECT device;
    PIO_WORKITEM item;
    PIRP irp;
    WSK_REGISTRATION registration;
    PEX_TIMER ex_timer;
    PCALLBACK_OBJECT callbacks;
    PVOID callback;
    KTIMER timer;
    KDPC dpc;
    KEVENT worked;
} s_driver;

static const WSK_CLIENT_DISPATCH client_dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_CLIENT_NPI s_client = { NULL, &client_dispatch };
static UNICODE_STRING s_device_name = RTL_CONSTANT_STRING(L"\\Device\\Gate");
static UNICODE_STRING s_link_name = RTL_CONSTANT_STRING(L"\\DosDevices\\Gate");

static VOID dpc_routine(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
}

static VOID work_routine(PDEVICE_OBJECT device, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    IoFreeWorkItem(s_driver.item);
    KeSetEvent(&s_driver.worked, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS pending_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static NTSTATUS completion_routine(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void irp_send(void)
{
    s_driver.irp = IoAllocateIrp(s_driver.device->StackSize, FALSE);
    assert_non_null(s_driver.irp);
    IoGetNextIrpStackLocation(s_driver.irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(s_driver.irp, completion_routine, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(s_driver.device, s_driver.irp), STATUS_PENDING);
}

static VOID notified(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
}

static void callback_make(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Forgetful");
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&s_driver.callbacks, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    s_driver.callback = ExRegisterCallback(s_driver.callbacks, notified, NULL);
    assert_non_null(s_driver.callback);
}

static void things_make(PDRIVER_OBJECT object)
{
    LARGE_INTEGER far = { .QuadPart = -10000000 };

    if (s_driver.makes == MAKES_DEVICE || s_driver.makes == MAKES_LINK || s_driver.makes == MAKES_WORK_ITEM ||
        s_driver.makes == MAKES_IRP) {
        assert_int_equal(IoCreateDevice(object, 0, &s_device_name, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_driver.device),
                         STATUS_SUCCESS);
    }
    if (s_driver.makes == MAKES_LINK) {
        assert_int_equal(IoCreateSymbolicLink(&s_link_name, &s_device_name), STATUS_SUCCESS);
    }
    if (s_driver.makes == MAKES_REGISTRATION) {
        assert_int_equal(WskRegister(&s_client, &s_driver.registration), STATUS_SUCCESS);
    }
    if (s_driver.makes == MAKES_TIMER) {
        KeInitializeTimer(&s_driver.timer);
        KeInitializeDpc(&s_driver.dpc, dpc_routine, NULL);
        KeSetTimer(&s_driver.timer, far, &s_driver.dpc);
    }
    if (s_driver.makes == MAKES_EX_TIMER) {
        s_driver.ex_timer = ExAllocateTimer(NULL, NULL, 0);
        (void)ExSetTimer(s_driver.ex_timer, far.QuadPart, 0, NULL);
    }
    if (s_driver.makes == MAKES_CALLBACK) {
        callback_make();
    }
    if (s_driver.makes == MAKES_WORK_ITEM) {
        KeInitializeEvent(&s_driver.worked, NotificationEvent, FALSE);
        s_driver.item = IoAllocateWorkItem(s_driver.device);
        assert_non_null(s_driver.item);
        IoQueueWorkItem(s_driver.item, work_routine, DelayedWorkQueue, NULL);
    }
    if (s_driver.makes == MAKES_IRP) {
        irp_send();
    }
}

static void things_undo(void)
{
    if (s_driver.makes == MAKES_REGISTRATION && !s_driver.forgets) {
        WskDeregister(&s_driver.registration);
    }
    if (s_driver.makes == MAKES_TIMER && !s_driver.forgets) {
        KeCancelTimer(&s_driver.timer);
    }
    if (s_driver.makes == MAKES_EX_TIMER && !s_driver.forgets) {
        (void)ExDeleteTimer(s_driver.ex_timer, TRUE, TRUE, NULL);
    }
    if (s_driver.makes == MAKES_CALLBACK) {
        ObDereferenceObject(s_driver.callbacks);
    }
    if (s_driver.makes == MAKES_CALLBACK && !s_driver.forgets) {
        ExUnregisterCallback(s_driver.callback);
    }
    if (s_driver.makes == MAKES_WORK_ITEM && !s_driver.forgets) {
        KeWaitForSingleObject(&s_driver.worked, Executive, KernelMode, FALSE, NULL);
    }
    if (s_driver.makes == MAKES_IRP && !s_driver.forgets) {
        s_driver.irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(s_driver.irp, IO_NO_INCREMENT);
        IoFreeIrp(s_driver.irp);
    }
    if (s_driver.makes == MAKES_LINK && !s_driver.forgets) {
        IoDeleteSymbolicLink(&s_link_name);
    }
    if (s_driver.device != NULL && !(s_driver.makes == MAKES_DEVICE && s_driver.forgets)) {
        IoDeleteDevice(s_driver.device);
    }
}

static VOID driver_unload(PDRIVER_OBJECT object)
{
    UNREFERENCED_PARAMETER(object);
    things_undo();
}

static NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    object->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = pending_dispatch;
    if (!s_driver.has_no_unload) {
        object->DriverUnload = driver_unload;
    }
    things_make(object);
    if (!NT_SUCCESS(s_driver.entry_status)) {
        things_undo();
    }
    return s_driver.entry_status;
}

static PDRIVER_OBJECT driver_load(enum makes makes, BOOLEAN forgets)
{
    PDRIVER_OBJECT driver;

    memset(&s_driver, 0, sizeof(s_driver));
    s_driver.makes = makes;
    s_driver.forgets = forgets;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    return driver;
}

static void driver_load_failing(enum makes makes, BOOLEAN forgets)
{
    PDRIVER_OBJECT driver;

    memset(&s_driver, 0, sizeof(s_driver));
    s_driver.makes = makes;
    s_driver.forgets = forgets;
    s_driver.entry_status = STATUS_UNSUCCESSFUL;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_UNSUCCESSFUL);
    assert_null(driver);
}

static void run_forgetful(enum makes makes, const char *rule)
{
    PDRIVER_OBJECT driver = driver_load(makes, TRUE);

    wsk_kit_expect_report(rule);
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_kit_report_count(rule), 1);
}

static void run_careful(enum makes makes)
{
    wsk_emu_driver_unload(driver_load(makes, FALSE));
    driver_load_failing(makes, FALSE);
}

/* --- UNL-001 ------------------------------------------------------------------------------------ */

static void test_unl_001_breach_no_unload_routine(void **state)
{
    PDRIVER_OBJECT driver;

    UNREFERENCED_PARAMETER(state);
    memset(&s_driver, 0, sizeof(s_driver));
    s_driver.has_no_unload = TRUE;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    wsk_kit_expect_report("UNL-001");
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_kit_report_count("UNL-001"), 1);
}

static void test_unl_001_near_miss_unload_routine_that_does_nothing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_NOTHING);
}

/* --- UNL-002 ------------------------------------------------------------------------------------ */

static void test_unl_002_breach_work_item_still_queued(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_WORK_ITEM, "UNL-002");
    /* It runs now, in a driver that is gone on Windows. */
    KeWaitForSingleObject(&s_driver.worked, Executive, KernelMode, FALSE, NULL);
}

static void test_unl_002_near_miss_waits_for_the_work_item(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_WORK_ITEM);
}

/* --- UNL-003 ------------------------------------------------------------------------------------ */

static void test_unl_003_breach_device_not_deleted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_DEVICE, "UNL-003");
}

static void test_unl_003_breach_link_not_deleted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_LINK, "UNL-003");
}

static void test_unl_003_breach_failing_entry_leaves_device(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("UNL-003");
    driver_load_failing(MAKES_DEVICE, TRUE);
    assert_int_equal(wsk_kit_report_count("UNL-003"), 1);
}

static void test_unl_003_near_miss_link_then_device_deleted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_DEVICE);
    run_careful(MAKES_LINK);
}

/* --- UNL-017 ------------------------------------------------------------------------------------ */

static void test_unl_017_breach_irp_not_completed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_IRP, "UNL-017");
}

static void test_unl_017_near_miss_irp_completed_and_freed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_IRP);
}

/* --- NPI-012 ------------------------------------------------------------------------------------ */

static void test_npi_012_breach_unload_without_deregister(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_REGISTRATION, "NPI-012");
}

static void test_npi_012_breach_failing_entry_without_deregister(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("NPI-012");
    driver_load_failing(MAKES_REGISTRATION, TRUE);
    assert_int_equal(wsk_kit_report_count("NPI-012"), 1);
}

static void test_npi_012_near_miss_deregister_in_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_REGISTRATION);
}

/* --- DPC-004 at the unload ------------------------------------------------------------------------ */

static void test_dpc_004_breach_timer_set_at_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_TIMER, "DPC-004");
}

static void test_dpc_004_near_miss_timer_cancelled_in_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_TIMER);
}

static void test_dpc_021_breach_timer_not_deleted_at_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_EX_TIMER, "DPC-021");
    wsk_kit_advance_ms(5000); /* it does not expire any more */
}

static void test_dpc_021_near_miss_timer_deleted_in_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_EX_TIMER);
}

/* --- UNL-013 ------------------------------------------------------------------------------------ */

static void test_unl_013_breach_routine_not_unregistered_at_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_forgetful(MAKES_CALLBACK, "UNL-013");
}

static void test_unl_013_near_miss_routine_unregistered_in_unload(void **state)
{
    UNREFERENCED_PARAMETER(state);
    run_careful(MAKES_CALLBACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_unl_001_breach_no_unload_routine),
        wsk_emu_unit_test(test_unl_001_near_miss_unload_routine_that_does_nothing),
        wsk_emu_unit_test(test_unl_002_breach_work_item_still_queued),
        wsk_emu_unit_test(test_unl_002_near_miss_waits_for_the_work_item),
        wsk_emu_unit_test(test_unl_003_breach_device_not_deleted),
        wsk_emu_unit_test(test_unl_003_breach_link_not_deleted),
        wsk_emu_unit_test(test_unl_003_breach_failing_entry_leaves_device),
        wsk_emu_unit_test(test_unl_003_near_miss_link_then_device_deleted),
        wsk_emu_unit_test(test_unl_017_breach_irp_not_completed),
        wsk_emu_unit_test(test_unl_017_near_miss_irp_completed_and_freed),
        wsk_emu_unit_test(test_npi_012_breach_unload_without_deregister),
        wsk_emu_unit_test(test_npi_012_breach_failing_entry_without_deregister),
        wsk_emu_unit_test(test_npi_012_near_miss_deregister_in_unload),
        wsk_emu_unit_test(test_dpc_004_breach_timer_set_at_unload),
        wsk_emu_unit_test(test_dpc_004_near_miss_timer_cancelled_in_unload),
        wsk_emu_unit_test(test_dpc_021_breach_timer_not_deleted_at_unload),
        wsk_emu_unit_test(test_dpc_021_near_miss_timer_deleted_in_unload),
        wsk_emu_unit_test(test_unl_013_breach_routine_not_unregistered_at_unload),
        wsk_emu_unit_test(test_unl_013_near_miss_routine_unregistered_in_unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
