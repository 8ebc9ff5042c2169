/* SPDX-License-Identifier: MIT */
/* Tests of streams that are bound and may still become listeners, over sockets with each poller and over the virtual
 * network. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

static void test_bound_stream_becomes_a_listener_at_its_address(void **state)
{
    struct we_base_addr local = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_listen_options options = { .hold_handshake = false };
    struct net_owner listener_owner = { 0 };
    struct net_owner early_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *listener = NULL;
    struct we_host_ep *stream = NULL;
    struct we_host_ep *early;
    struct we_host_ep *client;
    struct we_host_ep *server;
    struct we_base_addr bound;
    struct we_base_addr addr;

    (void)state;
    assert_int_equal(we_host_bound_open(&local, true, &stream), WE_OK);
    bound = net_local(stream);
    assert_int_not_equal(bound.port, 0);
    early = net_connect(stream, &early_owner); /* to the address, where nobody listens yet */
    net_run_until(&early_owner, WE_NET_CONNECT_FAILED);
    we_host_close(early, WE_CLOSE_RESET);

    assert_int_equal(we_host_bound_listen(stream, &options, 1, &net_owner_client, &listener_owner, &listener), WE_OK);
    assert_int_equal(we_host_net_open_count(), 1);
    addr = net_local(listener);
    assert_true(we_base_addr_equal(&addr, &bound));
    client = net_connect(listener, &client_owner);
    server = net_accept(listener, &listener_owner);
    net_run_until(&client_owner, WE_NET_CONNECTED);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(server, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_bound_stream_connects_as_any_other(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_base_addr remote = net_local(listener);
    struct we_base_addr local = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_ep *stream = NULL;
    struct we_host_ep *server;
    enum we_err err;

    (void)state;
    assert_int_equal(we_host_bound_open(&local, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, &owner);
    err = we_host_stream_connect(stream, &remote);
    assert_true(err == WE_OK || err == WE_ERR_AGAIN);
    server = net_accept(listener, &listener_owner);
    if (err == WE_ERR_AGAIN) {
        net_run_until(&owner, WE_NET_CONNECTED);
    }
    net_send(stream, "hello");
    net_watch(server, WE_WATCH_ALL, 0, &listener_owner);
    net_run_until(&listener_owner, WE_NET_READABLE);
    net_expect(server, "hello");
    we_host_close(stream, WE_CLOSE_GRACEFUL);
    we_host_close(server, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

/* A kernel may let two bind, since neither listens; then the second one's listen fails. */
static void test_bound_stream_at_a_taken_port_never_listens(void **state)
{
    struct we_base_addr local = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_listen_options options = { .hold_handshake = false };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = NULL;
    struct we_host_ep *first = NULL;
    struct we_host_ep *second = NULL;
    struct we_host_ep *other = NULL;
    struct we_base_addr addr;
    enum we_err err;

    (void)state;
    assert_int_equal(we_host_bound_open(&local, true, &first), WE_OK);
    addr = net_local(first);
    err = we_host_bound_open(&addr, true, &second);
    assert_true(err == WE_OK || err == WE_ERR_IN_USE);
    assert_int_equal(we_host_bound_listen(first, &options, 0, &net_owner_client, &owner, &listener), WE_OK);
    if (err == WE_OK) {
        assert_int_equal(we_host_bound_listen(second, &options, 0, &net_owner_client, &owner, &other), WE_ERR_IN_USE);
    }
    assert_int_equal(we_host_bound_open(&addr, true, &other), WE_ERR_IN_USE);
    assert_null(other);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
    /* What was closed does not keep the port. */
    assert_int_equal(we_host_bound_open(&addr, true, &other), WE_OK);
    we_host_close(other, WE_CLOSE_RESET);
}

/* The port that the network chose for one may be somebody else's for the other; not every time. */
static void test_bound_stream_ipv6_only_leaves_the_ipv4_port_free(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV6, 0);
    enum we_err err = WE_ERR_IN_USE;
    unsigned attempts;

    (void)state;
    for (attempts = 0; attempts < 16 && err == WE_ERR_IN_USE; attempts++) {
        struct we_host_ep *v6 = NULL;
        struct we_host_ep *v4 = NULL;
        struct we_base_addr same_port;

        assert_int_equal(we_host_bound_open(&any, true, &v6), WE_OK);
        same_port = we_base_addr_any(WE_FAMILY_IPV4, net_local(v6).port);
        err = we_host_bound_open(&same_port, true, &v4);
        if (err == WE_OK) {
            we_host_close(v4, WE_CLOSE_RESET);
        }
        we_host_close(v6, WE_CLOSE_RESET);
    }
    assert_int_equal(err, WE_OK);
}

/* clang-format off */
#define CHECKS(way)                                                                \
    NET_CHECK(test_bound_stream_becomes_a_listener_at_its_address, way),           \
    NET_CHECK(test_bound_stream_connects_as_any_other, way),                       \
    NET_CHECK(test_bound_stream_at_a_taken_port_never_listens, way),               \
    NET_CHECK(test_bound_stream_ipv6_only_leaves_the_ipv4_port_free, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
