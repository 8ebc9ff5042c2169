/* SPDX-License-Identifier: MIT */
/* Network seam: endpoints over BSD sockets or over links in memory, and their events. Datagrams are in host_dgram.h. */
#ifndef WE_HOST_NET_H
#define WE_HOST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base_addr.h"
#include "base/base_assert.h"
#include "base/base_err.h"
#include "base/base_idmap.h"

/* Contract
 *
 * An endpoint is a listener, a request (an incoming connection that nobody has decided about), or
 * a stream. Every function is non-blocking and may be called from any thread; calls on one
 * endpoint are serialised by its owner, except that close may race with an event being delivered.
 *
 * Events are edges. After READABLE the owner reads until WE_ERR_AGAIN, the end, or a read shorter
 * than asked for, or it remembers that more is there and reads later: no second event comes for
 * bytes that were announced. WRITABLE comes after a send that was short or said WE_ERR_AGAIN.
 * ENDED (peer finished sending) and RESET are hints that reading finds out the same; for a
 * request that is watched for hang-up only, RESET means that the peer gave up: a reset, or an
 * orderly end before a single byte. ACCEPTABLE repeats while requests wait.
 *
 * Delivery: wait() collects ready endpoints of one processor as ids; deliver() looks the id up,
 * takes a reference on the endpoint's client, calls its event function without any lock held, and
 * drops the reference. After close() no event function starts any more; one may still be running.
 *
 * Handshake: with hold_handshake a listener of a network with WE_NET_HOLDS_HANDSHAKE does not
 * answer a connection until confirm() or refuse() decides about the request; without that ability
 * the connection is established when the request appears, confirm() only checks that the peer is
 * still there, and refuse() resets it. A listener without hold_handshake finishes handshakes by
 * itself and its requests are established.
 */

enum we_host_network { WE_NET_SOCKETS, WE_NET_VIRTUAL };
enum we_host_poller { WE_POLLER_AUTO, WE_POLLER_EPOLL, WE_POLLER_POLL, WE_POLLER_KQUEUE };

enum we_host_net_event {
    WE_NET_READABLE = 1 << 0,
    WE_NET_WRITABLE = 1 << 1,
    WE_NET_ENDED = 1 << 2,
    WE_NET_RESET = 1 << 3,
    WE_NET_ACCEPTABLE = 1 << 4,
    WE_NET_CONNECTED = 1 << 5,      /* our connect succeeded */
    WE_NET_CONNECT_FAILED = 1 << 6, /* our connect failed: we_host_ep_error says why */
    WE_NET_ESTABLISHED = 1 << 7,    /* a confirmed request finished its handshake */
    WE_NET_BACKLOG = 1 << 8         /* the ideal backlog of a stream has changed, on a network that sees when it does */
};

enum we_host_net_ability { WE_NET_HOLDS_HANDSHAKE = 1 << 0 };

struct we_host_ready {
    we_base_id id;
    unsigned events; /* enum we_host_net_event bits */
};

struct we_host_ep; /* an endpoint */

#define WE_HOST_BACKLOG_MIN_BYTES ((size_t)65536)

/* How an endpoint reaches its owner. ref and unref guard context while an event runs; ref is called with a lock of
 * rank POLLER held and only counts, event and unref are called without. */
struct we_host_ep_client {
    void (*ref)(void *context);
    void (*unref)(void *context);
    void (*event)(void *context, unsigned events);
};

struct we_host_iov {
    void *base;
    size_t length_bytes;
};

enum we_host_watch {
    WE_WATCH_HANGUP, /* RESET only: a request whose verdict is pending */
    WE_WATCH_ALL
};

enum we_host_close {
    WE_CLOSE_GRACEFUL, /* what was sent is delivered, then the end */
    WE_CLOSE_RESET     /* the peer sees a reset */
};

/* Values are numbers or flags; _IF is the index of an interface in host byte order. */
enum we_host_ep_option {
    WE_EP_RECEIVE_BUFFER_BYTES,
    WE_EP_SEND_BUFFER_BYTES,
    WE_EP_KEEPALIVE,
    WE_EP_NODELAY,
    WE_EP_BROADCAST,
    WE_EP_KEEPALIVE_IDLE_S,
    WE_EP_KEEPALIVE_INTERVAL_S,
    WE_EP_KEEPALIVE_PROBE_COUNT,
    WE_EP_UNANSWERED_MS, /* sent bytes without an acknowledgement for so long end the connection */
    WE_EP_SEGMENT_BYTES,
    WE_EP_IPV4_TOS,
    WE_EP_IPV4_TTL,
    WE_EP_IPV4_DONT_FRAGMENT,
    WE_EP_IPV4_MTU_DISCOVERY, /* enum we_host_mtu_discovery */
    WE_EP_IPV4_MTU,
    WE_EP_IPV4_UNICAST_IF,
    WE_EP_IPV4_MULTICAST_IF, /* as a number in network byte order: an address, or an index below 2^24 */
    WE_EP_IPV4_MULTICAST_TTL,
    WE_EP_IPV6_TCLASS,
    WE_EP_IPV6_HOPS,
    WE_EP_IPV6_DONT_FRAGMENT,
    WE_EP_IPV6_MTU_DISCOVERY, /* enum we_host_mtu_discovery */
    WE_EP_IPV6_MTU,
    WE_EP_IPV6_UNICAST_IF,
    WE_EP_IPV6_MULTICAST_IF,
    WE_EP_IPV6_MULTICAST_HOPS,
    WE_EP_UDP_NO_CHECKSUM,
    WE_EP_OPTION_COUNT
};

