/* SPDX-License-Identifier: MIT */
/* Registration: WskRegister, WskCaptureProviderNPI, WskReleaseProviderNPI, WskQueryProviderCharacteristics and
 * WskDeregister. */
#include "support/system_thread.h"
#include "support/wsk_fixture.h"

#include <string.h>

/* --- register and capture ------------------------------------------------------------------------- */

static void test_capture_succeeds_with_client_and_version(void **state)
{
    struct wsk_fixture *fixture = *state;

    assert_non_null(fixture->npi.Client);
    assert_non_null(fixture->npi.Dispatch);
    assert_true(fixture->npi.Dispatch->Version >= MAKE_WSK_VERSION(1, 0));
    assert_non_null(fixture->npi.Dispatch->WskSocket);
    assert_non_null(fixture->npi.Dispatch->WskSocketConnect);
    assert_non_null(fixture->npi.Dispatch->WskControlClient);
    assert_non_null(fixture->npi.Dispatch->WskGetAddressInfo);
    assert_non_null(fixture->npi.Dispatch->WskFreeAddressInfo);
    assert_non_null(fixture->npi.Dispatch->WskGetNameInfo);
}

static void test_capture_with_each_kind_of_wait_succeeds_at_once(void **state)
{
    static const ULONG waits_ms[] = { WSK_NO_WAIT, 5000, WSK_INFINITE_WAIT };
    struct wsk_fixture *fixture = *state;
    size_t i;

    for (i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        WSK_PROVIDER_NPI npi;

        assert_int_equal(WskCaptureProviderNPI(&fixture->registration, waits_ms[i], &npi), STATUS_SUCCESS);
        assert_ptr_equal(npi.Client, fixture->npi.Client);
        WskReleaseProviderNPI(&fixture->registration);
    }
}

static void test_capture_without_wait_works_at_dispatch_level(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_PROVIDER_NPI npi;
    NTSTATUS status;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &npi);
    WskReleaseProviderNPI(&fixture->registration);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
}

static void test_register_takes_the_npi_from_the_stack(void **state)
{
    struct wsk_fixture *fixture = *state;
    static const WSK_CLIENT_DISPATCH dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi;
    WSK_CLIENT_NPI client_npi = { fixture, &dispatch };

    assert_int_equal(WskRegister(&client_npi, &registration), STATUS_SUCCESS);
    memset(&client_npi, 0xa5, sizeof(client_npi));
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi), STATUS_SUCCESS);
    assert_ptr_not_equal(npi.Client, fixture->npi.Client);
    WskReleaseProviderNPI(&registration);
    WskDeregister(&registration);
}

static void test_register_without_arguments_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_CLIENT_NPI without_dispatch = { fixture, NULL };
    WSK_REGISTRATION registration;

    assert_int_equal(WskRegister(NULL, &registration), STATUS_INVALID_PARAMETER);
    assert_int_equal(WskRegister(&without_dispatch, &registration), STATUS_INVALID_PARAMETER);
    assert_int_equal(WskRegister(&fixture->client_npi, NULL), STATUS_INVALID_PARAMETER);
}

/* The recipe for version retry: capture fails, query tells what is served, register anew. */
static void test_capture_of_an_unserved_version_fails_with_nointerface(void **state)
{
    static const WSK_CLIENT_DISPATCH absurd = { MAKE_WSK_VERSION(9, 0), 0, NULL };
    WSK_CLIENT_NPI client_npi = { NULL, &absurd };
    WSK_PROVIDER_CHARACTERISTICS characteristics = { 0, 0 };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi = { (PWSK_CLIENT)&registration, NULL };

    (void)state;
    assert_int_equal(WskRegister(&client_npi, &registration), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_NOINTERFACE);
    assert_null(npi.Client);
    assert_null(npi.Dispatch);
    assert_int_equal(WskQueryProviderCharacteristics(&registration, &characteristics), STATUS_SUCCESS);
    assert_true(characteristics.LowestVersion <= MAKE_WSK_VERSION(1, 0));
    assert_true(characteristics.HighestVersion >= MAKE_WSK_VERSION(1, 0));
    WskDeregister(&registration);
}

static void test_capture_of_a_higher_minor_version_fails_with_nointerface(void **state)
{
    static const WSK_CLIENT_DISPATCH newer = { MAKE_WSK_VERSION(1, 1), 0, NULL };
    WSK_CLIENT_NPI client_npi = { NULL, &newer };
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi;

    (void)state;
    assert_int_equal(WskRegister(&client_npi, &registration), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi), STATUS_NOINTERFACE);
    WskDeregister(&registration);
}

