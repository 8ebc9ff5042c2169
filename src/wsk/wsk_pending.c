/* SPDX-License-Identifier: MIT */
/* IRPs of provider-level functions that wait. */
#include "wsk/wsk_pending.h"

#include "base/base_assert.h"
#include "nt/io_irp.h"
#include "nt/nt_completion.h"

/* Design
 *
 * As with the queues of sockets (wsk_irp.c), who takes the cancel routine back owns the IRP, and an IRP that is linked
 * under the lock is alive: its cancel routine unlinks it under the lock before it completes it. The IRP's reference keeps
 * the request for that routine, after whoever was to finish it has found nothing left to do.
 */

#define CONTEXT_PENDING 2 /* DriverContext: [0] and [1] belong to nt_completion.h */

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_CLIENT);
static struct we_base_list s_pending = WE_BASE_LIST_INIT(s_pending);

void we_wsk_pending_init(struct we_wsk_pending *pending, enum we_wsk_pending_kind kind,
                         void (*destroy)(struct we_wsk_pending *pending))
{
    pending->references = 1;
    pending->kind = kind;
    pending->client = NULL;
    pending->irp = NULL;
    pending->destroy = destroy;
    we_base_list_init(&pending->link);
}

void we_wsk_pending_unref(struct we_wsk_pending *pending)
{
    LONG left = __atomic_sub_fetch(&pending->references, 1, __ATOMIC_SEQ_CST);

    WE_ASSERT(left >= 0);
    if (left == 0) {
        pending->destroy(pending);
    }
}

/* The IRP leaves the list. */
static void unlink_locked(struct we_wsk_pending *pending)
{
    pending->irp = NULL;
    we_base_list_remove(&pending->link);
}

static void complete(PIRP irp, NTSTATUS status)
{
    struct we_nt_completions completions;
    struct we_nt_section section;

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_nt_completions_add(&completions, irp, status, 0);
    we_nt_completions_run(&completions);
    we_nt_section_leave(&section);
}

/* Ours, not the driver's: IoCancelIrp calls it with the cancel lock held. */
static VOID NTAPI pending_cancelled(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_wsk_pending *pending = Irp->Tail.Overlay.DriverContext[CONTEXT_PENDING];

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    we_host_mutex_lock(&s_lock);
    unlink_locked(pending);
    we_host_mutex_unlock(&s_lock);
    complete(Irp, STATUS_CANCELLED);
    we_wsk_pending_unref(pending);
}

bool we_wsk_pending_add(struct we_wsk_pending *pending, struct we_wsk_client_call *call)
{
    bool is_added;

    pending->client = call->client;
    call->irp->Tail.Overlay.DriverContext[CONTEXT_PENDING] = pending;
    __atomic_add_fetch(&pending->references, 1, __ATOMIC_SEQ_CST);
    we_host_mutex_lock(&s_lock);
    pending->irp = call->irp;
    we_base_list_append(&s_pending, &pending->link);
    is_added = we_io_irp_set_cancel(call->irp, pending_cancelled);
    if (!is_added) {
        unlink_locked(pending);
    }
    we_host_mutex_unlock(&s_lock);
    if (!is_added) {
        we_wsk_pending_unref(pending);
    }
    return is_added;
}

static PIRP take_locked(struct we_wsk_pending *pending)
{
    PIRP irp = pending->irp;

    if (irp == NULL || !we_io_irp_clear_cancel(irp)) {
        return NULL;
    }
    unlink_locked(pending);
    return irp;
}

PIRP we_wsk_pending_take(struct we_wsk_pending *pending)
{
    PIRP irp;

    we_host_mutex_lock(&s_lock);
    irp = take_locked(pending);
    we_host_mutex_unlock(&s_lock);
    if (irp != NULL) {
        we_wsk_pending_unref(pending); /* the caller has another */
    }
    return irp;
}

/* The oldest that can be taken, and its request, whose IRP's reference is then the caller's. */
static PIRP take_any(const struct we_wsk_client *client, enum we_wsk_pending_kind kind, struct we_wsk_pending **pending)
{
    PIRP irp = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_pending) {
        *pending = WE_BASE_LIST_ITEM(link, struct we_wsk_pending, link);
        if ((*pending)->kind == kind && (client == NULL || (*pending)->client == client)) {
            irp = take_locked(*pending);
        }
        if (irp != NULL) {
            break; /* the list has changed */
        }
    }
    we_host_mutex_unlock(&s_lock);
    return irp;
}

void we_wsk_pending_finish_all(const struct we_wsk_client *client, enum we_wsk_pending_kind kind, NTSTATUS status)
{
    struct we_wsk_pending *pending;
    PIRP irp;

    while ((irp = take_any(client, kind, &pending)) != NULL) {
        complete(irp, status);
        we_wsk_pending_unref(pending);
    }
}
