/* SPDX-License-Identifier: MIT */
/* ntstrsafe.h: copies, appends and prints that never write past their buffer. */
#include <ntstrsafe.h>

#include <string.h>

#include "host/host_mem.h"
#include "nt/rtl_format.h"

/* One implementation serves narrow and wide strings: a text knows how many bytes its characters have. Functions with
 * flags differ from those without in what they do with the rest of the buffer, and after a failure. */

#define FLAGS_VALID                                                                                                \
    (0xffu | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND_NULL | STRSAFE_FILL_ON_FAILURE | STRSAFE_NULL_ON_FAILURE | \
     STRSAFE_NO_TRUNCATION)

struct text {
    UCHAR *bytes;
    ULONG unit_bytes; /* 1 or 2 */
    SIZE_T count;     /* characters that fit, the terminator included */
    SIZE_T length;    /* characters in use */
};

static const WCHAR s_nothing; /* an empty string, of either kind */

static ULONG unit_get(const VOID *base, ULONG unit_bytes, SIZE_T at)
{
    return unit_bytes == 1 ? ((const UCHAR *)base)[at] : ((const WCHAR *)base)[at];
}

static void unit_set(struct text *text, SIZE_T at, ULONG value)
{
    if (text->unit_bytes == 1) {
        text->bytes[at] = (UCHAR)value;
    } else {
        ((WCHAR *)(void *)text->bytes)[at] = (WCHAR)value;
    }
}

static void terminate(struct text *text)
{
    unit_set(text, text->length, 0);
}

/* --- what the flags ask for ------------------------------------------------------------------ */

static void fill(struct text *text, SIZE_T from, ULONG flags)
{
    memset(text->bytes + from * text->unit_bytes, (int)(flags & 0xff), (text->count - from) * text->unit_bytes);
}

/* original_length: what the buffer held before. */
static void after_failure(struct text *text, SIZE_T original_length, ULONG flags)
{
    if ((flags & STRSAFE_NO_TRUNCATION) != 0) {
        text->length = original_length;
        terminate(text);
    }
    if ((flags & STRSAFE_FILL_ON_FAILURE) != 0) {
        fill(text, 0, flags);
        text->length = (flags & 0xff) == 0 ? 0 : text->count - 1;
        terminate(text);
    }
    if ((flags & STRSAFE_NULL_ON_FAILURE) != 0) {
        text->length = 0;
        terminate(text);
    }
}

/* The end of every function: the flags, and where the text ends. */
static NTSTATUS finish(struct text *text, NTSTATUS status, SIZE_T original_length, ULONG flags, PVOID *end,
                       SIZE_T *remaining)
{
    if (text->bytes != NULL && text->count != 0) {
        if (status != STATUS_SUCCESS) {
            after_failure(text, original_length, flags);
        } else if ((flags & STRSAFE_FILL_BEHIND_NULL) != 0) {
            fill(text, text->length + 1, flags);
        }
    }
    if (status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW) {
        if (end != NULL) {
            *end = text->bytes == NULL ? NULL : text->bytes + text->length * text->unit_bytes;
        }
        if (remaining != NULL) {
            *remaining = text->count - text->length;
        }
    }
    return status;
}

