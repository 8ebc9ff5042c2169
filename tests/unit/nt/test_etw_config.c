/* SPDX-License-Identifier: MIT */
/* Which events are enabled from the start: the configuration and the environment. */
#include <ntddk.h>

#include <stdlib.h>
#include <string.h>

#include "nt/etw_provider.h"
#include "support/emu_fixture.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/trace.h"

static void parsed(const char *text, bool is_on, unsigned level, unsigned long long keyword, const char *names)
{
    struct we_etw_config config = { { true, 3, ~0ull }, "" };

    assert_true(we_etw_config_parse(text, &config));
    assert_int_equal(config.setting.is_on, is_on);
    assert_int_equal(config.setting.level, level);
    assert_true(config.setting.keyword == keyword);
    assert_string_equal(config.flag_names, names);
}

static void refused(const char *text)
{
    struct we_etw_config config = { { true, 3, 0x77 }, "KEPT" };

    assert_false(we_etw_config_parse(text, &config));
    assert_int_equal(config.setting.keyword, 0x77);
    assert_string_equal(config.flag_names, "KEPT");
}

static void test_trace_setting_is_read(void **state)
{
    (void)state;
    parsed("off", false, 0, ~0ull, "");
    parsed("0", false, 0, ~0ull, "");
    parsed("critical", true, 1, ~0ull, "");
    parsed("verbose", true, 5, ~0ull, "");
    parsed("all", true, 255, ~0ull, "");
    parsed("17", true, 17, ~0ull, "");
    parsed("5:0x30", true, 5, 0x30, "");
    parsed("information:12", true, 4, 12, "");
    parsed("error:FLAG_NET,FLAG_URB", true, 2, ~0ull, "FLAG_NET,FLAG_URB");
}

static void test_trace_setting_that_cannot_be_read_is_refused(void **state)
{
    char names[200] = "5:";

    (void)state;
    memset(names + 2, 'A', sizeof(names) - 3);
    refused("");
    refused("loud");
    refused("256");
    refused("-1");
    refused("5:");
    refused("5:-1");
    refused(":FLAG");
    refused(names);
}

static NTSTATUS start(const char *environment, struct wsk_emu_config *config)
{
    NTSTATUS status;

    assert_int_equal(setenv("WSK_EMU_TRACE", environment, 1), 0);
    status = wsk_emu_start(config);
    assert_int_equal(unsetenv("WSK_EMU_TRACE"), 0);
    return status;
}

static struct wsk_emu_config stepped(void)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.log = emu_log_drop;
    return config;
}

static void test_trace_environment_wins_over_the_configuration(void **state)
{
    struct wsk_emu_config config = stepped();
    const GUID guid = { 1, 2, 3, { 4 } };
    REGHANDLE handle;

    (void)state;
    config.trace_level = WSK_EMU_TRACE_ERROR;
    config.trace_flags = 1;
    assert_int_equal(start("", &config), STATUS_SUCCESS);
    assert_int_equal(EtwRegister(&guid, NULL, NULL, &handle), STATUS_SUCCESS);
    assert_true(EtwProviderEnabled(handle, 2, 1));
    assert_false(EtwProviderEnabled(handle, 3, 1));
    assert_false(EtwProviderEnabled(handle, 2, 2));
    assert_int_equal(EtwUnregister(handle), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);

    assert_int_equal(start("all:2", &config), STATUS_SUCCESS);
    assert_int_equal(EtwRegister(&guid, NULL, NULL, &handle), STATUS_SUCCESS);
    assert_true(EtwProviderEnabled(handle, 255, 2));
    assert_false(EtwProviderEnabled(handle, 2, 1));
    assert_int_equal(EtwUnregister(handle), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);

    config.trace_level = WSK_EMU_TRACE_OFF;
    assert_int_equal(start("", &config), STATUS_SUCCESS);
    assert_int_equal(EtwRegister(&guid, NULL, NULL, &handle), STATUS_SUCCESS);
    assert_false(EtwProviderEnabled(handle, 0, 0));
    assert_int_equal(EtwUnregister(handle), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_trace_setting_that_is_wrong_fails_the_start(void **state)
{
    struct wsk_emu_config config = stepped();

    (void)state;
    assert_int_equal(start("loud", &config), STATUS_INVALID_PARAMETER);
    config.trace_level = (enum wsk_emu_trace_level)257;
    assert_int_equal(start("", &config), STATUS_INVALID_PARAMETER);
}

/* Names of flags choose bits of each provider that has one of them; others keep all. */
static void test_trace_flags_by_name_are_bits_of_the_provider(void **state)
{
    static const struct wsk_emu_wpp_guid guids[] = { { { 1, 0, 0, { 0 } }, "First", " A B C" },
                                                     { { 2, 0, 0, { 0 } }, "Second", " D" } };
    static WPP_PROJECT_CONTROL_BLOCK blocks[2];
    static PVOID control = &control;
    struct wsk_emu_config config = stepped();

    (void)state;
    assert_int_equal(start("4:C,A,X", &config), STATUS_SUCCESS);
    wsk_emu_wpp_init(&control, blocks, guids, 2);
    assert_ptr_equal(control, blocks);
    assert_int_equal(blocks[0].Control.Flags[0], 5);
    assert_int_equal(blocks[0].Control.Level, 4);
    assert_int_equal(blocks[1].Control.Flags[0], MAXULONG);
    assert_ptr_equal(blocks[0].Control.Next, &blocks[1].Control);
    wsk_emu_wpp_cleanup(&control);
    assert_ptr_equal(control, &control);
    assert_int_equal(wsk_emu_stop(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_setting_is_read),
        cmocka_unit_test(test_trace_setting_that_cannot_be_read_is_refused),
        cmocka_unit_test(test_trace_environment_wins_over_the_configuration),
        cmocka_unit_test(test_trace_setting_that_is_wrong_fails_the_start),
        cmocka_unit_test(test_trace_flags_by_name_are_bits_of_the_provider),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
