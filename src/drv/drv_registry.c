/* SPDX-License-Identifier: MIT */
/* What a test puts into the registry. */
#include "drv/drv_registry.h"

#include <string.h>

#include "drv/drv_object.h"
#include "drv/drv_reg_text.h"
#include "nt/cm_registry.h"

#define PATH_MAX_COUNT 1000
#define REGISTRY_PREFIX "\\Registry\\"

static bool path_is_valid(const char *path)
{
    size_t length = strlen(path);

    return length != 0 && length <= PATH_MAX_COUNT && path[length - 1] != '\\' && strstr(path, "\\\\") == NULL;
}

/* A path that begins with \Registry\ in any case is whole; any other begins at the services. */
static const char *path_prefix(const char *path)
{
    const char *wanted = REGISTRY_PREFIX;

    if (_strnicmp(path, wanted, strlen(wanted)) == 0) {
        return "";
    }
    return path[0] == '\\' ? NULL : WE_DRV_SERVICES;
}

/* What all functions check first. */
static NTSTATUS arguments_check(const char *key, const char *name)
{
    if (key == NULL || name == NULL || !path_is_valid(key) || path_prefix(key) == NULL ||
        strlen(name) > WE_CM_VALUE_NAME_MAX) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_drv_is_open() ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

/* One change of a value, with the names as the caller gave them. */
static NTSTATUS change_value(PCSTR key, PCSTR name, struct we_cm_change *change)
{
    struct we_drv_reg memory = { 0 };
    size_t name_count = 0;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    size_t failed;

    change->path = we_drv_reg_wide(&memory, path_prefix(key), key, strlen(key), &change->path_count);
    change->value.name = we_drv_reg_wide(&memory, "", name, strlen(name), &name_count);
    if (change->path != NULL && change->value.name != NULL) {
        change->value.name_bytes = (USHORT)(name_count * sizeof(WCHAR));
        status = we_cm_apply(change, 1, &failed);
    }
    we_drv_reg_free(&memory);
    return status == STATUS_OBJECT_NAME_INVALID ? STATUS_INVALID_PARAMETER : status;
}

NTSTATUS wsk_emu_registry_set(PCSTR key, PCSTR name, ULONG type, const void *data, size_t size)
{
    struct we_cm_change change = { .kind = WE_CM_SET_VALUE, .value = { type, (ULONG)size, 0, NULL, data } };
    NTSTATUS status = arguments_check(key, name);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (size > WE_CM_DATA_MAX || (data == NULL && size != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return change_value(key, name, &change);
}

NTSTATUS wsk_emu_registry_set_dword(PCSTR key, PCSTR name, ULONG value)
{
    return wsk_emu_registry_set(key, name, REG_DWORD, &value, sizeof(value));
}

NTSTATUS wsk_emu_registry_set_string(PCSTR key, PCSTR name, PCSTR text)
{
    struct we_drv_reg memory = { 0 };
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    size_t count = 0;
    const WCHAR *wide;

    if (text == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    wide = we_drv_reg_wide(&memory, "", text, strlen(text), &count);
    if (wide != NULL) {
        status = wsk_emu_registry_set(key, name, REG_SZ, wide, (count + 1) * sizeof(WCHAR));
    }
    we_drv_reg_free(&memory);
    return status;
}

NTSTATUS wsk_emu_registry_remove(PCSTR key, PCSTR name)
{
    struct we_drv_reg memory = { 0 };
    struct we_cm_key *opened;
    size_t path_count = 0;
    size_t name_count = 0;
    NTSTATUS status = arguments_check(key, name);
    const WCHAR *path;
    const WCHAR *wide_name;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = STATUS_INSUFFICIENT_RESOURCES;
    path = we_drv_reg_wide(&memory, path_prefix(key), key, strlen(key), &path_count);
    wide_name = we_drv_reg_wide(&memory, "", name, strlen(name), &name_count);
    if (path != NULL && wide_name != NULL) {
        status = we_cm_open(NULL, path, path_count, &opened);
        if (NT_SUCCESS(status)) {
            status = we_cm_value_remove(opened, wide_name, name_count);
            we_cm_close(opened);
        }
    }
    we_drv_reg_free(&memory);
    return status;
}
