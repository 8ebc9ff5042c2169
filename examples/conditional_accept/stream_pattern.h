/* SPDX-License-Identifier: MIT */
/* Streams of bytes for tests of drivers: sent as they fit, and compared when they come. */
#ifndef STREAM_PATTERN_H
#define STREAM_PATTERN_H

#include <wsk_emu/cmocka.h>
#include <wsk_emu/kit.h>

/* Sends total bytes at one end, reads them at the other while it sends, and compares. */
void expect_passed_on(struct wsk_kit_peer *from, struct wsk_kit_peer *to, size_t total);
/* Sends and lets nobody read, until nothing more fits anywhere. Returns how many bytes are on their way. */
size_t send_until_full(struct wsk_kit_peer *from);
/* Reads and compares what was sent in this way. */
void expect_pattern(struct wsk_kit_peer *to, size_t total);
/* Sends what fits, but not everything at once. Returns the new number of bytes sent, which is at most total. */
size_t send_pattern(struct wsk_kit_peer *from, size_t sent, size_t total);
/* Reads and compares what is there now, perhaps nothing. Returns the new number of bytes received. */
size_t receive_pattern_some(struct wsk_kit_peer *to, size_t received);

#endif
