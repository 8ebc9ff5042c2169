/* SPDX-License-Identifier: MIT */
/* Counted allocation for the library's own objects. */
#include "host/host_mem.h"

#include <stdlib.h>
#include <string.h>

/* Design note: every allocation counts, and on busy processors one counter would travel between their
 * caches all the time. So threads are spread over a few counters, each on a cache line of its own. The
 * first threads of the process have theirs alone and need no locked instruction; the others share
 * the rest. A block may be freed by another thread than the one that made it: single counters
 * then go below zero, and only their sum means something. */

#define SHARD_COUNT 16u
#define SHARD_OWN_COUNT 8u /* of one thread each */
#define CACHE_LINE_BYTES 64

struct shard {
    _Alignas(CACHE_LINE_BYTES) long live_count; /* atomic, relaxed */
};

static struct shard s_shards[SHARD_COUNT];
static unsigned s_thread_count; /* atomic: threads that have a shard */
static _Thread_local struct shard *s_shard;

static struct shard *shard_choose(void)
{
    unsigned index = __atomic_fetch_add(&s_thread_count, 1, __ATOMIC_RELAXED);

    return &s_shards[index < SHARD_OWN_COUNT ? index : SHARD_OWN_COUNT + index % (SHARD_COUNT - SHARD_OWN_COUNT)];
}

static void live_count_add(long change)
{
    if (s_shard == NULL) {
        s_shard = shard_choose();
    }
    if (s_shard < &s_shards[SHARD_OWN_COUNT]) {
        long live_count = __atomic_load_n(&s_shard->live_count, __ATOMIC_RELAXED);

        __atomic_store_n(&s_shard->live_count, live_count + change, __ATOMIC_RELAXED);
    } else {
        (void)__atomic_fetch_add(&s_shard->live_count, change, __ATOMIC_RELAXED);
    }
}

static void *count_if_made(void *memory)
{
    if (memory != NULL) {
        live_count_add(1);
    }
    return memory;
}

static unsigned long s_fail_countdown; /* atomic, relaxed; 0: no allocation has to fail */
static bool s_has_failed;              /* atomic, relaxed */

bool we_host_mem_fail(unsigned long index)
{
    bool has_failed = __atomic_exchange_n(&s_has_failed, false, __ATOMIC_RELAXED);

    __atomic_store_n(&s_fail_countdown, index, __ATOMIC_RELAXED);
    return has_failed;
}

static bool must_fail(void)
{
    unsigned long countdown = __atomic_load_n(&s_fail_countdown, __ATOMIC_RELAXED);

    if (WE_LIKELY(countdown == 0)) {
        return false;
    }
    if (countdown != WE_HOST_MEM_FAIL_ALL && __atomic_sub_fetch(&s_fail_countdown, 1, __ATOMIC_RELAXED) != 0) {
        return false;
    }
    __atomic_store_n(&s_has_failed, true, __ATOMIC_RELAXED);
    return true;
}

void *we_host_alloc(size_t size_bytes)
{
    if (must_fail()) {
        return NULL;
    }
    /* malloc(0) may return NULL, which our callers would take for an error. */
    return count_if_made(malloc(size_bytes == 0 ? 1 : size_bytes));
}

void *we_host_zalloc(size_t size_bytes)
{
    void *memory = we_host_alloc(size_bytes);

    /* Not calloc, which in some C libraries takes another way than the fast one through the thread's own cache; and the
     * compiler, which would make calloc of it again, must not see where the memory comes from. */
    __asm__("" : "+r"(memory));
    if (memory != NULL) {
        memset(memory, 0, size_bytes);
    }
    return memory;
}

void we_host_free(void *memory)
{
    if (memory != NULL) {
        live_count_add(-1);
        free(memory);
    }
}

size_t we_host_mem_live_count(void)
{
    long sum = 0;

    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        sum += __atomic_load_n(&s_shards[i].live_count, __ATOMIC_RELAXED);
    }
    /* A reader that races with allocations may see a free without its allocation. */
    return sum < 0 ? 0 : (size_t)sum;
}
