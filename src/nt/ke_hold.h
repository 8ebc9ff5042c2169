/* SPDX-License-Identifier: MIT */
/* The notes about the spin locks that a thread holds, and the turn of one that waits for a lock. */
#ifndef WE_KE_HOLD_H
#define WE_KE_HOLD_H

#include <wdm.h>

#include "base/base_assert.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* The newest note about the lock, or NULL. */
static inline struct we_nt_hold *we_ke_hold_find(struct we_nt_thread *thread, const void *lock)
{
    unsigned i;

    for (i = thread->hold_count; i > 0; i--) {
        if (thread->holds[i - 1].lock == lock) {
            return &thread->holds[i - 1];
        }
    }
    return NULL;
}

static inline void we_ke_hold_push(struct we_nt_thread *thread, const void *lock, KIRQL old_irql,
                                   enum we_nt_hold_kind kind, void *site)
{
    struct we_nt_hold *hold;

    if (thread->hold_count == WE_NT_HOLD_MAX) {
        WE_UNREACHABLE("a thread holds more spin locks than are kept on record");
    }
    hold = &thread->holds[thread->hold_count++];
    hold->lock = lock;
    hold->site = site;
    hold->old_irql = old_irql;
    hold->kind = (UCHAR)kind;
}

static inline void we_ke_hold_drop(struct we_nt_thread *thread, struct we_nt_hold *hold)
{
    struct we_nt_hold *last = &thread->holds[thread->hold_count - 1];

    while (hold < last) {
        hold[0] = hold[1];
        hold++;
    }
    thread->hold_count--;
}

/* "text: spin lock 0x...", with where it was acquired. */
void we_ke_hold_report(enum we_vrf_rule rule, const struct we_nt_hold *hold, const char *text);
/* One turn of waiting for a lock. */
void we_ke_spin(struct we_nt_thread *thread, unsigned *spin_count);

#endif
