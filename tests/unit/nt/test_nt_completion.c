/* SPDX-License-Identifier: MIT */
/* Finished IRPs on a processor's queue: when they complete, in which order, and who completes what was left behind. */
#include <wdm.h>

#include "nt/io_irp.h"
#include "nt/ke_cpu.h"
#include "nt/nt_completion.h"
#include "wsk_emu/cmocka.h"

#define IRP_COUNT 8
#define MANY_COUNT 3000 /* more than one drain completes */

static unsigned s_completed[MANY_COUNT]; /* numbers of IRPs, in the order of their completion */
static unsigned s_completed_count;
static KIRQL s_lowest_irql;

static NTSTATUS completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    assert_true(s_completed_count < MANY_COUNT);
    s_completed[s_completed_count++] = (unsigned)(ULONG_PTR)Context;
    if (KeGetCurrentIrql() < s_lowest_irql) {
        s_lowest_irql = KeGetCurrentIrql();
    }
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Takes new IRPs as the provider does and finishes them; the caller is at DISPATCH_LEVEL. */
static void irps_finish(unsigned first, unsigned count)
{
    struct we_nt_completions completions;
    unsigned i;

    we_nt_completions_init(&completions);
    for (i = first; i < first + count; i++) {
        PIRP irp = IoAllocateIrp(1, FALSE);

        assert_non_null(irp);
        IoSetCompletionRoutine(irp, completed, (PVOID)(ULONG_PTR)i, TRUE, TRUE, TRUE);
        assert_int_equal(we_io_irp_take(irp, "test"), STATUS_SUCCESS);
        we_nt_completions_add(&completions, irp, STATUS_SUCCESS, 0);
    }
    we_nt_completions_run(&completions);
}

static void expect_completed(unsigned count)
{
    unsigned i;

    assert_int_equal(s_completed_count, count);
    for (i = 0; i < count; i++) {
        assert_int_equal(s_completed[i], i);
    }
    assert_int_equal(s_lowest_irql, DISPATCH_LEVEL);
}

static int setup(void **state)
{
    s_completed_count = 0;
    s_lowest_irql = HIGH_LEVEL;
    UNREFERENCED_PARAMETER(state);
    return 0;
}

static void test_finished_irps_complete_in_order_when_the_irql_drops(void **state)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    irps_finish(0, IRP_COUNT / 2);
    irps_finish(IRP_COUNT / 2, IRP_COUNT / 2);
    assert_int_equal(s_completed_count, 0);
    KeLowerIrql(irql);
    expect_completed(IRP_COUNT);
}

static void test_finished_irps_left_by_their_owner_complete_on_the_processors_own_run(void **state)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    irps_finish(0, IRP_COUNT);
    we_nt_thread_recover(); /* as after a longjmp: the processor is given up as it is */
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(s_completed_count, 0);
    wsk_kit_run_until_idle();
    expect_completed(IRP_COUNT);
}

static void test_finished_irps_beyond_one_drain_complete_later(void **state)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    irps_finish(0, MANY_COUNT);
    KeLowerIrql(irql);
    /* The thread that lowers its IRQL is not kept for ever. */
    assert_in_range(s_completed_count, 1, MANY_COUNT - 1);
    wsk_kit_run_until_idle();
    expect_completed(MANY_COUNT);
}

#define completion_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        completion_test(test_finished_irps_complete_in_order_when_the_irql_drops),
        completion_test(test_finished_irps_left_by_their_owner_complete_on_the_processors_own_run),
        completion_test(test_finished_irps_beyond_one_drain_complete_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
