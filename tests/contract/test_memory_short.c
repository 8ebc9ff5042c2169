/* SPDX-License-Identifier: MIT */
/* Memory is short: each step of a driver's life, with each allocation in it failing once. The call fails with
 * STATUS_INSUFFICIENT_RESOURCES, or succeeds without; nothing is lost, and the next attempt works. */
#include "support/conn_client.h"
#include "support/memory_sweep.h"
#include "support/stream_socket.h"

#include "host/host_mem.h"
#include "support/inspect_answers.h"

#include <string.h>

struct scene {
    struct wsk_fixture *fixture;
    struct conn_client *client;
    PWSK_SOCKET listener;
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_peer *peer;
    struct wsk_kit_server *server;
};

/* --- registration ------------------------------------------------------------------------------ */

static NTSTATUS attempt_register(struct scene *scene)
{
    WSK_REGISTRATION block;
    NTSTATUS status;

    sweep_begin();
    status = WskRegister(&scene->fixture->client_npi, &block);
    sweep_end();
    if (NT_SUCCESS(status)) {
        WskDeregister(&block);
    }
    return status;
}

static NTSTATUS attempt_capture(struct scene *scene)
{
    WSK_PROVIDER_NPI npi;
    NTSTATUS status;

    sweep_begin();
    status = WskCaptureProviderNPI(&scene->fixture->registration, WSK_NO_WAIT, &npi);
    sweep_end();
    if (NT_SUCCESS(status)) {
        WskReleaseProviderNPI(&scene->fixture->registration);
    } else {
        assert_null(npi.Client);
    }
    return status;
}

static void test_memory_short_registration(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_register);
    sweep(&scene, attempt_capture);
}

/* --- sockets ------------------------------------------------------------------------------------- */

static NTSTATUS attempt_socket(struct scene *scene, ULONG category)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = npi->Dispatch->WskSocket(npi->Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, category, NULL, NULL, NULL,
                                        NULL, NULL, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        socket_close((PWSK_SOCKET)request->result.Information);
    } else {
        assert_int_equal(request->result.Information, 0);
    }
    request_destroy(request);
    return status;
}

static NTSTATUS attempt_basic(struct scene *scene)
{
    return attempt_socket(scene, WSK_FLAG_BASIC_SOCKET);
}

static NTSTATUS attempt_listener(struct scene *scene)
{
    return attempt_socket(scene, WSK_FLAG_LISTEN_SOCKET);
}

static NTSTATUS attempt_connection(struct scene *scene)
{
    return attempt_socket(scene, WSK_FLAG_CONNECTION_SOCKET);
}

static NTSTATUS attempt_bind(struct scene *scene, ULONG category)
{
    PWSK_SOCKET socket = socket_open(scene->fixture, category, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = conn_table(socket)->WskBind(socket, (PSOCKADDR)&address, 0, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (!NT_SUCCESS(status)) { /* it is unbound as before */
        assert_int_equal(socket_bind_try(socket, &address), STATUS_SUCCESS);
    }
    socket_close(socket);
    request_destroy(request);
    return status;
}

static NTSTATUS attempt_bind_listener(struct scene *scene)
{
    return attempt_bind(scene, WSK_FLAG_LISTEN_SOCKET);
}

static NTSTATUS attempt_bind_connection(struct scene *scene)
{
    return attempt_bind(scene, WSK_FLAG_CONNECTION_SOCKET);
}

static void test_memory_short_sockets(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_basic);
    sweep(&scene, attempt_listener);
    sweep(&scene, attempt_connection);
    sweep(&scene, attempt_bind_listener);
    sweep(&scene, attempt_bind_connection);
}

/* A failed connect leaves the socket bound; the next attempt needs a new endpoint. */
static NTSTATUS attempt_connect(struct scene *scene)
{
    PWSK_SOCKET socket = connection_open_bound(scene->fixture, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE refused = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(scene->server));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    assert_int_equal(connection_connect_try(socket, &refused), STATUS_CONNECTION_REFUSED);
    sweep_begin();
    returned = conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        wsk_kit_peer_close(wsk_kit_server_accept(scene->server));
    }
    socket_close(socket);
    request_destroy(request);
    return status;
}

static void test_memory_short_connect(void **state)
{
    struct scene scene = { .fixture = *state, .server = wsk_kit_listen(WSK_KIT_IPV4) };

    sweep(&scene, attempt_connect);
    wsk_kit_server_close(scene.server);
}

/* --- accepting ------------------------------------------------------------------------------------ */

