/* SPDX-License-Identifier: MIT */
/* Callback objects: their names, who is registered with them, and calling those. */
#include "nt/ex_callback.h"

#include <wdm.h>

#include <string.h>

#include "base/base_list.h"
#include "host/host_lock.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_utf.h"

/* Design
 *
 * Objects with a name hang in one list, which holds a reference to each: on Windows that is what OBJ_PERMANENT means. One
 * without loses its name when the handle is closed that ExCreateCallback has used inside, so it never has one here.
 *
 * The dispatcher lock guards the routines of all objects. A notification counts itself into the registration that it
 * calls and lets go of the lock; a registration leaves the list when nobody is in it any more. Whoever waits for that
 * waits for an event in the registration and frees it then.
 */

struct registration {
    struct we_base_list link; /* of its object */
    struct _CALLBACK_OBJECT *object;
    PCALLBACK_FUNCTION function;
    PVOID context;
    unsigned calls; /* that run */
    bool is_over;   /* unregistered: not called any more */
    bool is_awaited;
    KEVENT left;
};

struct _CALLBACK_OBJECT {
    struct we_base_list link; /* of the names; guarded by s_lock */
    struct we_base_list registrations;
    bool allows_many;
    size_t name_count;
    WCHAR name[]; /* as it was given, without the folder */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_names = WE_BASE_LIST_INIT(s_names); /* guarded by s_lock */

/* --- names ---------------------------------------------------------------------------------------- */

static bool is_text(const UNICODE_STRING *string, const WCHAR *text, size_t count)
{
    return string->Length / sizeof(WCHAR) == count && we_rtl_is_same_text(string->Buffer, text, count);
}

/* The object's own name within \Callback. */
static NTSTATUS parse_name(const OBJECT_ATTRIBUTES *attributes, UNICODE_STRING *name)
{
    static const WCHAR folder[] = u"\\Callback\\";
    const size_t folder_count = WE_ARRAY_COUNT(folder) - 1;
    size_t count;
    size_t i;

    if (attributes == NULL || attributes->ObjectName == NULL || attributes->ObjectName->Length == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    if (attributes->Length != sizeof(OBJECT_ATTRIBUTES)) {
        return STATUS_INVALID_PARAMETER;
    }
    *name = *attributes->ObjectName;
    if (name->Length % sizeof(WCHAR) != 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (attributes->RootDirectory != NULL || name->Buffer[0] != '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    count = name->Length / sizeof(WCHAR);
    if (count < folder_count || !we_rtl_is_same_text(name->Buffer, folder, folder_count)) {
        return STATUS_OBJECT_PATH_NOT_FOUND;
    }
    name->Buffer += folder_count;
    name->Length = (USHORT)(name->Length - folder_count * sizeof(WCHAR));
    for (i = 0; i < count - folder_count; i++) {
        if (name->Buffer[i] == '\\') {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
    }
    return name->Length != 0 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_INVALID;
}

static struct _CALLBACK_OBJECT *find_locked(const UNICODE_STRING *name)
{
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct _CALLBACK_OBJECT *object = WE_BASE_LIST_ITEM(link, struct _CALLBACK_OBJECT, link);

        if (is_text(name, object->name, object->name_count)) {
            return object;
        }
    }
    return NULL;
}

/* Those that Windows itself notifies of. Here the clock is not set and the power does not change. */
static bool is_system_name(const UNICODE_STRING *name)
{
    static const WCHAR *const names[] = { u"SetSystemTime", u"PowerState", u"ProcessorAdd" };
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(names); i++) {
        if (is_text(name, names[i], wsk_emu_wcslen(names[i]))) {
            return true;
        }
    }
    return false;
}

/* --- objects ---------------------------------------------------------------------------------------- */

static struct _CALLBACK_OBJECT *object_make(const UNICODE_STRING *name, bool allows_many)
{
    struct _CALLBACK_OBJECT *object = we_ob_create(WE_OB_CALLBACK, sizeof(*object) + name->Length, NULL, NULL);

    if (object == NULL) {
        return NULL;
    }
    we_base_list_init(&object->link);
    we_base_list_init(&object->registrations);
    object->allows_many = allows_many;
    object->name_count = name->Length / sizeof(WCHAR);
    memcpy(object->name, name->Buffer, name->Length);
    return object;
}

/* Gives the new object its name, unless another one has it meanwhile; returns the one that has it, with a reference. */
static struct _CALLBACK_OBJECT *object_publish(struct _CALLBACK_OBJECT *object, const UNICODE_STRING *name)
{
    struct _CALLBACK_OBJECT *other;

    we_host_mutex_lock(&s_lock);
    other = find_locked(name);
    if (other == NULL) {
        we_ob_reference(object); /* the list's */
        we_base_list_append(&s_names, &object->link);
    } else {
        we_ob_reference(other);
    }
    we_host_mutex_unlock(&s_lock);
    if (other != NULL) {
        we_ob_dereference(object);
        return other;
    }
    return object;
}

static struct _CALLBACK_OBJECT *object_open(const UNICODE_STRING *name)
{
    struct _CALLBACK_OBJECT *object;

    we_host_mutex_lock(&s_lock);
    object = find_locked(name);
    if (object != NULL) {
        we_ob_reference(object);
    }
    we_host_mutex_unlock(&s_lock);
    return object;
}

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                          BOOLEAN AllowMultipleCallbacks)
{
    UNICODE_STRING name;
    bool is_system;
    NTSTATUS status;

    WE_NT_ENTRY(ExCreateCallback);
    *CallbackObject = NULL;
    status = parse_name(ObjectAttributes, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *CallbackObject = object_open(&name);
    if (*CallbackObject != NULL) {
        return STATUS_SUCCESS;
    }
    is_system = is_system_name(&name);
    if (!Create && !is_system) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *CallbackObject = object_make(&name, AllowMultipleCallbacks || is_system);
    if (*CallbackObject == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if ((ObjectAttributes->Attributes & OBJ_PERMANENT) != 0 || is_system) {
        *CallbackObject = object_publish(*CallbackObject, &name);
    }
    return STATUS_SUCCESS;
}

static bool is_object(PVOID object, const char *function)
{
    struct we_nt_view view;

    if (we_ob_is(object, WE_OB_CALLBACK)) {
        return true;
    }
    (void)we_vrf_report(WE_RULE_OBJ_001, we_nt_view_make(&view, WE_KIND_OBJECT, object),
                        "%s was called with %p, which is not a callback object", function, object);
    return false;
}

/* --- registrations ------------------------------------------------------------------------------------- */

PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    struct registration *registration;
    bool is_added;

    WE_NT_ENTRY(ExRegisterCallback);
    if (!is_object(CallbackObject, "ExRegisterCallback") || CallbackFunction == NULL) {
        return NULL;
    }
    registration = we_nt_block_alloc(WE_KIND_CALLBACK, sizeof(*registration), NULL);
    if (registration == NULL) {
        return NULL;
    }
    we_base_list_init(&registration->link);
    registration->object = CallbackObject;
    registration->function = CallbackFunction;
    registration->context = CallbackContext;
    we_ke_header_init(&registration->left.Header, WE_KE_NOTIFICATION_EVENT, 0);
    we_ob_reference(CallbackObject);
    we_ke_dispatcher_lock();
    is_added = CallbackObject->allows_many || we_base_list_is_empty(&CallbackObject->registrations);
    if (is_added) {
        we_base_list_append(&CallbackObject->registrations, &registration->link);
    }
    we_ke_dispatcher_unlock();
    if (!is_added) {
        we_ob_dereference(CallbackObject);
        we_nt_block_free(we_nt_block_find(WE_KIND_CALLBACK, registration));
        return NULL;
    }
    return registration;
}

/* The registration is off its list. */
static void registration_free(struct registration *registration)
{
    we_ob_dereference(registration->object);
    we_nt_block_free(we_nt_block_find(WE_KIND_CALLBACK, registration));
}

/* True: nobody is in it and nobody waits; the caller frees it. Off its list in any case when nobody is in it. */
static bool registration_leave_locked(struct registration *registration)
{
    if (!registration->is_over || registration->calls != 0) {
        return false;
    }
    we_base_list_remove(&registration->link);
    if (!registration->is_awaited) {
        return true;
    }
    registration->left.Header.SignalState = 1;
    we_ke_signal_locked(&registration->left.Header);
    return false;
}

/* Whether the caller may wait until nobody is in the routine. */
static bool may_wait(struct registration *registration)
{
    struct we_nt_view view;

    if (we_nt_door_is_inside(WE_DOOR_CALLBACK, registration)) {
        (void)we_vrf_report(WE_RULE_UNL_014, we_nt_view_make(&view, WE_KIND_CALLBACK, registration),
                            "ExUnregisterCallback was called in the routine that it would wait for");
        return false;
    }
    return we_nt_irql_current() < DISPATCH_LEVEL;
}

VOID ExUnregisterCallback(PVOID CallbackRegistration)
{
    struct registration *registration = CallbackRegistration;
    struct we_nt_view view;
    bool may_use = we_nt_block_find(WE_KIND_CALLBACK, registration) != NULL;
    bool is_waiting = false;
    bool is_free = false;

    WE_NT_ENTRY(ExUnregisterCallback);
    if (may_use) {
        is_waiting = may_wait(registration);
        we_ke_dispatcher_lock();
        may_use = !registration->is_over;
        is_waiting = is_waiting && may_use && registration->calls != 0;
        if (may_use) {
            registration->is_over = true;
            registration->is_awaited = is_waiting;
            is_free = registration_leave_locked(registration);
        }
        we_ke_dispatcher_unlock();
    }
    if (!may_use) {
        (void)we_vrf_report(WE_RULE_UNL_013, we_nt_view_make(&view, WE_KIND_CALLBACK, registration),
                            "ExUnregisterCallback was called with %p, which is not registered, or not any more",
                            CallbackRegistration);
    }
    if (is_waiting) {
        (void)we_ke_wait_internal(&registration->left.Header, WE_HOST_FOREVER);
    }
    if (is_free || is_waiting) {
        registration_free(registration);
    }
}

static void call(const struct registration *registration, PVOID argument1, PVOID argument2)
{
    struct we_nt_frame frame;

    if (we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_CALLBACK, (const void *)(ULONG_PTR)registration->function, registration);
    registration->function(registration->context, argument1, argument2);
    we_nt_door_leave(&frame);
}

VOID ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    struct we_base_list gone = WE_BASE_LIST_INIT(gone);
    struct _CALLBACK_OBJECT *object = CallbackObject;
    struct we_base_list *link;

    WE_NT_ENTRY(ExNotifyCallback);
    if (!is_object(CallbackObject, "ExNotifyCallback")) {
        return;
    }
    we_ke_dispatcher_lock();
    link = object->registrations.next;
    while (link != &object->registrations) {
        struct registration *registration = WE_BASE_LIST_ITEM(link, struct registration, link);

        if (!registration->is_over) {
            registration->calls++; /* keeps it in the list */
            we_ke_dispatcher_unlock();
            call(registration, Argument1, Argument2);
            we_ke_dispatcher_lock();
            registration->calls--;
        }
        link = link->next;
        if (registration_leave_locked(registration)) {
            we_base_list_append(&gone, &registration->link);
        }
    }
    we_ke_dispatcher_unlock();
    while ((link = we_base_list_pop(&gone)) != NULL) {
        registration_free(WE_BASE_LIST_ITEM(link, struct registration, link));
    }
}

/* --- the end of the kernel -------------------------------------------------------------------------------- */

static void registration_stop(struct we_vrf_entry *entry, void *context)
{
    struct registration *registration = (struct registration *)(ULONG_PTR)entry->address;

    UNREFERENCED_PARAMETER(context);
    if (!registration->is_over && !entry->is_reported) {
        (void)we_vrf_report_entry(WE_RULE_UNL_013, entry, "ExUnregisterCallback was never called for %p",
                                  entry->address);
    }
    registration_free(registration);
}

void we_ex_callbacks_stop(void)
{
    struct we_base_list *link;

    we_vrf_ledger_each(WE_KIND_CALLBACK, registration_stop, NULL);
    while ((link = we_base_list_pop(&s_names)) != NULL) {
        we_ob_dereference(WE_BASE_LIST_ITEM(link, struct _CALLBACK_OBJECT, link));
    }
}
