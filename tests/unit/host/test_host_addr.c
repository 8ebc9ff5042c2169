/* SPDX-License-Identifier: MIT */
/* Tests of host_addr: neutral addresses to the host's and back. */
#include "host/host_addr.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct we_base_addr v4_example(void)
{
    struct we_base_addr addr = { .family = WE_FAMILY_IPV4, .port = 4660, .bytes = { 192, 0, 2, 7 } };

    return addr;
}

static struct we_base_addr v6_example(void)
{
    struct we_base_addr addr = { .family = WE_FAMILY_IPV6, .port = 443, .scope_id = 3, .bytes = { 0xfe, 0x80 } };

    addr.bytes[15] = 9;
    return addr;
}

static void test_to_native_ipv4_has_network_order(void **state)
{
    struct we_base_addr addr = v4_example();
    struct sockaddr_storage native;
    struct sockaddr_in in;

    (void)state;
    assert_int_equal(we_host_addr_to_native(&addr, &native), sizeof(in));
    memcpy(&in, &native, sizeof(in));
    assert_int_equal(in.sin_family, AF_INET);
    assert_int_equal(in.sin_port, htons(4660));
    assert_int_equal(in.sin_addr.s_addr, htonl(0xc0000207u));
}

static void test_to_native_ipv6_keeps_scope(void **state)
{
    struct we_base_addr addr = v6_example();
    struct sockaddr_storage native;
    struct sockaddr_in6 in6;

    (void)state;
    assert_int_equal(we_host_addr_to_native(&addr, &native), sizeof(in6));
    memcpy(&in6, &native, sizeof(in6));
    assert_int_equal(in6.sin6_family, AF_INET6);
    assert_int_equal(in6.sin6_port, htons(443));
    assert_int_equal(in6.sin6_scope_id, 3);
    assert_memory_equal(&in6.sin6_addr, addr.bytes, 16);
}

static void test_to_native_no_family_has_length_zero(void **state)
{
    struct we_base_addr addr = { .family = WE_FAMILY_NONE };
    struct sockaddr_storage native;

    (void)state;
    assert_int_equal(we_host_addr_to_native(&addr, &native), 0);
}

static void round_trip(const struct we_base_addr *addr)
{
    struct sockaddr_storage native;
    struct we_base_addr back;
    socklen_t length_bytes = we_host_addr_to_native(addr, &native);

    memset(&back, 0xa5, sizeof(back));
    assert_true(we_host_addr_from_native(&native, length_bytes, &back));
    assert_true(we_base_addr_equal(addr, &back));
    assert_int_equal(back.scope_id, addr->scope_id);
}

static void test_from_native_round_trip_is_equal(void **state)
{
    struct we_base_addr v4 = v4_example();
    struct we_base_addr v6 = v6_example();
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV6, 0);
    struct we_base_addr loopback = we_base_addr_loopback(WE_FAMILY_IPV4, 65535);

    (void)state;
    round_trip(&v4);
    round_trip(&v6);
    round_trip(&any);
    round_trip(&loopback);
}

static void from_native_fails(int family, socklen_t length_bytes)
{
    struct sockaddr_storage native;
    struct we_base_addr addr;

    memset(&native, 0, sizeof(native));
    memset(&addr, 0xa5, sizeof(addr));
    native.ss_family = (sa_family_t)family;
    assert_false(we_host_addr_from_native(&native, length_bytes, &addr));
    assert_int_equal(addr.family, WE_FAMILY_NONE);
    assert_int_equal(addr.port, 0);
}

static void test_from_native_other_family_or_short_length_fails(void **state)
{
    (void)state;
    from_native_fails(AF_UNIX, sizeof(struct sockaddr_storage));
    from_native_fails(AF_UNSPEC, sizeof(struct sockaddr_storage));
    from_native_fails(AF_INET, sizeof(struct sockaddr_in) - 1);
    from_native_fails(AF_INET6, sizeof(struct sockaddr_in));
    from_native_fails(AF_INET, 0);
}

static void test_family_every_value_is_the_hosts(void **state)
{
    (void)state;
    assert_int_equal(we_host_addr_family(WE_FAMILY_IPV4), AF_INET);
    assert_int_equal(we_host_addr_family(WE_FAMILY_IPV6), AF_INET6);
    assert_int_equal(we_host_addr_family(WE_FAMILY_NONE), AF_UNSPEC);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_to_native_ipv4_has_network_order),
    cmocka_unit_test(test_to_native_ipv6_keeps_scope),
    cmocka_unit_test(test_to_native_no_family_has_length_zero),
    cmocka_unit_test(test_from_native_round_trip_is_equal),
    cmocka_unit_test(test_from_native_other_family_or_short_length_fails),
    cmocka_unit_test(test_family_every_value_is_the_hosts),
};

UNIT_MAIN(s_tests)
