/* SPDX-License-Identifier: MIT */
/* Tests of base_assert: what holds passes, what does not ends the process with a message. */
#include "base/base_assert.h"

#include "support/child.h"
#include "support/unit.h"

#include <signal.h>
#include <string.h>

static void part_assert_false(void)
{
    int answer = 41;

    WE_ASSERT(answer == 42);
}

static void part_unreachable(void)
{
    WE_UNREACHABLE("the impossible");
}

static void test_assert_true_evaluates_once_and_goes_on(void **state)
{
    int count = 0;

    (void)state;
    WE_ASSERT(++count == 1);
    assert_int_equal(count, 1);
}

static void test_assert_false_names_condition_and_place_and_aborts(void **state)
{
    struct child_result result;

    (void)state;
    child_run("assert_false", &result);
    assert_int_equal(result.signal, SIGABRT);
    assert_non_null(strstr(result.errors, "wsk_emu: internal error at "));
    assert_non_null(strstr(result.errors, "test_base_assert.c:"));
    assert_non_null(strstr(result.errors, ": answer == 42\n"));
}

static void test_unreachable_says_what_and_aborts(void **state)
{
    struct child_result result;

    (void)state;
    child_run("unreachable", &result);
    assert_int_equal(result.signal, SIGABRT);
    assert_non_null(strstr(result.errors, ": the impossible\n"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_assert_true_evaluates_once_and_goes_on),
    cmocka_unit_test(test_assert_false_names_condition_and_place_and_aborts),
    cmocka_unit_test(test_unreachable_says_what_and_aborts),
};

int main(int argc, char **argv)
{
    static const struct child_part parts[] = {
        { "assert_false", part_assert_false },
        { "unreachable", part_unreachable },
        { NULL, NULL },
    };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
