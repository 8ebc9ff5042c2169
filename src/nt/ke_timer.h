/* SPDX-License-Identifier: MIT */
/* Timers of the library itself, whose expiry is a function of ours and not a DPC of a driver's. */
#ifndef WE_KE_TIMER_H
#define WE_KE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <wdm.h>

struct we_ke_timer {
    KTIMER timer; /* first: a thread can wait for it */
    uint64_t period_ns;
    unsigned cpu;                                      /* on whose list it hangs when it is set */
    void (*expired_locked)(struct we_ke_timer *timer); /* dispatcher lock held; at its expiry, after the signal */
};

/* The timer belongs to the processor that the calling thread used last. */
void we_ke_timer_init(struct we_ke_timer *timer, TIMER_TYPE type, void (*expired_locked)(struct we_ke_timer *timer));
/* All: dispatcher lock held. Setting one that is not set; afterwards, without the lock, we_host_kick(cpu, due_ns). */
void we_ke_timer_set_locked(struct we_ke_timer *timer, uint64_t due_ns, uint64_t period_ns);
bool we_ke_timer_is_set_locked(const struct we_ke_timer *timer);
/* True: it was set. */
bool we_ke_timer_cancel_locked(struct we_ke_timer *timer);

/* DPC-017: reports a due time that lacks its minus sign. */
void we_ke_timer_check_due(const void *timer, LONGLONG due_time, const char *function);

#endif
