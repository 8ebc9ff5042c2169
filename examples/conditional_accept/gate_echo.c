/* SPDX-License-Identifier: MIT */
/* Gate, connections: every byte that a client sends goes back to him.
 *
 * WskReceiveEvent keeps what it is shown (STATUS_PENDING) and hands the very same buffers to WskSend, one send for each
 * element of the list; an element is given back with WskRelease when its send is complete. So nothing is copied, and
 * several sends can be in flight. Beyond MaxSends the indication is refused (STATUS_DATA_NOT_ACCEPTED): WSK then keeps
 * the bytes and stops indicating, TCP's window closes, and a client who does not read has to stop sending. When half of
 * the sends are done, a receive of length zero starts the indications again.
 *
 * Uses. A connection is closed when the last use of it ends. Uses are: being open, every callback that is
 * running, every request that WSK has not completed. So WskCloseSocket never meets another call on the same socket,
 * and never an element that was not given back.
 *
 *   open ---- the client has finished, all is sent ---> WskDisconnect ---> open ends
 *     \------ the client has reset the connection -------------------------> open ends
 *      \----- a send has failed, or the driver unloads --> WskDisconnect, abortive --> open ends
 */
#include "gate_private.h"

typedef struct _GATE_CONNECTION {
    LIST_ENTRY Entry; /* guarded by the device's lock */
    PGATE_DEVICE Device;
    PWSK_SOCKET Socket;
    CONST WSK_PROVIDER_CONNECTION_DISPATCH *Dispatch;
    WSK_INSPECT_ID InspectId;
    USHORT RemotePort;
    volatile LONG Uses;
    /* Taken with the connection, so that it can always be ended. */
    PIRP ReceiveIrp;
    PIRP DisconnectIrp;
    PIRP AbortIrp;
    PIRP CloseIrp;

    KSPIN_LOCK Lock;
    /* Guarded by Lock. */
    BOOLEAN IsOpen;          /* new uses may begin */
    BOOLEAN IsRefusing;      /* the last indication was refused */
    BOOLEAN IsRearmed;       /* and the receive that lifts this was posted */
    BOOLEAN HasPeerEnded;    /* nothing more will be indicated */
    BOOLEAN IsDisconnecting; /* WskDisconnect was called */
    BOOLEAN IsAborted;       /* WskDisconnect was called with WSK_FLAG_ABORTIVE */
    ULONG SendsInFlight;
} GATE_CONNECTION, *PGATE_CONNECTION;

typedef struct _GATE_SEND {
    PGATE_CONNECTION Connection;
    PWSK_DATA_INDICATION Indication;
    PIRP Irp;
    struct _GATE_SEND *Next;
} GATE_SEND, *PGATE_SEND;

static IO_COMPLETION_ROUTINE SendComplete;
static IO_COMPLETION_ROUTINE RearmComplete;
static IO_COMPLETION_ROUTINE DisconnectComplete;
static IO_COMPLETION_ROUTINE AbortComplete;
static IO_COMPLETION_ROUTINE CloseComplete;

static NTSTATUS WSKAPI ReceiveEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags,
                                    _In_opt_ PWSK_DATA_INDICATION DataIndication, _In_ SIZE_T BytesIndicated,
                                    _Inout_ SIZE_T *BytesAccepted);
static NTSTATUS WSKAPI DisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

static CONST WSK_CLIENT_CONNECTION_DISPATCH ConnectionDispatch = { ReceiveEvent, DisconnectEvent, NULL };

static VOID ConnectionReport(_In_ PGATE_CONNECTION Connection, _In_ PCSTR Callback, _In_ PCSTR Result,
                             _In_ SIZE_T Bytes)
{
    GateReport(Callback, Result, &Connection->InspectId, Connection->RemotePort, Bytes);
}

/*
 * Life and end of a connection.
 */
