/* SPDX-License-Identifier: MIT */
/* SOCKADDR to neutral address and back: the only file that converts addresses in this layer. */
#ifndef WE_WSK_ADDR_H
#define WE_WSK_ADDR_H

#include <wsk.h>

#include "base/base_addr.h"

/* False when sockaddr is NULL or its family is not the given one (AF_INET or AF_INET6). Reads exactly the
 * family's size; sin_zero is ignored. */
bool we_wsk_addr_from_sockaddr(const SOCKADDR *sockaddr, ADDRESS_FAMILY family, struct we_base_addr *addr);
/* Writes exactly the family's size: 16 or 28 bytes. An IPv4 address becomes v4-mapped for AF_INET6. */
void we_wsk_addr_to_sockaddr(const struct we_base_addr *addr, ADDRESS_FAMILY family, SOCKADDR *sockaddr);
enum we_base_family we_wsk_addr_family(ADDRESS_FAMILY family);

#endif
