/* SPDX-License-Identifier: MIT */
/* The IRQL table's names, and the report that a breach of it makes. */
#include "nt/nt_irql.h"

#include "base/base_assert.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

struct row {
    const char *name;
    KIRQL lowest;
    KIRQL highest;
};

static const struct row s_rows[] = {
#define WE_NT_IRQL(name, lowest, highest) { #name, WE_LEVEL_##lowest, WE_LEVEL_##highest },
#include "nt/nt_irql.def"
#undef WE_NT_IRQL
};

const char *we_nt_function_name(enum we_nt_function function)
{
    WE_ASSERT((unsigned)function < WE_ARRAY_COUNT(s_rows));
    return s_rows[function].name;
}

void we_nt_irql_breach(enum we_nt_function function, KIRQL irql)
{
    const struct row *row;

    WE_ASSERT((unsigned)function < WE_ARRAY_COUNT(s_rows));
    row = &s_rows[function];
    if (irql > row->highest) {
        (void)we_vrf_report(WE_RULE_IRQL_001, NULL, "%s was called at %s; it may be called up to %s", row->name,
                            we_nt_irql_name(irql), we_nt_irql_name(row->highest));
    } else {
        (void)we_vrf_report(WE_RULE_IRQL_001, NULL, "%s was called at %s; it may be called from %s on", row->name,
                            we_nt_irql_name(irql), we_nt_irql_name(row->lowest));
    }
}
