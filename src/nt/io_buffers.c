/* SPDX-License-Identifier: MIT */
/* The buffers of requests: what a dispatch routine finds, by the device's flags or the control code's method. */
#include "nt/io_buffers.h"

#include <string.h>

#include "nt/io_irp_state.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * What has to be done at the end is written into the IRP, as on Windows: IRP_INPUT_OPERATION says that a system buffer is
 * copied back, to UserBuffer. How much there is room for, and what is to be freed, stands in a record beside it, because
 * drivers may write what they like into the IRP.
 */

#define BUFFER_TAG 0x20206f49u              /* "Io  " */
#define LOWEST_ADDRESS ((ULONG_PTR)0x10000) /* nothing is ever mapped below */

static bool is_memory(const void *buffer, ULONG size_bytes)
{
    return size_bytes == 0 ||
           ((ULONG_PTR)buffer >= LOWEST_ADDRESS && (ULONG_PTR)buffer + size_bytes > (ULONG_PTR)buffer);
}

/* The system buffer, with size bytes of input in it. */
static NTSTATUS buffer_make(struct we_io_buffers *buffers, PIRP irp, const void *input, ULONG input_bytes,
                            ULONG size_bytes)
{
    if (size_bytes == 0) {
        return STATUS_SUCCESS;
    }
    buffers->system_buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, size_bytes, BUFFER_TAG);
    if (buffers->system_buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (input_bytes != 0) {
        memcpy(buffers->system_buffer, input, input_bytes);
    }
    irp->AssociatedIrp.SystemBuffer = buffers->system_buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

/* The end copies to output. */
static void buffer_copies_back(struct we_io_buffers *buffers, PIRP irp, void *output, ULONG output_bytes)
{
    irp->UserBuffer = output;
    buffers->copy_bytes = output_bytes;
    if (output_bytes != 0) {
        irp->Flags |= IRP_INPUT_OPERATION;
    }
}

static NTSTATUS mdl_make(struct we_io_buffers *buffers, PIRP irp, const void *buffer, ULONG size_bytes,
                         LOCK_OPERATION operation)
{
    if (size_bytes == 0) {
        return STATUS_SUCCESS;
    }
    buffers->mdl = IoAllocateMdl((PVOID)(ULONG_PTR)buffer, size_bytes, FALSE, TRUE, irp);
    if (buffers->mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmProbeAndLockPages(buffers->mdl, irp->RequestorMode, operation); /* the address was looked at before */
    return STATUS_SUCCESS;
}

static NTSTATUS fill_transfer(struct we_io_buffers *buffers, PIRP irp, PDEVICE_OBJECT device,
                              PIO_STACK_LOCATION location, const struct we_io_ask *ask)
{
    bool is_read = ask->major == IRP_MJ_READ;
    const void *buffer = is_read ? ask->output : ask->input;
    ULONG length = is_read ? ask->output_bytes : ask->input_bytes;
    NTSTATUS status;

    irp->Flags |= is_read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    location->Parameters.Read.Length = length; /* Write has the same members */
    location->Parameters.Read.Key = ask->key;
    location->Parameters.Read.ByteOffset.QuadPart = ask->offset;
    if (!is_memory(buffer, length)) {
        return STATUS_ACCESS_VIOLATION;
    }
    if ((device->Flags & DO_BUFFERED_IO) != 0) {
        status = buffer_make(buffers, irp, buffer, is_read ? 0 : length, length);
        if (NT_SUCCESS(status) && is_read) {
            buffer_copies_back(buffers, irp, ask->output, length);
        }
        return status;
    }
    if ((device->Flags & DO_DIRECT_IO) != 0) {
        return mdl_make(buffers, irp, buffer, length, is_read ? IoWriteAccess : IoReadAccess);
    }
    irp->UserBuffer = (PVOID)(ULONG_PTR)buffer;
    return STATUS_SUCCESS;
}

static NTSTATUS fill_control_buffered(struct we_io_buffers *buffers, PIRP irp, const struct we_io_ask *ask)
{
    NTSTATUS status;

    if (!is_memory(ask->input, ask->input_bytes) || !is_memory(ask->output, ask->output_bytes)) {
        return STATUS_ACCESS_VIOLATION;
    }
    status = buffer_make(buffers, irp, ask->input, ask->input_bytes, max(ask->input_bytes, ask->output_bytes));
    if (NT_SUCCESS(status)) {
        buffer_copies_back(buffers, irp, ask->output, ask->output_bytes);
    }
    return status;
}

static NTSTATUS fill_control_direct(struct we_io_buffers *buffers, PIRP irp, const struct we_io_ask *ask)
{
    LOCK_OPERATION operation = METHOD_FROM_CTL_CODE(ask->code) == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess;
    NTSTATUS status;

    if (!is_memory(ask->input, ask->input_bytes) || !is_memory(ask->output, ask->output_bytes)) {
        return STATUS_ACCESS_VIOLATION;
    }
    status = buffer_make(buffers, irp, ask->input, ask->input_bytes, ask->input_bytes);
    return NT_SUCCESS(status) ? mdl_make(buffers, irp, ask->output, ask->output_bytes, operation) : status;
}

static NTSTATUS fill_control(struct we_io_buffers *buffers, PIRP irp, PIO_STACK_LOCATION location,
                             const struct we_io_ask *ask)
{
    location->Parameters.DeviceIoControl.OutputBufferLength = ask->output_bytes;
    location->Parameters.DeviceIoControl.InputBufferLength = ask->input_bytes;
    location->Parameters.DeviceIoControl.IoControlCode = ask->code;
    switch (METHOD_FROM_CTL_CODE(ask->code)) {
    case METHOD_BUFFERED:
        return fill_control_buffered(buffers, irp, ask);
    case METHOD_NEITHER:
        location->Parameters.DeviceIoControl.Type3InputBuffer = (PVOID)(ULONG_PTR)ask->input;
        irp->UserBuffer = ask->output;
        return STATUS_SUCCESS;
    default:
        return fill_control_direct(buffers, irp, ask);
    }
}

NTSTATUS we_io_buffers_make(struct we_io_buffers *buffers, PIRP irp, PDEVICE_OBJECT device, const struct we_io_ask *ask)
{
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp);

    location->MajorFunction = ask->major;
    switch (ask->major) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return fill_transfer(buffers, irp, device, location, ask);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return fill_control(buffers, irp, location, ask);
    default:
        return STATUS_SUCCESS;
    }
}

