/* SPDX-License-Identifier: MIT */
/* Sends that have to wait, because the network is full: their order, their cancelling, and the close. */
#include "support/dgram_client.h"

#include <stdlib.h>
#include <string.h>

/* So many of these are more than any network has in flight. */
#define LENGTH 60000
#define SENDS 8

struct pending {
    PWSK_SOCKET socket;
    struct wsk_kit_datagram_peer *peer;
    char *bytes;
    WSK_BUF buffer;
    SOCKADDR_STORAGE remote;
    struct wsk_request *requests[SENDS];
    NTSTATUS returned[SENDS];
    bool is_exact; /* nothing moves before the test lets it: the network is certainly full */
};

static void pending_open(struct pending *pending, void **state)
{
    const struct wsk_fixture *fixture = *state;
    USHORT port;

    memset(pending, 0, sizeof(*pending));
    pending->is_exact = fixture->way->is_virtual && fixture->way->is_stepped;
    pending->socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    pending->peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    pending->remote = address_loopback(AF_INET, wsk_kit_datagram_port(pending->peer));
    pending->bytes = calloc(1, LENGTH);
    assert_non_null(pending->bytes);
    buffer_init(&pending->buffer, pending->bytes, LENGTH);
}

static void pending_post(struct pending *pending)
{
    KIRQL irql;

    for (unsigned i = 0; i < SENDS; i++) {
        pending->requests[i] = request_create();
    }
    /* At this level nothing happens between the calls. */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (unsigned i = 0; i < SENDS; i++) {
        pending->returned[i] = dgram_table(pending->socket)
                                   ->WskSendTo(pending->socket, &pending->buffer, 0, (PSOCKADDR)&pending->remote, 0,
                                               NULL, request_irp(pending->requests[i]));
    }
    KeLowerIrql(irql);
}

static void pending_close(struct pending *pending)
{
    for (unsigned i = 0; i < SENDS; i++) {
        request_destroy(pending->requests[i]);
    }
    if (pending->socket != NULL) {
        socket_close(pending->socket);
    }
    buffer_fini(&pending->buffer);
    free(pending->bytes);
    wsk_kit_datagram_close(pending->peer);
}

static void test_send_to_full_network_waits_and_goes_in_order(void **state)
{
    struct pending pending;

    pending_open(&pending, state);
    pending_post(&pending);
    if (pending.is_exact) {
        assert_true(request_is_done(pending.requests[0]));
        assert_false(request_is_done(pending.requests[SENDS - 1]));
    }
    for (unsigned i = 0; i < SENDS; i++) {
        assert_int_equal(request_wait(pending.requests[i], pending.returned[i]), STATUS_SUCCESS);
        assert_int_equal(pending.requests[i]->result.Information, LENGTH);
        assert_true(i == 0 || pending.requests[i - 1]->order < pending.requests[i]->order);
    }
    wsk_kit_datagram_expect(pending.peer, pending.bytes, LENGTH, NULL);
    pending_close(&pending);
}

static void test_send_to_waiting_can_be_cancelled(void **state)
{
    struct pending pending;
    NTSTATUS status;

    pending_open(&pending, state);
    pending_post(&pending);
    (void)IoCancelIrp(pending.requests[SENDS - 2]->irp);
    status = request_wait(pending.requests[SENDS - 2], pending.returned[SENDS - 2]);
    assert_true(status == STATUS_CANCELLED || (status == STATUS_SUCCESS && !pending.is_exact));
    assert_int_equal(pending.requests[SENDS - 2]->result.Information, status == STATUS_SUCCESS ? LENGTH : 0);
    for (unsigned i = 0; i < SENDS; i++) {
        if (i != SENDS - 2) {
            assert_int_equal(request_wait(pending.requests[i], pending.returned[i]), STATUS_SUCCESS);
        }
    }
    pending_close(&pending);
}

static void test_send_to_waiting_is_cancelled_by_close(void **state)
{
    struct pending pending;
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    pending_open(&pending, state);
    pending_post(&pending);
    returned = dgram_table(pending.socket)->WskCloseSocket(pending.socket, request_irp(close));
    for (unsigned i = 0; i < SENDS; i++) {
        NTSTATUS status = request_wait(pending.requests[i], pending.returned[i]);

        assert_true(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
        assert_true(!pending.is_exact || i != SENDS - 1 || status == STATUS_CANCELLED);
    }
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    for (unsigned i = 0; i < SENDS; i++) {
        assert_true(pending.requests[i]->order < close->order);
    }
    request_destroy(close);
    pending.socket = NULL;
    pending_close(&pending);
}

/* A list of messages that stops in the middle goes on where it stood. */
static void test_send_messages_full_network_goes_on_in_the_list(void **state)
{
    struct pending pending;
    struct wsk_request *request = request_create();
    WSK_BUF_LIST nodes[SENDS];
    NTSTATUS returned;
    KIRQL irql;

    pending_open(&pending, state);
    for (unsigned i = 0; i < SENDS; i++) {
        nodes[i].Buffer = pending.buffer;
        nodes[i].Next = i + 1 < SENDS ? &nodes[i + 1] : NULL;
        pending.requests[i] = request_create();
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned =
        dgram_table(pending.socket)
            ->WskSendMessages(pending.socket, nodes, 0, (PSOCKADDR)&pending.remote, 0, NULL, request_irp(request));
    KeLowerIrql(irql);
    assert_true(!pending.is_exact || !request_is_done(request));
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, (ULONG_PTR)SENDS * LENGTH);
    request_destroy(request);
    pending_close(&pending);
}

/* An IRP that was cancelled before the call waits for nothing: not for room in the network, nor for a datagram. */
static void test_requests_that_would_wait_with_a_cancelled_irp_end_cancelled(void **state)
{
    struct pending pending;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;
    KIRQL irql;

    pending_open(&pending, state);
    pending_post(&pending);
    (void)IoCancelIrp(irp);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = dgram_table(pending.socket)
                   ->WskSendTo(pending.socket, &pending.buffer, 0, (PSOCKADDR)&pending.remote, 0, NULL, irp);
    KeLowerIrql(irql);
    status = request_wait(request, returned);
    assert_true(status == STATUS_CANCELLED || (status == STATUS_SUCCESS && !pending.is_exact));
    assert_int_equal(request->result.Information, status == STATUS_SUCCESS ? LENGTH : 0);

    irp = request_irp(request);
    (void)IoCancelIrp(irp);
    returned =
        dgram_table(pending.socket)->WskReceiveFrom(pending.socket, &pending.buffer, 0, NULL, NULL, NULL, NULL, irp);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    for (unsigned i = 0; i < SENDS; i++) {
        assert_int_equal(request_wait(pending.requests[i], pending.returned[i]), STATUS_SUCCESS);
    }
    request_destroy(request);
    pending_close(&pending);
}

#define TESTS(X)                                                        \
    X(test_requests_that_would_wait_with_a_cancelled_irp_end_cancelled) \
    X(test_send_to_full_network_waits_and_goes_in_order)                \
    X(test_send_to_waiting_can_be_cancelled)                            \
    X(test_send_to_waiting_is_cancelled_by_close)                       \
    X(test_send_messages_full_network_goes_on_in_the_list)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
