/* SPDX-License-Identifier: MIT */
/* Constructs of Microsoft's compiler, as drivers write them, have the values here that they have on Windows. */
#include <ntddk.h>

#include "drivers/constructs/constructs.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE constructs_DriverEntry;
DRIVER_INITIALIZE inlined_DriverEntry;

static PDRIVER_OBJECT s_driver;

static int load(void **state)
{
    (void)state;
    return wsk_emu_driver_load(constructs_DriverEntry, "constructs", &s_driver) == STATUS_SUCCESS ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    wsk_emu_driver_unload(s_driver);
    return 0;
}

/* Each answers 0 or the line that went wrong. */
#define CONSTRUCT_TEST(_name, _check)  \
    static void _name(void **state)    \
    {                                  \
        (void)state;                   \
        assert_int_equal(_check(), 0); \
    }

CONSTRUCT_TEST(test_declarations_of_Windows_have_its_sizes_and_values, DeclarationsCheck)
CONSTRUCT_TEST(test_variadic_macros_take_an_empty_tail, MacrosCheck)
CONSTRUCT_TEST(test_intrinsics_have_their_values_for_integers_of_any_name, IntrinsicsCheck)
CONSTRUCT_TEST(test_pointers_without_casts_arrive, PointersCheck)
CONSTRUCT_TEST(test_copies_of_nothing_take_null_pointers, CopiesCheck)
CONSTRUCT_TEST(test_driver_may_bring_the_types_of_stdint_itself, OwnTypesCheck)
CONSTRUCT_TEST(test_headers_beside_the_main_ones_have_their_names, HeadersCheck)
CONSTRUCT_TEST(test_layouts_and_values_are_those_of_64_bit_Windows, LayoutsCheck)
CONSTRUCT_TEST(test_headers_of_the_system_may_come_first, SystemFirstCheck)
CONSTRUCT_TEST(test_headers_of_the_system_may_come_last, SystemLastCheck)
CONSTRUCT_TEST(test_wide_strings_have_two_bytes_after_wchar_h_too, WideCheck)
CONSTRUCT_TEST(test_source_may_have_a_byte_order_mark_and_carriage_returns, CarriageReturnCheck)
CONSTRUCT_TEST(test_plain_inline_functions_are_there_without_optimization, InlineCheck)

static void test_driver_of_plain_inline_functions_loads(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(inlined_DriverEntry, "inlined", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

#ifdef CONSTRUCTS_CXX
DRIVER_INITIALIZE constructs_cxx_DriverEntry;
DRIVER_INITIALIZE constructs_global_DriverEntry;

CONSTRUCT_TEST(test_cxx_driver_with_the_headers_in_extern_C, CxxLanguageCheck)
CONSTRUCT_TEST(test_cxx_library_may_come_first, CxxLibraryFirstCheck)
CONSTRUCT_TEST(test_cxx_library_may_come_last, CxxLibraryLastCheck)
CONSTRUCT_TEST(test_cxx_driver_has_its_own_operators_new_and_delete, CxxOperatorsCheck)

static void test_cxx_driver_loads(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(constructs_cxx_DriverEntry, "constructs_cxx", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

static void test_cxx_driver_may_replace_the_global_operators(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(constructs_global_DriverEntry, "constructs_global", &driver), STATUS_SUCCESS);
    assert_int_equal(CxxGlobalOperatorsCheck(), 0);
    wsk_emu_driver_unload(driver);
}
#endif

#define WITH_DRIVER(_test) wsk_emu_unit_test_setup_teardown(_test, load, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DRIVER(test_declarations_of_Windows_have_its_sizes_and_values),
        WITH_DRIVER(test_variadic_macros_take_an_empty_tail),
        WITH_DRIVER(test_intrinsics_have_their_values_for_integers_of_any_name),
        WITH_DRIVER(test_pointers_without_casts_arrive),
        WITH_DRIVER(test_copies_of_nothing_take_null_pointers),
        WITH_DRIVER(test_driver_may_bring_the_types_of_stdint_itself),
        WITH_DRIVER(test_headers_beside_the_main_ones_have_their_names),
        WITH_DRIVER(test_layouts_and_values_are_those_of_64_bit_Windows),
        WITH_DRIVER(test_headers_of_the_system_may_come_first),
        WITH_DRIVER(test_headers_of_the_system_may_come_last),
        WITH_DRIVER(test_wide_strings_have_two_bytes_after_wchar_h_too),
        WITH_DRIVER(test_source_may_have_a_byte_order_mark_and_carriage_returns),
        WITH_DRIVER(test_plain_inline_functions_are_there_without_optimization),
        wsk_emu_unit_test(test_driver_of_plain_inline_functions_loads),
#ifdef CONSTRUCTS_CXX
        WITH_DRIVER(test_cxx_driver_with_the_headers_in_extern_C),
        WITH_DRIVER(test_cxx_library_may_come_first),
        WITH_DRIVER(test_cxx_library_may_come_last),
        WITH_DRIVER(test_cxx_driver_has_its_own_operators_new_and_delete),
        wsk_emu_unit_test(test_cxx_driver_loads),
        wsk_emu_unit_test(test_cxx_driver_may_replace_the_global_operators),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
