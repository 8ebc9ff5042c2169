/* SPDX-License-Identifier: MIT */
/* Tests of base_addr: well-known values, comparison and text. */
#include "base/base_addr.h"

#include "support/unit.h"

#include <string.h>

static struct we_base_addr ipv6_make(const uint8_t bytes[16], uint16_t port)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_IPV6, port);

    memcpy(addr.bytes, bytes, sizeof(addr.bytes));
    return addr;
}

static void check_ipv6_text(const uint8_t bytes[16], const char *expected)
{
    struct we_base_addr addr = ipv6_make(bytes, 443);
    char text[WE_BASE_ADDR_TEXT_SIZE];

    assert_string_equal(we_base_addr_text(&addr, text), expected);
}

static void test_any_of_each_family_is_wildcard_with_port(void **state)
{
    struct we_base_addr v4 = we_base_addr_any(WE_FAMILY_IPV4, 80);
    struct we_base_addr v6 = we_base_addr_any(WE_FAMILY_IPV6, 81);
    char text[WE_BASE_ADDR_TEXT_SIZE];

    (void)state;
    assert_true(we_base_addr_is_any(&v4));
    assert_true(we_base_addr_is_any(&v6));
    assert_string_equal(we_base_addr_text(&v4, text), "0.0.0.0:80");
    assert_string_equal(we_base_addr_text(&v6, text), "[::]:81");
}

static void test_loopback_of_each_family_is_not_wildcard(void **state)
{
    struct we_base_addr v4 = we_base_addr_loopback(WE_FAMILY_IPV4, 1);
    struct we_base_addr v6 = we_base_addr_loopback(WE_FAMILY_IPV6, 65535);
    char text[WE_BASE_ADDR_TEXT_SIZE];

    (void)state;
    assert_false(we_base_addr_is_any(&v4));
    assert_false(we_base_addr_is_any(&v6));
    assert_string_equal(we_base_addr_text(&v4, text), "127.0.0.1:1");
    assert_string_equal(we_base_addr_text(&v6, text), "[::1]:65535");
}

static void test_same_host_with_other_port_is_same(void **state)
{
    struct we_base_addr a = we_base_addr_loopback(WE_FAMILY_IPV4, 1);
    struct we_base_addr b = we_base_addr_loopback(WE_FAMILY_IPV4, 2);

    (void)state;
    assert_true(we_base_addr_same_host(&a, &b));
    assert_false(we_base_addr_equal(&a, &b));
    b.port = 1;
    assert_true(we_base_addr_equal(&a, &b));
}

static void test_same_host_ipv4_ignores_unused_bytes(void **state)
{
    struct we_base_addr a = we_base_addr_loopback(WE_FAMILY_IPV4, 1);
    struct we_base_addr b = a;

    (void)state;
    b.bytes[4] = 0xaa;
    b.bytes[15] = 0x55;
    b.scope_id = 7;
    assert_true(we_base_addr_same_host(&a, &b));
    assert_true(we_base_addr_equal(&a, &b));
    b.bytes[3] = 2;
    assert_false(we_base_addr_same_host(&a, &b));
}

static void test_same_host_of_other_family_differs(void **state)
{
    struct we_base_addr a = we_base_addr_any(WE_FAMILY_IPV4, 1);
    struct we_base_addr b = we_base_addr_any(WE_FAMILY_IPV6, 1);

    (void)state;
    assert_false(we_base_addr_same_host(&a, &b));
    assert_false(we_base_addr_equal(&a, &b));
}

static void test_equal_ipv6_with_other_scope_differs(void **state)
{
    struct we_base_addr a = we_base_addr_loopback(WE_FAMILY_IPV6, 1);
    struct we_base_addr b = a;

    (void)state;
    b.scope_id = 2;
    assert_true(we_base_addr_same_host(&a, &b));
    assert_false(we_base_addr_equal(&a, &b));
}

