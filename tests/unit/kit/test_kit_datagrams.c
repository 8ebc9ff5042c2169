/* SPDX-License-Identifier: MIT */
/* Datagram peers of the kit: what they carry, and what they say when something else comes than was expected. */
#include "support/wsk_fixture.h"

#include <setjmp.h>
#include <string.h>

static jmp_buf s_failed;
static char s_reason[512];

static void note_failure(const char *reason)
{
    strncpy(s_reason, reason, sizeof(s_reason) - 1);
    longjmp(s_failed, 1);
}

/* Runs statement, which has to fail with a reason that contains text. */
#define EXPECT_FAILURE(statement, text)                                       \
    do {                                                                      \
        wsk_kit_set_failure_handler(note_failure);                            \
        if (setjmp(s_failed) == 0) {                                          \
            statement;                                                        \
            fail_msg("%s did not fail", #statement);                          \
        }                                                                     \
        if (strstr(s_reason, text) == NULL) {                                 \
            fail_msg("failed with \"%s\" instead of \"%s\"", s_reason, text); \
        }                                                                     \
    } while (0)

static void test_datagram_peers_exchange_bytes_and_addresses(void **state)
{
    static const enum wsk_kit_family families[] = { WSK_KIT_IPV4, WSK_KIT_IPV6 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct wsk_kit_datagram_peer *a = wsk_kit_datagram_open(families[i]);
        struct wsk_kit_datagram_peer *b = wsk_kit_datagram_open(families[i]);
        struct wsk_kit_address expected = wsk_kit_loopback(families[i], wsk_kit_datagram_port(a));
        struct wsk_kit_datagram about;
        char bytes[4];

        wsk_kit_datagram_send_text(a, wsk_kit_datagram_port(b), "question");
        wsk_kit_datagram_expect(b, "question", 8, &about);
        assert_int_equal(about.remote.family, families[i]);
        assert_int_equal(about.remote.port, expected.port);
        assert_memory_equal(about.remote.bytes, expected.bytes, sizeof(expected.bytes));
        assert_memory_equal(about.local.bytes, expected.bytes, sizeof(expected.bytes));
        assert_int_equal(about.length, 8);
        about.hop_limit = 3;
        about.traffic_class = 8;
        wsk_kit_datagram_send_as(b, &about, "answer", 6); /* to where it came from */
        assert_int_equal(wsk_kit_datagram_receive(a, bytes, sizeof(bytes), &about), 4);
        assert_memory_equal(bytes, "answ", 4);
        assert_int_equal(about.length, 6);
        assert_int_equal(about.hop_limit, 3);
        assert_int_equal(about.traffic_class, 8);
        wsk_kit_datagram_expect_none(a);
        wsk_kit_datagram_close(a);
        wsk_kit_datagram_close(b);
    }
    wsk_kit_datagram_close(NULL);
}

static void test_datagram_peers_that_are_left_are_closed(void **state)
{
    (void)state;
    assert_non_null(wsk_kit_datagram_open(WSK_KIT_IPV4));
}

static void test_datagram_of_another_length_or_content_fails(void **state)
{
    struct wsk_kit_datagram_peer *a = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct wsk_kit_datagram_peer *b = wsk_kit_datagram_open(WSK_KIT_IPV4);

    (void)state;
    wsk_kit_datagram_send_text(a, wsk_kit_datagram_port(b), "abcd");
    EXPECT_FAILURE(wsk_kit_datagram_expect_text(b, "abc"), "a datagram of 4 bytes instead of 3");
    wsk_kit_datagram_send_text(a, wsk_kit_datagram_port(b), "abcd");
    EXPECT_FAILURE(wsk_kit_datagram_expect_text(b, "abxd"), "at 2 of 4 it got 0x63 instead of 0x78");
    wsk_kit_datagram_send_text(a, wsk_kit_datagram_port(b), "abcd");
    EXPECT_FAILURE(wsk_kit_datagram_expect_none(b), "expected no datagram, but received one of 4 bytes");
    wsk_kit_datagram_close(a);
    wsk_kit_datagram_close(b);
}

static void test_datagram_that_cannot_be_sent_fails(void **state)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);

    (void)state;
    EXPECT_FAILURE(wsk_kit_datagram_send_text(peer, 0, "abc"), "cannot send a datagram of 3 bytes to 127.0.0.1:0");
    wsk_kit_datagram_close(peer);
}

static void test_unused_datagram_port_has_nobody(void **state)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    uint16_t first = wsk_kit_unused_datagram_port(WSK_KIT_IPV4);
    uint16_t second = wsk_kit_unused_datagram_port(WSK_KIT_IPV4);

    (void)state;
    assert_int_not_equal(first, 0);
    assert_int_not_equal(first, second);
    wsk_kit_datagram_send_text(peer, first, "to nobody");
    wsk_kit_datagram_expect_none(peer);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                        \
    X(test_datagram_peers_exchange_bytes_and_addresses) \
    X(test_datagram_peers_that_are_left_are_closed)     \
    X(test_datagram_of_another_length_or_content_fails) \
    X(test_datagram_that_cannot_be_sent_fails)          \
    X(test_unused_datagram_port_has_nobody)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
