/* SPDX-License-Identifier: MIT */
/* IoCancelIrp of every request that can be pending, at every stage of its life and from every place in which a driver
 * runs. The orders of many requests and many cancels are the business of test_seeds_cancel and test_seeds_connect. */
#include "support/cancel_kind.h"
#include "support/stream_socket.h"

#include <string.h>

/* --- requests that pend ------------------------------------------------------------------------- */

/* Also built with WE_TEST_STREAM, for stream sockets in both of their roles. */
#ifdef WE_TEST_STREAM
static void open_connection(struct cancel_scene *scene)
{
    scene->socket = stream_open_peer(scene->fixture, AF_INET, NULL, NULL, &scene->peer);
}

static void open_listener(struct cancel_scene *scene)
{
    scene->socket = stream_open_listener(scene->fixture, AF_INET, NULL, NULL, &scene->port);
}

static NTSTATUS accept_call(PWSK_SOCKET socket, PIRP irp)
{
    return stream_table(socket)->WskAccept(socket, 0, NULL, NULL, NULL, NULL, irp);
}
#else
static void open_connection(struct cancel_scene *scene)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &port);

    scene->socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &scene->peer);
    socket_close(listener);
}

static void open_listener(struct cancel_scene *scene)
{
    scene->socket = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &scene->port);
}

static NTSTATUS accept_call(PWSK_SOCKET socket, PIRP irp)
{
    return ((const WSK_PROVIDER_LISTEN_DISPATCH *)socket->Dispatch)->WskAccept(socket, 0, NULL, NULL, NULL, NULL, irp);
}
#endif

/* A connection whose network is full. */
static void open_full(struct cancel_scene *scene)
{
    open_connection(scene);
    scene->before = conn_send_post(scene->socket, NULL, cancel_flood_bytes(scene), 0);
}

static NTSTATUS post_accept(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return accept_call(scene->socket, irp);
}

static NTSTATUS post_receive(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_waitall(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, WSK_FLAG_WAITALL, irp);
}

static NTSTATUS post_drain(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, WSK_FLAG_DRAIN, irp);
}

static NTSTATUS post_send(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskSend(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_disconnect(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskDisconnect(scene->socket, &request->buffer, 0, irp);
}

static void begin_waitall(struct cancel_scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "abc");
}

static void satisfy_accept(struct cancel_scene *scene)
{
    scene->peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
}

static void satisfy_receive(struct cancel_scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "abcdef");
}

static void satisfy_drain(struct cancel_scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "nothing");
    wsk_kit_peer_end(scene->peer);
}

/* The peer reads everything up to now; returns how much. */
static SIZE_T drain_peer(struct cancel_scene *scene, SIZE_T length)
{
    static unsigned char bytes[65536];
    SIZE_T done = 0;

    while (done < length) {
        SIZE_T left = length - done;
        SIZE_T got = wsk_kit_peer_receive(scene->peer, bytes, left < sizeof(bytes) ? left : sizeof(bytes));

        assert_true(got > 0);
        done += got;
    }
    return done;
}

static void satisfy_send(struct cancel_scene *scene)
{
    (void)drain_peer(scene, cancel_flood_bytes(scene));
}

static void prove_accept(struct cancel_scene *scene, SIZE_T moved)
{
    ULONG_PTR accepted;
    NTSTATUS status;

    assert_int_equal(moved, 0);
    scene->peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
    REQUEST_CALL(status, &accepted, irp, accept_call(scene->socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)accepted);
}

static void prove_receive(struct cancel_scene *scene, SIZE_T moved)
{
    UNREFERENCED_PARAMETER(moved);
    wsk_kit_peer_send_text(scene->peer, "the next");
    connection_expect_text(scene->socket, "the next");
}

/* The cancelled request has left no gap and no rest: what is sent next follows what has gone. */
static void prove_send(struct cancel_scene *scene, SIZE_T moved)
{
    SIZE_T before = scene->before == NULL ? 0 : cancel_flood_bytes(scene);
    struct conn_request *next = conn_send_post(scene->socket, "the next", 8, 0);

    (void)drain_peer(scene, before + moved);
    wsk_kit_peer_expect_text(scene->peer, "the next");
    conn_request_expect(next, STATUS_SUCCESS, 8);
}

