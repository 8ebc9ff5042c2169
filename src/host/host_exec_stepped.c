/* SPDX-License-Identifier: MIT */
/* Stepped execution: one token, simulated time, and the main thread that moves everything. */
#include <string.h>

#include "base/base_assert.h"
#include "host/host_cond.h"
#include "host/host_exec_ops.h"
#include "host/host_net.h"

/* Design
 *
 * s_token guards who holds the token, the runnable list and the permits. Everything else in the library is
 * touched by the token's holder only.
 *
 * A thread that is neither main nor the holder waits on its own condition until the token is given to it.
 * The runnable list holds the threads that could go on: new ones, woken ones, timed-out ones and those that
 * yielded, in the order in which they became so. A thread that gives up the token hands it to one of them,
 * else to main.
 *
 * The main thread is the one that moves the world: while it is parked, or when the test steps, it makes one
 * move after the other. A move is a processor's queued work, one network event, or a turn of another
 * runnable thread. Which one is a choice (we_host_choose). Only when there is none, time jumps to the next
 * timer or deadline. When there is neither and the main thread waits, nothing can ever happen: stalled.
 *
 * Nobody starves: a driver may poll, with a DPC that queues itself or a thread that yields in a loop, for what
 * another thread, another processor or a timer does. So a thread that yields lets main have its turn among the
 * others, natural order does not prefer the same candidate for ever, and a world that never rests does not stop
 * the clock.
 */

/* After so many turns of a spinning loop in which nobody else could run, nobody ever will. */
#define SPIN_LIMIT 10000u
/* In natural order the first candidate goes first; so many times in a row, then another one has a turn. */
#define FIRST_MAX 64u
/* During a wait, after so many moves without a rest, the clock creeps on by so much: slower than in real life. */
#define MOVES_MAX 10000u
#define CREEP_NS 1000000u

static pthread_mutex_t s_token = PTHREAD_MUTEX_INITIALIZER;
static struct we_base_list s_runnable; /* of we_host_thread.run_link */
static uint64_t s_now_ns;              /* atomic: the test may ask from anywhere */
static unsigned s_first_count;         /* moves in a row that preferred the first candidate to others */
static unsigned s_turn;                /* which of the others is next */
static unsigned s_move_count;          /* of steps that may move the clock, since it moved last */

static uint64_t stepped_now_ns(void)
{
    return __atomic_load_n(&s_now_ns, __ATOMIC_SEQ_CST);
}

static bool is_stopping(void)
{
    return __atomic_load_n(&we_host_exec_instance.is_stopping, __ATOMIC_SEQ_CST);
}

static struct we_host_thread *main_thread(void)
{
    WE_ASSERT(we_host_exec_instance.main != NULL);
    return we_host_exec_instance.main;
}

static enum we_err stepped_start(void)
{
    we_base_list_init(&s_runnable);
    __atomic_store_n(&s_now_ns, 0, __ATOMIC_SEQ_CST);
    s_first_count = 0;
    s_turn = 0;
    s_move_count = 0;
    return WE_OK;
}

static enum we_err stepped_start_processors(void)
{
    return WE_OK;
}

static void stepped_stop_processors(void)
{
}

static void stepped_stop(void)
{
    WE_ASSERT(we_base_list_is_empty(&s_runnable));
}

static void stepped_attach(struct we_host_thread *thread)
{
    if (!thread->is_main) {
        WE_UNREACHABLE("a thread that the emulated kernel does not know called it in stepped execution: use "
                       "PsCreateSystemThread, or threads execution");
    }
    thread->has_token = true;
}

/* --- handing the token over ------------------------------------------------------------ */

static void token_wait_locked(struct we_host_thread *self)
{
    while (!self->has_token) {
        pthread_cond_wait(&self->wake, &s_token);
    }
}

static void token_give_locked(struct we_host_thread *to)
{
    we_base_list_remove(&to->run_link);
    to->has_token = true;
    pthread_cond_signal(&to->wake);
}

/* Gives the token to another thread and waits until it comes back. */
static void token_switch_locked(struct we_host_thread *self, struct we_host_thread *to)
{
    WE_ASSERT(self != to);
    self->has_token = false;
    token_give_locked(to);
    token_wait_locked(self);
}

static unsigned runnable_count_locked(void)
{
    unsigned count = 0;

    WE_BASE_LIST_FOR_EACH (link, &s_runnable) {
        count++;
    }
    return count;
}

