/* SPDX-License-Identifier: MIT */
/* What the files of the sockets network share. */
#ifndef WE_HOST_NET_POSIX_H
#define WE_HOST_NET_POSIX_H

#include "host/host_net_ops.h"
#include "host/host_poller.h"

/* Design
 *
 * One poller for each processor. A stream is registered once, edge-triggered, for READABLE and ENDED; WRITABLE joins
 * with its first short send, or with a connect, and stays. A request that is watched for hang-up is registered for
 * ENDED alone, and refine() looks what kind of end it is. A listener is registered level-triggered and gives one
 * connection for each event: to ask once more, only to hear that there is none, costs ten times a failing recv.
 *
 * Keys of registrations are endpoint ids. An event that comes out of a poller too late finds nobody in the map.
 *
 * Out of descriptors: the connection stays in the kernel's queue; the listener is disarmed (it would report the same
 * thing for ever) and put on its processor's list of starved listeners, which the shard's lock guards. It is armed
 * again when any endpoint of this network closes a descriptor, and at the latest WE_HOST_POSIX_RETRY_NS later by its
 * processor's wait(), because others in the process may have closed one.
 *
 * phase and error are atomic: the owner changes them, and so does refine() on the processor's thread. Everything else
 * in an endpoint belongs to the owner.
 */

enum we_host_posix_phase {
    WE_POSIX_BOUND, /* a stream before connect; in no poller, which would report that it is not connected */
    WE_POSIX_CONNECTING,
    WE_POSIX_CONNECTED,
    WE_POSIX_LISTENING,
    WE_POSIX_DATAGRAM,
    WE_POSIX_GONE /* no connection any more; error says why */
};

#define WE_HOST_POSIX_RETRY_NS UINT64_C(100000000)

struct we_host_posix_ep {
    struct we_host_ep base; /* first */
    int fd;                 /* -1: none (any more) */
    int phase;              /* atomic: enum we_host_posix_phase */
    int error;              /* atomic: enum we_err; WE_OK while there is none */
    unsigned interest;      /* in the poller */
    unsigned poller_cpu;    /* whose poller it is in */
    bool is_in_poller;
    bool wants_writable;              /* a send was short once */
    bool is_send_finished;            /* we finished sending */
    bool has_read_end;                /* the peer's end was read */
    bool holds_handshake;             /* listener: asked for; request: its listener's */
    bool is_local_concrete;           /* local is known and stays */
    bool is_dual;                     /* streams and datagrams: IPv4 as well as IPv6 */
    bool wants_answers;               /* datagrams: ICMP is of interest */
    bool has_answers;                 /* atomic: datagrams: some may wait */
    bool is_starved;                  /* guarded by the shard's lock */
    struct we_base_list starved_link; /* guarded by the shard's lock */
    struct we_host_groups groups;     /* datagrams */
    size_t segment_max_bytes;         /* datagrams: the longest that the system may be asked to cut; 0: it cannot */
    struct we_base_addr local;
    struct we_base_addr remote; /* WE_FAMILY_NONE until known */
};

static inline struct we_host_posix_ep *we_host_posix_ep_of(struct we_host_ep *base)
{
    return WE_CONTAINER(base, struct we_host_posix_ep, base);
}

static inline enum we_host_posix_phase we_host_posix_phase_get(const struct we_host_posix_ep *ep)
{
    return (enum we_host_posix_phase)__atomic_load_n(&ep->phase, __ATOMIC_ACQUIRE);
}

static inline void we_host_posix_phase_set(struct we_host_posix_ep *ep, enum we_host_posix_phase phase)
{
    __atomic_store_n(&ep->phase, (int)phase, __ATOMIC_RELEASE);
}

static inline enum we_err we_host_posix_error_get(const struct we_host_posix_ep *ep)
{
    return (enum we_err)__atomic_load_n(&ep->error, __ATOMIC_ACQUIRE);
}

/* Why ep has no descriptor any more. */
static inline enum we_err we_host_posix_gone_err(const struct we_host_posix_ep *ep)
{
    enum we_err err = we_host_posix_error_get(ep);

    return err != WE_OK ? err : WE_ERR_NOT_CONNECTED;
}

/* The first error is the one that counts. */
void we_host_posix_error_note(struct we_host_posix_ep *ep, enum we_err err);

