/* SPDX-License-Identifier: MIT */
/* A driver that traces the way Microsoft's samples do: control GUID and flags in the source, DoTraceMessage alone. */
#include <ntddk.h>

#define WPP_CONTROL_GUIDS                                                             \
    WPP_DEFINE_CONTROL_GUID(PlainCtlGuid, (0a1b2c3d, 1234, 08fd, abeb, c70043f84152), \
                            WPP_DEFINE_BIT(TRCERROR) WPP_DEFINE_BIT(TRCINFO))

#include "Plain.TMH"

#include "trace_drivers.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PlainUnload;

VOID PlainUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    DoTraceMessage(TRCINFO, "UNLOAD");
    if (!trace_forgets_cleanup) {
        WPP_CLEANUP(DriverObject);
    }
    if (trace_after_cleanup) {
        DoTraceMessage(TRCERROR, "too late");
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    if (trace_before_init) {
        DoTraceMessage(TRCERROR, "too early");
    }
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    if (trace_init_again) {
        WPP_INIT_TRACING(DriverObject, RegistryPath);
    }
    DoTraceMessage(TRCINFO, "LOADED");
    if (!NT_SUCCESS(trace_entry_status)) {
        DoTraceMessage(TRCERROR, "DriverEntry fails with %!STATUS!", trace_entry_status);
        if (!trace_forgets_cleanup) {
            WPP_CLEANUP(DriverObject);
        }
        return trace_entry_status;
    }
    DriverObject->DriverUnload = PlainUnload;
    return STATUS_SUCCESS;
}
