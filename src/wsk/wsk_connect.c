/* SPDX-License-Identifier: MIT */
/* Active open: WskConnect and WskConnectEx, and the part of WskSocketConnect that connects. */
#include "wsk/wsk_addr.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_stream.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The IRP waits in a queue of one, so that it can be cancelled like any other. Whoever takes it out decides the
 * outcome: the endpoint's event (or the network, when it answers at once), cancellation, or close.
 *
 * Bytes that go with the connect (WskConnectEx) are sent when the handshake is over; the IRP stays in its queue, and the
 * socket stays connecting, until the network has all of them. So there is one outcome for both.
 *
 * Success: the receive side is armed after the IRP's completion routine has returned, so that no callback comes before
 * the client knows that it is connected. Failure: the socket is bound as before, and may try again. Cancellation: the
 * endpoint is ended, because a handshake in progress cannot be taken back in any other way, and the socket is good for
 * closing only. A socket that WskSocketConnect is making ends with its failure, before the IRP completes: its port is
 * free and nothing is left of it when the completion routine runs. */

/* --- the outcome ------------------------------------------------------------------------------ */

/* The completion routine of a successful connect has returned. */
static void after_connected(void *context)
{
    struct we_wsk_socket *socket = context;
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    we_wsk_rx_arm_locked(socket, false, &completions);
    we_wsk_backlog_check_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
}

static void after_failed(void *context)
{
    we_wsk_rundown_release(context);
}

static void endpoint_end_locked(struct we_wsk_socket *socket)
{
    struct we_host_ep *ep = socket->ep;

    socket->ep = NULL;
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
    }
}

static ULONG_PTR sent_bytes(PIRP irp)
{
    return we_wsk_config()->connect_ex_hides_bytes ? 0 : we_wsk_irp_done_bytes(irp);
}

/* The IRP is not queued any more. */
static void connect_succeeded_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    ULONG_PTR information = socket->conn->is_being_made ? (ULONG_PTR)&socket->head : sent_bytes(irp);
    struct we_base_addr local;

    socket->state = WE_WSK_CONNECTED;
    __atomic_store_n(&socket->conn->is_being_made, false, __ATOMIC_RELAXED);
    socket->conn->tx.is_blocked = false;
    if (socket->category == WE_WSK_STREAM) {
        we_wsk_stream_commit_locked(socket, WE_WSK_CONNECTION);
    }
    if (we_host_ep_local(socket->ep, &local) == WE_OK) {
        socket->local = local; /* where WskBind gave a wildcard, it is known now which address that is */
    }
    we_nt_completion_set_after(irp, after_connected, socket);
    we_nt_completions_add(completions, irp, STATUS_SUCCESS, information);
}

/* The same. What becomes of the endpoint was decided by the caller. */
static void connect_failed_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                                  struct we_nt_completions *completions)
{
    if (socket->conn->is_being_made) {
        we_wsk_socket_fail_locked(socket, irp, status, completions);
        return;
    }
    socket->state = WE_WSK_BOUND;
    we_nt_completions_add(completions, irp, status, sent_bytes(irp));
}

static void connect_cancelled_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    if (we_wsk_is_closing(socket)) {
        we_nt_completions_add(completions, irp, STATUS_CANCELLED, 0);
        return;
    }
    WE_ASSERT(socket->state == WE_WSK_CONNECTING);
    endpoint_end_locked(socket);
    connect_failed_locked(socket, irp, STATUS_CANCELLED, completions);
    socket->state = WE_WSK_DEAD;
}

/* Sends what goes with the connect; at its end the IRP is done. */
static void bytes_push_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    PIRP irp = we_wsk_irp_queue_first_locked(&socket->conn->connects);
    enum we_err err;

    if (irp == NULL) {
        return; /* being cancelled, which ends it */
    }
    err = we_wsk_tx_transfer_locked(socket, irp);
    if (err == WE_ERR_AGAIN || !we_wsk_irp_queue_remove_locked(&socket->conn->connects, irp)) {
        return;
    }
    if (err == WE_OK) {
        connect_succeeded_locked(socket, irp, completions);
        return;
    }
    endpoint_end_locked(socket);
    /* EPIPE without an end of our own: the peer has reset. */
    err = err == WE_ERR_FINISHED ? WE_ERR_RESET : err;
    connect_failed_locked(socket, irp, we_wsk_status(err, WE_WSK_OP_CONNECT), completions);
}

void we_wsk_connect_ended_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions)
{
    PIRP irp;

    if (err == WE_OK) {
        bytes_push_locked(socket, completions);
        return;
    }
    irp = we_wsk_irp_queue_pop_locked(&socket->conn->connects);
    if (irp != NULL) {
        endpoint_end_locked(socket);
        connect_failed_locked(socket, irp, we_wsk_status(err, WE_WSK_OP_CONNECT), completions);
    }
}

void we_wsk_connect_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    if (socket->conn->tx.is_blocked) { /* else the handshake is not over */
        socket->conn->tx.is_blocked = false;
        bytes_push_locked(socket, completions);
    }
}

/* --- the start -------------------------------------------------------------------------------- */

/* A watched endpoint that is bound to socket->local: the one of WskBind, or a new one for another try. */
static enum we_err endpoint_prepare_locked(struct we_wsk_socket *socket)
{
    enum we_err err;

