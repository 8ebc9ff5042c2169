/* SPDX-License-Identifier: MIT */
/* Tagged pool: every block carries its ledger entry in front, and canaries on both sides. */
#include "nt/ex_pool.h"

#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_mem.h"
#include "nt/ex_paged.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_asan.h"
#include "nt/nt_block.h"
#include "nt/nt_init.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"

/* Design
 *
 *   | memory of the host ... | struct pool_header | head canary | the driver's bytes | tail canary |
 *
 * The header stands at a fixed distance in front of the block, so a free finds it without a search. Its magic number
 * depends on the address: an interior pointer, or one of another allocator, is told from a block.
 *
 * Blocks below a page in size are 16-byte aligned and do not cross a page; larger ones are page aligned. The host's
 * allocator promises the first only, so a block that would cross a page is allocated again with room to move it.
 *
 * Freed blocks are filled with a pattern and wait in a ring; when a block leaves the ring the pattern is checked. The
 * ring has no lock: whoever frees a block puts it into the next place and disposes of what lay there. With the address
 * sanitizer there is no ring, because the sanitizer has a better one, and the canaries are poisoned as well.
 */

#define HEADER_MAGIC 0x57534b506f6f6c21ULL
#define CANARY_BYTE 0xA5
#define CANARY_BYTES 16u
#define FREED_BYTE 0xDD
#define CACHE_LINE_BYTES 64u
#define QUARANTINE_MAX 64u                /* a power of two */
#define QUARANTINE_BLOCK_BYTES PAGE_SIZE  /* larger blocks are freed at once: bounds what is kept back */
#define BLOCK_MAX_BYTES ((size_t)1 << 38) /* no host has more; keeps the arithmetic from overflowing */
#define DEFAULT_TAG 0x656e6f4eu           /* "None" */

enum pool_kind { POOL_KIND_NONPAGED, POOL_KIND_PAGED };

struct pool_header {
    struct we_vrf_entry entry; /* address = the block, with its tag and size */
    struct we_ex_paged paged;  /* of paged pool */
    void *memory;              /* what the host allocated */
    uint64_t magic;
    uint8_t kind;                              /* enum pool_kind */
    _Alignas(16) uint8_t canary[CANARY_BYTES]; /* last: the bytes in front of the block */
};
WE_STATIC_ASSERT(sizeof(struct pool_header) == offsetof(struct pool_header, canary) + CANARY_BYTES,
                 "the canary must lie directly in front of the block");

/* What a caller asks for, whichever function it calls. */
struct pool_request {
    SIZE_T size_bytes;
    ULONG tag;
    enum pool_kind kind;
    bool is_cache_aligned;
    bool is_zeroed;
    bool raises;
    NTSTATUS raise_status;
};

static struct pool_header *s_quarantine[QUARANTINE_MAX]; /* atomic */
static uint32_t s_quarantine_next;                       /* atomic */
static uint8_t s_fill_byte;                              /* of uninitialised memory; constant while an instance runs */

static const uint8_t s_canary[CANARY_BYTES] = { CANARY_BYTE, CANARY_BYTE, CANARY_BYTE, CANARY_BYTE,
                                                CANARY_BYTE, CANARY_BYTE, CANARY_BYTE, CANARY_BYTE,
                                                CANARY_BYTE, CANARY_BYTE, CANARY_BYTE, CANARY_BYTE,
                                                CANARY_BYTE, CANARY_BYTE, CANARY_BYTE, CANARY_BYTE };

static uint64_t header_magic(const struct pool_header *header)
{
    return HEADER_MAGIC ^ (uint64_t)(uintptr_t)header;
}

static uint8_t *header_block(struct pool_header *header)
{
    return (uint8_t *)(header + 1);
}

/* A tag as it is shown: its bytes in memory order, which is backwards from how it is written. */
struct tag_text {
    char text[5];
};

