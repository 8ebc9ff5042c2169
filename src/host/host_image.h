/* SPDX-License-Identifier: MIT */
/* Shared objects that are loaded by name. */
#ifndef WE_HOST_IMAGE_H
#define WE_HOST_IMAGE_H

#include <stddef.h>

#include "base/base_assert.h"

enum we_host_image_answer {
    WE_HOST_IMAGE_OPENED,
    WE_HOST_IMAGE_ABSENT,    /* there is no such file */
    WE_HOST_IMAGE_BROKEN,    /* there is one, but it is no shared object for this process */
    WE_HOST_IMAGE_INCOMPLETE /* it refers to something that nobody defines */
};

/* Loads a shared object; everything that it refers to must exist. Constructors run on the calling thread.
 * path: as dlopen takes it; without a slash it is looked for where the system looks for libraries.
 * *handle: on success what the others take, else NULL. problem: what the system says, when it failed. */
WE_MUST_USE enum we_host_image_answer we_host_image_open(const char *path, void **handle, char *problem,
                                                         size_t problem_size);
/* The address of a function or variable that it shows, or NULL. */
void *we_host_image_find(void *handle, const char *name);
/* Takes it out of memory. From here on none of its code may run. */
void we_host_image_close(void *handle);

#endif
