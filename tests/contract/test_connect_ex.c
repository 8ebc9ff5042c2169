/* SPDX-License-Identifier: MIT */
/* WskConnectEx: connecting with first bytes, and what becomes of them in each failure. */
#include "support/conn_client.h"
#include "support/inspect_gate.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_EX_MAX 65535u
#define SMALL_BUFFER_BYTES 4096u

/* A WskConnectEx in progress or done; request->buffer is what goes with it. */
static struct conn_request *connect_ex_post(PWSK_SOCKET socket, USHORT port, const void *bytes, SIZE_T length)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, port);
    struct conn_request *request = conn_request_create(bytes, length);
    WSK_BUF copy = request->buffer;

    request->returned =
        conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &copy, 0, request_irp(request->request));
    memset(&copy, 0xee, sizeof(copy)); /* the structures may die with the call */
    memset(&remote, 0xee, sizeof(remote));
    return request;
}

static NTSTATUS connect_ex_try(PWSK_SOCKET socket, USHORT port, WSK_BUF *buffer, ULONG flags, ULONG_PTR *information)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, port);
    NTSTATUS status;

    REQUEST_CALL(status, information, irp,
                 conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, buffer, flags, irp));
    return status;
}

/* --- success ---------------------------------------------------------------------------------- */

static void test_connect_ex_without_a_buffer_only_connects(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    WSK_BUF nothing;
    unsigned i;

    memset(&nothing, 0, sizeof(nothing));
    for (i = 0; i < 2; i++) {
        PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
        struct wsk_kit_peer *peer;
        ULONG_PTR information = 1;

        assert_int_equal(connect_ex_try(socket, wsk_kit_server_port(server), i == 0 ? NULL : &nothing, 0, &information),
                         STATUS_SUCCESS);
        assert_int_equal(information, 0);
        peer = wsk_kit_server_accept(server);
        connection_send_text(socket, "first bytes");
        wsk_kit_peer_expect_text(peer, "first bytes");
        socket_close(socket);
        wsk_kit_peer_close(peer);
    }
    wsk_kit_server_close(server);
}

static void test_connect_ex_bytes_reach_the_peer_before_any_send(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    struct conn_request *request = connect_ex_post(socket, wsk_kit_server_port(server), "hello ", 6);
    struct wsk_kit_peer *peer;

    assert_int_equal(request->returned, STATUS_PENDING);
    conn_request_expect(request, STATUS_SUCCESS, 6);
    connection_send_text(socket, "world");
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "hello world");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_connect_ex_gathers_a_chain_behind_its_offset(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    char first_bytes[] = "....one";
    char second_bytes[] = "two....";
    ULONG_PTR information;
    WSK_BUF buffer;
    WSK_BUF second;
    struct wsk_kit_peer *peer;

    buffer_init(&buffer, first_bytes, 7);
    buffer_init(&second, second_bytes, 7);
    buffer.Mdl->Next = second.Mdl;
    buffer.Offset = 4;
    buffer.Length = 6;
    assert_int_equal(connect_ex_try(socket, wsk_kit_server_port(server), &buffer, 0, &information), STATUS_SUCCESS);
    assert_int_equal(information, 6);
    buffer.Mdl->Next = NULL;
    buffer_fini(&second);
    buffer_fini(&buffer);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "onetwo");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_connect_ex_takes_65535_bytes_and_no_more(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    unsigned char *bytes = malloc(CONNECT_EX_MAX + 1);
    struct conn_request *request;
    struct wsk_kit_peer *peer;

    assert_non_null(bytes);
    conn_stream_fill(bytes, 0, CONNECT_EX_MAX + 1);
    request = connect_ex_post(socket, wsk_kit_server_port(server), bytes, CONNECT_EX_MAX + 1);
    assert_int_equal(request->returned, STATUS_BUFFER_OVERFLOW);
    assert_true(conn_request_is_done(request));
    conn_request_expect(request, STATUS_BUFFER_OVERFLOW, 0);
    request = connect_ex_post(socket, wsk_kit_server_port(server), bytes, CONNECT_EX_MAX);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect(peer, bytes, CONNECT_EX_MAX);
    conn_request_expect(request, STATUS_SUCCESS, CONNECT_EX_MAX);
    free(bytes);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* The answer may be there before the driver knows that it is connected. */
static void test_connect_ex_early_answer_is_indicated_once_enabled(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct conn_client *client = conn_client_create();
    struct conn_request *request;
    struct wsk_kit_peer *peer;

    client->socket = connection_open_bound(*state, AF_INET, client, &conn_client_dispatch);
    request = connect_ex_post(client->socket, wsk_kit_server_port(server), "question", 8);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "question");
    wsk_kit_peer_send_text(peer, "answer");
    conn_request_expect(request, STATUS_SUCCESS, 8);
    socket_events(client->socket, WSK_EVENT_RECEIVE);
    conn_client_expect_text(client, "answer");
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
    conn_client_destroy(client);
}

