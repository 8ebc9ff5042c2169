/* SPDX-License-Identifier: MIT */
/* The buffers of requests: four methods of control codes, three kinds of devices, and what is copied back when. */
#include <string.h>

#include "support/device_driver.h"

/* What the dispatch routine found, and what it is to answer. */
static struct {
    PVOID system_buffer;
    PVOID user_buffer;
    PVOID type3_buffer;
    PMDL mdl;
    CSHORT mdl_flags;
    ULONG mdl_bytes;
    PVOID mdl_address;
    ULONG input_length;
    ULONG output_length;
    ULONG length;
    LONGLONG offset;
    UCHAR first_byte; /* of the system buffer */

    NTSTATUS status;
    ULONG_PTR information;
    const char *answer; /* written to where the method wants it */
} s_seen;

static void answer_write(PIRP irp)
{
    PVOID to = irp->AssociatedIrp.SystemBuffer;

    if (irp->MdlAddress != NULL) {
        to = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    } else if (to == NULL) {
        to = irp->UserBuffer;
    }
    if (s_seen.answer != NULL) {
        memcpy(to, s_seen.answer, strlen(s_seen.answer));
    }
}

static void irp_note(PIRP irp)
{
    s_seen.system_buffer = irp->AssociatedIrp.SystemBuffer;
    s_seen.user_buffer = irp->UserBuffer;
    s_seen.first_byte = s_seen.system_buffer != NULL ? *(PUCHAR)s_seen.system_buffer : 0;
    s_seen.mdl = irp->MdlAddress;
    if (s_seen.mdl != NULL) {
        s_seen.mdl_flags = s_seen.mdl->MdlFlags;
        s_seen.mdl_bytes = MmGetMdlByteCount(s_seen.mdl);
        s_seen.mdl_address = MmGetMdlVirtualAddress(s_seen.mdl);
    }
}

static NTSTATUS control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    irp_note(Irp);
    s_seen.type3_buffer = location->Parameters.DeviceIoControl.Type3InputBuffer;
    s_seen.input_length = location->Parameters.DeviceIoControl.InputBufferLength;
    s_seen.output_length = location->Parameters.DeviceIoControl.OutputBufferLength;
    answer_write(Irp);
    return gate_complete(Irp, s_seen.status, s_seen.information);
}

static NTSTATUS transfer(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    irp_note(Irp);
    s_seen.length = location->Parameters.Read.Length;
    s_seen.offset = location->Parameters.Read.ByteOffset.QuadPart;
    if (location->MajorFunction == IRP_MJ_READ) {
        answer_write(Irp);
    }
    return gate_complete(Irp, s_seen.status, s_seen.information);
}

static struct wsk_emu_device *s_device;

static void load(ULONG device_flags)
{
    memset(&s_seen, 0, sizeof(s_seen));
    gate_reset();
    g_gate.device_flags = device_flags;
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = control;
    g_gate.routines[IRP_MJ_READ] = transfer;
    g_gate.routines[IRP_MJ_WRITE] = transfer;
    gate_load();
    s_device = gate_open();
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    load(0);
    return 0;
}

static int teardown(void **state)
{
    wsk_emu_device_close(s_device);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_MDL), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
    return gate_teardown(state);
}

static bool mdl_has(int flags)
{
    return ((int)(USHORT)s_seen.mdl_flags & flags) == flags;
}

/* --- METHOD_BUFFERED ----------------------------------------------------------------------------- */

static void test_buffered_one_buffer_has_room_for_the_longer_of_both(void **state)
{
    char output[16] = "untouched";
    SIZE_T information;

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "0123456789";
    s_seen.information = 10;
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_BUFFERED), "ab", 2, output, 10, &information),
                     STATUS_SUCCESS);
    assert_int_equal(s_seen.first_byte, 'a');
    assert_int_equal(s_seen.input_length, 2);
    assert_int_equal(s_seen.output_length, 10);
    assert_ptr_not_equal(s_seen.system_buffer, output);
    assert_null(s_seen.mdl);
    assert_null(s_seen.type3_buffer);
    assert_int_equal(information, 10);
    assert_memory_equal(output, "0123456789", 10);
}

static void test_buffered_as_much_is_copied_back_as_information_says(void **state)
{
    char output[8] = "-------";

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "012345";
    s_seen.information = 3;
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_BUFFERED), NULL, 0, output, 7, NULL),
                     STATUS_SUCCESS);
    assert_string_equal(output, "012----");
}

static void test_buffered_a_warning_copies_back_and_an_error_does_not(void **state)
{
    char output[8] = "-------";
    SIZE_T information;

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "012345";
    s_seen.information = 4;
    s_seen.status = STATUS_BUFFER_OVERFLOW; /* a warning: there is more */
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_BUFFERED), NULL, 0, output, 7, &information),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(information, 4);
    assert_string_equal(output, "0123---");
    memcpy(output, "-------", 8);
    s_seen.status = STATUS_BUFFER_TOO_SMALL; /* an error */
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_BUFFERED), NULL, 0, output, 7, &information),
                     STATUS_BUFFER_TOO_SMALL);
    assert_string_equal(output, "-------");
}

