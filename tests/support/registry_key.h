/* SPDX-License-Identifier: MIT */
/* Opens a key of the registry as drivers do. */
#ifndef WE_TEST_REGISTRY_KEY_H
#define WE_TEST_REGISTRY_KEY_H

#include <wdm.h>

/* root NULL: path is a whole one. */
static inline NTSTATUS registry_key_open(HANDLE root, const WCHAR *path, ACCESS_MASK access, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, NULL);
    return ZwOpenKey(handle, access, &attributes);
}

#endif
