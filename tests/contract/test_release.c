/* SPDX-License-Identifier: MIT */
/* WskRelease and lists of several indications: taken apart, released in any order, inside the callback and out. */
/* Indications are cut to so few bytes that one read makes a list. */
#define CUT_BYTES 5
#define CONTRACT_CONFIG .indication_max_bytes = CUT_BYTES

#include "support/conn_client.h"

#include <stdlib.h>
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

static void wired_close(struct wired *wired)
{
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    socket_close(wired->client->socket);
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

static NTSTATUS release(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    return conn_table(client->socket)->WskRelease(client->socket, list);
}

/* Sends text while the event is off, so that it comes as one list. */
static void indicate_at_once(struct wired *wired, const char *text)
{
    wsk_kit_peer_send_text(wired->peer, text);
    wsk_kit_run_until_idle();
    socket_events(wired->client->socket, WSK_EVENT_RECEIVE);
}

/* --- lists ------------------------------------------------------------------------------------ */

static void test_list_has_an_element_for_each_cut(void **state)
{
    struct wired wired = wired_open(state, 0);

    indicate_at_once(&wired, "abcdefghijkl");
    conn_client_expect_text(wired.client, "abcdefghijkl");
    assert_int_equal(wired.client->receive_count, 1);
    assert_int_equal(wired.client->last_indicated, 12);
    assert_int_equal(wired.client->last_elements, 3);
    wired_close(&wired);
}

static void test_list_part_is_trimmed_inside_an_element(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_TAKE_PART, 7);
    indicate_at_once(&wired, "abcdefghijkl");
    conn_client_wait_receives(wired.client, 1);
    conn_client_set_answer(wired.client, CONN_TAKE_ALL, 0);
    conn_request_expect(conn_receive_post(wired.client->socket, 0, 0), STATUS_SUCCESS, 0);
    conn_client_expect_text(wired.client, "abcdefghijkl");
    assert_int_equal(wired.client->last_indicated, 5);
    assert_int_equal(wired.client->last_elements, 2); /* "hij", "kl" */
    wired_close(&wired);
}

static void test_list_rest_goes_to_receives_across_elements(void **state)
{
    struct wired wired = wired_open(state, 0);

    conn_client_set_answer(wired.client, CONN_REFUSE, 0);
    indicate_at_once(&wired, "abcdefghijkl");
    conn_client_wait_receives(wired.client, 1);
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE);
    conn_request_expect_text(conn_receive_post(wired.client->socket, 4, 0), "abcd");
    conn_request_expect_text(conn_receive_post(wired.client->socket, 4, 0), "efgh");
    conn_request_expect_text(conn_receive_post(wired.client->socket, 40, 0), "ijkl");
    wired_close(&wired);
}

/* --- release ---------------------------------------------------------------------------------- */

static void keep_one_list(struct wired *wired, const char *text)
{
    conn_client_set_answer(wired->client, CONN_KEEP, 0);
    indicate_at_once(wired, text);
    conn_client_expect_text(wired->client, text);
    wsk_kit_run_until_idle(); /* the callback's answer has been taken */
}

static void test_release_elements_one_by_one_in_another_order(void **state)
{
    static const unsigned order[] = { 2, 0, 3, 1 };
    struct wired wired = wired_open(state, 0);

    keep_one_list(&wired, "aaaaabbbbbcccccddddd");
    assert_int_equal(wired.client->kept_count, 4);
    for (unsigned index = 0; index < 4; index++) {
        unsigned char bytes[CUT_BYTES];
        PWSK_DATA_INDICATION element = wired.client->kept[order[index]];

        assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 4 - index);
        assert_int_equal(conn_list_copy(element, bytes, sizeof(bytes)), CUT_BYTES);
        assert_int_equal(bytes[0], 'a' + (int)order[index]);
        assert_int_equal(release(wired.client, element), STATUS_SUCCESS);
    }
    wired_close(&wired);
}

/* Elements of several lists, linked into one by the driver. */
static void test_release_relinked_list_in_one_call(void **state)
{
    struct wired wired = wired_open(state, 0);
    PWSK_DATA_INDICATION list = NULL;

    keep_one_list(&wired, "aaaaabbbbb");
    wsk_kit_peer_send_text(wired.peer, "ccc");
    conn_client_wait_length(wired.client, 13);
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->kept_count, 3);
    for (unsigned index = 0; index < 3; index++) {
        wired.client->kept[index]->Next = list;
        list = wired.client->kept[index];
    }
    assert_int_equal(release(wired.client, list), STATUS_SUCCESS);
    wired_close(&wired);
}

