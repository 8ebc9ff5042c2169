/* SPDX-License-Identifier: MIT */
/* Proxy, a session: how it begins, its uses, and how it ends.
 *
 *   connecting ---- WskSocketConnect has succeeded ------------------> relaying
 *   connecting ---- it has failed: the client is reset --------------> ending
 *   connecting ---- the client has gone, or unload: cancel ----------> ending
 *   relaying ------ both have finished, and both ends are sent ------> ending
 *   relaying ------ one has reset, a send has failed, or unload -----> ending, both connections are reset
 *
 * Why an abort resets both connections before it closes them: the sends of one socket hold the indications of the other,
 * and a socket must not be closed before its indications have come back. WskDisconnect with WSK_FLAG_ABORTIVE cancels the
 * sends, their completion gives the indications back, and then both sockets can be closed.
 *
 * Why it waits for senders: nothing may be sent after WskDisconnect, and a callback on another processor may just have
 * decided to send. */
#include "proxy_private.h"

static IO_COMPLETION_ROUTINE ConnectComplete;
static IO_COMPLETION_ROUTINE AbortComplete;
static IO_COMPLETION_ROUTINE CloseComplete;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, ProxySessionsStop)
#endif

/*
 * Uses.
 */
_Use_decl_annotations_
BOOLEAN ProxySessionAcquire(PPROXY_SESSION Session)
{
    BOOLEAN isOpen;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    isOpen = Session->State != ProxyEnding;
    if (isOpen) {
        InterlockedIncrement(&Session->Uses);
    }
    KeReleaseSpinLock(&Session->Lock, irql);
    return isOpen;
}

static VOID SideClose(_Inout_ PPROXY_SIDE Side)
{
    if (Side->Socket != NULL) {
        (void)Side->Dispatch->WskCloseSocket(Side->Socket, ProxyRequestPrepare(&Side->Close, CloseComplete, Side));
    }
}

_Use_decl_annotations_
VOID ProxySessionRelease(PPROXY_SESSION Session)
{
    PPROXY_SIDE client = &Session->Client;
    PPROXY_SIDE target = &Session->Target;

    if (InterlockedDecrement(&Session->Uses) == 0) {
        /* Nobody else uses the sockets any more. When both are closed the session is gone, so it is not touched after
         * the last call. */
        Session->SocketsToClose = target->Socket != NULL ? 2 : 1;
        SideClose(target);
        SideClose(client);
    }
}

