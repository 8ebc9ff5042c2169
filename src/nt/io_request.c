/* SPDX-License-Identifier: MIT */
/* The I/O manager's own requests: their IRPs, their buffers, their end. */
#include "nt/io_request.h"

#include <string.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_file.h"
#include "nt/io_irp_state.h"
#include "nt/io_names.h"
#include "nt/ke_dispatcher.h"
#include "nt/ob_object.h"

/* Design
 *
 * A request is what remains of an IRP when the IRP is gone: the status block, the event to wait for, and the list of all
 * that are on their way. The IRP knows its request (io_irp.c), so that the walk finds it at the end.
 *
 * What the end does is written into the IRP, as on Windows: whether a system buffer is copied back is IRP_INPUT_OPERATION,
 * where the result goes is UserIosb, who is told is UserEvent. Requests that drivers have built point to the drivers' own.
 *
 * Somebody may cancel an IRP while another thread ends it. So it can be pinned, and the last of all frees it.
 */

#define BUFFER_TAG 0x20206f49u              /* "Io  " */
#define LOWEST_ADDRESS ((ULONG_PTR)0x10000) /* nothing is ever mapped below */
#define CANCEL_PATIENCE_NS 5000000000u
#define END_PATIENCE_NS 1000000000u /* how long a driver may take to end what IRP_MJ_CLEANUP left */

struct we_io_request {
    struct we_base_list link; /* while it is on its way; guarded by s_lock */
    LONG reference_count;     /* atomic */
    PDEVICE_OBJECT device;
    PFILE_OBJECT file; /* NULL: none */

    PIRP irp;           /* guarded by s_lock once it was sent; NULL: over */
    unsigned pin_count; /* who uses the IRP besides its owner; guarded by s_lock */
    bool is_cancelled;  /* atomic */
    bool is_awaited;    /* after its file was closed; guarded by s_lock */

    KEVENT done;
    IO_STATUS_BLOCK iosb;
    UCHAR major;
    NTSTATUS sent_status; /* what the dispatch routine returned */
    bool is_sent;
    PVOID system_buffer; /* ours, from the pool */
    ULONG copy_bytes;    /* how much may be copied back */
    PMDL mdl;            /* ours, locked */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_requests = WE_BASE_LIST_INIT(s_requests); /* guarded by s_lock */

/* --- life ----------------------------------------------------------------------------------- */

struct we_io_request *we_io_request_create(PDEVICE_OBJECT device, PFILE_OBJECT file, KPROCESSOR_MODE mode)
{
    struct we_io_request *request = we_host_zalloc(sizeof(*request));

