/* SPDX-License-Identifier: MIT */
/* The virtual network: the processors' queues of endpoints that have something to say, and the table of operations. */
#include "host/host_net_virtual.h"

#include <pthread.h>

#include "base/base_assert.h"
#include "host/host_cond.h"
#include "host/host_exec.h"
#include "host/host_mem.h"

/* The design note is in host_net_virtual.h. */

#define CACHE_LINE_BYTES 64
#define BATCH_COUNT_MAX 64u
/* Among so many of the first endpoints of a queue the next one is chosen: more would make each choice a long walk. */
#define CHOICE_COUNT_MAX 64u

struct queue {
    _Alignas(CACHE_LINE_BYTES) struct we_host_mutex lock;
    struct we_base_list eps; /* of queue_link */
    unsigned count;          /* atomic: has_events reads it without the lock */
    bool is_woken;
    bool is_waiting; /* somebody sleeps on changed */
    pthread_cond_t changed;
};

static struct {
    unsigned cpu_count;
    struct queue queues[WE_HOST_CPU_MAX];
} s_virtual;

/* --- start and stop -------------------------------------------------------------------- */

static enum we_err virtual_start(const struct we_host_net_config *config)
{
    s_virtual.cpu_count = config->cpu_count;
    for (unsigned i = 0; i < config->cpu_count; i++) {
        struct queue *queue = &s_virtual.queues[i];

        we_host_mutex_init(&queue->lock, WE_RANK_NET_QUEUE);
        we_host_cond_init(&queue->changed);
        we_base_list_init(&queue->eps);
        queue->count = 0;
        queue->is_woken = false;
        queue->is_waiting = false;
    }
    we_host_virtual_names_start();
    we_host_virtual_ports_start();
    return WE_OK;
}

static void virtual_stop(void)
{
    we_host_virtual_ports_stop();
    we_host_virtual_names_stop();
    for (unsigned i = 0; i < s_virtual.cpu_count; i++) {
        struct queue *queue = &s_virtual.queues[i];

        WE_ASSERT(we_base_list_is_empty(&queue->eps));
        pthread_cond_destroy(&queue->changed);
        we_host_mutex_fini(&queue->lock);
    }
}

/* --- endpoints on queues --------------------------------------------------------------- */

static void queue_signal_locked(struct queue *queue)
{
    if (queue->is_waiting) {
        pthread_cond_signal(&queue->changed);
    }
}

static void queue_count_set_locked(struct queue *queue, unsigned count)
{
    __atomic_store_n(&queue->count, count, __ATOMIC_RELEASE);
}

void we_host_virtual_queue(struct we_host_virtual_ep *ep)
{
    struct queue *queue = &s_virtual.queues[ep->queue_cpu];

    /* Whoever takes ep off the queue clears the mark first and then waits for the endpoint's own lock, which we have:
     * he will see what we are telling. Only holders of that lock set the mark. */
    if (ep->queue_id == 0 || __atomic_load_n(&ep->is_queued, __ATOMIC_ACQUIRE)) {
        return;
    }
    we_host_mutex_lock(&queue->lock);
    __atomic_store_n(&ep->is_queued, true, __ATOMIC_RELEASE);
    we_base_list_append(&queue->eps, &ep->queue_link);
    queue_count_set_locked(queue, queue->count + 1);
    queue_signal_locked(queue);
    we_host_mutex_unlock(&queue->lock);
}

/* Takes ep off the queue, in which it is. */
static void queue_remove_locked(struct queue *queue, struct we_host_virtual_ep *ep)
{
    we_base_list_remove(&ep->queue_link);
    queue_count_set_locked(queue, queue->count - 1);
    __atomic_store_n(&ep->is_queued, false, __ATOMIC_RELEASE);
}

void we_host_virtual_unqueue(struct we_host_virtual_ep *ep)
{
    struct queue *queue = &s_virtual.queues[ep->queue_cpu];

    if (!__atomic_load_n(&ep->is_queued, __ATOMIC_ACQUIRE)) {
        return;
    }
    we_host_mutex_lock(&queue->lock);
    if (ep->is_queued) {
        queue_remove_locked(queue, ep);
    }
    we_host_mutex_unlock(&queue->lock);
}

