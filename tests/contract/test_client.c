/* SPDX-License-Identifier: MIT */
/* WskControlClient, and static event callbacks. */
#include "support/wsk_fixture.h"

#include <string.h>

static NTSTATUS control_client(struct wsk_fixture *fixture, ULONG code, PVOID input, SIZE_T input_size, PVOID output,
                               SIZE_T output_size, SIZE_T *returned)
{
    return fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, code, input_size, input, output_size, output,
                                                   returned, NULL);
}

static NTSTATUS set_static_events(struct wsk_fixture *fixture, ULONG mask)
{
    WSK_EVENT_CALLBACK_CONTROL control;

    control.NpiId = &NPI_WSK_INTERFACE_ID;
    control.EventMask = mask;
    return control_client(fixture, WSK_SET_STATIC_EVENT_CALLBACKS, &control, sizeof(control), NULL, 0, NULL);
}

/* --- transport list ------------------------------------------------------------------------------- */

static void test_transport_list_without_a_buffer_tells_the_size(void **state)
{
    struct wsk_fixture *fixture = *state;
    SIZE_T returned[2] = { 0, 0x5a5a5a5a };

    assert_int_equal(control_client(fixture, WSK_TRANSPORT_LIST_QUERY, NULL, 0, NULL, 0, &returned[0]),
                     STATUS_BUFFER_OVERFLOW);
    assert_true(returned[0] >= sizeof(WSK_TRANSPORT));
    assert_int_equal(returned[0] % sizeof(WSK_TRANSPORT), 0);
    assert_int_equal(returned[1], 0x5a5a5a5a);
}

static void test_transport_list_into_a_small_buffer_writes_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    unsigned char buffer[sizeof(WSK_TRANSPORT)];
    SIZE_T returned = 0;
    size_t i;

    memset(buffer, 0x5a, sizeof(buffer));
    assert_int_equal(control_client(fixture, WSK_TRANSPORT_LIST_QUERY, NULL, 0, buffer, sizeof(buffer), &returned),
                     STATUS_BUFFER_OVERFLOW);
    assert_true(returned > sizeof(buffer));
    for (i = 0; i < sizeof(buffer); i++) {
        assert_int_equal(buffer[i], 0x5a);
    }
}

/* Every transport of the list makes a socket. */
static void test_transport_list_names_transports_that_work(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_TRANSPORT transports[16];
    SIZE_T size = 0;
    bool has_ipv4 = false;
    bool has_ipv6 = false;
    size_t i;

    assert_int_equal(control_client(fixture, WSK_TRANSPORT_LIST_QUERY, NULL, 0, NULL, 0, &size),
                     STATUS_BUFFER_OVERFLOW);
    assert_true(size <= sizeof(transports));
    assert_int_equal(control_client(fixture, WSK_TRANSPORT_LIST_QUERY, NULL, 0, transports, size, &size),
                     STATUS_SUCCESS);
    for (i = 0; i < size / sizeof(WSK_TRANSPORT); i++) {
        PWSK_SOCKET socket;

        assert_int_equal(socket_open_try(fixture, WSK_FLAG_BASIC_SOCKET, transports[i].AddressFamily,
                                         transports[i].SocketType, transports[i].Protocol, NULL, NULL, &socket),
                         STATUS_SUCCESS);
        socket_close(socket);
        has_ipv4 |= transports[i].AddressFamily == AF_INET && transports[i].Protocol == IPPROTO_TCP;
        has_ipv6 |= transports[i].AddressFamily == AF_INET6 && transports[i].Protocol == IPPROTO_TCP;
    }
    assert_true(has_ipv4);
    assert_true(has_ipv6);
}

/* --- static events -------------------------------------------------------------------------------- */

static NTSTATUS WSKAPI receive_event(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                     SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    (void)DataIndication;
    (void)BytesAccepted;
    wsk_kit_witness_call(SocketContext, Flags, BytesIndicated, 0, 0);
    return STATUS_SUCCESS;
}

static void test_static_receive_event_is_on_for_every_connection(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH dispatch = { receive_event, NULL, NULL };
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_witness *witness = wsk_kit_witness_create("WskReceiveEvent");
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE | WSK_EVENT_ACCEPT), STATUS_SUCCESS);
    socket = connection_open_peer(fixture, AF_INET, witness, &dispatch, &peer);
    wsk_kit_peer_send_text(peer, "hello");
    wsk_kit_witness_wait(witness, 1);
    assert_true(wsk_kit_witness_get(witness, 0).values[1] > 0);
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_witness_destroy(witness);
}

static void test_static_events_of_a_socket_without_callbacks_are_off(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
    socket = connection_open_peer(fixture, AF_INET, NULL, NULL, &peer);
    wsk_kit_peer_send_text(peer, "hello");
    connection_expect_text(socket, "hello");
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_static_events_cannot_be_disabled(void **state)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH dispatch = { receive_event, NULL, NULL };
    struct wsk_fixture *fixture = *state;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;

    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
    socket = connection_open_peer(fixture, AF_INET, NULL, &dispatch, &peer);
    wsk_kit_expect_report("SOCK-032");
    assert_int_equal(socket_events_try(socket, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
    socket_close(socket);
    wsk_kit_peer_close(peer);
}

static void test_static_events_after_the_first_socket_fail(void **state)
{
    struct wsk_fixture *fixture = *state;

    socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
}

static void test_static_events_with_a_bad_mask_fail(void **state)
{
    struct wsk_fixture *fixture = *state;

    wsk_kit_expect_report("NPI-015");
    wsk_kit_expect_report("NPI-015");
    assert_int_equal(set_static_events(fixture, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE), STATUS_INVALID_PARAMETER);
    /* The mistakes have set nothing. */
    assert_int_equal(set_static_events(fixture, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
}

static void test_control_client_without_a_client_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    SIZE_T size;

    assert_int_equal(
        fixture->npi.Dispatch->WskControlClient(NULL, WSK_TRANSPORT_LIST_QUERY, 0, NULL, 0, NULL, &size, NULL),
        STATUS_INVALID_HANDLE);
}

static void test_get_address_info_without_an_irp_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;

    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, NULL, NULL, 0, NULL, NULL, &list,
                                                              NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

#define TESTS(X)                                                \
    X(test_transport_list_without_a_buffer_tells_the_size)      \
    X(test_transport_list_into_a_small_buffer_writes_nothing)   \
    X(test_transport_list_names_transports_that_work)           \
    X(test_static_receive_event_is_on_for_every_connection)     \
    X(test_static_events_of_a_socket_without_callbacks_are_off) \
    X(test_static_events_cannot_be_disabled)                    \
    X(test_static_events_after_the_first_socket_fail)           \
    X(test_static_events_with_a_bad_mask_fail)                  \
    X(test_control_client_without_a_client_fails)               \
    X(test_get_address_info_without_an_irp_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
