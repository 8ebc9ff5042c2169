/* SPDX-License-Identifier: MIT */
/* Drivers that are loaded. */
#ifndef WE_DRV_OBJECT_H
#define WE_DRV_OBJECT_H

#include <stdbool.h>

#include "wsk_emu/driver.h"

/* From start to stop drivers may be loaded. */
void we_drv_start(void);
/* Between start and close. */
bool we_drv_is_open(void);
/* From here on none may be loaded; those that are stay, so that the lower layers can report what they left running. */
void we_drv_close(void);
/* Drops the driver objects that are left, with their devices. DriverUnload is not called: the system has stopped. */
void we_drv_stop(void);

#endif
