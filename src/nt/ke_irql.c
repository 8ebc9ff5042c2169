/* SPDX-License-Identifier: MIT */
/* KeRaiseIrql and KeLowerIrql: raises and lowers form a stack, and are checked as one. */
#include <wdm.h>

#include "nt/ke_cpu.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return we_nt_irql_current();
}

static KIRQL raise_to(KIRQL new_irql, void *site)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    KIRQL old_irql = thread->irql;

    if (new_irql < old_irql || new_irql > HIGH_LEVEL) {
        (void)we_vrf_report(WE_RULE_IRQL_002, NULL, "KeRaiseIrql(%s) was called at %s", we_nt_irql_name(new_irql),
                            we_nt_irql_name(old_irql));
        return old_irql;
    }
    if (thread->raise_count < WE_NT_RAISE_MAX) {
        thread->raises[thread->raise_count].old_irql = old_irql;
        thread->raises[thread->raise_count].site = site;
        thread->raise_count++;
    }
    we_nt_cpu_raise(thread, new_irql, WE_NT_ANY_CPU);
    return old_irql;
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return raise_to(NewIrql, __builtin_return_address(0));
}

VOID NTAPI KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    *OldIrql = raise_to(NewIrql, __builtin_return_address(0));
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    WE_NT_ENTRY(KeRaiseIrqlToDpcLevel);
    return raise_to(DISPATCH_LEVEL, __builtin_return_address(0));
}

/* The floor of a callback that the system entered at DISPATCH_LEVEL. */
static BOOLEAN is_below_floor(const struct we_nt_thread *thread, KIRQL new_irql)
{
    return thread->frames != NULL && thread->frames->entry_irql >= DISPATCH_LEVEL &&
           new_irql < thread->frames->entry_irql;
}

/* True when the lower may be carried out. */
static BOOLEAN lower_check(struct we_nt_thread *thread, KIRQL new_irql)
{
    UCHAR floor = thread->frames != NULL ? thread->frames->raise_count : 0;

    if (new_irql > thread->irql) {
        (void)we_vrf_report(WE_RULE_IRQL_003, NULL, "KeLowerIrql(%s) was called at %s: was OldIrql ever set?",
                            we_nt_irql_name(new_irql), we_nt_irql_name(thread->irql));
        return FALSE;
    }
    if (is_below_floor(thread, new_irql)) {
        (void)we_vrf_report(WE_RULE_IRQL_004, NULL, "KeLowerIrql(%s) inside a %s that the system called at %s",
                            we_nt_irql_name(new_irql), we_nt_door_name(thread->frames->kind),
                            we_nt_irql_name(thread->frames->entry_irql));
        return FALSE;
    }
    if (thread->raise_count <= floor) {
        if (new_irql != thread->irql) {
            (void)we_vrf_report(WE_RULE_IRQL_005, NULL, "KeLowerIrql(%s) at %s has no KeRaiseIrql that it belongs to",
                                we_nt_irql_name(new_irql), we_nt_irql_name(thread->irql));
        }
        return TRUE;
    }
    thread->raise_count--;
    if (thread->raises[thread->raise_count].old_irql != new_irql) {
        struct we_host_trace raised = { { thread->raises[thread->raise_count].site } };
        struct we_vrf_object object = { "raise", NULL, NULL, NULL, NULL };

        object.made = &raised;
        (void)we_vrf_report(WE_RULE_IRQL_005, &object, "KeLowerIrql(%s), but the raise that is open saved %s",
                            we_nt_irql_name(new_irql), we_nt_irql_name(thread->raises[thread->raise_count].old_irql));
    }
    return TRUE;
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    if (lower_check(thread, NewIrql)) {
        we_nt_cpu_lower(thread, NewIrql);
    }
}

VOID NTAPI KfLowerIrql(KIRQL NewIrql)
{
    KeLowerIrql(NewIrql);
}

/* Behind PAGED_CODE(). */
VOID wsk_emu_paged_code_violation(PCSTR file, ULONG line)
{
    (void)we_vrf_report(WE_RULE_IRQL_009, NULL, "pageable code (PAGED_CODE at %s:%u) was reached at %s", file,
                        (unsigned)line, we_nt_irql_name(we_nt_irql_current()));
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    WE_NT_ENTRY(KeEnterCriticalRegion);
    we_nt_thread_current()->kernel_apc_disable++;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    WE_NT_ENTRY(KeLeaveCriticalRegion);
    thread->kernel_apc_disable--;
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    WE_NT_ENTRY(KeEnterGuardedRegion);
    we_nt_thread_current()->special_apc_disable++;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    WE_NT_ENTRY(KeLeaveGuardedRegion);
    we_nt_thread_current()->special_apc_disable--;
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    const struct we_nt_thread *thread = we_nt_thread_current();

    WE_NT_ENTRY(KeAreApcsDisabled);
    return thread->kernel_apc_disable != 0 || thread->special_apc_disable != 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    const struct we_nt_thread *thread = we_nt_thread_current();

    WE_NT_ENTRY(KeAreAllApcsDisabled);
    return thread->special_apc_disable != 0 || thread->irql >= APC_LEVEL;
}
