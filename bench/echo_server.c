/* SPDX-License-Identifier: MIT */
/* Runs the echo driver over real sockets until SIGTERM or SIGINT: the program under test of run.py. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bench_host.h"
#include "echo_driver.h"

#include "wsk_emu/driver.h"
#include "wsk_emu/wsk_emu.h"

DRIVER_INITIALIZE echo_driver_DriverEntry;

static void usage(void)
{
    fprintf(stderr, "usage: echo_server [--processors N] [--verifier on|off] [--poller epoll|poll] [--cpu K] "
                    "[--max-seconds S]\n");
}

/* False: an option is not known. */
static bool options_read(struct wsk_emu_config *config, int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    long max_seconds = 60;
    long cpu = -1;
    const char *value;
    const char *name;

    config->processors = 1;
    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--processors") == 0) {
            config->processors = (unsigned)bench_args_number(name, value, 1, 16);
        } else if (strcmp(name, "--cpu") == 0) {
            cpu = bench_args_number(name, value, -1, 1023);
        } else if (strcmp(name, "--max-seconds") == 0) {
            max_seconds = bench_args_number(name, value, 1, 3600);
        } else if (strcmp(name, "--verifier") == 0 && strcmp(value, "on") == 0) {
            config->verifier = WSK_EMU_VERIFIER_REPORT;
        } else if (strcmp(name, "--verifier") == 0 && strcmp(value, "off") == 0) {
            config->verifier = WSK_EMU_VERIFIER_OFF;
        } else if (strcmp(name, "--poller") == 0 && strcmp(value, "epoll") == 0) {
            config->poller = WSK_EMU_POLLER_EPOLL;
        } else if (strcmp(name, "--poller") == 0 && strcmp(value, "kqueue") == 0) {
            config->poller = WSK_EMU_POLLER_KQUEUE;
        } else if (strcmp(name, "--poller") == 0 && strcmp(value, "poll") == 0) {
            config->poller = WSK_EMU_POLLER_POLL;
        } else {
            return false;
        }
    }
    bench_watchdog((unsigned)max_seconds);
    bench_pin(cpu);
    return true;
}

int main(int argc, char **argv)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    PDRIVER_OBJECT driver;
    sigset_t signals;
    int signal_number;

    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_SOCKETS;
    if (!options_read(&config, argc, argv)) {
        usage();
        return 2;
    }
    /* Blocked before any thread exists, so that every thread has them blocked and sigwait gets them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);

    if (!NT_SUCCESS(wsk_emu_start(&config))) {
        return 1;
    }
    if (!NT_SUCCESS(wsk_emu_driver_load(echo_driver_DriverEntry, "echo", &driver))) {
        (void)wsk_emu_stop();
        return 1;
    }
    printf("READY %u\n", (unsigned)EchoPort);
    fflush(stdout);
    (void)sigwait(&signals, &signal_number);

    wsk_emu_driver_unload(driver);
    return wsk_emu_stop() == 0 ? 0 : 1;
}
