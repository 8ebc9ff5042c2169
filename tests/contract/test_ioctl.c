/* SPDX-License-Identifier: MIT */
/* I/O controls of connections and of the transport: what they answer and do. */
#include "support/wsk_fixture.h"

#include <string.h>

#include <mstcpip.h>
#include <mswsockdef.h>

static ULONG option_get(PWSK_SOCKET socket, ULONG level, ULONG option)
{
    ULONG value = 0x5a5a5a5a;

    assert_int_equal(socket_get_option(socket, level, option, &value, sizeof(value), NULL), STATUS_SUCCESS);
    return value;
}

/* --- keep-alive ------------------------------------------------------------------------------------- */

static void test_ioctl_keepalive_values_are_the_three_options(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct tcp_keepalive values = { 1, 60000, 2500 };
    ULONG_PTR information = 7;

    assert_int_equal(socket_ioctl(socket, SIO_KEEPALIVE_VALS, &values, sizeof(values), NULL, 0, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, 0);
    assert_int_equal(option_get(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_get(socket, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option_get(socket, IPPROTO_TCP, TCP_KEEPINTVL), 3); /* whole seconds, rounded up */
    /* Off leaves the times alone. */
    values.onoff = 0;
    values.keepalivetime = 0;
    assert_int_equal(socket_ioctl(socket, SIO_KEEPALIVE_VALS, &values, sizeof(values), NULL, 0, &information),
                     STATUS_SUCCESS);
    assert_int_equal(option_get(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option_get(socket, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_ioctl_keepalive_values_without_a_time_fail(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    struct tcp_keepalive values = { 1, 0, 1000 };

    assert_int_equal(socket_ioctl(socket, SIO_KEEPALIVE_VALS, &values, sizeof(values), NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    values.keepalivetime = 1000;
    values.keepaliveinterval = 0;
    assert_int_equal(socket_ioctl(socket, SIO_KEEPALIVE_VALS, &values, sizeof(values), NULL, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(option_get(socket, SOL_SOCKET, SO_KEEPALIVE), 0);
    socket_close(socket);
}

/* --- SIO_TCP_INFO ----------------------------------------------------------------------------------- */

static void test_ioctl_tcp_info_tells_of_the_connection(void **state)
{
    const struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    const ULONG version = 0;
    ULONG_PTR information = 0;
    TCP_INFO_v0 info[2];

    wsk_kit_peer_send_text(peer, "five!");
    connection_expect_text(socket, "five!");
    memset(info, 0x5a, sizeof(info));
    assert_int_equal(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), info, sizeof(info[0]), &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof(info[0]));
    assert_int_equal(info[0].State, TCPSTATE_ESTABLISHED);
    assert_true(info[0].RcvBuf > 0);
    assert_int_equal(info[1].Mss, 0x5a5a5a5a);
    if (!fixture->way->is_virtual) {
        assert_true(info[0].Mss > 0);
        assert_true(info[0].Cwnd >= info[0].Mss);
        assert_int_equal(info[0].BytesIn, 5);
    }
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_ioctl_tcp_info_knows_whose_end_was_sent(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    const ULONG version = 1;
    SIZE_T received = 7;
    TCP_INFO_v1 info;
    char byte;

    wsk_kit_peer_end(peer);
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, &received), STATUS_SUCCESS);
    assert_int_equal(received, 0);
    assert_int_equal(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(info), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(info.State, TCPSTATE_CLOSE_WAIT);
    assert_int_equal(connection_disconnect_try(socket, 0), STATUS_SUCCESS);
    assert_int_equal(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(info), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(info.State, TCPSTATE_LAST_ACK);
    wsk_kit_peer_expect_end(peer);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_ioctl_tcp_info_has_two_versions(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    ULONG version = 1;
    ULONG_PTR information = 0;
    TCP_INFO_v1 info;

    assert_int_equal(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(info), &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof(info));
    assert_int_equal(info.SndLimTimeSnd, 0);
    assert_int_equal(
        socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(TCP_INFO_v0), &information),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(information, 0);
    version = 2;
    assert_int_equal(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(info), &information),
                     STATUS_INVALID_PARAMETER);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_ioctl_tcp_info_of_a_connection_that_was_aborted_fails(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    const ULONG version = 0;
    TCP_INFO_v0 info;

    assert_int_equal(connection_disconnect_try(socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_false(NT_SUCCESS(socket_ioctl(socket, SIO_TCP_INFO, &version, sizeof(version), &info, sizeof(info), NULL)));
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

/* --- answers that are always the same --------------------------------------------------------------- */

static void test_ioctl_there_are_no_extensions(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    WSK_EXTENSION_CONTROL_IN input;
    WSK_EXTENSION_CONTROL_OUT output;
    SIZE_T returned = 7;

    memset(&input, 0, sizeof(input));
    assert_int_equal(((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                         ->WskControlSocket(socket, WskIoctl, SIO_WSK_REGISTER_EXTENSION, 0, sizeof(input), &input,
                                            sizeof(output), &output, &returned, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(returned, 7);
    socket_close(socket);
}

static void test_ioctl_receive_side_scaling_is_off(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    ULONG_PTR information = 0;
    RSS_SCALABILITY_INFO info = { TRUE };

    assert_int_equal(socket_ioctl(socket, SIO_QUERY_RSS_SCALABILITY_INFO, NULL, 0, &info, sizeof(info), &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, sizeof(info));
    assert_false(info.RssEnabled);
    socket_close(socket);
}

static void test_ioctl_nothing_was_redirected(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    UCHAR records[64];

    assert_int_equal(
        socket_ioctl(socket, SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, NULL, 0, records, sizeof(records), NULL),
        STATUS_NOT_FOUND);
    assert_int_equal(socket_ioctl(socket, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT, NULL, 0, NULL, 0, NULL),
                     STATUS_NOT_FOUND);
    wsk_kit_peer_close(peer);
    socket_close(socket);
}

static void test_ioctl_loopback_fast_path_wants_a_whole_flag(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    const ULONG on = 1;

    assert_int_equal(socket_ioctl(socket, SIO_LOOPBACK_FAST_PATH, &on, 1, NULL, 0, NULL), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(socket_ioctl(socket, SIO_LOOPBACK_FAST_PATH, &on, sizeof(on), NULL, 0, NULL), STATUS_SUCCESS);
    socket_close(socket);
}

#define TESTS(X)                                                  \
    X(test_ioctl_keepalive_values_are_the_three_options)          \
    X(test_ioctl_keepalive_values_without_a_time_fail)            \
    X(test_ioctl_tcp_info_tells_of_the_connection)                \
    X(test_ioctl_tcp_info_knows_whose_end_was_sent)               \
    X(test_ioctl_tcp_info_has_two_versions)                       \
    X(test_ioctl_tcp_info_of_a_connection_that_was_aborted_fails) \
    X(test_ioctl_there_are_no_extensions)                         \
    X(test_ioctl_receive_side_scaling_is_off)                     \
    X(test_ioctl_nothing_was_redirected)                          \
    X(test_ioctl_loopback_fast_path_wants_a_whole_flag)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
