/* SPDX-License-Identifier: MIT */
/* What the tests ask of the drivers in this folder; the variables are the test program's. */
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
