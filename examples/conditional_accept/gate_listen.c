/* SPDX-License-Identifier: MIT */
/* Gate, the way into WSK: registration, and the sockets that listen with conditional accept. */
#include "gate_private.h"

/* WSK is there from the start on every system that has a network; DriverEntry must not wait long for it. */
#define CAPTURE_TIMEOUT_MS 1000

static CONST WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };

/* In conditional mode the second and the third are as mandatory as the first. */
static CONST WSK_CLIENT_LISTEN_DISPATCH ListenDispatch = { GateAcceptEvent, GateInspectEvent, GateAbortEvent };

static IO_COMPLETION_ROUTINE SyncComplete;
static IO_COMPLETION_ROUTINE CloseComplete;
static IO_WORKITEM_ROUTINE CloseDeadListener;

static NTSTATUS ListenerOpen(_Inout_ PGATE_DEVICE Device, _Inout_ PGATE_LISTENER Listener, _In_ ADDRESS_FAMILY Family);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, ListenerOpen)
#pragma alloc_text(PAGE, GateListenRegister)
#pragma alloc_text(PAGE, GateListenStart)
#pragma alloc_text(PAGE, GateListenStop)
#pragma alloc_text(PAGE, GateListenDeregister)
#endif

/*
 * One request after another, each waited for. Only for setting up, at PASSIVE_LEVEL and outside of callbacks.
 */
typedef struct _SYNC_REQUEST {
    PIRP Irp;
    KEVENT Done;
} SYNC_REQUEST, *PSYNC_REQUEST;

