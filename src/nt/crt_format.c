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

int _vsnprintf_s(char *Buffer, size_t Size, size_t Count, const char *Format, va_list Arguments)
{
    size_t limit;
    size_t length;

    if (Buffer == NULL || Format == NULL || Size == 0) {
        return -1;
    }
    limit = Count < Size ? Count : Size - 1;
    length = we_rtl_format_open(Buffer, limit, Format, Arguments);
    if (length > limit && Count >= Size && Count != _TRUNCATE) {
        Buffer[0] = '\0';
        return -1;
    }
    Buffer[length < limit ? length : limit] = '\0';
    return result_of(length, limit);
}

int _snprintf_s(char *Buffer, size_t Size, size_t Count, const char *Format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, Format);
    result = _vsnprintf_s(Buffer, Size, Count, Format, arguments);
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
