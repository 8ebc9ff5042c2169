/* SPDX-License-Identifier: MIT */
/* Drivers that trace by WPP; the functions that their macros call are in wsk_emu_wdk/wpp.h. */
#ifndef WE_WPP_TRACE_H
#define WE_WPP_TRACE_H

/* A driver is about to be loaded, or the kernel starts: who has called WPP_CLEANUP so far may begin anew, and what it
 * traces is early, not late. */
void we_wpp_forget_cleanups(void);

#endif
