/* SPDX-License-Identifier: MIT */
/* What the functions of datagram sockets refuse: each argument that can be wrong, with the documented status and the
 * report. */
#include "support/bad_spoil.h"

#include <string.h>

static unsigned char s_wild[256]; /* what wild pointers point to */

static void control_set(struct call *call, SIZE_T length, INT level, INT type)
{
    PCMSGHDR header = (PCMSGHDR)(void *)call->control_room;

    header->cmsg_len = length;
    header->cmsg_level = level;
    header->cmsg_type = type;
    call->control = header;
    call->control_length = (ULONG)WSA_CMSG_SPACE(sizeof(INT));
}

/* clang-format off */
S(no_list, call->list_pointer = NULL)
S(first_no_mdl, call->list[0].Buffer.Mdl = NULL)
S(first_long, call->list[0].Buffer.Length = BYTES + 1)
S(second_no_mdl, call->list[1].Buffer.Mdl = NULL)
S(second_long, call->list[1].Buffer.Length = BYTES + 1)
S(second_huge, call->list[1].Buffer.Length = ~(SIZE_T)0)
S(second_offset, call->list[1].Buffer.Offset = BYTES)

S(control_without_length, control_set(call, WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TTL); call->control_length = 0)
S(length_without_control, call->control_length = 8)
S(control_without_pointer, control_set(call, WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TTL);
  call->control_length_pointer = NULL)
S(control_length_1, control_set(call, WSA_CMSG_LEN(sizeof(INT)), IPPROTO_IP, IP_TTL); call->control_length = 1)
S(object_empty, control_set(call, 0, IPPROTO_IP, IP_TTL))
S(object_short, control_set(call, sizeof(CMSGHDR) - 1, IPPROTO_IP, IP_TTL))
S(object_long, control_set(call, call->control_length + 1000, IPPROTO_IP, IP_TTL))
S(object_endless, control_set(call, ~(SIZE_T)0, IPPROTO_IP, IP_TTL))
S(object_half, control_set(call, WSA_CMSG_LEN(1), IPPROTO_IP, IP_PKTINFO))

S(no_datagrams, call->datagrams = NULL)
S(wild_datagrams, call->datagrams = (PWSK_DATAGRAM_INDICATION)(void *)s_wild)

#define EVENTS(mask) call->request_type = WskSetOption; call->code = SO_WSK_EVENT_CALLBACK; \
    call->input = &call->events; call->input_size = sizeof(call->events); call->events.EventMask = (mask)
S(events_of_connections, EVENTS(WSK_EVENT_RECEIVE))
S(events_of_listeners, EVENTS(WSK_EVENT_ACCEPT))
S(events_unknown, EVENTS(WSK_EVENT_RECEIVE_FROM | 1))
S(events_without_callback, EVENTS(WSK_EVENT_RECEIVE_FROM))
S(events_disable_two, EVENTS(WSK_EVENT_RECEIVE_FROM | WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE))
#define IOCTL(number, size) call->request_type = WskIoctl; call->code = (number); call->level = 0; \
    call->output = NULL; call->output_size = 0; call->input = call->address; call->input_size = (size)
S(remote_short, IOCTL(SIO_WSK_SET_REMOTE_ADDRESS, sizeof(SOCKADDR_IN) - 1))
S(remote_family, call->storage = address_loopback(AF_INET6, 9); IOCTL(SIO_WSK_SET_REMOTE_ADDRESS, sizeof(SOCKADDR_IN6)))
S(remote_missing, IOCTL(SIO_WSK_SET_REMOTE_ADDRESS, sizeof(SOCKADDR_IN)); call->input = NULL)
S(sendto_short, IOCTL(SIO_WSK_SET_SENDTO_ADDRESS, sizeof(SOCKADDR_IN) - 1))
S(sendto_family, call->storage.ss_family = 0x1234; IOCTL(SIO_WSK_SET_SENDTO_ADDRESS, sizeof(SOCKADDR_IN)))
S(sendto_good, IOCTL(SIO_WSK_SET_SENDTO_ADDRESS, sizeof(SOCKADDR_IN)))
S(connreset_missing, IOCTL(SIO_UDP_CONNRESET, 0); call->input = NULL)
#define SET_OPTION(levels, option, size) call->request_type = WskSetOption; call->level = (levels); \
    call->code = (option); call->input = &call->value; call->input_size = (size); call->output = NULL; \
    call->output_size = 0
