/* SPDX-License-Identifier: MIT */
/* Functions of the C library as the Windows kernel has them. Its wide strings have 16-bit characters and its formats are
 * those of DbgPrint, so a host's functions of the same name would be silently wrong: these are ours. Any IRQL, but
 * PASSIVE_LEVEL for formats with wide text. */
#ifndef WSK_EMU_WDK_CRT_H
#define WSK_EMU_WDK_CRT_H

#include <stdarg.h>
#include <string.h>
#if defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
/* Before our macros, which it would undo; and drivers include us from within extern "C". */
extern "C++" {
#include <cwchar>
}
#endif

#include "../ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
typedef int errno_t;

/*
 * Wide strings. On failure the functions with a size return EINVAL (22) or ERANGE (34) and leave an empty string; a
 * count of _TRUNCATE cuts, which STRUNCATE (80) says.
 */
size_t wsk_emu_wcslen(_In_z_ const WCHAR *Text);
size_t wsk_emu_wcsnlen(_In_reads_or_z_(Count) const WCHAR *Text, size_t Count);
int wsk_emu_wcscmp(_In_z_ const WCHAR *First, _In_z_ const WCHAR *Second);
int wsk_emu_wcsncmp(_In_z_ const WCHAR *First, _In_z_ const WCHAR *Second, size_t Count);
int wsk_emu_wcsicmp(_In_z_ const WCHAR *First, _In_z_ const WCHAR *Second);
int wsk_emu_wcsnicmp(_In_z_ const WCHAR *First, _In_z_ const WCHAR *Second, size_t Count);
WCHAR *wsk_emu_wcscpy(_Out_ WCHAR *Destination, _In_z_ const WCHAR *Source);
WCHAR *wsk_emu_wcsncpy(_Out_writes_(Count) WCHAR *Destination, _In_z_ const WCHAR *Source, size_t Count);
WCHAR *wsk_emu_wcscat(_Inout_ WCHAR *Destination, _In_z_ const WCHAR *Source);
WCHAR *wsk_emu_wcschr(_In_z_ const WCHAR *Text, WCHAR Character);
WCHAR *wsk_emu_wcsrchr(_In_z_ const WCHAR *Text, WCHAR Character);
WCHAR *wsk_emu_wcsstr(_In_z_ const WCHAR *Text, _In_z_ const WCHAR *Wanted);
errno_t wsk_emu_wcscpy_s(_Out_writes_z_(Count) WCHAR *Destination, size_t Count, _In_z_ const WCHAR *Source);
errno_t wsk_emu_wcscat_s(_Inout_updates_z_(Count) WCHAR *Destination, size_t Count, _In_z_ const WCHAR *Source);
errno_t wsk_emu_wcsncpy_s(
    _Out_writes_z_(Count) WCHAR *Destination, size_t Count, _In_z_ const WCHAR *Source, size_t SourceMax);

#if defined(__APPLE__) && defined(_WCHAR_H_) && !defined(__cplusplus)
/* There <wchar.h> forbids its names to C files with 16-bit characters: leave it out. */
#elif !defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
/* Under the names that drivers use. A label and no macro: it holds also where the host's <wchar.h> was read before. */
#define WSK_EMU_CRT_LABEL_(_prefix, _name) __asm__(#_prefix "wsk_emu_" #_name)
#define WSK_EMU_CRT_LABEL(_prefix, _name) WSK_EMU_CRT_LABEL_(_prefix, _name)
#define WSK_EMU_CRT(_name) WSK_EMU_CRT_LABEL(__USER_LABEL_PREFIX__, _name)
size_t wcslen(const WCHAR *) WSK_EMU_CRT(wcslen);
size_t wcsnlen(const WCHAR *, size_t) WSK_EMU_CRT(wcsnlen);
int wcscmp(const WCHAR *, const WCHAR *) WSK_EMU_CRT(wcscmp);
int wcsncmp(const WCHAR *, const WCHAR *, size_t) WSK_EMU_CRT(wcsncmp);
WCHAR *wcscpy(WCHAR *, const WCHAR *) WSK_EMU_CRT(wcscpy);
WCHAR *wcsncpy(WCHAR *, const WCHAR *, size_t) WSK_EMU_CRT(wcsncpy);
WCHAR *wcscat(WCHAR *, const WCHAR *) WSK_EMU_CRT(wcscat);
WCHAR *wcschr(const WCHAR *, WCHAR) WSK_EMU_CRT(wcschr);
WCHAR *wcsrchr(const WCHAR *, WCHAR) WSK_EMU_CRT(wcsrchr);
WCHAR *wcsstr(const WCHAR *, const WCHAR *) WSK_EMU_CRT(wcsstr);
#elif defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
/* A label on a function that the C++ library has used already is an error, so here they are macros. */
#define wcslen(_text) wsk_emu_wcslen(_text)
#define wcsnlen(_text, _count) wsk_emu_wcsnlen(_text, _count)
#define wcscmp(_a, _b) wsk_emu_wcscmp(_a, _b)
#define wcsncmp(_a, _b, _count) wsk_emu_wcsncmp(_a, _b, _count)
#define wcscpy(_to, _from) wsk_emu_wcscpy(_to, _from)
#define wcsncpy(_to, _from, _count) wsk_emu_wcsncpy(_to, _from, _count)
#define wcscat(_to, _from) wsk_emu_wcscat(_to, _from)
#define wcschr(_text, _char) wsk_emu_wcschr(_text, _char)
#define wcsrchr(_text, _char) wsk_emu_wcsrchr(_text, _char)
#define wcsstr(_text, _wanted) wsk_emu_wcsstr(_text, _wanted)
#endif
#define _wcsicmp wsk_emu_wcsicmp
#define _wcsnicmp wsk_emu_wcsnicmp
#define wcscpy_s wsk_emu_wcscpy_s
#define wcscat_s wsk_emu_wcscat_s
#define wcsncpy_s wsk_emu_wcsncpy_s

