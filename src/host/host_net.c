/* SPDX-License-Identifier: MIT */
/* The network instance: registrations by processor, delivery of events, and the way to the network in use. */
#include "host/host_net.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_net_ops.h"
#include "host/host_ports.h"

/* The design note is in host_net_ops.h. */

/* An id is the map's own id with the shard's number in four bits that the map, with at most 2^26 slots, leaves free. */
#define ID_SHARD_SHIFT 28
#define ID_SHARD_MASK ((we_base_id)(WE_HOST_CPU_MAX - 1) << ID_SHARD_SHIFT)
WE_STATIC_ASSERT(WE_HOST_CPU_MAX == 16, "a shard's number has four bits in an id");

#define CACHE_LINE_BYTES 64

/* On cache lines of its own: processors do not disturb each other. */
struct shard {
    _Alignas(CACHE_LINE_BYTES) struct we_host_mutex lock;
    struct we_base_idmap map;
    struct we_base_list unwatched; /* of we_host_ep.link */
    size_t open_count;             /* watched and unwatched */
};

static struct {
    /* Constant while the network runs, but for we_host_net_replace_ops. */
    const struct we_host_net_ops *ops; /* NULL: not started */
    enum we_host_network kind;
    unsigned cpu_count;
    struct shard shards[WE_HOST_CPU_MAX];
    unsigned next_cpu; /* atomic: spreads streams that have no processor yet */
} s_net;

/* --- the network itself ---------------------------------------------------------------- */

enum we_err we_host_net_start(const struct we_host_net_config *config)
{
    const struct we_host_net_ops *ops =
        config->network == WE_NET_VIRTUAL ? &we_host_net_virtual_ops : &we_host_net_posix_ops;
    enum we_err err;

    WE_ASSERT(s_net.ops == NULL);
    WE_ASSERT(config->cpu_count >= 1);
    WE_ASSERT(config->cpu_count <= WE_HOST_CPU_MAX);
    err = ops->start(config);
    if (err != WE_OK) {
        return err;
    }
    s_net.kind = config->network;
    s_net.cpu_count = config->cpu_count;
    s_net.next_cpu = 0;
    we_host_ports_reset();
    for (unsigned i = 0; i < s_net.cpu_count; i++) {
        struct shard *shard = &s_net.shards[i];

        we_host_mutex_init(&shard->lock, WE_RANK_POLLER);
        memset(&shard->map, 0, sizeof(shard->map));
        we_base_list_init(&shard->unwatched);
        shard->open_count = 0;
    }
    s_net.ops = ops;
    return WE_OK;
}

static void collect_for_close(we_base_id id, void *object, void *context)
{
    struct we_host_ep *ep = (struct we_host_ep *)object;

    (void)id;
    we_base_list_append((struct we_base_list *)context, &ep->link);
}

/* Closes what the owners forgot; nobody else calls us any more, so the lock is only for form. */
static size_t shard_close_all(struct shard *shard)
{
    struct we_base_list left;
    struct we_base_list *link;
    size_t count = 0;

    we_base_list_init(&left);
    we_host_mutex_lock(&shard->lock);
    we_base_list_splice(&left, &shard->unwatched);
    we_base_idmap_each(&shard->map, collect_for_close, &left);
    we_base_idmap_fini(&shard->map);
    shard->open_count = 0;
    we_host_mutex_unlock(&shard->lock);
    while ((link = we_base_list_pop(&left)) != NULL) {
        s_net.ops->close(WE_BASE_LIST_ITEM(link, struct we_host_ep, link), WE_CLOSE_RESET);
        count++;
    }
    return count;
}

size_t we_host_net_stop(void)
{
    size_t count = 0;

    WE_ASSERT(s_net.ops != NULL);
    for (unsigned i = 0; i < s_net.cpu_count; i++) {
        count += shard_close_all(&s_net.shards[i]);
    }
    s_net.ops->stop();
    for (unsigned i = 0; i < s_net.cpu_count; i++) {
        we_host_mutex_fini(&s_net.shards[i].lock);
    }
    s_net.ops = NULL;
    return count;
}

