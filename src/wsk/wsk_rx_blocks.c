/* SPDX-License-Identifier: MIT */
/* What becomes of a connection's receive blocks. */
#include "wsk/wsk_rx_blocks.h"

#include <string.h>

#include "wsk/wsk_block.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A block that a client may touch is in one of three states. SHOWN: its callback has not returned. RETURNED: the same,
 * but the callback, or another thread that it told, has called WskRelease already, which is right if the callback then
 * returns STATUS_PENDING. LENT: retained, and therefore in the ledger by the address of its indication. WskRelease
 * finds a block by that address only, and reads Next of the block it found before it gives the block away.
 */

/* --- what becomes of shown blocks ------------------------------------------------------------- */

static void report_early_release(const struct we_wsk_block *block)
{
    const struct we_vrf_object object = { .kind = "data indication", .address = &block->indication };

    (void)we_vrf_report(
        WE_RULE_SOCK_041, &object,
        "WskRelease was called for an indication whose WskReceiveEvent then did not return STATUS_PENDING");
}

void we_wsk_rx_free_shown_locked(struct we_wsk_rx *rx)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&rx->shown)) != NULL) {
        if (we_wsk_block_of(link)->state == WE_WSK_BLOCK_RETURNED) {
            report_early_release(we_wsk_block_of(link));
        }
        we_wsk_block_of(link)->was_released = false;
        we_wsk_block_give(we_wsk_block_of(link));
    }
}

void we_wsk_rx_lend_shown_locked(struct we_wsk_rx *rx)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&rx->shown)) != NULL) {
        struct we_wsk_block *block = we_wsk_block_of(link);

        if (block->state == WE_WSK_BLOCK_RETURNED) {
            block->was_released = true;
            we_wsk_block_give(block);
            continue;
        }
        block->state = WE_WSK_BLOCK_LENT;
        we_base_list_append(&rx->lent, &block->link);
        we_vrf_ledger_add(&block->entry, WE_KIND_INDICATION, &block->indication, block->length_bytes, 0,
                          "retained data indication");
    }
}

void we_wsk_rx_trim_shown_locked(struct we_wsk_rx *rx, size_t accepted_bytes)
{
    struct we_base_list *link;

    WE_ASSERT(we_base_list_is_empty(&rx->held));
    while ((link = we_base_list_pop(&rx->shown)) != NULL) {
        struct we_wsk_block *block = we_wsk_block_of(link);
        size_t taken_bytes = accepted_bytes < block->length_bytes ? accepted_bytes : block->length_bytes;

        if (block->state == WE_WSK_BLOCK_RETURNED) {
            report_early_release(block);
        }
        block->state = WE_WSK_BLOCK_OURS;
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

/* --- release ---------------------------------------------------------------------------------- */

static struct we_wsk_block *shown_find_locked(const struct we_wsk_rx *rx, PWSK_DATA_INDICATION element)
{
    WE_BASE_LIST_FOR_EACH (link, &rx->shown) {
        if (&we_wsk_block_of(link)->indication == element) {
            return we_wsk_block_of(link);
        }
    }
    return NULL;
}

static void report_not_releasable(struct we_wsk_socket *socket, PWSK_DATA_INDICATION element)
{
    const struct we_vrf_object object = { .kind = "data indication", .address = element };

    switch (we_wsk_block_past(element)) {
    case WE_WSK_BLOCK_WAS_RELEASED:
        (void)we_vrf_report(WE_RULE_SOCK_040, &object,
                            "WskRelease was called for socket %p with data indication %p, which was released before",
                            (void *)socket, (void *)element);
        break;
    case WE_WSK_BLOCK_WAS_CONSUMED:
        (void)we_vrf_report(
            WE_RULE_SOCK_041, &object,
            "WskRelease was called for socket %p with data indication %p, for which WskReceiveEvent did "
            "not return STATUS_PENDING",
            (void *)socket, (void *)element);
        break;
    case WE_WSK_BLOCK_UNKNOWN:
        (void)we_vrf_report(WE_RULE_SOCK_041, &object,
                            "WskRelease was called for socket %p with %p, which is no data indication", (void *)socket,
                            (void *)element);
        break;
    }
}

/* The ledger's entry of a lent indication, or NULL. Most clients release in the order in which they got them. */
static struct we_vrf_entry *lent_find_locked(struct we_wsk_rx *rx, PWSK_DATA_INDICATION element)
{
    if (!we_base_list_is_empty(&rx->lent) && &we_wsk_block_of(rx->lent.next)->indication == element) {
        return &we_wsk_block_of(rx->lent.next)->entry;
    }
    return we_vrf_ledger_find(WE_KIND_INDICATION, element);
}

bool we_wsk_rx_release_locked(struct we_wsk_socket *socket, PWSK_DATA_INDICATION element, PWSK_DATA_INDICATION *next)
{
    struct we_wsk_rx *rx = &socket->conn->rx;
    struct we_vrf_entry *entry = lent_find_locked(rx, element);
    struct we_wsk_block *block = entry == NULL ? NULL : WE_CONTAINER(entry, struct we_wsk_block, entry);

    if (block != NULL && block->owner != socket) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_040, entry,
                                  "WskRelease was called for socket %p with data indication %p of another socket",
                                  (void *)socket, (void *)element);
        return false;
    }
    if (block == NULL) {
        block = shown_find_locked(rx, element);
        if (block == NULL || block->state == WE_WSK_BLOCK_RETURNED) {
            report_not_releasable(socket, element);
            return false;
        }
        *next = block->indication.Next;
        block->state = WE_WSK_BLOCK_RETURNED;
        block->was_released = true;
        return true;
    }
    *next = block->indication.Next;
    we_vrf_ledger_remove(&block->entry);
    we_base_list_remove(&block->link);
    block->was_released = true;
    we_wsk_block_give(block);
    return true;
}
