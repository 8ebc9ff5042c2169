/* SPDX-License-Identifier: MIT */
/* Reserved ports: SIO_ACQUIRE_PORT_RESERVATION, SIO_ASSOCIATE_PORT_RESERVATION, SIO_RELEASE_PORT_RESERVATION. */
#include "support/wsk_fixture.h"

#include "host/host_dgram.h"
#include "host/host_net.h"
#include "support/memory_sweep.h"

#include <string.h>

#include <mstcpip.h>

struct scene {
    PWSK_SOCKET holder;
};

static NTSTATUS acquire_try(PWSK_SOCKET socket, USHORT first, USHORT count, INET_PORT_RESERVATION_INSTANCE *instance)
{
    const INET_PORT_RANGE range = { RtlUshortByteSwap(first), count };
    ULONG_PTR information = 7;
    NTSTATUS status;

    memset(instance, 0, sizeof(*instance));
    status = socket_ioctl(socket, SIO_ACQUIRE_PORT_RESERVATION, &range, sizeof(range), instance, sizeof(*instance),
                          &information);
    assert_int_equal(information, NT_SUCCESS(status) ? sizeof(*instance) : 0);
    return status;
}

/* Reserves ports of the system's choice; returns the first one. */
static USHORT acquire(PWSK_SOCKET socket, USHORT count, ULONG64 *token)
{
    INET_PORT_RESERVATION_INSTANCE instance;

    assert_int_equal(acquire_try(socket, 0, count, &instance), STATUS_SUCCESS);
    assert_int_not_equal(instance.StartPort, 0);
    assert_int_equal(instance.NumberOfPorts, count);
    assert_true(instance.Token != INVALID_PORT_RESERVATION_TOKEN);
    *token = instance.Token;
    return RtlUshortByteSwap(instance.StartPort);
}

static NTSTATUS release(PWSK_SOCKET socket, ULONG64 token)
{
    return socket_ioctl(socket, SIO_RELEASE_PORT_RESERVATION, &token, sizeof(token), NULL, 0, NULL);
}

static NTSTATUS associate(PWSK_SOCKET socket, ULONG64 token)
{
    return socket_ioctl(socket, SIO_ASSOCIATE_PORT_RESERVATION, &token, sizeof(token), NULL, 0, NULL);
}

#define GET_LOCAL_ADDRESS(name, table)                                \
    static PFN_WSK_GET_LOCAL_ADDRESS name(PWSK_SOCKET socket)         \
    {                                                                 \
        return ((const table *)socket->Dispatch)->WskGetLocalAddress; \
    }
GET_LOCAL_ADDRESS(of_listener, WSK_PROVIDER_LISTEN_DISPATCH)
GET_LOCAL_ADDRESS(of_connection, WSK_PROVIDER_CONNECTION_DISPATCH)
GET_LOCAL_ADDRESS(of_stream, WSK_PROVIDER_STREAM_DISPATCH)
GET_LOCAL_ADDRESS(of_datagram, WSK_PROVIDER_DATAGRAM_DISPATCH)

/* Sockets that bind. */
static const struct {
    ULONG flags;
    ADDRESS_FAMILY family;
    PFN_WSK_GET_LOCAL_ADDRESS (*get_local_address)(PWSK_SOCKET socket);
} s_kinds[] = {
    { WSK_FLAG_LISTEN_SOCKET, AF_INET, of_listener },       { WSK_FLAG_LISTEN_SOCKET, AF_INET6, of_listener },
    { WSK_FLAG_CONNECTION_SOCKET, AF_INET, of_connection }, { WSK_FLAG_STREAM_SOCKET, AF_INET6, of_stream },
    { WSK_FLAG_DATAGRAM_SOCKET, AF_INET, of_datagram },     { WSK_FLAG_DATAGRAM_SOCKET, AF_INET6, of_datagram },
};
#define FOR_EACH_KIND(i) for (unsigned i = 0; i < sizeof(s_kinds) / sizeof(s_kinds[0]); i++)

static PWSK_SOCKET kind_open(struct wsk_fixture *fixture, unsigned kind)
{
    bool is_datagram = s_kinds[kind].flags == WSK_FLAG_DATAGRAM_SOCKET;
    PWSK_SOCKET socket;

    assert_int_equal(socket_open_try(fixture, s_kinds[kind].flags, s_kinds[kind].family,
                                     is_datagram ? SOCK_DGRAM : SOCK_STREAM, is_datagram ? IPPROTO_UDP : IPPROTO_TCP,
                                     NULL, NULL, &socket),
                     STATUS_SUCCESS);
    return socket;
}

