/* SPDX-License-Identifier: MIT */
/* I/O controls about this host's addresses and routes. */
#include "support/wsk_fixture.h"

#include <string.h>

#include <mstcpip.h>

#define LIST_BYTES 16384u

static const WSK_PROVIDER_BASIC_DISPATCH *table_of(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

/* A list with room for all addresses that a host may have. */
union list_buffer {
    SOCKET_ADDRESS_LIST list;
    UCHAR bytes[LIST_BYTES];
};

/* Lists are declared with one entry and have as many as they say. */
static SOCKET_ADDRESS *entry_of(const union list_buffer *buffer, INT index)
{
    return (SOCKET_ADDRESS *)(ULONG_PTR)(buffer->bytes + SIZEOF_SOCKET_ADDRESS_LIST((SIZE_T)index));
}

static NTSTATUS list_query(PWSK_SOCKET socket, void *output, SIZE_T output_size, SIZE_T *returned)
{
    return table_of(socket)->WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_QUERY, 0, 0, NULL, output_size, output,
                                              returned, NULL);
}

/* --- SIO_ADDRESS_LIST_QUERY ------------------------------------------------------------------------- */

static void check_list(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, family, NULL, NULL);
    union list_buffer buffer;
    SIZE_T needed = 0;
    SIZE_T returned = 0;
    bool has_loopback = false;
    INT i;

    assert_int_equal(list_query(socket, NULL, 0, &needed), STATUS_BUFFER_OVERFLOW);
    assert_true(needed >= sizeof(SOCKET_ADDRESS_LIST) && needed < LIST_BYTES);
    memset(&buffer, 0x5a, sizeof(buffer));
    assert_int_equal(list_query(socket, &buffer, needed - 1, &returned), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(returned, needed);
    assert_int_equal(buffer.bytes[0], 0x5a);
    returned = 0;
    assert_int_equal(list_query(socket, &buffer, needed, &returned), STATUS_SUCCESS);
    assert_int_equal(returned, needed);
    assert_int_equal(buffer.bytes[needed], 0x5a);

    assert_true(buffer.list.iAddressCount >= 1);
    for (i = 0; i < buffer.list.iAddressCount; i++) {
        const SOCKADDR *address = entry_of(&buffer, i)->lpSockaddr;

        assert_true((const UCHAR *)address > buffer.bytes && (const UCHAR *)address < buffer.bytes + needed);
        assert_int_equal(entry_of(&buffer, i)->iSockaddrLength, INET_SOCKADDR_LENGTH(family));
        assert_int_equal(address->sa_family, family);
        assert_int_equal(INETADDR_PORT(address), 0);
        has_loopback = has_loopback || INETADDR_ISLOOPBACK(address);
    }
    assert_true(has_loopback);
    socket_close(socket);
}

static void test_address_list_has_the_addresses_of_the_family(void **state)
{
    check_list(*state, AF_INET);
    check_list(*state, AF_INET6);
}

static void test_address_list_addresses_can_be_bound_to(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    union list_buffer buffer;
    SIZE_T returned = 0;
    INT i;

    assert_int_equal(list_query(socket, &buffer, sizeof(buffer), &returned), STATUS_SUCCESS);
    for (i = 0; i < buffer.list.iAddressCount; i++) {
        PWSK_SOCKET bound = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
        SOCKADDR_STORAGE address;

        memset(&address, 0, sizeof(address));
        memcpy(&address, entry_of(&buffer, i)->lpSockaddr, (size_t)entry_of(&buffer, i)->iSockaddrLength);
        assert_int_equal(socket_bind_try(bound, &address), STATUS_SUCCESS);
        socket_close(bound);
    }
    socket_close(socket);
}

static void test_address_list_without_a_place_for_its_size_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    union list_buffer buffer;

    assert_int_equal(list_query(socket, &buffer, sizeof(buffer), NULL), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

/* --- SIO_ADDRESS_LIST_SORT -------------------------------------------------------------------------- */

static NTSTATUS list_sort(PWSK_SOCKET socket, void *input, SIZE_T input_size, void *output, SIZE_T output_size,
                          SIZE_T *returned)
{
    return table_of(socket)->WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_SORT, 0, input_size, input,
                                              output_size, output, returned, NULL);
}

