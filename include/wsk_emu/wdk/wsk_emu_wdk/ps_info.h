/* SPDX-License-Identifier: MIT */
/* What threads are asked and told through handles, and silos, of which there is the host only. */
#ifndef WSK_EMU_WDK_PS_INFO_H
#define WSK_EMU_WDK_PS_INFO_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NtCurrentThread() ((HANDLE)(LONG_PTR)(-2))
#define ZwCurrentThread() NtCurrentThread()
#define NtCurrentProcess() ((HANDLE)(LONG_PTR)(-1))
#define ZwCurrentProcess() NtCurrentProcess()

typedef enum _THREADINFOCLASS {
    ThreadBasicInformation = 0,
    ThreadTimes = 1,
    ThreadPriority = 2,
    ThreadBasePriority = 3,
    ThreadAffinityMask = 4,
    ThreadImpersonationToken = 5,
    ThreadDescriptorTableEntry = 6,
    ThreadEnableAlignmentFaultFixup = 7,
    ThreadEventPair_Reusable = 8,
    ThreadQuerySetWin32StartAddress = 9,
    ThreadZeroTlsCell = 10,
    ThreadPerformanceCount = 11,
    ThreadAmILastThread = 12,
    ThreadIdealProcessor = 13,
    ThreadPriorityBoost = 14,
    ThreadSetTlsArrayAddress = 15,
    ThreadIsIoPending = 16,
    ThreadHideFromDebugger = 17,
    ThreadBreakOnTermination = 18,
    ThreadSwitchLegacyState = 19,
    ThreadIsTerminated = 20,
    ThreadLastSystemCall = 21,
    ThreadIoPriority = 22,
    ThreadCycleTime = 23,
    ThreadPagePriority = 24,
    ThreadActualBasePriority = 25,
    ThreadTebInformation = 26,
    ThreadCSwitchMon = 27,
    ThreadCSwitchPmu = 28,
    ThreadWow64Context = 29,
    ThreadGroupInformation = 30,
    ThreadUmsInformation = 31,
    ThreadCounterProfiling = 32,
    ThreadIdealProcessorEx = 33,
    ThreadCpuAccountingInformation = 34,
    ThreadSuspendCount = 35,
    ThreadNameInformation = 38,
    MaxThreadInfoClass = 51
} THREADINFOCLASS;

/* ThreadGroupInformation (GROUP_AFFINITY), ThreadIdealProcessorEx (PROCESSOR_NUMBER; a set writes the former one back) and
 * ThreadBasePriority (LONG, set only). Affinity and ideal processor are kept and returned; they do not decide where a
 * thread runs. STATUS_INFO_LENGTH_MISMATCH; STATUS_INVALID_PARAMETER: a processor that is not there;
 * STATUS_INVALID_INFO_CLASS: any other class. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwSetInformationThread(_In_ HANDLE ThreadHandle,
    _In_ THREADINFOCLASS ThreadInformationClass, _In_reads_bytes_(ThreadInformationLength) PVOID ThreadInformation,
    _In_ ULONG ThreadInformationLength);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwQueryInformationThread(_In_ HANDLE ThreadHandle,
    _In_ THREADINFOCLASS ThreadInformationClass, _Out_writes_bytes_to_opt_(ThreadInformationLength, *ReturnLength) PVOID ThreadInformation,
    _In_ ULONG ThreadInformationLength, _Out_opt_ PULONG ReturnLength);

/* Waits for the end of a thread. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(
    _In_ HANDLE Handle, _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout);

/* ZwQuerySystemInformation exists, but drivers declare it themselves: it knows SystemBasicInformation (0), with 4 GiB of
 * memory, and else nothing (STATUS_INVALID_INFO_CLASS). */

/*
 * Silos. NULL stands for the host silo, in which every thread is; another one cannot be had, so attaching changes nothing.
 */
typedef struct _EJOB *PESILO;

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO PsGetHostSilo(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO PsGetCurrentServerSilo(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO PsGetCurrentSilo(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN PsIsCurrentThreadInServerSilo(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN PsIsHostSilo(_In_opt_ PESILO Silo);

/* Returns the silo to detach to. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI PESILO PsAttachSiloToCurrentThread(_In_ PESILO Silo);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID PsDetachSiloFromCurrentThread(_In_ PESILO PreviousSilo);

#ifdef __cplusplus
}
#endif

#endif