const struct we_host_net_ops *we_host_net_replace_ops(const struct we_host_net_ops *ops)
{
    const struct we_host_net_ops *before = s_net.ops;

    WE_ASSERT(we_host_exec_kind() == WE_EXEC_STEPPED);
    s_net.ops = ops;
    return before;
}

unsigned we_host_net_abilities(void)
{
    return s_net.ops->abilities;
}

enum we_host_network we_host_net_kind(void)
{
    return s_net.kind;
}

size_t we_host_net_open_count(void)
{
    size_t count = 0;

    for (unsigned i = 0; i < s_net.cpu_count; i++) {
        we_host_mutex_lock(&s_net.shards[i].lock);
        count += s_net.shards[i].open_count;
        we_host_mutex_unlock(&s_net.shards[i].lock);
    }
    return count;
}

unsigned we_host_net_wait(unsigned cpu, uint64_t timeout_ns, struct we_host_ready *ready, unsigned ready_max)
{
    WE_ASSERT(cpu < s_net.cpu_count);
    WE_ASSERT(ready_max > 0);
    return s_net.ops->wait(cpu, timeout_ns, ready, ready_max);
}

void we_host_net_wake(unsigned cpu)
{
    WE_ASSERT(cpu < s_net.cpu_count);
    s_net.ops->wake(cpu);
}

bool we_host_net_has_events(unsigned cpu)
{
    WE_ASSERT(cpu < s_net.cpu_count);
    return s_net.ops->has_events(cpu);
}

bool we_host_net_settle(void)
{
    return s_net.ops->settle();
}

void we_host_net_deliver(const struct we_host_ready *ready)
{
    struct shard *shard = &s_net.shards[(ready->id & ID_SHARD_MASK) >> ID_SHARD_SHIFT];
    const struct we_host_ep_client *client = NULL;
    struct we_host_ep *ep;
    void *context = NULL;
    unsigned events = 0;

    we_host_mutex_lock(&shard->lock);
    ep = (struct we_host_ep *)we_base_idmap_find(&shard->map, ready->id & ~ID_SHARD_MASK);
    if (ep != NULL && !ep->is_muted) {
        events = s_net.ops->refine(ep, ready->events);
        client = ep->client;
        context = ep->context;
    }
    if (events != 0) {
        client->ref(context);
    }
    we_host_mutex_unlock(&shard->lock);

    if (events != 0) {
        client->event(context, events);
        client->unref(context);
    }
}

void we_host_net_shard_lock(unsigned cpu)
{
    we_host_mutex_lock(&s_net.shards[cpu].lock);
}

void we_host_net_shard_unlock(unsigned cpu)
{
    we_host_mutex_unlock(&s_net.shards[cpu].lock);
}

struct each_context {
    void (*fn)(struct we_host_ep *ep, void *context);
    void *context;
};

static void each_ep(we_base_id id, void *object, void *context)
{
    const struct each_context *each = (const struct each_context *)context;

    (void)id;
    each->fn((struct we_host_ep *)object, each->context);
}

void we_host_net_shard_each(unsigned cpu, void (*fn)(struct we_host_ep *ep, void *context), void *context)
{
    struct each_context each = { fn, context };

    we_host_mutex_lock(&s_net.shards[cpu].lock);
    we_base_idmap_each(&s_net.shards[cpu].map, each_ep, &each);
    we_host_mutex_unlock(&s_net.shards[cpu].lock);
}

/* --- shared ports ---------------------------------------------------------------------- */

struct shared_port {
    bool is_datagram;
    uint16_t port;
};

static void share_ep(struct we_host_ep *ep, void *context)
{
    const struct shared_port *shared = (const struct shared_port *)context;

    if (!ep->is_muted) {
        s_net.ops->share(ep, shared->is_datagram, shared->port);
    }
}

