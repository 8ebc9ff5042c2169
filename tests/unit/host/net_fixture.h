/* SPDX-License-Identifier: MIT */
/* A started network, endpoints that record their events, and connected pairs: for tests of host_net. */
#ifndef WE_TEST_NET_FIXTURE_H
#define WE_TEST_NET_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/host_net.h"

#define NET_CPU_COUNT 2u

/* One of the ways to run a check: the initial state of its test. */
struct net_way {
    enum we_host_network network;
    enum we_host_poller poller;
};
extern const struct net_way net_way_epoll;
extern const struct net_way net_way_kqueue;
extern const struct net_way net_way_poll;
extern const struct net_way net_way_virtual;

/* An entry of a list of tests: the check, run this way. */
/* clang-format off */
#define NET_CHECK(name, way) { #name "/" #way, name, net_setup, net_teardown, (void *)(uintptr_t)&net_way_##way }
/* clang-format on */

/* Fixture functions. Teardown asserts that no endpoint, descriptor or block is left. */
int net_setup(void **state);
int net_teardown(void **state);

/* The owner of an endpoint, which records what it is told. */
struct net_owner {
    int references;
    unsigned calls;
    unsigned seen; /* all events together */
    unsigned last; /* the events of the last call */
};
extern const struct we_host_ep_client net_owner_client;
void net_watch(struct we_host_ep *ep, enum we_host_watch watch, unsigned cpu, struct net_owner *owner);

/* Delivers events until owner has seen all of these; fails the test when that does not happen. */
void net_run_until(struct net_owner *owner, unsigned events);
/* Delivers what is ready; when nothing is, waits a moment for it. */
void net_run_some(void);
/* Delivers events until nothing comes any more. */
void net_run_until_quiet(void);

/* For the virtual network, whose events are exact: takes one of a processor and delivers it. */
void net_step(unsigned cpu);
/* No processor has any. */
void net_expect_no_events(void);

struct we_host_ep *net_listen(struct net_owner *owner, bool hold_handshake);
struct we_base_addr net_local(struct we_host_ep *ep);
/* A stream that is watched and connecting. */
struct we_host_ep *net_connect(struct we_host_ep *listener, struct net_owner *owner);
/* Waits for the next request. */
struct we_host_ep *net_accept(struct we_host_ep *listener, struct net_owner *listener_owner);

struct net_pair {
    struct we_host_ep *listener;
    struct we_host_ep *client;
    struct we_host_ep *server;
    struct net_owner listener_owner;
    struct net_owner client_owner;
    struct net_owner server_owner;
};
/* A connection, both ends watched, all events so far delivered and forgotten. */
void net_pair_make(struct net_pair *pair);
/* Closes what is not NULL. */
void net_pair_close(struct net_pair *pair);

/* Sends all of text in one call. */
void net_send(struct we_host_ep *ep, const char *text);
/* Reads once and expects exactly text. */
void net_expect(struct we_host_ep *ep, const char *text);
/* Reads once and expects no bytes, but err (WE_OK: the end). */
void net_expect_none(struct we_host_ep *ep, enum we_err err);
/* One read, one send of a plain buffer. */
enum we_err net_recv(struct we_host_ep *ep, void *data, size_t length_bytes, size_t *bytes);
enum we_err net_try_send(struct we_host_ep *ep, const void *data, size_t length_bytes, size_t *bytes);

size_t net_descriptor_count(void);

#endif
