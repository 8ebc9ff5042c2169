/* SPDX-License-Identifier: MIT */
/* Strings that never write past their buffer: RtlStringCb..., RtlStringCch..., RtlUnicodeString... . PASSIVE_LEVEL. */
#ifndef WSK_EMU_WDK_NTSTRSAFE_H
#define WSK_EMU_WDK_NTSTRSAFE_H

#include <stdarg.h>

#include "ntdef.h"
#include "ntstatus.h"

#include "wsk_emu_wdk/base.h"
#include "wsk_emu_wdk/rtl.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NTSTRSAFE_MAX_CCH                2147483647
#define NTSTRSAFE_MAX_LENGTH             (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

#define STRSAFE_IGNORE_NULLS                           0x00000100
#define STRSAFE_FILL_BEHIND_NULL                       0x00000200
#define STRSAFE_FILL_ON_FAILURE                        0x00000400
#define STRSAFE_NULL_ON_FAILURE                        0x00000800
#define STRSAFE_NO_TRUNCATION                          0x00001000
#define STRSAFE_IGNORE_NULL_UNICODE_STRINGS            0x00010000
#define STRSAFE_UNICODE_STRING_DEST_NULL_TERMINATED    0x00020000
#define STRSAFE_FILL_BYTE(x)                           ((ULONG)(((x) & 0x000000ff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x)                        ((ULONG)(((x) & 0x000000ff) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_ZERO_LENGTH_ON_FAILURE                 STRSAFE_NULL_ON_FAILURE

typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;

/*
 * What the functions below are made of. Sizes are in characters of one or two bytes. End and Remaining may be NULL.
 */
NTSYSAPI NTSTATUS NTAPI wsk_emu_strsafe_copy(_In_ ULONG CharacterBytes, _In_ BOOLEAN IsAppended, _Out_ PVOID Destination,
    _In_ SIZE_T Count, _In_opt_ const VOID *Source, _In_ SIZE_T SourceMax, _Out_opt_ PVOID *End,
    _Out_opt_ SIZE_T *Remaining, _In_ ULONG Flags);

NTSYSAPI NTSTATUS NTAPI wsk_emu_strsafe_vprintf(_In_ ULONG CharacterBytes, _Out_ PVOID Destination, _In_ SIZE_T Count,
    _Out_opt_ PVOID *End, _Out_opt_ SIZE_T *Remaining, _In_ ULONG Flags, _In_opt_ const VOID *Format, va_list Arguments);

NTSYSAPI NTSTATUS NTAPI wsk_emu_strsafe_length(
    _In_ ULONG CharacterBytes, _In_opt_ const VOID *Text, _In_ SIZE_T Max, _Out_opt_ SIZE_T *Length);

/*
 * Narrow strings, sizes in characters.
 */
