/* SPDX-License-Identifier: MIT */
/* Stacks of devices, devices that drivers open by name, and shutdown notifications. */
#include <string.h>

#include "support/device_driver.h"

static UNICODE_STRING s_gate_name = RTL_CONSTANT_STRING(L"\\Device\\Gate");

/* A filter that notes what comes by. */
static PDRIVER_OBJECT s_filter_driver;
static PDEVICE_OBJECT s_filter;
static PDEVICE_OBJECT s_below;
static unsigned s_filtered_count;

static NTSTATUS filter_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    s_filtered_count++;
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(s_below, Irp);
}

static VOID filter_unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    if (s_below != NULL) {
        IoDetachDevice(s_below);
    }
    IoDeleteDevice(s_filter);
}

static NTSTATUS filter_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    unsigned major;

    UNREFERENCED_PARAMETER(RegistryPath);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        DriverObject->MajorFunction[major] = filter_dispatch;
    }
    DriverObject->DriverUnload = filter_unload;
    return IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_filter);
}

static int setup(void **state)
{
    s_below = NULL;
    s_filtered_count = 0;
    (void)gate_setup(state);
    return NT_SUCCESS(wsk_emu_driver_load(filter_entry, "filter", &s_filter_driver)) ? 0 : -1;
}

static int teardown(void **state)
{
    if (s_filter_driver != NULL) {
        wsk_emu_driver_unload(s_filter_driver);
    }
    return gate_teardown(state);
}

/* --- attaching ----------------------------------------------------------------------------------- */

static void test_IoAttachDeviceToDeviceStack_puts_a_device_on_top(void **state)
{
    PDEVICE_OBJECT found;

    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(IoGetAttachedDevice(g_gate.device), g_gate.device);
    s_below = IoAttachDeviceToDeviceStack(s_filter, g_gate.device);
    assert_ptr_equal(s_below, g_gate.device);
    assert_int_equal(s_filter->StackSize, 2);
    assert_ptr_equal(g_gate.device->AttachedDevice, s_filter);
    assert_ptr_equal(IoGetAttachedDevice(g_gate.device), s_filter);
    found = IoGetAttachedDeviceReference(g_gate.device);
    assert_ptr_equal(found, s_filter);
    ObDereferenceObject(found);
    found = IoGetLowerDeviceObject(s_filter);
    assert_ptr_equal(found, g_gate.device);
    ObDereferenceObject(found);
    assert_null(IoGetLowerDeviceObject(g_gate.device));
    IoDetachDevice(g_gate.device);
    assert_null(g_gate.device->AttachedDevice);
    assert_null(IoGetLowerDeviceObject(s_filter));
    s_below = NULL;
}

static void test_IoAttachDeviceToDeviceStack_device_that_is_being_initialised_is_refused(void **state)
{
    PDEVICE_OBJECT attached = s_filter;

    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_DEVICE_INITIALIZING;
    assert_null(IoAttachDeviceToDeviceStack(s_filter, g_gate.device));
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(s_filter, g_gate.device, &attached), STATUS_NO_SUCH_DEVICE);
    assert_null(attached);
    assert_int_equal(s_filter->StackSize, 1);
}

static void test_requests_of_a_file_go_to_the_top_of_the_stack(void **state)
{
    struct wsk_emu_device *device;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(s_filter, g_gate.device, &s_below), STATUS_SUCCESS);
    device = gate_open();
    assert_ptr_equal(wsk_emu_device_file(device)->DeviceObject, g_gate.device);
    assert_ptr_equal(IoGetRelatedDeviceObject(wsk_emu_device_file(device)), s_filter);
    assert_int_equal(wsk_emu_device_flush(device), STATUS_SUCCESS);
    wsk_emu_device_close(device);
    assert_int_equal(s_filtered_count, 4);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_FLUSH_BUFFERS, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
}

static void test_IoAttachDevice_finds_its_target_by_name(void **state)
{
    UNICODE_STRING nowhere = RTL_CONSTANT_STRING(L"\\Device\\Nowhere");

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoAttachDevice(s_filter, &nowhere, &s_below), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(s_below);
    assert_int_equal(IoAttachDevice(s_filter, &s_gate_name, &s_below), STATUS_SUCCESS);
    assert_ptr_equal(s_below, g_gate.device);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    assert_int_equal(s_filtered_count, 1); /* IRP_MJ_CLOSE already went through the filter */
}

/* --- IoGetDeviceObjectPointer ---------------------------------------------------------------------- */

