/* SPDX-License-Identifier: MIT */
/* Runs a piece of a driver in each of the places in which drivers run. */
#include "contexts.h"
#include "system_thread.h"

#include <string.h>

struct errand {
    void (*run)(void *argument);
    void *argument;
    KEVENT done;
};

static void errand_run(struct errand *errand)
{
    errand->run(errand->argument);
    KeSetEvent(&errand->done, IO_NO_INCREMENT, FALSE);
}

const char *context_name(enum driver_context context)
{
    static const char *const names[CONTEXT_COUNT] = { "PASSIVE_LEVEL",
                                                      "DISPATCH_LEVEL",
                                                      "a spin lock",
                                                      "a DPC",
                                                      "another processor's DPC",
                                                      "a timer's DPC",
                                                      "a thread",
                                                      "a work item",
                                                      "another socket's completion routine",
                                                      "another socket's callback" };

    return names[context];
}

/* --- the caller's own thread -------------------------------------------------------------------- */

static void run_raised(struct errand *errand)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    errand_run(errand);
    KeLowerIrql(irql);
}

static void run_under_lock(struct errand *errand)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    errand_run(errand);
    KeReleaseSpinLock(&lock, irql);
}

/* --- DPCs, threads, work items -------------------------------------------------------------------- */

static VOID NTAPI dpc_routine(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    errand_run(DeferredContext);
}

static void errand_wait(struct errand *errand)
{
    assert_int_equal(KeWaitForSingleObject(&errand->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

static void run_in_dpc(struct errand *errand, bool is_elsewhere)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, dpc_routine, errand);
    if (is_elsewhere) {
        KeSetTargetProcessorDpc(&dpc, (CCHAR)(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) - 1));
    }
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    errand_wait(errand);
    KeFlushQueuedDpcs(); /* the routine may not have returned yet */
}

static void run_in_timer(struct errand *errand)
{
    LARGE_INTEGER due = { .QuadPart = -10000 };
    KTIMER timer;
    KDPC dpc;

    KeInitializeDpc(&dpc, dpc_routine, errand);
    KeInitializeTimer(&timer);
    assert_false(KeSetTimer(&timer, due, &dpc));
    errand_wait(errand);
    KeFlushQueuedDpcs();
}

static VOID NTAPI thread_main(PVOID StartContext)
{
    errand_run(StartContext);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void run_on_thread(struct errand *errand)
{
    system_thread_join(system_thread_start(thread_main, errand));
}

static VOID NTAPI work_routine(PVOID Parameter)
{
    errand_run(Parameter);
}

static void run_in_work_item(struct errand *errand)
{
    WORK_QUEUE_ITEM item;

    ExInitializeWorkItem(&item, work_routine, errand);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    errand_wait(errand);
}

/* --- routines of another socket ------------------------------------------------------------------- */

static void completed(struct wsk_request *request)
{
    errand_run(request->context);
}

static void run_in_completion(struct wsk_fixture *fixture, struct errand *errand)
{
    struct conn_client *client = conn_client_create();
    struct conn_request *receive = conn_request_create(NULL, 1);
    struct wsk_kit_peer *peer;

    conn_accept(fixture, client, 0, &peer);
    receive->request->completed = completed;
    receive->request->context = errand;
    receive->returned =
        conn_table(client->socket)->WskReceive(client->socket, &receive->buffer, 0, request_irp(receive->request));
    wsk_kit_peer_send_text(peer, "x");
    errand_wait(errand);
    conn_request_expect(receive, STATUS_SUCCESS, 1);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void indicated(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    UNREFERENCED_PARAMETER(list);
    errand_run(client->test_data);
}

static void run_in_callback(struct wsk_fixture *fixture, struct errand *errand)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    client->on_receive = indicated;
    client->test_data = errand;
    conn_accept(fixture, client, WSK_EVENT_RECEIVE, &peer);
    wsk_kit_peer_send_text(peer, "x");
    errand_wait(errand);
    conn_client_wait_length(client, 1);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

void context_run(struct wsk_fixture *fixture, enum driver_context context, void (*run)(void *argument), void *argument)
{
    struct errand errand = { .run = run, .argument = argument };

    KeInitializeEvent(&errand.done, NotificationEvent, FALSE);
    switch (context) {
    case CONTEXT_DISPATCH:
        run_raised(&errand);
        break;
    case CONTEXT_UNDER_LOCK:
        run_under_lock(&errand);
        break;
    case CONTEXT_DPC:
    case CONTEXT_OTHER_PROCESSORS_DPC:
        run_in_dpc(&errand, context == CONTEXT_OTHER_PROCESSORS_DPC);
        break;
    case CONTEXT_TIMER:
        run_in_timer(&errand);
        break;
    case CONTEXT_THREAD:
        run_on_thread(&errand);
        break;
    case CONTEXT_WORK_ITEM:
        run_in_work_item(&errand);
        break;
    case CONTEXT_COMPLETION:
        run_in_completion(fixture, &errand);
        break;
    case CONTEXT_CALLBACK:
        run_in_callback(fixture, &errand);
        break;
    default:
        errand_run(&errand);
        break;
    }
}
