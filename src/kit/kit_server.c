/* SPDX-License-Identifier: MIT */
/* Listening peers, for drivers that connect. */
#include <pthread.h>
#include <stdlib.h>

#include "base/base_addr.h"
#include "base/base_list.h"
#include "host/host_dgram.h"
#include "host/host_net.h"
#include "host/host_random.h"
#include "kit/kit_internal.h"
#include "kit/kit_peer.h"

/* Design
 *
 * The network repeats its event while connections wait to be taken, so they are taken where the event arrives and
 * kept in arrived until the test asks for them. Once the listener is closed the event function finds ep NULL.
 */

struct wsk_kit_server {
    struct we_base_list link;
    unsigned references; /* atomic */
    uint16_t port;
    pthread_mutex_t lock; /* guards what follows */
    struct we_host_ep *ep;
    struct we_base_list arrived; /* of struct arrival */
    enum we_err err;             /* why accepting failed, for good */
};

struct arrival {
    struct we_base_list link;
    struct we_host_ep *ep;
};

static struct we_base_list s_servers = WE_BASE_LIST_INIT(s_servers);

static void server_ref(void *context)
{
    struct wsk_kit_server *server = (struct wsk_kit_server *)context;

    __atomic_add_fetch(&server->references, 1, __ATOMIC_SEQ_CST);
}

static void server_unref(void *context)
{
    struct wsk_kit_server *server = (struct wsk_kit_server *)context;

    if (__atomic_sub_fetch(&server->references, 1, __ATOMIC_SEQ_CST) == 0) {
        pthread_mutex_destroy(&server->lock);
        free(server);
    }
}

/* Takes one connection; the lock is held. Without memory for the note it is refused. */
static enum we_err take_one_locked(struct wsk_kit_server *server)
{
    struct arrival *arrival;
    struct we_host_ep *ep;
    enum we_err err = we_host_accept(server->ep, &ep);

    if (err != WE_OK) {
        return err;
    }
    arrival = (struct arrival *)malloc(sizeof(*arrival));
    if (arrival == NULL) {
        we_host_refuse(ep);
        return WE_ERR_NO_MEMORY;
    }
    arrival->ep = ep;
    we_base_list_append(&server->arrived, &arrival->link);
    return WE_OK;
}

static void server_event(void *context, unsigned events)
{
    struct wsk_kit_server *server = (struct wsk_kit_server *)context;

    (void)events;
    pthread_mutex_lock(&server->lock);
    if (server->ep != NULL) {
        enum we_err err = take_one_locked(server);

        if (err != WE_OK && err != WE_ERR_AGAIN && err != WE_ERR_NO_DESCRIPTORS) {
            server->err = err;
        }
    }
    pthread_mutex_unlock(&server->lock);
}

static const struct we_host_ep_client s_server_client = { server_ref, server_unref, server_event };

struct wsk_kit_server *wsk_kit_listen(enum wsk_kit_family family)
{
    struct we_base_addr local = we_base_addr_loopback(wsk_kit_base_family(family), 0);
    struct we_host_listen_options options = { false, true, 0 };
    struct wsk_kit_server *server;
    enum we_err err;

    if (!wsk_kit_check_running("wsk_kit_listen")) {
        return NULL;
    }
    server = (struct wsk_kit_server *)calloc(1, sizeof(*server));
    if (server == NULL) {
        wsk_kit_fail("no memory for a server");
        return NULL;
    }
    server->references = 1;
    pthread_mutex_init(&server->lock, NULL);
    we_base_list_init(&server->arrived);
    err = we_host_listen(&local, &options, WSK_KIT_PEER_CPU, &s_server_client, server, &server->ep);
    if (err == WE_OK) {
        err = we_host_ep_local(server->ep, &local);
    }
    server->port = local.port;
    we_base_list_append(&s_servers, &server->link);
    if (err != WE_OK) {
        wsk_kit_fail("a server cannot listen: %s", we_base_err_text(err));
    }
    return server;
}

uint16_t wsk_kit_server_port(struct wsk_kit_server *server)
{
    return server->port;
}

struct acceptance {
    struct wsk_kit_server *server;
    struct we_host_ep *ep;
    enum we_err err;
};

static struct we_host_ep *pop_arrival_locked(struct wsk_kit_server *server)
{
    struct we_base_list *link = we_base_list_pop(&server->arrived);
    struct arrival *arrival;
    struct we_host_ep *ep;

