/* SPDX-License-Identifier: MIT */
/* Bad circumstances, live: descriptors run out, ports are taken, drivers fail or leave everything behind. */
#include "support/wsk_fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct wsk_emu_config s_live = { .size = sizeof(struct wsk_emu_config),
                                              .execution = WSK_EMU_EXECUTION_THREADS,
                                              .network = WSK_EMU_NETWORK_SOCKETS };
/* Real sockets, but nothing is accepted before the test lets it. */
static const struct wsk_emu_config s_stepped = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_STEPPED,
                                                 .network = WSK_EMU_NETWORK_SOCKETS };

/* --- a port in use ------------------------------------------------------------------------------------------- */

static void test_bind_port_in_use_fails_and_the_socket_can_be_closed(void **state)
{
    USHORT port;
    PWSK_SOCKET first = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET second = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, port);

    assert_int_equal(socket_bind_try(second, &address), STATUS_ADDRESS_ALREADY_EXISTS);
    socket_close(second);
    socket_close(first);
}

/* --- descriptors run out while accepting --------------------------------------------------------------------------
 *
 * The story: a busy server reaches its limit of open files. Connections that it cannot accept must wait in the
 * system's queue and be accepted when others are closed; nothing may be lost and nothing may spin. */

#define PEERS 24

struct hoard {
    PWSK_SOCKET accepted[PEERS];
    volatile LONG count;
    struct wsk_kit_witness *accepts;
};

static NTSTATUS WSKAPI hoard_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                    PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                    CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct hoard *hoard = SocketContext;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    *AcceptSocketContext = NULL;
    *AcceptSocketDispatch = NULL;
    hoard->accepted[InterlockedIncrement(&hoard->count) - 1] = AcceptSocket;
    wsk_kit_witness_call(hoard->accepts, 0, 0, 0, 0);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_hoard_dispatch = { hoard_accept, NULL, NULL };

/* The lowest free descriptor: what is open lies below it. */
static int lowest_free_descriptor(void)
{
    int descriptor = open("/dev/null", O_RDONLY);

    assert_true(descriptor >= 0);
    close(descriptor);
    return descriptor;
}

static void test_accept_without_descriptors_loses_no_connection(void **state)
{
    struct hoard hoard = { { NULL }, 0, wsk_kit_witness_create("WskAcceptEvent") };
    struct wsk_kit_peer *peers[PEERS];
    struct rlimit before;
    struct rlimit tight;
    PWSK_SOCKET listener;
    USHORT port;
    LONG i;

    listener = listener_open(*state, AF_INET, &hoard, &s_hoard_dispatch, false, &port);
    for (i = 0; i < PEERS; i++) {
        peers[i] = wsk_kit_connect(WSK_KIT_IPV4, port); /* waits in the system's queue */
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)lowest_free_descriptor() + 4; /* room for a few of them only */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    socket_events(listener, WSK_EVENT_ACCEPT);
    wsk_kit_witness_wait(hoard.accepts, 3);
    wsk_kit_run_until_idle();
    assert_true(hoard.count < 6); /* there was no room for more */
    for (i = 0; i < PEERS; i++) { /* each close makes room for the next one */
        wsk_kit_witness_wait(hoard.accepts, (size_t)i + 1);
        socket_close(hoard.accepted[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(hoard.count, PEERS);
    for (i = 0; i < PEERS; i++) {
        wsk_kit_peer_expect_reset(peers[i]);
    }
    socket_close(listener);
    wsk_kit_witness_destroy(hoard.accepts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_config(test_bind_port_in_use_fails_and_the_socket_can_be_closed, fixture_setup,
                                 fixture_teardown, &s_live),
        wsk_emu_unit_test_config(test_accept_without_descriptors_loses_no_connection, fixture_setup, fixture_teardown,
                                 &s_stepped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
