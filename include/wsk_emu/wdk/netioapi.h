/* SPDX-License-Identifier: MIT */
/* Interfaces, addresses and routes. There is one interface, the loopback interface, with 127.0.0.1 and ::1; nothing about
 * it ever changes, and the host's other interfaces are not shown. PASSIVE_LEVEL where nothing else is said. */
#ifndef WSK_EMU_WDK_NETIOAPI_H
#define WSK_EMU_WDK_NETIOAPI_H

#include "wdm.h"

#include "ws2def.h"
#include "ws2ipdef.h"

#include "ifdef.h"
#include "nldef.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ANY_SIZE
#define ANY_SIZE 1
#endif
#define NETIO_STATUS NTSTATUS
#define NETIO_SUCCESS(_status) NT_SUCCESS(_status)
#define NETIOAPI_API_
#define NETIOAPI_API NETIO_STATUS NETIOAPI_API_
#ifndef _NETIOAPI_SUCCESS_
#define _NETIOAPI_SUCCESS_ _Success_(return >= 0)
#endif

typedef enum _MIB_NOTIFICATION_TYPE {
    MibParameterNotification,
    MibAddInstance,
    MibDeleteInstance,
    MibInitialNotification
} MIB_NOTIFICATION_TYPE, *PMIB_NOTIFICATION_TYPE;

/*
 * Interfaces.
 */
typedef struct _MIB_IF_ROW2 {
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    GUID InterfaceGuid;
    WCHAR Alias[IF_MAX_STRING_SIZE + 1];
    WCHAR Description[IF_MAX_STRING_SIZE + 1];
    ULONG PhysicalAddressLength;
    UCHAR PhysicalAddress[IF_MAX_PHYS_ADDRESS_LENGTH];
    UCHAR PermanentPhysicalAddress[IF_MAX_PHYS_ADDRESS_LENGTH];
    ULONG Mtu;
    IFTYPE Type;
    TUNNEL_TYPE TunnelType;
    NDIS_MEDIUM MediaType;
    NDIS_PHYSICAL_MEDIUM PhysicalMediumType;
    NET_IF_ACCESS_TYPE AccessType;
    NET_IF_DIRECTION_TYPE DirectionType;
    struct {
        BOOLEAN HardwareInterface : 1;
        BOOLEAN FilterInterface : 1;
        BOOLEAN ConnectorPresent : 1;
        BOOLEAN NotAuthenticated : 1;
        BOOLEAN NotMediaConnected : 1;
        BOOLEAN Paused : 1;
        BOOLEAN LowPower : 1;
        BOOLEAN EndPointInterface : 1;
    } InterfaceAndOperStatusFlags;
    IF_OPER_STATUS OperStatus;
    NET_IF_ADMIN_STATUS AdminStatus;
    NET_IF_MEDIA_CONNECT_STATE MediaConnectState;
    NET_IF_NETWORK_GUID NetworkGuid;
    NET_IF_CONNECTION_TYPE ConnectionType;
    ULONG64 TransmitLinkSpeed;
    ULONG64 ReceiveLinkSpeed;
    ULONG64 InOctets;
    ULONG64 InUcastPkts;
    ULONG64 InNUcastPkts;
    ULONG64 InDiscards;
    ULONG64 InErrors;
    ULONG64 InUnknownProtos;
    ULONG64 InUcastOctets;
    ULONG64 InMulticastOctets;
    ULONG64 InBroadcastOctets;
    ULONG64 OutOctets;
    ULONG64 OutUcastPkts;
    ULONG64 OutNUcastPkts;
    ULONG64 OutDiscards;
    ULONG64 OutErrors;
    ULONG64 OutUcastOctets;
    ULONG64 OutMulticastOctets;
    ULONG64 OutBroadcastOctets;
    ULONG64 OutQLen;
} MIB_IF_ROW2, *PMIB_IF_ROW2;
C_ASSERT(sizeof(MIB_IF_ROW2) == 1352);

