/* SPDX-License-Identifier: MIT */
/* Tests addresses to text and back: forms, terminators, ports and scopes, sizes that fit exactly, both widths. */
#include <wdm.h>

#include <ip2string.h>

#include "support/emu_fixture.h"

static IN_ADDR ipv4(UCHAR a, UCHAR b, UCHAR c, UCHAR d)
{
    UCHAR bytes[4] = { a, b, c, d };
    IN_ADDR address;

    memcpy(&address, bytes, sizeof(address));
    return address;
}

/* The eight words as the text shows them. */
static IN6_ADDR ipv6(USHORT w0, USHORT w1, USHORT w2, USHORT w3, USHORT w4, USHORT w5, USHORT w6, USHORT w7)
{
    const USHORT words[8] = { w0, w1, w2, w3, w4, w5, w6, w7 };
    IN6_ADDR address;

    for (unsigned i = 0; i < 8; i++) {
        address.u.Byte[2 * i] = (UCHAR)(words[i] >> 8);
        address.u.Byte[2 * i + 1] = (UCHAR)words[i];
    }
    return address;
}

/* Widens ASCII, for running each case in both widths. */
static PCWSTR widen(PCSTR text)
{
    static WCHAR wide[128];
    size_t i = 0;

    do {
        wide[i] = (WCHAR)text[i];
    } while (text[i++] != 0);
    return wide;
}

static void assert_wide(PCWSTR wide, PCSTR expected)
{
    size_t i = 0;

    do {
        assert_int_equal(wide[i], (WCHAR)expected[i]);
    } while (expected[i++] != 0);
}

#define PORT(value) RtlUshortByteSwap(value)

/* --- IPv4 to text ------------------------------------------------------------------------ */

static void check_ipv4_print(IN_ADDR address, PCSTR expected)
{
    CHAR narrow[16];
    WCHAR wide[16];

    assert_ptr_equal(RtlIpv4AddressToStringA(&address, narrow), narrow + strlen(expected));
    assert_string_equal(narrow, expected);
    assert_ptr_equal(RtlIpv4AddressToStringW(&address, wide), wide + strlen(expected));
    assert_wide(wide, expected);
}

static void test_ipv4_to_string_returns_the_terminator(void **state)
{
    (void)state;
    check_ipv4_print(ipv4(0, 0, 0, 0), "0.0.0.0");
    check_ipv4_print(ipv4(127, 0, 0, 1), "127.0.0.1");
    check_ipv4_print(ipv4(255, 255, 255, 255), "255.255.255.255");
    check_ipv4_print(ipv4(10, 9, 100, 99), "10.9.100.99");
}

static void test_ipv4_to_string_ex_exact_fit_and_one_less(void **state)
{
    IN_ADDR address = ipv4(255, 255, 255, 255);
    CHAR narrow[22];
    WCHAR wide[22];
    ULONG size = 22;

    (void)state;
    assert_int_equal(RtlIpv4AddressToStringExA(&address, PORT(65535), narrow, &size), STATUS_SUCCESS);
    assert_string_equal(narrow, "255.255.255.255:65535");
    assert_int_equal(size, 22);
    size = 21;
    narrow[0] = 'z';
    assert_int_equal(RtlIpv4AddressToStringExA(&address, PORT(65535), narrow, &size), STATUS_INVALID_PARAMETER);
    assert_int_equal(size, 22);
    assert_int_equal(narrow[0], 'z');
    size = 22;
    assert_int_equal(RtlIpv4AddressToStringExW(&address, PORT(80), wide, &size), STATUS_SUCCESS);
    assert_wide(wide, "255.255.255.255:80");
    assert_int_equal(size, 19);
    size = 22;
    assert_int_equal(RtlIpv4AddressToStringExA(&address, 0, narrow, &size), STATUS_SUCCESS);
    assert_string_equal(narrow, "255.255.255.255");
    assert_int_equal(size, 16);
}

