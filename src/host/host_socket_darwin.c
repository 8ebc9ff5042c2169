/* SPDX-License-Identifier: MIT */
/* TCP sockets the way macOS spells them: flags are set after the descriptor was made. */
#include "host/host_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

/* There is no flag for a single send: SO_NOSIGPIPE is set on each socket. */
const int we_host_socket_send_flags = 0;

static bool descriptor_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int close_and_fail(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
    return -1;
}

/* Takes the descriptor of a new socket, which may be -1. */
static int socket_prepare(int fd)
{
    const int on = 1;

    if (fd < 0) {
        return -1;
    }
    if (!descriptor_prepare(fd) || setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) != 0) {
        return close_and_fail(fd);
    }
    return fd;
}

int we_host_socket_open(int family)
{
    return socket_prepare(socket(family, SOCK_STREAM, IPPROTO_TCP));
}

int we_host_socket_open_datagram(int family)
{
    return socket_prepare(socket(family, SOCK_DGRAM, IPPROTO_UDP));
}

int we_host_socket_accept(int listener_fd, struct sockaddr_storage *remote, socklen_t *length_bytes)
{
    int fd = socket_prepare(accept(listener_fd, (struct sockaddr *)remote, length_bytes));

    /* A socket whose peer is gone already refuses options: the same as a connection that was aborted. */
    if (fd < 0 && errno == EINVAL) {
        errno = ECONNABORTED;
    }
    return fd;
}

bool we_host_socket_pipe(int fds[2])
{
    int saved;

    if (pipe(fds) != 0) {
        return false;
    }
    if (descriptor_prepare(fds[0]) && descriptor_prepare(fds[1])) {
        return true;
    }
    saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return false;
}

size_t we_host_socket_unacked_bytes(int fd)
{
    int bytes = 0;
    socklen_t length_bytes = (socklen_t)sizeof(bytes);

    return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &length_bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void we_host_socket_address_length(struct sockaddr_storage *address, socklen_t length_bytes)
{
    address->ss_len = (__uint8_t)length_bytes;
}