static void test_IoGetDeviceObjectPointer_file_is_closed_when_its_reference_is_dropped(void **state)
{
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoGetDeviceObjectPointer(&s_gate_name, FILE_READ_DATA, &file, &device), STATUS_SUCCESS);
    assert_ptr_equal(device, g_gate.device);
    assert_ptr_equal(file->DeviceObject, g_gate.device);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP);
    assert_int_equal(g_gate.requests[0].mode, KernelMode);
    assert_int_equal(ObReferenceObjectByPointer(file, 0, *IoFileObjectType, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(file);
    ObDereferenceObject(file);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
}

/* --- handles ----------------------------------------------------------------------------------------- */

static NTSTATUS echo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return gate_complete(Irp, STATUS_SUCCESS, IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length);
}

static PIRP s_kept;

static NTSTATUS keep(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    s_kept = Irp;
    return STATUS_PENDING;
}

static HANDLE zw_open(ACCESS_MASK access, ULONG options)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;

    InitializeObjectAttributes(&attributes, &s_gate_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(
        ZwCreateFile(&handle, access, &attributes, &iosb, NULL, 0, FILE_SHARE_READ, FILE_OPEN, options, NULL, 0),
        STATUS_SUCCESS);
    return handle;
}

static void test_ZwReadFile_and_kin_wait_with_a_handle_for_synchronous_io(void **state)
{
    HANDLE handle = zw_open(GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, FILE_SYNCHRONOUS_IO_NONALERT);
    IO_STATUS_BLOCK iosb;
    char bytes[3] = "ab";

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_READ] = echo;
    g_gate.routines[IRP_MJ_WRITE] = echo;
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, bytes, 2, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 2);
    assert_int_equal(ZwWriteFile(handle, NULL, NULL, NULL, &iosb, bytes, 1, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 1);
    assert_int_equal(
        ZwDeviceIoControlFile(handle, NULL, NULL, NULL, &iosb, GATE_CODE(METHOD_NEITHER), NULL, 0, NULL, 0),
        STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    assert_int_equal(g_gate.requests[1].mode, KernelMode);
}

static void test_ZwReadFile_without_synchronous_io_fills_the_status_block_later(void **state)
{
    HANDLE handle = zw_open(GENERIC_READ, 0);
    LARGE_INTEGER offset = { .QuadPart = 0 };
    IO_STATUS_BLOCK iosb = { { 1 }, 99 };
    char byte;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_READ] = keep;
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, &byte, 1, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, &byte, 1, &offset, NULL), STATUS_PENDING);
    assert_int_equal(iosb.Information, 99);
    (void)gate_complete(s_kept, STATUS_SUCCESS, 1);
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 1);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
}