static void test_ipv4_to_string_ex_refuses_null(void **state)
{
    IN_ADDR address = ipv4(1, 2, 3, 4);
    CHAR narrow[22];
    ULONG size = 22;

    (void)state;
    assert_int_equal(RtlIpv4AddressToStringExA(NULL, 0, narrow, &size), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv4AddressToStringExA(&address, 0, narrow, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIpv4AddressToStringExA(&address, 0, NULL, &size), STATUS_INVALID_PARAMETER);
    assert_int_equal(size, 8);
}

/* --- IPv4 from text ---------------------------------------------------------------------- */

struct ipv4_case {
    PCSTR text;
    NTSTATUS loose;
    NTSTATUS strict;
    UCHAR bytes[4]; /* of the forms that succeed */
    int end;        /* where reading stops in the loose form; -1: not looked at */
};

#define GOOD STATUS_SUCCESS
#define BAD STATUS_INVALID_PARAMETER

static const struct ipv4_case ipv4_cases[] = {
    { "1.2.3.4", GOOD, GOOD, { 1, 2, 3, 4 }, 7 },
    { "0.1.2.3", GOOD, GOOD, { 0, 1, 2, 3 }, 7 },
    { "255.255.255.255", GOOD, GOOD, { 255, 255, 255, 255 }, 15 },
    { "1.2.3.4:80", GOOD, GOOD, { 1, 2, 3, 4 }, 7 },
    { "1.2.3.4 and more", GOOD, GOOD, { 1, 2, 3, 4 }, 7 },
    { "1", GOOD, BAD, { 0, 0, 0, 1 }, 1 },
    { "1.2", GOOD, BAD, { 1, 0, 0, 2 }, 3 },
    { "1.2.3", GOOD, BAD, { 1, 2, 0, 3 }, 5 },
    { "1.65535", GOOD, BAD, { 1, 0, 255, 255 }, 7 },
    { "1.16777215", GOOD, BAD, { 1, 255, 255, 255 }, 10 },
    { "1.2.65535", GOOD, BAD, { 1, 2, 255, 255 }, 9 },
    { "0x7f.1", GOOD, BAD, { 127, 0, 0, 1 }, 6 },
    { "0x00010203", GOOD, BAD, { 0, 1, 2, 3 }, 10 },
    { "0X1234", GOOD, BAD, { 0, 0, 0x12, 0x34 }, 6 },
    { "017700000001", GOOD, BAD, { 127, 0, 0, 1 }, 12 },
    { "0777", GOOD, BAD, { 0, 0, 1, 255 }, 4 },
    { "1.2.3.010", GOOD, BAD, { 1, 2, 3, 8 }, 9 },
    { "1234BEEF", GOOD, BAD, { 0, 0, 4, 210 }, 4 },
    { "0x123456789", GOOD, BAD, { 0x23, 0x45, 0x67, 0x89 }, 11 },
    { "", BAD, BAD, { 0 }, 0 },
    { " 1.2.3.4", BAD, BAD, { 0 }, 0 },
    { "x00010203", BAD, BAD, { 0 }, 0 },
    { "[1.2.3.4]", BAD, BAD, { 0 }, 0 },
    { "::1", BAD, BAD, { 0 }, 0 },
    { "1.", BAD, BAD, { 0 }, 2 },
    { "1..2", BAD, BAD, { 0 }, -1 },
    { "1.2.3.4.", BAD, BAD, { 0 }, 7 },
    { "1.2.3.4.5", BAD, BAD, { 0 }, 7 },
    { "256.1.1.1", BAD, BAD, { 0 }, -1 },
    { "1.2.3.256", BAD, BAD, { 0 }, -1 },
    { "1.2.65536", BAD, BAD, { 0 }, -1 },
    { "1.16777216", BAD, BAD, { 0 }, -1 },
    { "-1.1.1.1", BAD, BAD, { 0 }, 0 },
    { "0x", BAD, BAD, { 0 }, -1 },
};

static void check_ipv4_parse(const struct ipv4_case *c, BOOLEAN is_strict)
{
    NTSTATUS expected = is_strict ? c->strict : c->loose;
    PCWSTR wide = widen(c->text);
    IN_ADDR address = ipv4(9, 9, 9, 9);
    IN_ADDR wanted = ipv4(9, 9, 9, 9);
    PCSTR end;
    PCWSTR wide_end;

    if (expected == GOOD) {
        memcpy(&wanted, c->bytes, 4);
    }
    assert_int_equal(RtlIpv4StringToAddressA(c->text, is_strict, &end, &address), expected);
    assert_memory_equal(&address, &wanted, 4);
    if (c->end >= 0 && !is_strict) {
        assert_int_equal(end - c->text, c->end);
    }
    address = ipv4(9, 9, 9, 9);
    assert_int_equal(RtlIpv4StringToAddressW(wide, is_strict, &wide_end, &address), expected);
    assert_memory_equal(&address, &wanted, 4);
    assert_int_equal(wide_end - wide, end - c->text);
}

static void test_ipv4_from_string_loose_and_strict(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(ipv4_cases); i++) {
        check_ipv4_parse(&ipv4_cases[i], FALSE);
        check_ipv4_parse(&ipv4_cases[i], TRUE);
    }
}

