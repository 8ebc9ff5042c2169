/* SPDX-License-Identifier: MIT */
/* What becomes of calls that the host refuses, though it never should: the request fails, and the next one works. */
#include "support/conn_client.h"
#include "support/dgram_client.h"
#include "support/group_scene.h"
#include "support/host_fault.h"
#include "support/inspect_gate.h"
#include "support/stream_socket.h"

#include <string.h>

#include <mstcpip.h>

/* --- bind and listen ----------------------------------------------------------------------------- */

/* The bind fails, and the next one works: nothing of the first is left. */
static void bind_fails(struct wsk_fixture *fixture, ULONG category, enum host_call call, unsigned index,
                       NTSTATUS expected)
{
    SOCKADDR_STORAGE any = address_loopback(AF_INET, 0);
    PWSK_SOCKET socket = category == WSK_FLAG_DATAGRAM_SOCKET ? dgram_open(fixture, AF_INET, NULL, NULL)
                                                              : socket_open(fixture, category, AF_INET, NULL, NULL);

    host_fault_begin(call, index, WE_ERR_NO_MEMORY);
    assert_int_equal(socket_bind_try(socket, &any), expected);
    host_fault_end();
    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    if (category == WSK_FLAG_DATAGRAM_SOCKET) {
        assert_int_not_equal(dgram_port(socket), 0);
    } else {
        SOCKADDR_STORAGE local = socket_local(socket, category == WSK_FLAG_LISTEN_SOCKET);

        assert_int_not_equal(address_port(&local), 0);
    }
    socket_close(socket);
}

static void test_bind_whose_port_cannot_be_learned_fails(void **state)
{
    bind_fails(*state, WSK_FLAG_CONNECTION_SOCKET, HOST_LOCAL, 1, STATUS_INSUFFICIENT_RESOURCES);
    bind_fails(*state, WSK_FLAG_LISTEN_SOCKET, HOST_LOCAL, 1, STATUS_INSUFFICIENT_RESOURCES);
    bind_fails(*state, WSK_FLAG_DATAGRAM_SOCKET, HOST_LOCAL, 1, STATUS_INSUFFICIENT_RESOURCES);
}

static void test_bind_of_what_cannot_be_watched_fails(void **state)
{
    bind_fails(*state, WSK_FLAG_LISTEN_SOCKET, HOST_WATCH, 1, STATUS_INSUFFICIENT_RESOURCES);
    bind_fails(*state, WSK_FLAG_DATAGRAM_SOCKET, HOST_WATCH, 1, STATUS_INSUFFICIENT_RESOURCES);
}

/* The three options that every datagram socket tells its endpoint. */
static void test_bind_whose_options_are_refused_fails(void **state)
{
    for (unsigned index = 1; index <= 3; index++) {
        bind_fails(*state, WSK_FLAG_DATAGRAM_SOCKET, HOST_DGRAM_SET, index, STATUS_UNEXPECTED_NETWORK_ERROR);
    }
}

/* A listener whose address cannot be learned was left half made: the next WskListen took it for a bound endpoint. */
static void test_listen_whose_port_cannot_be_learned_fails(void **state)
{
    PWSK_SOCKET socket = stream_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = stream_local(socket);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    host_fault_begin(HOST_LOCAL, 1, WE_ERR_NO_MEMORY);
    assert_int_equal(stream_listen_try(socket), STATUS_INSUFFICIENT_RESOURCES);
    host_fault_end();
    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    assert_int_equal(stream_accept_try(socket, NULL, NULL, &accepted), STATUS_SUCCESS);
    socket_close(accepted);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* --- incoming connections ------------------------------------------------------------------------- */

/* One connection of a conditional listener, whose endpoint is watched three times: for the verdict, for the taker, and for
 * the connection's events. */
static struct gate *gate_under_fault(void **state, enum host_call call, unsigned index, enum we_err err,
                                     struct wsk_kit_peer **peer)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    *peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);
    host_fault_begin(call, index, err);
    wsk_kit_run_until_idle();
    host_fault_end();
    return gate;
}

static PWSK_SOCKET gate_socket(const struct gate *gate, size_t index)
{
    return (PWSK_SOCKET)wsk_kit_witness_get(gate->accepts, index).values[0];
}

