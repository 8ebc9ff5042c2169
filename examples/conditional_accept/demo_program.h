/* SPDX-License-Identifier: MIT */
/* What the demonstrations of all examples have in common as programs: command line, kernel, signals, time limit, verdict. */
#ifndef DEMO_PROGRAM_H
#define DEMO_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum exit_status { EXIT_AS_EXPECTED = 0, EXIT_SURPRISE = 1, EXIT_USAGE = 2, EXIT_NOT_LOADED = 3, EXIT_TOO_SLOW = 4 };

struct demo_command {
    const char *usage; /* what --help prints before the list of exit statuses */
    bool has_target;   /* --target <port>, together with --serve */
    bool must_serve;
    uint16_t port;
    uint16_t target_port;
};

/* Reads the arguments. False: the program ends with *status; what there was to say has been said. */
bool demo_command_read(struct demo_command *command, int argc, char **argv, enum exit_status *status);

/* Starts the emulated kernel with the defaults; ends the program when that does not work. */
void demo_kernel_start(void);
/* Stops it. What the verifier had to report is a surprise. */
void demo_kernel_stop(void);

/* Before the first thread is made: Ctrl-C and SIGTERM wait for demo_stop_signal_wait. */
void demo_stop_signals_hold(void);
void demo_stop_signal_wait(void);
/* Ends the program when it has not finished in time. */
void demo_watchdog_start(void);

/* Says whether all went as expected. */
enum exit_status demo_verdict(void);

#endif
