/* SPDX-License-Identifier: MIT */
/* Tests of host_trace: what is captured, that damaged chains do no harm, and the text. */
#include "host/host_trace.h"

#include "host/host_log.h"
#include "host/host_mem.h"

#include "support/child.h"
#include "support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
/* Keeps the call before it from becoming a jump, which would take its frame away. */
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static unsigned trace_count(const struct we_host_trace *trace)
{
    unsigned count = 0;

    while (count < WE_HOST_TRACE_DEPTH && trace->frames[count] != NULL) {
        count++;
    }
    return count;
}

/* --- capture ---------------------------------------------------------------------------------- */

/* Calls itself depth times, noting its own return addresses, then captures. */
static NOINLINE void capture_at_depth(unsigned depth, struct we_host_trace *trace, unsigned skip_count,
                                      void **return_addresses)
{
    return_addresses[depth] = __builtin_return_address(0);
    if (depth == 0) {
        we_host_trace_capture(trace, skip_count);
    } else {
        capture_at_depth(depth - 1, trace, skip_count, return_addresses);
    }
    KEEP_FRAME();
}

static void test_capture_gives_return_addresses_innermost_first(void **state)
{
    void *return_addresses[4];
    struct we_host_trace trace;

    (void)state;
    capture_at_depth(3, &trace, 0, return_addresses);
    for (unsigned i = 0; i < 4; i++) {
        assert_ptr_equal(trace.frames[i], return_addresses[i]);
    }
    assert_true(trace_count(&trace) >= 4);
}

static void test_capture_with_skip_drops_innermost(void **state)
{
    void *return_addresses[4];
    struct we_host_trace trace;

    (void)state;
    capture_at_depth(3, &trace, 2, return_addresses);
    assert_ptr_equal(trace.frames[0], return_addresses[2]);
    assert_ptr_equal(trace.frames[1], return_addresses[3]);
}

static void test_capture_of_deep_stack_keeps_innermost(void **state)
{
    void *return_addresses[100];
    struct we_host_trace trace;

    (void)state;
    capture_at_depth(99, &trace, 0, return_addresses);
    assert_int_equal(trace_count(&trace), WE_HOST_TRACE_DEPTH);
    for (unsigned i = 0; i < WE_HOST_TRACE_DEPTH; i++) {
        assert_ptr_equal(trace.frames[i], return_addresses[i]);
    }
}

static void test_is_same_ignores_what_stands_behind_the_end(void **state)
{
    static int places[3];
    struct we_host_trace one = { .frames = { &places[0], &places[1], NULL, &places[2] } };
    struct we_host_trace other = { .frames = { &places[0], &places[1], NULL, &places[1] } };

    (void)state;
    assert_true(we_host_trace_is_same(&one, &other));
    other.frames[2] = &places[2];
    assert_false(we_host_trace_is_same(&one, &other));
    other.frames[1] = NULL;
    assert_false(we_host_trace_is_same(&one, &other));
    assert_false(we_host_trace_is_same(&other, &one));
}

static void test_is_same_compares_full_stacks(void **state)
{
    static int places[WE_HOST_TRACE_DEPTH + 1];
    struct we_host_trace one;
    struct we_host_trace other;
    size_t i;

    (void)state;
    for (i = 0; i < WE_HOST_TRACE_DEPTH; i++) {
        one.frames[i] = &places[i];
        other.frames[i] = &places[i];
    }
    assert_true(we_host_trace_is_same(&one, &other));
    other.frames[WE_HOST_TRACE_DEPTH - 1] = &places[WE_HOST_TRACE_DEPTH];
    assert_false(we_host_trace_is_same(&one, &other));
}

static void test_capture_skipping_everything_still_gives_a_frame(void **state)
{
    struct we_host_trace trace;

    (void)state;
    memset(&trace, 0xff, sizeof(trace));
    we_host_trace_capture(&trace, 100000);
    assert_int_equal(trace_count(&trace), 1);
}

static void *capture_in_thread(void *context)
{
    void *return_addresses[4];

    capture_at_depth(3, context, 0, return_addresses);
    return ((struct we_host_trace *)context)->frames[3] == return_addresses[3] ? context : NULL;
}

static void test_capture_works_in_every_thread(void **state)
{
    struct we_host_trace traces[8];
    pthread_t threads[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, capture_in_thread, &traces[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &traces[i]);
    }
}

static struct we_host_trace s_signal_trace;

static void signal_capture(int number)
{
    (void)number;
    we_host_trace_capture(&s_signal_trace, 0);
    KEEP_FRAME();
}

static void test_capture_on_signal_stack_does_no_harm(void **state)
{
    static char signal_stack[65536];
    stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
    struct sigaction action = { .sa_handler = signal_capture, .sa_flags = SA_ONSTACK };
    struct sigaction old_action;
    stack_t old_stack;

    (void)state;
    assert_int_equal(sigaltstack(&stack, &old_stack), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, &old_action), 0);
    memset(&s_signal_trace, 0, sizeof(s_signal_trace));
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(trace_count(&s_signal_trace), 1);
    assert_int_equal(sigaction(SIGUSR1, &old_action, NULL), 0);
    assert_int_equal(sigaltstack(&old_stack, NULL), 0);
}

