/* SPDX-License-Identifier: MIT */
/* A driver in C++: counts its loads. */
#include <ntddk.h>

extern "C" {

DRIVER_INITIALIZE DriverEntry;
LONG CounterValue;

static VOID Unload(PDRIVER_OBJECT)
{
    CounterValue++;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

} // extern "C"
