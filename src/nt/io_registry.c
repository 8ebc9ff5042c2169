/* SPDX-License-Identifier: MIT */
/* The keys of a driver's own. */
#include <wdm.h>

#include "host/host_log.h"
#include "nt/cm_handle.h"
#include "nt/nt_irql.h"
#include "nt/rtl_registry.h"

#define PATH_MAX_COUNT 256 /* a driver's name has at most 200 units */

NTSTATUS IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType, ACCESS_MASK DesiredAccess,
                                 ULONG Flags, PHANDLE DriverRegKey)
{
    static const WCHAR parameters[] = { '\\', 'P', 'a', 'r', 'a', 'm', 'e', 't', 'e', 'r', 's', UNICODE_NULL };
    const UNICODE_STRING *service;
    WCHAR path[PATH_MAX_COUNT];
    struct we_cm_key *key;
    NTSTATUS status;
    size_t count;

    WE_NT_ENTRY(IoOpenDriverRegistryKey);
    *DriverRegKey = NULL;
    if (DriverObject == NULL || Flags != 0 || (ULONG)RegKeyType > DriverRegKeySharedPersistentState) {
        return STATUS_INVALID_PARAMETER;
    }
    if (RegKeyType != DriverRegKeyParameters) {
        WE_LOG_ONCE(WE_LOG_WARNING, "IoOpenDriverRegistryKey: there is a key for parameters, and none for state");
        return STATUS_NOT_SUPPORTED;
    }
    service = &DriverObject->DriverExtension->ServiceKeyName;
    count = service->Length / sizeof(WCHAR);
    WE_ASSERT(count + WE_ARRAY_COUNT(parameters) <= WE_ARRAY_COUNT(path));
    memcpy(path, service->Buffer, service->Length);
    memcpy(path + count, parameters, sizeof(parameters));
    status = we_rtl_registry_open("IoOpenDriverRegistryKey", RTL_REGISTRY_SERVICES, path, 0, true, &key);
    return NT_SUCCESS(status) ? we_cm_handle_make(key, DesiredAccess, DriverRegKey) : status;
}
