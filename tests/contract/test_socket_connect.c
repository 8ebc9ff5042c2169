/* SPDX-License-Identifier: MIT */
/* WskSocketConnect: success, each way to fail, cancel at each stage, and that failures leave nothing. */
#include "support/conn_client.h"
#include "support/inspect_gate.h"

#include <string.h>

/* Everything that a call gets, with the usual values. */
struct attempt {
    USHORT type;
    ULONG protocol;
    SOCKADDR_STORAGE local;
    SOCKADDR_STORAGE remote;
    ULONG flags;
    PVOID context;
    const WSK_CLIENT_CONNECTION_DISPATCH *dispatch;
    PETHREAD thread;
};

static struct attempt attempt_make(ADDRESS_FAMILY family, USHORT port)
{
    struct attempt attempt;

    memset(&attempt, 0, sizeof(attempt));
    attempt.type = SOCK_STREAM;
    attempt.protocol = IPPROTO_TCP;
    attempt.local = address_any(family, 0);
    attempt.remote = address_loopback(family, port);
    return attempt;
}

/* The addresses of the call are gone when it returns. */
static NTSTATUS attempt_start(struct wsk_fixture *fixture, const struct attempt *attempt, PIRP irp)
{
    SOCKADDR_STORAGE local = attempt->local;
    SOCKADDR_STORAGE remote = attempt->remote;
    NTSTATUS status = fixture->npi.Dispatch->WskSocketConnect(
        fixture->npi.Client, attempt->type, attempt->protocol, (PSOCKADDR)&local, (PSOCKADDR)&remote, attempt->flags,
        attempt->context, attempt->dispatch, NULL, attempt->thread, NULL, irp);

    memset(&local, 0xee, sizeof(local));
    memset(&remote, 0xee, sizeof(remote));
    return status;
}

static NTSTATUS attempt_run(struct wsk_fixture *fixture, const struct attempt *attempt, PWSK_SOCKET *socket)
{
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp, attempt_start(fixture, attempt, irp));
    if (NT_SUCCESS(status)) {
        assert_int_not_equal(information, 0);
    } else {
        assert_int_equal(information, 0);
    }
    *socket = NT_SUCCESS(status) ? (PWSK_SOCKET)information : NULL;
    return status;
}

static void attempt_expect(struct wsk_fixture *fixture, const struct attempt *attempt, NTSTATUS expected)
{
    size_t sockets_before = wsk_kit_live_count(WSK_KIT_SOCKET);
    PWSK_SOCKET socket;

    assert_int_equal(attempt_run(fixture, attempt, &socket), expected);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), sockets_before);
}

/* In the completion routine: the sockets that are left by then. */
static void note_sockets(struct wsk_request *request)
{
    *(size_t *)request->context = wsk_kit_live_count(WSK_KIT_SOCKET);
}

/* Connects to a kit server: both ends. */
static PWSK_SOCKET attempt_peer(struct wsk_fixture *fixture, struct attempt *attempt, ADDRESS_FAMILY family,
                                struct wsk_kit_peer **peer)
{
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(family));
    PWSK_SOCKET socket;

    attempt->remote = address_loopback(family, wsk_kit_server_port(server));
    assert_int_equal(attempt_run(fixture, attempt, &socket), STATUS_SUCCESS);
    *peer = wsk_kit_server_accept(server);
    wsk_kit_server_close(server);
    return socket;
}

/* --- success ---------------------------------------------------------------------------------- */

