/* SPDX-License-Identifier: MIT */
/* Unit tests of Gate, written to be read: each is a small story of given, when and then.
 *
 * wsk_emu_unit_test runs each test in a fresh emulated kernel, on one thread, over a network in memory. Nothing
 * happens behind the test's back: the driver's callbacks run when the test waits or steps, and the clock stands still
 * until the test moves it or everybody waits for it. A breach of a rule by the driver, or anything that it leaves
 * behind, fails the test. */
#include <string.h>

#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

#include "gate.h"

DRIVER_INITIALIZE gate_DriverEntry;

#define ECHO_MAX_BYTES (1024 * 1024)
#define CROWD 100

static PDRIVER_OBJECT driver;

/* Everybody may come in, at once. */
static const GATE_CONFIG open_gate = { .Admission = { .Default = GateAccept } };
/* Everybody has to wait half a second for a yes. */
static const GATE_CONFIG asking_gate = { .AuthorityDelayMs = 500, .Authority = { .Default = GateAccept } };

/* Loads the driver and returns the port on which it listens. */
static USHORT load_gate(const GATE_CONFIG *config)
{
    GATE_STATUS status;

    GateConfig = *config;
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "gate", &driver), STATUS_SUCCESS);
    GateQueryStatus(&status);
    assert_int_not_equal(status.Port, 0);
    return status.Port;
}

static void unload_gate(void)
{
    wsk_emu_driver_unload(driver);
    driver = NULL;
}

/* What the driver says of itself. */
static GATE_STATUS gate_status(void)
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

/* Runs after each test that has passed. After one that has failed, the emulated kernel cleans up itself. */
static int unload_if_loaded(void **state)
{
    (void)state;
    unload_gate();
    return 0;
}

/* A client that is in. */
static struct wsk_kit_peer *connected_client(USHORT port)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_peer_expect_connected(client);
    return client;
}

/* A byte of a stream in which nothing repeats soon: lost, doubled and swapped bytes are all seen. */
static unsigned char pattern(size_t position)
{
    return (unsigned char)(position * 31 + position / 251);
}

/* Sends what fits. Returns the new number of bytes sent, which is at most total. */
static size_t send_pattern(struct wsk_kit_peer *client, size_t sent, size_t total)
{
    unsigned char bytes[16384];
    size_t count = total - sent < sizeof(bytes) ? total - sent : sizeof(bytes);

    for (size_t i = 0; i < count; i++) {
        bytes[i] = pattern(sent + i);
    }
    return sent + wsk_kit_peer_send_some(client, bytes, count);
}

/* Waits for at least one byte. Returns the new number of bytes received. */
static size_t receive_pattern(struct wsk_kit_peer *client, size_t received, size_t total)
{
    unsigned char bytes[16384];
    size_t wanted = total - received < sizeof(bytes) ? total - received : sizeof(bytes);
    size_t count = wsk_kit_peer_receive(client, bytes, wanted);

    assert_int_not_equal(count, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bytes[i], pattern(received + i));
    }
    return received + count;
}

/* Sends total bytes, reads while it sends, and compares what comes back. */
static void expect_echo(struct wsk_kit_peer *client, size_t total)
{
    size_t sent = 0;
    size_t received = 0;

    while (received < total) {
        if (sent < total) {
            sent = send_pattern(client, sent, total);
        }
        received = receive_pattern(client, received, sent);
    }
}

/* Sends and does not read, until nothing more fits anywhere. Returns how many bytes are on their way. */
static size_t send_until_full(struct wsk_kit_peer *client)
{
    size_t sent = 0;
    size_t before;

    do {
        before = sent;
        sent = send_pattern(client, sent, SIZE_MAX);
        wsk_kit_run_until_idle();
    } while (sent != before);
    return sent;
}

/* --- load and unload --------------------------------------------------------------------------------- */

/* The driver comes and goes, and leaves nothing behind. */
static void test_gate_loads_and_unloads(void **state)
{
    (void)state;
    load_gate(&open_gate);
    assert_true(gate_status().IsRunning);

    unload_gate();
    assert_false(gate_status().IsRunning);
}

