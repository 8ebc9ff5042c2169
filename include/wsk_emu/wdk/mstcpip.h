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
C_ASSERT(sizeof(struct tcp_keepalive) == 12);

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

typedef enum {
    RCVALL_OFF = 0,
    RCVALL_ON = 1,
    RCVALL_SOCKETLEVELONLY = 2,
    RCVALL_IPLEVEL = 3
} RCVALL_VALUE, *PRCVALL_VALUE;

typedef struct _TCP_INITIAL_RTO_PARAMETERS {
    USHORT Rtt;
    UCHAR MaxSynRetransmissions;
} TCP_INITIAL_RTO_PARAMETERS, *PTCP_INITIAL_RTO_PARAMETERS;
C_ASSERT(sizeof(TCP_INITIAL_RTO_PARAMETERS) == 4);

typedef enum {
    TCP_ICW_LEVEL_DEFAULT = 0,
    TCP_ICW_LEVEL_HIGH = 1,
    TCP_ICW_LEVEL_VERY_HIGH = 2,
    TCP_ICW_LEVEL_AGGRESSIVE = 3,
    TCP_ICW_LEVEL_EXPERIMENTAL = 4,
    TCP_ICW_LEVEL_COMPAT = 254,
    TCP_ICW_LEVEL_MAX = 255
} TCP_ICW_LEVEL, *PTCP_ICW_LEVEL;

typedef struct _TCP_ICW_PARAMETERS {
    TCP_ICW_LEVEL Level;
} TCP_ICW_PARAMETERS, *PTCP_ICW_PARAMETERS;
C_ASSERT(sizeof(TCP_ICW_PARAMETERS) == 4);

typedef struct _TCP_ACK_FREQUENCY_PARAMETERS {
    UCHAR TcpDelayedAckFrequency;
} TCP_ACK_FREQUENCY_PARAMETERS, *PTCP_ACK_FREQUENCY_PARAMETERS;
C_ASSERT(sizeof(TCP_ACK_FREQUENCY_PARAMETERS) == 1);

typedef struct _TRANSPORT_SETTING_ID {
    GUID Guid;
} TRANSPORT_SETTING_ID, *PTRANSPORT_SETTING_ID;
C_ASSERT(sizeof(TRANSPORT_SETTING_ID) == 16);

typedef struct _INET_PORT_RANGE {
    USHORT StartPort; /* in network byte order; 0: the system chooses */
    USHORT NumberOfPorts;
} INET_PORT_RANGE, *PINET_PORT_RANGE, INET_PORT_RESERVATION, *PINET_PORT_RESERVATION;
C_ASSERT(sizeof(INET_PORT_RESERVATION) == 4);
WSK_EMU_CHECK_OFFSET(INET_PORT_RESERVATION, NumberOfPorts, 2);

typedef struct {
    ULONG64 Token;
} INET_PORT_RESERVATION_TOKEN, *PINET_PORT_RESERVATION_TOKEN;
C_ASSERT(sizeof(INET_PORT_RESERVATION_TOKEN) == 8);

#define INVALID_PORT_RESERVATION_TOKEN ((ULONG64)0)

/* In C the WDK has the members of both structures as its own. */
typedef struct {
#ifdef __cplusplus
    INET_PORT_RESERVATION Reservation;
    INET_PORT_RESERVATION_TOKEN Token;
#else
    USHORT StartPort;
    USHORT NumberOfPorts;
    ULONG64 Token;
#endif
} INET_PORT_RESERVATION_INSTANCE, *PINET_PORT_RESERVATION_INSTANCE;
WSK_EMU_CHECK_SIZE(INET_PORT_RESERVATION_INSTANCE, 16);
WSK_EMU_CHECK_OFFSET(INET_PORT_RESERVATION_INSTANCE, Token, 8);

/*
 * Data of SIO_TCP_INFO; its input is the number of the version.
 */
typedef enum _TCPSTATE {
    TCPSTATE_CLOSED,
    TCPSTATE_LISTEN,
    TCPSTATE_SYN_SENT,
    TCPSTATE_SYN_RCVD,
    TCPSTATE_ESTABLISHED,
    TCPSTATE_FIN_WAIT_1,
    TCPSTATE_FIN_WAIT_2,
    TCPSTATE_CLOSE_WAIT,
    TCPSTATE_CLOSING,
    TCPSTATE_LAST_ACK,
    TCPSTATE_TIME_WAIT,
    TCPSTATE_MAX
} TCPSTATE;

typedef struct _TCP_INFO_v0 {
    TCPSTATE State;
    ULONG Mss;
    ULONG64 ConnectionTimeMs;
    BOOLEAN TimestampsEnabled;
    ULONG RttUs;
    ULONG MinRttUs;
    ULONG BytesInFlight;
    ULONG Cwnd;
    ULONG SndWnd;
    ULONG RcvWnd;
    ULONG RcvBuf;
    ULONG64 BytesOut;
    ULONG64 BytesIn;
    ULONG BytesReordered;
    ULONG BytesRetrans;
    ULONG FastRetrans;
    ULONG DupAcksIn;
    ULONG TimeoutEpisodes;
    UCHAR SynRetrans;
} TCP_INFO_v0, *PTCP_INFO_v0;
WSK_EMU_CHECK_SIZE(TCP_INFO_v0, 88);
WSK_EMU_CHECK_OFFSET(TCP_INFO_v0, RttUs, 20);
WSK_EMU_CHECK_OFFSET(TCP_INFO_v0, BytesOut, 48);
WSK_EMU_CHECK_OFFSET(TCP_INFO_v0, SynRetrans, 84);

typedef struct _TCP_INFO_v1 {
    TCPSTATE State;
    ULONG Mss;
    ULONG64 ConnectionTimeMs;
    BOOLEAN TimestampsEnabled;
    ULONG RttUs;
    ULONG MinRttUs;
    ULONG BytesInFlight;
    ULONG Cwnd;
    ULONG SndWnd;
    ULONG RcvWnd;
    ULONG RcvBuf;
    ULONG64 BytesOut;
    ULONG64 BytesIn;
    ULONG BytesReordered;
    ULONG BytesRetrans;
    ULONG FastRetrans;
    ULONG DupAcksIn;
    ULONG TimeoutEpisodes;
    UCHAR SynRetrans;
    ULONG SndLimTransRwin;
    ULONG SndLimTimeRwin;
    ULONG64 SndLimBytesRwin;
    ULONG SndLimTransCwnd;
    ULONG SndLimTimeCwnd;
    ULONG64 SndLimBytesCwnd;
    ULONG SndLimTransSnd;
    ULONG SndLimTimeSnd;
    ULONG64 SndLimBytesSnd;
} TCP_INFO_v1, *PTCP_INFO_v1;
WSK_EMU_CHECK_SIZE(TCP_INFO_v1, 136);
WSK_EMU_CHECK_OFFSET(TCP_INFO_v1, SndLimTransRwin, 88);
WSK_EMU_CHECK_OFFSET(TCP_INFO_v1, SndLimBytesSnd, 128);

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
