/* SPDX-License-Identifier: MIT */
/* Runs of one scenario under many seeds, and a few with real threads: for tests of the kernel's own services. */
#ifndef WE_TEST_SEED_RUN_H
#define WE_TEST_SEED_RUN_H

#include <wdm.h>

/* Runs body once a seed, each time in an emulated kernel of its own, stepped. A failure prints the seed;
 * WSK_EMU_SEED=<seed> then runs that one alone. */
void seed_run_stepped(void (*body)(void));
/* Runs body a few times with real threads: whatever order the machine comes up with. */
void seed_run_threads(void (*body)(void));
/* Teardown of the tests: says which seed failed, and gives the kernel up. */
int seed_run_teardown(void **state);

/* A number below count; from any thread. */
ULONG seed_draw(ULONG count);
/* On a thread below DISPATCH_LEVEL: now and then others run, or a millisecond passes. */
void seed_pause(void);

#endif
