/* SPDX-License-Identifier: MIT */
/* Structured exceptions: the keywords and what a filter may answer. */
#ifndef WSK_EMU_WDK_EXCPT_H
#define WSK_EMU_WDK_EXCPT_H

#include "wsk_emu_wdk/seh.h"

#endif
