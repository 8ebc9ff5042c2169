/* SPDX-License-Identifier: MIT */
/* EX_TIMER: timers that the system allocates, with a callback of their own and a guarded end. */
#include "nt/ex_timer.h"

#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_timer.h"
#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * Each expiry becomes work of the processor that the timer belongs to, which calls the driver at DISPATCH_LEVEL; one that
 * falls due while the last one still waits is dropped, as with a DPC. calls counts the work that waits or runs.
 *
 * A timer that is being deleted ends with its last call, or at once: end_locked tells the one caller that has to do it.
 * Whoever waits for that waits for an event in the timer itself and frees it, so that a waiting thread that is ended
 * leaves nothing behind that leads to its stack. All of the state is guarded by the dispatcher lock.
 */

struct _EX_TIMER {
    struct we_ke_timer timer; /* first: a thread can wait for it */
    struct we_nt_work work;
    PEXT_CALLBACK callback;
    PVOID context;
    ULONG attributes;
    unsigned calls;
    bool is_deleted; /* may not be set or cancelled any more */
    bool is_ended;
    bool is_awaited;
    KEVENT ended; /* signalled for the thread that waits in ExDeleteTimer */
    PEXT_DELETE_CALLBACK delete_callback;
    PVOID delete_context;
};

#define ATTRIBUTES_ALL (EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION)
#define SHORTEST_PERIOD_100NS 10000 /* less is not asked of a clock: it was meant in milliseconds */

/* --- checks ------------------------------------------------------------------------------------ */

static void report(enum we_vrf_rule rule, PEX_TIMER timer, const char *function, const char *what)
{
    struct we_nt_view view;

    (void)we_vrf_report(rule, we_nt_view_make(&view, WE_KIND_TIMER, timer), "%s %s", function, what);
}

/* The calling thread is in the timer's callback, or in what that called. */
static bool is_in_callback(PEX_TIMER timer)
{
    return we_nt_door_is_inside(WE_DOOR_TIMER, timer) || we_nt_door_is_inside(WE_DOOR_TIMER_DELETE, timer);
}

/* False: the timer is no more, and the call must do nothing. */
static bool is_usable(PEX_TIMER timer, const char *function)
{
    bool is_deleted;

    if (we_nt_block_find(WE_KIND_TIMER, timer) == NULL) {
        report(WE_RULE_DPC_021, timer, function,
               "was called for a timer that ExAllocateTimer did not make, or a dead one");
        return false;
    }
    we_ke_dispatcher_lock();
    is_deleted = timer->is_deleted;
    we_ke_dispatcher_unlock();
    if (is_deleted && !is_in_callback(timer)) {
        report(WE_RULE_DPC_021, timer, function, "was called for a timer after ExDeleteTimer, outside of its callback");
    }
    return !is_deleted;
}

static void check_period(PEX_TIMER timer, LONGLONG period)
{
    struct we_nt_view view;

    if (period != 0 && (period < SHORTEST_PERIOD_100NS || period > MAXLONG)) {
        (void)we_vrf_report(WE_RULE_DPC_016, we_nt_view_make(&view, WE_KIND_TIMER, timer),
                            "ExSetTimer was given a period of %lld units of 100 ns", (long long)period);
    }
}

/* --- expiry and end -------------------------------------------------------------------------------- */

/* True, once: the timer is to be ended by the caller, with end(). */
static bool end_locked(PEX_TIMER timer)
{
    if (!timer->is_deleted || timer->is_ended || timer->calls != 0 || we_ke_timer_is_set_locked(&timer->timer)) {
        return false;
    }
    timer->is_ended = true;
    return true;
}

/* Lets go of threads that wait for the timer. True: there were some. */
static bool release_waiters_locked(PEX_TIMER timer)
{
    DISPATCHER_HEADER *header = &timer->timer.timer.Header;

    if (IsListEmpty(&header->WaitListHead)) {
        return false;
    }
    header->Type = WE_KE_NOTIFICATION_TIMER; /* for all of them */
    header->SignalState = 1;
    we_ke_signal_locked(header);
    return true;
}

static void call_deleted(PEX_TIMER timer)
{
    struct we_nt_frame frame;

    if (timer->delete_callback == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_TIMER_DELETE, (const void *)(ULONG_PTR)timer->delete_callback, timer);
    timer->delete_callback(timer->delete_context);
    we_nt_door_leave(&frame);
}

