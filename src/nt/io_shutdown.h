/* SPDX-License-Identifier: MIT */
/* Drivers that want to know when the system goes down. */
#ifndef WE_IO_SHUTDOWN_H
#define WE_IO_SHUTDOWN_H

#include <wdm.h>

/* Sends IRP_MJ_SHUTDOWN to every registered device, each once, and waits a little for each answer. PASSIVE_LEVEL, no lock
 * held; everything still runs. */
void we_io_shutdown_send(void);
/* The device is being deleted: takes its registrations back. */
void we_io_shutdown_forget(PDEVICE_OBJECT device);
/* Forgets all registrations (stop). */
void we_io_shutdown_stop(void);

#endif
