/* SPDX-License-Identifier: MIT */
/* A header of the driver, which uses Windows' names. */
#ifndef NAMES_OWN_H
#define NAMES_OWN_H

typedef struct _NAMES_OWN {
    SOCKADDR_IN6 Address;
    struct sockaddr_in Other;
    IN_ADDR Third;
} NAMES_OWN;

static __inline__ ULONG NamesOwnFamily(VOID)
{
    return AF_INET6;
}

static __inline__ BOOLEAN NamesOwnIsLoopback(const SOCKADDR_IN6 *Address)
{
    return IN6_IS_ADDR_LOOPBACK(&Address->sin6_addr) && Address->sin6_family == AF_INET6 && IPPROTO_TCP == 6;
}

#endif
