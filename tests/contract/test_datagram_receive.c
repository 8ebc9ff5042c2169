/* SPDX-License-Identifier: MIT */
/* WskReceiveFrom: one datagram for each request, its addresses, truncation, order, cancel and close. */
#include "support/dgram_client.h"

#include <string.h>

struct wired {
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_datagram_peer *peer;
    USHORT peer_port;
};

static struct wired wired_open(void **state, ADDRESS_FAMILY family)
{
    struct wired wired;

    wired.socket = dgram_open_bound(*state, family, NULL, NULL, &wired.port);
    wired.peer = wsk_kit_datagram_open(fixture_kit_family(family));
    wired.peer_port = wsk_kit_datagram_port(wired.peer);
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_datagram_close(wired->peer);
}

static void send_text(struct wired *wired, const char *text)
{
    wsk_kit_datagram_send_text(wired->peer, wired->port, text);
}

static void expect_remote(const SOCKADDR_STORAGE *remote, ADDRESS_FAMILY family, USHORT port)
{
    SOCKADDR_STORAGE expected = address_loopback(family, port);

    assert_memory_equal(remote, &expected, family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN));
}

/* --- one datagram for each request --------------------------------------------------------------- */

static void test_receive_from_waits_and_tells_the_sender(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        struct wired wired = wired_open(state, families[i]);
        struct dgram_receive *receive = dgram_receive_post(wired.socket, 64, 0);

        assert_int_equal(receive->returned, STATUS_PENDING);
        assert_false(request_is_done(receive->request));
        send_text(&wired, "hello");
        dgram_receive_wait(receive, STATUS_SUCCESS, "hello");
        expect_remote(&receive->remote, families[i], wired.peer_port);
        assert_int_equal(receive->control_flags, 0);
        assert_int_equal(receive->control_length, 0);
        assert_int_equal(receive->request->irql, DISPATCH_LEVEL);
        dgram_receive_destroy(receive);
        wired_close(&wired);
    }
}

static void test_receive_from_what_came_before_completes_at_once(void **state)
{
    struct wired wired = wired_open(state, AF_INET);

    send_text(&wired, "one");
    send_text(&wired, "two");
    wsk_kit_run_until_idle();
    dgram_receive_expect(dgram_receive_post(wired.socket, 64, 0), STATUS_SUCCESS, "one");
    dgram_receive_expect(dgram_receive_post(wired.socket, 64, 0), STATUS_SUCCESS, "two");
    wired_close(&wired);
}

static void test_receive_from_several_complete_in_posting_order(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receives[3];

    for (unsigned i = 0; i < 3; i++) {
        receives[i] = dgram_receive_post(wired.socket, 64, 0);
    }
    send_text(&wired, "one");
    send_text(&wired, "two");
    send_text(&wired, "three");
    dgram_receive_wait(receives[2], STATUS_SUCCESS, "three");
    dgram_receive_wait(receives[0], STATUS_SUCCESS, "one");
    dgram_receive_wait(receives[1], STATUS_SUCCESS, "two");
    assert_true(receives[0]->request->order < receives[1]->request->order);
    assert_true(receives[1]->request->order < receives[2]->request->order);
    for (unsigned i = 0; i < 3; i++) {
        dgram_receive_destroy(receives[i]);
    }
    wired_close(&wired);
}

static void test_receive_from_empty_datagram_is_one(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 64, 0);

    send_text(&wired, "");
    dgram_receive_wait(receive, STATUS_SUCCESS, "");
    expect_remote(&receive->remote, AF_INET, wired.peer_port);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

static void test_receive_from_too_small_is_cut_and_flagged(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 3, 0);

    send_text(&wired, "abcdef");
    send_text(&wired, "next");
    dgram_receive_wait(receive, STATUS_BUFFER_OVERFLOW, "abc");
    assert_int_equal(receive->control_flags, MSG_TRUNC);
    dgram_receive_destroy(receive);
    /* The rest is lost, the next datagram is not. */
    dgram_receive_expect(dgram_receive_post(wired.socket, 64, 0), STATUS_SUCCESS, "next");
    wired_close(&wired);
}

static void test_receive_from_into_no_buffer_takes_the_datagram(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 0, 0);

    send_text(&wired, "abcdef");
    dgram_receive_wait(receive, STATUS_BUFFER_OVERFLOW, "");
    assert_int_equal(receive->control_flags, MSG_TRUNC);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

