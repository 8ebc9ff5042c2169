/* SPDX-License-Identifier: MIT */
/* A responder that gets more than it can answer at a time: its answers complete all the same. */
#include "support/dgram_client.h"

#include <string.h>

/* The story: a responder was flooded, and of its answers, which the network had long taken, ever more seemed to be on
 * their way: their completion routines got one turn for every 64 datagrams that came. */
#define QUESTIONS 250u

struct responder {
    struct wsk_request *requests[QUESTIONS];
    NTSTATUS returned[QUESTIONS];
    SOCKADDR_STORAGE remote;
    WSK_BUF answer;
    char bytes[8];
    ULONG answered_count;
    volatile LONG now;
    LONG most;
};

static void answer_completed(struct wsk_request *request)
{
    InterlockedDecrement(&((struct responder *)request->context)->now);
}

static void answer_all(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    struct responder *responder = client->test_data;

    for (; list != NULL && responder->answered_count < QUESTIONS; list = list->Next) {
        ULONG i = responder->answered_count++;
        LONG now = InterlockedIncrement(&responder->now);

        responder->most = max(responder->most, now);
        responder->returned[i] = dgram_table(client->socket)
                                     ->WskSendTo(client->socket, &responder->answer, 0, (PSOCKADDR)&responder->remote,
                                                 0, NULL, request_irp(responder->requests[i]));
    }
}

static void test_send_to_from_a_flooded_callback_completes_meanwhile(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct responder responder;
    PWSK_SOCKET sink;
    USHORT port;

    memset(&responder, 0, sizeof(responder));
    sink = dgram_open_bound(*state, AF_INET, NULL, NULL, &port); /* what it has no room for is lost */
    responder.remote = address_loopback(AF_INET, port);
    buffer_init(&responder.answer, responder.bytes, sizeof(responder.bytes));
    for (ULONG i = 0; i < QUESTIONS; i++) {
        responder.requests[i] = request_create();
        responder.requests[i]->completed = answer_completed;
        responder.requests[i]->context = &responder;
        wsk_kit_datagram_send_text(peer, client->port, "?");
    }
    client->test_data = &responder;
    client->on_event = answer_all;
    wsk_kit_run_until_idle();
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_wait_seen(client, QUESTIONS);
    wsk_kit_run_until_idle();
    for (ULONG i = 0; i < QUESTIONS; i++) {
        assert_int_equal(request_wait(responder.requests[i], responder.returned[i]), STATUS_SUCCESS);
        request_destroy(responder.requests[i]);
    }
    assert_in_range(responder.most, 1, QUESTIONS / 2);
    buffer_fini(&responder.answer);
    socket_close(sink);
    wsk_kit_datagram_close(peer);
    dgram_client_destroy(client);
}

#define TESTS(X) X(test_send_to_from_a_flooded_callback_completes_meanwhile)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
