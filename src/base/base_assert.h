/* SPDX-License-Identifier: MIT */
/* Assertions about our own code: never compiled out, one condition each, no side effects. */
#ifndef WE_BASE_ASSERT_H
#define WE_BASE_ASSERT_H

/* Prints what failed and where, then aborts. Callable from any thread with any lock held. */
__attribute__((noreturn)) void we_base_panic(const char *file, int line, const char *what);

#define WE_ASSERT(condition) \
    (__builtin_expect(!!(condition), 1) ? (void)0 : we_base_panic(__FILE__, __LINE__, #condition))
#define WE_UNREACHABLE(what) we_base_panic(__FILE__, __LINE__, what)
#define WE_STATIC_ASSERT(condition, message) _Static_assert(condition, message)

#define WE_LIKELY(x) __builtin_expect(!!(x), 1)
#define WE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WE_MUST_USE __attribute__((warn_unused_result))
#define WE_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
/* The pointer argument with this number is only compared: what it points to may be uninitialised. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define WE_ADDRESS_ONLY(index) __attribute__((access(none, index)))
#else
#define WE_ADDRESS_ONLY(index)
#endif
#define WE_ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WE_CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
