/* SPDX-License-Identifier: MIT */
/* Tests ANSI_STRING, and conversions between UTF-8 and UTF-16 at the borders of their buffers. */
#include <wdm.h>

#include "support/emu_fixture.h"

static ANSI_STRING ansi_of(PCSZ text)
{
    ANSI_STRING string;

    RtlInitAnsiString(&string, text);
    return string;
}

static UNICODE_STRING unicode_of(PCWSTR text)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, text);
    return string;
}

static void test_init_points_at_the_text(void **state)
{
    PCSZ text = "abc";
    STRING string;

    (void)state;
    RtlInitString(&string, text);
    assert_int_equal(string.Length, 3);
    assert_int_equal(string.MaximumLength, 4);
    assert_ptr_equal(string.Buffer, text);
    RtlInitAnsiString(&string, NULL);
    assert_int_equal(string.Length, 0);
    assert_int_equal(string.MaximumLength, 0);
    assert_null(string.Buffer);
}

static void test_init_long_text_is_cut(void **state)
{
    static CHAR text[70000];
    STRING string;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    RtlInitString(&string, text);
    assert_int_equal(string.Length, 0xFFFE);
    assert_int_equal(string.MaximumLength, 0xFFFF);
}

static void test_copy_is_cut_in_silence(void **state)
{
    CHAR buffer[4] = "zzz";
    STRING target = { 0, 2, buffer };
    STRING source = ansi_of("abc");

    (void)state;
    RtlCopyString(&target, &source);
    assert_int_equal(target.Length, 2);
    assert_memory_equal(buffer, "abz", 3);
    RtlCopyString(&target, NULL);
    assert_int_equal(target.Length, 0);
}

static void test_compare_and_equal_know_case(void **state)
{
    STRING a = ansi_of("Gate");
    STRING b = ansi_of("gaTE");
    STRING longer = ansi_of("gates");
    STRING high = ansi_of("\xFF");

    (void)state;
    assert_int_equal(RtlCompareString(&a, &b, TRUE), 0);
    assert_true(RtlCompareString(&a, &b, FALSE) < 0);
    assert_true(RtlCompareString(&a, &longer, TRUE) < 0);
    assert_true(RtlCompareString(&longer, &a, TRUE) > 0);
    assert_true(RtlCompareString(&a, &high, FALSE) < 0);
    assert_true(RtlEqualString(&a, &b, TRUE));
    assert_false(RtlEqualString(&a, &b, FALSE));
    assert_false(RtlEqualString(&a, &longer, TRUE));
}

/* --- counted strings -------------------------------------------------------------------- */

