/* SPDX-License-Identifier: MIT */
/* A driver in several folders, whose include lines find their files on Windows only. */
#include <NTDDK.H>
#include <Wsk.h>

#include ".\data\worker.h"
#include "CONTROL/Worker.h"
#include "Driver.h"
#include <Shared\Numbers.h>

SPELLED_NUMBERS Spelled;

static DRIVER_UNLOAD Unload;

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    Spelled.Control = ControlNumber();
    Spelled.Data = DataNumber();
    Spelled.Shared = SHARED_NUMBER;
    Spelled.Outer = OUTER_NUMBER;
    return STATUS_SUCCESS;
}
