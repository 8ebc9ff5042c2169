/* SPDX-License-Identifier: MIT */
/* Which of a driver's debug messages are shown. */
#ifndef WE_RTL_DBG_H
#define WE_RTL_DBG_H

#include <wdm.h>

/* A message is shown when the mask of its component, or the mask for all components, has the bit of its level
 * (level 0 to 31: bit number; more: a mask itself). At the start the mask for all components has every bit. */
#define WE_RTL_DBG_ALL_COMPONENTS MAXULONG
/* Components past the last known one share the mask of DPFLTR_DEFAULT_ID. */
void we_rtl_dbg_set_mask(ULONG component_id, ULONG mask);
/* Everything is shown again. */
void we_rtl_dbg_reset(void);

#endif
