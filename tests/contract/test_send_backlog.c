/* SPDX-License-Identifier: MIT */
/* The ideal send backlog, asked for and told by WskSendBacklogEvent; and the receive backlog. */
#include "support/stream_socket.h"

#include <string.h>

/* A window of the virtual network, on both sides, until somebody changes it. */
#define VIRTUAL_WINDOW_BYTES ((SIZE_T)256 * 1024)
#define CHUNK_BYTES ((SIZE_T)256 * 1024)
#define CHUNKS_MAX 256u

/* --- the driver's side ------------------------------------------------------------------------ */

struct sender {
    PWSK_SOCKET socket;
    struct wsk_kit_witness *calls; /* the ideal backlog */
    volatile LONG answer;          /* of the next call; those after it succeed */
    struct wsk_request *close;     /* closes the socket inside the event; NULL: does not */
    volatile NTSTATUS close_returned;
};

static NTSTATUS WSKAPI on_backlog(PVOID SocketContext, SIZE_T IdealBacklogSize)
{
    struct sender *side = SocketContext;

    if (side->close != NULL) {
        side->close_returned = conn_table(side->socket)->WskCloseSocket(side->socket, side->close->irp);
    }
    wsk_kit_witness_call(side->calls, IdealBacklogSize, 0, 0, 0);
    return InterlockedExchange(&side->answer, STATUS_SUCCESS);
}

static const WSK_CLIENT_CONNECTION_DISPATCH backlog_dispatch = { NULL, NULL, on_backlog };

/* A connection to a kit server's peer; no event is enabled. */
struct pair {
    struct wsk_fixture *fixture;
    struct sender side;
    struct wsk_kit_peer *peer;
};

static void pair_open(void **state, struct pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    pair->fixture = *state;
    pair->side.calls = wsk_kit_witness_create("WskSendBacklogEvent");
    pair->side.answer = STATUS_SUCCESS;
    pair->side.socket = connection_open_peer(pair->fixture, AF_INET, &pair->side, &backlog_dispatch, &pair->peer);
}

static void pair_close(struct pair *pair)
{
    if (pair->side.socket != NULL) {
        socket_close(pair->side.socket);
    }
    wsk_kit_peer_close(pair->peer);
    wsk_kit_witness_destroy(pair->side.calls);
}

static NTSTATUS query_try(PWSK_SOCKET socket, ULONG code, SIZE_T *bytes, SIZE_T size)
{
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp,
                 ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)
                     ->WskControlSocket(socket, WskIoctl, code, 0, 0, NULL, size, bytes, NULL, irp));
    assert_int_equal(information, NT_SUCCESS(status) ? sizeof(*bytes) : 0);
    return status;
}

static SIZE_T query(PWSK_SOCKET socket, ULONG code)
{
    SIZE_T bytes = 0;

    assert_int_equal(query_try(socket, code, &bytes, sizeof(bytes)), STATUS_SUCCESS);
    return bytes;
}

static SIZE_T query_ideal(const struct pair *pair)
{
    return query(pair->side.socket, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG);
}

/* The peer's window becomes another one, on the virtual network. On sockets TCP's own window grows while bytes move;
 * sends go on until the event comes. */
static void ideal_change(struct pair *pair, unsigned window_bytes, size_t calls)
{
    static unsigned char bytes[CHUNK_BYTES];
    unsigned i;

    if (pair->fixture->way->is_virtual) {
        wsk_kit_peer_set_receive_buffer(pair->peer, window_bytes);
        wsk_kit_run_until_idle();
        return;
    }
    for (i = 0; i < CHUNKS_MAX && wsk_kit_witness_count(pair->side.calls) < calls; i++) {
        struct conn_request *send = conn_send_post(pair->side.socket, bytes, sizeof(bytes), 0);

        wsk_kit_peer_expect(pair->peer, bytes, sizeof(bytes));
        conn_request_expect(send, STATUS_SUCCESS, sizeof(bytes));
    }
}

static SIZE_T told(const struct pair *pair, size_t index)
{
    wsk_kit_witness_wait(pair->side.calls, index + 1);
    return (SIZE_T)wsk_kit_witness_get(pair->side.calls, index).values[0];
}

/* --- the question ----------------------------------------------------------------------------- */

