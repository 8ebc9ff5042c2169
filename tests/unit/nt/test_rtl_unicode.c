/* SPDX-License-Identifier: MIT */
/* Tests UNICODE_STRING: copies and appends at the borders of the buffer, comparisons, case, numbers, GUIDs. */
#include <wdm.h>

#include "support/emu_fixture.h"

static WCHAR s_buffer[64];

/* An empty string over s_buffer, with the buffer filled with a pattern. */
static UNICODE_STRING string_empty(USHORT maximum_bytes)
{
    UNICODE_STRING string;

    memset(s_buffer, 0x55, sizeof(s_buffer));
    RtlInitEmptyUnicodeString(&string, s_buffer, maximum_bytes);
    return string;
}

static UNICODE_STRING string_of(PCWSTR text)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, text);
    return string;
}

static void assert_string(PCUNICODE_STRING string, PCWSTR expected)
{
    UNICODE_STRING wanted = string_of(expected);

    assert_int_equal(string->Length, wanted.Length);
    assert_memory_equal(string->Buffer, wanted.Buffer, wanted.Length);
}

/* --- initialising ---------------------------------------------------------------------- */

static void test_init_points_at_the_text(void **state)
{
    PCWSTR text = L"abc";
    UNICODE_STRING string;

    (void)state;
    RtlInitUnicodeString(&string, text);
    assert_int_equal(string.Length, 6);
    assert_int_equal(string.MaximumLength, 8);
    assert_ptr_equal(string.Buffer, text);
    RtlInitUnicodeString(&string, L"");
    assert_int_equal(string.Length, 0);
    assert_int_equal(string.MaximumLength, 2);
}

static void test_init_null_is_all_zero(void **state)
{
    UNICODE_STRING string = { 1, 2, s_buffer };

    (void)state;
    RtlInitUnicodeString(&string, NULL);
    assert_int_equal(string.Length, 0);
    assert_int_equal(string.MaximumLength, 0);
    assert_null(string.Buffer);
}

static void test_init_long_text_is_cut_and_refused_by_ex(void **state)
{
    static WCHAR text[40000];
    UNICODE_STRING string = { 1, 2, s_buffer };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(text) - 1; i++) {
        text[i] = 'x';
    }
    assert_int_equal(RtlInitUnicodeStringEx(&string, text), STATUS_NAME_TOO_LONG);
    assert_int_equal(string.Length, 1);
    RtlInitUnicodeString(&string, text);
    assert_int_equal(string.Length, 0xFFFC);
    assert_int_equal(string.MaximumLength, 0xFFFE);
    text[0xFFFC / 2] = 0;
    assert_int_equal(RtlInitUnicodeStringEx(&string, text), STATUS_SUCCESS);
    assert_int_equal(string.Length, 0xFFFC);
    assert_int_equal(RtlInitUnicodeStringEx(&string, NULL), STATUS_SUCCESS);
    assert_null(string.Buffer);
}

static void test_constant_string_has_its_lengths(void **state)
{
    static const UNICODE_STRING constant = RTL_CONSTANT_STRING(L"\\Device\\X");

    (void)state;
    assert_int_equal(constant.Length, 18);
    assert_int_equal(constant.MaximumLength, 20);
}

/* --- copying and appending -------------------------------------------------------------- */

static void test_copy_fits_exactly_or_is_cut_in_silence(void **state)
{
    UNICODE_STRING source = string_of(L"abcd");
    UNICODE_STRING target = string_empty(8);

    (void)state;
    RtlCopyUnicodeString(&target, &source);
    assert_string(&target, L"abcd");
    assert_int_equal(s_buffer[4], 0x5555);

    target = string_empty(6);
    RtlCopyUnicodeString(&target, &source);
    assert_string(&target, L"abc");
    assert_int_equal(s_buffer[3], 0x5555);

    target = string_empty(10);
    RtlCopyUnicodeString(&target, &source);
    assert_string(&target, L"abcd");
    assert_int_equal(s_buffer[4], 0);
}