static struct tag_text tag_text(ULONG tag)
{
    struct tag_text result;
    unsigned i;

    for (i = 0; i < 4; i++) {
        unsigned byte = (tag >> (8 * i)) & 0x7f; /* the top bit is PROTECTED_POOL */

        result.text[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
    }
    result.text[4] = '\0';
    return result;
}

/* --- placing a block ------------------------------------------------------------------------ */

static bool crosses_page(uintptr_t address, size_t size_bytes)
{
    return address / PAGE_SIZE != (address + size_bytes - 1) / PAGE_SIZE;
}

static struct pool_header *place_at(void *memory, uintptr_t block)
{
    struct pool_header *header = (struct pool_header *)block - 1;

    header->memory = memory;
    return header;
}

/* Allocates room for header, block and canary, with the block at a multiple of alignment. */
static struct pool_header *place_aligned(size_t size_bytes, size_t alignment)
{
    uint8_t *memory = (uint8_t *)we_host_alloc(sizeof(struct pool_header) + size_bytes + CANARY_BYTES + alignment);

    if (memory == NULL) {
        return NULL;
    }
    return place_at(memory, ALIGN_UP_BY((uintptr_t)(memory + sizeof(struct pool_header)), alignment));
}

/* As place_aligned for 16 bytes, with room to move the block behind the next page boundary. */
static struct pool_header *place_movable(size_t size_bytes)
{
    uint8_t *memory = (uint8_t *)we_host_alloc(sizeof(struct pool_header) + 2 * size_bytes + CANARY_BYTES + 16);
    uintptr_t block;

    if (memory == NULL) {
        return NULL;
    }
    block = (uintptr_t)(memory + sizeof(struct pool_header));
    if (crosses_page(block, size_bytes)) {
        block = ALIGN_UP_BY(block, PAGE_SIZE);
    }
    return place_at(memory, block);
}

static struct pool_header *place(size_t size_bytes, bool is_cache_aligned)
{
    uint8_t *memory;
    uintptr_t block;

    if (size_bytes >= PAGE_SIZE) {
        return place_aligned(size_bytes, PAGE_SIZE);
    }
    if (is_cache_aligned) {
        /* A power of two that is at least the size never crosses a page. */
        size_t alignment = CACHE_LINE_BYTES;

        while (alignment < size_bytes) {
            alignment *= 2;
        }
        return place_aligned(size_bytes, alignment);
    }
    memory = (uint8_t *)we_host_alloc(sizeof(struct pool_header) + size_bytes + CANARY_BYTES);
    if (memory == NULL) {
        return NULL;
    }
    block = (uintptr_t)(memory + sizeof(struct pool_header));
    if (crosses_page(block, size_bytes)) {
        we_host_free(memory);
        return place_movable(size_bytes);
    }
    return place_at(memory, block);
}

/* --- allocating ------------------------------------------------------------------------------ */

static void canaries_write(struct pool_header *header, size_t size_bytes)
{
    uint8_t *tail = header_block(header) + size_bytes;

    memcpy(header->canary, s_canary, CANARY_BYTES);
    memcpy(tail, s_canary, CANARY_BYTES);
    we_nt_asan_poison(header->canary, CANARY_BYTES);
    we_nt_asan_poison(tail, CANARY_BYTES);
}

static void request_check(const struct pool_request *request)
{
    KIRQL irql = we_nt_irql_current();
    KIRQL highest = request->kind == POOL_KIND_PAGED ? APC_LEVEL : DISPATCH_LEVEL;

    if (irql > highest) {
        (void)we_vrf_report(WE_RULE_POOL_002, NULL, "%llu bytes of %s pool with tag '%s' were allocated at %s",
                            (unsigned long long)request->size_bytes,
                            request->kind == POOL_KIND_PAGED ? "paged" : "nonpaged", tag_text(request->tag).text,
                            we_nt_irql_name(irql));
    }
    if (request->size_bytes == 0) {
        (void)we_vrf_report(WE_RULE_POOL_001, NULL, "0 bytes of pool with tag '%s' were allocated",
                            tag_text(request->tag).text);
    }
    if (request->tag == 0) {
        (void)we_vrf_report(WE_RULE_POOL_007, NULL, "%llu bytes of pool were allocated with tag 0",
                            (unsigned long long)request->size_bytes);
    }
}

static PVOID pool_allocate(const struct pool_request *request)
{
    size_t size_bytes = request->size_bytes != 0 ? request->size_bytes : 1;
    struct pool_header *header;

    request_check(request);
    header = size_bytes <= BLOCK_MAX_BYTES ? place(size_bytes, request->is_cache_aligned) : NULL;
    if (header == NULL) {
        if (request->raises) {
            ExRaiseStatus(request->raise_status);
        }
        return NULL;
    }
    header->kind = (uint8_t)request->kind;
    memset(header_block(header), request->is_zeroed ? 0 : s_fill_byte, size_bytes);
    canaries_write(header, size_bytes);
    we_vrf_ledger_add(&header->entry, WE_KIND_POOL, header_block(header), size_bytes, request->tag, NULL);
    if (request->kind == POOL_KIND_PAGED) {
        we_ex_paged_add(&header->paged, &header->entry);
    }
    __atomic_store_n(&header->magic, header_magic(header), __ATOMIC_RELAXED);
    return header_block(header);
}

#define POOL_FLAGS_KNOWN                                                                           \
    (POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED | \
     POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)

/* POOL-017. False: the allocation fails. */
static bool flags_check(POOL_FLAGS flags)
{
    POOL_FLAGS kinds = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);

