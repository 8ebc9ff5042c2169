/* SPDX-License-Identifier: MIT */
/* The one error type of layers 0 to 2. The world's faults only: our own mistakes assert. */
#ifndef WE_BASE_ERR_H
#define WE_BASE_ERR_H

/* name, sentence for logs */
#define WE_ERR_LIST(X)                                           \
    X(WE_OK, "success")                                          \
    X(WE_ERR_AGAIN, "not ready, an event will follow")           \
    X(WE_ERR_NO_MEMORY, "out of memory")                         \
    X(WE_ERR_NO_DESCRIPTORS, "out of file descriptors")          \
    X(WE_ERR_INVALID, "invalid argument")                        \
    X(WE_ERR_IN_USE, "address already in use")                   \
    X(WE_ERR_ADDRESS, "address is not local or not usable")      \
    X(WE_ERR_ACCESS, "permission denied")                        \
    X(WE_ERR_FAMILY, "address family or protocol not supported") \
    X(WE_ERR_NOT_SUPPORTED, "operation not supported")           \
    X(WE_ERR_REFUSED, "connection refused")                      \
    X(WE_ERR_RESET, "connection reset by peer")                  \
    X(WE_ERR_ABORTED, "connection aborted")                      \
    X(WE_ERR_TIMED_OUT, "timed out")                             \
    X(WE_ERR_NET_UNREACHABLE, "network unreachable")             \
    X(WE_ERR_HOST_UNREACHABLE, "host unreachable")               \
    X(WE_ERR_NOT_CONNECTED, "not connected")                     \
    X(WE_ERR_CONNECTED, "already connected")                     \
    X(WE_ERR_FINISHED, "sending side already finished")          \
    X(WE_ERR_TOO_LARGE, "message too large")                     \
    X(WE_ERR_CANCELLED, "cancelled")                             \
    X(WE_ERR_STOPPING, "the emulated kernel is stopping")        \
    X(WE_ERR_UNEXPECTED, "unexpected failure of the operating system")

enum we_err {
#define X(name, text) name,
    WE_ERR_LIST(X)
#undef X
        WE_ERR_COUNT
};

/* Returns a constant string; never NULL. */
const char *we_base_err_text(enum we_err err);

#endif
