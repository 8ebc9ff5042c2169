/* SPDX-License-Identifier: MIT */
/* Interfaces, addresses and routes: those of the loopback interface. */
#include <netioapi.h>

#include <string.h>

#include "base/base_assert.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * The two networks have the loopback addresses in common, and a test uses no others; so these are what a driver is told,
 * whichever network runs, and nothing depends on the machine. Everything is made anew for each call, as pool of the
 * caller. A notification is a block of pool as well, with a mark by which it is told from other memory.
 */

#define TABLE_TAG 'biMN'
#define NOTIFICATION_TAG 'toNN'
#define LOOPBACK_INDEX 1
#define LOOPBACK_METRIC 75
#define LOOPBACK_SPEED ((ULONG64)1073741824)
#define NOTIFICATION_MARK 0x4e6f7469u

static const ADDRESS_FAMILY s_families[] = { AF_INET, AF_INET6 };

static NET_LUID loopback_luid(void)
{
    NET_LUID luid = { 0 };

    luid.Info.IfType = IF_TYPE_SOFTWARE_LOOPBACK;
    return luid;
}

static bool is_ip_family(ADDRESS_FAMILY family)
{
    return family == AF_INET || family == AF_INET6;
}

/* By its name, or by its number where the name is zero. */
static NTSTATUS interface_check(const NET_LUID *luid, NET_IFINDEX index)
{
    if (luid->Value != 0) {
        return luid->Value == loopback_luid().Value ? STATUS_SUCCESS : STATUS_NOT_FOUND;
    }
    if (index == NET_IFINDEX_UNSPECIFIED) {
        return STATUS_INVALID_PARAMETER;
    }
    return index == LOOPBACK_INDEX ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

static void loopback_address(ADDRESS_FAMILY family, SOCKADDR_INET *address)
{
    memset(address, 0, sizeof(*address));
    address->si_family = family;
    if (family == AF_INET) {
        address->Ipv4.sin_addr.S_un.S_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    } else {
        address->Ipv6.sin6_addr.u.Byte[15] = 1;
    }
}

/* --- rows ----------------------------------------------------------------------------------- */

static void text_set(WCHAR *to, const char *text)
{
    size_t i;

    for (i = 0; text[i] != '\0'; i++) {
        to[i] = (UCHAR)text[i];
    }
}

NTSTATUS GetIfEntry2(PMIB_IF_ROW2 Row)
{
    NTSTATUS status;

    WE_NT_ENTRY(GetIfEntry2);
    if (Row == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = interface_check(&Row->InterfaceLuid, Row->InterfaceIndex);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    memset(Row, 0, sizeof(*Row));
    Row->InterfaceLuid = loopback_luid();
    Row->InterfaceIndex = LOOPBACK_INDEX;
    text_set(Row->Alias, "Loopback Pseudo-Interface 1");
    text_set(Row->Description, "Software Loopback Interface 1");
    Row->Mtu = MAXULONG;
    Row->Type = IF_TYPE_SOFTWARE_LOOPBACK;
    Row->MediaType = NdisMediumLoopback;
    Row->AccessType = NET_IF_ACCESS_LOOPBACK;
    Row->OperStatus = IfOperStatusUp;
    Row->AdminStatus = NET_IF_ADMIN_STATUS_UP;
    Row->MediaConnectState = MediaConnectStateConnected;
    Row->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    Row->TransmitLinkSpeed = LOOPBACK_SPEED;
    Row->ReceiveLinkSpeed = LOOPBACK_SPEED;
    return STATUS_SUCCESS;
}

static void interface_fill(ADDRESS_FAMILY family, void *memory)
{
    PMIB_IPINTERFACE_ROW row = memory;

    memset(row, 0, sizeof(*row));
    row->Family = family;
    row->InterfaceLuid = loopback_luid();
    row->InterfaceIndex = LOOPBACK_INDEX;
    row->UseAutomaticMetric = TRUE;
    row->Metric = LOOPBACK_METRIC;
    row->NlMtu = MAXULONG;
    row->Connected = TRUE;
}

static void address_fill(ADDRESS_FAMILY family, void *memory)
{
    PMIB_UNICASTIPADDRESS_ROW row = memory;

    memset(row, 0, sizeof(*row));
    loopback_address(family, &row->Address);
    row->InterfaceLuid = loopback_luid();
    row->InterfaceIndex = LOOPBACK_INDEX;
    row->PrefixOrigin = IpPrefixOriginWellKnown;
    row->SuffixOrigin = IpSuffixOriginWellKnown;
    row->ValidLifetime = MAXULONG;
    row->PreferredLifetime = MAXULONG;
    row->OnLinkPrefixLength = family == AF_INET ? 8 : 128;
    row->DadState = IpDadStatePreferred;
}

static void route_fill(ADDRESS_FAMILY family, void *memory)
{
    PMIB_IPFORWARD_ROW2 row = memory;

    memset(row, 0, sizeof(*row));
    row->InterfaceLuid = loopback_luid();
    row->InterfaceIndex = LOOPBACK_INDEX;
    loopback_address(family, &row->DestinationPrefix.Prefix);
    if (family == AF_INET) {
        row->DestinationPrefix.Prefix.Ipv4.sin_addr.S_un.S_un_b.s_b4 = 0;
    }
    row->DestinationPrefix.PrefixLength = family == AF_INET ? 8 : 128;
    row->NextHop.si_family = family; /* on the link */
    row->ValidLifetime = MAXULONG;
    row->PreferredLifetime = MAXULONG;
    row->Metric = 256;
    row->Protocol = RouteProtocolLocal;
    row->Loopback = TRUE;
    row->Immortal = TRUE;
    row->Origin = NlroManual;
}

NTSTATUS GetIpInterfaceEntry(PMIB_IPINTERFACE_ROW Row)
{
    NTSTATUS status;

    WE_NT_ENTRY(GetIpInterfaceEntry);
    if (Row == NULL || !is_ip_family(Row->Family)) {
        return STATUS_INVALID_PARAMETER;
    }
    status = interface_check(&Row->InterfaceLuid, Row->InterfaceIndex);
    if (NT_SUCCESS(status)) {
        interface_fill(Row->Family, Row);
    }
    return status;
}

/* --- tables --------------------------------------------------------------------------------- */

/* All tables begin with the number of rows; the first one stands at rows_offset. */
struct shape {
    size_t rows_offset;
    size_t row_bytes;
    void (*fill)(ADDRESS_FAMILY family, void *row);
};

static NTSTATUS table_make(ADDRESS_FAMILY family, const struct shape *shape, void **table)
{
    size_t count = family == AF_UNSPEC ? WE_ARRAY_COUNT(s_families) : 1;
    UCHAR *memory;
    size_t i;

    if (table == NULL || (family != AF_UNSPEC && !is_ip_family(family))) {
        return STATUS_INVALID_PARAMETER;
    }
    *table = NULL;
    memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, shape->rows_offset + count * shape->row_bytes, TABLE_TAG);
    if (memory == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *(ULONG *)(PVOID)memory = (ULONG)count;
    for (i = 0; i < count; i++) {
        shape->fill(family == AF_UNSPEC ? s_families[i] : family, memory + shape->rows_offset + i * shape->row_bytes);
    }
    *table = memory;
    return STATUS_SUCCESS;
}

NTSTATUS GetIpInterfaceTable(ADDRESS_FAMILY Family, PMIB_IPINTERFACE_TABLE *Table)
{
    static const struct shape shape = { offsetof(MIB_IPINTERFACE_TABLE, Table), sizeof(MIB_IPINTERFACE_ROW),
                                        interface_fill };

    WE_NT_ENTRY(GetIpInterfaceTable);
    return table_make(Family, &shape, (void **)Table);
}

NTSTATUS GetUnicastIpAddressTable(ADDRESS_FAMILY Family, PMIB_UNICASTIPADDRESS_TABLE *Table)
{
    static const struct shape shape = { offsetof(MIB_UNICASTIPADDRESS_TABLE, Table), sizeof(MIB_UNICASTIPADDRESS_ROW),
                                        address_fill };

    WE_NT_ENTRY(GetUnicastIpAddressTable);
    return table_make(Family, &shape, (void **)Table);
}

NTSTATUS GetIpForwardTable2(ADDRESS_FAMILY Family, PMIB_IPFORWARD_TABLE2 *Table)
{
    static const struct shape shape = { offsetof(MIB_IPFORWARD_TABLE2, Table), sizeof(MIB_IPFORWARD_ROW2), route_fill };

    WE_NT_ENTRY(GetIpForwardTable2);
    return table_make(Family, &shape, (void **)Table);
}

VOID FreeMibTable(PVOID Memory)
{
    WE_NT_ENTRY(FreeMibTable);
    ExFreePoolWithTag(Memory, TABLE_TAG);
}

/* --- routes ---------------------------------------------------------------------------------- */

static bool is_loopback(const SOCKADDR_INET *address)
{
    SOCKADDR_INET own;

    if (address->si_family == AF_INET) {
        return address->Ipv4.sin_addr.S_un.S_un_b.s_b1 == 127;
    }
    loopback_address(AF_INET6, &own);
    return memcmp(&address->Ipv6.sin6_addr, &own.Ipv6.sin6_addr, sizeof(own.Ipv6.sin6_addr)) == 0;
}

NTSTATUS GetBestRoute2(NET_LUID *InterfaceLuid, NET_IFINDEX InterfaceIndex, CONST SOCKADDR_INET *SourceAddress,
                       CONST SOCKADDR_INET *DestinationAddress, ULONG AddressSortOptions, PMIB_IPFORWARD_ROW2 BestRoute,
                       SOCKADDR_INET *BestSourceAddress)
{
    NET_LUID luid = { 0 };

    (void)AddressSortOptions;
    WE_NT_ENTRY(GetBestRoute2);
    if (DestinationAddress == NULL || BestRoute == NULL || BestSourceAddress == NULL ||
        !is_ip_family(DestinationAddress->si_family) ||
        (SourceAddress != NULL && SourceAddress->si_family != DestinationAddress->si_family)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (InterfaceLuid != NULL) {
        luid = *InterfaceLuid;
    }
    /* Neither is given: any interface will do. */
    if ((luid.Value != 0 || InterfaceIndex != 0) && !NT_SUCCESS(interface_check(&luid, InterfaceIndex))) {
        return STATUS_NOT_FOUND;
    }
    if (!is_loopback(DestinationAddress)) {
        return STATUS_NETWORK_UNREACHABLE;
    }
    route_fill(DestinationAddress->si_family, BestRoute);
    loopback_address(DestinationAddress->si_family, BestSourceAddress);
    return STATUS_SUCCESS;
}

struct notification {
    ULONG mark;
};

/* The handle of a notification that never comes. */
static NTSTATUS notification_make(ADDRESS_FAMILY family, HANDLE *handle)
{
    struct notification *notification;

    if (handle == NULL || (family != AF_UNSPEC && !is_ip_family(family))) {
        return STATUS_INVALID_PARAMETER;
    }
    notification = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*notification), NOTIFICATION_TAG);
    if (notification == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    notification->mark = NOTIFICATION_MARK;
    *handle = notification;
    return STATUS_SUCCESS;
}

NTSTATUS NotifyRouteChange2(ADDRESS_FAMILY AddressFamily, PIPFORWARD_CHANGE_CALLBACK Callback, PVOID CallerContext,
                            BOOLEAN InitialNotification, HANDLE *NotificationHandle)
{
    struct we_nt_frame frame;
    NTSTATUS status;

    WE_NT_ENTRY(NotifyRouteChange2);
    status = Callback != NULL ? notification_make(AddressFamily, NotificationHandle) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status) && InitialNotification) {
        we_nt_door_enter(&frame, WE_DOOR_CHANGE, (const void *)(ULONG_PTR)Callback, CallerContext);
        Callback(CallerContext, NULL, MibInitialNotification);
        we_nt_door_leave(&frame);
    }
    return status;
}

NTSTATUS NotifyIpInterfaceChange(ADDRESS_FAMILY Family, PIPINTERFACE_CHANGE_CALLBACK Callback, PVOID CallerContext,
                                 BOOLEAN InitialNotification, HANDLE *NotificationHandle)
{
    struct we_nt_frame frame;
    NTSTATUS status;

    WE_NT_ENTRY(NotifyIpInterfaceChange);
    status = Callback != NULL ? notification_make(Family, NotificationHandle) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status) && InitialNotification) {
        we_nt_door_enter(&frame, WE_DOOR_CHANGE, (const void *)(ULONG_PTR)Callback, CallerContext);
        Callback(CallerContext, NULL, MibInitialNotification);
        we_nt_door_leave(&frame);
    }
    return status;
}

NTSTATUS CancelMibChangeNotify2(HANDLE NotificationHandle)
{
    struct notification *notification = NotificationHandle;

    WE_NT_ENTRY(CancelMibChangeNotify2);
    if (notification == NULL || notification->mark != NOTIFICATION_MARK) {
        return STATUS_INVALID_PARAMETER;
    }
    notification->mark = 0;
    ExFreePoolWithTag(notification, NOTIFICATION_TAG);
    return STATUS_SUCCESS;
}
