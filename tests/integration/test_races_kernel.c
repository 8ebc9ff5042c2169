/* SPDX-License-Identifier: MIT */
/* Races of the kernel that once went wrong: each test tells its story. */
#include <wdm.h>

#include "support/emu_fixture.h"

/* --- nobody starves ---------------------------------------------------------------------------------------- */

/* All of these run in natural order, where the first candidate goes first. */

static volatile LONG s_flag;

static void thread_start(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
}

static VOID NTAPI flag_thread(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    InterlockedExchange(&s_flag, 1);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI flag_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    InterlockedExchange(&s_flag, 1);
}

static VOID NTAPI polling_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    if (InterlockedCompareExchange(&s_flag, 0, 0) == 0) {
        (void)KeInsertQueueDpc(dpc, NULL, NULL);
    }
}

static bool flag_is_set(void *context)
{
    (void)context;
    return InterlockedCompareExchange(&s_flag, 0, 0) != 0;
}

/* A DPC polls by queueing itself until a thread has set a flag; the thread must get its turn. */
static void test_dpc_that_polls_lets_threads_run(void **state)
{
    KDPC dpc;

    (void)state;
    s_flag = 0;
    KeInitializeDpc(&dpc, polling_dpc, NULL);
    thread_start(flag_thread, NULL);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    wsk_kit_wait_for(flag_is_set, NULL, "the thread's flag");
    wsk_kit_run_until_idle();
}

/* The same on one processor until a DPC on another one has run. */
static void test_dpc_that_polls_lets_other_processors_run(void **state)
{
    KDPC polling;
    KDPC dpc;

    (void)state;
    s_flag = 0;
    KeInitializeDpc(&polling, polling_dpc, NULL);
    KeInitializeDpc(&dpc, flag_dpc, NULL);
    KeSetTargetProcessorDpc(&polling, 0);
    KeSetTargetProcessorDpc(&dpc, 1);
    (void)KeInsertQueueDpc(&polling, NULL, NULL);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    wsk_kit_wait_for(flag_is_set, NULL, "the other processor's flag");
    wsk_kit_run_until_idle();
}

static VOID NTAPI hopping_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KeSetTargetProcessorDpc(dpc, KeGetCurrentProcessorNumber() == 0 ? 1 : 0);
    polling_dpc(dpc, context, argument1, argument2);
}

/* The same until a timer's DPC has run: a world that never rests must not stop the clock. */
static void test_dpc_that_polls_lets_time_pass(void **state)
{
    LARGE_INTEGER soon;
    KTIMER timer;
    KDPC polling;
    KDPC dpc;

    (void)state;
    s_flag = 0;
    soon.QuadPart = -20000;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&polling, hopping_dpc, NULL);
    KeInitializeDpc(&dpc, flag_dpc, NULL);
    (void)KeSetTimer(&timer, soon, &dpc);
    (void)KeInsertQueueDpc(&polling, NULL, NULL);
    wsk_kit_wait_for(flag_is_set, NULL, "the timer's flag");
    wsk_kit_run_until_idle();
}