static struct we_host_thread *runnable_at_locked(unsigned index)
{
    WE_BASE_LIST_FOR_EACH (link, &s_runnable) {
        if (index-- == 0) {
            return WE_BASE_LIST_ITEM(link, struct we_host_thread, run_link);
        }
    }
    WE_UNREACHABLE("no such runnable thread");
}

static void make_runnable_locked(struct we_host_thread *thread)
{
    if (!thread->has_token && !we_base_list_is_linked(&thread->run_link)) {
        we_base_list_append(&s_runnable, &thread->run_link);
    }
}

/* Who goes on when self, which is not main, gives up the token: a runnable thread by choice, else main. */
static struct we_host_thread *next_thread_locked(void)
{
    unsigned count = runnable_count_locked();

    if (count == 0) {
        return main_thread();
    }
    return runnable_at_locked(we_host_choose(WE_CHOICE_NEXT, count));
}

/* --- moves ----------------------------------------------------------------------------- */

/* Processors with queued work or, in memory networks, with events: bit 2 * cpu and 2 * cpu + 1. */
static unsigned collect_candidates(unsigned candidates[2 * WE_HOST_CPU_MAX])
{
    const struct we_host_exec_config *config = &we_host_exec_instance.config;
    uint64_t now_ns = stepped_now_ns();
    unsigned count = 0;
    unsigned cpu;

    for (cpu = 0; cpu < config->cpu_count; cpu++) {
        if (config->hooks.has_work(cpu, now_ns)) {
            candidates[count++] = 2 * cpu;
        }
    }
    for (cpu = 0; cpu < config->cpu_count; cpu++) {
        if (we_host_net_has_events(cpu)) {
            candidates[count++] = 2 * cpu + 1;
        }
    }
    return count;
}

static bool run_network(unsigned cpu)
{
    struct we_host_ready ready;

    if (we_host_net_wait(cpu, 0, &ready, 1) == 0) {
        return false;
    }
    we_host_exec_instance.config.hooks.run(cpu, &ready, 1);
    return true;
}

/* Sockets do not know what waits in the operating system: ask. */
static bool run_any_network(void)
{
    unsigned cpu;

    for (cpu = 0; cpu < we_host_exec_instance.config.cpu_count; cpu++) {
        if (run_network(cpu)) {
            return true;
        }
    }
    return false;
}

static void run_candidate(unsigned candidate)
{
    if (candidate % 2 == 0) {
        we_host_exec_instance.config.hooks.run(candidate / 2, NULL, 0);
    } else {
        (void)run_network(candidate / 2);
    }
}

/* Which of the candidates moves. */
static unsigned candidate_choose(unsigned count)
{
    unsigned chosen = we_host_choose(WE_CHOICE_NEXT, count);

    s_first_count = chosen == 0 && count > 1 ? s_first_count + 1 : 0;
    if (s_first_count > FIRST_MAX) {
        s_first_count = 0;
        chosen = 1 + s_turn++ % (count - 1);
    }
    return chosen;
}

/* One move without the clock; main thread, token held, s_token not locked. */
static bool move_now(void)
{
    struct we_host_thread *self = main_thread();
    unsigned candidates[2 * WE_HOST_CPU_MAX];
    unsigned count = collect_candidates(candidates);
    unsigned threads;
    unsigned chosen;

    if (count == 0 && we_host_net_kind() == WE_NET_SOCKETS && run_any_network()) {
        return true;
    }
    pthread_mutex_lock(&s_token);
    threads = runnable_count_locked();
    if (count + threads == 0) {
        pthread_mutex_unlock(&s_token);
        return false;
    }
    chosen = candidate_choose(count + threads);
    if (chosen >= count) {
        struct we_host_thread *other = runnable_at_locked(chosen - count);

        if (other == self) { /* main was unparked or yielded: its turn is to go on */
            we_base_list_remove(&self->run_link);
        } else {
            token_switch_locked(self, other);
        }
        pthread_mutex_unlock(&s_token);
        return true;
    }
    pthread_mutex_unlock(&s_token);
    run_candidate(candidates[chosen]);
    return true;
}

static uint64_t s_earliest_ns; /* scratch of earliest_deadline: the list walk has no context argument */

static bool note_deadline(struct we_host_thread *thread)
{
    if (thread->is_parked && thread->deadline_ns < s_earliest_ns) {
        s_earliest_ns = thread->deadline_ns;
    }
    return true;
}

