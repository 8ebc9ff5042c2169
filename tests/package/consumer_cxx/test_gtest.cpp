/* SPDX-License-Identifier: MIT */
/* The driver's test with GoogleTest. */
#include <wsk_emu/gtest.hpp>

extern "C" DRIVER_INITIALIZE counter_DriverEntry;
extern "C" LONG CounterValue;

WSK_EMU_TEST(Counter, CountsItsUnloads)
{
    wsk_emu::driver driver;

    CounterValue = 4;
    WSK_EMU_ASSERT_STATUS(driver.load(counter_DriverEntry, "counter"), STATUS_SUCCESS);
    driver.unload();
    EXPECT_EQ(CounterValue, 5);
}
