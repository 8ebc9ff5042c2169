/* SPDX-License-Identifier: MIT */
/* Execution seam: threads, parking, time, and who runs the deferred work of a processor. */
#ifndef WE_HOST_EXEC_H
#define WE_HOST_EXEC_H

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base_assert.h"
#include "base/base_err.h"
#include "base/base_list.h"

/* Contract
 *
 * There are processor_count virtual processors. Layer 3 owns what a processor is; this layer only
 * decides on which host thread, and when, a processor's deferred work runs.
 *
 * threads: each processor has one host thread that sleeps in the network's wait function and then
 *   calls hooks.run. Any other host thread may call into the library at any time.
 * stepped: one token exists. Only its holder runs driver or library code. The thread that started
 *   the instance (the main thread) runs hooks.run itself, while it is parked or steps; threads
 *   made with we_host_thread_create take turns with the token and give it up only in
 *   we_host_park, we_host_yield, we_host_preempt and when they end. No internal lock may be held
 *   there, so internal locks are never contended. Time is simulated: it moves only when nothing
 *   else can.
 *
 * There is one instance per process; the functions below act on it.
 */

enum we_host_execution { WE_EXEC_THREADS, WE_EXEC_STEPPED };

#define WE_HOST_CPU_MAX 16
#define WE_HOST_FOREVER UINT64_MAX /* as a deadline: never */

struct we_host_ready; /* host_net.h: one event that the network has for a processor */

struct we_host_exec_hooks {
    /* A processor's host thread begins / ends (threads execution only). */
    void (*cpu_thread_begin)(unsigned cpu);
    void (*cpu_thread_end)(unsigned cpu);
    /* True when queued work or a due timer waits on this processor and nobody owns it. */
    bool (*has_work)(unsigned cpu, uint64_t now_ns);
    /* Earliest timer of this processor, or WE_HOST_FOREVER. */
    uint64_t (*next_due_ns)(unsigned cpu);
    /* Takes the processor, delivers the events, expires timers, drains queued work, lets go.
     * The calling thread is known to layer 3 and is below DISPATCH_LEVEL. */
    void (*run)(unsigned cpu, const struct we_host_ready *ready, unsigned ready_count);
    /* stepped: the main thread waits for something that can never happen. May not return
     * (a test framework leaves by longjmp). threads: nothing moved for no_progress_ms. */
    void (*stalled)(void);
};

struct we_host_exec_config {
    enum we_host_execution execution;
    unsigned cpu_count;
    uint64_t seed;           /* 0: natural order, the first candidate is always chosen */
    unsigned no_progress_ms; /* threads (and stepped over sockets): when to call stalled */
    struct we_host_exec_hooks hooks;
};

/* Makes the calling thread the main thread. The network must have been started.
 * start_processors comes later so that layer 3 can be made ready in between. */
WE_MUST_USE enum we_err we_host_exec_start(const struct we_host_exec_config *config);
WE_MUST_USE enum we_err we_host_exec_start_processors(void);
/* Ends and joins the processors' threads; from here on nothing is delivered. */
void we_host_exec_stop_processors(void);
void we_host_exec_stop(void);
enum we_host_execution we_host_exec_kind(void);
bool we_host_exec_is_main(void);

unsigned we_host_exec_no_progress_ms(void);

/* --- time ------------------------------------------------------------------------------ */

/* Nanoseconds since the instance started; simulated in stepped execution. */
uint64_t we_host_now_ns(void);
/* 100 ns since 1601-01-01 UTC. In stepped execution it starts at a fixed date. */
uint64_t we_host_system_time_100ns(void);
/* Shifts the system time only. */
void we_host_system_time_shift(int64_t delta_100ns);
/* Moves simulated time forward (stepped, main thread) delivering what falls due on the way. */
void we_host_exec_advance(uint64_t delta_ns);

/* --- choices --------------------------------------------------------------------------- */