static void test_ansi_to_unicode_allocates(void **state)
{
    ANSI_STRING source = ansi_of("gr\xC3\xBCn \xF0\x9F\x98\x80");
    UNICODE_STRING target;

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeString(&target, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(target.Length, 7 * sizeof(WCHAR));
    assert_int_equal(target.MaximumLength, 8 * sizeof(WCHAR));
    assert_memory_equal(target.Buffer,
                        L"gr\xFC"
                        L"n \xD83D\xDE00",
                        8 * sizeof(WCHAR));
    RtlFreeUnicodeString(&target);
}

static void test_ansi_to_unicode_exact_fit_and_one_less(void **state)
{
    ANSI_STRING source = ansi_of("abc");
    WCHAR buffer[4];
    UNICODE_STRING target = { 0, sizeof(buffer), buffer };

    (void)state;
    assert_int_equal(RtlAnsiStringToUnicodeString(&target, &source, FALSE), STATUS_SUCCESS);
    assert_memory_equal(buffer, L"abc", sizeof(buffer));
    target.MaximumLength = sizeof(buffer) - 1;
    buffer[3] = 'z';
    assert_int_equal(RtlAnsiStringToUnicodeString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(buffer[3], 'z');
}

static void test_ansi_to_unicode_that_is_too_long_is_refused(void **state)
{
    static CHAR text[40000];
    ANSI_STRING source = { 32767, 32767, text };
    UNICODE_STRING target;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(RtlAnsiStringToUnicodeString(&target, &source, TRUE), STATUS_INVALID_PARAMETER_2);
    source.Length = 32766;
    assert_int_equal(RtlAnsiStringToUnicodeString(&target, &source, TRUE), STATUS_SUCCESS);
    assert_int_equal(target.Length, 65532);
    RtlFreeUnicodeString(&target);
}

static void test_unicode_to_ansi_allocates(void **state)
{
    UNICODE_STRING source = unicode_of(L"gr\xFC"
                                       L"n \xD83D\xDE00");
    ANSI_STRING target;

    (void)state;
    assert_int_equal(RtlUnicodeStringToAnsiString(&target, &source, TRUE), STATUS_SUCCESS);
    assert_string_equal(target.Buffer, "gr\xC3\xBCn \xF0\x9F\x98\x80");
    assert_int_equal(target.Length, strlen(target.Buffer));
    assert_int_equal(target.MaximumLength, target.Length + 1);
    RtlFreeAnsiString(&target);
    assert_null(target.Buffer);
    assert_int_equal(target.MaximumLength, 0);
}

static void test_unicode_to_ansi_stores_whole_characters_that_fit(void **state)
{
    UNICODE_STRING source = unicode_of(L"ab\xFC");
    CHAR buffer[5] = "zzzz";
    ANSI_STRING target = { 0, 5, buffer };

    (void)state;
    assert_int_equal(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_SUCCESS);
    assert_string_equal(buffer, "ab\xC3\xBC");
    memset(buffer, 'z', sizeof(buffer));
    target.MaximumLength = 4;
    assert_int_equal(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(buffer, "ab");
    assert_int_equal(target.Length, 2);
    assert_int_equal(buffer[3], 'z');
    target.MaximumLength = 0;
    assert_int_equal(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
}

/* --- buffers ----------------------------------------------------------------------------- */

static void test_utf8_to_unicode_counts_without_a_destination(void **state)
{
    ULONG bytes = 77;

    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "a\xC3\xBC\xF0\x9F\x98\x80", 7), STATUS_SUCCESS);
    assert_int_equal(bytes, 8);
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "", 0), STATUS_SUCCESS);
    assert_int_equal(bytes, 0);
}

static void test_utf8_to_unicode_exact_fit_and_less(void **state)
{
    WCHAR buffer[5] = { 'z', 'z', 'z', 'z', 'z' };
    ULONG bytes;

    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(buffer, 8, &bytes, "a\xC3\xBC\xF0\x9F\x98\x80", 7), STATUS_SUCCESS);
    assert_int_equal(bytes, 8);
    assert_memory_equal(buffer, L"a\xFC\xD83D\xDE00z", 10);
    buffer[2] = 'z';
    assert_int_equal(RtlUTF8ToUnicodeN(buffer, 7, &bytes, "a\xC3\xBC\xF0\x9F\x98\x80", 7), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 4);
    assert_int_equal(buffer[2], 'z');
    assert_int_equal(RtlUTF8ToUnicodeN(buffer, 8, NULL, "ab", 2), STATUS_SUCCESS);
}

static void test_utf8_to_unicode_replaces_what_is_no_utf8(void **state)
{
    static const struct {
        const CHAR *bytes;
        ULONG count;
        const WCHAR *units;
        ULONG unit_count;
    } cases[] = {
        { "\x80", 1, L"\xFFFD", 1 },                               /* a continuation alone */
        { "\xC3", 1, L"\xFFFD", 1 },                               /* cut off */
        { "\xE2\x82", 2, L"\xFFFD", 1 },                           /* cut off: one for the run */
        { "\xF0\x9F\x98", 3, L"\xFFFD", 1 },                       /* cut off */
        { "\xC0\x80", 2, L"\xFFFD\xFFFD", 2 },                     /* overlong */
        { "\xE0\x80\x80", 3, L"\xFFFD\xFFFD\xFFFD", 3 },           /* overlong */
        { "\xED\xA0\x80", 3, L"\xFFFD\xFFFD\xFFFD", 3 },           /* a surrogate */
        { "\xF4\x90\x80\x80", 4, L"\xFFFD\xFFFD\xFFFD\xFFFD", 4 }, /* past U+10FFFF */
        { "\xFF\x61", 2, L"\xFFFD\x61", 2 },
        { "\xE2\x61", 2, L"\xFFFD\x61", 2 },
    };

    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(cases); i++) {
        WCHAR buffer[8];
        ULONG bytes;

        assert_int_equal(RtlUTF8ToUnicodeN(buffer, sizeof(buffer), &bytes, cases[i].bytes, cases[i].count),
                         STATUS_SOME_NOT_MAPPED);
        assert_int_equal(bytes, cases[i].unit_count * sizeof(WCHAR));
        assert_memory_equal(buffer, cases[i].units, bytes);
    }
}

