/* SPDX-License-Identifier: MIT */
/* Multicast groups of datagram sockets: options that are orders rather than values. */
#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"

/* Three families of options say the same things: with addresses of IPv4, with one of IPv6, and with socket addresses for
 * both. What may follow what is the network seam's matter (host_group.h). */

#define LOOPBACK_INDEX 1u

/* --- reading the options' structures -------------------------------------------------------------- */

/* IPv4 names an interface by one of its addresses, or by its index as 0.x.y.z. */
static NTSTATUS interface_read(const IN_ADDR *named, uint32_t *interface_index)
{
    struct we_base_addr local = we_base_addr_any(WE_FAMILY_IPV4, 0);

    memcpy(local.bytes, named, 4);
    if (local.bytes[0] == 0) {
        *interface_index = (uint32_t)local.bytes[1] << 16 | (uint32_t)local.bytes[2] << 8 | local.bytes[3];
        return STATUS_SUCCESS;
    }
    if (local.bytes[0] == 127) { /* systems list one of these addresses only */
        *interface_index = LOOPBACK_INDEX;
        return STATUS_SUCCESS;
    }
    return we_wsk_status(we_host_net_interface(&local, interface_index), WE_WSK_OP_CONTROL);
}

static struct we_base_addr v4_addr(const IN_ADDR *in)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_IPV4, 0);

    memcpy(addr.bytes, in, 4);
    return addr;
}

/* The address alone counts; a mapped one is IPv4's. */
static bool any_addr(const SOCKADDR_STORAGE *sockaddr, ULONG level, struct we_base_addr *addr)
{
    struct we_base_addr named;

    if (!we_wsk_addr_from_sockaddr((const SOCKADDR *)sockaddr, level == IPPROTO_IPV6 ? AF_INET6 : AF_INET, &named)) {
        return false;
    }
    named.port = 0;
    *addr = we_base_addr_unmapped(&named);
    return true;
}

static NTSTATUS read_v4(const void *input, ULONG level, struct we_host_group_order *order)
{
    IP_MREQ request;

    (void)level;
    memcpy(&request, input, sizeof(request));
    order->group = v4_addr(&request.imr_multiaddr);
    return interface_read(&request.imr_interface, &order->interface_index);
}

static NTSTATUS read_v4_source(const void *input, ULONG level, struct we_host_group_order *order)
{
    IP_MREQ_SOURCE request;

    (void)level;
    memcpy(&request, input, sizeof(request));
    order->group = v4_addr(&request.imr_multiaddr);
    order->source = v4_addr(&request.imr_sourceaddr);
    return interface_read(&request.imr_interface, &order->interface_index);
}

static NTSTATUS read_v6(const void *input, ULONG level, struct we_host_group_order *order)
{
    struct we_base_addr group = we_base_addr_any(WE_FAMILY_IPV6, 0);
    IPV6_MREQ request;

    (void)level;
    memcpy(&request, input, sizeof(request));
    memcpy(group.bytes, &request.ipv6mr_multiaddr, 16);
    order->group = we_base_addr_unmapped(&group);
    order->interface_index = request.ipv6mr_interface;
    return STATUS_SUCCESS;
}

static NTSTATUS read_any(const void *input, ULONG level, struct we_host_group_order *order)
{
    GROUP_REQ request;

    memcpy(&request, input, sizeof(request));
    order->interface_index = request.gr_interface;
    return any_addr(&request.gr_group, level, &order->group) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS read_any_source(const void *input, ULONG level, struct we_host_group_order *order)
{
    GROUP_SOURCE_REQ request;

    memcpy(&request, input, sizeof(request));
    order->interface_index = request.gsr_interface;
    return any_addr(&request.gsr_group, level, &order->group) && any_addr(&request.gsr_source, level, &order->source)
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

/* --- the options ---------------------------------------------------------------------------------- */

struct group_option {
    ULONG level;
    ULONG option;
    enum we_host_group_change change;
    NTSTATUS (*read)(const void *input, ULONG level, struct we_host_group_order *order);
};

static const struct group_option s_options[] = {
    { IPPROTO_IP, IP_ADD_MEMBERSHIP, WE_GROUP_JOIN, read_v4 },
    { IPPROTO_IP, IP_DROP_MEMBERSHIP, WE_GROUP_LEAVE, read_v4 },
    { IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, WE_GROUP_JOIN_SOURCE, read_v4_source },
    { IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, WE_GROUP_LEAVE_SOURCE, read_v4_source },
    { IPPROTO_IP, IP_BLOCK_SOURCE, WE_GROUP_BLOCK, read_v4_source },
    { IPPROTO_IP, IP_UNBLOCK_SOURCE, WE_GROUP_UNBLOCK, read_v4_source },
    { IPPROTO_IP, MCAST_JOIN_GROUP, WE_GROUP_JOIN, read_any },
    { IPPROTO_IP, MCAST_LEAVE_GROUP, WE_GROUP_LEAVE, read_any },
    { IPPROTO_IP, MCAST_BLOCK_SOURCE, WE_GROUP_BLOCK, read_any_source },
    { IPPROTO_IP, MCAST_UNBLOCK_SOURCE, WE_GROUP_UNBLOCK, read_any_source },
    { IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, WE_GROUP_JOIN_SOURCE, read_any_source },
    { IPPROTO_IP, MCAST_LEAVE_SOURCE_GROUP, WE_GROUP_LEAVE_SOURCE, read_any_source },
    { IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, WE_GROUP_JOIN, read_v6 },
    { IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, WE_GROUP_LEAVE, read_v6 },
    { IPPROTO_IPV6, MCAST_JOIN_GROUP, WE_GROUP_JOIN, read_any },
    { IPPROTO_IPV6, MCAST_LEAVE_GROUP, WE_GROUP_LEAVE, read_any },
    { IPPROTO_IPV6, MCAST_BLOCK_SOURCE, WE_GROUP_BLOCK, read_any_source },
    { IPPROTO_IPV6, MCAST_UNBLOCK_SOURCE, WE_GROUP_UNBLOCK, read_any_source },
    { IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, WE_GROUP_JOIN_SOURCE, read_any_source },
    { IPPROTO_IPV6, MCAST_LEAVE_SOURCE_GROUP, WE_GROUP_LEAVE_SOURCE, read_any_source },
};

static const struct group_option *option_find(ULONG level, ULONG option)
{
    size_t i = 0;

    /* The table of all options leads here for these alone. */
    while (s_options[i].level != level || s_options[i].option != option) {
        i++;
        WE_ASSERT(i < WE_ARRAY_COUNT(s_options));
    }
    return &s_options[i];
}

/* The row has seen to category, family, IRP, direction, size and time. */
NTSTATUS we_wsk_dgram_group_option(struct we_wsk_call *call, ULONG level, ULONG option,
                                   const struct we_wsk_control *control)
{
    const struct group_option *row = option_find(level, option);
    struct we_wsk_socket *socket = call->socket;
    struct we_host_group_order order = { .change = row->change };
    NTSTATUS status = row->read(control->input, level, &order);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(socket->ep != NULL); /* a bound socket has one until its last call has left */
    status = we_wsk_status(we_host_dgram_group(socket->ep, &order), WE_WSK_OP_CONTROL);
    we_host_mutex_unlock(&socket->lock);
    return status;
}
