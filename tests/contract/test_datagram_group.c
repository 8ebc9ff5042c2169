/* SPDX-License-Identifier: MIT */
/* Broadcasts and multicasts: who hears them, and the flags that tell. */
#include "support/group_scene.h"

#include <string.h>

static IP_MREQ group_v4(void)
{
    IP_MREQ request;

    memset(&request, 0, sizeof(request));
    request.imr_multiaddr.S_un.S_un_b.s_b1 = 239;
    request.imr_multiaddr.S_un.S_un_b.s_b2 = 9;
    request.imr_multiaddr.S_un.S_un_b.s_b3 = 8;
    request.imr_multiaddr.S_un.S_un_b.s_b4 = 7;
    request.imr_interface.S_un.S_un_b.s_b1 = 127;
    request.imr_interface.S_un.S_un_b.s_b4 = 1;
    return request;
}

static SOCKADDR_STORAGE group_address(USHORT port)
{
    SOCKADDR_STORAGE address = address_any(AF_INET, port);
    IP_MREQ request = group_v4();

    ((SOCKADDR_IN *)&address)->sin_addr = request.imr_multiaddr;
    return address;
}

/* Through the loopback interface, where tests find themselves on any machine. */
static void send_to_group(PWSK_SOCKET socket, USHORT port, const char *text)
{
    struct {
        CMSGHDR header;
        IN_PKTINFO info;
    } control;
    SOCKADDR_STORAGE remote = group_address(port);

    memset(&control, 0, sizeof(control));
    control.header.cmsg_len = WSA_CMSG_LEN(sizeof(IN_PKTINFO));
    control.header.cmsg_level = IPPROTO_IP;
    control.header.cmsg_type = IP_PKTINFO;
    control.info.ipi_ifindex = 1;
    assert_int_equal(
        dgram_send_with(socket, text, strlen(text), &remote, WSA_CMSG_SPACE(sizeof(IN_PKTINFO)), &control, NULL),
        STATUS_SUCCESS);
}

static void test_group_member_hears_and_sees_the_flag(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    IP_MREQ request = group_v4();
    struct dgram_receive *receive;
    PWSK_SOCKET sender;
    USHORT port;

    sender = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    receive = dgram_receive_post(client->socket, 64, 0);
    send_to_group(sender, client->port, "to all");
    dgram_receive_wait(receive, STATUS_SUCCESS, "to all");
    assert_int_equal(receive->control_flags, MSG_MCAST);
    dgram_receive_destroy(receive);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    send_to_group(sender, client->port, "to all again");
    dgram_client_expect(client, 0, "to all again");
    assert_int_equal(client->last_flags, MSG_MCAST | WSK_FLAG_AT_DISPATCH_LEVEL);
    socket_close(sender);
    dgram_client_destroy(client);
}

static void test_group_left_is_not_heard(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    IP_MREQ request = group_v4();
    PWSK_SOCKET sender;
    USHORT port;

    sender = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_INVALID_PARAMETER);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    send_to_group(sender, client->port, "to nobody");
    dgram_send_text(sender, AF_INET, client->port, "to you");
    dgram_client_expect(client, 0, "to you");
    socket_close(sender);
    dgram_client_destroy(client);
}

static void test_group_by_its_address_is_entered_and_left(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    GROUP_REQ request = { .gr_interface = 1, .gr_group = group_address(0) };
    PWSK_SOCKET sender;
    USHORT port;

    sender = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    send_to_group(sender, client->port, "to all");
    dgram_client_expect(client, 0, "to all");
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    send_to_group(sender, client->port, "to nobody");
    dgram_send_text(sender, AF_INET, client->port, "to you");
    dgram_client_expect(client, 1, "to you");
    request.gr_group = address_any(AF_INET6, 0);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof(request)),
                     STATUS_INVALID_PARAMETER);
    socket_close(sender);
    dgram_client_destroy(client);
}

