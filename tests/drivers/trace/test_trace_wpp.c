/* SPDX-License-Identifier: MIT */
/* Drivers that trace by WPP: their .tmh files are made, and what they trace is seen. */
#include "trace_drivers.h"

#include <string.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/trace.h"

DRIVER_INITIALIZE trace_plain_DriverEntry;
DRIVER_INITIALIZE trace_full_DriverEntry;
DRIVER_INITIALIZE trace_cxx_DriverEntry;
DRIVER_INITIALIZE trace_project_DriverEntry;

static char s_log[8192];

/* The log of one test, with a line end behind each line. */
static void log_keep(void *context, const char *line)
{
    size_t used = strlen(s_log);

    (void)context;
    if (used + strlen(line) + 2 < sizeof(s_log)) {
        memcpy(s_log + used, line, strlen(line));
        memcpy(s_log + used + strlen(line), "\n", 2);
    }
}

static int reset(void **state)
{
    s_log[0] = 0;
    return trace_drivers_reset(state);
}

static const struct wsk_emu_config kept = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .log = log_keep,
};

/* Text of event number index; the test goes on with a copy. */
static const char *text_of(const struct wsk_kit_trace_filter *filter, size_t index)
{
    static char text[1024];

    strncpy(text, wsk_kit_trace_get(filter, index).text, sizeof(text) - 1);
    return text;
}

/* --- DoTraceMessage ------------------------------------------------------------------------ */

static void test_do_trace_message_is_recorded_with_flag_and_function(void **state)
{
    const struct wsk_kit_trace_filter plain = { .provider = "PlainCtlGuid" };
    struct wsk_kit_trace_event event;
    PDRIVER_OBJECT driver = trace_driver_load(trace_plain_DriverEntry, "plain");

    (void)state;
    assert_int_equal(wsk_kit_trace_count(&plain), 1);
    event = wsk_kit_trace_get(&plain, 0);
    assert_string_equal(event.text, "LOADED");
    assert_string_equal(event.name, "TRCINFO");
    assert_int_equal(event.level, 0);
    assert_int_equal(event.keyword, 2);
    assert_int_equal(event.guid.Data1, 0x0a1b2c3d);
    assert_int_equal(event.guid.Data4[7], 0x52);
    assert_int_equal(event.irql, PASSIVE_LEVEL);
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_kit_trace_count(&plain), 2);
    assert_string_equal(wsk_kit_trace_get(&plain, 1).function, "PlainUnload");
}

static void test_do_trace_message_goes_to_the_log(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_plain_DriverEntry, "plain");

    (void)state;
    assert_non_null(strstr(s_log, "DriverEntry: LOADED\n"));
    s_log[0] = 0;
    wsk_emu_driver_unload(driver);
    assert_string_equal(s_log, "PlainCtlGuid TRCINFO PlainUnload: UNLOAD\n");
}

/* What is traced before WPP_INIT_TRACING is lost, as on Windows. */
static void test_wpp_trace_before_init_is_lost_and_the_log_says_so(void **state)
{
    (void)state;
    trace_before_init = TRUE;
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
    assert_non_null(strstr(s_log, "DriverEntry traces before WPP_INIT_TRACING"));
}

static void test_wpp_flags_select_messages(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    wsk_kit_trace_enable("{0A1B2C3D-1234-08FD-ABEB-C70043F84152}", 5, 1 /* TRCERROR */);
    driver = trace_driver_load(trace_plain_DriverEntry, "plain");
    wsk_kit_trace_enable("PlainCtlGuid", 5, 2 /* TRCINFO */);
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_kit_trace_count(NULL), 1);
    assert_string_equal(text_of(NULL, 0), "UNLOAD");
}

static void test_wpp_disabled_provider_is_silent(void **state)
{
    (void)state;
    wsk_kit_trace_disable(NULL);
    wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
    assert_string_equal(s_log, "");
}

static void test_wpp_driver_can_be_loaded_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        wsk_emu_driver_unload(trace_driver_load(trace_plain_DriverEntry, "plain"));
    }
    assert_int_equal(wsk_kit_trace_count(NULL), 6);
}

/* --- a configuration ------------------------------------------------------------------------- */

static void test_wpp_level_of_the_configuration_selects_messages(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    assert_int_equal(full_trace_all(3), 3 + 1);
    /* Errors and warnings; what is not enabled does not evaluate its arguments. */
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
    assert_string_equal(text_of(NULL, 0), "connect to 10.0.0.1:80 failed: 0xc0000236(STATUS_CONNECTION_REFUSED)");
    assert_string_equal(text_of(NULL, 1), "counted 3, then 4");
    wsk_kit_trace_enable(NULL, 2, ~0ull);
    assert_int_equal(full_trace_all(3), 3);
    wsk_emu_driver_unload(driver);
}