/* --- the end -------------------------------------------------------------------------------- */

void we_io_buffers_copy_back(const struct we_io_buffers *buffers, PIRP irp)
{
    ULONG_PTR length = irp->IoStatus.Information;
    struct we_nt_view view;

    if ((irp->Flags & IRP_BUFFERED_IO) == 0 || (irp->Flags & IRP_INPUT_OPERATION) == 0 ||
        NT_ERROR(irp->IoStatus.Status) || buffers->system_buffer == NULL) {
        return;
    }
    if (length > buffers->copy_bytes) {
        (void)we_vrf_report(WE_RULE_IRP_055, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p was completed with Information %zu, but there is room for %u bytes", (void *)irp,
                            (size_t)length, (unsigned)buffers->copy_bytes);
        length = buffers->copy_bytes;
    }
    memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, length);
}

static void mdls_free(PMDL mdl)
{
    PMDL next;

    for (; mdl != NULL; mdl = next) {
        next = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) {
            MmUnlockPages(mdl);
        }
        IoFreeMdl(mdl);
    }
}

void we_io_buffers_free(struct we_io_buffers *buffers, PMDL mdl)
{
    mdls_free(mdl);
    if (buffers->system_buffer != NULL) {
        ExFreePoolWithTag(buffers->system_buffer, BUFFER_TAG);
        buffers->system_buffer = NULL;
    }
}
