/* SPDX-License-Identifier: MIT */
/* Live objects by kind and address, with the stack that made each, and tombstones of dead ones. */
#include "vrf/vrf_ledger.h"

#include "base/base_assert.h"
#include "host/host_lock.h"

#include <string.h>

/* Design note: entries live in the objects they describe, so adding one is: hash, lock, link. Objects are
 * made and freed on every data path of a driver, therefore the table is cut into shards, each with its
 * own lock and buckets; the hash of the address chooses both. Nothing is ever held across two shards.
 *
 * A shard also keeps the tombstones of its addresses, so finding one takes a look into one short ring. A
 * ring holds one tombstone for each kind and address (the youngest): a block that is allocated and
 * freed in a loop does not push out everybody else.
 *
 * The number of buckets is for hundred thousands of live objects. Untouched buckets cost nothing: the
 * table is zeroed memory, a bucket is made a list when it is first used, and starting anew only visits
 * shards in which something happened. */

#define SHARD_COUNT 64u
#define SHARD_BITS 6u
#define BUCKET_COUNT 1024u /* a shard */
#define BUCKET_BITS 10u
#define TOMBSTONE_COUNT 16u /* a shard: 1,024 in all */

struct shard {
    _Alignas(64) struct we_host_mutex mutex; /* guards the rest, and the tombstones and buckets of the shard */
    uint32_t live_counts[WE_KIND_COUNT];
    uint32_t live_count;
    uint32_t tombstone_next; /* the place that is overwritten next */
    /* NULL: no tombstone. Apart from the rest, so that a search touches two cache lines. */
    const void *dead_addresses[TOMBSTONE_COUNT];
};

/* clang-format off */
#define S1 { .mutex = WE_HOST_MUTEX_INIT(WE_RANK_LEDGER) }
/* clang-format on */
#define S4 S1, S1, S1, S1
#define S16 S4, S4, S4, S4
static struct shard s_shards[SHARD_COUNT] = { S16, S16, S16, S16 };
/* Not in the shards, so that only these need an initialiser that takes room in the program file. */
static struct we_vrf_tombstone s_tombstones[SHARD_COUNT][TOMBSTONE_COUNT];
static struct we_base_list s_buckets[SHARD_COUNT][BUCKET_COUNT]; /* next NULL: never used */

static bool s_is_tracing_off; /* atomic, relaxed */

static uint64_t address_hash(uintptr_t address)
{
    /* Multiplication by 2^64 divided by the golden ratio: the upper bits depend on all bits of the address. */
    return (uint64_t)address * UINT64_C(0x9e3779b97f4a7c15);
}

static unsigned hash_shard_index(uint64_t hash)
{
    return (unsigned)(hash >> (64 - SHARD_BITS));
}

/* May be a list that was never used; see bucket_is_used. */
static struct we_base_list *hash_bucket(uint64_t hash)
{
    return &s_buckets[hash_shard_index(hash)][(hash >> (64 - SHARD_BITS - BUCKET_BITS)) % BUCKET_COUNT];
}

static bool bucket_is_used(const struct we_base_list *bucket)
{
    return bucket->next != NULL;
}

static struct we_vrf_entry *entry_of(struct we_base_list *link)
{
    return WE_BASE_LIST_ITEM(link, struct we_vrf_entry, link);
}

/* The callers of the function that this is part of. Inline, so that it takes no place among them. */
static inline __attribute__((always_inline)) void trace_fill(struct we_host_trace *trace)
{
    if (__atomic_load_n(&s_is_tracing_off, __ATOMIC_RELAXED)) {
        trace->frames[0] = NULL;
    } else {
        we_host_trace_capture(trace, 0);
    }
}

void we_vrf_ledger_add(struct we_vrf_entry *entry, enum we_vrf_kind kind, const void *address, size_t size_bytes,
                       uint32_t tag, const char *note)
{
    uint64_t hash = address_hash((uintptr_t)address);
    struct shard *shard = &s_shards[hash_shard_index(hash)];
    struct we_base_list *bucket = hash_bucket(hash);

    WE_ASSERT((unsigned)kind < WE_KIND_COUNT);
    entry->address = address;
    entry->kind = kind;
    entry->tag = tag;
    entry->size_bytes = size_bytes;
    entry->note = note;
    entry->is_reported = false;
    trace_fill(&entry->made);

    we_host_mutex_lock(&shard->mutex);
    if (!bucket_is_used(bucket)) {
        we_base_list_init(bucket);
    }
    we_base_list_append(bucket, &entry->link);
    shard->live_counts[kind]++;
    shard->live_count++;
    we_host_mutex_unlock(&shard->mutex);
}

