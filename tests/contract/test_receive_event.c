/* SPDX-License-Identifier: MIT */
/* WskReceiveEvent: every answer, every way of going on, and the order of it all. */
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

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

/* --- all is taken ----------------------------------------------------------------------------- */

static void test_receive_event_bytes_arrive(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);

    wsk_kit_peer_send_text(wired.peer, "hello");
    conn_client_expect_text(wired.client, "hello");
    wsk_kit_peer_send_text(wired.peer, ", driver");
    conn_client_expect_text(wired.client, "hello, driver");
    assert_int_equal(wired.client->last_irql, DISPATCH_LEVEL);
    assert_true((wired.client->last_flags & WSK_FLAG_AT_DISPATCH_LEVEL) != 0);
    wired_close(&wired);
}

static void test_receive_event_earlier_bytes_arrive_at_enable(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_peer_send_text(wired.peer, "early");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    conn_client_expect_text(wired.client, "early");
    wired_close(&wired);
}

static void test_receive_event_all_accepted_in_bytes(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 1000);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "one");
    conn_client_expect_text(wired.client, "one");
    wsk_kit_peer_send_text(wired.peer, "two");
    conn_client_expect_text(wired.client, "onetwo");
    wired_close(&wired);
}

/* --- a part is taken, or nothing -------------------------------------------------------------- */

static void test_receive_event_part_pauses_until_zero_receive(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 4);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "0123456789");
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_peer_send_text(wired.peer, "more");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 1);

    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    rearm(wired.client);
    conn_client_expect_text(wired.client, "0123456789more");
    wired_close(&wired);
}

static void test_receive_event_nothing_accepted_with_success_pauses(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "all of it");
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    rearm(wired.client);
    conn_client_expect_text(wired.client, "all of it");
    wired_close(&wired);
}

static void test_receive_event_all_but_one_accepted_pauses(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 8);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "12345678!");
    conn_client_wait_receives(wired.client, 1);
    rearm(wired.client);
    conn_client_expect_text(wired.client, "12345678!");
    assert_int_equal(wired.client->last_indicated, 1);
    wired_close(&wired);
}

static void test_receive_event_part_rest_goes_to_receive_first(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 2);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "abcdef");
    conn_client_wait_receives(wired.client, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    conn_request_expect_text(conn_receive_post(wired.client->socket, 3, 0), "cde");
    /* The rest of the rest is indicated again. */
    conn_client_expect_text(wired.client, "abf");
    wsk_kit_peer_send_text(wired.peer, "ghi");
    conn_client_expect_text(wired.client, "abfghi");
    wired_close(&wired);
}

static void test_receive_event_refused_is_indicated_again_after_zero_receive(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "take it");
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 1);
    rearm(wired.client);
    conn_client_wait_receives(wired.client, 2);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    rearm(wired.client);
    conn_client_expect_text(wired.client, "take it");
    wired_close(&wired);
}

/* While it is paused, everything can be had with WskReceive. */
static void test_receive_event_refused_can_be_received(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "0123456789");
    conn_client_wait_receives(wired.client, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    conn_request_expect_text(conn_receive_post(wired.client->socket, 100, 0), "0123456789");
    wsk_kit_peer_send_text(wired.peer, "and on");
    conn_client_expect_text(wired.client, "and on");
    wired_close(&wired);
}

/* A receive that was cancelled has completed, too. */
static void test_receive_event_cancelled_receive_ends_the_pause(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *receive;

    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    receive = conn_receive_post(wired.client->socket, 5, WSK_FLAG_WAITALL);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->receive_count, 1); /* not while a receive is outstanding */
    assert_true(IoCancelIrp(receive->request->irp));
    conn_request_expect(receive, STATUS_CANCELLED, 3);
    wsk_kit_peer_send_text(wired.peer, "def");
    conn_client_expect_text(wired.client, "def");
    wired_close(&wired);
}

/* --- receives inside the callback ------------------------------------------------------------- */

static void post_inside(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    struct conn_request **receive = client->test_data;

    (void)list;
    if (*receive == NULL) {
        *receive = conn_receive_post(client->socket, 100, 0);
        assert_int_equal((*receive)->returned, STATUS_PENDING);
    }
}

/* A documented race: the driver posts a receive in the callback, then refuses: the bytes go to the receive. */
static void test_receive_event_posted_inside_then_refused_goes_to_receive(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *receive = NULL;

    if (!((struct wsk_fixture *)*state)->way->is_stepped) {
        wired_close(&wired); /* assertions inside the callback need the test's own thread */
        return;
    }
    wired.client->test_data = &receive;
    wired.client->on_receive = post_inside;
    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "for whom");
    conn_client_wait_receives(wired.client, 1);
    conn_request_expect_text(receive, "for whom");
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    wsk_kit_peer_send_text(wired.peer, "for the callback");
    conn_client_expect_text(wired.client, "for the callback");
    wired_close(&wired);
}

