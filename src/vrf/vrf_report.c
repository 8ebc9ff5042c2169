/* SPDX-License-Identifier: MIT */
/* Reports of broken rules: collects what happened, decides whether it was expected, and prints it. */
#include "vrf/vrf_report.h"

#include "vrf/vrf_report_text.h"

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_trace.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Design note: a report is first a struct of plain data, filled on the stack of the thread that found the
 * breach. Whether it was expected is decided under the lock; text is made afterwards, outside the lock,
 * and only if somebody will read it, because naming the frames of a call stack takes milliseconds. The
 * last report is kept as data, so its text can still be made when a test asks for it.
 *
 * A driver that breaks a rule in a loop would drown everything else: reports of one rule from one place
 * (the three innermost frames of the driver) are printed once and counted. The number of unexpected
 * reports counts them all.
 *
 * The sink and the describer of the context are called without our lock, but perhaps with locks of the
 * caller. */

#define TEXT_SIZE 16384 /* longer reports are cut */
#define EXPECTATION_COUNT_MAX 64u
#define SITE_COUNT_MAX 256u /* places beyond these are printed each time */
#define SITE_DEPTH 3u

struct site { /* a place in the driver that broke a rule */
    enum we_vrf_rule rule;
    size_t seen_count;
    struct we_host_trace frames;
};

static bool s_is_enabled; /* atomic, relaxed: all reports pass by here */

static struct we_host_mutex s_mutex = WE_HOST_MUTEX_INIT(WE_RANK_REPORT);
/* All of the following is guarded by s_mutex. */
static struct we_vrf_config s_config;
static void (*s_describe)(char *text, size_t size_bytes);
static we_vrf_sink_fn s_sink;
static void *s_sink_context;
static enum we_vrf_rule s_expectations[EXPECTATION_COUNT_MAX];
static unsigned s_expectation_count;
static size_t s_expected_seen_counts[WE_RULE_COUNT];
static size_t s_unexpected_count;
static struct site s_sites[SITE_COUNT_MAX];
static unsigned s_site_count;
static struct we_vrf_report_data s_last;
static bool s_has_last;

/* --- one report ------------------------------------------------------------------------------- */

static bool expectation_take_locked(enum we_vrf_rule rule)
{
    for (unsigned i = 0; i < s_expectation_count; i++) {
        if (s_expectations[i] == rule) {
            s_expectation_count--;
            s_expectations[i] = s_expectations[s_expectation_count];
            return true;
        }
    }
    return false;
}

static bool site_matches(const struct site *site, enum we_vrf_rule rule, const struct we_host_trace *frames)
{
    if (site->rule != rule) {
        return false;
    }
    for (unsigned i = 0; i < SITE_DEPTH; i++) {
        if (site->frames.frames[i] != frames->frames[i]) {
            return false;
        }
        if (frames->frames[i] == NULL) {
            break;
        }
    }
    return true;
}

/* Counts the breach at its place; returns true when it is the first one there. */
static bool site_count(enum we_vrf_rule rule, const struct we_host_trace *stack)
{
    unsigned depth = we_host_trace_library_depth(stack);
    struct we_host_trace frames = { { NULL } };
    bool is_first = true;

    for (unsigned i = 0; i < SITE_DEPTH && depth + i < WE_HOST_TRACE_DEPTH; i++) {
        frames.frames[i] = stack->frames[depth + i];
        if (frames.frames[i] == NULL) {
            break;
        }
    }
    we_host_mutex_lock(&s_mutex);
    for (unsigned i = 0; i < s_site_count; i++) {
        if (site_matches(&s_sites[i], rule, &frames)) {
            s_sites[i].seen_count++;
            is_first = false;
            break;
        }
    }
    if (is_first && s_site_count < SITE_COUNT_MAX) {
        s_sites[s_site_count].rule = rule;
        s_sites[s_site_count].seen_count = 1;
        s_sites[s_site_count].frames = frames;
        s_site_count++;
    }
    we_host_mutex_unlock(&s_mutex);
    return is_first;
}

static void report_publish(const struct we_vrf_report_data *report, bool is_printed, we_vrf_sink_fn sink,
                           void *sink_context)
{
    char *text;

    if (!is_printed && sink == NULL) {
        return;
    }
    we_vrf_report_load(report);
    if (is_printed && !site_count(report->rule, &report->stack)) {
        is_printed = false;
    }
    if (!is_printed && sink == NULL) {
        return;
    }
    text = malloc(TEXT_SIZE);
    if (text == NULL) {
        (void)fprintf(stderr, "wsk_emu verifier: %s %s: %s (no memory for more)\n", we_vrf_rule_info(report->rule)->id,
                      we_vrf_rule_info(report->rule)->name, report->sentence);
        return;
    }
    we_vrf_report_write(report, text, TEXT_SIZE);
    if (is_printed) {
        (void)fputs(text, stderr);
    }
    if (sink != NULL) {
        sink(sink_context, we_vrf_rule_info(report->rule)->id, text);
    }
    free(text);
}

