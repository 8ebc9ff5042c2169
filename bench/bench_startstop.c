/* SPDX-License-Identifier: MIT */
/* Times the start and stop of an emulated kernel: what every test pays that wants a fresh one. */
#include <stdio.h>
#include <string.h>

#include "bench_host.h"
#include "echo_driver.h"

#include "wsk_emu/driver.h"
#include "wsk_emu/wsk_emu.h"

#define ROUNDS_MAX 10000

DRIVER_INITIALIZE echo_driver_DriverEntry;

static uint64_t s_samples[ROUNDS_MAX];

struct variant {
    const char *name;
    enum wsk_emu_execution execution;
    enum wsk_emu_network network;
    bool has_driver; /* the echo driver is loaded and unloaded in between */
};

static const struct variant variants[] = {
    { "stepped, virtual", WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL, false },
    { "stepped, sockets", WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_SOCKETS, false },
    { "threads, virtual", WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_VIRTUAL, false },
    { "threads, sockets", WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS, false },
    { "stepped, virtual, echo driver", WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL, true },
    { "threads, sockets, echo driver", WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS, true },
};

static void round_run(const struct variant *variant)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    PDRIVER_OBJECT driver;

    config.execution = variant->execution;
    config.network = variant->network;
    if (!NT_SUCCESS(wsk_emu_start(&config))) {
        bench_fail("wsk_emu_start");
    }
    if (variant->has_driver) {
        if (!NT_SUCCESS(wsk_emu_driver_load(echo_driver_DriverEntry, "echo", &driver))) {
            bench_fail("wsk_emu_driver_load");
        }
        wsk_emu_driver_unload(driver);
    }
    if (wsk_emu_stop() != 0) {
        bench_fail("wsk_emu_stop: there were reports");
    }
}

int main(int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    size_t round_count = 300;
    const char *value;
    const char *name;

    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--rounds") == 0) {
            round_count = (size_t)bench_args_number(name, value, 1, ROUNDS_MAX);
        } else if (strcmp(name, "--cpu") == 0) {
            bench_pin(bench_args_number(name, value, -1, 1023));
        } else {
            fprintf(stderr, "usage: bench_startstop [--rounds N] [--cpu K]\n");
            return 2;
        }
    }
    bench_watchdog(120);
    for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
        round_run(&variants[v]);
        for (size_t i = 0; i < round_count; i++) {
            uint64_t begin_ns = bench_now_ns();

            round_run(&variants[v]);
            s_samples[i] = bench_now_ns() - begin_ns;
        }
        printf("start and stop, %-32s %10.1f us\n", variants[v].name,
               (double)bench_median(s_samples, round_count) / 1e3);
    }
    return 0;
}
