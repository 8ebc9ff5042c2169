/* SPDX-License-Identifier: MIT */
/* IRPs: allocation, initialisation, reuse, release, and the checks of whoever takes one. */
#include "nt/io_irp.h"

#include <string.h>

#include "nt/io_contract.h"
#include "nt/io_irp_state.h"
#include "nt/io_request.h"
#include "nt/nt_asan.h"
#include "nt/nt_irql.h"

/* Design
 *
 * An IRP has one owner at a time. Who it is stands in a byte of the IRP that Windows reserves for itself
 * (AllocationFlags), because IRPs also live in memory that drivers bring along and that vanishes without a call:
 *
 *   FRESH       its creator has it; it may be sent
 *   DISPATCHED  the driver has it whose dispatch routine got it
 *   SENT        the WSK provider has it
 *   COMPLETING  the completion walk has it
 *   DONE        the completion routine that is running has it, and keeps it if it says so
 *
 * DONE is set before the routine is called, because the IRP may be gone afterwards.
 */

bool we_io_irp_is_live(const IRP *irp)
{
    return irp != NULL && !we_nt_asan_is_poisoned(irp, sizeof(*irp)) && irp->Type == IO_TYPE_IRP;
}

struct we_nt_block *we_io_irp_block(const IRP *irp)
{
    return (we_io_irp_flags(irp) & WE_IRP_ALLOCATED) != 0 ? we_nt_block_find(WE_KIND_IRP, irp) : NULL;
}

enum we_io_irp_state we_io_irp_state(const IRP *irp)
{
    return (enum we_io_irp_state)(we_io_irp_flags(irp) & WE_IRP_STATE_MASK);
}

const char *we_io_irp_state_text(const IRP *irp)
{
    switch (we_io_irp_state(irp)) {
    case WE_IRP_FRESH:
        return "not sent";
    case WE_IRP_SENT:
        return "owned by the WSK provider";
    case WE_IRP_COMPLETING:
        return "being completed";
    case WE_IRP_DONE:
        return "completed and given back";
    case WE_IRP_DISPATCHED:
        return "owned by the driver it was sent to";
    default:
        return "in no known state";
    }
}

const char *we_io_major_name(UCHAR major)
{
    static const char *const names[IRP_MJ_MAXIMUM_FUNCTION + 1] = {
        [IRP_MJ_CREATE] = "IRP_MJ_CREATE",
        [IRP_MJ_CLOSE] = "IRP_MJ_CLOSE",
        [IRP_MJ_READ] = "IRP_MJ_READ",
        [IRP_MJ_WRITE] = "IRP_MJ_WRITE",
        [IRP_MJ_FLUSH_BUFFERS] = "IRP_MJ_FLUSH_BUFFERS",
        [IRP_MJ_DEVICE_CONTROL] = "IRP_MJ_DEVICE_CONTROL",
        [IRP_MJ_INTERNAL_DEVICE_CONTROL] = "IRP_MJ_INTERNAL_DEVICE_CONTROL",
        [IRP_MJ_SHUTDOWN] = "IRP_MJ_SHUTDOWN",
        [IRP_MJ_CLEANUP] = "IRP_MJ_CLEANUP",
    };

    return major <= IRP_MJ_MAXIMUM_FUNCTION && names[major] != NULL ? names[major] : "another major function";
}

/* --- making and releasing ---------------------------------------------------------------- */

/* Writes everything except the bookkeeping of the allocation. The state byte is written once, as a search for leaks on
 * another thread may read it: the ledger knows the IRP already. */
