/* SPDX-License-Identifier: MIT */
/* The formatter of trace messages: conversions of printf, conversions by name, and arguments that do not fit. */
#include <ntddk.h>
#include <ntstrsafe.h>

#include <limits.h>
#include <wsk_emu_wdk/wpp.h>

#include "nt/wpp_format.h"
#include "wsk_emu/cmocka.h"

/* clang-format off */
static const struct wsk_emu_wpp_type types[] = {
    { "STATE", "ItemListLong(Closed,Listening,Connected)", 0, NULL },
    { "SMALL", "ItemListByte(no,yes)", 0, NULL },
    { "SHORT", "ItemListShort(no,yes)", 0, NULL },
    { "SET", "ItemSetLong(A,B,C)", 0, NULL },
    { "KIND", "ItemEnum(_KIND)", 0, NULL },
    { NULL, NULL, 0, NULL }
};
/* clang-format on */

static CHAR s_text[256];

static const CHAR *format(const CHAR *message, const struct wsk_emu_trace_arg *args, size_t count)
{
    const struct wsk_emu_wpp_site site = {
        0, 4, "TRACE_LEVEL_INFORMATION", "FLAG_NET", types, "the_function", "/a/b\\file.c", 77, "", message, ""
    };

    (void)we_wpp_format(s_text, sizeof(s_text), &site, args, count);
    return s_text;
}

