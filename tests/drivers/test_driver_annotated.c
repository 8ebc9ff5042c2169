/* SPDX-License-Identifier: MIT */
/* A driver in C++ keeps the older annotations, and the statuses of the network's lower half. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE annotated_DriverEntry;

NTSTATUS AnnotatedCopy(const UCHAR *Source, PULONG Key, UCHAR *Target, ULONG Size, PULONG Count);

static PDRIVER_OBJECT s_driver;

static int load(void **state)
{
    (void)state;
    return wsk_emu_driver_load(annotated_DriverEntry, "annotated", &s_driver) == STATUS_SUCCESS ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    wsk_emu_driver_unload(s_driver);
    return 0;
}

static void test_annotated_driver_in_cxx_is_compiled_as_it_is(void **state)
{
    static const UCHAR source[4] = { 1, 2, 3, 4 };
    UCHAR target[3] = { 0 };
    ULONG count = sizeof(source);
    ULONG key = 0x10;

    (void)state;
    assert_int_equal(AnnotatedCopy(source, &key, target, sizeof(target), &count), STATUS_SUCCESS);
    assert_int_equal(count, 3);
    assert_int_equal(target[2], 0x13);
    assert_int_equal(AnnotatedCopy(NULL, NULL, target, sizeof(target), &count), (NTSTATUS)0xC0230011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_annotated_driver_in_cxx_is_compiled_as_it_is, load, unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
