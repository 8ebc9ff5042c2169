/* SPDX-License-Identifier: MIT */
/* The demonstration: loads Responder on real threads and real sockets and lets real clients ask it, over IPv4 and then over
 * IPv6. Every step says what it expects; the exit status is 0 only if nothing else happened. */
#include <ntddk.h>

#include <wsk_emu/driver.h>
#include <wsk_emu/wsk_emu.h>

#include <stdio.h>
#include <stdlib.h>

#include "demo_dgram_client.h"
#include "demo_program.h"
#include "demo_timeline.h"
#include "responder.h"

DRIVER_INITIALIZE udp_responder_DriverEntry;

#define PATIENCE_MS 30000

#define CLIENT_COUNT 4
#define QUESTIONS_EACH 2500
#define TRAFFIC_ANSWERS 1000
/* Far more than the clients wait for at a time, so that none is dropped before the traffic. */
#define ANSWERS_MAX 1024
#define V4_LONGEST_BYTES 65507
#define V6_LONGEST_BYTES 65527
#define ANY_BYTES 65536

static PDRIVER_OBJECT s_driver;
static ULONG s_asked; /* questions since the driver was loaded, but for the traffic */

static RESPONDER_STATUS responder_status(void)
{
    RESPONDER_STATUS status;

    ResponderQueryStatus(&status);
    return status;
}

/* The port is at the same place in SOCKADDR_IN and SOCKADDR_IN6, and zeros are all addresses of either. */
static SOCKADDR_STORAGE address_any(BOOLEAN is_ipv6, USHORT port)
{
    SOCKADDR_STORAGE address;

    RtlZeroMemory(&address, sizeof(address));
    address.ss_family = is_ipv6 ? AF_INET6 : AF_INET;
    ((PSOCKADDR_IN)&address)->sin_port = RtlUshortByteSwap(port);
    return address;
}

/* Ends the program when the driver does not load. */
static void load(const SOCKADDR_STORAGE *address, USHORT port)
{
    NTSTATUS status;

    ResponderConfig = (RESPONDER_CONFIG){ .Address = *address, .MaxAnswers = ANSWERS_MAX };
    status = wsk_emu_driver_load(udp_responder_DriverEntry, "udp_responder", &s_driver);
    if (status == STATUS_SUCCESS) {
        s_asked = 0;
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

/* --- the steps --------------------------------------------------------------------------------------- */

/* One family: the machine's addresses of it, and clients that ask the first of them. */
struct family {
    BOOLEAN is_ipv6;
    size_t host_count;
    char hosts[DEMO_HOSTS_MAX][DEMO_HOST_SIZE];
    struct demo_dgram *clients[CLIENT_COUNT];
};

static void expect_nothing_wrong(const char *problem, const char *what)
{
    if (problem == NULL) {
        demo_expect(true, "%s", what);
    } else {
        demo_expect(false, "%s: %s", what, problem);
    }
}

static void step_addresses(struct family *family)
{
    demo_step_begin("1  Each of this machine's addresses: the answer comes from the one that was asked");
    for (size_t i = 0; i < family->host_count; i++) {
        demo_dgram_aim(family->clients[0], family->hosts[i], responder_status().Port);
        s_asked++;
        expect_nothing_wrong(demo_dgram_ask(family->clients[0], 1000, ANY_BYTES, PATIENCE_MS), family->hosts[i]);
    }
    demo_dgram_aim(family->clients[0], family->hosts[0], responder_status().Port);
    demo_step_end();
}

static void step_lengths(struct family *family)
{
    size_t longest_bytes = family->is_ipv6 ? V6_LONGEST_BYTES : V4_LONGEST_BYTES;
    struct demo_dgram *client = family->clients[0];

    demo_step_begin("2  Nothing, as much as there can be, and more than the client takes");
    s_asked += 5;
    expect_nothing_wrong(demo_dgram_ask(client, 0, ANY_BYTES, PATIENCE_MS),
                         "an empty datagram is answered by an empty one");
    expect_nothing_wrong(demo_dgram_ask(client, 1, ANY_BYTES, PATIENCE_MS), "a byte by a byte");
    expect_nothing_wrong(demo_dgram_ask(client, longest_bytes, ANY_BYTES, PATIENCE_MS),
                         "the longest one by one as long");
    expect_nothing_wrong(demo_dgram_ask(client, 4096, 100, PATIENCE_MS),
                         "the client takes 100 bytes of an answer of 4096");
    expect_nothing_wrong(demo_dgram_ask(client, 100, 100, PATIENCE_MS),
                         "and the rest is gone: the next answer is whole");
    demo_step_end();
}

static void step_many(struct family *family)
{
    size_t answers;
    const char *problem;

    demo_step_begin("3  10,000 questions of 4 clients, several of each under way at any time");
    s_asked += CLIENT_COUNT * QUESTIONS_EACH;
    problem = demo_dgrams_exchange(family->clients, CLIENT_COUNT, QUESTIONS_EACH, PATIENCE_MS, &answers);
    expect_nothing_wrong(problem, "every question is answered once and unchanged, from the address that was asked");
    demo_expect(answers == CLIENT_COUNT * QUESTIONS_EACH, "answers: %zu", answers);
    demo_expect(responder_status().Received == s_asked,
                "the driver has seen every question of these steps, and no other");
    demo_expect(responder_status().Dropped == 0, "and has dropped none");
    demo_step_end();
}

static void step_unload(struct family *family, uint64_t *answers)
{
    const char *problem;

    demo_step_begin("4  Unload while 4 clients ask without a pause");
    demo_traffic_start(family->clients, CLIENT_COUNT);
    demo_expect(demo_traffic_wait(TRAFFIC_ANSWERS, PATIENCE_MS), "%d answers have come, and there is more",
                TRAFFIC_ANSWERS);
    unload();
    demo_expect(!responder_status().IsRunning, "the driver is unloaded");
    problem = demo_traffic_stop(responder_status().Answered - s_asked, PATIENCE_MS, answers);
    expect_nothing_wrong(problem, "every answer that has come fits a question");
    demo_step_end();
}

static void summary(uint64_t traffic_answers)
{
    RESPONDER_STATUS status = responder_status();

    demo_step_begin("What the driver counted");
    printf("   %-44s %12s %12s\n", "", "expected", "seen");
    demo_expect_count("answers, and what came to the clients", status.Answered, s_asked + traffic_answers);
    demo_expect_count("answers that could not be sent", 0, status.Failed);
    demo_expect_count("datagrams: answered, failed or dropped", status.Received,
                      (uint64_t)status.Answered + status.Failed + status.Dropped);
    demo_step_end();
}

/* --- the two modes ------------------------------------------------------------------------------------- */

static void run_family(BOOLEAN is_ipv6, USHORT port)
{
    struct family family = { .is_ipv6 = is_ipv6 };
    SOCKADDR_STORAGE address = address_any(is_ipv6, port);
    uint64_t traffic_answers;

    family.host_count = demo_dgram_hosts(is_ipv6, family.hosts);
    if (family.host_count == 0) {
        printf("\nThis machine has no %s: left out.\n", is_ipv6 ? "IPv6" : "IPv4");
        return;
    }
    load(&address, port);
    printf("\nResponder is loaded and listens on all %s addresses, port %u\n", is_ipv6 ? "IPv6" : "IPv4",
           responder_status().Port);
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        family.clients[i] = demo_dgram_create(is_ipv6);
        demo_dgram_aim(family.clients[i], family.hosts[0], responder_status().Port);
    }
    step_addresses(&family);
    step_lengths(&family);
    step_many(&family);
    step_unload(&family, &traffic_answers);
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        demo_dgram_destroy(family.clients[i]);
    }
    summary(traffic_answers);
}