/* A buffer that may be used; sets the text to nothing where that is allowed. */
static NTSTATUS check_destination(const struct text *text, ULONG flags)
{
    if ((flags & ~FLAGS_VALID) != 0 || text->count > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((flags & STRSAFE_IGNORE_NULLS) != 0 && text->bytes == NULL && text->count == 0) {
        return STATUS_SUCCESS;
    }
    return text->bytes == NULL || text->count == 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS find_length(const VOID *base, ULONG unit_bytes, SIZE_T max, SIZE_T *length)
{
    SIZE_T at;

    for (at = 0; at < max; at++) {
        if (unit_get(base, unit_bytes, at) == 0) {
            *length = at;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

/* --- copy, append, print, measure ------------------------------------------------------------- */

static NTSTATUS append(struct text *text, const VOID *source, SIZE_T source_max)
{
    SIZE_T at;

    for (at = 0; at < source_max; at++) {
        ULONG unit = unit_get(source, text->unit_bytes, at);

        if (unit == 0) {
            break;
        }
        if (text->length + 1 >= text->count) {
            terminate(text);
            return STATUS_BUFFER_OVERFLOW;
        }
        unit_set(text, text->length++, unit);
    }
    terminate(text);
    return STATUS_SUCCESS;
}

/* Without a buffer only nothing can be copied. */
static NTSTATUS append_to_nothing(const VOID *source, SIZE_T source_max, ULONG unit_bytes)
{
    return source_max == 0 || unit_get(source, unit_bytes, 0) == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI wsk_emu_strsafe_copy(ULONG CharacterBytes, BOOLEAN IsAppended, PVOID Destination, SIZE_T Count,
                                    const VOID *Source, SIZE_T SourceMax, PVOID *End, SIZE_T *Remaining, ULONG Flags)
{
    struct text text = { (UCHAR *)Destination, CharacterBytes, Count, 0 };
    NTSTATUS status = check_destination(&text, Flags);
    const VOID *source = Source == NULL && (Flags & STRSAFE_IGNORE_NULLS) != 0 ? &s_nothing : Source;
    SIZE_T original_length = 0;

    if (!NT_SUCCESS(status)) {
        return status; /* nothing may be written: the buffer cannot be trusted */
    }
    if (IsAppended && Count != 0) {
        status = find_length(Destination, CharacterBytes, Count, &text.length);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        original_length = text.length;
    }
    if (source == NULL || (SourceMax > NTSTRSAFE_MAX_CCH)) {
        status = STATUS_INVALID_PARAMETER;
        if (Count != 0 && !IsAppended) {
            terminate(&text);
        }
    } else if (Count == 0) {
        status = append_to_nothing(source, SourceMax, CharacterBytes);
    } else {
        status = append(&text, source, SourceMax);
    }
    return finish(&text, status, original_length, Flags, End, Remaining);
}

/* Prints into the text; the result is the length of the whole. */
static SIZE_T print(struct text *text, const VOID *format, va_list arguments)
{
    return text->unit_bytes == 1
               ? we_rtl_format((CHAR *)text->bytes, text->count, (const CHAR *)format, arguments)
               : we_rtl_format_wide((WCHAR *)(void *)text->bytes, text->count, (const WCHAR *)format, arguments);
}

NTSTATUS NTAPI wsk_emu_strsafe_vprintf(ULONG CharacterBytes, PVOID Destination, SIZE_T Count, PVOID *End,
                                       SIZE_T *Remaining, ULONG Flags, const VOID *Format, va_list Arguments)
{
    struct text text = { (UCHAR *)Destination, CharacterBytes, Count, 0 };
    NTSTATUS status = check_destination(&text, Flags);
    const VOID *format = Format == NULL && (Flags & STRSAFE_IGNORE_NULLS) != 0 ? &s_nothing : Format;
    SIZE_T length;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (format == NULL) {
        terminate(&text);
        return finish(&text, STATUS_INVALID_PARAMETER, 0, Flags, End, Remaining);
    }
    length = print(&text, format, Arguments);
    if (Count == 0) {
        return finish(&text, length == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, 0, Flags, End, Remaining);
    }
    text.length = length < Count ? length : Count - 1;
    return finish(&text, length < Count ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW, 0, Flags, End, Remaining);
}

NTSTATUS NTAPI wsk_emu_strsafe_length(ULONG CharacterBytes, const VOID *Text, SIZE_T Max, SIZE_T *Length)
{
    SIZE_T length = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (Text != NULL && Max <= NTSTRSAFE_MAX_CCH) {
        status = find_length(Text, CharacterBytes, Max, &length);
    }
    if (Length != NULL) {
        *Length = NT_SUCCESS(status) ? length : 0;
    }
    return status;
}

/* --- counted strings --------------------------------------------------------------------------- */

static bool is_valid(const UNICODE_STRING *string)
{
    return string != NULL && string->Length % sizeof(WCHAR) == 0 && string->MaximumLength % sizeof(WCHAR) == 0 &&
           string->Length <= string->MaximumLength && (string->Buffer != NULL || string->MaximumLength == 0);
}

/* Appends count units behind length, as far as they fit. */
static NTSTATUS counted_append(PUNICODE_STRING destination, SIZE_T length, const WCHAR *source, SIZE_T count)
{
    SIZE_T room = destination->MaximumLength / sizeof(WCHAR) - length;
    SIZE_T copied = count < room ? count : room;

    if (copied > 0) {
        memmove(destination->Buffer + length, source, copied * sizeof(WCHAR));
    }
    destination->Length = (USHORT)((length + copied) * sizeof(WCHAR));
    return copied < count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* The length of a source, at most max; no terminator is needed before that. */
static SIZE_T source_length(const WCHAR *source, SIZE_T max)
{
    SIZE_T length = 0;

    while (length < max && source[length] != 0) {
        length++;
    }
    return length;
}

NTSTATUS NTAPI RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc, ULONG dwFlags)
{
    SIZE_T length;

    if (DestinationString == NULL || (dwFlags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(DestinationString, sizeof(*DestinationString));
    if (pszSrc == NULL) {
        return STATUS_SUCCESS;
    }
    length = source_length(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH);
    if (length >= NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (PWSTR)(ULONG_PTR)pszSrc;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    return RtlUnicodeStringInitEx(DestinationString, pszSrc, 0);
}

NTSTATUS NTAPI RtlUnicodeStringValidate(PCUNICODE_STRING SourceString)
{
    return is_valid(SourceString) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    if (!is_valid(DestinationString) || !is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return counted_append(DestinationString, 0, SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    if (!is_valid(DestinationString) || !is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return counted_append(DestinationString, DestinationString->Length / sizeof(WCHAR), SourceString->Buffer,
                          SourceString->Length / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                              SIZE_T cchToCopy)
{
    if (!is_valid(DestinationString) || pszSrc == NULL || cchToCopy > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return counted_append(DestinationString, 0, pszSrc, source_length(pszSrc, cchToCopy));
}

NTSTATUS NTAPI RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                             SIZE_T cbToCopy)
{
    return RtlUnicodeStringCchCopyStringN(DestinationString, pszSrc, cbToCopy / sizeof(WCHAR));
}

NTSTATUS NTAPI RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    return RtlUnicodeStringCchCopyStringN(DestinationString, pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH);
}

NTSTATUS NTAPI RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    if (!is_valid(DestinationString) || pszSrc == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return counted_append(DestinationString, DestinationString->Length / sizeof(WCHAR), pszSrc,
                          source_length(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH));
}

/* The formatter always terminates, a counted string need not: when the terminator would not fit it is printed apart. */
NTSTATUS NTAPI RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    SIZE_T room;
    SIZE_T length;
    va_list again;
    PWSTR whole;

    if (!is_valid(DestinationString) || pszFormat == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    room = DestinationString->MaximumLength / sizeof(WCHAR);
    va_copy(again, argList);
    length = we_rtl_format_wide(NULL, 0, pszFormat, again);
    va_end(again);
    if (length < room) {
        (void)we_rtl_format_wide(DestinationString->Buffer, room, pszFormat, argList);
        DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
        return STATUS_SUCCESS;
    }
    whole = (PWSTR)we_host_alloc((room + 1) * sizeof(WCHAR));
    if (whole == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (void)we_rtl_format_wide(whole, room + 1, pszFormat, argList);
    (void)counted_append(DestinationString, 0, whole, room);
    we_host_free(whole);
    return length > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, arguments);
    va_end(arguments);
    return status;
}
