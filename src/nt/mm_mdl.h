/* SPDX-License-Identifier: MIT */
/* MDLs as the rest of the library sees them. */
#ifndef WE_MM_MDL_H
#define WE_MM_MDL_H

#include <wdm.h>

/* Where the MDL's bytes are, mapped or not; the MDL stays as it is. Its pages are locked, of nonpaged pool, or part of
 * an MDL's whose are. */
void *we_mm_mdl_bytes(const MDL *mdl);

#endif
