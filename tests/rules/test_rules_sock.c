/* SPDX-License-Identifier: MIT */
/* Verifier rules of sockets in general: each with a breach and a near miss. */
#include "support/inspect_answers.h"
#include "support/wsk_fixture.h"
#include "vrf/vrf_ledger.h"

#include <stdlib.h>
#include <string.h>

static const WSK_PROVIDER_BASIC_DISPATCH *basic_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

static const WSK_CLIENT_LISTEN_DISPATCH accept_dispatch = { accept_refuse, NULL, NULL };

/* --- SOCK-003 control-socket-irp ------------------------------------------------------------------ */

static void test_sock_003_breach_option_without_an_irp(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    ULONG value = 1;

    wsk_kit_expect_report("SOCK-003");
    assert_int_equal(basic_table(socket)->WskControlSocket(socket, WskSetOption, SO_KEEPALIVE, SOL_SOCKET,
                                                           sizeof(value), &value, 0, NULL, NULL, NULL),
                     STATUS_REQUEST_NOT_ACCEPTED);
    socket_close(socket);
}

static void test_sock_003_near_miss_option_with_an_irp(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_KEEPALIVE, 1), STATUS_SUCCESS);
    socket_close(socket);
}

/* --- SOCK-012 wrong-category-dispatch, SOCK-013 category-arguments -------------------------------- */

static void test_sock_012_breach_send_on_a_listener(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    SIZE_T sent;

    wsk_kit_expect_report("SOCK-012");
    assert_int_equal(connection_send_try(listener, "x", 1, 0, &sent), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(sent, 0);
    socket_close(listener);
}

static void test_sock_012_breach_bind_of_a_basic_socket(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_any(AF_INET, 0);

    wsk_kit_expect_report("SOCK-012");
    assert_int_equal(socket_bind_try(socket, &address), STATUS_INVALID_DEVICE_REQUEST);
    socket_close(socket);
}

/* Some libraries take every table for a listener's to bind and to close. */
static void test_sock_012_near_miss_common_slots_through_another_table(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_any(AF_INET, 0);
    NTSTATUS status;

    REQUEST_CALL(
        status, NULL, irp,
        ((const WSK_PROVIDER_LISTEN_DISPATCH *)socket->Dispatch)->WskBind(socket, (PSOCKADDR)&address, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    REQUEST_CALL(status, NULL, irp,
                 ((const WSK_PROVIDER_DATAGRAM_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
}

static void test_sock_013_breach_connection_over_udp(void **state)
{
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, NULL, &socket),
        STATUS_SUCCESS);
    socket_close(socket);
}

static void test_sock_013_breach_unknown_category(void **state)
{
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(socket_open_try(*state, 0x10, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
                     STATUS_INVALID_PARAMETER);
}

static void test_sock_013_breach_basic_socket_with_a_context(void **state)
{
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, &socket, NULL, &socket),
        STATUS_INVALID_PARAMETER);
}

static void test_sock_013_near_miss_basic_socket_over_udp(void **state)
{
    PWSK_SOCKET socket;

    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, NULL, &socket),
        STATUS_SUCCESS);
    socket_close(socket);
}

/* --- SOCK-030 option-order, SOCK-033 conditional-accept ------------------------------------------- */

static void test_sock_030_breach_exclusive_address_after_bind(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 1),
                     STATUS_INVALID_DEVICE_STATE);
    socket_close(listener);
}

static void test_sock_030_breach_conditional_accept_on_a_connection(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_NOT_SUPPORTED);
    socket_close(socket);
}

static void test_sock_030_near_miss_receive_buffer_after_bind(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_RCVBUF, 20000), STATUS_SUCCESS);
    socket_close(listener);
}

static void test_sock_033_breach_conditional_accept_without_abort_event(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, inspect_accept, NULL };
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &dispatch);

    wsk_kit_expect_report("SOCK-033");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_sock_033_breach_conditional_accept_switched_off(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, inspect_accept, inspect_abort_ignore };
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &dispatch);

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-033");
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 0), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

