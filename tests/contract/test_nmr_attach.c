/* SPDX-License-Identifier: MIT */
/* The network module registrar: modules register in any order and find each other, or refuse. */
#include "support/contract.h"
#include "support/nmr_modules.h"
#include "support/system_thread.h"

#include <string.h>

/* Two of each are enough for all tests. They are too large for the stack. */
struct modules {
    struct nmr_module clients[2];
    struct nmr_module providers[3];
    ULONG dispatch_of_another_version;
};

static int setup(void **state)
{
    static struct modules modules;

    for (ULONG i = 0; i < 2; i++) {
        nmr_client_make(&modules.clients[i], 100 + i);
    }
    for (ULONG i = 0; i < 3; i++) {
        nmr_provider_make(&modules.providers[i], 200 + i);
    }
    *state = &modules;
    return 0;
}

/* What the modules of an attached pair know of each other. */
static void check_pair(const struct nmr_module *client, const struct nmr_module *provider)
{
    const struct nmr_link *ours = &client->links[0];
    const struct nmr_link *theirs = &provider->links[0];

    assert_int_equal(client->link_count, 1);
    assert_int_equal(provider->link_count, 1);
    assert_true(ours->is_attached && theirs->is_attached);
    assert_ptr_equal(ours->handle, theirs->handle);
    assert_ptr_equal(ours->other, &provider->provider.ProviderRegistrationInstance);
    assert_ptr_equal(theirs->other, &client->client.ClientRegistrationInstance);
    assert_ptr_equal(ours->other_context, theirs);
    assert_ptr_equal(theirs->other_context, ours);
    assert_ptr_equal(ours->other_dispatch, &provider->dispatch);
    assert_ptr_equal(theirs->other_dispatch, &client->dispatch);
    assert_true(ours->attach_order < theirs->attach_order);
    assert_int_equal(client->attach_irql, PASSIVE_LEVEL);
    assert_int_equal(provider->attach_irql, PASSIVE_LEVEL);
}

static void test_nmr_client_after_provider_attaches_before_register_returns(void **state)
{
    struct modules *modules = *state;

    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    check_pair(&modules->clients[0], &modules->providers[0]);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[0]);
}

static void test_nmr_provider_after_client_attaches_before_register_returns(void **state)
{
    struct modules *modules = *state;

    nmr_client_register(&modules->clients[0]);
    assert_int_equal(modules->clients[0].attach_count, 0);
    nmr_provider_register(&modules->providers[0]);
    check_pair(&modules->clients[0], &modules->providers[0]);
    nmr_provider_end(&modules->providers[0]);
    nmr_client_end(&modules->clients[0]);
}

static void test_nmr_another_interface_is_not_offered(void **state)
{
    static const NPIID other_interface = { 1, 2, 3, { 4 } };
    struct modules *modules = *state;

    modules->providers[0].provider.ProviderRegistrationInstance.NpiId = &other_interface;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    assert_int_equal(modules->clients[0].attach_count, 0);
    assert_int_equal(modules->providers[0].attach_count, 0);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[0]);
}

/* The identifier counts, not where it lies. */
static void test_nmr_a_copy_of_the_interface_identifier_is_the_same(void **state)
{
    struct modules *modules = *state;
    NPIID copy = nmr_test_interface;

    modules->providers[0].provider.ProviderRegistrationInstance.NpiId = &copy;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    check_pair(&modules->clients[0], &modules->providers[0]);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[0]);
}

static void test_nmr_every_client_meets_every_provider_once(void **state)
{
    struct modules *modules = *state;

    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    nmr_provider_register(&modules->providers[1]);
    nmr_client_register(&modules->clients[1]);
    nmr_provider_register(&modules->providers[2]);
    for (ULONG i = 0; i < 2; i++) {
        assert_int_equal(modules->clients[i].attach_count, 3);
        for (ULONG j = 0; j < 3; j++) {
            /* In the order of registration. */
            assert_ptr_equal(modules->clients[i].links[j].other->NpiSpecificCharacteristics, &modules->providers[j]);
        }
    }
    for (ULONG j = 0; j < 3; j++) {
        assert_int_equal(modules->providers[j].attach_count, 2);
        nmr_provider_end(&modules->providers[j]);
    }
    for (ULONG i = 0; i < 2; i++) {
        assert_int_equal(nmr_live_count(&modules->clients[i]), 0);
        nmr_client_end(&modules->clients[i]);
    }
}

/* --- refusals ------------------------------------------------------------------------------------- */

static void test_nmr_client_that_declines_leaves_no_binding(void **state)
{
    struct modules *modules = *state;

    modules->clients[0].attach_status = STATUS_NOINTERFACE;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    assert_int_equal(modules->clients[0].attach_count, 1);
    assert_int_equal(modules->providers[0].attach_count, 0);
    /* Declined once, that pair is never offered again; others are. */
    modules->clients[0].attach_status = STATUS_SUCCESS;
    nmr_provider_register(&modules->providers[1]);
    assert_int_equal(modules->clients[0].attach_count, 2);
    assert_int_equal(modules->providers[0].attach_count, 0);
    assert_int_equal(modules->providers[1].attach_count, 1);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[1]);
    nmr_provider_end(&modules->providers[0]);
}

