/* SPDX-License-Identifier: MIT */
/* Datagram endpoints of the virtual network: what the table of ports and the way of datagrams share. */
#ifndef WE_HOST_NET_VIRTUAL_PORT_H
#define WE_HOST_NET_VIRTUAL_PORT_H

#include "host/host_net_virtual.h"

/* Design
 *
 * A port is a datagram endpoint: an address of its own and two queues. What is sent to it is in flight until its event
 * is taken, and can be received only then; where nobody waits for events it arrives at once. One event, one datagram.
 * What does not fit into the receive buffer is lost, as anywhere. Nothing else is: datagrams neither vanish nor change
 * their order, so tests repeat exactly.
 *
 * What a port has in flight to others counts against its send buffer: when that is full, sending has to wait for
 * WRITABLE, which comes as what is in flight arrives. A single datagram always may go.
 *
 * The best claim gets a datagram: the one with its very address, then a wildcard, then a dual-stack wildcard; of equal
 * ones, which only sharing allows, the youngest. Broadcasts go to all claims that fit, multicasts to those of them that
 * are in the group and hear the sender there. A datagram to a port that nobody has comes back, to a sender who wants
 * that, as an answer that travels like a datagram.
 *
 * Locks: the table of ports (rank NET), then one port (NET_LINK), then its queue. A sender holds the table for as long
 * as it delivers: so no receiver is closed meanwhile. Sender and receiver are never locked together.
 */

struct we_host_virtual_parcel {
    struct we_base_list link;
    struct we_host_virtual_port *sender; /* while in flight: a reference; what it is charged is the length */
    struct we_host_dgram about;
    enum we_err err; /* else than WE_OK: an answer, not a datagram */
    unsigned char data[];
};

struct we_host_virtual_port {
    struct we_host_virtual_ep ep; /* first */
    unsigned references;          /* atomic: the owner's, and of wait() while it asks the port */
    /* Constant once the port is in the table. */
    struct we_base_addr local;
    bool is_dual;
    bool is_shared;
    /* Guarded by the table. */
    struct we_base_list name_link;
    struct we_host_groups groups;

    struct we_host_mutex lock; /* guards what follows */
    bool is_closed;
    bool is_news;      /* what had arrived before the watch has to be told */
    bool wants_room;   /* a send had to wait */
    bool is_room_news; /* and now need not */
    bool may_broadcast;
    bool wants_unreachable;
    int hop_limit;
    int group_hop_limit;
    int traffic_class;
    unsigned receive_buffer_bytes;
    unsigned send_buffer_bytes;
    size_t outgoing_bytes; /* in flight from here */
    size_t waiting_bytes;
    unsigned waiting_count;
    struct we_base_list flying;  /* parcels */
    struct we_base_list arrived; /* parcels */
};

static inline struct we_host_virtual_port *we_host_virtual_port_of_name(struct we_base_list *link)
{
    return WE_BASE_LIST_ITEM(link, struct we_host_virtual_port, name_link);
}

/* The lock of the table. Everything that ends in _locked and takes no port's lock needs it. */
void we_host_virtual_ports_lock(void);
void we_host_virtual_ports_unlock(void);
/* The ports whose number may be this one, the youngest first. */
struct we_base_list *we_host_virtual_port_bucket(uint16_t port);
/* Who gets a datagram to addr, or NULL. */
struct we_host_virtual_port *we_host_virtual_port_find_locked(const struct we_base_addr *addr);
/* Whether a broadcast or multicast, about, is for port. */
bool we_host_virtual_port_hears_locked(const struct we_host_virtual_port *port, const struct we_host_dgram *about);
void we_host_virtual_parcels_free(struct we_base_list *parcels);
/* No port locked: the parcel is not in flight any more, and its sender has room again. */
void we_host_virtual_parcel_landed(struct we_host_virtual_parcel *parcel);

#endif
