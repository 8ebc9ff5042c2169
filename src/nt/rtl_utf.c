/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16, one code point at a time. */
#include "nt/rtl_utf.h"

#include <string.h>

static bool is_continuation(CHAR byte)
{
    return ((UCHAR)byte & 0xC0) == 0x80;
}

/* Length of the sequence that a first byte announces (0: it cannot begin one), and the range that the second byte
 * must have: the bounds keep out overlong forms, surrogates, and code points past U+10FFFF. */
static size_t sequence_length(UCHAR first, UCHAR *second_lowest, UCHAR *second_highest)
{
    *second_lowest = 0x80;
    *second_highest = 0xBF;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        *second_lowest = (UCHAR)(first == 0xE0 ? 0xA0 : 0x80);
        *second_highest = (UCHAR)(first == 0xED ? 0x9F : 0xBF);
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *second_lowest = (UCHAR)(first == 0xF0 ? 0x90 : 0x80);
        *second_highest = (UCHAR)(first == 0xF4 ? 0x8F : 0xBF);
        return 4;
    }
    return 0;
}

size_t we_rtl_utf8_read(const CHAR *bytes, size_t count, ULONG *code_point, bool *is_valid)
{
    UCHAR first = (UCHAR)bytes[0];
    UCHAR lowest;
    UCHAR highest;
    size_t length = sequence_length(first, &lowest, &highest);
    size_t taken = 1;

    *is_valid = true;
    if (length == 1) {
        *code_point = first;
        return 1;
    }
    if (length > 1 && count > 1 && (UCHAR)bytes[1] >= lowest && (UCHAR)bytes[1] <= highest) {
        ULONG value = (first & (0x7Fu >> length)) << 6 | ((UCHAR)bytes[1] & 0x3Fu);

        for (taken = 2; taken < length && taken < count && is_continuation(bytes[taken]); taken++) {
            value = value << 6 | ((UCHAR)bytes[taken] & 0x3Fu);
        }
        if (taken == length) {
            *code_point = value;
            return taken;
        }
    }
    *is_valid = false;
    *code_point = WE_RTL_REPLACEMENT;
    return taken;
}

size_t we_rtl_utf8_write(ULONG code_point, CHAR bytes[4])
{
    if (code_point < 0x80) {
        bytes[0] = (CHAR)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (CHAR)(0xC0 | code_point >> 6);
        bytes[1] = (CHAR)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        bytes[0] = (CHAR)(0xE0 | code_point >> 12);
        bytes[1] = (CHAR)(0x80 | (code_point >> 6 & 0x3F));
        bytes[2] = (CHAR)(0x80 | (code_point & 0x3F));
        return 3;
    }
    bytes[0] = (CHAR)(0xF0 | code_point >> 18);
    bytes[1] = (CHAR)(0x80 | (code_point >> 12 & 0x3F));
    bytes[2] = (CHAR)(0x80 | (code_point >> 6 & 0x3F));
    bytes[3] = (CHAR)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t we_rtl_utf16_read(const WCHAR *units, size_t count, ULONG *code_point, bool *is_valid)
{
    WCHAR first = units[0];

    *is_valid = true;
    if (first < 0xD800 || first > 0xDFFF) {
        *code_point = first;
        return 1;
    }
    if (first <= 0xDBFF && count > 1 && units[1] >= 0xDC00 && units[1] <= 0xDFFF) {
        *code_point = 0x10000u + ((ULONG)(first - 0xD800) << 10 | (ULONG)(units[1] - 0xDC00));
        return 2;
    }
    *is_valid = false;
    *code_point = WE_RTL_REPLACEMENT;
    return 1;
}

size_t we_rtl_utf16_write(ULONG code_point, WCHAR units[2])
{
    if (code_point < 0x10000) {
        units[0] = (WCHAR)code_point;
        return 1;
    }
    units[0] = (WCHAR)(0xD800 + ((code_point - 0x10000) >> 10));
    units[1] = (WCHAR)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
    return 2;
}

struct we_rtl_converted we_rtl_utf8_to_utf16(WCHAR *units, size_t units_max, const CHAR *bytes, size_t byte_count)
{
    struct we_rtl_converted result = { 0, 0, true };
    bool fits = units != NULL;
    size_t at = 0;

    while (at < byte_count) {
        ULONG code_point;
        bool is_valid;
        WCHAR piece[2];
        size_t length;

        at += we_rtl_utf8_read(bytes + at, byte_count - at, &code_point, &is_valid);
        length = we_rtl_utf16_write(code_point, piece);
        fits = fits && result.written + length <= units_max;
        if (fits) {
            memcpy(units + result.written, piece, length * sizeof(WCHAR));
            result.written += length;
        }
        result.needed += length;
        result.is_exact = result.is_exact && is_valid;
    }
    return result;
}

struct we_rtl_converted we_rtl_utf16_to_utf8(CHAR *bytes, size_t bytes_max, const WCHAR *units, size_t unit_count)
{
    struct we_rtl_converted result = { 0, 0, true };
    bool fits = bytes != NULL;
    size_t at = 0;

    while (at < unit_count) {
        ULONG code_point;
        bool is_valid;
        CHAR piece[4];
        size_t length;

        at += we_rtl_utf16_read(units + at, unit_count - at, &code_point, &is_valid);
        length = we_rtl_utf8_write(code_point, piece);
        fits = fits && result.written + length <= bytes_max;
        if (fits) {
            memcpy(bytes + result.written, piece, length);
            result.written += length;
        }
        result.needed += length;
        result.is_exact = result.is_exact && is_valid;
    }
    return result;
}
