/* SPDX-License-Identifier: MIT */
/* Unit tests of Proxy's sessions, written to be read: how they begin, and how they end when something goes wrong. */
#include "proxy_fixture.h"

#include "gate.h"

#define CROWD 64

/* Gate, the other example, is a target that takes its time: it leaves the handshake of a stranger unanswered until an
 * authority has said yes, and sends back whatever it gets. */
DRIVER_INITIALIZE gate_DriverEntry;

#define GATE_DELAY_MS 500

static PDRIVER_OBJECT s_gate;

/* Loads Gate, and Proxy in front of it. Returns the port of Proxy. */
static USHORT load_proxy_with_a_slow_target(GATE_ACTION answer)
{
    PROXY_CONFIG config;
    GATE_STATUS status;

    GateConfig = (GATE_CONFIG){ .AuthorityDelayMs = GATE_DELAY_MS, .Authority = { .Default = answer } };
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "gate", &s_gate), STATUS_SUCCESS);
    GateQueryStatus(&status);
    config = proxy_config(WSK_KIT_IPV4, status.Port);
    return load_proxy(&config);
}

static GATE_STATUS gate_status(void)
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

static int unload_both(void **state)
{
    unload_if_loaded(state);
    wsk_emu_driver_unload(s_gate);
    s_gate = NULL;
    return 0;
}

/* --- load and unload ------------------------------------------------------------------------------------- */

/* The driver comes and goes, and leaves nothing behind. */
static void test_proxy_loads_and_unloads(void **state)
{
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, 1);

    (void)state;
    load_proxy(&config);
    assert_true(proxy_status().IsRunning);

    unload_proxy();
    assert_false(proxy_status().IsRunning);
}

/* A port that somebody else has: DriverEntry fails with the reason, and cleans up. */
static void test_proxy_port_in_use_fails_to_load(void **state)
{
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, 1);
    PDRIVER_OBJECT driver = NULL;
    struct wsk_kit_server *somebody = wsk_kit_listen(WSK_KIT_IPV4);

    (void)state;
    config.ListenAddress = proxy_config(WSK_KIT_IPV4, wsk_kit_server_port(somebody)).TargetAddress;
    ProxyConfig = config;
    assert_int_equal(wsk_emu_driver_load(PROXY_ENTRY, "stream_proxy", &driver), STATUS_ADDRESS_ALREADY_EXISTS);
    assert_null(driver);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

/* --- the target is reached -------------------------------------------------------------------------------- */

static void test_proxy_client_and_target_talk(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_send_text(proxied.client, "hello");
    wsk_kit_peer_expect_text(proxied.target, "hello");
    wsk_kit_peer_send_text(proxied.target, "good day to you");
    wsk_kit_peer_expect_text(proxied.client, "good day to you");
    assert_int_equal(proxy_status().BytesToTarget, 5);
    assert_int_equal(proxy_status().BytesToClient, 15);
    assert_int_equal(proxy_status().SessionsNow, 1);
}

/* The two sides need not be of one family. */
static void test_proxy_ipv4_client_reaches_an_ipv6_target(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV6);
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV6, wsk_kit_server_port(server));
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy(&config));
    struct wsk_kit_peer *target = wsk_kit_server_accept(server);

    (void)state;
    wsk_kit_peer_send_text(client, "hello");
    wsk_kit_peer_expect_text(target, "hello");
}

/* What a client says before its target is there is refused, and passed on when it is. */
static void test_proxy_client_speaks_before_the_target_is_there(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy_with_a_slow_target(GateAccept));

    (void)state;
    wsk_kit_peer_send_text(client, "early");
    wsk_kit_run_until_idle();
    assert_int_equal(proxy_status().Refusals, 1);
    assert_int_equal(proxy_status().BytesToTarget, 0);

    wsk_kit_peer_expect_text(client, "early");
    wsk_kit_peer_send_text(client, "late");
    wsk_kit_peer_expect_text(client, "late");
}

