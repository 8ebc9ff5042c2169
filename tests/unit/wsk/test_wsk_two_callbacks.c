/* SPDX-License-Identifier: MIT */
/* Two WskAcceptEvents of one listener at the same time, each on a processor of its own. */
#include "support/conn_client.h"

#include "wsk/wsk_socket.h"

/* The first call stays away until it is let go. */
struct scene {
    PWSK_SOCKET listener;
    NTSTATUS enabled;
    struct wsk_kit_witness *accepts; /* socket */
    volatile LONG is_held;
};

static NTSTATUS WSKAPI on_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                 PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                 CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    struct scene *scene = SocketContext;
    bool is_first = wsk_kit_witness_count(scene->accepts) == 0;

    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    *AcceptSocketContext = NULL;
    *AcceptSocketDispatch = NULL;
    wsk_kit_witness_call(scene->accepts, (uintptr_t)AcceptSocket, 0, 0, 0);
    while (is_first && InterlockedCompareExchange(&scene->is_held, 0, 0) != 0) {
        YieldProcessor();
    }
    return STATUS_SUCCESS;
}

/* What an enable makes possible runs on the processor of the call. */
static VOID NTAPI enable_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct scene *scene = context;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    scene->enabled = socket_events_try(scene->listener, WSK_EVENT_ACCEPT);
}

static PWSK_SOCKET accepted(const struct scene *scene, size_t index)
{
    return (PWSK_SOCKET)wsk_kit_witness_get(scene->accepts, index).values[0];
}

static void test_disable_waits_for_the_last_of_two_callbacks(void **state)
{
    static const WSK_CLIENT_LISTEN_DISPATCH dispatch = { on_accept, NULL, NULL };
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT };
    struct scene scene = { .is_held = 1 };
    struct wsk_request *disable = request_create();
    struct wsk_kit_peer *peers[2];
    NTSTATUS returned;
    USHORT port;
    KDPC dpc;

    scene.accepts = wsk_kit_witness_create("WskAcceptEvent");
    scene.listener = listener_open(*state, AF_INET, &scene, &dispatch, false, &port);
    peers[0] = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_run_until_idle();

    /* The first callback: on another processor than the one that the listener's connections come in on. */
    KeInitializeDpc(&dpc, enable_dpc, &scene);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)(((struct we_wsk_socket *)(void *)scene.listener)->cpu == 0 ? 1 : 0));
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    wsk_kit_witness_wait(scene.accepts, 1);

    /* The second one comes and goes. Its socket gets bytes only when it has returned. */
    peers[1] = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_witness_wait(scene.accepts, 2);
    wsk_kit_peer_send_text(peers[1], "second");
    connection_expect_text(accepted(&scene, 1), "second");
    assert_int_not_equal(wsk_kit_witness_get(scene.accepts, 0).processor,
                         wsk_kit_witness_get(scene.accepts, 1).processor);

    returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)scene.listener->Dispatch)
                   ->WskControlSocket(scene.listener, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control),
                                      &control, 0, NULL, NULL, request_irp(disable));
    assert_int_equal(returned, STATUS_PENDING);
    assert_false(request_is_done(disable));
    InterlockedExchange(&scene.is_held, 0);
    assert_int_equal(request_wait(disable, returned), STATUS_SUCCESS);
    assert_int_equal(scene.enabled, STATUS_SUCCESS);
    wsk_kit_peer_send_text(peers[0], "first");
    connection_expect_text(accepted(&scene, 0), "first");

    for (size_t i = 0; i < 2; i++) {
        socket_close(accepted(&scene, i));
        wsk_kit_peer_close(peers[i]);
    }
    socket_close(scene.listener);
    request_destroy(disable);
    wsk_kit_witness_destroy(scene.accepts);
}

#define CONFIG(name_, network_)                  \
    static const struct wsk_emu_config name_ = { \
        .size = sizeof(struct wsk_emu_config),   \
        .execution = WSK_EMU_EXECUTION_THREADS,  \
        .network = WSK_EMU_NETWORK_##network_,   \
        .processors = 4,                         \
    }
CONFIG(s_virtual, VIRTUAL);
CONFIG(s_sockets, SOCKETS);

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_config(test_disable_waits_for_the_last_of_two_callbacks, fixture_setup, fixture_teardown,
                                 &s_virtual),
        wsk_emu_unit_test_config(test_disable_waits_for_the_last_of_two_callbacks, fixture_setup, fixture_teardown,
                                 &s_sockets),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
