/* SPDX-License-Identifier: MIT */
/* Tests of datagram endpoints: one list of checks, run over sockets with each poller and over the virtual network. */
#include "host/host_dgram.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

struct end {
    struct we_host_ep *ep;
    struct net_owner owner;
    struct we_base_addr addr;
};

/* Which systems say of a socket that is not connected that nobody has the port it sent to. */
#ifdef __linux__
#define CAN_TELL true
#else
#define CAN_TELL (we_host_net_kind() == WE_NET_VIRTUAL)
#endif

static const struct we_host_dgram_options s_plain = { .is_v6_only = true };
static const struct we_host_dgram_options s_dual = { .is_v6_only = false };

static void end_open_at(struct end *end, const struct we_base_addr *local, const struct we_host_dgram_options *options)
{
    memset(end, 0, sizeof(*end));
    assert_int_equal(we_host_dgram_open(local, options, &end->ep), WE_OK);
    net_watch(end->ep, WE_WATCH_ALL, 0, &end->owner);
    end->addr = net_local(end->ep);
    assert_int_not_equal(end->addr.port, 0);
}

static void end_open(struct end *end, enum we_base_family family)
{
    struct we_base_addr local = we_base_addr_loopback(family, 0);

    end_open_at(end, &local, &s_plain);
}

static void end_close(struct end *end)
{
    we_host_close(end->ep, WE_CLOSE_GRACEFUL);
}

static enum we_err send_with(struct end *from, const struct we_host_dgram *dgram, const char *text)
{
    struct we_host_iov iov = { (void *)(uintptr_t)text, strlen(text) };

    return we_host_dgram_send(from->ep, dgram, &iov, 1);
}

static enum we_err send_text(struct end *from, const struct we_base_addr *to, const char *text)
{
    struct we_host_dgram dgram = we_host_dgram_to(to);

    return send_with(from, &dgram, text);
}

static enum we_err receive(struct end *end, char *text, size_t size, struct we_host_dgram *dgram)
{
    struct we_host_iov iov = { text, size };

    memset(text, 0, size);
    return we_host_dgram_recv(end->ep, dgram, &iov, 1);
}

/* Waits for one datagram and expects text. */
static struct we_host_dgram expect_text(struct end *end, const char *text)
{
    struct we_host_dgram dgram;
    char got[64];
    enum we_err err;

    while ((err = receive(end, got, sizeof(got), &dgram)) == WE_ERR_AGAIN) {
        net_run_some();
    }
    assert_int_equal(err, WE_OK);
    assert_int_equal(dgram.length_bytes, strlen(text));
    assert_memory_equal(got, text, strlen(text));
    return dgram;
}

static void expect_nothing(struct end *end)
{
    struct we_host_dgram dgram;
    char got[64];

    net_run_until_quiet();
    assert_int_equal(receive(end, got, sizeof(got), &dgram), WE_ERR_AGAIN);
}

/* --- bytes and addresses ---------------------------------------------------------------- */

static void test_send_arrives_with_both_addresses(void **state)
{
    static const enum we_base_family families[] = { WE_FAMILY_IPV4, WE_FAMILY_IPV6 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct we_host_dgram dgram;
        struct end a;
        struct end b;

        end_open(&a, families[i]);
        end_open(&b, families[i]);
        assert_int_equal(send_text(&a, &b.addr, "hello"), WE_OK);
        net_run_until(&b.owner, WE_NET_READABLE);
        dgram = expect_text(&b, "hello");
        assert_true(we_base_addr_equal(&dgram.remote, &a.addr));
        assert_true(we_base_addr_same_host(&dgram.local, &b.addr));
        assert_int_equal(dgram.delivery, WE_DGRAM_UNICAST);
        assert_int_not_equal(dgram.interface_index, 0);
        expect_nothing(&b);
        expect_nothing(&a);
        end_close(&a);
        end_close(&b);
    }
}

static void test_send_keeps_boundaries_and_order(void **state)
{
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &b.addr, "one"), WE_OK);
    assert_int_equal(send_text(&a, &b.addr, ""), WE_OK);
    assert_int_equal(send_text(&a, &b.addr, "three"), WE_OK);
    (void)expect_text(&b, "one");
    (void)expect_text(&b, "");
    (void)expect_text(&b, "three");
    end_close(&a);
    end_close(&b);
}

