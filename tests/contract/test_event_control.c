/* SPDX-License-Identifier: MIT */
/* SO_WSK_EVENT_CALLBACK: when events can be switched on and off, and what that means for callbacks that are running. */
#include "support/wsk_fixture.h"

#include <string.h>

/* What the callbacks of one test do and saw. */
struct scene {
    struct wsk_kit_witness *accepts;  /* WskAcceptEvent: flags, accepted socket, status of what it did */
    struct wsk_kit_witness *receives; /* WskReceiveEvent: flags, bytes */
    const WSK_CLIENT_CONNECTION_DISPATCH *accepted_dispatch;
    /* Called inside WskAcceptEvent after its answer is stored; may be NULL. */
    NTSTATUS (*inside)(struct scene *scene, PWSK_SOCKET accepted);
    NTSTATUS answer;
    PWSK_SOCKET listener;
    struct wsk_request *request;
};

static NTSTATUS WSKAPI accept_event(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                    PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                    const WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct scene *scene = SocketContext;
    NTSTATUS status = STATUS_SUCCESS;

    (void)LocalAddress;
    (void)RemoteAddress;
    *AcceptSocketContext = scene;
    *AcceptSocketDispatch = scene->accepted_dispatch;
    if (scene->inside != NULL) {
        status = scene->inside(scene, AcceptSocket);
    }
    wsk_kit_witness_call(scene->accepts, Flags, (uintptr_t)AcceptSocket, (uintptr_t)(ULONG)status, 0);
    return scene->answer;
}

static NTSTATUS WSKAPI receive_event(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                     SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct scene *scene = SocketContext;

    (void)DataIndication;
    (void)BytesAccepted;
    wsk_kit_witness_call(scene->receives, Flags, BytesIndicated, 0, 0);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH listen_dispatch = { accept_event, NULL, NULL };
static const WSK_CLIENT_CONNECTION_DISPATCH receive_dispatch = { receive_event, NULL, NULL };

static void scene_init(struct scene *scene, const WSK_CLIENT_CONNECTION_DISPATCH *accepted_dispatch)
{
    memset(scene, 0, sizeof(*scene));
    scene->accepts = wsk_kit_witness_create("WskAcceptEvent");
    scene->receives = wsk_kit_witness_create("WskReceiveEvent");
    scene->accepted_dispatch = accepted_dispatch;
    scene->answer = STATUS_SUCCESS;
}

static void scene_fini(struct scene *scene)
{
    wsk_kit_witness_destroy(scene->accepts);
    wsk_kit_witness_destroy(scene->receives);
}

/* The socket that call number index of WskAcceptEvent offered. */
static PWSK_SOCKET accepted_socket(struct scene *scene, size_t index)
{
    return (PWSK_SOCKET)wsk_kit_witness_get(scene->accepts, index).values[1];
}

static NTSTATUS accept_inside_status(struct scene *scene, size_t index)
{
    return (NTSTATUS)(ULONG)wsk_kit_witness_get(scene->accepts, index).values[2];
}

static NTSTATUS control_events(PWSK_SOCKET socket, PNPIID npi_id, ULONG mask, PIRP irp)
{
    WSK_EVENT_CALLBACK_CONTROL control = { npi_id, mask };

    return ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
        ->WskControlSocket(socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control), &control, 0, NULL,
                           NULL, irp);
}

/* --- enable --------------------------------------------------------------------------------------- */

static void test_enable_before_bind_fails(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    PWSK_SOCKET connection;

    scene_init(&scene, NULL);
    listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, &scene, &listen_dispatch);
    connection = connection_open_bound(*state, AF_INET, &scene, &receive_dispatch);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(connection, WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
    socket_close(connection);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_enable_without_a_callback_fails(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH empty = { NULL, NULL, NULL };
    struct wsk_kit_peer *peer;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET connection = connection_open_peer(*state, AF_INET, NULL, &empty, &peer);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(connection, WSK_EVENT_DISCONNECT), STATUS_INVALID_PARAMETER);
    socket_close(connection);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

static void test_enable_of_events_of_another_category_fails(void **state)
{
    struct wsk_kit_peer *peer;
    struct scene scene;
    PWSK_SOCKET connection;
    PWSK_SOCKET basic = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);

    scene_init(&scene, NULL);
    connection = connection_open_peer(*state, AF_INET, &scene, &receive_dispatch, &peer);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(connection, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(connection, WSK_EVENT_RECEIVE | WSK_EVENT_RECEIVE_FROM),
                     STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(connection, 0), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(basic, WSK_EVENT_RECEIVE), STATUS_INVALID_PARAMETER);
    socket_close(basic);
    socket_close(connection);
    wsk_kit_peer_close(peer);
    scene_fini(&scene);
}

