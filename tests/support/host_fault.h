/* SPDX-License-Identifier: MIT */
/* For tests of what becomes of calls that the host refuses: one call of the network fails, or does something else. */
#ifndef WE_TEST_HOST_FAULT_H
#define WE_TEST_HOST_FAULT_H

#include <stdbool.h>

#include "base/base_err.h"

/* The operations of host_net_ops.h that tests have a use for. */
enum host_call {
    HOST_WATCH,
    HOST_CONFIRM,
    HOST_SEND,
    HOST_SHUTDOWN_SEND,
    HOST_LOCAL,
    HOST_REMOTE,
    HOST_ROUTE,
    HOST_INTERFACE,
    HOST_BACKLOG,    /* fails with 0 */
    HOST_HAS_OPTION, /* fails with false */
    HOST_DGRAM_SET
};

/* Of the calls of this kind that the library makes from now on number index, counted from 1, fails with err. In stepped
 * execution. */
void host_fault_begin(enum host_call call, unsigned index, enum we_err err);
/* Fails the test if that call has not come; the network is as before. */
void host_fault_end(void);

/* The same for a call that succeeds: before the network hears of it act(context) is called, where only a thread of another
 * processor could do something otherwise. */
void host_interlude_begin(enum host_call call, unsigned index, void (*act)(void *context), void *context);
void host_interlude_end(void);

#endif
