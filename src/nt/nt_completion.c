/* SPDX-License-Identifier: MIT */
/* Finished IRPs on their way to their completion routines. */
#include "nt/nt_completion.h"

#include "base/base_assert.h"
#include "nt/io_irp.h"
#include "nt/ke_cpu.h"

static enum we_nt_completion_policy s_policy; /* constant while an instance runs */

void we_nt_completion_set_policy(enum we_nt_completion_policy policy)
{
    s_policy = policy;
}

void we_nt_completion_set_after(PIRP irp, we_nt_after_fn after, void *context)
{
    irp->Tail.Overlay.DriverContext[0] = (PVOID)(ULONG_PTR)after;
    irp->Tail.Overlay.DriverContext[1] = context;
}

void we_nt_completion_get_after(PIRP irp, we_nt_after_fn *after, void **context)
{
    *after = (we_nt_after_fn)(ULONG_PTR)irp->Tail.Overlay.DriverContext[0];
    *context = irp->Tail.Overlay.DriverContext[1];
}

void we_nt_completions_init(struct we_nt_completions *completions)
{
    InitializeListHead(&completions->irps);
}

void we_nt_completions_add(struct we_nt_completions *completions, PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    InsertTailList(&completions->irps, &irp->Tail.Overlay.ListEntry);
}

static bool is_deferred(void)
{
    switch (s_policy) {
    case WE_COMPLETE_INLINE:
        return false;
    case WE_COMPLETE_DEFERRED:
        return true;
    case WE_COMPLETE_MIXED:
        return we_host_choose(WE_CHOICE_COMPLETION, 2) == 1;
    default:
        WE_UNREACHABLE("no such completion policy");
    }
}

void we_nt_completions_run(struct we_nt_completions *completions)
{
    unsigned cpu;

    if (IsListEmpty(&completions->irps)) {
        return;
    }
    cpu = we_nt_cpu_current()->index;
    if (is_deferred()) {
        we_nt_cpu_queue_irps(&completions->irps, (cpu + 1) % we_nt_cpu_count(), true);
    } else {
        we_nt_cpu_queue_irps(&completions->irps, cpu, false);
    }
}

void we_nt_completion_finish(PIRP irp)
{
    we_nt_after_fn after;
    void *context;

    we_nt_completion_get_after(irp, &after, &context);
    we_io_complete_walk(irp);
    if (after != NULL) {
        after(context);
    }
}
