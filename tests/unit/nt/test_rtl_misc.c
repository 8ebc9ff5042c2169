/* SPDX-License-Identifier: MIT */
/* One-time initialization, also under contention and after failure; the version; random numbers; calendar time. */
#include <wdm.h>

#include "support/emu_fixture.h"
#include "support/system_thread.h"

static unsigned s_init_count;
static ULONG s_init_result;
static PVOID s_init_context;

static ULONG init_routine(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    assert_non_null(once);
    assert_ptr_equal(parameter, &s_init_count);
    s_init_count++;
    if (context != NULL) {
        *context = s_init_context;
    }
    return s_init_result;
}

static void test_run_once_calls_the_routine_once_and_keeps_its_context(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;

    (void)state;
    s_init_count = 0;
    s_init_result = TRUE;
    s_init_context = (PVOID)(ULONG_PTR)0x1230;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, &context), STATUS_SUCCESS);
    assert_ptr_equal(context, s_init_context);
    context = NULL;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, &context), STATUS_SUCCESS);
    assert_ptr_equal(context, s_init_context);
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, NULL), STATUS_SUCCESS);
    assert_int_equal(s_init_count, 1);
    RtlRunOnceInitialize(&once);
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, NULL), STATUS_SUCCESS);
    assert_int_equal(s_init_count, 2);
}

static void test_run_once_tries_again_after_a_failure(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = &once;

    (void)state;
    s_init_count = 0;
    s_init_result = FALSE;
    s_init_context = NULL;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, &context), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, NULL), STATUS_UNSUCCESSFUL);
    s_init_result = TRUE;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, &context), STATUS_SUCCESS);
    assert_int_equal(s_init_count, 2);
    assert_null(context);
}

static void test_run_once_context_with_low_bits_is_refused(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context;

    (void)state;
    s_init_result = TRUE;
    s_init_context = (PVOID)(ULONG_PTR)0x1231;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, init_routine, &s_init_count, &context), STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    assert_int_equal(RtlRunOnceComplete(&once, 0, (PVOID)(ULONG_PTR)2), STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, (PVOID)(ULONG_PTR)4),
                     STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceComplete(&once, 0, (PVOID)(ULONG_PTR)4), STATUS_SUCCESS);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_SUCCESS);
    assert_ptr_equal(context, (PVOID)(ULONG_PTR)4);
}

static void test_run_once_in_parallel_takes_the_first_that_completes(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context;

    (void)state;
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 0, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, (PVOID)(ULONG_PTR)0x10), STATUS_SUCCESS);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, (PVOID)(ULONG_PTR)0x20), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_SUCCESS);
    assert_ptr_equal(context, (PVOID)(ULONG_PTR)0x10);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 8, &context), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceComplete(&once, 8, NULL), STATUS_INVALID_PARAMETER_2);
}

static RTL_RUN_ONCE s_shared;
static KEVENT s_go;
static unsigned s_shared_init_count;
static unsigned s_shared_done_count;

static ULONG slow_routine(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    (void)once;
    (void)parameter;
    s_shared_init_count++;
    (void)KeWaitForSingleObject(&s_go, Executive, KernelMode, FALSE, NULL);
    *context = &s_shared;
    return s_shared_init_count >= 2; /* the first attempt fails */
}

static VOID contender(PVOID context)
{
    PVOID result = NULL;

    UNREFERENCED_PARAMETER(context);
    if (RtlRunOnceExecuteOnce(&s_shared, slow_routine, NULL, &result) == STATUS_SUCCESS && result == &s_shared) {
        s_shared_done_count++;
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* All wait for the first, which fails; one of the others tries again, and the rest take its result. */
static void test_run_once_waiters_take_the_result_or_try_themselves(void **state)
{
    PVOID threads[4];
    unsigned i;

    (void)state;
    RtlRunOnceInitialize(&s_shared);
    KeInitializeEvent(&s_go, NotificationEvent, FALSE);
    s_shared_init_count = 0;
    s_shared_done_count = 0;
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        threads[i] = system_thread_start(contender, NULL);
    }
    wsk_kit_run_until_idle();
    assert_int_equal(s_shared_init_count, 1);
    assert_int_equal(s_shared_done_count, 0);
    (void)KeSetEvent(&s_go, IO_NO_INCREMENT, FALSE);
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        system_thread_join(threads[i]);
    }
    assert_int_equal(s_shared_init_count, 2);
    assert_int_equal(s_shared_done_count, 3);
}

