/* SPDX-License-Identifier: MIT */
/* The kernel interface under the name that file system drivers use: ntddk.h, and the security support provider interface. */
#ifndef WSK_EMU_WDK_NTIFS_H
#define WSK_EMU_WDK_NTIFS_H

#include "ntddk.h"
#include "sspi.h"

#endif
