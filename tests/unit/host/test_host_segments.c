/* SPDX-License-Identifier: MIT */
/* Tests of messages in segments: by the system where it can, by hand everywhere; what arrives is the same. */
#include "host/host_dgram.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <string.h>

#define BYTES_MAX 70000u

/* Two ends that know each other, and a message in which every byte tells its place. */
struct pair {
    struct we_host_ep *sender;
    struct we_host_ep *receiver;
    struct net_owner owners[2];
    struct we_base_addr remote;
    unsigned char bytes[BYTES_MAX];
};

static struct pair s_pair;

static struct we_host_ep *open_end(enum we_base_family family, struct net_owner *owner)
{
    static const struct we_host_dgram_options options = { .is_v6_only = true };
    struct we_base_addr local = we_base_addr_loopback(family, 0);
    struct we_host_ep *ep;

    assert_int_equal(we_host_dgram_open(&local, &options, &ep), WE_OK);
    net_watch(ep, WE_WATCH_ALL, 0, owner);
    return ep;
}

static struct pair *pair_open(enum we_base_family family)
{
    struct pair *pair = &s_pair;

    memset(pair, 0, sizeof(*pair));
    pair->sender = open_end(family, &pair->owners[0]);
    pair->receiver = open_end(family, &pair->owners[1]);
    pair->remote = net_local(pair->receiver);
    for (size_t i = 0; i < BYTES_MAX; i++) {
        pair->bytes[i] = (unsigned char)(i ^ i >> 8);
    }
    return pair;
}

static void pair_close(struct pair *pair)
{
    we_host_dgram_segment_by_hand(false);
    we_host_close(pair->sender, WE_CLOSE_GRACEFUL);
    we_host_close(pair->receiver, WE_CLOSE_GRACEFUL);
}

/* One call, of the message's bytes from offset on. */
static enum we_err send_once(struct pair *pair, size_t offset, size_t length_bytes, size_t segment_bytes, size_t *bytes)
{
    struct we_host_dgram dgram = we_host_dgram_to(&pair->remote);
    struct we_host_iov iov[2];
    size_t first_bytes = length_bytes / 3; /* in two pieces that end in the midst of a segment */

    iov[0] = (struct we_host_iov){ pair->bytes + offset, first_bytes };
    iov[1] = (struct we_host_iov){ pair->bytes + offset + first_bytes, length_bytes - first_bytes };
    *bytes = BYTES_MAX;
    return we_host_dgram_send_segments(pair->sender, &dgram, iov, 2, segment_bytes, bytes);
}

/* Returns how many calls it took. */
static unsigned send_all(struct pair *pair, size_t length_bytes, size_t segment_bytes)
{
    size_t done_bytes = 0;
    unsigned count = 0;

    while (done_bytes < length_bytes) {
        size_t bytes;
        enum we_err err = send_once(pair, done_bytes, length_bytes - done_bytes, segment_bytes, &bytes);

        if (err == WE_ERR_AGAIN) {
            assert_int_equal(bytes, 0);
            net_run_some();
            continue;
        }
        assert_int_equal(err, WE_OK);
        assert_true(bytes > 0 && bytes <= length_bytes - done_bytes);
        assert_true(bytes % segment_bytes == 0 || done_bytes + bytes == length_bytes);
        done_bytes += bytes;
        count++;
    }
    return count;
}

static void expect_all(struct pair *pair, size_t length_bytes, size_t segment_bytes)
{
    static unsigned char got[BYTES_MAX];
    size_t done_bytes = 0;

    while (done_bytes < length_bytes) {
        size_t left_bytes = length_bytes - done_bytes;
        struct we_host_iov iov = { got, sizeof(got) };
        struct we_host_dgram dgram;
        enum we_err err;

        while ((err = we_host_dgram_recv(pair->receiver, &dgram, &iov, 1)) == WE_ERR_AGAIN) {
            net_run_some();
        }
        assert_int_equal(err, WE_OK);
        assert_int_equal(dgram.length_bytes, left_bytes < segment_bytes ? left_bytes : segment_bytes);
        assert_memory_equal(got, pair->bytes + done_bytes, dgram.length_bytes);
        done_bytes += dgram.length_bytes;
    }
}

static void test_segments_arrive_as_datagrams_either_way(void **state)
{
    static const size_t sizes[][2] = { { 1000, 100 }, { 1001, 100 },    { 1099, 100 },   { 100, 100 },
                                       { 99, 100 },   { 2500, 20 },     { 60000, 1400 }, { 65507, 32753 },
                                       { 5, 1 },      { 66000, 33000 }, { 60000, 65000 } };
    static const enum we_base_family families[] = { WE_FAMILY_IPV4, WE_FAMILY_IPV6 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
            struct pair *pair = pair_open(families[i]);

            we_host_dgram_segment_by_hand(by_hand != 0);
            for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
                (void)send_all(pair, sizes[k][0], sizes[k][1]);
                expect_all(pair, sizes[k][0], sizes[k][1]);
            }
            pair_close(pair);
        }
    }
}

