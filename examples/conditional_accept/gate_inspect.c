/* SPDX-License-Identifier: MIT */
/* Gate, the decision about each client: at once by rules, or later by an authority that takes its time.
 *
 * A client that is kept waiting has a record, GATE_REQUEST, on the device's list. Its timer stands for the question
 * that was sent to the authority; when it fires, a DPC queues a work item, and the work item gives the verdict with
 * WskInspectComplete.
 *
 * The record leaves the list when the request is over: the verdict was no, the client gave up (WskAbortEvent), or it
 * came in (WskAcceptEvent). Each of these may run at the same time as the verdict on another processor, so the list,
 * the timer chain and the verdict IRP have a reference each, and the last of them frees the record. */
#include "gate_private.h"

typedef struct _GATE_REQUEST {
    LIST_ENTRY Entry;
    BOOLEAN IsListed; /* guarded by the device's lock */
    volatile LONG References;
    PGATE_DEVICE Device;
    PGATE_LISTENER Listener;
    WSK_INSPECT_ID InspectId; /* our copy: the pointer is good only during the callback */
    SOCKADDR_STORAGE Remote;
    KTIMER Timer;
    KDPC Dpc;
    PIO_WORKITEM WorkItem;
    PIRP Irp;
    WSK_INSPECT_ACTION Verdict;
} GATE_REQUEST, *PGATE_REQUEST;

static KDEFERRED_ROUTINE AuthorityAnswered;
static IO_WORKITEM_ROUTINE GiveVerdict;
static IO_COMPLETION_ROUTINE VerdictComplete;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, GateInspectStop)
#endif

/*
 * Records.
 */
static VOID RequestFree(_In_ PGATE_REQUEST Request)
{
    if (Request->Irp != NULL) {
        IoFreeIrp(Request->Irp);
    }
    if (Request->WorkItem != NULL) {
        IoFreeWorkItem(Request->WorkItem);
    }
    ExFreePoolWithTag(Request, GATE_TAG);
}

static VOID RequestRelease(_In_ PGATE_REQUEST Request)
{
    PGATE_DEVICE device = Request->Device;

    if (InterlockedDecrement(&Request->References) == 0) {
        RequestFree(Request);
        GateRundownRelease(&device->RequestRundown);
    }
}

/* Everything that the verdict will need is allocated here: later it would be too late to fail. */
static PGATE_REQUEST RequestAllocate(_In_ PGATE_LISTENER Listener, _In_ CONST SOCKADDR *Remote,
                                     _In_ CONST WSK_INSPECT_ID *InspectId)
{
    PGATE_REQUEST request = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*request), GATE_TAG);

    if (request == NULL) {
        return NULL;
    }
    request->Device = Listener->Device;
    request->Listener = Listener;
    request->InspectId = *InspectId;
    RtlCopyMemory(&request->Remote, Remote, Remote->sa_family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN));
    KeInitializeTimer(&request->Timer);
    KeInitializeDpc(&request->Dpc, AuthorityAnswered, request);
    request->WorkItem = IoAllocateWorkItem(Listener->Device->DeviceObject);
    request->Irp = IoAllocateIrp(1, FALSE);
    if (request->WorkItem == NULL || request->Irp == NULL) {
        RequestFree(request);
        return NULL;
    }
    request->References = 2; /* the list, the timer */
    return request;
}

/* Takes the request off the list, if it is still there. The caller owns the list's reference then. */
static BOOLEAN RequestUnlist(_In_ PGATE_REQUEST Request)
{
    PGATE_DEVICE device = Request->Device;
    BOOLEAN wasListed;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    wasListed = Request->IsListed;
    if (wasListed) {
        Request->IsListed = FALSE;
        RemoveEntryList(&Request->Entry);
        device->RequestCount--;
    }
    KeReleaseSpinLock(&device->Lock, irql);
    return wasListed;
}