/* At DISPATCH_LEVEL, no lock. Afterwards the timer is gone, or belongs to the thread that waits in ExDeleteTimer. */
static void end(PEX_TIMER timer)
{
    bool has_waiters;
    bool is_awaited;
    bool is_stuck;

    call_deleted(timer);
    we_ke_dispatcher_lock();
    has_waiters = release_waiters_locked(timer);
    we_ke_dispatcher_unlock();
    if (has_waiters) {
        report(WE_RULE_DPC_021, timer, "ExDeleteTimer", "was called for a timer for which a thread waits");
    }
    we_ke_dispatcher_lock();
    is_stuck = !IsListEmpty(&timer->timer.timer.Header.WaitListHead); /* its memory stays until the stop */
    is_awaited = timer->is_awaited;
    if (is_awaited) {
        timer->ended.Header.SignalState = 1;
        we_ke_signal_locked(&timer->ended.Header);
    }
    we_ke_dispatcher_unlock();
    if (!is_awaited && !is_stuck) {
        we_nt_block_free(we_nt_block_find(WE_KIND_TIMER, timer));
    }
}

static void call_expired(PEX_TIMER timer)
{
    struct we_nt_frame frame;

    if (timer->callback == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_TIMER, (const void *)(ULONG_PTR)timer->callback, timer);
    timer->callback(timer, timer->context);
    we_nt_door_leave(&frame);
}

static void work_run(struct we_nt_work *work)
{
    PEX_TIMER timer = WE_CONTAINER(work, struct _EX_TIMER, work);
    bool is_end;

    call_expired(timer);
    we_ke_dispatcher_lock();
    timer->calls--;
    is_end = end_locked(timer);
    we_ke_dispatcher_unlock();
    if (is_end) {
        end(timer);
    }
}

static void expired_locked(struct we_ke_timer *base)
{
    PEX_TIMER timer = WE_CONTAINER(base, struct _EX_TIMER, timer);

    /* Without a callback, too: a deleted timer may end with this expiry. */
    if (we_nt_work_queue(&timer->work, timer->timer.cpu)) {
        timer->calls++;
    }
}

/* --- the functions ----------------------------------------------------------------------------------- */

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    PEX_TIMER timer;

    WE_NT_ENTRY(ExAllocateTimer);
    if ((Attributes & ~ATTRIBUTES_ALL) != 0) {
        report(WE_RULE_DPC_020, NULL, "ExAllocateTimer", "was given attributes that do not exist");
        return NULL;
    }
    if ((Attributes & EX_TIMER_HIGH_RESOLUTION) != 0 && (Attributes & EX_TIMER_NO_WAKE) != 0) {
        report(WE_RULE_DPC_020, NULL, "ExAllocateTimer",
               "was given EX_TIMER_HIGH_RESOLUTION and EX_TIMER_NO_WAKE, which exclude each other");
        return NULL;
    }
    timer = we_nt_block_alloc(WE_KIND_TIMER, sizeof(*timer), "EX_TIMER");
    if (timer == NULL) {
        return NULL;
    }
    we_ke_timer_init(&timer->timer,
                     (Attributes & EX_TIMER_NOTIFICATION) != 0 ? NotificationTimer : SynchronizationTimer,
                     expired_locked);
    we_nt_work_init(&timer->work, work_run);
    we_ke_header_init(&timer->ended.Header, WE_KE_NOTIFICATION_EVENT, 0);
    timer->callback = Callback;
    timer->context = CallbackContext;
    timer->attributes = Attributes;
    return timer;
}

static bool may_set(PEX_TIMER timer, LONGLONG due_time, LONGLONG period, PEXT_SET_PARAMETERS parameters)
{
    if (parameters != NULL && (parameters->Version != 0 || parameters->Reserved != 0)) {
        report(WE_RULE_DPC_022, timer, "ExSetTimer",
               "was given parameters that ExInitializeSetTimerParameters has not prepared");
    }
    if ((timer->attributes & EX_TIMER_HIGH_RESOLUTION) != 0 && due_time >= 0) {
        report(WE_RULE_DPC_020, timer, "ExSetTimer",
               "was given a time that is not relative for a high-resolution timer");
        return false;
    }
    we_ke_timer_check_due(timer, due_time, "ExSetTimer");
    check_period(timer, period);
    return true;
}

BOOLEAN ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    LARGE_INTEGER due;
    bool was_set = false;
    bool is_set = false;
    uint64_t due_ns;
    unsigned cpu;

    WE_NT_ENTRY(ExSetTimer);
    if (!is_usable(Timer, "ExSetTimer") || !may_set(Timer, DueTime, Period, Parameters)) {
        return FALSE;
    }
    due.QuadPart = DueTime;
    due_ns = we_ke_deadline_ns(&due);
    cpu = Timer->timer.cpu;
    we_ke_dispatcher_lock();
    if (!Timer->is_deleted) {
        was_set = we_ke_timer_cancel_locked(&Timer->timer);
        we_ke_timer_set_locked(&Timer->timer, due_ns, Period > 0 ? (uint64_t)Period * 100u : 0);
        is_set = true;
    }
    we_ke_dispatcher_unlock();
    if (is_set) {
        we_host_kick(cpu, due_ns);
    }
    return was_set ? TRUE : FALSE;
}

