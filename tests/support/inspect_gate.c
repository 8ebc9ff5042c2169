/* SPDX-License-Identifier: MIT */
/* A conditional listener whose callbacks do as told and record what they saw. */
#include "inspect_gate.h"

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
    while (InterlockedCompareExchange(&gate->holds_inspect, 0, 0) != 0) {
        YieldProcessor();
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

const WSK_CLIENT_LISTEN_DISPATCH gate_dispatch = { on_accept, on_inspect, on_abort };

struct gate *gate_open(void **state, WSK_INSPECT_ACTION answer)
{
    struct gate *gate = &s_gate;

    RtlZeroMemory(gate, sizeof(*gate));
    gate->fixture = *state;
    gate->answer = answer;
    gate->accept_answer = STATUS_SUCCESS;
    gate->inspects = wsk_kit_witness_create("WskInspectEvent");
    gate->aborts = wsk_kit_witness_create("WskAbortEvent");
    gate->accepts = wsk_kit_witness_create("WskAcceptEvent");
    gate->listener = listener_open(gate->fixture, AF_INET, gate, &gate_dispatch, true, &gate->port);
    return gate;
}

void gate_close_listener(struct gate *gate)
{
    if (gate->listener != NULL) {
        socket_close(gate->listener);
        gate->listener = NULL;
    }
}

void gate_close(struct gate *gate)
{
    gate_close_listener(gate);
    wsk_kit_witness_destroy(gate->inspects);
    wsk_kit_witness_destroy(gate->aborts);
    wsk_kit_witness_destroy(gate->accepts);
}

struct wsk_kit_peer *gate_knock(struct gate *gate)
{
    size_t before = wsk_kit_witness_count(gate->inspects);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);

    wsk_kit_witness_wait(gate->inspects, before + 1);
    return peer;
}

WSK_INSPECT_ID gate_id(struct gate *gate, size_t index)
{
    struct wsk_kit_call call = wsk_kit_witness_get(gate->inspects, index);
    WSK_INSPECT_ID id;

    RtlZeroMemory(&id, sizeof(id));
    id.Key = call.values[0];
    id.SerialNumber = (ULONG)call.values[1];
    return id;
}

const WSK_PROVIDER_LISTEN_DISPATCH *gate_table(const struct gate *gate)
{
    return gate->listener->Dispatch;
}

NTSTATUS gate_verdict(struct gate *gate, WSK_INSPECT_ID id, WSK_INSPECT_ACTION action)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, gate_table(gate)->WskInspectComplete(gate->listener, &id, action, irp));
    return status;
}

static bool is_pended(void *context)
{
    return wsk_kit_pended_inspections() == (size_t)(uintptr_t)context;
}

void gate_wait_pended(size_t count)
{
    wsk_kit_wait_for(is_pended, (void *)(uintptr_t)count, "the number of pended requests");
}

void gate_expect_silence(struct gate *gate, size_t aborts, size_t accepts)
{
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(gate->aborts), aborts);
    assert_int_equal(wsk_kit_witness_count(gate->accepts), accepts);
}
