/* SPDX-License-Identifier: MIT */
/* Loads two drivers that were built from the same source into one emulated kernel. */
#include <ntddk.h>

#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

DRIVER_INITIALIZE first_DriverEntry;
DRIVER_INITIALIZE second_DriverEntry;

static void test_load_two_drivers_each_has_its_own_state(void **state)
{
    PDRIVER_OBJECT first;
    PDRIVER_OBJECT second;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(first_DriverEntry, "first", &first), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(second_DriverEntry, "second", &second), STATUS_SUCCESS);
    assert_ptr_not_equal(first, second);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 2);
    wsk_emu_driver_unload(first);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 1);
    wsk_emu_driver_unload(second);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_load_two_drivers_each_has_its_own_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
