/* SPDX-License-Identifier: MIT */
/* Peers that speak to the driver from the other end of the network. */
#include "kit/kit_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_addr.h"
#include "base/base_bytes.h"
#include "base/base_list.h"
#include "host/host_net.h"
#include "kit/kit_internal.h"

/* Design
 *
 * A peer is an endpoint of the same network that the driver uses. Its events, which arrive wherever the network
 * delivers them, only set flags; reading and writing is done on the test's thread, when the test asks for it, so
 * that a peer which does not read really pushes back. What was read and not yet asked for waits in the inbox.
 */

#define READ_BYTES 65536u

enum { FLAG_CONNECTED = 1, FLAG_FAILED = 2, FLAG_RESET = 4, FLAG_ENDED = 8, FLAG_CLOSED = 16, FLAG_HANGUP = 32 };

struct wsk_kit_peer {
    struct we_base_list link;
    struct we_host_ep *ep;
    unsigned references; /* atomic: the test's, and one a running event */
    unsigned flags;      /* atomic */
    struct we_base_bytes inbox;
};

static struct we_base_list s_peers = WE_BASE_LIST_INIT(s_peers);

static void flag_set(struct wsk_kit_peer *peer, unsigned flag)
{
    __atomic_or_fetch(&peer->flags, flag, __ATOMIC_SEQ_CST);
}

static bool flag_is_set(const struct wsk_kit_peer *peer, unsigned flags)
{
    return (__atomic_load_n(&peer->flags, __ATOMIC_SEQ_CST) & flags) != 0;
}

/* --- endpoint events ------------------------------------------------------------------------- */

static void peer_ref(void *context)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    __atomic_add_fetch(&peer->references, 1, __ATOMIC_SEQ_CST);
}

static void peer_unref(void *context)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    if (__atomic_sub_fetch(&peer->references, 1, __ATOMIC_SEQ_CST) == 0) {
        we_base_bytes_fini(&peer->inbox);
        free(peer);
    }
}

static void peer_event(void *context, unsigned events)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    if ((events & WE_NET_CONNECTED) != 0) {
        flag_set(peer, FLAG_CONNECTED);
    }
    if ((events & WE_NET_CONNECT_FAILED) != 0) {
        flag_set(peer, FLAG_FAILED);
    }
    if ((events & WE_NET_RESET) != 0) {
        flag_set(peer, FLAG_HANGUP); /* counts once everything before it was read */
    }
}

static const struct we_host_ep_client s_peer_client = { peer_ref, peer_unref, peer_event };

/* --- making and ending ------------------------------------------------------------------------- */

struct wsk_kit_peer *wsk_kit_peer_create(struct we_host_ep *ep)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)calloc(1, sizeof(*peer));

    if (peer == NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
        wsk_kit_fail("no memory for a peer");
        return NULL;
    }
    peer->ep = ep;
    peer->references = 1;
    we_base_list_append(&s_peers, &peer->link);
    return peer;
}

enum we_base_family wsk_kit_base_family(enum wsk_kit_family family)
{
    return family == WSK_KIT_IPV6 ? WE_FAMILY_IPV6 : WE_FAMILY_IPV4;
}

void wsk_kit_peer_adopt(struct wsk_kit_peer *peer)
{
    enum we_err err;

    flag_set(peer, FLAG_CONNECTED);
    err = we_host_ep_watch(peer->ep, WE_WATCH_ALL, WSK_KIT_PEER_CPU, &s_peer_client, peer);
    if (err != WE_OK) {
        wsk_kit_fail("a server's connection cannot be watched: %s", we_base_err_text(err));
    }
}

