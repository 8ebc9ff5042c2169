/* SPDX-License-Identifier: MIT */
/* MDLs: descriptions of memory, and the states locked and mapped. */
#include "nt/mm_mdl.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/nt_asan.h"
#include "nt/nt_block.h"
#include "nt/nt_init.h"
#include "nt/nt_irql.h"

/* Design
 *
 * All memory is always there, so "locked" and "mapped" are states in MdlFlags and a mapping is the address itself.
 * MDL_ALLOCATED_FIXED_SIZE marks the MDLs of IoAllocateMdl: only those have a header of ours in front of them.
 *
 * The pages of MmAllocatePagesForMdlEx lie in a block of ours that begins with a ledger entry. MDL.Process, which Windows
 * keeps for itself, points to the block. The MDL itself is a pool block, because drivers free it with ExFreePool.
 */

#define LOWEST_ADDRESS ((ULONG_PTR)0x10000) /* nothing is ever mapped below */
#define MDL_TAG 0x6c644d6du                 /* "mMdl" */

/* Size is a CSHORT: the longest MDL whose size it can tell. */
#define LENGTH_MAX_BYTES ((0x7fffu - sizeof(MDL)) / sizeof(PFN_NUMBER) * PAGE_SIZE)

struct pages {
    struct we_vrf_entry entry; /* address = the MDL, note = s_pages_note */
    void *first_page;
};

static const char s_pages_note[] = "pages of an MDL";

static bool has_flag(const MDL *mdl, unsigned flags)
{
    return ((unsigned)(USHORT)mdl->MdlFlags & flags) != 0;
}

static void set_flags(PMDL mdl, unsigned set, unsigned clear)
{
    mdl->MdlFlags = (CSHORT)(((unsigned)(USHORT)mdl->MdlFlags & ~clear) | set);
}

static bool is_pages_mdl(const MDL *mdl)
{
    return has_flag(mdl, MDL_INTERNAL);
}

/* MmGetMdlVirtualAddress as a number: MDLs over address 0 are legal, arithmetic with a null pointer is not. */
static ULONG_PTR mdl_address(const MDL *mdl)
{
    return (ULONG_PTR)mdl->StartVa + mdl->ByteOffset;
}

/* Report helpers: MDLs in drivers' own memory have no history. */
#define MDL_REPORT(rule, mdl, ...)                                                         \
    do {                                                                                   \
        struct we_nt_view view_;                                                           \
        (void)we_vrf_report(rule, we_nt_view_make(&view_, WE_KIND_MDL, mdl), __VA_ARGS__); \
    } while (0)

/* Page frame numbers are addresses divided by the page size. */
static void fill_pages(PMDL mdl, ULONG_PTR first_page)
{
    PPFN_NUMBER pfn = MmGetMdlPfnArray(mdl);
    ULONG count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlByteOffset(mdl), MmGetMdlByteCount(mdl));
    ULONG i;

    for (i = 0; i < count; i++) {
        pfn[i] = (first_page >> PAGE_SHIFT) + i;
    }
}

/* --- making and releasing -------------------------------------------------------------------- */

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * (SIZE_T)ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

static void irp_add_mdl(PIRP irp, PMDL mdl, BOOLEAN is_secondary)
{
    PMDL last = irp->MdlAddress;

    if (!is_secondary || last == NULL) {
        irp->MdlAddress = mdl;
        return;
    }
    while (last->Next != NULL) {
        last = last->Next;
    }
    last->Next = mdl;
}

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    PMDL mdl;

    WE_NT_ENTRY(IoAllocateMdl);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (Length > 0xffffffffu - PAGE_SIZE) {
        return NULL;
    }
    mdl = (PMDL)we_nt_block_alloc(WE_KIND_MDL, MmSizeOfMdl(VirtualAddress, Length), NULL);
    if (mdl == NULL) {
        return NULL;
    }
    MmInitializeMdl(mdl, VirtualAddress, Length);
    set_flags(mdl, MDL_ALLOCATED_FIXED_SIZE, 0);
    if (Irp != NULL) {
        irp_add_mdl(Irp, mdl, SecondaryBuffer);
    }
    return mdl;
}

/* The header of an MDL of IoAllocateMdl, or NULL. */
static struct we_nt_block *mdl_block(const MDL *mdl)
{
    if (mdl == NULL || we_nt_asan_is_poisoned(mdl, sizeof(*mdl)) || !has_flag(mdl, MDL_ALLOCATED_FIXED_SIZE)) {
        return NULL;
    }
    return we_nt_block_find(WE_KIND_MDL, mdl);
}