/* Two addresses, that lie outside the list's buffer; returns the size of the list alone. */
static SIZE_T two_addresses(union list_buffer *buffer, SOCKADDR_STORAGE addresses[2])
{
    addresses[0] = address_loopback(AF_INET6, 1);
    addresses[1] = address_loopback(AF_INET, 2);
    buffer->list.iAddressCount = 2;
    entry_of(buffer, 0)->lpSockaddr = (LPSOCKADDR)&addresses[0];
    entry_of(buffer, 0)->iSockaddrLength = sizeof(SOCKADDR_IN6);
    entry_of(buffer, 1)->lpSockaddr = (LPSOCKADDR)&addresses[1];
    entry_of(buffer, 1)->iSockaddrLength = sizeof(SOCKADDR_IN);
    return SIZEOF_SOCKET_ADDRESS_LIST(2);
}

static void check_two(const union list_buffer *buffer)
{
    assert_int_equal(buffer->list.iAddressCount, 2);
    assert_int_equal(entry_of(buffer, 0)->lpSockaddr->sa_family, AF_INET6);
    assert_int_equal(entry_of(buffer, 0)->iSockaddrLength, sizeof(SOCKADDR_IN6));
    assert_int_equal(entry_of(buffer, 1)->lpSockaddr->sa_family, AF_INET);
    assert_int_equal(entry_of(buffer, 1)->iSockaddrLength, sizeof(SOCKADDR_IN));
    assert_true((UCHAR *)entry_of(buffer, 1)->lpSockaddr > buffer->bytes &&
                (UCHAR *)entry_of(buffer, 1)->lpSockaddr < buffer->bytes + LIST_BYTES);
}

static void test_address_list_sort_keeps_the_order(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE addresses[2];
    union list_buffer input;
    union list_buffer output;
    SIZE_T size = two_addresses(&input, addresses);
    SIZE_T needed = 0;
    SIZE_T returned = 0;

    assert_int_equal(list_sort(socket, &input, size, &output, size, &needed), STATUS_BUFFER_OVERFLOW);
    assert_true(needed > size);
    assert_int_equal(list_sort(socket, &input, size, &output, needed, &returned), STATUS_SUCCESS);
    assert_int_equal(returned, needed);
    check_two(&output);
    /* In place: the input is the output. */
    assert_int_equal(list_sort(socket, &output, returned, &output, sizeof(output), &returned), STATUS_SUCCESS);
    check_two(&output);
    socket_close(socket);
}

