/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams. What systems spell differently, which is all but writing, has one file for each system. */
#ifndef WE_HOST_CMSG_H
#define WE_HOST_CMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "host/host_dgram.h"

/* Room for everything that a datagram brings or takes along. */
#define WE_HOST_CMSG_BYTES 256u

/* For each receive: where the system knows it, the result is the length of the whole datagram. */
extern const int we_host_cmsg_receive_flags;
/* What recvmsg brings: the address that each datagram was sent to; hop limit and traffic class as well. Return false
 * and set errno. is_dual: IPv4 comes to this IPv6 socket too. */
bool we_host_cmsg_want_destination(int fd, enum we_base_family family, bool is_dual);
bool we_host_cmsg_want_details(int fd, enum we_base_family family, bool is_dual, bool is_on);
/* Answers of the network to what was sent. False with ENOPROTOOPT where the system cannot tell who answered. */
bool we_host_cmsg_want_errors(int fd, enum we_base_family family, bool is_dual, bool is_on);

/* Fills everything of dgram but remote and length_bytes from what recvmsg put into message. */
void we_host_cmsg_read(struct msghdr *message, enum we_base_family family, struct we_host_dgram *dgram);
/* Describes dgram's details to sendmsg in control, which has WE_HOST_CMSG_BYTES and is aligned for a cmsghdr. */
void we_host_cmsg_write(struct msghdr *message, void *control, const struct we_host_dgram *dgram);
/* One sendmsg may bring several datagrams. */
bool we_host_cmsg_can_segment(int fd);
/* How many at most. */
#define WE_HOST_CMSG_SEGMENTS_MAX 64u
/* After we_host_cmsg_write: the message is cut into datagrams of segment_bytes, the last of which may be shorter. Only
 * where the system can. */
void we_host_cmsg_write_segment(struct msghdr *message, void *control, size_t segment_bytes);
/* Adds one object to what sendmsg is told. */
void we_host_cmsg_append(struct msghdr *message, void *control, int level, int type, const void *data, size_t bytes);
/* Takes the oldest answer of the network: its error number, and where the datagram was going. False: there is none. */
bool we_host_cmsg_take_error(int fd, int *number, struct we_base_addr *remote);

#endif