static void connect_and_talk(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    struct attempt attempt = attempt_make(family, 0);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = attempt_peer(fixture, &attempt, family, &peer);
    SOCKADDR_STORAGE seen;
    SOCKADDR_STORAGE loopback;
    NTSTATUS status;

    connection_send_text(socket, "to the server");
    wsk_kit_peer_expect_text(peer, "to the server");
    wsk_kit_peer_send_text(peer, "to the driver");
    connection_expect_text(socket, "to the driver");

    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskGetRemoteAddress(socket, (PSOCKADDR)&seen, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_memory_equal(&seen, &attempt.remote,
                        family == AF_INET6 ? sizeof(SOCKADDR_IN6) : FIELD_OFFSET(SOCKADDR_IN, sin_zero));
    seen = socket_local(socket, false);
    loopback = address_loopback(family, address_port(&seen));
    assert_int_not_equal(address_port(&seen), 0);
    assert_memory_equal(&seen, &loopback, FIELD_OFFSET(SOCKADDR_IN, sin_zero));
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_socket_connect_gives_a_connected_socket(void **state)
{
    connect_and_talk(*state, AF_INET);
    connect_and_talk(*state, AF_INET6);
}

static void test_socket_connect_returns_pending(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    NTSTATUS returned = attempt_start(*state, &attempt, request_irp(request));

    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    wsk_kit_server_close(server);
}

static void test_socket_connect_at_dispatch_level_succeeds(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = attempt_start(*state, &attempt, irp);
    KeLowerIrql(irql);
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->irql, DISPATCH_LEVEL);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    wsk_kit_server_close(server);
}

static void test_socket_connect_binds_to_the_given_port(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 0);
    USHORT port = wsk_kit_unused_port(WSK_KIT_IPV4);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    attempt.local = address_loopback(AF_INET, port);
    socket = attempt_peer(*state, &attempt, AF_INET, &peer);
    assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_CONNECTED);
    attempt.remote = socket_local(socket, false);
    assert_int_equal(address_port(&attempt.remote), port);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

/* Events are off at first: what came before they are enabled is indicated then. */
static void test_socket_connect_early_bytes_are_indicated_once_enabled(void **state)
{
    struct conn_client *client = conn_client_create();
    struct attempt attempt = attempt_make(AF_INET, 0);
    struct wsk_kit_peer *peer;

    attempt.context = client;
    attempt.dispatch = &conn_client_dispatch;
    client->socket = attempt_peer(*state, &attempt, AF_INET, &peer);
    wsk_kit_peer_send_text(peer, "220 ready");
    wsk_kit_run_until_idle();
    assert_int_equal(client->receive_count, 0);
    socket_events(client->socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    conn_client_expect_text(client, "220 ready");
    wsk_kit_peer_end(peer);
    conn_client_wait_end(client);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_socket_connect_static_events_are_on(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT };
    struct conn_client *client = conn_client_create();
    struct attempt attempt = attempt_make(AF_INET, 0);
    struct wsk_kit_peer *peer;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    attempt.context = client;
    attempt.dispatch = &conn_client_dispatch;
    client->socket = attempt_peer(fixture, &attempt, AF_INET, &peer);
    wsk_kit_peer_send_text(peer, "without an enable");
    conn_client_expect_text(client, "without an enable");
    wsk_kit_peer_end(peer);
    conn_client_wait_end(client);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* The close of a socket from the completion routine that brought it. */
struct closer {
    struct wsk_request *close;
    NTSTATUS returned;
};

static void close_at_once(struct wsk_request *request)
{
    struct closer *closer = request->context;
    PWSK_SOCKET socket = (PWSK_SOCKET)request->result.Information;

    if (NT_SUCCESS(request->result.Status)) {
        closer->returned = conn_table(socket)->WskCloseSocket(socket, closer->close->irp);
    }
}

static void test_socket_connect_closed_in_its_completion_routine_ends(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    struct closer closer = { request_create(), STATUS_UNSUCCESSFUL };
    PIRP irp = request_irp(request);

    (void)request_irp(closer.close);
    request->completed = close_at_once;
    request->context = &closer;
    assert_int_equal(request_wait(request, attempt_start(*state, &attempt, irp)), STATUS_SUCCESS);
    assert_int_equal(closer.returned, STATUS_PENDING);
    assert_int_equal(request_wait(closer.close, closer.returned), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
    request_destroy(closer.close);
    request_destroy(request);
    wsk_kit_server_close(server);
}

/* --- failure ---------------------------------------------------------------------------------- */

static void test_socket_connect_nobody_listens_is_refused(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));

    attempt_expect(*state, &attempt, STATUS_CONNECTION_REFUSED);
    attempt = attempt_make(AF_INET6, wsk_kit_unused_port(WSK_KIT_IPV6));
    attempt_expect(*state, &attempt, STATUS_CONNECTION_REFUSED);
}

/* The failure is told when nothing is left, so the completion routine may try the same port again. */
static void test_socket_connect_failed_leaves_nothing_for_its_completion_routine(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_request *request = request_create();
    size_t socket_count = 1;
    unsigned i;

    attempt.local = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    request->completed = note_sockets;
    request->context = &socket_count;
    for (i = 0; i < 3; i++) {
        PIRP irp = request_irp(request);

        assert_int_equal(request_wait(request, attempt_start(*state, &attempt, irp)), STATUS_CONNECTION_REFUSED);
        assert_int_equal(request->result.Information, 0);
        assert_int_equal(socket_count, 0);
    }
    request_destroy(request);
}

static void test_socket_connect_local_address_in_use_fails(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));

    attempt.local = address_loopback(AF_INET, wsk_kit_server_port(server));
    attempt_expect(*state, &attempt, STATUS_ADDRESS_ALREADY_EXISTS);
    wsk_kit_server_close(server);
}

