/* SPDX-License-Identifier: MIT */
/* Rules about waits. */
#include <ntddk.h>

#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

/* --- WAIT-001 .. WAIT-004: where one may not wait ----------------------------------------------------- */

static void test_wait_001_breach_wait_above_dispatch(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(HIGH_LEVEL, &old);
    wsk_kit_expect_report("WAIT-001");
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("WAIT-001"), 1);
}

static void test_wait_001_near_miss_poll_at_dispatch(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
    KeLowerIrql(old);
}

static void test_wait_002_breach_endless_wait_at_dispatch(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("WAIT-002");
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("WAIT-002"), 1);
}

static void test_wait_002_near_miss_endless_wait_at_apc(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void test_wait_003_breach_timed_wait_at_dispatch(void **state)
{
    LARGE_INTEGER timeout = relative_ms(5);
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("WAIT-003");
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("WAIT-003"), 1);
}

static void test_wait_003_near_miss_timed_wait_at_passive(void **state)
{
    LARGE_INTEGER timeout = relative_ms(5);
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
    assert_int_equal(wsk_kit_now_ms(), 5); /* simulated time moved, real time did not */
}

static KEVENT s_event;

static VOID NTAPI dpc_waits(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LARGE_INTEGER timeout = { .QuadPart = 0 };

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    (void)KeWaitForSingleObject(&s_event, Executive, KernelMode, FALSE, *(BOOLEAN *)context ? NULL : &timeout);
}

static void run_waiting_dpc(BOOLEAN blocks)
{
    KDPC dpc;

    KeInitializeEvent(&s_event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, dpc_waits, &blocks);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
}

static void test_wait_004_breach_dpc_blocks(void **state)
{
    (void)state;
    wsk_kit_expect_report("WAIT-004");
    run_waiting_dpc(TRUE);
    assert_int_equal(wsk_kit_report_count("WAIT-004"), 1);
}

static void test_wait_004_near_miss_dpc_polls(void **state)
{
    (void)state;
    run_waiting_dpc(FALSE);
}

/* --- WAIT-006, WAIT-024: several objects ------------------------------------------------------------------ */

static void test_wait_006_breach_four_objects_without_blocks(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KEVENT events[4];
    PVOID objects[4];
    ULONG i;

    (void)state;
    for (i = 0; i < 4; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, TRUE);
        objects[i] = &events[i];
    }
    wsk_kit_expect_report("WAIT-006");
    (void)KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, &zero, NULL);
    assert_int_equal(wsk_kit_report_count("WAIT-006"), 1);
}

static void test_wait_006_near_miss_four_objects_with_blocks(void **state)
{
    KWAIT_BLOCK blocks[4];
    KEVENT events[4];
    PVOID objects[4];
    ULONG i;

    (void)state;
    for (i = 0; i < 4; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, i >= 2);
        objects[i] = &events[i];
    }
    assert_int_equal(KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks),
                     STATUS_WAIT_0 + 2);
}

static void test_wait_024_breach_same_object_twice(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    PVOID objects[2];
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    objects[0] = &event;
    objects[1] = &event;
    wsk_kit_expect_report("WAIT-024");
    (void)KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &zero, NULL);
    assert_int_equal(wsk_kit_report_count("WAIT-024"), 1);
}

static void test_wait_024_near_miss_two_objects(void **state)
{
    PVOID objects[2];
    KEVENT events[2];

    (void)state;
    KeInitializeEvent(&events[0], SynchronizationEvent, TRUE);
    KeInitializeEvent(&events[1], SynchronizationEvent, TRUE);
    objects[0] = &events[0];
    objects[1] = &events[1];
    assert_int_equal(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&events[0]), 0);
    assert_int_equal(KeReadStateEvent(&events[1]), 0);
}

/* --- WAIT-011, WAIT-012, WAIT-014: mutexes and semaphores ---------------------------------------------------- */

