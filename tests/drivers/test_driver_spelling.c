/* SPDX-License-Identifier: MIT */
/* A driver whose include lines are spelled as on Windows compiles as it is, and each of them has found the right file. */
#include <ntddk.h>

#include "drivers/spelling/driver.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE spelled_DriverEntry;

static void test_include_lines_of_windows_find_the_files_they_mean(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(spelled_DriverEntry, "spelled", &driver), STATUS_SUCCESS);
    assert_int_equal(Spelled.Control, 10);
    assert_int_equal(Spelled.Data, 20);
    assert_int_equal(Spelled.Shared, 30);
    assert_int_equal(Spelled.Outer, 40);
    wsk_emu_driver_unload(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_include_lines_of_windows_find_the_files_they_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
