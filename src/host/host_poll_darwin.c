/* SPDX-License-Identifier: MIT */
/* The answers of poll() on macOS, where hang-up can mean three things. */
#include "host/host_poll.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "host/host_poller.h"

/* Design
 *
 * The kernel makes poll() of the filters of kqueue. POLLHUP says that a filter that was asked for has come to an end:
 * the peer's direction, if POLLIN or POLLHUP was asked for, or our own, if POLLOUT was; a connection that broke ends
 * both. There is no bit for a reset, so a look at the socket decides, which leaves its bytes and its error where they
 * are. Nobody who asks for nothing hears of a hang-up, so there is none that would be repeated for ever.
 *
 * One who wants to hear of the end alone asks for POLLHUP. Bytes that wait use up what the kernel set up for him, until
 * the next poll(): that a request's peer hangs up behind bytes it has sent may be heard late. kqueue has no such gap.
 */

const short we_host_poll_ended = POLLHUP;

/* What a hang-up means to one who asked for native and armed. */
static unsigned hangup_bits(int fd, short native, unsigned armed)
{
    char byte;
    ssize_t count = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (count < 0) {
        /* Nothing to read and no end of it: only our own direction is over. */
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : WE_POLL_ENDED | WE_POLL_RESET;
    }
    /* Behind bytes the end does not show. It was not the write filter that ended if nobody asked for that one, and not
     * only that one if the read filter answered as well. */
    return count == 0 || (native & POLLIN) != 0 || (armed & WE_POLL_WRITABLE) == 0 ? WE_POLL_ENDED : 0;
}

unsigned we_host_poll_bits(int fd, short native, unsigned armed)
{
    unsigned bits = 0;

    if (native & POLLIN) {
        bits |= WE_POLL_READABLE;
    }
    /* One who waits for the outcome of a connect, or for room in a direction that is over, has to look. */
    if (native & (POLLOUT | POLLHUP)) {
        bits |= WE_POLL_WRITABLE;
    }
    /* Less may be wanted now than this poll() was asked for. */
    bits &= armed;
    if (native & POLLHUP) {
        bits |= hangup_bits(fd, native, armed);
    }
    if (native & POLLERR) {
        bits |= WE_POLL_RESET;
    }
    return bits;
}

bool we_host_poll_is_last(short native)
{
    return (native & POLLERR) != 0;
}
