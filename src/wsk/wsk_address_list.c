/* SPDX-License-Identifier: MIT */
/* The lists that WskGetAddressInfo gives to drivers, and WskFreeAddressInfo. */
#include "wsk/wsk_address_list.h"

#include <string.h>

#include "wsk/wsk_addr.h"

#include "base/base_assert.h"
#include "nt/nt_block.h"
#include "nt/rtl_utf.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * One block holds all entries, their addresses and the canonical name, so freeing a list does not read the driver's copy
 * of any pointer. Our own part lies at the end of the block. All lists are on one list of ours: that is how a pointer
 * into the middle of one is recognised without a look at what it points to.
 */

#define FREED_BYTE 0xDD

struct list {
    struct we_base_list link;
    ADDRINFOEXW *entries; /* the block's body */
    size_t size_bytes;
    const struct we_wsk_client *client; /* NULL: its registration has ended */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_CLIENT);
static struct we_base_list s_lists = WE_BASE_LIST_INIT(s_lists);

/* --- making --------------------------------------------------------------------------------------- */

/* Where the parts of a block are. */
struct layout {
    size_t addresses_at;
    size_t canonical_at;
    size_t canonical_units; /* with the terminator; 0: none */
    size_t list_at;
    size_t size_bytes;
};

static size_t align_up(size_t offset)
{
    return (offset + 7) & ~(size_t)7;
}

static size_t sockaddr_size(ADDRESS_FAMILY family)
{
    return family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);
}

static void layout_make(struct layout *layout, unsigned addr_count, const char *canonical)
{
    layout->addresses_at = addr_count * sizeof(ADDRINFOEXW);
    layout->canonical_at = layout->addresses_at + addr_count * align_up(sizeof(SOCKADDR_IN6));
    layout->canonical_units =
        canonical == NULL ? 0 : we_rtl_utf8_to_utf16(NULL, 0, canonical, strlen(canonical)).needed + 1;
    layout->list_at = align_up(layout->canonical_at + layout->canonical_units * sizeof(WCHAR));
    layout->size_bytes = layout->list_at + sizeof(struct list);
}

static void entry_fill(ADDRINFOEXW *info, SOCKADDR *sockaddr, const struct we_base_addr *addr,
                       const struct we_wsk_address_entry *entry)
{
    ADDRESS_FAMILY own = addr->family == WE_FAMILY_IPV6 ? AF_INET6 : AF_INET;
    ADDRESS_FAMILY family = entry->family != AF_UNSPEC ? entry->family : own;
    struct we_base_addr with_port = *addr;

    with_port.port = entry->port;
    we_wsk_addr_to_sockaddr(&with_port, family, sockaddr);
    info->ai_family = family;
    info->ai_socktype = entry->type;
    info->ai_protocol = entry->protocol;
    info->ai_addrlen = sockaddr_size(family);
    info->ai_addr = (struct sockaddr *)sockaddr;
}

static void entries_fill(char *body, const struct layout *layout, const struct we_base_addr *addrs, unsigned addr_count,
                         const struct we_wsk_address_entry *entry)
{
    ADDRINFOEXW *entries = (ADDRINFOEXW *)(void *)body;
    unsigned i;

    for (i = 0; i < addr_count; i++) {
        char *sockaddr = body + layout->addresses_at + i * align_up(sizeof(SOCKADDR_IN6));

        entry_fill(&entries[i], (SOCKADDR *)(void *)sockaddr, &addrs[i], entry);
        entries[i].ai_next = i + 1 < addr_count ? &entries[i + 1] : NULL;
    }
    if (layout->canonical_units > 0) {
        entries[0].ai_canonname = (PWSTR)(void *)(body + layout->canonical_at);
        (void)we_rtl_utf8_to_utf16(entries[0].ai_canonname, layout->canonical_units - 1, entry->canonical,
                                   strlen(entry->canonical));
    }
}

