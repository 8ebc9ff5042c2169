/* SPDX-License-Identifier: MIT */
/* WskCloseSocket of datagram sockets in every state, called from every place in which a driver runs; and from each of a
 * socket's own completion routines and callbacks.
 * Also built with WE_TEST_NMR, for a client of the network module registrar. */
#include "support/close_scene.h"
#include "support/dgram_client.h"
#include "support/nmr_wsk.h"

/* --- closing from anywhere ---------------------------------------------------------------------- */

static USHORT s_port;

static void open_unbound(struct close_scene *scene)
{
    scene->socket = dgram_open(scene->fixture, AF_INET, NULL, NULL);
}

static void open_bound(struct close_scene *scene)
{
    scene->socket = dgram_open_bound(scene->fixture, AF_INET, NULL, NULL, &s_port);
}

static void open_with_peer(struct close_scene *scene)
{
    open_bound(scene);
    scene->datagram_peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
}

static void open_fixed(struct close_scene *scene)
{
    SOCKADDR_STORAGE remote;

    open_with_peer(scene);
    remote = address_loopback(AF_INET, wsk_kit_datagram_port(scene->datagram_peer));
    assert_int_equal(dgram_ioctl(scene->socket, SIO_WSK_SET_REMOTE_ADDRESS, &remote), STATUS_SUCCESS);
}

static NTSTATUS post_receive(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return dgram_table(scene->socket)->WskReceiveFrom(scene->socket, &request->buffer, 0, NULL, NULL, NULL, NULL, irp);
}

static void pend_receive(struct close_scene *scene)
{
    struct conn_request *receive = conn_request_create(NULL, 10);

    receive->returned = post_receive(scene, receive, request_irp(receive->request));
    close_scene_pend(scene, receive);
}

static void open_receiving(struct close_scene *scene)
{
    open_with_peer(scene);
    for (unsigned index = 0; index < CLOSE_PENDING_MAX; index++) {
        pend_receive(scene);
    }
}

/* Datagrams that nobody has taken. */
static void open_queueing(struct close_scene *scene)
{
    open_with_peer(scene);
    for (unsigned index = 0; index < 3; index++) {
        wsk_kit_datagram_send_text(scene->datagram_peer, s_port, "w");
    }
    wsk_kit_run_until_idle();
}

/* Datagrams that have left and are still on their way. */
static void open_sending(struct close_scene *scene)
{
    open_with_peer(scene);
    for (unsigned index = 0; index < 3; index++) {
        dgram_send_text(scene->socket, AF_INET, wsk_kit_datagram_port(scene->datagram_peer), "leaving");
    }
}

static NTSTATUS WSKAPI refuse_datagrams(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(DataIndication);
    return STATUS_DATA_NOT_ACCEPTED;
}

static const WSK_CLIENT_DATAGRAM_DISPATCH s_refusing_dispatch = { refuse_datagrams };

/* The event is on, and a receive goes before it. */
static void open_enabled(struct close_scene *scene)
{
    scene->socket = dgram_open_bound(scene->fixture, AF_INET, NULL, &s_refusing_dispatch, &s_port);
    socket_events(scene->socket, WSK_EVENT_RECEIVE_FROM);
    pend_receive(scene);
}

static const struct close_condition s_conditions[] = {
    { "an unbound datagram socket", open_unbound },    { "a bound datagram socket", open_bound },
    { "one with a fixed address", open_fixed },        { "one that receives", open_receiving },
    { "one with datagrams that wait", open_queueing }, { "one that has sent", open_sending },
    { "one whose event is on", open_enabled },
};

static void test_close_of_datagram_sockets_in_every_place(void **state)
{
    for (unsigned context = 0; context < CONTEXT_COUNT; context++) {
        close_in_context(*state, s_conditions, ARRAYSIZE(s_conditions), (enum driver_context)context);
    }
}

/* --- closing from a socket's own completion routines ---------------------------------------------- */

static SOCKADDR_STORAGE s_address;
static WSK_BUF_LIST s_list;
static ULONG s_value;

static NTSTATUS post_bind(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, 0);
    return dgram_table(scene->socket)->WskBind(scene->socket, (PSOCKADDR)&s_address, 0, irp);
}

static NTSTATUS post_send_to(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    s_address = address_loopback(AF_INET, wsk_kit_datagram_port(scene->datagram_peer));
    return dgram_table(scene->socket)
        ->WskSendTo(scene->socket, &request->buffer, 0, (PSOCKADDR)&s_address, 0, NULL, irp);
}

/* Nobody hears it: the network's answer may come while the socket closes. */
static NTSTATUS post_send_to_nobody(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    s_address = address_loopback(AF_INET, 9);
    return dgram_table(scene->socket)
        ->WskSendTo(scene->socket, &request->buffer, 0, (PSOCKADDR)&s_address, 0, NULL, irp);
}

static NTSTATUS post_send_messages(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    s_address = address_loopback(AF_INET, wsk_kit_datagram_port(scene->datagram_peer));
    s_list.Next = NULL;
    s_list.Buffer = request->buffer;
    return dgram_table(scene->socket)->WskSendMessages(scene->socket, &s_list, 0, (PSOCKADDR)&s_address, 0, NULL, irp);
}

static NTSTATUS post_get_local(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return dgram_table(scene->socket)->WskGetLocalAddress(scene->socket, (PSOCKADDR)&s_address, irp);
}

