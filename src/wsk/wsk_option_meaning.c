/* SPDX-License-Identifier: MIT */
/* What single socket options mean besides being kept. */
#include "wsk/wsk_option_table.h"

#include "wsk/wsk_conn.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_stream.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

NTSTATUS we_wsk_option_set_conditional(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    const WSK_CLIENT_LISTEN_DISPATCH *table = we_wsk_stream_listen_table(socket);

    (void)row;
    if (value == 0 && socket->conditional_accept != 0) {
        we_vrf_report_entry(WE_RULE_SOCK_033, &socket->entry, "SO_CONDITIONAL_ACCEPT of socket %p was switched off",
                            (void *)socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (value != 0 && (table == NULL || table->WskInspectEvent == NULL || table->WskAbortEvent == NULL)) {
        we_vrf_report_entry(WE_RULE_SOCK_033, &socket->entry,
                            "SO_CONDITIONAL_ACCEPT of socket %p was switched on, but the client's table has no %s",
                            (void *)socket,
                            table == NULL || table->WskInspectEvent == NULL ? "WskInspectEvent" : "WskAbortEvent");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Each of the two excludes the other, as in Winsock. */
NTSTATUS we_wsk_option_set_reuse(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    (void)row;
    if (value != 0 && socket->exclusive_address != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (value != 0 && socket->category != WE_WSK_DATAGRAM) {
        we_wsk_unsupported("sharing one address between sockets (SO_REUSEADDR)");
    }
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_option_set_exclusive(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    (void)row;
    return value != 0 && socket->reuse_address != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* --- TCP_NODELAY ------------------------------------------------------------------------------------ */

static NTSTATUS nodelay_check(void)
{
    if (we_wsk_config()->is_tcp_nodelay_allowed) {
        return STATUS_SUCCESS;
    }
    we_wsk_unsupported("TCP_NODELAY, which WSK does not have either (WSK_FLAG_NODELAY is for one send)");
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS we_wsk_option_set_nodelay(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    NTSTATUS status = nodelay_check();

    (void)row;
    if (NT_SUCCESS(status) && socket->ep != NULL) {
        status = we_wsk_status(we_host_ep_set(socket->ep, WE_EP_NODELAY, (int)value), WE_WSK_OP_CONTROL);
        if (NT_SUCCESS(status) && socket->conn != NULL) {
            socket->conn->tx.is_nodelay = value != 0;
        }
    }
    return status;
}

NTSTATUS we_wsk_option_get_nodelay(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value)
{
    (void)row;
    *value = socket->nodelay;
    return nodelay_check();
}

/* --- others ----------------------------------------------------------------------------------------- */

/* IP_UNICAST_IF is in network byte order, IPV6_UNICAST_IF in host byte order. */
NTSTATUS we_wsk_option_set_unicast_if(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    return we_wsk_option_network_set_locked(socket, row, RtlUlongByteSwap(value));
}

/* What fits into a UDP datagram; an IPv4 header counts as part of the 65,535, an IPv6 header does not. */
#define MAX_MESSAGE_BYTES_V4 65507u
#define MAX_MESSAGE_BYTES_V6 65527u

NTSTATUS we_wsk_option_get_max_message(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value)
{
    (void)row;
    *value = socket->family == AF_INET6 ? MAX_MESSAGE_BYTES_V6 : MAX_MESSAGE_BYTES_V4;
    return STATUS_SUCCESS;
}

/* --- datagrams -------------------------------------------------------------------------------------- */

/* The network is told of all options of a datagram socket at once, so the value has to be kept first. */
NTSTATUS we_wsk_option_set_datagram(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    ULONG *kept = (ULONG *)(void *)((char *)socket + row->kept_offset);
    ULONG before = *kept;
    NTSTATUS status = STATUS_SUCCESS;

    *kept = value;
    if (socket->category == WE_WSK_DATAGRAM) {
        status = we_wsk_dgram_apply_locked(socket);
    }
    if (!NT_SUCCESS(status)) {
        *kept = before;
    }
    return status;
}

/* These are on from the start, so that what is noted is their being off. */
NTSTATUS we_wsk_option_set_heard(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    struct we_wsk_dgram_options *options = &socket->dgram_options;

    if (row == we_wsk_row(WE_WSK_ROW_IPPROTO_IP_IP_RECEIVE_BROADCAST)) {
        options->ignore_broadcast = value == 0;
    } else if (row == we_wsk_row(WE_WSK_ROW_IPPROTO_IP_IP_MULTICAST_LOOP)) {
        options->v4_ignore_own = value == 0;
    } else {
        WE_ASSERT(row == we_wsk_row(WE_WSK_ROW_IPPROTO_IPV6_IPV6_MULTICAST_LOOP));
        options->v6_ignore_own = value == 0;
    }
    return STATUS_SUCCESS;
}
