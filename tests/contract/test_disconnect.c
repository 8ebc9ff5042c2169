/* SPDX-License-Identifier: MIT */
/* WskDisconnect: graceful and abortive, with and without bytes, and what is left afterwards. */
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

struct wired {
    struct conn_client *client;
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;
};

static struct wired wired_open(void **state, ULONG events)
{
    struct wired wired;

    wired.client = conn_client_create();
    conn_accept(*state, wired.client, events, &wired.peer);
    wired.socket = wired.client->socket;
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

#define FLOOD_BYTES (16u * 1024 * 1024)

static unsigned char *flood_create(void)
{
    unsigned char *bytes = malloc(FLOOD_BYTES);

    assert_non_null(bytes);
    conn_stream_fill(bytes, 0, FLOOD_BYTES);
    return bytes;
}

static void peer_expect_stream(struct wsk_kit_peer *peer, SIZE_T length)
{
    unsigned char *bytes = malloc(65536);
    SIZE_T done = 0;

    assert_non_null(bytes);
    while (done < length) {
        SIZE_T want = length - done < 65536 ? length - done : 65536;
        SIZE_T got = wsk_kit_peer_receive(peer, bytes, want);

        assert_true(got > 0);
        conn_stream_check(bytes, done, got);
        done += got;
    }
    free(bytes);
}

/* --- graceful --------------------------------------------------------------------------------- */

static void test_disconnect_peer_sees_the_end(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *disconnect;

    connection_send_text(wired.socket, "before");
    disconnect = conn_disconnect_post(wired.socket, NULL, 0, 0);
    assert_int_equal(disconnect->returned, STATUS_PENDING);
    conn_request_expect(disconnect, STATUS_SUCCESS, 0);
    wsk_kit_peer_expect_text(wired.peer, "before");
    wsk_kit_peer_expect_end(wired.peer);
    wired_close(&wired);
}

static void test_disconnect_last_bytes_come_before_the_end(void **state)
{
    struct wired wired = wired_open(state, 0);

    connection_send_text(wired.socket, "first, ");
    conn_request_expect(conn_disconnect_post(wired.socket, "last", 4, 0), STATUS_SUCCESS, 0);
    wsk_kit_peer_expect_text(wired.peer, "first, last");
    wsk_kit_peer_expect_end(wired.peer);
    wired_close(&wired);
}

static void test_disconnect_waits_for_queued_sends(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(wired.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *disconnect = conn_disconnect_post(wired.socket, "last", 4, 0);

    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(disconnect));
    peer_expect_stream(wired.peer, FLOOD_BYTES);
    wsk_kit_peer_expect_text(wired.peer, "last");
    wsk_kit_peer_expect_end(wired.peer);
    conn_request_expect(flood, STATUS_SUCCESS, FLOOD_BYTES);
    conn_request_expect(disconnect, STATUS_SUCCESS, 0);
    free(bytes);
    wired_close(&wired);
}

static void test_disconnect_receiving_goes_on(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_end(wired.peer);
    wsk_kit_peer_send_text(wired.peer, "answer");
    conn_client_expect_text(wired.client, "answer");
    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client); /* the peer's end, not our own */
    assert_int_equal(wired.client->end_count, 1);
    wired_close(&wired);
}

static void test_disconnect_of_our_own_is_no_event(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->end_count, 0);
    assert_int_equal(wired.client->reset_count, 0);
    wired_close(&wired);
}

static void test_disconnect_second_graceful_fails(void **state)
{
    struct wired wired = wired_open(state, 0);

    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_SUCCESS);
    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_INVALID_DEVICE_STATE);
    wired_close(&wired);
}

static void test_disconnect_unconnected_fails(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_disconnect_try(socket, 0), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_disconnect_try(socket, WSK_FLAG_ABORTIVE), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_disconnect_after_the_peers_reset_succeeds(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_SUCCESS);
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    conn_request_expect(conn_disconnect_post(wired.socket, NULL, 0, WSK_FLAG_ABORTIVE), STATUS_SUCCESS, 0);
    wired_close(&wired);
}

static void test_disconnect_with_last_bytes_after_the_peers_reset_fails(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    conn_request_expect(conn_disconnect_post(wired.socket, "late", 4, 0), STATUS_CONNECTION_RESET, 0);
    wired_close(&wired);
}