static void free_check(PMDL mdl)
{
    if (has_flag(mdl, MDL_MAPPED_TO_SYSTEM_VA) && !has_flag(mdl, MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL)) {
        MDL_REPORT(WE_RULE_MDL_018, mdl, "IoFreeMdl was called for MDL %p, which is mapped at %p", (void *)mdl,
                   mdl->MappedSystemVa);
    } else if (has_flag(mdl, MDL_PAGES_LOCKED)) {
        MDL_REPORT(WE_RULE_MDL_010, mdl, "IoFreeMdl was called for MDL %p, whose pages are locked", (void *)mdl);
    }
}

VOID IoFreeMdl(PMDL Mdl)
{
    struct we_nt_block *block = mdl_block(Mdl);

    WE_NT_ENTRY(IoFreeMdl);
    if (block == NULL) {
        MDL_REPORT(WE_RULE_MDL_019, Mdl, "IoFreeMdl was called for %p, which is not a live MDL of IoAllocateMdl",
                   (void *)Mdl);
        return;
    }
    free_check(Mdl);
    we_nt_block_free(block);
}

/* --- nonpaged memory and locking ---------------------------------------------------------------- */

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    WE_NT_ENTRY(MmBuildMdlForNonPagedPool);
    mdl->Process = NULL;
    mdl->MappedSystemVa = (PVOID)mdl_address(mdl);
    set_flags(mdl, MDL_SOURCE_IS_NONPAGED_POOL, 0);
    fill_pages(mdl, (ULONG_PTR)mdl->StartVa);
}

VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    PMDL mdl = MemoryDescriptorList;
    ULONG_PTR address = mdl_address(mdl);

    WE_NT_ENTRY(MmProbeAndLockPages);
    UNREFERENCED_PARAMETER(AccessMode);
    if (has_flag(mdl, MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_MAPPED_TO_SYSTEM_VA |
                          MDL_IO_SPACE)) {
        MDL_REPORT(WE_RULE_MDL_004, mdl, "MmProbeAndLockPages was called for MDL %p, whose flags are 0x%04x",
                   (void *)mdl, (unsigned)(USHORT)mdl->MdlFlags);
        return;
    }
    if (address < LOWEST_ADDRESS || mdl->ByteCount == 0 || address + mdl->ByteCount < address) {
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
    }
    set_flags(mdl, Operation == IoReadAccess ? MDL_PAGES_LOCKED : MDL_PAGES_LOCKED | MDL_WRITE_OPERATION,
              MDL_WRITE_OPERATION);
    fill_pages(mdl, (ULONG_PTR)mdl->StartVa);
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    WE_NT_ENTRY(MmUnlockPages);
    if (has_flag(mdl, MDL_SOURCE_IS_NONPAGED_POOL)) {
        MDL_REPORT(WE_RULE_MDL_008, mdl, "MmUnlockPages was called for MDL %p, which describes nonpaged pool",
                   (void *)mdl);
        return;
    }
    if (!has_flag(mdl, MDL_PAGES_LOCKED) || has_flag(mdl, MDL_PARTIAL) || is_pages_mdl(mdl)) {
        MDL_REPORT(WE_RULE_MDL_007, mdl,
                   "MmUnlockPages was called for MDL %p, which holds no lock of its own (flags 0x%04x)", (void *)mdl,
                   (unsigned)(USHORT)mdl->MdlFlags);
        return;
    }
    mdl->MappedSystemVa = NULL;
    set_flags(mdl, 0, MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_WRITE_OPERATION);
}

/* --- mapping ------------------------------------------------------------------------------------ */

