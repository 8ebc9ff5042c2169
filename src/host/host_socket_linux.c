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

/* As the kernel makes it, a socket hears each group that anybody on the machine is in. A kernel too old for the option
 * of IPv6 goes on so. */
static void hear_own_groups_only(int fd, int family)
{
    const int off = 0;

    (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, (socklen_t)sizeof(off));
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, (socklen_t)sizeof(off));
    }
}

int we_host_socket_open_datagram(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

    if (fd >= 0) {
        hear_own_groups_only(fd, family);
    }
    return fd;
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
