/* SPDX-License-Identifier: MIT */
/* Thread objects with a host thread of their own: what system threads and workers have in common. */
#ifndef WE_PS_THREAD_H
#define WE_PS_THREAD_H

#include "nt/nt_thread.h"

/* Makes a thread object for a worker and starts fn(context) on its host thread, at PASSIVE_LEVEL. The object has one
 * reference, which we_ps_thread_join drops. When fn returns the thread ends. Returns NULL when memory or host threads
 * are short. Any IRQL up to DISPATCH_LEVEL, no lock held. */
WE_MUST_USE struct we_nt_thread *we_ps_worker_create(const char *name, void (*fn)(void *context), void *context);
/* Waits until the host thread is gone, then drops the object's first reference. */
void we_ps_thread_join(struct we_nt_thread *thread);
/* Calls fn for every system thread that has not ended, with a lock of rank WE_RANK_OBJECT held. */
void we_ps_thread_each_running(void (*fn)(struct we_nt_thread *thread, void *context), void *context);

#endif