/* Finds a request by its id, members compared one by one, and takes it off the list. */
static PGATE_REQUEST RequestTake(_Inout_ PGATE_DEVICE Device, _In_ CONST WSK_INSPECT_ID *InspectId)
{
    PGATE_REQUEST found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    for (entry = Device->Requests.Flink; entry != &Device->Requests; entry = entry->Flink) {
        PGATE_REQUEST request = CONTAINING_RECORD(entry, GATE_REQUEST, Entry);

        if (request->InspectId.Key == InspectId->Key && request->InspectId.SerialNumber == InspectId->SerialNumber) {
            request->IsListed = FALSE;
            RemoveEntryList(&request->Entry);
            Device->RequestCount--;
            found = request;
            break;
        }
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return found;
}

/* Ends a request that was taken off the list, with its timer if that has not fired. */
static VOID RequestDrop(_In_ PGATE_REQUEST Request)
{
    if (KeCancelTimer(&Request->Timer)) {
        RequestRelease(Request);
    }
    RequestRelease(Request);
}

/* Lists the request and sends the question to the authority. */
static BOOLEAN RequestStart(_Inout_ PGATE_REQUEST Request)
{
    PGATE_DEVICE device = Request->Device;
    LARGE_INTEGER dueTime;
    BOOLEAN isStarted = FALSE;
    KIRQL irql;

    dueTime.QuadPart = -(LONGLONG)(device->Config.AuthorityDelayMs * (GATE_SECOND_100NS / 1000));
    KeAcquireSpinLock(&device->Lock, &irql);
    if (!device->IsStopping && device->RequestCount < device->Config.MaxRequests) {
        GateRundownAcquire(&device->RequestRundown);
        InsertTailList(&device->Requests, &Request->Entry);
        device->RequestCount++;
        Request->IsListed = TRUE;
        KeSetTimer(&Request->Timer, dueTime, &Request->Dpc);
        isStarted = TRUE;
    }
    KeReleaseSpinLock(&device->Lock, irql);
    return isStarted;
}

/*
 * The first look at a client, in WskInspectEvent.
 */
static GATE_ACTION AdmissionDecide(_Inout_ PGATE_DEVICE Device, _In_ CONST SOCKADDR *Remote, _Out_ PCSTR *Result)
{
    CONST GATE_CONFIG *config = &Device->Config;
    GATE_ACTION action;
    BOOLEAN isStopping;
    BOOLEAN isInTime = TRUE;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    isStopping = Device->IsStopping;
    action = GatePolicyDecide(&Device->Admission, Remote);
    if (action != GateReject && config->RatePerSecond != 0) {
        isInTime = GateBucketTake(&Device->Bucket, config->RatePerSecond, config->Burst, KeQueryInterruptTime());
    }
    KeReleaseSpinLock(&Device->Lock, irql);

    if (isStopping) {
        *Result = "reject (stopping)";
        return GateReject;
    }
    if (!isInTime) {
        InterlockedIncrement(&GateCounters.RateLimited);
        *Result = "reject (too many)";
        return GateReject;
    }
    *Result = action == GateAccept ? "accept" : action == GateReject ? "reject (rule)" : "pend";
    return action;
}

_Use_decl_annotations_
WSK_INSPECT_ACTION WSKAPI GateInspectEvent(PVOID SocketContext, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                           PWSK_INSPECT_ID InspectID)
{
    PGATE_LISTENER listener = (PGATE_LISTENER)SocketContext;
    PGATE_REQUEST request;
    GATE_ACTION action;
    PCSTR result;

    UNREFERENCED_PARAMETER(LocalAddress);
    if (InspectID == NULL) {
        GateListenerDied(listener);
        return WskInspectReject;
    }

    InterlockedIncrement(&GateCounters.Inspected);
    action = AdmissionDecide(listener->Device, RemoteAddress, &result);
    if (action == GateAsk) {
        /* The record must be complete before the return: the client may give up at that very moment. */
        request = RequestAllocate(listener, RemoteAddress, InspectID);
        if (request == NULL || !RequestStart(request)) {
            action = GateReject;
            result = "reject (full)";
        }
        if (request != NULL && action == GateReject) {
            RequestFree(request);
        }
    }

    GateReport("WskInspectEvent", result, InspectID, GateAddressPort(RemoteAddress), 0);
    switch (action) {
    case GateAccept:
        InterlockedIncrement(&GateCounters.AcceptedAtOnce);
        return WskInspectAccept;
    case GateAsk:
        InterlockedIncrement(&GateCounters.Pended);
        return WskInspectPend;
    default:
        InterlockedIncrement(&GateCounters.RejectedAtOnce);
        return WskInspectReject;
    }
}

/*
 * The authority's answer.
 */
_Use_decl_annotations_
static VOID AuthorityAnswered(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PGATE_REQUEST request = (PGATE_REQUEST)DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    /* The timer's reference goes on to the work item. */
    IoQueueWorkItem(request->WorkItem, GiveVerdict, DelayedWorkQueue, request);
}

/* Asks the authority, and takes the right to give the verdict. FALSE: the request or the listener has ended. */
static BOOLEAN VerdictBegin(_Inout_ PGATE_REQUEST Request)
{
    PGATE_DEVICE device = Request->Device;
    BOOLEAN isWanted;
    KIRQL irql;

    KeAcquireSpinLock(&device->Lock, &irql);
    isWanted = Request->IsListed && !Request->Listener->IsClosing;
    if (isWanted) {
        Request->Verdict = GatePolicyDecide(&device->Authority, (PSOCKADDR)&Request->Remote) == GateAccept
                               ? WskInspectAccept
                               : WskInspectReject;
        GateRundownAcquire(&Request->Listener->Verdicts);
    }
    KeReleaseSpinLock(&device->Lock, irql);
    return isWanted;
}

_Use_decl_annotations_
static VOID GiveVerdict(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PGATE_REQUEST request = (PGATE_REQUEST)Context;
    PGATE_LISTENER listener = request->Listener;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (VerdictBegin(request)) {
        BOOLEAN isAccept = request->Verdict == WskInspectAccept;

        InterlockedIncrement(isAccept ? &GateCounters.AcceptedLater : &GateCounters.RejectedLater);
        GateReport("authority", isAccept ? "accept" : "reject", &request->InspectId,
                   GateAddressPort((PSOCKADDR)&request->Remote), 0);

        InterlockedIncrement(&request->References); /* the IRP's */
        IoSetCompletionRoutine(request->Irp, VerdictComplete, request, TRUE, TRUE, TRUE);
        (void)listener->Dispatch->WskInspectComplete(listener->Socket, &request->InspectId, request->Verdict,
                                                     request->Irp);
        GateRundownRelease(&listener->Verdicts);
    }
    RequestRelease(request);
}

/* After a yes the record stays, until the client is in or has given up. */
_Use_decl_annotations_
static NTSTATUS VerdictComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PGATE_REQUEST request = (PGATE_REQUEST)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if ((request->Verdict == WskInspectReject || !NT_SUCCESS(Irp->IoStatus.Status)) && RequestUnlist(request)) {
        RequestRelease(request);
    }
    RequestRelease(request);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * The end of a request.
 */
_Use_decl_annotations_
NTSTATUS WSKAPI GateAbortEvent(PVOID SocketContext, PWSK_INSPECT_ID InspectID)
{
    PGATE_LISTENER listener = (PGATE_LISTENER)SocketContext;
    PGATE_REQUEST request = RequestTake(listener->Device, InspectID);
    USHORT port = 0;

    /* No record: the client was accepted at once, or the unload has dropped it already. */
    InterlockedIncrement(&GateCounters.Aborted);
    if (request != NULL) {
        port = GateAddressPort((PSOCKADDR)&request->Remote);
        RequestDrop(request);
    }
    GateReport("WskAbortEvent", request != NULL ? "record dropped" : "nothing to drop", InspectID, port, 0);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID GateRequestForget(PGATE_DEVICE Device, CONST WSK_INSPECT_ID *InspectId)
{
    PGATE_REQUEST request = RequestTake(Device, InspectId);

    if (request != NULL) {
        RequestDrop(request);
    }
}

/* The first request of the list, taken off it; NULL when there is none. */
static PGATE_REQUEST RequestTakeFirst(_Inout_ PGATE_DEVICE Device)
{
    PGATE_REQUEST request = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    Device->IsStopping = TRUE;
    if (!IsListEmpty(&Device->Requests)) {
        request = CONTAINING_RECORD(RemoveHeadList(&Device->Requests), GATE_REQUEST, Entry);
        request->IsListed = FALSE;
        Device->RequestCount--;
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return request;
}

_Use_decl_annotations_
VOID GateInspectStop(PGATE_DEVICE Device)
{
    PGATE_REQUEST request;

    PAGED_CODE();
    while ((request = RequestTakeFirst(Device)) != NULL) {
        RequestDrop(request);
    }
    GateRundownWait(&Device->RequestRundown);
}
