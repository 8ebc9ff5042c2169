/* SPDX-License-Identifier: MIT */
/* What a dispatch routine owes: one outcome for its IRP, and a return value that tells it. */
#ifndef WE_IO_CONTRACT_H
#define WE_IO_CONTRACT_H

#include <wdm.h>

/* A dispatch routine is about to be called with the IRP at its current location. Returns a ticket for leave. No lock. */
unsigned we_io_contract_enter(PIRP irp);
/* It has returned. Reports IRP-010, IRP-026, IRP-027, IRP-034, IRP-036 to IRP-039. */
void we_io_contract_leave(unsigned ticket, PDRIVER_DISPATCH routine, NTSTATUS result);

/* What happened to the IRP meanwhile, on whatever thread. */
/* Its completion is leaving the location; IoStatus and the pending mark count. */
void we_io_contract_passed(PIRP irp, CHAR level, const IO_STACK_LOCATION *location);
/* The completion routine that the driver at this level had set has kept it. The IRP may be gone. */
void we_io_contract_kept(const IRP *irp, CHAR level);
/* The calling thread has sent it on, to a driver or to WSK, and that call has returned status. The IRP may be gone. */
void we_io_contract_sent_on(const IRP *irp, NTSTATUS status);

/* Forgets routines that were left by longjmp (stop). */
void we_io_contract_stop(void);

#endif
