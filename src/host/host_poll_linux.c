/* SPDX-License-Identifier: MIT */
/* The answers of poll() on Linux: each thing has a bit of its own; hang-up and error come unasked. */
#include "host/host_poll.h"

#include <poll.h>

#include "host/host_poller.h"

const short we_host_poll_ended = POLLRDHUP;

unsigned we_host_poll_bits(int fd, short native, unsigned armed)
{
    unsigned bits = 0;

    (void)fd;
    if (native & POLLIN) {
        bits |= WE_POLL_READABLE;
    }
    if (native & POLLOUT) {
        bits |= WE_POLL_WRITABLE;
    }
    if (native & POLLRDHUP) {
        bits |= WE_POLL_ENDED;
    }
    /* Less may be wanted now than this poll() was asked for. */
    bits &= armed;
    if (native & POLLHUP) {
        bits |= WE_POLL_ENDED;
    }
    if (native & POLLERR) {
        bits |= WE_POLL_RESET;
    }
    return bits;
}

bool we_host_poll_is_last(short native)
{
    return (native & (POLLHUP | POLLERR)) != 0;
}
