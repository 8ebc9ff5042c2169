/* SPDX-License-Identifier: MIT */
/* Virtual processors: ownership, queues of deferred work, and the run that drains them. */
#include "nt/ke_cpu.h"

#include <limits.h>
#include <string.h>

#include "base/base_assert.h"
#include "nt/io_irp.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_completion.h"
#include "nt/nt_door.h"
#include "nt/nt_forget.h"

/* Design
 *
 * A processor is owned by the thread that raised to DISPATCH_LEVEL on it; ownership is one atomic pointer.
 * Its queues hold deferred work: finished IRPs, the library's own work, and DPCs. They are drained by the
 * owner when its IRQL drops below DISPATCH_LEVEL, one item of each kind in turn so that none starves.
 *
 * Whoever queues an item makes it visible (queued_count) before it looks at the owner; an owner gives the
 * processor up before it looks at queued_count for the last time. Both are sequentially consistent, so at
 * least one of them sees the other and somebody runs the item: the owner, or the processor's own run after
 * a kick.
 *
 * Most finished IRPs are queued by the owner itself. They go to a list of its own, which needs neither the lock nor
 * the count; what is left there when the owner goes joins the others.
 *
 * A drain is bounded: a driver that keeps completing and sending for ever must not keep the thread that
 * merely wanted to lower its IRQL.
 */
#define DRAIN_MAX 1024u
#define IRPS_MAX 64u /* completion routines between two pieces of work */

static struct we_nt_cpu s_cpus[WE_HOST_CPU_MAX];
static unsigned s_cpu_count;
static unsigned s_next_assigned; /* atomic */

bool we_nt_cpu_start(unsigned cpu_count)
{
    unsigned i;

    WE_ASSERT(cpu_count >= 1 && cpu_count <= WE_HOST_CPU_MAX);
    memset(s_cpus, 0, sizeof(s_cpus));
    for (i = 0; i < cpu_count; i++) {
        struct we_nt_cpu *cpu = &s_cpus[i];

        cpu->index = i;
        cpu->next_due_ns = WE_HOST_FOREVER;
        we_host_mutex_init(&cpu->lock, WE_RANK_QUEUE);
        InitializeListHead(&cpu->own_irps);
        InitializeListHead(&cpu->irps);
        InitializeListHead(&cpu->later_irps);
        InitializeListHead(&cpu->dpcs);
        InitializeListHead(&cpu->timers);
        we_base_list_init(&cpu->works);
    }
    s_cpu_count = cpu_count;
    s_next_assigned = 0;
    return true;
}

void we_nt_cpu_stop(void)
{
    unsigned i;

    for (i = 0; i < s_cpu_count; i++) {
        we_host_mutex_fini(&s_cpus[i].lock);
    }
    s_cpu_count = 0;
}

unsigned we_nt_cpu_count(void)
{
    return s_cpu_count;
}

struct we_nt_cpu *we_nt_cpu_at(unsigned index)
{
    return &s_cpus[index];
}

struct we_nt_cpu *we_nt_cpu_current(void)
{
    struct we_nt_cpu *cpu = we_nt_thread_current()->cpu;

    WE_ASSERT(cpu != NULL);
    return cpu;
}

unsigned we_nt_cpu_assign(void)
{
    return __atomic_fetch_add(&s_next_assigned, 1, __ATOMIC_RELAXED) % s_cpu_count;
}

/* --- counts, with the queues' lock held ------------------------------------------------- */

static void count_add(struct we_nt_cpu *cpu, uint32_t *kind_count)
{
    __atomic_store_n(kind_count, *kind_count + 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&cpu->queued_count, 1, __ATOMIC_SEQ_CST);
}

static void count_sub(struct we_nt_cpu *cpu, uint32_t *kind_count)
{
    __atomic_store_n(kind_count, *kind_count - 1, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&cpu->queued_count, 1, __ATOMIC_SEQ_CST);
}

/* Read by the owner without the lock. What came too late to be seen here is in queued_count when that is looked at
 * next. */
static bool count_is_zero(const uint32_t *kind_count)
{
    return __atomic_load_n(kind_count, __ATOMIC_RELAXED) == 0;
}

