/* SPDX-License-Identifier: MIT */
/* Work items of the I/O manager: they keep their device or driver object alive until their routine has returned. */
#include "nt/ex_worker.h"

#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* An initialised item knows its own address: copies, raw memory and ended items are recognised. */
#define ITEM_CHECK ((ULONG_PTR)0x494f574bu)

static void item_init(PIO_WORKITEM item, PVOID io_object)
{
    ExInitializeWorkItem(&item->item, NULL, NULL);
    item->io_object = io_object;
    item->check = (ULONG_PTR)item ^ ITEM_CHECK;
    item->is_abandoned = false;
}

static bool item_is_initialised(const IO_WORKITEM *item)
{
    return item->check == ((ULONG_PTR)item ^ ITEM_CHECK);
}

/* Stops as Windows does when the object that an item belongs to is none. */
static void check_io_object(PIO_WORKITEM item, PVOID io_object)
{
    if (!we_ob_is(io_object, WE_OB_DEVICE) && !we_ob_is(io_object, WE_OB_DRIVER)) {
        KeBugCheckEx(WORKER_INVALID, 3, (ULONG_PTR)item, (ULONG_PTR)io_object, 0);
    }
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM item;

    WE_NT_ENTRY(IoAllocateWorkItem);
    check_io_object(NULL, DeviceObject);
    item = (PIO_WORKITEM)we_nt_block_alloc(WE_KIND_WORK_ITEM, sizeof(*item), NULL);
    if (item != NULL) {
        item_init(item, DeviceObject);
    }
    return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    struct we_nt_block *block = we_nt_block_find(WE_KIND_WORK_ITEM, IoWorkItem);
    struct we_nt_view view;

    WE_NT_ENTRY(IoFreeWorkItem);
    if (block == NULL) {
        (void)we_vrf_report(WE_RULE_WORK_005, we_nt_view_make(&view, WE_KIND_WORK_ITEM, IoWorkItem),
                            "IoFreeWorkItem was called for %p, which is not a live item of IoAllocateWorkItem",
                            (void *)IoWorkItem);
        return;
    }
    if (we_ex_worker_abandon(IoWorkItem)) {
        (void)we_vrf_report(WE_RULE_WORK_002, we_nt_view_make(&view, WE_KIND_WORK_ITEM, IoWorkItem),
                            "IoFreeWorkItem was called for %p, which is queued", (void *)IoWorkItem);
        return; /* the worker frees it after its routine */
    }
    IoWorkItem->check = 0;
    we_nt_block_free(block);
}

ULONG IoSizeofWorkItem(VOID)
{
    return sizeof(IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    struct we_nt_view view;

    WE_NT_ENTRY(IoInitializeWorkItem);
    check_io_object(IoWorkItem, IoObject);
    /* Raw memory says nothing: ask the ledger. */
    if (we_vrf_ledger_find(WE_KIND_WORK_ITEM, IoWorkItem) != NULL) {
        (void)we_vrf_report(WE_RULE_WORK_005, we_nt_view_make(&view, WE_KIND_WORK_ITEM, IoWorkItem),
                            "IoInitializeWorkItem was called for %p, which IoAllocateWorkItem made",
                            (void *)IoWorkItem);
        return;
    }
    item_init(IoWorkItem, IoObject);
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    struct we_vrf_object object = { "work item", IoWorkItem, NULL, NULL, NULL };

    WE_NT_ENTRY(IoUninitializeWorkItem);
    if (we_vrf_ledger_find(WE_KIND_WORK_ITEM, IoWorkItem) != NULL || !item_is_initialised(IoWorkItem)) {
        (void)we_vrf_report(WE_RULE_WORK_005, &object,
                            "IoUninitializeWorkItem was called for %p, which IoInitializeWorkItem did not initialise",
                            (void *)IoWorkItem);
        return;
    }
    if (we_ex_worker_withdraw(IoWorkItem)) {
        (void)we_vrf_report(WE_RULE_WORK_002, &object, "IoUninitializeWorkItem was called for %p, which is queued",
                            (void *)IoWorkItem);
        /* Its memory is the driver's, which may free it next: so it does not run. */
        ObDereferenceObject(IoWorkItem->io_object);
    }
    IoWorkItem->check = 0;
}

static void item_queue(const char *function, PIO_WORKITEM item, const IO_WORKITEM *values)
{
    struct we_nt_block *block = we_nt_block_find(WE_KIND_WORK_ITEM, item);
    struct we_nt_view view;
    PVOID io_object;

    if (!item_is_initialised(item)) {
        (void)we_vrf_report(WE_RULE_WORK_005, we_nt_view_make(&view, WE_KIND_WORK_ITEM, item),
                            "%s was called for %p, which is not an initialised work item", function, (void *)item);
        return;
    }
    if (block != NULL && item->item.List.Flink == NULL) {
        we_host_trace_capture(&block->site, 0); /* a hint for reports: a race with another queueing does no harm */
    }
    io_object = item->io_object;
    ObReferenceObject(io_object); /* first: the item may run, and be freed, before this thread goes on */
    if (!we_ex_worker_queue(&item->item, values)) {
        (void)we_vrf_report(WE_RULE_WORK_001, we_nt_view_make(&view, WE_KIND_WORK_ITEM, item),
                            "%s was called for %p, which is queued already", function, (void *)item);
        ObDereferenceObject(io_object);
    }
}

VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                     PVOID Context)
{
    IO_WORKITEM values;

    WE_NT_ENTRY(IoQueueWorkItem);
    UNREFERENCED_PARAMETER(QueueType); /* priorities have no effect here */
    values.routine = WorkerRoutine;
    values.routine_ex = NULL;
    values.context = Context;
    item_queue("IoQueueWorkItem", IoWorkItem, &values);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                       PVOID Context)
{
    IO_WORKITEM values;

    WE_NT_ENTRY(IoQueueWorkItemEx);
    UNREFERENCED_PARAMETER(QueueType);
    values.routine = NULL;
    values.routine_ex = WorkerRoutine;
    values.context = Context;
    item_queue("IoQueueWorkItemEx", IoWorkItem, &values);
}

/* Calls the driver's routine. */
static void item_call(PIO_WORKITEM item, const IO_WORKITEM *copy)
{
    struct we_nt_frame frame;

    if (copy->routine_ex != NULL) {
        we_nt_door_enter(&frame, WE_DOOR_WORK_ITEM, (const void *)(ULONG_PTR)copy->routine_ex, item);
        copy->routine_ex(copy->io_object, copy->context, item);
    } else {
        we_nt_door_enter(&frame, WE_DOOR_WORK_ITEM, (const void *)(ULONG_PTR)copy->routine, item);
        copy->routine((PDEVICE_OBJECT)copy->io_object, copy->context);
    }
    we_nt_door_leave(&frame);
}

void we_io_workitem_run(PIO_WORKITEM item, const IO_WORKITEM *copy)
{
    if (!we_nt_door_is_shut()) {
        item_call(item, copy);
    }
    if (copy->is_abandoned) {
        struct we_nt_block *block = we_nt_block_find(WE_KIND_WORK_ITEM, item);

        if (block != NULL) {
            we_nt_block_free(block);
        }
    }
    ObDereferenceObject(copy->io_object);
}

static void report_leak(struct we_vrf_entry *entry, void *context)
{
    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(WE_RULE_WORK_006, entry, "work item %p was never freed", entry->address);
    we_nt_block_free(WE_CONTAINER(entry, struct we_nt_block, entry));
}

void we_io_workitem_report_leaks(void)
{
    we_vrf_ledger_each(WE_KIND_WORK_ITEM, report_leak, NULL);
}