static void check_ipv4_parse_ex(PCSTR text, NTSTATUS expected, USHORT expected_port)
{
    IN_ADDR address = ipv4(9, 9, 9, 9);
    IN_ADDR untouched = ipv4(9, 9, 9, 9);
    USHORT port = 0xDEAD;

    assert_int_equal(RtlIpv4StringToAddressExA(text, TRUE, &address, &port), expected);
    if (expected == GOOD) {
        assert_int_equal(port, PORT(expected_port));
    } else {
        assert_int_equal(port, 0xDEAD);
        assert_memory_equal(&address, &untouched, sizeof(address));
    }
    port = 0xDEAD;
    assert_int_equal(RtlIpv4StringToAddressExW(widen(text), TRUE, &address, &port), expected);
    assert_int_equal(port, expected == GOOD ? PORT(expected_port) : 0xDEAD);
}

static void test_ipv4_from_string_ex_reads_the_port(void **state)
{
    (void)state;
    check_ipv4_parse_ex("1.2.3.4", GOOD, 0);
    check_ipv4_parse_ex("1.2.3.4:1", GOOD, 1);
    check_ipv4_parse_ex("1.2.3.4:65535", GOOD, 65535);
    check_ipv4_parse_ex("1.2.3.4:0xFfFf", GOOD, 65535);
    check_ipv4_parse_ex("1.2.3.4:011064", GOOD, 4660);
    check_ipv4_parse_ex("1.2.3.4:65536", BAD, 0);
    check_ipv4_parse_ex("1.2.3.4:0", BAD, 0);
    check_ipv4_parse_ex("1.2.3.4:", BAD, 0);
    check_ipv4_parse_ex("1.2.3.4:80x", BAD, 0);
    check_ipv4_parse_ex("1.2.3.4: 80", BAD, 0);
    check_ipv4_parse_ex("1.2.3.4+", BAD, 0);
    check_ipv4_parse_ex("", BAD, 0);
    check_ipv4_parse_ex("1.2.3", BAD, 0);
}

static void test_ipv4_from_string_ex_refuses_null(void **state)
{
    IN_ADDR address;
    USHORT port;

    (void)state;
    assert_int_equal(RtlIpv4StringToAddressExA(NULL, TRUE, &address, &port), BAD);
    assert_int_equal(RtlIpv4StringToAddressExA("1.2.3.4", TRUE, NULL, &port), BAD);
    assert_int_equal(RtlIpv4StringToAddressExA("1.2.3.4", TRUE, &address, NULL), BAD);
}

