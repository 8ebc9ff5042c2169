/* SPDX-License-Identifier: MIT */
/* Objects of drivers that vanished with a stack: taken off every list of ours without being looked at. */
#ifndef WE_NT_FORGET_H
#define WE_NT_FORGET_H

#include <stdbool.h>

#include <wdm.h>

/* Memory that is gone. */
struct we_nt_range {
    ULONG_PTR low;
    ULONG_PTR high; /* first address behind it */
};

static inline bool we_nt_range_contains(const struct we_nt_range *range, const void *address)
{
    return (ULONG_PTR)address >= range->low && (ULONG_PTR)address < range->high;
}

/* Keeps the entries that can be reached from either end without stepping on one in the range. Returns how many. */
unsigned we_nt_list_forget(LIST_ENTRY *head, const struct we_nt_range *range);

/* The calling thread left frames of its stack by longjmp. Forgets waits, timers, DPCs and work items in the frames that
 * are gone for sure, which are those below the caller's; is_whole: in the whole stack. No lock, below DISPATCH_LEVEL. */
void we_nt_forget_own_stack(bool is_whole);

/* The parts; no lock. */
void we_ke_waits_forget(const struct we_nt_range *range);
void we_ke_timers_forget(const struct we_nt_range *range);
void we_nt_cpu_dpcs_forget(const struct we_nt_range *range);
void we_ex_worker_forget(const struct we_nt_range *range);

#endif
