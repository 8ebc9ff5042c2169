/* SPDX-License-Identifier: MIT */
/* The affinity that a thread gives itself for a while, and the one group and node. */
#include <wdm.h>

#include <string.h>

#include "nt/ke_cpu.h"
#include "nt/nt_irql.h"

/* Design
 *
 * Below DISPATCH_LEVEL a thread owns no processor, so the mask counts when it raises its IRQL (ke_cpu.c) and when it asks
 * where it is. It is the thread's own and needs no lock.
 */

/* False: no processor of the mask exists, and nothing changes. */
static bool set_affinity(KAFFINITY affinity, KAFFINITY *previous)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    affinity &= KeQueryActiveProcessors();
    *previous = thread->system_affinity;
    if (affinity == 0) {
        return false;
    }
    thread->system_affinity = affinity;
    return true;
}

static void revert_affinity(KAFFINITY affinity)
{
    we_nt_thread_current()->system_affinity = affinity & KeQueryActiveProcessors();
}

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KAFFINITY previous;

    WE_NT_ENTRY(KeSetSystemAffinityThreadEx);
    (void)set_affinity(Affinity, &previous);
    return previous;
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    WE_NT_ENTRY(KeRevertToUserAffinityThreadEx);
    revert_affinity(Affinity);
}

VOID KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KAFFINITY previous;

    WE_NT_ENTRY(KeSetSystemAffinityThread);
    (void)set_affinity(Affinity, &previous);
}

VOID KeRevertToUserAffinityThread(VOID)
{
    WE_NT_ENTRY(KeRevertToUserAffinityThread);
    revert_affinity(0);
}

static bool is_valid(const GROUP_AFFINITY *affinity)
{
    return affinity->Group == 0 && affinity->Reserved[0] == 0 && affinity->Reserved[1] == 0 &&
           affinity->Reserved[2] == 0;
}

VOID KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    GROUP_AFFINITY before;

    WE_NT_ENTRY(KeSetSystemGroupAffinityThread);
    memset(&before, 0, sizeof(before));
    if (is_valid(Affinity) && !set_affinity(Affinity->Mask, &before.Mask)) {
        before.Mask = 0;
    }
    if (PreviousAffinity != NULL) {
        *PreviousAffinity = before;
    }
}

VOID KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    WE_NT_ENTRY(KeRevertToUserGroupAffinityThread);
    if (is_valid(PreviousAffinity)) {
        revert_affinity(PreviousAffinity->Mask);
    }
}

/* --- groups and nodes ------------------------------------------------------------------------------------ */

KAFFINITY KeQueryGroupAffinity(USHORT GroupNumber)
{
    WE_NT_ENTRY(KeQueryGroupAffinity);
    return GroupNumber == 0 ? KeQueryActiveProcessors() : 0;
}

USHORT KeQueryHighestNodeNumber(VOID)
{
    WE_NT_ENTRY(KeQueryHighestNodeNumber);
    return 0;
}

USHORT KeGetCurrentNodeNumber(VOID)
{
    WE_NT_ENTRY(KeGetCurrentNodeNumber);
    return 0;
}

VOID KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    WE_NT_ENTRY(KeQueryNodeActiveAffinity);
    if (Affinity != NULL) {
        memset(Affinity, 0, sizeof(*Affinity));
        Affinity->Mask = NodeNumber == 0 ? KeQueryActiveProcessors() : 0;
    }
    if (Count != NULL) {
        *Count = NodeNumber == 0 ? (USHORT)we_nt_cpu_count() : 0;
    }
}

USHORT KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    WE_NT_ENTRY(KeQueryNodeMaximumProcessorCount);
    return NodeNumber == 0 ? (USHORT)we_nt_cpu_count() : 0;
}
