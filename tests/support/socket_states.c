/* SPDX-License-Identifier: MIT */
/* Sockets that were brought into one of the states in which a driver can find them. */
#include "socket_states.h"

#include <string.h>

const char *socket_state_name(enum socket_state state)
{
    static const char *const names[SOCKET_STATE_COUNT] = { "created",   "bound",       "connecting",
                                                           "connected", "half closed", "peer ended",
                                                           "dead",      "closed",      "listening" };

    return names[state];
}

static NTSTATUS connect_call(const struct stated_socket *stated, SOCKADDR_STORAGE *remote, PIRP irp)
{
    PWSK_SOCKET socket = stated->socket;

    return stated->category == WSK_FLAG_STREAM_SOCKET
               ? stream_table(socket)->WskConnect(socket, (PSOCKADDR)remote, 0, irp)
               : conn_table(socket)->WskConnect(socket, (PSOCKADDR)remote, 0, irp);
}

/* Leaves the caller at DISPATCH_LEVEL with a WskConnect in progress. */
static void connect_start(struct stated_socket *stated)
{
    SOCKADDR_STORAGE remote;
    PIRP irp;

    stated->server = wsk_kit_listen(WSK_KIT_IPV4);
    remote = address_loopback(AF_INET, wsk_kit_server_port(stated->server));
    stated->connect = request_create();
    irp = request_irp(stated->connect);
    KeRaiseIrql(DISPATCH_LEVEL, &stated->irql);
    stated->is_raised = true;
    stated->connect_returned = connect_call(stated, &remote, irp);
    if (stated->connect_returned != STATUS_PENDING || request_is_done(stated->connect)) {
        KeLowerIrql(stated->irql);
        fail_msg("a connect was over before anything could move");
    }
}

static NTSTATUS connect_end(struct stated_socket *stated)
{
    NTSTATUS status = request_wait(stated->connect, stated->connect_returned);

    request_destroy(stated->connect);
    stated->connect = NULL;
    return status;
}

void stated_socket_settle(struct stated_socket *stated)
{
    if (stated->is_raised) {
        stated->is_raised = false;
        KeLowerIrql(stated->irql);
    }
}

static void connect_cancel(struct stated_socket *stated)
{
    BOOLEAN was_pending;

    connect_start(stated);
    was_pending = IoCancelIrp(stated->connect->irp);
    stated_socket_settle(stated);
    assert_true(was_pending);
    assert_int_equal(connect_end(stated), STATUS_CANCELLED);
    wsk_kit_run_until_idle(); /* the request is done before the socket is marked */
}

static void peer_end(struct stated_socket *stated)
{
    SIZE_T received;
    char byte;

    wsk_kit_peer_end(stated->peer);
    assert_int_equal(connection_receive_try(stated->socket, &byte, 1, 0, &received), STATUS_SUCCESS);
    assert_int_equal(received, 0);
}

static PWSK_SOCKET unbound_open(struct wsk_fixture *fixture, ULONG category, PVOID context, CONST VOID *dispatch)
{
    PWSK_SOCKET socket;

    if (category != WSK_FLAG_DATAGRAM_SOCKET) {
        return socket_open(fixture, category, AF_INET, context, dispatch);
    }
    assert_int_equal(socket_open_try(fixture, category, AF_INET, SOCK_DGRAM, IPPROTO_UDP, context, dispatch, &socket),
                     STATUS_SUCCESS);
    return socket;
}

void stated_socket_open(struct stated_socket *stated, struct wsk_fixture *fixture, ULONG category,
                        enum socket_state state, PVOID context, CONST VOID *dispatch)
{
    memset(stated, 0, sizeof(*stated));
    stated->state = state;
    stated->category = category;
    if (state == SOCKET_CONNECTED || state == SOCKET_HALF_CLOSED || state == SOCKET_PEER_ENDED) {
        stated->socket = category == WSK_FLAG_STREAM_SOCKET
                             ? stream_open_peer(fixture, AF_INET, context, dispatch, &stated->peer)
                             : connection_open_peer(fixture, AF_INET, context, dispatch, &stated->peer);
    } else {
        stated->socket = unbound_open(fixture, category, context, dispatch);
    }
    if (state == SOCKET_BOUND || state == SOCKET_CONNECTING || state == SOCKET_DEAD || state == SOCKET_LISTENING) {
        socket_bind_loopback(stated->socket, AF_INET);
    }
    if (state == SOCKET_CONNECTING) {
        connect_start(stated);
    } else if (state == SOCKET_HALF_CLOSED) {
        assert_int_equal(connection_disconnect_try(stated->socket, 0), STATUS_SUCCESS);
    } else if (state == SOCKET_PEER_ENDED) {
        peer_end(stated);
    } else if (state == SOCKET_DEAD) {
        connect_cancel(stated);
    } else if (state == SOCKET_CLOSED) {
        socket_close(stated->socket);
    } else if (state == SOCKET_LISTENING) {
        assert_int_equal(stream_listen_try(stated->socket), STATUS_SUCCESS);
    }
}

void stated_socket_end(struct stated_socket *stated, bool is_closed)
{
    stated_socket_settle(stated);
    if (!is_closed && stated->state != SOCKET_CLOSED) {
        socket_close(stated->socket);
    }
    if (stated->connect != NULL) {
        (void)connect_end(stated);
    }
    wsk_kit_peer_close(stated->peer);
    if (stated->server != NULL) {
        wsk_kit_server_close(stated->server);
    }
}
