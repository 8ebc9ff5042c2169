/* SPDX-License-Identifier: MIT */
/* Tests of the network contract: one list of checks, run over sockets with each poller and over the virtual network. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <string.h>

static bool holds_handshake(void)
{
    return (we_host_net_abilities() & WE_NET_HOLDS_HANDSHAKE) != 0;
}

/* --- connecting ------------------------------------------------------------------------ */

static void test_connect_listener_is_there_establishes(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *server = net_accept(listener, &listener_owner);
    struct we_base_addr addr;
    struct we_base_addr expected;

    (void)state;
    net_run_until(&client_owner, WE_NET_CONNECTED);
    assert_int_equal(client_owner.seen & (WE_NET_CONNECT_FAILED | WE_NET_RESET | WE_NET_ENDED), 0);
    assert_int_equal(we_host_ep_error(client), WE_OK);

    expected = net_local(listener);
    assert_int_not_equal(expected.port, 0);
    assert_int_equal(we_host_ep_remote(client, &addr), WE_OK);
    assert_true(we_base_addr_equal(&addr, &expected));
    addr = net_local(server);
    assert_true(we_base_addr_equal(&addr, &expected));
    expected = net_local(client);
    assert_false(we_base_addr_is_any(&expected));
    assert_int_equal(we_host_ep_remote(server, &addr), WE_OK);
    assert_true(we_base_addr_equal(&addr, &expected));

    assert_int_equal(we_host_net_open_count(), 3);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(server, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_connect_nobody_listens_fails_with_refused(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_base_addr remote = net_local(listener);
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_ep *stream = NULL;

    (void)state;
    we_host_close(listener, WE_CLOSE_GRACEFUL);
    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, &owner);
    assert_int_equal(we_host_stream_connect(stream, &remote), WE_ERR_AGAIN);
    net_run_until(&owner, WE_NET_CONNECT_FAILED);
    assert_int_equal(owner.seen & WE_NET_CONNECTED, 0);
    assert_int_equal(we_host_ep_error(stream), WE_ERR_REFUSED);
    net_expect_none(stream, WE_ERR_REFUSED);
    assert_int_equal(we_host_stream_connect(stream, &remote), WE_ERR_REFUSED);
    we_host_close(stream, WE_CLOSE_GRACEFUL);
}

static void test_connect_twice_fails(void **state)
{
    struct net_pair pair;
    struct we_base_addr remote;

    (void)state;
    net_pair_make(&pair);
    remote = net_local(pair.listener);
    assert_int_equal(we_host_stream_connect(pair.client, &remote), WE_ERR_CONNECTED);
    net_pair_close(&pair);
}

static void test_stream_before_connect_is_not_connected(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct net_owner owner = { 0 };
    struct we_host_ep *stream = NULL;
    struct we_base_addr addr;
    size_t bytes;

    (void)state;
    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 0, &owner);
    net_run_until_quiet();
    assert_int_equal(owner.calls, 0);
    addr = net_local(stream);
    assert_int_not_equal(addr.port, 0);
    assert_int_equal(we_host_ep_remote(stream, &addr), WE_ERR_NOT_CONNECTED);
    net_expect_none(stream, WE_ERR_NOT_CONNECTED);
    assert_int_equal(net_try_send(stream, "x", 1, &bytes), WE_ERR_NOT_CONNECTED);
    assert_int_equal(we_host_shutdown_send(stream), WE_ERR_NOT_CONNECTED);
    we_host_close(stream, WE_CLOSE_GRACEFUL);
}

static void test_listen_port_is_taken_is_in_use(void **state)
{
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&owner, false);
    struct we_base_addr addr = net_local(listener);
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, addr.port);
    struct we_host_listen_options options = { .hold_handshake = false };
    struct we_host_ep *other = NULL;

    (void)state;
    assert_int_equal(we_host_listen(&addr, &options, 1, &net_owner_client, &owner, &other), WE_ERR_IN_USE);
    assert_int_equal(we_host_listen(&any, &options, 1, &net_owner_client, &owner, &other), WE_ERR_IN_USE);
    assert_int_equal(we_host_stream_open(&addr, true, &other), WE_ERR_IN_USE);
    assert_null(other);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
    assert_int_equal(we_host_listen(&addr, &options, 1, &net_owner_client, &owner, &other), WE_OK);
    we_host_close(other, WE_CLOSE_GRACEFUL);
}

