/* SPDX-License-Identifier: MIT */
/* Rules about spin locks: recursion, owners, forms, levels. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

/* --- LOCK-001 recursion ---------------------------------------------------------------------------- */

static void test_lock_001_breach_acquired_twice(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;
    KIRQL inner;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    wsk_kit_expect_report("LOCK-001");
    KeAcquireSpinLock(&lock, &inner);
    KeReleaseSpinLock(&lock, inner);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(wsk_kit_report_count("LOCK-001"), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
}

static void test_lock_001_near_miss_two_locks_nested(void **state)
{
    KSPIN_LOCK outer;
    KSPIN_LOCK inner;
    KIRQL old;
    KIRQL nested;

    (void)state;
    KeInitializeSpinLock(&outer);
    KeInitializeSpinLock(&inner);
    KeAcquireSpinLock(&outer, &old);
    KeAcquireSpinLock(&inner, &nested);
    assert_int_equal(nested, DISPATCH_LEVEL);
    KeReleaseSpinLock(&inner, nested);
    KeReleaseSpinLock(&outer, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- LOCK-002 release of what is not held ------------------------------------------------------------ */

static void test_lock_002_breach_release_without_acquire(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("LOCK-002");
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("LOCK-002"), 1);
}

static void test_lock_002_near_miss_try_and_release(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    assert_false(KeTestSpinLock(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

/* --- LOCK-006 never initialised ------------------------------------------------------------------------ */

static void test_lock_006_breach_lock_of_garbage(void **state)
{
    KSPIN_LOCK lock = (KSPIN_LOCK)0xCDCDCDCDCDCDCDCDull;
    KIRQL old;

    (void)state;
    wsk_kit_expect_report("LOCK-006");
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(wsk_kit_report_count("LOCK-006"), 1);
}

static void test_lock_006_near_miss_zeroed_lock(void **state)
{
    KSPIN_LOCK lock = 0; /* what KeInitializeSpinLock leaves */
    KIRQL old;

    (void)state;
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
}

/* --- LOCK-009 plain and queued API mixed ------------------------------------------------------------------ */

static void test_lock_009_breach_queued_acquire_plain_release(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    wsk_kit_expect_report("LOCK-009");
    KeReleaseSpinLock(&lock, handle.OldIrql);
    assert_int_equal(wsk_kit_report_count("LOCK-009"), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_lock_009_breach_plain_acquire_queued_release(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    RtlZeroMemory(&handle, sizeof(handle));
    handle.LockQueue.Lock = &lock;
    wsk_kit_expect_report("LOCK-009");
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_true(KeTestSpinLock(&lock));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- LOCK-001, LOCK-002, LOCK-012, LOCK-014 of queued forms ---------------------------------------------------- */

static void test_lock_001_breach_queued_twice(void **state)
{
    KLOCK_QUEUE_HANDLE first;
    KLOCK_QUEUE_HANDLE second;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &first);
    wsk_kit_expect_report("LOCK-001");
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &second);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&second); /* of what was refused */
    assert_false(KeTestSpinLock(&lock));
    KeReleaseInStackQueuedSpinLock(&first);
    assert_true(KeTestSpinLock(&lock));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_lock_002_breach_queued_released_twice(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    wsk_kit_expect_report("LOCK-002");
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_true(KeTestSpinLock(&lock));
}

static void test_lock_012_breach_queued_at_high_level(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(HIGH_LEVEL, &old);
    wsk_kit_expect_report("LOCK-012");
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeLowerIrql(old);
    assert_true(KeTestSpinLock(&lock));
}

static void test_lock_014_breach_queued_released_by_dpc_form(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    wsk_kit_expect_report("LOCK-014");
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    assert_true(KeTestSpinLock(&lock));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL); /* as its acquire asks for */
}

static void test_lock_009_near_miss_queued_both_ways(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
}

/* --- LOCK-010 at-DPC form below DISPATCH_LEVEL --------------------------------------------------------------- */

static void test_lock_010_breach_at_dpc_form_at_passive(void **state)
{
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    wsk_kit_expect_report("LOCK-010");
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    assert_int_equal(wsk_kit_report_count("LOCK-010"), 1);
}

static void test_lock_010_near_miss_at_dpc_form_at_dispatch(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
}

/* --- LOCK-011 release at another level ------------------------------------------------------------------------- */

static void test_lock_011_breach_release_above_dispatch(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;
    KIRQL inner;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeRaiseIrql(HIGH_LEVEL, &inner);
    wsk_kit_expect_report("LOCK-011");
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(wsk_kit_report_count("LOCK-011"), 1);
    assert_int_equal(inner, DISPATCH_LEVEL);
}

static void test_lock_011_near_miss_release_at_dispatch(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;
    KIRQL inner;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    KeRaiseIrql(HIGH_LEVEL, &inner);
    KeLowerIrql(inner);
    KeReleaseSpinLock(&lock, old);
}

/* --- LOCK-012 acquire above DISPATCH_LEVEL ----------------------------------------------------------------------- */

static void test_lock_012_breach_acquire_at_high_level(void **state)
{
    KSPIN_LOCK lock;
    KIRQL high;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(HIGH_LEVEL, &high);
    wsk_kit_expect_report("LOCK-012");
    KeAcquireSpinLock(&lock, &old);
    wsk_kit_expect_report("LOCK-011"); /* and it cannot be released properly there */
    KeReleaseSpinLock(&lock, old);
    KeLowerIrql(high);
    assert_int_equal(wsk_kit_report_count("LOCK-012"), 1);
}

static void test_lock_012_near_miss_acquire_at_dispatch(void **state)
{
    KSPIN_LOCK lock;
    KIRQL level;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(DISPATCH_LEVEL, &level);
    KeAcquireSpinLock(&lock, &old);
    assert_int_equal(old, DISPATCH_LEVEL);
    KeReleaseSpinLock(&lock, old);
    KeLowerIrql(level);
}

/* --- LOCK-013 wrong OldIrql ------------------------------------------------------------------------------------------ */

static void test_lock_013_breach_release_with_other_irql(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    wsk_kit_expect_report("LOCK-013");
    KeReleaseSpinLock(&lock, APC_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), old); /* the saved one counts */
    assert_int_equal(wsk_kit_report_count("LOCK-013"), 1);
}

static void test_lock_013_near_miss_release_with_saved_irql(void **state)
{
    KSPIN_LOCK lock;
    KIRQL apc;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeRaiseIrql(APC_LEVEL, &apc);
    KeAcquireSpinLock(&lock, &old);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(apc);
}

/* --- LOCK-014 forms do not belong together ------------------------------------------------------------------------------ */

static void test_lock_014_breach_raise_form_released_by_dpc_form(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old);
    wsk_kit_expect_report("LOCK-014");
    KeReleaseSpinLockFromDpcLevel(&lock);
    assert_int_equal(wsk_kit_report_count("LOCK-014"), 1);
    assert_int_equal(KeGetCurrentIrql(), old);
}

static void test_lock_014_near_miss_for_dpc_form(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    old = KeAcquireSpinLockForDpc(&lock);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- LOCK-015 another handle ------------------------------------------------------------------------------------------------ */

static void test_lock_015_breach_release_with_copied_handle(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KLOCK_QUEUE_HANDLE copy;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    copy = handle;
    wsk_kit_expect_report("LOCK-015");
    KeReleaseInStackQueuedSpinLock(&copy);
    assert_int_equal(wsk_kit_report_count("LOCK-015"), 1);
    assert_true(KeTestSpinLock(&lock));
}

static void test_lock_015_near_miss_nested_handles(void **state)
{
    KLOCK_QUEUE_HANDLE outer_handle;
    KLOCK_QUEUE_HANDLE inner_handle;
    KSPIN_LOCK outer;
    KSPIN_LOCK inner;

    (void)state;
    KeInitializeSpinLock(&outer);
    KeInitializeSpinLock(&inner);
    KeAcquireInStackQueuedSpinLock(&outer, &outer_handle);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&inner, &inner_handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner_handle);
    KeReleaseInStackQueuedSpinLock(&outer_handle);
}

/* --- LOCK-016 held when a callback returns -------------------------------------------------------------------------------------- */

static KSPIN_LOCK s_lock;

static VOID NTAPI dpc_takes_lock(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    KeAcquireSpinLockAtDpcLevel(&s_lock);
    if (!*(BOOLEAN *)context) {
        KeReleaseSpinLockFromDpcLevel(&s_lock);
    }
}

static void test_lock_016_breach_dpc_keeps_lock(void **state)
{
    BOOLEAN keeps = TRUE;
    KDPC dpc;

    (void)state;
    KeInitializeSpinLock(&s_lock);
    KeInitializeDpc(&dpc, dpc_takes_lock, &keeps);
    wsk_kit_expect_report("LOCK-016");
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    assert_int_equal(wsk_kit_report_count("LOCK-016"), 1);
    assert_true(KeTestSpinLock(&s_lock)); /* mended, so that the run goes on */
}

static void test_lock_016_near_miss_dpc_releases_lock(void **state)
{
    BOOLEAN keeps = FALSE;
    KDPC dpc;

    (void)state;
    KeInitializeSpinLock(&s_lock);
    KeInitializeDpc(&dpc, dpc_takes_lock, &keeps);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_lock_001_breach_acquired_twice),
        wsk_emu_unit_test(test_lock_001_near_miss_two_locks_nested),
        wsk_emu_unit_test(test_lock_002_breach_release_without_acquire),
        wsk_emu_unit_test(test_lock_002_near_miss_try_and_release),
        wsk_emu_unit_test(test_lock_006_breach_lock_of_garbage),
        wsk_emu_unit_test(test_lock_006_near_miss_zeroed_lock),
        wsk_emu_unit_test(test_lock_009_breach_queued_acquire_plain_release),
        wsk_emu_unit_test(test_lock_009_breach_plain_acquire_queued_release),
        wsk_emu_unit_test(test_lock_001_breach_queued_twice),
        wsk_emu_unit_test(test_lock_002_breach_queued_released_twice),
        wsk_emu_unit_test(test_lock_012_breach_queued_at_high_level),
        wsk_emu_unit_test(test_lock_014_breach_queued_released_by_dpc_form),
        wsk_emu_unit_test(test_lock_009_near_miss_queued_both_ways),
        wsk_emu_unit_test(test_lock_010_breach_at_dpc_form_at_passive),
        wsk_emu_unit_test(test_lock_010_near_miss_at_dpc_form_at_dispatch),
        wsk_emu_unit_test(test_lock_011_breach_release_above_dispatch),
        wsk_emu_unit_test(test_lock_011_near_miss_release_at_dispatch),
        wsk_emu_unit_test(test_lock_012_breach_acquire_at_high_level),
        wsk_emu_unit_test(test_lock_012_near_miss_acquire_at_dispatch),
        wsk_emu_unit_test(test_lock_013_breach_release_with_other_irql),
        wsk_emu_unit_test(test_lock_013_near_miss_release_with_saved_irql),
        wsk_emu_unit_test(test_lock_014_breach_raise_form_released_by_dpc_form),
        wsk_emu_unit_test(test_lock_014_near_miss_for_dpc_form),
        wsk_emu_unit_test(test_lock_015_breach_release_with_copied_handle),
        wsk_emu_unit_test(test_lock_015_near_miss_nested_handles),
        wsk_emu_unit_test(test_lock_016_breach_dpc_keeps_lock),
        wsk_emu_unit_test(test_lock_016_near_miss_dpc_releases_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
