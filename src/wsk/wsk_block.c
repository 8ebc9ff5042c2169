/* SPDX-License-Identifier: MIT */
/* The pools of receive blocks. */
#include "wsk/wsk_block.h"

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/ke_cpu.h"
#include "nt/nt_asan.h"

/* Design
 *
 * A block is 64 KiB and a header. A processor uses one block over and over as long as clients copy what they are
 * shown; a retained block is simply not there when the next read takes one. So an idle connection owns no buffer.
 *
 * The free lists need no lock: whoever comes here is at DISPATCH_LEVEL and therefore alone on its processor. The
 * list of all blocks has one, and is touched only when memory comes or goes and when a driver's mistake is explained.
 *
 * Free blocks are poisoned for the address sanitizer: a driver that uses an indication after its time is caught at
 * the access. Not their links, because the pool itself needs those.
 */
/* Mapped and nonpaged at once, so that whichever flag a driver looks at says that the address is there. */
#define MDL_FLAGS (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)
#define FREE_MAX 64u /* blocks a processor keeps; above that they go back to the heap */

struct block_pool {
    struct we_base_list free;
    unsigned free_count;
} __attribute__((aligned(128))); /* one processor's list does not share cache lines with another's */

static struct block_pool s_pools[WE_HOST_CPU_MAX];
static struct we_host_mutex s_all_lock = WE_HOST_MUTEX_INIT(WE_RANK_POOL);
static struct we_base_list s_all = WE_BASE_LIST_INIT(s_all);

static struct block_pool *pool_current(void)
{
    struct block_pool *pool = &s_pools[we_nt_cpu_current()->index];

    if (pool->free.next == NULL) {
        we_base_list_init(&pool->free);
    }
    return pool;
}

static void block_guard(struct we_wsk_block *block)
{
    we_nt_asan_poison(&block->mdl, sizeof(block->mdl));
    we_nt_asan_poison(&block->dgram, sizeof(block->dgram));
    we_nt_asan_poison(block->bytes, sizeof(block->bytes));
}

static void block_unguard(struct we_wsk_block *block)
{
    we_nt_asan_unpoison(&block->mdl, sizeof(block->mdl));
    we_nt_asan_unpoison(&block->dgram, sizeof(block->dgram));
    we_nt_asan_unpoison(block->bytes, sizeof(block->bytes));
}

static struct we_wsk_block *block_create(void)
{
    struct we_wsk_block *block = we_host_alloc(sizeof(*block));

    if (block == NULL) {
        return NULL;
    }
    MmInitializeMdl(&block->mdl, block->bytes, sizeof(block->bytes));
    block->mdl.AllocationProcessorNumber = 0;
    block->mdl.Reserved = 0;
    block->mdl.Process = NULL;
    for (size_t index = 0; index < WE_WSK_BLOCK_PAGES; index++) {
        block->pages[index] = (PFN_NUMBER)((ULONG_PTR)block->mdl.StartVa / PAGE_SIZE + index);
    }
    block->owner = NULL;
    block->was_released = false;
    we_host_mutex_lock(&s_all_lock);
    we_base_list_append(&s_all, &block->all_link);
    we_host_mutex_unlock(&s_all_lock);
    return block;
}

static void block_destroy(struct we_wsk_block *block)
{
    we_host_mutex_lock(&s_all_lock);
    we_base_list_remove(&block->all_link);
    we_host_mutex_unlock(&s_all_lock);
    we_host_free(block);
}

struct we_wsk_block *we_wsk_block_take(struct we_wsk_socket *owner)
{
    struct block_pool *pool = pool_current();
    struct we_base_list *link = we_base_list_pop(&pool->free);
    struct we_wsk_block *block;

    if (link != NULL) {
        pool->free_count--;
        block = WE_BASE_LIST_ITEM(link, struct we_wsk_block, link);
        block_unguard(block);
    } else {
        block = block_create();
        if (block == NULL) {
            return NULL;
        }
    }
    we_base_list_init(&block->link);
    block->owner = owner;
    block->state = WE_WSK_BLOCK_OURS;
    block->head_bytes = 0;
    block->length_bytes = 0;
    return block;
}

