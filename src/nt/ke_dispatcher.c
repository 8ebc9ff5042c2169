/* SPDX-License-Identifier: MIT */
/* The dispatcher: one lock, one list of waiters an object, and who a change of state lets go on. */
#include "nt/ke_dispatcher.h"

#include <stdio.h>

#include "base/base_assert.h"
#include "nt/ex_paged.h"
#include "nt/nt_forget.h"
#include "vrf/vrf_report.h"

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_DISPATCHER);
static unsigned s_waiting_count; /* atomic: threads whose wait blocks hang on objects */

void we_ke_dispatcher_lock(void)
{
    we_host_mutex_lock(&s_lock);
}

void we_ke_dispatcher_unlock(void)
{
    we_host_mutex_unlock(&s_lock);
}

const char *we_ke_type_name(UCHAR type)
{
    switch (type) {
    case WE_KE_NOTIFICATION_EVENT:
        return "notification event";
    case WE_KE_SYNCHRONIZATION_EVENT:
        return "synchronization event";
    case WE_KE_MUTANT:
        return "mutex";
    case WE_KE_SEMAPHORE:
        return "semaphore";
    case WE_KE_THREAD:
        return "thread";
    case WE_KE_NOTIFICATION_TIMER:
        return "notification timer";
    case WE_KE_SYNCHRONIZATION_TIMER:
        return "synchronization timer";
    default:
        return NULL;
    }
}

void we_ke_header_init(DISPATCHER_HEADER *header, enum we_ke_object_type type, LONG signal_state)
{
    header->Type = (UCHAR)type;
    header->Absolute = 0;
    header->Size = 0;
    header->Inserted = 0;
    header->SignalState = signal_state;
    InitializeListHead(&header->WaitListHead);
}

/* Handles are small numbers; no object lives there. */
#define LOWEST_OBJECT_ADDRESS ((ULONG_PTR)0x10000)

struct waiter_search {
    const DISPATCHER_HEADER *header;
    struct we_nt_thread *found;
};

static void search_waiter(struct we_nt_thread *thread, void *context)
{
    struct waiter_search *search = (struct waiter_search *)context;
    ULONG i;

    for (i = 0; thread->is_waiting && i < thread->wait_count; i++) {
        if (thread->wait_blocks[i].Object == search->header) {
            search->found = thread;
        }
    }
}

void we_ke_header_init_checked(DISPATCHER_HEADER *header, enum we_ke_object_type type, LONG signal_state,
                               const char *function)
{
    struct waiter_search search = { header, NULL };

    we_ex_paged_check(header, we_ke_type_name((UCHAR)type), function);
    /* Fresh memory may hold anything, so the threads are asked and not the object. Nobody waits: the usual case. */
    if (__atomic_load_n(&s_waiting_count, __ATOMIC_SEQ_CST) != 0) {
        we_ke_dispatcher_lock();
        we_nt_thread_each(search_waiter, &search);
        we_ke_dispatcher_unlock();
    }
    if (search.found != NULL) {
        struct we_vrf_object object = { "dispatcher object", header, &search.found->wait_trace, NULL, NULL };

        (void)we_vrf_report(WE_RULE_WAIT_016, &object, "%s on the %s %p for which thread %u waits", function,
                            we_ke_type_name((UCHAR)type), (void *)header, (unsigned)search.found->id);
        return;
    }
    we_ke_header_init(header, type, signal_state);
}

bool we_ke_header_check(const DISPATCHER_HEADER *header, const char *function)
{
    struct we_vrf_object object = { "dispatcher object", header, NULL, NULL, NULL };

    if (header != NULL && (ULONG_PTR)header < LOWEST_OBJECT_ADDRESS) {
        (void)we_vrf_report(WE_RULE_WAIT_020, &object,
                            "%s was given %p, which is a handle and not a pointer to an object", function,
                            (const void *)header);
        return false;
    }
    if (header != NULL && we_ke_type_name(header->Type) != NULL) {
        return true;
    }
    (void)we_vrf_report(WE_RULE_WAIT_015, &object,
                        "%s was given %p, which was never initialised as a dispatcher object", function,
                        (const void *)header);
    return false;
}

