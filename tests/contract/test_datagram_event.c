/* SPDX-License-Identifier: MIT */
/* WskReceiveFromEvent and the datagram WskRelease: enable and disable, each answer, retained lists. */
#include "support/dgram_client.h"

#include <stdio.h>
#include <string.h>

struct wired {
    struct dgram_client *client;
    struct wsk_kit_datagram_peer *peer;
};

static struct wired wired_open(void **state, ULONG events)
{
    struct wired wired;

    wired.client = dgram_client_create(*state, AF_INET, events);
    wired.peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    return wired;
}

static void wired_close(struct wired *wired)
{
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    dgram_client_destroy(wired->client);
    wsk_kit_datagram_close(wired->peer);
}

static void send_text(struct wired *wired, const char *text)
{
    wsk_kit_datagram_send_text(wired->peer, wired->client->port, text);
}

/* Sends while the event is off, so that all come as one list. */
static void indicate_at_once(struct wired *wired, const char *const *texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        send_text(wired, texts[i]);
    }
    wsk_kit_run_until_idle();
    socket_events(wired->client->socket, WSK_EVENT_RECEIVE_FROM);
}

static const char *const s_texts[] = { "aaa", "bb", "", "dddd" };

static void set_answer(struct dgram_client *client, enum dgram_answer answer)
{
    KIRQL irql;

    KeAcquireSpinLock(&client->lock, &irql);
    client->answer = answer;
    KeReleaseSpinLock(&client->lock, irql);
}

/* --- delivery --------------------------------------------------------------------------------------- */

static void test_event_datagram_arrives_with_its_sender(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        struct dgram_client *client = dgram_client_create(*state, families[i], WSK_EVENT_RECEIVE_FROM);
        struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(fixture_kit_family(families[i]));
        SOCKADDR_STORAGE expected = address_loopback(families[i], wsk_kit_datagram_port(peer));

        wsk_kit_datagram_send_text(peer, client->port, "hello");
        dgram_client_expect(client, 0, "hello");
        assert_memory_equal(&client->seen[0].remote, &expected, sizeof(expected));
        assert_int_equal(client->seen[0].control_length, 0);
        assert_int_equal(client->last_flags, WSK_FLAG_AT_DISPATCH_LEVEL);
        assert_int_equal(client->last_irql, DISPATCH_LEVEL);
        dgram_client_destroy(client);
        wsk_kit_datagram_close(peer);
    }
}

static void test_event_waiting_datagrams_come_as_one_list(void **state)
{
    struct wired wired = wired_open(state, 0);

    indicate_at_once(&wired, s_texts, 4);
    for (unsigned i = 0; i < 4; i++) {
        dgram_client_expect(wired.client, i, s_texts[i]);
    }
    assert_int_equal(wired.client->call_count, 1);
    assert_int_equal(wired.client->last_elements, 4);
    wired_close(&wired);
}

static void test_event_pending_receive_from_goes_first(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE_FROM);
    struct dgram_receive *receive = dgram_receive_post(wired.client->socket, 64, 0);

    send_text(&wired, "one");
    dgram_receive_expect(receive, STATUS_SUCCESS, "one");
    send_text(&wired, "two");
    dgram_client_expect(wired.client, 0, "two");
    assert_int_equal(wired.client->call_count, 1);
    wired_close(&wired);
}

static void test_event_many_datagrams_all_arrive_in_order(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE_FROM);
    char text[8];

    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%u", i);
        send_text(&wired, text);
    }
    dgram_client_wait_seen(wired.client, 100);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%u", i);
        dgram_client_expect(wired.client, i, text);
    }
    wired_close(&wired);
}

static void echo(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    struct wsk_request *request = client->test_data;

    /* Straight from the indication, which stays until the callback returns; the network takes a datagram whole. */
    (void)dgram_table(client->socket)
        ->WskSendTo(client->socket, &list->Buffer, 0, list->RemoteAddress, 0, NULL, request->irp);
}

static void test_event_callback_may_send(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct wsk_request *request = request_create();

    (void)request_irp(request);
    wired.client->test_data = request;
    wired.client->on_event = echo;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    send_text(&wired, "echo");
    wsk_kit_datagram_expect_text(wired.peer, "echo");
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(request);
    wired_close(&wired);
}

/* --- enable and disable ----------------------------------------------------------------------------- */

static void test_event_before_bind_is_too_early(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, &dgram_client_dispatch);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_event_without_a_callback_fails(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_event_of_another_category_fails(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(wired.client->socket, WSK_EVENT_RECEIVE), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static void test_event_disabled_keeps_datagrams_for_later(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE_FROM);

    assert_int_equal(socket_events_try(wired.client->socket, WSK_EVENT_RECEIVE_FROM | WSK_EVENT_DISABLE),
                     STATUS_SUCCESS);
    send_text(&wired, "later");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->call_count, 0);
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_expect(wired.client, 0, "later");
    wired_close(&wired);
}

