/* SPDX-License-Identifier: MIT */
/* KTIMER: one-shot and periodic, on the processor that set it. */
#include "nt/ke_timer.h"

#include "base/base_assert.h"
#include "nt/ex_block.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_dpc.h"
#include "nt/nt_forget.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A set timer hangs on its processor's list, earliest first, through its own TimerListEntry: nothing of ours
 * is attached to the driver's memory. Header.Inserted tells whether it hangs there, Processor where. DueTime is
 * kept in nanoseconds since the start. All of it is guarded by the dispatcher lock. Each processor publishes
 * the time of its first timer (next_due_ns), so that nobody needs the lock to know when to wake.
 *
 * Timers of the library itself (ke_timer.h) hang on the same lists; a bit that Windows uses for such things, too, tells
 * them from the drivers' own.
 */

#define FLAG_LIBRARY 1u /* Header.Absolute: the timer lies in a struct we_ke_timer */

static void publish_due_locked(struct we_nt_cpu *cpu)
{
    uint64_t due_ns = WE_HOST_FOREVER;

    if (!IsListEmpty(&cpu->timers)) {
        due_ns = CONTAINING_RECORD(cpu->timers.Flink, KTIMER, TimerListEntry)->DueTime.QuadPart;
    }
    __atomic_store_n(&cpu->next_due_ns, due_ns, __ATOMIC_SEQ_CST);
}

static void insert_locked(PKTIMER timer, struct we_nt_cpu *cpu, uint64_t due_ns)
{
    PLIST_ENTRY before = cpu->timers.Blink;

    /* From the end: timers are mostly set for later than those that are there. Equal times keep their order. */
    while (before != &cpu->timers && CONTAINING_RECORD(before, KTIMER, TimerListEntry)->DueTime.QuadPart > due_ns) {
        before = before->Blink;
    }
    timer->DueTime.QuadPart = due_ns;
    timer->Processor = cpu->index;
    timer->Header.Inserted = TRUE;
    InsertHeadList(before, &timer->TimerListEntry);
    publish_due_locked(cpu);
}

static void remove_locked(PKTIMER timer)
{
    timer->Header.Inserted = FALSE;
    RemoveEntryList(&timer->TimerListEntry);
    publish_due_locked(we_nt_cpu_at(timer->Processor));
}

static bool check_timer(PKTIMER timer, const char *function)
{
    return we_ke_header_check(&timer->Header, function);
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    WE_NT_ENTRY(KeInitializeTimer);
    KeInitializeTimerEx(Timer, NotificationTimer);
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    WE_NT_ENTRY(KeInitializeTimerEx);
    we_ke_header_init_checked(&Timer->Header,
                              Type == NotificationTimer ? WE_KE_NOTIFICATION_TIMER : WE_KE_SYNCHRONIZATION_TIMER, 0,
                              "KeInitializeTimer");
    Timer->DueTime.QuadPart = 0;
    InitializeListHead(&Timer->TimerListEntry);
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->Period = 0;
}

static bool is_library(const KTIMER *timer)
{
    return (timer->Header.Absolute & FLAG_LIBRARY) != 0;
}

static struct we_ke_timer *library_timer(PKTIMER timer)
{
    return CONTAINING_RECORD(timer, struct we_ke_timer, timer);
}

/* --- what is suspicious about arguments ------------------------------------------------------- */

#define YEAR_2000_100NS 125911584000000000LL
#define DAY_MS 86400000

void we_ke_timer_check_due(const void *timer, LONGLONG due_time, const char *function)
{
    if (due_time > 0 && due_time < YEAR_2000_100NS) {
        struct we_vrf_object object = { "timer", timer, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_017, &object,
                            "%s was given the due time %lld, which is a date before the year 2000", function,
                            (long long)due_time);
    }
}

static void check_period(const void *timer, LONG period_ms, const char *function)
{
    if (period_ms < 0 || period_ms > DAY_MS) {
        struct we_vrf_object object = { "timer", timer, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_016, &object, "%s was given a period of %d ms", function, (int)period_ms);
    }
}

/* --- the drivers' timers ------------------------------------------------------------------------ */

