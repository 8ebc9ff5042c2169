/* SPDX-License-Identifier: MIT */
/* Tests of what only the virtual network promises: exact events in exact order, windows, choices. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <pthread.h>
#include <string.h>

#include "host/host_exec.h"
#include "host/host_net_virtual.h"

#define WINDOW_BYTES (256u * 1024u)

/* --- handshake ------------------------------------------------------------------------- */

static void test_handshake_held_goes_in_steps(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, true);
    struct we_host_ep *client;
    struct we_host_ep *request = NULL;
    size_t bytes;

    (void)state;
    net_expect_no_events();
    client = net_connect(listener, &client_owner);
    assert_false(we_host_net_has_events(1));
    net_step(0);
    assert_int_equal(listener_owner.last, WE_NET_ACCEPTABLE);
    assert_int_equal(we_host_accept(listener, &request), WE_OK);
    net_expect_no_events();
    net_expect_none(client, WE_ERR_AGAIN);
    assert_int_equal(net_try_send(request, "x", 1, &bytes), WE_ERR_AGAIN);
    assert_int_equal(we_host_shutdown_send(request), WE_ERR_NOT_CONNECTED);

    net_watch(request, WE_WATCH_ALL, 0, &owner);
    assert_int_equal(we_host_confirm(request), WE_ERR_AGAIN);
    assert_int_equal(we_host_confirm(request), WE_ERR_AGAIN);
    assert_false(we_host_net_has_events(0));
    net_step(1);
    assert_int_equal(client_owner.last, WE_NET_CONNECTED);
    /* The client speaks at once; its ACK is in front of that. */
    net_send(client, "x");
    net_step(0);
    assert_int_equal(owner.last, WE_NET_ESTABLISHED);
    net_step(0);
    assert_int_equal(owner.last, WE_NET_READABLE);
    net_expect(request, "x");
    assert_int_equal(we_host_confirm(request), WE_OK);
    net_expect_no_events();
    we_host_close(client, WE_CLOSE_RESET);
    we_host_close(request, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static void test_refuse_after_confirm_client_is_connected_and_reset(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, true);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request = net_accept(listener, &listener_owner);

    (void)state;
    assert_int_equal(we_host_confirm(request), WE_ERR_AGAIN);
    we_host_refuse(request);
    net_step(1);
    assert_int_equal(client_owner.last, WE_NET_CONNECTED);
    net_step(1);
    assert_int_equal(client_owner.last, WE_NET_RESET);
    net_expect_none(client, WE_ERR_RESET);
    net_expect_no_events();
    we_host_close(client, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

/* The race of WskAbortEvent after an accept verdict: the client goes while the answer is on its way. */
static void test_close_client_while_the_answer_travels_resets_the_request(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, true);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request = net_accept(listener, &listener_owner);

    (void)state;
    net_watch(request, WE_WATCH_HANGUP, 0, &owner);
    assert_int_equal(we_host_confirm(request), WE_ERR_AGAIN);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    net_step(0);
    assert_int_equal(owner.seen, WE_NET_RESET);
    net_expect_no_events();
    we_host_close(request, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

/* A request is shown although its client has gone by then, as with real sockets; the reset follows. */
static void test_close_client_before_accept_request_comes_and_is_reset(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, true);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request;

    (void)state;
    we_host_close(client, WE_CLOSE_RESET);
    request = net_accept(listener, &listener_owner);
    net_watch(request, WE_WATCH_HANGUP, 0, &owner);
    net_step(0);
    assert_int_equal(owner.seen, WE_NET_RESET);
    we_host_close(request, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static void test_confirm_client_is_gone_leaves_no_event(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, true);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *request = net_accept(listener, &listener_owner);

    (void)state;
    net_watch(request, WE_WATCH_HANGUP, 0, &owner);
    we_host_close(client, WE_CLOSE_RESET);
    assert_true(we_host_net_has_events(0));
    assert_int_equal(we_host_confirm(request), WE_ERR_RESET);
    net_expect_no_events();
    we_host_close(request, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static void test_connect_backlog_is_full_is_refused(void **state)
{
    struct we_base_addr any_port = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_host_listen_options options = { .hold_handshake = true, .backlog_count = 2 };
    struct net_owner listener_owner = { 0 };
    struct net_owner owners[4] = { { 0 } };
    struct we_host_ep *clients[4];
    struct we_host_ep *listener = NULL;
    struct we_host_ep *request;

    (void)state;
    assert_int_equal(we_host_listen(&any_port, &options, 0, &net_owner_client, &listener_owner, &listener), WE_OK);
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = net_connect(listener, &owners[i]);
    }
    net_run_until(&owners[2], WE_NET_CONNECT_FAILED);
    assert_int_equal(we_host_ep_error(clients[2]), WE_ERR_REFUSED);
    assert_int_equal(owners[0].seen | owners[1].seen, 0);
    /* One was taken: there is a place again. */
    request = net_accept(listener, &listener_owner);
    clients[3] = net_connect(listener, &owners[3]);
    assert_false(we_host_net_has_events(1));
    we_host_refuse(request);
    for (unsigned i = 0; i < 4; i++) {
        we_host_close(clients[i], WE_CLOSE_RESET);
    }
    we_host_close(listener, WE_CLOSE_RESET);
}

/* --- bytes ----------------------------------------------------------------------------- */

static void test_send_each_segment_arrives_with_its_event(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "one");
    net_send(pair.client, "two");
    assert_int_equal(we_host_shutdown_send(pair.client), WE_OK);
    net_expect_none(pair.server, WE_ERR_AGAIN);
    net_step(0);
    assert_int_equal(pair.server_owner.last, WE_NET_READABLE);
    net_expect(pair.server, "one");
    net_expect_none(pair.server, WE_ERR_AGAIN);
    net_step(0);
    net_expect(pair.server, "two");
    net_expect_none(pair.server, WE_ERR_AGAIN);
    net_step(0);
    assert_int_equal(pair.server_owner.last, WE_NET_READABLE | WE_NET_ENDED);
    net_expect_none(pair.server, WE_OK);
    net_expect_no_events();
    net_pair_close(&pair);
}

static void test_send_window_is_exact(void **state)
{
    static char block[WINDOW_BYTES + 100];
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(net_try_send(pair.client, block, sizeof(block), &bytes), WE_OK);
    assert_int_equal(bytes, WINDOW_BYTES);
    assert_int_equal(net_try_send(pair.client, block, 1, &bytes), WE_ERR_AGAIN);
    net_step(0);
    net_expect_no_events();
    assert_int_equal(we_host_ep_unread_bytes(pair.server), WINDOW_BYTES);
    assert_int_equal(net_recv(pair.server, block, 3, &bytes), WE_OK);
    assert_int_equal(bytes, 3);
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_WRITABLE);
    assert_int_equal(net_try_send(pair.client, block, 10, &bytes), WE_OK);
    assert_int_equal(bytes, 3);
    net_pair_close(&pair);
}

static void test_listener_buffer_option_is_inherited(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_host_ep *client;
    struct we_host_ep *server;
    int value;
    size_t bytes;

    (void)state;
    assert_int_equal(we_host_ep_set(listener, WE_EP_RECEIVE_BUFFER_BYTES, 5), WE_OK);
    assert_int_equal(we_host_ep_set(listener, WE_EP_KEEPALIVE, 7), WE_OK);
    client = net_connect(listener, &client_owner);
    server = net_accept(listener, &listener_owner);
    net_run_until(&client_owner, WE_NET_CONNECTED);
    assert_int_equal(we_host_ep_get(server, WE_EP_RECEIVE_BUFFER_BYTES, &value), WE_OK);
    assert_int_equal(value, 5);
    assert_int_equal(we_host_ep_get(server, WE_EP_KEEPALIVE, &value), WE_OK);
    assert_int_equal(value, 1);
    assert_int_equal(net_try_send(client, "0123456789", 10, &bytes), WE_OK);
    assert_int_equal(bytes, 5);
    /* A larger window is news for who waits for it. */
    client_owner.seen = 0;
    assert_int_equal(we_host_ep_set(server, WE_EP_RECEIVE_BUFFER_BYTES, 8), WE_OK);
    net_run_until(&client_owner, WE_NET_WRITABLE);
    we_host_close(client, WE_CLOSE_RESET);
    we_host_close(server, WE_CLOSE_RESET);
    we_host_close(listener, WE_CLOSE_RESET);
}

static void test_send_buffer_limits_what_is_in_flight(void **state)
{
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(we_host_ep_set(pair.client, WE_EP_SEND_BUFFER_BYTES, 4), WE_OK);
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_BACKLOG);
    assert_int_equal(net_try_send(pair.client, "012345", 6, &bytes), WE_OK);
    assert_int_equal(bytes, 4);
    net_step(0);
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_WRITABLE);
    assert_int_equal(net_try_send(pair.client, "45", 2, &bytes), WE_OK);
    net_run_until_quiet();
    net_expect(pair.server, "012345");
    net_pair_close(&pair);
}

