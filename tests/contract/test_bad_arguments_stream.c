/* SPDX-License-Identifier: MIT */
/* What the functions of stream sockets refuse, and the functions that connect: each argument that can be wrong, with the
 * documented status and the report. */
#include "support/bad_spoil.h"

/* clang-format off */
S(first_no_mdl, call->storage = address_loopback(AF_INET, 9); call->buffer.Mdl = NULL)
S(first_long, call->storage = address_loopback(AF_INET, 9); call->buffer.Length = BYTES + 1)
S(first_offset, call->storage = address_loopback(AF_INET, 9); call->buffer.Offset = BYTES)

S(unknown_flag, call->flags = 0x10)
S(abort_with_buffer, call->flags = WSK_FLAG_ABORTIVE; call->buffer_pointer = &call->buffer)

#define EVENTS(mask) call->request_type = WskSetOption; call->code = SO_WSK_EVENT_CALLBACK; \
    call->input = &call->events; call->input_size = sizeof(call->events); call->events.EventMask = (mask)
S(events_of_datagrams, EVENTS(WSK_EVENT_RECEIVE_FROM))
S(events_accept, EVENTS(WSK_EVENT_ACCEPT))
S(events_receive, EVENTS(WSK_EVENT_RECEIVE))
S(events_unknown, EVENTS(WSK_EVENT_RECEIVE | 1))
S(events_none, EVENTS(0))
S(events_disable_two, EVENTS(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_DISABLE))
S(join, call->request_type = WskSetOption; call->level = IPPROTO_IP; call->code = IP_ADD_MEMBERSHIP;
  call->input = call->room; call->input_size = 8; call->output = NULL; call->output_size = 0)
S(broadcast, call->request_type = WskSetOption; call->code = SO_BROADCAST; call->input = &call->value;
  call->input_size = 4; call->output = NULL; call->output_size = 0)

#define INVALID(rule) { STATUS_INVALID_PARAMETER, rule }