/* --- failure ---------------------------------------------------------------------------------- */

static void test_connect_ex_refused_sends_nothing(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);

    /* The buffer is freed with the request: nobody may look at it afterwards. */
    conn_request_expect(connect_ex_post(socket, wsk_kit_unused_port(WSK_KIT_IPV4), "unheard", 7),
                        STATUS_CONNECTION_REFUSED, 0);
    wsk_kit_run_until_idle();
    socket_close(socket);
}

static void test_connect_ex_wrong_arguments_fail(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    char bytes[4] = "abc";
    WSK_BUF buffer;

    buffer_init(&buffer, bytes, sizeof(bytes));
    wsk_kit_expect_report("SOCK-019");
    assert_int_equal(connect_ex_try(socket, 9, &buffer, 1, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_ex_try(socket, 0, &buffer, 0, NULL), STATUS_INVALID_ADDRESS_COMPONENT);
    buffer.Length = sizeof(bytes) + 1;
    wsk_kit_expect_report("SOCK-022");
    assert_int_equal(connect_ex_try(socket, 9, &buffer, 0, NULL), STATUS_INVALID_PARAMETER);
    buffer_fini(&buffer);
    socket_close(socket);
}

static void test_connect_ex_in_a_wrong_state_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    struct wsk_kit_peer *peer;

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(connect_ex_try(socket, 9, NULL, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
    socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    assert_int_equal(connect_ex_try(socket, 9, NULL, 0, NULL), STATUS_CONNECTION_ACTIVE);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* --- bytes that wait for the peer -------------------------------------------------------------- */

/* A connect whose bytes do not fit: on the virtual network, where the listener's window is the peer's. */
struct crowded {
    PWSK_SOCKET listener;
    PWSK_SOCKET socket;
    USHORT port;
    unsigned char bytes[CONNECT_EX_MAX];
    struct conn_request *request;
};

static struct crowded *crowded_start(struct wsk_fixture *fixture)
{
    struct crowded *crowded = calloc(1, sizeof(*crowded));

    assert_non_null(crowded);
    crowded->listener = listener_open(fixture, AF_INET, NULL, NULL, false, &crowded->port);
    assert_int_equal(socket_set_ulong(crowded->listener, SOL_SOCKET, SO_RCVBUF, SMALL_BUFFER_BYTES), STATUS_SUCCESS);
    crowded->socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    conn_stream_fill(crowded->bytes, 0, CONNECT_EX_MAX);
    crowded->request = connect_ex_post(crowded->socket, crowded->port, crowded->bytes, CONNECT_EX_MAX);
    assert_int_equal(crowded->request->returned, STATUS_PENDING);
    if (fixture->way->is_virtual) {
        wsk_kit_run_until_idle();
        assert_false(conn_request_is_done(crowded->request));
    }
    return crowded;
}

static void crowded_end(struct crowded *crowded)
{
    socket_close(crowded->listener);
    free(crowded);
}

static void test_connect_ex_completes_when_all_bytes_are_on_their_way(void **state)
{
    struct crowded *crowded = crowded_start(*state);
    PWSK_SOCKET accepted = listener_accept(crowded->listener, NULL, NULL);
    unsigned char *received = malloc(CONNECT_EX_MAX);
    SIZE_T length;

    assert_non_null(received);
    assert_int_equal(connection_receive_try(accepted, received, CONNECT_EX_MAX, WSK_FLAG_WAITALL, &length),
                     STATUS_SUCCESS);
    assert_int_equal(length, CONNECT_EX_MAX);
    conn_stream_check(received, 0, CONNECT_EX_MAX);
    conn_request_expect(crowded->request, STATUS_SUCCESS, CONNECT_EX_MAX);
    connection_send_text(crowded->socket, "and on");
    connection_expect_text(accepted, "and on");
    free(received);
    socket_close(crowded->socket);
    socket_close(accepted);
    crowded_end(crowded);
}

static void test_connect_ex_socket_is_connecting_until_its_bytes_have_left(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct crowded *crowded = crowded_start(fixture);

    if (fixture->way->is_virtual) {
        wsk_kit_expect_report("SOCK-016");
        assert_int_equal(connection_send_try(crowded->socket, "too early", 9, 0, NULL), STATUS_INVALID_DEVICE_STATE);
        assert_int_equal(connect_ex_try(crowded->socket, 9, NULL, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    }
    socket_close(crowded->socket);
    (void)conn_request_end(crowded->request, NULL);
    crowded_end(crowded);
}

static void test_connect_ex_cancelled_while_bytes_wait_leaves_close_only(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct crowded *crowded = crowded_start(fixture);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    SIZE_T sent;
    NTSTATUS status;

    (void)IoCancelIrp(crowded->request->request->irp);
    status = conn_request_end(crowded->request, &sent);
    if (fixture->way->is_virtual || status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_CANCELLED);
        assert_true(sent < CONNECT_EX_MAX);
        assert_int_equal(connection_connect_try(crowded->socket, &remote), STATUS_FILE_FORCED_CLOSED);
    }
    socket_close(crowded->socket);
    crowded_end(crowded);
}

static void test_connect_ex_closed_while_bytes_wait_completes_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct crowded *crowded = crowded_start(fixture);
    SIZE_T sent;
    NTSTATUS status;

    socket_close(crowded->socket);
    assert_true(conn_request_is_done(crowded->request));
    status = conn_request_end(crowded->request, &sent);
    if (fixture->way->is_virtual || status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_CANCELLED);
        assert_true(sent < CONNECT_EX_MAX);
    }
    crowded_end(crowded);
}

/* The connection was there, and is gone before the driver heard of it: the connect has failed. */
static void test_connect_ex_reset_while_bytes_wait_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct crowded *crowded = crowded_start(fixture);
    PWSK_SOCKET accepted = listener_accept(crowded->listener, NULL, NULL);
    NTSTATUS status;

    assert_int_equal(connection_disconnect_try(accepted, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    status = conn_request_end(crowded->request, NULL);
    assert_true(status == STATUS_CONNECTION_RESET || (status == STATUS_SUCCESS && !fixture->way->is_virtual));
    if (fixture->way->is_virtual) {
        wsk_kit_expect_report("SOCK-016"); /* not connected */
        assert_int_equal(connection_send_try(crowded->socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    }
    socket_close(accepted);
    socket_close(crowded->socket);
    crowded_end(crowded);
}

/* --- before the handshake is over --------------------------------------------------------------- */

static void test_connect_ex_cancelled_before_the_call_completes_cancelled(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct conn_request *request = conn_request_create("nothing", 7);
    PIRP irp = request_irp(request->request);

    IoCancelIrp(irp);
    request->returned = conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &request->buffer, 0, irp);
    conn_request_expect(request, STATUS_CANCELLED, 0);
    socket_close(socket);
}

/* On the virtual network a listener holds the handshake; on real sockets it may be over before anybody looks. */
static struct conn_request *held_post(struct wsk_fixture *fixture, struct gate *gate, PWSK_SOCKET socket)
{
    struct conn_request *request = connect_ex_post(socket, gate->port, "held back", 9);

    if (fixture->way->is_virtual) {
        wsk_kit_witness_wait(gate->inspects, 1);
        wsk_kit_run_until_idle();
        assert_false(conn_request_is_done(request));
    }
    return request;
}

static void test_connect_ex_cancelled_during_the_handshake_sends_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    PWSK_SOCKET socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, gate->port);
    struct conn_request *request = held_post(fixture, gate, socket);
    SIZE_T sent;
    NTSTATUS status;

    (void)IoCancelIrp(request->request->irp);
    status = conn_request_end(request, &sent);
    if (fixture->way->is_virtual || status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_CANCELLED);
        assert_int_equal(connection_connect_try(socket, &remote), STATUS_FILE_FORCED_CLOSED);
    }
    if (fixture->way->is_virtual) {
        assert_int_equal(sent, 0);
        wsk_kit_witness_wait(gate->aborts, 1); /* the listener's client hears that its peer gave up */
    }
    socket_close(socket);
    gate_close(gate);
}

static void test_connect_ex_closed_during_the_handshake_completes_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    PWSK_SOCKET socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    struct conn_request *request = held_post(fixture, gate, socket);
    NTSTATUS status;

    socket_close(socket);
    assert_true(conn_request_is_done(request));
    status = conn_request_end(request, NULL);
    assert_true(status == STATUS_CANCELLED || (status == STATUS_SUCCESS && !fixture->way->is_virtual));
    gate_close(gate);
}

