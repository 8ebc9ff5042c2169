/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues: who takes a queued IRP out, the driver or its cancellation. */
#include <wdm.h>

#include "nt/io_irp_state.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * Queue and lock are the driver's. What is kept here is one word of the IRP, DriverContext[3], which leads from a
 * cancelled IRP to its queue: directly, or through the context that the driver gave. Whoever exchanges the cancel routine
 * against NULL takes the IRP out; the other side leaves it alone.
 *
 * The lock is taken by one routine of the driver and given back by another, so one call of IoCsq... is one stay behind
 * the door: on leaving it must be as if nothing had been taken. The frame says which routine runs, and from it the next
 * call on the same thread knows that it comes from a routine of the same queue.
 */

static DRIVER_CANCEL cancel_queued;

/* --- checks -------------------------------------------------------------------------------- */

static void report_queue(PIO_CSQ csq, const char *function, const char *what)
{
    struct we_vrf_object object = { "cancel-safe queue", csq, NULL, NULL, NULL };

    (void)we_vrf_report(WE_RULE_IRP_054, &object, "%s was called for %p, %s", function, (void *)csq, what);
}

static void report_irp(PIO_CSQ csq, PIRP irp, const char *what)
{
    struct we_nt_view view;

    (void)we_vrf_report(WE_RULE_IRP_054, we_nt_view_make(&view, WE_KIND_IRP, irp),
                        "the IRP %p of the cancel-safe queue %p %s", (void *)irp, (void *)csq, what);
}

static bool has_routine(const struct we_nt_frame *frame, PIO_CSQ_COMPLETE_CANCELED_IRP routine)
{
    return frame->routine == (const void *)(ULONG_PTR)routine;
}

/* False: the call must do nothing. Only the innermost frame counts: what a release of the lock lets in (a DPC, say) may
 * use the queue. */
static bool may_use(PIO_CSQ csq, const char *function)
{
    const struct we_nt_frame *frame = we_nt_thread_current()->frames;

    if (csq == NULL || (csq->Type != IO_TYPE_CSQ && csq->Type != IO_TYPE_CSQ_EX)) {
        report_queue(csq, function, "which IoCsqInitialize has not made a queue");
        return false;
    }
    if (frame != NULL && frame->kind == WE_DOOR_CSQ && frame->object == csq &&
        !has_routine(frame, csq->CsqCompleteCanceledIrp)) {
        report_queue(csq, function, "from a routine of that queue, which holds its lock");
        return false;
    }
    return true;
}

static bool may_insert(PIO_CSQ csq, PIRP irp, const char *function)
{
    struct we_nt_view view;

    if (!we_io_irp_is_live(irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s was called with %p, which is not a live IRP", function, (void *)irp);
        return false;
    }
    if (we_io_irp_is_at_top(irp)) {
        report_irp(csq, irp, "has no stack location of the caller's, so it cannot be marked pending");
        return false;
    }
    if (__atomic_load_n(&irp->CancelRoutine, __ATOMIC_SEQ_CST) != NULL) {
        report_irp(csq, irp, "has a cancel routine already: it is in a queue, or its owner set one");
        return false;
    }
    return true;
}

/* --- the mark that leads from an IRP to its queue ------------------------------------------- */

static void mark(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    if (context == NULL) {
        irp->Tail.Overlay.DriverContext[3] = csq;
        return;
    }
    context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
    context->Irp = irp;
    context->Csq = csq;
    irp->Tail.Overlay.DriverContext[3] = context;
}

/* The queue to which the mark leads, or NULL. A queue and a context both begin with their type. */
static PIO_CSQ marked_queue(PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];

    if (context == NULL || (ULONG_PTR)context % sizeof(PVOID) != 0) {
        return NULL;
    }
    if (context->Type == IO_TYPE_CSQ || context->Type == IO_TYPE_CSQ_EX) {
        return (PIO_CSQ)(PVOID)context;
    }
    return context->Type == IO_TYPE_CSQ_IRP_CONTEXT && context->Irp == irp ? context->Csq : NULL;
}

