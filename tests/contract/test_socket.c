/* SPDX-License-Identifier: MIT */
/* WskSocket and WskCloseSocket: what can be made, what the tables hold, and how a socket ends. */
#include "support/system_thread.h"
#include "support/wsk_fixture.h"

#include <string.h>

/* --- arguments ------------------------------------------------------------------------------------ */

static void test_socket_without_client_and_irp_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    NTSTATUS status;
    ULONG_PTR information;

    /* Measured on Windows: what is looked at first is the IRP. */
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(fixture->npi.Dispatch->WskSocket(NULL, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_BASIC_SOCKET,
                                                      NULL, NULL, NULL, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    REQUEST_CALL(status, &information, irp,
                 fixture->npi.Dispatch->WskSocket(NULL, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_BASIC_SOCKET, NULL,
                                                  NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_HANDLE);
    assert_int_equal(information, 0);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                      WSK_FLAG_BASIC_SOCKET, NULL, NULL, NULL, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

static void test_socket_returns_pending_although_it_completes_at_once(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    returned =
        fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                                         NULL, NULL, NULL, NULL, NULL, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->irql, DISPATCH_LEVEL);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
}

static void test_socket_of_two_categories_fails(void **state)
{
    PWSK_SOCKET socket;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(socket_open_try(*state, WSK_FLAG_LISTEN_SOCKET | WSK_FLAG_CONNECTION_SOCKET, AF_INET, SOCK_STREAM,
                                     IPPROTO_TCP, NULL, NULL, &socket),
                     STATUS_INVALID_PARAMETER);
}

static void test_basic_socket_with_context_or_dispatch_fails(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH dispatch = { NULL, NULL, NULL };
    PWSK_SOCKET socket;
    int context;

    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, &context, NULL, &socket),
        STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-013");
    assert_int_equal(
        socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, &dispatch, &socket),
        STATUS_INVALID_PARAMETER);
}

static void test_socket_with_a_table_of_null_pointers_succeeds(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH listen_dispatch = { NULL, NULL, NULL };
    static const WSK_CLIENT_CONNECTION_DISPATCH connection_dispatch = { NULL, NULL, NULL };
    struct wsk_fixture *fixture = *state;

    socket_close(socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, fixture, &listen_dispatch));
    socket_close(socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET6, fixture, &connection_dispatch));
}

static void test_socket_of_an_unknown_transport_is_not_supported(void **state)
{
    static const struct {
        ADDRESS_FAMILY family;
        USHORT type;
        ULONG protocol;
    } triples[] = {
        { AF_UNIX, SOCK_STREAM, 0 },
        { AF_INET, SOCK_STREAM, IPPROTO_UDP },
        { AF_INET, SOCK_DGRAM, IPPROTO_TCP },
        { AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
    };
    size_t i;

    for (i = 0; i < sizeof(triples) / sizeof(triples[0]); i++) {
        PWSK_SOCKET socket;

        assert_int_equal(socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, triples[i].family, triples[i].type,
                                         triples[i].protocol, NULL, NULL, &socket),
                         STATUS_NOT_SUPPORTED);
    }
}

static void test_socket_with_a_thread_without_its_process_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                  WSK_FLAG_BASIC_SOCKET, NULL, NULL, NULL, PsGetCurrentThread(), NULL,
                                                  irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
}

/* --- tables --------------------------------------------------------------------------------------- */

/* Clients cast freely between the tables for the first three functions. */
static void test_tables_begin_with_the_same_functions(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET basic = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET connection = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_BASIC_DISPATCH *basic_table = basic->Dispatch;
    const WSK_PROVIDER_LISTEN_DISPATCH *listen_table = listener->Dispatch;
    const WSK_PROVIDER_CONNECTION_DISPATCH *connection_table = connection->Dispatch;

    assert_true(basic_table->WskControlSocket == listen_table->WskControlSocket);
    assert_true(basic_table->WskControlSocket == connection_table->WskControlSocket);
    assert_true(basic_table->WskCloseSocket == listen_table->WskCloseSocket);
    assert_true(basic_table->WskCloseSocket == connection_table->Basic.WskCloseSocket);
    assert_true(listen_table->WskBind == connection_table->WskBind);
    socket_close(connection);
    socket_close(listener);
    socket_close(basic);
}

static void test_tables_have_no_empty_slot(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET connection = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    void *const *listen_slots = listener->Dispatch;
    void *const *connection_slots = connection->Dispatch;
    size_t i;

    for (i = 0; i < sizeof(WSK_PROVIDER_LISTEN_DISPATCH) / sizeof(void *); i++) {
        assert_non_null(listen_slots[i]);
    }
    for (i = 0; i < sizeof(WSK_PROVIDER_CONNECTION_DISPATCH) / sizeof(void *); i++) {
        assert_non_null(connection_slots[i]);
    }
    socket_close(connection);
    socket_close(listener);
}

/* --- close ---------------------------------------------------------------------------------------- */

static void test_close_returns_pending_and_completes_with_success(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    NTSTATUS returned;

    returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 0);
    request_destroy(request);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

static void test_close_at_dispatch_level_completes(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, irp);
    KeLowerIrql(irql);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
}

