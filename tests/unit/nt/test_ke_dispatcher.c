/* SPDX-License-Identifier: MIT */
/* Events, semaphores, mutexes and waits: who goes on when, and what a wait leaves behind. */
#include <ntddk.h>

#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

static NTSTATUS poll(PVOID object)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

static NTSTATUS wait(PVOID object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

/* --- threads that wait and report ------------------------------------------------------------------------ */

struct waiter {
    PVOID objects[3];
    ULONG count;
    WAIT_TYPE type;
    PVOID thread;
    volatile LONG is_released;
    volatile NTSTATUS status;
};

static LONG s_release_order;

static VOID NTAPI waiter_main(PVOID context)
{
    struct waiter *waiter = context;

    waiter->status = KeWaitForMultipleObjects(waiter->count, waiter->objects, waiter->type, Executive, KernelMode,
                                              FALSE, NULL, NULL);
    waiter->is_released = InterlockedIncrement(&s_release_order);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void waiter_start(struct waiter *waiter, WAIT_TYPE type, PVOID first, PVOID second)
{
    waiter->objects[0] = first;
    waiter->objects[1] = second;
    waiter->count = second != NULL ? 2 : 1;
    waiter->type = type;
    waiter->is_released = 0;
    waiter->thread = system_thread_start(waiter_main, waiter);
    wsk_kit_run_until_idle();
}

static void waiter_join(struct waiter *waiter)
{
    system_thread_join(waiter->thread);
}

/* --- events ------------------------------------------------------------------------------------------------ */

static void test_event_notification_set_releases_all_and_stays(void **state)
{
    struct waiter waiters[3];
    KEVENT event;
    ULONG i;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (i = 0; i < 3; i++) {
        waiter_start(&waiters[i], WaitAny, &event, NULL);
    }
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    for (i = 0; i < 3; i++) {
        waiter_join(&waiters[i]);
        assert_int_equal(waiters[i].status, STATUS_WAIT_0);
    }
    assert_int_not_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(poll(&event), STATUS_SUCCESS);
    assert_int_equal(poll(&event), STATUS_SUCCESS);
}

static void test_event_synchronization_set_releases_one_and_clears(void **state)
{
    struct waiter waiters[2];
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    waiter_start(&waiters[0], WaitAny, &event, NULL);
    waiter_start(&waiters[1], WaitAny, &event, NULL);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
    assert_int_not_equal(waiters[0].is_released, 0); /* first come, first served */
    assert_int_equal(waiters[1].is_released, 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    waiter_join(&waiters[0]);
    waiter_join(&waiters[1]);
}

static void test_event_synchronization_set_twice_satisfies_one_wait(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    assert_int_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_not_equal(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    assert_int_equal(poll(&event), STATUS_SUCCESS);
    assert_int_equal(poll(&event), STATUS_TIMEOUT);
}

static void test_event_reset_and_clear_return_previous_state(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    assert_int_not_equal(KeResetEvent(&event), 0);
    assert_int_equal(KeResetEvent(&event), 0);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeClearEvent(&event);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void test_event_pulse_releases_present_waiters_only(void **state)
{
    struct waiter waiter;
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    waiter_start(&waiter, WaitAny, &event, NULL);
    assert_int_equal(KePulseEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    waiter_join(&waiter);
    assert_int_equal(poll(&event), STATUS_TIMEOUT);
}

/* --- semaphores and mutexes ------------------------------------------------------------------------------------ */

static void test_semaphore_counts_down_to_not_signalled(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 2, 3);
    assert_int_equal(poll(&semaphore), STATUS_SUCCESS);
    assert_int_equal(poll(&semaphore), STATUS_SUCCESS);
    assert_int_equal(poll(&semaphore), STATUS_TIMEOUT);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 3, FALSE), 0);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 3);
}

static void test_semaphore_release_of_two_wakes_two(void **state)
{
    struct waiter waiters[3];
    KSEMAPHORE semaphore;
    ULONG i;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 10);
    for (i = 0; i < 3; i++) {
        waiter_start(&waiters[i], WaitAny, &semaphore, NULL);
    }
    (void)KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE);
    wsk_kit_run_until_idle();
    assert_int_not_equal(waiters[0].is_released, 0);
    assert_int_not_equal(waiters[1].is_released, 0);
    assert_int_equal(waiters[2].is_released, 0);
    (void)KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    for (i = 0; i < 3; i++) {
        waiter_join(&waiters[i]);
    }
}

static KMUTEX s_mutex;
static KEVENT s_may_release;

static VOID NTAPI mutex_owner(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)wait(&s_mutex);
    (void)wait(&s_may_release);
    (void)KeReleaseMutex(&s_mutex, FALSE);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_mutex_held_by_another_thread_is_waited_for(void **state)
{
    PVOID thread;

    (void)state;
    KeInitializeMutex(&s_mutex, 0);
    KeInitializeEvent(&s_may_release, NotificationEvent, FALSE);
    thread = system_thread_start(mutex_owner, NULL);
    wsk_kit_run_until_idle();
    assert_int_equal(KeReadStateMutex(&s_mutex), 0);
    assert_int_equal(poll(&s_mutex), STATUS_TIMEOUT);
    (void)KeSetEvent(&s_may_release, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait(&s_mutex), STATUS_SUCCESS);
    assert_int_equal(KeReleaseMutex(&s_mutex, FALSE), 0);
    system_thread_join(thread);
}

/* --- waits for several objects ------------------------------------------------------------------------------------- */

