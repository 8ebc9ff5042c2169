/* SPDX-License-Identifier: MIT */
/* Stream sockets as listeners: WskListen in every state, WskAccept, and the listener's events. */
#include "support/stream_socket.h"

#include <string.h>

/* --- the driver's side ------------------------------------------------------------------------ */

struct gatekeeper {
    struct wsk_kit_witness *inspects;
    struct wsk_kit_witness *aborts;
    struct wsk_kit_witness *accepts; /* socket */
    struct conn_client *client;      /* what an accepted socket gets; NULL: no context and no table */
    WSK_INSPECT_ACTION verdict;
    NTSTATUS answer;           /* of WskAcceptEvent */
    struct wsk_request *close; /* closes the listener inside WskAcceptEvent; NULL: does not */
    PWSK_SOCKET listener;
    NTSTATUS close_returned;
};

static NTSTATUS WSKAPI on_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct gatekeeper *keeper = SocketContext;

    (void)Flags;
    (void)LocalAddress;
    (void)RemoteAddress;
    if (keeper->client != NULL) {
        keeper->client->socket = AcceptSocket;
        *AcceptSocketContext = keeper->client;
        *AcceptSocketDispatch = &conn_client_dispatch;
    }
    if (keeper->close != NULL) {
        keeper->close_returned = stream_table(keeper->listener)->WskCloseSocket(keeper->listener, keeper->close->irp);
    }
    wsk_kit_witness_call(keeper->accepts, (uintptr_t)AcceptSocket, 0, 0, 0);
    return keeper->answer;
}

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                            PWSK_INSPECT_ID InspectID)
{
    struct gatekeeper *keeper = SocketContext;

    (void)LocalAddress;
    (void)RemoteAddress;
    wsk_kit_witness_call(keeper->inspects, InspectID->Key, 0, 0, 0);
    return keeper->verdict;
}

static NTSTATUS WSKAPI on_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    struct gatekeeper *keeper = SocketContext;

    wsk_kit_witness_call(keeper->aborts, InspectID->Key, 0, 0, 0);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH listen_dispatch = { on_accept, on_inspect, on_abort };
static const WSK_CLIENT_STREAM_DISPATCH stream_dispatch = { &listen_dispatch, &conn_client_dispatch };

static void keeper_init(struct gatekeeper *keeper)
{
    memset(keeper, 0, sizeof(*keeper));
    keeper->inspects = wsk_kit_witness_create("WskInspectEvent");
    keeper->aborts = wsk_kit_witness_create("WskAbortEvent");
    keeper->accepts = wsk_kit_witness_create("WskAcceptEvent");
    keeper->answer = STATUS_SUCCESS;
}

static void keeper_fini(struct gatekeeper *keeper)
{
    wsk_kit_witness_destroy(keeper->inspects);
    wsk_kit_witness_destroy(keeper->aborts);
    wsk_kit_witness_destroy(keeper->accepts);
}

static PWSK_SOCKET accepted_by_event(struct gatekeeper *keeper, size_t index)
{
    wsk_kit_witness_wait(keeper->accepts, index + 1);
    return (PWSK_SOCKET)wsk_kit_witness_get(keeper->accepts, index).values[0];
}

static void expect_talk(PWSK_SOCKET socket, struct wsk_kit_peer *peer)
{
    wsk_kit_peer_send_text(peer, "to the driver");
    connection_expect_text(socket, "to the driver");
    connection_send_text(socket, "to the peer");
    wsk_kit_peer_expect_text(peer, "to the peer");
}

/* --- WskListen -------------------------------------------------------------------------------- */

static void listen_and_talk(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    USHORT port;
    PWSK_SOCKET listener = stream_open_listener(fixture, family, NULL, NULL, &port);
    PWSK_SOCKET model = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, family, NULL, NULL);
    struct wsk_kit_peer *peers[2];
    PWSK_SOCKET accepted[2];
    unsigned i;

    for (i = 0; i < 2; i++) {
        peers[i] = wsk_kit_connect(fixture_kit_family(family), port);
        assert_int_equal(stream_accept_try(listener, NULL, NULL, &accepted[i]), STATUS_SUCCESS);
        wsk_kit_peer_expect_connected(peers[i]);
        /* What comes out of a stream socket is a connection socket. */
        assert_ptr_equal(accepted[i]->Dispatch, model->Dispatch);
    }
    for (i = 0; i < 2; i++) {
        expect_talk(accepted[i], peers[i]);
        socket_close(accepted[i]);
        wsk_kit_peer_close(peers[i]);
    }
    socket_close(model);
    socket_close(listener);
}