static void test_ZwCreateFile_wrong_arguments_are_refused(void **state)
{
    UNICODE_STRING file_name = RTL_CONSTANT_STRING(L"\\??\\C:\\file");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    HANDLE handle = (HANDLE)1;

    UNREFERENCED_PARAMETER(state);
    InitializeObjectAttributes(&attributes, &s_gate_name, 0, NULL, NULL);
    assert_int_equal(ZwOpenFile(&handle, FILE_READ_DATA, &attributes, &iosb, 0, FILE_SYNCHRONOUS_IO_NONALERT),
                     STATUS_INVALID_PARAMETER); /* without SYNCHRONIZE */
    assert_null(handle);
    assert_int_equal(ZwOpenFile(&handle, GENERIC_READ, &attributes, &iosb, 0,
                                FILE_SYNCHRONOUS_IO_NONALERT | FILE_SYNCHRONOUS_IO_ALERT),
                     STATUS_INVALID_PARAMETER);
    attributes.Length = 1;
    assert_int_equal(ZwOpenFile(&handle, GENERIC_READ, &attributes, &iosb, 0, 0), STATUS_INVALID_PARAMETER);
    InitializeObjectAttributes(&attributes, &s_gate_name, 0, (HANDLE)4, NULL);
    assert_int_equal(ZwOpenFile(&handle, GENERIC_READ, &attributes, &iosb, 0, 0), STATUS_NOT_SUPPORTED);
    InitializeObjectAttributes(&attributes, &file_name, 0, NULL, NULL);
    assert_int_equal(ZwOpenFile(&handle, GENERIC_READ, &attributes, &iosb, 0, 0), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(iosb.Status, STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(g_gate.request_count, 0);
}

static void test_ZwReadFile_wrong_handles_and_events_are_refused(void **state)
{
    HANDLE handle = zw_open(GENERIC_READ | SYNCHRONIZE, FILE_SYNCHRONOUS_IO_ALERT);
    IO_STATUS_BLOCK iosb;
    char byte;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwReadFile(handle, (HANDLE)4, NULL, NULL, &iosb, &byte, 1, NULL, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(ZwWriteFile(handle, NULL, NULL, NULL, &iosb, &byte, 1, NULL, NULL), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, &byte, 1, NULL, NULL), STATUS_INVALID_HANDLE);
}

static void test_ZwQueryInformationFile_is_nothing_for_devices(void **state)
{
    HANDLE handle = zw_open(GENERIC_READ | SYNCHRONIZE, FILE_SYNCHRONOUS_IO_NONALERT);
    FILE_STANDARD_INFORMATION information;
    IO_STATUS_BLOCK iosb;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &information, sizeof(information), FileStandardInformation),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(iosb.Status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ZwQueryInformationFile(handle, &iosb, &information, sizeof(information), FileStandardInformation),
                     STATUS_INVALID_HANDLE);
}

/* --- shutdown ---------------------------------------------------------------------------------------- */

static void test_IRP_MJ_SHUTDOWN_is_sent_at_the_stop_to_the_youngest_first(void **state)
{
    PDEVICE_OBJECT second;

    UNREFERENCED_PARAMETER(state);
    wsk_emu_driver_unload(s_filter_driver);
    s_filter_driver = NULL;
    assert_int_equal(IoCreateDevice(g_gate.driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &second), STATUS_SUCCESS);
    assert_int_equal(IoRegisterLastChanceShutdownNotification(second), STATUS_SUCCESS);
    assert_int_equal(IoRegisterShutdownNotification(g_gate.device), STATUS_SUCCESS);
    assert_int_equal(IoRegisterShutdownNotification(second), STATUS_SUCCESS);
    assert_true((second->Flags & DO_SHUTDOWN_REGISTERED) != 0);
    wsk_kit_expect_report("UNL-003"); /* a system that goes down unloads nothing */
    wsk_kit_expect_report("UNL-003");
    wsk_kit_expect_report("UNL-003");
    assert_int_equal(wsk_emu_stop(), 0);
    g_gate.driver = NULL;
    GATE_EXPECT_MAJORS(IRP_MJ_SHUTDOWN, IRP_MJ_SHUTDOWN, IRP_MJ_SHUTDOWN);
    assert_ptr_equal(g_gate.requests[0].device, second);
    assert_ptr_equal(g_gate.requests[1].device, g_gate.device);
    assert_ptr_equal(g_gate.requests[2].device, second);
    assert_int_equal(g_gate.requests[0].irql, PASSIVE_LEVEL);
}

static void test_IoUnregisterShutdownNotification_takes_every_registration_back(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoRegisterShutdownNotification(g_gate.device), STATUS_SUCCESS);
    assert_int_equal(IoRegisterLastChanceShutdownNotification(g_gate.device), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(g_gate.device);
    assert_int_equal(g_gate.device->Flags & DO_SHUTDOWN_REGISTERED, 0);
    assert_int_equal(IoRegisterShutdownNotification(s_filter), STATUS_SUCCESS); /* IoDeleteDevice takes it back */
    wsk_emu_driver_unload(s_filter_driver);
    s_filter_driver = NULL;
    gate_unload();
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(g_gate.request_count, 0);
}

#define stack_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        stack_test(test_IoAttachDeviceToDeviceStack_puts_a_device_on_top),
        stack_test(test_IoAttachDeviceToDeviceStack_device_that_is_being_initialised_is_refused),
        stack_test(test_requests_of_a_file_go_to_the_top_of_the_stack),
        stack_test(test_IoAttachDevice_finds_its_target_by_name),
        stack_test(test_IoGetDeviceObjectPointer_file_is_closed_when_its_reference_is_dropped),
        stack_test(test_ZwReadFile_and_kin_wait_with_a_handle_for_synchronous_io),
        stack_test(test_ZwReadFile_without_synchronous_io_fills_the_status_block_later),
        stack_test(test_ZwCreateFile_wrong_arguments_are_refused),
        stack_test(test_ZwReadFile_wrong_handles_and_events_are_refused),
        stack_test(test_ZwQueryInformationFile_is_nothing_for_devices),
        stack_test(test_IRP_MJ_SHUTDOWN_is_sent_at_the_stop_to_the_youngest_first),
        stack_test(test_IoUnregisterShutdownNotification_takes_every_registration_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
