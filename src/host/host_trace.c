/* SPDX-License-Identifier: MIT */
/* Call stacks: captured by following frame pointers, and written as text. */
#include "host/host_trace.h"

#include "host/host_stack.h"
#include "host/host_symbols.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Design note: on x86-64 and on AArch64 a function with a frame pointer leaves a record of two words
 * at the address in the frame pointer: the caller's frame pointer, then the return address. The chain
 * of records is followed without unwind tables, in about a nanosecond a frame.
 *
 * A function without frame pointer (most of a C library) uses the register for something else. Then
 * the word we take for a record may be anything, so each record must lie on this thread's stack, above
 * the one before it: memory that is certainly mapped. At worst a frame is missing or makes no sense. */

#if defined(__x86_64__)
#define RECORD_ALIGNMENT 16u
#else
#define RECORD_ALIGNMENT 8u
#endif

/* No code lies here: what would be a return address below this ends the walk. */
#define CODE_ADDRESS_MIN 4096u

/* Memcheck cannot know that a stale word is harmless here. It learns it from a request that costs a
 * few instructions, which only processes under Valgrind pay. */
#if defined(__has_include) && !defined(__cppcheck__) /* which does not know the operator */
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define IS_UNDER_VALGRIND() (RUNNING_ON_VALGRIND != 0)
#define MARK_DEFINED(object) ((void)VALGRIND_MAKE_MEM_DEFINED(&(object), sizeof(object)))
#endif
#endif
#ifndef IS_UNDER_VALGRIND
#define IS_UNDER_VALGRIND() false
#define MARK_DEFINED(object) ((void)(object))
#endif

/* The words of a record were written by the compiler's own code; to the address sanitizer they look
 * like red zones, to the thread sanitizer like unordered accesses. */
#define FOREIGN_STACK_READER __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))

struct frame_record {
    uintptr_t caller;
    uintptr_t return_address;
};

struct stack_cache {
    struct we_host_stack stack;
    bool is_filled;
    bool is_under_valgrind;
};

static _Thread_local struct stack_cache s_stack_cache;

__attribute__((noinline, cold)) static void stack_cache_fill(void)
{
    /* If the bounds cannot be found they stay empty, and a trace has its first frame only. */
    (void)we_host_stack_find(&s_stack_cache.stack);
    s_stack_cache.is_under_valgrind = IS_UNDER_VALGRIND();
    s_stack_cache.is_filled = true;
}

#if defined(__aarch64__)
/* Return addresses in memory may be signed. XPACLRI, which older processors take for a no-op, strips
 * the signature from the link register. */
static inline uintptr_t return_address_strip(uintptr_t address)
{
    register uintptr_t link __asm__("x30") = address;

    __asm__("hint #7" : "+r"(link));
    return link;
}
#else
static inline uintptr_t return_address_strip(uintptr_t address)
{
    return address;
}
#endif

/* Follows the records that lie above previous, starting with the one at address. Returns the number of
 * frames stored. Inlined twice, so that nobody outside Valgrind pays for the requests. */
FOREIGN_STACK_READER static inline __attribute__((always_inline)) unsigned records_follow(
    struct we_host_trace *trace, uintptr_t previous, uintptr_t address, uintptr_t highest, unsigned skip_count,
    bool is_under_valgrind)
{
    unsigned count = 0;

    while (count < WE_HOST_TRACE_DEPTH) {
        uintptr_t words[2];

        if (address <= previous || address > highest || address % RECORD_ALIGNMENT != 0) {
            break;
        }
        words[0] = ((const struct frame_record *)address)->caller;
        words[1] = ((const struct frame_record *)address)->return_address;
        if (is_under_valgrind) {
            MARK_DEFINED(words);
        }
        words[1] = return_address_strip(words[1]);
        if (words[1] < CODE_ADDRESS_MIN) {
            break;
        }
        if (skip_count > 0) {
            skip_count--;
        } else {
            trace->frames[count] = (void *)words[1];
            count++;
        }
        previous = address;
        address = words[0];
    }
    return count;
}

FOREIGN_STACK_READER __attribute__((noinline)) void we_host_trace_capture(struct we_host_trace *trace,
                                                                          unsigned skip_count)
{
    uintptr_t own = (uintptr_t)__builtin_frame_address(0);
    const struct stack_cache *cache = &s_stack_cache;
    unsigned count = 0;

    if (__builtin_expect(!cache->is_filled, 0)) {
        stack_cache_fill();
    }
    /* A stack that is not the thread's own (a signal stack, a coroutine) is not walked. */
    if (own >= cache->stack.low && own < cache->stack.high) {
        /* The first record is this function's own and leads to the one of our caller. */
        uintptr_t first = ((const struct frame_record *)own)->caller;
        uintptr_t highest = cache->stack.high - sizeof(struct frame_record);

        count = __builtin_expect(cache->is_under_valgrind, 0)
                    ? records_follow(trace, own, first, highest, skip_count, true)
                    : records_follow(trace, own, first, highest, skip_count, false);
    }
    if (count == 0) {
        trace->frames[count] = __builtin_extract_return_addr(__builtin_return_address(0));
        count++;
    }
    if (count < WE_HOST_TRACE_DEPTH) {
        trace->frames[count] = NULL;
    }
}

bool we_host_trace_is_same(const struct we_host_trace *one, const struct we_host_trace *other)
{
    size_t i;

    for (i = 0; i < WE_HOST_TRACE_DEPTH && one->frames[i] == other->frames[i]; i++) {
        if (one->frames[i] == NULL) {
            return true;
        }
    }
    return i == WE_HOST_TRACE_DEPTH;
}

