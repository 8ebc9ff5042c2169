/* SPDX-License-Identifier: MIT */
/* IoCompleteRequest, and the walk up the stack that calls completion routines. */
#include "nt/io_irp_state.h"

#include "base/base_assert.h"
#include "nt/io_contract.h"
#include "nt/io_request.h"
#include "nt/nt_asan.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * Each location holds what the driver above it wants to be told: its routine, its context, and on which outcomes. The
 * walk reads a location, steps up, and calls the routine with the device of the location that is then current: the
 * device of the driver that set the routine.
 *
 * Once a routine was called the IRP may be anybody's. If the routine keeps it, nothing of it is touched any more. If the
 * routine lets the walk go on although it freed, reused or sent the IRP, the walk must notice without being hurt: for
 * an IRP of ours by its header, for others by the state, which is DONE while the routine runs.
 */

/* What is noted about the routine that was called last, for a report at the end of the walk. */
struct walk {
    PIO_COMPLETION_ROUTINE last_routine;
    NTSTATUS last_result;
    bool is_last_at_top;
};

static bool wants_call(const IRP *irp, UCHAR control)
{
    bool is_success = NT_SUCCESS(irp->IoStatus.Status);

    return (is_success && (control & SL_INVOKE_ON_SUCCESS) != 0) ||
           (!is_success && (control & SL_INVOKE_ON_ERROR) != 0) ||
           (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0);
}

static bool is_same_block(PIRP irp, const struct we_nt_block *block, uint32_t serial)
{
    return we_nt_block_find(WE_KIND_IRP, irp) == block && block->serial == serial;
}

/* False: the routine lets the walk go on, but the IRP is not its own any more. */
static bool is_still_ours(PIRP irp, const struct we_nt_block *block, uint32_t serial, PIO_COMPLETION_ROUTINE routine,
                          NTSTATUS result)
{
    struct we_nt_view view;

    if (block != NULL ? !is_same_block(irp, block, serial) : we_nt_asan_is_poisoned(irp, sizeof(*irp))) {
        (void)we_vrf_report(WE_RULE_IRP_025, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "completion routine %p freed IRP %p and returned 0x%08X", (void *)(uintptr_t)routine,
                            (void *)irp, (unsigned)result);
        return false;
    }
    if (we_io_irp_state(irp) != WE_IRP_DONE) {
        (void)we_vrf_report(WE_RULE_IRP_025, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "completion routine %p returned 0x%08X, but IRP %p is %s", (void *)(uintptr_t)routine,
                            (unsigned)result, (void *)irp, we_io_irp_state_text(irp));
        return false;
    }
    return true;
}

static void check_propagated(PIRP irp, PIO_COMPLETION_ROUTINE routine)
{
    struct we_nt_view view;

    if ((irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED) == 0) {
        (void)we_vrf_report(WE_RULE_IRP_028, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "completion routine %p found PendingReturned set for IRP %p, but did not mark it pending",
                            (void *)(uintptr_t)routine, (void *)irp);
    }
}

/* Calls one routine. Returns true when the walk goes on; otherwise the IRP must not be touched any more. */
static bool walk_call(struct walk *walk, PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context)
{
    bool is_at_top = we_io_irp_is_at_top(irp);
    bool was_pending = irp->PendingReturned != FALSE;
    CHAR level = irp->CurrentLocation;
    PDEVICE_OBJECT device = is_at_top ? NULL : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
    struct we_nt_block *block = we_io_irp_block(irp);
    uint32_t serial = block != NULL ? block->serial : 0;
    struct we_nt_frame frame;
    NTSTATUS result;

    we_io_irp_set_state(irp, WE_IRP_DONE);
    we_nt_door_enter(&frame, WE_DOOR_COMPLETION, (const void *)(uintptr_t)routine, irp);
    result = routine(device, irp, context);
    we_nt_door_leave(&frame);
    if (result == STATUS_MORE_PROCESSING_REQUIRED) {
        we_io_contract_kept(irp, level);
        return false;
    }
    if (!is_still_ours(irp, block, serial, routine, result)) {
        return false;
    }
    if (was_pending && !is_at_top) {
        check_propagated(irp, routine);
    }
    we_io_irp_set_state(irp, WE_IRP_COMPLETING);
    walk->last_routine = routine;
    walk->last_result = result;
    walk->is_last_at_top = is_at_top;
    return true;
}

/* One location's turn. irp has been stepped up from it already. Returns as walk_call. */
static bool walk_step(struct walk *walk, PIRP irp, PIO_STACK_LOCATION location)
{
    UCHAR control = location->Control;
    PIO_COMPLETION_ROUTINE routine = location->CompletionRoutine;
    PVOID context = location->Context;
    bool is_pending = (control & SL_PENDING_RETURNED) != 0;

    irp->PendingReturned = is_pending ? TRUE : FALSE;
    location->MajorFunction = 0;
    location->MinorFunction = 0;
    location->Flags = 0;
    location->Control = 0;
    location->CompletionRoutine = NULL;
    location->Context = NULL;
    if (routine != NULL && wants_call(irp, control)) {
        return walk_call(walk, irp, routine, context);
    }
    if (is_pending && !we_io_irp_is_at_top(irp)) {
        irp->Tail.Overlay.CurrentStackLocation->Control |= SL_PENDING_RETURNED;
    }
    return true;
}

/* The IRP has left the uppermost location. Requests of the I/O manager end here; IRPs that drivers make belong to their
 * makers, so nothing is freed. */
