/* SPDX-License-Identifier: MIT */
/* What systems spell differently about options of sockets: one file for each system implements it. */
#ifndef WE_HOST_OPTION_H
#define WE_HOST_OPTION_H

#include "host/host_net.h"

/* How a value of ours becomes the system's. */
enum we_host_option_conversion {
    WE_CONVERT_NUMBER,
    WE_CONVERT_FLAG,
    WE_CONVERT_BUFFER,        /* what is asked back may be more than what was set */
    WE_CONVERT_BYTE,          /* the system wants an unsigned char */
    WE_CONVERT_SECONDS,       /* ours are milliseconds */
    WE_CONVERT_NETWORK_ORDER, /* ours is in host byte order */
    WE_CONVERT_MULTICAST_IF,  /* ours is an address, or an index below 2^24, as a number in network byte order */
    WE_CONVERT_MTU_DISCOVERY, /* ours is enum we_host_mtu_discovery */
    WE_CONVERT_DONT_FRAGMENT  /* a flag that is one value of path MTU discovery */
};

struct we_host_option_row {
    int level;
    int name;
    enum we_host_option_conversion conversion;
    int highest; /* higher values become this one; 0: no limit */
};

/* NULL: the system has nothing like it. */
const struct we_host_option_row *we_host_option_row(enum we_host_ep_option option);
/* enum we_host_mtu_discovery to the system's value and back. */
int we_host_option_mtu_to_native(int value);
int we_host_option_mtu_from_native(int native);
/* What SO_RCVBUF or SO_SNDBUF was set to, from what the system answers. */
int we_host_option_buffer_bytes(int answer_bytes);
/* Sets fd's option by a row; of a value that the system refuses, its error. */
WE_MUST_USE enum we_err we_host_option_set(int fd, const struct we_host_option_row *row, int value);
WE_MUST_USE enum we_err we_host_option_get(int fd, const struct we_host_option_row *row, int *value);
/* The state of a TCP connection. */
WE_MUST_USE enum we_err we_host_option_tcp_info(int fd, struct we_host_tcp_info *info);

#endif
