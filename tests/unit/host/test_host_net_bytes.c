/* SPDX-License-Identifier: MIT */
/* Tests of the network contract from the first byte to the end: one list of checks, run over every network. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <string.h>

#include "host/host_mem.h"

#define KIBIBYTE 1024u

/* --- bytes ----------------------------------------------------------------------------- */

static void test_send_both_ways_arrives(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_expect_none(pair.server, WE_ERR_AGAIN);
    net_send(pair.client, "question");
    net_run_until(&pair.server_owner, WE_NET_READABLE);
    assert_int_equal(pair.client_owner.seen & WE_NET_READABLE, 0);
    assert_int_equal(we_host_ep_unread_bytes(pair.server), 8);
    net_expect(pair.server, "question");
    net_expect_none(pair.server, WE_ERR_AGAIN);
    net_send(pair.server, "answer");
    net_run_until(&pair.client_owner, WE_NET_READABLE);
    net_expect(pair.client, "answer");
    assert_int_equal(we_host_ep_unread_bytes(pair.client), 0);
    net_pair_close(&pair);
}

static void test_send_and_recv_in_pieces_keep_order(void **state)
{
    struct net_pair pair;
    char parts[3][5] = { "", "", "" };
    struct we_host_iov out[] = {
        { (char[]){ "ab" }, 2 }, { NULL, 0 }, { (char[]){ "cdefg" }, 5 }, { (char[]){ "h" }, 1 }
    };
    struct we_host_iov in[] = { { parts[0], 3 }, { parts[1], 0 }, { parts[2], 4 } };
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(we_host_send(pair.client, out, 4, &bytes), WE_OK);
    assert_int_equal(bytes, 8);
    net_run_until(&pair.server_owner, WE_NET_READABLE);
    assert_int_equal(we_host_recv(pair.server, in, 3, &bytes), WE_OK);
    assert_int_equal(bytes, 7);
    assert_string_equal(parts[0], "abc");
    assert_string_equal(parts[1], "");
    assert_string_equal(parts[2], "defg");
    /* The rest was announced: no event is needed to read it. */
    net_expect(pair.server, "h");
    net_pair_close(&pair);
}

static void test_send_and_recv_of_nothing_succeed(void **state)
{
    struct net_pair pair;
    size_t bytes = 1;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(we_host_send(pair.client, NULL, 0, &bytes), WE_OK);
    assert_int_equal(bytes, 0);
    assert_int_equal(net_try_send(pair.client, "", 0, &bytes), WE_OK);
    assert_int_equal(bytes, 0);
    bytes = 1;
    assert_int_equal(we_host_recv(pair.server, NULL, 0, &bytes), WE_OK);
    assert_int_equal(bytes, 0);
    net_run_until_quiet();
    assert_int_equal(pair.server_owner.seen & WE_NET_ENDED, 0);
    net_pair_close(&pair);
}

/* More pieces than the operating system takes in one call. */
static void test_send_very_many_pieces_are_all_sent(void **state)
{
    enum { PIECE_COUNT = 3000 };
    static char data[PIECE_COUNT];
    static char back[PIECE_COUNT];
    static struct we_host_iov iov[PIECE_COUNT];
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    for (unsigned i = 0; i < PIECE_COUNT; i++) {
        data[i] = (char)(i * 7 + 1);
        iov[i].base = &data[i];
        iov[i].length_bytes = 1;
    }
    assert_int_equal(we_host_send(pair.client, iov, PIECE_COUNT, &bytes), WE_OK);
    assert_int_equal(bytes, PIECE_COUNT);
    net_run_until_quiet();
    for (unsigned i = 0; i < PIECE_COUNT; i++) {
        iov[i].base = &back[i];
    }
    assert_int_equal(we_host_recv(pair.server, iov, PIECE_COUNT, &bytes), WE_OK);
    assert_int_equal(bytes, PIECE_COUNT);
    assert_memory_equal(data, back, PIECE_COUNT);
    net_pair_close(&pair);
}

/* --- the end --------------------------------------------------------------------------- */

