/* SPDX-License-Identifier: MIT */
/* What two processors do at the same time, played on one, step by step: a cancel, a close or an event of the network that
 * comes in the middle of something else. */
#include "support/conn_client.h"
#include "support/dgram_client.h"
#include "support/host_fault.h"
#include "support/inspect_gate.h"

#include <string.h>

#include "host/host_net_ops.h"
#include "nt/io_irp.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_listen.h"
#include "wsk/wsk_option_table.h"

static struct we_wsk_socket *inner_of(PWSK_SOCKET socket)
{
    return (struct we_wsk_socket *)(void *)socket;
}

static struct wsk_request *close_post(PWSK_SOCKET socket)
{
    struct wsk_request *close = request_create();

    assert_int_equal(
        ((const WSK_PROVIDER_BASIC_DISPATCH *)socket->Dispatch)->WskCloseSocket(socket, request_irp(close)),
        STATUS_PENDING);
    return close;
}

static void close_wait(struct wsk_request *close)
{
    assert_int_equal(request_wait(close, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(close);
}

/* --- IoCancelIrp, in two halves ---------------------------------------------------------------------- */

/* The first half has the cancel routine, the second one enters it. */
static PDRIVER_CANCEL cancel_begin(PIRP irp)
{
    PDRIVER_CANCEL routine;

    irp->Cancel = TRUE;
    routine = we_io_irp_exchange_cancel(irp, NULL);
    assert_non_null(routine);
    return routine;
}

static void cancel_end(PIRP irp, PDRIVER_CANCEL routine)
{
    IoAcquireCancelSpinLock(&irp->CancelIrql);
    routine(NULL, irp);
}

/* The handshake is over while a cancel is on its way to the request: the cancel has it. */
static void test_connect_that_is_being_cancelled_does_not_succeed(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, gate->port);
    struct conn_request *connect = conn_request_create("with the connect", 16);
    PIRP irp = request_irp(connect->request);
    PDRIVER_CANCEL routine;

    connect->returned = conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &connect->buffer, 0, irp);
    gate_wait_pended(1);
    routine = cancel_begin(irp);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(connect));
    cancel_end(irp, routine);
    conn_request_expect(connect, STATUS_CANCELLED, 0);
    assert_int_equal(connection_connect_try(socket, &remote), STATUS_FILE_FORCED_CLOSED);
    socket_close(socket);
    gate_close(gate);
}

/* The socket closes while a cancel is on its way to its connect: the cancel has the request, and the close waits for it. */
static void test_close_waits_for_a_connect_that_is_being_cancelled(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, gate->port);
    struct wsk_request *connect = request_create();
    PIRP irp = request_irp(connect);
    struct wsk_request *close;
    PDRIVER_CANCEL routine;
    NTSTATUS returned = conn_table(socket)->WskConnect(socket, (PSOCKADDR)&remote, 0, irp);

    gate_wait_pended(1);
    routine = cancel_begin(irp);
    close = close_post(socket);
    wsk_kit_run_until_idle();
    assert_false(request_is_done(connect));
    assert_false(request_is_done(close));
    cancel_end(irp, routine);
    assert_int_equal(request_wait(connect, returned), STATUS_CANCELLED);
    close_wait(close);
    gate_wait_pended(0); /* the other side has seen it go */
    request_destroy(connect);
    gate_close(gate);
}

/* Bytes for a receive that a cancel has are the next one's. */
static void test_receive_that_is_being_cancelled_gets_no_bytes(void **state)
{
    struct conn_client *client = conn_client_create();
    struct wsk_kit_peer *peer;
    struct conn_request *first;
    struct conn_request *second;
    PDRIVER_CANCEL routine;

    conn_accept(*state, client, 0, &peer);
    first = conn_receive_post(client->socket, 16, 0);
    second = conn_receive_post(client->socket, 16, 0);
    routine = cancel_begin(first->request->irp);
    wsk_kit_peer_send_text(peer, "bytes");
    conn_request_expect_text(second, "bytes");
    cancel_end(first->request->irp, routine);
    conn_request_expect(first, STATUS_CANCELLED, 0);
    socket_close(client->socket);
    wsk_kit_peer_close(peer);
    conn_client_destroy(client);
}

/* --- a close in the middle of a call ------------------------------------------------------------------ */

