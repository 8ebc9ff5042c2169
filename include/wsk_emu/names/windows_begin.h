/* SPDX-License-Identifier: MIT */
/* Begins a part of a file in which socket names are Windows'; windows_end.h ends it. Before, after and beside it the file may
 * include the system's socket headers. */

/*
 * The same names have other values and layouts in the system's headers, so a file that tests a driver through the system's
 * sockets includes what is Windows' between these two:
 *
 *     #include <netinet/in.h>
 *     #include <sys/socket.h>
 *
 *     #include "wsk_emu/names/windows_begin.h"
 *     #include <wsk.h>
 *     #include "driver.h"
 *     #include "wsk_emu/names/windows_end.h"
 *
 * Then AF_INET6, struct sockaddr_in and SOL_SOCKET are the system's, wherever its headers come; WIN_AF_INET6,
 * SOCKADDR_IN and WIN_SOL_SOCKET are Windows'. Each constant that both have has its Windows value under WIN_; tags and
 * enumerators are renamed in the same way. Names that only Windows has (WSK_FLAG_LISTEN_SOCKET, SIO_WSK_SET_REMOTE_ADDRESS)
 * stay as they are; macros that both have and that are no constants (CMSG_DATA and kin, s_addr) are Windows' between the
 * two only: afterwards write WSA_CMSG_DATA and S_un.S_addr.
 *
 * The list is of names that Linux or macOS have as well; it may be read any number of times.
 */

#ifdef WSK_EMU_NAMES_OPEN
#error "wsk_emu/names/windows_begin.h a second time without windows_end.h"
#endif
#if defined(WSK_EMU_WDK_WS2DEF_H) && !defined(WSK_EMU_NAMES_DONE)
#error "wsk.h was included before wsk_emu/names/windows_begin.h: put the first include of it between begin and end"
#endif
#define WSK_EMU_NAMES_OPEN

