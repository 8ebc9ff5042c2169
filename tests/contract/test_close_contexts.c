/* SPDX-License-Identifier: MIT */
/* WskCloseSocket of sockets in every state, with everything pending that can be, called from every place in which a
 * driver runs; and from each of a socket's own callbacks and completion routines. */
#include "support/close_scene.h"
#include "support/inspect_answers.h"

#include <string.h>

/* --- closing from anywhere ---------------------------------------------------------------------- */

static void open_basic(struct close_scene *scene)
{
    scene->socket = socket_open(scene->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
}

static void open_unbound(struct close_scene *scene)
{
    scene->socket = socket_open(scene->fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
}

static void open_bound(struct close_scene *scene)
{
    scene->socket = connection_open_bound(scene->fixture, AF_INET, NULL, NULL);
}

static void open_connected(struct close_scene *scene)
{
    scene->socket = connection_open_peer(scene->fixture, AF_INET, NULL, NULL, &scene->peers[0]);
}

static void open_half_closed(struct close_scene *scene)
{
    open_connected(scene);
    close_scene_half_close(scene);
}

static void open_aborted(struct close_scene *scene)
{
    open_connected(scene);
    close_scene_abort(scene);
}

static void open_reset(struct close_scene *scene)
{
    open_connected(scene);
    close_scene_reset(scene);
}

static void open_busy(struct close_scene *scene)
{
    open_connected(scene);
    close_scene_pend_all_kinds(scene);
}

static void open_draining(struct close_scene *scene)
{
    open_connected(scene);
    close_scene_pend(scene, conn_receive_post(scene->socket, 0, WSK_FLAG_DRAIN));
    wsk_kit_peer_send_text(scene->peers[0], "drained");
}

static void open_listener(struct close_scene *scene)
{
    USHORT port;

    scene->socket = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &port);
}

static void pend_accept(struct close_scene *scene)
{
    struct conn_request *accept = conn_request_create(NULL, 0);

    accept->returned = ((const WSK_PROVIDER_LISTEN_DISPATCH *)scene->socket->Dispatch)
                           ->WskAccept(scene->socket, 0, NULL, NULL, NULL, NULL, request_irp(accept->request));
    close_scene_pend(scene, accept);
}

static void open_accepting(struct close_scene *scene)
{
    open_listener(scene);
    pend_accept(scene);
    pend_accept(scene);
}

/* Connections that nobody has taken. */
static void open_queueing(struct close_scene *scene)
{
    USHORT port;

    scene->socket = listener_open(scene->fixture, AF_INET, NULL, NULL, false, &port);
    for (unsigned index = 0; index < ARRAYSIZE(scene->peers); index++) {
        scene->peers[index] = wsk_kit_connect(WSK_KIT_IPV4, port);
        wsk_kit_peer_expect_connected(scene->peers[index]);
    }
}

static const WSK_CLIENT_LISTEN_DISPATCH s_pending_dispatch = { NULL, inspect_pend, inspect_abort_ignore };

static bool are_pended(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return wsk_kit_pended_inspections() == 2;
}

/* Requests without a verdict, and accepts that wait for them. */
static void open_inspecting(struct close_scene *scene)
{
    USHORT port;

    scene->socket = listener_open(scene->fixture, AF_INET, NULL, &s_pending_dispatch, true, &port);
    pend_accept(scene);
    scene->peers[0] = wsk_kit_connect(WSK_KIT_IPV4, port);
    scene->peers[1] = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_wait_for(are_pended, NULL, "two pended requests");
}

static const struct close_condition s_conditions[] = {
    { "a basic socket", open_basic },
    { "an unbound connection", open_unbound },
    { "a bound connection", open_bound },
    { "a connection", open_connected },
    { "a half closed connection", open_half_closed },
    { "an aborted connection", open_aborted },
    { "a connection that the peer has reset", open_reset },
    { "a connection with requests of all kinds", open_busy },
    { "a connection that drains", open_draining },
    { "a listener", open_listener },
    { "a listener that accepts", open_accepting },
    { "a listener with queued connections", open_queueing },
    { "a listener with pended requests", open_inspecting },
};

static void close_everything(void **state, enum driver_context context)
{
    close_in_context(*state, s_conditions, ARRAYSIZE(s_conditions), context);
}

static void test_close_at_passive_level(void **state)
{
    close_everything(state, CONTEXT_PASSIVE);
}

static void test_close_at_dispatch_level(void **state)
{
    close_everything(state, CONTEXT_DISPATCH);
}

static void test_close_under_a_lock(void **state)
{
    close_everything(state, CONTEXT_UNDER_LOCK);
}

static void test_close_in_a_dpc(void **state)
{
    close_everything(state, CONTEXT_DPC);
}

static void test_close_in_another_processors_dpc(void **state)
{
    close_everything(state, CONTEXT_OTHER_PROCESSORS_DPC);
}

static void test_close_in_a_timer(void **state)
{
    close_everything(state, CONTEXT_TIMER);
}

static void test_close_on_a_thread(void **state)
{
    close_everything(state, CONTEXT_THREAD);
}

static void test_close_in_a_work_item(void **state)
{
    close_everything(state, CONTEXT_WORK_ITEM);
}

static void test_close_in_another_sockets_completion_routine(void **state)
{
    close_everything(state, CONTEXT_COMPLETION);
}

static void test_close_in_another_sockets_callback(void **state)
{
    close_everything(state, CONTEXT_CALLBACK);
}

/* --- closing from a socket's own completion routines ---------------------------------------------- */

static SOCKADDR_STORAGE s_address;
static ULONG s_value;
static struct wsk_kit_server *s_server;

static NTSTATUS post_bind(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, 0);
    return conn_table(scene->socket)->WskBind(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_connect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, wsk_kit_server_port(s_server));
    return conn_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_connect_ex(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    s_address = address_loopback(AF_INET, wsk_kit_server_port(s_server));
    return conn_table(scene->socket)->WskConnectEx(scene->socket, (PSOCKADDR)&s_address, &request->buffer, 0, irp);
}

/* Nobody listens there. */
static NTSTATUS post_refused_connect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    return conn_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_get_local(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskGetLocalAddress(scene->socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS post_get_remote(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskGetRemoteAddress(scene->socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS post_control(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)
        ->Basic.WskControlSocket(scene->socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(s_value), &s_value,
                                 NULL, irp);
}

static NTSTATUS post_send(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskSend(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_receive(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskReceive(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_disconnect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskDisconnect(scene->socket, NULL, 0, irp);
}

static NTSTATUS post_abort(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskDisconnect(scene->socket, NULL, WSK_FLAG_ABORTIVE, irp);
}

static NTSTATUS post_wrong(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskGetLocalAddress(scene->socket, NULL, irp);
}

static void satisfy_receive(struct close_scene *scene)
{
    wsk_kit_peer_send_text(scene->peers[0], "x");
}

static void satisfy_connect(struct close_scene *scene)
{
    scene->peers[0] = wsk_kit_server_accept(s_server);
}

static void reset_by_peer(struct close_scene *scene)
{
    wsk_kit_peer_reset(scene->peers[0]);
}

static void end_by_peer(struct close_scene *scene)
{
    wsk_kit_peer_end(scene->peers[0]);
}

static const struct close_request s_own_requests[] = {
    { "WskBind", open_unbound, post_bind, NULL },
    { "WskConnect", open_bound, post_connect, satisfy_connect },
    { "WskConnectEx", open_bound, post_connect_ex, satisfy_connect },
    { "WskConnect, refused", open_bound, post_refused_connect, NULL },
    { "WskGetLocalAddress", open_bound, post_get_local, NULL },
    { "WskGetRemoteAddress", open_connected, post_get_remote, NULL },
    { "WskControlSocket", open_connected, post_control, NULL },
    { "WskSend", open_connected, post_send, NULL },
    { "WskReceive", open_connected, post_receive, satisfy_receive },
    { "WskReceive, at the peer's end", open_connected, post_receive, end_by_peer },
    { "WskReceive, at the peer's reset", open_connected, post_receive, reset_by_peer },
    { "WskDisconnect", open_connected, post_disconnect, NULL },
    { "WskDisconnect, abortive", open_connected, post_abort, NULL },
    { "WskDisconnect of a busy one, abortive", open_busy, post_abort, NULL },
};

static void test_close_in_each_completion_routine_of_its_own(void **state)
{
    s_server = wsk_kit_listen(WSK_KIT_IPV4);
    close_in_own_completions(*state, s_own_requests, ARRAYSIZE(s_own_requests));
    wsk_kit_server_close(s_server);
}

/* Also that of a call that fails at once, at the caller's level. */
static void test_close_in_the_completion_routine_of_a_refused_call(void **state)
{
    static const struct close_request wrong = { "WskGetLocalAddress, no buffer", open_connected, post_wrong, NULL };

    wsk_kit_expect_report("SOCK-014");
    close_in_own_completions(*state, &wrong, 1);
}

/* --- closing from a socket's own callbacks -------------------------------------------------------- */

enum own_callback { IN_INSPECT, IN_ABORT, IN_ACCEPT };

struct own_listener {
    struct close_scene scene;
    enum own_callback where;
    WSK_INSPECT_ACTION answer;
    NTSTATUS accept_answer;
    PWSK_SOCKET accepted;
    bool was_done_inside;
    bool is_called;
};

static void close_inside(struct own_listener *own)
{
    if (!own->is_called) {
        own->is_called = true;
        close_scene_call(&own->scene);
        own->was_done_inside = request_is_done(own->scene.close);
    }
}

static WSK_INSPECT_ACTION WSKAPI own_inspect(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                             PWSK_INSPECT_ID InspectID)
{
    struct own_listener *own = SocketContext;

    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    UNREFERENCED_PARAMETER(InspectID);
    if (own->where == IN_INSPECT) {
        close_inside(own);
    }
    return own->answer;
}

static NTSTATUS WSKAPI own_abort(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    struct own_listener *own = SocketContext;

    UNREFERENCED_PARAMETER(InspectID);
    if (own->where == IN_ABORT) {
        close_inside(own);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI own_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                  PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                  CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct own_listener *own = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    *AcceptSocketContext = NULL;
    *AcceptSocketDispatch = NULL;
    if (own->accept_answer == STATUS_SUCCESS) {
        own->accepted = AcceptSocket;
    }
    close_inside(own);
    return own->accept_answer;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_own_dispatch = { own_accept, own_inspect, own_abort };

static void close_in_own_callback(void **state, enum own_callback where, WSK_INSPECT_ACTION answer,
                                  NTSTATUS accept_answer)
{
    struct own_listener own = { .scene = { .fixture = *state, .close = request_create() },
                                .where = where,
                                .answer = answer,
                                .accept_answer = accept_answer };
    USHORT port;

    own.scene.socket = listener_open(*state, AF_INET, &own, &s_own_dispatch, where != IN_ACCEPT, &port);
    if (where == IN_ACCEPT) {
        socket_events(own.scene.socket, WSK_EVENT_ACCEPT);
    } else {
        pend_accept(&own.scene);
    }
    own.scene.peers[0] = wsk_kit_connect(WSK_KIT_IPV4, port);
    if (where == IN_ABORT) {
        wsk_kit_run_until_idle();
        wsk_kit_peer_reset(own.scene.peers[0]);
    }
    assert_int_equal(KeWaitForSingleObject(&own.scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_false(own.was_done_inside); /* it waits for the callback */
    close_scene_end(&own.scene);
    if (own.accepted != NULL) {
        socket_close(own.accepted); /* lives longer than its listener */
    }
}

static void test_close_inside_inspect_event_that_rejects(void **state)
{
    close_in_own_callback(state, IN_INSPECT, WskInspectReject, STATUS_SUCCESS);
}

static void test_close_inside_inspect_event_that_accepts(void **state)
{
    close_in_own_callback(state, IN_INSPECT, WskInspectAccept, STATUS_SUCCESS);
}

static void test_close_inside_inspect_event_that_pends(void **state)
{
    close_in_own_callback(state, IN_INSPECT, WskInspectPend, STATUS_SUCCESS);
}

static void test_close_inside_abort_event(void **state)
{
    close_in_own_callback(state, IN_ABORT, WskInspectPend, STATUS_SUCCESS);
}

static void test_close_inside_accept_event_that_takes(void **state)
{
    close_in_own_callback(state, IN_ACCEPT, WskInspectAccept, STATUS_SUCCESS);
}

static void test_close_inside_accept_event_that_refuses(void **state)
{
    close_in_own_callback(state, IN_ACCEPT, WskInspectAccept, STATUS_REQUEST_NOT_ACCEPTED);
}

#define TESTS(X)                                              \
    X(test_close_at_passive_level)                            \
    X(test_close_at_dispatch_level)                           \
    X(test_close_under_a_lock)                                \
    X(test_close_in_a_dpc)                                    \
    X(test_close_in_another_processors_dpc)                   \
    X(test_close_in_a_timer)                                  \
    X(test_close_on_a_thread)                                 \
    X(test_close_in_a_work_item)                              \
    X(test_close_in_another_sockets_completion_routine)       \
    X(test_close_in_another_sockets_callback)                 \
    X(test_close_in_each_completion_routine_of_its_own)       \
    X(test_close_in_the_completion_routine_of_a_refused_call) \
    X(test_close_inside_inspect_event_that_rejects)           \
    X(test_close_inside_inspect_event_that_accepts)           \
    X(test_close_inside_inspect_event_that_pends)             \
    X(test_close_inside_abort_event)                          \
    X(test_close_inside_accept_event_that_takes)              \
    X(test_close_inside_accept_event_that_refuses)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
