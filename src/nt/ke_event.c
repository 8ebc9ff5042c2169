/* SPDX-License-Identifier: MIT */
/* KEVENT. */
#include <wdm.h>

#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    we_ke_header_init_checked(&Event->Header,
                              Type == NotificationEvent ? WE_KE_NOTIFICATION_EVENT : WE_KE_SYNCHRONIZATION_EVENT,
                              State ? 1 : 0, "KeInitializeEvent");
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG was;

    (void)Increment;
    (void)Wait; /* a hint: the next wait is as atomic as it needs to be without it */
    WE_NT_ENTRY(KeSetEvent);
    if (!we_ke_header_check(&Event->Header, "KeSetEvent")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    was = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    if (was == 0) {
        we_ke_signal_locked(&Event->Header);
    }
    we_ke_dispatcher_unlock();
    return was;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    LONG was;

    WE_NT_ENTRY(KeResetEvent);
    if (!we_ke_header_check(&Event->Header, "KeResetEvent")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    was = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    we_ke_dispatcher_unlock();
    return was;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    WE_NT_ENTRY(KeClearEvent);
    if (we_ke_header_check(&Event->Header, "KeClearEvent")) {
        we_ke_dispatcher_lock();
        Event->Header.SignalState = 0;
        we_ke_dispatcher_unlock();
    }
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG was;

    (void)Increment;
    (void)Wait;
    WE_NT_ENTRY(KePulseEvent);
    if (!we_ke_header_check(&Event->Header, "KePulseEvent")) {
        return 0;
    }
    we_ke_dispatcher_lock();
    was = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    we_ke_signal_locked(&Event->Header);
    Event->Header.SignalState = 0;
    we_ke_dispatcher_unlock();
    return was;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    WE_NT_ENTRY(KeReadStateEvent);
    return we_ke_read_state(&Event->Header);
}
