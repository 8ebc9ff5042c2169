/* SPDX-License-Identifier: MIT */
/* WskCloseSocket of connections: reset or not, what it cancels, what it waits for, and where it may be called. */
#include "support/conn_client.h"

#include <string.h>

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

/* The socket is closed already. */
static void wired_forget(struct wired *wired)
{
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

/* --- reset or not ----------------------------------------------------------------------------- */

static void test_close_connected_resets(void **state)
{
    struct wired wired = wired_open(state, 0);

    socket_close(wired.client->socket);
    wsk_kit_peer_expect_reset(wired.peer);
    wired_forget(&wired);
}

static void test_close_after_our_end_only_resets(void **state)
{
    struct wired wired = wired_open(state, 0);

    assert_int_equal(connection_disconnect_try(wired.client->socket, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_end(wired.peer);
    socket_close(wired.client->socket);
    wsk_kit_peer_expect_reset(wired.peer);
    wired_forget(&wired);
}

static void test_close_after_the_peers_end_only_resets(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    socket_close(wired.client->socket);
    wsk_kit_peer_expect_reset(wired.peer);
    wired_forget(&wired);
}

static void test_close_after_both_ends_does_not_reset(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);

    wsk_kit_peer_end(wired.peer);
    conn_client_wait_end(wired.client);
    connection_send_text(wired.client->socket, "good bye");
    assert_int_equal(connection_disconnect_try(wired.client->socket, 0), STATUS_SUCCESS);
    socket_close(wired.client->socket);
    wsk_kit_peer_expect_text(wired.peer, "good bye");
    wsk_kit_peer_expect_end(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_peer_state(wired.peer), WSK_KIT_PEER_ENDED);
    wired_forget(&wired);
}

/* The peer's end has come, but the driver never asked for it: both directions are finished all the same. */
static void test_close_after_both_ends_unread_does_not_reset(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_peer_end(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(connection_disconnect_try(wired.client->socket, 0), STATUS_SUCCESS);
    socket_close(wired.client->socket);
    wsk_kit_peer_expect_end(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_peer_state(wired.peer), WSK_KIT_PEER_ENDED);
    wired_forget(&wired);
}

static void test_close_with_unread_bytes_resets(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_peer_send_text(wired.peer, "never read");
    wsk_kit_run_until_idle();
    assert_int_equal(connection_disconnect_try(wired.client->socket, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_end(wired.peer);
    socket_close(wired.client->socket);
    wsk_kit_peer_expect_reset(wired.peer);
    wired_forget(&wired);
}

static void test_close_unconnected_succeeds(void **state)
{
    PWSK_SOCKET created = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET bound = connection_open_bound(*state, AF_INET6, NULL, NULL);

    socket_close(created);
    socket_close(bound);
}

static void test_close_after_the_peers_reset_succeeds(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    socket_close(wired.client->socket);
    wired_forget(&wired);
}

/* --- order ------------------------------------------------------------------------------------ */

static void test_close_completes_after_everything_else(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct conn_request *receives[3];
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    for (unsigned index = 0; index < 3; index++) {
        receives[index] = conn_receive_post(wired.client->socket, 10, 0);
    }
    returned = conn_table(wired.client->socket)->WskCloseSocket(wired.client->socket, request_irp(close));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    for (unsigned index = 0; index < 3; index++) {
        assert_true(receives[index]->request->order < close->order);
        conn_request_expect(receives[index], STATUS_CANCELLED, 0);
    }
    request_destroy(close);
    wired_forget(&wired);
}

/* --- where it is called ----------------------------------------------------------------------- */

struct closer {
    struct wsk_request *request;
    NTSTATUS returned;
    bool was_done_inside;
};

static void close_inside(struct conn_client *client)
{
    struct closer *closer = client->test_data;

    closer->returned = conn_table(client->socket)->WskCloseSocket(client->socket, request_irp(closer->request));
    closer->was_done_inside = request_is_done(closer->request);
}

static void close_inside_receive(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    (void)list;
    close_inside(client);
}

static void closer_end(struct closer *closer, struct wired *wired)
{
    KeWaitForSingleObject(&closer->request->done, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(closer->returned, STATUS_PENDING);
    assert_false(closer->was_done_inside); /* it waits for the callback */
    assert_int_equal(request_wait(closer->request, closer->returned), STATUS_SUCCESS);
    request_destroy(closer->request);
    wired_forget(wired);
}

static void close_inside_receive_event(void **state, enum conn_answer answer)
{
    struct wired wired = wired_open(state, 0);
    struct closer closer = { .request = request_create() };

    wired.client->test_data = &closer;
    wired.client->on_receive = close_inside_receive;
    conn_client_set_answer(wired.client, answer, 1);
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_send_text(wired.peer, "abc");
    closer_end(&closer, &wired);
}

static void test_close_inside_receive_event(void **state)
{
    close_inside_receive_event(state, CONN_TAKE_ALL);
}

static void test_close_inside_receive_event_then_part(void **state)
{
    close_inside_receive_event(state, CONN_TAKE_PART);
}

static void test_close_inside_receive_event_then_refuse(void **state)
{
    close_inside_receive_event(state, CONN_REFUSE);
}

static void test_close_inside_disconnect_event(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct closer closer = { .request = request_create() };

    wired.client->test_data = &closer;
    wired.client->on_disconnect = close_inside;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_end(wired.peer);
    closer_end(&closer, &wired);
}

static void close_in_completion(struct wsk_request *request)
{
    struct closer *closer = ((void **)request->context)[0];
    PWSK_SOCKET socket = ((void **)request->context)[1];

    closer->returned = conn_table(socket)->WskCloseSocket(socket, request_irp(closer->request));
    closer->was_done_inside = request_is_done(closer->request);
}

/* The completion routine of the socket's own receive closes the socket. */
static void test_close_inside_completion_routine(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct closer closer = { .request = request_create() };
    void *context[2] = { &closer, wired.client->socket };
    struct wsk_request *request = request_create();
    WSK_BUF buffer;
    char byte;
    NTSTATUS returned;

    buffer_init(&buffer, &byte, 1);
    request->completed = close_in_completion;
    request->context = context;
    returned = conn_table(wired.client->socket)->WskReceive(wired.client->socket, &buffer, 0, request_irp(request));
    wsk_kit_peer_send_text(wired.peer, "x");
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    KeWaitForSingleObject(&closer.request->done, Executive, KernelMode, FALSE, NULL);
    buffer_fini(&buffer);
    request_destroy(request);
    closer_end(&closer, &wired);
}

static void test_close_at_dispatch_level_pends(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct wsk_request *close = request_create();
    PIRP irp = request_irp(close);
    NTSTATUS returned;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = conn_table(wired.client->socket)->WskCloseSocket(wired.client->socket, irp);
    KeLowerIrql(irql);
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    request_destroy(close);
    wired_forget(&wired);
}

/* --- races ------------------------------------------------------------------------------------ */

/* Bytes, ends and resets arrive while the socket is being closed: nothing may be called afterwards. */
static void test_close_while_the_peer_talks_is_quiet_afterwards(void **state)
{
    for (unsigned round = 0; round < 60; round++) {
        struct wired wired = wired_open(state, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
        LONG receive_count;
        LONG disconnect_count;

        wsk_kit_peer_send_text(wired.peer, "abc");
        if (round % 3 == 1) {
            wsk_kit_peer_end(wired.peer);
        } else if (round % 3 == 2) {
            wsk_kit_peer_reset(wired.peer);
        }
        if (round % 2 == 1) {
            wsk_kit_run_until_idle();
        }
        socket_close(wired.client->socket);
        receive_count = wired.client->receive_count;
        disconnect_count = wired.client->end_count + wired.client->reset_count;
        wsk_kit_run_until_idle();
        assert_int_equal(wired.client->receive_count, receive_count);
        assert_int_equal(wired.client->end_count + wired.client->reset_count, disconnect_count);
        wired_forget(&wired);
    }
}

#define TESTS(X)                                        \
    X(test_close_connected_resets)                      \
    X(test_close_after_our_end_only_resets)             \
    X(test_close_after_the_peers_end_only_resets)       \
    X(test_close_after_both_ends_does_not_reset)        \
    X(test_close_after_both_ends_unread_does_not_reset) \
    X(test_close_with_unread_bytes_resets)              \
    X(test_close_unconnected_succeeds)                  \
    X(test_close_after_the_peers_reset_succeeds)        \
    X(test_close_completes_after_everything_else)       \
    X(test_close_inside_receive_event)                  \
    X(test_close_inside_receive_event_then_part)        \
    X(test_close_inside_receive_event_then_refuse)      \
    X(test_close_inside_disconnect_event)               \
    X(test_close_inside_completion_routine)             \
    X(test_close_at_dispatch_level_pends)               \
    X(test_close_while_the_peer_talks_is_quiet_afterwards)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