static void test_socket_connect_foreign_local_address_fails_on_a_host(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));

    /* 192.0.2.1, which is for documentation. Every address is local on the virtual network. */
    ((SOCKADDR_IN *)&attempt.local)->sin_addr.S_un.S_addr = RtlUlongByteSwap(0xc0000201);
    attempt_expect(fixture, &attempt,
                   fixture->way->is_virtual ? STATUS_CONNECTION_REFUSED : STATUS_INVALID_ADDRESS_COMPONENT);
}

static void test_socket_connect_to_no_port_or_any_host_fails(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 0);

    attempt_expect(*state, &attempt, STATUS_INVALID_ADDRESS_COMPONENT);
    attempt.remote = address_any(AF_INET, 9);
    attempt_expect(*state, &attempt, STATUS_INVALID_ADDRESS_COMPONENT);
}

static void test_socket_connect_reserved_flags_fail(void **state)
{
    static const ULONG reserved[] = { WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_DATAGRAM_SOCKET, 0x80000000,
                                      WSK_FLAG_CONNECTION_SOCKET | WSK_FLAG_LISTEN_SOCKET };
    struct attempt attempt = attempt_make(AF_INET, 9);

    for (size_t i = 0; i < ARRAYSIZE(reserved); i++) {
        attempt.flags = reserved[i];
        wsk_kit_expect_report("SOCK-019");
        attempt_expect(*state, &attempt, STATUS_INVALID_PARAMETER);
    }
}

static void test_socket_connect_told_that_the_socket_is_a_connection_goes_on(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 0);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    attempt.flags = WSK_FLAG_CONNECTION_SOCKET;
    wsk_kit_expect_report("SOCK-019");
    socket = attempt_peer(*state, &attempt, AF_INET, &peer);
    connection_send_text(socket, "all the same");
    wsk_kit_peer_expect_text(peer, "all the same");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_socket_connect_addresses_of_two_families_fail(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 9);

    attempt.local = address_any(AF_INET6, 0);
    wsk_kit_expect_report("SOCK-014");
    attempt_expect(*state, &attempt, STATUS_INVALID_PARAMETER);
}

