/* SPDX-License-Identifier: MIT */
/* I/O controls of single connections and of the transport: functions of rows of the table. */
#include <mstcpip.h>
#include <mswsockdef.h>
#include <string.h>

#include "wsk/wsk_backlog.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_option_table.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"

#define MS_IN_A_SECOND 1000u
#define US_IN_A_MS 1000u

/* --- of WSK ----------------------------------------------------------------------------------------- */

NTSTATUS we_wsk_ioctl_register_extension(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)call;
    (void)control;
    (void)information;
    we_wsk_unsupported("I/O control %s: %s", row->name, row->text);
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS we_wsk_ioctl_inspect_id(struct we_wsk_call *call, const struct we_wsk_row *row,
                                 const struct we_wsk_control *control, ULONG_PTR *information)
{
    WSK_INSPECT_ID *request_id = control->output;

    if (call->socket->category != WE_WSK_CONNECTION || !we_wsk_conn_inspect_id(call->socket, request_id)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *information = row->output_size;
    return STATUS_SUCCESS;
}

/* One SIZE_T that the connection knows. */
static NTSTATUS backlog(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information,
                        NTSTATUS (*query)(struct we_wsk_socket *socket, SIZE_T *bytes))
{
    SIZE_T bytes;
    NTSTATUS status = query(call->socket, &bytes);

    if (NT_SUCCESS(status)) {
        memcpy(control->output, &bytes, sizeof(bytes));
        *information = sizeof(bytes);
    }
    return status;
}

NTSTATUS we_wsk_ioctl_ideal_send_backlog(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return backlog(call, control, information, we_wsk_backlog_query_ideal);
}

NTSTATUS we_wsk_ioctl_receive_backlog(struct we_wsk_call *call, const struct we_wsk_row *row,
                                      const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return backlog(call, control, information, we_wsk_backlog_query_receive);
}

/* --- of TCP/IP -------------------------------------------------------------------------------------- */

/* Rounded up: a short time is not none. */
static ULONG seconds(ULONG milliseconds)
{
    return milliseconds / MS_IN_A_SECOND + (milliseconds % MS_IN_A_SECOND != 0);
}

NTSTATUS we_wsk_ioctl_keepalive_values(struct we_wsk_call *call, const struct we_wsk_row *row,
                                       const struct we_wsk_control *control, ULONG_PTR *information)
{
    const struct tcp_keepalive *values = control->input;
    struct we_wsk_socket *socket = call->socket;
    NTSTATUS status = STATUS_SUCCESS;

    (void)row;
    (void)information;
    if (values->onoff != 0 && (values->keepalivetime == 0 || values->keepaliveinterval == 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_host_mutex_lock(&socket->lock);
    if (values->onoff != 0) {
        status = we_wsk_option_set_locked(socket, we_wsk_row(WE_WSK_ROW_IPPROTO_TCP_TCP_KEEPALIVE),
                                          seconds(values->keepalivetime));
        if (NT_SUCCESS(status)) {
            status = we_wsk_option_set_locked(socket, we_wsk_row(WE_WSK_ROW_IPPROTO_TCP_TCP_KEEPINTVL),
                                              seconds(values->keepaliveinterval));
        }
    }
    if (NT_SUCCESS(status)) {
        status = we_wsk_option_set_locked(socket, we_wsk_row(WE_WSK_ROW_SOL_SOCKET_SO_KEEPALIVE), values->onoff != 0);
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

/* How far the connection is, as far as the library knows: whose end has been sent. */
static TCPSTATE tcp_state_locked(const struct we_wsk_socket *socket)
{
    WE_ASSERT(socket->state == WE_WSK_CONNECTED); /* the row has seen to it, and it stays so to the end */
    if (socket->conn->tx.has_ended) {
        return socket->conn->rx.has_end ? TCPSTATE_LAST_ACK : TCPSTATE_FIN_WAIT_2;
    }
    return socket->conn->rx.has_end ? TCPSTATE_CLOSE_WAIT : TCPSTATE_ESTABLISHED;
}

/* The longer version begins with the shorter one; what no network tells is 0. */
static void tcp_info_fill(TCP_INFO_v1 *to, const struct we_host_tcp_info *from)
{
    to->Mss = from->segment_bytes;
    to->TimestampsEnabled = from->has_timestamps;
    to->RttUs = from->rtt_us;
    to->MinRttUs = from->rtt_min_us;
    to->BytesInFlight = from->unacked_bytes;
    to->Cwnd = from->congestion_window_bytes;
    to->SndWnd = from->send_window_bytes;
    to->RcvWnd = from->receive_window_bytes;
    to->RcvBuf = from->receive_buffer_bytes;
    to->BytesOut = from->acked_bytes;
    to->BytesIn = from->received_bytes;
    to->BytesRetrans = (ULONG)from->retransmitted_bytes;
}

NTSTATUS we_wsk_ioctl_tcp_info(struct we_wsk_call *call, const struct we_wsk_row *row,
                               const struct we_wsk_control *control, ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_host_tcp_info info;
    enum we_err err = WE_ERR_NOT_CONNECTED;
    ULONG version;
    SIZE_T size;
    TCP_INFO_v1 answer;

    (void)row;
    memcpy(&version, control->input, sizeof(version));
    if (version > 1) {
        return STATUS_INVALID_PARAMETER;
    }
    size = version == 0 ? sizeof(TCP_INFO_v0) : sizeof(TCP_INFO_v1);
    if (control->output_size < size) {
        *information = size;
        return STATUS_BUFFER_TOO_SMALL;
    }
    memset(&answer, 0, sizeof(answer));
    we_host_mutex_lock(&socket->lock);
    answer.State = tcp_state_locked(socket);
    if (socket->ep != NULL) {
        err = we_host_ep_tcp_info(socket->ep, &info);
    }
    we_host_mutex_unlock(&socket->lock);
    if (err != WE_OK) {
        return we_wsk_status(err, WE_WSK_OP_CONTROL);
    }
    tcp_info_fill(&answer, &info);
    memcpy(control->output, &answer, size);
    *information = size;
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_ioctl_multipoint_loopback(struct we_wsk_call *call, const struct we_wsk_row *row,
                                          const struct we_wsk_control *control, ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    enum we_wsk_row_id id = socket->family == AF_INET6 ? WE_WSK_ROW_IPPROTO_IPV6_IPV6_MULTICAST_LOOP
                                                       : WE_WSK_ROW_IPPROTO_IP_IP_MULTICAST_LOOP;
    NTSTATUS status;

    (void)row;
    (void)information;
    we_host_mutex_lock(&socket->lock);
    status = we_wsk_option_set_locked(socket, we_wsk_row(id), *(const UCHAR *)control->input != 0);
    we_host_mutex_unlock(&socket->lock);
    return status;
}

NTSTATUS we_wsk_ioctl_loopback_fast_path(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)call;
    (void)information;
    if (control->input_size < sizeof(ULONG)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    we_wsk_unsupported("the effect of %s (%s)", row->name, row->text);
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_ioctl_rss(struct we_wsk_call *call, const struct we_wsk_row *row, const struct we_wsk_control *control,
                          ULONG_PTR *information)
{
    RSS_SCALABILITY_INFO *info = control->output;

    (void)call;
    info->RssEnabled = FALSE;
    *information = row->output_size;
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_ioctl_not_redirected(struct we_wsk_call *call, const struct we_wsk_row *row,
                                     const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)call;
    (void)row;
    (void)control;
    (void)information;
    return STATUS_NOT_FOUND;
}
