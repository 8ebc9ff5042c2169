/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams the way macOS spells it. */
#define __APPLE_USE_RFC_3542 1 /* the names of IPV6_RECVPKTINFO and its kin */

#include "host/host_cmsg.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

const int we_host_cmsg_receive_flags = 0;

static bool option_set(int fd, int level, int name, bool is_on)
{
    const int value = is_on;

    return setsockopt(fd, level, name, &value, (socklen_t)sizeof(value)) == 0;
}

/* IPv6 sockets take IPv6's options only; they hold for mapped datagrams too. */
static bool options_set(int fd, enum we_base_family family, int v4_name, int v6_name, bool is_on)
{
    return family == WE_FAMILY_IPV6 ? option_set(fd, IPPROTO_IPV6, v6_name, is_on)
                                    : option_set(fd, IPPROTO_IP, v4_name, is_on);
}

bool we_host_cmsg_want_destination(int fd, enum we_base_family family, bool is_dual)
{
    (void)is_dual;
    return options_set(fd, family, IP_RECVPKTINFO, IPV6_RECVPKTINFO, true);
}

bool we_host_cmsg_want_details(int fd, enum we_base_family family, bool is_dual, bool is_on)
{
    (void)is_dual;
    return options_set(fd, family, IP_RECVTTL, IPV6_RECVHOPLIMIT, is_on) &&
           options_set(fd, family, IP_RECVTOS, IPV6_RECVTCLASS, is_on);
}

/* An unconnected socket hears nothing of ICMP here. */
bool we_host_cmsg_want_errors(int fd, enum we_base_family family, bool is_dual, bool is_on)
{
    (void)fd;
    (void)family;
    (void)is_dual;
    errno = ENOPROTOOPT;
    return !is_on;
}

bool we_host_cmsg_take_error(int fd, int *number, struct we_base_addr *remote)
{
    (void)fd;
    (void)number;
    (void)remote;
    return false;
}

bool we_host_cmsg_can_segment(int fd)
{
    (void)fd;
    return false;
}

void we_host_cmsg_write_segment(struct msghdr *message, void *control, size_t segment_bytes)
{
    (void)message;
    (void)control;
    (void)segment_bytes;
}

/* --- receiving ------------------------------------------------------------------------- */

static void addr_set(struct we_base_addr *addr, enum we_base_family family, const void *bytes)
{
    *addr = we_base_addr_any(family, 0);
    memcpy(addr->bytes, bytes, family == WE_FAMILY_IPV4 ? 4 : 16);
}

static void read_v4_info(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    struct in_pktinfo info;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    addr_set(&dgram->local, WE_FAMILY_IPV4, &info.ipi_addr);
    dgram->interface_index = (uint32_t)info.ipi_ifindex;
}

static void read_v6_info(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    struct in6_pktinfo info;
    struct we_base_addr addr;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    addr_set(&addr, WE_FAMILY_IPV6, &info.ipi6_addr);
    dgram->local = we_base_addr_unmapped(&addr);
    dgram->interface_index = (uint32_t)info.ipi6_ifindex;
}

/* A single byte for IPv4, an int for IPv6. */
static int read_number(const struct cmsghdr *cmsg)
{
    int value = 0;
    size_t bytes = cmsg->cmsg_len - CMSG_LEN(0);

    memcpy(&value, CMSG_DATA(cmsg), bytes < sizeof(value) ? bytes : sizeof(value));
    return value;
}

static void read_v4(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    switch (cmsg->cmsg_type) {
    case IP_PKTINFO:
        read_v4_info(cmsg, dgram);
        break;
    case IP_RECVTTL:
        dgram->hop_limit = read_number(cmsg);
        break;
    case IP_RECVTOS:
        dgram->traffic_class = read_number(cmsg);
        break;
    default:
        break;
    }
}

static void read_v6(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    switch (cmsg->cmsg_type) {
    case IPV6_PKTINFO:
        read_v6_info(cmsg, dgram);
        break;
    case IPV6_HOPLIMIT:
        dgram->hop_limit = read_number(cmsg);
        break;
    case IPV6_TCLASS:
        dgram->traffic_class = read_number(cmsg);
        break;
    default:
        break;
    }
}

/* The kernel does not tell a broadcast to one of its networks from a datagram to itself. */
void we_host_cmsg_read(struct msghdr *message, enum we_base_family family, struct we_host_dgram *dgram)
{
    struct cmsghdr *cmsg;

    (void)family;
    memset(&dgram->local, 0, sizeof(dgram->local));
    dgram->interface_index = 0;
    dgram->hop_limit = WE_DGRAM_NONE;
    dgram->traffic_class = WE_DGRAM_NONE;
    for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL; cmsg = CMSG_NXTHDR(message, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP) {
            read_v4(cmsg, dgram);
        } else if (cmsg->cmsg_level == IPPROTO_IPV6) {
            read_v6(cmsg, dgram);
        }
    }
    dgram->delivery = WE_DGRAM_UNICAST;
    if (we_base_addr_is_multicast(&dgram->local)) {
        dgram->delivery = WE_DGRAM_MULTICAST;
    } else if (we_base_addr_is_broadcast(&dgram->local)) {
        dgram->delivery = WE_DGRAM_BROADCAST;
    }
}
