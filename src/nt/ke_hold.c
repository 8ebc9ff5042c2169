/* SPDX-License-Identifier: MIT */
/* The notes about the spin locks that a thread holds, and the turn of one that waits for a lock. */
#include "nt/ke_hold.h"

#include "host/host_exec.h"
#include "nt/nt_door.h"

void we_ke_hold_report(enum we_vrf_rule rule, const struct we_nt_hold *hold, const char *text)
{
    struct we_host_trace taken = { { hold->site } };
    struct we_vrf_object object = { "spin lock", hold->lock, NULL, NULL, NULL };

    object.made = &taken;
    (void)we_vrf_report(rule, &object, "%s: spin lock %p", text, hold->lock);
}

/* After a failed test the holder of a lock may be gone for good: then its waiters end, too. */
#define HOPELESS_SPINS 4096u

/* One turn of waiting for a lock. */
void we_ke_spin(struct we_nt_thread *thread, unsigned *spin_count)
{
    we_host_yield(spin_count);
    if (*spin_count % HOPELESS_SPINS == 0 && we_nt_door_is_shut() && thread->host.is_created) {
        we_ps_thread_unwind(thread);
    }
}
