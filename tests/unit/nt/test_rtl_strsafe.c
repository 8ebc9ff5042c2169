/* SPDX-License-Identifier: MIT */
/* ntstrsafe.h and ntintsafe.h: what fits, what is cut, what is refused, and what the flags make of it. */
#include <wdm.h>

#include <ntintsafe.h>
#include <ntstrsafe.h>

#include "support/emu_fixture.h"

static CHAR s_text[8];
static WCHAR s_wide[8];

static void set(const char *text)
{
    memset(s_text, '#', sizeof(s_text));
    memcpy(s_text, text, strlen(text) + 1);
}

static void assert_wide(const WCHAR *text, const WCHAR *expected)
{
    SIZE_T length = 0;

    while (expected[length] != 0) {
        length++;
    }
    assert_memory_equal(text, expected, (length + 1) * sizeof(WCHAR));
}

/* --- copy and append ------------------------------------------------------------------------------------ */

static void test_strsafe_copy_fits_or_is_cut(void **state)
{
    (void)state;
    assert_int_equal(RtlStringCbCopyA(s_text, 8, "1234567"), STATUS_SUCCESS);
    assert_string_equal(s_text, "1234567");
    assert_int_equal(RtlStringCchCopyA(s_text, 8, "12345678"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "1234567");
    assert_int_equal(RtlStringCbCopyW(s_wide, 16, L"1234567"), STATUS_SUCCESS);
    assert_wide(s_wide, L"1234567");
    assert_int_equal(RtlStringCchCopyW(s_wide, 4, L"1234567"), STATUS_BUFFER_OVERFLOW);
    assert_wide(s_wide, L"123");
    assert_int_equal(RtlStringCbCopyW(s_wide, 7, L"1234567"), STATUS_BUFFER_OVERFLOW); /* three characters and a half */
    assert_wide(s_wide, L"12");
}

static void test_strsafe_copy_takes_at_most_n(void **state)
{
    (void)state;
    assert_int_equal(RtlStringCchCopyNA(s_text, 8, "1234567890", 3), STATUS_SUCCESS);
    assert_string_equal(s_text, "123");
    assert_int_equal(RtlStringCbCopyNW(s_wide, 16, L"1234567890", 6), STATUS_SUCCESS);
    assert_wide(s_wide, L"123");
    assert_int_equal(RtlStringCbCopyNA(s_text, 3, "1234567890", 3), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "12");
}

static void test_strsafe_append_fits_or_is_cut(void **state)
{
    (void)state;
    set("12");
    assert_int_equal(RtlStringCbCatA(s_text, 8, "345"), STATUS_SUCCESS);
    assert_string_equal(s_text, "12345");
    assert_int_equal(RtlStringCchCatNA(s_text, 8, "678", 1), STATUS_SUCCESS);
    assert_string_equal(s_text, "123456");
    assert_int_equal(RtlStringCchCatA(s_text, 8, "789"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "1234567");
}

static void test_strsafe_append_to_an_unterminated_buffer_is_refused(void **state)
{
    (void)state;
    memset(s_text, '#', sizeof(s_text));
    assert_int_equal(RtlStringCbCatA(s_text, 8, "1"), STATUS_INVALID_PARAMETER);
    assert_int_equal(s_text[7], '#');
}

static void test_strsafe_without_room_is_refused(void **state)
{
    (void)state;
    set("old");
    assert_int_equal(RtlStringCbCopyA(s_text, 0, "new"), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCbCopyA(s_text, (SIZE_T)NTSTRSAFE_MAX_CCH + 1, "new"), STATUS_INVALID_PARAMETER);
    assert_string_equal(s_text, "old");
}

/* --- flags ------------------------------------------------------------------------------------------------ */

static void test_strsafe_ex_tells_where_the_text_ends(void **state)
{
    SIZE_T remaining;
    WCHAR *wide_end;
    CHAR *end;

    (void)state;
    assert_int_equal(RtlStringCchCopyExA(s_text, 8, "123", &end, &remaining, 0), STATUS_SUCCESS);
    assert_ptr_equal(end, s_text + 3);
    assert_int_equal(remaining, 5);
    assert_int_equal(RtlStringCbCopyExW(s_wide, 15, L"123", &wide_end, &remaining, 0), STATUS_SUCCESS);
    assert_ptr_equal(wide_end, s_wide + 3);
    assert_int_equal(remaining, 9); /* the odd byte counts */
    assert_int_equal(RtlStringCbCatNExA(s_text, 8, "45678", 5, &end, &remaining, 0), STATUS_BUFFER_OVERFLOW);
    assert_ptr_equal(end, s_text + 7);
    assert_int_equal(remaining, 1);
}

static void test_strsafe_ex_fills_behind_the_text(void **state)
{
    (void)state;
    set("#######");
    assert_int_equal(RtlStringCbCopyExA(s_text, 8, "12", NULL, NULL, STRSAFE_FILL_BYTE('x')), STATUS_SUCCESS);
    assert_memory_equal(s_text, "12\0xxxxx", 8);
}

static void test_strsafe_ex_after_an_overflow_does_as_told(void **state)
{
    (void)state;
    assert_int_equal(RtlStringCbCopyExA(s_text, 4, "12345", NULL, NULL, STRSAFE_FAILURE_BYTE('x')),
                     STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "xxx");
    assert_int_equal(RtlStringCbCopyExA(s_text, 4, "12345", NULL, NULL, STRSAFE_NULL_ON_FAILURE),
                     STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "");
    set("ab");
    assert_int_equal(RtlStringCbCatExA(s_text, 4, "12345", NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "ab");
    assert_int_equal(RtlStringCbCopyExA(s_text, 4, "12345", NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "");
}

static void test_strsafe_ex_takes_null_for_nothing_if_told(void **state)
{
    (void)state;
    assert_int_equal(RtlStringCbCopyExA(NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    assert_int_equal(RtlStringCbCopyExA(s_text, 8, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    assert_string_equal(s_text, "");
    assert_int_equal(RtlStringCbCopyExA(NULL, 0, "1", NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCbCopyExA(s_text, 8, NULL, NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCbCopyExA(s_text, 8, "1", NULL, NULL, 0x10000000), STATUS_INVALID_PARAMETER);
}

/* --- print and measure ---------------------------------------------------------------------------------------- */

static void test_strsafe_printf_fits_or_is_cut(void **state)
{
    static const WCHAR s_name[] = L"wide";
    SIZE_T remaining;
    CHAR *end;

    (void)state;
    assert_int_equal(RtlStringCbPrintfA(s_text, 8, "%d-%s", 12, "abcd"), STATUS_SUCCESS);
    assert_string_equal(s_text, "12-abcd");
    assert_int_equal(RtlStringCchPrintfA(s_text, 8, "%d-%s", 123, "abcd"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(s_text, "123-abc");
    assert_int_equal(RtlStringCchPrintfW(s_wide, 8, L"%s%I64u", s_name, 7ull), STATUS_SUCCESS);
    assert_wide(s_wide, L"wide7");
    assert_int_equal(RtlStringCbPrintfExA(s_text, 8, &end, &remaining, 0, "%x", 0xabu), STATUS_SUCCESS);
    assert_ptr_equal(end, s_text + 2);
    assert_int_equal(remaining, 6);
    assert_int_equal(RtlStringCbPrintfA(s_text, 0, "x"), STATUS_INVALID_PARAMETER);
}

static void test_strsafe_length_needs_a_terminator(void **state)
{
    SIZE_T length = 99;

    (void)state;
    assert_int_equal(RtlStringCbLengthA("123", 4, &length), STATUS_SUCCESS);
    assert_int_equal(length, 3);
    assert_int_equal(RtlStringCbLengthW(L"123", 8, &length), STATUS_SUCCESS);
    assert_int_equal(length, 6);
    assert_int_equal(RtlStringCchLengthW(L"123", 4, &length), STATUS_SUCCESS);
    assert_int_equal(length, 3);
    assert_int_equal(RtlStringCbLengthA("123", 3, &length), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCbLengthA(NULL, 3, &length), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCchLengthA("123", 4, NULL), STATUS_SUCCESS);
}

/* --- counted strings --------------------------------------------------------------------------------------------- */

static void test_strsafe_counted_strings_are_not_terminated(void **state)
{
    WCHAR buffer[4] = { 0 };
    UNICODE_STRING string = { 0, sizeof(buffer), buffer };
    UNICODE_STRING source;

    (void)state;
    assert_int_equal(RtlUnicodeStringPrintf(&string, L"%u", 1234u), STATUS_SUCCESS);
    assert_int_equal(string.Length, 8);
    assert_memory_equal(buffer, L"1234", 8);
    assert_int_equal(RtlUnicodeStringPrintf(&string, L"%u", 56789u), STATUS_BUFFER_OVERFLOW);
    assert_memory_equal(buffer, L"5678", 8);
    assert_int_equal(RtlUnicodeStringPrintf(&string, L"%c", L'x'), STATUS_SUCCESS);
    assert_int_equal(string.Length, 2);
    assert_int_equal(RtlUnicodeStringCatString(&string, L"yz"), STATUS_SUCCESS);
    assert_memory_equal(buffer, L"xyz", 6);
    assert_int_equal(RtlUnicodeStringInit(&source, L"12"), STATUS_SUCCESS);
    assert_int_equal(RtlUnicodeStringCat(&string, &source), STATUS_BUFFER_OVERFLOW);
    assert_memory_equal(buffer, L"xyz1", 8);
    assert_int_equal(RtlUnicodeStringCopy(&string, &source), STATUS_SUCCESS);
    assert_int_equal(string.Length, 4);
    assert_int_equal(RtlUnicodeStringCopyString(&string, L"abcde"), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlUnicodeStringCchCopyStringN(&string, L"abcde", 2), STATUS_SUCCESS);
    assert_int_equal(RtlUnicodeStringCbCopyStringN(&string, L"abcde", 2), STATUS_SUCCESS);
    assert_int_equal(string.Length, 2);
    string.Length = 3;
    assert_int_equal(RtlUnicodeStringValidate(&string), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlUnicodeStringCopy(&string, &source), STATUS_INVALID_PARAMETER);
}

/* --- integers ------------------------------------------------------------------------------------------------------ */

static void test_intsafe_notices_overflows(void **state)
{
    SIZE_T size;
    ULONG value;
    USHORT small;
    LONG number;

    (void)state;
    assert_int_equal(RtlULongAdd(1, 2, &value), STATUS_SUCCESS);
    assert_int_equal(value, 3);
    assert_int_equal(RtlULongAdd(MAXULONG, 1, &value), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(value, MAXULONG);
    assert_int_equal(RtlULongSub(1, 2, &value), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlSIZETMult((SIZE_T)1 << 40, (SIZE_T)1 << 40, &size), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlSizeTMult(6, 7, &size), STATUS_SUCCESS);
    assert_int_equal(size, 42);
    assert_int_equal(RtlSIZETToULong((SIZE_T)1 << 32, &value), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlSIZETToULong(5, &value), STATUS_SUCCESS);
    assert_int_equal(RtlULongToUShort(65536, &small), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlLongToULong(-1, &value), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlULongToLong(0x80000000u, &number), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(number, -1);
    assert_int_equal(RtlLongMult(-5, 5, &number), STATUS_SUCCESS);
    assert_int_equal(number, -25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strsafe_copy_fits_or_is_cut),
        cmocka_unit_test(test_strsafe_copy_takes_at_most_n),
        cmocka_unit_test(test_strsafe_append_fits_or_is_cut),
        cmocka_unit_test(test_strsafe_append_to_an_unterminated_buffer_is_refused),
        cmocka_unit_test(test_strsafe_without_room_is_refused),
        cmocka_unit_test(test_strsafe_ex_tells_where_the_text_ends),
        cmocka_unit_test(test_strsafe_ex_fills_behind_the_text),
        cmocka_unit_test(test_strsafe_ex_after_an_overflow_does_as_told),
        cmocka_unit_test(test_strsafe_ex_takes_null_for_nothing_if_told),
        cmocka_unit_test(test_strsafe_printf_fits_or_is_cut),
        cmocka_unit_test(test_strsafe_length_needs_a_terminator),
        cmocka_unit_test(test_strsafe_counted_strings_are_not_terminated),
        cmocka_unit_test(test_intsafe_notices_overflows),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown);
}