static void test_receive_event_posted_inside_then_taken_waits_for_more(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *receive = NULL;

    if (!((struct wsk_fixture *)*state)->way->is_stepped) {
        wired_close(&wired);
        return;
    }
    wired.client->test_data = &receive;
    wired.client->on_receive = post_inside;
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "first");
    conn_client_expect_text(wired.client, "first");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(receive));
    wsk_kit_peer_send_text(wired.peer, "second");
    conn_request_expect_text(receive, "second");
    wsk_kit_peer_send_text(wired.peer, "third");
    conn_client_expect_text(wired.client, "firstthird");
    wired_close(&wired);
}

/* --- receives and events side by side --------------------------------------------------------- */

static void test_receive_event_pending_receive_goes_first(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);
    struct conn_request *receive = conn_receive_post(wired.client->socket, 3, 0);

    wsk_kit_peer_send_text(wired.peer, "abcdef");
    conn_request_expect_text(receive, "abc");
    conn_client_expect_text(wired.client, "def");
    wired_close(&wired);
}

/* What the client had seen of the stream when a receive's completion routine ran. */
static void note_length(struct wsk_request *request)
{
    struct conn_client *client = request->context;
    KIRQL irql;

    KeAcquireSpinLock(&client->lock, &irql);
    *(SIZE_T *)client->test_data = client->length;
    client->part = (SIZE_T)client->receive_count;
    KeReleaseSpinLock(&client->lock, irql);
}

/* Bytes behind those of a receive are not indicated before its completion routine has returned, or the driver would
 * get them in the wrong order. */
static void test_receive_event_waits_for_the_completion_routine(void **state)
{
    struct wired wired = wired_open(state, 0);
    SIZE_T length = 99;
    struct conn_request *receive;

    wired.client->test_data = &length;
    wsk_kit_peer_send_text(wired.peer, "abcdef");
    wsk_kit_run_until_idle();
    receive = conn_request_create(NULL, 3);
    receive->request->completed = note_length;
    receive->request->context = wired.client;
    socket_events(wired.client->socket, BOTH_EVENTS);
    conn_client_expect_text(wired.client, "abcdef");

    /* A new receive is outstanding when the next bytes come. */
    receive->returned = conn_table(wired.client->socket)
                            ->WskReceive(wired.client->socket, &receive->buffer, 0, request_irp(receive->request));
    wsk_kit_peer_send_text(wired.peer, "ghijkl");
    conn_client_wait_length(wired.client, 9);
    assert_int_equal(length, 6);
    conn_request_expect_text(receive, "ghi");
    assert_memory_equal(wired.client->bytes, "abcdefjkl", 9);
    wired_close(&wired);
}

static void test_receive_event_indicated_again_after_zero_receive_completed(void **state)
{
    struct wired wired = wired_open(state, 0);
    SIZE_T length = 99;
    struct conn_request *zero = conn_request_create(NULL, 0);

    wired.client->test_data = &length;
    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    zero->request->completed = note_length;
    zero->request->context = wired.client;
    zero->returned = conn_table(wired.client->socket)
                         ->WskReceive(wired.client->socket, &zero->buffer, 0, request_irp(zero->request));
    conn_client_expect_text(wired.client, "abc");
    conn_request_expect(zero, STATUS_SUCCESS, 0);
    assert_int_equal(length, 0);
    assert_int_equal(wired.client->part, 1); /* one call so far, the refused one */
    wired_close(&wired);
}

static void test_receive_event_disabled_bytes_go_to_receive(void **state)
{
    struct wired wired = wired_open(state, BOTH_EVENTS);

    wsk_kit_peer_send_text(wired.peer, "one");
    conn_client_expect_text(wired.client, "one");
    wsk_kit_run_until_idle(); /* no callback is running: the disable is immediate */
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE);
    wsk_kit_peer_send_text(wired.peer, "two");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->length, 3);
    conn_request_expect_text(conn_receive_post(wired.client->socket, 2, 0), "tw");
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE);
    conn_client_expect_text(wired.client, "oneo");
    wired_close(&wired);
}

/* --- lists that are kept ---------------------------------------------------------------------- */

