/* SPDX-License-Identifier: MIT */
/* The kernel's C library: wide strings of 16-bit characters, and copies that know their destination's size. */
#include <wdm.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Values of Windows, whatever the host's are. */
enum { OK = 0, BAD_ARGUMENT = 22, OUT_OF_RANGE = 34, CUT = 80 };

static WCHAR upcase(WCHAR character)
{
    return (WCHAR)(character >= 'a' && character <= 'z' ? character - ('a' - 'A') : character);
}

/* --- wide strings ------------------------------------------------------------------------------ */

size_t wsk_emu_wcsnlen(const WCHAR *Text, size_t Count)
{
    size_t length = 0;

    while (length < Count && Text[length] != 0) {
        length++;
    }
    return length;
}

size_t wsk_emu_wcslen(const WCHAR *Text)
{
    return wsk_emu_wcsnlen(Text, SIZE_MAX);
}

int wsk_emu_wcsncmp(const WCHAR *First, const WCHAR *Second, size_t Count)
{
    for (size_t i = 0; i < Count; i++) {
        if (First[i] != Second[i]) {
            return First[i] < Second[i] ? -1 : 1;
        }
        if (First[i] == 0) {
            break;
        }
    }
    return 0;
}

int wsk_emu_wcscmp(const WCHAR *First, const WCHAR *Second)
{
    return wsk_emu_wcsncmp(First, Second, SIZE_MAX);
}

int wsk_emu_wcsnicmp(const WCHAR *First, const WCHAR *Second, size_t Count)
{
    for (size_t i = 0; i < Count; i++) {
        WCHAR a = upcase(First[i]);
        WCHAR b = upcase(Second[i]);

        if (a != b) {
            return a < b ? -1 : 1;
        }
        if (a == 0) {
            break;
        }
    }
    return 0;
}

int wsk_emu_wcsicmp(const WCHAR *First, const WCHAR *Second)
{
    return wsk_emu_wcsnicmp(First, Second, SIZE_MAX);
}

WCHAR *wsk_emu_wcscpy(WCHAR *Destination, const WCHAR *Source)
{
    return memcpy(Destination, Source, (wsk_emu_wcslen(Source) + 1) * sizeof(WCHAR));
}

WCHAR *wsk_emu_wcsncpy(WCHAR *Destination, const WCHAR *Source, size_t Count)
{
    size_t length = wsk_emu_wcsnlen(Source, Count);

    memcpy(Destination, Source, length * sizeof(WCHAR));
    memset(Destination + length, 0, (Count - length) * sizeof(WCHAR));
    return Destination;
}

WCHAR *wsk_emu_wcscat(WCHAR *Destination, const WCHAR *Source)
{
    (void)wsk_emu_wcscpy(Destination + wsk_emu_wcslen(Destination), Source);
    return Destination;
}

WCHAR *wsk_emu_wcschr(const WCHAR *Text, WCHAR Character)
{
    for (;; Text++) {
        if (*Text == Character) {
            return (WCHAR *)(ULONG_PTR)Text;
        }
        if (*Text == 0) {
            return NULL;
        }
    }
}

WCHAR *wsk_emu_wcsrchr(const WCHAR *Text, WCHAR Character)
{
    for (size_t i = wsk_emu_wcslen(Text) + 1; i > 0; i--) {
        if (Text[i - 1] == Character) {
            return (WCHAR *)(ULONG_PTR)(Text + i - 1);
        }
    }
    return NULL;
}

WCHAR *wsk_emu_wcsstr(const WCHAR *Text, const WCHAR *Wanted)
{
    size_t length = wsk_emu_wcslen(Wanted);

    do {
        if (wsk_emu_wcsncmp(Text, Wanted, length) == 0) {
            return (WCHAR *)(ULONG_PTR)Text;
        }
    } while (*Text++ != 0);
    return NULL;
}

/* --- copies that know their destination's size -------------------------------------------------- */

/* Appends at most max characters behind the first used ones. max may be _TRUNCATE. */
static errno_t wide_put(WCHAR *to, size_t count, size_t used, const WCHAR *from, size_t max)
{
    bool is_cut = false;
    size_t length;

    if (to == NULL || count == 0 || (from == NULL && max != 0)) {
        if (to != NULL && count != 0) {
            to[0] = 0;
        }
        return BAD_ARGUMENT;
    }
    if (used == count) { /* no terminator within the size */
        to[0] = 0;
        return BAD_ARGUMENT;
    }
    length = from != NULL ? wsk_emu_wcsnlen(from, max == _TRUNCATE ? count - used : max) : 0;
    if (length >= count - used) {
        if (max != _TRUNCATE) {
            to[0] = 0;
            return OUT_OF_RANGE;
        }
        length = count - used - 1;
        is_cut = true;
    }
    if (length != 0) {
        memcpy(to + used, from, length * sizeof(*to));
    }
    to[used + length] = 0;
    return is_cut ? CUT : OK;
}

