/* SPDX-License-Identifier: MIT */
/* What an application does with a device. */
#include "drv/drv_device.h"

#include <string.h>

#include "base/base_list.h"
#include "drv/drv_object.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_file.h"
#include "nt/io_names.h"
#include "nt/nt_thread.h"
#include "nt/ob_object.h"
#include "nt/rtl_utf.h"
#include "wsk_emu/device.h"

/* Design
 *
 * A device is a handle of the object manager with its file object, a request one of the I/O manager's (io_request.h). The
 * lists are for the stop: what a test leaves open is closed then, as at the end of an application's process.
 */

#define NAME_MAX_COUNT 1000

struct wsk_emu_device {
    struct we_base_list link; /* guarded by s_lock */
    HANDLE handle;
    PFILE_OBJECT file; /* referenced by the handle */
};

struct wsk_emu_request {
    struct we_base_list link; /* guarded by s_lock */
    struct we_io_request *request;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_INSTANCE);
static struct we_base_list s_devices = WE_BASE_LIST_INIT(s_devices);   /* guarded by s_lock */
static struct we_base_list s_requests = WE_BASE_LIST_INIT(s_requests); /* guarded by s_lock */

/* Where an application could not be, no request begins. */
static NTSTATUS caller_check(const char *function)
{
    if (!we_drv_is_open()) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (we_nt_irql_current() > PASSIVE_LEVEL) {
        we_host_log(WE_LOG_ERROR, "%s was called at %s; applications run at PASSIVE_LEVEL", function,
                    we_nt_irql_name(we_nt_irql_current()));
        return STATUS_INVALID_DEVICE_STATE;
    }
    return STATUS_SUCCESS;
}

/* --- opening and closing -------------------------------------------------------------------- */

/* The name that the object manager knows: \\.\Gate and \\?\Gate are Win32's spelling of \??\Gate. NULL: no memory. */
static WCHAR *name_make(PCSTR name, PUNICODE_STRING string)
{
    size_t length = strlen(name);
    bool is_win32 =
        length >= 4 && name[0] == '\\' && name[1] == '\\' && (name[2] == '.' || name[2] == '?') && name[3] == '\\';
    size_t count = we_rtl_utf8_to_utf16(NULL, 0, name, length).needed;
    WCHAR *units = we_host_alloc((count + 1) * sizeof(WCHAR));

    if (units == NULL) {
        return NULL;
    }
    (void)we_rtl_utf8_to_utf16(units, count, name, length);
    if (is_win32) {
        units[1] = '?';
        units[2] = '?';
    }
    string->Buffer = units;
    string->Length = (USHORT)(count * sizeof(WCHAR));
    string->MaximumLength = string->Length;
    return units;
}

static NTSTATUS handle_open(const UNICODE_STRING *name, ACCESS_MASK access, struct wsk_emu_device *device)
{
    struct we_io_open open = {
        .name = name,
        .access = access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, /* as CreateFile does */
        .file_attributes = FILE_ATTRIBUTE_NORMAL,
        .share_access = FILE_SHARE_READ | FILE_SHARE_WRITE,
        .disposition = FILE_OPEN,
        .options = FILE_NON_DIRECTORY_FILE,
        .mode = UserMode,
    };
    NTSTATUS status = we_io_file_open(&open, &device->handle, NULL);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_io_file_of_handle("wsk_emu_device_open", device->handle, &device->file);
    if (NT_SUCCESS(status)) {
        we_ob_dereference(device->file); /* the handle has a reference */
    }
    return status;
}

NTSTATUS wsk_emu_device_open(PCSTR name, ACCESS_MASK access, struct wsk_emu_device **device)
{
    struct wsk_emu_device *made;
    UNICODE_STRING string;
    WCHAR *units;
    NTSTATUS status;

    if (device != NULL) {
        *device = NULL;
    }
    if (name == NULL || device == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_COUNT) {
        return STATUS_INVALID_PARAMETER;
    }
    status = caller_check("wsk_emu_device_open");
    if (!NT_SUCCESS(status)) {
        return status;
    }
    made = we_host_zalloc(sizeof(*made));
    units = name_make(name, &string);
    if (made == NULL || units == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto free_all;
    }
    status = handle_open(&string, access, made);
    if (!NT_SUCCESS(status)) {
        goto free_all;
    }
    we_host_free(units);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_devices, &made->link);
    we_host_mutex_unlock(&s_lock);
    *device = made;
    return status;

free_all:
    we_host_free(units);
    we_host_free(made);
    return status;
}