/* The call was let in, and then the socket closes: nobody would ever cancel what waits now. */
static void test_wait_for_a_change_that_a_close_overtakes_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    const struct we_wsk_row *row = we_wsk_row(WE_WSK_ROW_IOCTL_SIO_ADDRESS_LIST_CHANGE);
    const struct we_wsk_control control = { .type = WskIoctl };
    struct wsk_request *request = request_create();
    struct wsk_request *close;
    ULONG_PTR information = 0;
    struct we_wsk_call call;
    NTSTATUS status;

    assert_int_equal(
        we_wsk_call_begin(&call, socket, WE_WSK_ANY_CATEGORY, request_irp(request), true, "WskControlSocket"),
        STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-037");
    close = close_post(socket);
    status = row->run(&call, row, &control, &information);
    assert_int_equal(status, STATUS_FILE_FORCED_CLOSED);
    assert_false(request_is_done(close));
    assert_int_equal(request_wait(request, we_wsk_call_end_inline(&call, status, 0)), STATUS_FILE_FORCED_CLOSED);
    close_wait(close);
    request_destroy(request);
}

/* The driver writes to a socket's memory after its close, and calls it: the ledger still knows what it was. */
static void test_closed_socket_that_was_written_to_is_told_by_its_address(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_BASIC_DISPATCH *table = socket->Dispatch;
    struct wsk_request *request = request_create();
    ULONG magic = inner_of(socket)->magic;

    socket_close(socket);
    inner_of(socket)->magic = 0;
    wsk_kit_expect_report("SOCK-037");
    assert_int_equal(request_wait(request, table->WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_CHANGE, 0, 0,
                                                                   NULL, 0, NULL, NULL, request_irp(request))),
                     STATUS_INVALID_HANDLE);
    assert_non_null(strstr(wsk_kit_last_report(), "closed here"));
    inner_of(socket)->magic = magic;
    request_destroy(request);
}

struct overtaking {
    PWSK_SOCKET socket;
    struct wsk_request *close;
};

static void overtake(void *context)
{
    struct overtaking *overtaking = context;

    overtaking->close = close_post(overtaking->socket);
}

/* A driver that closes a socket while another thread of its is inside a function of it: reported, and the close waits. */
static void test_close_waits_for_a_call_that_it_overtakes(void **state)
{
    struct overtaking overtaking = { .socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL) };
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 1);
    SOCKADDR_STORAGE local;
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-037");
    host_interlude_begin(HOST_ROUTE, 1, overtake, &overtaking);
    REQUEST_CALL(status, NULL, irp,
                 ((const WSK_PROVIDER_BASIC_DISPATCH *)overtaking.socket->Dispatch)
                     ->WskControlSocket(overtaking.socket, WskIoctl, SIO_ROUTING_INTERFACE_QUERY, 0,
                                        sizeof(SOCKADDR_IN), &remote, sizeof(local), &local, NULL, irp));
    host_interlude_end();
    assert_int_equal(wsk_kit_report_count("SOCK-037"), 1);
    assert_int_equal(status, STATUS_SUCCESS); /* it had begun */
    close_wait(overtaking.close);
}

/* What a WskBind opens after the close has ended all that there was is ended as well. */
static void test_bind_that_a_close_overtakes_leaves_nothing(void **state)
{
    struct overtaking overtaking = { .socket = socket_open(*state, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL) };
    size_t endpoints = we_host_net_open_count();
    SOCKADDR_STORAGE any = address_loopback(AF_INET, 0);

    wsk_kit_expect_report("SOCK-037");
    host_interlude_begin(HOST_LOCAL, 1, overtake, &overtaking);
    assert_int_equal(socket_bind_try(overtaking.socket, &any), STATUS_SUCCESS);
    host_interlude_end();
    close_wait(overtaking.close);
    assert_int_equal(we_host_net_open_count(), endpoints);
}

/* A connection was taken from the network when the listener closes: there is no table for it any more. */
static void test_connection_that_a_closing_listener_has_taken_is_refused(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct we_wsk_socket *inner = inner_of(listener);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct we_nt_section section;
    struct wsk_request *close;
    struct we_host_ep *ep;

    we_nt_section_enter(&section, inner->cpu);
    assert_int_equal(we_host_accept(inner->ep, &ep), WE_OK);
    we_wsk_rundown_ref(inner); /* of listener_admit */
    close = close_post(listener);
    assert_null(we_wsk_request_create(inner, ep, false));
    assert_false(request_is_done(close));
    we_wsk_rundown_release(inner);
    we_nt_section_leave(&section);
    close_wait(close);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
}