/* The next time at which a timer falls due or a parked thread's patience ends. */
static uint64_t earliest_deadline(void)
{
    const struct we_host_exec_config *config = &we_host_exec_instance.config;
    unsigned cpu;

    s_earliest_ns = WE_HOST_FOREVER;
    (void)we_host_threads_all(note_deadline);
    for (cpu = 0; cpu < config->cpu_count; cpu++) {
        uint64_t due_ns = config->hooks.next_due_ns(cpu);

        if (due_ns < s_earliest_ns) {
            s_earliest_ns = due_ns;
        }
    }
    return s_earliest_ns;
}

static bool wake_if_due(struct we_host_thread *thread)
{
    if (thread->is_parked && thread->deadline_ns <= stepped_now_ns()) {
        make_runnable_locked(thread);
    }
    return true;
}

static void time_move_to(uint64_t now_ns)
{
    if (now_ns > stepped_now_ns()) {
        __atomic_store_n(&s_now_ns, now_ns, __ATOMIC_SEQ_CST);
    }
    s_move_count = 0;
    pthread_mutex_lock(&s_token);
    (void)we_host_threads_all(wake_if_due);
    pthread_mutex_unlock(&s_token);
}

/* Real peers take real time: before simulated time jumps, let the operating system finish what it does. */
static bool settle_network(void)
{
    return we_host_net_kind() == WE_NET_SOCKETS && we_host_net_settle() && run_any_network();
}

static bool stepped_step(bool may_move_time)
{
    uint64_t earliest_ns;
    bool has_moved;

    WE_ASSERT(we_host_exec_is_main());
    has_moved = move_now() || settle_network();
    if (!may_move_time || (has_moved && ++s_move_count < MOVES_MAX)) {
        return has_moved;
    }
    earliest_ns = earliest_deadline();
    if (earliest_ns == WE_HOST_FOREVER) {
        return has_moved;
    }
    time_move_to(has_moved ? stepped_now_ns() + CREEP_NS : earliest_ns);
    return true;
}

static void stepped_advance(uint64_t delta_ns)
{
    uint64_t target_ns = stepped_now_ns() + delta_ns;
    uint64_t earliest_ns;

    WE_ASSERT(we_host_exec_is_main());
    for (;;) {
        while (stepped_step(false)) {
        }
        earliest_ns = earliest_deadline();
        if (earliest_ns > target_ns) {
            break;
        }
        time_move_to(earliest_ns);
    }
    time_move_to(target_ns);
}

/* Over sockets a peer outside this process may still speak: wait real time before giving up. */
static bool wait_for_foreign_peer(void)
{
    uint64_t deadline_ns;

    if (we_host_net_kind() != WE_NET_SOCKETS || we_host_net_open_count() == 0) {
        return false;
    }
    deadline_ns = we_host_real_ns() + (uint64_t)we_host_exec_instance.config.no_progress_ms * 1000000u;
    while (we_host_real_ns() < deadline_ns) {
        if (we_host_net_settle() && run_any_network()) {
            return true;
        }
    }
    return false;
}

/* --- parking --------------------------------------------------------------------------- */

/* Lets others run until there may be a reason for self to go on. */
static void park_turn(struct we_host_thread *self)
{
    if (!self->is_main) {
        pthread_mutex_lock(&s_token);
        token_switch_locked(self, next_thread_locked());
        pthread_mutex_unlock(&s_token);
        return;
    }
    if (!stepped_step(true) && !wait_for_foreign_peer()) {
        self->is_parked = false; /* stalled may leave by longjmp */
        we_host_exec_instance.config.hooks.stalled();
        self->is_parked = true;
    }
}

static enum we_host_park_result stepped_park(struct we_host_thread *self, uint64_t deadline_ns)
{
    enum we_host_park_result result;

    self->deadline_ns = deadline_ns;
    self->is_parked = true;
    for (;;) {
        if (self->has_permit) {
            self->has_permit = false;
            result = WE_PARK_WOKEN;
            break;
        }
        if (is_stopping()) {
            result = WE_PARK_STOPPING;
            break;
        }
        if (deadline_ns != WE_HOST_FOREVER && stepped_now_ns() >= deadline_ns) {
            result = WE_PARK_TIMEOUT;
            break;
        }
        park_turn(self);
    }
    self->is_parked = false;
    self->deadline_ns = WE_HOST_FOREVER;
    return result;
}

