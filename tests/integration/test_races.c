/* SPDX-License-Identifier: MIT */
/* Races that once went wrong: each test tells its story, and plays it in the order, or in all the orders, that matter. */
#include <stdlib.h>

#include "support/conn_client.h"

#include "instance.h"
#include "nt/io_irp.h"

/* Tests that need luck to meet the order they are about run under this many seeds; each fails under some of them when
 * what it guards is taken out. */
#define SEED_COUNT 60

static unsigned long long s_seed; /* of the run that is going on; 0: none */

static const struct contract_way s_way = { .is_stepped = true, .is_virtual = true };

/* Runs body once a seed in a kernel of its own. */
static void under_seeds(void (*body)(struct wsk_fixture *fixture), enum wsk_emu_completion completion)
{
    for (s_seed = 1; s_seed <= SEED_COUNT; s_seed++) {
        struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
        struct wsk_fixture *fixture;

        config.execution = WSK_EMU_EXECUTION_STEPPED;
        config.network = WSK_EMU_NETWORK_VIRTUAL;
        config.completion = completion;
        config.seed = s_seed;
        assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
        fixture = fixture_create(&s_way);
        fixture_register(fixture);
        fixture_capture(fixture);
        body(fixture);
        fixture_destroy(fixture);
        assert_int_equal(wsk_emu_stop(), 0);
    }
    s_seed = 0;
}

static int seeds_teardown(void **state)
{
    (void)state;
    if (s_seed != 0) {
        print_error("seed %llu\n", s_seed);
        s_seed = 0;
        we_instance_abandon();
    }
    return 0;
}

/* --- sends --------------------------------------------------------------------------------------------- */

/* A send waits for room. IoCancelIrp on another processor takes its cancel routine, and before that can unlink the IRP
 * the room comes: nothing is left to send. A second send that is posted at that moment finds the dead one still in the
 * queue and lines up behind it, and no further news of room ever comes. */
static void test_send_behind_one_that_is_being_cancelled_goes_out(void **state)
{
    struct conn_client *client = conn_client_create();
    unsigned char *bytes = calloc(1, 400000);
    struct conn_request *first;
    struct conn_request *second;
    struct wsk_kit_peer *peer;
    PDRIVER_CANCEL routine;
    SIZE_T sent;
    KIRQL irql;
    PIRP irp;

    conn_accept(*state, client, 0, &peer);
    first = conn_send_post(client->socket, bytes, 300000, 0); /* more than the peer takes before it reads */
    irp = first->request->irp;
    assert_false(conn_request_is_done(first));

    routine = we_io_irp_exchange_cancel(irp, NULL); /* what IoCancelIrp begins with */
    assert_non_null(routine);
    do {
        wsk_kit_run_until_idle();
    } while (wsk_kit_peer_receive_some(peer, bytes, 400000) > 0);
    second = conn_send_post(client->socket, "behind", 6, 0);
    IoAcquireCancelSpinLock(&irql);
    irp->Cancel = TRUE;
    irp->CancelIrql = irql;
    routine(NULL, irp);
    assert_int_equal(conn_request_end(first, &sent), STATUS_CANCELLED);
    assert_true(sent < 300000);
    conn_request_expect(second, STATUS_SUCCESS, 6);
    wsk_kit_peer_expect_text(peer, "behind");

    socket_close(client->socket);
    conn_client_destroy(client);
    free(bytes);
}

/* --- the first thing that a client hears ------------------------------------------------------------------ */

static struct {
    struct wsk_request *request;
    LONG events_before; /* callbacks of the connection while the request had not completed */
    LONG events;
} s_news;

static void news_come(void)
{
    s_news.events++;
    if (!request_is_done(s_news.request) && s_news.request->completion_count == 0) {
        s_news.events_before++;
    }
}

static NTSTATUS WSKAPI news_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list, SIZE_T length,
                                    SIZE_T *accepted)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(list);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(accepted);
    news_come();
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI news_disconnect(PVOID context, ULONG flags)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    news_come();
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_news_dispatch = { news_receive, news_disconnect, NULL };

static void news_begin(struct wsk_fixture *fixture)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT };

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    RtlZeroMemory(&s_news, sizeof(s_news));
    s_news.request = request_create();
}

static void news_end(void)
{
    assert_int_equal(s_news.events, 1);
    assert_int_equal(s_news.events_before, 0);
    request_destroy(s_news.request);
}

/* With static events a socket can be called back from its first moment. The server accepts and resets at once, and the
 * completion of WskConnect is on its way to another processor: the client must not hear that a connection has ended of
 * which it does not know yet that it exists. */
