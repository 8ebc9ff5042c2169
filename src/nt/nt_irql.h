/* SPDX-License-Identifier: MIT */
/* IRQL limits of every function that exists: one table (nt_irql.def), checked at each entry. */
#ifndef WE_NT_IRQL_H
#define WE_NT_IRQL_H

#include <wdm.h>

#include "nt/nt_thread.h"

/* nt_irql.def: WE_NT_IRQL(KeSetEvent, PASSIVE, DISPATCH) — one row a function, sorted by name; levels are
 * PASSIVE, APC, DISPATCH, HIGH (any). Only functions whose limit does not depend on arguments are
 * checked by WE_NT_ENTRY; the others carry the widest range and check for themselves. */
enum we_nt_level { WE_LEVEL_PASSIVE = 0, WE_LEVEL_APC = 1, WE_LEVEL_DISPATCH = 2, WE_LEVEL_HIGH = 15 };
enum we_nt_function {
#define WE_NT_IRQL(name, lowest, highest) WE_FN_##name,
#include "nt/nt_irql.def"
#undef WE_NT_IRQL
    WE_FN_COUNT
};
enum {
#define WE_NT_IRQL(name, lowest, highest) WE_LOWEST_##name = WE_LEVEL_##lowest, WE_HIGHEST_##name = WE_LEVEL_##highest,
#include "nt/nt_irql.def"
#undef WE_NT_IRQL
};

/* First statement of every public function: reports IRQL-001 when the caller's IRQL is outside the
 * table's range. The function goes on: what then happens is its own business. */
#define WE_NT_ENTRY(function)                                                                      \
    do {                                                                                           \
        KIRQL we_irql_ = we_nt_irql_current();                                                     \
        /* One unsigned comparison for both limits. */                                             \
        if (__builtin_expect((unsigned)we_irql_ - (unsigned)WE_LOWEST_##function >                 \
                                 (unsigned)WE_HIGHEST_##function - (unsigned)WE_LOWEST_##function, \
                             0)) {                                                                 \
            we_nt_irql_breach(WE_FN_##function, we_irql_);                                         \
        }                                                                                          \
    } while (0)

void we_nt_irql_breach(enum we_nt_function function, KIRQL irql);
const char *we_nt_function_name(enum we_nt_function function);

#endif
