/* SPDX-License-Identifier: MIT */
/* The part of the kit that looks at traces: filters, waiting, and what fails a test. */
#include <ntddk.h>

#include <string.h>

#include "support/emu_fixture.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/trace.h"

static char s_reason[1024];

static void note_reason(const char *reason)
{
    strncpy(s_reason, reason, sizeof(s_reason) - 1);
}

static const struct wsk_emu_config quiet = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .log = emu_log_drop,
};

static const GUID first_guid = { 1, 0, 0, { 0 } };
static const GUID second_guid = { 2, 0, 0, { 0 } };
static REGHANDLE s_first;
static REGHANDLE s_second;

static int setup(void **state)
{
    (void)state;
    s_reason[0] = 0;
    return EtwRegister(&first_guid, NULL, NULL, &s_first) == STATUS_SUCCESS &&
                   EtwRegister(&second_guid, NULL, NULL, &s_second) == STATUS_SUCCESS
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    return EtwUnregister(s_first) == STATUS_SUCCESS && EtwUnregister(s_second) == STATUS_SUCCESS ? 0 : -1;
}

static void test_kit_trace_filter_looks_at_every_member(void **state)
{
    const struct wsk_kit_trace_filter first = { .provider = "00000001-0000-0000-0000-000000000000" };
    const struct wsk_kit_trace_filter braces = { .provider = "{00000002-0000-0000-0000-000000000000}" };
    const struct wsk_kit_trace_filter text = { .text = "wor" };
    const struct wsk_kit_trace_filter level = { .level = 2 };
    const struct wsk_kit_trace_filter keyword = { .keyword = 0x14 };
    const struct wsk_kit_trace_filter id = { .has_id = 1, .id = 0 };
    const struct wsk_kit_trace_filter name = { .name = "none" };
    const struct wsk_kit_trace_filter function = { .function = "none" };

    (void)state;
    (void)EtwWriteString(s_first, 2, 0x10, NULL, L"hello");
    (void)EtwWriteString(s_second, 3, 0x03, NULL, L"world");
    assert_int_equal(wsk_kit_trace_count(NULL), 2);
    assert_int_equal(wsk_kit_trace_count(&first), 1);
    assert_int_equal(wsk_kit_trace_count(&braces), 1);
    assert_string_equal(wsk_kit_trace_get(&text, 0).text, "world");
    assert_string_equal(wsk_kit_trace_get(&level, 0).text, "hello");
    assert_string_equal(wsk_kit_trace_get(&keyword, 0).text, "hello");
    assert_int_equal(wsk_kit_trace_count(&id), 2);
    assert_int_equal(wsk_kit_trace_count(&name), 0);
    assert_int_equal(wsk_kit_trace_count(&function), 0);
    assert_string_equal(wsk_kit_trace_expect(&text).text, "world");
}

static VOID NTAPI write_later(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)EtwWriteString(s_first, 2, 0, NULL, L"later");
}

static void test_kit_trace_expect_waits_for_the_event(void **state)
{
    LARGE_INTEGER due = { .QuadPart = -10000000 };
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, write_later, NULL);
    KeSetTimer(&timer, due, &dpc);
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
    assert_int_equal(wsk_kit_trace_expect(NULL).now_ms, 1000);
}

static void test_kit_trace_failures_say_what_is_wrong(void **state)
{
    char name[80];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    wsk_kit_set_failure_handler(note_reason);
    (void)wsk_kit_trace_get(NULL, 3);
    assert_string_equal(s_reason, "0 trace events match; number 4 was asked for");
    (void)wsk_kit_trace_expect(NULL);
    assert_non_null(strstr(s_reason, "waited for a trace event"));
    wsk_kit_trace_enable(NULL, 0, 1);
    assert_non_null(strstr(s_reason, "level 0 is not in 1 .. 255"));
    wsk_kit_trace_enable(NULL, 256, 1);
    assert_non_null(strstr(s_reason, "level 256"));
    wsk_kit_trace_disable(name);
    assert_non_null(strstr(s_reason, "less than 64 bytes"));
    for (int i = 0; i < 17; i++) {
        char provider[2] = { (char)('a' + i), 0 };

        s_reason[0] = 0;
        wsk_kit_trace_enable(provider, 5, 1);
        assert_int_equal(s_reason[0] != 0, i == 16);
    }
    /* A name that is there already takes no new place. */
    s_reason[0] = 0;
    wsk_kit_trace_enable("a", 4, 1);
    assert_string_equal(s_reason, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_config(test_kit_trace_filter_looks_at_every_member, setup, teardown, &quiet),
        wsk_emu_unit_test_config(test_kit_trace_expect_waits_for_the_event, setup, teardown, &quiet),
        wsk_emu_unit_test_config(test_kit_trace_failures_say_what_is_wrong, setup, teardown, &quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
