/* SPDX-License-Identifier: MIT */
/* The demonstration: loads Proxy on real threads and real sockets, between real clients and a real server. Every step says
 * what it expects; the exit status is 0 only if nothing else happened. */
#include <ntddk.h>

#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo_client.h"
#include "demo_program.h"
#include "demo_target.h"
#include "demo_timeline.h"
#include "proxy.h"

DRIVER_INITIALIZE stream_proxy_DriverEntry;

#define PATIENCE_MS 30000

#define BIG_BYTES (8 * 1024 * 1024)
#define CROWD_COUNT 64
#define CROWD_BYTES (64 * 1024)
#define LIMIT_BYTES (256 * 1024)

static PDRIVER_OBJECT s_driver;

static PROXY_STATUS proxy_status(void)
{
    PROXY_STATUS status;

    ProxyQueryStatus(&status);
    return status;
}

static SOCKADDR_STORAGE loopback(USHORT port)
{
    SOCKADDR_STORAGE address;
    PSOCKADDR_IN ipv4 = (PSOCKADDR_IN)&address;

    RtlZeroMemory(&address, sizeof(address));
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = RtlUshortByteSwap(port);
    ipv4->sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    return address;
}

/* Ends the program when the driver does not load. */
static void load(USHORT port, USHORT target_port)
{
    NTSTATUS status;

    ProxyConfig = (PROXY_CONFIG){
        .ListenAddress = loopback(port),
        .TargetAddress = loopback(target_port),
        .MaxBytesInFlight = LIMIT_BYTES,
    };
    status = wsk_emu_driver_load(stream_proxy_DriverEntry, "stream_proxy", &s_driver);
    if (status == STATUS_SUCCESS) {
        return;
    }
    if (status == STATUS_ADDRESS_ALREADY_EXISTS) {
        fprintf(stderr, "demo: port %u is in use: choose another one, or 0 to let the system choose\n", port);
    } else if (status == STATUS_ACCESS_DENIED) {
        fprintf(stderr, "demo: port %u may not be used by this user\n", port);
    } else {
        fprintf(stderr, "demo: the driver could not be loaded: status 0x%08x\n", (unsigned)status);
    }
    (void)wsk_emu_stop();
    exit(EXIT_NOT_LOADED);
}

static void unload(void)
{
    wsk_emu_driver_unload(s_driver);
    s_driver = NULL;
}

static void wait_for_sessions(ULONG count)
{
    ULONGLONG end = KeQueryInterruptTime() + PATIENCE_MS * 10000ULL;

    while (proxy_status().SessionsNow != count && KeQueryInterruptTime() < end) {
        demo_timeline_wait(10);
    }
}

static void expect_echo(struct demo_client **clients, size_t count, size_t bytes_each)
{
    char problem[128];
    size_t served = demo_clients_echo(clients, count, bytes_each, PATIENCE_MS, problem);

    if (served == count) {
        demo_expect(true, "%zu bytes went to the target and came back unchanged, for %zu client%s", bytes_each, count,
                    count == 1 ? "" : "s");
    } else {
        demo_expect(false, "%zu of %zu clients did not get %zu bytes back; the first: %s", count - served, count,
                    bytes_each, problem);
    }
}

/* --- the steps --------------------------------------------------------------------------------------- */

static void step_one_client(USHORT port)
{
    struct demo_client *client = demo_client_create();

    demo_step_begin("1  One client: 8 MiB to the target and back, then each side finishes");
    demo_client_connect(client, port);
    expect_echo(&client, 1, BIG_BYTES);
    wait_for_sessions(0);
    demo_client_destroy(client);
    demo_step_end();
}

static void step_crowd(USHORT port)
{
    struct demo_client *clients[CROWD_COUNT];

    demo_step_begin("2  64 clients at once");
    for (size_t i = 0; i < CROWD_COUNT; i++) {
        clients[i] = demo_client_create();
        demo_client_connect(clients[i], port);
    }
    expect_echo(clients, CROWD_COUNT, CROWD_BYTES);
    wait_for_sessions(0);
    demo_expect(proxy_status().Finished == 1 + CROWD_COUNT, "and all sessions have finished in order");
    for (size_t i = 0; i < CROWD_COUNT; i++) {
        demo_client_destroy(clients[i]);
    }
    demo_step_end();
}

static void step_stuck_target(USHORT port)
{
    struct demo_client *client = demo_client_create();
    ULONG refusals = proxy_status().Refusals;

    demo_step_begin("3  A target that does not read, and a client that sends and sends");
    demo_target_set_stuck(true);
    demo_client_connect(client, port);
    demo_expect(demo_client_fill(client, PATIENCE_MS) > 0, "the client sends until nothing more fits");
    demo_expect(proxy_status().Refusals > refusals, "the driver has refused what it was shown");
    demo_expect(proxy_status().MostBytesInFlight <= LIMIT_BYTES, "and never held more than %d bytes", LIMIT_BYTES);
    demo_client_give_up(client);
    wait_for_sessions(0);
    demo_expect(proxy_status().Aborted == 1, "the client gives up, and the session ends with it");
    demo_target_set_stuck(false);
    demo_client_destroy(client);
    demo_step_end();
}

