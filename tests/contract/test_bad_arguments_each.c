/* SPDX-License-Identifier: MIT */
/* What single functions refuse: each argument that can be wrong, with the documented status and the report. */
#include "support/bad_spoil.h"

/* clang-format off */
S(family_unspec, call->family = AF_UNSPEC)
S(family_unix, call->family = AF_UNIX)
S(family_huge, call->family = 0xffff)
S(type_zero, call->type = 0)
S(protocol_zero, call->protocol = 0xffff)
S(stream_over_udp, call->protocol = IPPROTO_UDP)
S(two_categories, call->flags = WSK_FLAG_LISTEN_SOCKET | WSK_FLAG_CONNECTION_SOCKET)
S(unknown_category, call->flags = 0x10)
S(basic_context, call->context = call)
S(basic_dispatch, call->dispatch = &conn_client_dispatch)
S(thread_alone, call->thread = PsGetCurrentThread())

S(unknown_code, call->code = 1)
S(huge_code, call->code = 0xffffffff)
S(no_returned_size, call->returned_size_pointer = NULL)
S(no_output, call->output = NULL; call->output_size = 0)
S(short_output, call->output_size = sizeof(WSK_TRANSPORT) - 1)
S(static_no_input, call->code = WSK_SET_STATIC_EVENT_CALLBACKS)
S(static_short, call->code = WSK_SET_STATIC_EVENT_CALLBACKS; call->input = &call->events;
  call->input_size = sizeof(call->events) - 1)
#define STATIC_EVENTS call->code = WSK_SET_STATIC_EVENT_CALLBACKS; call->input = &call->events; \
    call->input_size = sizeof(call->events)
S(static_no_npi, STATIC_EVENTS; call->events.NpiId = NULL)
S(static_no_events, STATIC_EVENTS; call->events.EventMask = 0)
S(static_unknown_event, STATIC_EVENTS; call->events.EventMask = 1)
S(static_disable, STATIC_EVENTS; call->events.EventMask = WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE)
S(tdi_no_input, call->code = WSK_TDI_BEHAVIOR)
S(list_query, (void)call)

S(request_type_3, call->request_type = WskControlMax)
S(request_type_odd, call->request_type = (WSK_CONTROL_SOCKET_TYPE)-1)
S(input_missing, call->request_type = WskSetOption; call->input_size = 4)
S(output_missing, call->output = NULL)
#define SET_OPTION(option, size) call->request_type = WskSetOption; call->code = (option); \
    call->input = &call->value; call->input_size = (size)
S(set_nothing, SET_OPTION(SO_RCVBUF, 0))
S(set_short, SET_OPTION(SO_RCVBUF, 3))
S(set_negative, SET_OPTION(SO_RCVBUF, 4); call->value = 0x80000000)
S(set_keepalive, SET_OPTION(SO_KEEPALIVE, 4))
S(set_unknown, SET_OPTION(0x7777, 4))
S(set_conditional, SET_OPTION(SO_CONDITIONAL_ACCEPT, 4); call->value = 1)
S(set_odd_level, SET_OPTION(SO_KEEPALIVE, 4); call->level = 0x7777)
S(get_nothing, call->output = NULL; call->output_size = 0)
S(get_short, call->code = SO_RCVBUF; call->output_size = 3)
S(get_events, call->code = SO_WSK_EVENT_CALLBACK)
#define EVENTS call->request_type = WskSetOption; call->code = SO_WSK_EVENT_CALLBACK; \
    call->input = &call->events; call->input_size = sizeof(call->events)
S(events_no_input, EVENTS; call->input = NULL; call->input_size = 0)
S(events_short, EVENTS; call->input_size -= 1)
S(events_no_npi, EVENTS; call->events.NpiId = NULL)
S(events_none, EVENTS; call->events.EventMask = 0)
S(events_disable_none, EVENTS; call->events.EventMask = WSK_EVENT_DISABLE)
S(events_unknown, EVENTS; call->events.EventMask = 1)
S(events_of_datagrams, EVENTS; call->events.EventMask = WSK_EVENT_RECEIVE_FROM)
S(events_without_callbacks, EVENTS)
#define IOCTL(number) call->request_type = WskIoctl; call->code = (number)
S(ioctl_unknown, IOCTL(0x12345678))
S(ioctl_inspect_id, IOCTL(SIO_WSK_QUERY_INSPECT_ID))
S(ioctl_no_size, IOCTL(SIO_WSK_QUERY_INSPECT_ID); call->returned_size_pointer = NULL)
S(ioctl_short, IOCTL(SIO_WSK_QUERY_INSPECT_ID); call->output_size = sizeof(WSK_INSPECT_ID) - 1)

