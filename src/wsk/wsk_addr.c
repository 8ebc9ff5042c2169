/* SPDX-License-Identifier: MIT */
/* SOCKADDR to neutral address and back. */
#include "wsk/wsk_addr.h"

#include <string.h>

/* The drivers' view of a port is network byte order, the neutral address's is the host's. Going through bytes is right
 * on any host and for an address at any alignment. */
static uint16_t port_load(const void *bytes)
{
    uint8_t octets[2];

    memcpy(octets, bytes, sizeof(octets));
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static void port_store(void *bytes, uint16_t port)
{
    uint8_t octets[2] = { (uint8_t)(port >> 8), (uint8_t)port };

    memcpy(bytes, octets, sizeof(octets));
}

enum we_base_family we_wsk_addr_family(ADDRESS_FAMILY family)
{
    switch (family) {
    case AF_INET:
        return WE_FAMILY_IPV4;
    case AF_INET6:
        return WE_FAMILY_IPV6;
    default:
        return WE_FAMILY_NONE;
    }
}

bool we_wsk_addr_from_sockaddr(const SOCKADDR *sockaddr, ADDRESS_FAMILY family, struct we_base_addr *addr)
{
    if (sockaddr == NULL || sockaddr->sa_family != family) {
        return false;
    }

    memset(addr, 0, sizeof(*addr));
    addr->family = we_wsk_addr_family(family);
    if (family == AF_INET) {
        const SOCKADDR_IN *in = (const SOCKADDR_IN *)(const void *)sockaddr;

        addr->port = port_load(&in->sin_port);
        memcpy(addr->bytes, &in->sin_addr, 4);
        return true;
    }
    if (family == AF_INET6) {
        const SOCKADDR_IN6 *in6 = (const SOCKADDR_IN6 *)(const void *)sockaddr;

        addr->port = port_load(&in6->sin6_port);
        addr->scope_id = in6->sin6_scope_id;
        memcpy(addr->bytes, &in6->sin6_addr, 16);
        return true;
    }
    return false;
}

void we_wsk_addr_to_sockaddr(const struct we_base_addr *addr, ADDRESS_FAMILY family, SOCKADDR *sockaddr)
{
    /* The caller's memory may be exactly as large as the family's structure: nothing is written behind it. */
    if (family == AF_INET6) {
        static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
        SOCKADDR_IN6 in6;

        memset(&in6, 0, sizeof(in6));
        in6.sin6_family = AF_INET6;
        port_store(&in6.sin6_port, addr->port);
        in6.sin6_scope_id = addr->scope_id;
        if (addr->family == WE_FAMILY_IPV4) {
            memcpy(&in6.sin6_addr, mapped_prefix, sizeof(mapped_prefix));
            memcpy((uint8_t *)&in6.sin6_addr + sizeof(mapped_prefix), addr->bytes, 4);
        } else {
            memcpy(&in6.sin6_addr, addr->bytes, 16);
        }
        memcpy(sockaddr, &in6, sizeof(in6));
    } else {
        SOCKADDR_IN in;

        memset(&in, 0, sizeof(in));
        in.sin_family = AF_INET;
        port_store(&in.sin_port, addr->port);
        memcpy(&in.sin_addr, addr->bytes, 4);
        memcpy(sockaddr, &in, sizeof(in));
    }
}
