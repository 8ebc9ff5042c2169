/* SPDX-License-Identifier: MIT */
/* Finished IRPs: gathered under a lock, completed after it is dropped, on a processor's queue. */
#ifndef WE_NT_COMPLETION_H
#define WE_NT_COMPLETION_H

#include <wdm.h>

#include "base/base_list.h"

/* Who completes IRPs that WSK finished, and when (struct wsk_emu_config.completion). */
enum we_nt_completion_policy {
    WE_COMPLETE_INLINE,   /* as work of the current processor: before the call returns where it can */
    WE_COMPLETE_DEFERRED, /* later, on another processor's run */
    WE_COMPLETE_MIXED     /* either, by seed */
};

/* While the WSK provider owns an IRP, Tail.Overlay.DriverContext[0] and [1] hold a function and its argument
 * that are called after the completion walk has returned (the IRP may be gone by then): that is how a
 * socket learns that a completion routine has run. [0] NULL: nobody is told. [2], [3] and the current stack
 * location's Parameters belong to the layer that took the IRP (wsk_irp.h). */
typedef void (*we_nt_after_fn)(void *context);
void we_nt_completion_set_after(PIRP irp, we_nt_after_fn after, void *context);
/* What was set: whoever sets another function calls this one in it. */
void we_nt_completion_get_after(PIRP irp, we_nt_after_fn *after, void **context);

/* A local variable of the function that decides; one run at its end. Linked through
 * Irp->Tail.Overlay.ListEntry. */
struct we_nt_completions {
    LIST_ENTRY irps;
};

void we_nt_completions_init(struct we_nt_completions *completions);
/* Notes an IRP of ours as finished. The IRP must have been marked pending when it was accepted. */
void we_nt_completions_add(struct we_nt_completions *completions, PIRP irp, NTSTATUS status, ULONG_PTR information);
/* Hands the IRPs to the processor's queue by the policy. No lock held; inside a section. */
void we_nt_completions_run(struct we_nt_completions *completions);

/* Completes one IRP now, then tells whoever wanted to know: what a processor does with a queued IRP. No lock held. */
void we_nt_completion_finish(PIRP irp);

void we_nt_completion_set_policy(enum we_nt_completion_policy policy);

#endif
