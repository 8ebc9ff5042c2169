/* SPDX-License-Identifier: MIT */
/* EX_RUNDOWN_REF: users of an object, and the one who waits until there are none. */
#include <wdm.h>

#include "nt/ex_block.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* The word: bit 0 says that no new user may come, the rest is the number of users. Users come and go without a lock,
 * drivers do that for every request; only whoever waits for the last one, and that last one, meet under the dispatcher
 * lock. */
#define RUN_DOWN ((ULONG_PTR)EX_RUNDOWN_ACTIVE)
#define USER ((ULONG_PTR)EX_RUNDOWN_COUNT_INC)

static const char s_kind[] = "run-down reference";

static void word_set(PEX_RUNDOWN_REF ref, ULONG_PTR value)
{
    __atomic_store_n(&ref->Count, value, __ATOMIC_SEQ_CST);
}

static BOOLEAN acquire(PEX_RUNDOWN_REF ref, ULONG count)
{
    ULONG_PTR word = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);

    while ((word & RUN_DOWN) == 0) {
        if (__atomic_compare_exchange_n(&ref->Count, &word, word + count * USER, TRUE, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            return TRUE;
        }
    }
    return FALSE;
}

static void wake_waiters(PEX_RUNDOWN_REF ref)
{
    struct we_nt_thread *thread;

    we_ke_dispatcher_lock();
    while ((thread = we_ex_first_waiter_locked(ref)) != NULL) {
        we_ex_grant_locked(thread);
    }
    we_ke_dispatcher_unlock();
}

static void release(PEX_RUNDOWN_REF ref, ULONG count, const char *function)
{
    ULONG_PTR word = __atomic_load_n(&ref->Count, __ATOMIC_RELAXED);

    do {
        if (word < count * USER) {
            we_ex_report(WE_RULE_LOCK_034, s_kind, ref, NULL, "%s(%p) gives up %u use(s), but there are only %u",
                         function, (void *)ref, (unsigned)count, (unsigned)(word / USER));
            return;
        }
    } while (!__atomic_compare_exchange_n(&ref->Count, &word, word - count * USER, TRUE, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    /* After this the waiter may free the memory: only the address is used. */
    if (word - count * USER == RUN_DOWN) {
        wake_waiters(ref);
    }
}

static void wait_for_release(PEX_RUNDOWN_REF ref, const char *function)
{
    if (!we_ex_may_block(function, s_kind, ref)) {
        return;
    }
    we_ke_dispatcher_lock();
    (void)__atomic_or_fetch(&ref->Count, RUN_DOWN, __ATOMIC_SEQ_CST);
    /* Again, because the last user of what lay at this address before may come late with its wake. */
    while (__atomic_load_n(&ref->Count, __ATOMIC_SEQ_CST) != RUN_DOWN) {
        if (!we_ex_wait_locked(ref, WE_EX_EXCLUSIVE)) {
            return;
        }
        we_ke_dispatcher_lock();
    }
    we_ke_dispatcher_unlock();
}

static void reinitialise(PEX_RUNDOWN_REF ref, const char *function)
{
    ULONG_PTR word = __atomic_load_n(&ref->Count, __ATOMIC_SEQ_CST);

    if (word != RUN_DOWN) {
        we_ex_report(WE_RULE_LOCK_034, s_kind, ref, NULL, "%s(%p), but it is %s with %u use(s)", function, (void *)ref,
                     (word & RUN_DOWN) != 0 ? "being run down" : "active", (unsigned)(word / USER));
    }
    word_set(ref, 0);
}

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    WE_NT_ENTRY(ExInitializeRundownProtection);
    word_set(RunRef, 0);
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    WE_NT_ENTRY(ExReInitializeRundownProtection);
    reinitialise(RunRef, "ExReInitializeRundownProtection");
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    WE_NT_ENTRY(ExAcquireRundownProtection);
    return acquire(RunRef, 1);
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    WE_NT_ENTRY(ExAcquireRundownProtectionEx);
    return acquire(RunRef, Count);
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    WE_NT_ENTRY(ExReleaseRundownProtection);
    release(RunRef, 1, "ExReleaseRundownProtection");
}

VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    WE_NT_ENTRY(ExReleaseRundownProtectionEx);
    release(RunRef, Count, "ExReleaseRundownProtectionEx");
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    wait_for_release(RunRef, "ExWaitForRundownProtectionRelease");
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    WE_NT_ENTRY(ExRundownCompleted);
    word_set(RunRef, RUN_DOWN);
}

/* --- cache-aware: the same contract behind an opaque pointer -------------------------------- */

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF ref;
};

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID)
{
    WE_NT_ENTRY(ExSizeOfRundownProtectionCacheAware);
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}

VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, SIZE_T RunRefSize)
{
    WE_NT_ENTRY(ExInitializeRundownProtectionCacheAware);
    UNREFERENCED_PARAMETER(RunRefSize);
    word_set(&RunRefCacheAware->ref, 0);
}

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    PEX_RUNDOWN_REF_CACHE_AWARE made;

    WE_NT_ENTRY(ExAllocateCacheAwareRundownProtection);
    made = (PEX_RUNDOWN_REF_CACHE_AWARE)ExAllocatePoolWithTag(PoolType, sizeof(*made), PoolTag);
    if (made != NULL) {
        word_set(&made->ref, 0);
    }
    return made;
}

VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    WE_NT_ENTRY(ExFreeCacheAwareRundownProtection);
    ExFreePool(RunRefCacheAware);
}

VOID NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    WE_NT_ENTRY(ExReInitializeRundownProtectionCacheAware);
    reinitialise(&RunRefCacheAware->ref, "ExReInitializeRundownProtectionCacheAware");
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    WE_NT_ENTRY(ExAcquireRundownProtectionCacheAware);
    return acquire(&RunRefCacheAware->ref, 1);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    WE_NT_ENTRY(ExAcquireRundownProtectionCacheAwareEx);
    return acquire(&RunRefCacheAware->ref, Count);
}

VOID NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    WE_NT_ENTRY(ExReleaseRundownProtectionCacheAware);
    release(&RunRefCacheAware->ref, 1, "ExReleaseRundownProtectionCacheAware");
}

VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    WE_NT_ENTRY(ExReleaseRundownProtectionCacheAwareEx);
    release(&RunRefCacheAware->ref, Count, "ExReleaseRundownProtectionCacheAwareEx");
}

VOID NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    wait_for_release(&RunRefCacheAware->ref, "ExWaitForRundownProtectionReleaseCacheAware");
}

VOID NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    WE_NT_ENTRY(ExRundownCompletedCacheAware);
    word_set(&RunRefCacheAware->ref, RUN_DOWN);
}
