/* SPDX-License-Identifier: MIT */
/* Driver and device objects, their names, and IoCallDriver. */
#include "nt/io_device.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/io_irp_state.h"
#include "nt/io_timer.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* Design
 *
 * A device object is the body of an object; its first reference is dropped by IoDeleteDevice, so references of work items
 * only delay the end of its memory. The list of a driver's devices and the table of names have one lock.
 *
 * A name belongs to a device, or it is a symbolic link and carries its target. \DosDevices\ is another spelling of \??\.
 */

/* What Driver Verifier stops with: parameter 1 is 4 for a bad device object. */
#define IOMANAGER_VIOLATION ((ULONG)0x000000C9)

/* Kept in DEVICE_OBJECT.Reserved, which Windows keeps for itself. */
#define DEVICE_DELETED ((PVOID)(ULONG_PTR)1)

struct name {
    struct we_base_list link;
    PDEVICE_OBJECT device; /* NULL: a symbolic link */
    USHORT length_count;
    USHORT target_count;
    WCHAR text[]; /* the name in capitals, then the target as it was given */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_names = WE_BASE_LIST_INIT(s_names); /* guarded by s_lock */

/* --- names ---------------------------------------------------------------------------------- */

static const WCHAR s_dos_devices[] = { '\\', 'D', 'O', 'S', 'D', 'E', 'V', 'I', 'C', 'E', 'S', '\\' };
static const WCHAR s_dos_short[] = { '\\', '?', '?', '\\' };

/* Writes the name in capitals, with the short form of its prefix, and returns its length. to has room for it. */
static USHORT name_fold(const UNICODE_STRING *name, WCHAR *to)
{
    USHORT count = name->Length / sizeof(WCHAR);
    USHORT prefix_count = 0;
    USHORT i;

    for (i = 0; i < count; i++) {
        to[i] = RtlUpcaseUnicodeChar(name->Buffer[i]);
    }
    if (count > WE_ARRAY_COUNT(s_dos_devices) && memcmp(to, s_dos_devices, sizeof(s_dos_devices)) == 0) {
        prefix_count = WE_ARRAY_COUNT(s_dos_devices) - WE_ARRAY_COUNT(s_dos_short);
        memmove(to, to + prefix_count, (size_t)(count - prefix_count) * sizeof(WCHAR));
        memcpy(to, s_dos_short, sizeof(s_dos_short));
    }
    return (USHORT)(count - prefix_count);
}

static struct name *name_make(const UNICODE_STRING *text, const UNICODE_STRING *target)
{
    size_t target_bytes = target != NULL ? target->Length : 0;
    struct name *name = (struct name *)we_host_zalloc(sizeof(*name) + text->Length + target_bytes);

    if (name == NULL) {
        return NULL;
    }
    name->length_count = name_fold(text, name->text);
    name->target_count = (USHORT)(target_bytes / sizeof(WCHAR));
    if (target_bytes != 0) {
        memcpy(name->text + name->length_count, target->Buffer, target_bytes);
    }
    we_base_list_init(&name->link);
    return name;
}

/* The entry of a folded name, or NULL. */
static struct name *name_find_locked(const WCHAR *text, USHORT count)
{
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (name->length_count == count && memcmp(name->text, text, (size_t)count * sizeof(WCHAR)) == 0) {
            return name;
        }
    }
    return NULL;
}

