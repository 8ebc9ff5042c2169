/* SPDX-License-Identifier: MIT */
/* Conditional accept: every transition T1 to T23 of an incoming request, in all four ways of running. */
#include "support/wsk_fixture.h"

/* --- a listener whose callbacks do as told and record what they saw -------------------------------------- */

struct gate {
    struct wsk_fixture *fixture;
    PWSK_SOCKET listener;
    USHORT port;
    volatile LONG answer;        /* of WskInspectEvent */
    NTSTATUS accept_answer;      /* of WskAcceptEvent */
    struct wsk_kit_witness *inspects; /* Key, SerialNumber, remote port, local port */
    struct wsk_kit_witness *aborts;   /* Key, SerialNumber, context */
    struct wsk_kit_witness *accepts;  /* socket, remote port */
    struct wsk_kit_peer *dropped_inside; /* stepped: reset by the inspect callback itself */
    volatile LONG holds_inspect;         /* threads: the inspect callback spins while this is set */
};

static struct gate s_gate;

static USHORT port_of(const SOCKADDR *address)
{
    return RtlUshortByteSwap(((const SOCKADDR_IN *)(const void *)address)->sin_port);
}

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                            PWSK_INSPECT_ID InspectID)
{
    struct gate *gate = SocketContext;

    wsk_kit_witness_call(gate->inspects, InspectID->Key, InspectID->SerialNumber, port_of(RemoteAddress),
                         port_of(LocalAddress));
    if (gate->dropped_inside != NULL) {
        wsk_kit_peer_reset(gate->dropped_inside);
        gate->dropped_inside = NULL;
    }
    while (gate->holds_inspect) {
        KeMemoryBarrier();
    }
    return (WSK_INSPECT_ACTION)gate->answer;
}

static NTSTATUS WSKAPI on_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    struct gate *gate = SocketContext;

    wsk_kit_witness_call(gate->aborts, InspectID->Key, InspectID->SerialNumber, (uintptr_t)SocketContext, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI on_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct gate *gate = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    *AcceptSocketContext = NULL;
    *AcceptSocketDispatch = NULL;
    wsk_kit_witness_call(gate->accepts, (uintptr_t)AcceptSocket, port_of(RemoteAddress), 0, 0);
    return gate->accept_answer;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_dispatch = { on_accept, on_inspect, on_abort };

static struct gate *gate_open(void **state, WSK_INSPECT_ACTION answer)
{
    struct gate *gate = &s_gate;

    RtlZeroMemory(gate, sizeof(*gate));
    gate->fixture = *state;
    gate->answer = answer;
    gate->accept_answer = STATUS_SUCCESS;
    gate->inspects = wsk_kit_witness_create("WskInspectEvent");
    gate->aborts = wsk_kit_witness_create("WskAbortEvent");
    gate->accepts = wsk_kit_witness_create("WskAcceptEvent");
    gate->listener = listener_open(gate->fixture, AF_INET, gate, &s_dispatch, true, &gate->port);
    return gate;
}

static void gate_close_listener(struct gate *gate)
{
    if (gate->listener != NULL) {
        socket_close(gate->listener);
        gate->listener = NULL;
    }
}

static void gate_close(struct gate *gate)
{
    gate_close_listener(gate);
    wsk_kit_witness_destroy(gate->inspects);
    wsk_kit_witness_destroy(gate->aborts);
    wsk_kit_witness_destroy(gate->accepts);
}

/* A peer that connects, and whose request was shown to the client. */
static struct wsk_kit_peer *gate_knock(struct gate *gate)
{
    size_t before = wsk_kit_witness_count(gate->inspects);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);

    wsk_kit_witness_wait(gate->inspects, before + 1);
    return peer;
}

static WSK_INSPECT_ID gate_id(struct gate *gate, size_t index)
{
    struct wsk_kit_call call = wsk_kit_witness_get(gate->inspects, index);
    WSK_INSPECT_ID id;

    RtlZeroMemory(&id, sizeof(id));
    id.Key = call.values[0];
    id.SerialNumber = (ULONG)call.values[1];
    return id;
}

static const WSK_PROVIDER_LISTEN_DISPATCH *listen_table(const struct gate *gate)
{
    return gate->listener->Dispatch;
}

