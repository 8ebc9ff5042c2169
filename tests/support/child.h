/* SPDX-License-Identifier: MIT */
/* Runs a part of a test program in a new process: for tests that expect the process to end. */
#ifndef WE_TEST_CHILD_H
#define WE_TEST_CHILD_H

#include <stddef.h>

/* A program with such parts reads:
 *
 *     static const struct child_part parts[] = { { "panic", part_panic }, { NULL, NULL } };
 *
 *     int main(int argc, char **argv)
 *     {
 *         child_run_part_if_asked(argc, argv, parts);
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * and a test calls child_run("panic", &result). The program is started again, not forked: a process with
 * threads cannot be forked safely. */

struct child_part {
    const char *name; /* NULL ends the list */
    void (*run)(void);
};

/* Runs the part and exits with 0 if the command line asks for one; else returns and lets one argument be a
 * filter for the names of tests. */
void child_run_part_if_asked(int argc, char **argv, const struct child_part *parts);

/* Ends a part with 0 and without a look for leaks: for parts whose tests fail on purpose, where what the frames of the
 * failed tests held is lost. */
void child_end(void) __attribute__((noreturn));

struct child_result {
    int exit_code;      /* or -1 when a signal ended it */
    int signal;         /* or 0 */
    char errors[16384]; /* what it wrote to stderr, cut if longer */
};

/* Fails the test when the process cannot be started. */
void child_run(const char *part, struct child_result *result);

#endif