static bool report_submit(const struct we_vrf_report_data *report)
{
    struct we_vrf_config config;
    we_vrf_sink_fn sink;
    void *sink_context;
    bool is_expected;

    we_host_mutex_lock(&s_mutex);
    s_last = *report;
    s_has_last = true;
    config = s_config;
    sink = s_sink;
    sink_context = s_sink_context;
    is_expected = expectation_take_locked(report->rule);
    if (is_expected) {
        s_expected_seen_counts[report->rule]++;
    } else {
        s_unexpected_count++;
    }
    we_host_mutex_unlock(&s_mutex);
    if (is_expected) {
        return true;
    }
    report_publish(report, !config.quiet || config.abort_on_report, sink, sink_context);
    if (config.abort_on_report) {
        abort();
    }
    return false;
}

/* Fills in everything but the stack, which only the function that was called can capture. */
static void report_init(struct we_vrf_report_data *report, enum we_vrf_rule rule, const char *format, va_list args)
{
    void (*describe)(char *text, size_t size_bytes);

    WE_ASSERT((unsigned)rule < WE_RULE_COUNT);
    report->rule = rule;
    report->has_object = false;
    report->context[0] = '\0';
    (void)vsnprintf(report->sentence, sizeof(report->sentence), format, args);
    we_host_mutex_lock(&s_mutex);
    describe = s_describe;
    we_host_mutex_unlock(&s_mutex);
    if (describe != NULL) {
        describe(report->context, sizeof(report->context));
    }
}

static void trace_copy(struct we_host_trace *to, const struct we_host_trace *from)
{
    if (from == NULL) {
        to->frames[0] = NULL;
    } else {
        *to = *from;
    }
}

static void report_set_object(struct we_vrf_report_data *report, const void *address, const struct we_host_trace *made,
                              const struct we_host_trace *ended, const char *ended_verb)
{
    report->has_object = true;
    report->object_address = address;
    trace_copy(&report->made, made);
    trace_copy(&report->ended, ended);
    (void)snprintf(report->ended_verb, sizeof(report->ended_verb), "%s", ended_verb == NULL ? "ended" : ended_verb);
}

/* Names the object as drivers know it: "pool block 'Tag1'", "listening socket". */
static void report_set_kind(struct we_vrf_report_data *report, enum we_vrf_kind kind, uint32_t tag, const char *note)
{
    char characters[4];

    if (tag == 0) {
        (void)snprintf(report->object_kind, sizeof(report->object_kind), "%s",
                       note == NULL ? we_vrf_kind_name(kind) : note);
        return;
    }
    /* A tag reads in memory order: its lowest byte is its first character. */
    for (unsigned i = 0; i < sizeof(characters); i++) {
        unsigned char character = (unsigned char)(tag >> (8 * i));

        characters[i] = character >= ' ' && character <= '~' ? (char)character : '.';
    }
    (void)snprintf(report->object_kind, sizeof(report->object_kind), "%s '%.4s'",
                   note == NULL ? we_vrf_kind_name(kind) : note, characters);
}

static const char *kind_ended_verb(enum we_vrf_kind kind)
{
    switch (kind) {
    case WE_KIND_HANDLE:
    case WE_KIND_CRYPTO_PROVIDER:
    case WE_KIND_SOCKET:
        return "closed";
    case WE_KIND_CALLBACK:
        return "unregistered";
    case WE_KIND_REGISTRATION:
    case WE_KIND_NMR_MODULE:
        return "deregistered";
    case WE_KIND_CAPTURE:
    case WE_KIND_INDICATION:
        return "released";
    case WE_KIND_INSPECT:
        return "decided";
    default:
        return "freed";
    }
}

bool we_vrf_is_enabled(void)
{
    return __atomic_load_n(&s_is_enabled, __ATOMIC_RELAXED);
}

static bool report_is_off(void)
{
    return !we_vrf_is_enabled();
}

bool we_vrf_report(enum we_vrf_rule rule, const struct we_vrf_object *object, const char *format, ...)
{
    struct we_vrf_report_data report;
    va_list args;

    if (report_is_off()) {
        return false;
    }
    va_start(args, format);
    report_init(&report, rule, format, args);
    va_end(args);
    we_host_trace_capture(&report.stack, 0);
    if (object != NULL) {
        report_set_object(&report, object->address, object->made, object->ended, object->ended_verb);
        (void)snprintf(report.object_kind, sizeof(report.object_kind), "%s",
                       object->kind == NULL ? "object" : object->kind);
    }
    return report_submit(&report);
}

bool we_vrf_report_entry(enum we_vrf_rule rule, const struct we_vrf_entry *entry, const char *format, ...)
{
    struct we_vrf_report_data report;
    va_list args;

    if (report_is_off()) {
        return false;
    }
    va_start(args, format);
    report_init(&report, rule, format, args);
    va_end(args);
    we_host_trace_capture(&report.stack, 0);
    if (entry != NULL) {
        report_set_object(&report, entry->address, &entry->made, NULL, NULL);
        report_set_kind(&report, entry->kind, entry->tag, entry->note);
    }
    return report_submit(&report);
}