    if (request == NULL) {
        return NULL;
    }
    request->irp = we_io_irp_alloc_managed(device->StackSize, request);
    if (request->irp == NULL) {
        we_host_free(request);
        return NULL;
    }
    we_base_list_init(&request->link);
    we_ke_header_init(&request->done.Header, WE_KE_NOTIFICATION_EVENT, 0);
    request->reference_count = 1;
    request->device = device;
    request->file = file;
    we_ob_reference(device);
    if (file != NULL) {
        we_ob_reference(file);
    }
    request->irp->RequestorMode = mode;
    request->irp->Tail.Overlay.Thread = PsGetCurrentThread();
    request->irp->Tail.Overlay.OriginalFileObject = file;
    request->irp->UserIosb = &request->iosb;
    request->irp->UserEvent = &request->done;
    IoGetNextIrpStackLocation(request->irp)->FileObject = file;
    return request;
}

PIRP we_io_request_irp(const struct we_io_request *request)
{
    return request->irp;
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

static void buffers_free(struct we_io_request *request, PMDL mdl)
{
    mdls_free(mdl);
    if (request->system_buffer != NULL) {
        ExFreePoolWithTag(request->system_buffer, BUFFER_TAG);
        request->system_buffer = NULL;
    }
}

static void request_unref(struct we_io_request *request)
{
    if (__atomic_sub_fetch(&request->reference_count, 1, __ATOMIC_ACQ_REL) == 0) {
        we_host_free(request);
    }
}

/* What the IRP held. The file may be gone afterwards. */
static void objects_drop(struct we_io_request *request)
{
    PFILE_OBJECT file = request->file;

    we_ob_dereference(request->device);
    if (file != NULL) {
        we_ob_dereference(file);
    }
}

void we_io_request_release(struct we_io_request *request)
{
    if (!request->is_sent) {
        buffers_free(request, request->irp->MdlAddress);
        we_io_irp_free_managed(request->irp);
        objects_drop(request);
    }
    request_unref(request);
}

/* --- buffers -------------------------------------------------------------------------------- */

static bool is_memory(const void *buffer, ULONG size_bytes)
{
    return size_bytes == 0 ||
           ((ULONG_PTR)buffer >= LOWEST_ADDRESS && (ULONG_PTR)buffer + size_bytes > (ULONG_PTR)buffer);
}

/* The system buffer, with size bytes of input in it. */
static NTSTATUS buffer_make(struct we_io_request *request, const void *input, ULONG input_bytes, ULONG size_bytes)
{
    if (size_bytes == 0) {
        return STATUS_SUCCESS;
    }
    request->system_buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, size_bytes, BUFFER_TAG);
    if (request->system_buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (input_bytes != 0) {
        memcpy(request->system_buffer, input, input_bytes);
    }
    request->irp->AssociatedIrp.SystemBuffer = request->system_buffer;
    request->irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

/* The end copies to output. */
static void buffer_copies_back(struct we_io_request *request, void *output, ULONG output_bytes)
{
    request->irp->UserBuffer = output;
    request->copy_bytes = output_bytes;
    if (output_bytes != 0) {
        request->irp->Flags |= IRP_INPUT_OPERATION;
    }
}

static NTSTATUS mdl_make(struct we_io_request *request, const void *buffer, ULONG size_bytes, LOCK_OPERATION operation)
{
    if (size_bytes == 0) {
        return STATUS_SUCCESS;
    }
    request->mdl = IoAllocateMdl((PVOID)(ULONG_PTR)buffer, size_bytes, FALSE, TRUE, request->irp);
    if (request->mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmProbeAndLockPages(request->mdl, request->irp->RequestorMode, operation); /* the address was looked at before */
    return STATUS_SUCCESS;
}

static NTSTATUS fill_transfer(struct we_io_request *request, PIO_STACK_LOCATION location, const struct we_io_ask *ask)
{
    bool is_read = ask->major == IRP_MJ_READ;
    const void *buffer = is_read ? ask->output : ask->input;
    ULONG length = is_read ? ask->output_bytes : ask->input_bytes;
    NTSTATUS status;

    request->irp->Flags |= is_read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    location->Parameters.Read.Length = length; /* Write has the same members */
    location->Parameters.Read.Key = ask->key;
    location->Parameters.Read.ByteOffset.QuadPart = ask->offset;
    if (!is_memory(buffer, length)) {
        return STATUS_ACCESS_VIOLATION;
    }
    if ((request->device->Flags & DO_BUFFERED_IO) != 0) {
        status = buffer_make(request, buffer, is_read ? 0 : length, length);
        if (NT_SUCCESS(status) && is_read) {
            buffer_copies_back(request, ask->output, length);
        }
        return status;
    }
    if ((request->device->Flags & DO_DIRECT_IO) != 0) {
        return mdl_make(request, buffer, length, is_read ? IoWriteAccess : IoReadAccess);
    }
    request->irp->UserBuffer = (PVOID)(ULONG_PTR)buffer;
    return STATUS_SUCCESS;
}

static NTSTATUS fill_control_buffered(struct we_io_request *request, const struct we_io_ask *ask)
{
    NTSTATUS status;

    if (!is_memory(ask->input, ask->input_bytes) || !is_memory(ask->output, ask->output_bytes)) {
        return STATUS_ACCESS_VIOLATION;
    }
    status = buffer_make(request, ask->input, ask->input_bytes, max(ask->input_bytes, ask->output_bytes));
    if (NT_SUCCESS(status)) {
        buffer_copies_back(request, ask->output, ask->output_bytes);
    }
    return status;
}

static NTSTATUS fill_control_direct(struct we_io_request *request, const struct we_io_ask *ask)
{
    LOCK_OPERATION operation = METHOD_FROM_CTL_CODE(ask->code) == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess;
    NTSTATUS status;

    if (!is_memory(ask->input, ask->input_bytes) || !is_memory(ask->output, ask->output_bytes)) {
        return STATUS_ACCESS_VIOLATION;
    }
    status = buffer_make(request, ask->input, ask->input_bytes, ask->input_bytes);
    return NT_SUCCESS(status) ? mdl_make(request, ask->output, ask->output_bytes, operation) : status;
}

static NTSTATUS fill_control(struct we_io_request *request, PIO_STACK_LOCATION location, const struct we_io_ask *ask)
{
    location->Parameters.DeviceIoControl.OutputBufferLength = ask->output_bytes;
    location->Parameters.DeviceIoControl.InputBufferLength = ask->input_bytes;
    location->Parameters.DeviceIoControl.IoControlCode = ask->code;
    switch (METHOD_FROM_CTL_CODE(ask->code)) {
    case METHOD_BUFFERED:
        return fill_control_buffered(request, ask);
    case METHOD_NEITHER:
        location->Parameters.DeviceIoControl.Type3InputBuffer = (PVOID)(ULONG_PTR)ask->input;
        request->irp->UserBuffer = ask->output;
        return STATUS_SUCCESS;
    default:
        return fill_control_direct(request, ask);
    }
}

NTSTATUS we_io_request_fill(struct we_io_request *request, const struct we_io_ask *ask)
{
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(request->irp);

    location->MajorFunction = ask->major;
    switch (ask->major) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return fill_transfer(request, location, ask);
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return fill_control(request, location, ask);
    default:
        return STATUS_SUCCESS;
    }
}

/* --- on its way ----------------------------------------------------------------------------- */

NTSTATUS we_io_request_send(struct we_io_request *request)
{
    request->is_sent = true;
    request->sent_status = STATUS_PENDING;
    request->major = IoGetNextIrpStackLocation(request->irp)->MajorFunction;
    __atomic_add_fetch(&request->reference_count, 1, __ATOMIC_RELAXED);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_requests, &request->link);
    we_host_mutex_unlock(&s_lock);
    request->sent_status = IoCallDriver(request->device, request->irp);
    return request->sent_status;
}

/* Keeps the IRP from being freed meanwhile. NULL: it is over. */
static PIRP irp_pin(struct we_io_request *request)
{
    PIRP irp;

    we_host_mutex_lock(&s_lock);
    irp = request->irp;
    request->pin_count += irp != NULL ? 1 : 0;
    we_host_mutex_unlock(&s_lock);
    return irp;
}

static void irp_unpin(struct we_io_request *request, PIRP irp)
{
    bool is_last;

    we_host_mutex_lock(&s_lock);
    is_last = --request->pin_count == 0 && request->irp == NULL;
    we_host_mutex_unlock(&s_lock);
    if (is_last) {
        we_io_irp_free_managed(irp);
    }
}

NTSTATUS we_io_request_status(const struct we_io_request *request, ULONG_PTR *information)
{
    /* A routine that neither completed nor pended it (IRP-036): nothing more will come of it. */
    bool is_lost = request->sent_status != STATUS_PENDING;

    if (we_ke_read_state(&request->done.Header) == 0) {
        *information = 0;
        return is_lost ? request->sent_status : STATUS_PENDING;
    }
    *information = request->iosb.Information;
    return is_lost ? request->sent_status : request->iosb.Status;
}

/* A cancelled request is waited for so long before that is worth a report. False: still pending. */
static bool cancelled_wait(struct we_io_request *request)
{
    struct we_nt_view view;
    PIRP irp;

    if (we_ke_wait_internal(&request->done.Header, we_host_now_ns() + CANCEL_PATIENCE_NS) == STATUS_SUCCESS) {
        return true;
    }
    irp = irp_pin(request);
    if (irp != NULL) {
        (void)we_vrf_report(WE_RULE_IRP_053, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p (%s) is still pending 5 seconds after it was cancelled", (void *)irp,
                            we_io_major_name(request->major));
        irp_unpin(request, irp);
    }
    return false;
}

NTSTATUS we_io_request_wait(struct we_io_request *request, ULONG_PTR *information)
{
    bool is_cancelled = __atomic_load_n(&request->is_cancelled, __ATOMIC_RELAXED);

    if (request->sent_status == STATUS_PENDING && !(is_cancelled && cancelled_wait(request)) &&
        we_ke_wait_internal(&request->done.Header, WE_HOST_FOREVER) != STATUS_SUCCESS) {
        *information = 0;
        return STATUS_CANCELLED;
    }
    return we_io_request_status(request, information);
}

void we_io_request_cancel(struct we_io_request *request)
{
    PIRP irp = irp_pin(request);

    __atomic_store_n(&request->is_cancelled, true, __ATOMIC_RELAXED);
    if (irp != NULL) {
        (void)IoCancelIrp(irp);
        irp_unpin(request, irp);
    }
}

/* --- the end -------------------------------------------------------------------------------- */

/* What was read or answered goes to whoever asked, unless the request has failed. A warning is no failure: "more data"
 * comes with the data that fitted. */
static void copy_back(const struct we_io_request *request, PIRP irp)
{
    ULONG_PTR length = irp->IoStatus.Information;
    struct we_nt_view view;

    if ((irp->Flags & IRP_BUFFERED_IO) == 0 || (irp->Flags & IRP_INPUT_OPERATION) == 0 ||
        NT_ERROR(irp->IoStatus.Status) || request->system_buffer == NULL) {
        return;
    }
    if (length > request->copy_bytes) {
        (void)we_vrf_report(WE_RULE_IRP_055, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p (%s) was completed with Information %zu, but there is room for %u bytes",
                            (void *)irp, we_io_major_name(request->major), (size_t)length,
                            (unsigned)request->copy_bytes);
        length = request->copy_bytes;
    }
    memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, length);
}

/* Off the list; frees the IRP unless somebody has pinned it. */
static void irp_drop(struct we_io_request *request, PIRP irp)
{
    bool is_last;

    we_host_mutex_lock(&s_lock);
    we_base_list_remove(&request->link);
    request->irp = NULL;
    is_last = request->pin_count == 0;
    we_host_mutex_unlock(&s_lock);
    if (is_last) {
        we_io_irp_free_managed(irp);
    }
}

void we_io_request_finish(PIRP irp)
{
    struct we_io_request *request = we_io_irp_request(irp);
    PIO_STATUS_BLOCK iosb = irp->UserIosb;
    PKEVENT event = irp->UserEvent;
    IO_STATUS_BLOCK result = irp->IoStatus;

    copy_back(request, irp);
    buffers_free(request, irp->MdlAddress); /* those that a driver added as well */
    irp_drop(request, irp);
    if (iosb != NULL) {
        *iosb = result;
    }
    objects_drop(request); /* first: whoever waited shall find the file as it stays */
    if (event != NULL) {
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
    request_unref(request);
}

/* The next request on its way that is fit for it, with a reference; fit notes that it was taken. NULL: none. */
static struct we_io_request *request_take(bool (*fit)(struct we_io_request *request, const void *context),
                                          const void *context)
{
    struct we_io_request *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_requests) {
        struct we_io_request *request = WE_BASE_LIST_ITEM(link, struct we_io_request, link);

        if (fit(request, context)) {
            __atomic_add_fetch(&request->reference_count, 1, __ATOMIC_RELAXED);
            found = request;
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

static bool fit_cancel(struct we_io_request *request, const void *file)
{
    if (request->file != file || __atomic_load_n(&request->is_cancelled, __ATOMIC_RELAXED)) {
        return false;
    }
    __atomic_store_n(&request->is_cancelled, true, __ATOMIC_RELAXED);
    return true;
}

void we_io_requests_cancel(PFILE_OBJECT file)
{
    struct we_io_request *request;

    while ((request = request_take(fit_cancel, file)) != NULL) {
        we_io_request_cancel(request);
        request_unref(request);
    }
}

static bool fit_end(struct we_io_request *request, const void *driver)
{
    bool is_fit = !request->is_awaited && request->file != NULL && we_io_file_is_closed(request->file) &&
                  (driver == NULL || driver == request->device->DriverObject);

    request->is_awaited |= is_fit;
    return is_fit;
}

static void report_left(struct we_io_request *request)
{
    PIRP irp = irp_pin(request);
    struct we_nt_view view;

    if (irp != NULL) {
        (void)we_vrf_report(WE_RULE_UNL_018, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p (%s) is still pending although its file %p was closed", (void *)irp,
                            we_io_major_name(request->major), (void *)request->file);
        irp_unpin(request, irp);
    }
}

void we_io_requests_end(PDRIVER_OBJECT driver)
{
    struct we_io_request *request;

    while ((request = request_take(fit_end, driver)) != NULL) {
        if (we_ke_wait_internal(&request->done.Header, we_host_now_ns() + END_PATIENCE_NS) != STATUS_SUCCESS) {
            report_left(request);
        }
        request_unref(request);
    }
}

static void log_pending(struct we_io_request *request)
{
    char name[WE_IO_NAME_TEXT_SIZE];

    we_host_log(WE_LOG_ERROR, "IRP %p is pending: %s to %s", (void *)request->irp, we_io_major_name(request->major),
                we_io_name_text(request->device, name));
}

void we_io_report_stalled(void)
{
    /* Nothing moves, so the list does not change. */
    WE_BASE_LIST_FOR_EACH (link, &s_requests) {
        log_pending(WE_BASE_LIST_ITEM(link, struct we_io_request, link));
    }
}

void we_io_requests_stop(void)
{
    struct we_base_list *link;

    /* The lock is not needed: nobody else is left. */
    while ((link = we_base_list_pop(&s_requests)) != NULL) {
        struct we_io_request *request = WE_BASE_LIST_ITEM(link, struct we_io_request, link);

        buffers_free(request, request->mdl);
        we_io_irp_free_managed(request->irp);
        request->irp = NULL;
        objects_drop(request);
        request_unref(request);
    }
}