#if defined(__x86_64__)
/* A function that, like code without frame pointers, keeps something else in the register. Its name is said to the
 * compiler as well, since some systems put an underscore in front of C's names. */
void call_with_frame_pointer(void (*fn)(void), uintptr_t frame_pointer) __asm__("call_with_frame_pointer");
__asm__(".text\n"
        "call_with_frame_pointer:\n"
        "    pushq %rbp\n"
        "    movq %rsi, %rbp\n"
        "    call *%rdi\n"
        "    popq %rbp\n"
        "    ret\n");

static struct we_host_trace s_odd_trace;

static NOINLINE void odd_capture(void)
{
    we_host_trace_capture(&s_odd_trace, 0);
    KEEP_FRAME();
}

static void test_capture_through_function_without_frame_pointer_does_no_harm(void **state)
{
    /* On the stack, above everything that the calls below use. */
    _Alignas(16) uintptr_t record[4];
    const uintptr_t pointers[] = {
        0,
        1,
        16,
        (uintptr_t)record + 8,          /* not aligned */
        (uintptr_t)record & 0xffff,     /* too low */
        (uintptr_t)record - 0x10000000, /* below the stack, hardly mapped */
        (uintptr_t)record + 0x10000000, /* above the stack */
        UINTPTR_MAX,
        UINTPTR_MAX & ~(uintptr_t)15,
        (uintptr_t)record,
    };

    (void)state;
    /* A chain that turns back, with an address that is no code. */
    record[0] = (uintptr_t)record;
    record[1] = 0x41414141;
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        memset(&s_odd_trace, 0xff, sizeof(s_odd_trace));
        call_with_frame_pointer(odd_capture, pointers[i]);
        /* The frame of odd_capture is good, so its return address is always there. */
        assert_in_range((uintptr_t)s_odd_trace.frames[0], (uintptr_t)call_with_frame_pointer,
                        (uintptr_t)call_with_frame_pointer + 16);
        assert_true(trace_count(&s_odd_trace) <= 2);
    }
    assert_ptr_equal(s_odd_trace.frames[1], (void *)0x41414141);
}
#endif

/* --- text ------------------------------------------------------------------------------------- */

static NOINLINE void DriverInner(struct we_host_trace *trace)
{
    we_host_trace_capture(trace, 0);
    KEEP_FRAME();
}

static int s_call_line;

static NOINLINE void DriverOuter(struct we_host_trace *trace)
{
    s_call_line = __LINE__ + 1;
    DriverInner(trace);
    KEEP_FRAME();
}

static void check_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", part, text);
    }
}

static void test_format_names_function_file_and_line_of_calls(void **state)
{
    struct we_host_trace trace;
    char text[4096];
    char expected[128];
    size_t length;

    (void)state;
    DriverOuter(&trace);
    length = we_host_trace_format(&trace, text, sizeof(text));
    assert_int_equal(length, strlen(text));
    (void)snprintf(expected, sizeof(expected), "    #0 DriverOuter at test_host_trace.c:%d\n", s_call_line);
    check_contains(text, expected);
    check_contains(text, "    #1 test_format_names_function_file_and_line_of_calls at test_host_trace.c:");
    /* What runs the tests is cut off. */
    assert_null(strstr(text, "cmocka"));
    assert_null(strstr(text, "libc"));
}

static void test_format_again_gives_the_same_text(void **state)
{
    struct we_host_trace trace;
    char first[4096];
    char second[4096];

    (void)state;
    DriverOuter(&trace);
    (void)we_host_trace_format(&trace, first, sizeof(first));
    (void)we_host_trace_format(&trace, second, sizeof(second));
    assert_string_equal(first, second);
}

/* An address inside one of the library's functions, as a return address would be. */
static void *address_inside(uintptr_t function)
{
    return (void *)(function + 2);
}

static void test_format_leaves_out_library_frames_at_the_inner_end_only(void **state)
{
    struct we_host_trace driver;
    struct we_host_trace trace = { { NULL } };
    char text[4096];

    (void)state;
    DriverOuter(&driver);
    trace.frames[0] = address_inside((uintptr_t)&we_host_alloc);
    trace.frames[1] = address_inside((uintptr_t)&we_host_logv);
    trace.frames[2] = driver.frames[0];
    trace.frames[3] = address_inside((uintptr_t)&we_host_free);
    trace.frames[4] = driver.frames[1];
    assert_int_equal(we_host_trace_library_depth(&trace), 2);
    (void)we_host_trace_format(&trace, text, sizeof(text));
    check_contains(text, "    #0 DriverOuter");
    check_contains(text, "    #1 we_host_free");
    assert_null(strstr(text, "we_host_alloc"));
    assert_null(strstr(text, "we_host_logv"));
}