#pragma push_macro("AF_APPLETALK")
#undef AF_APPLETALK
#pragma push_macro("AF_CCITT")
#undef AF_CCITT
#pragma push_macro("AF_CHAOS")
#undef AF_CHAOS
#pragma push_macro("AF_DATAKIT")
#undef AF_DATAKIT
#pragma push_macro("AF_DECnet")
#undef AF_DECnet
#pragma push_macro("AF_DLI")
#undef AF_DLI
#pragma push_macro("AF_ECMA")
#undef AF_ECMA
#pragma push_macro("AF_HYLINK")
#undef AF_HYLINK
#pragma push_macro("AF_IMPLINK")
#undef AF_IMPLINK
#pragma push_macro("AF_INET")
#undef AF_INET
#pragma push_macro("AF_INET6")
#undef AF_INET6
#pragma push_macro("AF_IPX")
#undef AF_IPX
#pragma push_macro("AF_IRDA")
#undef AF_IRDA
#pragma push_macro("AF_ISO")
#undef AF_ISO
#pragma push_macro("AF_LAT")
#undef AF_LAT
#pragma push_macro("AF_LINK")
#undef AF_LINK
#pragma push_macro("AF_MAX")
#undef AF_MAX
#pragma push_macro("AF_NETBIOS")
#undef AF_NETBIOS
#pragma push_macro("AF_NS")
#undef AF_NS
#pragma push_macro("AF_OSI")
#undef AF_OSI
#pragma push_macro("AF_PUP")
#undef AF_PUP
#pragma push_macro("AF_SNA")
#undef AF_SNA
#pragma push_macro("AF_UNIX")
#undef AF_UNIX
#pragma push_macro("AF_UNSPEC")
#undef AF_UNSPEC
#pragma push_macro("AI_ADDRCONFIG")
#undef AI_ADDRCONFIG
#pragma push_macro("AI_ALL")
#undef AI_ALL
#pragma push_macro("AI_CANONNAME")
#undef AI_CANONNAME
#pragma push_macro("AI_NUMERICHOST")
#undef AI_NUMERICHOST
#pragma push_macro("AI_NUMERICSERV")
#undef AI_NUMERICSERV
#pragma push_macro("AI_PASSIVE")
#undef AI_PASSIVE
#pragma push_macro("AI_V4MAPPED")
#undef AI_V4MAPPED
#pragma push_macro("CMSG_FIRSTHDR")
#undef CMSG_FIRSTHDR
#pragma push_macro("CMSG_LEN")
#undef CMSG_LEN
#pragma push_macro("CMSG_NXTHDR")
#undef CMSG_NXTHDR
#pragma push_macro("CMSG_SPACE")
#undef CMSG_SPACE
#pragma push_macro("FIOASYNC")
#undef FIOASYNC
#pragma push_macro("FIONBIO")
#undef FIONBIO
#pragma push_macro("FIONREAD")
#undef FIONREAD
#pragma push_macro("IN6ADDR_ANY_INIT")
#undef IN6ADDR_ANY_INIT
#pragma push_macro("IN6ADDR_LOOPBACK_INIT")
#undef IN6ADDR_LOOPBACK_INIT
#pragma push_macro("INADDR_ANY")
#undef INADDR_ANY
#pragma push_macro("INADDR_BROADCAST")
#undef INADDR_BROADCAST
#pragma push_macro("INADDR_LOOPBACK")
#undef INADDR_LOOPBACK
#pragma push_macro("INADDR_NONE")
#undef INADDR_NONE
#pragma push_macro("INET6_ADDRSTRLEN")
#undef INET6_ADDRSTRLEN
#pragma push_macro("INET_ADDRSTRLEN")
#undef INET_ADDRSTRLEN
#pragma push_macro("IN_CLASSA")
#undef IN_CLASSA
#pragma push_macro("IN_CLASSA_HOST")
#undef IN_CLASSA_HOST
#pragma push_macro("IN_CLASSA_NET")
#undef IN_CLASSA_NET
#pragma push_macro("IN_CLASSA_NSHIFT")
#undef IN_CLASSA_NSHIFT
#pragma push_macro("IN_CLASSB")
#undef IN_CLASSB
#pragma push_macro("IN_CLASSB_HOST")
#undef IN_CLASSB_HOST
#pragma push_macro("IN_CLASSB_NET")
#undef IN_CLASSB_NET
#pragma push_macro("IN_CLASSB_NSHIFT")
#undef IN_CLASSB_NSHIFT
#pragma push_macro("IN_CLASSC")
#undef IN_CLASSC
#pragma push_macro("IN_CLASSC_HOST")
#undef IN_CLASSC_HOST
#pragma push_macro("IN_CLASSC_NET")
#undef IN_CLASSC_NET
#pragma push_macro("IN_CLASSC_NSHIFT")
#undef IN_CLASSC_NSHIFT
#pragma push_macro("IN_CLASSD")
#undef IN_CLASSD
#pragma push_macro("IN_MULTICAST")
#undef IN_MULTICAST
#pragma push_macro("IOCPARM_MASK")
#undef IOCPARM_MASK
#pragma push_macro("IOC_IN")
#undef IOC_IN
#pragma push_macro("IOC_INOUT")
#undef IOC_INOUT
#pragma push_macro("IOC_OUT")
#undef IOC_OUT
#pragma push_macro("IOC_VOID")
#undef IOC_VOID
#pragma push_macro("IPPORT_DISCARD")
#undef IPPORT_DISCARD
#pragma push_macro("IPPORT_ECHO")
#undef IPPORT_ECHO
#pragma push_macro("IPPORT_RESERVED")
#undef IPPORT_RESERVED
#pragma push_macro("IPPROTO_IP")
#undef IPPROTO_IP
#pragma push_macro("IPV6_ADD_MEMBERSHIP")
#undef IPV6_ADD_MEMBERSHIP
#pragma push_macro("IPV6_CHECKSUM")
#undef IPV6_CHECKSUM
#pragma push_macro("IPV6_DONTFRAG")
#undef IPV6_DONTFRAG
#pragma push_macro("IPV6_DROP_MEMBERSHIP")
#undef IPV6_DROP_MEMBERSHIP
#pragma push_macro("IPV6_HDRINCL")
#undef IPV6_HDRINCL
#pragma push_macro("IPV6_HOPLIMIT")
#undef IPV6_HOPLIMIT
#pragma push_macro("IPV6_HOPOPTS")
#undef IPV6_HOPOPTS
#pragma push_macro("IPV6_JOIN_GROUP")
#undef IPV6_JOIN_GROUP
#pragma push_macro("IPV6_LEAVE_GROUP")
#undef IPV6_LEAVE_GROUP
#pragma push_macro("IPV6_MTU")
#undef IPV6_MTU
#pragma push_macro("IPV6_MTU_DISCOVER")
#undef IPV6_MTU_DISCOVER
#pragma push_macro("IPV6_MULTICAST_HOPS")
#undef IPV6_MULTICAST_HOPS
#pragma push_macro("IPV6_MULTICAST_IF")
#undef IPV6_MULTICAST_IF
#pragma push_macro("IPV6_MULTICAST_LOOP")
#undef IPV6_MULTICAST_LOOP
#pragma push_macro("IPV6_PKTINFO")
#undef IPV6_PKTINFO
#pragma push_macro("IPV6_RECVERR")
#undef IPV6_RECVERR
#pragma push_macro("IPV6_RECVHOPLIMIT")
#undef IPV6_RECVHOPLIMIT
#pragma push_macro("IPV6_RECVRTHDR")
#undef IPV6_RECVRTHDR
#pragma push_macro("IPV6_RECVTCLASS")
#undef IPV6_RECVTCLASS
#pragma push_macro("IPV6_RTHDR")
#undef IPV6_RTHDR
#pragma push_macro("IPV6_TCLASS")
#undef IPV6_TCLASS
#pragma push_macro("IPV6_UNICAST_HOPS")
#undef IPV6_UNICAST_HOPS
#pragma push_macro("IPV6_UNICAST_IF")
#undef IPV6_UNICAST_IF
#pragma push_macro("IPV6_V6ONLY")
#undef IPV6_V6ONLY
#pragma push_macro("IP_ADD_MEMBERSHIP")
#undef IP_ADD_MEMBERSHIP
#pragma push_macro("IP_ADD_SOURCE_MEMBERSHIP")
#undef IP_ADD_SOURCE_MEMBERSHIP
#pragma push_macro("IP_BLOCK_SOURCE")
#undef IP_BLOCK_SOURCE
#pragma push_macro("IP_DEFAULT_MULTICAST_LOOP")
#undef IP_DEFAULT_MULTICAST_LOOP
#pragma push_macro("IP_DEFAULT_MULTICAST_TTL")
#undef IP_DEFAULT_MULTICAST_TTL
#pragma push_macro("IP_DROP_MEMBERSHIP")
#undef IP_DROP_MEMBERSHIP
#pragma push_macro("IP_DROP_SOURCE_MEMBERSHIP")
#undef IP_DROP_SOURCE_MEMBERSHIP
#pragma push_macro("IP_HDRINCL")
#undef IP_HDRINCL
#pragma push_macro("IP_MTU")
#undef IP_MTU
#pragma push_macro("IP_MTU_DISCOVER")
#undef IP_MTU_DISCOVER
#pragma push_macro("IP_MULTICAST_IF")
#undef IP_MULTICAST_IF
#pragma push_macro("IP_MULTICAST_LOOP")
#undef IP_MULTICAST_LOOP
#pragma push_macro("IP_MULTICAST_TTL")
#undef IP_MULTICAST_TTL
#pragma push_macro("IP_OPTIONS")
#undef IP_OPTIONS
#pragma push_macro("IP_PKTINFO")
#undef IP_PKTINFO
#pragma push_macro("IP_RECVDSTADDR")
#undef IP_RECVDSTADDR
#pragma push_macro("IP_RECVERR")
#undef IP_RECVERR
#pragma push_macro("IP_RECVIF")
#undef IP_RECVIF
#pragma push_macro("IP_RECVTOS")
#undef IP_RECVTOS
#pragma push_macro("IP_RECVTTL")
#undef IP_RECVTTL
#pragma push_macro("IP_TOS")
#undef IP_TOS
#pragma push_macro("IP_TTL")
#undef IP_TTL
#pragma push_macro("IP_UNBLOCK_SOURCE")
#undef IP_UNBLOCK_SOURCE
#pragma push_macro("IP_UNICAST_IF")
#undef IP_UNICAST_IF
#pragma push_macro("MCAST_BLOCK_SOURCE")
#undef MCAST_BLOCK_SOURCE
#pragma push_macro("MCAST_JOIN_GROUP")
#undef MCAST_JOIN_GROUP
#pragma push_macro("MCAST_JOIN_SOURCE_GROUP")
#undef MCAST_JOIN_SOURCE_GROUP
#pragma push_macro("MCAST_LEAVE_GROUP")
#undef MCAST_LEAVE_GROUP
#pragma push_macro("MCAST_LEAVE_SOURCE_GROUP")
#undef MCAST_LEAVE_SOURCE_GROUP
#pragma push_macro("MCAST_UNBLOCK_SOURCE")
#undef MCAST_UNBLOCK_SOURCE
#pragma push_macro("MSG_CTRUNC")
#undef MSG_CTRUNC
#pragma push_macro("MSG_ERRQUEUE")
#undef MSG_ERRQUEUE
#pragma push_macro("MSG_TRUNC")
#undef MSG_TRUNC
#pragma push_macro("MSG_WAITALL")
#undef MSG_WAITALL
#pragma push_macro("NI_DGRAM")
#undef NI_DGRAM
#pragma push_macro("NI_MAXHOST")
#undef NI_MAXHOST
#pragma push_macro("NI_MAXSERV")
#undef NI_MAXSERV
#pragma push_macro("NI_NAMEREQD")
#undef NI_NAMEREQD
#pragma push_macro("NI_NOFQDN")
#undef NI_NOFQDN
#pragma push_macro("NI_NUMERICHOST")
#undef NI_NUMERICHOST
#pragma push_macro("NI_NUMERICSERV")
#undef NI_NUMERICSERV
#pragma push_macro("PF_INET")
#undef PF_INET
#pragma push_macro("PF_INET6")
#undef PF_INET6
#pragma push_macro("PF_UNIX")
#undef PF_UNIX
#pragma push_macro("PF_UNSPEC")
#undef PF_UNSPEC
#pragma push_macro("SIOCATMARK")
#undef SIOCATMARK
#pragma push_macro("SOCK_DGRAM")
#undef SOCK_DGRAM
#pragma push_macro("SOCK_RAW")
#undef SOCK_RAW
#pragma push_macro("SOCK_RDM")
#undef SOCK_RDM
#pragma push_macro("SOCK_SEQPACKET")
#undef SOCK_SEQPACKET
#pragma push_macro("SOCK_STREAM")
#undef SOCK_STREAM
#pragma push_macro("SOL_IP")
#undef SOL_IP
#pragma push_macro("SOL_IPV6")
#undef SOL_IPV6
#pragma push_macro("SOL_SOCKET")
#undef SOL_SOCKET
#pragma push_macro("SO_ACCEPTCONN")
#undef SO_ACCEPTCONN
#pragma push_macro("SO_BROADCAST")
#undef SO_BROADCAST
#pragma push_macro("SO_DEBUG")
#undef SO_DEBUG
#pragma push_macro("SO_DONTROUTE")
#undef SO_DONTROUTE
#pragma push_macro("SO_ERROR")
#undef SO_ERROR
#pragma push_macro("SO_KEEPALIVE")
#undef SO_KEEPALIVE
#pragma push_macro("SO_LINGER")
#undef SO_LINGER
#pragma push_macro("SO_OOBINLINE")
#undef SO_OOBINLINE
#pragma push_macro("SO_RCVBUF")
#undef SO_RCVBUF
#pragma push_macro("SO_RCVLOWAT")
#undef SO_RCVLOWAT
#pragma push_macro("SO_RCVTIMEO")
#undef SO_RCVTIMEO
#pragma push_macro("SO_REUSEADDR")
#undef SO_REUSEADDR
#pragma push_macro("SO_SNDBUF")
#undef SO_SNDBUF
#pragma push_macro("SO_SNDLOWAT")
#undef SO_SNDLOWAT
#pragma push_macro("SO_SNDTIMEO")
#undef SO_SNDTIMEO
#pragma push_macro("SO_TYPE")
#undef SO_TYPE
#pragma push_macro("SO_USELOOPBACK")
#undef SO_USELOOPBACK
#pragma push_macro("TCP_FASTOPEN")
#undef TCP_FASTOPEN
#pragma push_macro("TCP_KEEPALIVE")
#undef TCP_KEEPALIVE
#pragma push_macro("TCP_KEEPCNT")
#undef TCP_KEEPCNT
#pragma push_macro("TCP_KEEPIDLE")
#undef TCP_KEEPIDLE
#pragma push_macro("TCP_KEEPINTVL")
#undef TCP_KEEPINTVL
#pragma push_macro("TCP_MAXSEG")
#undef TCP_MAXSEG
#pragma push_macro("TCP_NODELAY")
#undef TCP_NODELAY
#pragma push_macro("_IO")
#undef _IO
#pragma push_macro("_IOR")
#undef _IOR
#pragma push_macro("_IOW")
#undef _IOW
#pragma push_macro("_SS_ALIGNSIZE")
#undef _SS_ALIGNSIZE
#pragma push_macro("_SS_MAXSIZE")
#undef _SS_MAXSIZE
#pragma push_macro("_SS_PAD1SIZE")
#undef _SS_PAD1SIZE
#pragma push_macro("_SS_PAD2SIZE")
#undef _SS_PAD2SIZE
#pragma push_macro("s6_addr")
#undef s6_addr
#pragma push_macro("s_addr")
#undef s_addr
#pragma push_macro("IN6_IS_ADDR_LINKLOCAL")
#undef IN6_IS_ADDR_LINKLOCAL
#pragma push_macro("IN6_IS_ADDR_LOOPBACK")
#undef IN6_IS_ADDR_LOOPBACK
#pragma push_macro("IN6_IS_ADDR_MULTICAST")
#undef IN6_IS_ADDR_MULTICAST
#pragma push_macro("IN6_IS_ADDR_SITELOCAL")
#undef IN6_IS_ADDR_SITELOCAL
#pragma push_macro("IN6_IS_ADDR_UNSPECIFIED")
#undef IN6_IS_ADDR_UNSPECIFIED
#pragma push_macro("IN6_IS_ADDR_V4MAPPED")
#undef IN6_IS_ADDR_V4MAPPED
#pragma push_macro("IPPROTO_AH")
#undef IPPROTO_AH
#pragma push_macro("IPPROTO_DSTOPTS")
#undef IPPROTO_DSTOPTS
#pragma push_macro("IPPROTO_EGP")
#undef IPPROTO_EGP
#pragma push_macro("IPPROTO_ESP")
#undef IPPROTO_ESP
#pragma push_macro("IPPROTO_FRAGMENT")
#undef IPPROTO_FRAGMENT
#pragma push_macro("IPPROTO_GGP")
#undef IPPROTO_GGP
#pragma push_macro("IPPROTO_HOPOPTS")
#undef IPPROTO_HOPOPTS
#pragma push_macro("IPPROTO_ICMP")
#undef IPPROTO_ICMP
#pragma push_macro("IPPROTO_ICMPV6")
#undef IPPROTO_ICMPV6
#pragma push_macro("IPPROTO_IDP")
#undef IPPROTO_IDP
#pragma push_macro("IPPROTO_IGMP")
#undef IPPROTO_IGMP
#pragma push_macro("IPPROTO_IGP")
#undef IPPROTO_IGP
#pragma push_macro("IPPROTO_IPV4")
#undef IPPROTO_IPV4
#pragma push_macro("IPPROTO_IPV6")
#undef IPPROTO_IPV6
#pragma push_macro("IPPROTO_MAX")
#undef IPPROTO_MAX
#pragma push_macro("IPPROTO_ND")
#undef IPPROTO_ND
#pragma push_macro("IPPROTO_NONE")
#undef IPPROTO_NONE
#pragma push_macro("IPPROTO_PGM")
#undef IPPROTO_PGM
#pragma push_macro("IPPROTO_PIM")
#undef IPPROTO_PIM
#pragma push_macro("IPPROTO_PUP")
#undef IPPROTO_PUP
#pragma push_macro("IPPROTO_RAW")
#undef IPPROTO_RAW
#pragma push_macro("IPPROTO_RDP")
#undef IPPROTO_RDP
#pragma push_macro("IPPROTO_ROUTING")
#undef IPPROTO_ROUTING
#pragma push_macro("IPPROTO_SCTP")
#undef IPPROTO_SCTP
#pragma push_macro("IPPROTO_ST")
#undef IPPROTO_ST
#pragma push_macro("IPPROTO_TCP")
#undef IPPROTO_TCP
#pragma push_macro("IPPROTO_UDP")
#undef IPPROTO_UDP
#pragma push_macro("IP_PMTUDISC_DO")
#undef IP_PMTUDISC_DO
#pragma push_macro("IP_PMTUDISC_DONT")
#undef IP_PMTUDISC_DONT
#pragma push_macro("IP_PMTUDISC_PROBE")
#undef IP_PMTUDISC_PROBE
#pragma push_macro("addrinfo")
#undef addrinfo
#pragma push_macro("cmsghdr")
#undef cmsghdr
#pragma push_macro("group_req")
#undef group_req
#pragma push_macro("group_source_req")
#undef group_source_req
#pragma push_macro("in6_addr")
#undef in6_addr
#pragma push_macro("in6_pktinfo")
#undef in6_pktinfo
#pragma push_macro("in_addr")
#undef in_addr
#pragma push_macro("in_pktinfo")
#undef in_pktinfo
#pragma push_macro("ip_mreq")
#undef ip_mreq
#pragma push_macro("ip_mreq_source")
#undef ip_mreq_source
#pragma push_macro("ipv6_mreq")
#undef ipv6_mreq
#pragma push_macro("sockaddr")
#undef sockaddr
#pragma push_macro("sockaddr_in")
#undef sockaddr_in
#pragma push_macro("sockaddr_in6")
#undef sockaddr_in6
#pragma push_macro("sockaddr_storage")
#undef sockaddr_storage