void wsk_emu_device_close(struct wsk_emu_device *device)
{
    if (device == NULL || !NT_SUCCESS(caller_check("wsk_emu_device_close"))) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    we_base_list_remove(&device->link);
    we_host_mutex_unlock(&s_lock);
    (void)we_ob_handle_close(device->handle);
    we_host_free(device);
}

PFILE_OBJECT wsk_emu_device_file(const struct wsk_emu_device *device)
{
    return device->file;
}

/* --- requests -------------------------------------------------------------------------------- */

/* Sends it. NULL: it was not sent, and status says why. */
static struct we_io_request *request_start(const char *function, struct wsk_emu_device *device, ULONG irp_flags,
                                           const struct we_io_ask *ask, NTSTATUS *status)
{
    const struct we_io_way way = { .mode = ask->major == IRP_MJ_INTERNAL_DEVICE_CONTROL ? KernelMode : UserMode,
                                   .irp_flags = irp_flags };
    struct we_io_request *request = NULL;

    *status = device != NULL ? caller_check(function) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(*status)) {
        *status = we_io_file_start(device->file, &way, ask, &request);
    }
    return request;
}

static NTSTATUS request_run(const char *function, struct wsk_emu_device *device, const struct we_io_ask *ask,
                            SIZE_T *information)
{
    NTSTATUS status;
    struct we_io_request *request = request_start(function, device, IRP_SYNCHRONOUS_API, ask, &status);
    ULONG_PTR transferred = 0;

    if (request != NULL) {
        status = we_io_request_wait(request, &transferred);
        we_io_request_release(request);
    }
    if (information != NULL) {
        *information = transferred;
    }
    return status;
}

static struct we_io_ask ask_control(UCHAR major, ULONG code, const void *input, ULONG input_size, void *output,
                                    ULONG output_size)
{
    const struct we_io_ask ask = { .major = major,
                                   .code = code,
                                   .input = input,
                                   .input_bytes = input_size,
                                   .output = output,
                                   .output_bytes = output_size };

    return ask;
}

static struct we_io_ask ask_read(void *buffer, ULONG size, LONGLONG offset)
{
    const struct we_io_ask ask = { .major = IRP_MJ_READ, .output = buffer, .output_bytes = size, .offset = offset };

    return ask;
}

static struct we_io_ask ask_write(const void *buffer, ULONG size, LONGLONG offset)
{
    const struct we_io_ask ask = { .major = IRP_MJ_WRITE, .input = buffer, .input_bytes = size, .offset = offset };

    return ask;
}

NTSTATUS wsk_emu_device_control(struct wsk_emu_device *device, ULONG code, const void *input, ULONG input_size,
                                void *output, ULONG output_size, SIZE_T *information)
{
    struct we_io_ask ask = ask_control(IRP_MJ_DEVICE_CONTROL, code, input, input_size, output, output_size);

    return request_run("wsk_emu_device_control", device, &ask, information);
}

NTSTATUS wsk_emu_device_internal_control(struct wsk_emu_device *device, ULONG code, const void *input, ULONG input_size,
                                         void *output, ULONG output_size, SIZE_T *information)
{
    struct we_io_ask ask = ask_control(IRP_MJ_INTERNAL_DEVICE_CONTROL, code, input, input_size, output, output_size);

    return request_run("wsk_emu_device_internal_control", device, &ask, information);
}

NTSTATUS wsk_emu_device_read(struct wsk_emu_device *device, void *buffer, ULONG size, LONGLONG offset,
                             SIZE_T *information)
{
    struct we_io_ask ask = ask_read(buffer, size, offset);

    return request_run("wsk_emu_device_read", device, &ask, information);
}

NTSTATUS wsk_emu_device_write(struct wsk_emu_device *device, const void *buffer, ULONG size, LONGLONG offset,
                              SIZE_T *information)
{
    struct we_io_ask ask = ask_write(buffer, size, offset);

    return request_run("wsk_emu_device_write", device, &ask, information);
}

NTSTATUS wsk_emu_device_flush(struct wsk_emu_device *device)
{
    const struct we_io_ask ask = { .major = IRP_MJ_FLUSH_BUFFERS };

    return request_run("wsk_emu_device_flush", device, &ask, NULL);
}

/* --- requests that are not waited for --------------------------------------------------------- */

static NTSTATUS handle_start(const char *function, struct wsk_emu_device *device, const struct we_io_ask *ask,
                             struct wsk_emu_request **request)
{
    struct wsk_emu_request *made;
    NTSTATUS status;

