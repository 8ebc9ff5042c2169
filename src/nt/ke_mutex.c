/* SPDX-License-Identifier: MIT */
/* KMUTEX (a KMUTANT): recursive, owned by a thread, disables normal kernel APCs while owned. */
#include <wdm.h>

#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    we_ke_header_init(&Mutex->Header, WE_KE_MUTANT, 1);
    InitializeListHead(&Mutex->MutantListEntry);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = 0;
    Mutex->ApcDisable = 1;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    LONG was = 0;
    BOOLEAN is_owner;

    (void)Wait;
    WE_NT_ENTRY(KeReleaseMutex);
    if (!we_ke_header_check(&Mutex->Header, "KeReleaseMutex")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    is_owner = (void *)Mutex->OwnerThread == (void *)thread;
    if (is_owner) {
        was = Mutex->Header.SignalState;
        Mutex->Header.SignalState = was + 1;
        thread->kernel_apc_disable--;
        if (was + 1 == 1) {
            Mutex->OwnerThread = NULL;
            we_ke_signal_locked(&Mutex->Header);
        }
    }
    we_ke_dispatcher_unlock();
    if (!is_owner) {
        struct we_vrf_object object = { "mutex", Mutex, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_WAIT_011, &object, "KeReleaseMutex(%p) by a thread that does not own it", (void *)Mutex);
        ExRaiseStatus(STATUS_MUTANT_NOT_OWNED);
    }
    return was;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    WE_NT_ENTRY(KeReadStateMutex);
    return __atomic_load_n(&Mutex->Header.SignalState, __ATOMIC_ACQUIRE);
}
