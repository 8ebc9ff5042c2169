/* SPDX-License-Identifier: MIT */
/* A system thread that a test starts and waits for. */
#ifndef WE_TEST_SYSTEM_THREAD_H
#define WE_TEST_SYSTEM_THREAD_H

#include <wdm.h>

#include "wsk_emu/cmocka.h"

/* Runs routine(context). To be joined. */
static inline PVOID system_thread_start(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;
    PVOID thread;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    return thread;
}

/* Waits for its end. */
static inline void system_thread_join(PVOID thread)
{
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

#endif
