/* SPDX-License-Identifier: MIT */
/* A driver in C++ is compiled as it is, and its threads end as on Windows: without unwinding. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE classes_DriverEntry;

extern LONG ClassesGuards;
ULONG ClassesCheck(VOID);
NTSTATUS ClassesRunThread(VOID);

static PDRIVER_OBJECT s_driver;

static int load(void **state)
{
    (void)state;
    ClassesGuards = 0;
    return wsk_emu_driver_load(classes_DriverEntry, "classes", &s_driver) == STATUS_SUCCESS ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    wsk_emu_driver_unload(s_driver);
    return 0;
}

static void test_driver_of_classes_is_compiled_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(ClassesCheck(), 0);
}

static void test_thread_that_ends_where_nothing_may_be_thrown_runs_no_destructor(void **state)
{
    (void)state;
    assert_int_equal(ClassesRunThread(), STATUS_SUCCESS);
    assert_int_equal(ClassesGuards, 1);
    assert_int_equal(ClassesRunThread(), STATUS_SUCCESS);
    assert_int_equal(ClassesGuards, 2);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_driver_of_classes_is_compiled_as_it_is, load, unload),
        wsk_emu_unit_test_setup_teardown(test_thread_that_ends_where_nothing_may_be_thrown_runs_no_destructor, load,
                                         unload),
        wsk_emu_unit_test_config(test_thread_that_ends_where_nothing_may_be_thrown_runs_no_destructor, load, unload,
                                 &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
