/* SPDX-License-Identifier: MIT */
/* Registration of event providers, and calls of their enable callbacks. */
#ifndef WE_ETW_REGISTER_H
#define WE_ETW_REGISTER_H

#include <stdbool.h>

#include <wdm.h>

#include "base/base_idmap.h"

/* What EtwRegister does, with a name; "": the GUID is the name. */
NTSTATUS we_etw_register(LPCGUID guid, const char *name, PETWENABLECALLBACK callback, PVOID context, PREGHANDLE handle);
/* Calls the provider's enable callback with its setting, if the provider still is and has one; for a new provider only when
 * it is enabled. PASSIVE_LEVEL, no lock. */
void we_etw_enable_call(we_base_id id, bool is_new);

#endif