errno_t wsk_emu_wcscpy_s(WCHAR *Destination, size_t Count, const WCHAR *Source)
{
    return wide_put(Destination, Count, 0, Source, SIZE_MAX - 1);
}

errno_t wsk_emu_wcsncpy_s(WCHAR *Destination, size_t Count, const WCHAR *Source, size_t SourceMax)
{
    return wide_put(Destination, Count, 0, Source, SourceMax);
}

errno_t wsk_emu_wcscat_s(WCHAR *Destination, size_t Count, const WCHAR *Source)
{
    size_t used = Destination != NULL ? wsk_emu_wcsnlen(Destination, Count) : 0;

    return wide_put(Destination, Count, used, Source, SIZE_MAX - 1);
}

static errno_t narrow_put(char *to, size_t count, size_t used, const char *from, size_t max)
{
    bool is_cut = false;
    size_t length;

    if (to == NULL || count == 0 || (from == NULL && max != 0)) {
        if (to != NULL && count != 0) {
            to[0] = '\0';
        }
        return BAD_ARGUMENT;
    }
    if (used == count) {
        to[0] = '\0';
        return BAD_ARGUMENT;
    }
    length = from != NULL ? wsk_emu_strnlen(from, max == _TRUNCATE ? count - used : max) : 0;
    if (length >= count - used) {
        if (max != _TRUNCATE) {
            to[0] = '\0';
            return OUT_OF_RANGE;
        }
        length = count - used - 1;
        is_cut = true;
    }
    if (length != 0) {
        memcpy(to + used, from, length);
    }
    to[used + length] = '\0';
    return is_cut ? CUT : OK;
}

errno_t wsk_emu_strcpy_s(char *Destination, size_t Count, const char *Source)
{
    return narrow_put(Destination, Count, 0, Source, SIZE_MAX - 1);
}

errno_t wsk_emu_strncpy_s(char *Destination, size_t Count, const char *Source, size_t SourceMax)
{
    return narrow_put(Destination, Count, 0, Source, SourceMax);
}

errno_t wsk_emu_strcat_s(char *Destination, size_t Count, const char *Source)
{
    size_t used = Destination != NULL ? wsk_emu_strnlen(Destination, Count) : 0;

    return narrow_put(Destination, Count, used, Source, SIZE_MAX - 1);
}

errno_t wsk_emu_memmove_s(void *Destination, size_t Count, const void *Source, size_t SourceCount)
{
    if (SourceCount == 0) {
        return OK;
    }
    if (Destination == NULL) {
        return BAD_ARGUMENT;
    }
    if (Source == NULL) {
        return BAD_ARGUMENT;
    }
    if (Count < SourceCount) {
        return OUT_OF_RANGE;
    }
    memmove(Destination, Source, SourceCount);
    return OK;
}

/* Unlike memmove_s it clears a destination for which something is wrong with the source. */
errno_t wsk_emu_memcpy_s(void *Destination, size_t Count, const void *Source, size_t SourceCount)
{
    errno_t error = wsk_emu_memmove_s(Destination, Count, Source, SourceCount);

    if (error != OK && Destination != NULL) {
        memset(Destination, 0, Count);
    }
    return error;
}

/* --- narrow strings ------------------------------------------------------------------------------ */

size_t wsk_emu_strnlen(const char *Text, size_t Count)
{
    const char *end = Count != 0 ? memchr(Text, '\0', Count) : NULL;

    return end != NULL ? (size_t)(end - Text) : Count;
}

int wsk_emu_strnicmp(const char *First, const char *Second, size_t Count)
{
    for (size_t i = 0; i < Count; i++) {
        WCHAR a = upcase((UCHAR)First[i]);
        WCHAR b = upcase((UCHAR)Second[i]);

        if (a != b) {
            return a < b ? -1 : 1;
        }
        if (a == 0) {
            break;
        }
    }
    return 0;
}

int wsk_emu_stricmp(const char *First, const char *Second)
{
    return wsk_emu_strnicmp(First, Second, SIZE_MAX);
}

const WCHAR *wsk_emu_widen(WCHAR *Buffer, size_t Count, const char *Text)
{
    size_t i;

    for (i = 0; i + 1 < Count && Text[i] != '\0'; i++) {
        Buffer[i] = (UCHAR)Text[i];
    }
    Buffer[i] = 0;
    return Buffer;
}
