/* SPDX-License-Identifier: MIT */
/* Device types and the parts of I/O control codes. */
#ifndef WSK_EMU_WDK_DEVIOCTL_H
#define WSK_EMU_WDK_DEVIOCTL_H

#include "wsk_emu_wdk/io.h"

#endif
