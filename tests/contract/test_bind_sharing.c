/* SPDX-License-Identifier: MIT */
/* Who may bind to an address that another socket has: the whole table, on both networks. */
/* Built twice: WE_TEST_GRANT sets the knob by which security descriptors grant. */
#ifdef WE_TEST_GRANT
#define CONTRACT_CONFIG .grant_address_sharing = 1
#endif

#include "support/wsk_fixture.h"

#include <string.h>

/* --- the table ------------------------------------------------------------------------------------ */

enum outcome { OK, USE, DEN, CHK }; /* CHK: the first socket's security descriptor decides */

/* How a socket binds: the option, and the address. */
static const struct {
    const char *name;
    ULONG option; /* 0: neither */
    bool is_wildcard;
} s_ways[] = {
    { "none-W", 0, true },
    { "none-S", 0, false },
    { "reuse-W", SO_REUSEADDR, true },
    { "reuse-S", SO_REUSEADDR, false },
    { "exclusive-W", (ULONG)SO_EXCLUSIVEADDRUSE, true },
    { "exclusive-S", (ULONG)SO_EXCLUSIVEADDRUSE, false },
};
#define WAY_COUNT (sizeof(s_ways) / sizeof(s_ways[0]))

/* As the documentation prints it: a row for the second socket, a column for the first. */
static const enum outcome s_outcomes[WAY_COUNT][WAY_COUNT] = {
    { USE, OK, USE, OK, USE, OK },  { CHK, USE, CHK, DEN, DEN, USE }, { DEN, OK, OK, OK, DEN, OK },
    { CHK, DEN, OK, OK, DEN, DEN }, { USE, USE, USE, USE, USE, USE }, { CHK, USE, CHK, USE, DEN, USE },
};

static NTSTATUS status_of(enum outcome outcome, bool is_granted)
{
    switch (outcome) {
    case OK:
        return STATUS_SUCCESS;
    case USE:
        return STATUS_ADDRESS_ALREADY_EXISTS;
    case DEN:
        return STATUS_ACCESS_DENIED;
    default:
        return is_granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    }
}

static PWSK_SOCKET way_open(struct wsk_fixture *fixture, ULONG flags, ADDRESS_FAMILY family, unsigned way)
{
    PWSK_SOCKET socket = socket_open(fixture, flags, family, NULL, NULL);

    if (s_ways[way].option != 0) {
        assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, s_ways[way].option, 1), STATUS_SUCCESS);
    }
    return socket;
}

static NTSTATUS way_bind(PWSK_SOCKET socket, ADDRESS_FAMILY family, unsigned way, USHORT port)
{
    SOCKADDR_STORAGE address = s_ways[way].is_wildcard ? address_any(family, port) : address_loopback(family, port);

    return socket_bind_try(socket, &address);
}

static USHORT port_of(PWSK_SOCKET socket, bool is_listener)
{
    SOCKADDR_STORAGE local = socket_local(socket, is_listener);

    return address_port(&local);
}

static void security_set(struct wsk_fixture *fixture, PWSK_SOCKET socket)
{
    PSECURITY_DESCRIPTOR descriptor = fixture;

    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_CACHE_SD, sizeof(descriptor),
                                                             &descriptor, sizeof(descriptor), &descriptor, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(socket_set_option(socket, SOL_SOCKET, SO_WSK_SECURITY, &descriptor, sizeof(descriptor)),
                     STATUS_SUCCESS);
    wsk_kit_run_until_idle(); /* until the completion routine has returned */
    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_RELEASE_SD, sizeof(descriptor),
                                                             &descriptor, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
}

/* A port that the system gave for one address may belong to another process at the other: then the next one is tried. */
#define PORTS_TRIED 16

static bool is_anothers(const struct wsk_fixture *fixture, NTSTATUS status, NTSTATUS expected)
{
    return !fixture->way->is_virtual && status == STATUS_ADDRESS_ALREADY_EXISTS && expected == STATUS_SUCCESS;
}

/* Two listeners that have to get the same port; returns it. */
static USHORT pair_open(struct wsk_fixture *fixture, unsigned first_way, PWSK_SOCKET *first, unsigned second_way,
                        PWSK_SOCKET *second)
{
    unsigned tries_left = PORTS_TRIED;

    for (;;) {
        NTSTATUS status;
        USHORT port;

        *first = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, first_way);
        *second = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, second_way);
        assert_int_equal(way_bind(*first, AF_INET, first_way, 0), STATUS_SUCCESS);
        port = port_of(*first, true);
        status = way_bind(*second, AF_INET, second_way, port);
        if (!is_anothers(fixture, status, STATUS_SUCCESS) || --tries_left == 0) {
            assert_int_equal(status, STATUS_SUCCESS);
            return port;
        }
        socket_close(*first);
        socket_close(*second);
    }
}

