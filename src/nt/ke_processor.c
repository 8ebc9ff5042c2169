/* SPDX-License-Identifier: MIT */
/* Which processor the caller is on, and how many there are. */
#include <wdm.h>

#include "nt/ke_cpu.h"
#include "nt/nt_thread.h"

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    const struct we_nt_cpu *cpu = thread->last_cpu;
    unsigned i;

    /* A thread that has bound itself since it was on one: where it would be next. */
    for (i = 0; thread->cpu == NULL && !we_nt_cpu_allows(cpu, thread); i++) {
        cpu = we_nt_cpu_at(i);
    }
    if (ProcNumber != NULL) {
        ProcNumber->Group = 0;
        ProcNumber->Number = (UCHAR)cpu->index;
        ProcNumber->Reserved = 0;
    }
    return cpu->index;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? we_nt_cpu_count() : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors != NULL) {
        *ActiveProcessors = ((KAFFINITY)1 << we_nt_cpu_count()) - 1;
    }
    return we_nt_cpu_count();
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return ((KAFFINITY)1 << we_nt_cpu_count()) - 1;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= we_nt_cpu_count()) {
        return INVALID_PROCESSOR_INDEX;
    }
    return ProcNumber->Number;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= we_nt_cpu_count()) {
        return STATUS_INVALID_PARAMETER;
    }
    ProcNumber->Group = 0;
    ProcNumber->Number = (UCHAR)ProcIndex;
    ProcNumber->Reserved = 0;
    return STATUS_SUCCESS;
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return we_nt_cpu_count();
}

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return 1;
}
