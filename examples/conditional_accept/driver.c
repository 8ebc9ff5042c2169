/* SPDX-License-Identifier: MIT */
/* Gate, the driver as a whole: load, unload, configuration, status and trace.
 *
 * Unload shuts the administrator out (GateControlStop) and then goes the way of a client backwards: nobody new is let in
 * and no verdict is given any more (GateInspectStop), the listening sockets close and clients that still wait are turned
 * away (GateListenStop), the connections end (GateConnectionsStop), and WSK is given back (GateListenDeregister). Each step
 * waits until nothing of its kind can call the driver any more. */
#include "gate_private.h"

GATE_CONFIG GateConfig;
PGATE_TRACE_ROUTINE GateTrace;
GATE_COUNTERS GateCounters;

/* Not NULL while the driver runs. */
static PGATE_DEVICE RunningDevice;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DriverUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, DriverUnload)
#pragma alloc_text(PAGE, GateRundownWait)
#endif

/*
 * Rundown.
 */
VOID GateRundownInitialize(PGATE_RUNDOWN Rundown)
{
    Rundown->Count = 1;
    KeInitializeEvent(&Rundown->LastGone, NotificationEvent, FALSE);
}

_Use_decl_annotations_
VOID GateRundownAcquire(PGATE_RUNDOWN Rundown)
{
    InterlockedIncrement(&Rundown->Count);
}

_Use_decl_annotations_
VOID GateRundownRelease(PGATE_RUNDOWN Rundown)
{
    if (InterlockedDecrement(&Rundown->Count) == 0) {
        KeSetEvent(&Rundown->LastGone, IO_NO_INCREMENT, FALSE);
    }
}

_Use_decl_annotations_
VOID GateRundownWait(PGATE_RUNDOWN Rundown)
{
    PAGED_CODE();
    GateRundownRelease(Rundown);
    KeWaitForSingleObject(&Rundown->LastGone, Executive, KernelMode, FALSE, NULL);
}

/*
 * Trace and status.
 */
_Use_decl_annotations_
VOID GateReport(PCSTR Callback, PCSTR Result, CONST WSK_INSPECT_ID *InspectId, USHORT RemotePort, SIZE_T Bytes)
{
    GATE_TRACE_RECORD record;

    if (GateTrace == NULL && !GateConfig.IsVerbose) {
        return;
    }
    RtlZeroMemory(&record, sizeof(record));
    record.Callback = Callback;
    record.Result = Result;
    if (InspectId != NULL) {
        record.InspectId = *InspectId;
    }
    record.RemotePort = RemotePort;
    record.Bytes = Bytes;
    if (GateTrace != NULL) {
        GateTrace(&record);
    } else {
        DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_INFO_LEVEL, "Gate: %s: %s, id %Ix/%lu, port %hu, %Iu bytes\n", Callback,
                   Result, record.InspectId.Key, record.InspectId.SerialNumber, RemotePort, Bytes);
    }
}

_Use_decl_annotations_
VOID GateQueryStatus(PGATE_STATUS Status)
{
    PGATE_DEVICE device = RunningDevice;
    KIRQL irql;

    RtlZeroMemory(Status, sizeof(*Status));
    Status->Inspected = (ULONG)ReadNoFence(&GateCounters.Inspected);
    Status->AcceptedAtOnce = (ULONG)ReadNoFence(&GateCounters.AcceptedAtOnce);
    Status->RejectedAtOnce = (ULONG)ReadNoFence(&GateCounters.RejectedAtOnce);
    Status->Pended = (ULONG)ReadNoFence(&GateCounters.Pended);
    Status->RateLimited = (ULONG)ReadNoFence(&GateCounters.RateLimited);
    Status->AcceptedLater = (ULONG)ReadNoFence(&GateCounters.AcceptedLater);
    Status->RejectedLater = (ULONG)ReadNoFence(&GateCounters.RejectedLater);
    Status->Aborted = (ULONG)ReadNoFence(&GateCounters.Aborted);
    Status->Connections = (ULONG)ReadNoFence(&GateCounters.Connections);
    Status->EndedByPeer = (ULONG)ReadNoFence(&GateCounters.EndedByPeer);
    Status->ResetByPeer = (ULONG)ReadNoFence(&GateCounters.ResetByPeer);
    Status->Refusals = (ULONG)ReadNoFence(&GateCounters.Refusals);
    Status->FailedSends = (ULONG)ReadNoFence(&GateCounters.FailedSends);
    Status->MostSendsInFlight = (ULONG)ReadNoFence(&GateCounters.MostSendsInFlight);
    Status->BytesReceived = (ULONG64)ReadNoFence64(&GateCounters.BytesReceived);
    Status->BytesSent = (ULONG64)ReadNoFence64(&GateCounters.BytesSent);
    if (device != NULL) {
        Status->IsRunning = TRUE;
        Status->Port = device->Listeners[0].Port;
        Status->PortIpv6 = device->Listeners[1].Port;
        KeAcquireSpinLock(&device->Lock, &irql);
        Status->RequestsNow = device->RequestCount;
        Status->ConnectionsNow = device->ConnectionCount;
        KeReleaseSpinLock(&device->Lock, irql);
    }
}

