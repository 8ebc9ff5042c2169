/* SPDX-License-Identifier: MIT */
/* The requests that drivers have built for other devices. */
#include <wdm.h>

#include "nt/io_buffers.h"
#include "nt/io_irp.h"
#include "nt/io_request.h"
#include "nt/nt_irql.h"

/* Design
 *
 * Those of which the I/O manager takes care when they are over are requests like an application's (io_request.c), with the
 * driver's status block and event. The asynchronous one is the driver's own IRP: only its buffers are prepared here, and
 * who frees it frees them.
 */

/* Fills and hands out. NULL: it cannot be filled. */
static PIRP build(PDEVICE_OBJECT device, const struct we_io_ask *ask, PIO_STATUS_BLOCK iosb, PKEVENT event)
{
    struct we_io_request *request = we_io_request_create(device, NULL, KernelMode);

    if (request == NULL) {
        return NULL;
    }
    if (!NT_SUCCESS(we_io_request_fill(request, ask))) {
        we_io_request_release(request);
        return NULL;
    }
    return we_io_request_hand_out(request, iosb, event);
}

PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                   ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
                                   BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    const struct we_io_ask ask = {
        .major = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL,
        .code = IoControlCode,
        .input = InputBuffer,
        .input_bytes = InputBufferLength,
        .output = OutputBuffer,
        .output_bytes = OutputBufferLength,
    };

    WE_NT_ENTRY(IoBuildDeviceIoControlRequest);
    return build(DeviceObject, &ask, IoStatusBlock, Event);
}

static struct we_io_ask ask_fsd(ULONG major, PVOID buffer, ULONG length, const LARGE_INTEGER *offset)
{
    struct we_io_ask ask = { .major = (UCHAR)major, .offset = offset != NULL ? offset->QuadPart : 0 };

    if (major == IRP_MJ_READ) {
        ask.output = buffer;
        ask.output_bytes = length;
    } else if (major == IRP_MJ_WRITE) {
        ask.input = buffer;
        ask.input_bytes = length;
    }
    return ask;
}

PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                  PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    const struct we_io_ask ask = ask_fsd(MajorFunction, Buffer, Length, StartingOffset);

    WE_NT_ENTRY(IoBuildSynchronousFsdRequest);
    return build(DeviceObject, &ask, IoStatusBlock, Event);
}

PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                   PLARGE_INTEGER StartingOffset, PIO_STATUS_BLOCK IoStatusBlock)
{
    const struct we_io_ask ask = ask_fsd(MajorFunction, Buffer, Length, StartingOffset);
    struct we_io_buffers buffers = { 0 }; /* the driver's from now on */
    PIRP irp;

    WE_NT_ENTRY(IoBuildAsynchronousFsdRequest);
    irp = IoAllocateIrp(DeviceObject->StackSize, FALSE);
    if (irp == NULL) {
        return NULL;
    }
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->UserIosb = IoStatusBlock;
    we_io_irp_set_built(irp);
    if (!NT_SUCCESS(we_io_buffers_make(&buffers, irp, DeviceObject, &ask))) {
        we_io_buffers_free(&buffers, irp->MdlAddress);
        IoFreeIrp(irp);
        return NULL;
    }
    return irp;
}

/* --- who asks ----------------------------------------------------------------------------------- */

BOOLEAN IoIsOperationSynchronous(PIRP Irp)
{
    const FILE_OBJECT *file = Irp->Tail.Overlay.OriginalFileObject;

    WE_NT_ENTRY(IoIsOperationSynchronous);
    if ((Irp->Flags & IRP_PAGING_IO) != 0) {
        return (Irp->Flags & IRP_SYNCHRONOUS_PAGING_IO) != 0;
    }
    return (Irp->Flags & IRP_SYNCHRONOUS_API) != 0 || (file != NULL && (file->Flags & FO_SYNCHRONOUS_IO) != 0);
}

PEPROCESS IoGetRequestorProcess(PIRP Irp)
{
    WE_NT_ENTRY(IoGetRequestorProcess);
    return Irp->Tail.Overlay.Thread != NULL ? IoGetCurrentProcess() : NULL; /* there is one process */
}

ULONG IoGetRequestorProcessId(PIRP Irp)
{
    WE_NT_ENTRY(IoGetRequestorProcessId);
    return Irp->Tail.Overlay.Thread != NULL ? (ULONG)(ULONG_PTR)PsGetCurrentProcessId() : 0;
}

NTSTATUS IoGetRequestorSessionId(PIRP Irp, PULONG pSessionId)
{
    WE_NT_ENTRY(IoGetRequestorSessionId);
    *pSessionId = Irp->Tail.Overlay.Thread != NULL ? 0 : (ULONG)-1;
    return Irp->Tail.Overlay.Thread != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

NTSTATUS IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    UCHAR flags = IoGetCurrentIrpStackLocation(Irp)->Flags;

    WE_NT_ENTRY(IoValidateDeviceIoControlAccess);
    if ((RequiredAccess & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Irp->RequestorMode == KernelMode) {
        return STATUS_SUCCESS;
    }
    return ((RequiredAccess & FILE_READ_ACCESS) != 0 && (flags & SL_READ_ACCESS_GRANTED) == 0) ||
                   ((RequiredAccess & FILE_WRITE_ACCESS) != 0 && (flags & SL_WRITE_ACCESS_GRANTED) == 0)
               ? STATUS_ACCESS_DENIED
               : STATUS_SUCCESS;
}

BOOLEAN IoIs32bitProcess(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    WE_NT_ENTRY(IoIs32bitProcess);
    return FALSE;
}
