/* SPDX-License-Identifier: MIT */
/* IoCancelIrp of every request that can be pending, at every stage of its life and from every place in which a driver
 * runs. The orders of many requests and many cancels are the business of test_seeds_cancel and test_seeds_connect. */
#include "support/contexts.h"

#include <string.h>

/* --- requests that pend ------------------------------------------------------------------------- */

struct scene {
    struct wsk_fixture *fixture;
    PWSK_SOCKET socket;
    USHORT port; /* of a listener */
    struct wsk_kit_peer *peer;
    struct conn_request *before; /* what the request waits for, or NULL */
    PIRP irp;
    BOOLEAN was_pending; /* what IoCancelIrp said */
};

/* In the table: more than the network takes while nobody reads. */
#define FLOOD (~(SIZE_T)0)

static SIZE_T flood_bytes(const struct scene *scene)
{
    return scene->fixture->way->is_virtual ? 1024 * 1024 : 16 * 1024 * 1024;
}

struct kind {
    const char *name;
    SIZE_T buffer_bytes;
    void (*open)(struct scene *scene);
    NTSTATUS (*post)(struct scene *scene, struct conn_request *request, PIRP irp);
    /* Makes it begin, as far as it can without being done; NULL: it cannot begin. */
    void (*begin)(struct scene *scene);
    /* Makes it succeed. */
    void (*satisfy)(struct scene *scene);
    /* Shows that the socket is as good as before; *moved: the Information of the cancelled request. */
    void (*prove)(struct scene *scene, SIZE_T moved);
    /* Of a request that was cancelled after it had begun: the least and the most that Information may say. */
    SIZE_T moved_min;
    SIZE_T moved_max;
};

static void open_connection(struct scene *scene)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &port);

    scene->socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &scene->peer);
    socket_close(listener);
}

/* A connection whose network is full. */
static void open_full(struct scene *scene)
{
    open_connection(scene);
    scene->before = conn_send_post(scene->socket, NULL, flood_bytes(scene), 0);
}

static void open_listener(struct scene *scene)
{
    scene->socket = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &scene->port);
}

