/* SPDX-License-Identifier: MIT */
/* Tests of the network with a thread for each processor: echo, and closes that race with events. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <pthread.h>
#include <string.h>

#define PEER_COUNT 64u
#define MESSAGE_COUNT 40u
#define MESSAGE_BYTES 200u

/* The owner of an endpoint the way the layers above do it: a lock serialises the calls, and the memory stays until the
 * last event has returned. Threads record; the test's own thread asserts. */
struct peer {
    pthread_mutex_t lock;
    int references;
    struct we_host_ep *ep; /* NULL: closed */
    unsigned echoed_bytes;
    bool is_client;
};

static struct {
    struct peer clients[PEER_COUNT];
    struct peer servers[PEER_COUNT];
    struct peer listener;
    unsigned server_count;   /* by the listener's owner, under its lock */
    unsigned finished_count; /* guarded by lock */
    bool is_stopping;        /* atomic */
    pthread_mutex_t lock;
    pthread_cond_t changed;
} s_run;

static void peer_ref(void *context)
{
    __atomic_add_fetch(&((struct peer *)context)->references, 1, __ATOMIC_SEQ_CST);
}

static void peer_unref(void *context)
{
    __atomic_sub_fetch(&((struct peer *)context)->references, 1, __ATOMIC_SEQ_CST);
}

static void peer_close_locked(struct peer *peer, enum we_host_close how)
{
    struct we_host_ep *ep = peer->ep;

    peer->ep = NULL;
    if (ep != NULL) {
        we_host_close(ep, how);
    }
    pthread_mutex_lock(&s_run.lock);
    s_run.finished_count++;
    pthread_cond_signal(&s_run.changed);
    pthread_mutex_unlock(&s_run.lock);
}

static void message_send_locked(struct peer *peer)
{
    static const char message[MESSAGE_BYTES] = "a message that comes back";
    size_t bytes;

    /* So little always fits at once. */
    if (net_try_send(peer->ep, message, sizeof(message), &bytes) != WE_OK) {
        peer_close_locked(peer, WE_CLOSE_RESET);
    }
}

/* A client counts what comes back and says the next thing; a server sends everything back. */
static void bytes_take_locked(struct peer *peer)
{
    char data[4096];
    size_t bytes;
    size_t sent_bytes;
    enum we_err err;

    while (peer->ep != NULL) {
        err = net_recv(peer->ep, data, sizeof(data), &bytes);
        if (err == WE_ERR_AGAIN) {
            return;
        }
        if (err != WE_OK || bytes == 0) {
            peer_close_locked(peer, WE_CLOSE_GRACEFUL);
            return;
        }
        if (!peer->is_client) {
            (void)!net_try_send(peer->ep, data, bytes, &sent_bytes);
            continue;
        }
        peer->echoed_bytes += (unsigned)bytes;
        if (peer->echoed_bytes >= MESSAGE_COUNT * MESSAGE_BYTES) {
            peer_close_locked(peer, WE_CLOSE_GRACEFUL);
        } else if (peer->echoed_bytes % MESSAGE_BYTES == 0) {
            message_send_locked(peer);
        }
    }
}

static void peer_event(void *context, unsigned events)
{
    struct peer *peer = context;

    pthread_mutex_lock(&peer->lock);
    if (peer->ep != NULL && (events & WE_NET_CONNECTED)) {
        message_send_locked(peer);
    } else {
        bytes_take_locked(peer);
    }
    pthread_mutex_unlock(&peer->lock);
}

static const struct we_host_ep_client s_peer_client = { peer_ref, peer_unref, peer_event };

static void listener_event(void *context, unsigned events)
{
    struct peer *listener = context;
    struct we_host_ep *ep = NULL;
    struct peer *server;

    (void)events;
    pthread_mutex_lock(&listener->lock);
    if (s_run.server_count < PEER_COUNT && we_host_accept(listener->ep, &ep) == WE_OK) {
        server = &s_run.servers[s_run.server_count];
        pthread_mutex_lock(&server->lock);
        server->ep = ep;
        if (we_host_ep_watch(ep, WE_WATCH_ALL, s_run.server_count % NET_CPU_COUNT, &s_peer_client, server) != WE_OK) {
            peer_close_locked(server, WE_CLOSE_RESET);
        }
        pthread_mutex_unlock(&server->lock);
        s_run.server_count++;
    }
    pthread_mutex_unlock(&listener->lock);
}

static const struct we_host_ep_client s_listener_client = { peer_ref, peer_unref, listener_event };

