/* SPDX-License-Identifier: MIT */
/* Blocks of ports that sockets have reserved: one table, and the three I/O controls. */
#include "wsk/wsk_reserve.h"

#include <mstcpip.h>
#include <string.h>

#include "wsk/wsk_option_table.h"
#include "wsk/wsk_share.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_status.h"

#include "host/host_dgram.h"
#include "host/host_lock.h"
#include "host/host_net.h"

/* Design
 *
 * A reservation is a line of the table and nothing in the network: binds of the library look here first. Before a block
 * is granted each of its ports is asked for, of the sockets of the library and, with a bind that is undone at once, of
 * the network. TCP and UDP have ports of their own; IPv4 and IPv6 have not, a reservation is for both.
 *
 * As long as there are reservations the network may not choose ports freely, because it knows nothing of them. A socket
 * that is bound to port 0 then gets one that was chosen here: of its own reservation, or one that nobody has reserved.
 */

#define RESERVATION_COUNT 64u
#define PORT_COUNT 65536u
/* How many ports the network may offer until one begins a block that is free. */
#define CHOICE_COUNT 1024u
/* How often a port that was free is gone when it is bound to. */
#define LOST_COUNT 16u

struct reservation {
    ULONG64 token; /* INVALID_PORT_RESERVATION_TOKEN: the line is free */
    bool is_datagram;
    unsigned first;
    unsigned count;
    const struct we_wsk_socket *owner;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_RESERVE);
static struct reservation s_reservations[RESERVATION_COUNT];
static ULONG64 s_last_token;

void we_wsk_reserve_start(void)
{
    we_host_mutex_lock(&s_lock);
    memset(s_reservations, 0, sizeof(s_reservations));
    we_host_mutex_unlock(&s_lock);
}

/* --- the table ------------------------------------------------------------------------------------ */

static bool is_datagram(const struct we_wsk_socket *socket)
{
    return socket->type == SOCK_DGRAM;
}

/* The line with the token, which has to be of the socket's protocol; a free one for INVALID_PORT_RESERVATION_TOKEN. */
static struct reservation *find_locked(const struct we_wsk_socket *socket, ULONG64 token)
{
    unsigned i;

    for (i = 0; i < RESERVATION_COUNT; i++) {
        struct reservation *reservation = &s_reservations[i];

        if (reservation->token == token &&
            (token == INVALID_PORT_RESERVATION_TOKEN || reservation->is_datagram == is_datagram(socket))) {
            return reservation;
        }
    }
    return NULL;
}

/* Whether somebody has reserved one of the ports. */
static bool is_reserved_locked(const struct we_wsk_socket *socket, unsigned first, unsigned count)
{
    unsigned i;

    for (i = 0; i < RESERVATION_COUNT; i++) {
        const struct reservation *reservation = &s_reservations[i];

        if (reservation->token != INVALID_PORT_RESERVATION_TOKEN && reservation->is_datagram == is_datagram(socket) &&
            first < reservation->first + reservation->count && reservation->first < first + count) {
            return true;
        }
    }
    return false;
}

/* --- the network ---------------------------------------------------------------------------------- */

/* Binds to the port and lets it go. *port 0 becomes the one that the network has chosen. */
static enum we_err probe(const struct we_wsk_socket *socket, uint16_t *port)
{
    const struct we_host_dgram_options options = { .is_v6_only = true };
    struct we_base_addr local = we_base_addr_any(socket->family == AF_INET6 ? WE_FAMILY_IPV6 : WE_FAMILY_IPV4, *port);
    struct we_host_ep *ep;
    enum we_err err =
        is_datagram(socket) ? we_host_dgram_open(&local, &options, &ep) : we_host_bound_open(&local, true, &ep);

    if (err == WE_OK) {
        err = we_host_ep_local(ep, &local);
        *port = local.port;
        we_host_close(ep, WE_CLOSE_RESET);
    }
    return err;
}

