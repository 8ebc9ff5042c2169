/* SPDX-License-Identifier: MIT */
/* Connection sockets: their life, and what the network says about them. */
#include "wsk/wsk_conn.h"

#include "wsk/wsk_addr.h"
#include "wsk/wsk_option.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A connection belongs to one processor for life. The network's events for it arrive there, and its callbacks are that
 * processor's work; requests may come from anywhere and meet the rest under the socket's lock. The endpoint is used
 * under that lock only, and only while socket->ep is set: ending it sets the pointer to NULL first, so an event that is
 * still on its way finds nothing to read.
 *
 * An event holds a rundown count while it is handled, so a close that happens meanwhile completes afterwards. */

/* --- events of the endpoint ------------------------------------------------------------------- */

/* Tells the parts in the order in which the network meant it: connected, room to send, bytes, the end, the reset. */
static void event_locked(struct we_wsk_socket *socket, unsigned events, struct we_nt_completions *completions)
{
    if ((events & WE_NET_CONNECT_FAILED) != 0) {
        enum we_err err = socket->ep == NULL ? WE_OK : we_host_ep_error(socket->ep);

        if (err != WE_OK) { /* else it is the echo of an endpoint that has been replaced */
            we_wsk_connect_ended_locked(socket, err, completions);
        }
        return;
    }
    if ((events & WE_NET_CONNECTED) != 0) {
        we_wsk_connect_ended_locked(socket, WE_OK, completions);
    }
    if ((events & WE_NET_WRITABLE) != 0 && socket->state == WE_WSK_CONNECTING) {
        we_wsk_connect_writable_locked(socket, completions);
    } else if ((events & WE_NET_WRITABLE) != 0) {
        we_wsk_tx_writable_locked(socket, completions);
    }
    if ((events & (WE_NET_READABLE | WE_NET_ENDED)) != 0) {
        we_wsk_rx_readable_locked(socket, (events & WE_NET_ENDED) != 0);
        we_wsk_rx_run_locked(socket, completions);
    }
    if ((events & WE_NET_RESET) != 0 && socket->ep != NULL) {
        enum we_err err = we_host_ep_error(socket->ep);

        err = err == WE_OK ? WE_ERR_RESET : err;
        if (socket->state == WE_WSK_CONNECTING) {
            we_wsk_connect_ended_locked(socket, err, completions);
            return;
        }
        we_wsk_conn_lost_locked(socket, err, completions);
        we_wsk_rx_run_locked(socket, completions);
    }
    we_wsk_backlog_check_locked(socket);
}

static void conn_event(void *context, unsigned events)
{
    struct we_wsk_socket *socket = context;
    struct we_nt_completions completions;
    bool is_open;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    is_open = we_wsk_rundown_acquire_locked(socket);
    if (is_open) {
        event_locked(socket, events, &completions);
    }
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    if (is_open) {
        we_wsk_rundown_release(socket);
    }
}

const struct we_host_ep_client we_wsk_conn_ep_client = {
    .ref = we_wsk_ep_ref,
    .unref = we_wsk_ep_unref,
    .event = conn_event,
};

void we_wsk_conn_lost_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions)
{
    we_wsk_rx_reset_locked(socket, err, completions);
    we_wsk_tx_flush_locked(socket, socket->conn->rx.dead_status, completions);
}

bool we_wsk_conn_check_connected_locked(struct we_wsk_socket *socket, const char *function)
{
    WE_ASSERT(!we_wsk_is_closing(socket)); /* the lock is held since the call was let in */
    if (socket->state == WE_WSK_CONNECTED) {
        return true;
    }
    (void)we_vrf_report_entry(WE_RULE_SOCK_016, &socket->entry, "%s was called for socket %p, which is not connected",
                              function, (void *)socket);
    return false;
}

/* --- accepted sockets ------------------------------------------------------------------------- */

void we_wsk_conn_adopt(struct we_wsk_socket *socket, struct we_host_ep *ep, const struct we_base_addr *local,
                       const struct we_base_addr *remote)
{
    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(socket->state == WE_WSK_CREATED);
    socket->ep = ep;
    socket->local = *local;
    socket->remote = *remote;
    socket->state = WE_WSK_CONNECTED;
    we_wsk_option_apply_locked(socket);
    we_host_mutex_unlock(&socket->lock);
}

void we_wsk_conn_arm(struct we_wsk_socket *socket)
{
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    we_wsk_rx_arm_locked(socket, true, &completions);
    we_wsk_backlog_check_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
}

