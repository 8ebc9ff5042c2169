/* SPDX-License-Identifier: MIT */
/* WskConnect and WskGetRemoteAddress: success, failure, cancel, close in the middle. */
#include "support/conn_client.h"
#include "support/inspect_answers.h"

#include <string.h>

static NTSTATUS remote_try(PWSK_SOCKET socket, SOCKADDR_STORAGE *address)
{
    NTSTATUS status;
    ULONG_PTR information;

    memset(address, 0xcc, sizeof(*address));
    REQUEST_CALL(status, &information, irp, conn_table(socket)->WskGetRemoteAddress(socket, (PSOCKADDR)address, irp));
    assert_int_equal(information, 0);
    return status;
}

/* A listener that holds every request, so that on the virtual network a connect to it stays pending. */
static const WSK_CLIENT_LISTEN_DISPATCH pend_dispatch = { NULL, inspect_pend, inspect_abort_ignore };

/* A connect that does not end by itself: the request, its socket and the listener that holds it. */
struct pending_connect {
    PWSK_SOCKET listener;
    PWSK_SOCKET socket;
    struct wsk_request *request;
    NTSTATUS returned;
};

static void pending_connect_start(struct wsk_fixture *fixture, struct pending_connect *pending)
{
    SOCKADDR_STORAGE remote;
    USHORT port;

    pending->listener = listener_open(fixture, AF_INET, NULL, &pend_dispatch, true, &port);
    pending->socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    pending->request = request_create();
    remote = address_loopback(AF_INET, port);
    pending->returned =
        conn_table(pending->socket)->WskConnect(pending->socket, (PSOCKADDR)&remote, 0, request_irp(pending->request));
    memset(&remote, 0xee, sizeof(remote)); /* the address may die with the call */
    assert_int_equal(pending->returned, STATUS_PENDING);
}

static NTSTATUS pending_connect_end(struct pending_connect *pending)
{
    NTSTATUS status = request_wait(pending->request, pending->returned);

    assert_int_equal(pending->request->result.Information, 0);
    request_destroy(pending->request);
    return status;
}

/* --- success ---------------------------------------------------------------------------------- */

static void connect_and_talk(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(family));
    PWSK_SOCKET socket = connection_open_bound(fixture, family, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_server_port(server));
    SOCKADDR_STORAGE seen;
    struct wsk_kit_peer *peer;
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp, conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, 0);
    peer = wsk_kit_server_accept(server);
    connection_send_text(socket, "to the server");
    wsk_kit_peer_expect_text(peer, "to the server");
    wsk_kit_peer_send_text(peer, "to the driver");
    connection_expect_text(socket, "to the driver");

    assert_int_equal(remote_try(socket, &seen), STATUS_SUCCESS);
    assert_memory_equal(&seen, &remote, family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN));
    seen = socket_local(socket, false);
    assert_int_not_equal(address_port(&seen), 0);

    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_connect_ipv4_succeeds(void **state)
{
    connect_and_talk(*state, AF_INET);
}

static void test_connect_ipv6_succeeds(void **state)
{
    connect_and_talk(*state, AF_INET6);
}

