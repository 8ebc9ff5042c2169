/* SPDX-License-Identifier: MIT */
/* The codes of WskControlClient: transports, security descriptors, TDI settings, and what they refuse. */
#include "support/system_thread.h"
#include "support/wsk_fixture.h"

#include <string.h>

struct control {
    ULONG code;
    PVOID input;
    SIZE_T input_size;
    PVOID output;
    SIZE_T output_size;
    SIZE_T *returned;
};

static NTSTATUS control_client(struct wsk_fixture *fixture, const struct control *control, PIRP irp)
{
    return fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, control->code, control->input_size,
                                                   control->input, control->output_size, control->output,
                                                   control->returned, irp);
}

/* --- transports ----------------------------------------------------------------------------------- */

static SIZE_T transports_query(struct wsk_fixture *fixture, WSK_TRANSPORT *transports, SIZE_T size)
{
    SIZE_T returned = 0;
    const struct control control = {
        .code = WSK_TRANSPORT_LIST_QUERY, .output = transports, .output_size = size, .returned = &returned
    };

    assert_int_equal(control_client(fixture, &control, NULL), STATUS_SUCCESS);
    assert_int_equal(returned % sizeof(WSK_TRANSPORT), 0);
    return returned / sizeof(WSK_TRANSPORT);
}

static void change_start(struct wsk_fixture *fixture, struct wsk_request *request)
{
    const struct control control = { .code = WSK_TRANSPORT_LIST_CHANGE };

    assert_int_equal(control_client(fixture, &control, request_irp(request)), STATUS_PENDING);
}