static void irp_init(PIRP irp, USHORT size_bytes, CCHAR stack_count, UCHAR kept_flags)
{
    const size_t after_state = FIELD_OFFSET(IRP, AllocationFlags) + sizeof(irp->AllocationFlags);

    memset(irp, 0, FIELD_OFFSET(IRP, AllocationFlags));
    if (size_bytes > after_state) {
        memset((PCHAR)irp + after_state, 0, size_bytes - after_state);
    }
    irp->Type = IO_TYPE_IRP;
    irp->Size = size_bytes;
    irp->StackCount = stack_count;
    irp->CurrentLocation = (CHAR)(stack_count + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_count;
    irp->ThreadListEntry.Flink = &irp->ThreadListEntry;
    irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
    __atomic_store_n(&irp->AllocationFlags, (UCHAR)(kept_flags | WE_IRP_FRESH), __ATOMIC_RELAXED);
}

/* For a report: how an IRP that IoAllocateIrp did not make came to be. */
static const char *irp_origin(const IRP *irp)
{
    if ((we_io_irp_flags(irp) & WE_IRP_MANAGED) == 0) {
        return "IoBuildAsynchronousFsdRequest made";
    }
    return we_io_request_is_handed_out(we_io_irp_request(irp)) ? "IoBuildDeviceIoControlRequest or "
                                                                 "IoBuildSynchronousFsdRequest made"
                                                               : "came from above";
}

PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PIRP irp;

    WE_NT_ENTRY(IoAllocateIrp);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (StackSize < 0) {
        return NULL;
    }
    irp = we_nt_block_alloc(WE_KIND_IRP, IoSizeOfIrp(StackSize), NULL);
    if (irp != NULL) {
        irp_init(irp, IoSizeOfIrp(StackSize), StackSize, WE_IRP_ALLOCATED);
    }
    return irp;
}

/* The request's address stands behind the last stack location, where no driver has business. */
PIRP we_io_irp_alloc_managed(CCHAR stack_count, struct we_io_request *request)
{
    USHORT size_bytes = IoSizeOfIrp(stack_count);
    PIRP irp = we_nt_block_alloc(WE_KIND_IRP, size_bytes + sizeof(request), NULL);

    if (irp != NULL) {
        irp_init(irp, size_bytes, stack_count, WE_IRP_ALLOCATED | WE_IRP_MANAGED);
        memcpy((PUCHAR)irp + size_bytes, &request, sizeof(request));
    }
    return irp;
}

void we_io_irp_set_built(PIRP irp)
{
    __atomic_fetch_or(&irp->AllocationFlags, (UCHAR)WE_IRP_BUILT, __ATOMIC_RELAXED);
}

struct we_io_request *we_io_irp_request(const IRP *irp)
{
    const struct we_nt_block *block = we_io_irp_block(irp);
    struct we_io_request *request;

    WE_ASSERT(block != NULL);
    memcpy(&request, (const UCHAR *)irp + block->entry.size_bytes - sizeof(request), sizeof(request));
    return request;
}

void we_io_irp_free_managed(PIRP irp)
{
    struct we_nt_block *block = we_io_irp_block(irp);

    WE_ASSERT(block != NULL);
    memset(irp, WE_IRP_FREED_BYTE, block->entry.size_bytes);
    we_nt_block_free(block);
}

VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    struct we_nt_view view;
    struct we_nt_block *block;

    WE_NT_ENTRY(IoInitializeIrp);
    /* The memory is raw, so its contents say nothing: ask the ledger, not the IRP. */
    if (we_vrf_ledger_find(WE_KIND_IRP, Irp) == NULL) {
        irp_init(Irp, PacketSize, StackSize, 0);
        return;
    }
    (void)we_vrf_report(WE_RULE_IRP_019, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                        "IoInitializeIrp was called for IRP %p, which IoAllocateIrp made", (void *)Irp);
    block = we_nt_block_find(WE_KIND_IRP, Irp);
    if (block != NULL && (we_io_irp_flags(Irp) & WE_IRP_MANAGED) == 0 && PacketSize <= block->entry.size_bytes) {
        irp_init(Irp, PacketSize, StackSize, WE_IRP_ALLOCATED);
    }
}