/* A port that somebody else has: DriverEntry fails with the reason, and cleans up. */
static void test_gate_port_in_use_fails_to_load(void **state)
{
    GATE_CONFIG config = open_gate;
    PDRIVER_OBJECT second = NULL;

    (void)state;
    config.Port = load_gate(&open_gate);

    GateConfig = config;
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "second", &second), STATUS_ADDRESS_ALREADY_EXISTS);
    assert_null(second);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1);
}

/* --- decisions at once ----------------------------------------------------------------------------------- */

/* A client that the rules know comes in, and what it says comes back. */
static void test_gate_known_client_is_echoed(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

    (void)state;
    wsk_kit_peer_send_text(client, "hello");
    wsk_kit_peer_expect_text(client, "hello");
    assert_int_equal(gate_status().AcceptedAtOnce, 1);
    assert_int_equal(gate_status().ConnectionsNow, 1);
}

/* The same over IPv6, on a port of its own. */
static void test_gate_known_ipv6_client_is_echoed(void **state)
{
    GATE_CONFIG config = open_gate;
    struct wsk_kit_peer *client;

    (void)state;
    config.ListenOnIpv6 = TRUE;
    load_gate(&config);

    client = wsk_kit_connect(WSK_KIT_IPV6, gate_status().PortIpv6);
    wsk_kit_peer_send_text(client, "hello");
    wsk_kit_peer_expect_text(client, "hello");
}

/* An address on the list of the unwanted is turned away before the connection exists. */
static void test_gate_denied_address_is_refused(void **state)
{
    GATE_CONFIG config = open_gate;
    struct wsk_kit_peer *client;

    (void)state;
    config.Admission.RuleCount = 1;
    config.Admission.Rules[0] = (GATE_RULE){ AF_INET, 8, { 127 }, 0, 0, GateReject };

    client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&config));
    wsk_kit_peer_expect_rejected(client);
    assert_int_equal(gate_status().RejectedAtOnce, 1);
    assert_int_equal(gate_status().Connections, 0);
}

/* The first rule that fits decides: one address is an exception from a network that is denied. */
static void test_gate_first_fitting_rule_decides(void **state)
{
    GATE_CONFIG config = { .Admission = { .Default = GateReject, .RuleCount = 3 } };

    (void)state;
    config.Admission.Rules[0] = (GATE_RULE){ AF_INET, 32, { 127, 0, 0, 2 }, 0, 0, GateReject };
    config.Admission.Rules[1] = (GATE_RULE){ AF_INET, 31, { 127, 0, 0, 1 }, 1, 65535, GateAccept };
    config.Admission.Rules[2] = (GATE_RULE){ AF_INET, 0, { 0 }, 0, 0, GateReject };

    wsk_kit_peer_expect_connected(wsk_kit_connect(WSK_KIT_IPV4, load_gate(&config)));
}

/* Two may come at once, the third is too much. A second later there is room for the next. */
static void test_gate_too_many_clients_are_refused(void **state)
{
    GATE_CONFIG config = open_gate;
    USHORT port;

    (void)state;
    config.RatePerSecond = 1;
    config.Burst = 2;
    port = load_gate(&config);

    connected_client(port);
    connected_client(port);
    wsk_kit_peer_expect_rejected(wsk_kit_connect(WSK_KIT_IPV4, port));
    assert_int_equal(gate_status().RateLimited, 1);

    wsk_kit_advance_ms(1000);
    connected_client(port);
    wsk_kit_run_until_idle();
    assert_int_equal(gate_status().Connections, 3);
}

/* --- decisions later ----------------------------------------------------------------------------------- */

