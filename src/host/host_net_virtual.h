/* SPDX-License-Identifier: MIT */
/* What the files of the virtual network share: connections in memory and the events they cause. */
#ifndef WE_HOST_NET_VIRTUAL_H
#define WE_HOST_NET_VIRTUAL_H

#include "host/host_lock.h"
#include "host/host_net_ops.h"

/* Design
 *
 * A connection is a link with two ends; end 0 is the stream that connects, end 1 is the request it becomes at the
 * listener. Each processor has a queue of endpoints that have something to say, each at most once. wait() takes
 * endpoints off a queue and asks each for one event; an endpoint that has more goes back to the queue's end. So events
 * of one endpoint stay in order, those of different endpoints can be taken in any order (we_host_choose), and has_events
 * is exact: what is on a queue has an event.
 *
 * What one end sends is in flight to the other, and each segment arrives with an event of its own. Only then can it be
 * read. FIN is in flight behind the segments. A reset acts at once: it overtakes and drops what is in flight and what is
 * unread; only its event is queued. The exception is the reset that answers bytes sent to an end that is closed: it
 * travels behind what the closed end has sent. The handshake consists of events too: SYN is ACCEPTABLE at the listener,
 * SYN-ACK is CONNECTED at the stream, and only when that was taken, ACK is ESTABLISHED at the request. Where nobody
 * waits for events of a kind (an endpoint that is not watched, or for hang-up only) bytes and ends arrive at once.
 *
 * Any address is local. A port that the network chooses is unique among listeners and ports that somebody asked for;
 * among connections it comes round again after 16384, which nothing minds, since links find their ends by pointer.
 *
 * Locks: names (rank NET) guards addresses in use, listeners and backlogs; one in each link (NET_LINK) guards both
 * ends; one in each queue (NET_QUEUE) guards who is queued. They are taken in this order.
 *
 * A datagram endpoint is a port with a queue of its own: see host_net_virtual_port.h.
 *
 * Memory: a link is freed with its last reference. References: the owner of end 0; the backlog or, later, the owner of
 * end 1; and wait() while it asks an endpoint that it took off a queue. The same goes for a listener and its owner.
 *
 * Everything is deterministic as long as calls come in the same order.
 */

#define WE_HOST_VIRTUAL_BUFFER_BYTES (256 * 1024)
#define WE_HOST_VIRTUAL_INTERFACE_INDEX 1u
/* Without a limit of the listener's own: enough for a hundred thousand peers that all knock at once. */
#define WE_HOST_VIRTUAL_BACKLOG_COUNT (128u * 1024u)

enum we_host_virtual_kind { WE_VIRTUAL_END, WE_VIRTUAL_LISTENER, WE_VIRTUAL_PORT };

/* What all endpoints have in common: being on a queue. */
struct we_host_virtual_ep {
    struct we_host_ep base; /* first */
    unsigned char kind;     /* enum we_host_virtual_kind */
    /* Guarded by the endpoint's own lock (names, link or port): where events go; id 0 = not watched. */
    unsigned queue_cpu;
    we_base_id queue_id;
    /* Guarded by the queue's lock; the mark is atomic, so that it can be read with the endpoint's own lock alone. */
    bool is_queued;
    struct we_base_list queue_link;
};

/* --- names: addresses in use ------------------------------------------------------------- */

struct we_host_virtual_listener;

struct we_host_virtual_claim {
    struct we_base_list link; /* in the bucket of its port */
    struct we_base_addr addr;
    bool is_dual;                              /* IPv6, and IPv4 as well */
    struct we_host_virtual_listener *listener; /* NULL: a stream's own port */
};

struct we_host_virtual_listener {
    struct we_host_virtual_ep ep; /* first */
    unsigned references;          /* atomic */
    bool holds_handshake;
    unsigned backlog_max;

    /* Guarded by names. */
    struct we_host_virtual_claim claim;
    struct we_base_list backlog; /* of links */
    unsigned backlog_count;
    bool is_closed;
    /* What ends of accepted connections start with. */
    unsigned receive_buffer_bytes;
    unsigned send_buffer_bytes;
    bool is_keepalive;
    bool is_nodelay;
};

/* --- links --------------------------------------------------------------------------------- */

enum we_host_virtual_state {
    WE_VIRTUAL_BOUND,      /* end 0: before connect */
    WE_VIRTUAL_CONNECTING, /* end 0: SYN sent, SYN-ACK not arrived */
    WE_VIRTUAL_HELD,       /* end 1: SYN arrived, no verdict */
    WE_VIRTUAL_ANSWERED,   /* end 1: SYN-ACK sent, ACK not arrived */
    WE_VIRTUAL_CONNECTED,
    WE_VIRTUAL_DEAD /* failed or reset; error says why */
};

struct we_host_virtual_segment {
    struct we_base_list link;
    size_t length_bytes;
    size_t taken_bytes;
    unsigned char data[];
};

