/* SPDX-License-Identifier: MIT */
/* What the tests ask of the drivers in this folder; what trace_drivers.c defines is the test program's. */
#ifndef TRACE_DRIVERS_H
#define TRACE_DRIVERS_H

#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

extern BOOLEAN trace_forgets_cleanup;
extern BOOLEAN trace_before_init;
extern BOOLEAN trace_after_cleanup;
extern BOOLEAN trace_init_again;
extern NTSTATUS trace_entry_status;

/* Setup of a test: the variables as in an orderly driver. */
int trace_drivers_reset(void **state);
PDRIVER_OBJECT trace_driver_load(PDRIVER_INITIALIZE entry, const char *name);

/* Calls of the drivers' own, with every form of trace. */
int full_trace_all(int value);
int full_part_trace(PUNICODE_STRING name);
int cxx_trace_all(int value);
int logging_fields(int value);
int logging_cxx_fields(int value);

#ifdef __cplusplus
}
#endif

#endif
