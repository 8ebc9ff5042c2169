/* SPDX-License-Identifier: MIT */
/* One lock and one wait-block list for every waitable object. */
#ifndef WE_KE_DISPATCHER_H
#define WE_KE_DISPATCHER_H

#include <wdm.h>

#include "host/host_lock.h"
#include "nt/nt_thread.h"

enum we_ke_object_type { /* DISPATCHER_HEADER.Type; zero is "never initialised" */
                         WE_KE_NOTIFICATION_EVENT = 0x10,
                         WE_KE_SYNCHRONIZATION_EVENT = 0x11,
                         WE_KE_MUTANT = 0x12,
                         WE_KE_SEMAPHORE = 0x15,
                         WE_KE_THREAD = 0x16,
                         WE_KE_NOTIFICATION_TIMER = 0x18,
                         WE_KE_SYNCHRONIZATION_TIMER = 0x19
};

/* KMUTANT.ApcDisable remembers at which level the mutex was acquired. */
enum we_ke_mutant_level { WE_KE_MUTANT_BELOW_DISPATCH = 1, WE_KE_MUTANT_AT_DISPATCH = 2 };

void we_ke_dispatcher_lock(void);
void we_ke_dispatcher_unlock(void);

void we_ke_header_init(DISPATCHER_HEADER *header, enum we_ke_object_type type, LONG signal_state);
/* The same for KeInitialize...: reports WAIT-016 and leaves the object alone when a thread waits for it. */
void we_ke_header_init_checked(DISPATCHER_HEADER *header, enum we_ke_object_type type, LONG signal_state,
                               const char *function);
/* True for a header that was initialised; otherwise reports WAIT-015 and returns false. */
bool we_ke_header_check(const DISPATCHER_HEADER *header, const char *function);
/* The signal state now, for KeReadState... . */
LONG we_ke_read_state(const DISPATCHER_HEADER *header);
/* After SignalState changed: satisfies as many waiters as the state allows, in order. Lock held. */
void we_ke_signal_locked(DISPATCHER_HEADER *header);
/* NULL for a type that no dispatcher object has. */
const char *we_ke_type_name(UCHAR type);
/* Lock held: could this thread's wait for the object be satisfied now? */
bool we_ke_is_signalled_locked(const DISPATCHER_HEADER *header, const struct we_nt_thread *thread);
/* Lock held: the side effect of a satisfied wait. True: the object is an abandoned mutex. */
bool we_ke_satisfy_locked(DISPATCHER_HEADER *header, struct we_nt_thread *thread);
/* Lock held: hangs the calling thread's wait blocks on their objects. */
void we_ke_wait_link_locked(struct we_nt_thread *thread, ULONG count, PVOID objects[], WAIT_TYPE type);
/* Lock held: takes a waiting thread's blocks off their objects. */
void we_ke_wait_unlink_locked(struct we_nt_thread *thread);

/* Waits for one object without the IRQL rules and reports of KeWait...: for the library's own use at
 * PASSIVE_LEVEL (thread join, flush). deadline_ns on the we_host_now_ns scale. */
NTSTATUS we_ke_wait_internal(DISPATCHER_HEADER *header, uint64_t deadline_ns);

/* The calling thread will leave its wait by longjmp: takes its wait blocks off their objects. */
void we_ke_wait_abandon(void);

/* Writes "thread 3 waits for event 0x... since ...": every waiting thread, one line each. */
void we_ke_describe_waits(char *text, size_t size_bytes);

/* Timers: ke_timer.c. */
void we_ke_timers_expire(unsigned cpu, uint64_t now_ns);
/* Calls fn for every set timer, with the dispatcher lock held. */
void we_ke_timers_each(void (*fn)(PKTIMER timer, void *context), void *context);
/* Cancels every set timer (stop); returns how many there were and reports each as DPC-004. */
size_t we_ke_timers_stop(void);
/* Memory is about to be freed: reports DPC-001 for a set timer, DPC-002 for a queued DPC and LOCK-030 for a resource
 * inside it, and takes them off their queues. */
void we_ke_check_freed_range(const void *base, size_t size_bytes);
uint64_t we_ke_deadline_ns(const LARGE_INTEGER *timeout);

#endif
