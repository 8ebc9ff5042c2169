/* SPDX-License-Identifier: MIT */
/* A driver that listens on a port chosen by the system and sends every byte back to where it came from.
 *
 * WskReceiveEvent retains what it is shown and hands the same memory to WskSend, one send with an IRP of its own for
 * each element; the element is released when the send is complete. So nothing is copied.
 *
 * A connection is used by each request in flight, and once more while it is open. Whoever ends it (the peer, a failed
 * send, the driver's unload) takes that one use away; when no use is left the socket is closed. A peer that has finished
 * sending gets the rest of its bytes and then our own end. */
#include "echo_driver.h"

#include <wsk.h>

#define ECHO_TAG_CONNECTION 'cchE'
#define ECHO_TAG_SEND 'schE'

#define CAPTURE_TIMEOUT_MS 1000

typedef struct _ECHO_CONNECTION {
    LIST_ENTRY Entry;
    PWSK_SOCKET Socket;
    CONST WSK_PROVIDER_CONNECTION_DISPATCH *Dispatch;
    PIRP CloseIrp;
    volatile LONG Uses;
    volatile LONG IsOpen;
} ECHO_CONNECTION, *PECHO_CONNECTION;

typedef struct _ECHO_SEND {
    PECHO_CONNECTION Connection;
    PWSK_DATA_INDICATION Indication;
    PIRP Irp;
} ECHO_SEND, *PECHO_SEND;

USHORT EchoPort;

static WSK_REGISTRATION Registration;
static WSK_PROVIDER_NPI Provider;
static PWSK_SOCKET Listener;
static NPAGED_LOOKASIDE_LIST ConnectionMemory;
static NPAGED_LOOKASIDE_LIST SendMemory;

static KSPIN_LOCK ConnectionsLock;
static LIST_ENTRY Connections;
static volatile LONG ConnectionCount; /* and one while the driver is loaded */
static KEVENT ConnectionsGone;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD EchoUnload;
static IO_COMPLETION_ROUTINE SyncComplete;
static IO_COMPLETION_ROUTINE CloseComplete;
static IO_COMPLETION_ROUTINE SendComplete;
static IO_COMPLETION_ROUTINE DisconnectComplete;

static NTSTATUS WSKAPI AcceptEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
                                   _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
                                   _Outptr_result_maybenull_ PVOID *AcceptSocketContext,
                                   _Outptr_result_maybenull_ CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptDispatch);
static NTSTATUS WSKAPI ReceiveEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags,
                                    _In_opt_ PWSK_DATA_INDICATION DataIndication, _In_ SIZE_T BytesIndicated,
                                    _Inout_ SIZE_T *BytesAccepted);
static NTSTATUS WSKAPI DisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

static CONST WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static CONST WSK_CLIENT_LISTEN_DISPATCH ListenDispatch = { AcceptEvent, NULL, NULL };
static CONST WSK_CLIENT_CONNECTION_DISPATCH ConnectionDispatch = { ReceiveEvent, DisconnectEvent, NULL };

/*
 * Connections.
 */
static VOID ConnectionsRelease(VOID)
{
    if (InterlockedDecrement(&ConnectionCount) == 0) {
        KeSetEvent(&ConnectionsGone, IO_NO_INCREMENT, FALSE);
    }
}

_Use_decl_annotations_
static NTSTATUS CloseComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PECHO_CONNECTION connection = (PECHO_CONNECTION)Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&ConnectionsLock, &irql);
    RemoveEntryList(&connection->Entry);
    KeReleaseSpinLock(&ConnectionsLock, irql);
    IoFreeIrp(Irp);
    ExFreeToNPagedLookasideList(&ConnectionMemory, connection);
    ConnectionsRelease();
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID ConnectionRelease(_In_ PECHO_CONNECTION Connection)
{
    if (InterlockedDecrement(&Connection->Uses) == 0) {
        IoSetCompletionRoutine(Connection->CloseIrp, CloseComplete, Connection, TRUE, TRUE, TRUE);
        (VOID) Connection->Dispatch->WskCloseSocket(Connection->Socket, Connection->CloseIrp);
    }
}

