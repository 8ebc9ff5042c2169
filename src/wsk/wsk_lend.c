/* SPDX-License-Identifier: MIT */
/* Indications that clients look at and retain, and WskRelease. */
#include "wsk/wsk_lend.h"

#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A block that a client may touch is in one of three states. SHOWN: its callback has not returned. RETURNED: the same,
 * but the callback, or another thread that it told, has called WskRelease already, which is right if the callback then
 * returns STATUS_PENDING. LENT: retained, and therefore in the ledger by the address of its indication. WskRelease
 * finds a block by that address only, and reads Next of the block it found before it gives the block away.
 *
 * Both kinds of indication begin with Next and the WSK_BUF, so one code serves both; only reports tell them apart.
 */

WE_STATIC_ASSERT(offsetof(WSK_DATAGRAM_INDICATION, Next) == offsetof(WSK_DATA_INDICATION, Next) &&
                     offsetof(WSK_DATAGRAM_INDICATION, Buffer) == offsetof(WSK_DATA_INDICATION, Buffer),
                 "indications begin alike");

static const char *indication_name(const struct we_wsk_socket *socket)
{
    return socket->category == WE_WSK_DATAGRAM ? "datagram indication" : "data indication";
}

static const char *event_name(const struct we_wsk_socket *socket)
{
    return socket->category == WE_WSK_DATAGRAM ? "WskReceiveFromEvent" : "WskReceiveEvent";
}

/* --- what becomes of shown blocks ------------------------------------------------------------- */

static void report_early_release(const struct we_wsk_block *block)
{
    const struct we_vrf_object object = { .kind = indication_name(block->owner), .address = &block->indication };

    (void)we_vrf_report(WE_RULE_SOCK_041, &object,
                        "WskRelease was called for an indication whose %s then did not return STATUS_PENDING",
                        event_name(block->owner));
}

void we_wsk_lend_free_locked(struct we_base_list *shown)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(shown)) != NULL) {
        if (we_wsk_block_of(link)->state == WE_WSK_BLOCK_RETURNED) {
            report_early_release(we_wsk_block_of(link));
        }
        we_wsk_block_of(link)->was_released = false;
        we_wsk_block_give(we_wsk_block_of(link));
    }
}

void we_wsk_lend_locked(struct we_base_list *shown, struct we_base_list *lent)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(shown)) != NULL) {
        struct we_wsk_block *block = we_wsk_block_of(link);

        if (block->state == WE_WSK_BLOCK_RETURNED) {
            block->was_released = true;
            we_wsk_block_give(block);
            continue;
        }
        block->state = WE_WSK_BLOCK_LENT;
        we_base_list_append(lent, &block->link);
        we_vrf_ledger_add(&block->entry, WE_KIND_INDICATION, &block->indication, block->length_bytes, 0,
                          block->owner->category == WE_WSK_DATAGRAM ? "retained datagram indication"
                                                                    : "retained data indication");
    }
}

void we_wsk_lend_take_back_locked(struct we_wsk_block *block)
{
    if (block->state == WE_WSK_BLOCK_RETURNED) {
        report_early_release(block);
    }
    block->state = WE_WSK_BLOCK_OURS;
}

/* --- release ---------------------------------------------------------------------------------- */

static struct we_wsk_block *shown_find_locked(const struct we_base_list *shown, const void *element)
{
    WE_BASE_LIST_FOR_EACH (link, shown) {
        if (&we_wsk_block_of(link)->indication == element) {
            return we_wsk_block_of(link);
        }
    }
    return NULL;
}

static void report_not_releasable(const struct we_wsk_socket *socket, const void *element)
{
    const char *name = indication_name(socket);
    const struct we_vrf_object object = { .kind = name, .address = element };

    switch (we_wsk_block_past(element)) {
    case WE_WSK_BLOCK_WAS_RELEASED:
        (void)we_vrf_report(WE_RULE_SOCK_040, &object,
                            "WskRelease was called for socket %p with %s %p, which was released before",
                            (const void *)socket, name, element);
        break;
    case WE_WSK_BLOCK_WAS_CONSUMED:
        (void)we_vrf_report(WE_RULE_SOCK_041, &object,
                            "WskRelease was called for socket %p with %s %p, for which %s did not return "
                            "STATUS_PENDING",
                            (const void *)socket, name, element, event_name(socket));
        break;
    case WE_WSK_BLOCK_UNKNOWN:
        (void)we_vrf_report(WE_RULE_SOCK_041, &object, "WskRelease was called for socket %p with %p, which is no %s",
                            (const void *)socket, element, name);
        break;
    }
}

/* The ledger's entry of a lent indication, or NULL. Most clients release in the order in which they got them. */
static struct we_vrf_entry *lent_find_locked(const struct we_base_list *lent, const void *element)
{
    if (!we_base_list_is_empty(lent) && &we_wsk_block_of(lent->next)->indication == element) {
        return &we_wsk_block_of(lent->next)->entry;
    }
    return we_vrf_ledger_find(WE_KIND_INDICATION, element);
}

/* One element. *next receives its Next. */
static bool release_one_locked(struct we_wsk_socket *socket, const struct we_base_list *shown,
                               const struct we_base_list *lent, const void *element, void **next)
{
    struct we_vrf_entry *entry = lent_find_locked(lent, element);
    struct we_wsk_block *block = entry == NULL ? NULL : WE_CONTAINER(entry, struct we_wsk_block, entry);

    if (block != NULL && block->owner != socket) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_040, entry,
                                  "WskRelease was called for socket %p with %s %p of another socket", (void *)socket,
                                  indication_name(socket), element);
        return false;
    }
    if (block == NULL) {
        block = shown_find_locked(shown, element);
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

bool we_wsk_lend_release_locked(struct we_wsk_socket *socket, struct we_base_list *shown, struct we_base_list *lent,
                                PVOID first)
{
    void *element = first;

    if (element == NULL) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_041, &socket->entry, "WskRelease was called for socket %p without a %s",
                                  (void *)socket, indication_name(socket));
        return false;
    }
    while (element != NULL) {
        if (!release_one_locked(socket, shown, lent, element, &element)) {
            return false;
        }
    }
    return true;
}

/* --- the end ---------------------------------------------------------------------------------- */

void we_wsk_lend_report_locked(const struct we_wsk_socket *socket, const struct we_base_list *lent)
{
    const struct we_wsk_block *block;

    WE_ASSERT(!we_base_list_is_empty(lent));
    block = we_wsk_block_of(lent->next);
    (void)we_vrf_report_entry(WE_RULE_SOCK_039, &block->entry,
                              "WskCloseSocket was called for socket %p while the driver retains the %s %p",
                              (const void *)socket, indication_name(socket), (const void *)&block->indication);
}

void we_wsk_lend_forget_locked(struct we_base_list *lent)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(lent)) != NULL) {
        we_vrf_ledger_remove(&we_wsk_block_of(link)->entry);
        we_wsk_block_give(we_wsk_block_of(link));
    }
}
