/* SPDX-License-Identifier: MIT */
/* One incoming connection request of a listening socket, and the listener's table of them. */
#ifndef WE_WSK_REQUEST_H
#define WE_WSK_REQUEST_H

#include "base/base_idmap.h"
#include "base/base_list.h"
#include "wsk/wsk_accept_fsm.h"
#include "wsk/wsk_socket.h"

/* Requests that a listener holds at most; more are refused before the client hears of them (its backlog). */
#define WE_WSK_REQUEST_MAX 1024u
/* Ids of finished requests that are remembered, so that a late verdict gets the right answer. */
#define WE_WSK_FINISHED_MAX 1024u
/* Storage for ids while callbacks look at them, one on each processor at most; reused round robin, poisoned after each
 * callback. */
#define WE_WSK_SHOWN_MAX (2u * WE_HOST_CPU_MAX)
/* What a poisoned id looks like: a driver that kept the pointer passes this. */
#define WE_WSK_POISON_KEY ((ULONG_PTR)0xdededededededed0u)

struct we_wsk_request_record {
    LONG references;          /* atomic: the listener's table, a watched endpoint's event, a caller */
    struct we_base_list link; /* in listener->requests while it is in the table, then in listener->leaving */
    struct we_wsk_socket *listener;
    we_base_id id;
    ULONG serial;
    struct we_wsk_accept_machine machine;
    struct we_host_ep *ep; /* NULL once given to a connection socket or ended */
    struct we_base_addr local;
    struct we_base_addr remote;
    PIRP verdict_irp;               /* a verdict that is parked or being carried out */
    struct we_wsk_socket *accepted; /* OFFERING, TAKEN; holds a reference */
    struct we_base_list abort_link; /* in listener->aborts while its WskAbortEvent is due */
    bool is_watched;                /* its endpoint reports to it */
    bool is_closing;                /* was told that its listener closes */
    bool is_in_ledger;              /* the ledger knows it while the client owes a verdict */
    struct we_vrf_entry entry;      /* WE_KIND_INSPECT */
};

/* A finished request: how it ended. */
struct we_wsk_finished {
    ULONG_PTR key;
    ULONG serial;
    bool was_aborted;
};

struct we_wsk_listener {
    struct we_wsk_socket *socket;
    /* All guarded by the socket's lock. */
    struct we_nt_work work; /* callbacks that a call of the client has caused: see wsk_listen.c */
    unsigned work_cpu;      /* where it is queued */
    bool is_work_queued;
    struct we_base_list aborts; /* requests whose WskAbortEvent is due; each holds a reference */
    unsigned completing_count;  /* WskAccept IRPs that got a connection and whose routine has not returned */
    struct we_wsk_irp_queue accept_irps;
    struct we_base_idmap ids;
    struct we_base_list requests; /* in order of arrival */
    struct we_base_list leaving;  /* retired, and still in somebody's hands */
    unsigned request_count;
    ULONG next_serial;
    WSK_INSPECT_ID shown[WE_WSK_SHOWN_MAX];
    unsigned next_shown;
    struct we_wsk_finished finished[WE_WSK_FINISHED_MAX];
    unsigned next_finished;
    bool has_hold; /* the network holds handshakes for this listener */
};

/* Makes the record of a request that the network just brought and puts it into the table. Takes ep over; when the
 * listener is closing, or without memory, it is refused and NULL is returned. No lock. One reference, for the caller. */
struct we_wsk_request_record *we_wsk_request_create(struct we_wsk_socket *listener, struct we_host_ep *ep,
                                                    bool is_conditional);
void we_wsk_request_ref(struct we_wsk_request_record *request);
void we_wsk_request_unref(struct we_wsk_request_record *request);
/* Lock held. Takes a finished request out of the table and remembers how it ended. */
void we_wsk_request_retire_locked(struct we_wsk_request_record *request);
/* Frees a request of a listener that is being destroyed, whatever references it has: nobody is left to drop them. */
void we_wsk_request_discard(struct we_wsk_request_record *request);
/* Lock held. The request with this id, or NULL. */
struct we_wsk_request_record *we_wsk_request_find_locked(struct we_wsk_listener *listener, const WSK_INSPECT_ID *id);
/* Lock held. True when a request with this id is over; *was_aborted says how. */
bool we_wsk_request_find_finished_locked(const struct we_wsk_listener *listener, const WSK_INSPECT_ID *id,
                                         bool *was_aborted);
WSK_INSPECT_ID we_wsk_request_id(const struct we_wsk_request_record *request);
/* Lock held. Storage that holds the id while a callback looks at it; poison it afterwards. */
WSK_INSPECT_ID *we_wsk_request_show_locked(struct we_wsk_request_record *request);
void we_wsk_request_poison_locked(WSK_INSPECT_ID *shown);
/* Lock held. True when the pointer is one that a callback was given, or the contents are poison. */
bool we_wsk_request_is_kept_pointer_locked(const struct we_wsk_listener *listener, const WSK_INSPECT_ID *id);

#endif
