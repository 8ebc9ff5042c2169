/* SPDX-License-Identifier: MIT */
/* Verifier rules of the functions in the provider's table: each with a breach and a near miss. */
#include "support/wsk_fixture.h"

/* --- NPI-010 use-after-release -------------------------------------------------------------------- */

static void test_npi_010_breach_socket_after_the_last_release(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket;

    fixture_release(fixture);
    wsk_kit_expect_report("NPI-010");
    assert_int_equal(
        socket_open_try(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_INVALID_HANDLE);
}

static void test_npi_010_breach_client_of_an_ended_registration(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket;

    fixture_release(fixture);
    fixture_deregister(fixture);
    wsk_kit_expect_report("NPI-010");
    assert_int_equal(
        socket_open_try(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_INVALID_HANDLE);
}

static void test_npi_010_near_miss_socket_with_one_capture_left(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_PROVIDER_NPI provider;

    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, &provider), STATUS_SUCCESS);
    WskReleaseProviderNPI(&fixture->registration);
    socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
}

/* --- NPI-011 deregister-deadlock ------------------------------------------------------------------ */

static WSK_REGISTRATION s_second_block;

static void deregister_second(struct wsk_request *request)
{
    UNREFERENCED_PARAMETER(request);
    WskDeregister(&s_second_block);
}

/* A completion routine cannot wait for the release, and nothing that it holds up will bring it. */
static void test_npi_011_breach_deregister_in_a_completion_routine(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    WSK_PROVIDER_NPI npi;
    NTSTATUS returned;

    assert_int_equal(WskRegister(&fixture->client_npi, &s_second_block), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&s_second_block, WSK_NO_WAIT, &npi), STATUS_SUCCESS);
    request->completed = deregister_second;
    wsk_kit_expect_report("NPI-005");
    wsk_kit_expect_report("NPI-011");
    returned =
        fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_BASIC_SOCKET,
                                         NULL, NULL, NULL, NULL, NULL, request_irp(request));
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_report_count("NPI-011"), 1);
    WskReleaseProviderNPI(&s_second_block);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
}

/* --- NPI-014 control-client-irp, NPI-015 static-callbacks-early ----------------------------------- */

static void test_npi_014_breach_transport_query_with_an_irp(void **state)
{
    struct wsk_fixture *fixture = *state;
    SIZE_T size = 0;
    NTSTATUS status;

    wsk_kit_expect_report("NPI-014");
    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_TRANSPORT_LIST_QUERY, 0, NULL, 0,
                                                         NULL, &size, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
}

static void test_npi_014_breach_transport_change_without_an_irp(void **state)
{
    struct wsk_fixture *fixture = *state;

    wsk_kit_expect_report("NPI-014");
    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_TRANSPORT_LIST_CHANGE, 0, NULL, 0,
                                                             NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

static void test_npi_014_near_miss_transport_query_without_an_irp(void **state)
{
    struct wsk_fixture *fixture = *state;
    SIZE_T size = 0;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_TRANSPORT_LIST_QUERY, 0, NULL, 0,
                                                             NULL, &size, NULL),
                     STATUS_BUFFER_OVERFLOW);
}

static NTSTATUS set_static_events(struct wsk_fixture *fixture, PNPIID npi_id, ULONG mask)
{
    WSK_EVENT_CALLBACK_CONTROL control = { npi_id, mask };

    return fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                                   &control, 0, NULL, NULL, NULL);
}