/* The listener goes on. */
static void gate_expect_alive(struct gate *gate)
{
    size_t accepts = wsk_kit_witness_count(gate->accepts);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_witness_wait(gate->accepts, accepts + 1);
    wsk_kit_peer_send_text(peer, "alive");
    connection_expect_text(gate_socket(gate, accepts), "alive");
    socket_close(gate_socket(gate, accepts));
    wsk_kit_peer_close(peer);
}

static void test_request_that_cannot_be_watched_is_dropped(void **state)
{
    struct wsk_kit_peer *peer;
    struct gate *gate = gate_under_fault(state, HOST_WATCH, 1, WE_ERR_NO_MEMORY, &peer);

    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    gate_expect_silence(gate, 1, 0);
    gate_expect_alive(gate);
    gate_close(gate);
}

static void test_accepted_connection_that_nobody_hears_for_a_moment_works(void **state)
{
    struct wsk_kit_peer *peer;
    struct gate *gate = gate_under_fault(state, HOST_WATCH, 2, WE_ERR_NO_MEMORY, &peer);

    wsk_kit_peer_send_text(peer, "as ever");
    connection_expect_text(gate_socket(gate, 0), "as ever");
    socket_close(gate_socket(gate, 0));
    wsk_kit_peer_close(peer);
    gate_expect_alive(gate);
    gate_close(gate);
}

static void test_accepted_connection_that_cannot_be_watched_is_lost(void **state)
{
    struct wsk_kit_peer *peer;
    struct gate *gate = gate_under_fault(state, HOST_WATCH, 3, WE_ERR_NO_MEMORY, &peer);
    char byte;

    assert_int_equal(connection_receive_try(gate_socket(gate, 0), &byte, 1, 0, NULL), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(connection_send_try(gate_socket(gate, 0), &byte, 1, 0, NULL), STATUS_INSUFFICIENT_RESOURCES);
    socket_close(gate_socket(gate, 0));
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
    gate_expect_alive(gate);
    gate_close(gate);
}

/* Where the connection came from or to cannot be learned: it is taken all the same, with what is known. */
static void test_request_whose_addresses_cannot_be_learned_shows_what_is_known(void **state)
{
    struct wsk_kit_peer *peer;
    struct gate *gate = gate_under_fault(state, HOST_LOCAL, 1, WE_ERR_RESET, &peer);

    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[2], wsk_kit_peer_port(peer));
    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[3], gate->port); /* the listener's own */
    socket_close(gate_socket(gate, 0));
    wsk_kit_peer_close(peer);
    gate_close(gate);

    gate = gate_under_fault(state, HOST_REMOTE, 1, WE_ERR_RESET, &peer);
    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[2], 0);
    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[3], gate->port);
    socket_close(gate_socket(gate, 0));
    wsk_kit_peer_close(peer);
    gate_close(gate);
}

struct hasty {
    PWSK_SOCKET listener;
    struct wsk_request *verdict;
    NTSTATUS returned;
    LONG abort_count;
};

/* Gives its verdict twice: by WskInspectComplete, which waits for the callback to return, and by its answer. */
static WSK_INSPECT_ACTION WSKAPI hasty_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                               PWSK_INSPECT_ID InspectID)
{
    struct hasty *hasty = SocketContext;
    WSK_INSPECT_ID id = *InspectID;

    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    hasty->returned = ((const WSK_PROVIDER_LISTEN_DISPATCH *)hasty->listener->Dispatch)
                          ->WskInspectComplete(hasty->listener, &id, WskInspectAccept, request_irp(hasty->verdict));
    return WskInspectAccept;
}

static NTSTATUS WSKAPI hasty_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    struct hasty *hasty = SocketContext;

    UNREFERENCED_PARAMETER(InspectID);
    hasty->abort_count++;
    return STATUS_SUCCESS;
}

/* The peer has gone when the answer is carried out, so the other verdict comes too late: no mistake of the driver's. */
static void test_verdict_inside_the_callback_for_a_peer_that_has_gone_succeeds(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, hasty_inspect, hasty_abort };
    struct hasty hasty = { .verdict = request_create() };
    struct wsk_kit_peer *peer;
    USHORT port;

    hasty.listener = listener_open(*state, AF_INET, &hasty, &dispatch, true, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    host_fault_begin(HOST_CONFIRM, 1, WE_ERR_RESET);
    wsk_kit_run_until_idle();
    host_fault_end();
    assert_int_equal(hasty.returned, STATUS_PENDING);
    assert_int_equal(request_wait(hasty.verdict, hasty.returned), STATUS_SUCCESS);
    assert_int_equal(hasty.abort_count, 1);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    socket_close(hasty.listener);
    request_destroy(hasty.verdict);
}

