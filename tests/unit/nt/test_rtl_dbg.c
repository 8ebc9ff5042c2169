/* SPDX-License-Identifier: MIT */
/* Tests what DbgPrint shows: lines, the cut at 512 bytes, filters, wide formats by IRQL; and assertions. */
#include <wdm.h>

#include "nt/rtl_dbg.h"
#include "rtl_dbg_release.h"
#include "vrf/vrf_report.h"
#include "wsk_emu/cmocka.h"

#define LINES_MAX 8
#define LINE_BYTES 1100

static CHAR s_lines[LINES_MAX][LINE_BYTES];
static unsigned s_line_count;

static void line_keep(void *context, const char *line)
{
    (void)context;
    if (s_line_count < LINES_MAX) {
        size_t length = strlen(line);

        length = length < LINE_BYTES - 1 ? length : LINE_BYTES - 1;
        memcpy(s_lines[s_line_count], line, length);
        s_lines[s_line_count][length] = 0;
    }
    s_line_count++;
}

static int kernel_start(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.log = line_keep;
    s_line_count = 0;
    return wsk_emu_start(&config) == STATUS_SUCCESS ? 0 : -1;
}

static int kernel_stop(void **state)
{
    (void)state;
    return wsk_emu_stop() == 0 ? 0 : -1;
}

static ULONG print_list(PCCH prefix, ULONG component, ULONG level, PCCH format, ...)
{
    va_list args;
    ULONG status;

    va_start(args, format);
    status = prefix != NULL ? vDbgPrintExWithPrefix(prefix, component, level, format, args)
                            : vDbgPrintEx(component, level, format, args);
    va_end(args);
    return status;
}

/* --- lines ------------------------------------------------------------------------------ */

static void test_print_shows_a_line_without_its_newline(void **state)
{
    (void)state;
    assert_int_equal(DbgPrint("gate %d of %s\n", 3, "four"), STATUS_SUCCESS);
    assert_int_equal(s_line_count, 1);
    assert_string_equal(s_lines[0], "gate 3 of four");
}

static void test_print_without_newline_shows_a_line_at_once(void **state)
{
    (void)state;
    DbgPrint("first");
    DbgPrint("second\n");
    assert_int_equal(s_line_count, 2);
    assert_string_equal(s_lines[0], "first");
    assert_string_equal(s_lines[1], "second");
}

static void test_print_several_lines_shows_each(void **state)
{
    (void)state;
    DbgPrint("one\r\ntwo\n\nfour");
    assert_int_equal(s_line_count, 4);
    assert_string_equal(s_lines[0], "one");
    assert_string_equal(s_lines[1], "two");
    assert_string_equal(s_lines[2], "");
    assert_string_equal(s_lines[3], "four");
}

static void test_print_nothing_shows_nothing(void **state)
{
    (void)state;
    assert_int_equal(DbgPrint(""), STATUS_SUCCESS);
    assert_int_equal(s_line_count, 0);
}

/* A driver's text may hold what the host's printf would take for a conversion. */
static void test_print_percent_signs_in_arguments_are_text(void **state)
{
    (void)state;
    DbgPrint("%s\n", "100%n %s %d");
    assert_string_equal(s_lines[0], "100%n %s %d");
}

/* --- the cut ---------------------------------------------------------------------------- */

static void test_print_is_cut_at_512_bytes(void **state)
{
    static CHAR text[701];

    (void)state;
    memset(text, 'x', 700);
    DbgPrint("%.511s\n", text);
    assert_int_equal(strlen(s_lines[0]), 511);
    DbgPrint("%.512s", text);
    assert_int_equal(strlen(s_lines[1]), 512);
    DbgPrint("%.513s", text);
    assert_int_equal(strlen(s_lines[2]), 512);
    DbgPrint("%s\n", text);
    assert_int_equal(strlen(s_lines[3]), 512);
}

static void test_print_cut_keeps_whole_characters(void **state)
{
    static CHAR text[600];

    (void)state;
    memset(text, 'x', 511);
    memcpy(text + 511, "\xC3\xBC", 3);
    DbgPrint("%s", text);
    assert_int_equal(strlen(s_lines[0]), 511);
    memcpy(text + 510, "\xC3\xBC", 3);
    DbgPrint("%s", text);
    assert_int_equal(strlen(s_lines[1]), 512);
}

static void test_prefix_counts_for_the_cut(void **state)
{
    static CHAR text[600];

    (void)state;
    memset(text, 'x', 599);
    assert_int_equal(print_list("gate: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%d\n", 5), STATUS_SUCCESS);
    assert_string_equal(s_lines[0], "gate: 5");
    print_list("gate: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%s", text);
    assert_int_equal(strlen(s_lines[1]), 512);
    print_list(text, DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "unseen");
    assert_int_equal(strlen(s_lines[2]), 512);
}

/* --- filters ---------------------------------------------------------------------------- */

static void test_print_ex_shows_every_level_at_first(void **state)
{
    (void)state;
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "error");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL, "info");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, 31, "level 31");
    DbgPrintEx(4711, 0x80000000, "mask");
    assert_int_equal(s_line_count, 4);
}

