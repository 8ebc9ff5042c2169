/* SPDX-License-Identifier: MIT */
/* The version number's one home; the build reads it from here. */
#ifndef WSK_EMU_VERSION_H
#define WSK_EMU_VERSION_H

#define WSK_EMU_VERSION_MAJOR 0
#define WSK_EMU_VERSION_MINOR 1
#define WSK_EMU_VERSION_PATCH 0

#endif
