/* SPDX-License-Identifier: MIT */
/* Base error to NTSTATUS, by operation: one table. */
#include "wsk/wsk_status.h"

#include "base/base_assert.h"

#define OPERATION_COUNT (WE_WSK_OP_RECEIVE_FROM + 1)

/* Statuses of one error, in the order of enum we_wsk_operation. */
struct status_row {
    NTSTATUS statuses[OPERATION_COUNT];
};

#define SAME(status)                                                               \
    {                                                                              \
        {                                                                          \
            status, status, status, status, status, status, status, status, status \
        }                                                                          \
    }

/* Where an error makes no sense for an operation, the row repeats the status of its neighbours. */
/* clang-format off */
static const struct status_row s_status_rows[WE_ERR_COUNT] = {
    [WE_OK] = SAME(STATUS_SUCCESS),
    /* Nobody shows "try again" to a client: it means that the request waits. */
    [WE_ERR_AGAIN] = SAME(STATUS_PENDING),
    [WE_ERR_NO_MEMORY] = SAME(STATUS_INSUFFICIENT_RESOURCES),
    [WE_ERR_NO_DESCRIPTORS] = SAME(STATUS_INSUFFICIENT_RESOURCES),
    /*                           socket, bind, connect, send, receive, disconnect, control, send to, receive from */
    [WE_ERR_INVALID] = { { STATUS_INVALID_PARAMETER, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_DEVICE_STATE,
                           STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER,
                           STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER } },
    [WE_ERR_IN_USE] = SAME(STATUS_ADDRESS_ALREADY_EXISTS),
    [WE_ERR_ADDRESS] = SAME(STATUS_INVALID_ADDRESS_COMPONENT),
    [WE_ERR_ACCESS] = SAME(STATUS_ACCESS_DENIED),
    [WE_ERR_FAMILY] = { { STATUS_NOT_SUPPORTED, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER,
                          STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER,
                          STATUS_NOT_SUPPORTED, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER } },
    [WE_ERR_NOT_SUPPORTED] = { { STATUS_NOT_SUPPORTED, STATUS_NOT_IMPLEMENTED, STATUS_NOT_SUPPORTED,
                                 STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED,
                                 STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED } },
    [WE_ERR_REFUSED] = { { STATUS_CONNECTION_REFUSED, STATUS_CONNECTION_REFUSED, STATUS_CONNECTION_REFUSED,
                           STATUS_CONNECTION_RESET, STATUS_CONNECTION_RESET, STATUS_CONNECTION_RESET,
                           STATUS_CONNECTION_REFUSED, STATUS_PORT_UNREACHABLE, STATUS_PORT_UNREACHABLE } },
    /* A disconnect of a connection that the peer has reset has nothing left to do. */
    [WE_ERR_RESET] = { { STATUS_CONNECTION_RESET, STATUS_CONNECTION_RESET, STATUS_CONNECTION_RESET,
                         STATUS_CONNECTION_RESET, STATUS_CONNECTION_RESET, STATUS_SUCCESS,
                         STATUS_CONNECTION_RESET, STATUS_PORT_UNREACHABLE, STATUS_PORT_UNREACHABLE } },
    [WE_ERR_ABORTED] = SAME(STATUS_CONNECTION_ABORTED),
    [WE_ERR_TIMED_OUT] = { { STATUS_IO_TIMEOUT, STATUS_IO_TIMEOUT, STATUS_IO_TIMEOUT,
                             STATUS_CONNECTION_ABORTED, STATUS_CONNECTION_ABORTED, STATUS_IO_TIMEOUT,
                             STATUS_IO_TIMEOUT, STATUS_IO_TIMEOUT, STATUS_IO_TIMEOUT } },
    [WE_ERR_NET_UNREACHABLE] = SAME(STATUS_NETWORK_UNREACHABLE),
    [WE_ERR_HOST_UNREACHABLE] = SAME(STATUS_HOST_UNREACHABLE),
    [WE_ERR_NOT_CONNECTED] = SAME(STATUS_INVALID_DEVICE_STATE),
    [WE_ERR_CONNECTED] = SAME(STATUS_CONNECTION_ACTIVE),
    /* Sending after our own end is a matter of state, not of the network. */
    [WE_ERR_FINISHED] = SAME(STATUS_INVALID_DEVICE_STATE),
    [WE_ERR_TOO_LARGE] = SAME(STATUS_INVALID_BUFFER_SIZE),
    [WE_ERR_CANCELLED] = SAME(STATUS_CANCELLED),
    [WE_ERR_STOPPING] = SAME(STATUS_FILE_FORCED_CLOSED),
    [WE_ERR_UNEXPECTED] = SAME(STATUS_UNEXPECTED_NETWORK_ERROR),
};
/* clang-format on */

NTSTATUS we_wsk_status(enum we_err err, enum we_wsk_operation operation)
{
    WE_ASSERT((unsigned)err < WE_ERR_COUNT);
    WE_ASSERT((unsigned)operation < OPERATION_COUNT);
    return s_status_rows[err].statuses[operation];
}
