/* SPDX-License-Identifier: MIT */
/* Tests of base_err: every error has a text of its own. */
#include "base/base_err.h"

#include "support/unit.h"

#include <string.h>

static void test_err_text_of_each_error_is_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < WE_ERR_COUNT; i++) {
        const char *text = we_base_err_text((enum we_err)i);

        assert_non_null(text);
        assert_true(strlen(text) > 3);
        assert_string_not_equal(text, "unknown error");
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(text, we_base_err_text((enum we_err)j));
        }
    }
}

static void test_err_text_of_success_is_success(void **state)
{
    (void)state;
    assert_int_equal(WE_OK, 0);
    assert_string_equal(we_base_err_text(WE_OK), "success");
}

static void test_err_text_out_of_range_is_not_null(void **state)
{
    (void)state;
    assert_string_equal(we_base_err_text((enum we_err)WE_ERR_COUNT), "unknown error");
    assert_string_equal(we_base_err_text((enum we_err) - 1), "unknown error");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_err_text_of_each_error_is_its_own),
    cmocka_unit_test(test_err_text_of_success_is_success),
    cmocka_unit_test(test_err_text_out_of_range_is_not_null),
};

UNIT_MAIN(tests)
