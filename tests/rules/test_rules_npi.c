/* SPDX-License-Identifier: MIT */
/* Verifier rules of registration, capture and deregistration: each with a breach and a near miss. */
#include "support/conn_client.h"

#include <string.h>

#include "support/system_thread.h"
#include "wsk_emu/driver.h"

/* A registration of the test's own, so that a breach does not disturb the fixture's. */
static const WSK_CLIENT_DISPATCH client_dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_CLIENT_NPI client_npi = { NULL, &client_dispatch };

static void register_block(WSK_REGISTRATION *registration)
{
    assert_int_equal(WskRegister(&client_npi, registration), STATUS_SUCCESS);
}

/* --- NPI-001 register-balance --------------------------------------------------------------------- */

static void test_npi_001_breach_deregister_twice(void **state)
{
    WSK_REGISTRATION registration;

    (void)state;
    register_block(&registration);
    WskDeregister(&registration);
    wsk_kit_expect_report("NPI-001");
    WskDeregister(&registration);
}

static void test_npi_001_breach_deregister_after_a_failed_register(void **state)
{
    WSK_REGISTRATION registration;

    (void)state;
    memset(&registration, 0, sizeof(registration));
    assert_int_equal(WskRegister(NULL, &registration), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("NPI-001");
    WskDeregister(&registration);
}

static void test_npi_001_breach_register_twice(void **state)
{
    WSK_REGISTRATION registration;

    (void)state;
    register_block(&registration);
    wsk_kit_expect_report("NPI-001");
    assert_int_equal(WskRegister(&client_npi, &registration), STATUS_INVALID_PARAMETER);
    WskDeregister(&registration);
}

static void test_npi_001_breach_never_deregistered(void **state)
{
    static WSK_REGISTRATION registration; /* must outlive the test */

    (void)state;
    register_block(&registration);
    wsk_kit_expect_report("NPI-001");
}

static void test_npi_001_near_miss_two_blocks(void **state)
{
    WSK_REGISTRATION first;
    WSK_REGISTRATION second;

    (void)state;
    register_block(&first);
    register_block(&second);
    WskDeregister(&first);
    register_block(&first);
    WskDeregister(&second);
    WskDeregister(&first);
}

/* --- NPI-002 registration-memory, NPI-003 client-npi-memory --------------------------------------- */

static void test_npi_002_breach_block_written(void **state)
{
    WSK_REGISTRATION registration;

    (void)state;
    register_block(&registration);
    memset(&registration, 0, sizeof(registration));
    wsk_kit_expect_report("NPI-002");
    WskDeregister(&registration);
}

static void test_npi_002_near_miss_block_read(void **state)
{
    WSK_REGISTRATION registration;
    WSK_REGISTRATION copy;

    (void)state;
    register_block(&registration);
    copy = registration;
    assert_memory_equal(&copy, &registration, sizeof(copy));
    WskDeregister(&registration);
}

static void test_npi_003_breach_dispatch_changed(void **state)
{
    WSK_CLIENT_DISPATCH dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
    WSK_CLIENT_NPI npi = { NULL, &dispatch };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI provider;

    (void)state;
    assert_int_equal(WskRegister(&npi, &registration), STATUS_SUCCESS);
    dispatch.Version = 0x5a5a;
    wsk_kit_expect_report("NPI-003");
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_SUCCESS);
    WskReleaseProviderNPI(&registration); /* reported once is enough */
    WskDeregister(&registration);
}

static void test_npi_003_near_miss_npi_changed(void **state)
{
    WSK_CLIENT_NPI npi = { NULL, &client_dispatch };
    WSK_REGISTRATION registration;

    (void)state;
    assert_int_equal(WskRegister(&npi, &registration), STATUS_SUCCESS);
    memset(&npi, 0x5a, sizeof(npi));
    WskDeregister(&registration);
}

/* --- NPI-004 client-dispatch-fields --------------------------------------------------------------- */

static void test_npi_004_breach_reserved_is_set(void **state)
{
    static const WSK_CLIENT_DISPATCH dispatch = { MAKE_WSK_VERSION(1, 0), 1, NULL };
    WSK_CLIENT_NPI npi = { NULL, &dispatch };
    WSK_REGISTRATION registration;

    (void)state;
    wsk_kit_expect_report("NPI-004");
    assert_int_equal(WskRegister(&npi, &registration), STATUS_INVALID_PARAMETER);
}

