/* SPDX-License-Identifier: MIT */
/* Shutdown notifications. */
#include "nt/io_shutdown.h"

#include "base/base_list.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_names.h"
#include "nt/io_request.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* Design
 *
 * Two lists, as on Windows; in each the youngest registration comes first. A registration holds a reference of its device.
 */

#define ANSWER_PATIENCE_NS 5000000000u

struct registration {
    struct we_base_list link;
    PDEVICE_OBJECT device;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_first = WE_BASE_LIST_INIT(s_first); /* guarded by s_lock */
static struct we_base_list s_last = WE_BASE_LIST_INIT(s_last);   /* guarded by s_lock */

static NTSTATUS registration_add(struct we_base_list *list, PDEVICE_OBJECT device)
{
    struct registration *registration = we_host_zalloc(sizeof(*registration));

    if (registration == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_ob_reference(device);
    registration->device = device;
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    we_host_mutex_lock(&s_lock);
    we_base_list_prepend(list, &registration->link);
    we_host_mutex_unlock(&s_lock);
    return STATUS_SUCCESS;
}

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    WE_NT_ENTRY(IoRegisterShutdownNotification);
    return registration_add(&s_first, DeviceObject);
}

NTSTATUS IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    WE_NT_ENTRY(IoRegisterLastChanceShutdownNotification);
    return registration_add(&s_last, DeviceObject);
}

/* Takes one off the list; device: one of this device, NULL: the first. NULL: there is none. */
static struct registration *registration_take(struct we_base_list *list, PDEVICE_OBJECT device)
{
    struct registration *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, list) {
        struct registration *registration = WE_BASE_LIST_ITEM(link, struct registration, link);

        if (device == NULL || registration->device == device) {
            found = registration;
            we_base_list_remove(link);
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

static void registration_destroy(struct registration *registration)
{
    we_ob_dereference(registration->device);
    we_host_free(registration);
}

/* Returns how many there were. */
static unsigned registrations_drop(struct we_base_list *list, PDEVICE_OBJECT device)
{
    struct registration *registration;
    unsigned count = 0;

    for (; (registration = registration_take(list, device)) != NULL; count++) {
        registration_destroy(registration);
    }
    return count;
}

void we_io_shutdown_forget(PDEVICE_OBJECT device)
{
    if ((device->Flags & DO_SHUTDOWN_REGISTERED) != 0) {
        device->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
        (void)registrations_drop(&s_first, device);
        (void)registrations_drop(&s_last, device);
    }
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    WE_NT_ENTRY(IoUnregisterShutdownNotification);
    we_io_shutdown_forget(DeviceObject);
}

/* --- the shutdown ---------------------------------------------------------------------------- */

static void shutdown_tell(PDEVICE_OBJECT device)
{
    struct we_io_request *request = we_io_request_create(device, NULL, KernelMode);
    char name[WE_IO_NAME_TEXT_SIZE];

    if (request == NULL) {
        we_host_log(WE_LOG_ERROR, "no memory for IRP_MJ_SHUTDOWN to %s", we_io_name_text(device, name));
        return;
    }
    IoGetNextIrpStackLocation(we_io_request_irp(request))->MajorFunction = IRP_MJ_SHUTDOWN;
    (void)we_io_request_send(request);
    if (!we_io_request_wait_for(request, ANSWER_PATIENCE_NS)) {
        we_host_log(WE_LOG_ERROR, "%s has not completed IRP_MJ_SHUTDOWN: the stop goes on without it",
                    we_io_name_text(device, name));
    }
    we_io_request_release(request);
}

static void list_tell(struct we_base_list *list)
{
    struct registration *registration;

    while ((registration = registration_take(list, NULL)) != NULL) {
        shutdown_tell(registration->device);
        registration_destroy(registration);
    }
}

void we_io_shutdown_send(void)
{
    list_tell(&s_first);
    list_tell(&s_last);
}

void we_io_shutdown_stop(void)
{
    (void)registrations_drop(&s_first, NULL);
    (void)registrations_drop(&s_last, NULL);
}
