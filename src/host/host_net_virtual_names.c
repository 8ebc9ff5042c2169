/* SPDX-License-Identifier: MIT */
/* Addresses of the virtual network: who has which, listeners and their backlogs, and the start of connections. */
#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "host/host_net_virtual.h"

#define PORT_FIRST 49152u
#define PORT_LAST 65535u
#define BUCKET_COUNT 256u

static const unsigned char s_v4_in_v6[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static struct {
    struct we_host_mutex lock;
    struct we_base_list buckets[BUCKET_COUNT]; /* claims, by the low byte of the port */
    uint16_t next_port;                        /* where the search for a free one starts */
} s_names;

void we_host_virtual_names_start(void)
{
    we_host_mutex_init(&s_names.lock, WE_RANK_NET);
    for (unsigned i = 0; i < BUCKET_COUNT; i++) {
        we_base_list_init(&s_names.buckets[i]);
    }
    s_names.next_port = PORT_FIRST;
}

void we_host_virtual_names_stop(void)
{
    for (unsigned i = 0; i < BUCKET_COUNT; i++) {
        WE_ASSERT(we_base_list_is_empty(&s_names.buckets[i]));
    }
    we_host_mutex_fini(&s_names.lock);
}

/* --- addresses ------------------------------------------------------------------------- */

struct we_base_addr we_host_virtual_addr_in(const struct we_base_addr *addr, enum we_base_family family)
{
    struct we_base_addr result = *addr;

    if (addr->family == family || addr->family == WE_FAMILY_NONE) {
        return result;
    }
    memset(result.bytes, 0, sizeof(result.bytes));
    result.family = family;
    result.scope_id = 0;
    if (family == WE_FAMILY_IPV6) {
        memcpy(result.bytes, s_v4_in_v6, sizeof(s_v4_in_v6));
        memcpy(result.bytes + sizeof(s_v4_in_v6), addr->bytes, 4);
    } else {
        memcpy(result.bytes, addr->bytes + sizeof(s_v4_in_v6), 4);
    }
    return result;
}

static bool addr_is_v4_in_v6(const struct we_base_addr *addr)
{
    return addr->family == WE_FAMILY_IPV6 && memcmp(addr->bytes, s_v4_in_v6, sizeof(s_v4_in_v6)) == 0;
}

/* Whether two claims of one port want the same connections. */
static bool claims_overlap(const struct we_host_virtual_claim *a, const struct we_host_virtual_claim *b)
{
    if (a->addr.family != b->addr.family) {
        return a->is_dual || b->is_dual;
    }
    return we_base_addr_is_any(&a->addr) || we_base_addr_is_any(&b->addr) || we_base_addr_same_host(&a->addr, &b->addr);
}

/* How well a listener's claim fits a connection to addr; 0 = not at all. */
static unsigned claim_fit(const struct we_host_virtual_claim *claim, const struct we_base_addr *addr)
{
    if (claim->listener == NULL || claim->addr.port != addr->port) {
        return 0;
    }
    if (claim->addr.family != addr->family) {
        return claim->is_dual ? 1 : 0;
    }
    if (we_base_addr_is_any(&claim->addr)) {
        return 2;
    }
    return we_base_addr_same_host(&claim->addr, addr) ? 3 : 0;
}

static struct we_base_list *bucket_of(uint16_t port)
{
    return &s_names.buckets[port % BUCKET_COUNT];
}

static struct we_host_virtual_listener *listener_find_locked(const struct we_base_addr *addr)
{
    struct we_host_virtual_listener *found = NULL;
    unsigned found_fit = 0;

    WE_BASE_LIST_FOR_EACH (link, bucket_of(addr->port)) {
        struct we_host_virtual_claim *claim = WE_BASE_LIST_ITEM(link, struct we_host_virtual_claim, link);
        unsigned fit = claim_fit(claim, addr);

        if (fit > found_fit) {
            found_fit = fit;
            found = claim->listener;
        }
    }
    return found;
}

static bool port_is_claimed_locked(uint16_t port)
{
    WE_BASE_LIST_FOR_EACH (link, bucket_of(port)) {
        if (WE_BASE_LIST_ITEM(link, struct we_host_virtual_claim, link)->addr.port == port) {
            return true;
        }
    }
    return false;
}

/* The next port that nobody claimed; 0 when there is none. */
static uint16_t port_choose_locked(void)
{
    for (unsigned i = 0; i <= PORT_LAST - PORT_FIRST; i++) {
        uint16_t port = s_names.next_port;

        s_names.next_port = (uint16_t)(port == PORT_LAST ? PORT_FIRST : port + 1u);
        if (!port_is_claimed_locked(port)) {
            return port;
        }
    }
    return 0;
}

/* Enters a claim whose port may be 0. */
static enum we_err claim_enter_locked(struct we_host_virtual_claim *claim)
{
    if (claim->addr.port == 0) {
        claim->addr.port = port_choose_locked();
        if (claim->addr.port == 0) {
            return WE_ERR_IN_USE;
        }
    }
    if (we_host_port_is_shared(false, claim->addr.port)) {
        we_base_list_append(bucket_of(claim->addr.port), &claim->link);
        return WE_OK;
    }
    WE_BASE_LIST_FOR_EACH (link, bucket_of(claim->addr.port)) {
        struct we_host_virtual_claim *other = WE_BASE_LIST_ITEM(link, struct we_host_virtual_claim, link);

        if (other->addr.port == claim->addr.port && claims_overlap(other, claim)) {
            return WE_ERR_IN_USE;
        }
    }
    we_base_list_append(bucket_of(claim->addr.port), &claim->link);
    return WE_OK;
}

void we_host_virtual_claim_drop(struct we_host_virtual_claim *claim)
{
    if (claim == NULL) {
        return;
    }
    we_host_mutex_lock(&s_names.lock);
    we_base_list_remove(&claim->link);
    we_host_mutex_unlock(&s_names.lock);
    we_host_free(claim);
}

/* --- listeners ------------------------------------------------------------------------- */

static bool is_dual(const struct we_base_addr *local, bool is_v6_only)
{
    return local->family == WE_FAMILY_IPV6 && !is_v6_only && we_base_addr_is_any(local);
}

static struct we_host_virtual_listener *listener_create(const struct we_base_addr *local,
                                                        const struct we_host_listen_options *options)
{
    struct we_host_virtual_listener *listener = (struct we_host_virtual_listener *)we_host_zalloc(sizeof(*listener));

    if (listener == NULL) {
        return NULL;
    }
    we_base_list_init(&listener->ep.base.link);
    we_base_list_init(&listener->ep.queue_link);
    we_base_list_init(&listener->claim.link);
    we_base_list_init(&listener->backlog);
    listener->ep.kind = WE_VIRTUAL_LISTENER;
    listener->references = 1;
    listener->holds_handshake = options->hold_handshake;
    listener->backlog_max = options->backlog_count == 0 ? WE_HOST_VIRTUAL_BACKLOG_COUNT : options->backlog_count;
    listener->receive_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
    listener->send_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
    listener->claim.addr = *local;
    listener->claim.listener = listener;
    listener->claim.is_dual = is_dual(local, options->is_v6_only);
    return listener;
}

enum we_err we_host_virtual_listen(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                   struct we_host_ep **result)
{
    struct we_host_virtual_listener *listener;
    enum we_err err;

    if (local->family == WE_FAMILY_NONE) {
        return WE_ERR_FAMILY;
    }
    listener = listener_create(local, options);
    if (listener == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_mutex_lock(&s_names.lock);
    err = claim_enter_locked(&listener->claim);
    we_host_mutex_unlock(&s_names.lock);
    if (err != WE_OK) {
        we_host_free(listener);
        return err;
    }
    *result = &listener->ep.base;
    return WE_OK;
}

/* A listener is queued as long as requests wait. */
static void listener_queue_locked(struct we_host_virtual_listener *listener)
{
    if (listener->backlog_count > 0 && !listener->is_closed) {
        we_host_virtual_queue(&listener->ep);
    }
}

void we_host_virtual_listener_watch(struct we_host_virtual_listener *listener)
{
    we_host_mutex_lock(&s_names.lock);
    we_host_virtual_queue_here(&listener->ep);
    listener_queue_locked(listener);
    we_host_mutex_unlock(&s_names.lock);
}

unsigned we_host_virtual_listener_take(struct we_host_virtual_listener *listener, we_base_id *id)
{
    unsigned events;

    we_host_mutex_lock(&s_names.lock);
    events = listener->backlog_count > 0 && !listener->is_closed ? WE_NET_ACCEPTABLE : 0;
    *id = listener->ep.queue_id;
    listener_queue_locked(listener);
    we_host_mutex_unlock(&s_names.lock);
    return events;
}

static struct we_host_virtual_link *backlog_pop_locked(struct we_host_virtual_listener *listener)
{
    struct we_base_list *link = we_base_list_pop(&listener->backlog);

    if (link == NULL) {
        return NULL;
    }
    listener->backlog_count--;
    return WE_BASE_LIST_ITEM(link, struct we_host_virtual_link, backlog_link);
}

enum we_err we_host_virtual_accept(struct we_host_ep *base, struct we_host_ep **request)
{
    struct we_host_virtual_listener *listener = we_host_virtual_listener_of(base);
    struct we_host_virtual_link *link;

    we_host_mutex_lock(&s_names.lock);
    link = backlog_pop_locked(listener);
    if (listener->backlog_count == 0) {
        we_host_virtual_unqueue(&listener->ep);
    }
    we_host_mutex_unlock(&s_names.lock);
    if (link == NULL) {
        return WE_ERR_AGAIN;
    }
    /* The backlog's reference is the owner's from now on. */
    *request = &link->ends[1].ep.base;
    return WE_OK;
}

void we_host_virtual_listener_close(struct we_host_virtual_listener *listener)
{
    struct we_base_list left;
    struct we_base_list *link;

    we_base_list_init(&left);
    we_host_mutex_lock(&s_names.lock);
    listener->is_closed = true;
    we_base_list_remove(&listener->claim.link);
    we_base_list_splice(&left, &listener->backlog);
    listener->backlog_count = 0;
    we_host_virtual_unqueue(&listener->ep);
    we_host_mutex_unlock(&s_names.lock);
    while ((link = we_base_list_pop(&left)) != NULL) {
        struct we_host_virtual_link *request = WE_BASE_LIST_ITEM(link, struct we_host_virtual_link, backlog_link);

        we_host_virtual_end_close(&request->ends[1], WE_CLOSE_RESET);
    }
    we_host_virtual_unref(&listener->ep);
}

/* Options that connections inherit, or none. */
static enum we_err listener_option_locked(struct we_host_virtual_listener *listener, enum we_host_ep_option option,
                                          int *value, bool is_set)
{
    unsigned *buffer_bytes =
        option == WE_EP_RECEIVE_BUFFER_BYTES ? &listener->receive_buffer_bytes : &listener->send_buffer_bytes;
    bool *flag = option == WE_EP_KEEPALIVE ? &listener->is_keepalive : &listener->is_nodelay;

    switch (option) {
    case WE_EP_RECEIVE_BUFFER_BYTES:
    case WE_EP_SEND_BUFFER_BYTES:
        if (is_set && *value <= 0) {
            return WE_ERR_INVALID;
        }
        *buffer_bytes = is_set ? (unsigned)*value : *buffer_bytes;
        *value = (int)*buffer_bytes;
        return WE_OK;
    case WE_EP_KEEPALIVE:
    case WE_EP_NODELAY:
        *flag = is_set ? *value != 0 : *flag;
        *value = *flag;
        return WE_OK;
    default:
        return WE_ERR_NOT_SUPPORTED;
    }
}

enum we_err we_host_virtual_listener_option(struct we_host_virtual_listener *listener, enum we_host_ep_option option,
                                            int *value, bool is_set)
{
    enum we_err err;

    we_host_mutex_lock(&s_names.lock);
    err = listener_option_locked(listener, option, value, is_set);
    we_host_mutex_unlock(&s_names.lock);
    return err;
}

void we_host_virtual_listener_local(struct we_host_virtual_listener *listener, struct we_base_addr *addr)
{
    we_host_mutex_lock(&s_names.lock);
    *addr = listener->claim.addr;
    we_host_mutex_unlock(&s_names.lock);
}

/* --- streams --------------------------------------------------------------------------- */

/* A port that was asked for is the stream's own. One that we choose is not: it only has to look like one. */
static enum we_err stream_bind_locked(struct we_host_virtual_link *link, struct we_host_virtual_claim *claim)
{
    struct we_base_addr *local = &link->ends[0].local;

    enum we_err err;

    if (claim == NULL) {
        local->port = port_choose_locked();
        return local->port == 0 ? WE_ERR_IN_USE : WE_OK;
    }
    claim->addr = *local;
    err = claim_enter_locked(claim);
    local->port = claim->addr.port;
    return err;
}

/* owns_port: whatever port it gets is its own. */
static enum we_err stream_open(const struct we_base_addr *local, bool owns_port, bool is_v6_only,
                               struct we_host_ep **stream)
{
    struct we_host_virtual_claim *claim = NULL;
    struct we_host_virtual_link *link;
    enum we_err err = WE_ERR_NO_MEMORY;

    if (local->family == WE_FAMILY_NONE) {
        return WE_ERR_FAMILY;
    }
    link = we_host_virtual_link_create(local);
    if (link == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    link->is_v6_only = is_v6_only;
    if (owns_port) {
        claim = (struct we_host_virtual_claim *)we_host_zalloc(sizeof(*claim));
        if (claim == NULL) {
            goto fail;
        }
        claim->is_dual = is_dual(local, is_v6_only);
    }
    we_host_mutex_lock(&s_names.lock);
    err = stream_bind_locked(link, claim);
    we_host_mutex_unlock(&s_names.lock);
    if (err != WE_OK) {
        we_host_free(claim);
        goto fail;
    }
    link->claim = claim;
    *stream = &link->ends[0].ep.base;
    return WE_OK;

fail:
    we_host_virtual_unref(&link->ends[0].ep);
    return err;
}

enum we_err we_host_virtual_stream_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    return stream_open(local, local->port != 0, is_v6_only, stream);
}

enum we_err we_host_virtual_bound_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    return stream_open(local, true, is_v6_only, stream);
}

enum we_err we_host_virtual_bound_listen(struct we_host_ep *base, const struct we_host_listen_options *options,
                                         struct we_host_ep **result)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    struct we_host_virtual_listener *listener = listener_create(&end->local, options);
    enum we_err err;

    WE_ASSERT(end->index == 0);
    WE_ASSERT(end->state == WE_VIRTUAL_BOUND);
    WE_ASSERT(link->claim != NULL);
    if (listener == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_mutex_lock(&s_names.lock);
    we_base_list_remove(&link->claim->link); /* unlinked, it waits for the stream's close */
    err = claim_enter_locked(&listener->claim);
    we_host_mutex_unlock(&s_names.lock);
    if (err != WE_OK) {
        we_host_free(listener);
        return err;
    }
    *result = &listener->ep.base;
    return WE_OK;
}

/* Where a connection to remote really goes: IPv4 in IPv6 is IPv4, and "any" is this host. */
static struct we_base_addr target_of(const struct we_base_addr *remote)
{
    struct we_base_addr target = addr_is_v4_in_v6(remote) ? we_host_virtual_addr_in(remote, WE_FAMILY_IPV4) : *remote;

    return we_base_addr_is_any(&target) ? we_base_addr_loopback(target.family, target.port) : target;
}

/* SYN goes out: both ends get their addresses, and the listener, if there is one, a request. */
static enum we_err connect_locked(struct we_host_virtual_link *link, const struct we_base_addr *remote)
{
    struct we_base_addr target = target_of(remote);
    struct we_host_virtual_listener *listener = listener_find_locked(&target);
    struct we_host_virtual_end *client = &link->ends[0];
    struct we_host_virtual_end *server = &link->ends[1];

    if (link->is_v6_only && we_base_addr_is_mapped(remote)) {
        client->state = WE_VIRTUAL_DEAD;
        client->error = WE_ERR_NET_UNREACHABLE;
        return client->error;
    }
    if (we_base_addr_is_any(&client->local)) {
        uint16_t port = client->local.port;

        client->local = we_host_virtual_addr_in(&target, client->local.family);
        client->local.port = port;
    }
    server->local = target;
    if (listener == NULL || listener->backlog_count >= listener->backlog_max) {
        we_host_virtual_link_refused_locked(link);
        return WE_ERR_AGAIN;
    }
    server->local = we_host_virtual_addr_in(&target, listener->claim.addr.family);
    server->receive_buffer_bytes = listener->receive_buffer_bytes;
    server->send_buffer_bytes = listener->send_buffer_bytes;
    server->is_keepalive = listener->is_keepalive;
    server->is_nodelay = listener->is_nodelay;
    (void)__atomic_add_fetch(&link->references, 1, __ATOMIC_RELAXED);
    we_base_list_append(&listener->backlog, &link->backlog_link);
    listener->backlog_count++;
    listener_queue_locked(listener);
    we_host_virtual_link_offered_locked(link, listener->holds_handshake);
    return WE_ERR_AGAIN;
}

enum we_err we_host_virtual_connect(struct we_host_ep *base, const struct we_base_addr *remote)
{
    struct we_host_virtual_end *client = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(client);
    enum we_err err = WE_ERR_AGAIN;

    if (remote->family != client->local.family) {
        return WE_ERR_FAMILY;
    }
    we_host_mutex_lock(&s_names.lock);
    we_host_mutex_lock(&link->lock);
    if (client->index == 0 && client->state == WE_VIRTUAL_BOUND) {
        err = connect_locked(link, remote);
    } else {
        err = client->error != WE_OK ? client->error : WE_ERR_CONNECTED;
    }
    we_host_mutex_unlock(&link->lock);
    we_host_mutex_unlock(&s_names.lock);
    return err;
}