/* Returns the place of the tombstone for this kind and address: that of an older one, or the next in turn. */
static unsigned tombstone_place_locked(struct shard *shard, const struct we_vrf_tombstone *tombstones,
                                       enum we_vrf_kind kind, const void *address)
{
    unsigned place;

    for (unsigned i = 0; i < TOMBSTONE_COUNT; i++) {
        if (shard->dead_addresses[i] == address && tombstones[i].kind == kind) {
            return i;
        }
    }
    place = shard->tombstone_next;
    shard->tombstone_next = (place + 1) % TOMBSTONE_COUNT;
    return place;
}

/* Returns the tombstone, in which only the stack of the end is missing. */
static struct we_vrf_tombstone *tombstone_make_locked(unsigned shard_index, const struct we_vrf_entry *entry)
{
    struct shard *shard = &s_shards[shard_index];
    struct we_vrf_tombstone *tombstones = s_tombstones[shard_index];
    unsigned place = tombstone_place_locked(shard, tombstones, entry->kind, entry->address);
    struct we_vrf_tombstone *tombstone = &tombstones[place];

    shard->dead_addresses[place] = entry->address;
    tombstone->address = entry->address;
    tombstone->kind = entry->kind;
    tombstone->tag = entry->tag;
    tombstone->note = entry->note;
    tombstone->made = entry->made;
    return tombstone;
}

void we_vrf_ledger_trace(struct we_host_trace *trace)
{
    trace_fill(trace);
}

void we_vrf_ledger_remove(struct we_vrf_entry *entry)
{
    struct we_host_trace ended;

    trace_fill(&ended);
    we_vrf_ledger_remove_traced(entry, &ended);
}

void we_vrf_ledger_remove_traced(struct we_vrf_entry *entry, const struct we_host_trace *ended)
{
    unsigned shard_index = hash_shard_index(address_hash((uintptr_t)entry->address));
    struct shard *shard = &s_shards[shard_index];
    struct we_vrf_tombstone *tombstone;

    we_host_mutex_lock(&shard->mutex);
    /* An entry that is not in the ledger is a mistake of ours: objects are looked up before they end. */
    WE_ASSERT(we_base_list_is_linked(&entry->link));
    we_base_list_remove(&entry->link);
    WE_ASSERT(shard->live_counts[entry->kind] > 0);
    shard->live_counts[entry->kind]--;
    shard->live_count--;
    tombstone = tombstone_make_locked(shard_index, entry);
    tombstone->ended = *ended;
    we_host_mutex_unlock(&shard->mutex);
}

struct we_vrf_entry *we_vrf_ledger_find(enum we_vrf_kind kind, const void *address)
{
    uint64_t hash = address_hash((uintptr_t)address);
    struct shard *shard = &s_shards[hash_shard_index(hash)];
    struct we_base_list *bucket = hash_bucket(hash);
    struct we_vrf_entry *found = NULL;

    we_host_mutex_lock(&shard->mutex);
    if (bucket_is_used(bucket)) {
        WE_BASE_LIST_FOR_EACH (link, bucket) {
            if (entry_of(link)->address == address && entry_of(link)->kind == kind) {
                found = entry_of(link);
                break;
            }
        }
    }
    we_host_mutex_unlock(&shard->mutex);
    return found;
}

bool we_vrf_ledger_find_dead(enum we_vrf_kind kind, const void *address, struct we_vrf_tombstone *tombstone)
{
    unsigned shard_index = hash_shard_index(address_hash((uintptr_t)address));
    struct shard *shard = &s_shards[shard_index];
    const struct we_vrf_tombstone *tombstones = s_tombstones[shard_index];
    bool is_found = false;

    we_host_mutex_lock(&shard->mutex);
    for (unsigned i = 0; address != NULL && i < TOMBSTONE_COUNT; i++) {
        if (shard->dead_addresses[i] == address && tombstones[i].kind == kind) {
            *tombstone = tombstones[i];
            is_found = true;
            break;
        }
    }
    we_host_mutex_unlock(&shard->mutex);
    return is_found;
}

size_t we_vrf_ledger_count(enum we_vrf_kind kind)
{
    size_t count = 0;

    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        we_host_mutex_lock(&s_shards[i].mutex);
        count += s_shards[i].live_counts[kind];
        we_host_mutex_unlock(&s_shards[i].mutex);
    }
    return count;
}