static void test_shutdown_send_end_comes_behind_the_bytes(void **state)
{
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "last words");
    assert_int_equal(we_host_shutdown_send(pair.client), WE_OK);
    assert_int_equal(net_try_send(pair.client, "x", 1, &bytes), WE_ERR_FINISHED);
    assert_int_equal(we_host_shutdown_send(pair.client), WE_ERR_FINISHED);
    net_run_until(&pair.server_owner, WE_NET_READABLE);
    net_run_until_quiet();
    assert_int_equal(pair.server_owner.seen & WE_NET_RESET, 0);
    net_expect(pair.server, "last words");
    net_expect_none(pair.server, WE_OK);
    net_expect_none(pair.server, WE_OK);
    /* The other direction is open. */
    net_send(pair.server, "good bye");
    net_run_until(&pair.client_owner, WE_NET_READABLE);
    net_expect(pair.client, "good bye");
    net_pair_close(&pair);
}

static void test_close_graceful_peer_gets_all_and_the_end(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.server, "one");
    net_send(pair.server, "two");
    we_host_close(pair.server, WE_CLOSE_GRACEFUL);
    pair.server = NULL;
    net_run_until(&pair.client_owner, WE_NET_READABLE);
    net_run_until_quiet();
    net_expect(pair.client, "onetwo");
    net_expect_none(pair.client, WE_OK);
    net_pair_close(&pair);
}

/* A kernel would make a reset of this close, and the answer could be lost. */
static void test_close_graceful_with_unread_bytes_is_no_reset(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "nobody reads this");
    net_run_until(&pair.server_owner, WE_NET_READABLE);
    net_send(pair.server, "answer");
    we_host_close(pair.server, WE_CLOSE_GRACEFUL);
    pair.server = NULL;
    net_run_until(&pair.client_owner, WE_NET_READABLE);
    net_run_until_quiet();
    assert_int_equal(pair.client_owner.seen & WE_NET_RESET, 0);
    net_expect(pair.client, "answer");
    net_expect_none(pair.client, WE_OK);
    net_pair_close(&pair);
}

/* --- reset ----------------------------------------------------------------------------- */

static void expect_broken(struct we_host_ep *ep, enum we_err err)
{
    size_t bytes = 1;

    net_expect_none(ep, err);
    net_expect_none(ep, err);
    assert_int_equal(net_try_send(ep, "x", 1, &bytes), err);
    assert_int_equal(bytes, 0);
    assert_int_equal(we_host_ep_error(ep), err);
}

static void test_close_reset_peer_sees_reset(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    we_host_close(pair.client, WE_CLOSE_RESET);
    pair.client = NULL;
    net_run_until(&pair.server_owner, WE_NET_RESET);
    expect_broken(pair.server, WE_ERR_RESET);
    net_pair_close(&pair);
}

/* The first call that finds out may be a send. */
static void test_close_reset_peer_sends_sees_reset(void **state)
{
    struct net_pair pair;
    size_t bytes;

    (void)state;
    net_pair_make(&pair);
    we_host_close(pair.client, WE_CLOSE_RESET);
    pair.client = NULL;
    net_run_until(&pair.server_owner, WE_NET_RESET);
    assert_int_equal(net_try_send(pair.server, "x", 1, &bytes), WE_ERR_RESET);
    expect_broken(pair.server, WE_ERR_RESET);
    net_pair_close(&pair);
}

static void test_reset_own_end_stays_and_fails(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.server, "unread");
    we_host_reset(pair.client);
    expect_broken(pair.client, WE_ERR_ABORTED);
    assert_int_equal(we_host_shutdown_send(pair.client), WE_ERR_ABORTED);
    net_run_until(&pair.server_owner, WE_NET_RESET);
    net_run_until_quiet();
    assert_int_equal(pair.client_owner.calls, 0);
    assert_int_equal(we_host_net_open_count(), 3);
    we_host_reset(pair.client);
    net_pair_close(&pair);
}

/* --- back-pressure --------------------------------------------------------------------- */

static unsigned char pattern(size_t offset)
{
    return (unsigned char)(offset * 31 + (offset >> 8));
}

