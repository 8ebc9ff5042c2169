/* SPDX-License-Identifier: MIT */
/* EX_PUSH_LOCK: many readers or one writer; a writer that waits holds new readers back. */
#include <wdm.h>

#include "nt/ex_block.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* The word is 0 when free, 1 while a writer owns the lock, else a multiple of READER. */
#define WORD_FREE ((EX_PUSH_LOCK)0)
#define WORD_WRITER ((EX_PUSH_LOCK)1)
#define READER ((EX_PUSH_LOCK)16)

static const char s_kind[] = "push lock";

/* LOCK-032: normal kernel APCs are disabled from before the acquire until after the release. */
static void check_region(const void *lock, const char *function)
{
    const struct we_nt_thread *thread = we_nt_thread_current();

    if (thread->irql < APC_LEVEL && thread->kernel_apc_disable == 0 && thread->special_apc_disable == 0) {
        we_ex_report(WE_RULE_LOCK_032, s_kind, lock, NULL, "%s(%p) was called outside a critical region", function,
                     lock);
    }
}

static bool is_grantable_locked(PEX_PUSH_LOCK lock, enum we_ex_mode mode)
{
    if (mode == WE_EX_EXCLUSIVE) {
        return *lock == WORD_FREE;
    }
    return *lock != WORD_WRITER && we_ex_first_waiter_of_mode_locked(lock, WE_EX_EXCLUSIVE) == NULL;
}

static void take_locked(PEX_PUSH_LOCK lock, enum we_ex_mode mode)
{
    *lock = mode == WE_EX_EXCLUSIVE ? WORD_WRITER : *lock + READER;
}

/* After the word has changed: all readers up to the next writer, or that writer. */
static void pass_on_locked(PEX_PUSH_LOCK lock)
{
    struct we_nt_thread *next;

    while ((next = we_ex_first_waiter_locked(lock)) != NULL) {
        enum we_ex_mode mode = (enum we_ex_mode)next->block_mode;

        if (mode == WE_EX_EXCLUSIVE ? *lock != WORD_FREE : *lock == WORD_WRITER) {
            return;
        }
        take_locked(lock, mode);
        we_ex_grant_locked(next);
    }
}

static void give_up(PEX_PUSH_LOCK lock, enum we_ex_mode mode)
{
    we_ke_dispatcher_lock();
    *lock = mode == WE_EX_EXCLUSIVE ? WORD_FREE : *lock - READER;
    pass_on_locked(lock);
    we_ke_dispatcher_unlock();
}

/* True when the acquire cannot be carried out, because this very thread is in its way. */
static bool refuse_recursion(PEX_PUSH_LOCK lock, enum we_ex_mode mode, const char *function)
{
    const struct we_nt_own *own = we_ex_own_find(lock);

    if (own == NULL) {
        return false;
    }
    if (own->kind == WE_OWN_PUSH_LOCK_SHARED && mode == WE_EX_SHARED) {
        we_ex_report(WE_RULE_LOCK_032, s_kind, lock, own,
                     "%s(%p) by a thread that owns it shared: it hangs as soon as a writer waits", function,
                     (void *)lock);
        return false;
    }
    we_ex_report(WE_RULE_LOCK_032, s_kind, lock, own, "%s(%p) by a thread that owns it %s, which would hang", function,
                 (void *)lock, own->kind == WE_OWN_PUSH_LOCK_SHARED ? "shared" : "exclusive");
    return true;
}

static void acquire(PEX_PUSH_LOCK lock, enum we_ex_mode mode, const char *function, void *site)
{
    enum we_nt_own_kind kind = mode == WE_EX_EXCLUSIVE ? WE_OWN_PUSH_LOCK_EXCLUSIVE : WE_OWN_PUSH_LOCK_SHARED;
    bool may_wait = we_ex_may_block(function, s_kind, lock);
    bool is_owned = true;

    check_region(lock, function);
    if (refuse_recursion(lock, mode, function)) {
        we_ex_own_push(lock, kind, true, site);
        return;
    }
    we_ke_dispatcher_lock();
    if (is_grantable_locked(lock, mode)) {
        take_locked(lock, mode);
        we_ke_dispatcher_unlock();
    } else if (may_wait) {
        is_owned = we_ex_wait_locked(lock, mode);
    } else {
        is_owned = false;
        we_ke_dispatcher_unlock();
    }
    we_ex_own_push(lock, kind, !is_owned, site);
}

static void release(PEX_PUSH_LOCK lock, enum we_ex_mode mode, const char *function)
{
    struct we_nt_own *own = we_ex_own_find(lock);
    enum we_ex_mode acquired_mode;
    bool is_void;

    check_region(lock, function);
    if (own == NULL) {
        we_ex_report(WE_RULE_LOCK_003, s_kind, lock, NULL, "%s(%p) by a thread that does not own it", function,
                     (void *)lock);
        return;
    }
    acquired_mode = own->kind == WE_OWN_PUSH_LOCK_EXCLUSIVE ? WE_EX_EXCLUSIVE : WE_EX_SHARED;
    if (acquired_mode != mode) {
        we_ex_report(WE_RULE_LOCK_032, s_kind, lock, own, "%s(%p), but it was acquired %s", function, (void *)lock,
                     acquired_mode == WE_EX_EXCLUSIVE ? "exclusive" : "shared");
    }
    is_void = own->is_void;
    we_ex_own_drop(own);
    if (!is_void) {
        give_up(lock, acquired_mode);
    }
}

void we_ex_push_lock_force_release(const void *lock, enum we_nt_own_kind kind)
{
    give_up((PEX_PUSH_LOCK)(ULONG_PTR)lock, kind == WE_OWN_PUSH_LOCK_EXCLUSIVE ? WE_EX_EXCLUSIVE : WE_EX_SHARED);
}

VOID NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    we_ke_dispatcher_lock();
    *PushLock = WORD_FREE;
    we_ke_dispatcher_unlock();
}

VOID NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, EX_PUSH_LOCK_FLAGS Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    acquire(PushLock, WE_EX_EXCLUSIVE, "ExAcquirePushLockExclusive", __builtin_return_address(0));
}

VOID NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, EX_PUSH_LOCK_FLAGS Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    acquire(PushLock, WE_EX_SHARED, "ExAcquirePushLockShared", __builtin_return_address(0));
}

VOID NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, EX_PUSH_LOCK_FLAGS Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    release(PushLock, WE_EX_EXCLUSIVE, "ExReleasePushLockExclusive");
}

VOID NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, EX_PUSH_LOCK_FLAGS Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    release(PushLock, WE_EX_SHARED, "ExReleasePushLockShared");
}
