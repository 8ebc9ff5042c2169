/* SPDX-License-Identifier: MIT */
/* What the configuration says about options: the status for unknown codes, and TCP_NODELAY. */
#define CONTRACT_CONFIG .unknown_option = STATUS_INVALID_DEVICE_REQUEST, .allow_tcp_nodelay = 1

#include "support/wsk_fixture.h"

#include "wsk/wsk_conn.h"

static const WSK_PROVIDER_BASIC_DISPATCH *table_of(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

/* What the endpoint of a connection socket really has. */
static int endpoint_nodelay(PWSK_SOCKET socket)
{
    struct we_wsk_socket *inner = (struct we_wsk_socket *)(void *)socket;
    int value = -1;

    we_host_mutex_lock(&inner->lock);
    assert_non_null(inner->ep);
    assert_int_equal(we_host_ep_get(inner->ep, WE_EP_NODELAY, &value), WE_OK);
    we_host_mutex_unlock(&inner->lock);
    return value;
}

static void test_option_knob_unknown_codes_get_the_chosen_status(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    ULONG value = 1;
    NTSTATUS status;

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, 0x7654, 1), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(socket_get_option(socket, 0x1234, SO_KEEPALIVE, &value, sizeof(value), NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    REQUEST_CALL(status, NULL, irp,
                 table_of(socket)->WskControlSocket(socket, WskIoctl, SIO_GET_QOS, 0, 0, NULL, 0, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_REQUEST);
    /* Known and refused is another matter. */
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_SNDBUF, 1), STATUS_NOT_SUPPORTED);
    socket_close(socket);
}

static void test_option_knob_nodelay_is_set_on_the_connection(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);

    assert_int_equal(endpoint_nodelay(socket), 0);
    assert_int_equal(socket_set_ulong(socket, IPPROTO_TCP, TCP_NODELAY, 1), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 1);
    assert_int_equal(socket_set_ulong(socket, IPPROTO_TCP, TCP_NODELAY, 0), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 0);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_option_knob_nodelay_outlives_sends_without_the_flag(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SIZE_T sent;

    assert_int_equal(socket_set_ulong(socket, IPPROTO_TCP, TCP_NODELAY, 1), STATUS_SUCCESS);
    assert_int_equal(connection_send_try(socket, "one", 3, WSK_FLAG_NODELAY, &sent), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 1);
    assert_int_equal(connection_send_try(socket, "two", 3, 0, &sent), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 1);
    wsk_kit_peer_expect_text(peer, "onetwo");
    /* Without the option it is a matter of each send. */
    assert_int_equal(socket_set_ulong(socket, IPPROTO_TCP, TCP_NODELAY, 0), STATUS_SUCCESS);
    assert_int_equal(connection_send_try(socket, "one", 3, WSK_FLAG_NODELAY, &sent), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 1);
    assert_int_equal(connection_send_try(socket, "two", 3, 0, &sent), STATUS_SUCCESS);
    assert_int_equal(endpoint_nodelay(socket), 0);
    wsk_kit_peer_expect_text(peer, "onetwo");
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_option_knob_nodelay_set_early_counts_and_is_inherited(void **state)
{
    PWSK_SOCKET connection = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    assert_int_equal(socket_set_ulong(connection, IPPROTO_TCP, TCP_NODELAY, 1), STATUS_SUCCESS);
    socket_bind_loopback(connection, AF_INET);
    assert_int_equal(endpoint_nodelay(connection), 1);
    assert_int_equal(socket_set_ulong(listener, IPPROTO_TCP, TCP_NODELAY, 1), STATUS_SUCCESS);
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    assert_int_equal(endpoint_nodelay(accepted), 1);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    socket_close(connection);
}

#define TESTS(X)                                                \
    X(test_option_knob_unknown_codes_get_the_chosen_status)     \
    X(test_option_knob_nodelay_is_set_on_the_connection)        \
    X(test_option_knob_nodelay_outlives_sends_without_the_flag) \
    X(test_option_knob_nodelay_set_early_counts_and_is_inherited)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
