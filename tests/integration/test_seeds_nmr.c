/* SPDX-License-Identifier: MIT */
/* Network modules that come and go at the same time, under hundreds of seeds and with real threads: every binding is
 * attached, detached and cleaned up once. */
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "support/nmr_modules.h"
#include "support/nmr_wsk.h"
#include "support/system_thread.h"

#ifndef SEED_COUNT
#define SEED_COUNT 300
#endif

#define CLIENT_COUNT 2
#define PROVIDER_COUNT 2
#define ROUND_COUNT 4
/* A module meets each of the others in each round of theirs; both sides of a binding detach. */
#define DETACH_MAX 256

/* One detaching that pends: completed later by a DPC or a work item. */
struct detaching {
    HANDLE binding;
    BOOLEAN is_client;
    KDPC dpc;
    WORK_QUEUE_ITEM item;
};

struct worker {
    struct nmr_module module;
    BOOLEAN is_client;
    PKTHREAD thread;
};

static struct {
    unsigned long long seed;
    bool is_inside;
    volatile LONG choice_count;
    volatile LONG bad_count; /* links that were not attached, detached and cleaned up once each */
    volatile LONG link_count;
    volatile LONG pended_count;
    struct worker clients[CLIENT_COUNT];
    struct worker providers[PROVIDER_COUNT];
    struct worker wsk_worker; /* its module is not used */
    struct nmr_wsk_client wsk;
    KEVENT all_there[ROUND_COUNT];
    volatile LONG there_counts[ROUND_COUNT];
    struct detaching detachings[DETACH_MAX];
    volatile LONG detaching_count;
} s_run;

static unsigned choose(unsigned limit)
{
    unsigned long long x =
        s_run.seed * 0x9e3779b97f4a7c15ull + (unsigned long long)InterlockedIncrement(&s_run.choice_count);

    x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9ull;
    return (unsigned)((x ^ (x >> 29)) >> 16) % limit;
}

/* --- detaching ------------------------------------------------------------------------------------ */

static void complete(HANDLE binding, BOOLEAN is_client)
{
    if (is_client) {
        NmrClientDetachProviderComplete(binding);
    } else {
        NmrProviderDetachClientComplete(binding);
    }
}

static VOID NTAPI detaching_dpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    const struct detaching *detaching = DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    complete(detaching->binding, detaching->is_client);
}

static VOID NTAPI detaching_work(PVOID Context)
{
    const struct detaching *detaching = Context;

    complete(detaching->binding, detaching->is_client);
}

static NTSTATUS detach(HANDLE binding, BOOLEAN is_client)
{
    struct detaching *detaching;
    unsigned way = choose(5);

    if (way <= 1) {
        return STATUS_SUCCESS;
    }
    InterlockedIncrement(&s_run.pended_count);
    if (way == 2) {
        complete(binding, is_client); /* overtakes the return */
        return STATUS_PENDING;
    }
    detaching = &s_run.detachings[(InterlockedIncrement(&s_run.detaching_count) - 1) % DETACH_MAX];
    detaching->binding = binding;
    detaching->is_client = is_client;
    if (way == 3) {
        KeInitializeDpc(&detaching->dpc, detaching_dpc, detaching);
        KeInsertQueueDpc(&detaching->dpc, NULL, NULL);
    } else {
        ExInitializeWorkItem(&detaching->item, detaching_work, detaching);
        ExQueueWorkItem(&detaching->item, DelayedWorkQueue);
    }
    return STATUS_PENDING;
}

static NTSTATUS client_detaching(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(module);
    return detach(link->handle, TRUE);
}

static NTSTATUS provider_detaching(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(module);
    return detach(link->handle, FALSE);
}

/* --- modules that come and go --------------------------------------------------------------------- */

static void check_links(const struct nmr_module *module)
{
    for (LONG i = 0; i < module->link_count; i++) {
        const struct nmr_link *link = &module->links[i];

        InterlockedIncrement(&s_run.link_count);
        if (link->is_attached
                ? link->detach_count != 1 || link->cleanup_count != 1 || link->cleanup_order < link->detach_order
                : link->detach_count != 0 || link->cleanup_count != 0) {
            InterlockedIncrement(&s_run.bad_count);
        }
    }
}

static void pass_turn(void)
{
    unsigned count = choose(8);
    KIRQL irql;

    while (count-- > 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeLowerIrql(irql); /* where the seed may let another thread go on */
    }
}

/* In every other round all modules are registered before the first one leaves; else they come and go as they will. */
static void meet(ULONG round)
{
    if ((s_run.seed + round) % 2 != 0) {
        pass_turn();
        return;
    }
    if (InterlockedIncrement(&s_run.there_counts[round]) == CLIENT_COUNT + PROVIDER_COUNT) {
        KeSetEvent(&s_run.all_there[round], IO_NO_INCREMENT, FALSE);
    }
    (void)KeWaitForSingleObject(&s_run.all_there[round], Executive, KernelMode, FALSE, NULL);
}

static void client_round(struct worker *worker, ULONG round)
{
    nmr_client_make(&worker->module, round);
    worker->module.attach_status = choose(6) == 0 ? STATUS_NOINTERFACE : STATUS_SUCCESS;
    worker->module.detaching = client_detaching;
    nmr_client_register(&worker->module);
    meet(round);
    nmr_client_end(&worker->module);
}