/* Sends until no more fits; returns how much there is by now. */
static size_t fill(struct we_host_ep *ep, size_t sent_bytes)
{
    static unsigned char block[64 * KIBIBYTE];
    enum we_err err;
    size_t bytes;

    do {
        for (size_t i = 0; i < sizeof(block); i++) {
            block[i] = pattern(sent_bytes + i);
        }
        err = net_try_send(ep, block, sizeof(block), &bytes);
        sent_bytes += bytes;
    } while (err == WE_OK && bytes == sizeof(block));
    assert_true(err == WE_OK || err == WE_ERR_AGAIN);
    return sent_bytes;
}

/* Reads what is there and checks it. */
static size_t drain(struct we_host_ep *ep, size_t read_bytes)
{
    static unsigned char block[64 * KIBIBYTE];
    size_t bytes;

    while (net_recv(ep, block, sizeof(block), &bytes) == WE_OK && bytes > 0) {
        for (size_t i = 0; i < bytes; i++) {
            if (block[i] != pattern(read_bytes + i)) {
                assert_int_equal(block[i], pattern(read_bytes + i));
            }
        }
        read_bytes += bytes;
    }
    return read_bytes;
}

#define TOTAL_BYTES (16u * 1024u * KIBIBYTE)

/* Fills everything between the two ends, then reads and sends on until TOTAL_BYTES have arrived. */
static void pump(struct we_host_ep *sender, struct net_owner *owner, struct we_host_ep *receiver)
{
    size_t sent_bytes;
    size_t read_bytes = 0;
    unsigned fruitless_count = 0;

    sent_bytes = fill(sender, 0);
    assert_int_not_equal(sent_bytes, 0);
    /* Bytes may still move from one buffer to the next: until there is no room anywhere. */
    do {
        net_run_until_quiet();
        owner->seen = 0;
        sent_bytes = fill(sender, sent_bytes);
        net_run_until_quiet();
    } while (owner->seen & WE_NET_WRITABLE);

    while (read_bytes < TOTAL_BYTES) {
        size_t before_bytes = read_bytes;

        net_run_some();
        read_bytes = drain(receiver, read_bytes);
        if (owner->seen & WE_NET_WRITABLE) {
            owner->seen = 0;
            sent_bytes = fill(sender, sent_bytes);
        }
        fruitless_count = read_bytes > before_bytes ? 0 : fruitless_count + 1;
        assert_true(fruitless_count < 5000);
    }
}

static void test_send_client_sends_more_than_fits_goes_on_when_the_peer_reads(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    pump(pair.client, &pair.client_owner, pair.server);
    net_pair_close(&pair);
}

static void test_send_server_sends_more_than_fits_goes_on_when_the_peer_reads(void **state)
{
    struct net_pair pair;

    (void)state;
    net_pair_make(&pair);
    assert_int_equal(we_host_ep_set(pair.server, WE_EP_SEND_BUFFER_BYTES, 128 * 1024), WE_OK);
    pump(pair.server, &pair.server_owner, pair.client);
    net_pair_close(&pair);
}

/* --- registrations --------------------------------------------------------------------- */

/* Fetches the ready entry of an endpoint that has something to read. */
static struct we_host_ready ready_of(unsigned cpu)
{
    struct we_host_ready ready;
    unsigned fruitless_count = 0;

    while (we_host_net_wait(cpu, UINT64_C(1000000), &ready, 1) == 0) {
        fruitless_count++;
        assert_true(fruitless_count < 10000);
    }
    return ready;
}

/* An event was fetched, then its endpoint was closed, and another one took its place. */
static void test_deliver_endpoint_was_closed_is_harmless(void **state)
{
    struct net_pair pair;
    struct net_pair other;
    struct we_host_ready ready;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "x");
    ready = ready_of(0);
    we_host_close(pair.server, WE_CLOSE_RESET);
    pair.server = NULL;
    we_host_net_deliver(&ready);
    net_pair_make(&other);
    we_host_net_deliver(&ready);
    assert_int_equal(pair.server_owner.calls, 0);
    assert_int_equal(other.server_owner.calls, 0);
    assert_int_equal(other.client_owner.calls, 0);
    assert_int_equal(other.listener_owner.calls, 0);
    net_pair_close(&pair);
    net_pair_close(&other);
}

