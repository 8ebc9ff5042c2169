/* SPDX-License-Identifier: MIT */
/* What a network provides behind host_net.h, and what all endpoints have in common. */
#ifndef WE_HOST_NET_OPS_H
#define WE_HOST_NET_OPS_H

#include "base/base_list.h"
#include "host/host_dgram.h"
#include "host/host_net.h"

/* Design
 *
 * host_net.c owns the registrations: for each processor a shard, which is a lock (rank POLLER) and a map from id to
 * endpoint. A network (an ops table) owns everything else. The first member of each network's endpoint is a
 * struct we_host_ep.
 *
 * An endpoint begins on its shard's list of endpoints that nobody watches, moves into the map with its first watch,
 * and leaves either one in close, before the network hears of the close. So while a shard's lock is held, an endpoint
 * that was found in its map cannot be closed: refine relies on that. Events carry ids; an id that leads nowhere is an
 * event that came too late.
 */

struct we_host_ep {
    /* Guarded by the lock of the shard; the owner, who makes all changes, may read them without. */
    const struct we_host_ep_client *client;
    void *context;
    we_base_id id;            /* 0 until the first watch */
    struct we_base_list link; /* among the shard's unwatched endpoints */
    unsigned cpu;             /* whose shard this is in; once watched, where events go */
    enum we_host_watch watch;
    bool is_muted; /* no event follows any more */
};

/* Unless it says otherwise a function is what host_net.h says of its namesake, called without any lock of ours, and
 * has to look after its own endpoints only. */
struct we_host_net_ops {
    unsigned abilities;
    WE_MUST_USE enum we_err (*start)(const struct we_host_net_config *config);
    void (*stop)(void); /* no endpoint is left */
    unsigned (*wait)(unsigned cpu, uint64_t timeout_ns, struct we_host_ready *ready, unsigned ready_max);
    void (*wake)(unsigned cpu);
    bool (*has_events)(unsigned cpu);
    bool (*settle)(void);
    /* Turns what wait() saw into what the owner gets; 0 = nothing. The shard's lock is held. */
    unsigned (*refine)(struct we_host_ep *ep, unsigned events);
    /* These make an endpoint; a listener does not report anything before its first watch. */
    WE_MUST_USE enum we_err (*listen)(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                      struct we_host_ep **listener);
    WE_MUST_USE enum we_err (*accept)(struct we_host_ep *listener, struct we_host_ep **request);
    WE_MUST_USE enum we_err (*stream_open)(const struct we_base_addr *local, bool is_v6_only,
                                           struct we_host_ep **stream);
    WE_MUST_USE enum we_err (*bound_open)(const struct we_base_addr *local, bool is_v6_only,
                                          struct we_host_ep **stream);
    /* Takes the stream's address over; the stream is closed right after, whatever the result. */
    WE_MUST_USE enum we_err (*bound_listen)(struct we_host_ep *stream, const struct we_host_listen_options *options,
                                            struct we_host_ep **listener);
    /* An endpoint may share its port, if it is this one: the shard's lock is held, and the endpoint keeps what it has. NULL:
     * there is nothing to tell it. */
    void (*share)(struct we_host_ep *ep, bool is_datagram, uint16_t port);
    /* id, cpu and watch have been set: reports events under them from now on, and looks at what waits already. */
    WE_MUST_USE enum we_err (*watch)(struct we_host_ep *ep);
    WE_MUST_USE enum we_err (*confirm)(struct we_host_ep *request);
    void (*refuse)(struct we_host_ep *request);
    WE_MUST_USE enum we_err (*connect)(struct we_host_ep *stream, const struct we_base_addr *remote);
    WE_MUST_USE enum we_err (*recv)(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count,
                                    size_t *bytes);
    WE_MUST_USE enum we_err (*send)(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count,
                                    size_t *bytes);
    WE_MUST_USE enum we_err (*shutdown_send)(struct we_host_ep *ep);
    void (*reset)(struct we_host_ep *ep);
    void (*silence)(struct we_host_ep *ep);
    /* refuse and close: the registration is gone; the memory goes. */
    void (*close)(struct we_host_ep *ep, enum we_host_close how);
    WE_MUST_USE enum we_err (*set)(struct we_host_ep *ep, enum we_host_ep_option option, int value);
    WE_MUST_USE enum we_err (*get)(struct we_host_ep *ep, enum we_host_ep_option option, int *value);
    WE_MUST_USE enum we_err (*local)(struct we_host_ep *ep, struct we_base_addr *addr);
    WE_MUST_USE enum we_err (*remote)(struct we_host_ep *ep, struct we_base_addr *addr);
    enum we_err (*error)(struct we_host_ep *ep);
    size_t (*ideal_backlog_bytes)(struct we_host_ep *ep);
    size_t (*unread_bytes)(struct we_host_ep *ep);
    bool (*has_option)(enum we_host_ep_option option);
    WE_MUST_USE enum we_err (*tcp_info)(struct we_host_ep *ep, struct we_host_tcp_info *info);
    unsigned (*local_addresses)(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max);
    WE_MUST_USE enum we_err (*route)(const struct we_base_addr *remote, struct we_base_addr *local);
    WE_MUST_USE enum we_err (*interface_of)(const struct we_base_addr *local, uint32_t *interface_index);
    /* Datagrams: host_dgram.h. dgram_open makes an endpoint. */
    WE_MUST_USE enum we_err (*dgram_open)(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                                          struct we_host_ep **ep);
    WE_MUST_USE enum we_err (*dgram_send)(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                          const struct we_host_iov *iov, unsigned iov_count);
    /* Several segments at once. WE_ERR_NOT_SUPPORTED, also for these alone, and nothing was sent: they are sent one by
     * one. NULL: always. */
    WE_MUST_USE enum we_err (*dgram_send_segments)(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                                   const struct we_host_iov *iov, unsigned iov_count,
                                                   size_t segment_bytes, size_t *bytes);
    WE_MUST_USE enum we_err (*dgram_recv)(struct we_host_ep *ep, struct we_host_dgram *dgram,
                                          const struct we_host_iov *iov, unsigned iov_count);
    WE_MUST_USE enum we_err (*dgram_set)(struct we_host_ep *ep, enum we_host_dgram_option option, int value);
    WE_MUST_USE enum we_err (*dgram_group)(struct we_host_ep *ep, const struct we_host_group_order *order);
};

extern const struct we_host_net_ops we_host_net_posix_ops;
extern const struct we_host_net_ops we_host_net_virtual_ops;

/* What the network in use does with several segments at once; WE_ERR_NOT_SUPPORTED: nothing. */
WE_MUST_USE enum we_err we_host_net_send_segments(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                                  const struct we_host_iov *iov, unsigned iov_count,
                                                  size_t segment_bytes, size_t *bytes);

/* For tests of what becomes of calls that the host refuses: ops takes the place of the network's table, which is
 * returned, has to do whatever the test leaves alone, and comes back before the network stops. In stepped execution,
 * where nobody else reads the table meanwhile. */
const struct we_host_net_ops *we_host_net_replace_ops(const struct we_host_net_ops *ops);

/* For networks that guard something of their own with a processor's shard lock, or look at every endpoint. */
void we_host_net_shard_lock(unsigned cpu);
void we_host_net_shard_unlock(unsigned cpu);
/* Calls fn for each watched endpoint of the processor, its shard locked. */
void we_host_net_shard_each(unsigned cpu, void (*fn)(struct we_host_ep *ep, void *context), void *context);

#endif