static void test_wait_011_breach_release_of_free_mutex(void **state)
{
    BOOLEAN was_raised = FALSE;
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    wsk_kit_expect_report("WAIT-011");
    __try {
        (void)KeReleaseMutex(&mutex, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        was_raised = (NTSTATUS)GetExceptionCode() == STATUS_MUTANT_NOT_OWNED;
    }
    assert_true(was_raised);
    assert_int_equal(wsk_kit_report_count("WAIT-011"), 1);
}

static void test_wait_011_near_miss_recursive_owner(void **state)
{
    KMUTEX mutex;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_true(KeAreApcsDisabled());
    assert_int_not_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
    assert_false(KeAreApcsDisabled());
}

static void test_wait_012_breach_polled_at_dispatch_released_at_passive(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    KeLowerIrql(old);
    wsk_kit_expect_report("WAIT-012");
    (void)KeReleaseMutex(&mutex, FALSE);
    assert_int_equal(wsk_kit_report_count("WAIT-012"), 1);
}

static void test_wait_012_near_miss_polled_and_released_at_dispatch(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KMUTEX mutex;
    KIRQL old;

    (void)state;
    KeInitializeMutex(&mutex, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    KeLowerIrql(old);
}

static void test_wait_014_breach_release_beyond_limit(void **state)
{
    BOOLEAN was_raised = FALSE;
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 1, 2);
    wsk_kit_expect_report("WAIT-014");
    __try {
        (void)KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        was_raised = (NTSTATUS)GetExceptionCode() == STATUS_SEMAPHORE_LIMIT_EXCEEDED;
    }
    assert_true(was_raised);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 1); /* unchanged */
}

static void test_wait_014_near_miss_release_up_to_limit(void **state)
{
    KSEMAPHORE semaphore;

    (void)state;
    KeInitializeSemaphore(&semaphore, 0, 2);
    assert_int_equal(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE), 0);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 2);
}

/* --- WAIT-015, WAIT-016, WAIT-020: what is waited for ------------------------------------------------------------ */

static void test_wait_015_breach_event_never_initialised(void **state)
{
    KEVENT event;

    (void)state;
    RtlZeroMemory(&event, sizeof(event));
    wsk_kit_expect_report("WAIT-015");
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    assert_int_equal(wsk_kit_report_count("WAIT-015"), 1);
}

static void test_wait_015_near_miss_initialised_again_after_use(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static KEVENT s_go;

static VOID NTAPI waiting_thread(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)KeWaitForSingleObject(&s_go, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static PVOID start_waiting_thread(void)
{
    PVOID thread;

    KeInitializeEvent(&s_go, NotificationEvent, FALSE);
    thread = system_thread_start(waiting_thread, NULL);
    wsk_kit_run_until_idle();
    return thread;
}

static void join_thread(PVOID thread)
{
    (void)KeSetEvent(&s_go, IO_NO_INCREMENT, FALSE);
    system_thread_join(thread);
}

static void test_wait_016_breach_initialised_under_a_waiter(void **state)
{
    PVOID thread = start_waiting_thread();

    (void)state;
    wsk_kit_expect_report("WAIT-016");
    KeInitializeEvent(&s_go, NotificationEvent, FALSE);
    assert_int_equal(wsk_kit_report_count("WAIT-016"), 1);
    join_thread(thread);
}

static void test_wait_016_near_miss_cleared_under_a_waiter(void **state)
{
    PVOID thread = start_waiting_thread();

    (void)state;
    KeClearEvent(&s_go);
    join_thread(thread);
}

static void test_wait_020_breach_wait_for_a_handle(void **state)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };

    (void)state;
    wsk_kit_expect_report("WAIT-020");
    (void)KeWaitForSingleObject((PVOID)(ULONG_PTR)0x24, Executive, KernelMode, FALSE, &zero);
    assert_int_equal(wsk_kit_report_count("WAIT-020"), 1);
}

static void test_wait_020_near_miss_wait_for_the_object(void **state)
{
    PVOID thread = start_waiting_thread();

    (void)state;
    join_thread(thread);
}

/* --- WAIT-021: a wait that can never end ----------------------------------------------------------------------------
 *
 * The story: the test waits for an event that nobody will set. Stepped execution knows at once, says who waits for
 * what, and the failure handler leaves the wait. */

static jmp_buf s_failed;
static char s_reason[4096];

static void note_failure(const char *reason)
{
    size_t length = strlen(reason);

    if (length >= sizeof(s_reason)) {
        length = sizeof(s_reason) - 1;
    }
    memcpy(s_reason, reason, length);
    s_reason[length] = '\0';
    longjmp(s_failed, 1);
}

static void test_wait_021_breach_nobody_sets_the_event(void **state)
{
    static KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    wsk_kit_expect_report("WAIT-021");
    wsk_kit_set_failure_handler(note_failure);
    if (setjmp(s_failed) == 0) {
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        fail_msg("the wait returned");
    }
    assert_int_equal(wsk_kit_report_count("WAIT-021"), 1);
    assert_non_null(strstr(s_reason, "notification event"));
}

