/* SPDX-License-Identifier: MIT */
/* EX_TIMER: return values, callbacks, waits, and the guarded end. */
#include <wdm.h>

#include "host/host_mem.h"
#include "wsk_emu/cmocka.h"

#define MS 10000LL

static struct wsk_kit_witness *s_calls;
static struct wsk_kit_witness *s_deletes;
static PEX_TIMER s_timer;
static BOOLEAN s_set_in_callback;
static BOOLEAN s_cancel_in_callback;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_calls = wsk_kit_witness_create("callback");
    s_deletes = wsk_kit_witness_create("delete callback");
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_witness_destroy(s_calls);
    wsk_kit_witness_destroy(s_deletes);
    return 0;
}

static VOID expired(PEX_TIMER Timer, PVOID Context)
{
    wsk_kit_witness_call(s_calls, (uintptr_t)Timer, (uintptr_t)Context, 0, 0);
}

static VOID deleted(PVOID Context)
{
    wsk_kit_witness_call(s_deletes, (uintptr_t)Context, 0, 0, 0);
}

static PEX_TIMER new_timer(ULONG attributes)
{
    PEX_TIMER timer = ExAllocateTimer(expired, &s_calls, attributes);

    assert_non_null(timer);
    return timer;
}

static BOOLEAN delete_now(PEX_TIMER timer)
{
    return ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

/* --- setting and cancelling ---------------------------------------------------------------------- */

static void test_ExSetTimer_expires_once_at_dispatch_with_its_context(void **state)
{
    PEX_TIMER timer = new_timer(0);
    struct wsk_kit_call call;

    UNREFERENCED_PARAMETER(state);
    assert_false(ExSetTimer(timer, -5 * MS, 0, NULL));
    wsk_kit_advance_ms(4);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
    wsk_kit_advance_ms(100);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    call = wsk_kit_witness_get(s_calls, 0);
    assert_int_equal(call.now_ms, 5);
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[0], (uintptr_t)timer);
    assert_int_equal(call.values[1], (uintptr_t)&s_calls);
    assert_false(delete_now(timer));
}

static void test_ExSetTimer_again_tells_and_moves_it(void **state)
{
    PEX_TIMER timer = new_timer(0);

    UNREFERENCED_PARAMETER(state);
    assert_false(ExSetTimer(timer, -5 * MS, 0, NULL));
    assert_true(ExSetTimer(timer, -50 * MS, 0, NULL));
    wsk_kit_advance_ms(49);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
    wsk_kit_advance_ms(1);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    assert_false(ExSetTimer(timer, -5 * MS, 0, NULL)); /* it has expired */
    assert_true(delete_now(timer));
    wsk_kit_advance_ms(100);
}

static void test_ExCancelTimer_tells_whether_it_was_set(void **state)
{
    PEX_TIMER timer = new_timer(0);

    UNREFERENCED_PARAMETER(state);
    assert_false(ExCancelTimer(timer, NULL));
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    assert_true(ExCancelTimer(timer, NULL));
    assert_false(ExCancelTimer(timer, NULL));
    wsk_kit_advance_ms(100);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    wsk_kit_advance_ms(100);
    assert_false(ExCancelTimer(timer, NULL));
    assert_false(delete_now(timer));
}

static void test_ExSetTimer_periodic_counts_in_units_of_100_ns(void **state)
{
    PEX_TIMER timer = new_timer(EX_TIMER_HIGH_RESOLUTION);

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -1 * MS, 25000, NULL); /* 1.0, 3.5, 6.0, 8.5 ms */
    wsk_kit_advance_ms(10);
    assert_int_equal(wsk_kit_witness_count(s_calls), 4);
    assert_int_equal(wsk_kit_witness_get(s_calls, 1).now_ms, 3);
    assert_int_equal(wsk_kit_witness_get(s_calls, 2).now_ms, 6);
    assert_true(ExCancelTimer(timer, NULL)); /* a periodic one is always set */
    wsk_kit_advance_ms(10);
    assert_int_equal(wsk_kit_witness_count(s_calls), 4);
    assert_false(delete_now(timer));
}

