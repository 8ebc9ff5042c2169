/* SPDX-License-Identifier: MIT */
/* A driver that wants what does not exist here, and what only the program has. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
NTSTATUS FltRegisterFilter(PDRIVER_OBJECT Driver, const VOID *Registration, PVOID *Filter);
NTSTATUS FltStartFiltering(PVOID Filter);
VOID TestOnly(VOID);

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PVOID filter;
    NTSTATUS status = FltRegisterFilter(DriverObject, RegistryPath, &filter);

    TestOnly();
    return NT_SUCCESS(status) ? FltStartFiltering(filter) : status;
}
