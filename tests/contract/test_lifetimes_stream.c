/* SPDX-License-Identifier: MIT */
/* Memory that a driver lends to WSK to connect, to stream sockets, and to look names up, taken away at the first moment
 * at which the documentation allows it: overwritten, then freed.
 * Also built with WE_TEST_NMR, for a client of the network module registrar. */
#include "support/brief.h"
#include "support/inspect_gate.h"
#include "support/name_client.h"
#include "support/nmr_wsk.h"
#include "support/stream_socket.h"

#include <stdlib.h>
#include <string.h>

/* --- the IRP: until its completion routine has run ---------------------------------------------- */

static void listening_calls(struct wsk_fixture *fixture, enum irp_home home)
{
    const WSK_PROVIDER_DISPATCH *provider = fixture->npi.Dispatch;
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    const WSK_PROVIDER_STREAM_DISPATCH *table;
    struct brief_request accept;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    ULONG_PTR information;
    NTSTATUS returned;
    NTSTATUS status;

    BRIEF_CALL(status, home, &information, irp,
               provider->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_STREAM_SOCKET, NULL,
                                   NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    socket = (PWSK_SOCKET)information;
    table = stream_table(socket);
    wsk_kit_expect_report("SOCK-015"); /* an inline failure */
    BRIEF_CALL(status, home, &information, irp, table->WskListen(socket, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_STATE);
    BRIEF_CALL(status, home, &information, irp, table->WskBind(socket, (PSOCKADDR)&address, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, table->WskListen(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, table->WskGetLocalAddress(socket, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    returned = table->WskAccept(socket, 0, NULL, NULL, NULL, NULL, brief_begin(&accept, home));
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&address));
    assert_int_equal(brief_wait(&accept, returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)accept.result.Information);
    wsk_kit_peer_close(peer);
    returned = table->WskAccept(socket, 0, NULL, NULL, NULL, NULL, brief_begin(&accept, home));
    BRIEF_CALL(status, home, &information, irp, table->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(brief_wait(&accept, returned), STATUS_CANCELLED);
}

static void connecting_calls(struct wsk_fixture *fixture, enum irp_home home)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = stream_open_bound(fixture, AF_INET, NULL, NULL);
    const WSK_PROVIDER_STREAM_DISPATCH *table = stream_table(socket);
    SOCKADDR_STORAGE address;
    struct brief_request receive;
    struct wsk_kit_peer *peer;
    ULONG_PTR information;
    NTSTATUS returned;
    NTSTATUS status;
    WSK_BUF buffer;
    char bytes[8] = "abc";

    buffer_init(&buffer, bytes, 3);
    BRIEF_CALL(status, home, &information, irp, table->WskConnectEx(socket, (PSOCKADDR)&remote, &buffer, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, 3);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "abc");
    BRIEF_CALL(status, home, &information, irp, table->WskGetRemoteAddress(socket, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, table->WskSend(socket, &buffer, 0, irp));
    assert_int_equal(information, 3);
    returned = table->WskReceive(socket, &buffer, WSK_FLAG_WAITALL, brief_begin(&receive, home));
    wsk_kit_peer_send_text(peer, "xyz");
    assert_int_equal(brief_wait(&receive, returned), STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, table->WskDisconnect(socket, NULL, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    returned = table->WskReceive(socket, &buffer, WSK_FLAG_WAITALL, brief_begin(&receive, home));
    BRIEF_CALL(status, home, &information, irp, table->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(brief_wait(&receive, returned), STATUS_CANCELLED);
    buffer_fini(&buffer);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void client_calls(struct wsk_fixture *fixture, enum irp_home home)
{
    const WSK_PROVIDER_DISPATCH *provider = fixture->npi.Dispatch;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    SOCKADDR_STORAGE local = address_any(AF_INET, 0);
    struct brief_request change;
    struct text node;
    struct text room;
    PADDRINFOEXW list;
    ULONG_PTR information;
    NTSTATUS returned;
    NTSTATUS status;

    BRIEF_CALL(status, home, &information, irp,
               provider->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&local,
                                          (PSOCKADDR)&remote, 0, NULL, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_peer_close(wsk_kit_server_accept(server));
    socket_close((PWSK_SOCKET)information);
    text_set(&node, "127.0.0.1");
    BRIEF_CALL(
        status, home, &information, irp,
        provider->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL, &list, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    address_info_free(fixture, list);
    text_room(&room, sizeof(room.units));
    BRIEF_CALL(status, home, &information, irp,
               provider->WskGetNameInfo(fixture->npi.Client, (PSOCKADDR)&remote, sizeof(SOCKADDR_IN), &room.string,
                                        NULL, NI_NUMERICHOST, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(text_is(&room.string, "127.0.0.1"));
    returned = provider->WskControlClient(fixture->npi.Client, WSK_TRANSPORT_LIST_CHANGE, 0, NULL, 0, NULL, NULL,
                                          brief_begin(&change, home));
    wsk_kit_set_transports(true, false);
    assert_int_equal(brief_wait(&change, returned), STATUS_SUCCESS);
    wsk_kit_set_transports(true, true);
    wsk_kit_server_close(server);
}

static void every_call(void **state, enum irp_home home)
{
    listening_calls(*state, home);
    connecting_calls(*state, home);
    client_calls(*state, home);
}

static void test_lifetime_irps_of_streams_and_clients_end_in_their_completion_routines(void **state)
{
    every_call(state, IRP_ALLOCATED);
    every_call(state, IRP_EMBEDDED);
    every_call(state, IRP_WITH_ROOM);
}

/* --- WskConnectEx ----------------------------------------------------------------------------------- */

/* The address and the WSK_BUF end with the call, the bytes and their MDL with the request. */
static NTSTATUS connect_brief(struct brief_request *request, PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote,
                              const char *text)
{
    void *address = brief_copy(remote, sizeof(SOCKADDR_IN));
    PIRP irp = brief_begin(request, IRP_EMBEDDED);
    WSK_BUF *buffer = brief_buffer(request, text, strlen(text));
    NTSTATUS returned = stream_table(socket)->WskConnectEx(socket, address, buffer, 0, irp);

    brief_vanish(buffer, sizeof(*buffer));
    brief_vanish(address, sizeof(SOCKADDR_IN));
    return returned;
}

static void test_lifetime_connect_ex_arguments_end_with_the_call(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    struct brief_request request;
    struct wsk_kit_peer *peer;
    NTSTATUS returned = connect_brief(&request, socket, &remote, "first bytes");

    peer = wsk_kit_server_accept(server);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    wsk_kit_peer_expect_text(peer, "first bytes");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* The handshake is held back, so nothing has left when the arguments vanish; and a refusal touches nothing. */
static void held_connect(void **state, WSK_INSPECT_ACTION verdict)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, gate->port);
    PWSK_SOCKET socket = stream_open_bound(fixture, AF_INET, NULL, NULL);
    struct brief_request request;
    NTSTATUS returned = connect_brief(&request, socket, &remote, "held back");
    NTSTATUS status;

    wsk_kit_witness_wait(gate->inspects, 1);
    wsk_kit_run_until_idle();
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), verdict), STATUS_SUCCESS);
    if (verdict == WskInspectAccept) {
        PWSK_SOCKET accepted = listener_accept(gate->listener, NULL, NULL);

        assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
        connection_expect_text(accepted, "held back");
        socket_close(accepted);
    } else {
        status = brief_wait(&request, returned);
        assert_true(!NT_SUCCESS(status) || !fixture->way->is_virtual); /* real handshakes are over before the verdict */
    }
    socket_close(socket);
    gate_close(gate);
}

static void test_lifetime_connect_ex_that_waits_for_a_verdict(void **state)
{
    held_connect(state, WskInspectAccept);
}

static void test_lifetime_connect_ex_that_is_rejected(void **state)
{
    held_connect(state, WskInspectReject);
}

static void test_lifetime_connect_ex_that_is_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, gate->port);
    PWSK_SOCKET socket = stream_open_bound(fixture, AF_INET, NULL, NULL);
    struct wsk_request *close = request_create();
    struct brief_request request;
    NTSTATUS returned = connect_brief(&request, socket, &remote, "never sent");
    NTSTATUS close_returned = stream_table(socket)->WskCloseSocket(socket, request_irp(close));
    NTSTATUS status = brief_wait(&request, returned);

    assert_true(status == STATUS_CANCELLED || !fixture->way->is_virtual);
    assert_int_equal(request_wait(close, close_returned), STATUS_SUCCESS);
    request_destroy(close);
    wsk_kit_run_until_idle();
    gate_close(gate);
}

/* --- WskSocketConnect ------------------------------------------------------------------------------- */

static void test_lifetime_socket_connect_addresses_end_with_the_call(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV6);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    SOCKADDR_STORAGE to = address_loopback(AF_INET6, wsk_kit_server_port(server));
    void *local = brief_copy(&any, sizeof(SOCKADDR_IN6));
    void *remote = brief_copy(&to, sizeof(SOCKADDR_IN6));
    struct brief_request request;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    NTSTATUS returned =
        fixture->npi.Dispatch->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, local, remote, 0, NULL,
                                                NULL, NULL, NULL, NULL, brief_begin(&request, IRP_EMBEDDED));

    brief_vanish(local, sizeof(SOCKADDR_IN6));
    brief_vanish(remote, sizeof(SOCKADDR_IN6));
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    socket = (PWSK_SOCKET)request.result.Information;
    peer = wsk_kit_server_accept(server);
    connection_send_text(socket, "connected");
    wsk_kit_peer_expect_text(peer, "connected");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* --- tables and contexts ------------------------------------------------------------------------------ */

struct brief_socket {
    struct conn_client *client;
    WSK_CLIENT_STREAM_DISPATCH *table;
    WSK_CLIENT_CONNECTION_DISPATCH *connect;
};

static void socket_memory_vanish(struct wsk_request *request)
{
    struct brief_socket *brief = request->context;

    brief_vanish(brief->table, sizeof(*brief->table));
    brief_vanish(brief->connect, sizeof(*brief->connect));
    free(brief->client->bytes);
    brief_vanish(brief->client, sizeof(*brief->client));
}

static void test_lifetime_stream_tables_and_context_end_with_the_close(void **state)
{
    struct brief_socket brief = { conn_client_create(), brief_alloc(sizeof(*brief.table)),
                                  brief_copy(&conn_client_dispatch, sizeof(*brief.connect)) };
    struct wsk_request *close = request_create();
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    NTSTATUS returned;

    brief.table->Listen = NULL;
    brief.table->Connect = brief.connect;
    socket = stream_open_peer(*state, AF_INET, brief.client, brief.table, &peer);
    brief.client->socket = socket;
    socket_events(socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_send_text(peer, "before");
    conn_client_expect_text(brief.client, "before");
    close->completed = socket_memory_vanish;
    close->context = &brief;
    wsk_kit_peer_send_text(peer, "still talking");
    returned = stream_table(socket)->WskCloseSocket(socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    wsk_kit_peer_close(peer);
    request_destroy(close);
}

/* --- names ---------------------------------------------------------------------------------------------- */

/* The address and the strings live until the completion, whose first lent memory is compared. */
static void test_lifetime_get_name_info_memory_ends_with_the_request(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE to = address_loopback(AF_INET, 80);
    struct brief_request request;
    PIRP irp = brief_begin(&request, IRP_EMBEDDED);
    WCHAR *units = brief_lend(&request, 10 * sizeof(WCHAR)); /* with its terminator, exactly */
    UNICODE_STRING *node = brief_lend(&request, sizeof(*node));
    void *address = memcpy(brief_lend(&request, sizeof(SOCKADDR_IN)), &to, sizeof(SOCKADDR_IN));
    NTSTATUS returned;

    node->Length = 0;
    node->MaximumLength = 10 * sizeof(WCHAR);
    node->Buffer = units;
    returned = fixture->npi.Dispatch->WskGetNameInfo(fixture->npi.Client, address, sizeof(SOCKADDR_IN), node, NULL,
                                                     NI_NUMERICHOST, NULL, NULL, irp);
    assert_int_equal(brief_wait_and_compare(&request, returned, L"127.0.0.1", 10 * sizeof(WCHAR)), STATUS_SUCCESS);
}

/* Cancelled while its name is awaited: the place for the list is gone when the answer comes. */
static void test_lifetime_get_address_info_memory_ends_with_the_request(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct brief_request request;
    PIRP irp = brief_begin(&request, IRP_EMBEDDED);
    PADDRINFOEXW *list = brief_lend(&request, sizeof(PADDRINFOEXW));
    struct text *node = brief_lend(&request, sizeof(*node));
    ADDRINFOEXW *hints = brief_lend(&request, sizeof(*hints));
    NTSTATUS returned;

    wsk_kit_host_add("slow.example", "192.0.2.1");
    wsk_kit_host_hold("slow.example");
    text_set(node, "slow.example");
    *hints = hints_make(0, AF_INET, SOCK_STREAM, IPPROTO_TCP);
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node->string, NULL, 0, NULL, hints, list,
                                                        NULL, NULL, irp);
    assert_true(IoCancelIrp(irp));
    assert_int_equal(brief_wait(&request, returned), STATUS_CANCELLED);
    wsk_kit_host_let_go("slow.example");
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
}

#define TESTS(X)                                                                  \
    X(test_lifetime_irps_of_streams_and_clients_end_in_their_completion_routines) \
    X(test_lifetime_connect_ex_arguments_end_with_the_call)                       \
    X(test_lifetime_connect_ex_that_waits_for_a_verdict)                          \
    X(test_lifetime_connect_ex_that_is_rejected)                                  \
    X(test_lifetime_connect_ex_that_is_cancelled)                                 \
    X(test_lifetime_socket_connect_addresses_end_with_the_call)                   \
    X(test_lifetime_stream_tables_and_context_end_with_the_close)                 \
    X(test_lifetime_get_name_info_memory_ends_with_the_request)                   \
    X(test_lifetime_get_address_info_memory_ends_with_the_request)

CONTRACT_MAIN(TESTS, CLIENT_SETUP, CLIENT_TEARDOWN)
