/* SPDX-License-Identifier: MIT */
/* Blocks of ports that sockets have reserved: SIO_ACQUIRE_PORT_RESERVATION and its companions. */
#ifndef WE_WSK_RESERVE_H
#define WE_WSK_RESERVE_H

#include <stdint.h>

#include <wsk.h>

struct we_wsk_socket;

/* The ports that a bind may try, one after the other. */
struct we_wsk_port_search {
    struct we_wsk_socket *socket;
    enum {
        WE_SEARCH_ONE,       /* next, be it 0: the network's choice */
        WE_SEARCH_OWN,       /* those of the reservation, from next on */
        WE_SEARCH_UNRESERVED /* any that the network has and nobody has reserved */
    } kind;
    uint16_t next;
    unsigned left_count;
};

/* Forgets all reservations. */
void we_wsk_reserve_start(void);
/* Says where a bind to port (0: any) may look. STATUS_ACCESS_DENIED: somebody has reserved the port;
 * STATUS_INVALID_PARAMETER: it is not in the socket's reservation; STATUS_ADDRESS_ALREADY_EXISTS: the reservation is
 * gone. No lock. */
NTSTATUS we_wsk_reserve_search(struct we_wsk_port_search *search, struct we_wsk_socket *socket, uint16_t port);
/* The next port to try. STATUS_ADDRESS_ALREADY_EXISTS: none was found; worth another call while left_count is not 0.
 * Other statuses: the network cannot. No lock. */
NTSTATUS we_wsk_reserve_next(struct we_wsk_port_search *search, uint16_t *port);
/* Releases what the socket has acquired. No lock, and none of its calls runs any more. */
void we_wsk_reserve_leave(const struct we_wsk_socket *socket);

#endif
