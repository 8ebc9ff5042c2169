/* SPDX-License-Identifier: MIT */
/* What a dispatch routine owes, compared with what it did. */
#include "nt/io_contract.h"

#include <stdbool.h>
#include <string.h>

#include "host/host_lock.h"
#include "nt/io_irp_state.h"
#include "nt/nt_door.h"

/* Design
 *
 * Each call of a dispatch routine has a record while it runs. An IRP may be completed by another thread meanwhile, and be
 * gone when the routine returns, so everything about it is written down where it happens: the completion walk notes the
 * status and the pending mark of each level that it leaves.
 *
 * Two drivers can share a stack location (IoSkipCurrentIrpStackLocation). Then both records have the same level, and what
 * happens to it counts for both.
 *
 * The records are static and not on the stacks of those who wait for the routines: a failed test leaves by longjmp, and
 * other threads still look through the records. One whose caller is gone is lost until the stop. With more calls than
 * records at once, some are not checked.
 */

#define RECORDS_MAX 64u
#define NO_RECORD RECORDS_MAX

#define UNINITIALISED ((NTSTATUS)0xFFFFFFFF)

struct record {
    const IRP *irp; /* NULL: free */
    const IO_STACK_LOCATION *location;
    const struct we_nt_thread *thread; /* who runs the routine */
    uint32_t order;                    /* later calls have more */
    CHAR level;
    UCHAR major;
    bool is_completed;
    bool is_jumped_over; /* completed from a location above */
    bool is_marked;
    bool is_sent_on;
    bool is_back; /* sent on, and kept by the driver's own completion routine */
    NTSTATUS status;
    NTSTATUS sent_status;
    struct we_host_trace made; /* the IRP, for reports when it is gone; empty: not known */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct record s_records[RECORDS_MAX]; /* guarded by s_lock */
static uint32_t s_last_order;                /* guarded by s_lock */
static unsigned s_open_count;                /* atomic; changed under s_lock */

static bool is_anybody_watching(void)
{
    return __atomic_load_n(&s_open_count, __ATOMIC_SEQ_CST) != 0;
}

/* --- what happens to IRPs -------------------------------------------------------------------- */

unsigned we_io_contract_enter(PIRP irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(irp);
    const struct we_nt_block *block = we_io_irp_block(irp);
    unsigned i;

    we_host_mutex_lock(&s_lock);
    for (i = 0; i < RECORDS_MAX && s_records[i].irp != NULL; i++) {
    }
    if (i < RECORDS_MAX) {
        memset(&s_records[i], 0, sizeof(s_records[i]));
        s_records[i].irp = irp;
        s_records[i].location = location;
        s_records[i].thread = we_nt_thread_current();
        s_records[i].order = ++s_last_order;
        s_records[i].level = irp->CurrentLocation;
        s_records[i].major = location->MajorFunction;
        if (block != NULL) {
            s_records[i].made = block->entry.made;
        }
        __atomic_add_fetch(&s_open_count, 1, __ATOMIC_SEQ_CST);
    }
    we_host_mutex_unlock(&s_lock);
    return i;
}

void we_io_contract_passed(PIRP irp, CHAR level, const IO_STACK_LOCATION *location)
{
    unsigned i;

    if (!is_anybody_watching()) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    for (i = 0; i < RECORDS_MAX; i++) {
        struct record *record = &s_records[i];

        if (record->irp == irp && record->level <= level && !record->is_completed) {
            record->is_completed = true;
            record->is_jumped_over = record->level < level;
            record->is_marked = (location->Control & SL_PENDING_RETURNED) != 0;
            record->status = irp->IoStatus.Status;
        }
    }
    we_host_mutex_unlock(&s_lock);
}

void we_io_contract_kept(const IRP *irp, CHAR level)
{
    unsigned i;

    if (!is_anybody_watching()) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    for (i = 0; i < RECORDS_MAX; i++) {
        if (s_records[i].irp == irp && s_records[i].level == level && !s_records[i].is_completed) {
            s_records[i].is_back = true;
        }
    }
    we_host_mutex_unlock(&s_lock);
}

/* The innermost routine that this thread runs for the IRP. */
static struct record *own_record_locked(const IRP *irp)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    struct record *found = NULL;
    unsigned i;

    for (i = 0; i < RECORDS_MAX; i++) {
        struct record *record = &s_records[i];

        if (record->irp == irp && record->thread == thread && (found == NULL || record->order > found->order)) {
            found = record;
        }
    }
    return found;
}

void we_io_contract_sent_on(const IRP *irp, NTSTATUS status)
{
    struct record *record;

    if (!is_anybody_watching()) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    record = own_record_locked(irp);
    if (record != NULL) {
        record->is_sent_on = true;
        record->sent_status = status;
    }
    we_host_mutex_unlock(&s_lock);
}

/* --- what the routine owes --------------------------------------------------------------------- */

