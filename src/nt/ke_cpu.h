/* SPDX-License-Identifier: MIT */
/* Virtual processors: at most one thread each at or above DISPATCH_LEVEL, and their deferred work. */
#ifndef WE_KE_CPU_H
#define WE_KE_CPU_H

#include "base/base_list.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_net.h"
#include "nt/nt_thread.h"

/* A piece of the library's own deferred work. It runs at DISPATCH_LEVEL on its processor, with no lock
 * held; it is off the queue before fn is called, so fn may queue it again or free it. */
struct we_nt_work {
    struct we_base_list link;
    void (*fn)(struct we_nt_work *work);
    bool is_queued; /* guarded by the processor's queue lock */
};

struct we_nt_cpu {
    unsigned index;
    struct we_nt_thread *owner; /* atomic: who is at DISPATCH_LEVEL here, or NULL */
    uint32_t queued_count;      /* atomic: items in the queues below the lock; read without it */
    /* Atomic: of these, the ones by kind. The reader takes the lock only for a queue that is not empty. */
    uint32_t irp_count;
    uint32_t work_count;
    uint32_t dpc_count;
    uint64_t next_due_ns; /* atomic: earliest timer, or WE_HOST_FOREVER */

    LIST_ENTRY own_irps; /* the owner's alone, no lock: finished IRPs that it has queued itself */

    struct we_host_mutex lock;
    LIST_ENTRY irps;           /* finished IRPs whose completion walk has not begun */
    LIST_ENTRY later_irps;     /* "deferred" ones: joined to irps only by the processor's own run */
    LIST_ENTRY dpcs;           /* KDPC.DpcListEntry */
    struct we_base_list works; /* struct we_nt_work */

    LIST_ENTRY timers; /* KTIMER.TimerListEntry, earliest first; guarded by the dispatcher lock */
};

/* A section raises to DISPATCH_LEVEL if the caller is below, preferring the given processor (index,
 * or WE_NT_ANY_CPU), and takes it back on leave, draining what was queued meanwhile: that is where
 * completion routines run before a WSK call returns. Sections nest. Every library function that
 * touches sockets, IRP completions or queues runs inside one. */
#define WE_NT_ANY_CPU UINT_MAX
struct we_nt_section {
    KIRQL old_irql;
    const struct we_nt_frame *frames; /* the thread's at the enter: inside these, driver code still sees old_irql */
};
void we_nt_section_enter(struct we_nt_section *section, unsigned preferred_cpu);
void we_nt_section_leave(struct we_nt_section *section);

/* The processor the caller owns (must be at or above DISPATCH_LEVEL). */
struct we_nt_cpu *we_nt_cpu_current(void);
unsigned we_nt_cpu_count(void);
struct we_nt_cpu *we_nt_cpu_at(unsigned index);
/* The next processor for a new socket: round robin. */
unsigned we_nt_cpu_assign(void);

void we_nt_work_init(struct we_nt_work *work, void (*fn)(struct we_nt_work *work));
/* Queues work on a processor; returns false when it is queued already. Any IRQL, locks up to
 * WE_RANK_DISPATCHER may be held. If the caller owns that processor it drains when the IRQL drops;
 * otherwise the processor is kicked. */
bool we_nt_work_queue(struct we_nt_work *work, unsigned cpu);
/* Takes the work off its queue; false when it was not queued (it may be running). */
bool we_nt_work_cancel(struct we_nt_work *work, unsigned cpu);

/* Queues finished IRPs (linked through Tail.Overlay.ListEntry) on a processor; later: only its own run
 * completes them. Empties irps. */
void we_nt_cpu_queue_irps(LIST_ENTRY *irps, unsigned cpu, bool is_later);
/* Queues a DPC whose DpcData the caller has just set to the processor. */
void we_nt_cpu_queue_dpc(PKDPC dpc, unsigned cpu, bool is_first);
/* Takes a DPC off its queue; false when it was not queued any more. */
bool we_nt_cpu_cancel_dpc(PKDPC dpc, struct we_nt_cpu *cpu);

/* Takes a DPC whose object lies in the range off the queue; NULL when there is none. */
PKDPC we_nt_cpu_pop_dpc_in_range(unsigned cpu, const void *base, size_t size_bytes);
/* A DPC is queued now; no lock. */
bool we_nt_cpu_has_dpcs(unsigned cpu);

/* False: the thread has bound itself to other processors. */
static inline bool we_nt_cpu_allows(const struct we_nt_cpu *cpu, const struct we_nt_thread *thread)
{
    return WE_LIKELY(thread->system_affinity == 0) || (thread->system_affinity >> cpu->index & 1u) != 0;
}

/* Takes / gives up a processor and sets the IRQL: behind KeRaiseIrql and KeLowerIrql. */
void we_nt_cpu_raise(struct we_nt_thread *thread, KIRQL new_irql, unsigned preferred_cpu);
void we_nt_cpu_lower(struct we_nt_thread *thread, KIRQL new_irql);
/* Gives the processor up without draining it: for a thread that left by longjmp. */
void we_nt_cpu_abandon(struct we_nt_thread *thread);

/* Runs what is queued on the processor now, on the calling thread, which is below DISPATCH_LEVEL. DPCs that were queued
 * before the call have returned afterwards. */
void we_nt_cpu_flush(unsigned cpu);

/* Start and stop; exec hooks. */
WE_MUST_USE bool we_nt_cpu_start(unsigned cpu_count);
void we_nt_cpu_stop(void);
bool we_nt_cpu_has_work(unsigned cpu, uint64_t now_ns);
uint64_t we_nt_cpu_next_due_ns(unsigned cpu);
void we_nt_cpu_run(unsigned cpu, const struct we_host_ready *ready, unsigned ready_count);

#endif
