/* SPDX-License-Identifier: MIT */
/* Tests loading and unloading: arguments, what DriverEntry finds, failure, what is left behind, names. */
#include <wsk.h>

#include "support/emu_fixture.h"
#include "support/system_thread.h"
#include "vrf/vrf_report.h"
#include "wsk_emu/driver.h"

/* What the routines below saw, and what they are to do. */
static struct {
    int entry_count;
    int unload_count;
    PDRIVER_OBJECT object;
    UNICODE_STRING path;
    WCHAR path_text[256];
    KIRQL entry_irql;
    KIRQL unload_irql;
    ULONG device_flags_inside;
    PDEVICE_OBJECT device;
    NTSTATUS entry_status;
    BOOLEAN makes_device;
    BOOLEAN makes_registration;
    BOOLEAN leaves_all;
    BOOLEAN has_no_unload;
} s_seen;

static const WSK_CLIENT_DISPATCH client_dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_CLIENT_NPI s_client = { NULL, &client_dispatch };
static WSK_REGISTRATION s_registration;

static VOID driver_unload(PDRIVER_OBJECT object)
{
    s_seen.unload_count++;
    s_seen.unload_irql = KeGetCurrentIrql();
    assert_ptr_equal(object, s_seen.object);
    if (s_seen.makes_registration && !s_seen.leaves_all) {
        WskDeregister(&s_registration);
    }
    if (s_seen.makes_device && !s_seen.leaves_all) {
        IoDeleteDevice(s_seen.device);
    }
}

static NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    s_seen.entry_count++;
    s_seen.object = object;
    s_seen.entry_irql = KeGetCurrentIrql();
    RtlInitEmptyUnicodeString(&s_seen.path, s_seen.path_text, sizeof(s_seen.path_text));
    RtlCopyUnicodeString(&s_seen.path, path);
    if (!s_seen.has_no_unload) {
        object->DriverUnload = driver_unload;
    }
    if (s_seen.makes_device) {
        assert_int_equal(IoCreateDevice(object, 16, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_seen.device),
                         STATUS_SUCCESS);
        s_seen.device_flags_inside = s_seen.device->Flags;
    }
    if (s_seen.makes_registration) {
        assert_int_equal(WskRegister(&s_client, &s_registration), STATUS_SUCCESS);
    }
    return s_seen.entry_status;
}

static int setup(void **state)
{
    memset(&s_seen, 0, sizeof(s_seen));
    return emu_setup(state);
}

static size_t seen(enum we_vrf_rule rule)
{
    return we_vrf_expected_seen_count(rule);
}

/* --- loading ----------------------------------------------------------------------------- */

static void test_load_calls_entry_with_object_and_path(void **state)
{
    static const WCHAR path[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\gate";
    static const WCHAR name[] = L"\\Driver\\gate";
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    assert_int_equal(s_seen.entry_count, 1);
    assert_ptr_equal(s_seen.object, driver);
    assert_int_equal(s_seen.entry_irql, PASSIVE_LEVEL);
    assert_int_equal(s_seen.path.Length, sizeof(path) - sizeof(WCHAR));
    assert_memory_equal(s_seen.path.Buffer, path, s_seen.path.Length);
    assert_int_equal(driver->DriverName.Length, sizeof(name) - sizeof(WCHAR));
    assert_memory_equal(driver->DriverName.Buffer, name, driver->DriverName.Length);
    assert_ptr_equal(driver->DriverInit, driver_entry);
    wsk_emu_driver_unload(driver);
    assert_int_equal(s_seen.unload_count, 1);
    assert_int_equal(s_seen.unload_irql, PASSIVE_LEVEL);
}

static void test_load_returns_what_entry_returned(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.entry_status = STATUS_ALERTED; /* a success that is not STATUS_SUCCESS */
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_ALERTED);
    assert_non_null(driver);
    wsk_emu_driver_unload(driver);
}

static void test_load_clears_the_initializing_flag_of_devices(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.makes_device = TRUE;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    assert_true((s_seen.device_flags_inside & DO_DEVICE_INITIALIZING) != 0);
    assert_true((s_seen.device->Flags & DO_DEVICE_INITIALIZING) == 0);
    wsk_emu_driver_unload(driver);
}

