/* SPDX-License-Identifier: MIT */
/* Pools of packets and of lists of them. The functions are declared only: a driver that calls them is an error while it is
 * built, unless its IMPORTS say that the program defines them (docs/drivers.md, "Functions that do not exist"). */
#ifndef WSK_EMU_WDK_NDIS_NBLAPI_H
#define WSK_EMU_WDK_NDIS_NBLAPI_H

#include "../wdm.h"

#include "nbl.h"
#include "objectheader.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NDIS_PROTOCOL_ID_DEFAULT 0x00
#define NDIS_PROTOCOL_ID_TCP_IP  0x02

typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    UCHAR ProtocolId;
    BOOLEAN fAllocateNetBuffer;
    USHORT ContextSize;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;

#define NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 1
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)

typedef struct _NET_BUFFER_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_POOL_PARAMETERS, *PNET_BUFFER_POOL_PARAMETERS;

#define NET_BUFFER_POOL_PARAMETERS_REVISION_1 1
#define NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_POOL_PARAMETERS, DataSize)

_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_HANDLE NdisAllocateNetBufferListPool(_In_opt_ NDIS_HANDLE NdisHandle, _In_ const NET_BUFFER_LIST_POOL_PARAMETERS *Parameters);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NdisFreeNetBufferListPool(_In_ NDIS_HANDLE PoolHandle);

_IRQL_requires_max_(DISPATCH_LEVEL)
NET_BUFFER_LIST *NdisAllocateNetBufferList(_In_ NDIS_HANDLE PoolHandle, _In_ USHORT ContextSize, _In_ USHORT ContextBackFill);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NdisFreeNetBufferList(_In_ NET_BUFFER_LIST *NetBufferList);

_IRQL_requires_max_(DISPATCH_LEVEL)
NDIS_HANDLE NdisAllocateNetBufferPool(_In_opt_ NDIS_HANDLE NdisHandle, _In_ const NET_BUFFER_POOL_PARAMETERS *Parameters);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NdisFreeNetBufferPool(_In_ NDIS_HANDLE PoolHandle);

_IRQL_requires_max_(DISPATCH_LEVEL)
NET_BUFFER *NdisAllocateNetBuffer(_In_ NDIS_HANDLE PoolHandle, _In_opt_ MDL *MdlChain, _In_ ULONG DataOffset, _In_ SIZE_T DataLength);

_IRQL_requires_max_(DISPATCH_LEVEL)
NET_BUFFER *NdisAllocateNetBufferMdlAndData(_In_ NDIS_HANDLE PoolHandle);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NdisFreeNetBuffer(_In_ NET_BUFFER *NetBuffer);

_IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NdisGetDataBuffer(_In_ NET_BUFFER *NetBuffer, _In_ ULONG BytesNeeded, _Out_writes_bytes_opt_(BytesNeeded) PVOID Storage,
                        _In_ ULONG AlignMultiple, _In_ ULONG AlignOffset);

#ifdef __cplusplus
}
#endif

#endif
