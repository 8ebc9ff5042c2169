/* SPDX-License-Identifier: MIT */
/* Which call is legal when: every function in every state of a stream socket, in both of its roles. One test for each
 * row of the table. */
#define CONTRACT_CONFIG .processors = 1
#include "support/inspect_answers.h"
#include "support/state_row.h"

/* --- calls ------------------------------------------------------------------------------------ */

/* Of a socket that is open; a closed one has no table any more. */
static const WSK_PROVIDER_STREAM_DISPATCH *s_table;
static USHORT s_port; /* somebody listens there */

/* What calls that stay pending refer to. */
static WSK_BUF s_buffer;
static SOCKADDR_STORAGE s_address;

static NTSTATUS call_bind(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE local = address_loopback(AF_INET, 0);

    return s_table->WskBind(socket, (PSOCKADDR)&local, 0, irp);
}

static NTSTATUS call_listen(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskListen(socket, irp);
}

static NTSTATUS call_accept(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskAccept(socket, 0, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_connect(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_table->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);
}

static NTSTATUS call_connect_ex(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_table->WskConnectEx(socket, (PSOCKADDR)&remote, &s_buffer, 0, irp);
}

static NTSTATUS call_get_local_address(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskGetLocalAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_get_remote_address(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskGetRemoteAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_send(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskSend(socket, &s_buffer, 0, irp);
}

static NTSTATUS call_receive(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskReceive(socket, &s_buffer, 0, irp);
}

static NTSTATUS call_graceful_disconnect(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskDisconnect(socket, NULL, 0, irp);
}

static NTSTATUS call_abortive_disconnect(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskDisconnect(socket, NULL, WSK_FLAG_ABORTIVE, irp);
}

static NTSTATUS call_get_option(PWSK_SOCKET socket, PIRP irp)
{
    static ULONG value;

    return s_table->WskControlSocket(socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(value), &value, NULL,
                                     irp);
}

static NTSTATUS enable(PWSK_SOCKET socket, ULONG events)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, events };

    return s_table->WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control), &control,
                                     0, NULL, NULL, NULL);
}

static NTSTATUS call_enable_receive(PWSK_SOCKET socket, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return enable(socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
}

static NTSTATUS call_enable_accept(PWSK_SOCKET socket, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return enable(socket, WSK_EVENT_ACCEPT);
}

static NTSTATUS call_close(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskCloseSocket(socket, irp);
}

static const WSK_CLIENT_LISTEN_DISPATCH s_listen_events = { accept_refuse, NULL, NULL };
static const WSK_CLIENT_STREAM_DISPATCH s_events = { &s_listen_events, &conn_client_dispatch };

static void row_check(void **state, const struct state_row *row)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = stream_open(fixture, AF_INET, NULL, NULL);
    char bytes[4] = "abc";

    s_table = stream_table(socket);
    s_port = wsk_kit_server_port(server);
    buffer_init(&s_buffer, bytes, sizeof(bytes));
    state_row_check(fixture, row);
    buffer_fini(&s_buffer);
    socket_close(socket);
    wsk_kit_server_close(server);
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
#define ROW(name, call, kind, ...) \
    static const struct state_row name = { call, WSK_FLAG_STREAM_SOCKET, kind, &s_events, { __VA_ARGS__ } }

/*  created, bound, connecting, connected,
 *  half closed, peer ended, dead, closed, listening */
ROW(s_bind, call_bind, USES_IRP,
    LEGAL, BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"),
    BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"), DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-015"));

