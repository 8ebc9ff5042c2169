/* SPDX-License-Identifier: MIT */
/* Neutral address to the host's socket address and back: the only place that converts. */
#ifndef WE_HOST_ADDR_H
#define WE_HOST_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/base_addr.h"

/* Fills native and returns its length in bytes; 0 when the family is none that we know. */
socklen_t we_host_addr_to_native(const struct we_base_addr *addr, struct sockaddr_storage *native);
/* Returns false, and leaves addr a zeroed WE_FAMILY_NONE, for another family or a length that is too short. */
bool we_host_addr_from_native(const struct sockaddr_storage *native, socklen_t length_bytes, struct we_base_addr *addr);
/* "192.0.2.1" or "2001:db8::1", with port 0; false for anything else. */
bool we_host_addr_from_text(const char *text, struct we_base_addr *addr);
/* The host's number of a family; AF_UNSPEC for WE_FAMILY_NONE. */
int we_host_addr_family(enum we_base_family family);

#endif