static NTSTATUS post_get_option(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return dgram_table(scene->socket)
        ->WskControlSocket(scene->socket, WskGetOption, SO_RCVBUF, SOL_SOCKET, 0, NULL, sizeof(s_value), &s_value, NULL,
                           irp);
}

static NTSTATUS post_fix(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    s_address = address_loopback(AF_INET, 9);
    return dgram_table(scene->socket)
        ->WskControlSocket(scene->socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0, sizeof(SOCKADDR_IN), &s_address, 0,
                           NULL, NULL, irp);
}

static NTSTATUS post_wrong(struct close_scene *scene, struct conn_request *request, PIRP irp)
{
    return dgram_table(scene->socket)->WskSendTo(scene->socket, &request->buffer, 0, NULL, 0, NULL, irp);
}

static void satisfy_receive(struct close_scene *scene)
{
    wsk_kit_datagram_send_text(scene->datagram_peer, s_port, "x");
}

static const struct close_request s_own_requests[] = {
    { "WskBind", open_unbound, post_bind, NULL },
    { "WskSendTo", open_with_peer, post_send_to, NULL },
    { "WskSendTo, to nobody", open_bound, post_send_to_nobody, NULL },
    { "WskSendMessages", open_with_peer, post_send_messages, NULL },
    { "WskReceiveFrom", open_with_peer, post_receive, satisfy_receive },
    { "WskReceiveFrom, of what waits", open_queueing, post_receive, NULL },
    { "WskGetLocalAddress", open_bound, post_get_local, NULL },
    { "WskControlSocket", open_bound, post_get_option, NULL },
    { "WskControlSocket, with an address", open_bound, post_fix, NULL },
};

static void test_close_in_each_completion_routine_of_a_datagram_socket(void **state)
{
    close_in_own_completions(*state, s_own_requests, ARRAYSIZE(s_own_requests));
}

static void test_close_in_the_completion_routine_of_a_refused_send_to(void **state)
{
    static const struct close_request wrong = { "WskSendTo, no address", open_bound, post_wrong, NULL };

    wsk_kit_expect_report("SOCK-029");
    close_in_own_completions(*state, &wrong, 1);
}

/* --- closing from a socket's own callback --------------------------------------------------------- */

struct own {
    struct close_scene scene;
    bool was_done_inside;
    bool is_called;
};

static void close_inside(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    struct own *own = client->test_data;

    UNREFERENCED_PARAMETER(list);
    if (!own->is_called) {
        own->is_called = true;
        close_scene_call(&own->scene);
        own->was_done_inside = request_is_done(own->scene.close);
    }
}

static void close_in_own_callback(void **state, enum dgram_answer answer)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct own own = { .scene = { .fixture = *state, .close = request_create(), .socket = client->socket } };

    client->answer = answer;
    client->on_event = close_inside;
    client->test_data = &own;
    own.scene.datagram_peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_datagram_send_text(own.scene.datagram_peer, client->port, "the last one");
    wsk_kit_datagram_send_text(own.scene.datagram_peer, client->port, "too late");
    assert_int_equal(KeWaitForSingleObject(&own.scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_false(own.was_done_inside); /* it waits for the callback */
    assert_int_equal(client->call_count, 1);
    close_scene_end(&own.scene);
    client->socket = NULL;
    dgram_client_destroy(client);
}

static void test_close_inside_receive_from_event_that_takes(void **state)
{
    close_in_own_callback(state, DGRAM_TAKE);
}

static void test_close_inside_receive_from_event_that_refuses(void **state)
{
    close_in_own_callback(state, DGRAM_REFUSE);
}

/* STATUS_PENDING of a list that is released already keeps nothing that the close would have to wait for. */
static void release_and_close(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    struct own *own = client->test_data;

    if (!own->is_called) {
        assert_int_equal(dgram_release(client->socket, list), STATUS_SUCCESS);
    }
    close_inside(client, NULL);
}

static NTSTATUS WSKAPI pend_after_release(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    UNREFERENCED_PARAMETER(Flags);
    release_and_close(SocketContext, DataIndication);
    return STATUS_PENDING;
}

static void test_close_inside_receive_from_event_that_has_released(void **state)
{
    static const WSK_CLIENT_DATAGRAM_DISPATCH dispatch = { pend_after_release };
    struct dgram_client client = { .socket = NULL };
    struct own own = { .scene = { .fixture = *state, .close = request_create() } };

    client.test_data = &own;
    client.socket = own.scene.socket = dgram_open_bound(*state, AF_INET, &client, &dispatch, &client.port);
    own.scene.datagram_peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    socket_events(client.socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_datagram_send_text(own.scene.datagram_peer, client.port, "the last one");
    assert_int_equal(KeWaitForSingleObject(&own.scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_false(own.was_done_inside);
    close_scene_end(&own.scene);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
}

#define TESTS(X)                                                  \
    X(test_close_of_datagram_sockets_in_every_place)              \
    X(test_close_in_each_completion_routine_of_a_datagram_socket) \
    X(test_close_in_the_completion_routine_of_a_refused_send_to)  \
    X(test_close_inside_receive_from_event_that_takes)            \
    X(test_close_inside_receive_from_event_that_refuses)          \
    X(test_close_inside_receive_from_event_that_has_released)

CONTRACT_MAIN(TESTS, CLIENT_SETUP, CLIENT_TEARDOWN)