static void test_address_list_sort_of_a_broken_list_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE addresses[2];
    union list_buffer input;
    union list_buffer output;
    SIZE_T size = two_addresses(&input, addresses);
    SIZE_T returned;

    assert_int_equal(list_sort(socket, &input, size - 1, &output, sizeof(output), &returned), STATUS_INVALID_PARAMETER);
    input.list.iAddressCount = -1;
    assert_int_equal(list_sort(socket, &input, size, &output, sizeof(output), &returned), STATUS_INVALID_PARAMETER);
    input.list.iAddressCount = 0x7fffffff;
    assert_int_equal(list_sort(socket, &input, size, &output, sizeof(output), &returned), STATUS_INVALID_PARAMETER);
    input.list.iAddressCount = 2;
    entry_of(&input, 0)->iSockaddrLength = sizeof(SOCKADDR_IN);
    assert_int_equal(list_sort(socket, &input, size, &output, sizeof(output), &returned), STATUS_INVALID_PARAMETER);
    entry_of(&input, 0)->lpSockaddr = NULL;
    assert_int_equal(list_sort(socket, &input, size, &output, sizeof(output), &returned), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

/* --- changes ---------------------------------------------------------------------------------------- */

static NTSTATUS change_start(PWSK_SOCKET socket, ULONG code, SOCKADDR_STORAGE *input, struct wsk_request *request)
{
    return table_of(socket)->WskControlSocket(socket, WskIoctl, code, 0, input != NULL ? sizeof(SOCKADDR_IN) : 0, input,
                                              0, NULL, NULL, request_irp(request));
}

static void test_address_change_pends_until_it_is_cancelled(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *first = request_create();
    struct wsk_request *second = request_create();
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 80);
    NTSTATUS returned = change_start(socket, SIO_ADDRESS_LIST_CHANGE, NULL, first);

    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(change_start(socket, SIO_ROUTING_INTERFACE_CHANGE, &remote, second), STATUS_PENDING);
    assert_false(request_is_done(first));
    assert_true(IoCancelIrp(first->irp));
    assert_int_equal(request_wait(first, returned), STATUS_CANCELLED);
    assert_int_equal(first->result.Information, 0);
    assert_false(request_is_done(second));
    assert_true(IoCancelIrp(second->irp));
    assert_int_equal(request_wait(second, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(second);
    request_destroy(first);
    socket_close(socket);
}

static void test_address_change_is_cancelled_before_the_close_completes(void **state)
{
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    struct wsk_request *change = request_create();
    struct wsk_request *close = request_create();
    NTSTATUS returned;

    assert_int_equal(change_start(socket, SIO_ADDRESS_LIST_CHANGE, NULL, change), STATUS_PENDING);
    returned = table_of(socket)->WskCloseSocket(socket, request_irp(close));
    assert_int_equal(request_wait(close, returned), STATUS_SUCCESS);
    assert_true(request_is_done(change));
    assert_int_equal(request_wait(change, STATUS_PENDING), STATUS_CANCELLED);
    assert_true(change->order < close->order);
    request_destroy(close);
    request_destroy(change);
}

static void test_address_change_cancelled_beforehand_is_not_queued(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;

    assert_false(IoCancelIrp(irp));
    returned =
        table_of(socket)->WskControlSocket(socket, WskIoctl, SIO_ADDRESS_LIST_CHANGE, 0, 0, NULL, 0, NULL, NULL, irp);
    assert_int_equal(request_wait(request, returned), STATUS_CANCELLED);
    request_destroy(request);
    socket_close(socket);
}

static void test_route_change_of_another_family_fails(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET6, NULL, NULL);
    struct wsk_request *request = request_create();
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 80);

    assert_int_equal(request_wait(request, change_start(socket, SIO_ROUTING_INTERFACE_CHANGE, &remote, request)),
                     STATUS_INVALID_PARAMETER);
    request_destroy(request);
    socket_close(socket);
}

/* --- single addresses ------------------------------------------------------------------------------- */

static NTSTATUS route_query(PWSK_SOCKET socket, SOCKADDR_STORAGE *remote, SIZE_T remote_size, SOCKADDR_STORAGE *local,
                            SIZE_T local_size, SIZE_T *returned)
{
    return table_of(socket)->WskControlSocket(socket, WskIoctl, SIO_ROUTING_INTERFACE_QUERY, 0, remote_size, remote,
                                              local_size, local, returned, NULL);
}

static void check_route(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_BASIC_SOCKET, family, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(family, 80);
    SIZE_T size = INET_SOCKADDR_LENGTH(family);
    SOCKADDR_STORAGE local;
    SIZE_T returned = 0;

    memset(&local, 0x5a, sizeof(local));
    assert_int_equal(route_query(socket, &remote, size, &local, size, &returned), STATUS_SUCCESS);
    assert_int_equal(returned, size);
    assert_int_equal(local.ss_family, family);
    assert_true(INETADDR_ISLOOPBACK((const SOCKADDR *)&local));
    assert_int_equal(INETADDR_PORT((const SOCKADDR *)&local), 0);
    returned = 0;
    assert_int_equal(route_query(socket, &remote, size - 1, &local, size, &returned), STATUS_INVALID_PARAMETER);
    assert_int_equal(route_query(socket, &remote, size, &local, size - 1, &returned), STATUS_BUFFER_TOO_SMALL);
    remote.ss_family = AF_UNSPEC;
    assert_int_equal(route_query(socket, &remote, size, &local, size, &returned), STATUS_INVALID_PARAMETER);
    socket_close(socket);
}