S(no_inspect_id, call->inspect_id_pointer = NULL)
S(unknown_inspect_id, call->inspect_id.Key = 0x1234; call->inspect_id.SerialNumber = 5)
S(zero_inspect_id, (void)call)
S(action_pend, call->action = WskInspectPend)
S(action_max, call->action = WskInspectMax)
S(action_odd, call->action = (WSK_INSPECT_ACTION)-1)

S(receive_unknown_flag, call->flags = 0x10)
S(send_unknown_flag, call->flags = 0x10)
S(disconnect_unknown_flag, call->flags = 0x10)
S(disconnect_abort_buffer, call->flags = WSK_FLAG_ABORTIVE; call->buffer_pointer = &call->buffer)

static const struct bad_row s_socket_rows[] = {
    { "AF_UNSPEC", &fn_socket, NOBODY, GOOD_IRP, spoil_family_unspec, { STATUS_NOT_SUPPORTED, NULL } },
    { "AF_UNIX", &fn_socket, NOBODY, GOOD_IRP, spoil_family_unix, { STATUS_NOT_SUPPORTED, NULL } },
    { "family 0xffff", &fn_socket, NOBODY, GOOD_IRP, spoil_family_huge, { STATUS_NOT_SUPPORTED, NULL } },
    { "type 0", &fn_socket, NOBODY, GOOD_IRP, spoil_type_zero, { STATUS_NOT_SUPPORTED, NULL } },
    { "protocol 0xffff", &fn_socket, NOBODY, GOOD_IRP, spoil_protocol_zero, { STATUS_NOT_SUPPORTED, NULL } },
    { "SOCK_STREAM over UDP", &fn_socket, NOBODY, GOOD_IRP, spoil_stream_over_udp, { STATUS_NOT_SUPPORTED, NULL } },
    { "two categories", &fn_socket, NOBODY, GOOD_IRP, spoil_two_categories, { STATUS_INVALID_PARAMETER, "SOCK-013" } },
    { "an unknown category", &fn_socket, NOBODY, GOOD_IRP, spoil_unknown_category,
      { STATUS_INVALID_PARAMETER, "SOCK-013" } },
    { "all flags", &fn_socket, NOBODY, GOOD_IRP, spoil_all_flags, { STATUS_INVALID_PARAMETER, "SOCK-013" } },
    { "basic with a context", &fn_socket, NOBODY, GOOD_IRP, spoil_basic_context,
      { STATUS_INVALID_PARAMETER, "SOCK-013" } },
    { "basic with a table", &fn_socket, NOBODY, GOOD_IRP, spoil_basic_dispatch,
      { STATUS_INVALID_PARAMETER, "SOCK-013" } },
    { "OwningThread alone", &fn_socket, NOBODY, GOOD_IRP, spoil_thread_alone, { STATUS_INVALID_PARAMETER, NULL } },
};

static const struct bad_row s_control_client_rows[] = {
    { "code 1", &fn_control_client, NOBODY, NO_IRP, spoil_unknown_code, { STATUS_INVALID_PARAMETER, NULL } },
    { "code 0xffffffff", &fn_control_client, NOBODY, GOOD_IRP, spoil_huge_code, { STATUS_INVALID_PARAMETER, NULL } },
    { "list with an IRP", &fn_control_client, NOBODY, GOOD_IRP, spoil_list_query,
      { STATUS_INVALID_PARAMETER, "NPI-014" } },
    { "list without the size", &fn_control_client, NOBODY, NO_IRP, spoil_no_returned_size,
      { STATUS_INVALID_PARAMETER, "NPI-014" } },
    { "list without a buffer", &fn_control_client, NOBODY, NO_IRP, spoil_no_output, { STATUS_BUFFER_OVERFLOW, NULL } },
    { "list into too little", &fn_control_client, NOBODY, NO_IRP, spoil_short_output, { STATUS_BUFFER_OVERFLOW, NULL } },
    { "static without input", &fn_control_client, NOBODY, NO_IRP, spoil_static_no_input,
      { STATUS_INVALID_PARAMETER, NULL } },
    { "static, short", &fn_control_client, NOBODY, NO_IRP, spoil_static_short, { STATUS_INVALID_PARAMETER, NULL } },
    { "static, NpiId NULL", &fn_control_client, NOBODY, NO_IRP, spoil_static_no_npi,
      { STATUS_INVALID_PARAMETER, "NPI-015" } },
    { "static, no event", &fn_control_client, NOBODY, NO_IRP, spoil_static_no_events,
      { STATUS_INVALID_PARAMETER, "NPI-015" } },
    { "static, unknown event", &fn_control_client, NOBODY, NO_IRP, spoil_static_unknown_event,
      { STATUS_INVALID_PARAMETER, "NPI-015" } },
    { "static, disable", &fn_control_client, NOBODY, NO_IRP, spoil_static_disable,
      { STATUS_INVALID_PARAMETER, "NPI-015" } },
    { "TDI without input", &fn_control_client, NOBODY, NO_IRP, spoil_tdi_no_input, { STATUS_INVALID_PARAMETER, NULL } },
};

