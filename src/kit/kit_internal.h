/* SPDX-License-Identifier: MIT */
/* What the parts of the test kit share. */
#ifndef WSK_KIT_INTERNAL_H
#define WSK_KIT_INTERNAL_H

#include "wsk_emu/kit.h"

/* Fails when no emulated kernel runs or the caller is not the thread that started it. */
bool wsk_kit_check_running(const char *function);
/* Lets the world go on until condition(context) is true; false when that cannot be any more. */
bool wsk_kit_wait(wsk_kit_condition_fn *condition, void *context);
/* The reason for a wait that failed: what was awaited, and who waits for what. */
void wsk_kit_fail_wait(const char *what);
/* Ends peers, servers and witnesses that the test left. */
void wsk_kit_peers_reset(void);

#endif