static void test_socket_connect_without_an_address_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    const WSK_PROVIDER_DISPATCH *table = fixture->npi.Dispatch;
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 9);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-014");
    REQUEST_CALL(status, NULL, irp,
                 table->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, NULL, (PSOCKADDR)&address, 0,
                                         NULL, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-014");
    REQUEST_CALL(status, NULL, irp,
                 table->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&address, NULL, 0,
                                         NULL, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
}

static void test_socket_connect_of_an_unknown_transport_is_not_supported(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 9);

    attempt.protocol = IPPROTO_UDP;
    attempt_expect(*state, &attempt, STATUS_NOT_SUPPORTED);
    attempt = attempt_make(AF_INET, 9);
    attempt.local.ss_family = AF_UNIX;
    attempt.remote.ss_family = AF_UNIX;
    attempt_expect(*state, &attempt, STATUS_NOT_SUPPORTED);
}

/* A connection over UDP can be asked for; the mismatch shows when the socket is bound. */
static void test_socket_connect_over_udp_is_not_implemented(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 9);

    attempt.type = SOCK_DGRAM;
    attempt.protocol = IPPROTO_UDP;
    wsk_kit_expect_report("SOCK-013");
    attempt_expect(*state, &attempt, STATUS_NOT_IMPLEMENTED);
}

static void test_socket_connect_with_a_thread_without_its_process_fails(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, 9);

    attempt.thread = PsGetCurrentThread();
    attempt_expect(*state, &attempt, STATUS_INVALID_PARAMETER);
}

static void test_socket_connect_without_client_or_irp_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct attempt attempt = attempt_make(AF_INET, 9);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 9);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(attempt_start(fixture, &attempt, NULL), STATUS_INVALID_PARAMETER);
    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskSocketConnect(NULL, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&address,
                                                         (PSOCKADDR)&address, 0, NULL, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_HANDLE);
}

/* --- cancel ----------------------------------------------------------------------------------- */

static void test_socket_connect_cancelled_before_the_call_completes_cancelled(void **state)
{
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    size_t socket_count = 1;

    request->completed = note_sockets;
    request->context = &socket_count;
    IoCancelIrp(irp);
    assert_int_equal(request_wait(request, attempt_start(*state, &attempt, irp)), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    assert_int_equal(socket_count, 0);
    request_destroy(request);
}

/* On real sockets the handshake may be faster; then the IRP has succeeded, and its socket is the test's. */
static void test_socket_connect_cancelled_during_the_handshake_leaves_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectPend);
    size_t sockets_before = wsk_kit_live_count(WSK_KIT_SOCKET);
    struct attempt attempt = attempt_make(AF_INET, gate->port);
    struct wsk_request *request = request_create();
    size_t socket_count = 0;
    NTSTATUS returned;
    NTSTATUS status;

    attempt.local = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    request->completed = note_sockets;
    request->context = &socket_count;
    returned = attempt_start(fixture, &attempt, request_irp(request));
    if (fixture->way->is_virtual) {
        wsk_kit_witness_wait(gate->inspects, 1);
        assert_false(request_is_done(request));
    }
    (void)IoCancelIrp(request->irp);
    status = request_wait(request, returned);
    if (fixture->way->is_virtual || status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_CANCELLED);
        assert_int_equal(request->result.Information, 0);
        assert_int_equal(socket_count, sockets_before);
        /* Its port is free. */
        attempt.remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
        attempt_expect(fixture, &attempt, STATUS_CONNECTION_REFUSED);
    } else {
        socket_close((PWSK_SOCKET)request->result.Information);
    }
    request_destroy(request);
    gate_close(gate);
}

/* Whoever wins, the IRP completes once, and a socket is there exactly when it says so. */
static void test_socket_connect_cancelled_at_any_moment_is_all_or_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    unsigned i;

    for (i = 0; i < 64; i++) {
        NTSTATUS returned = attempt_start(fixture, &attempt, request_irp(request));
        unsigned delay;

        for (delay = 0; delay < i % 16; delay++) {
            if (fixture->way->is_stepped) {
                (void)wsk_kit_step();
            } else {
                KeStallExecutionProcessor(delay);
            }
        }
        (void)IoCancelIrp(request->irp);
        if (NT_SUCCESS(request_wait(request, returned))) {
            socket_close((PWSK_SOCKET)request->result.Information);
        } else {
            assert_int_equal(request->result.Status, STATUS_CANCELLED);
            assert_int_equal(request->result.Information, 0);
        }
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
    }
    request_destroy(request);
    wsk_kit_server_close(server);
}

