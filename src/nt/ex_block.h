/* SPDX-License-Identifier: MIT */
/* What all blocking locks of drivers share: who owns one, who waits for one, and what is checked about both. */
#ifndef WE_EX_BLOCK_H
#define WE_EX_BLOCK_H

#include <wdm.h>

#include "nt/nt_forget.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* How a thread wants a lock; a lock uses what it needs. */
enum we_ex_mode { WE_EX_SHARED, WE_EX_EXCLUSIVE };

/* --- waiting; the dispatcher lock guards the states of blocking locks and the threads that wait for them --- */

/* Waits until another thread grants the lock. Dispatcher lock held at the call, and given up. False: the wait was ended
 * without a grant, because the kernel stops. */
WE_MUST_USE bool we_ex_wait_locked(const void *lock, enum we_ex_mode mode);
/* Dispatcher lock held. The thread that has waited longest, or NULL. */
struct we_nt_thread *we_ex_first_waiter_locked(const void *lock);
/* The same among those that want the lock in this mode. */
struct we_nt_thread *we_ex_first_waiter_of_mode_locked(const void *lock, enum we_ex_mode mode);
unsigned we_ex_waiter_count_locked(const void *lock, enum we_ex_mode mode);
/* The thread has the lock now, and goes on. */
void we_ex_grant_locked(struct we_nt_thread *thread);
/* The calling thread leaves its wait: by longjmp, or because it ends. */
void we_ex_wait_abandon(void);
void we_ex_block_start(void);

/* --- owning -------------------------------------------------------------------------------- */

/* Notes that the calling thread owns the lock, or, is_void, that it was refused and goes on as if it did. */
void we_ex_own_push(const void *lock, enum we_nt_own_kind kind, bool is_void, void *site);
/* The newest note about the lock, or NULL. */
struct we_nt_own *we_ex_own_find(const void *lock);
void we_ex_own_drop(struct we_nt_own *own);
/* Reports (LOCK-040) and lets go of everything that was taken since there were own_count of them. what: "thread 5",
 * "the work item routine 0x..."; then "ended", "returned". */
void we_ex_owns_check(unsigned own_count, const char *what, const char *verb);

/* Reports that the owner is not who it should be (rule), with where the lock was acquired if that is known. */
void we_ex_report(enum we_vrf_rule rule, const char *kind, const void *lock, const struct we_nt_own *own,
                  const char *format, ...) WE_PRINTF(5, 6);
/* LOCK-026: reports a blocking function above APC_LEVEL. False: it must not wait. */
bool we_ex_may_block(const char *function, const char *kind, const void *lock);

/* For we_ex_owns_check: lets go without checks. */
void we_ex_mutex_force_release(const void *lock, enum we_nt_own_kind kind);
void we_ex_push_lock_force_release(const void *lock, enum we_nt_own_kind kind);
void we_ex_resource_force_release(const void *lock);

/* Memory is about to be freed: reports LOCK-030 for a resource inside and forgets it. */
void we_ex_resources_check_freed(const void *base, size_t size_bytes);
/* A stack is gone without a word: forgets the resources on it. */
void we_ex_resources_forget(const struct we_nt_range *range);
void we_ex_resources_stop(void);

#endif