static void test_group_of_ipv6_is_entered_and_left(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET6);
    GROUP_REQ request = { .gr_interface = 1, .gr_group = address_any(AF_INET6, 0) };
    UCHAR *bytes = ((SOCKADDR_IN6 *)&request.gr_group)->sin6_addr.u.Byte;

    bytes[0] = 0xff;
    bytes[1] = 0x01; /* of the interface */
    bytes[15] = 0x77;
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, MCAST_JOIN_GROUP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, MCAST_LEAVE_GROUP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, MCAST_LEAVE_GROUP, &request, sizeof(request)),
                     STATUS_INVALID_PARAMETER);
    dgram_client_destroy(client);
}

/* The interface is an index, in both directions. Not every machine's loopback interface has IPv6 multicasts, so they
 * travel where all machines are alike. */
static void test_group_of_ipv6_is_heard_until_it_is_left(void **state)
{
    const struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    struct dgram_client *client;
    SOCKADDR_STORAGE remote;
    PWSK_SOCKET sender;
    IPV6_MREQ request;
    struct {
        CMSGHDR header;
        IN6_PKTINFO info;
    } control;

    if (!fixture->way->is_virtual) {
        return;
    }
    client = dgram_client_create_any(*state, AF_INET6);
    sender = dgram_open(*state, AF_INET6, NULL, NULL);
    remote = address_any(AF_INET6, client->port);
    memset(&request, 0, sizeof(request));
    request.ipv6mr_multiaddr.u.Byte[0] = 0xff;
    request.ipv6mr_multiaddr.u.Byte[1] = 0x01; /* of the interface */
    request.ipv6mr_multiaddr.u.Byte[15] = 0x77;
    request.ipv6mr_interface = 1;
    ((SOCKADDR_IN6 *)&remote)->sin6_addr = request.ipv6mr_multiaddr;
    memset(&control, 0, sizeof(control));
    control.header.cmsg_len = WSA_CMSG_LEN(sizeof(IN6_PKTINFO));
    control.header.cmsg_level = IPPROTO_IPV6;
    control.header.cmsg_type = IPV6_PKTINFO;
    control.info.ipi6_ifindex = 1;
    assert_int_equal(socket_bind_try(sender, &any), STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    assert_int_equal(dgram_send_with(sender, "to all", 6, &remote, WSA_CMSG_SPACE(sizeof(IN6_PKTINFO)), &control, NULL),
                     STATUS_SUCCESS);
    dgram_client_expect(client, 0, "to all");
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(
        dgram_send_with(sender, "too late", 8, &remote, WSA_CMSG_SPACE(sizeof(IN6_PKTINFO)), &control, NULL),
        STATUS_SUCCESS);
    dgram_send_text(sender, AF_INET6, client->port, "to one");
    dgram_client_expect(client, 1, "to one");
    socket_close(sender);
    dgram_client_destroy(client);
}

/* --- options ------------------------------------------------------------------------------------------ */

static ULONG level_of(const struct group_scene *scene)
{
    return scene->family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

/* The numbers are the same at both levels. */
static void scene_set(const struct group_scene *scene, PWSK_SOCKET socket, ULONG option, ULONG value)
{
    assert_int_equal(socket_set_ulong(socket, level_of(scene), option, value), STATUS_SUCCESS);
}

static INT hop_limit_seen(struct group_scene *scene)
{
    const struct dgram_seen *seen = &scene->client->seen[scene->seen_count];

    group_expect_heard(scene);
    return dgram_control_int(seen->control, seen->control_length, (INT)level_of(scene),
                             scene->family == AF_INET6 ? IPV6_HOPLIMIT : IP_TTL);
}

/* On the virtual network a multicast had a hop limit of 1, whatever the option said. */
static void test_group_hop_limit_is_what_the_option_says(void **state)
{
    for (unsigned form = GROUP_BY_REQ; form < GROUP_FORM_COUNT; form++) {
        struct group_scene scene;

        if (group_scene_open(&scene, *state, (enum group_form)form)) {
            scene_set(&scene, scene.client->socket, IP_HOPLIMIT, 1);
            group_expect(&scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
            assert_int_equal(hop_limit_seen(&scene), 1);
            scene_set(&scene, scene.sender, IP_MULTICAST_TTL, 7);
            assert_int_equal(hop_limit_seen(&scene), 7);
            group_scene_close(&scene);
        }
    }
}

/* It is the receiver's option, and was the sender's on real sockets, so that nobody on the machine heard it, and nobody's
 * on the virtual network. */
static void test_group_loop_off_is_deaf_to_itself_alone(void **state)
{
    for (unsigned form = GROUP_BY_REQ; form < GROUP_FORM_COUNT; form++) {
        struct group_scene scene;

        if (group_scene_open(&scene, *state, (enum group_form)form)) {
            group_expect(&scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
            group_send(&scene, scene.client->socket, scene.client->port, "to myself");
            dgram_client_expect(scene.client, scene.seen_count++, "to myself");
            scene_set(&scene, scene.sender, IP_MULTICAST_LOOP, 0);
            scene_set(&scene, scene.client->socket, IP_MULTICAST_LOOP, 0);
            group_send(&scene, scene.client->socket, scene.client->port, "to others");
            group_expect_heard(&scene);
            scene_set(&scene, scene.client->socket, IP_MULTICAST_LOOP, 1);
            group_send(&scene, scene.client->socket, scene.client->port, "to myself");
            dgram_client_expect(scene.client, scene.seen_count++, "to myself");
            group_scene_close(&scene);
        }
    }
}

/* The port alone does not make a sender oneself. What a socket with an address of its own hears of groups depends on the
 * system, so this runs where all machines are alike. */
static void test_group_loop_off_hears_the_same_port_of_another_address(void **state)
{
    const struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE elsewhere = address_any(AF_INET, 0);
    struct dgram_client *client;
    PWSK_SOCKET sender;
    IP_MREQ request = group_v4();

    if (!fixture->way->is_virtual) {
        return;
    }
    client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);
    elsewhere = address_loopback(AF_INET, client->port);
    ((SOCKADDR_IN *)&elsewhere)->sin_addr.S_un.S_un_b.s_b4 = 9;
    sender = dgram_open(*state, AF_INET, NULL, NULL);
    assert_int_equal(socket_bind_try(sender, &elsewhere), STATUS_SUCCESS);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(client->socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0), STATUS_SUCCESS);
    send_to_group(client->socket, client->port, "to others");
    send_to_group(sender, client->port, "to all");
    dgram_client_expect(client, 0, "to all");
    socket_close(sender);
    dgram_client_destroy(client);
}

/* A broadcast of the loopback network, where the system has one and can tell. */
static void test_broadcast_is_unheard_when_it_is_switched_off(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    SOCKADDR_STORAGE all = address_any(AF_INET, client->port);
    const struct wsk_fixture *fixture = *state;
    PWSK_SOCKET sender;
    USHORT port;

    ((SOCKADDR_IN *)&all)->sin_addr.S_un.S_addr = fixture->way->is_virtual ? INADDR_BROADCAST : 0xffffff7f;
    sender = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    assert_int_equal(socket_set_ulong(sender, SOL_SOCKET, SO_BROADCAST, 1), STATUS_SUCCESS);
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    assert_int_equal(dgram_send_try(sender, "to all", 6, &all, NULL), STATUS_SUCCESS);
    dgram_client_expect(client, 0, "to all");
    if ((client->last_flags & MSG_BCAST) != 0) {
        assert_int_equal(socket_set_ulong(client->socket, IPPROTO_IP, IP_RECEIVE_BROADCAST, 0), STATUS_SUCCESS);
        assert_int_equal(dgram_send_try(sender, "to others", 9, &all, NULL), STATUS_SUCCESS);
        dgram_send_text(sender, AF_INET, client->port, "to you");
        dgram_client_expect(client, 1, "to you");
        assert_int_equal(socket_set_ulong(client->socket, IPPROTO_IP, IP_RECEIVE_BROADCAST, 1), STATUS_SUCCESS);
        assert_int_equal(dgram_send_try(sender, "to all again", 12, &all, NULL), STATUS_SUCCESS);
        dgram_client_expect(client, 2, "to all again");
    } else {
        assert_false(fixture->way->is_virtual);
    }
    socket_close(sender);
    dgram_client_destroy(client);
}

/* SIO_MULTIPOINT_LOOPBACK is the option of the socket's family under another name. */
static void test_multipoint_loopback_is_the_loop_option_of_the_family(void **state)
{
    static const ADDRESS_FAMILY families[] = { AF_INET, AF_INET6 };

    for (unsigned i = 0; i < 2; i++) {
        ULONG level = families[i] == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
        ULONG option = families[i] == AF_INET6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP;
        USHORT port;
        PWSK_SOCKET socket = dgram_open_bound(*state, families[i], NULL, NULL, &port);
        UCHAR off = 0;
        ULONG value = 1;
        NTSTATUS status;

        REQUEST_CALL(status, NULL, irp,
                     dgram_table(socket)->WskControlSocket(socket, WskIoctl, SIO_MULTIPOINT_LOOPBACK, 0, sizeof(off),
                                                           &off, 0, NULL, NULL, irp));
        assert_int_equal(status, STATUS_SUCCESS);
        assert_int_equal(socket_get_option(socket, level, option, &value, sizeof(value), NULL), STATUS_SUCCESS);
        assert_int_equal(value, 0);
        socket_close(socket);
    }
}

/* An interface can be named by any of its addresses: which one has it, the system is asked. */
static void test_group_interface_is_named_by_any_of_its_addresses(void **state)
{
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    union {
        SOCKET_ADDRESS_LIST list;
        UCHAR bytes[4096];
    } buffer;
    IP_MREQ request = group_v4();
    SIZE_T returned = 0;

    assert_int_equal(dgram_table(client->socket)
                         ->WskControlSocket(client->socket, WskIoctl, SIO_ADDRESS_LIST_QUERY, 0, 0, NULL,
                                            sizeof(buffer), &buffer, &returned, NULL),
                     STATUS_SUCCESS);
    assert_true(buffer.list.iAddressCount >= 1);
    for (INT i = 0; i < buffer.list.iAddressCount; i++) {
        const SOCKET_ADDRESS *entry =
            (const SOCKET_ADDRESS *)(const void *)(buffer.bytes + SIZEOF_SOCKET_ADDRESS_LIST((SIZE_T)i));

        request.imr_interface = ((const SOCKADDR_IN *)(const void *)entry->lpSockaddr)->sin_addr;
        assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                         STATUS_SUCCESS);
        assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request)),
                         STATUS_SUCCESS);
    }
    dgram_client_destroy(client);
}

