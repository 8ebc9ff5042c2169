/* SPDX-License-Identifier: MIT */
/* System threads: from PsCreateSystemThread to the signal that the thread has ended. */
/* The functions themselves are defined here, not the macros that cast their arguments. */
#define WSK_EMU_NO_CAST_MACROS
#include "nt/ps_thread.h"

#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_stack.h"
#include "nt/ex_block.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "nt/nt_forget.h"
#include "nt/nt_init.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A thread object is the body of an object (ob_object.c) that begins with the thread record. Its first reference belongs
 * to the host thread and is dropped by whoever joins that: so the record outlives the last instruction of the
 * thread, however early the driver drops its own references.
 *
 * A thread ends by one path, on itself: its state is checked and put right, its record is detached, and then the object
 * is signalled. What runs after the signal is a few instructions of ours, never the driver's.
 *
 * Ended system threads stay on the list until somebody passes by who joins them: the next PsCreateSystemThread, or stop.
 */

struct ps_thread {
    struct we_nt_thread nt; /* first: the body is the thread record */
    void (*fn)(void *context);
    void *context;
    struct we_base_list link; /* system threads only; guarded by s_lock */
    bool has_ended;           /* atomic: the driver's code is done, the thread can be joined */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_system_threads = WE_BASE_LIST_INIT(s_system_threads);

static struct ps_thread *ps_thread_of(struct we_nt_thread *thread)
{
    return WE_CONTAINER(thread, struct ps_thread, nt);
}

/* --- the end of a thread, on itself -------------------------------------------------------- */

/* THREAD-008: says what the driver left open, and closes it, since the processor and the locks must not go with the
 * thread. kernel_apc_disable is what the thread started with. */
static void thread_check_end(struct we_nt_thread *thread, SHORT kernel_apc_disable)
{
    if (thread->own_count > 0) {
        char what[32];

        snprintf(what, sizeof(what), "thread %u", (unsigned)thread->id);
        we_ex_owns_check(0, what, "ended");
    }
    if (thread->irql != PASSIVE_LEVEL || thread->hold_count > 0 || thread->kernel_apc_disable != kernel_apc_disable ||
        thread->special_apc_disable != 0) {
        (void)we_vrf_report(
            WE_RULE_THREAD_008, NULL,
            "thread %u ended at %s with %u spin lock(s) held and APCs disabled %d times more than at its "
            "start",
            (unsigned)thread->id, we_nt_irql_name(thread->irql), (unsigned)thread->hold_count,
            thread->kernel_apc_disable - kernel_apc_disable + thread->special_apc_disable);
    }
    while (thread->hold_count > 0) {
        we_ke_spinlock_force_release(thread);
    }
    if (thread->irql != PASSIVE_LEVEL) {
        we_nt_cpu_lower(thread, PASSIVE_LEVEL);
    }
    thread->kernel_apc_disable = 0;
    thread->special_apc_disable = 0;
    we_ke_check_freed_range((const void *)we_host_stack_own()->low, /* the stack goes with the thread */
                            we_host_stack_own()->high - we_host_stack_own()->low);
}

static void thread_end(struct we_nt_thread *thread, NTSTATUS status)
{
    struct ps_thread *ps = ps_thread_of(thread);

    thread->frames = NULL;
    thread->exit_status = status;
    we_nt_thread_detach(thread);
    /* Before the signal: whoever was woken by it may look. What is left to do is over before the thread is joined. */
    __atomic_store_n(&ps->has_ended, true, __ATOMIC_SEQ_CST);
    we_ke_dispatcher_lock();
    thread->header.SignalState = 1;
    we_ke_signal_locked(&thread->header);
    we_ke_dispatcher_unlock();
}

void we_ps_thread_unwind(struct we_nt_thread *thread)
{
    struct ps_thread *ps = ps_thread_of(thread);

    WE_ASSERT(!thread->is_cpu && ps->fn != NULL);
    we_ex_wait_abandon();
    thread->own_count = 0;
    while (thread->hold_count > 0) {
        we_ke_spinlock_force_release(thread);
    }
    if (thread->irql != PASSIVE_LEVEL) {
        we_nt_cpu_lower(thread, PASSIVE_LEVEL);
    }
    we_nt_forget_own_stack(true); /* it goes with the thread */
    thread_end(thread, STATUS_CANCELLED);
    we_host_thread_exit(&thread->host);
}

/* --- threads in general -------------------------------------------------------------------- */

static void thread_main(void *context)
{
    struct ps_thread *ps = (struct ps_thread *)context;

    we_nt_thread_attach(&ps->nt, false);
    ps->fn(ps->context);
    thread_end(&ps->nt, STATUS_SUCCESS);
}

/* The object, ready to be started; its host thread does not exist yet. */
static struct ps_thread *thread_make(const char *name, bool is_worker, void (*fn)(void *context), void *context)
{
    struct ps_thread *ps = (struct ps_thread *)we_ob_create(WE_OB_THREAD, sizeof(*ps), NULL, name);