LONG we_ke_read_state(const DISPATCHER_HEADER *header)
{
    LONG state;

    we_ke_dispatcher_lock();
    state = header->SignalState;
    we_ke_dispatcher_unlock();
    return state;
}

/* --- satisfying waits -------------------------------------------------------------------- */

bool we_ke_is_signalled_locked(const DISPATCHER_HEADER *header, const struct we_nt_thread *thread)
{
    if (header->Type == WE_KE_MUTANT) {
        const KMUTANT *mutant = CONTAINING_RECORD(header, KMUTANT, Header);

        return header->SignalState > 0 || (const void *)mutant->OwnerThread == (const void *)thread;
    }
    return header->SignalState > 0;
}

bool we_ke_satisfy_locked(DISPATCHER_HEADER *header, struct we_nt_thread *thread)
{
    PKMUTANT mutant;
    bool is_abandoned = false;

    switch (header->Type) {
    case WE_KE_SYNCHRONIZATION_EVENT:
    case WE_KE_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case WE_KE_SEMAPHORE:
        header->SignalState--;
        break;
    case WE_KE_MUTANT:
        mutant = CONTAINING_RECORD(header, KMUTANT, Header);
        header->SignalState--;
        mutant->OwnerThread = (PKTHREAD)(void *)thread;
        mutant->ApcDisable = thread->irql >= DISPATCH_LEVEL ? WE_KE_MUTANT_AT_DISPATCH : WE_KE_MUTANT_BELOW_DISPATCH;
        thread->kernel_apc_disable++;
        is_abandoned = mutant->Abandoned != 0;
        mutant->Abandoned = 0;
        break;
    default:
        break;
    }
    return is_abandoned;
}

static bool are_all_signalled_locked(const struct we_nt_thread *thread)
{
    ULONG i;

    for (i = 0; i < thread->wait_count; i++) {
        if (!we_ke_is_signalled_locked((const DISPATCHER_HEADER *)thread->wait_blocks[i].Object, thread)) {
            return false;
        }
    }
    return true;
}

void we_ke_wait_unlink_locked(struct we_nt_thread *thread)
{
    ULONG i;

    for (i = 0; i < thread->wait_count; i++) {
        RemoveEntryList(&thread->wait_blocks[i].WaitListEntry);
    }
    thread->is_waiting = FALSE;
    __atomic_sub_fetch(&s_waiting_count, 1, __ATOMIC_SEQ_CST);
}

void we_ke_wait_link_locked(struct we_nt_thread *thread, ULONG count, PVOID objects[], WAIT_TYPE type)
{
    ULONG i;

    for (i = 0; i < count; i++) {
        DISPATCHER_HEADER *header = (DISPATCHER_HEADER *)objects[i];

        thread->wait_blocks[i].Thread = (PKTHREAD)(void *)thread;
        thread->wait_blocks[i].Object = header;
        thread->wait_blocks[i].WaitKey = (USHORT)i;
        InsertTailList(&header->WaitListHead, &thread->wait_blocks[i].WaitListEntry);
    }
    thread->wait_count = count;
    thread->wait_type = type;
    thread->is_waiting = TRUE;
    __atomic_add_fetch(&s_waiting_count, 1, __ATOMIC_SEQ_CST);
}

static void wake_locked(struct we_nt_thread *thread, NTSTATUS status)
{
    we_ke_wait_unlink_locked(thread);
    thread->wait_status = status;
    we_host_unpark(&thread->host);
}

