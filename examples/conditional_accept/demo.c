/* SPDX-License-Identifier: MIT */
/* The demonstration: loads Gate on real threads and real sockets, and lets real clients come. Every step says what it
 * expects; the exit status is 0 only if nothing else happened. */
#include <ntddk.h>

#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo_client.h"
#include "demo_program.h"
#include "demo_timeline.h"
#include "gate.h"

DRIVER_INITIALIZE gate_DriverEntry;

#define PATIENCE_MS 30000

#define BIG_ECHO_BYTES (8 * 1024 * 1024)
#define SMALL_ECHO_BYTES 1000
#define CROWD_COUNT 200
#define CROWD_ECHO_BYTES (16 * 1024)
#define WAITING_COUNT 20

#define AUTHORITY_DELAY_MS 150
#define AUTHORITY_NEVER_MS (60 * 60 * 1000)
#define SERVE_DELAY_MS 1000

static PDRIVER_OBJECT s_driver;
static ULONGLONG s_start_time;

/* The driver's trace hook: called at the callback's own IRQL, on whatever thread it runs. */
static VOID trace(const GATE_TRACE_RECORD *record)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG64 counter;
    struct demo_event event = {
        .time_us = (KeQueryInterruptTimePrecise(&counter) - s_start_time) / 10,
        .processor = irql >= DISPATCH_LEVEL ? (int)KeGetCurrentProcessorNumberEx(NULL) : -1,
        .irql = irql,
        .callback = record->Callback,
        .result = record->Result,
        .id_key = record->InspectId.Key,
        .id_serial = record->InspectId.SerialNumber,
        .port = record->RemotePort,
        .bytes = record->Bytes,
    };

    demo_timeline_add(&event);
}

static GATE_STATUS gate_status(void)
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

/* Starts the emulated kernel and loads the driver; ends the program when that does not work. */
static void load(const GATE_CONFIG *config)
{
    NTSTATUS status;

    GateConfig = *config;
    GateTrace = trace;
    status = wsk_emu_driver_load(gate_DriverEntry, "gate", &s_driver);
    if (status == STATUS_SUCCESS) {
        return;
    }
    if (status == STATUS_ADDRESS_ALREADY_EXISTS) {
        fprintf(stderr, "demo: port %u is in use: choose another one, or 0 to let the system choose\n", config->Port);
    } else if (status == STATUS_ACCESS_DENIED) {
        fprintf(stderr, "demo: port %u may not be used by this user\n", config->Port);
    } else {
        fprintf(stderr, "demo: the driver could not be loaded: status 0x%08x\n", (unsigned)status);
    }
    (void)wsk_emu_stop();
    exit(EXIT_NOT_LOADED);
}

static void start(void)
{
    ULONG64 counter;

    demo_kernel_start();
    s_start_time = KeQueryInterruptTimePrecise(&counter);
}

static void unload(void)
{
    wsk_emu_driver_unload(s_driver);
    s_driver = NULL;
}

/* Until at least count clients wait for a verdict. */
static void wait_for_waiting_clients(ULONG count)
{
    ULONGLONG end = KeQueryInterruptTime() + PATIENCE_MS * 10000ULL;

    while (gate_status().RequestsNow < count && KeQueryInterruptTime() < end) {
        demo_timeline_wait(20);
    }
}

static void wait_until_empty(void)
{
    ULONGLONG end = KeQueryInterruptTime() + PATIENCE_MS * 10000ULL;

    while ((gate_status().RequestsNow != 0 || gate_status().ConnectionsNow != 0) && KeQueryInterruptTime() < end) {
        demo_timeline_wait(20);
    }
}

/* One rule for clients with these ports, and a default for the others. */
static GATE_POLICY policy(GATE_ACTION action, USHORT first_port, USHORT last_port, GATE_ACTION others)
{
    GATE_POLICY result = { .Default = others, .RuleCount = 1 };

    result.Rules[0] = (GATE_RULE){ AF_INET, 8, { 127 }, first_port, last_port, action };
    return result;
}

static void expect_echo(struct demo_client **clients, size_t count, size_t bytes_each)
{
    char problem[128];
    size_t served = demo_clients_echo(clients, count, bytes_each, PATIENCE_MS, problem);

    if (served == count) {
        demo_expect(true, "%zu bytes came back unchanged to %zu client%s", bytes_each, count, count == 1 ? "" : "s");
    } else {
        demo_expect(false, "%zu of %zu clients did not get %zu bytes back; the first: %s", count - served, count,
                    bytes_each, problem);
    }
}

/* --- the steps --------------------------------------------------------------------------------------- */

