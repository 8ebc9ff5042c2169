/* SPDX-License-Identifier: MIT */
/* What the two halves of the receive side, the events and the pump, know of each other. */
#ifndef WE_WSK_RX_PUMP_H
#define WE_WSK_RX_PUMP_H

#include "wsk/wsk_rx.h"

/* Socket lock held, in a section. */

/* Feeds one event and does what the table asks, except for CALL and PUMP, which are left to the caller. Returns the
 * cell. irp: the WskReceive that is the event, or NULL; accepted_bytes: what a callback took, if it took a part. */
struct we_wsk_rx_cell we_wsk_rx_feed_locked(struct we_wsk_socket *socket, enum we_wsk_rx_event event, PIRP irp,
                                            size_t accepted_bytes, struct we_nt_completions *completions);
/* Feeds the events again that were parked while a callback ran, in the order in which they count. */
void we_wsk_rx_replay_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* Finishes a WskReceive that is on no queue. */
void we_wsk_rx_irp_finish_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                                 struct we_nt_completions *completions);
/* The half of the pump that never calls the client: gives bytes, and the end, to queued receives. Any processor. */
void we_wsk_rx_serve_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);

/* No lock: the pump as work of its processor. */
void we_wsk_rx_run_work(struct we_nt_work *work);

#endif
