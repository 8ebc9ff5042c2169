/* SPDX-License-Identifier: MIT */
/* A driver in C++ that traces by TraceLogging. */
#include <wdm.h>

#include <TraceLoggingProvider.h>

#include "trace_drivers.h"

TRACELOGGING_DEFINE_PROVIDER(g_cxxProvider, "Example.Cxx",
                             (0xc3864c38, 0x4273, 0x58c5, 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34, 0x71));

namespace {

enum class Color : UCHAR { Red, Green };

VOID NTAPI Enabled(LPCGUID, ULONG code, UCHAR, ULONGLONG, ULONGLONG, PEVENT_FILTER_DESCRIPTOR, PVOID context)
{
    *static_cast<ULONG *>(context) += code;
}

ULONG enabledCount;

} // namespace

extern "C" int logging_cxx_fields(int value)
{
    const wchar_t *wide = L"wide";
    int counted = value;
    GUID activity = { 9, 8, 7, { 6, 5, 4, 3, 2, 1, 0, 9 } };

    TraceLoggingWriteActivity(g_cxxProvider, "Cxx", &activity, nullptr, TraceLoggingLevel(WINEVENT_LEVEL_ERROR),
                              TraceLoggingValue(counted++, "Count"), TraceLoggingValue(true, "Flag"),
                              TraceLoggingValue("narrow", "Narrow"), TraceLoggingValue(wide, "Wide"),
                              TraceLoggingValue(Color::Green, "Color"), TraceLoggingHexUInt64(0xF00D, "Hex"),
                              TraceLoggingPointer(nullptr, "Null"));
    return counted + static_cast<int>(enabledCount);
}

extern "C" {

static VOID NTAPI LoggingUnload(PDRIVER_OBJECT)
{
    TraceLoggingUnregister(g_cxxProvider);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    enabledCount = 0;
    DriverObject->DriverUnload = LoggingUnload;
    return TraceLoggingRegisterEx(g_cxxProvider, Enabled, &enabledCount);
}

} // extern "C"
