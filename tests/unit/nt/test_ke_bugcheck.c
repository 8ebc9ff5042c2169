/* SPDX-License-Identifier: MIT */
/* Tests the end of the system: what is printed, the hook, and the abort, each stop in a process of its own. */
#include <wdm.h>

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nt/ke_bugcheck.h"
#include "support/emu_fixture.h"

/* A stop ends the process, so its body runs in a new one: this program, started again with the name of the body. */

extern char **environ;

static const char *s_program;

struct outcome {
    int status; /* as waitpid gives it */
    CHAR text[16384];
};

static void pipe_read(int descriptor, CHAR *text, size_t size_bytes)
{
    size_t length = 0;
    ssize_t count;

    while (length < size_bytes - 1 && (count = read(descriptor, text + length, size_bytes - 1 - length)) > 0) {
        length += (size_t)count;
    }
    text[length] = 0;
}

static void body_run(const char *name, struct outcome *outcome)
{
    char *arguments[] = { (char *)(ULONG_PTR)s_program, (char *)(ULONG_PTR)name, NULL };
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
    assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[1]), 0);
    assert_int_equal(posix_spawn(&child, s_program, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    pipe_read(ends[0], outcome->text, sizeof(outcome->text));
    close(ends[0]);
    assert_int_equal(waitpid(child, &outcome->status, 0), child);
}

static void assert_aborted(const struct outcome *outcome)
{
    assert_true(WIFSIGNALED(outcome->status));
    assert_int_equal(WTERMSIG(outcome->status), SIGABRT);
}

static void assert_says(const struct outcome *outcome, const char *words)
{
    if (strstr(outcome->text, words) == NULL) {
        print_error("\"%s\" is not in:\n%s\n", words, outcome->text);
    }
    assert_non_null(strstr(outcome->text, words));
}

/* --- bodies ------------------------------------------------------------------------------ */

static void body_stop(void)
{
    KIRQL old_irql;

    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, 0x1234, 2, 0xFFFFAB00DEADBEEF, 4);
}

static void body_stop_without_parameters(void)
{
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}

static void body_stop_with_a_code_of_the_driver(void)
{
    KeBugCheckEx(0xDEAD0001, 1, 0, 0, 0);
}

static void hook_that_returns(ULONG code, const ULONG_PTR parameters[4], const char *text)
{
    fprintf(stderr, "hook: 0x%X 0x%llX %d\n", (unsigned)code, (unsigned long long)parameters[0],
            strstr(text, "BAD_POOL_CALLER") != NULL);
}

static void body_stop_with_hook(void)
{
    we_ke_bugcheck_set_hook(hook_that_returns);
    KeBugCheckEx(BAD_POOL_CALLER, 7, 0, 0, 0);
}

static void hook_that_stops_again(ULONG code, const ULONG_PTR parameters[4], const char *text)
{
    (void)code;
    (void)parameters;
    (void)text;
    we_ke_bugcheck_set_hook(NULL);
    KeBugCheck(REFERENCE_BY_POINTER);
}

static void body_stop_in_the_hook(void)
{
    we_ke_bugcheck_set_hook(hook_that_stops_again);
    KeBugCheck(BAD_POOL_CALLER);
}

static void body_breakpoint(void)
{
    DbgBreakPoint();
}

static void body_fail_fast(void)
{
    RtlFailFast(FAST_FAIL_INVALID_REFERENCE_COUNT);
}

static void body_list_corruption(void)
{
    LIST_ENTRY head;
    LIST_ENTRY entry;
    LIST_ENTRY other;

    InitializeListHead(&head);
    InsertTailList(&head, &entry);
    InsertTailList(&head, &other);
    RemoveEntryList(&entry);
    RemoveEntryList(&entry);
}

struct body {
    const char *name;
    void (*run)(void);
};

static const struct body bodies[] = {
    { "stop", body_stop },
    { "stop_without_parameters", body_stop_without_parameters },
    { "stop_with_a_code_of_the_driver", body_stop_with_a_code_of_the_driver },
    { "stop_with_hook", body_stop_with_hook },
    { "stop_in_the_hook", body_stop_in_the_hook },
    { "breakpoint", body_breakpoint },
    { "fail_fast", body_fail_fast },
    { "list_corruption", body_list_corruption },
};

static int body_main(const char *name)
{
    for (unsigned i = 0; i < RTL_NUMBER_OF(bodies); i++) {
        if (strcmp(bodies[i].name, name) == 0 && emu_setup(NULL) == 0) {
            bodies[i].run();
        }
    }
    return 1; /* no body, or one that came back */
}

/* --- tests ------------------------------------------------------------------------------- */

static struct outcome s_outcome;