static void disable_inside(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    (void)list;
    client->test_data =
        (void *)(ULONG_PTR)(ULONG)socket_events_try(client->socket, WSK_EVENT_RECEIVE_FROM | WSK_EVENT_DISABLE);
}

static void test_event_disabled_inside_its_callback_is_pending(void **state)
{
    struct wired wired = wired_open(state, 0);

    wired.client->on_event = disable_inside;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    send_text(&wired, "one");
    dgram_client_expect(wired.client, 0, "one");
    wsk_kit_run_until_idle();
    assert_int_equal((ULONG_PTR)wired.client->test_data, STATUS_EVENT_PENDING);
    send_text(&wired, "two");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->call_count, 1);
    wired_close(&wired);
}

/* --- answers ---------------------------------------------------------------------------------------- */

static void test_event_refused_is_off_and_indicated_again_when_enabled(void **state)
{
    struct wired wired = wired_open(state, 0);

    set_answer(wired.client, DGRAM_REFUSE);
    indicate_at_once(&wired, s_texts, 4);
    dgram_client_wait_calls(wired.client, 1);
    wsk_kit_run_until_idle();
    set_answer(wired.client, DGRAM_TAKE);
    send_text(&wired, "more");
    wsk_kit_run_until_idle();
    assert_int_equal(wired.client->call_count, 1);
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    for (unsigned i = 0; i < 4; i++) {
        dgram_client_expect(wired.client, i, s_texts[i]);
    }
    dgram_client_expect(wired.client, 4, "more");
    wired_close(&wired);
}

static void test_event_refused_goes_to_receive_from(void **state)
{
    struct wired wired = wired_open(state, 0);

    set_answer(wired.client, DGRAM_REFUSE);
    indicate_at_once(&wired, s_texts, 2);
    dgram_client_wait_calls(wired.client, 1);
    dgram_receive_expect(dgram_receive_post(wired.client->socket, 64, 0), STATUS_SUCCESS, "aaa");
    dgram_receive_expect(dgram_receive_post(wired.client->socket, 64, 0), STATUS_SUCCESS, "bb");
    wired_close(&wired);
}

static void test_event_another_answer_drops_and_goes_on(void **state)
{
    struct wired wired = wired_open(state, WSK_EVENT_RECEIVE_FROM);

    set_answer(wired.client, DGRAM_OTHER);
    wsk_kit_expect_report("CB-006");
    send_text(&wired, "dropped");
    dgram_client_wait_calls(wired.client, 1);
    wsk_kit_run_until_idle();
    set_answer(wired.client, DGRAM_TAKE);
    send_text(&wired, "taken");
    dgram_client_expect(wired.client, 0, "taken");
    wired_close(&wired);
}

/* --- retained lists --------------------------------------------------------------------------------- */

static void keep_one_list(struct wired *wired, unsigned count)
{
    set_answer(wired->client, DGRAM_KEEP);
    indicate_at_once(wired, s_texts, count);
    dgram_client_wait_seen(wired->client, count);
    wsk_kit_run_until_idle(); /* the callback's answer has been taken */
    assert_int_equal(wired->client->kept_count, count);
}

static void expect_kept(struct wired *wired, unsigned index)
{
    char bytes[16];

    assert_int_equal(dgram_copy(wired->client->kept[index], bytes, sizeof(bytes)), strlen(s_texts[index]));
    assert_memory_equal(bytes, s_texts[index], strlen(s_texts[index]));
    assert_int_equal(address_port((SOCKADDR_STORAGE *)wired->client->kept[index]->RemoteAddress),
                     wsk_kit_datagram_port(wired->peer));
}

static void test_release_whole_list_in_one_call(void **state)
{
    struct wired wired = wired_open(state, 0);

    keep_one_list(&wired, 4);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 4);
    assert_int_equal(dgram_release(wired.client->socket, wired.client->kept[0]), STATUS_SUCCESS);
    wired_close(&wired);
}

static void test_release_elements_one_by_one_in_another_order(void **state)
{
    static const unsigned order[] = { 2, 0, 3, 1 };
    struct wired wired = wired_open(state, 0);

    keep_one_list(&wired, 4);
    for (unsigned i = 0; i < 4; i++) {
        wired.client->kept[i]->Next = NULL;
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 4 - i);
        expect_kept(&wired, order[i]);
        assert_int_equal(dgram_release(wired.client->socket, wired.client->kept[order[i]]), STATUS_SUCCESS);
    }
    wired_close(&wired);
}