static void test_ideal_send_backlog_is_known_once_connected(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET bound = connection_open_bound(fixture, AF_INET, NULL, NULL);
    struct pair pair;
    SIZE_T bytes = 0;

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(query_try(bound, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, &bytes, sizeof(bytes)),
                     STATUS_INVALID_DEVICE_STATE);
    socket_close(bound);

    pair_open(state, &pair);
    bytes = query_ideal(&pair);
    if (fixture->way->is_virtual) {
        assert_int_equal(bytes, VIRTUAL_WINDOW_BYTES);
    } else {
        assert_true(bytes >= 65536);
        assert_int_equal(bytes & (bytes - 1), 0); /* moves in steps */
    }
    pair_close(&pair);
}

static void test_ideal_send_backlog_follows_the_peers_window(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair;

    pair_open(state, &pair);
    if (fixture->way->is_virtual) {
        wsk_kit_peer_set_receive_buffer(pair.peer, 10000);
        assert_int_equal(query_ideal(&pair), 10000);
    }
    pair_close(&pair);
}

static void test_backlog_questions_of_other_sockets_fail(void **state)
{
    static const ULONG codes[] = { SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, SIO_WSK_QUERY_RECEIVE_BACKLOG };
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET basic = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET stream;
    PWSK_SOCKET listener;
    USHORT port;
    SIZE_T bytes;
    unsigned i;

    listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    stream = stream_open_listener(fixture, AF_INET, NULL, NULL, &port);
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        wsk_kit_expect_report("SOCK-030");
        assert_int_equal(query_try(basic, codes[i], &bytes, sizeof(bytes)), STATUS_NOT_SUPPORTED);
        wsk_kit_expect_report("SOCK-030");
        assert_int_equal(query_try(listener, codes[i], &bytes, sizeof(bytes)), STATUS_NOT_SUPPORTED);
        wsk_kit_expect_report("SOCK-030"); /* a listener never is connected */
        assert_int_equal(query_try(stream, codes[i], &bytes, sizeof(bytes)), STATUS_INVALID_DEVICE_STATE);
    }
    socket_close(stream);
    socket_close(listener);
    socket_close(basic);
}

static void test_backlog_questions_with_wrong_arguments_fail(void **state)
{
    static const ULONG codes[] = { SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, SIO_WSK_QUERY_RECEIVE_BACKLOG };
    struct pair pair;
    unsigned i;

    pair_open(state, &pair);
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        SIZE_T bytes[2] = { 0x5a5a5a5a, 0x5a5a5a5a };

        assert_int_equal(query_try(pair.side.socket, codes[i], bytes, sizeof(bytes[0]) - 1), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(query_try(pair.side.socket, codes[i], NULL, 0), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(bytes[0], 0x5a5a5a5a);
        assert_int_equal(query_try(pair.side.socket, codes[i], bytes, sizeof(bytes)), STATUS_SUCCESS);
        assert_int_equal(bytes[1], 0x5a5a5a5a);
        wsk_kit_expect_report("SOCK-003");
        assert_int_equal(conn_table(pair.side.socket)
                             ->WskControlSocket(pair.side.socket, WskIoctl, codes[i], 0, 0, NULL, sizeof(bytes[0]),
                                                bytes, NULL, NULL),
                         STATUS_REQUEST_NOT_ACCEPTED);
    }
    pair_close(&pair);
}

static void test_ideal_send_backlog_of_a_broken_connection_fails(void **state)
{
    struct pair pair;
    struct conn_request *receive;
    SIZE_T bytes;

    pair_open(state, &pair);
    receive = conn_receive_post(pair.side.socket, 1, 0);
    wsk_kit_peer_reset(pair.peer);
    conn_request_expect(receive, STATUS_CONNECTION_RESET, 0);
    assert_int_equal(query_try(pair.side.socket, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, &bytes, sizeof(bytes)),
                     STATUS_CONNECTION_RESET);
    assert_int_equal(query(pair.side.socket, SIO_WSK_QUERY_RECEIVE_BACKLOG), 0);
    pair_close(&pair);
}

/* --- the event -------------------------------------------------------------------------------- */

static void test_send_backlog_event_tells_the_new_value(void **state)
{
    struct pair pair;
    SIZE_T before;

    pair_open(state, &pair);
    before = query_ideal(&pair);
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(pair.side.calls), 0); /* nothing has changed yet */
    ideal_change(&pair, 10000, 1);
    assert_true(told(&pair, 0) != before);
    assert_int_equal(wsk_kit_witness_get(pair.side.calls, 0).irql, DISPATCH_LEVEL);
    if (pair.fixture->way->is_virtual) {
        assert_int_equal(told(&pair, 0), 10000);
        assert_int_equal(query_ideal(&pair), 10000);
        assert_int_equal(wsk_kit_witness_count(pair.side.calls), 1);
    }
    pair_close(&pair);
}