static void shard_share(unsigned cpu, struct shared_port *shared)
{
    struct shard *shard = &s_net.shards[cpu];

    we_host_net_shard_each(cpu, share_ep, shared);
    we_host_mutex_lock(&shard->lock);
    WE_BASE_LIST_FOR_EACH (link, &shard->unwatched) {
        share_ep(WE_BASE_LIST_ITEM(link, struct we_host_ep, link), shared);
    }
    we_host_mutex_unlock(&shard->lock);
}

void we_host_port_share(bool is_datagram, uint16_t port)
{
    struct shared_port shared = { is_datagram, port };

    we_host_ports_mark(is_datagram, port);
    for (unsigned i = 0; s_net.ops->share != NULL && i < s_net.cpu_count; i++) {
        shard_share(i, &shared);
    }
}

/* --- registrations --------------------------------------------------------------------- */

/* Takes a new endpoint in; nobody watches it. */
static void ep_enter(struct we_host_ep *ep, unsigned cpu)
{
    struct shard *shard = &s_net.shards[cpu];

    ep->client = NULL;
    ep->id = 0;
    ep->cpu = cpu;
    we_host_mutex_lock(&shard->lock);
    we_base_list_append(&shard->unwatched, &ep->link);
    shard->open_count++;
    we_host_mutex_unlock(&shard->lock);
}

/* From here on no event of ep starts. */
static void ep_leave(struct we_host_ep *ep)
{
    struct shard *shard = &s_net.shards[ep->cpu];

    we_host_mutex_lock(&shard->lock);
    if (ep->id != 0) {
        (void)we_base_idmap_remove(&shard->map, ep->id & ~ID_SHARD_MASK);
    } else {
        we_base_list_remove(&ep->link);
    }
    shard->open_count--;
    we_host_mutex_unlock(&shard->lock);
}

static void ep_mute(struct we_host_ep *ep)
{
    we_host_net_shard_lock(ep->cpu);
    ep->is_muted = true;
    we_host_net_shard_unlock(ep->cpu);
}

/* Makes ep one that nobody watches again. */
static void ep_unregister(struct we_host_ep *ep)
{
    ep_leave(ep);
    ep_enter(ep, ep->cpu);
}

/* Gives an unwatched endpoint its id. */
static enum we_err ep_register_locked(struct shard *shard, struct we_host_ep *ep)
{
    we_base_id id = we_base_idmap_add(&shard->map, ep);

    if (id == 0) {
        return WE_ERR_NO_MEMORY;
    }
    WE_ASSERT((id & ID_SHARD_MASK) == 0);
    we_base_list_remove(&ep->link);
    ep->id = id | ((we_base_id)ep->cpu << ID_SHARD_SHIFT);
    return WE_OK;
}

enum we_err we_host_ep_watch(struct we_host_ep *ep, enum we_host_watch watch, unsigned cpu,
                             const struct we_host_ep_client *client, void *context)
{
    struct shard *shard = &s_net.shards[cpu];
    bool is_first;
    enum we_err err = WE_OK;

    WE_ASSERT(cpu < s_net.cpu_count);
    WE_ASSERT(client != NULL);
    if (ep->cpu != cpu) {
        ep_leave(ep);
        ep_enter(ep, cpu);
    }
    we_host_mutex_lock(&shard->lock);
    is_first = ep->id == 0;
    if (is_first) {
        err = ep_register_locked(shard, ep);
    }
    if (err == WE_OK) {
        ep->client = client;
        ep->context = context;
        ep->watch = watch;
    }
    we_host_mutex_unlock(&shard->lock);
    if (err != WE_OK) {
        return err;
    }
    err = s_net.ops->watch(ep);
    if (err != WE_OK && is_first) {
        ep_unregister(ep);
    }
    return err;
}

/* --- the life of an endpoint ----------------------------------------------------------- */

