/* SPDX-License-Identifier: MIT */
/* One-time initialization, the version of the system, random numbers, calendar time. */
#ifndef WSK_EMU_WDK_RTL_MISC_H
#define WSK_EMU_WDK_RTL_MISC_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One-time initialization. A context has its two low bits clear.
 */
#define RTL_RUN_ONCE_INIT {0}
#define RTL_RUN_ONCE_CHECK_ONLY  0x00000001UL
#define RTL_RUN_ONCE_ASYNC       0x00000002UL
#define RTL_RUN_ONCE_INIT_FAILED 0x00000004UL
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

/* Returns nonzero when it succeeded. */
_Function_class_(RTL_RUN_ONCE_INIT_FN) _IRQL_requires_same_ typedef ULONG NTAPI RTL_RUN_ONCE_INIT_FN(
    _Inout_ PRTL_RUN_ONCE RunOnce, _Inout_opt_ PVOID Parameter, _Inout_opt_ PVOID *Context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI VOID NTAPI RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce);

/* Calls InitFn unless it has succeeded before; other threads wait meanwhile. STATUS_UNSUCCESSFUL: InitFn failed, and the
 * next call tries again. */
_IRQL_requires_max_(APC_LEVEL) _Maybe_raises_SEH_exception_ NTSYSAPI NTSTATUS NTAPI RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce,
    _In_ PRTL_RUN_ONCE_INIT_FN InitFn, _Inout_opt_ PVOID Parameter, _Outptr_opt_result_maybenull_ PVOID *Context);

/* STATUS_PENDING: the caller initializes and calls RtlRunOnceComplete. STATUS_SUCCESS: it has been done.
 * STATUS_UNSUCCESSFUL: it has not, and RTL_RUN_ONCE_CHECK_ONLY asked no more than that. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlRunOnceBeginInitialize(
    _Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags, _Outptr_opt_result_maybenull_ PVOID *Context);

/* STATUS_UNSUCCESSFUL: nothing was begun, or, with RTL_RUN_ONCE_ASYNC, another thread was faster. */
_IRQL_requires_max_(APC_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlRunOnceComplete(
    _Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags, _In_opt_ PVOID Context);

/*
 * The version: that of the release which the headers declare (NTDDI_VERSION), whatever the host runs.
 */
#define VER_NT_WORKSTATION       0x0000001
#define VER_NT_DOMAIN_CONTROLLER 0x0000002
#define VER_NT_SERVER            0x0000003

typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;
C_ASSERT(sizeof(RTL_OSVERSIONINFOW) == 0x114);

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;
C_ASSERT(sizeof(RTL_OSVERSIONINFOEXW) == 0x11C);

#define VER_PLATFORM_WIN32_NT 2

/* Fills the structure whose size the caller wrote: RTL_OSVERSIONINFOW, or RTL_OSVERSIONINFOEXW. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlGetVersion(
    _Out_ _At_(lpVersionInformation->dwOSVersionInfoSize, _Pre_ _Valid_) PRTL_OSVERSIONINFOW lpVersionInformation);

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(
    _In_ ULONG Version);

/*
 * Random numbers from 0 to MAXLONG - 1: a sequence that depends on the seed alone, which moves on.
 */
_IRQL_requires_max_(APC_LEVEL) NTSYSAPI ULONG NTAPI RtlRandomEx(_Inout_ PULONG Seed);

_IRQL_requires_max_(APC_LEVEL) NTSYSAPI ULONG NTAPI RtlRandom(_Inout_ PULONG Seed);

NTSYSAPI ULONG NTAPI RtlUniform(_Inout_ PULONG Seed);

/*
 * Calendar time, from the year 1601.
 */
typedef struct _TIME_FIELDS {
    CSHORT Year;
    CSHORT Month; /* from 1 */
    CSHORT Day;   /* from 1 */
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday; /* from 0: Sunday */
} TIME_FIELDS, *PTIME_FIELDS;

/* Any IRQL. */
NTSYSAPI VOID NTAPI RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);

/* Any IRQL. Weekday is not looked at. FALSE: there is no such time, or it is before 1601. */
_Must_inspect_result_ NTSYSAPI BOOLEAN NTAPI RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);

#ifdef __cplusplus
}
#endif

#endif
