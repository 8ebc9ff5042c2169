/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams that are sent: the same on all systems. */
#define __APPLE_USE_RFC_3542 1 /* macOS gives the names of IPV6_PKTINFO and its kin only then */

#include "host/host_cmsg.h"

#include <netinet/in.h>
#include <string.h>

void we_host_cmsg_append(struct msghdr *message, void *control, int level, int type, const void *data, size_t bytes)
{
    struct cmsghdr *cmsg = (struct cmsghdr *)(void *)((char *)control + message->msg_controllen);

    memset(cmsg, 0, CMSG_SPACE(bytes));
    cmsg->cmsg_level = level;
    cmsg->cmsg_type = type;
    cmsg->cmsg_len = (__typeof__(cmsg->cmsg_len))CMSG_LEN(bytes); /* its type is each system's own */
    memcpy(CMSG_DATA(cmsg), data, bytes);
    message->msg_control = control;
    message->msg_controllen += (__typeof__(message->msg_controllen))CMSG_SPACE(bytes);
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
        info.ipi_ifindex = (__typeof__(info.ipi_ifindex))dgram->interface_index;
        memcpy(&info.ipi_spec_dst, source.bytes, sizeof(info.ipi_spec_dst));
        we_host_cmsg_append(message, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else {
        struct in6_pktinfo info;

        memset(&info, 0, sizeof(info));
        info.ipi6_ifindex = dgram->interface_index;
        memcpy(&info.ipi6_addr, source.bytes, sizeof(info.ipi6_addr));
        we_host_cmsg_append(message, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
}

void we_host_cmsg_write(struct msghdr *message, void *control, const struct we_host_dgram *dgram)
{
    bool is_v4 = we_base_addr_unmapped(&dgram->remote).family == WE_FAMILY_IPV4;

    message->msg_control = NULL;
    message->msg_controllen = 0;
    write_source(message, control, dgram, is_v4);
    if (dgram->hop_limit != WE_DGRAM_NONE) {
        we_host_cmsg_append(message, control, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TTL : IPV6_HOPLIMIT,
                            &dgram->hop_limit, sizeof(dgram->hop_limit));
    }
    if (dgram->traffic_class != WE_DGRAM_NONE) {
        we_host_cmsg_append(message, control, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS,
                            &dgram->traffic_class, sizeof(dgram->traffic_class));
    }
}
