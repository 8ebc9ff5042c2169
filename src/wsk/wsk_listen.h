/* SPDX-License-Identifier: MIT */
/* Listening sockets: requests, their verdicts, and their takers. */
#ifndef WE_WSK_LISTEN_H
#define WE_WSK_LISTEN_H

#include "wsk/wsk_request_run.h"
#include "wsk/wsk_socket.h"

/* Listens on socket->local, with the bound endpoint if there is one (which is used up), and fills in the real port. In a
 * section. */
enum we_err we_wsk_listen_start_locked(struct we_wsk_socket *socket);
/* The same without the lock. */
enum we_err we_wsk_listen_start(struct we_wsk_socket *socket);

/* wsk_take.c: its part of a listener. */
void we_wsk_take_init(struct we_wsk_listener *listener, struct we_wsk_socket *socket);
void we_wsk_take_fini(struct we_wsk_listener *listener);
/* Brings established requests and takers (WskAccept IRPs, WskAcceptEvent) together until one side is used up. No lock,
 * in a section; may call the client, as stack says. */
void we_wsk_listen_match(struct we_wsk_socket *socket, enum we_wsk_stack stack);
/* The request's WskAbortEvent is due, and will be called when the client's own call is over. No lock, in a section; the
 * caller holds a rundown count of the listener. */
void we_wsk_listen_abort_later(struct we_wsk_request_record *request);

/* Dispatch functions. */
NTSTATUS WSKAPI we_wsk_accept(PWSK_SOCKET ListenSocket, ULONG Flags, PVOID AcceptSocketContext,
                              CONST WSK_CLIENT_CONNECTION_DISPATCH *AcceptSocketDispatch, PSOCKADDR LocalAddress,
                              PSOCKADDR RemoteAddress, PIRP Irp);
NTSTATUS WSKAPI we_wsk_inspect_complete(PWSK_SOCKET ListenSocket, PWSK_INSPECT_ID InspectID, WSK_INSPECT_ACTION Action,
                                        PIRP Irp);

#endif
