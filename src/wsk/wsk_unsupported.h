/* SPDX-License-Identifier: MIT */
/* Says once what is not emulated, whenever a driver asks for it. */
#ifndef WE_WSK_UNSUPPORTED_H
#define WE_WSK_UNSUPPORTED_H

#include "base/base_assert.h"

/* Logs a warning the first time this text is produced in the process. "%s is not emulated" is added to it. */
void we_wsk_unsupported(const char *format, ...) WE_PRINTF(1, 2);

#endif
