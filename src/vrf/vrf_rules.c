/* SPDX-License-Identifier: MIT */
/* The table of rules, made from vrf_rules.def, and how to find one in it. */
#include "vrf/vrf_report.h"

#include "base/base_assert.h"

#include <string.h>

static const struct we_vrf_rule_info rules[WE_RULE_COUNT] = {
#define WE_VRF_RULE(symbol, rule_id, short_name, rule_severity, rule_sentence, rule_advice) \
    [WE_RULE_##symbol] = { rule_id, short_name, rule_severity, rule_sentence, rule_advice },
#include "vrf/vrf_rules.def"
#undef WE_VRF_RULE
};

const struct we_vrf_rule_info *we_vrf_rule_info(enum we_vrf_rule rule)
{
    WE_ASSERT((unsigned)rule < WE_RULE_COUNT);
    return &rules[rule];
}

enum we_vrf_rule we_vrf_rule_find(const char *id)
{
    for (unsigned i = 0; i < WE_RULE_COUNT; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            return (enum we_vrf_rule)i;
        }
    }
    return WE_RULE_COUNT;
}