/* Guarded by the link's lock, but for index. */
struct we_host_virtual_end {
    struct we_host_virtual_ep ep; /* first */
    unsigned char index;
    unsigned char state;      /* enum we_host_virtual_state */
    bool is_closed;           /* its owner has gone */
    bool is_watched_all;      /* bytes and ends are events */
    bool is_send_finished;    /* it finished sending */
    bool has_end_in_flight;   /* the other end's FIN is on the way */
    bool has_reset_in_flight; /* the answer to bytes that nobody wanted is on the way */
    bool has_end;             /* the other end's FIN has arrived */
    bool has_had_bytes;       /* bytes ever arrived */
    bool wants_writable;      /* a send was short */
    bool is_keepalive;
    bool is_nodelay;
    bool is_silent;   /* its peer is not told of its end */
    unsigned pending; /* events that have happened and were not taken */
    enum we_err error;
    unsigned receive_buffer_bytes;
    unsigned send_buffer_bytes;
    size_t flying_bytes;         /* in flight to this end */
    size_t arrived_bytes;        /* to be read here */
    struct we_base_list flying;  /* segments */
    struct we_base_list arrived; /* segments */
    struct we_base_addr local;
};

struct we_host_virtual_link {
    struct we_host_mutex lock;
    unsigned references;                 /* atomic */
    struct we_base_list backlog_link;    /* guarded by names */
    struct we_host_virtual_claim *claim; /* end 0's own port, if it asked for one; its owner's */
    bool is_v6_only;                     /* end 0 does not connect to mapped addresses; does not change */
    struct we_host_virtual_end ends[2];
};

static inline struct we_host_virtual_ep *we_host_virtual_ep_of(struct we_host_ep *base)
{
    return WE_CONTAINER(base, struct we_host_virtual_ep, base);
}

static inline struct we_host_virtual_listener *we_host_virtual_listener_of(struct we_host_ep *base)
{
    WE_ASSERT(we_host_virtual_ep_of(base)->kind == WE_VIRTUAL_LISTENER);
    return WE_CONTAINER(base, struct we_host_virtual_listener, ep.base);
}

static inline struct we_host_virtual_end *we_host_virtual_end_of(struct we_host_ep *base)
{
    WE_ASSERT(we_host_virtual_ep_of(base)->kind == WE_VIRTUAL_END);
    return WE_CONTAINER(base, struct we_host_virtual_end, ep.base);
}

static inline struct we_host_virtual_link *we_host_virtual_link_of(struct we_host_virtual_end *end)
{
    return WE_CONTAINER(end - end->index, struct we_host_virtual_link, ends);
}

static inline struct we_host_virtual_end *we_host_virtual_peer_of(struct we_host_virtual_end *end)
{
    return end->index == 0 ? end + 1 : end - 1;
}

/* --- host_net_virtual.c: queues -------------------------------------------------------------- */

/* Queues ep, if it is watched and not queued, and wakes its processor. Called with the endpoint's own lock. */
void we_host_virtual_queue(struct we_host_virtual_ep *ep);
void we_host_virtual_unqueue(struct we_host_virtual_ep *ep);
/* Takes what base.id and base.cpu say now. Called with the endpoint's own lock. */
void we_host_virtual_queue_here(struct we_host_virtual_ep *ep);
void we_host_virtual_ref(struct we_host_virtual_ep *ep);
void we_host_virtual_unref(struct we_host_virtual_ep *ep);

/* --- host_net_virtual_names.c ------------------------------------------------------------------ */

void we_host_virtual_names_start(void);
void we_host_virtual_names_stop(void);
enum we_err we_host_virtual_listen(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                   struct we_host_ep **result);
void we_host_virtual_listener_watch(struct we_host_virtual_listener *listener);
/* The event of a listener that was taken off its queue, 0 = none; it queues itself again. */
unsigned we_host_virtual_listener_take(struct we_host_virtual_listener *listener, we_base_id *id);
enum we_err we_host_virtual_accept(struct we_host_ep *base, struct we_host_ep **request);
void we_host_virtual_listener_close(struct we_host_virtual_listener *listener);
enum we_err we_host_virtual_listener_option(struct we_host_virtual_listener *listener, enum we_host_ep_option option,
                                            int *value, bool is_set);
void we_host_virtual_listener_local(struct we_host_virtual_listener *listener, struct we_base_addr *addr);
enum we_err we_host_virtual_stream_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream);
enum we_err we_host_virtual_bound_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream);
enum we_err we_host_virtual_bound_listen(struct we_host_ep *base, const struct we_host_listen_options *options,
                                         struct we_host_ep **result);