void *we_mm_mdl_bytes(const MDL *mdl)
{
    if (is_pages_mdl(mdl)) {
        return ((const struct pages *)(const void *)mdl->Process)->first_page;
    }
    if (has_flag(mdl, MDL_PARTIAL) && mdl->Process != NULL) {
        return (PCHAR)(void *)mdl->Process + mdl->ByteOffset; /* see IoBuildPartialMdl */
    }
    return (void *)mdl_address(mdl);
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType,
                                   PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    PMDL mdl = MemoryDescriptorList;

    WE_NT_ENTRY(MmMapLockedPagesSpecifyCache);
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(RequestedAddress);
    UNREFERENCED_PARAMETER(BugCheckOnFailure); /* a mapping cannot fail here */
    UNREFERENCED_PARAMETER(Priority);
    if (!has_flag(mdl, MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL)) {
        MDL_REPORT(WE_RULE_MDL_011, mdl, "MDL %p was to be mapped although its pages are not locked (flags 0x%04x)",
                   (void *)mdl, (unsigned)(USHORT)mdl->MdlFlags);
        return NULL;
    }
    if (AccessMode == UserMode) {
        return we_mm_mdl_bytes(mdl); /* user mappings are not counted: there are no user processes */
    }
    if (has_flag(mdl, MDL_MAPPED_TO_SYSTEM_VA)) {
        MDL_REPORT(WE_RULE_MDL_012, mdl, "MDL %p was to be mapped again; it is mapped at %p", (void *)mdl,
                   mdl->MappedSystemVa);
        return mdl->MappedSystemVa;
    }
    mdl->MappedSystemVa = we_mm_mdl_bytes(mdl);
    set_flags(mdl, MDL_MAPPED_TO_SYSTEM_VA | (has_flag(mdl, MDL_PARTIAL) ? MDL_PARTIAL_HAS_BEEN_MAPPED : 0), 0);
    return mdl->MappedSystemVa;
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;

    WE_NT_ENTRY(MmUnmapLockedPages);
    if (!has_flag(mdl, MDL_MAPPED_TO_SYSTEM_VA) || BaseAddress != mdl->MappedSystemVa) {
        we_host_log(WE_LOG_WARNING, "MmUnmapLockedPages(%p, MDL %p): the MDL is not mapped there", BaseAddress,
                    (void *)mdl);
        return;
    }
    mdl->MappedSystemVa = NULL;
    set_flags(mdl, 0, MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

NTSTATUS MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    WE_NT_ENTRY(MmProtectMdlSystemAddress);
    if (!has_flag(MemoryDescriptorList, MDL_MAPPED_TO_SYSTEM_VA)) {
        return STATUS_NOT_MAPPED_VIEW;
    }
    switch (NewProtect) {
    case PAGE_NOACCESS:
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
        return STATUS_SUCCESS; /* accepted; the protection of the host's pages does not change */
    default:
        return STATUS_INVALID_PAGE_PROTECTION;
    }
}

/* --- partial MDLs ----------------------------------------------------------------------------- */

/* For how many bytes of header and page array there is room. */
static SIZE_T capacity_bytes(const MDL *mdl)
{
    const struct we_nt_block *block = mdl_block(mdl);

    return block != NULL ? block->entry.size_bytes : (SIZE_T)(USHORT)mdl->Size;
}

/* MDL-024. Returns the length to describe, or 0 when the range cannot be described. */
static ULONG partial_check(const MDL *source, PMDL target, ULONG_PTR address, ULONG length)
{
    ULONG_PTR begin = mdl_address(source);
    ULONG_PTR end = begin + source->ByteCount;

    if (address < begin || address > end || length > end - address) {
        MDL_REPORT(WE_RULE_MDL_024, target,
                   "IoBuildPartialMdl: %p and %u bytes are not inside the source MDL's %p and %u", (void *)address,
                   (unsigned)length, (void *)begin, (unsigned)source->ByteCount);
        return 0;
    }
    if (length == 0) {
        length = (ULONG)(end - address);
    }
    if (MmSizeOfMdl((PVOID)address, length) > capacity_bytes(target)) {
        MDL_REPORT(WE_RULE_MDL_024, target,
                   "IoBuildPartialMdl: the target MDL %p has no room for the pages of %u bytes", (void *)target,
                   (unsigned)length);
        return 0;
    }
    return length;
}

VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ULONG length;
    PCHAR base;

    WE_NT_ENTRY(IoBuildPartialMdl);
    length = partial_check(SourceMdl, TargetMdl, (ULONG_PTR)VirtualAddress, Length);
    if (length == 0) {
        return;
    }
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = length;
    set_flags(TargetMdl, MDL_PARTIAL | ((unsigned)(USHORT)SourceMdl->MdlFlags & MDL_WRITE_OPERATION),
              MDL_MAPPING_FLAGS | MDL_WRITE_OPERATION);
    /* Where the described bytes really are; differs from the address for the pages of MmAllocatePagesForMdlEx. */
    base = (PCHAR)we_mm_mdl_bytes(SourceMdl) + ((ULONG_PTR)VirtualAddress - mdl_address(SourceMdl));
    TargetMdl->Process = (struct _EPROCESS *)(void *)(base - TargetMdl->ByteOffset);
    TargetMdl->MappedSystemVa = NULL;
    if (has_flag(SourceMdl, MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        TargetMdl->MappedSystemVa = base;
        set_flags(TargetMdl, MDL_MAPPED_TO_SYSTEM_VA, 0);
    }
    fill_pages(TargetMdl, (ULONG_PTR)PAGE_ALIGN(base));
}

/* --- pages of their own -------------------------------------------------------------------------- */

static struct pages *pages_alloc(PMDL mdl, SIZE_T size_bytes, ULONG flags)
{
    struct pages *pages = (struct pages *)we_host_alloc(sizeof(*pages) + size_bytes + PAGE_SIZE);

    if (pages == NULL) {
        return NULL;
    }
    pages->first_page = ALIGN_UP_POINTER_BY(pages + 1, PAGE_SIZE);
    if ((flags & MM_DONT_ZERO_ALLOCATION) == 0) {
        memset(pages->first_page, 0, size_bytes);
    }
    we_vrf_ledger_add(&pages->entry, WE_KIND_MDL, mdl, size_bytes, 0, s_pages_note);
    return pages;
}

PMDL MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS SkipBytes,
                             SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    SIZE_T size_bytes = ROUND_TO_PAGES(TotalBytes);
    struct pages *pages;
    PMDL mdl;

    WE_NT_ENTRY(MmAllocatePagesForMdlEx);
    UNREFERENCED_PARAMETER(LowAddress);
    UNREFERENCED_PARAMETER(HighAddress);
    UNREFERENCED_PARAMETER(SkipBytes);
    UNREFERENCED_PARAMETER(CacheType);
    if (TotalBytes == 0 || size_bytes > LENGTH_MAX_BYTES) {
        return NULL;
    }
    mdl = (PMDL)ExAllocatePool2(POOL_FLAG_NON_PAGED, MmSizeOfMdl(NULL, size_bytes), MDL_TAG);
    if (mdl == NULL) {
        return NULL;
    }
    pages = pages_alloc(mdl, size_bytes, Flags);
    if (pages == NULL) {
        ExFreePoolWithTag(mdl, MDL_TAG);
        return NULL;
    }
    MmInitializeMdl(mdl, NULL, size_bytes);
    mdl->Process = (struct _EPROCESS *)(void *)pages;
    set_flags(mdl, MDL_PAGES_LOCKED | MDL_INTERNAL, 0);
    fill_pages(mdl, (ULONG_PTR)pages->first_page);
    return mdl;
}

