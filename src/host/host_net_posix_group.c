/* SPDX-License-Identifier: MIT */
/* Multicast groups of UDP sockets. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_addr.h"
#include "host/host_err.h"
#include "host/host_net_posix.h"
#include "host/host_socket.h"

/* Design
 *
 * The kernel keeps the groups and leaves out the senders that are not heard, so a datagram costs nothing here. What may
 * follow what is decided before it is asked (host_group.h): systems answer the same mistake differently, and Linux makes
 * a membership for all senders into one for a single sender without a word. What is decided here is remembered, for as
 * long as the socket is open.
 */

/* The calls that are the same for both families. */
static const int s_names[] = {
    [WE_GROUP_JOIN] = MCAST_JOIN_GROUP,
    [WE_GROUP_LEAVE] = MCAST_LEAVE_GROUP,
    [WE_GROUP_BLOCK] = MCAST_BLOCK_SOURCE,
    [WE_GROUP_UNBLOCK] = MCAST_UNBLOCK_SOURCE,
    [WE_GROUP_JOIN_SOURCE] = MCAST_JOIN_SOURCE_GROUP,
    [WE_GROUP_LEAVE_SOURCE] = MCAST_LEAVE_SOURCE_GROUP,
};

/* Kernels that have a length in an address look at it here. */
static void address_fill(struct sockaddr_storage *native, const struct we_base_addr *addr)
{
    we_host_socket_address_length(native, we_host_addr_to_native(addr, native));
}

static int tell_group(int fd, int level, const struct we_host_group_order *order)
{
    struct group_req request;

    memset(&request, 0, sizeof(request));
    request.gr_interface = order->interface_index;
    address_fill(&request.gr_group, &order->group);
    return setsockopt(fd, level, s_names[order->change], &request, (socklen_t)sizeof(request));
}

static int tell_source(int fd, int level, const struct we_host_group_order *order)
{
    struct group_source_req request;

    memset(&request, 0, sizeof(request));
    request.gsr_interface = order->interface_index;
    address_fill(&request.gsr_group, &order->group);
    address_fill(&request.gsr_source, &order->source);
    return setsockopt(fd, level, s_names[order->change], &request, (socklen_t)sizeof(request));
}

static enum we_err tell(void *context, const struct we_host_group_order *order)
{
    const struct we_host_posix_ep *ep = context;
    int level = order->group.family == WE_FAMILY_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
    bool has_source = order->source.family != WE_FAMILY_NONE;
    enum we_err err;

    if ((has_source ? tell_source(ep->fd, level, order) : tell_group(ep->fd, level, order)) == 0) {
        return WE_OK;
    }
    err = we_host_err_from_errno(errno);
    /* It is there already: on the interface that the system chose, which has another name here. */
    return err == WE_ERR_IN_USE ? WE_ERR_ADDRESS : err;
}

enum we_err we_host_posix_dgram_group(struct we_host_ep *base, const struct we_host_group_order *order)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    return we_host_groups_change(&ep->groups, order, tell, ep);
}