/* A connection comes while memory is short: it is turned away, or it waits, or its WskAccept fails. */
static NTSTATUS attempt_accept(struct scene *scene)
{
    const WSK_PROVIDER_LISTEN_DISPATCH *table = scene->listener->Dispatch;
    struct wsk_request *request = request_create();
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = table->WskAccept(scene->listener, 0, NULL, NULL, NULL, NULL, irp);
    wsk_kit_run_until_idle();
    sweep_end();
    if (!request_is_done(request)) {
        wsk_kit_peer_expect_rejected(peer);
        wsk_kit_peer_close(peer);
        peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
    }
    status = request_wait(request, returned);
    if (status == STATUS_INSUFFICIENT_RESOURCES) { /* the connection is still there for the next one */
        socket_close(listener_accept(scene->listener, NULL, NULL));
    } else {
        socket_close((PWSK_SOCKET)request->result.Information);
    }
    wsk_kit_peer_close(peer);
    request_destroy(request);
    return status;
}

static void test_memory_short_accept(void **state)
{
    struct scene scene = { .fixture = *state };

    scene.listener = listener_open(*state, AF_INET, NULL, NULL, false, &scene.port);
    sweep(&scene, attempt_accept);
    socket_close(scene.listener);
}

static volatile LONG s_offers;

/* WskAcceptEvent is offered what there is memory for; the rest waits until something moves again. */
static NTSTATUS WSKAPI refuse(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                              PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                              CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    InterlockedIncrement(&s_offers);
    return accept_refuse(SocketContext, Flags, LocalAddress, RemoteAddress, AcceptSocket, AcceptSocketContext,
                         AcceptSocketDispatch);
}

static NTSTATUS attempt_offer(struct scene *scene)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, scene->port);
    LONG offers = s_offers;

    sweep_begin();
    wsk_kit_run_until_idle();
    sweep_end();
    if (s_offers == offers && wsk_kit_peer_state(peer) == WSK_KIT_PEER_CONNECTED) {
        struct wsk_kit_peer *next = wsk_kit_connect(WSK_KIT_IPV4, scene->port);

        wsk_kit_run_until_idle();
        assert_int_equal(s_offers, offers + 2);
        wsk_kit_peer_close(next);
    }
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    return STATUS_SUCCESS;
}

static void test_memory_short_accept_event(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { refuse, NULL, NULL };
    struct scene scene = { .fixture = *state };

    scene.listener = listener_open(*state, AF_INET, NULL, &dispatch, false, &scene.port);
    socket_events(scene.listener, WSK_EVENT_ACCEPT);
    sweep(&scene, attempt_offer);
    socket_close(scene.listener);
}

/* The listener's first connection: what it needs to know of connections is made now. With a conditional listener over a
 * network that holds handshakes the connection is watched until the verdict has been carried out. */
static NTSTATUS attempt_first_connection(struct scene *scene, bool is_conditional)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { refuse, inspect_accept, inspect_abort_ignore };
    USHORT port;
    PWSK_SOCKET listener = listener_open(scene->fixture, AF_INET, NULL, &dispatch, is_conditional, &port);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct wsk_request *request = request_create();
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = ((const WSK_PROVIDER_LISTEN_DISPATCH *)listener->Dispatch)
                   ->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(request));
    wsk_kit_run_until_idle();
    sweep_end();
    if (!request_is_done(request)) {
        wsk_kit_peer_expect_rejected(peer);
        wsk_kit_peer_close(peer);
        peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    }
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        socket_close((PWSK_SOCKET)request->result.Information);
    }
    socket_close(listener);
    wsk_kit_peer_close(peer);
    request_destroy(request);
    return status;
}

static NTSTATUS attempt_first_plain(struct scene *scene)
{
    return attempt_first_connection(scene, false);
}

static NTSTATUS attempt_first_inspected(struct scene *scene)
{
    return attempt_first_connection(scene, true);
}

static void test_memory_short_first_connection(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_first_plain);
    sweep(&scene, attempt_first_inspected);
}

