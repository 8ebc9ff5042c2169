/* SPDX-License-Identifier: MIT */
/* CMocka with the headers it wants, for unit tests of the layers below the WDK, and their main function. */
#ifndef WE_TEST_UNIT_H
#define WE_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One argument is a CMocka filter for the names of tests. */
#define UNIT_MAIN(tests)                                  \
    int main(int argc, char **argv)                       \
    {                                                     \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }

#endif
