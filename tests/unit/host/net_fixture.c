/* SPDX-License-Identifier: MIT */
/* A started network, endpoints that record their events, and connected pairs. */
#include "net_fixture.h"

#include "support/unit.h"

#include <dirent.h>
#include <string.h>

#include "host/host_mem.h"

#define MILLISECOND_NS UINT64_C(1000000)
/* So many fruitless milliseconds, and what is waited for does not come any more. */
#define PATIENCE_COUNT 20000u

const struct net_way net_way_epoll = { WE_NET_SOCKETS, WE_POLLER_EPOLL };
const struct net_way net_way_kqueue = { WE_NET_SOCKETS, WE_POLLER_KQUEUE };
const struct net_way net_way_poll = { WE_NET_SOCKETS, WE_POLLER_POLL };
const struct net_way net_way_virtual = { WE_NET_VIRTUAL, WE_POLLER_AUTO };

static size_t s_blocks_before;
static size_t s_descriptors_before;

size_t net_descriptor_count(void)
{
    DIR *folder = opendir("/dev/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

int net_setup(void **state)
{
    const struct net_way *way = *state;
    struct we_host_net_config config = { way->network, way->poller, NET_CPU_COUNT };

    s_blocks_before = we_host_mem_live_count();
    s_descriptors_before = net_descriptor_count();
    assert_int_equal(we_host_net_start(&config), WE_OK);
    return 0;
}

int net_teardown(void **state)
{
    (void)state;
    assert_int_equal(we_host_net_open_count(), 0);
    assert_int_equal(we_host_net_stop(), 0);
    assert_int_equal(net_descriptor_count(), s_descriptors_before);
    assert_int_equal(we_host_mem_live_count(), s_blocks_before);
    return 0;
}

/* --- owners ---------------------------------------------------------------------------- */

static void owner_ref(void *context)
{
    struct net_owner *owner = context;

    owner->references++;
}

static void owner_unref(void *context)
{
    struct net_owner *owner = context;

    owner->references--;
}

static void owner_event(void *context, unsigned events)
{
    struct net_owner *owner = context;

    assert_int_equal(owner->references, 1);
    assert_int_not_equal(events, 0);
    owner->calls++;
    owner->seen |= events;
    owner->last = events;
}

const struct we_host_ep_client net_owner_client = { owner_ref, owner_unref, owner_event };

void net_watch(struct we_host_ep *ep, enum we_host_watch watch, unsigned cpu, struct net_owner *owner)
{
    assert_int_equal(we_host_ep_watch(ep, watch, cpu, &net_owner_client, owner), WE_OK);
}

/* --- running --------------------------------------------------------------------------- */

static bool run_once(uint64_t timeout_ns)
{
    struct we_host_ready ready[16];
    bool has_run = false;

    for (unsigned cpu = 0; cpu < NET_CPU_COUNT; cpu++) {
        unsigned count = we_host_net_wait(cpu, timeout_ns, ready, 16);

        for (unsigned i = 0; i < count; i++) {
            we_host_net_deliver(&ready[i]);
        }
        has_run = has_run || count > 0;
    }
    return has_run;
}

/* In memory nothing comes later. */
static bool run_or_wait(void)
{
    return run_once(0) || (we_host_net_kind() == WE_NET_SOCKETS && run_once(MILLISECOND_NS));
}

void net_run_until(struct net_owner *owner, unsigned events)
{
    unsigned fruitless_count = 0;

    while ((owner->seen & events) != events) {
        if (!run_or_wait()) {
            fruitless_count++;
            assert_true(fruitless_count < PATIENCE_COUNT && we_host_net_kind() == WE_NET_SOCKETS);
        }
    }
}

void net_run_some(void)
{
    (void)run_or_wait();
}

void net_run_until_quiet(void)
{
    do {
        while (run_once(0)) {
        }
    } while (we_host_net_settle());
}

void net_step(unsigned cpu)
{
    struct we_host_ready ready;

    assert_true(we_host_net_has_events(cpu));
    assert_int_equal(we_host_net_wait(cpu, 0, &ready, 1), 1);
    we_host_net_deliver(&ready);
}

void net_expect_no_events(void)
{
    struct we_host_ready ready;

    for (unsigned cpu = 0; cpu < NET_CPU_COUNT; cpu++) {
        assert_false(we_host_net_has_events(cpu));
        assert_int_equal(we_host_net_wait(cpu, 0, &ready, 1), 0);
    }
}

/* --- connections ----------------------------------------------------------------------- */

struct we_host_ep *net_listen(struct net_owner *owner, bool hold_handshake)
{
    struct we_base_addr any_port = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_listen_options options = { .hold_handshake = hold_handshake };
    struct we_host_ep *listener = NULL;

    assert_int_equal(we_host_listen(&any_port, &options, 0, &net_owner_client, owner, &listener), WE_OK);
    return listener;
}

struct we_base_addr net_local(struct we_host_ep *ep)
{
    struct we_base_addr addr;

    assert_int_equal(we_host_ep_local(ep, &addr), WE_OK);
    return addr;
}

struct we_host_ep *net_connect(struct we_host_ep *listener, struct net_owner *owner)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_base_addr remote = net_local(listener);
    struct we_host_ep *stream = NULL;

    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_OK);
    net_watch(stream, WE_WATCH_ALL, 1, owner);
    assert_int_equal(we_host_stream_connect(stream, &remote), WE_ERR_AGAIN);
    return stream;
}

