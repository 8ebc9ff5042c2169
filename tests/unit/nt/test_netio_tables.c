/* SPDX-License-Identifier: MIT */
/* Interfaces, addresses and routes that a driver is shown, random numbers, and the layout of packets. */
#include <netioapi.h>

#include <bcrypt.h>
#include <ndis.h>

#include "support/emu_fixture.h"

static SOCKADDR_INET address_v4(UCHAR a, UCHAR b, UCHAR c, UCHAR d)
{
    SOCKADDR_INET address;

    memset(&address, 0, sizeof(address));
    address.si_family = AF_INET;
    address.Ipv4.sin_addr.S_un.S_un_b.s_b1 = a;
    address.Ipv4.sin_addr.S_un.S_un_b.s_b2 = b;
    address.Ipv4.sin_addr.S_un.S_un_b.s_b3 = c;
    address.Ipv4.sin_addr.S_un.S_un_b.s_b4 = d;
    return address;
}

static void test_GetIfEntry2_knows_the_loopback_interface_by_index_and_by_luid(void **state)
{
    MIB_IF_ROW2 row;

    (void)state;
    memset(&row, 0, sizeof(row));
    assert_int_equal(GetIfEntry2(&row), STATUS_INVALID_PARAMETER);
    row.InterfaceIndex = 2;
    assert_int_equal(GetIfEntry2(&row), STATUS_NOT_FOUND);
    row.InterfaceIndex = 1;
    assert_int_equal(GetIfEntry2(&row), STATUS_SUCCESS);
    assert_int_equal(row.OperStatus, IfOperStatusUp);
    assert_int_equal(row.MediaConnectState, MediaConnectStateConnected);
    assert_int_equal(row.Type, IF_TYPE_SOFTWARE_LOOPBACK);
    assert_int_equal(row.InterfaceLuid.Info.IfType, IF_TYPE_SOFTWARE_LOOPBACK);
    row.InterfaceIndex = 77; /* the LUID comes first */
    assert_int_equal(GetIfEntry2(&row), STATUS_SUCCESS);
    assert_int_equal(row.InterfaceIndex, 1);
    row.InterfaceLuid.Value++;
    assert_int_equal(GetIfEntry2(&row), STATUS_NOT_FOUND);
    assert_int_equal(GetIfEntry2(NULL), STATUS_INVALID_PARAMETER);
}

