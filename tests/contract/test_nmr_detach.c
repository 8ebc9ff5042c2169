/* SPDX-License-Identifier: MIT */
/* The network module registrar: modules deregister, detach at once or later, and waits really wait. */
#include "support/contract.h"
#include "support/nmr_modules.h"
#include "support/system_thread.h"

struct pair {
    struct nmr_module client;
    struct nmr_module provider;
    struct nmr_module other_provider;
};

static int setup(void **state)
{
    static struct pair pair;

    nmr_client_make(&pair.client, 1);
    nmr_provider_make(&pair.provider, 2);
    nmr_provider_make(&pair.other_provider, 3);
    pair.client.test = &pair;
    pair.provider.test = &pair;
    *state = &pair;
    return 0;
}

static void pair_attach(struct pair *pair)
{
    nmr_provider_register(&pair->provider);
    nmr_client_register(&pair->client);
    assert_int_equal(nmr_live_count(&pair->client), 1);
}

/* --- detaching at once ---------------------------------------------------------------------------- */

/* Each callback once: first the side that deregisters detaches, then the other; the client is cleaned up first. */
static void check_detached(const struct pair *pair, BOOLEAN is_client_first)
{
    const struct nmr_link *client = &pair->client.links[0];
    const struct nmr_link *provider = &pair->provider.links[0];

    assert_int_equal(client->detach_count, 1);
    assert_int_equal(provider->detach_count, 1);
    assert_int_equal(client->cleanup_count, 1);
    assert_int_equal(provider->cleanup_count, 1);
    assert_int_equal(client->detach_order < provider->detach_order, is_client_first != FALSE);
    assert_true(client->detach_order < client->cleanup_order);
    assert_true(provider->detach_order < client->cleanup_order);
    assert_true(client->cleanup_order < provider->cleanup_order);
}