static void test_capture_after_deregister_fails_with_device_not_ready(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi;

    assert_int_equal(WskRegister(&fixture->client_npi, &registration), STATUS_SUCCESS);
    WskDeregister(&registration);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_NO_WAIT, &npi), STATUS_DEVICE_NOT_READY);
    assert_int_equal(WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi), STATUS_DEVICE_NOT_READY);
    assert_null(npi.Dispatch);
}

static void test_register_again_into_a_deregistered_block_succeeds(void **state)
{
    struct wsk_fixture *fixture = *state;

    fixture_release(fixture);
    fixture_deregister(fixture);
    fixture_register(fixture);
    fixture_capture(fixture);
    assert_non_null(fixture->npi.Client);
}

/* --- deregister ----------------------------------------------------------------------------------- */

/* A thread that deregisters, and what it found. */
struct deregister_thread {
    struct wsk_fixture *fixture;
    struct wsk_kit_witness *witness;
    PKTHREAD thread;
};

static VOID NTAPI deregister_main(PVOID Context)
{
    struct deregister_thread *deregister = Context;

    WskDeregister(&deregister->fixture->registration);
    wsk_kit_witness_call(deregister->witness, 0, 0, 0, 0);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void deregister_start(struct deregister_thread *deregister, struct wsk_fixture *fixture)
{
    deregister->fixture = fixture;
    deregister->witness = wsk_kit_witness_create("WskDeregister returned");
    fixture->is_registered = false;
    deregister->thread = system_thread_start(deregister_main, deregister);
    wsk_kit_run_until_idle();
}

static void deregister_join(struct deregister_thread *deregister)
{
    wsk_kit_witness_wait(deregister->witness, 1);
    system_thread_join(deregister->thread);
    wsk_kit_witness_destroy(deregister->witness);
}

static void test_deregister_waits_for_the_release(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct deregister_thread deregister;

    deregister_start(&deregister, fixture);
    assert_int_equal(wsk_kit_witness_count(deregister.witness), 0);
    fixture_release(fixture);
    deregister_join(&deregister);
}

static void test_deregister_waits_for_every_capture(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct deregister_thread deregister;
    WSK_PROVIDER_NPI npi;

    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &npi), STATUS_SUCCESS);
    deregister_start(&deregister, fixture);
    WskReleaseProviderNPI(&fixture->registration);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(deregister.witness), 0);
    fixture_release(fixture);
    deregister_join(&deregister);
}

static void test_deregister_waits_for_the_close_of_a_socket(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct deregister_thread deregister;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);

    fixture_release(fixture);
    deregister_start(&deregister, fixture);
    assert_int_equal(wsk_kit_witness_count(deregister.witness), 0);
    socket_close(socket);
    deregister_join(&deregister);
}

static void test_capture_while_deregister_waits_fails_with_device_not_ready(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct deregister_thread deregister;
    WSK_PROVIDER_NPI npi;

    deregister_start(&deregister, fixture);
    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_INFINITE_WAIT, &npi), STATUS_DEVICE_NOT_READY);
    fixture_release(fixture);
    deregister_join(&deregister);
}

/* What the vendor's sample does: the listener goes on without the capture. */
static void test_socket_works_after_the_release(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local;

    fixture_release(fixture);
    socket_bind_loopback(listener, AF_INET);
    local = socket_local(listener, true);
    assert_int_not_equal(address_port(&local), 0);
    socket_close(listener);
}

static void test_deregister_returns_after_many_sockets_have_come_and_gone(void **state)
{
    struct wsk_fixture *fixture = *state;
    unsigned i;

    for (i = 0; i < 200; i++) {
        socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET6, NULL, NULL));
    }
    fixture_release(fixture);
    fixture_deregister(fixture);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 0);
}

#define TESTS(X)                                                       \
    X(test_capture_succeeds_with_client_and_version)                   \
    X(test_capture_with_each_kind_of_wait_succeeds_at_once)            \
    X(test_capture_without_wait_works_at_dispatch_level)               \
    X(test_register_takes_the_npi_from_the_stack)                      \
    X(test_register_without_arguments_fails)                           \
    X(test_capture_of_an_unserved_version_fails_with_nointerface)      \
    X(test_capture_of_a_higher_minor_version_fails_with_nointerface)   \
    X(test_capture_after_deregister_fails_with_device_not_ready)       \
    X(test_register_again_into_a_deregistered_block_succeeds)          \
    X(test_deregister_waits_for_the_release)                           \
    X(test_deregister_waits_for_every_capture)                         \
    X(test_deregister_waits_for_the_close_of_a_socket)                 \
    X(test_capture_while_deregister_waits_fails_with_device_not_ready) \
    X(test_socket_works_after_the_release)                             \
    X(test_deregister_returns_after_many_sockets_have_come_and_gone)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