void we_host_virtual_queue_here(struct we_host_virtual_ep *ep)
{
    if (ep->queue_cpu != ep->base.cpu) {
        we_host_virtual_unqueue(ep);
        ep->queue_cpu = ep->base.cpu;
    }
    ep->queue_id = ep->base.id;
}

void we_host_virtual_ref(struct we_host_virtual_ep *ep)
{
    switch ((enum we_host_virtual_kind)ep->kind) {
    case WE_VIRTUAL_LISTENER:
        (void)__atomic_add_fetch(&we_host_virtual_listener_of(&ep->base)->references, 1, __ATOMIC_RELAXED);
        break;
    case WE_VIRTUAL_PORT:
        we_host_virtual_port_ref(we_host_virtual_port_of(&ep->base));
        break;
    case WE_VIRTUAL_END:
        (void)__atomic_add_fetch(&we_host_virtual_link_of(we_host_virtual_end_of(&ep->base))->references, 1,
                                 __ATOMIC_RELAXED);
        break;
    }
}

static void listener_unref(struct we_host_virtual_listener *listener)
{
    if (__atomic_sub_fetch(&listener->references, 1, __ATOMIC_ACQ_REL) == 0) {
        we_host_free(listener);
    }
}

static void link_unref(struct we_host_virtual_link *link)
{
    if (__atomic_sub_fetch(&link->references, 1, __ATOMIC_ACQ_REL) == 0) {
        we_host_virtual_link_destroy(link);
    }
}

void we_host_virtual_unref(struct we_host_virtual_ep *ep)
{
    switch ((enum we_host_virtual_kind)ep->kind) {
    case WE_VIRTUAL_LISTENER:
        listener_unref(we_host_virtual_listener_of(&ep->base));
        break;
    case WE_VIRTUAL_PORT:
        we_host_virtual_port_unref(we_host_virtual_port_of(&ep->base));
        break;
    case WE_VIRTUAL_END:
        link_unref(we_host_virtual_link_of(we_host_virtual_end_of(&ep->base)));
        break;
    }
}

/* --- waiting --------------------------------------------------------------------------- */

/* Which of the queued endpoints is next, when only one is wanted. Without the lock, since a choice has a lock of its
 * own; the caller is the only one who takes from this queue's front, others only append or remove. */
static unsigned queue_choose(const struct queue *queue, unsigned wanted_max)
{
    unsigned count = __atomic_load_n(&queue->count, __ATOMIC_ACQUIRE);

    if (wanted_max > 1 || count < 2) {
        return 0;
    }
    return we_host_choose(WE_CHOICE_NEXT, count < CHOICE_COUNT_MAX ? count : CHOICE_COUNT_MAX);
}

/* Takes up to eps_max endpoints, from index on, off the queue, each with a reference. */
static unsigned queue_take(struct queue *queue, unsigned index, struct we_host_virtual_ep **eps, unsigned eps_max)
{
    struct we_base_list *link;
    unsigned count = 0;

    we_host_mutex_lock(&queue->lock);
    queue->is_woken = queue->is_woken && we_base_list_is_empty(&queue->eps);
    link = queue->eps.next;
    while (index > 0 && link->next != &queue->eps) {
        link = link->next;
        index--;
    }
    while (count < eps_max && link != &queue->eps) {
        struct we_base_list *next = link->next;

        eps[count] = WE_BASE_LIST_ITEM(link, struct we_host_virtual_ep, queue_link);
        we_host_virtual_ref(eps[count]);
        queue_remove_locked(queue, eps[count]);
        link = next;
        count++;
    }
    we_host_mutex_unlock(&queue->lock);
    return count;
}

