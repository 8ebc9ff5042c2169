/* SPDX-License-Identifier: MIT */
/* Rows of docs/behaviour.md about Winsock Kernel that no other test shows: where Windows is silent, or does otherwise. */
#include "support/conn_client.h"
#include "support/inspect_gate.h"

#include <netioddk.h>

/* --- conditional accept ------------------------------------------------------------------------------------- */

/* On Windows the peer's retransmissions end some day. Here nobody's patience ends by itself. */
static void test_behaviour_pended_request_never_times_out(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);

    gate_wait_pended(1);
    wsk_kit_advance_ms(3600u * 1000u);
    gate_expect_silence(gate, 0, 0);
    assert_int_equal(wsk_kit_pended_inspections(), 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectReject), STATUS_SUCCESS);
    wsk_kit_peer_expect_rejected(peer);
    gate_close(gate);
}

/* A listener remembers how its last 1024 requests ended; an older id is as good as one that never was. */
static void test_behaviour_id_of_a_long_finished_request_is_unknown(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    wsk_kit_peer_reset(gate_knock(gate));
    wsk_kit_witness_wait(gate->aborts, 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    for (unsigned index = 0; index < 1024; index++) {
        wsk_kit_peer_close(gate_knock(gate));
        wsk_kit_run_until_idle();
    }
    wsk_kit_expect_report("SOCK-034");
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_INVALID_PARAMETER);
    gate_close(gate);
}

/* A listener holds 1024 requests that nobody has taken. One more is refused, and the client never hears of it. */
static void test_behaviour_full_listener_refuses_without_a_callback(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer;

    for (unsigned index = 0; index < 1024; index++) {
        (void)gate_knock(gate);
    }
    peer = wsk_kit_connect(WSK_KIT_IPV4, gate->port);
    wsk_kit_peer_expect_rejected(peer);
    assert_int_equal(wsk_kit_witness_count(gate->inspects), 1024);
    assert_int_equal(wsk_kit_pended_inspections(), 1024);
    gate_close(gate);
}

/* --- listeners ------------------------------------------------------------------------------------------------ */

/* A listener whose accepted connections note on which processor their callbacks run. */
struct crowd {
    struct wsk_kit_witness *accepts;  /* socket */
    struct wsk_kit_witness *receives; /* socket context */
};

static NTSTATUS WSKAPI crowd_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                     SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(DataIndication);
    UNREFERENCED_PARAMETER(BytesIndicated);
    UNREFERENCED_PARAMETER(BytesAccepted);
    wsk_kit_witness_call(((struct crowd *)SocketContext)->receives, 0, 0, 0, 0);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_crowd_connections = { crowd_receive, NULL, NULL };

static NTSTATUS WSKAPI crowd_accept(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                    PWSK_SOCKET AcceptSocket, PVOID *AcceptSocketContext,
                                    CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch)
{
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(LocalAddress);
    UNREFERENCED_PARAMETER(RemoteAddress);
    *AcceptSocketContext = SocketContext;
    *AcceptSocketDispatch = &s_crowd_connections;
    wsk_kit_witness_call(((struct crowd *)SocketContext)->accepts, (uintptr_t)AcceptSocket, 0, 0, 0);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_crowd_listener = { crowd_accept, NULL, NULL };

static PWSK_SOCKET crowd_open(void **state, struct crowd *crowd, USHORT *port)
{
    PWSK_SOCKET listener;

    crowd->accepts = wsk_kit_witness_create("WskAcceptEvent");
    crowd->receives = wsk_kit_witness_create("WskReceiveEvent");
    listener = listener_open(*state, AF_INET, crowd, &s_crowd_listener, false, port);
    socket_events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);
    return listener;
}

static void crowd_close(struct crowd *crowd, PWSK_SOCKET listener)
{
    socket_close(listener);
    for (size_t index = 0; index < wsk_kit_witness_count(crowd->accepts); index++) {
        socket_close((PWSK_SOCKET)wsk_kit_witness_get(crowd->accepts, index).values[0]);
    }
    wsk_kit_witness_destroy(crowd->accepts);
    wsk_kit_witness_destroy(crowd->receives);
}