static void provider_round(struct worker *worker, ULONG round)
{
    nmr_provider_make(&worker->module, round);
    worker->module.attach_status = choose(6) == 0 ? STATUS_NOINTERFACE : STATUS_SUCCESS;
    worker->module.detaching = provider_detaching;
    nmr_provider_register(&worker->module);
    meet(round);
    nmr_provider_end(&worker->module);
}

static VOID NTAPI worker_main(PVOID Context)
{
    struct worker *worker = Context;

    for (ULONG round = 0; round < ROUND_COUNT; round++) {
        if (worker->is_client) {
            client_round(worker, round);
        } else {
            provider_round(worker, round);
        }
        check_links(&worker->module);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* A WSK client deregisters with a socket open, and closes it while the registrar waits for that. */
static VOID NTAPI wsk_main(PVOID Context)
{
    struct wsk_fixture *fixture = Context;

    for (ULONG round = 0; round < ROUND_COUNT; round++) {
        PWSK_SOCKET socket;

        nmr_wsk_make(&s_run.wsk, fixture);
        nmr_wsk_register(&s_run.wsk);
        socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
        pass_turn();
        if (choose(2) == 0) {
            socket_close(socket);
            nmr_wsk_end(&s_run.wsk);
        } else {
            (void)NmrDeregisterClient(s_run.wsk.handle);
            pass_turn();
            socket_close(socket);
            (void)NmrWaitForClientDeregisterComplete(s_run.wsk.handle);
        }
        if (s_run.wsk.detach_count != 1 || s_run.wsk.cleanup_count != 1) {
            InterlockedIncrement(&s_run.bad_count);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* --- runs ----------------------------------------------------------------------------------------- */

static void run_fail(const char *reason)
{
    print_error("%s\n", reason);
    _fail(__FILE__, __LINE__);
}

static void run_seed(const struct wsk_emu_config *config)
{
    struct wsk_fixture *fixture;

    s_run.is_inside = true;
    s_run.choice_count = 0;
    s_run.detaching_count = 0;
    assert_int_equal(wsk_emu_start(config), STATUS_SUCCESS);
    wsk_kit_set_failure_handler(run_fail);
    for (unsigned i = 0; i < ROUND_COUNT; i++) {
        KeInitializeEvent(&s_run.all_there[i], NotificationEvent, FALSE);
        s_run.there_counts[i] = 0;
    }
    fixture = fixture_create(NULL);
    s_run.wsk_worker.thread = system_thread_start(wsk_main, fixture);
    for (unsigned i = 0; i < CLIENT_COUNT; i++) {
        s_run.clients[i].is_client = TRUE;
        s_run.clients[i].thread = system_thread_start(worker_main, &s_run.clients[i]);
    }
    for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
        s_run.providers[i].thread = system_thread_start(worker_main, &s_run.providers[i]);
    }
    for (unsigned i = 0; i < CLIENT_COUNT; i++) {
        system_thread_join(s_run.clients[i].thread);
    }
    for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
        system_thread_join(s_run.providers[i].thread);
    }
    system_thread_join(s_run.wsk_worker.thread);
    fixture_destroy(fixture);
    assert_int_equal(s_run.bad_count, 0);
    assert_int_equal(wsk_emu_stop(), 0);
    s_run.is_inside = false;
}

static void run(enum wsk_emu_execution execution, unsigned seed_count)
{
    static const unsigned processors[] = { 2, 1, 4 };
    const char *only = getenv("WSK_EMU_SEED");
    unsigned long long first = only != NULL ? strtoull(only, NULL, 0) : 1;
    unsigned long long last = only != NULL ? first : seed_count;
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    memset(&s_run, 0, sizeof(s_run));
    config.execution = execution;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    for (s_run.seed = first; s_run.seed <= last; s_run.seed++) {
        config.seed = s_run.seed;
        config.completion = (enum wsk_emu_completion)(WSK_EMU_COMPLETION_INLINE + s_run.seed % 3);
        config.processors = processors[s_run.seed / 3 % 3];
        run_seed(&config);
    }
    print_message("%ld bindings seen from one side, %ld pended\n", (long)s_run.link_count, (long)s_run.pended_count);
}

/* Says how to do it again, and ends what the failed run left. */
static int run_teardown(void **state)
{
    (void)state;
    if (s_run.is_inside) {
        s_run.is_inside = false;
        print_error("seed %llu; WSK_EMU_SEED=%llu runs it alone\n", s_run.seed, s_run.seed);
        we_instance_abandon();
    }
    wsk_kit_set_failure_handler(NULL);
    return 0;
}

static void test_nmr_modules_come_and_go_in_every_order(void **state)
{
    (void)state;
    run(WSK_EMU_EXECUTION_STEPPED, SEED_COUNT);
    assert_true(s_run.link_count > 0); /* they do meet, and pend */
    assert_true(s_run.pended_count > 0);
}

static void test_nmr_modules_come_and_go_on_real_threads(void **state)
{
    (void)state;
    run(WSK_EMU_EXECUTION_THREADS, SEED_COUNT / 10);
    assert_true(s_run.link_count > 0);
    assert_true(s_run.pended_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_nmr_modules_come_and_go_in_every_order, run_teardown),
        cmocka_unit_test_teardown(test_nmr_modules_come_and_go_on_real_threads, run_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
