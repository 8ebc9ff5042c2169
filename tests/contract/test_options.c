/* SPDX-License-Identifier: MIT */
/* WskControlSocket: socket options and I/O controls. */
#include "support/inspect_answers.h"
#include "support/wsk_fixture.h"

#include <string.h>

/* Values of a socket option before and after it was set. */
static void check_flag(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG initial_value)
{
    ULONG value = 0x5a5a5a5a;
    SIZE_T returned = 0;

    assert_int_equal(socket_get_option(socket, level, option, &value, sizeof(value), &returned), STATUS_SUCCESS);
    assert_int_equal(returned, sizeof(value));
    assert_int_equal(value, initial_value);
    assert_int_equal(socket_set_ulong(socket, level, option, !initial_value), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, level, option, &value, sizeof(value), &returned), STATUS_SUCCESS);
    assert_int_equal(value, !initial_value);
}

static const WSK_CLIENT_LISTEN_DISPATCH conditional_dispatch = { NULL, inspect_accept, inspect_abort_ignore };

/* --- values --------------------------------------------------------------------------------------- */

static void test_flag_options_keep_what_was_set(void **state)
{
    PWSK_SOCKET listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET6, NULL, &conditional_dispatch);
    PWSK_SOCKET connection = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);

    check_flag(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 0);
    check_flag(listener, SOL_SOCKET, SO_KEEPALIVE, 0);
    check_flag(listener, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 0);
    check_flag(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    check_flag(connection, SOL_SOCKET, SO_REUSEADDR, 0);
    check_flag(connection, SOL_SOCKET, SO_KEEPALIVE, 0);
    socket_close(connection);
    socket_close(listener);
}

static void test_keepalive_takes_and_gives_one_byte(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    UCHAR bytes[2] = { 1, 0x5a };
    SIZE_T returned = 0;

    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_KEEPALIVE, bytes, 1), STATUS_SUCCESS);
    bytes[0] = 0x5a;
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_KEEPALIVE, bytes, 1, &returned), STATUS_SUCCESS);
    assert_int_equal(returned, 1);
    assert_int_equal(bytes[0], 1);
    assert_int_equal(bytes[1], 0x5a);
    socket_close(socket);
}

static void test_receive_buffer_has_a_size_before_and_after_bind(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);
    ULONG value = 0;

    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_true(value > 0);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_RCVBUF, 20000), STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, 20000);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_RCVBUF, 30000), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, 30000);
    socket_close(socket);
}

