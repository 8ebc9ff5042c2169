/* SPDX-License-Identifier: MIT */
/* Knobs of the configuration that change what datagram sockets do. */
#define CONTRACT_CONFIG .truncate_datagrams_silently = 1, .indication_max_bytes = 4

#include "support/dgram_client.h"

static void test_datagram_knob_silent_truncation_succeeds(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct dgram_receive *receive = dgram_receive_post(socket, 3, 0);

    wsk_kit_datagram_send_text(peer, port, "abcdef");
    dgram_receive_wait(receive, STATUS_SUCCESS, "abc");
    assert_int_equal(receive->control_flags, MSG_TRUNC);
    dgram_receive_destroy(receive);
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

static ULONG chain_length(PMDL mdl)
{
    ULONG count = 0;

    for (; mdl != NULL; mdl = mdl->Next) {
        count++;
    }
    return count;
}

static void test_datagram_knob_cut_datagram_is_a_chain(void **state)
{
    static const struct {
        const char *text;
        ULONG mdls;
    } rows[] = { { "", 1 }, { "abcd", 1 }, { "abcde", 2 }, { "abcdefgh", 2 }, { "abcdefghijklmno", 3 } };
    struct dgram_client *client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    client->answer = DGRAM_KEEP;
    for (ULONG i = 0; i < 5; i++) {
        wsk_kit_datagram_send_text(peer, client->port, rows[i].text);
        dgram_client_expect(client, i, rows[i].text);
        wsk_kit_run_until_idle();
        assert_int_equal(chain_length(client->kept[i]->Buffer.Mdl), rows[i].mdls);
    }
    dgram_client_release_all(client);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

/* An echo straight from an indication that is cut. */
static void test_datagram_knob_cut_datagram_can_be_sent(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    NTSTATUS status;

    client->answer = DGRAM_KEEP;
    wsk_kit_datagram_send_text(peer, client->port, "abcdefghijklmno");
    dgram_client_wait_seen(client, 1);
    wsk_kit_run_until_idle();
    REQUEST_CALL(
        status, NULL, irp,
        dgram_table(client->socket)
            ->WskSendTo(client->socket, &client->kept[0]->Buffer, 0, client->kept[0]->RemoteAddress, 0, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(peer, "abcdefghijklmno");
    dgram_client_release_all(client);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                     \
    X(test_datagram_knob_silent_truncation_succeeds) \
    X(test_datagram_knob_cut_datagram_is_a_chain)    \
    X(test_datagram_knob_cut_datagram_can_be_sent)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