static void test_tables_have_a_row_for_each_family_that_was_asked_for(void **state)
{
    PMIB_UNICASTIPADDRESS_TABLE addresses;
    PMIB_IPINTERFACE_TABLE interfaces;
    PMIB_IPFORWARD_TABLE2 routes;

    (void)state;
    assert_int_equal(GetUnicastIpAddressTable(AF_UNSPEC, &addresses), STATUS_SUCCESS);
    assert_int_equal(addresses->NumEntries, 2);
    assert_int_equal(addresses->Table[0].Address.si_family, AF_INET);
    assert_int_equal(addresses->Table[0].Address.Ipv4.sin_addr.S_un.S_un_b.s_b1, 127);
    assert_int_equal(addresses->Table[0].Address.Ipv4.sin_addr.S_un.S_un_b.s_b4, 1);
    assert_int_equal(addresses->Table[0].OnLinkPrefixLength, 8);
    assert_int_equal(addresses->Table[1].Address.si_family, AF_INET6);
    assert_true(IN6_IS_ADDR_LOOPBACK(&addresses->Table[1].Address.Ipv6.sin6_addr));
    assert_int_equal(addresses->Table[1].DadState, IpDadStatePreferred);
    FreeMibTable(addresses);
    assert_int_equal(GetIpInterfaceTable(AF_INET6, &interfaces), STATUS_SUCCESS);
    assert_int_equal(interfaces->NumEntries, 1);
    assert_int_equal(interfaces->Table[0].Family, AF_INET6);
    assert_true(interfaces->Table[0].Connected);
    FreeMibTable(interfaces);
    assert_int_equal(GetIpForwardTable2(AF_INET, &routes), STATUS_SUCCESS);
    assert_int_equal(routes->NumEntries, 1);
    assert_int_equal(routes->Table[0].DestinationPrefix.PrefixLength, 8);
    assert_int_equal(routes->Table[0].DestinationPrefix.Prefix.Ipv4.sin_addr.S_un.S_un_b.s_b4, 0);
    FreeMibTable(routes);
    assert_int_equal(GetIpForwardTable2(77, &routes), STATUS_INVALID_PARAMETER);
    assert_int_equal(GetUnicastIpAddressTable(AF_INET, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

static void test_GetIpInterfaceEntry_needs_a_family_and_an_interface(void **state)
{
    MIB_IPINTERFACE_ROW row;

    (void)state;
    memset(&row, 0, sizeof(row));
    row.InterfaceIndex = 1;
    assert_int_equal(GetIpInterfaceEntry(&row), STATUS_INVALID_PARAMETER);
    row.Family = AF_INET;
    assert_int_equal(GetIpInterfaceEntry(&row), STATUS_SUCCESS);
    assert_int_equal(row.Family, AF_INET);
    assert_int_equal(row.NlMtu, MAXULONG);
    row.InterfaceLuid.Value = 5;
    assert_int_equal(GetIpInterfaceEntry(&row), STATUS_NOT_FOUND);
}

static void test_GetBestRoute2_leads_to_loopback_addresses_only(void **state)
{
    SOCKADDR_INET destination = address_v4(127, 1, 2, 3);
    SOCKADDR_INET source;
    MIB_IPFORWARD_ROW2 route;
    NET_LUID luid = { 9 };

    (void)state;
    assert_int_equal(GetBestRoute2(NULL, 0, NULL, &destination, 0, &route, &source), STATUS_SUCCESS);
    assert_int_equal(source.Ipv4.sin_addr.S_un.S_un_b.s_b4, 1);
    assert_int_equal(route.InterfaceIndex, 1);
    assert_int_equal(GetBestRoute2(NULL, 1, &source, &destination, 0, &route, &source), STATUS_SUCCESS);
    assert_int_equal(GetBestRoute2(NULL, 2, NULL, &destination, 0, &route, &source), STATUS_NOT_FOUND);
    assert_int_equal(GetBestRoute2(&luid, 0, NULL, &destination, 0, &route, &source), STATUS_NOT_FOUND);
    destination = address_v4(192, 0, 2, 1);
    assert_int_equal(GetBestRoute2(NULL, 0, NULL, &destination, 0, &route, &source), STATUS_NETWORK_UNREACHABLE);
    source.si_family = AF_INET6;
    assert_int_equal(GetBestRoute2(NULL, 0, &source, &destination, 0, &route, &source), STATUS_INVALID_PARAMETER);
    memset(&destination, 0, sizeof(destination));
    destination.si_family = AF_INET6;
    assert_int_equal(GetBestRoute2(NULL, 0, NULL, &destination, 0, &route, &source), STATUS_NETWORK_UNREACHABLE);
    destination.Ipv6.sin6_addr.u.Byte[15] = 1;
    assert_int_equal(GetBestRoute2(NULL, 0, NULL, &destination, 0, &route, &source), STATUS_SUCCESS);
    assert_true(IN6_IS_ADDR_LOOPBACK(&source.Ipv6.sin6_addr));
}

static VOID route_changed(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
    assert_null(row);
    assert_int_equal(type, MibInitialNotification);
    (*(unsigned *)context)++;
}

static void test_NotifyRouteChange2_calls_for_the_start_only(void **state)
{
    unsigned count = 0;
    HANDLE handle = NULL;

    (void)state;
    assert_int_equal(NotifyRouteChange2(AF_INET, route_changed, &count, TRUE, &handle), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
    assert_int_equal(NotifyRouteChange2(AF_UNSPEC, route_changed, &count, FALSE, &handle), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
    assert_int_equal(CancelMibChangeNotify2(NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(CancelMibChangeNotify2(&count), STATUS_INVALID_PARAMETER);
    assert_int_equal(NotifyRouteChange2(99, route_changed, &count, TRUE, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(NotifyRouteChange2(AF_INET, NULL, &count, TRUE, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

static VOID interface_changed(PVOID context, PMIB_IPINTERFACE_ROW row, MIB_NOTIFICATION_TYPE type)
{
    assert_null(row);
    assert_int_equal(type, MibInitialNotification);
    (*(unsigned *)context)++;
}

static void test_NotifyIpInterfaceChange_calls_for_the_start_only(void **state)
{
    unsigned count = 0;
    HANDLE handle = NULL;

    (void)state;
    assert_int_equal(NotifyIpInterfaceChange(AF_UNSPEC, interface_changed, &count, TRUE, &handle), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
    assert_int_equal(NotifyIpInterfaceChange(AF_INET6, interface_changed, &count, FALSE, &handle), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
    assert_int_equal(NotifyIpInterfaceChange(99, interface_changed, &count, TRUE, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(NotifyIpInterfaceChange(AF_INET, NULL, &count, TRUE, &handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(NotifyIpInterfaceChange(AF_INET, interface_changed, &count, TRUE, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

static void test_BCryptGenRandom_fills_the_buffer_and_nothing_else(void **state)
{
    static UCHAR first[1000];
    static UCHAR second[1000];
    BCRYPT_ALG_HANDLE algorithm;
    ULONG size;

    (void)state;
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_RNG_ALGORITHM, NULL, BCRYPT_PROV_DISPATCH),
                     STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(algorithm, first, 999, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(NULL, second, 999, BCRYPT_USE_SYSTEM_PREFERRED_RNG), STATUS_SUCCESS);
    assert_memory_not_equal(first, second, 999);
    assert_memory_not_equal(first, first + 500, 400);
    assert_int_equal(first[999], 0);
    assert_int_equal(BCryptGenRandom(NULL, first, 10, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptGenRandom(&size, first, 10, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptGenRandom(algorithm, NULL, 10, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGenRandom(algorithm, NULL, 0, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGetProperty(algorithm, BCRYPT_OBJECT_LENGTH, first, 4, &size, 0), STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptCloseAlgorithmProvider(NULL, 0), STATUS_INVALID_HANDLE);
}

static void test_packets_are_taken_apart_with_their_accessors(void **state)
{
    NET_BUFFER_LIST list;
    NET_BUFFER packet;

    (void)state;
    memset(&list, 0, sizeof(list));
    memset(&packet, 0, sizeof(packet));
    NET_BUFFER_LIST_FIRST_NB(&list) = &packet;
    NET_BUFFER_DATA_LENGTH(&packet) = 12;
    NET_BUFFER_LIST_INFO(&list, NetBufferListProtocolId) = (PVOID)(ULONG_PTR)0x0800;
    assert_int_equal(NET_BUFFER_LIST_FIRST_NB(&list)->DataLength, 12);
    assert_ptr_equal(list.NetBufferListInfo[7], (PVOID)(ULONG_PTR)0x0800);
    assert_null(NET_BUFFER_LIST_NEXT_NBL(&list));
    assert_null(NET_BUFFER_NEXT_NB(&packet));
    assert_null(NET_BUFFER_CURRENT_MDL(&packet));
    assert_int_equal(NET_BUFFER_CURRENT_MDL_OFFSET(&packet), 0);
    NET_BUFFER_MINIPORT_RESERVED(&packet)[0] = &list;
    NET_BUFFER_LIST_MINIPORT_RESERVED(&list)[1] = &packet;
    assert_ptr_equal(packet.MiniportReserved[0], &list);
    assert_ptr_equal(list.MiniportReserved[1], &packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_GetIfEntry2_knows_the_loopback_interface_by_index_and_by_luid),
        cmocka_unit_test(test_tables_have_a_row_for_each_family_that_was_asked_for),
        cmocka_unit_test(test_GetIpInterfaceEntry_needs_a_family_and_an_interface),
        cmocka_unit_test(test_GetBestRoute2_leads_to_loopback_addresses_only),
        cmocka_unit_test(test_NotifyRouteChange2_calls_for_the_start_only),
        cmocka_unit_test(test_NotifyIpInterfaceChange_calls_for_the_start_only),
        cmocka_unit_test(test_BCryptGenRandom_fills_the_buffer_and_nothing_else),
        cmocka_unit_test(test_packets_are_taken_apart_with_their_accessors),
    };

    return cmocka_run_group_tests_name("nt/netio_tables", tests, emu_setup, emu_teardown);
}
