/* SPDX-License-Identifier: MIT */
/* What would call into a driver after it was unloaded. */
#ifndef WE_DRV_LEAKS_H
#define WE_DRV_LEAKS_H

#include <stdbool.h>
#include <stddef.h>

#include "wsk_emu/image.h"

#define WE_DRV_LEAKS_MAX 64

/* Objects that can call back, by address: registrations with WSK, with the network module registrar, with event tracing and
 * with callback objects, sent IRPs, queued work items, timers, running system threads. */
struct we_drv_leaks {
    size_t count;
    bool is_overflown; /* there were more: then nobody can say what is new */
    const void *addresses[WE_DRV_LEAKS_MAX];
};

/* Notes what is alive now. */
void we_drv_leaks_collect(struct we_drv_leaks *leaks);
/* Reports what is alive now, was not before, and is the driver's: NPI-012, NPI-019, UNL-002, UNL-010, UNL-012, UNL-013,
 * UNL-017, DPC-004, DPC-021, THREAD-001. Each object is marked, so that the stop does not report it once more; timers and
 * registrations with event tracing are ended. Returns how many there were. function: whose return was too early. image:
 * the driver's, or NULL. is_alone: no other driver is loaded, so everything is the driver's that is not known to be
 * somebody else's; with others it must be known to be this one's. */
size_t we_drv_leaks_report(const struct we_drv_leaks *before, const char *driver_name, const char *function,
                           const struct wsk_emu_image *image, bool is_alone);

#endif
