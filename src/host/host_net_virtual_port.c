/* SPDX-License-Identifier: MIT */
/* The table of datagram ports of the virtual network: who has which, who gets what, and groups. */
#include "host/host_net_virtual_port.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"

/* The design note is in host_net_virtual_port.h. */

#define PORT_FIRST 49152u
#define PORT_LAST 65535u
#define BUCKET_COUNT 256u
#define HOP_LIMIT 128

static struct {
    struct we_host_mutex lock;
    struct we_base_list buckets[BUCKET_COUNT]; /* of name_link, by the low byte of the port; the youngest first */
    uint16_t next_port;
} s_ports;

void we_host_virtual_ports_start(void)
{
    we_host_mutex_init(&s_ports.lock, WE_RANK_NET);
    for (unsigned i = 0; i < BUCKET_COUNT; i++) {
        we_base_list_init(&s_ports.buckets[i]);
    }
    s_ports.next_port = PORT_FIRST;
}

void we_host_virtual_ports_stop(void)
{
    for (unsigned i = 0; i < BUCKET_COUNT; i++) {
        WE_ASSERT(we_base_list_is_empty(&s_ports.buckets[i]));
    }
    we_host_mutex_fini(&s_ports.lock);
}

void we_host_virtual_ports_lock(void)
{
    we_host_mutex_lock(&s_ports.lock);
}

void we_host_virtual_ports_unlock(void)
{
    we_host_mutex_unlock(&s_ports.lock);
}

struct we_host_virtual_port *we_host_virtual_port_of(struct we_host_ep *base)
{
    WE_ASSERT(we_host_virtual_ep_of(base)->kind == WE_VIRTUAL_PORT);
    return WE_CONTAINER(base, struct we_host_virtual_port, ep.base);
}

/* --- opening --------------------------------------------------------------------------- */

struct we_base_list *we_host_virtual_port_bucket(uint16_t port)
{
    return &s_ports.buckets[port % BUCKET_COUNT];
}

static bool ports_overlap(const struct we_host_virtual_port *a, const struct we_host_virtual_port *b)
{
    if (a->local.port != b->local.port) {
        return false;
    }
    if (a->local.family != b->local.family) {
        return a->is_dual || b->is_dual;
    }
    return we_base_addr_is_any(&a->local) || we_base_addr_is_any(&b->local) ||
           we_base_addr_same_host(&a->local, &b->local);
}

static bool name_is_free_locked(const struct we_host_virtual_port *port)
{
    if (we_host_port_is_shared(true, port->local.port)) {
        return true;
    }
    WE_BASE_LIST_FOR_EACH (link, we_host_virtual_port_bucket(port->local.port)) {
        const struct we_host_virtual_port *other = we_host_virtual_port_of_name(link);

        if (ports_overlap(other, port) && !(other->is_shared && port->is_shared)) {
            return false;
        }
    }
    return true;
}

/* A port number that nobody has at all. */
static bool number_choose_locked(struct we_host_virtual_port *port)
{
    for (unsigned i = 0; i <= PORT_LAST - PORT_FIRST; i++) {
        bool is_taken = false;

        port->local.port = s_ports.next_port;
        s_ports.next_port = (uint16_t)(s_ports.next_port == PORT_LAST ? PORT_FIRST : s_ports.next_port + 1u);
        WE_BASE_LIST_FOR_EACH (link, we_host_virtual_port_bucket(port->local.port)) {
            is_taken = is_taken || we_host_virtual_port_of_name(link)->local.port == port->local.port;
        }
        if (!is_taken) {
            return true;
        }
    }
    return false;
}

static bool name_enter_locked(struct we_host_virtual_port *port)
{
    if (port->local.port == 0 ? !number_choose_locked(port) : !name_is_free_locked(port)) {
        return false;
    }
    we_base_list_prepend(we_host_virtual_port_bucket(port->local.port), &port->name_link);
    return true;
}

static struct we_host_virtual_port *port_create(const struct we_base_addr *local,
                                                const struct we_host_dgram_options *options)
{
    struct we_host_virtual_port *port = (struct we_host_virtual_port *)we_host_zalloc(sizeof(*port));

    if (port == NULL) {
        return NULL;
    }
    we_base_list_init(&port->ep.base.link);
    we_base_list_init(&port->ep.queue_link);
    we_base_list_init(&port->name_link);
    we_base_list_init(&port->flying);
    we_base_list_init(&port->arrived);
    we_host_mutex_init(&port->lock, WE_RANK_NET_LINK);
    port->ep.kind = WE_VIRTUAL_PORT;
    port->references = 1;
    port->local = *local;
    port->is_dual = local->family == WE_FAMILY_IPV6 && !options->is_v6_only && we_base_addr_is_any(local);
    port->is_shared = options->is_shared;
    port->hop_limit = HOP_LIMIT;
    port->group_hop_limit = 1;
    port->receive_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
    port->send_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
    return port;
}

