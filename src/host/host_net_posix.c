/* SPDX-License-Identifier: MIT */
/* The sockets network: pollers, events, starved listeners, and the end of endpoints. */
#include "host/host_net_posix.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_addr.h"
#include "host/host_cond.h"
#include "host/host_exec.h"
#include "host/host_mem.h"
#include "host/host_socket.h"

/* The design note is in host_net_posix.h. */

#define BATCH_COUNT_MAX 64u

/* settle(): how long to look at most; how long when no stream has bytes under way; how often. */
#define SETTLE_MAX_NS UINT64_C(5000000)
#define SETTLE_QUIET_NS UINT64_C(1500000)
#define SETTLE_PAUSE_NS 50000
/* Each stream costs a system call. */
#define SETTLE_STREAM_COUNT_MAX 64u

struct processor {
    struct we_host_poller_set *poller;
    struct we_base_list starved; /* of starved_link; guarded by the shard's lock, like the next two */
    uint64_t retry_ns;           /* real time */
    unsigned starved_count;      /* atomic, so that wait() and close need no lock when it is 0 */
};

static struct {
    /* Constant while the network runs. */
    const struct we_host_poller_ops *poller_ops;
    unsigned cpu_count;
    struct processor processors[WE_HOST_CPU_MAX];
} s_posix;

/* --- start and stop -------------------------------------------------------------------- */

static const struct we_host_poller_ops *poller_choose(enum we_host_poller wanted)
{
    if (wanted == WE_POLLER_POLL) {
        return &we_host_poller_poll;
    }
    if (wanted == WE_POLLER_AUTO || wanted == we_host_poller_native->kind) {
        return we_host_poller_native;
    }
    return NULL;
}

static void pollers_destroy(unsigned count)
{
    while (count > 0) {
        s_posix.poller_ops->destroy(s_posix.processors[--count].poller);
    }
}

static enum we_err posix_start(const struct we_host_net_config *config)
{
    s_posix.poller_ops = poller_choose(config->poller);
    if (s_posix.poller_ops == NULL) {
        return WE_ERR_NOT_SUPPORTED;
    }
    s_posix.cpu_count = config->cpu_count;
    for (unsigned i = 0; i < config->cpu_count; i++) {
        struct processor *processor = &s_posix.processors[i];
        enum we_err err = s_posix.poller_ops->create(&processor->poller);

        if (err != WE_OK) {
            pollers_destroy(i);
            return err;
        }
        we_base_list_init(&processor->starved);
        processor->starved_count = 0;
    }
    return WE_OK;
}

static void posix_stop(void)
{
    pollers_destroy(s_posix.cpu_count);
}

/* --- starved listeners ----------------------------------------------------------------- */

static bool processor_has_starved(const struct processor *processor)
{
    return __atomic_load_n(&processor->starved_count, __ATOMIC_SEQ_CST) > 0;
}

static void starved_remove_locked(struct processor *processor, struct we_host_posix_ep *listener)
{
    we_base_list_remove(&listener->starved_link);
    listener->is_starved = false;
    __atomic_sub_fetch(&processor->starved_count, 1, __ATOMIC_SEQ_CST);
}

/* A change of interest of a registered descriptor needs no memory: it cannot fail. */
static void listener_arm_locked(struct processor *processor, struct we_host_posix_ep *listener, unsigned interest)
{
    enum we_err err = s_posix.poller_ops->modify(processor->poller, listener->fd, listener->base.id, interest);

    WE_ASSERT(err == WE_OK);
    listener->interest = interest;
}

void we_host_posix_starve(struct we_host_posix_ep *listener)
{
    unsigned cpu = listener->base.cpu;
    struct processor *processor = &s_posix.processors[cpu];

    we_host_net_shard_lock(cpu);
    if (!listener->is_starved && listener->is_in_poller) {
        if (we_base_list_is_empty(&processor->starved)) {
            processor->retry_ns = we_host_real_ns() + WE_HOST_POSIX_RETRY_NS;
        }
        listener_arm_locked(processor, listener, WE_POLL_LEVEL);
        we_base_list_append(&processor->starved, &listener->starved_link);
        listener->is_starved = true;
        __atomic_add_fetch(&processor->starved_count, 1, __ATOMIC_SEQ_CST);
    }
    we_host_net_shard_unlock(cpu);
    /* If another thread sleeps in this processor's wait(), it must hear of the new limit. */
    s_posix.poller_ops->wake(processor->poller);
}

static void starved_try_again_locked(struct processor *processor)
{
    while (!we_base_list_is_empty(&processor->starved)) {
        struct we_host_posix_ep *listener =
            WE_BASE_LIST_ITEM(processor->starved.next, struct we_host_posix_ep, starved_link);

        starved_remove_locked(processor, listener);
        listener_arm_locked(processor, listener, WE_POLL_READABLE | WE_POLL_LEVEL);
    }
}