static void test_group_arguments_that_fail(void **state)
{
    const struct wsk_fixture *fixture = *state;
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    PWSK_SOCKET unbound = dgram_open(*state, AF_INET, NULL, NULL);
    IP_MREQ request = group_v4();

    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, 4),
                     STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_option(unbound, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_INVALID_DEVICE_STATE);
    /* An address of documentation's, which no machine has; on the virtual network every address is local. */
    memcpy(&request.imr_interface, (const UCHAR[]){ 203, 0, 113, 1 }, 4);
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     fixture->way->is_virtual ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS_COMPONENT);
    request.imr_multiaddr.S_un.S_un_b.s_b4++;
    memset(&request.imr_interface, 0, sizeof(request.imr_interface));
    request.imr_interface.S_un.S_un_b.s_b4 = 1; /* by index */
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_SUCCESS);
    if (fixture->way->is_virtual) { /* which interface the system chooses depends on its routes */
        request.imr_multiaddr.S_un.S_un_b.s_b4++;
        request.imr_interface.S_un.S_addr = 0;
        assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                         STATUS_SUCCESS);
        request.imr_interface.S_un.S_un_b.s_b4 = 1;
    }
    request.imr_multiaddr.S_un.S_un_b.s_b1 = 10;
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_INVALID_ADDRESS_COMPONENT);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_option(client->socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)),
                     STATUS_NOT_SUPPORTED);
    socket_close(unbound);
    dgram_client_destroy(client);
}

