/* SPDX-License-Identifier: MIT */
/* Start and stop order inside the NT layer, and what it gives to the execution layer. */
#include "nt/nt_init.h"

#include <string.h>

#include "base/base_assert.h"
#include "nt/bcrypt_provider.h"
#include "nt/cm_registry.h"
#include "nt/etw_provider.h"
#include "nt/ex_block.h"
#include "nt/ex_callback.h"
#include "nt/ex_timer.h"
#include "nt/ex_worker.h"
#include "nt/io_contract.h"
#include "nt/io_device.h"
#include "nt/io_error_log.h"
#include "nt/io_irp.h"
#include "nt/io_remove_lock.h"
#include "nt/io_request.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/nmr_registrar.h"
#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_stall.h"
#include "nt/ob_object.h"
#include "vrf/vrf_report.h"

static struct we_nt_thread s_cpu_threads[WE_HOST_CPU_MAX]; /* records of the processors' host threads */
static unsigned s_no_progress_ms;

unsigned we_nt_no_progress_ms(void)
{
    return s_no_progress_ms;
}

static void cpu_thread_begin(unsigned cpu)
{
    memset(&s_cpu_threads[cpu], 0, sizeof(s_cpu_threads[cpu]));
    we_nt_thread_attach(&s_cpu_threads[cpu], true);
    s_cpu_threads[cpu].last_cpu = we_nt_cpu_at(cpu);
}

static void cpu_thread_end(unsigned cpu)
{
    we_nt_thread_detach(&s_cpu_threads[cpu]);
}

static void hooks_fill(struct we_host_exec_hooks *hooks, const struct we_nt_config *config)
{
    hooks->cpu_thread_begin = cpu_thread_begin;
    hooks->cpu_thread_end = cpu_thread_end;
    hooks->has_work = we_nt_cpu_has_work;
    hooks->next_due_ns = we_nt_cpu_next_due_ns;
    hooks->run = we_nt_cpu_run;
    hooks->stalled = config->stalled != NULL ? config->stalled : we_nt_stall;
}

/* The parts that cannot fail. */
static void parts_start(const struct we_nt_config *config)
{
    s_no_progress_ms = config->no_progress_ms;
    we_nt_door_shut(false);
    we_nt_completion_set_policy(config->completion);
    we_ex_block_start();
    we_etw_start(&config->etw);
    we_ob_start();
    we_ex_pool_start();
    we_ex_worker_start();
    we_ps_start();
}

NTSTATUS we_nt_start(const struct we_nt_config *config)
{
    struct we_host_exec_config exec = { 0 };

    exec.execution = config->execution;
    exec.cpu_count = config->cpu_count;
    exec.seed = config->seed;
    exec.no_progress_ms = config->no_progress_ms;
    hooks_fill(&exec.hooks, config);
    if (we_host_exec_start(&exec) != WE_OK) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!we_nt_cpu_start(config->cpu_count)) {
        goto stop_exec;
    }
    if (!we_nt_thread_start()) {
        goto stop_cpu;
    }
    we_vrf_set_context_fn(we_nt_thread_describe);
    parts_start(config);
    if (we_host_exec_start_processors() != WE_OK) {
        goto stop_thread;
    }
    return STATUS_SUCCESS;

stop_thread:
    we_vrf_set_context_fn(NULL);
    we_ob_stop();
    we_nt_thread_stop();
stop_cpu:
    we_nt_cpu_stop();
stop_exec:
    we_host_exec_stop();
    return STATUS_INSUFFICIENT_RESOURCES;
}

void we_nt_stop(void)
{
    we_nt_thread_recover();
    we_ex_worker_stop();
    we_ps_stop();
    we_host_exec_stop_processors();
    we_nmr_stop();
    we_ex_timers_stop();
    (void)we_ke_timers_stop();
    we_ex_resources_stop();
    we_io_remove_locks_stop();
    we_io_workitem_report_leaks();
    we_io_contract_stop();
    we_io_requests_stop();
    we_io_irp_report_leaks();
    we_mm_report_leaks();
    we_bcrypt_stop();
    we_ex_callbacks_stop();
    we_io_error_log_report_leaks();
    we_etw_stop();
    we_ob_stop();
    we_cm_tree_free();
    we_io_names_stop();
    we_ex_pool_stop();
    we_nt_retire_stop();
    we_vrf_set_context_fn(NULL);
    we_nt_thread_stop();
    we_nt_cpu_stop();
    we_host_exec_stop();
}
