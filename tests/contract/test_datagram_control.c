/* SPDX-License-Identifier: MIT */
/* Control information in Windows' layout: in both directions, for both families and for dual-stack sockets. */
#include "support/dgram_client.h"

#include <string.h>

/* Hop limit and traffic class of what the peer sends: DSCP 46, ECN 1. */
#define HOPS 33
#define CLASS 0xb9
#define ECN 1

struct wired {
    PWSK_SOCKET socket;
    USHORT port;
    struct wsk_kit_datagram_peer *peer;
};

static void wired_close(struct wired *wired)
{
    socket_close(wired->socket);
    wsk_kit_datagram_close(wired->peer);
}

static void set_options(PWSK_SOCKET socket, ULONG level, const ULONG *options, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(socket_set_ulong(socket, level, options[i], 1), STATUS_SUCCESS);
    }
}

static const ULONG s_v4_options[] = { IP_PKTINFO, IP_HOPLIMIT, IP_RECVTCLASS, IP_RECVECN, IP_ORIGINAL_ARRIVAL_IF };
static const ULONG s_v6_options[] = { IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVECN,
                                      IPV6_ORIGINAL_ARRIVAL_IF };

/* Bound to the loopback address, all options of the family on before the bind, as drivers set them. */
static struct wired wired_open(void **state, ADDRESS_FAMILY family)
{
    struct wired wired;

    wired.socket = dgram_open(*state, family, NULL, NULL);
    if (family == AF_INET6) {
        set_options(wired.socket, IPPROTO_IPV6, s_v6_options, 5);
    } else {
        set_options(wired.socket, IPPROTO_IP, s_v4_options, 5);
    }
    socket_bind_loopback(wired.socket, family);
    wired.port = dgram_port(wired.socket);
    wired.peer = wsk_kit_datagram_open(fixture_kit_family(family));
    return wired;
}

/* A dual-stack socket; options of both levels or of IPv6's alone; the peer is an IPv4 one. */
static struct wired wired_open_dual(void **state, bool has_v4_options)
{
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    struct wired wired;

    wired.socket = dgram_open(*state, AF_INET6, NULL, NULL);
    assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
    set_options(wired.socket, IPPROTO_IPV6, s_v6_options, 5);
    if (has_v4_options) {
        set_options(wired.socket, IPPROTO_IP, s_v4_options, 5);
    }
    assert_int_equal(socket_bind_try(wired.socket, &any), STATUS_SUCCESS);
    wired.port = dgram_port(wired.socket);
    wired.peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    return wired;
}

static void peer_send(struct wired *wired, enum wsk_kit_family family, const char *text)
{
    struct wsk_kit_datagram how;

    memset(&how, 0, sizeof(how));
    how.remote = wsk_kit_loopback(family, wired->port);
    how.hop_limit = HOPS;
    how.traffic_class = CLASS;
    wsk_kit_datagram_send_as(wired->peer, &how, text, strlen(text));
}

static void expect_v4_control(const void *control, ULONG length)
{
    IN_PKTINFO info;

    assert_non_null(dgram_control_find(control, length, IPPROTO_IP, IP_PKTINFO));
    memcpy(&info, dgram_control_find(control, length, IPPROTO_IP, IP_PKTINFO), sizeof(info));
    assert_int_equal(info.ipi_addr.S_un.S_un_b.s_b1, 127);
    assert_int_equal(info.ipi_addr.S_un.S_un_b.s_b4, 1);
    assert_int_not_equal(info.ipi_ifindex, 0);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IP, IP_TTL), HOPS);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IP, IP_TOS), CLASS);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IP, IP_ECN), ECN);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IP, IP_ORIGINAL_ARRIVAL_IF), info.ipi_ifindex);
    assert_null(dgram_control_find(control, length, IPPROTO_IPV6, IPV6_PKTINFO));
}

static void expect_v6_control(const void *control, ULONG length, bool is_mapped)
{
    IN6_PKTINFO info;

    assert_non_null(dgram_control_find(control, length, IPPROTO_IPV6, IPV6_PKTINFO));
    memcpy(&info, dgram_control_find(control, length, IPPROTO_IPV6, IPV6_PKTINFO), sizeof(info));
    assert_int_equal(info.ipi6_addr.u.Byte[10], is_mapped ? 0xff : 0);
    assert_int_equal(info.ipi6_addr.u.Byte[12], is_mapped ? 127 : 0);
    assert_int_equal(info.ipi6_addr.u.Byte[15], 1);
    assert_int_not_equal(info.ipi6_ifindex, 0);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IPV6, IPV6_HOPLIMIT), HOPS);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IPV6, IPV6_TCLASS), CLASS);
    assert_int_equal(dgram_control_int(control, length, IPPROTO_IPV6, IPV6_ECN), ECN);
    assert_null(dgram_control_find(control, length, IPPROTO_IP, IP_PKTINFO));
}

