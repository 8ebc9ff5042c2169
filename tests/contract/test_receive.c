/* SPDX-License-Identifier: MIT */
/* WskReceive: what each receive gets, in which order, and how it ends. */
#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

/* Most tests: an accepted connection without events, and its peer. */
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

/* --- bytes ------------------------------------------------------------------------------------ */

static void test_receive_posted_first_gets_bytes(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 100, 0);

    assert_int_equal(receive->returned, STATUS_PENDING);
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(receive));
    wsk_kit_peer_send_text(pair.peer, "hello");
    conn_request_expect_text(receive, "hello");
    pair_close(&pair);
}

static void test_receive_posted_later_gets_bytes(void **state)
{
    struct pair pair = pair_open(state);

    wsk_kit_peer_send_text(pair.peer, "hello");
    wsk_kit_run_until_idle();
    conn_request_expect_text(conn_receive_post(pair.socket, 100, 0), "hello");
    pair_close(&pair);
}

static void test_receive_smaller_than_data_leaves_the_rest(void **state)
{
    struct pair pair = pair_open(state);

    wsk_kit_peer_send_text(pair.peer, "abcdefghij");
    wsk_kit_run_until_idle();
    conn_request_expect_text(conn_receive_post(pair.socket, 3, 0), "abc");
    conn_request_expect_text(conn_receive_post(pair.socket, 3, 0), "def");
    conn_request_expect_text(conn_receive_post(pair.socket, 30, 0), "ghij");
    pair_close(&pair);
}

static void test_receive_several_are_filled_in_posting_order(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receives[4];
    ULONG_PTR last_order = 0;

    for (unsigned index = 0; index < 4; index++) {
        receives[index] = conn_receive_post(pair.socket, 2, 0);
    }
    wsk_kit_peer_send_text(pair.peer, "aabbccdd");
    for (unsigned index = 0; index < 4; index++) {
        static const char *const texts[] = { "aa", "bb", "cc", "dd" };

        request_wait(receives[index]->request, receives[index]->returned);
        assert_true(receives[index]->request->order > last_order);
        last_order = receives[index]->request->order;
        conn_request_expect_text(receives[index], texts[index]);
    }
    pair_close(&pair);
}

static void test_receive_scatters_over_a_chain_from_an_offset(void **state)
{
    struct pair pair = pair_open(state);
    char first[8];
    char second[4];
    char third[16];
    WSK_BUF buffers[3];
    WSK_BUF chain;
    ULONG_PTR received;
    NTSTATUS status;

    memset(first, '.', sizeof(first));
    memset(third, '.', sizeof(third));
    buffer_init(&buffers[0], first, sizeof(first));
    buffer_init(&buffers[1], second, sizeof(second));
    buffer_init(&buffers[2], third, sizeof(third));
    buffers[0].Mdl->Next = buffers[1].Mdl;
    buffers[1].Mdl->Next = buffers[2].Mdl;
    chain.Mdl = buffers[0].Mdl;
    chain.Offset = 5;
    chain.Length = 3 + 4 + 5;
    wsk_kit_peer_send_text(pair.peer, "abcdefghijklmnop");
    wsk_kit_run_until_idle();
    REQUEST_CALL(status, &received, irp,
                 conn_table(pair.socket)->WskReceive(pair.socket, &chain, WSK_FLAG_WAITALL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(received, 12);
    assert_memory_equal(first, ".....abc", 8);
    assert_memory_equal(second, "defg", 4);
    assert_memory_equal(third, "hijkl...", 8);
    buffers[0].Mdl->Next = NULL;
    buffers[1].Mdl->Next = NULL;
    for (unsigned index = 0; index < 3; index++) {
        buffer_fini(&buffers[index]);
    }
    connection_expect_text(pair.socket, "mnop");
    pair_close(&pair);
}

/* A stream far larger than any buffer, through receives of all sizes: every byte once and in order. */
static void test_receive_long_stream_arrives_whole(void **state)
{
    const SIZE_T total = 300 * 1000;
    struct pair pair = pair_open(state);
    unsigned char *stream = malloc(total);
    unsigned char *got = malloc(70000);
    SIZE_T sent = 0;
    SIZE_T length = 0;
    SIZE_T size = 1;

    assert_non_null(stream);
    assert_non_null(got);
    conn_stream_fill(stream, 0, total);
    while (length < total) {
        SIZE_T received;

        if (sent < total) {
            sent += wsk_kit_peer_send_some(pair.peer, stream + sent, total - sent);
        }
        size = size * 3 % 70000 + 1;
        assert_int_equal(connection_receive_try(pair.socket, got, size, 0, &received), STATUS_SUCCESS);
        assert_true(received > 0);
        assert_true(received <= size);
        conn_stream_check(got, length, received);
        length += received;
    }
    assert_int_equal(length, total);
    free(stream);
    free(got);
    pair_close(&pair);
}

/* --- WSK_FLAG_WAITALL and WSK_FLAG_DRAIN ------------------------------------------------------ */

static void test_receive_waitall_waits_for_all(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 10, WSK_FLAG_WAITALL);

    wsk_kit_peer_send_text(pair.peer, "01234");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(receive));
    wsk_kit_peer_send_text(pair.peer, "56789ab");
    conn_request_expect_text(receive, "0123456789");
    connection_expect_text(pair.socket, "ab");
    pair_close(&pair);
}