    if (ps == NULL) {
        return NULL;
    }
    ps->fn = fn;
    ps->context = context;
    ps->nt.is_worker = is_worker ? TRUE : FALSE;
    ps->nt.is_system = is_worker ? FALSE : TRUE;
    we_base_list_init(&ps->link);
    we_nt_thread_prepare(&ps->nt);
    return ps;
}

struct we_nt_thread *we_ps_worker_create(const char *name, void (*fn)(void *context), void *context)
{
    struct ps_thread *ps = thread_make(name, true, fn, context);

    if (ps == NULL) {
        return NULL;
    }
    if (we_host_thread_create(&ps->nt.host, name, thread_main, ps) != WE_OK) {
        we_ob_dereference(ps);
        return NULL;
    }
    return &ps->nt;
}

void we_ps_thread_join(struct we_nt_thread *thread)
{
    we_host_thread_join(&thread->host);
    we_ob_dereference(ps_thread_of(thread));
}

/* --- system threads ------------------------------------------------------------------------ */

static void system_thread_run(void *context)
{
    struct we_nt_thread *thread = &((struct ps_thread *)context)->nt;
    struct we_nt_frame frame;

    if (we_nt_door_is_shut()) {
        return;
    }
    thread->kernel_apc_disable = 1; /* a new thread begins inside a critical region */
    we_nt_door_enter(&frame, WE_DOOR_THREAD, (const void *)(ULONG_PTR)thread->start_routine, thread);
    thread->start_routine(thread->start_context);
    (void)we_vrf_report(WE_RULE_THREAD_006, NULL,
                        "thread routine %p returned instead of calling PsTerminateSystemThread",
                        (void *)(ULONG_PTR)thread->start_routine);
    thread_check_end(thread, 1);
}

/* Takes an ended thread off the list, or any thread; NULL when there is none. */
static struct ps_thread *system_thread_take(bool is_any)
{
    struct ps_thread *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_system_threads) {
        struct ps_thread *ps = WE_BASE_LIST_ITEM(link, struct ps_thread, link);

        if (is_any || __atomic_load_n(&ps->has_ended, __ATOMIC_SEQ_CST)) {
            found = ps;
            we_base_list_remove(&ps->link);
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

static void system_threads_reap(void)
{
    struct ps_thread *ps;

    while ((ps = system_thread_take(false)) != NULL) {
        we_ps_thread_join(&ps->nt);
    }
}

static void system_threads_add(struct ps_thread *ps)
{
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_system_threads, &ps->link);
    we_host_mutex_unlock(&s_lock);
}

/* Starts the thread with one reference more, which is the caller's. */
static struct ps_thread *system_thread_start(PKSTART_ROUTINE routine, PVOID context)
{
    struct ps_thread *ps = thread_make("system thread", false, system_thread_run, NULL);