static NTSTATUS gate_verdict(struct gate *gate, WSK_INSPECT_ID id, WSK_INSPECT_ACTION action)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, listen_table(gate)->WskInspectComplete(gate->listener, &id, action, irp));
    return status;
}

static bool is_pended(void *context)
{
    return wsk_kit_pended_inspections() == (size_t)(uintptr_t)context;
}

static void wait_pended(size_t count)
{
    wsk_kit_wait_for(is_pended, (void *)(uintptr_t)count, "the number of pended requests");
}

static void expect_silence(struct gate *gate, size_t aborts, size_t accepts)
{
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(gate->aborts), aborts);
    assert_int_equal(wsk_kit_witness_count(gate->accepts), accepts);
}

/* --- T1 .. T6: the inspect callback ---------------------------------------------------------------------- */

static void test_inspect_t1_request_is_shown_before_it_is_answered(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    struct wsk_kit_call call = wsk_kit_witness_get(gate->inspects, 0);

    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[2], wsk_kit_peer_port(peer));
    assert_int_equal(call.values[3], gate->port);
    wait_pended(1);
    if (gate->fixture->way->is_virtual) {
        wsk_kit_run_until_idle();
        assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_CONNECTING); /* held until the verdict */
    } else {
        wsk_kit_peer_expect_connected(peer); /* docs/behaviour.md: the system finishes handshakes itself */
    }
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    gate_close(gate);
}

static void test_inspect_t2_conditional_mode_needs_both_callbacks(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH no_inspect = { on_accept, NULL, on_abort };
    PWSK_SOCKET listener =
        socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &no_inspect);

    wsk_kit_expect_report("SOCK-033");
    assert_false(NT_SUCCESS(socket_set_ulong(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1)));
    socket_close(listener);
}

static void test_inspect_t3_rejected_peer_is_turned_away_silently(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_rejected(peer);
    expect_silence(gate, 0, 0);
    if (gate->fixture->way->is_virtual) {
        assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_REFUSED);
    } else {
        assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_RESET); /* docs/behaviour.md: connected, then reset */
    }
    gate_close(gate);
}

