/* SPDX-License-Identifier: MIT */
/* A driver that traces with a configuration of its own: levels, flags, prefixes, suffixes, and types. */
#include <ntddk.h>

#include "Trace.h"
#include "full.tmh"

#include "trace_drivers.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD FullUnload;

struct full_bits {
    unsigned low : 3;
    unsigned high : 5;
};

static int full_return(int value)
{
    TraceEnterVoid();
    if (value < 0) {
        TraceReturn(-1, "negative");
    }
    TraceReturn(value, "as given, twice %d", 2 * value);
}

int full_trace_all(int value)
{
    static const UCHAR bytes[] = { 0xDE, 0xAD, 0xBE, 0xEF };
    static const MAC_ADDRESS mac = { 0, 0x1A, 0x2B, 0x3C, 0x4D, 0x5E };
    struct full_bits bits = { 5, 17 };
    ULONG address = RtlUlongByteSwap(0x0A000001);
    int counted = value;

    TraceEnter("value=%d, bits=%u/%u", value, bits.low, bits.high);
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_NET, "connect to %!IPADDR!:%!PORT! failed: %!STATUS!", address,
                RtlUshortByteSwap(80), STATUS_CONNECTION_REFUSED);
    Trace(TRACE_LEVEL_WARNING, "counted %d, then %d", counted++, counted);
    TraceDoubled((TRACE_LEVEL_INFORMATION, FLAG_NET, "state %!STATE!, bytes %!BYTES!, from %!MAC!", 2,
                  LOG_BYTES(bytes, sizeof(bytes)), mac));
    if (value > 0)
        TraceNoise("noise without arguments");
    else
        TraceNoise("noise of %I64d", value);
    return full_return(value) + (counted - value);
}

VOID FullUnload(PDRIVER_OBJECT DriverObject)
{
    WPP_CLEANUP(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    Trace(TRACE_LEVEL_INFORMATION, "DriverObject %p, RegistryPath %wZ", DriverObject, RegistryPath);
    DriverObject->DriverUnload = FullUnload;
    return STATUS_SUCCESS;
}