static void test_deliver_endpoint_was_reset_is_silent(void **state)
{
    struct net_pair pair;
    struct we_host_ready ready;

    (void)state;
    net_pair_make(&pair);
    net_send(pair.client, "x");
    ready = ready_of(0);
    we_host_reset(pair.server);
    we_host_net_deliver(&ready);
    assert_int_equal(pair.server_owner.calls, 0);
    net_pair_close(&pair);
}

static void test_watch_other_processor_moves_the_events(void **state)
{
    struct net_pair pair;
    struct net_owner new_owner = { 0 };
    struct we_host_ready ready;

    (void)state;
    net_pair_make(&pair);
    net_watch(pair.server, WE_WATCH_ALL, 1, &new_owner);
    net_send(pair.client, "x");
    ready = ready_of(1);
    assert_int_equal(we_host_net_wait(0, 0, &ready, 1), 0);
    net_watch(pair.server, WE_WATCH_ALL, 0, &new_owner);
    net_run_until(&new_owner, WE_NET_READABLE);
    assert_int_equal(pair.server_owner.calls, 0);
    net_expect(pair.server, "x");
    net_pair_close(&pair);
}

/* What came while nobody watched is reported to the first who does. */
static void test_watch_first_reports_what_waits(void **state)
{
    struct net_owner listener_owner = { 0 };
    struct net_owner client_owner = { 0 };
    struct net_owner owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    struct we_host_ep *client = net_connect(listener, &client_owner);
    struct we_host_ep *server;

    (void)state;
    net_run_until(&client_owner, WE_NET_CONNECTED);
    net_send(client, "early");
    assert_int_equal(we_host_shutdown_send(client), WE_OK);
    server = net_accept(listener, &listener_owner);
    net_watch(server, WE_WATCH_ALL, 1, &owner);
    net_run_until(&owner, WE_NET_READABLE);
    net_expect(server, "early");
    net_expect_none(server, WE_OK);
    we_host_close(server, WE_CLOSE_GRACEFUL);
    we_host_close(client, WE_CLOSE_GRACEFUL);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_wait_was_woken_returns_none(void **state)
{
    struct we_host_ready ready;

    (void)state;
    we_host_net_wake(1);
    assert_int_equal(we_host_net_wait(1, UINT64_MAX, &ready, 1), 0);
    assert_int_equal(we_host_net_wait(1, 1, &ready, 1), 0);
    assert_false(we_host_net_has_events(1));
}

static void test_options_are_remembered(void **state)
{
    static const enum we_host_ep_option options[] = { WE_EP_RECEIVE_BUFFER_BYTES, WE_EP_SEND_BUFFER_BYTES,
                                                      WE_EP_KEEPALIVE, WE_EP_NODELAY };
    static const int values[] = { 32768, 65536, 1, 1 };
    struct net_pair pair;
    int value;

    (void)state;
    net_pair_make(&pair);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(we_host_ep_set(pair.client, options[i], values[i]), WE_OK);
        assert_int_equal(we_host_ep_get(pair.client, options[i], &value), WE_OK);
        assert_int_equal(value, values[i]);
    }
    assert_int_equal(we_host_ep_set(pair.client, WE_EP_NODELAY, 0), WE_OK);
    assert_int_equal(we_host_ep_get(pair.client, WE_EP_NODELAY, &value), WE_OK);
    assert_int_equal(value, 0);
    assert_int_equal(we_host_ep_set(pair.client, WE_EP_RECEIVE_BUFFER_BYTES, -1), WE_ERR_INVALID);
    net_pair_close(&pair);
}

/* --- many, and the end of all ----------------------------------------------------------- */

