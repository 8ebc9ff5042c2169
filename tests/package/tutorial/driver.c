/* SPDX-License-Identifier: MIT */
/* Doorman: listens on TCP port 7000 and lets clients in while its door is open. */
#include <ntddk.h>
#include <wsk.h>

BOOLEAN DoorIsOpen;

/* The callback that we are going to test: WSK asks it about every client, before the connection exists. */
static WSK_INSPECT_ACTION WSKAPI InspectEvent(PVOID Context, PSOCKADDR Local, PSOCKADDR Remote, PWSK_INSPECT_ID Id)
{
    return DoorIsOpen ? WskInspectAccept : WskInspectReject;
}

/* A client that was let in has given up before it was in. */
static NTSTATUS WSKAPI AbortEvent(PVOID Context, PWSK_INSPECT_ID Id)
{
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static const WSK_CLIENT_LISTEN_DISPATCH ListenDispatch = { NULL, InspectEvent, AbortEvent };
static WSK_REGISTRATION Registration;
static WSK_PROVIDER_NPI Provider;
static PWSK_SOCKET Listener;

/* One IRP for one request after another, each of which is waited for. */
static PIRP Irp;
static KEVENT Done;

static NTSTATUS RequestDone(PDEVICE_OBJECT DeviceObject, PIRP DoneIrp, PVOID Context)
{
    KeSetEvent(&Done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP Request(VOID)
{
    IoReuseIrp(Irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(Irp, RequestDone, NULL, TRUE, TRUE, TRUE);
    return Irp;
}

static NTSTATUS Wait(NTSTATUS CallStatus)
{
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    return Irp->IoStatus.Status;
}

/* Conditional accept is asked for before the bind, because the bind makes the socket listen. */
static NTSTATUS Listen(VOID)
{
    SOCKADDR_IN address = { AF_INET, RtlUshortByteSwap(7000) };
    const WSK_PROVIDER_LISTEN_DISPATCH *dispatch;
    ULONG isConditional = 1;
    NTSTATUS status;

    status =
        Wait(Provider.Dispatch->WskSocket(Provider.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET,
                                          NULL, &ListenDispatch, NULL, NULL, NULL, Request()));
    if (NT_SUCCESS(status)) {
        Listener = (PWSK_SOCKET)Irp->IoStatus.Information;
        dispatch = Listener->Dispatch;
        status = Wait(dispatch->WskControlSocket(Listener, WskSetOption, SO_CONDITIONAL_ACCEPT, SOL_SOCKET,
                                                 sizeof(isConditional), &isConditional, 0, NULL, NULL, Request()));
    }
    if (NT_SUCCESS(status)) {
        status = Wait(dispatch->WskBind(Listener, (PSOCKADDR)&address, 0, Request()));
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    if (Listener != NULL) {
        Wait(((const WSK_PROVIDER_LISTEN_DISPATCH *)Listener->Dispatch)->WskCloseSocket(Listener, Request()));
        Listener = NULL;
    }
    WskReleaseProviderNPI(&Registration);
    WskDeregister(&Registration);
    IoFreeIrp(Irp);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WSK_CLIENT_NPI client = { NULL, &ClientDispatch };
    NTSTATUS status;

    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    Irp = IoAllocateIrp(1, FALSE);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = WskRegister(&client, &Registration);
    if (!NT_SUCCESS(status)) {
        IoFreeIrp(Irp);
        return status;
    }
    status = WskCaptureProviderNPI(&Registration, WSK_NO_WAIT, &Provider);
    if (!NT_SUCCESS(status)) {
        WskDeregister(&Registration);
        IoFreeIrp(Irp);
        return status;
    }
    status = Listen();
    if (!NT_SUCCESS(status)) {
        Unload(DriverObject);
        return status;
    }
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