static void test_receive_into_several_pieces(void **state)
{
    struct we_host_iov iov[3];
    struct we_host_dgram dgram;
    char first[2];
    char second[8];
    struct end a;
    struct end b;
    enum we_err err;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &b.addr, "abcdef"), WE_OK);
    iov[0] = (struct we_host_iov){ first, sizeof(first) };
    iov[1] = (struct we_host_iov){ NULL, 0 };
    iov[2] = (struct we_host_iov){ second, sizeof(second) };
    while ((err = we_host_dgram_recv(b.ep, &dgram, iov, 3)) == WE_ERR_AGAIN) {
        net_run_some();
    }
    assert_int_equal(err, WE_OK);
    assert_int_equal(dgram.length_bytes, 6);
    assert_memory_equal(first, "ab", 2);
    assert_memory_equal(second, "cdef", 4);
    end_close(&a);
    end_close(&b);
}

static void test_receive_too_small_tells_and_drops_the_rest(void **state)
{
    struct we_host_dgram dgram;
    struct end a;
    struct end b;
    char got[3];

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &b.addr, "abcdef"), WE_OK);
    net_run_until(&b.owner, WE_NET_READABLE);
    assert_int_equal(receive(&b, got, sizeof(got), &dgram), WE_OK);
    assert_true(dgram.length_bytes > sizeof(got));
    assert_memory_equal(got, "abc", 3);
    expect_nothing(&b);
    end_close(&a);
    end_close(&b);
}

static void test_send_largest_arrives_and_one_more_fails(void **state)
{
    const size_t largest = 65507;
    unsigned char *bytes = calloc(1, largest + 1);
    unsigned char *got = malloc(largest + 1);
    struct we_host_iov iov = { bytes, largest };
    struct we_host_dgram dgram;
    struct end a;
    struct end b;

    (void)state;
    assert_non_null(bytes);
    assert_non_null(got);
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    bytes[0] = 1;
    bytes[largest - 1] = 2;
    dgram = we_host_dgram_to(&b.addr);
    assert_int_equal(we_host_dgram_send(a.ep, &dgram, &iov, 1), WE_OK);
    net_run_until(&b.owner, WE_NET_READABLE);
    iov = (struct we_host_iov){ got, largest + 1 };
    assert_int_equal(we_host_dgram_recv(b.ep, &dgram, &iov, 1), WE_OK);
    assert_int_equal(dgram.length_bytes, largest);
    assert_memory_equal(got, bytes, largest);
    iov = (struct we_host_iov){ bytes, largest + 1 };
    dgram = we_host_dgram_to(&b.addr);
    assert_int_equal(we_host_dgram_send(a.ep, &dgram, &iov, 1), WE_ERR_TOO_LARGE);
    end_close(&a);
    end_close(&b);
    free(bytes);
    free(got);
}

static void test_receive_tells_again_after_a_pause(void **state)
{
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &b.addr, "one"), WE_OK);
    net_run_until(&b.owner, WE_NET_READABLE);
    (void)expect_text(&b, "one");
    expect_nothing(&b);
    b.owner.seen = 0;
    assert_int_equal(send_text(&a, &b.addr, "two"), WE_OK);
    net_run_until(&b.owner, WE_NET_READABLE);
    (void)expect_text(&b, "two");
    end_close(&a);
    end_close(&b);
}

static void test_watch_tells_what_came_before(void **state)
{
    struct we_base_addr local = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    memset(&b, 0, sizeof(b));
    assert_int_equal(we_host_dgram_open(&local, &s_plain, &b.ep), WE_OK);
    b.addr = net_local(b.ep);
    assert_int_equal(send_text(&a, &b.addr, "early"), WE_OK);
    net_watch(b.ep, WE_WATCH_ALL, 1, &b.owner);
    net_run_until(&b.owner, WE_NET_READABLE);
    (void)expect_text(&b, "early");
    end_close(&a);
    end_close(&b);
}