/* Returns the first entry of the kind at or behind link, or NULL. */
static struct we_vrf_entry *bucket_next_locked(struct we_base_list *bucket, struct we_base_list *link,
                                               enum we_vrf_kind kind)
{
    for (; link != bucket; link = link->next) {
        if (entry_of(link)->kind == kind) {
            return entry_of(link);
        }
    }
    return NULL;
}

static bool bucket_contains_locked(const struct we_base_list *bucket, const struct we_base_list *wanted)
{
    for (const struct we_base_list *link = bucket->next; link != bucket; link = link->next) {
        if (link == wanted) {
            return true;
        }
    }
    return false;
}

static void bucket_each(struct shard *shard, struct we_base_list *bucket, enum we_vrf_kind kind,
                        void (*fn)(struct we_vrf_entry *entry, void *context), void *context)
{
    struct we_vrf_entry *entry;
    struct we_vrf_entry *next;

    we_host_mutex_lock(&shard->mutex);
    entry = bucket_is_used(bucket) ? bucket_next_locked(bucket, bucket->next, kind) : NULL;
    while (entry != NULL) {
        /* Found before the call, because fn may end the life of entry. */
        next = bucket_next_locked(bucket, entry->link.next, kind);
        we_host_mutex_unlock(&shard->mutex);
        fn(entry, context);
        we_host_mutex_lock(&shard->mutex);
        /* Another thread, or fn itself, may have removed the next one meanwhile. */
        entry = next != NULL && bucket_contains_locked(bucket, &next->link) ? next : NULL;
    }
    we_host_mutex_unlock(&shard->mutex);
}

void we_vrf_ledger_each(enum we_vrf_kind kind, void (*fn)(struct we_vrf_entry *entry, void *context), void *context)
{
    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &s_shards[i];
        uint32_t live_count;

        we_host_mutex_lock(&shard->mutex);
        live_count = shard->live_counts[kind];
        we_host_mutex_unlock(&shard->mutex);
        for (unsigned j = 0; live_count != 0 && j < BUCKET_COUNT; j++) {
            bucket_each(shard, &s_buckets[i][j], kind, fn, context);
        }
    }
}

const char *we_vrf_kind_name(enum we_vrf_kind kind)
{
    static const char *const names[WE_KIND_COUNT] = {
        [WE_KIND_POOL] = "pool block",
        [WE_KIND_LOOKASIDE] = "lookaside list",
        [WE_KIND_IRP] = "IRP",
        [WE_KIND_MDL] = "MDL",
        [WE_KIND_WORK_ITEM] = "work item",
        [WE_KIND_OBJECT] = "object",
        [WE_KIND_HANDLE] = "handle",
        [WE_KIND_TIMER] = "timer",
        [WE_KIND_CALLBACK] = "callback registration",
        [WE_KIND_CRYPTO_PROVIDER] = "algorithm provider",
        [WE_KIND_CRYPTO_HASH] = "hash",
        [WE_KIND_REGISTRATION] = "WSK registration",
        [WE_KIND_CAPTURE] = "captured provider NPI",
        [WE_KIND_SOCKET] = "socket",
        [WE_KIND_INDICATION] = "retained data indication",
        [WE_KIND_INSPECT] = "pended connection request",
        [WE_KIND_NMR_MODULE] = "NMR module",
        [WE_KIND_ADDRESS_INFO] = "list of addresses",
        [WE_KIND_SECURITY] = "cached security descriptor",
        [WE_KIND_TRACE] = "trace registration",
        [WE_KIND_ERROR_LOG] = "error log entry",
    };

    WE_ASSERT((unsigned)kind < WE_KIND_COUNT);
    return names[kind];
}

/* The objects are not touched: whoever resets has freed them or no longer knows them. */
static void shard_reset(unsigned shard_index)
{
    struct shard *shard = &s_shards[shard_index];

    we_host_mutex_lock(&shard->mutex);
    if (shard->live_count != 0) {
        memset(s_buckets[shard_index], 0, sizeof(s_buckets[shard_index]));
        memset(shard->live_counts, 0, sizeof(shard->live_counts));
        shard->live_count = 0;
    }
    memset(shard->dead_addresses, 0, sizeof(shard->dead_addresses));
    shard->tombstone_next = 0;
    we_host_mutex_unlock(&shard->mutex);
}

void we_vrf_ledger_reset(void)
{
    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        shard_reset(i);
    }
}

void we_vrf_ledger_set_tracing(bool is_on)
{
    __atomic_store_n(&s_is_tracing_off, !is_on, __ATOMIC_RELAXED);
}
