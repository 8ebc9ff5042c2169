/* SPDX-License-Identifier: MIT */
/* Proxy, the relay: how bytes, ends and resets go from one side of a session to the other. Both directions are alike.
 *
 * Bytes. WskReceiveEvent keeps what it is shown (STATUS_PENDING) and hands the very same MDLs to WskSend of the other side, one
 * send for each element of the list; an element is given back with WskRelease when its send is complete. Nothing is
 * copied. Indications of one connection come one after another, and sends go out in the order of the calls, so the order
 * of the bytes is kept.
 *
 * Back-pressure. When more than MaxBytesInFlight would be in flight the indication is refused (STATUS_DATA_NOT_ACCEPTED): WSK
 * keeps the bytes and stops indicating, TCP's window closes, and the sender has to wait. When enough has been sent a
 * WskReceive of length zero makes WSK show the bytes again. Before the target is connected everything is refused, in the
 * same way.
 *
 * The end. When a peer has finished and all that it has sent was passed on, the other side is finished too, by a graceful
 * WskDisconnect; the opposite direction goes on. A reset ends both directions at once. */
#include "proxy_private.h"

/* Bytes on their way: an element of an indication, and the send that carries it. */
typedef struct _PROXY_SEND {
    PROXY_REQUEST Request;
    PPROXY_SIDE From;
    PWSK_DATA_INDICATION Indication; /* ours until WskRelease */
    SIZE_T Length;
    struct _PROXY_SEND *Next;
} PROXY_SEND, *PPROXY_SEND;

CONST SIZE_T ProxySendSize = sizeof(PROXY_SEND);

static IO_COMPLETION_ROUTINE SendComplete;
static IO_COMPLETION_ROUTINE ResumeComplete;
static IO_COMPLETION_ROUTINE FinishComplete;

_IRQL_requires_max_(DISPATCH_LEVEL)
static NTSTATUS WSKAPI ReceiveEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags,
                                    _In_opt_ PWSK_DATA_INDICATION DataIndication, _In_ SIZE_T BytesIndicated,
                                    _Inout_ SIZE_T *BytesAccepted);
_IRQL_requires_max_(DISPATCH_LEVEL)
static NTSTATUS WSKAPI DisconnectEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags);

CONST WSK_CLIENT_CONNECTION_DISPATCH ProxySideDispatch = { ReceiveEvent, DisconnectEvent, NULL };

/*
 * What to do next: ask for what was refused, or pass on the end.
 */
_Use_decl_annotations_
VOID ProxyRelayAdvance(PPROXY_SIDE Side)
{
    PPROXY_SESSION session = Side->Session;
    SIZE_T max = session->Device->Config.MaxBytesInFlight;
    BOOLEAN mustResume = FALSE;
    BOOLEAN mustFinish = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&session->Lock, &irql);
    if (session->State != ProxyRelaying) {
        /* Too early, or too late. */
    } else if (Side->BytesRefused != 0) {
        /* Not before the same bytes could be taken: else they would be shown and refused again and again. */
        mustResume = !Side->IsResumed && !Side->IsResumePosted &&
                     (Side->BytesInFlight == 0 ||
                      (Side->BytesInFlight <= max / 2 && Side->BytesInFlight + Side->BytesRefused <= max));
    } else {
        mustFinish = Side->HasEnded && !Side->IsFinishPosted && Side->BytesInFlight == 0;
    }
    if (mustResume) {
        Side->IsResumed = TRUE;
        Side->IsResumePosted = TRUE;
        InterlockedIncrement(&session->Uses);
    }
    if (mustFinish) {
        Side->IsFinishPosted = TRUE;
        InterlockedIncrement(&session->Uses);
    }
    KeReleaseSpinLock(&session->Lock, irql);

    if (mustResume) {
        /* A receive that WSK gets while the callback that refuses is still on its way back waits for the answer. */
        WSK_BUF nothing = { NULL, 0, 0 };

        (void)Side->Dispatch->WskReceive(Side->Socket, &nothing, 0,
                                         ProxyRequestPrepare(&Side->Resume, ResumeComplete, Side));
    }
    if (mustFinish) {
        (void)Side->Other->Dispatch->WskDisconnect(Side->Other->Socket, NULL, 0,
                                                   ProxyRequestPrepare(&Side->Finish, FinishComplete, Side));
    }
}

