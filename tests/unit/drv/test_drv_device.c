/* SPDX-License-Identifier: MIT */
/* Devices as applications reach them: names, opening, control requests, closing. */
#include <string.h>

#include "support/device_driver.h"

static NTSTATUS open_as(const char *name, ACCESS_MASK access)
{
    struct wsk_emu_device *device;
    NTSTATUS status = wsk_emu_device_open(name, access, &device);

    assert_true((device != NULL) == NT_SUCCESS(status));
    wsk_emu_device_close(device);
    return status;
}

/* --- names -------------------------------------------------------------------------------------- */

static WCHAR s_name[64]; /* FileName at IRP_MJ_CREATE, with a terminator */

static NTSTATUS note_name(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const UNICODE_STRING *name = &IoGetCurrentIrpStackLocation(Irp)->FileObject->FileName;

    UNREFERENCED_PARAMETER(DeviceObject);
    memset(s_name, 0, sizeof(s_name));
    if (name->Length != 0) {
        memcpy(s_name, name->Buffer, name->Length);
    }
    return gate_complete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

static void expect_rest(const char *name, PCWSTR rest)
{
    UNICODE_STRING expected;
    UNICODE_STRING seen;

    assert_int_equal(open_as(name, GATE_ACCESS), STATUS_SUCCESS);
    RtlInitUnicodeString(&expected, rest);
    RtlInitUnicodeString(&seen, s_name);
    assert_true(RtlEqualUnicodeString(&expected, &seen, FALSE));
}

static void test_every_spelling_of_a_name_leads_to_the_device(void **state)
{
    static const char *const names[] = {
        "\\\\.\\Gate",    "\\\\?\\Gate",    "\\??\\Gate",  "\\DosDevices\\Gate",  "\\GLOBAL??\\Gate",
        "\\Device\\Gate", "\\device\\GATE", "\\\\.\\gAtE", "\\\\.\\Global\\Gate", "\\dosdevices\\global\\gate",
    };
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(names); i++) {
        assert_int_equal(open_as(names[i], GATE_ACCESS), STATUS_SUCCESS);
    }
}

static void test_what_stands_behind_the_device_is_the_file_name_as_it_was_spelled(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CREATE] = note_name;
    expect_rest("\\\\.\\Gate", L"");
    expect_rest("\\\\.\\gate\\", L"\\");
    expect_rest("\\\\.\\Gate\\Rules\\First", L"\\Rules\\First");
    expect_rest("\\Device\\Gate\\\xC3\xA4", L"\\\x00e4");
}

static void test_a_link_may_lead_to_a_link_and_into_a_device(void **state)
{
    UNICODE_STRING first = RTL_CONSTANT_STRING(L"\\DosDevices\\First");
    UNICODE_STRING second = RTL_CONSTANT_STRING(L"\\??\\Second");
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\DosDevices\\Gate\\Inner");

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CREATE] = note_name;
    assert_int_equal(IoCreateSymbolicLink(&first, &second), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&second, &target), STATUS_SUCCESS);
    expect_rest("\\\\.\\First\\Rest", L"\\Inner\\Rest");
    assert_int_equal(IoDeleteSymbolicLink(&first), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&second), STATUS_SUCCESS);
}

static void test_links_in_a_circle_lead_nowhere(void **state)
{
    UNICODE_STRING first = RTL_CONSTANT_STRING(L"\\??\\First");
    UNICODE_STRING second = RTL_CONSTANT_STRING(L"\\??\\Second");

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoCreateSymbolicLink(&first, &second), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&second, &first), STATUS_SUCCESS);
    assert_int_equal(open_as("\\\\.\\First", GATE_ACCESS), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoDeleteSymbolicLink(&first), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&second), STATUS_SUCCESS);
}

