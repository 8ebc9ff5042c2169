/* SPDX-License-Identifier: MIT */
/* Free-running execution: real threads, and one host thread a processor that sleeps in the network. */
#include <sched.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_cond.h"
#include "host/host_exec_ops.h"
#include "host/host_net.h"

/* Design
 *
 * A processor's thread publishes "asleep" and the time until which it means to sleep, then looks once
 * more for work, then waits. Whoever queues work makes it visible first and looks at "asleep" afterwards
 * (we_host_kick). With both orders sequentially consistent at least one side sees the other, so no
 * wake-up is lost and a busy processor is never woken by a system call.
 *
 * Quiet: a processor that looks asleep may have events in hand that its wait has just taken. So whoever asks wakes each
 * processor and waits for its next turn; if no turn delivered anything meanwhile, nothing was in hand.
 *
 * A thread's permit is guarded by the thread's own mutex.
 */

/* Events that one wait brings at most; more wait for the next turn. */
#define READY_MAX 64

struct processor {
    struct we_host_thread thread;
    uint64_t sleep_until_ns; /* atomic */
    uint64_t turn_count;     /* atomic: waits that have ended and whose events are delivered */
    uint64_t active_count;   /* atomic: of these, turns that delivered something */
    bool is_asleep;          /* atomic */
    bool is_running;         /* the thread exists */
};

static struct processor s_processors[WE_HOST_CPU_MAX];
static bool s_is_ending; /* atomic: processors' threads leave */
static uint64_t s_start_ns;

static uint64_t threads_now_ns(void)
{
    return we_host_real_ns() - s_start_ns;
}

static enum we_err threads_start(void)
{
    s_start_ns = we_host_real_ns();
    memset(s_processors, 0, sizeof(s_processors));
    return WE_OK;
}

/* Announces the sleep and returns how long it may be; 0 when there is work after all. */
static uint64_t processor_prepare_sleep(struct processor *processor, unsigned cpu)
{
    const struct we_host_exec_hooks *hooks = &we_host_exec_instance.config.hooks;
    uint64_t due_ns = hooks->next_due_ns(cpu);
    uint64_t now_ns = due_ns == WE_HOST_FOREVER ? 0 : threads_now_ns();

    if (hooks->has_work(cpu, now_ns)) {
        return 0;
    }
    __atomic_store_n(&processor->sleep_until_ns, due_ns, __ATOMIC_SEQ_CST);
    __atomic_store_n(&processor->is_asleep, true, __ATOMIC_SEQ_CST);
    if (hooks->has_work(cpu, now_ns) || hooks->next_due_ns(cpu) != due_ns ||
        __atomic_load_n(&s_is_ending, __ATOMIC_SEQ_CST)) {
        return 0;
    }
    if (due_ns == WE_HOST_FOREVER) {
        return WE_HOST_FOREVER;
    }
    return due_ns > now_ns ? due_ns - now_ns : 0;
}

/* Something to deliver: events, queued work, or a timer whose time has come (also while another thread owns the
 * processor: it is waited for). */
static bool processor_has_reason(unsigned cpu, unsigned ready_count)
{
    const struct we_host_exec_hooks *hooks = &we_host_exec_instance.config.hooks;
    uint64_t due_ns = hooks->next_due_ns(cpu);

    return ready_count > 0 || hooks->has_work(cpu, 0) || (due_ns != WE_HOST_FOREVER && due_ns <= threads_now_ns());
}

static void processor_main(void *context)
{
    struct processor *processor = (struct processor *)context;
    const struct we_host_exec_hooks *hooks = &we_host_exec_instance.config.hooks;
    unsigned cpu = (unsigned)(processor - s_processors);
    struct we_host_ready ready[READY_MAX];

    hooks->cpu_thread_begin(cpu);
    while (!__atomic_load_n(&s_is_ending, __ATOMIC_SEQ_CST)) {
        uint64_t timeout_ns = processor_prepare_sleep(processor, cpu);
        unsigned ready_count = we_host_net_wait(cpu, timeout_ns, ready, READY_MAX);

        __atomic_store_n(&processor->is_asleep, false, __ATOMIC_SEQ_CST);
        if (processor_has_reason(cpu, ready_count)) {
            hooks->run(cpu, ready, ready_count);
            __atomic_add_fetch(&processor->active_count, 1, __ATOMIC_SEQ_CST);
            we_host_progress();
        }
        __atomic_add_fetch(&processor->turn_count, 1, __ATOMIC_SEQ_CST);
    }
    hooks->cpu_thread_end(cpu);
}

