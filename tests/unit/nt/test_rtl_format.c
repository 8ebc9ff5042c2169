/* SPDX-License-Identifier: MIT */
/* Tests the kernel's printf: every conversion with every size, flags, NULL, counted strings, both widths, cuts. */
#include <wdm.h>

#include "nt/rtl_format.h"
#include "wsk_emu/cmocka.h"

static CHAR s_text[256];
static WCHAR s_wide[256];

/* Formats into s_text and returns the length that the whole text has. */
static size_t format_text(size_t size_bytes, const CHAR *format, ...)
{
    va_list args;
    size_t length;

    memset(s_text, '#', sizeof(s_text));
    va_start(args, format);
    length = we_rtl_format(s_text, size_bytes, format, args);
    va_end(args);
    return length;
}

static size_t format_wide(size_t size_count, const WCHAR *format, ...)
{
    va_list args;
    size_t length;

    memset(s_wide, 0x23, sizeof(s_wide));
    va_start(args, format);
    length = we_rtl_format_wide(s_wide, size_count, format, args);
    va_end(args);
    return length;
}

#define CHECK(expected, ...)                                                          \
    do {                                                                              \
        assert_int_equal(format_text(sizeof(s_text), __VA_ARGS__), strlen(expected)); \
        assert_string_equal(s_text, expected);                                        \
    } while (0)

#define CHECK_WIDE(expected, ...)                                                                        \
    do {                                                                                                 \
        const WCHAR expected_[] = expected;                                                              \
        assert_int_equal(format_wide(RTL_NUMBER_OF(s_wide), __VA_ARGS__), RTL_NUMBER_OF(expected_) - 1); \
        assert_memory_equal(s_wide, expected_, sizeof(expected_));                                       \
    } while (0)

static void test_format_plain_text_is_copied(void **state)
{
    (void)state;
    CHECK("", "%s", "");
    CHECK("no conversion", "no conversion");
    CHECK("100% sure", "100%% sure");
    CHECK("caf\xC3\xA9", "caf\xC3\xA9");
}

static void test_format_signed_of_each_size_prints_its_value(void **state)
{
    (void)state;
    CHECK("0 -1 2147483647 -2147483648", "%d %d %i %d", 0, -1, 2147483647, (int)(-2147483647 - 1));
    CHECK("-1 -2 -3", "%hd %hhd %ld", 0x1FFFF, 0x1FE, -3);
    CHECK("-9223372036854775808", "%lld", (long long)(-9223372036854775807LL - 1));
    CHECK("9223372036854775807 -5", "%I64d %I32d", 9223372036854775807LL, -5);
    CHECK("-6 -7", "%Id %zd", (LONG_PTR)-6, (LONG_PTR)-7);
}

/* On the host long has 64 bits: a driver that prints a ULONG with %lu must not make us read 64. */
static void test_format_long_has_32_bits(void **state)
{
    (void)state;
    CHECK("4294967295 1", "%lu %u", (ULONG)0xFFFFFFFF, 1u);
    CHECK("-1 1", "%ld %u", (LONG)-1, 1u);
    CHECK("89abcdef 2", "%lx %u", (unsigned long)0x0123456789ABCDEF, 2u);
}

static void test_format_unsigned_of_each_base_prints_its_value(void **state)
{
    (void)state;
    CHECK("4294967295 37777777777 ffffffff FFFFFFFF", "%u %o %x %X", ~0u, ~0u, ~0u, ~0u);
    CHECK("ff ffff", "%hhx %hx", -1, -1);
    CHECK("18446744073709551615", "%llu", ~0ull);
    CHECK("ffffffffffffffff 1777777777777777777777", "%I64x %llo", ~0ull, ~0ull);
    CHECK("ffffffffffffffff 5", "%Ix %u", (ULONG_PTR)~0ull, 5u);
    CHECK("0 0 0", "%u %x %o", 0u, 0u, 0u);
}

static void test_format_flags_of_numbers_do_what_c_says(void **state)
{
    (void)state;
    CHECK("[    7][7    ][00007]", "[%5d][%-5d][%05d]", 7, 7, 7);
    CHECK("[+7][ 7][-7][-7]", "[%+d][% d][%+d][% d]", 7, 7, -7, -7);
    CHECK("[-0007][   -7]", "[%05d][%5d]", -7, -7);
    CHECK("[0x1f][0X1F][0][037][0]", "[%#x][%#X][%#x][%#o][%#o]", 0x1f, 0x1f, 0, 037, 0);
    CHECK("[0x00001f]", "[%#08x]", 0x1f);
    CHECK("[00042][   00042]", "[%.5d][%8.5d]", 42, 42);
    CHECK("[   00042]", "[%08.5d]", 42);
    CHECK("[][  ][0]", "[%.0d][%2.0d][%.1d]", 0, 0, 0);
}

