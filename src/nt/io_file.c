/* SPDX-License-Identifier: MIT */
/* File objects: opened with IRP_MJ_CREATE, closed with IRP_MJ_CLEANUP and IRP_MJ_CLOSE, asked in between. */
#include "nt/io_file.h"

#include <string.h>

#include "base/base_list.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_device.h"
#include "nt/io_names.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "nt/ob_types.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A file object is the body of an object. It has a reference of its device, and so has each of its requests of it. What
 * its end needs comes from the object manager: the last handle (closed) and the last reference (destroy), both at
 * PASSIVE_LEVEL.
 *
 * An open that the driver refuses is no open: the file object goes without CLEANUP and CLOSE.
 *
 * The list of files exists for the stop alone: drivers are dropped before the objects that were left behind.
 */

struct file {
    FILE_OBJECT object;       /* first: the body is the file object */
    struct we_base_list link; /* guarded by s_lock */
    ACCESS_MASK access;
    KPROCESSOR_MODE mode;
    bool is_open;   /* the driver has accepted it, and is still there */
    bool is_closed; /* IRP_MJ_CLEANUP was answered; atomic */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_files = WE_BASE_LIST_INIT(s_files); /* guarded by s_lock */

static struct _OBJECT_TYPE s_file_type = { WE_OB_FILE };
static POBJECT_TYPE s_file_type_pointer = &s_file_type;
POBJECT_TYPE *IoFileObjectType = &s_file_type_pointer;

static struct file *file_of(PFILE_OBJECT object)
{
    return CONTAINING_RECORD(object, struct file, object);
}

PGENERIC_MAPPING IoGetFileObjectGenericMapping(VOID)
{
    static GENERIC_MAPPING s_mapping = { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS };

    WE_NT_ENTRY(IoGetFileObjectGenericMapping);
    return &s_mapping;
}

bool we_io_file_is_closed(PFILE_OBJECT file)
{
    return __atomic_load_n(&file_of(file)->is_closed, __ATOMIC_ACQUIRE);
}

size_t we_io_files_open(PDRIVER_OBJECT driver)
{
    size_t count = 0;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_files) {
        struct file *file = WE_BASE_LIST_ITEM(link, struct file, link);

        count += file->object.DeviceObject->DriverObject == driver && !we_io_file_is_closed(&file->object) ? 1 : 0;
    }
    we_host_mutex_unlock(&s_lock);
    return count;
}

ACCESS_MASK we_io_file_access(PFILE_OBJECT file)
{
    return file_of(file)->access;
}

/* --- requests ------------------------------------------------------------------------------- */

/* A request to the top of the file's stack. */
static struct we_io_request *request_create(PFILE_OBJECT file, KPROCESSOR_MODE mode)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(file->DeviceObject);
    struct we_io_request *request = we_io_request_create(top, file, mode);

    we_ob_dereference(top);
    return request;
}

static bool is_access_enough(ACCESS_MASK access, const struct we_io_ask *ask)
{
    bool can_read = (access & FILE_READ_DATA) != 0;
    bool can_write = (access & FILE_WRITE_DATA) != 0;
    ULONG wanted;

    switch (ask->major) {
    case IRP_MJ_READ:
        return can_read;
    case IRP_MJ_WRITE:
    case IRP_MJ_FLUSH_BUFFERS:
        return can_write || (access & FILE_APPEND_DATA) != 0;
    case IRP_MJ_DEVICE_CONTROL:
        wanted = (ask->code >> 14) & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);
        return ((wanted & FILE_READ_ACCESS) == 0 || can_read) && ((wanted & FILE_WRITE_ACCESS) == 0 || can_write);
    default:
        return true;
    }
}

/* For IoValidateDeviceIoControlAccess. */
static UCHAR flags_of_access(ACCESS_MASK access)
{
    return (UCHAR)(((access & FILE_READ_DATA) != 0 ? SL_READ_ACCESS_GRANTED : 0) |
                   ((access & FILE_WRITE_DATA) != 0 ? SL_WRITE_ACCESS_GRANTED : 0));
}

NTSTATUS we_io_file_start(PFILE_OBJECT file, const struct we_io_way *way, const struct we_io_ask *ask,
                          struct we_io_request **request)
{
    NTSTATUS status;
    PIRP irp;