static void test_receive_event_kept_list_stays_and_more_comes(void **state)
{
    struct wired wired = wired_open(state, 0);
    unsigned char again[3];

    conn_client_set_answer(wired.client, CONN_KEEP, 0);
    socket_events(wired.client->socket, BOTH_EVENTS);
    wsk_kit_peer_send_text(wired.peer, "one");
    conn_client_expect_text(wired.client, "one");
    wsk_kit_peer_send_text(wired.peer, "two");
    conn_client_expect_text(wired.client, "onetwo");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->kept_count, 2);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 2);
    assert_int_equal(conn_list_copy(wired.client->kept[0], again, sizeof(again)), 3);
    assert_memory_equal(again, "one", 3);
    assert_int_equal(conn_list_copy(wired.client->kept[1], again, sizeof(again)), 3);
    assert_memory_equal(again, "two", 3);
    conn_client_release_all(wired.client);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    wired_close(&wired);
}

/* --- a long stream, every answer -------------------------------------------------------------- */

/* Answers and re-arms as a careless but correct driver might. The draws come from the number of calls, so that a
 * failure is the same the next time. */
static void mixed_answers(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    static const enum conn_answer answers[] = { CONN_TAKE_ALL, CONN_TAKE_PART, CONN_KEEP, CONN_REFUSE, CONN_TAKE_ALL };
    unsigned draw = (unsigned)client->receive_count * 2654435761u >> 16;

    (void)list;
    client->answer = answers[draw % (sizeof(answers) / sizeof(answers[0]))];
    client->part = draw % 977;
    /* There is room for so many kept ones; give them back from inside the callback, all at once. */
    if (client->kept_count > 20) {
        conn_client_release_all(client);
    }
}

static bool has_progressed(void *context)
{
    struct conn_client *client = ((void **)context)[0];
    LONG seen = *(LONG *)((void **)context)[1];
    bool has_moved;
    KIRQL irql;

    KeAcquireSpinLock(&client->lock, &irql);
    has_moved = client->receive_count != seen || client->end_count > 0;
    KeReleaseSpinLock(&client->lock, irql);
    return has_moved;
}

static void test_receive_event_long_stream_with_all_answers_arrives_whole(void **state)
{
    const SIZE_T total = 200 * 1000;
    struct wired wired = wired_open(state, 0);
    unsigned char *stream = malloc(total);
    SIZE_T sent = 0;
    LONG seen = 0;
    void *wait[2] = { wired.client, &seen };

    assert_non_null(stream);
    conn_stream_fill(stream, 0, total);
    wired.client->on_receive = mixed_answers;
    socket_events(wired.client->socket, BOTH_EVENTS);
    while (wired.client->end_count == 0) {
        KIRQL irql;

        if (sent < total) {
            SIZE_T chunk = total - sent < 3001 ? total - sent : 3001;

            sent += wsk_kit_peer_send_some(wired.peer, stream + sent, chunk);
            if (sent == total) {
                wsk_kit_peer_end(wired.peer);
            }
        }
        /* A zero-length receive always helps on, whether the callback paused or not. */
        rearm(wired.client);
        (void)wsk_kit_wait_for_try(has_progressed, wait);
        KeAcquireSpinLock(&wired.client->lock, &irql);
        seen = wired.client->receive_count;
        KeReleaseSpinLock(&wired.client->lock, irql);
    }
    assert_int_equal(wired.client->length, total);
    assert_int_equal(wired.client->length_at_end, total);
    conn_stream_check(wired.client->bytes, 0, total);
    conn_client_release_all(wired.client);
    free(stream);
    wired_close(&wired);
}

#define TESTS(X)                                                        \
    X(test_receive_event_bytes_arrive)                                  \
    X(test_receive_event_earlier_bytes_arrive_at_enable)                \
    X(test_receive_event_all_accepted_in_bytes)                         \
    X(test_receive_event_part_pauses_until_zero_receive)                \
    X(test_receive_event_nothing_accepted_with_success_pauses)          \
    X(test_receive_event_all_but_one_accepted_pauses)                   \
    X(test_receive_event_part_rest_goes_to_receive_first)               \
    X(test_receive_event_refused_is_indicated_again_after_zero_receive) \
    X(test_receive_event_refused_can_be_received)                       \
    X(test_receive_event_cancelled_receive_ends_the_pause)              \
    X(test_receive_event_posted_inside_then_refused_goes_to_receive)    \
    X(test_receive_event_posted_inside_then_taken_waits_for_more)       \
    X(test_receive_event_pending_receive_goes_first)                    \
    X(test_receive_event_waits_for_the_completion_routine)              \
    X(test_receive_event_indicated_again_after_zero_receive_completed)  \
    X(test_receive_event_disabled_bytes_go_to_receive)                  \
    X(test_receive_event_kept_list_stays_and_more_comes)                \
    X(test_receive_event_long_stream_with_all_answers_arrives_whole)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
