/* SPDX-License-Identifier: MIT */
/* Tests drivers that are shared objects: loading by name, what can be wrong with a file, and being unloaded for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_image.h"
#include "host/host_mem.h"
#include "twin.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

static PDRIVER_OBJECT loaded(PCSTR path, PCSTR name)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_driver_load_file(path, name, &driver), STATUS_SUCCESS);
    return driver;
}

/* A handle of the test's own keeps the object in memory, and shows what it exports. */
static void *handle_of(PCSTR path)
{
    char problem[200];
    void *handle;

    assert_int_equal(we_host_image_open(path, &handle, problem, sizeof(problem)), WE_HOST_IMAGE_OPENED);
    return handle;
}

static void expect_fresh(void *handle, PCSTR query_name)
{
    VOID (*query)(PTWIN_STATE state) = (VOID(*)(PTWIN_STATE))(ULONG_PTR)we_host_image_find(handle, query_name);
    TWIN_STATE state;

    assert_non_null((void *)(ULONG_PTR)query);
    query(&state);
    assert_true(state.IsFresh);
    assert_int_equal(state.Counter, 5);
}

/* --- what works ------------------------------------------------------------------------------ */

static void test_two_modules_with_the_same_names_keep_to_themselves(void **state)
{
    void *handle_a = handle_of(MODULE_A);
    void *handle_b = handle_of(MODULE_B);
    PDRIVER_OBJECT a = loaded(MODULE_A, "a");
    PDRIVER_OBJECT b = loaded(MODULE_B, "b");

    (void)state;
    expect_fresh(handle_a, "TwinAQuery");
    expect_fresh(handle_b, "TwinBQuery");
    /* Private is what is not exported. */
    assert_null(we_host_image_find(handle_a, "Counter"));
    wsk_emu_driver_unload(a);
    wsk_emu_driver_unload(b);
    we_host_image_close(handle_a);
    we_host_image_close(handle_b);
}

static void test_a_module_is_named_by_its_file(void **state)
{
    static const WCHAR name[] = L"\\Driver\\module_a";
    PDRIVER_OBJECT driver = loaded(MODULE_A, NULL);

    (void)state;
    assert_int_equal(driver->DriverName.Length, sizeof(name) - sizeof(WCHAR));
    assert_memory_equal(driver->DriverName.Buffer, name, driver->DriverName.Length);
    wsk_emu_driver_unload(driver);
}

/* Nobody but the driver holds the object, so each load reads it anew. */
static void test_a_module_leaves_memory_and_comes_back_fresh(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        PDRIVER_OBJECT driver = loaded(MODULE_A, "a");
        void *handle = handle_of(MODULE_A);

        expect_fresh(handle, "TwinAQuery");
        we_host_image_close(handle);
        wsk_emu_driver_unload(driver);
    }
}

/* --- what is wrong with a file ------------------------------------------------------------------ */

static void test_load_file_refuses_bad_arguments(void **state)
{
    PDRIVER_OBJECT driver = (PDRIVER_OBJECT)&driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load_file(NULL, "a", &driver), STATUS_INVALID_PARAMETER);
    assert_null(driver);
    assert_int_equal(wsk_emu_driver_load_file("", "a", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load_file(MODULE_A, "a", NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load_file(MODULE_A, "", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load_file(MODULE_A, "a\\b", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load_file("/drivers/.so", NULL, &driver), STATUS_INVALID_PARAMETER);
}

static void test_load_file_without_a_kernel_is_refused(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load_file(MODULE_A, "a", &driver), STATUS_INVALID_DEVICE_STATE);
}

static void test_each_trouble_with_a_file_has_its_status(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load_file("/nowhere/gate.so", NULL, &driver), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(wsk_emu_driver_load_file("no_such_driver.so", NULL, &driver), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(wsk_emu_driver_load_file(NO_OBJECT, "text", &driver), STATUS_INVALID_IMAGE_FORMAT);
    assert_int_equal(wsk_emu_driver_load_file(MODULE_NO_ENTRY, NULL, &driver), STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_int_equal(wsk_emu_driver_load_file(MODULE_ABSENT, NULL, &driver), STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_null(driver);
}

static void test_a_name_that_is_loaded_collides(void **state)
{
    PDRIVER_OBJECT first = loaded(MODULE_A, "a");
    PDRIVER_OBJECT second;

    (void)state;
    assert_int_equal(wsk_emu_driver_load_file(MODULE_B, "a", &second), STATUS_OBJECT_NAME_COLLISION);
    wsk_emu_driver_unload(first);
}

static void test_a_failing_entry_takes_the_module_out_of_memory(void **state)
{
    void *handle = handle_of(MODULE_A);
    TWIN_CONFIG_BLOCK *config = we_host_image_find(handle, "TwinAConfig");
    PDRIVER_OBJECT driver;

    (void)state;
    config->EntryStatus = STATUS_NO_SUCH_DEVICE;
    assert_int_equal(wsk_emu_driver_load_file(MODULE_A, "a", &driver), STATUS_NO_SUCH_DEVICE);
    we_host_image_close(handle);
    /* Had the load kept the object, the configuration would still be there. */
    wsk_emu_driver_unload(loaded(MODULE_A, "a"));
}

/* Code that may still be called stays where it is; the report has said what is wrong. */
static void test_a_module_that_is_still_in_use_stays_in_memory(void **state)
{
    void *handle = handle_of(MODULE_A);
    TWIN_CONFIG_BLOCK *config = we_host_image_find(handle, "TwinAConfig");
    PDRIVER_OBJECT driver;

    (void)state;
    config->LeavesThread = TRUE;
    driver = loaded(MODULE_A, "a");
    we_host_image_close(handle);
    wsk_kit_expect_report("THREAD-001");
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_kit_report_count("THREAD-001"), 1);
    /* The stop ends the thread, which runs the driver's code. */
}

static void test_load_file_when_memory_is_short(void **state)
{
    PDRIVER_OBJECT driver;
    unsigned long failed = 0;
    NTSTATUS status;

    (void)state;
    do {
        (void)we_host_mem_fail(++failed);
        status = wsk_emu_driver_load_file(MODULE_B, "b", &driver);
        if (!NT_SUCCESS(status)) {
            assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        }
    } while (we_host_mem_fail(0));
    assert_true(failed > 3);
    assert_int_equal(status, STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_two_modules_with_the_same_names_keep_to_themselves),
        wsk_emu_unit_test(test_a_module_is_named_by_its_file),
        wsk_emu_unit_test(test_a_module_leaves_memory_and_comes_back_fresh),
        wsk_emu_unit_test(test_load_file_refuses_bad_arguments),
        cmocka_unit_test(test_load_file_without_a_kernel_is_refused),
        wsk_emu_unit_test(test_each_trouble_with_a_file_has_its_status),
        wsk_emu_unit_test(test_a_name_that_is_loaded_collides),
        wsk_emu_unit_test(test_a_failing_entry_takes_the_module_out_of_memory),
        wsk_emu_unit_test(test_load_file_when_memory_is_short),
        wsk_emu_unit_test(test_a_module_that_is_still_in_use_stays_in_memory), /* last: it does stay */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