/* A descriptor has become free. */
static void starved_try_again(void)
{
    for (unsigned cpu = 0; cpu < s_posix.cpu_count; cpu++) {
        if (processor_has_starved(&s_posix.processors[cpu])) {
            we_host_net_shard_lock(cpu);
            starved_try_again_locked(&s_posix.processors[cpu]);
            we_host_net_shard_unlock(cpu);
        }
    }
}

/* Returns the time that wait() may sleep: until the retry is due, which is done here when it is. */
static uint64_t starved_limit_ns(unsigned cpu, uint64_t timeout_ns)
{
    struct processor *processor = &s_posix.processors[cpu];
    uint64_t now_ns = we_host_real_ns();

    we_host_net_shard_lock(cpu);
    if (!we_base_list_is_empty(&processor->starved)) {
        if (now_ns >= processor->retry_ns) {
            starved_try_again_locked(processor);
        } else if (timeout_ns > processor->retry_ns - now_ns) {
            timeout_ns = processor->retry_ns - now_ns;
        }
    }
    we_host_net_shard_unlock(cpu);
    return timeout_ns;
}

/* --- events ---------------------------------------------------------------------------- */

WE_STATIC_ASSERT((int)WE_POLL_READABLE == (int)WE_NET_READABLE && (int)WE_POLL_WRITABLE == (int)WE_NET_WRITABLE &&
                     (int)WE_POLL_ENDED == (int)WE_NET_ENDED && (int)WE_POLL_RESET == (int)WE_NET_RESET,
                 "poller bits pass as events");

static unsigned posix_wait(unsigned cpu, uint64_t timeout_ns, struct we_host_ready *ready, unsigned ready_max)
{
    struct processor *processor = &s_posix.processors[cpu];
    struct we_host_poller_event events[BATCH_COUNT_MAX];
    unsigned count;

    if (WE_UNLIKELY(processor_has_starved(processor))) {
        timeout_ns = starved_limit_ns(cpu, timeout_ns);
    }
    count = s_posix.poller_ops->wait(processor->poller, timeout_ns, events,
                                     ready_max < BATCH_COUNT_MAX ? ready_max : BATCH_COUNT_MAX);
    for (unsigned i = 0; i < count; i++) {
        ready[i].id = events[i].key;
        ready[i].events = events[i].bits;
    }
    return count;
}

static void posix_wake(unsigned cpu)
{
    s_posix.poller_ops->wake(s_posix.processors[cpu].poller);
}

static bool posix_has_events(unsigned cpu)
{
    return s_posix.poller_ops->has_events(s_posix.processors[cpu].poller);
}

static unsigned posix_refine(struct we_host_ep *base, unsigned events)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    switch (we_host_posix_phase_get(ep)) {
    case WE_POSIX_CONNECTED:
        if (WE_UNLIKELY(base->watch != WE_WATCH_ALL)) {
            return we_host_posix_refine_hangup(ep, events);
        }
        if (events & WE_NET_RESET) {
            we_host_posix_error_note(ep, WE_ERR_RESET);
        }
        return events;
    case WE_POSIX_LISTENING:
        return (events & WE_NET_READABLE) ? WE_NET_ACCEPTABLE : 0;
    case WE_POSIX_CONNECTING:
        return we_host_posix_refine_connect(ep, events);
    case WE_POSIX_DATAGRAM:
        return we_host_posix_refine_dgram(ep, events);
    case WE_POSIX_BOUND:
    case WE_POSIX_GONE:
        break;
    }
    return 0;
}

struct unacked_search {
    unsigned streams_left;
    bool is_found;
};

static void unacked_look(struct we_host_ep *base, void *context)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct unacked_search *search = (struct unacked_search *)context;

    /* An endpoint that is not muted keeps its descriptor while the shard is locked. */
    if (!search->is_found && search->streams_left > 0 && !base->is_muted &&
        we_host_posix_phase_get(ep) == WE_POSIX_CONNECTED) {
        search->streams_left--;
        search->is_found = we_host_socket_unacked_bytes(ep->fd) > 0;
    }
}

/* Whether one of our streams has bytes that its peer's system does not have yet. */
static bool bytes_are_under_way(void)
{
    struct unacked_search search = { SETTLE_STREAM_COUNT_MAX, false };

    for (unsigned cpu = 0; cpu < s_posix.cpu_count && !search.is_found; cpu++) {
        we_host_net_shard_each(cpu, unacked_look, &search);
    }
    return search.is_found;
}