static unsigned ep_take(struct we_host_virtual_ep *ep, struct we_host_ready *ready)
{
    switch ((enum we_host_virtual_kind)ep->kind) {
    case WE_VIRTUAL_LISTENER:
        ready->events = we_host_virtual_listener_take(we_host_virtual_listener_of(&ep->base), &ready->id);
        break;
    case WE_VIRTUAL_PORT:
        ready->events = we_host_virtual_port_take(we_host_virtual_port_of(&ep->base), &ready->id);
        break;
    case WE_VIRTUAL_END:
        ready->events = we_host_virtual_end_take(we_host_virtual_end_of(&ep->base), &ready->id);
        break;
    }
    return ready->events == 0 ? 0 : 1;
}

/* Sleeps until the queue has something. False: woken, or the time is over. */
static bool queue_sleep(struct queue *queue, uint64_t timeout_ns, uint64_t deadline_ns)
{
    bool has_time = true;
    bool is_filled;

    we_host_mutex_lock(&queue->lock);
    queue->is_waiting = true;
    while (has_time && we_base_list_is_empty(&queue->eps) && !queue->is_woken) {
        if (timeout_ns == WE_HOST_FOREVER) {
            pthread_cond_wait(&queue->changed, &queue->lock.mutex);
        } else {
            has_time = we_host_cond_wait_until(&queue->changed, &queue->lock.mutex, deadline_ns);
        }
    }
    queue->is_waiting = false;
    queue->is_woken = false;
    is_filled = !we_base_list_is_empty(&queue->eps);
    we_host_mutex_unlock(&queue->lock);
    return is_filled;
}

static unsigned virtual_wait(unsigned cpu, uint64_t timeout_ns, struct we_host_ready *ready, unsigned ready_max)
{
    struct queue *queue = &s_virtual.queues[cpu];
    struct we_host_virtual_ep *eps[BATCH_COUNT_MAX];
    uint64_t deadline_ns = 0;
    unsigned taken;
    unsigned count = 0;

    if (timeout_ns != 0 && timeout_ns != WE_HOST_FOREVER) {
        deadline_ns = we_host_real_ns() + timeout_ns;
    }
    do {
        taken = queue_take(queue, queue_choose(queue, ready_max), eps,
                           ready_max < BATCH_COUNT_MAX ? ready_max : BATCH_COUNT_MAX);
        for (unsigned i = 0; i < taken; i++) {
            count += ep_take(eps[i], &ready[count]);
            we_host_virtual_unref(eps[i]);
        }
        /* An endpoint may have lost its event, to a close on another thread for example: look again. */
    } while (count == 0 && (taken > 0 || (timeout_ns != 0 && queue_sleep(queue, timeout_ns, deadline_ns))));
    return count;
}

static void virtual_wake(unsigned cpu)
{
    struct queue *queue = &s_virtual.queues[cpu];

    we_host_mutex_lock(&queue->lock);
    queue->is_woken = true;
    queue_signal_locked(queue);
    we_host_mutex_unlock(&queue->lock);
}

static bool virtual_has_events(unsigned cpu)
{
    return __atomic_load_n(&s_virtual.queues[cpu].count, __ATOMIC_ACQUIRE) > 0;
}

static bool virtual_settle(void)
{
    return false;
}

/* --- by kind of endpoint --------------------------------------------------------------- */

static enum we_host_virtual_kind kind_of(struct we_host_ep *base)
{
    return (enum we_host_virtual_kind)we_host_virtual_ep_of(base)->kind;
}

static unsigned virtual_refine(struct we_host_ep *base, unsigned events)
{
    (void)base;
    return events;
}

static enum we_err virtual_watch(struct we_host_ep *base)
{
    switch (kind_of(base)) {
    case WE_VIRTUAL_LISTENER:
        we_host_virtual_listener_watch(we_host_virtual_listener_of(base));
        break;
    case WE_VIRTUAL_PORT:
        we_host_virtual_port_watch(we_host_virtual_port_of(base));
        break;
    case WE_VIRTUAL_END:
        we_host_virtual_end_watch(we_host_virtual_end_of(base));
        break;
    }
    return WE_OK;
}

