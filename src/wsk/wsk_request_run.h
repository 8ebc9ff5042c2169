/* SPDX-License-Identifier: MIT */
/* How events reach a request: the only way through the accept table. */
#ifndef WE_WSK_REQUEST_RUN_H
#define WE_WSK_REQUEST_RUN_H

#include "wsk/wsk_request.h"

/* On whose stack something happens. On ours the client may be called. On the caller's, which is that of a call that the
 * client makes, what calls the client is queued as work. */
enum we_wsk_stack { WE_WSK_OURS, WE_WSK_CALLERS };

/* Feeds an event and all that follows from it. Callers hold a reference to the request and are in a section; no lock.
 * verdict_irp goes with a verdict, else NULL; it is completed here or when the verdict is carried out. May call the
 * client before it returns, as stack says. */
void we_wsk_request_run(struct we_wsk_request_record *request, enum we_wsk_accept_event event, PIRP verdict_irp,
                        enum we_wsk_stack stack);
/* Replays what was parked while a callback was on the stack. */
void we_wsk_request_replay(struct we_wsk_request_record *request);
/* Lock held. One step of it: performs what calls nobody back and returns the actions for the client; *event becomes the
 * event that follows. */
unsigned we_wsk_request_step_locked(struct we_wsk_request_record *request, enum we_wsk_accept_event *event,
                                    PIRP verdict_irp, struct we_nt_completions *completions);
/* The rest of a step: calls the client. Returns the event that follows. No lock. */
enum we_wsk_accept_event we_wsk_request_call_client(struct we_wsk_request_record *request, unsigned actions,
                                                    enum we_wsk_stack stack);
/* Calls WskAbortEvent. No lock. */
void we_wsk_request_call_abort(struct we_wsk_request_record *request);
/* Delivered or dropped: nothing more happens to it. */
bool we_wsk_request_is_over(const struct we_wsk_request_record *request);

/* Watches an endpoint for nobody between the request's end and the moment its connection socket takes over. */
extern const struct we_host_ep_client we_wsk_request_given_client;

#endif