/* FALSE: it is being closed. The socket stays valid until the calling callback has returned, but may not be used. */
static BOOLEAN ConnectionAcquire(_Inout_ PECHO_CONNECTION Connection)
{
    LONG uses;

    do {
        uses = Connection->Uses;
        if (uses == 0) {
            return FALSE;
        }
    } while (InterlockedCompareExchange(&Connection->Uses, uses + 1, uses) != uses);
    return TRUE;
}

static VOID ConnectionEnd(_Inout_ PECHO_CONNECTION Connection)
{
    if (InterlockedExchange(&Connection->IsOpen, FALSE)) {
        ConnectionRelease(Connection);
    }
}

_Use_decl_annotations_
static NTSTATUS WSKAPI AcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                   PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                   CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptDispatch)
{
    PECHO_CONNECTION connection;
    KIRQL irql;

    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    if (AcceptSocket == NULL) {
        return STATUS_REQUEST_NOT_ACCEPTED; /* the listening socket is dead; it is closed when the driver is unloaded */
    }
    connection = (PECHO_CONNECTION)ExAllocateFromNPagedLookasideList(&ConnectionMemory);
    if (connection == NULL) {
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    connection->CloseIrp = IoAllocateIrp(1, FALSE);
    if (connection->CloseIrp == NULL) {
        ExFreeToNPagedLookasideList(&ConnectionMemory, connection);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    connection->Socket = AcceptSocket;
    connection->Dispatch = (CONST WSK_PROVIDER_CONNECTION_DISPATCH *)AcceptSocket->Dispatch;
    connection->Uses = 1;
    connection->IsOpen = TRUE;
    InterlockedIncrement(&ConnectionCount);
    KeAcquireSpinLock(&ConnectionsLock, &irql);
    InsertTailList(&Connections, &connection->Entry);
    KeReleaseSpinLock(&ConnectionsLock, irql);

    *AcceptSocketContext = connection;
    *AcceptDispatch = &ConnectionDispatch;
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS DisconnectComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PECHO_CONNECTION connection = (PECHO_CONNECTION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeIrp(Irp);
    ConnectionEnd(connection);
    ConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
static NTSTATUS WSKAPI DisconnectEvent(PVOID SocketContext, ULONG Flags)
{
    PECHO_CONNECTION connection = (PECHO_CONNECTION)SocketContext;
    PIRP irp = NULL;

    if (!ConnectionAcquire(connection)) {
        return STATUS_SUCCESS;
    }
    if ((Flags & WSK_FLAG_ABORTIVE) == 0) {
        irp = IoAllocateIrp(1, FALSE);
    }
    if (irp == NULL) {
        ConnectionEnd(connection);
        ConnectionRelease(connection);
        return STATUS_SUCCESS;
    }
    /* Behind the sends that are in flight. */
    IoSetCompletionRoutine(irp, DisconnectComplete, connection, TRUE, TRUE, TRUE);
    (VOID) connection->Dispatch->WskDisconnect(connection->Socket, NULL, 0, irp);
    return STATUS_SUCCESS;
}

/*
 * The echo.
 */
_Use_decl_annotations_
static NTSTATUS SendComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PECHO_SEND send = (PECHO_SEND)Context;
    PECHO_CONNECTION connection = send->Connection;

    UNREFERENCED_PARAMETER(DeviceObject);
    (VOID) connection->Dispatch->WskRelease(connection->Socket, send->Indication);
    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        ConnectionEnd(connection);
    }
    IoFreeIrp(Irp);
    ExFreeToNPagedLookasideList(&SendMemory, send);
    ConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PECHO_SEND SendAllocate(_In_ PECHO_CONNECTION Connection, _In_ PWSK_DATA_INDICATION Indication)
{
    PECHO_SEND send = (PECHO_SEND)ExAllocateFromNPagedLookasideList(&SendMemory);

    if (send == NULL) {
        return NULL;
    }
    send->Irp = IoAllocateIrp(1, FALSE);
    if (send->Irp == NULL) {
        ExFreeToNPagedLookasideList(&SendMemory, send);
        return NULL;
    }
    send->Connection = Connection;
    send->Indication = Indication;
    IoSetCompletionRoutine(send->Irp, SendComplete, send, TRUE, TRUE, TRUE);
    return send;
}

_Use_decl_annotations_
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                    SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    PECHO_CONNECTION connection = (PECHO_CONNECTION)SocketContext;
    PWSK_DATA_INDICATION next;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(BytesIndicated);
    UNREFERENCED_PARAMETER(BytesAccepted);
    if (DataIndication == NULL) {
        ConnectionEnd(connection);
        return STATUS_SUCCESS;
    }
    if (!ConnectionAcquire(connection)) {
        return STATUS_DATA_NOT_ACCEPTED;
    }
    for (; DataIndication != NULL; DataIndication = next) {
        PECHO_SEND send = SendAllocate(connection, DataIndication);
        WSK_BUF buffer = DataIndication->Buffer;

        /* The send may be complete, and the element gone, before WskSend returns. */
        next = DataIndication->Next;
        DataIndication->Next = NULL;
        if (send == NULL) {
            /* Bytes are lost, so the connection is as well. */
            (VOID) connection->Dispatch->WskRelease(connection->Socket, DataIndication);
            ConnectionEnd(connection);
            continue;
        }
        InterlockedIncrement(&connection->Uses);
        (VOID) connection->Dispatch->WskSend(connection->Socket, &buffer, 0, send->Irp);
    }
    ConnectionRelease(connection);
    return STATUS_PENDING;
}

/*
 * Load and unload: requests one after another, each waited for.
 */
typedef struct _SYNC_REQUEST {
    PIRP Irp;
    KEVENT Done;
} SYNC_REQUEST, *PSYNC_REQUEST;

_Use_decl_annotations_
static NTSTATUS SyncComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP SyncPrepare(_Inout_ PSYNC_REQUEST Sync)
{
    IoReuseIrp(Sync->Irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(Sync->Irp, SyncComplete, &Sync->Done, TRUE, TRUE, TRUE);
    return Sync->Irp;
}

/* WSK completes every IRP exactly once, whatever the call has returned. */
static NTSTATUS SyncWait(_Inout_ PSYNC_REQUEST Sync, _In_ NTSTATUS CallStatus)
{
    UNREFERENCED_PARAMETER(CallStatus);
    KeWaitForSingleObject(&Sync->Done, Executive, KernelMode, FALSE, NULL);
    return Sync->Irp->IoStatus.Status;
}

static NTSTATUS ListenerConfigure(_Inout_ PSYNC_REQUEST Sync)
{
    CONST WSK_PROVIDER_LISTEN_DISPATCH *dispatch = (CONST WSK_PROVIDER_LISTEN_DISPATCH *)Listener->Dispatch;
    WSK_EVENT_CALLBACK_CONTROL events;
    SOCKADDR_IN address;
    NTSTATUS status;

    RtlZeroMemory(&address, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    status = SyncWait(Sync, dispatch->WskBind(Listener, (PSOCKADDR)&address, 0, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = SyncWait(Sync, dispatch->WskGetLocalAddress(Listener, (PSOCKADDR)&address, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    EchoPort = RtlUshortByteSwap(address.sin_port);

    /* Connections inherit the last two. */
    events.NpiId = (PNPIID)&NPI_WSK_INTERFACE_ID;
    events.EventMask = WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
    return dispatch->WskControlSocket(Listener, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(events),
                                      &events, 0, NULL, NULL, NULL);
}

static VOID ListenerClose(_Inout_ PSYNC_REQUEST Sync)
{
    CONST WSK_PROVIDER_LISTEN_DISPATCH *dispatch = (CONST WSK_PROVIDER_LISTEN_DISPATCH *)Listener->Dispatch;

    (VOID) SyncWait(Sync, dispatch->WskCloseSocket(Listener, SyncPrepare(Sync)));
    Listener = NULL;
}

static NTSTATUS ListenerOpen(_Inout_ PSYNC_REQUEST Sync)
{
    NTSTATUS status;

    status = SyncWait(Sync, Provider.Dispatch->WskSocket(Provider.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                         WSK_FLAG_LISTEN_SOCKET, NULL, &ListenDispatch, NULL, NULL,
                                                         NULL, SyncPrepare(Sync)));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Listener = (PWSK_SOCKET)Sync->Irp->IoStatus.Information;
    status = ListenerConfigure(Sync);
    if (!NT_SUCCESS(status)) {
        ListenerClose(Sync);
    }
    return status;
}

/* Who finds IsOpen set, and clears it, owns the use that an open connection has. */
static PECHO_CONNECTION ConnectionNextToEnd(VOID)
{
    PECHO_CONNECTION found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&ConnectionsLock, &irql);
    for (entry = Connections.Flink; entry != &Connections && found == NULL; entry = entry->Flink) {
        PECHO_CONNECTION connection = CONTAINING_RECORD(entry, ECHO_CONNECTION, Entry);

        if (InterlockedExchange(&connection->IsOpen, FALSE)) {
            found = connection;
        }
    }
    KeReleaseSpinLock(&ConnectionsLock, irql);
    return found;
}

/* What DriverEntry has set up before it listened. */
static VOID EchoCleanup(_Inout_ PSYNC_REQUEST Sync)
{
    ExDeleteNPagedLookasideList(&SendMemory);
    ExDeleteNPagedLookasideList(&ConnectionMemory);
    WskReleaseProviderNPI(&Registration);
    WskDeregister(&Registration);
    IoFreeIrp(Sync->Irp);
}

static SYNC_REQUEST SyncRequest;

_Use_decl_annotations_
static VOID EchoUnload(PDRIVER_OBJECT DriverObject)
{
    PECHO_CONNECTION connection;

    UNREFERENCED_PARAMETER(DriverObject);
    ListenerClose(&SyncRequest);
    while ((connection = ConnectionNextToEnd()) != NULL) {
        ConnectionRelease(connection);
    }
    ConnectionsRelease();
    KeWaitForSingleObject(&ConnectionsGone, Executive, KernelMode, FALSE, NULL);
    EchoCleanup(&SyncRequest);
}

_Use_decl_annotations_
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WSK_CLIENT_NPI client = { NULL, &ClientDispatch };
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeSpinLock(&ConnectionsLock);
    InitializeListHead(&Connections);
    ConnectionCount = 1;
    KeInitializeEvent(&ConnectionsGone, NotificationEvent, FALSE);
    KeInitializeEvent(&SyncRequest.Done, SynchronizationEvent, FALSE);
    SyncRequest.Irp = IoAllocateIrp(1, FALSE);
    if (SyncRequest.Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    status = WskRegister(&client, &Registration);
    if (!NT_SUCCESS(status)) {
        IoFreeIrp(SyncRequest.Irp);
        return status;
    }
    status = WskCaptureProviderNPI(&Registration, CAPTURE_TIMEOUT_MS, &Provider);
    if (!NT_SUCCESS(status)) {
        WskDeregister(&Registration);
        IoFreeIrp(SyncRequest.Irp);
        return status;
    }
    ExInitializeNPagedLookasideList(&ConnectionMemory, NULL, NULL, POOL_NX_ALLOCATION, sizeof(ECHO_CONNECTION),
                                    ECHO_TAG_CONNECTION, 0);
    ExInitializeNPagedLookasideList(&SendMemory, NULL, NULL, POOL_NX_ALLOCATION, sizeof(ECHO_SEND), ECHO_TAG_SEND, 0);
    status = ListenerOpen(&SyncRequest);
    if (!NT_SUCCESS(status)) {
        EchoCleanup(&SyncRequest);
        return status;
    }
    DriverObject->DriverUnload = EchoUnload;
    return STATUS_SUCCESS;
}
