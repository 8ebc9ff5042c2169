/* SPDX-License-Identifier: MIT */
/* Names of code addresses: groups them by module, runs the symboliser, remembers what it says. */
#include "host/host_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Design note: everything here happens only while a report is printed, so it may be slow. One lock
 * guards the table and is held while the tool runs; it is the innermost of all locks and therefore has
 * no rank. The table lives as long as the process and uses malloc directly, because what it keeps is no
 * leak of an emulated kernel.
 *
 * Which functions are our own cannot be seen from addresses, because drivers link statically with us.
 * It can be seen from debug information: together with the first addresses of the module that contains
 * this file we look this file up, and what was compiled from the same source tree is ours. */

#define BUCKET_COUNT 256u
#define OUTPUT_SIZE_MAX (1u << 20)

struct symbol_entry {
    struct symbol_entry *next; /* in its bucket */
    uintptr_t address;         /* the return address that was asked for */
    char *module_path;         /* "" when it is in no module */
    struct we_host_symbol first;
};

static pthread_mutex_t s_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct symbol_entry *s_buckets[BUCKET_COUNT]; /* newest entry first */
static bool s_is_tool_absent;
static bool s_is_root_known;
/* Directories of our own sources, with a final slash; empty: not known. */
static char s_source_root[WE_HOST_MODULE_PATH_SIZE];
static char s_header_root[WE_HOST_MODULE_PATH_SIZE];

/* --- running the tool ------------------------------------------------------------------------- */

/* Returns everything that can be read, NUL-terminated, or NULL. */
static char *output_read(int descriptor)
{
    size_t capacity_bytes = 4096;
    size_t length_bytes = 0;
    char *output = malloc(capacity_bytes);

    while (output != NULL) {
        ssize_t got = read(descriptor, output + length_bytes, capacity_bytes - length_bytes - 1);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            output[length_bytes] = '\0';
            break;
        }
        length_bytes += (size_t)got;
        if (length_bytes + 1 == capacity_bytes) {
            char *larger = capacity_bytes < OUTPUT_SIZE_MAX ? realloc(output, capacity_bytes * 2) : NULL;

            if (larger == NULL) {
                output[length_bytes] = '\0';
                break;
            }
            output = larger;
            capacity_bytes *= 2;
        }
    }
    return output;
}

static int tool_spawn(const char *const *arguments, int output_descriptor, pid_t *process)
{
    /* An environment of our own: preloaded sanitizers, servers for debug information and other
     * languages must not reach the tool. Its path is searched in ours. */
    static char locale[] = "LC_ALL=C";
    static char *environment[] = { locale, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0) {
        return error;
    }
    error = posix_spawn_file_actions_adddup2(&actions, output_descriptor, STDOUT_FILENO);
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (error == 0) {
        /* The interface is older than const: it changes neither the array nor the strings. */
        error = posix_spawnp(process, arguments[0], &actions, NULL, (char *const *)arguments, environment);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Returns what the tool prints, or NULL. */
static char *tool_run(const char *const *arguments)
{
    int ends[2];
    pid_t process;
    int status;
    int error;
    char *output = NULL;

    if (pipe(ends) != 0) {
        return NULL;
    }
    /* The standard output of the child is a duplicate and stays open. */
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    error = tool_spawn(arguments, ends[1], &process);
    (void)close(ends[1]);
    if (error == 0) {
        output = output_read(ends[0]);
    }
    (void)close(ends[0]);
    if (error == 0) {
        while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
        }
    } else {
        s_is_tool_absent = true;
    }
    return output;
}

/* --- the table -------------------------------------------------------------------------------- */

static struct symbol_entry **bucket_of(uintptr_t address)
{
    return &s_buckets[(address ^ (address >> 9)) % BUCKET_COUNT];
}

static struct symbol_entry *entry_find(uintptr_t address)
{
    for (struct symbol_entry *entry = *bucket_of(address); entry != NULL; entry = entry->next) {
        if (entry->address == address) {
            return entry;
        }
    }
    return NULL;
}

static const char *path_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Returns a new entry without names. An older one of the same address, about a module that is gone,
 * stays behind it, because somebody may still be printing it. */
static struct symbol_entry *entry_make(uintptr_t address, const struct we_host_module *module)
{
    struct symbol_entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL) {
        return NULL;
    }
    entry->module_path = strdup(module == NULL ? "" : module->path);
    if (entry->module_path == NULL) {
        free(entry);
        return NULL;
    }
    entry->address = address;
    entry->first.module = module == NULL ? "?" : path_last_part(entry->module_path);
    entry->first.module_offset = module == NULL ? address : address - module->bias;
    entry->next = *bucket_of(address);
    *bucket_of(address) = entry;
    return entry;
}