static void test_route_to_the_loopback_is_from_the_loopback(void **state)
{
    check_route(*state, AF_INET);
    check_route(*state, AF_INET6);
}

/* The route to a broadcast address was refused on real sockets (access denied), though nothing is sent there: the socket
 * that asked the system for it must be allowed to broadcast. */
static void test_route_to_a_broadcast_address_is_known(void **state)
{
    PWSK_SOCKET socket = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_any(AF_INET, 0);
    IN_ADDR *address = &((SOCKADDR_IN *)&remote)->sin_addr;
    SOCKADDR_STORAGE local;
    SIZE_T returned = 0;
    NTSTATUS status;

    address->S_un.S_addr = 0xffffff7f; /* 127.255.255.255: of the one network that every machine has */
    memset(&local, 0x5a, sizeof(local));
    assert_int_equal(route_query(socket, &remote, sizeof(SOCKADDR_IN), &local, sizeof(SOCKADDR_IN), &returned),
                     STATUS_SUCCESS);
    assert_int_equal(returned, sizeof(SOCKADDR_IN));
    assert_true(INETADDR_ISLOOPBACK((const SOCKADDR *)&local));
    assert_int_equal(INETADDR_PORT((const SOCKADDR *)&local), 0);
    /* Everybody's broadcast address has a way where the machine has a network. It is nobody's own. */
    address->S_un.S_addr = INADDR_BROADCAST;
    status = route_query(socket, &remote, sizeof(SOCKADDR_IN), &local, sizeof(SOCKADDR_IN), &returned);
    assert_true(status == STATUS_SUCCESS || status == STATUS_NETWORK_UNREACHABLE);
    assert_int_not_equal(((SOCKADDR_IN *)&local)->sin_addr.S_un.S_addr, INADDR_BROADCAST);
    socket_close(socket);
}

static void test_broadcast_address_is_of_ipv4_only(void **state)
{
    PWSK_SOCKET v4 = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    PWSK_SOCKET v6 = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET6, NULL, NULL);
    ULONG_PTR information = 0;
    SOCKADDR_IN address;
    NTSTATUS status;

    memset(&address, 0x5a, sizeof(address));
    REQUEST_CALL(status, &information, irp,
                 table_of(v4)->WskControlSocket(v4, WskIoctl, SIO_GET_BROADCAST_ADDRESS, 0, 0, NULL, sizeof(address),
                                                &address, NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(information, sizeof(address));
    assert_int_equal(address.sin_family, AF_INET);
    assert_int_equal(address.sin_addr.s_addr, INADDR_BROADCAST);
    assert_int_equal(table_of(v6)->WskControlSocket(v6, WskIoctl, SIO_GET_BROADCAST_ADDRESS, 0, 0, NULL,
                                                    sizeof(address), &address, NULL, NULL),
                     STATUS_NOT_SUPPORTED);
    socket_close(v6);
    socket_close(v4);
}

#define TESTS(X)                                                   \
    X(test_address_list_has_the_addresses_of_the_family)           \
    X(test_address_list_addresses_can_be_bound_to)                 \
    X(test_address_list_without_a_place_for_its_size_fails)        \
    X(test_address_list_sort_keeps_the_order)                      \
    X(test_address_list_sort_of_a_broken_list_fails)               \
    X(test_address_change_pends_until_it_is_cancelled)             \
    X(test_address_change_is_cancelled_before_the_close_completes) \
    X(test_address_change_cancelled_beforehand_is_not_queued)      \
    X(test_route_change_of_another_family_fails)                   \
    X(test_route_to_the_loopback_is_from_the_loopback)             \
    X(test_route_to_a_broadcast_address_is_known)                  \
    X(test_broadcast_address_is_of_ipv4_only)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