static void test_inspect_t4_accepted_request_reaches_an_accept_irp(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted = listener_accept(gate->listener, NULL, NULL);

    wsk_kit_peer_expect_connected(peer);
    wsk_kit_peer_send_text(peer, "through the gate");
    connection_expect_text(accepted, "through the gate");
    socket_close(accepted);
    expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t5_pended_request_waits_for_the_verdict(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    expect_silence(gate, 0, 0);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(peer);
    assert_int_equal(wsk_kit_pended_inspections(), 0);
    gate_close(gate);
}

/* The peer resets while WskInspectEvent is on a stack. stepped: the callback does it. threads: the test does, while
 * the callback spins. */
static void knock_and_drop_inside(struct gate *gate)
{
    struct wsk_kit_peer *peer;

    if (gate->fixture->way->is_stepped) {
        gate->dropped_inside = wsk_kit_connect(WSK_KIT_IPV4, gate->port);
        wsk_kit_witness_wait(gate->inspects, 1);
        return;
    }
    gate->holds_inspect = 1;
    peer = gate_knock(gate);
    wsk_kit_peer_reset(peer);
    gate->holds_inspect = 0;
}

static void test_inspect_t6_drop_during_callback_then_pend_is_aborted(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    knock_and_drop_inside(gate);
    wsk_kit_witness_wait(gate->aborts, 1);
    assert_int_equal(wsk_kit_witness_get(gate->aborts, 0).values[0], gate_id(gate, 0).Key);
    assert_int_equal(wsk_kit_pended_inspections(), 0);
    gate_close(gate);
}

static void test_inspect_t6_drop_during_callback_then_reject_is_silent(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);

    knock_and_drop_inside(gate);
    expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t6_drop_during_callback_then_accept_is_aborted(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    knock_and_drop_inside(gate);
    wsk_kit_witness_wait(gate->aborts, 1);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

/* --- T7 .. T12: verdicts and drops ------------------------------------------------------------------------ */

static void test_inspect_t7_verdict_accept_delivers(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    wsk_kit_witness_wait(gate->accepts, 1);
    wsk_kit_peer_expect_connected(peer);
    assert_int_equal(wsk_kit_witness_get(gate->accepts, 0).values[1], wsk_kit_peer_port(peer));
    socket_close((PWSK_SOCKET)wsk_kit_witness_get(gate->accepts, 0).values[0]);
    expect_silence(gate, 0, 1);
    gate_close(gate);
}

static void test_inspect_t7_bytes_sent_before_the_verdict_are_kept(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted;

    wait_pended(1);
    if (!gate->fixture->way->is_virtual) { /* in memory nothing can be sent before the handshake is answered */
        wsk_kit_peer_send_text(peer, "impatient");
        wsk_kit_peer_end(peer);
        wsk_kit_run_until_idle();
        assert_int_equal(wsk_kit_witness_count(gate->aborts), 0); /* it spoke and finished: it did not give up */
    }
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    accepted = listener_accept(gate->listener, NULL, NULL);
    if (gate->fixture->way->is_virtual) {
        wsk_kit_peer_send_text(peer, "impatient");
    }
    connection_expect_text(accepted, "impatient");
    socket_close(accepted);
    gate_close(gate);
}

static void test_inspect_t8_verdict_reject_turns_away(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(peer);
    expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t9_pended_peer_gives_up_is_aborted_once(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    struct wsk_kit_call call;

    wait_pended(1);
    wsk_kit_peer_reset(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    call = wsk_kit_witness_get(gate->aborts, 0);
    assert_int_equal(call.values[0], gate_id(gate, 0).Key);
    assert_int_equal(call.values[1], gate_id(gate, 0).SerialNumber);
    assert_ptr_equal((void *)call.values[2], gate); /* the listener's context */
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_true(call.order > wsk_kit_witness_get(gate->inspects, 0).order);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t9_orderly_end_without_a_byte_is_giving_up(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wait_pended(1);
    wsk_kit_peer_close(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t10_drop_before_verdict_is_seen_still_completes(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;
    NTSTATUS status;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    wsk_kit_peer_reset(peer); /* in stepped execution nobody has looked yet when the verdict comes */
    status = gate_verdict(gate, gate_id(gate, 0), WskInspectAccept);
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_witness_wait(gate->aborts, 1);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t12_drop_during_handshake_is_aborted(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    if (!gate->fixture->way->is_virtual || !gate->fixture->way->is_stepped) {
        /* Over sockets the window does not exist, with threads it cannot be hit on purpose: T10 is what is left. */
        wsk_kit_peer_reset(peer);
    }
    {
        struct wsk_request *request = request_create();
        WSK_INSPECT_ID id = gate_id(gate, 0);
        PIRP irp = request_irp(request);
        NTSTATUS returned =
            listen_table(gate)->WskInspectComplete(gate->listener, &id, WskInspectAccept, irp);

        assert_int_equal(returned, STATUS_PENDING);
        if (gate->fixture->way->is_virtual && gate->fixture->way->is_stepped) {
            wsk_kit_peer_reset(peer); /* answered, not yet established */
        }
        assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
        request_destroy(request);
    }
    wsk_kit_witness_wait(gate->aborts, 1);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

/* --- T13 .. T16: takers ------------------------------------------------------------------------------------ */

static void test_inspect_t13_accept_irp_beats_the_event(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_request *request = request_create();
    struct wsk_kit_peer *peer;
    NTSTATUS returned;
    PIRP irp = request_irp(request);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    returned = listen_table(gate)->WskAccept(gate->listener, 0, NULL, NULL, NULL, NULL, irp);
    assert_int_equal(returned, STATUS_PENDING);
    peer = gate_knock(gate);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    wsk_kit_peer_expect_connected(peer);
    expect_silence(gate, 0, 0);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    gate_close(gate);
}

static void test_inspect_t14_refused_offer_resets_without_abort(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer;

    gate->accept_answer = STATUS_REQUEST_NOT_ACCEPTED;
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wsk_kit_witness_wait(gate->accepts, 1);
    wsk_kit_peer_expect_reset(peer);
    expect_silence(gate, 0, 1);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1); /* the listener */
    gate_close(gate);
}

static void test_inspect_t15_reset_after_established_is_delivered_broken(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted;
    char byte;
    SIZE_T received;

    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    wsk_kit_peer_reset(peer);
    expect_silence(gate, 0, 0);
    accepted = listener_accept(gate->listener, NULL, NULL);
    assert_int_equal(connection_receive_try(accepted, &byte, 1, 0, &received), STATUS_CONNECTION_RESET);
    socket_close(accepted);
    expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t16_established_request_waits_for_a_taker(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_connected(peer);
    expect_silence(gate, 0, 0);
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(gate->accepts, 1);
    socket_close((PWSK_SOCKET)wsk_kit_witness_get(gate->accepts, 0).values[0]);
    gate_close(gate);
}

/* --- T17 .. T19: the listener ends ---------------------------------------------------------------------------- */

static void test_inspect_t17_closing_aborts_pended_requests(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *first = gate_knock(gate);
    struct wsk_kit_peer *second = gate_knock(gate);

    wait_pended(2);
    gate_close_listener(gate); /* returns when the close IRP has completed */
    assert_int_equal(wsk_kit_witness_count(gate->aborts), 2);
    assert_int_equal(wsk_kit_pended_inspections(), 0);
    wsk_kit_peer_expect_rejected(first);
    wsk_kit_peer_expect_rejected(second);
    gate_close(gate);
}

static void test_inspect_t18_closing_resets_queued_connections_silently(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    gate_close_listener(gate);
    wsk_kit_peer_expect_reset(peer);
    assert_int_equal(wsk_kit_witness_count(gate->aborts), 0);
    assert_int_equal(wsk_kit_witness_count(gate->accepts), 0);
    gate_close(gate);
}

/* --- T20 .. T23: late verdicts and the id ------------------------------------------------------------------------ */

static void test_inspect_t20_verdict_after_abort_is_harmless(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    wait_pended(1);
    wsk_kit_peer_reset(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t21_verdict_after_reject_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_INVALID_PARAMETER);
    expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t22_second_verdict_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted;

    wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_INVALID_PARAMETER);
    accepted = listener_accept(gate->listener, NULL, NULL);
    wsk_kit_peer_expect_connected(peer);
    socket_close(accepted);
    gate_close(gate);
}

static NTSTATUS query_id(PWSK_SOCKET socket, WSK_INSPECT_ID *id)
{
    const WSK_PROVIDER_CONNECTION_DISPATCH *table = socket->Dispatch;
    SIZE_T returned = 0;
    NTSTATUS status = table->WskControlSocket(socket, WskIoctl, SIO_WSK_QUERY_INSPECT_ID, 0, 0, NULL, sizeof(*id), id,
                                              &returned, NULL);

    if (NT_SUCCESS(status)) {
        assert_int_equal(returned, sizeof(*id));
    }
    return status;
}

static void test_inspect_t23_accepted_socket_tells_its_id(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted = listener_accept(gate->listener, NULL, NULL);
    WSK_INSPECT_ID id;

    assert_int_equal(query_id(accepted, &id), STATUS_SUCCESS);
    assert_int_equal(id.Key, gate_id(gate, 0).Key);
    assert_int_equal(id.SerialNumber, gate_id(gate, 0).SerialNumber);
    wsk_kit_peer_close(peer);
    socket_close(accepted);
    gate_close(gate);
}

static void test_inspect_t23_plain_socket_has_no_id(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    WSK_INSPECT_ID id;

    assert_int_equal(query_id(accepted, &id), STATUS_INVALID_DEVICE_REQUEST);
    socket_close(accepted);
    socket_close(listener);
}

/* --- several at once, and misuse ------------------------------------------------------------------------------------- */

static void test_inspect_concurrent_requests_have_distinct_ids(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    size_t i;
    size_t j;

    for (i = 0; i < 5; i++) {
        (void)gate_knock(gate);
    }
    wait_pended(5);
    for (i = 0; i < 5; i++) {
        for (j = 0; j < i; j++) {
            assert_true(gate_id(gate, i).Key != gate_id(gate, j).Key ||
                        gate_id(gate, i).SerialNumber != gate_id(gate, j).SerialNumber);
        }
        assert_int_equal(gate_verdict(gate, gate_id(gate, i), WskInspectReject), STATUS_SUCCESS);
    }
    gate_close(gate);
}

static void test_inspect_verdicts_out_of_order_reach_the_right_peers(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *first = gate_knock(gate);
    struct wsk_kit_peer *second = gate_knock(gate);
    PWSK_SOCKET accepted;

    wait_pended(2);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 1), WskInspectAccept), STATUS_SUCCESS);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_connected(second);
    wsk_kit_peer_expect_rejected(first);
    accepted = listener_accept(gate->listener, NULL, NULL);
    wsk_kit_peer_send_text(second, "second");
    connection_expect_text(accepted, "second");
    socket_close(accepted);
    gate_close(gate);
}

static void test_inspect_complete_with_pend_as_verdict_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    (void)gate_knock(gate);
    wait_pended(1);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectPend), STATUS_INVALID_PARAMETER);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    gate_close(gate);
}

static void test_inspect_complete_with_unknown_id_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    WSK_INSPECT_ID id;

    RtlZeroMemory(&id, sizeof(id));
    id.Key = 0x1234;
    id.SerialNumber = 99;
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, id, WskInspectAccept), STATUS_INVALID_PARAMETER);
    gate_close(gate);
}