static void test_accepted_socket_inherits_keepalive_and_receive_buffer(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;
    ULONG value = 0;

    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_KEEPALIVE, 1), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_RCVBUF, 20000), STATUS_SUCCESS);
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    assert_int_equal(socket_get_option(accepted, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(value, 1);
    assert_int_equal(socket_get_option(accepted, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, 20000);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

static void test_set_option_returns_pending_and_completes(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    ULONG value = 1;
    NTSTATUS returned;

    returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                   ->WskControlSocket(socket, WskSetOption, SO_KEEPALIVE, SOL_SOCKET, sizeof(value), &value, 0, NULL,
                                      NULL, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    socket_close(socket);
}

/* --- refusals ------------------------------------------------------------------------------------- */

static void test_options_that_come_after_bind_fail(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET6, NULL, &conditional_dispatch, false, &port);
    ULONG value = 7;

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(socket_get_option(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, &value, sizeof(value), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(value, 0);
    socket_close(listener);
}

static void test_conditional_accept_without_callbacks_fails(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH without_abort = { NULL, inspect_accept, NULL };
    PWSK_SOCKET first = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &without_abort);
    PWSK_SOCKET second = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-033");
    assert_int_equal(socket_set_ulong(first, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-033");
    assert_int_equal(socket_set_ulong(second, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_INVALID_PARAMETER);
    socket_close(second);
    socket_close(first);
}

static void test_reuse_and_exclusive_address_exclude_each_other(void **state)
{
    PWSK_SOCKET first = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET second = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);

    assert_int_equal(socket_set_ulong(first, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(first, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(socket_set_ulong(second, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 1), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(second, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_INVALID_PARAMETER);
    socket_close(second);
    socket_close(first);
}

static void test_option_of_a_wrong_size_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    USHORT small = 1;

    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), STATUS_INVALID_PARAMETER);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small), NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(small, 1);
    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_RCVBUF, NULL, sizeof(ULONG)), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_option_of_another_category_fails(void **state)
{
    PWSK_SOCKET basic = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET connection = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(basic, SOL_SOCKET, SO_RCVBUF, 4096), STATUS_NOT_SUPPORTED);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(connection, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_NOT_SUPPORTED);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(connection, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_NOT_SUPPORTED);
    socket_close(connection);
    socket_close(basic);
}

static void test_option_without_an_irp_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    ULONG value = 1;

    wsk_kit_expect_report("SOCK-003");
    assert_int_equal(((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                         ->WskControlSocket(socket, WskSetOption, SO_KEEPALIVE, SOL_SOCKET, sizeof(value), &value, 0,
                                            NULL, NULL, NULL),
                     STATUS_REQUEST_NOT_ACCEPTED);
    socket_close(socket);
}

static void test_options_that_wsk_does_not_have_are_not_supported(void **state)
{
    static const struct {
        ULONG level;
        ULONG option;
    } options[] = {
        { SOL_SOCKET, SO_SNDBUF },    { SOL_SOCKET, SO_LINGER },    { SOL_SOCKET, SO_TYPE },
        { IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_IP, SO_KEEPALIVE }, /* right number, wrong level */
    };
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    ULONG value = 0;
    size_t i;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        assert_int_equal(socket_set_ulong(socket, options[i].level, options[i].option, 1), STATUS_NOT_SUPPORTED);
        assert_int_equal(socket_get_option(socket, options[i].level, options[i].option, &value, sizeof(value), NULL),
                         STATUS_NOT_SUPPORTED);
    }
    socket_close(socket);
}

/* --- I/O controls --------------------------------------------------------------------------------- */

static NTSTATUS ioctl_call(PWSK_SOCKET socket, ULONG code, PVOID output, SIZE_T output_size, SIZE_T *returned, PIRP irp)
{
    return ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
        ->WskControlSocket(socket, WskIoctl, code, 0, 0, NULL, output_size, output, returned, irp);
}

static void test_inspect_id_of_an_ordinary_socket_is_an_invalid_request(void **state)
{
    PWSK_SOCKET basic = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET connection = connection_open_bound(*state, AF_INET, NULL, NULL);
    WSK_INSPECT_ID id;
    SIZE_T returned = 0;

    assert_int_equal(ioctl_call(connection, SIO_WSK_QUERY_INSPECT_ID, &id, sizeof(id), &returned, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(ioctl_call(basic, SIO_WSK_QUERY_INSPECT_ID, &id, sizeof(id), &returned, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    socket_close(connection);
    socket_close(basic);
}

static void test_inspect_id_with_bad_arguments_fails(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    WSK_INSPECT_ID id;
    SIZE_T returned[2] = { 0, 0x5a5a5a5a };
    NTSTATUS status;

    assert_int_equal(ioctl_call(socket, SIO_WSK_QUERY_INSPECT_ID, &id, sizeof(id), NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ioctl_call(socket, SIO_WSK_QUERY_INSPECT_ID, &id, 4, &returned[0], NULL), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(returned[0], sizeof(id));
    assert_int_equal(returned[1], 0x5a5a5a5a);
    wsk_kit_expect_report("SOCK-003");
    REQUEST_CALL(status, NULL, irp, ioctl_call(socket, SIO_WSK_QUERY_INSPECT_ID, &id, sizeof(id), &returned[0], irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_unknown_controls_are_not_supported(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const ULONG fionread = 0x4004667F; /* of winsock2.h */
    ULONG count = 0;
    SIZE_T returned = 0;
    NTSTATUS status;

    assert_int_equal(ioctl_call(socket, SIO_GET_QOS, NULL, 0, &returned, NULL), STATUS_NOT_SUPPORTED);
    REQUEST_CALL(status, NULL, irp, ioctl_call(socket, fionread, &count, sizeof(count), NULL, irp));
    assert_int_equal(status, STATUS_NOT_SUPPORTED);
    assert_int_equal(((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                         ->WskControlSocket(socket, WskControlMax, 0, 0, 0, NULL, 0, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

#define TESTS(X)                                                   \
    X(test_flag_options_keep_what_was_set)                         \
    X(test_keepalive_takes_and_gives_one_byte)                     \
    X(test_receive_buffer_has_a_size_before_and_after_bind)        \
    X(test_accepted_socket_inherits_keepalive_and_receive_buffer)  \
    X(test_set_option_returns_pending_and_completes)               \
    X(test_options_that_come_after_bind_fail)                      \
    X(test_conditional_accept_without_callbacks_fails)             \
    X(test_reuse_and_exclusive_address_exclude_each_other)         \
    X(test_option_of_a_wrong_size_fails)                           \
    X(test_option_of_another_category_fails)                       \
    X(test_option_without_an_irp_fails)                            \
    X(test_options_that_wsk_does_not_have_are_not_supported)       \
    X(test_inspect_id_of_an_ordinary_socket_is_an_invalid_request) \
    X(test_inspect_id_with_bad_arguments_fails)                    \
    X(test_unknown_controls_are_not_supported)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
