/* SPDX-License-Identifier: MIT */
/* Blocks of paged pool, found by any address inside. A block below a page in size does not cross a page, so it is in the
 * list of its page; larger ones are few and share a list. While there is no paged pool, a look costs one load. */
#include "nt/ex_paged.h"

#include <wdm.h>

#include "host/host_lock.h"
#include "vrf/vrf_report.h"

#define LISTS 256u /* a power of two */
#define LARGE LISTS

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_LEDGER);
static struct we_ex_paged *s_lists[LISTS + 1];
static size_t s_count; /* atomic */

static unsigned list_of_page(const void *address)
{
    ULONG_PTR page = (ULONG_PTR)address / PAGE_SIZE;

    return (unsigned)((page ^ page >> 8) & (LISTS - 1));
}

static unsigned list_of(const struct we_vrf_entry *entry)
{
    return entry->size_bytes < PAGE_SIZE ? list_of_page(entry->address) : LARGE;
}

void we_ex_paged_add(struct we_ex_paged *block, const struct we_vrf_entry *entry)
{
    unsigned list = list_of(entry);

    block->entry = entry;
    we_host_mutex_lock(&s_lock);
    block->next = s_lists[list];
    s_lists[list] = block;
    we_host_mutex_unlock(&s_lock);
    __atomic_add_fetch(&s_count, 1, __ATOMIC_SEQ_CST);
}

void we_ex_paged_remove(const struct we_ex_paged *block, const struct we_vrf_entry *entry)
{
    struct we_ex_paged **link = &s_lists[list_of(entry)];

    if (__atomic_load_n(&s_count, __ATOMIC_SEQ_CST) == 0) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    while (*link != NULL && *link != block) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = block->next;
        __atomic_sub_fetch(&s_count, 1, __ATOMIC_SEQ_CST);
    }
    we_host_mutex_unlock(&s_lock);
}

static const struct we_vrf_entry *find_locked(unsigned list, const UCHAR *address)
{
    const struct we_ex_paged *block;

    for (block = s_lists[list]; block != NULL; block = block->next) {
        const UCHAR *begin = (const UCHAR *)block->entry->address;

        if (address >= begin && address < begin + block->entry->size_bytes) {
            return block->entry;
        }
    }
    return NULL;
}

void we_ex_paged_check(const void *object, const char *kind, const char *function)
{
    const struct we_vrf_entry *entry;

    if (__atomic_load_n(&s_count, __ATOMIC_SEQ_CST) == 0) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    entry = find_locked(list_of_page(object), (const UCHAR *)object);
    if (entry == NULL) {
        entry = find_locked(LARGE, (const UCHAR *)object);
    }
    we_host_mutex_unlock(&s_lock);
    if (entry != NULL) {
        (void)we_vrf_report_entry(WE_RULE_IRQL_011, entry, "%s(%p): the %s lies in a block of paged pool", function,
                                  object, kind);
    }
}