/* Each change is told once, and what is no change is not. */
static void test_send_backlog_event_comes_once_for_a_change(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair;

    pair_open(state, &pair);
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    if (fixture->way->is_virtual) {
        ideal_change(&pair, 5000, 1);
        ideal_change(&pair, 5000, 1);
        connection_send_text(pair.side.socket, "sending changes nothing");
        wsk_kit_peer_expect_text(pair.peer, "sending changes nothing");
        wsk_kit_run_until_idle();
        assert_int_equal(told(&pair, 0), 5000);
        assert_int_equal(wsk_kit_witness_count(pair.side.calls), 1);
        ideal_change(&pair, 7000, 2);
        assert_int_equal(told(&pair, 1), 7000);
        assert_int_equal(wsk_kit_witness_count(pair.side.calls), 2);
    }
    pair_close(&pair);
}

static void test_send_backlog_event_disabled_is_silent_until_enabled(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair;

    pair_open(state, &pair);
    ideal_change(&pair, 9000, 0); /* before anybody knew a value: not news */
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(pair.side.calls), 0);
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG | WSK_EVENT_DISABLE);
    if (fixture->way->is_virtual) {
        ideal_change(&pair, 5000, 0);
        assert_int_equal(wsk_kit_witness_count(pair.side.calls), 0);
        socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
        assert_int_equal(told(&pair, 0), 5000);
        /* What the driver has asked for it knows. */
        socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG | WSK_EVENT_DISABLE);
        ideal_change(&pair, 6000, 0);
        assert_int_equal(query_ideal(&pair), 6000);
        socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
        wsk_kit_run_until_idle();
        assert_int_equal(wsk_kit_witness_count(pair.side.calls), 1);
    }
    pair_close(&pair);
}

static void test_send_backlog_event_needs_a_callback(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH nothing = { NULL, NULL, NULL };
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, NULL, &nothing, &peer);

    wsk_kit_expect_report("SOCK-031");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_SEND_BACKLOG), STATUS_INVALID_PARAMETER);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_send_backlog_event_must_return_success(void **state)
{
    struct pair pair;

    pair_open(state, &pair);
    pair.side.answer = STATUS_PENDING;
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_expect_report("CB-004");
    ideal_change(&pair, 5000, 1);
    wsk_kit_witness_wait(pair.side.calls, 1);
    wsk_kit_run_until_idle();
    pair_close(&pair);
}

/* A driver that has finished sending has no use for it. */
static void test_send_backlog_event_is_silent_after_disconnect(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair;

    pair_open(state, &pair);
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    assert_int_equal(connection_disconnect_try(pair.side.socket, 0), STATUS_SUCCESS);
    wsk_kit_peer_expect_end(pair.peer);
    if (fixture->way->is_virtual) {
        ideal_change(&pair, 5000, 0);
    }
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(pair.side.calls), 0);
    pair_close(&pair);
}

static void test_send_backlog_event_may_close_the_socket(void **state)
{
    struct pair pair;
    struct wsk_request *request = request_create();

    pair_open(state, &pair);
    if (pair.fixture->way->is_virtual) {
        (void)request_irp(request);
        pair.side.close = request;
        socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
        wsk_kit_peer_set_receive_buffer(pair.peer, 5000);
        wsk_kit_witness_wait(pair.side.calls, 1);
        assert_int_equal(pair.side.close_returned, STATUS_PENDING);
        assert_int_equal(request_wait(request, pair.side.close_returned), STATUS_SUCCESS);
        pair.side.socket = NULL;
        wsk_kit_peer_expect_reset(pair.peer);
    }
    pair_close(&pair);
    request_destroy(request);
}

static void test_send_backlog_event_can_be_static(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_SEND_BACKLOG };
    struct pair pair;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                                             sizeof(control), &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    pair_open(state, &pair);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_witness_count(pair.side.calls), 0);
    ideal_change(&pair, 5000, 1);
    wsk_kit_witness_wait(pair.side.calls, 1);
    pair_close(&pair);
}

