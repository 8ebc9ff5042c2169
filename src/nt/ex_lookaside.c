/* SPDX-License-Identifier: MIT */
/* Lookaside lists. Nothing is cached: every entry goes through the pool's checks, or through the driver's own routines. */
#include "nt/ex_pool.h"

#include <stddef.h>

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/ex_paged.h"
#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * A list lives in the driver's memory and must be deleted, so a record of ours may hang off it: it holds the ledger
 * entry by which a list that was never initialised, was deleted, or was forgotten is told. If there is no memory for
 * the record the list works all the same, unwatched, which a reserved member says.
 *
 * Another reserved member holds a mark that depends on the address and on the instance, as long as the list is in the
 * ledger: each use looks at the mark, and only a list without it is looked up.
 */

#define UNWATCHED 0x554e5745u /* in GENERAL_LOOKASIDE.Future[0] */

struct lookaside {
    struct we_vrf_entry entry; /* address = the list */
};

/* The forms differ in the type of the list only: all begin with the same members. */
struct lookaside_use {
    GENERAL_LOOKASIDE_POOL *list;
    const char *function;
    bool is_ex; /* the driver's routines take the list as a further argument */
};

static ULONG s_instance; /* changes only while no instance runs */

/* What GENERAL_LOOKASIDE.Future[1] holds while the list is in the ledger. */
static ULONG list_mark(const GENERAL_LOOKASIDE_POOL *list)
{
    uint64_t address = (uint64_t)(uintptr_t)list;

    return 0x4c6f6f6bu ^ s_instance ^ (ULONG)address ^ (ULONG)(address >> 32);
}

static GENERAL_LOOKASIDE_POOL *general(void *list)
{
    return (GENERAL_LOOKASIDE_POOL *)list;
}

static struct we_vrf_entry *list_find(const void *list)
{
    return we_vrf_ledger_find(WE_KIND_LOOKASIDE, list);
}

/* POOL-021. False: the list cannot be used. */
static bool use_check(const struct lookaside_use *use)
{
    struct we_nt_view view;

    if (WE_LIKELY(use->list->Future[1] == list_mark(use->list))) {
        return true;
    }
    if (list_find(use->list) != NULL || use->list->Future[0] == UNWATCHED) {
        return true;
    }
    (void)we_vrf_report(WE_RULE_POOL_021, we_nt_view_make(&view, WE_KIND_LOOKASIDE, use->list),
                        "%s was called for %p, which is not an initialised lookaside list", use->function,
                        (void *)use->list);
    return false;
}

/* Enters the list into the ledger. */
static void list_watch(const char *function, GENERAL_LOOKASIDE_POOL *list, ULONG tag)
{
    struct we_vrf_entry *entry = list_find(list);
    struct lookaside *record;

    list->Future[0] = 0;
    if (entry != NULL) {
        (void)we_vrf_report_entry(WE_RULE_POOL_021, entry, "%s was called for %p, which is initialised already",
                                  function, (void *)list);
        return;
    }
    record = (struct lookaside *)we_host_zalloc(sizeof(*record));
    if (record == NULL) {
        list->Future[0] = UNWATCHED;
        return;
    }
    we_vrf_ledger_add(&record->entry, WE_KIND_LOOKASIDE, list, 0, tag, NULL);
    list->Future[1] = list_mark(list);
}

static void list_init(const char *function, GENERAL_LOOKASIDE_POOL *list, POOL_TYPE type, SIZE_T size_bytes, ULONG tag)
{
    list_watch(function, list, tag);
    list->ListHead.Alignment = 0;
    list->ListHead.Region = 0;
    list->Depth = 0;
    list->MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
    list->TotalAllocates = 0;
    list->TotalFrees = 0;
    list->Type = type;
    list->Tag = tag;
    list->Size = (ULONG)(size_bytes < LOOKASIDE_MINIMUM_BLOCK_SIZE ? LOOKASIDE_MINIMUM_BLOCK_SIZE : size_bytes);
    list->AllocateEx = NULL;
    list->FreeEx = NULL;
}

static void list_delete(const struct lookaside_use *use)
{
    struct we_vrf_entry *entry;

    if (!use_check(use)) {
        return;
    }
    use->list->Future[0] = 0;
    use->list->Future[1] = 0;
    entry = list_find(use->list);
    if (entry != NULL) {
        we_vrf_ledger_remove(entry);
        we_host_free(WE_CONTAINER(entry, struct lookaside, entry));
    }
}

static PVOID call_allocate(const struct lookaside_use *use)
{
    GENERAL_LOOKASIDE_POOL *list = use->list;
    struct we_nt_frame frame;
    PVOID entry;

    we_nt_door_enter(&frame, WE_DOOR_LOOKASIDE, (const void *)(ULONG_PTR)list->Allocate, list);
    if (use->is_ex) {
        entry = list->AllocateEx(list->Type, list->Size, list->Tag, (PLOOKASIDE_LIST_EX)(void *)list);
    } else {
        entry = list->Allocate(list->Type, list->Size, list->Tag);
    }
    we_nt_door_leave(&frame);
    return entry;
}

static PVOID list_allocate(const struct lookaside_use *use)
{
    GENERAL_LOOKASIDE_POOL *list = use->list;

    if (!use_check(use)) {
        return NULL;
    }
    __atomic_add_fetch(&list->TotalAllocates, 1, __ATOMIC_RELAXED);
    if (list->Allocate != NULL) {
        return call_allocate(use);
    }
    return ExAllocatePoolWithTag(list->Type, list->Size, list->Tag);
}