static BOOLEAN set_timer(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc, const char *function)
{
    struct we_nt_cpu *cpu = we_nt_thread_current()->last_cpu;
    uint64_t due_ns;
    BOOLEAN was_set;

    if (!check_timer(Timer, function) || (Dpc != NULL && !we_ke_dpc_check(Dpc, function))) {
        return FALSE;
    }
    we_ke_timer_check_due(Timer, DueTime.QuadPart, function);
    check_period(Timer, Period, function);
    due_ns = we_ke_deadline_ns(&DueTime);
    we_ke_dispatcher_lock();
    was_set = Timer->Header.Inserted != 0;
    if (was_set) {
        remove_locked(Timer);
    }
    Timer->Header.SignalState = 0;
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    insert_locked(Timer, cpu, due_ns);
    we_ke_dispatcher_unlock();
    we_host_kick(cpu->index, due_ns);
    return was_set;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    WE_NT_ENTRY(KeSetTimer);
    return set_timer(Timer, DueTime, 0, Dpc, "KeSetTimer");
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    WE_NT_ENTRY(KeSetTimerEx);
    return set_timer(Timer, DueTime, Period, Dpc, "KeSetTimerEx");
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    (void)TolerableDelay; /* never late */
    WE_NT_ENTRY(KeSetCoalescableTimer);
    return set_timer(Timer, DueTime, (LONG)Period, Dpc, "KeSetCoalescableTimer");
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    BOOLEAN was_set;

    WE_NT_ENTRY(KeCancelTimer);
    if (!check_timer(Timer, "KeCancelTimer")) {
        return FALSE;
    }
    we_ke_dispatcher_lock();
    was_set = Timer->Header.Inserted != 0;
    if (was_set) {
        remove_locked(Timer);
    }
    we_ke_dispatcher_unlock();
    return was_set;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    WE_NT_ENTRY(KeReadStateTimer);
    return we_ke_read_state(&Timer->Header) != 0;
}

static uint64_t period_ns_of(PKTIMER timer)
{
    if (is_library(timer)) {
        return library_timer(timer)->period_ns;
    }
    return timer->Period > 0 ? (uint64_t)timer->Period * 1000000u : 0;
}

static void expire_locked(PKTIMER timer, struct we_nt_cpu *cpu, uint64_t now_ns)
{
    uint64_t due_ns = timer->DueTime.QuadPart;
    uint64_t period_ns = period_ns_of(timer);
    PKDPC dpc = timer->Dpc;

    remove_locked(timer);
    if (period_ns > 0) {
        /* A processor that was away for several periods does not make up for them. */
        due_ns = due_ns + period_ns > now_ns ? due_ns + period_ns : now_ns + period_ns;
        insert_locked(timer, cpu, due_ns);
    }
    timer->Header.SignalState = 1;
    we_ke_signal_locked(&timer->Header);
    if (is_library(timer)) {
        library_timer(timer)->expired_locked(library_timer(timer));
    } else if (dpc != NULL) {
        /* Last: on another processor the DPC runs at once, and may free the timer. The arguments of a timer's DPC are
         * documented as unused: give it none to rely on. */
        (void)we_ke_dpc_insert(dpc, cpu->index, NULL, NULL);
    }
}

void we_ke_timers_expire(unsigned cpu_index, uint64_t now_ns)
{
    struct we_nt_cpu *cpu = we_nt_cpu_at(cpu_index);

    we_ke_dispatcher_lock();
    while (!IsListEmpty(&cpu->timers)) {
        PKTIMER timer = CONTAINING_RECORD(cpu->timers.Flink, KTIMER, TimerListEntry);

        if (timer->DueTime.QuadPart > now_ns) {
            break;
        }
        expire_locked(timer, cpu, now_ns);
    }
    we_ke_dispatcher_unlock();
}

/* --- the library's timers ----------------------------------------------------------------------- */

void we_ke_timer_init(struct we_ke_timer *timer, TIMER_TYPE type, void (*expired_locked)(struct we_ke_timer *timer))
{
    we_ke_header_init(&timer->timer.Header,
                      type == NotificationTimer ? WE_KE_NOTIFICATION_TIMER : WE_KE_SYNCHRONIZATION_TIMER, 0);
    timer->timer.Header.Absolute = FLAG_LIBRARY;
    InitializeListHead(&timer->timer.TimerListEntry);
    timer->timer.Dpc = NULL;
    timer->period_ns = 0;
    timer->cpu = we_nt_thread_current()->last_cpu->index;
    timer->expired_locked = expired_locked;
}

bool we_ke_timer_is_set_locked(const struct we_ke_timer *timer)
{
    return timer->timer.Header.Inserted != 0;
}

void we_ke_timer_set_locked(struct we_ke_timer *timer, uint64_t due_ns, uint64_t period_ns)
{
    WE_ASSERT(!we_ke_timer_is_set_locked(timer));
    timer->timer.Header.SignalState = 0;
    timer->period_ns = period_ns;
    insert_locked(&timer->timer, we_nt_cpu_at(timer->cpu), due_ns);
}

bool we_ke_timer_cancel_locked(struct we_ke_timer *timer)
{
    bool was_set = we_ke_timer_is_set_locked(timer);

    if (was_set) {
        remove_locked(&timer->timer);
    }
    return was_set;
}

/* --- the end ------------------------------------------------------------------------------------- */

