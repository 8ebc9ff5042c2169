/* SPDX-License-Identifier: MIT */
/* Tests of what the stop makes of sockets that are in the middle of something: made, connecting, listening. */
#include "support/stream_socket.h"

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

/* Leaves, besides its IRPs and an MDL, a socket that WskSocketConnect is making, one that connects with bytes, a stream that listens with an accept
 * pending and one without a role. */
static void leave_sockets(struct wsk_fixture *fixture, LONG *completion_count)
{
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
        IoSetCompletionRoutine(irps[i], completed, completion_count, TRUE, TRUE, TRUE);
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

static void run(enum wsk_emu_execution execution, enum wsk_emu_network network)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    size_t blocks_before = we_host_mem_live_count();
    struct wsk_fixture *fixture;
    LONG completion_count = 0;

    config.execution = execution;
    config.network = network;
    config.verifier = WSK_EMU_VERIFIER_OFF;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    fixture = fixture_create(NULL);
    fixture_register(fixture);
    fixture_capture(fixture);
    leave_sockets(fixture, &completion_count);
    (void)wsk_emu_stop();
    free(fixture);
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    for (int kind = 0; kind < WE_KIND_COUNT; kind++) {
        assert_int_equal(we_vrf_ledger_count((enum we_vrf_kind)kind), 0);
    }
}

static void test_stop_ends_sockets_in_the_middle_of_something(void **state)
{
    (void)state;
    run(WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL);
    run(WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_SOCKETS);
    run(WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_VIRTUAL);
    run(WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_stop_ends_sockets_in_the_middle_of_something) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