/* Too late: the socket is the client's. */
static void test_socket_connect_cancelled_after_success_keeps_the_socket(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    NTSTATUS returned = attempt_start(*state, &attempt, request_irp(request));
    struct wsk_kit_peer *peer = wsk_kit_server_accept(server);
    PWSK_SOCKET socket;

    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    socket = (PWSK_SOCKET)request->result.Information;
    assert_false(IoCancelIrp(request->irp));
    connection_send_text(socket, "still here");
    wsk_kit_peer_expect_text(peer, "still here");
    socket_close(socket);
    request_destroy(request);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

/* A listener that turns a held request away is a refusal for whoever connects. */
static void test_socket_connect_rejected_by_the_listener_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct gate *gate = gate_open(state, WskInspectReject);
    struct attempt attempt = attempt_make(AF_INET, gate->port);
    PWSK_SOCKET socket;
    NTSTATUS status = attempt_run(fixture, &attempt, &socket);

    if (fixture->way->is_virtual) {
        assert_int_equal(status, STATUS_CONNECTION_REFUSED);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1);
    } else if (status == STATUS_SUCCESS) {
        socket_close(socket); /* connected, and reset afterwards */
    } else {
        assert_int_equal(status, STATUS_CONNECTION_RESET);
    }
    gate_close(gate);
}

/* The client waits in WskDeregister for nothing but the socket that it got. */
static void test_socket_connect_failures_do_not_keep_the_client(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct attempt attempt = attempt_make(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));

    attempt_expect(fixture, &attempt, STATUS_CONNECTION_REFUSED);
    fixture_release(fixture);
    fixture_deregister(fixture);
}

#define TESTS(X)                                                            \
    X(test_socket_connect_gives_a_connected_socket)                         \
    X(test_socket_connect_returns_pending)                                  \
    X(test_socket_connect_at_dispatch_level_succeeds)                       \
    X(test_socket_connect_binds_to_the_given_port)                          \
    X(test_socket_connect_early_bytes_are_indicated_once_enabled)           \
    X(test_socket_connect_static_events_are_on)                             \
    X(test_socket_connect_closed_in_its_completion_routine_ends)            \
    X(test_socket_connect_nobody_listens_is_refused)                        \
    X(test_socket_connect_failed_leaves_nothing_for_its_completion_routine) \
    X(test_socket_connect_local_address_in_use_fails)                       \
    X(test_socket_connect_foreign_local_address_fails_on_a_host)            \
    X(test_socket_connect_to_no_port_or_any_host_fails)                     \
    X(test_socket_connect_reserved_flags_fail)                              \
    X(test_socket_connect_told_that_the_socket_is_a_connection_goes_on)     \
    X(test_socket_connect_addresses_of_two_families_fail)                   \
    X(test_socket_connect_without_an_address_fails)                         \
    X(test_socket_connect_of_an_unknown_transport_is_not_supported)         \
    X(test_socket_connect_over_udp_is_not_implemented)                      \
    X(test_socket_connect_with_a_thread_without_its_process_fails)          \
    X(test_socket_connect_without_client_or_irp_fails)                      \
    X(test_socket_connect_cancelled_before_the_call_completes_cancelled)    \
    X(test_socket_connect_cancelled_during_the_handshake_leaves_nothing)    \
    X(test_socket_connect_cancelled_at_any_moment_is_all_or_nothing)        \
    X(test_socket_connect_cancelled_after_success_keeps_the_socket)         \
    X(test_socket_connect_rejected_by_the_listener_fails)                   \
    X(test_socket_connect_failures_do_not_keep_the_client)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