/* An endpoint without a descriptor, to be freed with we_host_free; NULL when memory is short. */
struct we_host_posix_ep *we_host_posix_ep_create(enum we_host_posix_phase phase);
/* Registers ep in its processor's poller, or changes its interest. */
WE_MUST_USE enum we_err we_host_posix_interest_set(struct we_host_posix_ep *ep, unsigned interest);
/* For pollers that need to be told: the owner found the end of what was announced. */
void we_host_posix_rearm(struct we_host_posix_ep *ep, unsigned bits);
/* The same for an error that was reported and has been taken. */
void we_host_posix_rearm_error(struct we_host_posix_ep *ep);
/* The kernel's buffer is full: sees to it that WRITABLE comes, also for room that was made in between. */
void we_host_posix_writable_expect(struct we_host_posix_ep *ep);
/* Closes a descriptor and lets starved listeners try again. With is_reset the peer sees a reset. */
void we_host_posix_descriptor_close(int fd, bool is_reset);
/* The listener cannot accept for want of descriptors or memory. */
void we_host_posix_starve(struct we_host_posix_ep *listener);

/* The descriptor's port is not its alone. What the system thinks of that shows when somebody binds to it. */
void we_host_posix_share_port(int fd, bool is_datagram);

/* host_net_posix_listen.c */
/* Before the bind: systems differ in what IPv6 sockets start with. */
enum we_err we_host_posix_v6_only_set(int fd, enum we_base_family family, bool is_v6_only);
enum we_err we_host_posix_listen(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                 struct we_host_ep **listener);
enum we_err we_host_posix_bound_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream);
enum we_err we_host_posix_bound_listen(struct we_host_ep *base, const struct we_host_listen_options *options,
                                       struct we_host_ep **listener);
enum we_err we_host_posix_accept(struct we_host_ep *base, struct we_host_ep **request);
enum we_err we_host_posix_confirm(struct we_host_ep *base);
/* refine for a request that is watched for hang-up. */
unsigned we_host_posix_refine_hangup(struct we_host_posix_ep *request, unsigned events);

/* host_net_posix_dgram.c */
enum we_err we_host_posix_dgram_open(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                                     struct we_host_ep **result);
unsigned we_host_posix_refine_dgram(struct we_host_posix_ep *ep, unsigned events);
enum we_err we_host_posix_dgram_send(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                     const struct we_host_iov *iov, unsigned iov_count);
enum we_err we_host_posix_dgram_send_segments(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                              const struct we_host_iov *iov, unsigned iov_count, size_t segment_bytes,
                                              size_t *bytes);
enum we_err we_host_posix_dgram_recv(struct we_host_ep *base, struct we_host_dgram *dgram,
                                     const struct we_host_iov *iov, unsigned iov_count);
enum we_err we_host_posix_dgram_set(struct we_host_ep *base, enum we_host_dgram_option option, int value);

/* host_net_posix_group.c */
enum we_err we_host_posix_dgram_group(struct we_host_ep *base, const struct we_host_group_order *order);

/* host_net_posix_stream.c */
enum we_err we_host_posix_stream_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream);
enum we_err we_host_posix_connect(struct we_host_ep *base, const struct we_base_addr *remote);
/* refine for a stream that is connecting. */
unsigned we_host_posix_refine_connect(struct we_host_posix_ep *stream, unsigned events);
enum we_err we_host_posix_recv(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes);
enum we_err we_host_posix_send(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes);
enum we_err we_host_posix_shutdown_send(struct we_host_ep *base);
/* Before an orderly close: sees to it that the kernel does not make a reset of it. */
void we_host_posix_linger(struct we_host_posix_ep *ep);
enum we_err we_host_posix_local(struct we_host_ep *base, struct we_base_addr *addr);
enum we_err we_host_posix_remote(struct we_host_ep *base, struct we_base_addr *addr);
size_t we_host_posix_ideal_backlog_bytes(struct we_host_ep *base);
size_t we_host_posix_unread_bytes(struct we_host_ep *base);

/* host_net_posix_option.c */
enum we_err we_host_posix_set(struct we_host_ep *base, enum we_host_ep_option option, int value);
enum we_err we_host_posix_get(struct we_host_ep *base, enum we_host_ep_option option, int *value);
bool we_host_posix_has_option(enum we_host_ep_option option);
enum we_err we_host_posix_tcp_info(struct we_host_ep *base, struct we_host_tcp_info *info);

/* host_net_posix_interface.c */
unsigned we_host_posix_local_addresses(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max);
enum we_err we_host_posix_route(const struct we_base_addr *remote, struct we_base_addr *local);
enum we_err we_host_posix_interface(const struct we_base_addr *local, uint32_t *interface_index);

#endif
