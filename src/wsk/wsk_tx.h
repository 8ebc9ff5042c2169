/* SPDX-License-Identifier: MIT */
/* The send side of a connection: IRPs in order, partial writes, the end. */
#ifndef WE_WSK_TX_H
#define WE_WSK_TX_H

#include <wsk.h>

#include "base/base_assert.h"
#include "base/base_err.h"
#include "nt/nt_completion.h"
#include "wsk/wsk_irp.h"

struct we_wsk_socket;

struct we_wsk_tx {                 /* guarded by the socket's lock */
    struct we_wsk_irp_queue sends; /* WskSend, and at the end a graceful WskDisconnect */
    bool is_blocked;               /* the network took less than it was given: it will say WRITABLE */
    bool is_finishing;             /* the client called WskDisconnect: no more sends */
    bool owes_end;                 /* the end goes out when the queue is empty */
    bool has_ended;                /* the end has gone out */
    bool is_nodelay;               /* what the endpoint was told last */
};

void we_wsk_tx_init(struct we_wsk_tx *tx);

/* All of these: socket lock held, in a section. They never call the client. */

/* Sends as much of a request's bytes as the network takes, for whoever owns the IRP. WE_OK: all of them. WE_ERR_AGAIN: the
 * network is full, and will say WRITABLE. */
WE_MUST_USE enum we_err we_wsk_tx_transfer_locked(struct we_wsk_socket *socket, PIRP irp);
/* The network said WRITABLE: sends what is queued. */
void we_wsk_tx_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* The endpoint's events arrive from now on: what was said before may have been missed. */
void we_wsk_tx_watched_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* Completes everything that is queued with status. */
void we_wsk_tx_flush_locked(struct we_wsk_socket *socket, NTSTATUS status, struct we_nt_completions *completions);

#endif
