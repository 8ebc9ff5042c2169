/* SPDX-License-Identifier: MIT */
/* Unit tests of Proxy's relay: bytes, back-pressure, ends and resets, in both directions; and the whole of it in other
 * orders of events, on real threads and on real sockets. */
#include "proxy_fixture.h"

#define MEBIBYTE ((size_t)1024 * 1024)
#define SMALL_LIMIT ((SIZE_T)64 * 1024)

/* --- bytes --------------------------------------------------------------------------------------------------- */

static void test_proxy_passes_on_a_mebibyte_each_way(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    expect_passed_on(proxied.client, proxied.target, MEBIBYTE);
    expect_passed_on(proxied.target, proxied.client, MEBIBYTE);
    assert_int_equal(proxy_status().BytesToTarget, MEBIBYTE);
    assert_int_equal(proxy_status().BytesToClient, MEBIBYTE);
}

/* --- back-pressure --------------------------------------------------------------------------------------------- */

/* The receiver does not read. The driver keeps what it was shown, up to its limit, and refuses the rest; its memory does not
 * grow. When the receiver reads, every byte comes. */
static void expect_held_back(struct wsk_kit_peer *from, struct wsk_kit_peer *to)
{
    size_t pool_before = wsk_kit_live_count(WSK_KIT_POOL);
    size_t sent = send_until_full(from);
    PROXY_STATUS full = proxy_status();

    assert_in_range(full.MostBytesInFlight, 1, SMALL_LIMIT);
    assert_int_not_equal(full.Refusals, 0);
    assert_in_range(wsk_kit_live_count(WSK_KIT_INDICATION), 1, 64);
    assert_in_range(wsk_kit_live_count(WSK_KIT_POOL), pool_before + 1, pool_before + 64);

    expect_pattern(to, sent);
    wsk_kit_run_until_idle();
    assert_int_equal(proxy_status().BytesToTarget + proxy_status().BytesToClient, sent);
    assert_in_range(proxy_status().MostBytesInFlight, 1, SMALL_LIMIT);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), pool_before);
}

static void test_proxy_target_that_does_not_read_holds_the_client_back(void **state)
{
    struct proxied proxied = proxied_start(SMALL_LIMIT);

    (void)state;
    expect_held_back(proxied.client, proxied.target);
}

static void test_proxy_client_that_does_not_read_holds_the_target_back(void **state)
{
    struct proxied proxied = proxied_start(SMALL_LIMIT);

    (void)state;
    expect_held_back(proxied.target, proxied.client);
}

/* One direction is stuck; the other one does not care. */
static void test_proxy_directions_are_independent(void **state)
{
    struct proxied proxied = proxied_start(SMALL_LIMIT);
    size_t sent = send_until_full(proxied.client);

    (void)state;
    expect_passed_on(proxied.target, proxied.client, MEBIBYTE);
    expect_pattern(proxied.target, sent);
}

/* A session that is stuck does not hold the others up. */
static void test_proxy_sessions_are_independent(void **state)
{
    struct proxied stuck = proxied_start(SMALL_LIMIT);
    struct proxied other = proxied_another(&stuck);

    (void)state;
    send_until_full(stuck.client);
    send_until_full(stuck.target);
    expect_passed_on(other.client, other.target, MEBIBYTE);
}

/* An indication that is larger than the limit passes alone. */
static void test_proxy_limit_of_one_byte_still_passes_everything_on(void **state)
{
    struct proxied proxied = proxied_start(1);

    (void)state;
    expect_passed_on(proxied.client, proxied.target, MEBIBYTE);
    proxied_finish(&proxied);
}

/* --- ends -------------------------------------------------------------------------------------------------------- */

/* The client asks and finishes; the target answers after that. This is how many protocols say that the question is over. */
static void test_proxy_client_finishes_and_still_gets_the_answer(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_send_text(proxied.client, "question");
    wsk_kit_peer_end(proxied.client);
    wsk_kit_peer_expect_text(proxied.target, "question");
    wsk_kit_peer_expect_end(proxied.target);
    assert_int_equal(proxy_status().SessionsNow, 1);

    expect_passed_on(proxied.target, proxied.client, MEBIBYTE);
    wsk_kit_peer_end(proxied.target);
    wsk_kit_peer_expect_end(proxied.client);
    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, 1);
}

/* The other way round. */
static void test_proxy_target_finishes_and_still_gets_the_rest(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_send_text(proxied.target, "this is all");
    wsk_kit_peer_end(proxied.target);
    wsk_kit_peer_expect_text(proxied.client, "this is all");
    wsk_kit_peer_expect_end(proxied.client);
    assert_int_equal(proxy_status().SessionsNow, 1);

    expect_passed_on(proxied.client, proxied.target, MEBIBYTE);
    wsk_kit_peer_end(proxied.client);
    wsk_kit_peer_expect_end(proxied.target);
    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, 1);
}

/* An end never overtakes bytes, wherever these wait. */
static void test_proxy_end_comes_behind_the_bytes(void **state)
{
    struct proxied proxied = proxied_start(SMALL_LIMIT);
    size_t sent = send_until_full(proxied.client);

    (void)state;
    wsk_kit_peer_end(proxied.client);
    wsk_kit_run_until_idle();
    assert_int_not_equal(wsk_kit_peer_state(proxied.target), WSK_KIT_PEER_ENDED);
    expect_pattern(proxied.target, sent);
    wsk_kit_peer_expect_end(proxied.target);
}

static void test_proxy_both_finish_at_once(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_end(proxied.client);
    wsk_kit_peer_end(proxied.target);
    wsk_kit_peer_expect_end(proxied.client);
    wsk_kit_peer_expect_end(proxied.target);
    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, 1);
}

