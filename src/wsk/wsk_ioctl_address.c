/* SPDX-License-Identifier: MIT */
/* I/O controls about this host's addresses and routes: functions of rows of the table. */
#include <string.h>

#include <mstcpip.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_option_table.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "host/host_mem.h"

/* A host with more addresses than this tells the first ones. */
#define ADDRESS_COUNT_MAX 256u

/* --- lists ------------------------------------------------------------------------------------------ */

static SIZE_T sockaddr_size(ADDRESS_FAMILY family)
{
    return family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);
}

/* Addresses stand behind the list, each at a place that its alignment allows. */
static SIZE_T sockaddr_room(ADDRESS_FAMILY family)
{
    return (sockaddr_size(family) + sizeof(ULONGLONG) - 1) & ~(sizeof(ULONGLONG) - 1);
}

static void list_fill(SOCKET_ADDRESS_LIST *list, ADDRESS_FAMILY family, const struct we_base_addr *addrs,
                      unsigned count)
{
    UCHAR *place = (UCHAR *)list + SIZEOF_SOCKET_ADDRESS_LIST(count);
    unsigned i;

    list->iAddressCount = (INT)count;
    for (i = 0; i < count; i++, place += sockaddr_room(family)) {
        list->Address[i].lpSockaddr = (LPSOCKADDR)(PVOID)place;
        list->Address[i].iSockaddrLength = (INT)sockaddr_size(family);
        we_wsk_addr_to_sockaddr(&addrs[i], family, list->Address[i].lpSockaddr);
    }
}

NTSTATUS we_wsk_ioctl_address_list_query(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    ADDRESS_FAMILY family = call->socket->family;
    struct we_base_addr *addrs = we_host_zalloc(ADDRESS_COUNT_MAX * sizeof(*addrs));
    unsigned count;
    SIZE_T size;

    (void)row;
    if (addrs == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    count = we_host_net_local_addresses(we_wsk_addr_family(family), addrs, ADDRESS_COUNT_MAX);
    count = count < ADDRESS_COUNT_MAX ? count : ADDRESS_COUNT_MAX;
    size = SIZEOF_SOCKET_ADDRESS_LIST(count) + count * sockaddr_room(family);
    size = size > sizeof(SOCKET_ADDRESS_LIST) ? size : sizeof(SOCKET_ADDRESS_LIST);
    *information = size;
    if (control->output != NULL && control->output_size >= size) {
        list_fill(control->output, family, addrs, count);
    }
    we_host_free(addrs);
    return control->output != NULL && control->output_size >= size ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

/* Bytes of a list and its addresses, or 0 when it is not whole: addresses may lie anywhere. */
static SIZE_T list_size(const SOCKET_ADDRESS_LIST *list, SIZE_T input_size)
{
    SIZE_T size;
    INT i;

    if (input_size < FIELD_OFFSET(SOCKET_ADDRESS_LIST, Address) || list->iAddressCount < 0 ||
        (SIZE_T)list->iAddressCount > input_size / sizeof(SOCKET_ADDRESS)) {
        return 0;
    }
    size = SIZEOF_SOCKET_ADDRESS_LIST((SIZE_T)list->iAddressCount);
    if (input_size < size) {
        return 0;
    }
    for (i = 0; i < list->iAddressCount; i++) {
        const SOCKADDR *address = list->Address[i].lpSockaddr;

        if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
            (SIZE_T)list->Address[i].iSockaddrLength < sockaddr_size(address->sa_family)) {
            return 0;
        }
        size += sockaddr_room(address->sa_family);
    }
    return size;
}

/* Input and output may be the same buffer, with the addresses behind the list: so everything is copied first. */
static NTSTATUS list_copy(const SOCKET_ADDRESS_LIST *from, SOCKET_ADDRESS_LIST *to, SIZE_T size)
{
    SOCKET_ADDRESS_LIST *copy = we_host_zalloc(size > sizeof(*copy) ? size : sizeof(*copy));
    SIZE_T offset = SIZEOF_SOCKET_ADDRESS_LIST((SIZE_T)from->iAddressCount);
    INT i;

    if (copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    copy->iAddressCount = from->iAddressCount;
    for (i = 0; i < from->iAddressCount; i++) {
        ADDRESS_FAMILY family = from->Address[i].lpSockaddr->sa_family;

        copy->Address[i].lpSockaddr = (LPSOCKADDR)(PVOID)((UCHAR *)to + offset);
        copy->Address[i].iSockaddrLength = (INT)sockaddr_size(family);
        memcpy((UCHAR *)copy + offset, from->Address[i].lpSockaddr, sockaddr_size(family));
        offset += sockaddr_room(family);
    }
    memcpy(to, copy, size);
    we_host_free(copy);
    return STATUS_SUCCESS;
}

/* Which address is the best depends on the destination, and nobody says one: the order stays. */
NTSTATUS we_wsk_ioctl_address_list_sort(struct we_wsk_call *call, const struct we_wsk_row *row,
                                        const struct we_wsk_control *control, ULONG_PTR *information)
{
    const SOCKET_ADDRESS_LIST *list = control->input;
    SIZE_T size = list_size(list, control->input_size);
    NTSTATUS status;

    (void)call;
    (void)row;
    if (size == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *information = size;
    if (control->output_size < size) {
        return STATUS_BUFFER_OVERFLOW;
    }
    status = list_copy(list, control->output, size);
    *information = NT_SUCCESS(status) ? size : 0;
    return status;
}

/* Neither addresses nor routes change while drivers run here. The IRP waits for its cancel, or the socket's close. */
NTSTATUS we_wsk_ioctl_wait_for_change(struct we_wsk_call *call, const struct we_wsk_row *row,
                                      const struct we_wsk_control *control, ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_base_addr remote;
    NTSTATUS status;

    (void)information;
    if (row->input_size != 0 && !we_wsk_addr_from_sockaddr(control->input, socket->family, &remote)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_host_mutex_lock(&socket->lock);
    if (we_wsk_is_closing(socket)) {
        status = STATUS_FILE_FORCED_CLOSED;
    } else if (we_wsk_irp_queue_insert_locked(&socket->change_irps, socket, call->irp)) {
        status = STATUS_PENDING;
    } else {
        status = STATUS_CANCELLED;
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

/* --- single addresses ------------------------------------------------------------------------------- */

NTSTATUS we_wsk_ioctl_broadcast_address(struct we_wsk_call *call, const struct we_wsk_row *row,
                                        const struct we_wsk_control *control, ULONG_PTR *information)
{
    SOCKADDR_IN *address = control->output;

    if (call->socket->family != AF_INET) {
        return STATUS_NOT_SUPPORTED; /* IPv6 has no broadcasts */
    }
    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = INADDR_BROADCAST;
    *information = row->output_size;
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_ioctl_routing_query(struct we_wsk_call *call, const struct we_wsk_row *row,
                                    const struct we_wsk_control *control, ULONG_PTR *information)
{
    ADDRESS_FAMILY family = call->socket->family;
    struct we_base_addr remote;
    struct we_base_addr local;
    enum we_err err;

    (void)row;
    if (control->input_size < sockaddr_size(family) || !we_wsk_addr_from_sockaddr(control->input, family, &remote)) {
        return STATUS_INVALID_PARAMETER;
    }
    *information = sockaddr_size(family);
    if (control->output_size < sockaddr_size(family)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    err = we_host_net_route(&remote, &local);
    if (err != WE_OK) {
        *information = 0;
        return we_wsk_status(err, WE_WSK_OP_CONTROL);
    }
    we_wsk_addr_to_sockaddr(&local, family, control->output);
    return STATUS_SUCCESS;
}
