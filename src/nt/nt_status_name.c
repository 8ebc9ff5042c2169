/* SPDX-License-Identifier: MIT */
/* Names of status values: the list is made from ntstatus.h when the build is configured. */
#include "nt/nt_status_name.h"

static const struct {
    NTSTATUS status;
    const char *name;
} statuses[] = {
#define WE_NT_STATUS(name) { name, #name },
#include "nt/nt_status_names.inc"
#undef WE_NT_STATUS
};

const char *we_nt_status_name(NTSTATUS status)
{
    for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            return statuses[i].name;
        }
    }
    return NULL;
}
