/* SPDX-License-Identifier: MIT */
/* What the demonstration prints: steps, the timeline of callbacks, and expectations. */
#include "demo_timeline.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Events come from the driver's threads and are kept under one lock. What a step keeps is bounded: of each kind of event
 * (callback and result) the first few, and the number and the bytes of all. */

#define KIND_COUNT_MAX 32
#define LINES_OF_A_KIND 3
#define LINE_COUNT_MAX (KIND_COUNT_MAX * LINES_OF_A_KIND)
#define VERDICTS_BYTES 4096

struct kind {
    const char *callback;
    const char *result;
    uint64_t count;
    uint64_t bytes;
    struct demo_event last;
};

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t s_changed = PTHREAD_COND_INITIALIZER;
static bool s_is_live;
static bool s_has_colour;
static unsigned s_surprise_count;
static struct kind s_kinds[KIND_COUNT_MAX];
static size_t s_kind_count;
static struct demo_event s_lines[LINE_COUNT_MAX];
static size_t s_line_count;

/* Used by one thread. The expectations of a step are printed behind its timeline. */
static bool s_is_in_step;
static char s_verdicts[VERDICTS_BYTES];
static size_t s_verdict_bytes;

static const char *colour(const char *code)
{
    return s_has_colour ? code : "";
}

#define PLAIN colour("\033[0m")
#define BOLD colour("\033[1m")
#define FAINT colour("\033[2m")
#define GREEN colour("\033[32m")
#define RED colour("\033[31m")
#define CYAN colour("\033[36m")

static const char *irql_name(unsigned irql)
{
    static const char *const names[] = { "PASSIVE", "APC", "DISPATCH" };

    return irql < sizeof(names) / sizeof(names[0]) ? names[irql] : "?";
}

static void header_print(void)
{
    printf("   %s%11s  %3s  %-8s  %-18s %-15s %5s %10s  %s%s\n", FAINT, "ms", "cpu", "irql", "callback", "inspect id",
           "port", "bytes", "result", PLAIN);
}

static void event_print(const struct demo_event *event)
{
    char processor[12] = "-";
    char id[32] = "";
    char port[8] = "";
    char bytes[24] = "";

    if (event->processor >= 0) {
        snprintf(processor, sizeof(processor), "%d", event->processor);
    }
    if (event->id_key != 0 || event->id_serial != 0) {
        snprintf(id, sizeof(id), "%llx/%u", (unsigned long long)event->id_key, (unsigned)event->id_serial);
    }
    if (event->port != 0) {
        snprintf(port, sizeof(port), "%u", (unsigned)event->port);
    }
    if (event->bytes != 0) {
        snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)event->bytes);
    }
    printf("   %7llu.%03u  %3s  %-8s  %s%-18s%s %-15s %5s %10s  %s\n", (unsigned long long)(event->time_us / 1000),
           (unsigned)(event->time_us % 1000), processor, irql_name(event->irql), CYAN, event->callback, PLAIN, id, port,
           bytes, event->result);
}

void demo_timeline_start(bool is_live)
{
    s_is_live = is_live;
    s_has_colour = isatty(STDOUT_FILENO);
    if (is_live) {
        header_print();
    }
}

/* NULL: more kinds than there can be. */
static struct kind *kind_find_locked(const struct demo_event *event)
{
    for (size_t i = 0; i < s_kind_count; i++) {
        if (strcmp(s_kinds[i].callback, event->callback) == 0 && strcmp(s_kinds[i].result, event->result) == 0) {
            return &s_kinds[i];
        }
    }
    if (s_kind_count == KIND_COUNT_MAX) {
        return NULL;
    }
    memset(&s_kinds[s_kind_count], 0, sizeof(s_kinds[0]));
    s_kinds[s_kind_count].callback = event->callback;
    s_kinds[s_kind_count].result = event->result;
    return &s_kinds[s_kind_count++];
}

void demo_timeline_add(const struct demo_event *event)
{
    struct kind *kind;

    pthread_mutex_lock(&s_lock);
    if (s_is_live) {
        event_print(event);
    } else if ((kind = kind_find_locked(event)) != NULL) {
        kind->count++;
        kind->bytes += event->bytes;
        kind->last = *event;
        if (kind->count <= LINES_OF_A_KIND && s_line_count < LINE_COUNT_MAX) {
            s_lines[s_line_count++] = *event;
        }
    }
    pthread_cond_broadcast(&s_changed);
    pthread_mutex_unlock(&s_lock);
}

void demo_timeline_wait(unsigned timeout_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s_lock);
    (void)pthread_cond_timedwait(&s_changed, &s_lock, &until);
    pthread_mutex_unlock(&s_lock);
}

void demo_step_begin(const char *title)
{
    pthread_mutex_lock(&s_lock);
    s_kind_count = 0;
    s_line_count = 0;
    pthread_mutex_unlock(&s_lock);
    s_is_in_step = true;
    s_verdict_bytes = 0;
    printf("\n%s%s%s\n", BOLD, title, PLAIN);
}

static void rest_print(const struct kind *kind)
{
    printf("   %s%11s  and %llu more like this: %s, %s", FAINT, "", (unsigned long long)(kind->count - LINES_OF_A_KIND),
           kind->callback, kind->result);
    if (kind->bytes != 0) {
        printf(", %llu bytes in all", (unsigned long long)kind->bytes);
    }
    printf("%s\n", PLAIN);
}

void demo_step_end(void)
{
    pthread_mutex_lock(&s_lock);
    if (s_line_count > 0) {
        header_print();
    }
    for (size_t i = 0; i < s_line_count; i++) {
        event_print(&s_lines[i]);
    }
    for (size_t i = 0; i < s_kind_count; i++) {
        if (s_kinds[i].count > LINES_OF_A_KIND) {
            rest_print(&s_kinds[i]);
        }
    }
    pthread_mutex_unlock(&s_lock);
    printf("%.*s", (int)s_verdict_bytes, s_verdicts);
    s_is_in_step = false;
}

void demo_expect(bool is_true, const char *format, ...)
{
    char text[256];
    char line[320];
    va_list arguments;
    int length;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    length = snprintf(line, sizeof(line), "   %s%s%s %s\n", is_true ? GREEN : RED, is_true ? "ok      " : "SURPRISE",
                      PLAIN, text);
    if (!s_is_in_step || s_verdict_bytes + (size_t)length > sizeof(s_verdicts)) {
        printf("%s", line);
    } else {
        memcpy(s_verdicts + s_verdict_bytes, line, (size_t)length);
        s_verdict_bytes += (size_t)length;
    }
    s_surprise_count += is_true ? 0 : 1;
}

void demo_expect_count(const char *what, uint64_t expected, uint64_t seen)
{
    bool is_equal = expected == seen;

    printf("   %-44s %12llu %12llu  %s%s%s\n", what, (unsigned long long)expected, (unsigned long long)seen,
           is_equal ? GREEN : RED, is_equal ? "ok" : "SURPRISE", PLAIN);
    s_surprise_count += is_equal ? 0 : 1;
}

unsigned demo_surprise_count(void)
{
    return s_surprise_count;
}