_Use_decl_annotations_
static NTSTATUS CloseComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPROXY_SESSION session = ((PPROXY_SIDE)Context)->Session;
    PPROXY_DEVICE device = session->Device;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    if (InterlockedDecrement(&session->SocketsToClose) == 0) {
        KeAcquireSpinLock(&device->Lock, &irql);
        RemoveEntryList(&session->Entry);
        ExFreePoolWithTag(session, PROXY_TAG_SESSION); /* with all its requests, this one included */
        device->SessionCount--;
        if (device->IsStopping && device->SessionCount == 0) {
            KeSetEvent(&device->NoSessions, IO_NO_INCREMENT, FALSE);
        }
        KeReleaseSpinLock(&device->Lock, irql);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * The two ways to end.
 */
_Use_decl_annotations_
VOID ProxySessionFinish(PPROXY_SESSION Session)
{
    BOOLEAN isFirst;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    isFirst = Session->State == ProxyRelaying;
    Session->State = ProxyEnding;
    KeReleaseSpinLock(&Session->Lock, irql);
    if (isFirst) {
        InterlockedIncrement(&ProxyCounters.Finished);
        ProxySessionRelease(Session);
    }
}

static VOID SideAbort(_Inout_ PPROXY_SIDE Side)
{
    InterlockedIncrement(&Side->Session->Uses);
    (void)Side->Dispatch->WskDisconnect(Side->Socket, NULL, WSK_FLAG_ABORTIVE,
                                        ProxyRequestPrepare(&Side->Abort, AbortComplete, Side));
}

_Use_decl_annotations_
static NTSTATUS AbortComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    ProxySessionRelease(((PPROXY_SIDE)Context)->Session);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Both connections, and the session's own use. */
static VOID SessionReset(_Inout_ PPROXY_SESSION Session)
{
    SideAbort(&Session->Target);
    SideAbort(&Session->Client);
    ProxySessionRelease(Session);
}

_Use_decl_annotations_
VOID ProxySessionAbort(PPROXY_SESSION Session, volatile LONG *Reason)
{
    PROXY_STATE previous;
    BOOLEAN isLater = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    previous = Session->State;
    if (previous != ProxyEnding) {
        Session->State = ProxyEnding;
        isLater = Session->Senders != 0;
        Session->IsResetOwed = isLater;
    }
    KeReleaseSpinLock(&Session->Lock, irql);
    if (previous == ProxyEnding) {
        return;
    }
    InterlockedIncrement(Reason);
    if (previous == ProxyConnecting) {
        /* Pending, completed or not sent yet: TargetConnect does not prepare it any more, so the cancel is not lost. */
        IoCancelIrp(&Session->Connect.Irp);
        SideAbort(&Session->Client);
        ProxySessionRelease(Session);
    } else if (!isLater) {
        SessionReset(Session);
    }
}

_Use_decl_annotations_
VOID ProxySessionSent(PPROXY_SESSION Session)
{
    BOOLEAN isOwed;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    Session->Senders--;
    isOwed = Session->IsResetOwed && Session->Senders == 0;
    if (isOwed) {
        Session->IsResetOwed = FALSE;
    }
    KeReleaseSpinLock(&Session->Lock, irql);
    if (isOwed) {
        SessionReset(Session);
    }
}

/*
 * The target.
 */

/* The IRP is prepared under the lock under which the session is given up: IoReuseIrp would forget a cancel. */
static VOID TargetConnect(_Inout_ PPROXY_SESSION Session)
{
    CONST WSK_PROVIDER_NPI *provider = &Session->Device->Provider;
    PSOCKADDR target = (PSOCKADDR)&Session->Device->Config.TargetAddress;
    SOCKADDR_STORAGE any;
    PIRP irp = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    if (Session->State == ProxyConnecting) {
        InterlockedIncrement(&Session->Uses);
        irp = ProxyRequestPrepare(&Session->Connect, ConnectComplete, Session);
    }
    KeReleaseSpinLock(&Session->Lock, irql);

    if (irp != NULL) {
        RtlZeroMemory(&any, sizeof(any)); /* any address, any port */
        any.ss_family = target->sa_family;
        (void)provider->Dispatch->WskSocketConnect(provider->Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&any, target,
                                                   0, &Session->Target, &ProxySideDispatch, NULL, NULL, NULL, irp);
    }
}

/* Both are here, if the session was not given up meanwhile. Events of a connection that was not accepted can be enabled only
 * now; what has come before is shown then. */
static VOID TargetConnected(_Inout_ PPROXY_SESSION Session)
{
    PPROXY_SIDE target = &Session->Target;
    WSK_EVENT_CALLBACK_CONTROL events = { (PNPIID)&NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT };
    BOOLEAN isRelaying;
    KIRQL irql;

    KeAcquireSpinLock(&Session->Lock, &irql);
    isRelaying = Session->State == ProxyConnecting;
    if (isRelaying) {
        Session->State = ProxyRelaying;
    }
    KeReleaseSpinLock(&Session->Lock, irql);

    if (!isRelaying) {
        return;
    }
    if (NT_SUCCESS(target->Dispatch->WskControlSocket(target->Socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                                      sizeof(events), &events, 0, NULL, NULL, NULL))) {
        ProxyRelayAdvance(&Session->Client);
    } else {
        ProxySessionAbort(Session, &ProxyCounters.Aborted);
    }
}

/* A success may come although the connect was cancelled: then there is a socket, which the last use closes. */
_Use_decl_annotations_
static NTSTATUS ConnectComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PPROXY_SESSION session = (PPROXY_SESSION)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Irp->IoStatus.Status)) {
        session->Target.Socket = (PWSK_SOCKET)Irp->IoStatus.Information;
        session->Target.Dispatch = (CONST WSK_PROVIDER_CONNECTION_DISPATCH *)session->Target.Socket->Dispatch;
        TargetConnected(session);
    } else {
        ProxySessionAbort(session, &ProxyCounters.Failed);
    }
    ProxySessionRelease(session);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * A new client.
 */
