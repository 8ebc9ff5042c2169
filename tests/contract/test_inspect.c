/* SPDX-License-Identifier: MIT */
/* Conditional accept, first half: the inspect callback, verdicts and drops (T1 to T12), in all four ways of running. */
#include "support/inspect_gate.h"

/* --- T1 .. T6: the inspect callback ---------------------------------------------------------------------- */

static void test_inspect_t1_request_is_shown_before_it_is_answered(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    struct wsk_kit_call call = wsk_kit_witness_get(gate->inspects, 0);

    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[2], wsk_kit_peer_port(peer));
    assert_int_equal(call.values[3], gate->port);
    gate_wait_pended(1);
    if (gate->fixture->way->is_virtual) {
        wsk_kit_run_until_idle();
        assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_CONNECTING); /* held until the verdict */
    } else {
        wsk_kit_peer_expect_connected(peer); /* docs/behaviour.md: the system finishes handshakes itself */
    }
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    gate_close(gate);
}

static NTSTATUS WSKAPI abort_nothing(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(InspectID);
    return STATUS_SUCCESS;
}

static void test_inspect_t2_conditional_mode_needs_both_callbacks(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH no_inspect = { NULL, NULL, abort_nothing };
    PWSK_SOCKET listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &no_inspect);

    wsk_kit_expect_report("SOCK-033");
    assert_false(NT_SUCCESS(socket_set_ulong(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1)));
    socket_close(listener);
}

static void test_inspect_t3_rejected_peer_is_turned_away_silently(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_rejected(peer);
    gate_expect_silence(gate, 0, 0);
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
    gate_expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t5_pended_request_waits_for_the_verdict(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    gate_wait_pended(1);
    gate_expect_silence(gate, 0, 0);
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
    InterlockedExchange(&gate->holds_inspect, 1);
    peer = gate_knock(gate);
    wsk_kit_peer_reset(peer);
    InterlockedExchange(&gate->holds_inspect, 0);
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
    gate_expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t6_drop_during_callback_then_accept_is_aborted(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    knock_and_drop_inside(gate);
    wsk_kit_witness_wait(gate->aborts, 1);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

/* --- T7 .. T12: verdicts and drops ------------------------------------------------------------------------ */

static void test_inspect_t7_verdict_accept_delivers(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    gate_wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    wsk_kit_witness_wait(gate->accepts, 1);
    wsk_kit_peer_expect_connected(peer);
    assert_int_equal(wsk_kit_witness_get(gate->accepts, 0).values[1], wsk_kit_peer_port(peer));
    socket_close((PWSK_SOCKET)wsk_kit_witness_get(gate->accepts, 0).values[0]);
    gate_expect_silence(gate, 0, 1);
    gate_close(gate);
}

static void test_inspect_t7_bytes_sent_before_the_verdict_are_kept(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted;

    gate_wait_pended(1);
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
    gate_wait_pended(1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(peer);
    gate_expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t9_pended_peer_gives_up_is_aborted_once(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    struct wsk_kit_call call;

    gate_wait_pended(1);
    wsk_kit_peer_reset(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    call = wsk_kit_witness_get(gate->aborts, 0);
    assert_int_equal(call.values[0], gate_id(gate, 0).Key);
    assert_int_equal(call.values[1], gate_id(gate, 0).SerialNumber);
    assert_ptr_equal((void *)call.values[2], gate); /* the listener's context */
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_true(call.order > wsk_kit_witness_get(gate->inspects, 0).order);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t9_orderly_end_without_a_byte_is_giving_up(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);

    gate_wait_pended(1);
    wsk_kit_peer_close(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t10_drop_before_verdict_is_seen_still_completes(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;
    NTSTATUS status;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    gate_wait_pended(1);
    wsk_kit_peer_reset(peer); /* in stepped execution nobody has looked yet when the verdict comes */
    status = gate_verdict(gate, gate_id(gate, 0), WskInspectAccept);
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_witness_wait(gate->aborts, 1);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t12_drop_during_handshake_is_aborted(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = gate_knock(gate);
    gate_wait_pended(1);
    if (!gate->fixture->way->is_virtual || !gate->fixture->way->is_stepped) {
        /* Over sockets the window does not exist, with threads it cannot be hit on purpose: T10 is what is left. */
        wsk_kit_peer_reset(peer);
    }
    {
        struct wsk_request *request = request_create();
        WSK_INSPECT_ID id = gate_id(gate, 0);
        PIRP irp = request_irp(request);
        NTSTATUS returned = gate_table(gate)->WskInspectComplete(gate->listener, &id, WskInspectAccept, irp);

        assert_int_equal(returned, STATUS_PENDING);
        if (gate->fixture->way->is_virtual && gate->fixture->way->is_stepped) {
            wsk_kit_peer_reset(peer); /* answered, not yet established */
        }
        assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
        request_destroy(request);
    }
    wsk_kit_witness_wait(gate->aborts, 1);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

#define TESTS(X)                                                    \
    X(test_inspect_t1_request_is_shown_before_it_is_answered)       \
    X(test_inspect_t2_conditional_mode_needs_both_callbacks)        \
    X(test_inspect_t3_rejected_peer_is_turned_away_silently)        \
    X(test_inspect_t4_accepted_request_reaches_an_accept_irp)       \
    X(test_inspect_t5_pended_request_waits_for_the_verdict)         \
    X(test_inspect_t6_drop_during_callback_then_pend_is_aborted)    \
    X(test_inspect_t6_drop_during_callback_then_reject_is_silent)   \
    X(test_inspect_t6_drop_during_callback_then_accept_is_aborted)  \
    X(test_inspect_t7_verdict_accept_delivers)                      \
    X(test_inspect_t7_bytes_sent_before_the_verdict_are_kept)       \
    X(test_inspect_t8_verdict_reject_turns_away)                    \
    X(test_inspect_t9_pended_peer_gives_up_is_aborted_once)         \
    X(test_inspect_t9_orderly_end_without_a_byte_is_giving_up)      \
    X(test_inspect_t10_drop_before_verdict_is_seen_still_completes) \
    X(test_inspect_t12_drop_during_handshake_is_aborted)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