static void provider_refuses_with(struct modules *modules, NTSTATUS status)
{
    modules->providers[0].attach_status = status;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    assert_int_equal(modules->providers[0].attach_count, 1);
    assert_int_equal(modules->clients[0].inner_status, status);
    assert_null(modules->clients[0].links[0].other_context);
    assert_null(modules->clients[0].links[0].other_dispatch);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[0]);
    assert_int_equal(modules->clients[0].links[0].detach_count, 0);
    assert_int_equal(modules->clients[0].links[0].cleanup_count, 0);
}

static void test_nmr_provider_that_refuses_is_answered_with_nointerface(void **state)
{
    provider_refuses_with(*state, STATUS_NOINTERFACE);
}

static void test_nmr_attach_returns_what_the_provider_returned(void **state)
{
    provider_refuses_with(*state, STATUS_INSUFFICIENT_RESOURCES);
}

/* The recipe for versions: refused with one dispatch table, ask again with another before returning. */
static NTSTATUS ask_again(struct nmr_module *module, struct nmr_link *link, NTSTATUS status)
{
    struct modules *modules = module->test;

    assert_int_equal(status, STATUS_NOINTERFACE);
    modules->providers[0].attach_status = STATUS_SUCCESS;
    return NmrClientAttachProvider(link->handle, link, &modules->dispatch_of_another_version, &link->other_context,
                                   &link->other_dispatch);
}

static void test_nmr_client_that_was_refused_may_ask_again(void **state)
{
    struct modules *modules = *state;
    struct nmr_module *client = &modules->clients[0];

    client->attached = ask_again;
    client->test = modules;
    modules->providers[0].attach_status = STATUS_NOINTERFACE;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(client);
    assert_int_equal(modules->providers[0].attach_count, 2);
    assert_ptr_equal(client->links[0].other_context, &modules->providers[0].links[0]);
    assert_int_equal(nmr_live_count(client), 1);
    nmr_client_end(client);
    nmr_provider_end(&modules->providers[0]);
    assert_int_equal(client->links[0].cleanup_count, 1);
}

/* --- arguments ------------------------------------------------------------------------------------ */

static void expect_client_refused(const NPI_CLIENT_CHARACTERISTICS *characteristics)
{
    HANDLE handle = NULL;

    assert_int_equal(NmrRegisterClient(characteristics, NULL, &handle), STATUS_INVALID_PARAMETER);
    assert_null(handle);
}

static void test_nmr_register_client_with_wrong_characteristics_fails(void **state)
{
    struct nmr_module *module = &((struct modules *)*state)->clients[0];
    NPI_CLIENT_CHARACTERISTICS characteristics;

    expect_client_refused(NULL);
    assert_int_equal(NmrRegisterClient(&module->client, NULL, NULL), STATUS_INVALID_PARAMETER);
    characteristics = module->client;
    characteristics.Version = 1;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.Length--;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.ClientAttachProvider = NULL;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.ClientDetachProvider = NULL;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.ClientRegistrationInstance.Size = 0;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.ClientRegistrationInstance.NpiId = NULL;
    expect_client_refused(&characteristics);
    characteristics = module->client;
    characteristics.ClientRegistrationInstance.ModuleId = NULL;
    expect_client_refused(&characteristics);
}