static void test_format_star_takes_width_and_precision_from_the_arguments(void **state)
{
    (void)state;
    CHECK("[   42][42   ]", "[%*d][%*d]", 5, 42, -5, 42);
    CHECK("[ab][abc]", "[%.*s][%.*s]", 2, "abc", -1, "abc");
    CHECK("[   ab]", "[%*.*s]", 5, 2, "abc");
}

static void test_format_pointer_has_all_digits_in_upper_case(void **state)
{
    (void)state;
    CHECK("00000000DEADBEEF", "%p", (void *)(ULONG_PTR)0xDEADBEEF);
    CHECK("FFFFAB0012345678", "%p", (void *)(ULONG_PTR)0xFFFFAB0012345678);
    CHECK("0000000000000000", "%p", NULL);
    CHECK("[  00000000DEADBEEF]", "[%18p]", (void *)(ULONG_PTR)0xDEADBEEF);
}

static void test_format_characters_of_both_widths(void **state)
{
    (void)state;
    CHECK("abc", "%c%C%hc", 'a', 'b', 'c');
    CHECK("\xC3\xA9\xE2\x82\xAC", "%wc%lc", 0xE9, 0x20AC);
    CHECK("[  x][x  ]", "[%3c][%-3c]", 'x', 'x');
    CHECK_WIDE(L"a\x20AC"
               L"bc",
               L"%c%lc%C%hc", 'a', 0x20AC, 'b', 'c');
}

static void test_format_strings_of_both_widths(void **state)
{
    (void)state;
    CHECK("narrow wide wide wide narrow", "%s %S %ws %ls %hs", "narrow", L"wide", L"wide", L"wide", "narrow");
    CHECK("\xE2\x82\xAC", "%ws", L"\x20AC");
    CHECK("\xF0\x9F\x98\x80", "%ws", L"\xD83D\xDE00");
    CHECK("\xEF\xBF\xBD!", "%ws!", L"\xD83D");
    CHECK("[   ab][ab   ]", "[%5s][%-5s]", "ab", "ab");
    CHECK("[   ab][ab   ]", "[%5ws][%-5ws]", L"ab", L"ab");
}

static void test_format_precision_bounds_what_is_read(void **state)
{
    const CHAR narrow[3] = { 'a', 'b', 'c' }; /* no terminator */
    const WCHAR wide[3] = { 'a', 'b', 'c' };

    (void)state;
    CHECK("abc", "%.3s", narrow);
    CHECK("abc", "%.3ws", wide);
    CHECK("", "%.0s", narrow);
    CHECK("\xE2\x82\xAC\xE2\x82\xAC", "%.2ws", L"\x20AC\x20AC\x20AC");
}

static void test_format_null_strings_print_null(void **state)
{
    UNICODE_STRING unicode = { 4, 4, NULL };
    ANSI_STRING ansi = { 4, 4, NULL };

    (void)state;
    CHECK("(null) (null) (null) (null)", "%s %S %ws %hs", NULL, NULL, NULL, NULL);
    CHECK("(null) (null)", "%wZ %Z", NULL, NULL);
    CHECK("(null) (null)", "%wZ %Z", &unicode, &ansi);
    CHECK("[  (null)]", "[%8wZ]", NULL);
}

static void test_format_counted_strings_stop_at_their_length(void **state)
{
    WCHAR wide[] = L"\\Device\\Gate and more";
    CHAR narrow[] = "gate and more";
    UNICODE_STRING unicode = { 12 * sizeof(WCHAR), sizeof(wide), wide };
    ANSI_STRING ansi = { 4, sizeof(narrow), narrow };
    UNICODE_STRING odd = { 5, sizeof(wide), wide };
    UNICODE_STRING empty = { 0, sizeof(wide), wide };

    (void)state;
    CHECK("\\Device\\Gate|gate", "%wZ|%Z", &unicode, &ansi);
    CHECK("\\D", "%wZ", &odd);
    CHECK("||", "|%wZ|", &empty);
    CHECK("[  gate][gate  ]", "[%6Z][%-6Z]", &ansi, &ansi);
    CHECK("\\Dev ga", "%.4wZ %.2Z", &unicode, &ansi);
}

static void test_format_unknown_conversions_are_copied(void **state)
{
    int written = 77;

    (void)state;
    CHECK("%y 5", "%y %d", 5);
    CHECK("%n 5", "%n %d", 5, (void *)&written);
    assert_int_equal(written, 77);
    CHECK("%f 5", "%f %d", 1.5, 5);
    CHECK("%.2g|7", "%.2g|%u", 2.0, 7u);
    CHECK("at the end %", "at the end %");
    CHECK("at the end %5", "at the end %5");
}

