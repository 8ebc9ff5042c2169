/* SPDX-License-Identifier: MIT */
/* What the tests of Proxy share: loading it, clients and targets, and streams of bytes between them. */
#ifndef PROXY_FIXTURE_H
#define PROXY_FIXTURE_H

#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

#include "proxy.h"
#include "stream_pattern.h"

/* The driver's entry: wsk_emu_add_driver(stream_proxy ...) has given DriverEntry this name. Another build of the same sources
 * has another name. */
#ifndef PROXY_ENTRY
#define PROXY_ENTRY stream_proxy_DriverEntry
#endif
DRIVER_INITIALIZE PROXY_ENTRY;

/* A configuration with this target on the loopback address, and the defaults. */
PROXY_CONFIG proxy_config(enum wsk_kit_family family, USHORT target_port);
/* Loads the driver and returns the port on which it listens. */
USHORT load_proxy(const PROXY_CONFIG *config);
void unload_proxy(void);
/* Runs after each test that has passed. After one that has failed, the emulated kernel cleans up itself. */
int unload_if_loaded(void **state);
/* What the driver says of itself. */
PROXY_STATUS proxy_status(void);

/* A client and its target, with the driver between them. */
struct proxied {
    struct wsk_kit_server *server;
    USHORT port; /* of the driver */
    struct wsk_kit_peer *client;
    struct wsk_kit_peer *target;
};

/* Loads the driver with a target that listens, and lets a client come. 0 = the default of MaxBytesInFlight. */
struct proxied proxied_start(SIZE_T max_bytes_in_flight);
/* Another client of the same driver. */
struct proxied proxied_another(const struct proxied *first);
/* Both have finished, and both have seen it. */
void proxied_finish(const struct proxied *proxied);

/* Until the driver has no session. */
void expect_no_sessions(void);

/* Real threads and real sockets, and the two pairs in between. */
extern const struct wsk_emu_config live;
extern const struct wsk_emu_config stepped_sockets;
extern const struct wsk_emu_config threads_virtual;

/* Stepped over the virtual network, each with an order of events, a way to complete and a size of indications of its own. */
#define SEED_COUNT 48
struct CMUnitTest seeded_test(const char *name, CMUnitTestFunction test, unsigned seed, CMFixtureFunction teardown);

#define TEST(function) wsk_emu_unit_test_setup_teardown(function, NULL, unload_if_loaded)
#define TEST_IN(function, config) wsk_emu_unit_test_config(function, NULL, unload_if_loaded, config)

#endif
