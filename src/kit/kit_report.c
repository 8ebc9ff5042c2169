/* SPDX-License-Identifier: MIT */
/* Expected reports, and counts of live objects. */
#include "kit/kit_internal.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

static enum we_vrf_rule rule_of(const char *rule_id)
{
    enum we_vrf_rule rule = we_vrf_rule_find(rule_id);

    if (rule == WE_RULE_COUNT) {
        wsk_kit_fail("there is no rule %s; docs/verifier.md lists them", rule_id);
    }
    return rule;
}

void wsk_kit_expect_report(const char *rule_id)
{
    enum we_vrf_rule rule = rule_of(rule_id);

    if (rule != WE_RULE_COUNT) {
        we_vrf_expect(rule);
    }
}

size_t wsk_kit_report_count(const char *rule_id)
{
    enum we_vrf_rule rule = rule_of(rule_id);

    return rule != WE_RULE_COUNT ? we_vrf_expected_seen_count(rule) : 0;
}

const char *wsk_kit_last_report(void)
{
    return we_vrf_last_report();
}

size_t wsk_kit_live_count(enum wsk_kit_object kind)
{
    switch (kind) {
    case WSK_KIT_POOL:
        return we_vrf_ledger_count(WE_KIND_POOL);
    case WSK_KIT_IRP:
        return we_vrf_ledger_count(WE_KIND_IRP);
    case WSK_KIT_MDL:
        return we_vrf_ledger_count(WE_KIND_MDL);
    case WSK_KIT_SOCKET:
        return we_vrf_ledger_count(WE_KIND_SOCKET);
    case WSK_KIT_INDICATION:
        return we_vrf_ledger_count(WE_KIND_INDICATION);
    case WSK_KIT_REGISTRATION:
        return we_vrf_ledger_count(WE_KIND_REGISTRATION);
    case WSK_KIT_ADDRESS_INFO:
        return we_vrf_ledger_count(WE_KIND_ADDRESS_INFO);
    case WSK_KIT_SECURITY_DESCRIPTOR:
        return we_vrf_ledger_count(WE_KIND_SECURITY);
    default:
        wsk_kit_fail("wsk_kit_live_count: there is no object kind %d", (int)kind);
        return 0;
    }
}

size_t wsk_kit_pended_inspections(void)
{
    return we_vrf_ledger_count(WE_KIND_INSPECT);
}
