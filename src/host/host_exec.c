/* SPDX-License-Identifier: MIT */
/* The part of the execution seam that both kinds share: configuration, choices, threads, progress. */
#include "host/host_exec.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base_assert.h"
#include "base/base_rand.h"
#include "host/host_cond.h"
#include "host/host_exec_ops.h"

/* 2024-01-01T00:00:00Z in 100 ns since 1601: where simulated system time begins. */
#define STEPPED_EPOCH_100NS 133485408000000000ULL
/* 1970-01-01 in 100 ns since 1601. */
#define UNIX_EPOCH_100NS 116444736000000000ULL

struct we_host_exec we_host_exec_instance;

static struct {
    pthread_mutex_t lock;
    struct we_base_rand rand;
} s_choice = { PTHREAD_MUTEX_INITIALIZER, { { 0 } } };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool is_ready;
    uint64_t count;   /* atomic */
    unsigned waiters; /* atomic: nobody locks while this is 0 */
} s_progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
    pthread_mutex_t lock;
    struct we_base_list threads;
} s_threads = { PTHREAD_MUTEX_INITIALIZER, WE_BASE_LIST_INIT(s_threads.threads) };

static int64_t s_system_time_shift_100ns; /* atomic */
static uint64_t s_epoch_100ns;            /* system time at the start of the instance */

enum we_err we_host_exec_start(const struct we_host_exec_config *config)
{
    struct we_host_exec *exec = &we_host_exec_instance;
    struct timespec wall;

    WE_ASSERT(exec->ops == NULL);
    WE_ASSERT(config->cpu_count >= 1 && config->cpu_count <= WE_HOST_CPU_MAX);
    if (!s_progress.is_ready) {
        we_host_cond_init(&s_progress.moved);
        s_progress.is_ready = true;
    }
    memset(exec, 0, sizeof(*exec));
    exec->config = *config;
    exec->main_id = pthread_self();
    we_base_rand_seed(&s_choice.rand, config->seed);
    __atomic_store_n(&s_system_time_shift_100ns, 0, __ATOMIC_SEQ_CST);
    if (config->execution == WE_EXEC_STEPPED) {
        s_epoch_100ns = STEPPED_EPOCH_100NS;
        exec->ops = &we_host_exec_stepped_ops;
    } else {
        clock_gettime(CLOCK_REALTIME, &wall);
        s_epoch_100ns = UNIX_EPOCH_100NS + (uint64_t)wall.tv_sec * 10000000u + (uint64_t)wall.tv_nsec / 100u;
        exec->ops = &we_host_exec_threads_ops;
    }
    return exec->ops->start();
}

enum we_err we_host_exec_start_processors(void)
{
    return we_host_exec_instance.ops->start_processors();
}

void we_host_exec_stop_processors(void)
{
    we_host_exec_instance.ops->stop_processors();
}

void we_host_exec_stop(void)
{
    we_host_exec_instance.ops->stop();
    we_host_exec_instance.ops = NULL;
    we_host_exec_instance.main = NULL;
}

enum we_host_execution we_host_exec_kind(void)
{
    return we_host_exec_instance.config.execution;
}

unsigned we_host_exec_no_progress_ms(void)
{
    return we_host_exec_instance.config.no_progress_ms;
}

bool we_host_exec_is_main(void)
{
    return pthread_equal(pthread_self(), we_host_exec_instance.main_id) != 0;
}

/* --- time ------------------------------------------------------------------------------ */

uint64_t we_host_now_ns(void)
{
    return we_host_exec_instance.ops->now_ns();
}

uint64_t we_host_system_time_100ns(void)
{
    int64_t shift = __atomic_load_n(&s_system_time_shift_100ns, __ATOMIC_SEQ_CST);

    return s_epoch_100ns + we_host_now_ns() / 100u + (uint64_t)shift;
}

void we_host_system_time_shift(int64_t delta_100ns)
{
    __atomic_add_fetch(&s_system_time_shift_100ns, delta_100ns, __ATOMIC_SEQ_CST);
}

void we_host_exec_advance(uint64_t delta_ns)
{
    we_host_exec_instance.ops->advance(delta_ns);
}

/* --- choices --------------------------------------------------------------------------- */

unsigned we_host_choose(enum we_host_choice kind, unsigned count)
{
    unsigned chosen;

    (void)kind;
    WE_ASSERT(count > 0);
    if (count == 1 || we_host_exec_instance.config.seed == 0) {
        return 0;
    }
    pthread_mutex_lock(&s_choice.lock);
    chosen = we_base_rand_below(&s_choice.rand, count);
    pthread_mutex_unlock(&s_choice.lock);
    return chosen;
}

uint64_t we_host_exec_seed(void)
{
    return we_host_exec_instance.config.seed;
}

/* --- threads --------------------------------------------------------------------------- */

void we_host_threads_add(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_threads.lock);
    we_base_list_append(&s_threads.threads, &thread->link);
    pthread_mutex_unlock(&s_threads.lock);
}

void we_host_threads_remove(struct we_host_thread *thread)
{
    pthread_mutex_lock(&s_threads.lock);
    we_base_list_remove(&thread->link);
    pthread_mutex_unlock(&s_threads.lock);
}

bool we_host_threads_all(bool (*fn)(struct we_host_thread *thread))
{
    bool is_true = true;

    pthread_mutex_lock(&s_threads.lock);
    WE_BASE_LIST_FOR_EACH (link, &s_threads.threads) {
        if (!fn(WE_BASE_LIST_ITEM(link, struct we_host_thread, link))) {
            is_true = false;
            break;
        }
    }
    pthread_mutex_unlock(&s_threads.lock);
    return is_true;
}

