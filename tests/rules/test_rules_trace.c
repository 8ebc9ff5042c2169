/* SPDX-License-Identifier: MIT */
/* Rules about event tracing: what is registered is taken back. */
#include <ntddk.h>

#include <string.h>

#include "drivers/trace/trace_drivers.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/trace.h"

DRIVER_INITIALIZE trace_plain_DriverEntry;
DRIVER_INITIALIZE trace_full_DriverEntry;

/* --- UNL-010 -------------------------------------------------------------------------------- */

static const GUID provider_guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
static REGHANDLE s_handle;
static ULONG s_calls;

static VOID NTAPI enabled(LPCGUID source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                          PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    UNREFERENCED_PARAMETER(source);
    UNREFERENCED_PARAMETER(code);
    UNREFERENCED_PARAMETER(level);
    UNREFERENCED_PARAMETER(any);
    UNREFERENCED_PARAMETER(all);
    UNREFERENCED_PARAMETER(filter);
    UNREFERENCED_PARAMETER(context);
    s_calls++;
}

static VOID etw_unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    if (!trace_forgets_cleanup) {
        (void)EtwUnregister(s_handle);
    }
}

static NTSTATUS etw_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = etw_unload;
    return EtwRegister(&provider_guid, enabled, NULL, &s_handle);
}

static void test_unl_010_breach_unregister_forgotten_at_unload(void **state)
{
    ULONG calls;

    (void)state;
    trace_forgets_cleanup = TRUE;
    wsk_kit_expect_report("UNL-010");
    wsk_emu_driver_unload(trace_driver_load(etw_entry, "etw"));
    assert_non_null(strstr(wsk_kit_last_report(), "EtwUnregister was not called"));
    /* The callback of a driver that is gone is not called any more. */
    calls = s_calls;
    wsk_kit_trace_enable(NULL, 5, ~0ull);
    assert_int_equal(s_calls, calls);
}

static void test_unl_010_breach_provider_left_at_the_stop(void **state)
{
    (void)state;
    wsk_kit_expect_report("UNL-010");
    assert_int_equal(EtwRegister(&provider_guid, NULL, NULL, &s_handle), STATUS_SUCCESS);
}

static void test_unl_010_breach_handle_used_after_unregister(void **state)
{
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    EventDescZero(&descriptor);
    assert_int_equal(EtwRegister(&provider_guid, NULL, NULL, &s_handle), STATUS_SUCCESS);
    assert_int_equal(EtwUnregister(s_handle), STATUS_SUCCESS);
    wsk_kit_expect_report("UNL-010");
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    wsk_kit_expect_report("UNL-010");
    assert_int_equal(EtwUnregister(s_handle), STATUS_INVALID_HANDLE);
    assert_int_equal(wsk_kit_report_count("UNL-010"), 2);
}

static void test_unl_010_near_miss_registered_again(void **state)
{
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    EventDescZero(&descriptor);
    wsk_emu_driver_unload(trace_driver_load(etw_entry, "etw"));
    wsk_emu_driver_unload(trace_driver_load(etw_entry, "etw"));
    /* A handle of zero is one that was never registered. */
    assert_int_equal(EtwWrite(0, &descriptor, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwUnregister(0), STATUS_INVALID_HANDLE);
}

/* --- UNL-012 -------------------------------------------------------------------------------- */

static void test_unl_012_breach_cleanup_forgotten_at_unload(void **state)
{
    (void)state;
    trace_forgets_cleanup = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_report_count("UNL-012"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "DriverUnload of the driver plain returned"));
    trace_forgets_cleanup = FALSE;
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
}

/* What a driver has left is told from what another one still uses. */
static void test_unl_012_breach_beside_another_driver(void **state)
{
    PDRIVER_OBJECT other = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    trace_forgets_cleanup = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_non_null(strstr(wsk_kit_last_report(), "DriverUnload of the driver plain returned"));
    wsk_emu_driver_unload(other);
}

static void test_unl_012_breach_cleanup_forgotten_by_failing_entry(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    trace_forgets_cleanup = TRUE;
    trace_entry_status = STATUS_DEVICE_NOT_READY;
    wsk_kit_expect_report("UNL-012");
    assert_int_equal(wsk_emu_driver_load(trace_plain_DriverEntry, "plain", &driver), STATUS_DEVICE_NOT_READY);
    assert_non_null(strstr(wsk_kit_last_report(), "DriverEntry of the driver plain returned"));
}

static void test_unl_012_breach_driver_stays_loaded_at_the_stop(void **state)
{
    (void)state;
    wsk_kit_expect_report("UNL-012");
    (void)trace_driver_load(trace_plain_DriverEntry, "plain");
}

static void test_unl_012_breach_trace_after_cleanup(void **state)
{
    (void)state;
    trace_after_cleanup = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_non_null(strstr(wsk_kit_last_report(), "PlainUnload traces after WPP_CLEANUP"));
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
}

static void test_unl_012_breach_init_twice(void **state)
{
    (void)state;
    trace_init_again = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
}

static void test_unl_012_near_miss_failing_entry_cleans_up(void **state)
{
    const struct wsk_kit_trace_filter error = { .name = "TRCERROR" };
    PDRIVER_OBJECT driver;

    (void)state;
    trace_entry_status = STATUS_DEVICE_NOT_READY;
    assert_int_equal(wsk_emu_driver_load(trace_plain_DriverEntry, "plain", &driver), STATUS_DEVICE_NOT_READY);
    assert_string_equal(wsk_kit_trace_get(&error, 0).text,
                        "DriverEntry fails with 0xc00000a3(STATUS_DEVICE_NOT_READY)");
}

/* What is traced before WPP_INIT_TRACING is lost, which harms nobody. */
static void test_unl_012_near_miss_trace_before_init(void **state)
{
    (void)state;
    trace_before_init = TRUE;
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
}

#define TEST(name) wsk_emu_unit_test_setup_teardown(name, trace_drivers_reset, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unl_010_breach_unregister_forgotten_at_unload),
        TEST(test_unl_010_breach_provider_left_at_the_stop),
        TEST(test_unl_010_breach_handle_used_after_unregister),
        TEST(test_unl_010_near_miss_registered_again),
        TEST(test_unl_012_breach_cleanup_forgotten_at_unload),
        TEST(test_unl_012_breach_beside_another_driver),
        TEST(test_unl_012_breach_cleanup_forgotten_by_failing_entry),
        TEST(test_unl_012_breach_driver_stays_loaded_at_the_stop),
        TEST(test_unl_012_breach_trace_after_cleanup),
        TEST(test_unl_012_breach_init_twice),
        TEST(test_unl_012_near_miss_failing_entry_cleans_up),
        TEST(test_unl_012_near_miss_trace_before_init),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
