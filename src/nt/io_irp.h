/* SPDX-License-Identifier: MIT */
/* Who owns an IRP when: the state kept in its reserved bytes, and the provider's side of its life. */
#ifndef WE_IO_IRP_H
#define WE_IO_IRP_H

#include <wdm.h>

#include "vrf/vrf_ledger.h"

/* Kept in Irp->AllocationFlags (a reserved byte), so that it dies with the memory. */
enum we_io_irp_state {
    WE_IRP_STATE_MASK = 0x07,
    WE_IRP_FRESH = 1,       /* initialised or reused: may be sent */
    WE_IRP_SENT = 2,        /* owned by the WSK provider */
    WE_IRP_COMPLETING = 3,  /* the completion walk is running */
    WE_IRP_DONE = 4,        /* completed and given back with STATUS_MORE_PROCESSING_REQUIRED */
    WE_IRP_DISPATCHED = 5,  /* owned by the driver whose dispatch routine got it */
    WE_IRP_BUILT = 0x20,    /* from IoBuildAsynchronousFsdRequest; allocated, too */
    WE_IRP_MANAGED = 0x40,  /* ended and freed by the I/O manager, see io_request.h; allocated, too */
    WE_IRP_ALLOCATED = 0x80 /* from IoAllocateIrp, has a ledger entry in front of it */
};
enum we_io_irp_state we_io_irp_state(const IRP *irp);
/* "IRP_MJ_READ". */
const char *we_io_major_name(UCHAR major);

/* The WSK provider takes an IRP for one request: checks SOCK-001 (a free location), SOCK-002 (NULL),
 * SOCK-004/IRP-022 (own IRP without completion routine or without all three conditions), SOCK-005 (still
 * sent), SOCK-006 (not reused), IRP-051 (a cancel routine of the sender, which is taken away); steps to the next location and marks it pending. function names the
 * caller in reports. Returns STATUS_SUCCESS; or STATUS_INVALID_PARAMETER when the IRP cannot be taken at
 * all (NULL, no location, still in use): then nothing was changed and the call must return that. */
NTSTATUS we_io_irp_take(PIRP irp, const char *function);
/* Completes a taken IRP at once on the calling thread at its IRQL, unmarked: the inline result. No lock.
 * Returns status, for "return we_io_irp_finish_inline(...)". */
NTSTATUS we_io_irp_finish_inline(PIRP irp, NTSTATUS status, ULONG_PTR information);

/* The IRP of a request of the I/O manager. NULL: memory is short. */
struct we_io_request;
PIRP we_io_irp_alloc_managed(CCHAR stack_count, struct we_io_request *request);
struct we_io_request *we_io_irp_request(const IRP *irp);
/* The IRP, from IoAllocateIrp, is one of IoBuildAsynchronousFsdRequest. */
void we_io_irp_set_built(PIRP irp);
/* Fills it with a pattern: whoever still looks at it shall notice. The status in it reads WE_IRP_FREED_STATUS. */
#define WE_IRP_FREED_BYTE 0xDD
#define WE_IRP_FREED_STATUS ((NTSTATUS)0xDDDDDDDD)
void we_io_irp_free_managed(PIRP irp);

/* The walk behind IoCompleteRequest, without its argument checks. */
void we_io_complete_walk(PIRP irp);

/* IRP-051: whoever sends an IRP on has taken its cancel routine away. False: it has not, and that was reported. function
 * names the caller in the report. */
bool we_io_irp_check_cancel(PIRP irp, const char *function);
/* IoSetCancelRoutine by whoever has the IRP. */
PDRIVER_CANCEL we_io_irp_exchange_cancel(PIRP irp, PDRIVER_CANCEL routine);
/* Provider cancel: installs routine as the cancel routine of a taken, pending IRP. Returns false when the IRP
 * is cancelled already: the caller then completes it with STATUS_CANCELLED. */
bool we_io_irp_set_cancel(PIRP irp, PDRIVER_CANCEL routine);
/* Takes the cancel routine back. False: IoCancelIrp got it first and the cancel routine will finish the IRP. */
bool we_io_irp_clear_cancel(PIRP irp);

/* Live IRPs in front of which a ledger entry stands (leak report at stop). */
void we_io_irp_report_leaks(void);

#endif
