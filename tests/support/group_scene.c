/* SPDX-License-Identifier: MIT */
/* For tests of multicast groups. */
#include "group_scene.h"

#include <string.h>

#define INTERFACES_MAX 32u /* that are tried */

struct form {
    ADDRESS_FAMILY family;
    ULONG options[GROUP_CHANGE_COUNT];
};

static const struct form s_forms[GROUP_FORM_COUNT] = {
    [GROUP_BY_MREQ] = { AF_INET,
                        { IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_BLOCK_SOURCE, IP_UNBLOCK_SOURCE,
                          IP_ADD_SOURCE_MEMBERSHIP, IP_DROP_SOURCE_MEMBERSHIP } },
    [GROUP_BY_REQ] = { AF_INET,
                       { MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP, MCAST_BLOCK_SOURCE, MCAST_UNBLOCK_SOURCE,
                         MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP } },
    [GROUP_BY_REQ6] = { AF_INET6,
                        { MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP, MCAST_BLOCK_SOURCE, MCAST_UNBLOCK_SOURCE,
                          MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP } },
};

/* --- changes -------------------------------------------------------------------------------------- */

static NTSTATUS order_mreq(const struct group_scene *scene, PWSK_SOCKET socket, ULONG option,
                           const SOCKADDR_STORAGE *source)
{
    const UCHAR interface_bytes[4] = { 0, 0, 0, (UCHAR)scene->interface_index }; /* an index, in network order */
    IP_MREQ_SOURCE with_source;
    IP_MREQ request;

    memset(&request, 0, sizeof(request));
    request.imr_multiaddr = ((const SOCKADDR_IN *)&scene->group)->sin_addr;
    memcpy(&request.imr_interface, interface_bytes, sizeof(interface_bytes));
    if (source == NULL) {
        return socket_set_option(socket, IPPROTO_IP, option, &request, sizeof(request));
    }
    memset(&with_source, 0, sizeof(with_source));
    with_source.imr_multiaddr = request.imr_multiaddr;
    with_source.imr_sourceaddr = ((const SOCKADDR_IN *)source)->sin_addr;
    with_source.imr_interface = request.imr_interface;
    return socket_set_option(socket, IPPROTO_IP, option, &with_source, sizeof(with_source));
}

static NTSTATUS order_req(const struct group_scene *scene, PWSK_SOCKET socket, ULONG option,
                          const SOCKADDR_STORAGE *source)
{
    ULONG level = scene->family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    GROUP_SOURCE_REQ with_source;
    GROUP_REQ request;

    memset(&request, 0, sizeof(request));
    request.gr_interface = scene->interface_index;
    request.gr_group = scene->group;
    if (source == NULL) {
        return socket_set_option(socket, level, option, &request, sizeof(request));
    }
    memset(&with_source, 0, sizeof(with_source));
    with_source.gsr_interface = scene->interface_index;
    with_source.gsr_group = scene->group;
    with_source.gsr_source = *source;
    return socket_set_option(socket, level, option, &with_source, sizeof(with_source));
}

NTSTATUS group_order(const struct group_scene *scene, PWSK_SOCKET socket, enum group_change change,
                     const SOCKADDR_STORAGE *source)
{
    ULONG option = s_forms[scene->form].options[change];

    return scene->form == GROUP_BY_MREQ ? order_mreq(scene, socket, option, source)
                                        : order_req(scene, socket, option, source);
}

void group_expect(const struct group_scene *scene, enum group_change change, const SOCKADDR_STORAGE *source,
                  NTSTATUS status)
{
    assert_int_equal(group_order(scene, scene->client->socket, change, source), status);
}

/* --- sending -------------------------------------------------------------------------------------- */

static NTSTATUS send_try(const struct group_scene *scene, PWSK_SOCKET sender, USHORT port, const char *text)
{
    SOCKADDR_STORAGE remote = scene->group;
    struct {
        CMSGHDR header;
        union {
            IN_PKTINFO v4;
            IN6_PKTINFO v6;
        } info;
    } control;
    SIZE_T info_bytes = scene->family == AF_INET6 ? sizeof(IN6_PKTINFO) : sizeof(IN_PKTINFO);

    memset(&control, 0, sizeof(control));
    control.header.cmsg_len = WSA_CMSG_LEN(info_bytes);
    if (scene->family == AF_INET6) {
        ((SOCKADDR_IN6 *)&remote)->sin6_port = RtlUshortByteSwap(port);
        control.header.cmsg_level = IPPROTO_IPV6;
        control.header.cmsg_type = IPV6_PKTINFO;
        control.info.v6.ipi6_ifindex = scene->interface_index;
    } else {
        ((SOCKADDR_IN *)&remote)->sin_port = RtlUshortByteSwap(port);
        control.header.cmsg_level = IPPROTO_IP;
        control.header.cmsg_type = IP_PKTINFO;
        control.info.v4.ipi_ifindex = scene->interface_index;
    }
    return dgram_send_with(sender, text, strlen(text), &remote, (ULONG)WSA_CMSG_SPACE(info_bytes), &control, NULL);
}

