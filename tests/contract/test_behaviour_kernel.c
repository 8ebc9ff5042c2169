/* SPDX-License-Identifier: MIT */
/* Rows of docs/behaviour.md about kernel services that no other test shows: where Windows does otherwise. */
#include <ntddk.h>

#include "host/host_exec.h"
#include "wsk_emu/cmocka.h"

#define TAG 'heBT'
#define SECOND_100NS 10000000

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

/* --- waits and DPCs --------------------------------------------------------------------------------------- */

/* On Windows Wait = TRUE returns at a raised IRQL, and the next call has to be a wait. */
static void test_behaviour_wait_argument_of_set_event_is_ignored(void **state)
{
    KEVENT event;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, TRUE), 0);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

/* There is nobody who could alert a thread or end its process. */
static void test_behaviour_alertable_wait_is_not_interrupted(void **state)
{
    LARGE_INTEGER timeout = relative_ms(60 * 1000);
    KEVENT event;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, &timeout), STATUS_TIMEOUT);
    assert_int_equal(KeDelayExecutionThread(UserMode, TRUE, &timeout), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_now_ms(), 120 * 1000);
}

static VOID NTAPI note_irql(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    *(PKIRQL)Context = KeGetCurrentIrql();
}

static void test_behaviour_threaded_dpc_runs_at_dispatch_level(void **state)
{
    KIRQL irql = PASSIVE_LEVEL;
    KDPC dpc;

    UNREFERENCED_PARAMETER(state);
    KeInitializeThreadedDpc(&dpc, note_irql, &irql);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    assert_int_equal(irql, DISPATCH_LEVEL);
}

/* --- time ------------------------------------------------------------------------------------------------- */

/* The clock is set forward, past the time for which the timer is set; the timer stays where it is. */
static void test_behaviour_absolute_timer_does_not_follow_the_clock(void **state)
{
    LARGE_INTEGER due;
    KTIMER timer;

    UNREFERENCED_PARAMETER(state);
    KeInitializeTimer(&timer);
    KeQuerySystemTime(&due);
    due.QuadPart += 10 * SECOND_100NS;
    (void)KeSetTimer(&timer, due, NULL);
    we_host_system_time_shift(60 * SECOND_100NS);
    wsk_kit_advance_ms(9999);
    assert_false(KeReadStateTimer(&timer));
    wsk_kit_advance_ms(1);
    assert_true(KeReadStateTimer(&timer));
}

/* Windows would let the timer fire with the next tick of its clock, up to 15.6 ms later. */
static void test_behaviour_timers_do_not_wait_for_a_tick(void **state)
{
    LARGE_INTEGER due = relative_ms(1);
    LARGE_INTEGER before;
    LARGE_INTEGER after;
    KTIMER timer;

    UNREFERENCED_PARAMETER(state);
    KeInitializeTimer(&timer);
    KeQuerySystemTime(&before);
    (void)KeSetTimer(&timer, due, NULL);
    assert_int_equal(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeQuerySystemTime(&after);
    assert_int_equal(after.QuadPart - before.QuadPart, 10000);
}

/* 1601-01-01 plus 423 years: 2024-01-01 00:00 UTC. */
static void test_behaviour_simulated_time_begins_in_2024(void **state)
{
    LARGE_INTEGER now;
    LONGLONG days = 423 * 365 + 102; /* of them, leap days */

    UNREFERENCED_PARAMETER(state);
    KeQuerySystemTime(&now);
    assert_int_equal(now.QuadPart, days * 86400 * SECOND_100NS);
    assert_int_equal(KeQueryInterruptTime(), 0);
}

static void test_behaviour_stalling_takes_no_simulated_time(void **state)
{
    UNREFERENCED_PARAMETER(state);
    KeStallExecutionProcessor(1000);
    assert_int_equal(wsk_kit_now_ms(), 0);
}

/* --- memory --------------------------------------------------------------------------------------------------- */

/* On Windows this works as long as the page is resident, and crashes on the day on which it is not. */
static void test_behaviour_paged_pool_is_always_resident(void **state)
{
    PUCHAR block = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    UNREFERENCED_PARAMETER(state);
    block[0] = 1; /* no report */
    KeLowerIrql(irql);
    ExFreePoolWithTag(block, TAG);
}

/* --- work items --------------------------------------------------------------------------------------------------- */

#define WORKER_COUNT 16

struct job {
    WORK_QUEUE_ITEM item;
    LONG *started_count;
    KEVENT *may_end;
};

static VOID NTAPI job_run(PVOID Parameter)
{
    struct job *job = Parameter;

    InterlockedIncrement(job->started_count);
    (void)KeWaitForSingleObject(job->may_end, Executive, KernelMode, FALSE, NULL);
}

/* Sixteen items that wait keep the seventeenth from running, whatever its queue type. */
static void test_behaviour_sixteen_work_items_run_at_once(void **state)
{
    struct job jobs[WORKER_COUNT + 1];
    LONG started_count = 0;
    KEVENT may_end;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&may_end, NotificationEvent, FALSE);
    for (ULONG i = 0; i < RTL_NUMBER_OF(jobs); i++) {
        jobs[i].started_count = &started_count;
        jobs[i].may_end = &may_end;
        ExInitializeWorkItem(&jobs[i].item, job_run, &jobs[i]);
        ExQueueWorkItem(&jobs[i].item, i < WORKER_COUNT ? DelayedWorkQueue : CriticalWorkQueue);
    }
    wsk_kit_run_until_idle();
    assert_int_equal(started_count, WORKER_COUNT);
    KeSetEvent(&may_end, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
    assert_int_equal(started_count, WORKER_COUNT + 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_behaviour_wait_argument_of_set_event_is_ignored),
        wsk_emu_unit_test(test_behaviour_alertable_wait_is_not_interrupted),
        wsk_emu_unit_test(test_behaviour_threaded_dpc_runs_at_dispatch_level),
        wsk_emu_unit_test(test_behaviour_absolute_timer_does_not_follow_the_clock),
        wsk_emu_unit_test(test_behaviour_timers_do_not_wait_for_a_tick),
        wsk_emu_unit_test(test_behaviour_simulated_time_begins_in_2024),
        wsk_emu_unit_test(test_behaviour_stalling_takes_no_simulated_time),
        wsk_emu_unit_test(test_behaviour_paged_pool_is_always_resident),
        wsk_emu_unit_test(test_behaviour_sixteen_work_items_run_at_once),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
