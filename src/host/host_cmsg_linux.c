/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams the way Linux spells it. */
#include "host/host_cmsg.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

#include "host/host_addr.h"

const int we_host_cmsg_receive_flags = MSG_TRUNC;

static bool option_set(int fd, int level, int name, bool is_on)
{
    const int value = is_on;

    return setsockopt(fd, level, name, &value, (socklen_t)sizeof(value)) == 0;
}

/* The options of both protocols, where both come in. */
static bool options_set(int fd, enum we_base_family family, bool is_dual, int v4_name, int v6_name, bool is_on)
{
    if (family == WE_FAMILY_IPV6 && !option_set(fd, IPPROTO_IPV6, v6_name, is_on)) {
        return false;
    }
    return (family == WE_FAMILY_IPV6 && !is_dual) || option_set(fd, IPPROTO_IP, v4_name, is_on);
}

bool we_host_cmsg_want_destination(int fd, enum we_base_family family, bool is_dual)
{
    return options_set(fd, family, is_dual, IP_PKTINFO, IPV6_RECVPKTINFO, true);
}

bool we_host_cmsg_want_details(int fd, enum we_base_family family, bool is_dual, bool is_on)
{
    return options_set(fd, family, is_dual, IP_RECVTTL, IPV6_RECVHOPLIMIT, is_on) &&
           options_set(fd, family, is_dual, IP_RECVTOS, IPV6_RECVTCLASS, is_on);
}

bool we_host_cmsg_want_errors(int fd, enum we_base_family family, bool is_dual, bool is_on)
{
    return options_set(fd, family, is_dual, IP_RECVERR, IPV6_RECVERR, is_on);
}

/* --- segments -------------------------------------------------------------------------- */

/* A kernel that does not know the option would take the object for nothing and send one long datagram. */
bool we_host_cmsg_can_segment(int fd)
{
    int bytes;
    socklen_t length_bytes = (socklen_t)sizeof(bytes);

    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &bytes, &length_bytes) == 0;
}

void we_host_cmsg_write_segment(struct msghdr *message, void *control, size_t segment_bytes)
{
    const uint16_t bytes = (uint16_t)segment_bytes;

    we_host_cmsg_append(message, control, IPPROTO_UDP, UDP_SEGMENT, &bytes, sizeof(bytes));
}

/* --- receiving ------------------------------------------------------------------------- */

static void addr_set(struct we_base_addr *addr, enum we_base_family family, const void *bytes)
{
    *addr = we_base_addr_any(family, 0);
    memcpy(addr->bytes, bytes, family == WE_FAMILY_IPV4 ? 4 : 16);
}

/* The kernel gives the address of the header and the one of the host that took it in: they differ for a broadcast. */
static void read_v4_info(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    struct in_pktinfo info;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    addr_set(&dgram->local, WE_FAMILY_IPV4, &info.ipi_addr);
    dgram->interface_index = (uint32_t)info.ipi_ifindex;
    if (we_base_addr_is_multicast(&dgram->local)) {
        dgram->delivery = WE_DGRAM_MULTICAST;
    } else if (info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr) {
        dgram->delivery = WE_DGRAM_BROADCAST;
    }
}

static void read_v6_info(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    struct in6_pktinfo info;
    struct we_base_addr addr;

    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    addr_set(&addr, WE_FAMILY_IPV6, &info.ipi6_addr);
    if (dgram->local.family != WE_FAMILY_NONE) {
        return; /* IPv4's own words about the same datagram say more */
    }
    dgram->local = we_base_addr_unmapped(&addr);
    dgram->interface_index = (uint32_t)info.ipi6_ifindex;
    if (we_base_addr_is_multicast(&dgram->local)) {
        dgram->delivery = WE_DGRAM_MULTICAST;
    }
}

static int read_int(const struct cmsghdr *cmsg)
{
    int value = 0;
    size_t bytes = cmsg->cmsg_len - CMSG_LEN(0);

    /* A single byte is the int's beginning on the little-endian machines that this runs on. */
    memcpy(&value, CMSG_DATA(cmsg), bytes < sizeof(value) ? bytes : sizeof(value));
    return value;
}

static void read_v4(const struct cmsghdr *cmsg, struct we_host_dgram *dgram)
{
    switch (cmsg->cmsg_type) {
    case IP_PKTINFO:
        read_v4_info(cmsg, dgram);
        break;
    case IP_TTL:
        dgram->hop_limit = read_int(cmsg);
        break;
    case IP_TOS:
        dgram->traffic_class = read_int(cmsg);
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
        dgram->hop_limit = read_int(cmsg);
        break;
    case IPV6_TCLASS:
        dgram->traffic_class = read_int(cmsg);
        break;
    default:
        break;
    }
}

void we_host_cmsg_read(struct msghdr *message, enum we_base_family family, struct we_host_dgram *dgram)
{
    struct cmsghdr *cmsg;

    (void)family;
    memset(&dgram->local, 0, sizeof(dgram->local));
    dgram->interface_index = 0;
    dgram->hop_limit = WE_DGRAM_NONE;
    dgram->traffic_class = WE_DGRAM_NONE;
    dgram->delivery = WE_DGRAM_UNICAST;
    for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL; cmsg = CMSG_NXTHDR(message, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP) {
            read_v4(cmsg, dgram);
        } else if (cmsg->cmsg_level == IPPROTO_IPV6) {
            read_v6(cmsg, dgram);
        }
    }
}

/* --- errors ---------------------------------------------------------------------------- */

bool we_host_cmsg_take_error(int fd, int *number, struct we_base_addr *remote)
{
    union {
        struct cmsghdr alignment;
        char bytes[WE_HOST_CMSG_BYTES];
    } control;
    struct sockaddr_storage native;
    struct sock_extended_err error;
    struct cmsghdr *cmsg;
    struct msghdr message;
    ssize_t count;

    memset(&message, 0, sizeof(message));
    message.msg_name = &native;
    message.msg_namelen = (socklen_t)sizeof(native);
    message.msg_control = &control;
    message.msg_controllen = sizeof(control);
    do {
        count = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return false;
    }
    *number = 0;
    (void)we_host_addr_from_native(&native, message.msg_namelen, remote);
    for (cmsg = CMSG_FIRSTHDR(&message); cmsg != NULL; cmsg = CMSG_NXTHDR(&message, cmsg)) {
        if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
            (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
            memcpy(&error, CMSG_DATA(cmsg), sizeof(error));
            *number = (int)error.ee_errno;
        }
    }
    return true;
}
