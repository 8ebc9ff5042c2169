/* SPDX-License-Identifier: MIT */
/* WskSocketConnect: a socket is made, bound and connected by one request. */
#include "wsk/wsk_client.h"

#include "wsk/wsk_addr.h"
#include "wsk/wsk_bind.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_socket.h"

#include "vrf/vrf_report.h"

/* Design
 *
 * The call begins as one of the client's and ends as one of the new socket's: up to the connect the client counts the
 * IRP, from then on the socket does, which the client counts in turn. Nobody but us knows the socket until the IRP has
 * completed with success. What fails before the connect ends the socket here; afterwards wsk_connect.c does
 * (we_wsk_socket_fail_locked), and the IRP completes when nothing is left. */

/* STATUS_SUCCESS when the addresses and flags are right. */
static NTSTATUS addresses_check(const struct we_wsk_client_call *call, const SOCKADDR *local_address,
                                const SOCKADDR *remote_address, ULONG flags, struct we_base_addr *local,
                                struct we_base_addr *remote)
{
    const struct we_vrf_entry *client = &call->client->entry;

    if (flags != 0) {
        we_vrf_report_entry(WE_RULE_SOCK_019, client, "%s was called with Flags 0x%x", call->function, (unsigned)flags);
    }
    if ((flags & ~(ULONG)WSK_FLAG_CONNECTION_SOCKET) != 0) { /* drivers that WSK serves name the kind of socket */
        return STATUS_INVALID_PARAMETER;
    }
    if (local_address == NULL || remote_address == NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_014, client, "%s was called without a %s address", call->function,
                            local_address == NULL ? "local" : "remote");
        return STATUS_INVALID_PARAMETER;
    }
    if (remote_address->sa_family != local_address->sa_family) {
        we_vrf_report_entry(WE_RULE_SOCK_014, client,
                            "%s was given a local address of family %u and a remote one of family %u", call->function,
                            local_address->sa_family, remote_address->sa_family);
        return STATUS_INVALID_PARAMETER;
    }
    /* A family that has no sockets here is found by making one. */
    (void)we_wsk_addr_from_sockaddr(local_address, local_address->sa_family, local);
    (void)we_wsk_addr_from_sockaddr(remote_address, local_address->sa_family, remote);
    return STATUS_SUCCESS;
}

/* A new socket that is bound. *is_made tells a failure of the arguments from one of the network. */
static NTSTATUS socket_make_bound(struct we_wsk_client *client, const struct we_wsk_socket_arguments *arguments,
                                  const struct we_base_addr *local, const struct we_base_addr *remote,
                                  struct we_wsk_socket **socket, bool *is_made)
{
    NTSTATUS status = we_wsk_socket_make(client, arguments, socket);

    *is_made = NT_SUCCESS(status);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_wsk_bind_new(*socket, local);
    if (NT_SUCCESS(status) && (remote->port == 0 || we_base_addr_is_any(remote))) {
        status = STATUS_INVALID_ADDRESS_COMPONENT;
    }
    if (!NT_SUCCESS(status)) {
        we_wsk_socket_abandon(*socket);
    }
    return status;
}

/* The IRP becomes the socket's. It may be complete, and the socket closed, when this returns. */
static void connect_begin(struct we_wsk_socket *socket, PIRP irp, const struct we_base_addr *remote)
{
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_wsk_irp_reset(irp);
    we_wsk_rundown_ref(socket); /* the request's */
    we_wsk_rundown_ref(socket); /* ours */
    we_host_mutex_lock(&socket->lock);
    __atomic_store_n(&socket->conn->is_being_made, true, __ATOMIC_RELAXED);
    we_wsk_connect_start_locked(socket, irp, remote, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
}

NTSTATUS WSKAPI we_wsk_socket_connect(PWSK_CLIENT Client, USHORT SocketType, ULONG Protocol, PSOCKADDR LocalAddress,
                                      PSOCKADDR RemoteAddress, ULONG Flags, PVOID SocketContext,
                                      CONST WSK_CLIENT_CONNECTION_DISPATCH *Dispatch, PEPROCESS OwningProcess,
                                      PETHREAD OwningThread, PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp)
{
    struct we_wsk_socket_arguments arguments = {
        "WskSocketConnect", AF_UNSPEC, SocketType,    Protocol,     WSK_FLAG_CONNECTION_SOCKET,
        SocketContext,      Dispatch,  OwningProcess, OwningThread, SecurityDescriptor
    };
    struct we_wsk_client_call call;
    struct we_wsk_socket *socket = NULL;
    struct we_base_addr remote;
    struct we_base_addr local;
    bool is_made = false;
    NTSTATUS status = we_wsk_client_call_begin(&call, Client, Irp, false, DISPATCH_LEVEL, arguments.function);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = addresses_check(&call, LocalAddress, RemoteAddress, Flags, &local, &remote);
    if (NT_SUCCESS(status)) {
        arguments.family = LocalAddress->sa_family;
        status = socket_make_bound(call.client, &arguments, &local, &remote, &socket, &is_made);
    }
    if (!NT_SUCCESS(status)) {
        return is_made ? we_wsk_client_call_end_done(&call, status, 0)
                       : we_wsk_client_call_end_inline(&call, status, 0);
    }
    connect_begin(socket, Irp, &remote);
    return we_wsk_client_call_end_handed_over(&call);
}
