/* SPDX-License-Identifier: MIT */
/* SIO_WSK_SET_TCP_SILENT_MODE: what a silent connection still does, and what its peer hears. */
#include "support/wsk_fixture.h"

static NTSTATUS silence(PWSK_SOCKET socket)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                     ->WskControlSocket(socket, WskIoctl, SIO_WSK_SET_TCP_SILENT_MODE, 0, 0, NULL, 0, NULL, NULL, irp));
    return status;
}

static void test_silent_connection_sends_and_receives_nothing(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SIZE_T received = 7;
    char byte;

    assert_int_equal(silence(socket), STATUS_SUCCESS);
    wsk_kit_peer_send_text(peer, "nobody hears this");
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, &received), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(received, 0);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(connection_disconnect_try(socket, WSK_FLAG_ABORTIVE), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
    wsk_kit_peer_reset(peer);
    wsk_kit_peer_close(peer);
}

static void test_silent_mode_cancels_receives(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct wsk_request *request = request_create();
    WSK_BUF buffer;
    char bytes[8];
    NTSTATUS returned;

    buffer_init(&buffer, bytes, sizeof(bytes));
    returned = ((const WSK_PROVIDER_CONNECTION_DISPATCH *)socket->Dispatch)
                   ->WskReceive(socket, &buffer, 0, request_irp(request));
    assert_false(request_is_done(request));
    assert_int_equal(silence(socket), STATUS_SUCCESS);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    buffer_fini(&buffer);
    request_destroy(request);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* On the virtual network nothing at all. An operating system cannot be kept from resetting what it closes. */
static void test_silent_connection_is_closed_without_a_word(void **state)
{
    const struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);

    assert_int_equal(connection_send_try(socket, "last words", 10, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(silence(socket), STATUS_SUCCESS);
    wsk_kit_peer_expect_text(peer, "last words");
    socket_close(socket);
    if (fixture->way->is_virtual) {
        assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_CONNECTED);
        /* Whoever writes to a connection that is not there any more is told so. */
        wsk_kit_peer_send_text(peer, "is anybody there?");
    }
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
}

#define MANY_BYTES (16u * 1024 * 1024)
static char s_many_bytes[MANY_BYTES];

static void test_silent_mode_fails_while_a_send_is_pending(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct wsk_request *request = request_create();
    WSK_BUF buffer;
    NTSTATUS returned;

    buffer_init(&buffer, s_many_bytes, sizeof(s_many_bytes));
    returned =
        ((const WSK_PROVIDER_CONNECTION_DISPATCH *)socket->Dispatch)->WskSend(socket, &buffer, 0, request_irp(request));
    assert_false(request_is_done(request)); /* the peer does not read */
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(silence(socket), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    buffer_fini(&buffer);
    request_destroy(request);
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
}

static void test_silent_mode_twice_or_after_an_abort_fails(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct wsk_kit_peer *other_peer;
    PWSK_SOCKET other = connection_open_peer(*state, AF_INET, NULL, NULL, &other_peer);

    assert_int_equal(silence(socket), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(silence(socket), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(connection_disconnect_try(other, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_int_equal(silence(other), STATUS_INVALID_DEVICE_STATE);
    socket_close(other);
    wsk_kit_peer_close(other_peer);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

#define TESTS(X)                                         \
    X(test_silent_connection_sends_and_receives_nothing) \
    X(test_silent_mode_cancels_receives)                 \
    X(test_silent_connection_is_closed_without_a_word)   \
    X(test_silent_mode_fails_while_a_send_is_pending)    \
    X(test_silent_mode_twice_or_after_an_abort_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
