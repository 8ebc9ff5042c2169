/* SPDX-License-Identifier: MIT */
/* Which addresses lie in paged pool. */
#ifndef WE_EX_PAGED_H
#define WE_EX_PAGED_H

#include <stdbool.h>

#include "vrf/vrf_ledger.h"

/* Part of a block of pool, for this file. */
struct we_ex_paged {
    struct we_ex_paged *next;
    const struct we_vrf_entry *entry;
};

/* Notes a block of paged pool with its entry in the ledger; both stay until we_ex_paged_remove. */
void we_ex_paged_add(struct we_ex_paged *block, const struct we_vrf_entry *entry);
/* Does nothing for a block that is not noted. */
void we_ex_paged_remove(const struct we_ex_paged *block, const struct we_vrf_entry *entry);

/* IRQL-011: function is about to make object, a "spin lock" or the like, which the kernel touches at DISPATCH_LEVEL. */
void we_ex_paged_check(const void *object, const char *kind, const char *function);

#endif
