/* SPDX-License-Identifier: MIT */
/* What drivers trace, for tests: settings of providers, and recorded events. */
#include "wsk_emu/trace.h"

#include <string.h>

#include "kit/kit_internal.h"
#include "nt/etw_event.h"
#include "nt/etw_provider.h"

static void setting_set(const char *function, const char *provider, const struct we_etw_setting *setting)
{
    if (provider != NULL && strlen(provider) >= WE_ETW_NAME_BYTES) {
        wsk_kit_fail("%s: the name of a provider has less than %d bytes", function, WE_ETW_NAME_BYTES);
    } else if (wsk_kit_check_running(function) && !we_etw_set(provider, setting)) {
        wsk_kit_fail("%s: settings for 16 providers are kept, and this is one more", function);
    }
}

void wsk_kit_trace_enable(const char *provider, unsigned level, unsigned long long keyword)
{
    const struct we_etw_setting setting = { true, (UCHAR)level, keyword };

    if (level == 0 || level > 255) {
        wsk_kit_fail("wsk_kit_trace_enable: level %u is not in 1 .. 255", level);
        return;
    }
    setting_set("wsk_kit_trace_enable", provider, &setting);
}

void wsk_kit_trace_disable(const char *provider)
{
    const struct we_etw_setting setting = { false, 0, 0 };

    setting_set("wsk_kit_trace_disable", provider, &setting);
}

static bool text_matches(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool filter_matches(const struct we_etw_event *event, void *context)
{
    const struct wsk_kit_trace_filter *filter = context;

    return (filter->provider == NULL || we_etw_is_name(filter->provider, event->provider, &event->guid)) &&
           text_matches(filter->name, event->name) && text_matches(filter->function, event->function) &&
           (filter->text == NULL || strstr(event->text, filter->text) != NULL) &&
           (filter->level == 0 || filter->level == event->level) &&
           (filter->keyword == 0 || (filter->keyword & event->keyword) != 0) &&
           (filter->has_id == 0 || filter->id == event->id);
}

static const struct wsk_kit_trace_filter *filter_or_all(const struct wsk_kit_trace_filter *filter)
{
    static const struct wsk_kit_trace_filter all;

    return filter != NULL ? filter : &all;
}

size_t wsk_kit_trace_count(const struct wsk_kit_trace_filter *filter)
{
    return we_etw_event_count(filter_matches, (void *)(ULONG_PTR)filter_or_all(filter));
}

static void event_convert(struct wsk_kit_trace_event *shown, const struct we_etw_event *event)
{
    shown->provider = event->provider;
    shown->name = event->name;
    shown->function = event->function;
    shown->text = event->text;
    shown->data = event->data;
    shown->data_bytes = event->data_bytes;
    shown->guid = event->guid;
    shown->activity = event->activity;
    shown->related_activity = event->related;
    shown->id = event->id;
    shown->version = event->version;
    shown->channel = event->channel;
    shown->level = event->level;
    shown->opcode = event->opcode;
    shown->task = event->task;
    shown->keyword = event->keyword;
    shown->now_ms = event->now_ns / 1000000u;
    shown->irql = event->irql;
    shown->processor = event->processor;
}

struct wsk_kit_trace_event wsk_kit_trace_get(const struct wsk_kit_trace_filter *filter, size_t index)
{
    struct wsk_kit_trace_event shown;
    const struct we_etw_event *event =
        we_etw_event_show(filter_matches, (void *)(ULONG_PTR)filter_or_all(filter), index);

    memset(&shown, 0, sizeof(shown));
    if (event == NULL) {
        wsk_kit_fail("%zu trace events match; number %zu was asked for", wsk_kit_trace_count(filter), index + 1);
        return shown;
    }
    event_convert(&shown, event);
    return shown;
}

static bool is_there(void *context)
{
    return we_etw_event_count(filter_matches, context) > 0;
}

struct wsk_kit_trace_event wsk_kit_trace_expect(const struct wsk_kit_trace_filter *filter)
{
    struct wsk_kit_trace_event none;

    if (wsk_kit_check_running("wsk_kit_trace_expect") &&
        !wsk_kit_wait(is_there, (void *)(ULONG_PTR)filter_or_all(filter))) {
        wsk_kit_fail_wait("a trace event");
        memset(&none, 0, sizeof(none));
        return none;
    }
    return wsk_kit_trace_get(filter, 0);
}

size_t wsk_kit_trace_lost(void)
{
    return we_etw_event_lost_count();
}

void wsk_kit_trace_clear(void)
{
    we_etw_event_clear();
}