    if (socket->ep == NULL) {
        err = we_host_stream_open(&socket->local, socket->v6only != 0, &socket->ep);
        if (err != WE_OK) {
            socket->ep = NULL;
            return err;
        }
        we_wsk_option_apply_locked(socket);
    }
    return we_host_ep_watch(socket->ep, WE_WATCH_ALL, socket->cpu, &we_wsk_conn_ep_client, socket);
}

void we_wsk_connect_start_locked(struct we_wsk_socket *socket, PIRP irp, const struct we_base_addr *remote,
                                 struct we_nt_completions *completions)
{
    enum we_err err;

    socket->state = WE_WSK_CONNECTING;
    socket->remote = *remote;
    socket->conn->tx.is_blocked = false;
    we_nt_completion_set_after(irp, after_failed, socket); /* before IoCancelIrp can see the IRP */
    if (!we_wsk_irp_queue_insert_with_locked(&socket->conn->connects, socket, irp, connect_cancelled_locked)) {
        connect_failed_locked(socket, irp, STATUS_CANCELLED, completions);
        return;
    }
    err = endpoint_prepare_locked(socket);
    if (err == WE_OK) {
        err = we_host_stream_connect(socket->ep, remote);
    }
    if (err != WE_ERR_AGAIN) {
        we_wsk_connect_ended_locked(socket, err, completions);
    }
}

/* --- WskConnect, WskConnectEx ------------------------------------------------------------------ */

#define CONNECT_EX_BYTES_MAX 65535u

/* A connection that has ended, on either side, is not the active one that STATUS_CONNECTION_ACTIVE speaks of. */
static bool is_active_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_conn *conn = socket->conn;

    return !conn->tx.is_finishing && !conn->rx.has_end && conn->rx.dead_status == STATUS_SUCCESS;
}

/* Returns STATUS_PENDING when the IRP was taken, else the status that the call fails with. */
static NTSTATUS connect_locked(struct we_wsk_call *call, const struct we_base_addr *remote)
{
    struct we_wsk_socket *socket = call->socket;

    if (we_wsk_socket_role(socket) == WE_WSK_LISTEN) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    switch (socket->state) {
    case WE_WSK_CREATED:
        (void)we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry, "%s was called for socket %p, which is not bound",
                                  call->function, (void *)socket);
        return STATUS_INVALID_DEVICE_STATE;
    case WE_WSK_BOUND:
        break;
    case WE_WSK_CONNECTING:
        return STATUS_INVALID_DEVICE_STATE;
    case WE_WSK_CONNECTED:
        return is_active_locked(socket) ? STATUS_CONNECTION_ACTIVE : STATUS_INVALID_DEVICE_STATE;
    case WE_WSK_DEAD:
        WE_UNREACHABLE("a dead socket refuses calls");
    }
    if (remote->port == 0 || we_base_addr_is_any(remote)) {
        we_nt_completions_add(&call->completions, call->irp, STATUS_INVALID_ADDRESS_COMPONENT, 0);
        return STATUS_PENDING;
    }
    we_wsk_connect_start_locked(socket, call->irp, remote, &call->completions);
    return STATUS_PENDING;
}

/* STATUS_SUCCESS when the arguments are right. */
static NTSTATUS connect_check_locked(const struct we_wsk_call *call, const SOCKADDR *address, ULONG flags,
                                     struct we_base_addr *remote)
{
    if (flags != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_019, &call->socket->entry, "%s was called for socket %p with Flags 0x%x",
                                  call->function, (void *)call->socket, (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_addr_from_sockaddr(address, call->socket->family, remote)) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_014, &call->socket->entry,
                                  "%s was called for socket %p, whose family is %u, with %s", call->function,
                                  (void *)call->socket, (unsigned)call->socket->family,
                                  address == NULL ? "no address" : "an address of another family");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* STATUS_SUCCESS when the bytes that go with a connect are right. */
static NTSTATUS connect_buffer_check(const WSK_BUF *buffer, const char *function)
{
    if (buffer == NULL) {
        return STATUS_SUCCESS;
    }
    if (buffer->Length > CONNECT_EX_BYTES_MAX) {
        return STATUS_BUFFER_OVERFLOW;
    }
    return we_wsk_buf_check(buffer, function) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS connect_call(PWSK_SOCKET handle, const SOCKADDR *address, const WSK_BUF *buffer, ULONG flags, PIRP irp,
                             const char *function)
{
    struct we_wsk_call call;
    struct we_base_addr remote;
    NTSTATUS status = we_wsk_call_begin_locked(&call, handle, WE_WSK_CONNECTIONS, irp, false, function);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = connect_check_locked(&call, address, flags, &remote);
    if (status == STATUS_SUCCESS) {
        status = connect_buffer_check(buffer, function);
    }
    if (status == STATUS_SUCCESS) {
        if (buffer != NULL) {
            we_wsk_irp_set_buffer(irp, buffer, 0);
        }
        status = connect_locked(&call, &remote);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return status == STATUS_PENDING ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}

NTSTATUS WSKAPI we_wsk_connect(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, ULONG Flags, PIRP Irp)
{
    return connect_call(Socket, RemoteAddress, NULL, Flags, Irp, "WskConnect");
}

NTSTATUS WSKAPI we_wsk_connect_ex(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PWSK_BUF Buffer, ULONG Flags, PIRP Irp)
{
    return connect_call(Socket, RemoteAddress, Buffer, Flags, Irp, "WskConnectEx");
}
