/* SPDX-License-Identifier: MIT */
/* The WSK provider reached through the network module registrar: attach, use, and detach with sockets open. */
#include "support/nmr_modules.h"
#include "support/nmr_wsk.h"
#include "support/system_thread.h"

#include <string.h>

static int setup(void **state)
{
    static struct nmr_wsk_client client;

    nmr_wsk_make(&client, fixture_create(*state));
    *state = &client;
    return 0;
}

static int teardown(void **state)
{
    struct nmr_wsk_client *client = *state;

    fixture_destroy(client->fixture);
    *state = NULL;
    return 0;
}

/* --- attaching ------------------------------------------------------------------------------------ */

static void test_nmr_wsk_attach_gives_client_and_dispatch(void **state)
{
    struct nmr_wsk_client *client = *state;

    nmr_wsk_register(client);
    assert_int_equal(client->inner_status, STATUS_SUCCESS);
    assert_non_null(client->fixture->npi.Client);
    assert_true(client->fixture->npi.Dispatch->Version >= MAKE_WSK_VERSION(1, 0));
    assert_non_null(client->fixture->npi.Dispatch->WskSocket);
    nmr_wsk_end(client);
    assert_int_equal(client->detach_count, 1);
    assert_int_equal(client->cleanup_count, 1);
}

static void test_nmr_wsk_provider_registration_tells_interface_and_versions(void **state)
{
    struct nmr_wsk_client *client = *state;

    nmr_wsk_register(client);
    assert_memory_equal(client->provider->NpiId, &NPI_WSK_INTERFACE_ID, sizeof(NPIID));
    assert_int_equal(client->provider->Size, sizeof(NPI_REGISTRATION_INSTANCE));
    assert_int_equal(client->provider->ModuleId->Length, sizeof(NPI_MODULEID));
    assert_int_equal(client->provider->ModuleId->Type, MIT_GUID);
    assert_true(client->versions.LowestVersion <= MAKE_WSK_VERSION(1, 0));
    assert_true(client->versions.HighestVersion >= MAKE_WSK_VERSION(1, 0));
    nmr_wsk_end(client);
}

static void test_nmr_wsk_unserved_version_is_refused(void **state)
{
    struct nmr_wsk_client *client = *state;

    client->dispatch.Version = MAKE_WSK_VERSION(9, 0);
    nmr_wsk_register(client);
    assert_int_equal(client->inner_status, STATUS_NOINTERFACE);
    assert_null(client->fixture->npi.Client);
    assert_null(client->fixture->npi.Dispatch);
    nmr_wsk_end(client);
    assert_int_equal(client->detach_count, 0);
    assert_int_equal(client->cleanup_count, 0);
}

