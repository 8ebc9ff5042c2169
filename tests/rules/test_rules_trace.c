/* SPDX-License-Identifier: MIT */
/* Rules about event tracing: what is registered is taken back. */
#include <ntddk.h>

#include <string.h>

#include "drivers/trace/trace_drivers.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/trace.h"

BOOLEAN trace_forgets_cleanup;
BOOLEAN trace_before_init;
BOOLEAN trace_after_cleanup;
BOOLEAN trace_init_again;
NTSTATUS trace_entry_status;

DRIVER_INITIALIZE trace_plain_DriverEntry;

static int reset(void **state)
{
    (void)state;
    trace_forgets_cleanup = FALSE;
    trace_before_init = FALSE;
    trace_after_cleanup = FALSE;
    trace_init_again = FALSE;
    trace_entry_status = STATUS_SUCCESS;
    return 0;
}

static PDRIVER_OBJECT load(PDRIVER_INITIALIZE entry, const char *name)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_driver_load(entry, name, &driver), STATUS_SUCCESS);
    return driver;
}

/* --- UNL-012 -------------------------------------------------------------------------------- */

static void test_unl_012_breach_cleanup_forgotten_at_unload(void **state)
{
    (void)state;
    trace_forgets_cleanup = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_report_count("UNL-012"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "DriverUnload of the driver plain returned"));
    trace_forgets_cleanup = FALSE;
    wsk_emu_driver_unload(load(trace_plain_DriverEntry, "plain"));
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
    (void)load(trace_plain_DriverEntry, "plain");
}

static void test_unl_012_breach_trace_after_cleanup(void **state)
{
    (void)state;
    trace_after_cleanup = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(load(trace_plain_DriverEntry, "plain"));
    assert_non_null(strstr(wsk_kit_last_report(), "PlainUnload traces after WPP_CLEANUP"));
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
}

static void test_unl_012_breach_init_twice(void **state)
{
    (void)state;
    trace_init_again = TRUE;
    wsk_kit_expect_report("UNL-012");
    wsk_emu_driver_unload(load(trace_plain_DriverEntry, "plain"));
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
    wsk_emu_driver_unload(load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
}

#define TEST(name) wsk_emu_unit_test_setup_teardown(name, reset, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unl_012_breach_cleanup_forgotten_at_unload),
        TEST(test_unl_012_breach_cleanup_forgotten_by_failing_entry),
        TEST(test_unl_012_breach_driver_stays_loaded_at_the_stop),
        TEST(test_unl_012_breach_trace_after_cleanup),
        TEST(test_unl_012_breach_init_twice),
        TEST(test_unl_012_near_miss_failing_entry_cleans_up),
        TEST(test_unl_012_near_miss_trace_before_init),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
