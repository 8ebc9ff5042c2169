/* SPDX-License-Identifier: MIT */
/* What a file that has both worlds' socket names finds; the including file says in which order they came, and NAMES_CHECK. */

#ifdef __cplusplus
extern "C"
#endif
    int
    NAMES_CHECK(void);

/* The answer is 0, or the line on which a name is not the one that it should be. */
int NAMES_CHECK(void)
{
    struct sockaddr_in system_address = {};
    struct sockaddr_in6 system_address6 = {};
    struct addrinfo hints = {};
    SOCKADDR_IN address = {};
    NAMES_OWN own = {};
    struct msghdr message = {};
    int listener;

#define EXPECT(_condition) \
    if (!(_condition)) {   \
        return __LINE__;   \
    }
    /* Windows' values, under their own names or behind WIN_. */
    EXPECT(WIN_AF_INET == 2 && WIN_AF_INET6 == 23 && WIN_SOL_SOCKET == 0xFFFF && WIN_SO_REUSEADDR == 4);
    EXPECT(WIN_SO_KEEPALIVE == 8 && WIN_SO_RCVBUF == 0x1002 && WIN_MSG_TRUNC == 0x100 && WIN_IPV6_V6ONLY == 27);
    EXPECT(WIN_IPPROTO_TCP == 6 && WIN_IPPROTO_IPV6 == 41 && WIN_AI_PASSIVE == 1 && WIN_TCP_NODELAY == 1);
    EXPECT((ULONG)WIN_INADDR_LOOPBACK == 0x7F000001 && WIN_IP_TTL == 4 && WIN_IPV6_HOPLIMIT == 21);
    EXPECT(SO_EXCLUSIVEADDRUSE == ~4 && SO_DONTLINGER == ~0x80 && SO_CONDITIONAL_ACCEPT == 0x3002);
    EXPECT(SIO_LOOPBACK_FAST_PATH == 0x98000010 && WSK_FLAG_LISTEN_SOCKET == 1);
    EXPECT(sizeof(SOCKADDR_IN6) == 28 && sizeof(SOCKADDR_STORAGE) == 128 && sizeof(ADDRINFOEXW) == 72);
    EXPECT(sizeof(struct WIN_sockaddr_in) == 16 && sizeof(CMSGHDR) == 16);

    /* The driver's header was read with them. */
    own.Address.sin6_family = WIN_AF_INET6;
    own.Address.sin6_addr.u.Byte[15] = 1;
    own.Other.sin_family = WIN_AF_INET;
    own.Third.S_un.S_addr = 0;
    EXPECT(NamesOwnFamily() == 23 && NamesOwnIsLoopback(&own.Address) && own.Other.sin_family == 2);
    address.sin_addr.S_un.S_addr = RtlUlongByteSwap((ULONG)WIN_INADDR_LOOPBACK);

    /* The system's names are the system's: it understands them. */
    system_address.sin_family = AF_INET;
    system_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT(system_address.sin_addr.s_addr == address.sin_addr.S_un.S_addr);
    system_address6.sin6_family = AF_INET6;
    EXPECT(inet_pton(AF_INET6, "::1", &system_address6.sin6_addr) == 1);
    EXPECT(IN6_IS_ADDR_LOOPBACK(&system_address6.sin6_addr) && system_address6.sin6_addr.s6_addr[15] == 1);
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_STREAM;
    EXPECT(CMSG_FIRSTHDR(&message) == NULL && hints.ai_socktype == SOCK_STREAM);
#ifdef __linux__
    EXPECT(AF_INET6 == 10 && SOL_SOCKET == 1 && SO_REUSEADDR == 2 && MSG_TRUNC == 0x20);
#endif
    listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    EXPECT(listener >= 0);
    {
        int on = 1;

        EXPECT(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
        EXPECT(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
        EXPECT(ioctl(listener, FIONBIO, &on) == 0);
    }
    EXPECT(bind(listener, (struct sockaddr *)&system_address, sizeof(system_address)) == 0);
    EXPECT(close(listener) == 0);
#undef EXPECT
    return 0;
}
