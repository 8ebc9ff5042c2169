/* SPDX-License-Identifier: MIT */
/* Backlogs of a connection: the ideal one of sending, and that of receiving. */
#include "wsk/wsk_backlog.h"

#include "wsk/wsk_block.h"
#include "wsk/wsk_conn.h"

/* The design note is in wsk_backlog.h. */

/* --- sending ---------------------------------------------------------------------------------- */

static bool can_send_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_conn *conn = socket->conn;

    return !we_wsk_is_closing(socket) && socket->ep != NULL && socket->state == WE_WSK_CONNECTED &&
           conn->rx.dead_status == STATUS_SUCCESS && !conn->tx.is_finishing;
}

/* 0 when there is none to speak of. */
static size_t ideal_bytes_locked(const struct we_wsk_socket *socket)
{
    return can_send_locked(socket) ? we_host_ep_ideal_backlog_bytes(socket->ep) : 0;
}

void we_wsk_backlog_check_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_backlog *backlog;
    size_t bytes;

    if (WE_LIKELY((socket->events & WSK_EVENT_SEND_BACKLOG) == 0)) {
        return;
    }
    bytes = ideal_bytes_locked(socket);
    if (bytes == 0) {
        return;
    }
    backlog = &socket->conn->backlog;
    if (backlog->told_bytes == 0) {
        backlog->told_bytes = bytes; /* from here on there are changes */
    }
    backlog->has_news = bytes != backlog->told_bytes;
    we_wsk_rx_kick_locked(socket);
}

bool we_wsk_backlog_has_news_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_conn *conn = socket->conn;

    return conn->backlog.has_news && conn->rx.is_armed && (socket->events & WSK_EVENT_SEND_BACKLOG) != 0 &&
           can_send_locked(socket);
}

size_t we_wsk_backlog_take_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_backlog *backlog = &socket->conn->backlog;
    size_t bytes;

    if (!we_wsk_backlog_has_news_locked(socket)) {
        return 0;
    }
    backlog->has_news = false;
    bytes = ideal_bytes_locked(socket);
    if (bytes == 0 || bytes == backlog->told_bytes) {
        return 0; /* it has changed back */
    }
    backlog->told_bytes = bytes;
    return bytes;
}

/* --- questions -------------------------------------------------------------------------------- */

/* The rows of these controls have seen to it that the socket is connected. */
static NTSTATUS query_ideal_locked(struct we_wsk_socket *socket, SIZE_T *bytes)
{
    struct we_wsk_conn *conn = socket->conn;

    if (conn->rx.dead_status != STATUS_SUCCESS || socket->ep == NULL) {
        return conn->rx.dead_status != STATUS_SUCCESS ? conn->rx.dead_status : STATUS_INVALID_DEVICE_STATE;
    }
    *bytes = we_host_ep_ideal_backlog_bytes(socket->ep);
    if (*bytes == 0) {
        return STATUS_NOT_SUPPORTED;
    }
    conn->backlog.told_bytes = *bytes;
    conn->backlog.has_news = false;
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_backlog_query_ideal(struct we_wsk_socket *socket, SIZE_T *bytes)
{
    NTSTATUS status;

    we_host_mutex_lock(&socket->lock);
    status = query_ideal_locked(socket, bytes);
    we_host_mutex_unlock(&socket->lock);
    return status;
}

/* What was read and waits, and what the network holds. What a callback is looking at is being delivered. */
static SIZE_T receive_backlog_locked(const struct we_wsk_socket *socket)
{
    SIZE_T bytes = 0;

    WE_BASE_LIST_FOR_EACH (link, &socket->conn->rx.held) {
        bytes += we_wsk_block_of(link)->length_bytes;
    }
    if (socket->ep != NULL) {
        bytes += we_host_ep_unread_bytes(socket->ep);
    }
    return bytes;
}

NTSTATUS we_wsk_backlog_query_receive(struct we_wsk_socket *socket, SIZE_T *bytes)
{
    we_host_mutex_lock(&socket->lock);
    *bytes = receive_backlog_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    return STATUS_SUCCESS;
}