static void stepped_unpark(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_token);
    thread->has_permit = true;
    if (thread->is_parked) {
        make_runnable_locked(thread);
    }
    pthread_mutex_unlock(&s_token);
}

static bool make_runnable(struct we_host_thread *thread)
{
    if (!thread->is_main && !thread->is_ended) {
        make_runnable_locked(thread);
    }
    return true;
}

static void stepped_stop_parking(void)
{
    pthread_mutex_lock(&s_token);
    (void)we_host_threads_all(make_runnable);
    pthread_mutex_unlock(&s_token);
}

static struct we_host_thread *s_holder_scratch; /* see holder() */

static bool note_holder(struct we_host_thread *thread)
{
    if (thread->has_token && pthread_equal(thread->id, pthread_self())) {
        s_holder_scratch = thread;
    }
    return true;
}

/* The calling thread's record; it holds the token. */
static struct we_host_thread *holder(void)
{
    s_holder_scratch = NULL;
    (void)we_host_threads_all(note_holder);
    WE_ASSERT(s_holder_scratch != NULL);
    return s_holder_scratch;
}

static void stepped_yield(unsigned spin_count)
{
    struct we_host_thread *self = holder();
    struct we_host_thread *next;

    pthread_mutex_lock(&s_token);
    if (!self->is_main) {
        make_runnable_locked(main_thread()); /* what self waits for may be a move */
    }
    next = runnable_count_locked() > 0 ? next_thread_locked() : main_thread();
    if (next != self) {
        self->has_token = false;
        we_base_list_append(&s_runnable, &self->run_link);
        token_give_locked(next);
        token_wait_locked(self);
    }
    pthread_mutex_unlock(&s_token);
    if (next == self && spin_count > SPIN_LIMIT) {
        we_host_exec_instance.config.hooks.stalled();
    }
}

static void stepped_preempt(void)
{
    bool is_wanted = false;

    if (we_host_exec_instance.config.seed == 0 || is_stopping()) {
        return;
    }
    pthread_mutex_lock(&s_token);
    is_wanted = runnable_count_locked() > 0 && we_host_choose(WE_CHOICE_PREEMPT, 8) == 1;
    pthread_mutex_unlock(&s_token);
    if (is_wanted) {
        stepped_yield(0);
    }
}

/* --- the life of a thread -------------------------------------------------------------- */

static void stepped_begin(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_token);
    token_wait_locked(thread);
    pthread_mutex_unlock(&s_token);
}

static void stepped_created(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_token);
    make_runnable_locked(thread);
    pthread_mutex_unlock(&s_token);
}

static void stepped_end(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_token);
    thread->is_ended = true;
    thread->has_token = false;
    we_base_list_remove(&thread->run_link);
    token_give_locked(next_thread_locked());
    pthread_mutex_unlock(&s_token);
}

static void stepped_join(struct we_host_thread *thread)
{
    unsigned spin_count = 0;

    while (!thread->is_ended) {
        if (we_host_exec_is_main()) {
            if (!stepped_step(true) && !is_stopping()) {
                we_host_exec_instance.config.hooks.stalled();
            }
        } else {
            stepped_yield(spin_count++);
        }
    }
}

static void stepped_kick(unsigned cpu, uint64_t due_ns)
{
    (void)cpu; /* the main thread looks at every processor before each move */
    (void)due_ns;
}

static bool stepped_is_quiet(void)
{
    unsigned candidates[2 * WE_HOST_CPU_MAX];

    return collect_candidates(candidates) == 0 && we_base_list_is_empty(&s_runnable);
}

const struct we_host_exec_ops we_host_exec_stepped_ops = {
    .start = stepped_start,
    .start_processors = stepped_start_processors,
    .stop_processors = stepped_stop_processors,
    .stop = stepped_stop,
    .now_ns = stepped_now_ns,
    .attach = stepped_attach,
    .begin = stepped_begin,
    .end = stepped_end,
    .created = stepped_created,
    .join = stepped_join,
    .park = stepped_park,
    .unpark = stepped_unpark,
    .stop_parking = stepped_stop_parking,
    .yield = stepped_yield,
    .preempt = stepped_preempt,
    .kick = stepped_kick,
    .step = stepped_step,
    .advance = stepped_advance,
    .is_quiet = stepped_is_quiet,
};
