/* SPDX-License-Identifier: MIT */
/* Rules about resources, push locks, run-down protection and remove locks, and about locks that are kept. */
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

/* --- LOCK-027 to LOCK-030: resources --------------------------------------------------------------------------- */

static void test_lock_027_breach_resource_outside_a_region(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    wsk_kit_expect_report("LOCK-027");
    (void)ExAcquireResourceExclusiveLite(&resource, TRUE);
    wsk_kit_expect_report("LOCK-027");
    ExReleaseResourceLite(&resource);
    (void)ExDeleteResourceLite(&resource);
    assert_int_equal(wsk_kit_report_count("LOCK-027"), 2);
}

static void test_lock_027_near_miss_resource_at_apc_level(void **state)
{
    ERESOURCE resource;
    KIRQL old;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeRaiseIrql(APC_LEVEL, &old);
    (void)ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    KeLowerIrql(old);
    (void)ExDeleteResourceLite(&resource);
}

static void test_lock_028_breach_released_after_a_failed_acquire(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    wsk_kit_expect_report("LOCK-028");
    ExReleaseResourceLite(&resource);
    wsk_kit_expect_report("LOCK-028");
    ExConvertExclusiveToSharedLite(&resource);
    wsk_kit_expect_report("LOCK-028");
    ExSetResourceOwnerPointer(&resource, (PVOID)((ULONG_PTR)state | 3));
    KeLeaveCriticalRegion();
    (void)ExDeleteResourceLite(&resource);
    assert_int_equal(wsk_kit_report_count("LOCK-028"), 3);
}

static void test_lock_028_near_miss_released_as_often_as_acquired(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    (void)ExDeleteResourceLite(&resource);
}

static void test_lock_029_breach_upgrade(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    wsk_kit_expect_report("LOCK-029");
    assert_false(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    (void)ExDeleteResourceLite(&resource);
}

static void test_lock_029_near_miss_upgrade_without_waiting_fails(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    (void)ExAcquireResourceSharedLite(&resource, TRUE);
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    (void)ExDeleteResourceLite(&resource);
}

static void test_lock_030_breach_freed_with_a_resource_inside(void **state)
{
    PERESOURCE resource = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*resource), 'seRL');

    (void)state;
    (void)ExInitializeResourceLite(resource);
    wsk_kit_expect_report("LOCK-030");
    ExFreePoolWithTag(resource, 'seRL');
}

static void test_lock_030_breach_deleted_twice_and_while_owned(void **state)
{
    ERESOURCE resource;

    (void)state;
    (void)ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(&resource, TRUE);
    wsk_kit_expect_report("LOCK-030");
    (void)ExDeleteResourceLite(&resource);
    wsk_kit_expect_report("LOCK-030");
    (void)ExDeleteResourceLite(&resource);
    wsk_kit_expect_report("LOCK-006");
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void test_lock_030_near_miss_deleted_before_the_free(void **state)
{
    PERESOURCE resource = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*resource), 'seRL');

    (void)state;
    (void)ExInitializeResourceLite(resource);
    (void)ExDeleteResourceLite(resource);
    ExFreePoolWithTag(resource, 'seRL');
}

/* --- LOCK-032: push locks --------------------------------------------------------------------------------------- */

static void test_lock_032_breach_outside_a_region(void **state)
{
    EX_PUSH_LOCK lock;

    (void)state;
    ExInitializePushLock(&lock);
    wsk_kit_expect_report("LOCK-032");
    ExAcquirePushLockShared(&lock);
    wsk_kit_expect_report("LOCK-032");
    ExReleasePushLockShared(&lock);
    assert_int_equal(wsk_kit_report_count("LOCK-032"), 2);
}

static void test_lock_032_breach_exclusive_twice(void **state)
{
    EX_PUSH_LOCK lock;

    (void)state;
    ExInitializePushLock(&lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&lock);
    wsk_kit_expect_report("LOCK-032");
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    KeLeaveCriticalRegion();
    assert_int_equal(lock, 0);
}

static void test_lock_032_breach_released_in_the_other_mode(void **state)
{
    EX_PUSH_LOCK lock;

    (void)state;
    ExInitializePushLock(&lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&lock);
    wsk_kit_expect_report("LOCK-032");
    ExReleasePushLockShared(&lock);
    KeLeaveCriticalRegion();
    assert_int_equal(lock, 0);
}

static void test_lock_032_near_miss_in_a_region(void **state)
{
    EX_PUSH_LOCK lock;

    (void)state;
    ExInitializePushLock(&lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&lock);
    ExReleasePushLockShared(&lock);
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    KeLeaveCriticalRegion();
}

/* --- LOCK-034: run-down protection -------------------------------------------------------------------------------- */

static void test_lock_034_breach_released_after_false(void **state)
{
    EX_RUNDOWN_REF ref;

    (void)state;
    ExInitializeRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    assert_false(ExAcquireRundownProtection(&ref));
    wsk_kit_expect_report("LOCK-034");
    ExReleaseRundownProtection(&ref);
}

static void test_lock_034_breach_made_active_while_active(void **state)
{
    EX_RUNDOWN_REF ref;

    (void)state;
    ExInitializeRundownProtection(&ref);
    wsk_kit_expect_report("LOCK-034");
    ExReInitializeRundownProtection(&ref);
}

static void test_lock_034_near_miss_each_use_given_back(void **state)
{
    EX_RUNDOWN_REF ref;

    (void)state;
    ExInitializeRundownProtection(&ref);
    assert_true(ExAcquireRundownProtection(&ref));
    ExReleaseRundownProtection(&ref);
    ExWaitForRundownProtectionRelease(&ref);
    ExReInitializeRundownProtection(&ref);
}