static VOID NTAPI delaying_thread(PVOID context)
{
    LARGE_INTEGER nothing;

    UNREFERENCED_PARAMETER(context);
    nothing.QuadPart = 0;
    while (InterlockedCompareExchange(&s_flag, 0, 0) == 0) {
        (void)KeDelayExecutionThread(KernelMode, FALSE, &nothing);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Two threads give up their turn in a loop, each to the other. What they wait for is a DPC that only the test's own
 * thread can run. */
static void test_threads_that_yield_let_the_test_run(void **state)
{
    KDPC dpc;

    (void)state;
    s_flag = 0;
    KeInitializeDpc(&dpc, flag_dpc, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    thread_start(delaying_thread, NULL);
    thread_start(delaying_thread, NULL);
    (void)wsk_kit_step();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(s_flag, 1);
}

static VOID NTAPI asking_thread(PVOID context)
{
    LARGE_INTEGER nothing;

    nothing.QuadPart = 0;
    while (KeWaitForSingleObject(context, Executive, KernelMode, FALSE, &nothing) == STATUS_TIMEOUT) {
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A thread asks for an event with a time-out of zero, again and again. */
static void test_thread_that_asks_without_waiting_lets_others_run(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    thread_start(asking_thread, &event);
    (void)wsk_kit_step();
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
}

/* --- threads that end --------------------------------------------------------------------------------------- */

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

static VOID NTAPI careless_thread(PVOID context)
{
    KTIMER timer;

    UNREFERENCED_PARAMETER(context);
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, relative_ms(5), NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A timer on a thread's stack is set when the thread ends: on Windows it fires into somebody else's memory, and here it
 * did so, too. It is a report now, and the timer is off the list. */
static void test_timer_on_the_stack_of_a_thread_that_ends_is_reported(void **state)
{
    (void)state;
    wsk_kit_expect_report("DPC-001");
    thread_start(careless_thread, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_report_count("DPC-001"), 1);
    wsk_kit_advance_ms(10);
}

static VOID NTAPI forgotten_thread(PVOID context)
{
    KEVENT never;
    KTIMER timer;

    UNREFERENCED_PARAMETER(context);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeInitializeTimer(&timer);
    (void)KeSetTimerEx(&timer, relative_ms(5), 5, NULL);
    (void)KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* The kernel stops while a thread waits for ever, with a periodic timer on its stack: the stop ends the thread, whose
 * stack is gone then. THREAD-001 is all there is to say; looking for timers that are still set must not read the
 * stack. */
static void test_timer_on_the_stack_of_a_thread_that_the_stop_ends_is_forgotten(void **state)
{
    (void)state;
    wsk_kit_expect_report("THREAD-001");
    thread_start(forgotten_thread, NULL);
    wsk_kit_run_until_idle();
}

static KTIMER s_period;
static KEVENT s_never;

static VOID NTAPI stuck_work(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)KeWaitForSingleObject(&s_never, Executive, KernelMode, FALSE, NULL);
}

static const struct wsk_emu_config s_impatient = { .size = sizeof(struct wsk_emu_config),
                                                   .execution = WSK_EMU_EXECUTION_THREADS,
                                                   .network = WSK_EMU_NETWORK_VIRTUAL,
                                                   .no_progress_ms = 20 };

/* A work item waits for ever, and a periodic timer that nobody has cancelled keeps a processor busy, so that something
 * always moves: the stop waited for the item as long as anything did. */
static void test_work_item_that_never_returns_does_not_hold_up_the_stop(void **state)
{
    static WORK_QUEUE_ITEM item;

    (void)state;
    wsk_kit_expect_report("UNL-002");
    wsk_kit_expect_report("DPC-004");
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    KeInitializeTimer(&s_period);
    (void)KeSetTimerEx(&s_period, relative_ms(1), 1, NULL);
    ExInitializeWorkItem(&item, stuck_work, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}

/* --- the test's own waits ------------------------------------------------------------------------------------ */

static volatile LONG s_looks;

static VOID NTAPI late_thread(PVOID context)
{
    while (InterlockedCompareExchange(&s_looks, 0, 0) < 5) {
        YieldProcessor();
    }
    InterlockedExchange(&s_flag, 1);
    (void)KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static bool flag_is_set_late(void *context)
{
    UNREFERENCED_PARAMETER(context);
    InterlockedIncrement(&s_looks);
    return InterlockedCompareExchange(&s_flag, 0, 0) != 0;
}

static const struct wsk_emu_config s_patient = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .no_progress_ms = 1000 };

/* A thread of the driver sets a variable while the test waits for it, and wakes nobody: the test saw it when its
 * patience was at an end, ten seconds later. */
static void test_wait_for_a_variable_sees_it_without_news(void **state)
{
    KEVENT end;
    bool is_seen;

    (void)state;
    s_flag = 0;
    s_looks = 0;
    KeInitializeEvent(&end, NotificationEvent, FALSE);
    thread_start(late_thread, &end);
    is_seen = wsk_kit_wait_for_try(flag_is_set_late, NULL);
    InterlockedExchange(&s_looks, 5);
    KeSetEvent(&end, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
    assert_true(is_seen);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_dpc_that_polls_lets_threads_run),
        wsk_emu_unit_test(test_dpc_that_polls_lets_other_processors_run),
        wsk_emu_unit_test(test_dpc_that_polls_lets_time_pass),
        wsk_emu_unit_test(test_threads_that_yield_let_the_test_run),
        wsk_emu_unit_test(test_thread_that_asks_without_waiting_lets_others_run),
        wsk_emu_unit_test(test_timer_on_the_stack_of_a_thread_that_ends_is_reported),
        wsk_emu_unit_test(test_timer_on_the_stack_of_a_thread_that_the_stop_ends_is_forgotten),
        wsk_emu_unit_test_config(test_work_item_that_never_returns_does_not_hold_up_the_stop, NULL, NULL, &s_impatient),
        wsk_emu_unit_test_config(test_wait_for_a_variable_sees_it_without_news, NULL, NULL, &s_patient),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