/* --- events that are on their way ---------------------------------------------------------------------- */

/* What we_host_net_deliver does, in two halves: it has found the endpoint's owner, and then it calls him. */
struct delivery {
    const struct we_host_ep_client *client;
    void *context;
};

static struct delivery delivery_begin(const struct we_host_ep *ep)
{
    struct delivery delivery = { ep->client, ep->context };

    delivery.client->ref(delivery.context);
    return delivery;
}

static void delivery_end(const struct delivery *delivery, unsigned events)
{
    struct we_nt_section section;

    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    delivery->client->event(delivery->context, events);
    delivery->client->unref(delivery->context);
    we_nt_section_leave(&section);
}

static void test_reset_of_a_request_whose_listener_has_closed_is_nothing(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);
    struct we_wsk_request_record *request;
    struct delivery delivery;

    gate_wait_pended(1);
    request = WE_BASE_LIST_ITEM(inner_of(gate->listener)->listener->requests.next, struct we_wsk_request_record, link);
    delivery = delivery_begin(request->ep);
    gate_close_listener(gate);
    gate_expect_silence(gate, 1, 0); /* the close has told of it */
    delivery_end(&delivery, WE_NET_RESET);
    gate_expect_silence(gate, 1, 0);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
    gate_close(gate);
}

static void test_connection_at_a_closed_listener_is_nothing(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct delivery delivery = delivery_begin(inner_of(listener)->ep);
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);

    close_wait(close_post(listener));
    delivery_end(&delivery, WE_NET_ACCEPTABLE);
    wsk_kit_peer_expect_rejected(peer);
    wsk_kit_peer_close(peer);
}

static void test_events_of_closed_sockets_are_nothing(void **state)
{
    struct wsk_kit_peer *peer;
    PWSK_SOCKET connection = connection_open_peer(*state, AF_INET, NULL, NULL, &peer);
    struct delivery delivery = delivery_begin(inner_of(connection)->ep);
    PWSK_SOCKET datagram;
    USHORT port;

    close_wait(close_post(connection));
    delivery_end(&delivery, WE_NET_READABLE | WE_NET_WRITABLE | WE_NET_RESET);
    wsk_kit_peer_close(peer);

    datagram = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    delivery = delivery_begin(inner_of(datagram)->ep);
    close_wait(close_post(datagram));
    delivery_end(&delivery, WE_NET_READABLE | WE_NET_WRITABLE);
}

struct given {
    struct wsk_kit_peer *peer;
    bool was_given;
};

/* The completion routine of a WskAccept: its connection has not been armed yet. */
static void reset_at_once(struct wsk_request *request)
{
    struct given *given = request->context;
    const struct we_host_ep *ep = ((const struct we_wsk_socket *)request->result.Information)->ep;
    struct delivery delivery = delivery_begin(ep);

    given->was_given = ep->client == &we_wsk_request_given_client;
    wsk_kit_peer_reset(given->peer);
    delivery_end(&delivery, WE_NET_RESET);
}

/* A connection is the driver's, and nobody listens to its endpoint yet: what happens then is found out later. */
static void test_reset_before_an_accepted_connection_is_armed_is_found_by_a_receive(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct given given = { .peer = gate_knock(gate) };
    struct wsk_request *accept = request_create();
    PWSK_SOCKET socket;
    char byte;

    gate_wait_pended(1);
    accept->completed = reset_at_once;
    accept->context = &given;
    assert_int_equal(gate_table(gate)->WskAccept(gate->listener, 0, NULL, NULL, NULL, NULL, request_irp(accept)),
                     STATUS_PENDING);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
    assert_int_equal(request_wait(accept, STATUS_PENDING), STATUS_SUCCESS);
    assert_true(given.was_given);
    socket = (PWSK_SOCKET)accept->result.Information;
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, NULL), STATUS_CONNECTION_RESET);
    socket_close(socket);
    request_destroy(accept);
    wsk_kit_peer_close(given.peer);
    gate_close(gate);
}

/* --- work that comes too late --------------------------------------------------------------------------- */

static void abort_accepted(struct wsk_request *request)
{
    struct conn_request *disconnect = request->context;
    const struct wsk_request *accept = disconnect->request->context;
    PWSK_SOCKET socket = (PWSK_SOCKET)accept->result.Information;

    disconnect->returned =
        conn_table(socket)->WskDisconnect(socket, NULL, WSK_FLAG_ABORTIVE, request_irp(disconnect->request));
}

