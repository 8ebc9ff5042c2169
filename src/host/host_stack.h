/* SPDX-License-Identifier: MIT */
/* Where the calling thread's stack lies; one implementation for each system. */
#ifndef WE_HOST_STACK_H
#define WE_HOST_STACK_H

#include <stdbool.h>
#include <stdint.h>

struct we_host_stack {
    uintptr_t low;  /* lowest address that may become part of the stack */
    uintptr_t high; /* first address above it */
};

/* False when the system does not tell; stack is unchanged then. May allocate; takes microseconds. */
bool we_host_stack_find(struct we_host_stack *stack);
/* The same, kept for each thread; an empty range when the system does not tell. */
const struct we_host_stack *we_host_stack_own(void);

#endif