static void step_known_client(USHORT port)
{
    struct demo_client *client = demo_client_create();
    GATE_POLICY admission = policy(GateAccept, demo_client_port(client), demo_client_port(client), GateReject);

    demo_step_begin("1  A client that the rules know: in at once, 8 MiB there and back");
    GateSetPolicies(&admission, NULL);
    demo_client_connect(client, port);
    expect_echo(&client, 1, BIG_ECHO_BYTES);
    wait_until_empty();
    demo_client_destroy(client);
    demo_step_end();
}

static void step_unwanted_client(USHORT port)
{
    struct demo_client *client = demo_client_create();
    GATE_POLICY admission = policy(GateReject, demo_client_port(client), demo_client_port(client), GateAccept);

    demo_step_begin("2  A client that a rule denies: turned away in WskInspectEvent");
    GateSetPolicies(&admission, NULL);
    demo_client_connect(client, port);
    demo_expect(demo_client_is_turned_away(client, PATIENCE_MS), "the client was turned away");
    demo_client_destroy(client);
    demo_step_end();
}

static void step_stranger(USHORT port)
{
    GATE_POLICY ask_all = { .Default = GateAsk };
    GATE_POLICY yes = { .Default = GateAccept };
    struct demo_client *client = demo_client_create();
    ULONGLONG begin;
    ULONG waited_ms;

    demo_step_begin("3  A stranger: pended, and let in when the authority has answered");
    GateSetPolicies(&ask_all, &yes);
    begin = KeQueryInterruptTime();
    demo_client_connect(client, port);
    expect_echo(&client, 1, SMALL_ECHO_BYTES);
    waited_ms = (ULONG)((KeQueryInterruptTime() - begin) / 10000);
    demo_expect(waited_ms + 1 >= AUTHORITY_DELAY_MS, "but not before the authority's %d ms had passed (it took %u)",
                AUTHORITY_DELAY_MS, (unsigned)waited_ms);
    wait_until_empty();
    demo_client_destroy(client);
    demo_step_end();
}

static int port_compare(const void *left, const void *right)
{
    const USHORT *a = left;
    const USHORT *b = right;

    return *a - *b;
}

/* The lower half of the clients' ports is known to the rules, the upper half has to wait. */
static void step_crowd(USHORT port)
{
    static struct demo_client *clients[CROWD_COUNT];
    USHORT ports[CROWD_COUNT];
    GATE_POLICY admission;

    demo_step_begin("4  200 clients at once: half of them known, half of them strangers");
    for (size_t i = 0; i < CROWD_COUNT; i++) {
        clients[i] = demo_client_create();
        ports[i] = demo_client_port(clients[i]);
    }
    qsort(ports, CROWD_COUNT, sizeof(ports[0]), port_compare);
    admission = policy(GateAccept, 1, ports[CROWD_COUNT / 2 - 1], GateAsk);
    GateSetPolicies(&admission, NULL);

    for (size_t i = 0; i < CROWD_COUNT; i++) {
        demo_client_connect(clients[i], port);
    }
    expect_echo(clients, CROWD_COUNT, CROWD_ECHO_BYTES);
    wait_until_empty();
    demo_expect(gate_status().ConnectionsNow == 0, "and all connections were closed");
    for (size_t i = 0; i < CROWD_COUNT; i++) {
        demo_client_destroy(clients[i]);
    }
    demo_step_end();
}

static void step_impatient_stranger(USHORT port)
{
    struct demo_client *client = demo_client_create();

    demo_step_begin("5  A stranger that gives up while it waits: WskAbortEvent");
    demo_client_connect(client, port);
    wait_for_waiting_clients(1);
    demo_expect(gate_status().RequestsNow == 1, "the client waits");
    demo_client_give_up(client);
    wait_until_empty();
    demo_expect(gate_status().Aborted == 1, "the driver was told that it is gone");
    demo_expect(gate_status().Connections == 0, "and there never was a connection");
    demo_client_destroy(client);
    demo_step_end();
}

/* The busy client sends and does not read, so sends are pending and an indication is refused when the driver goes. */
static void step_unload(USHORT port)
{
    struct demo_client *waiting[WAITING_COUNT];
    struct demo_client *busy = demo_client_create();
    GATE_POLICY admission = policy(GateAccept, demo_client_port(busy), demo_client_port(busy), GateAsk);
    unsigned turned_away_count = 0;

    demo_step_begin("6  Unload while 20 clients wait and one is sending");
    GateSetPolicies(&admission, NULL);
    demo_client_connect(busy, port);
    demo_expect(demo_client_fill(busy, PATIENCE_MS) > 0, "a client sends until nothing more fits");
    for (size_t i = 0; i < WAITING_COUNT; i++) {
        waiting[i] = demo_client_create();
        demo_client_connect(waiting[i], port);
    }
    wait_for_waiting_clients(WAITING_COUNT);
    demo_expect(gate_status().RequestsNow == WAITING_COUNT, "%d clients wait", WAITING_COUNT);

    unload();
    demo_expect(!gate_status().IsRunning, "the driver is unloaded");
    for (size_t i = 0; i < WAITING_COUNT; i++) {
        turned_away_count += demo_client_is_turned_away(waiting[i], PATIENCE_MS) ? 1 : 0;
        demo_client_destroy(waiting[i]);
    }
    demo_expect(turned_away_count == WAITING_COUNT, "%u waiting clients were turned away", turned_away_count);
    demo_expect(demo_client_is_reset(busy, PATIENCE_MS), "the busy client was reset");
    demo_client_destroy(busy);
    demo_step_end();
}

