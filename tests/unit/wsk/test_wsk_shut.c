/* SPDX-License-Identifier: MIT */
/* Events that come when driver code is shut out, because a test has left it by a long jump: no callback runs, and each
 * answers as if it had nothing to say. */
#include "support/conn_client.h"
#include "support/dgram_client.h"
#include "support/inspect_gate.h"

#include "nt/nt_door.h"

/* What was done to the network before happens now, with driver code shut out. */
static void happen_shut(void)
{
    we_nt_door_shut(true);
    wsk_kit_run_until_idle();
    we_nt_door_shut(false);
}

static void test_request_that_nobody_can_inspect_is_rejected(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);

    happen_shut();
    wsk_kit_peer_expect_rejected(peer);
    assert_int_equal(wsk_kit_witness_count(gate->inspects), 0);
    gate_expect_silence(gate, 0, 0);
    wsk_kit_peer_close(peer);
    gate_close(gate);
}

static void test_request_that_is_aborted_meanwhile_is_not_told(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);

    gate_wait_pended(1);
    wsk_kit_peer_reset(peer);
    happen_shut();
    gate_wait_pended(0);
    gate_expect_silence(gate, 0, 0);
    wsk_kit_peer_close(peer);
    gate_close(gate);
}

static void test_connection_that_nobody_can_accept_is_refused(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    size_t sockets = wsk_kit_live_count(WSK_KIT_SOCKET);

    gate_wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    wsk_kit_run_until_idle(); /* established, and the event is off */
    we_nt_door_shut(true);
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    wsk_kit_run_until_idle();
    we_nt_door_shut(false);
    wsk_kit_peer_expect_rejected(peer);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), sockets);
    gate_expect_silence(gate, 0, 0);
    wsk_kit_peer_close(peer);
    gate_close(gate);
}

/* Bytes that cannot be shown are kept, as if the callback had refused them. */
static void test_bytes_that_cannot_be_shown_wait_for_a_receive(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    conn_accept(*state, client, WSK_EVENT_RECEIVE, &peer);
    wsk_kit_peer_send_text(peer, "not shown");
    happen_shut();
    wsk_kit_run_until_idle();
    assert_int_equal(client->receive_count, 0);
    connection_expect_text(client->socket, "not shown");
    wsk_kit_peer_send_text(peer, "shown");
    conn_client_expect_text(client, "shown");
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_end_that_cannot_be_told_is_found_by_a_receive(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;
    SIZE_T received = 1;
    char byte;

    conn_accept(*state, client, WSK_EVENT_DISCONNECT, &peer);
    wsk_kit_peer_end(peer);
    happen_shut();
    wsk_kit_run_until_idle();
    assert_int_equal(client->end_count, 0);
    assert_int_equal(connection_receive_try(client->socket, &byte, 1, 0, &received), STATUS_SUCCESS);
    assert_int_equal(received, 0);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static NTSTATUS WSKAPI on_backlog(PVOID SocketContext, SIZE_T IdealBacklogSize)
{
    wsk_kit_witness_call(SocketContext, IdealBacklogSize, 0, 0, 0);
    return STATUS_SUCCESS;
}

static void test_backlog_that_cannot_be_told_is_told_of_the_next_time(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH dispatch = { NULL, NULL, on_backlog };
    struct wsk_kit_witness *told = wsk_kit_witness_create("WskSendBacklogEvent");
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, told, &dispatch, &peer);

    socket_events(socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_run_until_idle();
    wsk_kit_peer_set_receive_buffer(peer, 8192);
    happen_shut();
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(told), 0);
    wsk_kit_peer_set_receive_buffer(peer, 4096);
    wsk_kit_witness_wait(told, 1);
    assert_int_equal(wsk_kit_witness_get(told, 0).values[0], 4096);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_witness_destroy(told);
}

/* A datagram is a datagram: one that cannot be shown is lost. */
static void test_datagram_that_cannot_be_shown_is_lost(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    wsk_kit_datagram_send_text(peer, client->port, "lost");
    happen_shut();
    wsk_kit_datagram_send_text(peer, client->port, "shown");
    dgram_client_expect(client, 0, "shown");
    assert_int_equal(client->call_count, 1);
    wsk_kit_datagram_close(peer);
    dgram_client_destroy(client);
}

#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_request_that_nobody_can_inspect_is_rejected),
        TEST(test_request_that_is_aborted_meanwhile_is_not_told),
        TEST(test_connection_that_nobody_can_accept_is_refused),
        TEST(test_bytes_that_cannot_be_shown_wait_for_a_receive),
        TEST(test_end_that_cannot_be_told_is_found_by_a_receive),
        TEST(test_backlog_that_cannot_be_told_is_told_of_the_next_time),
        TEST(test_datagram_that_cannot_be_shown_is_lost),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