/* By InterfaceLuid, or by InterfaceIndex where that is zero. The counters stay zero. STATUS_INVALID_PARAMETER: neither is
 * given; STATUS_NOT_FOUND. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetIfEntry2(_Inout_ PMIB_IF_ROW2 Row);

typedef struct _MIB_IPINTERFACE_ROW {
    ADDRESS_FAMILY Family;
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    ULONG MaxReassemblySize;
    ULONG64 InterfaceIdentifier;
    ULONG MinRouterAdvertisementInterval;
    ULONG MaxRouterAdvertisementInterval;
    BOOLEAN AdvertisingEnabled;
    BOOLEAN ForwardingEnabled;
    BOOLEAN WeakHostSend;
    BOOLEAN WeakHostReceive;
    BOOLEAN UseAutomaticMetric;
    BOOLEAN UseNeighborUnreachabilityDetection;
    BOOLEAN ManagedAddressConfigurationSupported;
    BOOLEAN OtherStatefulConfigurationSupported;
    BOOLEAN AdvertiseDefaultRoute;
    NL_ROUTER_DISCOVERY_BEHAVIOR RouterDiscoveryBehavior;
    ULONG DadTransmits;
    ULONG BaseReachableTime;
    ULONG RetransmitTime;
    ULONG PathMtuDiscoveryTimeout;
    NL_LINK_LOCAL_ADDRESS_BEHAVIOR LinkLocalAddressBehavior;
    ULONG LinkLocalAddressTimeout;
    ULONG ZoneIndices[ScopeLevelCount];
    ULONG SitePrefixLength;
    ULONG Metric;
    ULONG NlMtu;
    BOOLEAN Connected;
    BOOLEAN SupportsWakeUpPatterns;
    BOOLEAN SupportsNeighborDiscovery;
    BOOLEAN SupportsRouterDiscovery;
    ULONG ReachableTime;
    NL_INTERFACE_OFFLOAD_ROD TransmitOffload;
    NL_INTERFACE_OFFLOAD_ROD ReceiveOffload;
    BOOLEAN DisableDefaultRoutes;
} MIB_IPINTERFACE_ROW, *PMIB_IPINTERFACE_ROW;
C_ASSERT(sizeof(MIB_IPINTERFACE_ROW) == 168);

typedef struct _MIB_IPINTERFACE_TABLE {
    ULONG NumEntries;
    MIB_IPINTERFACE_ROW Table[ANY_SIZE];
} MIB_IPINTERFACE_TABLE, *PMIB_IPINTERFACE_TABLE;

/* By Family and then as GetIfEntry2. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetIpInterfaceEntry(_Inout_ PMIB_IPINTERFACE_ROW Row);

/* Family of all tables: AF_INET, AF_INET6, or AF_UNSPEC for both. They are given back with FreeMibTable. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetIpInterfaceTable(
    _In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_IPINTERFACE_TABLE *Table);

/*
 * Addresses.
 */
typedef struct _MIB_UNICASTIPADDRESS_ROW {
    SOCKADDR_INET Address;
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    NL_PREFIX_ORIGIN PrefixOrigin;
    NL_SUFFIX_ORIGIN SuffixOrigin;
    ULONG ValidLifetime;
    ULONG PreferredLifetime;
    UINT8 OnLinkPrefixLength;
    BOOLEAN SkipAsSource;
    NL_DAD_STATE DadState;
    SCOPE_ID ScopeId;
    LARGE_INTEGER CreationTimeStamp;
} MIB_UNICASTIPADDRESS_ROW, *PMIB_UNICASTIPADDRESS_ROW;
C_ASSERT(sizeof(MIB_UNICASTIPADDRESS_ROW) == 80);

typedef struct _MIB_UNICASTIPADDRESS_TABLE {
    ULONG NumEntries;
    MIB_UNICASTIPADDRESS_ROW Table[ANY_SIZE];
} MIB_UNICASTIPADDRESS_TABLE, *PMIB_UNICASTIPADDRESS_TABLE;

