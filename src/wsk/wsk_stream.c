/* SPDX-License-Identifier: MIT */
/* Stream sockets: their two parts, and WskListen. */
#include "wsk/wsk_stream.h"

#include "wsk/wsk_client.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_listen.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* The design note is in wsk_stream.h. */

/* --- roles ------------------------------------------------------------------------------------ */

void we_wsk_stream_commit_locked(struct we_wsk_socket *socket, enum we_wsk_category role)
{
    const WSK_CLIENT_STREAM_DISPATCH *table = socket->dispatch;

    WE_ASSERT(socket->category == WE_WSK_STREAM);
    WE_ASSERT(socket->role == WE_WSK_STREAM);
    if (table != NULL) {
        socket->dispatch = role == WE_WSK_LISTEN ? (const VOID *)table->Listen : (const VOID *)table->Connect;
    }
    socket->static_events =
        we_wsk_client_static_events(socket->client) & we_wsk_event_offered_mask(role, socket->dispatch);
    socket->events |= socket->static_events;
    __atomic_store_n(&socket->role, role, __ATOMIC_RELAXED);
}

const WSK_CLIENT_LISTEN_DISPATCH *we_wsk_stream_listen_table(const struct we_wsk_socket *socket)
{
    const WSK_CLIENT_STREAM_DISPATCH *table = socket->dispatch;

    if (we_wsk_socket_role(socket) == WE_WSK_STREAM) {
        return table != NULL ? table->Listen : NULL;
    }
    return socket->dispatch;
}

/* --- the category's part of every socket ------------------------------------------------------ */

static bool is_listener(const struct we_wsk_socket *socket)
{
    return we_wsk_socket_role(socket) == WE_WSK_LISTEN;
}

static bool stream_create(struct we_wsk_socket *socket)
{
    return we_wsk_connection_ops.create(socket);
}

static void stream_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    if (is_listener(socket)) {
        we_wsk_listen_ops.close_locked(socket, completions);
    }
    we_wsk_connection_ops.close_locked(socket, completions);
}

static void stream_close_unlocked(struct we_wsk_socket *socket)
{
    if (is_listener(socket)) {
        we_wsk_listen_ops.close_unlocked(socket);
    }
}

static void stream_finish(struct we_wsk_socket *socket)
{
    if (is_listener(socket)) {
        we_wsk_listen_ops.finish(socket);
    } else {
        we_wsk_connection_ops.finish(socket);
    }
}

static void stream_destroy(struct we_wsk_socket *socket)
{
    if (socket->listener != NULL) {
        we_wsk_listen_ops.destroy(socket);
    }
    we_wsk_connection_ops.destroy(socket);
}

static void stream_events_enabled(struct we_wsk_socket *socket, ULONG events)
{
    if (is_listener(socket)) {
        we_wsk_listen_ops.events_enabled(socket, events);
    } else {
        we_wsk_connection_ops.events_enabled(socket, events);
    }
}

const struct we_wsk_category_ops we_wsk_stream_ops = {
    .create = stream_create,
    .close_locked = stream_close_locked,
    .close_unlocked = stream_close_unlocked,
    .finish = stream_finish,
    .destroy = stream_destroy,
    .events_enabled = stream_events_enabled,
};

/* --- WskListen -------------------------------------------------------------------------------- */

/* STATUS_SUCCESS when the socket may begin to listen. */
static NTSTATUS listen_check_locked(const struct we_wsk_socket *socket)
{
    if (socket->state == WE_WSK_CREATED) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry,
                                  "WskListen was called for socket %p, which is not bound", (const void *)socket);
        return STATUS_INVALID_DEVICE_STATE;
    }
    return socket->state == WE_WSK_BOUND && !is_listener(socket) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS listen_begin_locked(struct we_wsk_socket *socket)
{
    enum we_err err;

    /* One that is left of a WskListen that failed will do. */
    if (socket->listener == NULL && !we_wsk_listen_ops.create(socket)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    err = we_wsk_listen_start_locked(socket);
    if (err == WE_OK) {
        we_wsk_stream_commit_locked(socket, WE_WSK_LISTEN);
    }
    return we_wsk_status(err, WE_WSK_OP_BIND);
}

NTSTATUS WSKAPI we_wsk_listen(PWSK_SOCKET Socket, PIRP Irp)
{
    struct we_wsk_call call;
    NTSTATUS status =
        we_wsk_call_begin_locked(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_STREAM), Irp, false, "WskListen");
    bool is_allowed;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = listen_check_locked(call.socket);
    is_allowed = NT_SUCCESS(status);
    if (is_allowed) {
        status = listen_begin_locked(call.socket);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return is_allowed ? we_wsk_call_end_done(&call, status, 0) : we_wsk_call_end_inline(&call, status, 0);
}
