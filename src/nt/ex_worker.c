/* SPDX-License-Identifier: MIT */
/* The work queue and its worker threads. */
#include "nt/ex_worker.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "nt/nt_door.h"
#include "nt/nt_forget.h"
#include "nt/nt_init.h"
#include "nt/nt_irql.h"
#include "nt/ps_thread.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * One queue feeds all workers. A worker is made when an item is queued and every worker is busy, up to WORKERS_MAX: so a
 * driver that never queues an item costs no thread, and an item that waits for another one gets its chance.
 *
 * Under the queue's lock an item is copied and taken off the queue. From then on it is the driver's: its routine, and
 * anybody else, may queue it again or free it while the copy runs.
 *
 * An idle worker parks. Whoever queues an item clears the idle mark of one worker and unparks it. A worker can be idle
 * before the thread that made it has written down who it is; until then nobody can unpark it, so that thread looks once
 * more whether something was queued meanwhile.
 */

#define WORKERS_MAX 16u

/* How long stop lets the world go on while no work item returns: simulated time, and times no_progress_ms. */
#define STOP_PATIENCE_NS 60000000000u
#define STOP_PATIENCE_FACTOR 3u

enum worker_state { WORKER_NONE, WORKER_MAKING, WORKER_BUSY, WORKER_IDLE /* parked, or about to park */ };

struct worker {
    struct we_nt_thread *thread; /* NULL until it has been made */
    enum worker_state state;
    const void *running; /* the driver's routine, for a report when it never returns; NULL: none */
};

struct job {
    PWORK_QUEUE_ITEM item;
    bool is_io;
    WORK_QUEUE_ITEM copy;
    IO_WORKITEM io_copy;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_QUEUE);

/* Guarded by s_lock. */
static LIST_ENTRY s_queue; /* WORK_QUEUE_ITEM.List */
static struct worker s_workers[WORKERS_MAX];
static unsigned s_busy_count; /* workers that run an item */
static unsigned s_done_count; /* items that have returned */
static bool s_is_stopping;

/* Marks the items that belong to an IO_WORKITEM. Never called. */
static VOID io_item_marker(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    WE_UNREACHABLE("an IO_WORKITEM is run by its own function");
}

/* --- running ------------------------------------------------------------------------------- */

static void job_run(const struct job *job)
{
    struct we_nt_frame frame;

    if (job->is_io) {
        we_io_workitem_run(CONTAINING_RECORD(job->item, IO_WORKITEM, item), &job->io_copy);
        return;
    }
    if (we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_WORK_ITEM, (const void *)(ULONG_PTR)job->copy.WorkerRoutine, job->item);
    job->copy.WorkerRoutine(job->copy.Parameter);
    we_nt_door_leave(&frame);
}

static const void *job_routine(const struct job *job)
{
    if (!job->is_io) {
        return (const void *)(ULONG_PTR)job->copy.WorkerRoutine;
    }
    return job->io_copy.routine_ex != NULL ? (const void *)(ULONG_PTR)job->io_copy.routine_ex
                                           : (const void *)(ULONG_PTR)job->io_copy.routine;
}

/* Copies the first item and takes it off the queue. */
static void job_take_locked(struct worker *worker, struct job *job)
{
    PLIST_ENTRY entry = RemoveHeadList(&s_queue);

    job->item = CONTAINING_RECORD(entry, WORK_QUEUE_ITEM, List);
    job->is_io = job->item->WorkerRoutine == io_item_marker;
    if (job->is_io) {
        job->io_copy = *CONTAINING_RECORD(job->item, IO_WORKITEM, item);
    } else {
        job->copy = *job->item;
    }
    entry->Flink = NULL;
    entry->Blink = NULL;
    worker->state = WORKER_BUSY;
    worker->running = job_routine(job);
    s_busy_count++;
}

/* Waits for the next job. False: the worker shall end. */
static bool worker_next(struct worker *worker, struct job *job)
{
    enum we_host_park_result result = WE_PARK_WOKEN;
    bool has_job;

    for (;;) {
        we_host_mutex_lock(&s_lock);
        has_job = !IsListEmpty(&s_queue);
        if (has_job) {
            job_take_locked(worker, job);
        } else {
            worker->state = WORKER_IDLE;
        }
        if (has_job || s_is_stopping || result == WE_PARK_STOPPING) {
            we_host_mutex_unlock(&s_lock);
            return has_job;
        }
        we_host_mutex_unlock(&s_lock);
        we_host_progress();
        result = we_host_park(&we_nt_thread_current()->host, WE_HOST_FOREVER);
    }
}