enum we_err we_host_virtual_connect(struct we_host_ep *base, const struct we_base_addr *remote);
/* Gives a stream's own port back; NULL is allowed. */
void we_host_virtual_claim_drop(struct we_host_virtual_claim *claim);
/* The same address in another family: IPv4 in IPv6 (::ffff:0:0/96) or back. */
struct we_base_addr we_host_virtual_addr_in(const struct we_base_addr *addr, enum we_base_family family);

/* --- host_net_virtual_link.c: connections ------------------------------------------------------- */

/* One reference; end 0 is bound to local, end 1 is nobody's. NULL when memory is short. */
struct we_host_virtual_link *we_host_virtual_link_create(const struct we_base_addr *local);
void we_host_virtual_link_destroy(struct we_host_virtual_link *link);
/* SYN meets nobody, or a full backlog. Link locked. */
void we_host_virtual_link_refused_locked(struct we_host_virtual_link *link);
/* SYN meets a listener: end 1 becomes a request; the handshake goes on by itself unless it is held. Link locked. */
void we_host_virtual_link_offered_locked(struct we_host_virtual_link *link, bool is_held);
/* The event of an end that was taken off its queue, 0 = none; it queues itself again if it has more. */
unsigned we_host_virtual_end_take(struct we_host_virtual_end *end, we_base_id *id);
void we_host_virtual_end_watch(struct we_host_virtual_end *end);
enum we_err we_host_virtual_confirm(struct we_host_ep *base);
void we_host_virtual_reset(struct we_host_ep *base);
void we_host_virtual_silence(struct we_host_ep *base);
/* Drops the owner's reference. */
void we_host_virtual_end_close(struct we_host_virtual_end *end, enum we_host_close how);
/* Something was put in flight to end. Link locked. */
void we_host_virtual_end_sent_to_locked(struct we_host_virtual_end *end);
/* The ideal backlog of end has changed. Link locked. */
void we_host_virtual_end_backlog_changed_locked(struct we_host_virtual_end *end);
/* Room for end's bytes may have been made. Link locked. */
void we_host_virtual_end_room_made_locked(struct we_host_virtual_end *end);

/* --- host_net_virtual_bytes.c: what connections carry ------------------------------------------- */

enum we_err we_host_virtual_recv(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                                 size_t *bytes);
enum we_err we_host_virtual_send(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                                 size_t *bytes);
enum we_err we_host_virtual_shutdown_send(struct we_host_ep *base);
size_t we_host_virtual_ideal_backlog_bytes(struct we_host_ep *base);
size_t we_host_virtual_unread_bytes(struct we_host_ep *base);
enum we_err we_host_virtual_end_option(struct we_host_virtual_end *end, enum we_host_ep_option option, int *value,
                                       bool is_set);
enum we_err we_host_virtual_end_tcp_info(struct we_host_virtual_end *end, struct we_host_tcp_info *info);
/* What end may send now. Link locked. */
size_t we_host_virtual_end_room_bytes_locked(struct we_host_virtual_end *end);
/* end finishes sending: the end is put in flight to its peer. Link locked. */
void we_host_virtual_end_finish_locked(struct we_host_virtual_end *end);
/* The first segment in flight arrives. Link locked. */
void we_host_virtual_segment_arrive_locked(struct we_host_virtual_end *end);
/* Drops what is in flight to end and what it has not read. Link locked. */
void we_host_virtual_segments_drop_locked(struct we_host_virtual_end *end);

/* --- host_net_virtual_port.c, host_net_virtual_dgram.c: datagrams --------------------------------------------------------- */

struct we_host_virtual_port; /* a datagram endpoint */

void we_host_virtual_ports_start(void);
void we_host_virtual_ports_stop(void);
struct we_host_virtual_port *we_host_virtual_port_of(struct we_host_ep *base);
void we_host_virtual_port_ref(struct we_host_virtual_port *port);
void we_host_virtual_port_unref(struct we_host_virtual_port *port);
/* As for ends. */
unsigned we_host_virtual_port_take(struct we_host_virtual_port *port, we_base_id *id);
void we_host_virtual_port_watch(struct we_host_virtual_port *port);
void we_host_virtual_port_close(struct we_host_virtual_port *port);
enum we_err we_host_virtual_port_option(struct we_host_virtual_port *port, enum we_host_ep_option option, int *value,
                                        bool is_set);
struct we_base_addr we_host_virtual_port_local(const struct we_host_virtual_port *port);
enum we_err we_host_virtual_dgram_open(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                                       struct we_host_ep **ep);
enum we_err we_host_virtual_dgram_send(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                       const struct we_host_iov *iov, unsigned iov_count);
enum we_err we_host_virtual_dgram_recv(struct we_host_ep *base, struct we_host_dgram *dgram,
                                       const struct we_host_iov *iov, unsigned iov_count);
enum we_err we_host_virtual_dgram_set(struct we_host_ep *base, enum we_host_dgram_option option, int value);
enum we_err we_host_virtual_dgram_group(struct we_host_ep *base, const struct we_host_group_order *order);

#endif