/* What was set for the listener is not worth a connection: one that has no memory for it has the initial values. */
static NTSTATUS attempt_inherit(struct scene *scene)
{
    PWSK_SOCKET listener = socket_open(scene->fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    struct wsk_kit_peer *peer;
    SOCKADDR_STORAGE local;
    NTSTATUS returned;
    NTSTATUS status;

    assert_int_equal(socket_set_ulong(listener, IPPROTO_IP, IP_TTL, 7), STATUS_SUCCESS);
    socket_bind_loopback(listener, AF_INET);
    local = socket_local(listener, true);
    peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(&local));
    wsk_kit_run_until_idle();
    sweep_begin();
    returned =
        ((const WSK_PROVIDER_LISTEN_DISPATCH *)listener->Dispatch)->WskAccept(listener, 0, NULL, NULL, NULL, NULL, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        socket_close((PWSK_SOCKET)request->result.Information);
    }
    socket_close(listener);
    wsk_kit_peer_close(peer);
    request_destroy(request);
    return status;
}

static void test_memory_short_inheritance(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_inherit);
}

/* --- WskListen of a stream socket ----------------------------------------------------------------- */

static NTSTATUS attempt_listen(struct scene *scene)
{
    PWSK_SOCKET socket = stream_open_bound(scene->fixture, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = stream_table(socket)->WskListen(socket, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (!NT_SUCCESS(status)) { /* nothing has happened to it */
        assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    }
    socket_close(socket);
    request_destroy(request);
    return status;
}

static void test_memory_short_listen(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_listen);
}

/* --- bytes ---------------------------------------------------------------------------------------- */

/* Bytes come while there is no block to show them in: they wait in the network, and are indicated afterwards. */
static NTSTATUS attempt_indication(struct scene *scene)
{
    scene->client->length = 0;
    wsk_kit_peer_send_text(scene->peer, "indicated");
    sweep_begin();
    wsk_kit_run_until_idle();
    sweep_end();
    conn_client_expect_text(scene->client, "indicated");
    return STATUS_SUCCESS;
}

static void test_memory_short_indication(void **state)
{
    struct scene scene = { .fixture = *state, .client = conn_client_create() };

    conn_client_set_answer(scene.client, CONN_KEEP, 0); /* blocks that are kept have to be made anew */
    conn_accept(*state, scene.client, WSK_EVENT_RECEIVE, &scene.peer);
    wsk_kit_peer_send_text(scene.peer, "the first");
    conn_client_expect_text(scene.client, "the first");
    sweep(&scene, attempt_indication);
    conn_client_release_all(scene.client);
    socket_close(scene.client->socket);
    wsk_kit_peer_close(scene.peer);
    conn_client_destroy(scene.client);
}

/* No memory comes back: bytes that nobody can be given are not a state to stay in. */
static void test_memory_that_stays_short_ends_the_connection(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    conn_client_set_answer(client, CONN_KEEP, 0);
    conn_accept(*state, client, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT, &peer);
    wsk_kit_peer_send_text(peer, "the first");
    conn_client_expect_text(client, "the first");
    wsk_kit_peer_send_text(peer, "the second");
    (void)we_host_mem_fail(WE_HOST_MEM_FAIL_ALL);
    wsk_kit_run_until_idle();
    assert_true(we_host_mem_fail(0));
    conn_client_wait_reset(client);
    conn_client_expect_text(client, "the first");
    conn_client_release_all(client);
    socket_close(client->socket);
    wsk_kit_peer_expect_reset(peer);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* A list of several elements: fewer will do. */
static const struct wsk_emu_config s_cut = { .size = sizeof(struct wsk_emu_config),
                                             .execution = WSK_EMU_EXECUTION_STEPPED,
                                             .network = WSK_EMU_NETWORK_VIRTUAL,
                                             .indication_max_bytes = 2 };

static const struct wsk_emu_config s_sockets = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_STEPPED,
                                                 .network = WSK_EMU_NETWORK_SOCKETS };

#define TEST_SOCKETS(f) wsk_emu_unit_test_config(f, fixture_setup, fixture_teardown, &s_sockets)
#define TEST_CUT(f) wsk_emu_unit_test_config(f, fixture_setup, fixture_teardown, &s_cut)
#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_memory_short_registration),
        TEST(test_memory_short_sockets),
        TEST(test_memory_short_connect),
        TEST(test_memory_short_accept),
        TEST(test_memory_short_indication),
        TEST(test_memory_short_accept_event),
        TEST_CUT(test_memory_short_indication),
        TEST(test_memory_short_first_connection),
        TEST(test_memory_short_inheritance),
        TEST(test_memory_short_listen),
        TEST(test_memory_that_stays_short_ends_the_connection),
        TEST_SOCKETS(test_memory_short_sockets),
        TEST_SOCKETS(test_memory_short_connect),
        TEST_SOCKETS(test_memory_short_first_connection),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
