/* SPDX-License-Identifier: MIT */
/* What would call into a driver after it was unloaded. */
#ifndef WE_DRV_LEAKS_H
#define WE_DRV_LEAKS_H

#include <stddef.h>

/* Objects are known by address; more than fit are not told apart from a driver's own. */
#define WE_DRV_LEAKS_MAX 64

struct we_drv_leaks {
    size_t count;
    const void *addresses[WE_DRV_LEAKS_MAX];
};

/* Notes what is alive now: registrations with WSK, and system threads. */
void we_drv_leaks_collect(struct we_drv_leaks *leaks);
/* Reports what is alive now and was not before: NPI-012, THREAD-001. Each object is marked, so that the stop does not
 * report it once more. function: whose return was too early. */
void we_drv_leaks_report(const struct we_drv_leaks *before, const char *driver_name, const char *function);

#endif
