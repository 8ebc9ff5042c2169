/* SPDX-License-Identifier: MIT */
/* Memory is short for datagram sockets: each step, with each allocation in it failing once. A datagram that there is no
 * block for waits in the network. */
#include "support/dgram_client.h"
#include "support/memory_sweep.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct wsk_fixture *fixture;
    struct dgram_client *client;
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_datagram_peer *peer;
    char *bytes;
};

/* --- sockets ---------------------------------------------------------------------------------------- */

static NTSTATUS attempt_socket(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = npi->Dispatch->WskSocket(npi->Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET, NULL,
                                        NULL, NULL, NULL, NULL, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        socket_close((PWSK_SOCKET)request->result.Information);
    }
    request_destroy(request);
    return status;
}

static NTSTATUS attempt_bind(struct scene *scene)
{
    PWSK_SOCKET socket = dgram_open(scene->fixture, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = dgram_table(socket)->WskBind(socket, (PSOCKADDR)&address, 0, irp);
    sweep_end();
    status = request_wait(request, returned);
    if (!NT_SUCCESS(status)) { /* it is unbound as before */
        assert_int_equal(socket_bind_try(socket, &address), STATUS_SUCCESS);
    }
    socket_close(socket);
    request_destroy(request);
    return status;
}

static void test_memory_short_datagram_sockets(void **state)
{
    struct scene scene = { .fixture = *state };

    sweep(&scene, attempt_socket);
    sweep(&scene, attempt_bind);
}

/* --- groups ----------------------------------------------------------------------------------------- */

static NTSTATUS group_change(struct scene *scene, ULONG option, UCHAR source, bool is_swept)
{
    GROUP_SOURCE_REQ order = { .gsr_interface = 1,
                               .gsr_group = address_any(AF_INET, 0),
                               .gsr_source = address_loopback(AF_INET, 0) };
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS status;

    memcpy(&((SOCKADDR_IN *)&order.gsr_group)->sin_addr, (const UCHAR[]){ 239, 9, 8, 5 }, 4);
    ((SOCKADDR_IN *)&order.gsr_source)->sin_addr.S_un.S_un_b.s_b4 = source;
    if (is_swept) {
        sweep_begin();
    }
    status = dgram_table(scene->socket)
                 ->WskControlSocket(scene->socket, WskSetOption, option, IPPROTO_IP, sizeof(order), &order, 0, NULL,
                                    NULL, irp);
    if (is_swept) {
        sweep_end();
    }
    status = request_wait(request, status);
    request_destroy(request);
    return status;
}

/* A membership that there was no memory for is none. */
static NTSTATUS attempt_join(struct scene *scene)
{
    NTSTATUS status = group_change(scene, MCAST_JOIN_SOURCE_GROUP, 1, true);

    assert_int_equal(group_change(scene, MCAST_LEAVE_SOURCE_GROUP, 1, false),
                     NT_SUCCESS(status) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
    return status;
}

/* A sender that there was no memory for is not named. */
static NTSTATUS attempt_join_another(struct scene *scene)
{
    NTSTATUS status;

    assert_int_equal(group_change(scene, MCAST_JOIN_SOURCE_GROUP, 1, false), STATUS_SUCCESS);
    status = group_change(scene, MCAST_JOIN_SOURCE_GROUP, 2, true);
    assert_int_equal(group_change(scene, MCAST_LEAVE_SOURCE_GROUP, 2, false),
                     NT_SUCCESS(status) ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS_COMPONENT);
    assert_int_equal(group_change(scene, MCAST_LEAVE_SOURCE_GROUP, 1, false), STATUS_SUCCESS);
    return status;
}

static void test_memory_short_datagram_groups(void **state)
{
    struct scene scene = { .fixture = *state };

    scene.socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &scene.port);
    sweep(&scene, attempt_join);
    sweep(&scene, attempt_join_another);
    socket_close(scene.socket);
}

/* --- receiving -------------------------------------------------------------------------------------- */

/* What a callback is not shown now it is shown with the next datagram, in order. */
static NTSTATUS attempt_indication(struct scene *scene)
{
    ULONG seen = scene->client->seen_count;

    wsk_kit_datagram_send_text(scene->peer, scene->client->port, "first");
    sweep_begin();
    wsk_kit_run_until_idle();
    sweep_end();
    wsk_kit_datagram_send_text(scene->peer, scene->client->port, "second");
    wsk_kit_run_until_idle();
    assert_int_equal(scene->client->seen_count, seen + 2);
    dgram_client_expect(scene->client, seen, "first");
    dgram_client_expect(scene->client, seen + 1, "second");
    return STATUS_SUCCESS;
}

/* A request that joins datagrams needs a block to join them in. */
static NTSTATUS attempt_receive(struct scene *scene)
{
    WSK_BUF buffer;
    char bytes[16];
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    buffer_init(&buffer, bytes, sizeof(bytes));
    wsk_kit_datagram_send_text(scene->peer, scene->port, "first");
    wsk_kit_run_until_idle();
    sweep_begin();
    returned = dgram_table(scene->socket)->WskReceiveFrom(scene->socket, &buffer, 0, NULL, NULL, NULL, NULL, irp);
    wsk_kit_run_until_idle();
    sweep_end();
    wsk_kit_datagram_send_text(scene->peer, scene->port, "another one");
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        assert_int_equal(request->result.Information, 5);
        assert_memory_equal(bytes, "first", 5);
    } else {
        dgram_receive_expect(dgram_receive_post(scene->socket, 16, 0), STATUS_SUCCESS, "first");
    }
    dgram_receive_expect(dgram_receive_post(scene->socket, 16, 0), STATUS_SUCCESS, "another one");
    buffer_fini(&buffer);
    request_destroy(request);
    return status;
}