static const struct bad_row s_address_rows[] = {
    { "LocalAddress NULL", &fn_bind, STREAM_UNBOUND, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
    { "another family", &fn_bind, STREAM_UNBOUND, GOOD_IRP, spoil_ipv6_address, INVALID("SOCK-014") },
    { "no family", &fn_bind, STREAM_UNBOUND, GOOD_IRP, spoil_no_family, INVALID("SOCK-014") },
    { "an odd family", &fn_bind, STREAM_UNBOUND, GOOD_IRP, spoil_odd_family, INVALID("SOCK-014") },
    { "Flags 1", &fn_bind, STREAM_UNBOUND, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") },
    { "Flags 1", &fn_accept, STREAM_LISTENER, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") },
    { "LocalAddress NULL", &fn_get_local_address, STREAM_LISTENER, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
    { "LocalAddress NULL", &fn_get_local_address, STREAM_CONNECTED, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
    { "RemoteAddress NULL", &fn_get_remote_address, STREAM_CONNECTED, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") },
};

/* The same for both functions that connect a bound socket. */
#define CONNECT_ROWS(function, subject) \
    { "RemoteAddress NULL", function, subject, GOOD_IRP, spoil_no_address, INVALID("SOCK-014") }, \
    { "another family", function, subject, GOOD_IRP, spoil_ipv6_address, INVALID("SOCK-014") }, \
    { "no family", function, subject, GOOD_IRP, spoil_no_family, INVALID("SOCK-014") }, \
    { "an odd family", function, subject, GOOD_IRP, spoil_odd_family, INVALID("SOCK-014") }, \
    { "Flags 1", function, subject, GOOD_IRP, spoil_flag_1, INVALID("SOCK-019") }, \
    { "all Flags", function, subject, GOOD_IRP, spoil_all_flags, INVALID("SOCK-019") }, \
    { "port 0", function, subject, GOOD_IRP, spoil_port_zero, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } }, \
    { "the wildcard", function, subject, GOOD_IRP, spoil_any_address, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } }

#define FIRST_BYTES_ROWS(subject) \
    { "Mdl NULL", &fn_connect_ex, subject, GOOD_IRP, spoil_first_no_mdl, INVALID("SOCK-022") }, \
    { "one byte too long", &fn_connect_ex, subject, GOOD_IRP, spoil_first_long, INVALID("SOCK-022") }, \
    { "Offset at the end", &fn_connect_ex, subject, GOOD_IRP, spoil_first_offset, INVALID("SOCK-022") }

static const struct bad_row s_connect_rows[] = {
    CONNECT_ROWS(&fn_connect, STREAM_BOUND),
    CONNECT_ROWS(&fn_connect_ex, STREAM_BOUND),
    CONNECT_ROWS(&fn_connect_ex, BOUND),
    FIRST_BYTES_ROWS(STREAM_BOUND),
    FIRST_BYTES_ROWS(BOUND),
};

/* The same for every function that takes a WSK_BUF. */
#define BUFFER_ROWS(function) \
    { "Buffer NULL", function, STREAM_CONNECTED, GOOD_IRP, spoil_no_buffer, INVALID("SOCK-022") }, \
    { "Mdl NULL", function, STREAM_CONNECTED, GOOD_IRP, spoil_no_mdl, INVALID("SOCK-022") }, \
    { "one byte too long", function, STREAM_CONNECTED, GOOD_IRP, spoil_long_buffer, INVALID("SOCK-022") }, \
    { "much too long", function, STREAM_CONNECTED, GOOD_IRP, spoil_huge_buffer, INVALID("SOCK-022") }, \
    { "Offset at the end", function, STREAM_CONNECTED, GOOD_IRP, spoil_late_offset, INVALID("SOCK-022") }, \
    { "Offset far off", function, STREAM_CONNECTED, GOOD_IRP, spoil_huge_offset, INVALID("SOCK-022") }, \
    { "Offset and Length", function, STREAM_CONNECTED, GOOD_IRP, spoil_offset_and_length, INVALID("SOCK-022") }

static const struct bad_row s_transfer_rows[] = {
    BUFFER_ROWS(&fn_send),
    BUFFER_ROWS(&fn_receive),
    { "WSK_FLAG_OOB", &fn_send, STREAM_CONNECTED, GOOD_IRP, spoil_send_oob, { STATUS_NOT_SUPPORTED, NULL } },
    { "an unknown flag", &fn_send, STREAM_CONNECTED, GOOD_IRP, spoil_unknown_flag, { STATUS_NOT_SUPPORTED, NULL } },
    { "an unknown flag", &fn_receive, STREAM_CONNECTED, GOOD_IRP, spoil_unknown_flag, { STATUS_NOT_SUPPORTED, "SOCK-020" } },
    { "WAITALL and DRAIN", &fn_receive, STREAM_CONNECTED, GOOD_IRP, spoil_receive_both_flags, INVALID("SOCK-020") },
    { "DRAIN with bytes", &fn_receive, STREAM_CONNECTED, GOOD_IRP, spoil_receive_drain_length, INVALID("SOCK-020") },
    { "an unknown flag", &fn_disconnect, STREAM_CONNECTED, GOOD_IRP, spoil_unknown_flag, { STATUS_NOT_SUPPORTED, NULL } },
    { "ABORTIVE with bytes", &fn_disconnect, STREAM_CONNECTED, GOOD_IRP, spoil_abort_with_buffer, INVALID("SOCK-021") },
    { "a long buffer", &fn_disconnect, STREAM_CONNECTED, GOOD_IRP, spoil_disconnect_long_buffer, INVALID("SOCK-022") },
    { "DataIndication NULL", &fn_release, STREAM_CONNECTED, NO_IRP, spoil_no_indication, INVALID("SOCK-041") },
    { "a wild DataIndication", &fn_release, STREAM_CONNECTED, NO_IRP, spoil_wild_indication, INVALID("SOCK-041") },
};

static const struct bad_row s_control_rows[] = {
    { "events of datagrams", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_of_datagrams, INVALID("SOCK-031") },
    { "events of datagrams", &fn_control_socket, STREAM_LISTENER, NO_IRP, spoil_events_of_datagrams, INVALID("SOCK-031") },
    { "no accepts of a connection", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_accept, INVALID("SOCK-031") },
    { "accepts without callbacks", &fn_control_socket, STREAM_LISTENER, NO_IRP, spoil_events_accept, INVALID("SOCK-031") },
    { "receives without callbacks", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_receive, INVALID("SOCK-031") },
    { "an unknown event", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_unknown, INVALID("SOCK-031") },
    { "no event", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_none, INVALID("SOCK-031") },
    { "disable two", &fn_control_socket, STREAM_CONNECTED, NO_IRP, spoil_events_disable_two, INVALID("SOCK-032") },
    { "a group", &fn_control_socket, STREAM_BOUND, GOOD_IRP, spoil_join, { STATUS_NOT_SUPPORTED, "SOCK-030" } },
    { "SO_BROADCAST", &fn_control_socket, STREAM_BOUND, GOOD_IRP, spoil_broadcast, { STATUS_NOT_SUPPORTED, "SOCK-030" } },
};
/* clang-format on */

static void test_stream_functions_with_addresses_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_address_rows, ARRAYSIZE(s_address_rows));
}

static void test_connects_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_connect_rows, ARRAYSIZE(s_connect_rows));
}

static void test_stream_transfers_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_transfer_rows, ARRAYSIZE(s_transfer_rows));
}

static void test_stream_controls_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_control_rows, ARRAYSIZE(s_control_rows));
}

#define TESTS(X)                                                   \
    X(test_stream_functions_with_addresses_refuse_wrong_arguments) \
    X(test_connects_refuse_wrong_arguments)                        \
    X(test_stream_transfers_refuse_wrong_arguments)                \
    X(test_stream_controls_refuse_wrong_arguments)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