/* --- ownership ------------------------------------------------------------------------- */

static bool cpu_try_take(struct we_nt_cpu *cpu, struct we_nt_thread *thread)
{
    struct we_nt_thread *nobody = NULL;

    if (!__atomic_compare_exchange_n(&cpu->owner, &nobody, thread, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        return false;
    }
    thread->cpu = cpu;
    thread->last_cpu = cpu;
    return true;
}

static bool cpu_try_take_any(struct we_nt_thread *thread)
{
    unsigned i;

    for (i = 0; i < s_cpu_count; i++) {
        if (we_nt_cpu_allows(&s_cpus[i], thread) && cpu_try_take(&s_cpus[i], thread)) {
            return true;
        }
    }
    return false;
}

void we_nt_cpu_raise(struct we_nt_thread *thread, KIRQL new_irql, unsigned preferred_cpu)
{
    struct we_nt_cpu *preferred = preferred_cpu == WE_NT_ANY_CPU ? thread->last_cpu : &s_cpus[preferred_cpu];
    unsigned spin_count = 0;

    if (thread->cpu == NULL && new_irql >= DISPATCH_LEVEL) {
        while (!(we_nt_cpu_allows(preferred, thread) && cpu_try_take(preferred, thread)) && !cpu_try_take_any(thread)) {
            we_host_yield(&spin_count);
        }
    }
    thread->irql = new_irql;
}

static void cpu_take_this(struct we_nt_thread *thread, struct we_nt_cpu *cpu)
{
    unsigned spin_count = 0;

    WE_ASSERT(thread->cpu == NULL);
    while (!cpu_try_take(cpu, thread)) {
        we_host_yield(&spin_count);
    }
    thread->irql = DISPATCH_LEVEL;
}

/* Something for the owner to drain. */
static bool cpu_has_queued(const struct we_nt_cpu *cpu)
{
    return !IsListEmpty(&cpu->own_irps) || __atomic_load_n(&cpu->queued_count, __ATOMIC_SEQ_CST) != 0;
}

/* Called by the owner. */
static void own_irps_share(struct we_nt_cpu *cpu)
{
    we_host_mutex_lock(&cpu->lock);
    while (!IsListEmpty(&cpu->own_irps)) {
        InsertTailList(&cpu->irps, RemoveHeadList(&cpu->own_irps));
        count_add(cpu, &cpu->irp_count);
    }
    we_host_mutex_unlock(&cpu->lock);
}

static void cpu_give(struct we_nt_thread *thread, KIRQL new_irql)
{
    struct we_nt_cpu *cpu = thread->cpu;

    if (!IsListEmpty(&cpu->own_irps)) {
        own_irps_share(cpu);
    }
    thread->cpu = NULL;
    thread->irql = new_irql;
    __atomic_store_n(&cpu->owner, NULL, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&cpu->queued_count, __ATOMIC_SEQ_CST) != 0) {
        we_host_kick(cpu->index, 0);
    }
}

void we_nt_cpu_abandon(struct we_nt_thread *thread)
{
    if (thread->cpu != NULL) {
        cpu_give(thread, PASSIVE_LEVEL);
    }
}

/* --- queues ---------------------------------------------------------------------------- */

/* An item has become visible: see that somebody runs it. */
static void cpu_notify(struct we_nt_cpu *cpu)
{
    const struct we_nt_thread *thread = we_nt_thread_peek();

    if (thread == NULL || thread->cpu != cpu) {
        we_host_kick(cpu->index, 0);
    }
}

void we_nt_work_init(struct we_nt_work *work, void (*fn)(struct we_nt_work *work))
{
    we_base_list_init(&work->link);
    work->fn = fn;
    work->is_queued = false;
}

bool we_nt_work_queue(struct we_nt_work *work, unsigned cpu_index)
{
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    bool was_queued;

    we_host_mutex_lock(&cpu->lock);
    was_queued = work->is_queued;
    if (!was_queued) {
        work->is_queued = true;
        we_base_list_append(&cpu->works, &work->link);
        count_add(cpu, &cpu->work_count);
    }
    we_host_mutex_unlock(&cpu->lock);
    if (!was_queued) {
        cpu_notify(cpu);
    }
    return !was_queued;
}

