/* SPDX-License-Identifier: MIT */
/* What the tests of Gate share: loading it, and clients that know what to expect. */
#include "gate_fixture.h"

static PDRIVER_OBJECT driver;

const GATE_CONFIG open_gate = { .Admission = { .Default = GateAccept } };
const GATE_CONFIG asking_gate = { .AuthorityDelayMs = 500, .Authority = { .Default = GateAccept } };

USHORT load_gate(const GATE_CONFIG *config)
{
    GATE_STATUS status;

    GateConfig = *config;
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "gate", &driver), STATUS_SUCCESS);
    GateQueryStatus(&status);
    assert_int_not_equal(status.Port, 0);
    return status.Port;
}

void unload_gate(void)
{
    wsk_emu_driver_unload(driver);
    driver = NULL;
}

GATE_STATUS gate_status(void)
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

int unload_if_loaded(void **state)
{
    (void)state;
    unload_gate();
    return 0;
}

struct wsk_kit_peer *connected_client(USHORT port)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_peer_expect_connected(client);
    return client;
}

void expect_echo(struct wsk_kit_peer *client, size_t total)
{
    expect_passed_on(client, client, total);
}
