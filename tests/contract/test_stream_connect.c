/* SPDX-License-Identifier: MIT */
/* Stream sockets as connections: connecting in every state, the connection's events, and close in every state. */
#include "support/inspect_gate.h"
#include "support/stream_socket.h"

#include <string.h>

static const WSK_CLIENT_STREAM_DISPATCH stream_dispatch = { NULL, &conn_client_dispatch };

static void expect_talk(PWSK_SOCKET socket, struct wsk_kit_peer *peer)
{
    wsk_kit_peer_send_text(peer, "to the driver");
    connection_expect_text(socket, "to the driver");
    connection_send_text(socket, "to the peer");
    wsk_kit_peer_expect_text(peer, "to the peer");
}

/* --- connecting ------------------------------------------------------------------------------- */

static void connect_and_talk(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(fixture, family, NULL, NULL, &peer);
    SOCKADDR_STORAGE remote;
    SOCKADDR_STORAGE local = stream_local(socket);

    assert_int_not_equal(address_port(&local), 0);
    assert_int_equal(stream_remote_try(socket, &remote), STATUS_SUCCESS);
    assert_int_equal(remote.ss_family, family);
    expect_talk(socket, peer);
    assert_int_equal(connection_disconnect_try(socket, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_end(peer);
    wsk_kit_peer_send_text(peer, "last words");
    connection_expect_text(socket, "last words");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_stream_connects_and_talks(void **state)
{
    connect_and_talk(*state, AF_INET);
    connect_and_talk(*state, AF_INET6);
}

static void test_stream_connect_ex_sends_first_bytes(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    struct conn_request *request = conn_request_create("hello", 5);
    struct wsk_kit_peer *peer;

    request->returned = stream_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &request->buffer, 0,
                                                           request_irp(request->request));
    conn_request_expect(request, STATUS_SUCCESS, 5);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "hello");
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_stream_connect_unbound_fails(void **state)
{
    PWSK_SOCKET socket = stream_open(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(stream_connect_try(socket, &remote), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_stream_connect_twice_says_active(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    assert_int_equal(stream_connect_try(socket, &remote), STATUS_CONNECTION_ACTIVE);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* Only success decides: after a failure the socket may still become either. */
static void test_stream_refused_may_connect_or_listen_afterwards(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE nobody = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = stream_open_bound(fixture, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    assert_int_equal(stream_connect_try(socket, &nobody), STATUS_CONNECTION_REFUSED);
    assert_int_equal(stream_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);

    socket = stream_open_bound(fixture, AF_INET, NULL, NULL);
    local = stream_local(socket);
    assert_int_equal(stream_connect_try(socket, &nobody), STATUS_CONNECTION_REFUSED);
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    assert_int_equal(stream_accept_try(socket, NULL, NULL, &accepted), STATUS_SUCCESS);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_stream_connection_refuses_what_listeners_do(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    client->socket = stream_open_peer(*state, AF_INET, client, &stream_dispatch, &peer);
    assert_int_equal(stream_listen_try(client->socket), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(stream_accept_try(client->socket, NULL, NULL, &accepted), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(client->socket, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
    expect_talk(client->socket, peer);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_stream_unconnected_cannot_transfer(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address;

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(stream_remote_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

/* Creating it is allowed; the mismatch shows when the socket is bound. */
static void test_stream_over_udp_cannot_be_bound(void **state)
{
    SOCKADDR_STORAGE local = address_loopback(AF_INET, 0);
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_STREAM_SOCKET, AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, NULL, &socket),
        STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(socket, &local), STATUS_NOT_IMPLEMENTED);
    socket_close(socket);
}

/* --- events ----------------------------------------------------------------------------------- */

static void test_stream_connection_events_arrive(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    client->socket = stream_open_peer(*state, AF_INET, client, &stream_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "early");
    wsk_kit_run_until_idle();
    assert_int_equal(client->receive_count, 0);
    socket_events(client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    conn_client_expect_text(client, "early");
    conn_client_set_answer(client, CONN_KEEP, 0);
    wsk_kit_peer_send_text(peer, "kept");
    conn_client_wait_length(client, 5 + 4);
    conn_client_release_all(client);
    wsk_kit_peer_end(peer);
    conn_client_wait_end(client);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_stream_peers_reset_is_told(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    client->socket = stream_open_peer(*state, AF_INET, client, &stream_dispatch, &peer);
    socket_events(client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_reset(peer);
    conn_client_wait_reset(client);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_stream_connection_without_a_table_has_no_events(void **state)
{
    static const WSK_CLIENT_STREAM_DISPATCH nothing = { NULL, NULL };
    const WSK_CLIENT_STREAM_DISPATCH *tables[] = { NULL, &nothing };
    unsigned i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct wsk_kit_peer *peer;
        PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, tables[i], &peer);

        wsk_kit_expect_report("SOCK-031");
        assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE), STATUS_INVALID_PARAMETER);
        expect_talk(socket, peer);
        socket_close(socket);
        wsk_kit_peer_close(peer);
    }
}

static void test_stream_static_receive_event_is_on_once_connected(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE };
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    client->socket = stream_open_peer(fixture, AF_INET, client, &stream_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "without an enable");
    conn_client_expect_text(client, "without an enable");
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* --- cancel and close ------------------------------------------------------------------------- */

/* A connect that stays pending on the virtual network, where the listener holds it. */
struct held {
    struct gate *gate;
    PWSK_SOCKET socket;
    struct wsk_request *request;
    NTSTATUS returned;
};

static struct held held_start(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct held held = { gate_open(state, WskInspectPend), stream_open_bound(*state, AF_INET, NULL, NULL),
                         request_create(), 0 };
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, held.gate->port);

    held.returned =
        stream_table(held.socket)->WskConnect(held.socket, (PSOCKADDR)&remote, 0, request_irp(held.request));
    if (fixture->way->is_virtual) {
        assert_false(request_is_done(held.request));
    }
    return held;
}

static void held_end(struct held *held)
{
    request_destroy(held->request);
    gate_close(held->gate);
}

static void test_stream_listen_while_connecting_fails(void **state)
{
    struct held held = held_start(state);

    /* On real sockets it is connected by now, perhaps; it may not listen either way. */
    assert_int_equal(stream_listen_try(held.socket), STATUS_INVALID_DEVICE_STATE);
    socket_close(held.socket);
    (void)request_wait(held.request, held.returned);
    held_end(&held);
}

static void test_stream_connect_cancelled_leaves_close_only(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct held held = held_start(state);
    NTSTATUS status;

    (void)IoCancelIrp(held.request->irp);
    status = request_wait(held.request, held.returned);
    if (fixture->way->is_virtual || status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_CANCELLED);
        assert_int_equal(stream_listen_try(held.socket), STATUS_FILE_FORCED_CLOSED);
    }
    socket_close(held.socket);
    held_end(&held);
}

static void test_stream_closed_while_connecting_cancels_the_connect(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct held held = held_start(state);
    NTSTATUS status;

    socket_close(held.socket);
    assert_true(request_is_done(held.request));
    status = request_wait(held.request, held.returned);
    assert_true(status == STATUS_CANCELLED || (status == STATUS_SUCCESS && !fixture->way->is_virtual));
    held_end(&held);
}

static void test_stream_closes_before_it_has_a_role(void **state)
{
    SOCKADDR_STORAGE local;
    PWSK_SOCKET socket;

    socket_close(stream_open(*state, AF_INET, NULL, NULL));
    socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    local = stream_local(socket);
    socket_close(socket);
    /* The port is free. */
    socket = stream_open(*state, AF_INET, NULL, NULL);
    assert_int_equal(socket_bind_try(socket, &local), STATUS_SUCCESS);
    socket_close(socket);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

static void test_stream_closed_while_connected_resets_the_peer(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct conn_request *receive = conn_receive_post(socket, 10, 0);

    socket_close(socket);
    assert_true(conn_request_is_done(receive));
    conn_request_expect(receive, STATUS_CANCELLED, 0);
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
}

/* --- reserved functions ----------------------------------------------------------------------- */

static void expect_reserved(PWSK_SOCKET socket, PFN_WSK_SEND_EX send_ex, PFN_WSK_RECEIVE_EX receive_ex)
{
    char bytes[4] = "abc";
    WSK_BUF buffer;
    NTSTATUS status;

    buffer_init(&buffer, bytes, sizeof(bytes));
    REQUEST_CALL(status, NULL, irp, send_ex(socket, &buffer, 0, 0, NULL, irp));
    assert_int_equal(status, STATUS_NOT_SUPPORTED);
    REQUEST_CALL(status, NULL, irp, receive_ex(socket, &buffer, 0, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_NOT_SUPPORTED);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(send_ex(socket, &buffer, 0, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(receive_ex(socket, &buffer, 0, NULL, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    buffer_fini(&buffer);
}

static void test_send_ex_and_receive_ex_are_reserved(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, NULL, &peer);

    expect_reserved(socket, stream_table(socket)->WskSendEx, stream_table(socket)->WskReceiveEx);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    expect_reserved(socket, conn_table(socket)->WskSendEx, conn_table(socket)->WskReceiveEx);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

#define TESTS(X)                                               \
    X(test_stream_connects_and_talks)                          \
    X(test_stream_connect_ex_sends_first_bytes)                \
    X(test_stream_connect_unbound_fails)                       \
    X(test_stream_connect_twice_says_active)                   \
    X(test_stream_refused_may_connect_or_listen_afterwards)    \
    X(test_stream_connection_refuses_what_listeners_do)        \
    X(test_stream_unconnected_cannot_transfer)                 \
    X(test_stream_over_udp_cannot_be_bound)                    \
    X(test_stream_connection_events_arrive)                    \
    X(test_stream_peers_reset_is_told)                         \
    X(test_stream_connection_without_a_table_has_no_events)    \
    X(test_stream_static_receive_event_is_on_once_connected)   \
    X(test_stream_listen_while_connecting_fails)               \
    X(test_stream_connect_cancelled_leaves_close_only)         \
    X(test_stream_closed_while_connecting_cancels_the_connect) \
    X(test_stream_closes_before_it_has_a_role)                 \
    X(test_stream_closed_while_connected_resets_the_peer)      \
    X(test_send_ex_and_receive_ex_are_reserved)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
