/* SPDX-License-Identifier: MIT */
/* Datagram endpoints of the network seam: what a datagram carries beside its bytes, and the calls that move one. */
#ifndef WE_HOST_DGRAM_H
#define WE_HOST_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base_addr.h"
#include "base/base_assert.h"
#include "base/base_err.h"
#include "host/host_group.h"

/* Contract
 *
 * A datagram endpoint is bound when it is opened; then it is watched (we_host_ep_watch, WE_WATCH_ALL), closed
 * (we_host_close) and asked for its address and buffers like any other. It is never connected: who wants one peer only
 * looks at the senders.
 *
 * READABLE is an edge: after it the owner receives until WE_ERR_AGAIN, or remembers that more may be there. What
 * arrives beyond the receive buffer is lost. WRITABLE comes after a send that said WE_ERR_AGAIN.
 *
 * Addresses: remote has the endpoint's family, so an IPv4 sender is a mapped address on a dual-stack endpoint. local is
 * never mapped: its family tells over which protocol the datagram travelled.
 */

struct we_host_ep;
struct we_host_iov;

#define WE_HOST_DGRAM_IOV_MAX 64u /* entries of one call */

struct we_host_dgram_options {
    bool is_v6_only;
    bool is_shared; /* other endpoints that say the same may have the same address */
};

enum we_host_dgram_delivery { WE_DGRAM_UNICAST, WE_DGRAM_BROADCAST, WE_DGRAM_MULTICAST };

/* Of a hop limit or traffic class: not known (received), or the endpoint's own (sent). */
#define WE_DGRAM_NONE (-1)

struct we_host_dgram {
    struct we_base_addr remote; /* who sent it; where it goes */
    struct we_base_addr local;  /* where it was sent to; the source to use. WE_FAMILY_NONE: unknown; any. No port. */
    uint32_t interface_index;   /* where it came in; where it goes out, 0 = as the routes say */
    int hop_limit;
    int traffic_class; /* all eight bits */
    /* Received only. */
    enum we_host_dgram_delivery delivery;
    size_t length_bytes; /* of the datagram; more than the room that was given: it was cut */
};

enum we_host_dgram_option {
    WE_DGRAM_MAY_BROADCAST,     /* else sending to a broadcast address is WE_ERR_ACCESS */
    WE_DGRAM_WANTS_DETAILS,     /* hop limit and traffic class of what is received */
    WE_DGRAM_WANTS_UNREACHABLE, /* that nobody has the port that was sent to becomes WE_ERR_REFUSED of a receive, where
                                   the system can tell */
    WE_DGRAM_HOP_LIMIT,         /* of what is sent to one host */
    WE_DGRAM_GROUP_HOP_LIMIT,   /* of what is sent to a multicast group */
    WE_DGRAM_TRAFFIC_CLASS      /* of what is sent */
};

/* Binds to local; port 0: chosen by the network. */
WE_MUST_USE enum we_err we_host_dgram_open(const struct we_base_addr *local,
                                           const struct we_host_dgram_options *options, struct we_host_ep **ep);
/* Sends one datagram, all of it or nothing. WE_ERR_AGAIN: WRITABLE follows. WE_ERR_TOO_LARGE: no datagram is so long. */
WE_MUST_USE enum we_err we_host_dgram_send(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                           const struct we_host_iov *iov, unsigned iov_count);
/* Sends the bytes as datagrams of segment_bytes (not 0) each, the last of which may be shorter. WE_OK: *bytes of them have
 * gone, whole datagrams, one at least; for what is left it is called again. Else none has gone, and *bytes is 0. */
WE_MUST_USE enum we_err we_host_dgram_send_segments(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                                    const struct we_host_iov *iov, unsigned iov_count,
                                                    size_t segment_bytes, size_t *bytes);
/* For tests: each segment is sent by a call of its own, as where the system cannot do several; false: no more. */
void we_host_dgram_segment_by_hand(bool is_by_hand);
/* Receives one. WE_ERR_REFUSED: what was sent to dgram->remote found nobody (WE_DGRAM_WANTS_UNREACHABLE). */
WE_MUST_USE enum we_err we_host_dgram_recv(struct we_host_ep *ep, struct we_host_dgram *dgram,
                                           const struct we_host_iov *iov, unsigned iov_count);
WE_MUST_USE enum we_err we_host_dgram_set(struct we_host_ep *ep, enum we_host_dgram_option option, int value);
/* Enters or leaves a multicast group, or changes whom the endpoint hears there: host_group.h says what may follow what.
 * A datagram to a group is for those alone that are in it and hear its sender. */
WE_MUST_USE enum we_err we_host_dgram_group(struct we_host_ep *ep, const struct we_host_group_order *order);

/* Describes the first length_bytes of iov in part, which has room for iov_count entries; returns how many it has. iov must
 * have so many bytes. */
unsigned we_host_iov_head(const struct we_host_iov *iov, unsigned iov_count, size_t length_bytes,
                          struct we_host_iov *part);
size_t we_host_iov_bytes(const struct we_host_iov *iov, unsigned iov_count);

/* A datagram to remote, everything else left to the endpoint. */
struct we_host_dgram we_host_dgram_to(const struct we_base_addr *remote);

#endif
