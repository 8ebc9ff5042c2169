/* SPDX-License-Identifier: MIT */
/* Loads a driver that counts its lines three times: check_counted.cmake looks at the counts. */
#include <stddef.h>

#include "wsk_emu/driver.h"
#include "wsk_emu/wsk_emu.h"

DRIVER_INITIALIZE twin_counted_DriverEntry;

int main(void)
{
    PDRIVER_OBJECT driver;

    if (wsk_emu_start(NULL) != STATUS_SUCCESS) {
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        if (wsk_emu_driver_load(twin_counted_DriverEntry, "counted", &driver) != STATUS_SUCCESS) {
            return 2;
        }
        wsk_emu_driver_unload(driver);
    }
    return wsk_emu_stop() == 0 ? 0 : 3;
}