    if (kinds == 0 || (kinds & (kinds - 1)) != 0) {
        (void)we_vrf_report(WE_RULE_POOL_017, NULL, "ExAllocatePool2 flags 0x%llx do not name exactly one kind of pool",
                            (unsigned long long)flags);
        return false;
    }
    if ((flags & 0xffffffffu & ~POOL_FLAGS_KNOWN) != 0) {
        (void)we_vrf_report(WE_RULE_POOL_017, NULL, "ExAllocatePool2 flags 0x%llx have bits that are not defined",
                            (unsigned long long)flags);
        return false;
    }
    return true;
}

static PVOID allocate_by_flags(POOL_FLAGS flags, SIZE_T size_bytes, ULONG tag)
{
    struct pool_request request = { size_bytes, tag, POOL_KIND_NONPAGED, false, false, false, 0 };

    request.raises = (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0;
    request.raise_status = STATUS_INSUFFICIENT_RESOURCES;
    if (!flags_check(flags)) {
        if (request.raises) {
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        }
        return NULL;
    }
    request.kind = (flags & POOL_FLAG_PAGED) != 0 ? POOL_KIND_PAGED : POOL_KIND_NONPAGED;
    request.is_cache_aligned = (flags & POOL_FLAG_CACHE_ALIGNED) != 0;
    request.is_zeroed = (flags & POOL_FLAG_UNINITIALIZED) == 0;
    return pool_allocate(&request);
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    WE_NT_ENTRY(ExAllocatePool2);
    return allocate_by_flags(Flags, NumberOfBytes, Tag);
}

PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                      ULONG ExtendedParametersCount)
{
    ULONG i;

    WE_NT_ENTRY(ExAllocatePool3);
    for (i = 0; i < ExtendedParametersCount; i++) {
        /* Priority and node are hints; what else there is must be understood or declared optional. */
        if (ExtendedParameters[i].Type != PoolExtendedParameterPriority &&
            ExtendedParameters[i].Type != PoolExtendedParameterNumaNode && !ExtendedParameters[i].Optional) {
            return NULL;
        }
    }
    return allocate_by_flags(Flags, NumberOfBytes, Tag);
}

