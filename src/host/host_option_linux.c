/* SPDX-License-Identifier: MIT */
/* Options of sockets the way Linux spells them. */
#include "host/host_option.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_err.h"

#define WE_HOST_OPTION(option, level, name, conversion, highest) \
    [WE_EP_##option] = { level, name, WE_CONVERT_##conversion, highest },
static const struct we_host_option_row s_rows[WE_EP_OPTION_COUNT] = {
#include "host/host_option_linux.def"
};
#undef WE_HOST_OPTION

const struct we_host_option_row *we_host_option_row(enum we_host_ep_option option)
{
    const struct we_host_option_row *row = &s_rows[option];

    return row->name != 0 ? row : NULL;
}

int we_host_option_buffer_bytes(int answer_bytes)
{
    /* The kernel doubles what it is given, for its own bookkeeping. */
    return answer_bytes / 2;
}

/* IPV6_PMTUDISC_... have the same values. */
int we_host_option_mtu_to_native(int value)
{
    switch (value) {
    case WE_MTU_DISCOVERY_DO:
        return IP_PMTUDISC_DO;
    case WE_MTU_DISCOVERY_DONT:
        return IP_PMTUDISC_DONT;
    case WE_MTU_DISCOVERY_PROBE:
        return IP_PMTUDISC_PROBE;
    default:
        return IP_PMTUDISC_WANT;
    }
}

int we_host_option_mtu_from_native(int native)
{
    switch (native) {
    case IP_PMTUDISC_DO:
        return WE_MTU_DISCOVERY_DO;
    case IP_PMTUDISC_DONT:
        return WE_MTU_DISCOVERY_DONT;
    case IP_PMTUDISC_PROBE:
        return WE_MTU_DISCOVERY_PROBE;
    default:
        return WE_MTU_DISCOVERY_NOT_SET;
    }
}

enum we_err we_host_option_tcp_info(int fd, struct we_host_tcp_info *info)
{
    struct tcp_info native;
    socklen_t length_bytes = (socklen_t)sizeof(native);

    memset(&native, 0, sizeof(native)); /* an older kernel fills less */
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    memset(info, 0, sizeof(*info));
    info->segment_bytes = native.tcpi_snd_mss;
    info->has_timestamps = (native.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
    info->rtt_us = native.tcpi_rtt;
    info->rtt_min_us = native.tcpi_min_rtt;
    info->unacked_bytes = native.tcpi_unacked * native.tcpi_snd_mss;
    info->congestion_window_bytes = native.tcpi_snd_cwnd * native.tcpi_snd_mss;
    info->send_window_bytes = native.tcpi_snd_wnd;
    info->receive_window_bytes = native.tcpi_rcv_space;
    info->receive_buffer_bytes = native.tcpi_rcv_space;
    info->acked_bytes = native.tcpi_bytes_acked;
    info->received_bytes = native.tcpi_bytes_received;
    info->retransmitted_bytes = native.tcpi_bytes_retrans;
    return WE_OK;
}