static NTSTATUS kind_bind(PWSK_SOCKET socket, unsigned kind, USHORT port)
{
    SOCKADDR_STORAGE address = address_loopback(s_kinds[kind].family, port);

    return socket_bind_try(socket, &address);
}

static USHORT kind_port(PWSK_SOCKET socket, unsigned kind)
{
    PFN_WSK_GET_LOCAL_ADDRESS get = s_kinds[kind].get_local_address(socket);
    SOCKADDR_STORAGE local;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, get(socket, (PSOCKADDR)&local, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    return address_port(&local);
}

/* --- who may bind ----------------------------------------------------------------------------------- */

static void test_reserved_ports_are_for_associated_sockets(void **state)
{
    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET holder = kind_open(*state, i);
        PWSK_SOCKET stranger = kind_open(*state, i);
        PWSK_SOCKET member = kind_open(*state, i);
        ULONG64 token;
        USHORT first = acquire(holder, 3, &token);

        assert_int_equal(kind_bind(stranger, i, first), STATUS_ACCESS_DENIED);
        assert_int_equal(kind_bind(stranger, i, (USHORT)(first + 2)), STATUS_ACCESS_DENIED);
        assert_int_equal(kind_bind(holder, i, first), STATUS_ACCESS_DENIED); /* as long as it is not associated */
        assert_int_equal(associate(member, token), STATUS_SUCCESS);
        assert_int_equal(kind_bind(member, i, (USHORT)(first - 1)), STATUS_INVALID_PARAMETER);
        assert_int_equal(kind_bind(member, i, (USHORT)(first + 3)), STATUS_INVALID_PARAMETER);
        assert_int_equal(kind_bind(member, i, (USHORT)(first + 2)), STATUS_SUCCESS);
        assert_int_equal(kind_port(member, i), first + 2);
        socket_close(member);
        socket_close(stranger);
        socket_close(holder);
    }
}

static void test_reserved_ports_are_given_out_one_by_one(void **state)
{
    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET members[3];
        PWSK_SOCKET holder = kind_open(*state, i);
        ULONG64 token;
        USHORT first = acquire(holder, 2, &token);

        for (unsigned n = 0; n < 3; n++) {
            members[n] = kind_open(*state, i);
            assert_int_equal(associate(members[n], token), STATUS_SUCCESS);
        }
        assert_int_equal(kind_bind(members[0], i, 0), STATUS_SUCCESS);
        assert_int_equal(kind_port(members[0], i), first);
        assert_int_equal(kind_bind(members[1], i, 0), STATUS_SUCCESS);
        assert_int_equal(kind_port(members[1], i), first + 1);
        assert_int_equal(kind_bind(members[2], i, 0), STATUS_ADDRESS_ALREADY_EXISTS); /* no port is left */
        socket_close(members[2]);
        socket_close(members[1]);
        socket_close(members[0]);
        socket_close(holder);
    }
}

static void test_reserved_ports_are_not_chosen_for_others(void **state)
{
    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET others[8];
        PWSK_SOCKET holder = kind_open(*state, i);
        ULONG64 token;
        USHORT first = acquire(holder, 4, &token);

        for (unsigned n = 0; n < 8; n++) {
            USHORT port;

            others[n] = kind_open(*state, i);
            assert_int_equal(kind_bind(others[n], i, 0), STATUS_SUCCESS);
            port = kind_port(others[n], i);
            assert_true(port != 0 && (port < first || port >= first + 4));
        }
        for (unsigned n = 0; n < 8; n++) {
            socket_close(others[n]);
        }
        socket_close(holder);
    }
}

static void test_reservations_are_of_one_protocol_and_both_families(void **state)
{
    PWSK_SOCKET tcp = kind_open(*state, 0);
    PWSK_SOCKET tcp6 = kind_open(*state, 1);
    PWSK_SOCKET udp = kind_open(*state, 4);
    SOCKADDR_STORAGE address;
    ULONG64 token;
    USHORT port = acquire(tcp, 1, &token);

    assert_int_equal(associate(udp, token), STATUS_INVALID_PARAMETER);
    assert_int_equal(release(udp, token), STATUS_INVALID_PARAMETER);
    address = address_loopback(AF_INET6, port);
    assert_int_equal(socket_bind_try(tcp6, &address), STATUS_ACCESS_DENIED);
    assert_int_equal(associate(tcp6, token), STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(tcp6, &address), STATUS_SUCCESS);
    address = address_loopback(AF_INET, port);
    assert_int_not_equal(socket_bind_try(udp, &address), STATUS_ACCESS_DENIED);
    socket_close(udp);
    socket_close(tcp6);
    socket_close(tcp);
}

/* --- how long --------------------------------------------------------------------------------------- */

