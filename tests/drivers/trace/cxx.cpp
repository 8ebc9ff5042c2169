/* SPDX-License-Identifier: MIT */
/* A driver in C++ that traces with the same configuration. */
#include <ntddk.h>

#include "Trace.h"
#include "cxx_trace.hpp"

#include "cxx.tmh"

#include "trace_drivers.h"

namespace {

enum class Mode : UCHAR { Idle, Busy };

struct Peer {
    ULONG Address;
    unsigned Port : 16;
};

template <typename Value> int traced(Value value)
{
    TraceEvents(TRACE_LEVEL_WARNING, FLAG_NET, "%!FUNC! traces %I64d", value);
    return 1;
}

} // namespace

extern "C" int cxx_trace_all(int value)
{
    static const UCHAR bytes[] = { 1, 2, 3 };
    Peer peer = { RtlUlongByteSwap(0x7F000001), 8080 };
    int counted = value;
    auto inner = [&counted](const char *text) {
        Trace(TRACE_LEVEL_ERROR, "from a lambda: %s, %d", text, counted++);
        return counted;
    };

    TraceEnterVoid();
    TraceObject(nullptr, "object %d", value);
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_NET, "%!IPADDR! port %u mode %d %s %p", peer.Address, peer.Port,
                static_cast<int>(Mode::Busy), "text", nullptr);
    TraceDoubled((TRACE_LEVEL_ERROR, FLAG_NET, "bytes %!BYTES!, busy %!bool!", LOG_BYTES(bytes, sizeof(bytes)),
                  Mode::Busy == Mode::Idle));
    return inner("inner") + traced(static_cast<short>(-5)) + traced(7ull);
}

extern "C" {

static VOID NTAPI CxxUnload(PDRIVER_OBJECT DriverObject)
{
    WPP_CLEANUP(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    DriverObject->DriverUnload = CxxUnload;
    return STATUS_SUCCESS;
}

} // extern "C"
