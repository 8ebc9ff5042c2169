/* SPDX-License-Identifier: MIT */
/* ANSI_STRING, and conversions between 8-bit and UTF-16 strings; the code page of 8-bit text is UTF-8. */
#include <wdm.h>

#include <string.h>

#include "nt/nt_irql.h"
#include "nt/rtl_alloc.h"
#include "nt/rtl_utf.h"

/* The longest string has room for its terminator in 16 bits. */
#define LENGTH_MAX ((USHORT)(MAXUSHORT - 1))

static VOID string_point_to(PSTRING string, PCSZ text)
{
    SIZE_T length = text != NULL ? strlen(text) : 0;

    string->Length = length > LENGTH_MAX ? LENGTH_MAX : (USHORT)length;
    string->MaximumLength = (USHORT)(text != NULL ? string->Length + 1 : 0);
    string->Buffer = (PCHAR)(ULONG_PTR)text;
}

VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    WE_NT_ENTRY(RtlInitString);
    string_point_to(DestinationString, SourceString);
}

VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    WE_NT_ENTRY(RtlInitAnsiString);
    string_point_to(DestinationString, SourceString);
}

static NTSTATUS string_point_to_all(PSTRING string, PCSZ text)
{
    if (text != NULL && strlen(text) > LENGTH_MAX) {
        memset(string, 0, sizeof(*string));
        return STATUS_NAME_TOO_LONG;
    }
    string_point_to(string, text);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString)
{
    WE_NT_ENTRY(RtlInitStringEx);
    return string_point_to_all(DestinationString, SourceString);
}

NTSTATUS RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString)
{
    WE_NT_ENTRY(RtlInitAnsiStringEx);
    return string_point_to_all(DestinationString, SourceString);
}

VOID RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT length = 0;

    WE_NT_ENTRY(RtlCopyString);
    if (SourceString != NULL) {
        length = SourceString->Length;
        if (length > DestinationString->MaximumLength) {
            length = DestinationString->MaximumLength;
        }
    }
    if (length > 0) {
        memmove(DestinationString->Buffer, SourceString->Buffer, length);
    }
    DestinationString->Length = length;
}

/* --- comparing ------------------------------------------------------------------------- */

static CHAR byte_upcase(CHAR byte)
{
    return (CHAR)(byte >= 'a' && byte <= 'z' ? byte - ('a' - 'A') : byte);
}

static LONG bytes_compare(const CHAR *a, const CHAR *b, SIZE_T count, BOOLEAN is_case_insensitive)
{
    for (SIZE_T i = 0; i < count; i++) {
        UCHAR byte_a = (UCHAR)(is_case_insensitive ? byte_upcase(a[i]) : a[i]);
        UCHAR byte_b = (UCHAR)(is_case_insensitive ? byte_upcase(b[i]) : b[i]);

        if (byte_a != byte_b) {
            return (LONG)byte_a - (LONG)byte_b;
        }
    }
    return 0;
}

LONG RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    USHORT shorter = String1->Length < String2->Length ? String1->Length : String2->Length;
    LONG order;

    WE_NT_ENTRY(RtlCompareString);
    order = bytes_compare(String1->Buffer, String2->Buffer, shorter, CaseInSensitive);
    return order != 0 ? order : (LONG)String1->Length - (LONG)String2->Length;
}

BOOLEAN RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    WE_NT_ENTRY(RtlEqualString);
    return (BOOLEAN)(String1->Length == String2->Length &&
                     bytes_compare(String1->Buffer, String2->Buffer, String1->Length, CaseInSensitive) == 0);
}

/* --- conversion of counted strings ----------------------------------------------------- */

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    struct we_rtl_converted converted = we_rtl_utf8_to_utf16(NULL, 0, SourceString->Buffer, SourceString->Length);
    SIZE_T size = (converted.needed + 1) * sizeof(WCHAR);

    WE_NT_ENTRY(RtlAnsiStringToUnicodeString);
    if (size > UNICODE_STRING_MAX_BYTES) {
        return STATUS_INVALID_PARAMETER_2;
    }
    DestinationString->Length = (USHORT)(size - sizeof(WCHAR));
    if (AllocateDestinationString) {
        DestinationString->Buffer = we_rtl_alloc(size);
        if (DestinationString->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = (USHORT)size;
    } else if (size > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    (void)we_rtl_utf8_to_utf16(DestinationString->Buffer, converted.needed, SourceString->Buffer, SourceString->Length);
    DestinationString->Buffer[converted.needed] = UNICODE_NULL;
    return STATUS_SUCCESS;
}

/* Unlike the other direction, a buffer that is too small receives what fits. */
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    SIZE_T count = SourceString->Length / sizeof(WCHAR);
    struct we_rtl_converted converted = we_rtl_utf16_to_utf8(NULL, 0, SourceString->Buffer, count);
    SIZE_T size = converted.needed + 1;

    WE_NT_ENTRY(RtlUnicodeStringToAnsiString);
    if (size > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (AllocateDestinationString) {
        DestinationString->Buffer = we_rtl_alloc(size);
        if (DestinationString->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = (USHORT)size;
    } else if (DestinationString->MaximumLength == 0) {
        return STATUS_BUFFER_OVERFLOW;
    }
    converted = we_rtl_utf16_to_utf8(DestinationString->Buffer, DestinationString->MaximumLength - 1,
                                     SourceString->Buffer, count);
    DestinationString->Length = (USHORT)converted.written;
    DestinationString->Buffer[converted.written] = ANSI_NULL;
    return converted.written == converted.needed ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    WE_NT_ENTRY(RtlFreeAnsiString);
    we_rtl_free(AnsiString->Buffer);
    memset(AnsiString, 0, sizeof(*AnsiString));
}

/* --- conversion of buffers ------------------------------------------------------------- */

static NTSTATUS converted_status(struct we_rtl_converted converted, BOOLEAN is_query)
{
    if (!is_query && converted.written < converted.needed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    return converted.is_exact ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

NTSTATUS RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                           PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource, ULONG UTF8StringByteCount)
{
    BOOLEAN is_query = UnicodeStringDestination == NULL;
    struct we_rtl_converted converted;

    WE_NT_ENTRY(RtlUTF8ToUnicodeN);
    if (UTF8StringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (is_query && UnicodeStringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    converted = we_rtl_utf8_to_utf16(UnicodeStringDestination, UnicodeStringMaxByteCount / sizeof(WCHAR),
                                     UTF8StringSource, UTF8StringByteCount);
    if (UnicodeStringActualByteCount != NULL) {
        *UnicodeStringActualByteCount = (ULONG)((is_query ? converted.needed : converted.written) * sizeof(WCHAR));
    }
    return converted_status(converted, is_query);
}

NTSTATUS RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount, PULONG UTF8StringActualByteCount,
                           PCWCH UnicodeStringSource, ULONG UnicodeStringByteCount)
{
    BOOLEAN is_query = UTF8StringDestination == NULL;
    struct we_rtl_converted converted;

    WE_NT_ENTRY(RtlUnicodeToUTF8N);
    if (UnicodeStringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (is_query && UTF8StringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (UnicodeStringByteCount % sizeof(WCHAR) != 0) {
        return STATUS_INVALID_PARAMETER_5;
    }
    converted = we_rtl_utf16_to_utf8(UTF8StringDestination, UTF8StringMaxByteCount, UnicodeStringSource,
                                     UnicodeStringByteCount / sizeof(WCHAR));
    if (UTF8StringActualByteCount != NULL) {
        *UTF8StringActualByteCount = (ULONG)(is_query ? converted.needed : converted.written);
    }
    return converted_status(converted, is_query);
}