enum we_host_mtu_discovery {
    WE_MTU_DISCOVERY_NOT_SET,
    WE_MTU_DISCOVERY_DO,
    WE_MTU_DISCOVERY_DONT,
    WE_MTU_DISCOVERY_PROBE
};

/* What the network knows about a TCP connection; 0: it does not. */
struct we_host_tcp_info {
    uint32_t segment_bytes;
    bool has_timestamps;
    uint32_t rtt_us;
    uint32_t rtt_min_us;
    uint32_t unacked_bytes;
    uint32_t congestion_window_bytes;
    uint32_t send_window_bytes;
    uint32_t receive_window_bytes;
    uint32_t receive_buffer_bytes;
    uint64_t acked_bytes;
    uint64_t received_bytes;
    uint64_t retransmitted_bytes;
};

struct we_host_net_config {
    enum we_host_network network;
    enum we_host_poller poller; /* sockets only */
    unsigned cpu_count;
};

/* --- the network itself ---------------------------------------------------------------- */

WE_MUST_USE enum we_err we_host_net_start(const struct we_host_net_config *config);
/* Every endpoint must have been closed; returns how many were not (they are closed). */
size_t we_host_net_stop(void);
unsigned we_host_net_abilities(void);
enum we_host_network we_host_net_kind(void);
/* Endpoints that are open now. */
size_t we_host_net_open_count(void);

/* Waits for events of one processor: timeout_ns 0 polls, WE_HOST_FOREVER waits until wake().
 * Returns how many entries of ready were filled. One caller a processor at a time. */
unsigned we_host_net_wait(unsigned cpu, uint64_t timeout_ns, struct we_host_ready *ready, unsigned ready_max);
void we_host_net_wake(unsigned cpu);
/* Events that wait() would return now for cpu; an estimate for sockets (0 or 1). virtual: exact. */
bool we_host_net_has_events(unsigned cpu);
/* Calls the owner of ready->id, if it is still there. */
void we_host_net_deliver(const struct we_host_ready *ready);
/* stepped execution over sockets: the operating system may still be moving bytes. Waits a little
 * real time; returns true when an event became ready. virtual: always false. */
bool we_host_net_settle(void);

/* --- endpoints ------------------------------------------------------------------------- */

struct we_host_listen_options {
    bool hold_handshake;
    bool is_v6_only;
    unsigned backlog_count; /* 0: the network's own limit */
};

/* Binds and listens. Events go to client/context on processor cpu; *listener is set before the first one. */
WE_MUST_USE enum we_err we_host_listen(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                       unsigned cpu, const struct we_host_ep_client *client, void *context,
                                       struct we_host_ep **listener);
/* Endpoints of ours may share this port, of datagrams or of streams, from now on until unshare: the caller has decided who
 * may. Those that have it already are told. */
void we_host_port_share(bool is_datagram, uint16_t port);
void we_host_port_unshare(bool is_datagram, uint16_t port);
bool we_host_port_is_shared(bool is_datagram, uint16_t port);
/* Takes the next request. WE_ERR_AGAIN: none. WE_ERR_NO_DESCRIPTORS: the connection stays queued and
 * the listener is tried again, with a new ACCEPTABLE, when a descriptor is closed or a little later.
 * The request has no client until we_host_ep_watch. */
WE_MUST_USE enum we_err we_host_accept(struct we_host_ep *listener, struct we_host_ep **request);
/* Gives a request or stream its owner and processor, or changes the kind of watch. Going from
 * HANGUP to ALL reports READABLE when bytes already wait. */
WE_MUST_USE enum we_err we_host_ep_watch(struct we_host_ep *ep, enum we_host_watch watch, unsigned cpu,
                                         const struct we_host_ep_client *client, void *context);
/* Verdict accept. WE_OK: established now. WE_ERR_AGAIN: ESTABLISHED or RESET follows.
 * WE_ERR_RESET: the peer is gone (no event follows). */
