/* SPDX-License-Identifier: MIT */
/* Tests of what the stop makes of what is in the middle of something: sockets, a WskDeregister, a callback. */
#include "support/stream_socket.h"

#include <setjmp.h>
#include <stdlib.h>

#include "host/host_mem.h"
#include "support/inspect_answers.h"
#include "vrf/vrf_ledger.h"

static NTSTATUS NTAPI completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    (void)DeviceObject;
    (void)Irp;
    InterlockedIncrement((LONG *)Context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Leaves, besides its IRPs and an MDL, a socket that WskSocketConnect is making, one that connects with bytes, a stream
 * that listens with an accept pending and one without a role. */
static void leave_sockets(struct wsk_fixture *fixture)
{
    static LONG completion_count;
    static const WSK_CLIENT_LISTEN_DISPATCH pend_dispatch = { NULL, inspect_pend, inspect_abort_ignore };
    static char bytes[16];
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);
    SOCKADDR_STORAGE remote;
    PWSK_SOCKET connection;
    PWSK_SOCKET stream;
    WSK_BUF buffer;
    USHORT port;
    PIRP irps[3];

    for (unsigned i = 0; i < 3; i++) {
        irps[i] = IoAllocateIrp(1, FALSE);
        assert_non_null(irps[i]);
        IoSetCompletionRoutine(irps[i], completed, &completion_count, TRUE, TRUE, TRUE);
    }
    (void)listener_open(fixture, AF_INET, NULL, &pend_dispatch, true, &port);
    remote = address_loopback(AF_INET, port);
    (void)fixture->npi.Dispatch->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&any,
                                                  (PSOCKADDR)&remote, 0, NULL, NULL, NULL, NULL, NULL, irps[0]);
    connection = connection_open_bound(fixture, AF_INET, NULL, NULL);
    buffer_init(&buffer, bytes, sizeof(bytes));
    (void)conn_table(connection)->WskConnectEx(connection, (PSOCKADDR)&remote, &buffer, 0, irps[1]);
    stream = stream_open_listener(fixture, AF_INET, NULL, NULL, &port);
    (void)stream_table(stream)->WskAccept(stream, 0, NULL, NULL, NULL, NULL, irps[2]);
    (void)stream_open_bound(fixture, AF_INET, NULL, NULL);
}

static VOID NTAPI deregister_main(PVOID context)
{
    WskDeregister(&((struct wsk_fixture *)context)->registration);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void deregister_on_a_thread(struct wsk_fixture *fixture)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, deregister_main, fixture),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
    wsk_kit_run_until_idle();
}

/* Leaves a thread in WskDeregister, which waits for a socket that nobody closes: the stop does, and so ends the wait. */
static void leave_deregister_with_a_socket(struct wsk_fixture *fixture)
{
    (void)socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    fixture_release(fixture);
    deregister_on_a_thread(fixture);
}

/* The same for a capture, which nobody releases: the wait lasts to the end. */
static void leave_deregister_with_a_capture(struct wsk_fixture *fixture)
{
    deregister_on_a_thread(fixture);
}

static jmp_buf s_test;

static NTSTATUS WSKAPI accept_by_long_jump(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress,
                                           PSOCKADDR RemoteAddress, PWSK_SOCKET AcceptSocket,
                                           PVOID *AcceptSocketContext,
                                           CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    UNREFERENCED_PARAMETER(SocketContext);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    UNREFERENCED_PARAMETER(AcceptSocket);
    UNREFERENCED_PARAMETER(AcceptSocketContext);
    UNREFERENCED_PARAMETER(AcceptSocketDispatch);
    longjmp(s_test, 1);
}

/* Leaves WskAcceptEvent as a failed assertion does, and the connection that it was offered. */
static void leave_offer(struct wsk_fixture *fixture)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { accept_by_long_jump, NULL, NULL };
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, &dispatch, false, &port);
    struct wsk_kit_peer *volatile peer;

    socket_events(listener, WSK_EVENT_ACCEPT);
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    if (setjmp(s_test) == 0) {
        wsk_kit_run_until_idle();
        fail_msg("WskAcceptEvent was not called");
    }
    wsk_kit_peer_close(peer);
}

static void run(void (*leave_behind)(struct wsk_fixture *fixture), enum wsk_emu_execution execution,
                enum wsk_emu_network network)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    size_t blocks_before = we_host_mem_live_count();
    struct wsk_fixture *fixture;

    config.execution = execution;
    config.network = network;
    config.verifier = WSK_EMU_VERIFIER_OFF;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    fixture = fixture_create(NULL);
    fixture_register(fixture);
    fixture_capture(fixture);
    leave_behind(fixture);
    (void)wsk_emu_stop();
    free(fixture);
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    for (int kind = 0; kind < WE_KIND_COUNT; kind++) {
        assert_int_equal(we_vrf_ledger_count((enum we_vrf_kind)kind), 0);
    }
}

static void run_four_ways(void (*leave_behind)(struct wsk_fixture *fixture))
{
    run(leave_behind, WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL);
    run(leave_behind, WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_SOCKETS);
    run(leave_behind, WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_VIRTUAL);
    run(leave_behind, WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS);
}

static void test_stop_ends_sockets_in_the_middle_of_something(void **state)
{
    (void)state;
    run_four_ways(leave_sockets);
}

/* The client that the thread waits in was freed under it. */
static void test_stop_ends_a_deregister_that_waits(void **state)
{
    (void)state;
    run_four_ways(leave_deregister_with_a_socket);
    run_four_ways(leave_deregister_with_a_capture);
}

/* Stepped only: callbacks run on the test's own thread there. */
static void test_stop_ends_a_connection_whose_offer_was_left(void **state)
{
    (void)state;
    run(leave_offer, WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL);
    run(leave_offer, WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_SOCKETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_ends_sockets_in_the_middle_of_something),
        cmocka_unit_test(test_stop_ends_a_deregister_that_waits),
        cmocka_unit_test(test_stop_ends_a_connection_whose_offer_was_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
