/* SPDX-License-Identifier: MIT */
/* Unit tests of Proxy without memory. The driver of this program is built from the same sources, but its two ways to allocate
 * lead here (DEFINES in CMakeLists.txt), so that a test can let any allocation fail. */
#include "proxy_fixture.h"

#define MEBIBYTE ((size_t)1024 * 1024)
#define STORY_BYTES ((size_t)400 * 1000) /* more than the network takes from the driver, so that sends stay in flight */
#define NONE SIZE_MAX

static size_t s_next;           /* number of the next allocation */
static size_t s_failing = NONE; /* number of the one that fails */

PVOID test_ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag);
PVOID test_ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list);

PVOID test_ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    return s_next++ == s_failing ? NULL : ExAllocatePool2(flags, bytes, tag);
}

PVOID test_ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    return s_next++ == s_failing ? NULL : ExAllocateFromNPagedLookasideList(list);
}

static void fail_allocation(size_t number)
{
    s_next = 0;
    s_failing = number;
}

static struct proxied start(SIZE_T max_bytes_in_flight)
{
    fail_allocation(NONE);
    return proxied_start(max_bytes_in_flight);
}

/* Without memory for a session the client is turned away, and the next one is served. */
static void test_proxy_no_memory_for_a_session(void **state)
{
    struct proxied proxied = start(0);

    (void)state;
    fail_allocation(0);
    wsk_kit_peer_expect_reset(wsk_kit_connect(WSK_KIT_IPV4, proxied.port));
    assert_int_equal(proxy_status().TurnedAway, 1);
    proxied_another(&proxied);
}

/* Nothing is in flight, so nothing would ask for the bytes again: the session ends. */
static void test_proxy_no_memory_for_the_first_send_aborts(void **state)
{
    struct proxied proxied = start(0);

    (void)state;
    fail_allocation(0);
    wsk_kit_peer_send_text(proxied.client, "hello");
    wsk_kit_peer_expect_reset(proxied.client);
    wsk_kit_peer_expect_reset(proxied.target);
    expect_no_sessions();
}

/* Something is in flight, because the target does not read: the bytes are refused, and asked for again when that is sent. */
static void test_proxy_no_memory_for_a_later_send_postpones(void **state)
{
    struct proxied proxied = start(16 * MEBIBYTE);
    size_t sent = 0;

    (void)state;
    while (wsk_kit_live_count(WSK_KIT_INDICATION) == 0) {
        sent = send_pattern(proxied.client, sent, SIZE_MAX);
        wsk_kit_run_until_idle();
    }
    fail_allocation(0);
    sent = send_pattern(proxied.client, sent, SIZE_MAX);
    wsk_kit_run_until_idle();
    assert_int_equal(s_next, 1);
    assert_int_equal(proxy_status().Refusals, 1);
    assert_int_equal(proxy_status().SessionsNow, 1);

    expect_pattern(proxied.target, sent);
    assert_int_equal(proxy_status().BytesToTarget, sent);
    proxied_finish(&proxied);
}

/* One session, of which one allocation fails: it is turned away, or aborted, or nobody notices. */
static void run_story(const struct proxied *first)
{
    PROXY_STATUS before = proxy_status();
    struct proxied proxied = *first;
    size_t received = 0;
    size_t sent = 0;

    proxied.client = wsk_kit_connect(WSK_KIT_IPV4, proxied.port);
    if (s_failing == 0) {
        wsk_kit_peer_expect_reset(proxied.client);
        assert_int_equal(proxy_status().TurnedAway, before.TurnedAway + 1);
        return;
    }
    proxied.target = wsk_kit_server_accept(proxied.server);
    wsk_kit_peer_expect_connected(proxied.client);
    while (proxy_status().Aborted == before.Aborted && sent < STORY_BYTES) {
        sent = send_pattern(proxied.client, sent, STORY_BYTES);
        wsk_kit_run_until_idle();
    }
    while (received < sent && proxy_status().Aborted == before.Aborted) {
        received = receive_pattern_some(proxied.target, received);
        wsk_kit_run_until_idle();
    }
    if (proxy_status().Aborted != before.Aborted) {
        wsk_kit_peer_expect_reset(proxied.client);
        wsk_kit_peer_expect_reset(proxied.target);
    } else {
        proxied_finish(&proxied);
    }
    wsk_kit_peer_close(proxied.client);
    wsk_kit_peer_close(proxied.target);
}

/* The first allocation, the second one, and so on until there are no more to fail; of many, not each. */
static void test_proxy_every_allocation_fails_once(void **state)
{
    struct proxied first = start(0);
    size_t pool_before = wsk_kit_live_count(WSK_KIT_POOL);
    size_t failing = 0;
    bool has_failed;

    (void)state;
    do {
        fail_allocation(failing);
        run_story(&first);
        wsk_kit_run_until_idle();
        assert_int_equal(proxy_status().SessionsNow, 1);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), pool_before);
        has_failed = s_next > failing;
        failing += failing < 32 ? 1 : failing / 4;
    } while (has_failed);
    assert_in_range(failing, 5, 10000);

    fail_allocation(NONE);
    expect_passed_on(first.client, first.target, MEBIBYTE);
    proxied_finish(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_proxy_no_memory_for_a_session),
        TEST(test_proxy_no_memory_for_the_first_send_aborts),
        TEST(test_proxy_no_memory_for_a_later_send_postpones),
        TEST(test_proxy_every_allocation_fails_once),
    };
    struct CMUnitTest seeded[SEED_COUNT / 4];

    for (unsigned i = 0; i < SEED_COUNT / 4; i++) {
        seeded[i] =
            seeded_test("every allocation fails once", test_proxy_every_allocation_fails_once, i + 1, unload_if_loaded);
    }
    return cmocka_run_group_tests_name("stream_proxy, no memory", tests, NULL, NULL) +
           cmocka_run_group_tests_name("stream_proxy, no memory in other orders", seeded, NULL, NULL);
}
