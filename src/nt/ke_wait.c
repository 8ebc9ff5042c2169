/* SPDX-License-Identifier: MIT */
/* KeWaitForSingleObject, KeWaitForMultipleObjects, KeDelayExecutionThread. */
#include <wdm.h>

#include "base/base_assert.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A wait is decided under the dispatcher lock: satisfied at once, or the thread's wait blocks are hung onto
 * the objects and the thread parks. Whoever signals takes the blocks off and unparks the thread, so that a
 * woken thread never looks at an object again: it may be gone by then. A time-out takes the blocks off
 * itself, under the lock, and loses against a signal that came first.
 */

/* ULLONG_MAX / 100, so that the conversion below cannot overflow. */
#define LONGEST_100NS ((uint64_t)WE_HOST_FOREVER / 200u)

uint64_t we_ke_deadline_ns(const LARGE_INTEGER *timeout)
{
    uint64_t now_100ns;
    uint64_t left_100ns;

    if (timeout == NULL) {
        return WE_HOST_FOREVER;
    }
    if (timeout->QuadPart <= 0) {
        left_100ns = 0 - (uint64_t)timeout->QuadPart;
    } else {
        now_100ns = we_host_system_time_100ns();
        left_100ns = (uint64_t)timeout->QuadPart > now_100ns ? (uint64_t)timeout->QuadPart - now_100ns : 0;
    }
    if (left_100ns > LONGEST_100NS) {
        return WE_HOST_FOREVER;
    }
    return we_host_now_ns() + left_100ns * 100u;
}

/* The result if the wait can be satisfied now, with its side effects done; else STATUS_PENDING. */
static NTSTATUS try_satisfy_locked(struct we_nt_thread *thread, ULONG count, PVOID objects[], WAIT_TYPE type)
{
    bool is_abandoned = false;
    ULONG i;

    if (type == WaitAny) {
        for (i = 0; i < count; i++) {
            DISPATCHER_HEADER *header = (DISPATCHER_HEADER *)objects[i];

            if (we_ke_is_signalled_locked(header, thread)) {
                return (we_ke_satisfy_locked(header, thread) ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + (NTSTATUS)i;
            }
        }
        return STATUS_PENDING;
    }
    for (i = 0; i < count; i++) {
        if (!we_ke_is_signalled_locked((const DISPATCHER_HEADER *)objects[i], thread)) {
            return STATUS_PENDING;
        }
    }
    for (i = 0; i < count; i++) {
        is_abandoned = we_ke_satisfy_locked((DISPATCHER_HEADER *)objects[i], thread) || is_abandoned;
    }
    return is_abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_SUCCESS;
}

/* Parks until the blocks are taken off by a signal or the time is over. */
static NTSTATUS park_until_released(struct we_nt_thread *thread, uint64_t deadline_ns)
{
    enum we_host_park_result result;
    NTSTATUS status;

    for (;;) {
        result = we_host_park(&thread->host, deadline_ns);
        we_ke_dispatcher_lock();
        if (!thread->is_waiting) {
            status = thread->wait_status;
            break;
        }
        if (result != WE_PARK_WOKEN) {
            we_ke_wait_unlink_locked(thread);
            status = STATUS_TIMEOUT;
            break;
        }
        we_ke_dispatcher_unlock();
    }
    we_ke_dispatcher_unlock();
    if (result == WE_PARK_STOPPING && status == STATUS_TIMEOUT && thread->host.is_created) {
        we_ps_thread_unwind(thread); /* the kernel stops and this thread would wait for ever */
    }
    return status;
}

void we_ke_wait_abandon(void)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    we_ke_dispatcher_lock();
    if (thread->is_waiting) {
        we_ke_wait_unlink_locked(thread);
        thread->wait_status = STATUS_TIMEOUT;
    }
    we_ke_dispatcher_unlock();
}

/* A thread that asks again and again without waiting lets others go on in between, or they never would. */
static void give_turn(void)
{
    unsigned spin_count = UINT16_MAX; /* a patient spinner's */

    if (we_host_exec_kind() == WE_EXEC_STEPPED && we_host_exec_is_main()) {
        (void)we_host_exec_step(false);
    } else {
        we_host_yield(&spin_count);
    }
}

/* A wait with a time-out of zero was in vain. So many of them in a row are a loop. */
#define FAILED_POLLS_MAX 64u

static void poll_failed(struct we_nt_thread *thread)
{
    if (thread->irql < DISPATCH_LEVEL && ++thread->failed_poll_count >= FAILED_POLLS_MAX) {
        thread->failed_poll_count = 0;
        give_turn();
    }
}