BOOLEAN ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters)
{
    bool was_set = false;

    WE_NT_ENTRY(ExCancelTimer);
    if (Parameters != NULL) {
        report(WE_RULE_DPC_022, Timer, "ExCancelTimer", "was given parameters; there are none yet");
    }
    if (!is_usable(Timer, "ExCancelTimer")) {
        return FALSE;
    }
    we_ke_dispatcher_lock();
    if (!Timer->is_deleted) {
        was_set = we_ke_timer_cancel_locked(&Timer->timer);
    }
    we_ke_dispatcher_unlock();
    return was_set ? TRUE : FALSE;
}

/* Whether the call may wait; one that must not goes on without. */
static bool may_wait(PEX_TIMER timer)
{
    if (is_in_callback(timer)) {
        report(WE_RULE_DPC_021, timer, "ExDeleteTimer", "was asked to wait for the callback that called it");
        return false;
    }
    if (we_nt_irql_current() > APC_LEVEL) {
        report(WE_RULE_DPC_021, timer, "ExDeleteTimer", "was asked to wait above APC_LEVEL");
        return false;
    }
    return true;
}

static void take_delete_parameters(PEX_TIMER timer, PEXT_DELETE_PARAMETERS parameters)
{
    if (parameters == NULL) {
        return;
    }
    if (parameters->Version != 0 || parameters->Reserved != 0) {
        report(WE_RULE_DPC_022, timer, "ExDeleteTimer",
               "was given parameters that ExInitializeDeleteTimerParameters has not prepared");
        return;
    }
    timer->delete_callback = parameters->DeleteCallback;
    timer->delete_context = parameters->DeleteContext;
}

/* Marks the timer as deleted. True: the caller ends it. */
static bool mark_deleted(PEX_TIMER timer, bool is_cancelling, bool is_waiting, bool *was_set)
{
    bool is_end;

    we_ke_dispatcher_lock();
    *was_set = is_cancelling && we_ke_timer_cancel_locked(&timer->timer);
    timer->timer.period_ns = 0; /* one that stays set expires once more */
    timer->is_deleted = true;
    timer->is_awaited = is_waiting;
    is_end = end_locked(timer);
    we_ke_dispatcher_unlock();
    return is_end;
}

BOOLEAN ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    bool is_waiting = Wait != FALSE;
    struct we_nt_section section;
    bool was_set;

    WE_NT_ENTRY(ExDeleteTimer);
    if (!is_usable(Timer, "ExDeleteTimer")) {
        return FALSE;
    }
    if (is_waiting && !Cancel) {
        report(WE_RULE_DPC_021, Timer, "ExDeleteTimer", "was asked to wait without cancelling");
    }
    is_waiting = is_waiting && may_wait(Timer);
    take_delete_parameters(Timer, Parameters);
    we_nt_section_enter(&section, Timer->timer.cpu);
    if (mark_deleted(Timer, Cancel || Wait, is_waiting, &was_set)) {
        end(Timer);
    }
    we_nt_section_leave(&section);
    if (is_waiting) {
        (void)we_ke_wait_internal(&Timer->ended.Header, WE_HOST_FOREVER);
        we_nt_block_free(we_nt_block_find(WE_KIND_TIMER, Timer));
    }
    return was_set && Cancel ? TRUE : FALSE;
}

/* --- the end of the kernel ------------------------------------------------------------------------------ */

static void stop_timer(struct we_vrf_entry *entry, void *context)
{
    PEX_TIMER timer = (PEX_TIMER)(ULONG_PTR)entry->address;

    UNREFERENCED_PARAMETER(context);
    we_ke_dispatcher_lock();
    (void)we_ke_timer_cancel_locked(&timer->timer);
    we_ke_dispatcher_unlock();
    (void)we_nt_work_cancel(&timer->work, timer->timer.cpu);
    if (!timer->is_deleted && !entry->is_reported) {
        (void)we_vrf_report_entry(WE_RULE_DPC_021, entry, "the timer %p was never deleted", entry->address);
    }
    we_nt_block_free(WE_CONTAINER(entry, struct we_nt_block, entry));
}

void we_ex_timers_stop(void)
{
    we_vrf_ledger_each(WE_KIND_TIMER, stop_timer, NULL);
}

void we_ex_timer_cancel_leaked(const void *address)
{
    PEX_TIMER timer = (PEX_TIMER)(ULONG_PTR)address;

    we_ke_dispatcher_lock();
    (void)we_ke_timer_cancel_locked(&timer->timer);
    we_ke_dispatcher_unlock();
}
