/* SPDX-License-Identifier: MIT */
/* What would call into a driver after it was unloaded. */
#include "drv/drv_leaks.h"

#include <stdbool.h>

#include "nt/ob_types.h"
#include "nt/ps_thread.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

struct search {
    const struct we_drv_leaks *before;
    const char *driver_name;
    const char *function;
};

static void leaks_add(struct we_drv_leaks *leaks, const void *address)
{
    if (leaks->count < WE_DRV_LEAKS_MAX) {
        leaks->addresses[leaks->count++] = address;
    }
}

static bool leaks_has(const struct we_drv_leaks *leaks, const void *address)
{
    for (size_t i = 0; i < leaks->count; i++) {
        if (leaks->addresses[i] == address) {
            return true;
        }
    }
    return false;
}

static void registration_collect(struct we_vrf_entry *entry, void *context)
{
    leaks_add((struct we_drv_leaks *)context, entry->address);
}

static void thread_collect(struct we_nt_thread *thread, void *context)
{
    leaks_add((struct we_drv_leaks *)context, thread);
}

/* The ledger is searched from end to end, so it is asked first whether there is anything to find. */
static void registrations_each(void (*fn)(struct we_vrf_entry *entry, void *context), void *context)
{
    if (we_vrf_ledger_count(WE_KIND_REGISTRATION) > 0) {
        we_vrf_ledger_each(WE_KIND_REGISTRATION, fn, context);
    }
}

void we_drv_leaks_collect(struct we_drv_leaks *leaks)
{
    leaks->count = 0;
    registrations_each(registration_collect, leaks);
    we_ps_thread_each_running(thread_collect, leaks);
}

static void registration_report(struct we_vrf_entry *entry, void *context)
{
    const struct search *search = context;

    if (leaks_has(search->before, entry->address)) {
        return;
    }
    (void)we_vrf_report_entry(WE_RULE_NPI_012, entry,
                              "%s of the driver %s returned, but WskDeregister was not called for block %p",
                              search->function, search->driver_name, entry->address);
    entry->is_reported = true;
}

static void thread_report(struct we_nt_thread *thread, void *context)
{
    const struct search *search = context;
    struct we_ob_header *header;

    if (leaks_has(search->before, thread)) {
        return;
    }
    header = we_ob_find(thread);
    (void)we_vrf_report_entry(WE_RULE_THREAD_001, header != NULL ? &header->entry : NULL,
                              "%s of the driver %s returned, but thread %u with routine %p has not ended",
                              search->function, search->driver_name, (unsigned)thread->id,
                              (void *)(ULONG_PTR)thread->start_routine);
    if (header != NULL) {
        header->entry.is_reported = true;
    }
}

void we_drv_leaks_report(const struct we_drv_leaks *before, const char *driver_name, const char *function)
{
    struct search search = { before, driver_name, function };

    registrations_each(registration_report, &search);
    we_ps_thread_each_running(thread_report, &search);
}
