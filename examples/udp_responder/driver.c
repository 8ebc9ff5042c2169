/* SPDX-License-Identifier: MIT */
/* Responder, the driver as a whole: load, unload, the socket, and the status.
 *
 * The event is enabled statically, for every socket of the client and before there is one. So it needs no call when the
 * socket is there, and nothing disables it later; but datagrams come as soon as the socket is bound, before DriverEntry
 * returns. */
#include "responder_private.h"

/* WSK is there from the start on every system that has a network; DriverEntry must not wait long for it. */
#define CAPTURE_TIMEOUT_MS 1000

RESPONDER_CONFIG ResponderConfig;
RESPONDER_COUNTERS ResponderCounters;

static RESPONDER_DEVICE ResponderDevice;
static BOOLEAN IsRunning;

static CONST WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static CONST WSK_CLIENT_DATAGRAM_DISPATCH DatagramDispatch = { ResponderReceiveFromEvent };

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD DriverUnload;
static IO_COMPLETION_ROUTINE SetEventComplete;

static NTSTATUS SocketOpen(_Inout_ PRESPONDER_DEVICE Device);
static VOID Stop(_Inout_ PRESPONDER_DEVICE Device);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, SocketOpen)
#pragma alloc_text(PAGE, DriverUnload)
#pragma alloc_text(PAGE, Stop)
#endif

/*
 * Requests.
 */
_Use_decl_annotations_
VOID ResponderRequestInitialize(PRESPONDER_REQUEST Request)
{
    IoInitializeIrp(&Request->Irp, IoSizeOfIrp(1), 1);
}

_Use_decl_annotations_
PIRP ResponderRequestPrepare(PRESPONDER_REQUEST Request, PIO_COMPLETION_ROUTINE Routine, PVOID Context)
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
    RESPONDER_REQUEST Request;
    KEVENT Done;
} SYNC_REQUEST, *PSYNC_REQUEST;

static PIRP SyncPrepare(_Inout_ PSYNC_REQUEST Sync)
{
    return ResponderRequestPrepare(&Sync->Request, SetEventComplete, &Sync->Done);
}

static NTSTATUS SyncWait(_Inout_ PSYNC_REQUEST Sync, _In_ NTSTATUS CallStatus)
{
    UNREFERENCED_PARAMETER(CallStatus);
    KeWaitForSingleObject(&Sync->Done, Executive, KernelMode, FALSE, NULL);
    return Sync->Request.Irp.IoStatus.Status;
}

/*
 * Uses of the socket.
 */