void we_wsk_block_give(struct we_wsk_block *block)
{
    struct block_pool *pool = pool_current();

    WE_ASSERT(block->state != WE_WSK_BLOCK_FREE);
    block->state = WE_WSK_BLOCK_FREE;
    block->owner = NULL;
    if (pool->free_count >= FREE_MAX) {
        block_destroy(block);
        return;
    }
    block_guard(block);
    we_base_list_prepend(&pool->free, &block->link);
    pool->free_count++;
}

void we_wsk_block_give_all(struct we_base_list *blocks)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(blocks)) != NULL) {
        we_wsk_block_give(we_wsk_block_of(link));
    }
}

void we_wsk_block_describe(struct we_wsk_block *block)
{
    block->indication.Next = NULL;
    block->indication.Buffer.Mdl = &block->mdl;
    block->indication.Buffer.Offset = block->head_bytes;
    block->indication.Buffer.Length = block->length_bytes;
    block->mdl.Next = NULL;
    block->mdl.MdlFlags = MDL_FLAGS;
    block->mdl.MappedSystemVa = block->bytes;
    block->mdl.ByteCount = block->head_bytes + block->length_bytes;
}

static void piece_describe(struct we_wsk_block_piece *piece, unsigned char *bytes, ULONG length_bytes)
{
    MmInitializeMdl(&piece->mdl, bytes, length_bytes);
    piece->mdl.AllocationProcessorNumber = 0;
    piece->mdl.Reserved = 0;
    piece->mdl.Process = NULL;
    piece->mdl.MdlFlags = MDL_FLAGS;
    piece->mdl.MappedSystemVa = bytes;
    for (size_t index = 0; index < WE_WSK_BLOCK_PAGES; index++) {
        piece->pages[index] = (PFN_NUMBER)((ULONG_PTR)piece->mdl.StartVa / PAGE_SIZE + index);
    }
}

void we_wsk_block_cut(struct we_wsk_block *block, ULONG piece_bytes)
{
    unsigned char *bytes = block->bytes + block->head_bytes;
    ULONG left_bytes = block->length_bytes;
    PMDL last = &block->mdl;

    for (unsigned index = 0; index < WE_WSK_BLOCK_PIECES && left_bytes > piece_bytes; index++) {
        struct we_wsk_block_piece *piece = &block->dgram.pieces[index];

        last->ByteCount -= left_bytes - piece_bytes;
        bytes += piece_bytes;
        left_bytes -= piece_bytes;
        piece_describe(piece, bytes, left_bytes);
        last->Next = &piece->mdl;
        last = &piece->mdl;
    }
}

enum we_wsk_block_past we_wsk_block_past(const void *address)
{
    enum we_wsk_block_past past = WE_WSK_BLOCK_UNKNOWN;

    we_host_mutex_lock(&s_all_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_all) {
        const struct we_wsk_block *block = WE_BASE_LIST_ITEM(link, struct we_wsk_block, all_link);

        if (&block->indication == address) {
            past = block->was_released ? WE_WSK_BLOCK_WAS_RELEASED : WE_WSK_BLOCK_WAS_CONSUMED;
            break;
        }
    }
    we_host_mutex_unlock(&s_all_lock);
    return past;
}

void we_wsk_block_stop(void)
{
    struct we_base_list *link;

    for (unsigned index = 0; index < WE_HOST_CPU_MAX; index++) {
        we_base_list_init(&s_pools[index].free);
        s_pools[index].free_count = 0;
    }
    while ((link = we_base_list_pop(&s_all)) != NULL) {
        struct we_wsk_block *block = WE_BASE_LIST_ITEM(link, struct we_wsk_block, all_link);

        block_unguard(block);
        we_host_free(block);
    }
}