static void test_npi_015_breach_static_events_after_a_socket(void **state)
{
    socket_close(socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(set_static_events(*state, &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
}

static void test_npi_015_breach_static_events_twice(void **state)
{
    assert_int_equal(set_static_events(*state, &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(set_static_events(*state, &NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
}

static void test_npi_015_breach_static_events_without_interface(void **state)
{
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(set_static_events(*state, NULL, WSK_EVENT_RECEIVE), STATUS_INVALID_PARAMETER);
}

static void test_npi_015_near_miss_static_events_before_any_socket(void **state)
{
    assert_int_equal(
        set_static_events(*state, &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE | WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE_FROM),
        STATUS_SUCCESS);
    socket_close(socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL));
}

/* --- NPI-016 cached-sd ---------------------------------------------------------------------------- */

static PSECURITY_DESCRIPTOR descriptor_cache(struct wsk_fixture *fixture)
{
    PSECURITY_DESCRIPTOR own = fixture;
    PSECURITY_DESCRIPTOR cached = NULL;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_CACHE_SD, sizeof(own), &own,
                                                             sizeof(cached), &cached, NULL, NULL),
                     STATUS_SUCCESS);
    return cached;
}

static NTSTATUS descriptor_release(struct wsk_fixture *fixture, PSECURITY_DESCRIPTOR cached)
{
    return fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_RELEASE_SD, sizeof(cached), &cached, 0,
                                                   NULL, NULL, NULL);
}

static NTSTATUS socket_start(struct wsk_fixture *fixture, PSECURITY_DESCRIPTOR descriptor, PIRP irp)
{
    return fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                            WSK_FLAG_LISTEN_SOCKET, NULL, NULL, NULL, NULL, descriptor, irp);
}

static void test_npi_016_breach_descriptor_is_the_drivers_own(void **state)
{
    struct wsk_fixture *fixture = *state;
    unsigned char own[64] = { 0 };
    PSECURITY_DESCRIPTOR descriptor = own;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    NTSTATUS status;

    wsk_kit_expect_report("NPI-016");
    REQUEST_CALL(status, NULL, irp, socket_start(fixture, descriptor, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("NPI-016");
    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &descriptor, sizeof(descriptor)),
                     STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_npi_016_breach_descriptor_released_twice(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR cached = descriptor_cache(fixture);

    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    wsk_kit_expect_report("NPI-016");
    assert_int_equal(descriptor_release(fixture, cached), STATUS_INVALID_PARAMETER);
}

static void test_npi_016_breach_descriptor_is_never_released(void **state)
{
    struct wsk_fixture *fixture = *state;

    (void)descriptor_cache(fixture);
    fixture_release(fixture);
    wsk_kit_expect_report("NPI-016");
    fixture_deregister(fixture);
    assert_int_equal(wsk_kit_report_count("NPI-016"), 1);
}

static void test_npi_016_breach_handle_of_the_option_is_never_released(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    PSECURITY_DESCRIPTOR got;

    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &got, sizeof(got), NULL), STATUS_SUCCESS);
    socket_close(socket);
    fixture_release(fixture);
    wsk_kit_expect_report("NPI-016");
    fixture_deregister(fixture);
}

/* The completion routine has not run when the handle goes. */
static void test_npi_016_breach_descriptor_released_before_the_completion(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    PSECURITY_DESCRIPTOR cached = descriptor_cache(fixture);
    NTSTATUS returned = socket_start(fixture, cached, request_irp(request));

    assert_int_equal(returned, STATUS_PENDING);
    wsk_kit_expect_report("NPI-016");
    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
}

static void test_npi_016_near_miss_descriptor_released_after_the_completion(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    PSECURITY_DESCRIPTOR cached = descriptor_cache(fixture);
    NTSTATUS returned = socket_start(fixture, cached, request_irp(request));

    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    wsk_kit_run_until_idle(); /* until the completion routine has returned as well */
    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    socket_close((PWSK_SOCKET)request->result.Information);
    request_destroy(request);
    fixture_release(fixture);
    fixture_deregister(fixture);
}

static const struct wsk_emu_config deferred = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .completion = WSK_EMU_COMPLETION_DEFERRED,
};
#define T_DEFERRED(f) wsk_emu_unit_test_config(f, fixture_setup, fixture_teardown, &deferred)

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_npi_010_breach_socket_after_the_last_release),
        T(test_npi_010_breach_client_of_an_ended_registration),
        T(test_npi_010_near_miss_socket_with_one_capture_left),
        T(test_npi_011_breach_deregister_in_a_completion_routine),
        T(test_npi_014_breach_transport_query_with_an_irp),
        T(test_npi_014_breach_transport_change_without_an_irp),
        T(test_npi_014_near_miss_transport_query_without_an_irp),
        T(test_npi_015_breach_static_events_after_a_socket),
        T(test_npi_015_breach_static_events_twice),
        T(test_npi_015_breach_static_events_without_interface),
        T(test_npi_015_near_miss_static_events_before_any_socket),
        T(test_npi_016_breach_descriptor_is_the_drivers_own),
        T(test_npi_016_breach_descriptor_released_twice),
        T(test_npi_016_breach_descriptor_is_never_released),
        T(test_npi_016_breach_handle_of_the_option_is_never_released),
        T_DEFERRED(test_npi_016_breach_descriptor_released_before_the_completion),
        T_DEFERRED(test_npi_016_near_miss_descriptor_released_after_the_completion),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
