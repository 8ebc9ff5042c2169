/* SPDX-License-Identifier: MIT */
/* Memory that a driver lends to WSK for a request, taken away at the first moment at which the documentation allows it:
 * overwritten, then freed. The provider shows by what it does, and the address sanitizer by itself, whether it looked
 * again. */
#include "support/brief.h"
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

static const WSK_PROVIDER_LISTEN_DISPATCH *listen_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

/* --- the IRP: until its completion routine has run ---------------------------------------------- */

static void every_call(struct wsk_fixture *fixture, enum irp_home home)
{
    const WSK_PROVIDER_DISPATCH *provider = fixture->npi.Dispatch;
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    SOCKADDR_STORAGE wrong = address_loopback(AF_INET6, 0);
    struct brief_request accept;
    struct brief_request receive;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    PWSK_SOCKET socket;
    ULONG_PTR information;
    NTSTATUS returned;
    NTSTATUS status;
    ULONG value = 1;
    WSK_BUF buffer;
    char bytes[8] = "abc";

    BRIEF_CALL(status, home, &information, irp,
               provider->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, NULL,
                                   NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    listener = (PWSK_SOCKET)information;
    BRIEF_CALL(status, home, &information, irp,
               listen_table(listener)->Basic.WskControlSocket(listener, WskSetOption, SO_KEEPALIVE, SOL_SOCKET,
                                                              sizeof(value), &value, 0, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-014"); /* an inline failure */
    BRIEF_CALL(status, home, &information, irp, listen_table(listener)->WskBind(listener, (PSOCKADDR)&wrong, 0, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    BRIEF_CALL(status, home, &information, irp, listen_table(listener)->WskBind(listener, (PSOCKADDR)&address, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp,
               listen_table(listener)->WskGetLocalAddress(listener, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);

    returned = listen_table(listener)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, brief_begin(&accept, home));
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&address));
    assert_int_equal(brief_wait(&accept, returned), STATUS_SUCCESS);
    socket = (PWSK_SOCKET)accept.result.Information;
    BRIEF_CALL(status, home, &information, irp,
               conn_table(socket)->WskGetRemoteAddress(socket, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);

    buffer_init(&buffer, bytes, 3);
    returned = conn_table(socket)->WskReceive(socket, &buffer, WSK_FLAG_WAITALL, brief_begin(&receive, home));
    wsk_kit_peer_send_text(peer, "xyz");
    assert_int_equal(brief_wait(&receive, returned), STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, conn_table(socket)->WskSend(socket, &buffer, 0, irp));
    assert_int_equal(information, 3);
    BRIEF_CALL(status, home, &information, irp, conn_table(socket)->WskDisconnect(socket, NULL, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_peer_expect_text(peer, "xyz");
    wsk_kit_peer_expect_end(peer);
    returned = conn_table(socket)->WskReceive(socket, &buffer, WSK_FLAG_WAITALL, brief_begin(&receive, home));
    BRIEF_CALL(status, home, &information, irp, conn_table(socket)->Basic.WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(brief_wait(&receive, returned), STATUS_CANCELLED);
    returned = listen_table(listener)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, brief_begin(&accept, home));
    BRIEF_CALL(status, home, &information, irp, listen_table(listener)->Basic.WskCloseSocket(listener, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(brief_wait(&accept, returned), STATUS_CANCELLED);
    buffer_fini(&buffer);
    wsk_kit_peer_close(peer);
}

static void test_lifetime_irp_ends_in_its_completion_routine(void **state)
{
    every_call(*state, IRP_ALLOCATED);
}

static void test_lifetime_embedded_irp_ends_in_its_completion_routine(void **state)
{
    every_call(*state, IRP_EMBEDDED);
}

static void test_lifetime_irp_with_room_for_others_ends_in_its_completion_routine(void **state)
{
    every_call(*state, IRP_WITH_ROOM);
}

/* --- WSK_BUF: only for the call; its MDL and bytes: until the completion ------------------------ */

#define FLOOD_BYTES (4u * 1024 * 1024)

static struct wsk_kit_peer *flood_begin(struct wsk_fixture *fixture, PWSK_SOCKET *socket)
{
    struct wsk_kit_peer *peer;
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);

    *socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    socket_close(listener);
    if (fixture->way->is_virtual) { /* TCP becomes very slow with less than what a segment holds */
        wsk_kit_peer_set_receive_buffer(peer, 4096);
    }
    return peer;
}

static void peer_expect_stream(struct wsk_kit_peer *peer, SIZE_T length)
{
    unsigned char *bytes = brief_alloc(65536);
    SIZE_T done = 0;

    while (done < length) {
        SIZE_T got = wsk_kit_peer_receive(peer, bytes, 65536);

        assert_true(got > 0);
        conn_stream_check(bytes, done, got);
        done += got;
    }
    assert_int_equal(done, length);
    free(bytes);
}

/* A request that the network cannot take at once, over a WSK_BUF that dies with the call. */
static void flood(void **state, bool is_disconnect)
{
    struct brief_request request;
    struct wsk_kit_peer *peer;
    unsigned char *bytes;
    PWSK_SOCKET socket;
    WSK_BUF *buffer;
    NTSTATUS returned;
    PIRP irp;

    peer = flood_begin(*state, &socket);
    bytes = brief_alloc(FLOOD_BYTES);
    conn_stream_fill(bytes, 0, FLOOD_BYTES);
    irp = brief_begin(&request, IRP_EMBEDDED);
    buffer = brief_buffer(&request, bytes, FLOOD_BYTES);
    free(bytes);
    returned = is_disconnect ? conn_table(socket)->WskDisconnect(socket, buffer, 0, irp)
                             : conn_table(socket)->WskSend(socket, buffer, 0, irp);
    brief_vanish(buffer, sizeof(*buffer));
    peer_expect_stream(peer, FLOOD_BYTES);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    assert_int_equal(request.result.Information, is_disconnect ? 0 : FLOOD_BYTES);
    if (is_disconnect) {
        wsk_kit_peer_expect_end(peer);
    }
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_lifetime_send_buffer_structure_ends_with_the_call(void **state)
{
    flood(state, false);
}

static void test_lifetime_disconnect_buffer_structure_ends_with_the_call(void **state)
{
    flood(state, true);
}

static void test_lifetime_receive_buffer_structure_ends_with_the_call(void **state)
{
    struct brief_request request;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    WSK_BUF *buffer;
    NTSTATUS returned;
    PIRP irp;

    peer = flood_begin(*state, &socket);
    irp = brief_begin(&request, IRP_EMBEDDED);
    buffer = brief_buffer(&request, NULL, 6);
    returned = conn_table(socket)->WskReceive(socket, buffer, WSK_FLAG_WAITALL, irp);
    brief_vanish(buffer, sizeof(*buffer));
    wsk_kit_peer_send_text(peer, "abc");
    wsk_kit_run_until_idle();
    wsk_kit_peer_send_text(peer, "def");
    assert_int_equal(brief_wait_and_compare(&request, returned, "abcdef", 6), STATUS_SUCCESS);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* A transfer in progress is cancelled: its buffer is gone when the completion routine returns. */
static void transfer_cancelled(void **state, bool is_send)
{
    struct brief_request request;
    struct wsk_kit_peer *peer;
    unsigned char *bytes;
    PWSK_SOCKET socket;
    WSK_BUF *buffer;
    NTSTATUS returned;
    PIRP irp;

    peer = flood_begin(*state, &socket);
    bytes = brief_alloc(FLOOD_BYTES);
    conn_stream_fill(bytes, 0, FLOOD_BYTES);
    irp = brief_begin(&request, IRP_ALLOCATED);
    buffer = brief_buffer(&request, bytes, is_send ? FLOOD_BYTES : 6);
    free(bytes);
    if (is_send) {
        returned = conn_table(socket)->WskSend(socket, buffer, 0, irp);
    } else {
        returned = conn_table(socket)->WskReceive(socket, buffer, WSK_FLAG_WAITALL, irp);
        wsk_kit_peer_send_text(peer, "abc");
    }
    brief_vanish(buffer, sizeof(*buffer));
    wsk_kit_run_until_idle();
    assert_true(IoCancelIrp(irp));
    assert_int_equal(brief_wait(&request, returned), STATUS_CANCELLED);
    if (!is_send) {
        assert_int_equal(request.result.Information, 3);
        wsk_kit_peer_send_text(peer, "more");
        connection_expect_text(socket, "more");
    }
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_lifetime_bytes_of_a_cancelled_send_end_with_it(void **state)
{
    transfer_cancelled(state, true);
}

static void test_lifetime_bytes_of_a_cancelled_receive_end_with_it(void **state)
{
    transfer_cancelled(state, false);
}

/* --- addresses -------------------------------------------------------------------------------- */

/* Addresses that are given end with the call; the memory for those that are asked for ends with the request, and is as
 * large as the family's structure and not a byte larger. */
static void addresses(void **state, ADDRESS_FAMILY family, SIZE_T size)
{
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(family));
    SOCKADDR_STORAGE any = address_any(family, 0);
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_server_port(server));
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, family, NULL, NULL);
    struct brief_request request;
    struct wsk_kit_peer *peer;
    void *address = brief_copy(&any, size);
    NTSTATUS returned;
    PIRP irp;

    returned = conn_table(socket)->WskBind(socket, address, 0, brief_begin(&request, IRP_ALLOCATED));
    brief_vanish(address, size);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    address = brief_copy(&remote, size);
    returned = conn_table(socket)->WskConnect(socket, address, 0, brief_begin(&request, IRP_ALLOCATED));
    brief_vanish(address, size);
    peer = wsk_kit_server_accept(server);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);

    irp = brief_begin(&request, IRP_ALLOCATED);
    address = brief_lend(&request, size);
    returned = conn_table(socket)->WskGetRemoteAddress(socket, address, irp);
    assert_int_equal(brief_wait_and_compare(&request, returned, &remote, size), STATUS_SUCCESS);
    irp = brief_begin(&request, IRP_ALLOCATED);
    address = brief_lend(&request, size);
    returned = conn_table(socket)->WskGetLocalAddress(socket, address, irp);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    connection_send_text(socket, "connected");
    wsk_kit_peer_expect_text(peer, "connected");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_lifetime_ipv4_addresses(void **state)
{
    addresses(state, AF_INET, sizeof(SOCKADDR_IN));
}

static void test_lifetime_ipv6_addresses(void **state)
{
    addresses(state, AF_INET6, sizeof(SOCKADDR_IN6));
}

static void accept_addresses(void **state, ADDRESS_FAMILY family, SIZE_T size)
{
    struct brief_request request;
    struct wsk_kit_peer *peer;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, family, NULL, NULL, false, &port);
    PIRP irp = brief_begin(&request, IRP_EMBEDDED);
    SOCKADDR_STORAGE seen;
    NTSTATUS returned;
    void *local;
    void *remote;

    remote = brief_lend(&request, size);
    local = brief_lend(&request, size);
    returned = listen_table(listener)->WskAccept(listener, 0, NULL, NULL, local, remote, irp);
    peer = wsk_kit_connect(fixture_kit_family(family), port);
    assert_int_equal(KeWaitForSingleObject(&request.done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    memcpy(&seen, request.kept, size);
    assert_int_equal(address_port(&seen), wsk_kit_peer_port(peer));
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)request.result.Information);
    socket_close(listener);
    wsk_kit_peer_close(peer);
}

static void test_lifetime_ipv4_addresses_of_an_accept(void **state)
{
    accept_addresses(state, AF_INET, sizeof(SOCKADDR_IN));
}

static void test_lifetime_ipv6_addresses_of_an_accept(void **state)
{
    accept_addresses(state, AF_INET6, sizeof(SOCKADDR_IN6));
}

/* --- options, controls, ids --------------------------------------------------------------------- */

static void test_lifetime_option_buffers_end_with_the_request(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    struct brief_request request;
    NTSTATUS returned;
    PIRP irp = brief_begin(&request, IRP_EMBEDDED);
    UCHAR *value = brief_lend(&request, 1);

    *value = 1;
    returned = conn_table(socket)->Basic.WskControlSocket(socket, WskSetOption, SO_KEEPALIVE, SOL_SOCKET, 1, value, 0,
                                                          NULL, NULL, irp);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    irp = brief_begin(&request, IRP_EMBEDDED);
    value = brief_lend(&request, 1);
    returned = conn_table(socket)->Basic.WskControlSocket(socket, WskGetOption, SO_KEEPALIVE, SOL_SOCKET, 0, NULL, 1,
                                                          value, NULL, irp);
    assert_int_equal(KeWaitForSingleObject(&request.done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(*(UCHAR *)request.kept, 1);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    assert_int_equal(request.result.Information, 1);
    socket_close(socket);
}

/* The structure and the GUID that it points to, which a driver may have copied. */
static void test_lifetime_event_control_ends_with_the_call(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;
    WSK_EVENT_CALLBACK_CONTROL *control = brief_alloc(sizeof(*control));
    NPIID *npi_id = brief_copy(&NPI_WSK_INTERFACE_ID, sizeof(NPIID));

    conn_accept(*state, client, 0, &peer);
    control->NpiId = npi_id;
    control->EventMask = WSK_EVENT_RECEIVE;
    assert_int_equal(conn_table(client->socket)
                         ->Basic.WskControlSocket(client->socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                                  sizeof(*control), control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    brief_vanish(control, sizeof(*control));
    brief_vanish(npi_id, sizeof(*npi_id));
    wsk_kit_peer_send_text(peer, "indicated");
    conn_client_expect_text(client, "indicated");
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* A listener that pends every request; ids are copied, as the documentation asks. */
struct pending_listener {
    WSK_INSPECT_ID id;
    volatile LONG inspected;
};

static WSK_INSPECT_ACTION WSKAPI pend_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                              PWSK_INSPECT_ID InspectID)
{
    struct pending_listener *listener = SocketContext;

    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    listener->id = *InspectID;
    InterlockedIncrement(&listener->inspected);
    return WskInspectPend;
}

static NTSTATUS WSKAPI no_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(InspectID);
    return STATUS_SUCCESS;
}

static bool is_pended(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return wsk_kit_pended_inspections() > 0;
}

static void test_lifetime_inspect_id_ends_with_the_call(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, pend_inspect, no_abort };
    struct pending_listener pending = { { 0, 0 }, 0 };
    struct brief_request request;
    struct wsk_kit_peer *peer;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, &pending, &dispatch, true, &port);
    WSK_INSPECT_ID *id;
    NTSTATUS returned;

    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_wait_for(is_pended, NULL, "a pended request");
    id = brief_copy(&pending.id, sizeof(*id));
    returned =
        listen_table(listener)->WskInspectComplete(listener, id, WskInspectAccept, brief_begin(&request, IRP_EMBEDDED));
    brief_vanish(id, sizeof(*id));
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    socket_close(listener_accept(listener, NULL, NULL));
    socket_close(listener);
    wsk_kit_peer_close(peer);
}

#define TESTS(X)                                                             \
    X(test_lifetime_irp_ends_in_its_completion_routine)                      \
    X(test_lifetime_embedded_irp_ends_in_its_completion_routine)             \
    X(test_lifetime_irp_with_room_for_others_ends_in_its_completion_routine) \
    X(test_lifetime_send_buffer_structure_ends_with_the_call)                \
    X(test_lifetime_disconnect_buffer_structure_ends_with_the_call)          \
    X(test_lifetime_receive_buffer_structure_ends_with_the_call)             \
    X(test_lifetime_bytes_of_a_cancelled_send_end_with_it)                   \
    X(test_lifetime_bytes_of_a_cancelled_receive_end_with_it)                \
    X(test_lifetime_ipv4_addresses)                                          \
    X(test_lifetime_ipv6_addresses)                                          \
    X(test_lifetime_ipv4_addresses_of_an_accept)                             \
    X(test_lifetime_ipv6_addresses_of_an_accept)                             \
    X(test_lifetime_option_buffers_end_with_the_request)                     \
    X(test_lifetime_event_control_ends_with_the_call)                        \
    X(test_lifetime_inspect_id_ends_with_the_call)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
