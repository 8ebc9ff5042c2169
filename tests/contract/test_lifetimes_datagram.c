/* SPDX-License-Identifier: MIT */
/* Memory that a driver lends to WSK for datagrams, taken away at the first moment at which the documentation allows it:
 * overwritten, then freed. */
#include "support/brief.h"
#include "support/dgram_client.h"

#include <stdlib.h>
#include <string.h>

/* --- the IRP: until its completion routine has run ---------------------------------------------- */

static void every_call(struct wsk_fixture *fixture, enum irp_home home)
{
    const WSK_PROVIDER_DISPATCH *provider = fixture->npi.Dispatch;
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(peer));
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 0);
    const WSK_PROVIDER_DATAGRAM_DISPATCH *table;
    struct brief_request receive;
    WSK_BUF_LIST list;
    PWSK_SOCKET socket;
    ULONG_PTR information;
    NTSTATUS returned;
    NTSTATUS status;
    char bytes[8] = "abc";

    BRIEF_CALL(status, home, &information, irp,
               provider->WskSocket(fixture->npi.Client, AF_INET, SOCK_DGRAM, IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET,
                                   NULL, NULL, NULL, NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    socket = (PWSK_SOCKET)information;
    table = dgram_table(socket);
    buffer_init(&list.Buffer, bytes, 3);
    list.Next = NULL;
    wsk_kit_expect_report("SOCK-015"); /* an inline failure */
    BRIEF_CALL(status, home, &information, irp,
               table->WskSendTo(socket, &list.Buffer, 0, (PSOCKADDR)&remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_DEVICE_STATE);
    BRIEF_CALL(status, home, &information, irp, table->WskBind(socket, (PSOCKADDR)&address, 0, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp, table->WskGetLocalAddress(socket, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    BRIEF_CALL(status, home, &information, irp,
               table->WskSendTo(socket, &list.Buffer, 0, (PSOCKADDR)&remote, 0, NULL, irp));
    assert_int_equal(information, 3);
    BRIEF_CALL(status, home, &information, irp,
               table->WskSendMessages(socket, &list, 0, (PSOCKADDR)&remote, 0, NULL, irp));
    assert_int_equal(information, 3);
    wsk_kit_datagram_expect_text(peer, "abc");
    wsk_kit_datagram_expect_text(peer, "abc");
    BRIEF_CALL(status, home, &information, irp,
               table->WskControlSocket(socket, WskIoctl, SIO_WSK_SET_REMOTE_ADDRESS, 0, sizeof(SOCKADDR_IN), &remote, 0,
                                       NULL, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);

    returned = table->WskReceiveFrom(socket, &list.Buffer, 0, NULL, NULL, NULL, NULL, brief_begin(&receive, home));
    wsk_kit_datagram_send_text(peer, address_port(&address), "xyz");
    assert_int_equal(brief_wait(&receive, returned), STATUS_SUCCESS);
    assert_memory_equal(bytes, "xyz", 3);
    returned = table->WskReceiveFrom(socket, &list.Buffer, 0, NULL, NULL, NULL, NULL, brief_begin(&receive, home));
    BRIEF_CALL(status, home, &information, irp, table->WskCloseSocket(socket, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(brief_wait(&receive, returned), STATUS_CANCELLED);
    buffer_fini(&list.Buffer);
    wsk_kit_datagram_close(peer);
}

static void test_lifetime_irps_of_datagram_functions_end_in_their_completion_routines(void **state)
{
    every_call(*state, IRP_ALLOCATED);
    every_call(*state, IRP_EMBEDDED);
    every_call(*state, IRP_WITH_ROOM);
}

/* --- sends that wait ---------------------------------------------------------------------------- */

/* So many of these are more than the sender's room, and less than the receiver's. */
#define LENGTH 60000
#define SENDS 8
#define RECEIVER_ROOM (1024u * 1024)
#define HOP_LIMIT 9

struct flood {
    struct wsk_fixture *fixture;
    PWSK_SOCKET receiver;
    USHORT port; /* of the receiver */
    PWSK_SOCKET socket;
    struct brief_request requests[SENDS];
    NTSTATUS returned[SENDS];
    KIRQL irql;
};

/* The caller is at DISPATCH_LEVEL, where nothing leaves between the calls, until flood_end. */
static void flood_begin(struct flood *flood, void **state)
{
    USHORT port;

    memset(flood, 0, sizeof(*flood));
    flood->fixture = *state;
    flood->socket = dgram_open_bound(flood->fixture, AF_INET, NULL, NULL, &port);
    flood->receiver = dgram_open_bound(flood->fixture, AF_INET, NULL, NULL, &flood->port);
    assert_int_equal(socket_set_ulong(flood->receiver, SOL_SOCKET, SO_RCVBUF, RECEIVER_ROOM), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(flood->receiver, IPPROTO_IP, IP_RECVTTL, 1), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &flood->irql);
}

static void flood_expect(struct flood *flood, char letter)
{
    struct dgram_receive *receive = dgram_receive_post(flood->receiver, LENGTH, DGRAM_CONTROL_BYTES);

    assert_int_equal(request_wait(receive->request, receive->returned), STATUS_SUCCESS);
    assert_int_equal(receive->request->result.Information, LENGTH);
    assert_int_equal(receive->bytes[0], letter);
    assert_int_equal(receive->bytes[LENGTH - 1], letter);
    assert_int_equal(dgram_control_int(receive->control, receive->control_length, IPPROTO_IP, IP_TTL), HOP_LIMIT);
    dgram_receive_destroy(receive);
}

/* A real network may drop what its receiver has no room for, so only the first datagram has to arrive there. */
static void flood_end(struct flood *flood, unsigned count)
{
    const struct contract_way *way = flood->fixture->way;

    if (way->is_virtual && way->is_stepped) { /* nothing has moved yet */
        assert_int_equal(flood->requests[count - 1].completion_count, 0);
    }
    KeLowerIrql(flood->irql);
    for (unsigned index = 0; index < count; index++) {
        assert_int_equal(brief_wait(&flood->requests[index], flood->returned[index]), STATUS_SUCCESS);
    }
    for (unsigned index = 0; index < (way->is_virtual ? SENDS : 1); index++) {
        flood_expect(flood, (char)(count > 1 ? 'a' + (int)index : 'a'));
    }
    socket_close(flood->socket);
    socket_close(flood->receiver);
}

/* An address and control information that die with the call. */
struct brief_arguments {
    SOCKADDR_IN *remote;
    CMSGHDR *control;
};

static struct brief_arguments arguments_make(const struct flood *flood)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, flood->port);
    struct brief_arguments arguments = { brief_copy(&remote, sizeof(SOCKADDR_IN)),
                                         brief_alloc(WSA_CMSG_LEN(sizeof(INT))) };
    INT hop_limit = HOP_LIMIT;

    arguments.control->cmsg_len = WSA_CMSG_LEN(sizeof(INT));
    arguments.control->cmsg_level = IPPROTO_IP;
    arguments.control->cmsg_type = IP_TTL;
    memcpy(WSA_CMSG_DATA(arguments.control), &hop_limit, sizeof(hop_limit));
    return arguments;
}

static void arguments_vanish(struct brief_arguments *arguments)
{
    brief_vanish(arguments->remote, sizeof(*arguments->remote));
    brief_vanish(arguments->control, WSA_CMSG_LEN(sizeof(INT)));
}

static void test_lifetime_send_to_arguments_end_with_the_call_that_waits(void **state)
{
    struct flood flood;
    unsigned char *bytes = brief_alloc(LENGTH);

    flood_begin(&flood, state);
    for (unsigned index = 0; index < SENDS; index++) {
        struct brief_arguments arguments = arguments_make(&flood);
        PIRP irp = brief_begin(&flood.requests[index], IRP_EMBEDDED);
        WSK_BUF *buffer;

        memset(bytes, 'a' + (int)index, LENGTH);
        buffer = brief_buffer(&flood.requests[index], bytes, LENGTH);
        flood.returned[index] = dgram_table(flood.socket)
                                    ->WskSendTo(flood.socket, buffer, 0, (PSOCKADDR)arguments.remote,
                                                WSA_CMSG_LEN(sizeof(INT)), arguments.control, irp);
        brief_vanish(buffer, sizeof(*buffer));
        arguments_vanish(&arguments);
    }
    free(bytes);
    flood_end(&flood, SENDS);
}

/* The nodes and the bytes live until the completion, the rest for the call only. All nodes share one MDL. */
static void test_lifetime_send_messages_list_ends_with_the_request(void **state)
{
    struct flood flood;
    struct brief_arguments arguments;
    unsigned char *bytes = brief_alloc(LENGTH);
    WSK_BUF_LIST *nodes;
    WSK_BUF *buffer;
    PIRP irp;

    flood_begin(&flood, state);
    arguments = arguments_make(&flood);
    irp = brief_begin(&flood.requests[0], IRP_EMBEDDED);
    memset(bytes, 'a', LENGTH);
    buffer = brief_buffer(&flood.requests[0], bytes, LENGTH);
    nodes = brief_lend(&flood.requests[0], SENDS * sizeof(*nodes));
    for (unsigned index = 0; index < SENDS; index++) {
        nodes[index].Buffer = *buffer;
        nodes[index].Next = index + 1 < SENDS ? &nodes[index + 1] : NULL;
    }
    flood.returned[0] = dgram_table(flood.socket)
                            ->WskSendMessages(flood.socket, nodes, 0, (PSOCKADDR)arguments.remote,
                                              WSA_CMSG_LEN(sizeof(INT)), arguments.control, irp);
    brief_vanish(buffer, sizeof(*buffer));
    arguments_vanish(&arguments);
    free(bytes);
    flood_end(&flood, 1);
    assert_int_equal(flood.requests[0].result.Information, (ULONG_PTR)SENDS * LENGTH);
}

/* --- receives ------------------------------------------------------------------------------------- */

struct receive {
    struct brief_request request;
    NTSTATUS returned;
    PIRP irp;
};

/* Everything that WskReceiveFrom fills lives until the completion, and not a byte of it is too large; the WSK_BUF lives
 * for the call. */
static void receive_post(struct receive *receive, PWSK_SOCKET socket, SIZE_T address_size, SIZE_T length)
{
    WSK_BUF *buffer;
    ULONG *control_length;
    ULONG *control_flags;
    void *control;
    void *remote;

    receive->irp = brief_begin(&receive->request, IRP_EMBEDDED);
    remote = brief_lend(&receive->request, address_size);
    control_length = brief_lend(&receive->request, sizeof(ULONG));
    control_flags = brief_lend(&receive->request, sizeof(ULONG));
    control = brief_lend(&receive->request, DGRAM_CONTROL_BYTES);
    buffer = brief_buffer(&receive->request, NULL, length);
    *control_length = DGRAM_CONTROL_BYTES;
    receive->returned = dgram_table(socket)->WskReceiveFrom(socket, buffer, 0, remote, control_length, control,
                                                            control_flags, receive->irp);
    brief_vanish(buffer, sizeof(*buffer));
}

static void receive_memory(void **state, ADDRESS_FAMILY family, SIZE_T address_size)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(fixture_kit_family(family));
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_datagram_port(peer));
    struct receive receive;
    PWSK_SOCKET socket;
    USHORT port;

    socket = dgram_open_bound(*state, family, NULL, NULL, &port);
    receive_post(&receive, socket, address_size, 5);
    wsk_kit_datagram_send_text(peer, port, "early");
    assert_int_equal(brief_wait_and_compare(&receive.request, receive.returned, &remote, address_size), STATUS_SUCCESS);
    assert_int_equal(receive.request.result.Information, 5);

    wsk_kit_datagram_send_text(peer, port, "waits");
    wsk_kit_run_until_idle();
    receive_post(&receive, socket, address_size, 5);
    assert_int_equal(brief_wait_and_compare(&receive.request, receive.returned, &remote, address_size), STATUS_SUCCESS);

    receive_post(&receive, socket, address_size, 5);
    assert_true(IoCancelIrp(receive.irp));
    assert_int_equal(brief_wait(&receive.request, receive.returned), STATUS_CANCELLED);
    wsk_kit_datagram_send_text(peer, port, "after it");
    dgram_receive_expect(dgram_receive_post(socket, 16, 0), STATUS_SUCCESS, "after it");

    receive_post(&receive, socket, address_size, 5);
    socket_close(socket);
    assert_int_equal(brief_wait(&receive.request, receive.returned), STATUS_CANCELLED);
    wsk_kit_datagram_close(peer);
}

static void test_lifetime_receive_from_memory_ends_with_the_request_over_ipv4(void **state)
{
    receive_memory(state, AF_INET, sizeof(SOCKADDR_IN));
}

static void test_lifetime_receive_from_memory_ends_with_the_request_over_ipv6(void **state)
{
    receive_memory(state, AF_INET6, sizeof(SOCKADDR_IN6));
}

/* Without ControlLength, the other two are not looked at. */
static void test_lifetime_receive_from_bytes_alone_end_with_the_request(void **state)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct brief_request request;
    PWSK_SOCKET socket;
    WSK_BUF *buffer;
    NTSTATUS returned;
    USHORT port;
    PIRP irp;

    socket = dgram_open_bound(*state, AF_INET, NULL, NULL, &port);
    irp = brief_begin(&request, IRP_ALLOCATED);
    buffer = brief_buffer(&request, NULL, 3);
    returned = dgram_table(socket)->WskReceiveFrom(socket, buffer, 0, NULL, NULL, NULL, NULL, irp);
    brief_vanish(buffer, sizeof(*buffer));
    wsk_kit_datagram_send_text(peer, port, "abc");
    assert_int_equal(brief_wait_and_compare(&request, returned, "abc", 3), STATUS_SUCCESS);
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

/* --- addresses -------------------------------------------------------------------------------------- */

/* Bind's address ends with the call, that of a control and of WskGetLocalAddress with the request; and what was fixed is
 * a copy. */
static void addresses(void **state, ADDRESS_FAMILY family, SIZE_T size)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(fixture_kit_family(family));
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_datagram_port(peer));
    SOCKADDR_STORAGE any = address_any(family, 0);
    PWSK_SOCKET socket = dgram_open(*state, family, NULL, NULL);
    struct brief_request request;
    void *address = brief_copy(&any, size);
    NTSTATUS returned;
    PIRP irp;

    returned = dgram_table(socket)->WskBind(socket, address, 0, brief_begin(&request, IRP_ALLOCATED));
    brief_vanish(address, size);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    irp = brief_begin(&request, IRP_ALLOCATED);
    address = memcpy(brief_lend(&request, size), &remote, size);
    returned = dgram_table(socket)->WskControlSocket(socket, WskIoctl, SIO_WSK_SET_SENDTO_ADDRESS, 0, size, address, 0,
                                                     NULL, NULL, irp);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    irp = brief_begin(&request, IRP_ALLOCATED);
    address = brief_lend(&request, size);
    returned = dgram_table(socket)->WskGetLocalAddress(socket, address, irp);
    assert_int_equal(brief_wait(&request, returned), STATUS_SUCCESS);
    assert_int_equal(dgram_send_try(socket, "fixed", 5, NULL, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(peer, "fixed");
    socket_close(socket);
    wsk_kit_datagram_close(peer);
}

static void test_lifetime_ipv4_addresses_of_datagram_sockets(void **state)
{
    addresses(state, AF_INET, sizeof(SOCKADDR_IN));
}

static void test_lifetime_ipv6_addresses_of_datagram_sockets(void **state)
{
    addresses(state, AF_INET6, sizeof(SOCKADDR_IN6));
}

/* --- table, context, indications ---------------------------------------------------------------------- */

/* What the completion of the close takes away. */
struct brief_socket {
    struct dgram_client *client;
    WSK_CLIENT_DATAGRAM_DISPATCH *table;
};

static void socket_memory_vanish(struct wsk_request *request)
{
    struct brief_socket *brief = request->context;

    brief_vanish(brief->table, sizeof(*brief->table));
    brief_vanish(brief->client, sizeof(*brief->client));
}

static void test_lifetime_datagram_table_and_context_end_with_the_close(void **state)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct brief_socket brief = { calloc(1, sizeof(*brief.client)),
                                  brief_copy(&dgram_client_dispatch, sizeof(*brief.table)) };
    struct wsk_request *close = request_create();
    NTSTATUS returned;
    USHORT port;

    assert_non_null(brief.client);
    KeInitializeSpinLock(&brief.client->lock);
    brief.client->socket = dgram_open_bound(*state, AF_INET, brief.client, brief.table, &brief.client->port);
    port = brief.client->port;
    socket_events(brief.client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_datagram_send_text(peer, port, "before");
    dgram_client_expect(brief.client, 0, "before");
    close->completed = socket_memory_vanish;
    close->context = &brief;
    wsk_kit_datagram_send_text(peer, port, "still talking");
    returned = dgram_table(brief.client->socket)->WskCloseSocket(brief.client->socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    wsk_kit_datagram_send_text(peer, port, "too late");
    wsk_kit_run_until_idle();
    request_destroy(close);
    wsk_kit_datagram_close(peer);
}

/* A datagram that is kept does not change while others come and are taken, nor does its sender's address. */
static void test_lifetime_datagram_indication_lasts_until_its_release(void **state)
{
    struct wsk_kit_datagram_peer *peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct dgram_client *client = dgram_client_create(*state, AF_INET, 0);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(peer));
    const WSK_DATAGRAM_INDICATION *kept;
    char bytes[8];

    client->answer = DGRAM_KEEP;
    socket_events(client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_datagram_send_text(peer, client->port, "first");
    dgram_client_expect(client, 0, "first");
    wsk_kit_run_until_idle();
    client->answer = DGRAM_TAKE;
    for (ULONG index = 1; index < 20; index++) {
        wsk_kit_datagram_send_text(peer, client->port, "other");
        dgram_client_expect(client, index, "other");
    }
    kept = client->kept[0];
    assert_int_equal(dgram_copy(kept, bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "first", 5);
    assert_memory_equal(kept->RemoteAddress, &remote, sizeof(SOCKADDR_IN));
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 1);
    dgram_client_release_all(client);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
    dgram_client_destroy(client);
    wsk_kit_datagram_close(peer);
}

#define TESTS(X)                                                                 \
    X(test_lifetime_irps_of_datagram_functions_end_in_their_completion_routines) \
    X(test_lifetime_send_to_arguments_end_with_the_call_that_waits)              \
    X(test_lifetime_send_messages_list_ends_with_the_request)                    \
    X(test_lifetime_receive_from_memory_ends_with_the_request_over_ipv4)         \
    X(test_lifetime_receive_from_memory_ends_with_the_request_over_ipv6)         \
    X(test_lifetime_receive_from_bytes_alone_end_with_the_request)               \
    X(test_lifetime_ipv4_addresses_of_datagram_sockets)                          \
    X(test_lifetime_ipv6_addresses_of_datagram_sockets)                          \
    X(test_lifetime_datagram_table_and_context_end_with_the_close)               \
    X(test_lifetime_datagram_indication_lasts_until_its_release)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