/* Two completion routines run one after the other; the second one ends what the first one got, before the library has
 * begun to watch it. */
static void test_connection_that_is_aborted_before_it_is_watched_stays_aborted(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    struct wsk_kit_peer *peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    struct conn_request *disconnect = conn_request_create(NULL, 0);
    struct wsk_request *accept = request_create();
    struct wsk_request *second = request_create();
    SOCKADDR_STORAGE local;
    NTSTATUS returned[2];
    PWSK_SOCKET socket;
    KIRQL irql;
    char byte;

    wsk_kit_run_until_idle();
    disconnect->request->context = accept;
    second->completed = abort_accepted;
    second->context = disconnect;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    returned[0] = table->WskAccept(listener, 0, NULL, NULL, NULL, NULL, request_irp(accept));
    returned[1] = table->WskGetLocalAddress(listener, (PSOCKADDR)&local, request_irp(second));
    KeLowerIrql(irql);
    assert_int_equal(request_wait(accept, returned[0]), STATUS_SUCCESS);
    assert_int_equal(request_wait(second, returned[1]), STATUS_SUCCESS);
    socket = (PWSK_SOCKET)accept->result.Information;
    conn_request_expect(disconnect, STATUS_SUCCESS, 0);
    wsk_kit_run_until_idle();
    wsk_kit_peer_expect_reset(peer);
    assert_int_equal(connection_receive_try(socket, &byte, 1, 0, NULL), STATUS_INVALID_DEVICE_STATE);
    socket_close(socket);
    request_destroy(accept);
    request_destroy(second);
    wsk_kit_peer_close(peer);
    socket_close(listener);
}

static NTSTATUS WSKAPI on_backlog(PVOID SocketContext, SIZE_T IdealBacklogSize)
{
    wsk_kit_witness_call(SocketContext, IdealBacklogSize, 0, 0, 0);
    return STATUS_SUCCESS;
}

/* The peer's window changes and changes back before the callback's turn has come. */
static void test_backlog_that_has_changed_back_is_no_news(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH dispatch = { NULL, NULL, on_backlog };
    struct wsk_kit_witness *told = wsk_kit_witness_create("WskSendBacklogEvent");
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket = connection_open_peer(*state, AF_INET, told, &dispatch, &peer);
    struct conn_request *send;
    KIRQL irql;

    wsk_kit_peer_set_receive_buffer(peer, 8192);
    wsk_kit_run_until_idle();
    socket_events(socket, WSK_EVENT_SEND_BACKLOG);
    wsk_kit_run_until_idle();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wsk_kit_peer_set_receive_buffer(peer, 4096);
    send = conn_send_post(socket, "x", 1, 0); /* sees it, and the callback is due */
    assert_true(inner_of(socket)->conn->backlog.has_news);
    wsk_kit_peer_set_receive_buffer(peer, 8192);
    KeLowerIrql(irql);
    conn_request_expect(send, STATUS_SUCCESS, 1);
    wsk_kit_run_until_idle();
    assert_false(inner_of(socket)->conn->backlog.has_news);
    assert_int_equal(wsk_kit_witness_count(told), 0);
    wsk_kit_peer_set_receive_buffer(peer, 4096);
    wsk_kit_witness_wait(told, 1);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_witness_destroy(told);
}

#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_connect_that_is_being_cancelled_does_not_succeed),
        TEST(test_close_waits_for_a_connect_that_is_being_cancelled),
        TEST(test_receive_that_is_being_cancelled_gets_no_bytes),
        TEST(test_wait_for_a_change_that_a_close_overtakes_fails),
        TEST(test_closed_socket_that_was_written_to_is_told_by_its_address),
        TEST(test_close_waits_for_a_call_that_it_overtakes),
        TEST(test_bind_that_a_close_overtakes_leaves_nothing),
        TEST(test_connection_that_a_closing_listener_has_taken_is_refused),
        TEST(test_reset_of_a_request_whose_listener_has_closed_is_nothing),
        TEST(test_connection_at_a_closed_listener_is_nothing),
        TEST(test_events_of_closed_sockets_are_nothing),
        TEST(test_reset_before_an_accepted_connection_is_armed_is_found_by_a_receive),
        TEST(test_connection_that_is_aborted_before_it_is_watched_stays_aborted),
        TEST(test_backlog_that_has_changed_back_is_no_news),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