_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetUnicastIpAddressTable(
    _In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_UNICASTIPADDRESS_TABLE *Table);

/*
 * Routes.
 */
typedef struct _IP_ADDRESS_PREFIX {
    SOCKADDR_INET Prefix;
    UINT8 PrefixLength;
} IP_ADDRESS_PREFIX, *PIP_ADDRESS_PREFIX;
C_ASSERT(sizeof(IP_ADDRESS_PREFIX) == 32);

typedef struct _MIB_IPFORWARD_ROW2 {
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    IP_ADDRESS_PREFIX DestinationPrefix;
    SOCKADDR_INET NextHop;
    UCHAR SitePrefixLength;
    ULONG ValidLifetime;
    ULONG PreferredLifetime;
    ULONG Metric;
    NL_ROUTE_PROTOCOL Protocol;
    BOOLEAN Loopback;
    BOOLEAN AutoconfigureAddress;
    BOOLEAN Publish;
    BOOLEAN Immortal;
    ULONG Age;
    NL_ROUTE_ORIGIN Origin;
} MIB_IPFORWARD_ROW2, *PMIB_IPFORWARD_ROW2;
C_ASSERT(sizeof(MIB_IPFORWARD_ROW2) == 104);

typedef struct _MIB_IPFORWARD_TABLE2 {
    ULONG NumEntries;
    MIB_IPFORWARD_ROW2 Table[ANY_SIZE];
} MIB_IPFORWARD_TABLE2, *PMIB_IPFORWARD_TABLE2;

_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetIpForwardTable2(
    _In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_IPFORWARD_TABLE2 *Table);

/* STATUS_NETWORK_UNREACHABLE: the destination is no loopback address. STATUS_NOT_FOUND: the interface is not there.
 * STATUS_INVALID_PARAMETER: families that differ or are none. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API GetBestRoute2(_In_opt_ NET_LUID *InterfaceLuid,
    _In_ NET_IFINDEX InterfaceIndex, _In_opt_ CONST SOCKADDR_INET *SourceAddress,
    _In_ CONST SOCKADDR_INET *DestinationAddress, _In_ ULONG AddressSortOptions, _Out_ PMIB_IPFORWARD_ROW2 BestRoute,
    _Out_ SOCKADDR_INET *BestSourceAddress);

typedef VOID(NETIOAPI_API_ *PIPFORWARD_CHANGE_CALLBACK)(
    _In_ PVOID CallerContext, _In_opt_ PMIB_IPFORWARD_ROW2 Row, _In_ MIB_NOTIFICATION_TYPE NotificationType);

/* Routes do not change, so the only call is the one that InitialNotification asks for: before the function returns, with
 * a Row of NULL. The handle is pool until CancelMibChangeNotify2. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API NotifyRouteChange2(_In_ ADDRESS_FAMILY AddressFamily,
    _In_ PIPFORWARD_CHANGE_CALLBACK Callback, _In_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
    _Inout_ HANDLE *NotificationHandle);

typedef VOID(NETIOAPI_API_ *PIPINTERFACE_CHANGE_CALLBACK)(
    _In_ PVOID CallerContext, _In_opt_ PMIB_IPINTERFACE_ROW Row, _In_ MIB_NOTIFICATION_TYPE NotificationType);

/* The same for interfaces. */
_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API NotifyIpInterfaceChange(_In_ ADDRESS_FAMILY Family,
    _In_ PIPINTERFACE_CHANGE_CALLBACK Callback, _In_opt_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
    _Inout_ HANDLE *NotificationHandle);

_IRQL_requires_max_(PASSIVE_LEVEL) _NETIOAPI_SUCCESS_ NETIOAPI_API CancelMibChangeNotify2(_In_ HANDLE NotificationHandle);

/* Gives back a table. */
_IRQL_requires_max_(DISPATCH_LEVEL) VOID NETIOAPI_API_ FreeMibTable(_In_ PVOID Memory);

#ifdef __cplusplus
}
#endif

#endif
