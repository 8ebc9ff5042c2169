/* SPDX-License-Identifier: MIT */
/* A driver that traces by TraceLogging, with the macros that drivers wrap around it. */
#include <wdm.h>

#include <TraceLoggingProvider.h>
#include <evntrace.h>

#include "trace_drivers.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LoggingUnload;

TRACELOGGING_DECLARE_PROVIDER(g_provider);
TRACELOGGING_DEFINE_PROVIDER(g_provider, "Example.Logging",
                             (0xb3864c38, 0x4273, 0x58c5, 0x54, 0x5b, 0x8b, 0x36, 0x08, 0x34, 0x34, 0x71),
                             TraceLoggingOptionGroup(1, 2, 3));

#define LOG_STATUS(Status, ...)                                                                             \
    do {                                                                                                    \
        TraceLoggingWrite(g_provider, "Status", TraceLoggingLevel(TRACE_LEVEL_ERROR),                       \
                          TraceLoggingString(__FUNCTION__, "Func"), TraceLoggingNTStatus(Status, "Status"), \
                          __VA_ARGS__);                                                                     \
    } while (0)

int logging_fields(int value)
{
    static const GUID guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
    static const UCHAR bytes[] = { 0xCA, 0xFE };
    static const LONG numbers[] = { 1, -2, 3 };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"unicode");
    ANSI_STRING ansi = RTL_CONSTANT_STRING("ansi");
    const char *text = "text";
    ULONG address = RtlUlongByteSwap(0x0A000001);
    int counted = value;

    TraceLoggingWrite(g_provider, "Numbers", TraceLoggingLevel(TRACE_LEVEL_ERROR),
                      TraceLoggingInt32(counted++, "Int32"), TraceLoggingUInt8(300, "UInt8"),
                      TraceLoggingHexUInt32(0xBEEF, "Hex", "a description"), TraceLoggingInt64(-5),
                      TraceLoggingBoolean(TRUE, "Yes"), TraceLoggingPointer(NULL, "Null"),
                      TraceLoggingFloat64(0.5, "Half"), TraceLoggingValue(counted), TraceLoggingValue(2.25, "Double"));
    TraceLoggingWrite(g_provider, "Strings", TraceLoggingLevel(TRACE_LEVEL_WARNING), TraceLoggingString(text),
                      TraceLoggingString(NULL, "None"), TraceLoggingWideString(L"wide", "Wide"),
                      TraceLoggingUnicodeString(&name, "Name"), TraceLoggingAnsiString(&ansi, "Ansi"),
                      TraceLoggingCountedString("cutoff", 3, "Cut"), TraceLoggingValue(text, "Auto"),
                      TraceLoggingValue(L"auto", "WideAuto"));
    TraceLoggingWrite(g_provider, "Others", TraceLoggingLevel(TRACE_LEVEL_WARNING), TraceLoggingKeyword(0x10),
                      TraceLoggingKeyword(0x20), TraceLoggingOpcode(WINEVENT_OPCODE_START), TraceLoggingEventTag(1),
                      TraceLoggingDescription("has everything else"), TraceLoggingGuid(guid, "Guid"),
                      TraceLoggingNTStatus(STATUS_TIMEOUT, "Status"), TraceLoggingIPv4Address(address, "Peer"),
                      TraceLoggingPort(RtlUshortByteSwap(443), "Port"), TraceLoggingStruct(2, "Pair"),
                      TraceLoggingInt32(1, "A"), TraceLoggingInt32(2, "B"),
                      TraceLoggingBinary(bytes, sizeof(bytes), "Bytes"),
                      TraceLoggingInt32Array(numbers, ARRAYSIZE(numbers), "Array"));
    TraceLoggingWrite(g_provider, "Verbose", TraceLoggingInt32(counted++));
    TraceLoggingWrite(g_provider, "Bare");
    LOG_STATUS(STATUS_ACCESS_DENIED);
    LOG_STATUS(STATUS_ACCESS_DENIED, TraceLoggingInt32(value, "Value"));
    return counted;
}

VOID LoggingUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    if (!trace_forgets_cleanup) {
        TraceLoggingUnregister(g_provider);
    }
    TraceLoggingWrite(g_provider, "TooLate", TraceLoggingLevel(TRACE_LEVEL_ERROR));
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    TraceLoggingWrite(g_provider, "TooEarly", TraceLoggingLevel(TRACE_LEVEL_ERROR));
    DriverObject->DriverUnload = LoggingUnload;
    return TraceLoggingRegister(g_provider);
}
