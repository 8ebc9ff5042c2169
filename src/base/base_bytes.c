/* SPDX-License-Identifier: MIT */
/* A growing first-in first-out queue of bytes: one block, appended at the tail, taken at the head. */
#include "base/base_bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_BYTES_MIN 256

static void bytes_move_to_front(struct we_base_bytes *bytes)
{
    if (bytes->head != 0) {
        memmove(bytes->data, bytes->data + bytes->head, bytes->length_bytes);
        bytes->head = 0;
    }
}

/* Enlarges the block to at least needed_bytes, and at least to the double. */
static bool bytes_grow(struct we_base_bytes *bytes, size_t needed_bytes)
{
    size_t capacity_bytes = bytes->capacity_bytes == 0 ? CAPACITY_BYTES_MIN : bytes->capacity_bytes * 2;
    unsigned char *data;

    if (capacity_bytes < needed_bytes) {
        capacity_bytes = needed_bytes;
    }
    data = realloc(bytes->data, capacity_bytes);
    if (data == NULL) {
        return false;
    }
    bytes->data = data;
    bytes->capacity_bytes = capacity_bytes;
    return true;
}

/* Makes length_bytes of room behind the tail. Moving alone is worth it only when it frees at least as
 * much as it copies: so the cost of all moves stays in proportion to the bytes that went through. */
static bool bytes_reserve(struct we_base_bytes *bytes, size_t length_bytes)
{
    size_t tail = bytes->head + bytes->length_bytes;
    bool is_fitting;

    if (length_bytes <= bytes->capacity_bytes - tail) {
        return true;
    }
    /* No object is larger than this: so no sum below overflows either. */
    if (length_bytes > SIZE_MAX / 2 - bytes->length_bytes) {
        return false;
    }
    is_fitting = length_bytes <= bytes->capacity_bytes - bytes->length_bytes;
    if ((!is_fitting || bytes->head < bytes->length_bytes) && !bytes_grow(bytes, bytes->length_bytes + length_bytes)) {
        return false;
    }
    bytes_move_to_front(bytes);
    return true;
}

bool we_base_bytes_append(struct we_base_bytes *bytes, const void *data, size_t length_bytes)
{
    if (length_bytes == 0) {
        return true;
    }
    if (!bytes_reserve(bytes, length_bytes)) {
        return false;
    }
    memcpy(bytes->data + bytes->head + bytes->length_bytes, data, length_bytes);
    bytes->length_bytes += length_bytes;
    return true;
}

size_t we_base_bytes_take(struct we_base_bytes *bytes, void *data, size_t length_bytes)
{
    size_t taken_bytes = length_bytes < bytes->length_bytes ? length_bytes : bytes->length_bytes;

    if (taken_bytes == 0) {
        return 0;
    }
    if (data != NULL) {
        memcpy(data, bytes->data + bytes->head, taken_bytes);
    }
    bytes->head += taken_bytes;
    bytes->length_bytes -= taken_bytes;
    if (bytes->length_bytes == 0) {
        bytes->head = 0;
    }
    return taken_bytes;
}

void we_base_bytes_fini(struct we_base_bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof(*bytes));
}
