/* SPDX-License-Identifier: MIT */
/* WSK_FLAG_WAITALL and WSK_FLAG_DRAIN: every way in which such a receive ends, and who waits for it. */
#include "support/conn_client.h"

#include <string.h>

struct pair {
    struct wsk_fixture *fixture;
    struct conn_client *client;
    struct wsk_kit_peer *peer;
};

/* events are enabled afterwards; 0 for none. */
static struct pair pair_open(void **state, ULONG events)
{
    struct pair pair = { *state, conn_client_create(), NULL };

    pair.client->socket = connection_open_peer(pair.fixture, AF_INET, pair.client, &conn_client_dispatch, &pair.peer);
    if (events != 0) {
        socket_events(pair.client->socket, events);
    }
    return pair;
}

static void pair_close(struct pair *pair)
{
    if (pair->client->socket != NULL) {
        socket_close(pair->client->socket);
    }
    wsk_kit_peer_close(pair->peer);
    conn_client_destroy(pair->client);
}

/* Ends a receive for which a part may have come: with threads the bytes may also have been too late. */
static void expect_part(struct pair *pair, struct conn_request *receive, NTSTATUS expected, const char *part)
{
    SIZE_T information;

    (void)request_wait(receive->request, receive->returned);
    information = receive->request->result.Information;
    assert_true(information == strlen(part) || (information == 0 && !pair->fixture->way->is_stepped));
    assert_memory_equal(receive->bytes, part, information);
    assert_int_equal(conn_request_end(receive, NULL), expected);
}

/* --- WSK_FLAG_WAITALL ------------------------------------------------------------------------- */

static void test_waitall_gathers_bytes_that_trickle_into_a_chain(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct wsk_request *request = request_create();
    char first_bytes[7] = "....";
    char second_bytes[6];
    WSK_BUF buffer;
    WSK_BUF second;
    NTSTATUS returned;

    buffer_init(&buffer, first_bytes, sizeof(first_bytes));
    buffer_init(&second, second_bytes, sizeof(second_bytes));
    buffer.Mdl->Next = second.Mdl;
    buffer.Offset = 4;
    buffer.Length = 8;
    returned = conn_table(pair.client->socket)
                   ->WskReceive(pair.client->socket, &buffer, WSK_FLAG_WAITALL, request_irp(request));
    for (const char *text = "abcdefg"; *text != '\0'; text++) {
        wsk_kit_peer_send(pair.peer, text, 1);
        wsk_kit_run_until_idle();
        assert_false(request_is_done(request));
    }
    wsk_kit_peer_send_text(pair.peer, "h");
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 8);
    assert_memory_equal(first_bytes, "....abc", 7);
    assert_memory_equal(second_bytes, "defgh", 5);
    buffer.Mdl->Next = NULL;
    buffer_fini(&second);
    buffer_fini(&buffer);
    request_destroy(request);
    pair_close(&pair);
}

/* One that waits for more holds up those behind it: bytes are given in posting order. */
static void test_waitall_is_filled_before_the_next_receive(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *all = conn_receive_post(pair.client->socket, 6, WSK_FLAG_WAITALL);
    struct conn_request *any = conn_receive_post(pair.client->socket, 10, 0);

    wsk_kit_peer_send_text(pair.peer, "abc");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(all));
    assert_false(conn_request_is_done(any));
    wsk_kit_peer_send_text(pair.peer, "defgh");
    conn_request_expect_text(all, "abcdef");
    conn_request_expect_text(any, "gh");
    pair_close(&pair);
}

