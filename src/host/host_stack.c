/* SPDX-License-Identifier: MIT */
/* The bounds of the calling thread's stack, found once a thread. */
#include "host/host_stack.h"

static _Thread_local struct {
    struct we_host_stack stack;
    bool is_filled;
} s_own;

const struct we_host_stack *we_host_stack_own(void)
{
    if (!s_own.is_filled) {
        (void)we_host_stack_find(&s_own.stack); /* empty when the system does not tell */
        s_own.is_filled = true;
    }
    return &s_own.stack;
}
