/* SPDX-License-Identifier: MIT */
/* Neutral address to the host's socket address and back. */
#include "host/host_addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* The length byte that BSD systems have in front is not set: their kernels take the length from the argument
 * of the call. Fields are copied one by one, since layouts differ. */

static socklen_t v4_to_native(const struct we_base_addr *addr, struct sockaddr_storage *native)
{
    struct sockaddr_in in;

    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_port = htons(addr->port);
    memcpy(&in.sin_addr, addr->bytes, sizeof(in.sin_addr));
    memcpy(native, &in, sizeof(in));
    return (socklen_t)sizeof(in);
}

static socklen_t v6_to_native(const struct we_base_addr *addr, struct sockaddr_storage *native)
{
    struct sockaddr_in6 in6;

    memset(&in6, 0, sizeof(in6));
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(addr->port);
    in6.sin6_scope_id = addr->scope_id;
    memcpy(&in6.sin6_addr, addr->bytes, sizeof(in6.sin6_addr));
    memcpy(native, &in6, sizeof(in6));
    return (socklen_t)sizeof(in6);
}

socklen_t we_host_addr_to_native(const struct we_base_addr *addr, struct sockaddr_storage *native)
{
    switch (addr->family) {
    case WE_FAMILY_IPV4:
        return v4_to_native(addr, native);
    case WE_FAMILY_IPV6:
        return v6_to_native(addr, native);
    case WE_FAMILY_NONE:
        break;
    }
    return 0;
}

bool we_host_addr_from_native(const struct sockaddr_storage *native, socklen_t length_bytes, struct we_base_addr *addr)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    memset(addr, 0, sizeof(*addr));
    if (length_bytes < (socklen_t)(offsetof(struct sockaddr, sa_data))) {
        return false;
    }
    if (native->ss_family == AF_INET && length_bytes >= (socklen_t)sizeof(in)) {
        memcpy(&in, native, sizeof(in));
        addr->family = WE_FAMILY_IPV4;
        addr->port = ntohs(in.sin_port);
        memcpy(addr->bytes, &in.sin_addr, sizeof(in.sin_addr));
        return true;
    }
    if (native->ss_family == AF_INET6 && length_bytes >= (socklen_t)sizeof(in6)) {
        memcpy(&in6, native, sizeof(in6));
        addr->family = WE_FAMILY_IPV6;
        addr->port = ntohs(in6.sin6_port);
        addr->scope_id = in6.sin6_scope_id;
        memcpy(addr->bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
        return true;
    }
    return false;
}

int we_host_addr_family(enum we_base_family family)
{
    switch (family) {
    case WE_FAMILY_IPV4:
        return AF_INET;
    case WE_FAMILY_IPV6:
        return AF_INET6;
    case WE_FAMILY_NONE:
        break;
    }
    return AF_UNSPEC;
}

bool we_host_addr_from_text(const char *text, struct we_base_addr *addr)
{
    memset(addr, 0, sizeof(*addr));
    if (inet_pton(AF_INET, text, addr->bytes) == 1) {
        addr->family = WE_FAMILY_IPV4;
        return true;
    }
    memset(addr, 0, sizeof(*addr));
    if (inet_pton(AF_INET6, text, addr->bytes) == 1) {
        addr->family = WE_FAMILY_IPV6;
        return true;
    }
    return false;
}