/* --- details ---------------------------------------------------------------------------- */

static void test_details_hop_limit_and_traffic_class_travel(void **state)
{
    static const enum we_base_family families[] = { WE_FAMILY_IPV4, WE_FAMILY_IPV6 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct we_host_dgram dgram;
        struct end a;
        struct end b;

        end_open(&a, families[i]);
        end_open(&b, families[i]);
        assert_int_equal(we_host_dgram_set(b.ep, WE_DGRAM_WANTS_DETAILS, 1), WE_OK);
        dgram = we_host_dgram_to(&b.addr);
        dgram.hop_limit = 7;
        dgram.traffic_class = 0xb9;
        assert_int_equal(send_with(&a, &dgram, "x"), WE_OK);
        dgram = expect_text(&b, "x");
        assert_int_equal(dgram.hop_limit, 7);
        assert_int_equal(dgram.traffic_class, 0xb9);
        assert_int_equal(we_host_dgram_set(a.ep, WE_DGRAM_HOP_LIMIT, 9), WE_OK);
        assert_int_equal(we_host_dgram_set(a.ep, WE_DGRAM_TRAFFIC_CLASS, 0x10), WE_OK);
        assert_int_equal(send_text(&a, &b.addr, "y"), WE_OK);
        dgram = expect_text(&b, "y");
        assert_int_equal(dgram.hop_limit, 9);
        assert_int_equal(dgram.traffic_class, 0x10);
        end_close(&a);
        end_close(&b);
    }
}

static void test_details_source_address_is_chosen(void **state)
{
#ifdef __linux__
    const uint8_t last = 5;
#else
    const uint8_t last = 1; /* other systems have that one only */
#endif
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_dgram dgram;
    struct end a;
    struct end b;

    (void)state;
    end_open_at(&a, &any, &s_plain);
    end_open(&b, WE_FAMILY_IPV4);
    dgram = we_host_dgram_to(&b.addr);
    dgram.local = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    dgram.local.bytes[3] = last; /* 127.0.0.5 is this host too */
    assert_int_equal(send_with(&a, &dgram, "x"), WE_OK);
    dgram = expect_text(&b, "x");
    assert_int_equal(dgram.remote.bytes[3], last);
    assert_int_equal(dgram.remote.port, a.addr.port);
    end_close(&a);
    end_close(&b);
}

static void test_dual_stack_sees_mapped_senders_and_plain_destinations(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV6, 0);
    struct we_base_addr to = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_base_addr mapped;
    struct we_host_dgram dgram;
    struct end dual;
    struct end a;

    (void)state;
    end_open_at(&dual, &any, &s_dual);
    end_open(&a, WE_FAMILY_IPV4);
    assert_int_equal(we_host_dgram_set(dual.ep, WE_DGRAM_WANTS_DETAILS, 1), WE_OK);
    to.port = dual.addr.port;
    dgram = we_host_dgram_to(&to);
    dgram.hop_limit = 3;
    assert_int_equal(send_with(&a, &dgram, "ping"), WE_OK);
    dgram = expect_text(&dual, "ping");
    mapped = we_base_addr_mapped(&a.addr);
    assert_true(we_base_addr_equal(&dgram.remote, &mapped));
    assert_true(we_base_addr_same_host(&dgram.local, &to));
    assert_int_equal(dgram.hop_limit, 3);
    assert_int_equal(send_text(&dual, &mapped, "pong"), WE_OK);
    dgram = expect_text(&a, "pong");
    assert_true(we_base_addr_equal(&dgram.remote, &to));
    end_close(&a);
    end_close(&dual);
}

/* --- what fails ------------------------------------------------------------------------- */

static void test_open_twice_is_in_use_unless_shared(void **state)
{
    const struct we_host_dgram_options shared = { .is_v6_only = true, .is_shared = true };
    struct we_base_addr local = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_ep *ep = NULL;
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    assert_int_equal(we_host_dgram_open(&a.addr, &s_plain, &ep), WE_ERR_IN_USE);
    assert_int_equal(we_host_dgram_open(&a.addr, &shared, &ep), WE_ERR_IN_USE);
    end_close(&a);
    end_open_at(&a, &local, &shared);
    end_open_at(&b, &a.addr, &shared);
    end_close(&a);
    end_close(&b);
}

