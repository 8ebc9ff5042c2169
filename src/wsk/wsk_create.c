/* SPDX-License-Identifier: MIT */
/* WskSocket: which arguments make which socket. */
#include "wsk/wsk_client.h"

#include "wsk/wsk_security.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* --- checks --------------------------------------------------------------------------------------- */

static NTSTATUS category_of(const struct we_vrf_entry *client, ULONG flags, enum we_wsk_category *category)
{
    switch (flags) {
    case WSK_FLAG_BASIC_SOCKET:
        *category = WE_WSK_BASIC;
        return STATUS_SUCCESS;
    case WSK_FLAG_LISTEN_SOCKET:
        *category = WE_WSK_LISTEN;
        return STATUS_SUCCESS;
    case WSK_FLAG_CONNECTION_SOCKET:
        *category = WE_WSK_CONNECTION;
        return STATUS_SUCCESS;
    case WSK_FLAG_DATAGRAM_SOCKET:
        *category = WE_WSK_DATAGRAM;
        return STATUS_SUCCESS;
    case WSK_FLAG_STREAM_SOCKET:
        *category = WE_WSK_STREAM;
        return STATUS_SUCCESS;
    default:
        we_vrf_report_entry(WE_RULE_SOCK_013, client, "WskSocket was called with Flags 0x%x, which is not one category",
                            (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
}

static bool is_stream_category(enum we_wsk_category category)
{
    return category == WE_WSK_LISTEN || category == WE_WSK_CONNECTION || category == WE_WSK_STREAM;
}

/* The transports of WSK_TRANSPORT_LIST_QUERY. */
static NTSTATUS transport_check(const struct we_vrf_entry *client, const struct we_wsk_socket_arguments *arguments,
                                enum we_wsk_category category)
{
    bool is_tcp = arguments->type == SOCK_STREAM && arguments->protocol == IPPROTO_TCP;
    bool is_udp = arguments->type == SOCK_DGRAM && arguments->protocol == IPPROTO_UDP;

    if (!we_wsk_transport_is_there(arguments->family) || (!is_tcp && !is_udp)) {
        we_wsk_unsupported("a socket of family %u, type %u and protocol %u", arguments->family, arguments->type,
                           (unsigned)arguments->protocol);
        return STATUS_NOT_SUPPORTED;
    }
    if ((is_udp && is_stream_category(category)) || (is_tcp && category == WE_WSK_DATAGRAM)) {
        /* Windows makes the socket; binding it fails. */
        we_vrf_report_entry(WE_RULE_SOCK_013, client, "%s was asked for a %s over %s", arguments->function,
                            we_wsk_category_name(category), is_udp ? "UDP" : "TCP");
    }
    return STATUS_SUCCESS;
}

static NTSTATUS arguments_check(const struct we_vrf_entry *client, const struct we_wsk_socket_arguments *arguments,
                                enum we_wsk_category category)
{
    if (category == WE_WSK_BASIC && (arguments->context != NULL || arguments->dispatch != NULL)) {
        we_vrf_report_entry(WE_RULE_SOCK_013, client, "WskSocket was given a %s for a basic socket",
                            arguments->dispatch != NULL ? "dispatch table" : "context");
        return STATUS_INVALID_PARAMETER;
    }
    if (arguments->thread != NULL && arguments->process == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* --- creation ------------------------------------------------------------------------------------- */

NTSTATUS we_wsk_socket_make(struct we_wsk_client *client, const struct we_wsk_socket_arguments *arguments,
                            struct we_wsk_socket **socket)
{
    struct we_wsk_security *security = NULL;
    enum we_wsk_category category;
    NTSTATUS status = category_of(&client->entry, arguments->flags, &category);

    if (NT_SUCCESS(status)) {
        status = arguments_check(&client->entry, arguments, category);
    }
    if (NT_SUCCESS(status)) {
        status = transport_check(&client->entry, arguments, category);
    }
    if (NT_SUCCESS(status) && arguments->descriptor != NULL) {
        security = we_wsk_security_acquire(client, arguments->descriptor, arguments->function);
        status = security != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *socket = we_wsk_socket_create(client, category, arguments->family, arguments->type, arguments->protocol,
                                   arguments->context, arguments->dispatch);
    if (*socket == NULL) {
        we_wsk_security_unref(security);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (*socket)->security = security;
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI we_wsk_socket(PWSK_CLIENT Client, ADDRESS_FAMILY AddressFamily, USHORT SocketType, ULONG Protocol,
                              ULONG Flags, PVOID SocketContext, CONST VOID *Dispatch, PEPROCESS OwningProcess,
                              PETHREAD OwningThread, PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp)
{
    const struct we_wsk_socket_arguments arguments = { "WskSocket",  AddressFamily,     SocketType, Protocol,
                                                       Flags,        SocketContext,     Dispatch,   OwningProcess,
                                                       OwningThread, SecurityDescriptor };
    struct we_wsk_client_call call;
    struct we_wsk_socket *socket = NULL;
    NTSTATUS status = we_wsk_client_call_begin(&call, Client, Irp, false, DISPATCH_LEVEL, "WskSocket");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_wsk_socket_make(call.client, &arguments, &socket);
    if (!NT_SUCCESS(status)) {
        return we_wsk_client_call_end_inline(&call, status, 0);
    }
    if (socket->security != NULL) {
        we_wsk_security_guard(socket->security, Irp);
    }
    return we_wsk_client_call_end_done(&call, STATUS_SUCCESS, (ULONG_PTR)&socket->head);
}