/* A stranger waits, with its handshake unanswered, until the authority has said yes. */
static void test_gate_stranger_waits_then_comes_in(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&asking_gate));

    (void)state;
    wsk_kit_advance_ms(499);
    assert_int_equal(wsk_kit_peer_state(client), WSK_KIT_PEER_CONNECTING);
    assert_int_equal(wsk_kit_pended_inspections(), 1);

    wsk_kit_advance_ms(1);
    wsk_kit_peer_send_text(client, "thank you");
    wsk_kit_peer_expect_text(client, "thank you");
    assert_int_equal(gate_status().AcceptedLater, 1);
    assert_int_equal(gate_status().RequestsNow, 0);
}

/* The authority can also say no. */
static void test_gate_stranger_waits_then_is_refused(void **state)
{
    GATE_CONFIG config = asking_gate;
    struct wsk_kit_peer *client;

    (void)state;
    config.Authority.Default = GateReject;
    client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&config));

    wsk_kit_advance_ms(500);
    wsk_kit_peer_expect_rejected(client);
    assert_int_equal(gate_status().RejectedLater, 1);
    assert_int_equal(gate_status().RequestsNow, 0);
}

/* The authority answers by the rules that it has when it answers. */
static void test_gate_authority_changes_its_mind(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&asking_gate));
    const GATE_POLICY closed = { .Default = GateReject };

    (void)state;
    wsk_kit_run_until_idle();
    assert_int_equal(GateSetAuthority(&closed), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(client);
}

/* quote: readme */
/* A client that is kept waiting gives up. The driver is told, and nobody comes in. */
static void test_gate_stranger_gives_up_while_waiting(void **state)
{
    /* Given a driver that has to ask about everybody, and a client that waits. */
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

    (void)state;
    wsk_kit_run_until_idle();
    assert_int_equal(gate_status().Pended, 1);

    /* When the client gives up, and later the answer comes ... */
    wsk_kit_peer_reset(client);
    wsk_kit_advance_ms(1000);

    /* ... then WskAbortEvent was called, and WskAcceptEvent was not. */
    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 0);
}
/* end of quote */

/* Between the driver's yes and the end of the handshake there is time to give up as well. */
static void test_gate_client_gives_up_after_the_yes(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&open_gate));

    (void)state;
    while (gate_status().AcceptedAtOnce == 0) {
        assert_true(wsk_kit_step());
    }
    wsk_kit_peer_reset(client);
    wsk_kit_run_until_idle();

    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 0);
}

/* The same after a verdict that came later: the driver still has the record, and drops it. */
static bool is_accepted_later(void *context)
{
    (void)context;
    return gate_status().AcceptedLater == 1;
}

static void test_gate_stranger_gives_up_after_the_verdict(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&asking_gate));

    (void)state;
    wsk_kit_wait_for(is_accepted_later, NULL, "the authority's yes");
    assert_int_equal(gate_status().RequestsNow, 1);
    wsk_kit_peer_reset(client);
    wsk_kit_run_until_idle();

    assert_int_equal(gate_status().RequestsNow, 0);
    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 0);
}

/* The waiting room has a limit. */
static void test_gate_waiting_room_is_full(void **state)
{
    GATE_CONFIG config = asking_gate;
    struct wsk_kit_peer *first;
    USHORT port;

    (void)state;
    config.MaxRequests = 1;
    port = load_gate(&config);

    first = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_run_until_idle();
    wsk_kit_peer_expect_rejected(wsk_kit_connect(WSK_KIT_IPV4, port));
    wsk_kit_peer_expect_connected(first);
}

/* The verdicts of two clients are not mixed up, although they wait at the same time. */
static void test_gate_two_strangers_are_told_apart(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *wanted = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *unwanted = wsk_kit_connect(WSK_KIT_IPV4, port);
    GATE_POLICY authority = { .Default = GateReject, .RuleCount = 1 };

    (void)state;
    authority.Rules[0].Family = AF_INET;
    authority.Rules[0].FirstPort = wsk_kit_peer_port(wanted);
    authority.Rules[0].LastPort = wsk_kit_peer_port(wanted);
    authority.Rules[0].Action = GateAccept;
    GateSetAuthority(&authority);

    wsk_kit_run_until_idle();
    assert_int_equal(gate_status().RequestsNow, 2);
    wsk_kit_peer_expect_rejected(unwanted);
    wsk_kit_peer_expect_connected(wanted);
}

