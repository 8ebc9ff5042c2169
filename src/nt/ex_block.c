/* SPDX-License-Identifier: MIT */
/* What all blocking locks of drivers share: waiting for a grant, and the notes about who owns what. */
#include "nt/ex_block.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/base_assert.h"
#include "nt/ke_dispatcher.h"

/* Design
 *
 * The states of these locks are words in the driver's memory, of which zero, or what an initialiser leaves, is "free".
 * The dispatcher lock guards them. Nothing but the state has room there, so waiting threads stand in one list for all
 * locks, in the order in which they came, and each waits for a header in its own record. Whoever gives a lock up
 * looks for those that may have it next, changes the state in their name and lets them go on: a lock is handed over and
 * never free in between, so nobody overtakes.
 *
 * What a thread owns is noted in its record. The checks of recursion, of the owner, of forms that do not belong
 * together and of locks that are left at an end look there.
 */

static LIST_ENTRY s_waiters = { &s_waiters, &s_waiters }; /* we_nt_thread.block_link; dispatcher lock */

/* --- waiting ------------------------------------------------------------------------------- */

void we_ex_block_start(void)
{
    InitializeListHead(&s_waiters);
}

static void wait_end_locked(struct we_nt_thread *thread)
{
    RemoveEntryList(&thread->block_link);
    thread->block_lock = NULL;
}

bool we_ex_wait_locked(const void *lock, enum we_ex_mode mode)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    bool is_granted;

    we_ke_header_init(&thread->block_header, WE_KE_NOTIFICATION_EVENT, 0);
    thread->block_lock = lock;
    thread->block_mode = (UCHAR)mode;
    InsertTailList(&s_waiters, &thread->block_link);
    we_ke_dispatcher_unlock();
    (void)we_ke_wait_internal(&thread->block_header, WE_HOST_FOREVER);
    we_ke_dispatcher_lock();
    is_granted = thread->block_lock == NULL;
    if (!is_granted) {
        wait_end_locked(thread);
    }
    we_ke_dispatcher_unlock();
    return is_granted;
}

struct we_nt_thread *we_ex_first_waiter_locked(const void *lock)
{
    PLIST_ENTRY entry;

    for (entry = s_waiters.Flink; entry != &s_waiters; entry = entry->Flink) {
        struct we_nt_thread *thread = CONTAINING_RECORD(entry, struct we_nt_thread, block_link);

        if (thread->block_lock == lock) {
            return thread;
        }
    }
    return NULL;
}

struct we_nt_thread *we_ex_first_waiter_of_mode_locked(const void *lock, enum we_ex_mode mode)
{
    PLIST_ENTRY entry;

    for (entry = s_waiters.Flink; entry != &s_waiters; entry = entry->Flink) {
        struct we_nt_thread *thread = CONTAINING_RECORD(entry, struct we_nt_thread, block_link);

        if (thread->block_lock == lock && thread->block_mode == mode) {
            return thread;
        }
    }
    return NULL;
}

unsigned we_ex_waiter_count_locked(const void *lock, enum we_ex_mode mode)
{
    PLIST_ENTRY entry;
    unsigned count = 0;

    for (entry = s_waiters.Flink; entry != &s_waiters; entry = entry->Flink) {
        const struct we_nt_thread *thread = CONTAINING_RECORD(entry, struct we_nt_thread, block_link);

        count += thread->block_lock == lock && thread->block_mode == mode;
    }
    return count;
}

void we_ex_grant_locked(struct we_nt_thread *thread)
{
    wait_end_locked(thread);
    thread->block_header.SignalState = 1;
    we_ke_signal_locked(&thread->block_header);
}

void we_ex_wait_abandon(void)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    we_ke_dispatcher_lock();
    if (thread->block_lock != NULL) {
        wait_end_locked(thread);
    }
    we_ke_dispatcher_unlock();
}

/* --- owning -------------------------------------------------------------------------------- */