#define RACERS 8
#define ROUNDS 200

static RTL_RUN_ONCE s_rounds[ROUNDS];
static LONG s_round_init_counts[ROUNDS];
static LONG s_wrong_count;

static ULONG racing_routine(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    LONG *count = parameter;

    (void)once;
    *context = (PVOID)((ULONG_PTR)count & ~(ULONG_PTR)3);
    return InterlockedIncrement(count) == 3; /* the first two fail */
}

/* A failed attempt is somebody's own; whoever succeeds sees the one context. */
static VOID racer(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    for (unsigned i = 0; i < ROUNDS; i++) {
        PVOID result = NULL;

        while (RtlRunOnceExecuteOnce(&s_rounds[i], racing_routine, &s_round_init_counts[i], &result) !=
               STATUS_SUCCESS) {
        }
        if (result != (PVOID)((ULONG_PTR)&s_round_init_counts[i] & ~(ULONG_PTR)3)) {
            (void)InterlockedIncrement(&s_wrong_count);
        }
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_run_once_among_real_threads_succeeds_once(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    PVOID threads[RACERS];
    unsigned i;

    assert_int_equal(wsk_emu_stop(), 0);
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    for (i = 0; i < RACERS; i++) {
        threads[i] = system_thread_start(racer, NULL);
    }
    for (i = 0; i < RACERS; i++) {
        system_thread_join(threads[i]);
    }
    for (i = 0; i < ROUNDS; i++) {
        assert_int_equal(s_round_init_counts[i], 3);
    }
    assert_int_equal(s_wrong_count, 0);
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(emu_setup(state), 0);
}

static void test_RtlGetVersion_fills_the_structure_that_was_asked_for(void **state)
{
    struct {
        RTL_OSVERSIONINFOEXW info;
        UCHAR behind;
    } memory;

    (void)state;
    memset(&memory, 0xAA, sizeof(memory));
    memory.info.dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW);
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&memory.info), STATUS_SUCCESS);
    assert_int_equal(memory.info.dwMajorVersion, 10);
    assert_int_equal(memory.info.dwMinorVersion, 0);
    assert_int_equal(memory.info.dwPlatformId, VER_PLATFORM_WIN32_NT);
    assert_int_equal(memory.info.szCSDVersion[0], 0);
    assert_int_equal(memory.info.wProductType, 0xAA);
    memory.info.dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOEXW);
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&memory.info), STATUS_SUCCESS);
    assert_int_equal(memory.info.wProductType, VER_NT_WORKSTATION);
    assert_int_equal(memory.behind, 0xAA);
    assert_true(RtlIsNtDdiVersionAvailable(NTDDI_WIN10));
    assert_true(RtlIsNtDdiVersionAvailable(NTDDI_VERSION));
    assert_false(RtlIsNtDdiVersionAvailable(0x0B000000));
}

static void test_RtlRandomEx_repeats_with_the_seed_and_stays_in_range(void **state)
{
    ULONG first = 42;
    ULONG second = 42;
    ULONG other = 43;
    unsigned differing = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        ULONG value = RtlRandomEx(&first);

        assert_true(value < MAXLONG);
        assert_int_equal(value, RtlRandomEx(&second));
        differing += value != RtlRandomEx(&other);
    }
    assert_true(differing > 990);
    first = MAXULONG;
    assert_true(RtlUniform(&first) < MAXLONG);
}