    if (ps == NULL) {
        return NULL;
    }
    ps->context = ps;
    ps->nt.start_routine = routine;
    ps->nt.start_context = context;
    we_ob_reference(ps);
    if (we_host_thread_create(&ps->nt.host, "system thread", thread_main, ps) != WE_OK) {
        we_ob_dereference(ps);
        we_ob_dereference(ps);
        return NULL;
    }
    system_threads_add(ps);
    return ps;
}

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                              HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                              PVOID StartContext)
{
    struct ps_thread *ps;
    NTSTATUS status = STATUS_SUCCESS;

    WE_NT_ENTRY(PsCreateSystemThread);
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(ObjectAttributes);
    if (ThreadHandle == NULL || StartRoutine == NULL || ProcessHandle != NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *ThreadHandle = NULL;
    system_threads_reap();
    ps = system_thread_start(StartRoutine, StartContext);
    if (ps == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ClientId != NULL) {
        ClientId->UniqueProcess = PsGetCurrentProcessId();
        ClientId->UniqueThread = (HANDLE)(ULONG_PTR)ps->nt.id;
    }
    *ThreadHandle = we_ob_handle_create(ps);
    if (*ThreadHandle == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES; /* the thread runs all the same, as on Windows */
    }
    we_ob_dereference(ps);
    return status;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    WE_NT_ENTRY(PsTerminateSystemThread);
    if (!thread->is_system) {
        (void)we_vrf_report(WE_RULE_THREAD_007, NULL, "PsTerminateSystemThread was called in %s",
                            thread->is_worker ? "a work item" : "a thread that PsCreateSystemThread did not make");
        return STATUS_INVALID_PARAMETER;
    }
    thread_check_end(thread, 1);
    thread_end(thread, ExitStatus);
    we_host_thread_exit(&thread->host);
}

/* --- the current thread -------------------------------------------------------------------- */

/* One process stands for "System". Its object is only compared. */
static struct _EPROCESS {
    ULONG id;
} s_system_process = { 4 };

PKTHREAD KeGetCurrentThread(VOID)
{
    return (PKTHREAD)(void *)we_nt_thread_current();
}

HANDLE PsGetCurrentThreadId(VOID)
{
    return (HANDLE)(ULONG_PTR)we_nt_thread_current()->id;
}

HANDLE PsGetCurrentProcessId(VOID)
{
    return (HANDLE)(ULONG_PTR)s_system_process.id;
}

PEPROCESS IoGetCurrentProcess(VOID)
{
    return &s_system_process;
}

PEPROCESS PsInitialSystemProcess = &s_system_process;

VOID KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState)
{
    WE_NT_ENTRY(KeStackAttachProcess);
    memset(ApcState, 0, sizeof(*ApcState));
    ApcState->Process = Process; /* the one there is, so also the one to go back to */
    we_nt_thread_current()->attach_count++;
}

VOID KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    WE_NT_ENTRY(KeUnstackDetachProcess);
    if (thread->attach_count == 0) {
        KeBugCheckEx(INVALID_PROCESS_DETACH_ATTEMPT, (ULONG_PTR)ApcState, 0, 0, 0);
    }
    thread->attach_count--;
}

/* --- priorities: kept and given back, without effect ------------------------------------------ */

#define BASE_PRIORITY 8

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    WE_NT_ENTRY(KeQueryPriorityThread);
    return __atomic_load_n(&((struct we_nt_thread *)(void *)Thread)->priority, __ATOMIC_RELAXED);
}

KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    struct we_nt_thread *thread = (struct we_nt_thread *)(void *)Thread;

    WE_NT_ENTRY(KeSetPriorityThread);
    if (Priority < 1 || Priority > HIGH_PRIORITY) {
        return __atomic_load_n(&thread->priority, __ATOMIC_RELAXED);
    }
    return __atomic_exchange_n(&thread->priority, Priority, __ATOMIC_RELAXED);
}

LONG KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    struct we_nt_thread *thread = (struct we_nt_thread *)(void *)Thread;
    KPRIORITY priority = BASE_PRIORITY + Increment;

    WE_NT_ENTRY(KeSetBasePriorityThread);
    if (priority < 1) {
        priority = 1;
    } else if (priority > HIGH_PRIORITY) {
        priority = HIGH_PRIORITY;
    }
    return __atomic_exchange_n(&thread->priority, priority, __ATOMIC_RELAXED) - BASE_PRIORITY;
}

void we_ps_thread_each_running(void (*fn)(struct we_nt_thread *thread, void *context), void *context)
{
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_system_threads) {
        struct ps_thread *ps = WE_BASE_LIST_ITEM(link, struct ps_thread, link);

        if (!__atomic_load_n(&ps->has_ended, __ATOMIC_SEQ_CST)) {
            fn(&ps->nt, context);
        }
    }
    we_host_mutex_unlock(&s_lock);
}

/* --- start and stop ------------------------------------------------------------------------- */

void we_ps_start(void)
{
    WE_ASSERT(we_base_list_is_empty(&s_system_threads));
}

static void report_running(struct ps_thread *ps)
{
    struct we_ob_header *header = we_ob_find(ps);

    WE_ASSERT(header != NULL);
    if (header->entry.is_reported) {
        return;
    }
    (void)we_vrf_report_entry(WE_RULE_THREAD_001, &header->entry, "thread %u with routine %p has not ended",
                              (unsigned)ps->nt.id, (void *)(ULONG_PTR)ps->nt.start_routine);
}

void we_ps_stop(void)
{
    struct ps_thread *ps;

    system_threads_reap();
    while ((ps = system_thread_take(true)) != NULL) {
        if (!__atomic_load_n(&ps->has_ended, __ATOMIC_SEQ_CST)) {
            report_running(ps);
            we_host_exec_stop_parking();
        }
        we_ps_thread_join(&ps->nt);
    }
}