/* Cancelling the disconnect takes its bytes back, but the end was promised. */
static void test_disconnect_cancelled_end_still_comes(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(wired.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *disconnect = conn_disconnect_post(wired.socket, "last", 4, 0);

    assert_true(IoCancelIrp(disconnect->request->irp));
    conn_request_expect(disconnect, STATUS_CANCELLED, 0);
    peer_expect_stream(wired.peer, FLOOD_BYTES);
    wsk_kit_peer_expect_end(wired.peer);
    conn_request_expect(flood, STATUS_SUCCESS, FLOOD_BYTES);
    free(bytes);
    wired_close(&wired);
}

/* The story: a disconnect whose last bytes had gone out in part said how many, in IoStatus.Information, when it was
 * cancelled. Only transfers do that; here 0 is promised. */
static void test_disconnect_cancelled_in_the_middle_reports_no_bytes(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *disconnect = conn_disconnect_post(wired.socket, bytes, FLOOD_BYTES, 0);

    assert_true(IoCancelIrp(disconnect->request->irp));
    conn_request_expect(disconnect, STATUS_CANCELLED, 0);
    free(bytes);
    wired_close(&wired);
}

/* --- abortive --------------------------------------------------------------------------------- */

static void test_disconnect_abortive_peer_sees_a_reset(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_request_expect(conn_disconnect_post(wired.socket, NULL, 0, WSK_FLAG_ABORTIVE), STATUS_SUCCESS, 0);
    wsk_kit_peer_expect_reset(wired.peer);
    wired_close(&wired);
}

static void test_disconnect_abortive_cancels_sends_and_receives(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(wired.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *receive = conn_receive_post(wired.socket, 10, 0);

    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(receive, STATUS_CANCELLED, 0);
    wsk_kit_peer_expect_reset(wired.peer);
    free(bytes);
    wired_close(&wired);
}

/* The documented way out of a graceful disconnect that never ends, because the peer does not read. */
static void test_disconnect_abortive_ends_a_stuck_graceful_one(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(wired.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *graceful = conn_disconnect_post(wired.socket, NULL, 0, 0);

    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(graceful));
    conn_request_expect(conn_disconnect_post(wired.socket, NULL, 0, WSK_FLAG_ABORTIVE), STATUS_SUCCESS, 0);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(graceful, STATUS_CANCELLED, 0);
    free(bytes);
    wired_close(&wired);
}

static void test_disconnect_close_ends_a_stuck_graceful_one(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(wired.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *graceful = conn_disconnect_post(wired.socket, NULL, 0, 0);

    wired_close(&wired);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(graceful, STATUS_CANCELLED, 0);
    free(bytes);
}

static void abort_inside(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    struct conn_request **disconnect = client->test_data;

    (void)list;
    if (*disconnect == NULL) {
        *disconnect = conn_disconnect_post(client->socket, NULL, 0, WSK_FLAG_ABORTIVE);
    }
}

static void test_disconnect_abortive_inside_the_receive_callback(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *disconnect = NULL;

    if (!((struct wsk_fixture *)*state)->way->is_stepped) {
        wired_close(&wired); /* assertions inside the callback need the test's own thread */
        return;
    }
    wired.client->test_data = &disconnect;
    wired.client->on_receive = abort_inside;
    socket_events(wired.socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    conn_request_expect(disconnect, STATUS_SUCCESS, 0);
    wsk_kit_peer_expect_reset(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 1);
    assert_int_equal(wired.client->reset_count, 0);
    wired_close(&wired);
}

/* --- arguments -------------------------------------------------------------------------------- */

static void test_disconnect_unknown_flag_is_not_supported(void **state)
{
    struct wired wired = wired_open(state, 0);

    assert_int_equal(connection_disconnect_try(wired.socket, 0x10), STATUS_NOT_SUPPORTED);
    connection_send_text(wired.socket, "still there");
    wsk_kit_peer_expect_text(wired.peer, "still there");
    wired_close(&wired);
}

#define TESTS(X)                                                   \
    X(test_disconnect_peer_sees_the_end)                           \
    X(test_disconnect_last_bytes_come_before_the_end)              \
    X(test_disconnect_waits_for_queued_sends)                      \
    X(test_disconnect_receiving_goes_on)                           \
    X(test_disconnect_of_our_own_is_no_event)                      \
    X(test_disconnect_second_graceful_fails)                       \
    X(test_disconnect_unconnected_fails)                           \
    X(test_disconnect_after_the_peers_reset_succeeds)              \
    X(test_disconnect_with_last_bytes_after_the_peers_reset_fails) \
    X(test_disconnect_cancelled_end_still_comes)                   \
    X(test_disconnect_cancelled_in_the_middle_reports_no_bytes)    \
    X(test_disconnect_abortive_peer_sees_a_reset)                  \
    X(test_disconnect_abortive_cancels_sends_and_receives)         \
    X(test_disconnect_abortive_ends_a_stuck_graceful_one)          \
    X(test_disconnect_close_ends_a_stuck_graceful_one)             \
    X(test_disconnect_abortive_inside_the_receive_callback)        \
    X(test_disconnect_unknown_flag_is_not_supported)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
