/* SPDX-License-Identifier: MIT */
/* Memory that belongs to sockets and registrations, taken away at the first moment at which the documentation allows it:
 * blocks, tables, contexts; and indications, which have to last until they are released. */
#include "support/brief.h"
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

static const WSK_PROVIDER_LISTEN_DISPATCH *listen_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

/* --- tables and contexts ------------------------------------------------------------------------ */

/* The client's table lives until WskDeregister returns, the block as well, and the WSK_CLIENT_NPI only for the call. */
static void test_lifetime_registration_memory(void **state)
{
    WSK_CLIENT_DISPATCH *dispatch = brief_alloc(sizeof(*dispatch));
    WSK_REGISTRATION *block = brief_alloc(sizeof(*block));
    WSK_CLIENT_NPI *client_npi = brief_alloc(sizeof(*client_npi));
    WSK_PROVIDER_NPI npi;
    WSK_PROVIDER_NPI *provider = brief_alloc(sizeof(*provider));
    struct brief_request request;
    PWSK_SOCKET socket;
    NTSTATUS returned;

    UNREFERENCED_PARAMETER(state);
    dispatch->Version = MAKE_WSK_VERSION(1, 0);
    dispatch->Reserved = 0;
    dispatch->WskClientEvent = NULL;
    client_npi->ClientContext = dispatch;
    client_npi->Dispatch = dispatch;
    assert_int_equal(WskRegister(client_npi, block), STATUS_SUCCESS);
    brief_vanish(client_npi, sizeof(*client_npi));
    assert_int_equal(WskCaptureProviderNPI(block, WSK_INFINITE_WAIT, provider), STATUS_SUCCESS);
    npi = *provider;
    brief_vanish(provider, sizeof(*provider));
    returned = npi.Dispatch->WskSocket(npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_BASIC_SOCKET, NULL, NULL,
                                       NULL, NULL, NULL, brief_begin(&request, IRP_ALLOCATED));
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    socket = (PWSK_SOCKET)request.result.Information;
    WskReleaseProviderNPI(block);
    socket_close(socket);
    WskDeregister(block);
    brief_vanish(dispatch, sizeof(*dispatch));
    brief_vanish(block, sizeof(*block));
    wsk_kit_run_until_idle();
}

/* What a socket's completion of the close takes away: the socket's context and its table. */
struct brief_socket {
    struct conn_client *client;
    WSK_CLIENT_CONNECTION_DISPATCH *table;
};

static void socket_memory_vanish(struct wsk_request *request)
{
    struct brief_socket *brief = request->context;

    brief_vanish(brief->table, sizeof(*brief->table));
    free(brief->client->bytes);
    brief_vanish(brief->client, sizeof(*brief->client));
}

static struct brief_socket brief_socket_create(void)
{
    struct brief_socket brief;

    brief.client = conn_client_create();
    brief.table = brief_copy(&conn_client_dispatch, sizeof(*brief.table));
    return brief;
}

/* Closes while the peer talks on, and takes the socket's memory away in the completion routine of the close. */
static void brief_socket_close(struct brief_socket *brief, struct wsk_kit_peer *peer)
{
    PWSK_SOCKET socket = brief->client->socket;
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    close->completed = socket_memory_vanish;
    close->context = brief;
    wsk_kit_peer_send_text(peer, "still talking");
    returned = conn_table(socket)->Basic.WskCloseSocket(socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    wsk_kit_peer_close(peer);
    wsk_kit_run_until_idle();
    request_destroy(close);
}

static void test_lifetime_connection_table_and_context_end_with_the_close(void **state)
{
    struct brief_socket brief = brief_socket_create();
    struct wsk_kit_peer *peer;

    brief.client->socket = connection_open_peer(*state, AF_INET, brief.client, brief.table, &peer);
    socket_events(brief.client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    wsk_kit_peer_send_text(peer, "before");
    conn_client_expect_text(brief.client, "before");
    brief_socket_close(&brief, peer);
}

/* The listener, its table and its context go; the socket that it accepted stays, with its own. */
struct brief_listener {
    struct brief_socket accepted;
    struct wsk_kit_witness *accepts;
};

static NTSTATUS WSKAPI brief_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                    PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                    CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct brief_listener *listener = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    *AcceptSocketContext = listener->accepted.client;
    *AcceptSocketDispatch = listener->accepted.table;
    listener->accepted.client->socket = AcceptSocket;
    wsk_kit_witness_call(listener->accepts, 0, 0, 0, 0);
    return STATUS_SUCCESS;
}

static void listener_memory_vanish(struct wsk_request *request)
{
    void **memory = request->context;

    brief_vanish(memory[0], sizeof(struct brief_listener));
    brief_vanish(memory[1], sizeof(WSK_CLIENT_LISTEN_DISPATCH));
}

static void test_lifetime_listener_table_and_context_end_with_its_close(void **state)
{
    struct brief_listener *context = brief_alloc(sizeof(*context));
    WSK_CLIENT_LISTEN_DISPATCH *table = brief_alloc(sizeof(*table));
    void *memory[2] = { context, table };
    struct wsk_kit_witness *accepts = wsk_kit_witness_create("WskAcceptEvent");
    struct wsk_request *close = request_create();
    struct brief_socket accepted = brief_socket_create();
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    NTSTATUS returned;
    USHORT port;

    context->accepted = accepted;
    context->accepts = accepts;
    memset(table, 0, sizeof(*table));
    table->WskAcceptEvent = brief_accept;
    listener = listener_open(*state, AF_INET, context, table, false, &port);
    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(accepts, 1);
    close->completed = listener_memory_vanish;
    close->context = memory;
    returned = listen_table(listener)->Basic.WskCloseSocket(listener, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    request_destroy(close);

    wsk_kit_peer_send_text(peer, "goes on");
    conn_client_expect_text(accepted.client, "goes on");
    brief_socket_close(&accepted, peer);
    wsk_kit_witness_destroy(accepts);
}

/* --- indications -------------------------------------------------------------------------------- */

/* Lists that are kept do not change while the connection goes on, ends, and is reset. */
static void test_lifetime_indication_lasts_until_its_release(void **state)
{
    struct conn_client *client = conn_client_create();
    unsigned char bytes[8];
    struct wsk_kit_peer *peer;

    conn_client_set_answer(client, CONN_KEEP, 0);
    conn_accept(*state, client, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT, &peer);
    wsk_kit_peer_send_text(peer, "first");
    conn_client_expect_text(client, "first");
    conn_client_set_answer(client, CONN_TAKE_ALL, 0);
    wsk_kit_peer_send_text(peer, "second");
    conn_client_expect_text(client, "firstsecond");
    assert_int_equal(conn_list_copy(client->kept[0], bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "first", 5);
    wsk_kit_peer_end(peer);
    conn_client_wait_end(client);
    assert_int_equal(connection_disconnect_try(client->socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(conn_list_copy(client->kept[0], bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "first", 5);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 1);
    conn_client_release_all(client);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

#define TESTS(X)                                                     \
    X(test_lifetime_registration_memory)                             \
    X(test_lifetime_connection_table_and_context_end_with_the_close) \
    X(test_lifetime_listener_table_and_context_end_with_its_close)   \
    X(test_lifetime_indication_lasts_until_its_release)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
