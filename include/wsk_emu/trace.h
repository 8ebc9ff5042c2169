/* SPDX-License-Identifier: MIT */
/** @file
 * What drivers trace, in tests: which providers are enabled, and which events they have written. Part of the test kit;
 * docs/tracing.md tells how the three ways to trace (WPP, ETW, TraceLogging) are seen here. */
#ifndef WSK_EMU_TRACE_H
#define WSK_EMU_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "wsk_emu/export.h"
#include "wsk_emu/wdk/guiddef.h"
#include "wsk_emu/wsk_emu.h"

WSK_EMU_BEGIN

/** One event that was written while its provider was enabled for it. */
struct wsk_kit_trace_event {
    const char
        *provider;    /**< the name that WPP_CONTROL_GUIDS or TraceLogging gives it; else its GUID in small letters */
    const char *name; /**< of a TraceLogging event; the flag of a WPP message; else "" */
    const char *function; /**< WPP: where it was written; else "" */
    const char *text;     /**< the message of WPP; the fields of TraceLogging, "port=80 peer=\"10.0.0.1\""; the text of
                               EtwWriteString; else the data in hex */
    const void *data;     /**< ETW: what the descriptors led to, one behind the other */
    size_t data_bytes;
    GUID guid; /**< of the provider */
    GUID activity;
    GUID related_activity;
    unsigned id;
    unsigned version;
    unsigned channel;
    unsigned level; /**< 1 critical ... 5 verbose; 0: it has none */
    unsigned opcode;
    unsigned task;
    unsigned long long keyword;
    uint64_t now_ms;
    unsigned irql;
    unsigned processor; /**< UINT_MAX below DISPATCH_LEVEL */
};

/** Which events are meant. All members zero: every event. */
struct wsk_kit_trace_filter {
    const char *provider; /**< name or GUID */
    const char *name;
    const char *function;
    const char *text;           /**< a part of the text */
    unsigned level;             /**< not 0: exactly this level */
    unsigned long long keyword; /**< not 0: one bit in common */
    int has_id;                 /**< nonzero: exactly this id */
    unsigned id;
};

/** Enables a provider for events up to this level (1 .. 255) that have one bit in common with keyword (WPP: the mask of the
 * flags); what has no level or no keyword always passes. Enable callbacks run before it returns.
 * @param provider name or GUID, registered now or later; NULL: all of them. At most 16 names in one run. */
WSK_EMU_API void wsk_kit_trace_enable(const char *provider, unsigned level, unsigned long long keyword);
/** The opposite. */
WSK_EMU_API void wsk_kit_trace_disable(const char *provider);

/** How many recorded events the filter lets through; NULL: all. */
WSK_EMU_API size_t wsk_kit_trace_count(const struct wsk_kit_trace_filter *filter);
/** Number index (0 = oldest) of those; fails the test when there are not so many. What it points to is valid until the
 * next call of this function, of wsk_kit_trace_expect or wsk_kit_trace_clear. */
WSK_EMU_API struct wsk_kit_trace_event wsk_kit_trace_get(const struct wsk_kit_trace_filter *filter, size_t index);
/** Waits until the filter lets an event through and returns the oldest; fails the test when that cannot come any more. */
WSK_EMU_API struct wsk_kit_trace_event wsk_kit_trace_expect(const struct wsk_kit_trace_filter *filter);
/** The last 1,024 events are kept. How many there were besides, because of that or for want of memory. */
WSK_EMU_API size_t wsk_kit_trace_lost(void);
/** Forgets the events and the losses. */
WSK_EMU_API void wsk_kit_trace_clear(void);

WSK_EMU_END

#endif