WE_MUST_USE enum we_err we_host_confirm(struct we_host_ep *request);
/* Verdict reject, and the end of the endpoint (as close). */
void we_host_refuse(struct we_host_ep *request);

/* Makes a stream bound to local (port 0: chosen by the network). is_v6_only matters to IPv6: else the stream takes its port
 * from IPv4 as well, and connects to mapped addresses. */
WE_MUST_USE enum we_err we_host_stream_open(const struct we_base_addr *local, bool is_v6_only,
                                            struct we_host_ep **stream);
/* Makes a stream that may become a listener instead of connecting: a port that the network chose is its own as well, and
 * what must be said before a listener binds has been said. */
WE_MUST_USE enum we_err we_host_bound_open(const struct we_base_addr *local, bool is_v6_only,
                                           struct we_host_ep **stream);
/* Makes a listener of such a stream that has not connected, as we_host_listen does. The stream ends in any case. */
WE_MUST_USE enum we_err we_host_bound_listen(struct we_host_ep *stream, const struct we_host_listen_options *options,
                                             unsigned cpu, const struct we_host_ep_client *client, void *context,
                                             struct we_host_ep **listener);
/* The stream must be watched (WE_WATCH_ALL) first. WE_OK: connected. WE_ERR_AGAIN: an event follows. */
WE_MUST_USE enum we_err we_host_stream_connect(struct we_host_ep *stream, const struct we_base_addr *remote);

/* WE_OK with *bytes > 0: data; WE_OK with *bytes == 0: the peer finished (if any room was given). */
WE_MUST_USE enum we_err we_host_recv(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count,
                                     size_t *bytes);
/* WE_OK: *bytes were taken, perhaps fewer than given (then WRITABLE follows). */
WE_MUST_USE enum we_err we_host_send(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count,
                                     size_t *bytes);
/* Finishes the sending direction. */
WE_MUST_USE enum we_err we_host_shutdown_send(struct we_host_ep *ep);
/* Resets the connection at once; the endpoint stays until close, every later call fails. */
void we_host_reset(struct we_host_ep *ep);
/* Nothing is sent or announced any more; the endpoint stays until close. virtual: the peer hears nothing, not even of the
 * close. sockets: the operating system goes on answering, and the close can be seen. */
void we_host_silence(struct we_host_ep *ep);
/* Ends the endpoint. The pointer is dead afterwards. */
void we_host_close(struct we_host_ep *ep, enum we_host_close how);

/* False: the network has nothing like the option, set and get say WE_ERR_NOT_SUPPORTED. */
bool we_host_net_has_option(enum we_host_ep_option option);
/* A network on which an option has no effect accepts it, and answers get with WE_ERR_NOT_SUPPORTED. */
WE_MUST_USE enum we_err we_host_ep_set(struct we_host_ep *ep, enum we_host_ep_option option, int value);
WE_MUST_USE enum we_err we_host_ep_get(struct we_host_ep *ep, enum we_host_ep_option option, int *value);
WE_MUST_USE enum we_err we_host_ep_local(struct we_host_ep *ep, struct we_base_addr *addr);
WE_MUST_USE enum we_err we_host_ep_remote(struct we_host_ep *ep, struct we_base_addr *addr);
/* The error that ended a connect or a stream; WE_OK if none is known. */
enum we_err we_host_ep_error(struct we_host_ep *ep);
/* How many bytes a connected stream should have on their way to be kept busy; 0 when unknown. virtual: what the window
 * and the buffer let through at most, exactly. sockets: what TCP lets be unacknowledged (its congestion window), rounded
 * up to a power of two so that it moves in steps, and at least WE_HOST_BACKLOG_MIN_BYTES. */
size_t we_host_ep_ideal_backlog_bytes(struct we_host_ep *ep);
/* Bytes that wait to be read here; 0 when unknown. */
size_t we_host_ep_unread_bytes(struct we_host_ep *ep);
/* Of a connected stream. */
WE_MUST_USE enum we_err we_host_ep_tcp_info(struct we_host_ep *ep, struct we_host_tcp_info *info);

/* --- this host's addresses -------------------------------------------------------------- */

/* The addresses of a family that can be bound to, with port 0; loopback ones last. Fills up to addrs_max and returns how
 * many there are; 0 when they cannot be found out. May block for as long as the operating system needs for it. */
unsigned we_host_net_local_addresses(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max);
/* The local address, with port 0, from which remote is reached. Sends nothing. */
WE_MUST_USE enum we_err we_host_net_route(const struct we_base_addr *remote, struct we_base_addr *local);
/* The index of the interface that has an address of this host's; WE_ERR_ADDRESS: none has it. May block, too. */
WE_MUST_USE enum we_err we_host_net_interface(const struct we_base_addr *local, uint32_t *interface_index);

#endif
