/* SPDX-License-Identifier: MIT */
/* Calls of enable callbacks. */
#ifndef WE_ETW_REGISTER_H
#define WE_ETW_REGISTER_H

#include <stdbool.h>

#include "base/base_idmap.h"

/* Calls the provider's enable callback with its setting, if the provider still is and has one; for a new provider only when
 * it is enabled. PASSIVE_LEVEL, no lock. */
void we_etw_enable_call(we_base_id id, bool is_new);

#endif
