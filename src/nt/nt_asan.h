/* SPDX-License-Identifier: MIT */
/* The address sanitizer's view of memory, as nothing at all in builds without it. */
#ifndef WE_NT_ASAN_H
#define WE_NT_ASAN_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WE_NT_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WE_NT_ASAN)
#define WE_NT_ASAN 1
#endif

#ifdef WE_NT_ASAN
#include <sanitizer/asan_interface.h>

static inline void we_nt_asan_poison(const void *memory, size_t size_bytes)
{
    __asan_poison_memory_region(memory, size_bytes);
}

static inline void we_nt_asan_unpoison(const void *memory, size_t size_bytes)
{
    __asan_unpoison_memory_region(memory, size_bytes);
}

static inline bool we_nt_asan_is_poisoned(const void *memory, size_t size_bytes)
{
    return __asan_region_is_poisoned((void *)(size_t)memory, size_bytes) != NULL;
}
#else
static inline void we_nt_asan_poison(const void *memory, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
}

static inline void we_nt_asan_unpoison(const void *memory, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
}

static inline bool we_nt_asan_is_poisoned(const void *memory, size_t size_bytes)
{
    (void)memory;
    (void)size_bytes;
    return false;
}
#endif

#endif