static void test_text_ipv6_shortens_first_longest_run_of_zeros(void **state)
{
    static const uint8_t two_runs[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
    static const uint8_t longer_second[16] = { 0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 };
    static const uint8_t run_at_end[16] = { 0xfe, 0x80 };
    static const uint8_t single_zero[16] = { 0, 1, 0, 2, 0, 0, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 };

    (void)state;
    check_ipv6_text(two_runs, "[2001:db8::1:0:0:1]:443");
    check_ipv6_text(longer_second, "[2001:0:0:1::1]:443");
    check_ipv6_text(run_at_end, "[fe80::]:443");
    check_ipv6_text(single_zero, "[1:2:0:4:5:6:7:8]:443");
}

static void test_text_ipv4_mapped_shows_dotted_part(void **state)
{
    static const uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 33 };

    (void)state;
    check_ipv6_text(mapped, "[::ffff:192.0.2.33]:443");
}

static void test_text_longest_address_fits(void **state)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_IPV6, 65535);
    char text[WE_BASE_ADDR_TEXT_SIZE];

    (void)state;
    memset(addr.bytes, 0xab, sizeof(addr.bytes));
    addr.scope_id = UINT32_MAX;
    assert_string_equal(we_base_addr_text(&addr, text), "[abab:abab:abab:abab:abab:abab:abab:abab%4294967295]:65535");
}

static void test_text_without_family_says_so(void **state)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_NONE, 0);
    char text[WE_BASE_ADDR_TEXT_SIZE];

    (void)state;
    assert_string_equal(we_base_addr_text(&addr, text), "(no address)");
}

static void test_mapped_and_unmapped_are_each_others_reverse(void **state)
{
    struct we_base_addr ipv4 = we_base_addr_loopback(WE_FAMILY_IPV4, 80);
    struct we_base_addr ipv6 = we_base_addr_loopback(WE_FAMILY_IPV6, 80);
    struct we_base_addr mapped = we_base_addr_mapped(&ipv4);
    struct we_base_addr other;

    (void)state;
    assert_int_equal(mapped.family, WE_FAMILY_IPV6);
    assert_true(we_base_addr_is_mapped(&mapped));
    assert_false(we_base_addr_is_mapped(&ipv4));
    assert_false(we_base_addr_is_mapped(&ipv6));
    other = we_base_addr_unmapped(&mapped);
    assert_true(we_base_addr_equal(&other, &ipv4));
    other = we_base_addr_unmapped(&ipv6);
    assert_true(we_base_addr_equal(&other, &ipv6));
    other = we_base_addr_mapped(&ipv6);
    assert_true(we_base_addr_equal(&other, &ipv6));
}

static void test_multicast_and_broadcast_are_told_from_hosts(void **state)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_base_addr mapped;

    (void)state;
    addr.bytes[0] = 223;
    assert_false(we_base_addr_is_multicast(&addr));
    addr.bytes[0] = 224;
    assert_true(we_base_addr_is_multicast(&addr));
    mapped = we_base_addr_mapped(&addr);
    assert_true(we_base_addr_is_multicast(&mapped));
    addr.bytes[0] = 240;
    assert_false(we_base_addr_is_multicast(&addr));
    assert_false(we_base_addr_is_broadcast(&addr));
    memset(addr.bytes, 0xff, 4);
    assert_true(we_base_addr_is_broadcast(&addr));
    assert_false(we_base_addr_is_multicast(&addr));
    addr = we_base_addr_any(WE_FAMILY_IPV6, 0);
    assert_false(we_base_addr_is_multicast(&addr));
    addr.bytes[0] = 0xff;
    assert_true(we_base_addr_is_multicast(&addr));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_any_of_each_family_is_wildcard_with_port),
    cmocka_unit_test(test_loopback_of_each_family_is_not_wildcard),
    cmocka_unit_test(test_same_host_with_other_port_is_same),
    cmocka_unit_test(test_same_host_ipv4_ignores_unused_bytes),
    cmocka_unit_test(test_same_host_of_other_family_differs),
    cmocka_unit_test(test_equal_ipv6_with_other_scope_differs),
    cmocka_unit_test(test_text_ipv6_shortens_first_longest_run_of_zeros),
    cmocka_unit_test(test_text_ipv4_mapped_shows_dotted_part),
    cmocka_unit_test(test_text_longest_address_fits),
    cmocka_unit_test(test_text_without_family_says_so),
    cmocka_unit_test(test_mapped_and_unmapped_are_each_others_reverse),
    cmocka_unit_test(test_multicast_and_broadcast_are_told_from_hosts),
};

UNIT_MAIN(tests)
