/* SPDX-License-Identifier: MIT */
/* DPC objects, as the timer and the processors see them. */
#ifndef WE_KE_DPC_H
#define WE_KE_DPC_H

#include <stdbool.h>

#include <wdm.h>

#include "base/base_assert.h"

/* DPC-012: true when the object was initialised. */
bool we_ke_dpc_check(PKDPC dpc, const char *function);
/* Queues the DPC on a processor (its target, if it has one, wins). False: it is queued already. Any lock up to the
 * dispatcher's may be held. */
bool we_ke_dpc_insert(PKDPC dpc, unsigned cpu, PVOID argument1, PVOID argument2);

#endif
