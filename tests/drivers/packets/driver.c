/* SPDX-License-Identifier: MIT */
/* A driver that keeps packets beside its sockets: counters and pools of NDIS, addresses without wsk.h, and an IRP for a
 * device of somebody else. */
#include <ndis.h>
#include <ntifs.h>
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;
MINIPORT_RETURN_NET_BUFFER_LISTS PacketsReturn;

typedef struct _PACKETS {
    NDIS_HANDLE Pool;
    NDIS_STATISTICS_INFO Statistics;
    NDIS_MEDIA_CONNECT_STATE State;
    IN6_ADDR Address;
} PACKETS;

static PACKETS s_Packets;

static_assert(sizeof(NDIS_OBJECT_HEADER) == 4, "NDIS_OBJECT_HEADER");
static_assert(FIELD_OFFSET(NDIS_STATISTICS_INFO, ifHCOutOctets) == 56, "NDIS_STATISTICS_INFO");
static_assert(sizeof(NDIS_STATISTICS_INFO) == 152, "NDIS_STATISTICS_INFO");
static_assert(NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 == 16, "NET_BUFFER_LIST_POOL_PARAMETERS");
static_assert(NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 == 12, "NET_BUFFER_POOL_PARAMETERS");
static_assert(FIELD_OFFSET(IO_STACK_LOCATION, Parameters.Read.Flags) == 20, "Read.Flags");
static_assert(FIELD_OFFSET(IO_STACK_LOCATION, Parameters.Read.ByteOffset) == 24, "Read.ByteOffset");
static_assert(FIELD_OFFSET(IO_STACK_LOCATION, Parameters.Write.Flags) == 20, "Write.Flags");
static_assert(FIELD_OFFSET(IO_STACK_LOCATION, Parameters.Write.ByteOffset) == 24, "Write.ByteOffset");

_Use_decl_annotations_
VOID PacketsReturn(NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(ReturnFlags);
    for (NET_BUFFER_LIST *List = NetBufferLists, *Next; List != NULL; List = Next) {
        Next = NET_BUFFER_LIST_NEXT_NBL(List);
        s_Packets.Statistics.ifHCOutOctets += NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(List));
        NdisFreeNetBufferList(List);
    }
}

ULONG64 PacketsCount(ULONG Bytes)
{
    NET_BUFFER_LIST *List = NdisAllocateNetBufferList(s_Packets.Pool, 0, 0);

    if (List == NULL) {
        KeBugCheck(CRYPTO_LIBRARY_INTERNAL_ERROR);
    }
    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(List)) = Bytes;
    PacketsReturn(NULL, List, 0);
    return s_Packets.Statistics.ifHCOutOctets;
}

static VOID PacketsUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisFreeNetBufferListPool(s_Packets.Pool);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters = {
        .Header = { .Type = NDIS_OBJECT_TYPE_DEFAULT,
                    .Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    .Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
        .ProtocolId = NDIS_PROTOCOL_ID_DEFAULT,
        .fAllocateNetBuffer = TRUE,
        .PoolTag = 'tkcP',
        .DataSize = 1500
    };

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = PacketsUnload;
    s_Packets.Pool = NdisAllocateNetBufferListPool(NULL, &Parameters);
    return s_Packets.Pool != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
