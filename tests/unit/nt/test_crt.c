/* SPDX-License-Identifier: MIT */
/* The kernel's C library as a driver compiles against it: 16-bit wide strings, and formats of the Windows kernel. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

/* The host's functions would read 32-bit characters; a compiler may also know the answer without a call. */
static void test_wide_strings_have_sixteen_bits(void **state)
{
    const WCHAR *volatile text = L"abcd";
    WCHAR buffer[8];

    (void)state;
    assert_int_equal(wcslen(text), 4);
    assert_int_equal(wcslen(L"abcd"), 4);
    assert_int_equal(wcsnlen(text, 3), 3);
    assert_ptr_equal(wcscpy(buffer, text), buffer);
    assert_memory_equal(buffer, L"abcd", 5 * sizeof(WCHAR));
    assert_ptr_equal(wcscat(buffer, L"ef"), buffer);
    assert_int_equal(wcscmp(buffer, L"abcdef"), 0);
    assert_true(wcscmp(L"b", L"abc") > 0);
    assert_true(wcscmp(L"ab", L"abc") < 0);
    assert_int_equal(wcsncmp(L"abX", L"abY", 2), 0);
    assert_true(wcsncmp(L"abX", L"abY", 3) < 0);
    assert_int_equal(_wcsicmp(L"GaTe", L"gAtE"), 0);
    assert_true(_wcsnicmp(L"gates", L"GATEr", 5) > 0);
    memset(buffer, 0xFF, sizeof(buffer));
    (void)wcsncpy(buffer, L"xy", 4);
    assert_memory_equal(buffer, L"xy\0\0\xFFFF", 5 * sizeof(WCHAR));
    assert_ptr_equal(wcschr(text, L'c'), text + 2);
    assert_ptr_equal(wcschr(text, 0), text + 4);
    assert_null(wcschr(text, L'z'));
    assert_ptr_equal(wcsrchr(L"abab", 0), wcsrchr(L"abab", L'b') + 1);
    assert_null(wcsrchr(text, L'z'));
    assert_ptr_equal(wcsstr(text, L"cd"), text + 2);
    assert_ptr_equal(wcsstr(text, L""), text);
    assert_null(wcsstr(text, L"ce"));
}

static void test_sized_wide_copies_fail_with_an_empty_string(void **state)
{
    WCHAR buffer[4];

    (void)state;
    assert_int_equal(wcscpy_s(buffer, 4, L"abc"), 0);
    assert_int_equal(wcscmp(buffer, L"abc"), 0);
    assert_int_equal(wcscpy_s(buffer, 4, L"abcd"), 34);
    assert_int_equal(buffer[0], 0);
    assert_int_equal(wcscpy_s(NULL, 4, L"a"), 22);
    assert_int_equal(wcscpy_s(buffer, 0, L"a"), 22);
    buffer[0] = L'x';
    assert_int_equal(wcscpy_s(buffer, 4, NULL), 22);
    assert_int_equal(buffer[0], 0);
    assert_int_equal(wcscat_s(buffer, 4, L"ab"), 0);
    assert_int_equal(wcscat_s(buffer, 4, L"c"), 0);
    assert_int_equal(wcscmp(buffer, L"abc"), 0);
    assert_int_equal(wcscat_s(buffer, 4, L"d"), 34);
    buffer[0] = L'x';
    buffer[1] = L'x';
    buffer[2] = L'x';
    buffer[3] = L'x';
    assert_int_equal(wcscat_s(buffer, 4, L"d"), 22); /* not terminated */
    assert_int_equal(wcsncpy_s(buffer, 4, L"abcdef", 2), 0);
    assert_int_equal(wcscmp(buffer, L"ab"), 0);
    assert_int_equal(wcsncpy_s(buffer, 4, L"abcdef", _TRUNCATE), 80);
    assert_int_equal(wcscmp(buffer, L"abc"), 0);
    assert_int_equal(wcsncpy_s(buffer, 4, L"abc", _TRUNCATE), 0);
}

