/* SPDX-License-Identifier: MIT */
/* The doorman's tests. */
#include <ntddk.h>

#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

DRIVER_INITIALIZE doorman_DriverEntry;
extern BOOLEAN DoorIsOpen;

static PDRIVER_OBJECT driver;

static int load(void **state)
{
    return wsk_emu_driver_load(doorman_DriverEntry, "doorman", &driver) == STATUS_SUCCESS ? 0 : -1;
}

static int unload(void **state)
{
    wsk_emu_driver_unload(driver);
    return 0;
}

static void test_open_door_lets_a_client_in(void **state)
{
    struct wsk_kit_peer *client;

    DoorIsOpen = TRUE;
    client = wsk_kit_connect(WSK_KIT_IPV4, 7000);
    wsk_kit_peer_expect_connected(client);
}

static void test_closed_door_turns_a_client_away(void **state)
{
    struct wsk_kit_peer *client;

    DoorIsOpen = FALSE;
    client = wsk_kit_connect(WSK_KIT_IPV4, 7000);
    wsk_kit_peer_expect_rejected(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_open_door_lets_a_client_in, load, unload),
        wsk_emu_unit_test_setup_teardown(test_closed_door_turns_a_client_away, load, unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