/* A client that has said all before its target is there, and one that has nothing to say. */
static void test_proxy_clients_finish_before_the_target_is_there(void **state)
{
    USHORT port = load_proxy_with_a_slow_target(GateAccept);
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *silent = wsk_kit_connect(WSK_KIT_IPV4, port);

    (void)state;
    wsk_kit_peer_send_text(client, "that is all");
    wsk_kit_peer_end(client);
    wsk_kit_peer_expect_connected(silent);
    wsk_kit_peer_end(silent);
    wsk_kit_run_until_idle();
    assert_int_equal(proxy_status().SessionsNow, 2);

    wsk_kit_peer_expect_text(client, "that is all");
    wsk_kit_peer_expect_end(client);
    wsk_kit_peer_expect_end(silent);
    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, 2);
}

/* --- the target is not reached ----------------------------------------------------------------------------- */

static void test_proxy_target_that_refuses_resets_the_client(void **state)
{
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy(&config));

    (void)state;
    wsk_kit_peer_expect_reset(client);
    expect_no_sessions();
    assert_int_equal(proxy_status().Failed, 1);
    assert_int_equal(proxy_status().Aborted, 0);
}

/* The client is reset although it has sent something that nobody has taken. */
static void test_proxy_target_that_refuses_resets_a_client_that_speaks(void **state)
{
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy(&config));

    (void)state;
    wsk_kit_peer_send_some(client, "early", 5);
    wsk_kit_peer_expect_reset(client);
    expect_no_sessions();
    assert_int_equal(proxy_status().BytesToTarget, 0);
}

/* The handshake with the target waits, and then it is refused. */
static void test_proxy_target_that_refuses_late_resets_the_client(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy_with_a_slow_target(GateReject));

    (void)state;
    wsk_kit_peer_send_text(client, "early");
    wsk_kit_advance_ms(GATE_DELAY_MS - 1);
    assert_int_equal(wsk_kit_peer_state(client), WSK_KIT_PEER_CONNECTED);

    wsk_kit_peer_expect_reset(client);
    expect_no_sessions();
    assert_int_equal(proxy_status().Failed, 1);
}

/* A client that gives up takes its connect with it: the target sees that nobody wants to come any more. */
static void test_proxy_client_gives_up_while_the_target_is_asked(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy_with_a_slow_target(GateAccept));

    (void)state;
    wsk_kit_advance_ms(GATE_DELAY_MS - 1);
    assert_int_equal(gate_status().RequestsNow, 1);

    wsk_kit_peer_reset(client);
    wsk_kit_run_until_idle();
    assert_int_equal(proxy_status().SessionsNow, 0);
    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 0);
}

/* The same, however far the connect is. Each round stops one step later. The clock does not move, so nobody has waited for
 * the target's answer. */
static void test_proxy_client_gives_up_at_every_step_of_the_connect(void **state)
{
    USHORT port = load_proxy_with_a_slow_target(GateAccept);
    bool is_waiting = false;

    (void)state;
    for (unsigned round = 0; !is_waiting; round++) {
        struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

        for (unsigned step = 0; step < round; step++) {
            is_waiting = !wsk_kit_step(); /* nothing is left to do: the last round */
        }
        wsk_kit_peer_reset(client);
        wsk_kit_run_until_idle();
        assert_int_equal(proxy_status().SessionsNow, 0);
    }
    assert_in_range(proxy_status().Sessions, 3, 100);
    assert_int_equal(proxy_status().Aborted, proxy_status().Sessions);
    assert_int_equal(gate_status().Connections, 0);
}

static void test_proxy_too_many_clients_are_turned_away(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PROXY_CONFIG config = proxy_config(WSK_KIT_IPV4, wsk_kit_server_port(server));
    struct proxied first = { .server = server };

    (void)state;
    config.MaxSessions = 1;
    first.port = load_proxy(&config);
    first = proxied_another(&first);
    wsk_kit_peer_expect_reset(wsk_kit_connect(WSK_KIT_IPV4, first.port));
    assert_int_equal(proxy_status().TurnedAway, 1);

    proxied_finish(&first);
    expect_no_sessions();
    proxied_another(&first);
}

/* --- many -------------------------------------------------------------------------------------------------- */