/* --- received --------------------------------------------------------------------------------------- */

static void test_control_received_of_ipv4(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);

    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    expect_v4_control(receive->control, receive->control_length);
    assert_int_equal(receive->control_length, WSA_CMSG_SPACE(sizeof(IN_PKTINFO)) + 4 * WSA_CMSG_SPACE(sizeof(INT)));
    assert_int_equal(receive->control_flags, 0);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

static void test_control_received_of_ipv6(void **state)
{
    struct wired wired = wired_open(state, AF_INET6);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);

    peer_send(&wired, WSK_KIT_IPV6, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    expect_v6_control(receive->control, receive->control_length, false);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

static void test_control_received_of_ipv4_by_a_dual_stack_socket(void **state)
{
    struct wired wired = wired_open_dual(state, true);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);

    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    expect_v4_control(receive->control, receive->control_length);
    dgram_receive_destroy(receive);
    wired_close(&wired);

    wired = wired_open_dual(state, false);
    receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);
    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    expect_v6_control(receive->control, receive->control_length, true);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

static void test_control_received_by_the_event(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wired wired = { client->socket, client->port, wsk_kit_datagram_open(WSK_KIT_IPV4) };

    set_options(client->socket, IPPROTO_IP, s_v4_options, 5); /* after the bind it works too */
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_client_expect(client, 0, "x");
    expect_v4_control(client->seen[0].control, client->seen[0].control_length);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(wired.peer);
}

static void test_control_that_does_not_fit_is_left_out_and_flagged(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    ULONG room = (ULONG)(WSA_CMSG_SPACE(sizeof(IN_PKTINFO)) + WSA_CMSG_SPACE(sizeof(INT)) + 8);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 16, room);

    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    assert_int_equal(receive->control_flags, MSG_CTRUNC);
    assert_int_equal(receive->control_length, room - 8);
    assert_non_null(dgram_control_find(receive->control, receive->control_length, IPPROTO_IP, IP_PKTINFO));
    assert_int_equal(dgram_control_int(receive->control, receive->control_length, IPPROTO_IP, IP_TTL), HOPS);
    dgram_receive_destroy(receive);
    /* No room at all. */
    receive = dgram_receive_post(wired.socket, 16, 0);
    peer_send(&wired, WSK_KIT_IPV4, "y");
    dgram_receive_wait(receive, STATUS_SUCCESS, "y");
    assert_int_equal(receive->control_flags, MSG_CTRUNC);
    assert_int_equal(receive->control_length, 0);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