static NTSTATUS post_accept(struct scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return ((const WSK_PROVIDER_LISTEN_DISPATCH *)scene->socket->Dispatch)
        ->WskAccept(scene->socket, 0, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS post_receive(struct scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_waitall(struct scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, WSK_FLAG_WAITALL, irp);
}

static NTSTATUS post_drain(struct scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, WSK_FLAG_DRAIN, irp);
}

static NTSTATUS post_send(struct scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskSend(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_disconnect(struct scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskDisconnect(scene->socket, &request->buffer, 0, irp);
}

static void begin_waitall(struct scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "abc");
}

static void satisfy_accept(struct scene *scene)
{
    scene->peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
}

static void satisfy_receive(struct scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "abcdef");
}

static void satisfy_drain(struct scene *scene)
{
    wsk_kit_peer_send_text(scene->peer, "nothing");
    wsk_kit_peer_end(scene->peer);
}

/* The peer reads everything up to now; returns how much. */
static SIZE_T drain_peer(struct scene *scene, SIZE_T length)
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

static void satisfy_send(struct scene *scene)
{
    (void)drain_peer(scene, flood_bytes(scene));
}

static void prove_accept(struct scene *scene, SIZE_T moved)
{
    PWSK_SOCKET socket = scene->socket;

    assert_int_equal(moved, 0);
    socket_close(listener_accept_peer(socket, AF_INET, scene->port, NULL, NULL, &scene->peer));
}

static void prove_receive(struct scene *scene, SIZE_T moved)
{
    UNREFERENCED_PARAMETER(moved);
    wsk_kit_peer_send_text(scene->peer, "the next");
    connection_expect_text(scene->socket, "the next");
}

/* The cancelled request has left no gap and no rest: what is sent next follows what has gone. */
static void prove_send(struct scene *scene, SIZE_T moved)
{
    SIZE_T before = scene->before == NULL ? 0 : flood_bytes(scene);
    struct conn_request *next = conn_send_post(scene->socket, "the next", 8, 0);

    (void)drain_peer(scene, before + moved);
    wsk_kit_peer_expect_text(scene->peer, "the next");
    conn_request_expect(next, STATUS_SUCCESS, 8);
}

/* The end is owed all the same, with as much before it as had gone out; a disconnect does not tell how much. */
static void prove_disconnect(struct scene *scene, SIZE_T moved)
{
    static unsigned char bytes[65536];
    SIZE_T total = 0;
    SIZE_T got;

    assert_int_equal(moved, 0);
    while ((got = wsk_kit_peer_receive(scene->peer, bytes, sizeof(bytes))) > 0) {
        total += got;
    }
    assert_true(total >= (scene->before == NULL ? 0 : flood_bytes(scene)));
    assert_true(total < 2 * flood_bytes(scene));
}

/* clang-format off */
static const struct kind s_kinds[] = {
    { "WskAccept", 0, open_listener, post_accept, NULL, satisfy_accept, prove_accept, 0, 0 },
    { "WskReceive", 6, open_connection, post_receive, NULL, satisfy_receive, prove_receive, 0, 0 },
    { "WskReceive, WAITALL", 6, open_connection, post_waitall, begin_waitall, satisfy_receive, prove_receive, 3, 3 },
    { "WskReceive, DRAIN", 0, open_connection, post_drain, NULL, satisfy_drain, prove_receive, 0, 0 },
    { "WskSend, queued", 6, open_full, post_send, NULL, satisfy_send, prove_send, 0, 0 },
    { "WskSend, begun", FLOOD, open_connection, post_send, NULL, satisfy_send, prove_send, 1, FLOOD - 1 },
    { "WskDisconnect, queued", 6, open_full, post_disconnect, NULL, satisfy_send, prove_disconnect, 0, 0 },
    { "WskDisconnect, begun", FLOOD, open_connection, post_disconnect, NULL, satisfy_send, prove_disconnect, 0, 0 },
};
/* clang-format on */

/* --- one request, cancelled once ------------------------------------------------------------------ */

static void cancel_call(void *argument)
{
    struct scene *scene = argument;

    scene->was_pending = IoCancelIrp(scene->irp);
}

static struct conn_request *kind_request(const struct kind *kind, const struct scene *scene)
{
    return conn_request_create(NULL, kind->buffer_bytes == FLOOD ? flood_bytes(scene) : kind->buffer_bytes);
}

static struct conn_request *kind_post(const struct kind *kind, struct scene *scene)
{
    struct conn_request *request = kind_request(kind, scene);

    scene->irp = request_irp(request->request);
    request->returned = kind->post(scene, request, scene->irp);
    return request;
}

static void kind_close(struct scene *scene)
{
    socket_close(scene->socket);
    if (scene->before != NULL) {
        (void)conn_request_end(scene->before, NULL);
    }
    wsk_kit_peer_close(scene->peer);
}

static void kind_expect(const struct kind *kind, const char *what, NTSTATUS got, NTSTATUS expected)
{
    if (got != expected) {
        fail_msg("%s, %s: 0x%08x instead of 0x%08x", kind->name, what, (unsigned)got, (unsigned)expected);
    }
}

static void cancel_while_pending(void **state, enum driver_context context)
{
    for (size_t index = 0; index < ARRAYSIZE(s_kinds); index++) {
        const struct kind *kind = &s_kinds[index];
        struct scene scene = { .fixture = *state };
        struct conn_request *request;
        SIZE_T moved;

        kind->open(&scene);
        request = kind_post(kind, &scene);
        if (kind->begin != NULL) {
            kind->begin(&scene);
        }
        wsk_kit_run_until_idle();
        kind_expect(kind, "returned", request->returned, STATUS_PENDING);
        assert_false(conn_request_is_done(request));
        context_run(scene.fixture, context, cancel_call, &scene);
        assert_true(scene.was_pending);
        kind_expect(kind, context_name(context), conn_request_end(request, &moved), STATUS_CANCELLED);
        if (moved < kind->moved_min || moved > kind->moved_max || (moved > 0 && moved == flood_bytes(&scene))) {
            fail_msg("%s: Information is %zu", kind->name, (size_t)moved);
        }
        kind->prove(&scene, moved);
        kind_close(&scene);
    }
}

static void test_cancel_at_passive_level(void **state)
{
    cancel_while_pending(state, CONTEXT_PASSIVE);
}

static void test_cancel_at_dispatch_level(void **state)
{
    cancel_while_pending(state, CONTEXT_DISPATCH);
}

static void test_cancel_under_a_lock(void **state)
{
    cancel_while_pending(state, CONTEXT_UNDER_LOCK);
}

static void test_cancel_in_a_dpc(void **state)
{
    cancel_while_pending(state, CONTEXT_DPC);
}

static void test_cancel_in_another_processors_dpc(void **state)
{
    cancel_while_pending(state, CONTEXT_OTHER_PROCESSORS_DPC);
}

static void test_cancel_in_a_timer(void **state)
{
    cancel_while_pending(state, CONTEXT_TIMER);
}

static void test_cancel_on_a_thread(void **state)
{
    cancel_while_pending(state, CONTEXT_THREAD);
}

static void test_cancel_in_a_work_item(void **state)
{
    cancel_while_pending(state, CONTEXT_WORK_ITEM);
}

static void test_cancel_in_another_sockets_completion_routine(void **state)
{
    cancel_while_pending(state, CONTEXT_COMPLETION);
}

static void test_cancel_in_another_sockets_callback(void **state)
{
    cancel_while_pending(state, CONTEXT_CALLBACK);
}

/* --- the other stages ----------------------------------------------------------------------------- */

/* The IRP was cancelled before it was sent: it comes back as cancelled if it would have had to wait. */
static void test_cancel_before_the_call(void **state)
{
    for (size_t index = 0; index < ARRAYSIZE(s_kinds); index++) {
        const struct kind *kind = &s_kinds[index];
        struct scene scene = { .fixture = *state };
        struct conn_request *request = kind_request(kind, &scene);
        SIZE_T moved;

        kind->open(&scene);
        scene.irp = request_irp(request->request);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        request->returned = kind->post(&scene, request, scene.irp);
        assert_true(request->request->is_cancel_set);
        kind_expect(kind, "cancelled before", conn_request_end(request, &moved), STATUS_CANCELLED);
        kind->prove(&scene, moved);
        kind_close(&scene);
    }
}

static void test_cancel_twice(void **state)
{
    for (size_t index = 0; index < ARRAYSIZE(s_kinds); index++) {
        const struct kind *kind = &s_kinds[index];
        struct scene scene = { .fixture = *state };
        struct conn_request *request;
        SIZE_T moved;

        kind->open(&scene);
        request = kind_post(kind, &scene);
        wsk_kit_run_until_idle();
        cancel_call(&scene);
        assert_true(scene.was_pending);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        kind_expect(kind, "twice", conn_request_end(request, &moved), STATUS_CANCELLED);
        kind->prove(&scene, moved);
        kind_close(&scene);
    }
}

static void cancel_inside(struct wsk_request *request)
{
    struct scene *scene = request->context;

    scene->was_pending = IoCancelIrp(request->irp);
}

/* The request has succeeded: a cancel in its completion routine, and one after it, change nothing. */
static void test_cancel_after_success(void **state)
{
    for (size_t index = 0; index < ARRAYSIZE(s_kinds); index++) {
        const struct kind *kind = &s_kinds[index];
        struct scene scene = { .fixture = *state, .was_pending = TRUE };
        struct conn_request *request = kind_request(kind, &scene);
        NTSTATUS status;

        kind->open(&scene);
        request->request->completed = cancel_inside;
        request->request->context = &scene;
        scene.irp = request_irp(request->request);
        request->returned = kind->post(&scene, request, scene.irp);
        kind->satisfy(&scene);
        status = request_wait(request->request, request->returned);
        kind_expect(kind, "satisfied", status, STATUS_SUCCESS);
        assert_false(scene.was_pending);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        if (kind->post == post_accept) {
            socket_close((PWSK_SOCKET)request->request->result.Information);
        }
        kind_expect(kind, "still", conn_request_end(request, NULL), STATUS_SUCCESS);
        kind_close(&scene);
    }
}

/* The close has cancelled the request already, and has not completed yet, because a callback runs. */
struct closing {
    struct scene scene;
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
    closing.request = conn_send_post(client->socket, NULL, flood_bytes(&closing.scene), 0);
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
