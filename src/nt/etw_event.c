/* SPDX-License-Identifier: MIT */
/* Trace events that were recorded: a bounded list, oldest first, for tests to look into. */
#include "nt/etw_event.h"

#include <limits.h>
#include <string.h>

#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/nt_thread.h"

/* Design
 *
 * An event is one block of memory: the structure, its data, its strings. Events come at any IRQL and from any thread; the
 * block is made before the lock is taken and the one that falls out is freed after it, so the lock is held for a few
 * instructions.
 */

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_TRACE);
static struct we_base_list s_events = WE_BASE_LIST_INIT(s_events); /* guarded by s_lock */
static size_t s_count;                                             /* guarded by s_lock */
static size_t s_lost_count;                                        /* guarded by s_lock */
static struct we_etw_event *s_shown;                               /* the test's thread only */

static size_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 1;
}

static char *text_put(char **at, const char *text)
{
    size_t bytes = text_bytes(text);
    char *put = *at;

    memcpy(put, text != NULL ? text : "", bytes);
    *at += bytes;
    return put;
}

static struct we_etw_event *event_make(const struct we_etw_event *source)
{
    size_t strings_bytes = text_bytes(source->provider) + text_bytes(source->name) + text_bytes(source->function) +
                           text_bytes(source->text);
    struct we_etw_event *event = we_host_alloc(sizeof(*event) + source->data_bytes + strings_bytes);
    char *at;

    if (event == NULL) {
        return NULL;
    }
    *event = *source;
    we_base_list_init(&event->link);
    at = (char *)(event + 1);
    event->data = at;
    if (source->data_bytes > 0) {
        memcpy(at, source->data, source->data_bytes);
    }
    at += source->data_bytes;
    event->provider = text_put(&at, source->provider);
    event->name = text_put(&at, source->name);
    event->function = text_put(&at, source->function);
    event->text = text_put(&at, source->text);
    return event;
}

static struct we_etw_event *event_of(struct we_base_list *link)
{
    return WE_BASE_LIST_ITEM(link, struct we_etw_event, link);
}

bool we_etw_event_record(const struct we_etw_event *source)
{
    struct we_etw_event *event = event_make(source);
    struct we_base_list *oldest = NULL;

    if (event != NULL) {
        event->now_ns = we_host_now_ns();
        event->irql = we_nt_irql_current();
        event->processor = event->irql >= DISPATCH_LEVEL ? KeGetCurrentProcessorNumberEx(NULL) : MAXULONG;
    }
    we_host_mutex_lock(&s_lock);
    if (event == NULL) {
        s_lost_count++;
    } else if (s_count == WE_ETW_EVENTS_MAX) {
        oldest = we_base_list_pop(&s_events);
        s_lost_count++;
    } else {
        s_count++;
    }
    if (event != NULL) {
        we_base_list_append(&s_events, &event->link);
    }
    we_host_mutex_unlock(&s_lock);
    if (oldest != NULL) {
        we_host_free(event_of(oldest));
    }
    we_host_progress(); /* a test may be waiting for it */
    return event != NULL;
}

size_t we_etw_event_count(we_etw_match_fn *match, void *context)
{
    size_t count = 0;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_events) {
        if (match == NULL || match(event_of(link), context)) {
            count++;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return count;
}

const struct we_etw_event *we_etw_event_show(we_etw_match_fn *match, void *context, size_t index)
{
    struct we_etw_event *copy = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_events) {
        if (match != NULL && !match(event_of(link), context)) {
            continue;
        }
        if (index == 0) {
            copy = event_make(event_of(link));
            break;
        }
        index--;
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(s_shown);
    s_shown = copy;
    return copy;
}

size_t we_etw_event_lost_count(void)
{
    size_t count;

    we_host_mutex_lock(&s_lock);
    count = s_lost_count;
    we_host_mutex_unlock(&s_lock);
    return count;
}

void we_etw_event_clear(void)
{
    struct we_base_list gone = WE_BASE_LIST_INIT(gone);
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    while ((link = we_base_list_pop(&s_events)) != NULL) {
        we_base_list_append(&gone, link);
    }
    s_count = 0;
    s_lost_count = 0;
    we_host_mutex_unlock(&s_lock);
    while ((link = we_base_list_pop(&gone)) != NULL) {
        we_host_free(event_of(link));
    }
    we_host_free(s_shown);
    s_shown = NULL;
}