/* What can be under way at most: the smaller one of the window and the buffer. Only a change of that is news. */
static void test_ideal_backlog_follows_window_and_buffer(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.listener), 0);
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.client), WE_HOST_VIRTUAL_BUFFER_BYTES);
    assert_int_equal(we_host_ep_set(pair.server, WE_EP_RECEIVE_BUFFER_BYTES, 1000), WE_OK);
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_BACKLOG);
    net_expect_no_events(); /* the server's own did not change */
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.client), 1000);
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.server), WE_HOST_VIRTUAL_BUFFER_BYTES);
    assert_int_equal(we_host_ep_set(pair.client, WE_EP_SEND_BUFFER_BYTES, 2000), WE_OK);
    assert_int_equal(we_host_ep_set(pair.server, WE_EP_RECEIVE_BUFFER_BYTES, 1000), WE_OK);
    net_expect_no_events();
    assert_int_equal(we_host_ep_set(pair.server, WE_EP_RECEIVE_BUFFER_BYTES, 3000), WE_OK);
    net_step(1);
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.client), 2000);
    we_host_reset(pair.client);
    net_run_until_quiet();
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.client), 0);
    assert_int_equal(we_host_ep_ideal_backlog_bytes(pair.server), 0);
    net_pair_close(&pair);
}

