/* SPDX-License-Identifier: MIT */
/* Active open: WskConnect. */
#include "wsk/wsk_addr.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The IRP waits in a queue of one, so that it can be cancelled like any other. Whoever takes it out decides the
 * outcome: the endpoint's event (or the network, when it answers at once), cancellation, or close.
 *
 * What follows from the outcome happens after the IRP's completion routine has returned, in its "after" function:
 * after success the receive side is armed, so that no callback comes before the client knows that it is connected;
 * after a cancel the endpoint is ended, because a handshake in progress cannot be taken back in any other way, and the
 * socket is good for closing only. After a failure the socket is bound as before, and may try again. */

/* The completion routine of a successful WskConnect has returned. */
static void after_connected(void *context)
{
    struct we_wsk_socket *socket = context;
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    we_wsk_rx_arm_locked(socket, false, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
}

/* The same, when nothing had been decided: it was cancelled, by IoCancelIrp or by WskCloseSocket. */
static void after_cancelled(void *context)
{
    struct we_wsk_socket *socket = context;
    struct we_host_ep *ep = NULL;

    we_host_mutex_lock(&socket->lock);
    if (!socket->is_closing) {
        WE_ASSERT(socket->state == WE_WSK_CONNECTING);
        socket->state = WE_WSK_DEAD;
        ep = socket->ep;
        socket->ep = NULL;
    }
    we_host_mutex_unlock(&socket->lock);
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
    }
    we_wsk_rundown_release(socket);
}

static void after_failed(void *context)
{
    we_wsk_rundown_release(context);
}

static void connect_succeeded_locked(struct we_wsk_socket *socket, PIRP irp)
{
    struct we_base_addr local;

    socket->state = WE_WSK_CONNECTED;
    if (we_host_ep_local(socket->ep, &local) == WE_OK) {
        socket->local = local; /* where WskBind gave a wildcard, it is known now which address that is */
    }
    we_nt_completion_set_after(irp, after_connected, socket);
}

static void connect_failed_locked(struct we_wsk_socket *socket, PIRP irp)
{
    struct we_host_ep *ep = socket->ep;

    socket->state = WE_WSK_BOUND;
    socket->ep = NULL;
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
    }
    we_nt_completion_set_after(irp, after_failed, socket);
}

void we_wsk_connect_ended_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions)
{
    PIRP irp = we_wsk_irp_queue_pop_locked(&socket->conn->connects);

    if (irp == NULL) {
        return; /* cancelled; its "after" does the rest */
    }
    if (err == WE_OK) {
        connect_succeeded_locked(socket, irp);
    } else {
        connect_failed_locked(socket, irp);
    }
    we_nt_completions_add(completions, irp, we_wsk_status(err, WE_WSK_OP_CONNECT), 0);
}

/* --- WskConnect ------------------------------------------------------------------------------- */

/* A watched endpoint that is bound to socket->local: the one of WskBind, or a new one for another try. */
static enum we_err endpoint_prepare_locked(struct we_wsk_socket *socket)
{
    enum we_err err;

    if (socket->ep == NULL) {
        err = we_host_stream_open(&socket->local, &socket->ep);
        if (err != WE_OK) {
            socket->ep = NULL;
            return err;
        }
        we_wsk_option_apply_locked(socket);
    }
    return we_host_ep_watch(socket->ep, WE_WATCH_ALL, socket->cpu, &we_wsk_conn_ep_client, socket);
}

static void connect_start_locked(struct we_wsk_call *call, const struct we_base_addr *remote)
{
    struct we_wsk_socket *socket = call->socket;
    enum we_err err;

    socket->state = WE_WSK_CONNECTING;
    socket->remote = *remote;
    we_nt_completion_set_after(call->irp, after_cancelled, socket); /* before IoCancelIrp can see the IRP */
    if (!we_wsk_irp_queue_insert_locked(&socket->conn->connects, socket, call->irp)) {
        we_nt_completion_set_after(call->irp, after_failed, socket);
        socket->state = WE_WSK_BOUND;
        we_nt_completions_add(&call->completions, call->irp, STATUS_CANCELLED, 0);
        return;
    }
    err = endpoint_prepare_locked(socket);
    if (err == WE_OK) {
        err = we_host_stream_connect(socket->ep, remote);
    }
    if (err != WE_ERR_AGAIN) {
        we_wsk_connect_ended_locked(socket, err, &call->completions);
    }
}

/* Returns STATUS_PENDING when the IRP was taken, else the status that the call fails with. */
static NTSTATUS connect_locked(struct we_wsk_call *call, const struct we_base_addr *remote)
{
    struct we_wsk_socket *socket = call->socket;

    if (socket->is_closing) {
        return STATUS_FILE_FORCED_CLOSED; /* a close overtook this call on another thread, and has reported it */
    }
    switch (socket->state) {
    case WE_WSK_CREATED:
        (void)we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry,
                                  "WskConnect was called for socket %p, which is not bound", (void *)socket);
        return STATUS_INVALID_DEVICE_STATE;
    case WE_WSK_BOUND:
        break;
    case WE_WSK_CONNECTING:
        return STATUS_INVALID_DEVICE_STATE;
    case WE_WSK_CONNECTED:
        return STATUS_CONNECTION_ACTIVE;
    case WE_WSK_DEAD:
        return STATUS_FILE_FORCED_CLOSED;
    }
    if (remote->port == 0 || we_base_addr_is_any(remote)) {
        we_nt_completions_add(&call->completions, call->irp, STATUS_INVALID_ADDRESS_COMPONENT, 0);
        return STATUS_PENDING;
    }
    connect_start_locked(call, remote);
    return STATUS_PENDING;
}

/* STATUS_SUCCESS when the arguments are right. */
static NTSTATUS connect_check(const struct we_wsk_call *call, const SOCKADDR *address, ULONG flags,
                              struct we_base_addr *remote)
{
    if (flags != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_019, &call->socket->entry,
                                  "WskConnect was called for socket %p with Flags 0x%x", (void *)call->socket,
                                  (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_addr_from_sockaddr(address, call->socket->family, remote)) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_014, &call->socket->entry,
                                  "WskConnect was called for socket %p, whose family is %u, with %s",
                                  (void *)call->socket, (unsigned)call->socket->family,
                                  address == NULL ? "no address" : "an address of another family");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI we_wsk_connect(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, ULONG Flags, PIRP Irp)
{
    struct we_wsk_call call;
    struct we_base_addr remote;
    NTSTATUS status =
        we_wsk_call_begin(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_CONNECTION), Irp, false, "WskConnect");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = connect_check(&call, RemoteAddress, Flags, &remote);
    if (!NT_SUCCESS(status)) {
        return we_wsk_call_end_inline(&call, status, 0);
    }
    we_host_mutex_lock(&call.socket->lock);
    status = connect_locked(&call, &remote);
    we_host_mutex_unlock(&call.socket->lock);
    return status == STATUS_PENDING ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}