static void test_RtlTimeToTimeFields_knows_the_calendar(void **state)
{
    static const struct {
        LONGLONG seconds; /* from 1601 */
        TIME_FIELDS fields;
    } rows[] = {
        { 0, { 1601, 1, 1, 0, 0, 0, 0, 1 } },
        { 11644473600, { 1970, 1, 1, 0, 0, 0, 0, 4 } },
        { 12596601599, { 2000, 3, 3, 23, 59, 59, 0, 5 } }, /* a century that is a leap year: 29 February was there */
        { 12596169600, { 2000, 2, 28, 0, 0, 0, 0, 1 } },
        { 9435484800, { 1900, 1, 1, 0, 0, 0, 0, 1 } },
        { 9440496000, { 1900, 2, 28, 0, 0, 0, 0, 3 } },
        { 9440582400, { 1900, 3, 1, 0, 0, 0, 0, 4 } }, /* and one that is none */
        { 12623579999, { 2001, 1, 10, 5, 59, 59, 0, 3 } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        LARGE_INTEGER time = { .QuadPart = rows[i].seconds * 10000000 };
        LARGE_INTEGER back = { .QuadPart = -1 };
        TIME_FIELDS fields;

        RtlTimeToTimeFields(&time, &fields);
        assert_memory_equal(&fields, &rows[i].fields, sizeof(fields));
        assert_true(RtlTimeFieldsToTime(&fields, &back));
        assert_int_equal(back.QuadPart, time.QuadPart);
    }
}

/* Every day of 400 years follows on the one before. */
static void test_RtlTimeFieldsToTime_counts_every_day(void **state)
{
    LARGE_INTEGER time = { .QuadPart = 1234567 }; /* 123 ms, and what fields do not show */
    LONGLONG seen = 0;

    (void)state;
    for (ULONG day = 0; day < 146098; day++) {
        TIME_FIELDS fields;
        LARGE_INTEGER back;

        RtlTimeToTimeFields(&time, &fields);
        assert_int_equal(fields.Milliseconds, 123);
        assert_int_equal(fields.Weekday, (day + 1) % 7);
        assert_true(RtlTimeFieldsToTime(&fields, &back));
        assert_int_equal(back.QuadPart, time.QuadPart - 4567);
        assert_true(back.QuadPart > seen);
        seen = back.QuadPart;
        time.QuadPart += 864000000000;
    }
}

static void test_RtlTimeFieldsToTime_refuses_what_is_no_time(void **state)
{
    static const TIME_FIELDS wrong[] = {
        { 1600, 12, 31, 0, 0, 0, 0, 0 },  { 2001, 0, 1, 0, 0, 0, 0, 0 },  { 2001, 13, 1, 0, 0, 0, 0, 0 },
        { 2001, 2, 29, 0, 0, 0, 0, 0 },   { 2000, 2, 30, 0, 0, 0, 0, 0 }, { 2001, 1, 0, 0, 0, 0, 0, 0 },
        { 2001, 1, 1, 24, 0, 0, 0, 0 },   { 2001, 1, 1, 0, 60, 0, 0, 0 }, { 2001, 1, 1, 0, 0, 60, 0, 0 },
        { 2001, 1, 1, 0, 0, 0, 1000, 0 }, { 2001, 1, 1, 0, -1, 0, 0, 0 }, { -1, 1, 1, 0, 0, 0, 0, 0 },
        { 2001, -1, 1, 0, 0, 0, 0, 0 },   { 30828, 1, 1, 0, 0, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAYSIZE(wrong); i++) {
        TIME_FIELDS fields = wrong[i];
        LARGE_INTEGER time = { .QuadPart = 7 };

        assert_false(RtlTimeFieldsToTime(&fields, &time));
        assert_int_equal(time.QuadPart, 7);
    }
}

static void test_IoCleanupIrp_ends_an_irp_in_the_drivers_own_memory(void **state)
{
    PIRP irp = ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeOfIrp(1), 'pri');
    PIRP allocated = IoAllocateIrp(1, FALSE);

    (void)state;
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    IoCleanupIrp(irp);
    wsk_kit_expect_report("IRP-012");
    IoCleanupIrp(irp);
    ExFreePoolWithTag(irp, 'pri');
    wsk_kit_expect_report("IRP-016");
    IoCleanupIrp(allocated);
    IoFreeIrp(allocated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_once_calls_the_routine_once_and_keeps_its_context),
        cmocka_unit_test(test_run_once_tries_again_after_a_failure),
        cmocka_unit_test(test_run_once_context_with_low_bits_is_refused),
        cmocka_unit_test(test_run_once_in_parallel_takes_the_first_that_completes),
        cmocka_unit_test(test_run_once_waiters_take_the_result_or_try_themselves),
        cmocka_unit_test(test_run_once_among_real_threads_succeeds_once),
        cmocka_unit_test(test_RtlGetVersion_fills_the_structure_that_was_asked_for),
        cmocka_unit_test(test_RtlRandomEx_repeats_with_the_seed_and_stays_in_range),
        cmocka_unit_test(test_RtlTimeToTimeFields_knows_the_calendar),
        cmocka_unit_test(test_RtlTimeFieldsToTime_counts_every_day),
        cmocka_unit_test(test_RtlTimeFieldsToTime_refuses_what_is_no_time),
        cmocka_unit_test(test_IoCleanupIrp_ends_an_irp_in_the_drivers_own_memory),
    };

    return cmocka_run_group_tests_name("nt/rtl_misc", tests, emu_setup, emu_teardown);
}