/* --- IPv6 to text ------------------------------------------------------------------------ */

static void check_ipv6_print(IN6_ADDR address, PCSTR expected)
{
    CHAR narrow[46];
    WCHAR wide[46];

    assert_ptr_equal(RtlIpv6AddressToStringA(&address, narrow), narrow + strlen(expected));
    assert_string_equal(narrow, expected);
    assert_ptr_equal(RtlIpv6AddressToStringW(&address, wide), wide + strlen(expected));
    assert_wide(wide, expected);
}

static void test_ipv6_to_string_shortens_the_first_longest_run(void **state)
{
    (void)state;
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0, 0, 0), "::");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0, 0, 1), "::1");
    check_ipv6_print(ipv6(1, 0, 0, 0, 0, 0, 0, 0), "1::");
    check_ipv6_print(ipv6(0, 1, 2, 3, 4, 5, 6, 7), "0:1:2:3:4:5:6:7");
    check_ipv6_print(ipv6(1, 2, 3, 4, 5, 6, 0, 8), "1:2:3:4:5:6:0:8");
    check_ipv6_print(ipv6(1, 2, 3, 4, 5, 6, 0, 0), "1:2:3:4:5:6::");
    check_ipv6_print(ipv6(0x3ffe, 0xb00, 0, 0, 1, 0, 0, 0xa), "3ffe:b00::1:0:0:a");
    check_ipv6_print(ipv6(1, 0, 0, 2, 0, 0, 0, 3), "1:0:0:2::3");
    check_ipv6_print(ipv6(0x2001, 0xdb8, 0x85a3, 0, 0, 0x8a2e, 0x370, 0x7334), "2001:db8:85a3::8a2e:370:7334");
    check_ipv6_print(ipv6(0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff),
                     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void test_ipv6_to_string_shows_a_dotted_tail(void **state)
{
    (void)state;
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), "::ffff:127.0.0.1");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0, 0x0d01, 0x4403), "::13.1.68.3");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0, 1, 0), "::0.1.0.0");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0, 0, 0xffff), "::ffff");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0xffff, 0, 0x4403), "::ffff:0:4403");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0xffff, 0, 0x0d01, 0x4403), "::ffff:0:13.1.68.3");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0xffff, 0xffff, 0x0d01, 0x4403), "::ffff:ffff:d01:4403");
    check_ipv6_print(ipv6(0, 0, 0, 0, 0, 0xfffe, 0x0d01, 0x4403), "::fffe:d01:4403");
    check_ipv6_print(ipv6(0xfe80, 0, 0, 0, 0, 0x5efe, 0x0d01, 0x4403), "fe80::5efe:13.1.68.3");
    check_ipv6_print(ipv6(1, 2, 3, 4, 0x0200, 0x5efe, 0, 0), "1:2:3:4:200:5efe:0.0.0.0");
    check_ipv6_print(ipv6(1, 2, 3, 4, 0x0100, 0x5efe, 0, 0), "1:2:3:4:100:5efe::");
}

static void test_ipv6_to_string_ex_exact_fit_and_one_less(void **state)
{
    IN6_ADDR address = ipv6(0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff);
    PCSTR expected = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535";
    ULONG needed = (ULONG)strlen(expected) + 1;
    CHAR narrow[65];
    WCHAR wide[65];
    ULONG size = needed;

    (void)state;
    assert_int_equal(RtlIpv6AddressToStringExA(&address, 0xFFFFFFFF, PORT(65535), narrow, &size), GOOD);
    assert_string_equal(narrow, expected);
    assert_int_equal(size, needed);
    size = needed - 1;
    assert_int_equal(RtlIpv6AddressToStringExA(&address, 0xFFFFFFFF, PORT(65535), narrow, &size), BAD);
    assert_int_equal(size, needed);
    size = 65;
    assert_int_equal(RtlIpv6AddressToStringExW(&address, 0xFFFFFFFF, PORT(65535), wide, &size), GOOD);
    assert_wide(wide, expected);
}