/* A machine without a route for broadcasts is none of the test's business: it runs where all machines are alike. */
static void test_broadcast_is_heard_and_flagged(void **state)
{
    const struct wsk_fixture *fixture = *state;
    struct dgram_client *client = dgram_client_create_any(*state, AF_INET);
    SOCKADDR_STORAGE all = address_any(AF_INET, client->port);
    PWSK_SOCKET sender;
    USHORT port;

    sender = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    assert_int_equal(socket_set_ulong(sender, SOL_SOCKET, SO_BROADCAST, 1), STATUS_SUCCESS);
    if (fixture->way->is_virtual) {
        ((SOCKADDR_IN *)&all)->sin_addr.S_un.S_addr = 0xffffffff;
        /* Of two kinds of delivery, each comes in a callback of its own. */
        dgram_send_text(sender, AF_INET, client->port, "to you");
        assert_int_equal(dgram_send_try(sender, "to all", 6, &all, NULL), STATUS_SUCCESS);
        wsk_kit_run_until_idle();
        socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
        dgram_client_expect(client, 0, "to you");
        dgram_client_expect(client, 1, "to all");
        assert_int_equal(client->call_count, 2);
        assert_int_equal(client->last_flags, MSG_BCAST | WSK_FLAG_AT_DISPATCH_LEVEL);
    }
    socket_close(sender);
    dgram_client_destroy(client);
}

