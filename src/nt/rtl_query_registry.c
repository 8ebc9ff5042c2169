/* SPDX-License-Identifier: MIT */
/* RtlQueryRegistryValues: tables of values, each given to a routine or stored at an address. */
#include <wdm.h>

#include <string.h>

#include "host/host_mem.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/rtl_alloc.h"
#include "nt/rtl_registry.h"
#include "nt/rtl_utf.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A value is copied out of the registry first, with a terminator behind its data, so that the driver's routines run
 * without our lock and may do with the registry what they like.
 */

struct run {
    struct we_cm_key *top;
    struct we_cm_key *key; /* the one that entries are for: top, or a subkey of it */
    PVOID context;
    const WCHAR *environment; /* NULL: none */
};

typedef const RTL_QUERY_REGISTRY_TABLE entry_t;

static void report_entry(entry_t *entry, const char *what)
{
    struct we_vrf_object object = { "table entry", entry, NULL, NULL, NULL };
    CHAR name[64] = "";

    if (entry->Name != NULL) {
        (void)we_rtl_utf16_to_utf8(name, sizeof(name) - 1, entry->Name, wsk_emu_wcslen(entry->Name));
    }
    (void)we_vrf_report(WE_RULE_OBJ_008, &object, "RtlQueryRegistryValues got an entry for the value \"%s\" %s", name,
                        what);
}

/* --- delivery ------------------------------------------------------------------------------------------- */

