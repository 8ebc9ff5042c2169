/* SPDX-License-Identifier: MIT */
/* Callbacks of listeners whose answer is always the same; they look at nothing. */
#ifndef WE_TEST_INSPECT_ANSWERS_H
#define WE_TEST_INSPECT_ANSWERS_H

#include "wsk_fixture.h"

/* WskInspectEvent: accepts at once, or leaves the verdict open for ever. */
WSK_INSPECT_ACTION WSKAPI inspect_accept(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                         PWSK_INSPECT_ID InspectID);
WSK_INSPECT_ACTION WSKAPI inspect_pend(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                       PWSK_INSPECT_ID InspectID);
/* WskAbortEvent: takes note of nothing. */
NTSTATUS WSKAPI inspect_abort_ignore(PVOID SocketContext, PWSK_INSPECT_ID InspectID);
/* WskAcceptEvent: takes no connection. */
NTSTATUS WSKAPI accept_refuse(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                              PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                              CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch);

#endif