/* Four clients, each of which says something. */
static void crowd_come(struct crowd *crowd, USHORT port)
{
    for (size_t index = 0; index < 4; index++) {
        struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);

        wsk_kit_peer_send_text(peer, "hello");
        wsk_kit_witness_wait(crowd->receives, index + 1);
    }
}

static void test_behaviour_connections_stay_on_the_listeners_processor(void **state)
{
    static struct crowd crowds[2];
    PWSK_SOCKET listeners[2];
    unsigned processors[2];

    for (size_t index = 0; index < 2; index++) {
        USHORT port;

        listeners[index] = crowd_open(state, &crowds[index], &port);
        crowd_come(&crowds[index], port);
        processors[index] = wsk_kit_witness_get(crowds[index].accepts, 0).processor;
        for (size_t call = 0; call < 4; call++) {
            assert_int_equal(wsk_kit_witness_get(crowds[index].accepts, call).processor, processors[index]);
            assert_int_equal(wsk_kit_witness_get(crowds[index].receives, call).processor, processors[index]);
        }
    }
    /* Sockets are dealt out to the two processors in turn, and five were made after the first listener's turn began. */
    assert_int_not_equal(processors[0], processors[1]);
    for (size_t index = 0; index < 2; index++) {
        crowd_close(&crowds[index], listeners[index]);
    }
}

/* --- connections ------------------------------------------------------------------------------------------------- */

struct pair {
    struct conn_client *client;
    PWSK_SOCKET socket;
    struct wsk_kit_peer *peer;
};

static struct pair pair_open(void **state, ULONG events)
{
    struct pair pair = { .client = conn_client_create() };

    conn_accept(*state, pair.client, events, &pair.peer);
    pair.socket = pair.client->socket;
    return pair;
}

static void pair_close(struct pair *pair)
{
    socket_close(pair->socket);
    conn_client_destroy(pair->client);
}

/* Windows waits for the peer's acknowledgement. */
static void test_behaviour_send_completes_before_the_peer_reads(void **state)
{
    struct pair pair = pair_open(state, 0);

    conn_request_expect(conn_send_post(pair.socket, "unread", 6, 0), STATUS_SUCCESS, 6);
    conn_request_expect(conn_send_post(pair.socket, "unread", 6, WSK_FLAG_NODELAY), STATUS_SUCCESS, 6);
    wsk_kit_peer_expect_text(pair.peer, "unreadunread");
    pair_close(&pair);
}

static void test_behaviour_disconnect_completes_before_the_peer_answers(void **state)
{
    struct pair pair = pair_open(state, 0);

    conn_request_expect(conn_send_post(pair.socket, "unread", 6, 0), STATUS_SUCCESS, 6);
    conn_request_expect(conn_disconnect_post(pair.socket, "end", 3, 0), STATUS_SUCCESS, 0);
    wsk_kit_peer_expect_text(pair.peer, "unreadend");
    wsk_kit_peer_expect_end(pair.peer);
    pair_close(&pair);
}

static void test_behaviour_short_read_is_marked_as_entire_message(void **state)
{
    struct pair pair = pair_open(state, WSK_EVENT_RECEIVE);

    wsk_kit_peer_send_text(pair.peer, "hello");
    conn_client_wait_length(pair.client, 5);
    wsk_kit_run_until_idle();
    assert_int_equal(pair.client->last_flags, WSK_FLAG_AT_DISPATCH_LEVEL | WSK_FLAG_ENTIRE_MESSAGE);
    pair_close(&pair);
}

/* Whether static events count for sockets of WskAccept is not published. They do, unlike events of the listener. */
static void test_behaviour_static_events_count_for_sockets_of_accept(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE };
    struct pair pair;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    pair = pair_open(state, 0);
    wsk_kit_peer_send_text(pair.peer, "hello");
    conn_client_wait_length(pair.client, 5);
    pair_close(&pair);
}

