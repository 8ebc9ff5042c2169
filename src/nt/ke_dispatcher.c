/* SPDX-License-Identifier: MIT */
/* The dispatcher: one lock, one list of waiters an object, and who a change of state lets go on. */
#include "nt/ke_dispatcher.h"

#include <stdio.h>

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_DISPATCHER);

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

bool we_ke_header_check(const DISPATCHER_HEADER *header, const char *function)
{
    struct we_vrf_object object = { "dispatcher object", header, NULL, NULL, NULL };

    if (header != NULL && we_ke_type_name(header->Type) != NULL && header->WaitListHead.Flink != NULL) {
        return true;
    }
    (void)we_vrf_report(WE_RULE_WAIT_015, &object, "%s was given %p, which was never initialised as a dispatcher object",
                        function, (const void *)header);
    return false;
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
    for (i = 0; i < thread->wait_count && description->length < description->size_bytes; i++) {
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