/* STATUS_SHARING_VIOLATION: one of the ports is taken or reserved. */
static NTSTATUS block_check_locked(const struct we_wsk_socket *socket, unsigned first, unsigned count)
{
    enum we_err err = is_reserved_locked(socket, first, count) ? WE_ERR_IN_USE : WE_OK;
    unsigned i;

    for (i = 0; i < count && err == WE_OK; i++) {
        uint16_t port = (uint16_t)(first + i);

        err = we_wsk_share_has_port(is_datagram(socket), port) ? WE_ERR_IN_USE : probe(socket, &port);
    }
    return err == WE_ERR_IN_USE ? STATUS_SHARING_VIOLATION : we_wsk_status(err, WE_WSK_OP_BIND);
}

/* A block that begins where the network likes. STATUS_SHARING_VIOLATION: none was found. */
static NTSTATUS block_choose_locked(const struct we_wsk_socket *socket, unsigned count, unsigned *first)
{
    NTSTATUS status = STATUS_SHARING_VIOLATION;
    unsigned i;

    for (i = 0; i < CHOICE_COUNT && status == STATUS_SHARING_VIOLATION; i++) {
        uint16_t port = 0;
        enum we_err err = probe(socket, &port);

        if (err != WE_OK) {
            return we_wsk_status(err, WE_WSK_OP_BIND);
        }
        *first = port;
        if (port + count <= PORT_COUNT) {
            status = block_check_locked(socket, port, count);
        }
    }
    return status;
}

/* --- binding -------------------------------------------------------------------------------------- */

static NTSTATUS search_own_locked(struct we_wsk_port_search *search, uint16_t port)
{
    const struct reservation *reservation = find_locked(search->socket, search->socket->reservation);

    if (reservation == NULL) {
        return STATUS_ADDRESS_ALREADY_EXISTS;
    }
    if (port == 0) {
        search->kind = WE_SEARCH_OWN;
        search->next = (uint16_t)reservation->first;
        search->left_count = reservation->count;
        return STATUS_SUCCESS;
    }
    return port >= reservation->first && port < reservation->first + reservation->count ? STATUS_SUCCESS
                                                                                        : STATUS_INVALID_PARAMETER;
}

