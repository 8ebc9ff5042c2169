/* SPDX-License-Identifier: MIT */
/* FAST_MUTEX and KGUARDED_MUTEX: not recursive, owned by a thread, with APCs disabled while owned. */
#include <wdm.h>

#include "nt/ex_block.h"
#include "nt/ex_paged.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* Count is 1 when free and 0 when owned. A fast mutex raises the IRQL to APC_LEVEL and keeps the old one; a guarded
 * mutex enters a guarded region; the unsafe forms expect that the caller has seen to it. */
#define COUNT_FREE 1
#define COUNT_OWNED 0

struct mutex_form {
    const char *name;
    const char *acquire;
    const char *release;
    enum we_nt_own_kind kind;
};

static const struct mutex_form s_fast = { "fast mutex", "ExAcquireFastMutex", "ExReleaseFastMutex", WE_OWN_FAST_MUTEX };
static const struct mutex_form s_fast_unsafe = { "fast mutex", "ExAcquireFastMutexUnsafe", "ExReleaseFastMutexUnsafe",
                                                 WE_OWN_FAST_MUTEX_UNSAFE };
static const struct mutex_form s_guarded = { "guarded mutex", "KeAcquireGuardedMutex", "KeReleaseGuardedMutex",
                                             WE_OWN_GUARDED_MUTEX };
static const struct mutex_form s_guarded_unsafe = { "guarded mutex", "KeAcquireGuardedMutexUnsafe",
                                                    "KeReleaseGuardedMutexUnsafe", WE_OWN_GUARDED_MUTEX_UNSAFE };

static void mutex_init(PFAST_MUTEX mutex)
{
    mutex->Count = COUNT_FREE;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    mutex->OldIrql = PASSIVE_LEVEL;
    we_ke_header_init(&mutex->Event.Header, WE_KE_SYNCHRONIZATION_EVENT, 0);
}

/* LOCK-006. The mutex is made usable. */
static void mutex_check_initialised(PFAST_MUTEX mutex, const struct mutex_form *form)
{
    bool is_initialised;

    we_ke_dispatcher_lock();
    is_initialised = (mutex->Count == COUNT_FREE || mutex->Count == COUNT_OWNED) &&
                     mutex->Event.Header.Type == WE_KE_SYNCHRONIZATION_EVENT;
    we_ke_dispatcher_unlock();
    if (!is_initialised) {
        we_ex_report(WE_RULE_LOCK_006, form->name, mutex, NULL, "%s(%p), but the mutex was never initialised",
                     form->acquire, (void *)mutex);
        mutex_init(mutex);
    }
}

/* LOCK-024: the unsafe forms want APCs to be disabled already. */
static void check_apcs_disabled(const void *mutex, const struct mutex_form *form, const char *function)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    bool is_disabled = thread->irql >= APC_LEVEL || thread->special_apc_disable != 0;

    if (form->kind == WE_OWN_FAST_MUTEX_UNSAFE) {
        is_disabled = is_disabled || thread->kernel_apc_disable != 0;
    }
    if (!is_disabled) {
        we_ex_report(WE_RULE_LOCK_024, form->name, mutex, NULL, "%s(%p) was called at %s outside any region", function,
                     mutex, we_nt_irql_name(thread->irql));
    }
}

/* True when the level allows to acquire and to wait. */
static bool check_level(const void *mutex, const struct mutex_form *form, const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (irql <= APC_LEVEL) {
        if (form->kind == WE_OWN_FAST_MUTEX_UNSAFE || form->kind == WE_OWN_GUARDED_MUTEX_UNSAFE) {
            check_apcs_disabled(mutex, form, function);
        }
        return true;
    }
    if (form->kind == WE_OWN_FAST_MUTEX) {
        we_ex_report(WE_RULE_LOCK_023, form->name, mutex, NULL, "%s(%p) was called at %s", function, mutex,
                     we_nt_irql_name(irql));
        return false;
    }
    return we_ex_may_block(function, form->name, mutex);
}

/* Before the acquire; returns the IRQL to come back to. */
static KIRQL mutex_enter(const struct mutex_form *form)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql = thread->irql;

    if (form->kind == WE_OWN_FAST_MUTEX && old_irql < APC_LEVEL) {
        we_nt_cpu_raise(thread, APC_LEVEL, WE_NT_ANY_CPU);
    } else if (form->kind == WE_OWN_GUARDED_MUTEX) {
        thread->special_apc_disable++;
    }
    return old_irql;
}

static void mutex_leave(enum we_nt_own_kind kind, KIRQL old_irql)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    if (kind == WE_OWN_FAST_MUTEX && thread->irql == APC_LEVEL) {
        we_nt_cpu_lower(thread, old_irql);
    } else if (kind == WE_OWN_GUARDED_MUTEX) {
        thread->special_apc_disable--;
    }
}

static void own_locked(PFAST_MUTEX mutex, struct we_nt_thread *thread)
{
    mutex->Count = COUNT_OWNED;
    mutex->Owner = thread;
}

/* Hands the mutex to whoever waits, or frees it. */
static void pass_on(PFAST_MUTEX mutex)
{
    struct we_nt_thread *next;

    we_ke_dispatcher_lock();
    mutex->Count = COUNT_FREE;
    mutex->Owner = NULL;
    next = we_ex_first_waiter_locked(mutex);
    if (next != NULL) {
        own_locked(mutex, next);
        we_ex_grant_locked(next);
    }
    we_ke_dispatcher_unlock();
}

