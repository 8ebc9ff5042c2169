/* SPDX-License-Identifier: MIT */
/* Peers that exchange datagrams with the driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_addr.h"
#include "base/base_list.h"
#include "host/host_dgram.h"
#include "host/host_net.h"
#include "kit/kit_internal.h"
#include "kit/kit_peer.h"

/* Design
 *
 * A peer is a datagram endpoint of the network that the driver uses. Its events only wake whoever waits; receiving is
 * done on the test's thread, when the test asks for it. On a dual-stack peer an IPv4 sender shows as IPv4.
 */

#define LONGEST_BYTES 65536u

struct wsk_kit_datagram_peer {
    struct we_base_list link;
    struct we_host_ep *ep;
    unsigned references; /* atomic: the test's, and one a running event */
    enum we_base_family family;
    uint16_t port;
};

static struct we_base_list s_peers = WE_BASE_LIST_INIT(s_peers);

static void peer_ref(void *context)
{
    struct wsk_kit_datagram_peer *peer = (struct wsk_kit_datagram_peer *)context;

    __atomic_add_fetch(&peer->references, 1, __ATOMIC_SEQ_CST);
}

static void peer_unref(void *context)
{
    struct wsk_kit_datagram_peer *peer = (struct wsk_kit_datagram_peer *)context;

    if (__atomic_sub_fetch(&peer->references, 1, __ATOMIC_SEQ_CST) == 0) {
        free(peer);
    }
}

static void peer_event(void *context, unsigned events)
{
    (void)context;
    (void)events;
}

static const struct we_host_ep_client s_peer_client = { peer_ref, peer_unref, peer_event };

/* --- addresses ----------------------------------------------------------------------------------- */

static struct we_base_addr addr_of(const struct wsk_kit_address *address)
{
    struct we_base_addr addr = we_base_addr_any(wsk_kit_base_family(address->family), address->port);

    memcpy(addr.bytes, address->bytes, addr.family == WE_FAMILY_IPV6 ? 16 : 4);
    return addr;
}

static struct wsk_kit_address address_of(const struct we_base_addr *addr)
{
    struct we_base_addr plain = we_base_addr_unmapped(addr);
    struct wsk_kit_address address;

    memset(&address, 0, sizeof(address));
    address.family = plain.family == WE_FAMILY_IPV6 ? WSK_KIT_IPV6 : WSK_KIT_IPV4;
    address.port = plain.port;
    memcpy(address.bytes, plain.bytes, plain.family == WE_FAMILY_IPV6 ? 16 : 4);
    return address;
}

struct wsk_kit_address wsk_kit_loopback(enum wsk_kit_family family, uint16_t port)
{
    struct we_base_addr addr = we_base_addr_loopback(wsk_kit_base_family(family), port);

    return address_of(&addr);
}

/* --- making and ending --------------------------------------------------------------------------- */

static enum we_err peer_open(struct wsk_kit_datagram_peer *peer, const struct we_base_addr *local)
{
    static const struct we_host_dgram_options options = { .is_v6_only = true };
    struct we_base_addr bound;
    enum we_err err = we_host_dgram_open(local, &options, &peer->ep);

    if (err != WE_OK) {
        return err;
    }
    peer->references = 1; /* before the first event, which comes with the watch */
    peer->family = local->family;
    err = we_host_ep_local(peer->ep, &bound);
    if (err == WE_OK) {
        err = we_host_dgram_set(peer->ep, WE_DGRAM_WANTS_DETAILS, 1);
    }
    if (err == WE_OK) {
        err = we_host_dgram_set(peer->ep, WE_DGRAM_MAY_BROADCAST, 1);
    }
    if (err == WE_OK) {
        err = we_host_ep_watch(peer->ep, WE_WATCH_ALL, WSK_KIT_PEER_CPU, &s_peer_client, peer);
    }
    if (err != WE_OK) {
        we_host_close(peer->ep, WE_CLOSE_GRACEFUL);
        return err;
    }
    peer->port = bound.port;
    return WE_OK;
}

