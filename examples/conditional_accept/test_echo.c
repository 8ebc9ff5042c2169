/* SPDX-License-Identifier: MIT */
/* Unit tests of Gate's connections: what comes in goes out again, whatever the client does; and the driver's whole life in
 * other orders of events and on real sockets. */
#include "gate_fixture.h"

#define ECHO_MAX_BYTES (1024 * 1024)
#define CROWD 100

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
    size_t sent;

    (void)state;
    sent = send_until_full(client);
    assert_in_range(gate_status().MostSendsInFlight, 2, 8);
    assert_int_not_equal(gate_status().Refusals, 0);

    expect_pattern(client, sent);
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
    size_t sent;

    (void)state;
    sent = send_until_full(client);
    wsk_kit_peer_end(client);

    expect_pattern(client, sent);
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

/* Bytes come in on one processor while unload resets the connections from another one: nothing may be sent on a connection
 * that is being reset. */
static void test_gate_unloads_while_bytes_come_in(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_kit_peer *clients[CROWD];

    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = connected_client(port);
    }
    for (size_t i = 0; i < CROWD; i++) {
        (void)send_pattern(clients[i], 0, 20000);
    }
    unload_gate();
    for (size_t i = 0; i < CROWD; i++) {
        wsk_kit_peer_expect_reset(clients[i]);
    }
}

/* --- other ways to run ------------------------------------------------------------------------------------- */

/* Everything that a driver goes through in its life. The tests below run it in other ways. */
static void test_gate_whole_story(void **state)
{
    USHORT port = load_gate(&asking_gate);
    struct wsk_kit_peer *patient = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *impatient = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_kit_peer *last;
    size_t sent;

    (void)state;
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(impatient);
    wsk_kit_peer_expect_connected(patient);
    expect_echo(patient, 100000);

    sent = send_until_full(patient);
    expect_pattern(patient, sent);
    wsk_kit_peer_end(patient);
    wsk_kit_peer_expect_end(patient);

    last = connected_client(port);
    expect_echo(last, 1);
    send_until_full(last);
    unload_gate();
    assert_int_equal(gate_status().Aborted, 1);
    assert_int_equal(gate_status().Connections, 2);
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

/* The other two pairs. */
static const struct wsk_emu_config stepped_sockets = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_SOCKETS,
};
static const struct wsk_emu_config threads_virtual = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
};

/* Indications of many elements, each of which is sent by itself. */
static const struct wsk_emu_config threads_in_pieces = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .indication_max_bytes = 2000,
};

/* One test in all orders of events. */
#define TEST_MIXED(function)                                                                      \
    TEST_IN(function, &mixed[0]), TEST_IN(function, &mixed[1]), TEST_IN(function, &mixed[2]),     \
        TEST_IN(function, &mixed[3]), TEST_IN(function, &mixed[4]), TEST_IN(function, &mixed[5]), \
        TEST_IN(function, &mixed[6]), TEST_IN(function, &mixed[7])

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_echoes_one_byte),
        TEST(test_gate_echoes_64_kib),
        TEST(test_gate_echoes_1_mib),
        TEST(test_gate_client_that_does_not_read_is_held_back),
        TEST(test_gate_one_send_at_a_time),
        TEST(test_gate_client_resets_while_sends_are_pending),
        TEST(test_gate_client_finishes_and_gets_the_rest),
        TEST(test_gate_many_clients_at_once),
        TEST(test_gate_unloads_under_traffic),
        TEST(test_gate_unloads_while_bytes_come_in),
        TEST(test_gate_whole_story),
        TEST_IN(test_gate_whole_story, &deferred),
        TEST_IN(test_gate_unloads_under_traffic, &deferred),
        TEST_MIXED(test_gate_whole_story),
        TEST_MIXED(test_gate_unloads_under_traffic),
        TEST_MIXED(test_gate_client_resets_while_sends_are_pending),
        TEST_IN(test_gate_whole_story, &live),
        TEST_IN(test_gate_unloads_under_traffic, &live),
        TEST_IN(test_gate_unloads_while_bytes_come_in, &live),
        TEST_IN(test_gate_unloads_while_bytes_come_in, &threads_in_pieces),
        TEST_IN(test_gate_client_resets_while_sends_are_pending, &live),
        TEST_IN(test_gate_many_clients_at_once, &live),
        TEST_IN(test_gate_whole_story, &stepped_sockets),
        TEST_IN(test_gate_whole_story, &threads_virtual),
    };

    return cmocka_run_group_tests_name("gate, connections", tests, NULL, NULL);
}