static VOID ConnectionFree(_In_ PGATE_CONNECTION Connection)
{
    PIRP irps[] = { Connection->ReceiveIrp, Connection->DisconnectIrp, Connection->AbortIrp, Connection->CloseIrp };

    for (ULONG i = 0; i < RTL_NUMBER_OF(irps); i++) {
        if (irps[i] != NULL) {
            IoFreeIrp(irps[i]);
        }
    }
    ExFreePoolWithTag(Connection, GATE_TAG);
}

static PGATE_CONNECTION ConnectionAllocate(_In_ PGATE_DEVICE Device, _In_ PWSK_SOCKET Socket)
{
    PGATE_CONNECTION connection = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*connection), GATE_TAG);

    if (connection == NULL) {
        return NULL;
    }
    connection->Device = Device;
    connection->Socket = Socket;
    connection->Dispatch = (CONST WSK_PROVIDER_CONNECTION_DISPATCH *)Socket->Dispatch;
    KeInitializeSpinLock(&connection->Lock);
    connection->IsOpen = TRUE;
    connection->Uses = 1;
    connection->ReceiveIrp = IoAllocateIrp(1, FALSE);
    connection->DisconnectIrp = IoAllocateIrp(1, FALSE);
    connection->AbortIrp = IoAllocateIrp(1, FALSE);
    connection->CloseIrp = IoAllocateIrp(1, FALSE);
    if (connection->ReceiveIrp == NULL || connection->DisconnectIrp == NULL || connection->AbortIrp == NULL ||
        connection->CloseIrp == NULL) {
        ConnectionFree(connection);
        return NULL;
    }
    return connection;
}

_Use_decl_annotations_
static NTSTATUS CloseComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)Context;
    PGATE_DEVICE device = connection->Device;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp); /* freed with the connection */
    ConnectionReport(connection, "WskCloseSocket", "closed", 0);
    KeAcquireSpinLock(&device->Lock, &irql);
    RemoveEntryList(&connection->Entry);
    device->ConnectionCount--;
    KeReleaseSpinLock(&device->Lock, irql);
    ConnectionFree(connection);
    GateRundownRelease(&device->ConnectionRundown);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static BOOLEAN ConnectionAcquire(_Inout_ PGATE_CONNECTION Connection)
{
    BOOLEAN isOpen;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    isOpen = Connection->IsOpen;
    if (isOpen) {
        InterlockedIncrement(&Connection->Uses);
    }
    KeReleaseSpinLock(&Connection->Lock, irql);
    return isOpen;
}

/* The last one closes; the connection may be gone when this returns. */
static VOID ConnectionRelease(_Inout_ PGATE_CONNECTION Connection)
{
    if (InterlockedDecrement(&Connection->Uses) == 0) {
        IoSetCompletionRoutine(Connection->CloseIrp, CloseComplete, Connection, TRUE, TRUE, TRUE);
        (VOID)Connection->Dispatch->WskCloseSocket(Connection->Socket, Connection->CloseIrp);
    }
}

/* Ends the use that stands for being open. */
static VOID ConnectionEnd(_Inout_ PGATE_CONNECTION Connection)
{
    BOOLEAN wasOpen;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    wasOpen = Connection->IsOpen;
    Connection->IsOpen = FALSE;
    KeReleaseSpinLock(&Connection->Lock, irql);
    if (wasOpen) {
        ConnectionRelease(Connection);
    }
}

_Use_decl_annotations_
static NTSTATUS AbortComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    ConnectionRelease((PGATE_CONNECTION)Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Ends the connection at once. Sends in flight are cancelled, so their buffers come back. The caller has a use. */
static VOID ConnectionAbort(_Inout_ PGATE_CONNECTION Connection)
{
    BOOLEAN isFirst;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    isFirst = Connection->IsOpen && !Connection->IsAborted;
    if (isFirst) {
        Connection->IsAborted = TRUE;
        InterlockedIncrement(&Connection->Uses);
    }
    KeReleaseSpinLock(&Connection->Lock, irql);
    if (isFirst) {
        IoSetCompletionRoutine(Connection->AbortIrp, AbortComplete, Connection, TRUE, TRUE, TRUE);
        (VOID)Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, WSK_FLAG_ABORTIVE, Connection->AbortIrp);
        ConnectionEnd(Connection);
    }
}