static const struct bad_row s_control_socket_rows[] = {
    { "type WskControlMax", &fn_control_socket, BOUND, GOOD_IRP, spoil_request_type_3, { STATUS_INVALID_PARAMETER, NULL } },
    { "type -1", &fn_control_socket, BOUND, GOOD_IRP, spoil_request_type_odd, { STATUS_INVALID_PARAMETER, NULL } },
    { "type -1, no IRP", &fn_control_socket, BOUND, NO_IRP, spoil_request_type_odd, { STATUS_INVALID_PARAMETER, NULL } },
    { "InputBuffer NULL", &fn_control_socket, BOUND, GOOD_IRP, spoil_input_missing, { STATUS_INVALID_PARAMETER, NULL } },
    { "OutputBuffer NULL", &fn_control_socket, BOUND, GOOD_IRP, spoil_output_missing, { STATUS_INVALID_PARAMETER, NULL } },
    { "set, InputSize 0", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_nothing, { STATUS_INVALID_PARAMETER, NULL } },
    { "set, InputSize 3", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_short, { STATUS_INVALID_PARAMETER, NULL } },
    { "set, too large", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_negative, { STATUS_INVALID_PARAMETER, NULL } },
    { "set, no IRP", &fn_control_socket, BOUND, NO_IRP, spoil_set_keepalive, { STATUS_REQUEST_NOT_ACCEPTED, "SOCK-003" } },
    { "set, unknown option", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_unknown, { STATUS_NOT_SUPPORTED, NULL } },
    { "set, unknown level", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_odd_level, { STATUS_NOT_SUPPORTED, NULL } },
    { "get, OutputSize 0", &fn_control_socket, BOUND, GOOD_IRP, spoil_get_nothing, { STATUS_BUFFER_TOO_SMALL, NULL } },
    { "get, OutputSize 3", &fn_control_socket, BOUND, GOOD_IRP, spoil_get_short, { STATUS_BUFFER_TOO_SMALL, NULL } },
    { "events, get", &fn_control_socket, CONNECTED, GOOD_IRP, spoil_get_events, { STATUS_INVALID_PARAMETER, NULL } },
    { "events, no input", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_no_input,
      { STATUS_INVALID_PARAMETER, NULL } },
    { "events, short", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_short, { STATUS_INVALID_PARAMETER, NULL } },
    { "events, NpiId NULL", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_no_npi,
      { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "events, none", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_none, { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "events, disable none", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_disable_none,
      { STATUS_INVALID_PARAMETER, "SOCK-032" } },
    { "events, unknown", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_unknown,
      { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "events of another category", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_of_datagrams,
      { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "events without callbacks", &fn_control_socket, CONNECTED, NO_IRP, spoil_events_without_callbacks,
      { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "events of a basic socket", &fn_control_socket, BASIC, NO_IRP, spoil_events_without_callbacks,
      { STATUS_INVALID_PARAMETER, "SOCK-031" } },
    { "an option of listeners", &fn_control_socket, BOUND, GOOD_IRP, spoil_set_conditional,
      { STATUS_NOT_SUPPORTED, "SOCK-030" } },
    { "an option on a basic socket", &fn_control_socket, BASIC, GOOD_IRP, spoil_set_keepalive,
      { STATUS_NOT_SUPPORTED, "SOCK-030" } },
    { "ioctl, id with an IRP", &fn_control_socket, CONNECTED, GOOD_IRP, spoil_ioctl_inspect_id,
      { STATUS_INVALID_PARAMETER, "SOCK-003" } },
    { "ioctl, unknown", &fn_control_socket, CONNECTED, GOOD_IRP, spoil_ioctl_unknown, { STATUS_NOT_SUPPORTED, NULL } },
    { "ioctl, no id", &fn_control_socket, CONNECTED, NO_IRP, spoil_ioctl_inspect_id,
      { STATUS_INVALID_DEVICE_REQUEST, NULL } },
    { "ioctl, no id on a basic socket", &fn_control_socket, BASIC, NO_IRP, spoil_ioctl_inspect_id,
      { STATUS_INVALID_DEVICE_REQUEST, NULL } },
    { "ioctl, id without the size", &fn_control_socket, CONNECTED, NO_IRP, spoil_ioctl_no_size,
      { STATUS_INVALID_PARAMETER, NULL } },
    { "ioctl, id into too little", &fn_control_socket, CONNECTED, NO_IRP, spoil_ioctl_short,
      { STATUS_BUFFER_TOO_SMALL, NULL } },
};

static const struct bad_row s_address_rows[] = {
    { "LocalAddress NULL", &fn_bind, UNBOUND, GOOD_IRP, spoil_no_address, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "another family", &fn_bind, UNBOUND, GOOD_IRP, spoil_ipv6_address, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "no family", &fn_bind, UNBOUND, GOOD_IRP, spoil_no_family, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "an odd family", &fn_bind, UNBOUND, GOOD_IRP, spoil_odd_family, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "Flags 1", &fn_bind, UNBOUND, GOOD_IRP, spoil_flag_1, { STATUS_INVALID_PARAMETER, "SOCK-019" } },
    { "all Flags", &fn_bind, UNBOUND, GOOD_IRP, spoil_all_flags, { STATUS_INVALID_PARAMETER, "SOCK-019" } },
    { "Flags 1", &fn_accept, LISTENER, GOOD_IRP, spoil_flag_1, { STATUS_INVALID_PARAMETER, "SOCK-019" } },
    { "LocalAddress NULL", &fn_get_local_address, LISTENER, GOOD_IRP, spoil_no_address,
      { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "LocalAddress NULL", &fn_get_local_address, CONNECTED, GOOD_IRP, spoil_no_address,
      { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "RemoteAddress NULL", &fn_get_remote_address, CONNECTED, GOOD_IRP, spoil_no_address,
      { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "RemoteAddress NULL", &fn_connect, BOUND, GOOD_IRP, spoil_no_address, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "another family", &fn_connect, BOUND, GOOD_IRP, spoil_ipv6_address, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "an odd family", &fn_connect, BOUND, GOOD_IRP, spoil_odd_family, { STATUS_INVALID_PARAMETER, "SOCK-014" } },
    { "Flags 1", &fn_connect, BOUND, GOOD_IRP, spoil_flag_1, { STATUS_INVALID_PARAMETER, "SOCK-019" } },
    { "port 0", &fn_connect, BOUND, GOOD_IRP, spoil_port_zero, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } },
    { "the wildcard", &fn_connect, BOUND, GOOD_IRP, spoil_any_address, { STATUS_INVALID_ADDRESS_COMPONENT, NULL } },
};

static const struct bad_row s_inspect_rows[] = {
    { "InspectID NULL", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_no_inspect_id,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "an unknown id", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_unknown_inspect_id,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "id 0", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_zero_inspect_id,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "WskInspectPend", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_action_pend,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "WskInspectMax", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_action_max,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "action -1", &fn_inspect_complete, CONDITIONAL, GOOD_IRP, spoil_action_odd,
      { STATUS_INVALID_PARAMETER, "SOCK-034" } },
    { "a plain listener", &fn_inspect_complete, LISTENER, GOOD_IRP, spoil_unknown_inspect_id,
      { STATUS_INVALID_DEVICE_REQUEST, NULL } },
    { "a plain listener, NULL", &fn_inspect_complete, LISTENER, GOOD_IRP, spoil_no_inspect_id,
      { STATUS_INVALID_DEVICE_REQUEST, NULL } },
};

/* The same for every function that takes a WSK_BUF. */
#define BUFFER_ROWS(function) \
    { "Buffer NULL", function, CONNECTED, GOOD_IRP, spoil_no_buffer, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "Mdl NULL", function, CONNECTED, GOOD_IRP, spoil_no_mdl, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "one byte too long", function, CONNECTED, GOOD_IRP, spoil_long_buffer, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "much too long", function, CONNECTED, GOOD_IRP, spoil_huge_buffer, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "Offset at the end", function, CONNECTED, GOOD_IRP, spoil_late_offset, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "Offset far off", function, CONNECTED, GOOD_IRP, spoil_huge_offset, { STATUS_INVALID_PARAMETER, "SOCK-022" } }, \
    { "Offset and Length", function, CONNECTED, GOOD_IRP, spoil_offset_and_length, \
      { STATUS_INVALID_PARAMETER, "SOCK-022" } }

static const struct bad_row s_transfer_rows[] = {
    BUFFER_ROWS(&fn_send),
    BUFFER_ROWS(&fn_receive),
    { "WSK_FLAG_OOB", &fn_send, CONNECTED, GOOD_IRP, spoil_send_oob, { STATUS_NOT_SUPPORTED, NULL } },
    { "an unknown flag", &fn_send, CONNECTED, GOOD_IRP, spoil_send_unknown_flag, { STATUS_NOT_SUPPORTED, NULL } },
    { "an unknown flag", &fn_receive, CONNECTED, GOOD_IRP, spoil_receive_unknown_flag,
      { STATUS_NOT_SUPPORTED, "SOCK-020" } },
    { "WAITALL and DRAIN", &fn_receive, CONNECTED, GOOD_IRP, spoil_receive_both_flags,
      { STATUS_INVALID_PARAMETER, "SOCK-020" } },
    { "DRAIN with bytes", &fn_receive, CONNECTED, GOOD_IRP, spoil_receive_drain_length,
      { STATUS_INVALID_PARAMETER, "SOCK-020" } },
    { "an unknown flag", &fn_disconnect, CONNECTED, GOOD_IRP, spoil_disconnect_unknown_flag,
      { STATUS_NOT_SUPPORTED, NULL } },
    { "ABORTIVE with bytes", &fn_disconnect, CONNECTED, GOOD_IRP, spoil_disconnect_abort_buffer,
      { STATUS_INVALID_PARAMETER, "SOCK-021" } },
    { "a long buffer", &fn_disconnect, CONNECTED, GOOD_IRP, spoil_disconnect_long_buffer,
      { STATUS_INVALID_PARAMETER, "SOCK-022" } },
    { "DataIndication NULL", &fn_release, CONNECTED, NO_IRP, spoil_no_indication,
      { STATUS_INVALID_PARAMETER, "SOCK-041" } },
    { "a wild DataIndication", &fn_release, CONNECTED, NO_IRP, spoil_wild_indication,
      { STATUS_INVALID_PARAMETER, "SOCK-041" } },
};
/* clang-format on */

static void test_socket_refuses_wrong_arguments(void **state)
{
    bad_rows_check(state, s_socket_rows, ARRAYSIZE(s_socket_rows));
}

static void test_control_client_refuses_wrong_arguments(void **state)
{
    bad_rows_check(state, s_control_client_rows, ARRAYSIZE(s_control_client_rows));
}

static void test_control_socket_refuses_wrong_arguments(void **state)
{
    bad_rows_check(state, s_control_socket_rows, ARRAYSIZE(s_control_socket_rows));
}

static void test_functions_with_addresses_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_address_rows, ARRAYSIZE(s_address_rows));
}

static void test_inspect_complete_refuses_wrong_arguments(void **state)
{
    bad_rows_check(state, s_inspect_rows, ARRAYSIZE(s_inspect_rows));
}

static void test_transfers_refuse_wrong_arguments(void **state)
{
    bad_rows_check(state, s_transfer_rows, ARRAYSIZE(s_transfer_rows));
}

#define TESTS(X)                                            \
    X(test_socket_refuses_wrong_arguments)                  \
    X(test_control_client_refuses_wrong_arguments)          \
    X(test_control_socket_refuses_wrong_arguments)          \
    X(test_functions_with_addresses_refuse_wrong_arguments) \
    X(test_inspect_complete_refuses_wrong_arguments)        \
    X(test_transfers_refuse_wrong_arguments)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
