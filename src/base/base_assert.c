/* SPDX-License-Identifier: MIT */
/* The end of the process when one of our own assertions fails: one message, then abort. */
#include "base/base_assert.h"

#include <stdio.h>
#include <stdlib.h>

#define PANIC_TEXT_SIZE 1024

void we_base_panic(const char *file, int line, const char *what)
{
    char text[PANIC_TEXT_SIZE];

    /* One string and one write: the lines of two threads that panic together stay whole. */
    (void)snprintf(text, sizeof(text), "wsk_emu: internal error at %s:%d: %s\n", file, line, what);
    (void)fputs(text, stderr);
    abort();
}
