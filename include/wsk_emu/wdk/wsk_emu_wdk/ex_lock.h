/* SPDX-License-Identifier: MIT */
/* Locks of the executive: reader-writer spin locks, fast and guarded mutexes, push locks, run-down protection,
 * resources. */
#ifndef WSK_EMU_WDK_EX_LOCK_H
#define WSK_EMU_WDK_EX_LOCK_H

#include "base.h"
#include "ex.h"
#include "irql.h"
#include "ke.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reader-writer spin locks. Zero is a free lock.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_saves_ _IRQL_raises_(DISPATCH_LEVEL) NTKERNELAPI KIRQL
ExAcquireSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_saves_ _IRQL_raises_(DISPATCH_LEVEL) NTKERNELAPI KIRQL
ExAcquireSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseSpinLockShared(
    _Inout_ PEX_SPIN_LOCK SpinLock, _In_ _IRQL_restores_ KIRQL OldIrql);

_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseSpinLockExclusive(
    _Inout_ PEX_SPIN_LOCK SpinLock, _In_ _IRQL_restores_ KIRQL OldIrql);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI VOID ExAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI VOID ExAcquireSpinLockExclusiveAtDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseSpinLockSharedFromDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseSpinLockExclusiveFromDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(
    _Inout_ PEX_SPIN_LOCK SpinLock);

/* Nonzero: the caller, the only reader, holds the lock exclusive now. Zero: it still holds it shared. */
_IRQL_requires_min_(DISPATCH_LEVEL) NTKERNELAPI LOGICAL ExTryConvertSharedSpinLockExclusive(
    _Inout_ PEX_SPIN_LOCK SpinLock);

/*
 * Fast mutexes and guarded mutexes.
 */
typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX, *PKGUARDED_MUTEX;
WSK_EMU_CHECK_SIZE(FAST_MUTEX, 0x38);
WSK_EMU_CHECK_OFFSET(FAST_MUTEX, Owner, 0x08);
WSK_EMU_CHECK_OFFSET(FAST_MUTEX, Event, 0x18);
WSK_EMU_CHECK_OFFSET(FAST_MUTEX, OldIrql, 0x30);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex);

_IRQL_requires_max_(APC_LEVEL) _IRQL_raises_(APC_LEVEL) NTKERNELAPI VOID ExAcquireFastMutex(
    _Inout_ PFAST_MUTEX FastMutex);

_Must_inspect_result_ _IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN ExTryToAcquireFastMutex(
    _Inout_ PFAST_MUTEX FastMutex);

_IRQL_requires_(APC_LEVEL) NTKERNELAPI VOID ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeInitializeGuardedMutex(_Out_ PKGUARDED_MUTEX Mutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);

_Must_inspect_result_ _IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN KeTryToAcquireGuardedMutex(
    _Inout_ PKGUARDED_MUTEX Mutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeReleaseGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeAcquireGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeReleaseGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);

/*
 * Push locks. Zero is a free lock.
 */
typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;
typedef ULONG EX_PUSH_LOCK_FLAGS;
#define EX_DEFAULT_PUSH_LOCK_FLAGS 0x00000000

NTKERNELAPI VOID ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExAcquirePushLockExclusiveEx(
    _Inout_ PEX_PUSH_LOCK PushLock, _In_ EX_PUSH_LOCK_FLAGS Flags);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExAcquirePushLockSharedEx(
    _Inout_ PEX_PUSH_LOCK PushLock, _In_ EX_PUSH_LOCK_FLAGS Flags);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReleasePushLockExclusiveEx(
    _Inout_ PEX_PUSH_LOCK PushLock, _In_ EX_PUSH_LOCK_FLAGS Flags);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReleasePushLockSharedEx(
    _Inout_ PEX_PUSH_LOCK PushLock, _In_ EX_PUSH_LOCK_FLAGS Flags);

#define ExAcquirePushLockExclusive(Lock) ExAcquirePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(Lock)    ExAcquirePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(Lock) ExReleasePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(Lock)    ExReleasePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)

/*
 * Run-down protection.
 */
#define EX_RUNDOWN_ACTIVE      0x1
#define EX_RUNDOWN_COUNT_SHIFT 0x1
#define EX_RUNDOWN_COUNT_INC   (1 << EX_RUNDOWN_COUNT_SHIFT)

