/* SPDX-License-Identifier: MIT */
/* Event masks, and the only file that calls a client's event callbacks (through the door). */
#ifndef WE_WSK_EVENT_H
#define WE_WSK_EVENT_H

#include "wsk/wsk_socket.h"

/* Every function here: no lock held, in a section at DISPATCH_LEVEL, and the caller holds a rundown count of the
 * socket for the time of the call. Each looks up the callback in the client's table, goes through the door,
 * checks the return value against its documented domain (CB-004 ... CB-007: reports, then treats it as said in
 * wsk.md) and returns it. A NULL callback pointer answers as said. */

/* NULL pointer: WskInspectReject with a report (SOCK-033). shown is what the callback is given; it is valid
 * during the call only. */
WSK_INSPECT_ACTION we_wsk_event_inspect(struct we_wsk_socket *listener, const struct we_base_addr *local,
                                        const struct we_base_addr *remote, WSK_INSPECT_ID *shown);
/* CB-004 when the answer is not STATUS_SUCCESS. */
void we_wsk_event_abort(struct we_wsk_socket *listener, WSK_INSPECT_ID *shown);
/* accepted: the new socket, adopted but not armed; a reference of it must be held, since the client may close it in the
 * callback. On success its context and dispatch are set from the callback's answer, and the connection events
 * of the listener are on. Returns STATUS_SUCCESS or STATUS_REQUEST_NOT_ACCEPTED. */
NTSTATUS we_wsk_event_accept(struct we_wsk_socket *listener, struct we_wsk_socket *accepted);
/* Returns STATUS_SUCCESS (with *bytes_accepted <= bytes_indicated), STATUS_PENDING or STATUS_DATA_NOT_ACCEPTED. */
NTSTATUS we_wsk_event_receive(struct we_wsk_socket *socket, ULONG flags, PWSK_DATA_INDICATION indication,
                              SIZE_T bytes_indicated, SIZE_T *bytes_accepted);
/* Returns what the callback answered; STATUS_UNSUCCESSFUL, after a report, for anything but STATUS_SUCCESS,
 * STATUS_PENDING and STATUS_DATA_NOT_ACCEPTED. */
NTSTATUS we_wsk_event_receive_from(struct we_wsk_socket *socket, ULONG flags, PWSK_DATAGRAM_INDICATION indication);
void we_wsk_event_disconnect(struct we_wsk_socket *socket, ULONG flags);
void we_wsk_event_send_backlog(struct we_wsk_socket *socket, SIZE_T ideal_bytes);

/* SO_WSK_EVENT_CALLBACK: enable or disable (wsk.md 3.0 E4-E9, SOCK-031, SOCK-032). In a call. Returns the status that
 * the control call ends with; STATUS_PENDING: call->irp was queued on socket->disable_irps. */
NTSTATUS we_wsk_event_control(struct we_wsk_call *call, const WSK_EVENT_CALLBACK_CONTROL *control);
/* Lock held: begin / end of a callback for the disable rules: whoever decides to call one begins under the same lock
 * hold, and ends after the return. end moves disable IRPs that waited for it to completions. The functions above
 * do not begin or end. */
void we_wsk_event_begin_locked(struct we_wsk_socket *socket, ULONG event);
void we_wsk_event_end_locked(struct we_wsk_socket *socket, ULONG event, struct we_nt_completions *completions);
/* The WSK_EVENT_* bits that a category may enable. */
ULONG we_wsk_event_valid_mask(enum we_wsk_category category);
/* Of these, the ones that can be called: those whose callback dispatch has. A listener's connection events count, they
 * are for the sockets that it accepts. */
ULONG we_wsk_event_offered_mask(enum we_wsk_category category, const VOID *dispatch);
bool we_wsk_event_is_wsk_npi(PNPIID npi_id);

#endif
