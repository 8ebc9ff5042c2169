/* SPDX-License-Identifier: MIT */
/* Proxy, the driver as a whole: load, unload, the socket that listens, and the status.
 *
 * Unload goes the way of a client backwards: the listener closes, the sessions are aborted, WSK is given back. Each step
 * waits until nothing of its kind can call the driver any more. */
#include "proxy_private.h"

/* WSK is there from the start on every system that has a network; DriverEntry must not wait long for it. */
#define CAPTURE_TIMEOUT_MS 1000

PROXY_CONFIG ProxyConfig;
PROXY_COUNTERS ProxyCounters;

/* Nothing here needs a device object: what the driver has is this. */
static PROXY_DEVICE ProxyDevice;
static BOOLEAN IsRunning;

static CONST WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static CONST WSK_CLIENT_LISTEN_DISPATCH ListenDispatch = { ProxyAcceptEvent, NULL, NULL };

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DriverUnload;
static IO_COMPLETION_ROUTINE SetEventComplete;

static NTSTATUS ListenerOpen(_Inout_ PPROXY_DEVICE Device);
static VOID Stop(_Inout_ PPROXY_DEVICE Device);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, ListenerOpen)
#pragma alloc_text(PAGE, DriverUnload)
#pragma alloc_text(PAGE, Stop)
#endif

/*
 * Requests.
 */
_Use_decl_annotations_
VOID ProxyRequestInitialize(PPROXY_REQUEST Request)
{
    IoInitializeIrp(&Request->Irp, IoSizeOfIrp(1), 1);
}