struct we_host_ep *net_accept(struct we_host_ep *listener, struct net_owner *listener_owner)
{
    struct we_host_ep *request = NULL;

    net_run_until(listener_owner, WE_NET_ACCEPTABLE);
    listener_owner->seen = 0;
    assert_int_equal(we_host_accept(listener, &request), WE_OK);
    return request;
}

static void owner_forget(struct net_owner *owner)
{
    owner->calls = 0;
    owner->seen = 0;
    owner->last = 0;
}

void net_pair_make(struct net_pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    pair->listener = net_listen(&pair->listener_owner, false);
    pair->client = net_connect(pair->listener, &pair->client_owner);
    pair->server = net_accept(pair->listener, &pair->listener_owner);
    net_watch(pair->server, WE_WATCH_ALL, 0, &pair->server_owner);
    net_run_until(&pair->client_owner, WE_NET_CONNECTED);
    net_run_until_quiet();
    owner_forget(&pair->listener_owner);
    owner_forget(&pair->client_owner);
    owner_forget(&pair->server_owner);
}

static void close_if_open(struct we_host_ep *ep)
{
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
    }
}

void net_pair_close(struct net_pair *pair)
{
    close_if_open(pair->client);
    close_if_open(pair->server);
    close_if_open(pair->listener);
}

/* --- bytes ----------------------------------------------------------------------------- */

enum we_err net_recv(struct we_host_ep *ep, void *data, size_t length_bytes, size_t *bytes)
{
    struct we_host_iov iov = { data, length_bytes };

    return we_host_recv(ep, &iov, 1, bytes);
}

enum we_err net_try_send(struct we_host_ep *ep, const void *data, size_t length_bytes, size_t *bytes)
{
    struct we_host_iov iov = { (void *)(uintptr_t)data, length_bytes };

    return we_host_send(ep, &iov, 1, bytes);
}

void net_send(struct we_host_ep *ep, const char *text)
{
    size_t bytes = 0;

    assert_int_equal(net_try_send(ep, text, strlen(text), &bytes), WE_OK);
    assert_int_equal(bytes, strlen(text));
}

void net_expect(struct we_host_ep *ep, const char *text)
{
    char data[4096];
    size_t bytes = 0;

    assert_int_equal(net_recv(ep, data, sizeof(data), &bytes), WE_OK);
    assert_int_equal(bytes, strlen(text));
    assert_memory_equal(data, text, bytes);
}

void net_expect_none(struct we_host_ep *ep, enum we_err err)
{
    char data[16];
    size_t bytes = 1;

    assert_int_equal(net_recv(ep, data, sizeof(data), &bytes), err);
    assert_int_equal(bytes, 0);
}
