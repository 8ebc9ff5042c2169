/* SPDX-License-Identifier: MIT */
/* Handles of devices that a test has opened. */
#ifndef WE_DRV_DEVICE_H
#define WE_DRV_DEVICE_H

/* Closes those that the test left open, as at the end of an application's process: says so in the log, cancels their
 * requests, and closes them. Everything still runs. */
void we_drv_devices_close(void);
/* Forgets those that are left: their drivers are about to be dropped (stop). */
void we_drv_devices_stop(void);

#endif
