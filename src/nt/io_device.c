/* SPDX-License-Identifier: MIT */
/* Driver and device objects. */
#include "nt/io_device.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/ex_worker.h"
#include "nt/io_attach.h"
#include "nt/io_file.h"
#include "nt/io_names.h"
#include "nt/io_shutdown.h"
#include "nt/io_timer.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A device object is the body of an object; its first reference is dropped by IoDeleteDevice, so references of work items
 * and open files only delay the end of its memory.
 *
 * DEVICE_OBJECT.ReferenceCount counts open files, as on Windows, and the driver has a count of its own over all its
 * devices, deleted ones too: it cannot be unloaded before that is zero.
 */

/* A driver object with what it points to, in one piece. */
struct driver {
    DRIVER_OBJECT object; /* first: the body is the driver object */
    DRIVER_EXTENSION extension;
    LONG open_count;                     /* files on its devices; guarded by s_lock */
    KEVENT closed;                       /* one of them has gone */
    bool is_unloading;                   /* no further opens; guarded by s_lock */
    void (*idle)(PDRIVER_OBJECT driver); /* who waits for the last file; guarded by s_lock */
    WORK_QUEUE_ITEM idle_item;           /* calls it where this thread cannot */
    WCHAR name[];                        /* "\Driver\name"; the service's name is its end */
};

#define SETTLE_PATIENCE_NS 1000000000u

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);

static struct driver *driver_of(PDRIVER_OBJECT object)
{
    return CONTAINING_RECORD(object, struct driver, object);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void device_destroy(void *body)
{
    we_host_free(we_io_device_extension(body));
}

static PDEVICE_OBJECT device_make(PDRIVER_OBJECT driver, ULONG extension_bytes, DEVICE_TYPE type)
{
    struct we_io_device_extension *extension = we_host_zalloc(sizeof(*extension));
    PDEVICE_OBJECT device;

    if (extension == NULL) {
        return NULL;
    }
    device = (PDEVICE_OBJECT)we_ob_create(WE_OB_DEVICE, sizeof(DEVICE_OBJECT) + extension_bytes, device_destroy, NULL);
    if (device == NULL) {
        we_host_free(extension);
        return NULL;
    }
    extension->common.Type = IO_TYPE_DEVICE_OBJECT_EXTENSION;
    extension->common.Size = sizeof(extension->common);
    extension->common.DeviceObject = device;
    extension->application_access = FILE_ALL_ACCESS;
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)(sizeof(DEVICE_OBJECT) + extension_bytes);
    device->DriverObject = driver;
    device->DeviceType = type;
    device->StackSize = 1;
    device->Flags = DO_DEVICE_INITIALIZING;
    device->DeviceExtension = extension_bytes != 0 ? device + 1 : NULL;
    device->DeviceObjectExtension = &extension->common;
    KeInitializeDeviceQueue(&device->DeviceQueue);
    return device;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                        DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                        PDEVICE_OBJECT *DeviceObject)
{
    NTSTATUS status = STATUS_SUCCESS;
    PDEVICE_OBJECT device;

    WE_NT_ENTRY(IoCreateDevice);
    *DeviceObject = NULL;
    device = device_make(DriverObject, DeviceExtensionSize, DeviceType);
    if (device == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    device->Characteristics = DeviceCharacteristics;
    device->Flags |= Exclusive ? DO_EXCLUSIVE : 0;
    if (DeviceName != NULL && DeviceName->Length != 0) {
        status = we_io_name_is_absolute(DeviceName) ? we_io_name_add(DeviceName, device) : STATUS_OBJECT_NAME_INVALID;
    }
    if (!NT_SUCCESS(status)) {
        we_ob_dereference(device);
        return status;
    }
    we_host_mutex_lock(&s_lock);
    device->NextDevice = DriverObject->DeviceObject;
    DriverObject->DeviceObject = device;
    we_host_mutex_unlock(&s_lock);
    *DeviceObject = device;
    return STATUS_SUCCESS;
}

static void device_unlink(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT *place;

    we_host_mutex_lock(&s_lock);
    for (place = &device->DriverObject->DeviceObject; *place != NULL; place = &(*place)->NextDevice) {
        if (*place == device) {
            *place = device->NextDevice;
            break;
        }
    }
    device->NextDevice = NULL;
    we_host_mutex_unlock(&s_lock);
}

static bool device_is_live(PDEVICE_OBJECT device)
{
    return we_ob_is(device, WE_OB_DEVICE) && !we_io_device_extension(device)->is_deleted;
}

VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    struct we_nt_view view;

    WE_NT_ENTRY(IoDeleteDevice);
    if (!device_is_live(DeviceObject)) {
        (void)we_vrf_report(WE_RULE_UNL_004, we_nt_view_make(&view, WE_KIND_OBJECT, DeviceObject),
                            "IoDeleteDevice was called for %p, which is not a device any more", (void *)DeviceObject);
        return;
    }
    we_io_timer_delete(DeviceObject);
    we_io_attach_end(DeviceObject);
    device_unlink(DeviceObject);
    we_io_name_remove_of_device(DeviceObject);
    we_io_shutdown_forget(DeviceObject);
    we_host_mutex_lock(&s_lock);
    we_io_device_extension(DeviceObject)->is_deleted = true;
    we_host_mutex_unlock(&s_lock);
    we_ob_dereference(DeviceObject);
}