static bool try_release_locked(DISPATCHER_HEADER *header, PKWAIT_BLOCK block)
{
    struct we_nt_thread *thread = (struct we_nt_thread *)(void *)block->Thread;
    bool is_abandoned = false;
    ULONG i;

    if (thread->wait_type == WaitAny) {
        NTSTATUS status = STATUS_WAIT_0 + block->WaitKey;

        if (!we_ke_is_signalled_locked(header, thread)) {
            return false;
        }
        if (we_ke_satisfy_locked(header, thread)) {
            status = STATUS_ABANDONED_WAIT_0 + block->WaitKey;
        }
        wake_locked(thread, status);
        return true;
    }
    if (!are_all_signalled_locked(thread)) {
        return false;
    }
    for (i = 0; i < thread->wait_count; i++) {
        is_abandoned = we_ke_satisfy_locked((DISPATCHER_HEADER *)thread->wait_blocks[i].Object, thread) || is_abandoned;
    }
    wake_locked(thread, is_abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_SUCCESS);
    return true;
}

void we_ke_signal_locked(DISPATCHER_HEADER *header)
{
    PLIST_ENTRY entry = header->WaitListHead.Flink;

    while (entry != &header->WaitListHead && header->SignalState > 0) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);

        /* A released thread takes all its blocks off their lists, perhaps several of this one: begin again. */
        entry = try_release_locked(header, block) ? header->WaitListHead.Flink : entry->Flink;
    }
}

/* --- waits for objects that are gone ----------------------------------------------------- */

static void thread_forget_objects(struct we_nt_thread *thread, void *context)
{
    const struct we_nt_range *range = (const struct we_nt_range *)context;
    bool is_hit = false;
    ULONG i;

    for (i = 0; thread->is_waiting && i < thread->wait_count; i++) {
        is_hit = is_hit || we_nt_range_contains(range, thread->wait_blocks[i].Object);
    }
    if (!is_hit) {
        return;
    }
    /* Neighbours on the list of an object that is gone are blocks for the same object: all of them are cut loose. */
    for (i = 0; i < thread->wait_count; i++) {
        if (!we_nt_range_contains(range, thread->wait_blocks[i].Object)) {
            RemoveEntryList(&thread->wait_blocks[i].WaitListEntry);
        }
        InitializeListHead(&thread->wait_blocks[i].WaitListEntry);
    }
    thread->wait_count = 0; /* only its time-out, or the stop, ends this wait now */
}

void we_ke_waits_forget(const struct we_nt_range *range)
{
    if (__atomic_load_n(&s_waiting_count, __ATOMIC_SEQ_CST) != 0) {
        we_ke_dispatcher_lock();
        we_nt_thread_each(thread_forget_objects, (void *)(ULONG_PTR)range);
        we_ke_dispatcher_unlock();
    }
}

/* --- who waits for what ------------------------------------------------------------------- */

struct description {
    char *text;
    size_t size_bytes;
    size_t length;
};

static void describe_thread(struct we_nt_thread *thread, void *context)
{
    struct description *description = (struct description *)context;
    ULONG i;

    if (!thread->is_waiting) {
        return;
    }
    if (thread->block_lock != NULL) {
        description->length +=
            (size_t)snprintf(description->text + description->length, description->size_bytes - description->length,
                             "thread %u waits for the lock %p since:\n", (unsigned)thread->id, thread->block_lock);
    }
    for (i = 0; thread->block_lock == NULL && i < thread->wait_count && description->length < description->size_bytes;
         i++) {
        const DISPATCHER_HEADER *header = (const DISPATCHER_HEADER *)thread->wait_blocks[i].Object;

        description->length += (size_t)snprintf(
            description->text + description->length, description->size_bytes - description->length,
            "thread %u waits for %s %p since:\n", (unsigned)thread->id,
            we_ke_type_name(header->Type) != NULL ? we_ke_type_name(header->Type) : "object", (const void *)header);
    }
    if (description->length < description->size_bytes) {
        description->length += we_host_trace_format(&thread->wait_trace, description->text + description->length,
                                                    description->size_bytes - description->length);
    }
}

void we_ke_describe_waits(char *text, size_t size_bytes)
{
    struct description description = { text, size_bytes, 0 };

    text[0] = '\0';
    /* Without the dispatcher lock: this is written when nothing moves, and symbolising takes long. */
    we_nt_thread_each(describe_thread, &description);
    if (description.length == 0) {
        snprintf(text, size_bytes, "no thread of the emulated kernel waits\n");
    }
}
