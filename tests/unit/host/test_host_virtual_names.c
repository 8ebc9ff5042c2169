/* SPDX-License-Identifier: MIT */
/* Tests of the virtual network's addresses: which listener a connection finds, which ports are free. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

static struct we_host_ep *listen_at(struct we_base_addr addr, bool is_v6_only, struct net_owner *owner)
{
    struct we_host_listen_options options = { .is_v6_only = is_v6_only };
    struct we_host_ep *listener = NULL;

    if (we_host_listen(&addr, &options, 0, &net_owner_client, owner, &listener) != WE_OK) {
        return NULL;
    }
    return listener;
}

/* Connects to addr; returns whether anybody answered. */
static bool reaches(struct we_base_addr addr, struct net_owner *listener_owner)
{
    struct we_base_addr any = we_base_addr_any(addr.family, 0);
    struct net_owner owner = { 0 };
    struct we_host_ep *stream = NULL;
    bool is_reached;

    listener_owner->seen = 0;
    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, &owner);
    assert_int_equal(we_host_stream_connect(stream, &addr), WE_ERR_AGAIN);
    net_step(1);
    if (we_host_net_has_events(0)) {
        net_step(0);
    }
    is_reached = owner.seen == WE_NET_CONNECTED && listener_owner->seen == WE_NET_ACCEPTABLE;
    we_host_close(stream, WE_CLOSE_RESET);
    return is_reached;
}

static void drop_requests(struct we_host_ep *listener)
{
    struct we_host_ep *request = NULL;

    while (we_host_accept(listener, &request) == WE_OK) {
        we_host_close(request, WE_CLOSE_RESET);
    }
}

static struct we_base_addr v4(uint8_t last, uint16_t port)
{
    struct we_base_addr addr = { .family = WE_FAMILY_IPV4, .port = port, .bytes = { 10, 0, 0, last } };

    return addr;
}

static void test_connect_finds_the_listener_that_fits_best(void **state)
{
    struct net_owner any_owner = { 0 };
    struct net_owner one_owner = { 0 };
    struct we_host_ep *one = listen_at(v4(1, 80), false, &one_owner);
    struct we_host_ep *any = listen_at(we_base_addr_any(WE_FAMILY_IPV6, 80), true, &any_owner);

    (void)state;
    assert_non_null(one);
    assert_non_null(any);
    assert_true(reaches(v4(1, 80), &one_owner));
    drop_requests(one);
    assert_false(reaches(v4(2, 80), &any_owner));
    assert_false(reaches(v4(1, 81), &one_owner));
    assert_true(reaches(we_base_addr_loopback(WE_FAMILY_IPV6, 80), &any_owner));
    drop_requests(any);
    /* An address of all others beside it is one port too many. */
    assert_null(listen_at(we_base_addr_any(WE_FAMILY_IPV4, 80), false, &any_owner));
    we_host_close(one, WE_CLOSE_RESET);
    we_host_close(any, WE_CLOSE_RESET);
}

static void test_listen_dual_stack_takes_ipv4_too(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = listen_at(we_base_addr_any(WE_FAMILY_IPV6, 80), false, &listener_owner);
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_base_addr target = v4(3, 80);
    struct we_base_addr addr;
    struct we_host_ep *stream = NULL;
    struct we_host_ep *request;

    (void)state;
    assert_non_null(listener);
    assert_null(listen_at(v4(3, 80), false, &owner));
    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, &owner);
    assert_int_equal(we_host_stream_connect(stream, &target), WE_ERR_AGAIN);
    request = net_accept(listener, &listener_owner);
    addr = net_local(request);
    assert_int_equal(addr.family, WE_FAMILY_IPV6);
    assert_int_equal(addr.bytes[10], 0xff);
    assert_int_equal(addr.bytes[15], 3);
    assert_int_equal(we_host_ep_remote(request, &addr), WE_OK);
    assert_int_equal(addr.family, WE_FAMILY_IPV6);
    assert_int_equal(we_host_ep_remote(stream, &addr), WE_OK);
    assert_true(we_base_addr_equal(&addr, &target));
    we_host_close(request, WE_CLOSE_RESET);
    we_host_close(stream, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static void test_stream_open_ports_count_up_and_skip_taken_ones(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = listen_at(v4(1, 49153), false, &owner);
    struct we_host_ep *streams[2] = { NULL, NULL };
    struct we_base_addr addr;

    (void)state;
    assert_int_equal(we_host_stream_open(&any, true, &streams[0]), WE_OK);
    assert_int_equal(we_host_stream_open(&any, true, &streams[1]), WE_OK);
    addr = net_local(streams[0]);
    assert_int_equal(addr.port, 49152);
    addr = net_local(streams[1]);
    assert_int_equal(addr.port, 49154);
    we_host_close(streams[0], WE_CLOSE_RESET);
    we_host_close(streams[1], WE_CLOSE_RESET);
    /* A port that was asked for is taken until its stream is closed. */
    addr = v4(1, 1000);
    assert_int_equal(we_host_stream_open(&addr, true, &streams[0]), WE_OK);
    assert_int_equal(we_host_stream_open(&addr, true, &streams[1]), WE_ERR_IN_USE);
    we_host_close(streams[0], WE_CLOSE_RESET);
    assert_int_equal(we_host_stream_open(&addr, true, &streams[0]), WE_OK);
    we_host_close(streams[0], WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static const struct CMUnitTest s_tests[] = {
    NET_CHECK(test_connect_finds_the_listener_that_fits_best, virtual),
    NET_CHECK(test_listen_dual_stack_takes_ipv4_too, virtual),
    NET_CHECK(test_stream_open_ports_count_up_and_skip_taken_ones, virtual),
};

UNIT_MAIN(s_tests)
