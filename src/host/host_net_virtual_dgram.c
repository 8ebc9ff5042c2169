/* SPDX-License-Identifier: MIT */
/* Datagrams of the virtual network: sending, flight, receiving. */
#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "host/host_net_virtual_port.h"

/* The design note is in host_net_virtual_port.h. */

/* What the length fields of UDP over IPv4 and IPv6 can say. */
#define V4_BYTES_MAX 65507u
#define V6_BYTES_MAX 65527u
/* Empty datagrams take no room in the buffer; this bounds them. */
#define WAITING_COUNT_MAX 65536u

/* --- room in the send buffer ----------------------------------------------------------- */

static void port_queue_locked(struct we_host_virtual_port *port);

/* Takes length_bytes of the send buffer; WE_ERR_AGAIN: WRITABLE will tell of room. */
static enum we_err sender_charge(struct we_host_virtual_port *sender, size_t length_bytes)
{
    enum we_err err = WE_OK;

    we_host_mutex_lock(&sender->lock);
    if (sender->outgoing_bytes > 0 && sender->outgoing_bytes + length_bytes > sender->send_buffer_bytes) {
        sender->wants_room = true;
        err = WE_ERR_AGAIN;
    } else {
        sender->outgoing_bytes += length_bytes;
    }
    we_host_mutex_unlock(&sender->lock);
    return err;
}

/* Gives it back, with a reference of the sender. */
static void sender_credit(struct we_host_virtual_port *sender, size_t length_bytes)
{
    we_host_mutex_lock(&sender->lock);
    WE_ASSERT(sender->outgoing_bytes >= length_bytes);
    sender->outgoing_bytes -= length_bytes;
    if (sender->wants_room && !sender->is_closed) {
        sender->wants_room = false;
        sender->is_room_news = true;
        port_queue_locked(sender);
    }
    we_host_mutex_unlock(&sender->lock);
    we_host_virtual_port_unref(sender);
}

void we_host_virtual_parcel_landed(struct we_host_virtual_parcel *parcel)
{
    struct we_host_virtual_port *sender = parcel->sender;

    parcel->sender = NULL;
    if (sender != NULL) {
        sender_credit(sender, parcel->about.length_bytes);
    }
}

/* --- events ---------------------------------------------------------------------------- */

static void port_queue_locked(struct we_host_virtual_port *port)
{
    if (port->is_news || port->is_room_news || !we_base_list_is_empty(&port->flying)) {
        we_host_virtual_queue(&port->ep);
    }
}

/* What has happened comes one at a time. *landed is the parcel that arrives with it, or NULL. */
static unsigned port_take_locked(struct we_host_virtual_port *port, struct we_host_virtual_parcel **landed)
{
    struct we_base_list *link;

    *landed = NULL;
    if (port->is_closed) {
        return 0;
    }
    if (port->is_room_news) {
        port->is_room_news = false;
        return WE_NET_WRITABLE;
    }
    if (port->is_news) {
        port->is_news = false;
        return WE_NET_READABLE;
    }
    link = we_base_list_pop(&port->flying);
    if (link == NULL) {
        return 0;
    }
    *landed = WE_BASE_LIST_ITEM(link, struct we_host_virtual_parcel, link);
    return WE_NET_READABLE;
}

unsigned we_host_virtual_port_take(struct we_host_virtual_port *port, we_base_id *id)
{
    struct we_host_virtual_parcel *landed;
    struct we_host_virtual_port *sender = NULL;
    size_t length_bytes = 0;
    unsigned events;

    we_host_mutex_lock(&port->lock);
    events = port_take_locked(port, &landed);
    if (landed != NULL) {
        sender = landed->sender;
        landed->sender = NULL;
        length_bytes = landed->about.length_bytes;
        we_base_list_append(&port->arrived, &landed->link);
    }
    *id = port->ep.queue_id;
    port_queue_locked(port);
    we_host_mutex_unlock(&port->lock);
    if (sender != NULL) {
        sender_credit(sender, length_bytes);
    }
    return events;
}

void we_host_virtual_port_watch(struct we_host_virtual_port *port)
{
    we_host_mutex_lock(&port->lock);
    we_host_virtual_queue_here(&port->ep);
    port->is_news = !we_base_list_is_empty(&port->arrived);
    port_queue_locked(port);
    we_host_mutex_unlock(&port->lock);
}

/* --- sending --------------------------------------------------------------------------- */

