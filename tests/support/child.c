/* SPDX-License-Identifier: MIT */
/* Runs a part of a test program in a new process: starts the program again and reads its stderr. */
#include "support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

#define PART_OPTION "--part"

extern char **environ;

static char *s_program;

/* Where lines are counted, those of a child that ends before its time count as well. */
#ifdef WE_TEST_COVERAGE
extern void __gcov_dump(void);

static void counts_keep(void)
{
    __gcov_dump();
}

static void on_abort(int number)
{
    counts_keep();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void counts_begin(void)
{
    (void)signal(SIGABRT, on_abort);
}
#else
static void counts_keep(void)
{
}

static void counts_begin(void)
{
}
#endif

void child_run_part_if_asked(int argc, char **argv, const struct child_part *parts)
{
    s_program = argv[0];
    if (argc == 3 && strcmp(argv[1], PART_OPTION) == 0) {
        for (; parts->name != NULL; parts++) {
            if (strcmp(parts->name, argv[2]) == 0) {
                counts_begin();
                parts->run();
                exit(0);
            }
        }
        exit(127);
    }
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
}

void child_end(void)
{
    (void)fflush(NULL);
    counts_keep();
    _exit(0);
}

/* Reads to the end, so that the child never blocks; keeps what fits. */
static void errors_read(int descriptor, char *errors, size_t size_bytes)
{
    size_t length_bytes = 0;
    char piece[512];
    ssize_t got;

    while ((got = read(descriptor, piece, sizeof(piece))) != 0) {
        size_t kept_bytes;

        if (got < 0) {
            assert_int_equal(errno, EINTR);
            continue;
        }
        kept_bytes = (size_t)got < size_bytes - 1 - length_bytes ? (size_t)got : size_bytes - 1 - length_bytes;
        memcpy(errors + length_bytes, piece, kept_bytes);
        length_bytes += kept_bytes;
    }
    errors[length_bytes] = '\0';
}

void child_run(const char *part, struct child_result *result)
{
    char option[] = PART_OPTION;
    char name[64];
    char *arguments[] = { s_program, option, name, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t process;
    int status;

    (void)snprintf(name, sizeof(name), "%s", part);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO), 0);
    assert_int_equal(posix_spawn(&process, s_program, &actions, NULL, arguments, environ), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    assert_int_equal(close(ends[1]), 0);
    errors_read(ends[0], result->errors, sizeof(result->errors));
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(waitpid(process, &status, 0), process);
    result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
