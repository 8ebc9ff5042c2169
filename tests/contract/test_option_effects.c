/* SPDX-License-Identifier: MIT */
/* What options really do: seen at the host's endpoint, or by the peer. */
#include "support/wsk_fixture.h"

#include <string.h>

#include <mstcpip.h>

#include "wsk/wsk_socket.h"

/* What the operating system's socket has. The virtual network has no such thing: there the kept value is all. */
static void check_endpoint(const struct wsk_fixture *fixture, PWSK_SOCKET socket, enum we_host_ep_option option,
                           int expected)
{
    struct we_wsk_socket *inner = (struct we_wsk_socket *)(void *)socket;
    int value = -1;

    if (fixture->way->is_virtual) {
        return;
    }
    we_host_mutex_lock(&inner->lock);
    assert_non_null(inner->ep);
    assert_int_equal(we_host_ep_get(inner->ep, option, &value), WE_OK);
    we_host_mutex_unlock(&inner->lock);
    assert_int_equal(value, expected);
}

/* Options with a counterpart of the host's that can be set on any stream, and a value of each. */
struct effect {
    ULONG level;
    ULONG option;
    ULONG value;
    enum we_host_ep_option host;
    int host_value;
};

static const struct effect s_ipv4_effects[] = {
    { IPPROTO_IP, IP_TTL, 33, WE_EP_IPV4_TTL, 33 },
    { IPPROTO_IP, IP_TOS, 0x10, WE_EP_IPV4_TOS, 0x10 },
    { IPPROTO_IP, IP_DONTFRAGMENT, 1, WE_EP_IPV4_DONT_FRAGMENT, 1 },
    { IPPROTO_TCP, TCP_KEEPIDLE, 77, WE_EP_KEEPALIVE_IDLE_S, 77 },
    { IPPROTO_TCP, TCP_KEEPINTVL, 11, WE_EP_KEEPALIVE_INTERVAL_S, 11 },
    { IPPROTO_TCP, TCP_KEEPCNT, 5, WE_EP_KEEPALIVE_PROBE_COUNT, 5 },
    { IPPROTO_TCP, TCP_MAXRTMS, 90000, WE_EP_UNANSWERED_MS, 90000 },
    { SOL_SOCKET, SO_KEEPALIVE, 1, WE_EP_KEEPALIVE, 1 },
    { SOL_SOCKET, SO_RCVBUF, 20000, WE_EP_RECEIVE_BUFFER_BYTES, 20000 },
};

static const struct effect s_ipv6_effects[] = {
    { IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33, WE_EP_IPV6_HOPS, 33 },
    { IPPROTO_IPV6, IPV6_TCLASS, 0x10, WE_EP_IPV6_TCLASS, 0x10 },
    { IPPROTO_IPV6, IPV6_DONTFRAG, 1, WE_EP_IPV6_DONT_FRAGMENT, 1 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void set_all(PWSK_SOCKET socket, const struct effect *effects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(socket_set_ulong(socket, effects[i].level, effects[i].option, effects[i].value),
                         STATUS_SUCCESS);
    }
}

static void check_all(const struct wsk_fixture *fixture, PWSK_SOCKET socket, const struct effect *effects, size_t count)
{
    ULONG value = 0;

    for (size_t i = 0; i < count; i++) {
        check_endpoint(fixture, socket, effects[i].host, effects[i].host_value);
        assert_int_equal(socket_get_option(socket, effects[i].level, effects[i].option, &value, sizeof(value), NULL),
                         STATUS_SUCCESS);
        assert_int_equal(value, effects[i].value);
    }
}

static void test_option_effects_set_before_bind_come_with_the_endpoint(void **state)
{
    PWSK_SOCKET v4 = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET v6 = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET6, NULL, NULL);

    set_all(v4, s_ipv4_effects, COUNT(s_ipv4_effects));
    set_all(v6, s_ipv6_effects, COUNT(s_ipv6_effects));
    socket_bind_loopback(v4, AF_INET);
    socket_bind_loopback(v6, AF_INET6);
    check_all(*state, v4, s_ipv4_effects, COUNT(s_ipv4_effects));
    check_all(*state, v6, s_ipv6_effects, COUNT(s_ipv6_effects));
    socket_close(v6);
    socket_close(v4);
}

