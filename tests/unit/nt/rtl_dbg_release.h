/* SPDX-License-Identifier: MIT */
/* The debug macros as a release build of a driver sees them. */
#ifndef WE_TEST_RTL_DBG_RELEASE_H
#define WE_TEST_RTL_DBG_RELEASE_H

/* Uses every macro with a false condition and a counting argument; returns how often an argument was evaluated. */
int rtl_dbg_release_use_macros(void);
/* The result of NT_VERIFY in a release build. */
int rtl_dbg_release_verify(int condition);

#endif
