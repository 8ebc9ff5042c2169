/* SPDX-License-Identifier: MIT */
/* Counted allocation for the library's own objects: one door to the heap, one fault point. */
#ifndef WE_HOST_MEM_H
#define WE_HOST_MEM_H

#include <stddef.h>

#include "base/base_assert.h"

/* Both return NULL when memory is short. alloc leaves the contents undefined. */
WE_MUST_USE void *we_host_alloc(size_t size_bytes);
WE_MUST_USE void *we_host_zalloc(size_t size_bytes);
/* NULL is allowed. */
void we_host_free(void *memory);
/* Blocks that are allocated and not freed; exact when no other thread allocates. */
size_t we_host_mem_live_count(void);

#endif
