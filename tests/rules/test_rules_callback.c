/* SPDX-License-Identifier: MIT */
/* Rules about WSK callbacks and verdicts: what they may return, leave over, and wait for. */
#include "support/wsk_fixture.h"

#include <stdlib.h>

/* --- a listener whose callbacks misbehave on request ----------------------------------------------------- */

enum mischief {
    NONE,
    WAIT_IN_INSPECT,
    POLL_IN_INSPECT,
    RAISE_IN_INSPECT,
    LOCK_IN_INSPECT,
    LEAVE_ACCEPT_OUTPUTS, /* enable events on the new socket before the out-parameters are set */
};

struct gate {
    PWSK_SOCKET listener;
    USHORT port;
    enum mischief mischief;
    WSK_INSPECT_ACTION answer;
    NTSTATUS abort_answer;
    NTSTATUS accept_answer;
    PWSK_INSPECT_ID kept_pointer;
    WSK_INSPECT_ID copy;
    PWSK_SOCKET accepted;
    KSPIN_LOCK lock;
    NTSTATUS enable_status;
};

static struct gate s_gate;

static void play(struct gate *gate)
{
    LARGE_INTEGER zero = { .QuadPart = 0 };
    KEVENT event;
    KIRQL old;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    switch (gate->mischief) {
    case WAIT_IN_INSPECT:
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        break;
    case POLL_IN_INSPECT:
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero);
        break;
    case RAISE_IN_INSPECT:
        KeRaiseIrql(HIGH_LEVEL, &old);
        break;
    case LOCK_IN_INSPECT:
        KeAcquireSpinLock(&gate->lock, &old);
        KeReleaseSpinLock(&gate->lock, old);
        break;
    default:
        break;
    }
}

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                            PWSK_INSPECT_ID InspectID)
{
    struct gate *gate = SocketContext;

    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    gate->kept_pointer = InspectID;
    gate->copy = *InspectID;
    play(gate);
    return gate->answer;
}

static NTSTATUS WSKAPI on_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(InspectID);
    return ((struct gate *)SocketContext)->abort_answer;
}

static NTSTATUS WSKAPI on_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                  SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(DataIndication);
    UNREFERENCED_PARAMETER(BytesIndicated);
    UNREFERENCED_PARAMETER(BytesAccepted);
    return STATUS_SUCCESS;
}

static NTSTATUS s_disconnect_answer;

static NTSTATUS WSKAPI on_disconnect(PVOID SocketContext, ULONG Flags)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    return s_disconnect_answer;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_connection_dispatch = { on_receive, on_disconnect, NULL };

static NTSTATUS WSKAPI on_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct gate *gate = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    gate->accepted = AcceptSocket;
    if (gate->mischief == LEAVE_ACCEPT_OUTPUTS) {
        gate->enable_status = socket_events_try(AcceptSocket, WSK_EVENT_RECEIVE);
    }
    *AcceptSocketContext = gate;
    *AcceptSocketDispatch = &s_connection_dispatch;
    if (gate->mischief != LEAVE_ACCEPT_OUTPUTS) {
        gate->enable_status = socket_events_try(AcceptSocket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    }
    return gate->accept_answer;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_dispatch = { on_accept, on_inspect, on_abort };

static struct gate *gate_open(void **state, WSK_INSPECT_ACTION answer)
{
    struct gate *gate = &s_gate;

    RtlZeroMemory(gate, sizeof(*gate));
    KeInitializeSpinLock(&gate->lock);
    gate->answer = answer;
    gate->abort_answer = STATUS_SUCCESS;
    gate->accept_answer = STATUS_SUCCESS;
    s_disconnect_answer = STATUS_SUCCESS;
    gate->listener = listener_open(*state, AF_INET, gate, &s_dispatch, true, &gate->port);
    return gate;
}

static struct wsk_kit_peer *knock(struct gate *gate)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);

    wsk_kit_run_until_idle();
    return peer;
}

static NTSTATUS verdict(struct gate *gate, PWSK_INSPECT_ID id, WSK_INSPECT_ACTION action)
{
    const WSK_PROVIDER_LISTEN_DISPATCH *table = gate->listener->Dispatch;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, table->WskInspectComplete(gate->listener, id, action, irp));
    return status;
}

static void gate_close(struct gate *gate)
{
    if (gate->accepted != NULL && gate->accept_answer == STATUS_SUCCESS) {
        socket_close(gate->accepted);
    }
    socket_close(gate->listener);
}

/* --- CB-001: waiting ---------------------------------------------------------------------------------------- */

