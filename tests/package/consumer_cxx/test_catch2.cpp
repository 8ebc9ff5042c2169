/* SPDX-License-Identifier: MIT */
/* The driver's test with Catch2. */
#include <wsk_emu/catch2.hpp>

extern "C" DRIVER_INITIALIZE counter_DriverEntry;
extern "C" LONG CounterValue;

WSK_EMU_TEST_CASE("counter counts its unloads")
{
    wsk_emu::driver driver;

    CounterValue = 4;
    REQUIRE(driver.load(counter_DriverEntry, "counter") == STATUS_SUCCESS);
    driver.unload();
    CHECK(CounterValue == 5);
}
