/* SPDX-License-Identifier: MIT */
/* What becomes of a connection's receive blocks. */
#include "wsk/wsk_rx_blocks.h"

#include <string.h>

#include "wsk/wsk_block.h"
#include "wsk/wsk_lend.h"

#include "base/base_assert.h"

/* --- what becomes of shown blocks ------------------------------------------------------------- */

void we_wsk_rx_free_shown_locked(struct we_wsk_rx *rx)
{
    we_wsk_lend_free_locked(&rx->shown);
}

void we_wsk_rx_lend_shown_locked(struct we_wsk_rx *rx)
{
    we_wsk_lend_locked(&rx->shown, &rx->lent);
}

void we_wsk_rx_trim_shown_locked(struct we_wsk_rx *rx, size_t accepted_bytes)
{
    struct we_base_list *link;

    WE_ASSERT(we_base_list_is_empty(&rx->held));
    while ((link = we_base_list_pop(&rx->shown)) != NULL) {
        struct we_wsk_block *block = we_wsk_block_of(link);
        size_t taken_bytes = accepted_bytes < block->length_bytes ? accepted_bytes : block->length_bytes;

        we_wsk_lend_take_back_locked(block);
        we_wsk_block_consume(block, taken_bytes);
        accepted_bytes -= taken_bytes;
        if (block->length_bytes == 0) {
            block->was_released = false;
            we_wsk_block_give(block);
        } else {
            we_base_list_append(&rx->held, &block->link);
        }
    }
}

/* --- held bytes ------------------------------------------------------------------------------- */

/* Copies held bytes to one piece of memory; returns how many. */
static size_t give_piece_locked(struct we_wsk_rx *rx, unsigned char *to, size_t size_bytes)
{
    size_t copied_bytes = 0;

    while (copied_bytes < size_bytes && !we_base_list_is_empty(&rx->held)) {
        struct we_wsk_block *block = we_wsk_block_of(rx->held.next);
        size_t left_bytes = size_bytes - copied_bytes;
        size_t bytes = left_bytes < block->length_bytes ? left_bytes : block->length_bytes;

        memcpy(to + copied_bytes, block->bytes + block->head_bytes, bytes);
        we_wsk_block_consume(block, bytes);
        copied_bytes += bytes;
        if (block->length_bytes == 0) {
            we_base_list_remove(&block->link);
            we_wsk_block_give(block);
        }
    }
    return copied_bytes;
}

size_t we_wsk_rx_give_held_locked(struct we_wsk_rx *rx, const struct we_host_iov *iov, unsigned iov_count)
{
    size_t copied_bytes = 0;

    for (unsigned index = 0; index < iov_count; index++) {
        copied_bytes += give_piece_locked(rx, iov[index].base, iov[index].length_bytes);
    }
    return copied_bytes;
}