/* The bytes are shown again by themselves. On another processor they may have been shown and refused already, and that
 * refusal waits for this request. */
_Use_decl_annotations_
static NTSTATUS ResumeComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPROXY_SIDE side = (PPROXY_SIDE)Context;
    PPROXY_SESSION session = side->Session;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp); /* a failure is followed by WskDisconnectEvent, or by the end that caused it */
    KeAcquireSpinLock(&session->Lock, &irql);
    side->IsResumePosted = FALSE;
    KeReleaseSpinLock(&session->Lock, irql);
    ProxyRelayAdvance(side);
    ProxySessionRelease(session);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
static NTSTATUS FinishComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPROXY_SIDE side = (PPROXY_SIDE)Context;
    PPROXY_SESSION session = side->Session;
    BOOLEAN isLast;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeAcquireSpinLock(&session->Lock, &irql);
    side->IsFinished = TRUE;
    isLast = side->Other->IsFinished;
    KeReleaseSpinLock(&session->Lock, irql);
    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        ProxySessionAbort(session, &ProxyCounters.Aborted);
    } else if (isLast) {
        ProxySessionFinish(session);
    }
    ProxySessionRelease(session);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * Room. Bytes are in flight from the moment in which they are admitted.
 */
static VOID CounterRaise(_Inout_ volatile LONG64 *Most, _In_ SIZE_T Value)
{
    LONG64 most;

    do {
        most = ReadNoFence64(Most);
    } while ((LONG64)Value > most && InterlockedCompareExchange64(Most, (LONG64)Value, most) != most);
}

/* TRUE: the caller is a sender until ProxySessionSent. FALSE: the indication must be refused. One that is larger than the
 * limit must get through as well, so it may pass alone. */
static BOOLEAN RelayAdmit(_Inout_ PPROXY_SIDE Side, _In_ SIZE_T Bytes)
{
    PPROXY_SESSION session = Side->Session;
    SIZE_T max = session->Device->Config.MaxBytesInFlight;
    BOOLEAN isRoom;
    SIZE_T inFlight;
    KIRQL irql;

    KeAcquireSpinLock(&session->Lock, &irql);
    isRoom = session->State == ProxyRelaying &&
             (Side->BytesInFlight == 0 || (Bytes <= max && Side->BytesInFlight <= max - Bytes));
    if (isRoom) {
        Side->BytesInFlight += Bytes;
        session->Senders++;
    }
    Side->BytesRefused = isRoom ? 0 : Bytes;
    Side->IsResumed = FALSE;
    inFlight = Side->BytesInFlight;
    KeReleaseSpinLock(&session->Lock, irql);
    CounterRaise(&ProxyCounters.MostBytesInFlight, inFlight);
    return isRoom;
}

/* There was room, but no memory for the sends. FALSE: nothing is in flight whose completion would ask again. */
static BOOLEAN RelayPostpone(_Inout_ PPROXY_SIDE Side, _In_ SIZE_T Bytes)
{
    PPROXY_SESSION session = Side->Session;
    BOOLEAN isInFlight;
    KIRQL irql;

    KeAcquireSpinLock(&session->Lock, &irql);
    Side->BytesInFlight -= Bytes;
    Side->BytesRefused = Bytes;
    isInFlight = Side->BytesInFlight != 0;
    KeReleaseSpinLock(&session->Lock, irql);
    return isInFlight;
}

/*
 * Sends.
 */
static VOID SendsFree(_In_ PPROXY_DEVICE Device, _In_opt_ PPROXY_SEND First)
{
    while (First != NULL) {
        PPROXY_SEND send = First;

        First = send->Next;
        ExFreeToNPagedLookasideList(&Device->Sends, send);
    }
}

/* One send for each element of the list, in the same order, or none at all (NULL). */
static PPROXY_SEND SendsAllocate(_In_ PPROXY_SIDE From, _In_ PWSK_DATA_INDICATION List)
{
    PPROXY_DEVICE device = From->Session->Device;
    PPROXY_SEND first = NULL;
    PPROXY_SEND *link = &first;

    for (PWSK_DATA_INDICATION element = List; element != NULL; element = element->Next) {
        PPROXY_SEND send = ExAllocateFromNPagedLookasideList(&device->Sends);

        if (send == NULL) {
            SendsFree(device, first);
            return NULL;
        }
        ProxyRequestInitialize(&send->Request);
        send->From = From;
        send->Indication = element;
        send->Length = element->Buffer.Length;
        send->Next = NULL;
        *link = send;
        link = &send->Next;
    }
    return first;
}

