/* SPDX-License-Identifier: MIT */
/* Bounds of the calling thread's stack on Linux. */
#include "host/host_stack.h"

#include <pthread.h>
#include <stddef.h>

bool we_host_stack_find(struct we_host_stack *stack)
{
    pthread_attr_t attributes;
    void *low;
    size_t size_bytes;
    bool is_found;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return false;
    }
    /* For the initial thread this is the range that the stack may still grow to, not its present size. */
    is_found = pthread_attr_getstack(&attributes, &low, &size_bytes) == 0;
    (void)pthread_attr_destroy(&attributes);
    if (is_found) {
        stack->low = (uintptr_t)low;
        stack->high = (uintptr_t)low + size_bytes;
    }
    return is_found;
}
