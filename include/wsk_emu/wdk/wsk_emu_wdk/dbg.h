/* SPDX-License-Identifier: MIT */
/* Debug output, assertions, breakpoints and bug checks. */
#ifndef WSK_EMU_WDK_DBG_H
#define WSK_EMU_WDK_DBG_H

#include "../bugcodes.h"
#include "../ntdef.h"
#include "../ntstatus.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Component and level of a message.
 */
typedef enum _DPFLTR_TYPE {
    DPFLTR_SYSTEM_ID = 0,
    DPFLTR_SMSS_ID = 1,
    DPFLTR_SETUP_ID = 2,
    DPFLTR_NTFS_ID = 3,
    DPFLTR_IHVVIDEO_ID = 75,
    DPFLTR_IHVAUDIO_ID = 76,
    DPFLTR_IHVDRIVER_ID = 77,
    DPFLTR_IHVBUS_ID = 78,
    DPFLTR_IHVSTREAMING_ID = 79,
    DPFLTR_IHVNETWORK_ID = 80,
    DPFLTR_DEFAULT_ID = 101
} DPFLTR_TYPE;

#define DPFLTR_ERROR_LEVEL   0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL   2
#define DPFLTR_INFO_LEVEL    3
#define DPFLTR_MASK          0x80000000

/*
 * The format is that of the Windows kernel, not of printf: %ld has 32 bits, %wZ and %Z are counted strings, %ws and %S
 * are wide. So no compiler can check it against the arguments.
 */
NTSYSAPI ULONG DbgPrint(_In_z_ _Printf_format_string_ PCSTR Format, ...);

NTSYSAPI ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ _Printf_format_string_ PCSTR Format, ...);

NTSYSAPI ULONG vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCCH Format, _In_ va_list arglist);

NTSYSAPI ULONG vDbgPrintExWithPrefix(
    _In_z_ PCCH Prefix, _In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCCH Format, _In_ va_list arglist);

/*
 * Microsoft's preprocessor forgives an empty last argument, so the names are macros as well.
 */
#define DbgPrint(Format, ...) DbgPrint(Format __VA_OPT__(, ) __VA_ARGS__)
#define DbgPrintEx(ComponentId, Level, Format, ...) DbgPrintEx(ComponentId, Level, Format __VA_OPT__(, ) __VA_ARGS__)

#if defined(DBG) && DBG
#define KdPrint(_x_) DbgPrint _x_
#define KdPrintEx(_x_) DbgPrintEx _x_
#define KdBreakPoint() DbgBreakPoint()
#else
#define KdPrint(_x_) ((void)0)
#define KdPrintEx(_x_) ((void)0)
#define KdBreakPoint() ((void)0)
#endif

#define KD_DEBUGGER_ENABLED ((BOOLEAN)FALSE)
#define KD_DEBUGGER_NOT_PRESENT ((BOOLEAN)TRUE)

NTSYSAPI VOID DbgBreakPoint(VOID);

NTSYSAPI VOID DbgBreakPointWithStatus(_In_ ULONG Status);

/*
 * Assertions. They are active when DBG is 1.
 */
NTSYSAPI VOID RtlAssert(
    _In_ PVOID VoidFailedAssertion, _In_ PVOID VoidFileName, _In_ ULONG LineNumber, _In_opt_ PSTR MutableMessage);

static FORCEINLINE BOOLEAN wsk_emu_assert(BOOLEAN is_true, PCSTR expression, PCSTR file, ULONG line, PCSTR message)
{
    if (!is_true) {
        RtlAssert((PVOID)(ULONG_PTR)expression, (PVOID)(ULONG_PTR)file, line, (PSTR)(ULONG_PTR)message);
    }
    return is_true;
}

static FORCEINLINE BOOLEAN wsk_emu_truth(BOOLEAN is_true)
{
    return is_true;
}

#define WSK_EMU_ASSERT(_exp, _text, _msg) wsk_emu_assert(!!(_exp), (_text), __FILE__, (ULONG)__LINE__, (_msg))

#if defined(DBG) && DBG
#define ASSERT(_exp) WSK_EMU_ASSERT(_exp, #_exp, NULL)
#define ASSERTMSG(_msg, _exp) WSK_EMU_ASSERT(_exp, #_exp, _msg)
#define RTL_SOFT_ASSERT(_exp) ASSERT(_exp)
#define RTL_VERIFY(_exp) ASSERT(_exp)
#define NT_ASSERT(_exp) WSK_EMU_ASSERT(_exp, #_exp, NULL)
#define NT_ASSERTMSG(_msg, _exp) WSK_EMU_ASSERT(_exp, #_exp, _msg)
#define NT_VERIFY(_exp) WSK_EMU_ASSERT(_exp, #_exp, NULL)
#define NT_VERIFYMSG(_msg, _exp) WSK_EMU_ASSERT(_exp, #_exp, _msg)
#else
#define ASSERT(_exp) ((void)0)
#define ASSERTMSG(_msg, _exp) ((void)0)
#define RTL_SOFT_ASSERT(_exp) ((void)0)
#define RTL_VERIFY(_exp) wsk_emu_truth(!!(_exp))
#define NT_ASSERT(_exp) ((void)0)
#define NT_ASSERTMSG(_msg, _exp) ((void)0)
#define NT_VERIFY(_exp) wsk_emu_truth(!!(_exp))
#define NT_VERIFYMSG(_msg, _exp) wsk_emu_truth(!!(_exp))
#endif
#define NT_FRE_ASSERT(_exp) WSK_EMU_ASSERT(_exp, #_exp, NULL)
#define NT_FRE_ASSERTMSG(_msg, _exp) WSK_EMU_ASSERT(_exp, #_exp, _msg)
#define NT_ANALYSIS_ASSUME(_exp) ((void)0)
#define DbgRaiseAssertionFailure() ((void)WSK_EMU_ASSERT(FALSE, "", NULL))

/*
 * The end of the system.
 */
NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheckEx(_In_ ULONG BugCheckCode, _In_ ULONG_PTR BugCheckParameter1,
    _In_ ULONG_PTR BugCheckParameter2, _In_ ULONG_PTR BugCheckParameter3, _In_ ULONG_PTR BugCheckParameter4);

NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheck(_In_ ULONG BugCheckCode);

#define FAST_FAIL_LEGACY_GS_VIOLATION         0
#define FAST_FAIL_STACK_COOKIE_CHECK_FAILURE  2
#define FAST_FAIL_CORRUPT_LIST_ENTRY          3
#define FAST_FAIL_INCORRECT_STACK             4
#define FAST_FAIL_INVALID_ARG                 5
#define FAST_FAIL_FATAL_APP_EXIT              7
#define FAST_FAIL_INVALID_REFERENCE_COUNT    14

/* Bug check 0x139 with the code as its first parameter. */
DECLSPEC_NORETURN VOID RtlFailFast(_In_ ULONG Code);

/*
 * Raising exceptions; src/nt/rtl_seh.c. See seh.h for what catches them.
 */
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseStatus(_In_ NTSTATUS Status);

NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID);

NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID);

#ifdef __cplusplus
}
#endif

#endif
