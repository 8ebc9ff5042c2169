/* SPDX-License-Identifier: MIT */
/* The error log: entries of drivers are shown, recorded, freed, and missed when they are not. */
#include <ntddk.h>

#include <string.h>

#include "host/host_mem.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/trace.h"

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;

static VOID unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    IoDeleteDevice(s_device);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    return IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_device);
}

static int load(void **state)
{
    (void)state;
    return NT_SUCCESS(wsk_emu_driver_load(entry, "gate", &s_driver)) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    wsk_emu_driver_unload(s_driver);
    return 0;
}

static void test_error_log_entry_is_recorded_with_its_strings_and_data(void **state)
{
    static const WCHAR strings[] = L"eth0\0down";
    UCHAR size = (UCHAR)(sizeof(IO_ERROR_LOG_PACKET) + 4 + sizeof(strings));
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(s_device, size);
    struct wsk_kit_trace_event event;

    (void)state;
    assert_non_null(packet);
    assert_int_equal(packet->ErrorCode, 0);
    packet->ErrorCode = IO_ERR_NOT_READY;
    packet->FinalStatus = STATUS_DEVICE_NOT_READY;
    packet->UniqueErrorValue = 17;
    packet->DumpDataSize = 8;
    packet->DumpData[0] = 0x11111111;
    packet->DumpData[1] = 0x22222222;
    packet->NumberOfStrings = 2;
    packet->StringOffset = sizeof(IO_ERROR_LOG_PACKET) + 4;
    memcpy((UCHAR *)packet + packet->StringOffset, strings, sizeof(strings));
    IoWriteErrorLogEntry(packet);
    event = wsk_kit_trace_get(NULL, 0);
    assert_string_equal(event.provider, "\\Driver\\gate");
    assert_string_equal(event.text, "0xc004000f final 0xc00000a3(STATUS_DEVICE_NOT_READY) unique 17 \"eth0\" \"down\"");
    assert_int_equal(event.level, 2);
    assert_int_equal(event.id, 0xF);
    assert_memory_equal(event.data, "\x11\x11\x11\x11\x22\x22\x22\x22", 8);
    assert_int_equal(event.data_bytes, 8);
}

/* No setting keeps an entry back, and the driver object will do as well. */
static void test_error_log_entry_at_dispatch_is_written_while_tracing_is_off(void **state)
{
    PIO_ERROR_LOG_PACKET packet;
    KIRQL irql;

    (void)state;
    wsk_kit_trace_disable(NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    packet = IoAllocateErrorLogEntry(s_driver, FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData));
    assert_non_null(packet);
    packet->ErrorCode = IO_ERR_RETRY_SUCCEEDED;
    IoWriteErrorLogEntry(packet);
    KeLowerIrql(irql);
    assert_int_equal(wsk_kit_trace_get(NULL, 0).level, 4);
}

static void test_error_log_entry_of_a_wrong_size_or_object_is_refused(void **state)
{
    int nothing = 0;

    (void)state;
    assert_null(IoAllocateErrorLogEntry(s_device, ERROR_LOG_MAXIMUM_SIZE + 1));
    assert_null(IoAllocateErrorLogEntry(s_device, FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData) - 1));
    assert_null(IoAllocateErrorLogEntry(NULL, sizeof(IO_ERROR_LOG_PACKET)));
    assert_null(IoAllocateErrorLogEntry(&nothing, sizeof(IO_ERROR_LOG_PACKET)));
    we_host_mem_fail(1);
    assert_null(IoAllocateErrorLogEntry(s_device, sizeof(IO_ERROR_LOG_PACKET)));
    we_host_mem_fail(0);
}

static void test_error_log_entry_that_claims_too_much_is_cut(void **state)
{
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(s_device, sizeof(IO_ERROR_LOG_PACKET));
    struct wsk_kit_trace_event event;

    (void)state;
    packet->DumpDataSize = 500;
    packet->NumberOfStrings = 1;
    packet->StringOffset = 1000;
    IoWriteErrorLogEntry(packet);
    event = wsk_kit_trace_get(NULL, 0);
    assert_non_null(strstr(event.text, "(a string goes beyond the entry) (DumpDataSize goes beyond the entry)"));
    assert_int_equal(event.data_bytes, 8);
}

static void test_error_log_entry_freed_twice_is_reported(void **state)
{
    PVOID packet = IoAllocateErrorLogEntry(s_device, sizeof(IO_ERROR_LOG_PACKET));

    (void)state;
    IoFreeErrorLogEntry(packet);
    wsk_kit_expect_report("POOL-004");
    IoWriteErrorLogEntry(packet);
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
    wsk_kit_expect_report("POOL-005");
    IoFreeErrorLogEntry(NULL);
}

static void test_error_log_entry_that_is_left_is_reported(void **state)
{
    (void)state;
    wsk_kit_expect_report("POOL-011");
    (void)IoAllocateErrorLogEntry(s_device, sizeof(IO_ERROR_LOG_PACKET));
}

#define TEST(name) wsk_emu_unit_test_setup_teardown(name, load, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_error_log_entry_is_recorded_with_its_strings_and_data),
        TEST(test_error_log_entry_at_dispatch_is_written_while_tracing_is_off),
        TEST(test_error_log_entry_of_a_wrong_size_or_object_is_refused),
        TEST(test_error_log_entry_that_claims_too_much_is_cut),
        TEST(test_error_log_entry_freed_twice_is_reported),
        TEST(test_error_log_entry_that_is_left_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
