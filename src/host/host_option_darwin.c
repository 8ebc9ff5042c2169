/* SPDX-License-Identifier: MIT */
/* Options of sockets the way macOS spells them. */
#define __APPLE_USE_RFC_3542 1 /* IPV6_TCLASS and IPV6_DONTFRAG with their present numbers */

#include "host/host_option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_err.h"

#define WE_HOST_OPTION(option, level, name, conversion, highest) \
    [WE_EP_##option] = { level, name, WE_CONVERT_##conversion, highest },
static const struct we_host_option_row s_rows[WE_EP_OPTION_COUNT] = {
#include "host/host_option_darwin.def"
};
#undef WE_HOST_OPTION

const struct we_host_option_row *we_host_option_row(enum we_host_ep_option option)
{
    const struct we_host_option_row *row = &s_rows[option];

    return row->name != 0 ? row : NULL;
}

int we_host_option_buffer_bytes(int answer_bytes)
{
    return answer_bytes;
}

/* There is one flag: do not fragment. */
int we_host_option_mtu_to_native(int value)
{
    return value == WE_MTU_DISCOVERY_DO;
}

int we_host_option_mtu_from_native(int native)
{
    return native != 0 ? WE_MTU_DISCOVERY_DO : WE_MTU_DISCOVERY_NOT_SET;
}

enum we_err we_host_option_tcp_info(int fd, struct we_host_tcp_info *info)
{
    struct tcp_connection_info native;
    socklen_t length_bytes = (socklen_t)sizeof(native);

    memset(&native, 0, sizeof(native));
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    memset(info, 0, sizeof(*info));
    info->segment_bytes = native.tcpi_maxseg;
    info->has_timestamps = (native.tcpi_options & TCPCI_OPT_TIMESTAMPS) != 0;
    info->rtt_us = native.tcpi_srtt * 1000u; /* it counts milliseconds */
    info->rtt_min_us = info->rtt_us;
    info->unacked_bytes = native.tcpi_snd_sbbytes;
    info->congestion_window_bytes = native.tcpi_snd_cwnd;
    info->send_window_bytes = native.tcpi_snd_wnd;
    info->receive_window_bytes = native.tcpi_rcv_wnd;
    info->receive_buffer_bytes = native.tcpi_rcv_wnd;
    info->acked_bytes = native.tcpi_txbytes;
    info->received_bytes = native.tcpi_rxbytes;
    info->retransmitted_bytes = native.tcpi_txretransmitbytes;
    return WE_OK;
}
