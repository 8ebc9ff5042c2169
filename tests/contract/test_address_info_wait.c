/* SPDX-License-Identifier: MIT */
/* WskGetAddressInfo while its answer is not there yet: slow resolvers, cancels, deregistration. */
#include "support/name_client.h"
#include "support/system_thread.h"

#include <string.h>

struct waiting {
    struct wsk_request *request;
    NTSTATUS returned;
    PADDRINFOEXW list;
    struct text node;
};

static void waiting_start(struct wsk_fixture *fixture, struct waiting *waiting, const char *node)
{
    waiting->request = request_create();
    text_set(&waiting->node, node);
    waiting->returned =
        fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &waiting->node.string, NULL, 0, NULL, NULL,
                                                 &waiting->list, NULL, NULL, request_irp(waiting->request));
    assert_int_equal(waiting->returned, STATUS_PENDING);
}

static NTSTATUS waiting_end(struct waiting *waiting)
{
    NTSTATUS status = request_wait(waiting->request, waiting->returned);

    assert_int_equal(waiting->request->result.Information, 0);
    request_destroy(waiting->request);
    return status;
}

static void test_get_address_info_waits_for_a_slow_resolver(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct waiting first;
    struct waiting second;

    wsk_kit_host_hold("slow.example");
    wsk_kit_host_add("slow.example", "192.0.2.1");
    waiting_start(fixture, &first, "slow.example");
    waiting_start(fixture, &second, "SLOW.example");
    /* What the strings say was read before the call returned. */
    memset(first.node.units, 0x5a, sizeof(first.node.units));
    wsk_kit_run_until_idle();
    assert_false(request_is_done(first.request));
    wsk_kit_host_let_go("slow.example");
    assert_int_equal(waiting_end(&first), STATUS_SUCCESS);
    assert_true(entry_is(first.list, "192.0.2.1", 0));
    assert_int_equal(waiting_end(&second), STATUS_SUCCESS);
    address_info_free(fixture, first.list);
    address_info_free(fixture, second.list);
}

static void test_get_address_info_is_cancelled_while_it_waits(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct waiting waiting;

    wsk_kit_host_hold("slow.example");
    wsk_kit_host_add("slow.example", "192.0.2.1");
    waiting_start(fixture, &waiting, "slow.example");
    assert_true(IoCancelIrp(waiting.request->irp));
    assert_int_equal(waiting_end(&waiting), STATUS_CANCELLED);
    assert_null(waiting.list);
    /* The answer comes too late. */
    wsk_kit_host_let_go("slow.example");
    wsk_kit_run_until_idle();
    assert_null(waiting.list);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
}

static void test_get_address_info_with_a_cancelled_irp_ends_cancelled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    struct text node;
    PADDRINFOEXW list;
    NTSTATUS returned;
    PIRP irp;

    wsk_kit_host_hold("slow.example");
    text_set(&node, "slow.example");
    irp = request_irp(request);
    IoCancelIrp(irp);
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL, &list,
                                                        NULL, NULL, irp);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    assert_null(list);
    request_destroy(request);
}

#define RACE_COUNT 25

static VOID NTAPI cancel_thread(PVOID Context)
{
    struct waiting *waiting = Context;

    IoCancelIrp(waiting->request->irp);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Whoever is first decides; the IRP completes once, and there is a list exactly with success. */
static void test_get_address_info_cancel_races_with_the_answer(void **state)
{
    struct wsk_fixture *fixture = *state;
    unsigned i;

    wsk_kit_host_add("slow.example", "192.0.2.1");
    for (i = 0; i < RACE_COUNT; i++) {
        struct waiting waiting;
        PVOID thread;
        NTSTATUS status;

        wsk_kit_host_hold("slow.example");
        waiting_start(fixture, &waiting, "slow.example");
        thread = system_thread_start(cancel_thread, &waiting);
        wsk_kit_host_let_go("slow.example");
        system_thread_join(thread);
        status = waiting_end(&waiting);
        assert_true(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
        if (NT_SUCCESS(status)) {
            address_info_free(fixture, waiting.list);
        } else {
            assert_null(waiting.list);
        }
    }
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
}

/* WskDeregister waits for requests that are under way. */
static VOID NTAPI deregister_thread(PVOID Context)
{
    fixture_deregister(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_deregister_waits_for_get_address_info(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct waiting waiting;
    PVOID thread;

    wsk_kit_host_hold("slow.example");
    wsk_kit_host_fail("slow.example", WSK_KIT_HOST_UNKNOWN);
    waiting_start(fixture, &waiting, "slow.example");
    fixture_release(fixture);
    thread = system_thread_start(deregister_thread, fixture);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 1);
    wsk_kit_host_let_go("slow.example");
    assert_int_equal(waiting_end(&waiting), STATUS_NOT_FOUND);
    system_thread_join(thread);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 0);
}

#define TESTS(X)                                                 \
    X(test_get_address_info_waits_for_a_slow_resolver)           \
    X(test_get_address_info_is_cancelled_while_it_waits)         \
    X(test_get_address_info_with_a_cancelled_irp_ends_cancelled) \
    X(test_get_address_info_cancel_races_with_the_answer)        \
    X(test_deregister_waits_for_get_address_info)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