static NTSTATUS SyncInitialize(_Out_ PSYNC_REQUEST Sync)
{
    KeInitializeEvent(&Sync->Done, SynchronizationEvent, FALSE);
    Sync->Irp = IoAllocateIrp(1, FALSE);
    return Sync->Irp != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* The IRP, ready for the next call. */
static PIRP SyncPrepare(_Inout_ PSYNC_REQUEST Sync)
{
    IoReuseIrp(Sync->Irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(Sync->Irp, SyncComplete, &Sync->Done, TRUE, TRUE, TRUE);
    return Sync->Irp;
}

_Use_decl_annotations_
static NTSTATUS SyncComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* WSK completes every IRP exactly once, whatever the call has returned. */
static NTSTATUS SyncWait(_Inout_ PSYNC_REQUEST Sync, _In_ NTSTATUS CallStatus)
{
    UNREFERENCED_PARAMETER(CallStatus);
    KeWaitForSingleObject(&Sync->Done, Executive, KernelMode, FALSE, NULL);
    return Sync->Irp->IoStatus.Status;
}

static VOID ListenAddress(_In_ CONST GATE_CONFIG *Config, _In_ ADDRESS_FAMILY Family, _Out_ SOCKADDR_STORAGE *Address)
{
    RtlZeroMemory(Address, sizeof(*Address));
    Address->ss_family = Family;
    if (Family == AF_INET6) {
        PSOCKADDR_IN6 ipv6 = (PSOCKADDR_IN6)Address;

        ipv6->sin6_port = RtlUshortByteSwap(Config->Port);
        ipv6->sin6_addr.s6_addr[15] = Config->ListenOnAllAddresses ? 0 : 1;
    } else {
        PSOCKADDR_IN ipv4 = (PSOCKADDR_IN)Address;

        ipv4->sin_port = RtlUshortByteSwap(Config->Port);
        ipv4->sin_addr.s_addr = RtlUlongByteSwap(Config->ListenOnAllAddresses ? INADDR_ANY : INADDR_LOOPBACK);
    }
}

/* Everything between the socket and its port. SO_CONDITIONAL_ACCEPT must come before the bind, because the bind is
 * what makes the socket listen; events can be enabled only after it. Events of connections that are enabled here are
 * inherited by every connection that GateAcceptEvent takes. */
static NTSTATUS ListenerConfigure(_Inout_ PGATE_DEVICE Device, _Inout_ PGATE_LISTENER Listener,
                                  _Inout_ PSYNC_REQUEST Sync, _In_ ADDRESS_FAMILY Family)
{
    CONST WSK_PROVIDER_LISTEN_DISPATCH *dispatch = Listener->Dispatch;
    WSK_EVENT_CALLBACK_CONTROL events;
    SOCKADDR_STORAGE address;
    ULONG conditional = 1;
    NTSTATUS status;

    status =
        SyncWait(Sync, dispatch->WskControlSocket(Listener->Socket, WskSetOption, SO_CONDITIONAL_ACCEPT, SOL_SOCKET,
                                                  sizeof(conditional), &conditional, 0, NULL, NULL, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }

    ListenAddress(&Device->Config, Family, &address);
    status = SyncWait(Sync, dispatch->WskBind(Listener->Socket, (PSOCKADDR)&address, 0, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }

    status = SyncWait(Sync, dispatch->WskGetLocalAddress(Listener->Socket, (PSOCKADDR)&address, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Listener->Port = GateAddressPort((PSOCKADDR)&address);

    events.NpiId = (PNPIID)&NPI_WSK_INTERFACE_ID;
    events.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
    return dispatch->WskControlSocket(Listener->Socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(events),
                                      &events, 0, NULL, NULL, NULL);
}

static VOID ListenerFree(_Inout_ PGATE_LISTENER Listener)
{
    if (Listener->CloseIrp != NULL) {
        IoFreeIrp(Listener->CloseIrp);
        Listener->CloseIrp = NULL;
    }
    if (Listener->CloseWorkItem != NULL) {
        IoFreeWorkItem(Listener->CloseWorkItem);
        Listener->CloseWorkItem = NULL;
    }
    Listener->Socket = NULL;
}

_Use_decl_annotations_
static NTSTATUS CloseComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(&((PGATE_LISTENER)Context)->Closed, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The caller is the one who closes. A verdict that is being given in another thread ends first. */
static VOID ListenerClose(_Inout_ PGATE_LISTENER Listener)
{
    GateRundownWait(&Listener->Verdicts);
    IoSetCompletionRoutine(Listener->CloseIrp, CloseComplete, Listener, TRUE, TRUE, TRUE);
    (void)Listener->Dispatch->WskCloseSocket(Listener->Socket, Listener->CloseIrp);
}

/* TRUE for exactly one caller. */
static BOOLEAN ListenerMayClose(_Inout_ PGATE_LISTENER Listener)
{
    PGATE_DEVICE device = Listener->Device;
    BOOLEAN mayClose;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    mayClose = !Listener->IsClosing;
    Listener->IsClosing = TRUE;
    KeReleaseSpinLock(&device->Lock, irql);
    return mayClose;
}

_Use_decl_annotations_
static VOID CloseDeadListener(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    ListenerClose((PGATE_LISTENER)Context);
}

_Use_decl_annotations_
VOID GateListenerDied(PGATE_LISTENER Listener)
{
    if (ListenerMayClose(Listener)) {
        IoQueueWorkItem(Listener->CloseWorkItem, CloseDeadListener, DelayedWorkQueue, Listener);
    }
}

_Use_decl_annotations_
static NTSTATUS ListenerOpen(PGATE_DEVICE Device, PGATE_LISTENER Listener, ADDRESS_FAMILY Family)
{
    SYNC_REQUEST sync;
    NTSTATUS status;

    PAGED_CODE();
    Listener->Device = Device;
    KeInitializeEvent(&Listener->Closed, NotificationEvent, FALSE);
    GateRundownInitialize(&Listener->Verdicts);
    status = SyncInitialize(&sync);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    /* What closing needs is taken now, so that it cannot fail. */
    Listener->CloseIrp = IoAllocateIrp(1, FALSE);
    Listener->CloseWorkItem = IoAllocateWorkItem(Device->DeviceObject);
    if (Listener->CloseIrp == NULL || Listener->CloseWorkItem == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Failed;
    }

    status = SyncWait(&sync, Device->Provider.Dispatch->WskSocket(
                                 Device->Provider.Client, Family, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                                 Listener, &ListenDispatch, NULL, NULL, NULL, SyncPrepare(&sync)));
    if (!NT_SUCCESS(status)) {
        goto Failed;
    }
    Listener->Socket = (PWSK_SOCKET)sync.Irp->IoStatus.Information;
    Listener->Dispatch = (CONST WSK_PROVIDER_LISTEN_DISPATCH *)Listener->Socket->Dispatch;

    status = ListenerConfigure(Device, Listener, &sync, Family);
    if (!NT_SUCCESS(status)) {
        goto Failed;
    }
    IoFreeIrp(sync.Irp);
    return STATUS_SUCCESS;

Failed:
    if (Listener->Socket != NULL) {
        if (ListenerMayClose(Listener)) {
            ListenerClose(Listener);
        }
        KeWaitForSingleObject(&Listener->Closed, Executive, KernelMode, FALSE, NULL);
    }
    ListenerFree(Listener);
    IoFreeIrp(sync.Irp);
    return status;
}

_Use_decl_annotations_
NTSTATUS GateListenRegister(PGATE_DEVICE Device)
{
    WSK_CLIENT_NPI client = { Device, &ClientDispatch };
    NTSTATUS status;

    PAGED_CODE();
    status = WskRegister(&client, &Device->Registration);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = WskCaptureProviderNPI(&Device->Registration, CAPTURE_TIMEOUT_MS, &Device->Provider);
    if (!NT_SUCCESS(status)) {
        WskDeregister(&Device->Registration);
    }
    return status;
}

_Use_decl_annotations_
NTSTATUS GateListenStart(PGATE_DEVICE Device)
{
    NTSTATUS status;

    PAGED_CODE();
    status = ListenerOpen(Device, &Device->Listeners[0], AF_INET);
    if (NT_SUCCESS(status) && Device->Config.ListenOnIpv6) {
        status = ListenerOpen(Device, &Device->Listeners[1], AF_INET6);
    }
    return status;
}

_Use_decl_annotations_
VOID GateListenStop(PGATE_DEVICE Device)
{
    PAGED_CODE();
    for (ULONG i = 0; i < GATE_LISTENER_COUNT; i++) {
        PGATE_LISTENER listener = &Device->Listeners[i];

        if (listener->Socket != NULL) {
            if (ListenerMayClose(listener)) {
                ListenerClose(listener);
            }
            KeWaitForSingleObject(&listener->Closed, Executive, KernelMode, FALSE, NULL);
            ListenerFree(listener);
        }
    }
}

_Use_decl_annotations_
VOID GateListenDeregister(PGATE_DEVICE Device)
{
    PAGED_CODE();
    WskReleaseProviderNPI(&Device->Registration);
    WskDeregister(&Device->Registration);
}
