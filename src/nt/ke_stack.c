/* SPDX-License-Identifier: MIT */
/* The room on the calling thread's stack, and calls that ask for it. */
#include <wdm.h>

#include "host/host_stack.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

VOID IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    const struct we_host_stack *stack = we_host_stack_own();

    WE_NT_ENTRY(IoGetStackLimits);
    *LowLimit = stack->low;
    *HighLimit = stack->high;
}

/* An empty range: the system does not tell, and nothing is known to be missing. */
static ULONG_PTR room_below(ULONG_PTR address)
{
    const struct we_host_stack *stack = we_host_stack_own();

    if (stack->low == stack->high) {
        return MAXULONG;
    }
    return address > stack->low && address < stack->high ? address - stack->low : 0;
}

ULONG_PTR IoGetRemainingStackSize(VOID)
{
    WE_NT_ENTRY(IoGetRemainingStackSize);
    return room_below((ULONG_PTR)__builtin_frame_address(0));
}

static NTSTATUS call_with_room(PEXPAND_STACK_CALLOUT callout, PVOID parameter, SIZE_T size)
{
    struct we_nt_frame frame;

    if (size > MAXIMUM_EXPANSION_SIZE) {
        return STATUS_INVALID_PARAMETER_3;
    }
    if (callout == NULL) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (room_below((ULONG_PTR)__builtin_frame_address(0)) < size) {
        return STATUS_NO_MEMORY;
    }
    we_nt_door_enter(&frame, WE_DOOR_CALLOUT, (const void *)(ULONG_PTR)callout, parameter);
    callout(parameter);
    we_nt_door_leave(&frame);
    return STATUS_SUCCESS;
}

NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    WE_NT_ENTRY(KeExpandKernelStackAndCallout);
    return call_with_room(Callout, Parameter, Size);
}

NTSTATUS KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size, BOOLEAN Wait,
                                         PVOID Context)
{
    WE_NT_ENTRY(KeExpandKernelStackAndCalloutEx);
    if (Wait && we_nt_irql_current() > APC_LEVEL) {
        (void)we_vrf_report(WE_RULE_IRQL_001, NULL, "KeExpandKernelStackAndCalloutEx was asked to wait at %s",
                            we_nt_irql_name(we_nt_irql_current()));
    }
    if (Context != NULL) {
        return STATUS_INVALID_PARAMETER_5;
    }
    return call_with_room(Callout, Parameter, Size);
}