/* One of three gives up; the abort finds the right record, and the others come in. */
static void test_gate_one_of_three_strangers_gives_up(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *clients[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        clients[i] = wsk_kit_connect(WSK_KIT_IPV4, port);
    }
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(clients[1]);
    wsk_kit_run_until_idle();
    assert_int_equal(gate_status().RequestsNow, 2);

    wsk_kit_peer_expect_connected(clients[0]);
    wsk_kit_peer_expect_connected(clients[2]);
    assert_int_equal(gate_status().AcceptedLater, 2);
    assert_int_equal(gate_status().Aborted, 1);
}

/* --- echo --------------------------------------------------------------------------------------------- */

static void test_gate_echoes_one_byte(void **state)
{
    (void)state;
    expect_echo(connected_client(load_gate(&open_gate)), 1);
    assert_int_equal(gate_status().BytesSent, 1);
}

static void test_gate_echoes_64_kib(void **state)
{
    (void)state;
    expect_echo(connected_client(load_gate(&open_gate)), 65536);
}

static void test_gate_echoes_1_mib(void **state)
{
    (void)state;
    expect_echo(connected_client(load_gate(&open_gate)), ECHO_MAX_BYTES);
    assert_int_equal(gate_status().BytesReceived, ECHO_MAX_BYTES);
    assert_int_equal(gate_status().BytesSent, ECHO_MAX_BYTES);
}

/* While the client does not read, sends pile up: several, but never more than allowed. The driver then refuses
 * what comes in, and goes on when the client reads. Not one byte is lost. */
static void test_gate_client_that_does_not_read_is_held_back(void **state)
{
    struct wsk_kit_peer *client = connected_client(load_gate(&open_gate));
    size_t received = 0;
    size_t sent;

    (void)state;
    sent = send_until_full(client);
    assert_in_range(gate_status().MostSendsInFlight, 2, 8);
    assert_int_not_equal(gate_status().Refusals, 0);

    while (received < sent) {
        received = receive_pattern(client, received, sent);
    }
    assert_int_equal(gate_status().BytesSent, sent);
}

/* The limit of sends in flight is the configured one. */
static void test_gate_one_send_at_a_time(void **state)
{
    GATE_CONFIG config = open_gate;
    struct wsk_kit_peer *client;

    (void)state;
    config.MaxSends = 1;
    client = connected_client(load_gate(&config));
    expect_echo(client, 300000);
    send_until_full(client);
    assert_int_equal(gate_status().MostSendsInFlight, 1);
}

/* A client resets the connection although sends to it are pending: they fail, their buffers come back. */
static void test_gate_client_resets_while_sends_are_pending(void **state)
{
    struct wsk_kit_peer *client = connected_client(load_gate(&open_gate));

    (void)state;
    send_until_full(client);
    wsk_kit_peer_reset(client);
    wsk_kit_run_until_idle();

    assert_int_equal(gate_status().ConnectionsNow, 0);
    assert_int_not_equal(gate_status().FailedSends, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
}

/* A client finishes: it gets everything back, and only then the driver's end. */
static void test_gate_client_finishes_and_gets_the_rest(void **state)
{
    struct wsk_kit_peer *client = connected_client(load_gate(&open_gate));
    size_t received = 0;
    size_t sent;

    (void)state;
    sent = send_until_full(client);
    wsk_kit_peer_end(client);

    while (received < sent) {
        received = receive_pattern(client, received, sent);
    }
    wsk_kit_peer_expect_end(client);
    assert_int_equal(gate_status().EndedByPeer, 1);
    assert_int_equal(gate_status().ConnectionsNow, 0);
}

/* Many clients at once, each with a connection of its own. */
static void test_gate_many_clients_at_once(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *clients[CROWD];

    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = wsk_kit_connect(WSK_KIT_IPV4, port);
    }
    for (size_t i = 0; i < CROWD; i++) {
        wsk_kit_peer_expect_connected(clients[i]);
        expect_echo(clients[i], 1000 + i);
    }
    assert_int_equal(gate_status().Connections, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        wsk_kit_peer_end(clients[i]);
        wsk_kit_peer_expect_end(clients[i]);
    }
    assert_int_equal(gate_status().ConnectionsNow, 0);
}

