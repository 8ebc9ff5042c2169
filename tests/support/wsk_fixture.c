/* SPDX-License-Identifier: MIT */
/* A registered WSK client for tests, and calls that wait. */
#include "wsk_fixture.h"

#include <stdlib.h>
#include <string.h>

static volatile LONG s_completion_order;

/* --- registration --------------------------------------------------------------------------------- */

struct wsk_fixture *fixture_create(const struct contract_way *way)
{
    struct wsk_fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->way = way;
    fixture->client_dispatch.Version = MAKE_WSK_VERSION(1, 0);
    fixture->client_npi.ClientContext = fixture;
    fixture->client_npi.Dispatch = &fixture->client_dispatch;
    return fixture;
}

void fixture_register(struct wsk_fixture *fixture)
{
    assert_int_equal(WskRegister(&fixture->client_npi, &fixture->registration), STATUS_SUCCESS);
    fixture->is_registered = true;
}

void fixture_capture(struct wsk_fixture *fixture)
{
    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &fixture->npi), STATUS_SUCCESS);
    fixture->is_captured = true;
}

void fixture_release(struct wsk_fixture *fixture)
{
    fixture->is_captured = false;
    WskReleaseProviderNPI(&fixture->registration);
}

void fixture_deregister(struct wsk_fixture *fixture)
{
    fixture->is_registered = false;
    WskDeregister(&fixture->registration);
}

void fixture_destroy(struct wsk_fixture *fixture)
{
    if (fixture->is_captured) {
        fixture_release(fixture);
    }
    if (fixture->is_registered) {
        fixture_deregister(fixture);
    }
    free(fixture);
}

int fixture_setup(void **state)
{
    struct wsk_fixture *fixture = fixture_create(*state);

    fixture_register(fixture);
    fixture_capture(fixture);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_destroy(*state);
    *state = NULL;
    return 0;
}

/* --- requests ------------------------------------------------------------------------------------- */