void group_send(const struct group_scene *scene, PWSK_SOCKET sender, USHORT port, const char *text)
{
    assert_int_equal(send_try(scene, sender, port, text), STATUS_SUCCESS);
}

void group_expect_heard(struct group_scene *scene)
{
    group_send(scene, scene->sender, scene->client->port, "to all");
    dgram_client_expect(scene->client, scene->seen_count++, "to all");
}

void group_expect_unheard(struct group_scene *scene)
{
    group_send(scene, scene->sender, scene->client->port, "to others");
    dgram_send_text(scene->sender, scene->family, scene->client->port, "to you");
    dgram_client_expect(scene->client, scene->seen_count++, "to you");
}

/* --- the scene ------------------------------------------------------------------------------------ */

SOCKADDR_STORAGE group_address_beside(const SOCKADDR_STORAGE *address, UCHAR distance)
{
    SOCKADDR_STORAGE beside = *address;

    if (address->ss_family == AF_INET6) {
        ((SOCKADDR_IN6 *)&beside)->sin6_addr.u.Byte[15] ^= distance;
    } else {
        ((SOCKADDR_IN *)&beside)->sin_addr.S_un.S_un_b.s_b4 ^= distance;
    }
    return beside;
}

/* Whether the client hears the sender on the interface; then it knows the sender's address. */
static bool interface_try(struct group_scene *scene)
{
    PWSK_SOCKET socket = scene->client->socket;
    struct dgram_receive *receive;
    bool is_heard;

    if (!NT_SUCCESS(group_order(scene, socket, GROUP_JOIN, NULL))) {
        return false;
    }
    if (!NT_SUCCESS(send_try(scene, scene->sender, scene->client->port, "who"))) {
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_SUCCESS);
        return false;
    }
    dgram_send_text(scene->sender, scene->family, scene->client->port, "you");
    receive = dgram_receive_post(socket, 8, 0);
    assert_int_equal(request_wait(receive->request, receive->returned), STATUS_SUCCESS);
    is_heard = (receive->control_flags & MSG_MCAST) != 0;
    scene->source = receive->remote;
    dgram_receive_destroy(receive);
    if (is_heard) {
        dgram_receive_expect(dgram_receive_post(socket, 8, 0), STATUS_SUCCESS, "you");
    }
    group_expect(scene, GROUP_LEAVE, NULL, STATUS_SUCCESS);
    return is_heard;
}

static bool interface_find(struct group_scene *scene)
{
    for (scene->interface_index = 1; scene->interface_index <= INTERFACES_MAX; scene->interface_index++) {
        if (interface_try(scene)) {
            return true;
        }
    }
    return false;
}

bool group_scene_open(struct group_scene *scene, struct wsk_fixture *fixture, enum group_form form)
{
    static const UCHAR v4_group[4] = { 239, 9, 8, 6 };
    static const UCHAR v6_group[16] = { 0xff, 0x01, [14] = 0x98, [15] = 0x76 }; /* it never leaves the machine */
    SOCKADDR_STORAGE any = address_any(s_forms[form].family, 0);

    memset(scene, 0, sizeof(*scene));
    scene->form = form;
    scene->family = s_forms[form].family;
    scene->group = any;
    if (scene->family == AF_INET6) {
        memcpy(&((SOCKADDR_IN6 *)&scene->group)->sin6_addr, v6_group, sizeof(v6_group));
    } else {
        memcpy(&((SOCKADDR_IN *)&scene->group)->sin_addr, v4_group, sizeof(v4_group));
    }
    scene->client = dgram_client_create_any(fixture, scene->family);
    scene->sender = dgram_open(fixture, scene->family, NULL, NULL);
    assert_int_equal(socket_bind_try(scene->sender, &any), STATUS_SUCCESS);
    if (!interface_find(scene)) {
        assert_true(!fixture->way->is_virtual && scene->family == AF_INET6);
        group_scene_close(scene);
        return false;
    }
    scene->stranger = group_address_beside(&scene->source, 3);
    socket_events(scene->client->socket, WSK_EVENT_RECEIVE_FROM);
    return true;
}

void group_scene_close(struct group_scene *scene)
{
    socket_close(scene->sender);
    dgram_client_destroy(scene->client);
}
