/* SPDX-License-Identifier: MIT */
/* WskAccept and WskAcceptEvent on plain listening sockets, in all four ways of running. */
#include "support/wsk_fixture.h"

static const WSK_PROVIDER_LISTEN_DISPATCH *table_of(PWSK_SOCKET listener)
{
    return listener->Dispatch;
}

static NTSTATUS post_accept(PWSK_SOCKET listener, struct wsk_request *request)
{
    PIRP irp = request_irp(request);

    return table_of(listener)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, irp);
}

/* --- a listener with an accept event that records ------------------------------------------------------ */

struct door {
    struct wsk_kit_witness *accepts;  /* socket, remote port, flags */
    struct wsk_kit_witness *receives; /* bytes, first byte */
    NTSTATUS answer;
    ULONG enable_inside; /* events enabled on the new socket inside WskAcceptEvent */
    volatile NTSTATUS enable_status;
};

static struct door s_door;

static NTSTATUS WSKAPI on_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                  SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct door *door = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(BytesAccepted);
    if (DataIndication != NULL) {
        const UCHAR *bytes = MmGetSystemAddressForMdlSafe(DataIndication->Buffer.Mdl, NormalPagePriority);

        wsk_kit_witness_call(door->receives, BytesIndicated, bytes[DataIndication->Buffer.Offset], 0, 0);
    }
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_connection_dispatch = { on_receive, NULL, NULL };

static NTSTATUS WSKAPI on_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct door *door = SocketContext;

    UNREFERENCED_PARAMETER(LocalAddress);
    *AcceptSocketContext = door;
    *AcceptSocketDispatch = &s_connection_dispatch;
    if (door->enable_inside != 0) {
        door->enable_status = socket_events_try(AcceptSocket, door->enable_inside);
    }
    wsk_kit_witness_call(door->accepts, (uintptr_t)AcceptSocket,
                         RtlUshortByteSwap(((PSOCKADDR_IN)RemoteAddress)->sin_port), Flags, 0);
    return door->answer;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_listen_dispatch = { on_accept, NULL, NULL };

static PWSK_SOCKET door_open(void **state, struct door **door, USHORT *port)
{
    RtlZeroMemory(&s_door, sizeof(s_door));
    s_door.accepts = wsk_kit_witness_create("WskAcceptEvent");
    s_door.receives = wsk_kit_witness_create("WskReceiveEvent");
    s_door.answer = STATUS_SUCCESS;
    *door = &s_door;
    return listener_open(*state, AF_INET, &s_door, &s_listen_dispatch, false, port);
}

static void door_close(struct door *door, PWSK_SOCKET listener)
{
    size_t i;

    if (door->answer == STATUS_SUCCESS) {
        for (i = 0; i < wsk_kit_witness_count(door->accepts); i++) {
            socket_close((PWSK_SOCKET)wsk_kit_witness_get(door->accepts, i).values[0]);
        }
    }
    socket_close(listener);
    wsk_kit_witness_destroy(door->accepts);
    wsk_kit_witness_destroy(door->receives);
}

/* --- WskAccept -------------------------------------------------------------------------------------------- */

static void test_accept_posted_before_connect_completes(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *request = request_create();
    NTSTATUS returned = post_accept(listener, request);

    assert_int_equal(returned, STATUS_PENDING);
    wsk_kit_run_until_idle();
    assert_false(request_is_done(request));
    (void)wsk_kit_connect(WSK_KIT_IPV4, port);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_non_null((void *)request->result.Information);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    socket_close(listener);
}

static void test_accept_posted_after_connect_pends_and_completes(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    wsk_kit_peer_expect_connected(peer); /* queued before any accept exists */
    wsk_kit_run_until_idle();
    returned = post_accept(listener, request);
    assert_int_equal(returned, STATUS_PENDING); /* measured on Windows: pending either way */
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    socket_close(listener);
}

