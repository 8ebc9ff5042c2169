/* SPDX-License-Identifier: MIT */
/* Values and keys by a place and a path. */
#include "nt/rtl_registry.h"

#include <string.h>

#include "host/host_mem.h"
#include "nt/cm_handle.h"
#include "nt/nt_irql.h"

#define PLACE_MASK 0x3fffffffu

/* Where the paths of a place begin, or NULL. */
static const char *place_prefix(ULONG place)
{
    static const char *const prefixes[RTL_REGISTRY_MAXIMUM] = {
        [RTL_REGISTRY_ABSOLUTE] = "",
        [RTL_REGISTRY_SERVICES] = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\",
        [RTL_REGISTRY_CONTROL] = "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\",
        [RTL_REGISTRY_WINDOWS_NT] = "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\",
        [RTL_REGISTRY_DEVICEMAP] = "\\Registry\\Machine\\Hardware\\DeviceMap\\",
        [RTL_REGISTRY_USER] = "\\Registry\\User\\.Default\\", /* the one user is the system */
    };

    return place < RTL_REGISTRY_MAXIMUM ? prefixes[place] : NULL;
}

static NTSTATUS open_path(const WCHAR *path, size_t count, bool is_creating, struct we_cm_key **key)
{
    struct we_cm_create how = { false, NULL, false };

    return is_creating ? we_cm_create(NULL, path, count, &how, key) : we_cm_open(NULL, path, count, key);
}

static NTSTATUS open_place(const char *prefix, PCWSTR path, bool is_creating, struct we_cm_key **key)
{
    size_t prefix_count = strlen(prefix);
    size_t path_count = wsk_emu_wcslen(path);
    WCHAR *whole = we_host_alloc((prefix_count + path_count + 1) * sizeof(WCHAR));
    NTSTATUS status;

    if (whole == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (size_t i = 0; i < prefix_count; i++) {
        whole[i] = (WCHAR)prefix[i];
    }
    memcpy(whole + prefix_count, path, path_count * sizeof(WCHAR));
    status = open_path(whole, prefix_count + path_count, is_creating, key);
    we_host_free(whole);
    return status;
}

/* Opens the key of a handle once more. */
static NTSTATUS open_handle(const char *function, HANDLE handle, ACCESS_MASK needed, struct we_cm_key **key)
{
    struct we_cm_open_key *open;
    NTSTATUS status = we_cm_handle_open(function, handle, needed, &open);

    if (NT_SUCCESS(status)) {
        status = we_cm_open(open->key, NULL, 0, key);
        we_ob_dereference(open);
    }
    return status;
}

NTSTATUS we_rtl_registry_open(const char *function, ULONG relative_to, PCWSTR path, ACCESS_MASK needed,
                              bool is_creating, struct we_cm_key **key)
{
    const char *prefix = place_prefix(relative_to & PLACE_MASK);

    if ((relative_to & RTL_REGISTRY_HANDLE) != 0) {
        return open_handle(function, (HANDLE)(ULONG_PTR)path, needed, key);
    }
    if (prefix == NULL || path == NULL || (prefix[0] == '\0' && path[0] != '\\')) {
        return STATUS_INVALID_PARAMETER;
    }
    return open_place(prefix, path, is_creating, key);
}

NTSTATUS RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType, PVOID ValueData,
                               ULONG ValueLength)
{
    size_t name_count = ValueName != NULL ? wsk_emu_wcslen(ValueName) : 0;
    struct we_cm_value value = { ValueType, ValueLength, (USHORT)(name_count * sizeof(WCHAR)), ValueName, ValueData };
    struct we_cm_key *key;
    NTSTATUS status;

    WE_NT_ENTRY(RtlWriteRegistryValue);
    if (name_count > WE_CM_VALUE_NAME_MAX || (ValueData == NULL && ValueLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ValueLength > WE_CM_DATA_MAX) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = we_rtl_registry_open("RtlWriteRegistryValue", RelativeTo, Path, KEY_SET_VALUE, true, &key);
    if (NT_SUCCESS(status)) {
        status = we_cm_value_set(key, &value);
        we_cm_close(key);
    }
    return status;
}

NTSTATUS RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    struct we_cm_key *key;
    NTSTATUS status;

    WE_NT_ENTRY(RtlDeleteRegistryValue);
    status = we_rtl_registry_open("RtlDeleteRegistryValue", RelativeTo, Path, KEY_SET_VALUE, false, &key);
    if (NT_SUCCESS(status)) {
        status = we_cm_value_remove(key, ValueName, ValueName != NULL ? wsk_emu_wcslen(ValueName) : 0);
        we_cm_close(key);
    }
    return status;
}

static NTSTATUS visit_key(const char *function, ULONG relative_to, PCWSTR path, bool is_creating)
{
    struct we_cm_key *key;
    NTSTATUS status = we_rtl_registry_open(function, relative_to, path, 0, is_creating, &key);

    if (NT_SUCCESS(status)) {
        we_cm_close(key);
    }
    return status;
}

NTSTATUS RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    WE_NT_ENTRY(RtlCheckRegistryKey);
    return visit_key("RtlCheckRegistryKey", RelativeTo, Path, false);
}

NTSTATUS RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    WE_NT_ENTRY(RtlCreateRegistryKey);
    return visit_key("RtlCreateRegistryKey", RelativeTo, Path, true);
}