static void test_format_exact_fit_and_one_less(void **state)
{
    (void)state;
    assert_int_equal(format_text(6, "%s", "12345"), 5);
    assert_string_equal(s_text, "12345");
    assert_int_equal(format_text(5, "%s", "12345"), 5);
    assert_string_equal(s_text, "1234");
    assert_int_equal(s_text[5], '#');
    assert_int_equal(format_text(1, "%d", 12345), 5);
    assert_string_equal(s_text, "");
    assert_int_equal(format_text(0, "%d", 12345), 5);
    assert_int_equal(s_text[0], '#');
    assert_int_equal(format_text(4, "%5d", 7), 5);
    assert_string_equal(s_text, "   ");
}

static void test_format_huge_width_only_counts(void **state)
{
    (void)state;
    assert_int_equal(format_text(8, "%2000000000d|", 1), 2000000001);
    assert_string_equal(s_text, "       ");
    assert_int_equal(format_text(8, "%.2000000000d", 1), 2000000000);
    assert_string_equal(s_text, "0000000");
}

static void test_format_wide_swaps_the_plain_letters(void **state)
{
    WCHAR wide[] = L"name";
    UNICODE_STRING unicode = { 8, sizeof(wide), wide };
    CHAR narrow[] = "name";
    ANSI_STRING ansi = { 4, sizeof(narrow), narrow };

    (void)state;
    CHECK_WIDE(L"wide narrow wide narrow", L"%s %S %ls %hs", L"wide", "narrow", L"wide", "narrow");
    CHECK_WIDE(L"name name", L"%wZ %Z", &unicode, &ansi);
    CHECK_WIDE(L"\x20AC 5", L"%c %d", 0x20AC, 5);
    CHECK_WIDE(L"\x00E9\xD83D\xDE00", L"%S", "\xC3\xA9\xF0\x9F\x98\x80");
    CHECK_WIDE(L"[  ab]", L"[%4S]", "ab");
}

static void test_format_wide_cut_leaves_room_for_the_terminator(void **state)
{
    (void)state;
    assert_int_equal(format_wide(4, L"%s", L"12345"), 5);
    assert_memory_equal(s_wide, L"123", 4 * sizeof(WCHAR));
    assert_int_equal(s_wide[4], 0x2323);
    assert_int_equal(format_wide(0, L"%s", L"12345"), 5);
    assert_int_equal(s_wide[0], 0x2323);
}

static void test_format_is_wide_finds_each_wide_conversion(void **state)
{
    (void)state;
    assert_true(we_rtl_format_is_wide("%C"));
    assert_true(we_rtl_format_is_wide("%S"));
    assert_true(we_rtl_format_is_wide("%lc"));
    assert_true(we_rtl_format_is_wide("%ls"));
    assert_true(we_rtl_format_is_wide("%wc"));
    assert_true(we_rtl_format_is_wide("%-10.4ws"));
    assert_true(we_rtl_format_is_wide("peer %wZ"));
    assert_true(we_rtl_format_is_wide("%d %*.*S"));
    assert_false(we_rtl_format_is_wide("%c %s %hs %hS %hC %Z %d %ld %lu %lx %I64u %p"));
    assert_false(we_rtl_format_is_wide("100%%S"));
    assert_false(we_rtl_format_is_wide(""));
    assert_false(we_rtl_format_is_wide("%"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_plain_text_is_copied),
        cmocka_unit_test(test_format_signed_of_each_size_prints_its_value),
        cmocka_unit_test(test_format_long_has_32_bits),
        cmocka_unit_test(test_format_unsigned_of_each_base_prints_its_value),
        cmocka_unit_test(test_format_flags_of_numbers_do_what_c_says),
        cmocka_unit_test(test_format_star_takes_width_and_precision_from_the_arguments),
        cmocka_unit_test(test_format_pointer_has_all_digits_in_upper_case),
        cmocka_unit_test(test_format_characters_of_both_widths),
        cmocka_unit_test(test_format_strings_of_both_widths),
        cmocka_unit_test(test_format_precision_bounds_what_is_read),
        cmocka_unit_test(test_format_null_strings_print_null),
        cmocka_unit_test(test_format_counted_strings_stop_at_their_length),
        cmocka_unit_test(test_format_unknown_conversions_are_copied),
        cmocka_unit_test(test_format_exact_fit_and_one_less),
        cmocka_unit_test(test_format_huge_width_only_counts),
        cmocka_unit_test(test_format_wide_swaps_the_plain_letters),
        cmocka_unit_test(test_format_wide_cut_leaves_room_for_the_terminator),
        cmocka_unit_test(test_format_is_wide_finds_each_wide_conversion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
