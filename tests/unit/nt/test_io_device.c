/* SPDX-License-Identifier: MIT */
/* Driver and device objects, their names, and IoCallDriver. */
#include <wdm.h>

#include "nt/io_device.h"
#include "wsk_emu/cmocka.h"

static PDRIVER_OBJECT s_driver;
static BOOLEAN s_is_error_seen;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_driver = we_io_driver_create("Sample");
    return s_driver != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    we_io_driver_destroy(s_driver);
    return 0;
}

static NTSTATUS create(PCWSTR name, PDEVICE_OBJECT *device)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return IoCreateDevice(s_driver, 64, name != NULL ? &string : NULL, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN,
                          TRUE, device);
}

static NTSTATUS make_link(PCWSTR name, PCWSTR target)
{
    UNICODE_STRING name_string;
    UNICODE_STRING target_string;

    RtlInitUnicodeString(&name_string, name);
    RtlInitUnicodeString(&target_string, target);
    return IoCreateSymbolicLink(&name_string, &target_string);
}

static NTSTATUS delete_link(PCWSTR name)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return IoDeleteSymbolicLink(&string);
}

static void test_we_io_driver_create_fills_the_driver_object(void **state)
{
    UNICODE_STRING expected = RTL_CONSTANT_STRING(L"\\Driver\\Sample");
    UNICODE_STRING service = RTL_CONSTANT_STRING(L"Sample");
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(s_driver->Type, IO_TYPE_DRIVER);
    assert_int_equal(s_driver->Size, sizeof(DRIVER_OBJECT));
    assert_true(RtlEqualUnicodeString(&s_driver->DriverName, &expected, FALSE));
    assert_true(RtlEqualUnicodeString(&s_driver->DriverExtension->ServiceKeyName, &service, FALSE));
    assert_ptr_equal(s_driver->DriverExtension->DriverObject, s_driver);
    assert_null(s_driver->DriverUnload);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        assert_non_null(s_driver->MajorFunction[i]);
    }
}

static void test_IoCreateDevice_object_is_initialised_and_linked_first(void **state)
{
    PDEVICE_OBJECT first;
    PDEVICE_OBJECT second;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(NULL, &first), STATUS_SUCCESS);
    assert_int_equal(create(NULL, &second), STATUS_SUCCESS);
    assert_int_equal(second->Type, IO_TYPE_DEVICE);
    assert_ptr_equal(second->DriverObject, s_driver);
    assert_int_equal(second->StackSize, 1);
    assert_int_equal(second->Flags, DO_DEVICE_INITIALIZING | DO_EXCLUSIVE);
    assert_int_equal(second->Characteristics, FILE_DEVICE_SECURE_OPEN);
    assert_int_equal(second->DeviceType, FILE_DEVICE_NETWORK);
    for (i = 0; i < 64; i++) {
        assert_int_equal(((PUCHAR)second->DeviceExtension)[i], 0);
    }
    assert_ptr_equal(s_driver->DeviceObject, second);
    assert_ptr_equal(second->NextDevice, first);
    IoDeleteDevice(second);
    assert_ptr_equal(s_driver->DeviceObject, first);
    IoDeleteDevice(first);
    assert_null(s_driver->DeviceObject);
}

static void test_we_io_driver_started_clears_the_initializing_flag(void **state)
{
    PDEVICE_OBJECT device;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(NULL, &device), STATUS_SUCCESS);
    we_io_driver_started(s_driver);
    assert_int_equal(device->Flags & DO_DEVICE_INITIALIZING, 0);
    IoDeleteDevice(device);
}

static void test_IoCreateDevice_name_in_use_collides(void **state)
{
    PDEVICE_OBJECT first;
    PDEVICE_OBJECT second;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\Device\\Sample", &first), STATUS_SUCCESS);
    assert_int_equal(create(L"\\device\\SAMPLE", &second), STATUS_OBJECT_NAME_COLLISION);
    assert_null(second);
    IoDeleteDevice(first);
    assert_int_equal(create(L"\\Device\\Sample", &first), STATUS_SUCCESS);
    IoDeleteDevice(first);
}

static void test_IoCreateDevice_relative_name_is_invalid(void **state)
{
    PDEVICE_OBJECT device;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"Sample", &device), STATUS_OBJECT_NAME_INVALID);
    assert_null(device);
}

static void test_IoCreateSymbolicLink_collides_and_is_deleted_by_either_prefix(void **state)
{
    PDEVICE_OBJECT device;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\Device\\Sample", &device), STATUS_SUCCESS);
    assert_int_equal(make_link(L"\\DosDevices\\Sample", L"\\Device\\Sample"), STATUS_SUCCESS);
    assert_int_equal(make_link(L"\\??\\sample", L"\\Device\\Other"), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(delete_link(L"\\??\\SAMPLE"), STATUS_SUCCESS);
    assert_int_equal(delete_link(L"\\DosDevices\\Sample"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(delete_link(L"\\Device\\Sample"), STATUS_OBJECT_NAME_NOT_FOUND); /* no link */
    IoDeleteDevice(device);
}

static NTSTATUS keep_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    s_is_error_seen = Irp->IoStatus.Status == STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoCallDriver_default_routine_completes_with_an_error(void **state)
{
    PDEVICE_OBJECT device;
    PIRP irp;
    unsigned major;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(NULL, &device), STATUS_SUCCESS);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION + 1; major++) {
        irp = IoAllocateIrp(device->StackSize, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = (UCHAR)major;
        IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
        s_is_error_seen = FALSE;
        assert_int_equal(IoCallDriver(device, irp), STATUS_INVALID_DEVICE_REQUEST);
        assert_true(s_is_error_seen);
        IoFreeIrp(irp);
    }
    IoDeleteDevice(device);
}

static PDEVICE_OBJECT s_device_seen;
static PIO_STACK_LOCATION s_location_seen;

static NTSTATUS noting_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    s_device_seen = DeviceObject;
    s_location_seen = IoGetCurrentIrpStackLocation(Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void test_IoCallDriver_dispatch_gets_its_device_and_location(void **state)
{
    PDEVICE_OBJECT device;
    PIRP irp = IoAllocateIrp(1, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    UNREFERENCED_PARAMETER(state);
    s_driver->MajorFunction[IRP_MJ_READ] = noting_dispatch;
    assert_int_equal(create(NULL, &device), STATUS_SUCCESS);
    next->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep_irp, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(device, irp), STATUS_SUCCESS);
    assert_ptr_equal(s_device_seen, device);
    assert_ptr_equal(s_location_seen, next);
    assert_ptr_equal(next->DeviceObject, device);
    IoFreeIrp(irp);
    IoDeleteDevice(device);
}

#define device_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        device_test(test_we_io_driver_create_fills_the_driver_object),
        device_test(test_IoCreateDevice_object_is_initialised_and_linked_first),
        device_test(test_we_io_driver_started_clears_the_initializing_flag),
        device_test(test_IoCreateDevice_name_in_use_collides),
        device_test(test_IoCreateDevice_relative_name_is_invalid),
        device_test(test_IoCreateSymbolicLink_collides_and_is_deleted_by_either_prefix),
        device_test(test_IoCallDriver_default_routine_completes_with_an_error),
        device_test(test_IoCallDriver_dispatch_gets_its_device_and_location),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
