/* SPDX-License-Identifier: MIT */
/* IRQL, processors, spin locks, DPCs and timers: what runs where, and when. */
#include <ntddk.h>

#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

/* --- IRQL ------------------------------------------------------------------------------------------------ */

static void test_irql_nested_raise_and_lower_restores(void **state)
{
    KIRQL first;
    KIRQL second;

    (void)state;
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &first);
    assert_int_equal(first, PASSIVE_LEVEL);
    second = KeRaiseIrqlToDpcLevel();
    assert_int_equal(second, APC_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(second);
    KeLowerIrql(first);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_regions_nest_and_are_seen(void **state)
{
    (void)state;
    assert_false(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    assert_true(KeAreApcsDisabled());
    assert_false(KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    assert_false(KeAreApcsDisabled());
}

/* --- DPCs --------------------------------------------------------------------------------------------------- */

struct dpc_record {
    KDPC dpc;
    ULONG count;
    PVOID argument1;
    PVOID argument2;
    KIRQL irql;
    ULONG processor;
    BOOLEAN requeues;
};

static VOID NTAPI record_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct dpc_record *record = context;

    record->count++;
    record->argument1 = argument1;
    record->argument2 = argument2;
    record->irql = KeGetCurrentIrql();
    record->processor = KeGetCurrentProcessorNumberEx(NULL);
    if (record->requeues) {
        record->requeues = FALSE;
        assert_true(KeInsertQueueDpc(dpc, argument1, argument2)); /* it left the queue before it was called */
    }
}

static void record_init(struct dpc_record *record)
{
    RtlZeroMemory(record, sizeof(*record));
    KeInitializeDpc(&record->dpc, record_dpc, record);
}

static void test_dpc_runs_when_the_irql_drops(void **state)
{
    struct dpc_record record;
    KIRQL old;

    (void)state;
    record_init(&record);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&record.dpc, (PVOID)1, (PVOID)2));
    assert_int_equal(record.count, 0);
    KeLowerIrql(old);
    assert_int_equal(record.count, 1);
    assert_int_equal(record.irql, DISPATCH_LEVEL);
    assert_ptr_equal(record.argument1, (PVOID)1);
    assert_ptr_equal(record.argument2, (PVOID)2);
}

static void test_dpc_second_insert_changes_nothing(void **state)
{
    struct dpc_record record;
    KIRQL old;

    (void)state;
    record_init(&record);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&record.dpc, (PVOID)1, NULL));
    assert_false(KeInsertQueueDpc(&record.dpc, (PVOID)2, NULL));
    KeLowerIrql(old);
    assert_int_equal(record.count, 1);
    assert_ptr_equal(record.argument1, (PVOID)1);
}

static void test_dpc_removed_does_not_run(void **state)
{
    struct dpc_record record;
    KIRQL old;

    (void)state;
    record_init(&record);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&record.dpc, NULL, NULL));
    assert_true(KeRemoveQueueDpc(&record.dpc));
    assert_false(KeRemoveQueueDpc(&record.dpc));
    KeLowerIrql(old);
    assert_int_equal(record.count, 0);
}

static void test_dpc_may_insert_itself_again(void **state)
{
    struct dpc_record record;

    (void)state;
    record_init(&record);
    record.requeues = TRUE;
    assert_true(KeInsertQueueDpc(&record.dpc, NULL, NULL));
    assert_int_equal(record.count, 2);
}

static void test_dpc_high_importance_goes_first(void **state)
{
    struct dpc_record normal;
    struct dpc_record high;
    KIRQL old;

    (void)state;
    record_init(&normal);
    record_init(&high);
    KeSetImportanceDpc(&high.dpc, HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&normal.dpc, NULL, NULL));
    assert_true(KeInsertQueueDpc(&high.dpc, &normal, NULL));
    KeLowerIrql(old);
    assert_int_equal(normal.count, 1);
    assert_int_equal(high.count, 1);
}

static void test_dpc_target_processor_is_kept(void **state)
{
    struct dpc_record record;

    (void)state;
    record_init(&record);
    KeSetTargetProcessorDpc(&record.dpc, 1);
    assert_true(KeInsertQueueDpc(&record.dpc, NULL, NULL));
    wsk_kit_run_until_idle();
    assert_int_equal(record.count, 1);
    assert_int_equal(record.processor, 1);
}

