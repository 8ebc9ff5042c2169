/* SPDX-License-Identifier: MIT */
/* Helpers for socket addresses, control codes of TCP/IP, and addresses to text and back. */
#ifndef WSK_EMU_WDK_MSTCPIP_H
#define WSK_EMU_WDK_MSTCPIP_H

#include "wsk_emu_wdk/socket_guard.h"

#include "ip2string.h"
#include "ws2def.h"
#include "ws2ipdef.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Times are in milliseconds. */
struct tcp_keepalive {
    ULONG onoff;
    ULONG keepalivetime;
    ULONG keepaliveinterval;
};

#define SIO_RCVALL                     _WSAIOW(IOC_VENDOR, 1)
#define SIO_RCVALL_MCAST               _WSAIOW(IOC_VENDOR, 2)
#define SIO_RCVALL_IGMPMCAST           _WSAIOW(IOC_VENDOR, 3)
#define SIO_KEEPALIVE_VALS             _WSAIOW(IOC_VENDOR, 4)
#define SIO_LOOPBACK_FAST_PATH         _WSAIOW(IOC_VENDOR, 16)
#define SIO_TCP_INITIAL_RTO            _WSAIOW(IOC_VENDOR, 17)
#define SIO_APPLY_TRANSPORT_SETTING    _WSAIOW(IOC_VENDOR, 19)
#define SIO_QUERY_TRANSPORT_SETTING    _WSAIOW(IOC_VENDOR, 20)
#define SIO_TCP_SET_ICW                _WSAIOW(IOC_VENDOR, 22)
#define SIO_TCP_SET_ACK_FREQUENCY      _WSAIOW(IOC_VENDOR, 23)
#define SIO_TCP_INFO                   _WSAIORW(IOC_VENDOR, 39)
#define SIO_ACQUIRE_PORT_RESERVATION   _WSAIOW(IOC_VENDOR, 100)
#define SIO_RELEASE_PORT_RESERVATION   _WSAIOW(IOC_VENDOR, 101)
#define SIO_ASSOCIATE_PORT_RESERVATION _WSAIOW(IOC_VENDOR, 102)

/*
 * Socket addresses of either family. Ports are in network byte order.
 */
#define SS_PORT(ssp) (((PSOCKADDR_IN)(PVOID)(ssp))->sin_port)

static FORCEINLINE BOOLEAN INET_ADDR_EQUAL(_In_ ADDRESS_FAMILY af, _In_ CONST VOID *a, _In_ CONST VOID *b)
{
    return af == AF_INET6 ? IN6_ADDR_EQUAL((CONST IN6_ADDR *)a, (CONST IN6_ADDR *)b)
                          : IN4_ADDR_EQUAL((CONST IN_ADDR *)a, (CONST IN_ADDR *)b);
}

static FORCEINLINE SIZE_T INET_ADDR_LENGTH(_In_ ADDRESS_FAMILY af)
{
    return af == AF_INET6 ? sizeof(IN6_ADDR) : sizeof(IN_ADDR);
}

static FORCEINLINE SIZE_T INET_SOCKADDR_LENGTH(_In_ ADDRESS_FAMILY af)
{
    return af == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);
}

static FORCEINLINE USHORT INETADDR_PORT(_In_ CONST SOCKADDR *a)
{
    return ((CONST SOCKADDR_IN *)(CONST VOID *)a)->sin_port;
}

static FORCEINLINE VOID INETADDR_SET_PORT(_Inout_ PSOCKADDR a, _In_ USHORT Port)
{
    ((PSOCKADDR_IN)(PVOID)a)->sin_port = Port;
}

static FORCEINLINE PUCHAR INETADDR_ADDRESS(_In_ CONST SOCKADDR *a)
{
    return a->sa_family == AF_INET6 ? (PUCHAR) & ((PSOCKADDR_IN6)(ULONG_PTR)a)->sin6_addr
                                    : (PUCHAR) & ((PSOCKADDR_IN)(ULONG_PTR)a)->sin_addr;
}

static FORCEINLINE VOID INETADDR_SET_ADDRESS(_Inout_ PSOCKADDR a, _In_ CONST UCHAR *Address)
{
    memcpy(INETADDR_ADDRESS(a), Address, INET_ADDR_LENGTH(a->sa_family));
}

static FORCEINLINE VOID INETADDR_SETANY(_Inout_ PSOCKADDR a)
{
    if (a->sa_family == AF_INET6) {
        IN6ADDR_SETANY((PSOCKADDR_IN6)(PVOID)a);
    } else {
        IN4ADDR_SETANY((PSOCKADDR_IN)(PVOID)a);
    }
}

static FORCEINLINE VOID INETADDR_SETLOOPBACK(_Inout_ PSOCKADDR a)
{
    if (a->sa_family == AF_INET6) {
        IN6ADDR_SETLOOPBACK((PSOCKADDR_IN6)(PVOID)a);
    } else {
        IN4ADDR_SETLOOPBACK((PSOCKADDR_IN)(PVOID)a);
    }
}

static FORCEINLINE BOOLEAN INETADDR_ISANY(_In_ CONST SOCKADDR *a)
{
    return a->sa_family == AF_INET6 ? IN6ADDR_ISANY((CONST SOCKADDR_IN6 *)(CONST VOID *)a)
                                    : IN4ADDR_ISANY((CONST SOCKADDR_IN *)(CONST VOID *)a);
}

static FORCEINLINE BOOLEAN INETADDR_ISLOOPBACK(_In_ CONST SOCKADDR *a)
{
    return a->sa_family == AF_INET6 ? IN6ADDR_ISLOOPBACK((CONST SOCKADDR_IN6 *)(CONST VOID *)a)
                                    : IN4ADDR_ISLOOPBACK((CONST SOCKADDR_IN *)(CONST VOID *)a);
}

static FORCEINLINE BOOLEAN INETADDR_ISV4MAPPED(_In_ CONST SOCKADDR *a)
{
    return (BOOLEAN)(a->sa_family == AF_INET6 && IN6ADDR_ISV4MAPPED((CONST SOCKADDR_IN6 *)(CONST VOID *)a));
}

static FORCEINLINE SCOPE_ID INETADDR_SCOPE_ID(_In_ CONST SOCKADDR *a)
{
    SCOPE_ID scope;

    scope.Value = a->sa_family == AF_INET6 ? ((CONST SOCKADDR_IN6 *)(CONST VOID *)a)->sin6_scope_id : 0;
    return scope;
}

#ifdef __cplusplus
}
#endif

#endif
