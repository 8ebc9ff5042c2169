/* SPDX-License-Identifier: MIT */
/* The kernel's printf: formats with the widths and conversions of the Windows kernel, never with the host's. */
#ifndef WE_RTL_FORMAT_H
#define WE_RTL_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>

#include <wdm.h>

/* Conversions: d i u x X o c C s S p Z and %%; sizes hh h l ll w I I32 I64 (and j z t); flags - + space # 0; width and
 * precision, also as *. long has 32 bits. %s and %c are narrow in a narrow format and wide in a wide one, %S and %C
 * the other way round; h makes both narrow, l and w make both wide. %Z is a counted ANSI_STRING, %wZ a counted
 * UNICODE_STRING. A NULL string (or a counted one with a NULL Buffer) prints (null). Narrow text is UTF-8. Anything
 * else, floating point and %n in particular, is copied as it stands and noted once in the log; the argument of a
 * floating point conversion is skipped. */

/* Writes at most capacity characters and no terminator. Returns the length that the whole text has. capacity may be 0:
 * then nothing is written and text may be NULL. Any IRQL, no lock. */
size_t we_rtl_format_open(CHAR *text, size_t capacity, const CHAR *format, va_list args);
/* The same with a wide format and wide text; sizes and the result are in units. */
size_t we_rtl_format_wide_open(WCHAR *text, size_t capacity, const WCHAR *format, va_list args);

/* Writes at most size_bytes - 1 characters and a NUL, if size_bytes is not 0. Returns the length of the whole text. */
static inline size_t we_rtl_format(CHAR *text, size_t size_bytes, const CHAR *format, va_list args)
{
    size_t capacity = size_bytes > 0 ? size_bytes - 1 : 0;
    size_t length = we_rtl_format_open(text, capacity, format, args);

    if (text != NULL && size_bytes > 0) {
        text[length < capacity ? length : capacity] = ANSI_NULL;
    }
    return length;
}

static inline size_t we_rtl_format_wide(WCHAR *text, size_t size_count, const WCHAR *format, va_list args)
{
    size_t capacity = size_count > 0 ? size_count - 1 : 0;
    size_t length = we_rtl_format_wide_open(text, capacity, format, args);

    if (size_count > 0) {
        text[length < capacity ? length : capacity] = UNICODE_NULL;
    }
    return length;
}

/* True when a narrow format has a conversion that needs the wide-character tables, which Windows keeps in pageable
 * memory: %C %S %lc %ls %wc %ws %wZ. */
bool we_rtl_format_is_wide(const CHAR *format);

#endif
