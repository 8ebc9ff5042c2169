/* SPDX-License-Identifier: MIT */
/* Datagrams from the network: whom a socket hears, and datagrams that are joined. */
#include <string.h>

#include "wsk/wsk_dgram_rx.h"

#include "host/host_log.h"

/* --- reading ---------------------------------------------------------------------------------- */

bool we_wsk_dgram_can_read_locked(const struct we_wsk_dgram_pump *pump)
{
    return pump->dgram->may_read && pump->socket->ep != NULL && pump->read_budget > 0;
}

/* With SIO_WSK_SET_REMOTE_ADDRESS only one peer is heard. */
static bool is_peer_heard_locked(const struct we_wsk_dgram_pump *pump, const struct we_base_addr *remote)
{
    struct we_base_addr fixed = we_base_addr_unmapped(&pump->dgram->fixed_remote);
    struct we_base_addr sender = we_base_addr_unmapped(remote);

    return fixed.family == WE_FAMILY_NONE || (we_base_addr_same_host(&fixed, &sender) && fixed.port == sender.port);
}

/* The system's answer is remembered, by the end of the address; that it has none is not. */
static bool is_here_locked(struct we_wsk_dgram *dgram, const struct we_base_addr *sender)
{
    unsigned last = sender->bytes[sender->family == WE_FAMILY_IPV4 ? 3 : 15];
    struct we_wsk_known_host *known = &dgram->known_hosts[last % WE_WSK_KNOWN_HOST_COUNT];
    uint32_t interface_index;
    enum we_err err;

    if (!we_base_addr_same_host(&known->addr, sender)) {
        err = we_host_net_interface(sender, &interface_index);
        known->addr =
            err == WE_OK || err == WE_ERR_ADDRESS ? *sender : (struct we_base_addr){ .family = WE_FAMILY_NONE };
        known->is_here = err == WE_OK;
    }
    return known->is_here;
}

/* The socket has sent it: from its port, and from its address or, without one of its own, from one of this host's.
 * Whoever else is on this host may stand for another one. */
static bool is_own_locked(const struct we_wsk_dgram_pump *pump, const struct we_base_addr *remote)
{
    struct we_base_addr local = we_base_addr_unmapped(&pump->socket->local);
    struct we_base_addr sender = we_base_addr_unmapped(remote);

    if (sender.port != local.port) {
        return false;
    }
    return we_base_addr_is_any(&local) ? is_here_locked(pump->dgram, &sender) : we_base_addr_same_host(&local, &sender);
}

/* IP_RECEIVE_BROADCAST, and IP_MULTICAST_LOOP or its like of IPv6. */
static bool is_delivery_heard_locked(const struct we_wsk_dgram_pump *pump, const struct we_host_dgram *about)
{
    const struct we_wsk_dgram_options *options = &pump->socket->dgram_options;

    switch (about->delivery) {
    case WE_DGRAM_BROADCAST:
        return options->ignore_broadcast == 0;
    case WE_DGRAM_MULTICAST:
        return (about->local.family == WE_FAMILY_IPV6 ? options->v6_ignore_own : options->v4_ignore_own) == 0 ||
               !is_own_locked(pump, &about->remote);
    case WE_DGRAM_UNICAST:
        break;
    }
    return true;
}

/* What a receive has said, and about what. */
static bool is_heard_locked(const struct we_wsk_dgram_pump *pump, enum we_err err, const struct we_host_dgram *about)
{
    if (err == WE_ERR_REFUSED) {
        return is_peer_heard_locked(pump, &about->remote);
    }
    return err != WE_OK || (is_peer_heard_locked(pump, &about->remote) && is_delivery_heard_locked(pump, about));
}

enum we_err we_wsk_dgram_read_locked(struct we_wsk_dgram_pump *pump, struct we_host_dgram *about,
                                     const struct we_host_iov *iov, unsigned iov_count)
{
    enum we_err err = WE_ERR_AGAIN;

    while (we_wsk_dgram_can_read_locked(pump)) {
        pump->read_budget--;
        err = we_host_dgram_recv(pump->socket->ep, about, iov, iov_count);
        if (err == WE_ERR_AGAIN) {
            pump->dgram->may_read = false;
            return err;
        }
        if (!is_heard_locked(pump, err, about)) {
            err = WE_ERR_AGAIN;
            continue;
        }
        return err;
    }
    return err;
}

