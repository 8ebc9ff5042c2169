/* SPDX-License-Identifier: MIT */
/* A driver that keeps packets of NDIS: its declarations are there, and the functions are the test's. */
#include <ndis.h>
#include <ntddk.h>
#include <wsk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

DRIVER_INITIALIZE packets_DriverEntry;
ULONG64 PacketsCount(ULONG Bytes);
NTSTATUS PacketsName(const IN_ADDR *Address, USHORT Port, PSTR Name, PULONG Length);

static NET_BUFFER s_packet;
static NET_BUFFER_LIST s_list = { .FirstNetBuffer = &s_packet };
static ULONG s_data_size;
static int s_lists;

NDIS_HANDLE NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle, const NET_BUFFER_LIST_POOL_PARAMETERS *Parameters)
{
    (void)NdisHandle;
    s_data_size = Parameters->DataSize;
    return &s_data_size;
}

VOID NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    assert_ptr_equal(PoolHandle, &s_data_size);
    s_data_size = 0;
}

NET_BUFFER_LIST *NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill)
{
    assert_ptr_equal(PoolHandle, &s_data_size);
    assert_int_equal(ContextSize + ContextBackFill, 0);
    s_lists++;
    return &s_list;
}

VOID NdisFreeNetBufferList(NET_BUFFER_LIST *NetBufferList)
{
    assert_ptr_equal(NetBufferList, &s_list);
    s_lists--;
}

static void test_driver_with_packets_uses_the_functions_of_the_test(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(packets_DriverEntry, "packets", &driver), STATUS_SUCCESS);
    assert_int_equal(s_data_size, 1500);
    assert_int_equal(PacketsCount(100), 100);
    assert_int_equal(PacketsCount(50), 150);
    assert_int_equal(s_lists, 0);
    wsk_emu_driver_unload(driver);
    assert_int_equal(s_data_size, 0);
}

static void test_driver_names_addresses_with_no_header_but_wsk(void **state)
{
    const IN_ADDR address = { .S_un.S_addr = RtlUlongByteSwap(0x7f000001) };
    CHAR name[INET_ADDRSTRLEN];
    ULONG length = sizeof(name);

    (void)state;
    assert_int_equal(PacketsName(&address, RtlUshortByteSwap(80), name, &length), STATUS_SUCCESS);
    assert_string_equal(name, "127.0.0.1:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_driver_with_packets_uses_the_functions_of_the_test),
        wsk_emu_unit_test(test_driver_names_addresses_with_no_header_but_wsk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