static void test_load_refuses_bad_arguments(void **state)
{
    static CHAR longest[202];
    PDRIVER_OBJECT driver = (PDRIVER_OBJECT)&driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(NULL, "gate", &driver), STATUS_INVALID_PARAMETER);
    assert_null(driver);
    assert_int_equal(wsk_emu_driver_load(driver_entry, NULL, &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "a\\b", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "a b", &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "g\xC3\xBC", &driver), STATUS_INVALID_PARAMETER);
    memset(longest, 'x', 201);
    assert_int_equal(wsk_emu_driver_load(driver_entry, longest, &driver), STATUS_INVALID_PARAMETER);
    assert_int_equal(s_seen.entry_count, 0);
    longest[200] = 0;
    assert_int_equal(wsk_emu_driver_load(driver_entry, longest, &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

static void test_load_of_a_name_that_is_loaded_collides(void **state)
{
    PDRIVER_OBJECT first;
    PDRIVER_OBJECT second;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &first), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &second), STATUS_OBJECT_NAME_COLLISION);
    assert_null(second);
    assert_int_equal(s_seen.entry_count, 1);
    wsk_emu_driver_unload(first);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &first), STATUS_SUCCESS);
    wsk_emu_driver_unload(first);
}

static void test_load_without_a_kernel_is_refused(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    memset(&s_seen, 0, sizeof(s_seen));
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_INVALID_DEVICE_STATE);
    assert_null(driver);
    assert_int_equal(s_seen.entry_count, 0);
}

/* --- failure of DriverEntry ---------------------------------------------------------------- */

static void test_failing_entry_is_undone_without_unload(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.entry_status = STATUS_INSUFFICIENT_RESOURCES;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_INSUFFICIENT_RESOURCES);
    assert_null(driver);
    assert_int_equal(s_seen.unload_count, 0);
    s_seen.entry_status = STATUS_SUCCESS;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

static void test_failing_entry_that_leaves_a_device_is_reported(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.makes_device = TRUE;
    s_seen.entry_status = STATUS_UNSUCCESSFUL;
    we_vrf_expect(WE_RULE_UNL_003);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_UNSUCCESSFUL);
    assert_int_equal(seen(WE_RULE_UNL_003), 1);
}

static void test_failing_entry_that_leaves_a_registration_is_reported(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.makes_registration = TRUE;
    s_seen.entry_status = STATUS_UNSUCCESSFUL;
    we_vrf_expect(WE_RULE_NPI_012);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_UNSUCCESSFUL);
    assert_int_equal(seen(WE_RULE_NPI_012), 1);
    assert_non_null(strstr(we_vrf_last_report(), "DriverEntry of the driver gate"));
}

/* --- unloading ----------------------------------------------------------------------------- */

static void test_unload_of_null_is_ignored(void **state)
{
    (void)state;
    wsk_emu_driver_unload(NULL);
}

static void test_unload_of_a_clean_driver_is_silent(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.makes_device = TRUE;
    s_seen.makes_registration = TRUE;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
    assert_int_equal(we_vrf_unexpected_count(), 0);
}

static void test_unload_reports_what_is_left(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_seen.makes_device = TRUE;
    s_seen.makes_registration = TRUE;
    s_seen.leaves_all = TRUE;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    we_vrf_expect(WE_RULE_NPI_012);
    we_vrf_expect(WE_RULE_UNL_003);
    wsk_emu_driver_unload(driver);
    assert_int_equal(seen(WE_RULE_NPI_012), 1);
    assert_int_equal(seen(WE_RULE_UNL_003), 1);
}

