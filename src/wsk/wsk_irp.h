/* SPDX-License-Identifier: MIT */
/* A socket's queues of client IRPs: insert, take, cancel, finish; and the request that an IRP carries. */
#ifndef WE_WSK_IRP_H
#define WE_WSK_IRP_H

#include <wsk.h>

#include "host/host_net.h"
#include "nt/nt_completion.h"

struct we_wsk_socket;

/* What the provider remembers about a request, kept inside the IRP itself: the current stack location's
 * Parameters (this structure) and DriverContext[2..3] (done bytes, extra pointer).
 * Nothing is allocated a request, and all of it dies with the IRP. */
struct we_wsk_request {
    union {
        struct {
            PMDL mdl;          /* where the next byte goes to or comes from */
            size_t mdl_offset; /* in that MDL */
            size_t remaining_bytes;
        };
        struct { /* WskAccept; where the remote address goes is the extra pointer */
            PVOID context;
            const WSK_CLIENT_CONNECTION_DISPATCH *dispatch;
            SOCKADDR *local;
        } accept;
    };
    ULONG flags;
    bool owns_extra;
};
/* In the flags: the bytes are not reported in IoStatus.Information. No client can pass it. */
#define WE_WSK_IRP_UNCOUNTED 0x40000000u
/* The same: its pages were unlocked too early, which is told once. */
#define WE_WSK_IRP_UNLOCKED 0x20000000u
struct we_wsk_request *we_wsk_irp_request(PIRP irp);
/* Bytes transferred so far. */
size_t we_wsk_irp_done_bytes(PIRP irp);
void we_wsk_irp_set_done_bytes(PIRP irp, size_t bytes);
/* One pointer for the function that queued the IRP. */
void we_wsk_irp_set_extra(PIRP irp, void *extra);
void *we_wsk_irp_extra(PIRP irp);
/* The same for memory of we_host_alloc: it is freed by we_wsk_irp_drop_extra, which the functions here call for IRPs that
 * are cancelled or flushed; who takes an IRP off a queue himself calls it too. */
void we_wsk_irp_give_extra(PIRP irp, void *extra);
void we_wsk_irp_drop_extra(PIRP irp);

/* Empties all of the above: a call does it for each IRP that it takes. */
void we_wsk_irp_reset(PIRP irp);

/* Copies a WSK_BUF (which may die with the call) into the IRP's request. */
void we_wsk_irp_set_buffer(PIRP irp, const WSK_BUF *buffer, ULONG flags);
/* Describes the next part of the request: returns how many entries were filled. 0 with bytes remaining: pages that
 * have no address could not be mapped. SOCK-023: an MDL that the driver has unlocked since the call. */
unsigned we_wsk_irp_iov(PIRP irp, struct we_host_iov *iov, unsigned iov_max);
/* Moves the request forward by bytes; adds to the done bytes, if they count. */
void we_wsk_irp_advance(PIRP irp, size_t bytes);

/* SOCK-022: offset inside the first MDL, offset + length within the chain, Mdl NULL only with length 0;
 * SOCK-023: every MDL locked, nonpaged or partial. Reports and returns false. */
bool we_wsk_buf_check(const WSK_BUF *buffer, const char *function);

struct we_wsk_irp_queue {
    LIST_ENTRY irps; /* guarded by the socket's lock */
};
void we_wsk_irp_queue_init(struct we_wsk_irp_queue *queue);
bool we_wsk_irp_queue_is_empty_locked(const struct we_wsk_irp_queue *queue);
/* Queues a taken IRP and makes it cancellable. False: it is cancelled already and was not queued; the caller
 * completes it with STATUS_CANCELLED. */
WE_MUST_USE bool we_wsk_irp_queue_insert_locked(struct we_wsk_irp_queue *queue, struct we_wsk_socket *socket, PIRP irp);
/* The same for a request that is more than its IRP: IoCancelIrp calls cancelled_locked instead of completing it, with the
 * IRP off the queue, the lock held, and a rundown count that ends afterwards. Uses the IRP's extra pointer. */
typedef void (*we_wsk_irp_cancelled_fn)(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions);
WE_MUST_USE bool we_wsk_irp_queue_insert_with_locked(struct we_wsk_irp_queue *queue, struct we_wsk_socket *socket,
                                                     PIRP irp, we_wsk_irp_cancelled_fn cancelled_locked);
/* The first IRP, still queued and still cancellable, or NULL. For requests that are served in steps. */
PIRP we_wsk_irp_queue_first_locked(struct we_wsk_irp_queue *queue);
/* Removes the first IRP that cancellation has not taken, or NULL. It can no longer be cancelled. */
PIRP we_wsk_irp_queue_pop_locked(struct we_wsk_irp_queue *queue);
/* Removes this IRP; false when cancellation took it. */
bool we_wsk_irp_queue_remove_locked(struct we_wsk_irp_queue *queue, PIRP irp);
/* Moves every IRP that cancellation has not taken onto completions, with status and its done bytes. */
void we_wsk_irp_queue_flush_locked(struct we_wsk_irp_queue *queue, struct we_nt_completions *completions,
                                   NTSTATUS status);

#endif