_Use_decl_annotations_
NTSTATUS GateSetPolicies(CONST GATE_POLICY *Admission, CONST GATE_POLICY *Authority)
{
    PGATE_DEVICE device = RunningDevice;
    KIRQL irql;

    if (device == NULL) {
        return STATUS_DEVICE_NOT_READY;
    }
    KeAcquireSpinLock(&device->Lock, &irql);
    if (Admission != NULL) {
        device->Admission = *Admission;
    }
    if (Authority != NULL) {
        device->Authority = *Authority;
    }
    KeReleaseSpinLock(&device->Lock, irql);
    return STATUS_SUCCESS;
}

/*
 * Load and unload.
 */
static VOID UseDefault(_Inout_ PULONG Value, _In_ ULONG Default)
{
    if (*Value == 0) {
        *Value = Default;
    }
}

static VOID DeviceInitialize(_Out_ PGATE_DEVICE Device, _In_ PDEVICE_OBJECT DeviceObject)
{
    PGATE_CONFIG config = &Device->Config;

    Device->DeviceObject = DeviceObject;
    *config = GateConfig;
    UseDefault(&config->Burst, config->RatePerSecond);
    UseDefault(&config->AuthorityDelayMs, 1);
    UseDefault(&config->MaxRequests, 256);
    UseDefault(&config->MaxConnections, 1024);
    UseDefault(&config->MaxSends, 8);

    KeInitializeSpinLock(&Device->Lock);
    Device->Admission = config->Admission;
    Device->Authority = config->Authority;
    GateBucketInitialize(&Device->Bucket, config->Burst, KeQueryInterruptTime());
    InitializeListHead(&Device->Requests);
    InitializeListHead(&Device->Connections);
    GateRundownInitialize(&Device->RequestRundown);
    GateRundownInitialize(&Device->ConnectionRundown);
}

static VOID Stop(_Inout_ PGATE_DEVICE Device)
{
    GateInspectStop(Device);
    GateListenStop(Device);
    GateConnectionsStop(Device);
    GateListenDeregister(Device);
}

static VOID DeviceDelete(_In_ PGATE_DEVICE Device)
{
    ExDeleteNPagedLookasideList(&Device->Sends);
    IoDeleteDevice(Device->DeviceObject);
}

_Use_decl_annotations_
static VOID DriverUnload(PDRIVER_OBJECT DriverObject)
{
    PGATE_DEVICE device = (PGATE_DEVICE)DriverObject->DeviceObject->DeviceExtension;

    PAGED_CODE();
    GateControlStop();
    RunningDevice = NULL;
    Stop(device);
    DeviceDelete(device);
}

_Use_decl_annotations_
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING deviceName = RTL_CONSTANT_STRING(GATE_DEVICE_NAME);
    PDEVICE_OBJECT deviceObject;
    PGATE_DEVICE device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlZeroMemory(&GateCounters, sizeof(GateCounters));

    /* For the administrator, and for the work items, which need a device object. */
    status = IoCreateDevice(DriverObject, sizeof(GATE_DEVICE), &deviceName, FILE_DEVICE_NETWORK,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &deviceObject);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    device = (PGATE_DEVICE)deviceObject->DeviceExtension;
    DeviceInitialize(device, deviceObject);
    ExInitializeNPagedLookasideList(&device->Sends, NULL, NULL, POOL_NX_ALLOCATION, GateSendSize, GATE_TAG_SEND, 0);

    status = GateListenRegister(device);
    if (!NT_SUCCESS(status)) {
        DeviceDelete(device);
        return status;
    }
    status = GateListenStart(device);
    if (NT_SUCCESS(status)) {
        status = GateControlStart(DriverObject);
    }
    if (!NT_SUCCESS(status)) {
        Stop(device);
        DeviceDelete(device);
        return status;
    }

    RunningDevice = device;
    DriverObject->DriverUnload = DriverUnload;
    return STATUS_SUCCESS;
}
