/* SPDX-License-Identifier: MIT */
/* What the parts of ERESOURCE share. */
#ifndef WE_EX_RESOURCE_H
#define WE_EX_RESOURCE_H

#include <wdm.h>

#include "base/base_list.h"

struct we_ex_resource_record { /* dispatcher lock */
    struct we_base_list link;
    PERESOURCE resource;
    POWNER_ENTRY table; /* all owners but the one in the resource */
    ULONG entry_count;
    void *site; /* who initialised it */
};

/* Of a resource that was initialised. */
static inline struct we_ex_resource_record *we_ex_resource_record(const ERESOURCE *resource)
{
    return (struct we_ex_resource_record *)resource->Reserved2;
}

/* LOCK-006: false for one that was never initialised, or is deleted. */
bool we_ex_resource_check(PERESOURCE resource, const char *function);

#endif