static void test_a_name_that_leads_nowhere_says_which_part_is_missing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(open_as("\\\\.\\Gat", GATE_ACCESS), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_as("\\\\.\\Gates", GATE_ACCESS), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_as("\\Device\\Fence", GATE_ACCESS), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_as("\\Device\\Fence\\Gate", GATE_ACCESS), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(open_as("\\??\\C:\\file", GATE_ACCESS), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(open_as("\\Nowhere\\Gate", GATE_ACCESS), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(open_as("Gate", GATE_ACCESS), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(g_gate.request_count, 0);
}

/* --- opening and closing -------------------------------------------------------------------------- */

static void test_open_and_close_send_create_cleanup_close(void **state)
{
    struct wsk_emu_device *device = gate_open();
    PFILE_OBJECT file = wsk_emu_device_file(device);
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(file->DeviceObject, g_gate.device);
    assert_int_equal(file->Type, IO_TYPE_FILE);
    assert_int_equal(g_gate.device->ReferenceCount, 1);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE);
    wsk_emu_device_close(device);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    for (i = 0; i < 3; i++) {
        assert_ptr_equal(g_gate.requests[i].file, file);
        assert_ptr_equal(g_gate.requests[i].device, g_gate.device);
        assert_int_equal(g_gate.requests[i].mode, UserMode);
        assert_int_equal(g_gate.requests[i].irql, PASSIVE_LEVEL);
        assert_ptr_equal(g_gate.requests[i].thread, PsGetCurrentThread());
    }
    assert_int_equal(g_gate.device->ReferenceCount, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
}

static NTSTATUS refuse(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return gate_complete(Irp, STATUS_SHARING_VIOLATION, 0);
}

static void test_a_refused_open_is_neither_cleaned_up_nor_closed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CREATE] = refuse;
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_SHARING_VIOLATION);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE);
    assert_int_equal(g_gate.device->ReferenceCount, 0);
}

static void test_a_device_whose_driver_has_no_create_routine_cannot_be_opened(void **state)
{
    UNREFERENCED_PARAMETER(state);
    gate_reset();
    g_gate.has_no_routine[IRP_MJ_CREATE] = TRUE;
    gate_load();
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(g_gate.request_count, 0);
}

static NTSTATUS note_create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);
    ACCESS_MASK access = location->Parameters.Create.SecurityContext->DesiredAccess;

    UNREFERENCED_PARAMETER(DeviceObject);
    assert_int_equal(access, FILE_GENERIC_READ);
    assert_int_equal(location->Parameters.Create.Options >> 24, FILE_OPEN);
    assert_int_equal(location->Parameters.Create.ShareAccess, FILE_SHARE_READ | FILE_SHARE_WRITE);
    assert_int_equal(location->Parameters.Create.EaLength, 0);
    assert_null(Irp->AssociatedIrp.SystemBuffer);
    return gate_complete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

static void test_create_says_what_the_device_is_opened_for(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_CREATE] = note_create;
    assert_int_equal(open_as(GATE_NAME, GENERIC_READ), STATUS_SUCCESS);
}

static void test_an_exclusive_device_is_opened_once_at_a_time(void **state)
{
    struct wsk_emu_device *device;

    UNREFERENCED_PARAMETER(state);
    gate_reset();
    g_gate.is_exclusive = TRUE;
    gate_load();
    device = gate_open();
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_ACCESS_DENIED);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE);
    wsk_emu_device_close(device);
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_SUCCESS);
}

static void test_a_device_that_is_being_initialised_cannot_be_opened(void **state)
{
    UNREFERENCED_PARAMETER(state);
    gate_reset();
    g_gate.is_created_late = TRUE;
    gate_load();
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_NO_SUCH_DEVICE);
    g_gate.device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_SUCCESS);
}

static void test_two_files_of_one_device_are_told_apart(void **state)
{
    struct wsk_emu_device *first = gate_open();
    struct wsk_emu_device *second = gate_open();

    UNREFERENCED_PARAMETER(state);
    assert_ptr_not_equal(wsk_emu_device_file(first), wsk_emu_device_file(second));
    assert_int_equal(g_gate.device->ReferenceCount, 2);
    wsk_emu_device_close(first);
    assert_int_equal(g_gate.device->ReferenceCount, 1);
    wsk_emu_device_close(second);
}

static void test_wrong_arguments_of_an_open_are_refused(void **state)
{
    struct wsk_emu_device *device;
    char long_name[1200];
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_int_equal(wsk_emu_device_open(NULL, GATE_ACCESS, &device), STATUS_INVALID_PARAMETER);
    assert_null(device);
    assert_int_equal(wsk_emu_device_open("", GATE_ACCESS, &device), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_device_open(long_name, GATE_ACCESS, &device), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_device_open(GATE_NAME, GATE_ACCESS, NULL), STATUS_INVALID_PARAMETER);
    KeRaiseIrql(APC_LEVEL, &irql);
    assert_int_equal(wsk_emu_device_open(GATE_NAME, GATE_ACCESS, &device), STATUS_INVALID_DEVICE_STATE);
    KeLowerIrql(irql);
    wsk_emu_device_close(NULL);
}

/* --- control -------------------------------------------------------------------------------------- */

