/* SPDX-License-Identifier: MIT */
/* UDP_SEND_MSG_SIZE: messages in segments, cut by the system where it can, and each segment sent by hand. Both look alike
 * to driver and peer. */
#include "support/dgram_client.h"

#include <stdlib.h>
#include <string.h>

#include "host/host_dgram.h"

struct wired {
    PWSK_SOCKET socket;
    struct wsk_kit_datagram_peer *peer;
    SOCKADDR_STORAGE remote;
};

static struct wired wired_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, ULONG segment_bytes)
{
    struct wired wired;
    USHORT port;

    wired.socket = dgram_open_bound(fixture, family, NULL, NULL, &port);
    wired.peer = wsk_kit_datagram_open(fixture_kit_family(family));
    wired.remote = address_loopback(family, wsk_kit_datagram_port(wired.peer));
    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_UDP, UDP_SEND_MSG_SIZE, segment_bytes), STATUS_SUCCESS);
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_datagram_close(wired->peer);
}

/* Runs a body in both ways. */
static void either_way(void **state, void (*body)(struct wsk_fixture *fixture))
{
    for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
        we_host_dgram_segment_by_hand(by_hand != 0);
        body(*state);
    }
    we_host_dgram_segment_by_hand(false);
}

static char *bytes_make(SIZE_T length)
{
    char *bytes = malloc(length);

    assert_non_null(bytes);
    for (SIZE_T i = 0; i < length; i++) {
        bytes[i] = (char)(i ^ i >> 8);
    }
    return bytes;
}

static void expect_segments(struct wired *wired, const char *bytes, SIZE_T length, SIZE_T segment_bytes)
{
    for (SIZE_T i = 0; i < length; i += segment_bytes) {
        wsk_kit_datagram_expect(wired->peer, bytes + i, length - i < segment_bytes ? length - i : segment_bytes, NULL);
    }
}

/* --- what arrives ----------------------------------------------------------------------------------- */

static void check_message(struct wsk_fixture *fixture)
{
    /* The last one is so short that no system takes all of its segments in one call. */
    static const SIZE_T cases[][2] = { { 6000, 1200 }, { 6001, 1200 },   { 1200, 1200 }, { 5, 1200 },
                                       { 0, 1200 },    { 60000, 25000 }, { 6010, 50 } };
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        SIZE_T length = cases[i / 2][0];
        struct wired wired = wired_open(fixture, families[i % 2], (ULONG)cases[i / 2][1]);
        char *bytes = bytes_make(length + 1);
        SIZE_T sent;

        assert_int_equal(dgram_send_try(wired.socket, bytes, length, &wired.remote, &sent), STATUS_SUCCESS);
        assert_int_equal(sent, length);
        if (length == 0) {
            wsk_kit_datagram_expect_text(wired.peer, "");
        }
        expect_segments(&wired, bytes, length, cases[i / 2][1]);
        wsk_kit_datagram_expect_none(wired.peer);
        free(bytes);
        wired_close(&wired);
    }
}

static void test_segments_of_a_message_arrive_in_order(void **state)
{
    either_way(state, check_message);
}

#define PIECES 150
#define PIECE_BYTES 7

/* The network takes fewer pieces than the chain has, and they end where no segment does. */
static void check_chain(struct wsk_fixture *fixture)
{
    static const ULONG sizes[] = { 10, 100, 500, PIECES * PIECE_BYTES - 1 };

    for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct wired wired = wired_open(fixture, AF_INET, sizes[k]);
        char *bytes = bytes_make(PIECES * PIECE_BYTES);
        WSK_BUF parts[PIECES];
        ULONG_PTR information;
        WSK_BUF whole;
        NTSTATUS status;

        for (unsigned i = 0; i < PIECES; i++) {
            buffer_init(&parts[i], bytes + i * PIECE_BYTES, PIECE_BYTES);
            if (i > 0) {
                parts[i - 1].Mdl->Next = parts[i].Mdl;
            }
        }
        whole = parts[0];
        whole.Length = PIECES * PIECE_BYTES;
        REQUEST_CALL(
            status, &information, irp,
            dgram_table(wired.socket)->WskSendTo(wired.socket, &whole, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
        assert_int_equal(status, STATUS_SUCCESS);
        assert_int_equal(information, PIECES * PIECE_BYTES);
        expect_segments(&wired, bytes, PIECES * PIECE_BYTES, sizes[k]);
        for (unsigned i = 0; i < PIECES; i++) {
            parts[i].Mdl->Next = NULL;
            buffer_fini(&parts[i]);
        }
        free(bytes);
        wired_close(&wired);
    }
}

static void test_segments_of_a_long_chain_arrive_in_order(void **state)
{
    either_way(state, check_chain);
}

/* Each message of a list ends with a segment of its own; what is said in the call is said of each. */
static void check_list(struct wsk_fixture *fixture)
{
    struct wired wired = wired_open(fixture, AF_INET, 1000);
    struct {
        CMSGHDR size_header;
        ULONG size;
        ULONG pad;
        CMSGHDR tos_header;
        INT tos;
    } control = { { WSA_CMSG_LEN(sizeof(ULONG)), IPPROTO_UDP, UDP_SEND_MSG_SIZE },
                  40,
                  0,
                  { WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TOS },
                  0x28 };
    char *bytes = bytes_make(200);
    WSK_BUF_LIST nodes[2];
    ULONG_PTR information;
    NTSTATUS status;

    buffer_init(&nodes[0].Buffer, bytes, 90);
    buffer_init(&nodes[1].Buffer, bytes + 90, 110);
    nodes[0].Next = &nodes[1];
    nodes[1].Next = NULL;
    REQUEST_CALL(status, &information, irp,
                 dgram_table(wired.socket)
                     ->WskSendMessages(wired.socket, nodes, 0, (PSOCKADDR)&wired.remote, sizeof(control),
                                       &control.size_header, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, 200);
    for (unsigned i = 0; i < 6; i++) {
        static const SIZE_T offsets[] = { 0, 40, 80, 90, 130, 170, 200 };
        struct wsk_kit_datagram about;

        wsk_kit_datagram_expect(wired.peer, bytes + offsets[i], offsets[i + 1] - offsets[i], &about);
        assert_int_equal(about.traffic_class, 0x28);
    }
    buffer_fini(&nodes[0].Buffer);
    buffer_fini(&nodes[1].Buffer);
    free(bytes);
    wired_close(&wired);
}

static void test_segments_of_messages_in_a_list_end_with_each(void **state)
{
    either_way(state, check_list);
}

/* --- what the system does not cut --------------------------------------------------------------------- */

/* Without checksums Linux cuts nothing up: they go one by one, and nobody sees a difference. */
static void test_segments_that_the_system_refuses_arrive_all_the_same(void **state)
{
    struct wired wired = wired_open(*state, AF_INET, 100);
    char *bytes = bytes_make(1000);
    SIZE_T sent;

    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_UDP, UDP_NOCHECKSUM, 1), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(dgram_send_try(wired.socket, bytes, 1000, &wired.remote, &sent), STATUS_SUCCESS);
        assert_int_equal(sent, 1000);
        expect_segments(&wired, bytes, 1000, 100);
    }
    free(bytes);
    wired_close(&wired);
}