/* Takes a new listener in and begins to watch it. */
static enum we_err listener_enter(struct we_host_ep *ep, unsigned cpu, const struct we_host_ep_client *client,
                                  void *context, struct we_host_ep **listener)
{
    enum we_err err;

    ep_enter(ep, cpu);
    /* The first event may come before this function returns. */
    *listener = ep;
    err = we_host_ep_watch(ep, WE_WATCH_ALL, cpu, client, context);
    if (err != WE_OK) {
        *listener = NULL;
        we_host_close(ep, WE_CLOSE_RESET);
    }
    return err;
}

enum we_err we_host_listen(const struct we_base_addr *local, const struct we_host_listen_options *options, unsigned cpu,
                           const struct we_host_ep_client *client, void *context, struct we_host_ep **listener)
{
    struct we_host_ep *ep = NULL;
    enum we_err err;

    WE_ASSERT(cpu < s_net.cpu_count);
    err = s_net.ops->listen(local, options, &ep);
    return err == WE_OK ? listener_enter(ep, cpu, client, context, listener) : err;
}

enum we_err we_host_bound_listen(struct we_host_ep *stream, const struct we_host_listen_options *options, unsigned cpu,
                                 const struct we_host_ep_client *client, void *context, struct we_host_ep **listener)
{
    struct we_host_ep *ep = NULL;
    enum we_err err;

    WE_ASSERT(cpu < s_net.cpu_count);
    WE_ASSERT(stream->id == 0);
    err = s_net.ops->bound_listen(stream, options, &ep);
    we_host_close(stream, WE_CLOSE_RESET);
    return err == WE_OK ? listener_enter(ep, cpu, client, context, listener) : err;
}

enum we_err we_host_accept(struct we_host_ep *listener, struct we_host_ep **request)
{
    enum we_err err = s_net.ops->accept(listener, request);

    if (err == WE_OK) {
        ep_enter(*request, listener->cpu);
    }
    return err;
}

enum we_err we_host_confirm(struct we_host_ep *request)
{
    enum we_err err = s_net.ops->confirm(request);

    if (err == WE_ERR_RESET) {
        ep_mute(request);
    }
    return err;
}

void we_host_refuse(struct we_host_ep *request)
{
    ep_leave(request);
    s_net.ops->refuse(request);
}

/* What was opened, if it was, has no processor before its first watch. */
static enum we_err opened_enter(enum we_err err, struct we_host_ep *const *opened)
{
    if (err == WE_OK) {
        ep_enter(*opened, __atomic_fetch_add(&s_net.next_cpu, 1, __ATOMIC_RELAXED) % s_net.cpu_count);
    }
    return err;
}

enum we_err we_host_stream_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    return opened_enter(s_net.ops->stream_open(local, is_v6_only, stream), stream);
}

enum we_err we_host_bound_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    return opened_enter(s_net.ops->bound_open(local, is_v6_only, stream), stream);
}

enum we_err we_host_stream_connect(struct we_host_ep *stream, const struct we_base_addr *remote)
{
    WE_ASSERT(stream->id != 0);
    WE_ASSERT(stream->watch == WE_WATCH_ALL);
    return s_net.ops->connect(stream, remote);
}

/* --- datagrams ------------------------------------------------------------------------- */

enum we_err we_host_dgram_open(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                               struct we_host_ep **ep)
{
    if (local->family == WE_FAMILY_NONE) {
        return WE_ERR_FAMILY;
    }
    return opened_enter(s_net.ops->dgram_open(local, options, ep), ep);
}

enum we_err we_host_dgram_send(struct we_host_ep *ep, const struct we_host_dgram *dgram, const struct we_host_iov *iov,
                               unsigned iov_count)
{
    /* Systems differ in what they make of port 0. */
    return dgram->remote.port == 0 ? WE_ERR_ADDRESS : s_net.ops->dgram_send(ep, dgram, iov, iov_count);
}