static void test_format_of_library_frames_alone_shows_them(void **state)
{
    struct we_host_trace trace = { { NULL } };
    char text[1024];

    (void)state;
    trace.frames[0] = address_inside((uintptr_t)&we_host_free);
    assert_int_equal(we_host_trace_library_depth(&trace), 0);
    (void)we_host_trace_format(&trace, text, sizeof(text));
    check_contains(text, "    #0 we_host_free");
}

static void test_format_of_address_in_no_module_shows_the_number(void **state)
{
    struct we_host_trace trace = { { (void *)0x41414141 } };
    char text[1024];

    (void)state;
    (void)we_host_trace_format(&trace, text, sizeof(text));
    check_contains(text, "    #0 0x41414141 in ?");
}

static void test_format_of_empty_trace_writes_nothing(void **state)
{
    struct we_host_trace trace = { { NULL } };
    char text[16] = "before";

    (void)state;
    assert_int_equal(we_host_trace_format(&trace, text, sizeof(text)), 0);
    assert_string_equal(text, "");
    assert_int_equal(we_host_trace_format(&trace, NULL, 0), 0);
}

static void test_format_into_small_buffer_cuts(void **state)
{
    struct we_host_trace trace;
    char text[4096];
    char all[4096];

    (void)state;
    DriverOuter(&trace);
    (void)we_host_trace_format(&trace, all, sizeof(all));
    for (size_t size = 1; size < 60; size++) {
        memset(text, 'x', sizeof(text));
        assert_int_equal(we_host_trace_format(&trace, text, size), size - 1);
        assert_int_equal(strlen(text), size - 1);
        assert_memory_equal(text, all, size - 1);
        assert_int_equal(text[size], 'x');
    }
}

static void test_format_of_several_traces_loaded_together_names_all(void **state)
{
    struct we_host_trace a;
    struct we_host_trace b;
    const struct we_host_trace *traces[] = { &a, NULL, &b };
    char text[4096];

    (void)state;
    DriverOuter(&a);
    DriverInner(&b);
    we_host_trace_load(traces, 3);
    (void)we_host_trace_format(&b, text, sizeof(text));
    check_contains(text, "    #0 test_format_of_several_traces_loaded_together_names_all at ");
}

static void part_no_symboliser(void)
{
    struct we_host_trace trace;
    char text[4096];

    (void)setenv("PATH", "/nonexistent", 1);
    DriverOuter(&trace);
    (void)we_host_trace_format(&trace, text, sizeof(text));
    (void)fputs(text, stderr);
}

static void test_format_without_symboliser_gives_module_and_offset(void **state)
{
    struct child_result result;

    (void)state;
    child_run("no_symboliser", &result);
    assert_int_equal(result.exit_code, 0);
    assert_memory_equal(result.errors, "    #0 ", 7);
    check_contains(result.errors, " in test_host_trace+0x");
    assert_null(strstr(result.errors, "test_host_trace.c:"));
}

static void test_format_leaves_no_descriptor_open(void **state)
{
    struct we_host_trace trace = { { address_inside((uintptr_t)&we_host_mem_live_count) } };
    char text[1024];
    int before = dup(STDERR_FILENO);
    int after;

    (void)state;
    assert_int_equal(close(before), 0);
    (void)we_host_trace_format(&trace, text, sizeof(text));
    after = dup(STDERR_FILENO);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_capture_gives_return_addresses_innermost_first),
    cmocka_unit_test(test_capture_with_skip_drops_innermost),
    cmocka_unit_test(test_capture_of_deep_stack_keeps_innermost),
    cmocka_unit_test(test_is_same_ignores_what_stands_behind_the_end),
    cmocka_unit_test(test_is_same_compares_full_stacks),
    cmocka_unit_test(test_capture_skipping_everything_still_gives_a_frame),
    cmocka_unit_test(test_capture_works_in_every_thread),
    cmocka_unit_test(test_capture_on_signal_stack_does_no_harm),
#if defined(__x86_64__)
    cmocka_unit_test(test_capture_through_function_without_frame_pointer_does_no_harm),
#endif
    cmocka_unit_test(test_format_names_function_file_and_line_of_calls),
    cmocka_unit_test(test_format_again_gives_the_same_text),
    cmocka_unit_test(test_format_leaves_out_library_frames_at_the_inner_end_only),
    cmocka_unit_test(test_format_of_library_frames_alone_shows_them),
    cmocka_unit_test(test_format_of_address_in_no_module_shows_the_number),
    cmocka_unit_test(test_format_of_empty_trace_writes_nothing),
    cmocka_unit_test(test_format_into_small_buffer_cuts),
    cmocka_unit_test(test_format_of_several_traces_loaded_together_names_all),
    cmocka_unit_test(test_format_without_symboliser_gives_module_and_offset),
    cmocka_unit_test(test_format_leaves_no_descriptor_open),
};

int main(int argc, char **argv)
{
    static const struct child_part parts[] = { { "no_symboliser", part_no_symboliser }, { NULL, NULL } };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