static void test_released_ports_are_anybodys(void **state)
{
    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET holder = kind_open(*state, i);
        PWSK_SOCKET member = kind_open(*state, i);
        PWSK_SOCKET late = kind_open(*state, i);
        PWSK_SOCKET stranger = kind_open(*state, i);
        ULONG64 token;
        USHORT first = acquire(holder, 2, &token);

        assert_int_equal(associate(member, token), STATUS_SUCCESS);
        assert_int_equal(associate(late, token), STATUS_SUCCESS);
        assert_int_equal(kind_bind(member, i, first), STATUS_SUCCESS);
        assert_int_equal(release(stranger, token), STATUS_SUCCESS); /* any socket will do */
        assert_int_equal(kind_port(member, i), first);
        assert_int_equal(kind_bind(late, i, 0), STATUS_ADDRESS_ALREADY_EXISTS);
        assert_int_equal(kind_bind(stranger, i, (USHORT)(first + 1)), STATUS_SUCCESS);
        assert_int_equal(release(holder, token), STATUS_INVALID_PARAMETER);
        assert_int_equal(associate(late, token), STATUS_INVALID_PARAMETER);
        socket_close(stranger);
        socket_close(late);
        socket_close(member);
        socket_close(holder);
    }
}

static void test_closing_the_socket_releases_all_that_it_acquired(void **state)
{
    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET holder = kind_open(*state, i);
        PWSK_SOCKET other_holder = kind_open(*state, i);
        PWSK_SOCKET stranger = kind_open(*state, i);
        ULONG64 tokens[3];
        USHORT first = acquire(holder, 1, &tokens[0]);
        USHORT other;

        (void)acquire(holder, 2, &tokens[1]);
        other = acquire(other_holder, 1, &tokens[2]);
        socket_close(holder);
        assert_int_equal(release(stranger, tokens[0]), STATUS_INVALID_PARAMETER);
        assert_int_equal(release(stranger, tokens[1]), STATUS_INVALID_PARAMETER);
        assert_int_equal(kind_bind(stranger, i, other), STATUS_ACCESS_DENIED);
        assert_int_equal(kind_bind(stranger, i, first), STATUS_SUCCESS);
        socket_close(stranger);
        socket_close(other_holder);
    }
}

/* --- what can be acquired --------------------------------------------------------------------------- */

static void test_a_basic_socket_reserves_ports_of_its_protocol(void **state)
{
    PWSK_SOCKET holder = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET member = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    ULONG64 token;
    USHORT port = acquire(holder, 1, &token);

    assert_int_equal(associate(member, token), STATUS_SUCCESS);
    assert_int_equal(kind_bind(member, 0, 0), STATUS_SUCCESS);
    assert_int_equal(kind_port(member, 0), port);
    socket_close(member);
    socket_close(holder);
}

static void test_a_reserved_block_is_not_reserved_twice(void **state)
{
    INET_PORT_RESERVATION_INSTANCE instance;

    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET holder = kind_open(*state, i);
        PWSK_SOCKET second = kind_open(*state, i);
        ULONG64 token;
        USHORT first = acquire(holder, 3, &token);

        assert_int_equal(acquire_try(second, (USHORT)(first + 2), 2, &instance), STATUS_SHARING_VIOLATION);
        assert_int_equal(acquire_try(second, (USHORT)(first - 2), 3, &instance), STATUS_SHARING_VIOLATION);
        assert_int_equal(release(holder, token), STATUS_SUCCESS);
        assert_int_equal(acquire_try(second, first, 3, &instance), STATUS_SUCCESS);
        assert_int_equal(instance.StartPort, RtlUshortByteSwap(first));
        socket_close(second);
        socket_close(holder);
    }
}

static void test_a_bound_port_is_not_reserved(void **state)
{
    INET_PORT_RESERVATION_INSTANCE instance;

    FOR_EACH_KIND(i)
    {
        PWSK_SOCKET user = kind_open(*state, i);
        PWSK_SOCKET holder = kind_open(*state, i);
        ULONG64 token;
        USHORT port = acquire(holder, 1, &token);

        assert_int_equal(release(holder, token), STATUS_SUCCESS);
        assert_int_equal(kind_bind(user, i, port), STATUS_SUCCESS);
        assert_int_equal(acquire_try(holder, port, 1, &instance), STATUS_SHARING_VIOLATION);
        socket_close(user);
        socket_close(holder);
    }
}

static void test_a_port_of_another_program_is_not_reserved(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(AF_INET));
    PWSK_SOCKET holder = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    INET_PORT_RESERVATION_INSTANCE instance;

    assert_int_equal(acquire_try(holder, wsk_kit_server_port(server), 1, &instance), STATUS_SHARING_VIOLATION);
    wsk_kit_server_close(server);
    socket_close(holder);
}

