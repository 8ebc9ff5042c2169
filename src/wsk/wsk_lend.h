/* SPDX-License-Identifier: MIT */
/* Indications that clients look at and retain, and WskRelease: the same for data and for datagrams. */
#ifndef WE_WSK_LEND_H
#define WE_WSK_LEND_H

#include <wsk.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "wsk/wsk_block.h"

struct we_wsk_socket;

/* All of these: the lock of the blocks' owner is held, in a section at DISPATCH_LEVEL. shown is the owner's list of
 * blocks that a callback was shown, lent that of the ones it retained. */

/* The callback took everything: its blocks go back to the pool. */
void we_wsk_lend_free_locked(struct we_base_list *shown);
/* The callback retained the list: its blocks are the client's, except those it has released already. */
void we_wsk_lend_locked(struct we_base_list *shown, struct we_base_list *lent);
/* The callback did not take this block, which the caller has taken off the list: it is ours again. */
void we_wsk_lend_take_back_locked(struct we_wsk_block *block);
/* WskRelease of a list that begins with first, a WSK_DATA_INDICATION or WSK_DATAGRAM_INDICATION. Follows Next as it is
 * at this moment. False, after a report, at the first element that is not the client's to release. */
WE_MUST_USE bool we_wsk_lend_release_locked(struct we_wsk_socket *socket, struct we_base_list *shown,
                                            struct we_base_list *lent, PVOID first);
/* SOCK-039, when lent is not empty. */
void we_wsk_lend_report_locked(const struct we_wsk_socket *socket, const struct we_base_list *lent);
/* Takes back everything that is lent; the socket is being destroyed. */
void we_wsk_lend_forget_locked(struct we_base_list *lent);

#endif