static void threads_stop_processors(void)
{
    unsigned cpu;

    __atomic_store_n(&s_is_ending, true, __ATOMIC_SEQ_CST);
    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count; cpu++) {
        if (s_processors[cpu].is_running) {
            we_host_net_wake(cpu);
            we_host_thread_join(&s_processors[cpu].thread);
            s_processors[cpu].is_running = false;
        }
    }
}

static enum we_err threads_start_processors(void)
{
    enum we_err err = WE_OK;
    unsigned cpu;

    __atomic_store_n(&s_is_ending, false, __ATOMIC_SEQ_CST);
    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count && err == WE_OK; cpu++) {
        err = we_host_thread_create(&s_processors[cpu].thread, "processor", processor_main, &s_processors[cpu]);
        s_processors[cpu].is_running = err == WE_OK;
    }
    if (err != WE_OK) {
        threads_stop_processors();
    }
    return err;
}

static void threads_stop(void)
{
}

static void threads_attach(struct we_host_thread *thread)
{
    (void)thread;
}

static void threads_begin(struct we_host_thread *thread)
{
    (void)thread;
}

static void threads_end(struct we_host_thread *thread)
{
    __atomic_store_n(&thread->is_ended, true, __ATOMIC_SEQ_CST);
    we_host_progress();
}

static void threads_created(struct we_host_thread *thread)
{
    (void)thread;
}

static void threads_join(struct we_host_thread *thread)
{
    (void)thread;
}

static bool is_stopping(void)
{
    return __atomic_load_n(&we_host_exec_instance.is_stopping, __ATOMIC_SEQ_CST);
}

struct stall_watch { /* over one wait of the main thread */
    uint64_t seen_progress;
    bool is_told; /* and nothing has moved since */
};

/* The main thread's waits without a time-out are watched: a test that waits for ever is told so, once. Called without
 * the mutex. */
static void main_look_for_stall(struct stall_watch *watch)
{
    uint64_t progress = we_host_exec_progress_ticket();

    if (progress != watch->seen_progress) {
        watch->seen_progress = progress;
        watch->is_told = false;
    } else if (!watch->is_told) {
        watch->is_told = true;
        we_host_exec_instance.config.hooks.stalled();
    }
}

/* Waits on the thread's condition until deadline_ns; the mutex is held. False when that time is over. */
static bool thread_wait_locked(struct we_host_thread *self, uint64_t deadline_ns)
{
    if (deadline_ns == WE_HOST_FOREVER) {
        pthread_cond_wait(&self->wake, &self->mutex);
        return true;
    }
    return we_host_cond_wait_until(&self->wake, &self->mutex, deadline_ns + s_start_ns);
}

static enum we_host_park_result threads_park(struct we_host_thread *self, uint64_t deadline_ns)
{
    uint64_t slice_ns = (uint64_t)we_host_exec_instance.config.no_progress_ms * 1000000u;
    struct stall_watch watch = { we_host_exec_progress_ticket(), false };
    enum we_host_park_result result;

    pthread_mutex_lock(&self->mutex);
    __atomic_store_n(&self->is_parked, true, __ATOMIC_SEQ_CST);
    for (;;) {
        uint64_t until_ns = deadline_ns;
        bool is_slice = false;

        if (self->has_permit) {
            self->has_permit = false;
            result = WE_PARK_WOKEN;
            break;
        }
        if (is_stopping()) {
            result = WE_PARK_STOPPING;
            break;
        }
        if (deadline_ns != WE_HOST_FOREVER && threads_now_ns() >= deadline_ns) {
            result = WE_PARK_TIMEOUT;
            break;
        }
        if (self->is_main && slice_ns > 0 && deadline_ns == WE_HOST_FOREVER) {
            until_ns = threads_now_ns() + slice_ns;
            is_slice = true;
        }
        if (!thread_wait_locked(self, until_ns) && is_slice) {
            pthread_mutex_unlock(&self->mutex);
            main_look_for_stall(&watch);
            pthread_mutex_lock(&self->mutex);
        }
    }
    __atomic_store_n(&self->is_parked, false, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&self->mutex);
    return result;
}

