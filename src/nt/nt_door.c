/* SPDX-License-Identifier: MIT */
/* The only way into driver code, and what is checked when it comes back. */
#include "nt/nt_door.h"

#include <stdio.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "nt/ex_block.h"
#include "nt/ke_cpu.h"
#include "vrf/vrf_report.h"

static bool s_is_shut; /* atomic */

void we_nt_door_shut(bool is_shut)
{
    __atomic_store_n(&s_is_shut, is_shut, __ATOMIC_SEQ_CST);
}

bool we_nt_door_is_shut(void)
{
    return __atomic_load_n(&s_is_shut, __ATOMIC_RELAXED);
}

void we_nt_door_enter(struct we_nt_frame *frame, enum we_nt_door_kind kind, const void *routine, const void *object)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    WE_ASSERT(kind == WE_DOOR_CANCEL || we_host_holds_no_lock());
    frame->outer = thread->frames;
    frame->kind = kind;
    frame->entry_irql = thread->irql;
    frame->spin_count = thread->hold_count;
    frame->raise_count = thread->raise_count;
    frame->own_count = thread->own_count;
    frame->kernel_apc_disable = thread->kernel_apc_disable;
    frame->special_apc_disable = thread->special_apc_disable;
    frame->routine = routine;
    frame->object = object;
    frame->seh = wsk_emu_seh_swap(NULL); /* a raise in the routine finds only the routine's own guarded blocks */
    thread->frames = frame;
}

static enum we_vrf_rule irql_rule(enum we_nt_door_kind kind)
{
    switch (kind) {
    case WE_DOOR_COMPLETION:
        return WE_RULE_IRQL_007;
    case WE_DOOR_DPC:
    case WE_DOOR_TIMER:
    case WE_DOOR_TIMER_DELETE:
        return WE_RULE_DPC_007;
    case WE_DOOR_WORK_ITEM:
        return WE_RULE_WORK_010;
    case WE_DOOR_WSK_CLIENT:
    case WE_DOOR_WSK_ACCEPT:
    case WE_DOOR_WSK_INSPECT:
    case WE_DOOR_WSK_ABORT:
    case WE_DOOR_WSK_RECEIVE:
    case WE_DOOR_WSK_DISCONNECT:
    case WE_DOOR_WSK_SEND_BACKLOG:
    case WE_DOOR_WSK_RECEIVE_FROM:
        return WE_RULE_CB_003;
    default:
        return WE_RULE_IRQL_005;
    }
}

/* Reports every spin lock that the routine took and kept, and lets go of it, so that the run can go on. */
static void release_kept_locks(struct we_nt_thread *thread, const struct we_nt_frame *frame)
{
    while (thread->hold_count > frame->spin_count) {
        struct we_nt_hold *hold = &thread->holds[thread->hold_count - 1];
        struct we_vrf_object object = { "spin lock", hold->lock, NULL, NULL, NULL };
        struct we_host_trace taken = { { hold->site } };

        object.made = &taken;
        (void)we_vrf_report(WE_RULE_LOCK_016, &object, "the %s %p returned while it holds the spin lock %p",
                            we_nt_door_name(frame->kind), frame->routine, hold->lock);
        we_ke_spinlock_force_release(thread);
    }
}

static void release_kept_owns(const struct we_nt_frame *frame)
{
    char what[80];

    snprintf(what, sizeof(what), "the %s %p", we_nt_door_name(frame->kind), frame->routine);
    we_ex_owns_check(frame->own_count, what, "returned");
}

static void check_irql(struct we_nt_thread *thread, const struct we_nt_frame *frame)
{
    if (thread->irql == frame->entry_irql) {
        return;
    }
    (void)we_vrf_report(irql_rule(frame->kind), NULL, "the %s %p was entered at %s and returned at %s",
                        we_nt_door_name(frame->kind), frame->routine, we_nt_irql_name(frame->entry_irql),
                        we_nt_irql_name(thread->irql));
    if (thread->irql > frame->entry_irql) {
        we_nt_cpu_lower(thread, frame->entry_irql);
    } else {
        we_nt_cpu_raise(thread, frame->entry_irql, WE_NT_ANY_CPU);
    }
}

static void check_apc(struct we_nt_thread *thread, const struct we_nt_frame *frame)
{
    if (thread->kernel_apc_disable == frame->kernel_apc_disable &&
        thread->special_apc_disable == frame->special_apc_disable) {
        return;
    }
    (void)we_vrf_report(WE_RULE_IRQL_008, NULL, "the %s %p returned with APCs disabled %d times more than at its entry",
                        we_nt_door_name(frame->kind), frame->routine,
                        thread->kernel_apc_disable - frame->kernel_apc_disable + thread->special_apc_disable -
                            frame->special_apc_disable);
    thread->kernel_apc_disable = frame->kernel_apc_disable;
    thread->special_apc_disable = frame->special_apc_disable;
}

void we_nt_door_leave(struct we_nt_frame *frame)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    WE_ASSERT(thread->frames == frame);
    if (WE_UNLIKELY(thread->hold_count > frame->spin_count)) {
        release_kept_locks(thread, frame); /* brings the IRQL back as well */
    }
    if (WE_UNLIKELY(thread->own_count > frame->own_count)) {
        release_kept_owns(frame);
    }
    thread->raise_count = frame->raise_count;
    check_irql(thread, frame);
    check_apc(thread, frame);
    (void)wsk_emu_seh_swap(frame->seh);
    thread->frames = frame->outer;
}

bool we_nt_door_is_inside(enum we_nt_door_kind kind, const void *object)
{
    const struct we_nt_frame *frame;

    for (frame = we_nt_thread_current()->frames; frame != NULL; frame = frame->outer) {
        if (frame->kind == kind && frame->object == object) {
            return true;
        }
    }
    return false;
}

const struct we_nt_frame *we_nt_door_find_callback(void)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    const struct we_nt_frame *frame;

    for (frame = thread->frames; frame != NULL; frame = frame->outer) {
        if (frame->kind >= WE_DOOR_WSK_CLIENT || frame->kind == WE_DOOR_COMPLETION) {
            return frame;
        }
    }
    return NULL;
}
