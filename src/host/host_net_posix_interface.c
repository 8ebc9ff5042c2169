/* SPDX-License-Identifier: MIT */
/* This host's own addresses, and which of them leads to a remote one. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/host_addr.h"
#include "host/host_err.h"
#include "host/host_net_posix.h"
#include "host/host_socket.h"

/* Appends the addresses of interfaces that are up, loopback or others. */
static unsigned addresses_append(const struct ifaddrs *list, enum we_base_family family, bool is_loopback,
                                 struct we_base_addr *addrs, unsigned addrs_max, unsigned count)
{
    for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
        struct sockaddr_storage native;
        struct we_base_addr addr;
        size_t length_bytes = family == WE_FAMILY_IPV4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

        if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != we_host_addr_family(family) ||
            (entry->ifa_flags & IFF_UP) == 0 || ((entry->ifa_flags & IFF_LOOPBACK) != 0) != is_loopback) {
            continue;
        }
        memset(&native, 0, sizeof(native));
        memcpy(&native, entry->ifa_addr, length_bytes);
        if (!we_host_addr_from_native(&native, (socklen_t)length_bytes, &addr)) {
            continue;
        }
        if (count < addrs_max) {
            addr.port = 0;
            addrs[count] = addr;
        }
        count++;
    }
    return count;
}

unsigned we_host_posix_local_addresses(enum we_base_family family, struct we_base_addr *addrs, unsigned addrs_max)
{
    struct ifaddrs *list;
    unsigned count;

    if (getifaddrs(&list) != 0) {
        return 0;
    }
    count = addresses_append(list, family, false, addrs, addrs_max, 0);
    count = addresses_append(list, family, true, addrs, addrs_max, count);
    freeifaddrs(list);
    return count;
}

/* Connecting a datagram socket only asks the routing table. Any port will do, and a broadcast address has a way as well,
 * which a socket that may not use it is not told. */
static enum we_err route_ask(int fd, const struct we_base_addr *remote, struct we_base_addr *local)
{
    const int on = 1;
    struct we_base_addr target = *remote;
    struct sockaddr_storage native;
    socklen_t length_bytes;

    if (target.port == 0) {
        target.port = 9;
    }
    length_bytes = we_host_addr_to_native(&target, &native);
    if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, (socklen_t)sizeof(on)) != 0) {
        return we_host_err_from_errno(errno);
    }
    if (connect(fd, (struct sockaddr *)&native, length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    length_bytes = (socklen_t)sizeof(native);
    if (getsockname(fd, (struct sockaddr *)&native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    return we_host_addr_from_native(&native, length_bytes, local) ? WE_OK : WE_ERR_UNEXPECTED;
}

enum we_err we_host_posix_route(const struct we_base_addr *remote, struct we_base_addr *local)
{
    int fd = we_host_socket_open_datagram(we_host_addr_family(remote->family));
    enum we_err err;

    if (fd < 0) {
        return we_host_err_from_errno(errno);
    }
    err = route_ask(fd, remote, local);
    we_host_posix_descriptor_close(fd, false);
    local->port = 0;
    return err;
}

/* Systems list one of the addresses of IPv4's loopback network only. */
static bool is_address(const struct ifaddrs *entry, const struct we_base_addr *local)
{
    struct sockaddr_storage native;
    struct we_base_addr addr;
    size_t length_bytes = local->family == WE_FAMILY_IPV4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

    if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != we_host_addr_family(local->family)) {
        return false;
    }
    memset(&native, 0, sizeof(native));
    memcpy(&native, entry->ifa_addr, length_bytes);
    return we_host_addr_from_native(&native, (socklen_t)length_bytes, &addr) && we_base_addr_same_host(&addr, local);
}

enum we_err we_host_posix_interface(const struct we_base_addr *local, uint32_t *interface_index)
{
    struct ifaddrs *list;

    *interface_index = 0;
    if (getifaddrs(&list) != 0) {
        return we_host_err_from_errno(errno);
    }
    for (const struct ifaddrs *entry = list; entry != NULL && *interface_index == 0; entry = entry->ifa_next) {
        if (is_address(entry, local)) {
            *interface_index = if_nametoindex(entry->ifa_name);
        }
    }
    freeifaddrs(list);
    return *interface_index != 0 ? WE_OK : WE_ERR_ADDRESS;
}
