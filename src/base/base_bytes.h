/* SPDX-License-Identifier: MIT */
/* A growing first-in first-out queue of bytes. Not locked. */
#ifndef WE_BASE_BYTES_H
#define WE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base_assert.h"

struct we_base_bytes {
    unsigned char *data;
    size_t capacity_bytes;
    size_t head; /* index of the first byte */
    size_t length_bytes;
};

/* A zeroed queue is an empty one. Returns false and changes nothing when memory is short. */
WE_MUST_USE bool we_base_bytes_append(struct we_base_bytes *bytes, const void *data, size_t length_bytes);
/* Copies up to length_bytes to data and removes them; returns how many. data NULL discards. */
size_t we_base_bytes_take(struct we_base_bytes *bytes, void *data, size_t length_bytes);
void we_base_bytes_fini(struct we_base_bytes *bytes);

#endif
