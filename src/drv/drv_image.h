/* SPDX-License-Identifier: MIT */
/* Images of drivers: their variables begin anew with each load, and what their code made is theirs. */
#ifndef WE_DRV_IMAGE_H
#define WE_DRV_IMAGE_H

#include <stdbool.h>

#include "host/host_trace.h"
#include "wsk_emu/image.h"

/* Before DriverEntry: finds the image of this entry and gives its variables their initial values, unless a driver is
 * loaded from it already. *image is NULL when the entry belongs to none: a function of a test, or a system without private
 * symbols. False: memory is short; nothing was done. */
bool we_drv_image_load(PDRIVER_INITIALIZE entry, struct wsk_emu_image **image);
/* After DriverUnload, or a DriverEntry that failed. NULL is allowed. */
void we_drv_image_unload(struct wsk_emu_image *image);

/* The image whose code or variables are at this address, or NULL. */
const struct wsk_emu_image *we_drv_image_at(const void *address);
/* The image whose code called last, of all that are in a stack, or NULL. */
const struct wsk_emu_image *we_drv_image_in(const struct we_host_trace *trace);

#endif
