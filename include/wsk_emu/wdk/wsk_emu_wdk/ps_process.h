/* SPDX-License-Identifier: MIT */
/* Processes, of which there is one: "System". */
#ifndef WSK_EMU_WDK_PS_PROCESS_H
#define WSK_EMU_WDK_PS_PROCESS_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What ZwQueryInformationProcess is asked for, which drivers declare themselves and which is not emulated. */
typedef enum _PROCESSINFOCLASS {
    ProcessBasicInformation = 0,
    ProcessQuotaLimits = 1,
    ProcessIoCounters = 2,
    ProcessVmCounters = 3,
    ProcessTimes = 4,
    ProcessDebugPort = 7,
    ProcessSessionInformation = 24,
    ProcessWow64Information = 26,
    ProcessImageFileName = 27,
    ProcessDebugObjectHandle = 30,
    ProcessImageFileNameWin32 = 43,
    ProcessCommandLineInformation = 60,
    ProcessProtectionInformation = 61
} PROCESSINFOCLASS;

/* The process in which every thread is. */
extern PEPROCESS PsInitialSystemProcess;

typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[MaximumMode];
    PKPROCESS Process;
    BOOLEAN InProgressFlags;
    BOOLEAN KernelApcPending;
    BOOLEAN UserApcPendingAll;
} KAPC_STATE, *PKAPC_STATE, *RESTRICTED_POINTER PRKAPC_STATE;
WSK_EMU_CHECK_SIZE(KAPC_STATE, 0x30);

/* Every thread is in the one process, so attaching to it changes nothing. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeStackAttachProcess(
    _Inout_ PRKPROCESS Process, _Out_ PRKAPC_STATE ApcState);

/* Bug check 0x6: the thread is not attached. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeUnstackDetachProcess(_In_ PRKAPC_STATE ApcState);

#ifdef __cplusplus
}
#endif

#endif
