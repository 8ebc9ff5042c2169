/* SPDX-License-Identifier: MIT */
/* ERESOURCE: made, deleted, and what is left of those that were not. */
#include "nt/ex_resource.h"

#include <string.h>

#include "host/host_mem.h"
#include "nt/ex_block.h"
#include "nt/ex_paged.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* Each resource has a record of ours. The list of records, and not one through the driver's memory, tells which resources
 * were never deleted: that memory may be gone by then. */

#define INITIALISED ((ULONG_PTR)0x5245534f55524345u) /* in CreatorBackTraceIndex */

static const char s_kind[] = "resource";
static struct we_base_list s_records = WE_BASE_LIST_INIT(s_records); /* dispatcher lock */
static unsigned s_record_count;                                      /* atomic */

/* LOCK-006; true for one that was initialised. */
bool we_ex_resource_check(PERESOURCE resource, const char *function)
{
    if (resource->CreatorBackTraceIndex == INITIALISED) {
        return true;
    }
    we_ex_report(WE_RULE_LOCK_006, s_kind, resource, NULL, "%s(%p), but the resource was never initialised, or deleted",
                 function, (void *)resource);
    return false;
}

/* Lock held. The resource itself is not touched. */
static void record_free_locked(struct we_ex_resource_record *record)
{
    we_base_list_remove(&record->link);
    we_host_free(record->table);
    we_host_free(record);
    (void)__atomic_sub_fetch(&s_record_count, 1, __ATOMIC_SEQ_CST);
}

/* Lock held. The newest record of a resource inside the range, or NULL. */
static struct we_ex_resource_record *record_inside_locked(ULONG_PTR low, ULONG_PTR high)
{
    WE_BASE_LIST_FOR_EACH (link, &s_records) {
        struct we_ex_resource_record *record = WE_BASE_LIST_ITEM(link, struct we_ex_resource_record, link);

        if ((ULONG_PTR)record->resource >= low && (ULONG_PTR)record->resource < high) {
            return record;
        }
    }
    return NULL;
}

static void records_forget(ULONG_PTR low, ULONG_PTR high)
{
    struct we_ex_resource_record *record;

    we_ke_dispatcher_lock();
    while ((record = record_inside_locked(low, high)) != NULL) {
        record_free_locked(record);
    }
    we_ke_dispatcher_unlock();
}

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    struct we_ex_resource_record *record;

    WE_NT_ENTRY(ExInitializeResourceLite);
    we_ex_paged_check(Resource, "resource", "ExInitializeResourceLite");
    records_forget((ULONG_PTR)Resource, (ULONG_PTR)Resource + 1); /* of what lay here before */
    record = (struct we_ex_resource_record *)we_host_alloc(sizeof(*record));
    if (record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record->resource = Resource;
    record->table = NULL;
    record->entry_count = 0;
    record->site = __builtin_return_address(0);
    memset(Resource, 0, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    Resource->Reserved2 = record;
    Resource->CreatorBackTraceIndex = INITIALISED;
    we_ke_dispatcher_lock();
    we_base_list_append(&s_records, &record->link);
    we_ke_dispatcher_unlock();
    (void)__atomic_add_fetch(&s_record_count, 1, __ATOMIC_SEQ_CST);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    WE_NT_ENTRY(ExReinitializeResourceLite);
    if (we_ex_resource_check(Resource, "ExReinitializeResourceLite")) {
        we_ke_dispatcher_lock();
        Resource->ContentionCount = 0;
        we_ke_dispatcher_unlock();
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    SHORT owner_count;

    WE_NT_ENTRY(ExDeleteResourceLite);
    if (Resource->CreatorBackTraceIndex != INITIALISED) {
        we_ex_report(WE_RULE_LOCK_030, s_kind, Resource, NULL,
                     "ExDeleteResourceLite(%p), but the resource was never initialised, or is deleted already",
                     (void *)Resource);
        return STATUS_SUCCESS;
    }
    we_ke_dispatcher_lock();
    owner_count = Resource->ActiveCount;
    record_free_locked(we_ex_resource_record(Resource));
    Resource->CreatorBackTraceIndex = 0;
    we_ke_dispatcher_unlock();
    if (owner_count > 0) {
        we_ex_report(WE_RULE_LOCK_030, s_kind, Resource, NULL, "ExDeleteResourceLite(%p) while it has %d owner(s)",
                     (void *)Resource, (int)owner_count);
    }
    return STATUS_SUCCESS;
}

/* Reports each resource inside the range that was not deleted, and forgets it. */
static void report_inside(ULONG_PTR low, ULONG_PTR high, const char *what)
{
    for (;;) {
        struct we_nt_own made = { NULL, NULL, 0, FALSE };
        struct we_ex_resource_record *record;

        we_ke_dispatcher_lock();
        record = record_inside_locked(low, high);
        if (record != NULL) {
            made.lock = record->resource;
            made.site = record->site;
            record_free_locked(record);
        }
        we_ke_dispatcher_unlock();
        if (record == NULL) {
            return;
        }
        we_ex_report(WE_RULE_LOCK_030, s_kind, made.lock, &made, "%s: the resource %p was not deleted", what,
                     made.lock);
    }
}

void we_ex_resources_check_freed(const void *base, size_t size_bytes)
{
    if (__atomic_load_n(&s_record_count, __ATOMIC_SEQ_CST) != 0) {
        report_inside((ULONG_PTR)base, (ULONG_PTR)base + size_bytes, "memory is freed");
    }
}

void we_ex_resources_forget(const struct we_nt_range *range)
{
    records_forget(range->low, range->high);
}

void we_ex_resources_stop(void)
{
    report_inside(0, ~(ULONG_PTR)0, "the kernel stops");
}