_Use_decl_annotations_
BOOLEAN ResponderAcquire(PRESPONDER_DEVICE Device)
{
    BOOLEAN isOpen;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    isOpen = !Device->IsStopping;
    if (isOpen) {
        InterlockedIncrement(&Device->Uses);
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return isOpen;
}

_Use_decl_annotations_
VOID ResponderRelease(PRESPONDER_DEVICE Device)
{
    if (InterlockedDecrement(&Device->Uses) == 0) {
        (void)Device->Dispatch->WskCloseSocket(
            Device->Socket, ResponderRequestPrepare(&Device->Close, SetEventComplete, &Device->Closed));
    }
}

_Use_decl_annotations_
VOID ResponderStop(PRESPONDER_DEVICE Device)
{
    BOOLEAN isFirst;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    isFirst = !Device->IsStopping;
    Device->IsStopping = TRUE;
    KeReleaseSpinLock(&Device->Lock, irql);
    if (isFirst) {
        ResponderRelease(Device);
    }
}

/*
 * The socket.
 */
/* After a failure Stop is still due. */
_Use_decl_annotations_
static NTSTATUS SocketOpen(PRESPONDER_DEVICE Device)
{
    SOCKADDR_STORAGE address = Device->Config.Address;
    BOOLEAN isIpv6 = address.ss_family == AF_INET6;
    ULONG on = 1;
    SYNC_REQUEST sync;
    NTSTATUS status;

    ResponderRequestInitialize(&sync.Request);
    KeInitializeEvent(&sync.Done, SynchronizationEvent, FALSE);

    status =
        SyncWait(&sync, Device->Provider.Dispatch->WskSocket(Device->Provider.Client, address.ss_family, SOCK_DGRAM,
                                                             IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET, Device,
                                                             &DatagramDispatch, NULL, NULL, NULL, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Device->Socket = (PWSK_SOCKET)sync.Request.Irp.IoStatus.Information;
    Device->Dispatch = (CONST WSK_PROVIDER_DATAGRAM_DISPATCH *)Device->Socket->Dispatch;

    /* Every datagram shall say to which of our addresses it was sent. Before the bind: after it they come. */
    status = SyncWait(&sync, Device->Dispatch->WskControlSocket(Device->Socket, WskSetOption,
                                                                isIpv6 ? IPV6_PKTINFO : IP_PKTINFO,
                                                                isIpv6 ? IPPROTO_IPV6 : IPPROTO_IP, sizeof(on), &on, 0,
                                                                NULL, NULL, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = SyncWait(&sync, Device->Dispatch->WskBind(Device->Socket, (PSOCKADDR)&address, 0, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status =
        SyncWait(&sync, Device->Dispatch->WskGetLocalAddress(Device->Socket, (PSOCKADDR)&address, SyncPrepare(&sync)));
    if (NT_SUCCESS(status)) {
        /* The port is at the same place in SOCKADDR_IN and SOCKADDR_IN6. */
        Device->Port = RtlUshortByteSwap(((PSOCKADDR_IN)&address)->sin_port);
    }
    return status;
}

/*
 * Status.
 */
_Use_decl_annotations_
VOID ResponderQueryStatus(PRESPONDER_STATUS Status)
{
    RtlZeroMemory(Status, sizeof(*Status));
    Status->Received = (ULONG)ReadNoFence(&ResponderCounters.Received);
    Status->Answered = (ULONG)ReadNoFence(&ResponderCounters.Answered);
    Status->Failed = (ULONG)ReadNoFence(&ResponderCounters.Failed);
    Status->Dropped = (ULONG)ReadNoFence(&ResponderCounters.Dropped);
    if (IsRunning) {
        Status->IsRunning = TRUE;
        Status->Port = ResponderDevice.Port;
        Status->AnswersNow = (ULONG)ReadNoFence(&ResponderDevice.AnswerCount);
    }
}

/*
 * Load and unload.
 */
static VOID DeviceInitialize(_Out_ PRESPONDER_DEVICE Device)
{
    RtlZeroMemory(Device, sizeof(*Device));
    Device->Config = ResponderConfig;
    if (Device->Config.Address.ss_family == AF_UNSPEC) {
        Device->Config.Address.ss_family = AF_INET;
    }
    if (Device->Config.MaxAnswers == 0) {
        Device->Config.MaxAnswers = 64;
    }
    KeInitializeSpinLock(&Device->Lock);
    ResponderRequestInitialize(&Device->Close);
    KeInitializeEvent(&Device->Closed, NotificationEvent, FALSE);
    Device->Uses = 1;
    ExInitializeNPagedLookasideList(&Device->Answers, NULL, NULL, POOL_NX_ALLOCATION, ResponderAnswerSize,
                                    RESPONDER_TAG_ANSWER, 0);
}

_Use_decl_annotations_
static VOID Stop(PRESPONDER_DEVICE Device)
{
    PAGED_CODE();
    if (Device->Socket != NULL) {
        ResponderStop(Device);
        KeWaitForSingleObject(&Device->Closed, Executive, KernelMode, FALSE, NULL);
    }
    WskReleaseProviderNPI(&Device->Registration);
    WskDeregister(&Device->Registration);
    ExDeleteNPagedLookasideList(&Device->Answers);
}

_Use_decl_annotations_
static VOID DriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    PAGED_CODE();
    IsRunning = FALSE;
    Stop(&ResponderDevice);
}

_Use_decl_annotations_
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PRESPONDER_DEVICE device = &ResponderDevice;
    WSK_EVENT_CALLBACK_CONTROL events = { (PNPIID)&NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE_FROM };
    WSK_CLIENT_NPI client = { device, &ClientDispatch };
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlZeroMemory(&ResponderCounters, sizeof(ResponderCounters));
    DeviceInitialize(device);

    status = WskRegister(&client, &device->Registration);
    if (!NT_SUCCESS(status)) {
        goto DeleteAnswers;
    }
    status = WskCaptureProviderNPI(&device->Registration, CAPTURE_TIMEOUT_MS, &device->Provider);
    if (!NT_SUCCESS(status)) {
        goto Deregister;
    }
    /* Before the first socket, or it is too late. */
    status = device->Provider.Dispatch->WskControlClient(device->Provider.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                         sizeof(events), &events, 0, NULL, NULL, NULL);
    if (NT_SUCCESS(status)) {
        status = SocketOpen(device);
    }
    if (!NT_SUCCESS(status)) {
        Stop(device);
        return status;
    }
    DriverObject->DriverUnload = DriverUnload;
    IsRunning = TRUE;
    return STATUS_SUCCESS;

Deregister:
    WskDeregister(&device->Registration);
DeleteAnswers:
    ExDeleteNPagedLookasideList(&device->Answers);
    return status;
}
