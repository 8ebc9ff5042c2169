/* SPDX-License-Identifier: MIT */
/* WskBind and WskGetLocalAddress. */
#include "wsk/wsk_bind.h"

#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_listen.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_reserve.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

#define BINDABLE (WE_WSK_ANY_CATEGORY & ~WE_WSK_CATEGORY_BIT(WE_WSK_BASIC))

/* Reports what is wrong with the arguments; STATUS_SUCCESS when nothing is. */
static NTSTATUS bind_check(struct we_wsk_call *call, const SOCKADDR *address, ULONG flags, struct we_base_addr *local)
{
    const struct we_wsk_socket *socket = call->socket;

    if (flags != 0) {
        we_vrf_report_entry(WE_RULE_SOCK_019, &socket->entry, "WskBind of socket %p was called with Flags 0x%x",
                            (const void *)socket, (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_addr_from_sockaddr(address, socket->family, local)) {
        we_vrf_report_entry(WE_RULE_SOCK_014, &socket->entry,
                            "WskBind of socket %p, whose family is %u, was given an address of family %d",
                            (const void *)socket, socket->family, address == NULL ? -1 : (int)address->sa_family);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Makes the socket bound before the network is asked, so that a second bind meanwhile fails. */
static NTSTATUS bind_begin(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    NTSTATUS status = STATUS_SUCCESS;

    we_host_mutex_lock(&socket->lock);
    if (socket->state != WE_WSK_CREATED) {
        we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry, "WskBind was called a second time for socket %p",
                            (void *)socket);
        status = STATUS_INVALID_DEVICE_STATE;
    } else {
        socket->state = WE_WSK_BOUND;
        socket->local = *local;
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

static void bind_undo(struct we_wsk_socket *socket)
{
    we_host_mutex_lock(&socket->lock);
    socket->state = WE_WSK_CREATED;
    memset(&socket->local, 0, sizeof(socket->local));
    we_host_mutex_unlock(&socket->lock);
}

static enum we_err bind_connection(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    struct we_base_addr chosen;
    struct we_host_ep *ep;
    enum we_err err = socket->category == WE_WSK_STREAM ? we_host_bound_open(local, socket->v6only != 0, &ep)
                                                        : we_host_stream_open(local, socket->v6only != 0, &ep);

    if (err != WE_OK) {
        return err;
    }
    /* The port that the network chose. The address stays a wildcard until the connection shows which one it is. */
    err = we_host_ep_local(ep, &chosen);
    if (err != WE_OK) {
        we_host_close(ep, WE_CLOSE_RESET);
        return err;
    }
    we_host_mutex_lock(&socket->lock);
    socket->ep = ep;
    socket->local = chosen;
    we_wsk_option_apply_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    return WE_OK;
}

static NTSTATUS bind_at(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    NTSTATUS status = we_wsk_share_enter(socket, local);
    enum we_err err;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((socket->type == SOCK_DGRAM) != (socket->category == WE_WSK_DATAGRAM)) {
        err = WE_ERR_NOT_SUPPORTED; /* a mismatch of category and transport shows here, not at creation */
    } else if (socket->v6only != 0 && we_base_addr_is_mapped(local)) {
        err = WE_ERR_ADDRESS; /* no address of a socket that is of IPv6 alone, whatever the network thinks */
    } else if (socket->category == WE_WSK_LISTEN) {
        err = we_wsk_listen_start(socket);
    } else if (socket->category == WE_WSK_DATAGRAM) {
        err = we_wsk_dgram_start(socket, local);
    } else {
        WE_ASSERT((WE_WSK_CATEGORY_BIT(socket->category) & WE_WSK_CONNECTIONS) != 0);
        err = bind_connection(socket, local);
    }
    if (err == WE_OK) {
        we_wsk_share_chosen(socket);
    } else {
        we_wsk_share_leave(socket);
    }
    return we_wsk_status(err, WE_WSK_OP_BIND);
}

static NTSTATUS bind_run(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    struct we_base_addr address = *local;
    struct we_wsk_port_search search;
    NTSTATUS status = we_wsk_reserve_search(&search, socket, local->port);

    if (NT_SUCCESS(status)) {
        do {
            status = we_wsk_reserve_next(&search, &address.port);
            if (NT_SUCCESS(status)) {
                we_host_mutex_lock(&socket->lock);
                socket->local.port = address.port;
                we_host_mutex_unlock(&socket->lock);
                status = bind_at(socket, &address);
            }
        } while (status == STATUS_ADDRESS_ALREADY_EXISTS && search.left_count > 0);
    }
    if (!NT_SUCCESS(status)) {
        bind_undo(socket);
    }
    return status;
}

NTSTATUS we_wsk_bind_new(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    NTSTATUS status = bind_begin(socket, local);

    return NT_SUCCESS(status) ? bind_run(socket, local) : status;
}

NTSTATUS WSKAPI we_wsk_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp)
{
    struct we_base_addr local;
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin(&call, Socket, BINDABLE, Irp, false, "WskBind");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = bind_check(&call, LocalAddress, Flags, &local);
    if (NT_SUCCESS(status)) {
        status = bind_begin(call.socket, &local);
    }
    if (!NT_SUCCESS(status)) {
        return we_wsk_call_end_inline(&call, status, 0);
    }
    status = bind_run(call.socket, &local);
    return we_wsk_call_end_done(&call, status, 0);
}

NTSTATUS WSKAPI we_wsk_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp)
{
    struct we_base_addr local;
    struct we_wsk_call call;
    enum we_wsk_state state;
    NTSTATUS status = we_wsk_call_begin(&call, Socket, BINDABLE, Irp, false, "WskGetLocalAddress");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    we_host_mutex_lock(&call.socket->lock);
    state = call.socket->state;
    local = call.socket->local;
    we_host_mutex_unlock(&call.socket->lock);

    if (state == WE_WSK_CREATED) {
        we_vrf_report_entry(WE_RULE_SOCK_016, &call.socket->entry,
                            "WskGetLocalAddress was called for socket %p before WskBind", (void *)call.socket);
        return we_wsk_call_end_inline(&call, STATUS_INVALID_DEVICE_STATE, 0);
    }
    if (LocalAddress == NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_014, &call.socket->entry,
                            "WskGetLocalAddress of socket %p was called without a buffer", (void *)call.socket);
        return we_wsk_call_end_inline(&call, STATUS_INVALID_PARAMETER, 0);
    }
    we_wsk_addr_to_sockaddr(&local, call.socket->family, LocalAddress);
    return we_wsk_call_end_done(&call, STATUS_SUCCESS, 0);
}
