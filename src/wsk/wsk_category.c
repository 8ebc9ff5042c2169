/* SPDX-License-Identifier: MIT */
/* Which part of the code serves a category of sockets, and the little that basic sockets need. */
#include "wsk/wsk_socket.h"

#include "base/base_assert.h"

static bool basic_create(struct we_wsk_socket *socket)
{
    (void)socket;
    return true;
}

static void basic_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    (void)socket;
    (void)completions;
}

static void basic_nothing(struct we_wsk_socket *socket)
{
    (void)socket;
}

/* Basic sockets have options only. */
static const struct we_wsk_category_ops s_basic_ops = {
    .create = basic_create,
    .close_locked = basic_close_locked,
    .close_unlocked = basic_nothing,
    .finish = basic_nothing,
    .destroy = basic_nothing,
};

const struct we_wsk_category_ops *we_wsk_category_ops(enum we_wsk_category category)
{
    switch (category) {
    case WE_WSK_BASIC:
        return &s_basic_ops;
    case WE_WSK_LISTEN:
        return &we_wsk_listen_ops;
    case WE_WSK_CONNECTION:
        return &we_wsk_connection_ops;
    case WE_WSK_DATAGRAM:
        return &we_wsk_dgram_ops;
    case WE_WSK_STREAM:
        return &we_wsk_stream_ops;
    default:
        WE_UNREACHABLE("a socket of a category that cannot be created");
    }
}

const char *we_wsk_category_name(enum we_wsk_category category)
{
    static const char *const names[] = { "basic socket", "listening socket", "datagram socket", "connection socket",
                                         "stream socket" };

    WE_ASSERT((unsigned)category < WE_ARRAY_COUNT(names));
    return names[category];
}
