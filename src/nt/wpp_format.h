/* SPDX-License-Identifier: MIT */
/* Messages of WPP: printf's conversions and WPP's named ones, for arguments that know their types. */
#ifndef WE_WPP_FORMAT_H
#define WE_WPP_FORMAT_H

#include <stdbool.h>

#include <wsk_emu_wdk/wpp.h>

#include "base/base_assert.h"

/* Prefix, message and suffix of one call become one text: at most size - 1 characters and a NUL. Returns its length. An
 * argument that is missing, or that a conversion cannot take, shows as a remark in parentheses; nothing is read through
 * it. Any IRQL, no lock. */
size_t we_wpp_format(CHAR *text, size_t size, const struct wsk_emu_wpp_site *site, const struct wsk_emu_trace_arg *args,
                     size_t count);

/* --- between the two halves of the formatter --------------------------------------------------------------------- */

struct we_wpp_call {
    const struct wsk_emu_wpp_site *site;
    const struct wsk_emu_trace_arg *args;
    size_t count;
    size_t next; /* first argument that is not used yet */
    CHAR *text;
    size_t capacity; /* without the NUL */
    size_t length;   /* written so far, at most capacity */
};

/* The kernel's format, not the host's. */
void we_wpp_print(struct we_wpp_call *call, const CHAR *format, ...);
/* The value as Windows' preprocessor would have passed it: 64 bits, sign or zero in front as its type has it. */
ULONGLONG we_wpp_integer(const struct wsk_emu_trace_arg *arg);
/* What the argument points to, or the structure that it is. NULL for NULL, and for what is neither (is_wrong). */
const void *we_wpp_pointer(const struct wsk_emu_trace_arg *arg, bool *is_wrong);
/* One argument by a conversion of printf, "%08x". */
void we_wpp_convert(struct we_wpp_call *call, const CHAR *format);
/* One argument, or a fact about the call, by its name between exclamation marks. */
void we_wpp_convert_named(struct we_wpp_call *call, const CHAR *name, size_t length);

#endif
