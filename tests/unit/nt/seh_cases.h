/* SPDX-License-Identifier: MIT */
/* Guarded blocks as drivers write them, clause by clause. Compiled as C and as C++: every function is called by
 * test_rtl_seh.c and by test_cxx_seh.cpp, with the same expectations. */
#ifndef WE_TEST_SEH_CASES_H
#define WE_TEST_SEH_CASES_H

#include "wsk_emu/cmocka.h"

/* Variables that a body changes are volatile, because this file is compiled with optimization too. */

static volatile LONG s_trace; /* a decimal digit for each step, in the order in which they happen */

static void step(LONG digit)
{
    s_trace = s_trace * 10 + digit;
}

/* The thread's list of frames is empty: a raise would find no block of an earlier function. */
static void assert_no_frame_is_left(void)
{
    assert_null(wsk_emu_seh_swap(NULL));
}

/* Not known to return or not: as any function that a body calls. */
static void raise_if(NTSTATUS status)
{
    if (!NT_SUCCESS(status)) {
        ExRaiseStatus(status);
    }
}

static void test_body_that_does_not_raise_skips_the_handler(void **state)
{
    (void)state;
    s_trace = 0;
    __try {
        step(1);
        raise_if(STATUS_SUCCESS);
        step(2);
    } __except (step(3), EXCEPTION_EXECUTE_HANDLER) {
        step(4);
    }
    step(5);
    assert_int_equal(s_trace, 125);
    assert_no_frame_is_left();
}

static void test_raise_runs_the_filter_and_then_the_handler(void **state)
{
    NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    s_trace = 0;
    __try {
        step(1);
        raise_if(STATUS_IO_TIMEOUT);
        step(2);
    } __except (step(3), EXCEPTION_EXECUTE_HANDLER) {
        step(4);
        code = GetExceptionCode();
    }
    assert_int_equal(s_trace, 134);
    assert_int_equal(code, STATUS_IO_TIMEOUT);
    assert_no_frame_is_left();
}

