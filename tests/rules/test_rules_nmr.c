/* SPDX-License-Identifier: MIT */
/* Verifier rules of attaching and detaching network modules: each with a breach and a near miss. */
#include "support/nmr_modules.h"
#include "support/nmr_wsk.h"
#include "support/system_thread.h"

#include <setjmp.h>
#include <string.h>

static struct nmr_module s_client;
static struct nmr_module s_provider;

static int setup(void **state)
{
    nmr_client_make(&s_client, 1);
    nmr_provider_make(&s_provider, 2);
    *state = NULL;
    return 0;
}

static void pair_attach(void)
{
    nmr_provider_register(&s_provider);
    nmr_client_register(&s_client);
}

static void pair_end(void)
{
    nmr_client_end(&s_client);
    nmr_provider_end(&s_provider);
}

/* --- NPI-017 nmr-attach-result -------------------------------------------------------------------- */

static NTSTATUS attach_never(HANDLE NmrBindingHandle, PVOID ClientContext,
                             PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance)
{
    UNREFERENCED_PARAMETER(NmrBindingHandle);
    UNREFERENCED_PARAMETER(ClientContext);
    UNREFERENCED_PARAMETER(ProviderRegistrationInstance);
    return STATUS_SUCCESS;
}

static void test_npi_017_breach_success_without_an_attach(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.client.ClientAttachProvider = attach_never;
    nmr_provider_register(&s_provider);
    wsk_kit_expect_report("NPI-017");
    nmr_client_register(&s_client);
    assert_int_equal(wsk_kit_report_count("NPI-017"), 1);
    pair_end();
    assert_int_equal(s_provider.attach_count, 0);
}

static NTSTATUS fail_after_attach(struct nmr_module *module, struct nmr_link *link, NTSTATUS status)
{
    UNREFERENCED_PARAMETER(module);
    UNREFERENCED_PARAMETER(link);
    UNREFERENCED_PARAMETER(status);
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* The provider is told that the client is gone; the client, which has freed its context, hears nothing. */
static void test_npi_017_breach_failure_after_an_attach(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.attached = fail_after_attach;
    nmr_provider_register(&s_provider);
    wsk_kit_expect_report("NPI-017");
    nmr_client_register(&s_client);
    assert_int_equal(wsk_kit_report_count("NPI-017"), 1);
    assert_int_equal(s_provider.links[0].detach_count, 1);
    assert_int_equal(s_provider.links[0].cleanup_count, 1);
    assert_int_equal(s_client.links[0].detach_count, 0);
    assert_int_equal(s_client.links[0].cleanup_count, 0);
    pair_end();
}

static void test_npi_017_breach_failure_after_an_attach_to_a_provider_that_pends(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.attached = fail_after_attach;
    s_provider.detach_status = STATUS_PENDING;
    nmr_provider_register(&s_provider);
    wsk_kit_expect_report("NPI-017");
    nmr_client_register(&s_client);
    assert_int_equal(s_provider.links[0].cleanup_count, 0);
    NmrProviderDetachClientComplete(s_provider.links[0].handle);
    assert_int_equal(s_provider.links[0].cleanup_count, 1);
    assert_int_equal(s_client.links[0].cleanup_count, 0);
    pair_end();
}

static NTSTATUS attach_again(struct nmr_module *module, struct nmr_link *link, NTSTATUS status)
{
    PVOID context = link;
    const VOID *dispatch = link;

    wsk_kit_expect_report("NPI-017");
    assert_int_equal(NmrClientAttachProvider(link->handle, link, &module->dispatch, &context, &dispatch),
                     STATUS_INVALID_PARAMETER);
    assert_null(context);
    assert_null(dispatch);
    return status;
}

static void test_npi_017_breach_attach_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.attached = attach_again;
    pair_attach();
    assert_int_equal(wsk_kit_report_count("NPI-017"), 1);
    assert_int_equal(nmr_live_count(&s_client), 1);
    assert_int_equal(s_provider.attach_count, 1);
    pair_end();
}