/* Takes the first set timer of any processor off its list; NULL when there is none. */
static PKTIMER pop_any_timer(void)
{
    PKTIMER timer = NULL;
    unsigned i;

    we_ke_dispatcher_lock();
    for (i = 0; i < we_nt_cpu_count() && timer == NULL; i++) {
        if (!IsListEmpty(&we_nt_cpu_at(i)->timers)) {
            timer = CONTAINING_RECORD(we_nt_cpu_at(i)->timers.Flink, KTIMER, TimerListEntry);
            remove_locked(timer);
        }
    }
    we_ke_dispatcher_unlock();
    return timer;
}

void we_ke_timers_each(void (*fn)(PKTIMER timer, void *context), void *context)
{
    unsigned i;

    we_ke_dispatcher_lock();
    for (i = 0; i < we_nt_cpu_count(); i++) {
        const LIST_ENTRY *head = &we_nt_cpu_at(i)->timers;
        const LIST_ENTRY *link;

        for (link = head->Flink; link != head; link = link->Flink) {
            PKTIMER timer = CONTAINING_RECORD(link, KTIMER, TimerListEntry);

            if (!is_library(timer)) {
                fn(timer, context);
            }
        }
    }
    we_ke_dispatcher_unlock();
}

size_t we_ke_timers_stop(void)
{
    size_t count = 0;
    PKTIMER timer;

    while ((timer = pop_any_timer()) != NULL) {
        struct we_vrf_object object = { "timer", timer, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_004, &object, "timer %p is still set at the end", (void *)timer);
        count++;
    }
    return count;
}

void we_ke_timers_forget(const struct we_nt_range *range)
{
    unsigned i;

    for (i = 0; i < we_nt_cpu_count(); i++) {
        struct we_nt_cpu *cpu = we_nt_cpu_at(i);
        LIST_ENTRY *link;

        if (we_nt_cpu_next_due_ns(i) == WE_HOST_FOREVER) {
            continue; /* the usual case, found out without a lock */
        }
        we_ke_dispatcher_lock();
        (void)we_nt_list_forget(&cpu->timers, range);
        for (link = cpu->timers.Flink; link != &cpu->timers; link = link->Flink) {
            PKTIMER timer = CONTAINING_RECORD(link, KTIMER, TimerListEntry);

            timer->Dpc = we_nt_range_contains(range, timer->Dpc) ? NULL : timer->Dpc;
        }
        publish_due_locked(cpu);
        we_ke_dispatcher_unlock();
    }
}

/* Takes a set timer inside the range off its list; NULL when there is none. */
static PKTIMER pop_timer_in_range(const UCHAR *base, size_t size_bytes)
{
    PKTIMER found = NULL;
    unsigned i;

    we_ke_dispatcher_lock();
    for (i = 0; i < we_nt_cpu_count() && found == NULL; i++) {
        PLIST_ENTRY head = &we_nt_cpu_at(i)->timers;
        PLIST_ENTRY entry;

        for (entry = head->Flink; entry != head && found == NULL; entry = entry->Flink) {
            PKTIMER timer = CONTAINING_RECORD(entry, KTIMER, TimerListEntry);

            if ((const UCHAR *)timer >= base && (const UCHAR *)timer < base + size_bytes) {
                found = timer;
            }
        }
        if (found != NULL) {
            remove_locked(found);
        }
    }
    we_ke_dispatcher_unlock();
    return found;
}

static void check_freed_timers(const void *base, size_t size_bytes)
{
    PKTIMER timer;

    while ((timer = pop_timer_in_range((const UCHAR *)base, size_bytes)) != NULL) {
        struct we_vrf_object object = { "timer", timer, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_001, &object, "memory at %p is freed while the timer %p in it is set", base,
                            (void *)timer);
    }
}

static void check_freed_dpcs(const void *base, size_t size_bytes, unsigned cpu)
{
    PKDPC dpc;

    while ((dpc = we_nt_cpu_pop_dpc_in_range(cpu, base, size_bytes)) != NULL) {
        struct we_vrf_object object = { "DPC", dpc, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_002, &object, "memory at %p is freed while the DPC %p in it is queued", base,
                            (void *)dpc);
    }
}

void we_ke_check_freed_range(const void *base, size_t size_bytes)
{
    unsigned i;

    /* Nothing set and nothing queued is the usual case, and found out without a lock. */
    for (i = 0; i < we_nt_cpu_count(); i++) {
        if (we_nt_cpu_next_due_ns(i) != WE_HOST_FOREVER) {
            check_freed_timers(base, size_bytes);
        }
        if (we_nt_cpu_has_dpcs(i)) {
            check_freed_dpcs(base, size_bytes, i);
        }
    }
    we_ex_resources_check_freed(base, size_bytes);
}
