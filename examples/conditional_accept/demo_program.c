/* SPDX-License-Identifier: MIT */
/* What the demonstrations of all examples have in common as programs: command line, kernel, signals, time limit, verdict. */
#include "demo_program.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ntddk.h>

#include <wsk_emu/wsk_emu.h>

#include "demo_timeline.h"

#define WATCHDOG_S 120

/* --- the command line ------------------------------------------------------------------------------------- */

static void usage(const struct demo_command *command, FILE *where)
{
    fprintf(where,
            "%s"
            "\n"
            "exit status: 0 everything as expected, 1 a surprise, 2 wrong usage, 3 the driver could not be loaded\n"
            "(for example because the port is in use), 4 not finished within %d s\n",
            command->usage, WATCHDOG_S);
}

static bool port_parse(const char *text, uint16_t *port)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    *port = (uint16_t)value;
    return errno == 0 && end != text && *end == '\0' && value >= 0 && value <= 65535;
}

/* The port that an option takes, or NULL. */
static uint16_t *port_of_option(struct demo_command *command, const char *option)
{
    if (strcmp(option, "--port") == 0) {
        return &command->port;
    }
    return command->has_target && strcmp(option, "--target") == 0 ? &command->target_port : NULL;
}

/* NULL, or what is wrong with *argument. */
static const char *arguments_read(struct demo_command *command, int argc, char **argv, const char **argument)
{
    for (int i = 1; i < argc; i++) {
        uint16_t *port = port_of_option(command, argv[i]);

        *argument = argv[i];
        if (strcmp(argv[i], "--serve") == 0) {
            command->must_serve = true;
        } else if (port == NULL || i + 1 == argc) {
            return "unknown option, or one without its value";
        } else {
            *argument = argv[++i];
            if (!port_parse(argv[i], port)) {
                return "not a port";
            }
        }
    }
    *argument = "--target";
    return command->target_port != 0 && !command->must_serve ? "only with --serve" : NULL;
}

bool demo_command_read(struct demo_command *command, int argc, char **argv, enum exit_status *status)
{
    const char *argument;
    const char *wrong;

    setvbuf(stdout, NULL, _IOLBF, 0); /* so that a reader behind a pipe sees each line at once */
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(command, stdout);
            *status = EXIT_AS_EXPECTED;
            return false;
        }
    }
    wrong = arguments_read(command, argc, argv, &argument);
    if (wrong != NULL) {
        fprintf(stderr, "demo: %s: %s\n", wrong, argument);
        usage(command, stderr);
        *status = EXIT_USAGE;
    }
    return wrong == NULL;
}

/* --- the kernel ------------------------------------------------------------------------------------------- */

void demo_kernel_start(void)
{
    NTSTATUS status = wsk_emu_start(NULL);

    if (status != STATUS_SUCCESS) {
        fprintf(stderr, "demo: the emulated kernel could not be started: status 0x%08x\n", (unsigned)status);
        exit(EXIT_NOT_LOADED);
    }
}

void demo_kernel_stop(void)
{
    size_t report_count = wsk_emu_stop();

    demo_expect(report_count == 0, "the verifier had nothing to report about the driver (reports: %zu)", report_count);
}

/* --- the end ---------------------------------------------------------------------------------------------- */

static void stop_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
}

void demo_stop_signals_hold(void)
{
    sigset_t signals;

    stop_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void demo_stop_signal_wait(void)
{
    sigset_t signals;
    int received;

    stop_signals(&signals);
    while (sigwait(&signals, &received) != 0) {
    }
}

static void watchdog_barked(int signal_number)
{
    static const char text[] = "demo: not finished in time\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)ignored;
    (void)signal_number;
    _exit(EXIT_TOO_SLOW);
}

void demo_watchdog_start(void)
{
    signal(SIGALRM, watchdog_barked);
    alarm(WATCHDOG_S);
}

enum exit_status demo_verdict(void)
{
    if (demo_surprise_count() != 0) {
        printf("\n%u surprises\n", demo_surprise_count());
        return EXIT_SURPRISE;
    }
    printf("\nEverything went as expected.\n");
    return EXIT_AS_EXPECTED;
}