static void peer_start_connect(struct wsk_kit_peer *peer, const struct we_base_addr *remote)
{
    enum we_err err = we_host_ep_watch(peer->ep, WE_WATCH_ALL, WSK_KIT_PEER_CPU, &s_peer_client, peer);

    if (err == WE_OK) {
        err = we_host_stream_connect(peer->ep, remote);
    }
    if (err == WE_OK) {
        flag_set(peer, FLAG_CONNECTED);
    } else if (err == WE_ERR_REFUSED) {
        flag_set(peer, FLAG_FAILED);
    } else if (err != WE_ERR_AGAIN) {
        char text[WE_BASE_ADDR_TEXT_SIZE];

        wsk_kit_fail("a peer cannot connect to %s: %s", we_base_addr_text(remote, text), we_base_err_text(err));
    }
}

struct wsk_kit_peer *wsk_kit_connect(enum wsk_kit_family family, uint16_t port)
{
    struct we_base_addr local = we_base_addr_loopback(wsk_kit_base_family(family), 0);
    struct we_base_addr remote = we_base_addr_loopback(wsk_kit_base_family(family), port);
    struct wsk_kit_peer *peer;
    struct we_host_ep *ep;
    enum we_err err;

    if (!wsk_kit_check_running("wsk_kit_connect")) {
        return NULL;
    }
    err = we_host_stream_open(&local, true, &ep);
    if (err != WE_OK) {
        wsk_kit_fail("a peer cannot be made: %s", we_base_err_text(err));
        return NULL;
    }
    peer = wsk_kit_peer_create(ep);
    if (peer != NULL) {
        peer_start_connect(peer, &remote);
    }
    return peer;
}

static void peer_end_endpoint(struct wsk_kit_peer *peer, enum we_host_close how)
{
    if (peer->ep != NULL) {
        we_host_close(peer->ep, how);
        peer->ep = NULL;
    }
    flag_set(peer, FLAG_CLOSED);
}

void wsk_kit_peer_close(struct wsk_kit_peer *peer)
{
    if (peer != NULL) {
        peer_end_endpoint(peer, flag_is_set(peer, FLAG_CONNECTED) ? WE_CLOSE_GRACEFUL : WE_CLOSE_RESET);
        we_base_list_remove(&peer->link);
        peer_unref(peer);
    }
}

void wsk_kit_peers_reset(void)
{
    wsk_kit_servers_reset();
    wsk_kit_datagrams_reset();
    while (!we_base_list_is_empty(&s_peers)) {
        wsk_kit_peer_close(WE_BASE_LIST_ITEM(s_peers.next, struct wsk_kit_peer, link));
    }
}

/* --- reading ------------------------------------------------------------------------------------- */

/* Moves what has arrived into the inbox, at most up to wanted bytes in it; notes the end. */
static void peer_pump(struct wsk_kit_peer *peer, size_t wanted)
{
    unsigned char buffer[READ_BYTES];

    while (peer->ep != NULL && !flag_is_set(peer, FLAG_ENDED | FLAG_RESET) && peer->inbox.length_bytes < wanted) {
        size_t room = wanted - peer->inbox.length_bytes;
        struct we_host_iov iov = { buffer, room < sizeof(buffer) ? room : sizeof(buffer) };
        size_t bytes = 0;
        enum we_err err = we_host_recv(peer->ep, &iov, 1, &bytes);

        if (err == WE_OK && bytes == 0) {
            flag_set(peer, FLAG_ENDED);
        } else if (err == WE_OK && !we_base_bytes_append(&peer->inbox, buffer, bytes)) {
            wsk_kit_fail("no memory for %zu bytes that a peer received", bytes);
        } else if (err == WE_ERR_AGAIN || err == WE_ERR_NOT_CONNECTED) {
            break;
        } else if (err != WE_OK) {
            flag_set(peer, FLAG_RESET);
        }
    }
}

/* A reset, also one that follows the driver's graceful end. */
static bool was_reset(const struct wsk_kit_peer *peer)
{
    return flag_is_set(peer, FLAG_RESET) || (flag_is_set(peer, FLAG_ENDED) && flag_is_set(peer, FLAG_HANGUP));
}

