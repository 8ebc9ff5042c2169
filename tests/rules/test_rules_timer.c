/* SPDX-License-Identifier: MIT */
/* Rules about the times that timers are given, about timers of ExAllocateTimer, and about those of devices. */
#include <wdm.h>

#include "nt/io_device.h"
#include "wsk_emu/cmocka.h"

#define MS 10000LL

static void advance(unsigned milliseconds)
{
    wsk_kit_advance_ms(milliseconds);
}

/* --- DPC-016, DPC-017 ------------------------------------------------------------------------------- */

static void set_and_cancel(LONGLONG due_time, LONG period_ms)
{
    LARGE_INTEGER due = { .QuadPart = due_time };
    KTIMER timer;

    KeInitializeTimer(&timer);
    (void)KeSetTimerEx(&timer, due, period_ms, NULL);
    (void)KeCancelTimer(&timer);
}

static void test_dpc_016_breach_negative_period(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-016");
    set_and_cancel(-5 * MS, -500);
}

static void test_dpc_016_breach_milliseconds_given_in_100_ns(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-016");
    set_and_cancel(-5 * MS, 86400001);
}

static void test_dpc_016_breach_100_ns_given_in_milliseconds(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    static const LONGLONG bad[] = { 500, 9999, -1, (LONGLONG)MAXLONG + 1 };
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(bad); i++) {
        wsk_kit_expect_report("DPC-016");
        (void)ExSetTimer(timer, -5 * MS, bad[i], NULL);
    }
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void test_dpc_016_near_miss_a_day_and_a_millisecond(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    set_and_cancel(-5 * MS, 86400000);
    set_and_cancel(-5 * MS, 0);
    (void)ExSetTimer(timer, -5 * MS, 10000, NULL);
    (void)ExSetTimer(timer, -5 * MS, MAXLONG, NULL);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void test_dpc_017_breach_missing_minus_sign(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-017");
    set_and_cancel(5 * MS, 0);
    wsk_kit_expect_report("DPC-017");
    (void)ExSetTimer(timer, 5 * MS, 0, NULL);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void test_dpc_017_near_miss_at_once_and_a_date(void **state)
{
    LARGE_INTEGER now;

    UNREFERENCED_PARAMETER(state);
    KeQuerySystemTime(&now);
    set_and_cancel(0, 0);
    set_and_cancel(now.QuadPart + 5 * MS, 0);
    set_and_cancel(now.QuadPart - 5 * MS, 0);
}

/* --- DPC-020 ------------------------------------------------------------------------------------------- */

static void test_dpc_020_breach_attributes_that_exclude_each_other(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-020");
    assert_null(ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE));
}

static void test_dpc_020_breach_attribute_that_does_not_exist(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-020");
    assert_null(ExAllocateTimer(NULL, NULL, 1));
}

static void test_dpc_020_breach_high_resolution_at_a_date(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);
    LARGE_INTEGER now;

    UNREFERENCED_PARAMETER(state);
    KeQuerySystemTime(&now);
    wsk_kit_expect_report("DPC-020");
    assert_false(ExSetTimer(timer, now.QuadPart + 5 * MS, 0, NULL));
    wsk_kit_expect_report("DPC-020");
    assert_false(ExSetTimer(timer, 0, 0, NULL));
    assert_false(ExCancelTimer(timer, NULL)); /* it was not set */
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
}

static void test_dpc_020_near_miss_each_attribute_alone(void **state)
{
    static const ULONG good[] = { 0, EX_TIMER_HIGH_RESOLUTION, EX_TIMER_NO_WAKE, EX_TIMER_NOTIFICATION,
                                  EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NOTIFICATION };
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(good); i++) {
        PEX_TIMER timer = ExAllocateTimer(NULL, NULL, good[i]);

        assert_non_null(timer);
        (void)ExSetTimer(timer, -5 * MS, 0, NULL);
        (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
    }
}

/* --- DPC-021 -------------------------------------------------------------------------------------------- */

static ULONG s_call_count;
static ULONG s_delete_count;
static PEX_TIMER s_timer;

static VOID counts_deletes(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    s_delete_count++;
    assert_false(ExCancelTimer(s_timer, NULL)); /* allowed here, without effect */
}

static VOID waits_for_itself(PEX_TIMER Timer, PVOID Context)
{
    EXT_DELETE_PARAMETERS parameters;

    UNREFERENCED_PARAMETER(Context);
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = counts_deletes;
    s_timer = Timer;
    s_call_count++;
    (void)ExDeleteTimer(Timer, TRUE, TRUE, &parameters);
}