static void test_ipv6_to_string_ex_leaves_out_what_is_zero(void **state)
{
    IN6_ADDR address = ipv6(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    CHAR narrow[65];
    ULONG size = 65;

    (void)state;
    assert_int_equal(RtlIpv6AddressToStringExA(&address, 0, 0, narrow, &size), GOOD);
    assert_string_equal(narrow, "fe80::1");
    size = 65;
    assert_int_equal(RtlIpv6AddressToStringExA(&address, 3, 0, narrow, &size), GOOD);
    assert_string_equal(narrow, "fe80::1%3");
    size = 65;
    assert_int_equal(RtlIpv6AddressToStringExA(&address, 0, PORT(80), narrow, &size), GOOD);
    assert_string_equal(narrow, "[fe80::1]:80");
    assert_int_equal(RtlIpv6AddressToStringExA(NULL, 0, 0, narrow, &size), BAD);
}

/* --- IPv6 from text ----------------------------------------------------------------------- */

struct ipv6_case {
    PCSTR text;
    NTSTATUS expected;
    int end; /* -1: not looked at */
    USHORT words[8];
};

static const struct ipv6_case ipv6_cases[] = {
    { "::", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { ":::", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "::1", GOOD, 3, { 0, 0, 0, 0, 0, 0, 0, 1 } },
    { "1::", GOOD, 3, { 1, 0, 0, 0, 0, 0, 0, 0 } },
    { "1:2:3:4:5:6:7:8", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "1:2:3:4:5:6:7::", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 0 } },
    { "::2:3:4:5:6:7:8", GOOD, 15, { 0, 2, 3, 4, 5, 6, 7, 8 } },
    { "1::3:4:5:6:7:8", GOOD, 14, { 1, 0, 3, 4, 5, 6, 7, 8 } },
    { "2001:DB8:85a3::8A2E:370:7334", GOOD, 28, { 0x2001, 0xdb8, 0x85a3, 0, 0, 0x8a2e, 0x370, 0x7334 } },
    { "0001:0002::", GOOD, 11, { 1, 2, 0, 0, 0, 0, 0, 0 } },
    { "::127.0.0.1", GOOD, 11, { 0, 0, 0, 0, 0, 0, 0x7f00, 1 } },
    { "::ffff:13.1.68.3", GOOD, 16, { 0, 0, 0, 0, 0, 0xffff, 0x0d01, 0x4403 } },
    { "1:2:3:4:5:6:1.2.3.4", GOOD, 19, { 1, 2, 3, 4, 5, 6, 0x0102, 0x0304 } },
    { "1::001.2.3.4", GOOD, 12, { 1, 0, 0, 0, 0, 0, 0x0102, 0x0304 } },
    { "::%16", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "::/16", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "::-1", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "::.", GOOD, 2, { 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "1::2::3", GOOD, 4, { 1, 0, 0, 0, 0, 0, 0, 2 } },
    { "1:2:::", GOOD, 5, { 1, 2, 0, 0, 0, 0, 0, 0 } },
    { "1:2:3:4:5:6:7:8:", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "1:2:3:4:5:6:7:8:9", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "1:2:3:4:5:6::7:8", GOOD, 14, { 1, 2, 3, 4, 5, 6, 0, 7 } },
    { "1:2:3:4:5:6:7::8", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 0 } },
    { "1:2:3:4:5:6:7:1.2.3.4", GOOD, 15, { 1, 2, 3, 4, 5, 6, 7, 1 } },
    { "1::3:4:5:6:7::", GOOD, 12, { 1, 0, 0, 3, 4, 5, 6, 7 } },
    { "1::1a.2.3.4", GOOD, 5, { 1, 0, 0, 0, 0, 0, 0, 0x1a } },
    { "1::1.2.3.4::1", GOOD, 10, { 1, 0, 0, 0, 0, 0, 0x0102, 0x0304 } },
    { "", BAD, 0, { 0 } },
    { ":", BAD, 0, { 0 } },
    { ":1", BAD, 0, { 0 } },
    { ":1111::", BAD, 0, { 0 } },
    { "[::]", BAD, 0, { 0 } },
    { "1", BAD, 1, { 0 } },
    { "1:2", BAD, 3, { 0 } },
    { "1:2:", BAD, 4, { 0 } },
    { "1:2:3:4:5:6:7", BAD, 13, { 0 } },
    { "1:2:3:4:5:6:7:", BAD, 14, { 0 } },
    { "1::5:", BAD, 5, { 0 } },
    { "12345::", BAD, -1, { 0 } },
    { "::01234", BAD, -1, { 0 } },
    { "1:2:3:4:x:6:7:8", BAD, 8, { 0 } },
    { "1.2.3.4", BAD, 7, { 0 } },
    { "1:2:1.2.3.4", BAD, 11, { 0 } },
    { "1::0001.2.3.4", BAD, -1, { 0 } },
    { "1::1.2.256.4", BAD, -1, { 0 } },
    { "1::1.2.3", BAD, 8, { 0 } },
    { "1::1.2a.3.4", BAD, 6, { 0 } },
};

static void check_ipv6_parse(const struct ipv6_case *c)
{
    PCWSTR wide = widen(c->text);
    IN6_ADDR address;
    IN6_ADDR wanted =
        ipv6(c->words[0], c->words[1], c->words[2], c->words[3], c->words[4], c->words[5], c->words[6], c->words[7]);
    PCSTR end;
    PCWSTR wide_end;

    memset(&address, 0xAB, sizeof(address));
    if (c->expected != GOOD) {
        memset(&wanted, 0xAB, sizeof(wanted));
    }
    assert_int_equal(RtlIpv6StringToAddressA(c->text, &end, &address), c->expected);
    assert_memory_equal(&address, &wanted, sizeof(address));
    if (c->end >= 0) {
        assert_int_equal(end - c->text, c->end);
    }
    assert_int_equal(RtlIpv6StringToAddressW(wide, &wide_end, &address), c->expected);
    assert_memory_equal(&address, &wanted, sizeof(address));
    assert_int_equal(wide_end - wide, end - c->text);
}

static void test_ipv6_from_string_stops_where_nothing_more_can_belong(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RTL_NUMBER_OF(ipv6_cases); i++) {
        check_ipv6_parse(&ipv6_cases[i]);
    }
}