/* The provider's own callback attaches for the client. */
static void attach_inside(struct nmr_module *module, struct nmr_link *link)
{
    (void)attach_again(module, link, STATUS_SUCCESS);
}

static void test_npi_017_breach_attach_inside_the_attach(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_provider.attaching = attach_inside;
    pair_attach();
    assert_int_equal(wsk_kit_report_count("NPI-017"), 1);
    assert_int_equal(nmr_live_count(&s_client), 1);
    pair_end();
}

static void test_npi_017_breach_attach_outside_the_callback(void **state)
{
    PVOID context;
    const VOID *dispatch;

    UNREFERENCED_PARAMETER(state);
    pair_attach();
    wsk_kit_expect_report("NPI-017");
    assert_int_equal(NmrClientAttachProvider(s_client.links[0].handle, &s_client, NULL, &context, &dispatch),
                     STATUS_INVALID_PARAMETER);
    pair_end();
    wsk_kit_expect_report("NPI-017");
    assert_int_equal(NmrClientAttachProvider(s_client.links[0].handle, &s_client, NULL, &context, &dispatch),
                     STATUS_INVALID_PARAMETER);
}

static VOID NTAPI attach_main(PVOID Context)
{
    const struct nmr_link *link = Context;
    PVOID context;
    const VOID *dispatch;

    wsk_kit_expect_report("NPI-017");
    assert_int_equal(NmrClientAttachProvider(link->handle, Context, NULL, &context, &dispatch),
                     STATUS_INVALID_PARAMETER);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void attach_on_another_thread(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(module);
    system_thread_join(system_thread_start(attach_main, link));
}

static void test_npi_017_breach_attach_on_another_thread(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.attaching = attach_on_another_thread;
    pair_attach();
    assert_int_equal(wsk_kit_report_count("NPI-017"), 1);
    assert_int_equal(nmr_live_count(&s_client), 1);
    pair_end();
}

static void test_npi_017_near_miss_declined(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.attach_status = STATUS_NOINTERFACE;
    pair_attach();
    pair_end();
}

static void test_npi_017_near_miss_the_providers_refusal_is_passed_on(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_provider.attach_status = STATUS_INSUFFICIENT_RESOURCES;
    pair_attach();
    pair_end();
}

/* --- NPI-018 nmr-detach-complete ------------------------------------------------------------------ */

static void test_npi_018_breach_complete_without_a_detach(void **state)
{
    UNREFERENCED_PARAMETER(state);
    pair_attach();
    wsk_kit_expect_report("NPI-018");
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    wsk_kit_expect_report("NPI-018");
    NmrProviderDetachClientComplete(s_provider.links[0].handle);
    assert_int_equal(nmr_live_count(&s_client), 1);
    pair_end();
}

static void test_npi_018_breach_complete_after_success(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_provider.detach_status = STATUS_PENDING; /* so that the binding still is there */
    pair_attach();
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-018");
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    assert_int_equal(s_client.links[0].cleanup_count, 0);
    NmrProviderDetachClientComplete(s_provider.links[0].handle);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
    nmr_provider_end(&s_provider);
}

static NTSTATUS complete(struct nmr_module *module, struct nmr_link *link)
{
    NmrClientDetachProviderComplete(link->handle);
    return module->detach_status;
}

static void test_npi_018_breach_success_after_complete(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detaching = complete;
    pair_attach();
    wsk_kit_expect_report("NPI-018");
    pair_end();
    assert_int_equal(s_client.links[0].cleanup_count, 1);
}

static void test_npi_018_breach_complete_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    pair_attach();
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    wsk_kit_expect_report("NPI-018"); /* the binding is over */
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
    nmr_provider_end(&s_provider);
}

static void test_npi_018_breach_another_status(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_DEVICE_BUSY;
    pair_attach();
    wsk_kit_expect_report("NPI-018");
    pair_end();
    assert_int_equal(s_client.links[0].cleanup_count, 1);
}

static jmp_buf s_stalled;

static void stalled(const char *reason)
{
    (void)reason;
    longjmp(s_stalled, 1);
}

