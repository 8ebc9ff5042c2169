/* SPDX-License-Identifier: MIT */
/* The timer of a device: once a second, until it is stopped or the device is gone. */
#include <wdm.h>

#include "host/host_mem.h"
#include "nt/io_device.h"
#include "nt/io_timer.h"
#include "wsk_emu/cmocka.h"

static PDRIVER_OBJECT s_driver;
static PDEVICE_OBJECT s_device;
static struct wsk_kit_witness *s_calls;
static VOID (*s_in_call)(PDEVICE_OBJECT device);

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_calls = wsk_kit_witness_create("timer routine");
    s_in_call = NULL;
    s_driver = we_io_driver_create("Clock");
    return IoCreateDevice(s_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_device) == STATUS_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    if (s_device != NULL) {
        IoDeleteDevice(s_device);
    }
    we_io_driver_destroy(s_driver);
    wsk_kit_witness_destroy(s_calls);
    return 0;
}

static VOID tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    wsk_kit_witness_call(s_calls, (uintptr_t)DeviceObject, (uintptr_t)Context, 0, 0);
    if (s_in_call != NULL) {
        s_in_call(DeviceObject);
    }
}

static void initialize(void)
{
    assert_int_equal(IoInitializeTimer(s_device, tick, &s_driver), STATUS_SUCCESS);
}

static void test_IoInitializeTimer_calls_nobody_yet(void **state)
{
    UNREFERENCED_PARAMETER(state);
    initialize();
    assert_non_null(s_device->Timer);
    wsk_kit_advance_ms(5000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
}

static void test_IoInitializeTimer_needs_a_routine_and_memory(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoInitializeTimer(s_device, NULL, NULL), STATUS_INVALID_PARAMETER);
    (void)we_host_mem_fail(1);
    assert_int_equal(IoInitializeTimer(s_device, tick, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_true(we_host_mem_fail(0));
    assert_null(s_device->Timer);
    initialize();
}

static void test_IoStartTimer_calls_once_a_second_at_dispatch(void **state)
{
    struct wsk_kit_call call;
    size_t i;

    UNREFERENCED_PARAMETER(state);
    initialize();
    IoStartTimer(s_device);
    wsk_kit_advance_ms(3500);
    assert_int_equal(wsk_kit_witness_count(s_calls), 3);
    for (i = 0; i < 3; i++) {
        call = wsk_kit_witness_get(s_calls, i);
        assert_int_equal(call.now_ms, 1000 * (i + 1));
        assert_int_equal(call.irql, DISPATCH_LEVEL);
        assert_int_equal(call.values[0], (uintptr_t)s_device);
        assert_int_equal(call.values[1], (uintptr_t)&s_driver);
    }
    IoStopTimer(s_device);
}

static void test_IoStartTimer_twice_is_once(void **state)
{
    UNREFERENCED_PARAMETER(state);
    initialize();
    IoStartTimer(s_device);
    wsk_kit_advance_ms(600);
    IoStartTimer(s_device);
    wsk_kit_advance_ms(600);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    IoStopTimer(s_device);
    IoStopTimer(s_device);
    wsk_kit_advance_ms(5000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
}

static void test_IoStopTimer_then_start_begins_anew(void **state)
{
    UNREFERENCED_PARAMETER(state);
    initialize();
    IoStartTimer(s_device);
    wsk_kit_advance_ms(1500);
    IoStopTimer(s_device);
    wsk_kit_advance_ms(5000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    IoStartTimer(s_device);
    wsk_kit_advance_ms(1000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 2);
    assert_int_equal(wsk_kit_witness_get(s_calls, 1).now_ms, 7500);
}

static VOID stop_in_call(PDEVICE_OBJECT device)
{
    IoStopTimer(device);
}

static void test_IoStopTimer_in_its_routine_ends_it(void **state)
{
    UNREFERENCED_PARAMETER(state);
    initialize();
    s_in_call = stop_in_call;
    IoStartTimer(s_device);
    wsk_kit_advance_ms(5000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
}

static void test_IoDeleteDevice_ends_the_timer(void **state)
{
    UNREFERENCED_PARAMETER(state);
    initialize();
    IoStartTimer(s_device);
    wsk_kit_advance_ms(1500);
    IoDeleteDevice(s_device);
    s_device = NULL;
    wsk_kit_advance_ms(5000);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
}

static VOID end_the_devices_timer(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
    we_io_timer_delete(s_device);
}

/* Both timers expire at once; the first one's callback ends the other, whose call waits for the same processor. */
static void test_a_call_that_waits_is_taken_back_when_the_device_goes(void **state)
{
    PEX_TIMER first = ExAllocateTimer(end_the_devices_timer, NULL, 0);

    UNREFERENCED_PARAMETER(state);
    initialize();
    (void)ExSetTimer(first, -10000000, 0, NULL);
    IoStartTimer(s_device);
    wsk_kit_advance_ms(5000);
    assert_null(s_device->Timer);
    assert_int_equal(wsk_kit_witness_count(s_calls), 0);
    (void)ExDeleteTimer(first, TRUE, TRUE, NULL);
}

#define clock_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        clock_test(test_IoInitializeTimer_calls_nobody_yet),
        clock_test(test_IoInitializeTimer_needs_a_routine_and_memory),
        clock_test(test_IoStartTimer_calls_once_a_second_at_dispatch),
        clock_test(test_IoStartTimer_twice_is_once),
        clock_test(test_IoStopTimer_then_start_begins_anew),
        clock_test(test_IoStopTimer_in_its_routine_ends_it),
        clock_test(test_IoDeleteDevice_ends_the_timer),
        clock_test(test_a_call_that_waits_is_taken_back_when_the_device_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
