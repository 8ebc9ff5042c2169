/* SPDX-License-Identifier: MIT */
/* Multicast groups of datagram sockets: options that are orders rather than values. */
#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"

/* IP_MREQ names the interface by one of its addresses; the network knows indexes. Only the wildcard and loopback can be
 * told without asking the system for its addresses. */
#define LOOPBACK_INDEX 1u

static NTSTATUS v4_read(const struct we_wsk_control *control, struct we_base_addr *group, uint32_t *interface_index)
{
    IP_MREQ request;

    memcpy(&request, control->input, sizeof(request));
    *group = we_base_addr_any(WE_FAMILY_IPV4, 0);
    memcpy(group->bytes, &request.imr_multiaddr, 4);
    if (request.imr_interface.S_un.S_addr == 0) {
        *interface_index = 0;
    } else if (request.imr_interface.S_un.S_un_b.s_b1 == 127) {
        *interface_index = LOOPBACK_INDEX;
    } else if (request.imr_interface.S_un.S_un_b.s_b1 == 0) {
        /* 0.x.y.z is an index in network order. */
        *interface_index = (uint32_t)request.imr_interface.S_un.S_un_b.s_b2 << 16 |
                           (uint32_t)request.imr_interface.S_un.S_un_b.s_b3 << 8 |
                           request.imr_interface.S_un.S_un_b.s_b4;
    } else {
        we_wsk_unsupported("an interface that is named by an address in IP_MREQ");
        return STATUS_NOT_SUPPORTED;
    }
    return STATUS_SUCCESS;
}

static void v6_read(const struct we_wsk_control *control, struct we_base_addr *group, uint32_t *interface_index)
{
    IPV6_MREQ request;

    memcpy(&request, control->input, sizeof(request));
    *group = we_base_addr_any(WE_FAMILY_IPV6, 0);
    memcpy(group->bytes, &request.ipv6mr_multiaddr, 16);
    *interface_index = request.ipv6mr_interface;
}

/* The form that is the same for both families. */
static NTSTATUS any_read(const struct we_wsk_control *control, ADDRESS_FAMILY family, struct we_base_addr *group,
                         uint32_t *interface_index)
{
    GROUP_REQ request;

    memcpy(&request, control->input, sizeof(request));
    *interface_index = request.gr_interface;
    return we_wsk_addr_from_sockaddr((const SOCKADDR *)&request.gr_group, family, group) ? STATUS_SUCCESS
                                                                                         : STATUS_INVALID_PARAMETER;
}

/* The numbers are the same at both levels. */
WE_STATIC_ASSERT(IP_ADD_MEMBERSHIP == IPV6_ADD_MEMBERSHIP, "groups are entered by the same number");

static NTSTATUS request_read(const struct we_wsk_control *control, ULONG level, ULONG option,
                             struct we_base_addr *group, uint32_t *interface_index)
{
    if (option == MCAST_JOIN_GROUP || option == MCAST_LEAVE_GROUP) {
        return any_read(control, level == IPPROTO_IPV6 ? AF_INET6 : AF_INET, group, interface_index);
    }
    if (level == IPPROTO_IPV6) {
        v6_read(control, group, interface_index);
        return STATUS_SUCCESS;
    }
    return v4_read(control, group, interface_index);
}

/* The row has seen to category, family, IRP, direction, size and time. */
NTSTATUS we_wsk_dgram_group_option(struct we_wsk_call *call, ULONG level, ULONG option,
                                   const struct we_wsk_control *control)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_base_addr group;
    uint32_t interface_index;
    NTSTATUS status = request_read(control, level, option, &group, &interface_index);
    bool is_member = option == IP_ADD_MEMBERSHIP || option == MCAST_JOIN_GROUP;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(socket->ep != NULL); /* a bound socket has one until its last call has left */
    status = we_wsk_status(we_host_dgram_group(socket->ep, &group, interface_index, is_member), WE_WSK_OP_CONTROL);
    we_host_mutex_unlock(&socket->lock);
    return status;
}
