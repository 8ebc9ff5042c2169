/* SPDX-License-Identifier: MIT */
/* A thread that binds itself to processors, the one group and node, and the room on the stack. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

/* Where the thread is when it raises its IRQL, and below. */
static void expect_on(ULONG processor)
{
    KIRQL irql;

    assert_int_equal(KeGetCurrentProcessorNumber(), processor);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(KeGetCurrentProcessorNumber(), processor);
    KeLowerIrql(irql);
}

/* --- affinity ------------------------------------------------------------------------------------------- */

static void test_KeSetSystemAffinityThreadEx_decides_where_the_irql_is_raised(void **state)
{
    ULONG count = KeQueryActiveProcessorCount(NULL);
    ULONG round;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    assert_true(count >= 3);
    for (round = 0; round < 3; round++) {
        for (i = 0; i < count; i++) {
            assert_int_equal(KeSetSystemAffinityThreadEx((KAFFINITY)1 << i), i == 0 ? 0 : (KAFFINITY)1 << (i - 1));
            expect_on(i);
        }
        KeRevertToUserAffinityThreadEx(0);
    }
}

static void test_KeSetSystemAffinityThreadEx_nests(void **state)
{
    KAFFINITY outer;
    KAFFINITY inner;

    UNREFERENCED_PARAMETER(state);
    outer = KeSetSystemAffinityThreadEx(2);
    inner = KeSetSystemAffinityThreadEx(4);
    assert_int_equal(outer, 0);
    assert_int_equal(inner, 2);
    expect_on(2);
    KeRevertToUserAffinityThreadEx(inner);
    expect_on(1);
    KeRevertToUserAffinityThreadEx(outer);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0);
    KeRevertToUserAffinityThreadEx(0);
}

static void test_processors_that_do_not_exist_are_passed_over(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(KeSetSystemAffinityThreadEx((KAFFINITY)1 << 40), 0);
    assert_int_equal(KeSetSystemAffinityThreadEx(0), 0);
    assert_int_equal(KeSetSystemAffinityThreadEx((KAFFINITY)1 << 40 | 2), 0);
    expect_on(1);
    assert_int_equal(KeSetSystemAffinityThreadEx((KAFFINITY)1 << 40), 2); /* nothing changed */
    expect_on(1);
    KeRevertToUserAffinityThread();
    KeSetSystemAffinityThread(1);
    expect_on(0);
    KeRevertToUserAffinityThread();
}

/* At DISPATCH_LEVEL the thread stays where it is until it goes below. */
static void test_affinity_set_at_dispatch_counts_later(void **state)
{
    ULONG before;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    before = KeGetCurrentProcessorNumber();
    (void)KeSetSystemAffinityThreadEx((KAFFINITY)1 << (before == 0 ? 1 : 0));
    assert_int_equal(KeGetCurrentProcessorNumber(), before);
    KeLowerIrql(irql);
    expect_on(before == 0 ? 1 : 0);
    KeRevertToUserAffinityThreadEx(0);
}

static void test_KeSetSystemGroupAffinityThread_sets_and_reverts(void **state)
{
    GROUP_AFFINITY affinity = { 2, 0, { 0, 0, 0 } };
    GROUP_AFFINITY previous;
    GROUP_AFFINITY inner;

    UNREFERENCED_PARAMETER(state);
    memset(&previous, 0xa5, sizeof(previous));
    KeSetSystemGroupAffinityThread(&affinity, &previous);
    assert_int_equal(previous.Mask, 0);
    assert_int_equal(previous.Group, 0);
    expect_on(1);
    affinity.Mask = 1;
    KeSetSystemGroupAffinityThread(&affinity, &inner);
    assert_int_equal(inner.Mask, 2);
    expect_on(0);
    KeRevertToUserGroupAffinityThread(&inner);
    expect_on(1);
    KeRevertToUserGroupAffinityThread(&previous);
    KeSetSystemGroupAffinityThread(&affinity, NULL);
    KeRevertToUserGroupAffinityThread(&previous);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 0);
    KeRevertToUserAffinityThreadEx(0);
}

static void test_KeSetSystemGroupAffinityThread_ignores_what_is_wrong(void **state)
{
    static const GROUP_AFFINITY bad[] = {
        { 1, 1, { 0, 0, 0 } }, { 0, 0, { 0, 0, 0 } }, { (KAFFINITY)1 << 40, 0, { 0, 0, 0 } }, { 1, 0, { 0, 1, 0 } }
    };
    GROUP_AFFINITY affinity;
    GROUP_AFFINITY previous;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    (void)KeSetSystemAffinityThreadEx(4);
    for (i = 0; i < ARRAYSIZE(bad); i++) {
        affinity = bad[i];
        memset(&previous, 0xa5, sizeof(previous));
        KeSetSystemGroupAffinityThread(&affinity, &previous);
        assert_int_equal(previous.Mask, 0);
        assert_int_equal(previous.Group, 0);
        expect_on(2);
    }
    affinity = bad[0];
    KeRevertToUserGroupAffinityThread(&affinity);
    expect_on(2);
    KeRevertToUserAffinityThreadEx(0);
}

