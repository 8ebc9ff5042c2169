/* SPDX-License-Identifier: MIT */
/* A driver whose author forgot the entry. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverMain;

NTSTATUS DriverMain(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
