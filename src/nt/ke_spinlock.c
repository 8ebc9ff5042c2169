/* SPDX-License-Identifier: MIT */
/* KSPIN_LOCK: plain, at-DPC, for-DPC and in-stack queued forms, with the owner's side kept on record. */
#include <wdm.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "nt/ex_paged.h"
#include "nt/ex_spinlock.h"
#include "nt/ke_cpu.h"
#include "nt/ke_hold.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A plain lock's word is 0 or 1. A queued lock's word is the tail of a queue of handles (MCS): each waiter
 * spins on the low bit of its own handle's Lock member, so hand-over is first come, first served. Handles are
 * aligned, so the word tells which of the two APIs holds the lock.
 *
 * Who holds what is kept in the thread record (holds). Recursion, release by somebody else, mixed forms
 * and a wrong OldIrql are found there. A lock that was refused (recursion) is recorded too, with kind
 * WE_HOLD_REFUSED, so that its release is a matching no-op and the run can go on after the report.
 */
#define WORD_FREE ((ULONG_PTR)0)
#define WORD_PLAIN ((ULONG_PTR)1)
#define HANDLE_WAITS ((ULONG_PTR)1)

/* True when the thread has the lock already: reported, recorded as refused, not acquired again. */
static BOOLEAN refuse_recursion(struct we_nt_thread *thread, const void *lock, KIRQL old_irql, void *site)
{
    const struct we_nt_hold *hold = we_ke_hold_find(thread, lock);

    if (hold == NULL) {
        return FALSE;
    }
    we_ke_hold_report(WE_RULE_LOCK_001, hold,
                      "a thread acquires a spin lock that it holds, which would hang the processor");
    we_ke_hold_push(thread, lock, old_irql, WE_HOLD_REFUSED, site);
    return TRUE;
}

static BOOLEAN word_try_plain(PKSPIN_LOCK lock)
{
    KSPIN_LOCK is_free = WORD_FREE;

    return __atomic_compare_exchange_n(lock, &is_free, WORD_PLAIN, FALSE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

struct holder_search {
    const void *lock;
    BOOLEAN is_held;
};

static void search_holder(struct we_nt_thread *thread, void *context)
{
    struct holder_search *search = (struct holder_search *)context;
    unsigned i;

    for (i = 0; i < thread->hold_count; i++) {
        search->is_held = search->is_held || thread->holds[i].lock == search->lock;
    }
}

/* After so many turns somebody must be seen holding the lock, or its word is not a lock's. */
#define SUSPICIOUS_SPINS 2000u

/* LOCK-006: the word is neither free nor plainly held nor anybody's queue. Reports and frees it. */
static void check_word(PKSPIN_LOCK lock, unsigned spin_count)
{
    struct holder_search search = { lock, FALSE };
    ULONG_PTR word = __atomic_load_n(lock, __ATOMIC_ACQUIRE);

    if (spin_count != SUSPICIOUS_SPINS || word == WORD_FREE || word == WORD_PLAIN) {
        return;
    }
    we_nt_thread_each(search_holder, &search);
    if (!search.is_held) {
        struct we_vrf_object object = { "spin lock", lock, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_LOCK_006, &object, "spin lock %p holds 0x%llx: was it ever initialised?",
                            (void *)lock, (unsigned long long)word);
        KeInitializeSpinLock(lock);
    }
}

static void acquire_plain(PKSPIN_LOCK lock, KIRQL old_irql, enum we_nt_hold_kind kind, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    unsigned spin_count = 0;

    if (refuse_recursion(thread, lock, old_irql, site)) {
        return;
    }
    while (!word_try_plain(lock)) {
        we_ke_spin(thread, &spin_count);
        check_word(lock, spin_count);
    }
    we_ke_hold_push(thread, lock, old_irql, kind, site);
}

/* Finds the hold that a release belongs to; reports and answers NULL when there is none. */
static struct we_nt_hold *release_find(struct we_nt_thread *thread, const void *lock, const char *function)
{
    struct we_nt_hold *hold = we_ke_hold_find(thread, lock);

    if (hold == NULL) {
        struct we_vrf_object object = { "spin lock", lock, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_LOCK_002, &object, "%s(%p), but this thread does not hold the lock", function,
                            lock);
    }
    return hold;
}

static void release_plain(PKSPIN_LOCK lock, enum we_nt_hold_kind kind, KIRQL new_irql, const char *function)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_hold *hold = release_find(thread, lock, function);
    KIRQL old_irql;

    if (hold == NULL) {
        return;
    }
    old_irql = hold->old_irql;
    if (hold->kind == WE_HOLD_REFUSED) {
        we_ke_hold_drop(thread, hold);
        return;
    }
    if (hold->kind == WE_HOLD_QUEUED || hold->kind == WE_HOLD_QUEUED_AT_DPC) {
        we_ke_hold_report(WE_RULE_LOCK_009, hold,
                          "a lock taken with the in-stack queued API is released with the plain one");
        we_ke_spinlock_force_release(thread);
        return;
    }
    if (hold->kind != kind) {
        we_ke_hold_report(WE_RULE_LOCK_014, hold,
                          "a spin lock is released by a form that does not belong to its acquire");
    } else if (kind == WE_HOLD_SPIN && new_irql != old_irql) {
        (void)we_vrf_report(WE_RULE_LOCK_013, NULL, "%s(%p, %s), but the acquire saved %s", function, (void *)lock,
                            we_nt_irql_name(new_irql), we_nt_irql_name(old_irql));
    }
    kind = (enum we_nt_hold_kind)hold->kind;
    we_ke_hold_drop(thread, hold);
    __atomic_store_n(lock, WORD_FREE, __ATOMIC_RELEASE);
    if (kind == WE_HOLD_SPIN) {
        we_nt_cpu_lower(thread, old_irql);
    }
}

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    we_ex_paged_check(SpinLock, "spin lock", "KeInitializeSpinLock");
    __atomic_store_n(SpinLock, WORD_FREE, __ATOMIC_SEQ_CST);
}