static void test_send_backlog_event_of_an_accepted_socket(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct pair pair;
    PWSK_SOCKET listener;
    USHORT port;

    memset(&pair, 0, sizeof(pair));
    pair.fixture = fixture;
    pair.side.calls = wsk_kit_witness_create("WskSendBacklogEvent");
    listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    pair.side.socket = listener_accept_peer(listener, AF_INET, port, &pair.side, &backlog_dispatch, &pair.peer);
    socket_events(pair.side.socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_run_until_idle();
    ideal_change(&pair, 5000, 1);
    wsk_kit_witness_wait(pair.side.calls, 1);
    socket_close(listener);
    pair_close(&pair);
}

/* --- the receive backlog ---------------------------------------------------------------------- */

static void expect_receive_backlog(PWSK_SOCKET socket, SIZE_T expected)
{
    SIZE_T bytes = query(socket, SIO_WSK_QUERY_RECEIVE_BACKLOG);
    unsigned i;

    /* The operating system may still be moving them. */
    for (i = 0; i < 1000 && bytes != expected; i++) {
        wsk_kit_run_until_idle();
        bytes = query(socket, SIO_WSK_QUERY_RECEIVE_BACKLOG);
    }
    assert_int_equal(bytes, expected);
}

static void test_receive_backlog_counts_what_nobody_took(void **state)
{
    struct pair pair;

    pair_open(state, &pair);
    expect_receive_backlog(pair.side.socket, 0);
    wsk_kit_peer_send_text(pair.peer, "0123456789");
    expect_receive_backlog(pair.side.socket, 10);
    connection_expect_text(pair.side.socket, "0123");
    expect_receive_backlog(pair.side.socket, 6);
    connection_expect_text(pair.side.socket, "456789");
    expect_receive_backlog(pair.side.socket, 0);
    pair_close(&pair);
}

/* What a callback left lies in the library, what came afterwards in the network: both wait. */
static void test_receive_backlog_counts_what_a_callback_left(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;

    client->socket = connection_open_peer(*state, AF_INET, client, &conn_client_dispatch, &peer);
    conn_client_set_answer(client, CONN_TAKE_PART, 3);
    socket_events(client->socket, WSK_EVENT_RECEIVE);
    wsk_kit_peer_send_text(peer, "0123456789");
    conn_client_wait_receives(client, 1);
    expect_receive_backlog(client->socket, 7);
    wsk_kit_peer_send_text(peer, "abc");
    expect_receive_backlog(client->socket, 10);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

static void test_receive_backlog_needs_a_connection(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SIZE_T bytes;

    wsk_kit_expect_report("SOCK-030");
    assert_int_equal(query_try(socket, SIO_WSK_QUERY_RECEIVE_BACKLOG, &bytes, sizeof(bytes)),
                     STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
}

static void test_stream_connection_knows_its_backlogs(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = stream_open_peer(*state, AF_INET, NULL, NULL, &peer);

    assert_true(query(socket, SIO_WSK_QUERY_IDEAL_SEND_BACKLOG) > 0);
    wsk_kit_peer_send_text(peer, "waiting");
    expect_receive_backlog(socket, 7);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

#define TESTS(X)                                                \
    X(test_ideal_send_backlog_is_known_once_connected)          \
    X(test_ideal_send_backlog_follows_the_peers_window)         \
    X(test_backlog_questions_of_other_sockets_fail)             \
    X(test_backlog_questions_with_wrong_arguments_fail)         \
    X(test_ideal_send_backlog_of_a_broken_connection_fails)     \
    X(test_send_backlog_event_tells_the_new_value)              \
    X(test_send_backlog_event_comes_once_for_a_change)          \
    X(test_send_backlog_event_disabled_is_silent_until_enabled) \
    X(test_send_backlog_event_needs_a_callback)                 \
    X(test_send_backlog_event_must_return_success)              \
    X(test_send_backlog_event_is_silent_after_disconnect)       \
    X(test_send_backlog_event_may_close_the_socket)             \
    X(test_send_backlog_event_can_be_static)                    \
    X(test_send_backlog_event_of_an_accepted_socket)            \
    X(test_receive_backlog_counts_what_nobody_took)             \
    X(test_receive_backlog_counts_what_a_callback_left)         \
    X(test_receive_backlog_needs_a_connection)                  \
    X(test_stream_connection_knows_its_backlogs)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
