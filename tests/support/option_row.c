/* SPDX-License-Identifier: MIT */
/* For tests that walk the table of options. */
#include "support/option_row.h"
#include "support/inspect_answers.h"

#include <string.h>

static const WSK_CLIENT_LISTEN_DISPATCH s_listen = { NULL, inspect_accept, inspect_abort_ignore };
static const WSK_CLIENT_STREAM_DISPATCH s_stream = { &s_listen, NULL };

static bool is_udp(enum we_wsk_category category, const struct we_wsk_row *row)
{
    return category == WE_WSK_DATAGRAM || (row->level_name != NULL && row->level == IPPROTO_UDP);
}

ADDRESS_FAMILY row_family(const struct we_wsk_row *row)
{
    return row->level_name != NULL && row->level == IPPROTO_IPV6 ? AF_INET6 : AF_INET;
}

PWSK_SOCKET row_socket_open(struct wsk_fixture *fixture, enum we_wsk_category category, const struct we_wsk_row *row)
{
    static const ULONG flags[] = { WSK_FLAG_BASIC_SOCKET, WSK_FLAG_LISTEN_SOCKET, WSK_FLAG_DATAGRAM_SOCKET,
                                   WSK_FLAG_CONNECTION_SOCKET, WSK_FLAG_STREAM_SOCKET };
    const VOID *dispatch = category == WE_WSK_LISTEN   ? (const VOID *)&s_listen
                           : category == WE_WSK_STREAM ? (const VOID *)&s_stream
                                                       : NULL;
    PWSK_SOCKET socket;
    NTSTATUS status;

    status =
        socket_open_try(fixture, flags[category], row_family(row), is_udp(category, row) ? SOCK_DGRAM : SOCK_STREAM,
                        is_udp(category, row) ? IPPROTO_UDP : IPPROTO_TCP, NULL, dispatch, &socket);
    assert_true(status == STATUS_SUCCESS || status == STATUS_NOT_SUPPORTED);
    return socket;
}

PWSK_SOCKET row_socket_open_any(struct wsk_fixture *fixture, const struct we_wsk_row *row)
{
    PWSK_SOCKET socket = NULL;
    unsigned category;

    for (category = WE_WSK_BASIC; category <= WE_WSK_STREAM && socket == NULL; category++) {
        if ((row->categories & WE_WSK_CATEGORY_BIT(category)) != 0) {
            socket = row_socket_open(fixture, (enum we_wsk_category)category, row);
        }
    }
    return socket;
}

PWSK_SOCKET row_socket_open_connected(struct wsk_fixture *fixture, const struct we_wsk_row *row,
                                      struct wsk_kit_peer **peer)
{
    return connection_open_peer(fixture, row_family(row), NULL, NULL, peer);
}

bool row_is_scalar(const struct we_wsk_row *row)
{
    return row->level_name != NULL && row->kind != WE_WSK_KIND_DATA;
}

ULONG row_sample(const struct we_wsk_row *row)
{
    ULONG value = row->lowest < row->highest ? row->lowest + 1 : row->lowest;

    return value != row->initial ? value : row->lowest;
}

NTSTATUS row_call(struct row_call *call)
{
    const WSK_PROVIDER_BASIC_DISPATCH *table = call->socket->Dispatch;
    const struct we_wsk_row *row = call->row;
    SIZE_T returned = 0;
    NTSTATUS status;

    if (call->is_without_irp) {
        status = table->WskControlSocket(call->socket, call->type, row->code, row->level, call->input_size, call->input,
                                         call->output_size, call->output, &returned, NULL);
        call->information = returned;
        return status;
    }
    REQUEST_CALL(status, &call->information, irp,
                 table->WskControlSocket(call->socket, call->type, row->code, row->level, call->input_size, call->input,
                                         call->output_size, call->output, NULL, irp));
    return status;
}

void row_call_init(struct row_call *call, PWSK_SOCKET socket, const struct we_wsk_row *row, void *buffer)
{
    ULONG sample = row_sample(row);

    assert_true(row->input_size <= ROW_BYTES_MAX && row->output_size <= ROW_BYTES_MAX);
    memset(buffer, 0, ROW_BYTES_MAX);
    memset(call, 0, sizeof(*call));
    call->socket = socket;
    call->row = row;
    call->type = row->level_name == NULL ? WskIoctl : (row->access & WE_WSK_CAN_SET) != 0 ? WskSetOption : WskGetOption;
    call->is_without_irp = row->irp == WE_WSK_IRP_FORBIDDEN;
    if (row_is_scalar(row)) {
        memcpy(buffer, &sample, sizeof(sample));
    }
    if (call->type != WskGetOption && row->input_size != 0) {
        call->input = buffer;
        call->input_size = row->input_size;
    }
    if (call->type != WskSetOption && row->output_size != 0) {
        call->output = buffer;
        call->output_size = row->output_size;
    }
}

NTSTATUS row_set(PWSK_SOCKET socket, const struct we_wsk_row *row, ULONG value)
{
    struct row_call call = { .socket = socket, .row = row, .type = WskSetOption };

    call.input = &value;
    call.input_size = sizeof(value);
    return row_call(&call);
}

NTSTATUS row_get(PWSK_SOCKET socket, const struct we_wsk_row *row, ULONG *value)
{
    struct row_call call = { .socket = socket, .row = row, .type = WskGetOption };
    ULONG values[2] = { 0x5a5a5a5a, 0x5a5a5a5a };
    NTSTATUS status;

    call.output = values;
    call.output_size = sizeof(values);
    status = row_call(&call);
    assert_int_equal(call.information, NT_SUCCESS(status) ? sizeof(ULONG) : 0);
    assert_int_equal(values[1], 0x5a5a5a5a);
    *value = values[0];
    return status;
}