static void test_send_to_another_family_or_port_0_fails(void **state)
{
    struct we_base_addr v6 = we_base_addr_loopback(WE_FAMILY_IPV6, 9);
    struct we_base_addr zero = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct end a;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &v6, "x"), WE_ERR_FAMILY);
    assert_int_equal(send_text(&a, &zero, "x"), WE_ERR_ADDRESS);
    end_close(&a);
}

static void test_broadcast_needs_leave(void **state)
{
    struct we_base_addr all = we_base_addr_any(WE_FAMILY_IPV4, 9);
    struct end a;

    (void)state;
    memset(all.bytes, 0xff, 4);
    end_open(&a, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &all, "x"), WE_ERR_ACCESS);
    end_close(&a);
}

/* A port that was somebody's a moment ago. */
static struct we_base_addr nobody(void)
{
    struct end end;

    end_open(&end, WE_FAMILY_IPV4);
    end_close(&end);
    return end.addr;
}

static void test_unreachable_port_is_told_to_who_wants_it(void **state)
{
    struct we_base_addr gone = nobody();
    struct we_host_dgram dgram;
    struct end a;
    struct end b;
    enum we_err err;
    char got[8];

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &gone, "x"), WE_OK);
    expect_nothing(&a);
    err = we_host_dgram_set(a.ep, WE_DGRAM_WANTS_UNREACHABLE, 1);
    if (err == WE_ERR_NOT_SUPPORTED && !CAN_TELL) {
        end_close(&a);
        end_close(&b);
        skip(); /* the system does not tell */
    }
    assert_int_equal(err, WE_OK);
    assert_int_equal(send_text(&a, &gone, "x"), WE_OK);
    assert_int_equal(send_text(&a, &gone, "y"), WE_OK);
    /* Another send does not fail for it. */
    assert_int_equal(send_text(&a, &b.addr, "z"), WE_OK);
    (void)expect_text(&b, "z");
    net_run_until(&a.owner, WE_NET_READABLE);
    net_run_until_quiet();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(receive(&a, got, sizeof(got), &dgram), WE_ERR_REFUSED);
        assert_true(we_base_addr_equal(&dgram.remote, &gone));
    }
    expect_nothing(&a);
    /* And datagrams come as before. */
    a.owner.seen = 0;
    assert_int_equal(send_text(&b, &a.addr, "w"), WE_OK);
    net_run_until(&a.owner, WE_NET_READABLE);
    (void)expect_text(&a, "w");
    end_close(&a);
    end_close(&b);
}

static void test_receive_buffer_full_loses_the_newest(void **state)
{
    unsigned received = 0;
    struct we_host_dgram dgram;
    char got[64];
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(we_host_ep_set(b.ep, WE_EP_RECEIVE_BUFFER_BYTES, 4096), WE_OK);
    for (unsigned i = 0; i < 2000; i++) {
        assert_int_equal(send_text(&a, &b.addr, "0123456789"), WE_OK);
    }
    net_run_until(&b.owner, WE_NET_READABLE);
    net_run_until_quiet();
    while (receive(&b, got, sizeof(got), &dgram) == WE_OK) {
        received++;
    }
    assert_true(received > 0 && received < 2000);
    end_close(&a);
    end_close(&b);
}

/* A full send buffer, which only the virtual network has for certain: sockets may take everything at once. */
static void test_send_buffer_full_waits_for_writable(void **state)
{
    static char bytes[1000];
    struct we_host_iov iov = { bytes, sizeof(bytes) };
    struct we_host_dgram dgram;
    struct end a;
    struct end b;
    enum we_err err = WE_OK;
    unsigned sent;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(we_host_ep_set(a.ep, WE_EP_SEND_BUFFER_BYTES, 4096), WE_OK);
    dgram = we_host_dgram_to(&b.addr);
    for (sent = 0; err == WE_OK && sent < 100; sent++) {
        err = we_host_dgram_send(a.ep, &dgram, &iov, 1);
    }
    assert_true(err == WE_ERR_AGAIN || we_host_net_kind() == WE_NET_SOCKETS);
    if (err == WE_ERR_AGAIN) {
        assert_int_equal(a.owner.seen & WE_NET_WRITABLE, 0);
        net_run_until(&a.owner, WE_NET_WRITABLE);
        assert_int_equal(we_host_dgram_send(a.ep, &dgram, &iov, 1), WE_OK);
    }
    /* What is in flight when either end goes is nobody's any more. */
    end_close(&b);
    assert_int_equal(we_host_dgram_send(a.ep, &dgram, &iov, 1), WE_OK);
    end_close(&a);
}