/* --- unload ---------------------------------------------------------------------------------------------- */

/* Clients that wait are turned away, and each of them is reported to WskAbortEvent. */
static void test_gate_unloads_while_strangers_wait(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *first = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *second = wsk_kit_connect(WSK_KIT_IPV4, port);

    (void)state;
    wsk_kit_run_until_idle();
    unload_gate();

    wsk_kit_peer_expect_rejected(first);
    wsk_kit_peer_expect_rejected(second);
    assert_int_equal(gate_status().Aborted, 2);
}

/* The answer of the authority is on its way when the driver is unloaded. */
static void test_gate_unloads_while_the_verdict_is_due(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_gate(&asking_gate));
    GATE_STATUS status;

    (void)state;
    wsk_kit_advance_ms(500);
    unload_gate();

    status = gate_status();
    assert_int_equal(status.Pended, 1);
    assert_in_range(status.Aborted + status.Connections, 0, 1);
    wsk_kit_run_until_idle();
    assert_int_not_equal(wsk_kit_peer_state(client), WSK_KIT_PEER_CONNECTING);
}

/* A client that is in and silent sees a reset. */
static void test_gate_unloads_while_a_client_is_in(void **state)
{
    struct wsk_kit_peer *client = connected_client(load_gate(&open_gate));

    (void)state;
    expect_echo(client, 10);
    unload_gate();
    wsk_kit_peer_expect_reset(client);
}

/* Bytes are under way in both directions, sends are pending, an indication is refused: the driver goes all the same. */
static void test_gate_unloads_under_traffic(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_kit_peer *busy = connected_client(port);
    struct wsk_kit_peer *fresh = connected_client(port);

    (void)state;
    send_until_full(busy);
    wsk_kit_peer_send_text(fresh, "nobody will read this");
    unload_gate();
    wsk_kit_peer_expect_reset(busy);
    wsk_kit_peer_expect_reset(fresh);
}

/* --- other ways to run ------------------------------------------------------------------------------------- */

/* Everything that a driver goes through in its life. The tests below run it in other ways. */
static void test_gate_whole_story(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *patient = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *impatient = wsk_kit_connect(WSK_KIT_IPV4, port);
    size_t received = 0;
    size_t sent;

    (void)state;
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(impatient);
    wsk_kit_peer_expect_connected(patient);
    expect_echo(patient, 100000);

    sent = send_until_full(patient);
    while (received < sent) {
        received = receive_pattern(patient, received, sent);
    }
    wsk_kit_peer_end(patient);
    wsk_kit_peer_expect_end(patient);

    send_until_full(connected_client(port));
    unload_gate();
    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 2);
}

/* The trace hook sees every decision, with the client's id. */
static struct wsk_kit_witness *trace_witness;

static VOID record_inspections(const GATE_TRACE_RECORD *record)
{
    if (strcmp(record->Callback, "WskInspectEvent") == 0 || strcmp(record->Callback, "WskAcceptEvent") == 0) {
        wsk_kit_witness_call(trace_witness, record->InspectId.Key, record->InspectId.SerialNumber, record->RemotePort,
                             0);
    }
}

static void test_gate_trace_follows_a_client(void **state)
{
    struct wsk_kit_call inspected;
    struct wsk_kit_call accepted;
    struct wsk_kit_peer *client;

    (void)state;
    trace_witness = wsk_kit_witness_create("trace");
    GateTrace = record_inspections;
    client = connected_client(load_gate(&asking_gate));
    wsk_kit_witness_wait(trace_witness, 2);

    inspected = wsk_kit_witness_get(trace_witness, 0);
    accepted = wsk_kit_witness_get(trace_witness, 1);
    assert_memory_equal(inspected.values, accepted.values, sizeof(inspected.values));
    assert_int_equal(inspected.values[2], wsk_kit_peer_port(client));
    assert_int_equal(inspected.irql, DISPATCH_LEVEL);
    GateTrace = NULL;
    wsk_kit_witness_destroy(trace_witness);
}