static void test_proxy_many_sessions_at_once(void **state)
{
    struct proxied sessions[CROWD];

    (void)state;
    sessions[0] = proxied_start(0);
    for (size_t i = 1; i < CROWD; i++) {
        sessions[i] = proxied_another(&sessions[0]);
    }
    for (size_t i = 0; i < CROWD; i++) {
        expect_passed_on(sessions[i].client, sessions[i].target, 1000 + i);
        expect_passed_on(sessions[i].target, sessions[i].client, 2000 + i);
    }
    assert_int_equal(proxy_status().SessionsNow, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        proxied_finish(&sessions[i]);
    }
    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, CROWD);
}

/* --- unload -------------------------------------------------------------------------------------------------- */

/* The connect is given up, and nobody waits for its answer. */
static void test_proxy_unloads_while_the_target_is_asked(void **state)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy_with_a_slow_target(GateAccept));

    (void)state;
    wsk_kit_peer_send_text(client, "early");
    wsk_kit_run_until_idle();
    unload_proxy();
    assert_int_equal(wsk_kit_now_ms(), 0);
    wsk_kit_peer_expect_reset(client);
    wsk_kit_run_until_idle();
    assert_int_equal(proxy_status().Aborted, 1);
    assert_int_equal(gate_status().Aborted, 1);
}

/* However far a session is: listening, accepted, connecting. Each round stops one step later. */
static void test_proxy_unloads_at_every_step_of_the_connect(void **state)
{
    PROXY_CONFIG config;
    bool is_waiting = false;

    (void)state;
    load_proxy_with_a_slow_target(GateAccept);
    config = ProxyConfig;
    for (unsigned round = 0; !is_waiting; round++) {
        size_t pool_before;
        struct wsk_kit_peer *client;

        unload_proxy();
        pool_before = wsk_kit_live_count(WSK_KIT_POOL);
        client = wsk_kit_connect(WSK_KIT_IPV4, load_proxy(&config));
        for (unsigned step = 0; step < round; step++) {
            is_waiting = !wsk_kit_step();
        }
        unload_proxy();
        assert_int_equal(wsk_kit_now_ms(), 0);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1); /* Gate listens */
        wsk_kit_run_until_idle();
        assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), pool_before);
        assert_int_not_equal(wsk_kit_peer_state(client), WSK_KIT_PEER_CONNECTED);
        wsk_kit_peer_close(client);
    }
    assert_int_equal(gate_status().Connections, 0);
}

/* Bytes are under way in both directions, sends are pending, indications are refused: the driver goes all the same. */
static void test_proxy_unloads_under_traffic(void **state)
{
    struct proxied busy = proxied_start(0);
    struct proxied fresh = proxied_another(&busy);
    struct proxied idle = proxied_another(&busy);

    (void)state;
    send_until_full(busy.client);
    send_until_full(busy.target);
    wsk_kit_peer_send_text(fresh.client, "nobody will read this");
    wsk_kit_peer_send_text(fresh.target, "nor this");
    unload_proxy();
    wsk_kit_peer_expect_reset(busy.client);
    wsk_kit_peer_expect_reset(busy.target);
    wsk_kit_peer_expect_reset(fresh.client);
    wsk_kit_peer_expect_reset(fresh.target);
    wsk_kit_peer_expect_reset(idle.client);
    wsk_kit_peer_expect_reset(idle.target);
    assert_int_equal(proxy_status().Aborted, 3);
}

#define BUSY_SESSIONS 24

/* Bytes come in on one processor while unload resets the connections from another one: nothing may be sent on a connection
 * that is being reset. */
static void test_proxy_unloads_while_bytes_come_in(void **state)
{
    struct proxied proxied[BUSY_SESSIONS];

    (void)state;
    proxied[0] = proxied_start(0);
    for (unsigned i = 1; i < BUSY_SESSIONS; i++) {
        proxied[i] = proxied_another(&proxied[0]);
    }
    for (unsigned i = 0; i < BUSY_SESSIONS; i++) {
        (void)send_pattern(proxied[i].client, 0, 20000);
        (void)send_pattern(proxied[i].target, 0, 20000);
    }
    unload_proxy();
    for (unsigned i = 0; i < BUSY_SESSIONS; i++) {
        wsk_kit_peer_expect_reset(proxied[i].client);
        wsk_kit_peer_expect_reset(proxied[i].target);
    }
}

