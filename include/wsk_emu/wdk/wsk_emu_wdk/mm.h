/* SPDX-License-Identifier: MIT */
/* Memory descriptor lists. */
#ifndef WSK_EMU_WDK_MM_H
#define WSK_EMU_WDK_MM_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The array of page frame numbers follows. A page frame number here is the page's address divided by PAGE_SIZE. */
struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    struct _EPROCESS *Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
};
typedef const MDL *PCMDL;
WSK_EMU_CHECK_SIZE(MDL, 0x30);
WSK_EMU_CHECK_OFFSET(MDL, MdlFlags, 0x0A);
WSK_EMU_CHECK_OFFSET(MDL, MappedSystemVa, 0x18);
WSK_EMU_CHECK_OFFSET(MDL, ByteCount, 0x28);
WSK_EMU_CHECK_OFFSET(MDL, ByteOffset, 0x2C);

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE    0x0008
#define MDL_PARTIAL                 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ            0x0040
#define MDL_WRITE_OPERATION         0x0080
#define MDL_LOCKED_PAGE_TABLES      0x0100
#define MDL_PARENT_MAPPED_SYSTEM_VA MDL_LOCKED_PAGE_TABLES
#define MDL_FREE_EXTRA_PTES         0x0200
#define MDL_DESCRIBES_AWE           0x0400
#define MDL_IO_SPACE                0x0800
#define MDL_NETWORK_HEADER          0x1000
#define MDL_MAPPING_CAN_FAIL        0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_ALLOCATED_MUST_SUCCEED  MDL_PAGE_CONTENTS_INVARIANT
#define MDL_INTERNAL                0x8000
#define MDL_MAPPING_FLAGS                                                                                              \
    (MDL_MAPPED_TO_SYSTEM_VA | MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL_HAS_BEEN_MAPPED            \
        | MDL_PARENT_MAPPED_SYSTEM_VA | MDL_IO_SPACE)

typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = FALSE,
    MmCached = TRUE,
    MmWriteCombined = 2,
    MmHardwareCoherentCached,
    MmNonCachedUnordered,
    MmUSWCCached,
    MmMaximumCacheType,
    MmNotMapped = -1
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;

#define MdlMappingNoWrite            0x80000000
#define MdlMappingNoExecute          0x40000000
#define MdlMappingWithGuardPtes      0x20000000

#define MM_DONT_ZERO_ALLOCATION                0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY       0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED             0x00000004
#define MM_ALLOCATE_NO_WAIT                    0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS          0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS  0x00000020

#define PAGE_NOACCESS          0x01
#define PAGE_READONLY          0x02
#define PAGE_READWRITE         0x04
#define PAGE_WRITECOPY         0x08
#define PAGE_EXECUTE           0x10
#define PAGE_EXECUTE_READ      0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80

/*
 * Members.
 */
#define MmGetMdlByteCount(Mdl) ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl) ((Mdl)->ByteOffset)
#define MmGetMdlBaseVa(Mdl) ((Mdl)->StartVa)
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((PCHAR)((Mdl)->StartVa) + (Mdl)->ByteOffset))
#define MmGetMdlPfnArray(Mdl) ((PPFN_NUMBER)((Mdl) + 1))

NTKERNELAPI SIZE_T MmSizeOfMdl(_In_ PVOID Base, _In_ SIZE_T Length);

static FORCEINLINE VOID MmInitializeMdl(_Out_ PMDL MemoryDescriptorList, _In_ PVOID BaseVa, _In_ SIZE_T Length)
{
    MemoryDescriptorList->Next = NULL;
    MemoryDescriptorList->Size
        = (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseVa, Length));
    MemoryDescriptorList->MdlFlags = 0;
    MemoryDescriptorList->StartVa = PAGE_ALIGN(BaseVa);
    MemoryDescriptorList->ByteOffset = BYTE_OFFSET(BaseVa);
    MemoryDescriptorList->ByteCount = (ULONG)Length;
}

/*
 * Allocation.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTKERNELAPI PMDL
IoAllocateMdl(_In_opt_ __drv_aliasesMem PVOID VirtualAddress, _In_ ULONG Length, _In_ BOOLEAN SecondaryBuffer,
    _In_ BOOLEAN ChargeQuota, _Inout_opt_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoFreeMdl(_In_ __drv_freesMem(Mem) PMDL Mdl);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoBuildPartialMdl(
    _In_ PMDL SourceMdl, _Inout_ PMDL TargetMdl, _In_ PVOID VirtualAddress, _In_ ULONG Length);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID MmBuildMdlForNonPagedPool(_Inout_ PMDL MemoryDescriptorList);

_Must_inspect_result_ NTKERNELAPI PMDL MmAllocatePagesForMdlEx(_In_ PHYSICAL_ADDRESS LowAddress,
    _In_ PHYSICAL_ADDRESS HighAddress, _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes,
    _In_ MEMORY_CACHING_TYPE CacheType, _In_ ULONG Flags);

NTKERNELAPI VOID MmFreePagesFromMdl(_Inout_ PMDL MemoryDescriptorList);

/*
 * Locking and mapping.
 */
/* Raises STATUS_ACCESS_VIOLATION if it cannot lock; guard the call with __try. */
NTKERNELAPI VOID MmProbeAndLockPages(
    _Inout_ PMDL MemoryDescriptorList, _In_ KPROCESSOR_MODE AccessMode, _In_ LOCK_OPERATION Operation);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID MmUnlockPages(_Inout_ PMDL MemoryDescriptorList);

_Must_inspect_result_ NTKERNELAPI PVOID MmMapLockedPagesSpecifyCache(_Inout_ PMDL MemoryDescriptorList,
    _In_ KPROCESSOR_MODE AccessMode, _In_ MEMORY_CACHING_TYPE CacheType, _In_opt_ PVOID RequestedAddress,
    _In_ ULONG BugCheckOnFailure, _In_ ULONG Priority);

NTKERNELAPI VOID MmUnmapLockedPages(_In_ PVOID BaseAddress, _Inout_ PMDL MemoryDescriptorList);

NTKERNELAPI NTSTATUS MmProtectMdlSystemAddress(_In_ PMDL MemoryDescriptorList, _In_ ULONG NewProtect);

static FORCEINLINE PVOID MmGetSystemAddressForMdlSafe(_Inout_ PMDL Mdl, _In_ ULONG Priority)
{
    if ((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0) {
        return Mdl->MappedSystemVa;
    }
    return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}

static FORCEINLINE VOID MmPrepareMdlForReuse(_Inout_ PMDL Mdl)
{
    if ((Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0) {
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    }
}

/*
 * Driver Verifier: the verifier of the emulated kernel counts as one that watches every driver.
 */
#define DRIVER_VERIFIER_SPECIAL_POOLING              0x0001
#define DRIVER_VERIFIER_FORCE_IRQL_CHECKING          0x0002
#define DRIVER_VERIFIER_INJECT_ALLOCATION_FAILURES   0x0004
#define DRIVER_VERIFIER_TRACK_POOL_ALLOCATIONS       0x0008
#define DRIVER_VERIFIER_IO_CHECKING                  0x0010

/* STATUS_NOT_SUPPORTED: it is off. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS MmIsVerifierEnabled(_Out_ PULONG VerifierFlags);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI LOGICAL MmIsDriverVerifyingByAddress(_In_ PVOID AddressWithinSection);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI LOGICAL MmIsDriverVerifying(_In_ struct _DRIVER_OBJECT *DriverObject);

#ifdef __cplusplus
}
#endif

#endif