struct wish {
    struct wsk_kit_peer *peer;
    size_t wanted;
};

static bool is_connect_decided(void *context)
{
    return flag_is_set((struct wsk_kit_peer *)context, FLAG_CONNECTED | FLAG_FAILED | FLAG_CLOSED);
}

static bool has_bytes_or_end(void *context)
{
    struct wish *wish = (struct wish *)context;

    peer_pump(wish->peer, wish->wanted);
    return wish->peer->inbox.length_bytes >= wish->wanted ||
           flag_is_set(wish->peer, FLAG_ENDED | FLAG_RESET | FLAG_FAILED | FLAG_CLOSED);
}

static const char *state_text(struct wsk_kit_peer *peer)
{
    switch (wsk_kit_peer_state(peer)) {
    case WSK_KIT_PEER_CONNECTING:
        return "is still connecting";
    case WSK_KIT_PEER_CONNECTED:
        return "is connected";
    case WSK_KIT_PEER_REFUSED:
        return "was refused";
    case WSK_KIT_PEER_ENDED:
        return "sees the driver's graceful end";
    case WSK_KIT_PEER_RESET:
        return "sees a reset by the driver";
    default:
        return "was closed by the test";
    }
}

/* Over sockets a connect may be established and reset before anybody looks: the error tells it from a refusal. */
static void peer_refine_failure(struct wsk_kit_peer *peer)
{
    if (flag_is_set(peer, FLAG_FAILED) && peer->ep != NULL && we_host_ep_error(peer->ep) == WE_ERR_RESET) {
        __atomic_and_fetch(&peer->flags, ~(unsigned)FLAG_FAILED, __ATOMIC_SEQ_CST);
        flag_set(peer, FLAG_CONNECTED | FLAG_RESET);
    }
}

enum wsk_kit_peer_state wsk_kit_peer_state(struct wsk_kit_peer *peer)
{
    peer_refine_failure(peer);
    if (flag_is_set(peer, FLAG_CLOSED)) {
        return WSK_KIT_PEER_CLOSED;
    }
    if (flag_is_set(peer, FLAG_FAILED)) {
        return WSK_KIT_PEER_REFUSED;
    }
    if (!flag_is_set(peer, FLAG_CONNECTED)) {
        return WSK_KIT_PEER_CONNECTING;
    }
    peer_pump(peer, peer->inbox.length_bytes + 1);
    if (was_reset(peer)) {
        return WSK_KIT_PEER_RESET;
    }
    return flag_is_set(peer, FLAG_ENDED) ? WSK_KIT_PEER_ENDED : WSK_KIT_PEER_CONNECTED;
}

void wsk_kit_peer_expect_connected(struct wsk_kit_peer *peer)
{
    if (!wsk_kit_wait(is_connect_decided, peer)) {
        wsk_kit_fail_wait("a peer to be connected");
        return;
    }
    peer_refine_failure(peer);
    if (!flag_is_set(peer, FLAG_CONNECTED)) {
        wsk_kit_fail("a peer was expected to be connected, but it %s", state_text(peer));
    }
}

static bool is_rejected(void *context)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    if (flag_is_set(peer, FLAG_CONNECTED)) {
        peer_pump(peer, peer->inbox.length_bytes + 1);
    }
    return flag_is_set(peer, FLAG_FAILED | FLAG_RESET | FLAG_CLOSED | FLAG_ENDED) || peer->inbox.length_bytes > 0;
}

void wsk_kit_peer_expect_rejected(struct wsk_kit_peer *peer)
{
    if (!wsk_kit_wait(is_rejected, peer)) {
        wsk_kit_fail_wait("a peer to be turned away");
    } else if (!flag_is_set(peer, FLAG_FAILED | FLAG_RESET)) {
        wsk_kit_fail("a peer was expected to be turned away, but it %s", state_text(peer));
    }
}

