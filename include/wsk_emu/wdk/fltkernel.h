/* SPDX-License-Identifier: MIT */
/* What ntifs.h has. File system filters are not emulated: their types are not there, and a call stops the build. */
#ifndef WSK_EMU_WDK_FLTKERNEL_H
#define WSK_EMU_WDK_FLTKERNEL_H

#include "ntifs.h"

#endif
