/* SPDX-License-Identifier: MIT */
/* Small objects that drivers get from us by pointer, and the short memory of those that are gone. */
#include "nt/nt_block.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/nt_asan.h"

/* Design
 *
 * A header in front of the body carries the ledger entry, so nothing else is allocated and everything dies together.
 * The magic number depends on the address: a copied header is not a header.
 *
 * Freed memory goes through a ring without a lock: whoever retires an object puts it into the next place and frees
 * what lay there. So a pointer that is used again soon after its end still leads to memory that is ours and says
 * "dead"; after that many further frees it may lead anywhere, as on Windows.
 */

#define BLOCK_MAGIC 0x57534b426c6f636bULL
#define RETIRED_MAX 64u /* a power of two; bounds the memory that is kept back */

WE_STATIC_ASSERT(sizeof(struct we_nt_block) % 16 == 0, "the body behind the header must be 16-byte aligned");

static void *s_retired[RETIRED_MAX]; /* atomic */
static uint32_t s_serial;            /* atomic */

static uint64_t block_magic(const struct we_nt_block *block)
{
    return BLOCK_MAGIC ^ (uint64_t)(uintptr_t)block;
}

void *we_nt_block_alloc(enum we_vrf_kind kind, size_t size_bytes, const char *note)
{
    struct we_nt_block *block = we_host_alloc(sizeof(*block) + size_bytes);

    if (block == NULL) {
        return NULL;
    }
    block->serial = __atomic_add_fetch(&s_serial, 1, __ATOMIC_RELAXED);
    block->site.frames[0] = NULL;
    memset(block + 1, 0, size_bytes);
    we_vrf_ledger_add(&block->entry, kind, block + 1, size_bytes, 0, note);
    /* Relaxed: whoever gets the pointer gets it through something stronger. */
    __atomic_store_n(&block->magic, block_magic(block), __ATOMIC_RELAXED);
    return block + 1;
}

struct we_nt_block *we_nt_block_find(enum we_vrf_kind kind, const void *body)
{
    struct we_nt_block *block;

    if (body == NULL || (uintptr_t)body % 16 != 0) {
        return NULL;
    }
    block = (struct we_nt_block *)(uintptr_t)body - 1;
    if (we_nt_asan_is_poisoned(block, sizeof(*block) + 1)) {
        return NULL;
    }
    if (__atomic_load_n(&block->magic, __ATOMIC_RELAXED) != block_magic(block) || block->entry.kind != kind) {
        return NULL;
    }
    return block;
}

void we_nt_block_free(struct we_nt_block *block)
{
    __atomic_store_n(&block->magic, 0, __ATOMIC_RELAXED);
    we_vrf_ledger_remove(&block->entry);
    we_nt_retire(block);
}

void we_nt_retire(void *memory)
{
#ifdef WE_NT_ASAN
    we_host_free(memory);
#else
    static uint32_t s_next; /* atomic */
    uint32_t place = __atomic_fetch_add(&s_next, 1, __ATOMIC_RELAXED) % RETIRED_MAX;

    we_host_free(__atomic_exchange_n(&s_retired[place], memory, __ATOMIC_ACQ_REL));
#endif
}

void we_nt_retire_stop(void)
{
    uint32_t place;

    for (place = 0; place < RETIRED_MAX; place++) {
        we_host_free(__atomic_exchange_n(&s_retired[place], NULL, __ATOMIC_ACQ_REL));
    }
}

static void view_of_dead(struct we_nt_view *view, enum we_vrf_kind kind, const void *body)
{
    struct we_vrf_tombstone tombstone;

    if (body == NULL || !we_vrf_ledger_find_dead(kind, body, &tombstone)) {
        return;
    }
    view->made = tombstone.made;
    view->ended = tombstone.ended;
    view->object.made = &view->made;
    view->object.ended = &view->ended;
    view->object.ended_verb = "freed";
}

/* Only these kinds have a header of ours in front; in front of others there may be no memory at all. */
static bool has_header(enum we_vrf_kind kind)
{
    return kind == WE_KIND_IRP || kind == WE_KIND_MDL || kind == WE_KIND_WORK_ITEM || kind == WE_KIND_TIMER ||
           kind == WE_KIND_CALLBACK;
}

const struct we_vrf_object *we_nt_view_make(struct we_nt_view *view, enum we_vrf_kind kind, const void *body)
{
    struct we_nt_block *block = has_header(kind) ? we_nt_block_find(kind, body) : NULL;

    memset(view, 0, sizeof(*view));
    view->object.kind = we_vrf_kind_name(kind);
    view->object.address = body;
    if (block == NULL) {
        view_of_dead(view, kind, body);
        return &view->object;
    }
    view->made = block->entry.made;
    view->object.made = &view->made;
    if (block->site.frames[0] != NULL) {
        view->ended = block->site;
        view->object.ended = &view->ended;
        view->object.ended_verb = kind == WE_KIND_IRP ? "completed" : "queued";
    }
    return &view->object;
}
