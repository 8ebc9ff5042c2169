/* SPDX-License-Identifier: MIT */
/* System threads, and what identifies threads and processes. */
#ifndef WSK_EMU_WDK_PS_H
#define WSK_EMU_WDK_PS_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

_Function_class_(KSTART_ROUTINE) _IRQL_requires_same_ typedef VOID KSTART_ROUTINE(_In_ PVOID StartContext);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;

extern POBJECT_TYPE *PsThreadType;

/* ProcessHandle must be NULL: every thread belongs to the system process. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTKERNELAPI NTSTATUS PsCreateSystemThread(
    _Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess, _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
    _In_opt_ HANDLE ProcessHandle, _Out_opt_ PCLIENT_ID ClientId, _In_ PKSTART_ROUTINE StartRoutine,
    _In_opt_ _When_(return >= 0, __drv_aliasesMem) PVOID StartContext);

/* Does not return in a system thread. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);

#if !defined(__cplusplus) && !defined(WSK_EMU_NO_CAST_MACROS)
/* Drivers hand in start routines of slightly other types. */
#define PsCreateSystemThread(                                                                                          \
    ThreadHandle, DesiredAccess, ObjectAttributes, ProcessHandle, ClientId, StartRoutine, StartContext)                \
    PsCreateSystemThread(ThreadHandle, DesiredAccess, ObjectAttributes, ProcessHandle, ClientId,                       \
        (PKSTART_ROUTINE)(PVOID)(StartRoutine), StartContext)
#endif

NTKERNELAPI PKTHREAD KeGetCurrentThread(VOID);

static FORCEINLINE PETHREAD PsGetCurrentThread(VOID)
{
    return (PETHREAD)KeGetCurrentThread();
}

NTKERNELAPI HANDLE PsGetCurrentThreadId(VOID);

NTKERNELAPI HANDLE PsGetCurrentProcessId(VOID);

NTKERNELAPI PEPROCESS IoGetCurrentProcess(VOID);

#define PsGetCurrentProcess IoGetCurrentProcess

/* Priorities are kept and returned; they do not change the order in which threads run. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI KPRIORITY KeSetPriorityThread(
    _Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI KPRIORITY KeQueryPriorityThread(_In_ PKTHREAD Thread);

_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI LONG KeSetBasePriorityThread(
    _Inout_ PKTHREAD Thread, _In_ LONG Increment);

#ifdef __cplusplus
}
#endif

#endif