static void threads_unpark(struct we_host_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->has_permit = true;
    pthread_cond_signal(&thread->wake);
    pthread_mutex_unlock(&thread->mutex);
    we_host_progress();
}

static bool thread_wake(struct we_host_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    pthread_cond_signal(&thread->wake);
    pthread_mutex_unlock(&thread->mutex);
    return true;
}

static void threads_stop_parking(void)
{
    (void)we_host_threads_all(thread_wake);
}

static void threads_yield(unsigned spin_count)
{
    /* Lock holders run short sections, but the host may have taken their processor away. */
    if (spin_count < 64) {
        __asm__ __volatile__("" ::: "memory");
    } else {
        sched_yield();
    }
}

static void threads_preempt(void)
{
}

static void threads_kick(unsigned cpu, uint64_t due_ns)
{
    struct processor *processor = &s_processors[cpu];

    if (__atomic_load_n(&processor->is_asleep, __ATOMIC_SEQ_CST) &&
        due_ns < __atomic_load_n(&processor->sleep_until_ns, __ATOMIC_SEQ_CST)) {
        we_host_net_wake(cpu);
    }
}

static bool threads_step(bool may_move_time)
{
    (void)may_move_time;
    return false;
}

static void threads_advance(uint64_t delta_ns)
{
    (void)delta_ns;
    WE_UNREACHABLE("time cannot be moved in threads execution");
}

static bool thread_is_at_rest(struct we_host_thread *thread)
{
    bool is_at_rest;

    if (!thread->is_created || __atomic_load_n(&thread->is_ended, __ATOMIC_SEQ_CST)) {
        return true;
    }
    if (thread->fn == processor_main) {
        return true; /* judged by is_asleep */
    }
    pthread_mutex_lock(&thread->mutex);
    is_at_rest = thread->is_parked && !thread->has_permit;
    pthread_mutex_unlock(&thread->mutex);
    return is_at_rest;
}

static uint64_t active_turns(void)
{
    uint64_t count = 0;
    unsigned cpu;

    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count; cpu++) {
        count += __atomic_load_n(&s_processors[cpu].active_count, __ATOMIC_SEQ_CST);
    }
    return count;
}

/* Waits until the processor has delivered what its present wait brings. */
static void wait_for_turn(unsigned cpu)
{
    struct processor *processor = &s_processors[cpu];
    uint64_t turn = __atomic_load_n(&processor->turn_count, __ATOMIC_SEQ_CST);
    unsigned spin_count = 0;

    we_host_net_wake(cpu);
    while (__atomic_load_n(&processor->turn_count, __ATOMIC_SEQ_CST) == turn) {
        threads_yield(spin_count++);
    }
}

static bool threads_is_quiet(void)
{
    const struct we_host_exec_hooks *hooks = &we_host_exec_instance.config.hooks;
    uint64_t active_before = active_turns();
    uint64_t now_ns;
    unsigned cpu;

    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count; cpu++) {
        wait_for_turn(cpu);
    }
    now_ns = threads_now_ns();
    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count; cpu++) {
        if (hooks->has_work(cpu, now_ns) || we_host_net_has_events(cpu)) {
            return false;
        }
    }
    return we_host_threads_all(thread_is_at_rest) && active_turns() == active_before;
}

const struct we_host_exec_ops we_host_exec_threads_ops = {
    .start = threads_start,
    .start_processors = threads_start_processors,
    .stop_processors = threads_stop_processors,
    .stop = threads_stop,
    .now_ns = threads_now_ns,
    .attach = threads_attach,
    .begin = threads_begin,
    .end = threads_end,
    .created = threads_created,
    .join = threads_join,
    .park = threads_park,
    .unpark = threads_unpark,
    .stop_parking = threads_stop_parking,
    .yield = threads_yield,
    .preempt = threads_preempt,
    .kick = threads_kick,
    .step = threads_step,
    .advance = threads_advance,
    .is_quiet = threads_is_quiet,
};