static void test_dpc_021_breach_waits_in_its_own_callback(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(waits_for_itself, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    s_delete_count = 0;
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    wsk_kit_expect_report("DPC-021");
    advance(5);
    assert_int_equal(s_call_count, 1);
    assert_int_equal(s_delete_count, 1);
}

static void test_dpc_021_breach_waits_without_cancelling(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    wsk_kit_expect_report("DPC-021");
    assert_false(ExDeleteTimer(timer, FALSE, TRUE, NULL));
}

static void test_dpc_021_breach_waits_at_dispatch_level(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wsk_kit_expect_report("DPC-021");
    assert_true(ExDeleteTimer(timer, TRUE, TRUE, NULL));
    KeLowerIrql(irql);
}

static void test_dpc_021_breach_used_after_it_was_deleted(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
    wsk_kit_expect_report("DPC-021");
    assert_false(ExSetTimer(timer, -5 * MS, 0, NULL));
    wsk_kit_expect_report("DPC-021");
    assert_false(ExCancelTimer(timer, NULL));
    wsk_kit_expect_report("DPC-021");
    assert_false(ExDeleteTimer(timer, TRUE, TRUE, NULL));
    wsk_kit_expect_report("DPC-021");
    assert_false(ExCancelTimer(NULL, NULL));
}

static void test_dpc_021_breach_used_while_it_ends(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    (void)ExDeleteTimer(timer, FALSE, FALSE, NULL); /* alive until it has expired */
    wsk_kit_expect_report("DPC-021");
    assert_false(ExSetTimer(timer, -50 * MS, 0, NULL));
    advance(5);
}

static void test_dpc_021_breach_never_deleted(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    (void)ExSetTimer(timer, -5 * MS, 0, NULL);
    wsk_kit_expect_report("DPC-021"); /* comes when the emulated kernel stops */
}

static VOID waiter(PVOID Context)
{
    assert_int_equal(KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_dpc_021_breach_deleted_while_threads_wait(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    HANDLE handles[2];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < 2; i++) {
        assert_int_equal(PsCreateSystemThread(&handles[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, waiter, timer),
                         STATUS_SUCCESS);
    }
    wsk_kit_run_until_idle();
    wsk_kit_expect_report("DPC-021");
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ZwWaitForSingleObject(handles[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(handles[i]);
    }
}

static VOID deletes_itself(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    s_call_count++;
    (void)ExDeleteTimer(Timer, TRUE, FALSE, NULL);
    assert_false(ExSetTimer(Timer, -5 * MS, 0, NULL));
}

static void test_dpc_021_near_miss_deleted_in_its_callback_without_waiting(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(deletes_itself, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    (void)ExSetTimer(timer, -5 * MS, 5 * MS, NULL);
    advance(100);
    assert_int_equal(s_call_count, 1);
}

static void test_dpc_021_near_miss_waits_at_apc_level(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(APC_LEVEL, &irql);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
    KeLowerIrql(irql);
}

/* --- DPC-022 --------------------------------------------------------------------------------------------- */

static VOID never_called(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    s_delete_count++;
}

static void test_dpc_022_breach_parameters_as_they_lay_on_the_stack(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    EXT_SET_PARAMETERS set;
    EXT_DELETE_PARAMETERS delete;

    UNREFERENCED_PARAMETER(state);
    s_delete_count = 0;
    RtlFillMemory(&set, sizeof(set), 0xa5);
    RtlFillMemory(&delete, sizeof(delete), 0xa5);
    delete.DeleteCallback = never_called;
    wsk_kit_expect_report("DPC-022");
    assert_false(ExSetTimer(timer, -5 * MS, 0, &set));
    wsk_kit_expect_report("DPC-022");
    assert_true(ExCancelTimer(timer, (PEXT_CANCEL_PARAMETERS)(PVOID)&set));
    wsk_kit_expect_report("DPC-022");
    (void)ExDeleteTimer(timer, TRUE, TRUE, &delete);
    assert_int_equal(s_delete_count, 0);
}

static void test_dpc_022_near_miss_prepared_parameters(void **state)
{
    PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
    EXT_SET_PARAMETERS set;
    EXT_DELETE_PARAMETERS delete;

    UNREFERENCED_PARAMETER(state);
    s_delete_count = 0;
    RtlFillMemory(&set, sizeof(set), 0xa5);
    RtlFillMemory(&delete, sizeof(delete), 0xa5);
    ExInitializeSetTimerParameters(&set);
    ExInitializeDeleteTimerParameters(&delete);
    delete.DeleteCallback = never_called;
    assert_false(ExSetTimer(timer, -5 * MS, 0, &set));
    assert_true(ExDeleteTimer(timer, TRUE, TRUE, &delete));
    assert_int_equal(s_delete_count, 1);
}

/* --- DPC-024 ---------------------------------------------------------------------------------------------- */

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;

static int device_setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_driver = we_io_driver_create("Clock");
    return IoCreateDevice(s_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_device) == STATUS_SUCCESS ? 0 : -1;
}

static int device_teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    we_io_driver_destroy(s_driver);
    return 0;
}

static VOID tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    s_call_count++;
}

static VOID other_tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    fail();
}

static void test_dpc_024_breach_initialised_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    assert_int_equal(IoInitializeTimer(s_device, tick, NULL), STATUS_SUCCESS);
    wsk_kit_expect_report("DPC-024");
    assert_int_equal(IoInitializeTimer(s_device, other_tick, NULL), STATUS_INVALID_DEVICE_REQUEST);
    IoStartTimer(s_device);
    advance(1000);
    assert_int_equal(s_call_count, 1);
    IoDeleteDevice(s_device);
}

