/* SPDX-License-Identifier: MIT */
/* Tests of wsk_addr.c: SOCKADDR to neutral address and back. */
#include "wsk_emu/cmocka.h"

#include <string.h>

#include "wsk/wsk_addr.h"

static void test_from_sockaddr_of_ipv4_reads_port_and_address(void **state)
{
    /* As bytes, since drivers on Windows fill them in little-endian memory order. */
    static const unsigned char bytes[16] = { 2, 0, 0x12, 0x34, 192, 0, 2, 7, 0xa5, 0xa5, 0xa5, 0xa5 };
    SOCKADDR_IN in;
    struct we_base_addr addr;

    (void)state;
    memcpy(&in, bytes, sizeof(in));
    assert_true(we_wsk_addr_from_sockaddr((const SOCKADDR *)&in, AF_INET, &addr));
    assert_int_equal(addr.family, WE_FAMILY_IPV4);
    assert_int_equal(addr.port, 0x1234);
    assert_int_equal(addr.scope_id, 0);
    assert_memory_equal(addr.bytes, bytes + 4, 4);
}

static void test_from_sockaddr_of_ipv6_reads_scope_too(void **state)
{
    SOCKADDR_IN6 in6;
    struct we_base_addr addr;
    unsigned i;

    (void)state;
    memset(&in6, 0, sizeof(in6));
    in6.sin6_family = AF_INET6;
    in6.sin6_port = (USHORT)(80 << 8);
    in6.sin6_flowinfo = 0xffffffff;
    in6.sin6_scope_id = 9;
    for (i = 0; i < 16; i++) {
        in6.sin6_addr.u.Byte[i] = (UCHAR)(i + 1);
    }
    assert_true(we_wsk_addr_from_sockaddr((const SOCKADDR *)&in6, AF_INET6, &addr));
    assert_int_equal(addr.family, WE_FAMILY_IPV6);
    assert_int_equal(addr.port, 80);
    assert_int_equal(addr.scope_id, 9);
    assert_memory_equal(addr.bytes, in6.sin6_addr.u.Byte, 16);
}

/* An IPv4 address in a block of exactly its size: the sanitizer sees it when more is read. */
static void test_from_sockaddr_reads_only_the_familys_size(void **state)
{
    SOCKADDR_IN *in = test_malloc(sizeof(*in));
    struct we_base_addr addr;

    (void)state;
    memset(in, 0, sizeof(*in));
    in->sin_family = AF_INET;
    assert_true(we_wsk_addr_from_sockaddr((const SOCKADDR *)in, AF_INET, &addr));
    test_free(in);
}

static void test_from_sockaddr_of_another_family_fails(void **state)
{
    SOCKADDR_STORAGE storage;
    struct we_base_addr addr;

    (void)state;
    memset(&storage, 0, sizeof(storage));
    assert_false(we_wsk_addr_from_sockaddr(NULL, AF_INET, &addr));
    assert_false(we_wsk_addr_from_sockaddr((const SOCKADDR *)&storage, AF_INET, &addr));
    storage.ss_family = AF_INET6;
    assert_false(we_wsk_addr_from_sockaddr((const SOCKADDR *)&storage, AF_INET, &addr));
    storage.ss_family = AF_INET;
    assert_false(we_wsk_addr_from_sockaddr((const SOCKADDR *)&storage, AF_INET6, &addr));
    storage.ss_family = AF_UNIX;
    assert_false(we_wsk_addr_from_sockaddr((const SOCKADDR *)&storage, AF_UNIX, &addr));
}

static void test_to_sockaddr_of_ipv4_writes_16_bytes(void **state)
{
    static const unsigned char expected[17] = { 2, 0, 0x12, 0x34, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x5a };
    struct we_base_addr addr = we_base_addr_loopback(WE_FAMILY_IPV4, 0x1234);
    unsigned char bytes[17];

    (void)state;
    memset(bytes, 0x5a, sizeof(bytes));
    we_wsk_addr_to_sockaddr(&addr, AF_INET, (SOCKADDR *)(void *)bytes);
    assert_memory_equal(bytes, expected, sizeof(bytes));
}

static void test_to_sockaddr_of_ipv6_writes_28_bytes(void **state)
{
    struct we_base_addr addr = we_base_addr_loopback(WE_FAMILY_IPV6, 443);
    struct {
        SOCKADDR_IN6 in6;
        unsigned char guard;
    } block;
    static const unsigned char loopback[16] = { [15] = 1 };

    (void)state;
    memset(&block, 0x5a, sizeof(block));
    addr.scope_id = 3;
    we_wsk_addr_to_sockaddr(&addr, AF_INET6, (SOCKADDR *)&block.in6);
    assert_int_equal(block.in6.sin6_family, AF_INET6);
    assert_int_equal(block.in6.sin6_port, 443 >> 8 | (443 & 0xff) << 8);
    assert_int_equal(block.in6.sin6_flowinfo, 0);
    assert_int_equal(block.in6.sin6_scope_id, 3);
    assert_memory_equal(block.in6.sin6_addr.u.Byte, loopback, 16);
    assert_int_equal(block.guard, 0x5a);
}

static void test_to_sockaddr_of_ipv4_for_an_ipv6_socket_is_mapped(void **state)
{
    static const unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
    struct we_base_addr addr = we_base_addr_loopback(WE_FAMILY_IPV4, 1);
    SOCKADDR_IN6 in6;

    (void)state;
    we_wsk_addr_to_sockaddr(&addr, AF_INET6, (SOCKADDR *)&in6);
    assert_int_equal(in6.sin6_family, AF_INET6);
    assert_memory_equal(in6.sin6_addr.u.Byte, mapped, 16);
}

static void test_round_trip_gives_the_same_address(void **state)
{
    static const enum we_base_family families[] = { WE_FAMILY_IPV4, WE_FAMILY_IPV6 };
    static const ADDRESS_FAMILY wdk_families[] = { AF_INET, AF_INET6 };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct we_base_addr before = we_base_addr_loopback(families[i], 65535);
        struct we_base_addr after;
        SOCKADDR_STORAGE storage;

        assert_int_equal(we_wsk_addr_family(wdk_families[i]), families[i]);
        we_wsk_addr_to_sockaddr(&before, wdk_families[i], (SOCKADDR *)&storage);
        assert_true(we_wsk_addr_from_sockaddr((const SOCKADDR *)&storage, wdk_families[i], &after));
        assert_true(we_base_addr_equal(&before, &after));
    }
    assert_int_equal(we_wsk_addr_family(AF_UNSPEC), WE_FAMILY_NONE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_sockaddr_of_ipv4_reads_port_and_address),
        cmocka_unit_test(test_from_sockaddr_of_ipv6_reads_scope_too),
        cmocka_unit_test(test_from_sockaddr_reads_only_the_familys_size),
        cmocka_unit_test(test_from_sockaddr_of_another_family_fails),
        cmocka_unit_test(test_to_sockaddr_of_ipv4_writes_16_bytes),
        cmocka_unit_test(test_to_sockaddr_of_ipv6_writes_28_bytes),
        cmocka_unit_test(test_to_sockaddr_of_ipv4_for_an_ipv6_socket_is_mapped),
        cmocka_unit_test(test_round_trip_gives_the_same_address),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