    *request = NULL;
    if (!is_access_enough(file_of(file)->access, ask)) {
        return STATUS_ACCESS_DENIED;
    }
    *request = request_create(file, way->mode);
    if (*request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = we_io_request_fill(*request, ask);
    if (!NT_SUCCESS(status)) {
        we_io_request_release(*request);
        *request = NULL;
        return status;
    }
    irp = we_io_request_irp(*request);
    irp->Flags |= way->irp_flags;
    if (ask->major == IRP_MJ_DEVICE_CONTROL) {
        IoGetNextIrpStackLocation(irp)->Flags = flags_of_access(file_of(file)->access);
    }
    if (way->iosb != NULL) {
        irp->UserIosb = way->iosb;
        irp->UserEvent = &file->Event;
        KeClearEvent(&file->Event);
    }
    return we_io_request_send(*request);
}

/* Sends a request of the file's own life and waits for it. */
static NTSTATUS request_run(struct we_io_request *request, ULONG_PTR *information)
{
    NTSTATUS status;

    (void)we_io_request_send(request);
    status = we_io_request_wait(request, information);
    we_io_request_release(request);
    return status;
}

/* --- the end -------------------------------------------------------------------------------- */

/* A request for the end of a file, which has no reference of it: at CLOSE there is none to be had. */
static struct we_io_request *end_create(struct file *file)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(file->object.DeviceObject);
    struct we_io_request *request = we_io_request_create(top, NULL, file->mode);

    if (request == NULL) {
        request =
            we_io_request_create(top, NULL, file->mode); /* where a test asks for that, only one allocation fails */
    }
    we_ob_dereference(top);
    return request;
}

/* CLEANUP or CLOSE. */
static void end_send(struct file *file, UCHAR major)
{
    struct we_io_request *request = end_create(file);
    PIO_STACK_LOCATION location;
    ULONG_PTR information;
    PIRP irp;

    if (request == NULL) {
        we_host_log(WE_LOG_ERROR, "no memory for %s of file %p: its driver is not told that it was closed",
                    major == IRP_MJ_CLEANUP ? "IRP_MJ_CLEANUP" : "IRP_MJ_CLOSE", (void *)&file->object);
        return;
    }
    irp = we_io_request_irp(request);
    irp->Flags |= IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->Tail.Overlay.OriginalFileObject = &file->object;
    location = IoGetNextIrpStackLocation(irp);
    location->MajorFunction = major;
    location->FileObject = &file->object;
    (void)request_run(request, &information);
}

static void file_closed(void *body)
{
    struct file *file = (struct file *)body;

    if (file->is_open) {
        end_send(file, IRP_MJ_CLEANUP);
        file->object.Flags |= FO_CLEANUP_COMPLETE;
        __atomic_store_n(&file->is_closed, true, __ATOMIC_RELEASE);
    }
}

static void file_destroy(void *body)
{
    struct file *file = (struct file *)body;
    PDEVICE_OBJECT device = file->object.DeviceObject;

    if (file->is_open) {
        end_send(file, IRP_MJ_CLOSE);
    }
    we_host_mutex_lock(&s_lock);
    we_base_list_remove(&file->link);
    we_host_mutex_unlock(&s_lock);
    we_host_free(file->object.FileName.Buffer);
    if (device != NULL) {
        we_io_device_close(device);
        we_ob_dereference(device);
    }
}

/* --- opening -------------------------------------------------------------------------------- */

ACCESS_MASK we_io_access_map(ACCESS_MASK access)
{
    access |= (access & GENERIC_READ) != 0 ? FILE_GENERIC_READ : 0;
    access |= (access & GENERIC_WRITE) != 0 ? FILE_GENERIC_WRITE : 0;
    access |= (access & GENERIC_EXECUTE) != 0 ? FILE_GENERIC_EXECUTE : 0;
    access |= (access & GENERIC_ALL) != 0 ? FILE_ALL_ACCESS : 0;
    access &= ~(ACCESS_MASK)(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if ((access & MAXIMUM_ALLOWED) != 0) {
        access = (access & ~(ACCESS_MASK)MAXIMUM_ALLOWED) | FILE_ALL_ACCESS;
    }
    return access;
}

static ULONG flags_of_options(ULONG options)
{
    ULONG flags = 0;

    if ((options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0) {
        flags |= FO_SYNCHRONOUS_IO;
    }
    if ((options & FILE_SYNCHRONOUS_IO_ALERT) != 0) {
        flags |= FO_ALERTABLE_IO;
    }
    if ((options & FILE_NO_INTERMEDIATE_BUFFERING) != 0) {
        flags |= FO_NO_INTERMEDIATE_BUFFERING;
    }
    return flags;
}

/* Takes over the counted open of device, the caller's reference of it, and the name. NULL: memory is short. */
static struct file *file_make(const struct we_io_open *open, ACCESS_MASK access, PDEVICE_OBJECT device,
                              const UNICODE_STRING *name)
{
    struct file *file = (struct file *)we_ob_create(WE_OB_FILE, sizeof(*file), file_destroy, NULL);

    if (file == NULL) {
        return NULL;
    }
    we_ob_set_closed(file, file_closed);
    file->object.Type = IO_TYPE_FILE;
    file->object.Size = sizeof(file->object);
    file->object.DeviceObject = device;
    file->object.FileName = *name;
    file->object.Flags = flags_of_options(open->options);
    file->access = access;
    file->mode = open->mode;
    we_ke_header_init(&file->object.Lock.Header, WE_KE_SYNCHRONIZATION_EVENT, 0);
    we_ke_header_init(&file->object.Event.Header, WE_KE_NOTIFICATION_EVENT, 0);
    InitializeListHead(&file->object.IrpList);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_files, &file->link);
    we_host_mutex_unlock(&s_lock);
    return file;
}

/* Whether the device may be opened for what is wanted. Drivers may do everything. */
static NTSTATUS access_check(const struct we_io_open *open, PDEVICE_OBJECT device, ACCESS_MASK *access)
{
    ACCESS_MASK granted = we_io_device_extension(device)->application_access;
    bool is_maximum = (open->access & MAXIMUM_ALLOWED) != 0;

    *access = we_io_access_map(open->access);
    if (open->mode == KernelMode) {
        return STATUS_SUCCESS;
    }
    if (is_maximum) {
        *access &= granted;
    }
    return (*access & ~granted) != 0 || *access == 0 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static void flags_check(PDEVICE_OBJECT device)
{
    struct we_ob_header *header = we_ob_find(device);

    if ((device->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO)) == (DO_BUFFERED_IO | DO_DIRECT_IO)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_005, &header->entry,
                                  "device %p is opened with both DO_BUFFERED_IO and DO_DIRECT_IO set", (void *)device);
    }
}

