/* SPDX-License-Identifier: MIT */
/* Device queues, and StartIo: one request of a device at a time. */
#include <wdm.h>

#include "nt/io_device.h"
#include "nt/io_irp.h"
#include "nt/ke_bugcheck.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The lock of a device queue is the spin lock in it; nothing is called while it is held.
 *
 * StartIo is entered at DISPATCH_LEVEL through the door. A routine that starts the next request from inside itself would
 * nest; with DeferredStartIo the device only notes that wish, and the outermost call goes on with the next request.
 */

#define QUEUE_TYPE 0x14

/* --- device queues --------------------------------------------------------------------------- */

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    WE_NT_ENTRY(KeInitializeDeviceQueue);
    DeviceQueue->Type = QUEUE_TYPE;
    DeviceQueue->Size = sizeof(*DeviceQueue);
    InitializeListHead(&DeviceQueue->DeviceListHead);
    KeInitializeSpinLock(&DeviceQueue->Lock);
    DeviceQueue->Busy = FALSE;
}

/* Inserts by key (NULL: at the end) unless the queue is idle, which makes it busy. */
static BOOLEAN queue_insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG *key)
{
    PLIST_ENTRY place = &queue->DeviceListHead;
    KIRQL irql;

    KeAcquireSpinLock(&queue->Lock, &irql);
    entry->Inserted = queue->Busy;
    queue->Busy = TRUE;
    if (entry->Inserted) {
        entry->SortKey = key != NULL ? *key : 0;
        if (key != NULL) {
            for (place = place->Flink; place != &queue->DeviceListHead; place = place->Flink) {
                if (CONTAINING_RECORD(place, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > *key) {
                    break;
                }
            }
        }
        InsertTailList(place, &entry->DeviceListEntry); /* in front of place */
    }
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry->Inserted;
}

static PKDEVICE_QUEUE_ENTRY queue_remove(PKDEVICE_QUEUE queue)
{
    PKDEVICE_QUEUE_ENTRY entry = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&queue->Lock, &irql);
    if (!queue->Busy) {
        KeReleaseSpinLock(&queue->Lock, irql);
        KeBugCheckEx(DEVICE_QUEUE_NOT_BUSY, (ULONG_PTR)queue, 0, 0, 0);
    }
    if (IsListEmpty(&queue->DeviceListHead)) {
        queue->Busy = FALSE;
    } else {
        entry = CONTAINING_RECORD(RemoveHeadList(&queue->DeviceListHead), KDEVICE_QUEUE_ENTRY, DeviceListEntry);
        entry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&queue->Lock, irql);
    return entry;
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    WE_NT_ENTRY(KeInsertDeviceQueue);
    return queue_insert(DeviceQueue, DeviceQueueEntry, NULL);
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    WE_NT_ENTRY(KeInsertByKeyDeviceQueue);
    return queue_insert(DeviceQueue, DeviceQueueEntry, &SortKey);
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    WE_NT_ENTRY(KeRemoveDeviceQueue);
    return queue_remove(DeviceQueue);
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    BOOLEAN was_inserted;
    KIRQL irql;

    WE_NT_ENTRY(KeRemoveEntryDeviceQueue);
    KeAcquireSpinLock(&DeviceQueue->Lock, &irql);
    was_inserted = DeviceQueueEntry->Inserted;
    if (was_inserted) {
        RemoveEntryList(&DeviceQueueEntry->DeviceListEntry);
        DeviceQueueEntry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&DeviceQueue->Lock, irql);
    return was_inserted;
}

/* --- StartIo ---------------------------------------------------------------------------------- */

/* At DISPATCH_LEVEL. */
static void start_call(PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVER_STARTIO routine = device->DriverObject->DriverStartIo;
    struct we_nt_frame frame;

    if (we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_START_IO, (const void *)(ULONG_PTR)routine, irp);
    routine(device, irp);
    we_nt_door_leave(&frame);
}

/* The request becomes the device's current one. Whoever cancels takes the cancel lock, so from here on a cancel routine
 * finds that it runs. */
