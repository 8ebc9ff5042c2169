/* SPDX-License-Identifier: MIT */
/* Shared objects that are loaded by name: dlopen, and what its failures mean. */
#include "host/host_image.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* dlerror has a sentence and no number; these are the words of the C libraries that there are. */
static bool is_about_symbols(const char *text)
{
    return strstr(text, "undefined symbol") != NULL || strstr(text, "symbol not found") != NULL;
}

static bool is_absent(const char *path)
{
    if (strchr(path, '/') != NULL) {
        return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    }
    /* It was looked for in many places: nothing of that name can be loaded from any. */
    return true;
}

enum we_host_image_answer we_host_image_open(const char *path, void **handle, char *problem, size_t problem_size)
{
    const char *text;

    WE_ASSERT(path[0] != '\0');
    WE_ASSERT(problem_size > 0);
    problem[0] = '\0';
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*handle != NULL) {
        return WE_HOST_IMAGE_OPENED;
    }
    text = dlerror();
    (void)snprintf(problem, problem_size, "%s", text == NULL ? "the system does not say why" : text);
    if (is_about_symbols(problem)) {
        return WE_HOST_IMAGE_INCOMPLETE;
    }
    return is_absent(path) ? WE_HOST_IMAGE_ABSENT : WE_HOST_IMAGE_BROKEN;
}

void *we_host_image_find(void *handle, const char *name)
{
    return dlsym(handle, name);
}

void we_host_image_close(void *handle)
{
    int error = dlclose(handle);

    /* It can only fail for a handle that is none. */
    WE_ASSERT(error == 0);
}