/* The bytes follow the handshake, however long that takes. */
static void test_connect_ex_bytes_wait_for_the_verdict(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    PWSK_SOCKET socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    struct conn_request *request = held_post(fixture, gate, socket);
    PWSK_SOCKET accepted;

    gate_wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    accepted = listener_accept(gate->listener, NULL, NULL);
    conn_request_expect(request, STATUS_SUCCESS, 9);
    connection_expect_text(accepted, "held back");
    socket_close(accepted);
    socket_close(socket);
    gate_close(gate);
}

static void test_connect_ex_rejected_by_the_listener_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectReject);
    PWSK_SOCKET socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    struct conn_request *request = connect_ex_post(socket, gate->port, "unheard", 7);
    SIZE_T sent;
    NTSTATUS status = conn_request_end(request, &sent);

    if (fixture->way->is_virtual) {
        assert_int_equal(status, STATUS_CONNECTION_REFUSED);
        assert_int_equal(sent, 0);
    } else {
        assert_true(status == STATUS_CONNECTION_RESET || status == STATUS_SUCCESS);
    }
    socket_close(socket);
    gate_close(gate);
}

#define TESTS(X)                                                       \
    X(test_connect_ex_without_a_buffer_only_connects)                  \
    X(test_connect_ex_bytes_reach_the_peer_before_any_send)            \
    X(test_connect_ex_gathers_a_chain_behind_its_offset)               \
    X(test_connect_ex_takes_65535_bytes_and_no_more)                   \
    X(test_connect_ex_early_answer_is_indicated_once_enabled)          \
    X(test_connect_ex_refused_sends_nothing)                           \
    X(test_connect_ex_wrong_arguments_fail)                            \
    X(test_connect_ex_in_a_wrong_state_fails)                          \
    X(test_connect_ex_completes_when_all_bytes_are_on_their_way)       \
    X(test_connect_ex_socket_is_connecting_until_its_bytes_have_left)  \
    X(test_connect_ex_cancelled_while_bytes_wait_leaves_close_only)    \
    X(test_connect_ex_closed_while_bytes_wait_completes_cancelled)     \
    X(test_connect_ex_reset_while_bytes_wait_fails)                    \
    X(test_connect_ex_cancelled_before_the_call_completes_cancelled)   \
    X(test_connect_ex_cancelled_during_the_handshake_sends_nothing)    \
    X(test_connect_ex_closed_during_the_handshake_completes_cancelled) \
    X(test_connect_ex_bytes_wait_for_the_verdict)                      \
    X(test_connect_ex_rejected_by_the_listener_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
