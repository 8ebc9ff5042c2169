/* SPDX-License-Identifier: MIT */
/* A test that fails while threads of its driver go on: the stop and the next test must not notice. */
#include <stdlib.h>
#include <string.h>

#include "support/wsk_fixture.h"

#include "support/child.h"

/* A test fails; its driver's threads know nothing of that and go on using their sockets, on other processors, until the
 * stop has ended them. What they use has to be there so long. */
static struct {
    struct wsk_fixture *fixture;
    PWSK_SOCKET listener;
    volatile LONG rounds;
} s_busy;

static NTSTATUS NTAPI busy_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

#define BUSY_CALL(irp, done, call)                                             \
    do {                                                                       \
        IoReuseIrp(irp, STATUS_UNSUCCESSFUL);                                  \
        KeClearEvent(done);                                                    \
        IoSetCompletionRoutine(irp, busy_done, done, TRUE, TRUE, TRUE);        \
        (void)(call);                                                          \
        (void)KeWaitForSingleObject(done, Executive, KernelMode, FALSE, NULL); \
        InterlockedIncrement(&s_busy.rounds);                                  \
    } while (0)

static VOID NTAPI asking_thread(PVOID context)
{
    const WSK_PROVIDER_LISTEN_DISPATCH *table = s_busy.listener->Dispatch;
    PIRP irp = IoAllocateIrp(1, FALSE);
    SOCKADDR_STORAGE address;
    KEVENT done;

    UNREFERENCED_PARAMETER(context);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    while (irp != NULL) {
        BUSY_CALL(irp, &done, table->WskGetLocalAddress(s_busy.listener, (PSOCKADDR)&address, irp));
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI opening_thread(PVOID context)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    KEVENT done;

    UNREFERENCED_PARAMETER(context);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    while (irp != NULL) {
        const WSK_PROVIDER_BASIC_DISPATCH *table;
        PWSK_SOCKET socket;

        BUSY_CALL(irp, &done,
                  s_busy.fixture->npi.Dispatch->WskSocket(s_busy.fixture->npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                          WSK_FLAG_LISTEN_SOCKET, NULL, NULL, NULL, NULL, NULL, irp));
        if (!NT_SUCCESS(irp->IoStatus.Status)) {
            break;
        }
        socket = (PWSK_SOCKET)irp->IoStatus.Information;
        table = socket->Dispatch;
        BUSY_CALL(irp, &done, table->WskCloseSocket(socket, irp));
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static bool busy_is_running(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return InterlockedCompareExchange(&s_busy.rounds, 0, 0) >= 100;
}

static void thread_start(PKSTART_ROUTINE routine)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL), STATUS_SUCCESS);
    (void)ZwClose(handle);
}

static void threads_use_sockets(void **state)
{
    USHORT port;

    s_busy.rounds = 0;
    s_busy.fixture = *state;
    s_busy.listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    for (unsigned i = 0; i < 2; i++) {
        thread_start(asking_thread);
        thread_start(opening_thread);
    }
    wsk_kit_wait_for(busy_is_running, NULL, "threads that use sockets");
}

static __attribute__((noinline)) void fails_while_threads_use_sockets(void **state)
{
    threads_use_sockets(state);
    assert_int_equal(1, 2);
}

/* Ends by itself, without closing or ending anything. */
static void leaves_threads_that_use_sockets(void **state)
{
    threads_use_sockets(state);
}

static void healthy_test(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);

    wsk_kit_peer_send_text(peer, "still alive");
    connection_expect_text(accepted, "still alive");
    socket_close(accepted);
    socket_close(listener);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

static void part_run(const struct CMUnitTest *bad)
{
    const struct CMUnitTest healthy = wsk_emu_unit_test_setup_teardown(healthy_test, fixture_setup, fixture_teardown);
    const struct CMUnitTest tests[] = { *bad, healthy, *bad, healthy, *bad, healthy };

    if (cmocka_run_group_tests(tests, NULL, NULL) != 3) {
        exit(1);
    }
    child_end();
}

static void part_failing(void)
{
    const struct CMUnitTest test =
        wsk_emu_unit_test_config(fails_while_threads_use_sockets, fixture_setup, fixture_teardown, &s_threads);

    part_run(&test);
}

static void part_leaving(void)
{
    const struct CMUnitTest test =
        wsk_emu_unit_test_config(leaves_threads_that_use_sockets, fixture_setup, NULL, &s_threads);

    part_run(&test);
}

static void expect_unharmed(const char *part, const char *message)
{
    struct child_result result;

    child_run(part, &result);
    if (result.signal != 0 || result.exit_code != 0) {
        print_error("%s: %s\n", part, result.errors);
    }
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.exit_code, 0);
    assert_non_null(strstr(result.errors, message));
}

static void test_failure_while_threads_go_on_leaves_the_next_test_unharmed(void **state)
{
    (void)state;
    expect_unharmed("failing", "0x1 != 0x2");
}

/* Here the stop itself has to end everything, and its reports are the failure. */
static void test_stop_ends_threads_that_use_sockets(void **state)
{
    (void)state;
    expect_unharmed("leaving", "THREAD-001");
}

static const struct child_part s_parts[] = {
    { "failing", part_failing },
    { "leaving", part_leaving },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_while_threads_go_on_leaves_the_next_test_unharmed),
        cmocka_unit_test(test_stop_ends_threads_that_use_sockets),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
