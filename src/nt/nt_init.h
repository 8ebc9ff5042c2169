/* SPDX-License-Identifier: MIT */
/* Start and stop order inside the NT layer. */
#ifndef WE_NT_INIT_H
#define WE_NT_INIT_H

#include <wdm.h>

#include "host/host_exec.h"
#include "nt/etw_provider.h"
#include "nt/nt_completion.h"

struct we_nt_config {
    enum we_host_execution execution;
    unsigned cpu_count;
    uint64_t seed;
    unsigned no_progress_ms;
    enum we_nt_completion_policy completion;
    struct we_etw_config etw;
    void (*stalled)(void); /* see we_host_exec_hooks; NULL: we_nt_stall */
};

/* The network has been started. On failure nothing is left behind. */
NTSTATUS we_nt_start(const struct we_nt_config *config);
/* Ends workers and processors, then reports and frees what drivers left: threads, timers, handles, objects,
 * IRPs, MDLs, pool. The verifier must still be running; the network too. */
void we_nt_stop(void);

/* How long nothing may move before that counts as standing still. */
unsigned we_nt_no_progress_ms(void);

/* Parts, in start order; each stop is the reverse. */
void we_ex_worker_start(void);
/* Waits for queued and running work items, then joins the workers. */
void we_ex_worker_stop(void);
void we_ps_start(void);
/* Reports threads that have not ended (THREAD-001), then makes them end and joins them. */
void we_ps_stop(void);
void we_ex_pool_start(void);
void we_ex_pool_stop(void);
void we_mm_report_leaks(void);

#endif
