/* SPDX-License-Identifier: MIT */
/* Call stacks: cheap to capture (frame pointers, a few nanoseconds), symbolised only when printed. */
#ifndef WE_HOST_TRACE_H
#define WE_HOST_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#define WE_HOST_TRACE_DEPTH 10

struct we_host_trace {
    void *frames[WE_HOST_TRACE_DEPTH]; /* return addresses, innermost first; NULL ends */
};

/* Fills trace with the callers of the function that calls this; skip_count drops that many
 * innermost frames. Never faults: frame pointers are checked against the thread's stack. */
void we_host_trace_capture(struct we_host_trace *trace, unsigned skip_count);

/* Whether both were captured at the same place. What stands behind the NULL that ends a stack counts for nothing. */
bool we_host_trace_is_same(const struct we_host_trace *one, const struct we_host_trace *other);

/* Appends one line a frame to text: "    #0 GatePend at driver.c:120" where the platform gives
 * file and line, else the function and an offset, else the module. Slow; allocates; forks the
 * platform's symboliser once a module. Returns the number of characters written without the NUL.
 * Frames inside the library itself are left out at the inner end. */
size_t we_host_trace_format(const struct we_host_trace *trace, char *text, size_t size_bytes);

/* Number of innermost frames that lie inside the library itself. As slow as formatting. */
unsigned we_host_trace_library_depth(const struct we_host_trace *trace);

/* Prepares formatting of several traces, so that the symboliser runs once a module for all of them. */
void we_host_trace_load(const struct we_host_trace *const *traces, unsigned count);

#endif