/* THREAD-014: the thread is the system's, and the next item has not asked for what the last one liked. */
static void check_restored(const struct job *job, KPRIORITY priority)
{
    struct we_nt_thread *thread = we_nt_thread_current();

    if (thread->system_affinity != 0) {
        (void)we_vrf_report(WE_RULE_THREAD_014, NULL, "the work item routine %p returned bound to processors (0x%llx)",
                            job_routine(job), (unsigned long long)thread->system_affinity);
        thread->system_affinity = 0;
    }
    if (thread->priority != priority) {
        (void)we_vrf_report(WE_RULE_THREAD_014, NULL, "the work item routine %p returned with priority %d, not %d",
                            job_routine(job), (int)thread->priority, (int)priority);
        thread->priority = priority;
    }
}

static void worker_main(void *context)
{
    struct worker *worker = (struct worker *)context;
    KPRIORITY priority;
    struct job job;

    while (worker_next(worker, &job)) {
        priority = we_nt_thread_current()->priority;
        job_run(&job);
        check_restored(&job, priority);
        we_host_mutex_lock(&s_lock);
        s_busy_count--;
        s_done_count++;
        worker->running = NULL;
        we_host_mutex_unlock(&s_lock);
    }
}

/* --- queueing ------------------------------------------------------------------------------ */

/* Makes a worker in the place that was reserved for it. */
static void worker_create(struct worker *worker)
{
    struct we_nt_thread *thread = we_ps_worker_create("worker", worker_main, worker);

    we_host_mutex_lock(&s_lock);
    worker->thread = thread;
    if (thread == NULL) {
        worker->state = WORKER_NONE;
    } else if (worker->state == WORKER_IDLE && (!IsListEmpty(&s_queue) || s_is_stopping)) {
        we_host_unpark(&thread->host);
    }
    we_host_mutex_unlock(&s_lock);
    if (thread == NULL) {
        we_host_log(WE_LOG_WARNING, "no worker thread can be made; queued work items wait for another one");
    }
}

/* An item was queued: wakes an idle worker, or returns the place of a worker to be made, or NULL when all are busy. */
static struct worker *worker_find_locked(void)
{
    struct worker *place = NULL;
    unsigned i;

    for (i = 0; i < WORKERS_MAX; i++) {
        if (s_workers[i].state == WORKER_IDLE && s_workers[i].thread != NULL) {
            s_workers[i].state = WORKER_BUSY;
            we_host_unpark(&s_workers[i].thread->host);
            return NULL;
        }
        if (s_workers[i].state == WORKER_NONE && place == NULL) {
            place = &s_workers[i];
        }
    }
    if (place != NULL) {
        place->state = WORKER_MAKING;
    }
    return place;
}

bool we_ex_worker_queue(PWORK_QUEUE_ITEM item, const IO_WORKITEM *values)
{
    PIO_WORKITEM io_item = CONTAINING_RECORD(item, IO_WORKITEM, item);
    struct worker *place;

    we_host_mutex_lock(&s_lock);
    if (item->List.Flink != NULL) {
        we_host_mutex_unlock(&s_lock);
        return false;
    }
    if (values != NULL) {
        item->WorkerRoutine = io_item_marker;
        io_item->routine = values->routine;
        io_item->routine_ex = values->routine_ex;
        io_item->context = values->context;
    }
    InsertTailList(&s_queue, &item->List);
    place = s_is_stopping ? NULL : worker_find_locked(); /* a thread that still runs then has been reported */
    we_host_mutex_unlock(&s_lock);
    if (place != NULL) {
        worker_create(place);
    }
    return true;
}

bool we_ex_worker_abandon(PIO_WORKITEM item)
{
    bool is_queued;

    we_host_mutex_lock(&s_lock);
    is_queued = item->item.List.Flink != NULL;
    if (is_queued) {
        item->is_abandoned = true;
    }
    we_host_mutex_unlock(&s_lock);
    return is_queued;
}

bool we_ex_worker_withdraw(PIO_WORKITEM item)
{
    bool is_queued;

    we_host_mutex_lock(&s_lock);
    is_queued = item->item.List.Flink != NULL;
    if (is_queued) {
        RemoveEntryList(&item->item.List);
        item->item.List.Flink = NULL;
        item->item.List.Blink = NULL;
    }
    we_host_mutex_unlock(&s_lock);
    return is_queued;
}

VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    struct we_vrf_object object = { "work item", WorkItem, NULL, NULL, NULL };

    WE_NT_ENTRY(ExQueueWorkItem);
    UNREFERENCED_PARAMETER(QueueType); /* priorities have no effect here */
    if (!we_ex_worker_queue(WorkItem, NULL)) {
        (void)we_vrf_report(WE_RULE_WORK_001, &object, "ExQueueWorkItem was called for %p, which is queued already",
                            (void *)WorkItem);
    }
}

/* --- start and stop ------------------------------------------------------------------------- */

void we_ex_worker_start(void)
{
    InitializeListHead(&s_queue);
    memset(s_workers, 0, sizeof(s_workers));
    s_busy_count = 0;
    s_done_count = 0;
    s_is_stopping = false;
}

void we_ex_worker_forget(const struct we_nt_range *range)
{
    we_host_mutex_lock(&s_lock);
    (void)we_nt_list_forget(&s_queue, range);
    we_host_mutex_unlock(&s_lock);
}

static bool is_busy(void)
{
    bool busy;

    we_host_mutex_lock(&s_lock);
    busy = s_busy_count > 0 || !IsListEmpty(&s_queue);
    we_host_mutex_unlock(&s_lock);
    return busy;
}

static unsigned done_count(void)
{
    unsigned count;

    we_host_mutex_lock(&s_lock);
    count = s_done_count;
    we_host_mutex_unlock(&s_lock);
    return count;
}

/* One piece of waiting. False: nothing moves. */
static bool wait_a_little(void)
{
    uint64_t ticket;

    if (we_host_exec_kind() == WE_EXEC_STEPPED) {
        return we_host_exec_step(true);
    }
    ticket = we_host_exec_progress_ticket();
    return !is_busy() || we_host_exec_wait_progress(ticket, we_nt_no_progress_ms());
}

static uint64_t patience_ns(void)
{
    return we_host_exec_kind() == WE_EXEC_STEPPED ? STOP_PATIENCE_NS
                                                  : (uint64_t)we_nt_no_progress_ms() * STOP_PATIENCE_FACTOR * 1000000u;
}

/* Lets queued and running items come to their end. False: one of them does not, though other things may move. */
static bool wait_until_drained(void)
{
    uint64_t patience_ends_ns = we_host_now_ns() + patience_ns();
    unsigned seen_count = done_count();

    while (is_busy()) {
        if (done_count() != seen_count) {
            seen_count = done_count();
            patience_ends_ns = we_host_now_ns() + patience_ns();
        }
        if (we_host_now_ns() > patience_ends_ns || !wait_a_little()) {
            return false;
        }
    }
    return true;
}

static void workers_wake(void)
{
    unsigned i;

    we_host_mutex_lock(&s_lock);
    s_is_stopping = true;
    for (i = 0; i < WORKERS_MAX; i++) {
        if (s_workers[i].thread != NULL) {
            we_host_unpark(&s_workers[i].thread->host);
        }
    }
    we_host_mutex_unlock(&s_lock);
}

/* UNL-002: names the routines that do not return. */
static void report_running(void)
{
    unsigned i;

    for (i = 0; i < WORKERS_MAX; i++) {
        const void *routine;

        we_host_mutex_lock(&s_lock);
        routine = s_workers[i].running;
        we_host_mutex_unlock(&s_lock);
        if (routine != NULL && !we_nt_door_is_shut()) {
            (void)we_vrf_report(WE_RULE_UNL_002, NULL, "work item routine %p has not returned; its thread is ended",
                                routine);
        }
    }
}

/* A thread that is making a worker at this moment has not written it down yet. */
static bool is_making(void)
{
    bool is_making_one = false;
    unsigned i;

    we_host_mutex_lock(&s_lock);
    for (i = 0; i < WORKERS_MAX; i++) {
        is_making_one = is_making_one || (s_workers[i].state != WORKER_NONE && s_workers[i].thread == NULL);
    }
    we_host_mutex_unlock(&s_lock);
    return is_making_one;
}

void we_ex_worker_stop(void)
{
    unsigned spin_count = 0;
    unsigned i;

    if (!wait_until_drained()) {
        report_running();
        we_host_exec_stop_parking();
    }
    workers_wake();
    while (is_making()) {
        we_host_yield(&spin_count);
    }
    for (i = 0; i < WORKERS_MAX; i++) {
        if (s_workers[i].thread != NULL) {
            we_ps_thread_join(s_workers[i].thread);
            s_workers[i].thread = NULL;
            s_workers[i].state = WORKER_NONE;
        }
    }
}
