/* SPDX-License-Identifier: MIT */
/* Modules of the process and the tool that names code addresses, on macOS: dladdr and atos. */
#include "host/host_symbols.h"

#include <dlfcn.h>
#include <mach-o/dyld.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool we_host_module_find(uintptr_t address, struct we_host_module *module)
{
    Dl_info info;

    if (dladdr((void *)address, &info) == 0 || info.dli_fname == NULL) {
        return false;
    }
    module->bias = (uintptr_t)info.dli_fbase;
    module->is_program = info.dli_fbase == (const void *)_dyld_get_image_header(0);
    module->nearest_name = info.dli_sname;
    (void)snprintf(module->path, sizeof(module->path), "%s", info.dli_fname);
    return true;
}

void we_host_symboliser_command_make(struct we_host_symboliser_command *command, struct we_host_module *module,
                                     const uintptr_t *addresses, unsigned count)
{
    unsigned used = 0;
    char *load_address = command->texts[WE_HOST_SYMBOLISER_ADDRESS_MAX];

    (void)snprintf(load_address, sizeof(command->texts[0]), "0x%lx", (unsigned long)module->bias);
    command->arguments[used++] = "atos";
    command->arguments[used++] = "-fullPath";
    command->arguments[used++] = "-o";
    command->arguments[used++] = module->path;
    command->arguments[used++] = "-l";
    command->arguments[used++] = load_address;
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(command->texts[i], sizeof(command->texts[i]), "0x%lx", (unsigned long)addresses[i]);
        command->arguments[used++] = command->texts[i];
    }
    command->arguments[used] = NULL;
}

/* Takes "function (in module) (/path/file.c:12)" apart; without debug information the last part is
 * "+ 34", and for unknown addresses the line begins with a number. */
static void answer_parse(char *answer, unsigned index, we_host_symboliser_found_fn found, void *context)
{
    char *in_module = strstr(answer, " (in ");
    char *place;
    char *colon;
    const char *file = NULL;
    unsigned long line = 0;

    if (in_module == NULL || strncmp(answer, "0x", 2) == 0) {
        found(context, index, NULL, NULL, 0);
        return;
    }
    *in_module = '\0';
    place = strstr(in_module + 1, ") (");
    if (place != NULL) {
        place += 3;
        colon = strrchr(place, ':');
        if (colon != NULL) {
            *colon = '\0';
            line = strtoul(colon + 1, NULL, 10);
            file = place;
        }
    }
    found(context, index, answer, file, (unsigned)line);
}

void we_host_symboliser_output_parse(char *output, unsigned count, we_host_symboliser_found_fn found, void *context)
{
    char *rest = output;
    unsigned index = 0;

    /* One line an address, in the order of the arguments. */
    while (rest != NULL && *rest != '\0' && index < count) {
        char *end = strchr(rest, '\n');

        if (end != NULL) {
            *end = '\0';
        }
        answer_parse(rest, index, found, context);
        index++;
        rest = end == NULL ? NULL : end + 1;
    }
}