static void test_close_sender_while_datagrams_are_in_flight(void **state)
{
    struct end a;
    struct end b;

    (void)state;
    end_open(&a, WE_FAMILY_IPV4);
    end_open(&b, WE_FAMILY_IPV4);
    assert_int_equal(send_text(&a, &b.addr, "last words"), WE_OK);
    end_close(&a);
    (void)expect_text(&b, "last words");
    end_close(&b);
}

static enum we_err group_change(const struct end *end, enum we_host_group_change change,
                                const struct we_base_addr *group)
{
    struct we_host_group_order order = { .change = change, .interface_index = 1, .group = *group };

    return we_host_dgram_group(end->ep, &order);
}

static void test_group_members_hear_multicasts(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_base_addr group = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_dgram dgram;
    struct end member;
    struct end a;

    (void)state;
    group.bytes[0] = 239;
    group.bytes[1] = 1;
    group.bytes[2] = 2;
    group.bytes[3] = 3;
    end_open_at(&member, &any, &s_plain);
    end_open(&a, WE_FAMILY_IPV4);
    assert_int_equal(group_change(&member, WE_GROUP_JOIN, &a.addr), WE_ERR_ADDRESS);
    assert_int_equal(group_change(&member, WE_GROUP_JOIN, &group), WE_OK);
    group.port = member.addr.port;
    dgram = we_host_dgram_to(&group);
    dgram.interface_index = 1;
    assert_int_equal(send_with(&a, &dgram, "all"), WE_OK);
    dgram = expect_text(&member, "all");
    assert_int_equal(dgram.delivery, WE_DGRAM_MULTICAST);
    assert_true(we_base_addr_same_host(&dgram.local, &group));
    assert_int_equal(group_change(&member, WE_GROUP_LEAVE, &group), WE_OK);
    end_close(&a);
    end_close(&member);
}

/* --- the list -------------------------------------------------------------------------- */

/* clang-format off */
#define CHECKS(way)                                                             \
    NET_CHECK(test_send_arrives_with_both_addresses, way),                      \
    NET_CHECK(test_send_keeps_boundaries_and_order, way),                       \
    NET_CHECK(test_receive_into_several_pieces, way),                           \
    NET_CHECK(test_receive_too_small_tells_and_drops_the_rest, way),            \
    NET_CHECK(test_send_largest_arrives_and_one_more_fails, way),               \
    NET_CHECK(test_receive_tells_again_after_a_pause, way),                     \
    NET_CHECK(test_watch_tells_what_came_before, way),                          \
    NET_CHECK(test_details_hop_limit_and_traffic_class_travel, way),            \
    NET_CHECK(test_details_source_address_is_chosen, way),                      \
    NET_CHECK(test_dual_stack_sees_mapped_senders_and_plain_destinations, way), \
    NET_CHECK(test_open_twice_is_in_use_unless_shared, way),                    \
    NET_CHECK(test_send_to_another_family_or_port_0_fails, way),                \
    NET_CHECK(test_broadcast_needs_leave, way),                                 \
    NET_CHECK(test_unreachable_port_is_told_to_who_wants_it, way),              \
    NET_CHECK(test_receive_buffer_full_loses_the_newest, way),                  \
    NET_CHECK(test_send_buffer_full_waits_for_writable, way),                   \
    NET_CHECK(test_close_sender_while_datagrams_are_in_flight, way),            \
    NET_CHECK(test_group_members_hear_multicasts, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