static void test_npi_004_breach_version_is_swapped(void **state)
{
    static const WSK_CLIENT_DISPATCH dispatch = { 1, 0, NULL };
    WSK_CLIENT_NPI npi = { NULL, &dispatch };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI provider;

    (void)state;
    wsk_kit_expect_report("NPI-004");
    assert_int_equal(WskRegister(&npi, &registration), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_NOINTERFACE);
    WskDeregister(&registration);
}

static void test_npi_004_near_miss_newer_version(void **state)
{
    static const WSK_CLIENT_DISPATCH dispatch = { MAKE_WSK_VERSION(2, 0), 0, NULL };
    WSK_CLIENT_NPI npi = { NULL, &dispatch };
    WSK_REGISTRATION registration;

    (void)state;
    assert_int_equal(WskRegister(&npi, &registration), STATUS_SUCCESS);
    WskDeregister(&registration);
}

/* --- NPI-005 register-irql, NPI-007 capture-wait-irql --------------------------------------------- */

static void test_npi_005_breach_register_and_deregister_at_dispatch(void **state)
{
    WSK_REGISTRATION registration;
    KIRQL irql;

    (void)state;
    wsk_kit_expect_report("NPI-005");
    wsk_kit_expect_report("NPI-005");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    register_block(&registration);
    WskDeregister(&registration);
    KeLowerIrql(irql);
}

static void test_npi_005_near_miss_between_two_raises(void **state)
{
    WSK_REGISTRATION registration;
    KIRQL irql;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
    register_block(&registration);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
    WskDeregister(&registration);
}

static void capture_at_dispatch(struct wsk_fixture *fixture, ULONG wait_timeout_ms)
{
    WSK_PROVIDER_NPI npi;
    NTSTATUS status;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = WskCaptureProviderNPI(&fixture->registration, wait_timeout_ms, &npi);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
    WskReleaseProviderNPI(&fixture->registration);
}

static void test_npi_007_breach_capture_with_wait_at_dispatch(void **state)
{
    wsk_kit_expect_report("NPI-007");
    capture_at_dispatch(*state, 10);
}

static void test_npi_007_near_miss_capture_without_wait_at_dispatch(void **state)
{
    capture_at_dispatch(*state, WSK_NO_WAIT);
}

/* --- NPI-006 capture-balance ---------------------------------------------------------------------- */

static void test_npi_006_breach_released_too_often(void **state)
{
    struct wsk_fixture *fixture = *state;

    fixture_release(fixture);
    wsk_kit_expect_report("NPI-006");
    WskReleaseProviderNPI(&fixture->registration);
}

static void test_npi_006_breach_released_after_a_failed_capture(void **state)
{
    static const WSK_CLIENT_DISPATCH dispatch = { MAKE_WSK_VERSION(2, 0), 0, NULL };
    WSK_CLIENT_NPI npi = { NULL, &dispatch };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI provider;

    (void)state;
    assert_int_equal(WskRegister(&npi, &registration), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_NOINTERFACE);
    wsk_kit_expect_report("NPI-006");
    WskReleaseProviderNPI(&registration);
    WskDeregister(&registration);
}

static void test_npi_006_breach_never_released(void **state)
{
    static WSK_REGISTRATION registration; /* must outlive the test */
    WSK_PROVIDER_NPI provider;

    (void)state;
    register_block(&registration);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &provider), STATUS_SUCCESS);
    wsk_kit_expect_report("NPI-001");
    wsk_kit_expect_report("NPI-006");
}

static void test_npi_006_near_miss_one_release_for_each_capture(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_PROVIDER_NPI provider;
    unsigned i;

    for (i = 0; i < 3; i++) {
        assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &provider), STATUS_SUCCESS);
    }
    for (i = 0; i < 3; i++) {
        WskReleaseProviderNPI(&fixture->registration);
    }
}

/* --- NPI-008 infinite-wait-in-driverentry, NPI-012 deregister-before-unload ----------------------- */

static ULONG s_wait_timeout_ms;
static WSK_REGISTRATION s_registration;

