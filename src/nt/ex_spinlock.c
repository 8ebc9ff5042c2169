/* SPDX-License-Identifier: MIT */
/* EX_SPIN_LOCK: many readers or one writer, at DISPATCH_LEVEL; a writer that waits holds new readers back. */
#include "nt/ex_spinlock.h"

#include "base/base_assert.h"
#include "nt/ke_cpu.h"
#include "nt/ke_hold.h"
#include "nt/nt_irql.h"

/* The word: the number of readers, or EXCLUSIVE; and WAITING while a writer waits, which it takes away when it has the
 * lock. Several writers may wait: each that spins sets the bit again. */
#define EXCLUSIVE ((LONG)0x80000000)
#define WAITING ((LONG)0x40000000)

struct form {
    const char *name;
    enum we_nt_hold_kind kind;
};

static bool is_shared(enum we_nt_hold_kind kind)
{
    return kind == WE_HOLD_SHARED || kind == WE_HOLD_SHARED_AT_DPC;
}

static bool try_shared(PEX_SPIN_LOCK lock)
{
    LONG word = __atomic_load_n(lock, __ATOMIC_RELAXED);

    while ((word & (EXCLUSIVE | WAITING)) == 0) {
        if (__atomic_compare_exchange_n(lock, &word, word + 1, TRUE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

static bool try_exclusive(PEX_SPIN_LOCK lock)
{
    LONG word = __atomic_load_n(lock, __ATOMIC_RELAXED);

    while ((word & ~WAITING) == 0) {
        if (__atomic_compare_exchange_n(lock, &word, EXCLUSIVE, TRUE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return true;
        }
    }
    return false;
}

static void let_go(PEX_SPIN_LOCK lock, enum we_nt_hold_kind kind)
{
    if (is_shared(kind)) {
        (void)__atomic_sub_fetch(lock, 1, __ATOMIC_RELEASE);
    } else {
        (void)__atomic_and_fetch(lock, ~EXCLUSIVE, __ATOMIC_RELEASE);
    }
}

/* LOCK-020: reported, noted as refused, not acquired again. */
static bool refuse_recursion(struct we_nt_thread *thread, const void *lock, KIRQL old_irql, void *site)
{
    const struct we_nt_hold *hold = we_ke_hold_find(thread, lock);

    if (hold == NULL) {
        return false;
    }
    we_ke_hold_report(WE_RULE_LOCK_020, hold,
                      "a thread acquires a reader-writer spin lock that it holds, which can hang the processor");
    we_ke_hold_push(thread, lock, old_irql, WE_HOLD_REFUSED, site);
    return true;
}

static void acquire(PEX_SPIN_LOCK lock, KIRQL old_irql, enum we_nt_hold_kind kind, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    unsigned spin_count = 0;

    if (refuse_recursion(thread, (const void *)(ULONG_PTR)lock, old_irql, site)) {
        return;
    }
    while (is_shared(kind) ? !try_shared(lock) : !try_exclusive(lock)) {
        if (!is_shared(kind)) {
            (void)__atomic_or_fetch(lock, WAITING, __ATOMIC_RELAXED);
        }
        we_ke_spin(thread, &spin_count);
    }
    we_ke_hold_push(thread, (const void *)(ULONG_PTR)lock, old_irql, kind, site);
}

static KIRQL acquire_raise(PEX_SPIN_LOCK lock, const struct form *form, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql = thread->irql;

    if (old_irql > DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_LOCK_012, NULL, "%s(%p) was called at %s", form->name, (void *)(ULONG_PTR)lock,
                            we_nt_irql_name(old_irql));
    } else {
        we_nt_cpu_raise(thread, DISPATCH_LEVEL, WE_NT_ANY_CPU);
    }
    acquire(lock, old_irql, form->kind, site);
    return old_irql;
}

/* LOCK-010. The lock is taken all the same. */
static void check_at_dpc(PEX_SPIN_LOCK lock, const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (irql < DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_LOCK_010, NULL, "%s(%p) was called at %s", function, (void *)(ULONG_PTR)lock,
                            we_nt_irql_name(irql));
    }
}

static void acquire_at_dpc(PEX_SPIN_LOCK lock, const struct form *form, void *site)
{
    check_at_dpc(lock, form->name);
    acquire(lock, we_nt_irql_current(), form->kind, site);
}

static LOGICAL try_at_dpc(PEX_SPIN_LOCK lock, const struct form *form, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    check_at_dpc(lock, form->name);
    if (is_shared(form->kind) ? !try_shared(lock) : !try_exclusive(lock)) {
        return FALSE;
    }
    we_ke_hold_push(thread, (const void *)(ULONG_PTR)lock, thread->irql, form->kind, site);
    return TRUE;
}

/* LOCK-014, LOCK-020 */
static void check_form(const struct we_nt_hold *hold, const struct form *form)
{
    if ((enum we_nt_hold_kind)hold->kind == form->kind) {
        return;
    }
    if (is_shared((enum we_nt_hold_kind)hold->kind) != is_shared(form->kind)) {
        we_ke_hold_report(WE_RULE_LOCK_020, hold,
                          is_shared(form->kind) ? "a lock that is held exclusive is released as shared"
                                                : "a lock that is held shared is released as exclusive");
    } else {
        we_ke_hold_report(WE_RULE_LOCK_014, hold,
                          "a spin lock is released by a form that does not belong to its acquire");
    }
}

static void release(PEX_SPIN_LOCK lock, const struct form *form, KIRQL new_irql)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_hold *hold = we_ke_hold_find(thread, (const void *)(ULONG_PTR)lock);
    enum we_nt_hold_kind kind;
    KIRQL old_irql;

    if (hold == NULL) {
        struct we_vrf_object object = { "spin lock", (const void *)(ULONG_PTR)lock, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_LOCK_002, &object, "%s(%p), but this thread does not hold the lock", form->name,
                            (void *)(ULONG_PTR)lock);
        return;
    }
    kind = (enum we_nt_hold_kind)hold->kind;
    old_irql = hold->old_irql;
    if (kind != WE_HOLD_REFUSED) {
        check_form(hold, form);
        if (kind == form->kind && (kind == WE_HOLD_SHARED || kind == WE_HOLD_EXCLUSIVE) && new_irql != old_irql) {
            (void)we_vrf_report(WE_RULE_LOCK_013, NULL, "%s(%p, %s), but the acquire saved %s", form->name,
                                (void *)(ULONG_PTR)lock, we_nt_irql_name(new_irql), we_nt_irql_name(old_irql));
        }
    }
    we_ke_hold_drop(thread, hold);
    if (kind == WE_HOLD_REFUSED) {
        return;
    }
    let_go(lock, kind);
    /* The form of the release decides, also when it is the wrong one: a driver makes a shared lock of an exclusive one by
     * FromDpcLevel and AtDpcLevel in between, and stays at DISPATCH_LEVEL. */
    if (form->kind == WE_HOLD_SHARED || form->kind == WE_HOLD_EXCLUSIVE) {
        KIRQL irql = kind == form->kind ? old_irql : new_irql;

        if (irql < thread->irql) {
            we_nt_cpu_lower(thread, irql);
        }
    }
}

void we_ex_spinlock_force_release(const struct we_nt_hold *hold)
{
    let_go((PEX_SPIN_LOCK)(ULONG_PTR)hold->lock, (enum we_nt_hold_kind)hold->kind);
}

/* --- the functions ------------------------------------------------------------------------- */

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExAcquireSpinLockShared", WE_HOLD_SHARED };

    return acquire_raise(SpinLock, &s_form, __builtin_return_address(0));
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExAcquireSpinLockExclusive", WE_HOLD_EXCLUSIVE };

    return acquire_raise(SpinLock, &s_form, __builtin_return_address(0));
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    static const struct form s_form = { "ExReleaseSpinLockShared", WE_HOLD_SHARED };

    release(SpinLock, &s_form, OldIrql);
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    static const struct form s_form = { "ExReleaseSpinLockExclusive", WE_HOLD_EXCLUSIVE };

    release(SpinLock, &s_form, OldIrql);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExAcquireSpinLockSharedAtDpcLevel", WE_HOLD_SHARED_AT_DPC };

    acquire_at_dpc(SpinLock, &s_form, __builtin_return_address(0));
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExAcquireSpinLockExclusiveAtDpcLevel", WE_HOLD_EXCLUSIVE_AT_DPC };

    acquire_at_dpc(SpinLock, &s_form, __builtin_return_address(0));
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExReleaseSpinLockSharedFromDpcLevel", WE_HOLD_SHARED_AT_DPC };

    release(SpinLock, &s_form, DISPATCH_LEVEL);
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExReleaseSpinLockExclusiveFromDpcLevel", WE_HOLD_EXCLUSIVE_AT_DPC };

    release(SpinLock, &s_form, DISPATCH_LEVEL);
}

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExTryAcquireSpinLockSharedAtDpcLevel", WE_HOLD_SHARED_AT_DPC };

    return try_at_dpc(SpinLock, &s_form, __builtin_return_address(0));
}

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    static const struct form s_form = { "ExTryAcquireSpinLockExclusiveAtDpcLevel", WE_HOLD_EXCLUSIVE_AT_DPC };

    return try_at_dpc(SpinLock, &s_form, __builtin_return_address(0));
}

LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    struct we_nt_hold *hold = we_ke_hold_find(we_nt_thread_current(), (const void *)(ULONG_PTR)SpinLock);
    LONG word = 1; /* this reader alone, and no writer waits */

    check_at_dpc(SpinLock, "ExTryConvertSharedSpinLockExclusive");
    if (hold == NULL || !is_shared((enum we_nt_hold_kind)hold->kind)) {
        (void)we_vrf_report(WE_RULE_LOCK_020, NULL,
                            "ExTryConvertSharedSpinLockExclusive(%p) by a thread that does not hold it shared",
                            (void *)(ULONG_PTR)SpinLock);
        return FALSE;
    }
    if (!__atomic_compare_exchange_n(SpinLock, &word, EXCLUSIVE, FALSE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return FALSE;
    }
    hold->kind = (UCHAR)(hold->kind == WE_HOLD_SHARED ? WE_HOLD_EXCLUSIVE : WE_HOLD_EXCLUSIVE_AT_DPC);
    return TRUE;
}