#define FORMAT(message, ...)                                                                                       \
    format(message, (const struct wsk_emu_trace_arg[]){ WSK_EMU_TRACE_ARGS(0, ##__VA_ARGS__){ { { 0 } }, 0, 0 } }, \
           sizeof((const struct wsk_emu_trace_arg[]){ WSK_EMU_TRACE_ARGS(0, ##__VA_ARGS__){ { { 0 } }, 0, 0 } }) / \
                   sizeof(struct wsk_emu_trace_arg) -                                                              \
               1)

static void test_wpp_format_integers_have_the_size_that_the_format_names(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%d %i %u", -1, 2, 3), "-1 2 3");
    assert_string_equal(FORMAT("%d", 0x1FFFFFFFFll), "-1");
    assert_string_equal(FORMAT("%ld %lu", -5ll, 5ull), "-5 5");
    assert_string_equal(FORMAT("%I64d", (signed char)-3), "-3");
    assert_string_equal(FORMAT("%I64u %llx", (unsigned char)255, 0xFFFFFFFFFull), "255 fffffffff");
    assert_string_equal(FORMAT("%hd %hu %hhd %hhu", 0x18000, 0x18000, 0x1FF, 0x1FF), "-32768 32768 -1 255");
    assert_string_equal(FORMAT("%Id %Iu", LLONG_MIN, ULLONG_MAX), "-9223372036854775808 18446744073709551615");
    assert_string_equal(FORMAT("%08x %-6X| %#o %+d %5d %.3d", 0xBEEF, 0xAB, 8, 7, 42, 9),
                        "0000beef AB    | 010 +7    42 009");
    assert_string_equal(FORMAT("%*d %.*s", 4, 7, 2, "abcd"), "   7 ab");
}

static void test_wpp_format_takes_structures_and_bit_fields(void **state)
{
    struct {
        unsigned small : 3;
        int negative : 4;
    } bits = { 5, -2 };
    LARGE_INTEGER large = { .QuadPart = 1ll << 40 };
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"wide");
    enum { ONE = 1 } one = ONE;

    (void)state;
    assert_string_equal(FORMAT("%u %d", bits.small, bits.negative), "5 -2");
    assert_string_equal(FORMAT("%I64d", large), "1099511627776");
    assert_string_equal(FORMAT("%wZ", wide), "wide");
    assert_string_equal(FORMAT("%d", one), "1");
}

static void test_wpp_format_strings(void **state)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"wide");
    ANSI_STRING narrow = RTL_CONSTANT_STRING("narrow");
    UNICODE_STRING empty = { 0, 0, NULL };

    (void)state;
    assert_string_equal(FORMAT("%s|%hs|%S|%ws|%ls", "a", "b", L"c", L"d", L"e"), "a|b|c|d|e");
    assert_string_equal(FORMAT("%wZ|%Z|%6s|%-4s|%.2s", &wide, &narrow, "r", "l", "cut"), "wide|narrow|     r|l   |cu");
    assert_string_equal(FORMAT("%s %S %wZ %wZ", NULL, NULL, NULL, &empty), "NULL NULL NULL NULL");
    assert_string_equal(FORMAT("%c%c%C", 'x', 0x79, L'z'), "xyz");
    assert_string_equal(FORMAT("%!ASTR! %!WSTR! %!USTR! %!ANSTR!", "a", L"b", &wide, &narrow), "a b wide narrow");
}

static void test_wpp_format_pointers_and_floats(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%p", (PVOID)(ULONG_PTR)0x1234), "0000000000001234");
    assert_string_equal(FORMAT("%.2f %g %e", 1.5, 0.25f, 100.0), "1.50 0.25 1.000000e+02");
    assert_string_equal(FORMAT("%d%%", 50), "50%");
    assert_string_equal(FORMAT("%q"), "%q");
}

static void test_wpp_format_arguments_that_do_not_fit_are_not_read(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%s", 5), "(not a string: 0x5)");
    assert_string_equal(FORMAT("%wZ", 0xFFFFFFFFFFull), "(not a string: 0xffffffffff)");
    assert_string_equal(FORMAT("%d %d", 1), "1 (no argument)");
    assert_string_equal(FORMAT("%!STATUS!"), "(no argument)");
    assert_string_equal(FORMAT("%!GUID!", 5), "(no address: 0x5)");
    assert_string_equal(FORMAT("%!sid! %!sid!", 7, NULL), "(not a SID) NULL");
    assert_string_equal(FORMAT("none %d", 1, 2, 3), "none 1");
}

static void test_wpp_format_status_and_error_codes(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%!STATUS! %!status!", STATUS_SUCCESS, STATUS_TIMEOUT),
                        "0x00000000(STATUS_SUCCESS) 0x00000102(STATUS_TIMEOUT)");
    assert_string_equal(FORMAT("%!STATUS!", 0xC0FFEE01), "0xc0ffee01");
    assert_string_equal(FORMAT("%!HRESULT! %!WINERROR!", 0x80004005, 5), "0x80004005 5");
}

static void test_wpp_format_addresses(void **state)
{
    ULONG address = RtlUlongByteSwap(0xC0000201);
    UCHAR loopback[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    UCHAR mac[6] = { 0, 0x1A, 0x2B, 0x3C, 0x4D, 0x5E };

    (void)state;
    assert_string_equal(FORMAT("%!IPADDR!:%!PORT!", address, RtlUshortByteSwap(8080)), "192.0.2.1:8080");
    assert_string_equal(FORMAT("%!ipaddr! %!IPADDR!", &address, NULL), "192.0.2.1 NULL");
    assert_string_equal(FORMAT("%!IPV6ADDR! %!MACADDR!", loopback, mac), "::1 00-1A-2B-3C-4D-5E");
}

static void test_wpp_format_guids_and_sids(void **state)
{
    static const GUID guid = { 0x998bdf51, 0x0349, 0x4fbc, { 0x87, 0x0c, 0xd6, 0x13, 0x0a, 0x95, 0x5a, 0x5f } };
    static const UCHAR sid[] = { 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0 };

    (void)state;
    assert_string_equal(FORMAT("%!GUID!", &guid), "998bdf51-0349-4fbc-870c-d6130a955a5f");
    assert_string_equal(FORMAT("%!guid!", guid), "998bdf51-0349-4fbc-870c-d6130a955a5f");
    assert_string_equal(FORMAT("%!sid!", sid), "S-1-5-32-544");
}

static void test_wpp_format_lists_sets_and_truth(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%!bool! %!BOOLEAN! %!bool8! %!bool16!", 1, (BOOLEAN)0, 1, 0), "true FALSE true false");
    assert_string_equal(FORMAT("%!irql!", DISPATCH_LEVEL), "DPC");
    assert_string_equal(FORMAT("%!STATE! %!STATE! %!STATE!", 0, 2, 9), "Closed Connected 0x9");
    assert_string_equal(FORMAT("%!SMALL! %!SHORT!", 0x101, 0x10001), "yes yes");
    assert_string_equal(FORMAT("%!SET! %!SET! %!b1!", 5, 0, 0x81), "[A,C] [] [1,8]");
    assert_string_equal(FORMAT("%!KIND!", 3), "3");
}

static void test_wpp_format_times(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%!delta!", 90061001ll), "1~01:01:01.001");
    assert_string_equal(FORMAT("%!due!", -1500), "-0~00:00:01.500");
    assert_string_equal(FORMAT("%!TIMESTAMP!", 0ll), "01/01/1601-00:00:00.000");
    assert_string_equal(FORMAT("%!datetime!", 116444736000000000ll), "01/01/1970-00:00:00.000");
    assert_string_equal(FORMAT("%!TIME!", 125963423991230000ll), "02/29/2000-23:59:59.123");
}

static void test_wpp_format_facts_about_the_call(void **state)
{
    (void)state;
    assert_string_equal(FORMAT("%!FUNC! %!FILE! %!LINE! %!LEVEL! %!FLAGS!%!SPACE!%!STDPREFIX!."),
                        "the_function file.c 77 TRACE_LEVEL_INFORMATION FLAG_NET .");
}

static void test_wpp_format_unknown_names_show_the_value_in_hex(void **state)
{
    UCHAR bytes[4] = { 1, 2, 3, 4 };
    struct {
        UCHAR bytes[4];
    } structure = { { 0xA, 0xB, 0xC, 0xD } };

    (void)state;
    assert_string_equal(FORMAT("%!WHATEVER! %!WHATEVER!", 255, structure), "0xff 0a 0b 0c 0d");
    assert_string_equal(FORMAT("%!XINT! %!XSHORT! %!SINT64!", 0xAB, 0xC, -7), "000000ab 000C -7");
    assert_non_null(strstr(FORMAT("%!WHATEVER!", bytes), "0x"));
    assert_string_equal(FORMAT("no end %!STATUS"), "no end %!STATUS");
    assert_string_equal(FORMAT("%!cccc!", 0x64636261), "abcd");
}

static void test_wpp_format_long_text_is_cut(void **state)
{
    CHAR text[300];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    assert_int_equal(strlen(FORMAT("%s%s", text, text)), sizeof(s_text) - 1);
}

static void test_wpp_arguments_up_to_sixty(void **state)
{
    (void)state;
#define TEN 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define TEN_D "%d%d%d%d%d%d%d%d%d%d"
    assert_string_equal(FORMAT(TEN_D TEN_D TEN_D TEN_D TEN_D TEN_D, TEN, TEN, TEN, TEN, TEN, TEN),
                        "111111111111111111111111111111111111111111111111111111111111");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_wpp_format_integers_have_the_size_that_the_format_names),
        wsk_emu_unit_test(test_wpp_format_takes_structures_and_bit_fields),
        wsk_emu_unit_test(test_wpp_format_strings),
        wsk_emu_unit_test(test_wpp_format_pointers_and_floats),
        wsk_emu_unit_test(test_wpp_format_arguments_that_do_not_fit_are_not_read),
        wsk_emu_unit_test(test_wpp_format_status_and_error_codes),
        wsk_emu_unit_test(test_wpp_format_addresses),
        wsk_emu_unit_test(test_wpp_format_guids_and_sids),
        wsk_emu_unit_test(test_wpp_format_lists_sets_and_truth),
        wsk_emu_unit_test(test_wpp_format_times),
        wsk_emu_unit_test(test_wpp_format_facts_about_the_call),
        wsk_emu_unit_test(test_wpp_format_unknown_names_show_the_value_in_hex),
        wsk_emu_unit_test(test_wpp_format_long_text_is_cut),
        wsk_emu_unit_test(test_wpp_arguments_up_to_sixty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