static NTSTATUS NTAPI request_completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct wsk_request *request = Context;

    (void)DeviceObject;
    request->result = Irp->IoStatus;
    request->is_pending_returned = Irp->PendingReturned;
    request->is_still_cancelable = __atomic_load_n(&Irp->CancelRoutine, __ATOMIC_RELAXED) != NULL;
    request->is_cancel_set = __atomic_load_n(&Irp->Cancel, __ATOMIC_RELAXED); /* IoCancelIrp may run at this moment */
    request->irql = KeGetCurrentIrql();
    request->order = (ULONG_PTR)InterlockedIncrement(&s_completion_order);
    InterlockedIncrement(&request->completion_count);
    InterlockedIncrement(&request->chain.completions);
    InterlockedExchangeAdd(&request->chain.pending_completions, request->is_pending_returned != FALSE);
    if (request->completed != NULL) {
        request->completed(request);
    }
    KeSetEvent(&request->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

struct wsk_request *request_create(void)
{
    struct wsk_request *request = calloc(1, sizeof(*request));

    assert_non_null(request);
    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    request->irp = IoAllocateIrp(1, FALSE);
    assert_non_null(request->irp);
    IoSetCompletionRoutine(request->irp, request_completed, request, TRUE, TRUE, TRUE);
    return request;
}

/* Nobody may use or drop a request whose completion was not held against what the call returned. */
static void request_require_judged(struct wsk_request *request)
{
    const struct wsk_request_chain *chain = &request->chain;

    if (request->completion_count > 1) {
        fail_msg("a request was completed %d times", (int)request->completion_count);
    }
    if (chain->calls > 0) {
        if (chain->calls != chain->completions || chain->pending_calls != chain->pending_completions) {
            fail_msg("of %d calls with one request %d returned STATUS_PENDING; of %d completions %d were marked",
                     (int)chain->calls, (int)chain->pending_calls, (int)chain->completions,
                     (int)chain->pending_completions);
        }
    } else if (request->completion_count > 0 && !request->is_judged) {
        fail_msg("a request was completed, but request_wait never saw what its call had returned");
    }
}

void request_destroy(struct wsk_request *request)
{
    request_require_judged(request);
    IoFreeIrp(request->irp);
    free(request);
}

/* Makes the IRP new. */
static PIRP request_renew(struct wsk_request *request)
{
    KeClearEvent(&request->done);
    request->completion_count = 0;
    request->is_judged = false;
    IoReuseIrp(request->irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(request->irp, request_completed, request, TRUE, TRUE, TRUE);
    return request->irp;
}

PIRP request_irp(struct wsk_request *request)
{
    request_require_judged(request);
    memset(&request->chain, 0, sizeof(request->chain));
    return request_renew(request);
}

PIRP request_irp_of_chain(struct wsk_request *request)
{
    return request_renew(request);
}

NTSTATUS request_note(struct wsk_request *request, NTSTATUS returned)
{
    InterlockedExchangeAdd(&request->chain.pending_calls, returned == STATUS_PENDING);
    InterlockedIncrement(&request->chain.calls);
    return returned;
}

const char *request_disagreement(const struct wsk_request *request, NTSTATUS returned)
{
    const IO_STATUS_BLOCK *kept = &request->irp->IoStatus;

    if (request->completion_count != 1) {
        return request->completion_count == 0 ? "it was never completed" : "it was completed more than once";
    }
    if (request->result.Status == STATUS_PENDING) {
        return "it was completed with STATUS_PENDING";
    }
    if (returned == STATUS_PENDING && request->is_pending_returned == FALSE) {
        return "the call returned STATUS_PENDING, but PendingReturned was FALSE";
    }
    if (returned != STATUS_PENDING && request->is_pending_returned != FALSE) {
        return "the call returned its result at once, but PendingReturned was TRUE";
    }
    if (returned != STATUS_PENDING && request->result.Status != returned) {
        return "the call returned another status than the one in IoStatus";
    }
    if (kept->Status != request->result.Status || kept->Information != request->result.Information) {
        return "IoStatus was changed after the completion";
    }
    return request->is_still_cancelable ? "it was completed with its cancel routine in place" : NULL;
}

NTSTATUS request_wait(struct wsk_request *request, NTSTATUS returned)
{
    const char *disagreement;

    assert_int_equal(KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    request->is_judged = true;
    disagreement = request_disagreement(request, returned);
    if (disagreement != NULL) {
        fail_msg("a request: %s (returned 0x%08x, IoStatus 0x%08x, completed %d times)", disagreement,
                 (unsigned)returned, (unsigned)request->result.Status, (int)request->completion_count);
    }
    return request->result.Status;
}

bool request_is_done(struct wsk_request *request)
{
    return KeReadStateEvent(&request->done) != 0;
}

void request_store_information(const struct wsk_request *request, ULONG_PTR *information)
{
    if (information != NULL) {
        *information = request->result.Information;
    }
}

/* --- addresses ------------------------------------------------------------------------------------ */

static USHORT swap16(USHORT value)
{
    return (USHORT)(value << 8 | value >> 8);
}

static SOCKADDR_STORAGE address_make(ADDRESS_FAMILY family, USHORT port, bool is_loopback)
{
    SOCKADDR_STORAGE address;

    memset(&address, 0, sizeof(address));
    if (family == AF_INET6) {
        SOCKADDR_IN6 *in6 = (SOCKADDR_IN6 *)&address;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = swap16(port);
        in6->sin6_addr.u.Byte[15] = is_loopback ? 1 : 0;
    } else {
        SOCKADDR_IN *in = (SOCKADDR_IN *)&address;

        in->sin_family = AF_INET;
        in->sin_port = swap16(port);
        if (is_loopback) {
            in->sin_addr.S_un.S_un_b.s_b1 = 127;
            in->sin_addr.S_un.S_un_b.s_b4 = 1;
        }
    }
    return address;
}

SOCKADDR_STORAGE address_loopback(ADDRESS_FAMILY family, USHORT port)
{
    return address_make(family, port, true);
}

SOCKADDR_STORAGE address_any(ADDRESS_FAMILY family, USHORT port)
{
    return address_make(family, port, false);
}

USHORT address_port(const SOCKADDR_STORAGE *address)
{
    /* The port lies at the same place in both families. */
    return swap16(((const SOCKADDR_IN *)address)->sin_port);
}

enum wsk_kit_family fixture_kit_family(ADDRESS_FAMILY family)
{
    return family == AF_INET6 ? WSK_KIT_IPV6 : WSK_KIT_IPV4;
}

/* --- sockets -------------------------------------------------------------------------------------- */

static const WSK_PROVIDER_BASIC_DISPATCH *basic_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

static const WSK_PROVIDER_LISTEN_DISPATCH *listen_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

static const WSK_PROVIDER_CONNECTION_DISPATCH *connection_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

NTSTATUS socket_open_try(struct wsk_fixture *fixture, ULONG flags, ADDRESS_FAMILY family, USHORT type, ULONG protocol,
                         PVOID context, CONST VOID *dispatch, PWSK_SOCKET *socket)
{
    NTSTATUS status;
    ULONG_PTR information;

    REQUEST_CALL(status, &information, irp,
                 fixture->npi.Dispatch->WskSocket(fixture->npi.Client, family, type, protocol, flags, context, dispatch,
                                                  NULL, NULL, NULL, irp));
    *socket = NT_SUCCESS(status) ? (PWSK_SOCKET)information : NULL;
    return status;
}

PWSK_SOCKET socket_open(struct wsk_fixture *fixture, ULONG flags, ADDRESS_FAMILY family, PVOID context,
                        CONST VOID *dispatch)
{
    PWSK_SOCKET socket;

    assert_int_equal(socket_open_try(fixture, flags, family, SOCK_STREAM, IPPROTO_TCP, context, dispatch, &socket),
                     STATUS_SUCCESS);
    assert_non_null(socket);
    assert_non_null(socket->Dispatch);
    return socket;
}

NTSTATUS socket_bind_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *address)
{
    SOCKADDR_STORAGE local = *address;
    NTSTATUS status;
    ULONG_PTR information;

    /* Slot 2 is WskBind in the tables of all categories that have it. */
    REQUEST_CALL(status, &information, irp, listen_table(socket)->WskBind(socket, (PSOCKADDR)&local, 0, irp));
    assert_int_equal(information, 0);
    return status;
}

void socket_bind_loopback(PWSK_SOCKET socket, ADDRESS_FAMILY family)
{
    SOCKADDR_STORAGE address = address_loopback(family, 0);

    assert_int_equal(socket_bind_try(socket, &address), STATUS_SUCCESS);
}

void socket_close(PWSK_SOCKET socket)
{
    NTSTATUS status;
    ULONG_PTR information;

    REQUEST_CALL(status, &information, irp, basic_table(socket)->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, 0);
}

SOCKADDR_STORAGE socket_local(PWSK_SOCKET socket, bool is_listener)
{
    SOCKADDR_STORAGE address;
    NTSTATUS status;

    memset(&address, 0, sizeof(address));
    if (is_listener) {
        REQUEST_CALL(status, NULL, irp, listen_table(socket)->WskGetLocalAddress(socket, (PSOCKADDR)&address, irp));
    } else {
        REQUEST_CALL(status, NULL, irp, connection_table(socket)->WskGetLocalAddress(socket, (PSOCKADDR)&address, irp));
    }
    assert_int_equal(status, STATUS_SUCCESS);
    return address;
}

NTSTATUS socket_set_option(PWSK_SOCKET socket, ULONG level, ULONG option, const void *value, SIZE_T size)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 basic_table(socket)->WskControlSocket(socket, WskSetOption, option, level, size, (PVOID)value, 0, NULL,
                                                       NULL, irp));
    return status;
}