void we_ex_own_push(const void *lock, enum we_nt_own_kind kind, bool is_void, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    if (thread->own_count < WE_NT_OWN_MAX) {
        struct we_nt_own *own = &thread->owns[thread->own_count++];

        own->lock = lock;
        own->site = site;
        own->kind = (UCHAR)kind;
        own->is_void = is_void ? TRUE : FALSE;
    }
}

struct we_nt_own *we_ex_own_find(const void *lock)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    unsigned i;

    for (i = thread->own_count; i > 0; i--) {
        if (thread->owns[i - 1].lock == lock) {
            return &thread->owns[i - 1];
        }
    }
    return NULL;
}

void we_ex_own_drop(struct we_nt_own *own)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_own *last = &thread->owns[thread->own_count - 1];

    for (; own < last; own++) {
        own[0] = own[1];
    }
    thread->own_count--;
}

static const char *own_kind_name(enum we_nt_own_kind kind)
{
    switch (kind) {
    case WE_OWN_FAST_MUTEX:
    case WE_OWN_FAST_MUTEX_UNSAFE:
        return "fast mutex";
    case WE_OWN_GUARDED_MUTEX:
    case WE_OWN_GUARDED_MUTEX_UNSAFE:
        return "guarded mutex";
    case WE_OWN_PUSH_LOCK_SHARED:
    case WE_OWN_PUSH_LOCK_EXCLUSIVE:
        return "push lock";
    case WE_OWN_RESOURCE:
        return "resource";
    default:
        WE_UNREACHABLE("no such kind of lock");
    }
}

static void force_release(const struct we_nt_own *own)
{
    switch ((enum we_nt_own_kind)own->kind) {
    case WE_OWN_FAST_MUTEX:
    case WE_OWN_FAST_MUTEX_UNSAFE:
    case WE_OWN_GUARDED_MUTEX:
    case WE_OWN_GUARDED_MUTEX_UNSAFE:
        we_ex_mutex_force_release(own->lock, (enum we_nt_own_kind)own->kind);
        break;
    case WE_OWN_PUSH_LOCK_SHARED:
    case WE_OWN_PUSH_LOCK_EXCLUSIVE:
        we_ex_push_lock_force_release(own->lock, (enum we_nt_own_kind)own->kind);
        break;
    case WE_OWN_RESOURCE:
        we_ex_resource_force_release(own->lock);
        break;
    default:
        WE_UNREACHABLE("no such kind of lock");
    }
}

void we_ex_owns_check(unsigned own_count, const char *what, const char *verb)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    while (thread->own_count > own_count) {
        struct we_nt_own own = thread->owns[thread->own_count - 1];

        we_ex_report(WE_RULE_LOCK_040, own_kind_name((enum we_nt_own_kind)own.kind), own.lock, &own,
                     "%s %s while it owns the %s %p", what, verb, own_kind_name((enum we_nt_own_kind)own.kind),
                     own.lock);
        we_ex_own_drop(&thread->owns[thread->own_count - 1]);
        if (!own.is_void) {
            force_release(&own);
        }
    }
}

/* --- reports ------------------------------------------------------------------------------- */

void we_ex_report(enum we_vrf_rule rule, const char *kind, const void *lock, const struct we_nt_own *own,
                  const char *format, ...)
{
    struct we_host_trace taken = { { own != NULL ? own->site : NULL } };
    struct we_vrf_object object = { kind, lock, NULL, NULL, NULL };
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (own != NULL) {
        object.made = &taken;
    }
    (void)we_vrf_report(rule, &object, "%s", text);
}

bool we_ex_may_block(const char *function, const char *kind, const void *lock)
{
    KIRQL irql = we_nt_irql_current();

    if (irql <= APC_LEVEL) {
        return true;
    }
    we_ex_report(WE_RULE_LOCK_026, kind, lock, NULL, "%s(%p) was called at %s", function, lock, we_nt_irql_name(irql));
    return false;
}
