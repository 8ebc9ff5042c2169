/* SPDX-License-Identifier: MIT */
/* Counted allocation for the library's own objects: one door to the heap, one fault point. */
#ifndef WE_HOST_MEM_H
#define WE_HOST_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base_assert.h"

/* Both return NULL when memory is short. alloc leaves the contents undefined. */
WE_MUST_USE void *we_host_alloc(size_t size_bytes);
WE_MUST_USE void *we_host_zalloc(size_t size_bytes);
/* NULL is allowed. */
void we_host_free(void *memory);
#define WE_HOST_MEM_FAIL_ALL ((unsigned long)-1)
/* For tests of what happens when memory is short: allocation number index from now, counted from 1, fails. 0: none;
 * WE_HOST_MEM_FAIL_ALL: all, until it is called again. Returns whether the one that was asked for before has failed. */
bool we_host_mem_fail(unsigned long index);
/* Blocks that are allocated and not freed; exact when no other thread allocates. */
size_t we_host_mem_live_count(void);

#endif
