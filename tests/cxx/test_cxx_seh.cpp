/* SPDX-License-Identifier: MIT */
/* Structured exceptions in C++: the same clauses as in C, and variables with constructors around and inside a body. */
#include <wdm.h>

#include "unit/nt/seh_cases.h"

#include "wsk_emu/wsk_emu.h"

extern "C" {
#include "support/child.h"
}

namespace {

class Step {
  public:
    explicit Step(LONG digit) : digit_(digit)
    {
    }
    ~Step()
    {
        step(digit_);
    }

  private:
    LONG digit_;
};

int return_past_objects(bool is_early)
{
    Step outer(3);

    __try {
        Step inner(2);
        if (is_early) {
            return 1;
        }
        step(1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        step(9);
    }
    return 2;
}

void test_cxx_objects_in_a_body_are_destroyed_when_it_ends_or_returns(void **)
{
    s_trace = 0;
    assert_int_equal(return_past_objects(false), 2);
    assert_int_equal(s_trace, 123);
    assert_no_frame_is_left();
    s_trace = 0;
    assert_int_equal(return_past_objects(true), 1);
    assert_int_equal(s_trace, 23);
    assert_no_frame_is_left();
}

void test_cxx_block_in_a_lambda_and_in_a_template(void **)
{
    auto code_of = [](NTSTATUS status) -> NTSTATUS {
        __try {
            ExRaiseStatus(status);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            return GetExceptionCode();
        }
        return STATUS_SUCCESS;
    };

    assert_int_equal(code_of(STATUS_IO_TIMEOUT), STATUS_IO_TIMEOUT);
    assert_no_frame_is_left();
}

void part_leave_body()
{
    (void)wsk_emu_start(NULL);
    (void)leave_a_body_that_has_a_termination_block();
}

void part_leave_ending()
{
    (void)wsk_emu_start(NULL);
    __try {
        (void)leave_a_termination_block();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        step(1);
    }
}

const struct child_part parts[] = {
    { "leave_body", part_leave_body },
    { "leave_ending", part_leave_ending },
    { NULL, NULL },
};

void test_cxx_return_past_a_termination_block_stops_and_says_where(void **)
{
    struct child_result result;

    child_run("leave_body", &result);
    assert_int_equal(result.exit_code, -1);
    assert_non_null(strstr(result.errors, "its __finally block cannot run here"));
    child_run("leave_ending", &result);
    assert_int_equal(result.exit_code, -1);
    assert_non_null(strstr(result.errors, "has left the __finally block"));
}

} // namespace

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SEH_CASES,
        wsk_emu_unit_test(test_cxx_objects_in_a_body_are_destroyed_when_it_ends_or_returns),
        wsk_emu_unit_test(test_cxx_block_in_a_lambda_and_in_a_template),
        cmocka_unit_test(test_cxx_return_past_a_termination_block_stops_and_says_where),
    };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