bool we_nt_work_cancel(struct we_nt_work *work, unsigned cpu_index)
{
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    bool was_queued;

    we_host_mutex_lock(&cpu->lock);
    was_queued = work->is_queued;
    if (was_queued) {
        work->is_queued = false;
        we_base_list_remove(&work->link);
        count_sub(cpu, &cpu->work_count);
    }
    we_host_mutex_unlock(&cpu->lock);
    return was_queued;
}

void we_nt_cpu_queue_irps(LIST_ENTRY *irps, unsigned cpu_index, bool is_later)
{
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    const struct we_nt_thread *thread = we_nt_thread_peek();

    if (!is_later && thread != NULL && thread->cpu == cpu) {
        while (!IsListEmpty(irps)) {
            InsertTailList(&cpu->own_irps, RemoveHeadList(irps));
        }
        return;
    }
    we_host_mutex_lock(&cpu->lock);
    while (!IsListEmpty(irps)) {
        InsertTailList(is_later ? &cpu->later_irps : &cpu->irps, RemoveHeadList(irps));
        count_add(cpu, &cpu->irp_count);
    }
    we_host_mutex_unlock(&cpu->lock);
    we_host_kick(cpu->index, 0);
}

void we_nt_cpu_queue_dpc(PKDPC dpc, unsigned cpu_index, bool is_first)
{
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];

    we_host_mutex_lock(&cpu->lock);
    if (is_first) {
        InsertHeadList(&cpu->dpcs, &dpc->DpcListEntry);
    } else {
        InsertTailList(&cpu->dpcs, &dpc->DpcListEntry);
    }
    count_add(cpu, &cpu->dpc_count);
    we_host_mutex_unlock(&cpu->lock);
    cpu_notify(cpu);
}

bool we_nt_cpu_cancel_dpc(PKDPC dpc, struct we_nt_cpu *cpu)
{
    bool was_queued;

    we_host_mutex_lock(&cpu->lock);
    was_queued = __atomic_load_n(&dpc->DpcData, __ATOMIC_SEQ_CST) == cpu;
    if (was_queued) {
        RemoveEntryList(&dpc->DpcListEntry);
        count_sub(cpu, &cpu->dpc_count);
        __atomic_store_n(&dpc->DpcData, NULL, __ATOMIC_SEQ_CST);
    }
    we_host_mutex_unlock(&cpu->lock);
    return was_queued;
}

bool we_nt_cpu_has_dpcs(unsigned cpu_index)
{
    return !count_is_zero(&s_cpus[cpu_index].dpc_count);
}

PKDPC we_nt_cpu_pop_dpc_in_range(unsigned cpu_index, const void *base, size_t size_bytes)
{
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    const UCHAR *first = (const UCHAR *)base;
    PLIST_ENTRY entry;
    PKDPC found = NULL;

    we_host_mutex_lock(&cpu->lock);
    for (entry = cpu->dpcs.Flink; entry != &cpu->dpcs && found == NULL; entry = entry->Flink) {
        PKDPC dpc = CONTAINING_RECORD(entry, KDPC, DpcListEntry);

        if ((const UCHAR *)dpc >= first && (const UCHAR *)dpc < first + size_bytes) {
            found = dpc;
        }
    }
    if (found != NULL) {
        RemoveEntryList(&found->DpcListEntry);
        count_sub(cpu, &cpu->dpc_count);
        __atomic_store_n(&found->DpcData, NULL, __ATOMIC_SEQ_CST);
    }
    we_host_mutex_unlock(&cpu->lock);
    return found;
}

void we_nt_cpu_dpcs_forget(const struct we_nt_range *range)
{
    unsigned i;

    for (i = 0; i < s_cpu_count; i++) {
        struct we_nt_cpu *cpu = &s_cpus[i];
        unsigned left_count;

        if (count_is_zero(&cpu->dpc_count)) {
            continue;
        }
        we_host_mutex_lock(&cpu->lock);
        left_count = we_nt_list_forget(&cpu->dpcs, range);
        while (cpu->dpc_count > left_count) {
            count_sub(cpu, &cpu->dpc_count);
        }
        we_host_mutex_unlock(&cpu->lock);
    }
}

