/* SPDX-License-Identifier: MIT */
/* WskReceive: several at once complete in the order in which they were posted, whoever completes them. */

/* Completion routines run at once, or later on another processor, as the seed says. */
#define CONTRACT_CONFIG .completion = WSK_EMU_COMPLETION_MIXED, .seed = 3

#include "support/conn_client.h"

#include <stdlib.h>
#include <string.h>

#define OUTSTANDING 4
#define RECEIVE_BYTES 100
#define TOTAL_BYTES (60u * 1000)

/* Each receive is posted again in its completion routine, so that always several are outstanding and several threads
 * are at it. The routine checks that its bytes are the next ones of the stream: that is the promise. */
struct lane {
    struct stream *stream;
    struct conn_request *request;
};

struct stream {
    PWSK_SOCKET socket;
    struct lane lanes[OUTSTANDING];
    SIZE_T length;
    LONG wrong_count;
    LONG ended_count;
    KEVENT end;
};

static void lane_post(struct lane *lane)
{
    struct conn_request *request = lane->request;

    PIRP irp = request_irp_of_chain(request->request);

    request->returned = request_note(
        request->request, conn_table(lane->stream->socket)->WskReceive(lane->stream->socket, &request->buffer, 0, irp));
}

static void lane_completed(struct wsk_request *request)
{
    struct lane *lane = request->context;
    struct stream *stream = lane->stream;

    for (SIZE_T index = 0; index < request->result.Information; index++) {
        if (lane->request->bytes[index] != conn_stream_byte(stream->length + index)) {
            InterlockedIncrement(&stream->wrong_count);
        }
    }
    /* Receives that find nothing but the end are answered at once, on several processors: they write nothing here. */
    if (request->result.Information > 0) {
        stream->length += request->result.Information;
        lane_post(lane);
    } else if (InterlockedIncrement(&stream->ended_count) == OUTSTANDING) {
        KeSetEvent(&stream->end, IO_NO_INCREMENT, FALSE);
    }
}

static void test_receive_order_is_the_posting_order(void **state)
{
    struct wsk_kit_peer *peer;
    struct stream stream;
    unsigned char *bytes = malloc(TOTAL_BYTES);
    PWSK_SOCKET listener;
    USHORT port;

    assert_non_null(bytes);
    conn_stream_fill(bytes, 0, TOTAL_BYTES);
    memset(&stream, 0, sizeof(stream));
    KeInitializeEvent(&stream.end, NotificationEvent, FALSE);
    listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    stream.socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    socket_close(listener);
    for (unsigned index = 0; index < OUTSTANDING; index++) {
        struct lane *lane = &stream.lanes[index];

        lane->stream = &stream;
        lane->request = conn_request_create(NULL, RECEIVE_BYTES);
        lane->request->request->completed = lane_completed;
        lane->request->request->context = lane;
        lane_post(lane);
    }
    for (SIZE_T sent = 0; sent < TOTAL_BYTES; sent += 1000) {
        wsk_kit_peer_send(peer, bytes + sent, 1000);
        if (sent % 7000 == 0) {
            wsk_kit_run_until_idle();
        }
    }
    wsk_kit_peer_end(peer);
    assert_int_equal(KeWaitForSingleObject(&stream.end, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(stream.wrong_count, 0);
    assert_int_equal(stream.length, TOTAL_BYTES);
    for (unsigned index = 0; index < OUTSTANDING; index++) {
        conn_request_expect(stream.lanes[index].request, STATUS_SUCCESS, 0);
    }
    socket_close(stream.socket);
    wsk_kit_peer_close(peer);
    free(bytes);
}

#define TESTS(X) X(test_receive_order_is_the_posting_order)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
