/* SPDX-License-Identifier: MIT */
/* The timer of a device, as the end of the device sees it. */
#ifndef WE_IO_TIMER_H
#define WE_IO_TIMER_H

#include <wdm.h>

/* The device is being deleted: its timer, if it has one, calls nobody any more. No lock. */
void we_io_timer_delete(PDEVICE_OBJECT device);

#endif
