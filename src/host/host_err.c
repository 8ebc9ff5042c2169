/* SPDX-License-Identifier: MIT */
/* The operating system's error numbers as our own errors. */
#include "host/host_err.h"

#include <errno.h>
#include <stddef.h>

#include "base/base_assert.h"

struct row {
    int number;
    enum we_err err;
};

/* The first rows are the frequent ones. A broken pipe is a reset here: whoever finished his own sending side knows
 * that himself and does not ask the operating system. */
static const struct row s_rows[] = {
    { EAGAIN, WE_ERR_AGAIN },
    { ECONNRESET, WE_ERR_RESET },
    { EINPROGRESS, WE_ERR_AGAIN },
    { EWOULDBLOCK, WE_ERR_AGAIN },
    { EALREADY, WE_ERR_AGAIN },
    { EPIPE, WE_ERR_RESET },
    { ENOMEM, WE_ERR_NO_MEMORY },
    { ENOBUFS, WE_ERR_NO_MEMORY },
    { EMFILE, WE_ERR_NO_DESCRIPTORS },
    { ENFILE, WE_ERR_NO_DESCRIPTORS },
    { EINVAL, WE_ERR_INVALID },
    { EDOM, WE_ERR_INVALID },
    { EADDRINUSE, WE_ERR_IN_USE },
    { EADDRNOTAVAIL, WE_ERR_ADDRESS },
    { ENODEV, WE_ERR_ADDRESS }, /* of options: no such interface */
    { ENXIO, WE_ERR_ADDRESS },
    { EACCES, WE_ERR_ACCESS },
    { EPERM, WE_ERR_ACCESS },
    { EAFNOSUPPORT, WE_ERR_FAMILY },
    { EPFNOSUPPORT, WE_ERR_FAMILY },
    { EPROTONOSUPPORT, WE_ERR_FAMILY },
    { ESOCKTNOSUPPORT, WE_ERR_FAMILY },
    { EPROTOTYPE, WE_ERR_FAMILY },
    { EOPNOTSUPP, WE_ERR_NOT_SUPPORTED },
    { ENOPROTOOPT, WE_ERR_NOT_SUPPORTED },
    { ENOSYS, WE_ERR_NOT_SUPPORTED },
    { ECONNREFUSED, WE_ERR_REFUSED },
    { ECONNABORTED, WE_ERR_ABORTED },
    { EPROTO, WE_ERR_ABORTED },
    { ETIMEDOUT, WE_ERR_TIMED_OUT },
    { ENETUNREACH, WE_ERR_NET_UNREACHABLE },
    { ENETDOWN, WE_ERR_NET_UNREACHABLE },
    { ENETRESET, WE_ERR_RESET },
    { EHOSTUNREACH, WE_ERR_HOST_UNREACHABLE },
    { EHOSTDOWN, WE_ERR_HOST_UNREACHABLE },
    { ENOTCONN, WE_ERR_NOT_CONNECTED },
    { EDESTADDRREQ, WE_ERR_NOT_CONNECTED },
    { EISCONN, WE_ERR_CONNECTED },
    { ESHUTDOWN, WE_ERR_FINISHED },
    { EMSGSIZE, WE_ERR_TOO_LARGE },
    { ECANCELED, WE_ERR_CANCELLED },
};

enum we_err we_host_err_from_errno(int number)
{
    if (number == 0) {
        return WE_OK;
    }
    for (size_t i = 0; i < WE_ARRAY_COUNT(s_rows); i++) {
        if (s_rows[i].number == number) {
            return s_rows[i].err;
        }
    }
    return WE_ERR_UNEXPECTED;
}