static void check_ipv6_parse_ex(PCSTR text, NTSTATUS expected, ULONG expected_scope, USHORT expected_port)
{
    IN6_ADDR address;
    ULONG scope = 0xDEAD;
    USHORT port = 0xDEAD;

    assert_int_equal(RtlIpv6StringToAddressExA(text, &address, &scope, &port), expected);
    assert_int_equal(scope, expected == GOOD ? expected_scope : 0xDEAD);
    assert_int_equal(port, expected == GOOD ? PORT(expected_port) : 0xDEAD);
    scope = 0xDEAD;
    port = 0xDEAD;
    assert_int_equal(RtlIpv6StringToAddressExW(widen(text), &address, &scope, &port), expected);
    assert_int_equal(scope, expected == GOOD ? expected_scope : 0xDEAD);
    assert_int_equal(port, expected == GOOD ? PORT(expected_port) : 0xDEAD);
}

static void test_ipv6_from_string_ex_reads_scope_and_port(void **state)
{
    (void)state;
    check_ipv6_parse_ex("::1", GOOD, 0, 0);
    check_ipv6_parse_ex("fe80::1%3", GOOD, 3, 0);
    check_ipv6_parse_ex("fe80::1%4294967295", GOOD, 4294967295u, 0);
    check_ipv6_parse_ex("[::1]", GOOD, 0, 0);
    check_ipv6_parse_ex("[::1]:80", GOOD, 0, 80);
    check_ipv6_parse_ex("[fe80::1%3]:65535", GOOD, 3, 65535);
    check_ipv6_parse_ex("[::1]:0x50", GOOD, 0, 80);
    check_ipv6_parse_ex("::1 ", BAD, 0, 0);
    check_ipv6_parse_ex("::/16", BAD, 0, 0);
    check_ipv6_parse_ex("fe80::1%", BAD, 0, 0);
    check_ipv6_parse_ex("fe80::1%4294967296", BAD, 0, 0);
    check_ipv6_parse_ex("fe80::1%x", BAD, 0, 0);
    check_ipv6_parse_ex("[::1", BAD, 0, 0);
    check_ipv6_parse_ex("::1]:80", BAD, 0, 0);
    check_ipv6_parse_ex("[::1]80", BAD, 0, 0);
    check_ipv6_parse_ex("[::1]:", BAD, 0, 0);
    check_ipv6_parse_ex("[::1]:65536", BAD, 0, 0);
    check_ipv6_parse_ex("[1:2]:80", BAD, 0, 0);
}