static void test_stream_listens_and_accepts_connections(void **state)
{
    listen_and_talk(*state, AF_INET);
    listen_and_talk(*state, AF_INET6);
}

static void test_stream_listen_returns_pending_and_completes_at_once(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    NTSTATUS returned = stream_table(socket)->WskListen(socket, request_irp(request));

    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    socket_close(socket);
}

/* There is nothing to wait for, so there is nothing to cancel. */
static void test_stream_listen_cancelled_before_the_call_listens(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = stream_local(socket);
    struct wsk_request *request = request_create();
    struct wsk_kit_peer *peer;
    PIRP irp = request_irp(request);

    IoCancelIrp(irp);
    assert_int_equal(request_wait(request, stream_table(socket)->WskListen(socket, irp)), STATUS_SUCCESS);
    request_destroy(request);
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_stream_bind_does_not_listen_yet(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = stream_local(socket);
    struct wsk_kit_peer *early = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    struct wsk_kit_peer *late;
    SOCKADDR_STORAGE after;

    wsk_kit_peer_expect_rejected(early);
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    after = stream_local(socket);
    assert_memory_equal(&local, &after, sizeof(local));
    late = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    wsk_kit_peer_expect_connected(late); /* before any WskAccept */
    wsk_kit_peer_close(late);
    socket_close(socket);
}

static void test_stream_listen_at_dispatch_level_succeeds(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = stream_table(socket)->WskListen(socket, irp);
    KeLowerIrql(irql);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
    socket_close(socket);
}

static void test_stream_listen_before_bind_fails_inline_and_completes(void **state)
{
    PWSK_SOCKET socket = stream_open(*state, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    wsk_kit_expect_report("SOCK-015");
    returned = stream_table(socket)->WskListen(socket, request_irp(request));
    assert_int_equal(returned, STATUS_INVALID_DEVICE_STATE);
    assert_true(request_is_done(request));
    assert_int_equal(request_wait(request, returned), STATUS_INVALID_DEVICE_STATE);
    request_destroy(request);
    socket_bind_loopback(socket, AF_INET);
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    socket_close(socket);
}

static void test_stream_listen_twice_fails(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    assert_int_equal(stream_listen_try(socket), STATUS_INVALID_DEVICE_STATE);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    assert_int_equal(stream_accept_try(socket, NULL, NULL, &accepted), STATUS_SUCCESS);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_stream_listen_without_irp_fails(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(stream_table(socket)->WskListen(socket, NULL), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_stream_listen_on_a_connection_fails(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, NULL, &peer);

    assert_int_equal(stream_listen_try(socket), STATUS_INVALID_DEVICE_STATE);
    expect_talk(socket, peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_stream_port_of_a_listener_cannot_be_bound(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    PWSK_SOCKET second = stream_open(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = address_loopback(AF_INET, port);

    assert_int_equal(socket_bind_try(second, &local), STATUS_ADDRESS_ALREADY_EXISTS);
    socket_close(second);
    socket_close(listener);
    /* Free again, although somebody might have been connected. */
    second = stream_open(*state, AF_INET, NULL, NULL);
    assert_int_equal(socket_bind_try(second, &local), STATUS_SUCCESS);
    assert_int_equal(stream_listen_try(second), STATUS_SUCCESS);
    socket_close(second);
}

/* --- what a listener is not ------------------------------------------------------------------- */

static void test_stream_listener_refuses_what_connections_do(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 9);
    char byte;

    assert_int_equal(stream_connect_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_disconnect_try(socket, 0), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(stream_remote_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-015");
    address = address_loopback(AF_INET, 0);
    assert_int_equal(socket_bind_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_stream_accept_needs_listen(void **state)
{
    PWSK_SOCKET socket = stream_open(*state, AF_INET, NULL, NULL);
    PWSK_SOCKET accepted;

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(stream_accept_try(socket, NULL, NULL, &accepted), STATUS_INVALID_DEVICE_STATE);
    socket_bind_loopback(socket, AF_INET);
    assert_int_equal(stream_accept_try(socket, NULL, NULL, &accepted), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

/* --- WskAccept -------------------------------------------------------------------------------- */

static void test_stream_accept_cancelled_completes_cancelled(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    struct wsk_request *request = request_create();
    NTSTATUS returned = stream_table(listener)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(request));

    assert_true(IoCancelIrp(request->irp));
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    socket_close(listener);
}

static void test_stream_closed_with_an_accept_pending_cancels_it(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    struct wsk_request *request = request_create();
    NTSTATUS returned = stream_table(listener)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(request));

    socket_close(listener);
    assert_true(request_is_done(request));
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    request_destroy(request);
}

static void test_stream_closed_with_connections_queued_resets_them(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = stream_open_listener(*state, AF_INET, NULL, NULL, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    socket_close(listener);
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
}

/* --- events ----------------------------------------------------------------------------------- */

static void test_stream_events_before_listen_fail(void **state)
{
    struct gatekeeper keeper;
    PWSK_SOCKET socket;

    keeper_init(&keeper);
    socket = stream_open(*state, AF_INET, &keeper, &stream_dispatch);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
    socket_bind_loopback(socket, AF_INET);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    assert_int_equal(socket_events_try(socket, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
    socket_close(socket);
    keeper_fini(&keeper);
}

static void test_stream_accept_event_delivers(void **state)
{
    struct gatekeeper keeper;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;
    USHORT port;

    keeper_init(&keeper);
    listener = stream_open_listener(*state, AF_INET, &keeper, &stream_dispatch, &port);
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    accepted = accepted_by_event(&keeper, 0);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);

    keeper.answer = STATUS_REQUEST_NOT_ACCEPTED;
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    (void)accepted_by_event(&keeper, 1);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);

    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(keeper.accepts), 2);
    assert_int_equal(stream_accept_try(listener, NULL, NULL, &accepted), STATUS_SUCCESS);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    keeper_fini(&keeper);
}

/* Connection events of a listener are for the sockets that its callback accepts, and stay on. */
static void test_stream_listener_passes_connection_events_on(void **state)
{
    struct gatekeeper keeper;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    keeper_init(&keeper);
    keeper.client = conn_client_create();
    listener = stream_open_listener(*state, AF_INET, &keeper, &stream_dispatch, &port);
    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    (void)accepted_by_event(&keeper, 0);
    wsk_kit_peer_send_text(peer, "inherited");
    conn_client_expect_text(keeper.client, "inherited");
    wsk_kit_peer_end(peer);
    conn_client_wait_end(keeper.client);
    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
    socket_close(keeper.client->socket);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    conn_client_destroy(keeper.client);
    keeper_fini(&keeper);
}

static void test_stream_listener_without_a_table_has_no_accept_event(void **state)
{
    static const WSK_CLIENT_STREAM_DISPATCH only_connect = { NULL, &conn_client_dispatch };
    const WSK_CLIENT_STREAM_DISPATCH *tables[] = { NULL, &only_connect };
    unsigned i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        USHORT port;
        PWSK_SOCKET listener = stream_open_listener(*state, AF_INET, NULL, tables[i], &port);
        struct wsk_kit_peer *peer;
        PWSK_SOCKET accepted;

        wsk_kit_expect_report("SOCK-031");
        assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
        peer = wsk_kit_connect(WSK_KIT_IPV4, port);
        assert_int_equal(stream_accept_try(listener, NULL, NULL, &accepted), STATUS_SUCCESS);
        socket_close(accepted);
        wsk_kit_peer_close(peer);
        socket_close(listener);
    }
}

static void test_stream_static_accept_event_is_on_once_listening(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT };
    struct gatekeeper keeper;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    USHORT port;

    keeper_init(&keeper);
    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    listener = stream_open_listener(fixture, AF_INET, &keeper, &stream_dispatch, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    socket_close(accepted_by_event(&keeper, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    keeper_fini(&keeper);
}

static void test_stream_listener_closed_inside_its_accept_event_ends(void **state)
{
    struct gatekeeper keeper;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;
    USHORT port;

    keeper_init(&keeper);
    keeper.listener = stream_open_listener(*state, AF_INET, &keeper, &stream_dispatch, &port);
    keeper.close = request_create();
    (void)request_irp(keeper.close);
    socket_events(keeper.listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    accepted = accepted_by_event(&keeper, 0);
    assert_int_equal(keeper.close_returned, STATUS_PENDING);
    assert_int_equal(request_wait(keeper.close, keeper.close_returned), STATUS_SUCCESS);
    request_destroy(keeper.close);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    keeper_fini(&keeper);
}

/* --- conditional accept ----------------------------------------------------------------------- */

static PWSK_SOCKET conditional_open(struct wsk_fixture *fixture, struct gatekeeper *keeper, USHORT *port)
{
    PWSK_SOCKET socket = stream_open(fixture, AF_INET, keeper, &stream_dispatch);
    SOCKADDR_STORAGE local;

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_SUCCESS);
    socket_bind_loopback(socket, AF_INET);
    local = stream_local(socket);
    *port = address_port(&local);
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    return socket;
}

static void test_stream_conditional_accept_takes_and_rejects(void **state)
{
    struct gatekeeper keeper;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    PWSK_SOCKET accepted;
    USHORT port;

    keeper_init(&keeper);
    listener = conditional_open(*state, &keeper, &port);
    keeper.verdict = WskInspectAccept;
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    assert_int_equal(stream_accept_try(listener, NULL, NULL, &accepted), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_witness_count(keeper.inspects), 1);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);

    keeper.verdict = WskInspectReject;
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(keeper.inspects, 2);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    assert_int_equal(wsk_kit_witness_count(keeper.aborts), 0);
    keeper_fini(&keeper);
}

/* The table has no WskInspectComplete, so nobody could ever decide. */
static void test_stream_conditional_accept_cannot_pend(void **state)
{
    struct gatekeeper keeper;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    USHORT port;

    keeper_init(&keeper);
    listener = conditional_open(*state, &keeper, &port);
    keeper.verdict = WskInspectPend;
    wsk_kit_expect_report("SOCK-034");
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(keeper.inspects, 1);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    assert_int_equal(wsk_kit_witness_count(keeper.aborts), 0);
    keeper_fini(&keeper);
}

static void test_stream_conditional_accept_without_callbacks_fails(void **state)
{
    static const WSK_CLIENT_STREAM_DISPATCH only_connect = { NULL, &conn_client_dispatch };
    PWSK_SOCKET socket = stream_open(*state, AF_INET, NULL, &only_connect);

    wsk_kit_expect_report("SOCK-033");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

#define TESTS(X)                                                 \
    X(test_stream_listens_and_accepts_connections)               \
    X(test_stream_listen_returns_pending_and_completes_at_once)  \
    X(test_stream_listen_cancelled_before_the_call_listens)      \
    X(test_stream_bind_does_not_listen_yet)                      \
    X(test_stream_listen_at_dispatch_level_succeeds)             \
    X(test_stream_listen_before_bind_fails_inline_and_completes) \
    X(test_stream_listen_twice_fails)                            \
    X(test_stream_listen_without_irp_fails)                      \
    X(test_stream_listen_on_a_connection_fails)                  \
    X(test_stream_port_of_a_listener_cannot_be_bound)            \
    X(test_stream_listener_refuses_what_connections_do)          \
    X(test_stream_accept_needs_listen)                           \
    X(test_stream_accept_cancelled_completes_cancelled)          \
    X(test_stream_closed_with_an_accept_pending_cancels_it)      \
    X(test_stream_closed_with_connections_queued_resets_them)    \
    X(test_stream_events_before_listen_fail)                     \
    X(test_stream_accept_event_delivers)                         \
    X(test_stream_listener_passes_connection_events_on)          \
    X(test_stream_listener_without_a_table_has_no_accept_event)  \
    X(test_stream_static_accept_event_is_on_once_listening)      \
    X(test_stream_listener_closed_inside_its_accept_event_ends)  \
    X(test_stream_conditional_accept_takes_and_rejects)          \
    X(test_stream_conditional_accept_cannot_pend)                \
    X(test_stream_conditional_accept_without_callbacks_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
