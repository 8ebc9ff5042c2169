/* SPDX-License-Identifier: MIT */
/* Trace events that were recorded: a bounded list, oldest first, for tests to look into. */
#ifndef WE_ETW_EVENT_H
#define WE_ETW_EVENT_H

#include <stdbool.h>

#include <wdm.h>

#include "base/base_assert.h"
#include "base/base_list.h"

/* The list keeps this many; then the oldest is lost for each new one. */
#define WE_ETW_EVENTS_MAX 1024

/* What is known of one event. Strings may be NULL when an event is recorded, and never are when one is read. */
struct we_etw_event {
    struct we_base_list link; /* guarded by the list's lock */
    const char *provider;
    const char *name;     /* of a TraceLogging event; the flag of a WPP message */
    const char *function; /* WPP: where it was written */
    const char *text;     /* the message; of an event with data: its fields */
    const void *data;     /* as the driver gave it, one descriptor behind the other */
    size_t data_bytes;
    GUID guid; /* of the provider */
    GUID activity;
    GUID related;
    USHORT id;
    USHORT task;
    UCHAR version;
    UCHAR channel;
    UCHAR level; /* 0: the event has none */
    UCHAR opcode;
    ULONGLONG keyword;
    ULONGLONG now_ns;
    KIRQL irql;
    ULONG processor; /* MAXULONG below DISPATCH_LEVEL */
};

/* Copies the event into the list and notes time, IRQL and processor. False: memory was short, and the event is counted as
 * lost. Any IRQL, no lock held. */
bool we_etw_event_record(const struct we_etw_event *event);

typedef bool we_etw_match_fn(const struct we_etw_event *event, void *context);
/* How many match; match NULL: all. match is called under the list's lock: it must not call back. */
size_t we_etw_event_count(we_etw_match_fn *match, void *context);
/* A copy of number index of those that match, or NULL: there is none, or memory is short. Valid until the next call, and
 * until the list is emptied. For one thread, the test's. */
const struct we_etw_event *we_etw_event_show(we_etw_match_fn *match, void *context, size_t index);
/* Events that are in the list no more, or never were. */
size_t we_etw_event_lost_count(void);
/* Empties the list; the count of losses begins anew. */
void we_etw_event_clear(void);

#endif
