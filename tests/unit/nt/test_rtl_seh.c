/* SPDX-License-Identifier: MIT */
/* Structured exceptions in C: each clause of a guarded block, every way out of it, and what cannot be done is said. */
#include <wdm.h>

#include "seh_cases.h"
#include "support/child.h"
#include "wsk_emu/wsk_emu.h"

static void test_lower_case_words_of_C_mean_the_same(void **state)
{
    (void)state;
    s_trace = 0;
    try {
        try {
            step(1);
            if (s_trace == 1) {
                leave;
            }
            step(2);
        } finally {
            step(abnormal_termination() ? 3 : 4);
        }
        ExRaiseAccessViolation();
    }
    except(exception_code() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH)
    {
        step(exception_info()->ExceptionRecord->ExceptionCode == STATUS_ACCESS_VIOLATION ? 5 : 6);
    }
    assert_int_equal(s_trace, 145);
    assert_no_frame_is_left();
}

/* An entry of what was caught is used again for the same block of the same call, and only old ones make room. */
static void test_loop_of_raises_keeps_the_code_of_the_handler_around_it(void **state)
{
    ULONG i;

    (void)state;
    __try {
        raise_if(STATUS_INVALID_PARAMETER);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        for (i = 0; i < 100; i++) {
            __try {
                raise_if(STATUS_IO_TIMEOUT);
            } __except (EXCEPTION_EXECUTE_HANDLER) {
                assert_int_equal(GetExceptionCode(), STATUS_IO_TIMEOUT);
            }
        }
        assert_int_equal(GetExceptionCode(), STATUS_INVALID_PARAMETER);
    }
}

/* --- what ends the process --------------------------------------------------------------------------------------- */

static void part_leave_body(void)
{
    (void)wsk_emu_start(NULL);
    (void)leave_a_body_that_has_a_termination_block();
}

static void part_leave_ending(void)
{
    (void)wsk_emu_start(NULL);
    __try {
        (void)leave_a_termination_block();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        step(1);
    }
}

static void part_unhandled(void)
{
    (void)wsk_emu_start(NULL);
    ExRaiseStatus(STATUS_IO_TIMEOUT);
}

static void part_asked_outside(void)
{
    (void)wsk_emu_start(NULL);
    (void)wsk_emu_seh_caught(NULL, 1);
}

static const struct child_part s_parts[] = {
    { "leave_body", part_leave_body },
    { "leave_ending", part_leave_ending },
    { "unhandled", part_unhandled },
    { "outside", part_asked_outside },
    { NULL, NULL },
};

static void assert_stops_with(const char *part, const char *first, const char *second)
{
    struct child_result result;

    child_run(part, &result);
    assert_int_equal(result.exit_code, -1);
    assert_non_null(strstr(result.errors, first));
    assert_non_null(strstr(result.errors, second));
}

static void test_return_out_of_a_body_with_a_termination_block_stops_and_says_where(void **state)
{
    (void)state;
    assert_stops_with("leave_body", "seh_cases.h:", "its __finally block cannot run here");
}

static void test_return_out_of_a_termination_block_stops_and_says_where(void **state)
{
    (void)state;
    assert_stops_with("leave_ending", "seh_cases.h:", "has left the __finally block");
}

static void test_raise_that_nobody_handles_stops(void **state)
{
    (void)state;
    assert_stops_with("unhandled", "1E", "C00000B5");
}

static void test_question_outside_of_a_handler_stops_and_says_so(void **state)
{
    (void)state;
    assert_stops_with("outside", "GetExceptionCode", "outside of a filter or a handler");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SEH_CASES,
        wsk_emu_unit_test(test_lower_case_words_of_C_mean_the_same),
        wsk_emu_unit_test(test_loop_of_raises_keeps_the_code_of_the_handler_around_it),
        cmocka_unit_test(test_return_out_of_a_body_with_a_termination_block_stops_and_says_where),
        cmocka_unit_test(test_return_out_of_a_termination_block_stops_and_says_where),
        cmocka_unit_test(test_raise_that_nobody_handles_stops),
        cmocka_unit_test(test_question_outside_of_a_handler_stops_and_says_so),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
