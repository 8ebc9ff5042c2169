/* SPDX-License-Identifier: MIT */
/* Rules about reader-writer spin locks, fast and guarded mutexes, and locks that block. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

static void thread_run(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
    wsk_kit_run_until_idle();
}

/* --- LOCK-003 ---------------------------------------------------------------------------------------------- */

static VOID NTAPI releasing_thread(PVOID context)
{
    KeReleaseGuardedMutex(context);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_lock_003_breach_released_by_another_thread(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&mutex);
    wsk_kit_expect_report("LOCK-003");
    thread_run(releasing_thread, &mutex);
    KeReleaseGuardedMutex(&mutex);
    assert_int_equal(wsk_kit_report_count("LOCK-003"), 1);
}

static VOID NTAPI acquiring_and_releasing_thread(PVOID context)
{
    KeAcquireGuardedMutex(context);
    KeReleaseGuardedMutex(context);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_lock_003_near_miss_acquired_after_another_thread(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&mutex);
    thread_run(acquiring_and_releasing_thread, &mutex);
    KeReleaseGuardedMutex(&mutex);
    wsk_kit_run_until_idle();
}

/* --- LOCK-020 ---------------------------------------------------------------------------------------------- */

static void test_lock_020_breach_shared_twice(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockShared(&lock);
    KIRQL inner;

    (void)state;
    wsk_kit_expect_report("LOCK-020");
    inner = ExAcquireSpinLockShared(&lock);
    ExReleaseSpinLockShared(&lock, inner);
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(lock, 0);
}

static void test_lock_020_breach_released_in_the_other_mode(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockExclusive(&lock);

    (void)state;
    wsk_kit_expect_report("LOCK-020");
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(lock, 0);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* LOCK-014 both times, but at the level that Windows would have: a real driver makes a shared lock of an exclusive one so. */
static void test_lock_014_breach_exclusive_made_shared_stays_at_dispatch(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockExclusive(&lock);

    (void)state;
    wsk_kit_expect_report("LOCK-014");
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    wsk_kit_expect_report("LOCK-014");
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(lock, 0);
}

static void test_lock_020_breach_converted_without_being_held(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("LOCK-020");
    assert_false(ExTryConvertSharedSpinLockExclusive(&lock));
    KeLowerIrql(old);
}

static void test_lock_020_near_miss_one_after_the_other(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    ExReleaseSpinLockShared(&lock, old);
    old = ExAcquireSpinLockShared(&lock);
    ExReleaseSpinLockShared(&lock, old);
}

/* --- what holds for all spin locks, of reader-writer ones ------------------------------------------------------ */

static void test_lock_002_breach_reader_writer_lock_not_held(void **state)
{
    EX_SPIN_LOCK lock = 0;

    (void)state;
    wsk_kit_expect_report("LOCK-002");
    ExReleaseSpinLockShared(&lock, PASSIVE_LEVEL);
    assert_int_equal(lock, 0);
}

static void test_lock_010_breach_reader_writer_at_dpc_form_at_passive(void **state)
{
    EX_SPIN_LOCK lock = 0;

    (void)state;
    wsk_kit_expect_report("LOCK-010");
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    assert_int_equal(lock, 1);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    assert_int_equal(lock, 0);
}

static void test_lock_012_breach_reader_writer_lock_at_high_level(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL inner;
    KIRQL old;

    (void)state;
    KeRaiseIrql(HIGH_LEVEL, &old);
    wsk_kit_expect_report("LOCK-012");
    inner = ExAcquireSpinLockExclusive(&lock);
    assert_int_equal(inner, HIGH_LEVEL);
    ExReleaseSpinLockExclusive(&lock, inner);
    KeLowerIrql(old);
    assert_int_equal(lock, 0);
}

static void test_lock_013_breach_reader_writer_lock_with_another_irql(void **state)
{
    EX_SPIN_LOCK lock = 0;

    (void)state;
    (void)ExAcquireSpinLockShared(&lock);
    wsk_kit_expect_report("LOCK-013");
    ExReleaseSpinLockShared(&lock, APC_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL); /* what the acquire saved */
}

static void test_lock_014_breach_reader_writer_lock_by_the_dpc_form(void **state)
{
    EX_SPIN_LOCK lock = 0;

    (void)state;
    (void)ExAcquireSpinLockShared(&lock);
    wsk_kit_expect_report("LOCK-014");
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    assert_int_equal(lock, 0);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    wsk_kit_expect_report("LOCK-014");
    ExReleaseSpinLockShared(&lock, PASSIVE_LEVEL);
}

static EX_SPIN_LOCK s_kept;

static VOID NTAPI keeping_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    ExAcquireSpinLockExclusiveAtDpcLevel(&s_kept);
}

