/* SPDX-License-Identifier: MIT */
/* Handles of keys: opened, made, deleted. */
#include "nt/cm_handle.h"

#include "host/host_log.h"
#include "nt/nt_irql.h"

/* Design
 *
 * An open key is an object that knows which access it was opened with; its handle is one of the object manager's, so that
 * ZwClose and the report of what was never closed need nothing of their own.
 */

static void open_key_destroy(void *body)
{
    we_cm_close(((struct we_cm_open_key *)body)->key);
}

static ACCESS_MASK specific_access(ACCESS_MASK access)
{
    ACCESS_MASK granted = access & ~(ACCESS_MASK)(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);

    granted |= (access & (GENERIC_READ | GENERIC_EXECUTE)) != 0 ? (ACCESS_MASK)KEY_READ : 0;
    granted |= (access & GENERIC_WRITE) != 0 ? (ACCESS_MASK)KEY_WRITE : 0;
    granted |= (access & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0 ? (ACCESS_MASK)KEY_ALL_ACCESS : 0;
    return granted;
}

NTSTATUS we_cm_handle_make(struct we_cm_key *key, ACCESS_MASK access, HANDLE *handle)
{
    struct we_cm_open_key *open = we_ob_create(WE_OB_KEY, sizeof(*open), open_key_destroy, NULL);

    if (open == NULL) {
        we_cm_close(key);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    open->key = key;
    open->granted = specific_access(access);
    *handle = we_ob_handle_create(open);
    we_ob_dereference(open); /* the handle keeps it */
    return *handle != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS we_cm_handle_open(const char *function, HANDLE handle, ACCESS_MASK needed, struct we_cm_open_key **open)
{
    NTSTATUS status = we_ob_handle_open(function, handle, WE_OB_KEY, (void **)open);

    if (NT_SUCCESS(status) && ((*open)->granted & needed) != needed) {
        we_ob_dereference(*open);
        return STATUS_ACCESS_DENIED;
    }
    return status;
}

NTSTATUS we_cm_answer_give(struct we_cm_answer *answer, const void *fixed, size_t fixed_bytes, const void *rest,
                           size_t rest_bytes)
{
    answer->needed_bytes = fixed_bytes + rest_bytes;
    if (!we_cm_answer_has_room(answer, fixed_bytes)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    we_cm_answer_put(answer, 0, fixed, fixed_bytes);
    we_cm_answer_put(answer, fixed_bytes, rest, rest_bytes);
    return we_cm_answer_finish(answer);
}

/* --- paths --------------------------------------------------------------------------------------------- */

/* What OBJECT_ATTRIBUTES name: a whole path, or one below an open key (root, with a reference). */
struct target {
    const WCHAR *path;
    size_t count;
    struct we_cm_open_key *root; /* NULL: a whole path */
};

static NTSTATUS target_parse(const char *function, const OBJECT_ATTRIBUTES *attributes, struct target *target)
{
    static const UNICODE_STRING nothing;
    const UNICODE_STRING *name;
    bool is_absolute;

    target->root = NULL;
    if (attributes == NULL || attributes->Length != sizeof(OBJECT_ATTRIBUTES)) {
        return STATUS_INVALID_PARAMETER;
    }
    name = attributes->ObjectName != NULL ? attributes->ObjectName : &nothing;
    if (name->Length % sizeof(WCHAR) != 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    is_absolute = name->Length != 0 && name->Buffer[0] == '\\';
    if (is_absolute == (attributes->RootDirectory != NULL)) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    target->path = name->Buffer;
    target->count = name->Length / sizeof(WCHAR);
    if (is_absolute) {
        return STATUS_SUCCESS;
    }
    return we_cm_handle_open(function, attributes->RootDirectory, 0, &target->root);
}

static struct we_cm_key *target_root(const struct target *target)
{
    return target->root != NULL ? target->root->key : NULL;
}

static void target_end(const struct target *target)
{
    if (target->root != NULL) {
        we_ob_dereference(target->root);
    }
}

/* --- functions ------------------------------------------------------------------------------------------- */

static NTSTATUS open_key(const char *function, PHANDLE handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes)
{
    struct target target;
    struct we_cm_key *key;
    NTSTATUS status;

    *handle = NULL;
    status = target_parse(function, attributes, &target);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_open(target_root(&target), target.path, target.count, &key);
    target_end(&target);
    return NT_SUCCESS(status) ? we_cm_handle_make(key, access, handle) : status;
}

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    WE_NT_ENTRY(ZwOpenKey);
    return open_key("ZwOpenKey", KeyHandle, DesiredAccess, ObjectAttributes);
}

NTSTATUS ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     ULONG OpenOptions)
{
    WE_NT_ENTRY(ZwOpenKeyEx);
    *KeyHandle = NULL;
    if ((OpenOptions & ~(ULONG)(REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return open_key("ZwOpenKeyEx", KeyHandle, DesiredAccess, ObjectAttributes);
}

static NTSTATUS create_key(const struct target *target, ACCESS_MASK access, struct we_cm_create *how, HANDLE *handle)
{
    struct we_cm_key *key;
    NTSTATUS status = we_cm_create(target_root(target), target->path, target->count, how, &key);

    return NT_SUCCESS(status) ? we_cm_handle_make(key, access, handle) : status;
}

NTSTATUS ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     ULONG TitleIndex, PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    struct we_cm_create how = { (CreateOptions & REG_OPTION_VOLATILE) != 0, Class, false };
    struct target target;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(TitleIndex); /* documented as ignored */
    WE_NT_ENTRY(ZwCreateKey);
    *KeyHandle = NULL;
    if ((CreateOptions & REG_OPTION_CREATE_LINK) != 0) {
        WE_LOG_ONCE(WE_LOG_WARNING, "ZwCreateKey: there are no links in the registry");
        return STATUS_NOT_SUPPORTED;
    }
    if ((CreateOptions & ~(ULONG)(REG_OPTION_VOLATILE | REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    status = target_parse("ZwCreateKey", ObjectAttributes, &target);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = create_key(&target, DesiredAccess, &how, KeyHandle);
    target_end(&target);
    if (NT_SUCCESS(status) && Disposition != NULL) {
        *Disposition = how.is_new ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    }
    return status;
}

NTSTATUS ZwDeleteKey(HANDLE KeyHandle)
{
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwDeleteKey);
    status = we_cm_handle_open("ZwDeleteKey", KeyHandle, DELETE, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_delete(open->key);
    we_ob_dereference(open);
    return status;
}

/* There is no disk. */
static NTSTATUS flush(const struct we_cm_key *key, void *context)
{
    UNREFERENCED_PARAMETER(key);
    UNREFERENCED_PARAMETER(context);
    return STATUS_SUCCESS;
}

NTSTATUS ZwFlushKey(HANDLE KeyHandle)
{
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwFlushKey);
    status = we_cm_handle_open("ZwFlushKey", KeyHandle, 0, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_key_use(open->key, flush, NULL);
    we_ob_dereference(open);
    return status;
}
