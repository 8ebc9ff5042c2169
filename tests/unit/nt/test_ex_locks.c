/* SPDX-License-Identifier: MIT */
/* Fast and guarded mutexes, push locks, run-down protection, remove locks, reader-writer spin locks. */
#include <wdm.h>

#include "support/emu_fixture.h"

/* --- another thread ------------------------------------------------------------------------------------- */

/* Does its work once it is told to, and says how far it has come. The world is stepped: run_until_idle lets it go as far
 * as it can. */
struct helper {
    void (*work)(struct helper *helper);
    void *lock;
    volatile LONG stage;
    KEVENT go_on;
};

static VOID NTAPI helper_main(PVOID context)
{
    struct helper *helper = context;

    helper->work(helper);
    helper->stage = 100;
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void helper_pause(struct helper *helper)
{
    helper->stage++;
    (void)KeWaitForSingleObject(&helper->go_on, Executive, KernelMode, FALSE, NULL);
}

static void helper_start(struct helper *helper, void (*work)(struct helper *helper), void *lock)
{
    HANDLE handle;

    helper->work = work;
    helper->lock = lock;
    helper->stage = 0;
    KeInitializeEvent(&helper->go_on, SynchronizationEvent, FALSE);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, helper_main, helper),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
    wsk_kit_run_until_idle();
}