bool we_wsk_conn_is_being_made(const struct we_wsk_socket *socket)
{
    return socket->conn != NULL && __atomic_load_n(&socket->conn->is_being_made, __ATOMIC_RELAXED);
}

void we_wsk_conn_set_inspect_id(struct we_wsk_socket *socket, const WSK_INSPECT_ID *request_id)
{
    we_host_mutex_lock(&socket->lock);
    socket->conn->inspect_id = *request_id;
    socket->conn->has_inspect_id = true;
    we_host_mutex_unlock(&socket->lock);
}

bool we_wsk_conn_inspect_id(struct we_wsk_socket *socket, WSK_INSPECT_ID *request_id)
{
    bool is_known = false;

    we_host_mutex_lock(&socket->lock);
    if (socket->conn != NULL && socket->conn->has_inspect_id) {
        *request_id = socket->conn->inspect_id;
        is_known = true;
    }
    we_host_mutex_unlock(&socket->lock);
    return is_known;
}

/* --- the category's part of every socket ------------------------------------------------------ */

static bool conn_create(struct we_wsk_socket *socket)
{
    struct we_wsk_conn *conn = we_host_zalloc(sizeof(*conn));

    if (conn == NULL) {
        return false;
    }
    conn->socket = socket;
    we_wsk_rx_init(&conn->rx);
    we_wsk_tx_init(&conn->tx);
    we_wsk_irp_queue_init(&conn->connects);
    socket->conn = conn;
    return true;
}

static void conn_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    we_wsk_irp_queue_flush_locked(&socket->conn->connects, completions, STATUS_CANCELLED);
    we_wsk_tx_flush_locked(socket, STATUS_CANCELLED, completions);
    we_wsk_rx_close_locked(socket, completions);
}

static void conn_close_unlocked(struct we_wsk_socket *socket)
{
    (void)socket;
}

/* A connection that is not finished in both directions ends with a reset, as on Windows. */
static void conn_finish(struct we_wsk_socket *socket)
{
    enum we_host_close how = WE_CLOSE_RESET;
    struct we_host_ep *ep;

    we_host_mutex_lock(&socket->lock);
    if (socket->conn->tx.has_ended && we_wsk_rx_is_finished_locked(socket)) {
        how = WE_CLOSE_GRACEFUL;
    }
    we_wsk_rx_report_lent_locked(socket); /* kept by the very callback that closed the socket */
    ep = socket->ep;
    socket->ep = NULL;
    we_host_mutex_unlock(&socket->lock);
    if (ep != NULL) {
        we_host_close(ep, how);
    }
}

static void conn_destroy(struct we_wsk_socket *socket)
{
    we_wsk_rx_fini(&socket->conn->rx, socket->cpu);
    we_host_free(socket->conn);
    socket->conn = NULL;
}

static void conn_events_enabled(struct we_wsk_socket *socket, ULONG events)
{
    (void)events;
    we_host_mutex_lock(&socket->lock);
    we_wsk_rx_kick_locked(socket);
    we_wsk_backlog_check_locked(socket);
    we_host_mutex_unlock(&socket->lock);
}

const struct we_wsk_category_ops we_wsk_connection_ops = {
    .create = conn_create,
    .close_locked = conn_close_locked,
    .close_unlocked = conn_close_unlocked,
    .finish = conn_finish,
    .destroy = conn_destroy,
    .events_enabled = conn_events_enabled,
};

/* --- WskGetRemoteAddress ---------------------------------------------------------------------- */

NTSTATUS WSKAPI we_wsk_get_remote_address(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PIRP Irp)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin_locked(&call, Socket, WE_WSK_CONNECTIONS, Irp, false, "WskGetRemoteAddress");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (RemoteAddress == NULL) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_014, &call.socket->entry,
                                  "WskGetRemoteAddress of socket %p was called without a buffer", (void *)call.socket);
        status = STATUS_INVALID_PARAMETER;
    } else if (!we_wsk_conn_check_connected_locked(call.socket, call.function)) {
        status = STATUS_INVALID_DEVICE_STATE;
    } else {
        we_wsk_addr_to_sockaddr(&call.socket->remote, call.socket->family, RemoteAddress);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return NT_SUCCESS(status) ? we_wsk_call_end_done(&call, status, 0) : we_wsk_call_end_inline(&call, status, 0);
}