static void test_unicode_to_utf8_exact_fit_and_less(void **state)
{
    CHAR buffer[8] = "zzzzzzz";
    ULONG bytes;

    (void)state;
    assert_int_equal(RtlUnicodeToUTF8N(NULL, 0, &bytes, L"a\x20AC\xD83D\xDE00", 8), STATUS_SUCCESS);
    assert_int_equal(bytes, 8);
    assert_int_equal(RtlUnicodeToUTF8N(buffer, 8, &bytes, L"a\x20AC\xD83D\xDE00", 8), STATUS_SUCCESS);
    assert_memory_equal(buffer, "a\xE2\x82\xAC\xF0\x9F\x98\x80", 8);
    assert_int_equal(RtlUnicodeToUTF8N(buffer, 7, &bytes, L"a\x20AC\xD83D\xDE00", 8), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(bytes, 4);
    assert_int_equal(RtlUnicodeToUTF8N(buffer, 8, &bytes, L"\xDE00\xD83D", 4), STATUS_SOME_NOT_MAPPED);
    assert_memory_equal(buffer, "\xEF\xBF\xBD\xEF\xBF\xBD", 6);
}

static void test_buffer_conversions_refuse_bad_arguments(void **state)
{
    WCHAR wide[4];
    CHAR narrow[4];
    ULONG bytes;

    (void)state;
    assert_int_equal(RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof(wide), &bytes, NULL, 1), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(RtlUnicodeToUTF8N(NULL, 0, NULL, L"a", 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, NULL, 2), STATUS_INVALID_PARAMETER_4);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof(narrow), &bytes, L"a", 1), STATUS_INVALID_PARAMETER_5);
}

/* Every code point there is, through both directions. */
static void test_conversion_round_trip_of_all_code_points(void **state)
{
    (void)state;
    for (ULONG point = 0; point <= 0x10FFFF; point++) {
        WCHAR units[2];
        WCHAR back[2];
        CHAR bytes[4];
        ULONG unit_bytes = sizeof(WCHAR);
        ULONG byte_count;
        ULONG back_bytes;

        if (point >= 0xD800 && point <= 0xDFFF) {
            continue;
        }
        units[0] = (WCHAR)point;
        if (point > 0xFFFF) {
            units[0] = (WCHAR)(0xD800 + ((point - 0x10000) >> 10));
            units[1] = (WCHAR)(0xDC00 + (point & 0x3FF));
            unit_bytes = 2 * sizeof(WCHAR);
        }
        assert_int_equal(RtlUnicodeToUTF8N(bytes, sizeof(bytes), &byte_count, units, unit_bytes), STATUS_SUCCESS);
        assert_int_equal(RtlUTF8ToUnicodeN(back, sizeof(back), &back_bytes, bytes, byte_count), STATUS_SUCCESS);
        assert_int_equal(back_bytes, unit_bytes);
        assert_memory_equal(back, units, unit_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_points_at_the_text),
        cmocka_unit_test(test_init_long_text_is_cut),
        cmocka_unit_test(test_copy_is_cut_in_silence),
        cmocka_unit_test(test_compare_and_equal_know_case),
        cmocka_unit_test(test_ansi_to_unicode_allocates),
        cmocka_unit_test(test_ansi_to_unicode_exact_fit_and_one_less),
        cmocka_unit_test(test_ansi_to_unicode_that_is_too_long_is_refused),
        cmocka_unit_test(test_unicode_to_ansi_allocates),
        cmocka_unit_test(test_unicode_to_ansi_stores_whole_characters_that_fit),
        cmocka_unit_test(test_utf8_to_unicode_counts_without_a_destination),
        cmocka_unit_test(test_utf8_to_unicode_exact_fit_and_less),
        cmocka_unit_test(test_utf8_to_unicode_replaces_what_is_no_utf8),
        cmocka_unit_test(test_unicode_to_utf8_exact_fit_and_less),
        cmocka_unit_test(test_buffer_conversions_refuse_bad_arguments),
        cmocka_unit_test(test_conversion_round_trip_of_all_code_points),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown);
}
