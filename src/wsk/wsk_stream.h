/* SPDX-License-Identifier: MIT */
/* Stream sockets: a listener or a connection, decided after the bind. */
#ifndef WE_WSK_STREAM_H
#define WE_WSK_STREAM_H

#include "wsk/wsk_socket.h"

/* Design
 *
 * A stream socket is created without a role. WskListen, or the success of WskConnect or WskConnectEx, gives it the one of
 * a listening or of a connection socket, for good; after a connect that failed it may still become either. From then on
 * the code of that category serves it: it looks at the role (we_wsk_socket_role) where it must know, and at the part of
 * the socket that the role has (socket->listener, socket->conn). What belongs to the other role answers as it does in a
 * wrong state.
 *
 * The client's table has one table for each role; socket->dispatch points to the role's as soon as there is one. */

/* Gives the socket its role: its table, and the static events that the table has functions for. Socket lock held. */
void we_wsk_stream_commit_locked(struct we_wsk_socket *socket, enum we_wsk_category role);
/* The listener's table of a socket that may listen, whether it does already or not; NULL when the client gave none. */
const WSK_CLIENT_LISTEN_DISPATCH *we_wsk_stream_listen_table(const struct we_wsk_socket *socket);

/* Dispatch function. */
NTSTATUS WSKAPI we_wsk_listen(PWSK_SOCKET Socket, PIRP Irp);

#endif