/* The IRP of a report. It may be gone, and is not looked at. */
static struct we_vrf_object object_of(const struct record *record)
{
    const struct we_vrf_object object = { .kind = "IRP",
                                          .address = record->irp,
                                          .made = record->made.frames[0] != NULL ? &record->made : NULL };

    return object;
}

/* Completed, and not marked pending. */
static void check_completed(const struct record *record, PDRIVER_DISPATCH routine, NTSTATUS result)
{
    const void *address = (const void *)(ULONG_PTR)routine;
    const struct we_vrf_object object = object_of(record);

    if (record->is_sent_on && result == record->sent_status) {
        return;
    }
    if (result == STATUS_PENDING) {
        (void)we_vrf_report(
            WE_RULE_IRP_038, &object,
            "dispatch routine %p (%s) returned STATUS_PENDING for IRP %p, which was completed with 0x%08X "
            "and never marked pending",
            address, we_io_major_name(record->major), (const void *)record->irp, (unsigned)record->status);
    } else if (result != record->status) {
        (void)we_vrf_report(WE_RULE_IRP_037, &object,
                            "dispatch routine %p (%s) completed IRP %p with 0x%08X, but returned 0x%08X", address,
                            we_io_major_name(record->major), (const void *)record->irp, (unsigned)record->status,
                            (unsigned)result);
    }
}

/* Neither completed nor marked pending. */
static void check_open(const struct record *record, PDRIVER_DISPATCH routine, NTSTATUS result)
{
    const void *address = (const void *)(ULONG_PTR)routine;
    const struct we_vrf_object object = object_of(record);

    if (record->is_sent_on && !record->is_back) {
        if (result != record->sent_status) {
            (void)we_vrf_report(WE_RULE_IRP_037, &object,
                                "dispatch routine %p (%s) sent IRP %p on and got 0x%08X, but returned 0x%08X", address,
                                we_io_major_name(record->major), (const void *)record->irp,
                                (unsigned)record->sent_status, (unsigned)result);
        }
    } else if (result == STATUS_PENDING) {
        (void)we_vrf_report(WE_RULE_IRP_027, &object,
                            "dispatch routine %p (%s) returned STATUS_PENDING for IRP %p without IoMarkIrpPending",
                            address, we_io_major_name(record->major), (const void *)record->irp);
    } else {
        (void)we_vrf_report(
            WE_RULE_IRP_036, &object,
            "dispatch routine %p (%s) returned 0x%08X, but IRP %p was neither completed nor sent on nor "
            "pended",
            address, we_io_major_name(record->major), (unsigned)result, (const void *)record->irp);
    }
}

static void record_check(const struct record *record, PDRIVER_DISPATCH routine, NTSTATUS result)
{
    const void *address = (const void *)(ULONG_PTR)routine;
    const struct we_vrf_object object = object_of(record);

    if (result == UNINITIALISED) {
        (void)we_vrf_report(WE_RULE_IRP_039, &object,
                            "dispatch routine %p (%s) returned 0x%08X for IRP %p, which is no status that anybody sets",
                            address, we_io_major_name(record->major), (unsigned)result, (const void *)record->irp);
    } else if (record->is_jumped_over) {
        (void)we_vrf_report(WE_RULE_IRP_034, &object,
                            "dispatch routine %p (%s) moved IRP %p off its stack location and completed it there",
                            address, we_io_major_name(record->major), (const void *)record->irp);
    } else if (record->is_completed && result == WE_IRP_FREED_STATUS) {
        (void)we_vrf_report(
            WE_RULE_IRP_010, &object,
            "dispatch routine %p (%s) returned 0x%08X, which it read from IRP %p after it had completed "
            "it with 0x%08X",
            address, we_io_major_name(record->major), (unsigned)result, (const void *)record->irp,
            (unsigned)record->status);
    } else if (record->is_marked) {
        if (result != STATUS_PENDING) {
            (void)we_vrf_report(WE_RULE_IRP_026, &object,
                                "dispatch routine %p (%s) marked IRP %p pending, but returned 0x%08X", address,
                                we_io_major_name(record->major), (const void *)record->irp, (unsigned)result);
        }
    } else if (record->is_completed) {
        check_completed(record, routine, result);
    } else {
        check_open(record, routine, result);
    }
}

void we_io_contract_leave(unsigned ticket, PDRIVER_DISPATCH routine, NTSTATUS result)
{
    struct record record;

    if (ticket == NO_RECORD) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    record = s_records[ticket];
    s_records[ticket].irp = NULL;
    /* As long as somebody watches, whoever completes the IRP has to come past the lock before the location is gone. */
    if (!record.is_completed) {
        record.is_marked = (record.location->Control & SL_PENDING_RETURNED) != 0;
    }
    __atomic_sub_fetch(&s_open_count, 1, __ATOMIC_SEQ_CST);
    we_host_mutex_unlock(&s_lock);
    if (!we_nt_door_is_shut()) {
        record_check(&record, routine, result);
    }
}

void we_io_contract_stop(void)
{
    /* The lock is not needed: nobody else is left. */
    memset(s_records, 0, sizeof(s_records));
    s_open_count = 0;
}