/* Next of a kept element belongs to the driver: what stands there is followed by WskRelease only. */
static void release_all_but_first(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    PWSK_DATA_INDICATION element = list->Next;

    client->kept[client->kept_count++] = list;
    list->Next = (PWSK_DATA_INDICATION)(ULONG_PTR)0x10; /* a driver's own mark */
    while (element != NULL) {
        PWSK_DATA_INDICATION next = element->Next;

        element->Next = NULL;
        if (release(client, element) != STATUS_SUCCESS) {
            client->test_data = client; /* seen by the test's own thread */
        }
        element = next;
    }
}

static NTSTATUS WSKAPI take_apart_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                          SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct conn_client *client = SocketContext;
    KIRQL irql;

    (void)Flags;
    (void)BytesAccepted;
    release_all_but_first(client, DataIndication);
    KeAcquireSpinLock(&client->lock, &irql);
    client->receive_count++;
    client->length += BytesIndicated;
    KeReleaseSpinLock(&client->lock, irql);
    return STATUS_PENDING;
}

static const WSK_CLIENT_CONNECTION_DISPATCH take_apart_dispatch = { take_apart_receive, NULL, NULL };

static void test_release_inside_the_callback_then_pending(void **state)
{
    struct wired wired;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    wired.client = conn_client_create();
    wired.client->socket =
        listener_accept_peer(listener, AF_INET, port, wired.client, &take_apart_dispatch, &wired.peer);
    socket_close(listener);
    indicate_at_once(&wired, "aaaaabbbbbccccc");
    conn_client_wait_length(wired.client, 15);
    wsk_kit_run_until_idle();
    assert_null(wired.client->test_data);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 1);
    wired.client->kept[0]->Next = NULL;
    assert_int_equal(release(wired.client, wired.client->kept[0]), STATUS_SUCCESS);
    /* And on it goes. */
    wired.client->kept_count = 0;
    wsk_kit_peer_send_text(wired.peer, "ddd");
    conn_client_wait_length(wired.client, 18);
    wsk_kit_run_until_idle();
    wired.client->kept[0]->Next = NULL;
    assert_int_equal(release(wired.client, wired.client->kept[0]), STATUS_SUCCESS);
    wired_close(&wired);
}

static void test_release_after_reset_and_after_disconnect(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_DISCONNECT);

    keep_one_list(&wired, "aaaaabbbbb");
    assert_int_equal(connection_disconnect_try(wired.client->socket, 0), STATUS_SUCCESS);
    assert_int_equal(release(wired.client, wired.client->kept[0]), STATUS_SUCCESS);
    wsk_kit_peer_reset(wired.peer);
    conn_client_wait_reset(wired.client);
    assert_int_equal(release(wired.client, wired.client->kept[1]), STATUS_SUCCESS);
    wired_close(&wired);
}

static void test_release_at_dispatch_level(void **state)
{
    struct wired wired = wired_open(state, 0);
    KIRQL irql;
    NTSTATUS status;

    keep_one_list(&wired, "abc");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = release(wired.client, wired.client->kept[0]);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
    wired_close(&wired);
}

/* A driver that keeps thousands of indications: none is overwritten while it is kept. */
static void test_release_of_many_kept_bytes_are_unchanged(void **state)
{
    const SIZE_T total = 20 * 1000;
    struct wired wired = wired_open(state, 0);
    unsigned char *stream = malloc(total);
    unsigned char bytes[CUT_BYTES];
    SIZE_T position = 0;

    assert_non_null(stream);
    conn_stream_fill(stream, 0, total);
    conn_client_set_answer(wired.client, CONN_KEEP, 0);
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send(wired.peer, stream, total);
    conn_client_wait_length(wired.client, total);
    wsk_kit_run_until_idle();
    for (ULONG index = 0; index < wired.client->kept_count; index++) {
        SIZE_T length = conn_list_copy(wired.client->kept[index], bytes, sizeof(bytes));

        assert_true(length > 0 && length <= CUT_BYTES);
        conn_stream_check(bytes, position, length);
        position += length;
    }
    assert_int_equal(position, total);
    conn_client_release_all(wired.client);
    free(stream);
    wired_close(&wired);
}

#define TESTS(X)                                         \
    X(test_list_has_an_element_for_each_cut)             \
    X(test_list_part_is_trimmed_inside_an_element)       \
    X(test_list_rest_goes_to_receives_across_elements)   \
    X(test_release_elements_one_by_one_in_another_order) \
    X(test_release_relinked_list_in_one_call)            \
    X(test_release_inside_the_callback_then_pending)     \
    X(test_release_after_reset_and_after_disconnect)     \
    X(test_release_at_dispatch_level)                    \
    X(test_release_of_many_kept_bytes_are_unchanged)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