_Use_decl_annotations_
PIRP ProxyRequestPrepare(PPROXY_REQUEST Request, PIO_COMPLETION_ROUTINE Routine, PVOID Context)
{
    IoReuseIrp(&Request->Irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(&Request->Irp, Routine, Context, TRUE, TRUE, TRUE);
    return &Request->Irp;
}

_Use_decl_annotations_
static NTSTATUS SetEventComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* One request after another, each waited for: only for setting up, at PASSIVE_LEVEL and outside of callbacks. WSK
 * completes every IRP exactly once, whatever the call has returned. */
typedef struct _SYNC_REQUEST {
    PROXY_REQUEST Request;
    KEVENT Done;
} SYNC_REQUEST, *PSYNC_REQUEST;

static PIRP SyncPrepare(_Inout_ PSYNC_REQUEST Sync)
{
    return ProxyRequestPrepare(&Sync->Request, SetEventComplete, &Sync->Done);
}

static NTSTATUS SyncWait(_Inout_ PSYNC_REQUEST Sync, _In_ NTSTATUS CallStatus)
{
    UNREFERENCED_PARAMETER(CallStatus);
    KeWaitForSingleObject(&Sync->Done, Executive, KernelMode, FALSE, NULL);
    return Sync->Request.Irp.IoStatus.Status;
}

/*
 * The listener.
 */
_Use_decl_annotations_
VOID ProxyListenerClose(PPROXY_DEVICE Device)
{
    if (Device->Listener != NULL && InterlockedExchange(&Device->IsListenerClosing, TRUE) == FALSE) {
        (void)Device->ListenerDispatch->WskCloseSocket(
            Device->Listener, ProxyRequestPrepare(&Device->ListenerClose, SetEventComplete, &Device->ListenerClosed));
    }
}

/* Listens. Clients can come before it returns, and after a failure Stop is still due. */
_Use_decl_annotations_
static NTSTATUS ListenerOpen(PPROXY_DEVICE Device)
{
    SOCKADDR_STORAGE address = Device->Config.ListenAddress;
    CONST WSK_PROVIDER_LISTEN_DISPATCH *dispatch;
    WSK_EVENT_CALLBACK_CONTROL events;
    SYNC_REQUEST sync;
    NTSTATUS status;

    ProxyRequestInitialize(&sync.Request);
    KeInitializeEvent(&sync.Done, SynchronizationEvent, FALSE);

    status =
        SyncWait(&sync, Device->Provider.Dispatch->WskSocket(Device->Provider.Client, address.ss_family, SOCK_STREAM,
                                                             IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, Device,
                                                             &ListenDispatch, NULL, NULL, NULL, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Device->Listener = (PWSK_SOCKET)sync.Request.Irp.IoStatus.Information;
    Device->ListenerDispatch = dispatch = (CONST WSK_PROVIDER_LISTEN_DISPATCH *)Device->Listener->Dispatch;

    status = SyncWait(&sync, dispatch->WskBind(Device->Listener, (PSOCKADDR)&address, 0, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = SyncWait(&sync, dispatch->WskGetLocalAddress(Device->Listener, (PSOCKADDR)&address, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    /* The port is at the same place in SOCKADDR_IN and SOCKADDR_IN6. */
    Device->Port = RtlUshortByteSwap(((PSOCKADDR_IN)&address)->sin_port);

    /* The events of connections that are enabled here are inherited by every connection that ProxyAcceptEvent takes. So a
     * client that goes away is noticed from its first moment on. */
    events.NpiId = (PNPIID)&NPI_WSK_INTERFACE_ID;
    events.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
    return dispatch->WskControlSocket(Device->Listener, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(events),
                                      &events, 0, NULL, NULL, NULL);
}

/*
 * Status.
 */
_Use_decl_annotations_
VOID ProxyQueryStatus(PPROXY_STATUS Status)
{
    KIRQL irql;

    RtlZeroMemory(Status, sizeof(*Status));
    Status->Sessions = (ULONG)ReadNoFence(&ProxyCounters.Sessions);
    Status->Finished = (ULONG)ReadNoFence(&ProxyCounters.Finished);
    Status->Failed = (ULONG)ReadNoFence(&ProxyCounters.Failed);
    Status->Aborted = (ULONG)ReadNoFence(&ProxyCounters.Aborted);
    Status->TurnedAway = (ULONG)ReadNoFence(&ProxyCounters.TurnedAway);
    Status->Refusals = (ULONG)ReadNoFence(&ProxyCounters.Refusals);
    Status->MostBytesInFlight = (ULONG64)ReadNoFence64(&ProxyCounters.MostBytesInFlight);
    Status->BytesToTarget = (ULONG64)ReadNoFence64(&ProxyCounters.BytesToTarget);
    Status->BytesToClient = (ULONG64)ReadNoFence64(&ProxyCounters.BytesToClient);
    if (IsRunning) {
        Status->IsRunning = TRUE;
        Status->Port = ProxyDevice.Port;
        KeAcquireSpinLock(&ProxyDevice.Lock, &irql);
        Status->SessionsNow = ProxyDevice.SessionCount;
        KeReleaseSpinLock(&ProxyDevice.Lock, irql);
    }
}

/*
 * Load and unload.
 */
static VOID DeviceInitialize(_Out_ PPROXY_DEVICE Device)
{
    PPROXY_CONFIG config = &Device->Config;
    PSOCKADDR_IN listen = (PSOCKADDR_IN)&config->ListenAddress;

    RtlZeroMemory(Device, sizeof(*Device));
    *config = ProxyConfig;
    if (listen->sin_family == AF_UNSPEC) {
        listen->sin_family = AF_INET;
        listen->sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    }
    if (config->MaxBytesInFlight == 0) {
        config->MaxBytesInFlight = 256 * 1024;
    }
    if (config->MaxSessions == 0) {
        config->MaxSessions = 1024;
    }
    KeInitializeSpinLock(&Device->Lock);
    InitializeListHead(&Device->Sessions);
    KeInitializeEvent(&Device->NoSessions, NotificationEvent, FALSE);
    ProxyRequestInitialize(&Device->ListenerClose);
    KeInitializeEvent(&Device->ListenerClosed, NotificationEvent, FALSE);
    ExInitializeNPagedLookasideList(&Device->Sends, NULL, NULL, POOL_NX_ALLOCATION, ProxySendSize, PROXY_TAG_SEND, 0);
}

_Use_decl_annotations_
static VOID Stop(PPROXY_DEVICE Device)
{
    PAGED_CODE();
    if (Device->Listener != NULL) {
        ProxyListenerClose(Device);
        KeWaitForSingleObject(&Device->ListenerClosed, Executive, KernelMode, FALSE, NULL);
    }
    ProxySessionsStop(Device);
    WskReleaseProviderNPI(&Device->Registration);
    WskDeregister(&Device->Registration);
    ExDeleteNPagedLookasideList(&Device->Sends);
}

_Use_decl_annotations_
static VOID DriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    PAGED_CODE();
    IsRunning = FALSE;
    Stop(&ProxyDevice);
}

_Use_decl_annotations_
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PPROXY_DEVICE device = &ProxyDevice;
    WSK_CLIENT_NPI client = { device, &ClientDispatch };
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlZeroMemory(&ProxyCounters, sizeof(ProxyCounters));
    DeviceInitialize(device);

    status = WskRegister(&client, &device->Registration);
    if (!NT_SUCCESS(status)) {
        goto DeleteSends;
    }
    status = WskCaptureProviderNPI(&device->Registration, CAPTURE_TIMEOUT_MS, &device->Provider);
    if (!NT_SUCCESS(status)) {
        goto Deregister;
    }
    status = ListenerOpen(device);
    if (!NT_SUCCESS(status)) {
        Stop(device);
        return status;
    }
    DriverObject->DriverUnload = DriverUnload;
    IsRunning = TRUE;
    return STATUS_SUCCESS;

Deregister:
    WskDeregister(&device->Registration);
DeleteSends:
    ExDeleteNPagedLookasideList(&device->Sends);
    return status;
}
