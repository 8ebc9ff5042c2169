/* SPDX-License-Identifier: MIT */
/* DbgPrint and its kin, breakpoints and failed assertions. */
#include "nt/rtl_dbg.h"

#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_log.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "nt/rtl_format.h"
#include "vrf/vrf_report.h"

/* In the header these names are macros over the functions. */
#undef DbgPrint
#undef DbgPrintEx

/* One call shows no more than this. */
#define MESSAGE_MAX_BYTES 512

#define COMPONENT_COUNT (DPFLTR_DEFAULT_ID + 1)

static ULONG s_masks[COMPONENT_COUNT]; /* atomic, relaxed */
static ULONG s_mask_all = MAXULONG;    /* atomic, relaxed */

static ULONG component_index(ULONG component_id)
{
    return component_id < COMPONENT_COUNT ? component_id : DPFLTR_DEFAULT_ID;
}

void we_rtl_dbg_set_mask(ULONG component_id, ULONG mask)
{
    ULONG *target = component_id == WE_RTL_DBG_ALL_COMPONENTS ? &s_mask_all : &s_masks[component_index(component_id)];

    __atomic_store_n(target, mask, __ATOMIC_RELAXED);
}

void we_rtl_dbg_reset(void)
{
    for (ULONG i = 0; i < COMPONENT_COUNT; i++) {
        __atomic_store_n(&s_masks[i], 0, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&s_mask_all, MAXULONG, __ATOMIC_RELAXED);
}

static bool is_shown(ULONG component_id, ULONG level)
{
    ULONG bits = level < 32 ? (ULONG)1 << level : level;
    ULONG mask = __atomic_load_n(&s_mask_all, __ATOMIC_RELAXED) |
                 __atomic_load_n(&s_masks[component_index(component_id)], __ATOMIC_RELAXED);

    return (mask & bits) != 0;
}

/* A cut in the middle of a UTF-8 character would put half of it into the log. */
static size_t whole_characters(const CHAR *text, size_t length)
{
    size_t start = length;

    while (start > 0 && length - start < 4 && ((UCHAR)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start > 0 && (UCHAR)text[start - 1] >= 0xC0) {
        UCHAR first = (UCHAR)text[start - 1];
        size_t needed = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;

        return length - (start - 1) < needed ? start - 1 : length;
    }
    return length;
}

/* The library's log shows warnings and errors unless told otherwise, and what a driver prints is meant to be seen: so
 * everything but errors is logged as a warning. Choosing is the business of the component masks. */
static enum we_host_log_level log_level(ULONG level)
{
    return level == DPFLTR_ERROR_LEVEL ? WE_LOG_ERROR : WE_LOG_WARNING;
}

/* Each call is shown at once, as lines: text without a newline at its end is a line, too. */
static void message_show(ULONG level, CHAR *text)
{
    CHAR *line = text;

    while (*line != 0) {
        size_t length = strcspn(line, "\n");
        CHAR *next = line + length + (line[length] == '\n' ? 1 : 0);

        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r') {
            line[length - 1] = 0;
        }
        we_host_log(log_level(level), "%s", line);
        line = next;
    }
}

static ULONG message_print(const CHAR *prefix, ULONG component_id, ULONG level, const CHAR *format, va_list args,
                           const char *function)
{
    CHAR text[MESSAGE_MAX_BYTES + 1];
    size_t prefix_length = strlen(prefix);
    KIRQL irql = we_nt_irql_current();

    if (irql > PASSIVE_LEVEL && we_rtl_format_is_wide(format)) {
        (void)we_vrf_report(WE_RULE_IRQL_013, NULL, "%s was called at %s with a wide conversion in its format \"%s\"",
                            function, we_nt_irql_name(irql), format);
    }
    if (!is_shown(component_id, level)) {
        return STATUS_SUCCESS;
    }
    if (prefix_length > MESSAGE_MAX_BYTES) {
        prefix_length = MESSAGE_MAX_BYTES;
    }
    memcpy(text, prefix, prefix_length);
    (void)we_rtl_format(text + prefix_length, sizeof(text) - prefix_length, format, args);
    text[whole_characters(text, strlen(text))] = 0;
    message_show(level, text);
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR Format, ...)
{
    va_list args;
    ULONG status;

    WE_NT_ENTRY(DbgPrint);
    va_start(args, Format);
    status = message_print("", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Format, args, "DbgPrint");
    va_end(args);
    return status;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list args;
    ULONG status;

    WE_NT_ENTRY(DbgPrintEx);
    va_start(args, Format);
    status = message_print("", ComponentId, Level, Format, args, "DbgPrintEx");
    va_end(args);
    return status;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    WE_NT_ENTRY(vDbgPrintEx);
    return message_print("", ComponentId, Level, Format, arglist, "vDbgPrintEx");
}

ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    WE_NT_ENTRY(vDbgPrintExWithPrefix);
    return message_print(Prefix, ComponentId, Level, Format, arglist, "vDbgPrintExWithPrefix");
}

/* --- stops for a debugger -------------------------------------------------------------- */

/* Windows without a kernel debugger stops here, and so do we; a debugger attached to the process sees the abort. */
VOID DbgBreakPoint(VOID)
{
    WE_NT_ENTRY(DbgBreakPoint);
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(ULONG)STATUS_BREAKPOINT,
                 (ULONG_PTR)__builtin_return_address(0), 0, 0);
}

VOID DbgBreakPointWithStatus(ULONG Status)
{
    WE_NT_ENTRY(DbgBreakPointWithStatus);
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(ULONG)STATUS_BREAKPOINT,
                 (ULONG_PTR)__builtin_return_address(0), Status, 0);
}

/* The driver goes on after a failed assertion, as under a debugger that ignores it. */
VOID RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage)
{
    WE_NT_ENTRY(RtlAssert);
    (void)we_vrf_report(WE_RULE_RTL_021, NULL, "assertion failed: %s%s%s, at %s:%u",
                        MutableMessage != NULL ? MutableMessage : "", MutableMessage != NULL ? ": " : "",
                        (const char *)VoidFailedAssertion, (const char *)VoidFileName, LineNumber);
}