/*
 * What to do next: finish, or ask for more. Called after everything that can be the reason for either, with a use.
 */
static VOID ConnectionAdvance(_Inout_ PGATE_CONNECTION Connection)
{
    ULONG fewSends = Connection->Device->Config.MaxSends / 2;
    BOOLEAN mustDisconnect = FALSE;
    BOOLEAN mustRearm = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    if (!Connection->IsOpen || Connection->IsAborted || Connection->IsDisconnecting) {
        /* Nothing more to do. */
    } else if (Connection->IsRefusing && !Connection->IsRearmed && Connection->SendsInFlight <= fewSends) {
        Connection->IsRearmed = TRUE;
        mustRearm = TRUE;
        InterlockedIncrement(&Connection->Uses);
    } else if (Connection->HasPeerEnded && !Connection->IsRefusing && Connection->SendsInFlight == 0) {
        Connection->IsDisconnecting = TRUE;
        mustDisconnect = TRUE;
        InterlockedIncrement(&Connection->Uses);
    }
    KeReleaseSpinLock(&Connection->Lock, irql);

    if (mustRearm) {
        /* A receive that WSK gets while the callback that refuses is still on its way back waits for the answer. */
        WSK_BUF nothing = { NULL, 0, 0 };

        IoReuseIrp(Connection->ReceiveIrp, STATUS_UNSUCCESSFUL);
        IoSetCompletionRoutine(Connection->ReceiveIrp, RearmComplete, Connection, TRUE, TRUE, TRUE);
        (VOID)Connection->Dispatch->WskReceive(Connection->Socket, &nothing, 0, Connection->ReceiveIrp);
    }
    if (mustDisconnect) {
        IoSetCompletionRoutine(Connection->DisconnectIrp, DisconnectComplete, Connection, TRUE, TRUE, TRUE);
        (VOID)Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, 0, Connection->DisconnectIrp);
    }
}

