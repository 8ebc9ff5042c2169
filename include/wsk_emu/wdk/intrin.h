/* SPDX-License-Identifier: MIT */
/* Intrinsics of Microsoft's compiler, as far as drivers use them: they stand with the keywords and with the interlocked
 * functions. */
#ifndef WSK_EMU_WDK_INTRIN_H
#define WSK_EMU_WDK_INTRIN_H

#include "ntdef.h"

#include "wsk_emu_wdk/compiler.h"
#include "wsk_emu_wdk/interlocked.h"

#endif
