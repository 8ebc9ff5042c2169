/* SPDX-License-Identifier: MIT */
/* WskSendTo, WskSendMessages, fixed addresses: what goes out, what is refused, what may die after the call. */
#include "support/dgram_client.h"

#include <stdlib.h>
#include <string.h>

struct wired {
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_datagram_peer *peer;
    SOCKADDR_STORAGE remote;
};

static struct wired wired_open(void **state, ADDRESS_FAMILY family)
{
    struct wired wired;

    wired.socket = dgram_open_bound(*state, family, NULL, NULL, &wired.port);
    wired.peer = wsk_kit_datagram_open(fixture_kit_family(family));
    wired.remote = address_loopback(family, wsk_kit_datagram_port(wired.peer));
    return wired;
}

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_datagram_close(wired->peer);
}

static NTSTATUS send_text(struct wired *wired, const char *text, const SOCKADDR_STORAGE *remote)
{
    SIZE_T sent;
    NTSTATUS status = dgram_send_try(wired->socket, text, strlen(text), remote, &sent);

    assert_int_equal(sent, NT_SUCCESS(status) ? strlen(text) : 0);
    return status;
}

/* --- WskSendTo --------------------------------------------------------------------------------------- */

static void test_send_to_arrives_with_the_sockets_address(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        struct wired wired = wired_open(state, families[i]);
        struct wsk_kit_datagram about;

        assert_int_equal(send_text(&wired, "hello", &wired.remote), STATUS_SUCCESS);
        wsk_kit_datagram_expect(wired.peer, "hello", 5, &about);
        assert_int_equal(about.remote.port, wired.port);
        assert_int_equal(about.remote.family, fixture_kit_family(families[i]));
        wired_close(&wired);
    }
}

static void test_send_to_keeps_boundaries_and_order(void **state)
{
    struct wired wired = wired_open(state, AF_INET);

    assert_int_equal(send_text(&wired, "one", &wired.remote), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "", &wired.remote), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "three", &wired.remote), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "one");
    wsk_kit_datagram_expect_text(wired.peer, "");
    wsk_kit_datagram_expect_text(wired.peer, "three");
    wired_close(&wired);
}

/* The address, the WSK_BUF and the control information are dead when the call returns: drivers have them on the
 * stack. */
static void test_send_to_arguments_die_with_the_call(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct wsk_request *request = request_create();
    struct {
        CMSGHDR header;
        INT value;
    } control = { { WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TTL }, 9 };
    SOCKADDR_STORAGE remote = wired.remote;
    struct wsk_kit_datagram about;
    char bytes[] = "abc";
    WSK_BUF buffer;
    PMDL mdl;
    NTSTATUS returned;

    buffer_init(&buffer, bytes, 3);
    mdl = buffer.Mdl;
    returned = dgram_table(wired.socket)
                   ->WskSendTo(wired.socket, &buffer, 0, (PSOCKADDR)&remote, WSA_CMSG_LEN(sizeof(INT)), &control.header,
                               request_irp(request));
    memset(&buffer, 0xcc, sizeof(buffer));
    memset(&remote, 0xcc, sizeof(remote));
    memset(&control, 0xcc, sizeof(control));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(request->result.Information, 3);
    wsk_kit_datagram_expect(wired.peer, "abc", 3, &about);
    assert_int_equal(about.hop_limit, 9);
    buffer.Mdl = mdl;
    buffer_fini(&buffer);
    request_destroy(request);
    wired_close(&wired);
}

#define PIECES 100

/* One byte range in many MDLs. */
struct chain {
    WSK_BUF parts[PIECES];
    WSK_BUF buffer;
};

static void chain_init(struct chain *chain, char *bytes, ULONG piece_bytes, ULONG offset)
{
    for (unsigned i = 0; i < PIECES; i++) {
        buffer_init(&chain->parts[i], bytes + i * piece_bytes, piece_bytes);
        if (i > 0) {
            chain->parts[i - 1].Mdl->Next = chain->parts[i].Mdl;
        }
    }
    chain->buffer.Mdl = chain->parts[0].Mdl;
    chain->buffer.Offset = offset;
    chain->buffer.Length = PIECES * piece_bytes - offset;
}