static void unmark(PIO_CSQ csq, PIRP irp)
{
    if (marked_queue(irp) != csq) {
        report_irp(csq, irp, "had its DriverContext[3] changed while it was queued");
    } else if (irp->Tail.Overlay.DriverContext[3] != csq) {
        PIO_CSQ_IRP_CONTEXT context = irp->Tail.Overlay.DriverContext[3];

        context->Irp = NULL;
        context->Csq = NULL;
    }
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

/* --- the driver's routines, behind the door -------------------------------------------------- */

static KIRQL lock(PIO_CSQ csq, struct we_nt_frame *frame)
{
    KIRQL irql = PASSIVE_LEVEL; /* a queue with a mutex has no use for it */

    frame->routine = (const void *)(ULONG_PTR)csq->CsqAcquireLock;
    csq->CsqAcquireLock(csq, &irql);
    return irql;
}

static void unlock(PIO_CSQ csq, struct we_nt_frame *frame, KIRQL irql)
{
    frame->routine = (const void *)(ULONG_PTR)csq->CsqReleaseLock;
    csq->CsqReleaseLock(csq, irql);
}

static NTSTATUS call_insert(PIO_CSQ csq, struct we_nt_frame *frame, PIRP irp, PVOID insert_context)
{
    frame->routine = (const void *)(ULONG_PTR)csq->CsqInsertIrp;
    if (csq->Type == IO_TYPE_CSQ_EX) {
        PIO_CSQ_INSERT_IRP_EX insert_ex = (PIO_CSQ_INSERT_IRP_EX)(ULONG_PTR)csq->CsqInsertIrp;

        return insert_ex(csq, irp, insert_context);
    }
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

static void call_remove(PIO_CSQ csq, struct we_nt_frame *frame, PIRP irp)
{
    frame->routine = (const void *)(ULONG_PTR)csq->CsqRemoveIrp;
    csq->CsqRemoveIrp(csq, irp);
    unmark(csq, irp);
}

static PIRP call_peek(PIO_CSQ csq, struct we_nt_frame *frame, PIRP irp, PVOID peek_context)
{
    PIRP next;

    frame->routine = (const void *)(ULONG_PTR)csq->CsqPeekNextIrp;
    next = csq->CsqPeekNextIrp(csq, irp, peek_context);
    if (next != NULL && next == irp) {
        report_irp(csq, irp, "is named by CsqPeekNextIrp as the one behind itself");
        return NULL; /* else this would go on for ever, with the lock held that the cancel routine waits for */
    }
    return next;
}

static void complete_cancelled(PIO_CSQ csq, struct we_nt_frame *frame, PIRP irp)
{
    frame->routine = (const void *)(ULONG_PTR)csq->CsqCompleteCanceledIrp;
    csq->CsqCompleteCanceledIrp(csq, irp);
}

static VOID cancel_queued(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_nt_frame frame;
    PIO_CSQ csq;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    csq = marked_queue(Irp);
    if (csq == NULL) {
        report_irp(csq, Irp, "had its DriverContext[3] changed while it was queued; its cancellation finds no queue");
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_CSQ, NULL, csq);
    irql = lock(csq, &frame);
    call_remove(csq, &frame, Irp);
    unlock(csq, &frame, irql);
    complete_cancelled(csq, &frame, Irp);
    we_nt_door_leave(&frame);
}

/* --- the functions ---------------------------------------------------------------------------- */

static NTSTATUS initialize(PIO_CSQ csq, ULONG type, PIO_CSQ_INSERT_IRP insert, const IO_CSQ *routines)
{
    if (csq == NULL || insert == NULL || routines->CsqRemoveIrp == NULL || routines->CsqPeekNextIrp == NULL ||
        routines->CsqAcquireLock == NULL || routines->CsqReleaseLock == NULL ||
        routines->CsqCompleteCanceledIrp == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *csq = *routines;
    csq->Type = type;
    csq->CsqInsertIrp = insert;
    csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                         PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                         PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    const IO_CSQ routines = {
        0, NULL, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, NULL
    };

    WE_NT_ENTRY(IoCsqInitialize);
    return initialize(Csq, IO_TYPE_CSQ, CsqInsertIrp, &routines);
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                           PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                           PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    const IO_CSQ routines = {
        0, NULL, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, NULL
    };

    WE_NT_ENTRY(IoCsqInitializeEx);
    return initialize(Csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(ULONG_PTR)CsqInsertIrp, &routines);
}

static NTSTATUS insert_irp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context,
                           const char *function)
{
    struct we_nt_frame frame;
    bool is_cancelled = false;
    NTSTATUS status;
    KIRQL irql;

    if (!may_use(csq, function) || !may_insert(csq, irp, function)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_nt_door_enter(&frame, WE_DOOR_CSQ, NULL, csq);
    irql = lock(csq, &frame);
    mark(csq, irp, context);
    status = call_insert(csq, &frame, irp, insert_context);
    if (NT_SUCCESS(status)) {
        IoMarkIrpPending(irp);
        is_cancelled = !we_io_irp_set_cancel(irp, cancel_queued);
        if (is_cancelled) {
            call_remove(csq, &frame, irp);
        }
    } else {
        unmark(csq, irp);
    }
    unlock(csq, &frame, irql);
    if (is_cancelled) {
        complete_cancelled(csq, &frame, irp);
    }
    we_nt_door_leave(&frame);
    return status;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    WE_NT_ENTRY(IoCsqInsertIrp);
    (void)insert_irp(Csq, Irp, Context, NULL, "IoCsqInsertIrp");
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    WE_NT_ENTRY(IoCsqInsertIrpEx);
    return insert_irp(Csq, Irp, Context, InsertContext, "IoCsqInsertIrpEx");
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    struct we_nt_frame frame;
    KIRQL irql;
    PIRP irp;

    WE_NT_ENTRY(IoCsqRemoveIrp);
    if (!may_use(Csq, "IoCsqRemoveIrp")) {
        return NULL;
    }
    if (Context == NULL) {
        report_queue(Csq, "IoCsqRemoveIrp", "without a context");
        return NULL;
    }
    we_nt_door_enter(&frame, WE_DOOR_CSQ, NULL, Csq);
    irql = lock(Csq, &frame);
    irp = Context->Irp;
    if (irp != NULL && Context->Csq != Csq) {
        report_irp(Csq, irp, "is in another queue, and so is the context that IoCsqRemoveIrp was given");
        irp = NULL;
    }
    if (irp != NULL && !we_io_irp_clear_cancel(irp)) {
        irp = NULL; /* its cancel routine waits for the lock */
    }
    if (irp != NULL) {
        call_remove(Csq, &frame, irp);
    }
    unlock(Csq, &frame, irql);
    we_nt_door_leave(&frame);
    return irp;
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    struct we_nt_frame frame;
    KIRQL irql;
    PIRP irp;

    WE_NT_ENTRY(IoCsqRemoveNextIrp);
    if (!may_use(Csq, "IoCsqRemoveNextIrp")) {
        return NULL;
    }
    we_nt_door_enter(&frame, WE_DOOR_CSQ, NULL, Csq);
    irql = lock(Csq, &frame);
    /* Bounded by the driver's list: one that is being cancelled stays in it until the lock is free. */
    irp = call_peek(Csq, &frame, NULL, PeekContext);
    while (irp != NULL && !we_io_irp_clear_cancel(irp)) {
        irp = call_peek(Csq, &frame, irp, PeekContext);
    }
    if (irp != NULL) {
        call_remove(Csq, &frame, irp);
    }
    unlock(Csq, &frame, irql);
    we_nt_door_leave(&frame);
    return irp;
}
