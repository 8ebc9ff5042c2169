/* SPDX-License-Identifier: MIT */
/* Values of socket options: kept, told to the network, inherited. */
#include "wsk/wsk_option_table.h"

#include <string.h>

#include "wsk/wsk_status.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "host/host_mem.h"

/* Design
 *
 * A socket keeps what was set, whether there is an endpoint yet or not; when one is made, it is told. The few values that
 * other parts look at are members of the socket, where 0 (for IPV6_V6ONLY: 1) is what a driver has not set. All others
 * are in an array that is made with the first of them: most sockets never have one.
 */

#define WORD_BITS 32u

struct we_wsk_option_values {
    ULONG set_bits[WE_WSK_ROW_COUNT / WORD_BITS + 1]; /* which were set */
    ULONG values[WE_WSK_ROW_COUNT];
};

static size_t row_index(const struct we_wsk_row *row)
{
    return (size_t)(row - we_wsk_row((enum we_wsk_row_id)0));
}

static ULONG *member(const struct we_wsk_socket *socket, const struct we_wsk_row *row)
{
    return (ULONG *)(void *)((char *)(uintptr_t)socket + row->kept_offset);
}

static bool is_extra_set(const struct we_wsk_option_values *values, size_t index)
{
    return values != NULL && (values->set_bits[index / WORD_BITS] & (1u << (index % WORD_BITS))) != 0;
}

/* False: nothing was set, and *value is the initial value. */
static bool kept_get_locked(const struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value)
{
    size_t index = row_index(row);

    if (row->kept_offset != WE_WSK_KEPT_EXTRA) {
        bool is_set = *member(socket, row) != 0 || row->doer != WE_WSK_BY_NETWORK;

        *value = is_set ? *member(socket, row) : row->initial;
        return is_set;
    }
    if (!is_extra_set(socket->option_values, index)) {
        *value = row->initial;
        return false;
    }
    *value = socket->option_values->values[index];
    return true;
}

static struct we_wsk_option_values *values_of(struct we_wsk_socket *socket)
{
    if (socket->option_values == NULL) {
        socket->option_values = we_host_zalloc(sizeof(*socket->option_values));
    }
    return socket->option_values;
}

static NTSTATUS kept_set_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    size_t index = row_index(row);
    struct we_wsk_option_values *values;

    if (row->kept_offset != WE_WSK_KEPT_EXTRA) {
        *member(socket, row) = value;
        return STATUS_SUCCESS;
    }
    values = values_of(socket);
    if (values == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    values->values[index] = value;
    values->set_bits[index / WORD_BITS] |= 1u << (index % WORD_BITS);
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_option_network_set_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    if (!we_host_net_has_option(row->host)) {
        we_wsk_unsupported("%s on this system", row->name);
        return STATUS_NOT_SUPPORTED;
    }
    if (socket->ep == NULL) {
        return STATUS_SUCCESS; /* we_wsk_option_apply_locked does it later */
    }
    return we_wsk_status(we_host_ep_set(socket->ep, row->host, (int)value), WE_WSK_OP_CONTROL);
}

NTSTATUS we_wsk_option_set_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (row->set_locked != NULL) {
        status = row->set_locked(socket, row, value);
    } else if (row->doer == WE_WSK_BY_NETWORK) {
        status = we_wsk_option_network_set_locked(socket, row, value);
    } else if (row->doer == WE_WSK_KEPT) {
        we_wsk_unsupported("the effect of %s (%s)", row->name, row->text);
    }
    return NT_SUCCESS(status) ? kept_set_locked(socket, row, value) : status;
}

/* Asks the endpoint, if it has an answer. */
static NTSTATUS network_get_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value)
{
    enum we_err err;
    int answer;

    if (!we_host_net_has_option(row->host)) {
        we_wsk_unsupported("%s on this system", row->name);
        return STATUS_NOT_SUPPORTED;
    }
    if (socket->ep == NULL) {
        return STATUS_SUCCESS;
    }
    err = we_host_ep_get(socket->ep, row->host, &answer);
    if (err == WE_OK) {
        *value = (ULONG)answer;
    }
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_option_get_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value)
{
    if (row->get_locked != NULL) {
        return row->get_locked(socket, row, value);
    }
    if (kept_get_locked(socket, row, value) || row->doer != WE_WSK_BY_NETWORK) {
        return STATUS_SUCCESS;
    }
    return network_get_locked(socket, row, value);
}

/* --- endpoints and accepted sockets ----------------------------------------------------------------- */

/* A value that the network refuses now was accepted without it: the driver has nobody left to hear of it. */
static void row_apply_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row)
{
    ULONG value;

    if (kept_get_locked(socket, row, &value)) {
        (void)(row->set_locked != NULL ? row->set_locked(socket, row, value)
                                       : we_wsk_option_network_set_locked(socket, row, value));
    }
}

void we_wsk_option_apply_locked(struct we_wsk_socket *socket)
{
    size_t i;

    if (socket->ep == NULL) {
        return;
    }
    row_apply_locked(socket, we_wsk_row(WE_WSK_ROW_SOL_SOCKET_SO_RCVBUF));
    row_apply_locked(socket, we_wsk_row(WE_WSK_ROW_SOL_SOCKET_SO_KEEPALIVE));
    if (socket->nodelay != 0) {
        row_apply_locked(socket, we_wsk_row(WE_WSK_ROW_IPPROTO_TCP_TCP_NODELAY));
    }
    for (i = 0; socket->option_values != NULL && i < WE_WSK_ROW_COUNT; i++) {
        if (is_extra_set(socket->option_values, i) && we_wsk_row((enum we_wsk_row_id)i)->doer == WE_WSK_BY_NETWORK) {
            row_apply_locked(socket, we_wsk_row((enum we_wsk_row_id)i));
        }
    }
}

void we_wsk_option_inherit_locked(const struct we_wsk_socket *listener, struct we_wsk_socket *accepted)
{
    accepted->receive_buffer_bytes = listener->receive_buffer_bytes;
    accepted->keepalive = listener->keepalive;
    accepted->nodelay = listener->nodelay;
    if (listener->option_values != NULL) {
        struct we_wsk_option_values *values = values_of(accepted);

        if (values == NULL) {
            return; /* as if nothing had been set: the connection is worth more */
        }
        memcpy(values, listener->option_values, sizeof(*values));
    }
    we_wsk_option_apply_locked(accepted);
}

void we_wsk_option_values_free(struct we_wsk_socket *socket)
{
    we_host_free(socket->option_values);
    socket->option_values = NULL;
}