static void test_transport_list_fits_a_buffer_of_its_size(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_TRANSPORT transports[16];
    SIZE_T count = transports_query(fixture, transports, sizeof(transports));
    SIZE_T returned = 0;
    const struct control exact = { .code = WSK_TRANSPORT_LIST_QUERY,
                                   .output = transports,
                                   .output_size = count * sizeof(WSK_TRANSPORT),
                                   .returned = &returned };
    const struct control short_of_one = { .code = WSK_TRANSPORT_LIST_QUERY,
                                          .output = transports,
                                          .output_size = count * sizeof(WSK_TRANSPORT) - 1,
                                          .returned = &returned };

    assert_int_equal(control_client(fixture, &exact, NULL), STATUS_SUCCESS);
    assert_int_equal(returned, count * sizeof(WSK_TRANSPORT));
    returned = 0;
    assert_int_equal(control_client(fixture, &short_of_one, NULL), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(returned, count * sizeof(WSK_TRANSPORT));
}

static void test_transport_list_follows_the_machines_stacks(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_TRANSPORT transports[16];
    SIZE_T count = transports_query(fixture, transports, sizeof(transports));
    PWSK_SOCKET socket;
    SIZE_T left;
    SIZE_T i;

    wsk_kit_set_transports(true, false);
    left = transports_query(fixture, transports, sizeof(transports));
    assert_int_equal(left, count / 2);
    for (i = 0; i < left; i++) {
        assert_int_equal(transports[i].AddressFamily, AF_INET);
    }
    assert_int_equal(
        socket_open_try(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET6, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_NOT_SUPPORTED);
    wsk_kit_set_transports(false, false);
    assert_int_equal(transports_query(fixture, NULL, 0), 0);
}

static void test_transport_change_completes_when_a_stack_comes_or_goes(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *first = request_create();
    struct wsk_request *second = request_create();

    change_start(fixture, first);
    change_start(fixture, second);
    wsk_kit_run_until_idle();
    assert_false(request_is_done(first));
    wsk_kit_set_transports(true, true); /* is no change */
    wsk_kit_run_until_idle();
    assert_false(request_is_done(first));

    wsk_kit_set_transports(true, false);
    assert_int_equal(request_wait(first, STATUS_PENDING), STATUS_SUCCESS);
    assert_int_equal(request_wait(second, STATUS_PENDING), STATUS_SUCCESS);
    assert_int_equal(first->result.Information, 0);

    /* One change completes a request once; the next one is for the next change. */
    change_start(fixture, first);
    wsk_kit_set_transports(true, true);
    assert_int_equal(request_wait(first, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(first);
    request_destroy(second);
}

static void test_transport_change_is_cancelled_by_its_irp(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();

    change_start(fixture, request);
    assert_true(IoCancelIrp(request->irp));
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    assert_int_equal(request->result.Information, 0);
    wsk_kit_set_transports(true, false); /* nobody waits any more */
    request_destroy(request);
}

static void test_transport_change_with_a_cancelled_irp_ends_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    const struct control control = { .code = WSK_TRANSPORT_LIST_CHANGE };
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    IoCancelIrp(irp);
    returned = control_client(fixture, &control, irp);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    request_destroy(request);
}

static void test_transport_change_is_cancelled_by_deregister(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_fixture *other = fixture_create(fixture->way);
    struct wsk_request *request = request_create();
    struct wsk_request *others = request_create();

    fixture_register(other);
    fixture_capture(other);
    change_start(fixture, request);
    change_start(other, others);
    fixture_release(fixture);
    fixture_deregister(fixture);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    assert_false(request_is_done(others));
    fixture_destroy(other);
    assert_int_equal(request_wait(others, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(request);
    request_destroy(others);
}

static VOID NTAPI deregister_main(PVOID context)
{
    struct wsk_fixture *fixture = context;

    WskDeregister(&fixture->registration);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* WskDeregister cancels what waits, and then waits itself for the capture to be released. What is asked for meanwhile
 * would wait for ever, and WskDeregister with it. */
static void test_transport_change_during_deregister_is_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    PVOID thread = system_thread_start(deregister_main, fixture);

    wsk_kit_run_until_idle();
    change_start(fixture, request);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(request);
    fixture_release(fixture);
    system_thread_join(thread);
    fixture->is_registered = false;
}

/* --- security descriptors ------------------------------------------------------------------------- */

static PSECURITY_DESCRIPTOR descriptor_cache(struct wsk_fixture *fixture)
{
    PSECURITY_DESCRIPTOR own = fixture;
    PSECURITY_DESCRIPTOR cached = NULL;
    const struct control control = { WSK_CACHE_SD, &own, sizeof(own), &cached, sizeof(cached), NULL };

    assert_int_equal(control_client(fixture, &control, NULL), STATUS_SUCCESS);
    assert_non_null(cached);
    return cached;
}

static NTSTATUS descriptor_release(struct wsk_fixture *fixture, PSECURITY_DESCRIPTOR cached)
{
    const struct control control = { .code = WSK_RELEASE_SD, .input = &cached, .input_size = sizeof(cached) };

    return control_client(fixture, &control, NULL);
}

static NTSTATUS open_with(struct wsk_fixture *fixture, PSECURITY_DESCRIPTOR descriptor, PWSK_SOCKET *socket)
{
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp,
                 fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                  WSK_FLAG_LISTEN_SOCKET, NULL, NULL, NULL, NULL, descriptor, irp));
    *socket = NT_SUCCESS(status) ? (PWSK_SOCKET)information : NULL;
    return status;
}

static void test_cache_sd_gives_a_handle_for_each_call(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR first = descriptor_cache(fixture);
    PSECURITY_DESCRIPTOR second = descriptor_cache(fixture);

    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 2);
    assert_int_equal(descriptor_release(fixture, first), STATUS_SUCCESS);
    assert_int_equal(descriptor_release(fixture, second), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 0);
}

static void test_cache_sd_with_wrong_sizes_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR own = fixture;
    PSECURITY_DESCRIPTOR none = NULL;
    PSECURITY_DESCRIPTOR cached = NULL;
    SIZE_T returned = 0;
    const struct control no_input = { WSK_CACHE_SD, NULL, 0, &cached, sizeof(cached), NULL };
    const struct control short_input = { WSK_CACHE_SD, &own, sizeof(own) - 1, &cached, sizeof(cached), NULL };
    const struct control null_input = { WSK_CACHE_SD, &none, sizeof(none), &cached, sizeof(cached), NULL };
    const struct control no_output = { WSK_CACHE_SD, &own, sizeof(own), NULL, 0, NULL };
    const struct control short_output = { WSK_CACHE_SD, &own, sizeof(own), &cached, sizeof(cached) - 1, &returned };
    const struct control no_buffer = { WSK_CACHE_SD, &own, sizeof(own), NULL, sizeof(cached), NULL };

    assert_int_equal(control_client(fixture, &no_input, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(control_client(fixture, &short_input, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(control_client(fixture, &null_input, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(control_client(fixture, &no_output, NULL), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(control_client(fixture, &short_output, NULL), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(returned, sizeof(cached));
    assert_int_equal(control_client(fixture, &no_buffer, NULL), STATUS_INVALID_PARAMETER);
    assert_null(cached);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 0);
}

static void test_release_sd_without_input_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    const struct control control = { .code = WSK_RELEASE_SD };

    assert_int_equal(control_client(fixture, &control, NULL), STATUS_INVALID_PARAMETER);
}

/* A socket keeps what it was given, so the handle may be released as soon as the request is done. */
static void test_socket_with_a_security_descriptor_gives_it_back(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR cached = descriptor_cache(fixture);
    PSECURITY_DESCRIPTOR got = NULL;
    PWSK_SOCKET socket;
    SIZE_T size = 0;

    assert_int_equal(open_with(fixture, cached, &socket), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &got, sizeof(got), &size), STATUS_SUCCESS);
    assert_int_equal(size, sizeof(got));
    assert_ptr_equal(got, cached);
    /* Two handles of one descriptor: two releases. */
    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 1);
    assert_int_equal(descriptor_release(fixture, got), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 0);
    socket_close(socket);
}

static void test_security_option_replaces_the_descriptor(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR first = descriptor_cache(fixture);
    PSECURITY_DESCRIPTOR second = descriptor_cache(fixture);
    PSECURITY_DESCRIPTOR got = NULL;
    PWSK_SOCKET socket;

    assert_int_equal(open_with(fixture, first, &socket), STATUS_SUCCESS);
    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &second, sizeof(second)), STATUS_SUCCESS);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &got, sizeof(got), NULL), STATUS_SUCCESS);
    assert_ptr_equal(got, second);
    assert_int_equal(descriptor_release(fixture, got), STATUS_SUCCESS);
    assert_int_equal(descriptor_release(fixture, second), STATUS_SUCCESS);
    assert_int_equal(descriptor_release(fixture, first), STATUS_SUCCESS);
    socket_close(socket);
}

/* Every socket has one; that of a socket without is the default, and is released like any other. */
static void test_security_option_of_a_plain_socket_is_the_default(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    PSECURITY_DESCRIPTOR got = NULL;

    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &got, sizeof(got), NULL), STATUS_SUCCESS);
    assert_non_null(got);
    assert_int_equal(socket_get_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &got, sizeof(got) - 1, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    socket_close(socket);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SECURITY_DESCRIPTOR), 1);
    assert_int_equal(descriptor_release(fixture, got), STATUS_SUCCESS);
}

