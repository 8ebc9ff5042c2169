/* SPDX-License-Identifier: MIT */
/* Datagram sockets with real threads: an echo that retains what it answers from, and sockets that are closed at any
 * moment. The thread sanitizer finds in these tests what luck does not. */
#include "support/dgram_client.h"
#include "support/system_thread.h"

#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 200

static struct contract_way s_virtual = CONTRACT_WAY(THREADS, VIRTUAL);
static struct contract_way s_sockets = CONTRACT_WAY(THREADS, SOCKETS);
static struct contract_way s_virtual_mixed = { .config = { .size = sizeof(struct wsk_emu_config),
                                                           .execution = WSK_EMU_EXECUTION_THREADS,
                                                           .network = WSK_EMU_NETWORK_VIRTUAL,
                                                           .completion = WSK_EMU_COMPLETION_MIXED,
                                                           .processors = 4,
                                                           .seed = 7 },
                                               .is_virtual = true };

/* --- threads ---------------------------------------------------------------------------------------- */

struct worker {
    void *thread; /* PKTHREAD */
    KSTART_ROUTINE *routine;
    struct wsk_fixture *fixture;
    USHORT port; /* where it sends to */
    unsigned index;
    unsigned failures; /* counted here, judged by the test's own thread */
};

static void workers_run(struct worker *workers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        workers[i].index = i;
        workers[i].thread = system_thread_start(workers[i].routine, &workers[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        system_thread_join(workers[i].thread);
        assert_int_equal(workers[i].failures, 0);
    }
}

/* What a thread other than the test's may use: nothing here asserts. */
struct call {
    PIRP irp;
    KEVENT done;
    volatile LONG count;
    WSK_BUF buffer;
    PMDL mdl;
    char bytes[64];
    SOCKADDR_STORAGE remote;
};

static NTSTATUS NTAPI call_completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct call *call = Context;

    (void)DeviceObject;
    (void)Irp;
    InterlockedIncrement(&call->count);
    KeSetEvent(&call->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static struct call *call_create(void)
{
    struct call *call = ExAllocatePoolWithTag(NonPagedPool, sizeof(*call), 'llac');

    memset(call, 0, sizeof(*call));
    KeInitializeEvent(&call->done, NotificationEvent, FALSE);
    call->irp = IoAllocateIrp(1, FALSE);
    call->mdl = IoAllocateMdl(call->bytes, sizeof(call->bytes), FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(call->mdl);
    call->buffer.Mdl = call->mdl;
    call->buffer.Length = sizeof(call->bytes);
    return call;
}

static void call_destroy(struct call *call)
{
    IoFreeMdl(call->mdl);
    IoFreeIrp(call->irp);
    ExFreePoolWithTag(call, 'llac');
}

static PIRP call_irp(struct call *call)
{
    KeClearEvent(&call->done);
    call->count = 0;
    IoReuseIrp(call->irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(call->irp, call_completed, call, TRUE, TRUE, TRUE);
    return call->irp;
}

static NTSTATUS call_wait(struct call *call)
{
    KeWaitForSingleObject(&call->done, Executive, KernelMode, FALSE, NULL);
    return call->irp->IoStatus.Status;
}

static PWSK_SOCKET call_open(struct call *call, struct wsk_fixture *fixture)
{
    PWSK_SOCKET socket;

    fixture->npi.Dispatch->WskSocket(fixture->npi.Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET,
                                     NULL, NULL, NULL, NULL, NULL, call_irp(call));
    if (!NT_SUCCESS(call_wait(call))) {
        return NULL;
    }
    socket = (PWSK_SOCKET)call->irp->IoStatus.Information;
    call->remote = address_loopback(AF_INET, 0);
    dgram_table(socket)->WskBind(socket, (PSOCKADDR)&call->remote, 0, call_irp(call));
    return NT_SUCCESS(call_wait(call)) ? socket : NULL;
}

static NTSTATUS call_close(struct call *call, PWSK_SOCKET socket)
{
    dgram_table(socket)->WskCloseSocket(socket, call_irp(call));
    return call_wait(call);
}

/* --- the echo --------------------------------------------------------------------------------------- */

struct echo {
    PWSK_SOCKET socket;
    volatile LONG answered;
    volatile LONG failed;
};

/* One answer, straight from the retained datagram. */
struct answer {
    struct echo *echo;
    PWSK_DATAGRAM_INDICATION element;
};

static NTSTATUS NTAPI answer_completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct answer *answer = Context;

    (void)DeviceObject;
    if (!NT_SUCCESS(Irp->IoStatus.Status) || dgram_release(answer->echo->socket, answer->element) != STATUS_SUCCESS) {
        InterlockedIncrement(&answer->echo->failed);
    }
    InterlockedIncrement(&answer->echo->answered);
    IoFreeIrp(Irp);
    ExFreePoolWithTag(answer, 'rwsa');
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS WSKAPI echo_event(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    struct echo *echo = SocketContext;
    PWSK_DATAGRAM_INDICATION element = DataIndication;

    (void)Flags;
    while (element != NULL) {
        struct answer *answer = ExAllocatePoolWithTag(NonPagedPool, sizeof(*answer), 'rwsa');
        PWSK_DATAGRAM_INDICATION next = element->Next;
        PIRP irp = IoAllocateIrp(1, FALSE);

        element->Next = NULL;
        answer->echo = echo;
        answer->element = element;
        IoSetCompletionRoutine(irp, answer_completed, answer, TRUE, TRUE, TRUE);
        (void)dgram_table(echo->socket)
            ->WskSendTo(echo->socket, &element->Buffer, 0, element->RemoteAddress, 0, NULL, irp);
        element = next;
    }
    return STATUS_PENDING;
}

static const WSK_CLIENT_DATAGRAM_DISPATCH s_echo_dispatch = { echo_event };

static VOID ask(PVOID Context)
{
    struct worker *worker = Context;
    struct call *send = call_create();
    struct call *receive = call_create();
    PWSK_SOCKET socket = call_open(send, worker->fixture);

    for (unsigned round = 0; socket != NULL && round < ROUNDS; round++) {
        dgram_table(socket)->WskReceiveFrom(socket, &receive->buffer, 0, (PSOCKADDR)&receive->remote, NULL, NULL, NULL,
                                            call_irp(receive));
        send->bytes[0] = (char)worker->index;
        send->bytes[1] = (char)round;
        send->remote = address_loopback(AF_INET, worker->port);
        dgram_table(socket)->WskSendTo(socket, &send->buffer, 0, (PSOCKADDR)&send->remote, 0, NULL, call_irp(send));
        if (!NT_SUCCESS(call_wait(send)) || !NT_SUCCESS(call_wait(receive)) ||
            memcmp(send->bytes, receive->bytes, sizeof(send->bytes)) != 0) {
            worker->failures++;
        }
    }
    if (socket == NULL || call_close(send, socket) != STATUS_SUCCESS) {
        worker->failures++;
    }
    call_destroy(receive);
    call_destroy(send);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

struct echo_wish {
    struct echo *echo;
    LONG count;
};

static bool has_answered(void *context)
{
    struct echo_wish *wish = context;

    return InterlockedCompareExchange(&wish->echo->answered, 0, 0) >= wish->count;
}

static void test_echo_from_retained_datagrams(void **state)
{
    struct worker workers[THREADS];
    struct echo echo = { NULL, 0, 0 };
    struct echo_wish wish = { &echo, THREADS * ROUNDS };
    USHORT port;

    echo.socket = dgram_open_bound(*state, AF_INET, &echo, &s_echo_dispatch, &port);
    socket_events(echo.socket, WSK_EVENT_RECEIVE_FROM);
    memset(workers, 0, sizeof(workers));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].routine = ask;
        workers[i].fixture = *state;
        workers[i].port = port;
    }
    workers_run(workers, THREADS);
    wsk_kit_wait_for(has_answered, &wish, "the completion of all answers");
    assert_int_equal(echo.failed, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    socket_close(echo.socket);
}

/* --- close at any moment ----------------------------------------------------------------------------- */

#define POSTS 3

/* Sends to itself and to the next one, receives, cancels one, and closes without waiting for anything. */
static VOID come_and_go(PVOID Context)
{
    struct worker *worker = Context;
    struct call *control = call_create();
    struct call *calls[2 * POSTS];

    for (unsigned i = 0; i < 2 * POSTS; i++) {
        calls[i] = call_create();
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        PWSK_SOCKET socket = call_open(control, worker->fixture);

        if (socket == NULL) {
            worker->failures++;
            continue;
        }
        dgram_table(socket)->WskGetLocalAddress(socket, (PSOCKADDR)&control->remote, call_irp(control));
        (void)call_wait(control);
        for (unsigned i = 0; i < POSTS; i++) {
            dgram_table(socket)->WskReceiveFrom(socket, &calls[i]->buffer, 0, (PSOCKADDR)&calls[i]->remote, NULL, NULL,
                                                NULL, call_irp(calls[i]));
        }
        for (unsigned i = POSTS; i < 2 * POSTS; i++) {
            calls[i]->remote = i % 2 == 0 ? control->remote : address_loopback(AF_INET, worker->port);
            dgram_table(socket)->WskSendTo(socket, &calls[i]->buffer, 0, (PSOCKADDR)&calls[i]->remote, 0, NULL,
                                           call_irp(calls[i]));
        }
        (void)IoCancelIrp(calls[round % (2 * POSTS)]->irp);
        if (call_close(control, socket) != STATUS_SUCCESS) {
            worker->failures++;
        }
        /* The close came last: everything else is over, once. */
        for (unsigned i = 0; i < 2 * POSTS; i++) {
            worker->failures += calls[i]->count != 1;
        }
    }
    for (unsigned i = 0; i < 2 * POSTS; i++) {
        call_destroy(calls[i]);
    }
    call_destroy(control);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_sockets_that_come_and_go(void **state)
{
    struct worker workers[THREADS];
    struct dgram_client *client = dgram_client_create(*state, AF_INET, WSK_EVENT_RECEIVE_FROM);

    memset(workers, 0, sizeof(workers));
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].routine = come_and_go;
        workers[i].fixture = *state;
        workers[i].port = client->port;
    }
    workers_run(workers, THREADS);
    wsk_kit_run_until_idle();
    dgram_client_destroy(client);
}

#define VIRTUAL(f) CONTRACT_ENTRY(f, fixture_setup, fixture_teardown, s_virtual, "virtual")
#define SOCKETS(f) CONTRACT_ENTRY(f, fixture_setup, fixture_teardown, s_sockets, "sockets")
#define MIXED(f) CONTRACT_ENTRY(f, fixture_setup, fixture_teardown, s_virtual_mixed, "virtual, mixed completion")

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        VIRTUAL(test_echo_from_retained_datagrams), SOCKETS(test_echo_from_retained_datagrams),
        MIXED(test_echo_from_retained_datagrams),   VIRTUAL(test_sockets_that_come_and_go),
        SOCKETS(test_sockets_that_come_and_go),     MIXED(test_sockets_that_come_and_go),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
