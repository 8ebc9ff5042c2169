/* SPDX-License-Identifier: MIT */
/* Macros: variadic ones with an empty tail, __noop, __pragma, __FUNCTIONW__, switches that sources ask for. */
#define POOL_NX_OPTIN 1
#define POOL_ZERO_DOWN_LEVEL_SUPPORT 1
#include <ntddk.h>

#include "constructs.h"

#define TRACE(_format, ...) DbgPrint("constructs: " _format, __VA_ARGS__)
#define TRACE_LEVEL(_level, _format, ...) DbgPrintEx(DPFLTR_IHVDRIVER_ID, _level, _format, __VA_ARGS__)
#define TRACE_CHECKED(_format, ...) KdPrint((_format, __VA_ARGS__))
#define TRACE_CHECKED_LEVEL(_level, _format, ...) KdPrintEx((DPFLTR_IHVDRIVER_ID, _level, _format, __VA_ARGS__))
#define TRACE_NOTHING __noop
#define SUPPRESSED(_statement) \
    __pragma(warning(push)) __pragma(warning(disable : 4127)) _statement __pragma(warning(pop))

static ULONG s_Calls;

static ULONG Called(VOID)
{
    return ++s_Calls;
}

ULONG MacrosCheck(VOID)
{
    ULONG value = 0;

    TRACE("nothing to say\n");
    TRACE("%u %wZ\n", value, NULL);
    TRACE_LEVEL(DPFLTR_INFO_LEVEL, "nothing to say\n");
    TRACE_LEVEL(DPFLTR_INFO_LEVEL, "%u\n", value);
    TRACE_CHECKED("nothing to say\n");
    TRACE_CHECKED("%u\n", value);
    TRACE_CHECKED_LEVEL(DPFLTR_INFO_LEVEL, "nothing to say\n");
    TRACE_CHECKED_LEVEL(DPFLTR_INFO_LEVEL, "%u\n", value);
    TRACE_NOTHING("%u", Called());
    __noop(Called());
    (void)__noop;
    EXPECT(s_Calls == 0);
    SUPPRESSED(value = Called();)
    EXPECT(value == 1 && s_Calls == 1);
    EXPECT(wcscmp(__FUNCTIONW__, L"MacrosCheck") == 0 && strcmp(__FUNCTION__, "MacrosCheck") == 0);
    EXPECT(min(1, 2) == 1 && max(1, 2) == 2);
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
#if NTDDI_VERSION < NTDDI_WIN10
#error "sources choose old interfaces below Windows 10"
#endif
#if !defined(_WIN64) || !defined(_KERNEL_MODE) || !(defined(_AMD64_) || defined(_ARM64_)) || !defined(DBG)
#error "sources of 64-bit kernel code ask for these"
#endif
#if defined(_MSC_VER) || defined(_WIN32)
#error "system headers would take this for Windows"
#endif
    return 0;
}