static int filter_of(NTSTATUS code, PEXCEPTION_POINTERS pointers, NTSTATUS wanted)
{
    assert_int_equal(pointers->ExceptionRecord->ExceptionCode, code);
    assert_int_equal(pointers->ExceptionRecord->ExceptionFlags, EXCEPTION_NONCONTINUABLE);
    assert_int_equal(pointers->ExceptionRecord->NumberParameters, 0);
    assert_non_null(pointers->ExceptionRecord->ExceptionAddress);
    assert_null(pointers->ContextRecord);
    return code == wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

static void test_filter_that_continues_the_search_leaves_it_to_the_block_outside(void **state)
{
    NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    s_trace = 0;
    __try {
        __try {
            step(1);
            raise_if(STATUS_ACCESS_VIOLATION);
        } __except (filter_of(GetExceptionCode(), GetExceptionInformation(), STATUS_IO_TIMEOUT)) {
            step(2);
        }
        step(3);
    } __except (filter_of(GetExceptionCode(), GetExceptionInformation(), STATUS_ACCESS_VIOLATION)) {
        step(4);
        code = GetExceptionCode();
    }
    assert_int_equal(s_trace, 14);
    assert_int_equal(code, STATUS_ACCESS_VIOLATION);
    assert_no_frame_is_left();
}

/* Nothing that raises here can be continued, and Windows says so by another exception. */
static void test_filter_that_continues_execution_is_answered_with_another_exception(void **state)
{
    NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    __try {
        __try {
            raise_if(STATUS_ACCESS_VIOLATION);
        } __except (EXCEPTION_CONTINUE_EXECUTION) {
            fail();
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    assert_int_equal(code, STATUS_NONCONTINUABLE_EXCEPTION);
    assert_no_frame_is_left();
}

static void test_raise_in_a_handler_and_in_a_filter_goes_outwards(void **state)
{
    (void)state;
    s_trace = 0;
    __try {
        __try {
            __try {
                raise_if(STATUS_ACCESS_VIOLATION);
            } __except (raise_if(STATUS_INVALID_PARAMETER), EXCEPTION_EXECUTE_HANDLER) {
                step(1);
            }
        } __except (GetExceptionCode() == STATUS_INVALID_PARAMETER) {
            step(2);
            ExRaiseStatus(GetExceptionCode() + 1);
        }
    } __except (GetExceptionCode() == STATUS_INVALID_PARAMETER + 1) {
        step(3);
    }
    assert_int_equal(s_trace, 23);
    assert_no_frame_is_left();
}

/* What GetExceptionCode answers belongs to the handler around it, whatever was handled since. */
static NTSTATUS handle_within_a_handler(ULONG depth)
{
    NTSTATUS code = STATUS_SUCCESS;

    __try {
        ExRaiseStatus((NTSTATUS)(0xE0000000U | depth));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        __try {
            raise_if(STATUS_IO_TIMEOUT);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            assert_int_equal(GetExceptionCode(), STATUS_IO_TIMEOUT);
        }
        if (depth != 0) {
            assert_int_equal(handle_within_a_handler(depth - 1) & 0xFF, depth - 1);
        }
        code = GetExceptionCode();
        assert_int_equal(GetExceptionInformation()->ExceptionRecord->ExceptionCode, code);
    }
    return code;
}

static void test_handler_keeps_its_code_while_others_are_handled_within_it(void **state)
{
    (void)state;
    assert_int_equal(handle_within_a_handler(3) & 0xFF, 3);
    assert_no_frame_is_left();
}

static void test_termination_block_runs_at_the_end_of_the_body(void **state)
{
    (void)state;
    s_trace = 0;
    __try {
        step(1);
    } __finally {
        step(AbnormalTermination() ? 2 : 3);
    }
    step(4);
    assert_int_equal(s_trace, 134);
    assert_no_frame_is_left();
}

static void test_termination_blocks_run_innermost_first_before_the_handler(void **state)
{
    (void)state;
    s_trace = 0;
    __try {
        __try {
            __try {
                step(1);
                raise_if(STATUS_IO_TIMEOUT);
                step(2);
            } __finally {
                step(AbnormalTermination() ? 3 : 4);
            }
            step(5);
        } __finally {
            step(AbnormalTermination() ? 6 : 7);
        }
        step(8);
    } __except (GetExceptionCode() == STATUS_IO_TIMEOUT) {
        step(9);
    }
    assert_int_equal(s_trace, 1369);
    assert_no_frame_is_left();
}

static void test_raise_in_a_termination_block_replaces_the_first(void **state)
{
    NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    __try {
        __try {
            raise_if(STATUS_IO_TIMEOUT);
        } __finally {
            raise_if(STATUS_INVALID_PARAMETER);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    assert_int_equal(code, STATUS_INVALID_PARAMETER);
    assert_no_frame_is_left();
}

static void test_leave_ends_the_body_from_within_loops_and_blocks(void **state)
{
    ULONG i;

    (void)state;
    s_trace = 0;
    __try {
        for (i = 0; i < 3; i++) {
            __try {
                switch (i) {
                case 0:
                    __leave;
                default:
                    break;
                }
                step(1);
            } __finally {
                step(AbnormalTermination() ? 2 : 3);
            }
            if (i == 1) {
                __leave;
            }
        }
        step(4);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        step(5);
    }
    step(6);
    assert_int_equal(s_trace, 3136);
    assert_no_frame_is_left();
}

static int return_from(ULONG where)
{
    __try {
        __try {
            if (where == 0) {
                return 10;
            }
            raise_if(STATUS_IO_TIMEOUT);
        } __except (where == 2 ? EXCEPTION_CONTINUE_SEARCH : EXCEPTION_EXECUTE_HANDLER) {
            if (where == 1) {
                return 11;
            }
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return 12;
    }
    return 13;
}

static void test_return_out_of_body_and_handler_leaves_no_frame(void **state)
{
    (void)state;
    assert_int_equal(return_from(0), 10);
    assert_no_frame_is_left();
    assert_int_equal(return_from(1), 11);
    assert_no_frame_is_left();
    assert_int_equal(return_from(2), 12);
    assert_no_frame_is_left();
    assert_int_equal(return_from(3), 13);
    assert_no_frame_is_left();
}

/* Body and handler lie in no loop of ours, so the words mean the driver's own loop. */
static void test_break_and_continue_mean_the_loop_around_the_block(void **state)
{
    ULONG i;

    (void)state;
    s_trace = 0;
    for (i = 1; i < 9; i++) {
        __try {
            if (i == 1) {
                continue;
            }
            if (i == 3) {
                break;
            }
            step((LONG)i);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            step(9);
        }
        step(7);
    }
    assert_int_equal(i, 3);
    assert_int_equal(s_trace, 27);
    assert_no_frame_is_left();

    s_trace = 0;
    for (i = 1; i < 9; i++) {
        __try {
            raise_if(STATUS_IO_TIMEOUT);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            if (i == 1) {
                continue;
            }
            if (i == 3) {
                break;
            }
            step((LONG)i);
        }
        step(7);
    }
    assert_int_equal(i, 3);
    assert_int_equal(s_trace, 27);
    assert_no_frame_is_left();
}

static void test_break_in_a_block_ends_the_case_around_it(void **state)
{
    volatile ULONG which = 1;

    (void)state;
    s_trace = 0;
    switch (which) {
    case 1:
        __try {
            step(1);
            break;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            step(2);
        }
        step(3);
        break;
    default:
        step(4);
        break;
    }
    assert_int_equal(s_trace, 1);
    assert_no_frame_is_left();
}

static void test_goto_leaves_a_body_and_a_handler(void **state)
{
    volatile ULONG round = 0;

    (void)state;
    s_trace = 0;
again:
    __try {
        __try {
            if (round == 0) {
                goto out;
            }
            raise_if(STATUS_IO_TIMEOUT);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            step(1);
            goto out;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        step(2);
    }
    step(3);
out:
    assert_no_frame_is_left();
    step(4);
    round = round + 1;
    if (round < 2) {
        goto again;
    }
    assert_int_equal(s_trace, 414);
}

/* An else that follows belongs to the driver's own if. */
static void test_block_is_one_statement(void **state)
{
    volatile BOOLEAN yes = TRUE;

    (void)state;
    s_trace = 0;
    if (!yes)
        __try {
            step(1);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            step(2);
        }
    else
        step(3);
    if (yes)
        __try {
            step(4);
        } __finally {
            step(5);
        }
    else
        step(6);
    assert_int_equal(s_trace, 345);
}

static void raise_through_blocks(void)
{
    __try {
        __try {
            ExRaiseDatatypeMisalignment();
        } __except (EXCEPTION_CONTINUE_SEARCH) {
            step(1);
        }
    } __finally {
        step(2);
    }
}

static void test_raise_crosses_functions_and_their_termination_blocks(void **state)
{
    NTSTATUS code = STATUS_SUCCESS;

    (void)state;
    s_trace = 0;
    __try {
        raise_through_blocks();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    assert_int_equal(code, STATUS_DATATYPE_MISALIGNMENT);
    assert_int_equal(s_trace, 2);
    assert_no_frame_is_left();
}

#define SEH_CASES                                                                                                 \
    wsk_emu_unit_test(test_body_that_does_not_raise_skips_the_handler),                                           \
        wsk_emu_unit_test(test_raise_runs_the_filter_and_then_the_handler),                                       \
        wsk_emu_unit_test(test_filter_that_continues_the_search_leaves_it_to_the_block_outside),                  \
        wsk_emu_unit_test(test_filter_that_continues_execution_is_answered_with_another_exception),               \
        wsk_emu_unit_test(test_raise_in_a_handler_and_in_a_filter_goes_outwards),                                 \
        wsk_emu_unit_test(test_handler_keeps_its_code_while_others_are_handled_within_it),                        \
        wsk_emu_unit_test(test_termination_block_runs_at_the_end_of_the_body),                                    \
        wsk_emu_unit_test(test_termination_blocks_run_innermost_first_before_the_handler),                        \
        wsk_emu_unit_test(test_raise_in_a_termination_block_replaces_the_first),                                  \
        wsk_emu_unit_test(test_leave_ends_the_body_from_within_loops_and_blocks),                                 \
        wsk_emu_unit_test(test_return_out_of_body_and_handler_leaves_no_frame),                                   \
        wsk_emu_unit_test(test_break_and_continue_mean_the_loop_around_the_block),                                \
        wsk_emu_unit_test(test_break_in_a_block_ends_the_case_around_it),                                         \
        wsk_emu_unit_test(test_goto_leaves_a_body_and_a_handler), wsk_emu_unit_test(test_block_is_one_statement), \
        wsk_emu_unit_test(test_raise_crosses_functions_and_their_termination_blocks)

/* --- what ends the process --------------------------------------------------------------------------------------- */

static int leave_a_body_that_has_a_termination_block(void)
{
    __try {
        return 1;
    } __finally {
        step(1);
    }
    return 2;
}

static int leave_a_termination_block(void)
{
    __try {
        raise_if(STATUS_IO_TIMEOUT);
    } __finally {
        return 1;
    }
    return 2;
}

#endif