static void test_ipv6_from_string_ex_refuses_null(void **state)
{
    IN6_ADDR address;
    ULONG scope;
    USHORT port;

    (void)state;
    assert_int_equal(RtlIpv6StringToAddressExA(NULL, &address, &scope, &port), BAD);
    assert_int_equal(RtlIpv6StringToAddressExA("::1", NULL, &scope, &port), BAD);
    assert_int_equal(RtlIpv6StringToAddressExA("::1", &address, NULL, &port), BAD);
    assert_int_equal(RtlIpv6StringToAddressExA("::1", &address, &scope, NULL), BAD);
}

/* Every pattern of zero and nonzero words, in front of both kinds of tail. */
static void test_ipv6_round_trip(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 256; pattern++) {
        for (unsigned value = 0; value < 3; value++) {
            static const USHORT values[] = { 1, 0xffff, 0x5efe };
            USHORT w[8];
            IN6_ADDR address;
            IN6_ADDR back;
            CHAR text[46];
            PCSTR end;

            for (unsigned i = 0; i < 8; i++) {
                w[i] = (USHORT)((pattern >> i & 1) != 0 ? values[value] : 0);
            }
            address = ipv6(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
            (void)RtlIpv6AddressToStringA(&address, text);
            assert_int_equal(RtlIpv6StringToAddressA(text, &end, &back), GOOD);
            assert_int_equal(*end, 0);
            assert_memory_equal(&back, &address, sizeof(address));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_to_string_returns_the_terminator),
        cmocka_unit_test(test_ipv4_to_string_ex_exact_fit_and_one_less),
        cmocka_unit_test(test_ipv4_to_string_ex_refuses_null),
        cmocka_unit_test(test_ipv4_from_string_loose_and_strict),
        cmocka_unit_test(test_ipv4_from_string_ex_reads_the_port),
        cmocka_unit_test(test_ipv4_from_string_ex_refuses_null),
        cmocka_unit_test(test_ipv6_to_string_shortens_the_first_longest_run),
        cmocka_unit_test(test_ipv6_to_string_shows_a_dotted_tail),
        cmocka_unit_test(test_ipv6_to_string_ex_exact_fit_and_one_less),
        cmocka_unit_test(test_ipv6_to_string_ex_leaves_out_what_is_zero),
        cmocka_unit_test(test_ipv6_from_string_stops_where_nothing_more_can_belong),
        cmocka_unit_test(test_ipv6_from_string_ex_reads_scope_and_port),
        cmocka_unit_test(test_ipv6_from_string_ex_refuses_null),
        cmocka_unit_test(test_ipv6_round_trip),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown);
}