PADDRINFOEXW we_wsk_address_list_create(const struct we_wsk_client *client, const struct we_base_addr *addrs,
                                        unsigned addr_count, const struct we_wsk_address_entry *entry)
{
    struct layout layout;
    struct list *list;
    char *body;

    WE_ASSERT(addr_count > 0);
    layout_make(&layout, addr_count, entry->canonical);
    body = we_nt_block_alloc(WE_KIND_ADDRESS_INFO, layout.size_bytes, "list of addresses");
    if (body == NULL) {
        return NULL;
    }
    entries_fill(body, &layout, addrs, addr_count, entry);
    list = (struct list *)(void *)(body + layout.list_at);
    list->entries = (ADDRINFOEXW *)(void *)body;
    list->size_bytes = layout.size_bytes;
    list->client = client;
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_lists, &list->link);
    we_host_mutex_unlock(&s_lock);
    return list->entries;
}

/* --- freeing -------------------------------------------------------------------------------------- */

static struct we_nt_block *block_of(const struct list *list)
{
    return (struct we_nt_block *)(void *)list->entries - 1;
}

/* The list that the pointer leads into, or NULL. */
static struct list *list_find_locked(const void *pointer)
{
    WE_BASE_LIST_FOR_EACH (link, &s_lists) {
        struct list *list = WE_BASE_LIST_ITEM(link, struct list, link);
        size_t distance = (size_t)((uintptr_t)pointer - (uintptr_t)list->entries);

        if (distance < list->size_bytes) {
            return list;
        }
    }
    return NULL;
}

/* What a driver still reads there looks like nothing. */
static void list_erase(struct list *list)
{
    struct we_nt_block *block = block_of(list);

    memset(list->entries, FREED_BYTE, list->size_bytes);
    we_nt_block_free(block);
}

static void report_no_list(const void *pointer)
{
    struct we_nt_view view;
    const struct we_vrf_object *object = we_nt_view_make(&view, WE_KIND_ADDRESS_INFO, pointer);

    we_vrf_report(WE_RULE_SOCK_057, object, "WskFreeAddressInfo was called with %p, which is %s", pointer,
                  object->ended != NULL ? "freed already" : "no list of WskGetAddressInfo");
}

void we_wsk_address_list_free(const struct we_wsk_client *client, PADDRINFOEXW list)
{
    struct list *found;

    we_host_mutex_lock(&s_lock);
    found = list_find_locked(list);
    if (found != NULL && found->entries == list) {
        we_base_list_remove(&found->link);
    }
    we_host_mutex_unlock(&s_lock);

    if (found == NULL) {
        report_no_list(list);
    } else if (found->entries != list) {
        we_vrf_report_entry(WE_RULE_SOCK_057, &block_of(found)->entry,
                            "WskFreeAddressInfo was called with %p, which is inside the list %p, not its first entry",
                            (void *)list, (void *)found->entries);
    } else {
        if (found->client != client) {
            we_vrf_report_entry(WE_RULE_SOCK_057, &block_of(found)->entry,
                                "WskFreeAddressInfo was called with list %p by another client than the one that got it",
                                (void *)list);
        }
        list_erase(found);
    }
}

VOID WSKAPI we_wsk_free_address_info(PWSK_CLIENT Client, PADDRINFOEXW AddrInfo)
{
    struct we_wsk_client_call call;

    if (!NT_SUCCESS(we_wsk_client_call_begin(&call, Client, NULL, true, PASSIVE_LEVEL, "WskFreeAddressInfo"))) {
        return;
    }
    we_wsk_address_list_free(call.client, AddrInfo);
    (void)we_wsk_client_call_end_inline(&call, STATUS_SUCCESS, 0);
}

/* --- leaks ---------------------------------------------------------------------------------------- */

static void report_leak(struct list *list)
{
    struct we_vrf_entry *entry = &block_of(list)->entry;

    if (!entry->is_reported) {
        entry->is_reported = true;
        we_vrf_report_entry(WE_RULE_SOCK_057, entry, "list %p was never freed with WskFreeAddressInfo",
                            (void *)list->entries);
    }
}

void we_wsk_address_list_report_leaks(const struct we_wsk_client *client)
{
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_lists) {
        struct list *list = WE_BASE_LIST_ITEM(link, struct list, link);

        if (list->client == client) {
            report_leak(list);
            list->client = NULL;
        }
    }
    we_host_mutex_unlock(&s_lock);
}

void we_wsk_address_list_stop(void)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&s_lists)) != NULL) {
        struct list *list = WE_BASE_LIST_ITEM(link, struct list, link);

        report_leak(list);
        we_nt_block_free(block_of(list));
    }
}
