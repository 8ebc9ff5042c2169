/* SPDX-License-Identifier: MIT */
/* Which socket may bind to an address that another one has. */
#ifndef WE_WSK_SHARE_H
#define WE_WSK_SHARE_H

#include <stdbool.h>

#include <wsk.h>

#include "base/base_addr.h"
#include "base/base_list.h"

struct we_wsk_socket;

/* How a socket takes its address: SO_REUSEADDR, SO_EXCLUSIVEADDRUSE, or neither. */
enum we_wsk_share_mode { WE_SHARE_NONE, WE_SHARE_REUSE, WE_SHARE_EXCLUSIVE };

/* A bound socket's entry; embedded in it. */
struct we_wsk_claim {
    struct we_base_list link; /* unlinked: the socket has claimed nothing */
    struct we_base_addr addr;
    bool is_datagram;
    bool is_dual; /* an IPv6 socket that is for IPv4 as well */
    enum we_wsk_share_mode mode;
    const struct we_wsk_socket *socket;
};

/* Forgets the addresses that linger. */
void we_wsk_share_start(void);
/* Asks whether the socket may have the address, and notes it; port 0 is always granted. STATUS_ADDRESS_ALREADY_EXISTS or
 * STATUS_ACCESS_DENIED: somebody of this library has it; STATUS_ADDRESS_ALREADY_ASSOCIATED: had it a moment ago. The network then still has a say about everybody else's. State
 * and options of the socket do not change meanwhile. No lock. */
NTSTATUS we_wsk_share_enter(struct we_wsk_socket *socket, const struct we_base_addr *local);
/* The network has chosen a port: socket->local has it now. */
void we_wsk_share_chosen(struct we_wsk_socket *socket);
/* Whether a socket of this library has the port, at whichever address. Locks up to WE_RANK_RESERVE may be held. */
bool we_wsk_share_has_port(bool is_datagram, uint16_t port);
/* The address is free again. Does nothing for a socket that has claimed none. No lock. */
void we_wsk_share_leave(struct we_wsk_socket *socket);

#endif