static void test_listen_no_family_fails(void **state)
{
    struct we_base_addr none = { .family = WE_FAMILY_NONE };
    struct we_host_listen_options options = { .hold_handshake = false };
    struct net_owner owner = { 0 };
    struct we_host_ep *ep = NULL;

    (void)state;
    assert_int_equal(we_host_listen(&none, &options, 0, &net_owner_client, &owner, &ep), WE_ERR_FAMILY);
    assert_int_equal(we_host_stream_open(&none, true, &ep), WE_ERR_FAMILY);
    assert_null(ep);
}

/* A listener for every IPv6 address, or NULL: not every machine has IPv6. */
static struct we_host_ep *listen_ipv6(struct net_owner *owner, bool is_v6_only)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV6, 0);
    struct we_host_listen_options options = { .is_v6_only = is_v6_only };
    struct we_host_ep *listener = NULL;
    enum we_err err = we_host_listen(&any, &options, 0, &net_owner_client, owner, &listener);

    assert_true(err == WE_OK || err == WE_ERR_FAMILY || err == WE_ERR_ADDRESS);
    return listener;
}

/* Connects to a port of this host in one of the families. */
static struct we_host_ep *connect_to_port(enum we_base_family family, uint16_t port, struct net_owner *owner)
{
    struct we_base_addr any = we_base_addr_any(family, 0);
    struct we_base_addr remote = we_base_addr_loopback(family, port);
    struct we_host_ep *stream = NULL;

    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, owner);
    assert_int_equal(we_host_stream_connect(stream, &remote), WE_ERR_AGAIN);
    return stream;
}