static bool is_string(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

static NTSTATUS store_string(PUNICODE_STRING string, const void *data, size_t bytes)
{
    if (bytes > MAXUSHORT - 1) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (string->Buffer == NULL) {
        string->Buffer = we_rtl_alloc(bytes);
        string->MaximumLength = (USHORT)bytes;
        if (string->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
    } else if (bytes > string->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(string->Buffer, data, bytes);
    string->Length = (USHORT)(bytes - sizeof(WCHAR)); /* the terminator does not count */
    return STATUS_SUCCESS;
}

/* What the driver has put at the address tells how much room there is, and whether length and type are wanted. */
static NTSTATUS store_bytes(PVOID address, ULONG type, const void *data, size_t bytes)
{
    ULONG header[2] = { (ULONG)bytes, type };
    LONG room;

    if (bytes == 0) {
        return STATUS_SUCCESS;
    }
    if (bytes <= sizeof(ULONG)) {
        memcpy(address, data, bytes);
        return STATUS_SUCCESS;
    }
    memcpy(&room, address, sizeof(room));
    if (room < 0) {
        if ((size_t) - (LONGLONG)room < bytes) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        memcpy(address, data, bytes);
        return STATUS_SUCCESS;
    }
    if ((size_t)room < sizeof(header) + bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(address, header, sizeof(header));
    memcpy((PUCHAR)address + sizeof(header), data, bytes);
    return STATUS_SUCCESS;
}

/* One value, or one string of several: the string number index. */
static NTSTATUS deliver(struct run *run, entry_t *entry, PWSTR name, ULONG type, PVOID data, size_t bytes, size_t index)
{
    struct we_nt_frame frame;
    NTSTATUS status;

    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) {
        return is_string(type) ? store_string((PUNICODE_STRING)entry->EntryContext + index, data, bytes)
                               : store_bytes(entry->EntryContext, type, data, bytes);
    }
    if (entry->QueryRoutine == NULL || we_nt_door_is_shut()) {
        return STATUS_SUCCESS;
    }
    we_nt_door_enter(&frame, WE_DOOR_QUERY_REGISTRY, (const void *)(ULONG_PTR)entry->QueryRoutine, entry);
    status = entry->QueryRoutine(name, type, data, (ULONG)bytes, run->context, entry->EntryContext);
    we_nt_door_leave(&frame);
    return status;
}

static NTSTATUS deliver_each(struct run *run, entry_t *entry, PWSTR name, WCHAR *data, size_t bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t left = bytes / sizeof(WCHAR);
    size_t index;

    for (index = 0; NT_SUCCESS(status) && left != 0 && data[0] != UNICODE_NULL; index++) {
        size_t count = wsk_emu_wcslen(data) + 1;

        status = deliver(run, entry, name, REG_SZ, data, count * sizeof(WCHAR), index);
        data += count;
        left -= count;
    }
    return status;
}

/* --- variables in strings --------------------------------------------------------------------------------- */

/* The value of a variable in the block, or NULL. */
static const WCHAR *variable_find(const WCHAR *environment, const WCHAR *name, size_t count)
{
    const WCHAR *place;

    for (place = environment; place != NULL && place[0] != UNICODE_NULL; place += wsk_emu_wcslen(place) + 1) {
        if (wsk_emu_wcslen(place) > count && place[count] == '=' && we_rtl_is_same_text(place, name, count)) {
            return place + count + 1;
        }
    }
    return NULL;
}

/* Writes text with its variables replaced, as far as they are known; returns how many units it has. to may be NULL. */
static size_t expand(const WCHAR *environment, const WCHAR *text, WCHAR *to)
{
    size_t written = 0;

    while (*text != UNICODE_NULL) {
        const WCHAR *end = text + 1;
        const WCHAR *value = NULL;

        while (*text == '%' && *end != UNICODE_NULL && *end != '%') {
            end++;
        }
        if (*text == '%' && *end == '%') {
            value = variable_find(environment, text + 1, (size_t)(end - text) - 1);
        }
        if (value == NULL) {
            if (to != NULL) {
                to[written] = *text;
            }
            written++;
            text++;
            continue;
        }
        for (; *value != UNICODE_NULL; value++) {
            if (to != NULL) {
                to[written] = *value;
            }
            written++;
        }
        text = end + 1;
    }
    return written;
}

static NTSTATUS deliver_expanded(struct run *run, entry_t *entry, PWSTR name, const WCHAR *data)
{
    size_t count = expand(run->environment, data, NULL);
    WCHAR *text = we_host_alloc((count + 1) * sizeof(WCHAR));
    NTSTATUS status;

    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    (void)expand(run->environment, data, text);
    text[count] = UNICODE_NULL;
    status = deliver(run, entry, name, REG_SZ, text, (count + 1) * sizeof(WCHAR), 0);
    we_host_free(text);
    return status;
}

/* --- values -------------------------------------------------------------------------------------------------- */

/* data has room for two more units, which are zero. */
static NTSTATUS give(struct run *run, entry_t *entry, PWSTR name, ULONG type, WCHAR *data, size_t bytes)
{
    bool expands = (entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0;

    if (is_string(type)) {
        bytes &= ~(size_t)1;
        if (bytes == 0 || data[bytes / sizeof(WCHAR) - 1] != UNICODE_NULL) {
            data[bytes / sizeof(WCHAR)] = UNICODE_NULL; /* half a unit may have been there */
            bytes += sizeof(WCHAR);
        }
    }
    if (expands && type == REG_MULTI_SZ) {
        return deliver_each(run, entry, name, data, bytes);
    }
    if (expands && type == REG_EXPAND_SZ) {
        report_entry(entry, "that lets variables of a REG_EXPAND_SZ be replaced");
        return deliver_expanded(run, entry, name, data);
    }
    return deliver(run, entry, name, type, data, bytes, 0);
}

/* A copy of data with room for terminators. */
static WCHAR *padded_copy(const void *data, size_t bytes)
{
    WCHAR *copy = we_host_zalloc(ALIGN_UP_BY(bytes, sizeof(ULONGLONG)) + 2 * sizeof(ULONGLONG));

    if (copy != NULL && bytes != 0) {
        memcpy(copy, data, bytes);
    }
    return copy;
}

static NTSTATUS give_value(struct run *run, entry_t *entry, PWSTR name, const struct we_cm_value *value)
{
    WCHAR *data;
    NTSTATUS status;

    if ((entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 &&
        value->type != entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    data = padded_copy(value->data, value->data_bytes);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = give(run, entry, name, value->type, data, value->data_bytes);
    we_host_free(data);
    return status;
}

static NTSTATUS give_default(struct run *run, entry_t *entry)
{
    ULONG type = entry->DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK;
    size_t bytes = entry->DefaultLength;
    WCHAR *data;
    NTSTATUS status;

    if (type == REG_NONE) {
        return STATUS_SUCCESS;
    }
    if (bytes == 0 && is_string(type) && entry->DefaultData != NULL) {
        bytes = (wsk_emu_wcslen(entry->DefaultData) + 1) * sizeof(WCHAR);
    }
    data = padded_copy(entry->DefaultData, entry->DefaultData != NULL ? bytes : 0);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = give(run, entry, entry->Name, type, data, entry->DefaultData != NULL ? bytes : 0);
    we_host_free(data);
    return status;
}

static NTSTATUS copy_value(const struct we_cm_value *value, void *context)
{
    struct we_cm_value_node **copy = context;

    *copy = we_cm_value_make(value);
    return *copy != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* Gives the value, and removes it where the entry asks for that. */
static NTSTATUS give_found(struct run *run, entry_t *entry, PWSTR name, const struct we_cm_value *value)
{
    NTSTATUS status = give_value(run, entry, name, value);

    if (NT_SUCCESS(status) && (entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
        (void)we_cm_value_remove(run->key, value->name, value->name_bytes / sizeof(WCHAR));
    }
    return status;
}

static NTSTATUS query_named(struct run *run, entry_t *entry)
{
    struct we_cm_value_node *copy = NULL;
    NTSTATUS status = we_cm_value_use(run->key, entry->Name, wsk_emu_wcslen(entry->Name), copy_value, &copy);

    if (status == STATUS_OBJECT_NAME_NOT_FOUND && (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) == 0) {
        return give_default(run, entry);
    }
    if (NT_SUCCESS(status)) {
        status = give_found(run, entry, entry->Name, &copy->value);
        we_host_free(copy);
    }
    return status;
}

static NTSTATUS query_one_of_all(struct run *run, entry_t *entry, const struct we_cm_value *value)
{
    WCHAR *name = padded_copy(value->name, value->name_bytes);
    NTSTATUS status;

    if (name == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = give_found(run, entry, name, value);
    we_host_free(name);
    return status;
}

/* Bounded by the values that there are, unless a routine keeps adding some. */
static NTSTATUS query_all(struct run *run, entry_t *entry)
{
    ULONG index = 0;
    ULONG given = 0;
    NTSTATUS status;

    for (;;) {
        struct we_cm_value_node *copy = NULL;

        status = we_cm_value_use_nth(run->key, index, copy_value, &copy);
        if (!NT_SUCCESS(status)) {
            break;
        }
        status = query_one_of_all(run, entry, &copy->value);
        we_host_free(copy);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        given++;
        index += (entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0 ? 0 : 1;
    }
    if (status != STATUS_NO_MORE_ENTRIES) {
        return status;
    }
    return given == 0 && (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0 ? STATUS_OBJECT_NAME_NOT_FOUND
                                                                           : STATUS_SUCCESS;
}

/* --- entries ----------------------------------------------------------------------------------------------------- */

static void leave_subkey(struct run *run)
{
    if (run->key != run->top) {
        we_cm_close(run->key);
        run->key = run->top;
    }
}

static NTSTATUS enter_subkey(struct run *run, entry_t *entry)
{
    struct we_cm_key *key;
    NTSTATUS status;

    if (entry->Name == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = we_cm_open(run->top, entry->Name, wsk_emu_wcslen(entry->Name), &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    run->key = key;
    return entry->QueryRoutine != NULL ? query_all(run, entry) : STATUS_SUCCESS;
}

static NTSTATUS query_entry(struct run *run, entry_t *entry)
{
    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0) {
        if (entry->Name == NULL || entry->QueryRoutine != NULL || (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
            return STATUS_INVALID_PARAMETER;
        }
        if ((entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) == 0) {
            report_entry(entry, "with RTL_QUERY_REGISTRY_DIRECT and without RTL_QUERY_REGISTRY_TYPECHECK");
        }
    }
    if ((entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) {
        leave_subkey(run);
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
        return enter_subkey(run, entry);
    }
    if (entry->Name != NULL) {
        return query_named(run, entry);
    }
    if ((entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0) {
        return deliver(run, entry, NULL, REG_NONE, NULL, 0, 0);
    }
    return query_all(run, entry);
}

static bool is_end(entry_t *entry)
{
    return entry->QueryRoutine == NULL && (entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) == 0;
}

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                PVOID Environment)
{
    struct run run = { NULL, NULL, Context, Environment };
    entry_t *entry;
    NTSTATUS status;

    WE_NT_ENTRY(RtlQueryRegistryValues);
    if (QueryTable == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = we_rtl_registry_open("RtlQueryRegistryValues", RelativeTo, Path, KEY_QUERY_VALUE, false, &run.top);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    run.key = run.top;
    for (entry = QueryTable; NT_SUCCESS(status) && !is_end(entry); entry++) {
        status = query_entry(&run, entry);
    }
    leave_subkey(&run);
    we_cm_close(run.top);
    return status;
}