static void test_wpp_every_form_of_a_configuration_prints(void **state)
{
    const struct wsk_kit_trace_filter noise = { .provider = "FullNoisyGuid" };
    struct wsk_kit_trace_event event;
    PDRIVER_OBJECT driver;

    (void)state;
    wsk_kit_trace_enable(NULL, WSK_EMU_TRACE_VERBOSE, ~0ull);
    driver = trace_driver_load(trace_full_DriverEntry, "full");
    event = wsk_kit_trace_get(NULL, 0);
    assert_int_equal(event.level, 4);
    assert_string_equal(event.name, "FLAG_GENERAL");
    assert_non_null(strstr(event.text, "RegistryPath \\Registry\\Machine\\System\\CurrentControlSet\\Services\\full"));
    wsk_kit_trace_clear();

    assert_int_equal(full_trace_all(3), 4);
    assert_string_equal(text_of(NULL, 0), "--> full_trace_all(value=3, bits=5/17)");
    assert_string_equal(text_of(NULL, 3), "state Connected, bytes de ad be ef, from 00-1A-2B-3C-4D-5E");
    assert_string_equal(text_of(NULL, 4), "noise without arguments");
    assert_string_equal(text_of(NULL, 5), "--> full_return");
    assert_string_equal(text_of(NULL, 6), "<-- full_return = 3 as given, twice 6");
    assert_int_equal(wsk_kit_trace_count(NULL), 7);
    assert_int_equal(wsk_kit_trace_count(&noise), 1);
    wsk_kit_trace_clear();

    assert_int_equal(full_trace_all(-2), -1 + 1);
    assert_string_equal(text_of(NULL, 4), "noise of -2");
    assert_string_equal(text_of(NULL, 6), "<-- full_return = -1 negative");
    wsk_emu_driver_unload(driver);
}

static void test_wpp_log_line_has_level_flag_and_function(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    (void)full_trace_all(1);
    assert_non_null(strstr(s_log, "FullTraceGuid ERROR FLAG_NET full_trace_all: connect to 10.0.0.1:80 failed"));
    assert_non_null(strstr(s_log, "FullTraceGuid WARNING FLAG_GENERAL full_trace_all: counted 1, then 2\n"));
    wsk_emu_driver_unload(driver);
}

/* quote: expect */
static void test_wpp_failed_connect_is_traced(void **state)
{
    const struct wsk_kit_trace_filter failed = { .provider = "FullTraceGuid", .name = "FLAG_NET", .text = "failed" };
    PDRIVER_OBJECT driver = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    (void)full_trace_all(1);
    assert_string_equal(wsk_kit_trace_expect(&failed).function, "full_trace_all");
    wsk_emu_driver_unload(driver);
}
/* end of quote */

static void test_wpp_tmh_in_another_folder_and_spelling_is_found(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"gr\u00FC\u00DFe");
    PDRIVER_OBJECT driver = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    assert_int_equal(full_part_trace(&name), 1);
    assert_string_equal(text_of(NULL, 0), "name gr\xC3\xBC\xC3\x9F"
                                          "e in full_part.c");
    wsk_emu_driver_unload(driver);
}

static void test_wpp_two_drivers_have_control_blocks_of_their_own(void **state)
{
    const struct wsk_kit_trace_filter full = { .provider = "FullTraceGuid" };
    PDRIVER_OBJECT plain_driver = trace_driver_load(trace_plain_DriverEntry, "plain");
    PDRIVER_OBJECT full_driver = trace_driver_load(trace_full_DriverEntry, "full");

    (void)state;
    wsk_emu_driver_unload(plain_driver);
    (void)full_trace_all(1);
    assert_int_equal(wsk_kit_trace_count(&full), 2);
    wsk_emu_driver_unload(full_driver);
}

static void test_wpp_configuration_of_a_project_is_read(void **state)
{
    (void)state;
    wsk_emu_driver_unload(trace_driver_load(trace_project_DriverEntry, "project"));
    assert_string_equal(text_of(NULL, 0), "the color is Green");
    assert_string_equal(text_of(NULL, 1), "in project.c");
}

#ifdef HAS_CXX
static void test_wpp_driver_in_cxx_traces_every_type(void **state)
{
    PDRIVER_OBJECT driver = trace_driver_load(trace_cxx_DriverEntry, "cxx");

    (void)state;
    assert_int_equal(cxx_trace_all(3), 4 + 2);
    assert_int_equal(wsk_kit_trace_count(NULL), 6);
    assert_string_equal(text_of(NULL, 0), "[0000000000000000] cxx_trace_all: object 3");
    assert_string_equal(text_of(NULL, 1), "127.0.0.1 port 8080 mode 1 text 0000000000000000");
    assert_string_equal(text_of(NULL, 2), "bytes 01 02 03, busy false");
    assert_string_equal(text_of(NULL, 3), "from a lambda: inner, 3");
    assert_string_equal(text_of(NULL, 4), "traced traces -5");
    assert_string_equal(text_of(NULL, 5), "traced traces 7");
    wsk_emu_driver_unload(driver);
}
#endif

#define TEST(name) wsk_emu_unit_test_config(name, reset, NULL, &kept)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_do_trace_message_is_recorded_with_flag_and_function),
        TEST(test_do_trace_message_goes_to_the_log),
        TEST(test_wpp_trace_before_init_is_lost_and_the_log_says_so),
        TEST(test_wpp_flags_select_messages),
        TEST(test_wpp_disabled_provider_is_silent),
        TEST(test_wpp_driver_can_be_loaded_again),
        TEST(test_wpp_level_of_the_configuration_selects_messages),
        TEST(test_wpp_every_form_of_a_configuration_prints),
        TEST(test_wpp_log_line_has_level_flag_and_function),
        TEST(test_wpp_failed_connect_is_traced),
        TEST(test_wpp_tmh_in_another_folder_and_spelling_is_found),
        TEST(test_wpp_two_drivers_have_control_blocks_of_their_own),
        TEST(test_wpp_configuration_of_a_project_is_read),
#ifdef HAS_CXX
        TEST(test_wpp_driver_in_cxx_traces_every_type),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
