/* SPDX-License-Identifier: MIT */
/* What would call into a driver after it was unloaded. */
#include "drv/drv_leaks.h"

#include <wdm.h>

#include "drv/drv_image.h"
#include "nt/etw_provider.h"
#include "nt/ex_timer.h"
#include "nt/ex_worker.h"
#include "nt/io_irp.h"
#include "nt/ke_dispatcher.h"
#include "nt/nmr_registrar.h"
#include "nt/ob_types.h"
#include "nt/ps_thread.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The same walks over the live objects serve both functions: once they note addresses, once they report what was not
 * noted. Other leaks (memory, handles, IRPs that rest) cannot hurt an unloaded driver; the stop reports them.
 */

struct search {
    struct we_drv_leaks *found;        /* where to note; NULL: report */
    const struct we_drv_leaks *before; /* what not to report */
    const char *driver_name;
    const char *function;
    const struct wsk_emu_image *image; /* the driver's, or NULL */
    bool is_alone;
    size_t count; /* what was reported */
};

static bool leaks_has(const struct we_drv_leaks *leaks, const void *address)
{
    for (size_t i = 0; i < leaks->count; i++) {
        if (leaks->addresses[i] == address) {
            return true;
        }
    }
    return false;
}

static void leaks_add(struct we_drv_leaks *leaks, const void *address)
{
    if (leaks->count == WE_DRV_LEAKS_MAX) {
        leaks->is_overflown = true;
    } else {
        leaks->addresses[leaks->count++] = address;
    }
}

/* Notes the object, or says that it is to be reported. owner: the image that it belongs to, as far as that is known. */
static bool search_is_leak(struct search *search, const void *address, const struct wsk_emu_image *owner)
{
    bool is_own = owner != NULL ? owner == search->image : search->is_alone;

    if (search->found != NULL) {
        leaks_add(search->found, address);
        return false;
    }
    if (!is_own || leaks_has(search->before, address)) {
        return false;
    }
    search->count++;
    return true;
}

static bool search_is_leaking_entry(struct search *search, const struct we_vrf_entry *entry)
{
    return search_is_leak(search, entry->address, we_drv_image_in(&entry->made));
}

static void registration_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;

    if (search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_NPI_012, entry,
                                  "%s of the driver %s returned, but WskDeregister was not called for block %p",
                                  search->function, search->driver_name, entry->address);
        entry->is_reported = true;
    }
}

static void nmr_module_look(struct we_vrf_entry *entry, const char *missing, void *context)
{
    struct search *search = context;

    if (search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_NPI_019, entry,
                                  "%s of the driver %s returned, but %s was not called for %s %p", search->function,
                                  search->driver_name, missing, entry->note, entry->address);
        entry->is_reported = true;
    }
}

static void trace_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;

    if (!search_is_leaking_entry(search, entry)) {
        return;
    }
    if (we_etw_entry_is_wpp(entry)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_012, entry,
                                  "%s of the driver %s returned, but WPP_CLEANUP was not called for control block %p",
                                  search->function, search->driver_name, entry->address);
    } else {
        (void)we_vrf_report_entry(WE_RULE_UNL_010, entry,
                                  "%s of the driver %s returned, but EtwUnregister was not called for handle %p",
                                  search->function, search->driver_name, entry->address);
    }
    we_etw_drop(entry);
}

static void irp_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;
    enum we_io_irp_state state = we_io_irp_state((const IRP *)entry->address);

    if ((state == WE_IRP_SENT || state == WE_IRP_DISPATCHED || state == WE_IRP_COMPLETING) &&
        search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_017, entry,
                                  "%s of the driver %s returned, but IRP %p was sent and is not completed",
                                  search->function, search->driver_name, entry->address);
        entry->is_reported = true;
    }
}

static void work_item_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;
    const struct _IO_WORKITEM *item = entry->address;

    if (item->item.List.Flink != NULL && search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_002, entry,
                                  "%s of the driver %s returned, but work item %p is still queued", search->function,
                                  search->driver_name, entry->address);
    }
}