/* A registration that the test itself made before is not the driver's. */
static void test_unload_does_not_blame_a_driver_for_others(void **state)
{
    WSK_REGISTRATION registration;
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(WskRegister(&s_client, &registration), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
    assert_int_equal(we_vrf_unexpected_count(), 0);
    WskDeregister(&registration);
}

static KEVENT s_go_on;

static VOID waiting_thread(PVOID context)
{
    (void)context;
    (void)KeWaitForSingleObject(&s_go_on, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS entry_with_thread(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    HANDLE handle;
    NTSTATUS status = driver_entry(object, path);

    KeInitializeEvent(&s_go_on, NotificationEvent, FALSE);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, waiting_thread, NULL),
                     STATUS_SUCCESS);
    ZwClose(handle);
    return status;
}

/* The thread ends before the kernel stops, so only the unload can see that the driver did not wait for it. */
static void test_unload_reports_a_thread_that_still_runs(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(entry_with_thread, "gate", &driver), STATUS_SUCCESS);
    we_vrf_expect(WE_RULE_THREAD_001);
    wsk_emu_driver_unload(driver);
    assert_int_equal(seen(WE_RULE_THREAD_001), 1);
    KeSetEvent(&s_go_on, IO_NO_INCREMENT, FALSE);
}

static void test_driver_without_unload_stays_loaded_and_is_reported(void **state)
{
    PDRIVER_OBJECT driver;
    PDRIVER_OBJECT again;

    (void)state;
    s_seen.has_no_unload = TRUE;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    we_vrf_expect(WE_RULE_UNL_001);
    wsk_emu_driver_unload(driver);
    assert_int_equal(seen(WE_RULE_UNL_001), 1);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &again), STATUS_OBJECT_NAME_COLLISION);
}

static void test_two_drivers_unload_in_any_order(void **state)
{
    PDRIVER_OBJECT first;
    PDRIVER_OBJECT second;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &first), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "fence", &second), STATUS_SUCCESS);
    assert_ptr_not_equal(first, second);
    s_seen.object = first;
    wsk_emu_driver_unload(first);
    s_seen.object = second;
    wsk_emu_driver_unload(second);
    assert_int_equal(s_seen.unload_count, 2);
}

/* A machine that is switched off does not unload its drivers either. */
static void test_driver_still_loaded_at_the_stop_is_dropped(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(s_seen.unload_count, 0);
    assert_int_equal(emu_setup(NULL), 0);
    assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

static VOID NTAPI make_irps(PVOID context)
{
    const LONG *is_over = context;

    while (ReadNoFence(is_over) == 0) {
        PIRP irp = IoAllocateIrp(2, FALSE);

        if (irp != NULL) {
            IoReuseIrp(irp, STATUS_SUCCESS);
            IoFreeIrp(irp);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* What is looked at on load and unload, for leaks, other threads are making at that moment (for the thread sanitizer). */
static void test_drivers_come_and_go_while_a_thread_makes_irps(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    LONG is_over = 0;
    PETHREAD thread;

    (void)state;
    memset(&s_seen, 0, sizeof(s_seen));
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    thread = system_thread_start(make_irps, &is_over);
    for (int i = 0; i < 100; i++) {
        PDRIVER_OBJECT driver;

        assert_int_equal(wsk_emu_driver_load(driver_entry, "gate", &driver), STATUS_SUCCESS);
        wsk_emu_driver_unload(driver);
    }
    WriteNoFence(&is_over, 1);
    system_thread_join(thread);
    assert_int_equal(wsk_emu_stop(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, emu_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_load_calls_entry_with_object_and_path),
        TEST(test_load_returns_what_entry_returned),
        TEST(test_load_clears_the_initializing_flag_of_devices),
        TEST(test_load_refuses_bad_arguments),
        TEST(test_load_of_a_name_that_is_loaded_collides),
        cmocka_unit_test(test_load_without_a_kernel_is_refused),
        TEST(test_failing_entry_is_undone_without_unload),
        TEST(test_failing_entry_that_leaves_a_device_is_reported),
        TEST(test_failing_entry_that_leaves_a_registration_is_reported),
        TEST(test_unload_of_null_is_ignored),
        TEST(test_unload_of_a_clean_driver_is_silent),
        TEST(test_unload_reports_what_is_left),
        TEST(test_unload_does_not_blame_a_driver_for_others),
        TEST(test_unload_reports_a_thread_that_still_runs),
        TEST(test_driver_without_unload_stays_loaded_and_is_reported),
        TEST(test_two_drivers_unload_in_any_order),
        TEST(test_driver_still_loaded_at_the_stop_is_dropped),
        cmocka_unit_test(test_drivers_come_and_go_while_a_thread_makes_irps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
