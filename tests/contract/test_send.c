/* SPDX-License-Identifier: MIT */
/* WskSend: order, back-pressure, buffers, cancel, failures. */
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;
};

static struct pair pair_open(void **state)
{
    struct pair pair;
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);

    pair.socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &pair.peer);
    socket_close(listener);
    return pair;
}

static void pair_close(struct pair *pair)
{
    socket_close(pair->socket);
    wsk_kit_peer_close(pair->peer);
}

/* More than any network takes while nobody reads. */
#define FLOOD_BYTES (16u * 1024 * 1024)

static unsigned char *flood_create(void)
{
    unsigned char *bytes = malloc(FLOOD_BYTES);

    assert_non_null(bytes);
    conn_stream_fill(bytes, 0, FLOOD_BYTES);
    return bytes;
}

/* Reads length bytes of the test stream, which begins at first. */
static void peer_expect_stream(struct wsk_kit_peer *peer, SIZE_T first, SIZE_T length)
{
    unsigned char *bytes = malloc(65536);
    SIZE_T done = 0;

    assert_non_null(bytes);
    while (done < length) {
        SIZE_T want = length - done < 65536 ? length - done : 65536;
        SIZE_T got = wsk_kit_peer_receive(peer, bytes, want);

        assert_true(got > 0);
        conn_stream_check(bytes, first + done, got);
        done += got;
    }
    free(bytes);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static void test_send_arrives_and_reports_its_length(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *send = conn_send_post(pair.socket, "hello", 5, 0);

    assert_int_equal(send->returned, STATUS_PENDING);
    conn_request_expect(send, STATUS_SUCCESS, 5);
    wsk_kit_peer_expect_text(pair.peer, "hello");
    pair_close(&pair);
}

static void test_send_many_keep_their_order(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *sends[100];

    for (unsigned index = 0; index < 100; index++) {
        unsigned char bytes[37];

        conn_stream_fill(bytes, index * sizeof(bytes), sizeof(bytes));
        sends[index] = conn_send_post(pair.socket, bytes, sizeof(bytes), index % 3 == 0 ? WSK_FLAG_NODELAY : 0);
    }
    peer_expect_stream(pair.peer, 0, 100 * 37);
    for (unsigned index = 0; index < 100; index++) {
        conn_request_expect(sends[index], STATUS_SUCCESS, 37);
    }
    pair_close(&pair);
}

static void test_send_gathers_a_chain_from_an_offset(void **state)
{
    struct pair pair = pair_open(state);
    char first[] = "....abc";
    char second[] = "de";
    char third[] = "fghi....";
    WSK_BUF buffers[3];
    WSK_BUF chain;
    ULONG_PTR sent;
    NTSTATUS status;

    buffer_init(&buffers[0], first, 7);
    buffer_init(&buffers[1], second, 2);
    buffer_init(&buffers[2], third, 8);
    buffers[0].Mdl->Next = buffers[1].Mdl;
    buffers[1].Mdl->Next = buffers[2].Mdl;
    chain.Mdl = buffers[0].Mdl;
    chain.Offset = 4;
    chain.Length = 9;
    REQUEST_CALL(status, &sent, irp, conn_table(pair.socket)->WskSend(pair.socket, &chain, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(sent, 9);
    wsk_kit_peer_expect_text(pair.peer, "abcdefghi");
    buffers[0].Mdl->Next = NULL;
    buffers[1].Mdl->Next = NULL;
    for (unsigned index = 0; index < 3; index++) {
        buffer_fini(&buffers[index]);
    }
    pair_close(&pair);
}

static void test_send_nothing_succeeds(void **state)
{
    struct pair pair = pair_open(state);

    conn_request_expect(conn_send_post(pair.socket, "", 0, 0), STATUS_SUCCESS, 0);
    connection_send_text(pair.socket, "something");
    wsk_kit_peer_expect_text(pair.peer, "something");
    pair_close(&pair);
}

/* --- back-pressure ---------------------------------------------------------------------------- */

static void test_send_larger_than_the_network_pends_until_read(void **state)
{
    struct pair pair = pair_open(state);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(pair.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *after = conn_send_post(pair.socket, "after", 5, 0);
    struct conn_request *nothing = conn_send_post(pair.socket, "", 0, 0);

    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(flood));
    assert_false(conn_request_is_done(after));
    assert_false(conn_request_is_done(nothing)); /* sends complete in order */
    peer_expect_stream(pair.peer, 0, FLOOD_BYTES);
    wsk_kit_peer_expect_text(pair.peer, "after");
    conn_request_expect(flood, STATUS_SUCCESS, FLOOD_BYTES);
    conn_request_expect(after, STATUS_SUCCESS, 5);
    conn_request_expect(nothing, STATUS_SUCCESS, 0);
    free(bytes);
    pair_close(&pair);
}

static void test_send_queued_can_be_cancelled(void **state)
{
    struct pair pair = pair_open(state);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(pair.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *second = conn_send_post(pair.socket, "second", 6, 0);
    struct conn_request *third = conn_send_post(pair.socket, "third", 5, 0);

    assert_true(IoCancelIrp(second->request->irp));
    conn_request_expect(second, STATUS_CANCELLED, 0);
    assert_false(conn_request_is_done(flood));
    peer_expect_stream(pair.peer, 0, FLOOD_BYTES);
    wsk_kit_peer_expect_text(pair.peer, "third");
    conn_request_expect(flood, STATUS_SUCCESS, FLOOD_BYTES);
    conn_request_expect(third, STATUS_SUCCESS, 5);
    free(bytes);
    pair_close(&pair);
}

static void test_send_started_can_be_cancelled(void **state)
{
    struct pair pair = pair_open(state);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(pair.socket, bytes, FLOOD_BYTES, 0);
    SIZE_T sent;

    assert_true(IoCancelIrp(flood->request->irp));
    assert_int_equal(conn_request_end(flood, &sent), STATUS_CANCELLED);
    assert_true(sent > 0);
    assert_true(sent < FLOOD_BYTES);
    /* What went out before stays where it is; the next send follows. */
    peer_expect_stream(pair.peer, 0, sent);
    connection_send_text(pair.socket, "and on");
    wsk_kit_peer_expect_text(pair.peer, "and on");
    free(bytes);
    pair_close(&pair);
}

static void test_send_close_cancels_queued(void **state)
{
    struct pair pair = pair_open(state);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(pair.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *second = conn_send_post(pair.socket, "second", 6, 0);

    socket_close(pair.socket);
    assert_true(conn_request_is_done(flood));
    assert_true(conn_request_is_done(second));
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CANCELLED);
    conn_request_expect(second, STATUS_CANCELLED, 0);
    wsk_kit_peer_expect_reset(pair.peer);
    free(bytes);
    wsk_kit_peer_close(pair.peer);
}

static void test_send_queued_fails_when_peer_resets(void **state)
{
    struct pair pair = pair_open(state);
    unsigned char *bytes = flood_create();
    struct conn_request *flood = conn_send_post(pair.socket, bytes, FLOOD_BYTES, 0);
    struct conn_request *second = conn_send_post(pair.socket, "second", 6, 0);

    wsk_kit_peer_reset(pair.peer);
    assert_int_equal(conn_request_end(flood, NULL), STATUS_CONNECTION_RESET);
    conn_request_expect(second, STATUS_CONNECTION_RESET, 0);
    conn_request_expect(conn_send_post(pair.socket, "third", 5, 0), STATUS_CONNECTION_RESET, 0);
    free(bytes);
    pair_close(&pair);
}

/* The driver greets the peer inside WskAcceptEvent, with more than the network takes, before anybody listens for the
 * connection's events. */
struct greeter {
    unsigned char *bytes;
    struct conn_request *flood;
    PWSK_SOCKET socket;
};

static NTSTATUS WSKAPI greet(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                             PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                             CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct greeter *greeter = SocketContext;

    (void)Flags;
    (void)LocalAddress;
    (void)RemoteAddress;
    *AcceptSocketContext = NULL;
    *AcceptSocketDispatch = NULL;
    greeter->socket = AcceptSocket;
    greeter->flood->returned =
        conn_table(AcceptSocket)
            ->WskSend(AcceptSocket, &greeter->flood->buffer, 0, request_irp(greeter->flood->request));
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH greet_dispatch = { greet, NULL, NULL };

static void test_send_larger_than_the_network_inside_accept_event(void **state)
{
    struct greeter greeter;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    USHORT port;

    greeter.bytes = flood_create();
    greeter.flood = conn_request_create(greeter.bytes, FLOOD_BYTES);
    listener = listener_open(*state, AF_INET, &greeter, &greet_dispatch, false, &port);
    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    peer_expect_stream(peer, 0, FLOOD_BYTES);
    conn_request_expect(greeter.flood, STATUS_SUCCESS, FLOOD_BYTES);
    socket_close(greeter.socket);
    socket_close(listener);
    wsk_kit_peer_close(peer);
    free(greeter.bytes);
}

/* --- states ----------------------------------------------------------------------------------- */

static void test_send_after_the_peers_end_arrives(void **state)
{
    struct pair pair = pair_open(state);
    char byte;
    SIZE_T received;

    wsk_kit_peer_end(pair.peer);
    assert_int_equal(connection_receive_try(pair.socket, &byte, 1, 0, &received), STATUS_SUCCESS);
    assert_int_equal(received, 0);
    connection_send_text(pair.socket, "late");
    wsk_kit_peer_expect_text(pair.peer, "late");
    pair_close(&pair);
}

static void test_send_unconnected_fails(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_send_try(socket, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_send_urgent_is_not_supported(void **state)
{
    struct pair pair = pair_open(state);

    assert_int_equal(connection_send_try(pair.socket, "x", 1, WSK_FLAG_OOB, NULL), STATUS_NOT_SUPPORTED);
    connection_send_text(pair.socket, "y");
    wsk_kit_peer_expect_text(pair.peer, "y");
    pair_close(&pair);
}

static void test_send_without_buffer_fails(void **state)
{
    struct pair pair = pair_open(state);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-022");
    REQUEST_CALL(status, NULL, irp, conn_table(pair.socket)->WskSend(pair.socket, NULL, 0, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    pair_close(&pair);
}

/* --- IRQL and recursion ----------------------------------------------------------------------- */

static void test_send_at_dispatch_level_completes_after_lowering(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair = pair_open(state);
    KIRQL irql;
    bool was_done;
    char bytes[] = "raised";
    WSK_BUF buffer;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    buffer_init(&buffer, bytes, 6);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = conn_table(pair.socket)->WskSend(pair.socket, &buffer, 0, irp);
    was_done = request_is_done(request);
    KeLowerIrql(irql);
    assert_int_equal(returned, STATUS_PENDING);
    assert_false(fixture->way->is_stepped && was_done); /* its own processor was busy with this thread */
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->irql, DISPATCH_LEVEL);
    wsk_kit_peer_expect_text(pair.peer, "raised");
    buffer_fini(&buffer);
    request_destroy(request);
    pair_close(&pair);
}

/* A driver that sends the next piece in the completion routine of the last one: the stack must not grow. Where the
 * stack is shows in the address of a local variable, as long as one thread runs everything. */
struct chain {
    PWSK_SOCKET socket;
    WSK_BUF buffer;
    LONG left;
    ULONG_PTR stack_lowest;
    ULONG_PTR stack_highest;
    KEVENT end;
};

static void chain_post(struct chain *chain, struct wsk_request *request)
{
    PIRP irp = request_irp_of_chain(request);

    (void)request_note(request, conn_table(chain->socket)->WskSend(chain->socket, &chain->buffer, 0, irp));
}

static void chain_completed(struct wsk_request *request)
{
    struct chain *chain = request->context;
    ULONG_PTR stack = (ULONG_PTR)__builtin_frame_address(0);

    chain->stack_lowest = chain->stack_lowest == 0 || stack < chain->stack_lowest ? stack : chain->stack_lowest;
    chain->stack_highest = stack > chain->stack_highest ? stack : chain->stack_highest;
    if (NT_SUCCESS(request->result.Status) && --chain->left > 0) {
        chain_post(chain, request);
    } else {
        KeSetEvent(&chain->end, IO_NO_INCREMENT, FALSE);
    }
}

static void test_send_posted_in_completion_routine_does_not_recurse(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair = pair_open(state);
    struct wsk_request *request = request_create();
    char bytes[] = "ab";
    struct chain chain;

    memset(&chain, 0, sizeof(chain));
    chain.socket = pair.socket;
    chain.left = 1000;
    buffer_init(&chain.buffer, bytes, 2);
    KeInitializeEvent(&chain.end, NotificationEvent, FALSE);
    request->completed = chain_completed;
    request->context = &chain;
    chain_post(&chain, request);
    for (unsigned index = 0; index < 1000; index++) {
        wsk_kit_peer_expect_text(pair.peer, "ab");
    }
    assert_int_equal(KeWaitForSingleObject(&chain.end, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(chain.left, 0);
    if (fixture->way->is_stepped) {
        assert_true(chain.stack_highest - chain.stack_lowest < 64 * 1024);
    }
    buffer_fini(&chain.buffer);
    request_destroy(request);
    pair_close(&pair);
}

/* Pages that nobody has mapped, as file systems and network stacks have them; and a part that begins behind the first
 * page. Neither has an address of its own to go by. */
static void test_send_and_receive_of_pages_that_are_not_mapped(void **state)
{
    static const PHYSICAL_ADDRESS none = { .QuadPart = 0 };
    static const PHYSICAL_ADDRESS any = { .QuadPart = -1 };
    struct pair pair = pair_open(state);
    PMDL pages = MmAllocatePagesForMdlEx(none, any, none, 2 * PAGE_SIZE, MmCached, MM_ALLOCATE_FULLY_REQUIRED);
    PMDL part = IoAllocateMdl(NULL, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    WSK_BUF buffer = { pages, 0, PAGE_SIZE + 5 };
    unsigned char *bytes;
    NTSTATUS status;
    ULONG_PTR information;

    assert_non_null(pages);
    assert_non_null(part);
    bytes = malloc(PAGE_SIZE + 5);
    assert_non_null(bytes);
    conn_stream_fill(bytes, 0, PAGE_SIZE + 5);
    wsk_kit_peer_send(pair.peer, bytes, PAGE_SIZE + 5);
    REQUEST_CALL(status, &information, irp,
                 conn_table(pair.socket)->WskReceive(pair.socket, &buffer, WSK_FLAG_WAITALL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, PAGE_SIZE + 5);
    assert_false(pages->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);

    IoBuildPartialMdl(pages, part, (PVOID)(ULONG_PTR)(PAGE_SIZE - 3), 8); /* the pages begin at address 0 */
    buffer = (WSK_BUF){ part, 0, 8 };
    REQUEST_CALL(status, &information, irp, conn_table(pair.socket)->WskSend(pair.socket, &buffer, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_peer_expect(pair.peer, bytes + PAGE_SIZE - 3, 8);

    IoBuildPartialMdl(pages, part, (PVOID)(ULONG_PTR)(PAGE_SIZE + 1), 4);
    buffer = (WSK_BUF){ part, 1, 3 };
    REQUEST_CALL(status, &information, irp, conn_table(pair.socket)->WskSend(pair.socket, &buffer, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_kit_peer_expect(pair.peer, bytes + PAGE_SIZE + 2, 3);

    free(bytes);
    IoFreeMdl(part);
    MmFreePagesFromMdl(pages);
    ExFreePool(pages);
    pair_close(&pair);
}

#define TESTS(X)                                               \
    X(test_send_arrives_and_reports_its_length)                \
    X(test_send_many_keep_their_order)                         \
    X(test_send_gathers_a_chain_from_an_offset)                \
    X(test_send_nothing_succeeds)                              \
    X(test_send_larger_than_the_network_pends_until_read)      \
    X(test_send_queued_can_be_cancelled)                       \
    X(test_send_started_can_be_cancelled)                      \
    X(test_send_close_cancels_queued)                          \
    X(test_send_queued_fails_when_peer_resets)                 \
    X(test_send_larger_than_the_network_inside_accept_event)   \
    X(test_send_after_the_peers_end_arrives)                   \
    X(test_send_unconnected_fails)                             \
    X(test_send_urgent_is_not_supported)                       \
    X(test_send_without_buffer_fails)                          \
    X(test_send_at_dispatch_level_completes_after_lowering)    \
    X(test_send_posted_in_completion_routine_does_not_recurse) \
    X(test_send_and_receive_of_pages_that_are_not_mapped)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
