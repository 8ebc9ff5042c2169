/* SPDX-License-Identifier: MIT */
/* The running instance, as the test kit sees it. Implemented by wsk_emu.c. */
#ifndef WE_INSTANCE_H
#define WE_INSTANCE_H

#include <stdbool.h>

/* True between a successful wsk_emu_start and wsk_emu_stop. */
bool we_instance_is_running(void);
/* Counts successful starts of this process from 1; 0 while stopped. */
unsigned long long we_instance_number(void);
/* Stops like wsk_emu_stop after the main thread left driver code by longjmp: no driver code runs any more and
 * nothing is reported. Does nothing while stopped. */
void we_instance_abandon(void);

#endif
