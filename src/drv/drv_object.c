/* SPDX-License-Identifier: MIT */
/* Loads drivers, unloads them, and looks at what they leave behind. */
#include "drv/drv_object.h"

#include <string.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "drv/drv_device.h"
#include "drv/drv_image.h"
#include "drv/drv_leaks.h"
#include "drv/drv_registry.h"
#include "host/host_image.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/cm_registry.h"
#include "nt/io_device.h"
#include "nt/io_file.h"
#include "nt/io_request.h"
#include "nt/io_shutdown.h"
#include "nt/nt_door.h"
#include "nt/nt_thread.h"
#include "nt/ob_object.h"
#include "nt/wpp_trace.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Each loaded driver has a record in one list, made before DriverEntry is called, so that its name is taken. The lock
 * guards the list only; DriverEntry and DriverUnload run without it. A record is touched by the thread that loads or
 * unloads its driver, and by nobody else: two threads that unload one driver are a mistake of the test.
 *
 * A driver whose DriverEntry failed goes the way of an unloaded one, but its DriverUnload is not called.
 */

#define NAME_MAX_COUNT 200

struct driver {
    struct we_base_list link; /* guarded by s_lock */
    PDRIVER_OBJECT object;
    struct wsk_emu_image *image;   /* or NULL */
    void *file;                    /* the shared object that it came in, or NULL */
    struct we_drv_leaks before;    /* what was alive before DriverEntry, made by the test or by other drivers */
    PUNICODE_STRING registry_path; /* while DriverEntry runs, which a failed test may leave; else NULL */
    bool is_started;               /* DriverEntry has succeeded */
    bool is_stuck;                 /* unloading was refused and reported */
    char name[NAME_MAX_COUNT + 1];
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_INSTANCE);
static struct we_base_list s_drivers = WE_BASE_LIST_INIT(s_drivers); /* guarded by s_lock */
static bool s_is_open;                                               /* guarded by s_lock */

/* --- the list -------------------------------------------------------------------------- */

static struct driver *driver_find_locked(const char *name)
{
    WE_BASE_LIST_FOR_EACH (link, &s_drivers) {
        struct driver *driver = WE_BASE_LIST_ITEM(link, struct driver, link);

        if (strcmp(driver->name, name) == 0) {
            return driver;
        }
    }
    return NULL;
}

bool we_drv_is_open(void)
{
    bool is_running;

    we_host_mutex_lock(&s_lock);
    is_running = s_is_open;
    we_host_mutex_unlock(&s_lock);
    return is_running;
}

/* Lists a driver under its name, unless the kernel is stopped or the name taken. */
static NTSTATUS driver_add(struct driver *driver)
{
    NTSTATUS status = STATUS_SUCCESS;

    we_host_mutex_lock(&s_lock);
    if (!s_is_open) {
        status = STATUS_INVALID_DEVICE_STATE;
    } else if (driver_find_locked(driver->name) != NULL) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else {
        we_base_list_append(&s_drivers, &driver->link);
    }
    we_host_mutex_unlock(&s_lock);
    return status;
}

static void driver_remove(struct driver *driver)
{
    we_host_mutex_lock(&s_lock);
    we_base_list_remove(&driver->link);
    we_host_mutex_unlock(&s_lock);
}

static bool driver_is_alone(const struct driver *driver)
{
    bool is_alone;

    we_host_mutex_lock(&s_lock);
    is_alone = s_drivers.next == &driver->link && s_drivers.prev == &driver->link;
    we_host_mutex_unlock(&s_lock);
    return is_alone;
}