static void virtual_close(struct we_host_ep *base, enum we_host_close how)
{
    switch (kind_of(base)) {
    case WE_VIRTUAL_LISTENER:
        we_host_virtual_listener_close(we_host_virtual_listener_of(base));
        break;
    case WE_VIRTUAL_PORT:
        we_host_virtual_port_close(we_host_virtual_port_of(base));
        break;
    case WE_VIRTUAL_END:
        we_host_virtual_end_close(we_host_virtual_end_of(base), how);
        break;
    }
}

static void virtual_refuse(struct we_host_ep *base)
{
    we_host_virtual_end_close(we_host_virtual_end_of(base), WE_CLOSE_RESET);
}

/* Nothing here has a header that an option could change, or a segment that is lost: all others are accepted. */
static bool option_has_effect(enum we_host_ep_option option)
{
    return option == WE_EP_RECEIVE_BUFFER_BYTES || option == WE_EP_SEND_BUFFER_BYTES || option == WE_EP_KEEPALIVE ||
           option == WE_EP_NODELAY;
}

static bool virtual_has_option(enum we_host_ep_option option)
{
    (void)option;
    return true;
}

/* Of a datagram's header its receiver sees two things. */
static enum we_err port_header_set(struct we_host_ep *base, enum we_host_ep_option option, int value)
{
    switch (option) {
    case WE_EP_IPV4_TTL:
    case WE_EP_IPV6_HOPS:
        return we_host_virtual_dgram_set(base, WE_DGRAM_HOP_LIMIT, value);
    case WE_EP_IPV4_MULTICAST_TTL:
    case WE_EP_IPV6_MULTICAST_HOPS:
        return we_host_virtual_dgram_set(base, WE_DGRAM_GROUP_HOP_LIMIT, value);
    case WE_EP_IPV4_TOS:
    case WE_EP_IPV6_TCLASS:
        return we_host_virtual_dgram_set(base, WE_DGRAM_TRAFFIC_CLASS, value);
    default:
        return WE_OK;
    }
}

static enum we_err virtual_option(struct we_host_ep *base, enum we_host_ep_option option, int *value, bool is_set)
{
    if (!option_has_effect(option)) {
        if (!is_set) {
            return WE_ERR_NOT_SUPPORTED;
        }
        return kind_of(base) == WE_VIRTUAL_PORT ? port_header_set(base, option, *value) : WE_OK;
    }
    switch (kind_of(base)) {
    case WE_VIRTUAL_LISTENER:
        return we_host_virtual_listener_option(we_host_virtual_listener_of(base), option, value, is_set);
    case WE_VIRTUAL_PORT:
        return we_host_virtual_port_option(we_host_virtual_port_of(base), option, value, is_set);
    case WE_VIRTUAL_END:
        break;
    }
    return we_host_virtual_end_option(we_host_virtual_end_of(base), option, value, is_set);
}

static enum we_err virtual_set(struct we_host_ep *base, enum we_host_ep_option option, int value)
{
    return virtual_option(base, option, &value, true);
}

static enum we_err virtual_get(struct we_host_ep *base, enum we_host_ep_option option, int *value)
{
    return virtual_option(base, option, value, false);
}

static void end_local(struct we_host_virtual_end *end, struct we_base_addr *addr)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);

    we_host_mutex_lock(&link->lock);
    *addr = end->local;
    we_host_mutex_unlock(&link->lock);
}

static enum we_err virtual_local(struct we_host_ep *base, struct we_base_addr *addr)
{
    switch (kind_of(base)) {
    case WE_VIRTUAL_LISTENER:
        we_host_virtual_listener_local(we_host_virtual_listener_of(base), addr);
        break;
    case WE_VIRTUAL_PORT:
        *addr = we_host_virtual_port_local(we_host_virtual_port_of(base));
        break;
    case WE_VIRTUAL_END:
        end_local(we_host_virtual_end_of(base), addr);
        break;
    }
    return WE_OK;
}

static enum we_err virtual_remote(struct we_host_ep *base, struct we_base_addr *addr)
{
    struct we_host_virtual_end *end;
    struct we_host_virtual_link *link;
    struct we_base_addr remote;

