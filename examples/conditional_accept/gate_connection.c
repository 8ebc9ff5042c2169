/* SPDX-License-Identifier: MIT */
/* Gate, a connection: how it begins, its uses, and the three ways in which it ends. */
#include "gate_connection.h"

static IO_COMPLETION_ROUTINE AbortComplete;
static IO_COMPLETION_ROUTINE CloseComplete;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, GateConnectionsStop)
#endif

VOID GateConnectionReport(PGATE_CONNECTION Connection, PCSTR Callback, PCSTR Result, SIZE_T Bytes)
{
    GateReport(Callback, Result, &Connection->InspectId, Connection->RemotePort, Bytes);
}

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
    GateConnectionReport(connection, "WskCloseSocket", "closed", 0);
    KeAcquireSpinLock(&device->Lock, &irql);
    RemoveEntryList(&connection->Entry);
    device->ConnectionCount--;
    KeReleaseSpinLock(&device->Lock, irql);
    ConnectionFree(connection);
    GateRundownRelease(&device->ConnectionRundown);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN GateConnectionAcquire(PGATE_CONNECTION Connection)
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

VOID GateConnectionRelease(PGATE_CONNECTION Connection)
{
    /* Nobody else can use the socket any more. */
    if (InterlockedDecrement(&Connection->Uses) == 0) {
        IoSetCompletionRoutine(Connection->CloseIrp, CloseComplete, Connection, TRUE, TRUE, TRUE);
        (void)Connection->Dispatch->WskCloseSocket(Connection->Socket, Connection->CloseIrp);
    }
}

VOID GateConnectionEnd(PGATE_CONNECTION Connection)
{
    BOOLEAN wasOpen;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    wasOpen = Connection->IsOpen;
    Connection->IsOpen = FALSE;
    KeReleaseSpinLock(&Connection->Lock, irql);
    if (wasOpen) {
        GateConnectionRelease(Connection);
    }
}

_Use_decl_annotations_
static NTSTATUS AbortComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    GateConnectionRelease((PGATE_CONNECTION)Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Once, with a use of its own. */
static VOID ConnectionReset(_Inout_ PGATE_CONNECTION Connection)
{
    IoSetCompletionRoutine(Connection->AbortIrp, AbortComplete, Connection, TRUE, TRUE, TRUE);
    (void)Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, WSK_FLAG_ABORTIVE, Connection->AbortIrp);
    GateConnectionEnd(Connection);
}

VOID GateConnectionAbort(PGATE_CONNECTION Connection)
{
    BOOLEAN isFirst;
    BOOLEAN isSending;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    isFirst = Connection->IsOpen && !Connection->IsAborted;
    isSending = Connection->IsSending;
    if (isFirst) {
        Connection->IsAborted = TRUE;
        InterlockedIncrement(&Connection->Uses);
    }
    KeReleaseSpinLock(&Connection->Lock, irql);
    if (isFirst && !isSending) {
        ConnectionReset(Connection);
    }
}

VOID GateConnectionSent(PGATE_CONNECTION Connection)
{
    BOOLEAN isResetDue;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    Connection->IsSending = FALSE;
    isResetDue = Connection->IsAborted; /* since it began to send */
    KeReleaseSpinLock(&Connection->Lock, irql);
    if (isResetDue) {
        ConnectionReset(Connection);
    }
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

    GateConnectionReport(connection, "WskAcceptEvent", isIn ? "taken" : "not taken", 0);
    if (!isIn) {
        ConnectionFree(connection);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    InterlockedIncrement(&GateCounters.Connections);
    *AcceptSocketContext = connection;
    *AcceptSocketDispatch = &GateConnectionDispatch;
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
VOID GateConnectionsStop(PGATE_DEVICE Device)
{
    PGATE_CONNECTION connection;

    PAGED_CODE();
    while ((connection = ConnectionNextToAbort(Device)) != NULL) {
        GateConnectionAbort(connection);
        GateConnectionRelease(connection);
    }
    GateRundownWait(&Device->ConnectionRundown);
}