/* Returns true when the newest entry of this address speaks about this module (NULL: about none): a
 * driver that was unloaded may have left its addresses to another, or come back to another place. */
static bool entry_is_current(uintptr_t address, const struct we_host_module *module)
{
    struct symbol_entry *entry = entry_find(address);

    return entry != NULL && strcmp(entry->module_path, module == NULL ? "" : module->path) == 0 &&
           (module == NULL || entry->first.module_offset == address - module->bias);
}

static bool text_begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool symbol_is_library(const struct we_host_symbol *symbol)
{
    if (symbol->file != NULL && s_source_root[0] != '\0') {
        return text_begins_with(symbol->file, s_source_root) || text_begins_with(symbol->file, s_header_root);
    }
    if (symbol->function != NULL) {
        return text_begins_with(symbol->function, "we_") || text_begins_with(symbol->function, "wsk_emu_") ||
               text_begins_with(symbol->function, "wsk_kit_");
    }
    return false;
}

/* Learns from the path of this file where our sources were compiled from. */
static void source_root_set(const char *file)
{
    static const char own_path[] = "src/host/host_symbols.c";
    size_t length = file == NULL ? 0 : strlen(file);
    int root_length;

    /* A relative path says nothing: that of a driver might begin the same way. */
    if (length < sizeof(own_path) || file[0] != '/' || strcmp(file + length - (sizeof(own_path) - 1), own_path) != 0) {
        return;
    }
    root_length = (int)(length - (sizeof(own_path) - 1));
    (void)snprintf(s_source_root, sizeof(s_source_root), "%.*ssrc/", root_length, file);
    (void)snprintf(s_header_root, sizeof(s_header_root), "%.*sinclude/wsk_emu/", root_length, file);
}

/* --- one module, one run ---------------------------------------------------------------------- */

struct run {
    struct we_host_module module;
    unsigned count;
    uintptr_t addresses[WE_HOST_SYMBOLISER_ADDRESS_MAX];
    struct symbol_entry *entries[WE_HOST_SYMBOLISER_ADDRESS_MAX]; /* NULL: this file itself */
};

static void run_answer(void *context, unsigned index, const char *function, const char *file, unsigned line)
{
    struct run *run = context;
    struct we_host_symbol *symbol;

    if (run->entries[index] == NULL) {
        source_root_set(file);
        return;
    }
    symbol = &run->entries[index]->first;
    if (symbol->function != NULL || symbol->file != NULL) {
        struct we_host_symbol *outer = calloc(1, sizeof(*outer));

        while (symbol->inlined_into != NULL) {
            symbol = symbol->inlined_into;
        }
        if (outer == NULL) {
            return;
        }
        outer->module = symbol->module;
        outer->module_offset = symbol->module_offset;
        symbol->inlined_into = outer;
        symbol = outer;
    }
    symbol->function = function == NULL ? NULL : strdup(function);
    symbol->file = file == NULL ? NULL : strdup(file);
    symbol->line = line;
}

