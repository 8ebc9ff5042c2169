/* SPDX-License-Identifier: MIT */
/* Memory, counted strings, byte order. */
#ifndef WSK_EMU_WDK_RTL_H
#define WSK_EMU_WDK_RTL_H

#include <string.h>

#include "base.h"
#include "irql.h"
#include "rtl_list.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Memory.
 */
#define RtlCopyMemory(Destination, Source, Length) memcpy((Destination), (Source), (Length))
#define RtlCopyBytes RtlCopyMemory
#define RtlMoveMemory(Destination, Source, Length) memmove((Destination), (Source), (Length))
#define RtlFillMemory(Destination, Length, Fill) memset((Destination), (Fill), (Length))
#define RtlZeroMemory(Destination, Length) memset((Destination), 0, (Length))
#define RtlZeroBytes RtlZeroMemory
#define RtlEqualMemory(Destination, Source, Length) (!memcmp((Destination), (Source), (Length)))
#define RtlCopyMemoryNonTemporal RtlCopyMemory

/* The number of equal bytes at the beginning. */
NTSYSAPI SIZE_T NTAPI RtlCompareMemory(
    _In_reads_bytes_(Length) const VOID *Source1, _In_reads_bytes_(Length) const VOID *Source2, _In_ SIZE_T Length);

/* Cannot be optimised away. */
static FORCEINLINE PVOID RtlSecureZeroMemory(_Out_writes_bytes_all_(cnt) PVOID ptr, _In_ SIZE_T cnt)
{
    memset(ptr, 0, cnt);
    __asm__ __volatile__("" : : "r"(ptr) : "memory");
    return ptr;
}

/*
 * Counted strings.
 */
NTSYSAPI VOID NTAPI RtlInitString(
    _Out_ PSTRING DestinationString, _In_opt_z_ __drv_aliasesMem PCSZ SourceString);

NTSYSAPI VOID NTAPI RtlInitAnsiString(
    _Out_ PANSI_STRING DestinationString, _In_opt_z_ __drv_aliasesMem PCSZ SourceString);

/* Fails with STATUS_NAME_TOO_LONG where RtlInitAnsiString cuts. */
_Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlInitAnsiStringEx(
    _Out_ PANSI_STRING DestinationString, _In_opt_z_ __drv_aliasesMem PCSZ SourceString);

_Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlInitStringEx(
    _Out_ PSTRING DestinationString, _In_opt_z_ __drv_aliasesMem PCSZ SourceString);

NTSYSAPI VOID NTAPI RtlInitUnicodeString(
    _Out_ PUNICODE_STRING DestinationString, _In_opt_z_ __drv_aliasesMem PCWSTR SourceString);

/* Fails with STATUS_NAME_TOO_LONG where RtlInitUnicodeString cuts. */
_Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlInitUnicodeStringEx(
    _Out_ PUNICODE_STRING DestinationString, _In_opt_z_ __drv_aliasesMem PCWSTR SourceString);

static FORCEINLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString,
    _Writable_bytes_(BufferSize) __drv_aliasesMem PWCHAR Buffer, _In_ USHORT BufferSize)
{
    UnicodeString->Length = 0;
    UnicodeString->MaximumLength = BufferSize;
    UnicodeString->Buffer = Buffer;
}

static FORCEINLINE VOID RtlInitEmptyAnsiString(
    _Out_ PANSI_STRING AnsiString, _Writable_bytes_(BufferSize) __drv_aliasesMem PCHAR Buffer, _In_ USHORT BufferSize)
{
    AnsiString->Length = 0;
    AnsiString->MaximumLength = BufferSize;
    AnsiString->Buffer = Buffer;
}

NTSYSAPI VOID NTAPI RtlCopyUnicodeString(
    _Inout_ PUNICODE_STRING DestinationString, _In_opt_ PCUNICODE_STRING SourceString);

NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination, _In_opt_z_ PCWSTR Source);

NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(
    _Inout_ PUNICODE_STRING Destination, _In_ PCUNICODE_STRING Source);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI LONG NTAPI RtlCompareUnicodeString(
    _In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2, _In_ BOOLEAN CaseInSensitive);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(
    _In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2, _In_ BOOLEAN CaseInSensitive);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI BOOLEAN NTAPI RtlPrefixUnicodeString(
    _In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2, _In_ BOOLEAN CaseInSensitive);

_IRQL_requires_max_(APC_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeString(
    _Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString, _In_ BOOLEAN AllocateDestinationString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI WCHAR NTAPI RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);

NTSYSAPI VOID NTAPI RtlCopyString(_Out_ PSTRING DestinationString, _In_opt_ const STRING *SourceString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI LONG NTAPI RtlCompareString(
    _In_ const STRING *String1, _In_ const STRING *String2, _In_ BOOLEAN CaseInSensitive);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI BOOLEAN NTAPI RtlEqualString(
    _In_ const STRING *String1, _In_ const STRING *String2, _In_ BOOLEAN CaseInSensitive);

/* The code page of 8-bit strings is UTF-8. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlAnsiStringToUnicodeString(
    _Inout_ PUNICODE_STRING DestinationString, _In_ PCANSI_STRING SourceString, _In_ BOOLEAN AllocateDestinationString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToAnsiString(
    _Inout_ PANSI_STRING DestinationString, _In_ PCUNICODE_STRING SourceString, _In_ BOOLEAN AllocateDestinationString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI VOID NTAPI RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI VOID NTAPI RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlIntegerToUnicodeString(
    _In_ ULONG Value, _In_opt_ ULONG Base, _Inout_ PUNICODE_STRING String);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlInt64ToUnicodeString(
    _In_ ULONGLONG Value, _In_opt_ ULONG Base, _Inout_ PUNICODE_STRING String);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToInteger(
    _In_ PCUNICODE_STRING String, _In_opt_ ULONG Base, _Out_ PULONG Value);

/* The string is allocated and freed with RtlFreeUnicodeString. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlStringFromGUID(
    _In_ REFGUID Guid, _Out_ PUNICODE_STRING GuidString);

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlGUIDFromString(
    _In_ PCUNICODE_STRING GuidString, _Out_ GUID *Guid);

/* A destination of NULL asks for the size. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlUnicodeToUTF8N(
    _Out_writes_bytes_to_(UTF8StringMaxByteCount, *UTF8StringActualByteCount) PCHAR UTF8StringDestination,
    _In_ ULONG UTF8StringMaxByteCount, _Out_ PULONG UTF8StringActualByteCount,
    _In_reads_bytes_(UnicodeStringByteCount) PCWCH UnicodeStringSource, _In_ ULONG UnicodeStringByteCount);

_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlUTF8ToUnicodeN(
    _Out_writes_bytes_to_(UnicodeStringMaxByteCount, *UnicodeStringActualByteCount) PWSTR UnicodeStringDestination,
    _In_ ULONG UnicodeStringMaxByteCount, _Out_ PULONG UnicodeStringActualByteCount,
    _In_reads_bytes_(UTF8StringByteCount) PCCH UTF8StringSource, _In_ ULONG UTF8StringByteCount);

/*
 * Byte order.
 */
#define RtlUshortByteSwap(_x) __builtin_bswap16((USHORT)(_x))
#define RtlUlongByteSwap(_x) __builtin_bswap32((ULONG)(_x))
#define RtlUlonglongByteSwap(_x) ((ULONGLONG)__builtin_bswap64((ULONGLONG)(_x)))

static FORCEINLINE LARGE_INTEGER RtlConvertLongToLargeInteger(_In_ LONG SignedInteger)
{
    LARGE_INTEGER result;

    result.QuadPart = SignedInteger;
    return result;
}

static FORCEINLINE LARGE_INTEGER RtlConvertUlongToLargeInteger(_In_ ULONG UnsignedInteger)
{
    LARGE_INTEGER result;

    result.QuadPart = UnsignedInteger;
    return result;
}

#ifdef __cplusplus
}
#endif

#endif