static void test_waitall_takes_what_a_callback_left_first(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *all;

    conn_client_set_answer(pair.client, CONN_TAKE_PART, 2);
    socket_events(pair.client->socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(pair.peer, "abcdef");
    conn_client_wait_receives(pair.client, 1);
    /* With real peers the callback may have seen less than all; what it left is what follows. */
    conn_client_wait_length(pair.client, 2);
    all = conn_receive_post(pair.client->socket, 7, WSK_FLAG_WAITALL);
    wsk_kit_peer_send_text(pair.peer, "ghi");
    conn_request_expect_text(all, "cdefghi");
    assert_int_equal(pair.client->receive_count, 1);
    pair_close(&pair);
}

static void test_waitall_reset_after_a_part_fails_and_reports_it(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *all = conn_receive_post(pair.client->socket, 10, WSK_FLAG_WAITALL);

    wsk_kit_peer_send_text(pair.peer, "abc");
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(pair.peer);
    expect_part(&pair, all, STATUS_CONNECTION_RESET, "abc");
    pair_close(&pair);
}

static void test_waitall_aborted_after_a_part_is_cancelled_and_reports_it(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *all = conn_receive_post(pair.client->socket, 10, WSK_FLAG_WAITALL);

    wsk_kit_peer_send_text(pair.peer, "abc");
    wsk_kit_run_until_idle();
    assert_int_equal(connection_disconnect_try(pair.client->socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    expect_part(&pair, all, STATUS_CANCELLED, "abc");
    pair_close(&pair);
}

static void test_waitall_closed_after_a_part_is_cancelled_and_reports_it(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *all = conn_receive_post(pair.client->socket, 10, WSK_FLAG_WAITALL);

    wsk_kit_peer_send_text(pair.peer, "abc");
    wsk_kit_run_until_idle();
    socket_close(pair.client->socket);
    pair.client->socket = NULL;
    assert_true(conn_request_is_done(all));
    expect_part(&pair, all, STATUS_CANCELLED, "abc");
    pair_close(&pair);
}

/* --- WSK_FLAG_DRAIN --------------------------------------------------------------------------- */

/* While it drains nothing is indicated; the end is told after it has completed. */
static void test_drain_goes_before_the_event(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);

    socket_events(pair.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_send_text(pair.peer, "nobody reads this");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(drain));
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    conn_client_wait_end(pair.client);
    assert_int_equal(pair.client->receive_count, 0);
    pair_close(&pair);
}

/* A peer that writes without end does not wait for the driver. */
static void test_drain_keeps_the_window_open(void **state)
{
    static unsigned char bytes[256 * 1024];
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);

    for (unsigned i = 0; i < 16; i++) {
        wsk_kit_peer_send(pair.peer, bytes, sizeof(bytes));
    }
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_drain_leaves_nothing_for_the_receive_behind_it(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);
    struct conn_request *behind = conn_receive_post(pair.client->socket, 10, 0);

    wsk_kit_peer_send_text(pair.peer, "gone");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(behind));
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    conn_request_expect(behind, STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_drain_after_the_end_completes_at_once(void **state)
{
    struct pair pair = pair_open(state, 0);

    wsk_kit_peer_end(pair.peer);
    conn_request_expect(conn_receive_post(pair.client->socket, 10, 0), STATUS_SUCCESS, 0);
    conn_request_expect(conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN), STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_drain_ends_with_the_peers_reset(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);

    wsk_kit_peer_reset(pair.peer);
    conn_request_expect(drain, STATUS_CONNECTION_RESET, 0);
    conn_request_expect(conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN), STATUS_CONNECTION_RESET, 0);
    pair_close(&pair);
}

static void test_drain_ends_with_our_abort(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);

    assert_int_equal(connection_disconnect_try(pair.client->socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    conn_request_expect(drain, STATUS_CANCELLED, 0);
    pair_close(&pair);
}

static void test_drain_ends_with_the_close(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);

    wsk_kit_peer_send_text(pair.peer, "gone");
    socket_close(pair.client->socket);
    pair.client->socket = NULL;
    assert_true(conn_request_is_done(drain));
    conn_request_expect(drain, STATUS_CANCELLED, 0);
    pair_close(&pair);
}

/* --- orderly end with a drain ------------------------------------------------------------------ */

/* The usual goodbye: send the end, throw away what still comes, close when the peer has ended too. It is no reset. */
static void test_drain_after_disconnect_ends_both_directions(void **state)
{
    struct pair pair = pair_open(state, 0);
    struct conn_request *drain;

    assert_int_equal(connection_disconnect_try(pair.client->socket, 0), STATUS_SUCCESS);
    drain = conn_receive_post(pair.client->socket, 0, WSK_FLAG_DRAIN);
    wsk_kit_peer_expect_end(pair.peer);
    wsk_kit_peer_send_text(pair.peer, "too late");
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    socket_close(pair.client->socket);
    pair.client->socket = NULL;
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_peer_state(pair.peer), WSK_KIT_PEER_ENDED); /* not reset */
    pair_close(&pair);
}

#define TESTS(X)                                                     \
    X(test_waitall_gathers_bytes_that_trickle_into_a_chain)          \
    X(test_waitall_is_filled_before_the_next_receive)                \
    X(test_waitall_takes_what_a_callback_left_first)                 \
    X(test_waitall_reset_after_a_part_fails_and_reports_it)          \
    X(test_waitall_aborted_after_a_part_is_cancelled_and_reports_it) \
    X(test_waitall_closed_after_a_part_is_cancelled_and_reports_it)  \
    X(test_drain_goes_before_the_event)                              \
    X(test_drain_keeps_the_window_open)                              \
    X(test_drain_leaves_nothing_for_the_receive_behind_it)           \
    X(test_drain_after_the_end_completes_at_once)                    \
    X(test_drain_ends_with_the_peers_reset)                          \
    X(test_drain_ends_with_our_abort)                                \
    X(test_drain_ends_with_the_close)                                \
    X(test_drain_after_disconnect_ends_both_directions)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