/* Two sockets and one port. */
static NTSTATUS cell_try(struct wsk_fixture *fixture, ADDRESS_FAMILY family, unsigned second_way, unsigned first_way,
                         bool has_security)
{
    PWSK_SOCKET first = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, family, first_way);
    PWSK_SOCKET second = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, family, second_way);
    NTSTATUS status;

    if (has_security) {
        security_set(fixture, first);
    }
    assert_int_equal(way_bind(first, family, first_way, 0), STATUS_SUCCESS);
    status = way_bind(second, family, second_way, port_of(first, true));
    /* The first socket does not notice. A refused one may try elsewhere. */
    if (!NT_SUCCESS(status)) {
        assert_int_equal(way_bind(second, family, second_way, 0), STATUS_SUCCESS);
    }
    socket_close(first);
    socket_close(second);
    return status;
}

static void cell_walk(struct wsk_fixture *fixture, ADDRESS_FAMILY family, unsigned second_way, unsigned first_way,
                      bool has_security)
{
    NTSTATUS expected =
        status_of(s_outcomes[second_way][first_way], has_security && fixture->way->config.grant_address_sharing != 0);
    unsigned tries_left = PORTS_TRIED;
    NTSTATUS status;

    do {
        status = cell_try(fixture, family, second_way, first_way, has_security);
    } while (is_anothers(fixture, status, expected) && --tries_left > 0);
    if (status != expected) {
        fail_msg("family %u: %s after %s: 0x%08x, expected 0x%08x", family, s_ways[second_way].name,
                 s_ways[first_way].name, (unsigned)status, (unsigned)expected);
    }
}

static void table_walk(struct wsk_fixture *fixture, ADDRESS_FAMILY family, bool has_security)
{
    unsigned second_way;
    unsigned first_way;

    for (second_way = 0; second_way < WAY_COUNT; second_way++) {
        for (first_way = 0; first_way < WAY_COUNT; first_way++) {
            cell_walk(fixture, family, second_way, first_way, has_security);
        }
    }
}

static void test_bind_sharing_follows_the_table(void **state)
{
    table_walk(*state, AF_INET, false);
}

static void test_bind_sharing_follows_the_table_over_ipv6(void **state)
{
    table_walk(*state, AF_INET6, false);
}

/* A descriptor from WSK_CACHE_SD; what it says is a knob. */
static void test_bind_sharing_with_a_security_descriptor_follows_the_table(void **state)
{
    table_walk(*state, AF_INET, true);
}

/* --- what the table says nothing about ------------------------------------------------------------ */

static SOCKADDR_STORAGE other_loopback(USHORT port)
{
    SOCKADDR_STORAGE address = address_loopback(AF_INET, port);

    ((SOCKADDR_IN *)&address)->sin_addr.S_un.S_un_b.s_b4 = 2;
    return address;
}

/* The virtual network has all addresses; not every system has more than one loopback address. */
static void test_bind_to_different_addresses_never_conflicts(void **state)
{
    struct wsk_fixture *fixture = *state;
    unsigned first_way;

    for (first_way = 1; first_way < WAY_COUNT && fixture->way->is_virtual; first_way += 2) {
        PWSK_SOCKET first = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, first_way);
        PWSK_SOCKET second = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, 5);
        SOCKADDR_STORAGE other;

        assert_int_equal(way_bind(first, AF_INET, first_way, 0), STATUS_SUCCESS);
        other = other_loopback(port_of(first, true));
        assert_int_equal(socket_bind_try(second, &other), STATUS_SUCCESS);
        socket_close(first);
        socket_close(second);
    }
}

/* A listener and a socket that wants to connect compete like two listeners. */
static NTSTATUS connection_try(struct wsk_fixture *fixture, unsigned second_way, unsigned first_way)
{
    PWSK_SOCKET first = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, first_way);
    PWSK_SOCKET second = way_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, second_way);
    NTSTATUS status;

    assert_int_equal(way_bind(first, AF_INET, first_way, 0), STATUS_SUCCESS);
    status = way_bind(second, AF_INET, second_way, port_of(first, true));
    socket_close(second);
    socket_close(first);
    return status;
}

