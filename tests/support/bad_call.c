/* SPDX-License-Identifier: MIT */
/* Calls of every function of the dispatch tables, right in everything but in what a test spoils. */
#include "bad_call.h"

#include <string.h>

/* --- the scene -------------------------------------------------------------------------------- */

const char *subject_name(enum subject subject)
{
    static const char *const names[SUBJECT_COUNT] = { "NULL",
                                                      "a wild pointer",
                                                      "a closed socket",
                                                      "a basic one",
                                                      "a listener",
                                                      "a conditional one",
                                                      "an unbound one",
                                                      "a bound one",
                                                      "a connected one",
                                                      "an unbound datagram one",
                                                      "a datagram one",
                                                      "an unbound stream",
                                                      "a bound stream",
                                                      "a listening stream",
                                                      "a connected stream" };

    return names[subject];
}

static unsigned char s_wild[4096]; /* what the wild socket points to */

static WSK_INSPECT_ACTION WSKAPI reject_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                                PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    UNREFERENCED_PARAMETER(InspectID);
    return WskInspectReject;
}

static NTSTATUS WSKAPI no_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(InspectID);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_conditional_dispatch = { NULL, reject_inspect, no_abort };

void scene_open(struct scene *scene, struct wsk_fixture *fixture)
{
    USHORT port;

    memset(scene, 0, sizeof(*scene));
    scene->fixture = fixture;
    scene->provider = fixture->npi.Dispatch;
    scene->client = fixture->npi.Client;
    scene->sockets[WILD] = (PWSK_SOCKET)(void *)s_wild;
    scene->sockets[BASIC] = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    scene->sockets[LISTENER] = listener_open(fixture, AF_INET, NULL, NULL, false, &scene->port);
    scene->sockets[CONDITIONAL] = listener_open(fixture, AF_INET, NULL, &s_conditional_dispatch, true, &port);
    scene->sockets[UNBOUND] = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    scene->sockets[BOUND] = connection_open_bound(fixture, AF_INET, NULL, NULL);
    scene->sockets[CONNECTED] =
        listener_accept_peer(scene->sockets[LISTENER], AF_INET, scene->port, NULL, NULL, &scene->peer);
    scene->sockets[DATAGRAM_UNBOUND] = dgram_open(fixture, AF_INET, NULL, NULL);
    scene->sockets[DATAGRAM] = dgram_open_bound(fixture, AF_INET, NULL, NULL, &scene->datagram_port);
    scene->datagram_peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    scene->sockets[STREAM_UNBOUND] = stream_open(fixture, AF_INET, NULL, NULL);
    scene->sockets[STREAM_BOUND] = stream_open_bound(fixture, AF_INET, NULL, NULL);
    scene->sockets[STREAM_LISTENER] = stream_open_listener(fixture, AF_INET, NULL, NULL, &scene->stream_port);
    scene->sockets[STREAM_CONNECTED] = stream_open_peer(fixture, AF_INET, NULL, NULL, &scene->stream_peer);
    scene->sockets[CLOSED] = connection_open_bound(fixture, AF_INET, NULL, NULL);
    socket_close(scene->sockets[CLOSED]);
    scene->listen = scene->sockets[LISTENER]->Dispatch;
    scene->connection = scene->sockets[CONNECTED]->Dispatch;
    scene->stream = scene->sockets[STREAM_UNBOUND]->Dispatch;
    scene->datagram = scene->sockets[DATAGRAM]->Dispatch;
}

static void expect_talk(PWSK_SOCKET socket, struct wsk_kit_peer *peer)
{
    connection_send_text(socket, "still here");
    wsk_kit_peer_expect_text(peer, "still here");
    wsk_kit_peer_send_text(peer, "so am I");
    connection_expect_text(socket, "so am I");
}

static void expect_datagrams(const struct scene *scene)
{
    dgram_send_text(scene->sockets[DATAGRAM], AF_INET, wsk_kit_datagram_port(scene->datagram_peer), "still here");
    wsk_kit_datagram_expect_text(scene->datagram_peer, "still here");
    wsk_kit_datagram_send_text(scene->datagram_peer, scene->datagram_port, "so am I");
    dgram_receive_expect(dgram_receive_post(scene->sockets[DATAGRAM], BYTES, 0), STATUS_SUCCESS, "so am I");
}

static void expect_streams(const struct scene *scene)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, scene->stream_port);
    PWSK_SOCKET accepted;

    assert_int_equal(stream_accept_try(scene->sockets[STREAM_LISTENER], NULL, NULL, &accepted), STATUS_SUCCESS);
    expect_talk(accepted, peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    expect_talk(scene->sockets[STREAM_CONNECTED], scene->stream_peer);
    assert_int_equal(stream_listen_try(scene->sockets[STREAM_BOUND]), STATUS_SUCCESS);
}

