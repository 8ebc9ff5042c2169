/* SPDX-License-Identifier: MIT */
/* The per-thread record: found in a few instructions, made on demand for host threads we did not create. */
#include "nt/nt_thread.h"

#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "host/host_stack.h"
#include "nt/ex_block.h"
#include "nt/ex_spinlock.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"

_Thread_local struct we_nt_thread_pointer we_nt_thread_own;
unsigned long we_nt_thread_generation = 1;

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_threads = WE_BASE_LIST_INIT(s_threads);
static ULONG s_next_id; /* atomic */

struct we_nt_thread *we_nt_thread_adopt(void)
{
    struct we_nt_thread *thread = (struct we_nt_thread *)we_host_zalloc(sizeof(*thread));

    if (thread == NULL) {
        WE_UNREACHABLE("no memory for the record of a host thread");
    }
    we_nt_thread_attach(thread, false);
    return thread;
}

void we_nt_thread_prepare(struct we_nt_thread *thread)
{
    we_ke_header_init(&thread->header, WE_KE_THREAD, 0);
    thread->irql = PASSIVE_LEVEL;
    thread->last_cpu = we_nt_cpu_at(0);
    thread->priority = 8;
    thread->id = __atomic_add_fetch(&s_next_id, 4, __ATOMIC_SEQ_CST);
}

void we_nt_thread_attach(struct we_nt_thread *thread, bool is_cpu)
{
    if (thread->id == 0) {
        we_nt_thread_prepare(thread);
    }
    thread->is_cpu = is_cpu ? TRUE : FALSE;
    if (!is_cpu && !thread->host.is_created) {
        we_host_thread_attach(&thread->host);
    }
    we_nt_thread_own.thread = thread;
    we_nt_thread_own.generation = we_nt_thread_generation;
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_threads, &thread->all_link);
    we_host_mutex_unlock(&s_lock);
}

void we_nt_thread_detach(struct we_nt_thread *thread)
{
    we_host_mutex_lock(&s_lock);
    we_base_list_remove(&thread->all_link);
    we_host_mutex_unlock(&s_lock);
    if (!thread->is_cpu && !thread->host.is_created) {
        we_host_thread_detach(&thread->host);
    }
    if (we_nt_thread_own.thread == thread) {
        we_nt_thread_own.thread = NULL;
    }
}

bool we_nt_thread_start(void)
{
    struct we_nt_thread *thread = (struct we_nt_thread *)we_host_zalloc(sizeof(*thread));

    if (thread == NULL) {
        return false;
    }
    we_nt_thread_generation++;
    s_next_id = 0;
    we_nt_thread_attach(thread, false);
    return true;
}

/* A failed assertion may have left a callback by longjmp, with the processor, locks and frames of that moment. */
static void thread_reset(struct we_nt_thread *thread)
{
    const struct we_host_stack *stack = we_host_stack_own();
    unsigned i;

    for (i = 0; i < thread->hold_count; i++) {
        ULONG_PTR lock = (ULONG_PTR)thread->holds[i].lock;

        /* Whoever waits in the queue of a queued lock is in driver code, too, and finds it free. One on this stack is
         * gone, or of no use to anybody else. */
        if (thread->holds[i].kind == WE_HOLD_REFUSED || (lock >= stack->low && lock < stack->high)) {
            continue;
        }
        if (thread->holds[i].kind >= WE_HOLD_SHARED && thread->holds[i].kind <= WE_HOLD_EXCLUSIVE_AT_DPC) {
            we_ex_spinlock_force_release(&thread->holds[i]);
        } else {
            __atomic_store_n((PKSPIN_LOCK)lock, 0, __ATOMIC_SEQ_CST);
        }
    }
    thread->frames = NULL;
    thread->section = NULL;
    thread->hold_count = 0;
    thread->system_affinity = 0;
    thread->raise_count = 0;
    thread->own_count = 0;
    thread->kernel_apc_disable = 0;
    thread->special_apc_disable = 0;
    (void)wsk_emu_seh_swap(NULL);
    we_host_lock_ranks_reset();
    if (thread->irql >= DISPATCH_LEVEL) {
        we_nt_cpu_abandon(thread);
    }
    thread->irql = PASSIVE_LEVEL;
    we_ke_wait_abandon();
    we_ex_wait_abandon();
    we_host_park_abandon(&thread->host);
}

void we_nt_thread_recover(void)
{
    struct we_nt_thread *thread = we_nt_thread_peek();

    if (thread != NULL) {
        thread_reset(thread);
    }
}

void we_nt_thread_stop(void)
{
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    while ((link = s_threads.next) != &s_threads) {
        struct we_nt_thread *thread = WE_BASE_LIST_ITEM(link, struct we_nt_thread, all_link);

        WE_ASSERT(!thread->is_cpu && !thread->host.is_created);
        we_base_list_remove(link);
        we_host_mutex_unlock(&s_lock);
        we_host_thread_detach(&thread->host);
        we_host_free(thread);
        we_host_mutex_lock(&s_lock);
    }
    we_nt_thread_generation++;
    we_host_mutex_unlock(&s_lock);
}

void we_nt_thread_each(void (*fn)(struct we_nt_thread *thread, void *context), void *context)
{
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_threads) {
        fn(WE_BASE_LIST_ITEM(link, struct we_nt_thread, all_link), context);
    }
    we_host_mutex_unlock(&s_lock);
}

/* --- descriptions for reports ---------------------------------------------------------- */

const char *we_nt_irql_name(KIRQL irql)
{
    static const char *const s_device_levels[] = { "DIRQL 3", "DIRQL 4", "DIRQL 5",  "DIRQL 6",  "DIRQL 7",
                                                   "DIRQL 8", "DIRQL 9", "DIRQL 10", "DIRQL 11", "DIRQL 12" };

    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    case HIGH_LEVEL:
        return "HIGH_LEVEL";
    default:
        break;
    }
    if (irql >= 3 && irql <= 12) {
        return s_device_levels[irql - 3];
    }
    return irql < HIGH_LEVEL ? "IRQL above DIRQL" : "an impossible IRQL";
}

const char *we_nt_door_name(enum we_nt_door_kind kind)
{
    static const char *const s_names[] = {
#define X(symbol, name) name,
        WE_NT_DOOR_LIST(X)
#undef X
    };

    WE_ASSERT((unsigned)kind < WE_ARRAY_COUNT(s_names));
    return s_names[kind];
}

void we_nt_thread_describe(char *text, size_t size_bytes)
{
    struct we_nt_thread *thread = we_nt_thread_peek();
    const struct we_nt_frame *frame;
    bool is_in_section;
    size_t length;

    if (thread == NULL) {
        snprintf(text, size_bytes, "a thread outside the emulated kernel");
        return;
    }
    /* That a function of ours works at DISPATCH_LEVEL is nothing that its caller knows. */
    is_in_section = thread->section != NULL && thread->section->frames == thread->frames;
    length = (size_t)snprintf(text, size_bytes, "thread %u at %s", (unsigned)thread->id,
                              we_nt_irql_name(is_in_section ? thread->section->old_irql : thread->irql));
    if (thread->cpu != NULL && !is_in_section && length < size_bytes) {
        length += (size_t)snprintf(text + length, size_bytes - length, " on processor %u", thread->cpu->index);
    }
    for (frame = thread->frames; frame != NULL && length < size_bytes; frame = frame->outer) {
        length += (size_t)snprintf(text + length, size_bytes - length, ", in a %s", we_nt_door_name(frame->kind));
    }
}