static void test_connect_replaces_wildcard_address(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SOCKADDR_STORAGE local = socket_local(socket, false);
    SOCKADDR_STORAGE loopback = address_loopback(AF_INET, address_port(&local));

    assert_memory_equal(&local, &loopback, 8);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* The server talks first: its bytes may be there before the driver knows that it is connected. */
static void test_connect_bytes_that_came_first_are_received(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    client->socket = connection_open_peer(*state, AF_INET, client, &conn_client_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "220 ready");
    wsk_kit_run_until_idle();
    socket_events(client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    conn_client_expect_text(client, "220 ready");
    wsk_kit_peer_end(peer);
    conn_client_wait_end(client);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* --- failure ---------------------------------------------------------------------------------- */

static void test_connect_nobody_listens_is_refused(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_CONNECTION_REFUSED);
    socket_close(socket);
}

static void test_connect_again_after_refusal_succeeds(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE nobody = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct wsk_kit_peer *peer;

    assert_int_equal(connection_connect_try(socket, &nobody), STATUS_CONNECTION_REFUSED);
    assert_int_equal(connection_connect_try(socket, &nobody), STATUS_CONNECTION_REFUSED);
    assert_int_equal(connection_connect_try(socket, &remote), STATUS_SUCCESS);
    peer = wsk_kit_server_accept(server);
    connection_send_text(socket, "third time lucky");
    wsk_kit_peer_expect_text(peer, "third time lucky");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* Measured on Windows: the call itself returns the failure, and the completion routine runs all the same. */
static void test_connect_unbound_fails_inline_and_completes(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    wsk_kit_expect_report("SOCK-015");
    returned = conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, request_irp(request));
    assert_int_equal(returned, STATUS_INVALID_DEVICE_STATE);
    assert_true(request_is_done(request));
    assert_int_equal(request_wait(request, returned), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    socket_close(socket);
}

static void test_connect_twice_says_active(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_CONNECTION_ACTIVE);
    connection_send_text(socket, "still connected");
    wsk_kit_peer_expect_text(peer, "still connected");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_connect_while_connecting_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pending_connect pending;
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    pending_connect_start(fixture, &pending);
    if (fixture->way->is_virtual) {
        assert_false(request_is_done(pending.request));
        assert_int_equal(connection_connect_try(pending.socket, &remote), STATUS_INVALID_DEVICE_STATE);
    }
    socket_close(pending.socket);
    (void)pending_connect_end(&pending);
    socket_close(pending.listener);
}

static void test_connect_wrong_arguments_fail(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    SOCKADDR_STORAGE ipv6 = address_loopback(AF_INET6, 9);
    SOCKADDR_STORAGE no_port = address_loopback(AF_INET, 0);
    SOCKADDR_STORAGE any = address_any(AF_INET, 9);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-019");
    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 1, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-014");
    assert_int_equal(connection_connect_try(socket, &ipv6), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-014");
    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskConnect(socket, NULL, 0, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    assert_int_equal(connection_connect_try(socket, &no_port), STATUS_INVALID_ADDRESS_COMPONENT);
    assert_int_equal(connection_connect_try(socket, &any), STATUS_INVALID_ADDRESS_COMPONENT);
    socket_close(socket);
}

/* --- cancel and close ------------------------------------------------------------------------- */

static void test_connect_cancelled_leaves_close_only(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    struct pending_connect pending;
    NTSTATUS status;
    BOOLEAN was_pending;

    pending_connect_start(fixture, &pending);
    was_pending = IoCancelIrp(pending.request->irp);
    status = pending_connect_end(&pending);
    if (fixture->way->is_virtual) {
        assert_true(was_pending);
    }
    if (was_pending) {
        assert_int_equal(status, STATUS_CANCELLED);
        /* The completion routine sets the request's event before the socket is marked. */
        wsk_kit_run_until_idle();
        assert_int_equal(connection_connect_try(pending.socket, &remote), STATUS_FILE_FORCED_CLOSED);
        wsk_kit_expect_report("SOCK-044"); /* told once, it tries again */
        assert_int_equal(connection_disconnect_try(pending.socket, WSK_FLAG_ABORTIVE), STATUS_FILE_FORCED_CLOSED);
    } else {
        assert_int_equal(status, STATUS_SUCCESS); /* the handshake was faster */
    }
    socket_close(pending.socket);
    socket_close(pending.listener);
}

static void test_connect_cancelled_before_the_call_completes_cancelled(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    IoCancelIrp(irp);
    returned = conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    request_destroy(request);
    socket_close(socket);
}

static void test_connect_closed_in_the_middle_completes_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pending_connect pending;
    NTSTATUS status;

    pending_connect_start(fixture, &pending);
    socket_close(pending.socket);
    /* The close came last: the connect is done. */
    assert_true(request_is_done(pending.request));
    status = pending_connect_end(&pending);
    assert_true(status == STATUS_CANCELLED || (status == STATUS_SUCCESS && !fixture->way->is_virtual));
    socket_close(pending.listener);
}

/* --- WskGetRemoteAddress ---------------------------------------------------------------------- */

static void test_remote_address_unconnected_fails(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address;

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(remote_try(socket, &address), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void remote_of_accepted(struct wsk_fixture *fixture, ADDRESS_FAMILY family, SIZE_T size)
{
    SOCKADDR_STORAGE address;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    PWSK_SOCKET listener;
    USHORT port;

    listener = listener_open(fixture, family, NULL, NULL, false, &port);
    socket = listener_accept_peer(listener, family, port, NULL, NULL, &peer);
    assert_int_equal(remote_try(socket, &address), STATUS_SUCCESS);
    assert_int_equal(address.ss_family, family);
    assert_int_equal(address_port(&address), wsk_kit_peer_port(peer));
    /* Not a byte beyond the family's size is written. */
    for (SIZE_T index = size; index < sizeof(address); index++) {
        assert_int_equal(((unsigned char *)&address)[index], 0xcc);
    }
    /* The peer's address stays known until the socket is closed. */
    assert_int_equal(connection_disconnect_try(socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_int_equal(remote_try(socket, &address), STATUS_SUCCESS);
    socket_close(socket);
    socket_close(listener);
    wsk_kit_peer_close(peer);
}

static void test_remote_address_accepted_is_the_peer(void **state)
{
    remote_of_accepted(*state, AF_INET, sizeof(SOCKADDR_IN));
    remote_of_accepted(*state, AF_INET6, sizeof(SOCKADDR_IN6));
}

#define TESTS(X)                                                  \
    X(test_connect_ipv4_succeeds)                                 \
    X(test_connect_ipv6_succeeds)                                 \
    X(test_connect_replaces_wildcard_address)                     \
    X(test_connect_bytes_that_came_first_are_received)            \
    X(test_connect_nobody_listens_is_refused)                     \
    X(test_connect_again_after_refusal_succeeds)                  \
    X(test_connect_unbound_fails_inline_and_completes)            \
    X(test_connect_twice_says_active)                             \
    X(test_connect_while_connecting_fails)                        \
    X(test_connect_wrong_arguments_fail)                          \
    X(test_connect_cancelled_leaves_close_only)                   \
    X(test_connect_cancelled_before_the_call_completes_cancelled) \
    X(test_connect_closed_in_the_middle_completes_cancelled)      \
    X(test_remote_address_unconnected_fails)                      \
    X(test_remote_address_accepted_is_the_peer)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