bool we_vrf_report_tombstone(enum we_vrf_rule rule, const struct we_vrf_tombstone *tombstone, const char *format, ...)
{
    struct we_vrf_report_data report;
    va_list args;

    if (report_is_off()) {
        return false;
    }
    va_start(args, format);
    report_init(&report, rule, format, args);
    va_end(args);
    we_host_trace_capture(&report.stack, 0);
    if (tombstone != NULL) {
        report_set_object(&report, tombstone->address, &tombstone->made, &tombstone->ended,
                          kind_ended_verb(tombstone->kind));
        report_set_kind(&report, tombstone->kind, tombstone->tag, tombstone->note);
    }
    return report_submit(&report);
}

const char *we_vrf_last_report(void)
{
    static char s_text[TEXT_SIZE];
    struct we_vrf_report_data last;
    bool has_last;

    we_host_mutex_lock(&s_mutex);
    has_last = s_has_last;
    if (has_last) {
        last = s_last;
    }
    we_host_mutex_unlock(&s_mutex);
    s_text[0] = '\0';
    if (has_last) {
        we_vrf_report_write(&last, s_text, sizeof(s_text));
    }
    return s_text;
}

/* --- settings, start and stop ----------------------------------------------------------------- */

void we_vrf_set_context_fn(void (*describe)(char *text, size_t size_bytes))
{
    we_host_mutex_lock(&s_mutex);
    s_describe = describe;
    we_host_mutex_unlock(&s_mutex);
}

void we_vrf_set_sink(we_vrf_sink_fn sink, void *context)
{
    we_host_mutex_lock(&s_mutex);
    s_sink = sink;
    s_sink_context = context;
    we_host_mutex_unlock(&s_mutex);
}

void we_vrf_expect(enum we_vrf_rule rule)
{
    WE_ASSERT((unsigned)rule < WE_RULE_COUNT);
    we_host_mutex_lock(&s_mutex);
    WE_ASSERT(s_expectation_count < EXPECTATION_COUNT_MAX);
    s_expectations[s_expectation_count] = rule;
    s_expectation_count++;
    we_host_mutex_unlock(&s_mutex);
}

size_t we_vrf_expected_seen_count(enum we_vrf_rule rule)
{
    size_t count;

    WE_ASSERT((unsigned)rule < WE_RULE_COUNT);
    we_host_mutex_lock(&s_mutex);
    count = s_expected_seen_counts[rule];
    we_host_mutex_unlock(&s_mutex);
    return count;
}

size_t we_vrf_unexpected_count(void)
{
    size_t count;

    we_host_mutex_lock(&s_mutex);
    count = s_unexpected_count;
    we_host_mutex_unlock(&s_mutex);
    return count;
}

static void counts_forget_locked(void)
{
    s_expectation_count = 0;
    memset(s_expected_seen_counts, 0, sizeof(s_expected_seen_counts));
    s_unexpected_count = 0;
    s_site_count = 0;
}

void we_vrf_start(const struct we_vrf_config *config)
{
    we_host_mutex_lock(&s_mutex);
    counts_forget_locked();
    s_config = *config;
    s_has_last = false;
    we_host_mutex_unlock(&s_mutex);
    __atomic_store_n(&s_is_enabled, config->is_enabled, __ATOMIC_RELAXED);
    we_vrf_ledger_set_tracing(config->is_enabled); /* else nobody will ask where things were made */
}

static void repeats_print(void)
{
    char frame[1024];

    for (unsigned i = 0; i < s_site_count; i++) {
        struct site *site = &s_sites[i];
        const struct we_vrf_rule_info *rule = we_vrf_rule_info(site->rule);
        struct we_host_trace innermost = { { site->frames.frames[0] } };

        if (site->seen_count > 1) {
            (void)we_host_trace_format(&innermost, frame, sizeof(frame));
            (void)fprintf(stderr, "wsk_emu verifier: %s %s was seen %zu times, printed once:\n%s", rule->id, rule->name,
                          site->seen_count, frame);
        }
    }
}

static void expectations_print(void)
{
    char line[160];

    for (unsigned i = 0; i < s_expectation_count; i++) {
        const struct we_vrf_rule_info *rule = we_vrf_rule_info(s_expectations[i]);

        (void)snprintf(line, sizeof(line), "wsk_emu verifier: %s %s was expected, but did not come\n", rule->id,
                       rule->name);
        if (!s_config.quiet) {
            (void)fputs(line, stderr);
        }
        if (s_sink != NULL) {
            s_sink(s_sink_context, rule->id, line);
        }
    }
}

size_t we_vrf_stop(void)
{
    size_t unexpected_count;

    /* From here on nothing is reported, so what follows needs the lock only against late reporters that
     * were already on their way. Sinks are called without it. */
    __atomic_store_n(&s_is_enabled, false, __ATOMIC_RELAXED);
    repeats_print();
    expectations_print();
    we_host_mutex_lock(&s_mutex);
    unexpected_count = s_unexpected_count + s_expectation_count;
    counts_forget_locked();
    memset(&s_config, 0, sizeof(s_config));
    s_describe = NULL;
    s_sink = NULL;
    s_sink_context = NULL;
    we_host_mutex_unlock(&s_mutex);
    return unexpected_count;
}