static void ex_timer_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;

    if (search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_DPC_021, entry,
                                  "%s of the driver %s returned, but ExDeleteTimer was not called for timer %p",
                                  search->function, search->driver_name, entry->address);
        entry->is_reported = true;
        we_ex_timer_cancel_leaked(entry->address);
    }
}

static void callback_look(struct we_vrf_entry *entry, void *context)
{
    struct search *search = context;

    if (search_is_leaking_entry(search, entry)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_013, entry,
                                  "%s of the driver %s returned, but ExUnregisterCallback was not called for %p",
                                  search->function, search->driver_name, entry->address);
        entry->is_reported = true;
    }
}

static void thread_look(struct we_nt_thread *thread, void *context)
{
    struct search *search = context;
    struct we_ob_header *header = we_ob_find(thread);

    if (header != NULL &&
        search_is_leak(search, thread, we_drv_image_at((const void *)(ULONG_PTR)thread->start_routine))) {
        (void)we_vrf_report_entry(WE_RULE_THREAD_001, &header->entry,
                                  "%s of the driver %s returned, but thread %u with routine %p has not ended",
                                  search->function, search->driver_name, (unsigned)thread->id,
                                  (void *)(ULONG_PTR)thread->start_routine);
        header->entry.is_reported = true;
    }
}

/* Timers have no ledger entry to be marked in, so those that leak are noted first and then taken off their list, which
 * cannot be done in the walk. */
struct timers {
    struct search *search;
    struct we_drv_leaks leaks;
};

static void timer_look(PKTIMER timer, void *context)
{
    struct timers *timers = context;
    const struct wsk_emu_image *owner = we_drv_image_at(timer);

    if (owner == NULL && timer->Dpc != NULL) {
        owner = we_drv_image_at((const void *)(ULONG_PTR)timer->Dpc->DeferredRoutine);
    }
    if (search_is_leak(timers->search, timer, owner)) {
        leaks_add(&timers->leaks, timer);
    }
}

static void timers_search(struct search *search)
{
    struct timers timers = { search, { 0 } };

    we_ke_timers_each(timer_look, &timers);
    for (size_t i = 0; i < timers.leaks.count; i++) {
        struct we_vrf_object object = { "timer", timers.leaks.addresses[i], NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_DPC_004, &object, "%s of the driver %s returned, but timer %p is still set",
                            search->function, search->driver_name, timers.leaks.addresses[i]);
        (void)KeCancelTimer((PKTIMER)(ULONG_PTR)timers.leaks.addresses[i]);
    }
}

/* The ledger is searched from end to end, so it is asked first whether there is anything to find. */
static void ledger_search(enum we_vrf_kind kind, void (*look)(struct we_vrf_entry *entry, void *context),
                          struct search *search)
{
    if (we_vrf_ledger_count(kind) > 0) {
        we_vrf_ledger_each(kind, look, search);
    }
}

static void search_run(struct search *search)
{
    ledger_search(WE_KIND_REGISTRATION, registration_look, search);
    ledger_search(WE_KIND_TRACE, trace_look, search);
    ledger_search(WE_KIND_IRP, irp_look, search);
    ledger_search(WE_KIND_WORK_ITEM, work_item_look, search);
    ledger_search(WE_KIND_CALLBACK, callback_look, search);
    ledger_search(WE_KIND_TIMER, ex_timer_look, search);
    we_nmr_each(nmr_module_look, search);
    timers_search(search);
    we_ps_thread_each_running(thread_look, search);
}

void we_drv_leaks_collect(struct we_drv_leaks *leaks)
{
    struct search search = { .found = leaks };

    leaks->count = 0;
    leaks->is_overflown = false;
    search_run(&search);
}

size_t we_drv_leaks_report(const struct we_drv_leaks *before, const char *driver_name, const char *function,
                           const struct wsk_emu_image *image, bool is_alone)
{
    struct search search = {
        .before = before, .driver_name = driver_name, .function = function, .image = image, .is_alone = is_alone
    };

    if (!before->is_overflown) {
        search_run(&search);
    }
    return search.count;
}
