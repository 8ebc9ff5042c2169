/* SPDX-License-Identifier: MIT */
/* What the benchmark programs share: clock, placement, watchdog, options, median. No sockets and no WDK in here. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t bench_now_ns(void);

/* Prints what went wrong, with the text of errno when it is not 0, and ends the program. */
__attribute__((noreturn)) void bench_fail(const char *what);

/* Keeps the calling thread, and those it will create, on one processor; a negative number leaves them free. */
void bench_pin(long cpu);

/* Ends the program by force after this time, so that no run is endless. */
void bench_watchdog(unsigned seconds);

/* Reads "--name value" pairs: returns the value of the pair at argv[*index] and moves on, or fails. */
struct bench_args {
    int argc;
    char **argv;
    int index;
};

/* The next option's name, NULL at the end. *value receives what follows it. */
const char *bench_args_next(struct bench_args *args, const char **value);
long bench_args_number(const char *name, const char *value, long least, long most);

/* Sorts the samples and returns the middle one. */
uint64_t bench_median(uint64_t *samples, size_t count);

#endif