static void test_close_a_thousand_connections_leaves_nothing(void **state)
{
    enum { ROUND_COUNT = 10, PAIR_COUNT = 100 };
    static struct net_owner owners[PAIR_COUNT];
    struct we_host_ep *clients[PAIR_COUNT];
    struct we_host_ep *servers[PAIR_COUNT];
    struct net_owner listener_owner = { 0 };
    struct we_host_ep *listener = net_listen(&listener_owner, false);
    size_t blocks;

    (void)state;
    memset(owners, 0, sizeof(owners));
    blocks = we_host_mem_live_count();
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        for (unsigned i = 0; i < PAIR_COUNT; i++) {
            clients[i] = net_connect(listener, &owners[i]);
        }
        for (unsigned i = 0; i < PAIR_COUNT; i++) {
            servers[i] = net_accept(listener, &listener_owner);
            net_watch(servers[i], i % 2 == 0 ? WE_WATCH_ALL : WE_WATCH_HANGUP, i % NET_CPU_COUNT, &owners[i]);
        }
        assert_int_equal(we_host_net_open_count(), 1 + 2 * PAIR_COUNT);
        for (unsigned i = 0; i < PAIR_COUNT; i++) {
            we_host_close(servers[i], i % 3 == 0 ? WE_CLOSE_RESET : WE_CLOSE_GRACEFUL);
            we_host_close(clients[i], i % 5 == 0 ? WE_CLOSE_RESET : WE_CLOSE_GRACEFUL);
        }
        assert_int_equal(we_host_net_open_count(), 1);
        net_run_until_quiet();
    }
    /* The poll() back end keeps the arrays that it grew. */
    assert_in_range(we_host_mem_live_count(), blocks, blocks + 4);
    we_host_close(listener, WE_CLOSE_GRACEFUL);
}

static void test_stop_endpoints_are_open_closes_and_counts_them(void **state)
{
    const struct net_way *way = *state;
    struct we_host_net_config config = { way->network, way->poller, NET_CPU_COUNT };
    size_t descriptors = net_descriptor_count();
    size_t blocks = we_host_mem_live_count();
    struct net_pair pair;
    struct net_owner owner = { 0 };

    assert_int_equal(we_host_net_start(&config), WE_OK);
    net_pair_make(&pair);
    (void)net_connect(pair.listener, &owner);
    net_run_until(&owner, WE_NET_CONNECTED);
    (void)net_accept(pair.listener, &pair.listener_owner);
    assert_int_equal(we_host_net_stop(), 5);
    assert_int_equal(net_descriptor_count(), descriptors);
    assert_int_equal(we_host_mem_live_count(), blocks);
}

/* --- the list -------------------------------------------------------------------------- */

/* clang-format off */
/* A check that starts the network itself. */
#define BARE_CHECK(name, way) { #name "/" #way, name, NULL, NULL, (void *)(uintptr_t)&net_way_##way }

#define CHECKS(way)                                                                                        \
    NET_CHECK(test_send_both_ways_arrives, way),                                                           \
    NET_CHECK(test_send_and_recv_in_pieces_keep_order, way),                                               \
    NET_CHECK(test_send_and_recv_of_nothing_succeed, way),                                                 \
    NET_CHECK(test_send_very_many_pieces_are_all_sent, way),                                               \
    NET_CHECK(test_shutdown_send_end_comes_behind_the_bytes, way),                                         \
    NET_CHECK(test_close_graceful_peer_gets_all_and_the_end, way),                                         \
    NET_CHECK(test_close_graceful_with_unread_bytes_is_no_reset, way),                                     \
    NET_CHECK(test_close_reset_peer_sees_reset, way),                                                      \
    NET_CHECK(test_close_reset_peer_sends_sees_reset, way),                                                \
    NET_CHECK(test_reset_own_end_stays_and_fails, way),                                                    \
    NET_CHECK(test_send_client_sends_more_than_fits_goes_on_when_the_peer_reads, way),                     \
    NET_CHECK(test_send_server_sends_more_than_fits_goes_on_when_the_peer_reads, way),                     \
    NET_CHECK(test_deliver_endpoint_was_closed_is_harmless, way),                                          \
    NET_CHECK(test_deliver_endpoint_was_reset_is_silent, way),                                             \
    NET_CHECK(test_watch_other_processor_moves_the_events, way),                                           \
    NET_CHECK(test_watch_first_reports_what_waits, way),                                                   \
    NET_CHECK(test_wait_was_woken_returns_none, way),                                                      \
    NET_CHECK(test_options_are_remembered, way),                                                           \
    NET_CHECK(test_close_a_thousand_connections_leaves_nothing, way),                                      \
    BARE_CHECK(test_stop_endpoints_are_open_closes_and_counts_them, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