static void test_control_options_switched_off_bring_nothing(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    struct dgram_receive *receive;
    ULONG value = 7;

    assert_int_equal(socket_get_option(wired.socket, IPPROTO_IP, IP_PKTINFO, &value, sizeof(value), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(value, 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(socket_set_ulong(wired.socket, IPPROTO_IP, s_v4_options[i], 0), STATUS_SUCCESS);
    }
    receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);
    peer_send(&wired, WSK_KIT_IPV4, "x");
    dgram_receive_wait(receive, STATUS_SUCCESS, "x");
    assert_int_equal(receive->control_length, 0);
    assert_int_equal(receive->control_flags, 0);
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

/* --- sent -------------------------------------------------------------------------------------------- */

struct writer {
    ULONG length;
    _Alignas(CMSGHDR) unsigned char bytes[DGRAM_CONTROL_BYTES];
};

static void write_object(struct writer *writer, INT level, INT type, const void *data, ULONG length)
{
    CMSGHDR *header = (CMSGHDR *)(void *)(writer->bytes + writer->length);

    memset(header, 0, WSA_CMSG_SPACE(length));
    header->cmsg_len = WSA_CMSG_LEN(length);
    header->cmsg_level = level;
    header->cmsg_type = type;
    memcpy(WSA_CMSG_DATA(header), data, length);
    writer->length += (ULONG)WSA_CMSG_SPACE(length);
}

static void write_int(struct writer *writer, INT level, INT type, INT value)
{
    write_object(writer, level, type, &value, sizeof(value));
}

static void expect_sent(struct wired *wired, const SOCKADDR_STORAGE *remote, struct writer *writer, INT hops,
                        INT traffic_class)
{
    struct wsk_kit_datagram about;

    assert_int_equal(
        dgram_send_with(wired->socket, "x", 1, remote, writer->length, writer->length > 0 ? writer->bytes : NULL, NULL),
        STATUS_SUCCESS);
    wsk_kit_datagram_expect(wired->peer, "x", 1, &about);
    assert_int_equal(about.hop_limit, hops);
    assert_int_equal(about.traffic_class, traffic_class);
}

/* What options say of every datagram, and an object of one of them says otherwise. */
static void test_control_options_change_what_the_peer_sees(void **state)
{
    struct wired v4 = wired_open(state, AF_INET);
    struct wired v6 = wired_open(state, AF_INET6);
    SOCKADDR_STORAGE v4_remote = address_loopback(AF_INET, wsk_kit_datagram_port(v4.peer));
    SOCKADDR_STORAGE v6_remote = address_loopback(AF_INET6, wsk_kit_datagram_port(v6.peer));
    struct writer writer = { .length = 0 };

    assert_int_equal(socket_set_ulong(v4.socket, IPPROTO_IP, IP_TTL, 21), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(v4.socket, IPPROTO_IP, IP_TOS, 0x48), STATUS_SUCCESS);
    expect_sent(&v4, &v4_remote, &writer, 21, 0x48);
    assert_int_equal(socket_set_ulong(v6.socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 22), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(v6.socket, IPPROTO_IPV6, IPV6_TCLASS, 0x68), STATUS_SUCCESS);
    expect_sent(&v6, &v6_remote, &writer, 22, 0x68);
    write_int(&writer, IPPROTO_IP, IP_TTL, 12);
    expect_sent(&v4, &v4_remote, &writer, 12, 0x48);
    wired_close(&v6);
    wired_close(&v4);
}

static void test_control_sent_over_ipv4(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(wired.peer));
    struct writer writer = { .length = 0 };

    write_int(&writer, IPPROTO_IP, IP_TTL, 12);
    write_int(&writer, IPPROTO_IP, IP_TOS, 0xb8);
    write_int(&writer, IPPROTO_IP, IP_ECN, 2);
    expect_sent(&wired, &remote, &writer, 12, 0xba);
    writer.length = 0;
    write_int(&writer, IPPROTO_IP, IP_HOPLIMIT, 13);
    write_int(&writer, IPPROTO_IP, IP_TCLASS, 0x20);
    expect_sent(&wired, &remote, &writer, 13, 0x20);
    wired_close(&wired);
}

static void test_control_sent_over_ipv6(void **state)
{
    struct wired wired = wired_open(state, AF_INET6);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET6, wsk_kit_datagram_port(wired.peer));
    struct writer writer = { .length = 0 };

    write_int(&writer, IPPROTO_IPV6, IPV6_HOPLIMIT, 12);
    write_int(&writer, IPPROTO_IPV6, IPV6_TCLASS, 0xb8);
    write_int(&writer, IPPROTO_IPV6, IPV6_ECN, 1);
    expect_sent(&wired, &remote, &writer, 12, 0xb9);
    wired_close(&wired);
}

static SOCKADDR_STORAGE mapped(USHORT port)
{
    SOCKADDR_STORAGE address = address_any(AF_INET6, port);
    SOCKADDR_IN6 *in6 = (SOCKADDR_IN6 *)&address;

    in6->sin6_addr.u.Byte[10] = 0xff;
    in6->sin6_addr.u.Byte[11] = 0xff;
    in6->sin6_addr.u.Byte[12] = 127;
    in6->sin6_addr.u.Byte[15] = 1;
    return address;
}

static void test_control_sent_over_ipv4_by_a_dual_stack_socket(void **state)
{
    struct wired wired = wired_open_dual(state, true);
    SOCKADDR_STORAGE remote = mapped(wsk_kit_datagram_port(wired.peer));
    struct writer writer = { .length = 0 };

    write_int(&writer, IPPROTO_IP, IP_TTL, 12);
    write_int(&writer, IPPROTO_IP, IP_TOS, 0xb8);
    expect_sent(&wired, &remote, &writer, 12, 0xb8);
    /* IPv6's objects do as well. */
    writer.length = 0;
    write_int(&writer, IPPROTO_IPV6, IPV6_HOPLIMIT, 14);
    write_int(&writer, IPPROTO_IPV6, IPV6_TCLASS, 0x28);
    expect_sent(&wired, &remote, &writer, 14, 0x28);
    wired_close(&wired);
}

