/* SPDX-License-Identifier: MIT */
/* Reports of broken rules: built from data, collected, and printed, expected or turned into a stop. */
#ifndef WE_VRF_REPORT_H
#define WE_VRF_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base_assert.h"
#include "host/host_trace.h"
#include "vrf/vrf_ledger.h"

/* vrf_rules.def has one row a rule: WE_VRF_RULE(symbol, "AREA-nnn", "short-name", severity,
 * "sentence: what a driver must do", "what to do about it"). The ids are those of the rule base. */
enum we_vrf_rule {
#define WE_VRF_RULE(symbol, id, name, severity, sentence, advice) WE_RULE_##symbol,
#include "vrf/vrf_rules.def"
#undef WE_VRF_RULE
    WE_RULE_COUNT
};

enum we_vrf_severity { WE_VRF_WARN, WE_VRF_ERROR, WE_VRF_FATAL, WE_VRF_BUGCHECK };

struct we_vrf_rule_info {
    const char *id;
    const char *name;
    enum we_vrf_severity severity;
    const char *sentence;
    const char *advice;
};
const struct we_vrf_rule_info *we_vrf_rule_info(enum we_vrf_rule rule);
/* Returns WE_RULE_COUNT for an id that no rule has. */
enum we_vrf_rule we_vrf_rule_find(const char *id);

/* One object of a report: what it is, where it was made, where its life went on. */
struct we_vrf_object {
    const char *kind;                  /* "IRP", "socket", "pool block 'Tag1'" */
    const void *address;               /* may be NULL */
    const struct we_host_trace *made;  /* may be NULL: not known */
    const struct we_host_trace *ended; /* may be NULL: freed, closed or completed here */
    const char *ended_verb;            /* "freed", "closed", "completed" */
};

/* Reports a breach. The text says with concrete values what happened (one sentence, without a
 * newline). The calling stack is captured here. Callable from any thread, at any IRQL, with any
 * lock up to WE_RANK_LEDGER held. Whether the call then fails is the caller's business.
 * Returns true when the breach was expected by the test. With the setting "abort" it does not return
 * for an unexpected one. */
bool we_vrf_report(enum we_vrf_rule rule, const struct we_vrf_object *object, const char *format, ...) WE_PRINTF(3, 4);

/* The same for an object that stands in the ledger; entry may be NULL. */
bool we_vrf_report_entry(enum we_vrf_rule rule, const struct we_vrf_entry *entry, const char *format, ...)
    WE_PRINTF(3, 4);
/* The same for an object that is gone (see we_vrf_ledger_find_dead); tombstone may be NULL. */
bool we_vrf_report_tombstone(enum we_vrf_rule rule, const struct we_vrf_tombstone *tombstone, const char *format, ...)
    WE_PRINTF(3, 4);

struct we_vrf_config {
    bool is_enabled;      /* false: nothing is reported or counted */
    bool abort_on_report; /* print, then abort(), for unexpected reports */
    bool quiet;           /* do not print; the collector or the count still sees them */
};
void we_vrf_start(const struct we_vrf_config *config);
/* Returns the number of unexpected reports, plus expectations that never came true (each of which
 * is printed as one line). Forgets everything, the sink and the context function too. */
size_t we_vrf_stop(void);
size_t we_vrf_unexpected_count(void);
/* From start to stop, unless it was switched off. */
bool we_vrf_is_enabled(void);

/* Names for the context line of a report: set by layer 3 (IRQL, processor, frames). Writes one line. */
void we_vrf_set_context_fn(void (*describe)(char *text, size_t size_bytes));

/* The next breach of the rule is expected and not counted. At most 64 outstanding. */
void we_vrf_expect(enum we_vrf_rule rule);
/* Expectations of rule that came true since start. */
size_t we_vrf_expected_seen_count(enum we_vrf_rule rule);

/* Collector: gets the full text of each unexpected report besides (or, if quiet, instead of) stderr, and
 * at stop one line for each expectation that did not come true. Called on the reporting thread, without
 * a lock of this layer, but perhaps with locks of the caller: must not call back into the library. */
typedef void (*we_vrf_sink_fn)(void *context, const char *rule_id, const char *text);
void we_vrf_set_sink(we_vrf_sink_fn sink, void *context);

/* The full text of the last report since start, expected or not; "" when there was none. Stays readable
 * after stop. Valid until the next call of this function: for one thread, the test's. */
const char *we_vrf_last_report(void);

#endif