static void test_receive_waitall_at_end_gets_what_there_is(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 10, WSK_FLAG_WAITALL);

    wsk_kit_peer_send_text(pair.peer, "short");
    wsk_kit_peer_end(pair.peer);
    conn_request_expect_text(receive, "short");
    pair_close(&pair);
}

static void test_receive_drain_discards_until_end(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *drain;

    wsk_kit_peer_send_text(pair.peer, "before");
    wsk_kit_run_until_idle();
    drain = conn_receive_post(pair.socket, 0, WSK_FLAG_DRAIN);
    wsk_kit_peer_send_text(pair.peer, "after");
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(drain));
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(drain, STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_receive_drain_ends_when_cancelled(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *drain = conn_receive_post(pair.socket, 0, WSK_FLAG_DRAIN);

    wsk_kit_run_until_idle();
    assert_true(IoCancelIrp(drain->request->irp));
    conn_request_expect(drain, STATUS_CANCELLED, 0);
    wsk_kit_peer_send_text(pair.peer, "kept");
    connection_expect_text(pair.socket, "kept");
    pair_close(&pair);
}

/* --- length zero ------------------------------------------------------------------------------ */

static void test_receive_zero_completes_and_takes_nothing(void **state)
{
    struct pair pair = pair_open(state);

    conn_request_expect(conn_receive_post(pair.socket, 0, 0), STATUS_SUCCESS, 0);
    wsk_kit_peer_send_text(pair.peer, "data");
    wsk_kit_run_until_idle();
    conn_request_expect(conn_receive_post(pair.socket, 0, 0), STATUS_SUCCESS, 0);
    connection_expect_text(pair.socket, "data");
    pair_close(&pair);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void test_receive_end_completes_all_with_zero(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receives[3];

    for (unsigned index = 0; index < 3; index++) {
        receives[index] = conn_receive_post(pair.socket, 10, 0);
    }
    wsk_kit_peer_send_text(pair.peer, "last");
    conn_request_expect_text(receives[0], "last");
    wsk_kit_peer_end(pair.peer);
    conn_request_expect(receives[1], STATUS_SUCCESS, 0);
    conn_request_expect(receives[2], STATUS_SUCCESS, 0);
    /* And so do later ones, as often as anybody asks. */
    conn_request_expect(conn_receive_post(pair.socket, 10, 0), STATUS_SUCCESS, 0);
    conn_request_expect(conn_receive_post(pair.socket, 10, WSK_FLAG_WAITALL), STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_receive_end_comes_after_the_last_byte(void **state)
{
    struct pair pair = pair_open(state);

    wsk_kit_peer_send_text(pair.peer, "0123456789");
    wsk_kit_peer_end(pair.peer);
    wsk_kit_run_until_idle();
    conn_request_expect_text(conn_receive_post(pair.socket, 4, 0), "0123");
    conn_request_expect_text(conn_receive_post(pair.socket, 4, 0), "4567");
    conn_request_expect_text(conn_receive_post(pair.socket, 4, 0), "89");
    conn_request_expect(conn_receive_post(pair.socket, 4, 0), STATUS_SUCCESS, 0);
    pair_close(&pair);
}

static void test_receive_reset_fails_all(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *first = conn_receive_post(pair.socket, 10, 0);
    struct conn_request *second = conn_receive_post(pair.socket, 10, 0);

    wsk_kit_peer_reset(pair.peer);
    conn_request_expect(first, STATUS_CONNECTION_RESET, 0);
    conn_request_expect(second, STATUS_CONNECTION_RESET, 0);
    conn_request_expect(conn_receive_post(pair.socket, 10, 0), STATUS_CONNECTION_RESET, 0);
    conn_request_expect(conn_receive_post(pair.socket, 0, 0), STATUS_CONNECTION_RESET, 0);
    pair_close(&pair);
}

static void test_receive_unconnected_fails(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    char byte;

    wsk_kit_expect_report("SOCK-016");
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

/* --- cancel and close ------------------------------------------------------------------------- */

static void test_receive_cancelled_takes_nothing(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 10, 0);

    assert_true(IoCancelIrp(receive->request->irp));
    conn_request_expect(receive, STATUS_CANCELLED, 0);
    wsk_kit_peer_send_text(pair.peer, "data");
    connection_expect_text(pair.socket, "data");
    pair_close(&pair);
}

static void test_receive_cancelled_in_the_middle_of_the_queue(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receives[3];

    for (unsigned index = 0; index < 3; index++) {
        receives[index] = conn_receive_post(pair.socket, 2, 0);
    }
    assert_true(IoCancelIrp(receives[1]->request->irp));
    conn_request_expect(receives[1], STATUS_CANCELLED, 0);
    wsk_kit_peer_send_text(pair.peer, "aabb");
    conn_request_expect_text(receives[0], "aa");
    conn_request_expect_text(receives[2], "bb");
    pair_close(&pair);
}

/* Bytes that were copied before the cancel are the driver's: they must not come again, and no other may be missing. */
static void test_receive_cancelled_with_partial_data_reports_it(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 10, WSK_FLAG_WAITALL);
    SIZE_T information;

    wsk_kit_peer_send_text(pair.peer, "abc");
    wsk_kit_run_until_idle();
    assert_true(IoCancelIrp(receive->request->irp));
    request_wait(receive->request, receive->returned);
    information = receive->request->result.Information;
    /* With threads the bytes may have been too late for this receive. */
    assert_true(information == 3 || (information == 0 && !fixture->way->is_stepped));
    assert_memory_equal(receive->bytes, "abc", information);
    assert_int_equal(conn_request_end(receive, NULL), STATUS_CANCELLED);
    wsk_kit_peer_send_text(pair.peer, "def");
    connection_expect_text(pair.socket, information == 3 ? "def" : "abcdef");
    pair_close(&pair);
}

static void test_receive_close_cancels_all(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receives[3];

    for (unsigned index = 0; index < 3; index++) {
        receives[index] = conn_receive_post(pair.socket, 2, 0);
    }
    socket_close(pair.socket);
    for (unsigned index = 0; index < 3; index++) {
        assert_true(conn_request_is_done(receives[index])); /* before the close was */
        conn_request_expect(receives[index], STATUS_CANCELLED, 0);
    }
    wsk_kit_peer_close(pair.peer);
}

static void test_receive_local_abort_cancels_all(void **state)
{
    struct pair pair = pair_open(state);
    struct conn_request *receive = conn_receive_post(pair.socket, 2, 0);

    assert_int_equal(connection_disconnect_try(pair.socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
    conn_request_expect(receive, STATUS_CANCELLED, 0);
    conn_request_expect(conn_receive_post(pair.socket, 2, 0), STATUS_INVALID_DEVICE_STATE, 0);
    pair_close(&pair);
}

/* --- arguments -------------------------------------------------------------------------------- */

static void test_receive_unknown_flag_is_not_supported(void **state)
{
    struct pair pair = pair_open(state);
    char byte;

    wsk_kit_expect_report("SOCK-020");
    assert_int_equal(connection_receive_try(pair.socket, &byte, 1, 0x100, NULL), STATUS_NOT_SUPPORTED);
    pair_close(&pair);
}

/* --- chains of requests ----------------------------------------------------------------------- */

/* A driver that posts the next receive in the completion routine of the last one, for a whole stream. */
struct chain {
    PWSK_SOCKET socket;
    unsigned char bytes[1000];
    WSK_BUF buffer;
    SIZE_T length;
    LONG depth;
    LONG depth_max;
    KEVENT end;
};

static void chain_post(struct chain *chain, struct wsk_request *request);

static void chain_completed(struct wsk_request *request)
{
    struct chain *chain = request->context;

    chain->depth++;
    chain->depth_max = chain->depth > chain->depth_max ? chain->depth : chain->depth_max;
    if (NT_SUCCESS(request->result.Status) && request->result.Information > 0) {
        conn_stream_check(chain->bytes, chain->length, request->result.Information);
        chain->length += request->result.Information;
        chain_post(chain, request);
    } else {
        KeSetEvent(&chain->end, IO_NO_INCREMENT, FALSE);
    }
    chain->depth--;
}

static void chain_post(struct chain *chain, struct wsk_request *request)
{
    PIRP irp = request_irp_of_chain(request);

    (void)request_note(request, conn_table(chain->socket)->WskReceive(chain->socket, &chain->buffer, 0, irp));
}

static void test_receive_posted_in_completion_routine_streams(void **state)
{
    const SIZE_T total = 100 * 1000;
    struct pair pair = pair_open(state);
    struct wsk_request *request = request_create();
    unsigned char *stream = malloc(total);
    struct chain chain;

    assert_non_null(stream);
    memset(&chain, 0, sizeof(chain));
    chain.socket = pair.socket;
    buffer_init(&chain.buffer, chain.bytes, sizeof(chain.bytes));
    KeInitializeEvent(&chain.end, NotificationEvent, FALSE);
    request->completed = chain_completed;
    request->context = &chain;
    conn_stream_fill(stream, 0, total);
    chain_post(&chain, request);
    wsk_kit_peer_send(pair.peer, stream, total);
    wsk_kit_peer_end(pair.peer);
    assert_int_equal(KeWaitForSingleObject(&chain.end, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(chain.length, total);
    assert_int_equal(chain.depth_max, 1); /* a completion routine never runs inside another */
    buffer_fini(&chain.buffer);
    request_destroy(request);
    free(stream);
    pair_close(&pair);
}

#define TESTS(X)                                           \
    X(test_receive_posted_first_gets_bytes)                \
    X(test_receive_posted_later_gets_bytes)                \
    X(test_receive_smaller_than_data_leaves_the_rest)      \
    X(test_receive_several_are_filled_in_posting_order)    \
    X(test_receive_scatters_over_a_chain_from_an_offset)   \
    X(test_receive_long_stream_arrives_whole)              \
    X(test_receive_waitall_waits_for_all)                  \
    X(test_receive_waitall_at_end_gets_what_there_is)      \
    X(test_receive_drain_discards_until_end)               \
    X(test_receive_drain_ends_when_cancelled)              \
    X(test_receive_zero_completes_and_takes_nothing)       \
    X(test_receive_end_completes_all_with_zero)            \
    X(test_receive_end_comes_after_the_last_byte)          \
    X(test_receive_reset_fails_all)                        \
    X(test_receive_unconnected_fails)                      \
    X(test_receive_cancelled_takes_nothing)                \
    X(test_receive_cancelled_in_the_middle_of_the_queue)   \
    X(test_receive_cancelled_with_partial_data_reports_it) \
    X(test_receive_close_cancels_all)                      \
    X(test_receive_local_abort_cancels_all)                \
    X(test_receive_unknown_flag_is_not_supported)          \
    X(test_receive_posted_in_completion_routine_streams)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