/* Adds a name unless it exists. */
static NTSTATUS name_add(const UNICODE_STRING *text, const UNICODE_STRING *target, PDEVICE_OBJECT device)
{
    struct name *name = name_make(text, target);
    NTSTATUS status = STATUS_SUCCESS;

    if (name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    name->device = device;
    we_host_mutex_lock(&s_lock);
    if (name_find_locked(name->text, name->length_count) != NULL) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else {
        we_base_list_append(&s_names, &name->link);
    }
    we_host_mutex_unlock(&s_lock);
    if (!NT_SUCCESS(status)) {
        we_host_free(name);
    }
    return status;
}

static void name_remove_of_device(PDEVICE_OBJECT device)
{
    struct name *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (name->device == device) {
            found = name;
            we_base_list_remove(link);
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(found);
}

static bool string_is_name(const UNICODE_STRING *string)
{
    return string != NULL && string->Buffer != NULL && string->Length >= sizeof(WCHAR) &&
           string->Length % sizeof(WCHAR) == 0 && string->Buffer[0] == '\\';
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    WE_NT_ENTRY(IoCreateSymbolicLink);
    if (!string_is_name(SymbolicLinkName) || !string_is_name(DeviceName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return name_add(SymbolicLinkName, DeviceName, NULL);
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    struct name *wanted;
    struct name *found;

    WE_NT_ENTRY(IoDeleteSymbolicLink);
    if (!string_is_name(SymbolicLinkName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    wanted = name_make(SymbolicLinkName, NULL);
    if (wanted == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_host_mutex_lock(&s_lock);
    found = name_find_locked(wanted->text, wanted->length_count);
    if (found != NULL && found->device != NULL) {
        found = NULL; /* a device's own name is no link */
    }
    if (found != NULL) {
        we_base_list_remove(&found->link);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(wanted);
    we_host_free(found);
    return found != NULL ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* --- devices ---------------------------------------------------------------------------------- */

static PDEVICE_OBJECT device_make(PDRIVER_OBJECT driver, ULONG extension_bytes, DEVICE_TYPE type)
{
    PDEVICE_OBJECT device =
        (PDEVICE_OBJECT)we_ob_create(WE_OB_DEVICE, sizeof(DEVICE_OBJECT) + extension_bytes, NULL, NULL);

    if (device == NULL) {
        return NULL;
    }
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)(sizeof(DEVICE_OBJECT) + extension_bytes);
    device->DriverObject = driver;
    device->DeviceType = type;
    device->StackSize = 1;
    device->Flags = DO_DEVICE_INITIALIZING;
    device->DeviceExtension = extension_bytes != 0 ? device + 1 : NULL;
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
        status = string_is_name(DeviceName) ? name_add(DeviceName, NULL, device) : STATUS_OBJECT_NAME_INVALID;
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

VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
    struct we_ob_header *header = we_ob_find(DeviceObject);
    struct we_nt_view view;

    WE_NT_ENTRY(IoDeleteDevice);
    if (header == NULL || header->type != WE_OB_DEVICE || DeviceObject->Reserved == DEVICE_DELETED) {
        (void)we_vrf_report(WE_RULE_UNL_004, we_nt_view_make(&view, WE_KIND_OBJECT, DeviceObject),
                            "IoDeleteDevice was called for %p, which is not a device any more", (void *)DeviceObject);
        return;
    }
    if (DeviceObject->AttachedDevice != NULL) {
        (void)we_vrf_report_entry(WE_RULE_UNL_004, &header->entry,
                                  "IoDeleteDevice was called for device %p, above which %p is attached",
                                  (void *)DeviceObject, (void *)DeviceObject->AttachedDevice);
    }
    we_io_timer_delete(DeviceObject);
    device_unlink(DeviceObject);
    name_remove_of_device(DeviceObject);
    DeviceObject->Reserved = DEVICE_DELETED;
    we_ob_dereference(DeviceObject);
}

/* --- drivers ---------------------------------------------------------------------------------- */

/* A driver object with what it points to, in one piece. */
struct driver {
    DRIVER_OBJECT object; /* first: the body is the driver object */
    DRIVER_EXTENSION extension;
    WCHAR name[]; /* "\Driver\name"; the service's name is its end */
};

static const WCHAR s_driver_prefix[] = { '\\', 'D', 'r', 'i', 'v', 'e', 'r', '\\' };

static NTSTATUS default_dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
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
    driver_set_name(driver, name, length);
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver->object.MajorFunction[i] = default_dispatch;
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

/* Takes a link off the table that leads to no device; is_any: any link. */
static struct name *link_take(bool is_any)
{
    struct name *found = NULL;
    struct name *probe;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);
        UNICODE_STRING target;

        if (name->device != NULL) {
            continue;
        }
        target.Buffer = name->text + name->length_count;
        target.Length = (USHORT)(name->target_count * sizeof(WCHAR));
        target.MaximumLength = target.Length;
        probe = name_make(&target, NULL);
        if (is_any || (probe != NULL && name_find_locked(probe->text, probe->length_count) == NULL)) {
            found = name;
            we_base_list_remove(link);
        }
        we_host_free(probe);
        if (found != NULL) {
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

/* A name as ASCII for a report. */
#define NAME_TEXT_SIZE 80
static const char *name_text(const struct name *name, char text[NAME_TEXT_SIZE])
{
    USHORT i;

    for (i = 0; i < name->length_count && i < NAME_TEXT_SIZE - 1; i++) {
        text[i] = name->text[i] >= 0x20 && name->text[i] < 0x7f ? (char)name->text[i] : '?';
    }
    text[i] = '\0';
    return text;
}

static void links_report(bool is_any)
{
    char text[NAME_TEXT_SIZE];
    struct name *name;

    while ((name = link_take(is_any)) != NULL) {
        (void)we_vrf_report(WE_RULE_UNL_003, NULL, "the symbolic link %s was never deleted", name_text(name, text));
        we_host_free(name);
    }
}

void we_io_driver_destroy(PDRIVER_OBJECT driver)
{
    while (driver->DeviceObject != NULL) {
        PDEVICE_OBJECT device = driver->DeviceObject;

        (void)we_vrf_report_entry(WE_RULE_UNL_003, &((struct we_ob_header *)device - 1)->entry,
                                  "device %p was never deleted", (void *)device);
        device->AttachedDevice = NULL;
        IoDeleteDevice(device);
    }
    links_report(false);
    we_ob_dereference(driver);
}

void we_io_names_stop(void)
{
    links_report(true);
}

/* --- sending ----------------------------------------------------------------------------------- */

/* IRP-022 and IRP-023: an IRP must come back to its creator. */
static void call_check_own(PIRP irp)
{
    const IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(irp);
    struct we_nt_view view;

    if (next->CompletionRoutine == NULL || (next->Control & WE_IO_INVOKE_ALL) == 0) {
        (void)we_vrf_report(WE_RULE_IRP_022, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p without a completion routine", (void *)irp);
    } else if ((next->Control & WE_IO_INVOKE_ALL) != WE_IO_INVOKE_ALL) {
        (void)we_vrf_report(WE_RULE_IRP_023, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p whose completion routine is called on some outcomes only",
                            (void *)irp);
    }
}

/* False: the IRP cannot be sent, and why was reported. */
static bool call_check(PDEVICE_OBJECT device, PIRP irp)
{
    struct we_ob_header *header = we_ob_find(device);
    struct we_nt_view view;

    if (!we_io_irp_is_live(irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got %p, which is not a live IRP", (void *)irp);
        return false;
    }
    if (header == NULL || header->type != WE_OB_DEVICE) {
        KeBugCheckEx(IOMANAGER_VIOLATION, 4, (ULONG_PTR)device, 0, 0);
    }
    if (we_io_irp_state(irp) == WE_IRP_SENT || we_io_irp_state(irp) == WE_IRP_COMPLETING) {
        (void)we_vrf_report(WE_RULE_IRP_010, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p, which is %s", (void *)irp, we_io_irp_state_text(irp));
        return false;
    }
    if (irp->CurrentLocation <= 1) {
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    }
    if (we_io_irp_is_at_top(irp)) {
        call_check_own(irp);
    }
    return true;
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_nt_frame frame;
    PIO_STACK_LOCATION location;
    PDRIVER_DISPATCH routine;
    NTSTATUS status;

    WE_NT_ENTRY(IofCallDriver);
    if (!call_check(DeviceObject, Irp)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_io_irp_step_down(Irp);
    location = IoGetCurrentIrpStackLocation(Irp);
    location->DeviceObject = DeviceObject;
    we_io_irp_set_state(Irp, WE_IRP_DISPATCHED);
    routine = location->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION
                  ? DeviceObject->DriverObject->MajorFunction[location->MajorFunction]
                  : default_dispatch;
    we_nt_door_enter(&frame, WE_DOOR_DISPATCH, (const void *)(ULONG_PTR)routine, DeviceObject);
    status = routine(DeviceObject, Irp);
    we_nt_door_leave(&frame);
    return status;
}