static void test_bind_sharing_is_the_same_for_connection_sockets(void **state)
{
    unsigned cell;

    for (cell = 0; cell < WAY_COUNT * WAY_COUNT; cell++) {
        NTSTATUS expected = status_of(s_outcomes[cell / WAY_COUNT][cell % WAY_COUNT], false);
        unsigned tries_left = PORTS_TRIED;
        NTSTATUS status;

        do {
            status = connection_try(*state, cell / WAY_COUNT, cell % WAY_COUNT);
        } while (is_anothers(*state, status, expected) && --tries_left > 0);
        assert_int_equal(status, expected);
    }
}

static PWSK_SOCKET v6_open(struct wsk_fixture *fixture, ULONG v6only)
{
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET6, NULL, NULL);

    assert_int_equal(socket_set_ulong(socket, IPPROTO_IPV6, IPV6_V6ONLY, v6only), STATUS_SUCCESS);
    return socket;
}

/* A dual-stack wildcard is an IPv4 wildcard as well. */
static void test_bind_sharing_of_a_dual_stack_socket_counts_for_ipv4(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET dual = v6_open(fixture, 0);
    PWSK_SOCKET v4 = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    USHORT port;

    assert_int_equal(socket_bind_try(dual, &any), STATUS_SUCCESS);
    port = port_of(dual, true);
    assert_int_equal(way_bind(v4, AF_INET, 0, port), STATUS_ADDRESS_ALREADY_EXISTS); /* none-W after none-W */
    assert_int_equal(way_bind(v4, AF_INET, 1, port), STATUS_ACCESS_DENIED);          /* none-S after none-W */
    socket_close(dual);
    socket_close(v4);
}

/* 127.0.0.1 in an IPv6 address is 127.0.0.1. */
static void test_bind_sharing_of_a_mapped_address_is_that_of_ipv4(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET dual = v6_open(fixture, 0);
    PWSK_SOCKET v4 = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE mapped = address_any(AF_INET6, 0);
    SOCKADDR_IN6 *in6 = (SOCKADDR_IN6 *)&mapped;

    in6->sin6_addr.u.Byte[10] = 0xff;
    in6->sin6_addr.u.Byte[11] = 0xff;
    in6->sin6_addr.u.Byte[12] = 127;
    in6->sin6_addr.u.Byte[15] = 1;
    assert_int_equal(socket_bind_try(dual, &mapped), STATUS_SUCCESS);
    assert_int_equal(way_bind(v4, AF_INET, 1, port_of(dual, true)),
                     STATUS_ADDRESS_ALREADY_EXISTS); /* none-S after it */
    socket_close(dual);
    socket_close(v4);
}

static NTSTATUS dual_after_v4_try(struct wsk_fixture *fixture)
{
    PWSK_SOCKET dual = v6_open(fixture, 0);
    PWSK_SOCKET v4 = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE any;
    NTSTATUS status;

    assert_int_equal(way_bind(v4, AF_INET, 1, 0), STATUS_SUCCESS);
    any = address_any(AF_INET6, port_of(v4, true));
    status = socket_bind_try(dual, &any); /* none-W after none-S */
    socket_close(dual);
    socket_close(v4);
    return status;
}

static void test_bind_of_a_dual_stack_socket_may_follow_a_specific_ipv4_one(void **state)
{
    unsigned tries_left = PORTS_TRIED;
    NTSTATUS status;

    do {
        status = dual_after_v4_try(*state);
    } while (is_anothers(*state, status, STATUS_SUCCESS) && --tries_left > 0);
    assert_int_equal(status, STATUS_SUCCESS);
}

static NTSTATUS v4_after_v6_try(struct wsk_fixture *fixture)
{
    PWSK_SOCKET v6 = v6_open(fixture, 1);
    PWSK_SOCKET v4 = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);
    NTSTATUS status;

    assert_int_equal(socket_bind_try(v6, &any), STATUS_SUCCESS);
    status = way_bind(v4, AF_INET, 0, port_of(v6, true));
    socket_close(v6);
    socket_close(v4);
    return status;
}

static void test_bind_sharing_of_an_ipv6_only_socket_is_its_own(void **state)
{
    unsigned tries_left = PORTS_TRIED;
    NTSTATUS status;

    do {
        status = v4_after_v6_try(*state);
    } while (is_anothers(*state, status, STATUS_SUCCESS) && --tries_left > 0);
    assert_int_equal(status, STATUS_SUCCESS);
}

