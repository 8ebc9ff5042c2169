/* SPDX-License-Identifier: MIT */
/* WskCloseSocket on one thread against every other function on another one. The driver breaks a rule (SOCK-037), unless
 * it closes in answer to a completion; even so no request is lost, and the close comes last. */
#include <stdlib.h>

#include "support/conn_client.h"
#include "support/system_thread.h"

/* Nothing is reported: how often the rule is broken in a round is a matter of luck. */
static struct contract_way s_way = { .config = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .verifier = WSK_EMU_VERIFIER_OFF } };

#define ROUNDS 300
#define CALLS_MAX 60

struct race {
    const struct race_function *function;
    PWSK_SOCKET socket;
    KEVENT ready; /* the caller is, to begin with its calls */
    volatile LONG is_started;
    LONG calls; /* made; read when the caller has ended */
    struct conn_request *requests[CALLS_MAX];
    SOCKADDR_STORAGE address;
};

struct race_function {
    ULONG category;
    bool is_ready; /* listens, or is connected */
    NTSTATUS (*call)(struct race *race, struct conn_request *request, PIRP irp);
};

/* Calls until the socket is closed. */
static VOID NTAPI caller_main(PVOID StartContext)
{
    struct race *race = StartContext;

    (void)KeSetEvent(&race->ready, IO_NO_INCREMENT, FALSE);
    while (InterlockedCompareExchange(&race->is_started, 0, 0) == 0) {
        YieldProcessor();
    }
    while (race->calls < CALLS_MAX) {
        struct conn_request *request = race->requests[race->calls++];

        request->returned = race->function->call(race, request, request_irp(request->request));
        if (request->returned != STATUS_PENDING) {
            break;
        }
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* What was pending is done before the close. */
static void requests_judge(struct race *race, const struct wsk_request *close)
{
    for (LONG index = 0; index < race->calls; index++) {
        struct conn_request *request = race->requests[index];

        if (request->returned == STATUS_PENDING) {
            assert_true(conn_request_is_done(request));
            assert_true(request->request->order < close->order);
        }
        (void)request_wait(request->request, request->returned);
    }
}

static void nobody_listens(const SOCKADDR_STORAGE *address)
{
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, address_port(address));

    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_peer_state(peer), WSK_KIT_PEER_REFUSED);
    wsk_kit_peer_close(peer);
}

static void race_run(struct wsk_fixture *fixture, const struct race_function *function, unsigned round)
{
    struct race race = { .function = function };
    struct wsk_request *close = request_create();
    struct wsk_kit_peer *peer = NULL;
    NTSTATUS returned;
    PETHREAD thread;
    USHORT port;

    if (!function->is_ready) {
        race.socket = socket_open(fixture, function->category, AF_INET, NULL, NULL);
        race.address = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    } else if (function->category == WSK_FLAG_LISTEN_SOCKET) {
        race.socket = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    } else {
        race.socket = connection_open_peer(fixture, AF_INET, NULL, NULL, &peer);
    }
    for (unsigned index = 0; index < CALLS_MAX; index++) {
        race.requests[index] = conn_request_create(NULL, 3);
    }
    KeInitializeEvent(&race.ready, NotificationEvent, FALSE);
    thread = system_thread_start(caller_main, &race);
    assert_int_equal(KeWaitForSingleObject(&race.ready, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    InterlockedExchange(&race.is_started, 1);
    for (unsigned index = 0; index < round % 50 * 4; index++) {
        YieldProcessor();
    }
    returned = conn_table(race.socket)->Basic.WskCloseSocket(race.socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    system_thread_join(thread);
    requests_judge(&race, close);
    if (!function->is_ready) {
        nobody_listens(&race.address);
    }
    for (unsigned index = 0; index < CALLS_MAX; index++) {
        struct conn_request *request = race.requests[index];

        buffer_fini(&request->buffer);
        request_destroy(request->request);
        free(request->bytes);
        free(request);
    }
    request_destroy(close);
    wsk_kit_peer_close(peer);
}

static void races_run(void **state, const struct race_function *function)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        race_run(*state, function, round);
    }
}

/* --- functions -------------------------------------------------------------------------------------------- */

static NTSTATUS call_accept(struct race *race, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return ((const WSK_PROVIDER_LISTEN_DISPATCH *)conn_table(race->socket))
        ->WskAccept(race->socket, 0, NULL, NULL, NULL, NULL, irp);
}

static NTSTATUS call_bind(struct race *race, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(race->socket)->WskBind(race->socket, (PSOCKADDR)&race->address, 0, irp);
}

static NTSTATUS call_receive(struct race *race, struct conn_request *request, PIRP irp)
{
    return conn_table(race->socket)->WskReceive(race->socket, &request->buffer, 0, irp);
}

static NTSTATUS call_send(struct race *race, struct conn_request *request, PIRP irp)
{
    return conn_table(race->socket)->WskSend(race->socket, &request->buffer, 0, irp);
}

static NTSTATUS call_disconnect(struct race *race, struct conn_request *request, PIRP irp)
{
    return conn_table(race->socket)
        ->WskDisconnect(race->socket, NULL, request == race->requests[0] ? 0 : WSK_FLAG_ABORTIVE, irp);
}

static NTSTATUS call_get_local(struct race *race, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(race->socket)->WskGetLocalAddress(race->socket, (PSOCKADDR)&race->address, irp);
}

/* The story: a WskAccept that had been admitted before the close was queued after the close had emptied the queue. Its
 * IRP stayed there, the close waited for it, and WskDeregister for the close. */
static void test_close_against_accept(void **state)
{
    static const struct race_function function = { WSK_FLAG_LISTEN_SOCKET, true, call_accept };

    races_run(state, &function);
}

/* The story: a WskBind that had been admitted before the close began to listen after the close had stopped that, and
 * nobody ever stopped it again. */
static void test_close_against_bind_of_a_listener(void **state)
{
    static const struct race_function function = { WSK_FLAG_LISTEN_SOCKET, false, call_bind };

    races_run(state, &function);
}

static void test_close_against_bind_of_a_connection(void **state)
{
    static const struct race_function function = { WSK_FLAG_CONNECTION_SOCKET, false, call_bind };

    races_run(state, &function);
}

static void test_close_against_receive(void **state)
{
    static const struct race_function function = { WSK_FLAG_CONNECTION_SOCKET, true, call_receive };

    races_run(state, &function);
}

static void test_close_against_send(void **state)
{
    static const struct race_function function = { WSK_FLAG_CONNECTION_SOCKET, true, call_send };

    races_run(state, &function);
}

static void test_close_against_disconnect(void **state)
{
    static const struct race_function function = { WSK_FLAG_CONNECTION_SOCKET, true, call_disconnect };

    races_run(state, &function);
}

static void test_close_against_get_local_address(void **state)
{
    static const struct race_function function = { WSK_FLAG_CONNECTION_SOCKET, true, call_get_local };

    races_run(state, &function);
}

static int way_setup(void **state)
{
    *state = &s_way;
    return fixture_setup(state);
}

#define TEST(f) wsk_emu_unit_test_config(f, way_setup, fixture_teardown, &s_way.config)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_close_against_accept),
        TEST(test_close_against_bind_of_a_listener),
        TEST(test_close_against_bind_of_a_connection),
        TEST(test_close_against_receive),
        TEST(test_close_against_send),
        TEST(test_close_against_disconnect),
        TEST(test_close_against_get_local_address),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