NTSTATUS we_io_device_open(PDEVICE_OBJECT device)
{
    struct driver *driver = driver_of(device->DriverObject);
    NTSTATUS status = STATUS_SUCCESS;

    we_host_mutex_lock(&s_lock);
    if (we_io_device_extension(device)->is_deleted || driver->is_unloading ||
        (device->Flags & DO_DEVICE_INITIALIZING) != 0) {
        status = STATUS_NO_SUCH_DEVICE;
    } else if ((device->Flags & DO_EXCLUSIVE) != 0 && device->ReferenceCount != 0) {
        status = STATUS_ACCESS_DENIED;
    } else {
        (void)__atomic_add_fetch(&device->ReferenceCount, 1, __ATOMIC_RELAXED); /* drivers may read it */
        driver->open_count++;
    }
    we_host_mutex_unlock(&s_lock);
    return status;
}

/* Calls who waits for the last file, if it has gone. */
static void idle_call(struct driver *driver)
{
    void (*idle)(PDRIVER_OBJECT driver) = NULL;

    we_host_mutex_lock(&s_lock);
    if (driver->open_count == 0) {
        idle = driver->idle;
        driver->idle = NULL;
    }
    we_host_mutex_unlock(&s_lock);
    if (idle != NULL) {
        idle(&driver->object);
    }
}

static VOID idle_routine(PVOID Parameter)
{
    struct driver *driver = (struct driver *)Parameter;

    idle_call(driver);
    we_ob_dereference(driver);
}

void we_io_device_close(PDEVICE_OBJECT device)
{
    struct driver *driver = driver_of(device->DriverObject);
    bool is_idle;

    we_ob_reference(driver); /* it may be unloaded as soon as it is counted */
    we_host_mutex_lock(&s_lock);
    (void)__atomic_sub_fetch(&device->ReferenceCount, 1, __ATOMIC_RELEASE);
    driver->open_count--;
    is_idle = driver->open_count == 0 && driver->idle != NULL;
    we_host_mutex_unlock(&s_lock);
    KeSetEvent(&driver->closed, IO_NO_INCREMENT, FALSE);
    /* The code that this thread returns to may be the driver's, which goes with the driver. */
    if (is_idle && we_nt_thread_current()->frames != NULL && we_ex_worker_queue(&driver->idle_item, NULL)) {
        return;
    }
    if (is_idle) {
        idle_call(driver);
    }
    we_ob_dereference(driver);
}

/* --- drivers ---------------------------------------------------------------------------------- */

static const WCHAR s_driver_prefix[] = { '\\', 'D', 'r', 'i', 'v', 'e', 'r', '\\' };