static NTSTATUS search_others_locked(struct we_wsk_port_search *search, uint16_t port)
{
    if (port == 0 && is_reserved_locked(search->socket, 0, PORT_COUNT)) {
        search->kind = WE_SEARCH_UNRESERVED;
        search->left_count = LOST_COUNT;
    }
    return port != 0 && is_reserved_locked(search->socket, port, 1) ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

NTSTATUS we_wsk_reserve_search(struct we_wsk_port_search *search, struct we_wsk_socket *socket, uint16_t port)
{
    NTSTATUS status;

    *search = (struct we_wsk_port_search){ .socket = socket, .kind = WE_SEARCH_ONE, .next = port, .left_count = 1 };
    we_host_mutex_lock(&s_lock);
    status = socket->reservation != INVALID_PORT_RESERVATION_TOKEN ? search_own_locked(search, port)
                                                                   : search_others_locked(search, port);
    we_host_mutex_unlock(&s_lock);
    return status;
}

NTSTATUS we_wsk_reserve_next(struct we_wsk_port_search *search, uint16_t *port)
{
    unsigned first = 0;
    NTSTATUS status;

    search->left_count--;
    if (search->kind != WE_SEARCH_UNRESERVED) {
        *port = search->next++;
        return search->kind == WE_SEARCH_OWN && we_wsk_share_has_port(is_datagram(search->socket), *port)
                   ? STATUS_ADDRESS_ALREADY_EXISTS
                   : STATUS_SUCCESS;
    }
    we_host_mutex_lock(&s_lock);
    status = block_choose_locked(search->socket, 1, &first);
    we_host_mutex_unlock(&s_lock);
    *port = (uint16_t)first;
    return status == STATUS_SHARING_VIOLATION ? STATUS_ADDRESS_ALREADY_EXISTS : status;
}

/* --- the controls --------------------------------------------------------------------------------- */

static NTSTATUS acquire_locked(struct we_wsk_socket *socket, unsigned first, unsigned count,
                               INET_PORT_RESERVATION_INSTANCE *instance)
{
    struct reservation *reservation = find_locked(socket, INVALID_PORT_RESERVATION_TOKEN);
    NTSTATUS status;

    if (reservation == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = first == 0 ? block_choose_locked(socket, count, &first) : block_check_locked(socket, first, count);
    if (NT_SUCCESS(status)) {
        *reservation = (struct reservation){ ++s_last_token, is_datagram(socket), first, count, socket };
        socket->has_reserved = true;
        instance->StartPort = RtlUshortByteSwap((USHORT)first);
        instance->NumberOfPorts = (USHORT)count;
        instance->Token = reservation->token;
    }
    return status;
}

NTSTATUS we_wsk_ioctl_acquire_ports(struct we_wsk_call *call, const struct we_wsk_row *row,
                                    const struct we_wsk_control *control, ULONG_PTR *information)
{
    INET_PORT_RESERVATION_INSTANCE instance;
    INET_PORT_RANGE range;
    unsigned first;
    NTSTATUS status;

    memcpy(&range, control->input, sizeof(range));
    first = RtlUshortByteSwap(range.StartPort);
    if (range.NumberOfPorts == 0 || first + range.NumberOfPorts > PORT_COUNT) {
        return STATUS_INVALID_PARAMETER;
    }
    memset(&instance, 0, sizeof(instance));
    we_host_mutex_lock(&s_lock);
    status = acquire_locked(call->socket, first, range.NumberOfPorts, &instance);
    we_host_mutex_unlock(&s_lock);
    if (NT_SUCCESS(status)) {
        memcpy(control->output, &instance, sizeof(instance));
        *information = row->output_size;
    }
    return status;
}

/* The reservation with the token in the input; NULL: there is none. */
static struct reservation *find_input_locked(const struct we_wsk_socket *socket, const struct we_wsk_control *control)
{
    INET_PORT_RESERVATION_TOKEN token;

    memcpy(&token, control->input, sizeof(token));
    return token.Token == INVALID_PORT_RESERVATION_TOKEN ? NULL : find_locked(socket, token.Token);
}

NTSTATUS we_wsk_ioctl_release_ports(struct we_wsk_call *call, const struct we_wsk_row *row,
                                    const struct we_wsk_control *control, ULONG_PTR *information)
{
    struct reservation *reservation;

    (void)row;
    (void)information;
    we_host_mutex_lock(&s_lock);
    reservation = find_input_locked(call->socket, control);
    if (reservation != NULL) {
        memset(reservation, 0, sizeof(*reservation));
    }
    we_host_mutex_unlock(&s_lock);
    return reservation != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS we_wsk_ioctl_associate_ports(struct we_wsk_call *call, const struct we_wsk_row *row,
                                      const struct we_wsk_control *control, ULONG_PTR *information)
{
    const struct reservation *reservation;

    (void)row;
    (void)information;
    we_host_mutex_lock(&s_lock);
    reservation = find_input_locked(call->socket, control);
    if (reservation != NULL) {
        call->socket->reservation = reservation->token;
    }
    we_host_mutex_unlock(&s_lock);
    return reservation != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

void we_wsk_reserve_leave(const struct we_wsk_socket *socket)
{
    unsigned i;

    if (!socket->has_reserved) {
        return; /* each socket comes here, and few have */
    }
    we_host_mutex_lock(&s_lock);
    for (i = 0; i < RESERVATION_COUNT; i++) {
        if (s_reservations[i].owner == socket) {
            memset(&s_reservations[i], 0, sizeof(s_reservations[i]));
        }
    }
    we_host_mutex_unlock(&s_lock);
}