/* Elements of two lists, linked into one by the driver. */
static void test_release_relinked_list_in_one_call(void **state)
{
    struct wired wired = wired_open(state, 0);
    PWSK_DATAGRAM_INDICATION list = NULL;

    keep_one_list(&wired, 3);
    send_text(&wired, "second list");
    dgram_client_wait_seen(wired.client, 4);
    wsk_kit_run_until_idle();
    for (unsigned i = 0; i < 4; i++) {
        wired.client->kept[i]->Next = list;
        list = wired.client->kept[i];
    }
    assert_int_equal(dgram_release(wired.client->socket, list), STATUS_SUCCESS);
    wired_close(&wired);
}

static void test_event_retained_does_not_stop_indications(void **state)
{
    struct wired wired = wired_open(state, 0);

    keep_one_list(&wired, 2);
    set_answer(wired.client, DGRAM_TAKE);
    send_text(&wired, "go on");
    dgram_client_expect(wired.client, 2, "go on");
    expect_kept(&wired, 0);
    expect_kept(&wired, 1);
    dgram_client_release_all(wired.client);
    wired_close(&wired);
}

/* As a driver that processes a list and gives most of it back at once. */
static NTSTATUS WSKAPI take_apart(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    struct dgram_client *client = SocketContext;
    PWSK_DATAGRAM_INDICATION element = DataIndication->Next;
    KIRQL irql;

    (void)Flags;
    DataIndication->Next = NULL;
    while (element != NULL) {
        PWSK_DATAGRAM_INDICATION next = element->Next;

        element->Next = NULL;
        if (dgram_release(client->socket, element) != STATUS_SUCCESS) {
            client->test_data = client; /* seen by the test's own thread */
        }
        element = next;
    }
    KeAcquireSpinLock(&client->lock, &irql);
    client->kept[client->kept_count++] = DataIndication;
    client->call_count++;
    KeReleaseSpinLock(&client->lock, irql);
    return STATUS_PENDING;
}

static const WSK_CLIENT_DATAGRAM_DISPATCH s_take_apart_dispatch = { take_apart };

static void test_release_inside_the_callback_then_pending(void **state)
{
    struct wired wired = wired_open(state, 0);

    socket_close(wired.client->socket);
    wired.client->socket = dgram_open_bound(*state, AF_INET, wired.client, &s_take_apart_dispatch, &wired.client->port);
    indicate_at_once(&wired, s_texts, 4);
    dgram_client_wait_calls(wired.client, 1);
    wsk_kit_run_until_idle();
    assert_null(wired.client->test_data);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 1);
    expect_kept(&wired, 0);
    dgram_client_release_all(wired.client);
    wired_close(&wired);
}

static void test_release_at_dispatch_level(void **state)
{
    struct wired wired = wired_open(state, 0);
    NTSTATUS status;
    KIRQL irql;

    keep_one_list(&wired, 1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = dgram_release(wired.client->socket, wired.client->kept[0]);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
    wired_close(&wired);
}

/* --- close ------------------------------------------------------------------------------------------ */

static struct wsk_request *s_close;
static NTSTATUS s_close_returned;

static void close_inside(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    (void)list;
    s_close_returned = dgram_table(client->socket)->WskCloseSocket(client->socket, request_irp(s_close));
}

static void test_close_inside_the_callback_completes_after_it(void **state)
{
    struct wired wired = wired_open(state, 0);

    s_close = request_create();
    wired.client->on_event = close_inside;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    send_text(&wired, "last");
    dgram_client_wait_calls(wired.client, 1);
    assert_int_equal(request_wait(s_close, s_close_returned), STATUS_SUCCESS);
    assert_int_equal(s_close_returned, STATUS_PENDING);
    request_destroy(s_close);
    wired.client->socket = NULL;
    wired_close(&wired);
}

#define TESTS(X)                                                  \
    X(test_event_datagram_arrives_with_its_sender)                \
    X(test_event_waiting_datagrams_come_as_one_list)              \
    X(test_event_pending_receive_from_goes_first)                 \
    X(test_event_many_datagrams_all_arrive_in_order)              \
    X(test_event_callback_may_send)                               \
    X(test_event_before_bind_is_too_early)                        \
    X(test_event_without_a_callback_fails)                        \
    X(test_event_of_another_category_fails)                       \
    X(test_event_disabled_keeps_datagrams_for_later)              \
    X(test_event_disabled_inside_its_callback_is_pending)         \
    X(test_event_refused_is_off_and_indicated_again_when_enabled) \
    X(test_event_refused_goes_to_receive_from)                    \
    X(test_event_another_answer_drops_and_goes_on)                \
    X(test_release_whole_list_in_one_call)                        \
    X(test_release_elements_one_by_one_in_another_order)          \
    X(test_release_relinked_list_in_one_call)                     \
    X(test_event_retained_does_not_stop_indications)              \
    X(test_release_inside_the_callback_then_pending)              \
    X(test_release_at_dispatch_level)                             \
    X(test_close_inside_the_callback_completes_after_it)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
