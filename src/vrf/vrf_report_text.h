/* SPDX-License-Identifier: MIT */
/* A report as plain data, and its text. */
#ifndef WE_VRF_REPORT_TEXT_H
#define WE_VRF_REPORT_TEXT_H

#include "vrf/vrf_report.h"

#include "host/host_trace.h"

struct we_vrf_report_data {
    enum we_vrf_rule rule;
    char sentence[512];
    char context[256]; /* empty: not known */
    struct we_host_trace stack;
    bool has_object; /* the rest means something */
    char object_kind[64];
    const void *object_address; /* or NULL */
    char ended_verb[24];
    struct we_host_trace made;  /* empty: not known */
    struct we_host_trace ended; /* empty: not known */
};

/* Names the frames of all stacks of the report together, which is much cheaper than one stack after the
 * other. Slow, see we_host_trace_format. */
void we_vrf_report_load(const struct we_vrf_report_data *report);

/* Writes the whole block, NUL-terminated; cuts what does not fit. Slow. */
void we_vrf_report_write(const struct we_vrf_report_data *report, char *text, size_t size_bytes);

#endif
