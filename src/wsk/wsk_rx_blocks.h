/* SPDX-License-Identifier: MIT */
/* What becomes of a connection's receive blocks: shown and held. */
#ifndef WE_WSK_RX_BLOCKS_H
#define WE_WSK_RX_BLOCKS_H

#include "wsk/wsk_rx.h"

/* All of these: socket lock held, in a section at DISPATCH_LEVEL. */

/* The callback took everything: its blocks go back to the pool. */
void we_wsk_rx_free_shown_locked(struct we_wsk_rx *rx);
/* The callback retained the list: its blocks are the client's, except those it has released already. */
void we_wsk_rx_lend_shown_locked(struct we_wsk_rx *rx);
/* The callback took accepted_bytes: the rest is held, ahead of everything that was not read yet. */
void we_wsk_rx_trim_shown_locked(struct we_wsk_rx *rx, size_t accepted_bytes);
/* Copies held bytes to iov, as many as there are and fit; returns how many. */
size_t we_wsk_rx_give_held_locked(struct we_wsk_rx *rx, const struct we_host_iov *iov, unsigned iov_count);

#endif
