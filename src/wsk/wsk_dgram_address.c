/* SPDX-License-Identifier: MIT */
/* I/O controls of datagram sockets: fixed addresses, and what the network answers. */
#include "wsk/wsk_dgram.h"

#include <string.h>

#include "wsk/wsk_addr.h"

#include "vrf/vrf_report.h"

/* No input clears the address. More input than the family needs is what real drivers give. */
static NTSTATUS address_read(const struct we_wsk_socket *socket, const struct we_wsk_control *control, const char *name,
                             struct we_base_addr *address)
{
    SIZE_T size = socket->family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);

    memset(address, 0, sizeof(*address));
    if (control->input == NULL && control->input_size == 0) {
        return STATUS_SUCCESS;
    }
    if (control->input == NULL || control->input_size < size) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_addr_from_sockaddr(control->input, socket->family, address)) {
        (void)we_vrf_report_entry(
            WE_RULE_SOCK_014, &socket->entry, "%s of socket %p, whose family is %u, was given an address of family %d",
            name, (const void *)socket, socket->family, (int)((const SOCKADDR *)control->input)->sa_family);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* The rows of these controls have seen to category, IRP and time. */
static NTSTATUS address_set(struct we_wsk_call *call, const struct we_wsk_control *control, bool is_remote)
{
    const char *name = is_remote ? "SIO_WSK_SET_REMOTE_ADDRESS" : "SIO_WSK_SET_SENDTO_ADDRESS";
    struct we_wsk_socket *socket = call->socket;
    struct we_base_addr address;
    NTSTATUS status;

    we_host_mutex_lock(&socket->lock);
    status = address_read(socket, control, name, &address);
    if (NT_SUCCESS(status)) {
        *(is_remote ? &socket->dgram->fixed_remote : &socket->dgram->fixed_sendto) = address;
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

NTSTATUS we_wsk_dgram_set_remote(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)information;
    return address_set(call, control, true);
}

NTSTATUS we_wsk_dgram_set_sendto(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)information;
    return address_set(call, control, false);
}

NTSTATUS we_wsk_dgram_set_connreset(struct we_wsk_call *call, const struct we_wsk_control *control,
                                    ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    NTSTATUS status;
    UCHAR value;

    (void)information;
    /* A BOOL; a single byte of it tells enough on little-endian machines, and some drivers give a BOOLEAN. */
    memcpy(&value, control->input, sizeof(value));
    we_host_mutex_lock(&socket->lock);
    socket->dgram_options.report_unreachable = value != 0;
    status = we_wsk_dgram_apply_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    return status;
}