/* The table was right when the option was set. */
static void test_sock_033_breach_callbacks_taken_away_afterwards(void **state)
{
    WSK_CLIENT_LISTEN_DISPATCH table = { NULL, inspect_pend, inspect_abort_ignore };
    struct wsk_kit_peer *pended;
    struct wsk_kit_peer *late;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &table, true, &port);

    pended = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_run_until_idle();
    table.WskInspectEvent = NULL;
    table.WskAbortEvent = NULL;
    wsk_kit_expect_report("SOCK-033");
    late = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_rejected(late);
    wsk_kit_peer_reset(pended); /* nobody can be told */
    wsk_kit_run_until_idle();
    socket_close(listener);
    wsk_kit_peer_close(pended);
    wsk_kit_peer_close(late);
}

static void test_sock_033_near_miss_conditional_accept_with_both_callbacks(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, inspect_accept, inspect_abort_ignore };
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &dispatch);

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_SUCCESS);
    socket_close(socket);
}

/* --- SOCK-031, SOCK-032: event callbacks ---------------------------------------------------------- */

static void test_sock_031_breach_enable_before_bind(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &accept_dispatch);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_sock_031_breach_enable_without_a_callback(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
    socket_close(listener);
}

/* The library works at DISPATCH_LEVEL; a report speaks of the driver. */
static void test_sock_031_breach_names_the_level_of_the_call(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, &accept_dispatch);
    KIRQL old_irql;

    wsk_kit_expect_report("SOCK-031");
    (void)socket_events_try(socket, WSK_EVENT_ACCEPT);
    assert_non_null(strstr(wsk_kit_last_report(), "at PASSIVE_LEVEL"));
    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    wsk_kit_expect_report("SOCK-031");
    (void)socket_events_try(socket, WSK_EVENT_ACCEPT);
    KeLowerIrql(old_irql);
    assert_non_null(strstr(wsk_kit_last_report(), "at DISPATCH_LEVEL"));
    socket_close(socket);
}

static void test_sock_031_near_miss_connection_events_on_a_listener(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &accept_dispatch, false, &port);

    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT),
                     STATUS_SUCCESS);
    socket_close(listener);
}

static void test_sock_032_breach_disable_of_two_events(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &accept_dispatch, false, &port);

    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE),
                     STATUS_INVALID_PARAMETER);
    socket_close(listener);
}

static void test_sock_032_near_miss_disable_of_an_event_that_is_off(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &accept_dispatch, false, &port);

    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE), STATUS_SUCCESS);
    socket_close(listener);
}

/* --- SOCK-035 ... SOCK-037: the end of a socket --------------------------------------------------- */

/* The registration cannot end either, as long as the socket is there. */
static void test_sock_035_breach_socket_never_closed(void **state)
{
    struct wsk_fixture *fixture = *state;
    USHORT port;

    (void)listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    fixture_release(fixture);
    fixture->is_registered = false;
    wsk_kit_expect_report("SOCK-035");
    wsk_kit_expect_report("NPI-001");
}

/* What is pending on the socket is not completed any more: its context may be gone. */
static void test_sock_035_breach_socket_with_a_pending_accept_never_closed(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);

    assert_int_equal(
        ((const WSK_PROVIDER_LISTEN_DISPATCH *)listener->Dispatch)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, irp),
        STATUS_PENDING);
    fixture_release(fixture);
    fixture->is_registered = false;
    wsk_kit_expect_report("SOCK-035");
    wsk_kit_expect_report("NPI-001");
    wsk_kit_expect_report("IRP-018");
    memset(request, 0x5a, sizeof(*request)); /* a completion routine would stumble */
    free(request);
}

/* The driver was never given this one: what it left is the request. */
static void test_sock_035_near_miss_socket_still_being_connected(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE local = address_any(AF_INET, 0);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();

    assert_int_equal(fixture->npi.Dispatch->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP,
                                                             (PSOCKADDR)&local, (PSOCKADDR)&remote, 0, NULL, NULL, NULL,
                                                             NULL, NULL, request_irp(request)),
                     STATUS_PENDING);
    assert_false(request_is_done(request)); /* nobody has stepped since */
    fixture_release(fixture);
    fixture->is_registered = false;
    wsk_kit_expect_report("NPI-001");
    wsk_kit_expect_report("IRP-018");
    memset(request, 0x5a, sizeof(*request)); /* a completion routine would stumble */
    free(request);
}

static void test_sock_035_near_miss_socket_closed_after_the_release(void **state)
{
    struct wsk_fixture *fixture = *state;
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);

    fixture_release(fixture);
    socket_close(listener);
}