static void test_lock_016_breach_dpc_keeps_a_reader_writer_lock(void **state)
{
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, keeping_dpc, NULL);
    wsk_kit_expect_report("LOCK-016");
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_report_count("LOCK-016"), 1);
    assert_int_equal(s_kept, 0); /* taken away, or everybody would wait for ever */
}

/* --- LOCK-022 to LOCK-026: mutexes ---------------------------------------------------------------------------- */

static void test_lock_022_breach_acquired_twice(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-022");
    ExAcquireFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
}

static void test_lock_022_near_miss_try_by_the_owner_fails(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    assert_false(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
}

static void test_lock_023_breach_fast_mutex_at_dispatch(void **state)
{
    FAST_MUTEX mutex;
    KIRQL old;

    (void)state;
    ExInitializeFastMutex(&mutex);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("LOCK-023");
    ExAcquireFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-023");
    ExReleaseFastMutex(&mutex);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("LOCK-023"), 2);
}

static void test_lock_023_near_miss_fast_mutex_at_apc_level(void **state)
{
    FAST_MUTEX mutex;
    KIRQL old;

    (void)state;
    ExInitializeFastMutex(&mutex);
    KeRaiseIrql(APC_LEVEL, &old);
    ExAcquireFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(old);
}

static void test_lock_024_breach_unsafe_outside_a_region(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-024");
    ExAcquireFastMutexUnsafe(&mutex);
    KeEnterCriticalRegion();
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
}

static void test_lock_024_near_miss_unsafe_in_a_guarded_region(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    KeReleaseGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
}

static void test_lock_025_breach_safe_acquire_unsafe_release(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-025");
    ExReleaseFastMutexUnsafe(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL); /* repaired */
}

static void test_lock_025_near_miss_unsafe_both_ways(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
}

static void test_lock_009_breach_fast_mutex_released_as_guarded_mutex(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-009");
    KeReleaseGuardedMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_lock_006_breach_mutex_of_garbage(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    RtlFillMemory(&mutex, sizeof(mutex), 0xcd);
    wsk_kit_expect_report("LOCK-006");
    ExAcquireFastMutex(&mutex);
    ExReleaseFastMutex(&mutex);
}

static void test_lock_026_breach_push_lock_under_a_spin_lock(void **state)
{
    EX_PUSH_LOCK lock;
    KSPIN_LOCK spin;
    KIRQL old;

    (void)state;
    ExInitializePushLock(&lock);
    KeInitializeSpinLock(&spin);
    KeAcquireSpinLock(&spin, &old);
    wsk_kit_expect_report("LOCK-026");
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    KeReleaseSpinLock(&spin, old);
}

static void test_lock_026_near_miss_spin_lock_inside_a_push_lock(void **state)
{
    EX_PUSH_LOCK lock;
    KSPIN_LOCK spin;
    KIRQL old;

    (void)state;
    ExInitializePushLock(&lock);
    KeInitializeSpinLock(&spin);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&lock);
    KeAcquireSpinLock(&spin, &old);
    KeReleaseSpinLock(&spin, old);
    ExReleasePushLockExclusive(&lock);
    KeLeaveCriticalRegion();
}

#define T(f) wsk_emu_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_lock_003_breach_released_by_another_thread),
        T(test_lock_003_near_miss_acquired_after_another_thread),
        T(test_lock_020_breach_shared_twice),
        T(test_lock_020_breach_released_in_the_other_mode),
        T(test_lock_014_breach_exclusive_made_shared_stays_at_dispatch),
        T(test_lock_020_breach_converted_without_being_held),
        T(test_lock_020_near_miss_one_after_the_other),
        T(test_lock_002_breach_reader_writer_lock_not_held),
        T(test_lock_010_breach_reader_writer_at_dpc_form_at_passive),
        T(test_lock_012_breach_reader_writer_lock_at_high_level),
        T(test_lock_013_breach_reader_writer_lock_with_another_irql),
        T(test_lock_014_breach_reader_writer_lock_by_the_dpc_form),
        T(test_lock_016_breach_dpc_keeps_a_reader_writer_lock),
        T(test_lock_022_breach_acquired_twice),
        T(test_lock_022_near_miss_try_by_the_owner_fails),
        T(test_lock_023_breach_fast_mutex_at_dispatch),
        T(test_lock_023_near_miss_fast_mutex_at_apc_level),
        T(test_lock_024_breach_unsafe_outside_a_region),
        T(test_lock_024_near_miss_unsafe_in_a_guarded_region),
        T(test_lock_025_breach_safe_acquire_unsafe_release),
        T(test_lock_025_near_miss_unsafe_both_ways),
        T(test_lock_009_breach_fast_mutex_released_as_guarded_mutex),
        T(test_lock_006_breach_mutex_of_garbage),
        T(test_lock_026_breach_push_lock_under_a_spin_lock),
        T(test_lock_026_near_miss_spin_lock_inside_a_push_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
