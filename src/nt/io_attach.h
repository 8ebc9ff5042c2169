/* SPDX-License-Identifier: MIT */
/* Stacks of devices. */
#ifndef WE_IO_ATTACH_H
#define WE_IO_ATTACH_H

#include <wdm.h>

/* The device is about to be deleted: reports UNL-004 if others are attached to it, or it to one, and detaches them. */
void we_io_attach_end(PDEVICE_OBJECT device);
/* Detaches it from all others without a word. */
void we_io_attach_forget(PDEVICE_OBJECT device);

#endif