enum we_host_choice { WE_CHOICE_NEXT, WE_CHOICE_PREEMPT, WE_CHOICE_COMPLETION, WE_CHOICE_SEGMENT };
/* Every decision about order comes through here: 0 .. count - 1; count must not be 0. With
 * seed 0 always 0. In threads execution too, under a lock of its own. */
unsigned we_host_choose(enum we_host_choice kind, unsigned count);
uint64_t we_host_exec_seed(void);

/* --- threads --------------------------------------------------------------------------- */

enum we_host_park_result { WE_PARK_WOKEN, WE_PARK_TIMEOUT, WE_PARK_STOPPING };

struct we_host_thread {
    struct we_base_list link;     /* in the list of known threads */
    struct we_base_list run_link; /* stepped: in the list of threads that wait for the token only */
    pthread_t id;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    void (*fn)(void *context);
    void *context;
    const char *name;
    uint64_t deadline_ns;
    uint64_t park_count; /* how often this thread parked; progress is measured by it */
    bool has_permit;     /* unparked and not yet seen */
    bool has_token;      /* stepped: signalled together with wake */
    bool is_parked;
    bool is_main;
    bool is_ended;
    bool is_created; /* made by we_host_thread_create, must be joined */
    jmp_buf *end;    /* where we_host_thread_exit goes */
};

/* Makes the calling host thread known (main and foreign threads). In stepped execution a foreign
 * thread that is not main is a usage error: panics with a clear message. */
void we_host_thread_attach(struct we_host_thread *thread);
void we_host_thread_detach(struct we_host_thread *thread);
/* Runs fn(context) on a new host thread. thread must stay valid until joined. name is kept. */
WE_MUST_USE enum we_err we_host_thread_create(struct we_host_thread *thread, const char *name,
                                              void (*fn)(void *context), void *context);
/* Waits until the thread has ended; in stepped execution lets it run. */
void we_host_thread_join(struct we_host_thread *thread);
/* Ends the calling thread (made by we_host_thread_create) at once; what its functions have on the stack is forgotten. */
__attribute__((noreturn)) void we_host_thread_exit(struct we_host_thread *self);

/* Blocks until unparked, until deadline_ns (we_host_now_ns scale, WE_HOST_FOREVER = never), or
 * until the instance ends. One unpark that came earlier is remembered, as one. No lock held. */
enum we_host_park_result we_host_park(struct we_host_thread *self, uint64_t deadline_ns);
void we_host_unpark(struct we_host_thread *thread);
/* The calling thread left we_host_park by longjmp: it is not parked any more. */
void we_host_park_abandon(struct we_host_thread *self);
/* Makes every park, also later ones, return WE_PARK_STOPPING. */
void we_host_exec_stop_parking(void);

/* One turn of a loop that spins for something another thread must do. spin_count starts at 0. */
void we_host_yield(unsigned *spin_count);
/* A place where stepped execution may hand the token to another runnable thread, by seed. */
void we_host_preempt(void);

/* --- deferred work --------------------------------------------------------------------- */

/* Work was queued on cpu, or its earliest timer moved to due_ns: see that somebody runs it.
 * due_ns 0 = now. Callable with locks up to WE_RANK_QUEUE held. */
void we_host_kick(unsigned cpu, uint64_t due_ns);
/* Something happened that a waiter of we_host_exec_wait_progress may want to look at. Cheap. */
void we_host_progress(void);

/* stepped, main thread: performs one move (a network event, queued work, a due timer, or a turn
 * of another thread). may_move_time: simulated time may jump to the next timer or deadline when
 * nothing else can move. Returns false when nothing moved. */
bool we_host_exec_step(bool may_move_time);
/* threads: waits until we_host_progress was called after ticket was taken, or until the given
 * real time has passed; returns false in the second case. */
uint64_t we_host_exec_progress_ticket(void);
bool we_host_exec_wait_progress(uint64_t ticket, unsigned timeout_ms);
/* threads: true when every processor's thread sleeps in the network with nothing to run and every
 * created thread is parked. */
bool we_host_exec_is_quiet(void);

#endif