/* Reads the next datagram into a fresh block; NULL: none, or no memory for it. */
static struct we_wsk_block *read_block_locked(struct we_wsk_dgram_pump *pump)
{
    struct we_wsk_block *block = we_wsk_block_take(pump->socket);
    struct we_host_iov iov;
    enum we_err err;

    if (block == NULL) {
        WE_LOG_ONCE(WE_LOG_WARNING, "no memory for a datagram: it waits in the network");
        return NULL;
    }
    iov.base = block->bytes;
    iov.length_bytes = sizeof(block->bytes);
    do {
        err = we_wsk_dgram_read_locked(pump, &block->dgram.about, &iov, 1);
    } while (err == WE_ERR_REFUSED);
    if (err != WE_OK) {
        we_wsk_block_give(block);
        return NULL;
    }
    block->length_bytes = (ULONG)block->dgram.about.length_bytes;
    block->dgram.segment_bytes = 0;
    return block;
}

/* --- joining datagrams (UDP_RECV_MAX_COALESCED_SIZE) --------------------------------------------- */

static bool are_alike(const struct we_host_dgram *a, const struct we_host_dgram *b)
{
    return we_base_addr_equal(&a->remote, &b->remote) && we_base_addr_same_host(&a->local, &b->local) &&
           a->interface_index == b->interface_index && a->hop_limit == b->hop_limit &&
           a->traffic_class == b->traffic_class;
}

/* What is beside a block and belongs to the next one moves there. */
static void block_spill(struct we_wsk_block *from, struct we_wsk_block *to, ULONG first_bytes)
{
    ULONG total_bytes = (ULONG)to->dgram.about.length_bytes;

    if (total_bytes < first_bytes) {
        first_bytes = total_bytes;
    }
    memmove(to->bytes + first_bytes, to->bytes, total_bytes - first_bytes);
    memcpy(to->bytes, from->bytes + from->length_bytes, first_bytes);
    to->length_bytes = total_bytes;
    to->dgram.segment_bytes = 0;
}

/* Joins what follows to the block's datagram, as long as it is of the same size and comes from the same sender; the last
 * one may be shorter. A datagram that does not fit goes into *next. */
static void join_locked(struct we_wsk_dgram_pump *pump, struct we_wsk_block *block, size_t most_bytes,
                        struct we_wsk_block **next)
{
    ULONG size_bytes = block->length_bytes;
    bool is_last = size_bytes == 0;

    *next = NULL;
    while (!is_last && block->length_bytes + size_bytes <= most_bytes && we_wsk_dgram_can_read_locked(pump)) {
        struct we_wsk_block *spill = we_wsk_block_take(pump->socket);
        struct we_host_iov iov[2];

        if (spill == NULL) {
            return;
        }
        iov[0] = (struct we_host_iov){ block->bytes + block->length_bytes, size_bytes };
        iov[1] = (struct we_host_iov){ spill->bytes, sizeof(spill->bytes) };
        if (we_wsk_dgram_read_locked(pump, &spill->dgram.about, iov, 2) != WE_OK) {
            we_wsk_block_give(spill);
            return;
        }
        if (spill->dgram.about.length_bytes > size_bytes || spill->dgram.about.length_bytes == 0 ||
            !are_alike(&block->dgram.about, &spill->dgram.about)) {
            block_spill(block, spill, size_bytes);
            *next = spill;
            return;
        }
        is_last = spill->dgram.about.length_bytes < size_bytes;
        block->length_bytes += (ULONG)spill->dgram.about.length_bytes;
        block->dgram.segment_bytes = size_bytes;
        we_wsk_block_give(spill);
    }
}

struct we_wsk_block *we_wsk_dgram_next_locked(struct we_wsk_dgram_pump *pump, size_t room_bytes)
{
    struct we_base_list *held = &pump->dgram->held;
    size_t most_bytes = pump->socket->dgram_options.coalesced_bytes;
    struct we_wsk_block *block;
    struct we_wsk_block *spill = NULL;

    if (!we_base_list_is_empty(held)) {
        return we_wsk_block_of(we_base_list_pop(held));
    }
    block = read_block_locked(pump);
    if (block != NULL && most_bytes != 0) {
        join_locked(pump, block, most_bytes < room_bytes ? most_bytes : room_bytes, &spill);
    }
    if (spill != NULL) {
        we_base_list_append(held, &spill->link);
    }
    return block;
}
