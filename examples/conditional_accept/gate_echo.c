/* SPDX-License-Identifier: MIT */
/* Gate, the echo: every byte that a client sends goes back to where it came from.
 *
 * WskReceiveEvent keeps what it is shown (STATUS_PENDING) and hands the very same buffers to WskSend, one send for each
 * element of the list; an element is given back with WskRelease when its send is complete. So nothing is copied, and
 * several sends can be in flight.
 *
 * Beyond MaxSends the indication is refused (STATUS_DATA_NOT_ACCEPTED): WSK then keeps the bytes and stops indicating,
 * TCP's window closes, and a client that does not read has to stop sending. When half of the sends are done, a receive
 * of length zero starts the indications again. */
#include "gate_connection.h"

typedef struct _GATE_SEND {
    PGATE_CONNECTION Connection;
    PWSK_DATA_INDICATION Indication;
    PIRP Irp;
    struct _GATE_SEND *Next;
} GATE_SEND, *PGATE_SEND;

CONST SIZE_T GateSendSize = sizeof(GATE_SEND);

static IO_COMPLETION_ROUTINE SendComplete;
static IO_COMPLETION_ROUTINE RearmComplete;
static IO_COMPLETION_ROUTINE DisconnectComplete;

static NTSTATUS WSKAPI ReceiveEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags,
                                    _In_opt_ PWSK_DATA_INDICATION DataIndication, _In_ SIZE_T BytesIndicated,
                                    _Inout_ SIZE_T *BytesAccepted);
static NTSTATUS WSKAPI DisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

CONST WSK_CLIENT_CONNECTION_DISPATCH GateConnectionDispatch = { ReceiveEvent, DisconnectEvent, NULL };

/*
 * What to do next: ask for more, or finish.
 */
VOID GateConnectionAdvance(PGATE_CONNECTION Connection)
{
    ULONG maxSends = Connection->Device->Config.MaxSends;
    BOOLEAN mustDisconnect = FALSE;
    BOOLEAN mustRearm = FALSE;
    ULONG inFlight;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    inFlight = Connection->SendsInFlight;
    if (!Connection->IsOpen || Connection->IsAborted || Connection->IsDisconnecting) {
        /* It is ending already. */
    } else if (Connection->RefusedCount != 0) {
        /* Not before the same list could be taken: else it would be shown and refused again and again. */
        mustRearm = !Connection->IsRearmed && !Connection->IsReceivePosted &&
                    (inFlight == 0 || (inFlight <= maxSends / 2 && inFlight + Connection->RefusedCount <= maxSends));
    } else {
        mustDisconnect = Connection->HasPeerEnded && inFlight == 0;
    }
    if (mustRearm) {
        Connection->IsRearmed = TRUE;
        Connection->IsReceivePosted = TRUE;
        InterlockedIncrement(&Connection->Uses);
    }
    if (mustDisconnect) {
        Connection->IsDisconnecting = TRUE;
        InterlockedIncrement(&Connection->Uses);
    }
    KeReleaseSpinLock(&Connection->Lock, irql);

    if (mustRearm) {
        /* A receive that WSK gets while the callback that refuses is still on its way back waits for the answer. */
        WSK_BUF nothing = { NULL, 0, 0 };

        IoReuseIrp(Connection->ReceiveIrp, STATUS_UNSUCCESSFUL);
        IoSetCompletionRoutine(Connection->ReceiveIrp, RearmComplete, Connection, TRUE, TRUE, TRUE);
        (void)Connection->Dispatch->WskReceive(Connection->Socket, &nothing, 0, Connection->ReceiveIrp);
    }
    if (mustDisconnect) {
        IoSetCompletionRoutine(Connection->DisconnectIrp, DisconnectComplete, Connection, TRUE, TRUE, TRUE);
        (void)Connection->Dispatch->WskDisconnect(Connection->Socket, NULL, 0, Connection->DisconnectIrp);
    }
}

/* The indications go on by themselves, beginning with the bytes that were refused. On another processor they may
 * have gone on already, and the next refusal may be waiting for this IRP. */
_Use_decl_annotations_
static NTSTATUS RearmComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&connection->Lock, &irql);
    connection->IsReceivePosted = FALSE;
    KeReleaseSpinLock(&connection->Lock, irql);
    GateConnectionAdvance(connection);
    GateConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
