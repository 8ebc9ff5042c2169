/* SPDX-License-Identifier: MIT */
/* What systems spell differently about TCP sockets and descriptors: one file for each system implements it. */
#ifndef WE_HOST_SOCKET_H
#define WE_HOST_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* All descriptors made here are non-blocking and closed on exec. Functions that make one return it, or -1 and errno. */

/* A TCP socket of the host's address family. */
int we_host_socket_open(int family);
/* One connection of a listener, with the peer's address; never raises SIGPIPE later. */
int we_host_socket_accept(int listener_fd, struct sockaddr_storage *remote, socklen_t *length_bytes);
/* A pipe: fds[0] is the end to read from. Returns false and sets errno. */
bool we_host_socket_pipe(int fds[2]);
/* For each send: no SIGPIPE where that is said per call. */
extern const int we_host_socket_send_flags;
/* Bytes that were sent and that the peer's system has not acknowledged. */
size_t we_host_socket_unacked_bytes(int fd);
/* A UDP socket of the host's address family, which hears the multicast groups that it enters itself, and no others. */
int we_host_socket_open_datagram(int family);
/* For library functions that look at an address's own length member, where there is one. */
void we_host_socket_address_length(struct sockaddr_storage *address, socklen_t length_bytes);

#endif