static void list_free(const struct lookaside_use *use, PVOID entry)
{
    GENERAL_LOOKASIDE_POOL *list = use->list;
    struct we_nt_frame frame;

    if (!use_check(use)) {
        return;
    }
    __atomic_add_fetch(&list->TotalFrees, 1, __ATOMIC_RELAXED);
    if (list->Free == NULL) {
        ExFreePoolWithTag(entry, list->Tag);
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_LOOKASIDE, (const void *)(ULONG_PTR)list->Free, list);
    if (use->is_ex) {
        list->FreeEx(entry, (PLOOKASIDE_LIST_EX)(void *)list);
    } else {
        list->Free(entry);
    }
    we_nt_door_leave(&frame);
}

/* --- nonpaged lists --------------------------------------------------------------------------- */

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                     ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    WE_NT_ENTRY(ExInitializeNPagedLookasideList);
    we_ex_paged_check(Lookaside, "lookaside list", "ExInitializeNPagedLookasideList");
    UNREFERENCED_PARAMETER(Depth);
    list_init("ExInitializeNPagedLookasideList", general(Lookaside), (POOL_TYPE)(NonPagedPool | (int)Flags), Size, Tag);
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
}

VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExDeleteNPagedLookasideList", false };

    WE_NT_ENTRY(ExDeleteNPagedLookasideList);
    list_delete(&use);
}

PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExAllocateFromNPagedLookasideList", false };

    WE_NT_ENTRY(ExAllocateFromNPagedLookasideList);
    return list_allocate(&use);
}

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    struct lookaside_use use = { general(Lookaside), "ExFreeToNPagedLookasideList", false };

    WE_NT_ENTRY(ExFreeToNPagedLookasideList);
    list_free(&use, Entry);
}

/* --- paged lists -------------------------------------------------------------------------------- */

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                    ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    WE_NT_ENTRY(ExInitializePagedLookasideList);
    UNREFERENCED_PARAMETER(Depth);
    list_init("ExInitializePagedLookasideList", general(Lookaside), (POOL_TYPE)(PagedPool | (int)Flags), Size, Tag);
    Lookaside->L.Allocate = Allocate;
    Lookaside->L.Free = Free;
}

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExDeletePagedLookasideList", false };

    WE_NT_ENTRY(ExDeletePagedLookasideList);
    list_delete(&use);
}

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExAllocateFromPagedLookasideList", false };

    WE_NT_ENTRY(ExAllocateFromPagedLookasideList);
    return list_allocate(&use);
}

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    struct lookaside_use use = { general(Lookaside), "ExFreeToPagedLookasideList", false };

    WE_NT_ENTRY(ExFreeToPagedLookasideList);
    list_free(&use, Entry);
}

/* --- lists of either kind -------------------------------------------------------------------------- */

/* True for the pool types that the page allows. */
static bool is_pool_type(POOL_TYPE type)
{
    switch (type) {
    case NonPagedPool:
    case PagedPool:
    case NonPagedPoolCacheAligned:
    case PagedPoolCacheAligned:
    case NonPagedPoolNx:
    case NonPagedPoolNxCacheAligned:
        return true;
    default:
        return false;
    }
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                     USHORT Depth)
{
    int type = (int)PoolType;

    WE_NT_ENTRY(ExInitializeLookasideListEx);
    UNREFERENCED_PARAMETER(Depth);
    if (!is_pool_type(PoolType)) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (Flags != 0 && Flags != EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL &&
        Flags != EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) {
        return STATUS_INVALID_PARAMETER_5;
    }
    if (Flags == EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) {
        type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    } else if (Flags == EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) {
        type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    }
    list_init("ExInitializeLookasideListEx", general(Lookaside), (POOL_TYPE)type, Size, Tag);
    Lookaside->L.AllocateEx = Allocate;
    Lookaside->L.FreeEx = Free;
    return STATUS_SUCCESS;
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExDeleteLookasideListEx", true };

    WE_NT_ENTRY(ExDeleteLookasideListEx);
    list_delete(&use);
}

VOID ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExFlushLookasideListEx", true };

    WE_NT_ENTRY(ExFlushLookasideListEx);
    (void)use_check(&use); /* nothing is cached */
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    struct lookaside_use use = { general(Lookaside), "ExAllocateFromLookasideListEx", true };

    WE_NT_ENTRY(ExAllocateFromLookasideListEx);
    return list_allocate(&use);
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    struct lookaside_use use = { general(Lookaside), "ExFreeToLookasideListEx", true };

    WE_NT_ENTRY(ExFreeToLookasideListEx);
    list_free(&use, Entry);
}

/* --- stop --------------------------------------------------------------------------------------- */

static void report_leak(struct we_vrf_entry *entry, void *context)
{
    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(WE_RULE_POOL_021, entry, "the lookaside list %p was never deleted", entry->address);
    we_vrf_ledger_remove(entry);
    we_host_free(WE_CONTAINER(entry, struct lookaside, entry));
}

void we_ex_lookaside_report_leaks(void)
{
    we_vrf_ledger_each(WE_KIND_LOOKASIDE, report_leak, NULL);
    s_instance++; /* the marks of forgotten lists count no more; the lists may be gone */
}