static void test_memory_short_datagram_receive(void **state)
{
    struct scene scene = { .fixture = *state, .peer = wsk_kit_datagram_open(WSK_KIT_IPV4) };

    scene.client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);
    scene.client->answer = DGRAM_KEEP; /* blocks that are kept have to be made anew */
    sweep(&scene, attempt_indication);
    scene.socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &scene.port);
    assert_int_equal(socket_set_ulong(scene.socket, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 8), STATUS_SUCCESS);
    sweep(&scene, attempt_receive);
    dgram_client_release_all(scene.client);
    dgram_client_destroy(scene.client);
    socket_close(scene.socket);
    wsk_kit_datagram_close(scene.peer);
}

/* --- sending ---------------------------------------------------------------------------------------- */

#define LENGTH 60000
#define SENDS 8
#define PIECES 100

/* So many large ones that the network is full: what has to wait needs memory to wait in. To a peer that has room for
 * them: what nobody has room for is dropped at once, and nothing waits. */
static NTSTATUS attempt_send(struct scene *scene)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(peer));
    struct wsk_request *requests[SENDS];
    PIRP irps[SENDS];
    NTSTATUS returned[SENDS];
    NTSTATUS worst = STATUS_SUCCESS;
    WSK_BUF buffer;
    KIRQL irql;
    unsigned i;

    buffer_init(&buffer, scene->bytes, LENGTH);
    for (i = 0; i < SENDS; i++) {
        requests[i] = request_create();
        irps[i] = request_irp(requests[i]);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    sweep_begin();
    for (i = 0; i < SENDS; i++) {
        returned[i] =
            dgram_table(scene->socket)->WskSendTo(scene->socket, &buffer, 0, (PSOCKADDR)&remote, 0, NULL, irps[i]);
    }
    sweep_end();
    KeLowerIrql(irql);
    for (i = 0; i < SENDS; i++) {
        NTSTATUS status = request_wait(requests[i], returned[i]);

        assert_int_equal(requests[i]->result.Information, NT_SUCCESS(status) ? LENGTH : 0);
        worst = NT_SUCCESS(status) ? worst : status;
        request_destroy(requests[i]);
    }
    buffer_fini(&buffer);
    wsk_kit_datagram_close(peer);
    return worst;
}

/* More MDLs than the network takes pieces are gathered in a block. */
static NTSTATUS attempt_send_chain(struct scene *scene)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(scene->peer));
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    WSK_BUF parts[PIECES];
    NTSTATUS returned;
    NTSTATUS status;
    unsigned i;

    for (i = 0; i < PIECES; i++) {
        buffer_init(&parts[i], scene->bytes + i, 1);
        if (i > 0) {
            parts[i - 1].Mdl->Next = parts[i].Mdl;
        }
    }
    parts[0].Length = PIECES;
    sweep_begin();
    returned = dgram_table(scene->socket)->WskSendTo(scene->socket, &parts[0], 0, (PSOCKADDR)&remote, 0, NULL, irp);
    sweep_end();
    parts[0].Length = 1;
    status = request_wait(request, returned);
    assert_int_equal(request->result.Information, NT_SUCCESS(status) ? PIECES : 0);
    for (i = 0; i < PIECES; i++) {
        parts[i].Mdl->Next = NULL;
        buffer_fini(&parts[i]);
    }
    request_destroy(request);
    return status;
}

static void test_memory_short_datagram_send(void **state)
{
    struct scene scene = { .fixture = *state, .peer = wsk_kit_datagram_open(WSK_KIT_IPV4), .bytes = calloc(1, LENGTH) };

    assert_non_null(scene.bytes);
    scene.socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &scene.port);
    sweep(&scene, attempt_send_chain);
    sweep(&scene, attempt_send);
    socket_close(scene.socket);
    wsk_kit_datagram_close(scene.peer);
    free(scene.bytes);
}

static const struct wsk_emu_config s_sockets = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_STEPPED,
                                                 .network = WSK_EMU_NETWORK_SOCKETS };

#define TEST_SOCKETS(f) wsk_emu_unit_test_config(f, fixture_setup, fixture_teardown, &s_sockets)
#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_memory_short_datagram_sockets), TEST_SOCKETS(test_memory_short_datagram_sockets),
        TEST(test_memory_short_datagram_groups),  TEST_SOCKETS(test_memory_short_datagram_groups),
        TEST(test_memory_short_datagram_send),    TEST(test_memory_short_datagram_receive),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
