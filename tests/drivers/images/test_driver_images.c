/* SPDX-License-Identifier: MIT */
/* Tests several drivers in one program: their names, their variables, and whose fault a leftover is. */
#include <wsk.h>

#include "twin.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE twin_a_DriverEntry;
DRIVER_INITIALIZE twin_b_DriverEntry;
VOID TwinAQuery(PTWIN_STATE state);
VOID TwinBQuery(PTWIN_STATE state);
extern TWIN_CONFIG_BLOCK TwinAConfig;
extern TWIN_CONFIG_BLOCK TwinBConfig;
#ifdef TWIN_CXX
DRIVER_INITIALIZE twin_cxx_a_DriverEntry;
DRIVER_INITIALIZE twin_cxx_b_DriverEntry;
VOID TwinCxxAQuery(PTWIN_STATE state);
VOID TwinCxxBQuery(PTWIN_STATE state);
#endif

static PDRIVER_OBJECT loaded(PDRIVER_INITIALIZE entry, PCSTR name)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_driver_load(entry, name, &driver), STATUS_SUCCESS);
    return driver;
}

static int setup(void **state)
{
    (void)state;
    memset(&TwinAConfig, 0, sizeof(TwinAConfig));
    memset(&TwinBConfig, 0, sizeof(TwinBConfig));
    return 0;
}

static void expect_fresh(void (*query)(PTWIN_STATE state))
{
    TWIN_STATE state;

    query(&state);
    assert_true(state.IsFresh);
    assert_int_equal(state.Counter, 5);
    assert_int_equal(state.Started, 8);
    assert_int_equal(state.Table[1], 3);
    assert_int_equal(state.Local, 40);
    assert_int_equal(state.Sends, 5);
}

/* --- names and variables --------------------------------------------------------------------- */

static void test_two_drivers_with_the_same_names_keep_to_themselves(void **state)
{
    PDRIVER_OBJECT a = loaded(twin_a_DriverEntry, "a");
    PDRIVER_OBJECT b = loaded(twin_b_DriverEntry, "b");

    (void)state;
    expect_fresh(TwinAQuery);
    expect_fresh(TwinBQuery);
    wsk_emu_driver_unload(a);
    wsk_emu_driver_unload(b);
}

static void test_a_load_finds_the_variables_as_the_first_one_did(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        wsk_emu_driver_unload(loaded(twin_a_DriverEntry, "a"));
        expect_fresh(TwinAQuery);
    }
}

static void test_drivers_come_and_go_in_any_order(void **state)
{
    PDRIVER_OBJECT a = loaded(twin_a_DriverEntry, "a");
    PDRIVER_OBJECT b = loaded(twin_b_DriverEntry, "b");

    (void)state;
    wsk_emu_driver_unload(a);
    a = loaded(twin_a_DriverEntry, "a");
    expect_fresh(TwinAQuery);
    wsk_emu_driver_unload(b);
    b = loaded(twin_b_DriverEntry, "b");
    expect_fresh(TwinBQuery);
    wsk_emu_driver_unload(b);
    wsk_emu_driver_unload(a);
}

/* A kernel that does not go through the glue of a test, with a driver as it is in its file. */
static void start_with_fresh_twin(void)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    (void)loaded(twin_a_DriverEntry, "a");
    expect_fresh(TwinAQuery);
}

/* The stop drops a driver, and the next kernel is a machine that was switched on. */
static void test_variables_are_fresh_in_the_next_kernel(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        start_with_fresh_twin();
        wsk_kit_expect_report("NPI-001"); /* nobody calls its DriverUnload */
        assert_int_equal(wsk_emu_stop(), 0);
    }
}

/* A test that fails does not come back to unload its driver. */
static void test_variables_are_fresh_after_a_test_that_failed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        start_with_fresh_twin();
        wsk_kit_abandon();
    }
}

static void test_what_a_driver_exports_is_the_tests_too(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    TwinAConfig.EntryStatus = STATUS_NO_SUCH_DEVICE;
    assert_int_equal(wsk_emu_driver_load(twin_a_DriverEntry, "a", &driver), STATUS_NO_SUCH_DEVICE);
    assert_int_equal(wsk_emu_driver_load(twin_a_DriverEntry, "a", &driver), STATUS_NO_SUCH_DEVICE);
    assert_int_equal(TwinAConfig.EntryStatus, STATUS_NO_SUCH_DEVICE);
    TwinAConfig.EntryStatus = STATUS_SUCCESS;
    wsk_emu_driver_unload(loaded(twin_a_DriverEntry, "a"));
    expect_fresh(TwinAQuery);
}

/* Two services, one image: there is one set of variables, and it is in use. */
static void test_a_second_load_of_a_loaded_image_does_not_reset_it(void **state)
{
    PDRIVER_OBJECT first = loaded(twin_a_DriverEntry, "first");
    TWIN_STATE seen;
    PDRIVER_OBJECT second;

    (void)state;
    TwinAConfig.EntryStatus = STATUS_NO_SUCH_DEVICE;
    assert_int_equal(wsk_emu_driver_load(twin_a_DriverEntry, "second", &second), STATUS_NO_SUCH_DEVICE);
    TwinAQuery(&seen);
    assert_false(seen.IsFresh);
    assert_int_equal(seen.Counter, 10);
    TwinAConfig.EntryStatus = STATUS_SUCCESS;
    wsk_emu_driver_unload(first);
}

