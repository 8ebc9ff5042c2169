/* SPDX-License-Identifier: MIT */
/* The system's resolver: getaddrinfo and getnameinfo. */
#include "host/host_resolve.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base_assert.h"
#include "host/host_addr.h"
#include "host/host_socket.h"

/* wsk.md 9.3; what has no row there is a name that nobody knows. */
static enum we_host_answer answer_of(int code)
{
    switch (code) {
    case 0:
        return WE_ANSWER_FOUND;
    case EAI_AGAIN:
        return WE_ANSWER_TRY_AGAIN;
    case EAI_MEMORY:
        return WE_ANSWER_NO_MEMORY;
    default:
        return WE_ANSWER_UNKNOWN;
    }
}

static void found_add(struct we_host_found *found, const struct addrinfo *info)
{
    struct we_base_addr addr;
    struct sockaddr_storage native;

    if (found->addr_count == WE_HOST_ADDRS_MAX || info->ai_addrlen > sizeof(native)) {
        return;
    }
    memset(&native, 0, sizeof(native));
    memcpy(&native, info->ai_addr, info->ai_addrlen);
    if (we_host_addr_from_native(&native, info->ai_addrlen, &addr)) {
        found->addrs[found->addr_count++] = addr;
    }
}

static void addresses_find(struct we_host_query *query)
{
    struct addrinfo hints;
    struct addrinfo *list = NULL;
    const struct addrinfo *info;
    int code;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = we_host_addr_family(query->family);
    hints.ai_socktype = SOCK_STREAM; /* one entry for each address */
    hints.ai_flags = AI_CANONNAME | (query->is_only_configured ? AI_ADDRCONFIG : 0);
    code = getaddrinfo(query->name, NULL, &hints, &list);
    query->answer = answer_of(code);
    if (code != 0) {
        return;
    }
    we_host_names_copy(query->found.canonical, list->ai_canonname != NULL ? list->ai_canonname : query->name);
    for (info = list; info != NULL; info = info->ai_next) {
        found_add(&query->found, info);
    }
    freeaddrinfo(list);
    if (query->found.addr_count == 0) {
        query->answer = WE_ANSWER_UNKNOWN;
    }
}

static void name_find(struct we_host_query *query)
{
    struct sockaddr_storage native;
    socklen_t length_bytes = we_host_addr_to_native(&query->addr, &native);
    int flags = NI_NAMEREQD | (query->is_no_dot ? NI_NOFQDN : 0);

    we_host_socket_address_length(&native, length_bytes);
    query->answer = answer_of(getnameinfo((const struct sockaddr *)&native, length_bytes, query->found.canonical,
                                          sizeof(query->found.canonical), NULL, 0, flags));
}

void we_host_resolve_system(struct we_host_query *query)
{
    query->found.addr_count = 0;
    query->found.canonical[0] = '\0';
    if (query->is_reverse) {
        name_find(query);
    } else {
        addresses_find(query);
    }
}
