/* SPDX-License-Identifier: MIT */
/* SIO_WSK_SET_TCP_SILENT_MODE: a connection that sends nothing any more, not even its end. */
#include "wsk/wsk_conn.h"
#include "wsk/wsk_option_table.h"

#include "vrf/vrf_report.h"

/* What keeps the connection from falling silent; NULL: nothing. */
static const char *obstacle_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_conn *conn = socket->conn;

    if (conn->is_silent) {
        return "is silent already";
    }
    if (!we_wsk_irp_queue_is_empty_locked(&conn->tx.sends)) {
        return "has a send or disconnect pending";
    }
    return NULL;
}

static NTSTATUS silence_locked(struct we_wsk_call *call)
{
    struct we_wsk_socket *socket = call->socket;
    const char *obstacle = obstacle_locked(socket);

    if (obstacle != NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_056, &socket->entry,
                            "SIO_WSK_SET_TCP_SILENT_MODE was used on socket %p, which %s", (void *)socket, obstacle);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (we_wsk_is_closing(socket) || socket->conn->rx.dead_status != STATUS_SUCCESS || socket->ep == NULL) {
        return STATUS_INVALID_DEVICE_STATE; /* there is no connection any more */
    }
    socket->conn->is_silent = true;
    we_wsk_rx_abort_locked(socket, &call->completions);
    we_host_silence(socket->ep);
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_ioctl_silent_mode(struct we_wsk_call *call, const struct we_wsk_row *row,
                                  const struct we_wsk_control *control, ULONG_PTR *information)
{
    NTSTATUS status;

    (void)row;
    (void)control;
    (void)information;
    we_host_mutex_lock(&call->socket->lock);
    status = call->socket->conn != NULL ? silence_locked(call) : STATUS_INVALID_DEVICE_STATE;
    we_host_mutex_unlock(&call->socket->lock);
    return status;
}

bool we_wsk_conn_check_speaks_locked(struct we_wsk_socket *socket, const char *function)
{
    if (!socket->conn->is_silent) {
        return true;
    }
    we_vrf_report_entry(WE_RULE_SOCK_056, &socket->entry,
                        "%s was called for socket %p after SIO_WSK_SET_TCP_SILENT_MODE", function, (void *)socket);
    return false;
}