/* The device that a name leads to, opened and counted, and the file object; no driver has been asked yet. */
static NTSTATUS file_create(const struct we_io_open *open, struct file **file)
{
    UNICODE_STRING rest;
    PDEVICE_OBJECT device;
    ACCESS_MASK access;
    NTSTATUS status = we_io_name_open(open->name, &device, &rest);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = access_check(open, device, &access);
    if (!NT_SUCCESS(status)) {
        goto drop_device;
    }
    status = we_io_device_open(device);
    if (!NT_SUCCESS(status)) {
        goto drop_device;
    }
    flags_check(device);
    *file = file_make(open, access, device, &rest);
    if (*file != NULL) {
        return STATUS_SUCCESS;
    }
    status = STATUS_INSUFFICIENT_RESOURCES;
    we_io_device_close(device);

drop_device:
    we_ob_dereference(device);
    we_host_free(rest.Buffer);
    return status;
}

static NTSTATUS create_send(struct file *file, const struct we_io_open *open, ULONG_PTR *information)
{
    struct we_io_request *request = request_create(&file->object, open->mode);
    IO_SECURITY_CONTEXT security = { .DesiredAccess = file->access, .FullCreateOptions = open->options };
    PIO_STACK_LOCATION location;
    PIRP irp;

    if (request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp = we_io_request_irp(request);
    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    irp->AssociatedIrp.SystemBuffer = open->ea;
    location = IoGetNextIrpStackLocation(irp);
    location->MajorFunction = IRP_MJ_CREATE;
    location->Parameters.Create.SecurityContext = &security;
    location->Parameters.Create.Options = open->disposition << 24 | (open->options & 0x00ffffffu);
    location->Parameters.Create.FileAttributes = (USHORT)open->file_attributes;
    location->Parameters.Create.ShareAccess = (USHORT)open->share_access;
    location->Parameters.Create.EaLength = open->ea_bytes;
    return request_run(request, information);
}

NTSTATUS we_io_file_open(const struct we_io_open *open, HANDLE *handle, ULONG_PTR *information)
{
    ULONG_PTR ignored;
    struct file *file;
    NTSTATUS status;

    *handle = NULL;
    status = file_create(open, &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = create_send(file, open, information != NULL ? information : &ignored);
    if (NT_SUCCESS(status)) {
        file->is_open = true;
        *handle = we_ob_handle_create(file);
        file->object.Flags |= FO_HANDLE_CREATED;
        if (*handle == NULL) {
            file_closed(file);
            status = STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    we_ob_dereference(file); /* the handle has its own */
    return status;
}

NTSTATUS we_io_file_of_handle(const char *function, HANDLE handle, PFILE_OBJECT *file)
{
    void *body;
    NTSTATUS status = we_ob_handle_open(function, handle, WE_OB_FILE, &body);

    *file = (PFILE_OBJECT)body;
    return status;
}

void we_io_files_stop(void)
{
    /* The lock is not needed: nobody is left who could open or close. */
    WE_BASE_LIST_FOR_EACH (link, &s_files) {
        struct file *file = WE_BASE_LIST_ITEM(link, struct file, link);
        PDEVICE_OBJECT device = file->object.DeviceObject;

        file->is_open = false;
        file->object.DeviceObject = NULL;
        we_io_device_close(device);
        we_ob_dereference(device);
    }
}