/* A session that has finished in one direction. */
static void test_proxy_unloads_while_half_is_finished(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_end(proxied.client);
    wsk_kit_peer_expect_end(proxied.target);
    unload_proxy();
    wsk_kit_peer_expect_reset(proxied.client);
}

#define TEST_WITH_GATE(function) wsk_emu_unit_test_setup_teardown(function, NULL, unload_both)

/* Indications of many elements, each of which is sent by itself. */
static const struct wsk_emu_config threads_in_pieces = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .indication_max_bytes = 2000,
};

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_proxy_loads_and_unloads),
        TEST(test_proxy_port_in_use_fails_to_load),
        TEST(test_proxy_client_and_target_talk),
        TEST(test_proxy_ipv4_client_reaches_an_ipv6_target),
        TEST_WITH_GATE(test_proxy_client_speaks_before_the_target_is_there),
        TEST_WITH_GATE(test_proxy_clients_finish_before_the_target_is_there),
        TEST(test_proxy_target_that_refuses_resets_the_client),
        TEST(test_proxy_target_that_refuses_resets_a_client_that_speaks),
        TEST_WITH_GATE(test_proxy_target_that_refuses_late_resets_the_client),
        TEST_WITH_GATE(test_proxy_client_gives_up_while_the_target_is_asked),
        TEST_WITH_GATE(test_proxy_client_gives_up_at_every_step_of_the_connect),
        TEST(test_proxy_too_many_clients_are_turned_away),
        TEST(test_proxy_many_sessions_at_once),
        TEST_WITH_GATE(test_proxy_unloads_while_the_target_is_asked),
        TEST_WITH_GATE(test_proxy_unloads_at_every_step_of_the_connect),
        TEST(test_proxy_unloads_under_traffic),
        TEST(test_proxy_unloads_while_bytes_come_in),
        TEST(test_proxy_unloads_while_half_is_finished),
        TEST_IN(test_proxy_target_that_refuses_resets_the_client, &live),
        TEST_IN(test_proxy_target_that_refuses_resets_the_client, &stepped_sockets),
        TEST_IN(test_proxy_target_that_refuses_resets_the_client, &threads_virtual),
        TEST_IN(test_proxy_many_sessions_at_once, &live),
        TEST_IN(test_proxy_many_sessions_at_once, &stepped_sockets),
        TEST_IN(test_proxy_many_sessions_at_once, &threads_virtual),
        TEST_IN(test_proxy_unloads_under_traffic, &live),
        TEST_IN(test_proxy_unloads_under_traffic, &stepped_sockets),
        TEST_IN(test_proxy_unloads_under_traffic, &threads_virtual),
        TEST_IN(test_proxy_unloads_while_bytes_come_in, &live),
        TEST_IN(test_proxy_unloads_while_bytes_come_in, &threads_virtual),
        TEST_IN(test_proxy_unloads_while_bytes_come_in, &threads_in_pieces),
    };
    struct CMUnitTest seeded[4 * SEED_COUNT];

    for (unsigned i = 0; i < SEED_COUNT; i++) {
        seeded[4 * i] =
            seeded_test("refused", test_proxy_target_that_refuses_resets_a_client_that_speaks, i + 1, unload_if_loaded);
        seeded[4 * i + 1] =
            seeded_test("gives up", test_proxy_client_gives_up_at_every_step_of_the_connect, i + 1, unload_both);
        seeded[4 * i + 2] =
            seeded_test("unload at every step", test_proxy_unloads_at_every_step_of_the_connect, i + 1, unload_both);
        seeded[4 * i + 3] =
            seeded_test("unload under traffic", test_proxy_unloads_under_traffic, i + 1, unload_if_loaded);
    }
    return cmocka_run_group_tests_name("stream_proxy, sessions", tests, NULL, NULL) +
           cmocka_run_group_tests_name("stream_proxy, sessions in other orders", seeded, NULL, NULL);
}
