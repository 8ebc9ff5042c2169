/* SPDX-License-Identifier: MIT */
/* Remove locks: who still uses a device that is to go. */
#ifndef WSK_EMU_WDK_IO_REMOVE_LOCK_H
#define WSK_EMU_WDK_IO_REMOVE_LOCK_H

#include "base.h"
#include "irql.h"
#include "ke.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
    BOOLEAN Removed;
    BOOLEAN Reserved[3];
    volatile LONG IoCount;
    KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;

/* The form of release builds, in all builds: what checked builds add is kept elsewhere. */
typedef struct _IO_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;
WSK_EMU_CHECK_SIZE(IO_REMOVE_LOCK, 0x20);

_IRQL_requires_(PASSIVE_LEVEL) NTKERNELAPI VOID IoInitializeRemoveLockEx(_Out_ PIO_REMOVE_LOCK Lock,
    _In_ ULONG AllocateTag, _In_ ULONG MaxLockedMinutes, _In_ ULONG HighWatermark, _In_ ULONG RemlockSize);

/* STATUS_SUCCESS, or STATUS_DELETE_PENDING: the device is going, and nothing was acquired. */
_Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS IoAcquireRemoveLockEx(
    _Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag, _In_ PCSTR File, _In_ ULONG Line, _In_ ULONG RemlockSize);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoReleaseRemoveLockEx(
    _Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

_IRQL_requires_(PASSIVE_LEVEL) NTKERNELAPI VOID IoReleaseRemoveLockAndWaitEx(
    _Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

#define IoInitializeRemoveLock(Lock, Tag, Maxmin, HighWater)                                                           \
    IoInitializeRemoveLockEx(Lock, Tag, Maxmin, HighWater, sizeof(IO_REMOVE_LOCK))
#define IoAcquireRemoveLock(RemoveLock, Tag)                                                                           \
    IoAcquireRemoveLockEx(RemoveLock, Tag, __FILE__, __LINE__, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLock(RemoveLock, Tag)        IoReleaseRemoveLockEx(RemoveLock, Tag, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(RemoveLock, Tag) IoReleaseRemoveLockAndWaitEx(RemoveLock, Tag, sizeof(IO_REMOVE_LOCK))

#ifdef __cplusplus
}
#endif

#endif
