/* SPDX-License-Identifier: MIT */
/* Which call is legal when: every function in every state of a connection, a listening and a basic socket. One test for
 * each row of the table. */
#define CONTRACT_CONFIG .processors = 1
#include "support/inspect_answers.h"
#include "support/state_row.h"

#include <string.h>

/* --- calls ------------------------------------------------------------------------------------ */

/* Slots of one name have one implementation, so one table of each category serves all of its sockets; a closed one has
 * none any more. */
static const WSK_PROVIDER_CONNECTION_DISPATCH *s_connection;
static const WSK_PROVIDER_LISTEN_DISPATCH *s_listen;
static USHORT s_port; /* somebody listens there */

/* What calls that stay pending refer to. */
static WSK_BUF s_buffer;
static SOCKADDR_STORAGE s_address;

static NTSTATUS call_bind(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE local = address_loopback(AF_INET, 0);

    return s_connection->WskBind(socket, (PSOCKADDR)&local, 0, irp);
}

static NTSTATUS call_connect(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_connection->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);
}

static NTSTATUS call_connect_ex(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_connection->WskConnectEx(socket, (PSOCKADDR)&remote, &s_buffer, 0, irp);
}

static NTSTATUS call_get_local_address(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskGetLocalAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_get_local_on_listener(PWSK_SOCKET socket, PIRP irp)
{
    return s_listen->WskGetLocalAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_get_remote_address(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskGetRemoteAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_send(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskSend(socket, &s_buffer, 0, irp);
}

static NTSTATUS call_receive(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskReceive(socket, &s_buffer, 0, irp);
}

static NTSTATUS call_disconnect(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskDisconnect(socket, NULL, 0, irp);
}

static NTSTATUS call_abort(PWSK_SOCKET socket, PIRP irp)
{
    return s_connection->WskDisconnect(socket, NULL, WSK_FLAG_ABORTIVE, irp);
}

static NTSTATUS call_accept(PWSK_SOCKET socket, PIRP irp)
{
    return s_listen->WskAccept(socket, 0, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_control(PWSK_SOCKET socket, PIRP irp)
{
    static ULONG value;

    return s_connection->Basic.WskControlSocket(socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(value),
                                                &value, NULL, irp);
}

static NTSTATUS enable(PWSK_SOCKET socket, ULONG events)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, events };

    return s_connection->Basic.WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                                sizeof(control), &control, 0, NULL, NULL, NULL);
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
    return s_connection->Basic.WskCloseSocket(socket, irp);
}

static const WSK_CLIENT_LISTEN_DISPATCH s_listen_events = { accept_refuse, NULL, NULL };

static void row_check(void **state, const struct state_row *row)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET connection = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    char bytes[4] = "abc";

    s_connection = connection->Dispatch;
    s_listen = listener->Dispatch;
    s_port = wsk_kit_server_port(server);
    buffer_init(&s_buffer, bytes, sizeof(bytes));
    state_row_check(fixture, row);
    buffer_fini(&s_buffer);
    socket_close(connection);
    socket_close(listener);
    wsk_kit_server_close(server);
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
#define CONNECTION_ROW(name, call, kind, ...)                                                       \
    static const struct state_row name = { call, WSK_FLAG_CONNECTION_SOCKET, kind, &conn_client_dispatch, \
        { __VA_ARGS__, NO_STATE } }
#define LISTEN_ROW(name, call, kind,   created, bound, closed)                            \
    static const struct state_row name = { call, WSK_FLAG_LISTEN_SOCKET, kind, &s_listen_events, \
        { created, bound, NO_STATE, NO_STATE, NO_STATE, NO_STATE, NO_STATE, closed, NO_STATE } }
#define BASIC_ROW(name, call, kind,   created, closed)                      \
    static const struct state_row name = { call, WSK_FLAG_BASIC_SOCKET, kind, NULL, \
        { created, NO_STATE, NO_STATE, NO_STATE, NO_STATE, NO_STATE, NO_STATE, closed, NO_STATE } }

/*  created, bound, connecting, connected,
 *  half closed, peer ended, dead, closed */
CONNECTION_ROW(s_bind_on_connections, call_bind, USES_IRP,
    LEGAL, BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"),
    BAD_STATE("SOCK-015"), BAD_STATE("SOCK-015"), DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_connect, call_connect, USES_IRP,
    BAD_STATE("SOCK-015"), LEGAL, BAD_STATE(NULL), ACTIVE,
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_connect_ex, call_connect_ex, USES_IRP,
    BAD_STATE("SOCK-015"), LEGAL, BAD_STATE(NULL), ACTIVE,
    BAD_STATE(NULL), BAD_STATE(NULL), DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_get_local_address_on_connections, call_get_local_address, USES_IRP,
    BAD_STATE("SOCK-016"), LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_get_remote_address, call_get_remote_address, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_send, call_send, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    BAD_STATE("SOCK-021"), LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_receive, call_receive, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), PENDS,
    PENDS, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_graceful_disconnect, call_disconnect, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    BAD_STATE(NULL), LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_abortive_disconnect, call_abort, USES_IRP,
    BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), BAD_STATE("SOCK-016"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_control_on_connections, call_control, USES_IRP,
    LEGAL, LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_enable_on_connections, call_enable_receive, USES_NO_IRP,
    BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), BAD_STATE("SOCK-031"), LEGAL,
    LEGAL, LEGAL, DEAD, CLOSED("SOCK-037"));