static enum exit_status run_demo(USHORT port)
{
    demo_kernel_start();
    run_family(FALSE, port);
    run_family(TRUE, port);
    demo_kernel_stop();
    return demo_verdict();
}

static enum exit_status run_serve(USHORT port)
{
    SOCKADDR_STORAGE address = address_any(FALSE, port);
    RESPONDER_STATUS status;

    ((PSOCKADDR_IN)&address)->sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    demo_stop_signals_hold();
    demo_kernel_start();
    load(&address, port);
    printf("Responder listens on 127.0.0.1, port %u. Talk to it from another terminal:\n\n    nc -u 127.0.0.1 %u\n\n"
           "Every line that you type comes back. Ctrl-C here unloads the driver.\n\n",
           responder_status().Port, responder_status().Port);
    demo_stop_signal_wait();

    printf("\nunloading\n");
    unload();
    status = responder_status();
    printf("%lu datagrams, %lu answers\n", (unsigned long)status.Received, (unsigned long)status.Answered);
    demo_kernel_stop();
    return demo_surprise_count() == 0 ? EXIT_AS_EXPECTED : EXIT_SURPRISE;
}

/* --- the command line ------------------------------------------------------------------------------------- */

static const char s_usage[] =
    "usage: udp_responder_demo [--serve] [--port <port>]\n"
    "\n"
    "Loads the example driver Responder on real threads and sockets, and lets real clients ask it.\n"
    "\n"
    "  --serve        keep the driver running on 127.0.0.1 for clients of your own, until Ctrl-C\n"
    "  --port <port>  listen on this port; 0, the default, lets the system choose\n"
    "  --help         show this text\n";

int main(int argc, char **argv)
{
    struct demo_command command = { .usage = s_usage };
    enum exit_status status;

    if (!demo_command_read(&command, argc, argv, &status)) {
        return status;
    }
    demo_timeline_start(false);
    if (command.must_serve) {
        return run_serve(command.port);
    }
    demo_watchdog_start();
    return run_demo(command.port);
}
