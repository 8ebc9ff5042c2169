/* SPDX-License-Identifier: MIT */
/* UNICODE_STRING: making, copying, appending, comparing and changing the case of counted UTF-16 strings. */
#include <wdm.h>

#include <string.h>

#include "nt/nt_irql.h"
#include "nt/rtl_alloc.h"
#include "nt/rtl_utf.h"

/* The longest string has an even length and room for its terminator in 16 bits. */
#define LENGTH_MAX ((USHORT)(UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)))

/* Length in bytes without the terminator. */
static SIZE_T text_length_bytes(PCWSTR text)
{
    SIZE_T count = 0;

    while (text[count] != 0) {
        count++;
    }
    return count * sizeof(WCHAR);
}

static void string_point_to(PUNICODE_STRING string, PCWSTR text, USHORT length_bytes)
{
    string->Length = length_bytes;
    string->MaximumLength = (USHORT)(text != NULL ? length_bytes + sizeof(WCHAR) : 0);
    string->Buffer = (PWCH)(ULONG_PTR)text;
}

VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T length = SourceString != NULL ? text_length_bytes(SourceString) : 0;

    WE_NT_ENTRY(RtlInitUnicodeString);
    string_point_to(DestinationString, SourceString, length > LENGTH_MAX ? LENGTH_MAX : (USHORT)length);
}

NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T length = SourceString != NULL ? text_length_bytes(SourceString) : 0;

    WE_NT_ENTRY(RtlInitUnicodeStringEx);
    if (length > LENGTH_MAX) {
        return STATUS_NAME_TOO_LONG;
    }
    string_point_to(DestinationString, SourceString, (USHORT)length);
    return STATUS_SUCCESS;
}

/* Windows promises no terminator; it is there when the buffer has room for one. */
static void string_terminate(PUNICODE_STRING string)
{
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[string->Length / sizeof(WCHAR)] = UNICODE_NULL;
    }
}

VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT length;

    WE_NT_ENTRY(RtlCopyUnicodeString);
    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    length = SourceString->Length;
    if (length > DestinationString->MaximumLength) {
        length = DestinationString->MaximumLength;
    }
    if (length > 0) {
        memmove(DestinationString->Buffer, SourceString->Buffer, length);
    }
    DestinationString->Length = length;
    string_terminate(DestinationString);
}

static NTSTATUS string_append(PUNICODE_STRING string, PCWCH text, SIZE_T length_bytes)
{
    if (string->Length + length_bytes > string->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (length_bytes > 0) {
        memmove((PUCHAR)string->Buffer + string->Length, text, length_bytes);
        string->Length = (USHORT)(string->Length + length_bytes);
        string_terminate(string);
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    WE_NT_ENTRY(RtlAppendUnicodeStringToString);
    return string_append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    WE_NT_ENTRY(RtlAppendUnicodeToString);
    return string_append(Destination, Source, Source != NULL ? text_length_bytes(Source) : 0);
}

/* --- comparing ------------------------------------------------------------------------- */

/* Compares count units; the sign of the result is that of the first difference. */
static LONG units_compare(PCWCH a, PCWCH b, SIZE_T count, BOOLEAN is_case_insensitive)
{
    for (SIZE_T i = 0; i < count; i++) {
        WCHAR unit_a = is_case_insensitive ? we_rtl_upcase(a[i]) : a[i];
        WCHAR unit_b = is_case_insensitive ? we_rtl_upcase(b[i]) : b[i];

        if (unit_a != unit_b) {
            return (LONG)unit_a - (LONG)unit_b;
        }
    }
    return 0;
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    SIZE_T count1 = String1->Length / sizeof(WCHAR);
    SIZE_T count2 = String2->Length / sizeof(WCHAR);
    LONG order;

    WE_NT_ENTRY(RtlCompareUnicodeString);
    order = units_compare(String1->Buffer, String2->Buffer, count1 < count2 ? count1 : count2, CaseInSensitive);
    return order != 0 ? order : (LONG)count1 - (LONG)count2;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    WE_NT_ENTRY(RtlEqualUnicodeString);
    return (BOOLEAN)(String1->Length == String2->Length &&
                     units_compare(String1->Buffer, String2->Buffer, String1->Length / sizeof(WCHAR),
                                   CaseInSensitive) == 0);
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    WE_NT_ENTRY(RtlPrefixUnicodeString);
    return (BOOLEAN)(String1->Length <= String2->Length &&
                     units_compare(String1->Buffer, String2->Buffer, String1->Length / sizeof(WCHAR),
                                   CaseInSensitive) == 0);
}

/* --- case ------------------------------------------------------------------------------ */

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    WE_NT_ENTRY(RtlUpcaseUnicodeChar);
    return we_rtl_upcase(SourceCharacter);
}

WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    WE_NT_ENTRY(RtlDowncaseUnicodeChar);
    return we_rtl_downcase(SourceCharacter);
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                BOOLEAN AllocateDestinationString)
{
    WE_NT_ENTRY(RtlUpcaseUnicodeString);
    if (AllocateDestinationString) {
        DestinationString->Buffer = we_rtl_alloc(SourceString->Length);
        if (DestinationString->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = SourceString->Length;
    } else if (SourceString->Length > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (SIZE_T i = 0; i < SourceString->Length / sizeof(WCHAR); i++) {
        DestinationString->Buffer[i] = we_rtl_upcase(SourceString->Buffer[i]);
    }
    DestinationString->Length = SourceString->Length;
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    WE_NT_ENTRY(RtlFreeUnicodeString);
    we_rtl_free(UnicodeString->Buffer);
    memset(UnicodeString, 0, sizeof(*UnicodeString));
}
