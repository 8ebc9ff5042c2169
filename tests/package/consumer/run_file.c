/* SPDX-License-Identifier: MIT */
/* A program that runs a driver which it gets as a file. */
#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

int main(int argc, char **argv)
{
    PDRIVER_OBJECT driver;
    int result = 0;

    if (argc != 2 || wsk_emu_start(NULL) != STATUS_SUCCESS) {
        return 1;
    }
    for (int i = 0; i < 2 && result == 0; i++) {
        if (wsk_emu_driver_load_file(argv[1], NULL, &driver) != STATUS_SUCCESS) {
            result = 2;
        } else {
            wsk_emu_driver_unload(driver);
        }
    }
    return wsk_emu_stop() == 0 ? result : 3;
}
