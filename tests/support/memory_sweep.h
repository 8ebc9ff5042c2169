/* SPDX-License-Identifier: MIT */
/* For tests of what happens when memory is short: one step of a driver's life, with each allocation in it failing once. */
#ifndef WE_TEST_MEMORY_SWEEP_H
#define WE_TEST_MEMORY_SWEEP_H

#include "wsk_fixture.h"

/* What the attempts of a test need; each program defines its own. */
struct scene;

/* One attempt. Its memory fails between sweep_begin and sweep_end; whatever it makes it ends again. Returns the status. */
typedef NTSTATUS attempt_fn(struct scene *scene);

void sweep_begin(void);
void sweep_end(void);
/* Attempts until no allocation was left to fail; the last attempt succeeds. The others succeed as well, or fail with
 * STATUS_INSUFFICIENT_RESOURCES, and none leaves a socket. */
void sweep(struct scene *scene, attempt_fn *attempt);

#endif