/* Completion routines run after the calls have returned. */
static const struct wsk_emu_config deferred = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .completion = WSK_EMU_COMPLETION_DEFERRED,
};

/* Sometimes they do and sometimes they do not, threads overtake each other, and indications come in small lists. */
#define MIXED(number, bytes)                                                                          \
    {                                                                                                 \
        .size = sizeof(struct wsk_emu_config), .execution = WSK_EMU_EXECUTION_STEPPED,                \
        .network = WSK_EMU_NETWORK_VIRTUAL, .completion = WSK_EMU_COMPLETION_MIXED, .seed = (number), \
        .indication_max_bytes = (bytes)                                                               \
    }
static const struct wsk_emu_config mixed[] = {
    MIXED(1, 0),     MIXED(2, 1000), MIXED(3, 1461), MIXED(4, 4096),
    MIXED(5, 30000), MIXED(6, 0),    MIXED(7, 700),  MIXED(8, 9999),
};

/* Real threads, real sockets. */
static const struct wsk_emu_config live = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_SOCKETS,
};

#define TEST(function) wsk_emu_unit_test_setup_teardown(function, NULL, unload_if_loaded)
#define TEST_IN(function, config) wsk_emu_unit_test_config(function, NULL, unload_if_loaded, config)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_loads_and_unloads),
        TEST(test_gate_port_in_use_fails_to_load),
        TEST(test_gate_known_client_is_echoed),
        TEST(test_gate_known_ipv6_client_is_echoed),
        TEST(test_gate_denied_address_is_refused),
        TEST(test_gate_first_fitting_rule_decides),
        TEST(test_gate_too_many_clients_are_refused),
        TEST(test_gate_stranger_waits_then_comes_in),
        TEST(test_gate_stranger_waits_then_is_refused),
        TEST(test_gate_authority_changes_its_mind),
        TEST(test_gate_stranger_gives_up_while_waiting),
        TEST(test_gate_client_gives_up_after_the_yes),
        TEST(test_gate_stranger_gives_up_after_the_verdict),
        TEST(test_gate_waiting_room_is_full),
        TEST(test_gate_two_strangers_are_told_apart),
        TEST(test_gate_one_of_three_strangers_gives_up),
        TEST(test_gate_echoes_one_byte),
        TEST(test_gate_echoes_64_kib),
        TEST(test_gate_echoes_1_mib),
        TEST(test_gate_client_that_does_not_read_is_held_back),
        TEST(test_gate_one_send_at_a_time),
        TEST(test_gate_client_resets_while_sends_are_pending),
        TEST(test_gate_client_finishes_and_gets_the_rest),
        TEST(test_gate_many_clients_at_once),
        TEST(test_gate_unloads_while_strangers_wait),
        TEST(test_gate_unloads_while_the_verdict_is_due),
        TEST(test_gate_unloads_while_a_client_is_in),
        TEST(test_gate_unloads_under_traffic),
        TEST(test_gate_trace_follows_a_client),
        TEST(test_gate_whole_story),
        TEST_IN(test_gate_whole_story, &deferred),
        TEST_IN(test_gate_whole_story, &mixed[0]),
        TEST_IN(test_gate_whole_story, &mixed[1]),
        TEST_IN(test_gate_whole_story, &mixed[2]),
        TEST_IN(test_gate_whole_story, &mixed[3]),
        TEST_IN(test_gate_whole_story, &mixed[4]),
        TEST_IN(test_gate_whole_story, &mixed[5]),
        TEST_IN(test_gate_whole_story, &mixed[6]),
        TEST_IN(test_gate_whole_story, &mixed[7]),
        TEST_IN(test_gate_whole_story, &live),
        TEST_IN(test_gate_unloads_under_traffic, &live),
        TEST_IN(test_gate_many_clients_at_once, &live),
    };

    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
