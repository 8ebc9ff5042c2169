/* SPDX-License-Identifier: MIT */
/* A driver that loads and whose unload never comes back, and the wait that it is in. */
#ifndef WE_TEST_CXX_HANGING_HPP
#define WE_TEST_CXX_HANGING_HPP

#include "wsk_emu/driver.h"

inline VOID NTAPI hang(PDRIVER_OBJECT)
{
    static KEVENT never;

    KeInitializeEvent(&never, NotificationEvent, FALSE);
    (void)KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, nullptr);
}

inline NTSTATUS NTAPI hanging_entry(PDRIVER_OBJECT object, PUNICODE_STRING)
{
    object->DriverUnload = hang;
    return STATUS_SUCCESS;
}

#endif
