/* SPDX-License-Identifier: MIT */
/* KDPC: the driver's side of a processor's queue of deferred procedure calls. */
#include "nt/ke_dpc.h"

#include "nt/ex_paged.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* KDPC.Type; zero is "never initialised". */
#define TYPE_DPC 0x13
#define TYPE_THREADED_DPC 0x18
/* KDPC.Number: 0 = no target, else processor + 1. */

static void dpc_init(PKDPC dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    dpc->Type = type;
    dpc->Importance = MediumImportance;
    dpc->Number = 0;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
    dpc->SystemArgument1 = NULL;
    dpc->SystemArgument2 = NULL;
    dpc->DpcListEntry.Flink = NULL;
    dpc->DpcListEntry.Blink = NULL;
    __atomic_store_n(&dpc->DpcData, NULL, __ATOMIC_SEQ_CST);
}

/* DpcData of a queued DPC points at one of the processors; anything else in fresh memory is chance. */
static bool is_queued(PKDPC dpc)
{
    const struct we_nt_cpu *cpu = (const struct we_nt_cpu *)__atomic_load_n(&dpc->DpcData, __ATOMIC_SEQ_CST);
    unsigned i;

    for (i = 0; i < we_nt_cpu_count(); i++) {
        if (cpu == we_nt_cpu_at(i)) {
            return true;
        }
    }
    return false;
}

static void check_not_active(PKDPC dpc)
{
    if ((dpc->Type == TYPE_DPC || dpc->Type == TYPE_THREADED_DPC) && is_queued(dpc)) {
        struct we_vrf_object object = { "DPC", dpc, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_011, &object, "KeInitializeDpc(%p) on a DPC that is queued", (void *)dpc);
        (void)KeRemoveQueueDpc(dpc);
    }
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    we_ex_paged_check(Dpc, "DPC", "KeInitializeDpc");
    check_not_active(Dpc);
    dpc_init(Dpc, TYPE_DPC, DeferredRoutine, DeferredContext);
}

VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    /* Windows runs threaded DPCs at PASSIVE_LEVEL or, when they are switched off, at DISPATCH_LEVEL: always the latter. */
    we_ex_paged_check(Dpc, "DPC", "KeInitializeThreadedDpc");
    check_not_active(Dpc);
    dpc_init(Dpc, TYPE_THREADED_DPC, DeferredRoutine, DeferredContext);
}

bool we_ke_dpc_check(PKDPC dpc, const char *function)
{
    if (dpc != NULL && (dpc->Type == TYPE_DPC || dpc->Type == TYPE_THREADED_DPC)) {
        return true;
    }
    {
        struct we_vrf_object object = { "DPC", dpc, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_012, &object, "%s was given the DPC %p, which was never initialised", function,
                            (void *)dpc);
    }
    return false;
}

bool we_ke_dpc_insert(PKDPC dpc, unsigned cpu_index, PVOID argument1, PVOID argument2)
{
    struct we_nt_cpu *cpu = we_nt_cpu_at(dpc->Number != 0 ? dpc->Number - 1u : cpu_index);
    PVOID not_queued = NULL;

    /* The winner of this exchange queues; losers change nothing, their arguments are dropped. */
    if (!__atomic_compare_exchange_n(&dpc->DpcData, &not_queued, (PVOID)cpu, FALSE, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        return false;
    }
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    we_nt_cpu_queue_dpc(dpc, cpu->index, dpc->Importance == HighImportance);
    return true;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    struct we_nt_section section;
    BOOLEAN is_inserted;

    if (!we_ke_dpc_check(Dpc, "KeInsertQueueDpc")) {
        return FALSE;
    }
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    is_inserted = we_ke_dpc_insert(Dpc, we_nt_cpu_current()->index, SystemArgument1, SystemArgument2) ? TRUE : FALSE;
    we_nt_section_leave(&section); /* below DISPATCH_LEVEL the routine runs here, before the return */
    return is_inserted;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    struct we_nt_cpu *cpu;

    if (!we_ke_dpc_check(Dpc, "KeRemoveQueueDpc")) {
        return FALSE;
    }
    cpu = (struct we_nt_cpu *)__atomic_load_n(&Dpc->DpcData, __ATOMIC_SEQ_CST);
    return cpu != NULL && we_nt_cpu_cancel_dpc(Dpc, cpu) ? TRUE : FALSE;
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    if (Number >= 0 && (unsigned)Number < we_nt_cpu_count()) {
        Dpc->Number = (USHORT)(Number + 1);
    }
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= we_nt_cpu_count() || ProcNumber->Reserved != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    Dpc->Number = (USHORT)(ProcNumber->Number + 1u);
    return STATUS_SUCCESS;
}

/* --- KeFlushQueuedDpcs ------------------------------------------------------------------- */

VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    unsigned i;

    WE_NT_ENTRY(KeFlushQueuedDpcs);
    for (i = 0; i < we_nt_cpu_count() && we_nt_irql_current() < DISPATCH_LEVEL; i++) {
        we_nt_cpu_flush(i);
    }
}