static void current_set(PDEVICE_OBJECT device, PIRP irp, bool is_cancelable)
{
    KIRQL irql;

    if (!is_cancelable) {
        device->CurrentIrp = irp;
        return;
    }
    IoAcquireCancelSpinLock(&irql);
    device->CurrentIrp = irp;
    if (irp != NULL && we_io_device_extension(device)->is_start_uncancelable) {
        (void)we_io_irp_exchange_cancel(irp, NULL);
    }
    IoReleaseCancelSpinLock(irql);
}

/* Runs requests until the routine has not asked for another one. */
static void start_run(PDEVICE_OBJECT device, PIRP irp, bool is_cancelable)
{
    struct we_io_device_extension *extension = we_io_device_extension(device);
    PKDEVICE_QUEUE_ENTRY entry;

    if (!extension->is_start_deferred) {
        current_set(device, irp, is_cancelable);
        start_call(device, irp);
        return;
    }
    for (;;) {
        current_set(device, irp, is_cancelable);
        __atomic_store_n(&extension->start_state, WE_START_RUNNING, __ATOMIC_SEQ_CST);
        start_call(device, irp);
        if (__atomic_exchange_n(&extension->start_state, WE_START_IDLE, __ATOMIC_SEQ_CST) == WE_START_RUNNING) {
            return;
        }
        /* It has asked for the next one meanwhile. */
        entry = queue_remove(&device->DeviceQueue);
        if (entry == NULL) {
            current_set(device, NULL, is_cancelable);
            return;
        }
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
    }
}

VOID IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    bool is_cancelable = CancelFunction != NULL;
    KIRQL cancel_irql = PASSIVE_LEVEL;
    KIRQL irql;
    BOOLEAN is_queued;

    WE_NT_ENTRY(IoStartPacket);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (is_cancelable) {
        IoAcquireCancelSpinLock(&cancel_irql);
        (void)we_io_irp_exchange_cancel(Irp, CancelFunction);
    }
    is_queued = queue_insert(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry, Key);
    if (is_cancelable) {
        BOOLEAN is_cancelled = is_queued && Irp->Cancel;

        IoReleaseCancelSpinLock(cancel_irql);
        if (is_cancelled) {
            (void)IoCancelIrp(Irp); /* it was cancelled before its routine was there */
        }
    }
    if (!is_queued) {
        start_run(DeviceObject, Irp, is_cancelable);
    }
    KeLowerIrql(irql);
}

/* IRP-060: a routine that starts the next request from inside itself nests once for each that is queued. */
static void check_recursion(PDEVICE_OBJECT device)
{
    const struct we_nt_frame *frame = we_nt_thread_current()->frames;

    if (frame != NULL && frame->kind == WE_DOOR_START_IO && !we_io_device_extension(device)->is_start_deferred) {
        (void)we_vrf_report(WE_RULE_IRP_060, NULL,
                            "the StartIo routine %p of device %p called IoStartNextPacket, which calls it again",
                            frame->routine, (void *)device);
    }
}

VOID IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    struct we_io_device_extension *extension = we_io_device_extension(DeviceObject);
    int running = WE_START_RUNNING;
    PKDEVICE_QUEUE_ENTRY entry;

    WE_NT_ENTRY(IoStartNextPacket);
    check_recursion(DeviceObject);
    if (__atomic_compare_exchange_n(&extension->start_state, &running, WE_START_AGAIN, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        return; /* the call that runs goes on with the next one */
    }
    entry = queue_remove(&DeviceObject->DeviceQueue);
    if (entry == NULL) {
        current_set(DeviceObject, NULL, Cancelable != FALSE);
        return;
    }
    start_run(DeviceObject, CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry), Cancelable != FALSE);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    struct we_io_device_extension *extension = we_io_device_extension(DeviceObject);

    WE_NT_ENTRY(IoSetStartIoAttributes);
    extension->is_start_deferred = DeferredStartIo != FALSE;
    extension->is_start_uncancelable = NonCancelable != FALSE;
}
