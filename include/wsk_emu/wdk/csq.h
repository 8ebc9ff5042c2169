/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues, for drivers that name their header. */
#ifndef WSK_EMU_WDK_CSQ_H
#define WSK_EMU_WDK_CSQ_H

#include "wdm.h"

#endif