/* Without any of the optional pointers. */
static void test_receive_from_bytes_alone(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    char bytes[8];
    WSK_BUF buffer;
    NTSTATUS status;
    ULONG_PTR information;

    buffer_init(&buffer, bytes, sizeof(bytes));
    send_text(&wired, "abc");
    REQUEST_CALL(status, &information, irp,
                 dgram_table(wired.socket)->WskReceiveFrom(wired.socket, &buffer, 0, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, 3);
    assert_memory_equal(bytes, "abc", 3);
    buffer_fini(&buffer);
    wired_close(&wired);
}

/* A buffer of many small MDLs, more than the network takes pieces. */
#define PIECES 40

static void test_receive_from_into_a_long_chain(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    char bytes[PIECES][2];
    WSK_BUF parts[PIECES];
    WSK_BUF buffer;
    NTSTATUS status;
    ULONG_PTR information;
    char sent[2 * PIECES];

    memset(bytes, 0, sizeof(bytes));
    for (unsigned i = 0; i < PIECES; i++) {
        buffer_init(&parts[i], bytes[i], 2);
        if (i > 0) {
            parts[i - 1].Mdl->Next = parts[i].Mdl;
        }
        sent[2 * i] = (char)('a' + i % 26);
        sent[2 * i + 1] = (char)('A' + i % 26);
    }
    buffer.Mdl = parts[0].Mdl;
    buffer.Offset = 1;
    buffer.Length = sizeof(bytes) - 1;
    wsk_kit_datagram_send(wired.peer, wired.port, sent, sizeof(sent) - 3);
    REQUEST_CALL(status, &information, irp,
                 dgram_table(wired.socket)->WskReceiveFrom(wired.socket, &buffer, 0, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, sizeof(sent) - 3);
    assert_memory_equal((char *)bytes + 1, sent, sizeof(sent) - 3);
    for (unsigned i = 0; i < PIECES; i++) {
        parts[i].Mdl->Next = NULL;
        buffer_fini(&parts[i]);
    }
    wired_close(&wired);
}

/* --- from another datagram socket ----------------------------------------------------------------- */

static void test_receive_from_another_socket_and_answer(void **state)
{
    USHORT port_a;
    USHORT port_b;
    PWSK_SOCKET a = dgram_open_bound(*state, AF_INET6, NULL, NULL, &port_a);
    PWSK_SOCKET b = dgram_open_bound(*state, AF_INET6, NULL, NULL, &port_b);
    struct dgram_receive *receive = dgram_receive_post(b, 64, 0);

    dgram_send_text(a, AF_INET6, port_b, "question");
    dgram_receive_wait(receive, STATUS_SUCCESS, "question");
    assert_int_equal(dgram_send_try(b, "answer", 6, &receive->remote, NULL), STATUS_SUCCESS);
    dgram_receive_destroy(receive);
    dgram_receive_expect(dgram_receive_post(a, 64, 0), STATUS_SUCCESS, "answer");
    socket_close(a);
    socket_close(b);
}

static void test_receive_from_dual_stack_shows_mapped_senders(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET6, NULL, NULL);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    struct dgram_receive *receive;
    const SOCKADDR_IN6 *remote;

    assert_int_equal(socket_set_ulong(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    receive = dgram_receive_post(socket, 64, 0);
    wsk_kit_datagram_send_text(peer, dgram_port(socket), "ping");
    dgram_receive_wait(receive, STATUS_SUCCESS, "ping");
    remote = (const SOCKADDR_IN6 *)&receive->remote;
    assert_int_equal(remote->sin6_family, AF_INET6);
    assert_int_equal(remote->sin6_addr.u.Byte[10], 0xff);
    assert_int_equal(remote->sin6_addr.u.Byte[11], 0xff);
    assert_int_equal(remote->sin6_addr.u.Byte[12], 127);
    assert_int_equal(address_port(&receive->remote), wsk_kit_datagram_port(peer));
    assert_int_equal(dgram_send_try(socket, "pong", 4, &receive->remote, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(peer, "pong");
    dgram_receive_destroy(receive);
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

/* --- cancel and close ------------------------------------------------------------------------------ */

static void test_receive_from_cancelled_leaves_the_others(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *first = dgram_receive_post(wired.socket, 64, 0);
    struct dgram_receive *second = dgram_receive_post(wired.socket, 64, 0);

    assert_true(IoCancelIrp(first->request->irp));
    dgram_receive_wait(first, STATUS_CANCELLED, "");
    assert_true(first->request->is_cancel_set);
    send_text(&wired, "abc");
    dgram_receive_expect(second, STATUS_SUCCESS, "abc");
    dgram_receive_destroy(first);
    wired_close(&wired);
}

static void test_receive_from_pending_is_cancelled_by_close(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receives[2];
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    receives[0] = dgram_receive_post(wired.socket, 64, 0);
    receives[1] = dgram_receive_post(wired.socket, 64, 0);
    returned = dgram_table(wired.socket)->WskCloseSocket(wired.socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        dgram_receive_wait(receives[i], STATUS_CANCELLED, "");
        assert_true(receives[i]->request->order < close->order);
        dgram_receive_destroy(receives[i]);
    }
    request_destroy(close);
    wsk_kit_datagram_close(wired.peer);
}

static void test_close_with_datagrams_that_nobody_took(void **state)
{
    struct wired wired = wired_open(state, AF_INET);

    send_text(&wired, "one");
    send_text(&wired, "two");
    wsk_kit_run_until_idle();
    wired_close(&wired);
}

/* --- what fails ------------------------------------------------------------------------------------ */

/* Systems other than Linux do not tell a socket that is not connected. */
static bool network_can_tell(const struct wsk_fixture *fixture)
{
#ifdef __linux__
    (void)fixture;
    return true;
#else
    return fixture->way->is_virtual;
#endif
}

static void test_receive_from_unreachable_port_fails_the_oldest(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    USHORT port = wsk_kit_unused_datagram_port(WSK_KIT_IPV4);
    struct dgram_receive *first = dgram_receive_post(wired.socket, 64, 0);
    struct dgram_receive *second = dgram_receive_post(wired.socket, 64, 0);

    dgram_send_text(wired.socket, AF_INET, port, "anybody there?");
    if (network_can_tell(*state)) {
        dgram_receive_wait(first, STATUS_PORT_UNREACHABLE, "");
        expect_remote(&first->remote, AF_INET, port);
        dgram_receive_destroy(first);
    } else {
        send_text(&wired, "nobody");
        dgram_receive_expect(first, STATUS_SUCCESS, "nobody");
    }
    send_text(&wired, "I am");
    dgram_receive_expect(second, STATUS_SUCCESS, "I am");
    wired_close(&wired);
}

static void test_receive_from_unreachable_port_can_be_hidden(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    USHORT port = wsk_kit_unused_datagram_port(WSK_KIT_IPV4);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 64, 0);
    ULONG off = 0;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 dgram_table(wired.socket)
                     ->WskControlSocket(wired.socket, WskIoctl, 0x9800000C /* SIO_UDP_CONNRESET */, 0, sizeof(off),
                                        &off, 0, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    dgram_send_text(wired.socket, AF_INET, port, "anybody there?");
    wsk_kit_run_until_idle();
    assert_false(request_is_done(receive->request));
    send_text(&wired, "I am");
    dgram_receive_expect(receive, STATUS_SUCCESS, "I am");
    wired_close(&wired);
}

#define TESTS(X)                                            \
    X(test_receive_from_waits_and_tells_the_sender)         \
    X(test_receive_from_what_came_before_completes_at_once) \
    X(test_receive_from_several_complete_in_posting_order)  \
    X(test_receive_from_empty_datagram_is_one)              \
    X(test_receive_from_too_small_is_cut_and_flagged)       \
    X(test_receive_from_into_no_buffer_takes_the_datagram)  \
    X(test_receive_from_bytes_alone)                        \
    X(test_receive_from_into_a_long_chain)                  \
    X(test_receive_from_another_socket_and_answer)          \
    X(test_receive_from_dual_stack_shows_mapped_senders)    \
    X(test_receive_from_cancelled_leaves_the_others)        \
    X(test_receive_from_pending_is_cancelled_by_close)      \
    X(test_close_with_datagrams_that_nobody_took)           \
    X(test_receive_from_unreachable_port_fails_the_oldest)  \
    X(test_receive_from_unreachable_port_can_be_hidden)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
