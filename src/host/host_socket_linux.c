/* SPDX-License-Identifier: MIT */
/* TCP sockets the way Linux spells them. */
#include "host/host_socket.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

const int we_host_socket_send_flags = MSG_NOSIGNAL;

int we_host_socket_open(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
}

int we_host_socket_open_datagram(int family)
{
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
}

int we_host_socket_accept(int listener_fd, struct sockaddr_storage *remote, socklen_t *length_bytes)
{
    return accept4(listener_fd, (struct sockaddr *)remote, length_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool we_host_socket_pipe(int fds[2])
{
    return pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0;
}

size_t we_host_socket_unacked_bytes(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void we_host_socket_address_length(struct sockaddr_storage *address, socklen_t length_bytes)
{
    (void)address;
    (void)length_bytes;
}