S(broadcast_nothing, SET_OPTION(SOL_SOCKET, SO_BROADCAST, 0))
S(join_short, SET_OPTION(IPPROTO_IP, IP_ADD_MEMBERSHIP, 4))
S(conditional, SET_OPTION(SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 4); call->value = 1)

#define INVALID(rule) { STATUS_INVALID_PARAMETER, rule }

/* The same for every function that takes a WSK_BUF. */
#define BUFFER_ROWS(function) \
    { "Buffer NULL", function, DATAGRAM, GOOD_IRP, spoil_no_buffer, INVALID("SOCK-022") }, \
    { "Mdl NULL", function, DATAGRAM, GOOD_IRP, spoil_no_mdl, INVALID("SOCK-022") }, \
    { "one byte too long", function, DATAGRAM, GOOD_IRP, spoil_long_buffer, INVALID("SOCK-022") }, \
    { "much too long", function, DATAGRAM, GOOD_IRP, spoil_huge_buffer, INVALID("SOCK-022") }, \
    { "Offset at the end", function, DATAGRAM, GOOD_IRP, spoil_late_offset, INVALID("SOCK-022") }, \
    { "Offset far off", function, DATAGRAM, GOOD_IRP, spoil_huge_offset, INVALID("SOCK-022") }, \
    { "Offset and Length", function, DATAGRAM, GOOD_IRP, spoil_offset_and_length, INVALID("SOCK-022") }

/* The same for both functions that send. */
#define DESTINATION_ROWS(function) \
    { "no address", function, DATAGRAM, GOOD_IRP, spoil_no_address, INVALID("SOCK-029") }, \
    { "another family", function, DATAGRAM, GOOD_IRP, spoil_ipv6_address, INVALID("SOCK-014") }, \
    { "no family", function, DATAGRAM, GOOD_IRP, spoil_no_family, INVALID("SOCK-014") }, \
    { "an odd family", function, DATAGRAM, GOOD_IRP, spoil_odd_family, INVALID("SOCK-014") }, \
    { "Flags 1", function, DATAGRAM, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") }, \
    { "all Flags", function, DATAGRAM, GOOD_IRP, spoil_all_flags, INVALID("SOCK-019") }, \
    { "ControlInfoLength alone", function, DATAGRAM, GOOD_IRP, spoil_length_without_control, INVALID("SOCK-028") }, \
    { "ControlInfoLength 1", function, DATAGRAM, GOOD_IRP, spoil_control_length_1, INVALID("SOCK-028") }, \
    { "cmsg_len 0", function, DATAGRAM, GOOD_IRP, spoil_object_empty, INVALID("SOCK-028") }, \
    { "cmsg_len of half a header", function, DATAGRAM, GOOD_IRP, spoil_object_short, INVALID("SOCK-028") }, \
    { "cmsg_len too long", function, DATAGRAM, GOOD_IRP, spoil_object_long, INVALID("SOCK-028") }, \
    { "cmsg_len without end", function, DATAGRAM, GOOD_IRP, spoil_object_endless, INVALID("SOCK-028") }, \
    { "IP_PKTINFO of one byte", function, DATAGRAM, GOOD_IRP, spoil_object_half, INVALID("SOCK-028") }

static const struct bad_row s_send_rows[] = {
    BUFFER_ROWS(&fn_send_to),
    DESTINATION_ROWS(&fn_send_to),
    DESTINATION_ROWS(&fn_send_messages),
    { "port 0", &fn_send_to, DATAGRAM, GOOD_IRP, spoil_port_zero, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } },
    { "port 0", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_port_zero, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } },
    { "BufferList NULL", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_no_list, INVALID("SOCK-022") },
    { "first Mdl NULL", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_first_no_mdl, INVALID("SOCK-022") },
    { "first too long", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_first_long, INVALID("SOCK-022") },
    { "second Mdl NULL", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_second_no_mdl, INVALID("SOCK-022") },
    { "second too long", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_second_long, INVALID("SOCK-022") },
    { "second much too long", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_second_huge, INVALID("SOCK-022") },
    { "second Offset", &fn_send_messages, DATAGRAM, GOOD_IRP, spoil_second_offset, INVALID("SOCK-022") },
};