/* The end is owed all the same, with as much before it as had gone out; a disconnect does not tell how much. */
static void prove_disconnect(struct cancel_scene *scene, SIZE_T moved)
{
    static unsigned char bytes[65536];
    SIZE_T total = 0;
    SIZE_T got;

    assert_int_equal(moved, 0);
    while ((got = wsk_kit_peer_receive(scene->peer, bytes, sizeof(bytes))) > 0) {
        total += got;
    }
    assert_true(total >= (scene->before == NULL ? 0 : cancel_flood_bytes(scene)));
    assert_true(total < 2 * cancel_flood_bytes(scene));
}

/* clang-format off */
static const struct cancel_kind s_kinds[] = {
    { "WskAccept", 0, true, open_listener, post_accept, NULL, satisfy_accept, prove_accept, 0, 0, NULL },
    { "WskReceive", 6, false, open_connection, post_receive, NULL, satisfy_receive, prove_receive, 0, 0, NULL },
    { "WskReceive, WAITALL", 6, false, open_connection, post_waitall, begin_waitall, satisfy_receive, prove_receive,
      3, 3, NULL },
    { "WskReceive, DRAIN", 0, false, open_connection, post_drain, NULL, satisfy_drain, prove_receive, 0, 0, NULL },
    { "WskSend, queued", 6, false, open_full, post_send, NULL, satisfy_send, prove_send, 0, 0, NULL },
    { "WskSend, begun", FLOOD, false, open_connection, post_send, NULL, satisfy_send, prove_send, 1, FLOOD - 1,
      NULL },
    { "WskDisconnect, queued", 6, false, open_full, post_disconnect, NULL, satisfy_send, prove_disconnect,
      0, 0, NULL },
    { "WskDisconnect, begun", FLOOD, false, open_connection, post_disconnect, NULL, satisfy_send, prove_disconnect,
      0, 0, NULL },
};
/* clang-format on */

/* --- one request, cancelled once ------------------------------------------------------------------ */

static void test_cancel_at_passive_level(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_PASSIVE);
}

static void test_cancel_at_dispatch_level(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_DISPATCH);
}

static void test_cancel_under_a_lock(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_UNDER_LOCK);
}

static void test_cancel_in_a_dpc(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_DPC);
}

static void test_cancel_in_another_processors_dpc(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_OTHER_PROCESSORS_DPC);
}

static void test_cancel_in_a_timer(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_TIMER);
}

static void test_cancel_on_a_thread(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_THREAD);
}

static void test_cancel_in_a_work_item(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_WORK_ITEM);
}

static void test_cancel_in_another_sockets_completion_routine(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_COMPLETION);
}

static void test_cancel_in_another_sockets_callback(void **state)
{
    cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), CONTEXT_CALLBACK);
}

/* --- the other stages ----------------------------------------------------------------------------- */

static void test_cancel_before_the_call(void **state)
{
    cancel_before_the_call(*state, s_kinds, ARRAYSIZE(s_kinds));
}

static void test_cancel_twice(void **state)
{
    cancel_twice(*state, s_kinds, ARRAYSIZE(s_kinds));
}

static void test_cancel_after_success(void **state)
{
    cancel_after_success(*state, s_kinds, ARRAYSIZE(s_kinds));
}

/* The close has cancelled the request already, and has not completed yet, because a callback runs. */
struct closing {
    struct cancel_scene scene;
    struct conn_request *request;
    struct wsk_request *close;
    NTSTATUS close_returned;
};

static void close_and_cancel(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    struct closing *closing = client->test_data;

    UNREFERENCED_PARAMETER(list);
    closing->close_returned =
        conn_table(client->socket)->Basic.WskCloseSocket(client->socket, request_irp(closing->close));
    closing->scene.was_pending = IoCancelIrp(closing->request->request->irp);
    (void)IoCancelIrp(closing->close->irp); /* has no effect: a close cannot be taken back */
}

