/* SPDX-License-Identifier: MIT */
/* IRPs of provider-level functions that wait: for an answer, or for something to change. */
#ifndef WE_WSK_PENDING_H
#define WE_WSK_PENDING_H

#include "wsk/wsk_client.h"

enum we_wsk_pending_kind {
    WE_PENDING_LOOKUP,          /* WskGetAddressInfo, WskGetNameInfo */
    WE_PENDING_TRANSPORT_CHANGE /* WSK_TRANSPORT_LIST_CHANGE: WskDeregister cancels it */
};

/* Embedded in what waits. Whoever will finish the request holds one reference, the IRP while it is pending another. */
struct we_wsk_pending {
    LONG references; /* atomic */
    enum we_wsk_pending_kind kind;
    struct we_wsk_client *client; /* stays while irp does: the IRP counts for it */
    PIRP irp;                     /* NULL: finished or cancelled; guarded by wsk_pending.c */
    struct we_base_list link;
    void (*destroy)(struct we_wsk_pending *pending); /* the last reference is gone */
};

/* With one reference, the caller's. */
void we_wsk_pending_init(struct we_wsk_pending *pending, enum we_wsk_pending_kind kind,
                         void (*destroy)(struct we_wsk_pending *pending));
void we_wsk_pending_unref(struct we_wsk_pending *pending);
/* Makes the call's IRP wait, and cancellable. False: it is cancelled already and was not taken. */
WE_MUST_USE bool we_wsk_pending_add(struct we_wsk_pending *pending, struct we_wsk_client_call *call);
/* The IRP, which the caller now completes; NULL when cancellation took it. IRQL <= DISPATCH, no lock. */
PIRP we_wsk_pending_take(struct we_wsk_pending *pending);
/* Completes every waiting IRP of a kind with this status: those of one client, or (NULL) of all. No lock. */
void we_wsk_pending_finish_all(const struct we_wsk_client *client, enum we_wsk_pending_kind kind, NTSTATUS status);

#endif