static void test_nmr_register_provider_with_wrong_characteristics_fails(void **state)
{
    struct nmr_module *module = &((struct modules *)*state)->providers[0];
    NPI_PROVIDER_CHARACTERISTICS characteristics = module->provider;
    HANDLE handle = NULL;

    characteristics.ProviderAttachClient = NULL;
    assert_int_equal(NmrRegisterProvider(&characteristics, NULL, &handle), STATUS_INVALID_PARAMETER);
    characteristics = module->provider;
    characteristics.ProviderDetachClient = NULL;
    assert_int_equal(NmrRegisterProvider(&characteristics, NULL, &handle), STATUS_INVALID_PARAMETER);
    module->id.Length = 0;
    assert_int_equal(NmrRegisterProvider(&module->provider, NULL, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(NmrRegisterProvider(NULL, NULL, &handle), STATUS_INVALID_PARAMETER);
    assert_null(handle);
}

static void check_handle(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    assert_non_null(module->handle);
}

static void test_nmr_handle_is_there_before_the_first_attach(void **state)
{
    struct modules *modules = *state;

    modules->clients[0].attaching = check_handle;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(&modules->clients[0]);
    assert_int_equal(nmr_live_count(&modules->clients[0]), 1);
    nmr_client_end(&modules->clients[0]);
    nmr_provider_end(&modules->providers[0]);
}

static void another_comes(struct nmr_module *module, struct nmr_link *link)
{
    struct modules *modules = module->test;

    UNREFERENCED_PARAMETER(link);
    module->attaching = NULL;
    nmr_provider_register(&modules->providers[1]);
}

/* The client's registration is still going on, and the newcomer offers itself: the client must not meet it again. */
static void test_nmr_provider_that_comes_inside_an_attach_is_offered_once(void **state)
{
    struct modules *modules = *state;
    struct nmr_module *client = &modules->clients[0];

    client->attaching = another_comes;
    client->test = modules;
    nmr_provider_register(&modules->providers[0]);
    nmr_client_register(client);
    assert_int_equal(client->attach_count, 2);
    assert_int_equal(nmr_live_count(client), 2);
    assert_int_equal(modules->providers[1].attach_count, 1);
    nmr_provider_end(&modules->providers[0]);
    nmr_provider_end(&modules->providers[1]);
    nmr_client_end(client);
}

/* --- at the same time ----------------------------------------------------------------------------- */

struct registering_thread {
    struct nmr_module *module;
    BOOLEAN is_provider;
    PKTHREAD thread;
};

static VOID NTAPI registering_main(PVOID Context)
{
    struct registering_thread *registering = Context;
    struct nmr_module *module = registering->module;

    if (registering->is_provider) {
        (void)NmrRegisterProvider(&module->provider, module, &module->handle);
    } else {
        (void)NmrRegisterClient(&module->client, module, &module->handle);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void registering_start(struct registering_thread *registering, struct nmr_module *module, BOOLEAN is_provider)
{
    registering->module = module;
    registering->is_provider = is_provider;
    registering->thread = system_thread_start(registering_main, registering);
}

static void test_nmr_modules_that_register_at_the_same_time_meet_once(void **state)
{
    struct modules *modules = *state;
    struct registering_thread threads[5];

    for (ULONG i = 0; i < 5; i++) {
        registering_start(&threads[i], i < 2 ? &modules->clients[i] : &modules->providers[i - 2], i >= 2);
    }
    for (ULONG i = 0; i < 5; i++) {
        system_thread_join(threads[i].thread);
    }
    for (ULONG i = 0; i < 2; i++) {
        assert_int_equal(modules->clients[i].attach_count, 3);
        assert_int_equal(nmr_live_count(&modules->clients[i]), 3);
    }
    for (ULONG i = 0; i < 3; i++) {
        assert_int_equal(modules->providers[i].attach_count, 2);
        nmr_provider_end(&modules->providers[i]);
    }
    for (ULONG i = 0; i < 2; i++) {
        assert_int_equal(nmr_live_count(&modules->clients[i]), 0);
        nmr_client_end(&modules->clients[i]);
    }
}

/* --- module identifiers --------------------------------------------------------------------------- */

static void test_nmr_module_ids_are_equal_by_type_and_content(void **state)
{
    NPI_MODULEID one = { sizeof(one), MIT_GUID, { { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } } } };
    NPI_MODULEID other = one;

    (void)state;
    assert_true(NmrIsEqualNpiModuleId(&one, &other));
    other.Guid.Data4[7]++;
    assert_false(NmrIsEqualNpiModuleId(&one, &other));
    memset(&one.Guid, 0, sizeof(one.Guid));
    memset(&other.Guid, 0, sizeof(other.Guid));
    other.Type = MIT_IF_LUID;
    assert_false(NmrIsEqualNpiModuleId(&one, &other));
    one.Type = MIT_IF_LUID;
    assert_true(NmrIsEqualNpiModuleId(&one, &other));
    /* What a GUID would have behind a LUID does not count. */
    one.Guid.Data4[7] = 1;
    assert_true(NmrIsEqualNpiModuleId(&one, &other));
    one.IfLuid.HighPart = 1;
    assert_false(NmrIsEqualNpiModuleId(&one, &other));
}

#define TESTS(X)                                                       \
    X(test_nmr_client_after_provider_attaches_before_register_returns) \
    X(test_nmr_provider_after_client_attaches_before_register_returns) \
    X(test_nmr_another_interface_is_not_offered)                       \
    X(test_nmr_a_copy_of_the_interface_identifier_is_the_same)         \
    X(test_nmr_every_client_meets_every_provider_once)                 \
    X(test_nmr_client_that_declines_leaves_no_binding)                 \
    X(test_nmr_provider_that_refuses_is_answered_with_nointerface)     \
    X(test_nmr_attach_returns_what_the_provider_returned)              \
    X(test_nmr_client_that_was_refused_may_ask_again)                  \
    X(test_nmr_register_client_with_wrong_characteristics_fails)       \
    X(test_nmr_register_provider_with_wrong_characteristics_fails)     \
    X(test_nmr_handle_is_there_before_the_first_attach)                \
    X(test_nmr_provider_that_comes_inside_an_attach_is_offered_once)   \
    X(test_nmr_modules_that_register_at_the_same_time_meet_once)       \
    X(test_nmr_module_ids_are_equal_by_type_and_content)

CONTRACT_MAIN(TESTS, setup, NULL)