/* Answers with the bytes of the input, each plus one. */
static NTSTATUS echo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);
    ULONG length = location->Parameters.DeviceIoControl.InputBufferLength;
    PUCHAR bytes = Irp->AssociatedIrp.SystemBuffer;
    ULONG i;

    UNREFERENCED_PARAMETER(DeviceObject);
    assert_int_equal(location->Parameters.DeviceIoControl.IoControlCode, GATE_CODE(METHOD_BUFFERED));
    if (location->Parameters.DeviceIoControl.OutputBufferLength < length) {
        return gate_complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    for (i = 0; i < length; i++) {
        bytes[i]++;
    }
    return gate_complete(Irp, STATUS_SUCCESS, length);
}

static void test_a_buffered_control_request_carries_bytes_both_ways(void **state)
{
    struct wsk_emu_device *device = gate_open();
    UCHAR output[8] = { 0 };
    SIZE_T information = 99;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = echo;
    assert_int_equal(
        wsk_emu_device_control(device, GATE_CODE(METHOD_BUFFERED), "abc", 3, output, sizeof(output), &information),
        STATUS_SUCCESS);
    assert_int_equal(information, 3);
    assert_memory_equal(output, "bcd\0", 4);
    assert_int_equal(wsk_emu_device_control(device, GATE_CODE(METHOD_BUFFERED), "abc", 3, output, 2, &information),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(information, 0);
    wsk_emu_device_close(device);
}

static void test_wrong_arguments_of_a_control_request_are_refused(void **state)
{
    struct wsk_emu_device *device = gate_open();
    SIZE_T information = 99;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_control(NULL, 0, NULL, 0, NULL, 0, &information), STATUS_INVALID_PARAMETER);
    assert_int_equal(information, 0);
    assert_int_equal(wsk_emu_device_control(device, GATE_CODE(METHOD_BUFFERED), NULL, 1, NULL, 0, NULL),
                     STATUS_ACCESS_VIOLATION);
    assert_int_equal(wsk_emu_device_control(device, GATE_CODE(METHOD_OUT_DIRECT), NULL, 0, NULL, 1, NULL),
                     STATUS_ACCESS_VIOLATION);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(wsk_emu_device_control(device, 0, NULL, 0, NULL, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    KeLowerIrql(irql);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE);
    wsk_emu_device_close(device);
}

static void test_internal_control_comes_from_the_kernel(void **state)
{
    struct wsk_emu_device *device = gate_open();

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_internal_control(device, 7, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    assert_int_equal(g_gate.requests[1].mode, KernelMode);
    wsk_emu_device_close(device);
}

/* --- leaving -------------------------------------------------------------------------------------- */

static void test_a_driver_with_an_open_file_is_unloaded_when_the_file_is_closed(void **state)
{
    struct wsk_emu_device *device = gate_open();

    UNREFERENCED_PARAMETER(state);
    gate_unload();
    assert_int_equal(g_gate.unload_count, 0);
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_NO_SUCH_DEVICE);
    assert_int_equal(wsk_emu_device_control(device, GATE_CODE(METHOD_BUFFERED), NULL, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    wsk_emu_device_close(device);
    assert_int_equal(g_gate.unload_count, 1);
    assert_int_equal(open_as(GATE_NAME, GATE_ACCESS), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_what_the_test_leaves_open_is_closed_at_the_stop(void **state)
{
    UNREFERENCED_PARAMETER(state);
    (void)gate_open();
    gate_unload(); /* waits for the file */
    assert_int_equal(wsk_emu_stop(), 0);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE);
    assert_int_equal(g_gate.unload_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_every_spelling_of_a_name_leads_to_the_device, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_what_stands_behind_the_device_is_the_file_name_as_it_was_spelled,
                                         gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_link_may_lead_to_a_link_and_into_a_device, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_links_in_a_circle_lead_nowhere, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_name_that_leads_nowhere_says_which_part_is_missing, gate_setup,
                                         gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_open_and_close_send_create_cleanup_close, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_refused_open_is_neither_cleaned_up_nor_closed, gate_setup,
                                         gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_device_whose_driver_has_no_create_routine_cannot_be_opened, NULL,
                                         gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_create_says_what_the_device_is_opened_for, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_an_exclusive_device_is_opened_once_at_a_time, NULL, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_device_that_is_being_initialised_cannot_be_opened, NULL, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_two_files_of_one_device_are_told_apart, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_wrong_arguments_of_an_open_are_refused, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_buffered_control_request_carries_bytes_both_ways, gate_setup,
                                         gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_wrong_arguments_of_a_control_request_are_refused, gate_setup,
                                         gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_internal_control_comes_from_the_kernel, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_a_driver_with_an_open_file_is_unloaded_when_the_file_is_closed,
                                         gate_setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_what_the_test_leaves_open_is_closed_at_the_stop, gate_setup, NULL),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