static VOID NTAPI unload_and_deregister(PDRIVER_OBJECT DriverObject)
{
    (void)DriverObject;
    WskDeregister(&s_registration);
}

static VOID NTAPI unload_and_forget(PDRIVER_OBJECT DriverObject)
{
    (void)DriverObject;
}

static NTSTATUS NTAPI entry_captures(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WSK_PROVIDER_NPI npi;
    NTSTATUS status;

    (void)RegistryPath;
    DriverObject->DriverUnload = unload_and_deregister;
    status = WskRegister(&client_npi, &s_registration);
    if (NT_SUCCESS(status)) {
        status = WskCaptureProviderNPI(&s_registration, s_wait_timeout_ms, &npi);
        WskReleaseProviderNPI(&s_registration);
    }
    return status;
}

static NTSTATUS NTAPI entry_forgets(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    (void)RegistryPath;
    DriverObject->DriverUnload = unload_and_forget;
    return WskRegister(&client_npi, &s_registration);
}

static NTSTATUS NTAPI entry_fails_after_register(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    (void)DriverObject;
    (void)RegistryPath;
    (void)WskRegister(&client_npi, &s_registration);
    return STATUS_UNSUCCESSFUL;
}

static void load_and_unload(PDRIVER_INITIALIZE entry)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_driver_load(entry, "npi", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
}

static void test_npi_008_breach_infinite_wait_in_driver_entry(void **state)
{
    (void)state;
    s_wait_timeout_ms = WSK_INFINITE_WAIT;
    wsk_kit_expect_report("NPI-008");
    load_and_unload(entry_captures);
}

static void test_npi_008_near_miss_bounded_wait_in_driver_entry(void **state)
{
    (void)state;
    s_wait_timeout_ms = 30000;
    load_and_unload(entry_captures);
}

static void test_npi_012_breach_unload_forgets_the_registration(void **state)
{
    (void)state;
    wsk_kit_expect_report("NPI-012");
    load_and_unload(entry_forgets);
}

static void test_npi_012_breach_failing_driver_entry_forgets_the_registration(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    wsk_kit_expect_report("NPI-012");
    assert_int_equal(wsk_emu_driver_load(entry_fails_after_register, "npi", &driver), STATUS_UNSUCCESSFUL);
}

static void test_npi_012_near_miss_unload_deregisters(void **state)
{
    (void)state;
    s_wait_timeout_ms = WSK_NO_WAIT;
    load_and_unload(entry_captures);
}

/* --- NPI-011 deregister-deadlock, SOCK-062 sockets-closed-before-deregister ----------------------- */

static jmp_buf s_stalled;

static void stalled(const char *reason)
{
    (void)reason;
    longjmp(s_stalled, 1);
}

/* The wait that can never end is left where it is; the test must end, too. */
static void deregister_until_stalled(struct wsk_fixture *fixture)
{
    wsk_kit_expect_report("WAIT-021"); /* for the wait as such */
    wsk_kit_set_failure_handler(stalled);
    if (setjmp(s_stalled) == 0) {
        WskDeregister(&fixture->registration);
        fail_msg("%s", "WskDeregister returned");
    }
    fixture->is_registered = false;
}

/* An accepted connection, whose listener is gone. */
static PWSK_SOCKET accepted_only(struct wsk_fixture *fixture, struct wsk_kit_peer **peer)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, peer);

    socket_close(listener);
    return accepted;
}

static void test_npi_011_breach_deregister_with_a_capture(void **state)
{
    struct wsk_fixture *fixture = *state;

    wsk_kit_expect_report("NPI-011");
    deregister_until_stalled(fixture);
    assert_int_equal(wsk_kit_report_count("NPI-011"), 1);
    fixture_release(fixture);
}

static void test_sock_062_breach_deregister_with_an_open_socket(void **state)
{
    struct wsk_fixture *fixture = *state;

    (void)socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    fixture_release(fixture);
    wsk_kit_expect_report("NPI-011");
    wsk_kit_expect_report("SOCK-062");
    deregister_until_stalled(fixture);
    assert_int_equal(wsk_kit_report_count("SOCK-062"), 1);
    wsk_kit_expect_report("SOCK-035"); /* it is still open at the end */
}

