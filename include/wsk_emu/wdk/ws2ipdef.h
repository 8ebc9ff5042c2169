/* SPDX-License-Identifier: MIT */
/* IPv6 socket addresses, options at IP, TCP and UDP level, and the data that goes with them. */
#ifndef WSK_EMU_WDK_WS2IPDEF_H
#define WSK_EMU_WDK_WS2IPDEF_H

#include "wsk_emu_wdk/socket_guard.h"

#include "in6addr.h"
#include "ws2def.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Socket addresses.
 */
typedef struct sockaddr_in6 {
    ADDRESS_FAMILY sin6_family;
    USHORT sin6_port;
    ULONG sin6_flowinfo;
    IN6_ADDR sin6_addr;
    __extension__ union {
        ULONG sin6_scope_id;
        SCOPE_ID sin6_scope_struct;
    };
} SOCKADDR_IN6_LH, *PSOCKADDR_IN6_LH, *LPSOCKADDR_IN6_LH, SOCKADDR_IN6, *PSOCKADDR_IN6, *LPSOCKADDR_IN6;
typedef CONST SOCKADDR_IN6 *PCSOCKADDR_IN6;
C_ASSERT(sizeof(SOCKADDR_IN6) == 28);

typedef union _SOCKADDR_INET {
    SOCKADDR_IN Ipv4;
    SOCKADDR_IN6 Ipv6;
    ADDRESS_FAMILY si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;
typedef CONST SOCKADDR_INET *PCSOCKADDR_INET;
C_ASSERT(sizeof(SOCKADDR_INET) == 28);

typedef struct _sockaddr_in6_pair {
    PSOCKADDR_IN6 SourceAddress;
    PSOCKADDR_IN6 DestinationAddress;
} SOCKADDR_IN6_PAIR, *PSOCKADDR_IN6_PAIR;

#define IN4ADDR_ANY       INADDR_ANY
#define IN4ADDR_LOOPBACK  0x0100007f
#define IN4ADDR_BROADCAST INADDR_BROADCAST
#define IN4ADDR_ANY_INIT                                                                                               \
    {                                                                                                                  \
        {                                                                                                              \
            {                                                                                                          \
                0, 0, 0, 0                                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }
#define IN4ADDR_LOOPBACK_INIT                                                                                          \
    {                                                                                                                  \
        {                                                                                                              \
            {                                                                                                          \
                0x7f, 0, 0, 1                                                                                          \
            }                                                                                                          \
        }                                                                                                              \
    }
#define IN6ADDR_ANY_INIT                                                                                               \
    {                                                                                                                  \
        {                                                                                                              \
            {                                                                                                          \
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                         \
            }                                                                                                          \
        }                                                                                                              \
    }
#define IN6ADDR_LOOPBACK_INIT                                                                                          \
    {                                                                                                                  \
        {                                                                                                              \
            {                                                                                                          \
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1                                                         \
            }                                                                                                          \
        }                                                                                                              \
    }
#define INET_ADDRSTRLEN  22
#define INET6_ADDRSTRLEN 65

/*
 * Questions about addresses.
 */
static FORCEINLINE BOOLEAN IN4_ADDR_EQUAL(_In_ CONST IN_ADDR *a, _In_ CONST IN_ADDR *b)
{
    return (BOOLEAN)(a->s_addr == b->s_addr);
}

static FORCEINLINE BOOLEAN IN4_IS_ADDR_UNSPECIFIED(_In_ CONST IN_ADDR *a)
{
    return (BOOLEAN)(a->s_addr == IN4ADDR_ANY);
}

static FORCEINLINE BOOLEAN IN4_IS_ADDR_LOOPBACK(_In_ CONST IN_ADDR *a)
{
    return (BOOLEAN)(a->S_un.S_un_b.s_b1 == 0x7f);
}

static FORCEINLINE BOOLEAN IN4_IS_ADDR_BROADCAST(_In_ CONST IN_ADDR *a)
{
    return (BOOLEAN)(a->s_addr == IN4ADDR_BROADCAST);
}

static FORCEINLINE BOOLEAN IN4_IS_ADDR_MULTICAST(_In_ CONST IN_ADDR *a)
{
    return (BOOLEAN)((a->S_un.S_un_b.s_b1 & 0xf0) == 0xe0);
}

static FORCEINLINE BOOLEAN IN4_IS_ADDR_LINKLOCAL(_In_ CONST IN_ADDR *a)
{
    return (BOOLEAN)(a->S_un.S_un_b.s_b1 == 169 && a->S_un.S_un_b.s_b2 == 254);
}

static FORCEINLINE BOOLEAN IN6_ADDR_EQUAL(_In_ CONST IN6_ADDR *x, _In_ CONST IN6_ADDR *y)
{
    return (BOOLEAN)(memcmp(x, y, sizeof(IN6_ADDR)) == 0);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_UNSPECIFIED(_In_ CONST IN6_ADDR *a)
{
    static const IN6_ADDR any = IN6ADDR_ANY_INIT;

    return IN6_ADDR_EQUAL(a, &any);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_LOOPBACK(_In_ CONST IN6_ADDR *a)
{
    static const IN6_ADDR loopback = IN6ADDR_LOOPBACK_INIT;

    return IN6_ADDR_EQUAL(a, &loopback);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_MULTICAST(_In_ CONST IN6_ADDR *a)
{
    return (BOOLEAN)(a->u.Byte[0] == 0xff);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_LINKLOCAL(_In_ CONST IN6_ADDR *a)
{
    return (BOOLEAN)(a->u.Byte[0] == 0xfe && (a->u.Byte[1] & 0xc0) == 0x80);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_SITELOCAL(_In_ CONST IN6_ADDR *a)
{
    return (BOOLEAN)(a->u.Byte[0] == 0xfe && (a->u.Byte[1] & 0xc0) == 0xc0);
}

static FORCEINLINE BOOLEAN IN6_IS_ADDR_V4MAPPED(_In_ CONST IN6_ADDR *a)
{
    static const UCHAR prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return (BOOLEAN)(memcmp(a->u.Byte, prefix, sizeof(prefix)) == 0);
}

static FORCEINLINE VOID IN6_SET_ADDR_V4MAPPED(_Out_ PIN6_ADDR a6, _In_ CONST IN_ADDR *a4)
{
    memset(a6, 0, sizeof(*a6));
    a6->u.Byte[10] = 0xff;
    a6->u.Byte[11] = 0xff;
    memcpy(&a6->u.Byte[12], a4, sizeof(*a4));
}

static FORCEINLINE CONST UCHAR *IN6_GET_ADDR_V4MAPPED(_In_ CONST IN6_ADDR *Ipv6Address)
{
    return &Ipv6Address->u.Byte[12];
}

static FORCEINLINE VOID IN4ADDR_SETSOCKADDR(
    _Out_ PSOCKADDR_IN a, _In_ CONST IN_ADDR *addr, _In_ USHORT port)
{
    a->sin_family = AF_INET;
    a->sin_port = port;
    a->sin_addr = *addr;
    memset(a->sin_zero, 0, sizeof(a->sin_zero));
}

static FORCEINLINE VOID IN4ADDR_SETANY(_Out_ PSOCKADDR_IN a)
{
    a->sin_family = AF_INET;
    a->sin_port = 0;
    a->sin_addr.s_addr = IN4ADDR_ANY;
    memset(a->sin_zero, 0, sizeof(a->sin_zero));
}

static FORCEINLINE VOID IN4ADDR_SETLOOPBACK(_Out_ PSOCKADDR_IN a)
{
    IN4ADDR_SETANY(a);
    a->sin_addr.s_addr = IN4ADDR_LOOPBACK;
}

static FORCEINLINE BOOLEAN IN4ADDR_ISANY(_In_ CONST SOCKADDR_IN *a)
{
    return IN4_IS_ADDR_UNSPECIFIED(&a->sin_addr);
}

static FORCEINLINE BOOLEAN IN4ADDR_ISLOOPBACK(_In_ CONST SOCKADDR_IN *a)
{
    return IN4_IS_ADDR_LOOPBACK(&a->sin_addr);
}

static FORCEINLINE VOID IN6ADDR_SETSOCKADDR(
    _Out_ PSOCKADDR_IN6 a, _In_ CONST IN6_ADDR *addr, _In_ SCOPE_ID scope, _In_ USHORT port)
{
    a->sin6_family = AF_INET6;
    a->sin6_port = port;
    a->sin6_flowinfo = 0;
    a->sin6_addr = *addr;
    a->sin6_scope_struct = scope;
}

static FORCEINLINE VOID IN6ADDR_SETANY(_Out_ PSOCKADDR_IN6 a)
{
    static const IN6_ADDR any = IN6ADDR_ANY_INIT;

    a->sin6_family = AF_INET6;
    a->sin6_port = 0;
    a->sin6_flowinfo = 0;
    a->sin6_addr = any;
    a->sin6_scope_id = 0;
}

static FORCEINLINE VOID IN6ADDR_SETLOOPBACK(_Out_ PSOCKADDR_IN6 a)
{
    IN6ADDR_SETANY(a);
    a->sin6_addr.u.Byte[15] = 1;
}

static FORCEINLINE VOID IN6ADDR_SETV4MAPPED(
    _Out_ PSOCKADDR_IN6 a6, _In_ CONST IN_ADDR *a4, _In_ SCOPE_ID scope, _In_ USHORT port)
{
    a6->sin6_family = AF_INET6;
    a6->sin6_port = port;
    a6->sin6_flowinfo = 0;
    IN6_SET_ADDR_V4MAPPED(&a6->sin6_addr, a4);
    a6->sin6_scope_struct = scope;
}

static FORCEINLINE BOOLEAN IN6ADDR_ISANY(_In_ CONST SOCKADDR_IN6 *a)
{
    return IN6_IS_ADDR_UNSPECIFIED(&a->sin6_addr);
}

static FORCEINLINE BOOLEAN IN6ADDR_ISLOOPBACK(_In_ CONST SOCKADDR_IN6 *a)
{
    return IN6_IS_ADDR_LOOPBACK(&a->sin6_addr);
}

static FORCEINLINE BOOLEAN IN6ADDR_ISV4MAPPED(_In_ CONST SOCKADDR_IN6 *a)
{
    return IN6_IS_ADDR_V4MAPPED(&a->sin6_addr);
}

/*
 * Multicast requests.
 */
typedef struct ip_mreq {
    IN_ADDR imr_multiaddr;
    IN_ADDR imr_interface;
} IP_MREQ, *PIP_MREQ;
C_ASSERT(sizeof(IP_MREQ) == 8);

typedef struct ip_mreq_source {
    IN_ADDR imr_multiaddr;
    IN_ADDR imr_sourceaddr;
    IN_ADDR imr_interface;
} IP_MREQ_SOURCE, *PIP_MREQ_SOURCE;
C_ASSERT(sizeof(IP_MREQ_SOURCE) == 12);

typedef struct ipv6_mreq {
    IN6_ADDR ipv6mr_multiaddr;
    ULONG ipv6mr_interface;
} IPV6_MREQ, *PIPV6_MREQ;
C_ASSERT(sizeof(IPV6_MREQ) == 20);

typedef struct group_req {
    ULONG gr_interface;
    SOCKADDR_STORAGE gr_group;
} GROUP_REQ, *PGROUP_REQ;
C_ASSERT(sizeof(GROUP_REQ) == 136);

typedef struct group_source_req {
    ULONG gsr_interface;
    SOCKADDR_STORAGE gsr_group;
    SOCKADDR_STORAGE gsr_source;
} GROUP_SOURCE_REQ, *PGROUP_SOURCE_REQ;
C_ASSERT(sizeof(GROUP_SOURCE_REQ) == 264);

/*
 * Payload of control messages.
 */
typedef struct in_pktinfo {
    IN_ADDR ipi_addr;
    ULONG ipi_ifindex;
} IN_PKTINFO, *PIN_PKTINFO;
C_ASSERT(sizeof(IN_PKTINFO) == 8);

typedef struct in6_pktinfo {
    IN6_ADDR ipi6_addr;
    ULONG ipi6_ifindex;
} IN6_PKTINFO, *PIN6_PKTINFO;
C_ASSERT(sizeof(IN6_PKTINFO) == 20);

typedef struct in_pktinfo_ex {
    IN_PKTINFO pkt_info;
    SCOPE_ID scope_id;
} IN_PKTINFO_EX, *PIN_PKTINFO_EX;
C_ASSERT(sizeof(IN_PKTINFO_EX) == 12);

typedef struct in6_pktinfo_ex {
    IN6_PKTINFO pkt_info;
    SCOPE_ID scope_id;
} IN6_PKTINFO_EX, *PIN6_PKTINFO_EX;
C_ASSERT(sizeof(IN6_PKTINFO_EX) == 24);

typedef struct in_recverr {
    IPPROTO protocol;
    ULONG info;
    UINT8 type;
    UINT8 code;
} IN_RECVERR, *PIN_RECVERR;
C_ASSERT(sizeof(IN_RECVERR) == 12);

typedef enum _PMTUD_STATE {
    IP_PMTUDISC_NOT_SET,
    IP_PMTUDISC_DO,
    IP_PMTUDISC_DONT,
    IP_PMTUDISC_PROBE,
    IP_PMTUDISC_MAX
} PMTUD_STATE, *PPMTUD_STATE;

/*
 * Options at level IPPROTO_IP.
 */
#define IP_OPTIONS                1
#define IP_HDRINCL                2
#define IP_TOS                    3
#define IP_TTL                    4
#define IP_MULTICAST_IF           9
#define IP_MULTICAST_TTL          10
#define IP_MULTICAST_LOOP         11
#define IP_ADD_MEMBERSHIP         12
#define IP_DROP_MEMBERSHIP        13
#define IP_DONTFRAGMENT           14
#define IP_ADD_SOURCE_MEMBERSHIP  15
#define IP_DROP_SOURCE_MEMBERSHIP 16
#define IP_BLOCK_SOURCE           17
#define IP_UNBLOCK_SOURCE         18
#define IP_PKTINFO                19
#define IP_HOPLIMIT               21
#define IP_RECVTTL                21
#define IP_RECEIVE_BROADCAST      22
#define IP_RECVIF                 24
#define IP_RECVDSTADDR            25
#define IP_IFLIST                 28
#define IP_ADD_IFLIST             29
#define IP_DEL_IFLIST             30
#define IP_UNICAST_IF             31
#define IP_RTHDR                  32
#define IP_GET_IFLIST             33
#define IP_RECVRTHDR              38
#define IP_TCLASS                 39
#define IP_RECVTCLASS             40
#define IP_RECVTOS                40
#define IP_ORIGINAL_ARRIVAL_IF    47
#define IP_ECN                    50
#define IP_RECVECN                50
#define IP_PKTINFO_EX             51
#define IP_WFP_REDIRECT_RECORDS   60
#define IP_WFP_REDIRECT_CONTEXT   70
#define IP_MTU_DISCOVER           71
#define IP_MTU                    73
#define IP_NRT_INTERFACE          74
#define IP_RECVERR                75
#define IP_USER_MTU               76
#define IP_UNSPECIFIED_TYPE_OF_SERVICE (-1)

#define IP_DEFAULT_MULTICAST_TTL  1
#define IP_DEFAULT_MULTICAST_LOOP 1

/*
 * Multicast options of both levels.
 */
#define MCAST_JOIN_GROUP         41
#define MCAST_LEAVE_GROUP        42
#define MCAST_BLOCK_SOURCE       43
#define MCAST_UNBLOCK_SOURCE     44
#define MCAST_JOIN_SOURCE_GROUP  45
#define MCAST_LEAVE_SOURCE_GROUP 46

/*
 * Options at level IPPROTO_IPV6.
 */
#define IPV6_HOPOPTS              1
#define IPV6_HDRINCL              2
#define IPV6_UNICAST_HOPS         4
#define IPV6_MULTICAST_IF         9
#define IPV6_MULTICAST_HOPS       10
#define IPV6_MULTICAST_LOOP       11
#define IPV6_ADD_MEMBERSHIP       12
#define IPV6_JOIN_GROUP           IPV6_ADD_MEMBERSHIP
#define IPV6_DROP_MEMBERSHIP      13
#define IPV6_LEAVE_GROUP          IPV6_DROP_MEMBERSHIP
#define IPV6_DONTFRAG             14
#define IPV6_PKTINFO              19
#define IPV6_HOPLIMIT             21
#define IPV6_RECVHOPLIMIT         21
#define IPV6_PROTECTION_LEVEL     23
#define IPV6_RECVIF               24
#define IPV6_RECVDSTADDR          25
#define IPV6_CHECKSUM             26
#define IPV6_V6ONLY               27
#define IPV6_IFLIST               28
#define IPV6_ADD_IFLIST           29
#define IPV6_DEL_IFLIST           30
#define IPV6_UNICAST_IF           31
#define IPV6_RTHDR                32
#define IPV6_GET_IFLIST           33
#define IPV6_RECVRTHDR            38
#define IPV6_TCLASS               39
#define IPV6_RECVTCLASS           40
#define IPV6_ORIGINAL_ARRIVAL_IF  47
#define IPV6_ECN                  50
#define IPV6_RECVECN              50
#define IPV6_PKTINFO_EX           51
#define IPV6_WFP_REDIRECT_RECORDS 60
#define IPV6_WFP_REDIRECT_CONTEXT 70
#define IPV6_MTU_DISCOVER         71
#define IPV6_MTU                  72
#define IPV6_NRT_INTERFACE        74
#define IPV6_RECVERR              75
#define IPV6_USER_MTU             76

#define PROTECTION_LEVEL_UNRESTRICTED   10
#define PROTECTION_LEVEL_EDGERESTRICTED 20
#define PROTECTION_LEVEL_RESTRICTED     30
#define PROTECTION_LEVEL_DEFAULT        ((UINT)-1)

/*
 * Control codes of the family 't'. Written as numbers: the system's ioctl headers have other macros of the name _IOR.
 */
#define SIO_IDEAL_SEND_BACKLOG_CHANGE 0x2000747A
#define SIO_IDEAL_SEND_BACKLOG_QUERY  0x4004747B

/*
 * Options at level IPPROTO_TCP. TCP_NODELAY is in ws2def.h.
 */
#define TCP_EXPEDITED_1122             0x0002
#define TCP_OFFLOAD_NO_PREFERENCE      0
#define TCP_OFFLOAD_NOT_PREFERRED      1
#define TCP_OFFLOAD_PREFERRED          2
#define TCP_KEEPALIVE                  3
#define TCP_KEEPIDLE                   TCP_KEEPALIVE
#define TCP_MAXSEG                     4
#define TCP_MAXRT                      5
#define TCP_STDURG                     6
#define TCP_NOURG                      7
#define TCP_ATMARK                     8
#define TCP_NOSYNRETRIES               9
#define TCP_TIMESTAMPS                 10
#define TCP_OFFLOAD_PREFERENCE         11
#define TCP_CONGESTION_ALGORITHM       12
#define TCP_DELAY_FIN_ACK              13
#define TCP_MAXRTMS                    14
#define TCP_FASTOPEN                   15
#define TCP_KEEPCNT                    16
#define TCP_KEEPINTVL                  17
#define TCP_FAIL_CONNECT_ON_ICMP_ERROR 18
#define TCP_ICMP_ERROR_INFO            19

/*
 * Options at level IPPROTO_UDP.
 */
#define UDP_NOCHECKSUM              1
#define UDP_SEND_MSG_SIZE           2
#define UDP_RECV_MAX_COALESCED_SIZE 3
#define UDP_COALESCED_INFO          3
#define UDP_CHECKSUM_COVERAGE       20

#ifdef __cplusplus
}
#endif

#endif
