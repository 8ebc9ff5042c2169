/* SPDX-License-Identifier: MIT */
/* Which processors a thread runs on, nodes, and the room on its stack. */
#ifndef WSK_EMU_WDK_KE_AFFINITY_H
#define WSK_EMU_WDK_KE_AFFINITY_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The calling thread's own affinity for a while; at DISPATCH_LEVEL and above it counts once the IRQL is lower. Bits of
 * processors that do not exist are passed over; with no other bit nothing changes.
 */

/* Returns what was set this way before, or 0; that goes to KeRevertToUserAffinityThreadEx. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI KAFFINITY KeSetSystemAffinityThreadEx(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeRevertToUserAffinityThreadEx(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeSetSystemAffinityThread(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeRevertToUserAffinityThread(VOID);

/* *PreviousAffinity is zero when nothing was set before, and when Affinity is wrong: another group, no processor, reserved
 * members that are not zero. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeSetSystemGroupAffinityThread(
    _In_ PGROUP_AFFINITY Affinity, _Out_opt_ PGROUP_AFFINITY PreviousAffinity);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeRevertToUserGroupAffinityThread(
    _In_ PGROUP_AFFINITY PreviousAffinity);

/*
 * Groups and nodes: there is one of each.
 */
NTKERNELAPI KAFFINITY KeQueryGroupAffinity(_In_ USHORT GroupNumber);

NTKERNELAPI USHORT KeQueryHighestNodeNumber(VOID);

NTKERNELAPI USHORT KeGetCurrentNodeNumber(VOID);

NTKERNELAPI VOID KeQueryNodeActiveAffinity(
    _In_ USHORT NodeNumber, _Out_opt_ PGROUP_AFFINITY Affinity, _Out_opt_ PUSHORT Count);

NTKERNELAPI USHORT KeQueryNodeMaximumProcessorCount(_In_ USHORT NodeNumber);

/*
 * The stack: that of the host's thread, which is larger than a kernel's.
 */
NTKERNELAPI VOID IoGetStackLimits(_Out_ PULONG_PTR LowLimit, _Out_ PULONG_PTR HighLimit);

/* Bytes below the caller's frame. */
NTKERNELAPI ULONG_PTR IoGetRemainingStackSize(VOID);

#define MAXIMUM_EXPANSION_SIZE (0x12000 - (PAGE_SIZE / 2))

_Function_class_(EXPAND_STACK_CALLOUT) typedef VOID NTAPI EXPAND_STACK_CALLOUT(_In_opt_ PVOID Parameter);
typedef EXPAND_STACK_CALLOUT *PEXPAND_STACK_CALLOUT;

/* Calls Callout when Size bytes of stack are left. STATUS_NO_MEMORY: they are not. STATUS_INVALID_PARAMETER_3: Size is
 * above MAXIMUM_EXPANSION_SIZE. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS KeExpandKernelStackAndCallout(
    _In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter, _In_ SIZE_T Size);

/* Wait (for memory) up to APC_LEVEL. STATUS_INVALID_PARAMETER_5: Context must be NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS KeExpandKernelStackAndCalloutEx(
    _In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter, _In_ SIZE_T Size, _In_ BOOLEAN Wait,
    _In_opt_ PVOID Context);

#ifdef __cplusplus
}
#endif

#endif
