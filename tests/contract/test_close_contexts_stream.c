/* SPDX-License-Identifier: MIT */
/* WskCloseSocket of stream sockets in every state and both roles, called from every place in which a driver runs; and
 * from each of a socket's own completion routines and callbacks. */
#include "support/close_scene.h"
#include "support/stream_socket.h"

/* --- closing from anywhere ---------------------------------------------------------------------- */

static USHORT s_port; /* of a listener */

static void open_unbound(struct close_scene *scene)
{
    scene->socket = stream_open(scene->fixture, AF_INET, NULL, NULL);
}

static void open_bound(struct close_scene *scene)
{
    scene->socket = stream_open_bound(scene->fixture, AF_INET, NULL, NULL);
}

static void open_connected(struct close_scene *scene)
{
    scene->socket = stream_open_peer(scene->fixture, AF_INET, NULL, NULL, &scene->peers[0]);
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

static void open_listener(struct close_scene *scene)
{
    scene->socket = stream_open_listener(scene->fixture, AF_INET, NULL, NULL, &s_port);
}

static NTSTATUS post_accept(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskAccept(scene->socket, 0, NULL, NULL, NULL, NULL, irp);
}

static void open_accepting(struct close_scene *scene)
{
    open_listener(scene);
    for (unsigned index = 0; index < 2; index++) {
        struct conn_request *accept = conn_request_create(NULL, 0);

        accept->returned = post_accept(scene, accept, request_irp(accept->request));
        close_scene_pend(scene, accept);
    }
}

/* Connections that nobody has taken. */
static void open_queueing(struct close_scene *scene)
{
    open_listener(scene);
    for (unsigned index = 0; index < ARRAYSIZE(scene->peers); index++) {
        scene->peers[index] = wsk_kit_connect(WSK_KIT_IPV4, s_port);
        wsk_kit_peer_expect_connected(scene->peers[index]);
    }
}

static const struct close_condition s_conditions[] = {
    { "an unbound stream", open_unbound },
    { "a bound stream", open_bound },
    { "a connected stream", open_connected },
    { "a half closed stream", open_half_closed },
    { "an aborted stream", open_aborted },
    { "a stream that the peer has reset", open_reset },
    { "a stream with requests of all kinds", open_busy },
    { "a listening stream", open_listener },
    { "a listening stream that accepts", open_accepting },
    { "a listening stream with queued connections", open_queueing },
};

static void test_close_of_streams_in_every_place(void **state)
{
    for (unsigned context = 0; context < CONTEXT_COUNT; context++) {
        close_in_context(*state, s_conditions, ARRAYSIZE(s_conditions), (enum driver_context)context);
    }
}

/* --- closing from a socket's own completion routines ---------------------------------------------- */

static SOCKADDR_STORAGE s_address;
static ULONG s_value;
static struct wsk_kit_server *s_server;

static NTSTATUS post_bind(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, 0);
    return stream_table(scene->socket)->WskBind(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_listen(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskListen(scene->socket, irp);
}

static NTSTATUS post_connect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, wsk_kit_server_port(s_server));
    return stream_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_connect_ex(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    s_address = address_loopback(AF_INET, wsk_kit_server_port(s_server));
    return stream_table(scene->socket)->WskConnectEx(scene->socket, (PSOCKADDR)&s_address, &request->buffer, 0, irp);
}

/* Nobody listens there. */
static NTSTATUS post_refused_connect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    return stream_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_get_local(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskGetLocalAddress(scene->socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS post_get_remote(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskGetRemoteAddress(scene->socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS post_get_option(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)
        ->WskControlSocket(scene->socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(s_value), &s_value, NULL,
                           irp);
}

static NTSTATUS post_send(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return stream_table(scene->socket)->WskSend(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_receive(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return stream_table(scene->socket)->WskReceive(scene->socket, &request->buffer, 0, irp);
}

static NTSTATUS post_disconnect(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskDisconnect(scene->socket, NULL, 0, irp);
}

static NTSTATUS post_abort(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskDisconnect(scene->socket, NULL, WSK_FLAG_ABORTIVE, irp);
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
    { "WskListen", open_bound, post_listen, NULL },
    { "WskConnect", open_bound, post_connect, satisfy_connect },
    { "WskConnectEx", open_bound, post_connect_ex, satisfy_connect },
    { "WskConnect, refused", open_bound, post_refused_connect, NULL },
    { "WskGetLocalAddress", open_listener, post_get_local, NULL },
    { "WskGetLocalAddress", open_connected, post_get_local, NULL },
    { "WskGetRemoteAddress", open_connected, post_get_remote, NULL },
    { "WskControlSocket", open_listener, post_get_option, NULL },
    { "WskSend", open_connected, post_send, NULL },
    { "WskReceive", open_connected, post_receive, satisfy_receive },
    { "WskReceive, at the peer's end", open_connected, post_receive, end_by_peer },
    { "WskReceive, at the peer's reset", open_connected, post_receive, reset_by_peer },
    { "WskDisconnect", open_connected, post_disconnect, NULL },
    { "WskDisconnect, abortive", open_connected, post_abort, NULL },
    { "WskDisconnect of a busy one, abortive", open_busy, post_abort, NULL },
};

static void test_close_in_each_completion_routine_of_a_stream(void **state)
{
    s_server = wsk_kit_listen(WSK_KIT_IPV4);
    close_in_own_completions(*state, s_own_requests, ARRAYSIZE(s_own_requests));
    wsk_kit_server_close(s_server);
}

/* The accepted socket lives longer than its listener. */
struct own_accept {
    struct close_scene scene;
    PWSK_SOCKET accepted;
};

static void take_and_close(struct wsk_request *request)
{
    struct own_accept *own = request->context;

    own->accepted = (PWSK_SOCKET)request->result.Information;
    close_scene_call(&own->scene);
}

static void test_close_of_a_listening_stream_in_the_completion_routine_of_its_accept(void **state)
{
    struct own_accept own = { .scene = { .fixture = *state, .close = request_create() } };
    struct conn_request *accept = conn_request_create(NULL, 0);

    open_listener(&own.scene);
    accept->request->completed = take_and_close;
    accept->request->context = &own;
    accept->returned = post_accept(&own.scene, accept, request_irp(accept->request));
    own.scene.peers[0] = wsk_kit_connect(WSK_KIT_IPV4, s_port);
    assert_int_equal(KeWaitForSingleObject(&own.scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_true(accept->request->order < own.scene.close->order);
    assert_int_equal(conn_request_end(accept, NULL), STATUS_SUCCESS);
    connection_send_text(own.accepted, "still here");
    wsk_kit_peer_expect_text(own.scene.peers[0], "still here");
    close_scene_end(&own.scene);
    socket_close(own.accepted);
}

/* --- closing from a socket's own callbacks -------------------------------------------------------- */

static const WSK_CLIENT_STREAM_DISPATCH s_connection_dispatch = { NULL, &conn_client_dispatch };

struct own {
    struct close_scene scene;
    bool was_done_inside;
    bool is_called;
};

static void close_inside(struct conn_client *client)
{
    struct own *own = client->test_data;

    if (!own->is_called) {
        own->is_called = true;
        close_scene_call(&own->scene);
        own->was_done_inside = request_is_done(own->scene.close);
    }
}

static void close_at_receive(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    UNREFERENCED_PARAMETER(list);
    close_inside(client);
}

static void close_in_own_callback(void **state, ULONG event, void (*provoke)(struct close_scene *scene))
{
    struct conn_client *client = conn_client_create();
    struct own own = { .scene = { .fixture = *state, .close = request_create() } };

    client->test_data = &own;
    client->on_receive = close_at_receive;
    client->on_disconnect = close_inside;
    client->socket = stream_open_peer(*state, AF_INET, client, &s_connection_dispatch, &own.scene.peers[0]);
    own.scene.socket = client->socket;
    socket_events(client->socket, event);
    provoke(&own.scene);
    assert_int_equal(KeWaitForSingleObject(&own.scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_false(own.was_done_inside); /* it waits for the callback */
    close_scene_end(&own.scene);
    conn_client_destroy(client);
}

static void test_close_inside_receive_event_of_a_stream(void **state)
{
    close_in_own_callback(state, WSK_EVENT_RECEIVE, satisfy_receive);
}

static void test_close_inside_disconnect_event_of_a_stream(void **state)
{
    close_in_own_callback(state, WSK_EVENT_DISCONNECT, end_by_peer);
}

static void test_close_inside_disconnect_event_of_a_stream_that_was_reset(void **state)
{
    close_in_own_callback(state, WSK_EVENT_DISCONNECT, reset_by_peer);
}

#define TESTS(X)                                                                \
    X(test_close_of_streams_in_every_place)                                     \
    X(test_close_in_each_completion_routine_of_a_stream)                        \
    X(test_close_of_a_listening_stream_in_the_completion_routine_of_its_accept) \
    X(test_close_inside_receive_event_of_a_stream)                              \
    X(test_close_inside_disconnect_event_of_a_stream)                           \
    X(test_close_inside_disconnect_event_of_a_stream_that_was_reset)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