static void test_wait_any_takes_the_lowest_index(void **state)
{
    KEVENT events[3];
    PVOID objects[3] = { &events[0], &events[1], &events[2] };

    (void)state;
    KeInitializeEvent(&events[0], SynchronizationEvent, FALSE);
    KeInitializeEvent(&events[1], SynchronizationEvent, TRUE);
    KeInitializeEvent(&events[2], SynchronizationEvent, TRUE);
    assert_int_equal(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
                     STATUS_WAIT_1);
    assert_int_equal(KeReadStateEvent(&events[1]), 0); /* only this one's side effect */
    assert_int_equal(KeReadStateEvent(&events[2]), 1);
}

static void test_wait_all_takes_nothing_before_all_are_signalled(void **state)
{
    struct waiter waiter;
    KEVENT first;
    KEVENT second;

    (void)state;
    KeInitializeEvent(&first, SynchronizationEvent, FALSE);
    KeInitializeEvent(&second, SynchronizationEvent, FALSE);
    waiter_start(&waiter, WaitAll, &first, &second);
    (void)KeSetEvent(&first, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
    assert_int_equal(waiter.is_released, 0);
    assert_int_equal(KeReadStateEvent(&first), 1); /* not consumed */
    (void)KeSetEvent(&second, IO_NO_INCREMENT, FALSE);
    waiter_join(&waiter);
    assert_int_equal(waiter.status, STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&first), 0);
    assert_int_equal(KeReadStateEvent(&second), 0);
}

/* --- time-outs, in simulated time ----------------------------------------------------------------------------------- */

static void test_wait_relative_timeout_ends_exactly(void **state)
{
    LARGE_INTEGER timeout = relative_ms(120000);
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
    assert_int_equal(wsk_kit_now_ms(), 120000);
    assert_int_equal(timeout.QuadPart, -1200000000LL); /* not modified */
}

static void test_wait_absolute_timeout_follows_system_time(void **state)
{
    LARGE_INTEGER until;
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeQuerySystemTime(&until);
    until.QuadPart += 250 * 10000;
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &until), STATUS_TIMEOUT);
    assert_int_equal(wsk_kit_now_ms(), 250);
    until.QuadPart = 1; /* long past */
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &until), STATUS_TIMEOUT);
    assert_int_equal(wsk_kit_now_ms(), 250);
}

static void test_delay_waits_exactly(void **state)
{
    LARGE_INTEGER interval = relative_ms(33);

    (void)state;
    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_now_ms(), 33);
}

static void test_wait_signalled_object_wins_over_zero_timeout(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    assert_int_equal(poll(&event), STATUS_SUCCESS);
    assert_int_equal(poll(&event), STATUS_TIMEOUT);
}

/* --- threads as objects ------------------------------------------------------------------------------------------------ */

static void test_wait_for_thread_ends_with_its_last_instruction(void **state)
{
    struct waiter waiter;
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    waiter_start(&waiter, WaitAny, &event, NULL);
    assert_int_equal(poll(waiter.thread), STATUS_TIMEOUT);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wait(waiter.thread), STATUS_SUCCESS);
    assert_int_not_equal(waiter.is_released, 0);
    assert_int_equal(poll(waiter.thread), STATUS_SUCCESS); /* signalled for ever */
    ObDereferenceObject(waiter.thread);
}

/* --- threads execution: the same promises with real concurrency ---------------------------------------------------------- */

#define INCREMENTS 2000
#define THREADS 4

static KMUTEX s_shared_mutex;
static volatile LONG s_shared_count;

static VOID NTAPI increment_main(PVOID context)
{
    ULONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < INCREMENTS; i++) {
        (void)wait(&s_shared_mutex);
        s_shared_count = s_shared_count + 1;
        (void)KeReleaseMutex(&s_shared_mutex, FALSE);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_mutex_excludes_real_threads(void **state)
{
    PVOID threads[THREADS];
    ULONG i;

    (void)state;
    KeInitializeMutex(&s_shared_mutex, 0);
    s_shared_count = 0;
    for (i = 0; i < THREADS; i++) {
        threads[i] = system_thread_start(increment_main, NULL);
    }
    for (i = 0; i < THREADS; i++) {
        system_thread_join(threads[i]);
    }
    assert_int_equal(s_shared_count, INCREMENTS * THREADS);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_event_notification_set_releases_all_and_stays),
        wsk_emu_unit_test(test_event_synchronization_set_releases_one_and_clears),
        wsk_emu_unit_test(test_event_synchronization_set_twice_satisfies_one_wait),
        wsk_emu_unit_test(test_event_reset_and_clear_return_previous_state),
        wsk_emu_unit_test(test_event_pulse_releases_present_waiters_only),
        wsk_emu_unit_test(test_semaphore_counts_down_to_not_signalled),
        wsk_emu_unit_test(test_semaphore_release_of_two_wakes_two),
        wsk_emu_unit_test(test_mutex_held_by_another_thread_is_waited_for),
        wsk_emu_unit_test(test_wait_any_takes_the_lowest_index),
        wsk_emu_unit_test(test_wait_all_takes_nothing_before_all_are_signalled),
        wsk_emu_unit_test(test_wait_relative_timeout_ends_exactly),
        wsk_emu_unit_test(test_wait_absolute_timeout_follows_system_time),
        wsk_emu_unit_test(test_delay_waits_exactly),
        wsk_emu_unit_test(test_wait_signalled_object_wins_over_zero_timeout),
        wsk_emu_unit_test(test_wait_for_thread_ends_with_its_last_instruction),
        wsk_emu_unit_test_config(test_mutex_excludes_real_threads, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_event_notification_set_releases_all_and_stays, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_event_pulse_releases_present_waiters_only, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_wait_all_takes_nothing_before_all_are_signalled, NULL, NULL, &s_threads),
        wsk_emu_unit_test_config(test_wait_for_thread_ends_with_its_last_instruction, NULL, NULL, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
