/* SPDX-License-Identifier: MIT */
/* Security descriptors as text. */
#ifndef WE_SE_SDDL_H
#define WE_SE_SDDL_H

#include <stdbool.h>

#include <wdm.h>

/* What a descriptor in SDDL grants to the process of an administrator, with generic rights as they stand there. False: it
 * cannot be read. */
bool we_se_sddl_access(const UNICODE_STRING *sddl, ACCESS_MASK *granted);

#endif
