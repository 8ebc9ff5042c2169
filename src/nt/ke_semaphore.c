/* SPDX-License-Identifier: MIT */
/* KSEMAPHORE. */
#include <wdm.h>

#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    WE_NT_ENTRY(KeInitializeSemaphore);
    we_ke_header_init_checked(&Semaphore->Header, WE_KE_SEMAPHORE, Count, "KeInitializeSemaphore");
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    LONG was;
    BOOLEAN is_over;

    (void)Increment;
    (void)Wait;
    WE_NT_ENTRY(KeReleaseSemaphore);
    if (!we_ke_header_check(&Semaphore->Header, "KeReleaseSemaphore")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    was = Semaphore->Header.SignalState;
    is_over = Adjustment <= 0 || Adjustment > Semaphore->Limit - was;
    if (!is_over) {
        Semaphore->Header.SignalState = was + Adjustment;
        we_ke_signal_locked(&Semaphore->Header);
    }
    we_ke_dispatcher_unlock();
    if (is_over) {
        struct we_vrf_object object = { "semaphore", Semaphore, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_WAIT_014, &object,
                            "KeReleaseSemaphore(%d) would bring the count from %d beyond its limit %d", (int)Adjustment,
                            (int)was, (int)Semaphore->Limit);
        wsk_emu_seh_raise((ULONG)STATUS_SEMAPHORE_LIMIT_EXCEEDED, NULL, 0, NULL);
    }
    return was;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    WE_NT_ENTRY(KeReadStateSemaphore);
    return we_ke_read_state(&Semaphore->Header);
}
