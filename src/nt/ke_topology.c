/* SPDX-License-Identifier: MIT */
/* How the processors hang together: one group, one node, one package, and as many cores as processors. */
#include <wdm.h>

#include <stddef.h>
#include <string.h>

#include "nt/ke_cpu.h"
#include "nt/nt_irql.h"

#define HEADER_BYTES offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor)

/* The answer, as far as it fits. */
struct answer {
    UCHAR *buffer;
    ULONG size_bytes;
    ULONG needed_bytes;
};

static void entry_add(struct answer *answer, SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *entry, size_t size_bytes)
{
    entry->Size = (ULONG)size_bytes;
    if (answer->needed_bytes + entry->Size <= answer->size_bytes) {
        memcpy(answer->buffer + answer->needed_bytes, entry, entry->Size);
    }
    answer->needed_bytes += entry->Size;
}

static void processors_add(struct answer *answer, LOGICAL_PROCESSOR_RELATIONSHIP relationship, KAFFINITY mask)
{
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry;

    memset(&entry, 0, sizeof(entry));
    entry.Relationship = relationship;
    entry.Processor.GroupCount = 1;
    entry.Processor.GroupMask[0].Mask = mask;
    entry_add(answer, &entry, HEADER_BYTES + sizeof(entry.Processor));
}

static void node_add(struct answer *answer)
{
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry;

    memset(&entry, 0, sizeof(entry));
    entry.Relationship = RelationNumaNode;
    entry.NumaNode.GroupCount = 1;
    entry.NumaNode.GroupMask.Mask = KeQueryActiveProcessors();
    entry_add(answer, &entry, HEADER_BYTES + sizeof(entry.NumaNode));
}

static void group_add(struct answer *answer)
{
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry;

    memset(&entry, 0, sizeof(entry));
    entry.Relationship = RelationGroup;
    entry.Group.MaximumGroupCount = 1;
    entry.Group.ActiveGroupCount = 1;
    entry.Group.GroupInfo[0].MaximumProcessorCount = (UCHAR)we_nt_cpu_count();
    entry.Group.GroupInfo[0].ActiveProcessorCount = (UCHAR)we_nt_cpu_count();
    entry.Group.GroupInfo[0].ActiveProcessorMask = KeQueryActiveProcessors();
    entry_add(answer, &entry, HEADER_BYTES + sizeof(entry.Group));
}

/* What is known of the processors in mask. Nothing is known of caches. */
static void relations_add(struct answer *answer, LOGICAL_PROCESSOR_RELATIONSHIP wanted, KAFFINITY mask)
{
    unsigned i;

    for (i = 0; i < we_nt_cpu_count(); i++) {
        if ((wanted == RelationProcessorCore || wanted == RelationAll) && (mask >> i & 1) != 0) {
            processors_add(answer, RelationProcessorCore, (KAFFINITY)1 << i);
        }
    }
    if (wanted == RelationNumaNode || wanted == RelationAll) {
        node_add(answer);
    }
    if (wanted == RelationProcessorPackage || wanted == RelationAll) {
        processors_add(answer, RelationProcessorPackage, KeQueryActiveProcessors());
    }
    if (wanted == RelationGroup || wanted == RelationAll) {
        group_add(answer);
    }
}

NTSTATUS KeQueryLogicalProcessorRelationship(PPROCESSOR_NUMBER ProcessorNumber,
                                             LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                             PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, PULONG Length)
{
    struct answer answer = { (UCHAR *)Information, Information != NULL ? *Length : 0, 0 };
    KAFFINITY mask = KeQueryActiveProcessors();

    WE_NT_ENTRY(KeQueryLogicalProcessorRelationship);
    if (ProcessorNumber != NULL) {
        ULONG index = KeGetProcessorIndexFromNumber(ProcessorNumber);

        if (index == INVALID_PROCESSOR_INDEX) {
            return STATUS_INVALID_PARAMETER;
        }
        mask = (KAFFINITY)1 << index;
    }
    relations_add(&answer, RelationshipType, mask);
    *Length = answer.needed_bytes;
    return answer.needed_bytes <= answer.size_bytes ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}

VOID ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    WE_NT_ENTRY(ExQueryTimerResolution);
    *MaximumTime = KeQueryTimeIncrement();
    *MinimumTime = KeQueryTimeIncrement();
    *CurrentTime = KeQueryTimeIncrement();
}

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    UNREFERENCED_PARAMETER(DesiredTime);
    UNREFERENCED_PARAMETER(SetResolution);
    WE_NT_ENTRY(ExSetTimerResolution);
    return KeQueryTimeIncrement(); /* nothing waits for a tick, so there is nothing to be finer */
}
