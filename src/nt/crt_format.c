/* SPDX-License-Identifier: MIT */
/* The kernel's C library: _snprintf and its kin over the formats of DbgPrint. */
#include "nt/rtl_format.h"

#include <limits.h>

/* A text that just fits has no terminator, and one that does not fit is a failure. */

static int result_of(size_t length, size_t count)
{
    return length > count || length > INT_MAX ? -1 : (int)length;
}

int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments)
{
    size_t length = we_rtl_format_open(Buffer, Count, Format, Arguments);

    if (length < Count) {
        Buffer[length] = '\0';
    }
    return result_of(length, Count);
}

int _snprintf(char *Buffer, size_t Count, const char *Format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, Format);
    result = _vsnprintf(Buffer, Count, Format, arguments);
    va_end(arguments);
    return result;
}

int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments)
{
    size_t length = we_rtl_format_wide_open(Buffer, Count, Format, Arguments);

    if (length < Count) {
        Buffer[length] = UNICODE_NULL;
    }
    return result_of(length, Count);
}

int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, Format);
    result = _vsnwprintf(Buffer, Count, Format, arguments);
    va_end(arguments);
    return result;
}
