/* SPDX-License-Identifier: MIT */
/* Sending: WskSend, and the two ways of WskDisconnect. */
#include "wsk/wsk_tx.h"

#include "wsk/wsk_conn.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A send goes out on the caller's thread, under the socket's lock, straight from the driver's memory; only what the
 * network does not take is queued, in order, until the network says WRITABLE. An IRP is finished when the network has
 * all its bytes. Cancelling a queued send leaves the stream where it was cut, as on Windows.
 *
 * A graceful WskDisconnect is a request in the same queue, so its last bytes and then the end follow whatever was sent
 * before. The end is owed from the moment of the call: cancelling the disconnect's IRP takes its bytes back, but not
 * the end itself. */

#define IOV_MAX_COUNT 16u

/* In the flags of a request: the end follows its bytes. Not a flag that a client can pass. */
#define END_FOLLOWS 0x80000000u

void we_wsk_tx_init(struct we_wsk_tx *tx)
{
    we_wsk_irp_queue_init(&tx->sends);
}

/* --- moving bytes ----------------------------------------------------------------------------- */

/* WSK_FLAG_NODELAY is a matter of one send, on the network one of the connection: switch only when it changes. */
static void nodelay_set_locked(struct we_wsk_socket *socket, bool is_nodelay)
{
    struct we_wsk_tx *tx = &socket->conn->tx;

    if (tx->is_nodelay != is_nodelay && we_host_ep_set(socket->ep, WE_EP_NODELAY, is_nodelay ? 1 : 0) == WE_OK) {
        tx->is_nodelay = is_nodelay;
    }
}

enum we_err we_wsk_tx_transfer_locked(struct we_wsk_socket *socket, PIRP irp)
{
    const struct we_wsk_request *request = we_wsk_irp_request(irp);
    struct we_host_iov iov[IOV_MAX_COUNT];

    nodelay_set_locked(socket, (request->flags & WSK_FLAG_NODELAY) != 0 || socket->nodelay != 0);
    while (request->remaining_bytes > 0) {
        unsigned count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
        size_t offered_bytes = 0;
        size_t sent_bytes = 0;
        enum we_err err;

        if (count == 0) {
            return WE_ERR_NO_MEMORY; /* no address for an MDL */
        }
        for (unsigned index = 0; index < count; index++) {
            offered_bytes += iov[index].length_bytes;
        }
        err = we_host_send(socket->ep, iov, count, &sent_bytes);
        if (err == WE_OK) {
            we_wsk_irp_advance(irp, sent_bytes);
            if (sent_bytes < offered_bytes) {
                err = WE_ERR_AGAIN;
            }
        }
        if (err != WE_OK) {
            socket->conn->tx.is_blocked = err == WE_ERR_AGAIN;
            return err;
        }
    }
    return WE_OK;
}

static enum we_err end_send_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_tx *tx = &socket->conn->tx;
    enum we_err err = we_host_shutdown_send(socket->ep);

    tx->owes_end = false;
    tx->has_ended = err == WE_OK;
    return err;
}

/* Anything but a shortage means that the connection is gone. */
static bool is_lost(enum we_err err)
{
    return err != WE_OK && err != WE_ERR_NO_MEMORY && err != WE_ERR_NO_DESCRIPTORS;
}

/* The request's bytes have gone out, or cannot: finishes it. The IRP is not queued any more. */
static void request_finish_locked(struct we_wsk_socket *socket, PIRP irp, enum we_err err,
                                  struct we_nt_completions *completions)
{
    if ((we_wsk_irp_request(irp)->flags & END_FOLLOWS) != 0) {
        if (err == WE_OK) {
            err = end_send_locked(socket);
        }
        we_nt_completions_add(completions, irp, we_wsk_status(err, WE_WSK_OP_DISCONNECT), 0);
    } else {
        we_nt_completions_add(completions, irp, we_wsk_status(err, WE_WSK_OP_SEND), we_wsk_irp_done_bytes(irp));
    }
    if (is_lost(err)) {
        /* EPIPE without an end of our own: the peer has reset. */
        we_wsk_conn_lost_locked(socket, err == WE_ERR_FINISHED ? WE_ERR_RESET : err, completions);
    }
}

static void push_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_tx *tx = &socket->conn->tx;
    PIRP irp;

    while (socket->ep != NULL && !tx->is_blocked && (irp = we_wsk_irp_queue_first_locked(&tx->sends)) != NULL) {
        enum we_err err = we_wsk_tx_transfer_locked(socket, irp);

        if (err == WE_ERR_AGAIN) {
            return;
        }
        if (we_wsk_irp_queue_remove_locked(&tx->sends, irp)) {
            request_finish_locked(socket, irp, err, completions);
        }
    }
    if (tx->owes_end && socket->ep != NULL && !tx->is_blocked) {
        enum we_err err = end_send_locked(socket);

        if (is_lost(err)) {
            we_wsk_conn_lost_locked(socket, err, completions);
        }
    }
}

void we_wsk_tx_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    socket->conn->tx.is_blocked = false;
    push_locked(socket, completions);
}

void we_wsk_tx_watched_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    if (!we_wsk_irp_queue_is_empty_locked(&socket->conn->tx.sends)) {
        we_wsk_tx_writable_locked(socket, completions);
    }
}

void we_wsk_tx_flush_locked(struct we_wsk_socket *socket, NTSTATUS status, struct we_nt_completions *completions)
{
    struct we_wsk_tx *tx = &socket->conn->tx;

    tx->owes_end = false;
    we_wsk_irp_queue_flush_locked(&tx->sends, completions, status);
}