static void test_cb_001_breach_inspect_waits(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);

    gate->mischief = WAIT_IN_INSPECT;
    wsk_kit_expect_report("CB-001");
    (void)knock(gate);
    assert_int_equal(wsk_kit_report_count("CB-001"), 1);
    gate_close(gate);
}

static void test_cb_001_near_miss_inspect_polls(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);

    gate->mischief = POLL_IN_INSPECT;
    (void)knock(gate);
    gate_close(gate);
}

static NTSTATUS NTAPI waiting_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KEVENT event;

    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    (void)KeSetEvent((PKEVENT)context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_cb_001_breach_completion_routine_waits(void **state)
{
    PWSK_SOCKET listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    PIRP irp = IoAllocateIrp(1, FALSE);
    KEVENT event;

    assert_non_null(irp);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, waiting_completion, &event, TRUE, TRUE, TRUE);
    wsk_kit_expect_report("CB-001");
    (void)table->WskCloseSocket(listener, irp);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    assert_int_equal(wsk_kit_report_count("CB-001"), 1);
    IoFreeIrp(irp);
}

/* --- CB-003: what is left over --------------------------------------------------------------------------------- */

static void test_cb_003_breach_inspect_returns_raised(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);

    gate->mischief = RAISE_IN_INSPECT;
    wsk_kit_expect_report("CB-003");
    (void)knock(gate);
    assert_int_equal(wsk_kit_report_count("CB-003"), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    gate_close(gate);
}

static void test_cb_003_near_miss_inspect_uses_a_lock(void **state)
{
    struct gate *gate = gate_open(state, WskInspectReject);

    gate->mischief = LOCK_IN_INSPECT;
    (void)knock(gate);
    gate_close(gate);
}

/* --- CB-004: callbacks that must return STATUS_SUCCESS -------------------------------------------------------------- */

static void test_cb_004_breach_abort_event_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    gate->abort_answer = STATUS_UNSUCCESSFUL;
    wsk_kit_expect_report("CB-004");
    wsk_kit_peer_reset(knock(gate));
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_report_count("CB-004"), 1);
    gate_close(gate);
}

static void test_cb_004_breach_disconnect_event_fails(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer;

    s_disconnect_answer = STATUS_UNSUCCESSFUL;
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    wsk_kit_expect_report("CB-004");
    peer = knock(gate);
    wsk_kit_peer_end(peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_report_count("CB-004"), 1);
    gate_close(gate);
}

static void test_cb_004_near_miss_abort_event_succeeds(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    wsk_kit_peer_reset(knock(gate));
    wsk_kit_run_until_idle();
    gate_close(gate);
}

/* --- CB-005: WskAcceptEvent --------------------------------------------------------------------------------------------- */

static void test_cb_005_breach_accept_event_returns_another_failure(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer;

    gate->accept_answer = STATUS_UNSUCCESSFUL;
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    wsk_kit_expect_report("CB-005");
    peer = knock(gate);
    wsk_kit_peer_expect_reset(peer); /* treated as a refusal */
    assert_int_equal(wsk_kit_report_count("CB-005"), 1);
    gate_close(gate);
}

static void test_cb_005_near_miss_accept_event_refuses(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);
    struct wsk_kit_peer *peer;

    gate->accept_answer = STATUS_REQUEST_NOT_ACCEPTED;
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    peer = knock(gate);
    wsk_kit_peer_expect_reset(peer);
    gate_close(gate);
}

/* --- CB-007: WskInspectEvent --------------------------------------------------------------------------------------------- */

static void test_cb_007_breach_inspect_returns_nonsense(void **state)
{
    struct gate *gate = gate_open(state, WskInspectMax);
    struct wsk_kit_peer *peer;

    wsk_kit_expect_report("CB-007");
    peer = knock(gate);
    wsk_kit_peer_expect_rejected(peer); /* treated as a rejection */
    assert_int_equal(wsk_kit_report_count("CB-007"), 1);
    gate_close(gate);
}

