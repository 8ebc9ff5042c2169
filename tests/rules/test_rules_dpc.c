/* SPDX-License-Identifier: MIT */
/* Rules about timers and DPCs. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

static VOID NTAPI dpc_sets(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    (void)KeSetEvent((PKEVENT)context, IO_NO_INCREMENT, FALSE);
}

/* --- DPC-001, DPC-002, DPC-004, DPC-011, DPC-012 --------------------------------------------------------------------- */

struct timed {
    KTIMER timer;
    KDPC dpc;
    KEVENT event;
};

static struct timed *timed_create(void)
{
    struct timed *timed = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*timed), 'emiT');

    assert_non_null(timed);
    KeInitializeTimer(&timed->timer);
    KeInitializeEvent(&timed->event, NotificationEvent, FALSE);
    KeInitializeDpc(&timed->dpc, dpc_sets, &timed->event);
    return timed;
}

static void test_dpc_001_breach_timer_freed_while_set(void **state)
{
    struct timed *timed = timed_create();

    (void)state;
    (void)KeSetTimer(&timed->timer, relative_ms(1000), NULL);
    wsk_kit_expect_report("DPC-001");
    ExFreePoolWithTag(timed, 'emiT');
    assert_int_equal(wsk_kit_report_count("DPC-001"), 1);
}

static void test_dpc_001_near_miss_timer_cancelled_first(void **state)
{
    struct timed *timed = timed_create();

    (void)state;
    (void)KeSetTimer(&timed->timer, relative_ms(1000), NULL);
    assert_true(KeCancelTimer(&timed->timer));
    ExFreePoolWithTag(timed, 'emiT');
}

static void test_dpc_002_breach_dpc_freed_while_queued(void **state)
{
    struct timed *timed = timed_create();
    KIRQL old;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&timed->dpc, NULL, NULL));
    wsk_kit_expect_report("DPC-002");
    ExFreePoolWithTag(timed, 'emiT');
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("DPC-002"), 1);
}

static void test_dpc_002_near_miss_dpc_flushed_first(void **state)
{
    struct timed *timed = timed_create();

    (void)state;
    assert_true(KeInsertQueueDpc(&timed->dpc, NULL, NULL));
    KeFlushQueuedDpcs();
    assert_int_equal(KeReadStateEvent(&timed->event), 1);
    ExFreePoolWithTag(timed, 'emiT');
}

static KTIMER s_timer;

static void test_dpc_004_breach_timer_set_at_the_end(void **state)
{
    (void)state;
    KeInitializeTimer(&s_timer);
    (void)KeSetTimer(&s_timer, relative_ms(1000), NULL);
    wsk_kit_expect_report("DPC-004"); /* comes when the emulated kernel stops */
}

static void test_dpc_004_near_miss_timer_expired_at_the_end(void **state)
{
    (void)state;
    KeInitializeTimer(&s_timer);
    (void)KeSetTimer(&s_timer, relative_ms(1000), NULL);
    wsk_kit_advance_ms(1000);
    assert_true(KeReadStateTimer(&s_timer));
}

static void test_dpc_011_breach_initialised_while_queued(void **state)
{
    KEVENT event;
    KDPC dpc;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, dpc_sets, &event);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    wsk_kit_expect_report("DPC-011");
    KeInitializeDpc(&dpc, dpc_sets, &event);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("DPC-011"), 1);
}

static void test_dpc_011_near_miss_initialised_after_it_ran(void **state)
{
    KEVENT event;
    KDPC dpc;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, dpc_sets, &event);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeInitializeDpc(&dpc, dpc_sets, &event);
    assert_int_equal(KeReadStateEvent(&event), 1);
}

static void test_dpc_012_breach_timer_with_blank_dpc(void **state)
{
    KTIMER timer;
    KDPC dpc;

    (void)state;
    RtlZeroMemory(&dpc, sizeof(dpc));
    KeInitializeTimer(&timer);
    wsk_kit_expect_report("DPC-012");
    (void)KeSetTimer(&timer, relative_ms(1), &dpc);
    assert_int_equal(wsk_kit_report_count("DPC-012"), 1);
}

static void test_dpc_012_near_miss_timer_without_dpc(void **state)
{
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, relative_ms(1), NULL);
    assert_int_equal(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_dpc_001_breach_timer_freed_while_set),
        wsk_emu_unit_test(test_dpc_001_near_miss_timer_cancelled_first),
        wsk_emu_unit_test(test_dpc_002_breach_dpc_freed_while_queued),
        wsk_emu_unit_test(test_dpc_002_near_miss_dpc_flushed_first),
        wsk_emu_unit_test(test_dpc_004_breach_timer_set_at_the_end),
        wsk_emu_unit_test(test_dpc_004_near_miss_timer_expired_at_the_end),
        wsk_emu_unit_test(test_dpc_011_breach_initialised_while_queued),
        wsk_emu_unit_test(test_dpc_011_near_miss_initialised_after_it_ran),
        wsk_emu_unit_test(test_dpc_012_breach_timer_with_blank_dpc),
        wsk_emu_unit_test(test_dpc_012_near_miss_timer_without_dpc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