/* --- failures ----------------------------------------------------------------------------------------- */

static void check_failures(struct wsk_fixture *fixture)
{
    struct wired wired = wired_open(fixture, AF_INET, 10);
    SOCKADDR_STORAGE all = address_any(AF_INET, 9);
    SOCKADDR_STORAGE nowhere = address_loopback(AF_INET, 0);
    char *bytes = bytes_make(140000);
    SIZE_T sent = 1;

    ((SOCKADDR_IN *)&all)->sin_addr.S_un.S_addr = INADDR_BROADCAST;
    assert_int_equal(dgram_send_try(wired.socket, bytes, 100, &all, &sent), STATUS_ACCESS_DENIED);
    assert_int_equal(sent, 0);
    assert_int_equal(dgram_send_try(wired.socket, bytes, 100, &nowhere, &sent), STATUS_INVALID_ADDRESS_COMPONENT);
    assert_int_equal(sent, 0);
    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_UDP, UDP_SEND_MSG_SIZE, 65520), STATUS_SUCCESS);
    assert_int_equal(dgram_send_try(wired.socket, bytes, 140000, &wired.remote, &sent), STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(sent, 0);
    wsk_kit_datagram_expect_none(wired.peer);
    free(bytes);
    wired_close(&wired);
}

static void test_segments_that_cannot_go_fail_the_message(void **state)
{
    either_way(state, check_failures);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

#define SENDS 8
#define SEND_BYTES 60000u

/* At DISPATCH_LEVEL nothing moves on, so the network becomes full: what has to wait goes on where it stopped. */
static void check_full(struct wsk_fixture *fixture)
{
    struct wired wired = wired_open(fixture, AF_INET, 7000);
    char *bytes = bytes_make(SEND_BYTES);
    struct wsk_request *requests[SENDS];
    NTSTATUS returned[SENDS];
    PIRP irps[SENDS];
    ULONG_PTR order = 0;
    WSK_BUF buffer;
    KIRQL irql;

    buffer_init(&buffer, bytes, SEND_BYTES);
    for (unsigned i = 0; i < SENDS; i++) {
        requests[i] = request_create();
        irps[i] = request_irp(requests[i]);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (unsigned i = 0; i < SENDS; i++) {
        returned[i] =
            dgram_table(wired.socket)->WskSendTo(wired.socket, &buffer, 0, (PSOCKADDR)&wired.remote, 0, NULL, irps[i]);
    }
    KeLowerIrql(irql);
    for (unsigned i = 0; i < SENDS; i++) {
        assert_int_equal(request_wait(requests[i], returned[i]), STATUS_SUCCESS);
        assert_int_equal(requests[i]->result.Information, SEND_BYTES);
        assert_true(i == 0 || order < requests[i]->order);
        order = requests[i]->order;
        request_destroy(requests[i]);
    }
    expect_segments(&wired, bytes, SEND_BYTES, 7000); /* the first ones have found room in any case */
    buffer_fini(&buffer);
    free(bytes);
    wired_close(&wired);
}

static void test_segments_that_find_the_network_full_wait_in_order(void **state)
{
    either_way(state, check_full);
}

#define TESTS(X)                                                 \
    X(test_segments_of_a_message_arrive_in_order)                \
    X(test_segments_of_a_long_chain_arrive_in_order)             \
    X(test_segments_of_messages_in_a_list_end_with_each)         \
    X(test_segments_that_the_system_refuses_arrive_all_the_same) \
    X(test_segments_that_cannot_go_fail_the_message)             \
    X(test_segments_that_find_the_network_full_wait_in_order)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