static struct driver *driver_of(PDRIVER_OBJECT object)
{
    struct driver *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_drivers) {
        struct driver *driver = WE_BASE_LIST_ITEM(link, struct driver, link);

        if (driver->object == object) {
            found = driver;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

/* --- loading --------------------------------------------------------------------------- */

/* The name becomes part of object names, so it has no separator and nothing that cannot be printed. */
static bool name_is_valid(PCSTR name)
{
    size_t length = 0;

    for (; name[length] != 0; length++) {
        if (length == NAME_MAX_COUNT || name[length] <= ' ' || name[length] >= 0x7F || name[length] == '\\') {
            return false;
        }
    }
    return length >= 1;
}

static struct driver *driver_create(PCSTR name)
{
    struct driver *driver = we_host_zalloc(sizeof(*driver));

    if (driver == NULL) {
        return NULL;
    }
    we_base_list_init(&driver->link);
    memcpy(driver->name, name, strlen(name) + 1);
    driver->object = we_io_driver_create(driver->name);
    if (driver->object == NULL) {
        we_host_free(driver);
        return NULL;
    }
    return driver;
}

/* Makes the key, too. A string of its own, so that a driver that keeps the pointer past DriverEntry is caught by a memory
 * checker. */
static PUNICODE_STRING registry_path_create(const char *name)
{
    size_t prefix_count = sizeof(WE_DRV_SERVICES) - 1;
    size_t count = prefix_count + strlen(name);
    PUNICODE_STRING path = we_host_alloc(sizeof(*path));
    struct we_cm_change change = { .kind = WE_CM_MAKE_KEY };
    size_t failed;

    if (path == NULL) {
        return NULL;
    }
    /* No terminator: counted strings have none in general, and this one would never be missed otherwise. */
    path->Length = (USHORT)(count * sizeof(WCHAR));
    path->MaximumLength = path->Length;
    path->Buffer = we_host_alloc(path->Length);
    if (path->Buffer == NULL) {
        we_host_free(path);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        path->Buffer[i] = (WCHAR)(i < prefix_count ? WE_DRV_SERVICES[i] : name[i - prefix_count]);
    }
    change.path = path->Buffer;
    change.path_count = count;
    if (!NT_SUCCESS(we_cm_apply(&change, 1, &failed))) {
        we_host_free(path->Buffer);
        we_host_free(path);
        return NULL;
    }
    return path;
}

static void registry_path_destroy(PUNICODE_STRING path)
{
    we_host_free(path->Buffer);
    we_host_free(path);
}

static NTSTATUS entry_call(struct driver *driver, PDRIVER_INITIALIZE entry_routine, PUNICODE_STRING registry_path)
{
    struct we_nt_frame frame;
    NTSTATUS status;

    driver->object->DriverInit = entry_routine;
    we_nt_door_enter(&frame, WE_DOOR_DRIVER_ENTRY, (const void *)(ULONG_PTR)entry_routine, driver->object);
    status = entry_routine(driver->object, registry_path);
    we_nt_door_leave(&frame);
    return status;
}

static void file_close(void *file)
{
    if (file != NULL) {
        we_host_image_close(file);
    }
}

/* Forgets a driver that nothing refers to any more. */
static void driver_free(struct driver *driver)
{
    if (driver->registry_path != NULL) {
        registry_path_destroy(driver->registry_path);
    }
    we_drv_image_unload(driver->image);
    file_close(driver->file);
    we_host_free(driver);
}

/* What both ends of a driver have in common: look at what is left, then drop it. */
static void driver_end(struct driver *driver, const char *function)
{
    size_t count = we_drv_leaks_report(&driver->before, driver->name, function, driver->image, driver_is_alone(driver));

    if (count > 0 && driver->file != NULL) {
        /* Reported: no need to crash as well. */
        we_host_log(WE_LOG_WARNING, "the driver %s is still in use: its shared object stays in memory", driver->name);
        driver->file = NULL;
    }
    we_io_driver_destroy(driver->object);
    driver_remove(driver);
    driver_free(driver);
}

/* Loads the driver of this entry. file: the shared object that the entry is in, or NULL; it is taken over in any case. */
static NTSTATUS driver_load(PDRIVER_INITIALIZE entry, PCSTR name, void *file, PDRIVER_OBJECT *object)
{
    struct driver *driver = driver_create(name);
    NTSTATUS status;

    if (driver == NULL) {
        file_close(file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    driver->file = file;
    status = driver_add(driver);
    if (!NT_SUCCESS(status)) {
        goto destroy_driver;
    }
    status = STATUS_INSUFFICIENT_RESOURCES;
    driver->registry_path = registry_path_create(name);
    if (driver->registry_path == NULL || !we_drv_image_load(entry, &driver->image)) {
        goto remove_driver;
    }
    we_drv_leaks_collect(&driver->before);
    we_wpp_forget_cleanups();
    status = entry_call(driver, entry, driver->registry_path);
    registry_path_destroy(driver->registry_path);
    driver->registry_path = NULL;
    if (!NT_SUCCESS(status)) {
        driver_end(driver, "DriverEntry");
        return status;
    }
    driver->is_started = true;
    we_io_driver_started(driver->object);
    *object = driver->object;
    return status;

remove_driver:
    driver_remove(driver);
destroy_driver:
    we_io_driver_destroy(driver->object);
    driver_free(driver);
    return status;
}

/* What can be said before anything is done. */
static NTSTATUS load_check(PCSTR name, PDRIVER_OBJECT *driver)
{
    if (driver != NULL) {
        *driver = NULL;
    }
    if (name == NULL || driver == NULL || !name_is_valid(name)) {
        return STATUS_INVALID_PARAMETER;
    }
    /* A driver object cannot even be made. */
    return we_drv_is_open() ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

NTSTATUS wsk_emu_driver_load(PDRIVER_INITIALIZE entry, PCSTR name, PDRIVER_OBJECT *driver)
{
    NTSTATUS status = load_check(name, driver);

    if (NT_SUCCESS(status) && entry == NULL) {
        status = STATUS_INVALID_PARAMETER;
    }
    return NT_SUCCESS(status) ? driver_load(entry, name, NULL, driver) : status;
}

/* --- loading a file --------------------------------------------------------------------- */

/* "/drivers/gate.so" is the driver gate. False: there is nothing between folder and extension, or too much. */
static bool name_from_path(const char *path, char name[NAME_MAX_COUNT + 1])
{
    const char *slash = strrchr(path, '/');
    const char *begin = slash == NULL ? path : slash + 1;
    size_t length = strcspn(begin, ".");

    if (length > NAME_MAX_COUNT) {
        return false;
    }
    memcpy(name, begin, length);
    name[length] = '\0';
    return length > 0;
}

/* The statuses are those of a service whose file is missing, is none, or refers to what no other image has. */
static NTSTATUS file_open(PCSTR path, void **file)
{
    char problem[512];

    switch (we_host_image_open(path, file, problem, sizeof(problem))) {
    case WE_HOST_IMAGE_OPENED:
        return STATUS_SUCCESS;
    case WE_HOST_IMAGE_ABSENT:
        we_host_log(WE_LOG_ERROR, "wsk_emu_driver_load_file: there is no %s: %s", path, problem);
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case WE_HOST_IMAGE_BROKEN:
        we_host_log(WE_LOG_ERROR, "wsk_emu_driver_load_file: %s cannot be loaded: %s", path, problem);
        return STATUS_INVALID_IMAGE_FORMAT;
    case WE_HOST_IMAGE_INCOMPLETE:
        we_host_log(WE_LOG_ERROR,
                    "wsk_emu_driver_load_file: %s needs what does not exist here, or the program does not link "
                    "wsk_emu::modules (docs/drivers.md): %s",
                    path, problem);
        return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
    }
    WE_UNREACHABLE("an answer that does not exist");
}

NTSTATUS wsk_emu_driver_load_file(PCSTR path, PCSTR name, PDRIVER_OBJECT *driver)
{
    char own_name[NAME_MAX_COUNT + 1];
    PDRIVER_INITIALIZE entry;
    NTSTATUS status;
    void *file;

    if (driver != NULL) {
        *driver = NULL;
    }
    if (path == NULL || path[0] == '\0') {
        return STATUS_INVALID_PARAMETER;
    }
    if (name == NULL && name_from_path(path, own_name)) {
        name = own_name;
    }
    status = load_check(name, driver);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = file_open(path, &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    entry = (PDRIVER_INITIALIZE)(ULONG_PTR)we_host_image_find(file, "DriverEntry");
    if (entry == NULL) {
        we_host_log(WE_LOG_ERROR,
                    "wsk_emu_driver_load_file: %s has no DriverEntry; wsk_emu_add_driver(... MODULE) makes it", path);
        file_close(file);
        return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
    }
    return driver_load(entry, name, file, driver);
}

/* --- unloading ------------------------------------------------------------------------- */

static void unload_call(PDRIVER_OBJECT object)
{
    PDRIVER_UNLOAD unload_routine = object->DriverUnload;
    struct we_nt_frame frame;

    if (we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_DRIVER_UNLOAD, (const void *)(ULONG_PTR)unload_routine, object);
    unload_routine(object);
    we_nt_door_leave(&frame);
}

/* Nobody has its devices open any more. */
static void unload_now(PDRIVER_OBJECT object)
{
    struct driver *record = driver_of(object);

    if (record == NULL || !we_drv_is_open()) {
        return; /* the stop drops it */
    }
    unload_call(object);
    driver_end(record, "DriverUnload");
}

void wsk_emu_driver_unload(PDRIVER_OBJECT driver)
{
    struct driver *record;

    if (driver == NULL) {
        return;
    }
    record = driver_of(driver);
    if (record == NULL) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_driver_unload: %p is no loaded driver", (void *)driver);
        return;
    }
    if (driver->DriverUnload == NULL) {
        record->is_stuck = true;
        (void)we_vrf_report(WE_RULE_UNL_001, NULL, "the driver %s has no DriverUnload and stays loaded", record->name);
        return;
    }
    we_io_requests_end(driver);
    we_ob_destroy_deferred(); /* files whose IRP_MJ_CLOSE is due */
    we_io_driver_settle(driver);
    if (we_io_driver_must_wait(driver, unload_now)) {
        we_host_log(
            WE_LOG_WARNING,
            "the driver %s is unloaded when the last file of its devices is closed; until then nobody can open them",
            record->name);
        return;
    }
    unload_now(driver);
}

/* --- start and stop -------------------------------------------------------------------- */

void we_drv_start(void)
{
    we_host_mutex_lock(&s_lock);
    WE_ASSERT(we_base_list_is_empty(&s_drivers));
    s_is_open = true;
    we_host_mutex_unlock(&s_lock);
}

void we_drv_shutdown(void)
{
    if (we_nt_irql_current() > PASSIVE_LEVEL) {
        return; /* the stop brings it down; nothing can be sent from here */
    }
    we_drv_devices_close();
    we_io_shutdown_send();
}

void we_drv_close(void)
{
    we_host_mutex_lock(&s_lock);
    s_is_open = false;
    we_host_mutex_unlock(&s_lock);
}

void we_drv_stop(void)
{
    struct we_base_list *link;

    we_io_files_stop();
    we_drv_devices_stop();
    we_io_shutdown_stop();
    /* The lock is not needed: nobody is left who could load or unload. */
    while ((link = we_base_list_pop(&s_drivers)) != NULL) {
        struct driver *driver = WE_BASE_LIST_ITEM(link, struct driver, link);

        if (driver->is_started && !driver->is_stuck) {
            we_host_log(WE_LOG_WARNING, "the driver %s was still loaded at the stop: its DriverUnload was not called",
                        driver->name);
        }
        we_io_driver_destroy(driver->object);
        driver_free(driver);
    }
}