static void test_ExSetTimer_periodic_calls_on_one_processor(void **state)
{
    PEX_TIMER timer = new_timer(0);
    size_t i;

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -1 * MS, 1 * MS, NULL);
    wsk_kit_advance_ms(20);
    assert_int_equal(wsk_kit_witness_count(s_calls), 20);
    for (i = 1; i < 20; i++) {
        assert_int_equal(wsk_kit_witness_get(s_calls, i).processor, wsk_kit_witness_get(s_calls, 0).processor);
    }
    assert_true(delete_now(timer));
}

static void test_ExSetTimer_absolute_time_is_a_date(void **state)
{
    PEX_TIMER timer = new_timer(EX_TIMER_NO_WAKE);
    LARGE_INTEGER now;

    UNREFERENCED_PARAMETER(state);
    KeQuerySystemTime(&now);
    (void)ExSetTimer(timer, now.QuadPart + 20 * MS, 0, NULL);
    wsk_kit_advance_ms(19);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
    wsk_kit_advance_ms(1);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    (void)ExSetTimer(timer, now.QuadPart, 0, NULL); /* past: at once */
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(s_calls), 2);
    assert_false(delete_now(timer));
}

static void test_ExSetTimer_tolerance_has_no_effect(void **state)
{
    PEX_TIMER timer = new_timer(EX_TIMER_NO_WAKE);
    EXT_SET_PARAMETERS parameters;

    UNREFERENCED_PARAMETER(state);
    RtlFillMemory(&parameters, sizeof(parameters), 0xa5);
    ExInitializeSetTimerParameters(&parameters);
    assert_int_equal(parameters.NoWakeTolerance, 0);
    parameters.NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
    (void)ExSetTimer(timer, -5 * MS, 0, &parameters);
    wsk_kit_advance_ms(5);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    assert_false(delete_now(timer));
}

static void test_ExAllocateTimer_without_memory_fails(void **state)
{
    UNREFERENCED_PARAMETER(state);
    (void)we_host_mem_fail(1);
    assert_null(ExAllocateTimer(expired, NULL, 0));
    assert_true(we_host_mem_fail(0));
}

static void test_ExSetTimerResolution_names_the_only_one(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ExSetTimerResolution(10000, TRUE), KeQueryTimeIncrement());
    assert_int_equal(ExSetTimerResolution(0, FALSE), KeQueryTimeIncrement());
}

/* --- waiting for a timer ---------------------------------------------------------------------------- */

static void test_a_timer_is_waited_for_by_its_pointer(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    LARGE_INTEGER at_once = { .QuadPart = 0 };

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &at_once), STATUS_TIMEOUT);
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_now_ms(), 5);
    /* Synchronization: the wait cleared it. */
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &at_once), STATUS_TIMEOUT);
    assert_false(delete_now(timer));
}

static void test_a_notification_timer_stays_signalled_until_it_is_set(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);
    LARGE_INTEGER at_once = { .QuadPart = 0 };

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &at_once), STATUS_SUCCESS);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    assert_int_equal(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &at_once), STATUS_TIMEOUT);
    assert_true(delete_now(timer));
}

/* --- deleting ------------------------------------------------------------------------------------------ */

static EXT_DELETE_PARAMETERS delete_parameters(void)
{
    EXT_DELETE_PARAMETERS parameters;

    RtlFillMemory(&parameters, sizeof(parameters), 0xa5);
    ExInitializeDeleteTimerParameters(&parameters);
    assert_null((PVOID)(ULONG_PTR)parameters.DeleteCallback);
    parameters.DeleteCallback = deleted;
    parameters.DeleteContext = &s_deletes;
    return parameters;
}

static void test_ExDeleteTimer_calls_the_delete_callback_before_it_returns(void **state)
{
    EXT_DELETE_PARAMETERS parameters = delete_parameters();
    PEX_TIMER timer = new_timer(0);
    struct wsk_kit_call call;

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    assert_true(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
    assert_int_equal(wsk_kit_witness_count(s_deletes), 1);
    call = wsk_kit_witness_get(s_deletes, 0);
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[0], (uintptr_t)&s_deletes);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    wsk_kit_advance_ms(100);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
}

static void test_ExDeleteTimer_without_cancel_lets_it_expire_once_more(void **state)
{
    EXT_DELETE_PARAMETERS parameters = delete_parameters();
    PEX_TIMER timer = new_timer(0);

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 5 * MS, NULL);
    assert_false(ExDeleteTimer(timer, FALSE, FALSE, &parameters));
    assert_int_equal(wsk_kit_witness_count(s_deletes), 0);
    wsk_kit_advance_ms(100);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    assert_int_equal(wsk_kit_witness_count(s_deletes), 1);
    assert_true(wsk_kit_witness_get(s_calls, 0).order < wsk_kit_witness_get(s_deletes, 0).order);
}