/* The indications go on by themselves, beginning with the bytes that were refused. */
_Use_decl_annotations_
static NTSTATUS RearmComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    ConnectionRelease((PGATE_CONNECTION)Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
static NTSTATUS DisconnectComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    ConnectionReport(connection, "WskDisconnect", NT_SUCCESS(Irp->IoStatus.Status) ? "finished" : "failed", 0);
    ConnectionEnd(connection);
    ConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * A new connection.
 */
_Use_decl_annotations_
NTSTATUS WSKAPI GateAcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    PGATE_LISTENER listener = (PGATE_LISTENER)SocketContext;
    PGATE_DEVICE device = listener->Device;
    PGATE_CONNECTION connection;
    SIZE_T returned;
    BOOLEAN isIn = FALSE;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    if (AcceptSocket == NULL) {
        GateListenerDied(listener);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }

    connection = ConnectionAllocate(device, AcceptSocket);
    if (connection == NULL) {
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    connection->RemotePort = GateAddressPort(RemoteAddress);
    if (NT_SUCCESS(connection->Dispatch->WskControlSocket(AcceptSocket, WskIoctl, SIO_WSK_QUERY_INSPECT_ID, 0, 0, NULL,
                                                          sizeof(connection->InspectId), &connection->InspectId,
                                                          &returned, NULL))) {
        GateRequestForget(device, &connection->InspectId);
    }

    KeAcquireSpinLock(&device->Lock, &irql);
    if (!device->IsStopping && device->ConnectionCount < device->Config.MaxConnections) {
        GateRundownAcquire(&device->ConnectionRundown);
        InsertTailList(&device->Connections, &connection->Entry);
        device->ConnectionCount++;
        isIn = TRUE;
    }
    KeReleaseSpinLock(&device->Lock, irql);

    ConnectionReport(connection, "WskAcceptEvent", isIn ? "taken" : "not taken", 0);
    if (!isIn) {
        ConnectionFree(connection);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    InterlockedIncrement(&GateCounters.Connections);
    *AcceptSocketContext = connection;
    *AcceptSocketDispatch = &ConnectionDispatch;
    return STATUS_SUCCESS;
}

/*
 * Sends.
 */
static VOID SendFree(_In_ PGATE_SEND Send)
{
    if (Send->Irp != NULL) {
        IoFreeIrp(Send->Irp);
    }
    ExFreeToNPagedLookasideList(&Send->Connection->Device->Sends, Send);
}

/* One send for each element of the list, or none at all. */
static PGATE_SEND SendsAllocate(_In_ PGATE_CONNECTION Connection, _In_ PWSK_DATA_INDICATION List)
{
    PGATE_SEND first = NULL;
    PGATE_SEND *link = &first;

    for (PWSK_DATA_INDICATION element = List; element != NULL; element = element->Next) {
        PGATE_SEND send = ExAllocateFromNPagedLookasideList(&Connection->Device->Sends);

        if (send != NULL) {
            send->Connection = Connection;
            send->Indication = element;
            send->Irp = IoAllocateIrp(1, FALSE);
            send->Next = NULL;
            *link = send;
            link = &send->Next;
        }
        if (send == NULL || send->Irp == NULL) {
            while (first != NULL) {
                send = first;
                first = send->Next;
                SendFree(send);
            }
            return NULL;
        }
    }
    return first;
}

_Use_decl_annotations_
static NTSTATUS SendComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_SEND send = (PGATE_SEND)Context;
    PGATE_CONNECTION connection = send->Connection;
    BOOLEAN isSent = NT_SUCCESS(Irp->IoStatus.Status);
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (isSent) {
        InterlockedAdd64(&GateCounters.BytesSent, (LONG64)Irp->IoStatus.Information);
    } else {
        InterlockedIncrement(&GateCounters.FailedSends);
    }
    connection->Dispatch->WskRelease(connection->Socket, send->Indication);
    SendFree(send);

    KeAcquireSpinLock(&connection->Lock, &irql);
    connection->SendsInFlight--;
    KeReleaseSpinLock(&connection->Lock, irql);
    if (isSent) {
        ConnectionAdvance(connection);
    } else {
        ConnectionAbort(connection);
    }
    ConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A send may be complete, and its element gone, before WskSend returns: so both are read before the call. */
static VOID SendsStart(_In_ PGATE_CONNECTION Connection, _In_ PGATE_SEND First)
{
    while (First != NULL) {
        PGATE_SEND send = First;
        WSK_BUF buffer = send->Indication->Buffer;

        First = send->Next;
        send->Indication->Next = NULL; /* released alone */
        InterlockedIncrement(&Connection->Uses);
        IoSetCompletionRoutine(send->Irp, SendComplete, send, TRUE, TRUE, TRUE);
        (VOID)Connection->Dispatch->WskSend(Connection->Socket, &buffer, 0, send->Irp);
    }
}

/* Reserves room for the sends of a list. FALSE: too many are in flight, and the indication must be refused. A list
 * that is longer than MaxSends must get through as well, so it may pass when nothing is in flight. */
static BOOLEAN SendsReserve(_Inout_ PGATE_CONNECTION Connection, _In_ ULONG Count)
{
    BOOLEAN isRoom;
    ULONG inFlight;
    LONG most;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    isRoom = Connection->SendsInFlight == 0 || Connection->SendsInFlight + Count <= Connection->Device->Config.MaxSends;
    if (isRoom) {
        Connection->SendsInFlight += Count;
    }
    Connection->IsRefusing = !isRoom;
    Connection->IsRearmed = FALSE;
    inFlight = Connection->SendsInFlight;
    KeReleaseSpinLock(&Connection->Lock, irql);

    do {
        most = GateCounters.MostSendsInFlight;
    } while (inFlight > (ULONG)most &&
             InterlockedCompareExchange(&GateCounters.MostSendsInFlight, (LONG)inFlight, most) != most);
    return isRoom;
}

static VOID SendsUnreserve(_Inout_ PGATE_CONNECTION Connection, _In_ ULONG Count)
{
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    Connection->SendsInFlight -= Count;
    KeReleaseSpinLock(&Connection->Lock, irql);
}

/*
 * Events.
 */
_Use_decl_annotations_
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                    SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)SocketContext;
    NTSTATUS status = STATUS_DATA_NOT_ACCEPTED;
    ULONG count = 0;
    PGATE_SEND sends;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(BytesAccepted);
    if (DataIndication == NULL) {
        ConnectionReport(connection, "WskReceiveEvent", "dead", 0);
        ConnectionEnd(connection);
        return STATUS_SUCCESS;
    }
    if (!ConnectionAcquire(connection)) {
        return STATUS_DATA_NOT_ACCEPTED; /* it is being closed */
    }

    for (PWSK_DATA_INDICATION element = DataIndication; element != NULL; element = element->Next) {
        count++;
    }
    if (!SendsReserve(connection, count)) {
        InterlockedIncrement(&GateCounters.Refusals);
        ConnectionReport(connection, "WskReceiveEvent", "refused", BytesIndicated);
        /* All sends may have been completed meanwhile: then nobody else would start the indications again. */
        ConnectionAdvance(connection);
    } else if ((sends = SendsAllocate(connection, DataIndication)) == NULL) {
        SendsUnreserve(connection, count);
        ConnectionReport(connection, "WskReceiveEvent", "no memory", BytesIndicated);
        ConnectionAbort(connection);
    } else {
        InterlockedAdd64(&GateCounters.BytesReceived, (LONG64)BytesIndicated);
        ConnectionReport(connection, "WskReceiveEvent", "echoed", BytesIndicated);
        SendsStart(connection, sends);
        status = STATUS_PENDING;
    }
    ConnectionRelease(connection);
    return status;
}