/* A difference, with where it is and what stands there. */
static void compare(const unsigned char *expected, const unsigned char *got, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (expected[i] != got[i]) {
            wsk_kit_fail("a peer received other bytes than expected: at %zu of %zu it got 0x%02x instead of 0x%02x", i,
                         length, got[i], expected[i]);
            return;
        }
    }
}

void wsk_kit_peer_expect(struct wsk_kit_peer *peer, const void *bytes, size_t length)
{
    struct wish wish = { peer, length };
    unsigned char *got;

    if (!wsk_kit_wait(has_bytes_or_end, &wish)) {
        char what[96];

        snprintf(what, sizeof(what), "%zu bytes for a peer (it has %zu)", length, peer->inbox.length_bytes);
        wsk_kit_fail_wait(what);
        return;
    }
    if (peer->inbox.length_bytes < length) {
        wsk_kit_fail("a peer was expected to receive %zu bytes, but after %zu it %s", length, peer->inbox.length_bytes,
                     state_text(peer));
        return;
    }
    got = (unsigned char *)malloc(length > 0 ? length : 1);
    if (got == NULL) {
        wsk_kit_fail("no memory to compare %zu bytes", length);
        return;
    }
    (void)we_base_bytes_take(&peer->inbox, got, length);
    if (memcmp(got, bytes, length) == 0) {
        free(got);
        return;
    }
    compare((const unsigned char *)bytes, got, length); /* does not return as a rule: got is lost with the test */
    free(got);
}

void wsk_kit_peer_expect_text(struct wsk_kit_peer *peer, const char *text)
{
    wsk_kit_peer_expect(peer, text, strlen(text));
}

size_t wsk_kit_peer_receive(struct wsk_kit_peer *peer, void *bytes, size_t size)
{
    struct wish wish = { peer, 1 };

    if (!wsk_kit_wait(has_bytes_or_end, &wish)) {
        wsk_kit_fail_wait("bytes for a peer");
        return 0;
    }
    peer_pump(peer, size);
    if (peer->inbox.length_bytes == 0 && !flag_is_set(peer, FLAG_ENDED)) {
        wsk_kit_fail("a peer was expected to receive bytes, but it %s", state_text(peer));
        return 0;
    }
    return we_base_bytes_take(&peer->inbox, bytes, size);
}

size_t wsk_kit_peer_receive_some(struct wsk_kit_peer *peer, void *bytes, size_t size)
{
    peer_pump(peer, size);
    return we_base_bytes_take(&peer->inbox, bytes, size);
}

static bool has_ended(void *context)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    peer_pump(peer, 1);
    return peer->inbox.length_bytes > 0 || flag_is_set(peer, FLAG_ENDED | FLAG_RESET | FLAG_FAILED | FLAG_CLOSED);
}

void wsk_kit_peer_expect_end(struct wsk_kit_peer *peer)
{
    if (!wsk_kit_wait(has_ended, peer)) {
        wsk_kit_fail_wait("the driver to finish sending");
    } else if (peer->inbox.length_bytes > 0) {
        wsk_kit_fail("a peer expected the driver's end, but received more bytes");
    } else if (!flag_is_set(peer, FLAG_ENDED)) {
        wsk_kit_fail("a peer expected the driver's graceful end, but it %s", state_text(peer));
    }
}

static bool is_reset(void *context)
{
    struct wsk_kit_peer *peer = (struct wsk_kit_peer *)context;

    do {
        (void)we_base_bytes_take(&peer->inbox, NULL, peer->inbox.length_bytes);
        peer_pump(peer, READ_BYTES);
    } while (peer->inbox.length_bytes > 0);
    return was_reset(peer) || flag_is_set(peer, FLAG_FAILED | FLAG_CLOSED);
}

