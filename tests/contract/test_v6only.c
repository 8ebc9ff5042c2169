/* SPDX-License-Identifier: MIT */
/* IPV6_V6ONLY of sockets that connect: on from the start, whatever the host begins with, and off before the bind. */
#include "support/stream_socket.h"

#include <string.h>

#define ATTEMPTS 16

/* IPv4's loopback address as an IPv6 socket names it. */
static SOCKADDR_STORAGE address_mapped_loopback(USHORT port)
{
    static const UCHAR bytes[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
    SOCKADDR_STORAGE address = address_any(AF_INET6, port);

    memcpy(&((PSOCKADDR_IN6)&address)->sin6_addr, bytes, sizeof(bytes));
    return address;
}

static void expect_mapped(const SOCKADDR_STORAGE *seen)
{
    SOCKADDR_STORAGE mapped = address_mapped_loopback(address_port(seen));

    assert_int_not_equal(address_port(seen), 0);
    assert_memory_equal(seen, &mapped, sizeof(SOCKADDR_IN6));
}

static PWSK_SOCKET open_bound(struct wsk_fixture *fixture, ULONG flags, bool is_dual)
{
    PWSK_SOCKET socket = socket_open(fixture, flags, AF_INET6, NULL, NULL);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);

    if (is_dual) {
        assert_int_equal(socket_set_ulong(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
    }
    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    return socket;
}

static void expect_talk(PWSK_SOCKET socket, struct wsk_kit_peer *peer)
{
    connection_send_text(socket, "to the server");
    wsk_kit_peer_expect_text(peer, "to the server");
    wsk_kit_peer_send_text(peer, "to the driver");
    connection_expect_text(socket, "to the driver");
}

/* --- connecting ------------------------------------------------------------------------------- */

static void test_v6only_connection_does_not_reach_ipv4(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = open_bound(*state, WSK_FLAG_CONNECTION_SOCKET, false);
    SOCKADDR_STORAGE remote = address_mapped_loopback(wsk_kit_server_port(server));

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_NETWORK_UNREACHABLE);
    socket_close(socket);
    wsk_kit_server_close(server);
}

static void test_v6only_cleared_connection_reaches_ipv4_by_mapped_addresses(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = open_bound(*state, WSK_FLAG_CONNECTION_SOCKET, true);
    SOCKADDR_STORAGE remote = address_mapped_loopback(wsk_kit_server_port(server));
    SOCKADDR_STORAGE local;
    struct wsk_kit_peer *peer;

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    expect_talk(socket, peer);
    local = socket_local(socket, false);
    expect_mapped(&local);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_v6only_cleared_connection_reaches_ipv6_as_before(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV6);
    PWSK_SOCKET socket = open_bound(*state, WSK_FLAG_CONNECTION_SOCKET, true);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET6, wsk_kit_server_port(server));
    struct wsk_kit_peer *peer;

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* A failed connect leaves a stream bound, and the next one is made with another endpoint: the option holds for it too. */
static void test_v6only_stream_keeps_it_over_failed_connects(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = open_bound(*state, WSK_FLAG_STREAM_SOCKET, false);
    SOCKADDR_STORAGE remote = address_mapped_loopback(wsk_kit_server_port(server));

    assert_int_equal(stream_connect_try(socket, &remote), STATUS_NETWORK_UNREACHABLE);
    assert_int_equal(stream_connect_try(socket, &remote), STATUS_NETWORK_UNREACHABLE);
    socket_close(socket);
    wsk_kit_server_close(server);
}

static void test_v6only_cleared_stream_keeps_it_over_failed_connects(void **state)
{
    SOCKADDR_STORAGE nobody = address_mapped_loopback(wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = open_bound(*state, WSK_FLAG_STREAM_SOCKET, true);
    SOCKADDR_STORAGE remote = address_mapped_loopback(wsk_kit_server_port(server));
    SOCKADDR_STORAGE local;
    struct wsk_kit_peer *peer;

    assert_int_equal(stream_connect_try(socket, &nobody), STATUS_CONNECTION_REFUSED);
    assert_int_equal(stream_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    expect_talk(socket, peer);
    local = stream_local(socket);
    expect_mapped(&local);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* --- the port --------------------------------------------------------------------------------- */

/* Binds to a port of IPv6, then to the same one of IPv4. Returns the status of the second. */
static NTSTATUS bind_both(struct wsk_fixture *fixture, ULONG flags, bool is_dual)
{
    USHORT port = wsk_kit_unused_port(WSK_KIT_IPV4);
    SOCKADDR_STORAGE v6_any = address_any(AF_INET6, port);
    SOCKADDR_STORAGE v4_any = address_any(AF_INET, port);
    PWSK_SOCKET v6 = socket_open(fixture, flags, AF_INET6, NULL, NULL);
    PWSK_SOCKET v4 = socket_open(fixture, flags, AF_INET, NULL, NULL);
    NTSTATUS status;

    if (is_dual) {
        assert_int_equal(socket_set_ulong(v6, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
    }
    status = socket_bind_try(v6, &v6_any);
    if (NT_SUCCESS(status)) {
        status = socket_bind_try(v4, &v4_any);
    }
    socket_close(v4);
    socket_close(v6);
    return status;
}

/* Another program may have taken the port in between; not every time. */
static void expect_port_free_for_ipv4(struct wsk_fixture *fixture, ULONG flags)
{
    NTSTATUS status = STATUS_ADDRESS_ALREADY_EXISTS;

    for (unsigned i = 0; i < ATTEMPTS && status == STATUS_ADDRESS_ALREADY_EXISTS; i++) {
        status = bind_both(fixture, flags, false);
    }
    assert_int_equal(status, STATUS_SUCCESS);
}

static void test_v6only_connection_leaves_its_port_to_ipv4(void **state)
{
    expect_port_free_for_ipv4(*state, WSK_FLAG_CONNECTION_SOCKET);
}

static void test_v6only_stream_leaves_its_port_to_ipv4(void **state)
{
    expect_port_free_for_ipv4(*state, WSK_FLAG_STREAM_SOCKET);
}

static void test_v6only_cleared_connection_has_its_port_in_ipv4_too(void **state)
{
    assert_int_equal(bind_both(*state, WSK_FLAG_CONNECTION_SOCKET, true), STATUS_ADDRESS_ALREADY_EXISTS);
}

/* --- mapped addresses of one's own ------------------------------------------------------------ */

/* Everything that has WskBind; the listener's table is only needed for its being there. */
static PWSK_SOCKET open_kind(struct wsk_fixture *fixture, ULONG flags)
{
    PWSK_SOCKET socket;

    assert_int_equal(
        socket_open_try(fixture, flags, AF_INET6, flags == WSK_FLAG_DATAGRAM_SOCKET ? SOCK_DGRAM : SOCK_STREAM,
                        flags == WSK_FLAG_DATAGRAM_SOCKET ? IPPROTO_UDP : IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_SUCCESS);
    return socket;
}

/* The virtual network let a socket of IPv6 alone have an address of IPv4, at which nobody could ever reach it; the
 * sockets network refused it as a matter of the socket's state. It is the address that is wrong. */
static void test_v6only_socket_cannot_have_a_mapped_address(void **state)
{
    static const ULONG kinds[] = { WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_DATAGRAM_SOCKET, WSK_FLAG_CONNECTION_SOCKET,
                                   WSK_FLAG_STREAM_SOCKET };
    SOCKADDR_STORAGE mapped = address_mapped_loopback(0);
    SOCKADDR_STORAGE loopback = address_loopback(AF_INET6, 0);

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        PWSK_SOCKET socket = open_kind(*state, kinds[i]);

        assert_int_equal(socket_bind_try(socket, &mapped), STATUS_INVALID_ADDRESS_COMPONENT);
        assert_int_equal(socket_bind_try(socket, &loopback), STATUS_SUCCESS);
        socket_close(socket);
    }
}

static void test_v6only_cleared_socket_can_have_a_mapped_address(void **state)
{
    static const ULONG kinds[] = { WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_DATAGRAM_SOCKET, WSK_FLAG_CONNECTION_SOCKET,
                                   WSK_FLAG_STREAM_SOCKET };
    SOCKADDR_STORAGE mapped = address_mapped_loopback(0);

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        PWSK_SOCKET socket = open_kind(*state, kinds[i]);

        assert_int_equal(socket_set_ulong(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
        assert_int_equal(socket_bind_try(socket, &mapped), STATUS_SUCCESS);
        socket_close(socket);
    }
}

#define TESTS(X)                                                       \
    X(test_v6only_connection_does_not_reach_ipv4)                      \
    X(test_v6only_cleared_connection_reaches_ipv4_by_mapped_addresses) \
    X(test_v6only_cleared_connection_reaches_ipv6_as_before)           \
    X(test_v6only_stream_keeps_it_over_failed_connects)                \
    X(test_v6only_cleared_stream_keeps_it_over_failed_connects)        \
    X(test_v6only_connection_leaves_its_port_to_ipv4)                  \
    X(test_v6only_stream_leaves_its_port_to_ipv4)                      \
    X(test_v6only_cleared_connection_has_its_port_in_ipv4_too)         \
    X(test_v6only_socket_cannot_have_a_mapped_address)                 \
    X(test_v6only_cleared_socket_can_have_a_mapped_address)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