static KIRQL acquire_raise(PKSPIN_LOCK lock, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql = thread->irql;

    if (old_irql > DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_LOCK_012, NULL, "KeAcquireSpinLock(%p) was called at %s", (void *)lock,
                            we_nt_irql_name(old_irql));
    } else {
        we_nt_cpu_raise(thread, DISPATCH_LEVEL, WE_NT_ANY_CPU);
    }
    acquire_plain(lock, old_irql, WE_HOLD_SPIN, site);
    return old_irql;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    return acquire_raise(SpinLock, __builtin_return_address(0));
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KIRQL irql = we_nt_irql_current();

    if (irql != DISPATCH_LEVEL && we_ke_hold_find(we_nt_thread_current(), SpinLock) != NULL) {
        (void)we_vrf_report(WE_RULE_LOCK_011, NULL, "KeReleaseSpinLock(%p) was called at %s", (void *)SpinLock,
                            we_nt_irql_name(irql));
    }
    release_plain(SpinLock, WE_HOLD_SPIN, NewIrql, "KeReleaseSpinLock");
}

/* LOCK-010. The lock is taken all the same. */
static void check_at_dpc(const void *lock, const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (irql < DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_LOCK_010, NULL, "%s(%p) was called at %s", function, lock, we_nt_irql_name(irql));
    }
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    check_at_dpc(SpinLock, "KeAcquireSpinLockAtDpcLevel");
    acquire_plain(SpinLock, we_nt_irql_current(), WE_HOLD_SPIN_AT_DPC, __builtin_return_address(0));
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    release_plain(SpinLock, WE_HOLD_SPIN_AT_DPC, 0, "KeReleaseSpinLockFromDpcLevel");
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    check_at_dpc(SpinLock, "KeTryToAcquireSpinLockAtDpcLevel");
    if (!word_try_plain(SpinLock)) {
        return FALSE;
    }
    we_ke_hold_push(thread, SpinLock, thread->irql, WE_HOLD_SPIN_AT_DPC, __builtin_return_address(0));
    return TRUE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    return __atomic_load_n(SpinLock, __ATOMIC_ACQUIRE) == WORD_FREE;
}

KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    WE_NT_ENTRY(KeAcquireSpinLockForDpc);
    return acquire_raise(SpinLock, __builtin_return_address(0));
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    WE_NT_ENTRY(KeReleaseSpinLockForDpc);
    release_plain(SpinLock, WE_HOLD_SPIN, OldIrql, "KeReleaseSpinLockForDpc");
}

/* --- in-stack queued forms -------------------------------------------------------------- */

static void acquire_queued(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, KIRQL old_irql, enum we_nt_hold_kind kind,
                           void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KSPIN_LOCK_QUEUE *self = &handle->LockQueue;
    KSPIN_LOCK_QUEUE *before;
    unsigned spin_count = 0;

    handle->OldIrql = old_irql;
    self->Next = NULL;
    self->Lock = lock;
    if (refuse_recursion(thread, lock, old_irql, site)) {
        return;
    }
    __atomic_store_n((ULONG_PTR *)(void *)&self->Lock, (ULONG_PTR)lock | HANDLE_WAITS, __ATOMIC_RELAXED);
    for (;;) {
        ULONG_PTR tail = __atomic_load_n(lock, __ATOMIC_ACQUIRE);

        if (tail == WORD_PLAIN) {
            we_ke_spin(thread, &spin_count); /* held through the plain API: not our queue */
            continue;
        }
        if (__atomic_compare_exchange_n(lock, &tail, (ULONG_PTR)self, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            before = (KSPIN_LOCK_QUEUE *)tail;
            break;
        }
    }
    if (before != NULL) {
        __atomic_store_n(&before->Next, self, __ATOMIC_RELEASE);
        while (__atomic_load_n((ULONG_PTR *)(void *)&self->Lock, __ATOMIC_ACQUIRE) & HANDLE_WAITS) {
            we_ke_spin(thread, &spin_count);
        }
    } else {
        __atomic_store_n((ULONG_PTR *)(void *)&self->Lock, (ULONG_PTR)lock, __ATOMIC_RELAXED);
    }
    we_ke_hold_push(thread, lock, old_irql, kind, site);
    thread->holds[thread->hold_count - 1].handle = handle;
}

/* Hands the lock to the next handle in the queue, or frees it. */
static void queue_release(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE *self)
{
    KSPIN_LOCK_QUEUE *next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE);
    ULONG_PTR expected = (ULONG_PTR)self;
    unsigned spin_count = 0;

    if (next == NULL) {
        if (__atomic_compare_exchange_n(lock, &expected, WORD_FREE, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return;
        }
        while ((next = __atomic_load_n(&self->Next, __ATOMIC_ACQUIRE)) == NULL) {
            we_host_yield(&spin_count); /* the next one is about to link itself */
        }
    }
    __atomic_store_n((ULONG_PTR *)(void *)&next->Lock, (ULONG_PTR)lock, __ATOMIC_RELEASE);
}

static void release_queued(PKLOCK_QUEUE_HANDLE handle, enum we_nt_hold_kind kind, const char *function)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    PKSPIN_LOCK lock = handle->LockQueue.Lock;
    struct we_nt_hold *hold = release_find(thread, lock, function);
    KIRQL old_irql;

    if (hold == NULL) {
        return;
    }
    old_irql = hold->old_irql;
    if (hold->kind == WE_HOLD_REFUSED) {
        we_ke_hold_drop(thread, hold);
        return;
    }
    if (hold->kind == WE_HOLD_SPIN || hold->kind == WE_HOLD_SPIN_AT_DPC) {
        we_ke_hold_report(WE_RULE_LOCK_009, hold,
                          "a lock taken with the plain API is released with the in-stack queued one");
        we_ke_spinlock_force_release(thread);
        return;
    }
    if (hold->handle != handle) {
        we_ke_hold_report(WE_RULE_LOCK_015, hold,
                          "a queued spin lock is released with another handle than it was acquired with");
        handle = (PKLOCK_QUEUE_HANDLE)hold->handle;
    }
    if (hold->kind != kind) {
        we_ke_hold_report(WE_RULE_LOCK_014, hold,
                          "a queued spin lock is released by a form that does not belong to its acquire");
        kind = (enum we_nt_hold_kind)hold->kind;
    }
    we_ke_hold_drop(thread, hold);
    queue_release(lock, &handle->LockQueue);
    if (kind == WE_HOLD_QUEUED) {
        we_nt_cpu_lower(thread, old_irql);
    }
}