typedef struct _EX_RUNDOWN_REF {
    __extension__ union {
        volatile ULONG_PTR Count;
        volatile PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;
WSK_EMU_CHECK_SIZE(EX_RUNDOWN_REF, 0x08);

typedef struct _EX_RUNDOWN_REF_CACHE_AWARE *PEX_RUNDOWN_REF_CACHE_AWARE;

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReInitializeRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);

_Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN ExAcquireRundownProtection(
    _Inout_ PEX_RUNDOWN_REF RunRef);

_Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN ExAcquireRundownProtectionEx(
    _Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseRundownProtectionEx(
    _Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExRundownCompleted(_Out_ PEX_RUNDOWN_REF RunRef);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(
    _In_ POOL_TYPE PoolType, _In_ ULONG PoolTag);

NTKERNELAPI SIZE_T ExSizeOfRundownProtectionCacheAware(VOID);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExInitializeRundownProtectionCacheAware(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ SIZE_T RunRefSize);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExFreeCacheAwareRundownProtection(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReInitializeRundownProtectionCacheAware(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

_Must_inspect_result_ NTKERNELAPI BOOLEAN ExAcquireRundownProtectionCacheAware(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

_Must_inspect_result_ NTKERNELAPI BOOLEAN ExAcquireRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);

NTKERNELAPI VOID ExReleaseRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

NTKERNELAPI VOID ExReleaseRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);

NTKERNELAPI VOID ExWaitForRundownProtectionReleaseCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

NTKERNELAPI VOID ExRundownCompletedCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

/*
 * Resources.
 */
typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _OWNER_ENTRY {
    ERESOURCE_THREAD OwnerThread;
    __extension__ union {
        __extension__ struct {
            ULONG IoPriorityBoosted : 1;
            ULONG OwnerReferenced : 1;
            ULONG IoQoSPriorityBoosted : 1;
            ULONG OwnerCount : 29;
        };
        ULONG TableSize;
    };
} OWNER_ENTRY, *POWNER_ENTRY;

typedef struct _ERESOURCE {
    LIST_ENTRY SystemResourcesList;
    POWNER_ENTRY OwnerTable;
    SHORT ActiveCount;
    USHORT Flag;
    PVOID SharedWaiters;
    PVOID ExclusiveWaiters;
    OWNER_ENTRY OwnerEntry;
    ULONG ActiveEntries;
    ULONG ContentionCount;
    ULONG NumberOfSharedWaiters;
    ULONG NumberOfExclusiveWaiters;
    PVOID Reserved2;
    __extension__ union {
        PVOID Address;
        ULONG_PTR CreatorBackTraceIndex;
    };
    KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;
WSK_EMU_CHECK_SIZE(ERESOURCE, 0x68);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS ExInitializeResourceLite(_Out_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS ExDeleteResourceLite(_Inout_ PERESOURCE Resource);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN ExAcquireResourceExclusiveLite(
    _Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN ExAcquireResourceSharedLite(
    _Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN ExAcquireSharedStarveExclusive(
    _Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI BOOLEAN ExAcquireSharedWaitForExclusive(
    _Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(
    _Inout_ PERESOURCE Resource);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI PVOID ExEnterCriticalRegionAndAcquireResourceShared(
    _Inout_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseResourceLite(_Inout_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExReleaseResourceForThreadLite(
    _Inout_ PERESOURCE Resource, _In_ ERESOURCE_THREAD ResourceThreadId);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExReleaseResourceAndLeaveCriticalRegion(_Inout_ PERESOURCE Resource);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);

/* OwnerPointer has its two lowest bits set. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExSetResourceOwnerPointer(
    _Inout_ PERESOURCE Resource, _In_ PVOID OwnerPointer);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI ULONG ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI ULONG ExGetSharedWaiterCount(_In_ PERESOURCE Resource);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI ULONG ExGetExclusiveWaiterCount(_In_ PERESOURCE Resource);

NTKERNELAPI ERESOURCE_THREAD wsk_emu_resource_thread(VOID);
#define ExGetCurrentResourceThread()       wsk_emu_resource_thread()
#define ExIsResourceAcquiredLite           ExIsResourceAcquiredSharedLite
#define ExIsResourceAcquired               ExIsResourceAcquiredSharedLite
#define ExInitializeResource               ExInitializeResourceLite
#define ExAcquireResourceExclusive         ExAcquireResourceExclusiveLite
#define ExAcquireResourceShared            ExAcquireResourceSharedLite
#define ExReleaseResource                  ExReleaseResourceLite
#define ExDeleteResource                   ExDeleteResourceLite

#ifdef __cplusplus
}
#endif

#endif