static FORCEINLINE NTSTATUS RtlStringCchCopyA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc)
{
    return wsk_emu_strsafe_copy(1, FALSE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCopyNA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cchToCopy)
{
    return wsk_emu_strsafe_copy(1, FALSE, pszDest, cchDest, pszSrc, cchToCopy, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCopyExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, FALSE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCopyNExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cchToCopy, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, FALSE, pszDest, cchDest, pszSrc, cchToCopy, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCatA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc)
{
    return wsk_emu_strsafe_copy(1, TRUE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCatNA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cchToAppend)
{
    return wsk_emu_strsafe_copy(1, TRUE, pszDest, cchDest, pszSrc, cchToAppend, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCatExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, TRUE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCatNExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cchToAppend, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, TRUE, pszDest, cchDest, pszSrc, cchToAppend, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchVPrintfA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, va_list argList)
{
    return wsk_emu_strsafe_vprintf(1, pszDest, cchDest, NULL, NULL, 0, pszFormat, argList);
}

static __inline NTSTATUS RtlStringCchPrintfA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = wsk_emu_strsafe_vprintf(1, pszDest, cchDest, NULL, NULL, 0, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchVPrintfExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, va_list argList)
{
    NTSTATUS status = wsk_emu_strsafe_vprintf(1, pszDest, cchDest, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags, pszFormat, argList);

    return status;
}

static __inline NTSTATUS RtlStringCchPrintfExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cchDest, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlStringCchVPrintfExA(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchLengthA(_In_ NTSTRSAFE_PCSTR psz, _In_ SIZE_T cchMax, _Out_opt_ SIZE_T *pcchLength)
{
    NTSTATUS status = wsk_emu_strsafe_length(1, psz, cchMax, pcchLength);

    return status;
}

/*
 * Narrow strings, sizes in bytes.
 */
static FORCEINLINE NTSTATUS RtlStringCbCopyA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc)
{
    return wsk_emu_strsafe_copy(1, FALSE, pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCopyNA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cbToCopy)
{
    return wsk_emu_strsafe_copy(1, FALSE, pszDest, cbDest, pszSrc, cbToCopy, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCopyExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, FALSE, pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCopyNExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cbToCopy, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, FALSE, pszDest, cbDest, pszSrc, cbToCopy, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCatA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc)
{
    return wsk_emu_strsafe_copy(1, TRUE, pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCatNA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cbToAppend)
{
    return wsk_emu_strsafe_copy(1, TRUE, pszDest, cbDest, pszSrc, cbToAppend, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCatExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, TRUE, pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCatNExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCSTR pszSrc, _In_ SIZE_T cbToAppend, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(1, TRUE, pszDest, cbDest, pszSrc, cbToAppend, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbVPrintfA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, va_list argList)
{
    return wsk_emu_strsafe_vprintf(1, pszDest, cbDest, NULL, NULL, 0, pszFormat, argList);
}

static __inline NTSTATUS RtlStringCbPrintfA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = wsk_emu_strsafe_vprintf(1, pszDest, cbDest, NULL, NULL, 0, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbVPrintfExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, va_list argList)
{
    NTSTATUS status = wsk_emu_strsafe_vprintf(1, pszDest, cbDest, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags, pszFormat, argList);

    return status;
}

static __inline NTSTATUS RtlStringCbPrintfExA(_Out_ NTSTRSAFE_PSTR pszDest, _In_ SIZE_T cbDest, _Out_opt_ NTSTRSAFE_PSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlStringCbVPrintfExA(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbLengthA(_In_ NTSTRSAFE_PCSTR psz, _In_ SIZE_T cbMax, _Out_opt_ SIZE_T *pcbLength)
{
    NTSTATUS status = wsk_emu_strsafe_length(1, psz, cbMax, pcbLength);

    return status;
}

/*
 * Wide strings, sizes in characters.
 */
static FORCEINLINE NTSTATUS RtlStringCchCopyW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc)
{
    return wsk_emu_strsafe_copy(2, FALSE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCopyNW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cchToCopy)
{
    return wsk_emu_strsafe_copy(2, FALSE, pszDest, cchDest, pszSrc, cchToCopy, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCopyExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, FALSE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCopyNExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cchToCopy, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, FALSE, pszDest, cchDest, pszSrc, cchToCopy, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCatW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc)
{
    return wsk_emu_strsafe_copy(2, TRUE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCatNW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cchToAppend)
{
    return wsk_emu_strsafe_copy(2, TRUE, pszDest, cchDest, pszSrc, cchToAppend, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCchCatExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, TRUE, pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchCatNExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cchToAppend, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, TRUE, pszDest, cchDest, pszSrc, cchToAppend, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags);

    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchVPrintfW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    return wsk_emu_strsafe_vprintf(2, pszDest, cchDest, NULL, NULL, 0, pszFormat, argList);
}

static __inline NTSTATUS RtlStringCchPrintfW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = wsk_emu_strsafe_vprintf(2, pszDest, cchDest, NULL, NULL, 0, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchVPrintfExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    NTSTATUS status = wsk_emu_strsafe_vprintf(2, pszDest, cchDest, (PVOID *)ppszDestEnd, pcchRemaining, dwFlags, pszFormat, argList);

    return status;
}

static __inline NTSTATUS RtlStringCchPrintfExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cchDest, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcchRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlStringCchVPrintfExW(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCchLengthW(_In_ NTSTRSAFE_PCWSTR psz, _In_ SIZE_T cchMax, _Out_opt_ SIZE_T *pcchLength)
{
    NTSTATUS status = wsk_emu_strsafe_length(2, psz, cchMax, pcchLength);

    return status;
}

/*
 * Wide strings, sizes in bytes.
 */
static FORCEINLINE NTSTATUS RtlStringCbCopyW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc)
{
    return wsk_emu_strsafe_copy(2, FALSE, pszDest, cbDest / 2, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCopyNW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cbToCopy)
{
    return wsk_emu_strsafe_copy(2, FALSE, pszDest, cbDest / 2, pszSrc, cbToCopy / 2, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCopyExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, FALSE, pszDest, cbDest / 2, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    if (pcbRemaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = *pcbRemaining * 2 + cbDest % 2;
    }
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCopyNExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cbToCopy, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, FALSE, pszDest, cbDest / 2, pszSrc, cbToCopy / 2, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    if (pcbRemaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = *pcbRemaining * 2 + cbDest % 2;
    }
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCatW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc)
{
    return wsk_emu_strsafe_copy(2, TRUE, pszDest, cbDest / 2, pszSrc, NTSTRSAFE_MAX_CCH, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCatNW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cbToAppend)
{
    return wsk_emu_strsafe_copy(2, TRUE, pszDest, cbDest / 2, pszSrc, cbToAppend / 2, NULL, NULL, 0);
}

static FORCEINLINE NTSTATUS RtlStringCbCatExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, TRUE, pszDest, cbDest / 2, pszSrc, NTSTRSAFE_MAX_CCH, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    if (pcbRemaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = *pcbRemaining * 2 + cbDest % 2;
    }
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbCatNExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cbToAppend, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags)
{
    NTSTATUS status = wsk_emu_strsafe_copy(2, TRUE, pszDest, cbDest / 2, pszSrc, cbToAppend / 2, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags);

    if (pcbRemaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = *pcbRemaining * 2 + cbDest % 2;
    }
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbVPrintfW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    return wsk_emu_strsafe_vprintf(2, pszDest, cbDest / 2, NULL, NULL, 0, pszFormat, argList);
}

static __inline NTSTATUS RtlStringCbPrintfW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = wsk_emu_strsafe_vprintf(2, pszDest, cbDest / 2, NULL, NULL, 0, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbVPrintfExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    NTSTATUS status = wsk_emu_strsafe_vprintf(2, pszDest, cbDest / 2, (PVOID *)ppszDestEnd, pcbRemaining, dwFlags, pszFormat, argList);

    if (pcbRemaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = *pcbRemaining * 2 + cbDest % 2;
    }
    return status;
}

static __inline NTSTATUS RtlStringCbPrintfExW(_Out_ NTSTRSAFE_PWSTR pszDest, _In_ SIZE_T cbDest, _Out_opt_ NTSTRSAFE_PWSTR *ppszDestEnd, _Out_opt_ SIZE_T *pcbRemaining, _In_ ULONG dwFlags, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlStringCbVPrintfExW(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags, pszFormat, arguments);
    va_end(arguments);
    return status;
}

static FORCEINLINE NTSTATUS RtlStringCbLengthW(_In_ NTSTRSAFE_PCWSTR psz, _In_ SIZE_T cbMax, _Out_opt_ SIZE_T *pcbLength)
{
    NTSTATUS status = wsk_emu_strsafe_length(2, psz, cbMax / 2, pcbLength);

    if (pcbLength != NULL && NT_SUCCESS(status)) {
        *pcbLength *= 2;
    }
    return status;
}

/*
 * Counted strings. The destination's Buffer and MaximumLength are the caller's; no terminator is written.
 */
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString, _In_opt_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringInitEx(
    _Out_ PUNICODE_STRING DestinationString, _In_opt_ NTSTRSAFE_PCWSTR pszSrc, _In_ ULONG dwFlags);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringValidate(_In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCopy(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCopyString(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCchCopyStringN(
    _Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cchToCopy);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCbCopyStringN(
    _Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR pszSrc, _In_ SIZE_T cbToCopy);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCat(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringCatString(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR pszSrc);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringVPrintf(
    _Inout_ PUNICODE_STRING DestinationString, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, va_list argList);
NTSYSAPI NTSTATUS RtlUnicodeStringPrintf(
    _Inout_ PUNICODE_STRING DestinationString, _In_ _Printf_format_string_ NTSTRSAFE_PCWSTR pszFormat, ...);

#ifdef __cplusplus
}
#endif

#endif