/* POOL_TYPE without the bits that can be or-ed in. */
#define POOL_TYPE_OPTIONS                                                                                              \
    (POOL_QUOTA_FAIL_INSTEAD_OF_RAISE | POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_COLD_ALLOCATION | POOL_NX_ALLOCATION | \
     POOL_ZERO_ALLOCATION)

/* Fills request from a POOL_TYPE. False: reported, the allocation fails. */
static bool request_from_type(struct pool_request *request, POOL_TYPE type)
{
    unsigned kind = (unsigned)type & ~(unsigned)POOL_TYPE_OPTIONS;

    switch (kind) {
    case NonPagedPool:
    case PagedPool:
    case NonPagedPoolCacheAligned:
    case PagedPoolCacheAligned:
    case NonPagedPoolSession:
    case PagedPoolSession:
        break;
    default:
        (void)we_vrf_report(WE_RULE_POOL_017, NULL, "pool type %u does not exist", (unsigned)type);
        return false;
    }
    request->kind = (kind & 1) != 0 ? POOL_KIND_PAGED : POOL_KIND_NONPAGED;
    request->is_cache_aligned = (kind & 4) != 0;
    request->is_zeroed = ((unsigned)type & POOL_ZERO_ALLOCATION) != 0;
    request->raises = ((unsigned)type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0;
    request->raise_status = STATUS_INSUFFICIENT_RESOURCES;
    return true;
}

static PVOID allocate_by_type(POOL_TYPE type, SIZE_T size_bytes, ULONG tag, bool is_quota)
{
    struct pool_request request = { size_bytes, tag, POOL_KIND_NONPAGED, false, false, false, 0 };

    if (!request_from_type(&request, type)) {
        return NULL;
    }
    if (is_quota && ((unsigned)type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) {
        request.raises = true;
    }
    return pool_allocate(&request);
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    WE_NT_ENTRY(ExAllocatePool);
    return allocate_by_type(PoolType, NumberOfBytes, DEFAULT_TAG, false);
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    WE_NT_ENTRY(ExAllocatePoolWithTag);
    return allocate_by_type(PoolType, NumberOfBytes, Tag, false);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    WE_NT_ENTRY(ExAllocatePoolWithTagPriority);
    UNREFERENCED_PARAMETER(Priority);
    return allocate_by_type(PoolType, NumberOfBytes, Tag, false);
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    WE_NT_ENTRY(ExAllocatePoolWithQuotaTag);
    return allocate_by_type(PoolType, NumberOfBytes, Tag, true);
}

/* --- freeing ---------------------------------------------------------------------------------- */

/* The header of a live block, or NULL. The bytes in front of any pointer that is not NULL are taken to be readable. */
static struct pool_header *header_find(const void *block)
{
    struct pool_header *header;

    if (block == NULL || (uintptr_t)block % 16 != 0) {
        return NULL;
    }
    header = (struct pool_header *)(uintptr_t)block - 1;
    if (we_nt_asan_is_poisoned(header, sizeof(*header) - CANARY_BYTES)) {
        return NULL;
    }
    return __atomic_load_n(&header->magic, __ATOMIC_RELAXED) == header_magic(header) ? header : NULL;
}

struct containing {
    const uint8_t *address;
    const struct we_vrf_entry *entry;
};

static void note_if_inside(struct we_vrf_entry *entry, void *context)
{
    struct containing *containing = (struct containing *)context;
    const uint8_t *begin = (const uint8_t *)entry->address;

    if (containing->address >= begin && containing->address < begin + entry->size_bytes) {
        containing->entry = entry;
    }
}

/* A free of something that is not a live block: says what it is. */
static void report_bad_free(const void *block)
{
    struct containing containing = { (const uint8_t *)block, NULL };
    struct we_vrf_tombstone tombstone;
    struct we_nt_view view;

    if (block != NULL && we_vrf_ledger_find_dead(WE_KIND_POOL, block, &tombstone)) {
        (void)we_vrf_report(WE_RULE_POOL_004, we_nt_view_make(&view, WE_KIND_POOL, block),
                            "pool block %p with tag '%s' was freed a second time", block, tag_text(tombstone.tag).text);
        return;
    }
    we_vrf_ledger_each(WE_KIND_POOL, note_if_inside, &containing);
    if (containing.entry != NULL) {
        (void)we_vrf_report_entry(WE_RULE_POOL_005, containing.entry,
                                  "%p was freed, which lies %zu bytes inside a block", block,
                                  (size_t)(containing.address - (const uint8_t *)containing.entry->address));
        return;
    }
    (void)we_vrf_report(WE_RULE_POOL_005, NULL, "%p was freed, which is not a pool block", block);
}

/* POOL-008 and POOL-009. Makes the canaries readable first. */
static void canaries_check(struct pool_header *header)
{
    size_t size_bytes = header->entry.size_bytes;
    const uint8_t *tail = header_block(header) + size_bytes;

    we_nt_asan_unpoison(header->canary, CANARY_BYTES);
    we_nt_asan_unpoison(tail, CANARY_BYTES);
    if (memcmp(tail, s_canary, CANARY_BYTES) != 0) {
        (void)we_vrf_report_entry(WE_RULE_POOL_008, &header->entry,
                                  "bytes behind pool block %p of %zu bytes with tag '%s' were overwritten",
                                  header->entry.address, size_bytes, tag_text(header->entry.tag).text);
    }
    if (memcmp(header->canary, s_canary, CANARY_BYTES) != 0) {
        (void)we_vrf_report_entry(WE_RULE_POOL_009, &header->entry,
                                  "bytes in front of pool block %p of %zu bytes with tag '%s' were overwritten",
                                  header->entry.address, size_bytes, tag_text(header->entry.tag).text);
    }
}

/* POOL-010: the block leaves the quarantine. */
static void quarantine_check(struct pool_header *header)
{
    const uint8_t *block = header_block(header);
    size_t size_bytes = header->entry.size_bytes;
    struct we_nt_view view;

    if (block[0] == FREED_BYTE && memcmp(block, block + 1, size_bytes - 1) == 0) {
        return;
    }
    (void)we_vrf_report(WE_RULE_POOL_010, we_nt_view_make(&view, WE_KIND_POOL, block),
                        "pool block %p of %zu bytes with tag '%s' was written to after it was freed",
                        (const void *)block, size_bytes, tag_text(header->entry.tag).text);
}

static void quarantine_swap(uint32_t place_index, struct pool_header *header)
{
    struct pool_header *oldest = __atomic_exchange_n(&s_quarantine[place_index], header, __ATOMIC_ACQ_REL);

    if (oldest != NULL) {
        quarantine_check(oldest);
        we_host_free(oldest->memory);
    }
}

/* The block is off the ledger. */
static void dispose(struct pool_header *header)
{
    bool is_kept = header->entry.size_bytes <= QUARANTINE_BLOCK_BYTES;

#ifdef WE_NT_ASAN
    is_kept = false;
#endif
    __atomic_store_n(&header->magic, 0, __ATOMIC_RELAXED);
    if (!is_kept) {
        we_host_free(header->memory);
        return;
    }
    memset(header_block(header), FREED_BYTE, header->entry.size_bytes);
    quarantine_swap(__atomic_fetch_add(&s_quarantine_next, 1, __ATOMIC_RELAXED) % QUARANTINE_MAX, header);
}

static void pool_free(PVOID block, ULONG tag)
{
    struct pool_header *header = header_find(block);
    KIRQL irql = we_nt_irql_current();

    if (header == NULL) {
        report_bad_free(block);
        return;
    }
    if (irql > (header->kind == POOL_KIND_PAGED ? APC_LEVEL : DISPATCH_LEVEL)) {
        (void)we_vrf_report_entry(WE_RULE_POOL_003, &header->entry, "%s pool block %p with tag '%s' was freed at %s",
                                  header->kind == POOL_KIND_PAGED ? "paged" : "nonpaged", block,
                                  tag_text(header->entry.tag).text, we_nt_irql_name(irql));
    }
    if (tag != header->entry.tag && (tag != 0 || (header->entry.tag & PROTECTED_POOL) != 0)) {
        (void)we_vrf_report_entry(WE_RULE_POOL_006, &header->entry,
                                  "pool block %p was allocated with tag '%s' and freed with tag '%s'", block,
                                  tag_text(header->entry.tag).text, tag_text(tag).text);
    }
    canaries_check(header);
    we_ke_check_freed_range(block, header->entry.size_bytes);
    we_ex_paged_remove(&header->paged, &header->entry);
    we_vrf_ledger_remove(&header->entry);
    dispose(header);
}

VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    WE_NT_ENTRY(ExFreePoolWithTag);
    pool_free(P, Tag);
}

VOID ExFreePool(PVOID P)
{
    WE_NT_ENTRY(ExFreePool);
    pool_free(P, 0);
}

VOID ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    WE_NT_ENTRY(ExFreePool2);
    UNREFERENCED_PARAMETER(ExtendedParameters);
    UNREFERENCED_PARAMETER(ExtendedParametersCount);
    pool_free(P, Tag);
}