static NTSTATUS wait_for(ULONG count, PVOID objects[], WAIT_TYPE type, uint64_t deadline_ns, bool is_poll)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    NTSTATUS status;

    we_ke_dispatcher_lock();
    status = try_satisfy_locked(thread, count, objects, type);
    if (status == STATUS_PENDING && is_poll) {
        status = STATUS_TIMEOUT;
    }
    if (status != STATUS_PENDING) {
        we_ke_dispatcher_unlock();
        if (status == STATUS_TIMEOUT) {
            poll_failed(thread);
        }
        return status;
    }
    thread->failed_poll_count = 0;
    we_host_trace_capture(&thread->wait_trace, 1);
    we_ke_wait_link_locked(thread, count, objects, type);
    we_ke_dispatcher_unlock();
    return park_until_released(thread, deadline_ns);
}

NTSTATUS we_ke_wait_internal(DISPATCHER_HEADER *header, uint64_t deadline_ns)
{
    PVOID object = header;

    return wait_for(1, &object, WaitAny, deadline_ns, false);
}

/* Reports a wait that Windows would not survive. False: the call fails without waiting. */
static bool may_wait(const char *function, const LARGE_INTEGER *timeout)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    const struct we_nt_frame *callback;

    if (timeout != NULL && timeout->QuadPart == 0 && thread->irql <= DISPATCH_LEVEL) {
        return true;
    }
    callback = we_nt_door_find_callback();
    if (callback != NULL) {
        (void)we_vrf_report(WE_RULE_CB_001, NULL, "%s waits inside a %s", function, we_nt_door_name(callback->kind));
        return false;
    }
    if (thread->irql < DISPATCH_LEVEL) {
        return true;
    }
    if (thread->irql > DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_WAIT_001, NULL, "%s was called at %s", function, we_nt_irql_name(thread->irql));
    } else if (thread->frames != NULL && thread->frames->kind == WE_DOOR_DPC) {
        (void)we_vrf_report(WE_RULE_WAIT_004, NULL, "%s waits inside a DPC routine", function);
    } else if (timeout == NULL) {
        (void)we_vrf_report(WE_RULE_WAIT_002, NULL, "%s without a time-out was called at DISPATCH_LEVEL", function);
    } else {
        (void)we_vrf_report(WE_RULE_WAIT_003, NULL, "%s with a time-out other than zero was called at DISPATCH_LEVEL",
                            function);
    }
    return false;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    PVOID object = Object;

    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    if (!we_ke_header_check((const DISPATCHER_HEADER *)Object, "KeWaitForSingleObject")) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!may_wait("KeWaitForSingleObject", Timeout)) {
        return STATUS_UNSUCCESSFUL;
    }
    return wait_for(1, &object, WaitAny, we_ke_deadline_ns(Timeout), Timeout != NULL && Timeout->QuadPart == 0);
}

/* True when the arguments can be waited for. */
static bool check_multiple(ULONG count, PVOID objects[], PKWAIT_BLOCK blocks)
{
    ULONG highest = blocks != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS;
    ULONG i;
    ULONG j;

    if (count == 0 || count > highest) {
        (void)we_vrf_report(WE_RULE_WAIT_006, NULL,
                            "KeWaitForMultipleObjects was given %u objects; 1 to %u are allowed %s", (unsigned)count,
                            (unsigned)highest, blocks != NULL ? "with a WaitBlockArray" : "without a WaitBlockArray");
        return false;
    }
    for (i = 0; i < count; i++) {
        if (!we_ke_header_check((const DISPATCHER_HEADER *)objects[i], "KeWaitForMultipleObjects")) {
            return false;
        }
        for (j = 0; j < i; j++) {
            if (objects[i] == objects[j]) {
                (void)we_vrf_report(WE_RULE_WAIT_024, NULL, "KeWaitForMultipleObjects was given %p twice (%u and %u)",
                                    objects[i], (unsigned)j, (unsigned)i);
                return false;
            }
        }
    }
    return true;
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                        KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    if (!check_multiple(Count, Object, WaitBlockArray)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!may_wait("KeWaitForMultipleObjects", Timeout)) {
        return STATUS_UNSUCCESSFUL;
    }
    return wait_for(Count, Object, WaitType, we_ke_deadline_ns(Timeout), Timeout != NULL && Timeout->QuadPart == 0);
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    uint64_t deadline_ns;
    enum we_host_park_result result;

    (void)WaitMode;
    (void)Alertable;
    if (!may_wait("KeDelayExecutionThread", NULL)) {
        return STATUS_UNSUCCESSFUL;
    }
    deadline_ns = we_ke_deadline_ns(Interval);
    if (deadline_ns <= we_host_now_ns()) {
        give_turn();
        return STATUS_SUCCESS;
    }
    do {
        result = we_host_park(&thread->host, deadline_ns);
    } while (result == WE_PARK_WOKEN); /* a permit left over from an earlier wait */
    if (result == WE_PARK_STOPPING && thread->host.is_created) {
        we_ps_thread_unwind(thread);
    }
    return STATUS_SUCCESS;
}