static void test_buffered_no_buffer_without_bytes(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_BUFFERED), NULL, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    assert_null(s_seen.system_buffer);
}

/* --- the direct methods ---------------------------------------------------------------------------- */

static void test_out_direct_the_output_is_an_mdl_locked_for_writing(void **state)
{
    char output[8] = "-------";

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "012";
    s_seen.information = 3;
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_OUT_DIRECT), "x", 1, output, 7, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(s_seen.first_byte, 'x');
    assert_int_equal(s_seen.mdl_bytes, 7);
    assert_ptr_equal(s_seen.mdl_address, output);
    assert_true(mdl_has(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
    assert_string_equal(output, "012----");
}

static void test_in_direct_the_output_is_an_mdl_locked_for_reading(void **state)
{
    char output[8] = "more in";

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_IN_DIRECT), "x", 1, output, 7, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(s_seen.first_byte, 'x');
    assert_ptr_equal(s_seen.mdl_address, output);
    assert_true(mdl_has(MDL_PAGES_LOCKED));
    assert_false(mdl_has(MDL_WRITE_OPERATION));
}

static void test_direct_without_bytes_there_is_neither_buffer_nor_mdl(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_IN_DIRECT), NULL, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    assert_null(s_seen.system_buffer);
    assert_null(s_seen.mdl);
}

static void test_direct_what_the_driver_writes_stays_after_an_error(void **state)
{
    char output[4] = "---";

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "0";
    s_seen.status = STATUS_UNSUCCESSFUL;
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_OUT_DIRECT), NULL, 0, output, 3, NULL),
                     STATUS_UNSUCCESSFUL);
    assert_string_equal(output, "0--");
}

/* --- METHOD_NEITHER -------------------------------------------------------------------------------- */

static void test_neither_the_driver_gets_the_bare_addresses(void **state)
{
    const char input[] = "in";
    char output[4] = "---";

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "01";
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_NEITHER), input, 2, output, 3, NULL),
                     STATUS_SUCCESS);
    assert_ptr_equal(s_seen.type3_buffer, input);
    assert_ptr_equal(s_seen.user_buffer, output);
    assert_null(s_seen.system_buffer);
    assert_null(s_seen.mdl);
    assert_string_equal(output, "01-");
}

static void test_neither_nobody_looks_at_the_addresses_first(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_control(s_device, GATE_CODE(METHOD_NEITHER), NULL, 5, NULL, 6, NULL),
                     STATUS_SUCCESS);
    assert_null(s_seen.type3_buffer);
    assert_int_equal(s_seen.input_length, 5);
    assert_int_equal(s_seen.output_length, 6);
}

/* --- reading and writing ----------------------------------------------------------------------------- */

static void test_a_buffered_device_reads_and_writes_through_a_system_buffer(void **state)
{
    char buffer[8] = "-------";
    SIZE_T information;

    UNREFERENCED_PARAMETER(state);
    load(DO_BUFFERED_IO);
    s_seen.answer = "012";
    s_seen.information = 3;
    assert_int_equal(wsk_emu_device_read(s_device, buffer, 7, 0x100000002, &information), STATUS_SUCCESS);
    assert_int_equal(s_seen.length, 7);
    assert_true(s_seen.offset == 0x100000002);
    assert_ptr_not_equal(s_seen.system_buffer, buffer);
    assert_int_equal(information, 3);
    assert_string_equal(buffer, "012----");
    assert_int_equal(wsk_emu_device_write(s_device, "xyz", 3, 5, &information), STATUS_SUCCESS);
    assert_int_equal(s_seen.first_byte, 'x');
    assert_int_equal(s_seen.length, 3);
    assert_true(s_seen.offset == 5);
    s_seen.answer = NULL;
    s_seen.information = 0;
    assert_int_equal(wsk_emu_device_read(s_device, NULL, 0, 0, NULL), STATUS_SUCCESS);
    assert_null(s_seen.system_buffer);
}

