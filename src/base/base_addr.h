/* SPDX-License-Identifier: MIT */
/* The neutral transport address: where the Windows world and the host's world meet. */
#ifndef WE_BASE_ADDR_H
#define WE_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum we_base_family { WE_FAMILY_NONE, WE_FAMILY_IPV4, WE_FAMILY_IPV6 };

struct we_base_addr {
    enum we_base_family family;
    uint16_t port;     /* host byte order */
    uint32_t scope_id; /* IPv6 only */
    uint8_t bytes[16]; /* network byte order; IPv4 uses the first four */
};

/* Wildcard and loopback addresses of a family with the given port (host byte order). */
struct we_base_addr we_base_addr_any(enum we_base_family family, uint16_t port);
struct we_base_addr we_base_addr_loopback(enum we_base_family family, uint16_t port);

bool we_base_addr_is_any(const struct we_base_addr *addr);
/* Same family and address bytes; the port does not count. */
bool we_base_addr_same_host(const struct we_base_addr *a, const struct we_base_addr *b);
bool we_base_addr_equal(const struct we_base_addr *a, const struct we_base_addr *b);

/* An IPv4 address in IPv6 clothes, ::ffff:a.b.c.d, as dual-stack sockets see IPv4 peers. */
bool we_base_addr_is_mapped(const struct we_base_addr *addr);
/* The IPv4 address of a mapped one; any other address as it is. */
struct we_base_addr we_base_addr_unmapped(const struct we_base_addr *addr);
/* An IPv4 address in IPv6 clothes; any other address as it is. */
struct we_base_addr we_base_addr_mapped(const struct we_base_addr *addr);
/* 224.0.0.0/4, ff00::/8, and mapped ones. */
bool we_base_addr_is_multicast(const struct we_base_addr *addr);
/* 255.255.255.255, mapped or not. */
bool we_base_addr_is_broadcast(const struct we_base_addr *addr);

#define WE_BASE_ADDR_TEXT_SIZE 64
/* Writes "127.0.0.1:80" or "[::1]:80", NUL-terminated, and returns text. */
char *we_base_addr_text(const struct we_base_addr *addr, char text[WE_BASE_ADDR_TEXT_SIZE]);

#endif
