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
/* The end of applications and of the system, as drivers see it: handles that the test left open are closed, and
 * IRP_MJ_SHUTDOWN is sent to those that want it. Everything still runs. */
void we_drv_shutdown(void);
/* From here on none may be loaded; those that are stay, so that the lower layers can report what they left running. */
void we_drv_close(void);
/* Drops the driver objects that are left, with their devices. DriverUnload is not called: the system has stopped. */
void we_drv_stop(void);

#endif