static void test_nmr_deregister_client_detaches_both_and_cleans_up(void **state)
{
    struct pair *pair = *state;

    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    check_detached(pair, TRUE);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

static void test_nmr_deregister_provider_detaches_both_and_cleans_up(void **state)
{
    struct pair *pair = *state;

    pair_attach(pair);
    assert_int_equal(NmrDeregisterProvider(pair->provider.handle), STATUS_PENDING);
    check_detached(pair, FALSE);
    assert_int_equal(NmrWaitForProviderDeregisterComplete(pair->provider.handle), STATUS_SUCCESS);
    nmr_client_end(&pair->client);
}

static void test_nmr_deregister_without_a_binding_pends_as_well(void **state)
{
    struct pair *pair = *state;

    nmr_client_register(&pair->client);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    assert_int_equal(pair->client.link_count, 0);
}

static void test_nmr_the_other_binding_of_a_client_stays(void **state)
{
    struct pair *pair = *state;

    pair_attach(pair);
    nmr_provider_register(&pair->other_provider);
    nmr_provider_end(&pair->provider);
    assert_int_equal(pair->client.links[0].cleanup_count, 1);
    assert_int_equal(pair->client.links[1].detach_count, 0);
    assert_int_equal(nmr_live_count(&pair->client), 1);
    nmr_client_end(&pair->client);
    nmr_provider_end(&pair->other_provider);
    assert_int_equal(pair->other_provider.links[0].cleanup_count, 1);
}

static void test_nmr_modules_without_cleanup_callbacks_detach(void **state)
{
    struct pair *pair = *state;

    pair->client.client.ClientCleanupBindingContext = NULL;
    pair->provider.provider.ProviderCleanupBindingContext = NULL;
    pair_attach(pair);
    nmr_client_end(&pair->client);
    nmr_provider_end(&pair->provider);
    assert_int_equal(pair->client.links[0].detach_count, 1);
}

static void test_nmr_module_registers_again_after_it_has_deregistered(void **state)
{
    struct pair *pair = *state;
    HANDLE before;

    pair_attach(pair);
    before = pair->client.handle;
    nmr_client_end(&pair->client);
    nmr_client_register(&pair->client);
    assert_ptr_not_equal(pair->client.handle, before);
    assert_int_equal(pair->client.attach_count, 2);
    assert_int_equal(nmr_live_count(&pair->client), 1);
    nmr_client_end(&pair->client);
    nmr_provider_end(&pair->provider);
}

static void test_nmr_deregister_at_dispatch_level_calls_back_there(void **state)
{
    struct pair *pair = *state;
    NTSTATUS status;
    KIRQL irql;

    pair_attach(pair);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = NmrDeregisterClient(pair->client.handle);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_PENDING);
    assert_int_equal(pair->client.links[0].detach_irql, DISPATCH_LEVEL);
    assert_int_equal(pair->provider.links[0].detach_irql, DISPATCH_LEVEL);
    assert_int_equal(pair->client.links[0].cleanup_irql, DISPATCH_LEVEL);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

/* --- detaching later ------------------------------------------------------------------------------ */

static void test_nmr_wait_lasts_until_a_pending_client_completes(void **state)
{
    struct pair *pair = *state;
    struct nmr_waiter waiter;

    pair->client.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    assert_int_equal(pair->provider.links[0].detach_count, 1);
    nmr_waiter_start(&waiter, &pair->client, FALSE);
    assert_false(nmr_waiter_is_done(&waiter));
    assert_int_equal(pair->client.links[0].cleanup_count, 0);
    assert_int_equal(pair->provider.links[0].cleanup_count, 0);
    NmrClientDetachProviderComplete(pair->client.links[0].handle);
    check_detached(pair, TRUE);
    assert_int_equal(nmr_waiter_join(&waiter), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

static void test_nmr_wait_lasts_until_a_pending_provider_completes(void **state)
{
    struct pair *pair = *state;
    struct nmr_waiter waiter;

    pair->provider.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    nmr_waiter_start(&waiter, &pair->client, FALSE);
    assert_false(nmr_waiter_is_done(&waiter));
    NmrProviderDetachClientComplete(pair->provider.links[0].handle);
    check_detached(pair, TRUE);
    assert_int_equal(nmr_waiter_join(&waiter), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

/* Both deregister while both sides are pending: nobody is told twice, and the last completion ends both waits. */
static void test_nmr_both_deregister_and_both_pend(void **state)
{
    struct pair *pair = *state;
    struct nmr_waiter client_waiter;
    struct nmr_waiter provider_waiter;

    pair->client.detach_status = STATUS_PENDING;
    pair->provider.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterProvider(pair->provider.handle), STATUS_PENDING);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    nmr_waiter_start(&client_waiter, &pair->client, FALSE);
    nmr_waiter_start(&provider_waiter, &pair->provider, TRUE);
    NmrProviderDetachClientComplete(pair->provider.links[0].handle);
    wsk_kit_run_until_idle();
    assert_false(nmr_waiter_is_done(&client_waiter));
    assert_false(nmr_waiter_is_done(&provider_waiter));
    NmrClientDetachProviderComplete(pair->client.links[0].handle);
    assert_int_equal(nmr_waiter_join(&client_waiter), STATUS_SUCCESS);
    assert_int_equal(nmr_waiter_join(&provider_waiter), STATUS_SUCCESS);
    check_detached(pair, FALSE);
}

static void test_nmr_complete_at_dispatch_level_cleans_up_there(void **state)
{
    struct pair *pair = *state;
    KIRQL irql;

    pair->client.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NmrClientDetachProviderComplete(pair->client.links[0].handle);
    KeLowerIrql(irql);
    assert_int_equal(pair->client.links[0].cleanup_irql, DISPATCH_LEVEL);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

/* The last call of the other module may end on another thread while the callback is still on its way out. */
static NTSTATUS complete_early(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(module);
    NmrClientDetachProviderComplete(link->handle);
    assert_int_equal(link->cleanup_count, 0);
    return STATUS_PENDING;
}

static void test_nmr_completion_before_the_callback_has_returned_counts(void **state)
{
    struct pair *pair = *state;

    pair->client.detaching = complete_early;
    pair_attach(pair);
    nmr_client_end(&pair->client);
    check_detached(pair, TRUE);
    nmr_provider_end(&pair->provider);
}

/* A binding that is being detached is not offered again, and a new provider is not offered to who deregisters. */
static void test_nmr_client_that_deregisters_is_offered_nothing(void **state)
{
    struct pair *pair = *state;

    pair->client.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    nmr_provider_register(&pair->other_provider);
    assert_int_equal(pair->client.attach_count, 1);
    NmrClientDetachProviderComplete(pair->client.links[0].handle);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
    nmr_provider_end(&pair->other_provider);
}

static void test_nmr_two_threads_wait_for_one_deregistration(void **state)
{
    struct pair *pair = *state;
    struct nmr_waiter waiters[2];

    pair->client.detach_status = STATUS_PENDING;
    pair_attach(pair);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    nmr_waiter_start(&waiters[0], &pair->client, FALSE);
    nmr_waiter_start(&waiters[1], &pair->client, FALSE);
    NmrClientDetachProviderComplete(pair->client.links[0].handle);
    assert_int_equal(nmr_waiter_join(&waiters[0]), STATUS_SUCCESS);
    assert_int_equal(nmr_waiter_join(&waiters[1]), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
}

/* --- deregistering while attaching ---------------------------------------------------------------- */

static void client_leaves(struct nmr_module *module, struct nmr_link *link)
{
    struct pair *pair = module->test;

    UNREFERENCED_PARAMETER(link);
    assert_int_equal(NmrDeregisterClient(pair->client.handle), STATUS_PENDING);
    assert_int_equal(pair->client.links[0].detach_count, 0);
}

/* It attaches first, and is detached when ClientAttachProvider has returned; later providers are not offered. */
static void test_nmr_client_deregisters_inside_its_attach_callback(void **state)
{
    struct pair *pair = *state;

    nmr_provider_register(&pair->provider);
    nmr_provider_register(&pair->other_provider);
    pair->client.attaching = client_leaves;
    nmr_client_register(&pair->client);
    assert_int_equal(pair->client.attach_count, 1);
    check_detached(pair, TRUE);
    assert_int_equal(NmrWaitForClientDeregisterComplete(pair->client.handle), STATUS_SUCCESS);
    nmr_provider_end(&pair->provider);
    nmr_provider_end(&pair->other_provider);
}

static void provider_leaves(struct nmr_module *module, struct nmr_link *link)
{
    struct pair *pair = module->test;

    UNREFERENCED_PARAMETER(link);
    assert_int_equal(NmrDeregisterProvider(pair->provider.handle), STATUS_PENDING);
}

static void test_nmr_provider_deregisters_inside_its_attach_callback(void **state)
{
    struct pair *pair = *state;

    pair->provider.attaching = provider_leaves;
    nmr_provider_register(&pair->provider);
    nmr_client_register(&pair->client);
    check_detached(pair, FALSE);
    assert_int_equal(NmrWaitForProviderDeregisterComplete(pair->provider.handle), STATUS_SUCCESS);
    nmr_client_end(&pair->client);
}

/* What the binding context holds may go when it is cleaned up: nothing is called for the binding any more. */
static void forget_context(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(module);
    ExFreePoolWithTag(link->other_context, 'tseT');
}

static NTSTATUS keep_context(struct nmr_module *module, struct nmr_link *link, NTSTATUS status)
{
    UNREFERENCED_PARAMETER(module);
    link->other_context = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'tseT');
    return link->other_context == NULL ? STATUS_INSUFFICIENT_RESOURCES : status;
}

static void test_nmr_cleanup_is_the_place_to_free_the_context(void **state)
{
    struct pair *pair = *state;

    pair->provider.attached = keep_context;
    pair->provider.cleaned = forget_context;
    pair_attach(pair);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 1);
    nmr_client_end(&pair->client);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
    nmr_provider_end(&pair->provider);
}

/* --- at the same time ----------------------------------------------------------------------------- */

static VOID NTAPI provider_leaves_main(PVOID Context)
{
    nmr_provider_end(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_nmr_both_sides_deregister_at_the_same_time(void **state)
{
    struct pair *pair = *state;

    for (unsigned i = 0; i < 20; i++) {
        PKTHREAD thread;

        nmr_client_make(&pair->client, 1);
        nmr_provider_make(&pair->provider, 2);
        pair_attach(pair);
        thread = system_thread_start(provider_leaves_main, &pair->provider);
        nmr_client_end(&pair->client);
        system_thread_join(thread);
        assert_int_equal(pair->client.links[0].detach_count, 1);
        assert_int_equal(pair->provider.links[0].detach_count, 1);
        assert_int_equal(pair->client.links[0].cleanup_count, 1);
        assert_int_equal(pair->provider.links[0].cleanup_count, 1);
    }
}

#define TESTS(X)                                                   \
    X(test_nmr_deregister_client_detaches_both_and_cleans_up)      \
    X(test_nmr_deregister_provider_detaches_both_and_cleans_up)    \
    X(test_nmr_deregister_without_a_binding_pends_as_well)         \
    X(test_nmr_the_other_binding_of_a_client_stays)                \
    X(test_nmr_modules_without_cleanup_callbacks_detach)           \
    X(test_nmr_module_registers_again_after_it_has_deregistered)   \
    X(test_nmr_deregister_at_dispatch_level_calls_back_there)      \
    X(test_nmr_wait_lasts_until_a_pending_client_completes)        \
    X(test_nmr_wait_lasts_until_a_pending_provider_completes)      \
    X(test_nmr_both_deregister_and_both_pend)                      \
    X(test_nmr_complete_at_dispatch_level_cleans_up_there)         \
    X(test_nmr_completion_before_the_callback_has_returned_counts) \
    X(test_nmr_client_that_deregisters_is_offered_nothing)         \
    X(test_nmr_two_threads_wait_for_one_deregistration)            \
    X(test_nmr_client_deregisters_inside_its_attach_callback)      \
    X(test_nmr_provider_deregisters_inside_its_attach_callback)    \
    X(test_nmr_cleanup_is_the_place_to_free_the_context)           \
    X(test_nmr_both_sides_deregister_at_the_same_time)

CONTRACT_MAIN(TESTS, setup, NULL)
