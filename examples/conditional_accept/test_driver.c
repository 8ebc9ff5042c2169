/* SPDX-License-Identifier: MIT */
/* Unit tests of Gate's decisions, written to be read: each is a small story of given, when and then.
 *
 * wsk_emu_unit_test runs each test in a fresh emulated kernel, on one thread, over a network in memory. Nothing
 * happens behind the test's back: the driver's callbacks run when the test waits or steps, and the clock stands still
 * until the test moves it or everybody waits for it. A breach of a rule by the driver, or anything that it leaves
 * behind, fails the test. */
#include <string.h>

#include "gate_fixture.h"

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
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PDRIVER_OBJECT driver = NULL;

    (void)state;
    GateConfig = open_gate;
    GateConfig.Port = wsk_kit_server_port(server);
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "gate", &driver), STATUS_ADDRESS_ALREADY_EXISTS);
    assert_null(driver);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
    wsk_kit_server_close(server);
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
    config.Admission.Rules[1] = (GATE_RULE){ AF_INET, 31, { 127, 0, 0, 0 }, 1, 65535, GateAccept };
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
    assert_int_equal(GateSetPolicies(NULL, &closed), STATUS_SUCCESS);
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
    GateSetPolicies(NULL, &authority);

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

/* --- unload ---------------------------------------------------------------------------------------------- */

/* Clients that wait are turned away, and each of them is reported to WskAbortEvent. Nobody waits for the authority. */
static void test_gate_unloads_while_strangers_wait(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *first = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *second = wsk_kit_connect(WSK_KIT_IPV4, port);

    (void)state;
    wsk_kit_run_until_idle();
    unload_gate();
    assert_int_equal(wsk_kit_now_ms(), 0);

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

/* --- trace ------------------------------------------------------------------------------------------------ */

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
        TEST(test_gate_unloads_while_strangers_wait),
        TEST(test_gate_unloads_while_the_verdict_is_due),
        TEST(test_gate_unloads_while_a_client_is_in),
        TEST(test_gate_trace_follows_a_client),
    };

    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