/* --- draining -------------------------------------------------------------------------- */

static bool run_own_irp(struct we_nt_cpu *cpu)
{
    if (IsListEmpty(&cpu->own_irps)) {
        return false;
    }
    we_nt_completion_finish(CONTAINING_RECORD(RemoveHeadList(&cpu->own_irps), IRP, Tail.Overlay.ListEntry));
    return true;
}

static bool run_irp(struct we_nt_cpu *cpu)
{
    LIST_ENTRY *entry = NULL;

    if (count_is_zero(&cpu->irp_count)) {
        return false;
    }
    we_host_mutex_lock(&cpu->lock);
    if (!IsListEmpty(&cpu->irps)) {
        entry = RemoveHeadList(&cpu->irps);
        count_sub(cpu, &cpu->irp_count);
    }
    we_host_mutex_unlock(&cpu->lock);
    if (entry == NULL) {
        return false;
    }
    we_nt_completion_finish(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry));
    return true;
}

static bool run_work(struct we_nt_cpu *cpu)
{
    struct we_base_list *link;
    struct we_nt_work *work = NULL;

    if (count_is_zero(&cpu->work_count)) {
        return false;
    }
    we_host_mutex_lock(&cpu->lock);
    link = we_base_list_pop(&cpu->works);
    if (link != NULL) {
        work = WE_BASE_LIST_ITEM(link, struct we_nt_work, link);
        work->is_queued = false;
        count_sub(cpu, &cpu->work_count);
    }
    we_host_mutex_unlock(&cpu->lock);
    if (work == NULL) {
        return false;
    }
    work->fn(work);
    return true;
}

static bool run_dpc(struct we_nt_cpu *cpu)
{
    struct we_nt_frame frame;
    LIST_ENTRY *entry;
    PKDEFERRED_ROUTINE routine;
    PVOID context;
    PVOID argument1;
    PVOID argument2;
    PKDPC dpc;

    if (count_is_zero(&cpu->dpc_count)) {
        return false;
    }
    we_host_mutex_lock(&cpu->lock);
    if (IsListEmpty(&cpu->dpcs)) {
        we_host_mutex_unlock(&cpu->lock);
        return false;
    }
    entry = RemoveHeadList(&cpu->dpcs);
    count_sub(cpu, &cpu->dpc_count);
    dpc = CONTAINING_RECORD(entry, KDPC, DpcListEntry);
    routine = dpc->DeferredRoutine;
    context = dpc->DeferredContext;
    argument1 = dpc->SystemArgument1;
    argument2 = dpc->SystemArgument2;
    /* From here on the object may be queued again, on any processor, or freed. */
    __atomic_store_n(&dpc->DpcData, NULL, __ATOMIC_SEQ_CST);
    we_host_mutex_unlock(&cpu->lock);

    if (we_nt_door_is_shut()) {
        return true;
    }
    we_nt_door_enter(&frame, WE_DOOR_DPC, (const void *)(ULONG_PTR)routine, dpc);
    routine(dpc, context, argument1, argument2);
    we_nt_door_leave(&frame);
    return true;
}

/* One piece of work can finish dozens of IRPs: were there one completion routine for each piece, a flood would leave
 * ever more of them behind. But no more than so many at once, or those that post the next request would let nothing
 * else run. Returns how many have run. */
static unsigned run_irps(struct we_nt_cpu *cpu)
{
    unsigned count = 0;

    while (count < IRPS_MAX) {
        bool has_run = run_own_irp(cpu);

        if (!run_irp(cpu) && !has_run) {
            break; /* only "later" IRPs are left */
        }
        count++;
    }
    return count;
}

/* Returns the number of turns: each runs the oldest DPC, if there is one. */
static unsigned cpu_drain(struct we_nt_cpu *cpu)
{
    unsigned done = 0;
    unsigned turn_count = 0;

    while (cpu_has_queued(cpu) && done < DRAIN_MAX) {
        unsigned irp_count = run_irps(cpu);
        bool has_run = run_work(cpu);

        has_run = run_dpc(cpu) || has_run;
        if (!has_run && irp_count == 0) {
            break;
        }
        done += irp_count + (has_run ? 1u : 0u);
        turn_count++;
    }
    return turn_count;
}

