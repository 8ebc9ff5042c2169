/* SPDX-License-Identifier: MIT */
/* What the tests of Proxy share: loading it, clients and targets, and streams of bytes between them. */
#include "proxy_fixture.h"

#include <stdio.h>

static PDRIVER_OBJECT s_driver;

/* --- the driver ---------------------------------------------------------------------------------------- */

PROXY_CONFIG proxy_config(enum wsk_kit_family family, USHORT target_port)
{
    PROXY_CONFIG config = { 0 };
    PSOCKADDR_IN ipv4 = (PSOCKADDR_IN)&config.TargetAddress;
    PSOCKADDR_IN6 ipv6 = (PSOCKADDR_IN6)&config.TargetAddress;

    if (family == WSK_KIT_IPV4) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = RtlUshortByteSwap(target_port);
        ipv4->sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    } else {
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = RtlUshortByteSwap(target_port);
        ipv6->sin6_addr.s6_addr[15] = 1;
    }
    return config;
}

USHORT load_proxy(const PROXY_CONFIG *config)
{
    ProxyConfig = *config;
    assert_int_equal(wsk_emu_driver_load(PROXY_ENTRY, "stream_proxy", &s_driver), STATUS_SUCCESS);
    assert_int_not_equal(proxy_status().Port, 0);
    return proxy_status().Port;
}

void unload_proxy(void)
{
    wsk_emu_driver_unload(s_driver);
    s_driver = NULL;
}

int unload_if_loaded(void **state)
{
    (void)state;
    unload_proxy();
    return 0;
}

PROXY_STATUS proxy_status(void)
{
    PROXY_STATUS status;

    ProxyQueryStatus(&status);
    return status;
}

static bool has_no_sessions(void *context)
{
    (void)context;
    return proxy_status().SessionsNow == 0;
}

void expect_no_sessions(void)
{
    wsk_kit_wait_for(has_no_sessions, NULL, "the end of all sessions");
}

/* --- clients and targets ------------------------------------------------------------------------------- */

struct proxied proxied_start(SIZE_T max_bytes_in_flight)
{
    struct proxied proxied = { .server = wsk_kit_listen(WSK_KIT_IPV4) };
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, wsk_kit_server_port(proxied.server));

    config.MaxBytesInFlight = max_bytes_in_flight;
    proxied.port = load_proxy(&config);
    return proxied_another(&proxied);
}

struct proxied proxied_another(const struct proxied *first)
{
    struct proxied proxied = *first;

    proxied.client = wsk_kit_connect(WSK_KIT_IPV4, proxied.port);
    proxied.target = wsk_kit_server_accept(proxied.server);
    wsk_kit_peer_expect_connected(proxied.client);
    return proxied;
}

void proxied_finish(const struct proxied *proxied)
{
    wsk_kit_peer_end(proxied->client);
    wsk_kit_peer_expect_end(proxied->target);
    wsk_kit_peer_end(proxied->target);
    wsk_kit_peer_expect_end(proxied->client);
}

/* --- ways to run --------------------------------------------------------------------------------------- */

const struct wsk_emu_config live = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_SOCKETS,
};
const struct wsk_emu_config stepped_sockets = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_SOCKETS,
};
const struct wsk_emu_config threads_virtual = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
};

struct CMUnitTest seeded_test(const char *name, CMUnitTestFunction test, unsigned seed, CMFixtureFunction teardown)
{
    /* 0 = as they come, which is up to 64 KiB in one piece; else lists of up to eight elements. */
    static const unsigned cuts_bytes[] = { 0, 700, 1461, 4096, 30000 };
    static struct {
        char name[96];
        struct wsk_emu_config config;
        struct wsk_kit_test test;
    } made[4 * SEED_COUNT];
    static size_t made_count;
    size_t index = made_count++;

    assert_in_range(index, 0, sizeof(made) / sizeof(made[0]) - 1);
    snprintf(made[index].name, sizeof(made[index].name), "%s (seed %u)", name, seed);
    made[index].config.size = sizeof(struct wsk_emu_config);
    made[index].config.execution = WSK_EMU_EXECUTION_STEPPED;
    made[index].config.network = WSK_EMU_NETWORK_VIRTUAL;
    made[index].config.completion = seed % 4 == 0 ? WSK_EMU_COMPLETION_DEFERRED : WSK_EMU_COMPLETION_MIXED;
    made[index].config.seed = seed;
    made[index].config.indication_max_bytes = cuts_bytes[seed % (sizeof(cuts_bytes) / sizeof(cuts_bytes[0]))];
    made[index].test.test = test;
    made[index].test.teardown = teardown;
    made[index].test.config = &made[index].config;
    return (struct CMUnitTest){ made[index].name, wsk_kit_cmocka_run, wsk_kit_cmocka_setup, wsk_kit_cmocka_teardown,
                                &made[index].test };
}