    if (link == NULL) {
        return NULL;
    }
    arrival = WE_BASE_LIST_ITEM(link, struct arrival, link);
    ep = arrival->ep;
    free(arrival);
    return ep;
}

static bool is_accepted(void *context)
{
    struct acceptance *acceptance = (struct acceptance *)context;

    pthread_mutex_lock(&acceptance->server->lock);
    acceptance->ep = pop_arrival_locked(acceptance->server);
    acceptance->err = acceptance->server->err;
    pthread_mutex_unlock(&acceptance->server->lock);
    return acceptance->ep != NULL || acceptance->err != WE_OK;
}

struct wsk_kit_peer *wsk_kit_server_accept(struct wsk_kit_server *server)
{
    struct acceptance acceptance = { server, NULL, WE_OK };
    struct wsk_kit_peer *peer;

    if (!wsk_kit_wait(is_accepted, &acceptance)) {
        wsk_kit_fail_wait("the driver to connect");
        return NULL;
    }
    if (acceptance.ep == NULL) {
        wsk_kit_fail("a server cannot accept: %s", we_base_err_text(acceptance.err));
        return NULL;
    }
    peer = wsk_kit_peer_create(acceptance.ep);
    if (peer == NULL) {
        return NULL;
    }
    wsk_kit_peer_adopt(peer);
    return peer;
}

void wsk_kit_server_close(struct wsk_kit_server *server)
{
    struct we_host_ep *ep;

    if (server != NULL) {
        pthread_mutex_lock(&server->lock);
        if (server->ep != NULL) {
            we_host_close(server->ep, WE_CLOSE_RESET);
            server->ep = NULL;
        }
        while ((ep = pop_arrival_locked(server)) != NULL) {
            we_host_close(ep, WE_CLOSE_RESET);
        }
        pthread_mutex_unlock(&server->lock);
        we_base_list_remove(&server->link);
        server_unref(server);
    }
}

/* Below the ports that systems give away: a driver's socket that connects might get this very port, and a socket that
 * connects to its own port is not refused but connected to itself. */
#define UNUSED_PORT_FIRST 20000u
#define UNUSED_PORT_COUNT 12000u

static unsigned s_unused_port_turn;
static bool s_has_unused_port_turn; /* drawn, on sockets */

/* Programs that run at the same time begin at different places; the virtual network is the program's own. */
static uint16_t next_candidate(void)
{
    if (!s_has_unused_port_turn && we_host_net_kind() == WE_NET_SOCKETS) {
        s_has_unused_port_turn = we_host_random(&s_unused_port_turn, sizeof(s_unused_port_turn));
    }

    return (uint16_t)(UNUSED_PORT_FIRST + s_unused_port_turn++ % UNUSED_PORT_COUNT);
}

static enum we_err open_stream(const struct we_base_addr *local, struct we_host_ep **ep)
{
    return we_host_stream_open(local, true, ep);
}

static enum we_err open_dgram(const struct we_base_addr *local, struct we_host_ep **ep)
{
    static const struct we_host_dgram_options options = { .is_v6_only = true };

    return we_host_dgram_open(local, &options, ep);
}

/* A port on which open succeeds. */
static uint16_t unused_port(enum wsk_kit_family family,
                            enum we_err (*open)(const struct we_base_addr *local, struct we_host_ep **ep))
{
    enum we_err err = WE_OK;

    for (unsigned i = 0; i < UNUSED_PORT_COUNT; i++) {
        uint16_t port = next_candidate();
        struct we_base_addr local = we_base_addr_loopback(wsk_kit_base_family(family), port);
        struct we_host_ep *ep;

        err = open(&local, &ep);
        if (err == WE_OK) {
            we_host_close(ep, WE_CLOSE_RESET);
            return port;
        }
    }
    wsk_kit_fail("no unused port: %s", we_base_err_text(err));
    return 0;
}

uint16_t wsk_kit_unused_port(enum wsk_kit_family family)
{
    return wsk_kit_check_running("wsk_kit_unused_port") ? unused_port(family, open_stream) : 0;
}

uint16_t wsk_kit_unused_datagram_port(enum wsk_kit_family family)
{
    return wsk_kit_check_running("wsk_kit_unused_datagram_port") ? unused_port(family, open_dgram) : 0;
}

void wsk_kit_servers_reset(void)
{
    s_unused_port_turn = 0;
    s_has_unused_port_turn = false;
    while (!we_base_list_is_empty(&s_servers)) {
        wsk_kit_server_close(WE_BASE_LIST_ITEM(s_servers.next, struct wsk_kit_server, link));
    }
}