static bool posix_settle(void)
{
    const struct timespec pause = { 0, SETTLE_PAUSE_NS };
    uint64_t start_ns = we_host_real_ns();
    uint64_t passed_ns = 0;

    do {
        for (unsigned cpu = 0; cpu < s_posix.cpu_count; cpu++) {
            if (posix_has_events(cpu)) {
                return true;
            }
        }
        (void)nanosleep(&pause, NULL);
        passed_ns = we_host_real_ns() - start_ns;
    } while (passed_ns < SETTLE_QUIET_NS || (passed_ns < SETTLE_MAX_NS && bytes_are_under_way()));
    return false;
}

/* --- endpoints ------------------------------------------------------------------------- */

void we_host_posix_error_note(struct we_host_posix_ep *ep, enum we_err err)
{
    int none = WE_OK;

    (void)__atomic_compare_exchange_n(&ep->error, &none, (int)err, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

struct we_host_posix_ep *we_host_posix_ep_create(enum we_host_posix_phase phase)
{
    struct we_host_posix_ep *ep = (struct we_host_posix_ep *)we_host_zalloc(sizeof(*ep));

    if (ep != NULL) {
        ep->fd = -1;
        ep->phase = (int)phase;
        we_base_list_init(&ep->base.link);
        we_base_list_init(&ep->starved_link);
    }
    return ep;
}

enum we_err we_host_posix_interest_set(struct we_host_posix_ep *ep, unsigned interest)
{
    const struct we_host_poller_ops *ops = s_posix.poller_ops;
    struct we_host_poller_set *poller = s_posix.processors[ep->base.cpu].poller;
    enum we_err err;

    if (ep->is_in_poller && ep->poller_cpu != ep->base.cpu) {
        ops->remove(s_posix.processors[ep->poller_cpu].poller, ep->fd, false);
        ep->is_in_poller = false;
    }
    ep->interest = interest;
    if (ep->is_in_poller) {
        return ops->modify(poller, ep->fd, ep->base.id, interest);
    }
    ep->is_in_poller = true;
    ep->poller_cpu = ep->base.cpu;
    err = ops->add(poller, ep->fd, ep->base.id, interest);
    if (err != WE_OK) {
        ep->is_in_poller = false;
    }
    return err;
}

void we_host_posix_rearm(struct we_host_posix_ep *ep, unsigned bits)
{
    if (s_posix.poller_ops->needs_rearm && ep->is_in_poller) {
        s_posix.poller_ops->rearm(s_posix.processors[ep->poller_cpu].poller, ep->fd, bits);
    }
}

void we_host_posix_rearm_error(struct we_host_posix_ep *ep)
{
    if (s_posix.poller_ops->needs_rearm && ep->is_in_poller) {
        enum we_err err = we_host_posix_interest_set(ep, ep->interest);

        WE_ASSERT(err == WE_OK); /* a change of a registration needs no memory */
    }
}

static enum we_err posix_watch(struct we_host_ep *base)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    unsigned interest;

    switch (we_host_posix_phase_get(ep)) {
    case WE_POSIX_BOUND: /* registered by connect */
    case WE_POSIX_GONE:
        return WE_OK;
    case WE_POSIX_LISTENING:
        interest = WE_POLL_READABLE | WE_POLL_LEVEL;
        break;
    case WE_POSIX_CONNECTING:
        interest = WE_POLL_READABLE | WE_POLL_ENDED | WE_POLL_WRITABLE;
        break;
    case WE_POSIX_DATAGRAM:
        interest = WE_POLL_READABLE | (ep->wants_writable ? WE_POLL_WRITABLE : 0u);
        break;
    case WE_POSIX_CONNECTED:
    default:
        interest = base->watch == WE_WATCH_HANGUP ? WE_POLL_ENDED : WE_POLL_READABLE | WE_POLL_ENDED;
        if (base->watch == WE_WATCH_ALL && ep->wants_writable) {
            interest |= WE_POLL_WRITABLE;
        }
        break;
    }
    return we_host_posix_interest_set(ep, interest);
}

void we_host_posix_descriptor_close(int fd, bool is_reset)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    if (is_reset) {
        /* It fails when the peer was faster: then there is nothing to reset. */
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, (socklen_t)sizeof(at_once));
    }
    close(fd);
    starved_try_again();
}

/* Takes the descriptor out of the endpoint and ends it. */
static void ep_disconnect(struct we_host_posix_ep *ep, bool is_reset)
{
    int fd = ep->fd;

    if (fd < 0) {
        return;
    }
    if (ep->is_in_poller) {
        s_posix.poller_ops->remove(s_posix.processors[ep->poller_cpu].poller, fd, true);
        ep->is_in_poller = false;
    }
    ep->fd = -1;
    we_host_posix_descriptor_close(fd, is_reset);
}