static void run_name_from_exports(struct run *run)
{
    struct we_host_module module;

    for (unsigned i = 0; i < run->count; i++) {
        struct we_host_symbol *symbol = run->entries[i] == NULL ? NULL : &run->entries[i]->first;

        if (symbol != NULL && symbol->function == NULL && we_host_module_find(run->addresses[i], &module) &&
            module.nearest_name != NULL) {
            symbol->function = strdup(module.nearest_name);
        }
    }
}

static void run_finish(struct run *run)
{
    struct we_host_symboliser_command command;
    char *output;

    if (!s_is_tool_absent) {
        we_host_symboliser_command_make(&command, &run->module, run->addresses, run->count);
        output = tool_run(command.arguments);
        if (output != NULL) {
            we_host_symboliser_output_parse(output, run->count, run_answer, run);
            free(output);
        }
    }
    run_name_from_exports(run);
    for (unsigned i = 0; i < run->count; i++) {
        struct we_host_symbol *symbol = run->entries[i] == NULL ? NULL : &run->entries[i]->first;

        for (; symbol != NULL; symbol = symbol->inlined_into) {
            symbol->is_library = symbol_is_library(symbol);
        }
    }
}

static void run_add(struct run *run, uintptr_t address, struct symbol_entry *entry)
{
    run->addresses[run->count] = address;
    run->entries[run->count] = entry;
    run->count++;
}

static void run_add_own_file(struct run *run)
{
    uintptr_t own_address = (uintptr_t)&we_host_symbols_load;
    struct we_host_module module;

    if (!s_is_root_known && we_host_module_find(own_address, &module) && strcmp(module.path, run->module.path) == 0) {
        s_is_root_known = true;
        run_add(run, own_address, NULL);
    }
}

/* Loads the module of addresses[first] with all other unknown addresses of the same module. */
static void module_load(struct run *run, void *const *addresses, unsigned first, unsigned count)
{
    struct we_host_module module;

    run->count = 0;
    run_add_own_file(run);
    for (unsigned i = first; i < count && run->count < WE_HOST_SYMBOLISER_ADDRESS_MAX; i++) {
        uintptr_t address = (uintptr_t)addresses[i];
        struct symbol_entry *entry;

        /* Minus one: a return address may already belong to the next line or function. */
        if (address == 0 || !we_host_module_find(address - 1, &module) || strcmp(module.path, run->module.path) != 0 ||
            entry_is_current(address, &module)) {
            continue;
        }
        entry = entry_make(address, &module);
        if (entry != NULL) {
            run_add(run, address - 1, entry);
        }
    }
    run_finish(run);
}

static void symbols_load_locked(void *const *addresses, unsigned count)
{
    struct run *run = malloc(sizeof(*run)); /* too large for the small stacks of kernel threads */

    for (unsigned i = 0; run != NULL && i < count; i++) {
        uintptr_t address = (uintptr_t)addresses[i];

        if (address == 0) {
            continue;
        }
        if (we_host_module_find(address - 1, &run->module)) {
            if (!entry_is_current(address, &run->module)) {
                module_load(run, addresses, i, count);
            }
        } else if (!entry_is_current(address, NULL)) {
            (void)entry_make(address, NULL);
        }
    }
    free(run);
}

void we_host_symbols_load(void *const *addresses, unsigned count)
{
    (void)pthread_mutex_lock(&s_mutex);
    symbols_load_locked(addresses, count);
    (void)pthread_mutex_unlock(&s_mutex);
}

const struct we_host_symbol *we_host_symbols_find(void *address)
{
    struct symbol_entry *entry;

    (void)pthread_mutex_lock(&s_mutex);
    entry = entry_find((uintptr_t)address);
    if (entry == NULL) {
        symbols_load_locked(&address, 1);
        entry = entry_find((uintptr_t)address);
    }
    (void)pthread_mutex_unlock(&s_mutex);
    return entry == NULL ? NULL : &entry->first;
}
