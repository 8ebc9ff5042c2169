/* SPDX-License-Identifier: MIT */
/* Tests of wsk_tx.c: what WSK_FLAG_NODELAY tells the endpoint, which a client cannot see. */
#include "support/conn_client.h"

#include "host/host_net.h"
#include "wsk/wsk_socket.h"

static bool is_nodelay(PWSK_SOCKET handle)
{
    struct we_wsk_socket *socket = (struct we_wsk_socket *)(void *)handle;
    int value = -1;

    we_host_mutex_lock(&socket->lock);
    assert_int_equal(we_host_ep_get(socket->ep, WE_EP_NODELAY, &value), WE_OK);
    we_host_mutex_unlock(&socket->lock);
    return value != 0;
}

static void send_now(PWSK_SOCKET socket, ULONG flags, SIZE_T length)
{
    SIZE_T sent;

    assert_int_equal(connection_send_try(socket, "abc", length, flags, &sent), STATUS_SUCCESS);
    assert_int_equal(sent, length);
}

/* On while the bytes of a flagged send go out, which pushes what waits before them; off for those of the next one. */
static void test_nodelay_is_a_matter_of_one_send(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);

    assert_false(is_nodelay(socket));
    send_now(socket, 0, 3);
    assert_false(is_nodelay(socket));
    send_now(socket, WSK_FLAG_NODELAY, 3);
    assert_true(is_nodelay(socket));
    send_now(socket, WSK_FLAG_NODELAY, 3);
    assert_true(is_nodelay(socket));
    send_now(socket, 0, 3);
    assert_false(is_nodelay(socket));
    wsk_kit_peer_expect_text(peer, "abcabcabcabc");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* No bytes, but those before them are pushed. */
static void test_nodelay_without_bytes_pushes_too(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);

    send_now(socket, 0, 3);
    send_now(socket, WSK_FLAG_NODELAY, 0);
    assert_true(is_nodelay(socket));
    wsk_kit_peer_expect_text(peer, "abc");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

#define TESTS(X)                            \
    X(test_nodelay_is_a_matter_of_one_send) \
    X(test_nodelay_without_bytes_pushes_too)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
