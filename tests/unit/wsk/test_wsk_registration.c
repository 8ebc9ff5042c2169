/* SPDX-License-Identifier: MIT */
/* Tests of wsk_registration.c that need a provider which is not ready, has stopped, or is asked why nothing moves. */
#include "support/system_thread.h"
#include "support/wsk_fixture.h"

#include <setjmp.h>

#include "wsk/wsk_client.h"

static int setup(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);

    fixture_register(fixture);
    we_wsk_registration_set_ready(false);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_destroy(*state);
    return 0;
}

/* A thread that captures. */
struct capture_thread {
    struct wsk_fixture *fixture;
    ULONG wait_timeout_ms;
    struct wsk_kit_witness *witness; /* status, client */
    PKTHREAD thread;
};

static VOID NTAPI capture_main(PVOID Context)
{
    struct capture_thread *capture = Context;
    WSK_PROVIDER_NPI npi;
    NTSTATUS status = WskCaptureProviderNPI(&capture->fixture->registration, capture->wait_timeout_ms, &npi);

    wsk_kit_witness_call(capture->witness, (uintptr_t)(ULONG)status, (uintptr_t)npi.Client, 0, 0);
    if (NT_SUCCESS(status)) {
        WskReleaseProviderNPI(&capture->fixture->registration);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void capture_start(struct capture_thread *capture, struct wsk_fixture *fixture, ULONG wait_timeout_ms)
{
    capture->fixture = fixture;
    capture->wait_timeout_ms = wait_timeout_ms;
    capture->witness = wsk_kit_witness_create("WskCaptureProviderNPI returned");
    capture->thread = system_thread_start(capture_main, capture);
    wsk_kit_run_until_idle();
}

static NTSTATUS capture_join(struct capture_thread *capture)
{
    NTSTATUS status;

    wsk_kit_witness_wait(capture->witness, 1);
    status = (NTSTATUS)(ULONG)wsk_kit_witness_get(capture->witness, 0).values[0];
    system_thread_join(capture->thread);
    wsk_kit_witness_destroy(capture->witness);
    return status;
}

static void test_capture_without_wait_returns_at_once(void **state)
{
    struct wsk_fixture *fixture = *state;

    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &fixture->npi),
                     STATUS_DEVICE_NOT_READY);
    assert_null(fixture->npi.Dispatch);
    assert_int_equal(wsk_kit_now_ms(), 0);
}

static void test_capture_with_a_finite_wait_gives_up_in_time(void **state)
{
    struct wsk_fixture *fixture = *state;
    uint64_t before_ms = wsk_kit_now_ms();

    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, 250, &fixture->npi), STATUS_DEVICE_NOT_READY);
    assert_int_equal(wsk_kit_now_ms() - before_ms, 250);
}

static void test_capture_with_a_finite_wait_succeeds_when_the_provider_comes(void **state)
{
    struct capture_thread capture;

    capture_start(&capture, *state, 250);
    wsk_kit_advance_ms(249);
    assert_int_equal(wsk_kit_witness_count(capture.witness), 0);
    we_wsk_registration_set_ready(true);
    assert_int_equal(capture_join(&capture), STATUS_SUCCESS);
}

static void test_capture_with_an_infinite_wait_succeeds_when_the_provider_comes(void **state)
{
    struct capture_thread capture;

    capture_start(&capture, *state, WSK_INFINITE_WAIT);
    wsk_kit_advance_ms(3600000);
    assert_int_equal(wsk_kit_witness_count(capture.witness), 0);
    we_wsk_registration_set_ready(true);
    assert_int_equal(capture_join(&capture), STATUS_SUCCESS);
}

static void test_capture_that_waits_ends_when_the_client_deregisters(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct capture_thread capture;

    capture_start(&capture, fixture, WSK_INFINITE_WAIT);
    assert_int_equal(wsk_kit_witness_count(capture.witness), 0);
    fixture_deregister(fixture);
    assert_int_equal(capture_join(&capture), STATUS_DEVICE_NOT_READY);
}

static void test_query_without_a_provider_is_not_ready(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_PROVIDER_CHARACTERISTICS characteristics;

    assert_int_equal(WskQueryProviderCharacteristics(&fixture->registration, &characteristics),
                     STATUS_DEVICE_NOT_READY);
}

/* A thread that a driver has left behind still runs when the provider has stopped. */
static void test_register_with_a_provider_that_has_stopped_is_not_ready(void **state)
{
    struct wsk_fixture *fixture = *state;

    fixture_deregister(fixture);
    we_wsk_registration_stop();
    assert_int_equal(WskRegister(&fixture->client_npi, &fixture->registration), STATUS_DEVICE_NOT_READY);
    we_wsk_registration_start();
    fixture_register(fixture);
}

static jmp_buf s_stalled;

static void note_stall(const char *reason)
{
    UNREFERENCED_PARAMETER(reason);
    longjmp(s_stalled, 1);
}

/* What is reported is the wait, and of clients only those that WskDeregister waits for. */
static void test_client_that_is_only_registered_is_not_blamed_for_a_stall(void **state)
{
    static KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    wsk_kit_expect_report("WAIT-021");
    wsk_kit_set_failure_handler(note_stall);
    if (setjmp(s_stalled) == 0) {
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        fail_msg("the wait returned");
    }
    assert_int_equal(wsk_kit_report_count("WAIT-021"), 1);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_capture_without_wait_returns_at_once),
        T(test_capture_with_a_finite_wait_gives_up_in_time),
        T(test_capture_with_a_finite_wait_succeeds_when_the_provider_comes),
        T(test_capture_with_an_infinite_wait_succeeds_when_the_provider_comes),
        T(test_capture_that_waits_ends_when_the_client_deregisters),
        T(test_query_without_a_provider_is_not_ready),
        T(test_register_with_a_provider_that_has_stopped_is_not_ready),
        T(test_client_that_is_only_registered_is_not_blamed_for_a_stall),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