/* The source address, from a socket that is bound to all. */
static void test_control_sent_chooses_the_source_address(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(peer));
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);
    struct wsk_kit_datagram about;
    struct writer writer = { .length = 0 };
    IN_PKTINFO info;

    assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
    memset(&info, 0, sizeof(info));
    info.ipi_addr.S_un.S_un_b.s_b1 = 127;
    info.ipi_addr.S_un.S_un_b.s_b4 = 1;
    write_object(&writer, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    /* Real drivers put an empty object behind it. */
    write_object(&writer, IPPROTO_IP, IP_OPTIONS, &info, 0);
    assert_int_equal(dgram_send_with(socket, "x", 1, &remote, writer.length, writer.bytes, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect(peer, "x", 1, &about);
    assert_int_equal(about.remote.bytes[0], 127);
    assert_int_equal(about.remote.bytes[3], 1);
    assert_int_equal(about.remote.port, dgram_port(socket));
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

/* An object whose length is not that of its type. */
static void test_control_sent_with_too_short_an_address_fails(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        struct wired wired = wired_open(state, families[i]);
        SOCKADDR_STORAGE remote = address_loopback(families[i], wsk_kit_datagram_port(wired.peer));
        struct writer writer = { .length = 0 };
        INT zero = 0;

        if (families[i] == AF_INET6) {
            write_object(&writer, IPPROTO_IPV6, IPV6_PKTINFO, &zero, sizeof(zero));
        } else {
            write_object(&writer, IPPROTO_IP, IP_PKTINFO, &zero, sizeof(zero));
        }
        wsk_kit_expect_report("SOCK-028");
        assert_int_equal(dgram_send_with(wired.socket, "x", 1, &remote, writer.length, writer.bytes, NULL),
                         STATUS_INVALID_PARAMETER);
        wsk_kit_datagram_expect_none(wired.peer);
        wired_close(&wired);
    }
}

/* Libraries pass their control buffer whether or not there is something in it. */
static void test_control_sent_of_no_length_is_none(void **state)
{
    struct wired wired = wired_open(state, AF_INET);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(wired.peer));
    struct writer writer = { .length = 0 };
    INT ttl = 7;

    write_object(&writer, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(dgram_send_with(wired.socket, "plain", 5, &remote, 0, writer.bytes, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "plain");
    wired_close(&wired);
}

/* What was received tells how to answer from the address that the question was sent to. */
static void test_control_received_can_be_sent_back(void **state)
{
    struct wired wired = wired_open_dual(state, true);
    struct dgram_receive *receive = dgram_receive_post(wired.socket, 16, DGRAM_CONTROL_BYTES);

    peer_send(&wired, WSK_KIT_IPV4, "question");
    dgram_receive_wait(receive, STATUS_SUCCESS, "question");
    assert_int_equal(
        dgram_send_with(wired.socket, "answer", 6, &receive->remote, receive->control_length, receive->control, NULL),
        STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "answer");
    dgram_receive_destroy(receive);
    wired_close(&wired);
}

/* --- joined datagrams --------------------------------------------------------------------------------- */

static void send_all(struct wired *wired, const char *const *texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        wsk_kit_datagram_send_text(wired->peer, wired->port, texts[i]);
    }
    wsk_kit_run_until_idle();
}

static void test_coalesced_datagrams_of_one_size_come_as_one(void **state)
{
    static const char *const texts[] = { "aaaa", "bbbb", "cc", "dddd", "eeeee" };
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wired wired = { client->socket, client->port, wsk_kit_datagram_open(WSK_KIT_IPV4) };

    assert_int_equal(socket_set_ulong(client->socket, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 64), STATUS_SUCCESS);
    send_all(&wired, texts, 5);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_expect(client, 0, "aaaabbbbcc");
    dgram_client_expect(client, 1, "dddd");
    dgram_client_expect(client, 2, "eeeee");
    assert_int_equal(
        dgram_control_int(client->seen[0].control, client->seen[0].control_length, IPPROTO_UDP, UDP_COALESCED_INFO), 4);
    assert_int_equal(client->seen[1].control_length, 0);
    assert_int_equal(client->seen[2].control_length, 0);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(wired.peer);
}

/* One from somebody else, shorter than what it might have been joined to, stays by itself and whole. */
static void test_coalesced_datagrams_are_of_one_sender(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *one = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct wsk_kit_datagram_peer *other = wsk_kit_datagram_open(WSK_KIT_IPV4);

    assert_int_equal(socket_set_ulong(client->socket, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 64), STATUS_SUCCESS);
    wsk_kit_datagram_send_text(one, client->port, "aaaa");
    wsk_kit_run_until_idle();
    wsk_kit_datagram_send_text(other, client->port, "bb");
    wsk_kit_run_until_idle();
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_expect(client, 0, "aaaa");
    dgram_client_expect(client, 1, "bb");
    assert_int_equal(address_port(&client->seen[0].remote), wsk_kit_datagram_port(one));
    assert_int_equal(address_port(&client->seen[1].remote), wsk_kit_datagram_port(other));
    dgram_client_destroy(client);
    wsk_kit_datagram_close(one);
    wsk_kit_datagram_close(other);
}

static void test_coalesced_datagrams_stay_in_the_limit_and_the_buffer(void **state)
{
    static const char *const texts[] = { "aaaa", "bbbb", "cccc", "dddd" };
    USHORT port;
    PWSK_SOCKET socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    struct wired wired = { socket, port, wsk_kit_datagram_open(WSK_KIT_IPV4) };
    struct dgram_receive *receive;

    assert_int_equal(socket_set_ulong(socket, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 11), STATUS_SUCCESS);
    send_all(&wired, texts, 4);
    receive = dgram_receive_post(socket, 64, DGRAM_CONTROL_BYTES);
    dgram_receive_wait(receive, STATUS_SUCCESS, "aaaabbbb");
    assert_int_equal(dgram_control_int(receive->control, receive->control_length, IPPROTO_UDP, UDP_COALESCED_INFO), 4);
    dgram_receive_destroy(receive);
    receive = dgram_receive_post(socket, 6, DGRAM_CONTROL_BYTES);
    dgram_receive_expect(receive, STATUS_SUCCESS, "cccc");
    receive = dgram_receive_post(socket, 6, DGRAM_CONTROL_BYTES);
    dgram_receive_expect(receive, STATUS_SUCCESS, "dddd");
    wired_close(&wired);
}

static void test_coalesced_datagrams_of_two_senders_stay_apart(void **state)
{
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    struct wsk_kit_datagram_peer *a = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct wsk_kit_datagram_peer *b = wsk_kit_datagram_open(WSK_KIT_IPV4);

    assert_int_equal(socket_set_ulong(client->socket, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, 64), STATUS_SUCCESS);
    wsk_kit_datagram_send_text(a, client->port, "aaaa");
    wsk_kit_datagram_send_text(b, client->port, "bbbb");
    wsk_kit_datagram_send_text(b, client->port, "bbbb");
    wsk_kit_run_until_idle();
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_expect(client, 0, "aaaa");
    dgram_client_wait_seen(client, 2);
    assert_int_equal(address_port(&client->seen[0].remote), wsk_kit_datagram_port(a));
    assert_int_equal(address_port(&client->seen[1].remote), wsk_kit_datagram_port(b));
    dgram_client_destroy(client);
    wsk_kit_datagram_close(a);
    wsk_kit_datagram_close(b);
}

#define TESTS(X)                                                 \
    X(test_control_received_of_ipv4)                             \
    X(test_control_received_of_ipv6)                             \
    X(test_control_received_of_ipv4_by_a_dual_stack_socket)      \
    X(test_control_received_by_the_event)                        \
    X(test_control_that_does_not_fit_is_left_out_and_flagged)    \
    X(test_control_options_switched_off_bring_nothing)           \
    X(test_control_options_change_what_the_peer_sees)            \
    X(test_control_sent_over_ipv4)                               \
    X(test_control_sent_over_ipv6)                               \
    X(test_control_sent_over_ipv4_by_a_dual_stack_socket)        \
    X(test_control_sent_chooses_the_source_address)              \
    X(test_control_sent_with_too_short_an_address_fails)         \
    X(test_control_sent_of_no_length_is_none)                    \
    X(test_control_received_can_be_sent_back)                    \
    X(test_coalesced_datagrams_of_one_size_come_as_one)          \
    X(test_coalesced_datagrams_are_of_one_sender)                \
    X(test_coalesced_datagrams_stay_in_the_limit_and_the_buffer) \
    X(test_coalesced_datagrams_of_two_senders_stay_apart)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
