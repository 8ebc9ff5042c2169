/* SPDX-License-Identifier: MIT */
/* A device that keeps read requests in a cancel-safe queue, as drivers do, for tests of such queues. */
#include "csq_device.h"

#include "nt/io_device.h"
#include "wsk_emu/cmocka.h"

static struct csq_device *of_csq(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct csq_device, csq);
}

static VOID insert(PIO_CSQ Csq, PIRP Irp)
{
    of_csq(Csq)->insert_irql_seen = KeGetCurrentIrql();
    InsertTailList(&of_csq(Csq)->list, &Irp->Tail.Overlay.ListEntry);
}

static NTSTATUS insert_ex(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    of_csq(Csq)->insert_context_seen = InsertContext;
    if (NT_SUCCESS(of_csq(Csq)->insert_result)) {
        insert(Csq, Irp);
    }
    return of_csq(Csq)->insert_result;
}

static VOID remove_entry(PIO_CSQ Csq, PIRP Irp)
{
    (void)RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    if (of_csq(Csq)->on_remove != NULL) {
        of_csq(Csq)->on_remove(of_csq(Csq), Irp);
    }
}

/* PeekContext: NULL for any request, else the address of a key. */
static PIRP peek_next(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PLIST_ENTRY head = &of_csq(Csq)->list;
    PLIST_ENTRY entry = Irp == NULL ? head->Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; entry != head; entry = entry->Flink) {
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(irp)->MinorFunction == *(const UCHAR *)PeekContext) {
            return irp;
        }
    }
    return NULL;
}

static VOID acquire(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&of_csq(Csq)->lock, Irql);
}

static VOID release(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&of_csq(Csq)->lock, Irql);
}

static VOID complete_canceled(PIO_CSQ Csq, PIRP Irp)
{
    struct csq_device *queue = of_csq(Csq);

    (void)InterlockedExchange(&queue->complete_irql_seen, KeGetCurrentIrql());
    InterlockedIncrement(&queue->cancelled_count);
    if (queue->on_complete != NULL) {
        queue->on_complete(queue, Irp);
    }
    csq_finish(Irp, STATUS_CANCELLED);
}

static NTSTATUS dispatch_read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct csq_device *queue = *(struct csq_device **)DeviceObject->DeviceExtension;
    NTSTATUS status;

    if (queue->csq.Type == IO_TYPE_CSQ) {
        IoCsqInsertIrp(&queue->csq, Irp, queue->context);
        return STATUS_PENDING;
    }
    status = IoCsqInsertIrpEx(&queue->csq, Irp, queue->context, &queue->list);
    if (NT_SUCCESS(status)) {
        return STATUS_PENDING;
    }
    csq_finish(Irp, status);
    return status;
}

void csq_device_create(struct csq_device *queue, BOOLEAN is_ex)
{
    NTSTATUS status;

    RtlZeroMemory(queue, sizeof(*queue));
    KeInitializeSpinLock(&queue->lock);
    InitializeListHead(&queue->list);
    if (is_ex) {
        status =
            IoCsqInitializeEx(&queue->csq, insert_ex, remove_entry, peek_next, acquire, release, complete_canceled);
    } else {
        status = IoCsqInitialize(&queue->csq, insert, remove_entry, peek_next, acquire, release, complete_canceled);
    }
    assert_int_equal(status, STATUS_SUCCESS);
    queue->driver = we_io_driver_create("Queue");
    assert_non_null(queue->driver);
    queue->driver->MajorFunction[IRP_MJ_READ] = dispatch_read;
    status = IoCreateDevice(queue->driver, sizeof(PVOID), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &queue->device);
    assert_int_equal(status, STATUS_SUCCESS);
    *(struct csq_device **)queue->device->DeviceExtension = queue;
    queue->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

void csq_device_destroy(struct csq_device *queue)
{
    assert_true(IsListEmpty(&queue->list));
    IoDeleteDevice(queue->device);
    we_io_driver_destroy(queue->driver);
}

static NTSTATUS note_done(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct csq_request *request = (struct csq_request *)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    request->status = Irp->IoStatus.Status;
    InterlockedIncrement(&request->done_count);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_request(struct csq_device *queue, struct csq_request *request, UCHAR key, BOOLEAN is_cancelled)
{
    PIO_STACK_LOCATION next;

    request->done_count = 0;
    request->irp = IoAllocateIrp(queue->device->StackSize, FALSE);
    assert_non_null(request->irp);
    next = IoGetNextIrpStackLocation(request->irp);
    next->MajorFunction = IRP_MJ_READ;
    next->MinorFunction = key;
    IoSetCompletionRoutine(request->irp, note_done, request, TRUE, TRUE, TRUE);
    if (is_cancelled) {
        (void)IoCancelIrp(request->irp);
    }
    return IoCallDriver(queue->device, request->irp);
}

NTSTATUS csq_request_send(struct csq_device *queue, struct csq_request *request, UCHAR key)
{
    return send_request(queue, request, key, FALSE);
}

NTSTATUS csq_request_send_cancelled(struct csq_device *queue, struct csq_request *request, UCHAR key)
{
    return send_request(queue, request, key, TRUE);
}

void csq_finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

void csq_request_expect(struct csq_request *request, NTSTATUS status)
{
    assert_int_equal(request->done_count, 1);
    assert_int_equal(request->status, status);
    IoFreeIrp(request->irp);
    request->irp = NULL;
}

BOOLEAN csq_device_has(struct csq_device *queue, PIRP irp)
{
    PLIST_ENTRY entry;

    for (entry = queue->list.Flink; entry != &queue->list; entry = entry->Flink) {
        if (entry == &irp->Tail.Overlay.ListEntry) {
            return TRUE;
        }
    }
    return FALSE;
}