void we_nt_cpu_lower(struct we_nt_thread *thread, KIRQL new_irql)
{
    if (thread->cpu == NULL || new_irql >= DISPATCH_LEVEL) {
        thread->irql = new_irql;
        return;
    }
    if (cpu_has_queued(thread->cpu)) {
        thread->irql = DISPATCH_LEVEL;
        (void)cpu_drain(thread->cpu);
    }
    cpu_give(thread, new_irql);
    we_host_preempt();
}

/* --- sections -------------------------------------------------------------------------- */

void we_nt_section_enter(struct we_nt_section *section, unsigned preferred_cpu)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    section->old_irql = thread->irql;
    if (thread->cpu == NULL) {
        section->frames = thread->frames;
        thread->section = section;
        we_nt_cpu_raise(thread, DISPATCH_LEVEL, preferred_cpu);
    }
}

void we_nt_section_leave(struct we_nt_section *section)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    if (section->old_irql < DISPATCH_LEVEL) {
        thread->section = NULL;
        we_nt_cpu_lower(thread, section->old_irql);
    }
}

/* --- the processor's own run ------------------------------------------------------------ */

bool we_nt_cpu_has_work(unsigned cpu_index, uint64_t now_ns)
{
    const struct we_nt_cpu *cpu = &s_cpus[cpu_index];

    if (__atomic_load_n(&cpu->owner, __ATOMIC_SEQ_CST) != NULL) {
        return false; /* the owner looks itself, and kicks if it cannot finish */
    }
    return __atomic_load_n(&cpu->queued_count, __ATOMIC_SEQ_CST) != 0 ||
           __atomic_load_n(&cpu->next_due_ns, __ATOMIC_SEQ_CST) <= now_ns;
}

uint64_t we_nt_cpu_next_due_ns(unsigned cpu_index)
{
    return __atomic_load_n(&s_cpus[cpu_index].next_due_ns, __ATOMIC_SEQ_CST);
}

static void join_later_irps(struct we_nt_cpu *cpu)
{
    we_host_mutex_lock(&cpu->lock);
    while (!IsListEmpty(&cpu->later_irps)) {
        InsertTailList(&cpu->irps, RemoveHeadList(&cpu->later_irps));
    }
    we_host_mutex_unlock(&cpu->lock);
}

void we_nt_cpu_flush(unsigned cpu_index)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    KIRQL old_irql = thread->irql;
    uint32_t flushed_count = 0;
    uint32_t count;

    cpu_take_this(thread, cpu); /* a DPC that is running has returned then */
    count = __atomic_load_n(&cpu->dpc_count, __ATOMIC_SEQ_CST);
    do { /* once without a DPC, too: there may be other work */
        unsigned turn_count = cpu_drain(cpu);

        if (turn_count == 0) {
            break;
        }
        flushed_count += turn_count;
    } while (flushed_count < count);
    cpu_give(thread, old_irql);
}

void we_nt_cpu_run(unsigned cpu_index, const struct we_host_ready *ready, unsigned ready_count)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_cpu *cpu = &s_cpus[cpu_index];
    unsigned i;

    cpu_take_this(thread, cpu);
    for (i = 0; i < ready_count; i++) {
        we_host_net_deliver(&ready[i]);
        /* At once, while what the event has touched is still in the caches, and what it needs again is given back. */
        if (cpu_has_queued(cpu)) {
            (void)cpu_drain(cpu);
        }
    }
    if (__atomic_load_n(&cpu->next_due_ns, __ATOMIC_SEQ_CST) != WE_HOST_FOREVER) {
        we_ke_timers_expire(cpu_index, we_host_now_ns());
    }
    if (cpu_has_queued(cpu)) {
        join_later_irps(cpu);
        (void)cpu_drain(cpu);
    }
    cpu_give(thread, PASSIVE_LEVEL);
}
