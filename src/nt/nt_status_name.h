/* SPDX-License-Identifier: MIT */
/* Names of status values. */
#ifndef WE_NT_STATUS_NAME_H
#define WE_NT_STATUS_NAME_H

#include <wdm.h>

/* "STATUS_TIMEOUT", or NULL for a value that ntstatus.h does not name. */
const char *we_nt_status_name(NTSTATUS status);

#endif