static void acquire_queued_raise(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql = thread->irql;

    if (old_irql > DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_LOCK_012, NULL, "KeAcquireInStackQueuedSpinLock(%p) was called at %s", (void *)lock,
                            we_nt_irql_name(old_irql));
    } else {
        we_nt_cpu_raise(thread, DISPATCH_LEVEL, WE_NT_ANY_CPU);
    }
    acquire_queued(lock, handle, old_irql, WE_HOLD_QUEUED, site);
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    acquire_queued_raise(SpinLock, LockHandle, __builtin_return_address(0));
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release_queued(LockHandle, WE_HOLD_QUEUED, "KeReleaseInStackQueuedSpinLock");
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    check_at_dpc(SpinLock, "KeAcquireInStackQueuedSpinLockAtDpcLevel");
    acquire_queued(SpinLock, LockHandle, we_nt_irql_current(), WE_HOLD_QUEUED_AT_DPC, __builtin_return_address(0));
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release_queued(LockHandle, WE_HOLD_QUEUED_AT_DPC, "KeReleaseInStackQueuedSpinLockFromDpcLevel");
}

VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    WE_NT_ENTRY(KeAcquireInStackQueuedSpinLockForDpc);
    acquire_queued_raise(SpinLock, LockHandle, __builtin_return_address(0));
}

VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    WE_NT_ENTRY(KeReleaseInStackQueuedSpinLockForDpc);
    release_queued(LockHandle, WE_HOLD_QUEUED, "KeReleaseInStackQueuedSpinLockForDpc");
}

/* --- for the door and for recovery ------------------------------------------------------- */

void we_ke_spinlock_force_release(struct we_nt_thread *thread)
{
    struct we_nt_hold hold = thread->holds[--thread->hold_count];
    PKSPIN_LOCK lock = (PKSPIN_LOCK)(ULONG_PTR)hold.lock;

    switch ((enum we_nt_hold_kind)hold.kind) {
    case WE_HOLD_SPIN:
    case WE_HOLD_SPIN_AT_DPC:
        __atomic_store_n(lock, WORD_FREE, __ATOMIC_RELEASE);
        break;
    case WE_HOLD_QUEUED:
    case WE_HOLD_QUEUED_AT_DPC:
        queue_release(lock, &((PKLOCK_QUEUE_HANDLE)hold.handle)->LockQueue);
        break;
    case WE_HOLD_SHARED:
    case WE_HOLD_SHARED_AT_DPC:
    case WE_HOLD_EXCLUSIVE:
    case WE_HOLD_EXCLUSIVE_AT_DPC:
        we_ex_spinlock_force_release(&hold);
        break;
    case WE_HOLD_CANCEL:
    case WE_HOLD_REFUSED:
        break;
    default:
        WE_UNREACHABLE("no such kind of hold");
    }
    if (hold.kind == WE_HOLD_SPIN || hold.kind == WE_HOLD_QUEUED || hold.kind == WE_HOLD_SHARED ||
        hold.kind == WE_HOLD_EXCLUSIVE) {
        we_nt_cpu_lower(thread, hold.old_irql);
    }
}
