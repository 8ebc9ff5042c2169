/* SPDX-License-Identifier: MIT */
/* Sockets that were brought into one of the states in which a driver can find them. */
#ifndef WE_TEST_SOCKET_STATES_H
#define WE_TEST_SOCKET_STATES_H

#include "stream_socket.h"

enum socket_state {
    SOCKET_CREATED,
    SOCKET_BOUND,      /* a listening socket listens */
    SOCKET_CONNECTING, /* connection and stream sockets only, as all that follow up to SOCKET_DEAD */
    SOCKET_CONNECTED,
    SOCKET_HALF_CLOSED, /* our end is sent */
    SOCKET_PEER_ENDED,  /* and a receive has told so */
    SOCKET_DEAD,        /* its connect was cancelled; no call has told the driver yet */
    SOCKET_CLOSED,
    SOCKET_LISTENING, /* stream sockets only */
    SOCKET_STATE_COUNT
};

/* For programs with one processor (CONTRACT_CONFIG .processors = 1): a thread at DISPATCH_LEVEL then holds the network
 * still, so that a connect stays in progress on real sockets, too. */
struct stated_socket {
    enum socket_state state;
    ULONG category; /* WSK_FLAG_..._SOCKET */
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer; /* NULL before it is connected */
    struct wsk_kit_server *server;
    struct wsk_request *connect;
    NTSTATUS connect_returned;
    bool is_raised;
    KIRQL irql;
};

const char *socket_state_name(enum socket_state state);
/* A socket in this state. With SOCKET_CONNECTING the caller is at DISPATCH_LEVEL until stated_socket_settle. */
void stated_socket_open(struct stated_socket *stated, struct wsk_fixture *fixture, ULONG category,
                        enum socket_state state, PVOID context, CONST VOID *dispatch);
/* Ends what SOCKET_CONNECTING holds still. Call it before any wait; does nothing for other states. */
void stated_socket_settle(struct stated_socket *stated);
/* Closes what is open. is_closed: the socket itself was closed by the test. */
void stated_socket_end(struct stated_socket *stated, bool is_closed);

#endif
