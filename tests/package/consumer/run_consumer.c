/* SPDX-License-Identifier: MIT */
/* Runs a driver without the test kit. */
#include <stdio.h>

#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

DRIVER_INITIALIZE first_DriverEntry;

int main(void)
{
    PDRIVER_OBJECT driver;

    if (wsk_emu_start(NULL) != STATUS_SUCCESS) {
        return 1;
    }
    if (wsk_emu_driver_load(first_DriverEntry, "first", &driver) != STATUS_SUCCESS) {
        return 2;
    }
    wsk_emu_driver_unload(driver);
    printf("ran a driver on wsk_emu %s\n", wsk_emu_version());
    return wsk_emu_stop() == 0 ? 0 : 3;
}
