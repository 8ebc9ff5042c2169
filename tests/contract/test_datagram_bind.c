/* SPDX-License-Identifier: MIT */
/* Making and binding datagram sockets, their options, and requests at DISPATCH_LEVEL. */
#include "support/dgram_client.h"

#include <string.h>

static void test_datagram_socket_has_the_datagram_table(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);
    const WSK_PROVIDER_DATAGRAM_DISPATCH *table = dgram_table(socket);

    assert_non_null(table->WskControlSocket);
    assert_non_null(table->WskCloseSocket);
    assert_non_null(table->WskBind);
    assert_non_null(table->WskSendTo);
    assert_non_null(table->WskReceiveFrom);
    assert_non_null(table->WskRelease);
    assert_non_null(table->WskGetLocalAddress);
    assert_non_null(table->WskSendMessages);
    socket_close(socket);
}

static void test_bind_datagram_port_0_gets_a_port(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        PWSK_SOCKET socket = dgram_open(*state, families[i], NULL, NULL);
        SOCKADDR_STORAGE any = address_any(families[i], 0);

        assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
        assert_int_not_equal(dgram_port(socket), 0);
        socket_close(socket);
    }
}

static void test_bind_datagram_port_in_use_fails(void **state)
{
    USHORT port;
    PWSK_SOCKET first = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    PWSK_SOCKET second = dgram_open(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, port);

    assert_int_equal(socket_bind_try(second, &address), STATUS_ADDRESS_ALREADY_EXISTS);
    socket_close(first);
    /* It can be tried again. */
    assert_int_equal(socket_bind_try(second, &address), STATUS_SUCCESS);
    assert_int_equal(dgram_port(second), port);
    socket_close(second);
}

/* The ports of TCP are others. */
static void test_bind_datagram_port_of_a_listener_is_free(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, port);

    assert_int_equal(socket_bind_try(socket, &address), STATUS_SUCCESS);
    socket_close(socket);
    socket_close(listener);
}

static void test_bind_datagram_twice_or_wrongly_fails(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    SOCKADDR_STORAGE v6 = address_loopback(AF_INET6, 0);

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(socket_bind_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
    socket = dgram_open(*state, AF_INET, NULL, NULL);
    wsk_kit_expect_report("SOCK-014");
    assert_int_equal(socket_bind_try(socket, &v6), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_datagram_over_tcp_fails_at_bind(void **state)
{
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_DATAGRAM_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(socket, &address), STATUS_NOT_IMPLEMENTED);
    socket_close(socket);
}

static void test_close_of_an_unbound_datagram_socket(void **state)
{
    socket_close(dgram_open(*state, AF_INET6, NULL, NULL));
}

/* --- options ---------------------------------------------------------------------------------------- */

static ULONG option_get(PWSK_SOCKET socket, ULONG level, ULONG option)
{
    ULONG value = 0;

    assert_int_equal(socket_get_option(socket, level, option, &value, sizeof(value), NULL), STATUS_SUCCESS);
    return value;
}

static void test_datagram_options_keep_what_was_set(void **state)
{
    static const struct {
        ULONG level;
        ULONG option;
        ULONG value;
        ULONG kept;
    } rows[] = {
        { SOL_SOCKET, SO_BROADCAST, 7, 1 },
        { SOL_SOCKET, SO_BROADCAST, 0, 0 },
        { SOL_SOCKET, SO_RCVBUF, 32768, 32768 },
        { IPPROTO_IP, IP_PKTINFO, 1, 1 },
        { IPPROTO_IP, IP_HOPLIMIT, 1, 1 },
        { IPPROTO_IP, IP_RECVTCLASS, 1, 1 },
        { IPPROTO_IP, IP_RECVECN, 1, 1 },
        { IPPROTO_UDP, UDP_SEND_MSG_SIZE, 1200, 1200 },
        { IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 60000, 60000 },
    };
    PWSK_SOCKET sockets[2] = { dgram_open(*state, AF_INET, NULL, NULL), NULL };
    USHORT port;

    sockets[1] = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(socket_set_ulong(sockets[k], rows[i].level, rows[i].option, rows[i].value),
                             STATUS_SUCCESS);
            assert_int_equal(option_get(sockets[k], rows[i].level, rows[i].option), rows[i].kept);
        }
    }
    socket_close(sockets[0]);
    socket_close(sockets[1]);
}

static void test_datagram_options_of_ipv6_fail_on_an_ipv4_socket(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(socket, IPPROTO_IPV6, IPV6_PKTINFO, 1), STATUS_NOT_SUPPORTED);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_NOT_SUPPORTED);
    socket_close(socket);
}

static void test_datagram_broadcast_option_is_for_datagrams_only(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_BROADCAST, 1), STATUS_NOT_SUPPORTED);
    socket_close(socket);
}

/* What does not fit into SO_RCVBUF is lost; what fits is not. */
static void test_datagram_receive_buffer_bounds_what_waits(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    ULONG seen_count;

    assert_int_equal(socket_set_ulong(client->socket, SOL_SOCKET, SO_RCVBUF, 4096), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2000; i++) {
        wsk_kit_datagram_send_text(peer, client->port, "0123456789");
    }
    wsk_kit_run_until_idle();
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_run_until_idle();
    dgram_client_wait_seen(client, 1);
    seen_count = client->seen_count;
    assert_true(seen_count < 2000);
    wsk_kit_datagram_send_text(peer, client->port, "room again");
    dgram_client_wait_seen(client, seen_count + 1);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

/* --- DISPATCH_LEVEL --------------------------------------------------------------------------------- */

static void test_receive_from_at_dispatch_level(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct wsk_request *request = request_create();
    char bytes[8];
    WSK_BUF buffer;
    NTSTATUS returned;
    KIRQL irql;

    buffer_init(&buffer, bytes, sizeof(bytes));
    wsk_kit_datagram_send_text(peer, port, "abc");
    wsk_kit_run_until_idle();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = dgram_table(socket)->WskReceiveFrom(socket, &buffer, 0, NULL, NULL, NULL, NULL, request_irp(request));
    KeLowerIrql(irql);
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 3);
    buffer_fini(&buffer);
    request_destroy(request);
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                            \
    X(test_datagram_socket_has_the_datagram_table)          \
    X(test_bind_datagram_port_0_gets_a_port)                \
    X(test_bind_datagram_port_in_use_fails)                 \
    X(test_bind_datagram_port_of_a_listener_is_free)        \
    X(test_bind_datagram_twice_or_wrongly_fails)            \
    X(test_datagram_over_tcp_fails_at_bind)                 \
    X(test_close_of_an_unbound_datagram_socket)             \
    X(test_datagram_options_keep_what_was_set)              \
    X(test_datagram_options_of_ipv6_fail_on_an_ipv4_socket) \
    X(test_datagram_broadcast_option_is_for_datagrams_only) \
    X(test_datagram_receive_buffer_bounds_what_waits)       \
    X(test_receive_from_at_dispatch_level)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