static void test_reset_drops_what_is_in_flight_and_unread(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "arrives");
    net_step(0);
    net_send(pair.client, "in flight");
    we_host_close(pair.client, WE_CLOSE_RESET);
    pair.client = NULL;
    /* It overtakes: the call knows before the event was taken. */
    net_expect_none(pair.server, WE_ERR_RESET);
    assert_int_equal(we_host_ep_unread_bytes(pair.server), 0);
    net_step(0);
    assert_int_equal(pair.server_owner.last, WE_NET_RESET);
    net_expect_no_events();
    net_pair_close(&pair);
}

static void test_reset_makes_other_news_void(void **state)
{
    static char block[WINDOW_BYTES];
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(net_try_send(pair.client, block, sizeof(block), &bytes), WE_OK);
    assert_int_equal(net_try_send(pair.client, block, 1, &bytes), WE_ERR_AGAIN);
    net_step(0);
    assert_int_equal(net_recv(pair.server, block, 3, &bytes), WE_OK);
    we_host_close(pair.server, WE_CLOSE_RESET);
    pair.server = NULL;
    net_step(1);
    assert_int_equal(pair.client_owner.seen, WE_NET_RESET);
    net_expect_no_events();
    net_pair_close(&pair);
}

/* Bytes to an end that is closed are answered with a reset, behind everything that the closed end has sent. */
static void test_send_to_closed_end_is_answered_with_reset(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.server, "bye");
    we_host_close(pair.server, WE_CLOSE_GRACEFUL);
    pair.server = NULL;
    net_send(pair.client, "too late");
    net_step(1);
    net_expect(pair.client, "bye");
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_READABLE | WE_NET_ENDED);
    net_expect_none(pair.client, WE_OK);
    net_step(1);
    assert_int_equal(pair.client_owner.last, WE_NET_RESET);
    net_expect_none(pair.client, WE_ERR_RESET);
    net_expect_no_events();
    net_pair_close(&pair);
}

/* --- choices --------------------------------------------------------------------------- */

#define CHOICE_PAIR_COUNT 5u
#define CHOICE_SEND_COUNT 4u

/* Sends a few segments on each of some connections and notes in which order they arrive. */
static void order_of_arrival(uint64_t seed, unsigned order[CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT])
{
    struct we_host_exec_config config = { .execution = WE_EXEC_STEPPED, .cpu_count = NET_CPU_COUNT, .seed = seed };
    struct net_pair pairs[CHOICE_PAIR_COUNT];
    char text[2] = "0";
    unsigned count = 0;

    for (unsigned i = 0; i < CHOICE_PAIR_COUNT; i++) {
        net_pair_make(&pairs[i]);
    }
    assert_int_equal(we_host_exec_start(&config), WE_OK);
    for (unsigned i = 0; i < CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT; i++) {
        text[0] = (char)('0' + i / CHOICE_PAIR_COUNT);
        net_send(pairs[i % CHOICE_PAIR_COUNT].client, text);
    }
    while (we_host_net_has_events(0)) {
        net_step(0);
        for (unsigned i = 0; i < CHOICE_PAIR_COUNT; i++) {
            if (pairs[i].server_owner.seen != 0) {
                /* Segments of one connection stay in order. */
                text[0] = (char)('0' + pairs[i].server_owner.calls - 1);
                net_expect(pairs[i].server, text);
                pairs[i].server_owner.seen = 0;
                order[count++] = i;
            }
        }
    }
    assert_int_equal(count, CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT);
    we_host_exec_stop();
    for (unsigned i = 0; i < CHOICE_PAIR_COUNT; i++) {
        net_pair_close(&pairs[i]);
    }
}

