/* SPDX-License-Identifier: MIT */
/* Modules of the process and the tool that names code addresses, on Linux: dladdr1 and addr2line. */
#include "host/host_symbols.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The dynamic linker knows the program by an empty name, and argv[0] may be relative to a directory
 * that we are no longer in. */
static bool program_path_get(char *path, size_t size_bytes)
{
    ssize_t length = readlink("/proc/self/exe", path, size_bytes - 1);

    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    return true;
}

bool we_host_module_find(uintptr_t address, struct we_host_module *module)
{
    Dl_info info;
    struct link_map *map = NULL;

    if (dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL) {
        return false;
    }
    /* 0 for a program with fixed addresses, the load address for position-independent ones. */
    module->bias = map->l_addr;
    module->is_program = map->l_name == NULL || map->l_name[0] == '\0';
    module->nearest_name = info.dli_sname;
    if (module->is_program) {
        return program_path_get(module->path, sizeof(module->path));
    }
    (void)snprintf(module->path, sizeof(module->path), "%s", map->l_name);
    return true;
}

void we_host_symboliser_command_make(struct we_host_symboliser_command *command, struct we_host_module *module,
                                     const uintptr_t *addresses, unsigned count)
{
    /* -a: each address precedes its answer, so answers of several lines can be told apart. */
    static const char *const fixed[] = { "addr2line", "-a", "-f", "-i", "-C", "-e" };
    unsigned used = 0;

    for (; used < sizeof(fixed) / sizeof(fixed[0]); used++) {
        command->arguments[used] = fixed[used];
    }
    command->arguments[used++] = module->path;
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(command->texts[i], sizeof(command->texts[i]), "0x%lx",
                       (unsigned long)(addresses[i] - module->bias));
        command->arguments[used++] = command->texts[i];
    }
    command->arguments[used] = NULL;
}

static char *line_take(char **rest)
{
    char *line = *rest;
    char *end;

    if (line == NULL || *line == '\0') {
        return NULL;
    }
    end = strchr(line, '\n');
    if (end == NULL) {
        *rest = NULL;
    } else {
        *end = '\0';
        *rest = end + 1;
    }
    return line;
}

/* Cuts "path:line (discriminator n)" into its parts. "??" and "?" stand for what is not known. */
static unsigned place_parse(char *place, const char **file)
{
    char *colon = strrchr(place, ':');
    unsigned long line = 0;

    *file = NULL;
    if (colon != NULL) {
        *colon = '\0';
        line = strtoul(colon + 1, NULL, 10);
        if (strcmp(place, "??") != 0 && line != 0) {
            *file = place;
        }
    }
    return (unsigned)line;
}

void we_host_symboliser_output_parse(char *output, unsigned count, we_host_symboliser_found_fn found, void *context)
{
    unsigned answer_count = 0;
    char *function;
    char *place;

    while ((function = line_take(&output)) != NULL) {
        const char *file;
        unsigned line;

        if (strncmp(function, "0x", 2) == 0) {
            answer_count++;
            continue;
        }
        place = line_take(&output);
        if (place == NULL || answer_count == 0 || answer_count > count) {
            return;
        }
        line = place_parse(place, &file);
        found(context, answer_count - 1, strcmp(function, "??") == 0 ? NULL : function, file, line);
    }
}