/* --- connections ---------------------------------------------------------------------------------- */

/* The handshake is over, and then the bytes cannot go: the connect fails, and may be tried again. */
static void test_connect_whose_bytes_are_refused_fails(void **state)
{
    static const struct {
        enum we_err err;
        NTSTATUS status;
    } faults[] = { { WE_ERR_FINISHED, STATUS_CONNECTION_RESET }, /* EPIPE: the peer has reset */
                   { WE_ERR_NO_MEMORY, STATUS_INSUFFICIENT_RESOURCES } };
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    struct wsk_kit_peer *peer;

    for (unsigned i = 0; i < RTL_NUMBER_OF(faults); i++) {
        struct conn_request *request = conn_request_create("with the connect", 16);

        host_fault_begin(HOST_SEND, 1, faults[i].err);
        request->returned = conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &request->buffer, 0,
                                                             request_irp(request->request));
        conn_request_expect(request, faults[i].status, 0);
        host_fault_end();
        peer = wsk_kit_server_accept(server);
        wsk_kit_peer_expect_reset(peer);
        wsk_kit_peer_close(peer);
    }
    assert_int_equal(connection_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    connection_send_text(socket, "at last");
    wsk_kit_peer_expect_text(peer, "at last");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* A disconnect that was cancelled still owes the peer the end. If the end cannot be sent, the connection is lost. */
static void test_end_that_is_owed_and_cannot_be_sent_loses_the_connection(void **state)
{
    static char bytes[1 << 20];
    struct conn_client *client = conn_client_create();
    struct conn_request *send;
    struct conn_request *end;
    struct wsk_kit_peer *peer;
    size_t left;

    conn_accept(*state, client, WSK_EVENT_DISCONNECT, &peer);
    send = conn_send_post(client->socket, bytes, sizeof(bytes), 0);
    end = conn_disconnect_post(client->socket, NULL, 0, 0);
    assert_true(IoCancelIrp(end->request->irp));
    conn_request_expect(end, STATUS_CANCELLED, 0);
    assert_false(conn_request_is_done(send));
    host_fault_begin(HOST_SHUTDOWN_SEND, 1, WE_ERR_RESET);
    for (left = sizeof(bytes); left > 0;) {
        left -= wsk_kit_peer_receive(peer, bytes, left);
    }
    conn_request_expect(send, STATUS_SUCCESS, sizeof(bytes));
    conn_client_wait_reset(client);
    host_fault_end();
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_ideal_backlog_that_nobody_knows_is_not_supported(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SIZE_T bytes = 0;
    NTSTATUS status;

    host_fault_begin(HOST_BACKLOG, 1, WE_ERR_NOT_SUPPORTED);
    REQUEST_CALL(status, NULL, irp,
                 conn_table(socket)->WskControlSocket(socket, WskIoctl, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, 0, 0, NULL,
                                                      sizeof(bytes), &bytes, NULL, irp));
    host_fault_end();
    assert_int_equal(status, STATUS_NOT_SUPPORTED);
    assert_int_equal(bytes, 0);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* --- options and controls ------------------------------------------------------------------------- */

static void test_datagram_option_that_is_refused_keeps_its_value(void **state)
{
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    ULONG value = 1;

    host_fault_begin(HOST_DGRAM_SET, 2, WE_ERR_ACCESS);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_BROADCAST, 1), STATUS_ACCESS_DENIED);
    host_fault_end();
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_BROADCAST, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, 0);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_BROADCAST, 1), STATUS_SUCCESS);
    socket_close(socket);
}