/* --- the two modes ------------------------------------------------------------------------------------- */

static void summary(const GATE_STATUS *first, const GATE_STATUS *second)
{
    demo_step_begin("What the driver counted");
    printf("   %-44s %12s %12s\n", "", "expected", "seen");
    demo_expect_count("clients inspected", 203 + 22, first->Inspected + second->Inspected);
    demo_expect_count("accepted at once", 101 + 1, first->AcceptedAtOnce + second->AcceptedAtOnce);
    demo_expect_count("rejected at once", 1, first->RejectedAtOnce + second->RejectedAtOnce);
    demo_expect_count("pended", 101 + 21, first->Pended + second->Pended);
    demo_expect_count("  of these: accepted later", 101, first->AcceptedLater + second->AcceptedLater);
    demo_expect_count("  of these: gave up", 1, second->Aborted - WAITING_COUNT);
    demo_expect_count("  of these: turned away by the unload", WAITING_COUNT, second->Aborted - 1);
    demo_expect_count("connections", 202 + 1, first->Connections + second->Connections);
    demo_expect_count("bytes echoed to clients that stayed",
                      BIG_ECHO_BYTES + SMALL_ECHO_BYTES + (uint64_t)CROWD_COUNT * CROWD_ECHO_BYTES, first->BytesSent);
    demo_expect_count("connections left", 0, second->ConnectionsNow);
    demo_step_end();
}

static enum exit_status run_demo(USHORT port)
{
    GATE_CONFIG config = { .Port = port, .AuthorityDelayMs = AUTHORITY_DELAY_MS };
    GATE_STATUS first;
    GATE_STATUS second;

    start();
    load(&config);
    printf("Gate is loaded and listens on 127.0.0.1, port %u\n", gate_status().Port);
    step_known_client(gate_status().Port);
    step_unwanted_client(gate_status().Port);
    step_stranger(gate_status().Port);
    step_crowd(gate_status().Port);
    unload();
    first = gate_status();

    config.AuthorityDelayMs = AUTHORITY_NEVER_MS;
    load(&config);
    printf("\nGate is loaded again, with an authority that never answers, port %u\n", gate_status().Port);
    step_impatient_stranger(gate_status().Port);
    step_unload(gate_status().Port);
    second = gate_status();

    summary(&first, &second);
    demo_kernel_stop();
    return demo_verdict();
}

static enum exit_status run_serve(USHORT port)
{
    GATE_CONFIG config = {
        .Port = port,
        .AuthorityDelayMs = SERVE_DELAY_MS,
        .Authority = { .Default = GateAccept },
    };

    demo_stop_signals_hold();
    start();
    load(&config);
    printf(
        "Gate listens on 127.0.0.1, port %u. Talk to it from another terminal:\n\n    nc 127.0.0.1 %u\n\n"
        "Your client waits %d ms for the authority; then every line that you type comes back. Give up before that with\n"
        "Ctrl-C and see WskAbortEvent. Ctrl-C here unloads the driver.\n\n",
        gate_status().Port, gate_status().Port, SERVE_DELAY_MS);
    demo_timeline_start(true);
    demo_stop_signal_wait();

    printf("\nunloading\n");
    unload();
    demo_kernel_stop();
    return demo_surprise_count() == 0 ? EXIT_AS_EXPECTED : EXIT_SURPRISE;
}

/* --- the command line ------------------------------------------------------------------------------------- */

static const char s_usage[] =
    "usage: conditional_accept_demo [--serve] [--port <port>]\n"
    "\n"
    "Loads the example driver Gate on real threads and sockets and drives it with real clients.\n"
    "\n"
    "  --serve        keep the driver running for clients of your own, until Ctrl-C\n"
    "  --port <port>  listen on this port of 127.0.0.1; 0, the default, lets the system choose\n"
    "  --help         show this text\n";

int main(int argc, char **argv)
{
    struct demo_command command = { .usage = s_usage };
    enum exit_status status;

    if (!demo_command_read(&command, argc, argv, &status)) {
        return status;
    }
    demo_clients_start();
    signal(SIGPIPE, SIG_IGN);
    if (command.must_serve) {
        return run_serve(command.port);
    }
    demo_timeline_start(false);
    demo_watchdog_start();
    return run_demo(command.port);
}