ROW(s_listen, call_listen, USES_IRP,
    BAD_STATE("SOCK-015"), LEGAL, BAD_STATE(NULL), BAD_STATE(NULL),
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"), BAD_STATE(NULL));

ROW(s_accept, call_accept, USES_IRP,
    BAD_STATE("SOCK-015"), BAD_STATE(NULL), BAD_STATE(NULL), BAD_STATE(NULL),
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"), PENDS);

ROW(s_connect, call_connect, USES_IRP,
    BAD_STATE("SOCK-015"), LEGAL, BAD_STATE(NULL), ACTIVE,
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"), BAD_STATE(NULL));

ROW(s_connect_ex, call_connect_ex, USES_IRP,
    BAD_STATE("SOCK-015"), LEGAL, BAD_STATE(NULL), ACTIVE,
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"), BAD_STATE(NULL));

ROW(s_get_local_address, call_get_local_address, USES_IRP,
    BAD_STATE("SOCK-016"), LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"), LEGAL);

ROW(s_get_remote_address, call_get_remote_address, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-016"));

ROW(s_send, call_send, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    BAD_STATE("SOCK-021"), LEGAL, DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-016"));

ROW(s_receive, call_receive, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), PENDS,
    PENDS, LEGAL, DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-016"));

ROW(s_graceful_disconnect, call_graceful_disconnect, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    BAD_STATE(NULL), LEGAL, DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-016"));

ROW(s_abortive_disconnect, call_abortive_disconnect, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"), BAD_STATE("SOCK-016"));

ROW(s_get_option, call_get_option, USES_IRP,
    LEGAL, LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"), LEGAL);

ROW(s_enable_receive, call_enable_receive, USES_NO_IRP,
    BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"), LEGAL);

ROW(s_enable_accept, call_enable_accept, USES_NO_IRP,
    BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), { STATUS_INVALID_PARAMETER, "SOCK-031" },
    { STATUS_INVALID_PARAMETER, "SOCK-031" }, { STATUS_INVALID_PARAMETER, "SOCK-031" }, DEAD, CLOSED("SOCK-037"), LEGAL);

ROW(s_close, call_close, CLOSES,
    LEGAL, LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, LEGAL, CLOSED("SOCK-036"), LEGAL);

/* clang-format on */

static void test_states_of_bind_on_streams(void **state)
{
    row_check(state, &s_bind);
}

static void test_states_of_listen_on_streams(void **state)
{
    row_check(state, &s_listen);
}

static void test_states_of_accept_on_streams(void **state)
{
    row_check(state, &s_accept);
}

static void test_states_of_connect_on_streams(void **state)
{
    row_check(state, &s_connect);
}

static void test_states_of_connect_ex_on_streams(void **state)
{
    row_check(state, &s_connect_ex);
}

static void test_states_of_get_local_address_on_streams(void **state)
{
    row_check(state, &s_get_local_address);
}

static void test_states_of_get_remote_address_on_streams(void **state)
{
    row_check(state, &s_get_remote_address);
}

static void test_states_of_send_on_streams(void **state)
{
    row_check(state, &s_send);
}

static void test_states_of_receive_on_streams(void **state)
{
    row_check(state, &s_receive);
}

static void test_states_of_graceful_disconnect_on_streams(void **state)
{
    row_check(state, &s_graceful_disconnect);
}

static void test_states_of_abortive_disconnect_on_streams(void **state)
{
    row_check(state, &s_abortive_disconnect);
}

static void test_states_of_get_option_on_streams(void **state)
{
    row_check(state, &s_get_option);
}

static void test_states_of_enable_receive_on_streams(void **state)
{
    row_check(state, &s_enable_receive);
}

static void test_states_of_enable_accept_on_streams(void **state)
{
    row_check(state, &s_enable_accept);
}

static void test_states_of_close_on_streams(void **state)
{
    row_check(state, &s_close);
}

#define TESTS(X)                                     \
    X(test_states_of_bind_on_streams)                \
    X(test_states_of_listen_on_streams)              \
    X(test_states_of_accept_on_streams)              \
    X(test_states_of_connect_on_streams)             \
    X(test_states_of_connect_ex_on_streams)          \
    X(test_states_of_get_local_address_on_streams)   \
    X(test_states_of_get_remote_address_on_streams)  \
    X(test_states_of_send_on_streams)                \
    X(test_states_of_receive_on_streams)             \
    X(test_states_of_graceful_disconnect_on_streams) \
    X(test_states_of_abortive_disconnect_on_streams) \
    X(test_states_of_get_option_on_streams)          \
    X(test_states_of_enable_receive_on_streams)      \
    X(test_states_of_enable_accept_on_streams)       \
    X(test_states_of_close_on_streams)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