static VOID SideInitialize(_Out_ PPROXY_SIDE Side, _In_ PPROXY_SESSION Session, _In_ PPROXY_SIDE Other,
                           _In_ volatile LONG64 *BytesPassedOn)
{
    Side->Session = Session;
    Side->Other = Other;
    Side->BytesPassedOn = BytesPassedOn;
    ProxyRequestInitialize(&Side->Resume);
    ProxyRequestInitialize(&Side->Finish);
    ProxyRequestInitialize(&Side->Abort);
    ProxyRequestInitialize(&Side->Close);
}

static PPROXY_SESSION SessionCreate(_In_ PPROXY_DEVICE Device, _In_ PWSK_SOCKET AcceptSocket)
{
    PPROXY_SESSION session = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*session), PROXY_TAG_SESSION);

    if (session != NULL) {
        session->Device = Device;
        session->State = ProxyConnecting;
        session->Uses = 1;
        KeInitializeSpinLock(&session->Lock);
        ProxyRequestInitialize(&session->Connect);
        SideInitialize(&session->Client, session, &session->Target, &ProxyCounters.BytesToTarget);
        SideInitialize(&session->Target, session, &session->Client, &ProxyCounters.BytesToClient);
        session->Client.Socket = AcceptSocket;
        session->Client.Dispatch = (CONST WSK_PROVIDER_CONNECTION_DISPATCH *)AcceptSocket->Dispatch;
    }
    return session;
}

/* FALSE: the driver is stopping, or there are too many sessions. */
static BOOLEAN SessionInsert(_Inout_ PPROXY_DEVICE Device, _Inout_ PPROXY_SESSION Session)
{
    BOOLEAN isIn;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    isIn = !Device->IsStopping && Device->SessionCount < Device->Config.MaxSessions;
    if (isIn) {
        InsertTailList(&Device->Sessions, &Session->Entry);
        Device->SessionCount++;
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return isIn;
}

_Use_decl_annotations_
NTSTATUS WSKAPI ProxyAcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    PPROXY_DEVICE device = (PPROXY_DEVICE)SocketContext;
    PPROXY_SESSION session;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    if (AcceptSocket == NULL) {
        ProxyListenerClose(device);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    session = SessionCreate(device, AcceptSocket);
    if (session == NULL || !SessionInsert(device, session)) {
        if (session != NULL) {
            ExFreePoolWithTag(session, PROXY_TAG_SESSION);
        }
        InterlockedIncrement(&ProxyCounters.TurnedAway);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    InterlockedIncrement(&ProxyCounters.Sessions);
    *AcceptSocketContext = &session->Client;
    *AcceptSocketDispatch = &ProxySideDispatch;
    TargetConnect(session);
    return STATUS_SUCCESS;
}

/*
 * Unload.
 */
static PPROXY_SESSION SessionNextToAbort(_Inout_ PPROXY_DEVICE Device)
{
    PPROXY_SESSION found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    for (PLIST_ENTRY entry = Device->Sessions.Flink; entry != &Device->Sessions && found == NULL;
         entry = entry->Flink) {
        PPROXY_SESSION session = CONTAINING_RECORD(entry, PROXY_SESSION, Entry);

        if (ProxySessionAcquire(session)) {
            found = session;
        }
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return found;
}

_Use_decl_annotations_
VOID ProxySessionsStop(PPROXY_DEVICE Device)
{
    PPROXY_SESSION session;
    BOOLEAN mustWait;
    KIRQL irql;

    PAGED_CODE();
    KeAcquireSpinLock(&Device->Lock, &irql);
    Device->IsStopping = TRUE;
    mustWait = Device->SessionCount != 0;
    KeReleaseSpinLock(&Device->Lock, irql);

    while ((session = SessionNextToAbort(Device)) != NULL) {
        ProxySessionAbort(session, &ProxyCounters.Aborted);
        ProxySessionRelease(session);
    }
    if (mustWait) {
        KeWaitForSingleObject(&Device->NoSessions, Executive, KernelMode, FALSE, NULL);
    }
}