static void test_security_option_after_bind_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PSECURITY_DESCRIPTOR cached = descriptor_cache(fixture);
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET basic = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_option(listener, SOL_SOCKET, SO_WSK_SECURITY, &cached, sizeof(cached)),
                     STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(socket_set_option(basic, SOL_SOCKET, SO_WSK_SECURITY, &cached, sizeof(cached)),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    socket_close(listener);
    socket_close(basic);
}

/* --- TDI settings --------------------------------------------------------------------------------- */

static NTSTATUS tdi_behavior(struct wsk_fixture *fixture, ULONG flags, SIZE_T size)
{
    const struct control control = { .code = WSK_TDI_BEHAVIOR, .input = size > 0 ? &flags : NULL, .input_size = size };

    return control_client(fixture, &control, NULL);
}

static NTSTATUS tdi_mapping(struct wsk_fixture *fixture, ULONG count, const WSK_TDI_MAP *map, SIZE_T size)
{
    WSK_TDI_MAP_INFO info = { count, map };
    const struct control control = { .code = WSK_TDI_DEVICENAME_MAPPING, .input = &info, .input_size = size };

    return control_client(fixture, &control, NULL);
}

static void test_tdi_settings_are_accepted_before_the_first_socket(void **state)
{
    struct wsk_fixture *fixture = *state;
    const WSK_TDI_MAP map = { SOCK_STREAM, AF_INET, IPPROTO_TCP, L"\\Device\\Tcp" };

    assert_int_equal(tdi_behavior(fixture, WSK_TDI_BEHAVIOR_BYPASS_TDI, sizeof(ULONG)), STATUS_SUCCESS);
    assert_int_equal(tdi_behavior(fixture, 0, sizeof(ULONG)), STATUS_SUCCESS);
    assert_int_equal(tdi_mapping(fixture, 1, &map, sizeof(WSK_TDI_MAP_INFO)), STATUS_SUCCESS);
    assert_int_equal(tdi_mapping(fixture, 0, NULL, sizeof(WSK_TDI_MAP_INFO)), STATUS_SUCCESS);
}

