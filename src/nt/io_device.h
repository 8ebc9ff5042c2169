/* SPDX-License-Identifier: MIT */
/* Driver objects for the driver loader. */
#ifndef WE_IO_DEVICE_H
#define WE_IO_DEVICE_H

#include <wdm.h>

/* Makes the driver object \Driver\name. Every MajorFunction completes with STATUS_INVALID_DEVICE_REQUEST. Returns NULL
 * when memory is short. name: 1 to 200 characters of ASCII; copied. */
PDRIVER_OBJECT we_io_driver_create(PCSTR name);
/* DriverEntry has returned with success: its devices may be opened from now on. */
void we_io_driver_started(PDRIVER_OBJECT driver);
/* Reports devices and symbolic links that the driver left behind (UNL-003), deletes them, and drops the object. */
void we_io_driver_destroy(PDRIVER_OBJECT driver);
/* Reports symbolic links that lead nowhere (UNL-003) and forgets every name (stop). */
void we_io_names_stop(void);

#endif
