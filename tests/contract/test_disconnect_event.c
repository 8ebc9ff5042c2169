/* SPDX-License-Identifier: MIT */
/* WskDisconnectEvent: when it is told, how often, and after what. */
#include "support/conn_client.h"

#define BOTH_EVENTS (WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT)

struct wired {
    struct conn_client *client;
    struct wsk_kit_peer *peer;
};

static struct wired wired_open(void **state, ULONG events)
{
    struct wired wired;

    wired.client = conn_client_create();
    conn_accept(*state, wired.client, events, &wired.peer);
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->client->socket);
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

static void rearm(struct conn_client *client)
{
    conn_request_expect(conn_receive_post(client->socket, 0, 0), STATUS_SUCCESS, 0);
}

/* --- the end and the reset -------------------------------------------------------------------- */

static void test_disconnect_event_end_comes_after_the_bytes(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);

    wsk_kit_peer_send_text(wired.peer, "last words");
    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    conn_client_expect_text(wired.client, "last words");
    assert_int_equal(wired.client->length_at_end, 10);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->end_count, 1);
    assert_int_equal(wired.client->reset_count, 0);
    assert_int_equal(wired.client->last_irql, DISPATCH_LEVEL);
    /* Sending is still allowed. */
    connection_send_text(wired.client->socket, "good bye");
    wsk_kit_peer_expect_text(wired.peer, "good bye");
    wired_close(&wired);
}

static void test_disconnect_event_waits_for_the_held_rest(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 3);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "abcdef");
    wsk_kit_peer_end(wired.peer);
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->end_count, 0);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    rearm(wired.client);
    conn_client_wait_end(wired.client);
    conn_client_expect_text(wired.client, "abcdef");
    assert_int_equal(wired.client->length_at_end, 6);
    wired_close(&wired);
}

/* A driver that receives with IRPs and wants only the news of the end. */
static void test_disconnect_event_alone_is_told_without_a_receive(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    conn_request_expect(conn_receive_post(wired.client->socket, 10, 0), STATUS_SUCCESS, 0);
    wired_close(&wired);
}

static void test_disconnect_event_alone_bytes_are_not_lost(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    wsk_kit_peer_send_text(wired.peer, "read me");
    wsk_kit_peer_end(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->end_count, 0);
    conn_request_expect_text(conn_receive_post(wired.client->socket, 5, 0), "read ");
    conn_request_expect_text(conn_receive_post(wired.client->socket, 5, 0), "me");
    conn_client_wait_end(wired.client);
    wired_close(&wired);
}

static void test_disconnect_event_follows_the_zero_receive(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);
    struct conn_request *receive = conn_receive_post(wired.client->socket, 10, 0);

    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    assert_true(conn_request_is_done(receive));
    conn_request_expect(receive, STATUS_SUCCESS, 0);
    wired_close(&wired);
}

static void test_disconnect_event_told_at_enable(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_peer_send_text(wired.peer, "abc");
    wsk_kit_peer_end(wired.peer);
    wsk_kit_run_until_idle();
    socket_events(wired.client->socket, BOTH_EVENTS);
    conn_client_wait_end(wired.client);
    conn_client_expect_text(wired.client, "abc");
    wired_close(&wired);
}

static void test_disconnect_event_reset_is_abortive(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);

    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_expect_text(wired.client, "abc");
    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->reset_count, 1);
    assert_int_equal(wired.client->end_count, 0);
    assert_int_equal(connection_send_try(wired.client->socket, "x", 1, 0, NULL), STATUS_CONNECTION_RESET);
    wired_close(&wired);
}

static void test_disconnect_event_end_then_reset(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);

    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->end_count, 1);
    assert_int_equal(wired.client->reset_count, 1);
    wired_close(&wired);
}

static void test_disconnect_event_reset_while_paused_drops_the_rest(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    conn_request_expect(conn_receive_post(wired.client->socket, 10, 0), STATUS_CONNECTION_RESET, 0);
    wired_close(&wired);
}

#define TESTS(X)                                             \
    X(test_disconnect_event_end_comes_after_the_bytes)       \
    X(test_disconnect_event_waits_for_the_held_rest)         \
    X(test_disconnect_event_alone_is_told_without_a_receive) \
    X(test_disconnect_event_alone_bytes_are_not_lost)        \
    X(test_disconnect_event_follows_the_zero_receive)        \
    X(test_disconnect_event_told_at_enable)                  \
    X(test_disconnect_event_reset_is_abortive)               \
    X(test_disconnect_event_end_then_reset)                  \
    X(test_disconnect_event_reset_while_paused_drops_the_rest)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
