/* SPDX-License-Identifier: MIT */
/* The I/O manager's own requests: their IRPs, who waits for them, their end. */
#include "nt/io_request.h"

#include <string.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_buffers.h"
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
 * What the end does is written into the IRP, as on Windows: where the result goes is UserIosb, who is told is UserEvent.
 * Requests that drivers have built point to the drivers' own.
 *
 * Somebody may cancel an IRP while another thread ends it. So it can be pinned, and the last of all frees it.
 */

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
    bool is_handed_out;
    struct we_io_buffers buffers;
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
        we_io_buffers_free(&request->buffers, request->irp->MdlAddress);
        we_io_irp_free_managed(request->irp);
        objects_drop(request);
    }
    request_unref(request);
}

NTSTATUS we_io_request_fill(struct we_io_request *request, const struct we_io_ask *ask)
{
    return we_io_buffers_make(&request->buffers, request->irp, request->device, ask);
}

/* --- on its way ----------------------------------------------------------------------------- */

/* From here on the IRP has a reference. */
static void request_begin(struct we_io_request *request)
{
    request->is_sent = true;
    request->sent_status = STATUS_PENDING;
    request->major = IoGetNextIrpStackLocation(request->irp)->MajorFunction;
    __atomic_add_fetch(&request->reference_count, 1, __ATOMIC_RELAXED);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_requests, &request->link);
    we_host_mutex_unlock(&s_lock);
}

PIRP we_io_request_hand_out(struct we_io_request *request, PIO_STATUS_BLOCK iosb, PKEVENT event)
{
    PIRP irp = request->irp;

    irp->UserIosb = iosb;
    irp->UserEvent = event;
    request->is_handed_out = true;
    request_begin(request);
    request_unref(request);
    return irp;
}

bool we_io_request_is_handed_out(const struct we_io_request *request)
{
    return request->is_handed_out;
}

void we_io_request_check_sent(PIRP irp)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    struct we_nt_view view;

    if (!we_io_irp_request(irp)->is_handed_out) {
        return;
    }
    if (thread->irql >= APC_LEVEL || thread->special_apc_disable != 0) {
        (void)we_vrf_report(WE_RULE_IRQL_016, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p, whose event the I/O manager sets in an APC, was sent at %s%s", (void *)irp,
                            we_nt_irql_name(thread->irql),
                            thread->special_apc_disable != 0 ? " with APCs disabled" : "");
    }
    if (irp->UserEvent != NULL && KeReadStateEvent(irp->UserEvent) != 0) {
        (void)we_vrf_report(WE_RULE_IRP_044, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IRP %p was sent with the event %p, which is signalled already", (void *)irp,
                            (void *)irp->UserEvent);
    }
}

NTSTATUS we_io_request_send(struct we_io_request *request)
{
    request_begin(request);
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

bool we_io_request_wait_for(struct we_io_request *request, uint64_t patience_ns)
{
    return we_ke_wait_internal(&request->done.Header, we_host_now_ns() + patience_ns) == STATUS_SUCCESS;
}

/* A cancelled request is waited for so long before that is worth a report. False: still pending. */
static bool cancelled_wait(struct we_io_request *request)
{
    struct we_nt_view view;
    PIRP irp;

    if (we_io_request_wait_for(request, CANCEL_PATIENCE_NS)) {
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
    bool is_files_event = request->file != NULL && event == &request->file->Event;

    we_io_buffers_copy_back(&request->buffers, irp);
    we_io_buffers_free(&request->buffers, irp->MdlAddress); /* those that a driver added as well */
    irp_drop(request, irp);
    if (iosb != NULL) {
        *iosb = result;
    }
    if (is_files_event) {
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
    objects_drop(request); /* first: whoever waited shall find the file as it stays */
    if (event != NULL && !is_files_event) {
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
        if (!we_io_request_wait_for(request, END_PATIENCE_NS)) {
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

        if (request->is_handed_out) {
            (void)we_vrf_report_entry(WE_RULE_IRP_018, &we_io_irp_block(request->irp)->entry,
                                      "IRP %p of IoBuild... was never completed; it is %s", (void *)request->irp,
                                      we_io_irp_state_text(request->irp));
        }
        we_io_buffers_free(&request->buffers, request->buffers.mdl);
        we_io_irp_free_managed(request->irp);
        request->irp = NULL;
        objects_drop(request);
        request_unref(request);
    }
}