static void test_cancel_while_the_close_waits_for_a_callback(void **state)
{
    struct conn_client *client = conn_client_create();
    struct closing closing = { .scene = { .fixture = *state }, .close = request_create() };

    client->on_receive = close_and_cancel;
    client->test_data = &closing;
    conn_accept(*state, client, 0, &closing.scene.peer);
    closing.request = conn_send_post(client->socket, NULL, cancel_flood_bytes(&closing.scene), 0);
    socket_events(client->socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(closing.scene.peer, "x");
    assert_int_equal(KeWaitForSingleObject(&closing.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(request_wait(closing.close, closing.close_returned), STATUS_SUCCESS);
    assert_false(closing.scene.was_pending);
    assert_true(closing.request->request->order < closing.close->order);
    assert_int_equal(conn_request_end(closing.request, NULL), STATUS_CANCELLED);
    request_destroy(closing.close);
    wsk_kit_peer_close(closing.scene.peer);
    conn_client_destroy(client);
}

/* --- requests that pend inside a callback only ------------------------------------------------------ */

/* A disable with an IRP waits for the callback that issued it; so does a verdict that is given inside WskInspectEvent.
 * Both can be cancelled there. */
struct inner {
    PWSK_SOCKET listener;
    struct wsk_request *request;
    NTSTATUS returned;
    BOOLEAN was_pending;
    WSK_EVENT_CALLBACK_CONTROL control;
};

static NTSTATUS WSKAPI disable_inside(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                      PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                      CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct inner *inner = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    UNREFERENCED_PARAMETER(AcceptSocket);
    UNREFERENCED_PARAMETER(AcceptSocketContext);
    UNREFERENCED_PARAMETER(AcceptSocketDispatch);
    inner->control.NpiId = &NPI_WSK_INTERFACE_ID;
    inner->control.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE;
    inner->returned =
        ((const WSK_PROVIDER_BASIC_DISPATCH *)inner->listener->Dispatch)
            ->WskControlSocket(inner->listener, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(inner->control),
                               &inner->control, 0, NULL, NULL, request_irp(inner->request));
    inner->was_pending = IoCancelIrp(inner->request->irp);
    return STATUS_REQUEST_NOT_ACCEPTED;
}

static WSK_INSPECT_ACTION WSKAPI verdict_inside(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                                PWSK_INSPECT_ID InspectID)
{
    struct inner *inner = SocketContext;
    WSK_INSPECT_ID id = *InspectID;

    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    inner->returned = ((const WSK_PROVIDER_LISTEN_DISPATCH *)inner->listener->Dispatch)
                          ->WskInspectComplete(inner->listener, &id, WskInspectReject, request_irp(inner->request));
    inner->was_pending = IoCancelIrp(inner->request->irp);
    return WskInspectPend;
}

static NTSTATUS WSKAPI no_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(InspectID);
    return STATUS_SUCCESS;
}

static NTSTATUS inner_run(void **state, const WSK_CLIENT_LISTEN_DISPATCH *dispatch, bool is_conditional)
{
    struct inner inner = { .request = request_create() };
    struct wsk_kit_peer *peer;
    NTSTATUS status;
    USHORT port;

    inner.listener = listener_open(*state, AF_INET, &inner, dispatch, is_conditional, &port);
    if (!is_conditional) {
        socket_events(inner.listener, WSK_EVENT_ACCEPT);
    }
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    assert_int_equal(KeWaitForSingleObject(&inner.request->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    status = request_wait(inner.request, inner.returned);
    assert_int_equal(status == STATUS_CANCELLED, inner.was_pending);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    if (!is_conditional) { /* the event is off, whatever became of the IRP */
        peer = wsk_kit_connect(WSK_KIT_IPV4, port);
        wsk_kit_peer_expect_connected(peer);
        socket_close(listener_accept(inner.listener, NULL, NULL));
        wsk_kit_peer_close(peer);
    }
    socket_close(inner.listener);
    request_destroy(inner.request);
    return status;
}

static void test_cancel_of_a_disable_inside_its_callback(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { disable_inside, NULL, NULL };

    assert_int_equal(inner_run(state, &dispatch, false), STATUS_CANCELLED);
}

/* The verdict stands; its IRP cannot be cancelled. */
static void test_cancel_of_a_verdict_inside_its_callback(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { NULL, verdict_inside, no_abort };

    assert_int_equal(inner_run(state, &dispatch, true), STATUS_SUCCESS);
}

#define TESTS(X)                                         \
    X(test_cancel_at_passive_level)                      \
    X(test_cancel_at_dispatch_level)                     \
    X(test_cancel_under_a_lock)                          \
    X(test_cancel_in_a_dpc)                              \
    X(test_cancel_in_another_processors_dpc)             \
    X(test_cancel_in_a_timer)                            \
    X(test_cancel_on_a_thread)                           \
    X(test_cancel_in_a_work_item)                        \
    X(test_cancel_in_another_sockets_completion_routine) \
    X(test_cancel_in_another_sockets_callback)           \
    X(test_cancel_before_the_call)                       \
    X(test_cancel_twice)                                 \
    X(test_cancel_after_success)                         \
    X(test_cancel_while_the_close_waits_for_a_callback)  \
    X(test_cancel_of_a_disable_inside_its_callback)      \
    X(test_cancel_of_a_verdict_inside_its_callback)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