static void test_ExDeleteTimer_of_an_idle_one_ends_it_at_once(void **state)
{
    EXT_DELETE_PARAMETERS parameters = delete_parameters();
    PEX_TIMER timer = new_timer(0);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_false(ExDeleteTimer(timer, TRUE, FALSE, &parameters));
    assert_int_equal(wsk_kit_witness_count(s_deletes), 1);
    KeLowerIrql(irql);
}

static VOID deletes_itself(PEX_TIMER Timer, PVOID Context)
{
    EXT_DELETE_PARAMETERS parameters = delete_parameters();

    UNREFERENCED_PARAMETER(Context);
    assert_true(ExDeleteTimer(Timer, TRUE, FALSE, &parameters)); /* it is periodic: set again */
    assert_int_equal(wsk_kit_witness_count(s_deletes), 0);
    s_set_in_callback = ExSetTimer(Timer, -5 * MS, 0, NULL);
    s_cancel_in_callback = ExCancelTimer(Timer, NULL);
    wsk_kit_witness_call(s_calls, 0, 0, 0, 0);
}

static void test_ExDeleteTimer_in_its_callback_ends_it_after_the_callback(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(deletes_itself, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    s_set_in_callback = TRUE;
    s_cancel_in_callback = TRUE;
    (void)ExSetTimer(timer, -5 * MS, 5 * MS, NULL);
    wsk_kit_advance_ms(100);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    assert_false(s_set_in_callback);
    assert_false(s_cancel_in_callback);
    assert_int_equal(wsk_kit_witness_count(s_deletes), 1);
}

/* A thread deletes while the callback runs: with real threads it waits for it, and stepped it comes when it may. */

static KEVENT s_is_running;
static volatile LONG s_callback_left;

static VOID runs_for_a_while(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(&s_is_running, IO_NO_INCREMENT, FALSE);
    KeStallExecutionProcessor(2000);
    InterlockedExchange(&s_callback_left, 1);
}

static void test_ExDeleteTimer_waits_for_a_running_callback(void **state)
{
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < 20; i++) {
        KeInitializeEvent(&s_is_running, NotificationEvent, FALSE);
        InterlockedExchange(&s_callback_left, 0);
        s_timer = ExAllocateTimer(runs_for_a_while, NULL, 0);
        (void)ExSetTimer(s_timer, -1 * MS, 0, NULL);
        assert_int_equal(KeWaitForSingleObject(&s_is_running, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        (void)ExDeleteTimer(s_timer, TRUE, TRUE, NULL);
        assert_int_equal(InterlockedExchange(&s_callback_left, 0), 1);
    }
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

#define timer_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        timer_test(test_ExSetTimer_expires_once_at_dispatch_with_its_context),
        timer_test(test_ExSetTimer_again_tells_and_moves_it),
        timer_test(test_ExCancelTimer_tells_whether_it_was_set),
        timer_test(test_ExSetTimer_periodic_counts_in_units_of_100_ns),
        timer_test(test_ExSetTimer_periodic_calls_on_one_processor),
        timer_test(test_ExSetTimer_absolute_time_is_a_date),
        timer_test(test_ExSetTimer_tolerance_has_no_effect),
        timer_test(test_ExAllocateTimer_without_memory_fails),
        timer_test(test_ExSetTimerResolution_names_the_only_one),
        timer_test(test_a_timer_is_waited_for_by_its_pointer),
        timer_test(test_a_notification_timer_stays_signalled_until_it_is_set),
        timer_test(test_ExDeleteTimer_calls_the_delete_callback_before_it_returns),
        timer_test(test_ExDeleteTimer_without_cancel_lets_it_expire_once_more),
        timer_test(test_ExDeleteTimer_of_an_idle_one_ends_it_at_once),
        timer_test(test_ExDeleteTimer_in_its_callback_ends_it_after_the_callback),
        timer_test(test_ExDeleteTimer_waits_for_a_running_callback),
        wsk_emu_unit_test_config(test_ExDeleteTimer_waits_for_a_running_callback, setup, teardown, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