VOID MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    PMDL mdl = MemoryDescriptorList;
    struct pages *pages = (struct pages *)(void *)mdl->Process;

    WE_NT_ENTRY(MmFreePagesFromMdl);
    if (!is_pages_mdl(mdl) || pages == NULL) {
        MDL_REPORT(WE_RULE_MDL_019, mdl, "MmFreePagesFromMdl was called for MDL %p, which has no pages of its own",
                   (void *)mdl);
        return;
    }
    we_vrf_ledger_remove(&pages->entry);
    we_host_free(pages);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    set_flags(mdl, 0, MDL_PAGES_LOCKED | MDL_INTERNAL | MDL_MAPPED_TO_SYSTEM_VA);
}

/* --- leaks ------------------------------------------------------------------------------------- */

static void report_pages_leak(struct we_vrf_entry *entry)
{
    (void)we_vrf_report_entry(WE_RULE_MDL_021, entry, "the pages of MDL %p were never freed with MmFreePagesFromMdl",
                              entry->address);
    we_vrf_ledger_remove(entry);
    we_host_free(WE_CONTAINER(entry, struct pages, entry));
}

static void report_leak(struct we_vrf_entry *entry, void *context)
{
    const MDL *mdl = (const MDL *)entry->address;

    UNREFERENCED_PARAMETER(context);
    if (entry->note == s_pages_note) {
        report_pages_leak(entry);
        return;
    }
    if (has_flag(mdl, MDL_PAGES_LOCKED)) {
        (void)we_vrf_report_entry(WE_RULE_MDL_010, entry, "MDL %p was never unlocked and freed", entry->address);
    } else {
        (void)we_vrf_report_entry(WE_RULE_MDL_021, entry, "MDL %p was never freed", entry->address);
    }
    we_nt_block_free(WE_CONTAINER(entry, struct we_nt_block, entry));
}

void we_mm_report_leaks(void)
{
    we_vrf_ledger_each(WE_KIND_MDL, report_leak, NULL);
}