/* --- text ------------------------------------------------------------------------------------- */

/* A frame may stand for several functions that were inlined into each other. */
#define LINE_COUNT_MAX 64u

struct line_list {
    const struct we_host_symbol *symbols[LINE_COUNT_MAX];
    void *addresses[LINE_COUNT_MAX];
    unsigned frame_indexes[LINE_COUNT_MAX];
    unsigned count;
};

static unsigned trace_frame_count(const struct we_host_trace *trace)
{
    unsigned count = 0;

    while (count < WE_HOST_TRACE_DEPTH && trace->frames[count] != NULL) {
        count++;
    }
    return count;
}

void we_host_trace_load(const struct we_host_trace *const *traces, unsigned count)
{
    void *addresses[4 * WE_HOST_TRACE_DEPTH] = { NULL };
    unsigned address_count = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned frame_count = traces[i] == NULL ? 0 : trace_frame_count(traces[i]);

        for (unsigned j = 0; j < frame_count && address_count < sizeof(addresses) / sizeof(addresses[0]); j++) {
            addresses[address_count++] = traces[i]->frames[j];
        }
    }
    we_host_symbols_load(addresses, address_count);
}

static void lines_collect(struct line_list *lines, const struct we_host_trace *trace)
{
    unsigned frame_count = trace_frame_count(trace);

    we_host_trace_load(&trace, 1);
    lines->count = 0;
    for (unsigned i = 0; i < frame_count; i++) {
        const struct we_host_symbol *symbol = we_host_symbols_find(trace->frames[i]);

        for (; symbol != NULL && lines->count < LINE_COUNT_MAX; symbol = symbol->inlined_into) {
            lines->symbols[lines->count] = symbol;
            lines->addresses[lines->count] = trace->frames[i];
            lines->frame_indexes[lines->count] = i;
            lines->count++;
        }
    }
}

static bool text_begins_with_one_of(const char *text, const char *const *beginnings)
{
    for (; *beginnings != NULL; beginnings++) {
        if (strncmp(text, *beginnings, strlen(*beginnings)) == 0) {
            return true;
        }
    }
    return false;
}

/* What calls main, a thread's first function or a test: known to everybody, of interest to nobody. */
static bool symbol_is_boring(const struct we_host_symbol *symbol)
{
    static const char *const modules[] = { "libc.",   "libc-",    "libpthread", "libcmocka",  "ld-linux", "libasan",
                                           "libtsan", "libubsan", "libdyld",    "libsystem_", "dyld",     NULL };
    static const char *const functions[] = {
        "_start",  "__libc_start", "start_thread", "clone",   "__clone", "asan_thread_start",
        "__asan_", "__tsan_",      "_cmocka_",     "cmocka_", NULL
    };

    return symbol->is_library || text_begins_with_one_of(symbol->module, modules) ||
           (symbol->function != NULL && text_begins_with_one_of(symbol->function, functions));
}

/* Finds the lines worth showing: all from the first that is not our own to the last that is not boring. */
static void lines_choose(const struct line_list *lines, unsigned *first, unsigned *end)
{
    *first = 0;
    *end = lines->count;
    while (*first < lines->count && lines->symbols[*first]->is_library) {
        (*first)++;
    }
    while (*end > *first && symbol_is_boring(lines->symbols[*end - 1])) {
        (*end)--;
    }
    if (*first == *end) {
        /* Nothing but ours: then that is the answer. */
        *first = 0;
        *end = lines->count;
    }
}

unsigned we_host_trace_library_depth(const struct we_host_trace *trace)
{
    struct line_list lines;
    unsigned first;
    unsigned end;

    lines_collect(&lines, trace);
    lines_choose(&lines, &first, &end);
    return lines.count == 0 ? 0 : lines.frame_indexes[first];
}

struct text_out {
    char *text;
    size_t size_bytes;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void text_append(struct text_out *out, const char *format, ...)
{
    va_list args;
    int length;

    if (out->length + 1 >= out->size_bytes) {
        return;
    }
    va_start(args, format);
    length = vsnprintf(out->text + out->length, out->size_bytes - out->length, format, args);
    va_end(args);
    if (length > 0) {
        out->length += (size_t)length;
        if (out->length >= out->size_bytes) {
            out->length = out->size_bytes - 1;
        }
    }
}

static void line_append(struct text_out *out, unsigned number, const struct we_host_symbol *symbol, void *address)
{
    const char *slash = symbol->file == NULL ? NULL : strrchr(symbol->file, '/');

    if (symbol->file != NULL) {
        text_append(out, "    #%u %s at %s:%u\n", number, symbol->function == NULL ? "?" : symbol->function,
                    slash == NULL ? symbol->file : slash + 1, symbol->line);
    } else if (symbol->function != NULL) {
        text_append(out, "    #%u %s in %s+0x%lx\n", number, symbol->function, symbol->module,
                    (unsigned long)symbol->module_offset);
    } else {
        text_append(out, "    #%u %p in %s+0x%lx\n", number, address, symbol->module,
                    (unsigned long)symbol->module_offset);
    }
}

size_t we_host_trace_format(const struct we_host_trace *trace, char *text, size_t size_bytes)
{
    struct text_out out = { text, size_bytes, 0 };
    struct line_list lines;
    unsigned first;
    unsigned end;

    if (size_bytes == 0) {
        return 0;
    }
    text[0] = '\0';
    lines_collect(&lines, trace);
    lines_choose(&lines, &first, &end);
    for (unsigned i = first; i < end; i++) {
        line_append(&out, i - first, lines.symbols[i], lines.addresses[i]);
    }
    return out.length;
}