/* --- LOCK-035, LOCK-037: remove locks ------------------------------------------------------------------------------ */

static void test_lock_035_breach_released_with_another_tag(void **state)
{
    IO_REMOVE_LOCK lock;

    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    wsk_kit_expect_report("LOCK-035");
    IoReleaseRemoveLock(&lock, state);
    IoReleaseRemoveLock(&lock, &lock);
}

static void test_lock_035_near_miss_same_tag_twice(void **state)
{
    IO_REMOVE_LOCK lock;

    (void)state;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    IoReleaseRemoveLock(&lock, &lock);
    IoReleaseRemoveLockAndWait(&lock, &lock);
}

static void test_lock_037_breach_waited_twice(void **state)
{
    IO_REMOVE_LOCK lock;

    (void)state;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&lock, &lock);
    wsk_kit_expect_report("LOCK-037");
    IoReleaseRemoveLockAndWait(&lock, &lock);
}

static void test_lock_037_near_miss_acquired_after_the_removal_fails(void **state)
{
    IO_REMOVE_LOCK lock;

    (void)state;
    IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&lock, &lock);
    assert_int_equal(IoAcquireRemoveLock(&lock, &lock), STATUS_DELETE_PENDING);
}

/* --- LOCK-040 ------------------------------------------------------------------------------------------------------ */

static VOID NTAPI ending_thread(PVOID context)
{
    ExAcquireFastMutex(context);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_lock_040_breach_thread_ends_with_a_mutex(void **state)
{
    FAST_MUTEX mutex;

    (void)state;
    ExInitializeFastMutex(&mutex);
    wsk_kit_expect_report("LOCK-040");
    thread_run(ending_thread, &mutex);
    assert_true(ExTryToAcquireFastMutex(&mutex)); /* it was freed after the report */
    ExReleaseFastMutex(&mutex);
}

static VOID NTAPI thread_that_keeps_a_resource(PVOID context)
{
    KeEnterCriticalRegion();
    (void)ExAcquireResourceExclusiveLite(context, TRUE);
    KeLeaveCriticalRegion();
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_lock_040_breach_thread_ends_with_a_resource(void **state)
{
    ERESOURCE resource;

    (void)state;
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    wsk_kit_expect_report("LOCK-040");
    thread_run(thread_that_keeps_a_resource, &resource);
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE)); /* it was freed after the report */
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static VOID NTAPI thread_that_keeps_a_spin_lock(PVOID context)
{
    KIRQL old;

    KeAcquireSpinLock((PKSPIN_LOCK)context, &old);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_thread_008_breach_thread_ends_with_a_spin_lock(void **state)
{
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    wsk_kit_expect_report("THREAD-008");
    thread_run(thread_that_keeps_a_spin_lock, &lock);
    assert_int_equal(wsk_kit_report_count("THREAD-008"), 1);
    assert_true(KeTestSpinLock(&lock));
}

static VOID NTAPI keeping_work(PVOID context)
{
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive((PEX_PUSH_LOCK)context);
    KeLeaveCriticalRegion();
}

static void test_lock_040_breach_work_item_returns_with_a_push_lock(void **state)
{
    EX_PUSH_LOCK lock;
    WORK_QUEUE_ITEM item;

    (void)state;
    ExInitializePushLock(&lock);
    ExInitializeWorkItem(&item, keeping_work, &lock);
    wsk_kit_expect_report("LOCK-040");
    ExQueueWorkItem(&item, DelayedWorkQueue);
    wsk_kit_run_until_idle();
    assert_int_equal(lock, 0);
}

static VOID NTAPI acquiring_and_releasing_thread(PVOID context)
{
    KeAcquireGuardedMutex(context);
    KeReleaseGuardedMutex(context);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_lock_040_near_miss_thread_releases_first(void **state)
{
    KGUARDED_MUTEX mutex;

    (void)state;
    KeInitializeGuardedMutex(&mutex);
    thread_run(acquiring_and_releasing_thread, &mutex);
}

#define T(f) wsk_emu_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_lock_027_breach_resource_outside_a_region),
        T(test_lock_027_near_miss_resource_at_apc_level),
        T(test_lock_028_breach_released_after_a_failed_acquire),
        T(test_lock_028_near_miss_released_as_often_as_acquired),
        T(test_lock_029_breach_upgrade),
        T(test_lock_029_near_miss_upgrade_without_waiting_fails),
        T(test_lock_030_breach_freed_with_a_resource_inside),
        T(test_lock_030_breach_deleted_twice_and_while_owned),
        T(test_lock_030_near_miss_deleted_before_the_free),
        T(test_lock_032_breach_outside_a_region),
        T(test_lock_032_breach_exclusive_twice),
        T(test_lock_032_breach_released_in_the_other_mode),
        T(test_lock_032_near_miss_in_a_region),
        T(test_lock_034_breach_released_after_false),
        T(test_lock_034_breach_made_active_while_active),
        T(test_lock_034_near_miss_each_use_given_back),
        T(test_lock_035_breach_released_with_another_tag),
        T(test_lock_035_near_miss_same_tag_twice),
        T(test_lock_037_breach_waited_twice),
        T(test_lock_037_near_miss_acquired_after_the_removal_fails),
        T(test_lock_040_breach_thread_ends_with_a_mutex),
        T(test_lock_040_breach_thread_ends_with_a_resource),
        T(test_thread_008_breach_thread_ends_with_a_spin_lock),
        T(test_lock_040_breach_work_item_returns_with_a_push_lock),
        T(test_lock_040_near_miss_thread_releases_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
