/* SPDX-License-Identifier: MIT */
/* Names of code addresses: asked from the platform's symboliser, remembered for the process. */
#ifndef WE_HOST_SYMBOLS_H
#define WE_HOST_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- for host_trace.c ------------------------------------------------------------------------ */

/* One function at one address. Valid until the process ends. */
struct we_host_symbol {
    struct we_host_symbol *inlined_into; /* the function that this one was inlined into, or NULL */
    char *function;                      /* NULL: unknown */
    char *file;                          /* with its path; NULL: unknown */
    unsigned line;
    const char *module; /* file name of the program or library without path; "?" when in none */
    uintptr_t module_offset;
    bool is_library; /* of wsk_emu itself */
};

/* Finds out about all the addresses that are not known yet, with one run of the symboliser a module.
 * The addresses are return addresses: what is looked up is the call before them. */
void we_host_symbols_load(void *const *addresses, unsigned count);
/* Loads it if necessary. NULL only when memory is short. */
const struct we_host_symbol *we_host_symbols_find(void *address);

/* --- for the files of the single systems ------------------------------------------------------ */

#define WE_HOST_MODULE_PATH_SIZE 1024

struct we_host_module {
    char path[WE_HOST_MODULE_PATH_SIZE];
    uintptr_t bias;           /* address in the process minus address in the file */
    bool is_program;          /* the executable, not a shared library */
    const char *nearest_name; /* exported symbol at or below the address, or NULL */
};

/* False when no module contains the address. */
bool we_host_module_find(uintptr_t address, struct we_host_module *module);

#define WE_HOST_SYMBOLISER_ADDRESS_MAX 32 /* addresses a run */
#define WE_HOST_SYMBOLISER_ARGUMENT_MAX (WE_HOST_SYMBOLISER_ADDRESS_MAX + 10)
struct we_host_symboliser_command {
    const char *arguments[WE_HOST_SYMBOLISER_ARGUMENT_MAX]; /* NULL ends; the first is the tool */
    char texts[WE_HOST_SYMBOLISER_ADDRESS_MAX + 1][24];
};
void we_host_symboliser_command_make(struct we_host_symboliser_command *command, struct we_host_module *module,
                                     const uintptr_t *addresses, unsigned count);

/* Gets one function of one of the addresses; inlined functions come before those they are in. */
typedef void (*we_host_symboliser_found_fn)(void *context, unsigned index, const char *function, const char *file,
                                            unsigned line);
/* Takes the tool's whole output apart (and changes it). */
void we_host_symboliser_output_parse(char *output, unsigned count, we_host_symboliser_found_fn found, void *context);

#endif