/* --- start and stop ------------------------------------------------------------------------------ */

/* Blocks with one tag that were allocated at one place are one leak. */
struct leak {
    const struct we_vrf_entry *first;
    struct we_vrf_entry like; /* tag and stack of the first */
    size_t count;
    size_t size_bytes;
};

static bool is_same_leak(const struct we_vrf_entry *entry, const struct leak *leak)
{
    return entry->tag == leak->like.tag && we_host_trace_is_same(&entry->made, &leak->like.made);
}

static void leak_count(struct we_vrf_entry *entry, void *context)
{
    struct leak *leak = (struct leak *)context;

    if (leak->first == NULL) {
        leak->first = entry;
        leak->like = *entry;
    }
    if (is_same_leak(entry, leak)) {
        leak->count++;
        leak->size_bytes += entry->size_bytes;
    }
}

static void leak_free(struct we_vrf_entry *entry, void *context)
{
    struct pool_header *header = WE_CONTAINER(entry, struct pool_header, entry);

    if (!is_same_leak(entry, (const struct leak *)context)) {
        return;
    }
    canaries_check(header);
    we_ex_paged_remove(&header->paged, entry);
    we_vrf_ledger_remove(entry);
    __atomic_store_n(&header->magic, 0, __ATOMIC_RELAXED);
    we_host_free(header->memory);
}

static void report_leaks(void)
{
    struct leak leak;

    while (we_vrf_ledger_count(WE_KIND_POOL) != 0) {
        memset(&leak, 0, sizeof(leak));
        we_vrf_ledger_each(WE_KIND_POOL, leak_count, &leak);
        WE_ASSERT(leak.first != NULL);
        (void)we_vrf_report_entry(WE_RULE_POOL_011, leak.first,
                                  "%zu pool block(s), %zu bytes with tag '%s' were never freed", leak.count,
                                  leak.size_bytes, tag_text(leak.like.tag).text);
        we_vrf_ledger_each(WE_KIND_POOL, leak_free, &leak);
    }
}

void we_ex_pool_start(void)
{
    /* Another pattern for each seed, but never zero and never the one of freed memory. */
    s_fill_byte = (uint8_t)(0x81u + we_host_exec_seed() % 0x40u);
}

void we_ex_pool_stop(void)
{
    uint32_t i;

    we_ex_lookaside_report_leaks();
    report_leaks();
    for (i = 0; i < QUARANTINE_MAX; i++) {
        quarantine_swap(i, NULL);
    }
}