/* A new request, its buffer already in the IRP. */
static void request_start_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    struct we_wsk_tx *tx = &socket->conn->tx;

    /* One that is being cancelled may still stand in the queue: nothing will come of it, and nobody calls for the next. */
    if (!tx->is_blocked && we_wsk_irp_queue_first_locked(&tx->sends) == NULL) {
        enum we_err err = we_wsk_tx_transfer_locked(socket, irp);

        if (err != WE_ERR_AGAIN) {
            request_finish_locked(socket, irp, err, completions);
            return;
        }
    }
    if (!we_wsk_irp_queue_insert_locked(&tx->sends, socket, irp)) {
        we_nt_completions_add(completions, irp, STATUS_CANCELLED, we_wsk_irp_done_bytes(irp));
    }
}

/* --- WskSend ---------------------------------------------------------------------------------- */

/* Returns STATUS_PENDING when the send was taken, else the status that the call fails with. */
static NTSTATUS send_locked(struct we_wsk_call *call, const WSK_BUF *buffer, ULONG flags)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_wsk_conn *conn = socket->conn;

    if (!we_wsk_conn_check_connected_locked(socket, call->function) ||
        !we_wsk_conn_check_speaks_locked(socket, call->function)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (conn->tx.is_finishing) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_021, &socket->entry,
                                  "WskSend was called for socket %p after WskDisconnect", (void *)socket);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (conn->rx.dead_status != STATUS_SUCCESS) {
        we_nt_completions_add(&call->completions, call->irp, conn->rx.dead_status, 0);
        return STATUS_PENDING;
    }
    we_wsk_irp_set_buffer(call->irp, buffer, flags);
    request_start_locked(socket, call->irp, &call->completions);
    we_wsk_backlog_check_locked(socket);
    return STATUS_PENDING;
}

NTSTATUS WSKAPI we_wsk_send(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin_locked(&call, Socket, WE_WSK_CONNECTIONS, Irp, false, "WskSend");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((Flags & ~(ULONG)WSK_FLAG_NODELAY) != 0) {
        we_wsk_unsupported("WskSend with flags 0x%x", (unsigned)Flags);
        status = STATUS_NOT_SUPPORTED;
    } else if (!we_wsk_buf_check(Buffer, call.function)) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        status = send_locked(&call, Buffer, Flags);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return status == STATUS_PENDING ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}

/* --- WskDisconnect ---------------------------------------------------------------------------- */

static NTSTATUS disconnect_abort_locked(struct we_wsk_call *call)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_wsk_tx *tx = &socket->conn->tx;

    tx->is_finishing = true;
    we_wsk_tx_flush_locked(socket, STATUS_CANCELLED, &call->completions);
    we_wsk_rx_abort_locked(socket, &call->completions);
    if (socket->ep != NULL) {
        we_host_reset(socket->ep);
    }
    we_nt_completions_add(&call->completions, call->irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static NTSTATUS disconnect_gracefully_locked(struct we_wsk_call *call, const WSK_BUF *buffer)
{
    static const WSK_BUF nothing = { NULL, 0, 0 };
    struct we_wsk_socket *socket = call->socket;
    struct we_wsk_conn *conn = socket->conn;

    if (conn->tx.is_finishing) {
        if (conn->tx.owes_end) {
            (void)we_vrf_report_entry(WE_RULE_SOCK_021, &socket->entry,
                                      "WskDisconnect was called for socket %p while a graceful one is pending, and "
                                      "without WSK_FLAG_ABORTIVE",
                                      (void *)socket);
        }
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (conn->rx.dead_status != STATUS_SUCCESS) {
        /* Nothing is left to disconnect, but last bytes can still fail to arrive. */
        we_nt_completions_add(&call->completions, call->irp,
                              buffer != NULL && buffer->Length > 0 ? conn->rx.dead_status : STATUS_SUCCESS, 0);
        return STATUS_PENDING;
    }
    conn->tx.is_finishing = true;
    conn->tx.owes_end = true;
    we_wsk_irp_set_buffer(call->irp, buffer == NULL ? &nothing : buffer, END_FOLLOWS | WE_WSK_IRP_UNCOUNTED);
    request_start_locked(socket, call->irp, &call->completions);
    return STATUS_PENDING;
}

static NTSTATUS disconnect_locked(struct we_wsk_call *call, const WSK_BUF *buffer, ULONG flags)
{
    if (!we_wsk_conn_check_connected_locked(call->socket, call->function) ||
        !we_wsk_conn_check_speaks_locked(call->socket, call->function)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if ((flags & WSK_FLAG_ABORTIVE) != 0) {
        return disconnect_abort_locked(call);
    }
    return disconnect_gracefully_locked(call, buffer);
}

/* STATUS_SUCCESS when the arguments are right. */
static NTSTATUS disconnect_check(const struct we_wsk_call *call, const WSK_BUF *buffer, ULONG flags)
{
    if ((flags & ~(ULONG)WSK_FLAG_ABORTIVE) != 0) {
        we_wsk_unsupported("WskDisconnect with flags 0x%x", (unsigned)flags);
        return STATUS_NOT_SUPPORTED;
    }
    if ((flags & WSK_FLAG_ABORTIVE) != 0 && buffer != NULL) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_021, &call->socket->entry,
                                  "WskDisconnect was called for socket %p with WSK_FLAG_ABORTIVE and a buffer",
                                  (void *)call->socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (buffer != NULL && !we_wsk_buf_check(buffer, call->function)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI we_wsk_disconnect(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin_locked(&call, Socket, WE_WSK_CONNECTIONS, Irp, false, "WskDisconnect");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = disconnect_check(&call, Buffer, Flags);
    if (NT_SUCCESS(status)) {
        status = disconnect_locked(&call, Buffer, Flags);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return status == STATUS_PENDING ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}