static void thread_init(struct we_host_thread *thread)
{
    memset(thread, 0, sizeof(*thread));
    we_base_list_init(&thread->link);
    we_base_list_init(&thread->run_link);
    pthread_mutex_init(&thread->mutex, NULL);
    we_host_cond_init(&thread->wake);
    thread->deadline_ns = WE_HOST_FOREVER;
}

static void thread_fini(struct we_host_thread *thread)
{
    we_host_threads_remove(thread);
    pthread_cond_destroy(&thread->wake);
    pthread_mutex_destroy(&thread->mutex);
}

void we_host_thread_attach(struct we_host_thread *thread)
{
    struct we_host_exec *exec = &we_host_exec_instance;

    WE_ASSERT(exec->ops != NULL);
    thread_init(thread);
    thread->id = pthread_self();
    thread->name = "host thread";
    if (we_host_exec_is_main()) {
        thread->name = "main thread";
        thread->is_main = true;
        exec->main = thread;
    }
    we_host_threads_add(thread);
    exec->ops->attach(thread);
}

void we_host_thread_detach(struct we_host_thread *thread)
{
    if (we_host_exec_instance.main == thread) {
        we_host_exec_instance.main = NULL;
    }
    thread_fini(thread);
}

static void *thread_main(void *argument)
{
    struct we_host_thread *thread = (struct we_host_thread *)argument;
    jmp_buf end;

    we_host_exec_instance.ops->begin(thread);
    thread->end = &end;
    /* Not by pthread_exit, which unwinds: that would run destructors of C++, and stop at noexcept. */
    if (setjmp(end) == 0) {
        thread->fn(thread->context);
    }
    we_host_exec_instance.ops->end(thread);
    return NULL;
}

enum we_err we_host_thread_create(struct we_host_thread *thread, const char *name, void (*fn)(void *context),
                                  void *context)
{
    thread_init(thread);
    thread->fn = fn;
    thread->context = context;
    thread->name = name;
    thread->is_created = true;
    if (pthread_create(&thread->id, NULL, thread_main, thread) != 0) {
        thread_fini(thread);
        return WE_ERR_NO_MEMORY;
    }
    we_host_threads_add(thread);
    we_host_exec_instance.ops->created(thread);
    return WE_OK;
}

void we_host_thread_join(struct we_host_thread *thread)
{
    int rc;

    WE_ASSERT(thread->is_created);
    we_host_exec_instance.ops->join(thread);
    rc = pthread_join(thread->id, NULL);
    WE_ASSERT(rc == 0);
    thread_fini(thread);
}

void we_host_thread_exit(struct we_host_thread *self)
{
    WE_ASSERT(self->is_created);
    longjmp(*self->end, 1);
}

enum we_host_park_result we_host_park(struct we_host_thread *self, uint64_t deadline_ns)
{
    self->park_count++;
    return we_host_exec_instance.ops->park(self, deadline_ns);
}

void we_host_park_abandon(struct we_host_thread *self)
{
    pthread_mutex_lock(&self->mutex);
    __atomic_store_n(&self->is_parked, false, __ATOMIC_SEQ_CST);
    self->has_permit = false;
    self->deadline_ns = WE_HOST_FOREVER;
    pthread_mutex_unlock(&self->mutex);
}

void we_host_unpark(struct we_host_thread *thread)
{
    we_host_exec_instance.ops->unpark(thread);
}

void we_host_exec_stop_parking(void)
{
    __atomic_store_n(&we_host_exec_instance.is_stopping, true, __ATOMIC_SEQ_CST);
    we_host_exec_instance.ops->stop_parking();
}

void we_host_yield(unsigned *spin_count)
{
    we_host_exec_instance.ops->yield((*spin_count)++);
}

void we_host_preempt(void)
{
    we_host_exec_instance.ops->preempt();
}

/* --- deferred work and progress -------------------------------------------------------- */

void we_host_kick(unsigned cpu, uint64_t due_ns)
{
    we_host_exec_instance.ops->kick(cpu, due_ns);
}

bool we_host_exec_step(bool may_move_time)
{
    return we_host_exec_instance.ops->step(may_move_time);
}

bool we_host_exec_is_quiet(void)
{
    return we_host_exec_instance.ops->is_quiet();
}

void we_host_progress(void)
{
    __atomic_add_fetch(&s_progress.count, 1, __ATOMIC_SEQ_CST);
    if (WE_UNLIKELY(__atomic_load_n(&s_progress.waiters, __ATOMIC_SEQ_CST) != 0)) {
        pthread_mutex_lock(&s_progress.lock);
        pthread_cond_broadcast(&s_progress.moved);
        pthread_mutex_unlock(&s_progress.lock);
    }
}

uint64_t we_host_exec_progress_ticket(void)
{
    return __atomic_load_n(&s_progress.count, __ATOMIC_SEQ_CST);
}

bool we_host_exec_wait_progress(uint64_t ticket, unsigned timeout_ms)
{
    uint64_t deadline_ns = we_host_real_ns() + (uint64_t)timeout_ms * 1000000u;
    bool is_in_time = true;

    __atomic_add_fetch(&s_progress.waiters, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&s_progress.lock);
    while (__atomic_load_n(&s_progress.count, __ATOMIC_SEQ_CST) == ticket && is_in_time) {
        is_in_time = we_host_cond_wait_until(&s_progress.moved, &s_progress.lock, deadline_ns);
    }
    pthread_mutex_unlock(&s_progress.lock);
    __atomic_sub_fetch(&s_progress.waiters, 1, __ATOMIC_SEQ_CST);
    return is_in_time;
}
