/* SPDX-License-Identifier: MIT */
/* What systems mean by the answers of poll(): one file for each system implements it. */
#ifndef WE_HOST_POLL_H
#define WE_HOST_POLL_H

#include <stdbool.h>

/* To be asked for by one who wants to hear of the peer's end. */
extern const short we_host_poll_ended;

/* The poller's bits (enum we_host_poller_bit) of the answer native about fd. armed is what was asked for and is still
 * wanted; ENDED and RESET may come unasked. */
unsigned we_host_poll_bits(int fd, short native, unsigned armed);
/* poll() would give this answer again and again, whatever it is asked for, and nothing follows it. */
bool we_host_poll_is_last(short native);

#endif
