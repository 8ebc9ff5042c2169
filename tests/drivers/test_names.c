/* SPDX-License-Identifier: MIT */
/* A file may have Windows' and the system's socket names, in any order, in C and in C++; and without the pair of headers it
 * is told about it. */
#include "wsk_emu/cmocka.h"

int NamesSystemFirst(void);
int NamesSystemLast(void);
int NamesSystemBetween(void);

static void test_names_of_the_system_first(void **state)
{
    (void)state;
    assert_int_equal(NamesSystemFirst(), 0);
}

static void test_names_of_the_system_last(void **state)
{
    (void)state;
    assert_int_equal(NamesSystemLast(), 0);
}

static void test_names_of_the_system_between_two_parts_of_Windows(void **state)
{
    (void)state;
    assert_int_equal(NamesSystemBetween(), 0);
}

#ifdef NAMES_CXX
int CxxNamesSystemFirst(void);
int CxxNamesSystemLast(void);
int CxxNamesSystemBetween(void);

static void test_cxx_names_in_each_order(void **state)
{
    (void)state;
    assert_int_equal(CxxNamesSystemFirst(), 0);
    assert_int_equal(CxxNamesSystemLast(), 0);
    assert_int_equal(CxxNamesSystemBetween(), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_system_first),
        cmocka_unit_test(test_names_of_the_system_last),
        cmocka_unit_test(test_names_of_the_system_between_two_parts_of_Windows),
#ifdef NAMES_CXX
        cmocka_unit_test(test_cxx_names_in_each_order),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
