/* SPDX-License-Identifier: MIT */
/* Stacks of devices: attaching, detaching, and who is on top. */
#include "nt/io_attach.h"

#include "host/host_lock.h"
#include "nt/io_device.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Each device knows the one above it (AttachedDevice, which drivers may read) and the one below (in its extension). One
 * lock guards all stacks. Being attached is no reference: a driver detaches before it deletes, or breaks a rule.
 */

/* A device that stands higher has no location for itself: an IRP counts them in a CCHAR. */
#define STACK_SIZE_MAX 126

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);

static PDEVICE_OBJECT top_locked(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    return device;
}

PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT top;

    WE_NT_ENTRY(IoGetAttachedDevice);
    we_host_mutex_lock(&s_lock);
    top = top_locked(DeviceObject);
    we_host_mutex_unlock(&s_lock);
    return top;
}

PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT top;

    WE_NT_ENTRY(IoGetAttachedDeviceReference);
    we_host_mutex_lock(&s_lock);
    top = top_locked(DeviceObject);
    we_ob_reference(top);
    we_host_mutex_unlock(&s_lock);
    return top;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    WE_NT_ENTRY(IoGetRelatedDeviceObject);
    return IoGetAttachedDevice(FileObject->DeviceObject);
}

PDEVICE_OBJECT IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT lower;

    WE_NT_ENTRY(IoGetLowerDeviceObject);
    we_host_mutex_lock(&s_lock);
    lower = we_io_device_extension(DeviceObject)->attached_to;
    if (lower != NULL) {
        we_ob_reference(lower);
    }
    we_host_mutex_unlock(&s_lock);
    return lower;
}

/* Puts source on top of the stack. NULL: that device cannot be attached to. */
static PDEVICE_OBJECT attach_locked(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT top = top_locked(target);

    if (top == source || (top->Flags & DO_DEVICE_INITIALIZING) != 0 || we_io_device_extension(top)->is_deleted ||
        top->StackSize > STACK_SIZE_MAX - 1) {
        return NULL;
    }
    top->AttachedDevice = source;
    we_io_device_extension(source)->attached_to = top;
    source->StackSize = (CCHAR)(top->StackSize + 1);
    source->AlignmentRequirement = top->AlignmentRequirement;
    source->SectorSize = top->SectorSize;
    return top;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT top;

    WE_NT_ENTRY(IoAttachDeviceToDeviceStack);
    we_host_mutex_lock(&s_lock);
    top = attach_locked(SourceDevice, TargetDevice);
    we_host_mutex_unlock(&s_lock);
    return top;
}

NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                         PDEVICE_OBJECT *AttachedToDeviceObject)
{
    PDEVICE_OBJECT top;

    WE_NT_ENTRY(IoAttachDeviceToDeviceStackSafe);
    we_host_mutex_lock(&s_lock);
    top = attach_locked(SourceDevice, TargetDevice);
    *AttachedToDeviceObject = top; /* under the lock: that is what is safe about it */
    we_host_mutex_unlock(&s_lock);
    return top != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

static PDEVICE_OBJECT detach_locked(PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT upper = target->AttachedDevice;

    target->AttachedDevice = NULL;
    if (upper != NULL) {
        we_io_device_extension(upper)->attached_to = NULL;
    }
    return upper;
}

VOID IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT upper;
    struct we_nt_view view;

    WE_NT_ENTRY(IoDetachDevice);
    we_host_mutex_lock(&s_lock);
    upper = detach_locked(TargetDevice);
    we_host_mutex_unlock(&s_lock);
    if (upper == NULL) {
        (void)we_vrf_report(WE_RULE_UNL_004, we_nt_view_make(&view, WE_KIND_OBJECT, TargetDevice),
                            "IoDetachDevice was called for device %p, to which none is attached", (void *)TargetDevice);
    }
}

void we_io_attach_forget(PDEVICE_OBJECT device)
{
    struct we_io_device_extension *extension = we_io_device_extension(device);

    we_host_mutex_lock(&s_lock);
    (void)detach_locked(device);
    if (extension->attached_to != NULL) {
        (void)detach_locked(extension->attached_to);
    }
    we_host_mutex_unlock(&s_lock);
}

void we_io_attach_end(PDEVICE_OBJECT device)
{
    struct we_ob_header *header = we_ob_find(device);
    PDEVICE_OBJECT upper;
    PDEVICE_OBJECT lower;

    we_host_mutex_lock(&s_lock);
    upper = device->AttachedDevice;
    lower = we_io_device_extension(device)->attached_to;
    we_host_mutex_unlock(&s_lock);
    if (upper != NULL) {
        (void)we_vrf_report_entry(WE_RULE_UNL_004, &header->entry,
                                  "IoDeleteDevice was called for device %p, above which %p is attached", (void *)device,
                                  (void *)upper);
    }
    if (lower != NULL) {
        (void)we_vrf_report_entry(WE_RULE_UNL_004, &header->entry,
                                  "IoDeleteDevice was called for device %p, which is attached to %p", (void *)device,
                                  (void *)lower);
    }
    we_io_attach_forget(device);
}