/* Measured on Windows. The close comes last. */
static void test_close_cancels_a_pending_accept_and_completes_after_it(void **state)
{
    struct wsk_fixture *fixture = *state;
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    struct wsk_request *accept = request_create();
    struct wsk_request *close = request_create();
    NTSTATUS accept_returned;
    NTSTATUS close_returned;

    accept_returned = ((const WSK_PROVIDER_LISTEN_DISPATCH *)listener->Dispatch)
                          ->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(accept));
    assert_int_equal(accept_returned, STATUS_PENDING);
    close_returned =
        ((const WSK_PROVIDER_BASIC_DISPATCH *)listener->Dispatch)->WskCloseSocket(listener, request_irp(close));
    assert_int_equal(request_wait(close, close_returned), STATUS_SUCCESS);
    assert_int_equal(close->result.Information, 0);
    assert_int_equal(request_wait(accept, accept_returned), STATUS_CANCELLED);
    assert_int_equal(accept->result.Information, 0);
    assert_true(accept->order < close->order);
    request_destroy(accept);
    request_destroy(close);
}

/* A completion routine may close its socket, and the call that completed it touches the socket no more. */
static void close_in_completion(struct wsk_request *request)
{
    struct wsk_request *close = request->context;
    PWSK_SOCKET socket = close->context;

    ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, close->irp);
}

static void test_close_inside_the_completion_routine_of_a_bind_completes(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = address_any(AF_INET, 0);
    struct wsk_request *bind = request_create();
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    (void)request_irp(close);
    close->context = socket;
    bind->context = close;
    bind->completed = close_in_completion;
    returned = ((const WSK_PROVIDER_CONNECTION_DISPATCH *)socket->Dispatch)
                   ->WskBind(socket, (PSOCKADDR)&local, 0, request_irp(bind));
    assert_int_equal(request_wait(bind, returned), STATUS_SUCCESS);
    assert_int_equal(request_wait(close, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(bind);
    request_destroy(close);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

/* Cancelling a close has no effect, and neither has it on the IRP's next use. */
static void test_close_completes_although_its_irp_is_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    IoCancelIrp(irp);
    returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, irp);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
}

/* A thread that cancels an IRP whenever it is told to: in threads execution, really at the same time. */
struct canceller {
    KEVENT go;
    KEVENT done;
    PIRP irp; /* NULL ends the thread */
    PKTHREAD thread;
};

static VOID NTAPI canceller_main(PVOID Context)
{
    struct canceller *canceller = Context;

    for (;;) {
        (void)KeWaitForSingleObject(&canceller->go, Executive, KernelMode, FALSE, NULL);
        if (canceller->irp == NULL) {
            PsTerminateSystemThread(STATUS_SUCCESS);
        }
        (void)IoCancelIrp(canceller->irp);
        KeSetEvent(&canceller->done, IO_NO_INCREMENT, FALSE);
    }
}

static void canceller_start(struct canceller *canceller)
{
    KeInitializeEvent(&canceller->go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&canceller->done, SynchronizationEvent, FALSE);
    canceller->thread = system_thread_start(canceller_main, canceller);
}

static void canceller_go(struct canceller *canceller, PIRP irp)
{
    canceller->irp = irp;
    KeSetEvent(&canceller->go, IO_NO_INCREMENT, FALSE);
}

static void canceller_stop(struct canceller *canceller)
{
    canceller_go(canceller, NULL);
    system_thread_join(canceller->thread);
}

/* Whoever gets the IRP first, it completes once, before the close. */
static void test_close_races_with_the_cancel_of_an_accept(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *accept = request_create();
    struct wsk_request *close = request_create();
    struct canceller canceller;
    unsigned i;

    canceller_start(&canceller);
    for (i = 0; i < 100; i++) {
        USHORT port;
        PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
        NTSTATUS accepted;
        NTSTATUS closed;

        accepted = ((const WSK_PROVIDER_LISTEN_DISPATCH *)listener->Dispatch)
                       ->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(accept));
        canceller_go(&canceller, accept->irp);
        closed =
            ((const WSK_PROVIDER_BASIC_DISPATCH *)listener->Dispatch)->WskCloseSocket(listener, request_irp(close));
        assert_int_equal(request_wait(close, closed), STATUS_SUCCESS);
        assert_int_equal(request_wait(accept, accepted), STATUS_CANCELLED);
        assert_true(accept->order < close->order);
        assert_int_equal(KeWaitForSingleObject(&canceller.done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    }
    canceller_stop(&canceller);
    request_destroy(accept);
    request_destroy(close);
}

#define TESTS(X)                                                    \
    X(test_socket_without_client_and_irp_fails)                     \
    X(test_socket_returns_pending_although_it_completes_at_once)    \
    X(test_socket_of_two_categories_fails)                          \
    X(test_basic_socket_with_context_or_dispatch_fails)             \
    X(test_socket_with_a_table_of_null_pointers_succeeds)           \
    X(test_socket_of_an_unknown_transport_is_not_supported)         \
    X(test_socket_with_a_thread_without_its_process_fails)          \
    X(test_tables_begin_with_the_same_functions)                    \
    X(test_tables_have_no_empty_slot)                               \
    X(test_close_returns_pending_and_completes_with_success)        \
    X(test_close_at_dispatch_level_completes)                       \
    X(test_close_cancels_a_pending_accept_and_completes_after_it)   \
    X(test_close_inside_the_completion_routine_of_a_bind_completes) \
    X(test_close_completes_although_its_irp_is_cancelled)           \
    X(test_close_races_with_the_cancel_of_an_accept)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