struct closing {
    PWSK_SOCKET socket;
    struct wsk_fixture *fixture;
};

static VOID NTAPI close_and_release(PVOID Context)
{
    struct closing *closing = Context;

    socket_close(closing->socket);
    WskReleaseProviderNPI(&closing->fixture->registration);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Another thread does what WskDeregister waits for. */
static void deregister_beside_a_closing_thread(struct wsk_fixture *fixture)
{
    struct closing closing = { socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL), fixture };
    PKTHREAD thread = system_thread_start(close_and_release, &closing);

    fixture->is_captured = false;
    fixture_deregister(fixture);
    system_thread_join(thread);
}

static void test_npi_011_near_miss_another_thread_releases(void **state)
{
    deregister_beside_a_closing_thread(*state);
}

static void test_sock_062_near_miss_another_thread_closes(void **state)
{
    deregister_beside_a_closing_thread(*state);
}

static struct conn_request *volatile s_pending; /* to the end of the emulated kernel */

/* A server that leaves its connections to its clients, and a client that says nothing for a long time: the wait is
 * long, and not for ever. */
static void test_npi_011_near_miss_a_peer_may_end_the_wait(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;

    s_pending = conn_receive_post(accepted_only(fixture, &peer), 16, 0);
    fixture_release(fixture);
    deregister_until_stalled(fixture);
    wsk_kit_peer_close(peer);
    wsk_kit_expect_report("SOCK-035");
    wsk_kit_expect_report("IRP-018");
    wsk_kit_expect_report("MDL-010");
}

/* Nobody would hear of the peer's end. */
static void test_sock_062_breach_no_request_hears_of_the_peer(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;

    (void)accepted_only(fixture, &peer);
    fixture_release(fixture);
    wsk_kit_expect_report("NPI-011");
    wsk_kit_expect_report("SOCK-062");
    deregister_until_stalled(fixture);
    assert_int_equal(wsk_kit_report_count("SOCK-062"), 1);
    wsk_kit_peer_close(peer);
    wsk_kit_expect_report("SOCK-035");
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

static const struct wsk_emu_config live_and_impatient = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_SOCKETS,
    .no_progress_ms = 50,
};
#define T_LIVE(f) wsk_emu_unit_test_config(f, fixture_setup, fixture_teardown, &live_and_impatient)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_npi_001_breach_deregister_twice),
        T(test_npi_001_breach_deregister_after_a_failed_register),
        T(test_npi_001_breach_register_twice),
        T(test_npi_001_breach_never_deregistered),
        T(test_npi_001_near_miss_two_blocks),
        T(test_npi_002_breach_block_written),
        T(test_npi_002_near_miss_block_read),
        T(test_npi_003_breach_dispatch_changed),
        T(test_npi_003_near_miss_npi_changed),
        T(test_npi_004_breach_reserved_is_set),
        T(test_npi_004_breach_version_is_swapped),
        T(test_npi_004_near_miss_newer_version),
        T(test_npi_005_breach_register_and_deregister_at_dispatch),
        T(test_npi_005_near_miss_between_two_raises),
        T(test_npi_006_breach_released_too_often),
        T(test_npi_006_breach_released_after_a_failed_capture),
        T(test_npi_006_breach_never_released),
        T(test_npi_006_near_miss_one_release_for_each_capture),
        T(test_npi_007_breach_capture_with_wait_at_dispatch),
        T(test_npi_007_near_miss_capture_without_wait_at_dispatch),
        T(test_npi_008_breach_infinite_wait_in_driver_entry),
        T(test_npi_008_near_miss_bounded_wait_in_driver_entry),
        T(test_npi_011_breach_deregister_with_a_capture),
        T(test_npi_011_near_miss_another_thread_releases),
        T_LIVE(test_npi_011_near_miss_a_peer_may_end_the_wait),
        T(test_npi_012_breach_unload_forgets_the_registration),
        T(test_npi_012_breach_failing_driver_entry_forgets_the_registration),
        T(test_npi_012_near_miss_unload_deregisters),
        T(test_sock_062_breach_deregister_with_an_open_socket),
        T(test_sock_062_near_miss_another_thread_closes),
        T_LIVE(test_sock_062_breach_no_request_hears_of_the_peer),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