/* The endpoint is muted: refine() does not look at it any more. */
static void posix_reset(struct we_host_ep *base)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    we_host_posix_error_note(ep, WE_ERR_ABORTED);
    we_host_posix_phase_set(ep, WE_POSIX_GONE);
    ep_disconnect(ep, true);
}

/* There is no way, without privileges, to keep a kernel from answering: what comes waits unread until it has no more room
 * for it. */
static void posix_silence(struct we_host_ep *base)
{
    (void)base;
}

/* The connection is gone in the kernel already: there is nothing to reset. Of a request an error says less: its peer may
 * only have finished sending. */
static bool stream_is_broken(const struct we_host_posix_ep *ep)
{
    return ep->base.watch == WE_WATCH_ALL && we_host_posix_phase_get(ep) == WE_POSIX_CONNECTED &&
           we_host_posix_error_get(ep) != WE_OK;
}

static void posix_close(struct we_host_ep *base, enum we_host_close how)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    if (we_host_posix_phase_get(ep) == WE_POSIX_LISTENING) {
        we_host_net_shard_lock(base->cpu);
        if (ep->is_starved) {
            starved_remove_locked(&s_posix.processors[base->cpu], ep);
        }
        we_host_net_shard_unlock(base->cpu);
    }
    if (how == WE_CLOSE_GRACEFUL) {
        we_host_posix_linger(ep);
    }
    ep_disconnect(ep, how == WE_CLOSE_RESET && !stream_is_broken(ep));
    we_host_groups_free(&ep->groups);
    we_host_free(ep);
}

static void posix_refuse(struct we_host_ep *request)
{
    posix_close(request, WE_CLOSE_RESET);
}

static enum we_err posix_error(struct we_host_ep *base)
{
    return we_host_posix_error_get(we_host_posix_ep_of(base));
}

/* Systems let a second socket have the port only when the first one says so too; that may be said late. */
static void posix_share(struct we_host_ep *base, bool is_datagram, uint16_t port)
{
    const struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct sockaddr_storage native;
    struct we_base_addr local;
    socklen_t length_bytes = (socklen_t)sizeof(native);
    int type = 0;
    socklen_t type_bytes = (socklen_t)sizeof(type);

    if (getsockname(ep->fd, (struct sockaddr *)&native, &length_bytes) == 0 &&
        we_host_addr_from_native(&native, length_bytes, &local) && local.port == port &&
        getsockopt(ep->fd, SOL_SOCKET, SO_TYPE, &type, &type_bytes) == 0 && (type == SOCK_DGRAM) == is_datagram) {
        we_host_posix_share_port(ep->fd, is_datagram);
    }
}

const struct we_host_net_ops we_host_net_posix_ops = {
    .abilities = 0, /* the kernel has finished the handshake before we hear of a connection */
    .start = posix_start,
    .stop = posix_stop,
    .wait = posix_wait,
    .wake = posix_wake,
    .has_events = posix_has_events,
    .settle = posix_settle,
    .refine = posix_refine,
    .listen = we_host_posix_listen,
    .share = posix_share,
    .accept = we_host_posix_accept,
    .stream_open = we_host_posix_stream_open,
    .bound_open = we_host_posix_bound_open,
    .bound_listen = we_host_posix_bound_listen,
    .watch = posix_watch,
    .confirm = we_host_posix_confirm,
    .refuse = posix_refuse,
    .connect = we_host_posix_connect,
    .recv = we_host_posix_recv,
    .send = we_host_posix_send,
    .shutdown_send = we_host_posix_shutdown_send,
    .reset = posix_reset,
    .silence = posix_silence,
    .close = posix_close,
    .set = we_host_posix_set,
    .get = we_host_posix_get,
    .local = we_host_posix_local,
    .remote = we_host_posix_remote,
    .error = posix_error,
    .ideal_backlog_bytes = we_host_posix_ideal_backlog_bytes,
    .unread_bytes = we_host_posix_unread_bytes,
    .has_option = we_host_posix_has_option,
    .tcp_info = we_host_posix_tcp_info,
    .local_addresses = we_host_posix_local_addresses,
    .route = we_host_posix_route,
    .interface_of = we_host_posix_interface,
    .dgram_open = we_host_posix_dgram_open,
    .dgram_send = we_host_posix_dgram_send,
    .dgram_send_segments = we_host_posix_dgram_send_segments,
    .dgram_recv = we_host_posix_dgram_recv,
    .dgram_set = we_host_posix_dgram_set,
    .dgram_group = we_host_posix_dgram_group,
};