static void connect_and_be_reset(struct wsk_fixture *fixture)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    NTSTATUS returned;

    news_begin(fixture);
    socket = connection_open_bound(fixture, AF_INET, NULL, &s_news_dispatch);
    returned = conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, request_irp(s_news.request));
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_reset(peer);
    wsk_kit_run_until_idle();
    assert_int_equal(request_wait(s_news.request, returned), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    news_end();
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

static void test_connect_completes_before_the_news_of_its_reset(void **state)
{
    (void)state;
    under_seeds(connect_and_be_reset, WSK_EMU_COMPLETION_DEFERRED);
}

/* The same for a socket that WskAccept made: its bytes are there at once, the IRP that brings the socket is not. */
static void accept_and_receive(struct wsk_fixture *fixture)
{
    const WSK_PROVIDER_LISTEN_DISPATCH *table;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener;
    NTSTATUS returned;
    USHORT port;

    news_begin(fixture);
    listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    table = listener->Dispatch;
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_send_text(peer, "early");
    wsk_kit_run_until_idle();
    returned = table->WskAccept(listener, 0, NULL, &s_news_dispatch, NULL, NULL, request_irp(s_news.request));
    wsk_kit_run_until_idle();
    assert_int_equal(request_wait(s_news.request, returned), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    socket_close((PWSK_SOCKET)s_news.request->result.Information);
    news_end();
    socket_close(listener);
    wsk_kit_peer_close(peer);
}

static void test_accept_completes_before_the_sockets_first_event(void **state)
{
    (void)state;
    under_seeds(accept_and_receive, WSK_EMU_COMPLETION_DEFERRED);
}

/* Three WskAccepts are posted, three connections come. When completion routines run here or there by the luck of the
 * draw, they still run in the order in which the IRPs were posted. */
static void accept_three(struct wsk_fixture *fixture)
{
    struct wsk_request *requests[3];
    struct wsk_kit_peer *peers[3];
    NTSTATUS returned[3];
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;

    for (unsigned i = 0; i < 3; i++) {
        requests[i] = request_create();
        returned[i] = table->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(requests[i]));
    }
    for (unsigned i = 0; i < 3; i++) {
        peers[i] = wsk_kit_connect(WSK_KIT_IPV4, port);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(request_wait(requests[i], returned[i]), STATUS_SUCCESS);
        assert_true(i == 0 || requests[i]->order > requests[i - 1]->order);
    }
    for (unsigned i = 0; i < 3; i++) {
        socket_close((PWSK_SOCKET)requests[i]->result.Information);
        request_destroy(requests[i]);
        wsk_kit_peer_close(peers[i]);
    }
    socket_close(listener);
}

static void test_accepts_complete_in_the_order_of_posting(void **state)
{
    (void)state;
    under_seeds(accept_three, WSK_EMU_COMPLETION_MIXED);
}

/* --- callbacks and the client's own locks ------------------------------------------------------------------ */

/* A driver guards its list of connections with a spin lock, and takes it in every callback. It also holds it while it
 * calls WSK, which is allowed: it would deadlock if the provider called back on the stack of the call. */
static struct {
    KSPIN_LOCK lock;
    WSK_INSPECT_ID id;
    LONG aborts;
    LONG accepts;
    PWSK_SOCKET accepted;
} s_guarded;

static void guarded_callback(void)
{
    KIRQL irql;

    KeAcquireSpinLock(&s_guarded.lock, &irql);
    KeReleaseSpinLock(&s_guarded.lock, irql);
}

static WSK_INSPECT_ACTION WSKAPI guarded_inspect(PVOID context, PSOCKADDR local, PSOCKADDR remote, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    guarded_callback();
    s_guarded.id = *id;
    return WskInspectPend;
}

static NTSTATUS WSKAPI guarded_abort(PVOID context, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(id);
    guarded_callback();
    InterlockedIncrement(&s_guarded.aborts);
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI guarded_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote, PWSK_SOCKET socket,
                                      PVOID *accepted_context, CONST WSK_CLIENT_CONNECTION_DISPATCH **accepted_dispatch)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    guarded_callback();
    *accepted_context = NULL;
    *accepted_dispatch = NULL;
    s_guarded.accepted = socket;
    InterlockedIncrement(&s_guarded.accepts);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_guarded_dispatch = { guarded_accept, guarded_inspect, guarded_abort };

/* Calls with the lock held, and waits. */
#define GUARDED_CALL(call)                                                   \
    do {                                                                     \
        struct wsk_request *request_ = request_create();                     \
        PIRP irp = request_irp(request_);                                    \
        NTSTATUS returned_;                                                  \
        KIRQL irql_;                                                         \
                                                                             \
        KeAcquireSpinLock(&s_guarded.lock, &irql_);                          \
        returned_ = (call);                                                  \
        KeReleaseSpinLock(&s_guarded.lock, irql_);                           \
        assert_int_equal(request_wait(request_, returned_), STATUS_SUCCESS); \
        request_destroy(request_);                                           \
    } while (0)

static PWSK_SOCKET guarded_open(struct wsk_fixture *fixture, struct wsk_kit_peer **peer)
{
    PWSK_SOCKET listener;
    USHORT port;

    RtlZeroMemory(&s_guarded, sizeof(s_guarded));
    KeInitializeSpinLock(&s_guarded.lock);
    listener = listener_open(fixture, AF_INET, NULL, &s_guarded_dispatch, true, &port);
    *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_pended_inspections(), 1);
    return listener;
}