NTSTATUS we_io_default_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* Writes the names behind the driver object. */
static void driver_set_name(struct driver *driver, PCSTR name, size_t length)
{
    size_t prefix_count = WE_ARRAY_COUNT(s_driver_prefix);
    size_t i;

    memcpy(driver->name, s_driver_prefix, sizeof(s_driver_prefix));
    for (i = 0; i < length; i++) {
        driver->name[prefix_count + i] = (UCHAR)name[i];
    }
    driver->object.DriverName.Buffer = driver->name;
    driver->object.DriverName.Length = (USHORT)((prefix_count + length) * sizeof(WCHAR));
    driver->object.DriverName.MaximumLength = (USHORT)((prefix_count + length + 1) * sizeof(WCHAR));
    driver->extension.ServiceKeyName.Buffer = driver->name + prefix_count;
    driver->extension.ServiceKeyName.Length = (USHORT)(length * sizeof(WCHAR));
    driver->extension.ServiceKeyName.MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
}

PDRIVER_OBJECT we_io_driver_create(PCSTR name)
{
    size_t length = strlen(name);
    size_t size_bytes = sizeof(struct driver) + (WE_ARRAY_COUNT(s_driver_prefix) + length + 1) * sizeof(WCHAR);
    struct driver *driver;
    unsigned i;

    WE_ASSERT(length >= 1 && length <= 200);
    driver = (struct driver *)we_ob_create(WE_OB_DRIVER, size_bytes, NULL, NULL);
    if (driver == NULL) {
        return NULL;
    }
    driver->object.Type = IO_TYPE_DRIVER;
    driver->object.Size = sizeof(DRIVER_OBJECT);
    driver->object.DriverExtension = &driver->extension;
    driver->extension.DriverObject = &driver->object;
    ExInitializeWorkItem(&driver->idle_item, idle_routine, driver);
    we_ke_header_init(&driver->closed.Header, WE_KE_NOTIFICATION_EVENT, 0);
    driver_set_name(driver, name, length);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver->object.MajorFunction[i] = we_io_default_dispatch;
    }
    return &driver->object;
}

void we_io_driver_started(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT device;

    we_host_mutex_lock(&s_lock);
    for (device = driver->DeviceObject; device != NULL; device = device->NextDevice) {
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
    we_host_mutex_unlock(&s_lock);
}

static size_t open_count(struct driver *driver)
{
    size_t count;

    we_host_mutex_lock(&s_lock);
    count = (size_t)driver->open_count;
    we_host_mutex_unlock(&s_lock);
    return count;
}

void we_io_driver_settle(PDRIVER_OBJECT driver)
{
    struct driver *record = driver_of(driver);
    uint64_t deadline_ns = we_host_now_ns() + SETTLE_PATIENCE_NS;
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) && status != STATUS_TIMEOUT) {
        KeClearEvent(&record->closed);
        if (open_count(record) <= we_io_files_open(driver)) {
            return;
        }
        status = we_ke_wait_internal(&record->closed.Header, deadline_ns);
    }
}

bool we_io_driver_must_wait(PDRIVER_OBJECT driver, void (*idle)(PDRIVER_OBJECT driver))
{
    struct driver *record = driver_of(driver);
    bool is_open;

    we_host_mutex_lock(&s_lock);
    record->is_unloading = true;
    is_open = record->open_count != 0;
    record->idle = is_open ? idle : NULL;
    we_host_mutex_unlock(&s_lock);
    return is_open;
}

void we_io_driver_destroy(PDRIVER_OBJECT driver)
{
    while (driver->DeviceObject != NULL) {
        PDEVICE_OBJECT device = driver->DeviceObject;

        (void)we_vrf_report_entry(WE_RULE_UNL_003, &((struct we_ob_header *)device - 1)->entry,
                                  "device %p was never deleted", (void *)device);
        we_io_attach_forget(device);
        IoDeleteDevice(device);
    }
    we_io_links_report(false);
    we_ob_dereference(driver);
}