static void wait_until_stalled(HANDLE client)
{
    wsk_kit_expect_report("WAIT-021");
    wsk_kit_set_failure_handler(stalled);
    if (setjmp(s_stalled) == 0) {
        (void)NmrWaitForClientDeregisterComplete(client);
        fail_msg("%s", "the wait returned");
    }
}

static void test_npi_018_breach_completion_is_forgotten(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    pair_attach();
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-018");
    wait_until_stalled(s_client.handle);
    assert_int_equal(wsk_kit_report_count("NPI-018"), 1);
    wsk_kit_expect_report("NPI-019"); /* the provider, which the test does not come to deregister */
}

static VOID NTAPI complete_main(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_npi_018_near_miss_another_thread_completes(void **state)
{
    HANDLE handle;

    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    pair_attach();
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, complete_main, NULL),
                     STATUS_SUCCESS);
    ZwClose(handle);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
    nmr_provider_end(&s_provider);
}

static void test_npi_018_near_miss_complete_inside_the_callback_that_pends(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    s_client.detaching = complete;
    pair_attach();
    pair_end();
}

static struct nmr_wsk_client s_wsk;

static void wsk_socket_try(struct wsk_fixture *fixture, NTSTATUS expected)
{
    PWSK_SOCKET socket;

    assert_int_equal(
        socket_open_try(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        expected);
}

static void test_npi_018_breach_wsk_is_called_after_the_detach(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);
    PWSK_SOCKET socket;

    UNREFERENCED_PARAMETER(state);
    nmr_wsk_make(&s_wsk, fixture);
    nmr_wsk_register(&s_wsk);
    socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    assert_int_equal(NmrDeregisterClient(s_wsk.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-018");
    wsk_socket_try(fixture, STATUS_INVALID_HANDLE);
    socket_close(socket);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_wsk.handle), STATUS_SUCCESS);
    wsk_kit_expect_report("NPI-010"); /* now the client itself is gone */
    wsk_socket_try(fixture, STATUS_INVALID_HANDLE);
    fixture_destroy(fixture);
}

static void test_npi_018_near_miss_wsk_is_called_while_the_detach_pends(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);

    UNREFERENCED_PARAMETER(state);
    nmr_wsk_make(&s_wsk, fixture);
    s_wsk.detach_status = STATUS_PENDING;
    nmr_wsk_register(&s_wsk);
    assert_int_equal(NmrDeregisterClient(s_wsk.handle), STATUS_PENDING);
    wsk_socket_try(fixture, STATUS_DEVICE_NOT_READY);
    NmrClientDetachProviderComplete(s_wsk.binding);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_wsk.handle), STATUS_SUCCESS);
    fixture_destroy(fixture);
}

static void test_npi_003_breach_dispatch_of_an_attached_client_changed(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);

    UNREFERENCED_PARAMETER(state);
    nmr_wsk_make(&s_wsk, fixture);
    nmr_wsk_register(&s_wsk);
    s_wsk.dispatch.Version = 0x5a5a;
    wsk_kit_expect_report("NPI-003");
    nmr_wsk_end(&s_wsk);
    fixture_destroy(fixture);
}

/* Detached, it is the client's again. */
static void test_npi_003_near_miss_dispatch_changed_after_the_detach(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);

    UNREFERENCED_PARAMETER(state);
    nmr_wsk_make(&s_wsk, fixture);
    nmr_wsk_register(&s_wsk);
    assert_int_equal(NmrDeregisterClient(s_wsk.handle), STATUS_PENDING);
    s_wsk.dispatch.Version = 0x5a5a;
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_wsk.handle), STATUS_SUCCESS);
    fixture_destroy(fixture);
}

