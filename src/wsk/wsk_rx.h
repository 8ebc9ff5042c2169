/* SPDX-License-Identifier: MIT */
/* The receive side of a connection: the pump, its memory, and what the rest of the connection tells it. */
#ifndef WE_WSK_RX_H
#define WE_WSK_RX_H

#include <wsk.h>

#include "base/base_err.h"
#include "base/base_list.h"
#include "nt/ke_cpu.h"
#include "nt/nt_completion.h"
#include "wsk/wsk_irp.h"
#include "wsk/wsk_rx_fsm.h"

struct we_wsk_socket;

struct we_wsk_rx {             /* guarded by the socket's lock */
    struct we_nt_work work;    /* the pump, as work of the socket's processor */
    struct we_base_list held;  /* blocks with bytes that nobody took yet, in order */
    struct we_base_list shown; /* blocks that a running callback looks at */
    struct we_base_list lent;  /* blocks that the client retains */
    struct we_wsk_irp_queue receives;
    struct we_wsk_irp_queue zero_receives; /* of length zero, posted while a callback ran */
    LONG receive_count;                    /* WskReceive IRPs whose completion routine has not returned */
    LONG completing_count;                 /* of these, the ones that were finished here */
    NTSTATUS dead_status;                  /* of every receive and send once the connection is gone */
    unsigned short parked;                 /* events that came while a callback ran: bits 1 << enum we_wsk_rx_event */
    unsigned char state;                   /* enum we_wsk_rx_state */
    unsigned char starved_count;           /* tries in a row that found no memory for a block */
    bool is_work_queued;
    bool may_read;          /* the last read did not find out that nothing is left */
    bool has_end_hint;      /* the network says that the peer finished; bytes may still come first */
    bool has_end;           /* the end was read */
    bool must_watch;        /* armed, and nobody gets the endpoint's events yet */
    bool is_armed;          /* the client knows the connection: it may be called */
    bool must_tell_end;     /* WskDisconnectEvent is owed */
    bool must_tell_reset;   /* the same, with WSK_FLAG_ABORTIVE */
    bool has_reported_lent; /* SOCK-039 */
};

void we_wsk_rx_init(struct we_wsk_rx *rx);
/* The last reference of the socket is gone: takes back what is left, retained blocks included. No lock.
 * cpu: the socket's processor. */
void we_wsk_rx_fini(struct we_wsk_rx *rx, unsigned cpu);

/* Everything below: socket lock held, in a section. */

/* Runs the pump: gives bytes to IRPs and callbacks until there is nothing to give, or until its share of this turn is
 * used up and the rest is queued. On the socket's processor; the caller holds a rundown count. Drops the lock while it
 * calls the client. */
void we_wsk_rx_run_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);

/* None of these calls the client: what became deliverable is queued as work of the socket's processor. */

/* Queues the pump if it would find something to do. */
void we_wsk_rx_kick_locked(struct we_wsk_socket *socket);
/* The connection is established and its client knows: reading may begin. must_watch: the endpoint's events are not
 * connected yet; the pump does it after a first read. */
void we_wsk_rx_arm_locked(struct we_wsk_socket *socket, bool must_watch, struct we_nt_completions *completions);
/* The network announced bytes, or the peer's end. The caller runs the pump. */
void we_wsk_rx_readable_locked(struct we_wsk_socket *socket, bool has_ended);
/* A checked WskReceive, its buffer already in the IRP. */
void we_wsk_rx_receive_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions);
/* The connection died in the given way: fails receives, and owes the client the news. */
void we_wsk_rx_reset_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions);
/* WskDisconnect with WSK_FLAG_ABORTIVE: cancels receives and forgets what is held. */
void we_wsk_rx_abort_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* WskCloseSocket: the same, and reports indications that were not released. */
void we_wsk_rx_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* SOCK-039, once: for a socket that is closed while the client retains indications. */
void we_wsk_rx_report_lent_locked(struct we_wsk_socket *socket);
/* True when the peer's end was read; tries to read it when it may be the next thing. */
bool we_wsk_rx_is_finished_locked(struct we_wsk_socket *socket);

#endif