static NTSTATUS DisconnectComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    GateConnectionReport(connection, "WskDisconnect", NT_SUCCESS(Irp->IoStatus.Status) ? "finished" : "failed", 0);
    GateConnectionEnd(connection);
    GateConnectionRelease(connection);
    return STATUS_MORE_PROCESSING_REQUIRED;
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
        GateConnectionAdvance(connection);
    } else {
        GateConnectionAbort(connection);
    }
    GateConnectionRelease(connection);
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
        (void)Connection->Dispatch->WskSend(Connection->Socket, &buffer, 0, send->Irp);
    }
}

/* Reserves room for the sends of a list. TRUE: the caller is sending until GateConnectionSent. FALSE: too many are in
 * flight, or the connection is being reset, and the indication must be refused. A list that is longer than MaxSends
 * must get through as well, so it may pass when nothing is in flight. */
static BOOLEAN SendsReserve(_Inout_ PGATE_CONNECTION Connection, _In_ ULONG Count)
{
    BOOLEAN isRoom;
    ULONG inFlight;
    LONG most;
    KIRQL irql;

    KeAcquireSpinLock(&Connection->Lock, &irql);
    isRoom = !Connection->IsAborted && (Connection->SendsInFlight == 0 ||
                                        Connection->SendsInFlight + Count <= Connection->Device->Config.MaxSends);
    if (isRoom) {
        Connection->SendsInFlight += Count;
        Connection->IsSending = TRUE;
    }
    Connection->RefusedCount = isRoom ? 0 : Count;
    Connection->IsRearmed = FALSE;
    inFlight = Connection->SendsInFlight;
    KeReleaseSpinLock(&Connection->Lock, irql);

    do {
        most = ReadNoFence(&GateCounters.MostSendsInFlight);
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
        GateConnectionReport(connection, "WskReceiveEvent", "dead", 0);
        GateConnectionEnd(connection);
        return STATUS_SUCCESS;
    }
    if (!GateConnectionAcquire(connection)) {
        return STATUS_DATA_NOT_ACCEPTED; /* it is being closed */
    }

    for (PWSK_DATA_INDICATION element = DataIndication; element != NULL; element = element->Next) {
        count++;
    }
    if (!SendsReserve(connection, count)) {
        InterlockedIncrement(&GateCounters.Refusals);
        GateConnectionReport(connection, "WskReceiveEvent", "refused", BytesIndicated);
        /* A send in flight starts the indications again when it is complete; perhaps it just did. */
    } else if ((sends = SendsAllocate(connection, DataIndication)) == NULL) {
        SendsUnreserve(connection, count);
        GateConnectionReport(connection, "WskReceiveEvent", "no memory", BytesIndicated);
        GateConnectionAbort(connection);
        GateConnectionSent(connection);
    } else {
        InterlockedAdd64(&GateCounters.BytesReceived, (LONG64)BytesIndicated);
        GateConnectionReport(connection, "WskReceiveEvent", "echoed", BytesIndicated);
        SendsStart(connection, sends);
        GateConnectionSent(connection);
        status = STATUS_PENDING;
    }
    GateConnectionRelease(connection);
    return status;
}

_Use_decl_annotations_
static NTSTATUS WSKAPI DisconnectEvent(PVOID SocketContext, ULONG Flags)
{
    PGATE_CONNECTION connection = (PGATE_CONNECTION)SocketContext;
    KIRQL irql;

    if (!GateConnectionAcquire(connection)) {
        return STATUS_SUCCESS;
    }
    if (Flags & WSK_FLAG_ABORTIVE) {
        InterlockedIncrement(&GateCounters.ResetByPeer);
        GateConnectionReport(connection, "WskDisconnectEvent", "reset", 0);
        GateConnectionEnd(connection);
    } else {
        InterlockedIncrement(&GateCounters.EndedByPeer);
        GateConnectionReport(connection, "WskDisconnectEvent", "end", 0);
        KeAcquireSpinLock(&connection->Lock, &irql);
        connection->HasPeerEnded = TRUE;
        KeReleaseSpinLock(&connection->Lock, irql);
        GateConnectionAdvance(connection);
    }
    GateConnectionRelease(connection);
    return STATUS_SUCCESS;
}