/* is_wait: false for the forms that only try. Returns whether the caller owns the mutex. */
static bool acquire(PFAST_MUTEX mutex, const struct mutex_form *form, bool is_wait, void *site)
{
    bool may_wait = check_level(mutex, form, form->acquire) && is_wait;
    bool is_owned;
    KIRQL old_irql;

    mutex_check_initialised(mutex, form);
    if (is_wait && we_ex_own_find(mutex) != NULL) {
        we_ex_report(WE_RULE_LOCK_022, form->name, mutex, we_ex_own_find(mutex),
                     "%s(%p) by the thread that owns it, which would hang", form->acquire, (void *)mutex);
        we_ex_own_push(mutex, form->kind, true, site);
        return true;
    }
    old_irql = mutex_enter(form);
    we_ke_dispatcher_lock();
    if (mutex->Count == COUNT_FREE) {
        own_locked(mutex, we_nt_thread_current());
        is_owned = true;
        we_ke_dispatcher_unlock();
    } else if (may_wait) {
        mutex->Contention++;
        is_owned = we_ex_wait_locked(mutex, WE_EX_EXCLUSIVE);
    } else {
        is_owned = false;
        we_ke_dispatcher_unlock();
    }
    if (is_owned) {
        mutex->OldIrql = old_irql;
    } else {
        mutex_leave(form->kind, old_irql);
    }
    if (is_owned || is_wait) {
        we_ex_own_push(mutex, form->kind, !is_owned, site);
    }
    return is_owned;
}

static bool is_fast(enum we_nt_own_kind kind)
{
    return kind == WE_OWN_FAST_MUTEX || kind == WE_OWN_FAST_MUTEX_UNSAFE;
}

static void release(PFAST_MUTEX mutex, const struct mutex_form *form)
{
    struct we_nt_own *own = we_ex_own_find(mutex);
    enum we_nt_own_kind kind;
    KIRQL irql = we_nt_irql_current();
    bool is_void;

    if (own == NULL) {
        we_ex_report(WE_RULE_LOCK_003, form->name, mutex, NULL, "%s(%p) by a thread that does not own it",
                     form->release, (void *)mutex);
        return;
    }
    kind = (enum we_nt_own_kind)own->kind;
    if (is_fast(kind) != is_fast(form->kind)) {
        we_ex_report(WE_RULE_LOCK_009, form->name, mutex, own, "%s(%p) of a mutex that was acquired as the other kind",
                     form->release, (void *)mutex);
    } else if (kind != form->kind) {
        we_ex_report(WE_RULE_LOCK_025, form->name, mutex, own, "%s(%p) does not belong to the form that acquired it",
                     form->release, (void *)mutex);
    } else if (kind == WE_OWN_FAST_MUTEX && irql != APC_LEVEL && !own->is_void) {
        we_ex_report(WE_RULE_LOCK_023, form->name, mutex, own, "%s(%p) was called at %s", form->release, (void *)mutex,
                     we_nt_irql_name(irql));
    } else if (kind == WE_OWN_FAST_MUTEX_UNSAFE || kind == WE_OWN_GUARDED_MUTEX_UNSAFE) {
        check_apcs_disabled(mutex, form, form->release);
    }
    is_void = own->is_void;
    we_ex_own_drop(own);
    if (!is_void) {
        KIRQL old_irql = (KIRQL)mutex->OldIrql;

        pass_on(mutex);
        mutex_leave(kind, old_irql);
    }
}

void we_ex_mutex_force_release(const void *lock, enum we_nt_own_kind kind)
{
    PFAST_MUTEX mutex = (PFAST_MUTEX)(ULONG_PTR)lock;
    KIRQL old_irql = (KIRQL)mutex->OldIrql;

    pass_on(mutex);
    mutex_leave(kind, old_irql);
}

/* --- fast mutexes -------------------------------------------------------------------------- */

VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    WE_NT_ENTRY(ExInitializeFastMutex);
    we_ex_paged_check(FastMutex, "fast mutex", "ExInitializeFastMutex");
    mutex_init(FastMutex);
}

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    (void)acquire(FastMutex, &s_fast, true, __builtin_return_address(0));
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    return acquire(FastMutex, &s_fast, false, __builtin_return_address(0)) ? TRUE : FALSE;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    release(FastMutex, &s_fast);
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    (void)acquire(FastMutex, &s_fast_unsafe, true, __builtin_return_address(0));
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    release(FastMutex, &s_fast_unsafe);
}

/* --- guarded mutexes ----------------------------------------------------------------------- */

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    WE_NT_ENTRY(KeInitializeGuardedMutex);
    we_ex_paged_check(Mutex, "guarded mutex", "KeInitializeGuardedMutex");
    mutex_init(Mutex);
}

VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    (void)acquire(Mutex, &s_guarded, true, __builtin_return_address(0));
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    return acquire(Mutex, &s_guarded, false, __builtin_return_address(0)) ? TRUE : FALSE;
}

VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    release(Mutex, &s_guarded);
}

VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    (void)acquire(Mutex, &s_guarded_unsafe, true, __builtin_return_address(0));
}

VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    release(Mutex, &s_guarded_unsafe);
}
