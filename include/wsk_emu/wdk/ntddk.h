/* SPDX-License-Identifier: MIT */
/* The kernel interface for drivers under its older name: wdm.h, which here holds what this header adds as well. */
#ifndef WSK_EMU_WDK_NTDDK_H
#define WSK_EMU_WDK_NTDDK_H

#include "wdm.h"

#endif
