/* SPDX-License-Identifier: MIT */
/* Verifier rules of indications, how they are answered and released: each with a breach and a near miss. */
#include "support/conn_client.h"

#include <string.h>

struct wired {
    struct conn_client *client;
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;
};

static void wired_open(struct wired *wired, void **state, ULONG events)
{
    wired->client = conn_client_create();
    conn_accept(*state, wired->client, events, &wired->peer);
    wired->socket = wired->client->socket;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

static NTSTATUS release(PWSK_SOCKET socket, PWSK_DATA_INDICATION list)
{
    return conn_table(socket)->WskRelease(socket, list);
}

/* --- SOCK-039, SOCK-040, SOCK-041: retained indications --------------------------------------- */

static void keep_text(struct wired *wired, const char *text)
{
    conn_client_set_answer(wired->client, CONN_KEEP, 0);
    socket_events(wired->socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(wired->peer, text);
    conn_client_expect_text(wired->client, text);
    assert_int_equal(wired->client->kept_count, 1);
}

static void test_sock_039_breach_close_with_a_kept_indication(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    wsk_kit_expect_report("SOCK-039");
    wired_close(&wired);
}

static struct wsk_request *s_close;
static NTSTATUS s_close_returned;

static void close_inside(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    (void)list;
    s_close_returned = conn_table(client->socket)->WskCloseSocket(client->socket, request_irp(s_close));
}

/* The callback that keeps the list has closed the socket: nobody can give the list back any more. */
static void test_sock_039_breach_close_inside_the_callback_that_keeps(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    s_close = request_create();
    wired.client->on_receive = close_inside;
    conn_client_set_answer(wired.client, CONN_KEEP, 0);
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    wsk_kit_expect_report("SOCK-039");
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    assert_int_equal(request_wait(s_close, s_close_returned), STATUS_SUCCESS);
    request_destroy(s_close);
    wsk_kit_peer_close(wired.peer);
    conn_client_destroy(wired.client);
}

static void test_sock_039_near_miss_close_after_release(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    conn_client_release_all(wired.client);
    wired_close(&wired);
}

static void test_sock_040_breach_release_twice(void **state)
{
    struct wired wired;
    PWSK_DATA_INDICATION kept;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    kept = wired.client->kept[0];
    assert_int_equal(release(wired.socket, kept), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-040");
    assert_int_equal(release(wired.socket, kept), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static void test_sock_040_breach_release_to_another_socket(void **state)
{
    struct wired wired;
    struct wired other;

    wired_open(&wired, state, 0);
    wired_open(&other, state, 0);
    keep_text(&wired, "abc");
    wsk_kit_expect_report("SOCK-040");
    assert_int_equal(release(other.socket, wired.client->kept[0]), STATUS_INVALID_PARAMETER);
    /* It is still kept, and can be given back where it belongs. */
    assert_int_equal(release(wired.socket, wired.client->kept[0]), STATUS_SUCCESS);
    wired_close(&other);
    wired_close(&wired);
}

static void test_sock_040_near_miss_release_once_each(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    wsk_kit_peer_send_text(wired.peer, "def");
    conn_client_expect_text(wired.client, "abcdef");
    wsk_kit_run_until_idle();
    wired.client->kept[0]->Next = wired.client->kept[1];
    assert_int_equal(release(wired.socket, wired.client->kept[0]), STATUS_SUCCESS);
    wired_close(&wired);
}

static PWSK_DATA_INDICATION s_seen;

static void remember(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    (void)client;
    s_seen = list;
}

static void test_sock_041_breach_release_of_a_consumed_indication(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wired.client->on_receive = remember;
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_expect_text(wired.client, "abc");
    wsk_kit_run_until_idle();
    wsk_kit_expect_report("SOCK-041");
    assert_int_equal(release(wired.socket, s_seen), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static void release_at_once(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    (void)release(client->socket, list);
}

static void test_sock_041_breach_release_in_a_callback_that_returns_success(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wired.client->on_receive = release_at_once;
    wsk_kit_expect_report("SOCK-041");
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_expect_text(wired.client, "abc");
    wired_close(&wired);
}

static void release_and_refuse_once(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    (void)release(client->socket, list);
    client->on_receive = NULL;
    client->answer = CONN_REFUSE;
}

/* The bytes that were refused are shown again: the release was of no use. */
static void test_sock_041_breach_release_in_a_callback_that_refuses(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wired.client->on_receive = release_and_refuse_once;
    wsk_kit_expect_report("SOCK-041");
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_receives(wired.client, 1);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->length, 0);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    connection_expect_text(wired.socket, "abc");
    wired_close(&wired);
}

static void test_sock_041_breach_release_of_something_else(void **state)
{
    struct wired wired;
    WSK_DATA_INDICATION own = { NULL, { NULL, 0, 0 } };

    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-041");
    assert_int_equal(release(wired.socket, &own), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-041");
    assert_int_equal(release(wired.socket, NULL), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static NTSTATUS WSKAPI release_then_pending(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                            SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct conn_client *client = SocketContext;

    (void)Flags;
    (void)BytesAccepted;
    client->length += BytesIndicated;
    (void)release(client->socket, DataIndication);
    client->receive_count++;
    return STATUS_PENDING;
}

static const WSK_CLIENT_CONNECTION_DISPATCH release_then_pending_dispatch = { release_then_pending, NULL, NULL };

static void test_sock_041_near_miss_release_in_a_callback_that_returns_pending(void **state)
{
    struct wired wired;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    wired.client = conn_client_create();
    wired.socket =
        listener_accept_peer(listener, AF_INET, port, wired.client, &release_then_pending_dispatch, &wired.peer);
    wired.client->socket = wired.socket;
    socket_close(listener);
    socket_events(wired.socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(wired.peer, "abc");
    conn_client_wait_length(wired.client, 3);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    wired_close(&wired);
}

/* --- SOCK-037: use after close ---------------------------------------------------------------- */

static void test_sock_037_breach_release_after_close(void **state)
{
    struct wired wired;
    PWSK_DATA_INDICATION kept;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    kept = wired.client->kept[0];
    wsk_kit_expect_report("SOCK-039");
    socket_close(wired.socket);
    wsk_kit_expect_report("SOCK-037");
    assert_int_equal(release(wired.socket, kept), STATUS_FILE_FORCED_CLOSED);
    wsk_kit_peer_close(wired.peer);
    conn_client_destroy(wired.client);
}

static void test_sock_037_near_miss_release_before_close(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    keep_text(&wired, "abc");
    assert_int_equal(release(wired.socket, wired.client->kept[0]), STATUS_SUCCESS);
    wired_close(&wired);
}

/* --- CB-006, CB-011, CB-012: answers of WskReceiveEvent --------------------------------------- */

/* What the next calls answer; everything is taken after that. */
struct answers {
    NTSTATUS status;
    SIZE_T accepted; /* written when it is not SIZE_MAX */
    PWSK_DATA_INDICATION list;
    LONG count;
    SIZE_T indicated;
};

static NTSTATUS WSKAPI answer_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                      SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct answers *answers = SocketContext;

    (void)Flags;
    answers->list = DataIndication;
    answers->indicated = BytesIndicated;
    if (answers->count++ > 0) {
        return STATUS_SUCCESS;
    }
    if (answers->accepted != (SIZE_T)-1) {
        *BytesAccepted = answers->accepted;
    }
    return answers->status;
}

static const WSK_CLIENT_CONNECTION_DISPATCH answer_dispatch = { answer_receive, NULL, NULL };

static PWSK_SOCKET answer_once(void **state, struct answers *answers, struct wsk_kit_peer **peer)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET socket = listener_accept_peer(listener, AF_INET, port, answers, &answer_dispatch, peer);

    socket_close(listener);
    socket_events(socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(*peer, "abc");
    wsk_kit_run_until_idle();
    assert_int_equal(answers->count, 1);
    assert_int_equal(answers->indicated, 3);
    return socket;
}

static void rearm_and_expect(PWSK_SOCKET socket, struct answers *answers, SIZE_T indicated)
{
    conn_request_expect(conn_receive_post(socket, 0, 0), STATUS_SUCCESS, 0);
    wsk_kit_run_until_idle();
    assert_int_equal(answers->count, 2);
    assert_int_equal(answers->indicated, indicated);
}

static void test_cb_006_breach_another_status_refuses(void **state)
{
    struct answers answers = { STATUS_INSUFFICIENT_RESOURCES, (SIZE_T)-1, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    wsk_kit_expect_report("CB-006");
    socket = answer_once(state, &answers, &peer);
    rearm_and_expect(socket, &answers, 3);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_cb_006_near_miss_data_not_accepted(void **state)
{
    struct answers answers = { STATUS_DATA_NOT_ACCEPTED, (SIZE_T)-1, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = answer_once(state, &answers, &peer);

    rearm_and_expect(socket, &answers, 3);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_cb_011_breach_more_accepted_than_indicated(void **state)
{
    struct answers answers = { STATUS_SUCCESS, 4, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    wsk_kit_expect_report("CB-011");
    socket = answer_once(state, &answers, &peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_cb_011_near_miss_all_accepted(void **state)
{
    struct answers answers = { STATUS_SUCCESS, 3, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = answer_once(state, &answers, &peer);

    wsk_kit_peer_send_text(peer, "defg"); /* it is not paused */
    wsk_kit_run_until_idle();
    assert_int_equal(answers.indicated, 4);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_cb_012_breach_bytes_accepted_with_pending(void **state)
{
    struct answers answers = { STATUS_PENDING, 1, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    wsk_kit_expect_report("CB-012");
    socket = answer_once(state, &answers, &peer);
    /* The list was kept as a whole all the same. */
    assert_int_equal(release(socket, answers.list), STATUS_SUCCESS);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_cb_012_near_miss_pending_alone(void **state)
{
    struct answers answers = { STATUS_PENDING, (SIZE_T)-1, NULL, 0, 0 };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = answer_once(state, &answers, &peer);

    assert_int_equal(release(socket, answers.list), STATUS_SUCCESS);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_sock_037_breach_release_after_close),
        T(test_sock_037_near_miss_release_before_close),
        T(test_sock_039_breach_close_with_a_kept_indication),
        T(test_sock_039_breach_close_inside_the_callback_that_keeps),
        T(test_sock_039_near_miss_close_after_release),
        T(test_sock_040_breach_release_twice),
        T(test_sock_040_breach_release_to_another_socket),
        T(test_sock_040_near_miss_release_once_each),
        T(test_sock_041_breach_release_of_a_consumed_indication),
        T(test_sock_041_breach_release_in_a_callback_that_returns_success),
        T(test_sock_041_breach_release_in_a_callback_that_refuses),
        T(test_sock_041_breach_release_of_something_else),
        T(test_sock_041_near_miss_release_in_a_callback_that_returns_pending),
        T(test_cb_006_breach_another_status_refuses),
        T(test_cb_006_near_miss_data_not_accepted),
        T(test_cb_011_breach_more_accepted_than_indicated),
        T(test_cb_011_near_miss_all_accepted),
        T(test_cb_012_breach_bytes_accepted_with_pending),
        T(test_cb_012_near_miss_pending_alone),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
