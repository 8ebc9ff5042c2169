/* SPDX-License-Identifier: MIT */
/* Verifier rules of connections, their states, arguments and buffers: each with a breach and a near miss. */
#include "support/conn_client.h"

#include <string.h>

struct wired {
    struct conn_client *client;
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;
};

static void wired_open(struct wired *wired, void **state, ULONG events)
{
    wired->client = conn_client_create();
    conn_accept(*state, wired->client, events, &wired->peer);
    wired->socket = wired->client->socket;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_peer_close(wired->peer);
    conn_client_destroy(wired->client);
}

static NTSTATUS silence(PWSK_SOCKET socket)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                     ->WskControlSocket(socket, WskIoctl, SIO_WSK_SET_TCP_SILENT_MODE, 0, 0, NULL, 0, NULL, NULL, irp));
    return status;
}

/* --- SOCK-015, SOCK-016: states --------------------------------------------------------------- */

static void test_sock_015_breach_connect_without_bind(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(connection_connect_try(socket, &remote), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

/* The story: WskAccept of a listener that was never bound failed with the documented status and said nothing, although
 * WskConnect of an unbound socket is reported. */
static void test_sock_015_breach_accept_without_bind(void **state)
{
    PWSK_SOCKET listener = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-015");
    REQUEST_CALL(status, NULL, irp, table->WskAccept(listener, 0, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_STATE);
    assert_non_null(strstr(wsk_kit_last_report(), "WskAccept"));
    socket_close(listener);
}

static void test_sock_015_near_miss_connect_after_bind(void **state)
{
    struct wsk_kit_peer *peer;

    socket_close(connection_open_peer(*state, AF_INET, NULL, NULL, &peer));
    wsk_kit_peer_close(peer);
}

static void test_sock_016_breach_send_before_connected(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    assert_non_null(strstr(wsk_kit_last_report(), "WskSend"));
    socket_close(socket);
}

static void test_sock_016_breach_receive_before_connected(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    char byte;

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void send_when_connected(struct wsk_request *request)
{
    struct wired *wired = request->context;

    wired->client->test_data = conn_send_post(wired->socket, "x", 1, 0);
}

/* In the completion routine of the connect, the socket is connected. */
static void test_sock_016_near_miss_send_in_connect_completion(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct wsk_request *request = request_create();
    struct wired wired;
    NTSTATUS returned;

    wired.client = conn_client_create();
    wired.socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    request->context = &wired;
    request->completed = send_when_connected;
    returned = conn_table(wired.socket)->WskConnect(wired.socket, (PSOCKADDR)&remote, 0, request_irp(request));
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    wired.peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(wired.peer, "x");
    conn_request_expect(wired.client->test_data, STATUS_SUCCESS, 1);
    request_destroy(request);
    wsk_kit_server_close(server);
    wired_close(&wired);
}

/* A connection that the peer has reset is no breach: the driver cannot know yet. */
static void test_sock_016_near_miss_send_after_reset(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wsk_kit_peer_reset(wired.peer);
    wsk_kit_run_until_idle();
    assert_int_equal(connection_send_try(wired.socket, "x", 1, 0, NULL), STATUS_CONNECTION_RESET);
    wired_close(&wired);
}

/* --- SOCK-014, SOCK-019: arguments of WskConnect ---------------------------------------------- */

static void test_sock_014_breach_connect_to_another_family(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET6, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    wsk_kit_expect_report("SOCK-014");
    assert_int_equal(connection_connect_try(socket, &remote), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

/* The story: WskGetRemoteAddress without a buffer failed silently; WskGetLocalAddress had always reported it. */
static void test_sock_014_breach_addresses_without_a_buffer(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-014");
    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskGetRemoteAddress(socket, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-014");
    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskGetLocalAddress(socket, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_sock_019_breach_connect_with_flags(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-019");
    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 2, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_sock_014_near_miss_connect_to_the_same_family(void **state)
{
    struct wsk_kit_peer *peer;

    socket_close(connection_open_peer(*state, AF_INET6, NULL, NULL, &peer));
    wsk_kit_peer_close(peer);
}

static void test_sock_019_near_miss_connect_without_flags(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));

    assert_int_equal(connection_connect_try(socket, &remote), STATUS_CONNECTION_REFUSED);
    socket_close(socket);
}

/* --- SOCK-020: receive flags ------------------------------------------------------------------ */

static void test_sock_020_breach_waitall_and_drain(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-020");
    conn_request_expect(conn_receive_post(wired.socket, 0, WSK_FLAG_WAITALL | WSK_FLAG_DRAIN), STATUS_INVALID_PARAMETER,
                        0);
    wired_close(&wired);
}

static void test_sock_020_breach_drain_with_a_buffer(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-020");
    conn_request_expect(conn_receive_post(wired.socket, 1, WSK_FLAG_DRAIN), STATUS_INVALID_PARAMETER, 0);
    wired_close(&wired);
}

static void test_sock_020_breach_unknown_flag(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-020");
    conn_request_expect(conn_receive_post(wired.socket, 1, 0x8), STATUS_NOT_SUPPORTED, 0);
    wired_close(&wired);
}

static void test_sock_020_near_miss_one_flag(void **state)
{
    struct wired wired;
    struct conn_request *drain;

    wired_open(&wired, state, 0);
    wsk_kit_peer_send_text(wired.peer, "ab");
    conn_request_expect(conn_receive_post(wired.socket, 1, WSK_FLAG_WAITALL), STATUS_SUCCESS, 1);
    drain = conn_receive_post(wired.socket, 0, WSK_FLAG_DRAIN);
    wsk_kit_peer_end(wired.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    wired_close(&wired);
}

/* --- SOCK-021: disconnect --------------------------------------------------------------------- */

static void test_sock_021_breach_abortive_with_a_buffer(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-021");
    conn_request_expect(conn_disconnect_post(wired.socket, "x", 1, WSK_FLAG_ABORTIVE), STATUS_INVALID_PARAMETER, 0);
    /* Nothing has happened. */
    connection_send_text(wired.socket, "y");
    wsk_kit_peer_expect_text(wired.peer, "y");
    wired_close(&wired);
}

static void test_sock_021_breach_send_after_disconnect(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-021");
    assert_int_equal(connection_send_try(wired.socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wired_close(&wired);
}

static void test_sock_021_breach_send_after_abort(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-021");
    assert_int_equal(connection_send_try(wired.socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    wired_close(&wired);
}

/* A send that blocks a graceful disconnect for as long as the peer does not read. */
static unsigned char s_flood[8 * 1024 * 1024];

static void test_sock_021_breach_second_graceful_while_pending(void **state)
{
    struct conn_request *flood;
    struct conn_request *disconnect;
    struct wired wired;

    wired_open(&wired, state, 0);
    flood = conn_send_post(wired.socket, s_flood, sizeof(s_flood), 0);
    disconnect = conn_disconnect_post(wired.socket, NULL, 0, 0);
    wsk_kit_expect_report("SOCK-021");
    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(disconnect, STATUS_CANCELLED, 0);
    wired_close(&wired);
}

static void test_sock_021_near_miss_abortive_after_pending_graceful(void **state)
{
    struct conn_request *flood;
    struct conn_request *disconnect;
    struct wired wired;

    wired_open(&wired, state, 0);
    flood = conn_send_post(wired.socket, s_flood, sizeof(s_flood), 0);
    disconnect = conn_disconnect_post(wired.socket, "last", 4, 0);
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(disconnect, STATUS_CANCELLED, 0);
    wired_close(&wired);
}

/* --- SOCK-022, SOCK-023: buffers -------------------------------------------------------------- */

static NTSTATUS send_buffer(PWSK_SOCKET socket, PMDL mdl, ULONG offset, SIZE_T length)
{
    WSK_BUF buffer = { mdl, offset, length };
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, conn_table(socket)->WskSend(socket, &buffer, 0, irp));
    return status;
}

static void test_sock_022_breach_length_beyond_the_chain(void **state)
{
    struct wired wired;
    char bytes[10] = { '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' };
    WSK_BUF whole;

    wired_open(&wired, state, 0);
    buffer_init(&whole, bytes, sizeof(bytes));
    wsk_kit_expect_report("SOCK-022");
    assert_int_equal(send_buffer(wired.socket, whole.Mdl, 0, 11), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-022");
    assert_int_equal(send_buffer(wired.socket, whole.Mdl, 1, 10), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-022");
    assert_int_equal(send_buffer(wired.socket, whole.Mdl, 10, 1), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-022");
    assert_int_equal(send_buffer(wired.socket, NULL, 0, 1), STATUS_INVALID_PARAMETER);
    buffer_fini(&whole);
    wired_close(&wired);
}

static void test_sock_022_near_miss_the_whole_chain(void **state)
{
    struct wired wired;
    char bytes[10] = { '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' };
    WSK_BUF whole;

    wired_open(&wired, state, 0);
    buffer_init(&whole, bytes, sizeof(bytes));
    assert_int_equal(send_buffer(wired.socket, whole.Mdl, 0, 10), STATUS_SUCCESS);
    assert_int_equal(send_buffer(wired.socket, whole.Mdl, 9, 1), STATUS_SUCCESS);
    assert_int_equal(send_buffer(wired.socket, NULL, 0, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_text(wired.peer, "01234567899");
    buffer_fini(&whole);
    wired_close(&wired);
}

static void test_sock_023_breach_mdl_neither_locked_nor_built(void **state)
{
    struct wired wired;
    char bytes[4];
    PMDL mdl = IoAllocateMdl(bytes, sizeof(bytes), FALSE, FALSE, NULL);

    assert_non_null(mdl);
    wired_open(&wired, state, 0);
    wsk_kit_expect_report("SOCK-023");
    assert_int_equal(send_buffer(wired.socket, mdl, 0, 4), STATUS_INVALID_PARAMETER);
    IoFreeMdl(mdl);
    wired_close(&wired);
}

/* A receive into locked pages that completes when the peer has sent. */
static PMDL receive_locked(struct wired *wired, char *bytes, ULONG length, struct wsk_request **request,
                           NTSTATUS *returned)
{
    WSK_BUF buffer = { IoAllocateMdl(bytes, length, FALSE, FALSE, NULL), 0, length };

    assert_non_null(buffer.Mdl);
    MmProbeAndLockPages(buffer.Mdl, KernelMode, IoWriteAccess);
    *request = request_create();
    *returned = conn_table(wired->socket)->WskReceive(wired->socket, &buffer, 0, request_irp(*request));
    return buffer.Mdl;
}

static void test_sock_023_breach_pages_unlocked_while_the_receive_is_pending(void **state)
{
    struct wsk_request *request;
    NTSTATUS returned;
    struct wired wired;
    char bytes[4];
    PMDL mdl;

    wired_open(&wired, state, 0);
    mdl = receive_locked(&wired, bytes, sizeof(bytes), &request, &returned);
    MmUnlockPages(mdl);
    wsk_kit_expect_report("SOCK-023");
    wsk_kit_peer_send_text(wired.peer, "late");
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_non_null(strstr(wsk_kit_last_report(), "not locked any more"));
    request_destroy(request);
    IoFreeMdl(mdl);
    wired_close(&wired);
}

static void test_sock_023_near_miss_pages_unlocked_after_the_receive(void **state)
{
    struct wsk_request *request;
    NTSTATUS returned;
    struct wired wired;
    char bytes[4];
    PMDL mdl;

    wired_open(&wired, state, 0);
    mdl = receive_locked(&wired, bytes, sizeof(bytes), &request, &returned);
    wsk_kit_peer_send_text(wired.peer, "soon");
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_memory_equal(bytes, "soon", 4);
    MmUnlockPages(mdl);
    request_destroy(request);
    IoFreeMdl(mdl);
    wired_close(&wired);
}

static void test_sock_023_near_miss_mdl_of_nonpaged_pool(void **state)
{
    struct wired wired;
    char *bytes = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4, 'tseT');
    PMDL mdl = IoAllocateMdl(bytes, 4, FALSE, FALSE, NULL);

    assert_non_null(bytes);
    assert_non_null(mdl);
    memcpy(bytes, "pool", 4);
    MmBuildMdlForNonPagedPool(mdl);
    wired_open(&wired, state, 0);
    assert_int_equal(send_buffer(wired.socket, mdl, 0, 4), STATUS_SUCCESS);
    wsk_kit_peer_expect_text(wired.peer, "pool");
    IoFreeMdl(mdl);
    ExFreePoolWithTag(bytes, 'tseT');
    wired_close(&wired);
}

/* --- SOCK-056: silent mode -------------------------------------------------------------------- */

static void test_sock_056_breach_send_on_a_silent_connection(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    assert_int_equal(silence(wired.socket), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(connection_send_try(wired.socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    assert_non_null(strstr(wsk_kit_last_report(), "WskSend"));
    wired_close(&wired);
}

static void test_sock_056_breach_disconnect_of_a_silent_connection(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    assert_int_equal(silence(wired.socket), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(connection_disconnect_try(wired.socket, 0), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-056");
    assert_int_equal(connection_disconnect_try(wired.socket, WSK_FLAG_ABORTIVE), STATUS_INVALID_DEVICE_STATE);
    wired_close(&wired);
}

static void test_sock_056_near_miss_silent_connection_is_closed(void **state)
{
    struct wired wired;

    wired_open(&wired, state, 0);
    assert_int_equal(connection_send_try(wired.socket, "x", 1, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(silence(wired.socket), STATUS_SUCCESS);
    wired_close(&wired);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_sock_014_breach_connect_to_another_family),
        T(test_sock_014_breach_addresses_without_a_buffer),
        T(test_sock_014_near_miss_connect_to_the_same_family),
        T(test_sock_015_breach_connect_without_bind),
        T(test_sock_015_breach_accept_without_bind),
        T(test_sock_015_near_miss_connect_after_bind),
        T(test_sock_016_breach_send_before_connected),
        T(test_sock_016_breach_receive_before_connected),
        T(test_sock_016_near_miss_send_in_connect_completion),
        T(test_sock_016_near_miss_send_after_reset),
        T(test_sock_019_breach_connect_with_flags),
        T(test_sock_019_near_miss_connect_without_flags),
        T(test_sock_020_breach_waitall_and_drain),
        T(test_sock_020_breach_drain_with_a_buffer),
        T(test_sock_020_breach_unknown_flag),
        T(test_sock_020_near_miss_one_flag),
        T(test_sock_021_breach_abortive_with_a_buffer),
        T(test_sock_021_breach_send_after_disconnect),
        T(test_sock_021_breach_send_after_abort),
        T(test_sock_021_breach_second_graceful_while_pending),
        T(test_sock_021_near_miss_abortive_after_pending_graceful),
        T(test_sock_056_breach_send_on_a_silent_connection),
        T(test_sock_056_breach_disconnect_of_a_silent_connection),
        T(test_sock_056_near_miss_silent_connection_is_closed),
        T(test_sock_022_breach_length_beyond_the_chain),
        T(test_sock_022_near_miss_the_whole_chain),
        T(test_sock_023_breach_mdl_neither_locked_nor_built),
        T(test_sock_023_breach_pages_unlocked_while_the_receive_is_pending),
        T(test_sock_023_near_miss_pages_unlocked_after_the_receive),
        T(test_sock_023_near_miss_mdl_of_nonpaged_pool),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