static void test_sock_036_breach_close_twice(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_BASIC_DISPATCH *table = basic_table(socket);
    NTSTATUS status;

    socket_close(socket);
    wsk_kit_expect_report("SOCK-036");
    REQUEST_CALL(status, NULL, irp, table->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_FILE_FORCED_CLOSED);
}

/* Closes, and tells where it was called. */
__attribute__((noinline)) static NTSTATUS close_from(PWSK_SOCKET socket, PIRP irp, void **caller)
{
    *caller = __builtin_return_address(0);
    return basic_table(socket)->WskCloseSocket(socket, irp);
}

static bool stack_has(const struct we_host_trace *stack, const void *address)
{
    for (unsigned i = 0; i < WE_HOST_TRACE_DEPTH && stack->frames[i] != NULL; i++) {
        if (stack->frames[i] == address) {
            return true;
        }
    }
    return false;
}

/* The socket ends when its last request has completed, which is not where it was closed. */
static void test_sock_036_report_shows_the_call_that_closed(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = socket->Dispatch;
    struct wsk_request *accept = request_create();
    struct wsk_request *close = request_create();
    NTSTATUS accept_returned;
    NTSTATUS close_returned;
    struct we_vrf_tombstone tombstone;
    NTSTATUS status;
    void *caller;
    KIRQL irql;

    socket_bind_loopback(socket, AF_INET);
    accept_returned = table->WskAccept(socket, 0, NULL, NULL, NULL, NULL, request_irp(accept));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    close_returned = close_from(socket, request_irp(close), &caller);
    KeLowerIrql(irql);
    assert_int_equal(request_wait(accept, accept_returned), STATUS_CANCELLED);
    assert_int_equal(request_wait(close, close_returned), STATUS_SUCCESS);
    assert_true(we_vrf_ledger_find_dead(WE_KIND_SOCKET, socket, &tombstone));
    assert_true(stack_has(&tombstone.ended, caller));

    wsk_kit_expect_report("SOCK-036");
    REQUEST_CALL(status, NULL, irp, table->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_FILE_FORCED_CLOSED);
    assert_non_null(strstr(wsk_kit_last_report(), "closed here"));
    request_destroy(accept);
    request_destroy(close);
}

static void test_sock_036_near_miss_close_of_many_sockets(void **state)
{
    PWSK_SOCKET sockets[100];
    unsigned i;

    for (i = 0; i < 100; i++) {
        sockets[i] = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    }
    for (i = 0; i < 100; i++) {
        socket_close(sockets[i]);
    }
}

static void test_sock_037_breach_bind_after_close(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_any(AF_INET, 0);

    socket_close(socket);
    wsk_kit_expect_report("SOCK-037");
    assert_int_equal(socket_bind_try(socket, &address), STATUS_FILE_FORCED_CLOSED);
    assert_non_null(strstr(wsk_kit_last_report(), "closed here"));
}

static void test_sock_037_breach_control_of_something_else(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    unsigned long long garbage[64] = { 0 };

    wsk_kit_expect_report("SOCK-037");
    assert_int_equal(basic_table(socket)->WskControlSocket((PWSK_SOCKET)garbage, WskIoctl, SIO_WSK_QUERY_INSPECT_ID, 0,
                                                           0, NULL, 0, NULL, NULL, NULL),
                     STATUS_INVALID_HANDLE);
    socket_close(socket);
}

static void test_sock_037_near_miss_bind_before_close(void **state)
{
    USHORT port;

    socket_close(listener_open(*state, AF_INET, NULL, NULL, false, &port));
}

/* --- SOCK-044 forced-closed ----------------------------------------------------------------------- */

/* A connection socket that is dead, because its connect was cancelled before anything could move. */
static PWSK_SOCKET dead_socket(struct wsk_fixture *fixture)
{
    PWSK_SOCKET socket = connection_open_bound(fixture, AF_INET, NULL, NULL);
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    returned =
        ((const WSK_PROVIDER_CONNECTION_DISPATCH *)socket->Dispatch)->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);
    assert_int_equal(returned, STATUS_PENDING);
    assert_true(IoCancelIrp(irp));
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    request_destroy(request);
    wsk_kit_server_close(server);
    return socket;
}