CONNECTION_ROW(s_close_on_connections, call_close, CLOSES,
    LEGAL, LEGAL, LEGAL, LEGAL,
    LEGAL, LEGAL, LEGAL, CLOSED("SOCK-036"));

/* created, listening, closed */
LISTEN_ROW(s_bind_on_listeners, call_bind, USES_IRP, LEGAL, BAD_STATE("SOCK-015"), CLOSED("SOCK-037"));
LISTEN_ROW(s_accept, call_accept, USES_IRP, BAD_STATE("SOCK-015"), PENDS, CLOSED("SOCK-037"));
LISTEN_ROW(s_get_local_address_on_listeners, call_get_local_on_listener, USES_IRP,
           BAD_STATE("SOCK-016"), LEGAL, CLOSED("SOCK-037"));
LISTEN_ROW(s_control_on_listeners, call_control, USES_IRP, LEGAL, LEGAL, CLOSED("SOCK-037"));
LISTEN_ROW(s_enable_on_listeners, call_enable_accept, USES_NO_IRP, BAD_STATE("SOCK-031"), LEGAL, CLOSED("SOCK-037"));
LISTEN_ROW(s_close_on_listeners, call_close, CLOSES, LEGAL, LEGAL, CLOSED("SOCK-036"));

/* created, closed */
BASIC_ROW(s_close_on_basic_sockets, call_close, CLOSES, LEGAL, CLOSED("SOCK-036"));
/* clang-format on */

static void test_states_of_bind_on_connections(void **state)
{
    row_check(state, &s_bind_on_connections);
}

static void test_states_of_connect(void **state)
{
    row_check(state, &s_connect);
}

static void test_states_of_connect_ex(void **state)
{
    row_check(state, &s_connect_ex);
}

static void test_states_of_get_local_address_on_connections(void **state)
{
    row_check(state, &s_get_local_address_on_connections);
}

static void test_states_of_get_remote_address(void **state)
{
    row_check(state, &s_get_remote_address);
}

static void test_states_of_send(void **state)
{
    row_check(state, &s_send);
}

static void test_states_of_receive(void **state)
{
    row_check(state, &s_receive);
}

static void test_states_of_graceful_disconnect(void **state)
{
    row_check(state, &s_graceful_disconnect);
}

static void test_states_of_abortive_disconnect(void **state)
{
    row_check(state, &s_abortive_disconnect);
}

static void test_states_of_control_on_connections(void **state)
{
    row_check(state, &s_control_on_connections);
}

static void test_states_of_enable_on_connections(void **state)
{
    row_check(state, &s_enable_on_connections);
}

static void test_states_of_close_on_connections(void **state)
{
    row_check(state, &s_close_on_connections);
}

static void test_states_of_bind_on_listeners(void **state)
{
    row_check(state, &s_bind_on_listeners);
}

static void test_states_of_accept(void **state)
{
    row_check(state, &s_accept);
}

static void test_states_of_get_local_address_on_listeners(void **state)
{
    row_check(state, &s_get_local_address_on_listeners);
}

static void test_states_of_control_on_listeners(void **state)
{
    row_check(state, &s_control_on_listeners);
}

static void test_states_of_enable_on_listeners(void **state)
{
    row_check(state, &s_enable_on_listeners);
}

static void test_states_of_close_on_listeners(void **state)
{
    row_check(state, &s_close_on_listeners);
}

static void test_states_of_close_on_basic_sockets(void **state)
{
    row_check(state, &s_close_on_basic_sockets);
}

#define TESTS(X)                                       \
    X(test_states_of_bind_on_connections)              \
    X(test_states_of_connect)                          \
    X(test_states_of_connect_ex)                       \
    X(test_states_of_get_local_address_on_connections) \
    X(test_states_of_get_remote_address)               \
    X(test_states_of_send)                             \
    X(test_states_of_receive)                          \
    X(test_states_of_graceful_disconnect)              \
    X(test_states_of_abortive_disconnect)              \
    X(test_states_of_control_on_connections)           \
    X(test_states_of_enable_on_connections)            \
    X(test_states_of_close_on_connections)             \
    X(test_states_of_bind_on_listeners)                \
    X(test_states_of_accept)                           \
    X(test_states_of_get_local_address_on_listeners)   \
    X(test_states_of_control_on_listeners)             \
    X(test_states_of_enable_on_listeners)              \
    X(test_states_of_close_on_listeners)               \
    X(test_states_of_close_on_basic_sockets)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