static const struct bad_row s_receive_rows[] = {
    BUFFER_ROWS(&fn_receive_from),
    { "Flags 1", &fn_receive_from, DATAGRAM, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") },
    { "all Flags", &fn_receive_from, DATAGRAM, GOOD_IRP, spoil_all_flags, INVALID("SOCK-019") },
    { "ControlInfo of length 0", &fn_receive_from, DATAGRAM, GOOD_IRP, spoil_control_without_length, INVALID("SOCK-028") },
    { "ControlLength alone", &fn_receive_from, DATAGRAM, GOOD_IRP, spoil_length_without_control, INVALID("SOCK-028") },
    { "ControlLength NULL", &fn_receive_from, DATAGRAM, GOOD_IRP, spoil_control_without_pointer, INVALID("SOCK-028") },
    { "DatagramIndication NULL", &fn_release_datagrams, DATAGRAM, NO_IRP, spoil_no_datagrams, INVALID("SOCK-041") },
    { "a wild DatagramIndication", &fn_release_datagrams, DATAGRAM, NO_IRP, spoil_wild_datagrams, INVALID("SOCK-041") },
};

static const struct bad_row s_address_rows[] = {
    { "LocalAddress NULL", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
    { "another family", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_ipv6_address, INVALID("SOCK-014") },
    { "no family", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_no_family, INVALID("SOCK-014") },
    { "an odd family", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_odd_family, INVALID("SOCK-014") },
    { "Flags 1", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") },
    { "all Flags", &fn_bind, DATAGRAM_UNBOUND, GOOD_IRP, spoil_all_flags, INVALID("SOCK-019") },
    { "LocalAddress NULL", &fn_get_local_address, DATAGRAM, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
};

static const struct bad_row s_control_rows[] = {
    { "events of connections", &fn_control_socket, DATAGRAM, NO_IRP, spoil_events_of_connections, INVALID("SOCK-031") },
    { "events of listeners", &fn_control_socket, DATAGRAM, NO_IRP, spoil_events_of_listeners, INVALID("SOCK-031") },
    { "an unknown event", &fn_control_socket, DATAGRAM, NO_IRP, spoil_events_unknown, INVALID("SOCK-031") },
    { "no callback", &fn_control_socket, DATAGRAM, NO_IRP, spoil_events_without_callback, INVALID("SOCK-031") },
    { "disable two", &fn_control_socket, DATAGRAM, NO_IRP, spoil_events_disable_two, INVALID("SOCK-032") },
    { "remote, short", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_remote_short, INVALID(NULL) },
    { "remote, another family", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_remote_family, INVALID("SOCK-014") },
    { "remote, a size alone", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_remote_missing, INVALID(NULL) },
    { "remote, on a stream", &fn_control_socket, STREAM_BOUND, GOOD_IRP, spoil_sendto_good,
      { STATUS_NOT_SUPPORTED, "SOCK-030" } },
    { "sendto, short", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_sendto_short, INVALID(NULL) },
    { "sendto, odd family", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_sendto_family, INVALID("SOCK-014") },
    { "sendto, not bound", &fn_control_socket, DATAGRAM_UNBOUND, GOOD_IRP, spoil_sendto_good,
      { STATUS_INVALID_DEVICE_STATE, "SOCK-030" } },
    { "sendto, no IRP", &fn_control_socket, DATAGRAM, NO_IRP, spoil_sendto_good,
      { STATUS_REQUEST_NOT_ACCEPTED, "SOCK-003" } },
    { "connreset, no input", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_connreset_missing, INVALID(NULL) },
    { "connreset, on a stream", &fn_control_socket, STREAM_BOUND, GOOD_IRP, spoil_connreset_missing,
      { STATUS_NOT_SUPPORTED, "SOCK-030" } },
    { "SO_BROADCAST, no input", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_broadcast_nothing, INVALID(NULL) },
    { "IP_ADD_MEMBERSHIP, short", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_join_short, INVALID(NULL) },
    { "an option of listeners", &fn_control_socket, DATAGRAM, GOOD_IRP, spoil_conditional,
      { STATUS_NOT_SUPPORTED, "SOCK-030" } },
};
/* clang-format on */

static void test_datagram_sends_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_send_rows, ARRAYSIZE(s_send_rows));
}

static void test_datagram_receives_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_receive_rows, ARRAYSIZE(s_receive_rows));
}

static void test_datagram_functions_with_addresses_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_address_rows, ARRAYSIZE(s_address_rows));
}

static void test_datagram_controls_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_control_rows, ARRAYSIZE(s_control_rows));
}

#define TESTS(X)                                                     \
    X(test_datagram_sends_refuse_wrong_arguments)                    \
    X(test_datagram_receives_refuse_wrong_arguments)                 \
    X(test_datagram_functions_with_addresses_refuse_wrong_arguments) \
    X(test_datagram_controls_refuse_wrong_arguments)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