NTSTATUS socket_get_option(PWSK_SOCKET socket, ULONG level, ULONG option, void *value, SIZE_T size, SIZE_T *returned)
{
    NTSTATUS status;
    ULONG_PTR information;

    REQUEST_CALL(
        status, &information, irp,
        basic_table(socket)->WskControlSocket(socket, WskGetOption, option, level, 0, NULL, size, value, NULL, irp));
    if (returned != NULL) {
        *returned = information;
    }
    return status;
}

NTSTATUS socket_set_ulong(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG value)
{
    return socket_set_option(socket, level, option, &value, sizeof(value));
}

NTSTATUS socket_ioctl(PWSK_SOCKET socket, ULONG code, const void *input, SIZE_T input_size, void *output,
                      SIZE_T output_size, ULONG_PTR *information)
{
    NTSTATUS status;

    REQUEST_CALL(status, information, irp,
                 basic_table(socket)->WskControlSocket(socket, WskIoctl, code, 0, input_size, (PVOID)input, output_size,
                                                       output, NULL, irp));
    return status;
}

NTSTATUS socket_events_try(PWSK_SOCKET socket, ULONG mask)
{
    WSK_EVENT_CALLBACK_CONTROL control;

    control.NpiId = &NPI_WSK_INTERFACE_ID;
    control.EventMask = mask;
    return basic_table(socket)->WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                                 sizeof(control), &control, 0, NULL, NULL, NULL);
}

void socket_events(PWSK_SOCKET socket, ULONG mask)
{
    assert_int_equal(socket_events_try(socket, mask), STATUS_SUCCESS);
}

/* --- listeners and connections -------------------------------------------------------------------- */

PWSK_SOCKET listener_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                          const WSK_CLIENT_LISTEN_DISPATCH *dispatch, bool is_conditional, USHORT *port)
{
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, family, context, dispatch);
    SOCKADDR_STORAGE local;

    if (is_conditional) {
        assert_int_equal(socket_set_ulong(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1), STATUS_SUCCESS);
    }
    socket_bind_loopback(listener, family);
    local = socket_local(listener, true);
    assert_int_not_equal(address_port(&local), 0);
    *port = address_port(&local);
    return listener;
}