static void chain_fini(struct chain *chain)
{
    for (unsigned i = 0; i < PIECES; i++) {
        chain->parts[i].Mdl->Next = NULL;
        buffer_fini(&chain->parts[i]);
    }
}

static void send_chain(struct wired *wired, char *bytes, ULONG piece_bytes, ULONG offset)
{
    struct chain chain;
    NTSTATUS status;
    ULONG_PTR information;

    chain_init(&chain, bytes, piece_bytes, offset);
    REQUEST_CALL(status, &information, irp,
                 dgram_table(wired->socket)
                     ->WskSendTo(wired->socket, &chain.buffer, 0, (PSOCKADDR)&wired->remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, PIECES * piece_bytes - offset);
    chain_fini(&chain);
}

/* One datagram, though the chain has more MDLs than the network takes pieces. */
static void test_send_to_of_a_long_chain_is_one_datagram(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    char bytes[3 * PIECES];

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    send_chain(&wired, bytes, 3, 2);
    wsk_kit_datagram_expect(wired.peer, bytes + 2, sizeof(bytes) - 2, NULL);
    wired_close(&wired);
}

/* More than a datagram holds is refused, in however many MDLs it comes. */
static void test_send_to_of_a_long_chain_that_is_too_large_is_refused(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct chain chain;
    ULONG_PTR information;
    NTSTATUS status;
    char *bytes = calloc(PIECES, 700);

    assert_non_null(bytes);
    chain_init(&chain, bytes, 700, 0);
    REQUEST_CALL(
        status, &information, irp,
        dgram_table(wired.socket)->WskSendTo(wired.socket, &chain.buffer, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(information, 0);
    wsk_kit_datagram_expect_none(wired.peer);
    chain_fini(&chain);
    free(bytes);
    wired_close(&wired);
}

/* Segments end inside MDLs, behind more MDLs than the network takes pieces. */
static void test_send_segments_of_a_long_chain(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    char bytes[3 * PIECES];

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_UDP, UDP_SEND_MSG_SIZE, 200), STATUS_SUCCESS);
    send_chain(&wired, bytes, 3, 0);
    wsk_kit_datagram_expect(wired.peer, bytes, 200, NULL);
    wsk_kit_datagram_expect(wired.peer, bytes + 200, sizeof(bytes) - 200, NULL);
    wired_close(&wired);
}

static void test_send_to_largest_goes_and_one_more_is_refused(void **state)
{
    const SIZE_T largest = 65507;
    struct wired wired = wired_open(state, AF_INET);
    char *bytes = calloc(1, largest + 1);
    SIZE_T sent;

    assert_non_null(bytes);
    assert_int_equal(dgram_send_try(wired.socket, bytes, largest, &wired.remote, &sent), STATUS_SUCCESS);
    assert_int_equal(sent, largest);
    wsk_kit_datagram_expect(wired.peer, bytes, largest, NULL);
    assert_int_equal(dgram_send_try(wired.socket, bytes, largest + 1, &wired.remote, &sent),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(sent, 0);
    free(bytes);
    wired_close(&wired);
}

static void test_send_to_before_bind_fails(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);

    wsk_kit_expect_report("SOCK-015");
    assert_int_equal(dgram_send_try(socket, "x", 1, &remote, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_send_to_broadcast_needs_the_option(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE all = address_any(AF_INET, 9);

    ((SOCKADDR_IN *)&all)->sin_addr.S_un.S_addr = 0xffffffff;
    assert_int_equal(send_text(&wired, "x", &all), STATUS_ACCESS_DENIED);
    wired_close(&wired);
}

static void test_send_to_port_0_fails(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE nobody = address_loopback(AF_INET, 0);

    assert_int_equal(send_text(&wired, "x", &nobody), STATUS_INVALID_ADDRESS_COMPONENT);
    wired_close(&wired);
}

static void test_send_to_unreachable_port_does_not_fail_the_send(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE nobody = address_loopback(AF_INET, wsk_kit_unused_datagram_port(WSK_KIT_IPV4));

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(send_text(&wired, "x", &nobody), STATUS_SUCCESS);
    }
    assert_int_equal(send_text(&wired, "y", &wired.remote), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "y");
    wired_close(&wired);
}

static void test_send_to_at_dispatch_level(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct wsk_request *request = request_create();
    char bytes[] = "abc";
    WSK_BUF buffer;
    NTSTATUS returned;
    KIRQL irql;

    buffer_init(&buffer, bytes, 3);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned = dgram_table(wired.socket)
                   ->WskSendTo(wired.socket, &buffer, 0, (PSOCKADDR)&wired.remote, 0, NULL, request_irp(request));
    KeLowerIrql(irql);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "abc");
    buffer_fini(&buffer);
    request_destroy(request);
    wired_close(&wired);
}

/* --- fixed addresses ---------------------------------------------------------------------------------- */

static void test_sendto_address_is_the_default_and_no_filter(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct wsk_kit_datagram_peer *other = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE elsewhere = address_loopback(AF_INET, wsk_kit_datagram_port(other));
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 64, 0);

    assert_int_equal(dgram_ioctl(wired.socket, SIO_WSK_SET_SENDTO_ADDRESS, &wired.remote), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "fixed", NULL), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "explicit", &elsewhere), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "fixed");
    wsk_kit_datagram_expect_text(other, "explicit");
    wsk_kit_datagram_send_text(other, wired.port, "heard");
    dgram_receive_expect(receive, STATUS_SUCCESS, "heard");
    /* No input takes it away. */
    assert_int_equal(dgram_ioctl(wired.socket, SIO_WSK_SET_SENDTO_ADDRESS, NULL), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-029");
    assert_int_equal(send_text(&wired, "x", NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_datagram_close(other);
    wired_close(&wired);
}

static void test_remote_address_is_the_default_and_a_filter(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct wsk_kit_datagram_peer *other = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE elsewhere = address_loopback(AF_INET, wsk_kit_datagram_port(other));
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 64, 0);

    assert_int_equal(dgram_ioctl(wired.socket, SIO_WSK_SET_REMOTE_ADDRESS, &wired.remote), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "fixed", NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "fixed");
    /* Somebody else can be sent to, but not heard. */
    assert_int_equal(send_text(&wired, "explicit", &elsewhere), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(other, "explicit");
    wsk_kit_datagram_send_text(other, wired.port, "not heard");
    wsk_kit_datagram_send_text(wired.peer, wired.port, "heard");
    dgram_receive_expect(receive, STATUS_SUCCESS, "heard");
    /* Without the filter everybody is heard again. */
    assert_int_equal(dgram_ioctl(wired.socket, SIO_WSK_SET_REMOTE_ADDRESS, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_send_text(other, wired.port, "heard too");
    dgram_receive_expect(dgram_receive_post(wired.socket, 64, 0), STATUS_SUCCESS, "heard too");
    wsk_kit_datagram_close(other);
    wired_close(&wired);
}

static void test_fixed_address_before_bind_or_on_another_category_fails(void **state)
{
    static const ULONG codes[] = { SIO_WSK_SET_REMOTE_ADDRESS, SIO_WSK_SET_SENDTO_ADDRESS };
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    PWSK_SOCKET unbound = dgram_open(*state, AF_INET, NULL, NULL);
    PWSK_SOCKET connection = connection_open_bound(*state, AF_INET, NULL, NULL);

    for (unsigned i = 0; i < 2; i++) {
        wsk_kit_expect_report("SOCK-030");
        assert_int_equal(dgram_ioctl(unbound, codes[i], &remote), STATUS_INVALID_DEVICE_STATE);
        wsk_kit_expect_report("SOCK-030");
        assert_int_equal(dgram_ioctl(connection, codes[i], &remote), STATUS_NOT_SUPPORTED);
    }
    socket_close(unbound);
    socket_close(connection);
}

static void test_fixed_address_of_another_family_or_too_short_fails(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE v6 = address_loopback(AF_INET6, 9);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-014");
    assert_int_equal(dgram_ioctl(wired.socket, SIO_WSK_SET_SENDTO_ADDRESS, &v6), STATUS_INVALID_PARAMETER);
    REQUEST_CALL(status, NULL, irp,
                 dgram_table(wired.socket)
                     ->WskControlSocket(wired.socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0, 8, &wired.remote, 0,
                                        NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

/* As some drivers call it: a place for the size of an output that there is not, beside the IRP. */
static void test_fixed_address_with_a_place_for_output_is_accepted(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SIZE_T returned = 0x5a5a;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 dgram_table(wired.socket)
                     ->WskControlSocket(wired.socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, SOL_SOCKET,
                                        sizeof(SOCKADDR_IN6), &wired.remote, 0, NULL, &returned, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "fixed", NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "fixed");
    wired_close(&wired);
}

static void test_fixed_address_without_an_irp_is_not_accepted(void **state)
{
    struct wired wired = wired_open(state, AF_INET);

    wsk_kit_expect_report("SOCK-003");
    assert_int_equal(dgram_table(wired.socket)
                         ->WskControlSocket(wired.socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0, sizeof(SOCKADDR_IN),
                                            &wired.remote, 0, NULL, NULL, NULL),
                     STATUS_REQUEST_NOT_ACCEPTED);
    wired_close(&wired);
}

/* --- WskSendMessages ---------------------------------------------------------------------------------- */

#define MESSAGES 4

struct messages {
    WSK_BUF_LIST nodes[MESSAGES];
    char bytes[MESSAGES][16];
    struct wsk_request *request;
    NTSTATUS returned;
};

static const char *const s_texts[MESSAGES] = { "one", "", "three", "four" };

static void messages_post(struct messages *messages, struct wired *wired, unsigned count, ULONG control_length,
                          const void *control)
{
    for (unsigned i = 0; i < count; i++) {
        memcpy(messages->bytes[i], s_texts[i], strlen(s_texts[i]));
        buffer_init(&messages->nodes[i].Buffer, messages->bytes[i], strlen(s_texts[i]));
        messages->nodes[i].Next = i + 1 < count ? &messages->nodes[i + 1] : NULL;
    }
    messages->request = request_create();
    messages->returned = dgram_table(wired->socket)
                             ->WskSendMessages(wired->socket, messages->nodes, 0, (PSOCKADDR)&wired->remote,
                                               control_length, (PCMSGHDR)control, request_irp(messages->request));
}

static void messages_expect(struct messages *messages, unsigned count, NTSTATUS status, SIZE_T bytes)
{
    assert_int_equal(request_wait(messages->request, messages->returned), status);
    assert_int_equal(messages->request->result.Information, bytes);
    for (unsigned i = 0; i < count; i++) {
        buffer_fini(&messages->nodes[i].Buffer);
    }
    request_destroy(messages->request);
}

static void test_send_messages_one_datagram_for_each_node(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct messages messages;

    messages_post(&messages, &wired, MESSAGES, 0, NULL);
    assert_int_equal(messages.returned, STATUS_PENDING);
    messages_expect(&messages, MESSAGES, STATUS_SUCCESS, 12);
    for (unsigned i = 0; i < MESSAGES; i++) {
        wsk_kit_datagram_expect_text(wired.peer, s_texts[i]);
    }
    messages_post(&messages, &wired, 1, 0, NULL);
    messages_expect(&messages, 1, STATUS_SUCCESS, 3);
    wsk_kit_datagram_expect_text(wired.peer, s_texts[0]);
    wired_close(&wired);
}

static void test_send_messages_control_goes_with_every_datagram(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct {
        CMSGHDR header;
        INT value;
    } control = { { WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TTL }, 5 };
    struct wsk_kit_datagram about;
    struct messages messages;

    messages_post(&messages, &wired, MESSAGES, WSA_CMSG_LEN(sizeof(INT)), &control);
    messages_expect(&messages, MESSAGES, STATUS_SUCCESS, 12);
    for (unsigned i = 0; i < MESSAGES; i++) {
        wsk_kit_datagram_expect(wired.peer, s_texts[i], strlen(s_texts[i]), &about);
        assert_int_equal(about.hop_limit, 5);
    }
    wired_close(&wired);
}

static void test_send_messages_first_failure_ends_it(void **state)
{
    const SIZE_T too_large = 66000;
    struct wired wired = wired_open(state, AF_INET);
    char *bytes = calloc(1, too_large);
    WSK_BUF_LIST nodes[3];
    char first[] = "first";
    char last[] = "last";
    NTSTATUS status;
    ULONG_PTR information;

    assert_non_null(bytes);
    buffer_init(&nodes[0].Buffer, first, 5);
    buffer_init(&nodes[1].Buffer, bytes, too_large);
    buffer_init(&nodes[2].Buffer, last, 4);
    nodes[0].Next = &nodes[1];
    nodes[1].Next = &nodes[2];
    nodes[2].Next = NULL;
    REQUEST_CALL(
        status, &information, irp,
        dgram_table(wired.socket)->WskSendMessages(wired.socket, nodes, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(information, 5);
    wsk_kit_datagram_expect_text(wired.peer, "first");
    wsk_kit_datagram_expect_none(wired.peer);
    for (unsigned i = 0; i < 3; i++) {
        buffer_fini(&nodes[i].Buffer);
    }
    free(bytes);
    wired_close(&wired);
}

static void test_send_messages_without_a_list_fails(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-022");
    REQUEST_CALL(
        status, NULL, irp,
        dgram_table(wired.socket)->WskSendMessages(wired.socket, NULL, 0, (PSOCKADDR)&wired.remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

/* --- segmentation ------------------------------------------------------------------------------------- */

static void test_send_segments_by_control_and_by_option(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct {
        CMSGHDR header;
        ULONG value;
    } control = { { WSA_CMSG_LEN(sizeof(ULONG)), IPPROTO_UDP, UDP_SEND_MSG_SIZE }, 4 };
    SIZE_T sent;

    assert_int_equal(
        dgram_send_with(wired.socket, "aaaabbbbcc", 10, &wired.remote, WSA_CMSG_LEN(sizeof(ULONG)), &control, &sent),
        STATUS_SUCCESS);
    assert_int_equal(sent, 10);
    wsk_kit_datagram_expect_text(wired.peer, "aaaa");
    wsk_kit_datagram_expect_text(wired.peer, "bbbb");
    wsk_kit_datagram_expect_text(wired.peer, "cc");
    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_UDP, UDP_SEND_MSG_SIZE, 5), STATUS_SUCCESS);
    assert_int_equal(send_text(&wired, "aaaaabbbbb", &wired.remote), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "aaaaa");
    wsk_kit_datagram_expect_text(wired.peer, "bbbbb");
    wsk_kit_datagram_expect_none(wired.peer);
    wired_close(&wired);
}

#define TESTS(X)                                                   \
    X(test_send_to_arrives_with_the_sockets_address)               \
    X(test_send_to_keeps_boundaries_and_order)                     \
    X(test_send_to_arguments_die_with_the_call)                    \
    X(test_send_to_of_a_long_chain_is_one_datagram)                \
    X(test_send_to_of_a_long_chain_that_is_too_large_is_refused)   \
    X(test_send_segments_of_a_long_chain)                          \
    X(test_send_to_largest_goes_and_one_more_is_refused)           \
    X(test_send_to_before_bind_fails)                              \
    X(test_send_to_broadcast_needs_the_option)                     \
    X(test_send_to_port_0_fails)                                   \
    X(test_send_to_unreachable_port_does_not_fail_the_send)        \
    X(test_send_to_at_dispatch_level)                              \
    X(test_sendto_address_is_the_default_and_no_filter)            \
    X(test_remote_address_is_the_default_and_a_filter)             \
    X(test_fixed_address_before_bind_or_on_another_category_fails) \
    X(test_fixed_address_of_another_family_or_too_short_fails)     \
    X(test_fixed_address_with_a_place_for_output_is_accepted)      \
    X(test_fixed_address_without_an_irp_is_not_accepted)           \
    X(test_send_messages_one_datagram_for_each_node)               \
    X(test_send_messages_control_goes_with_every_datagram)         \
    X(test_send_messages_first_failure_ends_it)                    \
    X(test_send_messages_without_a_list_fails)                     \
    X(test_send_segments_by_control_and_by_option)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