static void test_inspect_complete_on_plain_listener_fails(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    WSK_INSPECT_ID id;
    NTSTATUS status;

    RtlZeroMemory(&id, sizeof(id));
    REQUEST_CALL(status, NULL, irp, table->WskInspectComplete(listener, &id, WskInspectAccept, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_REQUEST);
    socket_close(listener);
}

static void test_inspect_ipv6_request_shows_ipv6_addresses(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    listener = listener_open(gate->fixture, AF_INET6, gate, &s_dispatch, true, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV6, port);
    wsk_kit_witness_wait(gate->inspects, 1);
    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[3], port);
    wsk_kit_peer_expect_rejected(peer);
    socket_close(listener);
    gate_close(gate);
}

#define TESTS(X)                                                   \
    X(test_inspect_t1_request_is_shown_before_it_is_answered)      \
    X(test_inspect_t2_conditional_mode_needs_both_callbacks)       \
    X(test_inspect_t3_rejected_peer_is_turned_away_silently)       \
    X(test_inspect_t4_accepted_request_reaches_an_accept_irp)      \
    X(test_inspect_t5_pended_request_waits_for_the_verdict)        \
    X(test_inspect_t6_drop_during_callback_then_pend_is_aborted)   \
    X(test_inspect_t6_drop_during_callback_then_reject_is_silent)  \
    X(test_inspect_t6_drop_during_callback_then_accept_is_aborted) \
    X(test_inspect_t7_verdict_accept_delivers)                     \
    X(test_inspect_t7_bytes_sent_before_the_verdict_are_kept)      \
    X(test_inspect_t8_verdict_reject_turns_away)                   \
    X(test_inspect_t9_pended_peer_gives_up_is_aborted_once)        \
    X(test_inspect_t9_orderly_end_without_a_byte_is_giving_up)     \
    X(test_inspect_t10_drop_before_verdict_is_seen_still_completes) \
    X(test_inspect_t12_drop_during_handshake_is_aborted)           \
    X(test_inspect_t13_accept_irp_beats_the_event)                 \
    X(test_inspect_t14_refused_offer_resets_without_abort)         \
    X(test_inspect_t15_reset_after_established_is_delivered_broken) \
    X(test_inspect_t16_established_request_waits_for_a_taker)      \
    X(test_inspect_t17_closing_aborts_pended_requests)             \
    X(test_inspect_t18_closing_resets_queued_connections_silently) \
    X(test_inspect_t20_verdict_after_abort_is_harmless)            \
    X(test_inspect_t21_verdict_after_reject_fails)                 \
    X(test_inspect_t22_second_verdict_fails)                       \
    X(test_inspect_t23_accepted_socket_tells_its_id)               \
    X(test_inspect_t23_plain_socket_has_no_id)                     \
    X(test_inspect_concurrent_requests_have_distinct_ids)          \
    X(test_inspect_verdicts_out_of_order_reach_the_right_peers)    \
    X(test_inspect_complete_with_pend_as_verdict_fails)            \
    X(test_inspect_complete_with_unknown_id_fails)                 \
    X(test_inspect_complete_on_plain_listener_fails)               \
    X(test_inspect_ipv6_request_shows_ipv6_addresses)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
