/* SPDX-License-Identifier: MIT */
/* Runs a driver whose include lines are spelled as on Windows. */
#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

DRIVER_INITIALIZE spelled_DriverEntry;

int main(void)
{
    PDRIVER_OBJECT driver;

    if (wsk_emu_start(NULL) != STATUS_SUCCESS) {
        return 1;
    }
    if (wsk_emu_driver_load(spelled_DriverEntry, "spelled", &driver) != STATUS_NO_SUCH_DEVICE) {
        return 2;
    }
    return wsk_emu_stop() == 0 ? 0 : 3;
}