enum we_err we_host_net_send_segments(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                      const struct we_host_iov *iov, unsigned iov_count, size_t segment_bytes,
                                      size_t *bytes)
{
    return s_net.ops->dgram_send_segments == NULL || dgram->remote.port == 0
               ? WE_ERR_NOT_SUPPORTED
               : s_net.ops->dgram_send_segments(ep, dgram, iov, iov_count, segment_bytes, bytes);
}

enum we_err we_host_dgram_recv(struct we_host_ep *ep, struct we_host_dgram *dgram, const struct we_host_iov *iov,
                               unsigned iov_count)
{
    return s_net.ops->dgram_recv(ep, dgram, iov, iov_count);
}

enum we_err we_host_dgram_set(struct we_host_ep *ep, enum we_host_dgram_option option, int value)
{
    return s_net.ops->dgram_set(ep, option, value);
}

enum we_err we_host_dgram_group(struct we_host_ep *ep, const struct we_host_group_order *order)
{
    return s_net.ops->dgram_group(ep, order);
}

/* --- streams --------------------------------------------------------------------------- */

enum we_err we_host_recv(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count, size_t *bytes)
{
    return s_net.ops->recv(ep, iov, iov_count, bytes);
}

enum we_err we_host_send(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count, size_t *bytes)
{
    return s_net.ops->send(ep, iov, iov_count, bytes);
}

enum we_err we_host_shutdown_send(struct we_host_ep *ep)
{
    return s_net.ops->shutdown_send(ep);
}

void we_host_reset(struct we_host_ep *ep)
{
    ep_mute(ep);
    s_net.ops->reset(ep);
}

void we_host_silence(struct we_host_ep *ep)
{
    ep_mute(ep);
    s_net.ops->silence(ep);
}

void we_host_close(struct we_host_ep *ep, enum we_host_close how)
{
    ep_leave(ep);
    s_net.ops->close(ep, how);
}

enum we_err we_host_ep_set(struct we_host_ep *ep, enum we_host_ep_option option, int value)
{
    return s_net.ops->set(ep, option, value);
}

enum we_err we_host_ep_get(struct we_host_ep *ep, enum we_host_ep_option option, int *value)
{
    return s_net.ops->get(ep, option, value);
}

enum we_err we_host_ep_local(struct we_host_ep *ep, struct we_base_addr *addr)
{
    return s_net.ops->local(ep, addr);
}

enum we_err we_host_ep_remote(struct we_host_ep *ep, struct we_base_addr *addr)
{
    return s_net.ops->remote(ep, addr);
}

enum we_err we_host_ep_error(struct we_host_ep *ep)
{
    return s_net.ops->error(ep);
}

size_t we_host_ep_ideal_backlog_bytes(struct we_host_ep *ep)
{
    return s_net.ops->ideal_backlog_bytes(ep);
}

size_t we_host_ep_unread_bytes(struct we_host_ep *ep)
{
    return s_net.ops->unread_bytes(ep);
}

bool we_host_net_has_option(enum we_host_ep_option option)
{
    WE_ASSERT((unsigned)option < WE_EP_OPTION_COUNT);
    return s_net.ops->has_option(option);
}

enum we_err we_host_ep_tcp_info(struct we_host_ep *ep, struct we_host_tcp_info *info)
{
    return s_net.ops->tcp_info(ep, info);
}

unsigned we_host_net_local_addresses(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max)
{
    WE_ASSERT(family != WE_FAMILY_NONE);
    return s_net.ops->local_addresses(family, addrs, addrs_max);
}

enum we_err we_host_net_route(const struct we_base_addr *remote, struct we_base_addr *local)
{
    WE_ASSERT(remote->family != WE_FAMILY_NONE);
    return s_net.ops->route(remote, local);
}

enum we_err we_host_net_interface(const struct we_base_addr *local, uint32_t *interface_index)
{
    WE_ASSERT(local->family != WE_FAMILY_NONE);
    return s_net.ops->interface_of(local, interface_index);
}