static void test_dpc_flush_waits_for_what_was_queued(void **state)
{
    struct dpc_record record;

    (void)state;
    record_init(&record);
    KeSetTargetProcessorDpc(&record.dpc, 1);
    assert_true(KeInsertQueueDpc(&record.dpc, NULL, NULL));
    KeFlushQueuedDpcs();
    assert_int_equal(record.count, 1);
}

/* --- timers ---------------------------------------------------------------------------------------------------- */

static void test_timer_set_set_cancel_tell_what_was_queued(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    assert_false(KeSetTimer(&timer, relative_ms(10), NULL));
    assert_true(KeSetTimer(&timer, relative_ms(20), NULL));
    assert_true(KeCancelTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    wsk_kit_advance_ms(100);
    assert_false(KeReadStateTimer(&timer));
}

static void test_timer_expired_is_signalled_and_not_queued(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    assert_false(KeSetTimer(&timer, relative_ms(10), NULL));
    wsk_kit_advance_ms(9);
    assert_false(KeReadStateTimer(&timer));
    wsk_kit_advance_ms(1);
    assert_true(KeReadStateTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    assert_false(KeSetTimer(&timer, relative_ms(10), NULL)); /* setting clears */
    assert_false(KeReadStateTimer(&timer));
    assert_true(KeCancelTimer(&timer));
}

static void test_timer_periodic_runs_its_dpc_each_period(void **state)
{
    struct dpc_record record;
    KTIMER timer;

    (void)state;
    record_init(&record);
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    assert_false(KeSetTimerEx(&timer, relative_ms(5), 10, &record.dpc));
    wsk_kit_advance_ms(45); /* 5, 15, 25, 35, 45 */
    assert_int_equal(record.count, 5);
    assert_int_equal(record.irql, DISPATCH_LEVEL);
    assert_true(KeCancelTimer(&timer)); /* a periodic timer is always queued */
    wsk_kit_advance_ms(100);
    assert_int_equal(record.count, 5);
}

static void test_timers_expire_in_order_of_time(void **state)
{
    struct dpc_record early;
    struct dpc_record late;
    KTIMER late_timer;
    KTIMER early_timer;

    (void)state;
    record_init(&early);
    record_init(&late);
    KeInitializeTimer(&late_timer);
    KeInitializeTimer(&early_timer);
    (void)KeSetTimer(&late_timer, relative_ms(20), &late.dpc);
    (void)KeSetTimer(&early_timer, relative_ms(10), &early.dpc);
    wsk_kit_advance_ms(15);
    assert_int_equal(early.count, 1);
    assert_int_equal(late.count, 0);
    wsk_kit_advance_ms(5);
    assert_int_equal(late.count, 1);
}

static void test_timer_absolute_in_the_past_expires_at_once(void **state)
{
    LARGE_INTEGER past;
    KTIMER timer;

    (void)state;
    KeQuerySystemTime(&past);
    past.QuadPart -= 10000000;
    KeInitializeTimer(&timer);
    assert_false(KeSetTimer(&timer, past, NULL));
    wsk_kit_run_until_idle();
    assert_true(KeReadStateTimer(&timer));
    assert_int_equal(wsk_kit_now_ms(), 0);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void test_time_counters_agree(void **state)
{
    LARGE_INTEGER system_before;
    LARGE_INTEGER system_after;
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter;
    LARGE_INTEGER ticks;
    ULONGLONG interrupt_before = KeQueryInterruptTime();

    (void)state;
    KeQuerySystemTime(&system_before);
    wsk_kit_advance_ms(1000);
    KeQuerySystemTime(&system_after);
    counter = KeQueryPerformanceCounter(&frequency);
    KeQueryTickCount(&ticks);
    assert_int_equal(KeQueryInterruptTime() - interrupt_before, 10000000);
    assert_int_equal(system_after.QuadPart - system_before.QuadPart, 10000000);
    assert_int_equal(counter.QuadPart, frequency.QuadPart);
    assert_int_equal(ticks.QuadPart, 10000000 / KeQueryTimeIncrement());
}

/* --- processors ------------------------------------------------------------------------------------------------------ */

static void test_processors_are_counted_and_numbered(void **state)
{
    PROCESSOR_NUMBER number;
    KIRQL old;
    ULONG index;

    (void)state;
    assert_int_equal(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 2);
    assert_int_equal(KeQueryActiveProcessorCountEx(7), 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    index = KeGetCurrentProcessorNumberEx(&number);
    assert_true(index < 2);
    assert_int_equal(number.Number, index);
    KeLowerIrql(old);
    assert_int_equal(KeGetProcessorNumberFromIndex(5, &number), STATUS_INVALID_PARAMETER);
    assert_int_equal(KeGetProcessorNumberFromIndex(1, &number), STATUS_SUCCESS);
    assert_int_equal(KeGetProcessorIndexFromNumber(&number), 1);
}

/* --- threads execution: exclusion at DISPATCH_LEVEL --------------------------------------------------------------------- */

#define ROUNDS 3000
#define THREADS 4

static KSPIN_LOCK s_lock;
static volatile LONG s_count;
static volatile LONG s_on_processor[2];
static volatile LONG s_shared_processor;
static BOOLEAN s_is_queued;

static VOID NTAPI contender_main(PVOID context)
{
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;
    ULONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < ROUNDS; i++) {
        ULONG processor;

        KeRaiseIrql(DISPATCH_LEVEL, &old);
        processor = KeGetCurrentProcessorNumberEx(NULL);
        if (InterlockedIncrement(&s_on_processor[processor]) != 1) {
            InterlockedIncrement(&s_shared_processor);
        }
        if (s_is_queued) {
            KeAcquireInStackQueuedSpinLockAtDpcLevel(&s_lock, &handle);
            s_count = s_count + 1;
            KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
        } else {
            KeAcquireSpinLockAtDpcLevel(&s_lock);
            s_count = s_count + 1;
            KeReleaseSpinLockFromDpcLevel(&s_lock);
        }
        InterlockedDecrement(&s_on_processor[processor]);
        KeLowerIrql(old);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void contend(void)
{
    PVOID threads[THREADS];
    ULONG i;

    KeInitializeSpinLock(&s_lock);
    s_count = 0;
    s_shared_processor = 0;
    for (i = 0; i < THREADS; i++) {
        threads[i] = system_thread_start(contender_main, NULL);
    }
    for (i = 0; i < THREADS; i++) {
        system_thread_join(threads[i]);
    }
    assert_int_equal(s_count, ROUNDS * THREADS);
    assert_int_equal(s_shared_processor, 0); /* two threads at DISPATCH_LEVEL never share a processor */
    assert_true(KeTestSpinLock(&s_lock));
}

static void test_spin_lock_plain_excludes_threads(void **state)
{
    (void)state;
    s_is_queued = FALSE;
    contend();
}

static void test_spin_lock_queued_excludes_threads(void **state)
{
    (void)state;
    s_is_queued = TRUE;
    contend();
}

static void test_timer_fires_in_real_time(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, relative_ms(2), NULL);
    assert_int_equal(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_true(wsk_kit_now_ms() >= 2); /* never early */
}

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };
static const struct wsk_emu_config s_seeded = { .size = sizeof(struct wsk_emu_config),
                                                .execution = WSK_EMU_EXECUTION_STEPPED,
                                                .network = WSK_EMU_NETWORK_VIRTUAL,
                                                .seed = 4711 };

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_irql_nested_raise_and_lower_restores),
        wsk_emu_unit_test(test_regions_nest_and_are_seen),
        wsk_emu_unit_test(test_dpc_runs_when_the_irql_drops),
        wsk_emu_unit_test(test_dpc_second_insert_changes_nothing),
        wsk_emu_unit_test(test_dpc_removed_does_not_run),
        wsk_emu_unit_test(test_dpc_may_insert_itself_again),
        wsk_emu_unit_test(test_dpc_high_importance_goes_first),
        wsk_emu_unit_test(test_dpc_target_processor_is_kept),
        wsk_emu_unit_test(test_dpc_flush_waits_for_what_was_queued),
        wsk_emu_unit_test(test_timer_set_set_cancel_tell_what_was_queued),
        wsk_emu_unit_test(test_timer_expired_is_signalled_and_not_queued),
        wsk_emu_unit_test(test_timer_periodic_runs_its_dpc_each_period),
        wsk_emu_unit_test(test_timers_expire_in_order_of_time),
        wsk_emu_unit_test(test_timer_absolute_in_the_past_expires_at_once),
        wsk_emu_unit_test(test_time_counters_agree),
        wsk_emu_unit_test(test_processors_are_counted_and_numbered),
        wsk_emu_unit_test_config(test_spin_lock_plain_excludes_threads, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_spin_lock_queued_excludes_threads, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_dpc_target_processor_is_kept, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_dpc_flush_waits_for_what_was_queued, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_timer_fires_in_real_time, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_spin_lock_plain_excludes_threads, NULL, NULL, &s_seeded),
        wsk_emu_unit_test_config(test_spin_lock_queued_excludes_threads, NULL, NULL, &s_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