static void test_tdi_settings_with_wrong_input_fail(void **state)
{
    struct wsk_fixture *fixture = *state;
    const WSK_TDI_MAP map = { SOCK_STREAM, AF_INET, IPPROTO_TCP, L"\\Device\\Tcp" };

    assert_int_equal(tdi_behavior(fixture, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(tdi_behavior(fixture, 1, sizeof(ULONG) - 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(tdi_behavior(fixture, 2, sizeof(ULONG)), STATUS_INVALID_PARAMETER);
    assert_int_equal(tdi_mapping(fixture, 1, &map, sizeof(WSK_TDI_MAP_INFO) - 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(tdi_mapping(fixture, 1, NULL, sizeof(WSK_TDI_MAP_INFO)), STATUS_INVALID_PARAMETER);
}

static void test_tdi_settings_after_the_first_socket_fail(void **state)
{
    struct wsk_fixture *fixture = *state;

    socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(tdi_behavior(fixture, 1, sizeof(ULONG)), STATUS_INVALID_DEVICE_STATE);
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(tdi_mapping(fixture, 0, NULL, sizeof(WSK_TDI_MAP_INFO)), STATUS_INVALID_DEVICE_STATE);
}

/* --- extension interfaces, and codes that do not exist -------------------------------------------- */

static const NPIID s_extension_id = { 0x01020304, 5, 6, { 7, 8 } };

static void test_static_events_of_an_extension_are_not_supported(void **state)
{
    struct wsk_fixture *fixture = *state;
    NPIID id = s_extension_id;
    WSK_EVENT_CALLBACK_CONTROL events = { &id, 1 };
    const struct control control = { .code = WSK_SET_STATIC_EVENT_CALLBACKS,
                                     .input = &events,
                                     .input_size = sizeof(events) };

    assert_int_equal(control_client(fixture, &control, NULL), STATUS_NOT_SUPPORTED);
}

static void test_register_extension_is_not_supported(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_BASIC_DISPATCH *table = socket->Dispatch;
    NPIID id = s_extension_id;
    WSK_EXTENSION_CONTROL_IN in = { &id, fixture, NULL };
    WSK_EXTENSION_CONTROL_OUT out = { NULL, NULL };
    SIZE_T returned = 0;

    assert_int_equal(table->WskControlSocket(socket, WskIoctl, SIO_WSK_REGISTER_EXTENSION, 0, sizeof(in), &in,
                                             sizeof(out), &out, &returned, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_null(out.ProviderDispatch);
    socket_close(socket);
}

static void test_control_codes_that_do_not_exist_fail(void **state)
{
    struct wsk_fixture *fixture = *state;
    const ULONG codes[] = { 0, 1, 9, 0xffffffff };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct control control = { .code = codes[i] };
        NTSTATUS status;

        assert_int_equal(control_client(fixture, &control, NULL), STATUS_INVALID_PARAMETER);
        REQUEST_CALL(status, NULL, irp, control_client(fixture, &control, irp));
        assert_int_equal(status, STATUS_INVALID_PARAMETER);
    }
}

/* Each code either needs an IRP or must not have one. */
static void test_control_codes_with_the_wrong_irp_fail(void **state)
{
    struct wsk_fixture *fixture = *state;
    ULONG code;

    for (code = WSK_TRANSPORT_LIST_QUERY; code <= WSK_TDI_BEHAVIOR; code++) {
        const struct control control = { .code = code };
        NTSTATUS status;

        wsk_kit_expect_report("NPI-014");
        if (code == WSK_TRANSPORT_LIST_CHANGE) {
            status = control_client(fixture, &control, NULL);
        } else {
            REQUEST_CALL(status, NULL, irp, control_client(fixture, &control, irp));
        }
        assert_int_equal(status, STATUS_INVALID_PARAMETER);
    }
    assert_int_equal(wsk_kit_report_count("NPI-014"), 7);
}

/* All of them may be called at DISPATCH_LEVEL. */
static void test_control_codes_work_at_dispatch_level(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    PSECURITY_DESCRIPTOR cached;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    cached = descriptor_cache(fixture);
    assert_int_equal(descriptor_release(fixture, cached), STATUS_SUCCESS);
    assert_int_equal(tdi_behavior(fixture, 1, sizeof(ULONG)), STATUS_SUCCESS);
    change_start(fixture, request);
    IoCancelIrp(request->irp);
    KeLowerIrql(irql);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(request);
}

#define TESTS(X)                                                  \
    X(test_transport_list_fits_a_buffer_of_its_size)              \
    X(test_transport_list_follows_the_machines_stacks)            \
    X(test_transport_change_completes_when_a_stack_comes_or_goes) \
    X(test_transport_change_is_cancelled_by_its_irp)              \
    X(test_transport_change_with_a_cancelled_irp_ends_cancelled)  \
    X(test_transport_change_is_cancelled_by_deregister)           \
    X(test_transport_change_during_deregister_is_cancelled)       \
    X(test_cache_sd_gives_a_handle_for_each_call)                 \
    X(test_cache_sd_with_wrong_sizes_fails)                       \
    X(test_release_sd_without_input_fails)                        \
    X(test_socket_with_a_security_descriptor_gives_it_back)       \
    X(test_security_option_replaces_the_descriptor)               \
    X(test_security_option_of_a_plain_socket_is_the_default)      \
    X(test_security_option_after_bind_fails)                      \
    X(test_tdi_settings_are_accepted_before_the_first_socket)     \
    X(test_tdi_settings_with_wrong_input_fail)                    \
    X(test_tdi_settings_after_the_first_socket_fail)              \
    X(test_static_events_of_an_extension_are_not_supported)       \
    X(test_register_extension_is_not_supported)                   \
    X(test_control_codes_that_do_not_exist_fail)                  \
    X(test_control_codes_with_the_wrong_irp_fail)                 \
    X(test_control_codes_work_at_dispatch_level)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