static void accept_tells_addresses(void **state, ADDRESS_FAMILY family, size_t size)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, family, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(fixture_kit_family(family), port);
    struct {
        SOCKADDR_STORAGE address;
        UCHAR guard[16];
    } local, remote;
    ULONG_PTR information;
    NTSTATUS status;

    RtlFillMemory(&local, sizeof(local), 0xA5);
    RtlFillMemory(&remote, sizeof(remote), 0xA5);
    REQUEST_CALL(status, &information, irp,
                 table_of(listener)->WskAccept(listener, 0, NULL, NULL, (PSOCKADDR)&local.address,
                                               (PSOCKADDR)&remote.address, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(local.address.ss_family, family);
    assert_int_equal(address_port(&local.address), port);
    assert_int_equal(remote.address.ss_family, family);
    assert_int_equal(address_port(&remote.address), wsk_kit_peer_port(peer));
    assert_int_equal(((UCHAR *)&local.address)[size], 0xA5); /* exactly the family's size is written */
    assert_int_equal(((UCHAR *)&remote.address)[size], 0xA5);
    socket_close((PWSK_SOCKET)information);
    socket_close(listener);
}

static void test_accept_ipv4_fills_both_addresses(void **state)
{
    accept_tells_addresses(state, AF_INET, sizeof(SOCKADDR_IN));
}

static void test_accept_ipv6_fills_both_addresses(void **state)
{
    accept_tells_addresses(state, AF_INET6, sizeof(SOCKADDR_IN6));
}

/* Where the addresses go is kept in the IRP, and nobody may take it for anything else when the IRP is cancelled. */
static void test_accept_that_nobody_answers_leaves_its_addresses_alone(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *cancelled = request_create();
    struct wsk_request *closed = request_create();
    SOCKADDR_STORAGE local;
    SOCKADDR_STORAGE remote;
    NTSTATUS returned[2];

    RtlFillMemory(&local, sizeof(local), 0xA5);
    RtlFillMemory(&remote, sizeof(remote), 0xA5);
    returned[0] = table_of(listener)->WskAccept(listener, 0, NULL, NULL, (PSOCKADDR)&local, (PSOCKADDR)&remote,
                                                request_irp(cancelled));
    returned[1] = table_of(listener)->WskAccept(listener, 0, NULL, NULL, (PSOCKADDR)&local, (PSOCKADDR)&remote,
                                                request_irp(closed));
    assert_true(IoCancelIrp(cancelled->irp));
    assert_int_equal(request_wait(cancelled, returned[0]), STATUS_CANCELLED);
    socket_close(listener);
    assert_int_equal(request_wait(closed, returned[1]), STATUS_CANCELLED);
    request_destroy(cancelled);
    request_destroy(closed);
    for (size_t i = 0; i < sizeof(remote); i++) {
        assert_int_equal(((UCHAR *)&local)[i], 0xA5);
        assert_int_equal(((UCHAR *)&remote)[i], 0xA5);
    }
}

static void test_accept_several_irps_complete_in_posting_order(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *requests[3];
    NTSTATUS returned[3];
    unsigned i;

    for (i = 0; i < 3; i++) {
        requests[i] = request_create();
        returned[i] = post_accept(listener, requests[i]);
    }
    for (i = 0; i < 3; i++) {
        (void)wsk_kit_connect(WSK_KIT_IPV4, port);
        assert_int_equal(request_wait(requests[i], returned[i]), STATUS_SUCCESS);
    }
    for (i = 0; i < 3; i++) {
        socket_close((PWSK_SOCKET)requests[i]->result.Information);
        request_destroy(requests[i]);
    }
    socket_close(listener);
}

static void test_accept_cancelled_irp_completes_cancelled(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *request = request_create();
    NTSTATUS returned = post_accept(listener, request);

    assert_int_equal(returned, STATUS_PENDING);
    assert_true(IoCancelIrp(request->irp));
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    socket_close(listener);
}

static void test_accept_cancelled_irp_is_skipped_by_the_next_connection(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *first = request_create();
    struct wsk_request *second = request_create();
    NTSTATUS first_returned = post_accept(listener, first);
    NTSTATUS second_returned = post_accept(listener, second);

    assert_true(IoCancelIrp(first->irp));
    assert_int_equal(request_wait(first, first_returned), STATUS_CANCELLED);
    (void)wsk_kit_connect(WSK_KIT_IPV4, port);
    assert_int_equal(request_wait(second, second_returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)second->result.Information);
    request_destroy(first);
    request_destroy(second);
    socket_close(listener);
}

static void test_accept_closing_the_listener_cancels_pending_irps_first(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *request = request_create();
    struct wsk_request *close = request_create();
    NTSTATUS returned = post_accept(listener, request);
    PIRP close_irp = request_irp(close);
    NTSTATUS close_returned = table_of(listener)->WskCloseSocket(listener, close_irp);

    assert_int_equal(request_wait(close, close_returned), STATUS_SUCCESS);
    assert_int_equal(close->result.Information, 0);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_true(request->order < close->order); /* the close IRP is the last to complete */
    request_destroy(request);
    request_destroy(close);
}

static void test_accept_unbound_listener_fails_inline(void **state)
{
    PWSK_SOCKET listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    wsk_kit_expect_report("SOCK-015");
    returned = post_accept(listener, request);
    assert_int_equal(returned, STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(request_wait(request, returned), STATUS_INVALID_DEVICE_STATE);
    request_destroy(request);
    socket_close(listener);
}

static void test_accept_reserved_flags_fail(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-019");
    REQUEST_CALL(status, NULL, irp, table_of(listener)->WskAccept(listener, 1, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    socket_close(listener);
}

static void test_accept_peer_that_reset_while_queued_is_delivered(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    PWSK_SOCKET accepted;
    SIZE_T received;
    char byte;

    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(peer);
    accepted = listener_accept(listener, NULL, NULL);
    assert_int_equal(connection_receive_try(accepted, &byte, 1, 0, &received), STATUS_CONNECTION_RESET);
    socket_close(accepted);
    socket_close(listener);
}

/* --- WskAcceptEvent ------------------------------------------------------------------------------------------ */

static void test_accept_event_delivers_at_dispatch_with_flag(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    struct wsk_kit_peer *peer;
    struct wsk_kit_call call;

    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(door->accepts, 1);
    call = wsk_kit_witness_get(door->accepts, 0);
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[1], wsk_kit_peer_port(peer));
    assert_int_equal(call.values[2], WSK_FLAG_AT_DISPATCH_LEVEL);
    door_close(door, listener);
}

static void test_accept_event_refusal_resets_the_peer(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    struct wsk_kit_peer *peer;

    door->answer = STATUS_REQUEST_NOT_ACCEPTED;
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(door->accepts, 1);
    wsk_kit_peer_expect_reset(peer);
    door_close(door, listener);
}

static void test_accept_event_enabled_late_delivers_queued_connections(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);

    wsk_kit_peer_expect_connected(wsk_kit_connect(WSK_KIT_IPV4, port));
    wsk_kit_peer_expect_connected(wsk_kit_connect(WSK_KIT_IPV4, port));
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(door->accepts), 0);
    socket_events(listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(door->accepts, 2);
    door_close(door, listener);
}

static void test_accept_event_disabled_again_queues(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    PWSK_SOCKET accepted;

    socket_events(listener, WSK_EVENT_ACCEPT);
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE), STATUS_SUCCESS);
    wsk_kit_peer_expect_connected(wsk_kit_connect(WSK_KIT_IPV4, port));
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(door->accepts), 0);
    accepted = listener_accept(listener, NULL, NULL); /* nothing was lost */
    socket_close(accepted);
    door_close(door, listener);
}