static void test_enable_of_another_interface_fails(void **state)
{
    static const NPIID other = { 0x12345678, 0x1234, 0x1234, { 1, 2, 3, 4, 5, 6, 7, 8 } };
    struct scene scene;
    PWSK_SOCKET listener;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(control_events(listener, NULL, WSK_EVENT_ACCEPT, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(control_events(listener, &other, WSK_EVENT_ACCEPT, NULL), STATUS_NOT_SUPPORTED);
    socket_close(listener);
    scene_fini(&scene);
}

/* Documented as forbidden, but it works on Windows and real drivers do it. */
static void test_enable_with_an_irp_works_and_completes_it(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    NTSTATUS status;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    wsk_kit_expect_report("SOCK-031");
    REQUEST_CALL(status, NULL, irp, control_events(listener, &NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(scene.accepts, 1);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_enable_delivers_a_connection_that_waited(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    struct wsk_kit_call call;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(scene.accepts), 0);
    socket_events(listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(scene.accepts, 1);
    call = wsk_kit_witness_get(scene.accepts, 0);
    assert_int_equal(call.irql, DISPATCH_LEVEL);
    assert_int_equal(call.values[0], WSK_FLAG_AT_DISPATCH_LEVEL);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_enable_delivers_bytes_that_waited(void **state)
{
    struct scene scene;
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;

    scene_init(&scene, NULL);
    socket = connection_open_peer(*state, AF_INET, &scene, &receive_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "early");
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(scene.receives), 0);
    socket_events(socket, WSK_EVENT_RECEIVE);
    wsk_kit_witness_wait(scene.receives, 1);
    assert_int_equal(wsk_kit_witness_get(scene.receives, 0).values[1], 5);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    scene_fini(&scene);
}

/* --- inside WskAcceptEvent ------------------------------------------------------------------------ */

static NTSTATUS enable_receive(struct scene *scene, PWSK_SOCKET accepted)
{
    NTSTATUS status = socket_events_try(accepted, WSK_EVENT_RECEIVE);

    /* Nothing of the new socket may be called before the answer is known. */
    if (NT_SUCCESS(status) && wsk_kit_witness_count(scene->receives) != 0) {
        return STATUS_UNSUCCESSFUL;
    }
    return status;
}

static void test_enable_inside_the_accept_event_works(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, &receive_dispatch);
    scene.inside = enable_receive;
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_peer_send_text(peer, "early");
    socket_events(listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(scene.accepts, 1);
    assert_int_equal(accept_inside_status(&scene, 0), STATUS_SUCCESS);
    wsk_kit_witness_wait(scene.receives, 1);
    assert_true(wsk_kit_witness_get(scene.receives, 0).order > wsk_kit_witness_get(scene.accepts, 0).order);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

/* The same, but the callback has stored no dispatch table. */
static void test_enable_inside_the_accept_event_without_a_table_fails(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, NULL);
    scene.inside = enable_receive;
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    wsk_kit_expect_report("CB-016");
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(scene.accepts, 1);
    assert_int_equal(accept_inside_status(&scene, 0), STATUS_INVALID_PARAMETER);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_connection_events_of_a_listener_are_inherited(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, &receive_dispatch);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(scene.accepts, 1);
    wsk_kit_peer_send_text(peer, "hello");
    wsk_kit_witness_wait(scene.receives, 1);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

/* But not by sockets that WskAccept gives. */
static void test_connection_events_of_a_listener_are_not_inherited_through_accept(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    PWSK_SOCKET accepted;
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    socket_events(listener, WSK_EVENT_RECEIVE);
    accepted = listener_accept_peer(listener, AF_INET, port, &scene, &receive_dispatch, &peer);
    wsk_kit_peer_send_text(peer, "hello");
    connection_expect_text(accepted, "hello");
    assert_int_equal(wsk_kit_witness_count(scene.receives), 0);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

/* --- disable -------------------------------------------------------------------------------------- */

static void test_disable_of_an_idle_event_succeeds(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    NTSTATUS status;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    assert_int_equal(socket_events_try(listener, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE), STATUS_SUCCESS);
    socket_events(listener, WSK_EVENT_ACCEPT);
    REQUEST_CALL(status, NULL, irp,
                 control_events(listener, &NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE, irp));
    assert_int_equal(status, STATUS_SUCCESS);

    /* The connection is kept for a later enable. */
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(scene.accepts), 0);
    socket_events(listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(scene.accepts, 1);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

static NTSTATUS disable_accept(struct scene *scene, PWSK_SOCKET accepted)
{
    (void)accepted;
    return socket_events_try(scene->listener, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE);
}

static NTSTATUS disable_accept_with_irp(struct scene *scene, PWSK_SOCKET accepted)
{
    NTSTATUS status = control_events(scene->listener, &NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT | WSK_EVENT_DISABLE,
                                     scene->request->irp);

    (void)accepted;
    /* It must not complete while this callback runs. */
    return status == STATUS_PENDING && scene->request->completion_count != 0 ? STATUS_UNSUCCESSFUL : status;
}

/* Lets a peer connect and returns after WskAcceptEvent has been called for it. */
static struct wsk_kit_peer *connect_and_wait(struct scene *scene, USHORT port, size_t count)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_witness_wait(scene->accepts, count);
    return peer;
}

static void test_disable_inside_the_callback_takes_effect_after_it(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *first;
    struct wsk_kit_peer *second;
    USHORT port;

    scene_init(&scene, NULL);
    scene.inside = disable_accept;
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    scene.listener = listener;
    socket_events(listener, WSK_EVENT_ACCEPT);
    first = connect_and_wait(&scene, port, 1);
    assert_int_equal(accept_inside_status(&scene, 0), STATUS_EVENT_PENDING);
    second = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_connected(second);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(scene.accepts), 1);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(first);
    wsk_kit_peer_close(second);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_disable_with_an_irp_inside_the_callback_completes_after_it(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, NULL);
    scene.inside = disable_accept_with_irp;
    scene.request = request_create();
    (void)request_irp(scene.request);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    scene.listener = listener;
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = connect_and_wait(&scene, port, 1);
    assert_int_equal(accept_inside_status(&scene, 0), STATUS_PENDING);
    assert_int_equal(request_wait(scene.request, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(scene.request);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    socket_close(listener);
    scene_fini(&scene);
}

/* A closing socket does not take the disable IRP away: it completes first. */
static NTSTATUS disable_and_close(struct scene *scene, PWSK_SOCKET accepted)
{
    struct wsk_request *close = scene->request->context;
    NTSTATUS status = disable_accept_with_irp(scene, accepted);

    if (((const WSK_PROVIDER_BASIC_DISPATCH *)scene->listener->Dispatch)->WskCloseSocket(scene->listener, close->irp) !=
        STATUS_PENDING) {
        return STATUS_UNSUCCESSFUL;
    }
    return close->completion_count != 0 ? STATUS_UNSUCCESSFUL : status;
}

static void test_close_inside_the_callback_completes_after_the_disable(void **state)
{
    struct scene scene;
    struct wsk_request *close = request_create();
    struct wsk_kit_peer *peer;
    USHORT port;

    scene_init(&scene, NULL);
    scene.inside = disable_and_close;
    scene.request = request_create();
    scene.request->context = close;
    (void)request_irp(scene.request);
    (void)request_irp(close);
    scene.listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    socket_events(scene.listener, WSK_EVENT_ACCEPT);
    peer = connect_and_wait(&scene, port, 1);
    assert_int_equal(accept_inside_status(&scene, 0), STATUS_PENDING);
    assert_int_equal(request_wait(close, STATUS_PENDING), STATUS_SUCCESS);
    assert_int_equal(request_wait(scene.request, STATUS_PENDING), STATUS_SUCCESS);
    assert_true(scene.request->order < close->order);
    socket_close(accepted_socket(&scene, 0));
    wsk_kit_peer_close(peer);
    request_destroy(close);
    request_destroy(scene.request);
    scene_fini(&scene);
}

static void test_disable_of_several_events_fails(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH unused = { receive_event, NULL, NULL };
    struct wsk_kit_peer *peer;
    struct scene scene;
    PWSK_SOCKET socket;

    scene_init(&scene, NULL);
    socket = connection_open_peer(*state, AF_INET, &scene, &unused, &peer);
    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_DISABLE),
                     STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    scene_fini(&scene);
}

static void test_disable_of_a_connection_event_on_a_listener_fails(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    socket_events(listener, WSK_EVENT_RECEIVE);
    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(listener, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
    socket_close(listener);
    scene_fini(&scene);
}

static void test_event_option_cannot_be_read(void **state)
{
    struct scene scene;
    PWSK_SOCKET listener;
    WSK_EVENT_CALLBACK_CONTROL control;
    USHORT port;

    scene_init(&scene, NULL);
    listener = listener_open(*state, AF_INET, &scene, &listen_dispatch, false, &port);
    assert_int_equal(socket_get_option(listener, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, &control, sizeof(control), NULL),
                     STATUS_INVALID_PARAMETER);
    socket_close(listener);
    scene_fini(&scene);
}

#define TESTS(X)                                                             \
    X(test_enable_before_bind_fails)                                         \
    X(test_enable_without_a_callback_fails)                                  \
    X(test_enable_of_events_of_another_category_fails)                       \
    X(test_enable_of_another_interface_fails)                                \
    X(test_enable_with_an_irp_works_and_completes_it)                        \
    X(test_enable_delivers_a_connection_that_waited)                         \
    X(test_enable_delivers_bytes_that_waited)                                \
    X(test_enable_inside_the_accept_event_works)                             \
    X(test_enable_inside_the_accept_event_without_a_table_fails)             \
    X(test_connection_events_of_a_listener_are_inherited)                    \
    X(test_connection_events_of_a_listener_are_not_inherited_through_accept) \
    X(test_disable_of_an_idle_event_succeeds)                                \
    X(test_disable_inside_the_callback_takes_effect_after_it)                \
    X(test_disable_with_an_irp_inside_the_callback_completes_after_it)       \
    X(test_close_inside_the_callback_completes_after_the_disable)            \
    X(test_disable_of_several_events_fails)                                  \
    X(test_disable_of_a_connection_event_on_a_listener_fails)                \
    X(test_event_option_cannot_be_read)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