static void test_shared_port_broadcast_reaches_both(void **state)
{
    const struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);
    PWSK_SOCKET sockets[2];
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    for (unsigned i = 0; i < 2; i++) {
        sockets[i] = dgram_open(*state, AF_INET, NULL, NULL);
        assert_int_equal(socket_set_ulong(sockets[i], SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
        assert_int_equal(socket_bind_try(sockets[i], &any), STATUS_SUCCESS);
        any = address_any(AF_INET, dgram_port(sockets[i]));
    }
    if (fixture->way->is_virtual) {
        struct wsk_kit_datagram how;

        memset(&how, 0, sizeof(how));
        how.remote = wsk_kit_loopback(WSK_KIT_IPV4, dgram_port(sockets[0]));
        memset(how.remote.bytes, 0xff, 4);
        wsk_kit_datagram_send_as(peer, &how, "to all", 6);
        dgram_receive_expect(dgram_receive_post(sockets[0], 64, 0), STATUS_SUCCESS, "to all");
        dgram_receive_expect(dgram_receive_post(sockets[1], 64, 0), STATUS_SUCCESS, "to all");
    }
    socket_close(sockets[0]);
    socket_close(sockets[1]);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                                  \
    X(test_group_member_hears_and_sees_the_flag)                  \
    X(test_group_left_is_not_heard)                               \
    X(test_group_by_its_address_is_entered_and_left)              \
    X(test_group_of_ipv6_is_entered_and_left)                     \
    X(test_group_of_ipv6_is_heard_until_it_is_left)               \
    X(test_group_hop_limit_is_what_the_option_says)               \
    X(test_group_loop_off_is_deaf_to_itself_alone)                \
    X(test_group_loop_off_hears_the_same_port_of_another_address) \
    X(test_broadcast_is_unheard_when_it_is_switched_off)          \
    X(test_multipoint_loopback_is_the_loop_option_of_the_family)  \
    X(test_group_interface_is_named_by_any_of_its_addresses)      \
    X(test_group_arguments_that_fail)                             \
    X(test_broadcast_is_heard_and_flagged)                        \
    X(test_shared_port_broadcast_reaches_both)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