static void test_wait_for_one_follows_the_seed(void **state)
{
    unsigned natural[CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT];
    unsigned first[CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT];
    unsigned again[CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT];
    unsigned other[CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT];

    (void)state;
    order_of_arrival(0, natural);
    order_of_arrival(1, first);
    order_of_arrival(1, again);
    order_of_arrival(2, other);
    for (unsigned i = 0; i < CHOICE_PAIR_COUNT * CHOICE_SEND_COUNT; i++) {
        assert_int_equal(natural[i], i % CHOICE_PAIR_COUNT);
    }
    assert_memory_equal(first, again, sizeof(first));
    assert_memory_not_equal(first, natural, sizeof(first));
    assert_memory_not_equal(first, other, sizeof(first));
}

/* --- sleeping, and very many ------------------------------------------------------------- */

static void *wait_for_ever(void *context)
{
    while (we_host_net_wait(0, UINT64_MAX, context, 1) == 0) {
    }
    return NULL;
}

static void test_wait_sleeps_until_an_event(void **state)
{
    struct net_pair pair;
    struct we_host_ready ready;
    pthread_t thread;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, &ready), 0);
    we_host_net_wake(0);
    net_send(pair.client, "x");
    pthread_join(thread, NULL);
    we_host_net_deliver(&ready);
    assert_int_equal(pair.server_owner.last, WE_NET_READABLE);
    assert_int_equal(we_host_net_wait(0, 1000, &ready, 1), 0);
    net_pair_close(&pair);
}

#define MANY_COUNT 100000u

static void test_connect_a_hundred_thousand_at_once(void **state)
{
    static struct we_host_ep *clients[MANY_COUNT];
    static struct we_host_ep *servers[MANY_COUNT];
    struct net_owner listener_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);

    (void)state;
    for (unsigned i = 0; i < MANY_COUNT; i++) {
        clients[i] = net_connect(listener, &owner);
    }
    for (unsigned i = 0; i < MANY_COUNT; i++) {
        assert_int_equal(we_host_accept(listener, &servers[i]), WE_OK);
        net_watch(servers[i], WE_WATCH_ALL, 0, &owner);
    }
    net_run_until_quiet();
    assert_int_equal(owner.calls, MANY_COUNT);
    for (unsigned i = 0; i < MANY_COUNT; i++) {
        net_send(clients[i], "x");
    }
    net_run_until_quiet();
    assert_int_equal(owner.calls, 2 * MANY_COUNT);
    assert_int_equal(we_host_net_open_count(), 2 * MANY_COUNT + 1);
    for (unsigned i = 0; i < MANY_COUNT; i++) {
        net_expect(servers[i], "x");
        we_host_close(servers[i], WE_CLOSE_GRACEFUL);
        we_host_close(clients[i], WE_CLOSE_GRACEFUL);
    }
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static const struct CMUnitTest s_tests[] = {
    NET_CHECK(test_handshake_held_goes_in_steps, virtual),
    NET_CHECK(test_refuse_after_confirm_client_is_connected_and_reset, virtual),
    NET_CHECK(test_close_client_while_the_answer_travels_resets_the_request, virtual),
    NET_CHECK(test_close_client_before_accept_request_comes_and_is_reset, virtual),
    NET_CHECK(test_confirm_client_is_gone_leaves_no_event, virtual),
    NET_CHECK(test_connect_backlog_is_full_is_refused, virtual),
    NET_CHECK(test_send_each_segment_arrives_with_its_event, virtual),
    NET_CHECK(test_send_window_is_exact, virtual),
    NET_CHECK(test_listener_buffer_option_is_inherited, virtual),
    NET_CHECK(test_send_buffer_limits_what_is_in_flight, virtual),
    NET_CHECK(test_ideal_backlog_follows_window_and_buffer, virtual),
    NET_CHECK(test_reset_drops_what_is_in_flight_and_unread, virtual),
    NET_CHECK(test_reset_makes_other_news_void, virtual),
    NET_CHECK(test_send_to_closed_end_is_answered_with_reset, virtual),
    NET_CHECK(test_wait_for_one_follows_the_seed, virtual),
    NET_CHECK(test_wait_sleeps_until_an_event, virtual),
    NET_CHECK(test_connect_a_hundred_thousand_at_once, virtual),
};

UNIT_MAIN(s_tests)
