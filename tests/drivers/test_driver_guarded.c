/* SPDX-License-Identifier: MIT */
/* A driver with guarded blocks, built as it is: its handlers see the variables as its bodies left them, also in builds
 * with optimization. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE guarded_DriverEntry;

NTSTATUS GuardedLock(PVOID Buffer, SIZE_T Length, ULONG *Steps);
NTSTATUS GuardedCall(VOID (*Callback)(VOID), ULONG *Steps);

static PDRIVER_OBJECT s_driver;

static int load(void **state)
{
    (void)state;
    return wsk_emu_driver_load(guarded_DriverEntry, "guarded", &s_driver) == STATUS_SUCCESS ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    wsk_emu_driver_unload(s_driver);
    return 0;
}

static VOID quiet(VOID)
{
}

static VOID loud(VOID)
{
    ExRaiseStatus(STATUS_DEVICE_NOT_READY);
}

static void test_handler_sees_what_the_body_has_changed(void **state)
{
    UCHAR bytes[32];
    ULONG steps;

    (void)state;
    assert_int_equal(GuardedLock(bytes, sizeof(bytes), &steps), STATUS_SUCCESS);
    assert_int_equal(steps, 3);
    assert_int_equal(GuardedLock(NULL, sizeof(bytes), &steps), STATUS_ACCESS_VIOLATION);
    assert_int_equal(steps, 12);
}

static void test_termination_block_sees_what_the_body_has_changed(void **state)
{
    ULONG steps;

    (void)state;
    assert_int_equal(GuardedCall(quiet, &steps), STATUS_SUCCESS);
    assert_int_equal(steps, 202);
    assert_int_equal(GuardedCall(loud, &steps), STATUS_DEVICE_NOT_READY);
    assert_int_equal(steps, 111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_handler_sees_what_the_body_has_changed, load, unload),
        wsk_emu_unit_test_setup_teardown(test_termination_block_sees_what_the_body_has_changed, load, unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