/* With three sockets the oldest refusal counts, and who is gone has no say. */
static void test_bind_sharing_looks_at_everybody(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET third = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, 1);
    PWSK_SOCKET specific;
    PWSK_SOCKET wildcard;
    USHORT port = pair_open(fixture, 3, &specific, 2, &wildcard);

    assert_int_equal(way_bind(third, AF_INET, 1, port), STATUS_ACCESS_DENIED);
    socket_close(specific);
    assert_int_equal(way_bind(third, AF_INET, 1, port), STATUS_ACCESS_DENIED); /* the wildcard asks its descriptor */
    socket_close(wildcard);
    assert_int_equal(way_bind(third, AF_INET, 1, port), STATUS_SUCCESS);
    socket_close(third);
}

/* A specific address is the better match: connections go to its socket. */
static void test_connections_go_to_the_specific_address(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET specific;
    PWSK_SOCKET wildcard;
    USHORT port = pair_open(fixture, 1, &specific, 0, &wildcard);
    PWSK_SOCKET accepted = listener_accept_peer(specific, AF_INET, port, NULL, NULL, &peer);

    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(specific);

    /* Now the wildcard gets them. */
    accepted = listener_accept_peer(wildcard, AF_INET, port, NULL, NULL, &peer);
    socket_close(accepted);
    wsk_kit_peer_close(peer);
    socket_close(wildcard);
}

/* Whoever is not of this library is the network's to judge. */
static void test_bind_next_to_a_foreign_listener_is_in_use(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET listener = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, 3);

    assert_int_equal(way_bind(listener, AF_INET, 3, wsk_kit_server_port(server)), STATUS_ADDRESS_ALREADY_EXISTS);
    wsk_kit_server_close(server);
    socket_close(listener);
}

/* A port that the network has chosen for a connection is not in the table. */
static void test_port_of_a_connection_is_the_networks_to_judge(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET connection = connection_open_bound(fixture, AF_INET, NULL, NULL);
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);

    assert_int_equal(way_bind(listener, AF_INET, 1, port_of(connection, false)),
                     fixture->way->is_virtual ? STATUS_SUCCESS : STATUS_ADDRESS_ALREADY_EXISTS);
    socket_close(connection);
    socket_close(listener);
}

/* A socket that WskSocketConnect gave up was never closed, and yet its address is free again. */
static void test_failed_socket_connect_gives_its_address_back(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE local = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    PWSK_SOCKET listener = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP,
                                                         (PSOCKADDR)&local, (PSOCKADDR)&remote, 0, NULL, NULL, NULL,
                                                         NULL, NULL, irp));
    assert_false(NT_SUCCESS(status));
    assert_int_equal(socket_bind_try(listener, &local), STATUS_SUCCESS);
    socket_close(listener);
}

/* The modes exclude each other, as in Winsock. */
static void test_reuse_and_exclusive_exclude_each_other(void **state)
{
    struct wsk_fixture *fixture = *state;
    PWSK_SOCKET socket = way_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, 2);

    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_REUSEADDR, 0), STATUS_SUCCESS);
    assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, 1), STATUS_SUCCESS);
    socket_close(socket);
}

#define TESTS(X)                                                       \
    X(test_bind_sharing_follows_the_table)                             \
    X(test_bind_sharing_follows_the_table_over_ipv6)                   \
    X(test_bind_sharing_with_a_security_descriptor_follows_the_table)  \
    X(test_bind_to_different_addresses_never_conflicts)                \
    X(test_bind_sharing_is_the_same_for_connection_sockets)            \
    X(test_bind_sharing_of_a_dual_stack_socket_counts_for_ipv4)        \
    X(test_bind_sharing_of_a_mapped_address_is_that_of_ipv4)           \
    X(test_bind_of_a_dual_stack_socket_may_follow_a_specific_ipv4_one) \
    X(test_bind_sharing_of_an_ipv6_only_socket_is_its_own)             \
    X(test_bind_sharing_looks_at_everybody)                            \
    X(test_connections_go_to_the_specific_address)                     \
    X(test_bind_next_to_a_foreign_listener_is_in_use)                  \
    X(test_port_of_a_connection_is_the_networks_to_judge)              \
    X(test_failed_socket_connect_gives_its_address_back)               \
    X(test_reuse_and_exclusive_exclude_each_other)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