static void test_cb_007_near_miss_inspect_pends(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = knock(gate);

    assert_int_equal(wsk_kit_pended_inspections(), 1);
    assert_int_equal(verdict(gate, &gate->copy, WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(peer);
    gate_close(gate);
}

/* --- CB-016: out-parameters of WskAcceptEvent ------------------------------------------------------------------------------ */

static void test_cb_016_breach_enable_before_outputs_are_set(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    gate->mischief = LEAVE_ACCEPT_OUTPUTS;
    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    wsk_kit_expect_report("CB-016");
    (void)knock(gate);
    assert_int_equal(wsk_kit_report_count("CB-016"), 1);
    assert_false(NT_SUCCESS(gate->enable_status));
    gate_close(gate);
}

static void test_cb_016_breach_inherited_event_without_a_callback(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    socket_events(gate->listener, WSK_EVENT_ACCEPT | WSK_EVENT_SEND_BACKLOG);
    wsk_kit_expect_report("CB-016");
    (void)knock(gate);
    assert_int_equal(wsk_kit_report_count("CB-016"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "WSK_EVENT_SEND_BACKLOG"));
    assert_non_null(gate->accepted);
    gate_close(gate);
}

static void test_cb_016_near_miss_enable_after_outputs_are_set(void **state)
{
    struct gate *gate = gate_open(state, WskInspectAccept);

    socket_events(gate->listener, WSK_EVENT_ACCEPT);
    (void)knock(gate);
    assert_int_equal(gate->enable_status, STATUS_SUCCESS);
    gate_close(gate);
}

/* --- SOCK-034: the verdict's id ---------------------------------------------------------------------------------------------- */

static void test_sock_034_breach_id_kept_by_pointer(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    (void)knock(gate);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(verdict(gate, gate->kept_pointer, WskInspectAccept), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(wsk_kit_last_report(), "copy the contents"));
    assert_int_equal(verdict(gate, &gate->copy, WskInspectReject), STATUS_SUCCESS);
    gate_close(gate);
}

static void test_sock_034_breach_id_used_twice(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    (void)knock(gate);
    assert_int_equal(verdict(gate, &gate->copy, WskInspectReject), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(verdict(gate, &gate->copy, WskInspectReject), STATUS_INVALID_PARAMETER);
    gate_close(gate);
}

static void test_sock_034_near_miss_verdict_after_abort(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    wsk_kit_peer_reset(knock(gate));
    wsk_kit_run_until_idle();
    assert_int_equal(verdict(gate, &gate->copy, WskInspectAccept), STATUS_SUCCESS); /* the race that is allowed */
    gate_close(gate);
}

/* --- IRQL-007: what a completion routine leaves over --------------------------------------------------------------------------- */

static NTSTATUS NTAPI raising_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    if (*(BOOLEAN *)context) {
        KeRaiseIrql(HIGH_LEVEL, &old);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void close_with_raising_completion(struct wsk_fixture *fixture, BOOLEAN raises)
{
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    PIRP irp = IoAllocateIrp(1, FALSE);

    assert_non_null(irp);
    IoSetCompletionRoutine(irp, raising_completion, &raises, TRUE, TRUE, TRUE);
    assert_int_equal(table->WskCloseSocket(listener, irp), STATUS_PENDING);
    wsk_kit_run_until_idle();
    IoFreeIrp(irp);
}

static void test_irql_007_breach_completion_routine_returns_raised(void **state)
{
    wsk_kit_expect_report("IRQL-007");
    close_with_raising_completion(*state, TRUE);
    assert_int_equal(wsk_kit_report_count("IRQL-007"), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_irql_007_near_miss_completion_routine_returns_as_entered(void **state)
{
    close_with_raising_completion(*state, FALSE);
}

#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cb_001_breach_inspect_waits),
        TEST(test_cb_001_near_miss_inspect_polls),
        TEST(test_cb_001_breach_completion_routine_waits),
        TEST(test_cb_003_breach_inspect_returns_raised),
        TEST(test_cb_003_near_miss_inspect_uses_a_lock),
        TEST(test_cb_004_breach_abort_event_fails),
        TEST(test_cb_004_breach_disconnect_event_fails),
        TEST(test_cb_004_near_miss_abort_event_succeeds),
        TEST(test_cb_005_breach_accept_event_returns_another_failure),
        TEST(test_cb_005_near_miss_accept_event_refuses),
        TEST(test_cb_007_breach_inspect_returns_nonsense),
        TEST(test_cb_007_near_miss_inspect_pends),
        TEST(test_cb_016_breach_enable_before_outputs_are_set),
        TEST(test_cb_016_breach_inherited_event_without_a_callback),
        TEST(test_cb_016_near_miss_enable_after_outputs_are_set),
        TEST(test_sock_034_breach_id_kept_by_pointer),
        TEST(test_sock_034_breach_id_used_twice),
        TEST(test_sock_034_near_miss_verdict_after_abort),
        TEST(test_irql_007_breach_completion_routine_returns_raised),
        TEST(test_irql_007_near_miss_completion_routine_returns_as_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