static void test_listener_closed_under_a_lock_aborts_afterwards(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener = guarded_open(*state, &peer);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;

    GUARDED_CALL(table->WskCloseSocket(listener, irp));
    assert_int_equal(s_guarded.aborts, 1); /* and the close IRP came last */
    wsk_kit_peer_expect_rejected(peer);
}

static void test_events_enabled_under_a_lock_come_afterwards(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener = guarded_open(*state, &peer);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    KIRQL irql;

    GUARDED_CALL(table->WskInspectComplete(listener, &s_guarded.id, WskInspectAccept, irp));
    wsk_kit_peer_expect_connected(peer);
    wsk_kit_run_until_idle();
    KeAcquireSpinLock(&s_guarded.lock, &irql);
    socket_events(listener, WSK_EVENT_ACCEPT); /* somebody has been waiting for it */
    assert_int_equal(s_guarded.accepts, 0);
    KeReleaseSpinLock(&s_guarded.lock, irql);
    assert_int_equal(s_guarded.accepts, 1); /* it ran when the IRQL dropped */
    socket_close(s_guarded.accepted);
    socket_close(listener);
}

/* The peer is gone, and the verdict is what finds it out. */
static void test_verdict_under_a_lock_aborts_afterwards(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET listener = guarded_open(*state, &peer);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;

    wsk_kit_peer_reset(peer); /* its news are still on the way */
    GUARDED_CALL(table->WskInspectComplete(listener, &s_guarded.id, WskInspectAccept, irp));
    wsk_kit_run_until_idle();
    assert_int_equal(s_guarded.aborts, 1);
    assert_int_equal(s_guarded.accepts, 0);
    socket_close(listener);
}

/* --- the end of a listener ----------------------------------------------------------------------------------- */

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

/* Connections come on one processor while the listener closes on another. One that had been admitted before the close
 * and entered the table after it heard nothing: its peer was connected for ever. */
static void test_listener_that_closes_turns_away_whoever_comes(void **state)
{
    unsigned round;

    for (round = 0; round < 1000; round++) {
        struct wsk_kit_peer *peers[3];
        USHORT port;
        PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
        unsigned i;

        for (i = 0; i < 3; i++) {
            peers[i] = wsk_kit_connect(WSK_KIT_IPV4, port);
        }
        for (i = 0; i < round % 200 * 20; i++) {
            YieldProcessor();
        }
        socket_close(listener);
        for (i = 0; i < 3; i++) {
            wsk_kit_peer_expect_rejected(peers[i]);
            wsk_kit_peer_close(peers[i]);
        }
    }
}

#define SEEDS_TEST(f) cmocka_unit_test_setup_teardown(f, NULL, seeds_teardown)
#define FIXTURE_TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_send_behind_one_that_is_being_cancelled_goes_out),
        SEEDS_TEST(test_connect_completes_before_the_news_of_its_reset),
        SEEDS_TEST(test_accept_completes_before_the_sockets_first_event),
        SEEDS_TEST(test_accepts_complete_in_the_order_of_posting),
        FIXTURE_TEST(test_listener_closed_under_a_lock_aborts_afterwards),
        FIXTURE_TEST(test_events_enabled_under_a_lock_come_afterwards),
        FIXTURE_TEST(test_verdict_under_a_lock_aborts_afterwards),
        wsk_emu_unit_test_config(test_listener_that_closes_turns_away_whoever_comes, fixture_setup, fixture_teardown,
                                 &s_threads),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