static void test_nmr_wsk_refused_client_attaches_with_another_version(void **state)
{
    struct nmr_wsk_client *client = *state;

    client->dispatch.Version = MAKE_WSK_VERSION(1, 9);
    client->asks_again = TRUE;
    nmr_wsk_register(client);
    assert_int_equal(client->inner_status, STATUS_SUCCESS);
    socket_close(socket_open(client->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    nmr_wsk_end(client);
}

static void test_nmr_wsk_dispatch_is_checked(void **state)
{
    struct nmr_wsk_client *client = *state;

    client->dispatch.Reserved = 1;
    wsk_kit_expect_report("NPI-004");
    nmr_wsk_register(client);
    assert_int_equal(client->inner_status, STATUS_INVALID_PARAMETER);
    nmr_wsk_end(client);
    nmr_wsk_make(client, client->fixture);
    client->has_no_dispatch = TRUE;
    nmr_wsk_register(client);
    assert_int_equal(client->inner_status, STATUS_INVALID_PARAMETER);
    nmr_wsk_end(client);
}

/* A test may put a provider of its own into the place of WSK. */
static void test_nmr_wsk_another_provider_of_the_interface_is_offered(void **state)
{
    static struct nmr_module provider;
    struct nmr_wsk_client *client = *state;

    nmr_provider_make(&provider, 1);
    provider.provider.ProviderRegistrationInstance.NpiId = &NPI_WSK_INTERFACE_ID;
    provider.provider.ProviderRegistrationInstance.NpiSpecificCharacteristics = &client->versions;
    nmr_provider_register(&provider);
    assert_int_equal(NmrRegisterClient(&client->characteristics, client, &client->handle), STATUS_SUCCESS);
    assert_int_equal(client->attach_count, 2);
    assert_int_equal(provider.attach_count, 1);
    nmr_wsk_end(client);
    assert_int_equal(client->cleanup_count, 2);
    assert_int_equal(provider.links[0].cleanup_count, 1);
    nmr_provider_end(&provider);
}

/* One driver of each kind, at the same time. */
static void test_nmr_wsk_client_beside_one_of_wsk_register(void **state)
{
    struct nmr_wsk_client *client = *state;
    struct wsk_fixture *registered = fixture_create(client->fixture->way);

    fixture_register(registered);
    fixture_capture(registered);
    nmr_wsk_register(client);
    assert_ptr_not_equal(client->fixture->npi.Client, registered->npi.Client);
    socket_close(socket_open(client->fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL));
    nmr_wsk_end(client);
    socket_close(socket_open(registered, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL));
    fixture_destroy(registered);
}

/* --- sockets -------------------------------------------------------------------------------------- */

static void test_nmr_wsk_listener_serves_a_peer(void **state)
{
    struct nmr_wsk_client *client = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    PWSK_SOCKET accepted;
    USHORT port;

    nmr_wsk_register(client);
    listener = listener_open(client->fixture, AF_INET, NULL, NULL, false, &port);
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    wsk_kit_peer_send_text(peer, "through the registrar");
    connection_expect_text(accepted, "through the registrar");
    connection_send_text(accepted, "and back");
    wsk_kit_peer_expect_text(peer, "and back");
    wsk_kit_peer_close(peer);
    socket_close(accepted);
    socket_close(listener);
    nmr_wsk_end(client);
}

/* A thread that waits for the end of the deregistration. */
struct ending {
    struct nmr_wsk_client *client;
    struct wsk_kit_witness *witness;
    PKTHREAD thread;
};

static VOID NTAPI ending_main(PVOID Context)
{
    struct ending *ending = Context;
    NTSTATUS status = NmrWaitForClientDeregisterComplete(ending->client->handle);

    wsk_kit_witness_call(ending->witness, (uintptr_t)(ULONG)status, 0, 0, 0);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void ending_start(struct ending *ending, struct nmr_wsk_client *client)
{
    ending->client = client;
    ending->witness = wsk_kit_witness_create("NmrWaitForClientDeregisterComplete returned");
    ending->thread = system_thread_start(ending_main, ending);
    wsk_kit_run_until_idle();
}

static void ending_join(struct ending *ending)
{
    wsk_kit_witness_wait(ending->witness, 1);
    assert_int_equal((NTSTATUS)(ULONG)wsk_kit_witness_get(ending->witness, 0).values[0], STATUS_SUCCESS);
    system_thread_join(ending->thread);
    wsk_kit_witness_destroy(ending->witness);
}

static void test_nmr_wsk_deregister_pends_until_the_last_socket_is_closed(void **state)
{
    struct nmr_wsk_client *client = *state;
    struct ending ending;
    PWSK_SOCKET first;
    PWSK_SOCKET second;

    nmr_wsk_register(client);
    first = socket_open(client->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    second = socket_open(client->fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    assert_int_equal(NmrDeregisterClient(client->handle), STATUS_PENDING);
    ending_start(&ending, client);
    assert_int_equal(client->detach_count, 1);
    socket_close(first);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(ending.witness), 0);
    assert_int_equal(client->cleanup_count, 0);
    socket_close(second);
    ending_join(&ending);
    assert_int_equal(client->cleanup_count, 1);
    assert_true(client->cleanup_irql <= DISPATCH_LEVEL);
}

/* What is open goes on working while the deregistration waits for it. */
static void test_nmr_wsk_socket_works_while_deregistering(void **state)
{
    struct nmr_wsk_client *client = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    PWSK_SOCKET accepted;
    USHORT port;

    nmr_wsk_register(client);
    listener = listener_open(client->fixture, AF_INET, NULL, NULL, false, &port);
    assert_int_equal(NmrDeregisterClient(client->handle), STATUS_PENDING);
    accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    wsk_kit_peer_send_text(peer, "late");
    connection_expect_text(accepted, "late");
    wsk_kit_peer_close(peer);
    socket_close(listener);
    assert_int_equal(client->cleanup_count, 0);
    socket_close(accepted);
    assert_int_equal(NmrWaitForClientDeregisterComplete(client->handle), STATUS_SUCCESS);
}

/* The client has calls under way, so it pends; what they still begin is refused, and is no mistake of theirs. */
static void test_nmr_wsk_new_socket_while_detaching_is_not_ready(void **state)
{
    struct nmr_wsk_client *client = *state;
    PWSK_SOCKET socket;

    client->detach_status = STATUS_PENDING;
    nmr_wsk_register(client);
    assert_int_equal(NmrDeregisterClient(client->handle), STATUS_PENDING);
    assert_int_equal(
        socket_open_try(client->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, &socket),
        STATUS_DEVICE_NOT_READY);
    NmrClientDetachProviderComplete(client->binding);
    assert_int_equal(client->cleanup_count, 1);
    assert_int_equal(NmrWaitForClientDeregisterComplete(client->handle), STATUS_SUCCESS);
}

/* Both sides pend, and the client is the last. */
static void test_nmr_wsk_client_and_sockets_both_pend(void **state)
{
    struct nmr_wsk_client *client = *state;
    PWSK_SOCKET socket;

    client->detach_status = STATUS_PENDING;
    nmr_wsk_register(client);
    socket = socket_open(client->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    assert_int_equal(NmrDeregisterClient(client->handle), STATUS_PENDING);
    socket_close(socket);
    wsk_kit_run_until_idle();
    assert_int_equal(client->cleanup_count, 0);
    NmrClientDetachProviderComplete(client->binding);
    assert_int_equal(NmrWaitForClientDeregisterComplete(client->handle), STATUS_SUCCESS);
    assert_int_equal(client->cleanup_count, 1);
}

static void test_nmr_wsk_many_clients_come_and_go(void **state)
{
    struct nmr_wsk_client *client = *state;
    unsigned i;

    for (i = 0; i < 50; i++) {
        nmr_wsk_make(client, client->fixture);
        nmr_wsk_register(client);
        socket_close(socket_open(client->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET6, NULL, NULL));
        nmr_wsk_end(client);
    }
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

#define TESTS(X)                                                       \
    X(test_nmr_wsk_attach_gives_client_and_dispatch)                   \
    X(test_nmr_wsk_provider_registration_tells_interface_and_versions) \
    X(test_nmr_wsk_unserved_version_is_refused)                        \
    X(test_nmr_wsk_refused_client_attaches_with_another_version)       \
    X(test_nmr_wsk_dispatch_is_checked)                                \
    X(test_nmr_wsk_another_provider_of_the_interface_is_offered)       \
    X(test_nmr_wsk_client_beside_one_of_wsk_register)                  \
    X(test_nmr_wsk_listener_serves_a_peer)                             \
    X(test_nmr_wsk_deregister_pends_until_the_last_socket_is_closed)   \
    X(test_nmr_wsk_socket_works_while_deregistering)                   \
    X(test_nmr_wsk_new_socket_while_detaching_is_not_ready)            \
    X(test_nmr_wsk_client_and_sockets_both_pend)                       \
    X(test_nmr_wsk_many_clients_come_and_go)

CONTRACT_MAIN(TESTS, setup, teardown)