struct wsk_kit_datagram_peer *wsk_kit_datagram_open(enum wsk_kit_family family)
{
    struct we_base_addr local = we_base_addr_loopback(wsk_kit_base_family(family), 0);
    struct wsk_kit_datagram_peer *peer;
    enum we_err err;

    if (!wsk_kit_check_running("wsk_kit_datagram_open")) {
        return NULL;
    }
    peer = (struct wsk_kit_datagram_peer *)calloc(1, sizeof(*peer));
    err = peer == NULL ? WE_ERR_NO_MEMORY : peer_open(peer, &local);
    if (err != WE_OK) {
        free(peer);
        wsk_kit_fail("a datagram peer cannot be made: %s", we_base_err_text(err));
        return NULL;
    }
    we_base_list_append(&s_peers, &peer->link);
    return peer;
}

uint16_t wsk_kit_datagram_port(struct wsk_kit_datagram_peer *peer)
{
    return peer->port;
}

void wsk_kit_datagram_close(struct wsk_kit_datagram_peer *peer)
{
    if (peer != NULL) {
        we_host_close(peer->ep, WE_CLOSE_GRACEFUL);
        we_base_list_remove(&peer->link);
        peer_unref(peer);
    }
}

void wsk_kit_datagrams_reset(void)
{
    while (!we_base_list_is_empty(&s_peers)) {
        wsk_kit_datagram_close(WE_BASE_LIST_ITEM(s_peers.next, struct wsk_kit_datagram_peer, link));
    }
}

/* --- sending ------------------------------------------------------------------------------------- */

struct delivery {
    struct wsk_kit_datagram_peer *peer;
    struct we_host_dgram dgram;
    struct we_host_iov iov;
    enum we_err err;
};

static bool is_sent(void *context)
{
    struct delivery *delivery = (struct delivery *)context;

    delivery->err = we_host_dgram_send(delivery->peer->ep, &delivery->dgram, &delivery->iov, 1);
    return delivery->err != WE_ERR_AGAIN;
}

static void deliver(struct delivery *delivery)
{
    char text[WE_BASE_ADDR_TEXT_SIZE];

    if (!wsk_kit_wait(is_sent, delivery)) {
        wsk_kit_fail_wait("the network to take a peer's datagram");
    } else if (delivery->err != WE_OK) {
        wsk_kit_fail("a peer cannot send a datagram of %zu bytes to %s: %s", delivery->iov.length_bytes,
                     we_base_addr_text(&delivery->dgram.remote, text), we_base_err_text(delivery->err));
    }
}

static struct delivery delivery_to(struct wsk_kit_datagram_peer *peer, const struct we_base_addr *remote,
                                   const void *bytes, size_t length)
{
    struct delivery delivery;

    delivery.peer = peer;
    delivery.dgram = we_host_dgram_to(remote);
    delivery.iov.base = (void *)(uintptr_t)bytes;
    delivery.iov.length_bytes = length;
    delivery.err = WE_OK;
    return delivery;
}

void wsk_kit_datagram_send(struct wsk_kit_datagram_peer *peer, uint16_t port, const void *bytes, size_t length)
{
    struct we_base_addr remote = we_base_addr_loopback(peer->family, port);
    struct delivery delivery = delivery_to(peer, &remote, bytes, length);

    deliver(&delivery);
}

void wsk_kit_datagram_send_text(struct wsk_kit_datagram_peer *peer, uint16_t port, const char *text)
{
    wsk_kit_datagram_send(peer, port, text, strlen(text));
}

void wsk_kit_datagram_send_as(struct wsk_kit_datagram_peer *peer, const struct wsk_kit_datagram *how, const void *bytes,
                              size_t length)
{
    struct we_base_addr remote = addr_of(&how->remote);
    struct delivery delivery = delivery_to(peer, &remote, bytes, length);

    delivery.dgram.hop_limit = how->hop_limit > 0 ? how->hop_limit : WE_DGRAM_NONE;
    delivery.dgram.traffic_class = how->traffic_class;
    deliver(&delivery);
}