static void test_option_that_the_host_does_not_have_is_not_supported(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    ULONG value = 0;

    host_fault_begin(HOST_HAS_OPTION, 1, WE_ERR_NOT_SUPPORTED);
    assert_int_equal(socket_set_ulong(socket, IPPROTO_IP, IP_TTL, 7), STATUS_NOT_SUPPORTED);
    host_fault_end();
    host_fault_begin(HOST_HAS_OPTION, 1, WE_ERR_NOT_SUPPORTED);
    assert_int_equal(socket_get_option(socket, IPPROTO_IP, IP_TTL, &value, sizeof(value), NULL), STATUS_NOT_SUPPORTED);
    host_fault_end();
    assert_int_equal(socket_set_ulong(socket, IPPROTO_IP, IP_TTL, 7), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, IPPROTO_IP, IP_TTL, &value, sizeof(value), NULL), STATUS_SUCCESS);
    assert_int_equal(value, 7);
    socket_close(socket);
}

static void test_route_that_is_not_there_fails_the_query(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 1);
    SOCKADDR_IN local;
    SIZE_T returned = 1;
    NTSTATUS status;

    memset(&local, 0, sizeof(local));
    host_fault_begin(HOST_ROUTE, 1, WE_ERR_NET_UNREACHABLE);
    status = ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                 ->WskControlSocket(socket, WskIoctl, SIO_ROUTING_INTERFACE_QUERY, 0, sizeof(SOCKADDR_IN), &remote,
                                    sizeof(local), &local, &returned, NULL);
    host_fault_end();
    assert_int_equal(status, STATUS_NETWORK_UNREACHABLE);
    assert_int_equal(returned, 1); /* nothing was written */
    assert_int_equal(local.sin_family, 0);
    socket_close(socket);
}

/* --- multicasts of one's own -------------------------------------------------------------------------- */

/* A socket that is deaf to itself sends to the group it is in; the host's answer to whose address that is fails. */
static void send_own_while_asking_fails(struct group_scene *scene, struct wsk_fixture *fixture, enum we_err err)
{
    assert_true(group_scene_open(scene, fixture, GROUP_BY_REQ));
    group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(scene->client->socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0), STATUS_SUCCESS);
    host_fault_begin(HOST_INTERFACE, 1, err);
    group_send(scene, scene->client->socket, scene->client->port, "whose is it");
    dgram_client_expect(scene->client, scene->seen_count++, "whose is it");
    host_fault_end();
}

/* The host's list of addresses is no matter of each datagram. */
static void test_host_is_asked_once_whose_address_a_sender_has(void **state)
{
    struct group_scene scene;

    send_own_while_asking_fails(&scene, *state, WE_ERR_ADDRESS);
    group_send(&scene, scene.client->socket, scene.client->port, "a stranger still");
    dgram_client_expect(scene.client, scene.seen_count++, "a stranger still");
    group_scene_close(&scene);
}

static void test_host_that_could_not_tell_whose_an_address_is_is_asked_again(void **state)
{
    struct group_scene scene;

    send_own_while_asking_fails(&scene, *state, WE_ERR_NO_MEMORY);
    group_send(&scene, scene.client->socket, scene.client->port, "my own");
    group_send(&scene, scene.client->socket, scene.client->port, "my own again");
    group_expect_heard(&scene);
    group_scene_close(&scene);
}

#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bind_whose_port_cannot_be_learned_fails),
        TEST(test_bind_of_what_cannot_be_watched_fails),
        TEST(test_bind_whose_options_are_refused_fails),
        TEST(test_listen_whose_port_cannot_be_learned_fails),
        TEST(test_request_that_cannot_be_watched_is_dropped),
        TEST(test_accepted_connection_that_nobody_hears_for_a_moment_works),
        TEST(test_accepted_connection_that_cannot_be_watched_is_lost),
        TEST(test_request_whose_addresses_cannot_be_learned_shows_what_is_known),
        TEST(test_verdict_inside_the_callback_for_a_peer_that_has_gone_succeeds),
        TEST(test_connect_whose_bytes_are_refused_fails),
        TEST(test_end_that_is_owed_and_cannot_be_sent_loses_the_connection),
        TEST(test_ideal_backlog_that_nobody_knows_is_not_supported),
        TEST(test_datagram_option_that_is_refused_keeps_its_value),
        TEST(test_option_that_the_host_does_not_have_is_not_supported),
        TEST(test_route_that_is_not_there_fails_the_query),
        TEST(test_host_is_asked_once_whose_address_a_sender_has),
        TEST(test_host_that_could_not_tell_whose_an_address_is_is_asked_again),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