/* So many that no call takes them all. */
static void test_segments_by_the_system_take_few_calls_and_by_hand_one_each(void **state)
{
    struct pair *pair = pair_open(WE_FAMILY_IPV4);
    unsigned count = send_all(pair, 2000, 20);

    (void)state;
#ifdef __linux__
    assert_int_equal(count, we_host_net_kind() == WE_NET_SOCKETS ? 2 : 100);
#else
    assert_int_equal(count, 100);
#endif
    expect_all(pair, 2000, 20);
    we_host_dgram_segment_by_hand(true);
    assert_int_equal(send_all(pair, 2000, 20), 100);
    expect_all(pair, 2000, 20);
    pair_close(pair);
}

/* A kernel that checks no sums cuts nothing up either. It is asked once, and then no more for segments as long. */
static void test_segments_that_the_system_refuses_go_by_hand(void **state)
{
    struct pair *pair = pair_open(WE_FAMILY_IPV4);
    enum we_err err = we_host_ep_set(pair->sender, WE_EP_UDP_NO_CHECKSUM, 1);

    (void)state;
    assert_true(err == WE_OK || err == WE_ERR_NOT_SUPPORTED);
    if (err == WE_OK) {
        assert_int_equal(send_all(pair, 1000, 100), 10);
        expect_all(pair, 1000, 100);
        assert_int_equal(we_host_ep_set(pair->sender, WE_EP_UDP_NO_CHECKSUM, 0), WE_OK);
        assert_int_equal(send_all(pair, 1000, 100), 10);
        expect_all(pair, 1000, 100);
    }
    pair_close(pair);
}

static void test_segments_that_cannot_go_fail_either_way(void **state)
{
    (void)state;
    for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
        struct pair *pair = pair_open(WE_FAMILY_IPV4);
        struct we_base_addr remote = pair->remote;
        size_t bytes;

        we_host_dgram_segment_by_hand(by_hand != 0);
        pair->remote.port = 0;
        assert_int_equal(send_once(pair, 0, 100, 10, &bytes), WE_ERR_ADDRESS);
        assert_int_equal(bytes, 0);
        pair->remote = we_base_addr_loopback(WE_FAMILY_IPV6, remote.port);
        assert_int_equal(send_once(pair, 0, 100, 10, &bytes), WE_ERR_FAMILY);
        assert_int_equal(bytes, 0);
        pair->remote = remote;
        assert_int_equal(send_once(pair, 0, 70000, 66000, &bytes), WE_ERR_TOO_LARGE);
        assert_int_equal(bytes, 0);
        memset(pair->remote.bytes, 0xff, 4);
        assert_int_equal(send_once(pair, 0, 100, 10, &bytes), WE_ERR_ACCESS);
        assert_int_equal(bytes, 0);
        pair_close(pair);
    }
}

static void test_segments_carry_what_is_said_of_the_message(void **state)
{
    (void)state;
    for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
        struct pair *pair = pair_open(WE_FAMILY_IPV4);
        struct we_host_dgram dgram = we_host_dgram_to(&pair->remote);
        struct we_host_iov iov = { pair->bytes, 30 };
        unsigned char got[64];
        size_t done_bytes = 0;

        we_host_dgram_segment_by_hand(by_hand != 0);
        assert_int_equal(we_host_dgram_set(pair->receiver, WE_DGRAM_WANTS_DETAILS, 1), WE_OK);
        dgram.hop_limit = 33;
        dgram.traffic_class = 0x28;
        while (done_bytes < 30) {
            struct we_host_iov rest = { pair->bytes + done_bytes, 30 - done_bytes };
            size_t bytes;

            assert_int_equal(we_host_dgram_send_segments(pair->sender, &dgram, &rest, 1, 10, &bytes), WE_OK);
            done_bytes += bytes;
        }
        iov = (struct we_host_iov){ got, sizeof(got) };
        for (unsigned i = 0; i < 3; i++) {
            struct we_host_dgram seen;
            enum we_err err;

            while ((err = we_host_dgram_recv(pair->receiver, &seen, &iov, 1)) == WE_ERR_AGAIN) {
                net_run_some();
            }
            assert_int_equal(err, WE_OK);
            assert_int_equal(seen.length_bytes, 10);
            assert_int_equal(seen.hop_limit, 33);
            assert_int_equal(seen.traffic_class, 0x28);
        }
        pair_close(pair);
    }
}

/* clang-format off */
#define CHECKS(way)                                                                   \
    NET_CHECK(test_segments_arrive_as_datagrams_either_way, way),                     \
    NET_CHECK(test_segments_by_the_system_take_few_calls_and_by_hand_one_each, way),  \
    NET_CHECK(test_segments_that_the_system_refuses_go_by_hand, way),                 \
    NET_CHECK(test_segments_that_cannot_go_fail_either_way, way),                     \
    NET_CHECK(test_segments_carry_what_is_said_of_the_message, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(virtual),
};

UNIT_MAIN(s_tests)
