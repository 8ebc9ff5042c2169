/* SPDX-License-Identifier: MIT */
/* Wrong arguments for the functions of datagram sockets: nothing is sent, and nothing received. */
#include "support/dgram_client.h"

#include <string.h>

struct wired {
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_datagram_peer *peer;
    SOCKADDR_STORAGE remote;
};

static struct wired wired_open(void **state, ADDRESS_FAMILY family)
{
    struct wired wired;

    wired.socket = dgram_open_bound(*state, family, NULL, NULL, &wired.port);
    wired.peer = wsk_kit_datagram_open(fixture_kit_family(family));
    wired.remote = address_loopback(family, wsk_kit_datagram_port(wired.peer));
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_datagram_close(wired->peer);
}

static NTSTATUS send_text(struct wired *wired, const char *text, const SOCKADDR_STORAGE *remote)
{
    SIZE_T sent;
    NTSTATUS status = dgram_send_try(wired->socket, text, strlen(text), remote, &sent);

    assert_int_equal(sent, NT_SUCCESS(status) ? strlen(text) : 0);
    return status;
}

static void test_max_msg_size_is_that_of_the_family(void **state)
{
    static const struct {
        ADDRESS_FAMILY family;
        ULONG size;
    } cases[] = { { AF_INET, 65507 }, { AF_INET6, 65527 } };

    for (unsigned i = 0; i < 2; i++) {
        PWSK_SOCKET socket = dgram_open(*state, cases[i].family, NULL, NULL);
        ULONG value = 0;

        assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_MAX_MSG_SIZE, &value, sizeof(value), NULL),
                         STATUS_SUCCESS);
        assert_int_equal(value, cases[i].size);
        socket_close(socket);
    }
}

/* An address of another family, and a list whose second node has no MDL: nothing goes out. */
static void test_send_with_wrong_arguments_sends_nothing(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE v6 = address_loopback(AF_INET6, 9);
    char bytes[] = "abc";
    WSK_BUF_LIST second = { NULL, { NULL, 0, 3 } };
    WSK_BUF_LIST first;
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-014");
    assert_int_equal(send_text(&wired, "x", &v6), STATUS_INVALID_PARAMETER);
    first.Next = &second;
    buffer_init(&first.Buffer, bytes, 3);
    wsk_kit_expect_report("SOCK-022");
    REQUEST_CALL(
        status, NULL, irp,
        dgram_table(wired.socket)->WskSendMessages(wired.socket, &first, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-022");
    REQUEST_CALL(
        status, NULL, irp,
        dgram_table(wired.socket)->WskReceiveFrom(wired.socket, &second.Buffer, 0, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_datagram_expect_none(wired.peer);
    buffer_fini(&first.Buffer);
    wired_close(&wired);
}

static void test_datagram_functions_on_a_connection_socket_fail(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    const WSK_PROVIDER_DATAGRAM_DISPATCH *table = dgram_table(wired.socket);
    PWSK_SOCKET other = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    WSK_BUF_LIST list = { NULL, { NULL, 0, 0 } };
    WSK_DATAGRAM_INDICATION indication;
    NTSTATUS status;

    for (unsigned i = 0; i < 4; i++) {
        wsk_kit_expect_report("SOCK-012");
    }
    REQUEST_CALL(status, NULL, irp, table->WskSendTo(other, &list.Buffer, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_REQUEST);
    REQUEST_CALL(status, NULL, irp, table->WskSendMessages(other, &list, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_REQUEST);
    REQUEST_CALL(status, NULL, irp, table->WskReceiveFrom(other, &list.Buffer, 0, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_REQUEST);
    memset(&indication, 0, sizeof(indication));
    assert_int_equal(table->WskRelease(other, &indication), STATUS_INVALID_DEVICE_REQUEST);
    socket_close(other);
    wired_close(&wired);
}

#define TESTS(X)                                    \
    X(test_max_msg_size_is_that_of_the_family)      \
    X(test_send_with_wrong_arguments_sends_nothing) \
    X(test_datagram_functions_on_a_connection_socket_fail)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
