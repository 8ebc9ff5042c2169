/* SPDX-License-Identifier: MIT */
/* Options of sockets: values of ours to the system's and back. */
#include "host/host_option.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_err.h"

#define MS_IN_A_SECOND 1000

/* What setsockopt and getsockopt are given. */
union native_value {
    int number;
    unsigned char byte;
    struct in_addr address;
    struct ip_mreqn interface;
};

/* Numbers below this one, in host byte order, are no addresses of anybody: 0.x.y.z is an index. */
#define INDEX_LIMIT 0x01000000u

static socklen_t multicast_if_to_native(int value, union native_value *native)
{
    uint32_t number = ntohl((uint32_t)value);

    if (number >= INDEX_LIMIT) {
        native->address.s_addr = (uint32_t)value;
        return (socklen_t)sizeof(native->address);
    }
    native->interface.imr_ifindex = (int)number;
    return (socklen_t)sizeof(native->interface);
}

static socklen_t to_native(const struct we_host_option_row *row, int value, union native_value *native)
{
    if (row->highest != 0 && value > row->highest) {
        value = row->highest;
    }
    memset(native, 0, sizeof(*native));
    native->number = value;
    switch (row->conversion) {
    case WE_CONVERT_FLAG:
        native->number = value != 0;
        break;
    case WE_CONVERT_BYTE:
        native->byte = (unsigned char)value;
        return (socklen_t)sizeof(native->byte);
    case WE_CONVERT_SECONDS: /* rounded up, so that a short time does not become none */
        native->number = value / MS_IN_A_SECOND + (value % MS_IN_A_SECOND != 0);
        break;
    case WE_CONVERT_NETWORK_ORDER:
        native->number = (int)htonl((uint32_t)value);
        break;
    case WE_CONVERT_MULTICAST_IF:
        return multicast_if_to_native(value, native);
    case WE_CONVERT_MTU_DISCOVERY:
        native->number = we_host_option_mtu_to_native(value);
        break;
    case WE_CONVERT_DONT_FRAGMENT:
        native->number = we_host_option_mtu_to_native(value != 0 ? WE_MTU_DISCOVERY_DO : WE_MTU_DISCOVERY_NOT_SET);
        break;
    case WE_CONVERT_NUMBER:
    case WE_CONVERT_BUFFER:
        break;
    }
    return (socklen_t)sizeof(native->number);
}

static int from_native(const struct we_host_option_row *row, const union native_value *native, socklen_t length_bytes)
{
    int number = length_bytes == (socklen_t)sizeof(native->byte) ? native->byte : native->number;

    switch (row->conversion) {
    case WE_CONVERT_FLAG:
        return number != 0;
    case WE_CONVERT_BUFFER:
        return we_host_option_buffer_bytes(number);
    case WE_CONVERT_SECONDS:
        return number * MS_IN_A_SECOND;
    case WE_CONVERT_NETWORK_ORDER:
        return (int)ntohl((uint32_t)number);
    case WE_CONVERT_MTU_DISCOVERY:
        return we_host_option_mtu_from_native(number);
    case WE_CONVERT_DONT_FRAGMENT:
        return we_host_option_mtu_from_native(number) == WE_MTU_DISCOVERY_DO;
    case WE_CONVERT_NUMBER:
    case WE_CONVERT_BYTE:
    case WE_CONVERT_MULTICAST_IF:
        break;
    }
    return number;
}

enum we_err we_host_option_set(int fd, const struct we_host_option_row *row, int value)
{
    union native_value native;
    socklen_t length_bytes;

    if (row->conversion == WE_CONVERT_BUFFER && value < 0) {
        return WE_ERR_INVALID;
    }
    length_bytes = to_native(row, value, &native);
    return setsockopt(fd, row->level, row->name, &native, length_bytes) == 0 ? WE_OK : we_host_err_from_errno(errno);
}

enum we_err we_host_option_get(int fd, const struct we_host_option_row *row, int *value)
{
    union native_value native;
    socklen_t length_bytes = (socklen_t)sizeof(native.number);

    memset(&native, 0, sizeof(native));
    if (getsockopt(fd, row->level, row->name, &native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    *value = from_native(row, &native, length_bytes);
    return WE_OK;
}
