/* SPDX-License-Identifier: MIT */
/* The neutral transport address: well-known values, comparison and text. */
#include "base/base_addr.h"

#include "base/base_assert.h"

#include <stdio.h>
#include <string.h>

#define IPV6_GROUP_COUNT 8

static const uint8_t ipv4_mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static size_t family_address_bytes(enum we_base_family family)
{
    switch (family) {
    case WE_FAMILY_IPV4:
        return 4;
    case WE_FAMILY_IPV6:
        return 16;
    case WE_FAMILY_NONE:
    default:
        return 0;
    }
}

struct we_base_addr we_base_addr_any(enum we_base_family family, uint16_t port)
{
    struct we_base_addr addr;

    memset(&addr, 0, sizeof(addr));
    addr.family = family;
    addr.port = port;
    return addr;
}

struct we_base_addr we_base_addr_loopback(enum we_base_family family, uint16_t port)
{
    struct we_base_addr addr = we_base_addr_any(family, port);

    if (family == WE_FAMILY_IPV4) {
        addr.bytes[0] = 127;
        addr.bytes[3] = 1;
    } else if (family == WE_FAMILY_IPV6) {
        addr.bytes[15] = 1;
    }
    return addr;
}

bool we_base_addr_is_any(const struct we_base_addr *addr)
{
    static const uint8_t zeros[16];

    return memcmp(addr->bytes, zeros, family_address_bytes(addr->family)) == 0;
}

bool we_base_addr_same_host(const struct we_base_addr *a, const struct we_base_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, family_address_bytes(a->family)) == 0;
}

bool we_base_addr_is_mapped(const struct we_base_addr *addr)
{
    return addr->family == WE_FAMILY_IPV6 && memcmp(addr->bytes, ipv4_mapped_prefix, sizeof(ipv4_mapped_prefix)) == 0;
}

struct we_base_addr we_base_addr_unmapped(const struct we_base_addr *addr)
{
    struct we_base_addr ipv4;

    if (!we_base_addr_is_mapped(addr)) {
        return *addr;
    }
    ipv4 = we_base_addr_any(WE_FAMILY_IPV4, addr->port);
    memcpy(ipv4.bytes, addr->bytes + sizeof(ipv4_mapped_prefix), 4);
    return ipv4;
}

struct we_base_addr we_base_addr_mapped(const struct we_base_addr *addr)
{
    struct we_base_addr ipv6;

    if (addr->family != WE_FAMILY_IPV4) {
        return *addr;
    }
    ipv6 = we_base_addr_any(WE_FAMILY_IPV6, addr->port);
    memcpy(ipv6.bytes, ipv4_mapped_prefix, sizeof(ipv4_mapped_prefix));
    memcpy(ipv6.bytes + sizeof(ipv4_mapped_prefix), addr->bytes, 4);
    return ipv6;
}

bool we_base_addr_is_multicast(const struct we_base_addr *addr)
{
    struct we_base_addr plain = we_base_addr_unmapped(addr);

    return plain.family == WE_FAMILY_IPV4 ? (plain.bytes[0] & 0xf0) == 0xe0
                                          : plain.family == WE_FAMILY_IPV6 && plain.bytes[0] == 0xff;
}

bool we_base_addr_is_broadcast(const struct we_base_addr *addr)
{
    static const uint8_t ones[4] = { 255, 255, 255, 255 };
    struct we_base_addr plain = we_base_addr_unmapped(addr);

    return plain.family == WE_FAMILY_IPV4 && memcmp(plain.bytes, ones, sizeof(ones)) == 0;
}

bool we_base_addr_equal(const struct we_base_addr *a, const struct we_base_addr *b)
{
    if (!we_base_addr_same_host(a, b) || a->port != b->port) {
        return false;
    }
    /* A scope means nothing to IPv4, so what stands there must not count. */
    return a->family != WE_FAMILY_IPV6 || a->scope_id == b->scope_id;
}

static unsigned group_get(const struct we_base_addr *addr, int group)
{
    return ((unsigned)addr->bytes[group * 2] << 8) | addr->bytes[group * 2 + 1];
}

/* Finds the longest run of at least two zero groups, the first of equal ones: RFC 5952 writes it "::". */
static int zero_run_find(const struct we_base_addr *addr, int *run_length)
{
    int best = -1;
    int best_length = 1;
    int length = 0;

    for (int i = 0; i < IPV6_GROUP_COUNT; i++) {
        length = group_get(addr, i) == 0 ? length + 1 : 0;
        if (length > best_length) {
            best_length = length;
            best = i - length + 1;
        }
    }
    *run_length = best_length;
    return best;
}

static int ipv6_text(const struct we_base_addr *addr, char *text, size_t size_bytes)
{
    int run_length;
    int run = zero_run_find(addr, &run_length);
    int length = 0;

    if (memcmp(addr->bytes, ipv4_mapped_prefix, sizeof(ipv4_mapped_prefix)) == 0) {
        return snprintf(text, size_bytes, "::ffff:%u.%u.%u.%u", addr->bytes[12], addr->bytes[13], addr->bytes[14],
                        addr->bytes[15]);
    }
    for (int i = 0; i < IPV6_GROUP_COUNT; i++) {
        if (i == run) {
            length += snprintf(text + length, size_bytes - (size_t)length, "::");
            i += run_length - 1;
            continue;
        }
        length += snprintf(text + length, size_bytes - (size_t)length, "%s%x",
                           i > 0 && i != run + run_length ? ":" : "", group_get(addr, i));
    }
    return length;
}

char *we_base_addr_text(const struct we_base_addr *addr, char text[WE_BASE_ADDR_TEXT_SIZE])
{
    char host[40]; /* eight groups of four digits, and the seven colons between them */
    char scope[12] = "";

    switch (addr->family) {
    case WE_FAMILY_IPV4:
        (void)snprintf(text, WE_BASE_ADDR_TEXT_SIZE, "%u.%u.%u.%u:%u", addr->bytes[0], addr->bytes[1], addr->bytes[2],
                       addr->bytes[3], addr->port);
        break;
    case WE_FAMILY_IPV6:
        (void)ipv6_text(addr, host, sizeof(host));
        if (addr->scope_id != 0) {
            (void)snprintf(scope, sizeof(scope), "%%%lu", (unsigned long)addr->scope_id);
        }
        (void)snprintf(text, WE_BASE_ADDR_TEXT_SIZE, "[%s%s]:%u", host, scope, addr->port);
        break;
    case WE_FAMILY_NONE:
    default:
        (void)snprintf(text, WE_BASE_ADDR_TEXT_SIZE, "(no address)");
        break;
    }
    return text;
}