static void *processor_run(void *context)
{
    const unsigned cpu = *(const unsigned *)context;
    struct we_host_ready ready[8];

    while (!__atomic_load_n(&s_run.is_stopping, __ATOMIC_SEQ_CST)) {
        unsigned count = we_host_net_wait(cpu, UINT64_MAX, ready, 8);

        for (unsigned i = 0; i < count; i++) {
            we_host_net_deliver(&ready[i]);
        }
    }
    return NULL;
}

static void peers_init(void)
{
    memset(&s_run, 0, sizeof(s_run));
    pthread_mutex_init(&s_run.lock, NULL);
    pthread_cond_init(&s_run.changed, NULL);
    pthread_mutex_init(&s_run.listener.lock, NULL);
    for (unsigned i = 0; i < PEER_COUNT; i++) {
        pthread_mutex_init(&s_run.clients[i].lock, NULL);
        pthread_mutex_init(&s_run.servers[i].lock, NULL);
        s_run.clients[i].is_client = true;
    }
}

static struct we_base_addr listener_start(void)
{
    struct we_base_addr loopback = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_listen_options options = { .hold_handshake = false };

    pthread_mutex_lock(&s_run.listener.lock);
    assert_int_equal(we_host_listen(&loopback, &options, 0, &s_listener_client, &s_run.listener, &s_run.listener.ep),
                     WE_OK);
    loopback = net_local(s_run.listener.ep);
    pthread_mutex_unlock(&s_run.listener.lock);
    return loopback;
}

static void client_start(struct peer *client, const struct we_base_addr *remote, unsigned cpu)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);

    pthread_mutex_lock(&client->lock);
    assert_int_equal(we_host_stream_open(&any, true, &client->ep), WE_OK);
    assert_int_equal(we_host_ep_watch(client->ep, WE_WATCH_ALL, cpu, &s_peer_client, client), WE_OK);
    assert_int_equal(we_host_stream_connect(client->ep, remote), WE_ERR_AGAIN);
    pthread_mutex_unlock(&client->lock);
}

/* Every third client is closed under the feet of its events, with a reset. */
static void close_some(void)
{
    for (unsigned i = 0; i < PEER_COUNT; i += 3) {
        struct peer *client = &s_run.clients[i];

        pthread_mutex_lock(&client->lock);
        if (client->ep != NULL) {
            peer_close_locked(client, WE_CLOSE_RESET);
        }
        pthread_mutex_unlock(&client->lock);
    }
}

static void wait_until_all_finished(void)
{
    pthread_mutex_lock(&s_run.lock);
    while (s_run.finished_count < 2 * PEER_COUNT) {
        pthread_cond_wait(&s_run.changed, &s_run.lock);
    }
    pthread_mutex_unlock(&s_run.lock);
}

static void run(bool closes_some)
{
    static const unsigned cpus[NET_CPU_COUNT] = { 0, 1 };
    pthread_t threads[NET_CPU_COUNT];
    struct we_base_addr remote;

    peers_init();
    for (unsigned i = 0; i < NET_CPU_COUNT; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, processor_run, (void *)(uintptr_t)&cpus[i]), 0);
    }
    remote = listener_start();
    for (unsigned i = 0; i < PEER_COUNT; i++) {
        client_start(&s_run.clients[i], &remote, (i / 2) % NET_CPU_COUNT);
    }
    if (closes_some) {
        close_some();
    }
    wait_until_all_finished();
    __atomic_store_n(&s_run.is_stopping, true, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < NET_CPU_COUNT; i++) {
        we_host_net_wake(i);
        pthread_join(threads[i], NULL);
    }
    we_host_close(s_run.listener.ep, WE_CLOSE_GRACEFUL);
}

static void test_threads_echo_everything_comes_back(void **state)
{
    (void)state;
    run(false);
    assert_int_equal(s_run.server_count, PEER_COUNT);
    for (unsigned i = 0; i < PEER_COUNT; i++) {
        assert_int_equal(s_run.clients[i].echoed_bytes, MESSAGE_COUNT * MESSAGE_BYTES);
        assert_int_equal(s_run.clients[i].references, 0);
        assert_int_equal(s_run.servers[i].references, 0);
    }
}

static void test_threads_close_races_with_events_is_harmless(void **state)
{
    (void)state;
    run(true);
    for (unsigned i = 0; i < PEER_COUNT; i++) {
        assert_int_equal(s_run.clients[i].references, 0);
        assert_int_equal(s_run.servers[i].references, 0);
        if (i % 3 != 0) {
            assert_int_equal(s_run.clients[i].echoed_bytes, MESSAGE_COUNT * MESSAGE_BYTES);
        }
    }
}

/* clang-format off */
#define CHECKS(way)                                                   \
    NET_CHECK(test_threads_echo_everything_comes_back, way),          \
    NET_CHECK(test_threads_close_races_with_events_is_harmless, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