static void test_a_direct_device_reads_and_writes_through_an_mdl(void **state)
{
    char buffer[8] = "-------";

    UNREFERENCED_PARAMETER(state);
    load(DO_DIRECT_IO);
    s_seen.answer = "012";
    s_seen.information = 3;
    assert_int_equal(wsk_emu_device_read(s_device, buffer, 7, 0, NULL), STATUS_SUCCESS);
    assert_ptr_equal(s_seen.mdl_address, buffer);
    assert_true(mdl_has(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
    assert_null(s_seen.system_buffer);
    assert_string_equal(buffer, "012----");
    assert_int_equal(wsk_emu_device_write(s_device, buffer, 2, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(s_seen.mdl_bytes, 2);
    assert_false(mdl_has(MDL_WRITE_OPERATION));
}

static void test_a_device_that_is_neither_gets_the_bare_address(void **state)
{
    char buffer[4] = "---";

    UNREFERENCED_PARAMETER(state);
    s_seen.answer = "01";
    assert_int_equal(wsk_emu_device_read(s_device, buffer, 3, 0, NULL), STATUS_SUCCESS);
    assert_ptr_equal(s_seen.user_buffer, buffer);
    assert_null(s_seen.system_buffer);
    assert_null(s_seen.mdl);
    assert_string_equal(buffer, "01-");
}

static void test_a_flush_has_no_buffers(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_flush(s_device), STATUS_SUCCESS);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE, IRP_MJ_FLUSH_BUFFERS);
}

static void test_a_buffer_that_is_not_there_is_an_access_violation(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_read(s_device, NULL, 1, 0, NULL), STATUS_ACCESS_VIOLATION);
    assert_int_equal(wsk_emu_device_write(s_device, (const void *)4, 1, 0, NULL), STATUS_ACCESS_VIOLATION);
    GATE_EXPECT_MAJORS(IRP_MJ_CREATE);
}

/* --- access ------------------------------------------------------------------------------------------ */

#define CODE_WITH(access) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, access)

static NTSTATUS control_as(ACCESS_MASK access, ULONG code)
{
    struct wsk_emu_device *device;
    NTSTATUS status;

    assert_int_equal(wsk_emu_device_open(GATE_NAME, access, &device), STATUS_SUCCESS);
    status = wsk_emu_device_control(device, code, NULL, 0, NULL, 0, NULL);
    wsk_emu_device_close(device);
    return status;
}

static void test_a_code_demands_what_its_access_bits_say(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(control_as(0, CODE_WITH(FILE_ANY_ACCESS)), STATUS_SUCCESS);
    assert_int_equal(control_as(0, CODE_WITH(FILE_READ_ACCESS)), STATUS_ACCESS_DENIED);
    assert_int_equal(control_as(GENERIC_READ, CODE_WITH(FILE_READ_ACCESS)), STATUS_SUCCESS);
    assert_int_equal(control_as(FILE_READ_DATA, CODE_WITH(FILE_READ_ACCESS)), STATUS_SUCCESS);
    assert_int_equal(control_as(GENERIC_READ, CODE_WITH(FILE_WRITE_ACCESS)), STATUS_ACCESS_DENIED);
    assert_int_equal(control_as(GENERIC_WRITE, CODE_WITH(FILE_WRITE_ACCESS)), STATUS_SUCCESS);
    assert_int_equal(control_as(GENERIC_WRITE, CODE_WITH(FILE_READ_ACCESS | FILE_WRITE_ACCESS)), STATUS_ACCESS_DENIED);
    assert_int_equal(control_as(GENERIC_ALL, CODE_WITH(FILE_READ_ACCESS | FILE_WRITE_ACCESS)), STATUS_SUCCESS);
    assert_int_equal(control_as(MAXIMUM_ALLOWED, CODE_WITH(FILE_READ_ACCESS | FILE_WRITE_ACCESS)), STATUS_SUCCESS);
}

static void test_reading_and_writing_demand_their_access(void **state)
{
    struct wsk_emu_device *device;
    char byte = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_device_open(GATE_NAME, GENERIC_READ, &device), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_device_read(device, &byte, 1, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_device_write(device, &byte, 1, 0, NULL), STATUS_ACCESS_DENIED);
    assert_int_equal(wsk_emu_device_flush(device), STATUS_ACCESS_DENIED);
    wsk_emu_device_close(device);
    assert_int_equal(wsk_emu_device_open(GATE_NAME, FILE_APPEND_DATA, &device), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_device_read(device, &byte, 1, 0, NULL), STATUS_ACCESS_DENIED);
    assert_int_equal(wsk_emu_device_write(device, &byte, 1, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_device_flush(device), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_buffered_one_buffer_has_room_for_the_longer_of_both, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_buffered_as_much_is_copied_back_as_information_says, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_buffered_a_warning_copies_back_and_an_error_does_not, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_buffered_no_buffer_without_bytes, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_out_direct_the_output_is_an_mdl_locked_for_writing, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_in_direct_the_output_is_an_mdl_locked_for_reading, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_direct_without_bytes_there_is_neither_buffer_nor_mdl, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_direct_what_the_driver_writes_stays_after_an_error, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_neither_the_driver_gets_the_bare_addresses, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_neither_nobody_looks_at_the_addresses_first, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_a_buffered_device_reads_and_writes_through_a_system_buffer, NULL,
                                         teardown),
        wsk_emu_unit_test_setup_teardown(test_a_direct_device_reads_and_writes_through_an_mdl, NULL, teardown),
        wsk_emu_unit_test_setup_teardown(test_a_device_that_is_neither_gets_the_bare_address, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_a_flush_has_no_buffers, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_a_buffer_that_is_not_there_is_an_access_violation, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_a_code_demands_what_its_access_bits_say, setup, teardown),
        wsk_emu_unit_test_setup_teardown(test_reading_and_writing_demand_their_access, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