static void test_sized_narrow_copies_fail_with_an_empty_string(void **state)
{
    char buffer[4] = "zzz";
    char other[4] = "abc";

    (void)state;
    assert_int_equal(strcpy_s(buffer, 4, "abc"), 0);
    assert_string_equal(buffer, "abc");
    assert_int_equal(strcpy_s(buffer, 4, "abcd"), 34);
    assert_string_equal(buffer, "");
    assert_int_equal(strcat_s(buffer, 4, "ab"), 0);
    assert_int_equal(strcat_s(buffer, 4, "cd"), 34);
    assert_int_equal(strncpy_s(buffer, 4, "abcdef", _TRUNCATE), 80);
    assert_string_equal(buffer, "abc");
    assert_int_equal(memcpy_s(buffer, 4, other, 4), 0);
    assert_int_equal(memmove_s(buffer, 3, other, 4), 34);
    assert_string_equal(buffer, "abc");
    assert_int_equal(memcpy_s(buffer, 3, other, 4), 34);
    assert_memory_equal(buffer, "\0\0\0\0", 4);
    assert_int_equal(memcpy_s(NULL, 3, other, 4), 22);
    assert_int_equal(_stricmp("Gate", "gATE"), 0);
    assert_true(_strnicmp("ab", "AC", 2) < 0);
    assert_int_equal(_strnicmp("ab", "AC", 1), 0);
    assert_int_equal(strnlen(other, 2), 2);
    assert_int_equal(strnlen(other, 4), 3);
    assert_int_equal(strlen(other), 3);
}

static void test_snprintf_s_always_terminates(void **state)
{
    char buffer[8];

    (void)state;
    memset(buffer, 'z', sizeof(buffer));
    assert_int_equal(_snprintf_s(buffer, sizeof(buffer), _TRUNCATE, "%02x%c", 0xab, '.'), 3);
    assert_string_equal(buffer, "ab.");
    assert_int_equal(_snprintf_s(buffer, 4, _TRUNCATE, "%s", "abcd"), -1);
    assert_string_equal(buffer, "abc");
    assert_int_equal(_snprintf_s(buffer, 8, 2, "%s", "abcd"), -1);
    assert_string_equal(buffer, "ab");
    assert_int_equal(_snprintf_s(buffer, 8, 2, "%s", "xy"), 2);
    assert_string_equal(buffer, "xy");
    assert_int_equal(_snprintf_s(buffer, 4, 4, "%s", "abcd"), -1);
    assert_string_equal(buffer, "");
    assert_int_equal(_snprintf_s(buffer, 4, 4, "%s", "abc"), 3);
    assert_string_equal(buffer, "abc");
    assert_int_equal(_snprintf_s(buffer, 0, 4, "%s", "abc"), -1);
    assert_string_equal(buffer, "abc");
    assert_int_equal(_snprintf_s(NULL, 4, 4, "%s", "abc"), -1);
}

static void test_snprintf_minds_the_terminator_as_windows_does(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"name");
    char buffer[8];
    WCHAR wide[8];

    (void)state;
    memset(buffer, 'z', sizeof(buffer));
    assert_int_equal(_snprintf(buffer, sizeof(buffer), "%lu-%s", 7u, "ab"), 4);
    assert_string_equal(buffer, "7-ab");
    memset(buffer, 'z', sizeof(buffer));
    assert_int_equal(_snprintf(buffer, 4, "%s", "abcd"), 4);
    assert_memory_equal(buffer, "abcdz", 5);
    assert_int_equal(_snprintf(buffer, 4, "%s", "efghi"), -1);
    assert_memory_equal(buffer, "efghz", 5);
    assert_int_equal(_snprintf(buffer, 0, "%s", "x"), -1);
    assert_int_equal(_snprintf(buffer, sizeof(buffer), "%wZ", &name), 4);
    assert_string_equal(buffer, "name");
    assert_int_equal(_snwprintf(wide, 8, L"%d %s", -5, L"ab"), 5);
    assert_int_equal(wcscmp(wide, L"-5 ab"), 0);
    assert_int_equal(_snwprintf(wide, 3, L"%s", L"abcd"), -1);
    assert_memory_equal(wide, L"abcab", 5 * sizeof(WCHAR));
}

static void test_FUNCTIONW_names_the_function_in_wide_characters(void **state)
{
    const WCHAR *name = __FUNCTIONW__;

    (void)state;
    assert_int_equal(wcscmp(name, L"test_FUNCTIONW_names_the_function_in_wide_characters"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_strings_have_sixteen_bits),
        cmocka_unit_test(test_sized_wide_copies_fail_with_an_empty_string),
        cmocka_unit_test(test_sized_narrow_copies_fail_with_an_empty_string),
        cmocka_unit_test(test_snprintf_s_always_terminates),
        cmocka_unit_test(test_snprintf_minds_the_terminator_as_windows_does),
        cmocka_unit_test(test_FUNCTIONW_names_the_function_in_wide_characters),
    };

    return cmocka_run_group_tests_name("nt/crt", tests, NULL, NULL);
}