/* Past the table, as another program would. */
static void test_a_port_that_another_program_took_later_is_in_use(void **state)
{
    const struct we_host_dgram_options options = { .is_v6_only = false };
    PWSK_SOCKET holder = kind_open(*state, 4);
    PWSK_SOCKET member = kind_open(*state, 4);
    ULONG64 token;
    USHORT first = acquire(holder, 2, &token);
    struct we_base_addr address = we_base_addr_any(WE_FAMILY_IPV4, first);
    struct we_host_ep *ep;

    assert_int_equal(we_host_dgram_open(&address, &options, &ep), WE_OK);
    assert_int_equal(associate(member, token), STATUS_SUCCESS);
    assert_int_equal(kind_bind(member, 4, first), STATUS_ADDRESS_ALREADY_EXISTS);
    assert_int_equal(kind_bind(member, 4, 0), STATUS_SUCCESS);
    assert_int_equal(kind_port(member, 4), first + 1);
    we_host_close(ep, WE_CLOSE_RESET);
    socket_close(member);
    socket_close(holder);
}

static void test_no_block_and_impossible_blocks_are_refused(void **state)
{
    PWSK_SOCKET holder = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    INET_PORT_RESERVATION_INSTANCE instance;

    assert_int_equal(acquire_try(holder, 0, 0, &instance), STATUS_INVALID_PARAMETER);
    assert_int_equal(acquire_try(holder, 50000, 0, &instance), STATUS_INVALID_PARAMETER);
    assert_int_equal(acquire_try(holder, 65535, 2, &instance), STATUS_INVALID_PARAMETER);
    assert_int_equal(acquire_try(holder, 0, 65535, &instance), STATUS_SHARING_VIOLATION); /* nobody has so many */
    assert_int_equal(release(holder, INVALID_PORT_RESERVATION_TOKEN), STATUS_INVALID_PARAMETER);
    assert_int_equal(associate(holder, INVALID_PORT_RESERVATION_TOKEN), STATUS_INVALID_PARAMETER);
    socket_close(holder);
}

#define RESERVATION_COUNT 64

static void test_more_reservations_than_there_is_room_for_are_refused(void **state)
{
    PWSK_SOCKET holder = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    INET_PORT_RESERVATION_INSTANCE instance;
    ULONG64 tokens[RESERVATION_COUNT];

    for (unsigned i = 0; i < RESERVATION_COUNT; i++) {
        (void)acquire(holder, 1, &tokens[i]);
    }
    assert_int_equal(acquire_try(holder, 0, 1, &instance), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(release(holder, tokens[7]), STATUS_SUCCESS);
    assert_int_equal(acquire_try(holder, 0, 1, &instance), STATUS_SUCCESS);
    socket_close(holder);
}

/* --- memory is short -------------------------------------------------------------------------------- */

static NTSTATUS attempt_acquire(struct scene *scene)
{
    INET_PORT_RESERVATION_INSTANCE instance;
    const INET_PORT_RANGE range = { 0, 2 };
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS status;

    sweep_begin();
    status = ((const WSK_PROVIDER_BASIC_DISPATCH *)scene->holder->Dispatch)
                 ->WskControlSocket(scene->holder, WskIoctl, SIO_ACQUIRE_PORT_RESERVATION, 0, sizeof(range),
                                    (PVOID)&range, sizeof(instance), &instance, NULL, irp);
    sweep_end();
    status = request_wait(request, status);
    request_destroy(request);
    return NT_SUCCESS(status) ? release(scene->holder, instance.Token) : status;
}

static void test_memory_short_acquiring_ports(void **state)
{
    struct scene scene = { socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL) };

    sweep(&scene, attempt_acquire);
    socket_close(scene.holder);
}

#define TESTS(X)                                                 \
    X(test_reserved_ports_are_for_associated_sockets)            \
    X(test_reserved_ports_are_given_out_one_by_one)              \
    X(test_reserved_ports_are_not_chosen_for_others)             \
    X(test_reservations_are_of_one_protocol_and_both_families)   \
    X(test_released_ports_are_anybodys)                          \
    X(test_closing_the_socket_releases_all_that_it_acquired)     \
    X(test_a_basic_socket_reserves_ports_of_its_protocol)        \
    X(test_a_reserved_block_is_not_reserved_twice)               \
    X(test_a_bound_port_is_not_reserved)                         \
    X(test_a_port_of_another_program_is_not_reserved)            \
    X(test_a_port_that_another_program_took_later_is_in_use)     \
    X(test_no_block_and_impossible_blocks_are_refused)           \
    X(test_more_reservations_than_there_is_room_for_are_refused) \
    X(test_memory_short_acquiring_ports)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
