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
    we_ke_header_init_checked(&Mutex->Header, WE_KE_MUTANT, 1, "KeInitializeMutex");
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
    UCHAR level;

    (void)Wait;
    WE_NT_ENTRY(KeReleaseMutex);
    if (!we_ke_header_check(&Mutex->Header, "KeReleaseMutex")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    is_owner = (void *)Mutex->OwnerThread == (void *)thread;
    level = Mutex->ApcDisable;
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

        (void)we_vrf_report(WE_RULE_WAIT_011, &object, "KeReleaseMutex(%p) by a thread that does not own it",
                            (void *)Mutex);
        wsk_emu_seh_raise((ULONG)STATUS_MUTANT_NOT_OWNED, NULL, 0, NULL);
    }
    if ((level == WE_KE_MUTANT_AT_DISPATCH) != (thread->irql >= DISPATCH_LEVEL)) {
        struct we_vrf_object object = { "mutex", Mutex, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_WAIT_012, &object, "mutex %p was acquired %s and is released at %s", (void *)Mutex,
                            level == WE_KE_MUTANT_AT_DISPATCH ? "at DISPATCH_LEVEL" : "below DISPATCH_LEVEL",
                            we_nt_irql_name(thread->irql));
    }
    return was;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    WE_NT_ENTRY(KeReadStateMutex);
    return we_ke_read_state(&Mutex->Header);
}