/*
 * Narrow strings.
 */
int wsk_emu_stricmp(_In_z_ const char *First, _In_z_ const char *Second);
int wsk_emu_strnicmp(_In_z_ const char *First, _In_z_ const char *Second, size_t Count);
errno_t wsk_emu_strcpy_s(_Out_writes_z_(Count) char *Destination, size_t Count, _In_z_ const char *Source);
errno_t wsk_emu_strcat_s(_Inout_updates_z_(Count) char *Destination, size_t Count, _In_z_ const char *Source);
errno_t wsk_emu_strncpy_s(
    _Out_writes_z_(Count) char *Destination, size_t Count, _In_z_ const char *Source, size_t SourceMax);
errno_t wsk_emu_memcpy_s(
    _Out_writes_bytes_(Count) void *Destination, size_t Count, _In_reads_bytes_(SourceCount) const void *Source, size_t SourceCount);
errno_t wsk_emu_memmove_s(
    _Out_writes_bytes_(Count) void *Destination, size_t Count, _In_reads_bytes_(SourceCount) const void *Source, size_t SourceCount);
size_t wsk_emu_strnlen(_In_reads_or_z_(Count) const char *Text, size_t Count);

#define _stricmp wsk_emu_stricmp
#define _strnicmp wsk_emu_strnicmp
#define strcpy_s wsk_emu_strcpy_s
#define strcat_s wsk_emu_strcat_s
#define strncpy_s wsk_emu_strncpy_s
#define memcpy_s wsk_emu_memcpy_s
#define memmove_s wsk_emu_memmove_s
#if defined(__STRICT_ANSI__) && !defined(__cplusplus)
#define strnlen wsk_emu_strnlen /* the host hides its own from standard C */
#endif

/*
 * Formats, as in DbgPrint: long has 32 bits. -1: the text was cut, and if nothing was left for the terminator there is
 * none.
 */
int _snprintf(_Out_writes_(Count) char *Buffer, size_t Count, _In_z_ const char *Format, ...);
int _vsnprintf(_Out_writes_(Count) char *Buffer, size_t Count, _In_z_ const char *Format, va_list Arguments);
/*
 * With the size of the buffer beside the longest text: there is always a terminator. -1: the text was cut. What is longer
 * than the buffer, without a count that cuts it before (_TRUNCATE: where it must), leaves an empty text.
 */
int _snprintf_s(_Out_writes_z_(Size) char *Buffer, size_t Size, size_t Count, _In_z_ const char *Format, ...);
int _vsnprintf_s(_Out_writes_z_(Size) char *Buffer, size_t Size, size_t Count, _In_z_ const char *Format, va_list Arguments);
int _snwprintf(_Out_writes_(Count) WCHAR *Buffer, size_t Count, _In_z_ const WCHAR *Format, ...);
int _vsnwprintf(_Out_writes_(Count) WCHAR *Buffer, size_t Count, _In_z_ const WCHAR *Format, va_list Arguments);

/*
 * The name of the function around, as a wide string: good until the block ends, not a literal.
 */
const WCHAR *wsk_emu_widen(_Out_writes_z_(Count) WCHAR *Buffer, size_t Count, _In_z_ const char *Text);
#ifndef __cplusplus
#define __FUNCTIONW__ wsk_emu_widen((WCHAR[sizeof(__func__)]){0}, sizeof(__func__), __func__)
#endif

#ifdef __cplusplus
}
#endif

#ifdef __cplusplus
extern "C++" {
template <size_t wsk_emu_count> struct wsk_emu_wide_name {
    WCHAR text[wsk_emu_count];
};
}
#define __FUNCTIONW__ wsk_emu_widen(wsk_emu_wide_name<sizeof(__func__)>().text, sizeof(__func__), __func__)
#endif

#endif