/* A socket that nobody closes: the provider's side can never end. */
static void test_npi_011_breach_nmr_wait_with_an_open_socket(void **state)
{
    struct wsk_fixture *fixture = fixture_create(NULL);

    UNREFERENCED_PARAMETER(state);
    nmr_wsk_make(&s_wsk, fixture);
    nmr_wsk_register(&s_wsk);
    (void)socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    assert_int_equal(NmrDeregisterClient(s_wsk.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-011");
    wsk_kit_expect_report("SOCK-062");
    wait_until_stalled(s_wsk.handle);
    assert_int_equal(wsk_kit_report_count("NPI-011"), 1);
    wsk_kit_expect_report("SOCK-035"); /* it is still open at the end */
    fixture_destroy(fixture);
}

/* --- what is left at the stop --------------------------------------------------------------------- */

static struct wsk_fixture s_fixture; /* outlives the test: what it leaves is looked at by the stop */

static void wsk_leave_a_socket(void)
{
    memset(&s_fixture, 0, sizeof(s_fixture));
    nmr_wsk_make(&s_wsk, &s_fixture);
    nmr_wsk_register(&s_wsk);
    (void)socket_open(&s_fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    wsk_kit_expect_report("SOCK-035");
    wsk_kit_expect_report("NPI-019");
}

static void test_npi_019_breach_wsk_client_and_socket_are_left(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_leave_a_socket();
}

/* The stop ends the socket, and with it the detaching, while the door is shut. */
static void test_npi_019_breach_wsk_client_is_left_detaching(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_leave_a_socket();
    assert_int_equal(NmrDeregisterClient(s_wsk.handle), STATUS_PENDING);
}

static VOID NTAPI wait_main(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    (void)NmrWaitForClientDeregisterComplete(s_client.handle);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A thread still waits when the emulated kernel stops. */
static void test_npi_018_breach_a_thread_is_left_waiting(void **state)
{
    HANDLE handle;

    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    nmr_provider_register(&s_provider);
    nmr_client_register(&s_client);
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_main, NULL),
                     STATUS_SUCCESS);
    ZwClose(handle);
    wsk_kit_run_until_idle();
    wsk_kit_expect_report("THREAD-001");
    wsk_kit_expect_report("NPI-019"); /* the provider */
}

static const struct wsk_emu_config live = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
};
#define T_LIVE(f) wsk_emu_unit_test_config(f, setup, NULL, &live)

#define T(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_npi_017_breach_success_without_an_attach),
        T(test_npi_017_breach_failure_after_an_attach),
        T(test_npi_017_breach_failure_after_an_attach_to_a_provider_that_pends),
        T(test_npi_017_breach_attach_twice),
        T(test_npi_017_breach_attach_inside_the_attach),
        T(test_npi_017_breach_attach_outside_the_callback),
        T(test_npi_017_breach_attach_on_another_thread),
        T(test_npi_017_near_miss_declined),
        T(test_npi_017_near_miss_the_providers_refusal_is_passed_on),
        T(test_npi_018_breach_complete_without_a_detach),
        T(test_npi_018_breach_complete_after_success),
        T(test_npi_018_breach_success_after_complete),
        T(test_npi_018_breach_complete_twice),
        T(test_npi_018_breach_another_status),
        T(test_npi_018_breach_completion_is_forgotten),
        T(test_npi_018_near_miss_another_thread_completes),
        T(test_npi_018_near_miss_complete_inside_the_callback_that_pends),
        T(test_npi_018_breach_wsk_is_called_after_the_detach),
        T(test_npi_018_near_miss_wsk_is_called_while_the_detach_pends),
        T(test_npi_003_breach_dispatch_of_an_attached_client_changed),
        T(test_npi_003_near_miss_dispatch_changed_after_the_detach),
        T(test_npi_011_breach_nmr_wait_with_an_open_socket),
        T(test_npi_019_breach_wsk_client_and_socket_are_left),
        T_LIVE(test_npi_019_breach_wsk_client_and_socket_are_left),
        T(test_npi_019_breach_wsk_client_is_left_detaching),
        T_LIVE(test_npi_019_breach_wsk_client_is_left_detaching),
        T(test_npi_018_breach_a_thread_is_left_waiting),
        T_LIVE(test_npi_018_breach_a_thread_is_left_waiting),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
