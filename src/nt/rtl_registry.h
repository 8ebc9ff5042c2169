/* SPDX-License-Identifier: MIT */
/* The keys that Rtl functions name by a place and a path. */
#ifndef WE_RTL_REGISTRY_H
#define WE_RTL_REGISTRY_H

#include "nt/cm_registry.h"

/* Opens the key, to be closed by we_cm_close; is_creating: makes the last part of the path. As we_cm_open;
 * STATUS_INVALID_PARAMETER: no such place, or no path. With RTL_REGISTRY_HANDLE the handle's rights are checked. */
NTSTATUS we_rtl_registry_open(const char *function, ULONG relative_to, PCWSTR path, ACCESS_MASK needed,
                              bool is_creating, struct we_cm_key **key);

#endif
