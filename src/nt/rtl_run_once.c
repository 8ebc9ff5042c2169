/* SPDX-License-Identifier: MIT */
/* One-time initialization (RTL_RUN_ONCE): a word in the driver's memory, of which zero is "not yet". */
#include <wdm.h>

#include "nt/ex_block.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * The two low bits say how far it is; the others are the driver's context once it is done. The dispatcher lock guards the
 * word, and who waits stands in the list of the blocking locks. A waiter that goes on looks at the word anew, because the
 * initialization may have failed: then the first of them tries.
 */

enum { STATE_NONE, STATE_RUNNING, STATE_DONE, STATE_RACING };
#define STATE_MASK (((ULONG_PTR)1 << RTL_RUN_ONCE_CTX_RESERVED_BITS) - 1)

static ULONG_PTR word_of(PRTL_RUN_ONCE once)
{
    return (ULONG_PTR)once->Ptr;
}

VOID RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce)
{
    WE_NT_ENTRY(RtlRunOnceInitialize);
    RunOnce->Ptr = NULL;
}

/* Dispatcher lock held. STATUS_RETRY: another thread is at it. */
static NTSTATUS begin_locked(PRTL_RUN_ONCE once, ULONG flags, PVOID *context)
{
    bool is_async = (flags & RTL_RUN_ONCE_ASYNC) != 0;

    switch (word_of(once) & STATE_MASK) {
    case STATE_DONE:
        if (context != NULL) {
            *context = (PVOID)(word_of(once) & ~STATE_MASK);
        }
        return STATUS_SUCCESS;
    case STATE_NONE:
        if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
            return STATUS_UNSUCCESSFUL;
        }
        once->Ptr = (PVOID)(ULONG_PTR)(is_async ? STATE_RACING : STATE_RUNNING);
        return STATUS_PENDING;
    case STATE_RACING:
        if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
            return STATUS_UNSUCCESSFUL;
        }
        return is_async ? STATUS_PENDING : STATUS_INVALID_PARAMETER_2;
    default:
        if ((flags & RTL_RUN_ONCE_CHECK_ONLY) != 0) {
            return STATUS_UNSUCCESSFUL;
        }
        return is_async ? STATUS_INVALID_PARAMETER_2 : STATUS_RETRY;
    }
}

static NTSTATUS begin(PRTL_RUN_ONCE once, ULONG flags, PVOID *context)
{
    NTSTATUS status;

    if ((flags & ~(ULONG)(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0 ||
        flags == (RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    while (true) {
        we_ke_dispatcher_lock();
        status = begin_locked(once, flags, context);
        if (status != STATUS_RETRY) {
            we_ke_dispatcher_unlock();
            return status;
        }
        if (we_nt_irql_current() > APC_LEVEL) { /* reported at the entry */
            we_ke_dispatcher_unlock();
            return STATUS_UNSUCCESSFUL;
        }
        if (!we_ex_wait_locked(once, WE_EX_EXCLUSIVE)) {
            return STATUS_UNSUCCESSFUL;
        }
    }
}

static void end_locked(PRTL_RUN_ONCE once, ULONG_PTR word)
{
    struct we_nt_thread *waiter;

    once->Ptr = (PVOID)word;
    while ((waiter = we_ex_first_waiter_locked(once)) != NULL) {
        we_ex_grant_locked(waiter);
    }
}

static NTSTATUS complete(PRTL_RUN_ONCE once, ULONG flags, PVOID context)
{
    bool is_async = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    bool is_failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    ULONG_PTR word = is_failed ? (ULONG_PTR)STATE_NONE : ((ULONG_PTR)context | STATE_DONE);
    NTSTATUS status = STATUS_UNSUCCESSFUL; /* another thread was faster, or nothing was begun */

    if ((flags & ~(ULONG)(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) != 0 || (is_async && is_failed)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (((ULONG_PTR)context & STATE_MASK) != 0 || (is_failed && context != NULL)) {
        return STATUS_INVALID_PARAMETER_3;
    }
    we_ke_dispatcher_lock();
    if ((word_of(once) & STATE_MASK) == (ULONG_PTR)(is_async ? STATE_RACING : STATE_RUNNING)) {
        end_locked(once, word);
        status = STATUS_SUCCESS;
    }
    we_ke_dispatcher_unlock();
    return status;
}

NTSTATUS RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID *Context)
{
    WE_NT_ENTRY(RtlRunOnceBeginInitialize);
    return begin(RunOnce, Flags, Context);
}

NTSTATUS RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context)
{
    WE_NT_ENTRY(RtlRunOnceComplete);
    return complete(RunOnce, Flags, Context);
}

NTSTATUS RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn, PVOID Parameter, PVOID *Context)
{
    struct we_nt_frame frame;
    PVOID context = NULL;
    NTSTATUS status;
    ULONG is_done;

    WE_NT_ENTRY(RtlRunOnceExecuteOnce);
    status = begin(RunOnce, 0, Context);
    if (status != STATUS_PENDING) {
        return status;
    }
    we_nt_door_enter(&frame, WE_DOOR_RUN_ONCE, (const void *)(ULONG_PTR)InitFn, RunOnce);
    is_done = InitFn(RunOnce, Parameter, Context != NULL ? &context : NULL);
    we_nt_door_leave(&frame);
    if (is_done == 0) {
        (void)complete(RunOnce, RTL_RUN_ONCE_INIT_FAILED, NULL);
        return STATUS_UNSUCCESSFUL;
    }
    status = complete(RunOnce, 0, context);
    if (NT_SUCCESS(status) && Context != NULL) {
        *Context = context;
    } else if (!NT_SUCCESS(status)) {
        (void)complete(RunOnce, RTL_RUN_ONCE_INIT_FAILED, NULL); /* the context has low bits */
    }
    return status;
}