static VOID NTAPI dpc_sets(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    (void)KeSetEvent((PKEVENT)context, IO_NO_INCREMENT, FALSE);
}

static void test_wait_021_near_miss_a_timer_sets_the_event(void **state)
{
    KEVENT event;
    KTIMER timer;
    KDPC dpc;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, dpc_sets, &event);
    (void)KeSetTimer(&timer, relative_ms(60000), &dpc);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_now_ms(), 60000);
}

static const struct wsk_emu_config live_and_impatient = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .no_progress_ms = 5,
};
#define T_LIVE(f) wsk_emu_unit_test_config(f, NULL, NULL, &live_and_impatient)

static VOID NTAPI ends_long_after_the_report(PVOID context)
{
    LARGE_INTEGER pause = relative_ms(2);
    LARGE_INTEGER several_times_the_patience = relative_ms(50);

    UNREFERENCED_PARAMETER(context);
    while (wsk_kit_report_count("WAIT-021") == 0) {
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    KeDelayExecutionThread(KernelMode, FALSE, &several_times_the_patience);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Without a failure handler the wait goes on. It is one wait and one report, however long it takes. */
static void test_wait_021_breach_is_reported_once(void **state)
{
    (void)state;
    wsk_kit_set_failure_handler(NULL);
    wsk_kit_expect_report("WAIT-021");
    system_thread_join(system_thread_start(ends_long_after_the_report, NULL));
    assert_int_equal(wsk_kit_report_count("WAIT-021"), 1);
}

/* The time-out ends the wait, even if nothing else moves until then. */
static void test_wait_021_near_miss_time_out_after_a_long_time(void **state)
{
    LARGE_INTEGER several_times_the_patience = relative_ms(50);
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &several_times_the_patience),
                     STATUS_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_wait_001_breach_wait_above_dispatch),
        wsk_emu_unit_test(test_wait_001_near_miss_poll_at_dispatch),
        wsk_emu_unit_test(test_wait_002_breach_endless_wait_at_dispatch),
        wsk_emu_unit_test(test_wait_002_near_miss_endless_wait_at_apc),
        wsk_emu_unit_test(test_wait_003_breach_timed_wait_at_dispatch),
        wsk_emu_unit_test(test_wait_003_near_miss_timed_wait_at_passive),
        wsk_emu_unit_test(test_wait_004_breach_dpc_blocks),
        wsk_emu_unit_test(test_wait_004_near_miss_dpc_polls),
        wsk_emu_unit_test(test_wait_006_breach_four_objects_without_blocks),
        wsk_emu_unit_test(test_wait_006_near_miss_four_objects_with_blocks),
        wsk_emu_unit_test(test_wait_024_breach_same_object_twice),
        wsk_emu_unit_test(test_wait_024_near_miss_two_objects),
        wsk_emu_unit_test(test_wait_011_breach_release_of_free_mutex),
        wsk_emu_unit_test(test_wait_011_near_miss_recursive_owner),
        wsk_emu_unit_test(test_wait_012_breach_polled_at_dispatch_released_at_passive),
        wsk_emu_unit_test(test_wait_012_near_miss_polled_and_released_at_dispatch),
        wsk_emu_unit_test(test_wait_014_breach_release_beyond_limit),
        wsk_emu_unit_test(test_wait_014_near_miss_release_up_to_limit),
        wsk_emu_unit_test(test_wait_015_breach_event_never_initialised),
        wsk_emu_unit_test(test_wait_015_near_miss_initialised_again_after_use),
        wsk_emu_unit_test(test_wait_016_breach_initialised_under_a_waiter),
        wsk_emu_unit_test(test_wait_016_near_miss_cleared_under_a_waiter),
        wsk_emu_unit_test(test_wait_020_breach_wait_for_a_handle),
        wsk_emu_unit_test(test_wait_020_near_miss_wait_for_the_object),
        wsk_emu_unit_test(test_wait_021_breach_nobody_sets_the_event),
        T_LIVE(test_wait_021_breach_is_reported_once),
        wsk_emu_unit_test(test_wait_021_near_miss_a_timer_sets_the_event),
        T_LIVE(test_wait_021_near_miss_time_out_after_a_long_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