#define addrinfo WIN_addrinfo
#define cmsghdr WIN_cmsghdr
#define group_req WIN_group_req
#define group_source_req WIN_group_source_req
#define in6_addr WIN_in6_addr
#define in6_pktinfo WIN_in6_pktinfo
#define in_addr WIN_in_addr
#define in_pktinfo WIN_in_pktinfo
#define ip_mreq WIN_ip_mreq
#define ip_mreq_source WIN_ip_mreq_source
#define ipv6_mreq WIN_ipv6_mreq
#define sockaddr WIN_sockaddr
#define sockaddr_in WIN_sockaddr_in
#define sockaddr_in6 WIN_sockaddr_in6
#define sockaddr_storage WIN_sockaddr_storage
#define IN6_IS_ADDR_LINKLOCAL WIN_IN6_IS_ADDR_LINKLOCAL
#define IN6_IS_ADDR_LOOPBACK WIN_IN6_IS_ADDR_LOOPBACK
#define IN6_IS_ADDR_MULTICAST WIN_IN6_IS_ADDR_MULTICAST
#define IN6_IS_ADDR_SITELOCAL WIN_IN6_IS_ADDR_SITELOCAL
#define IN6_IS_ADDR_UNSPECIFIED WIN_IN6_IS_ADDR_UNSPECIFIED
#define IN6_IS_ADDR_V4MAPPED WIN_IN6_IS_ADDR_V4MAPPED
#define IPPROTO_AH WIN_IPPROTO_AH
#define IPPROTO_DSTOPTS WIN_IPPROTO_DSTOPTS
#define IPPROTO_EGP WIN_IPPROTO_EGP
#define IPPROTO_ESP WIN_IPPROTO_ESP
#define IPPROTO_FRAGMENT WIN_IPPROTO_FRAGMENT
#define IPPROTO_GGP WIN_IPPROTO_GGP
#define IPPROTO_HOPOPTS WIN_IPPROTO_HOPOPTS
#define IPPROTO_ICMP WIN_IPPROTO_ICMP
#define IPPROTO_ICMPV6 WIN_IPPROTO_ICMPV6
#define IPPROTO_IDP WIN_IPPROTO_IDP
#define IPPROTO_IGMP WIN_IPPROTO_IGMP
#define IPPROTO_IGP WIN_IPPROTO_IGP
#define IPPROTO_IPV4 WIN_IPPROTO_IPV4
#define IPPROTO_IPV6 WIN_IPPROTO_IPV6
#define IPPROTO_MAX WIN_IPPROTO_MAX
#define IPPROTO_ND WIN_IPPROTO_ND
#define IPPROTO_NONE WIN_IPPROTO_NONE
#define IPPROTO_PGM WIN_IPPROTO_PGM
#define IPPROTO_PIM WIN_IPPROTO_PIM
#define IPPROTO_PUP WIN_IPPROTO_PUP
#define IPPROTO_RAW WIN_IPPROTO_RAW
#define IPPROTO_RDP WIN_IPPROTO_RDP
#define IPPROTO_ROUTING WIN_IPPROTO_ROUTING
#define IPPROTO_SCTP WIN_IPPROTO_SCTP
#define IPPROTO_ST WIN_IPPROTO_ST
#define IPPROTO_TCP WIN_IPPROTO_TCP
#define IPPROTO_UDP WIN_IPPROTO_UDP
#define IP_PMTUDISC_DO WIN_IP_PMTUDISC_DO
#define IP_PMTUDISC_DONT WIN_IP_PMTUDISC_DONT
#define IP_PMTUDISC_PROBE WIN_IP_PMTUDISC_PROBE

#ifdef WSK_EMU_NAMES_DONE
#include "wsk_emu/names/windows_again.h"
#endif