static void test_bugcheck_prints_name_parameters_context_and_stack(void **state)
{
    (void)state;
    body_run("stop", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "BUGCHECK 0x00000044 MULTIPLE_IRP_COMPLETE_REQUESTS");
    assert_says(&s_outcome, "(0x0000000000001234, 0x0000000000000002, 0xFFFFAB00DEADBEEF, 0x0000000000000004)");
    assert_says(&s_outcome, "DISPATCH_LEVEL");
    assert_says(&s_outcome, "#0 ");
}

static void test_bugcheck_without_parameters_prints_zeros(void **state)
{
    (void)state;
    body_run("stop_without_parameters", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "0x000000E2 MANUALLY_INITIATED_CRASH");
    assert_says(&s_outcome, "(0x0000000000000000, 0x0000000000000000,");
}

static void test_bugcheck_with_an_unknown_code_prints_the_code(void **state)
{
    (void)state;
    body_run("stop_with_a_code_of_the_driver", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "0xDEAD0001 unknown bug check");
}

static void test_bugcheck_calls_the_hook_then_aborts(void **state)
{
    (void)state;
    body_run("stop_with_hook", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "hook: 0xC2 0x7 1");
}

static void test_bugcheck_in_the_hook_is_printed_and_aborts(void **state)
{
    (void)state;
    body_run("stop_in_the_hook", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "BAD_POOL_CALLER");
    assert_says(&s_outcome, "REFERENCE_BY_POINTER");
}

static void test_breakpoint_without_a_debugger_stops(void **state)
{
    (void)state;
    body_run("breakpoint", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "0x0000001E KMODE_EXCEPTION_NOT_HANDLED");
    assert_says(&s_outcome, "(0x0000000080000003,");
}

static void test_fail_fast_stops_with_its_code(void **state)
{
    (void)state;
    body_run("fail_fast", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "0x00000139 KERNEL_SECURITY_CHECK_FAILURE");
    assert_says(&s_outcome, "(0x000000000000000E,");
}

static void test_unexpected_list_corruption_is_reported_and_stops(void **state)
{
    (void)state;
    body_run("list_corruption", &s_outcome);
    assert_aborted(&s_outcome);
    assert_says(&s_outcome, "RTL-002 list-corruption");
    assert_says(&s_outcome, "0x00000139 KERNEL_SECURITY_CHECK_FAILURE");
    assert_says(&s_outcome, "(0x0000000000000003,");
}

static jmp_buf s_jump;
static ULONG s_code;

static void hook_that_jumps(ULONG code, const ULONG_PTR parameters[4], const char *text)
{
    (void)parameters;
    (void)text;
    s_code = code;
    longjmp(s_jump, 1);
}

/* The test kit stays in the process: more than one stop must be possible. */
static void test_bugcheck_hook_may_leave_by_longjmp(void **state)
{
    (void)state;
    assert_int_equal(emu_setup(NULL), 0);
    we_ke_bugcheck_set_hook(hook_that_jumps);
    if (setjmp(s_jump) == 0) {
        KeBugCheck(BAD_POOL_CALLER);
    }
    assert_int_equal(s_code, BAD_POOL_CALLER);
    if (setjmp(s_jump) == 0) {
        KeBugCheck(REFERENCE_BY_POINTER);
    }
    assert_int_equal(s_code, REFERENCE_BY_POINTER);
    we_ke_bugcheck_set_hook(NULL);
    assert_int_equal(emu_teardown(NULL), 0);
}

static void test_bugcheck_name_knows_the_documented_codes(void **state)
{
    (void)state;
    assert_string_equal(we_ke_bugcheck_name(IRQL_NOT_LESS_OR_EQUAL), "IRQL_NOT_LESS_OR_EQUAL");
    assert_string_equal(we_ke_bugcheck_name(0xC4), "DRIVER_VERIFIER_DETECTED_VIOLATION");
    assert_string_equal(we_ke_bugcheck_name(THREAD_TERMINATE_HELD_MUTEX), "THREAD_TERMINATE_HELD_MUTEX");
    assert_string_equal(we_ke_bugcheck_name(0x12345678), "unknown bug check");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bugcheck_prints_name_parameters_context_and_stack),
        cmocka_unit_test(test_bugcheck_without_parameters_prints_zeros),
        cmocka_unit_test(test_bugcheck_with_an_unknown_code_prints_the_code),
        cmocka_unit_test(test_bugcheck_calls_the_hook_then_aborts),
        cmocka_unit_test(test_bugcheck_in_the_hook_is_printed_and_aborts),
        cmocka_unit_test(test_breakpoint_without_a_debugger_stops),
        cmocka_unit_test(test_fail_fast_stops_with_its_code),
        cmocka_unit_test(test_unexpected_list_corruption_is_reported_and_stops),
        cmocka_unit_test(test_bugcheck_hook_may_leave_by_longjmp),
        cmocka_unit_test(test_bugcheck_name_knows_the_documented_codes),
    };

    s_program = argv[0];
    if (argc > 1) {
        return body_main(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
