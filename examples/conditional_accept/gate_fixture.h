/* SPDX-License-Identifier: MIT */
/* What the tests of Gate share: loading it, and clients that know what to expect. */
#ifndef GATE_FIXTURE_H
#define GATE_FIXTURE_H

#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

#include "gate.h"
#include "stream_pattern.h"

/* The driver's entry: wsk_emu_add_driver(gate ...) has given DriverEntry this name. */
DRIVER_INITIALIZE gate_DriverEntry;

/* Everybody may come in, at once. */
extern const GATE_CONFIG open_gate;
/* Everybody has to wait half a second for a yes. */
extern const GATE_CONFIG asking_gate;

/* Loads the driver and returns the port on which it listens. */
USHORT load_gate(const GATE_CONFIG *config);
void unload_gate(void);
/* Runs after each test that has passed. After one that has failed, the emulated kernel cleans up itself. */
int unload_if_loaded(void **state);
/* What the driver says of itself. */
GATE_STATUS gate_status(void);

/* A client that is in. */
struct wsk_kit_peer *connected_client(USHORT port);
/* Sends total bytes, reads while it sends, and compares what comes back. */
void expect_echo(struct wsk_kit_peer *client, size_t total);

#define TEST(function) wsk_emu_unit_test_setup_teardown(function, NULL, unload_if_loaded)
#define TEST_IN(function, config) wsk_emu_unit_test_config(function, NULL, unload_if_loaded, config)

#endif