enum we_err we_host_virtual_dgram_open(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                                       struct we_host_ep **ep)
{
    struct we_host_virtual_port *port = port_create(local, options);
    bool is_entered;

    if (port == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_mutex_lock(&s_ports.lock);
    is_entered = name_enter_locked(port);
    we_host_mutex_unlock(&s_ports.lock);
    if (!is_entered) {
        we_host_virtual_port_unref(port);
        return WE_ERR_IN_USE;
    }
    *ep = &port->ep.base;
    return WE_OK;
}

/* --- memory and the end ---------------------------------------------------------------- */

void we_host_virtual_port_ref(struct we_host_virtual_port *port)
{
    (void)__atomic_add_fetch(&port->references, 1, __ATOMIC_RELAXED);
}

void we_host_virtual_parcels_free(struct we_base_list *parcels)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(parcels)) != NULL) {
        struct we_host_virtual_parcel *parcel = WE_BASE_LIST_ITEM(link, struct we_host_virtual_parcel, link);

        we_host_virtual_parcel_landed(parcel);
        we_host_free(parcel);
    }
}

void we_host_virtual_port_unref(struct we_host_virtual_port *port)
{
    if (__atomic_sub_fetch(&port->references, 1, __ATOMIC_ACQ_REL) == 0) {
        WE_ASSERT(!we_base_list_is_linked(&port->name_link));
        we_host_virtual_parcels_free(&port->flying);
        we_host_virtual_parcels_free(&port->arrived);
        we_host_groups_free(&port->groups);
        we_host_mutex_fini(&port->lock);
        we_host_free(port);
    }
}

void we_host_virtual_port_close(struct we_host_virtual_port *port)
{
    struct we_base_list left;

    we_base_list_init(&left);
    we_host_mutex_lock(&s_ports.lock);
    we_base_list_remove(&port->name_link);
    we_host_mutex_unlock(&s_ports.lock);
    we_host_mutex_lock(&port->lock);
    port->is_closed = true;
    we_host_virtual_unqueue(&port->ep);
    we_base_list_splice(&left, &port->flying);
    we_base_list_splice(&left, &port->arrived);
    we_host_mutex_unlock(&port->lock);
    we_host_virtual_parcels_free(&left);
    we_host_virtual_port_unref(port);
}

/* --- who gets what --------------------------------------------------------------------- */

/* How well a port's claim fits a datagram to addr; 0 = not at all. */
static unsigned port_fit(const struct we_host_virtual_port *port, const struct we_base_addr *addr)
{
    if (port->local.port != addr->port) {
        return 0;
    }
    if (port->local.family != addr->family) {
        struct we_base_addr own = we_base_addr_unmapped(&port->local);

        return port->is_dual || (own.family == addr->family && we_base_addr_same_host(&own, addr)) ? 1 : 0;
    }
    if (we_base_addr_is_any(&port->local)) {
        return 2;
    }
    return we_base_addr_same_host(&port->local, addr) ? 3 : 0;
}

struct we_host_virtual_port *we_host_virtual_port_find_locked(const struct we_base_addr *addr)
{
    struct we_host_virtual_port *found = NULL;
    unsigned found_fit = 0;

    WE_BASE_LIST_FOR_EACH (link, we_host_virtual_port_bucket(addr->port)) {
        unsigned fit = port_fit(we_host_virtual_port_of_name(link), addr);

        if (fit > found_fit) {
            found_fit = fit;
            found = we_host_virtual_port_of_name(link);
        }
    }
    return found;
}

bool we_host_virtual_port_hears_locked(const struct we_host_virtual_port *port, const struct we_host_dgram *about)
{
    struct we_base_addr own = we_base_addr_unmapped(&port->local);

    if (port->local.port != about->local.port || (own.family != about->local.family && !port->is_dual)) {
        return false;
    }
    if (about->delivery == WE_DGRAM_MULTICAST) {
        return we_host_groups_hear(&port->groups, &about->local, &about->remote);
    }
    return we_base_addr_is_any(&port->local) || we_base_addr_same_host(&own, &about->local);
}

enum we_err we_host_virtual_dgram_group(struct we_host_ep *base, const struct we_host_group_order *order)
{
    struct we_host_virtual_port *port = we_host_virtual_port_of(base);
    struct we_host_group_order here = *order;
    enum we_err err;

    if (order->interface_index > WE_HOST_VIRTUAL_INTERFACE_INDEX) {
        return WE_ERR_ADDRESS;
    }
    here.interface_index = WE_HOST_VIRTUAL_INTERFACE_INDEX;
    we_host_mutex_lock(&s_ports.lock);
    err = we_host_groups_change(&port->groups, &here, NULL, NULL);
    we_host_mutex_unlock(&s_ports.lock);
    return err;
}