/* --- whose fault ------------------------------------------------------------------------------- */

/* Each of two loaded drivers leaves something; each is blamed for its own at its own unload. */
static void test_leftovers_are_reported_with_another_driver_loaded(void **state)
{
    PDRIVER_OBJECT a;
    PDRIVER_OBJECT b;

    (void)state;
    TwinAConfig.LeavesTimer = TRUE;
    TwinBConfig.LeavesRegistration = TRUE;
    a = loaded(twin_a_DriverEntry, "a");
    b = loaded(twin_b_DriverEntry, "b");
    wsk_kit_expect_report("DPC-004");
    wsk_emu_driver_unload(a);
    assert_int_equal(wsk_kit_report_count("DPC-004"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "of the driver a returned"));
    wsk_kit_expect_report("NPI-012");
    wsk_emu_driver_unload(b);
    assert_int_equal(wsk_kit_report_count("NPI-012"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "of the driver b returned"));
}

static void test_a_timer_is_the_drivers_whose_dpc_it_queues(void **state)
{
    PDRIVER_OBJECT a;
    PDRIVER_OBJECT b;

    (void)state;
    TwinAConfig.LeavesPoolTimer = TRUE;
    a = loaded(twin_a_DriverEntry, "a");
    b = loaded(twin_b_DriverEntry, "b");
    wsk_emu_driver_unload(b);
    assert_int_equal(wsk_kit_report_count("DPC-004"), 0);
    b = loaded(twin_b_DriverEntry, "b");
    wsk_kit_expect_report("DPC-004");
    wsk_emu_driver_unload(a);
    assert_int_equal(wsk_kit_report_count("DPC-004"), 1);
    wsk_emu_driver_unload(b);
    wsk_kit_expect_report("POOL-011"); /* the timer's memory, at the stop */
}

static void test_a_thread_is_the_drivers_whose_code_it_runs(void **state)
{
    PDRIVER_OBJECT a;
    PDRIVER_OBJECT b;

    (void)state;
    TwinBConfig.LeavesThread = TRUE;
    a = loaded(twin_a_DriverEntry, "a");
    b = loaded(twin_b_DriverEntry, "b");
    wsk_emu_driver_unload(a);
    assert_int_equal(wsk_kit_report_count("THREAD-001"), 0);
    wsk_kit_expect_report("THREAD-001");
    wsk_emu_driver_unload(b);
    assert_int_equal(wsk_kit_report_count("THREAD-001"), 1);
}

/* --- the host ---------------------------------------------------------------------------------- */

/* The drivers define send, recv, connect, poll and close. The library's own calls of them do not land there. */
static void test_names_of_the_host_stay_the_hosts(void **state)
{
    PDRIVER_OBJECT a = loaded(twin_a_DriverEntry, "a");
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, wsk_kit_server_port(server));
    struct wsk_kit_peer *accepted = wsk_kit_server_accept(server);

    (void)state;
    wsk_kit_peer_expect_connected(client);
    wsk_kit_peer_send_text(client, "over real sockets");
    wsk_kit_peer_expect_text(accepted, "over real sockets");
    wsk_kit_peer_close(client);
    wsk_kit_peer_close(accepted);
    wsk_kit_server_close(server);
    expect_fresh(TwinAQuery);
    wsk_emu_driver_unload(a);
}

/* --- C++ --------------------------------------------------------------------------------------- */

#ifdef TWIN_CXX
static void expect_cxx_fresh(void (*query)(PTWIN_STATE state))
{
    TWIN_STATE state;

    query(&state);
    assert_true(state.IsFresh);
    assert_int_equal(state.Counter, 101);
}

static void test_two_drivers_in_cxx_keep_to_themselves(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        PDRIVER_OBJECT a = loaded(twin_cxx_a_DriverEntry, "a");
        PDRIVER_OBJECT b = loaded(twin_cxx_b_DriverEntry, "b");

        expect_cxx_fresh(TwinCxxAQuery);
        expect_cxx_fresh(TwinCxxBQuery);
        wsk_emu_driver_unload(a);
        wsk_emu_driver_unload(b);
    }
}
#endif

int main(void)
{
    static struct wsk_emu_config sockets = WSK_EMU_CONFIG_INIT;
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_two_drivers_with_the_same_names_keep_to_themselves, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_a_load_finds_the_variables_as_the_first_one_did, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_drivers_come_and_go_in_any_order, setup, NULL),
        cmocka_unit_test_setup(test_variables_are_fresh_in_the_next_kernel, setup),
        cmocka_unit_test_setup(test_variables_are_fresh_after_a_test_that_failed, setup),
        wsk_emu_unit_test_setup_teardown(test_what_a_driver_exports_is_the_tests_too, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_a_second_load_of_a_loaded_image_does_not_reset_it, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_leftovers_are_reported_with_another_driver_loaded, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_a_timer_is_the_drivers_whose_dpc_it_queues, setup, NULL),
        wsk_emu_unit_test_setup_teardown(test_a_thread_is_the_drivers_whose_code_it_runs, setup, NULL),
        wsk_emu_unit_test_config(test_names_of_the_host_stay_the_hosts, setup, NULL, &sockets),
#ifdef TWIN_CXX
        wsk_emu_unit_test(test_two_drivers_in_cxx_keep_to_themselves),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
