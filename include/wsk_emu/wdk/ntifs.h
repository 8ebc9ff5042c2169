/* SPDX-License-Identifier: MIT */
/* The kernel interface under the name that file system drivers use: ntddk.h. */
#ifndef WSK_EMU_WDK_NTIFS_H
#define WSK_EMU_WDK_NTIFS_H

#include "ntddk.h"

#endif
