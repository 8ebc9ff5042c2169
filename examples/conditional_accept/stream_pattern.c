/* SPDX-License-Identifier: MIT */
/* Streams of bytes for tests of drivers: sent as they fit, and compared when they come. */
#include "stream_pattern.h"

/* A byte of a stream in which nothing repeats soon: lost, doubled and swapped bytes are all seen. */
static unsigned char pattern(size_t position)
{
    return (unsigned char)(position * 31 + position / 251);
}

size_t send_pattern(struct wsk_kit_peer *from, size_t sent, size_t total)
{
    unsigned char bytes[16384];
    size_t count = total - sent < sizeof(bytes) ? total - sent : sizeof(bytes);

    for (size_t i = 0; i < count; i++) {
        bytes[i] = pattern(sent + i);
    }
    return sent + wsk_kit_peer_send_some(from, bytes, count);
}

static void expect_bytes(const unsigned char *bytes, size_t count, size_t position)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bytes[i], pattern(position + i));
    }
}

/* Waits for at least one byte. Returns the new number of bytes received. */
static size_t receive_pattern(struct wsk_kit_peer *to, size_t received, size_t total)
{
    unsigned char bytes[16384];
    size_t wanted = total - received < sizeof(bytes) ? total - received : sizeof(bytes);
    size_t count = wsk_kit_peer_receive(to, bytes, wanted);

    assert_int_not_equal(count, 0);
    expect_bytes(bytes, count, received);
    return received + count;
}

size_t receive_pattern_some(struct wsk_kit_peer *to, size_t received)
{
    unsigned char bytes[16384];
    size_t count = wsk_kit_peer_receive_some(to, bytes, sizeof(bytes));

    expect_bytes(bytes, count, received);
    return received + count;
}

void expect_passed_on(struct wsk_kit_peer *from, struct wsk_kit_peer *to, size_t total)
{
    size_t sent = 0;
    size_t received = 0;

    while (received < total) {
        if (sent < total) {
            sent = send_pattern(from, sent, total);
        }
        received = receive_pattern(to, received, sent);
    }
}

size_t send_until_full(struct wsk_kit_peer *from)
{
    size_t sent = 0;
    size_t round_start;
    size_t before;

    do {
        round_start = sent;
        do {
            before = sent;
            sent = send_pattern(from, sent, SIZE_MAX);
        } while (sent != before);
        wsk_kit_run_until_idle();
    } while (sent != round_start);
    return sent;
}

void expect_pattern(struct wsk_kit_peer *to, size_t total)
{
    size_t received = 0;

    while (received < total) {
        received = receive_pattern(to, received, total);
    }
}