_Use_decl_annotations_
static NTSTATUS WSKAPI DisconnectEvent(PVOID SocketContext, ULONG Flags)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)SocketContext;
    KIRQL irql;

    if (!ConnectionAcquire(connection)) {
        return STATUS_SUCCESS;
    }
    if (Flags & WSK_FLAG_ABORTIVE) {
        InterlockedIncrement(&GateCounters.ResetByPeer);
        ConnectionReport(connection, "WskDisconnectEvent", "reset", 0);
        ConnectionEnd(connection);
    } else {
        InterlockedIncrement(&GateCounters.EndedByPeer);
        ConnectionReport(connection, "WskDisconnectEvent", "end", 0);
        KeAcquireSpinLock(&connection->Lock, &irql);
        connection->HasPeerEnded = TRUE;
        KeReleaseSpinLock(&connection->Lock, irql);
        ConnectionAdvance(connection);
    }
    ConnectionRelease(connection);
    return STATUS_SUCCESS;
}

/*
 * Unload.
 */
static PGATE_CONNECTION ConnectionNextToAbort(_Inout_ PGATE_DEVICE Device)
{
    PGATE_CONNECTION found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    for (entry = Device->Connections.Flink; entry != &Device->Connections && found == NULL; entry = entry->Flink) {
        PGATE_CONNECTION connection = CONTAINING_RECORD(entry, GATE_CONNECTION, Entry);

        KeAcquireSpinLockAtDpcLevel(&connection->Lock);
        if (connection->IsOpen && !connection->IsAborted) {
            InterlockedIncrement(&connection->Uses);
            found = connection;
        }
        KeReleaseSpinLockFromDpcLevel(&connection->Lock);
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return found;
}

_Use_decl_annotations_
VOID GateEchoStop(PGATE_DEVICE Device)
{
    PGATE_CONNECTION connection;

    PAGED_CODE();
    while ((connection = ConnectionNextToAbort(Device)) != NULL) {
        ConnectionAbort(connection);
        ConnectionRelease(connection);
    }
    GateRundownWait(&Device->ConnectionRundown);
}
