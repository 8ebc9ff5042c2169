/* SPDX-License-Identifier: MIT */
/* Handles of keys, and what a driver reads through them. */
#include <wdm.h>

#include <stddef.h>
#include <string.h>

#include "host/host_mem.h"
#include "nt/cm_registry.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* Design
 *
 * An open key is an object that knows which access it was opened with; its handle is one of the object manager's, so that
 * ZwClose and the report of what was never closed need nothing of their own. A value is copied to the driver while the
 * registry is locked, because a test may replace it meanwhile.
 */

struct open_key {
    struct we_cm_key *key;
    bool may_query;
};

/* --- opening ------------------------------------------------------------------------------- */

static NTSTATUS open_path(const WCHAR *path, size_t count, ACCESS_MASK access, HANDLE *handle)
{
    struct we_cm_key *key;
    struct open_key *open;

    while (count > 1 && path[count - 1] == '\\') {
        count--;
    }
    key = we_cm_key_find(path, count);
    if (key == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    open = we_ob_create(WE_OB_KEY, sizeof(*open), NULL, NULL);
    if (open == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    open->key = key;
    open->may_query = (access & (KEY_QUERY_VALUE | GENERIC_READ | GENERIC_ALL | MAXIMUM_ALLOWED)) != 0;
    *handle = we_ob_handle_create(open);
    we_ob_dereference(open); /* the handle keeps it */
    return *handle != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* A path below a key that is open. */
static NTSTATUS open_relative(HANDLE root, const UNICODE_STRING *name, ACCESS_MASK access, HANDLE *handle)
{
    const WCHAR *root_path;
    size_t root_count;
    struct open_key *open;
    WCHAR *path;
    size_t count;
    NTSTATUS status = we_ob_handle_open("ZwOpenKey", root, WE_OB_KEY, (void **)&open);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    root_path = we_cm_key_path(open->key, &root_count);
    we_ob_dereference(open);
    count = root_count + (name->Length != 0 ? 1 : 0) + name->Length / sizeof(WCHAR);
    path = we_host_alloc(count * sizeof(WCHAR));
    if (path == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(path, root_path, root_count * sizeof(WCHAR));
    if (name->Length != 0) {
        path[root_count] = '\\';
        memcpy(path + root_count + 1, name->Buffer, name->Length);
    }
    status = open_path(path, count, access, handle);
    we_host_free(path);
    return status;
}

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    static const UNICODE_STRING nothing;
    const UNICODE_STRING *name;
    bool is_absolute;

    WE_NT_ENTRY(ZwOpenKey);
    *KeyHandle = NULL;
    if (ObjectAttributes == NULL || ObjectAttributes->Length != sizeof(OBJECT_ATTRIBUTES)) {
        return STATUS_INVALID_PARAMETER;
    }
    name = ObjectAttributes->ObjectName != NULL ? ObjectAttributes->ObjectName : &nothing;
    if (name->Length % sizeof(WCHAR) != 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    is_absolute = name->Length != 0 && name->Buffer[0] == '\\';
    if (is_absolute == (ObjectAttributes->RootDirectory != NULL)) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    if (is_absolute) {
        return open_path(name->Buffer, name->Length / sizeof(WCHAR), DesiredAccess, KeyHandle);
    }
    return open_relative(ObjectAttributes->RootDirectory, name, DesiredAccess, KeyHandle);
}

/* --- reading -------------------------------------------------------------------------------- */

/* A buffer of the driver's, filled from the front; what does not fit is cut. */
struct query {
    KEY_VALUE_INFORMATION_CLASS information_class;
    UCHAR *buffer;
    size_t size_bytes;
    size_t needed_bytes;
};

static void put(struct query *query, size_t offset_bytes, const void *bytes, size_t count)
{
    if (offset_bytes < query->size_bytes && count != 0) {
        size_t room = query->size_bytes - offset_bytes;

        memcpy(query->buffer + offset_bytes, bytes, count < room ? count : room);
    }
}

/* After needed_bytes is known: false when not even the fixed members fit. */
static bool has_room(const struct query *query, size_t fixed_bytes)
{
    return query->buffer != NULL && query->size_bytes >= fixed_bytes;
}

static NTSTATUS finish(const struct query *query)
{
    return query->needed_bytes <= query->size_bytes ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS put_basic(struct query *query, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_BASIC_INFORMATION, Name) };
    ULONG fixed[3] = { 0, value->type, value->name_bytes };

    query->needed_bytes = FIXED + (size_t)value->name_bytes;
    if (!has_room(query, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    put(query, 0, fixed, FIXED);
    put(query, FIXED, value->name, value->name_bytes);
    return finish(query);
}

static NTSTATUS put_full(struct query *query, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_FULL_INFORMATION, Name) };
    size_t data_offset = ALIGN_UP_BY(FIXED + (size_t)value->name_bytes, sizeof(ULONGLONG));
    ULONG fixed[5] = { 0, value->type, (ULONG)data_offset, value->data_bytes, value->name_bytes };

    query->needed_bytes = data_offset + value->data_bytes;
    if (!has_room(query, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    put(query, 0, fixed, FIXED);
    put(query, FIXED, value->name, value->name_bytes);
    put(query, data_offset, value->data, value->data_bytes);
    return finish(query);
}

static NTSTATUS put_partial(struct query *query, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data) };
    ULONG fixed[3] = { 0, value->type, value->data_bytes };

    query->needed_bytes = FIXED + (size_t)value->data_bytes;
    if (!has_room(query, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    put(query, 0, fixed, FIXED);
    put(query, FIXED, value->data, value->data_bytes);
    return finish(query);
}

static NTSTATUS put_partial_aligned(struct query *query, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data) };
    ULONG fixed[2] = { value->type, value->data_bytes };

    query->needed_bytes = FIXED + (size_t)value->data_bytes;
    if (!has_room(query, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    put(query, 0, fixed, FIXED);
    put(query, FIXED, value->data, value->data_bytes);
    return finish(query);
}

static NTSTATUS put_value(const struct we_cm_value *value, void *context)
{
    struct query *query = context;

    switch (query->information_class) {
    case KeyValueBasicInformation:
        return put_basic(query, value);
    case KeyValueFullInformation:
        return put_full(query, value);
    case KeyValuePartialInformation:
        return put_partial(query, value);
    case KeyValuePartialInformationAlign64:
        return put_partial_aligned(query, value);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                         KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation, ULONG Length,
                         PULONG ResultLength)
{
    struct query query = { KeyValueInformationClass, KeyValueInformation, Length, 0 };
    struct open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwQueryValueKey);
    status = we_ob_handle_open("ZwQueryValueKey", KeyHandle, WE_OB_KEY, (void **)&open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (open->may_query) {
        status = we_cm_value_use(open->key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR), put_value, &query);
    } else {
        status = STATUS_ACCESS_DENIED;
    }
    we_ob_dereference(open);
    if (query.needed_bytes != 0) {
        *ResultLength = (ULONG)query.needed_bytes;
    }
    return status;
}
