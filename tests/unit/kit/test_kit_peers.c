/* SPDX-License-Identifier: MIT */
/* Peers, servers, witnesses and waiting: what the kit promises, in all four ways of running. */
#include "support/wsk_fixture.h"

/* --- peers against a listener that takes everybody ------------------------------------------------------------- */

static void test_peer_state_tells_how_it_stands(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);

    assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_CONNECTED);
    socket_close(accepted);
    wsk_kit_peer_expect_reset(peer);
    assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_RESET);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

static void test_peer_to_a_port_without_listener_is_refused(void **state)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, wsk_kit_unused_port(WSK_KIT_IPV4));

    (void)state;
    wsk_kit_peer_expect_rejected(peer);
    assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_REFUSED);
}

/* The story: a driver's socket got the unused port as its own, connected to it, and was connected to itself. */
static void test_unused_port_is_given_to_no_socket(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    uint16_t first = wsk_kit_unused_port(WSK_KIT_IPV4);
    uint16_t second = wsk_kit_unused_port(WSK_KIT_IPV4);

    (void)state;
    assert_int_not_equal(first, second);
    if (wsk_kit_server_port(server) >= 32768) { /* as systems have it unless told otherwise */
        assert_in_range(first, 1024, 32767);
        assert_in_range(second, 1024, 32767);
    }
    wsk_kit_server_close(server);
}

static void test_peer_receives_in_parts_and_sees_the_end(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    char bytes[4];

    connection_send_text(accepted, "abcdefg");
    assert_int_equal(connection_disconnect_try(accepted, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_text(peer, "abc");
    assert_int_equal(wsk_kit_peer_receive(peer, bytes, sizeof(bytes)), 4);
    assert_memory_equal(bytes, "defg", 4);
    wsk_kit_peer_expect_end(peer);
    assert_int_equal(wsk_kit_peer_receive(peer, bytes, sizeof(bytes)), 0);
    wsk_kit_peer_end(peer);
    socket_close(accepted);
    socket_close(listener);
}

static void test_peer_that_does_not_read_pushes_back(void **state)
{
    static char bulk[1 << 20];
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    size_t sent = 0;
    size_t part;

    /* Nobody receives on the driver's side: what the peer can send is bounded. */
    do {
        part = wsk_kit_peer_send_some(peer, bulk, sizeof(bulk));
        sent += part;
        wsk_kit_run_until_idle();
    } while (part > 0 && sent < 64 * sizeof(bulk));
    assert_true(sent < 64 * sizeof(bulk));
    socket_close(accepted);
    socket_close(listener);
}

/* --- servers: the driver connects --------------------------------------------------------------------------------- */

static void test_server_takes_connections_in_any_order_of_asking(void **state)
{
    /* The story: a connection arrived and the test did not ask for it at once. The server's event came again and
     * again, and the other processor, on which the driver's connect had to finish, never got a turn. */
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET sockets[3];
    struct wsk_kit_peer *peer;
    unsigned i;

    for (i = 0; i < 3; i++) {
        sockets[i] = connection_open_bound(*state, AF_INET, NULL, NULL);
        assert_int_equal(connection_connect_try(sockets[i], &remote), STATUS_SUCCESS);
    }
    for (i = 0; i < 3; i++) {
        peer = wsk_kit_server_accept(server);
        wsk_kit_peer_send_text(peer, "hello");
        connection_expect_text(sockets[i], "hello");
    }
    for (i = 0; i < 3; i++) {
        socket_close(sockets[i]);
    }
    wsk_kit_server_close(server);
}

static void test_server_closed_with_waiting_connections_resets_them(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SIZE_T received;
    char byte;

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    wsk_kit_server_close(server);
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, &received), STATUS_CONNECTION_RESET);
    socket_close(socket);
}

/* --- witnesses and conditions --------------------------------------------------------------------------------------- */

static VOID NTAPI witnessed_work(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    wsk_kit_witness_call(context, (uintptr_t)a, (uintptr_t)b, 3, 4);
}

static void test_witness_keeps_arguments_irql_and_order(void **state)
{
    struct wsk_kit_witness *first = wsk_kit_witness_create("first");
    struct wsk_kit_witness *second = wsk_kit_witness_create("second");
    struct wsk_kit_call call;
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, witnessed_work, first);
    assert_true(KeInsertQueueDpc(&dpc, (PVOID)1, (PVOID)2));
    wsk_kit_witness_wait(first, 1);
    wsk_kit_witness_call(second, 0, 0, 0, 0);
    call = wsk_kit_witness_get(first, 0);
    assert_int_equal(call.values[0], 1);
    assert_int_equal(call.values[1], 2);
    assert_int_equal(call.values[2], 3);
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_true(call.processor < 2);
    assert_int_equal(wsk_kit_witness_get(second, 0).irql, PASSIVE_LEVEL);
    assert_true(call.order < wsk_kit_witness_get(second, 0).order);
    wsk_kit_witness_destroy(first);
    wsk_kit_witness_destroy(second);
}

static bool timer_is_signalled(void *context)
{
    return KeReadStateTimer(context);
}

static void test_wait_for_a_condition_that_a_timer_brings(void **state)
{
    LARGE_INTEGER due = { .QuadPart = -20000 };
    KTIMER timer;

    (void)state;
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, due, NULL);
    wsk_kit_wait_for(timer_is_signalled, &timer, "the timer");
    assert_true(wsk_kit_now_ms() >= 2);
}

#define TESTS(X)                                               \
    X(test_peer_state_tells_how_it_stands)                     \
    X(test_peer_to_a_port_without_listener_is_refused)         \
    X(test_unused_port_is_given_to_no_socket)                  \
    X(test_peer_receives_in_parts_and_sees_the_end)            \
    X(test_peer_that_does_not_read_pushes_back)                \
    X(test_server_takes_connections_in_any_order_of_asking)    \
    X(test_server_closed_with_waiting_connections_resets_them) \
    X(test_witness_keeps_arguments_irql_and_order)             \
    X(test_wait_for_a_condition_that_a_timer_brings)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
