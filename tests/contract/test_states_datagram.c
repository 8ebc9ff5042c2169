/* SPDX-License-Identifier: MIT */
/* Which call is legal when: every function in every state of a datagram socket. One test for each row of the table. */
#define CONTRACT_CONFIG .processors = 1
#include "support/dgram_client.h"
#include "support/state_row.h"

/* --- calls ------------------------------------------------------------------------------------ */

/* Of a socket that is open; a closed one has no table any more. */
static const WSK_PROVIDER_DATAGRAM_DISPATCH *s_table;
static USHORT s_port; /* somebody is bound there */

/* What calls that stay pending refer to. */
static WSK_BUF s_buffer;
static WSK_BUF_LIST s_list;
static SOCKADDR_STORAGE s_address;

static NTSTATUS call_bind(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE local = address_loopback(AF_INET, 0);

    return s_table->WskBind(socket, (PSOCKADDR)&local, 0, irp);
}

static NTSTATUS call_send_to(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_table->WskSendTo(socket, &s_buffer, 0, (PSOCKADDR)&remote, 0, NULL, irp);
}

static NTSTATUS call_send_messages(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_table->WskSendMessages(socket, &s_list, 0, (PSOCKADDR)&remote, 0, NULL, irp);
}

static NTSTATUS call_receive_from(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskReceiveFrom(socket, &s_buffer, 0, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_get_local_address(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskGetLocalAddress(socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS call_get_option(PWSK_SOCKET socket, PIRP irp)
{
    static ULONG value;

    return s_table->WskControlSocket(socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(value), &value, NULL,
                                     irp);
}

static NTSTATUS call_fix_address(PWSK_SOCKET socket, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, s_port);

    return s_table->WskControlSocket(socket, WskIoctl, SIO_WSK_SET_SENDTO_ADDRESS, 0, sizeof(SOCKADDR_IN), &remote, 0,
                                     NULL, NULL, irp);
}

static NTSTATUS call_enable(PWSK_SOCKET socket, PIRP irp)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE_FROM };

    UNREFERENCED_PARAMETER(irp);
    return s_table->WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control), &control,
                                     0, NULL, NULL, NULL);
}

/* It takes no IRP. With nothing to release it is refused in every state; that a real list is taken is the business of
 * test_datagram_event. */
static NTSTATUS call_release_nothing(PWSK_SOCKET socket, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return s_table->WskRelease(socket, NULL);
}

static NTSTATUS call_close(PWSK_SOCKET socket, PIRP irp)
{
    return s_table->WskCloseSocket(socket, irp);
}

static NTSTATUS WSKAPI no_receive(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(DataIndication);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_DATAGRAM_DISPATCH s_events = { no_receive };

static void row_check(void **state, const struct state_row *row)
{
    struct wsk_fixture *fixture = *state;
    char bytes[4] = "abc";
    PWSK_SOCKET socket = dgram_open_bound(fixture, AF_INET, NULL, NULL, &s_port);

    s_table = dgram_table(socket);
    buffer_init(&s_buffer, bytes, sizeof(bytes));
    s_list.Next = NULL;
    s_list.Buffer = s_buffer;
    state_row_check(fixture, row);
    buffer_fini(&s_buffer);
    socket_close(socket);
}

/* --- the table -------------------------------------------------------------------------------- */

/* clang-format off */
#define REFUSED(rule) { STATUS_INVALID_PARAMETER, rule }

#define ROW(name, call, kind, created, bound, closed)                                       \
    static const struct state_row name = { call, WSK_FLAG_DATAGRAM_SOCKET, kind, &s_events, \
        { created, bound, NO_STATE, NO_STATE, NO_STATE, NO_STATE, NO_STATE, closed, NO_STATE } }

/* created, bound, closed */
ROW(s_bind, call_bind, USES_IRP, LEGAL, BAD_STATE("SOCK-015"), CLOSED("SOCK-037"));
ROW(s_send_to, call_send_to, USES_IRP, BAD_STATE("SOCK-015"), LEGAL, CLOSED("SOCK-037"));
ROW(s_send_messages, call_send_messages, USES_IRP, BAD_STATE("SOCK-015"), LEGAL, CLOSED("SOCK-037"));
ROW(s_receive_from, call_receive_from, USES_IRP, BAD_STATE("SOCK-015"), PENDS, CLOSED("SOCK-037"));
ROW(s_get_local_address, call_get_local_address, USES_IRP, BAD_STATE("SOCK-016"), LEGAL, CLOSED("SOCK-037"));
ROW(s_get_option, call_get_option, USES_IRP, LEGAL, LEGAL, CLOSED("SOCK-037"));
ROW(s_fix_address, call_fix_address, USES_IRP, BAD_STATE("SOCK-030"), LEGAL, CLOSED("SOCK-037"));
ROW(s_enable, call_enable, USES_NO_IRP, BAD_STATE("SOCK-031"), LEGAL, CLOSED("SOCK-037"));
ROW(s_release_nothing, call_release_nothing, USES_NO_IRP,
    REFUSED("SOCK-041"), REFUSED("SOCK-041"), CLOSED("SOCK-037"));
ROW(s_close, call_close, CLOSES, LEGAL, LEGAL, CLOSED("SOCK-036"));
/* clang-format on */

static void test_states_of_bind_on_datagram_sockets(void **state)
{
    row_check(state, &s_bind);
}

static void test_states_of_send_to(void **state)
{
    row_check(state, &s_send_to);
}

static void test_states_of_send_messages(void **state)
{
    row_check(state, &s_send_messages);
}

static void test_states_of_receive_from(void **state)
{
    row_check(state, &s_receive_from);
}

static void test_states_of_get_local_address_on_datagram_sockets(void **state)
{
    row_check(state, &s_get_local_address);
}

static void test_states_of_get_option_on_datagram_sockets(void **state)
{
    row_check(state, &s_get_option);
}

static void test_states_of_fix_address_on_datagram_sockets(void **state)
{
    row_check(state, &s_fix_address);
}

static void test_states_of_enable_on_datagram_sockets(void **state)
{
    row_check(state, &s_enable);
}

static void test_states_of_release_nothing_on_datagram_sockets(void **state)
{
    row_check(state, &s_release_nothing);
}

static void test_states_of_close_on_datagram_sockets(void **state)
{
    row_check(state, &s_close);
}

#define TESTS(X)                                            \
    X(test_states_of_bind_on_datagram_sockets)              \
    X(test_states_of_send_to)                               \
    X(test_states_of_send_messages)                         \
    X(test_states_of_receive_from)                          \
    X(test_states_of_get_local_address_on_datagram_sockets) \
    X(test_states_of_get_option_on_datagram_sockets)        \
    X(test_states_of_fix_address_on_datagram_sockets)       \
    X(test_states_of_enable_on_datagram_sockets)            \
    X(test_states_of_release_nothing_on_datagram_sockets)   \
    X(test_states_of_close_on_datagram_sockets)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