/* A send may be complete, and its element gone, before WskSend returns: so everything is read before the call. The last
 * bytes of a message are not held back for more to come. */
static VOID SendsStart(_In_ PPROXY_SIDE From, _In_ PPROXY_SEND First, _In_ BOOLEAN IsEntireMessage)
{
    PPROXY_SIDE to = From->Other;

    while (First != NULL) {
        PPROXY_SEND send = First;
        WSK_BUF buffer = send->Indication->Buffer;

        First = send->Next;
        send->Indication->Next = NULL; /* given back alone */
        InterlockedIncrement(&From->Session->Uses);
        (void)to->Dispatch->WskSend(to->Socket, &buffer, First == NULL && IsEntireMessage ? WSK_FLAG_NODELAY : 0,
                                    ProxyRequestPrepare(&send->Request, SendComplete, send));
    }
}

_Use_decl_annotations_
static NTSTATUS SendComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPROXY_SEND send = (PPROXY_SEND)Context;
    PPROXY_SIDE side = send->From;
    PPROXY_SESSION session = side->Session;
    SIZE_T length = send->Length;
    BOOLEAN isSent = NT_SUCCESS(Irp->IoStatus.Status);
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    (void)side->Dispatch->WskRelease(side->Socket, send->Indication);
    ExFreeToNPagedLookasideList(&session->Device->Sends, send); /* with the IRP */

    KeAcquireSpinLock(&session->Lock, &irql);
    side->BytesInFlight -= length;
    KeReleaseSpinLock(&session->Lock, irql);
    if (isSent) {
        InterlockedAdd64(side->BytesPassedOn, (LONG64)length);
        ProxyRelayAdvance(side);
    } else {
        ProxySessionAbort(session, &ProxyCounters.Aborted);
    }
    ProxySessionRelease(session);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * Events.
 */
_Use_decl_annotations_
static NTSTATUS WSKAPI ReceiveEvent(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                    SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    PPROXY_SIDE side = (PPROXY_SIDE)SocketContext;
    PPROXY_SESSION session = side->Session;
    NTSTATUS status = STATUS_DATA_NOT_ACCEPTED;
    PPROXY_SEND sends;

    UNREFERENCED_PARAMETER(BytesAccepted);
    if (!ProxySessionAcquire(session)) {
        return STATUS_DATA_NOT_ACCEPTED; /* it is ending */
    }
    if (DataIndication == NULL) {
        ProxySessionAbort(session, &ProxyCounters.Aborted); /* the socket is dead */
        status = STATUS_SUCCESS;
    } else if (!RelayAdmit(side, BytesIndicated)) {
        /* A send in flight, or the connect, asks for the bytes again when it is complete; perhaps it just did. */
    } else {
        if ((sends = SendsAllocate(side, DataIndication)) != NULL) {
            SendsStart(side, sends, (Flags & WSK_FLAG_ENTIRE_MESSAGE) != 0);
            status = STATUS_PENDING;
        } else if (!RelayPostpone(side, BytesIndicated)) {
            ProxySessionAbort(session, &ProxyCounters.Aborted);
        }
        ProxySessionSent(session);
    }
    if (status == STATUS_DATA_NOT_ACCEPTED) {
        InterlockedIncrement(&ProxyCounters.Refusals);
    }
    ProxySessionRelease(session);
    return status;
}

_Use_decl_annotations_
static NTSTATUS WSKAPI DisconnectEvent(PVOID SocketContext, ULONG Flags)
{
    PPROXY_SIDE side = (PPROXY_SIDE)SocketContext;
    PPROXY_SESSION session = side->Session;
    KIRQL irql;

    if (!ProxySessionAcquire(session)) {
        return STATUS_SUCCESS;
    }
    if (Flags & WSK_FLAG_ABORTIVE) {
        ProxySessionAbort(session, &ProxyCounters.Aborted);
    } else {
        KeAcquireSpinLock(&session->Lock, &irql);
        side->HasEnded = TRUE;
        KeReleaseSpinLock(&session->Lock, irql);
        ProxyRelayAdvance(side);
    }
    ProxySessionRelease(session);
    return STATUS_SUCCESS;
}