static void walk_end(const struct walk *walk, PIRP irp)
{
    struct we_nt_view view;

    we_io_irp_set_state(irp, WE_IRP_DONE);
    if ((we_io_irp_flags(irp) & WE_IRP_MANAGED) != 0) {
        we_io_request_finish(irp);
        return;
    }
    if (walk->is_last_at_top) {
        (void)we_vrf_report(WE_RULE_IRP_024, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "completion routine %p returned 0x%08X for IRP %p, which has no driver above",
                            (void *)(uintptr_t)walk->last_routine, (unsigned)walk->last_result, (void *)irp);
    }
}

void we_io_complete_walk(PIRP irp)
{
    struct we_nt_block *block = we_io_irp_block(irp);
    struct walk walk = { NULL, STATUS_SUCCESS, false };

    if (we_nt_door_is_shut()) {
        we_io_irp_set_state(irp, WE_IRP_DONE);
        return;
    }
    if (block != NULL) {
        we_host_trace_capture(&block->site, 0);
    }
    we_io_irp_set_state(irp, WE_IRP_COMPLETING);
    while (!we_io_irp_is_at_top(irp)) {
        PIO_STACK_LOCATION location = irp->Tail.Overlay.CurrentStackLocation;

        we_io_contract_passed(irp, irp->CurrentLocation, location);
        we_io_irp_step_up(irp);
        if (!walk_step(&walk, irp, location)) {
            return;
        }
    }
    walk_end(&walk, irp);
}

/* Reports what makes the call impossible. False: nothing may be done with the IRP. */
static bool complete_check_owner(PIRP irp)
{
    struct we_nt_view view;
    const struct we_vrf_object *object = we_nt_view_make(&view, WE_KIND_IRP, irp);

    if (!we_io_irp_is_live(irp)) {
        if (object->ended != NULL) {
            (void)we_vrf_report(WE_RULE_IRP_001, object, "IRP %p was completed although it was freed already",
                                (void *)irp);
        } else {
            (void)we_vrf_report(WE_RULE_IRP_012, object, "IoCompleteRequest was called with %p, which is not an IRP",
                                (void *)irp);
        }
        return false;
    }
    switch (we_io_irp_state(irp)) {
    case WE_IRP_SENT:
        (void)we_vrf_report(WE_RULE_IRP_010, object, "IRP %p was completed by the driver that sent it, but it is %s",
                            (void *)irp, we_io_irp_state_text(irp));
        return false;
    case WE_IRP_COMPLETING:
        (void)we_vrf_report(WE_RULE_IRP_001, object, "IRP %p was completed while its completion is running",
                            (void *)irp);
        return false;
    default:
        break;
    }
    if (!we_io_irp_is_at_top(irp) ||
        ((we_io_irp_flags(irp) & WE_IRP_MANAGED) != 0 && we_io_irp_state(irp) == WE_IRP_DONE)) {
        return true; /* kept back by its last routine, it goes on to its end */
    }
    if (we_io_irp_state(irp) == WE_IRP_DISPATCHED) {
        (void)we_vrf_report(WE_RULE_IRP_034, object,
                            "IRP %p was completed after IoSkipCurrentIrpStackLocation, which was for sending it",
                            (void *)irp);
        we_io_irp_step_down(irp);
        return true;
    }
    if (we_io_irp_state(irp) == WE_IRP_DONE) {
        (void)we_vrf_report(WE_RULE_IRP_001, object, "IRP %p was completed a second time", (void *)irp);
    } else {
        (void)we_vrf_report(WE_RULE_IRP_024, object, "IRP %p was completed by its creator; it was never sent",
                            (void *)irp);
    }
    return false;
}

static void complete_check_state(PIRP irp)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_view view;
    const struct we_vrf_object *object = we_nt_view_make(&view, WE_KIND_IRP, irp);

    if (thread->irql > DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_IRP_008, object, "IRP %p was completed at %s", (void *)irp,
                            we_nt_irql_name(thread->irql));
    }
    if (thread->hold_count > 0) {
        (void)we_vrf_report(WE_RULE_IRP_007, object, "IRP %p was completed with %u spin lock(s) held, the last at %p",
                            (void *)irp, (unsigned)thread->hold_count, thread->holds[thread->hold_count - 1].lock);
    }
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == (NTSTATUS)0xFFFFFFFF) {
        (void)we_vrf_report(WE_RULE_IRP_005, object, "IRP %p was completed with IoStatus.Status 0x%08X", (void *)irp,
                            (unsigned)irp->IoStatus.Status);
    }
    if (__atomic_load_n(&irp->CancelRoutine, __ATOMIC_SEQ_CST) != NULL) {
        (void)we_vrf_report(WE_RULE_IRP_006, object, "IRP %p was completed with its cancel routine %p still set",
                            (void *)irp, (void *)(uintptr_t)irp->CancelRoutine);
        (void)we_io_irp_exchange_cancel(irp, NULL);
    }
}

VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    WE_NT_ENTRY(IofCompleteRequest);
    UNREFERENCED_PARAMETER(PriorityBoost);
    if (!complete_check_owner(Irp)) {
        return;
    }
    complete_check_state(Irp);
    we_io_complete_walk(Irp);
}

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                  PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    WE_NT_ENTRY(IoSetCompletionRoutineEx);
    UNREFERENCED_PARAMETER(DeviceObject); /* drivers stay loaded here until they are unloaded by name */
    IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}