static void test_accept_event_inherits_the_listeners_connection_events(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    struct wsk_kit_peer *peer;

    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_send_text(peer, "x");
    wsk_kit_witness_wait(door->receives, 1);
    assert_int_equal(wsk_kit_witness_get(door->receives, 0).values[0], 1);
    assert_int_equal(wsk_kit_witness_get(door->receives, 0).values[1], 'x');
    assert_true(wsk_kit_witness_get(door->receives, 0).order > wsk_kit_witness_get(door->accepts, 0).order);
    door_close(door, listener);
}

static void test_accept_event_may_enable_events_inside(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    struct wsk_kit_peer *peer;

    door->enable_inside = WSK_EVENT_RECEIVE;
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_send_text(peer, "y");
    wsk_kit_witness_wait(door->receives, 1);
    assert_int_equal(door->enable_status, STATUS_SUCCESS);
    door_close(door, listener);
}

static void test_accept_irp_does_not_inherit_events(void **state)
{
    struct door *door;
    USHORT port;
    PWSK_SOCKET listener = door_open(state, &door, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    socket_events(listener, WSK_EVENT_RECEIVE);
    accepted = listener_accept_peer(listener, AF_INET, port, door, &s_connection_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "z");
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(door->receives), 0);
    connection_expect_text(accepted, "z");
    socket_close(accepted);
    door_close(door, listener);
}

#define TESTS(X)                                                   \
    X(test_accept_posted_before_connect_completes)                 \
    X(test_accept_posted_after_connect_pends_and_completes)        \
    X(test_accept_ipv4_fills_both_addresses)                       \
    X(test_accept_ipv6_fills_both_addresses)                       \
    X(test_accept_that_nobody_answers_leaves_its_addresses_alone)  \
    X(test_accept_several_irps_complete_in_posting_order)          \
    X(test_accept_cancelled_irp_completes_cancelled)               \
    X(test_accept_cancelled_irp_is_skipped_by_the_next_connection) \
    X(test_accept_closing_the_listener_cancels_pending_irps_first) \
    X(test_accept_unbound_listener_fails_inline)                   \
    X(test_accept_reserved_flags_fail)                             \
    X(test_accept_peer_that_reset_while_queued_is_delivered)       \
    X(test_accept_event_delivers_at_dispatch_with_flag)            \
    X(test_accept_event_refusal_resets_the_peer)                   \
    X(test_accept_event_enabled_late_delivers_queued_connections)  \
    X(test_accept_event_disabled_again_queues)                     \
    X(test_accept_event_inherits_the_listeners_connection_events)  \
    X(test_accept_event_may_enable_events_inside)                  \
    X(test_accept_irp_does_not_inherit_events)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
