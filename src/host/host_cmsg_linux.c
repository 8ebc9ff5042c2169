/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams the way Linux spells it. */
#include "host/host_cmsg.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <string.h>

#include "host/host_addr.h"

const int we_host_cmsg_receive_flags = MSG_TRUNC;

int we_host_cmsg_socket(int family)
{
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
}

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

/* --- sending --------------------------------------------------------------------------- */

static struct cmsghdr *write_next(struct msghdr *message, void *control, int level, int type, const void *data,
                                  size_t bytes)
{
    struct cmsghdr *cmsg = (struct cmsghdr *)(void *)((char *)control + message->msg_controllen);

    memset(cmsg, 0, CMSG_SPACE(bytes));
    cmsg->cmsg_level = level;
    cmsg->cmsg_type = type;
    cmsg->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(cmsg), data, bytes);
    message->msg_controllen += CMSG_SPACE(bytes);
    return cmsg;
}

static void write_source(struct msghdr *message, void *control, const struct we_host_dgram *dgram, bool is_v4)
{
    struct we_base_addr source = we_base_addr_unmapped(&dgram->local);

    if (source.family == WE_FAMILY_NONE && dgram->interface_index == 0) {
        return;
    }
    if (is_v4) {
        struct in_pktinfo info;

        memset(&info, 0, sizeof(info));
        info.ipi_ifindex = (int)dgram->interface_index;
        memcpy(&info.ipi_spec_dst, source.bytes, sizeof(info.ipi_spec_dst));
        (void)write_next(message, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else {
        struct in6_pktinfo info;

        memset(&info, 0, sizeof(info));
        info.ipi6_ifindex = dgram->interface_index;
        memcpy(&info.ipi6_addr, source.bytes, sizeof(info.ipi6_addr));
        (void)write_next(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
}

void we_host_cmsg_write(struct msghdr *message, void *control, const struct we_host_dgram *dgram)
{
    bool is_v4 = we_base_addr_unmapped(&dgram->remote).family == WE_FAMILY_IPV4;

    message->msg_control = control;
    message->msg_controllen = 0;
    write_source(message, control, dgram, is_v4);
    if (dgram->hop_limit != WE_DGRAM_NONE) {
        (void)write_next(message, control, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TTL : IPV6_HOPLIMIT,
                         &dgram->hop_limit, sizeof(dgram->hop_limit));
    }
    if (dgram->traffic_class != WE_DGRAM_NONE) {
        (void)write_next(message, control, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS,
                         &dgram->traffic_class, sizeof(dgram->traffic_class));
    }
    if (message->msg_controllen == 0) {
        message->msg_control = NULL;
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
