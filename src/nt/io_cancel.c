/* SPDX-License-Identifier: MIT */
/* The cancel lock, IoCancelIrp, and cancel routines. */
#include "nt/io_irp_state.h"

#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * The cancel lock is a spin lock that drivers see: a cancel routine is entered with it held and releases it. So it is a
 * KSPIN_LOCK like a driver's own and not a ranked lock of ours. IoCancelIrp goes through the door before it takes the
 * lock: at the door's other side both the IRQL and the locks must be as they were before the lock was taken.
 *
 * The race between "cancel" and "finish" is decided by whoever exchanges the IRP's cancel routine against NULL. Setting
 * it and looking at Cancel happen in the order opposite to IoCancelIrp, all of it sequentially consistent, so one of
 * the two sides always sees the other.
 */

static KSPIN_LOCK s_cancel_lock;

static KIRQL cancel_lock(void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql;

    KeAcquireSpinLock(&s_cancel_lock, &old_irql);
    if (thread->hold_count > 0 && thread->holds[thread->hold_count - 1].lock == &s_cancel_lock) {
        thread->holds[thread->hold_count - 1].site = site; /* who called us, not we */
    }
    return old_irql;
}

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    WE_NT_ENTRY(IoAcquireCancelSpinLock);
    *Irql = cancel_lock(__builtin_return_address(0));
}

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    WE_NT_ENTRY(IoReleaseCancelSpinLock);
    KeReleaseSpinLock(&s_cancel_lock, Irql);
}

/* Takes the cancel lock, decides, and calls the cancel routine, which releases the lock. */
static BOOLEAN cancel_locked_call(PIRP irp, struct we_nt_frame *frame)
{
    KIRQL irql = cancel_lock(__builtin_return_address(0));
    PDRIVER_CANCEL routine;
    PDEVICE_OBJECT device;

    __atomic_store_n(&irp->Cancel, TRUE, __ATOMIC_SEQ_CST);
    /* With the door shut the routine stays where it is: whoever has the IRP takes it back and finishes it. */
    routine = we_nt_door_is_shut() ? NULL : we_io_irp_exchange_cancel(irp, NULL);
    if (routine == NULL) {
        KeReleaseSpinLock(&s_cancel_lock, irql);
        return FALSE;
    }
    irp->CancelIrql = irql;
    frame->routine = (const void *)(ULONG_PTR)routine;
    device = we_io_irp_is_at_top(irp) ? NULL : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    routine(device, irp);
    return TRUE;
}

BOOLEAN IoCancelIrp(PIRP Irp)
{
    struct we_nt_view view;
    struct we_nt_frame frame;
    BOOLEAN was_called;

    WE_NT_ENTRY(IoCancelIrp);
    if (!we_io_irp_is_live(Irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoCancelIrp was called with %p, which is not a live IRP", (void *)Irp);
        return FALSE;
    }
    we_nt_door_enter(&frame, WE_DOOR_CANCEL, NULL, Irp);
    was_called = cancel_locked_call(Irp, &frame);
    we_nt_door_leave(&frame);
    return was_called;
}

PDRIVER_CANCEL we_io_irp_exchange_cancel(PIRP irp, PDRIVER_CANCEL routine)
{
    return __atomic_exchange_n(&irp->CancelRoutine, routine, __ATOMIC_SEQ_CST);
}

/* False: it is not the caller's to exchange, and why was reported. */
static bool set_check(PIRP irp)
{
    struct we_nt_view view;

    if (!we_io_irp_is_live(irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoSetCancelRoutine was called with %p, which is not a live IRP", (void *)irp);
        return false;
    }
    if (we_io_irp_state(irp) == WE_IRP_SENT) {
        (void)we_vrf_report(WE_RULE_IRP_051, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoSetCancelRoutine was called for IRP %p, which is %s", (void *)irp,
                            we_io_irp_state_text(irp));
        return false;
    }
    return true;
}

PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    WE_NT_ENTRY(IoSetCancelRoutine);
    return set_check(Irp) ? we_io_irp_exchange_cancel(Irp, CancelRoutine) : NULL;
}

bool we_io_irp_check_cancel(PIRP irp, const char *function)
{
    PDRIVER_CANCEL routine = __atomic_load_n(&irp->CancelRoutine, __ATOMIC_SEQ_CST);
    struct we_nt_view view;

    if (routine != NULL) {
        (void)we_vrf_report(WE_RULE_IRP_051, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got IRP %p with the cancel routine %p still set", function, (void *)irp,
                            (void *)(ULONG_PTR)routine);
    }
    return routine == NULL;
}

bool we_io_irp_set_cancel(PIRP irp, PDRIVER_CANCEL routine)
{
    __atomic_store_n(&irp->CancelRoutine, routine, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&irp->Cancel, __ATOMIC_SEQ_CST)) {
        return true;
    }
    /* Cancelled before or meanwhile. If the routine is gone, IoCancelIrp has it and will finish the IRP. */
    return __atomic_exchange_n(&irp->CancelRoutine, NULL, __ATOMIC_SEQ_CST) == NULL;
}

bool we_io_irp_clear_cancel(PIRP irp)
{
    return __atomic_exchange_n(&irp->CancelRoutine, NULL, __ATOMIC_SEQ_CST) != NULL;
}
