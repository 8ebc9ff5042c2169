/* SPDX-License-Identifier: MIT */
/* A driver whose trace macros are configured by its project alone. */
#include <ntddk.h>

#define WPP_CONTROL_GUIDS \
    WPP_DEFINE_CONTROL_GUID(ProjectGuid, (1a1b2c3d, 1234, 08fd, abeb, c70043f84152), WPP_DEFINE_BIT(FLAG_PROJECT))

#include "project.tmh"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ProjectUnload;

VOID ProjectUnload(PDRIVER_OBJECT DriverObject)
{
    WPP_CLEANUP(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    WPP_INIT_TRACING(DriverObject);
    TraceColor("the color is %!COLOR!", 1);
    TraceLine(TRACE_LEVEL_ERROR, FLAG_PROJECT, "in %!FILE!");
    DriverObject->DriverUnload = ProjectUnload;
    return STATUS_SUCCESS;
}
