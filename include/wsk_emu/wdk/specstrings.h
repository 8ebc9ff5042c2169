/* SPDX-License-Identifier: MIT */
/* The older name of the annotation header. */
#ifndef WSK_EMU_WDK_SPECSTRINGS_H
#define WSK_EMU_WDK_SPECSTRINGS_H

#include "sal.h"

#endif
