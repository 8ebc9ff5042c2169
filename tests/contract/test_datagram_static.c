/* SPDX-License-Identifier: MIT */
/* WskReceiveFromEvent as a static event: on from the bind, for every socket of the client, and never off. */
#include "support/dgram_client.h"

static int static_setup(void **state)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE_FROM };
    struct wsk_fixture *fixture;

    fixture_setup(state);
    fixture = *state;
    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    return 0;
}

static void test_static_event_is_on_without_an_enable(void **state)
{
    struct dgram_client *clients[2];
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    for (unsigned i = 0; i < 2; i++) {
        clients[i] = dgram_client_create(*state, AF_INET, 0);
        wsk_kit_datagram_send_text(peer, clients[i]->port, "hello");
        dgram_client_expect(clients[i], 0, "hello");
    }
    for (unsigned i = 0; i < 2; i++) {
        dgram_client_destroy(clients[i]);
    }
    wsk_kit_datagram_close(peer);
}

static void test_static_event_cannot_be_disabled(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(client->socket, WSK_EVENT_RECEIVE_FROM | WSK_EVENT_DISABLE),
                     STATUS_INVALID_PARAMETER);
    wsk_kit_datagram_send_text(peer, client->port, "hello");
    dgram_client_expect(client, 0, "hello");
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

static void test_static_event_refused_datagrams_are_lost_and_it_goes_on(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    KIRQL irql;

    client->answer = DGRAM_REFUSE;
    wsk_kit_datagram_send_text(peer, client->port, "lost");
    dgram_client_wait_calls(client, 1);
    wsk_kit_run_until_idle();
    KeAcquireSpinLock(&client->lock, &irql);
    client->answer = DGRAM_TAKE;
    KeReleaseSpinLock(&client->lock, irql);
    wsk_kit_datagram_send_text(peer, client->port, "seen");
    dgram_client_expect(client, 0, "seen");
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

/* A socket without a callback has no event, static or not. */
static void test_static_event_without_a_callback_is_none(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    wsk_kit_datagram_send_text(peer, port, "hello");
    wsk_kit_run_until_idle();
    dgram_receive_expect(dgram_receive_post(socket, 16, 0), STATUS_SUCCESS, "hello");
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                                   \
    X(test_static_event_is_on_without_an_enable)                   \
    X(test_static_event_cannot_be_disabled)                        \
    X(test_static_event_refused_datagrams_are_lost_and_it_goes_on) \
    X(test_static_event_without_a_callback_is_none)

CONTRACT_MAIN(TESTS, static_setup, fixture_teardown)