static size_t total_bytes(const struct we_host_iov *iov, unsigned iov_count)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < iov_count; i++) {
        bytes += iov[i].length_bytes;
    }
    return bytes;
}

static struct we_host_virtual_parcel *parcel_create(const struct we_host_dgram *about, const struct we_host_iov *iov,
                                                    unsigned iov_count)
{
    struct we_host_virtual_parcel *parcel =
        (struct we_host_virtual_parcel *)we_host_alloc(sizeof(*parcel) + about->length_bytes);
    size_t done_bytes = 0;

    if (parcel == NULL) {
        return NULL;
    }
    we_base_list_init(&parcel->link);
    parcel->sender = NULL;
    parcel->about = *about;
    parcel->err = WE_OK;
    for (unsigned i = 0; i < iov_count; i++) {
        if (iov[i].length_bytes > 0) {
            memcpy(parcel->data + done_bytes, iov[i].base, iov[i].length_bytes);
        }
        done_bytes += iov[i].length_bytes;
    }
    return parcel;
}

/* Puts the parcel in flight to port, or drops it. The first datagram always fits: else a small buffer would be none. */
static void port_give(struct we_host_virtual_port *port, struct we_host_virtual_parcel *parcel)
{
    size_t length_bytes = parcel->about.length_bytes;
    struct we_host_virtual_port *sender = parcel->sender;
    bool is_dropped = false;

    we_host_mutex_lock(&port->lock);
    if (port->is_closed || port->waiting_count >= WAITING_COUNT_MAX ||
        (port->waiting_count > 0 && port->waiting_bytes + length_bytes > port->receive_buffer_bytes)) {
        is_dropped = true;
    } else {
        port->waiting_bytes += length_bytes;
        port->waiting_count++;
        if (port->ep.queue_id == 0) {
            parcel->sender = NULL; /* nobody waits for its event: it is there */
            we_base_list_append(&port->arrived, &parcel->link);
        } else {
            sender = NULL; /* it pays until it has landed */
            we_base_list_append(&port->flying, &parcel->link);
        }
        port_queue_locked(port);
    }
    we_host_mutex_unlock(&port->lock);
    if (sender != NULL) {
        sender_credit(sender, length_bytes);
    }
    if (is_dropped) {
        we_host_free(parcel);
    }
}