/* Reports why this IRP may not be made new now, if so. False: nothing may be done with it. */
static bool reuse_check(PIRP irp)
{
    enum we_io_irp_state state = we_io_irp_state(irp);
    bool is_allocated = (we_io_irp_flags(irp) & WE_IRP_ALLOCATED) != 0;
    struct we_nt_view view;

    if ((we_io_irp_flags(irp) & (WE_IRP_MANAGED | WE_IRP_BUILT)) != 0) {
        (void)we_vrf_report(WE_RULE_IRP_021, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoReuseIrp was called for IRP %p, which %s", (void *)irp, irp_origin(irp));
        return false;
    }

    if (!is_allocated && !we_io_irp_is_at_top(irp) && (state == WE_IRP_DISPATCHED || state == WE_IRP_DONE)) {
        (void)we_vrf_report(WE_RULE_IRP_021, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoReuseIrp was called for IRP %p, which came from above", (void *)irp);
    } else if (state == WE_IRP_SENT || state == WE_IRP_COMPLETING || state == WE_IRP_DISPATCHED) {
        (void)we_vrf_report(WE_RULE_IRP_020, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoReuseIrp was called for IRP %p, which is %s", (void *)irp, we_io_irp_state_text(irp));
    }
    return state != WE_IRP_SENT; /* the provider still uses it; making it new would break us, too */
}

VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    struct we_nt_view view;

    WE_NT_ENTRY(IoReuseIrp);
    if (!we_io_irp_is_live(Irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoReuseIrp was called with %p, which is not a live IRP", (void *)Irp);
        return;
    }
    if (!reuse_check(Irp)) {
        return;
    }
    irp_init(Irp, Irp->Size, Irp->StackCount, we_io_irp_flags(Irp) & WE_IRP_ALLOCATED);
    Irp->IoStatus.Status = Iostatus;
}

VOID IoFreeIrp(PIRP Irp)
{
    struct we_nt_view view;
    struct we_nt_block *block;

    WE_NT_ENTRY(IoFreeIrp);
    if (!we_io_irp_is_live(Irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoFreeIrp was called with %p, which is not a live IRP", (void *)Irp);
        return;
    }
    block = we_io_irp_block(Irp);
    if (block == NULL) {
        (void)we_vrf_report(WE_RULE_IRP_016, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoFreeIrp was called for IRP %p, which IoAllocateIrp did not make", (void *)Irp);
        return;
    }
    if ((we_io_irp_flags(Irp) & WE_IRP_MANAGED) != 0) {
        (void)we_vrf_report(we_io_request_is_handed_out(we_io_irp_request(Irp)) ? WE_RULE_IRP_015 : WE_RULE_IRP_016,
                            we_nt_view_make(&view, WE_KIND_IRP, Irp), "IoFreeIrp was called for IRP %p, which %s",
                            (void *)Irp, irp_origin(Irp));
        return; /* its end frees it */
    }
    if (we_io_irp_state(Irp) != WE_IRP_FRESH && we_io_irp_state(Irp) != WE_IRP_DONE) {
        (void)we_vrf_report(WE_RULE_IRP_014, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoFreeIrp was called for IRP %p, which is %s", (void *)Irp, we_io_irp_state_text(Irp));
        return; /* its owner is going to complete it */
    }
    Irp->Type = 0;
    we_nt_block_free(block);
}

VOID IoCleanupIrp(PIRP Irp)
{
    struct we_nt_view view;

    WE_NT_ENTRY(IoCleanupIrp);
    if (!we_io_irp_is_live(Irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoCleanupIrp was called with %p, which is not a live IRP", (void *)Irp);
        return;
    }
    if (we_io_irp_block(Irp) != NULL) {
        (void)we_vrf_report(WE_RULE_IRP_016, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoCleanupIrp was called for IRP %p, which IoAllocateIrp made", (void *)Irp);
        return;
    }
    if (we_io_irp_state(Irp) != WE_IRP_FRESH && we_io_irp_state(Irp) != WE_IRP_DONE) {
        (void)we_vrf_report(WE_RULE_IRP_014, we_nt_view_make(&view, WE_KIND_IRP, Irp),
                            "IoCleanupIrp was called for IRP %p, which is %s", (void *)Irp, we_io_irp_state_text(Irp));
        return; /* its owner is going to complete it */
    }
    Irp->Type = 0;
}

/* --- the provider's side ------------------------------------------------------------------ */

/* SOCK-004 and SOCK-006: an IRP that comes from its creator must be new and must come back to it. */
static void take_check_own(PIRP irp, const char *function)
{
    const IO_STACK_LOCATION *next = irp->Tail.Overlay.CurrentStackLocation - 1;
    struct we_nt_view view;

    if (next->CompletionRoutine == NULL || (next->Control & WE_IO_INVOKE_ALL) == 0) {
        (void)we_vrf_report(WE_RULE_SOCK_004, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got IRP %p without a completion routine", function, (void *)irp);
    } else if ((next->Control & WE_IO_INVOKE_ALL) != WE_IO_INVOKE_ALL) {
        (void)we_vrf_report(WE_RULE_SOCK_004, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got IRP %p whose completion routine is not called on %s", function, (void *)irp,
                            (next->Control & SL_INVOKE_ON_SUCCESS) == 0 ? "success"
                            : (next->Control & SL_INVOKE_ON_ERROR) == 0 ? "error"
                                                                        : "cancel");
    }
    if (we_io_irp_state(irp) == WE_IRP_DONE) {
        (void)we_vrf_report(WE_RULE_SOCK_006, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got IRP %p again without IoReuseIrp in between", function, (void *)irp);
    }
}

/* False: the IRP cannot be taken, and why was reported. */
static bool take_check(PIRP irp, const char *function)
{
    struct we_nt_view view;

    if (irp == NULL) {
        (void)we_vrf_report(WE_RULE_SOCK_002, NULL, "%s was called without an IRP", function);
        return false;
    }
    if (!we_io_irp_is_live(irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got %p, which is not a live IRP", function, (void *)irp);
        return false;
    }
    if (we_io_irp_state(irp) == WE_IRP_SENT || we_io_irp_state(irp) == WE_IRP_COMPLETING) {
        (void)we_vrf_report(WE_RULE_SOCK_005, we_nt_view_make(&view, WE_KIND_IRP, irp), "%s got IRP %p, which is %s",
                            function, (void *)irp, we_io_irp_state_text(irp));
        return false;
    }
    if (irp->CurrentLocation <= 1) {
        (void)we_vrf_report(WE_RULE_SOCK_001, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "%s got IRP %p, which has no stack location left (%d in all)", function, (void *)irp,
                            irp->StackCount);
        return false;
    }
    if (we_io_irp_is_at_top(irp)) {
        take_check_own(irp, function);
    }
    if (!we_io_irp_check_cancel(irp, function)) {
        (void)we_io_irp_clear_cancel(irp); /* from now on it has the provider's or none */
    }
    return true;
}

NTSTATUS we_io_irp_take(PIRP irp, const char *function)
{
    if (!take_check(irp, function)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_io_irp_step_down(irp);
    irp->Tail.Overlay.CurrentStackLocation->DeviceObject = NULL;
    memset(irp->Tail.Overlay.DriverContext, 0, sizeof(irp->Tail.Overlay.DriverContext));
    IoMarkIrpPending(irp);
    we_io_irp_set_state(irp, WE_IRP_SENT);
    we_io_contract_sent_on(irp, STATUS_PENDING);
    return STATUS_SUCCESS;
}

NTSTATUS we_io_irp_finish_inline(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    WE_ASSERT(we_io_irp_state(irp) == WE_IRP_SENT);
    irp->Tail.Overlay.CurrentStackLocation->Control &= (UCHAR)~SL_PENDING_RETURNED;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    we_io_contract_sent_on(irp, status);
    we_io_complete_walk(irp);
    return status;
}

/* --- leaks -------------------------------------------------------------------------------- */

static void report_leak(struct we_vrf_entry *entry, void *context)
{
    PIRP irp = (PIRP)(uintptr_t)entry->address;

    UNREFERENCED_PARAMETER(context);
    if (!entry->is_reported) {
        (void)we_vrf_report_entry(WE_RULE_IRP_018, entry, "IRP %p was never freed; it is %s", (void *)irp,
                                  we_io_irp_state_text(irp));
    }
    irp->Type = 0;
    we_nt_block_free(WE_CONTAINER(entry, struct we_nt_block, entry));
}

void we_io_irp_report_leaks(void)
{
    we_vrf_ledger_each(WE_KIND_IRP, report_leak, NULL);
}