void wsk_kit_peer_expect_reset(struct wsk_kit_peer *peer)
{
    if (!wsk_kit_wait(is_reset, peer)) {
        wsk_kit_fail_wait("the driver to reset the connection");
    } else if (!was_reset(peer)) {
        wsk_kit_fail("a peer expected a reset, but it %s", state_text(peer));
    }
}

/* --- writing --------------------------------------------------------------------------------------- */

static enum we_err send_once(struct wsk_kit_peer *peer, const unsigned char *bytes, size_t length, size_t *sent)
{
    struct we_host_iov iov = { (void *)(uintptr_t)bytes, length };

    *sent = 0;
    return peer->ep != NULL ? we_host_send(peer->ep, &iov, 1, sent) : WE_ERR_NOT_CONNECTED;
}

struct delivery {
    struct wsk_kit_peer *peer;
    const unsigned char *bytes;
    size_t length;
    size_t done;
    enum we_err err;
};

static bool is_delivered(void *context)
{
    struct delivery *delivery = (struct delivery *)context;

    while (delivery->done < delivery->length) {
        size_t sent;

        delivery->err =
            send_once(delivery->peer, delivery->bytes + delivery->done, delivery->length - delivery->done, &sent);
        delivery->done += sent;
        if (delivery->err != WE_OK || sent == 0) {
            break;
        }
    }
    return delivery->done == delivery->length || (delivery->err != WE_OK && delivery->err != WE_ERR_AGAIN);
}

void wsk_kit_peer_send(struct wsk_kit_peer *peer, const void *bytes, size_t length)
{
    struct delivery delivery = { peer, (const unsigned char *)bytes, length, 0, WE_OK };

    wsk_kit_peer_expect_connected(peer);
    if (!wsk_kit_wait(is_delivered, &delivery)) {
        wsk_kit_fail_wait("the driver's side to take a peer's bytes");
    } else if (delivery.done < length) {
        wsk_kit_fail("a peer could send only %zu of %zu bytes: %s", delivery.done, length,
                     we_base_err_text(delivery.err));
    }
}

void wsk_kit_peer_send_text(struct wsk_kit_peer *peer, const char *text)
{
    wsk_kit_peer_send(peer, text, strlen(text));
}

size_t wsk_kit_peer_send_some(struct wsk_kit_peer *peer, const void *bytes, size_t length)
{
    size_t done = 0;
    size_t sent;

    do {
        if (send_once(peer, (const unsigned char *)bytes + done, length - done, &sent) != WE_OK) {
            sent = 0;
        }
        done += sent;
    } while (sent > 0 && done < length);
    return done;
}

void wsk_kit_peer_end(struct wsk_kit_peer *peer)
{
    enum we_err err = peer->ep != NULL ? we_host_shutdown_send(peer->ep) : WE_ERR_NOT_CONNECTED;

    if (err == WE_ERR_RESET) {
        flag_set(peer, FLAG_RESET); /* the driver was faster: that is for the test to judge */
    } else if (err != WE_OK) {
        wsk_kit_fail("a peer cannot finish sending: %s", we_base_err_text(err));
    }
}

void wsk_kit_peer_reset(struct wsk_kit_peer *peer)
{
    peer_end_endpoint(peer, WE_CLOSE_RESET);
}

uint16_t wsk_kit_peer_port(struct wsk_kit_peer *peer)
{
    struct we_base_addr local;

    if (peer->ep == NULL || we_host_ep_local(peer->ep, &local) != WE_OK) {
        wsk_kit_fail("a peer has no port");
        return 0;
    }
    return local.port;
}

void wsk_kit_peer_set_receive_buffer(struct wsk_kit_peer *peer, unsigned bytes)
{
    enum we_err err =
        peer->ep != NULL ? we_host_ep_set(peer->ep, WE_EP_RECEIVE_BUFFER_BYTES, (int)bytes) : WE_ERR_NOT_CONNECTED;

    if (err != WE_OK) {
        wsk_kit_fail("a peer's receive buffer cannot be set: %s", we_base_err_text(err));
    }
}