static void test_dpc_024_breach_never_initialised(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("DPC-024");
    IoStartTimer(s_device);
    wsk_kit_expect_report("DPC-024");
    IoStopTimer(s_device);
    IoDeleteDevice(s_device);
}

static void test_dpc_024_breach_stopped_after_the_device_was_deleted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoInitializeTimer(s_device, tick, NULL), STATUS_SUCCESS);
    IoStartTimer(s_device);
    IoDeleteDevice(s_device);
    wsk_kit_expect_report("DPC-024");
    IoStopTimer(s_device);
    wsk_kit_expect_report("DPC-024");
    IoStartTimer(s_device);
    wsk_kit_expect_report("DPC-024");
    assert_int_equal(IoInitializeTimer(NULL, tick, NULL), STATUS_INVALID_PARAMETER);
}

static void test_dpc_024_near_miss_stopped_then_deleted(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    assert_int_equal(IoInitializeTimer(s_device, tick, NULL), STATUS_SUCCESS);
    IoStopTimer(s_device); /* not started yet: nothing to do */
    IoStartTimer(s_device);
    advance(1500);
    IoStopTimer(s_device);
    IoDeleteDevice(s_device);
    assert_int_equal(s_call_count, 1);
}

#define device_test(f) wsk_emu_unit_test_setup_teardown(f, device_setup, device_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_dpc_016_breach_negative_period),
        wsk_emu_unit_test(test_dpc_016_breach_milliseconds_given_in_100_ns),
        wsk_emu_unit_test(test_dpc_016_breach_100_ns_given_in_milliseconds),
        wsk_emu_unit_test(test_dpc_016_near_miss_a_day_and_a_millisecond),
        wsk_emu_unit_test(test_dpc_017_breach_missing_minus_sign),
        wsk_emu_unit_test(test_dpc_017_near_miss_at_once_and_a_date),
        wsk_emu_unit_test(test_dpc_020_breach_attributes_that_exclude_each_other),
        wsk_emu_unit_test(test_dpc_020_breach_attribute_that_does_not_exist),
        wsk_emu_unit_test(test_dpc_020_breach_high_resolution_at_a_date),
        wsk_emu_unit_test(test_dpc_020_near_miss_each_attribute_alone),
        wsk_emu_unit_test(test_dpc_021_breach_waits_in_its_own_callback),
        wsk_emu_unit_test(test_dpc_021_breach_waits_without_cancelling),
        wsk_emu_unit_test(test_dpc_021_breach_waits_at_dispatch_level),
        wsk_emu_unit_test(test_dpc_021_breach_used_after_it_was_deleted),
        wsk_emu_unit_test(test_dpc_021_breach_used_while_it_ends),
        wsk_emu_unit_test(test_dpc_021_breach_never_deleted),
        wsk_emu_unit_test(test_dpc_021_breach_deleted_while_threads_wait),
        wsk_emu_unit_test(test_dpc_021_near_miss_deleted_in_its_callback_without_waiting),
        wsk_emu_unit_test(test_dpc_021_near_miss_waits_at_apc_level),
        wsk_emu_unit_test(test_dpc_022_breach_parameters_as_they_lay_on_the_stack),
        wsk_emu_unit_test(test_dpc_022_near_miss_prepared_parameters),
        device_test(test_dpc_024_breach_initialised_twice),
        device_test(test_dpc_024_breach_never_initialised),
        device_test(test_dpc_024_breach_stopped_after_the_device_was_deleted),
        device_test(test_dpc_024_near_miss_stopped_then_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