void scene_close(struct scene *scene)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted;

    expect_talk(scene->sockets[CONNECTED], scene->peer);
    expect_datagrams(scene);
    expect_streams(scene);
    accepted = listener_accept_peer(scene->sockets[LISTENER], AF_INET, scene->port, NULL, NULL, &peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    for (unsigned subject = BASIC; subject < SUBJECT_COUNT; subject++) {
        socket_close(scene->sockets[subject]);
    }
    wsk_kit_peer_close(scene->peer);
    wsk_kit_peer_close(scene->stream_peer);
    wsk_kit_datagram_close(scene->datagram_peer);
}

/* --- functions -------------------------------------------------------------------------------- */

static NTSTATUS call_socket(const struct call *call, PIRP irp)
{
    return call->scene->provider->WskSocket(call->client, call->family, call->type, call->protocol, call->flags,
                                            call->context, call->dispatch, NULL, call->thread, NULL, irp);
}

static NTSTATUS call_socket_connect(const struct call *call, PIRP irp)
{
    return call->scene->provider->WskSocketConnect(call->client, call->type, call->protocol, call->address,
                                                   call->address, call->flags, NULL, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_get_address_info(const struct call *call, PIRP irp)
{
    PADDRINFOEXW result = NULL;

    return call->scene->provider->WskGetAddressInfo(call->client, NULL, NULL, 0, NULL, NULL, &result, NULL, NULL, irp);
}

static NTSTATUS call_get_name_info(const struct call *call, PIRP irp)
{
    return call->scene->provider->WskGetNameInfo(call->client, call->address, sizeof(SOCKADDR_IN), NULL, NULL, 0, NULL,
                                                 NULL, irp);
}

static NTSTATUS call_control_client(const struct call *call, PIRP irp)
{
    return call->scene->provider->WskControlClient(call->client, call->code, call->input_size, call->input,
                                                   call->output_size, call->output, call->returned_size_pointer, irp);
}

static NTSTATUS call_control_socket(const struct call *call, PIRP irp)
{
    return call->scene->connection->Basic.WskControlSocket(call->socket, call->request_type, call->code, call->level,
                                                           call->input_size, call->input, call->output_size,
                                                           call->output, call->returned_size_pointer, irp);
}

static NTSTATUS call_close(const struct call *call, PIRP irp)
{
    return call->scene->connection->Basic.WskCloseSocket(call->socket, irp);
}

static NTSTATUS call_bind(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskBind(call->socket, call->address, call->flags, irp);
}

static NTSTATUS call_accept(const struct call *call, PIRP irp)
{
    return call->scene->listen->WskAccept(call->socket, call->flags, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_inspect_complete(const struct call *call, PIRP irp)
{
    return call->scene->listen->WskInspectComplete(call->socket, call->inspect_id_pointer, call->action, irp);
}

static NTSTATUS call_get_local_address(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskGetLocalAddress(call->socket, call->address, irp);
}

static NTSTATUS call_get_remote_address(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskGetRemoteAddress(call->socket, call->address, irp);
}

static NTSTATUS call_connect(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskConnect(call->socket, call->address, call->flags, irp);
}

static NTSTATUS call_connect_ex(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskConnectEx(call->socket, call->address, call->buffer_pointer, call->flags, irp);
}

static NTSTATUS call_send(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskSend(call->socket, call->buffer_pointer, call->flags, irp);
}

static NTSTATUS call_send_ex(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskSendEx(call->socket, call->buffer_pointer, call->flags, 0, NULL, irp);
}

static NTSTATUS call_receive(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskReceive(call->socket, call->buffer_pointer, call->flags, irp);
}

static NTSTATUS call_receive_ex(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskReceiveEx(call->socket, call->buffer_pointer, call->flags, NULL, NULL, NULL,
                                                 irp);
}

static NTSTATUS call_disconnect(const struct call *call, PIRP irp)
{
    return call->scene->connection->WskDisconnect(call->socket, call->buffer_pointer, call->flags, irp);
}

static NTSTATUS call_release(const struct call *call, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return call->scene->connection->WskRelease(call->socket, call->indication);
}

static NTSTATUS call_listen(const struct call *call, PIRP irp)
{
    return call->scene->stream->WskListen(call->socket, irp);
}

static NTSTATUS call_send_to(const struct call *call, PIRP irp)
{
    return call->scene->datagram->WskSendTo(call->socket, call->buffer_pointer, call->flags, call->address,
                                            call->control_length, call->control, irp);
}

static NTSTATUS call_send_messages(const struct call *call, PIRP irp)
{
    return call->scene->datagram->WskSendMessages(call->socket, call->list_pointer, call->flags, call->address,
                                                  call->control_length, call->control, irp);
}

static NTSTATUS call_receive_from(const struct call *call, PIRP irp)
{
    return call->scene->datagram->WskReceiveFrom(call->socket, call->buffer_pointer, call->flags, call->address,
                                                 call->control_length_pointer, call->control, NULL, irp);
}

static NTSTATUS call_release_datagrams(const struct call *call, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    return call->scene->datagram->WskRelease(call->socket, call->datagrams);
}

/* clang-format off */
#define OF_TRANSFERS (OF_CONNECTIONS | OF_STREAMS)

const struct function fn_socket             = { "WskSocket", call_socket, IRP_REQUIRED, 0 };
const struct function fn_socket_connect     = { "WskSocketConnect", call_socket_connect, IRP_REQUIRED, 0 };
const struct function fn_get_address_info   = { "WskGetAddressInfo", call_get_address_info, IRP_REQUIRED, 0 };
const struct function fn_get_name_info      = { "WskGetNameInfo", call_get_name_info, IRP_REQUIRED, 0 };
const struct function fn_control_client     = { "WskControlClient", call_control_client, IRP_OPTIONAL, 0 };
const struct function fn_control_socket     = { "WskControlSocket", call_control_socket, IRP_OPTIONAL, OF_ANY };
const struct function fn_close              = { "WskCloseSocket", call_close, IRP_REQUIRED, OF_ANY };
const struct function fn_bind               = { "WskBind", call_bind, IRP_REQUIRED, OF_ANY & ~(1u << BASIC) };
const struct function fn_accept             = { "WskAccept", call_accept, IRP_REQUIRED,
                                                      OF_LISTENERS | OF_STREAMS };
const struct function fn_inspect_complete   = { "WskInspectComplete", call_inspect_complete, IRP_REQUIRED, OF_LISTENERS };
const struct function fn_get_local_address  = { "WskGetLocalAddress", call_get_local_address, IRP_REQUIRED,
                                                      OF_ANY & ~(1u << BASIC) };
const struct function fn_get_remote_address = { "WskGetRemoteAddress", call_get_remote_address, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_connect            = { "WskConnect", call_connect, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_connect_ex         = { "WskConnectEx", call_connect_ex, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_send               = { "WskSend", call_send, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_send_ex            = { "WskSendEx", call_send_ex, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_receive            = { "WskReceive", call_receive, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_receive_ex         = { "WskReceiveEx", call_receive_ex, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_disconnect         = { "WskDisconnect", call_disconnect, IRP_REQUIRED, OF_TRANSFERS };
const struct function fn_release            = { "WskRelease", call_release, IRP_NONE, OF_TRANSFERS };
const struct function fn_listen             = { "WskListen", call_listen, IRP_REQUIRED, OF_STREAMS };
const struct function fn_send_to            = { "WskSendTo", call_send_to, IRP_REQUIRED, OF_DATAGRAMS };
const struct function fn_send_messages      = { "WskSendMessages", call_send_messages, IRP_REQUIRED, OF_DATAGRAMS };
const struct function fn_receive_from       = { "WskReceiveFrom", call_receive_from, IRP_REQUIRED, OF_DATAGRAMS };
const struct function fn_release_datagrams  = { "WskRelease", call_release_datagrams, IRP_NONE, OF_DATAGRAMS };
/* clang-format on */

const struct function *const bad_call_functions[] = {
    &fn_socket,
    &fn_socket_connect,
    &fn_get_address_info,
    &fn_get_name_info,
    &fn_control_client,
    &fn_control_socket,
    &fn_close,
    &fn_bind,
    &fn_accept,
    &fn_inspect_complete,
    &fn_get_local_address,
    &fn_get_remote_address,
    &fn_connect,
    &fn_connect_ex,
    &fn_send,
    &fn_send_ex,
    &fn_receive,
    &fn_receive_ex,
    &fn_disconnect,
    &fn_release,
    &fn_listen,
    &fn_send_to,
    &fn_send_messages,
    &fn_receive_from,
    &fn_release_datagrams,
};
const size_t bad_call_function_count = ARRAYSIZE(bad_call_functions);

/* --- one call --------------------------------------------------------------------------------- */

static void call_init(struct call *call, const struct scene *scene)
{
    memset(call, 0, sizeof(*call));
    call->scene = scene;
    call->client = scene->client;
    call->storage = address_loopback(AF_INET, 0);
    call->address = (PSOCKADDR)&call->storage;
    buffer_init(&call->buffer, call->bytes, sizeof(call->bytes));
    call->mdl = call->buffer.Mdl;
    call->buffer_pointer = &call->buffer;
    call->list[0].Buffer = call->buffer;
    call->list[0].Next = &call->list[1];
    call->list[1].Buffer = call->buffer;
    call->list_pointer = call->list;
    call->control_length_pointer = &call->control_length;
    call->family = AF_INET;
    call->type = SOCK_STREAM;
    call->protocol = IPPROTO_TCP;
    call->level = SOL_SOCKET;
    call->events.NpiId = &NPI_WSK_INTERFACE_ID;
    call->events.EventMask = WSK_EVENT_RECEIVE;
    call->returned_size_pointer = &call->returned_size;
    call->inspect_id_pointer = &call->inspect_id;
    call->action = WskInspectAccept;
}

static enum subject subject_usual(const struct function *function)
{
    static const enum subject usual[] = { CONNECTED, LISTENER, DATAGRAM, STREAM_BOUND };

    for (size_t index = 0; index < ARRAYSIZE(usual); index++) {
        if ((function->subjects & 1u << usual[index]) != 0) {
            return usual[index];
        }
    }
    return NOBODY;
}

void call_begin(struct call *call, const struct scene *scene, const struct function *function)
{
    call_init(call, scene);
    call->socket = scene->sockets[subject_usual(function)];
    if (function == &fn_control_client || function == &fn_control_socket) {
        call->code = function == &fn_control_client ? WSK_TRANSPORT_LIST_QUERY : SO_KEEPALIVE;
        call->request_type = WskGetOption;
        call->output = call->room;
        call->output_size = sizeof(call->room);
    }
    if (function == &fn_disconnect) {
        call->buffer_pointer = NULL;
    }
}

void call_end(struct call *call)
{
    call->buffer.Mdl = call->mdl;
    buffer_fini(&call->buffer);
}

void call_expect(const struct function *function, struct call *call, enum irp_kind kind,
                 const struct expected *expected, const char *what)
{
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    size_t reports = 0;
    size_t reported = 0;
    NTSTATUS returned;
    NTSTATUS status;

    if (kind == FULL_IRP) {
        irp = IoAllocateIrp(0, FALSE);
    }
    if (expected->report != NULL) {
        reports = wsk_kit_report_count(expected->report);
        wsk_kit_expect_report(expected->report);
    }
    returned = function->call(call, kind == NO_IRP ? NULL : irp);
    if (expected->report != NULL) {
        reported = wsk_kit_report_count(expected->report) - reports;
    }
    if (kind == GOOD_IRP && function->irp != IRP_NONE) {
        status = request_wait(request, returned);
        if (!NT_SUCCESS(status) && request->result.Information != 0) {
            fail_msg("%s, %s: failed with Information %zu", function->name, what, (size_t)request->result.Information);
        }
    } else {
        status = returned;
        wsk_kit_run_until_idle();
        if (request->completion_count != 0) {
            fail_msg("%s, %s: an IRP was completed that was never taken", function->name, what);
        }
    }
    if (status != expected->status) {
        fail_msg("%s, %s: 0x%08x instead of 0x%08x", function->name, what, (unsigned)status,
                 (unsigned)expected->status);
    }
    if (expected->report != NULL &&
        (reported != 1 || (function != &fn_control_socket && strstr(wsk_kit_last_report(), function->name) == NULL))) {
        fail_msg("%s, %s: %zu reports of %s, and the last one says:\n%s", function->name, what, reported,
                 expected->report, wsk_kit_last_report());
    }
    if (kind == FULL_IRP) {
        IoFreeIrp(irp);
    }
    request_destroy(request);
}

/* --- tables of wrong arguments ------------------------------------------------------------------ */

void bad_rows_check(void **state, const struct bad_row *rows, size_t count)
{
    struct scene scene;

    scene_open(&scene, *state);
    for (size_t index = 0; index < count; index++) {
        const struct bad_row *row = &rows[index];
        struct call call;

        call_begin(&call, &scene, row->function);
        if (row->subject != NOBODY) {
            call.socket = scene.sockets[row->subject];
        }
        row->spoil(&call);
        call_expect(row->function, &call, row->irp, &row->expected, row->what);
        call_end(&call);
    }
    scene_close(&scene);
}