static VOID bound_thread(PVOID context)
{
    ULONG processor = (ULONG)(ULONG_PTR)context;
    ULONG i;
    KIRQL irql;

    (void)KeSetSystemAffinityThreadEx((KAFFINITY)1 << processor);
    for (i = 0; i < 200; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        if (KeGetCurrentProcessorNumber() != processor) {
            KeBugCheck(MANUALLY_INITIATED_CRASH);
        }
        KeLowerIrql(irql);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* More threads than processors, two of them for each: all wait for their own. */
static void test_threads_wait_for_their_own_processor(void **state)
{
    HANDLE threads[6];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(threads); i++) {
        assert_int_equal(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, bound_thread,
                                              (PVOID)(ULONG_PTR)(i % 3)),
                         STATUS_SUCCESS);
    }
    for (i = 0; i < ARRAYSIZE(threads); i++) {
        assert_int_equal(ZwWaitForSingleObject(threads[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(threads[i]);
    }
}

/* --- groups and nodes ------------------------------------------------------------------------------------- */

static void test_there_is_one_group_and_one_node(void **state)
{
    GROUP_AFFINITY affinity;
    USHORT count = 99;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(KeQueryGroupAffinity(0), 7);
    assert_int_equal(KeQueryGroupAffinity(1), 0);
    assert_int_equal(KeQueryHighestNodeNumber(), 0);
    assert_int_equal(KeGetCurrentNodeNumber(), 0);
    KeQueryNodeActiveAffinity(0, &affinity, &count);
    assert_int_equal(affinity.Mask, 7);
    assert_int_equal(affinity.Group, 0);
    assert_int_equal(count, 3);
    KeQueryNodeActiveAffinity(1, &affinity, &count);
    assert_int_equal(affinity.Mask, 0);
    assert_int_equal(count, 0);
    KeQueryNodeActiveAffinity(0, NULL, NULL);
    assert_int_equal(KeQueryNodeMaximumProcessorCount(0), 3);
    assert_int_equal(KeQueryNodeMaximumProcessorCount(1), 0);
}

/* --- the stack ---------------------------------------------------------------------------------------------- */

static void test_IoGetStackLimits_lie_around_this_frame(void **state)
{
    ULONG_PTR low;
    ULONG_PTR high;
    ULONG_PTR here = (ULONG_PTR)__builtin_frame_address(0);

    UNREFERENCED_PARAMETER(state);
    IoGetStackLimits(&low, &high);
    assert_true(low < here && here < high);
    assert_true(IoGetRemainingStackSize() < here - low);
    assert_true(IoGetRemainingStackSize() > MAXIMUM_EXPANSION_SIZE);
}

static ULONG s_call_count;

static VOID NTAPI callout(PVOID parameter)
{
    assert_ptr_equal(parameter, &s_call_count);
    s_call_count++;
}

static void test_KeExpandKernelStackAndCallout_calls_with_room(void **state)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    assert_int_equal(KeExpandKernelStackAndCallout(callout, &s_call_count, MAXIMUM_EXPANSION_SIZE), STATUS_SUCCESS);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &s_call_count, 4096, TRUE, NULL), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &s_call_count, 4096, FALSE, NULL), STATUS_SUCCESS);
    wsk_kit_expect_report("IRQL-001");
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &s_call_count, 4096, TRUE, NULL), STATUS_SUCCESS);
    KeLowerIrql(irql);
    assert_int_equal(s_call_count, 4);
    assert_int_equal(KeExpandKernelStackAndCallout(callout, &s_call_count, MAXIMUM_EXPANSION_SIZE + 1),
                     STATUS_INVALID_PARAMETER_3);
    assert_int_equal(KeExpandKernelStackAndCallout(NULL, NULL, 1), STATUS_INVALID_PARAMETER_1);
    assert_int_equal(KeExpandKernelStackAndCalloutEx(callout, &s_call_count, 1, FALSE, &irql),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(s_call_count, 4);
}

static const struct wsk_emu_config s_stepped = { .size = sizeof(s_stepped),
                                                 .execution = WSK_EMU_EXECUTION_STEPPED,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .processors = 3 };
static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .processors = 3 };

#define affinity_test(f) \
    wsk_emu_unit_test_config(f, NULL, NULL, &s_stepped), wsk_emu_unit_test_config(f, NULL, NULL, &s_threads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        affinity_test(test_KeSetSystemAffinityThreadEx_decides_where_the_irql_is_raised),
        affinity_test(test_KeSetSystemAffinityThreadEx_nests),
        affinity_test(test_processors_that_do_not_exist_are_passed_over),
        affinity_test(test_affinity_set_at_dispatch_counts_later),
        affinity_test(test_KeSetSystemGroupAffinityThread_sets_and_reverts),
        affinity_test(test_KeSetSystemGroupAffinityThread_ignores_what_is_wrong),
        affinity_test(test_threads_wait_for_their_own_processor),
        affinity_test(test_there_is_one_group_and_one_node),
        affinity_test(test_IoGetStackLimits_lie_around_this_frame),
        affinity_test(test_KeExpandKernelStackAndCallout_calls_with_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
