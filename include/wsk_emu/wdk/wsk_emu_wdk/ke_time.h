/* SPDX-License-Identifier: MIT */
/* Clocks and processors. */
#ifndef WSK_EMU_WDK_KE_TIME_H
#define WSK_EMU_WDK_KE_TIME_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Clocks. Times are in units of 100 ns. In virtual time they stand still until the test moves them.
 */
NTKERNELAPI VOID KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);

NTKERNELAPI VOID KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);

NTKERNELAPI ULONGLONG KeQueryInterruptTime(VOID);

NTKERNELAPI ULONG64 KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);

NTKERNELAPI ULONGLONG KeQueryUnbiasedInterruptTime(VOID);

NTKERNELAPI VOID KeQueryTickCount(_Out_ PLARGE_INTEGER CurrentCount);

NTKERNELAPI ULONG KeQueryTimeIncrement(VOID);

NTKERNELAPI LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);

/* The clock has one resolution here, so all three are the same. */
NTKERNELAPI VOID ExQueryTimerResolution(
    _Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime, _Out_ PULONG CurrentTime);

/* Asks for a finer clock (SetResolution), or takes that back; returns the resolution, in units of 100 ns. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI ULONG ExSetTimerResolution(
    _In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution);

NTKERNELAPI VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds);

/*
 * Processors. There is one group.
 */
#define ALL_PROCESSOR_GROUPS    0xffff
#define INVALID_PROCESSOR_INDEX 0xffffffff
#define MAXIMUM_PROC_PER_GROUP  64

NTKERNELAPI ULONG KeGetCurrentProcessorNumberEx(_Out_opt_ PPROCESSOR_NUMBER ProcNumber);

static FORCEINLINE ULONG KeGetCurrentProcessorNumber(VOID)
{
    return KeGetCurrentProcessorNumberEx(NULL);
}

static FORCEINLINE ULONG KeGetCurrentProcessorIndex(VOID)
{
    return KeGetCurrentProcessorNumberEx(NULL);
}

NTKERNELAPI ULONG KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);

NTKERNELAPI ULONG KeQueryActiveProcessorCountEx(_In_ USHORT GroupNumber);

NTKERNELAPI KAFFINITY KeQueryActiveProcessors(VOID);

NTKERNELAPI ULONG KeQueryMaximumProcessorCount(VOID);

NTKERNELAPI ULONG KeQueryMaximumProcessorCountEx(_In_ USHORT GroupNumber);

NTKERNELAPI USHORT KeQueryActiveGroupCount(VOID);

NTKERNELAPI USHORT KeQueryMaximumGroupCount(VOID);

/* One group, one node, one package, a core for each processor; nothing about caches. STATUS_INFO_LENGTH_MISMATCH: *Length
 * is what it takes. ProcessorNumber NULL: of all processors. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS KeQueryLogicalProcessorRelationship(
    _In_opt_ PPROCESSOR_NUMBER ProcessorNumber, _In_ LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
    _Out_writes_bytes_opt_(*Length) PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, _Inout_ PULONG Length);

NTKERNELAPI ULONG KeGetProcessorIndexFromNumber(_In_ PPROCESSOR_NUMBER ProcNumber);

NTKERNELAPI NTSTATUS KeGetProcessorNumberFromIndex(_In_ ULONG ProcIndex, _Out_ PPROCESSOR_NUMBER ProcNumber);

#ifdef __cplusplus
}
#endif

#endif
