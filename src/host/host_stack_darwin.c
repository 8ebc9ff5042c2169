/* SPDX-License-Identifier: MIT */
/* Bounds of the calling thread's stack on macOS. */
#include "host/host_stack.h"

#include <pthread.h>
#include <stddef.h>

bool we_host_stack_find(struct we_host_stack *stack)
{
    pthread_t self = pthread_self();

    /* macOS gives the upper end as the address. */
    stack->high = (uintptr_t)pthread_get_stackaddr_np(self);
    stack->low = stack->high - pthread_get_stacksize_np(self);
    return true;
}
