/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16, one code point at a time. */
#ifndef WE_RTL_UTF_H
#define WE_RTL_UTF_H

#include <stdbool.h>

#include <wdm.h>

#define WE_RTL_REPLACEMENT 0xFFFDu

/* Reads one code point of at most count bytes (count must not be 0) and returns how many bytes it took. Bytes that are
 * no valid UTF-8 give U+FFFD, one for each longest run that could have begun a character; is_valid is then false. */
size_t we_rtl_utf8_read(const CHAR *bytes, size_t count, ULONG *code_point, bool *is_valid);
/* Writes a code point and returns how many bytes it took: 1 to 4. */
size_t we_rtl_utf8_write(ULONG code_point, CHAR bytes[4]);
/* The same for UTF-16. A surrogate without its partner gives U+FFFD. */
size_t we_rtl_utf16_read(const WCHAR *units, size_t count, ULONG *code_point, bool *is_valid);
/* 1 or 2 units. */
size_t we_rtl_utf16_write(ULONG code_point, WCHAR units[2]);

/* What a conversion did. */
struct we_rtl_converted {
    size_t written; /* bytes or units that were stored */
    size_t needed;  /* bytes or units that the whole text has */
    bool is_exact;  /* no replacement character was needed */
};

/* Converts whole characters as long as they fit. units or bytes may be NULL: then only the need is counted. */
struct we_rtl_converted we_rtl_utf8_to_utf16(WCHAR *units, size_t units_max, const CHAR *bytes, size_t byte_count);
struct we_rtl_converted we_rtl_utf16_to_utf8(CHAR *bytes, size_t bytes_max, const WCHAR *units, size_t unit_count);

/* Simple one-to-one case mapping; a unit without a partner is returned as it is. */
WCHAR we_rtl_upcase(WCHAR unit);
WCHAR we_rtl_downcase(WCHAR unit);
/* Compares count units without case. */
bool we_rtl_is_same_text(const WCHAR *a, const WCHAR *b, size_t count);

#endif