static void test_option_effects_set_while_connected_count_at_once(void **state)
{
    struct wsk_kit_peer *v4_peer;
    struct wsk_kit_peer *v6_peer;
    PWSK_SOCKET v4 = connection_open_peer(*state, AF_INET, NULL, NULL, &v4_peer);
    PWSK_SOCKET v6 = connection_open_peer(*state, AF_INET6, NULL, NULL, &v6_peer);

    set_all(v4, s_ipv4_effects, COUNT(s_ipv4_effects));
    set_all(v6, s_ipv6_effects, COUNT(s_ipv6_effects));
    check_all(*state, v4, s_ipv4_effects, COUNT(s_ipv4_effects));
    check_all(*state, v6, s_ipv6_effects, COUNT(s_ipv6_effects));
    /* And it still is a connection. */
    wsk_kit_peer_send_text(v4_peer, "after all that");
    connection_expect_text(v4, "after all that");
    wsk_kit_peer_close(v6_peer);
    wsk_kit_peer_close(v4_peer);
    socket_close(v6);
    socket_close(v4);
}

static void test_option_effects_of_a_listener_are_inherited(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    set_all(listener, s_ipv4_effects, COUNT(s_ipv4_effects));
    check_all(*state, listener, s_ipv4_effects, COUNT(s_ipv4_effects));
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    check_all(*state, accepted, s_ipv4_effects, COUNT(s_ipv4_effects));
    /* A copy: what is set on one does not change the other. */
    assert_int_equal(socket_set_ulong(accepted, IPPROTO_IP, IP_TTL, 99), STATUS_SUCCESS);
    check_endpoint(*state, accepted, WE_EP_IPV4_TTL, 99);
    check_all(*state, listener, s_ipv4_effects, COUNT(s_ipv4_effects));
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

/* Some systems know nothing but "do not fragment". */
static void check_mtu_discovery(PWSK_SOCKET socket, int expected)
{
    struct we_wsk_socket *inner = (struct we_wsk_socket *)(void *)socket;
    int value = -1;

    we_host_mutex_lock(&inner->lock);
    assert_int_equal(we_host_ep_get(inner->ep, WE_EP_IPV4_MTU_DISCOVERY, &value), WE_OK);
    we_host_mutex_unlock(&inner->lock);
    assert_true(value == expected || (value == WE_MTU_DISCOVERY_NOT_SET && expected != WE_MTU_DISCOVERY_DO));
}

static void test_option_effects_mtu_discovery_is_translated(void **state)
{
    static const int host_values[] = { WE_MTU_DISCOVERY_NOT_SET, WE_MTU_DISCOVERY_DO, WE_MTU_DISCOVERY_DONT,
                                       WE_MTU_DISCOVERY_PROBE };
    const struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    ULONG value;

    for (value = IP_PMTUDISC_NOT_SET; value < IP_PMTUDISC_MAX; value++) {
        assert_int_equal(socket_set_ulong(socket, IPPROTO_IP, IP_MTU_DISCOVER, value), STATUS_SUCCESS);
        if (!fixture->way->is_virtual) {
            check_mtu_discovery(socket, host_values[value]);
        }
    }
    socket_close(socket);
}

/* What was never set is what the operating system has, not what the table says. */
static void test_option_effects_unset_options_are_asked_of_the_network(void **state)
{
    const struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct we_wsk_socket *inner = (struct we_wsk_socket *)(void *)socket;
    ULONG value = 0;
    int host_value = 128; /* what the table says */

    if (!fixture->way->is_virtual) {
        we_host_mutex_lock(&inner->lock);
        assert_int_equal(we_host_ep_get(inner->ep, WE_EP_IPV4_TTL, &host_value), WE_OK);
        we_host_mutex_unlock(&inner->lock);
    }
    assert_int_equal(socket_get_option(socket, IPPROTO_IP, IP_TTL, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, host_value);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_option_effects_unknown_interface_fails_where_there_are_interfaces(void **state)
{
    const struct wsk_fixture *fixture = *state;
    PWSK_SOCKET v4 = connection_open_bound(*state, AF_INET, NULL, NULL);
    PWSK_SOCKET v6 = connection_open_bound(*state, AF_INET6, NULL, NULL);
    NTSTATUS expected = fixture->way->is_virtual ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS_COMPONENT;
    ULONG value = 7;

    assert_int_equal(socket_set_ulong(v4, IPPROTO_IP, IP_UNICAST_IF, RtlUlongByteSwap(0xfedcba)), expected);
    assert_int_equal(socket_set_ulong(v6, IPPROTO_IPV6, IPV6_UNICAST_IF, 0xfedcba), expected);
    if (!fixture->way->is_virtual) { /* a value that was refused is not kept */
        assert_int_equal(socket_get_option(v4, IPPROTO_IP, IP_UNICAST_IF, &value, sizeof(value), NULL), STATUS_SUCCESS);
        assert_int_equal(value, 0);
    }
    /* The same number in the wrong byte order is another one; none at all always works. */
    assert_int_equal(socket_set_ulong(v4, IPPROTO_IP, IP_UNICAST_IF, 0), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(v6, IPPROTO_IPV6, IPV6_UNICAST_IF, 0), STATUS_SUCCESS);
    socket_close(v6);
    socket_close(v4);
}

/* The driver has nobody left to hear of it. */
static void test_option_effects_refused_at_the_bind_do_not_fail_it(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);

    assert_int_equal(socket_set_ulong(socket, IPPROTO_IP, IP_UNICAST_IF, RtlUlongByteSwap(0xfedcba)), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(socket, IPPROTO_IP, IP_TTL, 44), STATUS_SUCCESS);
    socket_bind_loopback(socket, AF_INET);
    check_endpoint(*state, socket, WE_EP_IPV4_UNICAST_IF, 0);
    check_endpoint(*state, socket, WE_EP_IPV4_TTL, 44);
    socket_close(socket);
}

/* --- seen by the peer ------------------------------------------------------------------------------- */

#define FLOOD_BYTES (256 * 1024)

/* Sends until the driver's side is full and stays full; the driver does not receive. */
static size_t flood(struct wsk_kit_peer *peer)
{
    static char bytes[4096];
    size_t sent = 0;
    size_t count;

    do {
        count = wsk_kit_peer_send_some(peer, bytes, sizeof(bytes));
        sent += count;
    } while (count > 0 && sent < FLOOD_BYTES);
    return sent;
}

static void test_option_effects_small_receive_buffer_stops_the_peer(void **state)
{
    const struct wsk_fixture *fixture = *state;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_RCVBUF, 8192), STATUS_SUCCESS);
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    if (fixture->way->is_virtual) { /* exact there; an operating system adds its own buffers */
        assert_int_equal(flood(peer), 8192);
    } else {
        check_endpoint(fixture, accepted, WE_EP_RECEIVE_BUFFER_BYTES, 8192);
    }
    wsk_kit_peer_reset(peer);
    wsk_kit_peer_close(peer);
    socket_close(accepted);
    socket_close(listener);
}

