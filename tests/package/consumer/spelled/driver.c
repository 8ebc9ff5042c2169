/* SPDX-License-Identifier: MIT */
/* The smallest driver, with include lines that find their files on Windows only. */
#include "..\Spelled\inc\NUMBERS.h"
#include <NtDDK.h>
#include <Wsk.h>

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = NULL;
    return SPELLED_RESULT;
}