static void test_copy_null_empties(void **state)
{
    UNICODE_STRING target = string_empty(8);

    (void)state;
    target.Length = 4;
    RtlCopyUnicodeString(&target, NULL);
    assert_int_equal(target.Length, 0);
}

static void test_append_needs_no_room_for_the_terminator(void **state)
{
    UNICODE_STRING source = string_of(L"cd");
    UNICODE_STRING target = string_empty(8);

    (void)state;
    assert_int_equal(RtlAppendUnicodeToString(&target, L"ab"), STATUS_SUCCESS);
    assert_int_equal(s_buffer[2], 0);
    assert_int_equal(RtlAppendUnicodeStringToString(&target, &source), STATUS_SUCCESS);
    assert_string(&target, L"abcd");
    assert_int_equal(s_buffer[4], 0x5555);
}

static void test_append_without_room_changes_nothing(void **state)
{
    UNICODE_STRING source = string_of(L"cd");
    UNICODE_STRING target = string_empty(7);

    (void)state;
    assert_int_equal(RtlAppendUnicodeToString(&target, L"ab"), STATUS_SUCCESS);
    assert_int_equal(RtlAppendUnicodeStringToString(&target, &source), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(RtlAppendUnicodeToString(&target, L"cd"), STATUS_BUFFER_TOO_SMALL);
    assert_string(&target, L"ab");
    assert_int_equal(RtlAppendUnicodeToString(&target, NULL), STATUS_SUCCESS);
    assert_string(&target, L"ab");
}

static void test_append_to_the_largest_length_does_not_wrap(void **state)
{
    static WCHAR large[0x8000];
    UNICODE_STRING target = { 0xFFFC, 0xFFFE, large };

    (void)state;
    assert_int_equal(RtlAppendUnicodeToString(&target, L"xy"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(target.Length, 0xFFFC);
    assert_int_equal(RtlAppendUnicodeToString(&target, L"x"), STATUS_SUCCESS);
    assert_int_equal(target.Length, 0xFFFE);
}

/* --- comparing -------------------------------------------------------------------------- */

static void test_compare_orders_units_then_lengths(void **state)
{
    UNICODE_STRING a = string_of(L"abc");
    UNICODE_STRING b = string_of(L"abd");
    UNICODE_STRING longer = string_of(L"abcd");
    UNICODE_STRING empty = string_of(NULL);

    (void)state;
    assert_true(RtlCompareUnicodeString(&a, &b, FALSE) < 0);
    assert_true(RtlCompareUnicodeString(&b, &a, FALSE) > 0);
    assert_int_equal(RtlCompareUnicodeString(&a, &a, FALSE), 0);
    assert_true(RtlCompareUnicodeString(&a, &longer, FALSE) < 0);
    assert_true(RtlCompareUnicodeString(&longer, &a, FALSE) > 0);
    assert_true(RtlCompareUnicodeString(&empty, &a, FALSE) < 0);
    assert_int_equal(RtlCompareUnicodeString(&empty, &empty, TRUE), 0);
}

static void test_compare_is_unsigned(void **state)
{
    UNICODE_STRING low = string_of(L"a");
    UNICODE_STRING high = string_of(L"\xFFFD");

    (void)state;
    assert_true(RtlCompareUnicodeString(&low, &high, FALSE) < 0);
}

static void test_equal_and_prefix_know_case(void **state)
{
    UNICODE_STRING lower = string_of(L"gr\xFC"
                                     L"n \x0436 \x03C2");
    UNICODE_STRING upper = string_of(L"GR\xDC"
                                     L"N \x0416 \x03A3");
    UNICODE_STRING start = string_of(L"Gr\xFC");

    (void)state;
    assert_true(RtlEqualUnicodeString(&lower, &upper, TRUE));
    assert_false(RtlEqualUnicodeString(&lower, &upper, FALSE));
    assert_false(RtlEqualUnicodeString(&start, &upper, TRUE));
    assert_true(RtlPrefixUnicodeString(&start, &upper, TRUE));
    assert_false(RtlPrefixUnicodeString(&start, &upper, FALSE));
    assert_false(RtlPrefixUnicodeString(&upper, &start, TRUE));
}

/* --- case ------------------------------------------------------------------------------- */

static void test_case_of_units_maps_both_ways(void **state)
{
    static const WCHAR pairs[][2] = {
        { 'a', 'A' },     { 'z', 'Z' },       { 0xE4, 0xC4 },     { 0xFF, 0x178 },    { 0x101, 0x100 },
        { 0x17E, 0x17D }, { 0x3B1, 0x391 },   { 0x3C3, 0x3A3 },   { 0x44F, 0x42F },   { 0x451, 0x401 },
        { 0x561, 0x531 }, { 0x1E01, 0x1E00 }, { 0x2170, 0x2160 }, { 0x24D0, 0x24B6 }, { 0xFF41, 0xFF21 },
    };
    static const WCHAR fixed[] = { '1', '[', '{', 0xDF, 0xF7, 0xD7, 0x131, 0x5D0, 0x4E00, 0xD800, 0xFFFF };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(pairs); i++) {
        assert_int_equal(RtlUpcaseUnicodeChar(pairs[i][0]), pairs[i][1]);
        assert_int_equal(RtlUpcaseUnicodeChar(pairs[i][1]), pairs[i][1]);
        assert_int_equal(RtlDowncaseUnicodeChar(pairs[i][1]), pairs[i][0]);
    }
    for (unsigned i = 0; i < RTL_NUMBER_OF(fixed); i++) {
        assert_int_equal(RtlUpcaseUnicodeChar(fixed[i]), fixed[i]);
        assert_int_equal(RtlDowncaseUnicodeChar(fixed[i]), fixed[i]);
    }
}

/* The table is written by hand as runs; a run that is one too long would show here. */
static void test_case_upper_of_lower_of_upper_is_upper(void **state)
{
    (void)state;
    for (unsigned unit = 0; unit <= 0xFFFF; unit++) {
        WCHAR upper = RtlUpcaseUnicodeChar((WCHAR)unit);

        assert_int_equal(RtlUpcaseUnicodeChar(upper), upper);
        assert_int_equal(RtlUpcaseUnicodeChar(RtlDowncaseUnicodeChar(upper)), upper);
    }
}

static void test_upcase_string_into_buffer_or_allocated(void **state)
{
    UNICODE_STRING source = string_of(L"gate 7");
    UNICODE_STRING target = string_empty(12);

    (void)state;
    assert_int_equal(RtlUpcaseUnicodeString(&target, &source, FALSE), STATUS_SUCCESS);
    assert_string(&target, L"GATE 7");
    target = string_empty(11);
    assert_int_equal(RtlUpcaseUnicodeString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlUpcaseUnicodeString(&target, &source, TRUE), STATUS_SUCCESS);
    assert_string(&target, L"GATE 7");
    RtlFreeUnicodeString(&target);
    assert_null(target.Buffer);
    assert_int_equal(target.Length, 0);
    assert_int_equal(target.MaximumLength, 0);
}

static void test_free_of_an_empty_string_does_nothing(void **state)
{
    UNICODE_STRING string = { 0, 0, NULL };

    (void)state;
    RtlFreeUnicodeString(&string);
    assert_null(string.Buffer);
}

/* --- numbers ---------------------------------------------------------------------------- */

static ULONG integer_of(PCWSTR text, ULONG base)
{
    UNICODE_STRING string = string_of(text);
    ULONG value = 0xDEADBEEF;

    assert_int_equal(RtlUnicodeStringToInteger(&string, base, &value), STATUS_SUCCESS);
    return value;
}

static void test_to_integer_reads_what_the_documentation_shows(void **state)
{
    (void)state;
    assert_int_equal((LONG)integer_of(L"-123", 10), -123);
    assert_int_equal(integer_of(L"+678abc", 16), 0x678ABC);
    assert_int_equal(integer_of(L"789", 8), 7);
    assert_int_equal(integer_of(L"xyz", 16), 0);
    assert_int_equal(integer_of(L"  \t42 is the answer", 10), 42);
    assert_int_equal(integer_of(L"0x1F", 0), 0x1F);
    assert_int_equal(integer_of(L"0o17", 0), 15);
    assert_int_equal(integer_of(L"0b101", 0), 5);
    assert_int_equal(integer_of(L"19", 0), 19);
    assert_int_equal((LONG)integer_of(L"-0x10", 0), -16);
    assert_int_equal(integer_of(L"0", 0), 0);
    assert_int_equal(integer_of(L"4294967295", 10), 0xFFFFFFFF);
    assert_int_equal(integer_of(L"101", 2), 5);
}

static void test_to_integer_refuses_empty_strings_and_other_bases(void **state)
{
    UNICODE_STRING empty = string_of(L"");
    UNICODE_STRING number = string_of(L"12");
    ULONG value = 77;

    (void)state;
    assert_int_equal(RtlUnicodeStringToInteger(&empty, 10, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUnicodeStringToInteger(&number, 3, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUnicodeStringToInteger(&number, 36, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(value, 77);
}

static void test_to_integer_stops_at_the_length(void **state)
{
    WCHAR text[] = L"12345";
    UNICODE_STRING string = { 4, sizeof(text), text };
    ULONG value;

    (void)state;
    assert_int_equal(RtlUnicodeStringToInteger(&string, 10, &value), STATUS_SUCCESS);
    assert_int_equal(value, 12);
}

static void test_from_integer_in_each_base(void **state)
{
    UNICODE_STRING target = string_empty(sizeof(s_buffer));

    (void)state;
    assert_int_equal(RtlIntegerToUnicodeString(0xBEEF, 16, &target), STATUS_SUCCESS);
    assert_string(&target, L"BEEF");
    assert_int_equal(s_buffer[4], 0);
    assert_int_equal(RtlIntegerToUnicodeString(0xFFFFFFFF, 0, &target), STATUS_SUCCESS);
    assert_string(&target, L"4294967295");
    assert_int_equal(RtlIntegerToUnicodeString(8, 8, &target), STATUS_SUCCESS);
    assert_string(&target, L"10");
    assert_int_equal(RtlIntegerToUnicodeString(5, 2, &target), STATUS_SUCCESS);
    assert_string(&target, L"101");
    assert_int_equal(RtlIntegerToUnicodeString(0, 10, &target), STATUS_SUCCESS);
    assert_string(&target, L"0");
    assert_int_equal(RtlIntegerToUnicodeString(1, 7, &target), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlInt64ToUnicodeString(0xFFFFFFFFFFFFFFFFull, 10, &target), STATUS_SUCCESS);
    assert_string(&target, L"18446744073709551615");
}

static void test_from_integer_needs_room_for_the_terminator(void **state)
{
    UNICODE_STRING target = string_empty(8);

    (void)state;
    assert_int_equal(RtlIntegerToUnicodeString(123, 10, &target), STATUS_SUCCESS);
    target = string_empty(7);
    assert_int_equal(RtlIntegerToUnicodeString(123, 10, &target), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(target.Length, 0);
    assert_int_equal(s_buffer[0], 0x5555);
}

/* --- GUIDs ------------------------------------------------------------------------------ */

static void test_guid_round_trip(void **state)
{
    static const GUID guid = { 0x2227e803, 0x8d8b, 0x11d4, { 0xab, 0xad, 0x00, 0x90, 0x27, 0x71, 0x9e, 0x09 } };
    UNICODE_STRING string;
    GUID back;

    (void)state;
    assert_int_equal(RtlStringFromGUID(&guid, &string), STATUS_SUCCESS);
    assert_string(&string, L"{2227E803-8D8B-11D4-ABAD-009027719E09}");
    assert_int_equal(string.MaximumLength, string.Length + 2);
    assert_int_equal(RtlGUIDFromString(&string, &back), STATUS_SUCCESS);
    assert_memory_equal(&back, &guid, sizeof(guid));
    RtlFreeUnicodeString(&string);
}

static void test_guid_bad_syntax_is_refused(void **state)
{
    static const PCWSTR bad[] = {
        L"",
        L"2227E803-8D8B-11D4-ABAD-009027719E09",
        L"{2227E803-8D8B-11D4-ABAD-009027719E0}",
        L"{2227E803-8D8B-11D4-ABAD_009027719E09}",
        L"{2227E80G-8D8B-11D4-ABAD-009027719E09}",
        L"{2227E803-8D8B-11D4-ABAD-009027719E09",
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(bad); i++) {
        UNICODE_STRING string = string_of(bad[i]);
        GUID guid;

        assert_int_equal(RtlGUIDFromString(&string, &guid), STATUS_INVALID_PARAMETER);
    }
}

/* --- memory and byte order --------------------------------------------------------------- */

static void test_compare_memory_counts_equal_bytes(void **state)
{
    (void)state;
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
    assert_int_equal(RtlCompareMemory("abcd", "abcd", 4), 4);
    assert_int_equal(RtlCompareMemory("xbcd", "abcd", 4), 0);
    assert_int_equal(RtlCompareMemory("x", "a", 0), 0);
}

static void test_byte_swaps(void **state)
{
    (void)state;
    assert_int_equal(RtlUshortByteSwap(0x1234), 0x3412);
    assert_int_equal(RtlUlongByteSwap(0x12345678), 0x78563412);
    assert_true(RtlUlonglongByteSwap(0x0123456789ABCDEFull) == 0xEFCDAB8967452301ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_points_at_the_text),
        cmocka_unit_test(test_init_null_is_all_zero),
        cmocka_unit_test(test_init_long_text_is_cut_and_refused_by_ex),
        cmocka_unit_test(test_constant_string_has_its_lengths),
        cmocka_unit_test(test_copy_fits_exactly_or_is_cut_in_silence),
        cmocka_unit_test(test_copy_null_empties),
        cmocka_unit_test(test_append_needs_no_room_for_the_terminator),
        cmocka_unit_test(test_append_without_room_changes_nothing),
        cmocka_unit_test(test_append_to_the_largest_length_does_not_wrap),
        cmocka_unit_test(test_compare_orders_units_then_lengths),
        cmocka_unit_test(test_compare_is_unsigned),
        cmocka_unit_test(test_equal_and_prefix_know_case),
        cmocka_unit_test(test_case_of_units_maps_both_ways),
        cmocka_unit_test(test_case_upper_of_lower_of_upper_is_upper),
        cmocka_unit_test(test_upcase_string_into_buffer_or_allocated),
        cmocka_unit_test(test_free_of_an_empty_string_does_nothing),
        cmocka_unit_test(test_to_integer_reads_what_the_documentation_shows),
        cmocka_unit_test(test_to_integer_refuses_empty_strings_and_other_bases),
        cmocka_unit_test(test_to_integer_stops_at_the_length),
        cmocka_unit_test(test_from_integer_in_each_base),
        cmocka_unit_test(test_from_integer_needs_room_for_the_terminator),
        cmocka_unit_test(test_guid_round_trip),
        cmocka_unit_test(test_guid_bad_syntax_is_refused),
        cmocka_unit_test(test_compare_memory_counts_equal_bytes),
        cmocka_unit_test(test_byte_swaps),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown);
}