static void test_connect_ipv6_has_ipv6_addresses(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *listener = listen_ipv6(&listener_owner, true);
    struct we_host_ep *client;
    struct we_host_ep *server;
    struct we_base_addr loopback;
    struct we_base_addr addr;

    (void)state;
    if (listener == NULL) {
        print_message("this machine has no IPv6\n");
        return;
    }
    addr = net_local(listener);
    loopback = we_base_addr_loopback(WE_FAMILY_IPV6, addr.port);
    client = connect_to_port(WE_FAMILY_IPV6, addr.port, &client_owner);
    server = net_accept(listener, &listener_owner);
    addr = net_local(server);
    assert_true(we_base_addr_equal(&addr, &loopback));
    assert_int_equal(we_host_ep_remote(server, &addr), WE_OK);
    assert_true(we_base_addr_same_host(&addr, &loopback));
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(server, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_connect_ipv4_reaches_an_ipv6_listener_for_both_only(void **state)
{
    static const uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1 };
    struct net_owner owners[3] = { { 0 } };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *dual = listen_ipv6(&owners[0], false);
    struct we_host_ep *v6_only = listen_ipv6(&owners[1], true);
    struct we_host_ep *client;
    struct we_host_ep *server;
    struct we_base_addr addr;

    (void)state;
    if (dual == NULL || v6_only == NULL) {
        print_message("this machine has no IPv6\n");
        return;
    }
    addr = net_local(dual);
    client = connect_to_port(WE_FAMILY_IPV4, addr.port, &client_owner);
    server = net_accept(dual, &owners[0]);
    assert_int_equal(we_host_ep_remote(server, &addr), WE_OK);
    assert_int_equal(addr.family, WE_FAMILY_IPV6);
    assert_memory_equal(addr.bytes, mapped, sizeof(mapped));
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(server, WE_CLOSE_GRACEFUL);

    addr = net_local(v6_only);
    client = connect_to_port(WE_FAMILY_IPV4, addr.port, &owners[2]);
    net_run_until(&owners[2], WE_NET_CONNECT_FAILED);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(dual, WE_CLOSE_GRACEFUL);
    we_host_close(v6_only, WE_CLOSE_GRACEFUL);
}

/* --- the verdict ----------------------------------------------------------------------- */

struct held {
    struct net_owner listener_owner;
    struct net_owner client_owner;
    struct net_owner request_owner;
    struct we_host_ep *listener;
    struct we_host_ep *client;
    struct we_host_ep *request;
};

/* A request of a conditional listener, watched for hang-up. */
static void held_make(struct held *held)
{
    memset(held, 0, sizeof(*held));
    held->listener = net_listen(&held->listener_owner, true);
    held->client = net_connect(held->listener, &held->client_owner);
    held->request = net_accept(held->listener, &held->listener_owner);
    net_watch(held->request, WE_WATCH_HANGUP, 0, &held->request_owner);
    net_run_until_quiet();
    assert_int_equal(held->request_owner.calls, 0);
    /* With the ability, nobody has answered the client yet. */
    assert_int_equal((held->client_owner.seen & WE_NET_CONNECTED) == 0, holds_handshake());
}

static void test_confirm_client_waits_establishes(void **state)
{
    struct held held;
    enum we_err err;

    (void)state;
    held_make(&held);
    err = we_host_confirm(held.request);
    if (holds_handshake()) {
        assert_int_equal(err, WE_ERR_AGAIN);
        net_run_until(&held.request_owner, WE_NET_ESTABLISHED);
    } else {
        assert_int_equal(err, WE_OK);
    }
    assert_int_equal(held.request_owner.seen & WE_NET_RESET, 0);
    net_run_until(&held.client_owner, WE_NET_CONNECTED);
    net_watch(held.request, WE_WATCH_ALL, 0, &held.request_owner);
    net_send(held.client, "hello");
    net_run_until(&held.request_owner, WE_NET_READABLE);
    net_expect(held.request, "hello");
    we_host_close(held.client, WE_CLOSE_GRACEFUL);
    we_host_close(held.request, WE_CLOSE_GRACEFUL);
    we_host_close(held.listener, WE_CLOSE_GRACEFUL);
}

/* Where the handshake can be held the client is refused; else it was connected and is reset. */
static void test_refuse_client_waits_ends_its_connection(void **state)
{
    struct held held;

    (void)state;
    held_make(&held);
    we_host_refuse(held.request);
    if (holds_handshake()) {
        net_run_until(&held.client_owner, WE_NET_CONNECT_FAILED);
        assert_int_equal(held.client_owner.seen & WE_NET_CONNECTED, 0);
        assert_int_equal(we_host_ep_error(held.client), WE_ERR_REFUSED);
    } else {
        net_run_until(&held.client_owner, WE_NET_CONNECTED | WE_NET_RESET);
        net_expect_none(held.client, WE_ERR_RESET);
    }
    net_run_until_quiet();
    assert_int_equal(held.request_owner.calls, 0);
    we_host_close(held.client, WE_CLOSE_GRACEFUL);
    we_host_close(held.listener, WE_CLOSE_GRACEFUL);
}

static void give_up(enum we_host_close how)
{
    struct held held;

    held_make(&held);
    we_host_close(held.client, how);
    net_run_until(&held.request_owner, WE_NET_RESET);
    assert_int_equal(held.request_owner.seen, WE_NET_RESET);
    assert_int_equal(we_host_confirm(held.request), WE_ERR_RESET);
    net_run_until_quiet();
    assert_int_equal(held.request_owner.calls, 1);
    we_host_close(held.request, WE_CLOSE_GRACEFUL);
    we_host_close(held.listener, WE_CLOSE_GRACEFUL);
}

static void test_watch_hangup_client_resets_reports_reset(void **state)
{
    (void)state;
    give_up(WE_CLOSE_RESET);
}

static void test_watch_hangup_client_ends_without_a_byte_reports_reset(void **state)
{
    (void)state;
    give_up(WE_CLOSE_GRACEFUL);
}

/* The owner asks before the event was delivered: then no event comes. */
static void test_confirm_client_is_gone_says_reset_and_is_silent(void **state)
{
    struct held held;

    (void)state;
    held_make(&held);
    we_host_close(held.client, WE_CLOSE_RESET);
    assert_int_equal(we_host_confirm(held.request), WE_ERR_RESET);
    net_run_until_quiet();
    assert_int_equal(held.request_owner.calls, 0);
    we_host_close(held.request, WE_CLOSE_RESET);
    we_host_close(held.listener, WE_CLOSE_GRACEFUL);
}

/* A client that said something and finished has not given up: nothing of it is lost. */
static void test_watch_hangup_client_sends_and_ends_is_silent(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, !holds_handshake());
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request = net_accept(listener, &listener_owner);

    (void)state;
    net_watch(request, WE_WATCH_HANGUP, 0, &owner);
    net_run_until(&client_owner, WE_NET_CONNECTED);
    net_send(client, "all I have to say");
    we_host_close(client, WE_CLOSE_GRACEFUL);
    net_run_until_quiet();
    assert_int_equal(owner.calls, 0);

    assert_int_equal(we_host_confirm(request), WE_OK);
    net_watch(request, WE_WATCH_ALL, 0, &owner);
    net_run_until(&owner, WE_NET_READABLE);
    assert_int_equal(owner.seen & WE_NET_RESET, 0);
    net_expect(request, "all I have to say");
    net_expect_none(request, WE_OK);
    we_host_close(request, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

/* The same for a connection that is established, whether or not the network could have held its handshake. */
static void test_watch_hangup_established_client_ends_without_a_byte_reports_reset(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request = net_accept(listener, &listener_owner);

    (void)state;
    net_watch(request, WE_WATCH_HANGUP, 0, &owner);
    net_run_until(&client_owner, WE_NET_CONNECTED);
    assert_int_equal(we_host_confirm(request), WE_OK);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    net_run_until(&owner, WE_NET_RESET);
    we_host_close(request, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_close_listener_requests_wait_ends_them(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner owners[3] = { { 0 } };
    struct we_host_ep *clients[3];
    struct we_host_ep *listener = net_listen(&listener_owner, true);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = net_connect(listener, &owners[i]);
    }
    net_run_until(&listener_owner, WE_NET_ACCEPTABLE);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
    for (unsigned i = 0; i < 3; i++) {
        net_run_until(&owners[i], holds_handshake() ? WE_NET_CONNECT_FAILED : WE_NET_RESET);
        we_host_close(clients[i], WE_CLOSE_RESET);
    }
}

static void test_accept_acceptable_repeats_while_requests_wait(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owners[3] = { { 0 } };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_host_ep *clients[3];
    struct we_host_ep *request = NULL;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = net_connect(listener, &client_owners[i]);
        net_run_until(&client_owners[i], WE_NET_CONNECTED);
    }
    for (unsigned i = 0; i < 3; i++) {
        /* One accept for each event is enough. */
        request = net_accept(listener, &listener_owner);
        we_host_close(request, WE_CLOSE_RESET);
    }
    listener_owner.seen = 0;
    net_run_until_quiet();
    assert_int_equal(listener_owner.seen, 0);
    assert_int_equal(we_host_accept(listener, &request), WE_ERR_AGAIN);
    for (unsigned i = 0; i < 3; i++) {
        we_host_close(clients[i], WE_CLOSE_RESET);
    }
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

/* --- the list -------------------------------------------------------------------------- */

/* clang-format off */
#define CHECKS(way)                                                                         \
    NET_CHECK(test_connect_listener_is_there_establishes, way),                             \
    NET_CHECK(test_connect_nobody_listens_fails_with_refused, way),                         \
    NET_CHECK(test_connect_twice_fails, way),                                               \
    NET_CHECK(test_stream_before_connect_is_not_connected, way),                            \
    NET_CHECK(test_listen_port_is_taken_is_in_use, way),                                    \
    NET_CHECK(test_listen_no_family_fails, way),                                            \
    NET_CHECK(test_connect_ipv6_has_ipv6_addresses, way),                                   \
    NET_CHECK(test_connect_ipv4_reaches_an_ipv6_listener_for_both_only, way),               \
    NET_CHECK(test_confirm_client_waits_establishes, way),                                  \
    NET_CHECK(test_refuse_client_waits_ends_its_connection, way),                           \
    NET_CHECK(test_watch_hangup_client_resets_reports_reset, way),                          \
    NET_CHECK(test_watch_hangup_client_ends_without_a_byte_reports_reset, way),             \
    NET_CHECK(test_confirm_client_is_gone_says_reset_and_is_silent, way),                   \
    NET_CHECK(test_watch_hangup_client_sends_and_ends_is_silent, way),                      \
    NET_CHECK(test_watch_hangup_established_client_ends_without_a_byte_reports_reset, way), \
    NET_CHECK(test_close_listener_requests_wait_ends_them, way),                            \
    NET_CHECK(test_accept_acceptable_repeats_while_requests_wait, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