static void step_unload(USHORT port)
{
    struct demo_client *busy = demo_client_create();
    struct demo_client *idle = demo_client_create();

    demo_step_begin("4  Unload with sends under way");
    demo_target_set_stuck(true);
    demo_client_connect(busy, port);
    demo_client_connect(idle, port);
    (void)demo_client_fill(busy, PATIENCE_MS);
    wait_for_sessions(2);
    unload();
    demo_expect(!proxy_status().IsRunning, "the driver is unloaded");
    demo_expect(demo_client_is_reset(busy, PATIENCE_MS), "the client that was sending is reset");
    demo_expect(demo_client_is_reset(idle, PATIENCE_MS), "the client that was waiting is reset");
    demo_target_set_stuck(false);
    demo_client_destroy(busy);
    demo_client_destroy(idle);
    demo_step_end();
}

static void step_no_target(USHORT port)
{
    struct demo_client *client = demo_client_create();

    demo_step_begin("5  A target that is not there");
    demo_client_connect(client, port);
    demo_expect(demo_client_is_turned_away(client, PATIENCE_MS), "the client is reset");
    wait_for_sessions(0);
    demo_expect(proxy_status().Failed == 1, "because the connect has failed");
    demo_client_destroy(client);
    demo_step_end();
}

/* --- the two modes ------------------------------------------------------------------------------------- */

static void summary(const PROXY_STATUS *first, const PROXY_STATUS *second)
{
    demo_step_begin("What the driver counted");
    printf("   %-44s %12s %12s\n", "", "expected", "seen");
    demo_expect_count("sessions", 1 + CROWD_COUNT + 1 + 2 + 1, first->Sessions + second->Sessions);
    demo_expect_count("  of these: finished", 1 + CROWD_COUNT, first->Finished);
    demo_expect_count("  of these: aborted", 1 + 2, first->Aborted);
    demo_expect_count("  of these: failed", 1, second->Failed);
    demo_expect_count("bytes to clients", BIG_BYTES + (uint64_t)CROWD_COUNT * CROWD_BYTES, first->BytesToClient);
    demo_expect_count("sessions left", 0, second->SessionsNow);
    demo_step_end();
}

static enum exit_status run_demo(USHORT port)
{
    USHORT target_port = demo_target_start();
    PROXY_STATUS first;
    PROXY_STATUS second;

    demo_kernel_start();
    load(port, target_port);
    printf("Proxy is loaded, listens on 127.0.0.1, port %u and passes on to port %u\n", proxy_status().Port,
           target_port);
    step_one_client(proxy_status().Port);
    step_crowd(proxy_status().Port);
    step_stuck_target(proxy_status().Port);
    step_unload(proxy_status().Port);
    first = proxy_status();

    demo_target_stop();
    load(port, target_port);
    printf("\nProxy is loaded again, and the target is gone\n");
    step_no_target(proxy_status().Port);
    second = proxy_status();
    unload();

    summary(&first, &second);
    demo_kernel_stop();
    return demo_verdict();
}

static enum exit_status run_serve(USHORT port, USHORT target_port)
{
    PROXY_STATUS status;

    demo_stop_signals_hold();
    demo_kernel_start();
    load(port, target_port != 0 ? target_port : demo_target_start());
    printf("Proxy listens on 127.0.0.1, port %u. Talk to it from another terminal:\n\n    nc 127.0.0.1 %u\n\n"
           "%s Ctrl-C here unloads the driver.\n\n",
           proxy_status().Port, proxy_status().Port,
           target_port != 0 ? "You will reach your target." : "Every line that you type comes back.");
    demo_stop_signal_wait();

    printf("\nunloading\n");
    status = proxy_status();
    unload();
    printf("%lu sessions, %llu bytes to the target, %llu bytes to clients\n", (unsigned long)status.Sessions,
           (unsigned long long)status.BytesToTarget, (unsigned long long)status.BytesToClient);
    demo_kernel_stop();
    return demo_surprise_count() == 0 ? EXIT_AS_EXPECTED : EXIT_SURPRISE;
}

/* --- the command line ------------------------------------------------------------------------------------- */

static const char s_usage[] =
    "usage: stream_proxy_demo [--serve [--target <port>]] [--port <port>]\n"
    "\n"
    "Loads the example driver Proxy on real threads and sockets, between real clients and a real server.\n"
    "\n"
    "  --serve          keep the driver running for clients of your own, until Ctrl-C\n"
    "  --target <port>  pass them on to this port of 127.0.0.1; an echo server when not given\n"
    "  --port <port>    listen on this port of 127.0.0.1; 0, the default, lets the system choose\n"
    "  --help           show this text\n";

int main(int argc, char **argv)
{
    struct demo_command command = { .usage = s_usage, .has_target = true };
    enum exit_status status;

    if (!demo_command_read(&command, argc, argv, &status)) {
        return status;
    }
    demo_clients_start();
    demo_timeline_start(false);
    signal(SIGPIPE, SIG_IGN);
    if (command.must_serve) {
        return run_serve(command.port, command.target_port);
    }
    demo_watchdog_start();
    return run_demo(command.port);
}