PWSK_SOCKET listener_accept(PWSK_SOCKET listener, PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH *dispatch)
{
    NTSTATUS status;
    ULONG_PTR information;

    REQUEST_CALL(status, &information, irp,
                 listen_table(listener)->WskAccept(listener, 0, context, dispatch, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_not_equal(information, 0);
    return (PWSK_SOCKET)information;
}

PWSK_SOCKET listener_accept_peer(PWSK_SOCKET listener, ADDRESS_FAMILY family, USHORT port, PVOID context,
                                 const WSK_CLIENT_CONNECTION_DISPATCH *dispatch, struct wsk_kit_peer **peer)
{
    PWSK_SOCKET accepted;

    *peer = wsk_kit_connect(fixture_kit_family(family), port);
    accepted = listener_accept(listener, context, dispatch);
    wsk_kit_peer_expect_connected(*peer);
    return accepted;
}

PWSK_SOCKET connection_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                  const WSK_CLIENT_CONNECTION_DISPATCH *dispatch)
{
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, family, context, dispatch);
    SOCKADDR_STORAGE any = address_any(family, 0);

    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    return socket;
}

NTSTATUS connection_connect_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote)
{
    SOCKADDR_STORAGE address = *remote;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, connection_table(socket)->WskConnect(socket, (PSOCKADDR)&address, 0, irp));
    return status;
}

PWSK_SOCKET connection_open_peer(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                 const WSK_CLIENT_CONNECTION_DISPATCH *dispatch, struct wsk_kit_peer **peer)
{
    PWSK_SOCKET socket = connection_open_bound(fixture, family, context, dispatch);
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(family));
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_server_port(server));

    struct wsk_request *request = request_create();
    NTSTATUS returned;

    returned = connection_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, request_irp(request));
    *peer = wsk_kit_server_accept(server);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
    wsk_kit_server_close(server);
    return socket;
}

NTSTATUS connection_send_try(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags, SIZE_T *sent)
{
    WSK_BUF buffer;
    NTSTATUS status;
    ULONG_PTR information;
    void *copy = malloc(length + 1); /* the bytes may lie in read-only memory, which cannot be locked for writing */

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    buffer_init(&buffer, copy, length);
    REQUEST_CALL(status, &information, irp, connection_table(socket)->WskSend(socket, &buffer, flags, irp));
    buffer_fini(&buffer);
    free(copy);
    if (sent != NULL) {
        *sent = information;
    }
    return status;
}

void connection_send_text(PWSK_SOCKET socket, const char *text)
{
    SIZE_T sent;

    assert_int_equal(connection_send_try(socket, text, strlen(text), 0, &sent), STATUS_SUCCESS);
    assert_int_equal(sent, strlen(text));
}

NTSTATUS connection_receive_try(PWSK_SOCKET socket, void *bytes, SIZE_T size, ULONG flags, SIZE_T *received)
{
    WSK_BUF buffer;
    NTSTATUS status;
    ULONG_PTR information;

    buffer_init(&buffer, bytes, size);
    REQUEST_CALL(status, &information, irp, connection_table(socket)->WskReceive(socket, &buffer, flags, irp));
    buffer_fini(&buffer);
    if (received != NULL) {
        *received = information;
    }
    return status;
}

void connection_expect_text(PWSK_SOCKET socket, const char *text)
{
    char bytes[256];
    SIZE_T received;

    assert_true(strlen(text) <= sizeof(bytes));
    assert_int_equal(connection_receive_try(socket, bytes, strlen(text), WSK_FLAG_WAITALL, &received), STATUS_SUCCESS);
    assert_int_equal(received, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

NTSTATUS connection_disconnect_try(PWSK_SOCKET socket, ULONG flags)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, connection_table(socket)->WskDisconnect(socket, NULL, flags, irp));
    return status;
}

/* --- buffers -------------------------------------------------------------------------------------- */

void buffer_init(WSK_BUF *buffer, void *bytes, SIZE_T length)
{
    memset(buffer, 0, sizeof(*buffer));
    if (length == 0) {
        return;
    }
    buffer->Mdl = IoAllocateMdl(bytes, (ULONG)length, FALSE, FALSE, NULL);
    assert_non_null(buffer->Mdl);
    /* The bytes are anywhere in the test's memory, not in nonpaged pool: they must be locked. */
    MmProbeAndLockPages(buffer->Mdl, KernelMode, IoModifyAccess);
    buffer->Length = length;
}

void buffer_fini(WSK_BUF *buffer)
{
    if (buffer->Mdl != NULL) {
        MmUnlockPages(buffer->Mdl);
        IoFreeMdl(buffer->Mdl);
        buffer->Mdl = NULL;
    }
}