    if (kind_of(base) != WE_VIRTUAL_END) {
        return WE_ERR_NOT_CONNECTED;
    }
    end = we_host_virtual_end_of(base);
    link = we_host_virtual_link_of(end);
    we_host_mutex_lock(&link->lock);
    remote = we_host_virtual_addr_in(&we_host_virtual_peer_of(end)->local, end->local.family);
    we_host_mutex_unlock(&link->lock);
    if (remote.family == WE_FAMILY_NONE) {
        return WE_ERR_NOT_CONNECTED;
    }
    *addr = remote;
    return WE_OK;
}

static enum we_err virtual_error(struct we_host_ep *base)
{
    struct we_host_virtual_link *link;
    enum we_err err;

    if (kind_of(base) != WE_VIRTUAL_END) {
        return WE_OK;
    }
    link = we_host_virtual_link_of(we_host_virtual_end_of(base));
    we_host_mutex_lock(&link->lock);
    err = we_host_virtual_end_of(base)->error;
    we_host_mutex_unlock(&link->lock);
    return err;
}

/* Any address is local; the one that everybody knows is the loopback. */
static unsigned virtual_local_addresses(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max)
{
    if (addrs_max > 0) {
        addrs[0] = we_base_addr_loopback(family, 0);
    }
    return 1;
}

/* Whoever connects to an address has the same one; one that is no single host's leads to the loopback. */
static enum we_err virtual_route(const struct we_base_addr *remote, struct we_base_addr *local)
{
    bool is_host =
        !we_base_addr_is_any(remote) && !we_base_addr_is_multicast(remote) && !we_base_addr_is_broadcast(remote);

    *local = is_host ? *remote : we_base_addr_loopback(remote->family, 0);
    local->port = 0;
    return WE_OK;
}

/* Every address is local, and there is one interface. */
static enum we_err virtual_interface(const struct we_base_addr *local, uint32_t *interface_index)
{
    (void)local;
    *interface_index = WE_HOST_VIRTUAL_INTERFACE_INDEX;
    return WE_OK;
}

static enum we_err virtual_tcp_info(struct we_host_ep *base, struct we_host_tcp_info *info)
{
    if (kind_of(base) != WE_VIRTUAL_END) {
        return WE_ERR_NOT_CONNECTED;
    }
    return we_host_virtual_end_tcp_info(we_host_virtual_end_of(base), info);
}

const struct we_host_net_ops we_host_net_virtual_ops = {
    .abilities = WE_NET_HOLDS_HANDSHAKE,
    .start = virtual_start,
    .stop = virtual_stop,
    .wait = virtual_wait,
    .wake = virtual_wake,
    .has_events = virtual_has_events,
    .settle = virtual_settle,
    .refine = virtual_refine,
    .listen = we_host_virtual_listen,
    .accept = we_host_virtual_accept,
    .stream_open = we_host_virtual_stream_open,
    .bound_open = we_host_virtual_bound_open,
    .bound_listen = we_host_virtual_bound_listen,
    .watch = virtual_watch,
    .confirm = we_host_virtual_confirm,
    .refuse = virtual_refuse,
    .connect = we_host_virtual_connect,
    .recv = we_host_virtual_recv,
    .send = we_host_virtual_send,
    .shutdown_send = we_host_virtual_shutdown_send,
    .reset = we_host_virtual_reset,
    .silence = we_host_virtual_silence,
    .close = virtual_close,
    .set = virtual_set,
    .get = virtual_get,
    .local = virtual_local,
    .remote = virtual_remote,
    .error = virtual_error,
    .ideal_backlog_bytes = we_host_virtual_ideal_backlog_bytes,
    .unread_bytes = we_host_virtual_unread_bytes,
    .has_option = virtual_has_option,
    .tcp_info = virtual_tcp_info,
    .local_addresses = virtual_local_addresses,
    .route = virtual_route,
    .interface_of = virtual_interface,
    .dgram_open = we_host_virtual_dgram_open,
    .dgram_send = we_host_virtual_dgram_send,
    .dgram_recv = we_host_virtual_dgram_recv,
    .dgram_set = we_host_virtual_dgram_set,
    .dgram_group = we_host_virtual_dgram_group,
};