    if (request == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *request = NULL;
    made = we_host_zalloc(sizeof(*made));
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made->request = request_start(function, device, 0, ask, &status);
    if (made->request == NULL) {
        we_host_free(made);
        return status;
    }
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_requests, &made->link);
    we_host_mutex_unlock(&s_lock);
    *request = made;
    return status;
}

NTSTATUS wsk_emu_device_control_start(struct wsk_emu_device *device, ULONG code, const void *input, ULONG input_size,
                                      void *output, ULONG output_size, struct wsk_emu_request **request)
{
    struct we_io_ask ask = ask_control(IRP_MJ_DEVICE_CONTROL, code, input, input_size, output, output_size);

    return handle_start("wsk_emu_device_control_start", device, &ask, request);
}

NTSTATUS wsk_emu_device_read_start(struct wsk_emu_device *device, void *buffer, ULONG size, LONGLONG offset,
                                   struct wsk_emu_request **request)
{
    struct we_io_ask ask = ask_read(buffer, size, offset);

    return handle_start("wsk_emu_device_read_start", device, &ask, request);
}

NTSTATUS wsk_emu_device_write_start(struct wsk_emu_device *device, const void *buffer, ULONG size, LONGLONG offset,
                                    struct wsk_emu_request **request)
{
    struct we_io_ask ask = ask_write(buffer, size, offset);

    return handle_start("wsk_emu_device_write_start", device, &ask, request);
}

NTSTATUS wsk_emu_request_status(const struct wsk_emu_request *request, SIZE_T *information)
{
    ULONG_PTR transferred = 0;
    NTSTATUS status = request != NULL ? we_io_request_status(request->request, &transferred) : STATUS_INVALID_PARAMETER;

    if (information != NULL) {
        *information = transferred;
    }
    return status;
}

void wsk_emu_request_cancel(struct wsk_emu_request *request)
{
    if (request != NULL && NT_SUCCESS(caller_check("wsk_emu_request_cancel"))) {
        we_io_request_cancel(request->request);
    }
}

/* It is off the list. */
static void handle_free(struct wsk_emu_request *request)
{
    we_io_request_release(request->request);
    we_host_free(request);
}

NTSTATUS wsk_emu_request_finish(struct wsk_emu_request *request, SIZE_T *information)
{
    ULONG_PTR transferred = 0;
    NTSTATUS status = request != NULL ? caller_check("wsk_emu_request_finish") : STATUS_INVALID_PARAMETER;

    if (NT_SUCCESS(status)) {
        status = we_io_request_wait(request->request, &transferred);
        we_host_mutex_lock(&s_lock);
        we_base_list_remove(&request->link);
        we_host_mutex_unlock(&s_lock);
        handle_free(request);
        we_ob_destroy_deferred(); /* on Windows, too, the thread that has asked drops the request's file */
    }
    if (information != NULL) {
        *information = transferred;
    }
    return status;
}

/* --- the stop -------------------------------------------------------------------------------- */

void we_drv_devices_close(void)
{
    char name[WE_IO_NAME_TEXT_SIZE];
    struct we_base_list *link;

    do {
        we_host_mutex_lock(&s_lock);
        link = we_base_list_pop(&s_devices);
        we_host_mutex_unlock(&s_lock);
        if (link != NULL) {
            struct wsk_emu_device *device = WE_BASE_LIST_ITEM(link, struct wsk_emu_device, link);

            we_host_log(WE_LOG_WARNING, "wsk_emu_stop: the test left %s open",
                        we_io_name_text(device->file->DeviceObject, name));
            we_io_requests_cancel(device->file);
            (void)we_ob_handle_close(device->handle);
            we_host_free(device);
        }
    } while (link != NULL);
    we_io_requests_end(NULL);
    we_ob_destroy_deferred();
}

void we_drv_devices_stop(void)
{
    struct we_base_list *link;

    /* The lock is not needed: nobody is left who could open or close. */
    while ((link = we_base_list_pop(&s_devices)) != NULL) {
        struct wsk_emu_device *device = WE_BASE_LIST_ITEM(link, struct wsk_emu_device, link);

        (void)we_ob_handle_close(device->handle); /* the file knows that nobody is to be told */
        we_host_free(device);
    }
    while ((link = we_base_list_pop(&s_requests)) != NULL) {
        handle_free(WE_BASE_LIST_ITEM(link, struct wsk_emu_request, link));
    }
}
