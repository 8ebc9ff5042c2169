/* SPDX-License-Identifier: MIT */
/* Numbers and GUIDs to counted strings and back. */
#include <wdm.h>

#include <stdbool.h>
#include <string.h>

#include "nt/nt_irql.h"
#include "nt/rtl_alloc.h"

static int digit_value(WCHAR unit)
{
    if (unit >= '0' && unit <= '9') {
        return unit - '0';
    }
    if (unit >= 'a' && unit <= 'f') {
        return unit - 'a' + 10;
    }
    if (unit >= 'A' && unit <= 'F') {
        return unit - 'A' + 10;
    }
    return -1;
}

static bool base_is_valid(ULONG base)
{
    return base == 0 || base == 2 || base == 8 || base == 10 || base == 16;
}

/* --- text to number -------------------------------------------------------------------- */

struct number_text {
    PCWCH units;
    SIZE_T count;
    SIZE_T at;
};

/* A unit behind the end reads as 0. */
static WCHAR text_now(const struct number_text *text, SIZE_T ahead)
{
    return (WCHAR)(text->at + ahead < text->count ? text->units[text->at + ahead] : 0);
}

/* Base 0: a prefix says which one it is. Skips the prefix. */
static ULONG base_take(struct number_text *text)
{
    ULONG base = 10;

    if (text_now(text, 0) == '0') {
        switch (text_now(text, 1)) {
        case 'x':
            base = 16;
            break;
        case 'o':
            base = 8;
            break;
        case 'b':
            base = 2;
            break;
        default:
            return base;
        }
        text->at += 2;
    }
    return base;
}

/* Digits up to the first that is none; a value past 32 bits wraps, no digits are 0. */
static ULONG number_parse(struct number_text *text, ULONG base)
{
    ULONG value = 0;
    bool is_negative;
    int digit;

    while (text_now(text, 0) != 0 && text_now(text, 0) <= ' ') {
        text->at++;
    }
    is_negative = text_now(text, 0) == '-';
    if (is_negative || text_now(text, 0) == '+') {
        text->at++;
    }
    if (base == 0) {
        base = base_take(text);
    }
    while ((digit = digit_value(text_now(text, 0))) >= 0 && (ULONG)digit < base) {
        value = value * base + (ULONG)digit;
        text->at++;
    }
    return is_negative ? 0 - value : value;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    struct number_text text = { String->Buffer, String->Length / sizeof(WCHAR), 0 };

    WE_NT_ENTRY(RtlUnicodeStringToInteger);
    if (text.count == 0 || !base_is_valid(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Value = number_parse(&text, Base);
    return STATUS_SUCCESS;
}

/* --- number to text -------------------------------------------------------------------- */

#define DIGITS_MAX 64 /* 64 bits in base 2 */

static NTSTATUS number_format(ULONGLONG value, ULONG base, PUNICODE_STRING string)
{
    WCHAR digits[DIGITS_MAX];
    SIZE_T count = 0;

    if (!base_is_valid(base)) {
        return STATUS_INVALID_PARAMETER;
    }
    base = base == 0 ? 10 : base;
    do {
        count++;
        digits[DIGITS_MAX - count] = (WCHAR) "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    if ((count + 1) * sizeof(WCHAR) > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    memcpy(string->Buffer, digits + DIGITS_MAX - count, count * sizeof(WCHAR));
    string->Buffer[count] = UNICODE_NULL;
    string->Length = (USHORT)(count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    WE_NT_ENTRY(RtlIntegerToUnicodeString);
    return number_format(Value, Base, String);
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    WE_NT_ENTRY(RtlInt64ToUnicodeString);
    return number_format(Value, Base, String);
}

/* --- GUIDs ----------------------------------------------------------------------------- */

/* Each x stands for a digit, the rest for itself. */
static const CHAR guid_pattern[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
#define GUID_TEXT_COUNT (sizeof(guid_pattern) - 1)

/* The sixteen bytes in the order in which the text shows them: the first three numbers are printed as numbers. */
static void guid_to_bytes(const GUID *guid, UCHAR bytes[16])
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (UCHAR)(guid->Data1 >> (24 - 8 * i));
    }
    bytes[4] = (UCHAR)(guid->Data2 >> 8);
    bytes[5] = (UCHAR)guid->Data2;
    bytes[6] = (UCHAR)(guid->Data3 >> 8);
    bytes[7] = (UCHAR)guid->Data3;
    memcpy(bytes + 8, guid->Data4, 8);
}

static void guid_from_bytes(GUID *guid, const UCHAR bytes[16])
{
    guid->Data1 = (ULONG)bytes[0] << 24 | (ULONG)bytes[1] << 16 | (ULONG)bytes[2] << 8 | bytes[3];
    guid->Data2 = (USHORT)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (USHORT)(bytes[6] << 8 | bytes[7]);
    memcpy(guid->Data4, bytes + 8, 8);
}

NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    PWCH text = we_rtl_alloc((GUID_TEXT_COUNT + 1) * sizeof(WCHAR));
    UCHAR bytes[16];
    unsigned digit_count = 0;

    WE_NT_ENTRY(RtlStringFromGUID);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    guid_to_bytes(Guid, bytes);
    for (SIZE_T i = 0; i < GUID_TEXT_COUNT; i++) {
        if (guid_pattern[i] == 'x') {
            unsigned shift = digit_count % 2 == 0 ? 4 : 0;

            text[i] = (WCHAR) "0123456789ABCDEF"[bytes[digit_count / 2] >> shift & 0xF];
            digit_count++;
        } else {
            text[i] = (WCHAR)guid_pattern[i];
        }
    }
    text[GUID_TEXT_COUNT] = UNICODE_NULL;
    GuidString->Buffer = text;
    GuidString->Length = GUID_TEXT_COUNT * sizeof(WCHAR);
    GuidString->MaximumLength = (GUID_TEXT_COUNT + 1) * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    UCHAR bytes[16] = { 0 };
    unsigned digit_count = 0;

    WE_NT_ENTRY(RtlGUIDFromString);
    if (GuidString->Length < GUID_TEXT_COUNT * sizeof(WCHAR)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (SIZE_T i = 0; i < GUID_TEXT_COUNT; i++) {
        WCHAR unit = GuidString->Buffer[i];

        if (guid_pattern[i] != 'x') {
            if (unit != (WCHAR)guid_pattern[i]) {
                return STATUS_INVALID_PARAMETER;
            }
        } else {
            int digit = digit_value(unit);

            if (digit < 0) {
                return STATUS_INVALID_PARAMETER;
            }
            bytes[digit_count / 2] = (UCHAR)(bytes[digit_count / 2] << 4 | digit);
            digit_count++;
        }
    }
    guid_from_bytes(Guid, bytes);
    return STATUS_SUCCESS;
}
