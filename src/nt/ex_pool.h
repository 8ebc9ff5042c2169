/* SPDX-License-Identifier: MIT */
/* What lookaside lists need of the pool. */
#ifndef WE_EX_POOL_H
#define WE_EX_POOL_H

#include <wdm.h>

/* Reports lookaside lists that were never deleted (POOL-021) and forgets them. */
void we_ex_lookaside_report_leaks(void);

#endif