/* --- completion ---------------------------------------------------------------------------------------------------- */

/* What was pended completes at DISPATCH_LEVEL; what fails at once completes at the caller's level. */
static void test_behaviour_completion_routines_run_at_dispatch_level(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_CONNECTION_DISPATCH *table = conn_table(socket);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);

    assert_int_equal(request_wait(request, table->WskBind(socket, (PSOCKADDR)&address, 0, irp)), STATUS_SUCCESS);
    assert_int_equal(request->irql, DISPATCH_LEVEL);
    wsk_kit_expect_report("SOCK-015");
    irp = request_irp(request);
    assert_int_equal(request_wait(request, table->WskBind(socket, (PSOCKADDR)&address, 0, irp)),
                     STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(request->irql, PASSIVE_LEVEL);
    request_destroy(request);
    socket_close(socket);
}

static bool is_done_on_return(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned = conn_table(socket)->WskBind(socket, (PSOCKADDR)&address, 0, irp);
    bool is_done = request_is_done(request);

    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
    socket_close(socket);
    return is_done;
}

static void test_behaviour_inline_completion_comes_before_the_return(void **state)
{
    assert_true(is_done_on_return(state));
}

static void test_behaviour_deferred_completion_comes_after_the_return(void **state)
{
    assert_false(is_done_on_return(state));
}

/* In all four ways. */
#define TESTS(X)                                                   \
    X(test_behaviour_connections_stay_on_the_listeners_processor)  \
    X(test_behaviour_send_completes_before_the_peer_reads)         \
    X(test_behaviour_disconnect_completes_before_the_peer_answers) \
    X(test_behaviour_short_read_is_marked_as_entire_message)       \
    X(test_behaviour_static_events_count_for_sockets_of_accept)    \
    X(test_behaviour_completion_routines_run_at_dispatch_level)

/* Where simulated time or exact numbers of connections matter. */
#define MEMORY_TESTS(X)                                        \
    X(test_behaviour_pended_request_never_times_out)           \
    X(test_behaviour_id_of_a_long_finished_request_is_unknown) \
    X(test_behaviour_full_listener_refuses_without_a_callback) \
    X(test_behaviour_inline_completion_comes_before_the_return)

static struct contract_way s_contract_stepped_virtual = CONTRACT_WAY(STEPPED, VIRTUAL);
static struct contract_way s_contract_stepped_sockets = CONTRACT_WAY(STEPPED, SOCKETS);
static struct contract_way s_contract_threads_virtual = CONTRACT_WAY(THREADS, VIRTUAL);
static struct contract_way s_contract_threads_sockets = CONTRACT_WAY(THREADS, SOCKETS);

static struct contract_way s_deferred = {
    .config = { .size = sizeof(struct wsk_emu_config),
                .execution = WSK_EMU_EXECUTION_STEPPED,
                .network = WSK_EMU_NETWORK_VIRTUAL,
                .completion = WSK_EMU_COMPLETION_DEFERRED },
    .is_stepped = true,
    .is_virtual = true,
};

int main(int argc, char **argv)
{
    const CMFixtureFunction contract_setup = fixture_setup;
    const CMFixtureFunction contract_teardown = fixture_teardown;
    const struct CMUnitTest tests[] = {
        TESTS(CONTRACT_STEPPED_VIRTUAL) TESTS(CONTRACT_STEPPED_SOCKETS) TESTS(CONTRACT_THREADS_VIRTUAL)
            TESTS(CONTRACT_THREADS_SOCKETS) MEMORY_TESTS(CONTRACT_STEPPED_VIRTUAL)
                CONTRACT_ENTRY(test_behaviour_deferred_completion_comes_after_the_return, fixture_setup,
                               fixture_teardown, s_deferred, "deferred"),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
