/* SPDX-License-Identifier: MIT */
/* Times what a test in stepped execution does most: a peer connects, one byte goes there and back, both ends close. */
#include <stdio.h>
#include <string.h>

#include "bench_host.h"
#include "echo_driver.h"

#include "wsk_emu/driver.h"
#include "wsk_emu/kit.h"
#include "wsk_emu/wsk_emu.h"

#define BATCH_COUNT 11u
#define MESSAGE_BYTES 64u

DRIVER_INITIALIZE echo_driver_DriverEntry;

static struct wsk_kit_peer *s_peer; /* of the round trips */

static void connection_run(void)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, EchoPort);

    wsk_kit_peer_send(peer, "x", 1);
    wsk_kit_peer_expect(peer, "x", 1);
    wsk_kit_peer_close(peer);
}

static void round_trip_run(void)
{
    static const char message[MESSAGE_BYTES] = "a message of 64 bytes";

    wsk_kit_peer_send(s_peer, message, sizeof(message));
    wsk_kit_peer_expect(s_peer, message, sizeof(message));
}

/* The median over batches of the time that one operation takes. */
static void measure(const char *what, void (*operation)(void), unsigned count)
{
    uint64_t samples[BATCH_COUNT];
    double operation_us;

    for (unsigned batch = 0; batch < BATCH_COUNT; batch++) {
        uint64_t begin_ns = bench_now_ns();

        for (unsigned i = 0; i < count; i++) {
            operation();
        }
        wsk_kit_run_until_idle();
        samples[batch] = bench_now_ns() - begin_ns;
    }
    operation_us = (double)bench_median(samples, BATCH_COUNT) / count / 1e3;
    printf("%-44s %10.2f us %12.0f per second\n", what, operation_us, 1e6 / operation_us);
}

static void network_run(enum wsk_emu_network network, const char *network_name, unsigned count)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    PDRIVER_OBJECT driver;
    char what[64];

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = network;
    if (!NT_SUCCESS(wsk_emu_start(&config)) ||
        !NT_SUCCESS(wsk_emu_driver_load(echo_driver_DriverEntry, "echo", &driver))) {
        bench_fail("the start of the echo driver");
    }
    (void)snprintf(what, sizeof(what), "connection, stepped, %s", network_name);
    measure(what, connection_run, count);
    s_peer = wsk_kit_connect(WSK_KIT_IPV4, EchoPort);
    (void)snprintf(what, sizeof(what), "round trip of %u bytes, stepped, %s", MESSAGE_BYTES, network_name);
    measure(what, round_trip_run, count);
    wsk_kit_peer_close(s_peer);
    wsk_emu_driver_unload(driver);
    if (wsk_emu_stop() != 0) {
        bench_fail("wsk_emu_stop: there were reports");
    }
}

int main(int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    unsigned count = 5000;
    const char *value;
    const char *name;

    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--operations") == 0) {
            count = (unsigned)bench_args_number(name, value, 1, 10000000);
        } else if (strcmp(name, "--cpu") == 0) {
            bench_pin(bench_args_number(name, value, -1, 1023));
        } else {
            fprintf(stderr, "usage: bench_step [--operations N] [--cpu K]\n");
            return 2;
        }
    }
    bench_watchdog(120);
    network_run(WSK_EMU_NETWORK_VIRTUAL, "virtual", count);
    /* Bytes take real time to arrive there, and each connection leaves a port in its waiting time. */
    network_run(WSK_EMU_NETWORK_SOCKETS, "sockets", count < 200 ? count : 200);
    return 0;
}
