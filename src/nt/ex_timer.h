/* SPDX-License-Identifier: MIT */
/* Timers that drivers have allocated, as the end of a driver and of the kernel see them. */
#ifndef WE_EX_TIMER_H
#define WE_EX_TIMER_H

#include <wdm.h>

/* A driver is gone without its timer: it must not expire any more. */
void we_ex_timer_cancel_leaked(const void *address);
/* Reports timers that were never deleted (DPC-021) and frees them. The processors have stopped. */
void we_ex_timers_stop(void);

#endif
