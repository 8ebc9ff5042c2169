/* SPDX-License-Identifier: MIT */
/* Drivers that trace by TraceLogging: events with named and typed fields. */
#include "trace_drivers.h"

#include <string.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/trace.h"

DRIVER_INITIALIZE trace_logging_DriverEntry;
DRIVER_INITIALIZE trace_logging_cxx_DriverEntry;

static struct wsk_kit_trace_event event_of(const char *name)
{
    const struct wsk_kit_trace_filter filter = { .provider = "Example.Logging", .name = name };

    return wsk_kit_trace_get(&filter, 0);
}

static void test_trace_logging_fields_have_names_and_values(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_DriverEntry, "logging");

    (void)state;
    assert_int_equal(logging_fields(7), 8);
    assert_string_equal(event_of("Numbers").text, "Int32=7 UInt8=44 Hex=0xbeef -5=-5 Yes=true Null=0x0 Half=0.5 "
                                                  "counted=8 Double=2.25");
    assert_string_equal(event_of("Strings").text,
                        "text=\"text\" None=\"NULL\" Wide=\"wide\" Name=\"unicode\" Ansi=\"ansi\" Cut=\"cut\" "
                        "Auto=\"text\" WideAuto=\"auto\"");
    wsk_emu_driver_unload(driver);
}

/* quote: fields */
static void test_trace_logging_addresses_structures_and_arrays(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_DriverEntry, "logging");

    (void)state;
    (void)logging_fields(1);
    assert_string_equal(event_of("Others").text, "Guid=00000001-0002-0003-0405-060708090a0b "
                                                 "Status=0x00000102(STATUS_TIMEOUT) Peer=10.0.0.1 Port=443 "
                                                 "Pair={A=1 B=2} Bytes=[ca fe] Array=[1 -2 3]");
    wsk_emu_driver_unload(driver);
}
/* end of quote */

static void test_trace_logging_settings_are_those_of_the_event(void **state)
{
    const GUID guid = { 0xb3864c38, 0x4273, 0x58c5, { 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34, 0x71 } };
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_DriverEntry, "logging");
    struct wsk_kit_trace_event event;

    (void)state;
    (void)logging_fields(1);
    event = event_of("Others");
    assert_int_equal(event.level, 3);
    assert_int_equal(event.keyword, 0x30);
    assert_int_equal(event.opcode, 1);
    assert_int_equal(event.channel, 11);
    assert_memory_equal(&event.guid, &guid, sizeof(guid));
    wsk_emu_driver_unload(driver);
}

static void test_trace_logging_level_is_verbose_unless_told(void **state)
{
    const struct wsk_kit_trace_filter verbose = { .level = 5 };
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_DriverEntry, "logging");

    (void)state;
    assert_int_equal(logging_fields(1), 2);
    assert_int_equal(wsk_kit_trace_count(&verbose), 0);
    wsk_kit_trace_enable("Example.Logging", 5, ~0ull);
    assert_int_equal(logging_fields(1), 3); /* only what is wanted evaluates its fields */
    assert_int_equal(wsk_kit_trace_count(&verbose), 2);
    assert_string_equal(event_of("Verbose").text, "counted++=2");
    assert_string_equal(event_of("Bare").text, "");
    wsk_emu_driver_unload(driver);
}

static void test_trace_logging_wrapper_with_empty_end_compiles(void **state)
{
    const struct wsk_kit_trace_filter status = { .name = "Status" };
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_DriverEntry, "logging");

    (void)state;
    (void)logging_fields(4);
    assert_int_equal(wsk_kit_trace_count(&status), 2);
    assert_string_equal(wsk_kit_trace_get(&status, 0).text,
                        "Func=\"logging_fields\" Status=0xc0000022(STATUS_ACCESS_DENIED)");
    assert_string_equal(wsk_kit_trace_get(&status, 1).text,
                        "Func=\"logging_fields\" Status=0xc0000022(STATUS_ACCESS_DENIED) Value=4");
    wsk_emu_driver_unload(driver);
}

static void test_trace_logging_outside_registration_is_silent(void **state)
{
    (void)state;
    wsk_emu_driver_unload(trace_driver_load(trace_logging_DriverEntry, "logging"));
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
}

static void test_trace_logging_unregister_forgotten_is_reported(void **state)
{
    (void)state;
    trace_forgets_cleanup = TRUE;
    wsk_kit_expect_report("UNL-010");
    wsk_emu_driver_unload(trace_driver_load(trace_logging_DriverEntry, "logging"));
    trace_forgets_cleanup = FALSE;
    wsk_emu_driver_unload(trace_driver_load(trace_logging_DriverEntry, "logging"));
}

#ifdef HAS_CXX
static void test_trace_logging_in_cxx(void **state)
{
    const struct wsk_kit_trace_filter cxx = { .provider = "Example.Cxx" };
    PDRIVER_OBJECT driver = trace_driver_load(trace_logging_cxx_DriverEntry, "cxx");
    struct wsk_kit_trace_event event;

    (void)state;
    assert_int_equal(logging_cxx_fields(3), 3 + 1 + 1);
    event = wsk_kit_trace_get(&cxx, 0);
    assert_string_equal(event.text, "Count=3 Flag=true Narrow=\"narrow\" Wide=\"wide\" Color=1 Hex=0xf00d Null=0x0");
    assert_int_equal(event.activity.Data1, 9);
    wsk_emu_driver_unload(driver);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_trace_logging_fields_have_names_and_values),
        wsk_emu_unit_test(test_trace_logging_addresses_structures_and_arrays),
        wsk_emu_unit_test(test_trace_logging_settings_are_those_of_the_event),
        wsk_emu_unit_test(test_trace_logging_level_is_verbose_unless_told),
        wsk_emu_unit_test(test_trace_logging_wrapper_with_empty_end_compiles),
        wsk_emu_unit_test(test_trace_logging_outside_registration_is_silent),
        wsk_emu_unit_test(test_trace_logging_unregister_forgotten_is_reported),
#ifdef HAS_CXX
        wsk_emu_unit_test(test_trace_logging_in_cxx),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