static void test_filter_shows_bits_of_the_component_or_of_all(void **state)
{
    (void)state;
    we_rtl_dbg_set_mask(WE_RTL_DBG_ALL_COMPONENTS, 1u << DPFLTR_ERROR_LEVEL);
    we_rtl_dbg_set_mask(DPFLTR_IHVNETWORK_ID, 1u << DPFLTR_INFO_LEVEL);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL, "shown: the component's bit");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "shown: everybody's bit");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, "hidden");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "hidden");
    assert_int_equal(DbgPrint("hidden: default component, info level"), STATUS_SUCCESS);
    assert_int_equal(s_line_count, 2);
}

static void test_filter_takes_levels_from_32_on_as_masks(void **state)
{
    (void)state;
    we_rtl_dbg_set_mask(WE_RTL_DBG_ALL_COMPONENTS, 0);
    we_rtl_dbg_set_mask(DPFLTR_IHVNETWORK_ID, 0x100);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, 8, "shown: bit 8");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, 0x300, "shown: mask with bit 8");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, 0x200, "hidden");
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, 9, "hidden");
    assert_int_equal(s_line_count, 2);
}

static void test_filter_is_forgotten_at_the_stop(void **state)
{
    (void)state;
    we_rtl_dbg_set_mask(WE_RTL_DBG_ALL_COMPONENTS, 0);
    assert_int_equal(kernel_stop(NULL), 0);
    assert_int_equal(kernel_start(NULL), 0);
    DbgPrint("shown again");
    assert_int_equal(s_line_count, 1);
}

/* --- IRQL ------------------------------------------------------------------------------- */

static void test_wide_format_above_passive_reports_irql_013(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"peer");
    KIRQL old_irql;

    (void)state;
    we_vrf_expect(WE_RULE_IRQL_013);
    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    DbgPrint("%wZ\n", &name);
    KeLowerIrql(old_irql);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRQL_013), 1);
    assert_string_equal(s_lines[s_line_count - 1], "peer");
}

static void test_wide_format_that_is_filtered_out_is_reported_too(void **state)
{
    KIRQL old_irql;

    (void)state;
    we_rtl_dbg_set_mask(WE_RTL_DBG_ALL_COMPONENTS, 0);
    we_vrf_expect(WE_RULE_IRQL_013);
    KeRaiseIrql(APC_LEVEL, &old_irql);
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL, "%ws", L"peer");
    KeLowerIrql(old_irql);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRQL_013), 1);
}

static void test_narrow_format_above_passive_is_fine(void **state)
{
    KIRQL old_irql;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old_irql);
    DbgPrint("%s %p %I64u\n", "peer", NULL, 5ull);
    KeLowerIrql(old_irql);
    assert_int_equal(s_line_count, 1);
    assert_int_equal(we_vrf_unexpected_count(), 0);
}

/* --- assertions ------------------------------------------------------------------------- */

static void test_failed_assertion_is_reported_and_the_driver_goes_on(void **state)
{
    int sum = 2 + 2;

    (void)state;
    we_vrf_expect(WE_RULE_RTL_021);
    NT_ASSERT(sum == 5);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_021), 1);
    assert_non_null(strstr(we_vrf_last_report(), "sum == 5"));
    assert_non_null(strstr(we_vrf_last_report(), "test_rtl_dbg.c"));
    we_vrf_expect(WE_RULE_RTL_021);
    NT_ASSERTMSG("arithmetic", sum == 6);
    assert_non_null(strstr(we_vrf_last_report(), "arithmetic"));
    we_vrf_expect(WE_RULE_RTL_021);
    ASSERT(sum == 7);
    we_vrf_expect(WE_RULE_RTL_021);
    assert_false(NT_VERIFY(sum == 8));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_021), 4);
}

static void test_true_assertion_is_silent(void **state)
{
    (void)state;
    NT_ASSERT(TRUE);
    ASSERTMSG("fine", 1 + 1 == 2);
    assert_true(NT_VERIFY(TRUE));
    assert_int_equal(we_vrf_unexpected_count(), 0);
}

static void test_release_build_evaluates_nothing_but_verify(void **state)
{
    (void)state;
    assert_int_equal(rtl_dbg_release_use_macros(), 0);
    assert_int_equal(s_line_count, 0);
    assert_true(rtl_dbg_release_verify(5));
    assert_false(rtl_dbg_release_verify(0));
    assert_int_equal(we_vrf_unexpected_count(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, kernel_start, kernel_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_print_shows_a_line_without_its_newline),
        TEST(test_print_without_newline_shows_a_line_at_once),
        TEST(test_print_several_lines_shows_each),
        TEST(test_print_nothing_shows_nothing),
        TEST(test_print_percent_signs_in_arguments_are_text),
        TEST(test_print_is_cut_at_512_bytes),
        TEST(test_print_cut_keeps_whole_characters),
        TEST(test_prefix_counts_for_the_cut),
        TEST(test_print_ex_shows_every_level_at_first),
        TEST(test_filter_shows_bits_of_the_component_or_of_all),
        TEST(test_filter_takes_levels_from_32_on_as_masks),
        TEST(test_filter_is_forgotten_at_the_stop),
        TEST(test_wide_format_above_passive_reports_irql_013),
        TEST(test_wide_format_that_is_filtered_out_is_reported_too),
        TEST(test_narrow_format_above_passive_is_fine),
        TEST(test_failed_assertion_is_reported_and_the_driver_goes_on),
        TEST(test_true_assertion_is_silent),
        TEST(test_release_build_evaluates_nothing_but_verify),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
