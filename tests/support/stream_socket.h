/* SPDX-License-Identifier: MIT */
/* Stream sockets for tests: calls that wait, by the stream table. */
#ifndef WE_TEST_STREAM_SOCKET_H
#define WE_TEST_STREAM_SOCKET_H

#include "conn_client.h"

/* The tables of streams and of connections have WskSend, WskReceive, WskDisconnect and WskRelease in the same places, so
 * the helpers for these (connection_..., conn_...) serve streams as well; those for the rest do not. */
const WSK_PROVIDER_STREAM_DISPATCH *stream_table(PWSK_SOCKET socket);

PWSK_SOCKET stream_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                        const WSK_CLIENT_STREAM_DISPATCH *dispatch);
/* Bound to the loopback address and a port of the network's choice. */
PWSK_SOCKET stream_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                              const WSK_CLIENT_STREAM_DISPATCH *dispatch);
/* The same, and listening. */
PWSK_SOCKET stream_open_listener(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                 const WSK_CLIENT_STREAM_DISPATCH *dispatch, USHORT *port);
/* Bound, and connected to a kit server's peer. */
PWSK_SOCKET stream_open_peer(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                             const WSK_CLIENT_STREAM_DISPATCH *dispatch, struct wsk_kit_peer **peer);
SOCKADDR_STORAGE stream_local(PWSK_SOCKET socket);
NTSTATUS stream_listen_try(PWSK_SOCKET socket);
NTSTATUS stream_connect_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote);
/* *accepted is NULL on failure. */
NTSTATUS stream_accept_try(PWSK_SOCKET socket, PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH *dispatch,
                           PWSK_SOCKET *accepted);
NTSTATUS stream_remote_try(PWSK_SOCKET socket, SOCKADDR_STORAGE *address);

#endif