static void helper_go_on(struct helper *helper)
{
    KeSetEvent(&helper->go_on, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
}

/* --- fast mutexes ---------------------------------------------------------------------------------------- */

static void test_fast_mutex_raises_to_apc_level_and_back(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void hold_fast_mutex(struct helper *helper)
{
    ExAcquireFastMutex(helper->lock);
    helper_pause(helper);
    ExReleaseFastMutex(helper->lock);
}

static void test_fast_mutex_is_handed_over(void **state)
{
    struct helper first;
    struct helper second;
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    helper_start(&first, hold_fast_mutex, &mutex);
    assert_int_equal(first.stage, 1);
    helper_start(&second, hold_fast_mutex, &mutex);
    assert_int_equal(second.stage, 0);
    assert_false(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    helper_go_on(&first);
    assert_int_equal(first.stage, 100);
    assert_int_equal(second.stage, 1);
    helper_go_on(&second);
    assert_int_equal(second.stage, 100);
    assert_true(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
}

static void test_fast_mutex_unsafe_leaves_the_level_alone(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
}

static void test_guarded_mutex_enters_a_guarded_region(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    KeAcquireGuardedMutex(&mutex);
    assert_true(KeAreAllApcsDisabled());
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_false(KeTryToAcquireGuardedMutex(&mutex));
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreAllApcsDisabled());
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    KeReleaseGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
    assert_false(KeAreAllApcsDisabled());
}

/* --- push locks ------------------------------------------------------------------------------------------- */

static void hold_push_lock_shared(struct helper *helper)
{
    ExAcquirePushLockShared(helper->lock);
    helper_pause(helper);
    ExReleasePushLockShared(helper->lock);
}

static void hold_push_lock_exclusive(struct helper *helper)
{
    ExAcquirePushLockExclusive(helper->lock);
    helper_pause(helper);
    ExReleasePushLockExclusive(helper->lock);
}

/* System threads begin inside a critical region, as push locks want it. */
static void test_push_lock_readers_share_and_a_waiting_writer_holds_them_back(void **state)
{
    struct helper reader[3];
    struct helper writer;
    EX_PUSH_LOCK lock;

    (void)state;
    ExInitializePushLock(&lock);
    helper_start(&reader[0], hold_push_lock_shared, &lock);
    helper_start(&reader[1], hold_push_lock_shared, &lock);
    assert_int_equal(reader[0].stage + reader[1].stage, 2);
    helper_start(&writer, hold_push_lock_exclusive, &lock);
    helper_start(&reader[2], hold_push_lock_shared, &lock);
    assert_int_equal(writer.stage + reader[2].stage, 0);
    helper_go_on(&reader[0]);
    assert_int_equal(writer.stage, 0);
    helper_go_on(&reader[1]);
    assert_int_equal(writer.stage, 1);
    assert_int_equal(reader[2].stage, 0);
    helper_go_on(&writer);
    assert_int_equal(reader[2].stage, 1);
    helper_go_on(&reader[2]);
    assert_int_equal(lock, 0);
}

/* --- run-down protection ----------------------------------------------------------------------------------- */

static void run_down(struct helper *helper)
{
    ExWaitForRundownProtectionRelease(helper->lock);
}

static void test_rundown_wait_ends_with_the_last_release(void **state)
{
    struct helper waiter;
    EX_RUNDOWN_REF ref;

    (void)state;
    ExInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    assert_true(ExAcquireRundownProtectionEx(&ref, 2));
    helper_start(&waiter, run_down, &ref);
    assert_int_equal(waiter.stage, 0);
    assert_false(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtectionEx(&ref, 2);
    wsk_kit_run_until_idle();
    assert_int_equal(waiter.stage, 0);
    ExReleaseRundownProtection(&ref);
    wsk_kit_run_until_idle();
    assert_int_equal(waiter.stage, 100);
    ExWaitForRundownProtectionRelease(&ref); /* again: returns at once */
    ExReInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    ExRundownCompleted(&ref);
    assert_false(ExAcquireRundownProtection(&ref));
}

static void test_rundown_cache_aware_keeps_the_same_contract(void **state)
{
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'dnuR');

    (void)state;
    assert_non_null(ref);
    assert_true(ExAcquireRundownProtectionCacheAware(ref));
    ExReleaseRundownProtectionCacheAware(ref);
    assert_true(ExAcquireRundownProtectionCacheAwareEx(ref, 3));
    ExReleaseRundownProtectionCacheAwareEx(ref, 3);
    ExWaitForRundownProtectionReleaseCacheAware(ref);
    assert_false(ExAcquireRundownProtectionCacheAware(ref));
    ExReInitializeRundownProtectionCacheAware(ref);
    assert_true(ExAcquireRundownProtectionCacheAware(ref));
    ExReleaseRundownProtectionCacheAware(ref);
    ExRundownCompletedCacheAware(ref);
    assert_true(ExSizeOfRundownProtectionCacheAware() > 0);
    ExInitializeRundownProtectionCacheAware(ref, ExSizeOfRundownProtectionCacheAware());
    ExFreeCacheAwareRundownProtection(ref);
}

/* --- remove locks ------------------------------------------------------------------------------------------ */

static void remove_device(struct helper *helper)
{
    helper->stage = (LONG)(IoAcquireRemoveLock((PIO_REMOVE_LOCK)helper->lock, helper) == STATUS_SUCCESS ? 1 : 50);
    IoReleaseRemoveLockAndWait((PIO_REMOVE_LOCK)helper->lock, helper);
}

static void test_remove_lock_waits_for_the_last_user(void **state)
{
    struct helper remover;
    IO_REMOVE_LOCK lock;

    (void)state;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    helper_start(&remover, remove_device, &lock);
    assert_int_equal(remover.stage, 1);
    assert_int_equal(IoAcquireRemoveLock(&lock, state), STATUS_DELETE_PENDING);
    wsk_kit_run_until_idle();
    assert_int_equal(remover.stage, 1);
    IoReleaseRemoveLock(&lock, &lock);
    wsk_kit_run_until_idle();
    assert_int_equal(remover.stage, 100);
}

/* --- reader-writer spin locks -------------------------------------------------------------------------------- */

static void test_ex_spin_lock_raises_and_restores(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    old = ExAcquireSpinLockExclusive(&lock);
    assert_false(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    assert_false(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
    ExReleaseSpinLockExclusive(&lock, old);
    assert_int_equal(lock, 0);
}

static void test_ex_spin_lock_converts_for_the_only_reader(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old = ExAcquireSpinLockShared(&lock);

    (void)state;
    assert_true(ExTryConvertSharedSpinLockExclusive(&lock));
    ExReleaseSpinLockExclusive(&lock, old);
    old = ExAcquireSpinLockShared(&lock);
    lock++; /* another reader, on another processor */
    assert_false(ExTryConvertSharedSpinLockExclusive(&lock));
    lock--;
    ExReleaseSpinLockShared(&lock, old);
    assert_int_equal(lock, 0);
}

static void test_ex_spin_lock_at_dpc_level_leaves_the_level_alone(void **state)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    assert_true(ExTryAcquireSpinLockSharedAtDpcLevel(&lock));
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    assert_true(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock));
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
}

/* --- in parallel --------------------------------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 2000

static struct {
    EX_SPIN_LOCK spin;
    EX_PUSH_LOCK push;
    FAST_MUTEX mutex;
    ERESOURCE resource;
    LONG counters[4]; /* one a lock, without any other protection */
    volatile LONG left;
} s_all;

static VOID NTAPI counting_thread(PVOID context)
{
    LONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < ROUNDS; i++) {
        KIRQL old = ExAcquireSpinLockExclusive(&s_all.spin);

        s_all.counters[0]++;
        ExReleaseSpinLockExclusive(&s_all.spin, old);
        ExAcquirePushLockExclusive(&s_all.push);
        s_all.counters[1]++;
        ExReleasePushLockExclusive(&s_all.push);
        ExAcquireFastMutex(&s_all.mutex);
        s_all.counters[2]++;
        ExReleaseFastMutex(&s_all.mutex);
        (void)ExAcquireResourceExclusiveLite(&s_all.resource, TRUE);
        s_all.counters[3]++;
        ExReleaseResourceLite(&s_all.resource);
        old = ExAcquireSpinLockShared(&s_all.spin);
        assert_true(s_all.counters[0] > 0);
        ExReleaseSpinLockShared(&s_all.spin, old);
        ExAcquirePushLockShared(&s_all.push);
        assert_true(s_all.counters[1] > 0);
        ExReleasePushLockShared(&s_all.push);
    }
    InterlockedDecrement(&s_all.left);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static bool all_are_done(void *context)
{
    (void)context;
    return InterlockedCompareExchange(&s_all.left, 0, 0) == 0;
}

static void test_locks_exclude_each_other_in_threads(void **state)
{
    LONG i;

    (void)state;
    RtlZeroMemory(&s_all, sizeof(s_all));
    ExInitializeFastMutex(&s_all.mutex);
    assert_int_equal(ExInitializeResourceLite(&s_all.resource), STATUS_SUCCESS);
    s_all.left = THREADS;
    for (i = 0; i < THREADS; i++) {
        HANDLE handle;

        assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, counting_thread, NULL),
                         STATUS_SUCCESS);
        (void)ZwClose(handle);
    }
    wsk_kit_wait_for(all_are_done, NULL, "the counting threads");
    for (i = 0; i < 4; i++) {
        assert_int_equal(s_all.counters[i], THREADS * ROUNDS);
    }
    assert_int_equal(ExDeleteResourceLite(&s_all.resource), STATUS_SUCCESS);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .processors = 4 };

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_fast_mutex_raises_to_apc_level_and_back),
        wsk_emu_unit_test(test_fast_mutex_is_handed_over),
        wsk_emu_unit_test(test_fast_mutex_unsafe_leaves_the_level_alone),
        wsk_emu_unit_test(test_guarded_mutex_enters_a_guarded_region),
        wsk_emu_unit_test(test_push_lock_readers_share_and_a_waiting_writer_holds_them_back),
        wsk_emu_unit_test(test_rundown_wait_ends_with_the_last_release),
        wsk_emu_unit_test(test_rundown_cache_aware_keeps_the_same_contract),
        wsk_emu_unit_test(test_remove_lock_waits_for_the_last_user),
        wsk_emu_unit_test(test_ex_spin_lock_raises_and_restores),
        wsk_emu_unit_test(test_ex_spin_lock_converts_for_the_only_reader),
        wsk_emu_unit_test(test_ex_spin_lock_at_dpc_level_leaves_the_level_alone),
        wsk_emu_unit_test_config(test_locks_exclude_each_other_in_threads, NULL, NULL, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
