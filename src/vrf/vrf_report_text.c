/* SPDX-License-Identifier: MIT */
/* Writes a report as the block of text that people read. */
#include "vrf/vrf_report_text.h"

#include "base/base_assert.h"

#include <stdarg.h>
#include <stdio.h>

static const char *severity_name(enum we_vrf_severity severity)
{
    switch (severity) {
    case WE_VRF_WARN:
        return "warning";
    case WE_VRF_ERROR:
        return "error";
    case WE_VRF_FATAL:
        return "fatal";
    case WE_VRF_BUGCHECK:
        return "bug check";
    default:
        WE_UNREACHABLE("a severity that does not exist");
    }
}

struct text_out {
    char *text;
    size_t size_bytes;
    size_t length;
};

static void text_append(struct text_out *out, const char *format, ...) WE_PRINTF(2, 3);

static void text_append(struct text_out *out, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(out->text + out->length, out->size_bytes - out->length, format, args);
    va_end(args);
    if (length > 0) {
        out->length += (size_t)length;
    }
    if (out->length >= out->size_bytes) {
        out->length = out->size_bytes - 1;
    }
}

static void text_append_trace(struct text_out *out, const struct we_host_trace *trace)
{
    out->length += we_host_trace_format(trace, out->text + out->length, out->size_bytes - out->length);
}

static bool trace_is_empty(const struct we_host_trace *trace)
{
    return trace->frames[0] == NULL;
}

static void text_append_object(struct text_out *out, const struct we_vrf_report_data *report, const char *verb,
                               const struct we_host_trace *trace)
{
    if (trace_is_empty(trace)) {
        return;
    }
    text_append(out, "  %s ", report->object_kind);
    if (report->object_address != NULL) {
        text_append(out, "%p ", report->object_address);
    }
    text_append(out, "%s here:\n", verb);
    text_append_trace(out, trace);
}

/* "IRP-001" becomes the beginning of the heading's anchor, "irp-001". */
static void text_append_lower(struct text_out *out, const char *id)
{
    for (; *id != '\0'; id++) {
        text_append(out, "%c", *id >= 'A' && *id <= 'Z' ? *id - 'A' + 'a' : *id);
    }
}

void we_vrf_report_load(const struct we_vrf_report_data *report)
{
    const struct we_host_trace *traces[] = { &report->stack, &report->made, &report->ended };

    we_host_trace_load(traces, report->has_object ? 3 : 1);
}

void we_vrf_report_write(const struct we_vrf_report_data *report, char *text, size_t size_bytes)
{
    const struct we_vrf_rule_info *rule = we_vrf_rule_info(report->rule);
    struct text_out out = { text, size_bytes, 0 };

    we_vrf_report_load(report);
    text_append(&out, "wsk_emu verifier: %s %s (%s)\n", rule->id, rule->name, severity_name(rule->severity));
    text_append(&out, "  %s\n", report->sentence);
    if (report->context[0] != '\0') {
        text_append(&out, "  where: %s\n", report->context);
    }
    text_append(&out, "  call stack:\n");
    text_append_trace(&out, &report->stack);
    if (report->has_object) {
        text_append_object(&out, report, "made", &report->made);
        text_append_object(&out, report, report->ended_verb, &report->ended);
    }
    text_append(&out, "  rule: %s\n  what to do: %s\n  docs: docs/verifier.md#", rule->sentence, rule->advice);
    text_append_lower(&out, rule->id);
    text_append(&out, "-%s\n", rule->name);
}
