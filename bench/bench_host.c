/* SPDX-License-Identifier: MIT */
/* Clock, watchdog, options and median of the benchmark programs. */
#include "bench_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_fail(const char *what)
{
    int number = errno;

    if (number != 0) {
        fprintf(stderr, "failed: %s: %s\n", what, strerror(number));
    } else {
        fprintf(stderr, "failed: %s\n", what);
    }
    exit(2);
}

void bench_watchdog(unsigned seconds)
{
    (void)alarm(seconds);
}

const char *bench_args_next(struct bench_args *args, const char **value)
{
    const char *name;

    if (args->index >= args->argc) {
        return NULL;
    }
    name = args->argv[args->index];
    if (args->index + 1 >= args->argc || strncmp(name, "--", 2) != 0) {
        fprintf(stderr, "usage: %s [--option value]...; see bench/README.md\n", args->argv[0]);
        exit(2);
    }
    *value = args->argv[args->index + 1];
    args->index += 2;
    return name;
}

long bench_args_number(const char *name, const char *value, long least, long most)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < least || number > most) {
        fprintf(stderr, "%s takes a number from %ld to %ld, not '%s'\n", name, least, most, value);
        exit(2);
    }
    return number;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

uint64_t bench_median(uint64_t *samples, size_t count)
{
    qsort(samples, count, sizeof(*samples), compare);
    return samples[count / 2];
}