/* A listener on the IPv6 wildcard address. */
static PWSK_SOCKET dual_listener_open(struct wsk_fixture *fixture, ULONG v6only, USHORT *port)
{
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET6, NULL, NULL);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    SOCKADDR_STORAGE local;

    assert_int_equal(socket_set_ulong(listener, IPPROTO_IPV6, IPV6_V6ONLY, v6only), STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(listener, &any), STATUS_SUCCESS);
    local = socket_local(listener, true);
    *port = address_port(&local);
    return listener;
}

static void test_option_effects_v6only_keeps_ipv4_peers_out(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = dual_listener_open(*state, 1, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    peer = wsk_kit_connect(WSK_KIT_IPV6, port);
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

static void test_option_effects_v6only_off_lets_ipv4_peers_in_with_mapped_addresses(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = dual_listener_open(*state, 0, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    PWSK_SOCKET accepted;
    SOCKADDR_STORAGE remote;
    NTSTATUS status;

    wsk_kit_peer_expect_connected(peer);
    accepted = listener_accept(listener, NULL, NULL);
    memset(&remote, 0, sizeof(remote));
    REQUEST_CALL(status, NULL, irp,
                 ((const WSK_PROVIDER_CONNECTION_DISPATCH *)accepted->Dispatch)
                     ->WskGetRemoteAddress(accepted, (PSOCKADDR)&remote, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(INETADDR_ISV4MAPPED((const SOCKADDR *)&remote));
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

#define TESTS(X)                                                              \
    X(test_option_effects_set_before_bind_come_with_the_endpoint)             \
    X(test_option_effects_set_while_connected_count_at_once)                  \
    X(test_option_effects_of_a_listener_are_inherited)                        \
    X(test_option_effects_mtu_discovery_is_translated)                        \
    X(test_option_effects_unset_options_are_asked_of_the_network)             \
    X(test_option_effects_unknown_interface_fails_where_there_are_interfaces) \
    X(test_option_effects_refused_at_the_bind_do_not_fail_it)                 \
    X(test_option_effects_small_receive_buffer_stops_the_peer)                \
    X(test_option_effects_v6only_keeps_ipv4_peers_out)                        \
    X(test_option_effects_v6only_off_lets_ipv4_peers_in_with_mapped_addresses)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