/* One copy for one receiver, who sees the sender in his own family. sender: who has been charged for it, or NULL. */
static enum we_err parcel_post(struct we_host_virtual_port *port, struct we_host_virtual_port *sender,
                               const struct we_host_dgram *about, const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_host_virtual_parcel *parcel = parcel_create(about, iov, iov_count);

    if (parcel == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    if (port->local.family == WE_FAMILY_IPV6) {
        parcel->about.remote = we_base_addr_mapped(&about->remote);
    }
    parcel->sender = sender;
    port_give(port, parcel);
    return WE_OK;
}

/* To one receiver; what is in flight to him counts against the send buffer. */
static enum we_err post_to_one(struct we_host_virtual_port *port, struct we_host_virtual_port *sender,
                               const struct we_host_dgram *about, const struct we_host_iov *iov, unsigned iov_count)
{
    enum we_err err = sender_charge(sender, about->length_bytes);

    if (err != WE_OK) {
        return err;
    }
    we_host_virtual_port_ref(sender);
    err = parcel_post(port, sender, about, iov, iov_count);
    if (err != WE_OK) {
        sender_credit(sender, about->length_bytes);
    }
    return err;
}

static enum we_err post_to_all_locked(const struct we_host_dgram *about, const struct we_base_addr *target,
                                      const struct we_host_iov *iov, unsigned iov_count)
{
    enum we_err err = WE_OK;

    WE_BASE_LIST_FOR_EACH (link, we_host_virtual_port_bucket(target->port)) {
        struct we_host_virtual_port *port = we_host_virtual_port_of_name(link);

        if (err == WE_OK && we_host_virtual_port_hears_locked(port, about)) {
            err = parcel_post(port, NULL, about, iov, iov_count);
        }
    }
    return err;
}

/* Nobody has the port: the sender hears of it if he wants to, and never as an error of the send. */
static void answer_unreachable(struct we_host_virtual_port *sender, const struct we_base_addr *remote)
{
    struct we_host_dgram about = we_host_dgram_to(remote);
    struct we_host_virtual_parcel *parcel = parcel_create(&about, NULL, 0);

    if (parcel != NULL) {
        parcel->err = WE_ERR_REFUSED;
        port_give(sender, parcel);
    }
}

/* Where a datagram really goes: IPv4 in IPv6 is IPv4, and "any" is this host. */
static struct we_base_addr target_of(const struct we_base_addr *remote)
{
    struct we_base_addr target = we_base_addr_unmapped(remote);

    return we_base_addr_is_any(&target) ? we_base_addr_loopback(target.family, target.port) : target;
}

/* A host's own address of a datagram: what the sender asked for, what it is bound to, or the address it sends to, which
 * is this host's as all are. */
static struct we_base_addr source_of(const struct we_host_virtual_port *port, const struct we_host_dgram *dgram,
                                     const struct we_base_addr *target, enum we_host_dgram_delivery delivery)
{
    struct we_base_addr source = we_base_addr_unmapped(&port->local);

    if (dgram->local.family != WE_FAMILY_NONE && !we_base_addr_is_any(&dgram->local)) {
        source = we_base_addr_unmapped(&dgram->local);
    } else if (we_base_addr_is_any(&source)) {
        source = delivery == WE_DGRAM_UNICAST ? *target : we_base_addr_loopback(target->family, 0);
    }
    source.port = port->local.port;
    return source;
}

static enum we_host_dgram_delivery delivery_of(const struct we_base_addr *target)
{
    if (we_base_addr_is_multicast(target)) {
        return WE_DGRAM_MULTICAST;
    }
    return we_base_addr_is_broadcast(target) ? WE_DGRAM_BROADCAST : WE_DGRAM_UNICAST;
}

/* Whether the endpoint can send this at all. */
static enum we_err send_check(struct we_host_virtual_port *port, const struct we_host_dgram *dgram,
                              const struct we_base_addr *target, size_t length_bytes)
{
    struct we_base_addr own = we_base_addr_unmapped(&port->local);

    if (dgram->remote.family != port->local.family ||
        (dgram->local.family != WE_FAMILY_NONE && we_base_addr_unmapped(&dgram->local).family != target->family)) {
        return WE_ERR_FAMILY;
    }
    if (own.family != target->family && !port->is_dual) {
        return WE_ERR_NET_UNREACHABLE;
    }
    if (length_bytes > (target->family == WE_FAMILY_IPV4 ? V4_BYTES_MAX : V6_BYTES_MAX)) {
        return WE_ERR_TOO_LARGE;
    }
    return delivery_of(target) == WE_DGRAM_BROADCAST && !port->may_broadcast ? WE_ERR_ACCESS : WE_OK;
}

static struct we_host_dgram about_of(struct we_host_virtual_port *port, const struct we_host_dgram *dgram,
                                     const struct we_base_addr *target, size_t length_bytes)
{
    struct we_host_dgram about;

    memset(&about, 0, sizeof(about));
    about.delivery = delivery_of(target);
    about.remote = source_of(port, dgram, target, about.delivery);
    about.local = *target;
    about.interface_index = WE_HOST_VIRTUAL_INTERFACE_INDEX;
    about.length_bytes = length_bytes;
    about.hop_limit = dgram->hop_limit;
    if (about.hop_limit == WE_DGRAM_NONE) {
        about.hop_limit = about.delivery == WE_DGRAM_MULTICAST ? port->group_hop_limit : port->hop_limit;
    }
    about.traffic_class = dgram->traffic_class != WE_DGRAM_NONE ? dgram->traffic_class : port->traffic_class;
    return about;
}

enum we_err we_host_virtual_dgram_send(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                       const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_host_virtual_port *port = we_host_virtual_port_of(base);
    struct we_base_addr target = target_of(&dgram->remote);
    size_t length_bytes = total_bytes(iov, iov_count);
    struct we_host_virtual_port *receiver;
    struct we_host_dgram about;
    enum we_err err;

    we_host_mutex_lock(&port->lock);
    err = send_check(port, dgram, &target, length_bytes);
    about = about_of(port, dgram, &target, length_bytes);
    we_host_mutex_unlock(&port->lock);
    if (err != WE_OK) {
        return err;
    }
    we_host_virtual_ports_lock();
    receiver = about.delivery == WE_DGRAM_UNICAST ? we_host_virtual_port_find_locked(&target) : NULL;
    if (receiver != NULL) {
        err = post_to_one(receiver, port, &about, iov, iov_count);
    } else if (about.delivery != WE_DGRAM_UNICAST) {
        err = post_to_all_locked(&about, &target, iov, iov_count);
    } else if (port->wants_unreachable) {
        answer_unreachable(port, &dgram->remote);
    }
    we_host_virtual_ports_unlock();
    return err;
}

/* --- receiving ------------------------------------------------------------------------- */

static void parcel_copy(const struct we_host_virtual_parcel *parcel, const struct we_host_iov *iov, unsigned iov_count)
{
    size_t done_bytes = 0;

    for (unsigned i = 0; i < iov_count && done_bytes < parcel->about.length_bytes; i++) {
        size_t left_bytes = parcel->about.length_bytes - done_bytes;
        size_t part_bytes = iov[i].length_bytes < left_bytes ? iov[i].length_bytes : left_bytes;

        if (part_bytes > 0) {
            memcpy(iov[i].base, parcel->data + done_bytes, part_bytes);
        }
        done_bytes += part_bytes;
    }
}

enum we_err we_host_virtual_dgram_recv(struct we_host_ep *base, struct we_host_dgram *dgram,
                                       const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_host_virtual_port *port = we_host_virtual_port_of(base);
    struct we_base_list *link;
    struct we_host_virtual_parcel *parcel;
    enum we_err err;

    we_host_mutex_lock(&port->lock);
    link = we_base_list_pop(&port->arrived);
    if (link == NULL) {
        we_host_mutex_unlock(&port->lock);
        return WE_ERR_AGAIN;
    }
    parcel = WE_BASE_LIST_ITEM(link, struct we_host_virtual_parcel, link);
    port->waiting_bytes -= parcel->about.length_bytes;
    port->waiting_count--;
    we_host_mutex_unlock(&port->lock);
    *dgram = parcel->about;
    err = parcel->err;
    parcel_copy(parcel, iov, iov_count);
    we_host_free(parcel);
    return err;
}

/* --- options --------------------------------------------------------------------------- */

enum we_err we_host_virtual_dgram_set(struct we_host_ep *base, enum we_host_dgram_option option, int value)
{
    struct we_host_virtual_port *port = we_host_virtual_port_of(base);
    enum we_err err = WE_OK;

    we_host_mutex_lock(&port->lock);
    switch (option) {
    case WE_DGRAM_MAY_BROADCAST:
        port->may_broadcast = value != 0;
        break;
    case WE_DGRAM_WANTS_DETAILS:
        break; /* they are always there */
    case WE_DGRAM_WANTS_UNREACHABLE:
        port->wants_unreachable = value != 0;
        break;
    case WE_DGRAM_HOP_LIMIT:
        err = value < 1 || value > 255 ? WE_ERR_INVALID : WE_OK;
        port->hop_limit = err == WE_OK ? value : port->hop_limit;
        break;
    case WE_DGRAM_GROUP_HOP_LIMIT:
        err = value < 0 || value > 255 ? WE_ERR_INVALID : WE_OK;
        port->group_hop_limit = err == WE_OK ? value : port->group_hop_limit;
        break;
    case WE_DGRAM_TRAFFIC_CLASS:
        err = value < 0 || value > 255 ? WE_ERR_INVALID : WE_OK;
        port->traffic_class = err == WE_OK ? value : port->traffic_class;
        break;
    }
    we_host_mutex_unlock(&port->lock);
    return err;
}

static enum we_err option_locked(struct we_host_virtual_port *port, enum we_host_ep_option option, int *value,
                                 bool is_set)
{
    unsigned *buffer_bytes =
        option == WE_EP_RECEIVE_BUFFER_BYTES ? &port->receive_buffer_bytes : &port->send_buffer_bytes;

    if (option != WE_EP_RECEIVE_BUFFER_BYTES && option != WE_EP_SEND_BUFFER_BYTES) {
        return WE_ERR_NOT_SUPPORTED;
    }
    if (is_set && *value <= 0) {
        return WE_ERR_INVALID;
    }
    *buffer_bytes = is_set ? (unsigned)*value : *buffer_bytes;
    *value = (int)*buffer_bytes;
    return WE_OK;
}

enum we_err we_host_virtual_port_option(struct we_host_virtual_port *port, enum we_host_ep_option option, int *value,
                                        bool is_set)
{
    enum we_err err;

    we_host_mutex_lock(&port->lock);
    err = option_locked(port, option, value, is_set);
    we_host_mutex_unlock(&port->lock);
    return err;
}

struct we_base_addr we_host_virtual_port_local(const struct we_host_virtual_port *port)
{
    return port->local;
}