static void test_sock_044_breach_second_call_on_a_dead_socket(void **state)
{
    PWSK_SOCKET socket = dead_socket(*state);

    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_FILE_FORCED_CLOSED);
    wsk_kit_expect_report("SOCK-044");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_FILE_FORCED_CLOSED);
    socket_close(socket);
}

static void test_sock_044_near_miss_close_of_a_dead_socket(void **state)
{
    PWSK_SOCKET socket = dead_socket(*state);

    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_FILE_FORCED_CLOSED);
    socket_close(socket);
}

/* --- SOCK-059 call-irql --------------------------------------------------------------------------- */

static void disable_at(PWSK_SOCKET socket, KIRQL level)
{
    NTSTATUS status;
    KIRQL irql;

    KeRaiseIrql(level, &irql);
    status = socket_events_try(socket, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
}

static void test_sock_059_breach_control_above_dispatch(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &accept_dispatch, false, &port);

    wsk_kit_expect_report("SOCK-059");
    disable_at(listener, DISPATCH_LEVEL + 1);
    socket_close(listener);
}

static void test_sock_059_breach_name_lookup_at_dispatch(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    UNICODE_STRING node = RTL_CONSTANT_STRING(L"nowhere.example");
    PADDRINFOEXW list = NULL;
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    KIRQL irql;

    wsk_kit_host_fail("nowhere.example", WSK_KIT_HOST_UNKNOWN);
    wsk_kit_expect_report("SOCK-059");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node, NULL, 0, NULL, NULL, &list, NULL,
                                                        NULL, irp);
    KeLowerIrql(irql);
    assert_int_equal(request_wait(request, returned), STATUS_NOT_FOUND);
    request_destroy(request);
}

static void test_sock_059_near_miss_control_at_dispatch(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, &accept_dispatch, false, &port);

    disable_at(listener, DISPATCH_LEVEL);
    socket_close(listener);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_sock_003_breach_option_without_an_irp),
        T(test_sock_003_near_miss_option_with_an_irp),
        T(test_sock_012_breach_send_on_a_listener),
        T(test_sock_012_breach_bind_of_a_basic_socket),
        T(test_sock_012_near_miss_common_slots_through_another_table),
        T(test_sock_013_breach_connection_over_udp),
        T(test_sock_013_breach_unknown_category),
        T(test_sock_013_breach_basic_socket_with_a_context),
        T(test_sock_013_near_miss_basic_socket_over_udp),
        T(test_sock_030_breach_exclusive_address_after_bind),
        T(test_sock_030_breach_conditional_accept_on_a_connection),
        T(test_sock_030_near_miss_receive_buffer_after_bind),
        T(test_sock_031_breach_enable_before_bind),
        T(test_sock_031_breach_enable_without_a_callback),
        T(test_sock_031_breach_names_the_level_of_the_call),
        T(test_sock_031_near_miss_connection_events_on_a_listener),
        T(test_sock_032_breach_disable_of_two_events),
        T(test_sock_032_near_miss_disable_of_an_event_that_is_off),
        T(test_sock_033_breach_conditional_accept_without_abort_event),
        T(test_sock_033_breach_conditional_accept_switched_off),
        T(test_sock_033_breach_callbacks_taken_away_afterwards),
        T(test_sock_033_near_miss_conditional_accept_with_both_callbacks),
        T(test_sock_035_breach_socket_never_closed),
        T(test_sock_035_breach_socket_with_a_pending_accept_never_closed),
        T(test_sock_035_near_miss_socket_still_being_connected),
        T(test_sock_035_near_miss_socket_closed_after_the_release),
        T(test_sock_036_breach_close_twice),
        T(test_sock_036_report_shows_the_call_that_closed),
        T(test_sock_036_near_miss_close_of_many_sockets),
        T(test_sock_037_breach_bind_after_close),
        T(test_sock_037_breach_control_of_something_else),
        T(test_sock_037_near_miss_bind_before_close),
        T(test_sock_044_breach_second_call_on_a_dead_socket),
        T(test_sock_044_near_miss_close_of_a_dead_socket),
        T(test_sock_059_breach_control_above_dispatch),
        T(test_sock_059_breach_name_lookup_at_dispatch),
        T(test_sock_059_near_miss_control_at_dispatch),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
