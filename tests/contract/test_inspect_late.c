/* SPDX-License-Identifier: MIT */
/* Conditional accept, second half: takers, the listener's end, late verdicts (T13 to T23), in all four ways of running. */
#include "support/inspect_gate.h"

/* --- T13 .. T16: takers ------------------------------------------------------------------------------------ */

static void test_inspect_t13_accept_irp_beats_the_event(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_request *request = request_create();
    struct wsk_kit_peer *peer;
    NTSTATUS returned;
    PIRP irp = request_irp(request);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    returned = gate_table(gate)->WskAccept(gate->listener, 0, NULL, NULL, NULL, NULL, irp);
    assert_int_equal(returned, STATUS_PENDING);
    peer = gate_knock(gate);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    wsk_kit_peer_expect_connected(peer);
    gate_expect_silence(gate, 0, 0);
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
    gate_expect_silence(gate, 0, 1);
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
    gate_expect_silence(gate, 0, 0);
    accepted = listener_accept(gate->listener, NULL, NULL);
    assert_int_equal(connection_receive_try(accepted, &byte, 1, 0, &received), STATUS_CONNECTION_RESET);
    socket_close(accepted);
    gate_expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t16_established_request_waits_for_a_taker(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_connected(peer);
    gate_expect_silence(gate, 0, 0);
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

    gate_wait_pended(2);
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
    gate_wait_pended(1);
    wsk_kit_peer_reset(peer);
    wsk_kit_witness_wait(gate->aborts, 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

static void test_inspect_t21_verdict_after_reject_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);
    struct wsk_kit_peer *peer = gate_knock(gate);

    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_INVALID_PARAMETER);
    gate_expect_silence(gate, 0, 0);
    gate_close(gate);
}

static void test_inspect_t22_second_verdict_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    PWSK_SOCKET accepted;

    gate_wait_pended(1);
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
    gate_wait_pended(5);
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

    gate_wait_pended(2);
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
    gate_wait_pended(1);
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

    listener = listener_open(gate->fixture, AF_INET6, gate, &gate_dispatch, true, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV6, port);
    wsk_kit_witness_wait(gate->inspects, 1);
    assert_int_equal(wsk_kit_witness_get(gate->inspects, 0).values[3], port);
    wsk_kit_peer_expect_rejected(peer);
    socket_close(listener);
    gate_close(gate);
}

#define TESTS(X)                                                    \
    X(test_inspect_t13_accept_irp_beats_the_event)                  \
    X(test_inspect_t14_refused_offer_resets_without_abort)          \
    X(test_inspect_t15_reset_after_established_is_delivered_broken) \
    X(test_inspect_t16_established_request_waits_for_a_taker)       \
    X(test_inspect_t17_closing_aborts_pended_requests)              \
    X(test_inspect_t18_closing_resets_queued_connections_silently)  \
    X(test_inspect_t20_verdict_after_abort_is_harmless)             \
    X(test_inspect_t21_verdict_after_reject_fails)                  \
    X(test_inspect_t22_second_verdict_fails)                        \
    X(test_inspect_t23_accepted_socket_tells_its_id)                \
    X(test_inspect_t23_plain_socket_has_no_id)                      \
    X(test_inspect_concurrent_requests_have_distinct_ids)           \
    X(test_inspect_verdicts_out_of_order_reach_the_right_peers)     \
    X(test_inspect_complete_with_pend_as_verdict_fails)             \
    X(test_inspect_complete_with_unknown_id_fails)                  \
    X(test_inspect_complete_on_plain_listener_fails)                \
    X(test_inspect_ipv6_request_shows_ipv6_addresses)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