/* --- resets ------------------------------------------------------------------------------------------------------- */

static void test_proxy_reset_by_the_client_reaches_the_target(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    expect_passed_on(proxied.client, proxied.target, 100);
    wsk_kit_peer_reset(proxied.client);
    wsk_kit_peer_expect_reset(proxied.target);
    expect_no_sessions();
    assert_int_equal(proxy_status().Aborted, 1);
}

static void test_proxy_reset_by_the_target_reaches_the_client(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    expect_passed_on(proxied.target, proxied.client, 100);
    wsk_kit_peer_reset(proxied.target);
    wsk_kit_peer_expect_reset(proxied.client);
    expect_no_sessions();
    assert_int_equal(proxy_status().Aborted, 1);
}

/* Sends are pending in both directions, and indications are refused: all buffers come back. */
static void test_proxy_reset_while_both_directions_are_stuck(void **state)
{
    struct proxied proxied = proxied_start(SMALL_LIMIT);

    (void)state;
    send_until_full(proxied.client);
    send_until_full(proxied.target);
    wsk_kit_peer_reset(proxied.target);
    wsk_kit_peer_expect_reset(proxied.client);
    expect_no_sessions();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
}

/* One direction has finished, the other one is reset. */
static void test_proxy_reset_after_an_end(void **state)
{
    struct proxied proxied = proxied_start(0);

    (void)state;
    wsk_kit_peer_end(proxied.client);
    wsk_kit_peer_expect_end(proxied.target);
    wsk_kit_peer_reset(proxied.target);
    wsk_kit_peer_expect_reset(proxied.client);
    expect_no_sessions();
    assert_int_equal(proxy_status().Aborted, 1);
}

/* --- other ways to run ------------------------------------------------------------------------------------------ */

/* Everything that a session goes through in its life. */
static void test_proxy_whole_story(void **state)
{
    struct proxied first = proxied_start(SMALL_LIMIT);
    struct proxied second;
    size_t sent;

    (void)state;
    expect_passed_on(first.client, first.target, 100000);
    expect_passed_on(first.target, first.client, 100000);
    sent = send_until_full(first.client);
    wsk_kit_peer_end(first.client);
    expect_pattern(first.target, sent);
    wsk_kit_peer_expect_end(first.target);
    expect_passed_on(first.target, first.client, 100000);
    wsk_kit_peer_end(first.target);
    wsk_kit_peer_expect_end(first.client);

    second = proxied_another(&first);
    send_until_full(second.client);
    send_until_full(second.target);
    wsk_kit_peer_reset(second.client);
    wsk_kit_peer_expect_reset(second.target);

    expect_no_sessions();
    assert_int_equal(proxy_status().Finished, 1);
    assert_int_equal(proxy_status().Aborted, 1);
    /* An indication of eight elements may be larger than the limit, and passes alone. */
    assert_in_range(proxy_status().MostBytesInFlight, 1, 8 * SMALL_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_proxy_passes_on_a_mebibyte_each_way),
        TEST(test_proxy_target_that_does_not_read_holds_the_client_back),
        TEST(test_proxy_client_that_does_not_read_holds_the_target_back),
        TEST(test_proxy_directions_are_independent),
        TEST(test_proxy_sessions_are_independent),
        TEST(test_proxy_limit_of_one_byte_still_passes_everything_on),
        TEST(test_proxy_client_finishes_and_still_gets_the_answer),
        TEST(test_proxy_target_finishes_and_still_gets_the_rest),
        TEST(test_proxy_end_comes_behind_the_bytes),
        TEST(test_proxy_both_finish_at_once),
        TEST(test_proxy_reset_by_the_client_reaches_the_target),
        TEST(test_proxy_reset_by_the_target_reaches_the_client),
        TEST(test_proxy_reset_while_both_directions_are_stuck),
        TEST(test_proxy_reset_after_an_end),
        TEST(test_proxy_whole_story),
        TEST_IN(test_proxy_whole_story, &live),
        TEST_IN(test_proxy_whole_story, &stepped_sockets),
        TEST_IN(test_proxy_whole_story, &threads_virtual),
        TEST_IN(test_proxy_reset_while_both_directions_are_stuck, &live),
        TEST_IN(test_proxy_reset_while_both_directions_are_stuck, &stepped_sockets),
        TEST_IN(test_proxy_reset_while_both_directions_are_stuck, &threads_virtual),
        TEST_IN(test_proxy_target_that_does_not_read_holds_the_client_back, &live),
        TEST_IN(test_proxy_client_that_does_not_read_holds_the_target_back, &stepped_sockets),
    };
    struct CMUnitTest seeded[4 * SEED_COUNT];

    for (unsigned i = 0; i < SEED_COUNT; i++) {
        seeded[4 * i] = seeded_test("whole story", test_proxy_whole_story, i + 1, unload_if_loaded);
        seeded[4 * i + 1] = seeded_test("both finish", test_proxy_both_finish_at_once, i + 1, unload_if_loaded);
        seeded[4 * i + 2] =
            seeded_test("reset while stuck", test_proxy_reset_while_both_directions_are_stuck, i + 1, unload_if_loaded);
        seeded[4 * i + 3] = seeded_test("reset after an end", test_proxy_reset_after_an_end, i + 1, unload_if_loaded);
    }
    return cmocka_run_group_tests_name("stream_proxy, relay", tests, NULL, NULL) +
           cmocka_run_group_tests_name("stream_proxy, relay in other orders", seeded, NULL, NULL);
}
