/* SPDX-License-Identifier: MIT */
/* Device queues, and StartIo: one request at a time. */
#ifndef WSK_EMU_WDK_IO_QUEUE_H
#define WSK_EMU_WDK_IO_QUEUE_H

#include "io.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A queue that is busy from the first insertion, which is not queued but belongs to the caller, to the first removal that
 * finds nothing.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID KeInitializeDeviceQueue(_Out_ PKDEVICE_QUEUE DeviceQueue);

/* FALSE: the queue was idle and is busy now; the entry was not queued. */
_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN KeInsertDeviceQueue(
    _Inout_ PKDEVICE_QUEUE DeviceQueue, _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

/* In the order of the keys, lowest first. */
_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN KeInsertByKeyDeviceQueue(
    _Inout_ PKDEVICE_QUEUE DeviceQueue, _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, _In_ ULONG SortKey);

/* NULL: the queue is idle now. */
_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(
    _Inout_ PKDEVICE_QUEUE DeviceQueue);

/* FALSE: the entry is not queued. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN KeRemoveEntryDeviceQueue(
    _Inout_ PKDEVICE_QUEUE DeviceQueue, _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

/*
 * The device's own queue, whose requests go one after the other to DRIVER_OBJECT.DriverStartIo at DISPATCH_LEVEL.
 */
/* Starts the request, or queues it behind the one that runs. CancelFunction, if not NULL, becomes its cancel routine. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoStartPacket(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
    _In_opt_ PULONG Key, _In_opt_ PDRIVER_CANCEL CancelFunction);

/* The running request is over: starts the next one. */
_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI VOID IoStartNextPacket(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN Cancelable);

/* DeferredStartIo: a StartIo routine that calls IoStartNextPacket is called again only when it has returned. NonCancelable:
 * the request that is started loses its cancel routine first. */
NTKERNELAPI VOID IoSetStartIoAttributes(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN DeferredStartIo, _In_ BOOLEAN NonCancelable);

#ifdef __cplusplus
}
#endif

#endif