/* --- receiving ----------------------------------------------------------------------------------- */

struct arrival {
    struct wsk_kit_datagram_peer *peer;
    struct we_host_dgram dgram;
    unsigned char *bytes; /* LONGEST_BYTES of room */
    enum we_err err;
};

static bool has_arrived(void *context)
{
    struct arrival *arrival = (struct arrival *)context;
    struct we_host_iov iov = { arrival->bytes, LONGEST_BYTES };

    arrival->err = we_host_dgram_recv(arrival->peer->ep, &arrival->dgram, &iov, 1);
    return arrival->err != WE_ERR_AGAIN;
}

static void about_fill(const struct we_host_dgram *dgram, struct wsk_kit_datagram *about)
{
    if (about == NULL) {
        return;
    }
    about->remote = address_of(&dgram->remote);
    about->local = address_of(&dgram->local);
    about->hop_limit = dgram->hop_limit;
    about->traffic_class = dgram->traffic_class;
    about->length = dgram->length_bytes;
}

/* Waits for the next datagram; false after a failure. */
static bool arrival_take(struct arrival *arrival, const char *what)
{
    if (!wsk_kit_wait(has_arrived, arrival)) {
        wsk_kit_fail_wait(what);
        return false;
    }
    if (arrival->err != WE_OK) {
        wsk_kit_fail("a peer cannot receive: %s", we_base_err_text(arrival->err));
        return false;
    }
    return true;
}

/* What the failure handler leaves by longjmp is not freed, so the room is one for the whole program. */
static unsigned char s_room[LONGEST_BYTES];

size_t wsk_kit_datagram_receive(struct wsk_kit_datagram_peer *peer, void *bytes, size_t size,
                                struct wsk_kit_datagram *about)
{
    struct arrival arrival = { .peer = peer, .bytes = s_room };
    size_t stored;

    if (!arrival_take(&arrival, "a datagram for a peer")) {
        return 0;
    }
    stored = arrival.dgram.length_bytes < size ? arrival.dgram.length_bytes : size;
    if (stored > 0) {
        memcpy(bytes, s_room, stored);
    }
    about_fill(&arrival.dgram, about);
    return stored;
}

void wsk_kit_datagram_expect(struct wsk_kit_datagram_peer *peer, const void *bytes, size_t length,
                             struct wsk_kit_datagram *about)
{
    struct arrival arrival = { .peer = peer, .bytes = s_room };
    const unsigned char *expected = (const unsigned char *)bytes;
    char what[96];
    size_t i;

    snprintf(what, sizeof(what), "a datagram of %zu bytes for a peer", length);
    if (!arrival_take(&arrival, what)) {
        return;
    }
    about_fill(&arrival.dgram, about);
    if (arrival.dgram.length_bytes != length) {
        wsk_kit_fail("a peer received a datagram of %zu bytes instead of %zu", arrival.dgram.length_bytes, length);
        return;
    }
    for (i = 0; i < length; i++) {
        if (s_room[i] != expected[i]) {
            wsk_kit_fail("a peer received other bytes than expected: at %zu of %zu it got 0x%02x instead of 0x%02x", i,
                         length, s_room[i], expected[i]);
            return;
        }
    }
}

void wsk_kit_datagram_expect_text(struct wsk_kit_datagram_peer *peer, const char *text)
{
    wsk_kit_datagram_expect(peer, text, strlen(text), NULL);
}

void wsk_kit_datagram_expect_none(struct wsk_kit_datagram_peer *peer)
{
    struct arrival arrival = { .peer = peer, .bytes = s_room };

    wsk_kit_run_until_idle();
    if (has_arrived(&arrival) && arrival.err == WE_OK) {
        wsk_kit_fail("a peer expected no datagram, but received one of %zu bytes", arrival.dgram.length_bytes);
    }
}
